"""Calibration of predicted risk: groups against Kaplan-Meier, observed over expected, slope, and a smooth curve."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from . import _checks
from .cox import cox
from .kaplan_meier import kaplan_meier

_KNOTS = (3, 4, 5)
_SMALL, _FEW = 100, 0.05  # patients, and share of them with the same value, for which `_knots` has rules of its own


@dataclass(frozen=True)
class CalibrationGroups:
    """Predicted against observed survival in g groups of rising predicted survival; arrays of shape (g,).

    Attributes
    ----------
    n : ndarray of int
    predicted : ndarray
        Mean predicted survival at the horizon.
    observed, se, lower, upper : ndarray
        Kaplan-Meier survival at the horizon, its standard error and confidence limits; the limits of a group without
        an event by then do not exist: NaN, as in R.
    """

    n: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    se: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True)
class CalibrationSummary:
    """Calibration in the large and calibration slope.

    Attributes
    ----------
    observed, expected : float
        Kaplan-Meier risk at the horizon, and mean predicted risk.
    ratio, ratio_lower, ratio_upper : float
        Observed over expected: 1 is perfect, above 1 the model underestimates risk.
    slope, slope_se, slope_lower, slope_upper : float
        Coefficient of ``log(-log(1 - risk))`` in a Cox model: 1 is perfect, below 1 predictions are too extreme.
    """

    observed: float
    expected: float
    ratio: float
    ratio_lower: float
    ratio_upper: float
    slope: float
    slope_se: float
    slope_lower: float
    slope_upper: float


@dataclass(frozen=True)
class CalibrationCurve:
    """Smooth observed risk for each patient's predicted risk.

    Attributes
    ----------
    predicted, observed : ndarray, shape (n,)
        In the order of the patients.
    ici, e50, e90 : float
        Mean, median and 90th percentile of the absolute difference.
    """

    predicted: np.ndarray
    observed: np.ndarray
    ici: float
    e50: float
    e90: float


def calibration_groups(
    risk: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float, *, n_groups: int = 5, level: float = 0.95
) -> CalibrationGroups:
    """Compare predicted survival with Kaplan-Meier in quantile groups of the prediction.

    Parameters
    ----------
    risk : array_like, shape (n,)
        Predicted probability of the event up to ``horizon``.
    time, event : array_like, shape (n,)
        Follow-up and event.
    horizon : float
    n_groups : int
        Groups of equal size: 5 for fifths, 10 for tenths.
    level : float
        Of the log-log limits.

    Returns
    -------
    CalibrationGroups

    Raises
    ------
    InputError
        Unusable arrays; a horizon beyond follow-up; too few distinct risks for the groups.

    Notes
    -----
    Borders are R's default quantiles (type 7) of predicted survival and belong to the group below. A group whose
    follow-up ends before the horizon keeps its last Kaplan-Meier value.
    """
    time, event, risk, horizon = _checked(risk, time, event, horizon)
    survival = 1 - risk
    if not 2 <= n_groups <= time.size // 2:
        raise InputError(f"n_groups must lie between 2 and half the number of patients, not {n_groups}.")
    borders = np.quantile(survival, np.linspace(0, 1, n_groups + 1))
    group = np.searchsorted(borders[1:-1], survival, side="left")
    n = np.bincount(group, minlength=n_groups)
    if (np.diff(borders) <= 0).any() or (n < 2).any():
        raise InputError(f"risk has too few distinct values for {n_groups} groups; use a smaller n_groups.")
    rows = []
    for index in range(n_groups):
        member = group == index
        point = kaplan_meier(time[member], event[member], level=level).at(horizon, extend=True)
        limits = (np.nan, np.nan) if point.survival[0] == 1 else (point.lower[0], point.upper[0])
        rows.append((survival[member].mean(), point.survival[0], point.se[0], *limits))
    return CalibrationGroups(n, *np.array(rows).T)


def calibration_summary(
    risk: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    horizon: float,
    *,
    survival: np.ndarray | None = None,
    level: float = 0.95,
) -> CalibrationSummary:
    """Observed over expected events and the calibration slope.

    Parameters
    ----------
    risk, time, event, horizon, level
        As for `calibration_groups`.
    survival : array_like, shape (n,), optional
        ``1 - risk`` where the caller has it: close to a risk of 1 it keeps the digits that the risk has lost.

    Returns
    -------
    CalibrationSummary

    Raises
    ------
    InputError
        Unusable arrays; a horizon beyond follow-up; risks that are all equal; a risk of exactly 0 or 1, which has no
        complementary log-log.

    Notes
    -----
    The ratio's limits are symmetric on the log scale, with Greenwood's standard error of the observed risk (Riley et
    al. 2019). Slope as in van Houwelingen 2000; equals ``coxph(Surv(time, event) ~ log(-log(1 - risk)))`` of R.
    """
    time, event, risk, horizon = _checked(risk, time, event, horizon)
    point = kaplan_meier(time, event).at(horizon)
    observed, expected = float(1 - point.survival[0]), float(risk.mean())
    if observed == 0 or expected == 0:
        raise InputError(f"horizon {horizon:g} has no observed or no expected event; choose a later one.")
    model = cox(_log_log(risk, survival)[:, None], time, event, level=level)
    half_width = np.log(model.upper[0] / model.lower[0]) / 2
    log_half_width = half_width / model.se[0] * float(point.se[0]) / observed
    ratio = observed / expected
    slope = float(model.coef[0])
    return CalibrationSummary(
        observed=observed,
        expected=expected,
        ratio=ratio,
        ratio_lower=float(ratio * np.exp(-log_half_width)),
        ratio_upper=float(ratio * np.exp(log_half_width)),
        slope=slope,
        slope_se=float(model.se[0]),
        slope_lower=float(slope - half_width),
        slope_upper=float(slope + half_width),
    )


def calibration_curve(
    risk: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    horizon: float,
    *,
    survival: np.ndarray | None = None,
    n_knots: int = 3,
) -> CalibrationCurve:
    """Smooth calibration curve with ICI, E50 and E90.

    Parameters
    ----------
    risk, time, event, horizon, survival
        As for `calibration_summary`.
    n_knots : {3, 4, 5}
        Of the restricted cubic spline.

    Returns
    -------
    CalibrationCurve

    Raises
    ------
    InputError
        As for `calibration_summary`; too few distinct risks for the knots.

    Notes
    -----
    Austin, Harrell and van Klaveren 2020: a Cox model on a restricted cubic spline of ``log(-log(1 - risk))``, whose
    predicted risk at the horizon is the observed one. Equals ``coxph(Surv(time, event) ~ rms::rcs(x, 3))`` of R, whose
    knots are quantiles; below 100 patients the outer ones are the fifth smallest and the fifth largest value.
    """
    time, event, risk, horizon = _checked(risk, time, event, horizon)
    if n_knots not in _KNOTS:
        raise InputError(f"n_knots must be 3, 4 or 5, not {n_knots}.")
    x = _log_log(risk, survival)
    basis = _restricted_cubic_spline(x, _knots(x, n_knots))
    model = cox(basis, time, event)
    observed = 1 - model.survival(basis, np.array([horizon])).survival[:, 0]
    distance = np.abs(observed - risk)
    e50, e90 = np.quantile(distance, (0.5, 0.9))
    return CalibrationCurve(risk, observed, float(distance.mean()), float(e50), float(e90))


def _checked(
    risk: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    time, event = _checks.survival(time, event)
    return time, event, _checks.probability(risk, "risk", time.size), _checks.horizon(horizon, time)


def _log_log(risk: np.ndarray, survival: np.ndarray | None) -> np.ndarray:
    if np.ptp(risk) == 0:
        raise InputError("risk is the same for all patients; calibration needs predictions that differ.")
    with np.errstate(divide="ignore"):
        hazard = -np.log1p(-risk) if survival is None else -np.log(_checks.probability(survival, "survival", risk.size))
    certain = np.flatnonzero((hazard == 0) | np.isinf(hazard))
    if certain.size:
        raise InputError(
            f"risk is exactly {risk[certain[0]]:g} for {certain.size} of {risk.size} patients, the first at row "
            f"{certain[0]}; a calibration slope or curve takes log(-log(1 - risk)), which does not exist there."
        )
    return np.log(hazard)


def _knots(x: np.ndarray, n_knots: int) -> np.ndarray:
    """Knots where ``rms::rcs`` of R puts them (``Hmisc::rcspline.eval``, Harrell 2015, section 2.4.6).

    They are quantiles; among fewer than 100 values the outer ones are the fifth smallest and the fifth largest. Where
    at least 5% of the values are the lowest (highest) one and no inner value is as frequent, the next value is a knot
    and the others are quantiles of the rest.
    """
    values, counts = np.unique(x, return_counts=True)
    if values.size - 2 <= n_knots:
        return _usable(values[1:-1])
    share = counts / x.size
    rest, outer = np.sort(x), 0.05 if n_knots > 3 else 0.1
    first, last = np.empty(0), np.empty(0)
    if share[1:-1].max() < _FEW:
        if share[0] >= _FEW:
            first = values[1:2]
            rest = rest[rest > first]
        if share[-1] >= _FEW:
            last = rest[rest < rest[-1]][-1:]
            rest = rest[rest < last]
    n_inner = n_knots - first.size - last.size
    places = np.linspace(outer if n_inner > 2 else 0.5, 1 - outer, n_inner) if n_inner > 1 else np.array([0.5])
    inner = np.quantile(rest, places)
    if np.unique(inner).size < min(n_inner, 3):
        inner = np.quantile(rest, np.linspace(outer, 1 - outer, 2 * n_inner))
    if n_inner > 1 and rest.size < _SMALL:
        if rest.size < 5:
            raise InputError("risk has too few distinct values for the knots of a smooth curve; use groups instead.")
        inner[0] = inner[0] if first.size else rest[4]
        inner[n_inner - 1] = inner[n_inner - 1] if last.size else rest[-5]
    return _usable(np.concatenate((first, inner, last)))


def _usable(knots: np.ndarray) -> np.ndarray:
    knots = np.unique(knots)
    if knots.size < 3:
        raise InputError("risk has too few distinct values for the knots of a smooth curve; use groups instead.")
    return knots


def _restricted_cubic_spline(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Basis of a cubic spline that is linear beyond its outer knots, (n, knots - 1); Harrell's, scaled as in rms."""
    last, before = knots[-1], knots[-2]

    def cube(knot: float) -> np.ndarray:
        return np.maximum(x - knot, 0) ** 3

    columns = [x]
    for knot in knots[:-2]:
        bend = cube(knot) - (cube(before) * (last - knot) - cube(last) * (before - knot)) / (last - before)
        columns.append(bend / (last - knots[0]) ** 2)
    return np.column_stack(columns)
