"""Time-dependent ROC curves by three estimators, the standard error of the AUC, Youden's cutoff."""

import numpy as np
import pytest
from scipy import stats

from LABCRadiomicsLib.statistics import roc as roc_room
from LABCRadiomicsLib.statistics.kaplan_meier import censoring_survival
from LABCRadiomicsLib.statistics.roc import TimeDependentROC, time_dependent_roc, youden_cutoff
from other_packages import auc_others
from r_reference import gbsg2, table, transbig
from r_rows import Pairs, compared, equal_to_r, row
from survival_cohorts import follow_up, lung_in_hundreds, lung_known, whole_months


def _curve(method: str):
    return time_dependent_roc(table("gbsg2_lp")["lp"], *follow_up(), 60, method=method)


@row("time-dependent ROC, IPCW: AUC", "time_dependent_roc", "timeROC::timeROC", others=auc_others())
def _auc_ipcw() -> Pairs:
    reference = table("gbsg2_timeROC_auc")
    lp = table("gbsg2_lp")["lp"]
    return [([time_dependent_roc(lp, *follow_up(), t).auc for t in reference["months"]], reference["auc"])]


@row("time-dependent ROC, IPCW: standard error", "time_dependent_roc", "timeROC::timeROC", tolerance=1e-5)
def _se_ipcw() -> Pairs:
    reference = table("gbsg2_timeROC_auc")
    lp = table("gbsg2_lp")["lp"]
    return [([time_dependent_roc(lp, *follow_up(), t).se for t in reference["months"]], reference["se"])]


@row("time-dependent ROC, IPCW: curve", "time_dependent_roc", "timeROC::timeROC")
def _curve_ipcw() -> Pairs:
    result, reference = _curve("ipcw"), table("gbsg2_timeROC_60m_curve")
    return compared(result, reference, {"cutoff": "cut", "tpr": "tpr", "fpr": "fpr"})


def _survival_roc(method: str, name: str) -> Pairs:
    result, reference = _curve(method), {key: values[::-1] for key, values in table(name).items()}
    return compared(result, reference, {"threshold": "cut", "tpr": "tpr", "fpr": "fpr"})


@row("time-dependent ROC, Kaplan-Meier: curve", "time_dependent_roc", "survivalROC::survivalROC")
def _curve_km() -> Pairs:
    return _survival_roc("km", "gbsg2_survivalROC_KM_60m_curve")


@row("time-dependent ROC, nearest neighbors: curve", "time_dependent_roc", "survivalROC::survivalROC")
def _curve_nne() -> Pairs:
    return _survival_roc("nne", "gbsg2_survivalROC_NNE_60m_curve")


@row("Youden cutoff, AUC of all three curves", "youden_cutoff", "timeROC, survivalROC")
def _youden() -> Pairs:
    reference = table("gbsg2_youden_60m")
    curves = [_curve(method) for method in ("ipcw", "km", "nne")]
    cutoffs = [youden_cutoff(curve) for curve in curves]
    pairs = [([getattr(cutoff, name) for cutoff in cutoffs], reference[name]) for name in ("tpr", "fpr", "youden")]
    # R's tables label a point of timeROC with the lowest positive marker, one of survivalROC with the one below it.
    labels = [cutoffs[0].cutoff, cutoffs[1].threshold, cutoffs[2].threshold]
    return [*pairs, (labels, reference["cut"]), ([curve.auc for curve in curves], reference["auc"])]


@row("Youden cutoff of the LASSO score", "youden_cutoff", "timeROC::timeROC")
def _youden_score() -> Pairs:
    reference, data = table("transbig_score_youden_60m"), transbig()
    curve = time_dependent_roc(table("transbig_score")["score"], data["months"], data["event"], 60)
    best = youden_cutoff(curve)
    return [(curve.auc, reference["auc"]), (best.cutoff, reference["cut"])] + [
        (getattr(best, name), reference[name]) for name in ("tpr", "fpr", "youden")
    ]


def _at_an_event() -> list[TimeDependentROC]:
    """An event at the very horizon, in days and in hundreds of days (many events at it)."""
    lung, horizon = lung_known(), table("event_at_horizon")["horizon"]
    return [
        time_dependent_roc(lung["age"], lung["time"], lung["event"], horizon[0]),
        time_dependent_roc(table("event_at_horizon_risk")["risk"], *lung_in_hundreds(), horizon[1]),
    ]


@row("time-dependent ROC at an event time: AUC", "time_dependent_roc", "riskRegression::Score")
def _auc_at_an_event() -> Pairs:
    return [([roc.auc for roc in _at_an_event()], table("event_at_horizon")["auc"])]


@row("time-dependent ROC at an event time: standard error", "time_dependent_roc", "riskRegression::Score", 1e-3)
def _se_at_an_event() -> Pairs:
    return [([roc.se for roc in _at_an_event()], table("event_at_horizon")["auc_se"])]


test_equal_to_r = equal_to_r(__name__)


def test_the_looser_standard_error_of_the_auc_is_due_to_tied_times() -> None:
    """timeROC takes tied times in the order of the file; with ties broken that way the standard errors agree."""
    data, lp = gbsg2(), table("gbsg2_lp")["lp"]
    months, event = data["months"], data["event"]
    file_order = np.empty(months.size)
    file_order[np.argsort(months, kind="stable")] = np.arange(months.size) + 1.0
    for horizon, se in zip((12, 36, 60), table("gbsg2_timeROC_auc")["se"], strict=True):
        weight = np.where(event & (months <= horizon), 1 / censoring_survival(months, event, months, before=True), 0)
        influence = roc_room._auc_influence(lp, file_order, event, weight, months > horizon)
        assert influence.std(ddof=1) / np.sqrt(months.size) == pytest.approx(se, rel=1e-6)


def test_heavily_tied_times_move_the_standard_error_by_less_than_a_thousandth() -> None:
    reference = table("timeROC_whole_months")
    rocs = [time_dependent_roc(table("gbsg2_lp")["lp"], *whole_months(), t) for t in reference["horizon"]]
    assert [roc.auc for roc in rocs] == pytest.approx(reference["auc"], rel=1e-12)
    difference = [roc.se / se - 1 for roc, se in zip(rocs, reference["se"], strict=True)]
    assert 1e-5 < np.abs(difference).max() < 1e-3


def test_limits_of_the_auc_cover_the_truth() -> None:
    """Coverage of the 95% limits over 300 simulated cohorts, against the AUC of a very large one without censoring."""
    rng = np.random.default_rng(11)

    def cohort(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        marker = rng.normal(size=n)
        event_time, censored = rng.exponential(np.exp(-marker)), rng.exponential(3, size=n)
        return marker, np.minimum(event_time, censored), event_time <= censored

    marker = rng.normal(size=200_000)
    event_time = rng.exponential(np.exp(-marker))
    cases, controls = marker[event_time <= 0.7], marker[event_time > 0.7]
    truth = stats.mannwhitneyu(cases, controls).statistic / (cases.size * controls.size)
    results = [time_dependent_roc(*cohort(200), 0.7) for _ in range(300)]
    covered = np.mean([result.lower <= truth <= result.upper for result in results])
    assert 0.91 <= covered <= 0.98
    assert np.mean([result.auc for result in results]) == pytest.approx(truth, abs=0.01)


def test_one_case_or_a_perfect_marker_has_no_limits() -> None:
    time, event = [1.0, 3, 4, 5, 6, 7], [1, 0, 0, 1, 1, 0]
    one = time_dependent_roc([3, 2, 5, 1, 1, 0], time, event, 2)
    assert one.cases == 1 and 0 < one.auc < 1
    perfect = time_dependent_roc([6, 5, 4, 3, 2, 1], time, event, 5.5)
    assert perfect.cases == 2 and perfect.auc == 1
    for roc in (one, perfect):
        assert np.isnan([roc.se, roc.lower, roc.upper]).all()


def test_span_changes_only_the_neighborhoods() -> None:
    data, lp = gbsg2(), table("gbsg2_lp")["lp"]
    default = 0.25 * lp.size**-0.2
    here = time_dependent_roc(lp, data["months"], data["event"], 60, method="nne")
    there = time_dependent_roc(lp, data["months"], data["event"], 60, method="nne", span=default)
    wide = time_dependent_roc(lp, data["months"], data["event"], 60, method="nne", span=0.4)
    assert here.auc == there.auc != wide.auc
    assert np.isnan(here.se)
    assert here.cases == (data["event"] & (data["months"] <= 60)).sum()
    assert here.controls == (data["months"] > 60).sum()


def test_limits_of_the_auc_are_cut_at_0_and_1() -> None:
    time, event = np.arange(1.0, 13), np.ones(12)
    marker = np.array([9.0, 8, 7, 3, 6, 5, 4, 2, 1, 0, -1, -2])
    good = time_dependent_roc(marker, time, event, 6.5, level=0.99)
    bad = time_dependent_roc(-marker, time, event, 6.5, level=0.99)
    reach = stats.norm.ppf(0.995) * good.se
    assert good.upper == 1 and good.lower == pytest.approx(good.auc - reach) and good.auc + reach > 1
    assert bad.lower == 0 and bad.upper == pytest.approx(1 - good.auc + reach)


@pytest.mark.parametrize("method", ["ipcw", "km", "nne"])
def test_an_event_at_the_very_horizon_is_a_case_by_every_method(method) -> None:
    data, lp = gbsg2(), table("gbsg2_lp")["lp"]
    at = np.sort(data["months"][data["event"]])[150]
    after = data["months"][data["months"] > at].min()
    here = time_dependent_roc(lp, data["months"], data["event"], at, method=method)
    beyond = time_dependent_roc(lp, data["months"], data["event"], (at + after) / 2, method=method)
    assert (here.cases, here.controls) == (beyond.cases, beyond.controls)
    assert here.auc == beyond.auc and np.array_equal(here.tpr, beyond.tpr)


@pytest.mark.parametrize(("horizon", "known"), [(1.5, False), (2.5, True), (6.5, True), (7.5, False)])
def test_two_cases_and_two_controls_are_enough_for_limits(horizon, known) -> None:
    found = time_dependent_roc([5.0, 3, 6, 4, 2, 5.5, 1, 3.5], np.arange(1.0, 9), np.ones(8), horizon)
    assert (found.cases, found.controls) == (int(horizon), 8 - int(horizon)) and 0 < found.auc < 1
    assert np.isfinite([found.se, found.lower, found.upper]).all() == known
