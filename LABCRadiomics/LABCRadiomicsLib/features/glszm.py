"""Gray level size zone matrix: how large the connected zones of one gray level are.

Thibault et al., Pattern Recognit Inf Process 2009:140-145; definitions as in pyradiomics 3.0.1 and IBSI.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from .sized import SizeMatrix, large, small, square
from .texture import FilteredRoi
from .zones import zones


class Glszm:
    """The matrix of an ROI and its features."""

    def __init__(self, roi: FilteredRoi):
        gray = roi.gray()
        level, size = zones(roi.voxels, roi.neighbors, roi.plane)
        used = np.flatnonzero(np.bincount(size))
        cells = level * len(used) + np.searchsorted(used, size)
        counts = np.bincount(cells, minlength=len(gray.present) * len(used)).reshape(-1, len(used))
        self._matrix = SizeMatrix(gray.present, used, counts, int(used[-1]))

    def _zone_percentage(self) -> float:
        return self._matrix.number / (self._matrix.of_size * self._matrix.j).sum()

    FEATURES: ClassVar[dict[str, Callable[[Glszm], float]]] = {
        "GrayLevelNonUniformity": lambda self: self._matrix.by_level(square),
        "GrayLevelNonUniformityNormalized": lambda self: self._matrix.by_level(square, 2),
        "GrayLevelVariance": lambda self: self._matrix.level_variance(),
        "HighGrayLevelZoneEmphasis": lambda self: self._matrix.by_level(large),
        "LargeAreaEmphasis": lambda self: self._matrix.by_size(large),
        "LargeAreaHighGrayLevelEmphasis": lambda self: self._matrix.by_cell(lambda p, i, j: p * i**2 * j**2),
        "LargeAreaLowGrayLevelEmphasis": lambda self: self._matrix.by_cell(lambda p, i, j: p * j**2 / i**2),
        "LowGrayLevelZoneEmphasis": lambda self: self._matrix.by_level(small),
        "SizeZoneNonUniformity": lambda self: self._matrix.by_size(square),
        "SizeZoneNonUniformityNormalized": lambda self: self._matrix.by_size(square, 2),
        "SmallAreaEmphasis": lambda self: self._matrix.by_size(small),
        "SmallAreaHighGrayLevelEmphasis": lambda self: self._matrix.by_cell(lambda p, i, j: p * i**2 / j**2),
        "SmallAreaLowGrayLevelEmphasis": lambda self: self._matrix.by_cell(lambda p, i, j: p / (i**2 * j**2)),
        "ZoneEntropy": lambda self: self._matrix.entropy(),
        "ZonePercentage": _zone_percentage,
        "ZoneVariance": lambda self: self._matrix.size_variance(),
    }
