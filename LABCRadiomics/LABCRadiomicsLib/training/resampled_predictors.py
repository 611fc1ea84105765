"""The predictors of resamples, kept so that a patient's survival can carry the uncertainty of the selection.

The model file holds no patient and asks for no feature beyond its own: a resample's score is stored as its regression
on the model's features over the cohort, and what that leaves over as a spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..model import Nomogram, Repeat, Uncertainty
from ..statistics.cox import CoxModel, cox
from ..statistics.imputation import nelson_aalen
from .clinical_models import known_rows
from .procedure import Built, Procedure

METHOD = (
    "bootstrap of the whole selection; each resample's score by its regression on the model's features, with the "
    "spread of the rest"
)
_MOST_NUMBERS = 60_000  # in the file, a megabyte; of scores with very many features fewer resamples are kept
_DIGITS = 7


@dataclass(frozen=True)
class ResampledPredictor:
    """What one resample's model says of all n patients of the cohort.

    Attributes
    ----------
    score : numpy.ndarray, shape (n,)
        Zero where no feature was selected.
    cutoff : float
        Infinity where no feature was selected.
    coefficients : dict of str to numpy.ndarray
        Of the covariates that it chose, by name, with the center of each under ``centers``.
    centers : dict of str to numpy.ndarray
    score_coefficient, score_center : float
    cumulative_hazard : numpy.ndarray, shape (h,)
        At the horizons, of a patient at the center.
    """

    score: np.ndarray
    cutoff: float
    coefficients: dict[str, np.ndarray]
    centers: dict[str, np.ndarray]
    score_coefficient: float
    score_center: float
    cumulative_hazard: np.ndarray


def predictor_of(
    procedure: Procedure, built: Built, rows: np.ndarray, score: np.ndarray, horizons: Sequence[float]
) -> ResampledPredictor | None:
    """Keep what a resample's model says.

    Parameters
    ----------
    procedure : Procedure
    built : Built
        Made from ``rows``.
    rows : numpy.ndarray of int
    score : numpy.ndarray, shape (n,)
        Of all patients by ``built``.
    horizons : sequence of float
        Months.

    Returns
    -------
    ResampledPredictor or None
        None where the resample has no nomogram for lack of finite estimates. Where nothing was selected, the model is
        that of the named covariates alone, or says the same of everybody.
    """
    if not built.empty:
        if built.nomogram is None:
            return None
        names = tuple(procedure.names[at] for at in built.covariates)
        return _kept(built.nomogram, names, procedure, score, built.cutoff, horizons, with_score=True)
    named = tuple(at for at, name in enumerate(procedure.names) if name in procedure.recipe.named)
    design = procedure.design(named, rows, None) if named else np.empty((rows.size, 0))
    known = known_rows(design)
    months, event = procedure.months[rows][known], procedure.event[rows][known]
    if named:
        try:
            fitted = cox(design[known], months, event)
        except InputError:
            return None
        names = tuple(procedure.names[at] for at in named)
        return _kept(fitted, names, procedure, score, np.inf, horizons, with_score=False)
    hazard = nelson_aalen(months, event)
    at_horizons = [float(hazard[months <= horizon].max(initial=0.0)) for horizon in horizons]
    return ResampledPredictor(score, np.inf, {}, {}, 0.0, 0.0, np.array(at_horizons))


def stored_uncertainty(
    predictors: Sequence[ResampledPredictor], features: np.ndarray, names: Sequence[str], nomogram: Nomogram
) -> Uncertainty | None:
    """Give what a model file holds of the resamples' predictors.

    Parameters
    ----------
    predictors : sequence of ResampledPredictor
    features : numpy.ndarray, shape (n, q)
        Of the model's score, of all patients.
    names : sequence of str
        Theirs.
    nomogram : Nomogram

    Returns
    -------
    Uncertainty or None
        None with fewer than two predictors, or with too few patients for the regression on the features.
    """
    n, q = features.shape
    if len(predictors) < 2 or n < 2 * (q + 1):
        return None
    each = q + len(nomogram.parameters()) + len(nomogram.horizons_months) + 3
    kept = predictors[: max(2, _MOST_NUMBERS // each)]
    spread = features.std(axis=0)  # none is zero: a selected feature varies
    design = np.column_stack([np.ones(n), (features - features.mean(axis=0)) / spread])
    repeats = [_stored(predictor, design, features, spread, nomogram) for predictor in kept]
    return Uncertainty(method=METHOD, features=tuple(names), repeats=tuple(repeats))


def _kept(
    fitted: CoxModel,
    names: Sequence[str],
    procedure: Procedure,
    score: np.ndarray,
    cutoff: float,
    horizons: Sequence[float],
    *,
    with_score: bool,
) -> ResampledPredictor:
    widths = [procedure.blocks[procedure.names.index(name)].shape[1] for name in names]
    ends = np.cumsum(widths)
    coefficients, centers = np.split(fitted.coef, ends), np.split(fitted.center, ends)
    baseline = fitted.baseline
    steps = np.searchsorted(baseline.time, horizons, side="right")
    hazard = np.concatenate(([0.0], baseline.cumulative_hazard))[steps]
    return ResampledPredictor(
        score=score,
        cutoff=cutoff,
        coefficients=dict(zip(names, coefficients, strict=False)),
        centers=dict(zip(names, centers, strict=False)),
        score_coefficient=float(fitted.coef[-1]) if with_score else 0.0,
        score_center=float(fitted.center[-1]) if with_score else 0.0,
        cumulative_hazard=hazard,
    )


def _stored(
    predictor: ResampledPredictor, design: np.ndarray, features: np.ndarray, spread: np.ndarray, nomogram: Nomogram
) -> Repeat:
    """Regress the resample's score on the model's features, and move its center to the model's."""
    score = predictor.score - predictor.score.mean()
    found, *_ = np.linalg.lstsq(design, score, rcond=None)
    slopes = found[1:] / spread
    left = score - design @ found
    residual = float(np.sqrt(left @ left / (len(score) - design.shape[1])))
    parameters: list[float] = []
    shift = predictor.score_coefficient * (predictor.score.mean() - predictor.score_center)
    for covariate in nomogram.covariates:
        own = predictor.coefficients.get(covariate.name, np.zeros(len(covariate.coefficients)))
        parameters += own.tolist()
        if covariate.name in predictor.centers:
            center = np.array([(nomogram.center or {})[name] for name in covariate.parameters()])
            shift += float(own @ (center - predictor.centers[covariate.name]))
    survival = np.exp(-predictor.cumulative_hazard * np.exp(np.clip(shift, -50, 50)))
    chosen = bool(predictor.score.any())
    return Repeat(
        features=tuple(range(features.shape[1])) if chosen else (),
        coefficients=_rounded(slopes) if chosen else (),
        intercept=_rounded([found[0] - slopes @ features.mean(axis=0)])[0] if chosen else 0.0,
        residual_sd=_rounded([residual])[0] if chosen else 0.0,
        cutoff=_rounded([predictor.cutoff - predictor.score.mean()])[0] if np.isfinite(predictor.cutoff) else None,
        parameters=_rounded([*parameters, predictor.score_coefficient]),
        survival=tuple(min(1.0, max(0.0, value)) for value in _rounded(survival)),
    )


def _rounded(values: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    """Seven digits, which no interval shows the end of."""
    return tuple(float(f"{value:.{_DIGITS}g}") for value in values)
