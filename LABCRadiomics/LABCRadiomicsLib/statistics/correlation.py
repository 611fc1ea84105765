"""Correlations between all pairs of two sets of variables, with their p values."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from ..errors import InputError


@dataclass(frozen=True)
class CorrelationMap:
    """Correlations of p variables with q others; arrays of shape (p, q), NaN where one has no variance.

    Attributes
    ----------
    rho, rho_p : ndarray
        Spearman's, by mid-ranks, and its two-sided p by the t approximation.
    r, r_p : ndarray
        Pearson's.
    n : int
        Patients.
    """

    rho: np.ndarray
    rho_p: np.ndarray
    r: np.ndarray
    r_p: np.ndarray
    n: int


def correlation_map(first: np.ndarray, second: np.ndarray) -> CorrelationMap:
    """Correlate every column of ``first`` with every column of ``second``.

    Parameters
    ----------
    first, second : array_like, shape (n, p) and (n, q)
        One row a patient, finite; at least three rows.

    Returns
    -------
    CorrelationMap

    Raises
    ------
    InputError
        Different numbers of rows, fewer than three, or values that are not finite.

    Notes
    -----
    Equals ``cor.test`` of R with ``method = "spearman", exact = FALSE`` and with ``method = "pearson"``.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.ndim != 2 or second.ndim != 2 or first.shape[0] != second.shape[0] or first.shape[0] < 3:
        raise InputError(
            f"shapes {first.shape} and {second.shape} cannot be correlated; give the same patients of both."
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("correlations need finite values; leave out patients or variables with missing ones.")
    n = first.shape[0]
    r = _correlations(first, second)
    rho = _correlations(stats.rankdata(first, axis=0), stats.rankdata(second, axis=0))
    return CorrelationMap(rho, _p_of(rho, n), r, _p_of(r, n), n)


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    scaled = []
    for values in (first, second):
        centered = values - values.mean(axis=0)
        length = np.sqrt((centered**2).sum(axis=0))
        flat = np.ptp(values, axis=0) <= 1e-12 * np.abs(values).max(axis=0, initial=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled.append(np.where(flat, np.nan, centered / length))
    return np.clip(scaled[0].T @ scaled[1], -1, 1)


def _p_of(r: np.ndarray, n: int) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        t = r * np.sqrt((n - 2) / (1 - r**2))
    return 2 * special.stdtr(n - 2, -np.abs(t))
