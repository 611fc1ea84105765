"""Is a gene set more extreme than the other genes? Tests of a ranking without permutations (Wu and Smyth's CAMERA)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

INTER_GENE_CORRELATION = 0.01


@dataclass(frozen=True)
class CompetitiveTest:
    """Test of one set: ``direction`` is up or down, ``p`` two-sided; by the statistics and by their ranks."""

    direction: str
    p: float
    rank_direction: str
    rank_p: float


def camera(
    statistics: np.ndarray, members: np.ndarray, ranks: np.ndarray, correlation: float = INTER_GENE_CORRELATION
) -> CompetitiveTest:
    """Compare the statistics of a set's genes with those of all others.

    Parameters
    ----------
    statistics : ndarray, shape (n,)
        One a gene.
    members : ndarray of int
        Which genes make the set.
    ranks : ndarray, shape (n,)
        Mid-ranks of the statistics (``scipy.stats.rankdata``), the same for every set.
    correlation : float
        Between the genes of a set: what makes a set's mean vary more than that of independent genes.

    Notes
    -----
    Wu and Smyth 2012; equals ``limma::cameraPR`` of R with and without ``use.ranks``.
    """
    n, m = statistics.size, members.size
    others = n - m
    difference = n / others * (statistics[members].mean() - statistics.mean())
    pooled = ((n - 1) * statistics.var(ddof=1) - difference**2 * m * others / n) / (n - 2)
    t = difference / np.sqrt(pooled * ((1 + (m - 1) * correlation) / m + 1 / others))
    tail = float(special.stdtr(n - 2, -abs(t)))
    rank_direction, rank_p = _rank_sum(ranks, members, correlation)
    return CompetitiveTest("up" if t > 0 else "down", min(1.0, 2 * tail), rank_direction, rank_p)


def _rank_sum(ranks: np.ndarray, members: np.ndarray, correlation: float) -> tuple[str, float]:
    """Wilcoxon's test with correlated members, normal with continuity correction."""
    n, m = ranks.size, members.size
    others = n - m
    u = m * others + m * (m + 1) / 2 - ranks[members].sum()
    if m == 1 or correlation == 0:
        variance = m * others * (n + 1) / 12
    else:
        pairs = (
            np.arcsin(1) + np.arcsin(0.5) * (others - 1)
            + np.arcsin(correlation / 2) * (m - 1) * (others - 1) + np.arcsin((correlation + 1) / 2) * (m - 1)
        )  # fmt: skip
        variance = m * others * pairs / (2 * np.pi)
    variance *= stats.tiecorrect(ranks)
    spread = np.sqrt(variance)
    down = float(special.ndtr(-(u - 0.5 - m * others / 2) / spread))
    up = float(special.ndtr((u + 0.5 - m * others / 2) / spread))
    return ("down" if down < up else "up"), min(1.0, 2 * min(down, up))
