"""Score one patient: feature values and clinical covariates in, risk group and disease-free survival out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import NOTICE
from ..errors import InputError, ModelIncompleteError
from ..feature_names import canonical_feature_name
from ..model import SCORE, Covariate, Model, Term
from ..model.nomogram import (
    SurvivalEstimate,
    has_limits,
    linear_predictor,
    parse_covariates,
    patient_row,
    points_scale,
    survival,
)
from ..notices import Notice

DEMONSTRATION = "demonstration, simulated data, not for any clinical use"


@dataclass(frozen=True)
class Contribution:
    """One feature's part of the score; ``in_range`` is None when the model states no training range."""

    feature: str
    value: float
    coefficient: float
    contribution: float
    in_range: bool | None

    def to_dict(self) -> dict[str, Any]:
        """Give the part as the JSON output holds it."""
        return {
            "feature": self.feature,
            "value": self.value,
            "coefficient": self.coefficient,
            "contribution": self.contribution,
            "in_range": self.in_range,
        }


@dataclass(frozen=True)
class CovariateValue:
    """One clinical covariate as it entered the nomogram; ``value`` is None when the model's mean stood in for it."""

    name: str
    label: str
    value: float | str | None
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
    risk_group : str or None
        ``"high"`` or ``"low"``; None when the model has no cutoff.
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
        The patient's row of nomogram parameters.
    stability : mapping or None
        How the group changes with the contour, when that was asked for.
    timings : mapping
        Seconds by step.
    """

    model_id: str
    fingerprint: str
    status: str
    score: float
    cutoff: float | None
    risk_group: str | None
    survival: tuple[SurvivalEstimate, ...]
    linear_predictor: float | None
    points: float | None
    score_points: float | None
    covariates: tuple[CovariateValue, ...]
    contributions: tuple[Contribution, ...]
    warnings: tuple[Notice, ...]
    parameters: tuple[float, ...] | None
    stability: Mapping[str, Any] | None = None
    timings: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the prediction as ``labcradiomics score --json`` prints it."""
        return {
            "model": self.model_id,
            "fingerprint": self.fingerprint,
            "status": self.status,
            "score": self.score,
            "cutoff": self.cutoff,
            "risk_group": self.risk_group,
            "survival": [vars(estimate) for estimate in self.survival],
            "linear_predictor": self.linear_predictor,
            "points": self.points,
            "contributions": [contribution.to_dict() for contribution in self.contributions],
            "stability": self.stability if self.stability is None else dict(self.stability),
            "warnings": [notice.to_dict() for notice in self.warnings],
            "timings": {step: self.timings.get(step) for step in ("read_s", "extract_s", "score_s")},
            "notice": NOTICE,
        }


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
    warnings: Iterable[Notice] = (),
    timings: Mapping[str, float] | None = None,
) -> Prediction:
    """Apply a model to one patient.

    Parameters
    ----------
    model : Model
    values : mapping
        Feature values by name (pyradiomics' or R's form), at least those of the score's terms.
    covariates : mapping, optional
        Clinical covariates by name: numbers, labels or texts; absent, None, ``""`` and ``"unknown"`` are unknown, and
        the model's reference mean stands in for them with a warning.
    warnings : iterable of Notice
        Of earlier steps, placed before this one's.
    timings : mapping, optional
        Seconds of ``read_s``, ``extract_s``, ``score_s``.

    Returns
    -------
    Prediction

    Raises
    ------
    ModelIncompleteError
        The model has no score terms; the sentence says where they are kept.
    InputError
        A feature is absent or not finite, a covariate is unknown to the model or outside its domain.
    """
    require_score(model)
    contributions = _contributions(model, values)
    score = _score(model, {part.feature: part.value for part in contributions})
    known = parse_covariates(model, covariates)
    notices = [*warnings, *_model_notices(model), *_range_notices(model, contributions, score)]
    row = patient_row(model.nomogram, known, score) if model.nomogram else None
    parts = _points(model, row)
    if model.nomogram is not None:
        notices += _nomogram_notices(model, known, row, parts)
    return Prediction(
        model_id=model.id,
        fingerprint=model.fingerprint,
        status=model.status,
        score=score,
        cutoff=model.cutoff.value if model.cutoff else None,
        risk_group=_risk_group(model, score),
        survival=_survival_at_horizons(model, row),
        linear_predictor=linear_predictor(model.nomogram, row) if row is not None else None,
        points=math.fsum(parts.values()) if parts else None,
        score_points=parts[SCORE] if parts else None,
        covariates=_covariate_values(model, known, parts),
        contributions=contributions,
        warnings=tuple(notices),
        parameters=tuple(row.tolist()) if row is not None else None,
        timings=dict(timings or {}),
    )


def require_score(model: Model) -> None:
    """Refuse a model without score terms.

    Raises
    ------
    ModelIncompleteError
        One sentence: what is missing, where it is kept, and the command that adds it.
    """
    if model.score is not None:
        return
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
    curve = survival(model.nomogram, np.array(prediction.parameters), months)
    probability = np.array([estimate.probability for estimate in curve])
    if not has_limits(model.nomogram):
        return SurvivalCurve(np.array(months), probability, None, None)
    lower, upper = (
        np.array([math.nan if end is None else end for end in ends])
        for ends in zip(*((estimate.lower, estimate.upper) for estimate in curve), strict=True)
    )
    return SurvivalCurve(np.array(months), probability, lower, upper)


def _contributions(model: Model, values: Mapping[str, float]) -> tuple[Contribution, ...]:
    terms = model.score.terms
    if any(term.feature not in values for term in terms):
        values = {canonical_feature_name(name): value for name, value in values.items()}
    absent = [term.feature for term in terms if term.feature not in values]
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        raise InputError(f"the model {model.id} needs the feature {', '.join(absent[:3])}{more}, which is not given.")
    parts = [_contribution(term, values[term.feature]) for term in terms]
    return tuple(sorted(parts, key=lambda part: -abs(part.contribution)))


def _contribution(term: Term, given: float) -> Contribution:
    try:
        value = float(given)
    except (TypeError, ValueError) as error:
        raise InputError(f"feature {term.feature}: {str(given)[:40]!r} is not a number.") from error
    if not math.isfinite(value):
        raise InputError(f"feature {term.feature}: {value} is not finite, so the model cannot be applied.")
    return Contribution(term.feature, value, term.coefficient, term.contribution(value), term.in_range(value))


def _score(model: Model, values: Mapping[str, float]) -> float:
    try:
        score = model.score.of(values[term.feature] for term in model.score.terms)
    except (OverflowError, ValueError):  # a sum or a contribution beyond what a float holds
        score = math.inf
    if not math.isfinite(score):
        raise InputError(f"the score of model {model.id} overflows; check the feature values.")
    return score


def _risk_group(model: Model, score: float) -> str | None:
    if model.cutoff is None:
        return None
    return "high" if score > model.cutoff.value else "low"


def _survival_at_horizons(model: Model, row: np.ndarray | None) -> tuple[SurvivalEstimate, ...]:
    if row is None or model.nomogram.baseline is None:
        return ()
    return survival(model.nomogram, row, model.nomogram.horizons_months)


def _points(model: Model, row: np.ndarray | None) -> dict[str, float] | None:
    if row is None:
        return None
    scale = points_scale(model.nomogram, model.score)
    return scale and scale.points(model.nomogram, row)


def _covariate_values(
    model: Model, known: Mapping[str, float | str | None], parts: Mapping[str, float] | None
) -> tuple[CovariateValue, ...]:
    labels = {covariate.name: covariate.label for covariate in model.nomogram.covariates} if model.nomogram else {}
    return tuple(
        CovariateValue(name, labels[name], value, parts[name] if parts else None) for name, value in known.items()
    )


def _model_notices(model: Model) -> list[Notice]:
    """What the model itself cannot do, whoever the patient is."""
    notices = []
    if model.status == "demonstration":
        notices.append(Notice("demonstration", f"Model {model.id}: {DEMONSTRATION}."))
    if model.cutoff is None:
        notices.append(Notice("no-cutoff", f"Model {model.id} has no cutoff, so there is no risk group."))
    if model.nomogram is None:
        notices.append(Notice("no-nomogram", f"Model {model.id} has no nomogram, so it gives no survival."))
    elif model.nomogram.baseline is None:
        notices.append(
            Notice(
                "no-baseline",
                f"{model.nomogram.endpoint} is not available: model {model.id} has no baseline survival; "
                "estimate it on a local cohort with 'labcradiomics recalibrate'.",
            )
        )
    elif not has_limits(model.nomogram):
        notices.append(
            Notice("no-limits", f"Model {model.id} holds no covariance, so survival has no confidence limits.")
        )
    return notices


def _range_notices(model: Model, contributions: Iterable[Contribution], score: float) -> list[Notice]:
    """Warn of features and of a score outside what the training cohort had."""
    terms = {term.feature: term for term in model.score.terms}
    notices = [
        _out_of_range("feature-out-of-range", part.feature, part.value, terms[part.feature])
        for part in contributions
        if part.in_range is False
    ]
    if model.score.low is not None and not model.score.low <= score <= model.score.high:
        notices.append(_out_of_range("score-out-of-range", "the radiomics score", score, model.score))
    return notices


def _out_of_range(code: str, what: str, value: float, limits: Any) -> Notice:
    message = f"{what} is {value:.6g}, outside the training cohort's range {limits.low:.6g} to {limits.high:.6g}."
    return Notice(code, message[0].upper() + message[1:] if what.startswith("the ") else message)


def _nomogram_notices(
    model: Model,
    known: Mapping[str, float | str | None],
    row: np.ndarray | None,
    parts: Mapping[str, float] | None,
) -> list[Notice]:
    """Warn of unknown and unusual covariates, and of nomogram results that the model cannot give."""
    nomogram = model.nomogram
    notices = []
    for covariate in nomogram.covariates:
        value = known[covariate.name]
        if value is None:
            notices.append(Notice("covariate-unknown", _unknown_message(model, covariate)))
        elif covariate.low is not None and not covariate.low <= value <= covariate.high:
            notices.append(_out_of_range("covariate-out-of-range", covariate.label, value, covariate))
    if nomogram.center is None and row is not None:
        message = f"Model {model.id} has no reference means; the linear predictor is relative to a patient of zeros."
        notices.append(Notice("no-center", message))
    if row is not None and parts is None:
        message = f"Model {model.id} does not state every covariate's range, so there are no nomogram points."
        notices.append(Notice("no-points", message))
    return notices


def _unknown_message(model: Model, covariate: Covariate) -> str:
    center = model.nomogram.center
    if center is None:
        return (
            f"{covariate.label} ({covariate.name}) is unknown and model {model.id} has no reference mean for it, "
            "so there is no linear predictor and no survival."
        )
    means = [center[name] for name in covariate.parameters()]
    if covariate.type == "number":
        used = f"mean, {means[0]:.4g}{' ' + covariate.unit if covariate.unit else ''},"
    elif covariate.type == "binary":
        used = f"proportion of {(covariate.levels or ('no', 'yes'))[1]}, {means[0]:.0%},"
    else:
        used = "mix of levels"
    return f"{covariate.label} ({covariate.name}) is unknown; the model's reference {used} stands in for it."
