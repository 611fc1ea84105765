"""How bright a segment is, and against what is around it."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from LABCRadiomicsLib.imaging import Volume, region_of
from LABCRadiomicsLib.imaging.surroundings import AROUND_MM, _within, brightness

SPACING = np.array((0.7, 0.8, 2.0))


@pytest.fixture
def ball():
    """A ball of 8 mm and the distances of all voxels from its middle."""
    k, j, i = np.indices((24, 50, 56))
    offsets = [(axis - size // 2) * step for axis, size, step in zip((k, j, i), k.shape, SPACING[::-1], strict=True)]
    distance = np.sqrt(sum(offset**2 for offset in offsets))
    return Volume((distance <= 8).astype(np.uint8), SPACING, np.zeros(3), np.eye(3)), distance


def measured(mask, array):
    return brightness(region_of(mask.with_array(array), mask))


def test_what_is_measured(ball):
    mask, distance = ball
    image = np.random.default_rng(0).normal(50, 5, distance.shape) + 100 * (distance <= 8)
    inside = image[distance <= 8]
    around = image[(distance > 8) & (distance <= 8 + AROUND_MM)]  # on a sphere the nearest voxel is about radial
    found = measured(mask, image)
    assert found.mean == pytest.approx(inside.mean())
    expected = (inside.mean() - around.mean()) / np.sqrt((inside.var() + around.var()) / 2)
    assert found.contrast == pytest.approx(expected, rel=0.02) and found.contrast > 15


def test_neither_unit_nor_offset_nor_axis_order_matters(ball):
    mask, distance = ball
    image = np.random.default_rng(1).normal(50, 20, distance.shape) - 3 * distance
    one = measured(mask, image)
    assert measured(mask, image * 7 - 900).contrast == pytest.approx(one.contrast)
    assert measured(mask, -image).contrast == pytest.approx(-one.contrast)
    region = region_of(mask.with_array(image), mask)
    turned = region_of(*(volume.reordered((2, 0, 1), (True, False, True)) for volume in (region.image, mask)))
    assert brightness(turned) == pytest.approx(one)


def test_nothing_around_has_no_contrast():
    mask = Volume(np.ones((3, 4, 5), np.uint8), SPACING, np.zeros(3), np.eye(3))
    found = measured(mask, np.arange(60.0).reshape(3, 4, 5))
    assert found.mean == 29.5 and np.isnan(found.contrast)


@given(st.integers(0, 10_000))
def test_what_is_near_is_what_a_distance_map_says(seed):
    rng = np.random.default_rng(seed)
    inside = rng.random(rng.integers(1, 20, 3)) < rng.choice([0.002, 0.05, 0.4])
    inside.flat[rng.integers(inside.size)] = True
    spacing = rng.choice([0.5, 0.7031, 1.0, 1.3, 2.0, 2.5, 6.0, AROUND_MM / 7], 3)
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    mask.SetSpacing(spacing.tolist())
    distance = sitk.SignedMaurerDistanceMap(mask, squaredDistance=False, useImageSpacing=True)
    near = sitk.GetArrayViewFromImage(distance) <= AROUND_MM + 1e-6
    assert np.array_equal(_within(inside, AROUND_MM, spacing), near | inside)
