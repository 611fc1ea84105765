"""Markers of a cohort that a model is applied to: the model's own, and what it is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import CohortError, InputError
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
    risks = {horizon: scored.risk(horizon) for horizon in horizons}
    known = {horizon: risk for horizon, risk in risks.items() if risk is not None}
    return Marker(name=name, values=values, log_hazard=values, risks=known)


def score_marker(scored: ScoredCohort, name: str = SCORE_ALONE) -> Marker:
    """Give a model's score, with the risk groups that its stored cutoff makes, as a marker."""
    cutoff = scored.model.cutoff
    return Marker(name=name, values=scored.score, high=scored.high, cutoff=cutoff and cutoff.value)


def model_marker(scored: ScoredCohort, horizons: Sequence[float], name: str) -> Marker:
    """Give another model as a comparator: its nomogram, or its score where it has none."""
    return nomogram_marker(scored, horizons, name) or Marker(name=name, values=scored.score)


def clinical_marker(names: Sequence[str], scored: ScoredCohort, horizons: Sequence[float]) -> Marker:
    """Fit a Cox model of clinical columns to the cohort.

    Parameters
    ----------
    names : sequence of str
        Columns of the outcome table; numbers as they are, words as categories with the most frequent as reference.
    scored : ScoredCohort
    horizons : sequence of float

    Raises
    ------
    CohortError
        A column is missing, has an empty cell or a single value, or the Cox model cannot be fitted.
    """
    blocks = [_encoded(name, scored) for name in names]
    name = " + ".join(names)
    covariates = np.column_stack(blocks)
    try:
        fitted = cox(covariates, scored.months, scored.event)
    except InputError as error:
        raise CohortError(f"the comparator {name} cannot be fitted to this cohort: {error}") from error
    within = [horizon for horizon in horizons if horizon <= scored.months.max()]
    risk = 1 - fitted.survival(covariates, np.array(within)).survival if within else np.empty((len(scored.cases), 0))
    notice = Notice(
        "comparator-fitted-here",
        f"The comparator ({name}) is a Cox model fitted to this very cohort, which favors it over the model.",
    )
    values = fitted.linear_predictor(covariates)
    risks = dict(zip(within, risk.T, strict=True))
    return Marker(name=name, values=values, log_hazard=values, risks=risks, notices=(notice,))


def _encoded(name: str, scored: ScoredCohort) -> np.ndarray:
    """A clinical column as numbers, or as indicators of its levels but the most frequent; shape (n, k)."""
    if name not in scored.columns:
        known = ", ".join(scored.columns) or "none"
        raise CohortError(f"the outcome table has no column {name} for the comparator; its columns are {known}.")
    values = scored.columns[name]
    for case, value in zip(scored.cases, values, strict=True):
        if not value:
            raise CohortError(f"case {case}, column {name}: the cell is empty; fill it or choose another comparator.")
    if len(set(values)) < 2:
        raise CohortError(f"column {name} has the same value in every case; choose another comparator.")
    try:
        return np.array([float(value) for value in values])[:, None]
    except ValueError:
        levels, counts = np.unique(values, return_counts=True)
        others = np.delete(levels, counts.argmax())
        return (np.array(values)[:, None] == others).astype(float)
