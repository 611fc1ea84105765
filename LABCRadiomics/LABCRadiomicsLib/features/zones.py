"""Connected zones of one gray level, by runs: the runs along rows are joined where they touch.

A zone has far fewer runs than voxels, and two rows' runs touch where one of them starts, so only the ends of runs are
compared with their neighbors.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from .neighbors import NeighborLevels
from .voxels import RoiVoxels


def zones(voxels: RoiVoxels, levels: NeighborLevels, plane: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find the zones of an ROI, connected through faces, edges and corners.

    Parameters
    ----------
    voxels : RoiVoxels
    levels : NeighborLevels
        Gray levels of the voxels and around them.
    plane : int, optional
        Array axis across which voxels are not connected.

    Returns
    -------
    rank, size : numpy.ndarray
        Gray level, from 0, and number of voxels of each zone.
    """
    if plane == 2:  # rows run along i, so that axis must be another one
        order = np.lexsort((voxels.coordinates[1], voxels.coordinates[2], voxels.coordinates[0]))
        turned = RoiVoxels(voxels.inside.transpose(0, 2, 1), voxels.spacing[[0, 2, 1]])
        return zones(turned, NeighborLevels(turned.grid(), levels.ranks[order]), 1)
    runs = _Runs(levels, plane)
    zone = np.arange(len(runs.first))
    one, other = runs.side_by_side()
    zone[other] = one  # one of the runs that come before each and touch it
    _shorten(zone)
    _join(zone, one, other)
    _join(zone, *runs.by_corners())
    size = np.bincount(zone, runs.length, len(zone)).astype(np.intp)
    heads = np.flatnonzero(size)
    return levels.ranks[runs.first[heads]], size[heads]


class _Runs:
    """Voxels of one gray level next to each other along i."""

    def __init__(self, levels: NeighborLevels, plane: int | None):
        self._levels, self._grid = levels, levels.grid
        self._starts, self._ends = ~levels.same(-1), ~levels.same(1)
        self.first = np.flatnonzero(self._starts)
        self.length = np.append(self.first[1:], len(levels.ranks)) - self.first
        self._run = np.cumsum(self._starts, dtype=np.intp) - 1
        self._run_at = np.empty(self._grid.size, np.int32)  # half the memory to touch
        self._run_at[self._grid.lead :][self._grid.positions] = self._run
        steps = [step for step in product((0, 1), (-1, 0, 1)) if step > (0, 0) and (plane is None or not step[plane])]
        self._rows = self._grid.offsets(np.array([(*step, 0) for step in steps]))

    def side_by_side(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of runs of one level that lie along each other in neighboring rows, the earlier one first."""
        found = []
        for row in self._rows:
            beside = self._levels.same(row).copy()
            # The first place of each stretch where the two runs are.
            beside[1:] &= self._starts[1:] | ~beside[:-1]
            found.append(self._pairs(beside, row))
        return _together(found)

    def by_corners(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of runs of one level in neighboring rows of which one ends where the other starts."""
        found, same = [], self._levels.same
        for row in self._rows:
            apart = ~same(row)
            found.append(self._pairs(same(row + 1) & apart & self._ends, row + 1))
            found.append(self._pairs(same(row - 1) & apart & self._starts, row - 1))
        return _together(found)

    def _pairs(self, touch: np.ndarray, offset: int) -> tuple[np.ndarray, np.ndarray]:
        voxels = np.flatnonzero(touch)
        there = self._grid.positions.take(voxels)
        return self._run.take(voxels), self._run_at[self._grid.lead + offset :].take(there)


def _together(pairs: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    one, other = zip(*pairs, strict=True)
    return np.concatenate(one), np.concatenate(other)


def _join(head: np.ndarray, one: np.ndarray, other: np.ndarray) -> None:
    """Give the members of connected components one head, their least member.

    Parameters
    ----------
    head : numpy.ndarray
        Head of each member, changed in place; the head of a head is itself.
    one, other : numpy.ndarray
        Pairs of connected members.
    """
    while True:
        one, other = head.take(one), head.take(other)
        apart = np.flatnonzero(one != other)
        if not apart.size:
            return
        one, other = one.take(apart), other.take(apart)
        head[np.maximum(one, other)] = np.minimum(one, other)  # some pair of each; the others are looked at again
        _shorten(head)


def _shorten(head: np.ndarray) -> None:
    """Let each member name the head of its head as its own, until that is itself."""
    while True:
        shorter = head.take(head)
        if np.array_equal(shorter, head):
            return
        head[:] = shorter
