"""Calibration of predicted risk: Brier score, groups, slope, smooth curve."""

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.brier import brier_score
from LABCRadiomicsLib.statistics.calibration import _knots, calibration_curve, calibration_groups, calibration_summary
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier
from LABCRadiomicsLib.statistics.reclassification import discrimination_improvement, net_reclassification
from LABCRadiomicsLib.statistics.roc import time_dependent_roc
from other_packages import brier_others
from r_reference import columns, gbsg2, table
from r_rows import Pairs, compared, equal_to_r, row
from survival_cohorts import follow_up, follow_up_of, gbsg2_cox, lung_in_hundreds, lung_known


@row("Brier score, IPCW", "brier_score", "pec::pec", others=brier_others())
def _brier() -> Pairs:
    names = ("age", "horTh1", "pnodes", "progrec", "tsize")
    risk = 1 - gbsg2_cox(names).survival(columns(gbsg2(), names), [12, 36, 60]).survival
    result = brier_score(risk, *follow_up(), [12, 36, 60])
    return compared(result, table("gbsg2_brier"), {"score": "cox", "reference": "reference"})


@row("calibration in fifths of prediction", "calibration_groups", "survival::survfit, base::cut")
def _calibration_groups() -> Pairs:
    result = calibration_groups(table("gbsg2_risks_60m")["p_full"], *follow_up(), 60)
    names = {"n": "n", "predicted": "mean_predicted", "observed": "km", "se": "se"}
    return compared(result, table("gbsg2_calibration_60m_quintiles"), names)


@row("calibration slope, observed over expected", "calibration_summary", "survival::coxph, survival::survfit")
def _calibration_summary() -> Pairs:
    result = calibration_summary(table("gbsg2_risks_60m")["p_full"], *follow_up(), 60)
    return compared(result, table("extra_calibration"), {"slope": "slope", "slope_se": "se", "ratio": "oe"})


@row("smooth calibration: ICI, E50, E90", "calibration_curve", "survival::coxph, rms::rcs")
def _calibration_curve() -> Pairs:
    result = calibration_curve(table("gbsg2_risks_60m")["p_full"], *follow_up(), 60)
    return compared(result, table("extra_calibration"), {"ici": "ici", "e50": "e50", "e90": "e90"})


@row("Brier score with events at the horizon", "brier_score", "riskRegression::Score")
def _brier_at_an_event() -> Pairs:
    reference = table("event_at_horizon")
    result = brier_score(table("event_at_horizon_risk")["risk"], *lung_in_hundreds(), reference["horizon"][1])
    return [([result.score[0], result.reference[0]], [reference["brier"][1], reference["reference"][1]])]


def _smooth_cohort(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Risk, time and event of one of the cohorts of R's package survival in ``calibration_smooth``."""
    risks = table("calibration_risks")
    risk = risks["risk"][risks["data"] == name]
    if name == "lung_floor":
        return risk, lung_known()["time"], lung_known()["event"]
    time, event = follow_up_of(name.removesuffix("80"))
    return risk, time[: risk.size], event[: risk.size]


@row("smooth calibration below 100 patients, tied and extreme risks", "calibration_curve", "survival::coxph, rms::rcs")
def _calibration_by_rcs() -> Pairs:
    reference, pairs = table("calibration_smooth"), []
    for index, name in enumerate(reference["data"]):
        risk, time, event = _smooth_cohort(str(name))
        assert risk.size == reference["n"][index]
        horizon, knots = reference["horizon"][index], int(reference["knots"][index])
        curve = calibration_curve(risk, time, event, horizon, n_knots=knots)
        summary = calibration_summary(risk, time, event, horizon)
        ours = [curve.ici, curve.e50, curve.e90, summary.slope, summary.slope_se]
        pairs.append((ours, [reference[key][index] for key in ("ici", "e50", "e90", "slope", "se")]))
    return pairs


test_equal_to_r = equal_to_r(__name__)


def test_integrated_brier_is_the_mean_over_time() -> None:
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    two = np.c_[risks["p_full"] * 0.6, risks["p_full"]]
    result = brier_score(two, data["months"], data["event"], [36, 60])
    assert result.integrated == pytest.approx(result.score.mean())
    assert result.integrated_ipa == pytest.approx(1 - result.score.mean() / result.reference.mean())
    assert np.isnan(brier_score(two[:, 1], data["months"], data["event"], [60]).integrated)


def test_calibration_of_a_true_and_of_a_doubled_risk() -> None:
    rng = np.random.default_rng(5)
    lp = 0.5 * rng.normal(size=4000)
    event_time, censored = rng.exponential(np.exp(-lp)), rng.uniform(0.5, 4, 4000)
    time, event = np.minimum(event_time, censored), event_time <= censored
    true = 1 - np.exp(-0.4 * np.exp(lp))
    good = calibration_summary(true, time, event, 0.4)
    assert good.ratio_lower < 1 < good.ratio_upper and good.slope == pytest.approx(1, abs=3 * good.slope_se)
    assert calibration_curve(true, time, event, 0.4).ici < 0.02
    extreme = calibration_summary(1 - np.exp(-0.4 * np.exp(2 * lp)), time, event, 0.4)
    assert extreme.slope == pytest.approx(good.slope / 2, rel=1e-6)
    low = calibration_summary(true / 2, time, event, 0.4)
    assert low.ratio == pytest.approx(2 * good.ratio)
    assert calibration_curve(true / 2, time, event, 0.4).ici > 0.1


def test_a_risk_of_one_is_refused_and_not_clipped() -> None:
    risk, time, event = _smooth_cohort("pbc")
    assert (risk > 1 - 1e-9).any()  # close to one is fine: the row against R holds it
    certain = np.where(np.arange(risk.size) == 3, 1.0, risk)
    for statistic in (calibration_summary, calibration_curve):
        with pytest.raises(InputError, match="risk is exactly 1 for 1 of 312 patients, the first at row 3"):
            statistic(certain, time, event, 3000)
    survival = np.exp(-np.exp(np.linspace(-3, 4, risk.size)))
    assert (1 - survival == 1).any()
    whole = calibration_summary(1 - survival, time, event, 3000, survival=survival)
    x = np.linspace(-3, 4, risk.size)[:, None]
    assert whole.slope == pytest.approx(cox(x, time, event).coef[0], rel=1e-9)


def test_a_group_without_events_has_no_limits() -> None:
    time, event = np.r_[np.arange(1.0, 11), np.full(10, 20.0)], np.r_[np.ones(10), np.zeros(10)]
    groups = calibration_groups(np.linspace(0.9, 0.1, 20), time, event, 15, n_groups=2)
    assert groups.observed.tolist() == [0, 1]
    assert np.isnan([groups.lower, groups.upper]).all()


def test_an_event_at_the_horizon_is_a_case_everywhere() -> None:
    """In whole units ROC, Brier score, IDI and NRI agree on who had the event by the horizon."""
    time, event = lung_in_hundreds()
    old, new = np.random.default_rng(0).uniform(0.1, 0.9, (2, time.size))
    for horizon in (2.0, 4.0):
        roc = time_dependent_roc(new, time, event, horizon)
        assert roc.cases == (event & (time <= horizon)).sum() and roc.controls == (time > horizon).sum()
        # Without censoring the others are plain averages over cases and controls.
        everyone, cases, change = np.ones(time.size), time <= horizon, new - old
        idi = discrimination_improvement(old, new, time, everyone, horizon).idi
        assert idi == pytest.approx(change[cases].mean() - change[~cases].mean(), abs=2e-3)  # by its grid
        nri = net_reclassification(old, new, time, everyone, horizon)
        assert nri.up_cases == pytest.approx((change[cases] > 0).mean())
        assert brier_score(new, time, everyone, horizon).score[0] == pytest.approx(((cases - new) ** 2).mean())


def _run(*parts: tuple[float, int]) -> list[float]:
    """Values, each repeated as often as its count says."""
    return [value for value, count in parts for _ in range(count)]


@pytest.mark.parametrize(
    ("values", "three", "four", "five"),
    [  # Hmisc::rcspline.eval(knots.only = TRUE)
        (range(1, 100), [5, 50, 95], [5, 35.3, 64.7, 95], [5, 27.95, 50, 72.05, 95]),
        (range(1, 101), [10.9, 50.5, 90.1], [5.95, 35.65, 65.35, 95.05], [5.95, 28.225, 50.5, 72.775, 95.05]),
        (range(1, 9), [4, 4.5, 5], [3.45, 4, 5, 5.55], [2.925, 4, 4.5, 5, 6.075]),
        (range(1, 8), [3, 4, 5], [3, 3.1, 4.9, 5], [2, 3, 4, 5, 6]),
        (range(1, 7), [2, 3.5, 5], [2, 3, 4, 5], [2, 3, 4, 5]),
        ([*_run((0, 20)), *range(1, 21), *_run((30, 20))], [1, 10.5, 20], [1, 10.5, 18.15, 20],
         [1, 2.85, 10.5, 18.15, 20]),
        ([*range(1, 21), *_run((30, 20))], [5, 17.2, 20], [5, 10, 18.1, 20], [5, 7.3, 12.7, 18.1, 20]),
        ([*_run((0, 5)), *range(1, 31), *_run((50, 5))], [1, 15.5, 30], [1, 15.5, 27.65, 30],
         [1, 3.35, 15.5, 27.65, 30]),
        ([*_run((1, 6)), *range(2, 8), *_run((8, 6))], [1, 4.5, 8], [1, 1.95, 7.05, 8], [1, 4.5, 8]),
        ([*_run((0, 60)), *range(1, 101), *_run((200, 60))], [1, 50.5, 100], [1, 50.5, 94.15, 100],
         [1, 6.85, 50.5, 94.15, 100]),
        (_run((0, 40), (1, 2), (2, 2), (3, 2), (4, 2), (5, 2), (9, 40)), [1, 3, 5], [1, 3, 4, 5], [1, 2, 3, 4, 5]),
    ],
)  # fmt: skip
def test_knots_are_those_of_hmisc(values, three, four, five) -> None:
    for number, knots in ((3, three), (4, four), (5, five)):
        assert _knots(np.array(list(values), float), number) == pytest.approx(knots)


def test_what_has_too_few_values_for_knots_is_refused_as_by_hmisc() -> None:
    ends = np.array(_run((0, 50), (1, 1), (2, 1), (3, 1), (4, 1), (9, 50)), float)
    assert _knots(ends, 3) == pytest.approx([1, 2.5, 4])
    few = np.array(_run((0, 100), (1, 1), (2, 1), (3, 1), (7, 2), (8, 1), (9, 1), (10, 1), (11, 1), (12, 1)), float)
    with pytest.raises(InputError, match="too few distinct values"):
        _knots(few, 3)
    assert _knots(few, 5) == pytest.approx([1, 2.4, 7, 8, 9.2])
    with pytest.raises(InputError, match="too few distinct values"):
        _knots(np.array([1.0, 2, 3, 4]), 3)


@pytest.mark.parametrize(
    ("values", "three", "four"),
    [  # Hmisc::rcspline.eval(knots.only = TRUE); of many ties at the lowest value the next is a knot
        ([0.0] * 20 + [1, 2, 3, 4, 5, 6], [1, 2, 4], [1, 2, 2.2, 4]),
        ([0.0] * 20 + [1, 2, 3, 4, 5, 6, 7], [1, 3, 4.5], [1, 2.25, 3, 4.5]),
        ([0.0] * 24 + [1, 2, 4, 8, 16, 32], [1, 2, 8], [1, 2, 2.4, 8]),
    ],
)
def test_knots_of_few_values_are_those_of_hmisc(values, three, four) -> None:
    assert _knots(np.array(values), 3) == pytest.approx(three)
    assert _knots(np.array(values), 4) == pytest.approx(four)


@pytest.mark.parametrize(("level", "z"), [(0.95, 1.959963984540), (0.8, 1.281551565545)])
def test_limits_of_the_ratio_are_greenwoods_and_those_of_the_slope_the_cox_models(level, z) -> None:
    data, risk = gbsg2(), table("gbsg2_risks_60m")["p_full"]
    found = calibration_summary(risk, data["months"], data["event"], 60, level=level)
    point = kaplan_meier(data["months"], data["event"]).at(60)
    observed = 1 - point.survival[0]
    assert (found.observed, found.expected, found.ratio) == pytest.approx(
        (observed, risk.mean(), observed / risk.mean())
    )
    reach = np.exp(z * point.se[0] / observed)
    assert (found.ratio_lower, found.ratio_upper) == pytest.approx((found.ratio / reach, found.ratio * reach), rel=1e-9)
    slope = found.slope
    assert (found.slope_lower, found.slope_upper) == pytest.approx(
        (slope - z * found.slope_se, slope + z * found.slope_se)
    )
