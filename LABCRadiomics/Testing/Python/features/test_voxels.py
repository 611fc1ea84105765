"""Neighbors and lines of an ROI's voxels, by brute force."""

from itertools import product

import numpy as np
import pytest

from LABCRadiomicsLib.features.neighbors import NeighborLevels
from LABCRadiomicsLib.features.voxels import RoiVoxels, angles
from LABCRadiomicsLib.features.zones import zones

RNG = np.random.default_rng(3)
MASKS = {
    "ragged": RNG.random((5, 6, 7)) < 0.6,
    "one slice": RNG.random((1, 6, 7)) < 0.6,
    "far parts": np.pad(np.ones((2, 2, 2), bool), [(0, 9), (4, 0), (0, 30)])
    | np.pad(np.ones((2, 3, 2), bool), [(9, 0), (0, 3), (30, 0)]),
    "wide": np.ones((2, 260, 270), bool),  # more lines along k than 16 bits count
}


@pytest.mark.parametrize("name", MASKS)
def test_lines_hold_their_voxels_in_order(name):
    voxels = RoiVoxels(MASKS[name], np.ones(3))
    places = voxels.coordinates.T
    for step in angles(voxels.shape) if voxels.count < 1000 else angles(voxels.shape)[[4, 0, 12]]:
        order, broken, shared = voxels.lines(step)
        assert sorted(order.tolist()) == list(range(voxels.count))
        moved = places[order][1:] - places[order][:-1]
        assert np.array_equal(~broken, (moved == step).all(axis=1))
        moving = np.flatnonzero(step)[0]
        along = places[:, moving] * step[moving]
        lines = places - along[:, None] * step  # the same for all voxels of a line
        same = (lines[order][1:] == lines[order][:-1]).all(axis=1)
        assert same.any() == shared
        assert (along[order][1:] > along[order][:-1])[same].all()  # in the direction of the step
        assert np.unique(lines, axis=0).shape[0] == 1 + np.count_nonzero(~same)  # each line once


@pytest.mark.parametrize("name", ["ragged", "one slice", "far parts"])
@pytest.mark.parametrize(("distances", "plane"), [((1,), None), ((2,), None), ((1, 3), None), ((1,), 0), ((2,), 2)])
def test_sums_of_neighbors(name, distances, plane):
    mask = MASKS[name]
    voxels = RoiVoxels(mask, np.ones(3))
    values = RNG.integers(0, 300, voxels.count)
    volume = np.zeros(mask.shape, int)
    volume[mask] = values
    reach = max(distances)
    padded = np.pad(volume, reach)
    expected = np.zeros(mask.shape, int)
    for step in product(range(-reach, reach + 1), repeat=3):
        if max(map(abs, step)) in distances and (plane is None or step[plane] == 0):
            expected += padded[tuple(slice(reach + s, reach + s + n) for s, n in zip(step, mask.shape, strict=True))]
    assert np.array_equal(voxels.neighbor_sums(values, distances, plane), expected[mask])
    ones = RoiVoxels(mask, np.ones(3)).neighbor_sums(np.ones(voxels.count, int), distances, plane)
    assert np.array_equal(voxels.neighbor_counts(distances, plane), ones)


@pytest.mark.parametrize("largest", [27, 28, 9, 255, 256, 7000])
def test_sums_of_neighbors_do_not_overflow(largest):
    """Each stage of a sum is held in the narrowest integers for it."""
    voxels = RoiVoxels(np.ones((4, 4, 4), bool), np.ones(3))
    values = np.full(voxels.count, largest)
    sums = voxels.neighbor_sums(values, (1,))
    assert sums.max() == 26 * largest and sums.min() == 7 * largest


@pytest.mark.parametrize("highest", [2, 254, 255, 256])
def test_levels_beside_a_voxel(highest):
    mask = np.ones((3, 20, 20), bool)
    voxels = RoiVoxels(mask, np.ones(3))
    ranks = np.arange(voxels.count) % highest
    levels, grid = NeighborLevels(voxels.grid(), ranks), voxels.grid()
    volume = np.pad((ranks + 1).reshape(mask.shape), 1)
    for step in ((0, 0, 1), (0, 0, -1), (1, -1, 1), (-1, 0, 0)):
        (offset,) = grid.offsets(np.array([step]))
        beside = volume[tuple(slice(1 + s, 1 + s + n) for s, n in zip(step, mask.shape, strict=True))].ravel()
        assert np.array_equal(levels.at(offset), beside)
        assert np.array_equal(levels.same(offset), beside == ranks + 1)


@pytest.mark.parametrize("plane", [None, 0, 1, 2])
@pytest.mark.parametrize("name", ["ragged", "one slice", "far parts"])
@pytest.mark.parametrize("levels", [1, 2, 5])
def test_zones_are_those_of_a_flood(name, plane, levels):
    mask = MASKS[name]
    voxels = RoiVoxels(mask, np.ones(3))
    ranks = RNG.integers(0, levels, voxels.count)
    volume = np.full(mask.shape, -1)
    volume[mask] = ranks
    todo = {tuple(place) for place in np.argwhere(mask).tolist()}
    steps = [step for step in product((-1, 0, 1), repeat=3) if plane is None or step[plane] == 0]
    expected = []
    while todo:
        front = [todo.pop()]
        level, size = volume[front[0]], 0
        while front:
            place = front.pop()
            size += 1
            for step in steps:
                near = tuple(a + b for a, b in zip(place, step, strict=True))
                if near in todo and volume[near] == level:
                    todo.remove(near)
                    front.append(near)
        expected.append((level, size))
    rank, size = zones(voxels, NeighborLevels(voxels.grid(), ranks), plane)
    assert sorted(zip(rank.tolist(), size.tolist(), strict=True)) == sorted(expected)
