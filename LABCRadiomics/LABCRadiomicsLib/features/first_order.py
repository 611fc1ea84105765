"""First-order features: the distribution of intensities, whatever their places.

Definitions: https://pyradiomics.readthedocs.io/en/v3.0.1/features.html and IBSI. Sums are numpy's over all voxels in
scanning order; another order would round otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

import numpy as np

from .gray_levels import MOST_BINS, GrayLevels
from .powers import Powers
from .texture import FilteredRoi

_EPS = np.spacing(1)


class FirstOrder:
    """First-order statistics of a filtered image's ROI.

    Parameters
    ----------
    roi : FilteredRoi
    """

    def __init__(self, roi: FilteredRoi):
        self._values = roi.values.astype(float)
        self._shift = roi.setting.get("voxelArrayShift", 0)
        self._roi = roi

    @cached_property
    def _levels(self) -> GrayLevels:
        return self._roi.gray(MOST_BINS)

    @cached_property
    def _shares(self) -> np.ndarray:
        """Share of the voxels in each gray level that occurs."""
        counts = self._levels.counts
        return counts.astype(float) / float(counts.sum())

    @cached_property
    def _sorted(self) -> np.ndarray:
        return np.sort(self._values)

    def _percentile(self, percent: float) -> float:
        """Linear between the two nearest voxels, rounded as ``numpy.percentile`` does."""
        place = (len(self._sorted) - 1) * (percent / 100)
        below = int(place)
        share, low, high = place - below, self._sorted[below], self._sorted[min(below + 1, len(self._sorted) - 1)]
        return high - (high - low) * (1 - share) if share >= 0.5 else low + (high - low) * share

    def _median(self) -> float:
        last = len(self._sorted) - 1
        return (self._sorted[last // 2] + self._sorted[(last + 1) // 2]) / 2

    @cached_property
    def _mean(self) -> float:
        return self._values.sum() / len(self._values)

    @cached_property
    def _deviations(self) -> np.ndarray:
        return self._values - self._mean

    @cached_property
    def _powers(self) -> Powers:
        return Powers(self._deviations)

    def _moment(self, order: int) -> float:
        return self._powers.of(order).sum() / len(self._values)

    @cached_property
    def _second_moment(self) -> float:
        return self._moment(2)

    @cached_property
    def _energy(self) -> float:
        shifted = self._values + self._shift if self._shift else self._values
        return np.square(shifted).sum()

    def _standardized(self, order: int, power: float) -> float:
        """A moment in units of the standard deviation; 0 without any spread."""
        return self._moment(order) / np.power(self._second_moment or 1.0, power)

    def _robust_mean_absolute_deviation(self) -> float:
        low, high = self._percentile(10), self._percentile(90)
        # Zeros stay in the place of what is left out: they keep the order in which numpy adds.
        kept = (self._values - low >= 0) & (self._values - high <= 0)
        count = np.count_nonzero(kept)
        mean = (self._values * kept).sum() / count
        return (np.abs(self._values - mean) * kept).sum() / count

    def _standard_deviation(self) -> float:
        return np.sqrt(self._second_moment)

    FEATURES: ClassVar[dict[str, Callable[[FirstOrder], float]]] = {
        "10Percentile": lambda self: self._percentile(10),
        "90Percentile": lambda self: self._percentile(90),
        "Energy": lambda self: self._energy,
        "Entropy": lambda self: -1.0 * (self._shares * np.log2(self._shares + _EPS)).sum(),
        "InterquartileRange": lambda self: self._percentile(75) - self._percentile(25),
        "Kurtosis": lambda self: self._standardized(4, 2.0),
        "Maximum": lambda self: self._sorted[-1],
        "Mean": lambda self: self._mean,
        "MeanAbsoluteDeviation": lambda self: np.abs(self._deviations).sum() / len(self._values),
        "Median": _median,
        "Minimum": lambda self: self._sorted[0],
        "Range": lambda self: self._sorted[-1] - self._sorted[0],
        "RobustMeanAbsoluteDeviation": _robust_mean_absolute_deviation,
        "RootMeanSquared": lambda self: np.sqrt(self._energy / len(self._values)),
        "Skewness": lambda self: self._standardized(3, 1.5),
        "StandardDeviation": _standard_deviation,
        "TotalEnergy": lambda self: self._energy * np.multiply.reduce(self._roi.voxels.spacing[::-1]),
        "Uniformity": lambda self: np.square(self._shares).sum(),
        "Variance": lambda self: np.square(self._standard_deviation()),
    }
