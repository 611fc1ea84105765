"""Gray level co-occurrence matrix: how often two gray levels are neighbors.

Haralick et al., IEEE Trans Syst Man Cybern 1973;3:610-621; definitions as in pyradiomics 3.0.1 and IBSI.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .texture import EPS, Cells, FilteredRoi, dense, over_angles, weights

_MOST_CELLS = 1 << 22  # of a matrix with all its cells, over all angles; beyond, only those that occur are counted
_MOST_TOGETHER = 1 << 13  # cells of the joint count of several angles
_CHUNK = 1 << 22  # cells of the matrices for MCC held at once


class Glcm:
    """The matrix of an ROI, normalized for each angle, and its features."""

    def __init__(self, roi: FilteredRoi):
        self._roi = roi
        gray = roi.gray()
        self._present = gray.present.astype(float)
        self._highest = gray.highest
        self._steps = roi.angles(roi.distances)
        self._one_level_missing = gray.highest - len(gray.present) == 1
        self._symmetrical = bool(roi.setting.get("symmetricalGLCM", True))
        self._build()

    def _build(self) -> None:
        """Count, normalize, and put the cells into the order in which pyradiomics' sums run over them."""
        size = len(self._present)
        cell, counts = self._counts()
        totals = counts.sum(0)
        empty = totals == 0
        weight = self._weights()
        if weight is None and len(totals) > 1 and empty.sum() < 2 and len(totals) - empty.sum() > 1:
            p = np.ascontiguousarray(counts[:, ~empty]) / totals[~empty].astype(float)
            rows_first = self._one_level_missing or bool(empty.any())
            self._cell: tuple[np.ndarray, np.ndarray] | None = np.divmod(cell, size)
            self._rows = self._cells(p, *self._cell)
            self._own = self._rows if rows_first else self._columns_first(self._rows, cell)
            return
        p = counts.astype(float)
        if weight is not None:
            p = (p * weight).sum(1, keepdims=True)
        p = dense(cell, p, (size, size), columns_first=not self._one_level_missing)
        totals = p.sum((0, 1))
        if p.shape[2] > 1 and (totals == 0).any():
            gone = np.flatnonzero(totals == 0)
            p, totals = np.delete(p, gone, 2), np.delete(totals, gone)
        totals[totals == 0] = np.nan
        p /= totals
        self._rows = self._own = Cells(p, self._present[:, None, None], self._present[None, :, None])
        self._cell = None

    def _cells(self, p: np.ndarray, row: np.ndarray, column: np.ndarray) -> Cells:
        return Cells(p, self._present[row][:, None], self._present[column][:, None])

    def _columns_first(self, rows: Cells, cell: np.ndarray) -> Cells:
        """The same cells column by column."""
        if self._symmetrical:
            return Cells(rows.p, rows.j, rows.i)
        row, column = np.divmod(cell, len(self._present))
        order = np.argsort(column, kind="stable")
        return self._cells(rows.p[order], row[order], column[order])

    def _counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells that are not empty, row by row, shape (cells,), and pairs in them, shape (cells, angles)."""
        size = len(self._present)
        if len(self._steps) * size * size > _MOST_CELLS:
            return self._counts_of_pairs()
        counts: np.ndarray = np.array(list(self._joint_counts())).reshape(-1, size, size)
        if self._symmetrical:
            counts += counts.transpose(0, 2, 1).copy()
        counts = counts.reshape(-1, size * size)
        cell = np.flatnonzero(counts.any(0))
        return cell, np.ascontiguousarray(counts[:, cell].T)

    def _joint_counts(self) -> Iterator[np.ndarray]:
        """Pairs of neighbors for each angle, shape (levels, levels); with few levels, several angles at once."""
        size, others = len(self._present), len(self._present) + 1  # 0 stands for no neighbor in the ROI
        together = max(1, int(np.log(_MOST_TOGETHER / size) / np.log(others)))
        offsets = self._roi.neighbors.grid.offsets(self._steps)
        for first in range(0, len(offsets), together):
            chosen = offsets[first : first + together]
            cells = size * others ** len(chosen)
            code: Any = self._roi.gray().ranks.astype(np.uint16 if cells <= _MOST_TOGETHER else np.intp)
            for offset in chosen:
                code = code * code.dtype.type(others) + self._roi.neighbors.at(offset)
            joint = np.bincount(code, minlength=cells).reshape(size, *[others] * len(chosen))
            for angle in range(1, joint.ndim):
                left_out = tuple(axis for axis in range(1, joint.ndim) if axis != angle)
                yield joint.sum(left_out)[:, 1:]

    def _counts_of_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """The same in memory that grows with the voxels, not with the square of the levels."""
        ranks, size, found = self._roi.gray().ranks, len(self._present), []
        for offset in self._roi.neighbors.grid.offsets(self._steps):
            after = self._roi.neighbors.at(offset).astype(np.intp) - 1
            paired = after >= 0
            one, other = ranks[paired], after[paired]
            cells = one * size + other
            if self._symmetrical:
                cells = np.concatenate([cells, other * size + one])
            found.append(np.unique(cells, return_counts=True))
        cell = np.unique(np.concatenate([cells for cells, _ in found]))
        counts = np.zeros((len(cell), len(found)), np.int64)
        for angle, (cells, number) in enumerate(found):
            counts[np.searchsorted(cell, cells), angle] = number
        return cell, counts

    def _weights(self) -> np.ndarray | None:
        lengths = weights(self._roi, self._steps)
        if lengths is None or self._roi.setting["weightingNorm"] == "no_weighting":
            return lengths
        if self._roi.setting["weightingNorm"] == "euclidean":
            return np.exp(-np.array([np.square(np.abs(step) * self._roi.voxels.spacing).sum() for step in self._steps]))
        return np.exp(-np.square(lengths))

    # Marginal sums. Along k = i + j and k = |i - j| numpy's sums run over the cells row by row.

    @cached_property
    def _px(self) -> np.ndarray:
        return self._margin(0)

    @cached_property
    def _py(self) -> np.ndarray:
        return self._margin(1)

    def _margin(self, axis: int) -> np.ndarray:
        """Sum of each row or column, shape (levels, 1, angles) or (1, levels, angles)."""
        if self._cell is None:
            return self._own.p.sum(1 - axis, keepdims=True)
        return np.expand_dims(self._added(self._cell[axis], len(self._present)), 1 - axis)

    def _added(self, index: np.ndarray, length: int) -> np.ndarray:
        """Sum of the cells of each index, one after the other, shape (length, angles)."""
        p = self._rows.p
        place = index[:, None] * p.shape[1] + np.arange(p.shape[1])
        return np.bincount(place.ravel(), p.ravel(), length * p.shape[1]).reshape(length, -1)

    @cached_property
    def _by_sum(self) -> tuple[np.ndarray, np.ndarray]:
        k = np.arange(2, 2 * self._highest + 1, dtype=float)
        return k[:, None], self._along(lambda i, j: i + j - 2, len(k))

    @cached_property
    def _by_difference(self) -> tuple[np.ndarray, np.ndarray]:
        k = np.arange(self._highest, dtype=float)
        return k[:, None], self._along(lambda i, j: np.abs(i - j), len(k))

    def _along(self, diagonal: Callable[[np.ndarray, np.ndarray], np.ndarray], length: int) -> np.ndarray:
        levels = self._present.astype(np.intp)
        if self._cell is not None:
            row, column = self._cell
            return self._added(diagonal(levels[row], levels[column]), length)
        index = diagonal(levels[:, None], levels)
        sums = np.zeros((length, self._own.p.shape[2]))
        for k in np.unique(index):
            sums[k] = self._own.p[index == k].sum(0)
        return sums

    @cached_property
    def _ux(self) -> np.ndarray:
        own = self._own
        return own.total(own.i * own.p, keepdims=True)

    @cached_property
    def _uy(self) -> np.ndarray:
        own = self._own
        return own.total(own.j * own.p, keepdims=True)

    @cached_property
    def _hxy(self) -> np.ndarray:
        own = self._own
        return -1 * own.total(own.p * np.log2(own.p + EPS))

    @cached_property
    def _independent(self) -> np.ndarray:
        """Product of the marginal sums, shape (levels, levels, angles)."""
        return self._px * self._py

    @cached_property
    def _squares_x(self) -> np.ndarray:
        own = self._own
        return own.total(own.p * (own.i - self._ux) ** 2)

    def _cluster(self, power: int) -> np.ndarray:
        rows = self._rows
        return rows.total(rows.p * (rows.i + rows.j - self._ux - self._uy) ** power)

    def _correlation(self) -> np.ndarray:
        own = self._own
        sd_x = self._squares_x**0.5
        sd_y = own.total(own.p * (own.j - self._uy) ** 2) ** 0.5
        covariance = own.total(own.p * (own.i - self._ux) * (own.j - self._uy))
        return np.where(sd_x * sd_y == 0, 1, covariance / (sd_x * sd_y + EPS))

    def _difference_variance(self) -> np.ndarray:
        k, p = self._by_difference
        return (p * (k - (k * p).sum(0, keepdims=True)) ** 2).sum(0)

    def _imc1(self) -> np.ndarray:
        px, py = self._px, self._py
        hx = -1 * (px * np.log2(px + EPS)).sum((0, 1))
        hy = -1 * (py * np.log2(py + EPS)).sum((0, 1))
        rows, independent = self._rows, self._independent
        if self._cell is not None:
            independent = independent[self._cell]
        hxy1 = -1 * rows.total(rows.p * np.log2(independent + EPS))
        largest = np.fmax(hx, hy)
        return np.where(largest == 0, 0, (self._hxy - hxy1) / largest)

    def _imc2(self) -> np.ndarray:
        independent = self._independent
        hxy2 = -1 * (independent * np.log2(independent + EPS)).sum((0, 1))
        return np.where(hxy2 == self._hxy, 0, (1 - np.e ** (-2 * (hxy2 - self._hxy))) ** 0.5)

    def _inverse_variance(self) -> np.ndarray:
        k, p = self._by_difference
        return (p[1:] / k[1:] ** 2).sum(0)

    def _mcc(self) -> float:
        """Maximal correlation coefficient: square root of the second largest eigenvalue of Q, which LAPACK computes."""
        p = self._own.p
        size, n_angles = len(self._present), p.shape[-1]
        if not np.isfinite(p).all():
            return np.nan
        if size < 2:
            return 1
        if not n_angles:
            return np.nan
        step = max(1, _CHUNK // (size * size))
        found = [np.linalg.eigvals(self._q(slice(first, first + step))) for first in range(0, n_angles, step)]
        eigenvalues = np.concatenate(found)
        eigenvalues.sort()
        return np.real(over_angles(np.sqrt(eigenvalues[:, -2])))

    def _q(self, chosen: slice) -> np.ndarray:
        """Q of some angles, shape (angles, levels, levels), summed over the levels in their order."""
        p = self._angle_first(chosen)
        px = self._px[:, 0].T[chosen, :, None]
        py = self._py[0].T[chosen]
        q = np.zeros_like(p)
        for level in range(p.shape[1]):
            row = p[:, :, level]
            q += row[:, :, None] * row[:, None, :] / (px * py[:, level, None, None] + EPS)
        return q

    def _angle_first(self, chosen: slice) -> np.ndarray:
        """The matrices of some angles, shape (angles, levels, levels)."""
        if self._cell is None:
            return np.ascontiguousarray(self._own.p.transpose(2, 0, 1)[chosen])
        p = self._rows.p[:, chosen]
        matrices = np.zeros((p.shape[1], len(self._present), len(self._present)))
        matrices[:, self._cell[0], self._cell[1]] = p.T
        return matrices

    def _k_mean(self, by: tuple[np.ndarray, np.ndarray], term: Callable) -> float:
        k, p = by
        return over_angles(term(k, p).sum(0))

    def _differences(self, term: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
        return self._k_mean(self._by_difference, term)

    def _sums(self, term: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
        return self._k_mean(self._by_sum, term)

    def _row_mean(self, term: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> float:
        rows = self._rows
        return over_angles(rows.total(term(rows.p, rows.i, rows.j)))

    def _largest(self) -> np.ndarray:
        return self._own.p.max(tuple(range(self._own.p.ndim - 1)), initial=-np.inf)

    FEATURES: ClassVar[dict[str, Callable[[Glcm], float]]] = {
        "Autocorrelation": lambda self: self._row_mean(lambda p, i, j: p * (i * j)),
        "ClusterProminence": lambda self: over_angles(self._cluster(4)),
        "ClusterShade": lambda self: over_angles(self._cluster(3)),
        "ClusterTendency": lambda self: over_angles(self._cluster(2)),
        "Contrast": lambda self: self._row_mean(lambda p, i, j: p * np.abs(i - j) ** 2),
        "Correlation": lambda self: over_angles(self._correlation()),
        "DifferenceAverage": lambda self: self._differences(lambda k, p: k * p),
        "DifferenceEntropy": lambda self: self._differences(lambda k, p: p * np.log2(p + EPS)) * -1,
        "DifferenceVariance": lambda self: over_angles(self._difference_variance()),
        "Id": lambda self: self._differences(lambda k, p: p / (1 + k)),
        "Idm": lambda self: self._differences(lambda k, p: p / (1 + k**2)),
        "Idmn": lambda self: self._differences(lambda k, p: p / (1 + k**2 / self._highest**2)),
        "Idn": lambda self: self._differences(lambda k, p: p / (1 + k / self._highest)),
        "Imc1": lambda self: over_angles(self._imc1()),
        "Imc2": lambda self: over_angles(self._imc2()),
        "InverseVariance": lambda self: over_angles(self._inverse_variance()),
        "JointAverage": lambda self: self._ux.mean(),
        "JointEnergy": lambda self: over_angles(self._own.total(self._own.p**2)),
        "JointEntropy": lambda self: over_angles(self._hxy),
        "MCC": _mcc,
        "MaximumProbability": lambda self: over_angles(self._largest()),
        "SumAverage": lambda self: self._sums(lambda k, p: k * p),
        "SumEntropy": lambda self: self._sums(lambda k, p: p * np.log2(p + EPS)) * -1,
        "SumSquares": lambda self: over_angles(self._squares_x),
    }
