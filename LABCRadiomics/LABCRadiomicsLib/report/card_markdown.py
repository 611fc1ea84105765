"""A model's card as Markdown: what it is, for whom, what it needs, how good it is, how it was made."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from .. import NOTICE
from ..feature_words import feature_sentence
from ..model import Covariate, Domain, Extraction, Model, Performance
from ..scoring import DEMONSTRATION
from ..scoring.table_words import metric_limits, metric_value
from ..scoring.wording import gives, number, percent, training_range
from . import extraction_words as words
from .markdown_text import bullets, code, inline, table

_STATUS = {
    "complete": "complete: it can be used as it is",
    "incomplete": "incomplete: parts are missing and are not invented; what and where is below",
    "demonstration": f"{DEMONSTRATION}",
}
_KINDS = {
    "apparent": "apparent: on the patients it was made from, too good",
    "optimism-corrected": "optimism-corrected: by resampling the whole procedure on the patients it was made from",
    "validation": "validation: other patients",
    "external": "external: patients of another center",
}
_NOT_STATED = "Not stated."
_UNKNOWN_FEATURE = "Not a feature of pyradiomics: what it measures is not known here."


def card_markdown(model: Model) -> str:
    """Write a model's card.

    Parameters
    ----------
    model : Model
        Any one, incomplete ones too: what a model file does not say is said to be not stated.

    Returns
    -------
    str
        Markdown (CommonMark with tables), ending in a line break.
    """
    parts: list[tuple[str, list[str]]] = [
        ("What it is", _identity(model)),
        ("What it lacks", _missing(model)),
        ("Intended use", [inline(model.intended_use), ""]),
        ("Limitations", bullets(map(inline, model.limitations)) or [_NOT_STATED, ""]),
        ("Patients it was made from", _population(model)),
        ("What it needs", _needs(model)),
        ("Images it was made from", _domain(model.image.domain, words.axes(model.extraction))),
        ("Preprocessing and features", _extraction(model.extraction)),
        ("Harmonization between sites", _harmonization(model)),
        ("Score", _score(model)),
        ("Cutoff and risk groups", _cutoff(model)),
        ("Nomogram", _nomogram(model)),
        ("Performance", _performance(model.performance)),
        ("What the clinic has without the image", _comparators(model)),
        ("How it was made", bullets(map(inline, model.provenance.methods)) or [_NOT_STATED, ""]),
        ("Changes since", _changes(model)),
        ("Where it comes from", _provenance(model)),
    ]
    lines = [f"# {inline(model.title)}", "", f"> {inline(NOTICE)}", ""]
    if model.status == "demonstration":
        lines += [f"> **{inline(DEMONSTRATION[0].upper() + DEMONSTRATION[1:])}.**", ""]
    for title, content in parts:
        if content:
            lines += [f"## {title}", "", *content]
    return "\n".join([*lines, inline(NOTICE), ""])


def _identity(model: Model) -> list[str]:
    endpoint = model.nomogram.endpoint if model.nomogram else ""
    rows = [
        ("model", code(model.id)),
        ("version", inline(model.version)),
        ("status", inline(_STATUS[model.status])),
        ("gives", inline(gives(model))),
        ("endpoint", inline(endpoint or "not stated")),
        ("fingerprint (SHA-256)", code(model.fingerprint)),
    ]
    return table(("", ""), rows)


def _missing(model: Model) -> list[str]:
    return bullets(
        f"{code(entry.part)}: {inline(entry.what)}. Kept in: {inline(entry.where)}." for entry in model.missing
    )


def _population(model: Model) -> list[str]:
    cohort = model.provenance.cohort
    share = f" ({percent(cohort.events / cohort.n)})"
    lines = [f"{cohort.n} patients, {cohort.events} with the event{share}."]
    lines.append(f"Years: {inline(cohort.years)}." if cohort.years else "Years: not stated.")
    lines.append(inline(cohort.description) if cohort.description else "Who they are is not stated.")
    rows = [(inline(name), inline(value)) for name, value in cohort.characteristics.items()]
    return [" ".join(lines), "", *table(("characteristic", "patients"), rows)]


def _needs(model: Model) -> list[str]:
    image = model.image
    needed = [f"Image: {inline(image.modality)}; sequence: {inline(image.sequence)}; timing: {inline(image.timing)}."]
    if model.extraction is None and model.score is not None:
        needed.append("A table of its features: the model does not say how to compute them from an image.")
    else:
        needed.append("The whole tumor segmented on that image.")
    asked = {step.get("region") for step in (model.extraction.preprocessing if model.extraction else ())}
    if "breast" in asked:
        needed.append("The breast segmented, for preprocessing.")
    tissues = [step.get("tissue") for step in (model.extraction.preprocessing if model.extraction else ())]
    needed += [f"The reference tissue ({inline(tissue)}) outlined, for preprocessing." for tissue in tissues if tissue]
    if model.harmonization is not None:
        sites = ", ".join(inline(site.name) for site in model.harmonization.sites)
        needed.append(f"The site that the image comes from, one of {sites}: features are harmonized between them.")
    if model.nomogram and model.nomogram.covariates:
        names = ", ".join(inline(covariate.label) for covariate in model.nomogram.covariates)
        unknown = " Each may be unknown." if model.nomogram.center is not None else ""
        needed.append(f"Clinical covariates, for survival: {names}.{unknown}")
    return bullets(needed)


def _domain(domain: Domain | None, axes: str) -> list[str]:
    if domain is None:
        return ["Voxel sizes, scanners and tumor volumes are not stated.", ""]
    rows = []
    if domain.spacing_mm_low and domain.spacing_mm_high:
        ends = zip(domain.spacing_mm_low, domain.spacing_mm_high, strict=True)
        rows.append((f"voxel size, mm ({axes})", " x ".join(_range(*pair) for pair in ends)))
    if domain.volume_mm3_low is not None and domain.volume_mm3_high is not None:
        rows.append(("volume of the tumor, mm³", _range(domain.volume_mm3_low, domain.volume_mm3_high)))
    if domain.mean_low is not None and domain.mean_high is not None:
        rows.append(("mean intensity of the tumor, the images' unit", _range(domain.mean_low, domain.mean_high)))
    if domain.contrast_low is not None and domain.contrast_high is not None:
        what = "contrast of the tumor to the 5 mm around it, standard deviations"
        rows.append((what, _range(domain.contrast_low, domain.contrast_high)))
    if domain.field_strengths_t:
        rows.append(("field strength, T", ", ".join(f"{tesla:g}" for tesla in domain.field_strengths_t)))
    if domain.manufacturers:
        rows.append(("manufacturers", inline(", ".join(domain.manufacturers))))
    return table(("", "1st to 99th percentile, or all"), rows)


def _range(low: float, high: float) -> str:
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _extraction(extraction: Extraction | None) -> list[str]:
    if extraction is None:
        return ["Not stated: the features were made elsewhere.", ""]
    steps, settings = words.preprocessing(extraction), sorted(extraction.setting.items())
    rows = [
        ("preprocessing", "; then ".join(map(inline, steps)) or "none"),
        ("resampling", inline(words.resampling(extraction))),
        ("images", inline("; ".join(words.image_types(extraction)))),
        ("feature classes", inline("; ".join(words.feature_classes(extraction)))),
        ("discretization", inline(words.discretization(extraction))),
        ("resegmentation", inline(words.resegmentation(extraction))),
        ("texture in", inline(words.neighborhood(extraction))),
        ("axis order", inline(words.axis_order(extraction))),
        ("definitions", inline(words.definitions(extraction))),
        ("all settings", ", ".join(code(f"{key}: {json.dumps(value)}") for key, value in settings)),
    ]
    return table(("", ""), rows)


def _harmonization(model: Model) -> list[str]:
    found = model.harmonization
    if found is None:
        return []
    target = f"to site {found.reference}" if found.reference else "to the common mean of all sites"
    kept = ", ".join(covariate.parameter for covariate in found.covariates)
    lines = [f"ComBat brings {len(found.features)} features {inline(target)}."]
    if kept:
        lines.append(f"The effects of {inline(kept)} are kept.")
    rows = [(inline(site.name), str(site.n)) for site in found.sites]
    return [" ".join(lines), "", *table(("site", "patients"), rows)]


def _score(model: Model) -> list[str]:
    if model.score is None:
        return ["The score is not in the model: see what it lacks.", ""]
    scaled = any(term.mean is not None for term in model.score.terms)
    how = "each coefficient times the feature's value"
    if scaled:
        how = "each coefficient times the feature's value, or times (value - mean) / SD where these are given"
    sentences = [
        f"The score is {_exact(model.score.intercept)} plus the sum of {how}. Higher is worse; it has no unit."
        if model.score.intercept
        else f"The score is the sum of {how}. Higher is worse; it has no unit."
    ]
    if model.score.low is not None and model.score.high is not None:
        sentences.append(
            f"In training it ran from {number(model.score.low)} to {number(model.score.high)} (1st to 99th percentile)."
        )
    if model.score.distribution is not None:
        sentences.append(f"Joint distribution of its features stored, of {model.score.distribution.n} patients.")
    rows = [
        (
            code(term.feature),
            _exact(term.coefficient),
            *([_scale(term.mean, term.sd)] if scaled else []),
            training_range(term) or "not stated",
            inline(
                feature_sentence(term.feature) or "Not a feature of pyradiomics: what it measures is not known here."
            ),
        )
        for term in model.score.terms
    ]
    header = ("feature", "coefficient", *(["mean; SD"] if scaled else []), "1st to 99th percentile", "in words")
    return [" ".join(sentences), "", *table(header, rows)]


def _exact(value: float) -> str:
    """Enough digits to score by hand."""
    return f"{value:.8g}"


def _scale(mean: float | None, sd: float | None) -> str:
    return "" if mean is None or sd is None else f"{_exact(mean)}; {_exact(sd)}"


def _cutoff(model: Model) -> list[str]:
    if model.cutoff is None:
        return ["The model has no cutoff and makes no risk groups.", ""]
    cutoff = model.cutoff
    at = f" at {cutoff.horizon_months:g} months" if cutoff.horizon_months else ""
    auc = f" The AUC there was {cutoff.auc:.3f}, on the patients that the cutoff was chosen on." if cutoff.auc else ""
    sentence = f"High risk is a score above {_exact(cutoff.value)}. Chosen by: {inline(cutoff.method)}{at}.{auc}"
    if model.groups is None:
        return [sentence, ""]
    groups = (("low", model.groups.low), ("high", model.groups.high))
    rows = [(name, str(group.n), str(group.events)) for name, group in groups]
    return [sentence, "", *table(("risk group in training", "patients", "events"), rows)]


def _nomogram(model: Model) -> list[str]:
    nomogram = model.nomogram
    if nomogram is None:
        return ["The model has none: it gives no survival.", ""]
    horizons = ", ".join(f"{months:g}" for months in nomogram.horizons_months)
    sentences = [f"Cox model of {inline(nomogram.endpoint.lower())}, at {horizons} months."]
    if nomogram.baseline is None:
        sentences.append("Without a baseline survival it gives no survival until it is recalibrated.")
    if nomogram.covariance is None:
        sentences.append("Without the coefficients' covariance its survival has no limits.")
    if nomogram.covariate_distribution is not None:
        sentences.append(
            f"An unknown covariate is averaged over what {nomogram.covariate_distribution.n} training patients had."
        )
    elif nomogram.center is not None:
        sentences.append("The training mean stands in for an unknown covariate.")
    rows = [row for covariate in nomogram.covariates for row in _covariate(covariate)]
    coefficient = nomogram.score_coefficient
    rows.append(("Radiomics score", "per unit", _exact(coefficient), _ratio(coefficient), _score_range(model)))
    header = ("covariate", "compared", "log hazard ratio", "hazard ratio", "training range")
    uncertainty = model.uncertainty
    if uncertainty is not None:
        sentences.append(
            f"The uncertainty of selection and fit is carried to a patient by {len(uncertainty.repeats)} repeats: "
            f"{inline(uncertainty.method)}."
        )
    return [" ".join(sentences), "", *table(header, rows)]


def _covariate(covariate: Covariate) -> list[tuple[str, ...]]:
    limits = "" if covariate.low is None or covariate.high is None else _range(covariate.low, covariate.high)
    rows: list[tuple[str, ...]] = []
    for coefficient, (level, reference) in zip(covariate.coefficients, covariate.effects(), strict=True):
        per = f"per unit ({covariate.unit})" if covariate.unit else "per unit"
        compared = per if level is None else f"{level} against {reference}"
        shown = _exact(coefficient), _ratio(coefficient), limits
        rows.append((f"{inline(covariate.label)} ({code(covariate.name)})", inline(compared), *shown))
    return rows


def _ratio(coefficient: float) -> str:
    return number(math.exp(coefficient)) if coefficient < 700 else "beyond numbers"


def _score_range(model: Model) -> str:
    score = model.score
    return "" if score is None or score.low is None or score.high is None else _range(score.low, score.high)


def _performance(rows: Sequence[Performance]) -> list[str]:
    if not rows:
        return ["Not measured.", ""]
    kinds = [f"{inline(words)}." for kind, words in _KINDS.items() if any(row.kind == kind for row in rows)]
    body = [
        (
            inline(row.metric),
            inline(row.cohort),
            inline(row.kind),
            str(row.n),
            "" if row.events is None else str(row.events),
            inline(metric_value(row)),
            metric_limits(row),
        )
        for row in rows
    ]
    header = ("measure", "cohort", "kind", "patients", "events", "value", "95% limits")
    return ["Kinds of figures:", "", *bullets(kinds), *table(header, body)]


def _comparators(model: Model) -> list[str]:
    return bullets(
        f"{inline(comparator.label)}: Cox model of "
        f"{', '.join(inline(covariate.label) for covariate in comparator.covariates)}, of the same patients."
        + (f" On patients left out, the score {comparator.verdict} to it." if comparator.verdict else "")
        for comparator in model.comparators
    )


def _changes(model: Model) -> list[str]:
    return bullets(
        f"{inline(change.date)}: {inline(change.what)}"
        + (f" (from {code(change.file)}, SHA-256 {code(change.sha256 or 'not stated')})" if change.file else "")
        for change in model.provenance.changes
    )


def _provenance(model: Model) -> list[str]:
    origin = model.provenance
    rows = [
        ("origin", inline(origin.origin)),
        ("citation", inline(origin.citation)),
        ("DOI", inline(origin.doi) if origin.doi else "none"),
        ("license", inline(origin.licence)),
        ("made", inline(origin.created)),
        ("source", inline(origin.source)),
        ("software", inline(", ".join(f"{name} {version}" for name, version in origin.software.items()))),
    ]
    return table(("", ""), rows)
