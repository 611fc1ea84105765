"""Validation of a model on a cohort: R's numbers through the whole path, what a model cannot give, and bad tables."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from cohort_examples import FIVE, gbsg2_model, gbsg2_scored, gbsg2_tables
from LABCRadiomicsLib import NOTICE
from LABCRadiomicsLib.errors import CohortError, ModelIncompleteError
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.scoring.cohort import read_model_features, score_cases, score_cohort
from LABCRadiomicsLib.statistics.firth import firth_cox
from LABCRadiomicsLib.study_reports import validation_document, write_validation_report
from LABCRadiomicsLib.tables.cohort import OutcomeTable
from LABCRadiomicsLib.validation import clinical_marker, horizons_of, model_marker, validate
from r_reference import gbsg2, table

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
