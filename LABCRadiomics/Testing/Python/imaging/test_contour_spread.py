"""Contours as other readers might have drawn them: overlap, volume, raggedness, and what is in the middle."""

from itertools import combinations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from LABCRadiomicsLib.imaging import Volume, read_mask
from LABCRadiomicsLib.imaging.contour_spread import READER_DICE, spread_contours


def ball(radius_mm, spacing=(0.7, 0.7, 2.0), ragged=0.0):
    """A sphere whose voxels near the boundary are kept or not by chance."""
    size = [int(2 * radius_mm / step) + 8 for step in spacing]
    grid = np.meshgrid(*(np.arange(n) * step for n, step in zip(size, spacing, strict=True)), indexing="ij")
    centre = [(n - 1) * step / 2 for n, step in zip(size, spacing, strict=True)]
    distance = np.sqrt(sum((axis - middle) ** 2 for axis, middle in zip(grid, centre, strict=True)))
    noise = np.random.default_rng(0).normal(0, ragged, size) if ragged else 0.0
    image = sitk.GetImageFromArray((distance + noise < radius_mm).T.astype(np.uint8))
    image.SetSpacing(spacing)
    return Volume.from_sitk(image)


def faces(mask):
    """Number of voxel faces between inside and outside: raggedness raises it."""
    return sum(int(np.count_nonzero(np.diff(np.pad(mask, 1).astype(np.int8), axis=axis))) for axis in range(3))


def overlap(one, other):
    """Dice of two masks."""
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.parametrize("radius", [6.0, 15.0])
@pytest.mark.parametrize("dice", [0.85, 0.9])
def test_overlap_is_what_was_asked_for_and_volume_is_kept(radius, dice):
    spread = spread_contours(ball(radius), 30, dice)
    assert spread.dice.mean() == pytest.approx(dice, abs=0.01)
    assert spread.volume_ratio.mean() == pytest.approx(1, abs=0.02)
    assert spread.volume_ratio.min() < 1 < spread.volume_ratio.max()


@pytest.mark.parametrize("radius", [8.0, 15.0])
def test_two_near_contours_are_as_far_from_each_other_as_a_second_reader_s_from_the_drawn_one(radius):
    """Each errs by its own, so two of them agree as two readers do, and their volume is kept as well."""
    drawn = ball(radius)
    near = spread_contours(drawn, 30).near_masks
    between = [overlap(one, other) for one, other in combinations(near[::2], 2)]  # of different pairs
    assert np.mean(between) == pytest.approx(READER_DICE, abs=0.012)
    assert np.mean([overlap(mask, drawn.array != 0) for mask in near]) > READER_DICE + 0.02
    assert np.mean([np.count_nonzero(mask) for mask in near]) / np.count_nonzero(drawn.array) == pytest.approx(
        1, abs=0.02
    )


def test_the_numbers_describe_the_masks():
    drawn = ball(8.0)
    spread = spread_contours(drawn, 4)
    for mask, dice, ratio in zip(spread.masks, spread.dice, spread.volume_ratio, strict=True):
        inside, count = drawn.array != 0, np.count_nonzero(mask)
        assert mask.shape == drawn.array.shape
        assert dice == pytest.approx(2 * np.count_nonzero(mask & inside) / (count + np.count_nonzero(inside)))
        assert ratio == pytest.approx(count / np.count_nonzero(inside))


@pytest.mark.parametrize(("ragged", "within"), [(0.0, 0.15), (1.0, 0.12)])  # lobes add to a smooth boundary
def test_a_boundary_keeps_its_raggedness(ragged, within):
    drawn = ball(12.0, ragged=ragged)
    spread = spread_contours(drawn, 10)
    per_voxel = [faces(mask) / np.count_nonzero(mask) ** (2 / 3) for mask in spread.masks]
    own = faces(drawn.array != 0) / np.count_nonzero(drawn.array) ** (2 / 3)
    assert np.mean(per_voxel) / own == pytest.approx(1, abs=within)


def test_the_same_seed_gives_the_same_contours_and_another_gives_others():
    drawn = ball(8.0)
    first, again, other = (spread_contours(drawn, 2, seed=seed).masks for seed in (0, 0, 1))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_pairs_go_to_opposite_sides():
    spread = spread_contours(ball(12.0), 20)
    there, back = spread.volume_ratio[0::2] - 1, spread.volume_ratio[1::2] - 1
    assert np.corrcoef(there, back)[0, 1] < -0.8


def test_a_segment_at_the_image_border_stays_in_the_image():
    drawn = ball(10.0)
    cut = Volume(np.ascontiguousarray(drawn.array[6:, 14:, :20]), drawn.spacing, drawn.origin, drawn.direction)
    spread = spread_contours(cut, 6)
    assert all(mask.shape == cut.array.shape and mask.any() for mask in spread.masks)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 1000))
def test_any_small_segment_can_be_redrawn(i, j, k, seed):
    array = np.zeros((8, 9, 10), np.uint8)
    array[2 : 2 + k, 3 : 3 + j, 3 : 3 + i] = 1
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.8, 0.8, 2.5))
    spread = spread_contours(Volume.from_sitk(image), 3, seed=seed)
    assert len(spread.masks) == 3
    assert np.isfinite([*spread.dice, *spread.volume_ratio, spread.sd_mm]).all()


def test_the_bundled_lesion_and_a_ragged_tumor(breast1, shared_data):
    """Before: a mean Dice of 0.40 to 0.87 and volumes of 0.8 to 4 times the drawn one on the bundled lesion."""
    for path in (breast1[1], shared_data / "ucsf-br-06" / "UCSF-BR-06_ftv_mask_largest.nrrd"):
        mask = read_mask(path)
        spread = spread_contours(getattr(mask, "volume", mask))
        assert spread.dice.mean() == pytest.approx(READER_DICE, abs=0.01)
        assert spread.volume_ratio.mean() == pytest.approx(1, abs=0.02)
