"""Markers of a cohort that a model is applied to: the model's own, and what it is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import CohortError, InputError
from ..model import CovariateDomain, infer_covariate
from ..model.additions import Comparator
from ..notices import Notice
from ..performance import NOMOGRAM, SCORE_ALONE, Marker
from ..scoring.cohort import ScoredCohort
from ..statistics.cox import cox


def nomogram_marker(scored: ScoredCohort, horizons: Sequence[float], name: str = NOMOGRAM) -> Marker | None:
    """Give a model's nomogram as a marker; None when it gives no linear predictor here.

    Parameters
    ----------
    scored : ScoredCohort
    horizons : sequence of float
        Months; those at which the model predicts no risk are left out.
    name : str
        What to call it.
    """
    values = scored.linear_predictor
    if values is None:
        return None
    survival = {horizon: scored.survival(horizon) for horizon in horizons}
    known = {horizon: values for horizon, values in survival.items() if values is not None}
    return Marker(name=name, values=values, log_hazard=values, survival=known)


def score_marker(scored: ScoredCohort, name: str = SCORE_ALONE) -> Marker:
    """Give a model's score, with the risk groups that its stored cutoff makes, as a marker."""
    cutoff = scored.model.cutoff
    return Marker(name=name, values=scored.score, high=scored.high, cutoff=None if cutoff is None else cutoff.value)


def model_marker(scored: ScoredCohort, horizons: Sequence[float], name: str) -> Marker:
    """Give another model as a comparator: its nomogram, or its score where it has none."""
    return nomogram_marker(scored, horizons, name) or Marker(name=name, values=scored.score)


def clinical_marker(names: Sequence[str], scored: ScoredCohort, horizons: Sequence[float]) -> Marker:
    """Fit a Cox model of clinical columns to the cohort.

    Parameters
    ----------
    names : sequence of str
        Columns of the outcome table, taken as training takes them; what the model's nomogram has, as it has it. Cases
        with an unknown value are left out, their marker is NaN.
    scored : ScoredCohort
    horizons : sequence of float

    Raises
    ------
    CohortError
        A column is missing, has an unusable cell or a single value, or the Cox model cannot be fitted.
    """
    name = " + ".join(names)
    columns = np.column_stack([_encoded(name, scored) for name in names])
    known = ~np.isnan(columns).any(axis=1)
    design, months, event = columns[known], scored.months[known], scored.event[known]
    try:
        fitted = cox(design, months, event)
    except InputError as error:
        raise CohortError(f"the comparator {name} cannot be fitted to this cohort: {error}") from error
    values = np.full(known.size, np.nan)
    values[known] = fitted.linear_predictor(design)
    within = [horizon for horizon in horizons if horizon <= months.max()]
    survival = np.full((known.size, len(within)), np.nan)
    if within:
        survival[known] = fitted.survival(design, np.array(within)).survival
    return Marker(
        name=name,
        values=values,
        log_hazard=values,
        survival=dict(zip(within, survival.T, strict=True)),
        design=columns,
        notices=tuple(_comparator_notices(name, known)),
    )


def stored_marker(comparator: Comparator, scored: ScoredCohort, horizons: Sequence[float]) -> Marker | None:
    """Give a model without the score, as the training made it, as a comparator.

    Parameters
    ----------
    comparator : Comparator
        Of the model file.
    scored : ScoredCohort
        Cases with an unknown covariate are left out, their marker is NaN.
    horizons : sequence of float
        Months; those beyond the comparator's baseline are left out.

    Returns
    -------
    Marker or None
        None when the cohort has not all of its covariates.

    Raises
    ------
    CohortError
        A cell is outside a covariate's domain.
    """
    if any(covariate.name not in scored.columns for covariate in comparator.covariates):
        return None
    values = {
        covariate.name: covariate.parse_column(scored.cases, scored.columns[covariate.name], scored.decimal_marks)
        for covariate in comparator.covariates
    }
    found = [
        comparator.log_hazard({name: column[at] for name, column in values.items()}) for at in range(len(scored.cases))
    ]
    log_hazard = np.array([np.nan if value is None else value for value in found])
    if np.isnan(log_hazard).all():
        return None
    survival = {}
    for horizon in horizons:
        at = [np.nan if np.isnan(value) else comparator.survival(value, horizon) for value in log_hazard]
        if None not in at:
            survival[horizon] = np.array(at, float)
    notices = _unknown_notices(comparator.name, ~np.isnan(log_hazard))
    return Marker(name=comparator.name, values=log_hazard, log_hazard=log_hazard, survival=survival, notices=notices)


def _comparator_notices(name: str, known: np.ndarray) -> list[Notice]:
    text = f"The comparator ({name}) is a Cox model fitted to this very cohort, which favors it over the model."
    return [Notice("comparator-fitted-here", text), *_unknown_notices(name, known)]


def _unknown_notices(name: str, known: np.ndarray) -> tuple[Notice, ...]:
    if known.all():
        return ()
    text = f"Left out of the comparison: {(~known).sum()} of {known.size} cases with an unknown value of {name}."
    return (Notice("unknown-covariates", text),)


def _domain(name: str, scored: ScoredCohort) -> CovariateDomain:
    """What a clinical column is: what the model says where it has such a covariate, else as training takes it."""
    if name not in scored.columns:
        columns = ", ".join(scored.columns) or "none"
        raise CohortError(f"the outcome table has no column {name} for the comparator; its columns are {columns}.")
    covariates = scored.model.nomogram.covariates if scored.model.nomogram else ()
    known = next((covariate.domain for covariate in covariates if covariate.name == name), None)
    if known is not None:
        return known
    texts, otherwise = scored.columns[name], "choose another comparator"
    return infer_covariate(name, texts, marks=scored.decimal_marks, cases=scored.cases, otherwise=otherwise)


def _encoded(name: str, scored: ScoredCohort) -> np.ndarray:
    """A clinical column as it enters a Cox model, shape (n, k); unknown is NaN."""
    domain = _domain(name, scored)
    values = domain.parse_column(scored.cases, scored.columns[name], scored.decimal_marks)
    encoded = domain.of_levels(values).columns(values)
    known = encoded[~np.isnan(encoded[:, 0])]
    if not known.size or (known == known[0]).all():
        raise CohortError(f"column {name} has the same value in every case; choose another comparator.")
    return encoded
