"""What a model adds to a comparator on the same cohort: another model, or a Cox model of named clinical columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import CohortError, InputError
from ..model import CovariateDomain, infer_covariate
from ..notices import Notice
from ..scoring.cohort import ScoredCohort
from ..statistics.concordance import ConcordanceDifference, concordance_difference, harrell_c
from ..statistics.cox import cox
from ..statistics.reclassification import discrimination_improvement, net_reclassification
from ..statistics.resampling import bootstrap_limits


@dataclass(frozen=True)
class Predictor:
    """A named marker (higher is worse) with predicted risks.

    Attributes
    ----------
    name : str
    marker : numpy.ndarray, shape (n,)
        NaN where what it is made from is unknown, as are the risks.
    risks : mapping of float to numpy.ndarray
        Horizon to the predicted probability of the event, shape (n,); empty when there are none.
    notices : tuple of Notice
    """

    name: str
    marker: np.ndarray
    risks: Mapping[float, np.ndarray]
    notices: tuple[Notice, ...] = ()

    @property
    def known(self) -> np.ndarray:
        """The patients it has a marker of, shape (n,)."""
        return ~np.isnan(self.marker)


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% limits; limits are None where they could not be estimated."""

    value: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Reclassification:
    """Improvement of predicted risks at a horizon: IDI, continuous NRI (survIDINRI's half), median improvement."""

    horizon: float
    idi: Estimate
    nri_half_continuous: Estimate
    nri_continuous_km: Estimate
    median_improvement: Estimate


@dataclass(frozen=True)
class Comparison:
    """A model against a comparator; ``c_difference`` is the model's C-index less the comparator's."""

    comparator: Predictor
    c_difference: ConcordanceDifference
    reclassification: tuple[Reclassification, ...]


def predictor_of(scored: ScoredCohort, horizons: Sequence[float], name: str = "nomogram") -> Predictor:
    """Give a model's nomogram as a predictor, or its score where it has none.

    Parameters
    ----------
    scored : ScoredCohort
    horizons : sequence of float
    name : str
        What to call it.
    """
    marker = scored.linear_predictor
    risks = {horizon: scored.risk(horizon) for horizon in horizons}
    return Predictor(
        name,
        scored.score if marker is None else marker,
        {horizon: risk for horizon, risk in risks.items() if risk is not None},
    )


def clinical_predictor(names: Sequence[str], scored: ScoredCohort, horizons: Sequence[float]) -> Predictor:
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
    marker = np.full(known.size, np.nan)
    marker[known] = fitted.linear_predictor(design)
    within = [horizon for horizon in horizons if horizon <= months.max()]
    risk = np.full((known.size, len(within)), np.nan)
    if within:
        risk[known] = 1 - fitted.survival(design, np.array(within)).survival
    return Predictor(name, marker, dict(zip(within, risk.T, strict=True)), tuple(_comparator_notices(name, known)))


def _comparator_notices(name: str, known: np.ndarray) -> list[Notice]:
    text = f"The comparator ({name}) is a Cox model fitted to this very cohort, which favors it over the model."
    notices = [Notice("comparator-fitted-here", text)]
    if not known.all():
        text = f"{(~known).sum()} of {known.size} cases with an unknown value of {name} are not in the comparison."
        notices.append(Notice("unknown-covariates", text))
    return notices


def compare(model: Predictor, comparator: Predictor, scored: ScoredCohort, *, repeats: int, seed: int) -> Comparison:
    """Compare two predictors on a cohort.

    Parameters
    ----------
    model, comparator : Predictor
    scored : ScoredCohort
        Whose follow-up is used.
    repeats, seed : int
        Bootstrap resamples of the patients for the limits of IDI and NRI; the predictions stay as they are.

    Returns
    -------
    Comparison
        Of the patients whom both know; with reclassification at the horizons for which both predict a risk.
    """
    known = model.known & comparator.known
    months, event = scored.months[known], scored.event[known]
    difference = concordance_difference(
        harrell_c(model.marker[known], months, event), harrell_c(comparator.marker[known], months, event)
    )
    rows = []
    for horizon in model.risks:
        if horizon in comparator.risks and horizon <= months.max():
            old, new = comparator.risks[horizon][known], model.risks[horizon][known]
            rows.append(_reclassification(old, new, months, event, horizon, repeats, seed))
    return Comparison(comparator, difference, tuple(rows))


def _reclassification(
    old: np.ndarray, new: np.ndarray, months: np.ndarray, event: np.ndarray, horizon: float, repeats: int, seed: int
) -> Reclassification:
    def measures(rows: np.ndarray) -> tuple[float, ...]:
        arrays = old[rows], new[rows], months[rows], event[rows], horizon
        gain = discrimination_improvement(*arrays)
        return gain.idi, gain.nri_half_continuous, net_reclassification(*arrays).nri, gain.median_improvement

    return Reclassification(horizon, *with_limits(measures, months.size, repeats, seed))


def with_limits(statistic, n: int, repeats: int, seed: int) -> list[Estimate]:
    """Give the values of a statistic of patients' indices with bootstrap percentile limits.

    Parameters
    ----------
    statistic : callable
        Takes indices, shape (n,), and gives numbers.
    n : int
        Patients.
    repeats, seed : int
        Of the bootstrap; without repeats, or where most resamples have no such statistic, there are no limits.
    """
    values = statistic(np.arange(n))
    if not repeats:
        return [Estimate(float(value)) for value in values]
    try:
        limits = bootstrap_limits(statistic, n, repeats=repeats, seed=seed)
    except InputError:  # too few events for resamples; the limits say so by being absent
        return [Estimate(float(value)) for value in values]
    rows = zip(values, limits.lower, limits.upper, strict=True)
    return [Estimate(float(value), float(lower), float(upper)) for value, lower, upper in rows]


def _domain(name: str, scored: ScoredCohort) -> CovariateDomain:
    """What a clinical column is: what the model says where it has such a covariate, else as training takes it."""
    if name not in scored.columns:
        known = ", ".join(scored.columns) or "none"
        raise CohortError(f"the outcome table has no column {name} for the comparator; its columns are {known}.")
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
