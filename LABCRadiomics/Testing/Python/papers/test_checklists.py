"""Checklists: every item has a row, places are there, and answers carry the study's own numbers."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from LABCRadiomicsLib.papers import CHECKLISTS, OPEN
from LABCRadiomicsLib.papers.study import divided, penalized
from LABCRadiomicsLib.study_reports import write_training_report, write_validation_report
from paper_studies import ITEMS, STUDIES, Paper, extracted, table_training, tabled, validated, validation_of

every_study = pytest.mark.parametrize("paper", STUDIES, ids=lambda made: made.__name__)
# What no software can know of a study, by list.
UNKNOWABLE = {
    "tripod-ai": "1 2 3a 3b 3c 5b 6a 6b 6c 8b 8c 9c 14 17 18a 18b 18c 18d 18e 19 25 27c",
    "clear": "1 2 3 4 5 6 8 10 11 19 20 45 49 50 51 53 54",
    "metrics": "2 3 5 6 7 8 9 10 23 28",
    "ibsi": "1 2a 2b 2c 4a 4b 4c 4d 4e 5 6 9a 10 11 12 13 17 18b 18c 19 20 21 22 23 24 25 26 35a 35b 37 48a 48b 48c",
}


@every_study
@pytest.mark.parametrize("name", ITEMS)
def test_every_item_of_every_list_has_a_row_in_its_order(paper, name):
    checklist = next(one for one in CHECKLISTS if one.name == name)
    rows = paper().rows(name)
    assert list(rows) == [item.item for item in checklist.items]
    assert len(rows) == ITEMS[name]
    assert all(answer for answer, _ in rows.values())
    assert set(checklist.answers) <= set(rows)
    known = sum(answer != OPEN and "all of this item" not in answer for answer, _ in rows.values())
    assert checklist.counts(paper().study) == (known, ITEMS[name])


def test_the_lists_have_as_many_items_as_they_are_published_with():
    """TRIPOD+AI: 27; CLEAR: 58; METRICS: 30 and 5 conditions; IBSI: 76."""
    main = {one.name: {re.sub("[a-z]$", "", item.item) for item in one.items} for one in CHECKLISTS}
    assert {name: len(numbers) for name, numbers in main.items()} == {
        "tripod-ai": 27, "clear": 58, "metrics": 35, "ibsi": 76,
    }  # fmt: skip
    for name, numbers in main.items():
        counted = {int(number) for number in numbers if number.isdecimal()}
        assert counted == set(range(1, len(counted) + 1)), name


@every_study
@pytest.mark.parametrize("name", UNKNOWABLE)
def test_what_no_software_knows_is_left_to_the_authors(paper, name):
    rows = paper().rows(name)
    for number in UNKNOWABLE[name].split():
        answer, where = rows[number]
        assert answer.endswith(OPEN) or "Not applicable" in answer, number
        assert not where
    if name == "tripod-ai":
        assert rows["5a"][0] == OPEN


def test_no_score_is_made_of_an_incomplete_list():
    for paper in STUDIES:
        verdicts = {answer.split(".")[0] for answer in paper().answers("metrics").values()}
        assert verdicts <= {"Yes", "No", "Partly", "Not applicable", OPEN}


@pytest.fixture(scope="module", params=["training", "validation"])
def folder(request, tmp_path_factory) -> Path:
    """A report's folder with its page and every table."""
    made = tmp_path_factory.mktemp("whole")
    if request.param == "training":
        write_training_report(made, *table_training())
    else:
        write_validation_report(made, validation_of())
    return made


@pytest.mark.slow
def test_every_place_is_there(folder):
    report = json.loads((folder / "report.json").read_text())
    titles = {html.unescape(title) for title in re.findall(r"<h2[^>]*>(.*?)</h2>", _text(folder, "index.html"))}
    sections = set(re.findall(r"^## (.*)$", _text(folder, "model-card.md"), re.MULTILINE))
    places = {place for name in ITEMS for row in _rows(folder, name) for place in row["where"].split("; ") if place}
    assert len(places) > 15
    for place in places:
        file, _, parts = place.partition(": ")
        assert all((folder / one).is_file() for one in file.split(", ")), place
        if file == "report.json":
            for part in parts.split(", "):
                _at(report, part)
        elif parts:
            assert set(parts.split(", ")) <= {"index.html": titles, "model-card.md": sections}[file], place


@pytest.mark.slow
def test_the_page_links_every_file(folder):
    page = _text(folder, "index.html")
    assert re.findall(r'href="(?!#|data:)([^"]+)"', page) == [
        "methods.md",
        "model-card.md",
        *(f"{n}.csv" for n in ITEMS),
    ]
    known = sum(row["answer"] != OPEN for row in _rows(folder, "tripod-ai") if "all of this item" not in row["answer"])
    assert f"TRIPOD+AI: {known} of 52 items" in page


def _text(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == ["item", "answer", "where"]
    return rows


def _at(report: Mapping[str, Any], path: str) -> Any:
    for key in path.split("."):
        report = report[key]
    return report


# ---- the study's own numbers ---------------------------------------------------------------------------------------


def test_answers_of_a_training_carry_its_numbers():
    report, model = tabled().study.report, tabled().study.model
    tripod, clear = tabled().answers("tripod-ai"), tabled().answers("clear")
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
    assert "LASSO-Cox model" in clear["33"] and "averaged" not in clear["35"]
    settings = {**report["settings"], "alpha": 0.3, "cv_repeats": 5}
    other = replace(tabled().study, report={**report, "settings": settings})
    assert penalized(other) == "elastic-net Cox model (alpha 0.3)"
    assert divided(other) == ", averaged over 5 divisions,"
    assert f"above {model.cutoff.value:.6g}" in tripod["15"]
    assert f"AUC {report['roc']['auc']:.3f}" in tripod["15"]
    assert model.fingerprint in tripod["22"]
    rows = [row for row in report["performance"] if row["measure"] == "c_index"]
    assert {row["kind"] for row in rows} == {"apparent", "optimism-corrected"}
    for row in rows:
        limits = f"{row['value']:.3f} (95% limits {row['lower']:.3f} to {row['upper']:.3f}), {row['kind']}"
        assert f"{row['metric']}: {limits}" in clear["47"] == tripod["23a"]
    for note in report["notes"]:
        assert note["message"] in tripod["26"]
    assert f"({events / n:.1%})" in tripod["13"]


def test_another_report_gives_other_answers():
    """No answer is a constant that happens to be right."""
    found = tabled().study
    changed = json.loads(json.dumps(found.report))
    changed |= {"n": 777, "events": 333, "features_in": 12345, "lambda": 0.5}
    changed["settings"] |= {"seed": 31, "folds": 6, "folds_given": True}
    changed["follow_up"] |= {"median_months": 43.21}
    other = Paper.of(changed, found.model)
    tripod, clear = other.answers("tripod-ai"), other.answers("clear")
    assert "777 patients, 333 with the event and 444 without" in tripod["20a"]
    assert "was 43.2 months" in tripod["20a"]
    assert clear["27"].startswith("12345 ")
    assert "6-fold" in clear["35"] and "as a given table deals them" in clear["35"]
    assert all(part in other.methods for part in ("6-fold", "given by a table", "lambda 0.5;"))


def test_the_items_of_extraction_are_those_of_its_settings():
    ibsi, clear, metrics = (extracted().answers(name) for name in ("ibsi", "clear", "metrics"))
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


def test_a_validation_answers_what_a_training_does_not():
    report, model = validated().study.report, validated().study.model
    tripod, metrics = validated().answers("tripod-ai"), validated().answers("metrics")
    for number in ("9a", "12a", "12b", "12c", "15", "22", "27a", "27b"):
        assert tripod[number] == "Not applicable: for the development of a model."
    assert model.fingerprint in tripod["12g"]
    assert tripod["12f"] == tripod["24"] == "None in this evaluation: the model was applied as it is."
    cohort = model.provenance.cohort
    assert f"Development: {cohort.n} patients, {cohort.events} events" in tripod["20c"]
    assert f"Here: {report['n']} patients, {report['events']} events" in tripod["20c"]
    assert f"ask for {report['sample_size']['n_needed']} patients" in tripod["10"]
    last = report["calibration"]["horizons"][-1]["summary"]
    assert f"are {last['ratio']:.3f}" in metrics["22"] and f"slope is {last['slope']:.3f}" in metrics["22"]
    assert metrics["27"].startswith("Partly.") and "said to be of another center (cohort far away)" in metrics["27"]
    assert metrics["14"] == metrics["15"] == metrics["16"] == OPEN


def test_training_and_validation_differ():
    for name in ITEMS:
        one, other = tabled().answers(name), validated().answers(name)
        assert sum(one[number] != other[number] for number in one) >= 3, name
    for number in ("12f", "12g", "20c", "24"):
        assert tabled().answers("tripod-ai")[number].startswith("Not applicable")
