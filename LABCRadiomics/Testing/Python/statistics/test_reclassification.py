"""IDI, NRI and median improvement, and the limits that resampling gives them."""

import numpy as np
import pytest

from LABCRadiomicsLib.statistics.reclassification import discrimination_improvement, net_reclassification
from LABCRadiomicsLib.statistics.resampling import bootstrap_limits
from r_reference import columns, gbsg2, table
from r_rows import Pairs, equal_to_r, row
from survival_cohorts import follow_up, gbsg2_cox


def _interpolated_risk(names: tuple[str, ...]) -> np.ndarray:
    """Risk at 60 months as survIDINRI takes it: the baseline hazard interpolated between follow-up times."""
    model, (months, _) = gbsg2_cox(names), follow_up()
    times = np.unique(months)
    steps = np.append(0, model.baseline.cumulative_hazard)[np.searchsorted(model.baseline.time, times, side="right")]
    hazard = np.interp(60, times, steps)
    return 1 - np.exp(-hazard * np.exp(model.linear_predictor(columns(gbsg2(), names))))


@row("IDI, half continuous NRI, median improvement", "discrimination_improvement", "survIDINRI::IDI.INF")
def _idi() -> Pairs:
    base = _interpolated_risk(("age", "horTh1"))
    full = _interpolated_risk(("age", "horTh1", "pnodes", "progrec", "tsize"))
    result = discrimination_improvement(base, full, *follow_up(), 60)
    ours = [result.idi, result.nri_half_continuous, result.median_improvement]
    return [(ours, table("gbsg2_survIDINRI_60m")["estimate"])]


@row("category and continuous NRI", "net_reclassification", "nricens::nricens")
def _nri() -> Pairs:
    risks, reference = table("gbsg2_risks_60m"), table("gbsg2_nricens_60m")
    pairs = []
    for cuts, key in (((0.3, 0.6), "category_0.3_0.6"), (None, "continuous")):
        r = net_reclassification(risks["p_base"], risks["p_full"], *follow_up(), 60, cuts=cuts)
        ours = [r.nri, r.nri_cases, r.nri_controls, r.up_cases, r.down_cases, r.down_controls, r.up_controls]
        pairs.append((ours, reference[key]))
    return pairs


test_equal_to_r = equal_to_r(__name__)


def test_nri_names_say_which_is_half() -> None:
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    result = discrimination_improvement(risks["p_base"], risks["p_full"], data["months"], data["event"], 60)
    assert result.nri_continuous == 2 * result.nri_half_continuous
    continuous = net_reclassification(risks["p_base"], risks["p_full"], data["months"], data["event"], 60)
    assert result.nri_continuous == pytest.approx(continuous.nri, abs=0.1)  # two estimators of one quantity


def test_bootstrap_limits_of_reclassification() -> None:
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    old, new, time, event = risks["p_base"], risks["p_full"], data["months"], data["event"]

    def statistic(i: np.ndarray) -> list[float]:
        result = discrimination_improvement(old[i], new[i], time[i], event[i], 60)
        return [result.idi, result.nri_half_continuous, result.median_improvement]

    limits = bootstrap_limits(statistic, time.size, repeats=200, seed=1)
    again = bootstrap_limits(statistic, time.size, repeats=200, seed=1)
    assert np.array_equal(limits.lower, again.lower) and limits.used == 200
    # survIDINRI's perturbation limits of the same three, printed in the reference folder.
    assert limits.lower == pytest.approx([0.0615, 0.168, 0.0315], abs=0.03)
    assert limits.upper == pytest.approx([0.1453, 0.4058, 0.1141], abs=0.05)


def test_bootstrap_gives_the_standard_error_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(size=400)
    limits = bootstrap_limits(lambda i: values[i].mean(), 400, repeats=2000)
    assert limits.se[0] == pytest.approx(values.std() / 20, rel=0.06)
    assert limits.lower[0] < values.mean() < limits.upper[0]
