"""Connected zones of one gray level, by runs: the runs along rows are joined where they touch.

A zone has far fewer runs than voxels, and two rows' runs touch where one of them starts, so only the ends of runs are
compared with their neighbors.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from .voxels import RoiVoxels


def zones(voxels: RoiVoxels, ranks: np.ndarray, plane: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find the zones of an ROI, connected through faces, edges and corners.

    Parameters
    ----------
    voxels : RoiVoxels
    ranks : numpy.ndarray
        Gray levels from 0, shape (n,).
    plane : int, optional
        Array axis across which voxels are not connected.

    Returns
    -------
    rank, size : numpy.ndarray
        Gray level and number of voxels of each zone.
    """
    if plane == 2:  # rows run along i, so that axis must be another one
        order = np.lexsort((voxels.coordinates[1], voxels.coordinates[2], voxels.coordinates[0]))
        turned = RoiVoxels(voxels.inside.transpose(0, 2, 1), voxels.spacing[[0, 2, 1]])
        return zones(turned, ranks[order], 1)
    runs = _Runs(voxels, ranks)
    zone = np.arange(len(runs.first), dtype=np.int32)
    for one, other in runs.touching(plane):
        _join(zone, one, other)
    size = np.bincount(zone, runs.length, len(zone)).astype(np.intp)
    heads = np.flatnonzero(size)
    return ranks[runs.first[heads]], size[heads]


class _Runs:
    """Voxels of one gray level next to each other along i."""

    def __init__(self, voxels: RoiVoxels, ranks: np.ndarray):
        self._grid = grid = voxels.grid()
        self._starts = starts = np.ones(len(ranks), bool)
        np.not_equal(ranks[1:], ranks[:-1], out=starts[1:])
        starts |= grid.row_starts
        self.first = np.flatnonzero(starts)
        self.length = np.append(self.first[1:], len(ranks)) - self.first
        self._run = np.cumsum(starts, dtype=np.int32) - np.int32(1)
        # A voxel's level and whether its run starts and ends there, in one number; 0 outside the ROI.
        self._level = ((ranks + 1) * 4).astype(np.uint8 if int(ranks.max()) < 62 else np.uint16)
        self._ends = np.append(starts[1:], True)
        flags = starts.view(np.uint8) + self._ends.view(np.uint8) * np.uint8(2)
        self._code_at = grid.filled(self._level | flags, self._level.dtype.type)
        self._run_at = np.empty(grid.size, np.int32)
        self._run_at[grid.lead :][grid.positions] = self._run

    def touching(self, plane: int | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs of runs of one zone in neighboring rows, enough to connect it: side by side, then by corners."""
        for pairs in self._pairs_by_kind(plane):
            if pairs:
                one, other = zip(*pairs, strict=True)
                yield np.concatenate(one), np.concatenate(other)

    def _pairs_by_kind(self, plane: int | None) -> Iterator[list[tuple[np.ndarray, np.ndarray]]]:
        steps = [step for step in product((0, 1), (-1, 0, 1)) if step > (0, 0) and (plane is None or not step[plane])]
        rows = [int(step[0] * self._grid.strides[0] + step[1] * self._grid.strides[1]) for step in steps]
        straight = []
        for row in rows:
            beside = (self._code(row) ^ self._level) < 4
            # The first place of each stretch where the two runs are.
            beside[1:] &= ~(beside[:-1] & ~self._starts[1:])
            straight.append(self._pairs(beside, row))
        yield straight
        corners = []
        for row in rows:
            # Where one run ends and the other starts; else they are side by side too.
            corners.append(self._pairs(((self._code(row + 1) ^ self._level) | 2 == 3) & self._ends, row + 1))
            corners.append(self._pairs(((self._code(row - 1) ^ self._level) | 1 == 3) & self._starts, row - 1))
        yield corners

    def _code(self, offset: int) -> np.ndarray:
        return self._grid.at(self._code_at, offset)

    def _pairs(self, touch: np.ndarray, offset: int) -> tuple[np.ndarray, np.ndarray]:
        voxels = np.flatnonzero(touch)
        there = self._grid.positions.take(voxels)
        return self._run.take(voxels), self._run_at[self._grid.lead + offset :].take(there)


def _join(head: np.ndarray, one: np.ndarray, other: np.ndarray) -> None:
    """Give the members of connected components one head, their least member; every member's own head at first.

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
        while True:
            shorter = head.take(head)
            if np.array_equal(shorter, head):
                break
            head[:] = shorter
