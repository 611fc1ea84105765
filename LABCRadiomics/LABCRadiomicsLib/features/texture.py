"""What the texture classes share: the ROI's intensities on one filtered image, and matrices as sums over their cells.

A sum of fractions depends in its last bits on the order of its terms, and numpy adds along memory: term after term
across the fast axis, in pairs along it. Values equal to pyradiomics' therefore need its matrices' order in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..errors import ExtractionError
from .gray_levels import MOST_LEVELS, GrayLevels, gray_levels
from .neighbors import NeighborLevels
from .voxels import RoiVoxels, angles

EPS = np.spacing(1)


@dataclass
class FilteredRoi:
    """The ROI's voxels on one filtered image.

    Attributes
    ----------
    name : str
        Of the filtered image.
    values : numpy.ndarray
        Intensities in scanning order, shape (n,), in the image's own type.
    voxels : RoiVoxels
    setting : mapping
        pyradiomics' settings for this image.
    """

    name: str
    values: np.ndarray
    voxels: RoiVoxels
    setting: Mapping
    _gray: GrayLevels | None = field(default=None, repr=False)

    def gray(self, most: int = MOST_LEVELS) -> GrayLevels:
        """The voxels' gray levels, not more than ``most``; see :func:`.gray_levels.gray_levels`."""
        if self._gray is None or self._gray.highest > most:
            self._gray = gray_levels(self.values, self.setting, self.name, most)
        return self._gray

    @property
    def uses_levels(self) -> bool:
        """Whether anything asked for gray levels so far."""
        return self._gray is not None

    @property
    def distances(self) -> tuple[int, ...]:
        """Distances of the neighbors looked at, in voxels (infinity norm)."""
        return tuple(self.setting.get("distances") or [1])

    @property
    def plane(self) -> int | None:
        """The array axis across the slices that features stay within; None in three dimensions."""
        return self.setting["force2Ddimension"] if self.setting["force2D"] else None

    @cached_property
    def neighbors(self) -> NeighborLevels:
        """Gray levels around each voxel, as far as the distances reach."""
        return NeighborLevels(self.voxels.grid(max(self.distances)), self.gray().ranks)

    def angles(self, distances: tuple[int, ...] = (1,)) -> np.ndarray:
        """Steps to the neighbors; see :func:`.voxels.angles`.

        Raises
        ------
        ExtractionError
            The ROI is too small for any.
        """
        steps = angles(self.voxels.shape, distances, self.plane)
        if not len(steps):
            size = " x ".join(map(str, self.voxels.shape[::-1]))
            within = "" if self.plane is None else " within slices (force2D)"
            raise ExtractionError(
                f"The ROI of {size} voxels has no two voxels at distance {' or '.join(map(str, distances))}{within}: "
                "correct distances or force2Ddimension, or leave texture features out."
            )
        return steps


@dataclass(frozen=True)
class Cells:
    """Entries of a matrix with two indices, in three dimensions or as a list of those that are not zero.

    Leaving out zeros changes no sum that runs cell by cell; where numpy adds in pairs, all cells must be there.

    Attributes
    ----------
    p : numpy.ndarray
        Shape (levels, sizes, angles), or (cells, angles).
    i, j : numpy.ndarray
        What a cell's row and column stand for, as it broadcasts against ``p``.
    """

    p: np.ndarray
    i: np.ndarray
    j: np.ndarray

    def total(self, terms: np.ndarray, keepdims: bool = False) -> np.ndarray:
        """Sum over the cells, one for each angle."""
        return terms.sum(tuple(range(self.p.ndim - 1)), keepdims=keepdims)


def over_angles(values: np.ndarray) -> float:
    """Mean over the angles that have a value, NaN if none has.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (angles,), real or complex.
    """
    missing = np.isnan(values)
    count = values.size - np.count_nonzero(missing)
    if not count:
        return np.nan
    return (np.where(missing, 0, values) if count < values.size else values).sum() / count


def dense(cell: np.ndarray, p: np.ndarray, shape: tuple[int, int], columns_first: bool) -> np.ndarray:
    """All cells of a matrix.

    Parameters
    ----------
    cell : numpy.ndarray
        Flat index of the cells that are not zero, shape (cells,).
    p : numpy.ndarray
        Their entries, shape (cells, angles).
    shape : tuple of int
        Rows and columns.
    columns_first : bool
        Whether columns lie farthest apart in memory, else rows do; angles always lie side by side.

    Returns
    -------
    numpy.ndarray
        Shape (rows, columns, angles).
    """
    rows, columns = shape
    if not columns_first:
        full = np.zeros((rows * columns, p.shape[1]))
        full[cell] = p
        return full.reshape(rows, columns, -1)
    full = np.zeros((columns, rows, p.shape[1]))
    row, column = np.divmod(cell, columns)
    full[column, row] = p
    return full.transpose(1, 0, 2)


def weights(roi: FilteredRoi, steps: np.ndarray) -> np.ndarray | None:
    """Lengths of the steps in mm by ``weightingNorm``, shape (angles,); ones for no weighting, None for none asked."""
    norm = roi.setting.get("weightingNorm")
    if norm is None:
        return None
    lengths = np.abs(steps) * roi.voxels.spacing
    if norm == "infinity":
        return lengths.max(axis=1, initial=0)
    if norm == "euclidean":
        return np.sqrt(np.array([np.square(length).sum() for length in lengths]))
    if norm == "manhattan":
        return np.array([length.sum() for length in lengths])
    return np.ones(len(steps))
