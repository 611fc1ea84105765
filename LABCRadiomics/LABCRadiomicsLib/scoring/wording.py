"""A result in words: its numbers, and how far to trust it.

Functions that make sentences take ``_``, which translates one; the Slicer module gives its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..model import Model, Term
from .prediction import Prediction
from .trust import STABLE, limits_hold

Translate = Callable[[str], str]


def number(value: float) -> str:
    """Four significant digits, without an exponent where people read it more easily so."""
    return f"{value:.0f}" if 9999.5 <= abs(value) < 1e9 else f"{value:.4g}"


def percent(value: float) -> str:
    """A probability in percent with one decimal."""
    return f"{100 * value:.1f}%"


def training_range(term: Term) -> str:
    """Where a feature lay in the training cohort, 1st to 99th percentile; empty when the model does not say."""
    return "" if term.low is None else f"{term.low:.6g} to {term.high:.6g}"


def gives(model: Model) -> str:
    """Say in words which results a model can give."""
    if model.score is None:
        return "nothing until completed"
    parts = ["score"]
    if model.cutoff is not None:
        parts.append("risk group")
    if model.nomogram is not None and model.nomogram.baseline is not None:
        parts.append(model.nomogram.endpoint.lower())
    return ", ".join(parts)


_ADDED = {
    "adds": "In training, on patients left out, the score added to them.",
    "may add": "In training it stayed open whether the score adds to them.",
    "does not add": "In training the score was not shown to add anything to them.",
}


def without_image(model: Model, prediction: Prediction) -> str:
    """Say what the clinical covariates alone give of a patient, and whether the score was found to add to them.

    Empty where the model brings no clinical model along, or the patient's covariates are not all known.
    """
    values = {covariate.name: covariate.value for covariate in prediction.covariates}
    if not prediction.survival or model.nomogram is None:
        return ""
    last, endpoint = prediction.survival[-1], model.nomogram.endpoint.lower()
    for comparator in model.comparators:
        log_hazard = comparator.log_hazard(values)
        alone = None if log_hazard is None else comparator.survival(log_hazard, last.months)
        if alone is not None:
            names = ", ".join(covariate.label for covariate in comparator.covariates)
            added = (
                _ADDED[comparator.verdict] if comparator.verdict else "Whether the score adds to them was not measured."
            )
            return (
                f"Clinical covariates alone ({names}), without the image, give {endpoint} of "
                f"{percent(alone)} at {last.months:g} months; with the score it is {percent(last.probability)}. {added}"
            )
    return ""


def trust(result: Mapping[str, Any], _: Translate = str) -> list[str]:
    """How far to trust a result.

    Parameters
    ----------
    result : mapping
        See :func:`.result_document.result_document`.
    _ : callable, optional
        Translates a sentence.

    Returns
    -------
    list of str
        Sentences: those of :func:`evidence`, then the other warnings.
    """
    told = {"feature-out-of-range", "demonstration"}  # said there, and beside every result of such a model
    others = [warning["message"] for warning in result["warnings"] if warning["code"] not in told]
    return evidence(result, _) + others


def grade(result: Mapping[str, Any], _: Translate = str) -> str:
    """The grade of trust in words."""
    return {
        "fine": _("Nothing was noticed that speaks against this result."),
        "care": _("Take this result with care, for the reasons below."),
        "do-not-rely": _("Do not rely on this result, for the reasons below."),
    }[result["trust"]["grade"]]


def evidence(result: Mapping[str, Any], _: Translate = str) -> list[str]:
    """What speaks for and against a result: extrapolation, the model's discrimination, the contour test."""
    outside = sum(part["in_range"] is False for part in result["contributions"])
    sentences = []
    if outside:
        sentence = _("{n} of {total} features outside the training cohort's range: the score is an extrapolation.")
        sentences.append("\u26a0 " + sentence.format(n=outside, total=len(result["contributions"])))
    if result["discrimination"] is not None:
        sentences.append(_discrimination(result["discrimination"], result["status"] == "demonstration", _))
    if result.get("site") is not None:
        sentence = _("The features were adjusted for site {site} (ComBat), as those were that the model was made from.")
        sentences.append(sentence.format(site=result["site"]))
    if result["stability"] is not None:
        sentences.append(_stability(result["stability"], result["cutoff"], _))
    if result["second_reader"] is not None:
        sentences.append(_second_reader(result["second_reader"], result["survival"], _))
    return sentences


def survival_remarks(result: Mapping[str, Any], _: Translate = str) -> list[str]:
    """What to know of the survival of a result, to stand right beside its numbers; none where there is no survival."""
    if not result["survival"]:
        return []
    sentences = []
    unknown = ", ".join(covariate["label"] for covariate in result["covariates"] if covariate["value"] is None)
    if unknown and result["averaged"]:
        sentence = _("Averaged over what is unknown of this patient ({names}); the limits are the wider for it.")
        sentences.append(sentence.format(names=unknown))
    elif unknown:
        sentence = _("The model's mean stands in for what is unknown ({names}), which the limits leave out.")
        sentences.append(sentence.format(names=unknown))
    if result["selection"] is not None:
        sentences += _of_selection(result["selection"], _)
    elif any(estimate["lower"] is not None for estimate in result["survival"]):
        sentences.append(_("The limits take the model as true; the chance in choosing its features is not in them."))
    return sentences


def _of_selection(selection: Mapping[str, Any], _: Translate) -> list[str]:
    """What the repeated selections say, and what their limits are."""
    sentences = []
    if selection["survival"]:
        sentence = _(
            "The 95% limits take the model as true. The wider ones also carry the chance in choosing its features: had "
            "the model been made of other patients of the same kind, its prediction could lie anywhere there "
            "({n} repeats of the whole selection)."
        )
        sentences.append(sentence.format(n=selection["repeats"]))
    if selection["same_group"] is not None:
        sentence = _("In {share} of {n} repeats of the whole selection this patient is in the same risk group.")
        sentences.append(sentence.format(share=f"{selection['same_group']:.0%}", n=selection["repeats"]))
    return sentences


def wider_limits(result: Mapping[str, Any]) -> list[str]:
    """The limits that carry the selection's uncertainty, one text an estimate of survival; empty without them."""
    if result["selection"] is None:
        return []
    return [
        "" if limits["lower"] is None else f"{percent(limits['lower'])} to {percent(limits['upper'])}"
        for limits in result["selection"]["survival"]
    ]


def _discrimination(row: Mapping[str, Any], simulated: bool, _: Translate) -> str:
    """How well the model told other patients apart, and which."""
    measured, ends = _("{metric}: {value} (0.5 is chance, 1 perfect)."), {}
    if row["lower"] is not None:
        measured = _("{metric}: {value}, 95% CI {lower} to {upper} (0.5 is chance, 1 perfect).")
        ends = {end: f"{row[end]:.3f}" for end in ("lower", "upper")}
    patients = {
        "external": _("Measured in {n} patients of another center."),
        "validation": _("Measured in {n} patients of a validation cohort."),
        "optimism-corrected": _("Measured in the {n} patients it was made from, corrected for optimism."),
        "apparent": _("Measured in the {n} patients it was made from, which is too good."),
    }
    phantoms = {
        "external": _("Measured in {n} simulated patients of another center."),
        "validation": _("Measured in {n} simulated patients of a validation cohort."),
        "optimism-corrected": _("Measured in the {n} simulated patients it was made from, corrected for optimism."),
        "apparent": _("Measured in the {n} simulated patients it was made from, which is too good."),
    }
    sentences = measured, (phantoms if simulated else patients)[row["kind"]]
    return _together(sentences).format(metric=row["metric"], value=f"{row['value']:.3f}", n=row["n"], **ends)


def _together(sentences: Sequence[str]) -> str:
    """Whole sentences one after the other; no sentence is made of pieces, which other languages order otherwise."""
    return " ".join(sentences)


def _stability(stability: Mapping[str, Any], cutoff: float | None, _: Translate) -> str:
    """How the result changes when the contour is moved."""
    scored = stability["contours"] - stability["failed"]
    if not scored:
        return _("None of {n} redrawn contours could be scored.").format(n=stability["contours"])
    sentences = [_spread(stability, _)]
    if stability["failed"]:
        sentences.append(_("Of them, {failed} could not be scored.").format(failed=stability["failed"]))
    same = stability["same_group"]
    if same is not None:
        sentences.append(_("The risk group is the same in {same} of {n}.").format(same=same, n=scored))
        if same < STABLE * scored:
            sentences.insert(0, "\u26a0 " + _("The risk group depends on the contour."))
        elif limits_hold(stability, cutoff):
            sentences.insert(0, "\u26a0 " + _("Another reader's contour may give the other risk group."))
    return _together(sentences)


def _spread(stability: Mapping[str, Any], _: Translate) -> str:
    """The scores of the redrawn contours; those of an earlier version were drawn by another rule, and had no limits."""
    if stability["dice_mean"] is None:
        sentence = _(
            "With the contour redrawn {n} times (boundary moved by {sd:g} mm SD), the score is {low} to {high}."
        )
        return sentence.format(
            n=stability["contours"],
            sd=stability["boundary_sd_mm"],
            low=number(stability["score_min"]),
            high=number(stability["score_max"]),
        )
    sentence = _(
        "With {n} contours that overlap the drawn one as other readers' would (Dice {dice} on average), the score is "
        "{low} to {high}; 95% limits of another reader's score: {lower} to {upper}."
    )
    return sentence.format(
        n=stability["contours"],
        dice=f"{stability['dice_mean']:.2f}",
        low=number(stability["score_min"]),
        high=number(stability["score_max"]),
        lower=number(stability["score_lower"]),
        upper=number(stability["score_upper"]),
    )


def _second_reader(second: Mapping[str, Any], survival: Sequence[Mapping[str, Any]], _: Translate) -> str:
    """What the contour of another reader gives."""
    sentence = _("On the second reader's contour (Dice {dice} with the first) the score is {score}.")
    sentences = [sentence.format(dice=f"{second['dice']:.2f}", score=number(second["score"]))]
    if second["same_group"] is not None:
        sentences.append(
            _("Its risk group is the same.") if second["same_group"] else _("Its risk group is the other.")
        )
    if second["survival"] and survival:
        last, first = second["survival"][-1], survival[-1]
        both = _("Its survival at {months:g} months is {second} (first reader: {first}).")
        sentences.append(
            both.format(months=last["months"], second=percent(last["probability"]), first=percent(first["probability"]))
        )
    return ("\u26a0 " if second["same_group"] is False else "") + _together(sentences)
