"""What the user should know before trusting a trained model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..notices import Notice
from ..performance import SCORE_ALONE, Estimate, Measure, Metric
from ..sentences import listed, many, was
from ..statistics.concordance import harrell_c_of_columns
from ..statistics.cox_screening import CONSTANT, OK
from ..statistics.proportional_hazards import ProportionalHazards
from .cross_validation import NestedValidation
from .optimism import Optimism
from .selection import Selection
from .training_cohort import TrainingCohort

EVENTS_PER_PARAMETER = 10.0  # Peduzzi et al. 1995; of prespecified parameters, so lenient for selected ones
_LARGE_OPTIMISM = 0.1
_SELDOM = 0.5
_NOT_PROPORTIONAL = 0.05
_NEARLY_THE_OUTCOME = 0.95  # C-index, either way round, of a single column


@dataclass(frozen=True)
class EventsPerParameter:
    """Events for each parameter that was looked at, that the score kept, and that the nomogram has."""

    candidates: float
    selected: float
    nomogram: float


def events_per_parameter(events: int, candidates: int, selected: int, nomogram: int) -> EventsPerParameter:
    """Give events per parameter.

    Parameters
    ----------
    events : int
    candidates : int
        Features that entered the screening, and covariates.
    selected : int
        Terms of the score.
    nomogram : int
        Coefficients of the nomogram.
    """
    return EventsPerParameter(events / candidates, events / selected, events / nomogram)


def capacity_notices(ratios: EventsPerParameter, events: int) -> list[Notice]:
    """Say plainly when the cohort cannot carry the model."""
    notices = []
    few = [(ratios.selected, "features of the score"), (ratios.nomogram, "coefficients of the nomogram")]
    for ratio, what in few:
        if ratio < EVENTS_PER_PARAMETER:
            text = (
                f"{events} events are {ratio:.1f} for each of the {round(events / ratio)} {what}, fewer than "
                f"{EVENTS_PER_PARAMETER:.0f}: the cohort cannot carry the model, whose predictions will be too extreme."
            )
            notices.append(Notice("few-events-per-parameter", text))
    if ratios.candidates < 1:
        text = (
            f"{round(events / ratios.candidates)} candidates were looked at with {events} events: what is selected may "
            "well be chance, whatever its p value."
        )
        notices.append(Notice("more-candidates-than-events", text))
    return notices


def optimism_notices(apparent: Estimate, optimism: Optimism | None, nested: NestedValidation | None) -> list[Notice]:
    """Say how much of the apparent performance is optimism, or that nobody knows.

    Parameters
    ----------
    apparent : Estimate
        C-index of the score on its own patients.
    optimism, nested
        Of the same training, where they were asked for.
    """
    found = dict(nested.rows).get(Measure(Metric.C_INDEX, SCORE_ALONE)) if nested else None
    notices = [] if optimism is None else _bootstrap_notices(optimism)
    if found is None:
        text = "Optimism was not measured: the apparent figures of this model are too good by an unknown amount."
        return [Notice("optimism-unknown", text), *notices]
    if found.lower is None or found.lower <= 0.5:
        text = (
            f"The C-index of the score, {apparent.value:.3f} on its own patients, is {found.value:.3f} after "
            "correction for optimism, with limits that include 0.5: the score cannot be told from chance."
        )
        return [Notice("no-better-than-chance", text), *notices]
    if apparent.value - found.value > _LARGE_OPTIMISM:
        text = (
            f"The C-index of the score falls from {apparent.value:.3f} on its own patients to {found.value:.3f} after "
            "correction for optimism: expect the latter on other patients."
        )
        return [Notice("large-optimism", text), *notices]
    return notices


def _bootstrap_notices(optimism: Optimism) -> list[Notice]:
    notices = []
    if optimism.empty:
        text = f"In {optimism.empty} of {optimism.used} bootstrap samples no feature was selected."
        notices.append(Notice("empty-selections", text))
    if optimism.used < optimism.repeats:
        text = f"{optimism.repeats - optimism.used} of {optimism.repeats} bootstrap samples had too few events to use."
        notices.append(Notice("unused-samples", text))
    return notices


def proportionality_notices(test: ProportionalHazards, parameters: Sequence[str]) -> list[Notice]:
    """Say when hazard ratios change over time, so that one number a covariate is not the whole truth."""
    if not test.global_p < _NOT_PROPORTIONAL:
        return []
    at = int(np.nanargmin(test.p))
    text = (
        f"The hazard ratios of the nomogram change over time (test of all together p = {test.global_p:.2g}; most that "
        f"of {parameters[at]}, p = {test.p[at]:.2g}): each is an average over follow-up, and predictions at early or "
        "late horizons may be off."
    )
    return [Notice("hazards-not-proportional", text)]


def stability_notices(optimism: Optimism | None, selection: Selection) -> list[Notice]:
    """Say how many of the score's features most resamples would not have selected."""
    if optimism is None:
        return []
    frequency = optimism.frequency[np.flatnonzero(selection.coefficients)]
    seldom = int((frequency < _SELDOM).sum())
    if not seldom:
        return []
    text = (
        f"{seldom} of the score's {frequency.size} features {was(seldom)} selected in fewer than half of the resamples."
    )
    return [Notice("unstable-selection", text)]


def icc_notices(names: Sequence[str], icc: Mapping[str, tuple[float, float, float]]) -> list[Notice]:
    """Say which features have no intraclass correlation."""
    absent = [name for name in names if name not in icc]
    if not absent:
        return []
    text = f"Left out for want of an intraclass correlation: {many(len(absent), 'feature')}, such as {absent[0]}."
    return [Notice("icc-missing", text)]


def outcome_like_notices(cohort: TrainingCohort) -> list[Notice]:
    """Name columns that alone order the patients, or tell those with the event, nearly as the outcome itself does.

    Of a measurement at baseline that would be a sensation; far more often the column is another outcome, a date, or a
    row number of a table sorted by follow-up.
    """
    named = [parameter for spec in cohort.specs for parameter in spec.parameters()]
    columns = np.column_stack([cohort.features, cohort.columns([spec.name for spec in cohort.specs])])
    index = harrell_c_of_columns(columns, cohort.months, cohort.event)
    # Without time: everybody with the event against everybody without.
    sorting = harrell_c_of_columns(columns, np.where(cohort.event, 1.0, 2.0), cohort.event)
    found = []
    for name, c, auc in zip((*cohort.names, *named), index, sorting, strict=True):
        c, auc = max(c, 1 - c), max(auc, 1 - auc)
        if c > _NEARLY_THE_OUTCOME:
            found.append((c, f"{name} (C-index {c:.3f})"))
        elif auc > _NEARLY_THE_OUTCOME:
            found.append((auc, f"{name} (AUC of event against none {auc:.3f})"))
    if not found:
        return []
    shown = [text for _, text in sorted(found, reverse=True)]
    text = (
        f"Nearly the outcome itself: {listed(shown, 5)}. Was this known at baseline, before follow-up? If not, leave "
        "it out: the model would predict the past."
    )
    return [Notice("outcome-like-column", text)]


def screening_notices(selection: Selection) -> list[Notice]:
    """Say which features could not be screened, and whether the LASSO path is whole."""
    status = selection.screening.status
    notices = []
    constant, unfitted = int((status == CONSTANT).sum()), int(((status != OK) & (status != CONSTANT)).sum())
    if constant:
        text = f"Left out: {many(constant, 'feature')} with one value in all patients at risk."
        notices.append(Notice("constant-features", text))
    if unfitted:
        text = f"Left out: {many(unfitted, 'feature')} without a finite hazard ratio (the events are separated)."
        notices.append(Notice("unfitted-features", text))
    if selection.path is not None and not selection.path.complete:
        text = "The LASSO path ended early in some fold, the features being collinear; larger penalties were used."
        notices.append(Notice("short-path", text))
    return notices
