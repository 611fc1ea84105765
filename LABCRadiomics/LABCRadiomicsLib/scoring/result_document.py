"""A result as one JSON document, the same from command, panel and report; ``result.schema.json`` describes it.

What a scene of an earlier version holds is brought to this form when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .. import NOTICE, __version__
from ..model import Model
from ..notices import Notice
from .prediction import Contribution, Prediction
from .trust import GRADES, trust_of

FORMAT = "labcradiomics-result"
FORMAT_VERSION = 1

_INPUTS: dict[str, Any] = {
    "volume": None,
    "segmentation": None,
    "segment": None,
    "segment_id": None,
    "model": None,
    "covariates": {},
    "fingerprint": None,
    "regions": {},
    "extractor": None,
}
_STEPS = ("read_s", "extract_s", "score_s")
_LATER = {
    "site": None,
    "averaged": False,
    "selection": None,
}  # what documents of this format version did not have from its beginning
_ADDED = {
    **_LATER,
    "second_reader": None,
    "software_version": None,
    "diagnostics": None,
}  # what documents before format version 1 had not
_LIMITS = ("score_lower", "score_upper")
_MEASURES = ("dice_target", "dice_mean", "dice_min", "volume_ratio_mean", "volume_ratio_min", "volume_ratio_max")
_SPREAD: dict[str, Any] = {
    **dict.fromkeys(("high", *_LIMITS, *_MEASURES)),
    "moves": [],
}  # nor these of the contour test

_NUMBER, _MAYBE = (int, float), (int, float, type(None))
_TEXT, _WORDS, _FLAG = (str,), (str, type(None)), (bool, type(None))
_REMARK = {"code": _TEXT, "message": _TEXT}
_KINDS = frozenset({"apparent", "optimism-corrected", "validation", "external"})
_GROUPS = frozenset({"high", "low", None})
# Enough of the schema for a document to be shown, for a scene may hold anything: the types or the values of a field; a
# pair that begins with None may be None.
_SHAPE: dict[str, Any] = {
    "model": _TEXT,
    "fingerprint": _TEXT,
    "status": frozenset({"complete", "incomplete", "demonstration"}),
    "score": _NUMBER,
    "cutoff": _MAYBE,
    "risk_group": _GROUPS,
    "survival": [{"months": _NUMBER, "probability": _NUMBER, "lower": _MAYBE, "upper": _MAYBE}],
    "points": _MAYBE,
    "contributions": [
        {"feature": _TEXT, "value": _NUMBER, "coefficient": _NUMBER, "contribution": _NUMBER, "in_range": _FLAG}
    ],
    "stability": (
        None,
        dict.fromkeys(("contours", "failed", "boundary_sd_mm"), _NUMBER)
        | dict.fromkeys(("same_group", "score_min", "score_median", "score_max"), _MAYBE),
    ),
    "warnings": [_REMARK],
    "notice": _TEXT,
    "endpoint": _WORDS,
    "covariates": [{"name": _TEXT, "label": _TEXT, "value": (str, int, float, type(None)), "points": _MAYBE}],
    "discrimination": (
        None,
        {"metric": _TEXT, "kind": _KINDS, "n": _NUMBER, "value": _NUMBER, "lower": _MAYBE, "upper": _MAYBE},
    ),
    "inputs": {
        **dict.fromkeys(("volume", "segmentation", "segment", "model"), _WORDS),
        "segment_id": (str, int, type(None)),
        "covariates": (dict,),
        "regions": (dict,),
        "extractor": _WORDS,
    },
}
_REGION = {"segmentation": _WORDS, "segment": _WORDS, "segment_id": (str, int, type(None))}


_VERSIONED = _SHAPE | {
    "format": frozenset({FORMAT}),
    "group_shown": (bool,),
    "trust": {"grade": frozenset(GRADES), "reasons": [_REMARK]},
    "second_reader": (
        None,
        dict.fromkeys(("dice", "score"), _NUMBER)
        | {"risk_group": _GROUPS, "same_group": _FLAG, "survival": _SHAPE["survival"]},
    ),
    "stability": (None, _SHAPE["stability"][1] | dict.fromkeys((*_LIMITS, *_MEASURES), _MAYBE)),
}


def result_document(
    model: Model,
    prediction: Prediction,
    inputs: Mapping[str, Any] | None = None,
    *,
    stability: Mapping[str, Any] | None = None,
    second_reader: Mapping[str, Any] | None = None,
    show_group: bool = False,
    timings: Mapping[str, float | None] | None = None,
    diagnostics: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put everything that is known of a result into one JSON document.

    Parameters
    ----------
    model : Model
    prediction : Prediction
        Made by the model.
    inputs : mapping, optional
        What was scored: ``volume``, ``segmentation``, ``segment`` by name, ``segment_id``, ``model`` as it was chosen,
        ``covariates`` as they were given, other ``regions`` that took part, the ``extractor`` where it is other
        software, and from nodes the ``fingerprint`` of their voxels.
    stability : mapping, optional
        How the result changes with the contour, see :func:`.robustness.contour_stability`.
    second_reader : mapping, optional
        The result on another reader's mask, see :func:`.robustness.second_reading`.
    show_group : bool
        Whether to show the risk group even of a result that is not to be relied on.
    timings : mapping, optional
        Seconds by step.
    diagnostics : mapping, optional
        What the features were computed from, see :class:`.features.FeatureValues`.

    Returns
    -------
    dict
        Lists, texts, numbers and None alone, so that it is the same before and after it was written as JSON.
    """
    given = inputs or {}
    jointly = model.score is not None and model.score.distribution is not None
    trust = trust_of(
        prediction.contributions,
        prediction.warnings,
        stability,
        second_reader,
        jointly=jointly,
        cutoff=prediction.cutoff,
    )
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": model.id,
        "fingerprint": model.fingerprint,
        "status": model.status,
        "score": prediction.score,
        "cutoff": prediction.cutoff,
        "risk_group": prediction.risk_group,
        "survival": [vars(estimate) for estimate in prediction.survival],
        "linear_predictor": prediction.linear_predictor,
        "points": prediction.points,
        "contributions": [vars(part) for part in prediction.contributions],
        "stability": None if stability is None else dict(stability),
        "trust": trust.to_dict(),
        "second_reader": None if second_reader is None else dict(second_reader),
        "warnings": [notice.to_dict() for notice in prediction.warnings],
        "timings": {step: (timings or {}).get(step) for step in _STEPS},
        "notice": NOTICE,
        "group_shown": show_group or trust.grade != GRADES[-1],
        "title": model.title,
        "version": model.version,
        "software_version": __version__,
        "endpoint": model.nomogram.endpoint if model.nomogram else None,
        "covariates": [vars(covariate) for covariate in prediction.covariates],
        "score_points": prediction.score_points,
        "site": prediction.site,
        "averaged": prediction.averaged,
        "selection": None if prediction.selection is None else asdict(prediction.selection),
        "discrimination": vars(model.discrimination) if model.discrimination else None,
        "inputs": {name: given.get(name, absent) for name, absent in _INPUTS.items()},
        "diagnostics": None if diagnostics is None else dict(diagnostics),
    }
    return json.loads(json.dumps(document, allow_nan=False))


def document_text(document: Mapping[str, Any]) -> str:
    """Write a result document as its file holds it: JSON, UTF-8, no NaN, two blanks a level, a line end at the end."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_document(text: str) -> dict[str, Any] | None:
    """Read a result document, of this format version or one before.

    Returns
    -------
    dict or None
        With every field of this version; None when the text is no result, or one of a later version of this library.
    """
    try:
        found = json.loads(text or "null")
    except (json.JSONDecodeError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("format_version", 0) not in (0, FORMAT_VERSION):
        return None
    versioned = "format_version" in found
    if isinstance(found.get("inputs"), dict):
        found["inputs"] = {**_INPUTS, **found["inputs"]}
    if not _has_shape(found, _VERSIONED if versioned else _SHAPE) or not _has_scores(found["stability"]):
        return None
    if not all(_has_shape(region, _REGION) for region in found["inputs"]["regions"].values()):
        return None
    later = {name: value for name, value in _LATER.items() if name not in found}
    return {**found, **later} if versioned else _upgraded(found)


def _upgraded(found: dict[str, Any]) -> dict[str, Any]:
    """Give a document from before it was versioned every field it has today."""
    contributions = [Contribution(**part) for part in found["contributions"]]
    warnings = [Notice(warning["code"], warning["message"]) for warning in found["warnings"]]
    trust = trust_of(contributions, warnings, found["stability"]).to_dict()
    stability = found["stability"] and {**_SPREAD, **found["stability"]}
    shown = trust["grade"] != GRADES[-1]
    added = {"format": FORMAT, "format_version": FORMAT_VERSION, **_ADDED, "trust": trust, "group_shown": shown}
    return {**added, **found, "stability": stability}


def _has_scores(stability: Mapping[str, Any] | None) -> bool:
    """Say whether a contour test of which something could be scored has scores."""
    if stability is None or stability["contours"] == stability["failed"]:
        return True
    ends = ("score_min", "score_max") if stability.get("dice_mean") is None else ("score_min", "score_max", *_LIMITS)
    return all(stability[end] is not None for end in ends)


def _has_shape(value: Any, shape: Any) -> bool:
    """Say whether a value has the keys of a shape with values of its types; lists hold any number of their first."""
    if isinstance(shape, Mapping):
        return isinstance(value, dict) and all(key in value and _has_shape(value[key], shape[key]) for key in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(_has_shape(item, shape[0]) for item in value)
    if isinstance(shape, frozenset):
        return not isinstance(value, (dict, list)) and value in shape
    if shape[0] is None:
        return value is None or _has_shape(value, shape[1])
    return isinstance(value, shape)
