"""Gray level dependence matrix: how many neighbors of a voxel have nearly its gray level.

Sun and Wee, Comput Vis Graph Image Process 1983;23:341-352; definitions as in pyradiomics 3.0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .sized import SizeMatrix, large, small, square
from .texture import FilteredRoi

_FAR = -(1 << 24)  # a gray level that no voxel depends on, for the background


class Gldm:
    """The matrix of an ROI and its features."""

    def __init__(self, roi: FilteredRoi):
        gray = roi.gray()
        steps = roi.angles(roi.distances)
        n_sizes = 4 * len(steps) + 1  # of pyradiomics' matrix, half of which stays empty
        cells = gray.ranks * n_sizes + _dependents(roi, steps)
        counts = np.bincount(cells, minlength=len(gray.present) * n_sizes).reshape(-1, n_sizes)
        used = np.flatnonzero(counts.any(0))
        self._matrix = SizeMatrix(gray.present, used + 1, counts[:, used], n_sizes)

    FEATURES: ClassVar[dict[str, Callable[[Gldm], float]]] = {
        "DependenceEntropy": lambda self: self._matrix.entropy(),
        "DependenceNonUniformity": lambda self: self._matrix.by_size(square),
        "DependenceNonUniformityNormalized": lambda self: self._matrix.by_size(square, 2),
        "DependenceVariance": lambda self: self._matrix.size_variance(),
        "GrayLevelNonUniformity": lambda self: self._matrix.by_level(square),
        "GrayLevelVariance": lambda self: self._matrix.level_variance(),
        "HighGrayLevelEmphasis": lambda self: self._matrix.by_level(large),
        "LargeDependenceEmphasis": lambda self: self._matrix.by_size(large),
        "LargeDependenceHighGrayLevelEmphasis": lambda self: self._matrix.by_cell(lambda p, i, j: p * (j**2 * i**2)),
        "LargeDependenceLowGrayLevelEmphasis": lambda self: self._matrix.by_cell(lambda p, i, j: p * j**2 / i**2),
        "LowGrayLevelEmphasis": lambda self: self._matrix.by_level(small),
        "SmallDependenceEmphasis": lambda self: self._matrix.by_size(small),
        "SmallDependenceHighGrayLevelEmphasis": lambda self: self._matrix.by_cell(lambda p, i, j: p * i**2 / j**2),
        "SmallDependenceLowGrayLevelEmphasis": lambda self: self._matrix.by_cell(lambda p, i, j: p / (i**2 * j**2)),
    }


def _dependents(roi: FilteredRoi, steps: np.ndarray) -> np.ndarray:
    """Number of each voxel's neighbors whose level differs from its own by at most ``gldm_a``, shape (n,)."""
    alpha, neighbors = roi.setting.get("gldm_a", 0), roi.neighbors
    offsets = neighbors.grid.offsets(np.concatenate([steps, -steps]))
    found: Any = np.zeros(roi.voxels.count, np.uint8 if len(offsets) <= np.iinfo(np.uint8).max else np.uint16)
    if alpha:
        own = roi.gray().levels
        levels = neighbors.grid.filled(own, np.int32, _FAR)
        close = (abs(neighbors.grid.at(levels, offset) - own) <= alpha for offset in offsets)
    else:
        close = (neighbors.same(offset) for offset in offsets)
    for which in close:
        found += which.view(np.uint8)
    return found.astype(np.intp)
