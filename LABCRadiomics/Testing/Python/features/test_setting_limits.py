"""Every limit of the settings from both sides, and on an ROI that is just large enough or just too small."""

from types import SimpleNamespace

import numpy as np
import pytest

from LABCRadiomicsLib.errors import ExtractionError, InputError
from LABCRadiomicsLib.features import extract, extraction
from LABCRadiomicsLib.features.roi_preparation import check, resegmented
from LABCRadiomicsLib.features.settings import ExtractionSettings
from LABCRadiomicsLib.imaging import Volume, region_of

NAMES = ["original_firstorder_Mean"]
LIMITS = {  # what is taken, and what is not
    "minimumROIDimensions": ([1, 2, 3], [0, 4, 1.5, True]),
    "minimumROISize": ([1, 1000, None], [0, -1, 2.5]),
    "geometryTolerance": ([1e-9, 3], [0, -1]),
    "label": ([1, 255], [0, -1, 1.5]),
    "label_channel": ([0, 1], [-1, 0.5]),
    "binWidth": ([1e-6, 25], [0, -25]),
    "binCount": ([1, 64], [0, 8.5]),
    "normalizeScale": ([0.5, 100], [0, -1]),
    "removeOutliers": ([0.1, 3], [0, -3]),
    "resampledPixelSpacing": ([[1, 1, 1], [0, 0, 0], [0.5, 0, 2]], [[1, 1], [1, 1, 1, 1], [1, 1, -0.1], 1]),
    "interpolator": (["sitkLinear", 1, 10], [0, 11, 2.5, "linear"]),
    "padDistance": ([0, 5], [-1, 0.5]),
    "distances": ([[1], [1, 2, 3]], [[], [0], [1.5]]),
    "force2Ddimension": ([0, 1, 2], [-1, 3, 0.5]),
    "resegmentRange": ([[1], [-5, 5]], [[], [1, 2, 3]]),
    "resegmentMode": (["absolute", "relative", "sigma"], ["percent", 1]),
    "voxelArrayShift": ([-10, 0, 300], [0.5]),
    "weightingNorm": (["euclidean", "manhattan", "infinity", "no_weighting", None], ["l2"]),
    "gldm_a": ([0, 3], [-1, 0.5]),
    "force2D": ([True, False], [0, 1, "yes"]),
    "symmetricalGLCM": ([True, False], [0, 1]),
    "level": ([1, 3], [0, 1.5]),
    "start_level": ([0, 1], [-1, 0.5]),
    "sigma": ([[0.1], [1, 2]], [[], [0], [-1]]),
}
FILTER_SETTINGS = {"level": "Wavelet", "start_level": "Wavelet", "sigma": "LoG"}


def settings_of(name, value) -> ExtractionSettings:
    if name in FILTER_SETTINGS:
        return ExtractionSettings.from_parameters({"imageType": {FILTER_SETTINGS[name]: {name: value}}})
    return ExtractionSettings.from_parameters({"setting": {name: value}})


@pytest.mark.parametrize("name", LIMITS)
def test_a_setting_from_both_sides_of_its_limits(name):
    taken, refused = LIMITS[name]
    for value in taken:
        settings_of(name, value)
    for value in refused:
        with pytest.raises(InputError, match=name):
            settings_of(name, value)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"binWidth": 0}, "a number above 0"),
        ({"padDistance": -1}, "a whole number of at least 0"),
        ({"minimumROIDimensions": 4}, "a whole number of at least 1 and of at most 3"),
        ({"voxelArrayShift": 0.5}, "a whole number"),
        ({"distances": []}, "a list of at least 1"),
        ({"resampledPixelSpacing": [1]}, "a list of 3"),
        ({"resegmentRange": [1, 2, 3]}, "a list of 1 to 2"),
    ],
)
def test_the_limits_are_said(value, wanted):
    with pytest.raises(InputError) as caught:
        ExtractionSettings.from_parameters({"setting": value})
    assert f"it must be {wanted}" in str(caught.value).replace(" and at most", " and of at most")


def block(*size: int) -> tuple[Volume, Volume]:
    """An image of 8 x 8 x 8 voxels and a mask with a block of a size along i, j, k."""
    image = Volume(np.random.default_rng(0).normal(100, 20, (8, 8, 8)), np.ones(3), np.zeros(3), np.eye(3))
    mask = np.zeros((8, 8, 8), np.uint8)
    mask[2 : 2 + size[2], 2 : 2 + size[1], 2 : 2 + size[0]] = 1
    return image, image.with_array(mask)


@pytest.mark.parametrize(
    ("size", "least", "fits"),
    [((3, 3, 1), 2, True), ((3, 1, 1), 2, False), ((3, 1, 1), 1, True), ((2, 2, 2), 3, True),
     ((4, 4, 1), 3, False), ((1, 4, 2), 2, True)],
)  # fmt: skip
def test_the_least_number_of_dimensions(size, least, fits):
    settings = ExtractionSettings.from_parameters({"setting": {"minimumROIDimensions": least}})
    if fits:
        assert extract(*block(*size), settings, NAMES).values
    else:
        with pytest.raises(ExtractionError, match=rf"extends in {sum(n > 1 for n in size)} dimensions .* for {least}"):
            extract(*block(*size), settings, NAMES)


@pytest.mark.parametrize(("fewest", "fits"), [(None, True), (17, True), (18, False), (19, False)])
def test_the_least_number_of_voxels_is_more_than_the_setting_as_pyradiomics_has_it(fewest, fits):
    settings = ExtractionSettings.from_parameters({"setting": {"minimumROISize": fewest}})
    if fits:
        assert extract(*block(3, 3, 2), settings, NAMES).values
    else:
        with pytest.raises(ExtractionError, match=f"has 18 voxels where the settings ask for more than {fewest}"):
            extract(*block(3, 3, 2), settings, NAMES)


def test_both_limits_hold_before_cropping_too():
    region = region_of(*block(3, 3, 2), 1)
    check(region, {"minimumROIDimensions": 3, "minimumROISize": 17})
    for setting in (
        {"minimumROIDimensions": 3, "minimumROISize": 18},
        {"minimumROIDimensions": 4, "minimumROISize": None},
    ):
        with pytest.raises(ExtractionError):
            check(region, setting)


@pytest.mark.parametrize(
    ("mode", "limits", "kept"),
    [
        ("absolute", [3], {3, 4, 5, 6}),
        ("absolute", [2, 4], {2, 3, 4}),
        ("absolute", [4, 2], {2, 3, 4}),
        ("relative", [0.5], {3, 4, 5, 6}),
        ("relative", [0.5, 0.75], {3, 4}),
        ("sigma", [-1, 1], {2, 3, 4, 5}),  # mean 3.5, SD of all six 1.708
        ("sigma", [0.8], {5, 6}),
    ],
)
def test_resegmentation_keeps_what_is_within_its_limits(mode, limits, kept):
    image, mask = block(3, 2, 1)
    array = image.array.copy()
    array[2, 2:4, 2:5] = [[1, 2, 3], [4, 5, 6]]
    region = region_of(image.with_array(array), mask, 1)
    found = resegmented(region, {"resegmentMode": mode, "resegmentRange": limits})
    values = array[2, 2:4, 2:5]
    assert set(array[found.mask.array > 0]) == kept
    rows, columns = np.nonzero(np.isin(values, list(kept)))
    assert found.lower.tolist() == [2 + columns.min(), 2 + rows.min(), 2]
    assert found.upper.tolist() == [2 + columns.max(), 2 + rows.max(), 2]
    assert found.inside.sum() == len(kept)


@pytest.mark.parametrize(("limits", "left"), [([7], 0), ([6], 1)])
def test_resegmentation_to_less_than_two_voxels_is_refused(limits, left):
    image, mask = block(3, 2, 1)
    array = image.array.copy()
    array[2, 2:4, 2:5] = [[1, 2, 3], [4, 5, 6]]
    with pytest.raises(ExtractionError, match=f"leaves {left} of 6 voxels"):
        resegmented(region_of(image.with_array(array), mask, 1), {"resegmentRange": limits})


def test_a_distance_at_which_no_voxels_are_neighbors_counts_for_nothing():
    """Two voxels two apart on a line: of the angles of distances 1 and 2 the first is empty and left out of means."""
    image, _ = block(1, 1, 1)
    mask = np.zeros((8, 8, 8), np.uint8)
    mask[3, 3, [2, 4]] = 1
    array = image.array.copy()
    array[3, 3, [2, 4]] = 10, 70
    names = ["original_glcm_Contrast", "original_glcm_JointEntropy", "original_glcm_Idm"]

    def values(distances):
        content = {"setting": {"minimumROIDimensions": 1, "distances": distances}, "featureClass": {"glcm": []}}
        settings = ExtractionSettings.from_parameters(content)
        return extract(image.with_array(array), image.with_array(mask), settings, names).values

    assert values([1, 2]) == values([2])
    assert values([2])["original_glcm_Contrast"] == pytest.approx(4)  # bins 1 and 3 of width 25


@pytest.mark.parametrize(("force2d", "along_i", "measured"), [(True, 2, True), (True, 1, False), (False, 2, False)])
def test_shape_in_two_dimensions_is_measured_within_slices_only(force2d, along_i, measured):
    """As pyradiomics has it: it asks for more than one voxel along an axis that it counts from the other end."""
    region = SimpleNamespace(lower=np.array([3, 3, 3]), upper=np.array([2 + along_i, 9, 9]))
    setting = {"force2D": force2d, "force2Ddimension": 0}
    assert extraction._is_measured_in_two_dimensions(region, setting) == measured
