"""Figures of small and perfect cohorts: limits end at what a figure can be, and each says of whom it is."""

from dataclasses import replace

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.performance import Estimate, Marker, Measure, Metric, cutoff, measure
from LABCRadiomicsLib.performance.attempts import Attempts
from LABCRadiomicsLib.performance.clinical_gain import Held, clinical_gain
from LABCRadiomicsLib.performance.comparison import compare
from LABCRadiomicsLib.performance.competing_events import causes_in_groups
from LABCRadiomicsLib.performance.metrics import bootstrapped
from LABCRadiomicsLib.performance.risk_groups import risk_groups
from LABCRadiomicsLib.performance.within_folds import auc_within
from LABCRadiomicsLib.statistics.competing_risks import cumulative_incidence
from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.confidence_bands import confidence_band
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier
from LABCRadiomicsLib.statistics.restricted_mean import restricted_mean_difference

N = 24
RNG = np.random.default_rng(4)
MONTHS = np.sort(RNG.exponential(30, N)) + np.arange(N) * 0.01
EVENT = RNG.random(N) < 0.7
STRONG = -MONTHS + RNG.normal(0, 3, N)  # short survival, high marker
HORIZON = 24.0


def strong(**changed) -> Marker:
    risk = 1 / (1 + np.exp(-(STRONG - STRONG.mean()) / 10))
    high = np.median(STRONG) < STRONG
    marker = Marker(
        name="strong", values=STRONG, log_hazard=STRONG / 10, survival={HORIZON: 1 - risk}, high=high,
        cutoff=float(np.median(STRONG)),
    )  # fmt: skip
    return replace(marker, **changed)


def test_limits_of_what_lies_between_0_and_1_end_there():
    for marker in (strong(), strong(values=-STRONG)):
        found = measure(marker, MONTHS, EVENT, (HORIZON,)).estimates
        rows = [value for of, value in found.items() if of.metric in (Metric.C_INDEX, Metric.UNO_C, Metric.AUC)]
        assert len(rows) == 3
        for row in rows:
            end = 1.0 if row.value > 0.5 else 0.0
            beyond = row.value + np.sign(end - 0.5) * 1.959964 * row.se
            assert (beyond > 1) if end else (beyond < 0)  # they would reach further
            assert (row.upper if end else row.lower) == end


def test_the_gain_of_a_perfect_score_ends_at_1():
    held = Held(older=strong(values=STRONG[::-1].copy()), newer=strong(), score=STRONG / 10, folds=np.zeros(N))
    columns = RNG.normal(size=(N, 1))
    found = clinical_gain([held], columns, MONTHS, EVENT, HORIZON, bootstrap=0, seed=0, attempts=Attempts())
    assert found.c_index.newer.upper == 1.0 and found.c_index.older.lower == 0.0
    two = np.zeros(N, bool)
    two[[0, 3]] = True
    clinical_gain([held], columns, MONTHS, two, HORIZON, bootstrap=0, seed=0, attempts=Attempts())
    two[3] = False
    with pytest.raises(InputError, match="event"):
        clinical_gain([held], columns, MONTHS, two, HORIZON, bootstrap=0, seed=0, attempts=Attempts())


def test_figures_say_of_whom_they_are_and_may_be_those_of_some_metrics():
    measured = measure(strong(), MONTHS, EVENT, (HORIZON,))
    figures = measured.figures("hospital", "external")
    assert [figure.measure for figure in figures] == list(measured.estimates)
    assert {(one.cohort, one.kind, one.n, one.events) for one in figures} == {("hospital", "external", N, EVENT.sum())}
    (c,) = measured.figures("hospital", "external", (Metric.C_INDEX,))
    assert c.estimate == measured.estimates[Measure(Metric.C_INDEX, "strong")]
    assert c.estimate.to_dict() == {"value": c.estimate.value, "lower": c.estimate.lower, "upper": c.estimate.upper}
    assert Estimate(0.5).to_dict() == {"value": 0.5, "lower": None, "upper": None}


def test_bands_and_mean_survival_are_of_each_group():
    high = np.median(STRONG) < STRONG
    found = risk_groups(high, MONTHS, EVENT, Attempts(), HORIZON)
    for name, members in (("low", ~high), ("high", high)):
        own = confidence_band(MONTHS[members], EVENT[members])
        assert np.array_equal(found.bands[name].lower, own.lower, equal_nan=True)
    end = min(HORIZON, MONTHS[high].max(), MONTHS[~high].max())
    own = restricted_mean_difference(MONTHS, EVENT, ~high, end)
    assert found.restricted_mean == own
    areas = []
    for members in (~high, high):
        curve = kaplan_meier(MONTHS[members], EVENT[members])
        steps = np.linspace(0, end, 200_001)
        areas.append(curve.at(steps).survival.mean() * end)
    assert own.difference == pytest.approx(areas[0] - areas[1], abs=1e-3) and own.difference > 0
    assert risk_groups(high, MONTHS, EVENT, Attempts()).restricted_mean is None


def test_without_a_horizon_groups_are_measured_but_not_to_any():
    measured = measure(strong(), MONTHS, EVENT, ())
    assert measured.groups.restricted_mean is None and measured.groups.bands == {} and measured.roc == ()
    assert measure(strong(), MONTHS, EVENT, (12.0, HORIZON)).groups.restricted_mean is not None


def test_resamples_without_a_figure_are_counted():
    def only_with_the_first(rows):
        if 0 not in rows:
            raise InputError("it is not there")
        return (float(rows.mean()),)

    attempts = Attempts()
    (found,) = bootstrapped("A mean", only_with_the_first, 30, 40, 1, attempts)
    assert found.value == 14.5 and found.lower < 14.5 < found.upper
    (notice,) = attempts.notices
    told = int(notice.message.split(" of 40 resamples")[0].rpartition(" ")[2])
    assert notice.message.startswith("A mean does not exist in ") and 4 <= told <= 26  # 36% of 40 on average


def test_nothing_is_told_where_every_resample_has_the_figure():
    attempts = Attempts()
    bootstrapped("A mean", lambda rows: (float(rows.mean()),), 30, 40, 1, attempts)
    assert attempts.notices == []


def test_a_comparison_is_made_at_horizons_that_somebody_was_followed_beyond():
    last = float(MONTHS.max())
    survival = {month: np.linspace(0.2, 0.8, N) for month in (last - 0.1, last, last + 0.1)}
    newer, older = strong(survival=survival), strong(survival=survival, name="older")
    found = compare(newer, older, MONTHS, EVENT, bootstrap=0, seed=0, attempts=Attempts())
    assert [row.horizon for row in found.reclassification] == [last - 0.1]
    assert found.c_difference.difference == 0  # the C-indices need no horizon
    assert (
        compare(newer, strong(survival={}), MONTHS, EVENT, bootstrap=0, seed=0, attempts=Attempts()).reclassification
        == ()
    )


def test_a_case_weighs_by_the_censoring_before_its_event():
    # Censored at month 5 together with an event: the event's weight does not know of that censoring yet.
    months, event = np.array([3.0, 5, 5, 9, 9]), np.array([True, True, False, False, False])
    marker = np.array([1.0, 2, 0, 1.5, 0])
    # Cases at 3 and 5 against both controls at 9, nobody censored before 5: weights 1.
    assert auc_within(marker, months, event, np.zeros(5), 6.0) == pytest.approx((0 + 1 + 1 + 1) / 4)


def test_a_standard_error_of_zero_gives_no_limits():
    assert Estimate.normal(0.5, 0.0) == Estimate(0.5, se=0.0)
    assert Estimate.normal(0.5, 0.1).lower == pytest.approx(0.5 - 0.1959964)
    assert Estimate.normal(0.5, np.nan) == Estimate(0.5)
    assert not Estimate.normal(np.nan, 0.1).known
    assert Estimate.share(1.0, 0.0).lower is None and Estimate.share(0.5, 0.0).lower is None


@pytest.mark.parametrize(("limit", "method"), [(N, "gauss"), (N - 1, "lausen94")])
def test_the_test_of_the_best_cutoff_is_exact_up_to_so_many_patients(limit, method, monkeypatch):
    monkeypatch.setattr(cutoff, "_FEW_ENOUGH", limit)
    assert measure(strong(), MONTHS, EVENT, (HORIZON,)).cutoff.selected.method == method


def test_causes_are_counted_in_each_group():
    cause = np.where(EVENT, 1 + np.arange(N) % 2, 0)
    high = np.median(STRONG) < STRONG
    found = causes_in_groups(high, MONTHS, cause, Attempts())
    assert [one.cause for one in found] == [1, 2]
    for one in found:
        assert one.events == {
            "low": int((cause[~high] == one.cause).sum()), "high": int((cause[high] == one.cause).sum())
        }  # fmt: skip
        for name, rows in (("low", ~high), ("high", high)):
            own = cumulative_incidence(MONTHS[rows], cause[rows], of=one.cause)
            assert np.array_equal(one.curves[name].incidence, own.incidence)


def test_mean_survival_is_compared_as_far_as_both_groups_were_followed():
    high = np.median(STRONG) < STRONG
    for shorter in (high, ~high):
        months = np.where(shorter, np.minimum(MONTHS, 20.0), MONTHS)
        event = EVENT & (months == MONTHS)
        found = risk_groups(high, months, event, Attempts(), 30.0).restricted_mean
        assert found == restricted_mean_difference(months, event, ~high, 20.0)


def test_limits_of_a_comparator_end_at_0_and_1():
    for values in (STRONG, -STRONG):
        found = compare(
            strong(), strong(values=values, name="o"), MONTHS, EVENT, bootstrap=0, seed=0, attempts=Attempts()
        )
        theirs = harrell_c(values, MONTHS, EVENT)
        assert found.comparator_c.value == theirs.c and found.comparator_c.se == theirs.se
        end = 1.0 if theirs.c > 0.5 else 0.0
        assert (found.comparator_c.upper if end else found.comparator_c.lower) == end


def test_a_figure_without_resamples_or_without_enough_of_them_has_no_limits():
    def statistic(rows):
        if len(seen) and 0 not in rows[:3]:
            raise InputError("it is not there.")
        seen.append(rows)
        return (2.0, float(rows.sum()))

    for repeats in (0, 20):
        seen: list = []
        attempts = Attempts()
        found = bootstrapped("A sum", statistic, 5, repeats, 1, attempts)
        assert found == [Estimate(2.0), Estimate(10.0)]
        told = [(notice.code, notice.message) for notice in attempts.notices]
        assert [code for code, _ in told] == ["no-limits"] * bool(repeats)
        assert all(text.startswith("A sum has no limits: statistic does not exist in most") for _, text in told)


def test_resamples_in_which_no_cutoff_can_be_chosen_are_left_out():
    """Of two cases a resample often draws none; two cases and more have limits of the area, one has none."""
    values = np.cos(np.arange(N) + 1.0)
    marker = strong(values=values, high=values > 0)
    event = np.zeros(N, bool)
    event[[0, 2]] = True
    horizon = float(MONTHS[4])
    found = measure(marker, MONTHS, event, (horizon,), bootstrap=60, seed=1)
    assert 30 < found.cutoff.resampled.size < 60 and np.isfinite(found.cutoff.resampled).all()
    area = found.estimates[Measure(Metric.AUC, "strong", horizon)]
    assert area.lower is not None and area.se is not None
    ratios = [of for of in found.estimates if of.metric == Metric.OBSERVED_EXPECTED]
    assert ratios == []  # the marker predicts no survival at this horizon
    known = measure(strong(), MONTHS, EVENT, (HORIZON,))
    (ratio,) = [value for of, value in known.estimates.items() if of.metric == Metric.OBSERVED_EXPECTED]
    assert ratio.value == known.calibration[0].summary.ratio and ratio.lower < ratio.value < ratio.upper
