"""Cox models of clinical covariates with and without the score: univariable, multivariable, nomogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from ..errors import CohortError, InputError
from ..model import RANGE, SCORE, Covariate, CovariateDomain, Distribution, Nomogram, Value
from ..model.additions import Comparator
from ..performance import Marker, stored_baseline, stored_distribution
from ..statistics.cox import CoxModel, cox, explain
from ..statistics.imputed_cox import imputed_cox
from ..statistics.proportional_hazards import ProportionalHazards, proportional_hazards
from .covariate_imputation import ImputedCovariates
from .training_cohort import TrainingCohort

SCORE_LABEL = "Radiomics score"


@dataclass(frozen=True)
class Effect:
    """One row of a forest plot: a coefficient of a Cox model.

    Attributes
    ----------
    covariate, parameter, label : str
        Column, coefficient as the model file names it, and what people read.
    level, reference : str or None
        Of a binary covariate or a category.
    coef, se, hr, lower, upper, p : float
        Log hazard ratio per unit, its standard error, the hazard ratio with 95% limits, Wald p value.
    sd : float
        Standard deviation of the column: ``exp(coef * sd)`` is the hazard ratio per standard deviation.
    chosen : bool
        Whether the covariate is in the multivariable model.
    """

    covariate: str
    parameter: str
    label: str
    level: str | None
    reference: str | None
    coef: float
    se: float
    hr: float
    lower: float
    upper: float
    p: float
    sd: float
    chosen: bool


@dataclass(frozen=True)
class ClinicalModel:
    """A Cox model of covariates, with or without the score, on the patients whose covariates are all known.

    Attributes
    ----------
    name : str
    covariates : tuple of str
    with_score : bool
    fitted : CoxModel
    rows : numpy.ndarray of bool, shape (n,)
        The patients it was fitted to.
    design : numpy.ndarray, shape (m, k)
        Their columns; the score last. Of unknown covariates that were imputed, what is expected given the known.
    tables : numpy.ndarray, shape (t, n, k), or None
        The imputed tables that it was fitted to; None where it was fitted to ``design``.
    """

    name: str
    covariates: tuple[str, ...]
    with_score: bool
    fitted: CoxModel
    rows: np.ndarray
    design: np.ndarray
    tables: np.ndarray | None = None

    @property
    def spread(self) -> np.ndarray:
        """Standard deviation of each column, shape (k,)."""
        columns = self.design if self.tables is None else self.tables.reshape(-1, self.tables.shape[2])
        return columns.std(axis=0, ddof=1)

    @property
    def linear_predictor(self) -> np.ndarray:
        """Of the patients it was fitted to, shape (m,)."""
        return self.fitted.linear_predictor(self.design)

    def marker(self, horizon: float) -> Marker:
        """Give the model as a marker of the patients it was fitted to, with their risk up to a horizon in months."""
        values = self.linear_predictor
        survival = self.fitted.survival(self.design, np.array([horizon])).survival[:, 0]
        return Marker(
            name=self.name, values=values, log_hazard=values, survival={horizon: survival}, design=self.design
        )


def known_rows(columns: np.ndarray) -> np.ndarray:
    """Say which patients have no unknown covariate, shape (n,)."""
    return ~np.isnan(columns).any(axis=1)


def fit_clinical(
    name: str, cohort: TrainingCohort, covariates: Sequence[str], score: np.ndarray | None
) -> ClinicalModel:
    """Fit a Cox model of covariates and, where given, the score.

    Parameters
    ----------
    name : str
        What to call the model.
    cohort : TrainingCohort
    covariates : sequence of str
    score : numpy.ndarray, shape (n,), optional

    Raises
    ------
    CohortError
        It has no finite estimates on this cohort; the sentence names the covariates.
    """
    columns = cohort.columns(covariates)
    rows = known_rows(columns)
    design = (columns if score is None else np.column_stack([columns, score]))[rows]
    what = ", ".join([*covariates, *([] if score is None else ["the score"])])
    if cohort.event[rows].sum() < 2:
        raise CohortError(f"The Cox model of {what} has {rows.sum()} patients without unknown values; complete them.")
    try:
        fitted = cox(design, cohort.months[rows], cohort.event[rows])
    except InputError as error:
        names = [parameter for name in covariates for parameter in cohort.spec(name).parameters()]
        why = explain(error, [*names, "the score"], design, cohort.event[rows])
        raise CohortError(f"The Cox model of {what} cannot be fitted: {why}") from error
    return ClinicalModel(name, tuple(covariates), score is not None, fitted, rows, design)


def effects_of(model: ClinicalModel, cohort: TrainingCohort, chosen: Sequence[str]) -> tuple[Effect, ...]:
    """Give the rows of a forest plot."""
    named: list[tuple[str, str, str, str | None, str | None]] = [
        (name, parameter, cohort.spec(name).label, *level)
        for name in model.covariates
        for parameter, level in zip(cohort.spec(name).parameters(), cohort.spec(name).effects(), strict=True)
    ]
    if model.with_score:
        named.append((SCORE, SCORE, SCORE_LABEL, None, None))
    fitted, spread = model.fitted, model.spread
    numbers = zip(fitted.coef, fitted.se, fitted.hr, fitted.lower, fitted.upper, fitted.p, spread, strict=True)
    effects = []
    for (name, parameter, label, level, reference), row in zip(named, numbers, strict=True):
        coef, se, hr, lower, upper, p, sd = map(float, row)
        marked = name in chosen or name == SCORE
        effects.append(Effect(name, parameter, label, level, reference, coef, se, hr, lower, upper, p, sd, marked))
    return tuple(effects)


def wald_p(fitted: CoxModel) -> float:
    """Wald test of all coefficients of a model together: a category's p value, whatever its reference."""
    statistic = float(fitted.coef @ np.linalg.solve(fitted.covariance, fitted.coef))
    return float(stats.chi2.sf(statistic, fitted.coef.size))


def effects_alone(
    cohort: TrainingCohort,
    names: Sequence[str],
    score: np.ndarray,
    chosen: Sequence[str],
    tables: ImputedCovariates | None = None,
) -> tuple[Effect, ...]:
    """Give the rows of a forest plot of every covariate on its own, and of the score, shape (n,).

    Those with unknown values are fitted to imputed ``tables``, whose covariates are ``names``, where these are given.
    """
    models = [
        fit_clinical(name, cohort, (name,), None)
        if tables is None or known_rows(cohort.columns((name,))).all()
        else _fit_imputed(name, cohort, tables.design((at,), None))
        for at, name in enumerate(names)
    ]
    models.append(fit_clinical(SCORE_LABEL, cohort, (), score))
    return tuple(row for model in models for row in effects_of(model, cohort, chosen))


def _fit_imputed(name: str, cohort: TrainingCohort, tables: np.ndarray) -> ClinicalModel:
    try:
        fitted = imputed_cox(tables, cohort.months, cohort.event).model
    except InputError as error:
        why = explain(error, cohort.spec(name).parameters(), tables[0], cohort.event)
        raise CohortError(f"The Cox model of {name} cannot be fitted: {why}") from error
    return ClinicalModel(name, (name,), False, fitted, np.ones(len(cohort), bool), tables.mean(axis=0), tables)


def nomogram_of(model: ClinicalModel, cohort: TrainingCohort, *, endpoint: str, horizons: Sequence[float]) -> Nomogram:
    """Store a Cox model of covariates and score with what predictions with limits need.

    Parameters
    ----------
    model : ClinicalModel
        With the score.
    cohort : TrainingCohort
    endpoint : str
        Such as "Disease-free survival".
    horizons : sequence of float
        Months, rising, within follow-up.
    """
    fitted = model.fitted
    widths = [len(cohort.spec(name).parameters()) for name in model.covariates]
    parts = np.split(fitted.coef, np.cumsum(widths))
    nomogram = Nomogram(
        endpoint=endpoint,
        covariates=tuple(
            _fitted(cohort.spec(name), part, cohort.covariates[name])
            for name, part in zip(model.covariates, parts[:-1], strict=True)
        ),
        score_coefficient=float(parts[-1][0]),
        center=None,
        covariance=tuple(tuple(row) for row in fitted.covariance.tolist()),
        baseline=stored_baseline(fitted.baseline),
        horizons_months=tuple(map(float, horizons)),
        covariate_distribution=_distribution(model),
    )
    return replace(nomogram, center=dict(zip(nomogram.parameters(), fitted.center.tolist(), strict=True)))


def comparator_of(model: ClinicalModel, cohort: TrainingCohort, verdict: str | None) -> Comparator:
    """Store a Cox model of covariates without the score, and whether the score was found to add to it."""
    fitted, specs = model.fitted, [cohort.spec(name) for name in model.covariates]
    parts = np.split(fitted.coef, np.cumsum([len(spec.parameters()) for spec in specs])[:-1])
    covariates = [_fitted(spec, part, cohort.covariates[spec.name]) for spec, part in zip(specs, parts, strict=True)]
    parameters = [name for spec in specs for name in spec.parameters()]
    return Comparator(
        name=model.name,
        label=f"{model.name}: {', '.join(spec.label for spec in specs)}",
        covariates=tuple(covariates),
        center=dict(zip(parameters, fitted.center.tolist(), strict=True)),
        covariance=tuple(tuple(row) for row in fitted.covariance.tolist()),
        baseline=stored_baseline(fitted.baseline),
        verdict=verdict,  # type: ignore[arg-type]  # any other is refused when the model is checked
    )


def _distribution(model: ClinicalModel) -> Distribution | None:
    if not model.covariates:
        return None
    return stored_distribution(model.design if model.tables is None else model.tables)


def _fitted(spec: CovariateDomain, coefficients: np.ndarray, values: Sequence[Value]) -> Covariate:
    """Give the nomogram's covariate with its log hazard ratios and, of a number, its training range."""
    low = high = None
    if spec.type == "number":
        low, high = map(float, np.nanpercentile(spec.columns(values)[:, 0], RANGE))
    return Covariate(**vars(spec.domain), coefficients=tuple(map(float, coefficients)), low=low, high=high)


def proportionality(model: ClinicalModel, cohort: TrainingCohort) -> ProportionalHazards:
    """Test the proportional-hazards assumption of a model; see :func:`.statistics.proportional_hazards`."""
    return proportional_hazards(model.design, cohort.months[model.rows], cohort.event[model.rows])
