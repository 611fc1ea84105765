"""A cutoff's accuracy at a horizon against timeROC, and the p value of a chosen cutoff against maxstat."""

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.cutoff_accuracy import cutoff_accuracy
from LABCRadiomicsLib.statistics.kaplan_meier import logrank
from LABCRadiomicsLib.statistics.maximally_selected import MaximallySelected, maximally_selected
from r_reference import gbsg2, table, transbig
from r_rows import Pairs, equal_to_r, row
from survival_cohorts import follow_up

MEASURES = ("sensitivity", "specificity", "ppv", "npv")


@row("cutoff at a horizon: four measures with standard errors", "cutoff_accuracy", "timeROC::SeSpPPVNPV")
def _accuracy() -> Pairs:
    reference, lp = table("cutoff_accuracy"), table("gbsg2_lp")["lp"]
    months, event = follow_up()
    months = months + np.arange(1, 687) * 1e-5  # untied, as in the reference: timeROC takes ties one after the other
    cutoffs = zip(reference["cutoff"], reference["horizon"], strict=True)
    found = [cutoff_accuracy(lp > cutoff, months, event, horizon) for cutoff, horizon in cutoffs]
    values = [([getattr(a, name).value for a in found], reference[name]) for name in MEASURES]
    return values + [([getattr(a, name).se for a in found], reference[f"se_{name}"]) for name in MEASURES]


def _selected(method: str, **options: int) -> tuple[list[MaximallySelected], dict]:
    reference = table("cutoff_maxstat")
    found = []
    for at, name in enumerate(reference["data"]):
        data = transbig() if name == "transbig" else table(str(name))
        marker = data[str(reference["marker"][at])]
        shares = {"least": reference["least"][at], "most": reference["most"][at]}
        found.append(maximally_selected(marker, data["time"], data["event"], method=method, **shares, **options))
    return found, reference


@row("chosen cutoff: statistic, cutoff, formulas of 1992 and 1994", "maximally_selected", "maxstat::maxstat.test")
def _lausen() -> Pairs:
    pairs = []
    for method in ("lausen92", "lausen94"):
        found, reference = _selected(method)
        pairs.append(([s.p for s in found], np.minimum(reference[method], 1)))
        pairs.append(([s.statistic for s in found], reference["statistic"]))
        pairs.append(([s.cutoff for s in found], reference["cutoff"]))
    return pairs


@row(
    "chosen cutoff: 1 - p by the joint normal",
    "maximally_selected",
    "maxstat::maxstat.test(exactGauss)",
    tolerance=3e-4,
)
def _gauss() -> Pairs:
    found, reference = _selected("gauss")
    return [([1 - s.p for s in found], 1 - reference["gauss"])]


test_equal_to_r = equal_to_r(__name__)


def test_permutations_agree_with_those_of_maxstat() -> None:
    found, reference = _selected("permutation", repeats=2000, seed=4)
    p = np.array([s.p for s in found])
    assert np.all(np.abs(p - reference["permutation"]) < 4 * np.sqrt(p * (1 - p) / 2000) + 1e-3)
    again, _ = _selected("permutation", repeats=2000, seed=4)
    assert [s.p for s in again] == p.tolist()


def test_the_adjusted_p_is_right_where_nothing_is_there_and_the_other_is_not() -> None:
    rng = np.random.default_rng(0)
    adjusted, naive = [], []
    for _ in range(200):
        time, censored = rng.exponential(size=80), rng.exponential(1.5, size=80)
        found = maximally_selected(rng.normal(size=80), np.minimum(time, censored), time < censored)
        adjusted.append(found.p < 0.05)
        naive.append(found.unadjusted_p < 0.05)
    assert np.mean(adjusted) < 0.09 and np.mean(naive) > 0.3


def test_the_statistic_is_the_log_rank_test_s() -> None:
    data = gbsg2()
    months = data["months"] + np.arange(686) * 1e-6  # no ties
    found = maximally_selected(data["pnodes"], months, data["event"])
    test = logrank(months, data["event"], data["pnodes"] > found.cutoff)
    assert found.statistic**2 == pytest.approx(test.chisq, rel=0.08)  # its variance is that of permutations


def test_accuracy_without_censoring_is_that_of_a_table_of_four() -> None:
    rng = np.random.default_rng(1)
    time, high = rng.exponential(size=200), rng.random(200) < 0.4
    found = cutoff_accuracy(high, time, np.ones(200), 0.7)
    ill = time <= 0.7
    expected = (high[ill].mean(), (~high)[~ill].mean(), ill[high].mean(), (~ill)[~high].mean())
    assert [getattr(found, name).value for name in MEASURES] == pytest.approx(expected)
    binomial = np.sqrt(expected[2] * (1 - expected[2]) / high.sum())
    assert found.ppv.se == pytest.approx(binomial, rel=0.02)
    assert (found.cases, found.controls, found.unknown, found.high) == (ill.sum(), (~ill).sum(), 0, high.sum())
    assert found.ppv.lower < found.ppv.value < found.ppv.upper < 1


def test_a_perfect_group_has_no_limits() -> None:
    time = np.arange(1.0, 11)
    found = cutoff_accuracy(time < 5.5, time, np.ones(10), 5.2)
    assert found.sensitivity.value == found.npv.value == 1
    assert np.isnan([found.sensitivity.lower, found.npv.upper]).all()


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda t, e: cutoff_accuracy(np.ones(40), t, e, 3), "high has one group only"),
        (lambda t, e: cutoff_accuracy(t, t, e, 3), "high must be boolean"),
        (lambda t, e: cutoff_accuracy(t > 3, t, e, 99), "horizon 99 is beyond"),
        (lambda t, e: maximally_selected(t, t, e, method="HL"), "method must be one of"),
        (lambda t, e: maximally_selected(t, t, e, least=0.9, most=0.1), "least must be below most"),
        (lambda t, e: maximally_selected(np.ones(40), t, e), "marker has no cutoff with 10% to 90%"),
        (lambda t, e: maximally_selected(t, t, e, method="permutation", repeats=0), "repeats must be at least 1"),
    ],
)
def test_bad_input(compute, message) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        compute(np.arange(1.0, 41) / 4, np.arange(40) % 2)


def test_in_few_patients_a_group_of_one_is_a_group() -> None:
    """A tenth of eight patients is less than one; R's ``minprop`` of 0.1 leaves the lowest marker as a cutoff too."""
    time, event = np.array([1.0, 9, 8, 7, 6, 5, 4, 3]), np.ones(8)
    found = maximally_selected(np.arange(8.0), time, event)
    assert found.cutoffs.tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_accuracy_at_an_event_time_is_that_just_after_it() -> None:
    data = gbsg2()
    months, event, high = data["months"], data["event"], data["pnodes"] > 5
    at = np.sort(months[event])[150]
    after = months[months > at].min()
    here, beyond = (cutoff_accuracy(high, months, event, horizon) for horizon in (at, (at + after) / 2))
    for name in ("sensitivity", "specificity", "ppv", "npv"):
        one, other = getattr(here, name), getattr(beyond, name)
        assert (one.value, one.se) == pytest.approx((other.value, other.se), rel=1e-12)


def test_the_least_share_of_patients_is_below_the_most():
    rng = np.random.default_rng(0)
    marker, time, event = rng.normal(size=30), rng.exponential(size=30), np.ones(30, bool)
    with pytest.raises(InputError, match=r"least must be below most, not 0\.5 and 0\.5"):
        maximally_selected(marker, time, event, least=0.5, most=0.5)
