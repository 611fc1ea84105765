"""The voxels of an ROI and which of them are neighbors: all that texture matrices need to know of the mask.

Made once for an ROI and used for every filtered image of it. Values belong to voxels in scanning order (k, then j,
then i), as vectors of length n; nothing here looks at intensities.
"""

from __future__ import annotations

from functools import cached_property
from itertools import product

import numpy as np

_RADIX = 1 << 16  # numpy sorts 16-bit whole numbers by radix, many times faster than longer ones


def angles(shape: tuple[int, ...], distances: tuple[int, ...] = (1,), plane: int | None = None) -> np.ndarray:
    """Steps from a voxel to its neighbors, one of each pair of opposite ones, in pyradiomics' order.

    Parameters
    ----------
    shape : tuple of int
        Of the ROI's bounding box along k, j, i; a step must fit into it.
    distances : tuple of int
        Infinity norms of the steps.
    plane : int, optional
        Array axis without steps, for features within slices.

    Returns
    -------
    numpy.ndarray
        Shape (steps, 3), whole numbers. A distance given twice yields its opposite steps too, as in pyradiomics.
    """
    reach = max(distances)
    ranges = [
        range(0, 1) if axis == plane else range(min(reach, size - 1), -min(reach, size - 1) - 1, -1)
        for axis, size in enumerate(shape)
    ]
    steps = [step for step in product(*ranges) if max(map(abs, step)) in distances]
    norms = [max(map(abs, step)) for step in steps]
    wanted = sum(norms.count(distance) for distance in distances) // 2
    return np.array((steps * len(distances))[:wanted], dtype=np.intp).reshape(-1, 3)


class Grid:
    """A flat array that holds the ROI with so much background between lines that no neighbor is out of range.

    Parameters
    ----------
    coordinates : numpy.ndarray
        Of the ROI's voxels along k, j, i, shape (3, n), in scanning order.
    reach : int
        Longest step along an axis.
    """

    def __init__(self, coordinates: np.ndarray, reach: int):
        placed = [_without_gaps(line, reach) for line in coordinates]
        depth, height, width = (int(line.max()) + 1 for line in placed)
        row = width + reach
        slab = (height + reach) * row
        self.strides = np.array([slab, row, 1], dtype=np.intp)
        self.lead = reach * (slab + row + 1)
        self.size = depth * slab + 2 * self.lead
        self.positions = placed[0] * slab + placed[1] * row + placed[2]  # from the end of the lead

    def offsets(self, steps: np.ndarray) -> list[int]:
        """Distances in the flat array from a voxel to its neighbors."""
        return [int(offset) for offset in steps @ self.strides]

    def filled(self, values: np.ndarray, dtype: type, background: int = 0) -> np.ndarray:
        """The flat array with the voxels' values in place."""
        flat: np.ndarray = np.full(self.size, background, dtype)
        flat[self.lead :][self.positions] = values
        return flat

    def at(self, flat: np.ndarray, offset: int = 0) -> np.ndarray:
        """Values at a distance from each voxel."""
        return flat[self.lead + offset :].take(self.positions)


class RoiVoxels:
    """The ROI's voxels.

    Parameters
    ----------
    inside : numpy.ndarray
        The ROI within its bounding box, boolean, shape (k, j, i).
    spacing : numpy.ndarray
        Voxel size in mm along k, j, i.
    """

    def __init__(self, inside: np.ndarray, spacing: np.ndarray):
        self.inside = inside
        self.spacing = np.asarray(spacing, float)
        self.shape = inside.shape
        self._grids: dict[int, Grid] = {}
        self._neighbors: dict[tuple[tuple[int, ...], int | None], np.ndarray] = {}
        self._lines: dict[tuple[int, ...], tuple[np.ndarray, np.ndarray, bool]] = {}

    @cached_property
    def coordinates(self) -> np.ndarray:
        """Indices along k, j, i within the bounding box, shape (3, n)."""
        flat = np.flatnonzero(self.inside)
        rows, i = np.divmod(flat, self.shape[2])
        return np.array([*np.divmod(rows, self.shape[1]), i])

    @cached_property
    def _places(self) -> np.ndarray:
        return self.coordinates.astype(np.int32)

    @property
    def count(self) -> int:
        """Number of voxels."""
        return self.coordinates.shape[1]

    def grid(self, reach: int = 1) -> Grid:
        """Give the ROI with background around."""
        if reach not in self._grids:
            self._grids[reach] = Grid(self.coordinates, reach)
        return self._grids[reach]

    def neighbor_counts(self, distances: tuple[int, ...], plane: int | None = None) -> np.ndarray:
        """Number of each voxel's neighbors in the ROI, shape (n,)."""
        key = (distances, plane)
        if key not in self._neighbors:
            self._neighbors[key] = self.neighbor_sums(np.ones(self.count, np.uint8), distances, plane)
        return self._neighbors[key]

    def neighbor_sums(self, values: np.ndarray, distances: tuple[int, ...], plane: int | None = None) -> np.ndarray:
        """Sum of what the neighbors of each voxel hold.

        Parameters
        ----------
        values : numpy.ndarray
            Whole numbers, not negative, shape (n,).
        distances : tuple of int
            Infinity norms of the steps to neighbors; what is given twice counts twice.
        plane : int, optional
            Array axis without steps.

        Returns
        -------
        numpy.ndarray
            Whole numbers, shape (n,).
        """
        grid = self.grid(max(distances))
        largest = int(values.max())
        flat = grid.filled(values, np.min_scalar_type(largest).type)
        strides = [int(stride) for axis, stride in enumerate(grid.strides) if axis != plane]
        total = np.zeros(self.count, np.int64)
        for distance in distances:  # a shell is a cube less the cube within
            total += _cube_sums(grid, flat, strides, distance, largest)
            total -= _cube_sums(grid, flat, strides, distance - 1, largest)
        return total

    def lines(self, step: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
        """The voxels line by line along one direction.

        Returns
        -------
        order : numpy.ndarray
            Voxel numbers, those of a line after each other in the direction of the step.
        broken : numpy.ndarray
            Whether the next voxel in that order is not the neighbor, length n - 1.
        shared : bool
            Whether any line holds two voxels, next to each other or not.
        """
        key = tuple(int(part) for part in step)
        if key not in self._lines:
            self._lines[key] = self._sorted_by_line(key)
        return self._lines[key]

    def _sorted_by_line(self, step: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, bool]:
        moving = next(axis for axis, part in enumerate(step) if part)
        places = self._places
        along = places[moving] * np.int32(step[moving])
        line, span = np.zeros(self.count, np.int32), 1
        for axis, part in enumerate(step):
            if axis != moving:
                across = places[axis] - along * np.int32(part)
                across -= across.min()
                size = int(across.max()) + 1
                line, span = line * np.int32(size) + across, span * size
        line = line.astype(np.uint16) if span <= _RADIX else line
        # Scanning order is the order along the line, for the first part of a step that is not zero is positive.
        order = np.argsort(line, kind="stable")
        line, along = line.take(order), along.take(order)
        same = line[1:] == line[:-1]
        broken = ~(same & (along[1:] - along[:-1] == 1))
        return order, broken, bool(same.any())


def _cube_sums(grid: Grid, flat: np.ndarray, strides: list[int], reach: int, largest: int) -> np.ndarray:
    """Sum over the cube around each voxel, one axis after the other, in integers no wider than what they may hold."""
    if not reach:
        return grid.at(flat)
    *across, along = strides
    for stride in across:
        largest *= 2 * reach + 1
        total = flat.astype(np.min_scalar_type(largest))
        for offset in range(stride, (reach + 1) * stride, stride):
            total[:-offset] += flat[offset:]
            total[offset:] += flat[:-offset]
        flat = total
    sums = np.zeros(len(grid.positions), np.min_scalar_type(largest * (2 * reach + 1)))
    for offset in range(-reach * along, (reach + 1) * along, along):
        sums += grid.at(flat, offset)
    return sums


def _without_gaps(line: np.ndarray, reach: int) -> np.ndarray:
    """Coordinates with empty stretches along the axis cut down to what still keeps voxels apart."""
    used = np.flatnonzero(np.bincount(line))
    place = np.zeros(used[-1] + 1, np.intp)
    place[used] = np.minimum(np.diff(used, prepend=used[0]), reach + 1).cumsum()
    return place[line]
