"""How many patients a study like this one takes by Riley's criteria, beside how many it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from ..errors import InputError
from ..performance import MarkerPerformance, Metric
from ..statistics.sample_size import DevelopmentSize, ValidationSize, development_size, validation_size
from ..training import Training
from .page_parts import PageSection, PageTable, main_index
from .sections import Section

_TITLE = "How many patients"


def development_size_section(training: Training) -> Section:
    """Give the patients that developing such a model takes, all candidates being counted (Riley et al. 2019)."""
    cohort = training.cohort
    candidates = len(cohort.names) + sum(len(spec.parameters()) for spec in cohort.specs)
    corrected = main_index(training.performance, "optimism-corrected")
    c_index = corrected.value if corrected and 0.5 < corrected.value < 1 else None
    follow_up = float(cohort.months.mean())
    try:
        size = development_size(
            candidates, cohort.events / cohort.months.sum(), follow_up, training.plan.recipe.horizon, c_index=c_index
        )
    except InputError as error:
        return _without(str(error))
    assumed = {"parameters": candidates, "c_index": c_index, "r2": size.r2, "r2_from": size.r2_from}
    sentence = (
        f"{candidates} candidate parameters were looked at with {cohort.events} events in {len(cohort)} patients. By "
        "the criteria of Riley et al. (2019), for a model of the performance found here, that takes "
        f"{size.n} patients with {size.events:.0f} events. {_verdict(len(cohort), size.n)}"
    )
    return _section(size, len(cohort), cohort.events, assumed, sentence)


def validation_size_section(
    performance: MarkerPerformance, months: np.ndarray, event: np.ndarray, c_index: float | None
) -> Section:
    """Give the patients that validating a model at its last horizon takes (Riley et al. 2021).

    Parameters
    ----------
    performance : MarkerPerformance
        Of the marker that predicts risks.
    months, event : numpy.ndarray, shape (n,)
    c_index : float or None
        Expected, as of the model's training; that of this cohort where it is not known.
    """
    summary = next((entry for entry in reversed(performance.calibration) if entry.summary), None)
    if summary is None or summary.summary is None:
        return _without("the model predicts no risk here")
    horizon, risk = summary.horizon, performance.marker.risk(summary.horizon)
    if c_index is None:
        own = [value for key, value in performance.estimates.items() if key.metric == Metric.C_INDEX]
        c_index = own[0].value if own else float("nan")
    known = float(((event & (months <= horizon)) | (months > horizon)).mean())
    odds = special.logit(risk[(risk > 0) & (risk < 1)])
    try:
        size = validation_size(summary.summary.observed, c_index, lp=(odds.mean(), odds.std()), known=known)
    except InputError as error:
        return _without(str(error))
    assumed = {"horizon_months": horizon, "c_index": c_index, "risk": summary.summary.observed, "known": known}
    sentence = (
        "Limits of observed over expected events and of the slope that are 0.2 wide, and of the C-index that are 0.1 "
        f"wide, take {size.n} patients with {size.events:.0f} events by {horizon:g} months (Riley et al. 2021); there "
        f"are {months.size} with {int((event & (months <= horizon)).sum())}. {_verdict(months.size, size.n)}"
    )
    return _section(size, months.size, int(event.sum()), assumed, sentence)


def _verdict(n: int, needed: int) -> str:
    if n >= needed:
        return "The cohort is large enough."
    return f"The cohort has {n / needed:.0%} of that: the limits of the figures say how much is missing."


def _section(
    size: DevelopmentSize | ValidationSize, n: int, events: int, assumed: Mapping[str, Any], sentence: str
) -> Section:
    findings = {
        "n": n,
        "events": events,
        "n_needed": size.n,
        "events_needed": size.events,
        "criteria": [vars(criterion) for criterion in size.criteria],
        "assumed": dict(assumed),
    }
    rows = tuple((entry.name, entry.target, str(entry.n), f"{entry.events:.0f}") for entry in size.criteria)
    table = PageTable(("criterion", "what it asks for", "patients", "events"), rows, numeric=frozenset({2, 3}))
    return Section.of({"sample_size": findings}, page=lambda found: PageSection(_TITLE, (sentence,), (table,)))


def _without(why: str) -> Section:
    """The section where the criteria cannot be computed."""
    sentence = f"Riley's criteria cannot be computed here: {why.rstrip('.')}."
    return Section.of({"sample_size": None}, page=lambda found: PageSection(_TITLE, (sentence,)))
