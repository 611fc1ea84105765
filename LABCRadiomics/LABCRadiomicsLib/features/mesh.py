"""Surface area and volume of an ROI's mesh, and its vertices.

Marching cubes on a binary mask, so every vertex is the middle of an edge between two voxels. The sums run over the
triangles cube by cube, one after the other, as pyradiomics' do.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from .mesh_table import CORNERS, EDGES, TRIANGLES

# The triangles of all configurations one after the other: how many each has, where its first is, and the place of their
# corners (a, b, c) along k, j, i in half voxels.
_COUNTS = (TRIANGLES[:, :, 0] >= 0).sum(axis=1)
_FIRST = _COUNTS.cumsum() - _COUNTS
_OFFSETS = EDGES[TRIANGLES[TRIANGLES[:, :, 0] >= 0]].transpose(1, 2, 0).astype(float)

_AT_ONCE = 1 << 13  # triangles measured at once: so many stay in a processor's cache


class Mesh:
    """The surface of a mask.

    Parameters
    ----------
    inside : numpy.ndarray
        Boolean, shape (k, j, i), with at least one voxel set.
    spacing : numpy.ndarray
        Voxel size in mm along k, j, i.
    """

    def __init__(self, inside: np.ndarray, spacing: np.ndarray):
        self.spacing = np.asarray(spacing, float)
        padded = np.pad(inside, 1)
        bits, (_, rows, columns) = padded.view(np.uint8).ravel(), padded.shape
        # In one flat array: cubes that would reach over an end of a row see background only.
        corners = [(k * rows + j) * columns + i for k, j, i in CORNERS]
        configuration = np.zeros(bits.size - max(corners), np.uint8)
        for corner in reversed(corners):  # the first is the lowest bit
            configuration += configuration
            configuration |= bits[corner : corner + configuration.size]
        # 0 and 255 are not cut by the surface; adding 1 brings them to 1 and 0.
        cut = np.flatnonzero(configuration + np.uint8(1) > 1)
        configuration = configuration[cut]
        complement = configuration >= 128
        self._sign = np.where(complement, -1.0, 1.0)
        self._configuration = np.where(complement, ~configuration, configuration)
        row, i = np.divmod(cut, columns)
        self._cubes = 2 * np.array([*np.divmod(row, rows), i])  # in half voxels, shape (3, cubes)

    @cached_property
    def _area_and_volume(self) -> tuple[float, float]:
        count = _COUNTS.take(self._configuration)
        cube = np.repeat(np.arange(len(count)), count)
        triangle = _FIRST.take(self._configuration).repeat(count) + _places(count)
        halves = self._cubes.astype(float)
        areas, volumes = np.empty(len(cube)), np.empty(len(cube))
        for first in range(0, len(cube), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            cubes = [half.take(cube[part]) for half in halves]
            # Corner by corner, each as its three coordinates in mm; halving the voxel size is exact.
            a, b, c = (
                [(cubes[axis] + corner[axis].take(triangle[part])) * (self.spacing[axis] / 2) for axis in range(3)]
                for corner in _OFFSETS
            )
            normal = _cross(a, b)
            volumes[part] = normal[0] * c[0] + normal[1] * c[1] + normal[2] * c[2]
            face = _cross([x - z for x, z in zip(a, c, strict=True)], [y - z for y, z in zip(b, c, strict=True)])
            areas[part] = 0.5 * np.sqrt(face[0] * face[0] + face[1] * face[1] + face[2] * face[2])
        volumes *= self._sign.take(cube)
        # Unlike sum, cumsum adds strictly one after the other.
        return float(areas.cumsum()[-1]), float(volumes.cumsum()[-1] / 6)

    @property
    def area(self) -> float:
        """Surface area in mm2."""
        return self._area_and_volume[0]

    @property
    def volume(self) -> float:
        """Volume within the surface in mm3."""
        return self._area_and_volume[1]

    @cached_property
    def vertices(self) -> np.ndarray:
        """All vertices once, in half voxels along k, j, i, shape (3, n)."""
        found = [
            self._cubes.take(np.flatnonzero(self._configuration & (1 << corner)), axis=1) + EDGES[edge][:, None]
            for corner, edge in ((6, 6), (4, 7), (3, 11))
        ]
        return np.concatenate(found, axis=1)


def _places(counts: np.ndarray) -> np.ndarray:
    """0, 1, ... anew for each count."""
    return np.arange(counts.sum()) - (counts.cumsum() - counts).repeat(counts)


def _cross(a: list[np.ndarray], b: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return a[1] * b[2] - b[1] * a[2], a[2] * b[0] - b[2] * a[0], a[0] * b[1] - b[0] * a[1]
