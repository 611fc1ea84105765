"""Two groups of patients compared in many variables at once: Wilcoxon's, Welch's and Student's tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special, stats

from ..errors import InputError

_EXACT_BELOW = 50  # patients in each group


@dataclass(frozen=True)
class GroupComparison:
    """Two groups compared; every array has shape (m,), one entry a variable.

    A test that does not exist (no variance, fewer than two values in a group) has the p value NaN.

    Attributes
    ----------
    n_first, n_second : ndarray of int
        Values that are not missing.
    mean_first, mean_second, median_first, median_second : ndarray
    rank_sum : ndarray
        Wilcoxon's W: pairs in which the first group's value is larger, ties counted half.
    wilcoxon_p : ndarray
        Two-sided; exact without ties and below 50 in each group, else normal with continuity correction.
    exact : ndarray of bool
        Whether it is exact.
    welch_t, welch_df, welch_p : ndarray
        t test of the means, first minus second, without equal variances.
    student_p : ndarray
        With equal variances.
    """

    n_first: np.ndarray
    n_second: np.ndarray
    mean_first: np.ndarray
    mean_second: np.ndarray
    median_first: np.ndarray
    median_second: np.ndarray
    rank_sum: np.ndarray
    wilcoxon_p: np.ndarray
    exact: np.ndarray
    welch_t: np.ndarray
    welch_df: np.ndarray
    welch_p: np.ndarray
    student_p: np.ndarray


def compare_groups(first: np.ndarray, second: np.ndarray) -> GroupComparison:
    """Compare two groups in each of m variables.

    Parameters
    ----------
    first, second : array_like, shape (n1, m) and (n2, m)
        One row a patient; NaN where a value is missing.

    Returns
    -------
    GroupComparison

    Raises
    ------
    InputError
        The shapes do not fit.

    Notes
    -----
    Equals ``wilcox.test`` and ``t.test`` of R with their defaults.
    """
    first, second = (np.atleast_2d(np.asarray(values, dtype=float)) for values in (first, second))
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise InputError(f"groups have the shapes {first.shape} and {second.shape}; give the same variables of both.")
    n1, n2 = np.isfinite(first).sum(axis=0), np.isfinite(second).sum(axis=0)
    w, wilcoxon_p, exact = _wilcoxon(first, second, n1, n2)
    mean1, variance1 = _moments(first, n1)
    mean2, variance2 = _moments(second, n2)
    return GroupComparison(
        n1, n2, mean1, mean2, column_quantiles(first, [0.5])[0], column_quantiles(second, [0.5])[0],
        w, wilcoxon_p, exact, *_t_tests(n1, n2, mean1, mean2, variance1, variance2),
    )  # fmt: skip


def column_quantiles(values: np.ndarray, probabilities: Sequence[float] | np.ndarray) -> np.ndarray:
    """Quantiles of each column without its missing values, shape (number of probabilities, m); NaN for an empty one.

    Notes
    -----
    Hyndman and Fan's type 7; equals ``quantile`` of R with its default.
    """
    ordered = np.sort(np.asarray(values, dtype=float), axis=0)  # NaN last
    count = np.isfinite(ordered).sum(axis=0)
    found = np.full((len(probabilities), ordered.shape[1]), np.nan)
    known = np.flatnonzero(count)
    for at, probability in enumerate(probabilities):
        place = (count[known] - 1) * probability
        low = np.floor(place + 4 * np.finfo(float).eps * np.maximum(place, 1)).astype(int)
        rest = np.maximum(place - low, 0)
        below = ordered[low, known]
        above = ordered[np.minimum(low + 1, count[known] - 1), known]
        found[at, known] = np.where(rest > 0, (1 - rest) * below + rest * above, below)
    return found


def _moments(values: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known, values, 0).sum(axis=0) / count
        variance = (np.where(known, values - mean, 0) ** 2).sum(axis=0) / (count - 1)
    return mean, variance


def _t_tests(
    n1: np.ndarray, n2: np.ndarray, mean1: np.ndarray, mean2: np.ndarray, variance1: np.ndarray, variance2: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    with np.errstate(divide="ignore", invalid="ignore"):
        part1, part2 = variance1 / n1, variance2 / n2
        error = np.sqrt(part1 + part2)
        t = (mean1 - mean2) / error
        df = (part1 + part2) ** 2 / (part1**2 / (n1 - 1) + part2**2 / (n2 - 1))
        pooled_df = n1 + n2 - 2
        pooled = ((n1 - 1) * variance1 + (n2 - 1) * variance2) / pooled_df
        student = (mean1 - mean2) / np.sqrt(pooled * (1 / n1 + 1 / n2))
        # As R: a spread that is no more than rounding makes no test.
        flat = error < 10 * np.finfo(float).eps * np.maximum(np.abs(mean1), np.abs(mean2))
    exists = (n1 >= 2) & (n2 >= 2) & (error > 0) & ~flat
    t, df, student = (np.where(exists, value, np.nan) for value in (t, df, student))
    return (
        t,
        df,
        2 * special.stdtr(df, -np.abs(t)),
        2 * special.stdtr(np.where(exists, pooled_df, np.nan), -np.abs(student)),
    )


def _wilcoxon(
    first: np.ndarray, second: np.ndarray, n1: np.ndarray, n2: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    both = np.vstack([first, second])
    ranks = stats.rankdata(np.where(np.isfinite(both), both, np.inf), axis=0)  # missing ones last, whatever their rank
    sums = np.where(np.isfinite(first), ranks[: first.shape[0]], 0).sum(axis=0)
    w = sums - n1 * (n1 + 1) / 2
    tied = _tie_term(both)
    exact = (tied == 0) & (n1 < _EXACT_BELOW) & (n2 < _EXACT_BELOW)
    n = n1 + n2
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.sqrt(n1 * n2 / 12 * ((n + 1) - tied / (n * (n - 1))))
        center = w - n1 * n2 / 2
        p = 2 * special.ndtr(-np.abs(center - np.sign(center) * 0.5) / sigma)
    p = np.where((n1 > 0) & (n2 > 0) & (sigma > 0), np.minimum(p, 1), np.nan)
    for at in np.flatnonzero(exact & (n1 > 0) & (n2 > 0)):
        p[at] = _exact_wilcoxon(int(n1[at]), int(n2[at]), float(w[at]))
    return w, p, exact


def _tie_term(values: np.ndarray) -> np.ndarray:
    """Sum over the tied blocks of each column of their size cubed less their size."""
    ordered = np.sort(values, axis=0)
    term = np.zeros(ordered.shape[1])
    run = np.zeros(ordered.shape[1])
    for at in range(1, ordered.shape[0]):
        run = np.where(ordered[at] == ordered[at - 1], run + 1, 0)
        term += 3 * run * (run + 1)  # what a block's cube less its size grows by with its next member
    return term


def _exact_wilcoxon(n1: int, n2: int, w: float) -> float:
    tail = _cumulative_wilcoxon(min(n1, n2), max(n1, n2))
    extreme = min(w, n1 * n2 - w)
    return min(1.0, 2 * float(tail[int(extreme)]))


@lru_cache(maxsize=256)
def _cumulative_wilcoxon(n1: int, n2: int) -> np.ndarray:
    """Probability of each W or less when both groups are alike, from the counts of Mann and Whitney."""
    share = np.zeros(n1 * n2 + 1)
    share[0] = 1.0
    # Coefficients of the Gaussian binomial, each step weighted so that they stay probabilities.
    for k in range(1, n1 + 1):
        grown = share.copy()
        grown[n2 + k :] -= share[: share.size - n2 - k]
        for at in range(k, grown.size):
            grown[at] += grown[at - k]
        share = grown * (k / (n2 + k))
    return np.cumsum(share)
