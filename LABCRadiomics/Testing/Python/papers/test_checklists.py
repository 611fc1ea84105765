"""Checklists and methods of a study: every item has a row, numbers are the study's, what is not known is not said."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cohort_examples import gbsg2_model, gbsg2_scored
from example_models import document_2, incomplete_document, model
from LABCRadiomicsLib.feature_names import FEATURES
from LABCRadiomicsLib.model import Extraction, Image, Model
from LABCRadiomicsLib.model.additions import Domain
from LABCRadiomicsLib.model.case_hashes import case_hashes
from LABCRadiomicsLib.papers import CHECKLISTS, OPEN, Study, writing_up
from LABCRadiomicsLib.papers.methods import methods_markdown
from LABCRadiomicsLib.papers.references import WORKS, numbered
from LABCRadiomicsLib.study_reports import (
    training_document,
    validation_document,
    write_training_report,
    write_validation_report,
)
from LABCRadiomicsLib.tables.report_folder import write_report
from LABCRadiomicsLib.training import Card, Plan, Recipe, Training, TrainingCohort, train, trained_model
from LABCRadiomicsLib.training.model_card import yields_all
from LABCRadiomicsLib.validation import Validation, validate
from training_data import simulated

ITEMS = {"tripod-ai": 52, "clear": 58, "metrics": 35, "ibsi": 104}
# What no software can know of a study, by list.
UNKNOWABLE = {
    "tripod-ai": "1 2 3a 3b 3c 5b 6a 6b 6c 8b 8c 9c 14 17 18a 18b 18c 18d 18e 19 25 27c",
    "clear": "1 2 3 4 5 6 8 10 11 19 20 45 49 50 51 53 54",
    "metrics": "2 3 5 6 7 8 9 10 23 28",
    "ibsi": "1 2a 2b 2c 4a 4b 4c 4d 4e 5 6 9a 10 11 12 13 17 18b 18c 19 20 21 22 23 24 25 26 35a 35b 37 48a 48b 48c",
}
SETTINGS = {
    "setting": {"binWidth": 12.5, "normalize": True, "normalizeScale": 100, "removeOutliers": 3, "distances": [1, 2],
                "symmetricalGLCM": False, "resampledPixelSpacing": [1, 1, 2], "interpolator": "sitkLinear"},
    "image_type": {"Original": {}, "LoG": {"sigma": [2.0, 3.0]}},
    "feature_class": {"firstorder": [], "glcm": ["Idm", "Contrast"]},
}  # fmt: skip
EXTRACTION = Extraction(
    **SETTINGS, pyradiomics_version="3.0.1", array_order="LPS", preprocessing=({"step": "n4", "shrink": 4},)
)
RECORD = {"labcradiomics": "9.8.7", "engine": "labcradiomics 9.8.7, equal to pyradiomics 3.0.1", "numpy": "2.3.4"}


def rows_of(folder: Path, name: str) -> dict[str, dict[str, str]]:
    """The rows of a checklist by the number of the item."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == ["item", "answer", "where"]
    numbers = [re.match(r"(Condition \d|\d+[a-z]?) ", row["item"])[1] for row in rows]
    assert len(numbers) == len(set(numbers))
    return dict(zip(numbers, rows, strict=True))


def answers_of(folder: Path, name: str) -> dict[str, str]:
    return {number: row["answer"] for number, row in rows_of(folder, name).items()}


Made = tuple[Path, Study]


def features_of(names: list[str]) -> TrainingCohort:
    features, months, event = simulated(5, effects=(1.2, -1.0, 0.9))
    cases = tuple(f"P{at}" for at in range(months.size))
    return TrainingCohort(tuple(names), features[:, : len(names)], months, event, cases=cases)


@cache
def table_training() -> tuple[Training, Model]:
    """On a table of foreign features, without agreement, with the whole selection repeated."""
    plan = Plan(recipe=Recipe(n_folds=4), seed=7, bootstrap=4, reclassification=0, endpoint="Time to anything")
    training = train(features_of([f"f{at + 1}" for at in range(20)]), plan)
    return training, trained_model(training, Card(id="m", title="A model"), None)


@cache
def extracted_training() -> tuple[Training, Model]:
    """On extracted features with a record, with agreement, nothing resampled."""
    names = [f"original_firstorder_{name}" for name in sorted(FEATURES["firstorder"])]
    icc = {name: (0.9 if at < 12 else 0.5, 0.4, 0.95) for at, name in enumerate(names)}
    plan = Plan(recipe=Recipe(n_folds=3, penalty="1se"), min_icc=0.8, bootstrap=0, reclassification=0)
    domain = Domain(
        spacing_mm_low=(0.5, 0.5, 1.0), spacing_mm_high=(0.9, 0.9, 3.0), field_strengths_t=(1.5, 3.0),
        manufacturers=("Scanner & Sons",),
    )  # fmt: skip
    image = Image(modality="MR", sequence="T1-weighted", timing="not stated", domain=domain)
    training = train(features_of(names), plan, icc=icc)
    card = Card(id="m", title="Another model", image=image)
    return training, trained_model(training, card, yields_all(EXTRACTION, training))


def validation_of(changed: Model | None = None, **options: Any) -> Validation:
    return validate(gbsg2_scored(slice(0, None, 6), changed), bootstrap=0, **options)


def made(folder: Path, report: Mapping[str, Any], model: Model) -> Made:
    """What helps to write a study up, without the page."""
    study = Study(report, model)
    paper = writing_up(study)
    write_report(folder, report, paper.tables, paper.texts)
    return folder, study


def made_of(folder: Path, found: Validation) -> Made:
    return made(folder, validation_document(found), found.scored.model)


@pytest.fixture(scope="module")
def tabled(tmp_path_factory) -> Made:
    return made(tmp_path_factory.mktemp("table"), training_document(*table_training()), table_training()[1])


@pytest.fixture(scope="module")
def extracted(tmp_path_factory) -> Made:
    report = training_document(*extracted_training(), extracted_with=RECORD)
    return made(tmp_path_factory.mktemp("extracted"), report, extracted_training()[1])


@pytest.fixture(scope="module")
def validated(tmp_path_factory) -> Made:
    return made_of(tmp_path_factory.mktemp("validated"), validation_of(kind="external", label="far away"))


@pytest.fixture(params=["tabled", "extracted", "validated"])
def study(request) -> Made:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module", params=["training", "validation"])
def whole(request, tmp_path_factory) -> Made:
    """A folder with its page and every table."""
    folder = tmp_path_factory.mktemp("whole")
    if request.param == "training":
        model = table_training()[1]
        write_training_report(folder, *table_training())
    else:
        found = validation_of()
        model = found.scored.model
        write_validation_report(folder, found)
    return folder, Study(json.loads((folder / "report.json").read_text()), model)


# ---- every item ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ITEMS)
def test_every_item_of_every_list_has_a_row_in_its_order(study, name):
    folder, found = study
    checklist = next(one for one in CHECKLISTS if one.name == name)
    rows = rows_of(folder, name)
    assert list(rows) == [item.item for item in checklist.items]
    assert len(rows) == ITEMS[name]
    assert all(row["answer"] for row in rows.values())
    assert set(checklist.answers) <= set(rows)
    known = sum(row["answer"] != OPEN and "all of this item" not in row["answer"] for row in rows.values())
    assert checklist.counts(found) == (known, ITEMS[name])


def test_the_lists_have_as_many_items_as_they_are_published_with():
    """TRIPOD+AI: 27; CLEAR: 58; METRICS: 30 and 5 conditions; IBSI: 76."""
    main = {one.name: {re.sub("[a-z]$", "", item.item) for item in one.items} for one in CHECKLISTS}
    assert {name: len(numbers) for name, numbers in main.items()} == {
        "tripod-ai": 27, "clear": 58, "metrics": 35, "ibsi": 76,
    }  # fmt: skip
    for name, numbers in main.items():
        counted = {int(number) for number in numbers if number.isdecimal()}
        assert counted == set(range(1, len(counted) + 1)), name


@pytest.mark.parametrize("name", UNKNOWABLE)
def test_what_no_software_knows_is_left_to_the_authors(study, name):
    folder, found = study
    rows = rows_of(folder, name)
    for number in UNKNOWABLE[name].split():
        assert rows[number]["answer"].endswith(OPEN) or "Not applicable" in rows[number]["answer"], number
        assert not rows[number]["where"]
    if name == "metrics":
        assert not any("score of" in row["answer"].lower() and "%" in row["answer"] for row in rows.values())
    if found.is_training:
        assert rows_of(folder, "tripod-ai")["5a"]["answer"] == OPEN


@pytest.mark.slow
def test_every_place_is_there(whole):
    folder, found = whole
    page = (folder / "index.html").read_text(encoding="utf-8")
    card = (folder / "model-card.md").read_text(encoding="utf-8")
    titles = {html.unescape(title) for title in re.findall(r"<h2[^>]*>(.*?)</h2>", page)}
    sections = set(re.findall(r"^## (.*)$", card, re.MULTILINE))
    places = [place for name in ITEMS for row in rows_of(folder, name).values() for place in row["where"].split("; ")]
    assert len(set(places)) > 15
    for place in filter(None, places):
        file, _, parts = place.partition(": ")
        for one in file.split(", "):
            assert (folder / one).is_file(), place
        if file == "index.html":
            assert set(parts.split(", ")) <= titles, place
        elif file == "model-card.md":
            assert set(parts.split(", ")) <= sections, place
        elif file == "report.json":
            for part in parts.split(", "):
                _at(found.report, part)


def _at(report: Mapping[str, Any], path: str) -> Any:
    for key in path.split("."):
        report = report[key]
    return report


# ---- the study's own numbers ---------------------------------------------------------------------------------------


def test_answers_of_a_training_carry_its_numbers(tabled):
    folder, found = tabled
    report, tripod, clear = found.report, answers_of(folder, "tripod-ai"), answers_of(folder, "clear")
    n, events, followed = report["n"], report["events"], report["follow_up"]
    assert f"{n} patients, {events} with the event and {n - events} without" in tripod["20a"]
    assert f"was {followed['median_months']:.1f} months" in tripod["20a"]
    assert "Time to anything: months" in tripod["8a"]
    size = report["sample_size"]
    assert f"ask for {size['n_needed']} patients with {size['events_needed']:.0f} events" in tripod["10"] == clear["9"]
    assert f"{report['nested']['folds']}-fold nested cross-validation" in tripod["12a"]
    assert f"{report['optimism']['repeats']} bootstrap samples" in tripod["12a"]
    assert f"then {report['features_univariable']} with p below 0.05" in clear["33"]
    assert f"then {len(report['score_terms'])} with a coefficient" in clear["33"]
    assert f"lambda.min {report['lambda_min']:.4g}, lambda.1se {report['lambda_1se']:.4g}" in clear["35"]
    assert "4-fold cross-validation" in clear["35"] and "seed 7" in clear["35"]
    assert f"above {found.model.cutoff.value:.6g}" in tripod["15"]
    assert f"AUC {report['roc']['auc']:.3f}" in tripod["15"]
    assert found.model.fingerprint in tripod["22"]
    rows = [row for row in report["performance"] if row["measure"] == "c_index"]
    assert {row["kind"] for row in rows} == {"apparent", "optimism-corrected"}
    for row in rows:
        limits = f"{row['value']:.3f} (95% limits {row['lower']:.3f} to {row['upper']:.3f}), {row['kind']}"
        assert f"{row['metric']}: {limits}" in clear["47"] == tripod["23a"]
    for note in report["notes"]:
        assert note["message"] in tripod["26"]
    assert f"({events / n:.1%})" in tripod["13"]


def test_another_report_gives_other_answers(tabled):
    """No answer is a constant that happens to be right."""
    found = tabled[1]
    changed = json.loads(json.dumps(found.report))
    changed |= {"n": 777, "events": 333, "features_in": 12345, "lambda": 0.5}
    changed["settings"] |= {"seed": 31, "folds": 6, "folds_given": True}
    changed["follow_up"] |= {"median_months": 43.21}
    other = Study(changed, found.model)
    texts = {one.name: {row[0].split()[0]: row[1] for row in one.table(other)[1]} for one in CHECKLISTS}
    assert "777 patients, 333 with the event and 444 without" in texts["tripod-ai"]["20a"]
    assert "was 43.2 months" in texts["tripod-ai"]["20a"]
    assert texts["clear"]["27"].startswith("12345 ")
    assert "6-fold" in texts["clear"]["35"] and "as a given table deals them" in texts["clear"]["35"]
    methods = methods_markdown(other)
    assert "6-fold" in methods and "given by a table" in methods and "lambda 0.5;" in methods


def test_a_training_without_agreement_and_covariates_says_so(tabled):
    folder = tabled[0]
    assert answers_of(folder, "metrics")["14"].startswith("No. No table of agreement was given")
    assert answers_of(folder, "metrics")["19"].startswith("No. None: no clinical covariate was given")
    assert answers_of(folder, "metrics")["24"].startswith("No. No clinical model was compared")
    assert answers_of(folder, "clear")["17"].startswith("None: the model is made of the radiomics score alone")
    assert "No cell of a feature was empty" in answers_of(folder, "tripod-ai")["11"]


def test_features_made_elsewhere_are_the_authors_to_describe(tabled):
    ibsi = answers_of(tabled[0], "ibsi")
    for number in ("8", "45", "46", "50a", "56a", "57", "58", "61", "64"):
        assert ibsi[number] == f"The features were made elsewhere. Still {OPEN}: all of this item."
    assert ibsi["14"] == OPEN  # nothing says that the image is no CT
    metrics = answers_of(tabled[0], "metrics")
    assert {metrics[number] for number in ("Condition 1", "Condition 3", "11", "12", "13")} == {OPEN}
    assert "computed elsewhere" in (tabled[0] / "methods.md").read_text()


def test_the_items_of_extraction_are_those_of_its_settings(extracted):
    folder, _ = extracted
    ibsi, clear, metrics = (answers_of(folder, name) for name in ("ibsi", "clear", "metrics"))
    assert ibsi["7"].startswith("Scanner & Sons.")
    assert ibsi["8"] == "MR, as the model states it."
    assert ibsi["14"].startswith("Not applicable: the model's images are of modality MR")
    assert ibsi["18a"].startswith("T1-weighted")
    assert ibsi["27"] == "1.5, 3 T."
    assert "0.5 to 0.9 x 0.5 to 0.9 x 1 to 3 mm (left to right, front to back and foot to head" in ibsi["28"]
    assert ibsi["41"] == "None."
    assert ibsi["45"].startswith("N4 bias field correction (shrink 4).")
    assert "standard deviation 100 of the whole image, values beyond 3" in ibsi["46"]
    assert "1 x 1 x 2 mm by sitkLinear" in ibsi["50a"] == clear["22"]
    assert ibsi["53"] == "Nearest neighbor."
    assert "Fixed bin width: 12.5" in ibsi["56a"] == clear["23"]
    assert "Laplacian of Gaussian (sigma 2, 3 mm)" in ibsi["57"]
    assert "gray level co-occurrence matrix (GLCM): 2" in ibsi["58"] and "pyradiomics 3.0.1" in ibsi["58"]
    assert ibsi["61"] == "labcradiomics 9.8.7 (equal to pyradiomics 3.0.1), numpy 2.3.4."
    assert (ibsi["64"], ibsi["65"]) == ("Asymmetric.", "Chebyshev distance 1, 2 (voxels).")
    assert {ibsi[number] for number in ("66", "69", "70", "71")} == {"Not computed."}
    assert "12 of 18" in ibsi["60"] == clear["31"] and "above 0.8" in ibsi["60"]
    assert metrics["12"].startswith("Yes. labcradiomics 9.8.7")
    assert metrics["14"].startswith("Yes. Features with an intraclass correlation above 0.8 were kept: 12 of 18.")
    assert "the largest penalty whose deviance is within one standard error" in clear["37"]


def test_without_a_record_the_software_that_computed_features_is_not_known(extracted):
    found = extracted[1]
    unknown = Study({**found.report, "extracted_with": None}, found.model)
    tables = {one.name: {row[0].split()[0]: row[1] for row in one.table(unknown)[1]} for one in CHECKLISTS}
    assert tables["ibsi"]["61"] == tables["ibsi"]["59"] == tables["metrics"]["12"] == OPEN
    assert "Fixed bin width" in tables["ibsi"]["56a"]  # the settings are in the model


def test_an_apparent_training_claims_no_test(extracted):
    folder = extracted[0]
    metrics = answers_of(folder, "metrics")
    assert metrics["26"].startswith("No. None: the model was measured on its own patients only")
    assert metrics["18"].startswith("No. ")
    assert metrics["27"].startswith("No. A training has no other patients")
    assert "Nothing was resampled: every figure is apparent" in answers_of(folder, "tripod-ai")["12a"]
    assert "is apparent" in (folder / "methods.md").read_text()


# ---- a validation --------------------------------------------------------------------------------------------------


def test_a_validation_answers_what_a_training_does_not(validated):
    folder, found = validated
    report, tripod, metrics = found.report, answers_of(folder, "tripod-ai"), answers_of(folder, "metrics")
    for number in ("9a", "12a", "12b", "12c", "15", "22", "27a", "27b"):
        assert tripod[number] == "Not applicable: for the development of a model."
    assert found.model.fingerprint in tripod["12g"]
    assert tripod["12f"] == tripod["24"] == "None in this evaluation: the model was applied as it is."
    cohort = found.model.provenance.cohort
    assert f"Development: {cohort.n} patients, {cohort.events} events" in tripod["20c"]
    assert f"Here: {report['n']} patients, {report['events']} events" in tripod["20c"]
    assert f"ask for {report['sample_size']['n_needed']} patients" in tripod["10"]
    last = report["calibration"]["horizons"][-1]["summary"]
    assert f"are {last['ratio']:.3f}" in metrics["22"] and f"slope is {last['slope']:.3f}" in metrics["22"]
    assert metrics["27"].startswith("Partly.") and "said to be of another center (cohort far away)" in metrics["27"]
    assert metrics["14"] == metrics["15"] == metrics["16"] == OPEN


def test_training_and_validation_differ(tabled, validated):
    for name in ITEMS:
        one, other = (answers_of(folder, name) for folder in (tabled[0], validated[0]))
        assert sum(one[number] != other[number] for number in one) >= 3, name
    for number in ("12f", "12g", "20c", "24"):
        assert answers_of(tabled[0], "tripod-ai")[number].startswith("Not applicable")


def test_a_validation_on_the_models_own_patients_is_none(tmp_path):
    scored = gbsg2_scored(slice(0, None, 6))
    names = [term.feature for term in scored.model.score.terms]
    values = [[{p.feature: p.value for p in one.contributions}[name] for name in names] for one in scored.predictions]
    own = gbsg2_model()
    marks = tuple(case_hashes(values[:20]))
    cohort = replace(own.provenance.cohort, case_hashes=marks)
    knowing = replace(own, provenance=replace(own.provenance, cohort=cohort))
    folder, found = made_of(tmp_path, validation_of(knowing, kind="external"))
    count = found.report["training_cases"]
    assert count >= 20
    metrics, tripod = answers_of(folder, "metrics"), answers_of(folder, "tripod-ai")
    assert metrics["27"].startswith("No.") and f"But {count} of them are training patients" in metrics["27"]
    assert metrics["18"].startswith("No.")
    assert f"but {count} of them made it" in tripod["4"]
    assert f"{count} of the {found.report['n']} cases are known as training cases" in answers_of(folder, "clear")["14"]


def test_a_validation_without_a_record_does_not_vouch_for_the_settings(validated):
    """The model states how its features are computed; nothing says that those of this table were so."""
    stated, report = replace(gbsg2_model(), extraction=EXTRACTION), validated[1].report
    unknown, known = (ibsi_of({**report, "extracted_with": record}, stated) for record in (None, RECORD))
    for number in ("8", "45", "50a", "56a", "61"):
        assert "has no record of how it was made" in unknown[number]
        assert f"Still {OPEN}: whether the features were made with these settings." in unknown[number]
    assert "Fixed bin width: 12.5" in known["56a"]


def test_a_model_that_predicts_no_risk_has_no_calibration_but_a_slope(tmp_path):
    own = gbsg2_model()
    folder, found = made_of(tmp_path, validation_of(replace(own, nomogram=replace(own.nomogram, baseline=None))))
    slope = next(row for row in found.report["performance"] if row["measure"] == "calibration_slope")
    said = answers_of(folder, "metrics")["22"]
    assert said.startswith("Partly. The model predicts no risk here") and f"{slope['value']:.3f}" in said
    bare, _ = made_of(tmp_path / "bare", validation_of(replace(own, nomogram=None, cutoff=None, groups=None)))
    assert answers_of(bare, "metrics")["22"].startswith("No.")
    assert answers_of(bare, "tripod-ai")["8a"] == OPEN


def ibsi_of(report: Mapping[str, Any], model: Model) -> dict[str, str]:
    return {row[0].split()[0]: row[1] for row in CHECKLISTS[3].table(Study(report, model))[1]}


# ---- methods, card, page -------------------------------------------------------------------------------------------


def test_the_methods_cite_what_they_name_and_have_the_studys_numbers(study):
    folder, found = study
    text = (folder / "methods.md").read_text(encoding="utf-8")
    body, references = text.split("## References")
    assert not re.search(r"\{\w", body)
    numbers = {int(one) for group in re.findall(r"\\\[([\d, ]+)\\\]", body) for one in group.split(", ")}
    listed = re.findall(r"^(\d+)\. (.*)$", references, re.MULTILINE)
    assert numbers == {int(number) for number, _ in listed} == set(range(1, len(listed) + 1))
    report = found.report
    assert f"{report['n']} patients, {report['events']} with the event" in body
    assert found.model.fingerprint in body
    if report["groups"]:
        assert f"{report['groups']['high']['n']} patients ({report['groups']['high']['events']} events)" in body
    if found.is_training:
        assert f"cutoff {report['roc']['cutoff']:.6g}" in body and f"lambda {report['lambda']:.4g}" in body
        p = report["cutoff"]["maximally_selected"]["p"]
        assert ("p < 0.001" if p < 0.001 else f"p = {p:.3f}") in body


def test_the_methods_of_extracted_features_name_every_step(extracted):
    text = (extracted[0] / "methods.md").read_text(encoding="utf-8")
    for part in (
        "N4 bias field correction", "9.8.7", "pyradiomics 3.0.1", "fixed bin width: 12.5", "1 x 1 x 2 mm",
        "Laplacian of Gaussian (sigma 2, 3 mm)", "(GLCM, 2)", "canonical", "the 12 with an intraclass",
    ):  # fmt: skip
        assert part in text, part


def test_works_are_numbered_by_first_mention_and_braces_of_the_user_stay():
    text, works = numbered("a {roc,cox} b {cox} c {mine} d {km}")
    assert text == "a [1, 2] b [2] c {mine} d [3]"
    assert works == [WORKS["roc"], WORKS["cox"], WORKS["km"]]


@pytest.mark.slow
def test_the_page_links_every_file(whole):
    folder, found = whole
    page = (folder / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(?!#|data:)([^"]+)"', page)
    assert links == ["methods.md", "model-card.md", *(f"{name}.csv" for name in ITEMS)]
    assert all((folder / link).is_file() for link in links)
    known, items = CHECKLISTS[0].counts(found)
    assert f"TRIPOD+AI: {known} of {items} items" in page


def test_the_card_in_the_folder_is_the_models(study):
    folder, found = study
    card = (folder / "model-card.md").read_text(encoding="utf-8")
    assert found.model.fingerprint in card
    assert card.startswith(f"# {found.model.title}")


@pytest.mark.parametrize("changed", [document_2(), incomplete_document()])
def test_any_model_can_be_written_up(validated, changed):
    """A model with everything, and one that lacks nearly everything, beside the report of a validation."""
    found = Study(validated[1].report, model(changed))
    paper = writing_up(found)
    assert [len(rows) for _, rows in paper.tables.values()] == list(ITEMS.values())
    assert "nan" not in " ".join(paper.texts.values()).lower().split()


def without_figures(value: Any) -> Any:
    """The same with null for every number that is not a count, as numbers that are not finite are written."""
    if isinstance(value, Mapping):
        return {key: item if key in ("horizon", "months") else without_figures(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_figures(item) for item in value]
    return None if isinstance(value, float) else value


def test_a_figure_that_is_not_known_is_said_to_be_so(study):
    found = study[1]
    parts = ("performance", "comparison", "reclassification", "calibration", "covariates", "logrank", "follow_up",
             "events_per_parameter", "proportional_hazards", "permutation")  # fmt: skip
    report = {key: without_figures(value) if key in parts else value for key, value in found.report.items()}
    report["follow_up"]["longest_months"] = 1.0
    if report["groups"]:
        report["groups"] = {**report["groups"], "hazard_ratio": without_figures(report["groups"]["hazard_ratio"])}
    paper = writing_up(Study(report, found.model))
    answers = {name: {row[0].split()[0]: row[1] for row in rows} for name, (_, rows) in paper.tables.items()}
    assert "C-index, radiomics score alone: not known" in answers["tripod-ai.csv"]["23a"]
    assert "None of" not in paper.texts["methods.md"] and " None" not in paper.texts["methods.md"]


def test_follow_up_is_that_of_the_reverse_kaplan_meier(tabled):
    """R: survfit(Surv(months, !event) ~ 1), whose median is the first time at or below one half."""
    _, months, event = simulated(5, effects=(1.2, -1.0, 0.9))
    order = np.argsort(months, kind="stable")
    surviving, curve = 1.0, []
    for at, row in enumerate(order):
        if not event[row]:
            surviving *= 1 - 1 / (months.size - at)
        curve.append((months[row], surviving))
    median = next(month for month, left in curve if left <= 0.5)
    found = tabled[1].report["follow_up"]
    assert found["median_months"] == pytest.approx(median)
    assert found["longest_months"] == months.max()
    assert found["lower"] <= found["median_months"] <= found["upper"]
