"""Fields of a model against each other: what contradicts is refused by the path of a field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import example_models
from example_models import drop_field, refusal, set_field
from LABCRadiomicsLib.model.file import decode_extraction, decode_model
from LABCRadiomicsLib.model.rules import FieldError


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        set_field(document, path, value)

    return change


def _drop(path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        drop_field(document, path)

    return change


_TERM = {"feature": "original_firstorder_Mean", "coefficient": 1}
_AGE, _STAGE, _PCR = (f"nomogram.covariates[{index}]" for index in range(3))
CONTRADICTIONS = [
    (_drop("score"), "score"),
    (_drop("cutoff"), "cutoff"),
    (_set("status", "complete"), "status"),
    (_set("missing", [{"part": "score", "what": "x", "where": "y"}]), "missing[0].part"),
    (_set("missing", [{"part": "nomogram.baseline", "what": "x", "where": "y"}]), "missing[0].part"),
    (_set("provenance.cohort.events", 101), "provenance.cohort.events"),
    (_set("extraction.setting.binwidth", 25), "extraction.setting.binwidth"),
    (_set("extraction.imageType.wavelet", {}), "extraction.imageType.wavelet"),
    (_set("extraction.imageType.Wavelet", 3), "extraction.imageType.Wavelet"),
    (_set("extraction.imageType.Wavelet.levels", 2), "extraction.imageType.Wavelet.levels"),
    (_set("extraction.imageType.LoG.sigma", "2"), "extraction"),
    (_set("extraction.featureClass.GLCM", None), "extraction.featureClass.GLCM"),
    (_set("extraction.featureClass.glcm", "Idmn"), "extraction.featureClass.glcm"),
    (_set("extraction.featureClass.glcm[1]", "Idmm"), "extraction.featureClass.glcm[1]"),
    (_set("score.terms[0].feature", "original_firstorder_Meen"), "score.terms[0].feature"),
    (_set("score.terms[0].feature", "square_firstorder_Mean"), "score.terms[0].feature"),
    (_set("score.terms[0].feature", "wavelet-LL_firstorder_Mean"), "score.terms[0].feature"),
    (_set("score.terms[0].feature", "log-sigma-3-0-mm-3D_firstorder_Mean"), "score.terms[0].feature"),
    (_set("score.terms[0].feature", "wavelet-LLL_shape_Sphericity"), "score.terms[0].feature"),
    (_set("score.terms[0].feature", "original_glrlm_RunEntropy"), "score.terms[0].feature"),
    (_set("score.terms[0].feature", "original_glcm_Idm"), "score.terms[0].feature"),
    (_set("score.terms[0].feature", "original_firstorder_StandardDeviation"), "score.terms[0].feature"),
    (_set("score.terms[1].feature", "wavelet.LLH_glcm_Idmn"), "score.terms[1].feature"),
    (_set("score.terms[2]", _TERM), "score.terms[2].feature"),
    (_drop("score.terms[1].mean"), "score.terms[1].mean"),
    (_drop("score.terms[1].sd"), "score.terms[1].sd"),
    (_drop("score.terms[0].low"), "score.terms[0].low"),
    (_set("score.terms[0].low", 401), "score.terms[0].low"),
    (_set("score.low", 10), "score.low"),
    (_drop("score.high"), "score.high"),
    (_set(f"{_AGE}.name", "score"), f"{_AGE}.name"),
    (_set(f"{_PCR}.name", "age"), f"{_PCR}.name"),
    (_set(f"{_AGE}.coefficients", [1, 2]), f"{_AGE}.coefficients"),
    (_set(f"{_AGE}.levels", ["a", "b"]), f"{_AGE}.levels"),
    (_set(f"{_AGE}.reference", "a"), f"{_AGE}.reference"),
    (_set(f"{_AGE}.low", 71), f"{_AGE}.low"),
    (_drop(f"{_AGE}.high"), f"{_AGE}.high"),
    (_set(f"{_AGE}.minimum", 31), f"{_AGE}.minimum"),
    (_set(f"{_AGE}.maximum", 69), f"{_AGE}.high"),
    (_drop(f"{_STAGE}.levels"), f"{_STAGE}.levels"),
    (_drop(f"{_STAGE}.reference"), f"{_STAGE}.reference"),
    (_set(f"{_STAGE}.reference", "IV"), f"{_STAGE}.reference"),
    (_set(f"{_STAGE}.coefficients", [1, 2, 3]), f"{_STAGE}.coefficients"),
    (_set(f"{_STAGE}.levels[2]", "ii"), f"{_STAGE}.levels[2]"),
    (_set(f"{_STAGE}.levels[2]", "Unknown"), f"{_STAGE}.levels[2]"),
    (_set(f"{_STAGE}.low", 1), f"{_STAGE}.low"),
    (_set(f"{_PCR}.levels", ["a", "b", "c"]), f"{_PCR}.levels"),
    (_set(f"{_PCR}.levels", ["yes", "no"]), f"{_PCR}.levels[0]"),
    (_set(f"{_PCR}.levels", ["a", "negative"]), f"{_PCR}.levels[1]"),
    (_set(f"{_PCR}.maximum", 1), f"{_PCR}.maximum"),
    (_drop("nomogram.center"), "nomogram.center"),
    (_drop("nomogram.center.pcr"), "nomogram.center.pcr"),
    (_set("nomogram.center.stage=II", 0.4), "nomogram.center.stage=II"),
    (_drop("nomogram.covariance[4]"), "nomogram.covariance"),
    (_drop("nomogram.covariance[2][4]"), "nomogram.covariance[2]"),
    (_set("nomogram.covariance[0][1]", 0.001), "nomogram.covariance"),
    (_set("nomogram.covariance[3][3]", -0.04), "nomogram.covariance"),
    (_set("nomogram.covariance[0][0]", 1e-7), "nomogram.covariance"),
    (_set("nomogram.horizons_months", [12, 12]), "nomogram.horizons_months[1]"),
    (_set("nomogram.horizons_months", [12, 71]), "nomogram.horizons_months[1]"),
    (_set("nomogram.baseline.months[1]", 6), "nomogram.baseline.months[1]"),
    (_set("nomogram.baseline.survival[1]", 0.98), "nomogram.baseline.survival[1]"),
    (_drop("nomogram.baseline.survival[3]"), "nomogram.baseline.survival"),
    (_drop("nomogram.baseline.cumulative_hazard_variance[3]"), "nomogram.baseline.cumulative_hazard_variance"),
    (_drop("nomogram.baseline.weighted_covariate_mean[3]"), "nomogram.baseline.weighted_covariate_mean"),
    (_drop("nomogram.baseline.weighted_covariate_mean[3][0]"), "nomogram.baseline.weighted_covariate_mean[3]"),
    (_set("groups.low.events", 61), "groups.low.events"),
    (_set("groups.high.months", [30, 10]), "groups.high.months[1]"),
    (_set("groups.high.survival", [0.9, 0.91]), "groups.high.survival[1]"),
    (_drop("groups.high.upper[1]"), "groups.high.upper"),
    (_set("groups.high.lower[1]", 0.71), "groups.high.lower[1]"),
    (_set("groups.high.upper[1]", 0.69), "groups.high.upper[1]"),
    (_set("performance[0].lower", 0.9), "performance[0].lower"),
    (_set("performance[0].events", 101), "performance[0].events"),
]


@pytest.mark.parametrize(
    ("change", "path"), CONTRADICTIONS, ids=[f"{i}-{path}" for i, (_, path) in enumerate(CONTRADICTIONS)]
)
def test_contradictions_are_refused_by_path(change, path):
    document = example_models.document()
    change(document)
    decode_model(document)
    assert refusal(json.dumps(document)).startswith(f"bad.json: {path} ")


@pytest.mark.parametrize(
    "change",
    [
        _drop("extraction"),
        _drop("nomogram"),
        _drop("groups"),
        _drop("nomogram.baseline"),
        _drop("nomogram.covariance"),
        _set("extraction.featureClass", {}),
        _set("extraction.imageType", {"Wavelet": None, "Original": {}}),
        _set("score.terms[0].feature", "log-sigma-2-0-mm-3D_firstorder_Mean"),
        _set("nomogram.horizons_months", [70]),
        lambda document: _set("provenance.cohort.events", document["provenance"]["cohort"]["n"])(document),
        lambda document: _set("performance[0].events", document["performance"][0]["n"])(document),
        _set(f"{_PCR}.levels", ["non-pCR", "pCR"]),
    ],
)
def test_optional_parts_and_variants_are_accepted(change):
    document = example_models.document()
    change(document)
    example_models.model(document)


def test_a_deprecated_feature_is_accepted_when_named():
    document = example_models.document()
    document["extraction"]["featureClass"]["firstorder"] = ["StandardDeviation"]
    document["score"]["terms"][0]["feature"] = "original_firstorder_StandardDeviation"
    example_models.model(document)


def test_a_model_without_extraction_takes_any_feature_names():
    document = example_models.document()
    del document["extraction"]
    document["score"]["terms"][0]["feature"] = "T1_any.thing"
    example_models.model(document)


def test_an_impossible_correlation_of_small_variances_is_refused():
    document = example_models.document()
    set_field(document, "nomogram.covariance[0][0]", 1e-12)
    for path in ("nomogram.covariance[0][4]", "nomogram.covariance[4][0]"):
        set_field(document, path, 2e-7)  # a correlation of 2
    assert "nomogram.covariance must be positive semidefinite" in refusal(json.dumps(document))


def test_what_is_missing_is_listed_once():
    document = example_models.incomplete_document()
    document["missing"].append(dict(document["missing"][0]))
    assert refusal(json.dumps(document)).startswith("bad.json: missing[2].part repeats the part score")


def test_the_score_alone_has_a_number_of_terms_that_it_lacks():
    document = example_models.incomplete_document()
    set_field(document, "missing[1].expected_terms", 3)
    assert "missing[1].expected_terms belongs to the part score alone" in refusal(json.dumps(document))


def test_an_extraction_beside_no_model_is_checked_as_a_models():
    extraction = example_models.document()["extraction"]
    assert decode_extraction(extraction).parameters()["setting"] == extraction["setting"]
    set_field(extraction, "setting.binwidth", 25)
    with pytest.raises(FieldError) as caught:
        decode_extraction(extraction)
    assert caught.value.path == "extraction.setting.binwidth"
