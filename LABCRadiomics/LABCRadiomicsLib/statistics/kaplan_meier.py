"""Kaplan-Meier curves with limits, the censoring distribution, and the log-rank test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ..errors import InputError
from . import _checks
from .individual_survival import survival_limits

_MEDIAN_TOLERANCE = np.sqrt(np.finfo(float).eps)  # R's, so that a curve that runs flat at one half is recognized


@dataclass(frozen=True)
class KaplanMeier:
    """A Kaplan-Meier curve; arrays of shape (k,), one entry a distinct time (event or censoring), rising.

    Attributes
    ----------
    time, n_risk, n_event, n_censor : ndarray
        Times, patients at risk just before them, events and censorings at them.
    survival, se, lower, upper : ndarray
        Probability of survival beyond each time, Greenwood's standard error and the confidence limits (NaN where
        they do not exist, `survival_limits`).
    median, median_lower, median_upper : float
        First time at which the curve, and its limits, reach one half; NaN where they do not.
    """

    time: np.ndarray
    n_risk: np.ndarray
    n_event: np.ndarray
    n_censor: np.ndarray
    survival: np.ndarray
    se: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    median: float
    median_lower: float
    median_upper: float

    def at(self, times: ArrayLike, *, extend: bool = False) -> "CurvePoints":
        """Read the curve at ``times``.

        Parameters
        ----------
        times : array_like, shape (h,)
            In the unit of the curve.
        extend : bool
            Carry the last value beyond the longest follow-up instead of raising.

        Raises
        ------
        InputError
            A time beyond follow-up, unless ``extend``.
        """
        times = _checks.as_followed(_checks.vector(np.atleast_1d(times), "times"), self.time)
        if not extend and (times > self.time[-1]).any():
            raise InputError(
                f"times has {times.max():g}, beyond the longest follow-up {self.time[-1]:g}; choose earlier ones."
            )
        index = np.searchsorted(self.time, times, side="right")

        def read(values: np.ndarray, start: float) -> np.ndarray:
            return np.concatenate(([start], values))[index]

        at_risk = np.append(self.n_risk, 0)[np.searchsorted(self.time, times, side="left")]
        return CurvePoints(
            times, at_risk, read(self.survival, 1), read(self.se, 0), read(self.lower, 1), read(self.upper, 1)
        )


@dataclass(frozen=True)
class CurvePoints:
    """A Kaplan-Meier curve read at chosen times; arrays of shape (h,)."""

    time: np.ndarray
    n_risk: np.ndarray
    survival: np.ndarray
    se: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True)
class LogRank:
    """Log-rank test of g groups.

    Attributes
    ----------
    chisq, p : float
    df : int
        Groups less one.
    groups : ndarray, shape (g,)
        Their labels, sorted.
    n, observed, expected : ndarray, shape (g,)
        Patients, events, and events expected if all had the same hazard.
    """

    chisq: float
    p: float
    df: int
    groups: np.ndarray
    n: np.ndarray
    observed: np.ndarray
    expected: np.ndarray


def kaplan_meier(time: np.ndarray, event: np.ndarray, *, level: float = 0.95, limits: str = "log-log") -> KaplanMeier:
    """Estimate the survival curve.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up (any unit) and 1/True where the event was observed. A curve without any event is flat at one.
    level : float
        Of the confidence limits.
    limits : {"log-log", "log", "plain"}
        Scale on which the limits are symmetric.

    Returns
    -------
    KaplanMeier

    Raises
    ------
    InputError
        Unusable arrays.

    Notes
    -----
    Kaplan and Meier 1958; equals ``survival::survfit`` of R with the same ``conf.type``.
    """
    time, event = _checks.survival(time, event, needs_event=False)
    times, n_risk, n_event, n_censor = life_table(time, event)
    survival = np.cumprod(1 - n_event / n_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard_se = np.sqrt(np.cumsum(n_event / (n_risk * (n_risk - n_event))))
        se = survival * hazard_se
    lower, upper = survival_limits(survival, hazard_se, level=level, limits=limits)
    return KaplanMeier(
        times, n_risk, n_event, n_censor, survival, se, lower, upper,
        median=_median(times, survival), median_lower=_median(times, lower), median_upper=_median(times, upper),
    )  # fmt: skip


def life_table(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Distinct times, and at each the number at risk just before, of events and of censorings (checked arrays)."""
    times, index, total = np.unique(time, return_inverse=True, return_counts=True)
    n_event = np.bincount(index[event], minlength=times.size)
    return times, np.cumsum(total[::-1])[::-1], n_event, total - n_event


def censoring_survival(time: np.ndarray, event: np.ndarray, at: np.ndarray, *, before: bool = False) -> np.ndarray:
    """Probability of still being followed up at the times ``at`` (just before them with ``before``).

    Kaplan-Meier of the censoring times, events taking place before censorings at tied times, as
    ``prodlim(reverse = TRUE)`` of R. Arrays must have been checked.
    """
    times, n_risk, n_event, n_censor = life_table(time, event)
    left = np.maximum(n_risk - n_event, 1)  # where all at risk have the event nobody is censored
    curve = np.concatenate(([1.0], np.cumprod(1 - n_censor / left)))
    return curve[np.searchsorted(times, at, side="left" if before else "right")]


def logrank(time: np.ndarray, event: np.ndarray, group: np.ndarray) -> LogRank:
    """Compare the survival of two or more groups.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and event.
    group : array_like, shape (n,)
        Any sortable labels.

    Returns
    -------
    LogRank

    Raises
    ------
    InputError
        Unusable arrays, or one group only.

    Notes
    -----
    Mantel 1966 with the hypergeometric variance; equals ``survival::survdiff`` of R.
    """
    time, event = _checks.survival(time, event)
    labels, index = _checks.groups(group, "group", time.size)
    times, time_index = np.unique(time, return_inverse=True)
    shape = (times.size, labels.size)
    leaving = np.bincount(time_index * labels.size + index, minlength=times.size * labels.size).reshape(shape)
    n_risk = np.cumsum(leaving[::-1], axis=0)[::-1]
    flat = time_index[event] * labels.size + index[event]
    n_event = np.bincount(flat, minlength=times.size * labels.size).reshape(shape)

    happened = n_event.any(axis=1)
    n_risk, n_event = n_risk[happened], n_event[happened]
    at_risk, deaths = n_risk.sum(axis=1), n_event.sum(axis=1)
    share = n_risk / at_risk[:, None]
    observed, expected = n_event.sum(axis=0), deaths @ share
    factor = deaths * (at_risk - deaths) / np.maximum(at_risk - 1, 1)
    variance = np.diag(factor @ share) - (share * factor[:, None]).T @ share
    difference = observed - expected
    # The groups' differences sum to zero: one of them is redundant.
    chisq = float(difference[1:] @ np.linalg.lstsq(variance[1:, 1:], difference[1:])[0])
    df = labels.size - 1
    n = np.bincount(index, minlength=labels.size)
    return LogRank(chisq, float(stats.chi2.sf(chisq, df)), df, labels, n, observed, expected)


def _median(times: np.ndarray, curve: np.ndarray) -> float:
    """First time at which ``curve`` is one half or less; the middle of the step where it runs flat at one half."""
    below = np.flatnonzero(curve < 0.5 + _MEDIAN_TOLERANCE)  # NaN compares false
    if below.size == 0:
        return float("nan")
    first = below[0]
    lower = below[curve[below] < curve[first]]
    if abs(curve[first] - 0.5) < _MEDIAN_TOLERANCE and lower.size:
        return float((times[first] + times[lower[0]]) / 2)
    return float(times[first])
