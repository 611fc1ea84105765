"""Competing risks and restricted means against R."""

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.competing_risks import cumulative_incidence, gray_test
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier, logrank
from LABCRadiomicsLib.statistics.restricted_mean import restricted_mean, restricted_mean_difference
from other_packages import incidence_others, restricted_mean_others
from r_reference import table
from r_rows import Pairs, equal_to_r, row
from survival_cohorts import follow_up_of

PBC = table("pbc")
YEARS = np.ceil(PBC["time"] / 365.25)


@row(
    "cumulative incidence with standard error and limits",
    "cumulative_incidence",
    "survival::survfit(factor)",
    others=incidence_others(),
)
def _incidence() -> Pairs:
    reference, pairs = table("cumulative_incidence"), []
    for data, time in (("days", PBC["time"]), ("years", YEARS)):
        for cause in (1, 2):
            rows = (reference["data"] == data) & (reference["cause"] == cause)
            found = cumulative_incidence(time, PBC["status"], of=cause).at(reference["time"][rows])
            names = ("incidence", "se", "lower", "upper")
            pairs += [(ours, reference[name][rows]) for ours, name in zip(found, names, strict=True)]
    return pairs


@row("Gray's test", "gray_test", "cmprsk::cuminc")
def _gray() -> Pairs:
    reference, pairs = table("gray_test"), []
    bilirubin = np.searchsorted([1, 3], PBC["bili"])
    groups = {"trt": PBC["trt"], "bili": bilirubin, "stage": PBC["stage"] >= 4}
    for at, name in enumerate(reference["data"]):
        unit, key = str(name).split(", ")
        time = YEARS if unit == "years" else PBC["time"]
        found = gray_test(time, PBC["status"], groups[key], of=int(reference["cause"][at]))
        pairs.append(([found.chisq, found.df], [reference["stat"][at], reference["df"][at]]))
        pairs.append((1 - found.p, 1 - reference["p"][at]))
    return pairs


@row(
    "restricted mean survival time and its difference",
    "restricted_mean_difference",
    "survRM2::rmst2",
    others=restricted_mean_others(),
)
def _restricted() -> Pairs:
    reference, pairs = table("restricted_mean"), []
    groups = {"veteran": table("veteran")["trt"] == 2, "lung": table("lung")["sex"] == 2}
    for at, name in enumerate(reference["data"]):
        r = {key: values[at] for key, values in reference.items()}
        found = restricted_mean_difference(*follow_up_of(str(name)), groups[str(name)], r["tau"])
        ours = [found.first.mean, found.first.se, found.first.lower, found.second.mean, found.second.se]
        pairs.append((ours, [r[key] for key in ("mean1", "se1", "lower1", "mean0", "se0")]))
        keys = ("difference", "lower", "upper", "p")
        pairs.append(([getattr(found, key) for key in keys], [r[key] for key in keys]))
    return pairs


test_equal_to_r = equal_to_r(__name__)


@pytest.mark.parametrize("unit", [1.0, 1e-4])
def test_the_difference_of_restricted_means_has_the_same_z_in_any_unit_of_time(unit) -> None:
    time, event = follow_up_of("veteran")
    found = restricted_mean_difference(time * unit, event, table("veteran")["trt"] == 2, 300 * unit)
    whole = restricted_mean_difference(time, event, table("veteran")["trt"] == 2, 300)
    assert (found.z, found.p) == pytest.approx((whole.z, whole.p))
    assert found.difference == pytest.approx(whole.difference * unit)


def test_with_one_cause_it_is_kaplan_meier_and_the_log_rank_test() -> None:
    time, event = follow_up_of("veteran")
    curve, usual = cumulative_incidence(time, event), kaplan_meier(time, event)
    happened = usual.n_event > 0
    assert curve.incidence == pytest.approx(1 - usual.survival[happened])
    assert gray_test(time, event, table("veteran")["trt"]).chisq == pytest.approx(
        logrank(time, event, table("veteran")["trt"]).chisq, rel=0.05
    )


def test_causes_and_survival_add_up_to_one() -> None:
    both = [cumulative_incidence(PBC["time"], PBC["status"], of=cause) for cause in (1, 2)]
    free = kaplan_meier(PBC["time"], PBC["status"] > 0).at(both[0].time).survival
    assert both[0].incidence + both[1].incidence + free == pytest.approx(np.ones(free.size))
    # Taking transplantation for censoring gives more deaths than there are.
    naive = 1 - kaplan_meier(PBC["time"], PBC["status"] == 2).at(4000).survival[0]
    assert naive > both[1].at(4000)[0][0] + 0.02


def test_restricted_mean_without_censoring_is_a_mean() -> None:
    time = np.random.default_rng(0).exponential(10, 200)
    found = restricted_mean(time, np.ones(200), 15)
    cut = np.minimum(time, 15)
    assert found.mean == pytest.approx(cut.mean()) and found.se == pytest.approx(cut.std() / np.sqrt(200))


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: cumulative_incidence([1, 2, 3], [0, 1, 1.5]), "cause must hold whole numbers"),
        (lambda: cumulative_incidence([1, 2, 3], [0, 1, 1], of=2), "cause has no event of cause 2"),
        (lambda: cumulative_incidence([1, 2, 3], [0, 1, 1]).at(4), "times has 4, beyond the longest"),
        (lambda: gray_test([1, 2, 3], [0, 1, 1], [1, 1, 1]), "group has one group only"),
        (lambda: restricted_mean([1, 2, 3], [0, 1, 1], 5), "horizon 5 is beyond"),
        (lambda: restricted_mean_difference([1, 2, 3], [0, 1, 1], [1, 0, 0], 2), "first must be boolean"),
    ],
)
def test_bad_input(compute, message) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        compute()


def test_incidence_is_known_up_to_the_last_follow_up() -> None:
    found = cumulative_incidence([1, 2, 3, 5], [1, 2, 1, 0])
    assert found.at(5)[0][0] == pytest.approx(3 / 4 - 1 / 4)
    assert [values[0] for values in found.at(0.5)][:2] == [0, 0]
    with pytest.raises(InputError, match=r"times has 5\.01, beyond the longest"):
        found.at(5.01)


def test_everybody_may_have_an_event_and_somebody_must() -> None:
    found = cumulative_incidence([1, 2, 3], [1, 2, 1])
    assert found.incidence.tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    with pytest.raises(InputError, match="event has no observed event"):
        cumulative_incidence([1, 2, 3], [0, 0, 0])
