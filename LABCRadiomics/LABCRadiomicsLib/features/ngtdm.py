"""Neighboring gray tone difference matrix: how far a voxel's gray level is from its neighbors' mean.

Amadasun and King, IEEE Trans Syst Man Cybern 1989;19:1264-1274; definitions as in pyradiomics 3.0.1 and IBSI.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from .texture import FilteredRoi


class Ngtdm:
    """The matrix of an ROI and its features."""

    def __init__(self, roi: FilteredRoi):
        gray = roi.gray()
        self._i = gray.present.astype(float)
        counts = gray.counts.astype(float)
        self._voxels = counts.sum()
        self._p = counts / self._voxels
        self._s = np.bincount(gray.ranks, _differences(roi), len(self._i))  # adds in scanning order

    def _coarseness(self) -> float:
        total = (self._p * self._s).sum()
        return 1 / total if total else 1e6

    def _contrast(self) -> float:
        p, i, n = self._p, self._i, len(self._i)
        spread = (p[:, None] * p * (i[:, None] - i) ** 2).sum()
        return spread * self._s.sum() / self._voxels / (n * (n - 1)) if n > 1 else 0

    def _busyness(self) -> float:
        products = self._i * self._p
        spread = np.abs(products[:, None] - products).sum()
        return (self._p * self._s).sum() / spread if spread else 0

    def _complexity(self) -> float:
        p, i = self._p, self._i
        products = p * self._s
        return (np.abs(i[:, None] - i) * (products[:, None] + products) / (p[:, None] + p)).sum() / self._voxels

    def _strength(self) -> float:
        total = self._s.sum()
        spread = ((self._p[:, None] + self._p) * (self._i[:, None] - self._i) ** 2).sum()
        return spread / total if total else 0

    FEATURES: ClassVar[dict[str, Callable[[Ngtdm], float]]] = {
        "Busyness": _busyness,
        "Coarseness": _coarseness,
        "Complexity": _complexity,
        "Contrast": _contrast,
        "Strength": _strength,
    }


def _differences(roi: FilteredRoi) -> np.ndarray:
    """Distance of each voxel's level from the mean of its neighbors in the ROI, 0 without any, shape (n,)."""
    roi.angles(roi.distances)  # refuses an ROI that is too small for any neighbor
    levels = roi.gray().levels
    count = roi.voxels.neighbor_counts(roi.distances, roi.plane)
    total = roi.voxels.neighbor_sums(levels, roi.distances, roi.plane)
    return np.where(count > 0, np.abs(levels - total / np.maximum(count, 1)), 0.0)
