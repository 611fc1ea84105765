"""Reports of trainings and validations: page, tables and report.json say the same, and the answer comes first."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from browser import measured, needs_chromium
from cohort_examples import gbsg2_model, gbsg2_scored
from LABCRadiomicsLib import NOTICE
from LABCRadiomicsLib.model import Model, Performance
from LABCRadiomicsLib.scoring import DEMONSTRATION
from LABCRadiomicsLib.statistics.cutoff_accuracy import cutoff_accuracy
from LABCRadiomicsLib.statistics.maximally_selected import maximally_selected
from LABCRadiomicsLib.statistics.sample_size import development_size, validation_size
from LABCRadiomicsLib.study_reports import training_document, write_training_report, write_validation_report
from LABCRadiomicsLib.study_reports.training_report import _sections as training_sections
from LABCRadiomicsLib.tables.cohort import FeatureTable, OutcomeTable
from LABCRadiomicsLib.tables.csv_table import read_table
from LABCRadiomicsLib.training import Card, Plan, Recipe, Training, cohort_of, specs_of, train, trained_model
from LABCRadiomicsLib.training.training_result import Resampled
from LABCRadiomicsLib.validation import Validation, validate
from r_reference import columns, transbig


def words_of(page: str) -> str:
    return html.unescape(re.sub("<[^>]+>", " ", page)).replace("\u00a0", " ")


# ---- validation ----------------------------------------------------------------------------------------------------


def few(model: Model | None = None) -> Validation:
    """A validation on a small part of the cohort."""
    return validate(gbsg2_scored(slice(0, None, 6), model), bootstrap=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("report")
    write_validation_report(found, few(), {"o<b>.csv": "0" * 64})
    return found


def test_the_page_needs_nothing_else_and_says_first_how_good_the_model_is(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    report = json.loads((folder / "report.json").read_text())
    c = next(row for row in report["performance"] if row["metric"] == "C-index, nomogram")
    words = words_of(page)
    assert f"C-index {c['value']:.2f} ({c['lower']:.2f} to {c['upper']:.2f}): better than chance" in words
    assert words.index("better than chance") < words.index("How far to trust it") < words.index("Where it comes from")
    assert words.count(NOTICE) == 2
    assert DEMONSTRATION not in words.lower()
    assert not re.search(r"""src=["'](?!data:)""", page)
    assert all((folder / link).is_file() for link in re.findall(r"""href=["']([^#"'][^"']*)""", page))
    assert "o<b>.csv" not in page
    assert report["fingerprint"] in page
    assert page.count("<img ") == page.count('alt="') >= 8


def test_a_figure_is_fields_and_words(folder):
    report = json.loads((folder / "report.json").read_text())
    rows = {(row["measure"], row["marker"], row["horizon_months"]): row["metric"] for row in report["performance"]}
    assert rows["c_index", "nomogram", None] == "C-index, nomogram"
    assert rows["auc", "radiomics score alone", 36] == "AUC at 36 months, radiomics score alone"
    table = read_table(folder / "performance.csv")
    assert table.texts("metric") == tuple(row["metric"] for row in report["performance"])


def test_an_earlier_validation_of_the_model_is_not_taken_for_this_one(tmp_path):
    stored = {"cohort": "validation", "n": 9, "events": 3}
    earlier = (
        Performance(metric="C-index, nomogram", value=0.123, kind="validation", **stored),
        Performance(metric="C-index, nomogram", value=0.456, kind="apparent", **{**stored, "cohort": "training"}),
    )
    page = write_validation_report(tmp_path, few(replace(gbsg2_model(), performance=earlier))).read_text()
    assert "0.123" not in page
    assert "0.456" in page
    assert "In training it was 0.456, without correction for optimism" in page


def test_the_page_tells_a_demonstration(tmp_path):
    page = write_validation_report(tmp_path, few(replace(gbsg2_model(), status="demonstration"))).read_text()
    assert DEMONSTRATION in page.lower()


# ---- training ------------------------------------------------------------------------------------------------------


@needs_chromium
@pytest.mark.parametrize("width", [360, 1000])
def test_the_page_of_a_validation_in_a_browser(folder, tmp_path, width):
    assert_sound(measured(folder / "index.html", width, tmp_path), width)


@needs_chromium
@pytest.mark.slow
def test_the_page_of_a_training_in_a_browser(trained, tmp_path):
    page = write_training_report(tmp_path / "report", *trained)
    for width in (360, 1000):
        assert_sound(measured(page, width, tmp_path), width)


def assert_sound(found, width):
    """No overflow, contrast as WCAG 2.1 AA asks, no script and no request."""
    assert found["width"] <= width and found["beyond"] == []
    assert found["pale"] == [] and found["contrast"] >= 4.5
    assert (found["scripts"], found["asked"]) == (0, [])


@pytest.fixture(scope="module")
def trained() -> tuple[Training, Model]:
    """A training on TRANSBIG with every part that a training can have."""
    data = transbig()
    names = tuple(name for name in data if name.startswith("X"))
    cases = tuple(f"P{at}" for at in range(data["months"].size))
    clinical = {name: tuple(map(str, data[name])) for name in ("age", "er", "size")}
    outcomes = OutcomeTable(cases, data["months"], data["event"], clinical)
    cohort = cohort_of(FeatureTable(cases, names, columns(data, names)), outcomes, specs_of(outcomes, tuple(clinical)))
    recipe = Recipe(named=("age",), candidates=("er", "size"), n_folds=5)
    plan = Plan(
        recipe=recipe, stage="size", subgroups=("er",), bootstrap=4, nested=1, permutations=2, reclassification=0
    )
    training = train(cohort, plan)
    return training, trained_model(training, Card(id="transbig", title="TRANSBIG <test>", source="test"), None)


@pytest.mark.slow
def test_the_page_of_a_training_sets_apparent_and_corrected_side_by_side(trained, tmp_path):
    page = write_training_report(tmp_path, *trained, {"features.csv": "0" * 64}).read_text(encoding="utf-8")
    report = json.loads((tmp_path / "report.json").read_text())
    words = words_of(page)
    row = next(row for row in report["optimism"]["rows"] if row["metric"] == "C-index, nomogram")
    found = re.search(r"C-index, nomogram\s+([\d.]+) \(.*?\)\s+([\d.]+) \(", words)
    assert found.groups() == (f"{row['apparent']['value']:.3f}", f"{row['corrected']['value']:.3f}")
    assert f"{row['corrected']['value']:.2f}" in words[: words.index("How far to trust it")]
    for note in report["notes"]:
        assert note["message"] in words
    titles = ["Selection of features", "Risk groups", "The cutoff", "Discrimination and added value",
              "Does the score add anything?", "Nomogram",
              "Calibration", "Clinical use", "Subgroups", "Patients", "Stability", "How many patients",
              "Writing it up"]  # fmt: skip
    assert re.findall(r'<h2 id="s\d+">(.*?)</h2>', page) == titles
    assert "TRANSBIG <test>" not in page
    assert NOTICE in words
    assert page.count("<img ") >= 14


@pytest.mark.slow
def test_the_page_of_a_training_without_bootstrap_says_that_all_is_apparent(trained, tmp_path):
    training, model = trained
    apparent = replace(training.apparent, added_value=None)
    bare = replace(training, resampled=Resampled(), apparent=apparent, subgroups=())
    page = write_training_report(tmp_path, bare, model).read_text()
    assert "its optimism was not measured" in page
    assert "Every figure here is apparent" in page
    assert not (tmp_path / "optimism.csv").exists()


@pytest.mark.slow
def test_a_training_says_how_many_patients_it_takes(trained):
    """R: pmsampsize of the candidates looked at, for the C-index that is left after correction."""
    report = training_document(*trained)
    found, training = report["sample_size"], trained[0]
    rate = training.cohort.events / training.cohort.months.sum()
    c = next(r for r in training.performance if (r.label, r.kind) == ("C-index, nomogram", "optimism-corrected")).value
    parameters = len(training.cohort.names) + 3
    size = development_size(parameters, rate, training.cohort.months.mean(), 60.0, c_index=c)
    assert (found["n_needed"], found["assumed"]["parameters"]) == (size.n, parameters)
    assert found["n"] == len(training.cohort) and len(found["criteria"]) == 3


def test_the_page_says_what_the_choice_of_the_cutoff_is_worth(folder):
    found = json.loads((folder / "report.json").read_text())["cutoff"]
    scored = gbsg2_scored(slice(0, None, 6))
    test = maximally_selected(scored.score, scored.months, scored.event)
    assert found["maximally_selected"]["p"] == test.p
    words = words_of((folder / "index.html").read_text())
    said = f"that of {test.cutoff:.5g}: p {'<0.001' if test.p < 0.001 else f'{test.p:.3f}'} with the choice"
    assert (
        f"Had the cutoff been chosen on this cohort: among the {test.cutoffs.size} cutoffs" in words and said in words
    )
    high = scored.score > scored.model.cutoff.value
    accuracy = cutoff_accuracy(high, scored.months, scored.event, 60.0)
    row = next(r for r in found["accuracy"] if (r["measure"], r["horizon_months"]) == ("specificity", 60.0))
    assert (row["value"], row["lower"]) == (accuracy.specificity.value, pytest.approx(accuracy.specificity.lower))
    assert f"{row['value']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})" in words.replace("\xa0", " ")


@pytest.mark.slow
def test_the_accuracy_of_the_cutoff_is_corrected_too(trained):
    report = training_document(*trained)
    rows = {(r["measure"], r["kind"]): r for r in report["cutoff"]["accuracy"]}
    assert len(rows) == 8
    assert rows["sensitivity", "optimism-corrected"]["value"] < rows["sensitivity", "apparent"]["value"]
    assert report["cutoff"]["selection_repeated"]["repeats"] == 4
    corrected = rows["sensitivity", "optimism-corrected"]
    assert 0 < corrected["lower"] < corrected["value"] < corrected["upper"] < 1
    assert rows["sensitivity", "apparent"] | {"column": None} in [
        row | {"column": None} for row in report["performance"] if row["measure"] == "sensitivity"
    ]


def test_a_validation_says_how_many_patients_it_takes(folder):
    report = json.loads((folder / "report.json").read_text())
    found = report["sample_size"]
    assert found["n_needed"] > found["n"] == report["n"]
    assert f"take {found['n_needed']} patients" in words_of((folder / "index.html").read_text())
    marker = few().measured[0].marker
    odds = np.log(marker.risk(60.0) / (1 - marker.risk(60.0)))
    assumed = found["assumed"]
    size = validation_size(assumed["risk"], assumed["c_index"], lp=(odds.mean(), odds.std()), known=assumed["known"])
    assert size.n == found["n_needed"]


@pytest.mark.slow
def test_every_section_has_its_own_part_of_the_report(trained):
    """No two sections write one key or one table, or one would be lost in silence."""
    training, model = trained
    sections = training_sections(training, model)
    for part in ("findings", "tables"):
        names = [name for section in sections for name in getattr(section, part)]
        assert len(names) == len(set(names))
    keys = {name for section in sections for name in section.findings}
    assert keys <= set(training_document(training, model))
