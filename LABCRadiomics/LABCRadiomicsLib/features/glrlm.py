"""Gray level run length matrix: how long the runs of one gray level are along straight lines.

Galloway, Comput Graph Image Process 1975;4:172-179; definitions as in pyradiomics 3.0.1 and IBSI.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

import numpy as np

from .texture import EPS, Cells, FilteredRoi, dense, over_angles, weights


class Glrlm:
    """The matrix of an ROI for each angle, and its features."""

    def __init__(self, roi: FilteredRoi):
        self._roi = roi
        self._levels = roi.gray().present.astype(float)
        self._steps = roi.angles()
        counts = self._counts()
        empty = ~counts.any((1, 2))
        weight = weights(roi, self._steps)
        if weight is None and len(counts) > 1 and empty.sum() < 2 and len(counts) - empty.sum() > 1:
            self._from_counts(counts[~empty])
        else:
            self._from_all_cells(counts, weight)

    def _from_counts(self, counts: np.ndarray) -> None:
        """Keep the cells that are not empty, in pyradiomics' order: run by run, or level by level."""
        self._runs_of_length = counts.sum(1).T.astype(float, order="C")
        self._runs_of_level = counts.sum(2).T.astype(float, order="C")
        self._runs = self._runs_of_length.sum(0)
        used = np.flatnonzero(self._runs_of_length.any(1))
        self._runs_of_length = self._runs_of_length[used]
        self._lengths = used + 1.0
        counts = counts[:, :, used]
        level, length = np.nonzero(counts.any(0))
        self._rows = self._cells(counts, level, length)
        self._own = self._rows
        if max(self._roi.voxels.shape) - len(used) != 1:
            length, level = np.nonzero(counts.any(0).T)
            self._own = self._cells(counts, level, length)

    def _cells(self, counts: np.ndarray, level: np.ndarray, length: np.ndarray) -> Cells:
        p = np.ascontiguousarray(counts[:, level, length].T, float)
        return Cells(p, self._levels[level][:, None], self._lengths[length][:, None])

    def _from_all_cells(self, counts: np.ndarray, weight: np.ndarray | None) -> None:
        """Keep all cells, as pyradiomics does, with what is empty left out in the order in which it does so."""
        longest = max(self._roi.voxels.shape)
        n_angles, n_levels, n_lengths = counts.shape
        level, length = np.divmod(np.arange(n_levels * n_lengths), max(n_lengths, 1))
        entries = counts.reshape(n_angles, -1).T.astype(float, order="C")
        if weight is not None:
            entries = (entries * weight).sum(1, keepdims=True)
        p = dense(level * longest + length, entries, (n_levels, longest), columns_first=False)
        runs = p.sum((0, 1))
        if p.shape[2] > 1 and (runs == 0).any():
            gone = np.flatnonzero(runs == 0)
            p, runs = np.delete(p, gone, 2), np.delete(runs, gone)
        runs[runs == 0] = np.nan
        by_length = p.sum(0)
        unused = np.flatnonzero(by_length.sum(1) == 0)
        self._runs, self._runs_of_level = runs, p.sum(1)
        self._runs_of_length = np.delete(by_length, unused, 0)
        self._lengths = np.delete(np.arange(1, longest + 1, dtype=float), unused)
        self._rows = self._own = Cells(
            np.delete(p, unused, 1), self._levels[:, None, None], self._lengths[None, :, None]
        )

    def _counts(self) -> np.ndarray:
        """Runs by level and length less 1, shape (angles, levels, longest run)."""
        n_levels, columns = len(self._levels), max(self._roi.voxels.shape) + 1
        rows = self._roi.gray().ranks * columns
        rows = rows.astype(np.uint16 if n_levels * columns <= np.iinfo(np.uint16).max else np.uint32)
        found = [self._cells_along(step, rows) for step in self._steps]
        counts = np.array([np.bincount(cells, minlength=n_levels * columns) for cells in found])
        counts = counts.reshape(len(found), n_levels, columns)
        longest = int(np.flatnonzero(counts.any((0, 1))).max(initial=1))
        return counts[:, :, 1 : longest + 1]

    def _cells_along(self, step: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Row plus length of every run along one direction; none where no line meets the ROI twice."""
        order, broken, shared = self._roi.voxels.lines(step)
        if not shared:
            return order[:0]
        along = rows.take(order)
        starting = np.ones(len(along), bool)
        np.not_equal(along[1:], along[:-1], out=starting[1:])
        starting[1:] |= broken
        starts = np.flatnonzero(starting)
        cells = along.take(starts).astype(np.intp)
        cells[:-1] += starts[1:]
        cells[-1] += len(along)
        cells -= starts
        return cells

    @property
    def _i(self) -> np.ndarray:
        return self._levels[:, None]

    @property
    def _j(self) -> np.ndarray:
        return self._lengths[:, None]

    @cached_property
    def _entropy(self) -> np.ndarray:
        own = self._own
        p = own.p / self._runs
        return -own.total(p * np.log2(p + EPS))

    def _variance(self, counts: np.ndarray, index: np.ndarray) -> float:
        p = counts / self._runs
        mean = (p * index).sum(0, keepdims=True)
        return over_angles((p * (index - mean) ** 2).sum(0))

    def _per_run(self, totals: np.ndarray, power: int = 1) -> float:
        return over_angles(totals / self._runs**power)

    def _by_length(self, term: Callable[[np.ndarray, np.ndarray], np.ndarray], power: int = 1) -> float:
        return self._per_run(term(self._runs_of_length, self._j).sum(0), power)

    def _by_level(self, term: Callable[[np.ndarray, np.ndarray], np.ndarray], power: int = 1) -> float:
        return self._per_run(term(self._runs_of_level, self._i).sum(0), power)

    def _by_cell(self, cells: Cells, term: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> float:
        return self._per_run(cells.total(term(cells.p, cells.i, cells.j)))

    FEATURES: ClassVar[dict[str, Callable[[Glrlm], float]]] = {
        "GrayLevelNonUniformity": lambda self: self._by_level(lambda p, i: p**2),
        "GrayLevelNonUniformityNormalized": lambda self: self._by_level(lambda p, i: p**2, 2),
        "GrayLevelVariance": lambda self: self._variance(self._runs_of_level, self._i),
        "HighGrayLevelRunEmphasis": lambda self: self._by_level(lambda p, i: p * i**2),
        "LongRunEmphasis": lambda self: self._by_length(lambda p, j: p * j**2),
        "LongRunHighGrayLevelEmphasis": lambda self: self._by_cell(self._rows, lambda p, i, j: p * (j**2 * i**2)),
        "LongRunLowGrayLevelEmphasis": lambda self: self._by_cell(self._own, lambda p, i, j: p * j**2 / i**2),
        "LowGrayLevelRunEmphasis": lambda self: self._by_level(lambda p, i: p / i**2),
        "RunEntropy": lambda self: over_angles(self._entropy),
        "RunLengthNonUniformity": lambda self: self._by_length(lambda p, j: p**2),
        "RunLengthNonUniformityNormalized": lambda self: self._by_length(lambda p, j: p**2, 2),
        "RunPercentage": lambda self: over_angles(self._runs / (self._runs_of_length * self._j).sum(0)),
        "RunVariance": lambda self: self._variance(self._runs_of_length, self._j),
        "ShortRunEmphasis": lambda self: self._by_length(lambda p, j: p / j**2),
        "ShortRunHighGrayLevelEmphasis": lambda self: self._by_cell(self._own, lambda p, i, j: p * i**2 / j**2),
        "ShortRunLowGrayLevelEmphasis": lambda self: self._by_cell(self._rows, lambda p, i, j: p / (i**2 * j**2)),
    }
