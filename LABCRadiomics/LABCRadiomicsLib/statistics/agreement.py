"""Agreement between readers: the six intraclass correlations of Shrout and Fleiss, for a stack of features at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from ..errors import InputError
from . import _checks

FORMS = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")


@dataclass(frozen=True)
class IntraclassCorrelation:
    """Six intraclass correlations; arrays of shape (6,) or, for p features, (p, 6), in the order of `FORMS`.

    ICC1 is one-way random, ICC2 (also called ICC(2,1)) two-way random with absolute agreement, ICC3 two-way mixed with
    consistency; ``k`` marks the reliability of the readers' mean. Features without any variance have NaN.

    Attributes
    ----------
    icc, lower, upper : ndarray
        Correlation and confidence limits.
    f, df1, df2, p : ndarray
        F test against a correlation of zero.
    """

    icc: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    f: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    p: np.ndarray

    def form(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return correlation, lower and upper limit of one of `FORMS`."""
        index = FORMS.index(_checks.choice(name, "name", FORMS))
        return self.icc[..., index], self.lower[..., index], self.upper[..., index]


def intraclass_correlation(ratings: Any, *, level: float = 0.95) -> IntraclassCorrelation:
    """Estimate all six forms of the intraclass correlation.

    Parameters
    ----------
    ratings : array_like, shape (n, k) or (p, n, k)
        n patients rated by k readers, of one or of p features.
    level : float
        Of the confidence limits.

    Returns
    -------
    IntraclassCorrelation

    Raises
    ------
    InputError
        Fewer than two patients or readers; values that are not finite.

    Notes
    -----
    Shrout and Fleiss 1979 from the mean squares between patients, between readers and of the residual; the limits of
    ICC2 by McGraw and Wong 1996. Equals ``psych::ICC(lmer = FALSE)`` of R.
    """
    level = _checks.fraction(level, "level")
    ratings = _checked(ratings)
    n, k = ratings.shape[-2:]
    squares = _mean_squares(ratings)
    with np.errstate(divide="ignore", invalid="ignore"):
        single = _single(*squares, n, k)
        limits = _limits(*squares, single[1], n, k, (1 + level) / 2)
        average = [k * value / (1 + (k - 1) * value) for value in single]
        limits_average = [[k * value / (1 + (k - 1) * value) for value in pair] for pair in limits]
        patients, _, residual, within = squares
        f = np.stack([patients / within, patients / residual, patients / residual] * 2, axis=-1)
    df2 = np.array([n * (k - 1), (n - 1) * (k - 1), (n - 1) * (k - 1)] * 2, dtype=float)
    df1 = np.full(6, n - 1.0)
    lower, upper = (np.stack([pair[side] for pair in limits + limits_average], axis=-1) for side in (0, 1))
    icc = np.stack(single + average, axis=-1)
    return IntraclassCorrelation(
        icc, lower, upper, f, np.broadcast_to(df1, icc.shape), np.broadcast_to(df2, icc.shape), stats.f.sf(f, df1, df2)
    )


def _checked(ratings: Any) -> np.ndarray:
    try:
        array = np.asarray(ratings, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError("ratings must be numbers; convert or drop what is not numeric.") from error
    if array.ndim not in (2, 3):
        raise InputError(f"ratings must be (patients, readers) or (features, patients, readers), not {array.ndim}-D.")
    if min(array.shape[-2:]) < 2:
        raise InputError(f"ratings has shape {array.shape}; at least two patients and two readers are needed.")
    if not np.isfinite(array).all():
        raise InputError("ratings has missing or infinite values; drop those patients from both readers.")
    return array


def _mean_squares(ratings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean squares between patients, between readers, of the residual, and within patients."""
    n, k = ratings.shape[-2:]
    centered = ratings - ratings.mean(axis=(-2, -1), keepdims=True)
    by_patient, by_reader = centered.mean(axis=-1), centered.mean(axis=-2)
    residual = centered - by_patient[..., :, None] - by_reader[..., None, :]
    patients = k * (by_patient**2).sum(axis=-1) / (n - 1)
    readers = n * (by_reader**2).sum(axis=-1) / (k - 1)
    rest = (residual**2).sum(axis=(-2, -1))
    within = (rest + n * (by_reader**2).sum(axis=-1)) / (n * (k - 1))
    return patients, readers, rest / ((n - 1) * (k - 1)), within


def _single(
    patients: np.ndarray, readers: np.ndarray, residual: np.ndarray, within: np.ndarray, n: int, k: int
) -> list[np.ndarray]:
    return [
        (patients - within) / (patients + (k - 1) * within),
        (patients - residual) / (patients + (k - 1) * residual + k * (readers - residual) / n),
        (patients - residual) / (patients + (k - 1) * residual),
    ]


def _limits(
    patients: np.ndarray,
    readers: np.ndarray,
    residual: np.ndarray,
    within: np.ndarray,
    icc2: np.ndarray,
    n: int,
    k: int,
    quantile: float,
) -> list[list[np.ndarray]]:
    """Lower and upper limit of each single-reader form."""

    def from_f(f: np.ndarray, df1: float, df2: float) -> list[np.ndarray]:
        low, high = f / stats.f.ppf(quantile, df1, df2), f * stats.f.ppf(quantile, df2, df1)
        return [(low - 1) / (low + k - 1), (high - 1) / (high + k - 1)]

    ratio = readers / residual
    spread = k * icc2 * ratio + n * (1 + (k - 1) * icc2) - k * icc2
    df = (k - 1) * (n - 1) * spread**2
    df = df / ((n - 1) * (k * icc2 * ratio) ** 2 + (n * (1 + (k - 1) * icc2) - k * icc2) ** 2)
    above, below = stats.f.ppf(quantile, n - 1, df), stats.f.ppf(quantile, df, n - 1)
    rest = k * readers + (k * n - k - n) * residual
    icc2_limits = [
        n * (patients - above * residual) / (above * rest + n * patients),
        n * (below * patients - residual) / (rest + n * below * patients),
    ]
    df_one_way = n * (k - 1)
    return [
        from_f(patients / within, n - 1, df_one_way),
        icc2_limits,
        from_f(patients / residual, n - 1, (n - 1) * (k - 1)),
    ]
