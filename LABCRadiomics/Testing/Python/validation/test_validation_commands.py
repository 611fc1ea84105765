"""The commands ``validate``, ``apply`` and ``recalibrate`` on tables: what they write, and how they refuse."""

import csv
import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from cohort_examples import gbsg2_model, gbsg2_scored, write_gbsg2
from LABCRadiomicsLib import NOTICE
from LABCRadiomicsLib.cli import main
from LABCRadiomicsLib.model.additions import Comparator
from LABCRadiomicsLib.model.file import load_model, save_model
from LABCRadiomicsLib.performance import stored_baseline
from LABCRadiomicsLib.scoring.cohort import write_scores
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.validation import validate
from r_reference import columns, gbsg2

HALF = slice(1, None, 2)


def _run(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["labcradiomics", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.fixture
def study(tmp_path):
    """Model file, feature table and outcome table of a quarter of the cohort."""
    model = tmp_path / "model.json"
    save_model(gbsg2_model(), model)
    return model, *write_gbsg2(tmp_path, slice(1, None, 4))


OUTCOME = ("--id", "case", "--time", "months", "--event", "event")


def test_validate_writes_a_report_and_its_page(study, tmp_path, monkeypatch, capsys):
    code = _run(monkeypatch, "validate", *study, *OUTCOME, "--report", tmp_path / "out", "--comparator", "grade",
                "--bootstrap", 0, "--label", "other center", "--external")  # fmt: skip
    assert code == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["cohort"], report["kind"], report["n"]) == ("other center", "external", 172)
    assert report["reclassification"]["comparator"] == "grade"
    assert set(report["inputs"]) == {"features.csv", "outcomes.csv"}
    page = (tmp_path / "out" / "index.html").read_text()
    # C-indices, 3 ROC, groups, scores, the cutoff, 3 calibration, decision; without and with the score: 2, decision
    assert page.count("data:image/png;base64,") == 14
    assert NOTICE in page
    assert "http" not in page.replace("http-equiv", "")
    assert "C-index, nomogram" in capsys.readouterr().out


def test_the_score_beside_a_clinical_model_is_tested_as_by_anova(study, tmp_path, monkeypatch):
    """R: anova(coxph(Surv(months, event) ~ grade), coxph(Surv(months, event) ~ grade + score)) on the same cases."""
    out = tmp_path / "out"
    assert _run(monkeypatch, "validate", *study, *OUTCOME, "--report", out, "--comparator", "grade",
                "--bootstrap", 0) == 0  # fmt: skip
    found = json.loads((out / "report.json").read_text())["added_by_score"][0]
    assert found["likelihood_ratio"] == pytest.approx({"chisq": 14.9177466762, "df": 1, "p": 0.000112301569417})
    per_unit = load_model(study[0]).nomogram.score_coefficient
    assert found["effect"]["value"] * per_unit == pytest.approx(0.929937849176, rel=1e-8)
    error = (found["effect"]["upper"] - found["effect"]["lower"]) / (2 * 1.959963984540054)
    assert error * per_unit == pytest.approx(0.226049684847, rel=1e-8)
    assert found["c_index"]["without"]["value"] == pytest.approx(0.546960667461)
    assert (found["without"], found["with"], found["verdict"]) == ("grade", "nomogram", "adds")
    assert "The score adds to grade: C-index" in (out / "index.html").read_text()


def test_competing_events_equal_r(study, tmp_path, monkeypatch, capsys):
    """R: cuminc(months, cause, high) of cmprsk, its Tests and timepoints(, 60)."""
    model, features, outcomes = study
    header, *rows = list(csv.reader(outcomes.open(newline="")))
    at = header.index("event")
    for place, row in enumerate(rows):
        row[at] = "1" if float(row[at]) else "2" if place % 3 == 0 else "0"
    outcomes.write_text("\n".join(map(",".join, [header, *rows])) + "\n")
    out = tmp_path / "out"
    arguments = ("validate", model, features, outcomes, *OUTCOME, "--report", out, "--bootstrap", 0)
    assert _run(monkeypatch, *arguments) == 2
    assert "give --competing (train, validate, recalibrate) where 2, 3, ..." in capsys.readouterr().err
    assert _run(monkeypatch, *arguments, "--competing") == 0
    report = json.loads((out / "report.json").read_text())
    event, other = report["competing_events"]
    assert (event["gray"]["chisq"], event["gray"]["p"]) == pytest.approx((10.9010917194002, 0.000961076004706))
    assert (other["gray"]["chisq"], other["gray"]["p"]) == pytest.approx((0.0527857931023, 0.818284804009008))
    printed = {"low": (0.364193514089, 0.134577880252), "high": (0.603128015582, 0.140561606194)}
    for name, values in printed.items():
        found = tuple(entry[name]["at_horizon"]["value"] for entry in (event, other))
        assert found == pytest.approx(values, rel=1e-10)
    assert report["events"] == event["low"]["events"] + event["high"]["events"]  # the others count as censored
    assert any(note["code"] == "competing-events" for note in report["notes"])
    page = (out / "index.html").read_text()
    assert "Cumulative incidence of each cause in the risk groups" in page and "60.3% (" in page
    assert (out / "cumulative_incidence.csv").exists()


def test_mean_survival_and_bands_of_the_groups_equal_r(study, tmp_path, monkeypatch):
    """R: summary(survfit(Surv(months, event) ~ high), rmean = 60); km.ci(survfit(high group), method = "logep")."""
    out = tmp_path / "out"
    assert _run(monkeypatch, "validate", *study, *OUTCOME, "--report", out, "--bootstrap", 0) == 0
    groups = json.loads((out / "report.json").read_text())["groups"]
    found = groups["restricted_mean"]
    assert (found["low"]["value"], found["high"]["value"]) == pytest.approx((49.4192427350, 36.4984826036), rel=1e-10)
    half = 1.959963984540054 * np.hypot(1.88653061669, 2.40996658656)
    assert found["difference"]["value"] == pytest.approx(49.4192427350 - 36.4984826036)
    assert found["difference"]["upper"] - found["difference"]["value"] == pytest.approx(half, rel=1e-9)
    band = groups["high"]["band"]
    printed = [  # time, survival, lower, upper; km.ci interpolates Nair's table, which is asymptotic itself
        (11.7946611910, 0.864197530864, 0.690200096721, 0.944165038764),
        (21.2895277207, 0.639228890209, 0.449829662112, 0.778286099671),
        (35.9753593429, 0.490730672407, 0.303270428920, 0.653953913872),
    ]
    for time, survival, lower, upper in printed:
        at = int(np.flatnonzero(np.array(band["months"]) <= time + 1e-9)[-1])  # R's times include censorings
        assert band["survival"][at] == pytest.approx(survival, rel=1e-10)
        assert (band["lower"][at], band["upper"][at]) == pytest.approx((lower, upper), abs=4e-3)
    assert (out / "kaplan_meier_bands.csv").exists()
    page = (out / "index.html").read_text()
    assert "Mean time without the event up to 60 months, low less high risk: 12.9" in page


def test_the_clinical_models_of_a_training_are_comparators(tmp_path):
    """As made in training: their own baseline and coefficients, not fitted to this cohort."""
    data = gbsg2()
    design = columns(data, ["age"])
    fitted = cox(design, data["months"], data["event"])
    clinic = Comparator(
        name="clinical model", label="age alone",
        covariates=(replace(gbsg2_model().nomogram.covariates[0], coefficients=(float(fitted.coef[0]),)),),
        center={"age": float(fitted.center[0])}, baseline=stored_baseline(fitted.baseline), verdict="may add",
    )  # fmt: skip
    scored = gbsg2_scored(slice(0, None, 4), replace(gbsg2_model(), comparators=(clinic,)))
    found = validate(scored, bootstrap=0)
    marker = found.measured[0].comparisons[0].comparator
    rows = np.arange(len(data["months"]))[0::4]
    assert marker.log_hazard == pytest.approx(fitted.linear_predictor(design[rows]))
    expected = fitted.survival(design[rows], np.array([12.0, 36, 60])).survival
    assert np.column_stack(list(marker.survival.values())) == pytest.approx(expected)
    assert (found.gains[0].older, found.gains[0].n) == ("clinical model", rows.size)
    assert not any(notice.code == "comparator-fitted-here" for notice in found.notices)
    # Without the column there is nothing to compare with, and the page says so.
    missing = replace(scored, columns={name: v for name, v in scored.columns.items() if name != "age"})
    assert validate(missing, bootstrap=0).gains == ()


def test_apply_writes_one_row_a_case(study, tmp_path, monkeypatch):
    model, features, outcomes = study
    out = tmp_path / "scores.csv"
    assert _run(monkeypatch, "apply", model, features, "--covariates", outcomes, "--out", out) == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    scored = gbsg2_scored(slice(1, None, 4))
    assert len(rows) == 172
    assert {(row["model_status"], row["notice"]) for row in rows} == {(scored.predictions[0].status, NOTICE)}
    for row, prediction in zip(rows, scored.predictions, strict=True):
        assert float(row["score"]) == prediction.score
        assert row["risk_group"] == prediction.risk_group
        assert float(row["survival_60"]) == prediction.survival[-1].probability
        assert float(row["survival_60_lower"]) == prediction.survival[-1].lower
    assert _run(monkeypatch, "apply", model, features, "--out", out) == 0
    with out.open(newline="") as file:
        assert all("covariate-unknown" in row["warnings"].split(";") for row in csv.DictReader(file))


def test_a_case_without_survival_keeps_its_row(tmp_path):
    """A model without reference means predicts only for those whose covariates are known."""
    scored = gbsg2_scored(slice(0, 3))
    blank = replace(scored.predictions[0], survival=(), linear_predictor=None)
    write_scores(tmp_path / "s.csv", scored.cases, (blank, *scored.predictions[1:]))
    with (tmp_path / "s.csv").open(newline="") as file:
        first, second, _ = csv.DictReader(file)
    assert (first["survival_60"], first["linear_predictor"]) == ("", "")
    assert float(second["survival_60"]) == scored.predictions[1].survival[-1].probability


def test_cells_that_a_spreadsheet_would_run_are_guarded(study, tmp_path, monkeypatch):
    model, features, _ = study
    lines = features.read_text().splitlines()
    lines[1] = "=cmd()" + lines[1][lines[1].index(",") :]
    features.write_text("\n".join(lines) + "\n")
    out = tmp_path / "scores.csv"
    assert _run(monkeypatch, "apply", model, features, "--out", out) == 0
    assert out.read_text().splitlines()[1].startswith("'=cmd(),")


@pytest.mark.parametrize("method", ["baseline", "slope"])
def test_recalibrate_writes_a_model(study, tmp_path, monkeypatch, method):
    out = tmp_path / "again.json"
    assert _run(monkeypatch, "recalibrate", *study, *OUTCOME, "--method", method, "--out", out) == 0
    found = load_model(out)
    assert found.provenance.changes[-1].file == "outcomes.csv"
    assert found.nomogram.baseline != gbsg2_model().nomogram.baseline
    assert (found.nomogram.score_coefficient == gbsg2_model().nomogram.score_coefficient) == (method == "baseline")


def test_recalibration_counts_competing_events_as_censored(study, tmp_path, monkeypatch, capsys):
    model, features, outcomes = study
    header, *rows = list(csv.reader(outcomes.open(newline="")))
    at = header.index("event")
    causes = [
        row if float(row[at]) or place % 3 else [*row[:at], "2", *row[at + 1 :]] for place, row in enumerate(rows)
    ]
    told = tmp_path / "causes.csv"
    told.write_text("\n".join(map(",".join, [header, *causes])) + "\n")
    plain, competing = tmp_path / "plain.json", tmp_path / "competing.json"
    assert _run(monkeypatch, "recalibrate", *study, *OUTCOME, "--out", plain) == 0
    arguments = ("recalibrate", model, features, told, *OUTCOME, "--out", competing)
    assert _run(monkeypatch, *arguments) == 2 and "give --competing" in capsys.readouterr().err
    assert not competing.exists()
    assert _run(monkeypatch, *arguments, "--competing") == 0
    assert load_model(competing).nomogram == load_model(plain).nomogram


def _edit(path, row, column, text):
    """Change one cell (row as a spreadsheet counts), or drop the column (row 0), or the row (no column)."""
    rows = list(csv.reader(path.open(newline="")))
    if row == 0:
        at = rows[0].index(column)
        rows = [[cell for place, cell in enumerate(cells) if place != at] for cells in rows]
    elif column is None:
        del rows[row - 1]
    else:
        rows[row - 1][rows[0].index(column)] = text
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize(
    ("file", "row", "column", "text", "told"),
    [
        (1, 0, "tsize", None, "features.csv: column tsize is missing"),
        (1, 7, "tsize", "big", "features.csv, row 7, column tsize: 'big' is not a number"),
        (1, 7, "tsize", "", "features.csv, row 7, column tsize: the cell is empty"),
        (1, 3, "case", "P1", "features.csv, row 3, column case: P1 repeats row 2"),
        (2, 5, None, None, "case P13 of the feature table has no outcome"),
        (2, 4, "months", "-3", "outcomes.csv, row 4, column months: -3 months is not above zero"),
        (2, 4, "months", "2021-03-04", "outcomes.csv, row 4, column months: '2021-03-04' is a date"),
        (2, 6, "event", "2", "outcomes.csv, row 6, column event: an event is 1 and no event 0, not 2"),
        (2, 0, "event", None, "outcomes.csv: column event is missing"),
        (2, 3, "age", "old", "case P5: covariate age: 'old' is not a number"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "recalibrate"])
def test_bad_tables_end_with_one_sentence(study, tmp_path, monkeypatch, capsys, command, file, row, column, text, told):
    _edit(study[file], row, column, text)
    out = ("--report", tmp_path / "out") if command == "validate" else ("--out", tmp_path / "out")
    assert _run(monkeypatch, command, *study, *OUTCOME, *out) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_unknown_comparator_ends_with_one_sentence(study, tmp_path, monkeypatch, capsys):
    code = _run(monkeypatch, "validate", *study, *OUTCOME, "--report", tmp_path / "out", "--comparator", "ctnm")
    assert code == 2
    assert "no column ctnm for the comparator; its columns are age, grade, nodes" in capsys.readouterr().err


# ---- the model's own patients ---------------------------------------------------------------------------------------


@pytest.fixture
def own(run, tmp_path):
    """A model trained on a table; gives its path, and validates it on the rows of that table that are asked for."""
    from training_data import MAIN_EFFECTS, write_cohort

    folder = write_cohort(tmp_path, 2, n=120, effects=MAIN_EFFECTS)
    model = tmp_path / "model.json"
    code, _, err = run(
        "train", folder / "features.csv", folder / "outcomes.csv", *OUTCOME, "--out", model, "--report",
        tmp_path / "training", "--bootstrap", 0, "--n-folds", 5, "--feature-columns", ".", "--covariates", "age",
    )  # fmt: skip
    assert code == 0, err

    def call(change=lambda cells: cells):
        lines = [line.split(",") for line in (folder / "features.csv").read_text().splitlines()]
        lines[1:] = map(change, lines[1:])
        (folder / "features.csv").write_text("\n".join(",".join(cells) for cells in lines) + "\n")
        code, out, err = run(
            "validate", model, folder / "features.csv", folder / "outcomes.csv", *OUTCOME, "--report", tmp_path / "v",
            "--bootstrap", 0, "--external",
        )  # fmt: skip
        assert code == 0, err
        return (
            out,
            json.loads((tmp_path / "v" / "report.json").read_text()),
            (tmp_path / "v" / "index.html").read_text(),
        )

    return model, call


def headline(page: str) -> str:
    return page.split('<p class="headline">')[1].split("</p>")[0]


def test_validating_on_the_training_patients_is_said_first(own):
    model, validated = own
    out, report, page = validated()
    sentence = "These are the training patients of the model"
    assert out.splitlines()[0].startswith(f"! {sentence}")
    assert headline(page).startswith(sentence)
    assert report["training_cases"] == report["n"] == 120
    assert {row["kind"] for row in report["performance"]} == {"apparent"}
    assert "case-1" not in model.read_text()
    # What the score adds to its own patients says nothing, so nothing is said.
    assert report["added_by_score"] == [] and "The score adds" not in out + page
    assert "to patients that it was made from any score seems to add something" in page
    out, report, page = validated(lambda cells: [cells[0], *cells[:0:-1]])
    assert [row["without"] for row in report["added_by_score"]] == ["clinical model"]


def test_some_training_patients_among_others_are_counted(own):
    _, validated = own
    out, report, page = validated(lambda cells: cells if int(cells[0][5:]) <= 30 else [cells[0], *cells[:0:-1]])
    assert "Training patients of the model: 30 of 120 cases" in out.splitlines()[0]
    assert headline(page).startswith("Training patients of the model: 30 of 120 cases")
    assert report["kind"] == "external"
    out, report, page = validated(lambda cells: [cells[0], *(f"{float(cell) + 1:.12g}" for cell in cells[1:])])
    assert report["training_cases"] == 0 and "training patients" not in out + headline(page)


def test_marks_say_nothing_and_stand_only_for_one_patient():
    from LABCRadiomicsLib.model.case_hashes import case_hashes, distinctive_hashes

    rows = [[1.0, 2.5, 7.0], [3.0, -1.0, 0.1]]
    assert case_hashes(rows) == case_hashes([[1.0 + 1e-12, 2.5, 7], [3, -1, 0.1]])
    assert distinctive_hashes(rows) == tuple(sorted(case_hashes(rows)))
    assert distinctive_hashes([*rows, [1.0, 2.5, 7.0]]) == ()
    assert distinctive_hashes([row[:2] for row in rows]) == ()  # two values can be found by trying them all
