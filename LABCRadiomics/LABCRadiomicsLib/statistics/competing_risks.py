"""Competing risks: cumulative incidence of each cause, and Gray's test between groups."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from ..errors import InputError
from . import _checks


@dataclass(frozen=True)
class CumulativeIncidence:
    """Chance of having had an event of one cause; arrays of shape (k,), one entry a distinct event time of any cause.

    Attributes
    ----------
    cause : int
    time, n_risk, n_event : ndarray
        Times, patients at risk just before them, events of the cause at them.
    incidence, se, lower, upper : ndarray
        Probability of the event by each time, standard error and limits on the log-log scale.
    last_follow_up : float
    """

    cause: int
    time: np.ndarray
    n_risk: np.ndarray
    n_event: np.ndarray
    incidence: np.ndarray
    se: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    last_follow_up: float

    def at(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Incidence, standard error, lower and upper limit at ``times``, each of shape (h,).

        Raises
        ------
        InputError
            A time beyond follow-up.
        """
        times = _checks.as_followed(_checks.vector(np.atleast_1d(times), "times"), self.time)
        if (times > self.last_follow_up).any():
            raise InputError(f"times has {times.max():g}, beyond the longest follow-up {self.last_follow_up:g}.")
        index = np.searchsorted(self.time, times, side="right")
        values = (self.incidence, self.se, self.lower, self.upper)
        first = (0.0, 0.0, np.nan, np.nan)
        read = [np.concatenate(([start], column))[index] for start, column in zip(first, values, strict=True)]
        return read[0], read[1], read[2], read[3]


@dataclass(frozen=True)
class GrayTest:
    """Gray's test that g groups have the same cumulative incidence of a cause."""

    chisq: float
    p: float
    df: int
    groups: np.ndarray


def cumulative_incidence(
    time: np.ndarray, cause: np.ndarray, *, of: int = 1, level: float = 0.95
) -> CumulativeIncidence:
    """Estimate the cumulative incidence of one cause among competing ones.

    Parameters
    ----------
    time : array_like, shape (n,)
        Follow-up, any unit.
    cause : array_like of int, shape (n,)
        0 where follow-up was censored, else the cause of the event: 1, 2, ...
    of : int
        The cause of interest.
    level : float
        Of the confidence limits.

    Returns
    -------
    CumulativeIncidence

    Raises
    ------
    InputError
        Unusable arrays; causes that are not whole numbers from 0; no event of the cause.

    Notes
    -----
    Aalen and Johansen 1978. Taking the other events for censoring and 1 - Kaplan-Meier gives too much. Standard errors
    equal those of ``survival::survfit`` of R with a factor as event (infinitesimal jackknife).
    """
    time, cause = _causes(time, cause, of)
    level = _checks.fraction(level, "level")
    times, index = np.unique(time[cause > 0], return_inverse=True)
    n_risk = (np.sort(time).size - np.searchsorted(np.sort(time), times, side="left")).astype(float)
    any_event = np.bincount(index, minlength=times.size)
    n_event = np.bincount(index, weights=cause[cause > 0] == of, minlength=times.size)
    survival = np.concatenate(([1.0], np.cumprod(1 - any_event / n_risk)))
    incidence = np.cumsum(survival[:-1] * n_event / n_risk)
    se = np.sqrt(_variance(time, cause, of, times, n_risk, any_event, n_event, survival, incidence))
    z = special.ndtri((1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.exp(z * se / (incidence * -np.log(incidence)))
        lower, upper = incidence**width, incidence ** (1 / width)
    none = (incidence <= 0) | (incidence >= 1) | (se == 0)
    return CumulativeIncidence(
        of, times, n_risk, n_event, incidence, se, np.where(none, np.nan, lower), np.where(none, np.nan, upper),
        float(time.max()),
    )  # fmt: skip


def gray_test(time: np.ndarray, cause: np.ndarray, group: np.ndarray, *, of: int = 1) -> GrayTest:
    """Compare the cumulative incidence of one cause between two or more groups.

    Parameters
    ----------
    time, cause, of
        As for `cumulative_incidence`.
    group : array_like, shape (n,)
        Any sortable labels.

    Returns
    -------
    GrayTest

    Raises
    ------
    InputError
        As for `cumulative_incidence`; one group only.

    Notes
    -----
    Gray 1988 with weight 1. Equals ``cmprsk::cuminc`` of R.
    """
    time, cause = _causes(time, cause, of)
    labels, index = _checks.groups(group, "group", time.size)
    score, variance = _gray(time, cause, index, labels.size, of)
    chisq = float(score @ np.linalg.lstsq(variance, score)[0])
    df = labels.size - 1
    return GrayTest(chisq, float(stats.chi2.sf(chisq, df)), df, labels)


def _causes(time: np.ndarray, cause: np.ndarray, of: int) -> tuple[np.ndarray, np.ndarray]:
    time = _checks.vector(time, "time")
    cause = _checks.vector(cause, "cause", time.size)
    if (cause < 0).any() or (cause != np.round(cause)).any():
        raise InputError("cause must hold whole numbers: 0 for censoring, 1, 2, ... for the causes of the event.")
    time, _ = _checks.survival(time, cause > 0)
    if not (cause == of).any():
        raise InputError(f"cause has no event of cause {of}; choose another one.")
    return time, cause.astype(int)


def _variance(
    time: np.ndarray,
    cause: np.ndarray,
    of: int,
    times: np.ndarray,
    n_risk: np.ndarray,
    any_event: np.ndarray,
    n_event: np.ndarray,
    survival: np.ndarray,
    incidence: np.ndarray,
) -> np.ndarray:
    """Infinitesimal jackknife variance of the incidence at each time.

    A patient still at risk at t changes the incidence by ``b(t) - d(t)``; one who left at m by ``alpha + beta F(t)``:
    the survival that later steps are multiplied by has changed by ``beta`` for good.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(n_risk > any_event, any_event / (n_risk * (n_risk - any_event)), 0.0)
        own_change = np.where(n_risk > any_event, 1 / (n_risk - any_event), 0.0)
    step = survival[:-1] * n_event / n_risk
    a = np.concatenate(([0.0], np.cumsum(hazard)))
    b = np.concatenate(([0.0], np.cumsum(step * a[:-1])))
    d = np.concatenate(([0.0], np.cumsum(step / n_risk)))
    f = np.concatenate(([0.0], incidence))

    last = np.searchsorted(times, time, side="right")  # event times that the patient was at risk at
    place = np.maximum(last - 1, 0)
    beta = a[last] - np.where(cause > 0, own_change[place], 0.0)
    alpha = b[last] - d[last] - f[last] * beta
    alpha += np.where(cause == of, survival[place] / n_risk[place], 0.0)
    k = np.arange(1, times.size + 1)
    left = np.searchsorted(np.sort(last), k, side="right")  # patients who were at risk at no later event time
    sums = []
    for values in (alpha**2, alpha * beta, beta**2):
        sums.append(np.cumsum(np.bincount(last, weights=values, minlength=times.size + 1))[k])
    return sums[0] + 2 * f[k] * sums[1] + f[k] ** 2 * sums[2] + (time.size - left) * (b[k] - d[k]) ** 2


def _gray(
    time: np.ndarray, cause: np.ndarray, index: np.ndarray, groups: int, of: int
) -> tuple[np.ndarray, np.ndarray]:
    """Scores (g - 1,) of all groups but the last and their covariance, in the notation of Gray 1988.

    ``h`` are those at risk in each group divided by its survival: what they would be had nobody had another event;
    ``r`` counts those who had one as still at risk.
    """
    times = np.unique(time[cause > 0])
    at_risk = np.array([np.sum(time[index == g] >= times[:, None], axis=1) for g in range(groups)]).T.astype(float)
    counts = np.zeros((2, times.size, groups))
    np.add.at(
        counts, ((cause != of)[cause > 0].astype(int), np.searchsorted(times, time[cause > 0]), index[cause > 0]), 1
    )
    survival, incidence, pooled = np.ones(groups), np.zeros(groups), 0.0
    score, covariance = np.zeros(groups), np.zeros((groups, groups))
    carried, second, third = np.zeros((groups, groups)), np.zeros((groups, groups)), np.zeros(groups)
    for n, own, other in zip(at_risk, counts[0], counts[1], strict=True):
        here = n > 0
        share = np.where(here, 1 / np.maximum(n, 1), 0.0)
        after = survival * (1 - (own + other) * share)
        h, r = n / np.where(here, survival, 1), n * (1 - incidence) / np.where(here, survival, 1)
        deaths = own.sum()
        next_pooled = pooled + deaths / h.sum()
        a = np.diag(h) - np.outer(h, h) / h.sum()
        carried += a * deaths / (h.sum() * (1 - pooled))
        score += np.where(here, own - deaths * r / r.sum(), 0.0)
        ratio = np.where(after > 0, (1 - next_pooled) / np.where(after > 0, after, 1), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            tied = np.where(deaths > 1, 1 - (deaths - 1) / (h.sum() * survival - 1), 1.0)
            tied_other = np.where(other > 1, 1 - (other - 1) / (n - 1), 1.0)
        first_part = np.where(here, tied * survival * deaths / h.sum() * share, 0.0), 1 - ratio, a
        other_part = np.where(after > 0, tied_other * survival**2 * other * share**2, 0.0), -ratio, np.zeros_like(a)
        for weight, factor, direct in (first_part, other_part):
            moved = direct - factor * carried
            covariance += (weight * moved) @ moved.T
            second += weight * factor * moved
            third += weight * factor**2
        incidence = incidence + survival * own * share
        survival, pooled = after, next_pooled
    covariance += (carried * third) @ carried.T + carried @ second.T + second @ carried.T
    return score[:-1], covariance[:-1, :-1]
