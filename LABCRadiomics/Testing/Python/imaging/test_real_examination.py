"""One real breast MRI in every form that hospitals hand over gives one score; in every broken form none, or the same.

The scores are those of the bundled demonstration model on UCSF-BR-06; the broken forms come from public bug reports.
"""

import copy
import logging
import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

pytest.importorskip("highdicom")

import highdicom

import dicom_making as making
from LABCRadiomicsLib.errors import GeometryError, InputError
from LABCRadiomicsLib.imaging import ReadingOptions, read_image, read_mask, read_pair, region_of
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import score_patient

SCORE = 0.5025743219251043
MASK = "UCSF-BR-06_ftv_mask_largest.nrrd"
OF_THE_MODEL = ("demonstration", "covariate", "feature", "score", "other-", "far-from", "simulated")


@pytest.fixture(scope="module")
def examination(shared_data):
    return shared_data / "ucsf-br-06"


@pytest.fixture(scope="module")
def slices(examination):
    """The 60 slices in the order of their places along the normal, which is how their mask is read too."""
    read = [pydicom.dcmread(file) for file in (examination / "dicom_t1").iterdir()]
    normal = np.cross(read[0].ImageOrientationPatient[:3], read[0].ImageOrientationPatient[3:])
    return sorted(read, key=lambda dataset: float(np.dot(normal, dataset.ImagePositionPatient)))


@pytest.fixture(scope="module")
def tumor(examination):
    return region_of(
        read_image(examination / "dicom_t1").volume, read_mask(examination / MASK).volume
    ).mask  # fmt: skip


def score(image, mask, **options):
    image, mask = read_pair(image, mask, ReadingOptions(**options))
    model = find_model("demo-phantom")
    found = score_patient(model, image.volume, mask.volume, notices=(*image.notices, *mask.notices))
    return found.prediction


def codes(prediction):
    """What was noticed on reading, without what the model notices."""
    return [notice.code for notice in prediction.warnings if not notice.code.startswith(OF_THE_MODEL)]


def write(folder, datasets):
    folder.mkdir(parents=True)
    for number, dataset in enumerate(datasets):
        dataset.save_as(folder / f"{number:03d}.dcm")
    return folder


def enhanced(path, slices):
    """As highdicom converts a series to one multi-frame object."""
    logging.getLogger("highdicom").setLevel(logging.ERROR)
    prepared = copy.deepcopy(slices)
    for dataset in prepared:
        dataset.MRAcquisitionType = "3D"  # empty in this series, which the standard does not allow
        dataset.PatientBirthDate = dataset.PatientBirthDate or ""
    made = highdicom.legacy.LegacyConvertedEnhancedMRImage(
        prepared, making.uid("converted"), 7, making.uid("frames"), 1
    )
    made.save_as(path)
    return path


def image_in(form, examination, slices, folder):
    if form == "DICOM series":
        return examination / "dicom_t1"
    if form == "NRRD":
        return examination / "UCSF-BR-06_3dfgre_orig_t1.nrrd"
    if form == "enhanced":
        return enhanced(folder / "enhanced.dcm", slices)
    path = folder / "image.nii.gz"
    sitk.WriteImage(sitk.ReadImage(str(examination / "UCSF-BR-06_3dfgre_orig_t1.nrrd")), str(path))
    return path


def mask_in(form, examination, slices, tumor, folder):
    if form == "NRRD":
        return examination / MASK
    if form == "SEG":
        return making.segmentation(folder / "seg.dcm", slices, [1 - tumor.array, tumor.array], labels=["Rest", "Tumor"])
    if form == "RTSTRUCT":
        outlines = making.outlines(tumor)
        return making.structure_set(folder / "rt.dcm", slices, {"Body": outlines[:1], "Tumor": outlines})
    layers = [tumor.with_array(array).to_sitk() for array in (np.ones_like(tumor.array), tumor.array)]
    image = sitk.Compose(layers)
    for number, name in enumerate(("Breast", "Tumor")):
        for key, value in (("ID", f"Segment_{number}"), ("Name", name), ("Layer", number), ("LabelValue", 1)):
            image.SetMetaData(f"Segment{number}_{key}", str(value))
    path = folder / "layers.seg.nrrd"
    sitk.WriteImage(image, str(path), True)
    path.write_bytes(path.read_bytes().replace(b"kinds: vector", b"kinds: list"))
    return path


@pytest.mark.parametrize("form", ["DICOM series", "enhanced", "NRRD", "NIfTI"])
def test_one_score_whatever_the_form_of_the_image(examination, slices, tmp_path, form):
    found = score(image_in(form, examination, slices, tmp_path), examination / MASK)
    assert found.score == SCORE
    assert found.risk_group == "low"
    assert codes(found) == []


@pytest.mark.parametrize("form", ["NRRD", "SEG", "RTSTRUCT", "layers"])
def test_one_score_whatever_the_form_of_the_mask(examination, slices, tumor, tmp_path, form):
    """The contours follow the voxels' edges, so the structure set loses nothing either."""
    path = mask_in(form, examination, slices, tumor, tmp_path)
    found = score(examination / "dicom_t1", path, segment=None if form == "NRRD" else "Tumor")
    assert found.score == SCORE
    assert codes(found) == []


def test_the_segmentation_of_the_collection(examination):
    for path in (examination / "dicom_seg", examination / "dicom_seg" / "1-1.dcm"):
        found = score(examination / "dicom_t1", path)
        assert found.score == pytest.approx(0.5739535834246413, rel=1e-12)
        assert codes(found) == ["fractional-segment"]


def ellipsoid(center, radii):
    grid = np.indices((60, 256, 256))
    return (sum(((axis - c) / r) ** 2 for axis, c, r in zip(grid, center, radii, strict=True)) < 1).astype(np.uint8)


@pytest.mark.parametrize(("masks", "expected"), [
    ([np.where(np.isin(np.arange(60), (12, 13, 14))[:, None, None], 0, ellipsoid((14, 70, 70), (9, 22, 22)))],
     [-0.4856817]),
    ([ellipsoid((12, 70, 70), (7, 22, 22)), ellipsoid((14, 120, 70), (5, 15, 15))], [-0.8946288, -0.4848140]),
], ids=["gap", "two segments"])  # fmt: skip
def test_segmentations_with_gaps_and_several_segments(examination, slices, tmp_path, masks, expected):
    path = making.segmentation(tmp_path / "seg.dcm", slices, [mask.astype(np.uint8) for mask in masks])
    for number, value in enumerate(expected, 1):
        found = score(examination / "dicom_t1", path, segment=str(number))
        assert found.score == pytest.approx(value, abs=1e-6)
        assert codes(found) == []
    if len(masks) > 1:
        with pytest.raises(InputError, match=r"1 'Segment 1', 2 'Segment 2'"):
            read_mask(path)


def second_phase(slices):
    made = copy.deepcopy(slices)
    for number, dataset in enumerate(made):
        dataset.SOPInstanceUID = making.uid("second", number)
        dataset.InstanceNumber = int(dataset.InstanceNumber) + 60
        dataset.AcquisitionNumber = 5
        dataset.PixelData = (dataset.pixel_array // 2).astype(np.int16).tobytes()
    return made


def without(slices, *keywords):
    made = copy.deepcopy(slices)
    for dataset in made:
        for keyword in keywords:
            dataset.pop(keyword, None)
    return made


REFUSED = {
    "missing slice": (lambda s: s[:30] + s[31:], GeometryError, "4 mm between slices 30 and 31"),
    "variable spacing": (lambda s: s[:40] + s[40::2], GeometryError, "2 mm apart but 4 mm between slices 41 and 42"),
    "two phases": (lambda s: s + second_phase(s), InputError, "holds 2 acquisitions"),
    "no pixel spacing": (lambda s: without(s, "PixelSpacing"), InputError, "no usable PixelSpacing"),
    "no position": (
        lambda s: without(s, "ImagePositionPatient", "ImageOrientationPatient", "SliceLocation"),
        InputError, "no usable ImagePositionPatient",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_broken_forms_are_refused_by_name(slices, tmp_path, name):
    change, error, message = REFUSED[name]
    folder = write(tmp_path / "dicom", change(slices))
    with pytest.raises(error, match=message):
        read_image(folder)


def test_what_is_chosen_or_given_scores_as_the_sound_series(examination, slices, tmp_path):
    phases = write(tmp_path / "phases", slices + second_phase(slices))
    found = score(phases, examination / MASK, phase="1")
    assert (found.score, codes(found)) == (SCORE, ["phase-chosen"])
    bare = write(tmp_path / "bare", without(slices, "PixelSpacing"))
    found = score(bare, examination / MASK, spacing=(0.703125, 0.703125, 2.0))
    assert (found.score, codes(found)) == (SCORE, ["spacing-given"])


def test_a_resampled_series_scores_near_the_sound_one_and_says_so(examination, slices, tmp_path):
    folder = write(tmp_path / "gap", slices[:30] + slices[31:])
    found = score(folder, examination / MASK, regular_grid=True)
    assert codes(found) == ["slices-resampled"]
    assert found.score == pytest.approx(SCORE, abs=0.05)
    assert found.score != SCORE


def test_slopes_that_differ_by_slice(examination, slices, tmp_path):
    made = copy.deepcopy(slices)
    for number, dataset in enumerate(made):
        dataset.RescaleIntercept, dataset.RescaleSlope = 0, "1" if number == 0 else "0.25"
    found = score(write(tmp_path / "dicom", made), examination / MASK)
    assert found.score == pytest.approx(-0.9256159, abs=1e-7)
    assert codes(found) == ["rescaled-by-slice"]


def rounded(slices):
    made = copy.deepcopy(slices)
    for number, dataset in enumerate(made):
        off = 1e-5 * (number % 3 - 1)
        dataset.ImageOrientationPatient = [off, 1, 0, 0, off, -1]
    return made


def with_names(slices):
    made = copy.deepcopy(slices)
    for dataset in made:
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientName, dataset.StudyDescription = "Müller^Änne", "<script>alert(1)</script>"
    return made


def compressed(slices):
    made = copy.deepcopy(slices)
    for dataset in made:
        dataset.compress(pydicom.uid.RLELossless)
    return made


@pytest.mark.parametrize("change", [rounded, with_names, compressed])
def test_sound_forms_stay_sound(examination, slices, tmp_path, change):
    found = score(write(tmp_path / "dicom", change(slices)), examination / MASK)
    assert (found.score, codes(found)) == (SCORE, [])


def test_other_files_in_the_folder_do_not_matter(examination, tmp_path):
    folder = tmp_path / "dicom"
    shutil.copytree(examination / "dicom_t1", folder)
    for name in (".DS_Store", "Thumbs.db", "._000.dcm"):
        (folder / name).write_bytes(b"\0\5\x16\7 Mac OS X" * 30)
    assert score(folder, examination / MASK).score == SCORE


def test_one_slice_of_the_series_does_not_hold_the_tumor(examination):
    file = sorted((examination / "dicom_t1").iterdir())[0]
    with pytest.raises(GeometryError, match=r"reaches outside|do not overlap"):
        score(file, examination / MASK)


def test_the_facts_of_the_files_travel_with_the_image(examination):
    source = read_image(examination / "dicom_t1").source
    assert (source.form, source.modality, source.manufacturer) == ("DICOM series", "MR", "GE MEDICAL SYSTEMS")
    assert (source.device, source.sequence_name) == ("GENESIS_SIGNA", "3dfgre")
    assert source.field_strength_tesla == 1.5  # the header says 15000, in gauss
    assert len(source.files) == 60 and source.phase is None and source.given_spacing_mm is None
    assert "UCSF-BR-06" not in repr(source).replace(str(examination), "")


def test_a_header_that_is_a_dataset_of_its_own_reads_the_same():
    """Attributes that are absent, empty or of no use are None, never an error."""
    from LABCRadiomicsLib.imaging import dicom_headers as headers

    dataset = Dataset()
    dataset.EchoTime = None
    dataset.add_new("ImagePositionPatient", "DS", "1\\2")
    assert headers.number(dataset, "EchoTime") is None
    assert headers.numbers(dataset, "ImagePositionPatient", 3) is None
    assert headers.number(dataset, "TriggerTime") is None
    assert headers.text(dataset, "SeriesDescription") is None
    assert headers.items(dataset, "SegmentSequence") == []
