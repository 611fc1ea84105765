"""What an extraction gives and refuses, without pyradiomics."""

import csv
import json
import logging
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib import features
from LABCRadiomicsLib.errors import ExtractionError, GeometryError, InputError, ModelError
from LABCRadiomicsLib.features import wavelet
from LABCRadiomicsLib.features.extraction import _not_finite
from LABCRadiomicsLib.features.reference import _quiet
from LABCRadiomicsLib.features.settings import ExtractionSettings
from LABCRadiomicsLib.imaging import read_image, read_mask
from LABCRadiomicsLib.imaging.volume import CANONICAL, axis_orders
from roi_examples import DEFAULT, SHAPE, ball, extract, moved, ours, phantom, stored_in, with_setting

IMAGE = phantom(SHAPE)
MASK = ball(IMAGE, (6, 9, 10), 5)
#: What pyradiomics 3.0.1 gave for the bundled case; processors that fuse multiply and add may round otherwise.
STORED, ROUNDING = Path(__file__).with_name("breast1_pyradiomics.json"), 1e-12


def read(image, mask):
    """Image and mask files in the order that Slicer gives them."""
    return read_image(image).volume, read_mask(mask).volume


def test_the_bundled_case_gives_what_pyradiomics_gave(breast1):
    stored = json.loads(STORED.read_text())
    found = features.extract(*read(*breast1)).values
    assert found.keys() == stored.keys() and len(found) == 851
    np.testing.assert_allclose([found[key] for key in stored], list(stored.values()), rtol=ROUNDING, atol=0)


SLICER_CASES = {
    "breast1": ("breast1/breast1_image.nrrd", "breast1/breast1_label.nrrd"),
    "UCSF-BR-06": ("ucsf-br-06/UCSF-BR-06_3dfgre_orig_t1.nrrd", "ucsf-br-06/UCSF-BR-06_ftv_mask_largest.nrrd"),
}


@pytest.mark.parametrize("name", SLICER_CASES)
def test_files_give_what_slicerradiomics_printed_in_slicer(name, shared_data, shared_reference):
    image, mask = SLICER_CASES[name]
    with (shared_reference / "slicerradiomics" / f"{name}.csv").open() as file:
        printed = {row["feature"]: float(row["value"]) for row in csv.DictReader(file)}
    found = features.extract(*read(shared_data / image, shared_data / mask)).values
    assert found.keys() == printed.keys() and len(found) == 851
    np.testing.assert_allclose([found[key] for key in printed], list(printed.values()), rtol=ROUNDING, atol=0)


def test_a_subset_gives_the_values_of_the_whole(breast1):
    everything = features.extract(*read(*breast1)).values
    names = list(everything)[3::61]
    assert features.extract(*read(*breast1), features=names).values == {name: everything[name] for name in names}


def test_a_subset_runs_only_the_filter_passes_it_needs(monkeypatch):
    passes = []
    filtered = wavelet._filtered
    monkeypatch.setattr(wavelet, "_filtered", lambda *args: passes.append((args[1], *args[-1])) or filtered(*args))
    ours(IMAGE, MASK, DEFAULT, names=["wavelet-LLH_glcm_Idmn", "original_firstorder_Mean"])
    assert passes == [(2, "L"), (1, "L"), (0, "H")]
    passes.clear()
    ours(IMAGE, MASK, DEFAULT)
    assert passes == [(2, "L", "H"), *[(1, "L", "H"), *[(0, "L", "H")] * 2] * 2]
    passes.clear()
    ours(IMAGE, MASK, DEFAULT, names=["original_firstorder_Mean"])
    assert passes == []


def test_one_score_whatever_the_axis_order():
    """All 48 axis orders of one oblique case, image and mask each in its own."""
    angle = 0.5
    rotation = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1.0, 0], [np.sin(angle), 0, np.cos(angle)]])
    image = phantom((11, 12, 13), direction=rotation)
    mask = ball(image, (4, 5, 6), 3)
    canonical = ExtractionSettings.from_parameters(DEFAULT, CANONICAL)
    names = ["wavelet-LLH_glcm_Idmn", "wavelet-HLL_ngtdm_Busyness", "original_shape_MeshVolume"]
    expected = extract(image, mask, canonical, names).values
    orders = list(axis_orders())
    assert len(orders) == 48
    for order, other in zip(orders, orders[7:] + orders[:7], strict=True):
        found = extract(stored_in(image, *order), stored_in(mask, *other), canonical, names)
        assert found.values == expected
        assert [notice.code for notice in found.notices] == []


def test_axis_order_matters_without_the_canonical_one():
    image = phantom((11, 12, 13))
    mask = ball(image, (4, 5, 6), 3)
    name = "wavelet-LLH_glcm_Idmn"
    flipped = [stored_in(item, (0, 1, 2), (True, True, False)) for item in (image, mask)]
    assert ours(image, mask, DEFAULT, names=[name]) != ours(*flipped, DEFAULT, names=[name])


def test_left_handed_volumes_are_reversed_in_k_as_slicer_does():
    stored = [stored_in(item, (0, 1, 2), (False, False, True)) for item in (IMAGE, MASK)]
    assert np.linalg.det(np.reshape(stored[0].GetDirection(), (3, 3))) < 0
    assert ours(*stored, DEFAULT) == ours(IMAGE, MASK, DEFAULT)


def test_diagnostics_name_what_was_measured():
    image = phantom(SHAPE, spacing=(0.5, 0.5, 2.0))
    mask = ball(image, (6, 9, 10), 5)
    found = extract(image, mask, names=["original_firstorder_Mean"])
    count = int(sitk.GetArrayViewFromImage(mask).sum())
    assert found.diagnostics["voxels"] == count
    assert found.diagnostics["volume_mm3"] == pytest.approx(count * 0.5)
    assert found.diagnostics["spacing_mm"] == [0.5, 0.5, 2.0]
    assert found.diagnostics["versions"]["engine"].endswith("equal to pyradiomics 3.0.1")
    again = extract(image + 1, mask, names=["original_firstorder_Mean"])
    assert len(found.diagnostics["input_sha256"]) == 64
    assert again.diagnostics["input_sha256"] != found.diagnostics["input_sha256"]


def test_a_mask_on_another_grid_is_resampled_and_said_so():
    mask = ball(IMAGE, (6, 9, 10), 4)
    origin = IMAGE.TransformContinuousIndexToPhysicalPoint((-0.25, -0.25, 0))
    fine = sitk.Resample(mask, (42, 36, 13), sitk.Transform(), sitk.sitkNearestNeighbor, origin, (0.35, 0.45, 2.0))
    found = extract(IMAGE, fine, names=["original_shape_VoxelVolume"])
    assert [notice.code for notice in found.notices] == ["mask-resampled"]
    assert found.values == ours(IMAGE, mask, DEFAULT, names=["original_shape_VoxelVolume"])


def changed(image, inside, value):
    array = sitk.GetArrayFromImage(sitk.Cast(image, sitk.sitkFloat64))
    array[sitk.GetArrayViewFromImage(MASK) == 1 if inside == "roi" else inside] = value
    result = sitk.GetImageFromArray(array)
    result.CopyInformation(image)
    return result


REFUSED = {
    "empty mask": (IMAGE, MASK * 0, None, InputError, "empty"),
    "absent label": (IMAGE, MASK, 3, InputError, "Label 3 is not in the mask, which holds 1"),
    "label 0": (IMAGE, MASK, 0, InputError, "Label 0"),
    "several labels": (IMAGE, MASK + ball(IMAGE, (6, 9, 10), 2), None, InputError, "several"),
    "mask elsewhere": (IMAGE, moved(MASK, (500, 0, 0)), None, GeometryError, "do not overlap"),
    "mask half outside": (IMAGE, moved(MASK, (6, 0, 0)), None, GeometryError, "outside the image"),
    "one voxel": (IMAGE, ball(IMAGE, (6, 9, 10), 0.5), None, ExtractionError, "single voxel"),
    "one line": (IMAGE, sitk.Cast(MASK, sitk.sitkUInt8)[:, 9:10, 6:7], None, ExtractionError, "1 dimensions"),
    "NaN": (changed(IMAGE, (6, 9, 10), np.nan), MASK, None, ExtractionError, "not finite"),
    "infinite": (changed(IMAGE, (6, 9, 11), np.inf), MASK, None, ExtractionError, "not finite"),
    "NaN within a filter's reach": (changed(IMAGE, (6, 3, 10), np.nan), MASK, None, ExtractionError, "not finite"),
    "constant": (changed(IMAGE, "roi", 7.0), MASK, None, ExtractionError, "constant"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_refused(case):
    image, mask, label, error, message = case
    with pytest.raises(error, match=message) as caught:
        extract(image, mask, label=label)
    assert "\n" not in str(caught.value)


def test_unknown_and_disabled_features_are_refused():
    extraction = ExtractionSettings.from_parameters(with_setting({"Original": {}}))
    for name in ("original_glcm_Nonsense", "original_nonsense_Mean", "nonsense"):
        with pytest.raises(ModelError, match=name):
            extract(IMAGE, MASK, extraction, [name])
    with pytest.raises(ModelError, match="not enabled"):
        extract(IMAGE, MASK, extraction, ["wavelet-LLH_glcm_Idmn"])
    of_two = with_setting({"Original": {}}, {"firstorder": ["Mean", "Median"], "glcm": []})
    wanted = ["original_firstorder_Median", "original_glcm_Idm"]
    assert list(ours(IMAGE, MASK, of_two, names=wanted)) == wanted
    with pytest.raises(ModelError, match="original_firstorder_Energy is not enabled"):
        ours(IMAGE, MASK, of_two, names=["original_firstorder_Energy"])
    with pytest.raises(ModelError, match="original_glszm_ZoneEntropy is not enabled"):
        ours(IMAGE, MASK, of_two, names=["original_glszm_ZoneEntropy"])
    with pytest.raises(ModelError, match="has no value in pyradiomics"):
        extract(IMAGE, MASK, extraction, ["original_glcm_Dissimilarity"])


def test_a_filter_that_the_image_is_too_small_for_is_named():
    parameters = with_setting({"LoG": {"sigma": [30.0]}})
    with pytest.raises(ExtractionError, match="log-sigma-30-0-mm-3D_firstorder_Mean"):
        ours(IMAGE, MASK, parameters, names=["log-sigma-30-0-mm-3D_firstorder_Mean"])


def test_five_features_without_a_value_are_named_and_more_are_counted():
    names = [f"f{at}" for at in range(6)]
    (five,), (six,) = (_not_finite(dict.fromkeys(names[:count], float("nan")) | {"g": 1.0}) for count in (5, 6))
    assert five.message == "Without a finite value on this ROI: 5 features: f0, f1, f2, f3, f4"
    assert six.message == "Without a finite value on this ROI: 6 features: f0, f1, f2, f3, f4 and 1 more"
    assert _not_finite({"g": 1.0}) == []


def test_the_log_of_pyradiomics_is_silent_for_as_long_as_it_computes():
    logger = logging.getLogger("a module")
    logger.setLevel(logging.WARNING)
    with _quiet(ModuleType("a module")):
        assert logger.level == logging.CRITICAL
    assert logger.level == logging.WARNING


def test_an_roi_too_small_for_its_distances_is_refused():
    with pytest.raises(ExtractionError, match=r"no two voxels at distance 20"):
        ours(IMAGE, MASK, with_setting({"Original": {}}, distances=[20]))


def test_two_distant_parts_cost_no_more_than_their_voxels():
    """The way between them is left out of every array, and none of it changes a value."""
    near, far = phantom((12, 14, 40)), phantom((12, 14, 900))
    array, wide = sitk.GetArrayFromImage(near), np.zeros((12, 14, 900), np.int16)
    wide[:, :, :20], wide[:, :, 880:] = array[:, :, :20], array[:, :, 20:]
    far = sitk.GetImageFromArray(wide)
    masks = []
    for image in (near, far):
        length = image.GetSize()[0]
        inside = np.zeros(image.GetSize()[::-1], np.uint8)
        inside[3:9, 4:10, 5:12], inside[3:9, 4:10, length - 12 : length - 5] = 1, 1
        masks.append(sitk.GetImageFromArray(inside))
    near = sitk.GetImageFromArray(array)
    classes = {"glcm": [], "glszm": [], "gldm": [], "ngtdm": []}
    found = [ours(image, mask, with_setting({"Original": {}}, classes)) for image, mask in zip((near, far), masks)]  # noqa: B905
    assert found[0] == found[1]


@pytest.mark.parametrize(("size", "said"), [(9, "vanishes at the voxel size"), (4, "extends in 0 dimensions")])
def test_an_roi_of_which_resampling_leaves_too_little_is_refused(size, said):
    parameters = with_setting({"Original": {}}, {"firstorder": ["Mean"]}, resampledPixelSpacing=[size] * 3)
    with pytest.raises(ExtractionError, match=said):
        ours(IMAGE, ball(IMAGE, (3, 3, 3), 1.5), parameters)


def test_limits_of_the_roi_hold_for_what_resegmentation_leaves_of_it():
    values = np.sort(sitk.GetArrayFromImage(IMAGE)[sitk.GetArrayFromImage(MASK) == 1])
    limits = [float(values[0]), float(values[9])]
    left = int((values <= limits[1]).sum())
    for least, refused in ((left - 1, False), (left, True)):
        parameters = with_setting(
            {"Original": {}}, {"firstorder": ["Mean"]}, resegmentRange=limits, minimumROISize=least,
            minimumROIDimensions=1,
        )  # fmt: skip
        if refused:
            with pytest.raises(ExtractionError, match=f"The ROI has {left} voxels where the settings ask for more"):
                ours(IMAGE, MASK, parameters)
        else:
            assert ours(IMAGE, MASK, parameters) == {"original_firstorder_Mean": pytest.approx(values[:left].mean())}
