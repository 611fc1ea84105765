"""A case table from a folder tree: what is paired, with which phase and segment, and what is not and why."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import dicom_making as making
from LABCRadiomicsLib.cohort import Rules, extract_cases, find_cases, read_cases, unpaired_path
from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.features import ExtractionSettings
from LABCRadiomicsLib.imaging import ReadingOptions, Volume, read_pair

TUMOR = making.tumor()
NOISE = np.random.default_rng(0).integers(0, 800, making.SHAPE).astype(np.int16)
MEAN = ExtractionSettings.from_parameters(
    {"setting": {"binWidth": 25}, "imageType": {"Original": {}}, "featureClass": {"firstorder": ["Mean"]}}
)


def find(folder, out=None, **rules):
    return find_cases(folder, out or folder.parent / "cases.csv", Rules(**rules))


def rows(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def reasons(path):
    return {Path(row["path"]).name: row["reason"] for row in rows(unpaired_path(path))}


def patient_slices(patient, series="dyn", phases=1, **attributes):
    """The slices of one examination; phase p is brighter by 1000 p."""
    uids = {"PatientID": patient, "StudyInstanceUID": making.uid(patient, "study"),
            "FrameOfReferenceUID": making.uid(patient, "frame"), "SeriesDescription": series}  # fmt: skip
    made = []
    for phase in range(phases):
        images = making.slices(NOISE + 1000 * phase, series=f"{patient} {series}", **uids | attributes)
        timed = {"TriggerTime": 60000.0 * phase} if phases > 1 else {}
        made += making.renamed(images, f"{patient} {series} {phase}", **timed)
    return made


def with_segmentation(folder, patient, images, **options):
    return making.segmentation(folder / patient / "study" / "seg" / "1-1.dcm", images, [TUMOR], **options)


def tree(folder, patients, phases=1):
    """As TCIA lays a collection out: patient, study, series."""
    for patient in patients:
        images = patient_slices(patient, phases=phases)
        making.write(folder / patient / "study" / "dyn", images)
        with_segmentation(folder, patient, images[:10])
    return folder


def test_a_tree_of_series_and_segmentations(tmp_path):
    folder = tree(tmp_path / "tcia", ("B-02", "A-01", "C-03"))
    found = find(folder)
    assert [case.name for case in found.cases] == ["A-01", "B-02", "C-03"]
    assert found.unpaired == () and not unpaired_path(tmp_path / "cases.csv").exists()
    written = rows(tmp_path / "cases.csv")
    assert list(written[0]) == ["case", "image", "mask"]
    assert written[0] == {"case": "A-01", "image": "tcia/A-01/study/dyn", "mask": "tcia/A-01/study/seg/1-1.dcm"}
    assert read_cases(tmp_path / "cases.csv") == found.cases


def test_the_table_is_what_extract_takes(tmp_path):
    folder = tree(tmp_path / "tcia", ("A", "B"), phases=3)
    (tmp_path / "tables").mkdir()
    out = tmp_path / "tables" / "cases.csv"
    find(folder, out, phase="first-post")
    assert [row["phase"] for row in rows(out)] == ["2", "2"]
    result = extract_cases(out, tmp_path / "features.csv", MEAN, jobs=1)
    assert result.failed == 0
    expected = (NOISE + 1000)[TUMOR == 1].mean()
    for row in rows(tmp_path / "features.csv"):
        assert float(row["original_firstorder_Mean"]) == pytest.approx(expected)


def test_a_phase_that_the_mask_refers_to_needs_no_rule(tmp_path):
    folder = tmp_path / "tcia"
    images = patient_slices("A", phases=3)
    making.write(folder / "A" / "study" / "dyn", images)
    with_segmentation(folder, "A", images[20:])
    assert [case.phase for case in find(folder).cases] == ["3"]
    assert [case.phase for case in find(folder, phase="61s").cases] == ["2"]


def test_a_phase_that_nobody_names_is_asked_for(tmp_path):
    folder = tmp_path / "tcia"
    images = patient_slices("A", phases=2)
    making.write(folder / "A" / "dyn", images)
    making.structure_set(folder / "A" / "rt" / "rt.dcm", images, {"GTV": making.outlines(volume())})
    with pytest.raises(CohortError, match="no pair of them"):
        find(folder)
    assert "holds 2 acquisitions (1: 10 slices, the first" in reasons(tmp_path / "cases.csv")["rt.dcm"]
    assert [case.phase for case in find(folder, phase="2").cases] == ["2"]


def volume():
    return Volume(TUMOR, np.array(making.SPACING), np.array(making.ORIGIN), np.eye(3))


def test_phases_in_series_of_their_own(tmp_path):
    """As in Duke-Breast-Cancer-MRI: one series a phase; the segmentation refers to the first."""
    folder = tmp_path / "duke"
    for number, name in enumerate(("dyn pre", "dyn 1st pass", "dyn 2nd pass")):
        images = patient_slices("Breast_001", name, AcquisitionTime=f"10{10 + number}00", SeriesNumber=number)
        making.write(folder / "Breast_001" / "study" / f"{number}", images)
        if number == 0:
            with_segmentation(folder, "Breast_001", images)
    derived = patient_slices("Breast_001", "sub", AcquisitionTime="101100", ImageType=["DERIVED", "PRIMARY", "SUB"])
    making.write(folder / "Breast_001" / "study" / "sub", derived)
    scout = making.slices(NOISE[:3], series="scout", orientation=(1, 0, 0, 0, 1, 0), PatientID="Breast_001",
                          StudyInstanceUID=making.uid("Breast_001", "study"))  # fmt: skip
    making.write(folder / "Breast_001" / "study" / "scout", scout)
    for rule, expected in ((None, "0"), ("first-post", "1"), ("3", "2"), ("60s", "1")):
        (case,) = find(folder, phase=rule).cases
        assert Path(case.image).name == expected
    assert set(reasons(tmp_path / "cases.csv")) == {"0", "2", "sub", "scout"}


def test_a_structure_set_by_its_series_and_a_segment_by_its_name(tmp_path):
    folder = tmp_path / "tree"
    images = patient_slices("A")
    making.write(folder / "A" / "dyn", images)
    making.write(folder / "A" / "t2", patient_slices("A", "t2"))
    regions = {"Body": making.outlines(volume()), "GTV": making.outlines(volume())}
    making.structure_set(folder / "A" / "rt" / "rt.dcm", images, regions)
    with pytest.raises(CohortError, match=r"holds 2 ROIs|holds 2 segments"):
        find(folder)
    (case,) = find(folder, segment="gtv").cases
    assert (Path(case.image).name, case.segment) == ("dyn", "GTV")
    assert list(rows(tmp_path / "cases.csv")[0]) == ["case", "image", "mask", "segment"]


def without_references(path):
    dataset = making.reread(path)
    for keyword in ("ReferencedSeriesSequence", "SourceImageSequence"):
        dataset.pop(keyword, None)
    for group in dataset.PerFrameFunctionalGroupsSequence:
        group.pop("DerivationImageSequence", None)
    dataset.save_as(path)


def test_a_mask_without_references_by_its_frame_of_reference(tmp_path):
    folder = tmp_path / "tree"
    images = patient_slices("A")
    making.write(folder / "A" / "study" / "dyn", images)
    without_references(with_segmentation(folder, "A", images))
    assert [case.name for case in find(folder).cases] == ["A"]
    making.write(folder / "A" / "study" / "t2", patient_slices("A", "t2", PixelSpacing=[0.5, 0.5]))
    with pytest.raises(CohortError, match="2 series may be its image"):
        find(folder)
    (case,) = find(folder, images="t2").cases
    assert Path(case.image).name == "t2"


def test_several_series_in_one_folder(tmp_path):
    folder = tmp_path / "flat"
    images = patient_slices("A")
    other = patient_slices("A", "t2")
    making.write(folder, images + other)
    making.segmentation(folder / "seg.dcm", images, [TUMOR])
    (case,) = find(folder).cases
    assert case.series == images[0].SeriesInstanceUID
    assert rows(tmp_path / "cases.csv")[0]["series"] == case.series
    home = tmp_path
    image, _ = read_pair(home / case.image, home / case.mask, case.reading_options(ReadingOptions()))
    np.testing.assert_array_equal(image.volume.array, NOISE)
    assert extract_cases(tmp_path / "cases.csv", tmp_path / "features.csv", MEAN, jobs=1).failed == 0


UNPAIRED = {
    "irregular": (lambda folder, images: making.write(folder / "A" / "dyn", images[:4] + images[5:]),
                  "4 mm between slices 4 and 5"),
    "no size": (lambda folder, images: making.write(folder / "A" / "dyn", patient_slices("A", PixelSpacing=None)),
                "no usable PixelSpacing"),
    "not there": (lambda folder, images: making.write(folder / "A" / "t2", patient_slices("B", "t2")),
                  "the series that it refers to is not in the folder"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNPAIRED)
def test_what_is_not_paired_says_why(tmp_path, name):
    folder = tree(tmp_path / "tree", ("good",))
    images = patient_slices("A")
    make, message = UNPAIRED[name]
    make(folder, images)
    with_segmentation(folder, "A", images)
    found = find(folder)
    assert [case.name for case in found.cases] == ["good"]
    unpaired = {one.kind: one.reason for one in found.unpaired}
    assert message in unpaired["mask"]


def test_an_irregular_series_is_taken_where_asked(tmp_path):
    folder = tmp_path / "tree"
    images = patient_slices("A")
    making.write(folder / "A" / "dyn", images[:4] + images[5:])
    with_segmentation(folder, "A", images)
    assert len(find(folder, regular_grid=True).cases) == 1


def test_damaged_files_are_listed_and_do_not_stop_the_search(tmp_path):
    folder = tree(tmp_path / "tree", ("A", "B"))
    file = next((folder / "A" / "study" / "dyn").iterdir())
    (folder / "A" / "study" / "other.dcm").write_bytes(file.read_bytes()[:500])
    (folder / "notes.txt").write_text("no image")
    found = find(folder)
    assert len(found.cases) == 2
    assert [(one.kind, one.path.name) for one in found.unpaired] == [("file", "other.dcm")]


def test_several_masks_of_one_image_are_narrowed(tmp_path):
    folder = tree(tmp_path / "tree", ("A",))
    images = patient_slices("A")
    making.segmentation(folder / "A" / "study" / "second reader" / "2.dcm", images, [TUMOR])
    with pytest.raises(CohortError, match="2 masks are of one image"):
        find(folder)
    (case,) = find(folder, masks="second reader").cases
    assert case.mask.endswith("second reader/2.dcm")


def test_studies_of_one_patient(tmp_path):
    folder = tmp_path / "tree"
    for number, date in enumerate(("20200501", "20200101")):
        images = patient_slices("A", f"visit {number}", StudyInstanceUID=making.uid("visit", number), StudyDate=date)
        making.write(folder / f"visit{number}" / "dyn", images)
        making.segmentation(folder / f"visit{number}" / "seg.dcm", images, [TUMOR])
    assert [(case.name, case.image.split("/")[1]) for case in find(folder).cases] == [
        ("A_1", "visit1"), ("A_2", "visit0"),
    ]  # fmt: skip
    (case,) = find(folder, first_study=True).cases
    assert (case.name, case.image.split("/")[1]) == ("A", "visit1")
    assert "not the first of its patient" in reasons(tmp_path / "cases.csv")["seg.dcm"]


def write_volume(path, array=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(volume().with_array(NOISE if array is None else array).to_sitk(), str(path))


LAYOUTS = {
    "images and masks": (["images/a1.nrrd", "images/b2.nrrd"], ["masks/a1.nrrd", "masks/b2.nrrd"], ["a1", "b2"]),
    "side by side": (
        ["a1_image.nrrd", "b2_image.nii.gz"], ["a1_label.nrrd", "b2_label.nii.gz"], ["a1", "b2"],
    ),
    "a folder each": (["a1/mri.nii.gz", "b2/mri.nii.gz"], ["a1/tumor.nii.gz", "b2/tumor.nii.gz"], None),
    "nnU-Net": (
        ["imagesTr/br_001_0000.nii.gz", "imagesTr/br_002_0000.nii.gz"],
        ["labelsTr/br_001.nii.gz", "labelsTr/br_002.nii.gz"], ["br_001", "br_002"],
    ),
    "Slicer": (["a1.nrrd", "b2.nrrd"], ["a1.seg.nrrd", "b2-segmentation.seg.nrrd"], ["a1", "b2"]),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_files_are_paired_by_their_names(tmp_path, name):
    images, masks, names = LAYOUTS[name]
    folder = tmp_path / "files"
    for path in images:
        write_volume(folder / path)
    for path in masks:
        write_volume(folder / path, TUMOR)
    found = find(folder)
    assert found.unpaired == ()
    assert [(case.image, case.mask) for case in found.cases] == [
        (f"files/{image}", f"files/{mask}") for image, mask in zip(images, masks, strict=True)
    ]
    if names:
        assert [case.name for case in found.cases] == names
    assert extract_cases(tmp_path / "cases.csv", tmp_path / "features.csv", MEAN, jobs=1).failed == 0


def test_files_of_several_phases(tmp_path):
    """As in MAMA-MIA: images/DUKE_001/duke_001_0000.nii.gz, the phases by number; segmentations/duke_001.nii.gz."""
    folder = tmp_path / "files"
    for phase in range(3):
        write_volume(folder / "images" / "DUKE_001" / f"duke_001_{phase:04d}.nii.gz", NOISE + 1000 * phase)
    write_volume(folder / "segmentations" / "expert" / "duke_001.nii.gz", TUMOR)
    with pytest.raises(CohortError, match="holds 3 acquisitions"):
        find(folder)
    for rule, number in (("first-post", 1), ("1", 0), ("3", 2)):
        (case,) = find(folder, phase=rule).cases
        assert case.image.endswith(f"duke_001_{number:04d}.nii.gz")
        assert (case.name, case.phase) == ("duke_001", "")


def test_files_that_are_not_paired_say_why(tmp_path):
    folder = tmp_path / "files"
    write_volume(folder / "images" / "a.nrrd")
    write_volume(folder / "masks" / "a.nrrd", TUMOR)
    write_volume(folder / "masks" / "c.nrrd", TUMOR)
    bare = folder / "images" / "b.nrrd"
    write_volume(bare)
    header, _, voxels = bare.read_bytes().partition(b"\n\n")
    kept = [line for line in header.split(b"\n") if not line.startswith(b"space")]
    bare.write_bytes(b"\n".join(kept) + b"\n\n" + voxels)
    write_volume(folder / "masks" / "b.nrrd", TUMOR)
    found = find(folder)
    assert [case.name for case in found.cases] == ["a"]
    said = {(one.kind, one.path.name): one.reason for one in found.unpaired}
    assert "does not say how large its voxels are" in said["mask", "b.nrrd"]
    assert "no image has its name" in said["mask", "c.nrrd"]


def test_a_dicom_series_with_a_mask_file_of_the_patient_s_name(tmp_path):
    folder = tmp_path / "tree"
    for patient in ("Breast_MRI_001", "Breast_MRI_002"):
        making.write(folder / "dicom" / patient / "dyn", patient_slices(patient))
        write_volume(folder / "masks" / f"{patient}_mask.nrrd", TUMOR)
    found = find(folder)
    assert [case.name for case in found.cases] == ["Breast_MRI_001", "Breast_MRI_002"]
    assert found.cases[0].image == "tree/dicom/Breast_MRI_001/dyn"


def test_nothing_to_pair(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CohortError, match="holds 0 images and 0 masks"):
        find(tmp_path / "empty")
    with pytest.raises(CohortError, match="is no folder"):
        find(tmp_path / "absent")
    assert not (tmp_path / "cases.csv").exists()


def test_the_command(run, tmp_path):
    folder = tree(tmp_path / "tree", ("A", "B"), phases=2)
    shutil.rmtree(folder / "B" / "study" / "dyn")
    code, out, err = run("cases", folder, "--out", tmp_path / "cases.csv", "--phase", "first-post")
    assert code == 0
    assert "1 case of 1 image and 2 masks" in out
    assert "became no case, because the series that it refers to is not in the folder" in err
    code, _, err = run("cases", folder / "B", "--out", tmp_path / "cases2.csv")
    assert code == 2 and "no pair of them" in err and not (tmp_path / "cases2.csv").exists()


def test_the_shared_examination(shared_data, tmp_path):
    """The segmentation refers to instances of this phase and of one that is not there."""
    folder = tmp_path / "UCSF-BR-06"
    shutil.copytree(shared_data / "ucsf-br-06" / "dicom_t1", folder / "study" / "t1")
    shutil.copytree(shared_data / "ucsf-br-06" / "dicom_seg", folder / "study" / "seg")
    (case,) = find(folder).cases
    assert (case.name, case.image, case.mask) == ("UCSF-BR-06", "UCSF-BR-06/study/t1", "UCSF-BR-06/study/seg/1-1.dcm")
