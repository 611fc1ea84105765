"""Validation of a model on a cohort: R's numbers through the whole path, what a model cannot give, and bad tables."""

import csv
import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from cohort_examples import FIVE, gbsg2_model, gbsg2_scored, gbsg2_tables, write_gbsg2
from LABCRadiomicsLib import NOTICE
from LABCRadiomicsLib.cli import main
from LABCRadiomicsLib.errors import CohortError, ModelIncompleteError
from LABCRadiomicsLib.model.additions import Comparator
from LABCRadiomicsLib.model.file import load_model, save_model
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.performance import stored_baseline
from LABCRadiomicsLib.scoring.cohort import read_model_features, score_cases, score_cohort, write_scores
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.firth import firth_cox
from LABCRadiomicsLib.study_reports import validation_document, write_validation_report
from LABCRadiomicsLib.tables.cohort import OutcomeTable
from LABCRadiomicsLib.validation import clinical_marker, horizons_of, model_marker, validate
from r_reference import columns, gbsg2, table

HALF = slice(1, None, 2)


@pytest.fixture(scope="module")
def whole():
    """The eight-variable model of R on its own cohort."""
    return validate(gbsg2_scored(), bootstrap=0)


@pytest.fixture(scope="module")
def five():
    """The five-variable model of R, compared with age and hormone therapy."""
    scored = gbsg2_scored(model=gbsg2_model(FIVE))
    base = clinical_marker(["age", "horTh"], scored, horizons_of(scored))
    return validate(scored, comparator=base, bootstrap=0)


@pytest.fixture(scope="module")
def half():
    """A report document of half of the cohort, with a comparator and bootstrap limits."""
    scored = gbsg2_scored(HALF)
    base = clinical_marker(["grade", "nodes"], scored, horizons_of(scored))
    return validation_document(validate(scored, comparator=base, bootstrap=20), {"features.csv": "0" * 64})


def _value(validation, metric):
    return next(row for row in validation.performance if row.label == metric)


def test_harrells_c_equals_r(whole):
    reference = table("gbsg2_multivariable_concordance")
    row = _value(whole, "C-index, nomogram")
    assert row.value == pytest.approx(reference["c_index"][0], rel=1e-6)
    assert row.upper - row.value == pytest.approx(1.959964 * reference["se"][0], rel=1e-6)
    assert (row.n, row.events, row.kind) == (686, 299, "validation")


def test_unos_c_equals_r(whole):
    row = _value(whole, "Uno's C-index to 60 months, nomogram")
    assert row.value == pytest.approx(table("gbsg2_uno_c")["uno_c"][1], rel=1e-6)


@pytest.mark.parametrize("at", range(3))
def test_the_auc_at_the_horizons_equals_r(whole, at):
    reference = table("gbsg2_timeROC_auc")
    row = _value(whole, f"AUC at {reference['months'][at]:g} months, nomogram")
    assert row.value == pytest.approx(reference["auc"][at], rel=1e-6)
    assert row.upper - row.value == pytest.approx(1.959964 * reference["se"][at], rel=1e-5)


@pytest.mark.parametrize("at", range(3))
def test_brier_score_and_ipa_equal_r(five, at):
    reference = table("gbsg2_brier")
    months = reference["months"][at]
    assert _value(five, f"Brier score at {months:g} months, nomogram").value == pytest.approx(
        reference["cox"][at], rel=1e-6
    )
    ipa = 1 - reference["cox"][at] / reference["reference"][at]
    assert _value(five, f"IPA at {months:g} months, nomogram").value == pytest.approx(ipa, rel=1e-5)


def test_calibration_groups_equal_r(five):
    reference = table("gbsg2_calibration_60m_quintiles")
    groups = next(entry for entry in five.calibration if entry.horizon == 60).groups
    assert groups.n.tolist() == reference["n"].tolist()
    # rms::survest has Breslow's baseline beside Efron's coefficients.
    assert groups.predicted == pytest.approx(reference["mean_predicted"], rel=1e-4)
    assert groups.observed == pytest.approx(reference["km"], rel=1e-6)


def test_slope_ici_and_observed_over_expected_equal_r(five):
    reference = table("extra_calibration")
    entry = next(entry for entry in five.calibration if entry.horizon == 60)
    # R took the slope of risks printed with fewer digits.
    assert _value(five, "calibration slope, nomogram").value == pytest.approx(1, abs=1e-9)
    assert entry.summary.slope_se == pytest.approx(reference["se"][0], rel=1e-3)
    for name in ("ici", "e50", "e90"):
        assert getattr(entry.curve, name) == pytest.approx(reference[name][0], rel=1e-2)
    assert entry.summary.ratio == pytest.approx(reference["oe"][0], rel=1e-4)


def test_idi_and_nri_over_a_clinical_model_equal_r(five):
    row = next(row for row in five.comparison.reclassification if row.horizon == 60)
    reference = dict(zip(*table("gbsg2_survIDINRI_60m").values(), strict=True))
    assert row.idi.value == pytest.approx(reference["IDI"], rel=2e-3)
    assert row.nri_half_continuous.value == pytest.approx(reference["NRI_half_continuous"], rel=2e-3)
    nri = dict(zip(table("gbsg2_nricens_60m")["stat"], table("gbsg2_nricens_60m")["continuous"], strict=True))
    assert row.nri_continuous_km.value == pytest.approx(nri["NRI"], rel=1e-6)
    assert "comparator-fitted-here" in {notice.code for notice in five.notices}


def test_the_groups_are_those_of_the_stored_cutoff(whole):
    scored = whole.scored
    assert np.array_equal(scored.high, scored.score > gbsg2_model().cutoff.value)
    groups = whole.groups
    assert (groups.curves.low.n, groups.curves.high.n) == (343, 343)
    assert groups.curves == gbsg2_model().groups
    assert groups.hazard_ratio.lower < groups.hazard_ratio.value < groups.hazard_ratio.upper
    assert groups.logrank.p == _value(whole, "log-rank p, risk groups").value < 1e-10
    at = next(entry.at_cutoff for entry in whole.roc if entry.marker != "nomogram" and entry.curve.horizon == 60)
    high = scored.high
    beyond = gbsg2()["months"] > 60
    assert at[0] == pytest.approx(high[beyond].mean())  # a control weighs as every other


def test_a_group_without_events_has_firths_hazard_ratio_and_a_perfect_auc_no_limits():
    features, outcomes = gbsg2_tables(slice(0, 40))
    scored = score_cohort(gbsg2_model(), features, outcomes)
    event = scored.high & (np.arange(40) % 2 == 0)
    ranked = scored.score.argsort().argsort()
    months = np.where(event, 50.0 - ranked, 80.0)  # the higher the score, the earlier the event
    found = validate(replace(scored, months=months, event=event), bootstrap=0)
    ratio, direct = found.groups.hazard_ratio, firth_cox(scored.high[:, None].astype(float), months, event)
    assert found.groups.hazard_ratio_method == "Firth"
    assert (ratio.value, ratio.lower, ratio.upper) == pytest.approx((direct.hr[0], direct.lower[0], direct.upper[0]))
    assert 1 < ratio.lower < ratio.value < ratio.upper < np.inf
    assert [n.message for n in found.notices if n.code == "firth-hazard-ratio"] == [
        "The low-risk group has no event, so that Cox's hazard ratio has no bound: the one given is Firth's, with "
        "profile limits."
    ]
    perfect = replace(scored, months=np.where(ranked >= 30, 10.0 + ranked, 80.0), event=ranked >= 30)
    row = _value(validate(perfect, bootstrap=0), "AUC at 60 months, radiomics score alone")
    assert (row.lower, row.upper) == (None, None)
    assert row.value == pytest.approx(1)


def test_bootstrap_limits_enclose_the_value(half):
    for row in half["performance"]:
        if row["metric"].startswith(("Brier", "IPA", "IDI", "continuous NRI")):
            assert row["lower"] < row["value"] < row["upper"]


def test_a_second_model_is_a_comparator():
    scored = gbsg2_scored(HALF)
    other = gbsg2_scored(HALF, gbsg2_model(FIVE))
    found = validate(scored, comparator=model_marker(other, horizons_of(scored), "five"), bootstrap=0)
    assert found.comparison.c_difference.difference == pytest.approx(
        _value(found, "C-index, nomogram").value - _value(found, "C-index, five").value
    )
    assert [row.horizon for row in found.comparison.reclassification] == [12, 36, 60]
    assert set(found.decision.curve.net_benefit) == {"nomogram", "five"}


def test_a_model_without_baseline_is_measured_as_far_as_it_goes():
    model = gbsg2_model()
    bare = replace(model, nomogram=replace(model.nomogram, baseline=None, covariance=None))
    found = validate(gbsg2_scored(HALF, bare), bootstrap=0)
    assert _value(found, "C-index, nomogram").value == pytest.approx(
        _value(validate(gbsg2_scored(HALF), bootstrap=0), "C-index, nomogram").value
    )
    assert found.groups is not None
    assert (found.calibration, found.decision) == ((), None)
    assert "no-baseline" in {notice.code for notice in found.notices}
    document = validation_document(found)
    assert document["calibration"]["horizons"] == []
    assert document["reclassification"] is None
    names = [row["metric"] for row in document["performance"]]
    assert not any(name.startswith(("Brier", "IPA", "observed")) for name in names)
    assert "calibration slope, nomogram" in names  # of the linear predictor, which needs no baseline


def test_a_model_without_nomogram_and_cutoff_has_its_score_measured():
    bare = replace(gbsg2_model(), nomogram=None, cutoff=None, groups=None, status="incomplete")
    found = validate(gbsg2_scored(HALF, bare), bootstrap=0)
    assert {row.label.split(", ")[0] for row in found.performance} >= {"C-index", "AUC at 60 months"}
    assert found.groups is None
    assert {"no-linear-predictor", "no-cutoff"} <= {notice.code for notice in found.notices}


def test_a_horizon_nobody_was_followed_beyond_is_left_out_and_said():
    features, outcomes = gbsg2_tables(HALF)
    months = np.minimum(outcomes.months, 50.0)
    event = outcomes.event & (outcomes.months < 50)
    found = validate(
        score_cohort(gbsg2_model(), features, OutcomeTable(outcomes.cases, months, event, outcomes.columns)),
        bootstrap=0,
    )
    assert found.horizons == (12, 36)
    assert [n.message for n in found.notices if n.code == "horizon-left-out"] == [
        "The horizon of 60 months is left out: nobody was followed beyond it."
    ]


def test_tiny_cohorts_are_warned_about_or_refused():
    found = validate(gbsg2_scored(slice(0, 14)), bootstrap=0)
    assert "few-events" in {notice.code for notice in found.notices}
    json.dumps(validation_document(found), allow_nan=False)
    features, outcomes = gbsg2_tables(slice(0, 6))
    none = OutcomeTable(outcomes.cases, outcomes.months, np.zeros(6, bool), outcomes.columns)
    with pytest.raises(CohortError, match="0 events"):
        validate(score_cohort(gbsg2_model(), features, none))


def test_all_patients_in_one_group_leaves_the_groups_out():
    model = gbsg2_model()
    found = validate(gbsg2_scored(HALF, replace(model, cutoff=replace(model.cutoff, value=1e6))), bootstrap=0)
    assert found.groups is None
    assert any("leaves 0 of 343 patients in the high-risk group" in notice.message for notice in found.notices)


def test_the_document_has_the_keys_of_the_design_and_is_json(half):
    keys = {"n", "events", "performance", "groups", "logrank", "calibration", "decision_curve", "reclassification"}
    assert keys <= set(half)
    assert json.loads(json.dumps(half, allow_nan=False)) == half
    assert (half["n"], half["report"], half["notice"]) == (343, "validation", NOTICE)
    assert half["fingerprint"] == gbsg2_model().fingerprint
    assert half["groups"]["at_risk"]["low"][0] + half["groups"]["at_risk"]["high"][0] == 343


def test_the_tables_beside_the_report(tmp_path):
    found = validate(gbsg2_scored(HALF), bootstrap=0)
    write_validation_report(tmp_path / "new", found)
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {
        "report.json", "index.html", "scores.csv", "performance.csv", "kaplan_meier.csv", "roc.csv",
        "kaplan_meier_bands.csv",
        "calibration_groups.csv", "calibration_curve.csv", "decision_curve.csv",
        "tripod-ai.csv", "clear.csv", "metrics.csv", "ibsi.csv", "methods.md", "model-card.md",
    }  # fmt: skip
    with (tmp_path / "new" / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["score"]) for row in rows] == found.scored.score.tolist()
    assert [row["case"] for row in rows] == list(found.scored.cases)


# ---- applying ------------------------------------------------------------------------------------------------------


def test_a_cohort_is_scored_as_its_patients_are():
    features, outcomes = gbsg2_tables(slice(0, 20))
    from LABCRadiomicsLib.scoring import predict

    model = gbsg2_model()
    found = score_cases(model, features, outcomes.columns)
    for at, prediction in enumerate(found):
        values = dict(zip(features.names, features.values[at], strict=True))
        assert prediction == predict(model, values, {"age": outcomes.columns["age"][at]})


def test_only_the_columns_of_the_model_are_read(tmp_path):
    features, _ = gbsg2_tables(slice(0, 3))
    path = tmp_path / "features.csv"
    rows = (f"{case},a,b,{','.join(map(str, row))}" for case, row in zip(features.cases, features.values, strict=True))
    path.write_text("\n".join([f"case,diagnostics_x,note,{','.join(features.names)}", *rows]) + "\n")
    found = read_model_features(path, gbsg2_model())
    assert found.cases == features.cases
    assert np.array_equal(found.values, features.values)


def test_an_incomplete_model_refuses():
    with pytest.raises(ModelIncompleteError, match="supplement"):
        score_cases(find_model("wang2022-labc-dfs"), gbsg2_tables(slice(0, 3))[0])


# ---- command line --------------------------------------------------------------------------------------------------


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
    assert "30 of the 120 cases are training patients of the model" in out.splitlines()[0]
    assert headline(page).startswith("30 of the 120 cases")
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
