"""The DICOM structured report: every value read back from the file, through the library and the command line."""

import json
from dataclasses import replace
from datetime import datetime
from itertools import count

import pydicom
import pytest
from pydicom.uid import EnhancedMRImageStorage, SegmentationStorage, generate_uid

pytest.importorskip("highdicom")

import highdicom

import dicom_examples
import example_models
from dicom_sr_reading import check_values, codes, concept, images, items, name, numbers, referenced, texts
from LABCRadiomicsLib import NOTICE, __version__
from LABCRadiomicsLib.dicom import feature_codes, read_sources, structured_report, write_object
from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.feature_names import FEATURES
from LABCRadiomicsLib.files import FILE_LIST
from LABCRadiomicsLib.imaging import read_image, read_mask
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import score_patient
from LABCRadiomicsLib.scoring import predict
from LABCRadiomicsLib.scoring.result_document import result_document


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dicom") / "series"
    dicom_examples.write_series(folder)
    return folder, dicom_examples.write_mask(folder, folder.parent / "mask.nrrd")


@pytest.fixture(scope="module")
def document(series):
    model = find_model("demo-phantom")
    pair = read_image(series[0]).volume, read_mask(series[1]).volume
    prediction = score_patient(model, *pair, covariates={"age": 52, "stage": "IIIc"}).prediction
    return result_document(model, prediction, {"segment": "腫瘍", "covariates": {"age": "52", "stage": "IIIc"}})


@pytest.fixture(scope="module")
def sources(series):
    return read_sources(read_image(series[0]).source.files)


@pytest.fixture
def written(document, sources, tmp_path):
    """The report of the made-up case, read back with pydicom alone."""
    path = tmp_path / "report.dcm"
    write_object(path, structured_report(document, sources), "DICOM SR")
    return pydicom.dcmread(path)


def made_up(**changes):
    """A result document of the made-up model."""
    model = replace(example_models.model(), **changes)
    return result_document(model, predict(model, example_models.FEATURES), {"segment": "tumor"})


# --- content ---


def test_every_value_is_read_back(written, document):
    check_values(written, document)
    assert len(numbers(written)) == 2 + 9 + 6 + len(document["contributions"])
    assert texts(written, "model-version") == ["1"]
    assert texts(written, "endpoint") == ["Disease-free survival"]
    assert texts(written, "covariate")[:3] == [
        "Age: 52",
        "Clinical stage: IIIc",
        "Pathological complete response: unknown",
    ]
    assert texts(written, "112039") == ["腫瘍"]


def test_the_report_says_who_made_it(written):
    assert written.SOPClassUID == pydicom.uid.Comprehensive3DSRStorage
    assert written.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert (texts(written, "111001"), texts(written, "111003")) == (["LABCRadiomics"], [__version__])
    assert codes(written, "121005") == [("121007", "DCM")]  # observer: device
    assert texts(written, "121013") == ["LABCRadiomics"]
    assert codes(written, "121071") == [("108369006", "SCT")]
    assert [item.CodingSchemeDesignator for item in written.CodingSchemeIdentificationSequence] == ["99LABCR"]
    assert (written.Modality, written.SoftwareVersions) == ("SR", __version__)


def test_patient_study_and_images_are_the_series(written, sources):
    assert str(written.PatientName) == dicom_examples.PATIENT_NAME
    assert written.StudyDescription == sources[0].StudyDescription == "Mamma-MR für Tests"
    for keyword in ("PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "AccessionNumber"):
        assert written[keyword].value == sources[0][keyword].value
    assert written.SeriesInstanceUID != sources[0].SeriesInstanceUID
    instances = [source.SOPInstanceUID for source in sources]
    assert len(instances) == dicom_examples.SHAPE[0]
    assert images(written) == instances
    (study,) = written.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == sources[0].SeriesInstanceUID
    assert {item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence} == set(instances)


def test_highdicom_reads_it_too(written, document):
    report = highdicom.sr.Comprehensive3DSR.from_dataset(written)
    (group,) = report.content.get_image_measurement_groups()
    scores = {measurement.name.meaning: measurement.value for measurement in group.get_measurements()}
    assert scores["Radiomics score"] == document["score"]
    assert len(group.source_images) == dicom_examples.SHAPE[0]


def test_features_carry_their_ibsi_code(written):
    found = {
        name(item): [(name(part), concept(part.ConceptCodeSequence[0])) for part in item.get("ContentSequence", ())]
        for item in items(written.ContentSequence)
        if item.ValueType == "NUM"
    }
    assert found["wavelet-LLH_glszm_ZoneEntropy"] == [("370129005", "GU8N")]
    assert found["wavelet-LLH_firstorder_90Percentile"] == []


def test_a_demonstration_is_labelled_as_one(written):
    assert "demonstration" in written.SeriesDescription
    assert any("not for any clinical use" in text for text in texts(written, "121106"))
    assert texts(written, "model-status") == ["demonstration"]


def test_a_complete_model_is_not_called_a_demonstration(sources):
    document = made_up(status="complete")
    report = structured_report(document, sources)
    check_values(report, document)
    assert report.SeriesDescription == "LABCRadiomics: research use only"
    assert texts(report, "121106") == [NOTICE]


def test_what_a_model_cannot_give_is_left_out(sources):
    report = structured_report(made_up(cutoff=None, nomogram=None, groups=None), sources)
    assert set(numbers(report)) == {"score", *example_models.FEATURES}
    assert codes(report, "risk-group") == []
    assert any("no cutoff" in text for text in texts(report, "warning"))


@pytest.mark.parametrize("group", ["high", "low"])
def test_the_risk_group_is_the_result_s(document, sources, group):
    changed = document | {"risk_group": group}
    check_values(structured_report(changed, sources), changed)


def test_equal_input_gives_equal_bytes(document, sources, tmp_path):
    def write(path):
        numbered = count(1)
        made = datetime(2026, 1, 2, 3, 4, 5)
        write_object(path, structured_report(document, sources, made, lambda: f"2.25.{next(numbered)}"), "DICOM SR")
        return path

    assert write(tmp_path / "1.dcm").read_bytes() == write(tmp_path / "2.dcm").read_bytes()
    report = pydicom.dcmread(tmp_path / "2.dcm")
    assert (report.ContentDate, report.ContentTime, report.SOPInstanceUID) == ("20260102", "030405.000000", "2.25.2")


# --- features' codes and units ---


def test_codes_and_units_of_the_features():
    known = {f"{kind}_{feature}" for kind, features in FEATURES.items() for feature in features}
    assert set(feature_codes._IBSI) <= known
    found = {feature: feature_codes.ibsi_code(f"original_{feature}") for feature in feature_codes._IBSI}
    assert len({code.value for code in found.values()}) == len(found)
    assert {code.scheme_designator for code in found.values()} == {"IBSI"}
    assert found["shape_MeshVolume"].value == "RNU0"
    assert found["ngtdm_Complexity"].value == "HDEZ"
    units = {feature: feature_codes.unit_code(f"original_shape_{feature}").value for feature in FEATURES["shape"]}
    assert units.pop("SurfaceVolumeRatio") == "/mm"
    assert {feature for feature, unit in units.items() if unit == "mm3"} == {"MeshVolume", "VoxelVolume"}
    assert {feature for feature, unit in units.items() if unit == "mm2"} == {"SurfaceArea"}
    assert {feature for feature, unit in units.items() if unit == "1"} == {"Elongation", "Flatness", "Sphericity"}


# --- bad input ---


def refusal(files):
    with pytest.raises(InputError) as caught:
        read_sources(files)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message
    return message


def test_no_images_are_refused(document):
    assert "no DICOM files" in refusal([])
    with pytest.raises(InputError, match="no DICOM images"):
        structured_report(document, [])


def test_missing_and_unreadable_files_are_named(tmp_path, series):
    assert "absent.dcm cannot be read: No such file" in refusal([tmp_path / "absent.dcm"])
    (tmp_path / "text.dcm").write_text("not DICOM" * 100)
    assert "text.dcm is no DICOM file" in refusal([tmp_path / "text.dcm"])
    (tmp_path / "cut.dcm").write_bytes((series[0] / "00.dcm").read_bytes()[:400])
    assert "cut.dcm has no " in refusal([tmp_path / "cut.dcm"])


def test_a_damaged_header_is_no_traceback(tmp_path, series):
    whole = (series[0] / "00.dcm").read_bytes()
    found = []
    for position in range(130, 800, 7):
        path = tmp_path / "damaged.dcm"
        path.write_bytes(whole[:position] + b"\xff\xfe?" + whole[position + 3 :])
        try:
            read_sources([path])
        except InputError as error:
            found.append(str(error))
    assert any("is damaged" in message for message in found)


def test_several_series_or_patients_are_refused(tmp_path, series):
    other = dicom_examples.write_series(tmp_path / "other")
    assert "2 series or patients" in refusal([series[0] / "00.dcm", other[0]])
    same = {name: generate_uid() for name in ("StudyInstanceUID", "SeriesInstanceUID")}
    files = [dicom_examples.write_series(tmp_path / number, PatientID=number, **same)[0] for number in "12"]
    assert "2 series or patients" in refusal(files)


def test_what_is_no_image_is_refused(tmp_path):
    files = dicom_examples.write_series(tmp_path / "seg", SOPClassUID=SegmentationStorage)
    assert "is no image (Segmentation Storage)" in refusal(files)


def test_an_instance_given_twice_is_one(series, sources):
    files = read_image(series[0]).source.files
    assert len(read_sources([*files, files[0]])) == len(sources)


def test_headers_may_lack_the_patient_and_be_multi_frame(document, tmp_path):
    absent = dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate"))
    changes = {"SOPClassUID": EnhancedMRImageStorage, "NumberOfFrames": 12, "Modality": "OT", **absent}
    sources = read_sources(dicom_examples.write_series(tmp_path / "bare", **changes)[:1])
    report = structured_report(document, sources)
    assert report.PatientName == "" and "PatientName" not in sources[0]
    assert images(report) == [sources[0].SOPInstanceUID]
    assert codes(report, "121058") == [("363679005", "SCT")]  # an imaging procedure: the header names no MRI


def test_a_patient_that_dicom_does_not_allow_is_refused(document, tmp_path):
    sources = read_sources(dicom_examples.write_series(tmp_path / "odd", PatientSex="X"))
    with pytest.raises(InputError, match=r"cannot be copied into a report .*'X'"):
        structured_report(document, sources)


# --- files ---


def test_a_report_is_written_whole_or_not_at_all(document, sources, tmp_path, monkeypatch):
    report = structured_report(document, sources)
    with pytest.raises(InputError, match=r"cannot be written to .*absent"):
        write_object(tmp_path / "absent" / "result.dcm", report, "DICOM SR")
    path = tmp_path / "result.dcm"
    path.write_bytes(b"before")

    def full(_temporary, _target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_object(path, report, "DICOM SR")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_pixels_are_not_read(sources):
    assert all("PixelData" not in source for source in sources)


# --- the command line ---


def test_score_writes_the_report_of_a_dicom_series(run, series, tmp_path):
    out = tmp_path / "out"
    code, printed, errors = run("score", *series, "--out", out, "--json", "--covariate", "age=52")
    assert (code, errors) == (0, "")
    assert sorted(path.name for path in out.iterdir()) == [
        FILE_LIST, "contour.dcm", "report.dcm", "report.html", "report.pdf", "result.dcm", "result.json"
    ]  # fmt: skip
    report = pydicom.dcmread(out / "result.dcm")
    check_values(report, json.loads(printed))
    assert texts(report, "covariate")[0] == "Age: 52"
    assert str(report.PatientName) == dicom_examples.PATIENT_NAME
    assert len(referenced(report)) == dicom_examples.SHAPE[0] + 1
    assert images(report) == [pydicom.dcmread(out / "contour.dcm").SOPInstanceUID]
    assert "result.dcm" in run("score", *series, "--out", out)[1]


def test_score_without_a_folder_to_write_to_writes_none(run, series, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("score", *series, "--json")[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_images_that_cannot_be_reported_on_are_scored_all_the_same(run, tmp_path):
    dicom_examples.write_series(tmp_path / "series", PatientSex="X")
    mask = dicom_examples.write_mask(tmp_path / "series", tmp_path / "mask.nrrd")
    code, printed, errors = run("score", tmp_path / "series", mask, "--out", tmp_path / "out", "--json")
    assert code == 0 and json.loads(printed)["score"]
    assert errors.startswith("labcradiomics: No DICOM objects: ") and errors.count("\n") == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        FILE_LIST, "report.html", "report.pdf", "result.json"
    ]  # fmt: skip


def test_a_real_series(run, shared_data, tmp_path):
    """UCSF-BR-06: 60 sagittal slices of an old scanner, anonymized."""
    folder = shared_data / "ucsf-br-06"
    mask = folder / "UCSF-BR-06_ftv_mask_largest.nrrd"
    code, printed, errors = run("score", folder / "dicom_t1", mask, "--out", tmp_path, "--json")
    assert (code, errors) == (0, "")
    report = pydicom.dcmread(tmp_path / "result.dcm")
    check_values(report, json.loads(printed))
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in (folder / "dicom_t1").glob("*.dcm")]
    assert str(report.PatientName) == "06^Breast-MRI-NACT-Pilot"
    assert report.StudyInstanceUID == headers[0].StudyInstanceUID
    contour = pydicom.dcmread(tmp_path / "contour.dcm").SOPInstanceUID
    assert set(referenced(report)) == {header.SOPInstanceUID for header in headers} | {contour}
    assert len(headers) == 60
