"""What GLSZM and GLDM share: a matrix of gray levels against sizes, and the features both take of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .texture import EPS


class SizeMatrix:
    """Counts by gray level and size.

    Parameters
    ----------
    levels : numpy.ndarray
        Gray levels that occur, shape (k,).
    sizes : numpy.ndarray
        Sizes that occur, ascending, shape (d,).
    counts : numpy.ndarray
        Whole numbers, shape (k, d).
    n_sizes : int
        Number of columns that pyradiomics' matrix has before it drops the empty ones. One column left out leaves the
        levels farthest apart in memory, any other number the sizes, and numpy adds along memory.
    """

    def __init__(self, levels: np.ndarray, sizes: np.ndarray, counts: np.ndarray, n_sizes: int):
        self.i, self.j = levels.astype(float), sizes.astype(float)
        by_level = n_sizes - len(sizes) == 1
        self.p = counts.astype(float, order="C" if by_level else "F")
        self.of_level, self.of_size = counts.sum(1).astype(float), counts.sum(0).astype(float)
        self.number = self.of_level.sum()

    def by_level(self, term: Callable[[np.ndarray, np.ndarray], np.ndarray], power: int = 1) -> float:
        """Sum of a term over the gray levels, over the number of all to a power."""
        return term(self.of_level, self.i).sum() / np.power(self.number, power)

    def by_size(self, term: Callable[[np.ndarray, np.ndarray], np.ndarray], power: int = 1) -> float:
        """Sum of a term over the sizes, over the number of all to a power."""
        return term(self.of_size, self.j).sum() / np.power(self.number, power)

    def by_cell(self, term: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> float:
        """Sum of a term over all cells, over the number of all."""
        return term(self.p, self.i[:, None], self.j).sum() / self.number

    def level_variance(self) -> float:
        return _variance(self.of_level / self.number, self.i)

    def size_variance(self) -> float:
        return _variance(self.of_size / self.number, self.j)

    def entropy(self) -> float:
        p = self.p / self.number
        return -(p * np.log2(p + EPS)).sum()


def _variance(p: np.ndarray, index: np.ndarray) -> float:
    return (p * (index - (p * index).sum()) ** 2).sum()


def small(p: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Terms that weigh small ones most."""
    return p / index**2


def large(p: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Terms that weigh large ones most."""
    return p * index**2


def square(p: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Terms of a non-uniformity."""
    return p**2
