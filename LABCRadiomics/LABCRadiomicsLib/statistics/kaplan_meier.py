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


def kaplan_meier(
    time: np.ndarray,
    event: np.ndarray,
    *,
    entry: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    level: float = 0.95,
    limits: str = "log-log",
) -> KaplanMeier:
    """Estimate the survival curve.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up (any unit) and 1/True where the event was observed. A curve without any event is flat at one.
    entry : array_like, shape (n,), optional
        Times from which the patients were under observation (left truncation); zero unless given.
    weights : array_like, shape (n,), optional
        Case weights, positive. Whole ones count patients, others make the standard error the robust one.
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
    Kaplan and Meier 1958, Greenwood's standard error; equals ``survival::survfit`` of R with the same ``conf.type``,
    with ``Surv(entry, time, event)`` and with ``weights``, whose robust standard error is the infinitesimal jackknife.
    """
    time, event = _checks.survival(time, event, needs_event=False)
    if entry is not None:
        entry, time = _checks.entry(entry, time)
    if weights is None and entry is None:
        times, n_risk, n_event, n_censor = life_table(time, event)
    else:
        weights = np.ones(time.size) if weights is None else _checks.weights(weights, time.size)
        times, n_risk, n_event, n_censor = _weighted_table(time, event, entry, weights)
    survival = np.cumprod(1 - n_event / n_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(n_event / (n_risk * (n_risk - n_event)))
        if weights is not None and (weights != np.round(weights)).any():
            variance = _robust_variance(time, event, entry, weights, times, n_risk, n_event)
        hazard_se = np.sqrt(variance)
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


def _weighted_table(
    time: np.ndarray, event: np.ndarray, entry: np.ndarray | None, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`life_table` of weighted patients of whom some enter late."""
    times, index = np.unique(time, return_inverse=True)
    leaving = np.bincount(index, weights=weights, minlength=times.size)
    n_event = np.bincount(index, weights=weights * event, minlength=times.size)
    n_risk = np.cumsum(leaving[::-1])[::-1]
    if entry is not None:
        order = np.argsort(entry)
        entered = np.concatenate(([0.0], np.cumsum(weights[order])))
        n_risk = n_risk - (entered[-1] - entered[np.searchsorted(entry[order], times, side="left")])
    return times, n_risk, n_event, leaving - n_event


def _robust_variance(
    time: np.ndarray,
    event: np.ndarray,
    entry: np.ndarray | None,
    weights: np.ndarray,
    times: np.ndarray,
    n_risk: np.ndarray,
    n_event: np.ndarray,
) -> np.ndarray:
    """Infinitesimal jackknife variance of ``log S`` at each time, by running sums over those gone and those at risk.

    A patient changes ``log S(t)`` by ``a(t) - a(entry)`` while at risk, with ``a`` the sum of ``d / (n (n - d))``, less
    ``1 / (n - d)`` at the own event.
    """
    sums = np.concatenate(([0.0], np.cumsum(n_event / (n_risk * (n_risk - n_event)))))
    own = np.searchsorted(times, time)
    start = np.zeros(time.size) if entry is None else sums[np.searchsorted(times, entry, side="right")]
    final = sums[own + 1] - start - event / (n_risk - n_event)[own]
    gone = np.cumsum(np.bincount(own, weights=(weights * final) ** 2, minlength=times.size))
    first = np.zeros(time.size, dtype=int) if entry is None else np.searchsorted(times, entry, side="right")
    present = []
    for power in range(3):  # of the expanded square (a(t) - a(entry))**2
        part = weights**2 * start**power
        enters = np.bincount(first, weights=part, minlength=times.size + 1)[: times.size]
        leaves = np.bincount(own, weights=part, minlength=times.size)
        present.append(np.cumsum(enters) - np.cumsum(leaves))
    a = sums[1:]
    return gone + a**2 * present[0] - 2 * a * present[1] + present[2]


def censoring_survival(time: np.ndarray, event: np.ndarray, at: np.ndarray, *, before: bool = False) -> np.ndarray:
    """Probability of still being followed up at the times ``at`` (just before them with ``before``).

    Kaplan-Meier of the censoring times, events taking place before censorings at tied times, as
    ``prodlim(reverse = TRUE)`` of R. Arrays must have been checked.
    """
    times, n_risk, n_event, n_censor = life_table(time, event)
    left = np.maximum(n_risk - n_event, 1)  # where all at risk have the event nobody is censored
    curve = np.concatenate(([1.0], np.cumprod(1 - n_censor / left)))
    return curve[np.searchsorted(times, at, side="left" if before else "right")]


def logrank(time: np.ndarray, event: np.ndarray, group: np.ndarray, *, strata: np.ndarray | None = None) -> LogRank:
    """Compare the survival of two or more groups.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and event.
    group : array_like, shape (n,)
        Any sortable labels.
    strata : array_like, shape (n,), optional
        Labels within which the groups are compared.

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
    blocks = [np.ones(time.size, dtype=bool)]
    if strata is not None:
        levels, stratum = _checks.groups(strata, "strata", time.size)
        blocks = [stratum == level for level in range(levels.size)]
    parts = [_observed_and_expected(time[b], event[b], index[b], labels.size) for b in blocks]
    observed, expected, variance = (np.sum(values, axis=0) for values in zip(*parts, strict=True))
    difference = observed - expected
    # The groups' differences sum to zero: one of them is redundant.
    chisq = float(difference[1:] @ np.linalg.lstsq(variance[1:, 1:], difference[1:])[0])
    df = labels.size - 1
    n = np.bincount(index, minlength=labels.size)
    return LogRank(chisq, float(stats.chi2.sf(chisq, df)), df, labels, n, observed, expected)


def _observed_and_expected(
    time: np.ndarray, event: np.ndarray, index: np.ndarray, groups: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Events of each group (g,), those expected (g,), and the covariance (g, g) of the former."""
    times, time_index = np.unique(time, return_inverse=True)
    shape = (times.size, groups)
    leaving = np.bincount(time_index * groups + index, minlength=times.size * groups).reshape(shape)
    n_risk = np.cumsum(leaving[::-1], axis=0)[::-1]
    flat = time_index[event] * groups + index[event]
    n_event = np.bincount(flat, minlength=times.size * groups).reshape(shape)

    happened = n_event.any(axis=1)
    n_risk, n_event = n_risk[happened], n_event[happened]
    at_risk, deaths = n_risk.sum(axis=1), n_event.sum(axis=1)
    share = n_risk / at_risk[:, None]
    factor = deaths * (at_risk - deaths) / np.maximum(at_risk - 1, 1)
    variance = np.diag(factor @ share) - (share * factor[:, None]).T @ share
    return n_event.sum(axis=0), deaths @ share, variance


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
