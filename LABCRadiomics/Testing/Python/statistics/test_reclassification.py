"""IDI, NRI and median improvement, and the limits that resampling gives them."""

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics import reclassification_limits
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.reclassification import (
    _GRID,
    _median,
    discrimination_improvement,
    net_reclassification,
)
from LABCRadiomicsLib.statistics.reclassification_limits import improvement_limits, refitted_cox
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

# By perturbation, as R printed them in the project's reference folder: IDI, half continuous NRI, median improvement.
SURVIDINRI_LIMITS = [0.0615, 0.168, 0.0315], [0.1453, 0.4058, 0.1141]


def test_nri_names_say_which_is_half() -> None:
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    result = discrimination_improvement(risks["p_base"], risks["p_full"], data["months"], data["event"], 60)
    assert result.nri_continuous == 2 * result.nri_half_continuous
    continuous = net_reclassification(risks["p_base"], risks["p_full"], data["months"], data["event"], 60)
    assert result.nri_continuous == pytest.approx(continuous.nri, abs=0.1)  # two estimators of one quantity


def test_limits_with_refitted_models_are_those_of_survidinri() -> None:
    """Its perturbation refits both models too; holding them fixed would make the limits of the IDI a third narrower."""
    months, event = follow_up()
    old, new = columns(gbsg2(), ["age", "horTh1"]), columns(gbsg2(), ["age", "horTh1", "pnodes", "progrec", "tsize"])
    refit = refitted_cox(old, new, months, event, 60)
    limits = improvement_limits(refit, months, event, 60, repeats=100, seed=1)
    assert limits.used == limits.repeats == 100
    ours, printed = np.array([limits.lower, limits.upper])[:, [0, 1, 3]], np.array(SURVIDINRI_LIMITS)
    assert np.abs(ours - printed).max() < 0.05 and np.abs(ours - printed)[:, 0].max() < 0.015
    whole = refit(np.arange(months.size))
    fixed = improvement_limits(lambda rows: (whole[0][rows], whole[1][rows]), months, event, 60, repeats=100, seed=1)
    assert fixed.se[0] < 0.8 * limits.se[0]


def test_resamples_without_a_case_are_counted() -> None:
    time, event = np.arange(1.0, 21), np.arange(20) < 2
    risk = np.linspace(0.6, 0.1, 20)
    limits = improvement_limits(lambda rows: (risk[rows] / 2, risk[rows]), time, event, 10, repeats=200)
    assert 150 < limits.used < limits.repeats == 200


def test_bootstrap_gives_the_standard_error_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(size=400)
    limits = bootstrap_limits(lambda i: values[i].mean(), 400, repeats=2000)
    assert limits.se[0] == pytest.approx(values.std() / 20, rel=0.06)
    assert limits.lower[0] < values.mean() < limits.upper[0]


def test_a_model_is_fitted_once_a_resample_for_all_horizons(monkeypatch):
    rng = np.random.default_rng(4)
    x, time, event = rng.normal(size=(60, 2)), rng.exponential(20, 60), rng.random(60) < 0.7
    fits = []
    monkeypatch.setattr(reclassification_limits, "cox", lambda *arrays: fits.append(1) or cox(*arrays))
    model = reclassification_limits.RefittedModel(x, time, event)
    rows = rng.integers(0, 60, 60)
    alone = cox(x[rows], time[rows], event[rows]).survival(x[rows], np.array([5.0, 9.0])).survival
    for column, horizon in enumerate((5.0, 9.0)):
        assert np.array_equal(model.risk(horizon)(rows), 1 - alone[:, column])
    assert len(fits) == 1
    for _ in range(2):  # patients of whom none had the event
        with pytest.raises(InputError, match="event"):
            model.risk(0.001)(np.flatnonzero(~event))
    assert len(fits) == 2


def test_bootstrap_limits_are_percentiles_of_the_statistic_on_drawn_rows() -> None:
    values = np.random.default_rng(1).normal(size=30)
    seen = []

    def statistic(rows: np.ndarray) -> list[float]:
        seen.append(rows)
        if len(seen) % 2 == 0 and len(seen) < 40:
            raise InputError("no case.")
        return [values[rows].mean(), values[rows].max()]

    found = bootstrap_limits(statistic, 30, repeats=40, seed=4, level=0.8)
    rng = np.random.default_rng(4)
    assert all(np.array_equal(rows, rng.integers(0, 30, 30)) for rows in seen)
    kept = [rows for at, rows in enumerate(seen, 1) if at % 2 or at == 40]
    sample = np.array([[values[rows].mean(), values[rows].max()] for rows in kept])
    assert (found.used, found.repeats) == (21, 40) == (len(kept), len(seen))
    assert found.se == pytest.approx(sample.std(axis=0, ddof=1))
    assert (found.lower, found.upper) == (
        pytest.approx(np.quantile(sample, 0.1, axis=0)), pytest.approx(np.quantile(sample, 0.9, axis=0))
    )  # fmt: skip


def test_a_statistic_that_exists_in_half_of_the_resamples_has_no_limits() -> None:
    at = iter(range(20))

    def every_other(rows: np.ndarray) -> float:
        if next(at) % 2:
            raise InputError("no case.")
        return 1.0

    with pytest.raises(InputError, match="does not exist in most resamples"):
        bootstrap_limits(every_other, 10, repeats=20)


def test_a_resample_must_be_followed_to_the_horizon() -> None:
    model = reclassification_limits.RefittedModel(np.arange(6.0)[:, None], [3.0, 1, 4, 6, 2, 5], np.ones(6))
    with pytest.raises(InputError, match=r"horizon 4\.5 is beyond the follow-up of this resample"):
        model.risk(4.5)(np.array([0, 1, 2, 4]))
    assert model.risk(4.0)(np.array([0, 1, 2, 4])).shape == (4,)


def test_a_median_between_two_grid_points_is_their_middle() -> None:
    """Where exactly half lies above some grid points, the middle of these; else of the points on either side."""
    above = np.linspace(1, 0, _GRID.size)
    above[700:800], above[800:] = 0.5, np.linspace(0.49, 0, _GRID.size - 800)
    above[:700] = np.linspace(1, 0.51, 700)
    assert _median(above) == pytest.approx((_GRID[700] + _GRID[799]) / 2)
    above[700:800] = np.linspace(0.505, 0.495, 100)
    assert _median(above) == pytest.approx((_GRID[749] + _GRID[750]) / 2)
