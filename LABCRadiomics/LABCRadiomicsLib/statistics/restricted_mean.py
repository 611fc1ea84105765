"""Restricted mean survival time: the area under the curve up to a horizon, of one group and between two."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..errors import InputError
from . import _checks
from .kaplan_meier import kaplan_meier


@dataclass(frozen=True)
class RestrictedMean:
    """Mean survival time up to a horizon, with limits, in the unit of the follow-up."""

    mean: float
    se: float
    lower: float
    upper: float
    horizon: float


@dataclass(frozen=True)
class RestrictedMeanDifference:
    """Difference of two groups' restricted means, first less second, with limits and a two-sided p value."""

    first: RestrictedMean
    second: RestrictedMean
    difference: float
    se: float
    lower: float
    upper: float
    z: float
    p: float


def restricted_mean(time: np.ndarray, event: np.ndarray, horizon: float, *, level: float = 0.95) -> RestrictedMean:
    """Estimate the restricted mean survival time.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up (any unit) and event.
    horizon : float
        Within follow-up.
    level : float
        Of the confidence limits.

    Returns
    -------
    RestrictedMean

    Raises
    ------
    InputError
        Unusable arrays; a horizon beyond follow-up.

    Notes
    -----
    Area under the Kaplan-Meier curve, with Greenwood's variance (Royston and Parmar 2013). Equals ``survRM2::rmst2``
    and ``print(survfit, rmean = horizon)`` of R.
    """
    time, event = _checks.survival(time, event, needs_event=False)
    horizon, level = _checks.horizon(horizon, time), _checks.fraction(level, "level")
    curve = kaplan_meier(time, event)
    within = curve.time <= horizon
    n_risk, n_event, survival = curve.n_risk[within], curve.n_event[within], curve.survival[within]
    edges = np.concatenate(([0.0], curve.time[within], [horizon]))
    areas = np.concatenate(([1.0], survival)) * np.diff(edges)
    beyond = np.cumsum(areas[::-1])[::-1][1:]  # area from each time on
    left = n_risk - n_event
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(left > 0, n_event / (n_risk * left), 0.0)  # nobody left: no area beyond either
    mean, se = float(areas.sum()), float(np.sqrt(terms @ beyond**2))
    half_width = special.ndtri((1 + level) / 2) * se
    return RestrictedMean(mean, se, mean - half_width, mean + half_width, horizon)


def restricted_mean_difference(
    time: np.ndarray, event: np.ndarray, first: np.ndarray, horizon: float, *, level: float = 0.95
) -> RestrictedMeanDifference:
    """Compare the restricted means of two groups.

    Parameters
    ----------
    time, event, horizon, level
        As for `restricted_mean`; the horizon must lie within the follow-up of both groups.
    first : array_like of bool, shape (n,)
        Who is in the first group.

    Raises
    ------
    InputError
        As for `restricted_mean`; a group of fewer than two patients.

    Notes
    -----
    Equals ``survRM2::rmst2`` of R, unadjusted.
    """
    time, event = _checks.survival(time, event, needs_event=False)
    first = _checks.vector(first, "first", time.size)
    if not np.isin(first, (0.0, 1.0)).all() or not 2 <= first.sum() <= time.size - 2:
        raise InputError("first must be boolean, with at least two patients in and two out of the group.")
    groups = [restricted_mean(time[g], event[g], horizon, level=level) for g in (first == 1, first == 0)]
    difference, se = groups[0].mean - groups[1].mean, float(np.hypot(groups[0].se, groups[1].se))
    half_width = special.ndtri((1 + _checks.fraction(level, "level")) / 2) * se
    z = difference / se if se > 0 else float("nan")
    p = float(special.erfc(abs(z) / np.sqrt(2)))
    return RestrictedMeanDifference(
        groups[0], groups[1], difference, se, difference - half_width, difference + half_width, z, p
    )
