"""Largest distances between vertices, by comparing every pair."""

import numpy as np
import pytest

from LABCRadiomicsLib.features.diameters import _directions, largest_distance, largest_distance_in_planes
from LABCRadiomicsLib.features.mesh import Mesh

SPACING = np.array([2.0, 0.7, 0.9])


def of_every_pair(vertices: np.ndarray) -> float:
    points = (vertices / 2).T * SPACING
    squares = (points[:, None] - points) ** 2
    return float(np.sqrt((squares[..., 0] + squares[..., 1] + squares[..., 2]).max()))


def masks():
    """Ellipsoids at all angles, plates, sticks, scattered voxels, and the corner of a box cut off."""
    rng = np.random.default_rng(8)
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in (10, 16, 16)], indexing="ij"), axis=-1) - [4.5, 7.5, 7.5]
    for radii in ([4, 7, 7], [2, 7, 3], [1, 8, 8], [1, 8, 1], [4, 2, 6]) * 3:
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        yield (((grid @ turn) / radii) ** 2).sum(axis=-1) <= 1.2
    for share in (0.02, 0.2, 0.8):
        yield rng.random((10, 16, 16)) < share
    cut = np.ones((10, 16, 16), bool)
    cut[:3, :4, :4] = False
    yield cut
    yield np.ones((1, 1, 1), bool)


@pytest.mark.parametrize("mask", list(masks()))
def test_the_largest_distance_is_that_of_every_pair(mask):
    _directions.cache_clear()
    mask[0, 0, 0] |= not mask.any()
    vertices = Mesh(mask, SPACING).vertices
    for turned in (vertices, vertices.max(axis=1, keepdims=True) - vertices):
        with np.errstate(all="raise"):
            assert largest_distance(turned, SPACING) == of_every_pair(turned)
    for axis in range(3):
        planes = [vertices[:, vertices[axis] == place] for place in np.unique(vertices[axis])]
        expected = max(of_every_pair(plane) for plane in planes)
        assert largest_distance_in_planes(vertices, axis, SPACING) == expected


def test_any_order_of_the_vertices_and_few_of_them():
    rng = np.random.default_rng(1)
    for count in (1, 2, 3, 5, 40):
        for _ in range(20):
            vertices = rng.integers(0, 9, (3, count))
            assert largest_distance(vertices, SPACING) == of_every_pair(vertices)
