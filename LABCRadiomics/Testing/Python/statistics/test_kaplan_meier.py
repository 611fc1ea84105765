"""Kaplan-Meier curves with their limits, medians, and the log-rank test."""

import numpy as np
import pytest

from LABCRadiomicsLib.statistics._checks import as_followed, same_times
from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier, logrank
from LABCRadiomicsLib.statistics.roc import time_dependent_roc
from other_packages import kaplan_meier_others, logrank_others, median_others
from r_reference import gbsg2, table
from r_rows import Pairs, equal_to_r, row
from survival_cohorts import follow_up


def _kaplan_meier(limits: str, name: str) -> Pairs:
    reference, (months, event) = table(name), follow_up()
    pairs = []
    for label in ("no", "yes"):
        member, rows = gbsg2()["horTh"] == label, reference["group"] == f"horTh={label}"
        points = kaplan_meier(months[member], event[member], limits=limits).at([12, 36, 60])
        fields = {"survival": "surv", "lower": "lower", "upper": "upper", "n_risk": "n_risk"}
        pairs += [(getattr(points, ours), reference[key][rows]) for ours, key in fields.items() if key in reference]
    return pairs


@row("Kaplan-Meier, log-log limits, number at risk", "kaplan_meier", "survival::survfit", others=kaplan_meier_others())
def _km_log_log() -> Pairs:
    return _kaplan_meier("log-log", "gbsg2_km_horTh_loglog")


@row("Kaplan-Meier, plain limits", "kaplan_meier", "survival::survfit")
def _km_plain() -> Pairs:
    return _kaplan_meier("plain", "gbsg2_km_horTh_plain")


@row("median survival with limits", "kaplan_meier", "survival::survfit", others=median_others())
def _medians() -> Pairs:
    reference, extra, (months, event) = table("gbsg2_km_median"), table("extra_medians"), follow_up()
    groups = [gbsg2()["horTh"] == label for label in ("no", "yes")]
    curves = [kaplan_meier(months[group], event[group]) for group in groups]
    flat = [
        kaplan_meier(range(1, 5), [1, 1, 1, 1]),
        kaplan_meier(range(1, 5), [1, 1, 0, 0]),
        kaplan_meier(range(1, 9), [1, 0, 1, 1, 0, 1, 1, 0]),
    ]
    pairs = []
    for ours, key, extra_key in (
        ("median", "median", "median"),
        ("median_lower", "lower", "0.95LCL"),
        ("median_upper", "upper", "0.95UCL"),
    ):
        pairs.append(([getattr(curve, ours) for curve in curves], reference[key]))
        pairs.append(([getattr(curve, ours) for curve in flat], extra[extra_key]))
    return pairs


@row("log-rank test, two groups", "logrank", "survival::survdiff", others=logrank_others())
def _logrank_2() -> Pairs:
    result, reference = logrank(*follow_up(), gbsg2()["horTh"]), table("gbsg2_logrank")
    return [(result.chisq, reference["chisq"]), (result.p, reference["p"])]


@row("log-rank test, three groups", "logrank", "survival::survdiff")
def _logrank_3() -> Pairs:
    result, reference = logrank(*follow_up(), gbsg2()["tgrade"]), table("extra_logrank_3")
    return [
        (result.chisq, reference["chisq"]),
        *((getattr(result, name), reference[name]) for name in ("n", "observed", "expected")),
    ]


@row("Kaplan-Meier before the first event, three kinds of limits", "kaplan_meier", "survival::survfit")
def _km_before_first_event() -> Pairs:
    reference = table("km_before_first_event")
    pairs = []
    for limits in ("log-log", "log", "plain"):
        curve, rows = kaplan_meier(range(1, 7), [0, 0, 1, 0, 1, 1], limits=limits), reference["limits"] == limits
        names = {"time": "time", "survival": "surv", "lower": "lower", "upper": "upper"}
        pairs += [(getattr(curve, ours), reference[key][rows]) for ours, key in names.items()]
    return pairs


_ALMOST_TIED = (
    [0.1 + 0.2, 0.3, 0.5, 0.7, 0.3, 1, 1.2, 0.9, 1.1 + 2.2, 3.3],
    [1, 0, 1, 1, 1, 0, 1, 1, 1, 0],
    np.array([1, 3, 2, 5, 4, 2, 1, 3, 0, 2]),
)


@row("times equal up to rounding", "cox, logrank, harrell_c, kaplan_meier", "survival::coxph, survdiff, concordance")
def _timefix() -> Pairs:
    time, event, x = _ALMOST_TIED
    reference = {name: values[0] for name, values in table("timefix").items()}
    model, curve = cox(x[:, None], time, event), kaplan_meier(time, event)
    return [
        ([model.coef[0], model.se[0]], [reference["coef"], reference["se"]]),
        (logrank(time, event, x > 2).chisq, reference["chisq"]),
        (harrell_c(x, time, event).c, reference["c"]),
        (curve.at(0.3).survival[0], reference["km_03"]),
        (curve.time.size, reference["times"]),
    ]


test_equal_to_r = equal_to_r(__name__)


def test_kaplan_meier_without_events_and_at_chosen_times() -> None:
    curve = kaplan_meier([1, 2, 3], [0, 0, 0])
    assert curve.survival.tolist() == [1, 1, 1] and np.isnan(curve.median)
    points = kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0]).at([0.5, 1, 3.5, 4, 9], extend=True)
    assert points.n_risk.tolist() == [4, 4, 1, 1, 0]
    assert points.survival == pytest.approx([1, 0.75, 0.375, 0.375, 0.375])


def test_a_horizon_equal_to_a_follow_up_time_up_to_rounding_is_that_time() -> None:
    time, event, x = _ALMOST_TIED
    for horizon in (0.3, 0.1 + 0.2):
        assert kaplan_meier(time, event).at(horizon).survival[0] == pytest.approx(0.8)
        assert time_dependent_roc(x, time, event, horizon).cases == 2
    assert np.array_equal(same_times(np.array([1.0, 2.0, 2.0 + 1e-6])), [1.0, 2.0, 2.0 + 1e-6])


def test_logrank_of_two_groups_is_the_score_test_of_a_cox_model() -> None:
    data = gbsg2()
    days, event, group = data["months"] + np.arange(686) * 1e-6, data["event"], data["horTh1"]  # no ties
    result = logrank(days, event, group)
    assert result.observed.sum() == result.expected.sum().round(9) == event.sum()
    model = cox(group[:, None], days, event)
    assert result.chisq == pytest.approx(model.z[0] ** 2, rel=0.02)


@pytest.mark.parametrize("shift", [-1e-12, 0.0, 1e-12])
def test_what_equals_a_follow_up_time_up_to_rounding_is_that_time_from_either_side(shift) -> None:
    time = np.array([1.0, 2, 3, 7])
    assert as_followed(np.array([1.0, 2, 3, 7]) + shift, time).tolist() == time.tolist()
    between = np.array([0.5, 1.2, 1.8, 2.5, 6.9, 8])
    assert as_followed(between + shift, time).tolist() == (between + shift).tolist()
    assert as_followed(np.array([2.0 + shift, 5]), np.array([2.0])).tolist() == [2, 5]
