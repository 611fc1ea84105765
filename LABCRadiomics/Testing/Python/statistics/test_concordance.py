"""Harrell's and Uno's C, and the difference of two."""

import numpy as np
import pytest
from scipy import stats

from LABCRadiomicsLib.statistics.concordance import concordance_difference, harrell_c, harrell_c_of_columns, uno_c
from other_packages import harrell_others, uno_others
from r_reference import columns, gbsg2, table
from r_rows import Pairs, equal_to_r, row
from survival_cohorts import follow_up, gbsg2_cox, lung_known, whole_months


@row("Harrell's C with standard error", "harrell_c", "survival::concordance", others=harrell_others())
def _harrell() -> Pairs:
    reference = table("gbsg2_multivariable_concordance")
    result = harrell_c(table("gbsg2_lp")["lp"], *follow_up())
    return [(result.c, reference["c_index"]), (result.se, reference["se"])]


@row("Harrell's C, tied markers and times", "harrell_c", "survival::concordance")
def _harrell_tied() -> Pairs:
    reference = table("extra_tied_concordance")
    results = [harrell_c(gbsg2()[str(name)], *whole_months()) for name in reference["marker"]]
    names = {"c": "c", "se": "se", "concordant": "concordant", "discordant": "discordant", "tied_marker": "tied"}
    return [([getattr(result, ours) for result in results], reference[key]) for ours, key in names.items()]


@row("Harrell's C truncated at tau", "harrell_c", "survival::concordance(ymax)")
def _harrell_tau() -> Pairs:
    reference, lp = table("gbsg2_uno_c"), table("gbsg2_lp")["lp"]
    return [([harrell_c(lp, *follow_up(), tau=tau).c for tau in reference["tau"]], reference["harrell_c"])]


@row("Uno's C", "uno_c", "survC1::Est.Cval", others=uno_others())
def _uno() -> Pairs:
    reference, lp = table("gbsg2_uno_c"), table("gbsg2_lp")["lp"]
    return [([uno_c(lp, *follow_up(), tau=tau).c for tau in reference["tau"]], reference["uno_c"])]


@row("difference of two C with standard error", "concordance_difference", "survival::concordance")
def _difference_of_c() -> Pairs:
    names = ("age", "horTh1"), ("age", "horTh1", "pnodes", "progrec", "tsize")
    base, full = (harrell_c(gbsg2_cox(n).linear_predictor(columns(gbsg2(), n)), *follow_up()) for n in names)
    result, reference = concordance_difference(full, base), table("extra_concordance_difference")
    return [
        ([full.c, base.c], [reference["c1"][0], reference["c0"][0]]),
        (result.difference, reference["difference"]),
        (result.se, reference["se"]),
    ]


@row("Harrell's C up to an event time", "harrell_c", "survival::concordance(ymax)")
def _harrell_ymax() -> Pairs:
    lung, reference = lung_known(), table("concordance_ymax")
    results = [harrell_c(lung["age"], lung["time"], lung["event"], tau=tau) for tau in reference["tau"]]
    return [([r.c for r in results], reference["c"]), ([r.se for r in results], reference["se"])]


test_equal_to_r = equal_to_r(__name__)


def test_uno_and_harrell_agree_without_censoring() -> None:
    rng = np.random.default_rng(2)
    marker, time = rng.normal(size=60), rng.permutation(60) + 1.0
    event = np.ones(60)
    assert uno_c(marker, time, event).c == pytest.approx(harrell_c(marker, time, event).c)


def test_limits_and_difference_of_concordance() -> None:
    data = gbsg2()
    nodes = harrell_c(data["pnodes"], data["months"], data["event"])
    age = harrell_c(data["age"], data["months"], data["event"])
    assert nodes.upper - nodes.c == pytest.approx(stats.norm.ppf(0.975) * nodes.se)
    difference = concordance_difference(nodes, age)
    assert difference.difference == nodes.c - age.c and difference.p < 1e-3
    reach = stats.norm.ppf(0.975) * difference.se
    assert (difference.lower, difference.upper) == pytest.approx((nodes.c - age.c - reach, nodes.c - age.c + reach))
    same = concordance_difference(nodes, nodes)
    assert (same.difference, same.se, same.p) == (0, 0, 1)


@pytest.mark.parametrize("index", [harrell_c, uno_c])
def test_counting_by_digits_is_counting_pair_by_pair(index) -> None:
    marker = np.round(table("gbsg2_lp")["lp"][:200], 1)
    time, event = np.ceil(gbsg2()["months"][:200]), gbsg2()["event"][:200]
    result = index(marker, time, event)
    weight = np.ones(200) if index is harrell_c else _uno_weight(time, event)
    longer = time[:, None] < time
    if index is harrell_c:
        longer |= (time[:, None] == time) & ~event
    for name, kind in (("concordant", np.greater), ("discordant", np.less), ("tied_marker", np.equal)):
        counted = event[:, None] & longer & kind(marker[:, None], marker)
        assert getattr(result, name) == pytest.approx((counted * weight[:, None]).sum(), rel=1e-12)


def _uno_weight(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """``1 / G(T-)²``, all who are followed at a time being at risk of censoring there."""
    stays = {t: 1 - ((time == t) & ~event).sum() / (time >= t).sum() for t in np.unique(time)}
    return np.array([np.prod([stays[s] for s in stays if s < t]) ** -2.0 for t in time])


def test_a_perfect_index_has_no_limits() -> None:
    for marker, c in (([5, 4, 3, 2, 1], 1), ([1, 2, 3, 4, 5], 0)):
        for index in (harrell_c, uno_c):
            result = index(marker, [1, 2, 3, 4, 5], [1, 1, 0, 1, 1])
            assert (result.c, result.se) == (c, 0)
            assert np.isnan([result.lower, result.upper]).all()
    difference = concordance_difference(
        harrell_c([3, 2, 1], [1, 2, 3], [1, 1, 1]), harrell_c([1, 2, 3], [1, 2, 3], [1, 1, 1])
    )
    assert difference.difference == 1 and np.isnan([difference.p, difference.lower]).all()


def test_limits_lie_one_on_each_side_and_stay_within_0_and_1() -> None:
    data = gbsg2()
    for index in (harrell_c, uno_c):
        found = index(data["pnodes"], data["months"], data["event"], level=0.9)
        reach = stats.norm.ppf(0.95) * found.se
        assert (found.lower, found.upper) == pytest.approx((found.c - reach, found.c + reach), rel=1e-12)
        assert found.se == pytest.approx(np.sqrt((found.influence**2).sum()), rel=1e-12)
    wide = harrell_c([5, 4, 3, 1, 2], [1, 2, 3, 4, 5], [1, 1, 1, 1, 1], level=0.99)
    assert wide.c == 0.9 and wide.upper == 1 and wide.lower == pytest.approx(0.9 - stats.norm.ppf(0.995) * wide.se)


def test_of_many_columns_one_with_a_single_pair_has_an_index_and_one_with_none_has_not() -> None:
    markers = np.array([[2.0, 2, 2], [1, np.nan, 2], [np.nan, np.nan, np.nan]])
    assert harrell_c_of_columns(markers, [1, 2, 3], [1, 1, 0]) == pytest.approx([1, np.nan, 0.5], nan_ok=True)
