"""Preranked gene set enrichment: running sums, leading edges, and how far they are from sets drawn at random.

Subramanian et al. 2005 with the enrichment score, leading edge and permutation of genes of ``fgsea`` in R. A set's null
scores depend on its size, the ranking, the number of permutations and the seed, and on nothing else: its p value and
normalized score do not change when other sets are given beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_BLOCK = 250_000  # genes drawn at once: they then stay in the processor's cache
_DENSE = 1 / 3  # share of the genes above which a set is drawn by sorting random numbers


@dataclass(frozen=True)
class EnrichmentScore:
    """How the genes of one set lie in a ranking.

    Attributes
    ----------
    score : float
        The running sum farthest from zero, from -1 to 1.
    leading : ndarray of int
        Places in the ranking of the genes before that point (behind it where the score is negative), the farthest
        out first.
    """

    score: float
    leading: np.ndarray


@dataclass(frozen=True)
class NullScores:
    """What random sets of one size score.

    Attributes
    ----------
    values : ndarray
        Enrichment scores, one a permutation.
    """

    values: np.ndarray

    def p_value(self, score: float) -> tuple[float, int]:
        """(b + 1) / (m + 1) among the m random scores of the same sign, b of them as far from zero; and m."""
        same = self.values[self.values >= 0] if score >= 0 else -self.values[self.values <= 0]
        as_far = int((same >= abs(score) - 1e-12).sum())
        return (as_far + 1) / (same.size + 1), same.size

    def normalized(self, score: float) -> float:
        """The score over the mean of the random ones of its sign; NaN where there are none."""
        same = self.values[self.values >= 0] if score >= 0 else -self.values[self.values <= 0]
        return score / float(same.mean()) if same.size and same.any() else float("nan")


def ranking_order(statistics: np.ndarray) -> np.ndarray:
    """Places from the largest to the smallest statistic; ties stay in their order."""
    return np.argsort(-statistics, kind="stable")


def enrichment_score(weights: np.ndarray, places: np.ndarray) -> EnrichmentScore:
    """Score one set.

    Parameters
    ----------
    weights : ndarray, shape (n,)
        What a gene of the set adds, in the order of the ranking: its absolute statistic to the power 1 (or 0,
        unweighted).
    places : ndarray of int
        Of the set's genes in the ranking, from 0, ascending.
    """
    tops, bottoms = _extremes(weights[places][None], places[None], weights.size)
    tops, bottoms = tops[0], bottoms[0]
    highest, lowest = float(tops.max()), float(bottoms.min())
    if highest > -lowest:
        return EnrichmentScore(highest, places[: int(tops.argmax()) + 1])
    if highest < -lowest:
        return EnrichmentScore(lowest, places[int(bottoms.argmin()) :][::-1])
    return EnrichmentScore(0.0, places[:0])


def running_sum(weights: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The whole running sum, shape (n,), for a figure."""
    step = np.full(weights.size, -1 / (weights.size - places.size))
    mass = weights[places]
    step[places] = mass / mass.sum() if mass.sum() > 0 else 1 / places.size
    return np.cumsum(step)


def null_scores(weights: np.ndarray, sizes: Sequence[int], permutations: int, seed: int) -> dict[int, NullScores]:
    """Score random sets of each size; the same for a size whatever the other sizes are."""
    return {size: _random_scores(weights, size, permutations, seed) for size in sorted(set(sizes))}


def _random_scores(weights: np.ndarray, size: int, permutations: int, seed: int) -> NullScores:
    generator = np.random.default_rng((seed, size))
    values = np.empty(permutations)
    rows = max(1, _BLOCK // size)
    for start in range(0, permutations, rows):
        count = min(rows, permutations - start)
        places = _random_sets(generator, weights.size, size, count)
        tops, bottoms = _extremes(weights[places], places, weights.size)
        highest, lowest = tops.max(axis=1), bottoms.min(axis=1)
        values[start : start + count] = np.where(highest > -lowest, highest, np.where(highest < -lowest, lowest, 0.0))
    return NullScores(values)


def _extremes(mass: np.ndarray, places: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Running sum just after and just before each gene of the sets; arrays of shape (sets, genes)."""
    total = np.cumsum(mass, axis=1)
    whole = total[:, -1:].copy()
    if not (whole > 0).all():  # no gene of the set has any statistic: each counts alike
        mass = np.where(whole > 0, mass, 1.0)
        total = np.cumsum(mass, axis=1)
        whole = total[:, -1:].copy()
    size = places.shape[1]
    total /= whole
    missed = (places - np.arange(size, dtype=places.dtype)) * (1 / max(n - size, 1))
    total -= missed
    before = total - mass / whole
    return total, before


def _random_sets(generator: np.random.Generator, n: int, size: int, count: int) -> np.ndarray:
    """Sets of different genes drawn uniformly, shape (count, size), each ascending."""
    if size > n * _DENSE:
        keys = generator.random((count, n))
        return np.sort(np.argpartition(keys, size - 1, axis=1)[:, :size], axis=1)
    # Draw with replacement, and again in place of what was drawn twice: the first `size` different genes of an endless
    # series of draws, which are a uniform set.
    places = np.sort(generator.integers(0, n, (count, size), dtype=np.int32), axis=1)
    unfinished = np.arange(count)
    while unfinished.size:
        rows = places[unfinished]
        twice = np.zeros(rows.shape, dtype=bool)
        np.equal(rows[:, 1:], rows[:, :-1], out=twice[:, 1:])
        left = twice.any(axis=1)
        unfinished, rows, twice = unfinished[left], rows[left], twice[left]
        rows[twice] = generator.integers(0, n, int(twice.sum()), dtype=np.int32)
        places[unfinished] = np.sort(rows, axis=1)
    return places
