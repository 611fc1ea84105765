"""Connected zones of one gray level, by runs: the runs along rows are joined where they touch.

A zone has far fewer runs than voxels, and two rows' runs touch where one of them starts, so only the ends of runs are
compared with their neighbors.
"""

from __future__ import annotations

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
    zone = _joined(len(runs.first), *runs.touching(plane))
    size = np.bincount(zone, runs.length, len(zone)).astype(np.intp)
    heads = np.flatnonzero(size)
    return ranks[runs.first[heads]], size[heads]


class _Runs:
    """Voxels of one gray level next to each other along i."""

    def __init__(self, voxels: RoiVoxels, ranks: np.ndarray):
        grid = voxels.grid()
        self._grid = grid
        new = np.ones(len(ranks), bool)
        np.not_equal(ranks[1:], ranks[:-1], out=new[1:])
        new[1:] |= np.diff(grid.positions) != 1
        self.first = np.flatnonzero(new)
        last = np.append(self.first[1:], len(ranks)) - 1
        self.length = last - self.first + 1
        positions = grid.positions + grid.lead
        self._start, self._end = positions[self.first], positions[last]
        self._run = np.arange(len(self.first), dtype=np.int32)
        self._run_at = np.zeros(grid.size, np.int32)
        self._run_at[positions] = np.cumsum(new, dtype=np.int32) - 1
        self._rank_at = grid.filled(ranks + 1, np.int16)
        self._rank = ranks[self.first].astype(np.int16) + 1
        self._first = np.zeros(grid.size, bool)
        self._first[self._start] = True
        self._last = np.zeros(grid.size, bool)
        self._last[self._end] = True

    def touching(self, plane: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of runs of one zone in neighboring rows, enough of them to connect it."""
        found = []
        for step in product((0, 1), (-1, 0, 1)):
            if step <= (0, 0) or (plane is not None and step[plane]):
                continue
            row = int(step[0] * self._grid.strides[0] + step[1] * self._grid.strides[1])
            # Side by side: where both runs are, one of them starts.
            found += [self._pairs(self._start, row), self._pairs(self._start, -row)]
            # Corner to corner: where one ends, the other starts.
            found += [self._pairs(self._end, row + 1, self._first), self._pairs(self._start, row - 1, self._last)]
        if not found:
            return self._run[:0], self._run[:0]
        one, other = zip(*found, strict=True)
        return np.concatenate(one), np.concatenate(other)

    def _pairs(
        self, places: np.ndarray, offset: int, border: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Each run with that of its level at a distance from one of its voxels, where the border of one is wanted."""
        beside = places + offset
        same = self._rank_at[beside] == self._rank
        if border is not None:
            same &= border[beside]
        return self._run[same], self._run_at[beside[same]]


def _joined(count: int, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The least member of each member's component, given pairs of connected members."""
    head = np.arange(count, dtype=np.int32)
    while one.size:
        low, high = np.minimum(one, other), np.maximum(one, other)
        head[high] = low  # some pair of each; the others are looked at again
        while True:
            shorter = head[head]
            if np.array_equal(shorter, head):
                break
            head = shorter
        one, other = head[one], head[other]
        apart = one != other
        one, other = one[apart], other[apart]
    return head
