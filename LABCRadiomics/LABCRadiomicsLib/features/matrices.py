"""Co-occurrence, run-length, dependence and neighborhood matrices of an ROI, equal to pyradiomics' C code.

The C code walks every voxel of the bounding box for every direction; a tumor fills little of it. Here only the ROI's
voxels are visited, and the neighbors they share are looked up once for all four matrices. All counts are whole
numbers, and the one sum of fractions (NGTDM) is added up in the same order, so the matrices are equal to the last bit.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from radiomics import cMatrices


class RoiMatrices:
    """Stands in for ``radiomics.cMatrices`` for one ROI; distance 1 only.

    Parameters
    ----------
    levels : numpy.ndarray
        Gray levels from 1, 0 outside the ROI, shape ``(k, j, i)``.
    force_2d : bool
        Neighbors within slices only.
    force_2d_dimension : int
        The array axis across those slices.
    """

    def __init__(self, levels: np.ndarray, force_2d: bool = False, force_2d_dimension: int = 0):
        self._levels = levels
        self._angles = cMatrices.generate_angles(
            np.array(levels.shape), np.array([1]), False, force_2d, force_2d_dimension
        )

    @cached_property
    def _padded(self) -> np.ndarray:
        """Levels with one layer of background around, so that no neighbor is out of range."""
        return np.pad(self._levels, 1).astype(np.int32)

    @cached_property
    def _voxels(self) -> np.ndarray:
        """Flat positions of the ROI's voxels in the padded array, in scanning order."""
        return np.flatnonzero(self._padded)

    @cached_property
    def _centers(self) -> np.ndarray:
        return self._padded.ravel()[self._voxels]

    @cached_property
    def _offsets(self) -> np.ndarray:
        """Distance in the flat padded array from a voxel to its neighbor, one for each angle."""
        _, rows, columns = self._padded.shape
        return self._angles @ np.array([rows * columns, columns, 1])

    @cached_property
    def _neighbors(self) -> tuple[np.ndarray, np.ndarray]:
        """Levels before and after every voxel, each of shape (angles, voxels)."""
        flat = self._padded.ravel()
        before = np.array([flat.take(self._voxels - offset) for offset in self._offsets])
        after = np.array([flat.take(self._voxels + offset) for offset in self._offsets])
        return before, after

    def calculate_glcm(
        self, image: np.ndarray, mask: np.ndarray, distances: np.ndarray, n_levels: int, *_force_2d: object
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gray level co-occurrence matrix, shape ``(1, levels, levels, angles)``, and the angles."""
        n_cells = n_levels * n_levels
        row_start = (self._centers - 1) * n_levels - 1
        counts = np.empty((len(self._angles), n_cells))
        for row, after in zip(counts, self._neighbors[1], strict=True):
            paired = after > 0
            row[:] = np.bincount((row_start + after)[paired], minlength=n_cells)
        matrix = counts.reshape(-1, n_levels, n_levels).transpose(1, 2, 0)
        return np.ascontiguousarray(matrix)[None], self._angles

    def calculate_glrlm(
        self, image: np.ndarray, mask: np.ndarray, n_levels: int, n_lengths: int, *_force_2d: object
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gray level run length matrix, shape ``(1, levels, lengths, angles)``, and the angles."""
        matrix = np.zeros((len(self._angles), n_levels * n_lengths))
        for row, angle, offset, before, after in zip(
            matrix, self._angles, self._offsets, *self._neighbors, strict=True
        ):
            if before.any() or self._shares_a_line(angle):
                row[:] = self._runs(offset, before, after, n_levels, n_lengths)
        matrix = matrix.reshape(-1, n_levels, n_lengths).transpose(1, 2, 0)
        return np.ascontiguousarray(matrix)[None], self._angles

    def _runs(self, offset: int, before: np.ndarray, after: np.ndarray, n_levels: int, n_lengths: int) -> np.ndarray:
        """Number of runs by level and length along one direction, flat."""
        centers = self._centers
        starts = np.flatnonzero(before != centers)
        level = centers[starts]
        length = np.zeros(len(starts), np.intp)
        open_runs = np.flatnonzero(after[starts] == level)
        position = self._voxels[starts[open_runs]] + offset
        flat = self._padded.ravel()
        while len(open_runs):
            length[open_runs] += 1
            position += offset
            going_on = flat.take(position) == level[open_runs]
            open_runs, position = open_runs[going_on], position[going_on]
        return np.bincount((level - 1) * n_lengths + length, minlength=n_levels * n_lengths)

    def _shares_a_line(self, angle: np.ndarray) -> bool:
        """Whether any line along an angle meets the ROI twice; where none does, pyradiomics leaves the angle empty."""
        position = np.array(np.unravel_index(self._voxels, self._padded.shape))
        moving = int(np.flatnonzero(angle)[0])
        steps = position[moving] * angle[moving]
        line = np.delete(position - steps * angle[:, None], moving, axis=0)
        return len(np.unique(line, axis=1).T) < len(self._voxels)

    def calculate_gldm(
        self, image: np.ndarray, mask: np.ndarray, distances: np.ndarray, n_levels: int, alpha: int, *_force_2d: object
    ) -> np.ndarray:
        """Gray level dependence matrix, shape ``(1, levels, 4 * angles + 1)``, the upper half of the sizes empty."""
        n_sizes = 4 * len(self._angles) + 1
        dependent = np.zeros(len(self._voxels), np.intp)
        for levels in (*self._neighbors[0], *self._neighbors[1]):
            close = levels == self._centers if alpha == 0 else abs(levels - self._centers) <= alpha
            dependent += close if alpha == 0 else close & (levels > 0)
        cells = (self._centers - 1) * n_sizes + dependent
        return np.bincount(cells, minlength=n_levels * n_sizes).reshape(1, n_levels, n_sizes).astype(float)

    def calculate_ngtdm(
        self, image: np.ndarray, mask: np.ndarray, distances: np.ndarray, n_levels: int, *_force_2d: object
    ) -> np.ndarray:
        """Neighboring gray tone difference matrix, shape ``(1, levels, 3)``: voxels, sum of differences, level."""
        total, count = np.zeros(len(self._voxels), np.int64), np.zeros(len(self._voxels), np.int64)
        for levels in (*self._neighbors[0], *self._neighbors[1]):
            total += levels
            count += levels > 0
        difference = np.abs(self._centers - total / np.maximum(count, 1))
        difference[count == 0] = 0
        matrix = np.empty((1, n_levels, 3))
        matrix[0, :, 0] = np.bincount(self._centers - 1, minlength=n_levels)
        matrix[0, :, 1] = np.bincount(self._centers - 1, weights=difference, minlength=n_levels)
        matrix[0, :, 2] = np.arange(1, n_levels + 1)
        return matrix
