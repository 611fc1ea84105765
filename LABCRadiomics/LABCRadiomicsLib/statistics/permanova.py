"""Whole compositions of two or more groups compared by distances between patients, with permutations."""

from dataclasses import dataclass

import numpy as np

from . import _checks


@dataclass(frozen=True)
class Permanova:
    """Result of a permutational analysis of variance.

    Attributes
    ----------
    pseudo_f : float
        Squared distances between groups over those within, each a degree of freedom.
    share : float
        Of the squared distances, that between groups.
    p : float
        (b + 1) / (m + 1) with b of m permutations at least as large: never zero.
    permutations : int
    """

    pseudo_f: float
    share: float
    p: float
    permutations: int


def permanova(values: np.ndarray, group: np.ndarray, *, permutations: int = 9999, seed: int = 0) -> Permanova:
    """Test whether groups have the same center, by Euclidean distance.

    Parameters
    ----------
    values : array_like, shape (n, m)
        One row a patient. Square roots of shares give Hellinger's distance.
    group : array_like, shape (n,)
        Labels of two or more groups.
    permutations : int
        Of the labels.
    seed : int

    Returns
    -------
    Permanova

    Raises
    ------
    InputError
        Unusable arrays, or one group only.

    Notes
    -----
    Anderson 2001; the pseudo-F equals that of ``vegan::adonis2`` of R, p within the error of its permutations.
    """
    values = _checks.matrix(values, "values")
    levels, index = _checks.groups(group, "group", values.shape[0])
    centered = values - values.mean(axis=0)
    total = float((centered**2).sum())
    size = np.bincount(index)
    df_between, df_within = levels.size - 1, values.shape[0] - levels.size

    def between(labels: np.ndarray) -> float:
        sums = np.zeros((levels.size, values.shape[1]))
        np.add.at(sums, labels, centered)
        return float(((sums**2).sum(axis=1) / size).sum())

    observed = between(index)
    generator = np.random.default_rng(seed)
    as_large = 0
    for start in range(0, permutations, 1000):
        count = min(1000, permutations - start)
        shuffled = generator.permuted(np.tile(index, (count, 1)), axis=1)
        found = np.zeros(count)
        for level in range(levels.size):
            sums = (shuffled == level) @ centered
            found += (sums**2).sum(axis=1) / size[level]
        as_large += int((found >= observed * (1 - 1e-12)).sum())
    within = total - observed
    ratio = (observed / df_between) / (within / df_within) if within > 0 else float("inf")
    return Permanova(ratio, observed / total if total > 0 else 0.0, (as_large + 1) / (permutations + 1), permutations)
