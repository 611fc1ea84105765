"""What format version 2 adds: read, written, checked by path; version 1 files are what they were."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace

import numpy as np
import pytest

import example_models
from example_models import FEATURES, drop_field, refusal, set_field
from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.model import bundled_model_files, canonical_json, load_model, parse_model, save_model
from LABCRadiomicsLib.model.additions import PREPROCESSING
from LABCRadiomicsLib.preprocessing import STEPS
from LABCRadiomicsLib.scoring import predict


def sha(document):
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()


@pytest.mark.parametrize("path", bundled_model_files(), ids=lambda path: path.stem)
def test_a_file_has_the_fingerprint_of_its_contents(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    assert load_model(path).fingerprint == sha(document)


def test_every_addition_is_read_and_written(tmp_path):
    document = example_models.document_2()
    model = parse_model(json.dumps(document), "made-up.json")
    assert {**document, "missing": []} == {**model.to_document(), "missing": []}
    assert model.fingerprint == sha(model.to_document())
    save_model(model, tmp_path / "model.json")
    again = load_model(tmp_path / "model.json")
    assert again == model and again.fingerprint == model.fingerprint
    assert model.uncertainty.repeats[1].features == (1,) and model.uncertainty.repeats[1].parameters == ()
    assert model.comparators[0].parameters() == ("stage=IIIa-b", "stage=IIIc", "pcr")


def test_the_version_written_is_the_oldest_that_holds_the_model():
    old = example_models.model()
    assert old.to_document()["format_version"] == 1
    whole = parse_model(json.dumps(example_models.document_2()), "made-up.json")
    parts = ("harmonization", "uncertainty", "comparators")
    for part in parts:
        assert replace(old, **{part: getattr(whole, part)}).to_document()["format_version"] == 2, part
    for owner, part in (("score", "distribution"), ("nomogram", "covariate_distribution"), ("image", "domain"),
                        ("extraction", "preprocessing")):  # fmt: skip
        changed = replace(getattr(old, owner), **{part: getattr(getattr(whole, owner), part)})
        assert replace(old, **{owner: changed}).to_document()["format_version"] == 2, part
    stated = example_models.document() | {"format_version": 2}  # says 2, uses nothing of it: the same model
    assert example_models.model(stated).fingerprint == old.fingerprint


def changed(path, value):
    return lambda document: set_field(document, path, value)


def without(path):
    return lambda document: drop_field(document, path)


CONTRADICTIONS = [
    (changed("extraction.preprocessing[0].step", "n5"), "extraction.preprocessing[0].step"),
    (changed("extraction.preprocessing[1]", {"scale": 2}), "extraction.preprocessing[1].step"),
    (without("image.domain.spacing_mm_low"), "image.domain.spacing_mm_low"),
    (changed("image.domain.spacing_mm_high", [1, 1, 3, 3]), "image.domain.spacing_mm_high"),
    (changed("image.domain.spacing_mm_low[2]", 4), "image.domain.spacing_mm_low[2]"),
    (changed("image.domain.volume_mm3_low", 1e6), "image.domain.volume_mm3_low"),
    (without("image.domain.volume_mm3_high"), "image.domain.volume_mm3_high"),
    (changed("image.domain.contrast_low", 5), "image.domain.contrast_low"),
    (without("image.domain.mean_high"), "image.domain.mean_high"),
    (changed("score.distribution.mean", [1, 2]), "score.distribution.mean"),
    (without("score.distribution.covariance[2]"), "score.distribution.covariance"),
    (changed("score.distribution.covariance[0][1]", 0.2), "score.distribution.covariance"),
    (changed("score.distribution.covariance[0][0]", -1), "score.distribution.covariance"),
    (changed("score.distribution.percent[1]", 50), "score.distribution.percent[1]"),
    (without("score.distribution.distance[2]"), "score.distribution.distance"),
    (changed("score.distribution.distance[2]", 1), "score.distribution.distance, from its end,[1]"),
    (without("nomogram.covariate_distribution.mean[4]"), "nomogram.covariate_distribution.mean"),
    (changed("harmonization.features[1]", "original_firstorder_Mean"), "harmonization.features[1]"),
    (changed("harmonization.features[1]", "original_glcm_Contrast"), "harmonization.features"),
    (without("harmonization.sd[2]"), "harmonization.sd"),
    (without("harmonization.mean[2]"), "harmonization.mean"),
    (without("harmonization.covariates[0].coefficients[2]"), "harmonization.covariates[0].coefficients"),
    (changed("harmonization.covariates[0].parameter", "shoe_size"), "harmonization.covariates[0].parameter"),
    (changed("harmonization.sites[1].name", "A"), "harmonization.sites[1].name"),
    (without("harmonization.sites[1].scale[0]"), "harmonization.sites[1].scale"),
    (without("harmonization.sites[0].location[0]"), "harmonization.sites[0].location"),
    (changed("harmonization.reference", "C"), "harmonization.reference"),
    (changed("uncertainty.features[1]", "original_firstorder_Mean"), "uncertainty.features[1]"),
    (changed("uncertainty.features[1]", "original_glcm_Contrast"), "uncertainty.features[1]"),
    (changed("uncertainty.repeats[0].features", [2, 0]), "uncertainty.repeats[0].features[1]"),
    (changed("uncertainty.repeats[0].features[1]", 3), "uncertainty.repeats[0].features[1]"),
    (without("uncertainty.repeats[0].coefficients[1]"), "uncertainty.repeats[0].coefficients"),
    (without("uncertainty.repeats[0].parameters[1]"), "uncertainty.repeats[0].parameters"),
    (without("uncertainty.repeats[0].parameters"), "uncertainty.repeats[0].parameters"),
    (without("uncertainty.repeats[0].survival[1]"), "uncertainty.repeats[0].survival"),
    (changed("uncertainty.repeats[0].survival[1]", 0.98), "uncertainty.repeats[0].survival[1]"),
    (without("comparators[0].center.pcr"), "comparators[0].center.pcr"),
    (changed("comparators[0].center.age", 1), "comparators[0].center.age"),
    (without("comparators[0].center"), "comparators[0].center"),
    (without("comparators[0].covariance[0]"), "comparators[0].covariance"),
    (changed("comparators[0].baseline.survival[1]", 0.98), "comparators[0].baseline.survival[1]"),
    (changed("comparators[0].covariates[1].name", "stage"), "comparators[0].covariates[1].name"),
    (without("comparators[0].covariates[0].levels"), "comparators[0].covariates[0].levels"),
    (changed("provenance.cohort.case_hashes", ["0" * 16] * 101), "provenance.cohort.case_hashes"),
]


@pytest.mark.parametrize(
    ("change", "path"), CONTRADICTIONS, ids=[f"{i}-{p}" for i, (_, p) in enumerate(CONTRADICTIONS)]
)
def test_contradictions_are_refused_by_path(change, path):
    document = example_models.document_2()
    change(document)
    assert refusal(json.dumps(document)).startswith(f"bad.json: {path} ")


def test_a_second_comparator_needs_a_name_of_its_own():
    document = example_models.document_2()
    document["comparators"] *= 2
    assert "comparators[1].name repeats the name clinical" in refusal(json.dumps(document))


def test_summaries_of_few_patients_are_refused():
    document = example_models.document_2()
    document["score"]["distribution"]["n"] = 9
    assert "score.distribution.n must be at least 10, not 9" in refusal(json.dumps(document))


def test_the_steps_of_a_model_are_those_that_are_done():
    assert set(PREPROCESSING) == set(STEPS)


def test_a_harmonized_model_adjusts_to_the_site():
    model = parse_model(json.dumps(example_models.document_2()), "made-up.json")
    of_reference = predict(model, FEATURES, {"age": 60}, site="A")
    values = {part.feature: part.value for part in of_reference.contributions}
    assert (
        values == pytest.approx(FEATURES, rel=0)
        and of_reference.score == predict(example_models.model(), FEATURES).score
    )
    feature, fitted = model.harmonization.features[0], model.harmonization
    found = predict(model, FEATURES, {"age": 60}, site="B")
    standard = fitted.mean[0] + 60 * fitted.covariates[0].coefficients[0]
    adjusted = ((FEATURES[feature] - standard) / fitted.sd[0] + 0.1) / 0.9 * fitted.sd[0] + standard
    assert {part.feature: part.value for part in found.contributions}[feature] == pytest.approx(adjusted, rel=1e-12)
    unknown = predict(model, FEATURES, site="B")  # the nomogram's center stands in
    center = predict(model, FEATURES, {"age": model.nomogram.center["age"]}, site="B")
    assert unknown.score == center.score != found.score


def test_a_harmonized_model_says_that_a_patient_is_not():
    model = parse_model(json.dumps(example_models.document_2()), "made-up.json")
    prediction = predict(model, FEATURES, unknown_site="as-measured")
    (notice,) = [notice for notice in prediction.warnings if notice.code == "not-harmonized"]
    assert notice.grave
    assert predict(example_models.model(), FEATURES).score == prediction.score
    with pytest.raises(InputError, match="sites A, B, and the patient's site is not given"):
        predict(model, FEATURES)


def test_a_comparator_gives_survival_as_far_as_its_baseline_goes():
    """``S0(t) ** exp(log hazard)`` with the last step at or before t; the deviation counts from the center."""
    (clinic,) = parse_model(json.dumps(example_models.document_2()), "made-up.json").comparators
    stage, pcr = clinic.covariates
    log_hazard = clinic.log_hazard({"stage": "IIIc", "pcr": True})
    row = [-0.4, 1 - 0.2, 1 - 0.25]
    assert log_hazard == pytest.approx(np.dot(row, [*stage.coefficients, *pcr.coefficients]))
    assert clinic.log_hazard({"stage": None, "pcr": True}) is None and clinic.log_hazard({"pcr": True}) is None
    for months, base in ((0, 1), (5.9, 1), (6, 0.97), (69, 0.97), (70, 0.75)):
        assert clinic.survival(log_hazard, months) == pytest.approx(base ** math.exp(log_hazard))
    assert clinic.survival(log_hazard, 70.1) is None and clinic.survival(1e9, 70) == 0
    assert replace(clinic, baseline=None).survival(log_hazard, 6) is None


def test_what_a_fingerprint_cannot_be_of_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"cutoff": {"value": math.nan}})


def test_sites_of_a_model_without_nomogram_can_preserve_no_covariate():
    document = example_models.document_2()
    for part in ("nomogram", "comparators", "uncertainty"):
        document.pop(part, None)
    said = refusal(json.dumps(document))
    assert "harmonization.covariates[0]" in said and "these are none" in said
