"""Gray levels: intensities put into bins, as pyradiomics does, with the number of bins known before any is made.

The edges are those of ``radiomics.imageoperations.getBinEdges`` to the last bit. Whole numbers are taken in 64 bits:
pyradiomics 3.0.1 counts on numpy 1 doing so, and under numpy 2 its edges overflow near the end of a voxel type's range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import ExtractionError

#: More gray levels than this make no texture: matrices grow with their square, and most of their cells are empty.
MOST_LEVELS = 2048
#: Bins of a histogram, for first-order entropy and uniformity, which need no matrix.
MOST_BINS = 1_000_000


@dataclass(frozen=True)
class GrayLevels:
    """The ROI's voxels in bins.

    Attributes
    ----------
    levels : numpy.ndarray
        Bin of each voxel, from 1, shape (n,).
    """

    levels: np.ndarray

    @cached_property
    def _counts(self) -> np.ndarray:
        return np.bincount(self.levels)

    @cached_property
    def present(self) -> np.ndarray:
        """Levels that occur, ascending, shape (k,)."""
        return np.flatnonzero(self._counts)

    @property
    def counts(self) -> np.ndarray:
        """Number of voxels of each level that occurs, shape (k,)."""
        return self._counts[self.present]

    @property
    def highest(self) -> int:
        """The highest level; pyradiomics' matrices have so many rows before empty ones are dropped."""
        return len(self._counts) - 1

    @cached_property
    def ranks(self) -> np.ndarray:
        """Place of each voxel's level among those that occur, from 0, shape (n,)."""
        if len(self.present) == self.highest:
            return self.levels - 1
        place = np.zeros(self.highest + 1, np.intp)
        place[self.present] = np.arange(len(self.present))
        return place[self.levels]


def gray_levels(values: np.ndarray, setting: Mapping, image_name: str, most: int = MOST_LEVELS) -> GrayLevels:
    """Put intensities into bins.

    Parameters
    ----------
    values : numpy.ndarray
        Finite intensities of the ROI's voxels, in the image's own type, shape (n,).
    setting : mapping
        ``binWidth`` (intensity units) or ``binCount``, which goes first.
    image_name : str
        Of the filtered image, for messages.
    most : int
        The largest number of levels allowed.

    Raises
    ------
    ExtractionError
        There would be more levels than that. Nothing has been allocated for them.
    """
    low, high = values.min(), values.max()
    count = setting.get("binCount")
    if count is not None:
        if count > most:
            raise ExtractionError(
                f"binCount {count} asks for more than the {most} gray levels that texture can be measured with: "
                "lower it, usually to between 16 and 128."
            )
        edges = np.histogram_bin_edges(np.array([low, high]), count)
        edges[-1] += 1
        return GrayLevels(np.digitize(values, edges))
    width = setting.get("binWidth", 25)
    levels = np.floor(float(high) / width) - np.floor(float(low) / width) + 1
    if not levels <= most:
        raise ExtractionError(
            f"The ROI would have {_count(levels)} gray levels of width {width:g} on image {image_name}, more than the "
            f"{most:,} that can be used: raise binWidth (to {(float(high) - float(low)) / 64:.3g} for some 64 levels), "
            "or set binCount, or normalize the intensities."
        )
    return GrayLevels(_bins_of(values, _edges_of_width(low, high, width), width))


def _bins_of(values: np.ndarray, edges: np.ndarray, width: float) -> np.ndarray:
    """What ``numpy.digitize`` gives, without its search: by division, and corrected where that rounds over an edge."""
    level = ((values - edges[0]) / width).astype(np.intp).clip(0, len(edges) - 2) + 1
    level += values >= edges.take(level)
    level -= values < edges.take(level - 1)
    return level


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 1e9 else f"{number:.2g}"


def spans_no_bin(values: np.ndarray, setting: Mapping) -> bool:
    """Whether all intensities would fit into one bin, so that any difference in level is an accident of its edges."""
    spread = float(values.max()) - float(values.min())
    if (count := setting.get("binCount")) is not None:
        return count < 2 or spread == 0
    return spread < setting.get("binWidth", 25)


def _edges_of_width(low: np.integer | np.floating, high: np.integer | np.floating, width: float) -> np.ndarray:
    """Edges at the multiples of the bin width, from the last one that is not above the lowest intensity."""
    if low.dtype.kind in "iu" and low.dtype != np.uint64:
        low, high = np.int64(low), np.int64(high)
    edges: np.ndarray = np.arange(low - (low % width), high + 2 * width, width)  # type: ignore[operator]
    return edges if len(edges) > 1 else np.array([edges[0] - 0.5, edges[0] + 0.5])
