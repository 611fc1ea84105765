"""How a model does on a cohort it was not made from: discrimination, risk groups, calibration and clinical use.

The model is applied as it is, with its stored cutoff and baseline; what is fitted to the cohort only measures it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ..errors import CohortError, InputError
from ..model import Groups, Performance
from ..notices import Notice
from ..scoring.cohort import ScoredCohort
from ..statistics.brier import brier_score
from ..statistics.calibration import (
    CalibrationCurve,
    CalibrationGroups,
    CalibrationSummary,
    calibration_curve,
    calibration_groups,
    calibration_summary,
)
from ..statistics.concordance import harrell_c, uno_c
from ..statistics.cox import CoxModel, cox
from ..statistics.decision import DecisionCurve, decision_curve
from ..statistics.kaplan_meier import LogRank, logrank
from ..statistics.roc import TimeDependentROC, time_dependent_roc
from .comparison import Comparison, Estimate, Predictor, compare, predictor_of, with_limits
from .stored_curves import stored_groups

LEAST_EVENTS = 10
_DEFAULT_HORIZONS = (12.0, 36.0, 60.0)  # of a model without a nomogram
GROUP_SEPARATION = "log hazard ratio, risk groups"  # as the estimates of optimism name it
_THRESHOLD_STEP = 0.02  # of decision curves
_GROUPS_FROM_PATIENTS = ((100, 5), (60, 4), (0, 3))  # groups of calibration by size of the cohort
_COUNTED = {  # notices of single patients that are counted over the cohort
    "feature-out-of-range": "a feature of the score lies outside the training cohort's range",
    "score-out-of-range": "the radiomics score lies outside the training cohort's range",
    "covariate-out-of-range": "a clinical covariate lies outside the training cohort's range",
    "covariate-unknown": "a clinical covariate is unknown, and the model's mean stands in for it",
}

T = TypeVar("T")


@dataclass(frozen=True)
class MarkerROC:
    """A time-dependent ROC curve of a named marker; ``at_cutoff`` is (fpr, tpr) of the model's stored cutoff."""

    marker: str
    curve: TimeDependentROC
    at_cutoff: tuple[float, float] | None


@dataclass(frozen=True)
class GroupComparison:
    """The two risk groups by the stored cutoff; the hazard ratio is high against low, None if not finite."""

    curves: Groups
    logrank: LogRank
    hazard_ratio: Estimate | None
    hazard_ratio_p: float | None


@dataclass(frozen=True)
class Calibration:
    """Predicted against observed risk at a horizon; a part is None when the cohort cannot carry it."""

    horizon: float
    summary: CalibrationSummary | None
    groups: CalibrationGroups | None
    curve: CalibrationCurve | None


@dataclass(frozen=True)
class Validation:
    """A model measured on a cohort.

    Attributes
    ----------
    scored : ScoredCohort
    label, kind : str
        The cohort's name, and ``"validation"`` or ``"external"``.
    horizons : tuple of float
        Months at which it was measured.
    performance : tuple of Performance
    roc : tuple of MarkerROC
    groups : GroupComparison or None
    calibration : tuple of Calibration
        One a horizon; empty when the model predicts no risk.
    decision_curves : mapping of float to DecisionCurve
    comparison : Comparison or None
    notices : tuple of Notice
        What could not be measured and why, and what to know before trusting the rest.
    """

    scored: ScoredCohort
    label: str
    kind: str
    horizons: tuple[float, ...]
    performance: tuple[Performance, ...]
    roc: tuple[MarkerROC, ...]
    groups: GroupComparison | None
    calibration: tuple[Calibration, ...]
    decision_curves: Mapping[float, DecisionCurve]
    comparison: Comparison | None
    notices: tuple[Notice, ...]


def horizons_of(scored: ScoredCohort) -> tuple[float, ...]:
    """Months at which a model is measured: those of its nomogram, else 12, 36 and 60."""
    return scored.model.nomogram.horizons_months if scored.model.nomogram else _DEFAULT_HORIZONS


def validate(
    scored: ScoredCohort,
    *,
    comparator: Predictor | None = None,
    label: str = "validation",
    kind: str = "validation",
    bootstrap: int = 200,
    seed: int = 0,
) -> Validation:
    """Measure a model on a cohort.

    Parameters
    ----------
    scored : ScoredCohort
        From :func:`.scoring.cohort.score_cohort`.
    comparator : Predictor, optional
        From :func:`.comparison.predictor_of` (another model) or :func:`.comparison.clinical_predictor`.
    label : str
        Name of the cohort in the results.
    kind : {"validation", "external"}
    bootstrap, seed : int
        Resamples for the limits of Brier score, IPA, IDI and NRI, which have no formula; 0 leaves them out.

    Returns
    -------
    Validation
        What the model or the cohort cannot give is None or absent, with a notice that says why.

    Raises
    ------
    CohortError
        The cohort has too few events to measure anything.
    """
    events = int(scored.event.sum())
    if events < 2:
        raise CohortError(f"the cohort has {events} events; nothing can be validated on fewer than 2.")
    notes = _Notes([*scored.notices, *_cohort_notices(scored, events), *(comparator.notices if comparator else ())])
    predictor = predictor_of(scored, horizons_of(scored))
    measured = _Measured(scored, label, kind, tuple(_usable_horizons(scored, notes)), notes)
    roc = _discrimination(measured)
    groups = _groups(measured)
    _accuracy(measured, predictor, bootstrap, seed)
    return Validation(
        scored=scored,
        label=label,
        kind=kind,
        horizons=measured.horizons,
        roc=roc,
        groups=groups,
        calibration=_calibration(measured, predictor),
        decision_curves=_decision_curves(measured, predictor, comparator),
        comparison=_comparison(measured, predictor, comparator, bootstrap, seed),
        performance=tuple(measured.rows),
        notices=tuple(notes.notices),
    )


class _Notes:
    """Notices as they come up; ``attempt`` turns a measure that does not exist into one."""

    def __init__(self, notices: Sequence[Notice]):
        self.notices = list(notices)

    def add(self, code: str, message: str) -> None:
        self.notices.append(Notice(code, message))

    def attempt(self, what: str, measure: Callable[[], T]) -> T | None:
        try:
            return measure()
        except InputError as error:
            self.add("not-measured", f"{what} could not be measured: {error}")
            return None


@dataclass
class _Measured:
    """The cohort being measured and the rows of performance found so far."""

    scored: ScoredCohort
    label: str
    kind: str
    horizons: tuple[float, ...]
    notes: _Notes

    def __post_init__(self) -> None:
        self.rows: list[Performance] = []

    def add(self, metric: str, value: float, lower: float | None = None, upper: float | None = None) -> None:
        self.rows.append(
            Performance(
                cohort=self.label, n=len(self.scored.cases), events=int(self.scored.event.sum()), kind=self.kind,
                metric=metric, value=float(value), lower=_finite(lower), upper=_finite(upper),
            )
        )  # fmt: skip

    @property
    def outcome(self) -> tuple[np.ndarray, np.ndarray]:
        return self.scored.months, self.scored.event


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _cohort_notices(scored: ScoredCohort, events: int) -> list[Notice]:
    notices = []
    if events < LEAST_EVENTS:
        text = f"The cohort has only {events} events: every figure is very uncertain, whatever its limits."
        notices.append(Notice("few-events", text))
    counts = Counter(code for p in scored.predictions for code in {notice.code for notice in p.warnings})
    for code, what in _COUNTED.items():
        if counts[code]:
            notices.append(Notice(code, f"In {counts[code]} of {len(scored.cases)} cases {what}."))
    whole = {n.code: n for p in scored.predictions for n in p.warnings if counts[n.code] == len(scored.cases)}
    return notices + [notice for code, notice in whole.items() if code not in _COUNTED]


def _usable_horizons(scored: ScoredCohort, notes: _Notes) -> list[float]:
    """Horizons with an event before and somebody under follow-up beyond them."""
    usable = []
    for horizon in horizons_of(scored):
        before = (scored.event & (scored.months <= horizon)).any()
        if before and (scored.months > horizon).any():
            usable.append(horizon)
        else:
            what = "nobody was followed beyond it" if before else "no event came before it"
            notes.add("horizon-left-out", f"The horizon of {horizon:g} months is left out: {what}.")
    return usable


def _markers(scored: ScoredCohort) -> dict[str, np.ndarray]:
    nomogram = scored.linear_predictor
    return {} if nomogram is None else {"nomogram": nomogram}


def _discrimination(measured: _Measured) -> tuple[MarkerROC, ...]:
    """Harrell's and Uno's C and the AUC at each horizon, of the nomogram and of the score alone."""
    scored, notes = measured.scored, measured.notes
    nomogram = _markers(scored)
    if not nomogram:
        notes.add("no-linear-predictor", "The model gives no linear predictor here; only its score is measured.")
    curves = []
    for name, marker in {**nomogram, "radiomics score alone": scored.score}.items():
        c = notes.attempt(f"The C-index of the {name}", lambda m=marker: harrell_c(m, *measured.outcome))
        if c:
            measured.add(f"C-index, {name}", c.c, c.lower, c.upper)
        if measured.horizons:
            tau = measured.horizons[-1]
            c = notes.attempt(f"Uno's C of the {name}", lambda m=marker, t=tau: uno_c(m, *measured.outcome, tau=t))
            if c:
                measured.add(f"Uno's C-index to {tau:g} months, {name}", c.c, c.lower, c.upper)
        for horizon in measured.horizons:
            curve = time_dependent_roc(marker, *measured.outcome, horizon)
            certain = curve.se < 1e-9  # an AUC of 0 or 1, of whose uncertainty the influence function knows nothing
            ends = (None, None) if certain else (curve.lower, curve.upper)
            measured.add(f"AUC at {horizon:g} months, {name}", curve.auc, *ends)
            curves.append(MarkerROC(name, curve, None if name == "nomogram" else _at_cutoff(curve, scored)))
    return tuple(curves)


def _at_cutoff(curve: TimeDependentROC, scored: ScoredCohort) -> tuple[float, float] | None:
    """The point of a score's ROC curve at which the stored cutoff splits the patients."""
    if scored.model.cutoff is None:
        return None
    at = int(np.flatnonzero(curve.threshold <= scored.model.cutoff.value)[0])
    return float(curve.fpr[at]), float(curve.tpr[at])


def _groups(measured: _Measured) -> GroupComparison | None:
    """Kaplan-Meier, log-rank and hazard ratio of the groups that the stored cutoff makes."""
    scored, notes = measured.scored, measured.notes
    high = scored.high
    if high is None:
        return None
    curves = notes.attempt("The risk groups", lambda: stored_groups(high, *measured.outcome))
    if curves is None:
        return None
    test = logrank(*measured.outcome, high)
    fitted = _group_model(high, curves, measured)
    ratio = Estimate(float(fitted.hr[0]), float(fitted.lower[0]), float(fitted.upper[0])) if fitted else None
    if ratio:
        measured.add("hazard ratio, high against low risk", ratio.value, ratio.lower, ratio.upper)
        measured.add(GROUP_SEPARATION, *(float(np.log(end)) for end in (ratio.value, ratio.lower, ratio.upper)))
    measured.add("log-rank p, risk groups", test.p)
    return GroupComparison(curves, test, ratio, float(fitted.p[0]) if fitted else None)


def _group_model(high: np.ndarray, curves: Groups, measured: _Measured) -> CoxModel | None:
    """The Cox model of the groups, None when a group without events makes its hazard ratio infinite or zero."""
    for name in ("low", "high"):
        if getattr(curves, name).events == 0:
            text = f"The groups have no finite hazard ratio: the {name}-risk group has no event."
            measured.notes.add("no-hazard-ratio", text)
            return None
    return measured.notes.attempt(
        "The groups' hazard ratio", lambda: cox(high[:, None].astype(float), *measured.outcome)
    )


def _accuracy(measured: _Measured, predictor: Predictor, bootstrap: int, seed: int) -> None:
    """Brier score and IPA at each horizon."""
    months, event = measured.outcome
    for horizon in measured.horizons:
        risk = predictor.risks.get(horizon)
        if risk is None:
            continue

        def scores(rows: np.ndarray, risk=risk, horizon=horizon) -> tuple[float, float]:
            found = brier_score(risk[rows], months[rows], event[rows], np.array([horizon]))
            return found.score[0], found.ipa[0]

        estimates = with_limits(scores, months.size, bootstrap, seed)
        for name, estimate in zip(("Brier score", "IPA"), estimates, strict=True):
            measured.add(f"{name} at {horizon:g} months, nomogram", estimate.value, estimate.lower, estimate.upper)


def _calibration(measured: _Measured, predictor: Predictor) -> tuple[Calibration, ...]:
    n_groups = next(groups for least, groups in _GROUPS_FROM_PATIENTS if len(measured.scored.cases) >= least)
    found = []
    for horizon in measured.horizons:
        risk = predictor.risks.get(horizon)
        if risk is None:
            continue
        arrays = risk, *measured.outcome, horizon
        attempt, at = measured.notes.attempt, f"at {horizon:g} months"
        summary = attempt(f"Calibration {at}", lambda a=arrays: calibration_summary(*a))
        groups = attempt(f"Calibration by groups {at}", lambda a=arrays: calibration_groups(*a, n_groups=n_groups))
        curve = attempt(f"The calibration curve {at}", lambda a=arrays: calibration_curve(*a))
        found.append(Calibration(horizon, summary, groups, curve))
        if summary:
            measured.add(f"observed / expected events {at}", summary.ratio, summary.ratio_lower, summary.ratio_upper)
    slope = next((entry.summary for entry in found if entry.summary), None)
    if slope:  # one baseline for all horizons makes it the same at each
        measured.add("calibration slope, nomogram", slope.slope, slope.slope_lower, slope.slope_upper)
    return tuple(found)


def _decision_curves(
    measured: _Measured, predictor: Predictor, comparator: Predictor | None
) -> dict[float, DecisionCurve]:
    """Net benefit at the last horizon, the one that the thresholds of treatment are about."""
    horizons = [horizon for horizon in measured.horizons if horizon in predictor.risks]
    if not horizons:
        return {}
    horizon = horizons[-1]
    risks, outcome = {predictor.name: predictor.risks[horizon]}, measured.outcome
    if comparator and horizon in comparator.risks:
        risks[comparator.name] = comparator.risks[horizon]
        risks = {name: risk[comparator.known] for name, risk in risks.items()}
        outcome = tuple(values[comparator.known] for values in measured.outcome)
    # Beyond the highest predicted risk nobody would be treated, so there is nothing to draw.
    highest = min(max(map(np.max, risks.values())) + _THRESHOLD_STEP, 0.99)
    thresholds = np.arange(_THRESHOLD_STEP, highest, _THRESHOLD_STEP)
    curve = measured.notes.attempt(
        f"The decision curve at {horizon:g} months",
        lambda: decision_curve(risks, *outcome, horizon, thresholds=thresholds),
    )
    return {horizon: curve} if curve else {}


def _comparison(
    measured: _Measured, predictor: Predictor, comparator: Predictor | None, bootstrap: int, seed: int
) -> Comparison | None:
    if comparator is None:
        return None
    found = measured.notes.attempt(
        f"The comparison with {comparator.name}",
        lambda: compare(predictor, comparator, measured.scored, repeats=bootstrap, seed=seed),
    )
    if found:
        known = comparator.known
        c = harrell_c(comparator.marker[known], *(values[known] for values in measured.outcome))
        measured.add(f"C-index, {comparator.name}", c.c, c.lower, c.upper)
        gain = found.c_difference
        measured.add(f"C-index, gain over {comparator.name}", gain.difference, gain.lower, gain.upper)
        for row in found.reclassification:
            at = f"at {row.horizon:g} months, over {comparator.name}"
            for name, estimate in (("IDI", row.idi), ("continuous NRI", row.nri_continuous_km)):
                measured.add(f"{name} {at}", estimate.value, estimate.lower, estimate.upper)
    return found
