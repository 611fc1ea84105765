"""What the user should know of one prediction: what the model does not give, and what of the patient is unusual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model import Covariate, Model, Nomogram, Score, Value
from ..model.averaged_survival import Possibilities, expected_row, expected_spread
from ..model.nomogram import limit_terms
from ..notices import Notice

DEMONSTRATION = "demonstration, simulated data, not for any clinical use"


def model_notices(model: Model) -> list[Notice]:
    """Say what the model itself cannot do, whoever the patient is."""
    notices = []
    if model.status == "demonstration":
        notices.append(Notice("demonstration", f"Model {model.id}: {DEMONSTRATION}."))
    if model.cutoff is None:
        notices.append(Notice("no-cutoff", f"Model {model.id} has no cutoff, so there is no risk group."))
    if model.nomogram is None:
        notices.append(Notice("no-nomogram", f"Model {model.id} has no nomogram, so it gives no survival."))
    elif model.nomogram.baseline is None:
        text = (
            f"{model.nomogram.endpoint} is not available: model {model.id} has no baseline survival; "
            "estimate it on a local cohort with 'labcradiomics recalibrate'."
        )
        notices.append(Notice("no-baseline", text))
    elif limit_terms(model.nomogram) is None:
        text = f"Model {model.id} holds no covariance, so survival has no confidence limits."
        notices.append(Notice("no-limits", text))
    return notices


def range_notices(formula: Score, values: Mapping[str, float], score: float) -> list[Notice]:
    """Warn of features and of a score outside what the training cohort had.

    Parameters
    ----------
    formula : Score
    values : mapping of str to float
        Feature values, in the order in which they are to be told.
    score : float
    """
    terms = {term.feature: term for term in formula.terms}
    told = [
        _out_of_range("feature-out-of-range", feature, value, terms[feature].low, terms[feature].high)
        for feature, value in values.items()
    ]
    told.append(_out_of_range("score-out-of-range", "The radiomics score", score, formula.low, formula.high))
    return [notice for notice in told if notice is not None]


def nomogram_notices(
    model_id: str,
    nomogram: Nomogram,
    known: Mapping[str, Value],
    parts: Possibilities | None,
    *,
    has_row: bool,
    has_points: bool,
) -> list[Notice]:
    """Warn of unknown and unusual covariates, and of nomogram results that the model cannot give.

    Parameters
    ----------
    model_id : str
    nomogram : Nomogram
    known : mapping
        The covariates' values.
    parts : tuple of Possibility or None
        What the unknown ones may be, if survival was averaged over that.
    has_row, has_points : bool
        Whether the patient has a linear predictor, and nomogram points.
    """
    notices = list(_covariate_notices(model_id, nomogram, known, parts))
    if nomogram.center is None and has_row:
        message = f"Model {model_id} has no reference means; the linear predictor is relative to a patient of zeros."
        notices.append(Notice("no-center", message))
    if has_row and not has_points:
        message = f"Model {model_id} does not state every covariate's range, so there are no nomogram points."
        notices.append(Notice("no-points", message))
    return notices


def _covariate_notices(
    model_id: str, nomogram: Nomogram, known: Mapping[str, Value], parts: Possibilities | None
) -> Iterable[Notice]:
    start = 0
    for covariate in nomogram.covariates:
        value, columns = known[covariate.name], slice(start, start + len(covariate.coefficients))
        start = columns.stop
        if value is None and parts is not None:
            yield Notice("covariate-unknown", _averaged_message(covariate, parts, columns))
        elif value is None:
            yield Notice("covariate-unknown", _unknown_message(model_id, nomogram.center, covariate))
        elif not isinstance(value, str):
            ends = covariate.low, covariate.high
            notice = _out_of_range("covariate-out-of-range", covariate.label, value, *ends)
            if notice is not None:
                yield notice


def _averaged_message(covariate: Covariate, parts: Possibilities, columns: slice) -> str:
    """What an unknown covariate is taken for."""
    mean, spread = expected_row(parts)[columns], expected_spread(parts)[columns]
    if covariate.type == "number":
        unit = f" {covariate.unit}" if covariate.unit else ""
        may_be = f"{mean[0]:.4g}{unit}, give or take {spread[0]:.2g}"
    elif covariate.type == "binary":
        may_be = f"{covariate.choices[1]} in {mean[0]:.0%}"
    else:
        others = [level for level in covariate.choices if level != covariate.reference]
        shares = dict(zip(others, mean, strict=True)) | {str(covariate.reference): 1 - float(mean.sum())}
        may_be = ", ".join(f"{level} in {shares[level]:.0%}" for level in covariate.choices)
    return (
        f"{covariate.label} ({covariate.name}) is unknown; survival is averaged over what it may be in patients like "
        f"this one ({may_be}), and its limits are the wider for it."
    )


def _out_of_range(code: str, what: str, value: float, low: float | None, high: float | None) -> Notice | None:
    if low is None or high is None or low <= value <= high:
        return None
    return Notice(code, f"{what} is {value:.6g}, outside the training cohort's range {low:.6g} to {high:.6g}.")


def _unknown_message(model_id: str, center: Mapping[str, float] | None, covariate: Covariate) -> str:
    if center is None:
        return (
            f"{covariate.label} ({covariate.name}) is unknown and model {model_id} has no reference mean for it, "
            "so there is no linear predictor and no survival."
        )
    means = [center[name] for name in covariate.parameters()]
    if covariate.type == "number":
        used = f"mean, {means[0]:.4g}{' ' + covariate.unit if covariate.unit else ''},"
    elif covariate.type == "binary":
        used = f"proportion of {covariate.choices[1]}, {means[0]:.0%},"
    else:
        used = "mix of levels"
    return (
        f"{covariate.label} ({covariate.name}) is unknown; the model's reference {used} stands in for it, which the "
        "limits of survival leave out."
    )
