"""The one way to measure a marker: against direct calls of the statistics, at its edges, and its names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from LABCRadiomicsLib.model import Performance
from LABCRadiomicsLib.performance import (
    NOMOGRAM,
    SCORE_ALONE,
    Estimate,
    Figure,
    Marker,
    Measure,
    Metric,
    compare,
    essentials,
    measure,
    stored_performance,
    usable_horizons,
)
from LABCRadiomicsLib.performance.attempts import Attempts
from LABCRadiomicsLib.performance.predicted_risk import number_of_groups
from LABCRadiomicsLib.performance.risk_groups import peto_separation
from LABCRadiomicsLib.performance.stored_parts import read_performance
from LABCRadiomicsLib.statistics.concordance import concordance_difference, harrell_c, uno_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.cutoff_accuracy import cutoff_accuracy
from LABCRadiomicsLib.statistics.kaplan_meier import logrank
from LABCRadiomicsLib.statistics.maximally_selected import maximally_selected
from LABCRadiomicsLib.statistics.reclassification_limits import improvement_limits, refitted_cox
from LABCRadiomicsLib.statistics.roc import time_dependent_roc, youden_cutoff
from training_data import simulated

HORIZONS = (24.0, 48.0)


@pytest.fixture(scope="module")
def patients():
    """A marker with risks and groups, another that is worse, months and events."""
    features, months, event = simulated(3, n=150, p=3, effects=(1.0, 0.4))
    made = {}
    for name, columns in (("new", features[:, :2]), ("old", features[:, 1:2])):
        fitted = cox(columns, months, event)
        values = fitted.linear_predictor(columns)
        survival = fitted.survival(columns, np.array(HORIZONS)).survival
        made[name] = Marker(
            name=name, values=values, log_hazard=values, survival=dict(zip(HORIZONS, survival.T, strict=True)),
            high=values > 0, cutoff=0.0,
        )  # fmt: skip
    return made["new"], made["old"], months, event


def test_every_figure_is_that_of_its_statistic(patients):
    new, old, months, event = patients
    found = measure(new, months, event, HORIZONS, comparators=[old])
    c, fitted = harrell_c(new.values, months, event), cox(new.high[:, None].astype(float), months, event)
    index = found.estimates[Measure(Metric.C_INDEX, "new")]
    assert (index.value, index.lower, index.upper) == pytest.approx((c.c, c.lower, c.upper), rel=1e-12)
    roc, area = time_dependent_roc(new.values, months, event, 48.0), found.estimates[Measure(Metric.AUC, "new", 48.0)]
    assert (area.value, area.lower, area.upper) == pytest.approx((roc.auc, roc.lower, roc.upper), rel=1e-12)
    uno, ours = uno_c(new.values, months, event, tau=48.0), found.estimates[Measure(Metric.UNO_C, "new", 48.0)]
    assert (ours.value, ours.lower, ours.upper) == pytest.approx((uno.c, uno.lower, uno.upper), rel=1e-12)
    assert found.estimates[Measure(Metric.SLOPE, "new")].value == pytest.approx(1, abs=1e-8)
    assert found.estimates[Measure(Metric.HAZARD_RATIO, "new")].value == pytest.approx(fitted.hr[0])
    assert found.estimates[Measure(Metric.LOGRANK_P, "new")].value == logrank(months, event, new.high).p
    (against,) = found.comparisons
    assert (against.marker, against.comparator.name, len(against.reclassification)) == ("new", "old", 2)
    gain = concordance_difference(c, harrell_c(old.values, months, event))
    assert found.estimates[Measure(Metric.C_GAIN, "new", over="old")].value == gain.difference
    assert found.groups.medians["high"].value == pytest.approx(23.0977, abs=1e-4)
    assert np.isnan(found.groups.medians["low"].value)  # not reached
    assert [entry.horizon for entry in found.calibration] == [24, 48]
    assert set(found.decision.curve.net_benefit) == {"new", "old"} and found.decision.horizon == 48
    at = found.roc[1].at_cutoff
    assert at[0] == pytest.approx((new.high & (months > 48)).sum() / (months > 48).sum())
    assert not found.notices


def test_the_cutoff_is_measured_at_every_horizon_and_set_among_all_others(patients):
    new, old, months, event = patients
    found = measure(new, months, event, HORIZONS, bootstrap=60, seed=2)
    for horizon in HORIZONS:
        accuracy = cutoff_accuracy(new.high, months, event, horizon)
        for metric, part in ((Metric.SENSITIVITY, accuracy.sensitivity), (Metric.NPV, accuracy.npv)):
            value = found.estimates[Measure(metric, "new", horizon)]
            assert (value.value, value.lower, value.upper) == pytest.approx((part.value, part.lower, part.upper))
    test = maximally_selected(new.values, months, event)
    assert (found.cutoff.selected.p, found.cutoff.selected.cutoff) == (test.p, test.cutoff)
    assert found.cutoff.selected.p > found.cutoff.selected.unadjusted_p
    chosen = youden_cutoff(time_dependent_roc(new.values, months, event, 48.0)).threshold
    lower, upper = np.percentile(found.cutoff.resampled, (2.5, 97.5))
    assert found.cutoff.resampled.size == 60 and lower <= chosen <= upper
    assert set(found.cutoff.resampled) <= set(new.values)
    without = measure(old.take(np.arange(150)), months, event, HORIZONS)
    assert without.cutoff.resampled.size == 0
    assert measure(replace(new, high=None, cutoff=None), months, event, HORIZONS).cutoff is None


def test_a_large_cohort_has_the_bound_of_lausen():
    features, months, event = simulated(5, n=1200, p=1, effects=(0.3,))
    marker = Marker(name="m", values=features[:, 0], high=features[:, 0] > 0, cutoff=0.0)
    found = measure(marker, months, event, (48.0,)).cutoff.selected
    assert found.method == "lausen94"
    assert found.p == maximally_selected(features[:, 0], months, event, method="lausen94").p


def test_what_resampling_measures_is_what_a_report_measures(patients):
    new, _, months, event = patients
    whole = measure(new, months, event, HORIZONS).estimates
    for key, value in essentials(new, months, event, 48.0).items():
        assert value == whole[key]


def test_patients_without_a_value_are_left_out(patients):
    new, old, months, event = patients
    holes = Marker(name="new", values=np.where(np.arange(150) < 20, np.nan, new.values), log_hazard=new.log_hazard)
    rest = np.arange(20, 150)
    found = measure(holes, months, event, HORIZONS, comparators=[old])
    assert (found.n, found.events) == (130, event[rest].sum())
    assert (
        found.estimates[Measure(Metric.C_INDEX, "new")].value
        == harrell_c(new.values[rest], months[rest], event[rest]).c
    )
    slope = essentials(holes, months, event, 48.0)[Measure(Metric.SLOPE, "new")]
    assert slope.value == pytest.approx(float(cox(new.values[rest][:, None], months[rest], event[rest]).coef[0]))


def test_what_does_not_exist_is_absent_and_said(patients):
    _, _, months, event = patients
    constant = Marker(name="m", values=np.zeros(150), log_hazard=np.zeros(150), high=months > 0)
    found = measure(constant, months, event, HORIZONS)
    assert Measure(Metric.SLOPE, "m") not in found.estimates
    assert found.groups is None
    messages = " ".join(notice.message for notice in found.notices)
    assert "The calibration slope of the m could not be measured" in messages
    assert "leaves 0 of 150 patients in the low-risk group" in messages
    assert not essentials(constant, months, event, 48.0)[Measure(Metric.SLOPE, "m")].known


def test_a_perfect_marker_has_no_limits(patients):
    """The influence function knows nothing of the uncertainty of an index of exactly 1."""
    _, _, months, event = patients
    found = measure(Marker(name="m", values=-months), months, event, (48.0,))
    for metric, horizon in ((Metric.C_INDEX, None), (Metric.AUC, 48.0)):
        estimate = found.estimates[Measure(metric, "m", horizon)]
        assert (estimate.value, estimate.lower, estimate.upper) == (pytest.approx(1), None, None)


def test_separation_is_petos_log_hazard_ratio():
    _, months, event = simulated(1, n=80)
    high = np.arange(80) % 2 == 0
    found, test = peto_separation(high, months, event), logrank(months, event, high)
    assert found.value / found.se == pytest.approx(np.sign(found.value) * np.sqrt(test.chisq))
    assert found.value == pytest.approx((test.observed[1] - test.expected[1]) * found.se**2)
    # A group without any event has a finite value; one group alone separates nobody.
    assert peto_separation(event, months, event).value > 1
    assert peto_separation(event | True, months, event) == Estimate(0.0)


@pytest.mark.parametrize(("n", "groups"), [(10, 3), (59, 3), (60, 4), (99, 4), (100, 5), (1000, 5)])
def test_calibration_groups_follow_one_rule(patients, n, groups):
    new, _, months, event = patients
    assert number_of_groups(n) == groups
    if n < 150 and n > 50:
        rows = np.arange(n)
        found = measure(new.take(rows), months[rows], event[rows], (24.0,))
        assert found.calibration[0].groups.n.size == groups


def test_horizons_without_event_or_follow_up_are_left_out():
    attempts = Attempts()
    months, event = np.array([20.0, 30, 40, 50]), np.array([True, True, False, False])
    assert usable_horizons(months, event, (12.0, 36.0, 60.0), attempts) == (36.0,)
    assert [notice.message for notice in attempts.notices] == [
        "The horizon of 12 months is left out: no event came before it.",
        "The horizon of 60 months is left out: nobody was followed beyond it.",
    ]


@pytest.mark.parametrize("metric", Metric)
def test_words_and_fields_of_a_measure_are_each_others(metric):
    over = "stage, grade" if metric in (Metric.C_GAIN, Metric.IDI, Metric.NRI) else None
    words = Measure(metric, NOMOGRAM, 36.5, over).label
    read = Measure.read(words)
    assert read.metric == metric and read.label == words and read.over == over
    assert read.horizon_months in (36.5, None)


def test_a_model_file_keeps_figures_in_words():
    figure = Figure(
        measure=Measure(Metric.AUC, SCORE_ALONE, 60.0), estimate=Estimate(0.8, 0.7, 0.9), cohort="training", n=9,
        events=3, kind="apparent",
    )  # fmt: skip
    nothing = Figure(
        measure=Measure(Metric.SLOPE, SCORE_ALONE), estimate=Estimate(float("nan")), cohort="training", n=9, events=3,
        kind="apparent",
    )  # fmt: skip
    (row,) = stored_performance([figure, nothing])
    assert (row.metric, row.value, row.upper) == ("AUC at 60 months, radiomics score alone", 0.8, 0.9)
    bound = Performance(cohort="c", n=1, metric="log-rank p, risk groups", relation="<", value=0.001, kind="validation")
    foreign = Performance(cohort="c", n=1, metric="kappa", value=0.5, kind="validation")
    assert read_performance([row, bound, foreign]) == (figure,)


def test_a_horizon_with_one_case_has_no_limits_and_is_named(patients):
    new, _, months, event = patients
    first = np.sort(months[event])[0]
    found = measure(new, months, event, (float(first), 48.0), bootstrap=20)
    auc = found.estimates[Measure(Metric.AUC, "new", float(first))]
    assert (auc.lower, auc.upper) == (None, None)
    messages = [notice.message for notice in found.notices]
    assert (
        f"At {first:g} months only 1 patient had the event by then: figures at this horizon say very little."
        in messages
    )
    # About a third of the resamples lack that one patient.
    survival = {float(first): new.survival[24.0]}
    early = Marker(name="early", values=new.values, survival=survival)
    told = measure(early, months, event, (float(first),), bootstrap=60).notices
    assert any("does not exist in" in notice.message and "of 60 resamples" in notice.message for notice in told)


def test_limits_of_reclassification_know_that_a_model_was_fitted_here(patients):
    """As statistics' improvement_limits, which refits both models; with risks held fixed the limits are narrower."""
    new, old, months, event = patients
    features, *_ = simulated(3, n=150, p=3, effects=(1.0, 0.4))
    made = [replace(new, design=features[:, :2]), replace(old, design=features[:, 1:2])]
    found = compare(*made, months, event, bootstrap=40, seed=1, attempts=Attempts()).reclassification[1]
    refit = refitted_cox(features[:, 1:2], features[:, :2], months, event, 48.0)
    expected = improvement_limits(refit, months, event, 48.0, repeats=40, seed=1)
    assert [found.idi.lower, found.nri_continuous_km.upper] == pytest.approx([expected.lower[0], expected.upper[2]])
    fixed = compare(new, old, months, event, bootstrap=40, seed=1, attempts=Attempts()).reclassification[1]
    assert found.limits == "bootstrap percentiles, old and new were fitted again in every resample"
    assert fixed.limits == "bootstrap percentiles, old and new stayed as made from other patients"
    mixed = compare(new, made[1], months, event, bootstrap=40, seed=1, attempts=Attempts()).reclassification[1]
    assert "old was fitted again in every resample, new stayed as made from other patients" in mixed.limits
    assert compare(new, old, months, event, bootstrap=0, seed=1, attempts=Attempts()).reclassification[1].limits == ""
    assert fixed.idi.value == pytest.approx(found.idi.value)
    assert fixed.idi.upper - fixed.idi.lower != pytest.approx(found.idi.upper - found.idi.lower, rel=0.02)


def test_a_nomogram_that_is_known_of_no_patient_has_no_figures(patients):
    months, event = patients[-2:]
    nothing = np.full(months.size, np.nan)
    marker = Marker(name="nomogram", values=nothing, log_hazard=nothing, score_share=nothing)
    found = essentials(marker, months, event, 60.0)
    assert len(found) == 4 and not any(estimate.known for estimate in found.values())


@pytest.mark.parametrize(("cases", "told"), [(4, True), (5, False)])
def test_fewer_than_five_cases_at_a_horizon_are_told(patients, cases, told):
    new, _, months, event = patients
    horizon = float(np.sort(months[event])[cases - 1])
    notices = measure(new, months, event, (horizon,)).notices
    assert any(notice.code == "few-at-horizon" for notice in notices) == told
    if told:
        assert f"only {cases} patients had the event by then" in notices[0].message


def test_the_share_of_the_score_has_its_own_slope(patients):
    new, old, months, event = patients
    rest, share = 0.3 * old.values, 2.0 * new.values
    nomogram = Marker(name=NOMOGRAM, values=rest + share, log_hazard=rest + share, score_share=share)
    fitted = cox(np.column_stack([rest, share]), months, event)
    found = essentials(nomogram, months, event, 48.0)[Measure(Metric.SCORE_SLOPE, NOMOGRAM)]
    assert (found.value, found.se) == pytest.approx((fitted.coef[1], fitted.se[1]))
    alone = Marker(name=NOMOGRAM, values=share, log_hazard=share + 3.0, score_share=share)
    found = essentials(alone, months, event, 48.0)[Measure(Metric.SCORE_SLOPE, NOMOGRAM)]
    assert found.value == pytest.approx(float(cox(share[:, None], months, event).coef[0]))


def test_the_cutoff_is_chosen_again_in_patients_who_are_drawn_with_replacement(patients):
    new, _, months, event = patients
    found = measure(new, months, event, (48.0,), bootstrap=25, seed=7).cutoff.resampled
    rng = np.random.default_rng(7)
    for value in found:
        rows = rng.integers(0, 150, 150)
        assert value == youden_cutoff(time_dependent_roc(new.values[rows], months[rows], event[rows], 48.0)).threshold
