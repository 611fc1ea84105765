"""Score one patient: feature values and clinical covariates in, risk group and disease-free survival out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import InputError, ModelIncompleteError
from ..feature_names import canonical_feature_name
from ..model import SCORE, Model, Nomogram, Score, Term, Value
from ..model.averaged_survival import (
    Possibilities,
    averaged_survival,
    expected_row,
    log_hazard_spread,
    what_may_be,
)
from ..model.nomogram import (
    SurvivalEstimate,
    limit_terms,
    linear_predictor,
    parse_covariates,
    patient_row,
    points_scale,
    survival,
)
from ..model.selection_uncertainty import SelectionUncertainty, selection_uncertainty
from ..notices import Notice
from ..sentences import listed
from .prediction_notices import model_notices, nomogram_notices, range_notices
from .site_adjustment import REFUSE, UnknownSite, adjust_to_site

RiskGroupName = Literal["high", "low"]


@dataclass(frozen=True)
class Contribution:
    """One feature's part of the score; ``in_range`` is None when the model states no training range.

    ``value`` is as it enters the score: as measured, or adjusted to the patient's site.
    """

    feature: str
    value: float
    coefficient: float
    contribution: float
    in_range: bool | None


@dataclass(frozen=True)
class CovariateValue:
    """One clinical covariate as it entered the nomogram; ``value`` is None when it is unknown."""

    name: str
    label: str
    value: Value
    points: float | None


@dataclass(frozen=True)
class Prediction:
    """What a model says of one patient.

    Attributes
    ----------
    model_id, fingerprint, status : str
        The model that was applied.
    score : float
        Radiomics score.
    cutoff : float or None
        Score above which the risk group is high.
    risk_group : {"high", "low"} or None
        None when the model has no cutoff.
    survival : tuple of SurvivalEstimate
        At the model's horizons; empty when the model has no baseline survival.
    linear_predictor : float or None
        Log hazard relative to the nomogram's center.
    points, score_points : float or None
        Total nomogram points, and the score's own.
    covariates : tuple of CovariateValue
        In the nomogram's order.
    contributions : tuple of Contribution
        Largest magnitude first; with the intercept they sum to the score.
    warnings : tuple of Notice
    parameters : tuple of float or None
        The patient's row of nomogram parameters; expected values of those that are unknown.
    selection : SelectionUncertainty or None
        What the chance in choosing the model's features means for the patient; None where the model does not hold it.
    site : str or None
        Where the patient was scanned, if the features were adjusted to that.
    averaged : bool
        Whether survival is averaged over unknown covariates.
    """

    model_id: str
    fingerprint: str
    status: str
    score: float
    cutoff: float | None
    risk_group: RiskGroupName | None
    survival: tuple[SurvivalEstimate, ...]
    linear_predictor: float | None
    points: float | None
    score_points: float | None
    covariates: tuple[CovariateValue, ...]
    contributions: tuple[Contribution, ...]
    warnings: tuple[Notice, ...]
    parameters: tuple[float, ...] | None
    selection: SelectionUncertainty | None
    site: str | None
    averaged: bool


@dataclass(frozen=True)
class SurvivalCurve:
    """A patient's survival as a right-continuous step function from month 0; limits None when there are none."""

    months: np.ndarray
    probability: np.ndarray
    lower: np.ndarray | None
    upper: np.ndarray | None


def predict(
    model: Model,
    values: Mapping[str, float],
    covariates: Mapping[str, object] | None = None,
    *,
    site: str | None = None,
    unknown_site: UnknownSite = REFUSE,
    warnings: Iterable[Notice] = (),
) -> Prediction:
    """Apply a model to one patient.

    Parameters
    ----------
    model : Model
    values : mapping
        Feature values by name (pyradiomics' or R's form), at least those of the score's terms.
    covariates : mapping, optional
        Clinical covariates by name: numbers, labels or texts; absent, None, ``""`` and ``"unknown"`` are unknown.
        Survival is then averaged over what they may be given the known ones; where the model does not hold how they
        vary, its reference mean stands in. Either with a warning.
    site : str, optional
        Where the patient was scanned, for a model that was harmonized over sites.
    unknown_site : {"refuse", "as-measured"}
        What to do with a patient of no or another site, see :func:`.site_adjustment.adjust_to_site`.
    warnings : iterable of Notice
        Of earlier steps, placed before this one's.

    Returns
    -------
    Prediction

    Raises
    ------
    ModelIncompleteError
        The model has no score terms; the sentence says where they are kept.
    InputError
        A feature is absent or not finite, a covariate is unknown to the model or outside its domain, the site is
        unknown or not given where the model needs it.
    """
    formula = require_score(model)
    known = parse_covariates(model, covariates)
    adjusted, of_site = adjust_to_site(model, score_features(model, values), known, site, unknown_site)
    contributions = _contributions(formula, adjusted)
    score = _score(model, formula, contributions)
    found = _from_nomogram(model.nomogram, formula, known, score)
    notices = [*warnings, *model_notices(model), *of_site]
    notices += range_notices(formula, {part.feature: part.value for part in contributions}, score)
    if model.nomogram is not None:
        given = {"has_row": found.row is not None, "has_points": found.points is not None}
        notices += nomogram_notices(model.id, model.nomogram, known, found.parts, **given)
    return Prediction(
        model_id=model.id,
        fingerprint=model.fingerprint,
        status=model.status,
        score=score,
        cutoff=model.cutoff.value if model.cutoff else None,
        risk_group=risk_group(model, score),
        survival=found.survival,
        linear_predictor=found.linear_predictor,
        points=math.fsum(found.points.values()) if found.points else None,
        score_points=found.points[SCORE] if found.points else None,
        covariates=_covariate_values(model.nomogram, known, found.points),
        contributions=contributions,
        warnings=tuple(notices),
        parameters=tuple(found.row.tolist()) if found.row is not None else None,
        selection=_selection(model, adjusted, found, risk_group(model, score)),
        site=None if of_site else site,
        averaged=found.parts is not None,
    )


def risk_group(model: Model, score: float) -> RiskGroupName | None:
    """Give a score's risk group by the model's cutoff: high above it, else low; None when there is no cutoff."""
    if model.cutoff is None:
        return None
    return "high" if score > model.cutoff.value else "low"


def require_score(model: Model) -> Score:
    """Give a model's score, or refuse the model that has none.

    Raises
    ------
    ModelIncompleteError
        One sentence: what is missing, where it is kept, and the command that adds it.
    """
    if model.score is not None:
        return model.score
    missing = model.missing_part("score")
    what = missing.what if missing else "the score's features and coefficients"
    where = f"; they are in {missing.where}" if missing else ""
    raise ModelIncompleteError(
        f"model {model.id} is incomplete and cannot score: {what} are missing{where}; add them with "
        f"'labcradiomics models complete {model.id} COEFFICIENTS.csv --out MODEL.json'."
    )


def survival_curve(model: Model, prediction: Prediction) -> SurvivalCurve | None:
    """Give a patient's whole survival curve, for plots.

    Parameters
    ----------
    model : Model
        The model that made the prediction.
    prediction : Prediction

    Returns
    -------
    SurvivalCurve or None
        From month 0 (survival 1) over every time of the baseline; None when the prediction has no survival.

    Raises
    ------
    InputError
        The prediction was made by another model.
    """
    if model.fingerprint != prediction.fingerprint:
        raise InputError(
            f"the prediction was made by model {prediction.model_id} with another fingerprint; predict again."
        )
    if prediction.parameters is None or model.nomogram is None or model.nomogram.baseline is None:
        return None
    months = model.nomogram.baseline.months
    months = months if months[0] == 0 else (0.0, *months)
    curve = _survival(model.nomogram, _parts_of(model.nomogram, prediction), np.array(prediction.parameters), months)
    probability = np.array([estimate.probability for estimate in curve])
    if limit_terms(model.nomogram) is None:
        return SurvivalCurve(np.array(months), probability, None, None)
    lower, upper = (
        np.array([math.nan if end is None else end for end in ends])
        for ends in zip(*((estimate.lower, estimate.upper) for estimate in curve), strict=True)
    )
    return SurvivalCurve(np.array(months), probability, lower, upper)


def score_features(model: Model, values: Mapping[str, float]) -> dict[str, float]:
    """Give the features that a model's score needs, by pyradiomics' names, in the order of its terms.

    Raises
    ------
    InputError
        One is absent, not a number or not finite.
    """
    terms = require_score(model).terms
    if any(term.feature not in values for term in terms):
        values = {canonical_feature_name(name): value for name, value in values.items()}
    absent = [term.feature for term in terms if term.feature not in values]
    if absent:
        raise InputError(f"the model {model.id} needs the feature {listed(absent, 3)}, which is not given.")
    return {term.feature: _finite(term.feature, values[term.feature]) for term in terms}


def _finite(feature: str, given: float) -> float:
    try:
        value = float(given)
    except (TypeError, ValueError) as error:
        raise InputError(f"feature {feature}: {str(given)[:40]!r} is not a number.") from error
    if not math.isfinite(value):
        raise InputError(f"feature {feature}: {value} is not finite, so the model cannot be applied.")
    return value


def _contributions(formula: Score, values: Mapping[str, float]) -> tuple[Contribution, ...]:
    parts = [_contribution(term, values[term.feature]) for term in formula.terms]
    return tuple(sorted(parts, key=lambda part: -abs(part.contribution)))


def _contribution(term: Term, value: float) -> Contribution:
    return Contribution(term.feature, value, term.coefficient, term.contribution(value), term.in_range(value))


def _score(model: Model, formula: Score, contributions: Sequence[Contribution]) -> float:
    values = {part.feature: part.value for part in contributions}
    try:
        score = formula.of(values[term.feature] for term in formula.terms)
    except (OverflowError, ValueError):  # a sum or a contribution beyond what a float holds
        score = math.inf
    if not math.isfinite(score):
        raise InputError(f"the score of model {model.id} overflows; check the feature values.")
    return score


@dataclass(frozen=True)
class _FromNomogram:
    """What the nomogram adds to the score; everything is empty where the model or the patient does not allow it."""

    row: np.ndarray | None = None
    linear_predictor: float | None = None
    survival: tuple[SurvivalEstimate, ...] = ()
    points: Mapping[str, float] | None = None
    parts: Possibilities | None = None


def _from_nomogram(
    nomogram: Nomogram | None, formula: Score, known: Mapping[str, Value], score: float
) -> _FromNomogram:
    if nomogram is None:
        return _FromNomogram()
    parts = what_may_be(nomogram, known, score)
    row = patient_row(nomogram, known, score) if parts is None else expected_row(parts)
    if row is None:
        return _FromNomogram()
    scale = points_scale(nomogram, formula)
    return _FromNomogram(
        row,
        linear_predictor(nomogram, row),
        _survival(nomogram, parts, row, nomogram.horizons_months) if nomogram.baseline is not None else (),
        None if scale is None else scale.points(nomogram, row),
        parts,
    )


def _survival(
    nomogram: Nomogram, parts: Possibilities | None, row: np.ndarray, months: Sequence[float]
) -> tuple[SurvivalEstimate, ...]:
    return survival(nomogram, row, months) if parts is None else averaged_survival(nomogram, parts, months)


def _selection(
    model: Model, values: Mapping[str, float], found: _FromNomogram, group: RiskGroupName | None
) -> SelectionUncertainty | None:
    spread = 0.0
    if found.parts is not None and model.nomogram is not None:
        spread = log_hazard_spread(model.nomogram, found.parts)
    high = None if group is None else group == "high"
    return selection_uncertainty(model, values, found.row, spread, found.survival, high)


def _parts_of(nomogram: Nomogram, prediction: Prediction) -> Possibilities | None:
    """What the unknown covariates of a prediction may be; None where they are not averaged over."""
    if not prediction.averaged:
        return None
    return what_may_be(nomogram, {part.name: part.value for part in prediction.covariates}, prediction.score)


def _covariate_values(
    nomogram: Nomogram | None, known: Mapping[str, Value], points: Mapping[str, float] | None
) -> tuple[CovariateValue, ...]:
    labels = {covariate.name: covariate.label for covariate in nomogram.covariates} if nomogram else {}
    return tuple(
        CovariateValue(name, labels[name], value, points[name] if points else None) for name, value in known.items()
    )
