"""The log-rank test of a cutoff that was chosen to make it large, with a p value that knows so."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..errors import InputError
from . import _checks

METHODS = ("gauss", "lausen94", "lausen92", "permutation")

_NODES = 40  # of the quadrature, at least
_NODES_A_WIDTH = 3  # and so many for each standard deviation of the narrowest step
_ROOT_TWO_PI = np.sqrt(2 * np.pi)


@dataclass(frozen=True)
class MaximallySelected:
    """The largest standardized log-rank statistic over k candidate cutoffs.

    Attributes
    ----------
    statistic : float
        Largest absolute value.
    cutoff : float
        Where it is reached: the groups are ``marker <= cutoff`` and ``marker > cutoff``.
    p : float
        Chance of one so large if the marker had nothing to do with survival.
    unadjusted_p : float
        Of the same statistic had the cutoff been fixed beforehand; far too small, shown for comparison only.
    method : str
    cutoffs, statistics : ndarray, shape (k,)
        All candidates, rising, and their absolute statistics.
    """

    statistic: float
    cutoff: float
    p: float
    unadjusted_p: float
    method: str
    cutoffs: np.ndarray
    statistics: np.ndarray


def maximally_selected(
    marker: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    *,
    least: float = 0.1,
    most: float = 0.9,
    method: str = "gauss",
    repeats: int = 10_000,
    seed: int = 0,
) -> MaximallySelected:
    """Test whether any cutoff of a marker separates survival, over all that leave neither group too small.

    Parameters
    ----------
    marker : array_like, shape (n,)
    time, event : array_like, shape (n,)
        Follow-up and event.
    least, most : float
        Smallest and largest share of the patients at or below a cutoff.
    method : {"gauss", "lausen94", "lausen92", "permutation"}
        How the p value is had: the joint normal distribution of the statistics of all cutoffs, integrated exactly;
        the improved Bonferroni bound of Lausen, Sauerbrei and Schumacher 1994; the asymptotic formula of Lausen and
        Schumacher 1992, which needs no cutoffs; or permutations of the outcome.
    repeats, seed : int
        Of the permutations.

    Returns
    -------
    MaximallySelected

    Raises
    ------
    InputError
        Unusable arrays; shares out of order; a marker without a candidate cutoff between them.

    Notes
    -----
    Equals ``maxstat::maxstat.test(smethod = "LogRank")`` of R with ``pmethod`` exactGauss, Lau94, Lau92, condMC.
    """
    time, event = _checks.survival(time, event)
    marker = _checks.vector(marker, "marker", time.size)
    _checks.choice(method, "method", METHODS)
    if not 0 < _checks.positive(least, "least") < _checks.fraction(most, "most"):
        raise InputError(f"least must be below most, not {least:g} and {most:g}.")
    n, order = time.size, np.argsort(marker, kind="stable")
    ranked = marker[order]
    below = np.flatnonzero(ranked[1:] > ranked[:-1]) + 1  # patients at or below each candidate
    below = below[(below >= max(1, math.floor(n * least))) & (below <= math.floor(n * most))]
    if below.size == 0:
        raise InputError(f"marker has no cutoff with {least:.0%} to {most:.0%} of the patients at or below it.")

    scores = _logrank_scores(time, event)
    statistics = _standardized(np.cumsum(scores[order])[below - 1], scores, below)
    largest = float(statistics.max())
    if method == "gauss":
        p = _gauss(largest, below, n)
    elif method == "lausen94":
        p = _lausen94(largest, below, n)
    elif method == "lausen92":
        p = _lausen92(largest, least, most)
    else:
        p = _permutation(largest, scores, below, repeats, seed)
    return MaximallySelected(
        statistic=largest,
        cutoff=float(ranked[below[statistics.argmax()] - 1]),
        p=float(np.clip(p, 0, 1)),
        unadjusted_p=float(2 * stats.norm.sf(largest)),
        method=method,
        cutoffs=ranked[below - 1],
        statistics=statistics,
    )


def _logrank_scores(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Event less the hazard that the patient went through; ``exactRankTests::cscores`` of R, also for ties."""
    order = np.argsort(time, kind="stable")
    rank = np.searchsorted(time[order], time, side="right")
    share = event / (time.size - rank + 1)
    return event - np.cumsum(share[order])[rank - 1]


def _standardized(sums: np.ndarray, scores: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Absolute sums of scores of the first ``below`` patients in units of their permutation spread."""
    n, total = scores.size, scores.sum()
    variance = below * (n - below) / (n**2 * (n - 1)) * (n * (scores**2).sum() - total**2)
    return np.abs(sums - below / n * total) / np.sqrt(variance)


def _gauss(b: float, below: np.ndarray, n: int) -> float:
    """Chance that a Gaussian chain leaves ``-b .. b``: the statistics of rising cutoffs have the Markov property.

    Step by step the density of those paths that stayed within is integrated against the conditional normal density.
    """
    first, second = below[:-1], below[1:]
    correlation = np.sqrt(first * (n - second) / (second * (n - first)))
    spread = np.sqrt(1 - correlation**2)
    count = int(max(_NODES, _NODES_A_WIDTH * 2 * b / spread.min(initial=1.0)))
    nodes, weights = np.polynomial.legendre.leggauss(min(count, 2000))
    nodes, weights = b * nodes, b * weights
    density = np.exp(-(nodes**2) / 2) / _ROOT_TWO_PI
    for rho, sd in zip(correlation, spread, strict=True):
        kernel = np.exp(-(((nodes[:, None] - rho * nodes) / sd) ** 2) / 2)
        density = kernel @ (weights * density) / (sd * _ROOT_TWO_PI)
    return 1 - float(weights @ density)


def _lausen94(b: float, below: np.ndarray, n: int) -> float:
    first, second = below[:-1], below[1:]
    t = np.sqrt(1 - first * (n - second) / ((n - first) * second))
    extra = np.exp(-(b**2) / 2) / np.pi * (t - (b**2 / 4 - 1) * t**3 / 6)
    return 2 * float(stats.norm.sf(b)) + float(extra.sum())


def _lausen92(b: float, least: float, most: float) -> float:
    if b < 1:
        return 1.0
    density = stats.norm.pdf(b)
    return float(4 * density / b + density * (b - 1 / b) * np.log(most * (1 - least) / ((1 - most) * least)))


def _permutation(b: float, scores: np.ndarray, below: np.ndarray, repeats: int, seed: int) -> float:
    if repeats < 1:
        raise InputError(f"repeats must be at least 1, not {repeats}.")
    rng = np.random.default_rng(seed)
    reached = 0
    for _ in range(repeats):
        sums = np.cumsum(rng.permutation(scores))[below - 1]
        reached += bool(_standardized(sums, scores, below).max() >= b - 1e-12)
    return (reached + 1) / (repeats + 1)
