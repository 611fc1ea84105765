"""A model's nomogram as a fitted lifelines ``CoxPHFitter``, and one as the nomogram of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DependencyError, InputError, ModelError
from ..model import SCORE, Baseline, Change, Covariate, Model, Nomogram
from ..model.checks import FieldError, check
from ..model.nomogram import require_baseline
from ..scoring.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd
    from lifelines import CoxPHFitter


def nomogram_rows(model: Model, cases: Sequence[str], predictions: Sequence[Prediction]) -> pd.DataFrame:
    """Give what a fitter of :func:`to_lifelines` predicts from: one row a case, one column a nomogram parameter.

    Raises
    ------
    InputError
        A case has no parameters: a covariate is unknown and the nomogram has no center.
    """
    import pandas as pd

    rows = [prediction.parameters for prediction in predictions]
    if any(row is None for row in rows):
        raise InputError(
            "A case has an unknown covariate that nothing can stand in for: give it or leave the case out."
        )
    return pd.DataFrame(np.array(rows), index=list(cases), columns=list(_nomogram(model).parameters()))


def to_lifelines(model: Model) -> CoxPHFitter:
    """Give a model's nomogram as a fitted ``CoxPHFitter``, whose predictions equal the model's.

    Its tables and plots work; what needs the patients it was made from (residuals, likelihood) does not, for no model
    file holds a patient.

    Parameters
    ----------
    model : Model
        With a nomogram that has a center and a baseline survival.

    Raises
    ------
    ModelError
        The model has no nomogram or that no center, or its baseline survival reaches 0.
    InputError
        The nomogram has no baseline survival.
    DependencyError
        lifelines is not installed.
    """
    try:
        import pandas as pd
        from lifelines import CoxPHFitter
        from lifelines.fitters.coxph_fitter import SemiParametricPHFitter
        from lifelines.utils import CovariateParameterMappings
    except ImportError as error:
        raise DependencyError("This needs the package lifelines; install it with pip install lifelines.") from error
    nomogram = _nomogram(model)
    baseline, center = require_baseline(nomogram), nomogram.center
    if center is None or min(baseline.survival) <= 0:
        raise ModelError(f"The nomogram of model {model.id} has no center, or its survival reaches 0: recalibrate it.")
    names = pd.Index(nomogram.parameters(), name="covariate")
    size = len(names)
    covariance = np.full((size, size), np.nan) if nomogram.covariance is None else np.array(nomogram.covariance)
    inner = SemiParametricPHFitter()
    inner.strata = inner.formula = inner.entry_col = inner.weights_col = inner.cluster_col = None
    inner.params_ = pd.Series(nomogram.coefficients(), index=names, name="coef")
    inner.variance_matrix_ = pd.DataFrame(covariance, index=names, columns=names)
    inner.standard_errors_ = pd.Series(np.sqrt(np.diag(covariance)), index=names, name="se")
    inner.confidence_intervals_ = inner._compute_confidence_intervals()
    inner._norm_mean = pd.Series([center[name] for name in names], index=names)
    inner._norm_std = pd.Series(np.ones(size), index=names)
    inner._central_values = inner._norm_mean.to_frame("baseline").T
    inner.regressors = CovariateParameterMappings(
        {"beta_": list(names)}, inner._central_values, force_no_intercept=True
    )
    times, hazard = _steps(baseline)
    inner.baseline_cumulative_hazard_ = pd.DataFrame({"baseline cumulative hazard": hazard}, index=times)
    inner.baseline_hazard_ = inner.baseline_cumulative_hazard_.diff().fillna(0)
    inner.baseline_hazard_.columns = ["baseline hazard"]
    inner.baseline_survival_ = inner._compute_baseline_survival()
    inner.timeline = np.array([0.0, *baseline.months])
    fitter = CoxPHFitter()
    fitter._model = inner
    fitter.strata = fitter.formula = None
    return fitter


def from_lifelines(fitter: CoxPHFitter, model: Model, *, horizons: Sequence[float] | None = None) -> Model:
    """Take a fitted ``CoxPHFitter`` as the nomogram of a model, whose score and cutoff stay.

    Parameters
    ----------
    fitter : CoxPHFitter
        Fitted on a column ``score``, the radiomics score, and on columns of covariates; time in months. Columns that
        are parameters of the model's own nomogram keep what that says of them; others are numbers.
    model : Model
        With a score.
    horizons : sequence of float, optional
        Months of the predictions; by default those of the model's nomogram, else 12, 36 and 60, within follow-up.

    Returns
    -------
    Model
        Its survival equals the fitter's. It gives no limits of survival, for which the fitter does not hold what is
        needed, and no figures of how good the nomogram is: validate it.

    Raises
    ------
    InputError
        The fitter is not fitted, has strata, entry times or a parametric baseline, or no column ``score``.
    ModelError
        The parts do not fit together.
    """
    inner = getattr(fitter, "_model", fitter)
    if not hasattr(inner, "params_") or not hasattr(inner, "_norm_mean"):
        raise InputError("The fitter is not a CoxPHFitter with Breslow's baseline that was fitted: fit it first.")
    if getattr(inner, "strata", None) or getattr(inner, "entry_col", None):
        raise InputError("The fitter has strata or entry times, which no nomogram has: fit it without.")
    weights = {str(name): float(value) for name, value in inner.params_.items()}
    if SCORE not in weights:
        raise InputError(
            f"The fitter has no column {SCORE}, the radiomics score: its columns are {', '.join(weights)}."
        )
    old = model.nomogram
    covariates = _covariates(old, weights)
    order = [*(name for covariate in covariates for name in covariate.parameters()), SCORE]
    table = inner.baseline_cumulative_hazard_
    baseline = _baseline(np.asarray(table.index, float), table.iloc[:, 0].to_numpy(float))
    wanted = horizons or (old.horizons_months if old else (12.0, 36.0, 60.0))
    covariance = inner.variance_matrix_.loc[order, order].to_numpy()
    nomogram = Nomogram(
        endpoint=old.endpoint if old else "Disease-free survival",
        covariates=covariates,
        score_coefficient=weights[SCORE],
        center={name: float(inner._norm_mean[name]) for name in order},
        covariance=tuple(map(tuple, covariance.tolist())) if np.isfinite(covariance).all() else None,
        baseline=baseline,
        horizons_months=tuple(float(month) for month in wanted if month <= baseline.months[-1]),
    )
    change = Change(date=date.today().isoformat(), what="nomogram taken from a CoxPHFitter of lifelines")
    found = replace(
        model,
        nomogram=nomogram,
        missing=tuple(entry for entry in model.missing if not entry.part.startswith("nomogram")),
        performance=tuple(row for row in model.performance if "nomogram" not in row.metric),
        uncertainty=None,
        comparators=(),
        provenance=replace(model.provenance, changes=(*model.provenance.changes, change)),
    )
    try:
        check(found)
    except FieldError as fault:
        raise ModelError(f"The fitter does not fit model {model.id}: {fault.path} {fault.problem}.") from fault
    return found


def _nomogram(model: Model) -> Nomogram:
    if model.nomogram is None:
        raise ModelError(f"model {model.id} has no nomogram.")
    return model.nomogram


def _covariates(old: Nomogram | None, weights: dict[str, float]) -> tuple[Covariate, ...]:
    """The covariates of a fitter's columns: those of a nomogram with new weights, and numbers."""
    left = [name for name in weights if name != SCORE]
    found: list[Covariate] = []
    for covariate in old.covariates if old else ():
        names = covariate.parameters()
        if all(name in left for name in names):
            found.append(replace(covariate, coefficients=tuple(weights[name] for name in names)))
            left = [name for name in left if name not in names]
    numbers: list[Any] = [
        Covariate(name=name, label=name, type="number", coefficients=(weights[name],)) for name in left
    ]
    return (*found, *numbers)


def _steps(baseline: Baseline) -> tuple[np.ndarray, np.ndarray]:
    """Times and hazards of a step function that stays one where lifelines draws lines between its points."""
    months, hazard = np.array(baseline.months), -np.log(np.array(baseline.survival))
    before = np.concatenate(([0.0], hazard[:-1]))
    times = np.column_stack((np.nextafter(months, 0), months)).ravel()
    return np.concatenate(([0.0], times)), np.concatenate(([0.0], np.column_stack((before, hazard)).ravel()))


def _baseline(times: np.ndarray, hazard: np.ndarray) -> Baseline:
    """The steps of a cumulative hazard, and the end of follow-up."""
    kept = np.diff(hazard, prepend=0.0) > 0
    kept[-1] = True
    return Baseline(months=tuple(times[kept].tolist()), survival=tuple(np.exp(-hazard[kept]).tolist()))
