"""The one way to measure a marker on patients: discrimination, groups, calibration, accuracy, use, comparison."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..errors import present
from ..statistics.concordance import harrell_c, uno_c
from ..statistics.cox import cox
from ..statistics.roc import TimeDependentROC, time_dependent_roc
from .attempts import Attempts, attempt
from .comparison import Comparison, compare
from .cutoff import CutoffStudy, accuracy_of_cutoff, cutoff_study
from .marker import Marker
from .metrics import UNKNOWN, Estimate, Figure, Measure, Metric
from .predicted_risk import HorizonCalibration, HorizonDecision, accuracy_at, calibration_at, net_benefit
from .risk_groups import RiskGroups, peto_separation, risk_groups

_FEW_AT_HORIZON = 5


@dataclass(frozen=True)
class MarkerROC:
    """A time-dependent ROC curve of a named marker; ``at_cutoff`` is (fpr, tpr) where its cutoff splits patients."""

    marker: str
    curve: TimeDependentROC
    at_cutoff: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class MarkerPerformance:
    """Everything that n patients say of a marker.

    Attributes
    ----------
    marker : Marker
        Of the n patients who have a value.
    n, events : int
    estimates : mapping of Measure to Estimate
        Every single figure; absent where it does not exist on these patients.
    roc : tuple of MarkerROC
        One a horizon.
    groups : RiskGroups or None
        None for a marker without a cutoff, or when a group has fewer than two patients.
    cutoff : CutoffStudy or None
        None for a marker without a cutoff, or without a horizon.
    calibration : tuple of HorizonCalibration
        One a horizon at which the marker predicts a risk.
    decision : HorizonDecision or None
        At the last of these, beside the comparators.
    comparisons : tuple of Comparison
        One a comparator.
    notices : tuple of Notice
        What could not be measured and why.
    """

    marker: Marker
    n: int
    events: int
    estimates: Mapping[Measure, Estimate]
    roc: tuple[MarkerROC, ...]
    groups: RiskGroups | None
    cutoff: CutoffStudy | None
    calibration: tuple[HorizonCalibration, ...]
    decision: HorizonDecision | None
    comparisons: tuple[Comparison, ...]
    notices: tuple

    def figures(self, cohort: str, kind: str, metrics: Iterable[Metric] = Metric) -> tuple[Figure, ...]:
        """Give the figures, or those of some metrics, with whom they were measured on.

        Parameters
        ----------
        cohort : str
            Name of the patients.
        kind : {"apparent", "optimism-corrected", "validation", "external"}
        metrics : iterable of Metric
        """
        wanted = set(metrics)
        return tuple(
            Figure(measure=measure, estimate=estimate, cohort=cohort, n=self.n, events=self.events, kind=kind)
            for measure, estimate in self.estimates.items()
            if measure.metric in wanted
        )


def measure(
    marker: Marker,
    months: np.ndarray,
    event: np.ndarray,
    horizons: Sequence[float],
    *,
    comparators: Sequence[Marker] = (),
    bootstrap: int = 0,
    seed: int = 0,
) -> MarkerPerformance:
    """Measure a marker on patients.

    Parameters
    ----------
    marker : Marker
        Patients whose value is NaN are left out.
    months, event : numpy.ndarray, shape (n,)
    horizons : sequence of float
        Months, rising, each with an event before and follow-up beyond it; see :func:`usable_horizons`.
    comparators : sequence of Marker
        Of the same patients.
    bootstrap, seed : int
        Resamples of the patients for limits that have no formula (Brier score, IPA, IDI, NRI) and for the cutoff; 0
        leaves these out.

    Returns
    -------
    MarkerPerformance
        What does not exist on these patients is None or absent, with a notice that says why.
    """
    known = marker.known
    marker, months, event = marker.take(known), months[known], event[known]
    others = [other.take(known) for other in comparators]
    attempts = Attempts()
    estimates, roc = _discrimination(marker, months, event, horizons, attempts)
    groups, separation = _groups(marker, months, event, horizons, attempts)
    estimates |= separation
    if groups is not None:
        for horizon in horizons:
            estimates |= accuracy_of_cutoff(marker, months, event, horizon)
    cutoff = None
    if horizons:
        at = horizons[-1]
        cutoff = cutoff_study(marker, months, event, at, repeats=bootstrap, seed=seed, attempts=attempts)
    calibration = []
    predicted = [horizon for horizon in horizons if horizon in marker.survival]
    for horizon in predicted:
        estimates |= accuracy_at(marker, months, event, horizon, bootstrap, seed, attempts)
        calibration.append(calibration_at(marker, months, event, horizon, attempts))
        summary = calibration[-1].summary
        if summary:
            ratio = Estimate(summary.ratio, summary.ratio_lower, summary.ratio_upper)
            estimates[Measure(Metric.OBSERVED_EXPECTED, marker.name, horizon)] = ratio
    log_hazard = marker.log_hazard
    if log_hazard is not None:
        slope = attempts(f"The calibration slope of the {marker.name}", lambda: _slope(log_hazard, months, event))
        estimates |= {Measure(Metric.SLOPE, marker.name): slope} if slope else {}
    comparisons = []
    for other in others:
        found = attempts(
            f"The comparison with {other.name}",
            partial(compare, marker, other, months, event, bootstrap=bootstrap, seed=seed, attempts=attempts),
        )
        if found:
            comparisons.append(found)
            estimates |= found.estimates()
    return MarkerPerformance(
        marker=marker,
        n=int(months.size),
        events=int(event.sum()),
        estimates=estimates,
        roc=roc,
        groups=groups,
        cutoff=cutoff,
        calibration=tuple(calibration),
        decision=net_benefit([marker, *others], months, event, predicted[-1], attempts) if predicted else None,
        comparisons=tuple(comparisons),
        notices=tuple(attempts.notices),
    )


def essentials(marker: Marker, months: np.ndarray, event: np.ndarray, horizon: float) -> dict[Measure, Estimate]:
    """Measure what resampling corrects: C-index, AUC, calibration slopes and the separation of the risk groups.

    Parameters
    ----------
    marker, months, event
        As for :func:`measure`.
    horizon : float
        Of the AUC, months.

    Returns
    -------
    dict of Measure to Estimate
        NaN for what does not exist on these patients, as a resample need not hold every kind of patient.
    """
    known = marker.known
    if not known.all():
        marker, months, event = marker.take(known), months[known], event[known]
    found = {
        Measure(Metric.C_INDEX, marker.name): attempt(lambda: _c_index(marker, months, event)),
        Measure(Metric.AUC, marker.name, horizon): attempt(
            lambda: _area(time_dependent_roc(marker.values, months, event, horizon))
        ),
    }
    if marker.log_hazard is not None:
        found[Measure(Metric.SLOPE, marker.name)] = attempt(partial(_slope, marker.log_hazard, months, event))
    if marker.score_share is not None:
        found[Measure(Metric.SCORE_SLOPE, marker.name)] = attempt(lambda: _score_slope(marker, months, event))
    if marker.high is not None:
        found[Measure(Metric.PETO, marker.name)] = peto_separation(marker.high, months, event)
    return {key: value or UNKNOWN for key, value in found.items()}


def usable_horizons(
    months: np.ndarray, event: np.ndarray, horizons: Sequence[float], attempts: Attempts
) -> tuple[float, ...]:
    """Give the horizons with an event before and somebody under follow-up beyond them; the others get a notice."""
    usable = []
    for horizon in horizons:
        before = (event & (months <= horizon)).any()
        if before and (months > horizon).any():
            usable.append(horizon)
        else:
            what = "nobody was followed beyond it" if before else "no event came before it"
            attempts.add("horizon-left-out", f"The horizon of {horizon:g} months is left out: {what}.")
    return tuple(usable)


def _discrimination(
    marker: Marker, months: np.ndarray, event: np.ndarray, horizons: Sequence[float], attempts: Attempts
) -> tuple[dict[Measure, Estimate], tuple[MarkerROC, ...]]:
    """Harrell's and Uno's C, and the ROC curve at each horizon."""
    found, curves = {}, []
    c = attempts(f"The C-index of the {marker.name}", lambda: _c_index(marker, months, event))
    if c:
        found[Measure(Metric.C_INDEX, marker.name)] = c
    if horizons:
        tau = horizons[-1]
        uno = attempts(f"Uno's C of the {marker.name}", lambda: uno_c(marker.values, months, event, tau=tau))
        if uno:
            found[Measure(Metric.UNO_C, marker.name, tau)] = Estimate.normal(uno.c, uno.se, least=0, most=1)
    for horizon in horizons:
        curve = attempts(
            f"The ROC curve of the {marker.name} at {horizon:g} months",
            partial(time_dependent_roc, marker.values, months, event, horizon),
        )
        if curve:
            found[Measure(Metric.AUC, marker.name, horizon)] = _area(curve)
            _tell_of_few(curve, attempts)
            curves.append(MarkerROC(marker.name, curve, _at_cutoff(curve, marker.cutoff)))
    return found, tuple(curves)


def _groups(
    marker: Marker, months: np.ndarray, event: np.ndarray, horizons: Sequence[float], attempts: Attempts
) -> tuple[RiskGroups | None, dict[Measure, Estimate]]:
    high, horizon = marker.high, horizons[-1] if horizons else None
    if high is None:
        return None, {}
    groups = attempts("The risk groups", lambda: risk_groups(high, months, event, attempts, horizon))
    if groups is None:
        return None, {}
    found = {}
    ratio = groups.hazard_ratio
    if ratio is not None and ratio.lower is not None and ratio.upper is not None:
        found[Metric.HAZARD_RATIO] = ratio
        found[Metric.LOG_HAZARD_RATIO] = Estimate(*map(math.log, (ratio.value, ratio.lower, ratio.upper)))
    peto = peto_separation(high, months, event)
    found |= {Metric.PETO: peto} if peto.known else {}
    found[Metric.LOGRANK_P] = Estimate(groups.logrank.p)
    return groups, {Measure(metric, marker.name): estimate for metric, estimate in found.items()}


def _c_index(marker: Marker, months: np.ndarray, event: np.ndarray) -> Estimate:
    c = harrell_c(marker.values, months, event)
    return Estimate.normal(c.c, c.se, least=0, most=1)


def _area(curve: TimeDependentROC) -> Estimate:
    """The area with its limits; a single case or control says nothing of how sure it is."""
    alone = min(curve.cases, curve.controls) < 2
    return Estimate(curve.auc) if alone else Estimate.normal(curve.auc, curve.se, least=0, most=1)


def _tell_of_few(curve: TimeDependentROC, attempts: Attempts) -> None:
    """Say when a horizon has so few patients on one side that its figures mean little, whatever their limits."""
    sides = (curve.cases, "had the event by then"), (curve.controls, "had a longer follow-up")
    few, what = min(sides, key=lambda side: side[0])
    if few < _FEW_AT_HORIZON:
        who = "1 patient" if few == 1 else f"{few} patients"
        text = f"At {curve.horizon:g} months only {who} {what}: figures at this horizon say very little."
        attempts.add("few-at-horizon", text)


def _slope(log_hazard: np.ndarray, months: np.ndarray, event: np.ndarray) -> Estimate:
    fitted = cox(log_hazard[:, None], months, event)
    return Estimate.normal(float(fitted.coef[0]), float(fitted.se[0]))


def _score_slope(marker: Marker, months: np.ndarray, event: np.ndarray) -> Estimate:
    """The calibration slope of the score's share of a nomogram, beside that of the covariates."""
    share = present(marker.score_share, "the score's share of a nomogram")
    rest = present(marker.log_hazard, "the log hazard of a nomogram") - share
    columns = [rest, share] if rest.size and np.ptp(rest) > 1e-9 else [share]
    fitted = cox(np.column_stack(columns), months, event)
    return Estimate.normal(float(fitted.coef[-1]), float(fitted.se[-1]))


def _at_cutoff(curve: TimeDependentROC, cutoff: float | None) -> tuple[float, float] | None:
    """The point of a ROC curve at which the cutoff splits the patients."""
    if cutoff is None:
        return None
    at = int(np.flatnonzero(curve.threshold <= cutoff)[0])
    return float(curve.fpr[at]), float(curve.tpr[at])
