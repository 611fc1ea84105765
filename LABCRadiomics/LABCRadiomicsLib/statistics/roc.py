"""Time-dependent ROC curves (cumulative cases, dynamic controls) by three estimators, and Youden's cutoff."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from . import _checks
from .kaplan_meier import censoring_survival, kaplan_meier

METHODS = ("ipcw", "km", "nne")

_PERFECT = 1e-12  # rounding of an AUC of 0 or 1


@dataclass(frozen=True)
class TimeDependentROC:
    """An ROC curve at one horizon; arrays of shape (k + 1,) for k distinct marker values.

    A point counts as positive the patients with ``marker > threshold``, equivalently ``marker >= cutoff``.

    Attributes
    ----------
    horizon : float
    method : str
    threshold : ndarray
        Falling, from the largest marker to minus infinity.
    cutoff : ndarray
        The smallest marker among the positives, infinity where there are none.
    tpr, fpr : ndarray
        True and false positive rate. Those of ``km`` need not be monotone.
    auc : float
        Area under the curve.
    se, lower, upper : float
        Standard error of the AUC and limits ``auc +- z se`` cut at 0 and 1. NaN for ``km`` and ``nne``, and where they
        would say nothing of the precision: fewer than two cases or two controls, or an AUC of exactly 0 or 1.
    cases, controls : int
        Patients with the event up to the horizon, and followed beyond it.
    """

    horizon: float
    method: str
    threshold: np.ndarray
    cutoff: np.ndarray
    tpr: np.ndarray
    fpr: np.ndarray
    auc: float
    se: float
    lower: float
    upper: float
    cases: int
    controls: int


@dataclass(frozen=True)
class YoudenCutoff:
    """The point of an ROC curve with the largest ``tpr - fpr``.

    Attributes
    ----------
    cutoff, threshold : float
        The same split of the patients: ``marker >= cutoff`` and ``marker > threshold``.
    tpr, fpr, youden : float
    """

    cutoff: float
    threshold: float
    tpr: float
    fpr: float
    youden: float


def time_dependent_roc(
    marker: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    horizon: float,
    *,
    method: str = "ipcw",
    span: float | None = None,
    level: float = 0.95,
) -> TimeDependentROC:
    """ROC curve of a marker for the event up to ``horizon``.

    Parameters
    ----------
    marker : array_like, shape (n,)
        Higher is worse.
    time, event : array_like, shape (n,)
        Follow-up and event.
    horizon : float
        In the unit of ``time``, within follow-up.
    method : {"ipcw", "km", "nne"}
        Inverse probability of censoring weights (Uno et al. 2007, R: ``timeROC``), or Kaplan-Meier within those above
        each threshold, or nearest neighbors (both Heagerty et al. 2000, R: ``survivalROC``).
    span : float, optional
        Share of the patients in a neighborhood of ``nne``, ``0.25 n**-0.2`` unless given.
    level : float
        Of the confidence limits.

    Returns
    -------
    TimeDependentROC

    Raises
    ------
    InputError
        Unusable arrays; a horizon beyond follow-up, before the first event, or with nobody followed beyond it.

    Notes
    -----
    ``ipcw``: a case weighs ``1 / G(T-)``, a control ``1 / G(horizon)``, with G the Kaplan-Meier curve of censoring;
    the standard error is that of the influence function (Blanche et al. 2013), which includes the estimation of G.
    The AUC is the trapezoidal area, so that pairs tied in the marker count one half. An event at the very horizon is a
    case, as in ``riskRegression::Score`` of R; ``timeROC`` leaves it out.
    """
    time, event = _checks.survival(time, event)
    marker = _checks.vector(marker, "marker", time.size)
    horizon = _checks.horizon(horizon, time)
    _checks.choice(method, "method", METHODS)
    level = _checks.fraction(level, "level")
    cases, controls = _checks.cases_and_controls(time, event, horizon)

    se = float("nan")
    if method == "ipcw":
        weight = np.where(cases, 1 / censoring_survival(time, event, time, before=True), 0.0)
        tpr, fpr = _step_curve(marker, weight), _step_curve(marker, controls.astype(float))
        influence = _auc_influence(marker, time, event, weight, controls)
        if min(cases.sum(), controls.sum()) > 1:
            se = float(influence.std(ddof=1) / np.sqrt(time.size))
    elif method == "km":
        tpr, fpr = _km_curve(marker, time, event, horizon)
    else:
        width = 0.25 * time.size**-0.2 if span is None else _checks.fraction(span, "span")
        tpr, fpr = _nne_curve(marker, time, event, horizon, width)
    auc = float(np.trapezoid(tpr, fpr))
    if min(auc, 1 - auc) < _PERFECT:
        se = float("nan")
    half_width = special.ndtri((1 + level) / 2) * se
    values = np.unique(marker)[::-1]
    return TimeDependentROC(
        horizon=horizon,
        method=method,
        threshold=np.append(values, -np.inf),
        cutoff=np.append(np.inf, values),
        tpr=tpr,
        fpr=fpr,
        auc=auc,
        se=se,
        lower=float(np.clip(auc - half_width, 0, 1)),
        upper=float(np.clip(auc + half_width, 0, 1)),
        cases=int(cases.sum()),
        controls=int(controls.sum()),
    )


def time_dependent_auc(marker: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float) -> float:
    """AUC by inverse probability of censoring weights alone, for loops that need no curve and no standard error.

    Parameters, errors and value as for `time_dependent_roc` with ``method="ipcw"``.
    """
    time, event = _checks.survival(time, event)
    marker = _checks.vector(marker, "marker", time.size)
    horizon = _checks.horizon(horizon, time)
    cases, controls = _checks.cases_and_controls(time, event, horizon)
    weight = 1 / censoring_survival(time, event, time[cases], before=True)
    return float(weight @ _share_below(marker[cases], marker[controls]) / weight.sum())


def youden_cutoff(roc: TimeDependentROC) -> YoudenCutoff:
    """Return the point of ``roc`` with the largest ``tpr - fpr``; among equal ones the highest cutoff.

    Notes
    -----
    Youden 1950. R's workflow for ``timeROC`` labels a point with `YoudenCutoff.cutoff`, ``survivalROC`` labels it
    with `YoudenCutoff.threshold`.
    """
    index = int((roc.tpr - roc.fpr).argmax())
    tpr, fpr = float(roc.tpr[index]), float(roc.fpr[index])
    return YoudenCutoff(float(roc.cutoff[index]), float(roc.threshold[index]), tpr, fpr, tpr - fpr)


def _step_curve(marker: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Share of the weight above each distinct marker value, from the largest down to minus infinity."""
    values, index = np.unique(marker, return_inverse=True)
    above = np.cumsum(np.bincount(index, weights=weight, minlength=values.size)[::-1])
    return np.concatenate(([0.0], above)) / above[-1]


def _share_below(marker: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Share of ``others`` below each marker, ties counting one half."""
    ranked = np.sort(others)
    return (np.searchsorted(ranked, marker, "left") + np.searchsorted(ranked, marker, "right")) / (2 * ranked.size)


def _auc_influence(
    marker: np.ndarray, time: np.ndarray, event: np.ndarray, weight: np.ndarray, controls: np.ndarray
) -> np.ndarray:
    """Influence of each patient on the IPCW AUC; their mean square over n is its variance."""
    n = time.size
    case_share = weight / weight.sum()
    below = np.where(weight > 0, _share_below(marker, marker[controls]), 0.0)
    auc = float(case_share @ below)
    deviation = case_share * (below - auc)  # of each case; sums to zero

    ranked = np.argsort(marker)
    rising = np.concatenate(([0.0], np.cumsum(case_share[ranked])))
    at_most = rising[np.searchsorted(marker[ranked], marker, "right")]
    less = rising[np.searchsorted(marker[ranked], marker, "left")]
    as_control = np.where(controls, (1 - (at_most + less) / 2 - auc) / controls.sum(), 0.0)
    return n * (deviation + as_control + censoring_influence(time, event, deviation))


def censoring_influence(
    time: np.ndarray, event: np.ndarray, deviation: np.ndarray, at: np.ndarray | None = None
) -> np.ndarray:
    """Part of a weighted mean's influence that comes from estimating the censoring distribution.

    Sum over the patients i of ``deviation_i`` times the integral to ``at_i`` (their own time unless given) of each
    patient's censoring martingale over the number at risk. Arrays must have been checked; ``at`` holds follow-up times.
    """
    times, index = np.unique(time, return_inverse=True)
    place = index if at is None else np.searchsorted(times, at)
    n_risk = np.cumsum(np.bincount(index)[::-1])[::-1]
    censored = ~event
    hazard = np.cumsum(np.bincount(index[censored], minlength=times.size) / n_risk**2)
    by_time = np.bincount(place, weights=deviation, minlength=times.size)
    from_here = np.cumsum(by_time[::-1])[::-1]  # deviation at or after each time
    up_to = np.cumsum(by_time * hazard)
    compensator = up_to + hazard * (from_here - by_time)
    return np.where(censored, from_here[index] / n_risk[index], 0.0) - compensator[index]


def _km_curve(marker: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Rates from Kaplan-Meier curves within the patients above each threshold."""
    values = np.unique(marker)[::-1]
    overall = kaplan_meier(time, event).at(horizon).survival[0]
    above = marker > values[:, None]  # (thresholds, patients)
    survival = _survival_within(above, time, event, horizon)
    share = above.mean(axis=1)
    tpr = (1 - survival) * share / (1 - overall)
    fpr = survival * share / overall
    return np.append(tpr, 1.0), np.append(fpr, 1.0)


def _nne_curve(
    marker: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float, span: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rates from the survival of each patient's neighbors in the marker."""
    values, index = np.unique(marker, return_inverse=True)
    survival = _survival_within(_neighbors(marker, values, span), time, event, horizon)
    count = np.bincount(index)
    above = np.cumsum(count[::-1]) / marker.size
    surviving = np.cumsum((count * survival)[::-1]) / marker.size
    tpr = (above - surviving) / (1 - surviving[-1])
    fpr = surviving / surviving[-1]
    return np.append(0.0, tpr), np.append(0.0, fpr)


def _neighbors(marker: np.ndarray, values: np.ndarray, span: float) -> np.ndarray:
    """Which patients (columns) are neighbors of each value (rows): those within the distance of the one who is
    ``n span`` places above, on both sides, as in survivalROC."""
    ranked = np.sort(marker)
    reach = int(marker.size * span + 0.5)
    ahead = np.minimum(np.searchsorted(ranked, values, "left") + reach, marker.size - 1)
    distance = ranked[ahead] - values
    return np.abs(marker - values[:, None]) <= distance[:, None]


def _survival_within(member: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float) -> np.ndarray:
    """Kaplan-Meier survival at ``horizon`` within each row of the boolean ``member`` (subsets, patients)."""
    order = np.argsort(-time, kind="stable")
    rising, falling_time = np.unique(time)[::-1], time[order]
    starts = np.searchsorted(-falling_time, -rising, side="left")
    sorted_member = member[:, order].astype(float)
    at_risk = np.cumsum(np.add.reduceat(sorted_member, starts, axis=1), axis=1)
    deaths = np.add.reduceat(sorted_member * event[order], starts, axis=1)
    stays = np.where(at_risk > 0, 1 - deaths / np.maximum(at_risk, 1), 1.0)
    return np.prod(stays[:, rising <= horizon], axis=1)
