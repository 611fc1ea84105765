"""What is not known is not said: foreign features, missing records, the model's own patients, figures that are null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cohort_examples import gbsg2_model, gbsg2_scored
from example_models import document_2, incomplete_document, model
from LABCRadiomicsLib.model.case_hashes import case_hashes
from LABCRadiomicsLib.papers import OPEN
from paper_studies import (
    EXTRACTION,
    ITEMS,
    RECORD,
    STUDIES,
    Paper,
    extracted,
    paper_of,
    tabled,
    validated,
    validation_of,
)


def test_a_training_without_agreement_and_covariates_says_so():
    metrics = tabled().answers("metrics")
    assert metrics["14"].startswith("No. No table of agreement was given")
    assert metrics["19"].startswith("No. None: no clinical covariate was given")
    assert metrics["24"].startswith("No. No clinical model was compared")
    assert tabled().answers("clear")["17"].startswith("None: the model is made of the radiomics score alone")
    assert "No cell of a feature was empty" in tabled().answers("tripod-ai")["11"]


def test_features_made_elsewhere_are_the_authors_to_describe():
    ibsi, metrics = tabled().answers("ibsi"), tabled().answers("metrics")
    for number in ("8", "45", "46", "50a", "56a", "57", "58", "61", "64"):
        assert ibsi[number] == f"The features were made elsewhere. Still {OPEN}: all of this item."
    assert ibsi["14"] == OPEN  # nothing says that the image is no CT
    assert {metrics[number] for number in ("Condition 1", "Condition 3", "11", "12", "13")} == {OPEN}
    assert "computed elsewhere" in tabled().methods


def test_without_a_record_the_software_that_computed_features_is_not_known():
    found = extracted().study
    unknown = Paper.of({**found.report, "extracted_with": None}, found.model)
    ibsi = unknown.answers("ibsi")
    assert ibsi["61"] == ibsi["59"] == unknown.answers("metrics")["12"] == OPEN
    assert "Fixed bin width" in ibsi["56a"]  # the settings are in the model


def test_an_apparent_training_claims_no_test():
    metrics = extracted().answers("metrics")
    assert metrics["26"].startswith("No. None: the model was measured on its own patients only")
    assert metrics["18"].startswith("No. ")
    assert metrics["27"].startswith("No. A training has no other patients")
    assert "Nothing was resampled: every figure is apparent" in extracted().answers("tripod-ai")["12a"]
    assert "is apparent" in extracted().methods


def test_a_validation_on_the_models_own_patients_is_none():
    scored = gbsg2_scored(slice(0, None, 6))
    names = [term.feature for term in scored.model.score.terms]
    values = [[{p.feature: p.value for p in one.contributions}[name] for name in names] for one in scored.predictions]
    own = gbsg2_model()
    marks = tuple(case_hashes(values[:20]))
    cohort = replace(own.provenance.cohort, case_hashes=marks)
    knowing = replace(own, provenance=replace(own.provenance, cohort=cohort))
    found = paper_of(validation_of(knowing, kind="external"))
    report = found.study.report
    count = report["training_cases"]
    assert count >= 20
    metrics, tripod = found.answers("metrics"), found.answers("tripod-ai")
    assert metrics["27"].startswith("No.") and f"But {count} of them are training patients" in metrics["27"]
    assert metrics["18"].startswith("No.")
    assert f"but {count} of them made it" in tripod["4"]
    assert f"{count} of the {report['n']} cases are known as training cases" in found.answers("clear")["14"]


def test_a_validation_without_a_record_does_not_vouch_for_the_settings():
    """The model states how its features are computed; nothing says that those of this table were so."""
    stated, report = replace(gbsg2_model(), extraction=EXTRACTION), validated().study.report
    made = (Paper.of({**report, "extracted_with": record}, stated) for record in (None, RECORD))
    unknown, known = (paper.answers("ibsi") for paper in made)
    for number in ("8", "45", "50a", "56a", "61"):
        assert "has no record of how it was made" in unknown[number]
        assert f"Still {OPEN}: whether the features were made with these settings." in unknown[number]
    assert "Fixed bin width: 12.5" in known["56a"]


def test_a_model_that_predicts_no_risk_has_no_calibration_but_a_slope():
    own = gbsg2_model()
    found = paper_of(validation_of(replace(own, nomogram=replace(own.nomogram, baseline=None))))
    slope = next(row for row in found.study.report["performance"] if row["measure"] == "calibration_slope")
    said = found.answers("metrics")["22"]
    assert said.startswith("Partly. The model predicts no risk here") and f"{slope['value']:.3f}" in said
    bare = paper_of(validation_of(replace(own, nomogram=None, cutoff=None, groups=None)))
    assert bare.answers("metrics")["22"].startswith("No.")
    assert bare.answers("tripod-ai")["8a"] == OPEN


@pytest.mark.parametrize("changed", [document_2(), incomplete_document()])
def test_any_model_can_be_written_up(changed):
    """A model with everything, and one that lacks nearly everything, beside the report of a validation."""
    paper = Paper.of(validated().study.report, model(changed)).written
    assert [len(rows) for _, rows in paper.tables.values()] == list(ITEMS.values())
    assert "nan" not in " ".join(paper.texts.values()).lower().split()


def test_a_remark_on_imputation_answers_what_became_of_missing_values():
    found = tabled().study
    notes = [*found.report["notes"], {"code": "covariates-imputed-somehow", "message": "Three ages were imputed."}]
    paper = Paper.of({**found.report, "notes": notes}, found.model)
    assert "Three ages were imputed." in paper.answers("tripod-ai")["11"]
    assert "Three ages were imputed." in paper.methods


def without_figures(value: Any) -> Any:
    """The same with null for every number that is not a count, as numbers that are not finite are written."""
    if isinstance(value, Mapping):
        return {key: item if key in ("horizon", "months") else without_figures(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_figures(item) for item in value]
    return None if isinstance(value, float) else value


@pytest.mark.parametrize("paper", STUDIES, ids=lambda made: made.__name__)
def test_a_figure_that_is_not_known_is_said_to_be_so(paper):
    found = paper().study
    parts = ("performance", "comparison", "reclassification", "calibration", "covariates", "logrank", "follow_up",
             "events_per_parameter", "proportional_hazards", "permutation")  # fmt: skip
    report = {key: without_figures(value) if key in parts else value for key, value in found.report.items()}
    report["follow_up"]["longest_months"] = 1.0
    if report["groups"]:
        report["groups"] = {**report["groups"], "hazard_ratio": without_figures(report["groups"]["hazard_ratio"])}
    made = Paper.of(report, found.model)
    assert "C-index, radiomics score alone: not known" in made.answers("tripod-ai")["23a"]
    assert " None" not in made.methods
