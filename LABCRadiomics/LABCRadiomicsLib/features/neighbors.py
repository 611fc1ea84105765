"""Gray levels of each voxel's neighbors on one filtered image: looked up once, for all matrices that ask."""

from __future__ import annotations

import numpy as np

from .voxels import Grid


class NeighborLevels:
    """Gray levels next to each voxel.

    Parameters
    ----------
    grid : Grid
        The voxels with at least one step of background around.
    ranks : numpy.ndarray
        Gray level of each voxel, counted from 0 without gaps, shape (n,).
    """

    def __init__(self, grid: Grid, ranks: np.ndarray):
        self.grid = grid
        self.ranks = ranks
        highest = int(ranks.max()) + 1
        self._flat = grid.filled(ranks + 1, np.min_scalar_type(highest).type)
        self._found: dict[int, np.ndarray] = {}
        self._same: dict[int, np.ndarray] = {}

    def at(self, offset: int) -> np.ndarray:
        """Levels, from 1, at a distance in the grid from each voxel; 0 outside the ROI, shape (n,)."""
        if offset not in self._found:
            self._found[offset] = self.grid.at(self._flat, offset)
        return self._found[offset]

    def same(self, offset: int) -> np.ndarray:
        """Whether the voxel at a distance in the grid is in the ROI and of the same level, shape (n,)."""
        if offset not in self._same:
            self._same[offset] = self.at(offset) == self.at(0)
        return self._same[offset]
