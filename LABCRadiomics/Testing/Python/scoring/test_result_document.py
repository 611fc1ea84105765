"""One document for a result: its schema, what is always in it, documents of earlier versions, and what is none."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

import example_models
from LABCRadiomicsLib.model import parse_model
from LABCRadiomicsLib.notices import Notice
from LABCRadiomicsLib.resources import models_folder
from LABCRadiomicsLib.scoring import (
    Contribution,
    document_text,
    predict,
    read_document,
    result_document,
    trust_of,
    wording,
)
from LABCRadiomicsLib.scoring.table_words import cohort_kind

SCHEMA = json.loads((models_folder() / "result.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
STABILITY = {
    "contours": 20, "failed": 2, "same_group": 12, "score_min": -1.0, "score_median": 0.5, "score_max": 2.0,
    "boundary_sd_mm": 0.8, "correlation_length_mm": 10.0, "high": 12, "score_lower": -1.5, "score_upper": 2.5,
    "dice_target": 0.875, "dice_mean": 0.876, "dice_min": 0.8, "volume_ratio_mean": 1.0, "volume_ratio_min": 0.9,
    "volume_ratio_max": 1.1, "moves": [{"feature": "original_firstorder_Mean", "sd": 0.2}],
}  # fmt: skip
FORMER = (
    "contours", "failed", "same_group", "score_min", "score_median", "score_max", "boundary_sd_mm",
    "correlation_length_mm",
)  # fmt: skip
DESIGN = [
    "model", "fingerprint", "status", "score", "cutoff", "risk_group", "survival", "linear_predictor", "points",
    "contributions", "stability", "trust", "second_reader", "warnings", "timings", "notice",
]  # fmt: skip
SINCE_VERSION_1 = ("format", "format_version", "trust", "second_reader", "software_version", "diagnostics")


def document(given=None, covariates=None, **parts):
    model = given or example_models.model()
    prediction = predict(model, example_models.FEATURES, covariates)
    inputs = {"volume": "Bild ä", "segmentation": "Segmentation", "segment": "tumor", "segment_id": "Segment_1"}
    return result_document(model, prediction, inputs | {"covariates": covariates or {}}, **parts)


def models():
    model = example_models.model()
    bare = replace(model.nomogram, center=None, baseline=None, covariance=None)
    return {
        "whole": model,
        "no nomogram": replace(model, nomogram=None),
        "no cutoff": replace(model, cutoff=None),
        "no baseline": replace(model, nomogram=bare),
        "no range": replace(model, score=replace(model.score, low=None, high=None)),
        "no performance": replace(model, performance=()),
    }


def before_version_1(found):
    """The document as it was before it had a version, with the contour test of then."""
    former = {key: value for key, value in found.items() if key not in SINCE_VERSION_1}
    former["stability"] = former["stability"] and {key: former["stability"][key] for key in FORMER}
    return former


@pytest.mark.parametrize("name", models())
def test_every_result_keeps_to_the_schema_with_the_same_keys(name):
    found = document(models()[name], {"age": "60"} if name == "whole" else None)
    VALIDATOR.validate(found)
    assert list(found)[:2] == ["format", "format_version"] and list(found)[2 : 2 + len(DESIGN)] == DESIGN
    assert list(found) == SCHEMA["required"] == list(SCHEMA["properties"])
    assert json.loads(document_text(found)) == found


def test_all_parts_that_a_result_can_have():
    second = {"dice": 0.9, "score": 1.5, "risk_group": "low", "same_group": False, "survival": []}
    timings = {"extract_s": 2.0, "read_s": 1.0, "score_s": 3.0}
    found = document(stability=STABILITY, second_reader=second, timings=timings)
    VALIDATOR.validate(found)
    assert "readers-disagree" in {reason["code"] for reason in found["trust"]["reasons"]}
    assert found["stability"] == STABILITY and found["second_reader"] == second
    assert list(found["timings"].items()) == [("read_s", 1.0), ("extract_s", 2.0), ("score_s", 3.0)]
    assert found["inputs"]["volume"] == "Bild ä" and "Bild ä" in document_text(found)


def test_the_schema_describes_every_field_and_refuses_what_is_wrong():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for node in (SCHEMA, *SCHEMA["$defs"].values()):
        for name, declared in node["properties"].items():
            assert "$ref" in declared or declared.get("description"), name
    found = document()
    for path in (("score",), ("trust", "grade"), ("survival", 0, "probability"), ("contributions", 0, "feature")):
        wrong = copy.deepcopy(found)
        at = wrong
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = "wrong" if path[-1] != "feature" else 1
        assert not VALIDATOR.is_valid(wrong), path
    assert not VALIDATOR.is_valid({key: value for key, value in found.items() if key != "trust"})


# --- reading ---


def test_a_document_is_read_as_it_was_written():
    found = document(stability=STABILITY)
    assert read_document(document_text(found)) == found


@pytest.mark.parametrize("name", models())
def test_a_document_of_an_earlier_version_gets_what_it_lacked(name):
    found = document(models()[name], stability=STABILITY)
    old = before_version_1(copy.deepcopy(found))
    old["inputs"].pop("fingerprint")
    read = read_document(json.dumps(old))
    VALIDATOR.validate(read)
    assert read["stability"] == {key: value if key in FORMER else None for key, value in STABILITY.items()} | {
        "moves": []
    }
    assert "boundary moved by 0.8 mm SD" in wording.evidence(read)[-1]
    assert read == {**found, "diagnostics": None, "software_version": None, "stability": read["stability"]}


def test_what_is_no_result_is_none():
    later = document() | {"format_version": 2}
    for text in ("", "null", "[]", "{", "1", '{"score": 1, "discrimination": null, "inputs": {}}', "[" * 10000,
                 json.dumps(later), json.dumps(document() | {"format": "labcradiomics-model"})):  # fmt: skip
        assert read_document(text) is None


def _paths(value: Any, path: tuple = ()) -> Iterator[tuple]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*path, key))


@pytest.mark.parametrize("old", [False, True])
def test_whatever_a_scene_holds_is_shown_or_none(old):
    """Every field replaced and left out: what is read can be put into words, the rest is no result."""
    second = {"dice": 0.9, "score": 1.5, "risk_group": "low", "same_group": False, "survival": []}
    original = document(stability=STABILITY, second_reader=second, covariates={"age": "60"})
    original = before_version_1(original) if old else original
    read = {True: 0, False: 0}
    for path in _paths(original):
        for replacement in (None, "text", 1.5, [], {}, [1], ...):
            changed = copy.deepcopy(original)
            at = changed
            for step in path[:-1]:
                at = at[step]
            if replacement is ...:
                del at[path[-1]]
            else:
                at[path[-1]] = replacement
            found = read_document(json.dumps(changed))
            read[found is not None] += 1
            if found is not None:
                assert all(isinstance(text, str) for text in (wording.grade(found), *wording.trust(found)))
    assert min(read.values()) > 50


# --- trust ---

CARE, GRAVE = Notice("mask-resampled", "Resampled."), Notice("flat", "One gray level.", grave=True)
SILENT = Notice("no-limits", "No limits.")


def parts(outside, total=6):
    return [Contribution(f"f{at}", 1.0, 1.0, 1.0, at >= outside) for at in range(total)]


def contours(same, failed=0):
    return STABILITY | {"same_group": same, "failed": failed}


@pytest.mark.parametrize(
    ("outside", "notices", "stability", "grade", "codes"),
    [
        (0, [], None, "fine", []),
        (0, [SILENT, Notice("demonstration", "x")], None, "fine", []),
        (1, [], None, "care", ["feature-out-of-range"]),
        (2, [], None, "do-not-rely", ["feature-out-of-range"]),
        (0, [CARE, SILENT], None, "care", ["mask-resampled"]),
        (1, [CARE, GRAVE], None, "do-not-rely", ["flat", "feature-out-of-range", "mask-resampled"]),
        (0, [], contours(20), "fine", []),
        (0, [], contours(18), "fine", []),
        (0, [], contours(17), "care", ["contour-dependent"]),
        (0, [], contours(9), "do-not-rely", ["contour-dependent"]),
        (0, [], contours(10), "care", ["contour-dependent"]),
        (0, [], contours(9, failed=10), "fine", []),
        (0, [], contours(None), "fine", []),
        (0, [], contours(0, failed=20), "care", ["contours-not-scored"]),
        (0, [Notice("feature-out-of-range", "one of many")], None, "fine", []),
    ],
)
def test_grades_and_their_reasons(outside, notices, stability, grade, codes):
    found = trust_of(parts(outside), notices, stability)
    assert (found.grade, [notice.code for notice in found.reasons]) == (grade, codes)
    assert found.to_dict()["reasons"] == [notice.to_dict() for notice in found.reasons]


@pytest.mark.parametrize(
    ("cutoff", "grade"), [(None, "fine"), (0.9, "fine"), (1.0, "care"), (1.4, "care"), (1.5, "fine"), (2.0, "fine")]
)
def test_a_cutoff_within_the_limits_of_another_reader_s_score_asks_for_care(cutoff, grade):
    """The high risk group is above the cutoff, so limits that end at it do not hold the other group."""
    steady = contours(20) | {"score_lower": 1.0, "score_upper": 1.5}
    found = trust_of(parts(0), [], steady, cutoff=cutoff)
    assert found.grade == grade
    assert [notice.code for notice in found.reasons] == ["cutoff-within-limits"] * (grade == "care")


@pytest.mark.parametrize(
    ("outside", "total", "grade"),
    [(1, 6, "fine"), (2, 6, "do-not-rely"), (1, 2, "do-not-rely"), (1, 3, "fine"), (2, 15, "care"), (2, 20, "fine")],
)
def test_a_feature_outside_by_chance_is_no_remark_where_all_were_looked_at_jointly(outside, total, grade):
    """R: pbinom(0:2, n, 0.02, lower.tail = FALSE): above 0.05 for 0 of 6, 0 of 3, 0 of 15, 1 of 20."""
    assert trust_of(parts(outside, total), [], jointly=True).grade == grade


def test_an_unknown_training_range_says_nothing():
    assert trust_of([Contribution("f", 1.0, 1.0, 1.0, None)] * 3, []).grade == "fine"


def test_the_document_carries_the_grade():
    found = document(model_elsewhere())["trust"]
    assert found["grade"] == "do-not-rely"
    assert found["reasons"][0]["message"].startswith("2 of 3 features outside")
    known = document(covariates={"age": 60, "stage": "II", "pcr": "no"})
    assert known["trust"] == {"grade": "fine", "reasons": []}
    assert wording.grade(known).startswith("Nothing was noticed")
    assert [reason["code"] for reason in document()["trust"]["reasons"]] == ["covariate-unknown"] * 3


def model_elsewhere():
    """The made-up model as if its patients had far larger values."""
    model = example_models.model()
    terms = [term if term.low is None else replace(term, low=1e6, high=2e6) for term in model.score.terms]
    return replace(model, score=replace(model.score, terms=tuple(terms)))


def test_a_document_of_this_version_from_before_a_field_was_added_is_read():
    found = document(models()["whole"], {"age": "60"})
    older = {name: value for name, value in found.items() if name not in ("site", "averaged")}
    assert read_document(json.dumps(older)) == found | {"site": None, "averaged": False}
    assert list(read_document(json.dumps(found))) == list(found)


def test_a_document_from_before_grades_shows_its_group_unless_it_is_not_to_be_relied_on():
    shown = before_version_1(document(covariates={"age": 60, "stage": "II", "pcr": "no"}))
    withheld = before_version_1(document(model_elsewhere()))
    read = [read_document(json.dumps(old)) for old in (shown, withheld)]
    assert [(found["trust"]["grade"], found["group_shown"]) for found in read] == [
        ("fine", True), ("do-not-rely", False),
    ]  # fmt: skip


def test_a_range_is_told_where_the_model_knows_it():
    term = example_models.model().score.terms[0]
    assert wording.training_range(replace(term, low=1.5, high=2.25)) == "1.5 to 2.25"
    assert wording.training_range(replace(term, low=None, high=None)) == ""


def test_without_a_clinical_model_nothing_is_said_of_one():
    model = example_models.model()
    prediction = predict(model, example_models.FEATURES, {"age": 60})
    assert model.comparators == () and prediction.survival
    assert wording.without_image(model, prediction) == ""
    assert wording.without_image(model, replace(prediction, survival=())) == ""


def test_what_the_clinic_alone_gives_is_said_beside_the_survival():
    model = parse_model(json.dumps(example_models.document_2()), "model.json")
    known = {"age": 60, "stage": "II", "pcr": "no"}
    prediction = predict(model, example_models.FEATURES, known, site="B")
    assert prediction.site == "B"
    last, comparator = prediction.survival[-1], model.comparators[0]
    log_hazard = comparator.log_hazard(
        {name: value.value for name, value in zip(known, prediction.covariates, strict=True)}
    )
    alone = comparator.survival(log_hazard, last.months)
    assert 0 < alone < 1 and wording.without_image(model, prediction) == (
        "Clinical covariates alone (Stage, pCR), without the image, give disease-free survival of "
        f"{100 * alone:.1f}% at 60 months; with the score it is {100 * last.probability:.1f}%. "
        "In training it stayed open whether the score adds to them."
    )
    as_measured = predict(model, example_models.FEATURES, known, site="X", unknown_site="as-measured")
    assert as_measured.site is None


def test_the_cohort_of_a_figure_is_named_with_how_it_was_measured():
    row = example_models.model().performance[0]
    assert cohort_kind(replace(row, cohort="training", kind="apparent")) == "training, apparent"
    assert cohort_kind(replace(row, cohort="validation", kind="validation")) == "validation"
