"""The edges of what is measured, by hand: pairs within folds, horizons, thresholds, almost empty risk groups."""

from dataclasses import replace

import numpy as np
import pytest

from LABCRadiomicsLib.performance import Marker, Measure, Metric, usable_horizons
from LABCRadiomicsLib.performance.attempts import Attempts
from LABCRadiomicsLib.performance.predicted_risk import HorizonCalibration, accuracy_at, net_benefit, number_of_groups
from LABCRadiomicsLib.performance.risk_groups import peto_separation, risk_groups
from LABCRadiomicsLib.performance.within_folds import auc_within, concordance_gain_within, concordance_within
from LABCRadiomicsLib.statistics.concordance import concordance_difference, harrell_c
from training_data import simulated

# Two folds of four, nobody censored before the horizon of 10; 12 is the one followed just beyond it.
MONTHS = np.array([2.0, 4, 10, 12, 3, 5, 11, 20])
EVENT = np.array([True, True, True, False, True, False, True, False])
FOLDS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
MARKER = np.array([5.0, 1, 3, 2, 9, 8, 7, 6])


def test_concordance_within_folds_by_hand():
    # Fold 0, pairs by event: (5;1,3,2) 3 agree, (1;3,2) none, (3;2) 1: 4 of 6. Fold 1: (9;8,7,6) 3, (7;6) 1: 4 of 4.
    c, se = concordance_within(MARKER, MONTHS, EVENT, FOLDS)
    assert c == pytest.approx(8 / 10)
    errors = [harrell_c(MARKER[fold == FOLDS], MONTHS[fold == FOLDS], EVENT[fold == FOLDS]).se for fold in (0, 1)]
    assert se == pytest.approx(np.hypot(0.6 * errors[0], 0.4 * errors[1]))
    # Of two that tie, half of the pair agrees: (2;3,2) of fold 0 has a half instead of nothing.
    tied = np.where(MARKER == 1, 2, MARKER)
    assert concordance_within(tied, MONTHS, EVENT, FOLDS)[0] == pytest.approx(8.5 / 10)
    unknown = np.where(MARKER == 1, np.nan, MARKER)
    assert concordance_within(unknown, MONTHS, EVENT, FOLDS)[0] == pytest.approx(7 / 7)
    assert np.isnan(concordance_within(MARKER, MONTHS, EVENT, np.arange(8))).all()


def test_gain_of_concordance_within_folds():
    other = MARKER[::-1].copy()
    found = concordance_gain_within(MARKER, other, MONTHS, EVENT, FOLDS)
    assert found[0] == pytest.approx(concordance_within(MARKER, MONTHS, EVENT, FOLDS))
    assert found[1] == pytest.approx(concordance_within(other, MONTHS, EVENT, FOLDS))
    assert found[2, 0] == pytest.approx(found[0, 0] - found[1, 0])
    one_fold = concordance_gain_within(MARKER, other, MONTHS, EVENT, np.zeros(8))
    gain = concordance_difference(harrell_c(MARKER, MONTHS, EVENT), harrell_c(other, MONTHS, EVENT))
    assert one_fold[2] == pytest.approx((gain.difference, gain.se))
    none = concordance_gain_within(MARKER, other, MONTHS, EVENT, np.arange(8))
    assert none.shape == (3, 2) == found.shape and np.isnan(none).all()


def test_auc_within_folds_by_hand():
    # Cases up to month 10: 5, 1, 3 against 2 in fold 0, two of them above; 9 against 7 and 6 in fold 1. The case of
    # month 10 also stands for the one of five under follow-up who was censored at month 5: it weighs 5/4.
    expected = (1 + 0 + 1.25 + 2) / (1 + 1 + 1.25 + 2)
    assert auc_within(MARKER, MONTHS, EVENT, FOLDS, 10.0) == pytest.approx(expected, rel=1e-12)
    nobody_censored = np.where(MONTHS == 5, 30, MONTHS)
    assert auc_within(MARKER, nobody_censored, EVENT, FOLDS, 10.0) == pytest.approx((2 + 3) / (3 + 3))
    tied = np.where(MARKER == 1, 2, MARKER)
    assert auc_within(tied, nobody_censored, EVENT, FOLDS, 10.0) == pytest.approx((2.5 + 3) / 6)
    # Who is followed just to the horizon is no control of it.
    assert auc_within(MARKER, np.where(MONTHS == 12, 10, nobody_censored), EVENT, FOLDS, 10.0) == pytest.approx(1)
    assert np.isnan(auc_within(MARKER, MONTHS, EVENT, np.arange(8), 10.0))


def test_a_horizon_needs_an_event_before_and_somebody_beyond_it():
    attempts = Attempts()
    assert usable_horizons(MONTHS, EVENT, (1.9, 2.0, 19.9, 20.0, 30.0), attempts) == (2.0, 19.9)
    assert [notice.message for notice in attempts.notices] == [
        "The horizon of 1.9 months is left out: no event came before it.",
        "The horizon of 20 months is left out: nobody was followed beyond it.",
        "The horizon of 30 months is left out: nobody was followed beyond it.",
    ]


@pytest.mark.parametrize(("n", "groups"), [(1, 3), (59, 3), (60, 4), (99, 4), (100, 5), (1000, 5)])
def test_number_of_calibration_groups(n, groups):
    assert number_of_groups(n) == groups


def test_petos_separation_at_its_edges():
    assert peto_separation(np.ones(8, bool), MONTHS, EVENT).value == 0
    assert peto_separation(np.zeros(8, bool), MONTHS, EVENT).value == 0
    # Two pairs of twins, one of each in a group: as many events as expected.
    months, event, high = np.repeat([1.0, 2, 3], 2), np.ones(6, bool), np.tile([True, False], 3)
    same = peto_separation(high, months, event)
    assert (same.value, same.lower) == (0, None)
    assert np.isnan(peto_separation(high, months, np.zeros(6, bool)).value)
    # One event more than expected of one at risk: observed 1, expected 1/2, variance 1/4 gives 2 with error 2.
    found = peto_separation(np.array([True, False]), np.array([1.0, 2.0]), np.array([True, False]))
    assert found.value == pytest.approx(2) and found.upper - found.value == pytest.approx(1.959964 * 2, rel=1e-5)
    opposite = peto_separation(np.array([False, True]), np.array([1.0, 2.0]), np.array([True, False]))
    assert opposite.value == pytest.approx(-2)


def test_groups_one_of_which_has_no_event():
    high = np.array([True, True, True, False, True, False, True, False])
    attempts = Attempts()
    found, turned = risk_groups(high, MONTHS, EVENT, Attempts()), risk_groups(~high, MONTHS, EVENT, attempts)
    assert found.hazard_ratio_method == turned.hazard_ratio_method == "Firth"
    assert found.hazard_ratio.value == pytest.approx(1 / turned.hazard_ratio.value)
    assert 1 < found.hazard_ratio.lower < found.hazard_ratio.value < found.hazard_ratio.upper
    assert found.hazard_ratio_p == pytest.approx(turned.hazard_ratio_p) and found.hazard_ratio_p < 0.05
    assert attempts.notices[0].message.startswith("The high-risk group has no event")
    assert found.medians["high"].value == 4 and np.isnan(found.medians["low"].value)
    attempts = Attempts()
    both = risk_groups(MARKER > 5.5, MONTHS, EVENT, attempts)
    assert both.hazard_ratio_method == "Cox" and "firth-hazard-ratio" not in {n.code for n in attempts.notices}
    assert both.hazard_ratio.lower < both.hazard_ratio.value < both.hazard_ratio.upper and 0 < both.hazard_ratio_p < 1


def risky(highest: float) -> Marker:
    risk = np.linspace(0.05, highest, 80)
    return Marker(name="m", values=risk, log_hazard=risk, survival={24.0: 1 - risk}, high=risk > 0.2, cutoff=0.2)


@pytest.mark.parametrize(("highest", "last"), [(0.305, 0.32), (0.29, 0.3), (0.999, 0.98)])
def test_thresholds_of_a_decision_curve_end_above_the_highest_risk(highest, last):
    _, months, event = simulated(4, n=80, p=1)
    thresholds = net_benefit([risky(highest)], months, event, 24.0, Attempts()).curve.thresholds
    assert thresholds[0] == pytest.approx(0.02) and thresholds[-1] == pytest.approx(last)
    np.testing.assert_allclose(np.diff(thresholds), 0.02)


def test_where_nobody_is_at_risk_one_threshold_is_left():
    _, months, event = simulated(4, n=80, p=1)
    marker = replace(risky(0.5), survival={24.0: 1 - np.linspace(0.001, 0.01, 80)})
    assert net_benefit([marker], months, event, 24.0, Attempts()).curve.thresholds == pytest.approx([0.02])


def test_decision_curves_and_accuracy_of_those_who_are_known():
    _, months, event = simulated(4, n=80, p=1)
    marker = risky(0.5)
    assert net_benefit([marker], months, event, 36.0, Attempts()) is None
    accuracy = accuracy_at(marker, months, event, 24.0, 0, 1, Attempts())
    assert [measure.metric.name for measure in accuracy] == ["BRIER", "IPA"]
    assert all(estimate.lower is None for estimate in accuracy.values())


def test_what_a_measure_is_without_signal():
    for metric in Metric:
        chance = metric in (Metric.C_INDEX, Metric.UNO_C, Metric.AUC)
        measure = Measure(metric, "m")
        assert measure.is_discrimination is chance and measure.without_signal == (0.5 if chance else 0.0)


def test_a_calibration_is_empty_when_no_part_of_it_could_be_made():
    assert HorizonCalibration(24.0, None, None, None).empty
    for part in range(3):
        parts = [object() if at == part else None for at in range(3)]
        assert not HorizonCalibration(24.0, *parts).empty


def test_ties_of_the_marker_weigh_as_pairs_in_the_gain():
    tied, other = np.where(MARKER < 4, 1.0, MARKER), MARKER[::-1].copy()
    assert len(set(tied[FOLDS == 0])) < (FOLDS == 0).sum()
    found = concordance_gain_within(tied, other, MONTHS, EVENT, FOLDS)
    assert found[0] == pytest.approx(concordance_within(tied, MONTHS, EVENT, FOLDS))
    assert found[1] == pytest.approx(concordance_within(other, MONTHS, EVENT, FOLDS))
