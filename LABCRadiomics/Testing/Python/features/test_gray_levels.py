"""Gray levels beyond reason are refused before any matrix is made, and levels that say nothing are said so."""

import tracemalloc

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from LABCRadiomicsLib.errors import ExtractionError
from LABCRadiomicsLib.features.gray_levels import MOST_LEVELS, _bins_of, _count, gray_levels, spans_no_bin
from LABCRadiomicsLib.features.settings import ExtractionSettings
from roi_examples import SHAPE, ball, extract, ours, phantom, with_setting, without_bin_width

IMAGE = sitk.Cast(phantom(SHAPE), sitk.sitkFloat64)
MASK = ball(IMAGE, (6, 9, 10), 5)
LEVELS = {"Original": {}}


@pytest.mark.parametrize("factor", [1e3, 1e6, 1e12, 1e300])
def test_too_many_levels_are_refused_before_memory_is_asked_for(factor):
    tracemalloc.start()
    with pytest.raises(ExtractionError) as caught:
        extract(IMAGE * factor, MASK)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    said = str(caught.value)
    for part in ("gray levels of width 25", "2,048", "binWidth", "binCount", "normalize", "original"):
        assert part in said
    assert peak < 5e6


def test_as_many_levels_as_there_may_be():
    values = np.linspace(0, MOST_LEVELS - 1, 5000)
    assert gray_levels(values, {"binWidth": 1}, "original").highest == MOST_LEVELS
    with pytest.raises(ExtractionError, match="2,049 gray levels of width 1 "):
        gray_levels(np.append(values, MOST_LEVELS), {"binWidth": 1}, "original")
    with pytest.raises(ExtractionError, match="binCount 3000"):
        gray_levels(values, {"binCount": 3000}, "original")


def test_how_many_levels_there_would_be_is_written_out_below_a_billion():
    assert [_count(number) for number in (2049, 999_999_999, 1e9, 1e300)] == ["2,049", "999,999,999", "1e+09", "1e+300"]


def test_the_filter_at_fault_is_named():
    parameters = with_setting({"Original": {"binWidth": 1e5}, "Wavelet": {}})
    with pytest.raises(ExtractionError, match="image wavelet-LLH"):
        ours(IMAGE * 1000, MASK, parameters)


def test_features_without_gray_levels_need_none():
    names = ["original_firstorder_Mean", "original_shape_MeshVolume"]
    assert ours(IMAGE * 1000, MASK, with_setting(LEVELS), names=names).keys() == set(names)


def test_entropy_alone_needs_no_matrix():
    classes = {"firstorder": ["Entropy"]}
    assert ours(IMAGE * 200, MASK, with_setting(LEVELS, classes))["original_firstorder_Entropy"] > 5
    with pytest.raises(ExtractionError, match="1,000,000"):
        ours(IMAGE * 1e7, MASK, with_setting(LEVELS, classes))


def test_many_levels_within_the_limit_fit_into_little_memory():
    noise = np.random.default_rng(0).uniform(0, 2000, SHAPE)
    image = sitk.GetImageFromArray(noise)
    image.CopyInformation(IMAGE)
    features = ("glcm_Contrast", "glrlm_RunEntropy", "glszm_ZoneEntropy", "ngtdm_Busyness")
    names = [f"original_{feature}" for feature in features]
    tracemalloc.start()
    values = ours(image, MASK, with_setting(LEVELS, binWidth=1), names=names)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.isfinite(list(values.values())).all()
    assert peak < 150e6  # the matrix that pyradiomics makes has 2000 x 2000 x 13 cells of 8 bytes


TINY = IMAGE * 1e-6
NORMALIZED = (IMAGE - 800) / 60


@pytest.mark.parametrize("image", [TINY, TINY - 0.0008, NORMALIZED], ids=["one level", "two by their sign", "z-scores"])
def test_intensities_that_fit_into_one_bin_are_said_so(image):
    notices = extract(image, MASK).notices
    assert [notice.code for notice in notices] == ["one-gray-level"] * 2  # original and wavelets
    assert "a bin is 25 wide" in notices[0].message and "\n" not in notices[0].message
    assert all(notice.grave for notice in notices)  # a score of such features is not to be relied on


def test_a_bin_count_of_one_is_said_so():
    settings = ExtractionSettings.from_parameters(without_bin_width(binCount=1, image_types=LEVELS))
    assert [notice.code for notice in extract(IMAGE, MASK, settings).notices] == ["one-gray-level"]


def test_narrow_bands_of_a_textured_image_are_no_reason_for_a_notice():
    assert extract(IMAGE, MASK).notices == ()


def test_no_notice_where_no_texture_was_asked_for():
    names = ["original_firstorder_Mean", "original_shape_MeshVolume"]
    assert extract(TINY, MASK, names=names).notices == ()


@given(
    st.sampled_from(["int8", "uint8", "int16", "uint16", "int32", "int64"]),
    st.integers(1, 60),
    st.integers(0, 2**32 - 1),
)
def test_levels_of_whole_numbers_are_floors_in_every_type(dtype, width, seed):
    """Also at the end of a type's range, where pyradiomics under numpy 2 overflows."""
    info = np.iinfo(dtype)
    low, high = max(info.min, -5000), min(info.max, 5000)
    rng = np.random.default_rng(seed)
    values = rng.integers(low, high, 50, endpoint=True).astype(dtype)
    values[0] = info.max if info.max <= 5000 else values[0]
    expected = values.astype(int) // width - int(values.min()) // width + 1
    if expected.max() <= MOST_LEVELS:
        np.testing.assert_array_equal(gray_levels(values, {"binWidth": width}, "original").levels, expected)


def test_levels_that_do_for_a_histogram_may_be_too_many_for_a_matrix():
    noise = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 5000, SHAPE).astype(np.int16))
    noise.CopyInformation(IMAGE)
    fine = with_setting(LEVELS, {"firstorder": []}, binWidth=1)
    assert len(ours(noise, MASK, fine)) == 18
    with pytest.raises(ExtractionError, match="more than the 2,048 that can be used"):
        ours(noise, MASK, with_setting(LEVELS, {"firstorder": [], "glcm": []}, binWidth=1))


def test_long_runs_of_many_levels_are_kept_apart():
    """Three hundred rows of three hundred voxels, each of a level of its own: 90,000 cells of a run matrix."""
    rows = np.tile(np.arange(1, 301)[:, None], (1, 300)).astype(np.int16)
    image = sitk.GetImageFromArray(np.stack([rows, rows]))
    mask = sitk.GetImageFromArray(np.stack([np.ones_like(rows), np.zeros_like(rows)]).astype(np.uint8))
    found = ours(image, mask, with_setting(LEVELS, {"glrlm": []}, binWidth=1))
    # Along the rows there is one run a row; along the three other directions of a slice each voxel is a run.
    assert found["original_glrlm_LongRunEmphasis"] == pytest.approx((300**2 + 3) / 4)
    assert found["original_glrlm_RunPercentage"] == pytest.approx((1 / 300 + 3) / 4)
    assert found["original_glrlm_HighGrayLevelRunEmphasis"] == pytest.approx((np.arange(1, 301) ** 2).mean())


def test_without_neighbors_pairs_have_no_features(recwarn):
    far = np.zeros(SHAPE, np.uint8)
    far[2, 2, 2] = far[9, 9, 9] = 1
    mask = sitk.GetImageFromArray(far)
    mask.CopyInformation(IMAGE)
    found = ours(IMAGE, mask, with_setting(LEVELS, {"glcm": []}))
    assert len(recwarn) == 0
    assert len(found) == 24 and all(isinstance(value, float) and np.isnan(value) for value in found.values())


@pytest.mark.parametrize(
    ("setting", "spread", "one"),
    [({"binCount": 8}, 0, True), ({"binCount": 8}, 1, False), ({"binCount": 1}, 5, True), ({"binCount": 2}, 5, False),
     ({"binWidth": 5}, 4.9, True), ({"binWidth": 5}, 5, False), ({}, 24.9, True), ({}, 25, False)],
)  # fmt: skip
def test_intensities_that_fit_into_one_bin(setting, spread, one):
    assert spans_no_bin(np.array([3.0, 3.0 + spread]), setting) == one


@pytest.mark.parametrize("width", [0.1, 0.3, 1 / 3, 7e-3, 25.0, 2.5])
@pytest.mark.parametrize("low", [0.0, -3.7, 1e4])
def test_a_value_on_an_edge_is_in_the_bin_that_begins_there(width, low):
    edges = np.arange(low - low % width, low + 400 * width, width)
    values = np.concatenate((edges[:-1], np.nextafter(edges[1:-1], -np.inf), np.nextafter(edges[:-1], np.inf)))
    assert np.array_equal(_bins_of(values, edges, width), np.digitize(values, edges))
