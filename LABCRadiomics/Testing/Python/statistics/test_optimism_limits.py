"""Limits of corrected values: the two algorithms of Noma et al., and whether they cover what they are limits of."""

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.optimism_limits import location_shifted_limits, two_part_limits, two_stage_limits


def test_the_percentiles_move_by_the_correction() -> None:
    rng = np.random.default_rng(0)
    values = np.c_[rng.normal(0.8, 0.05, 999), rng.normal(1.0, 0.2, 999)]
    values[::3, 1] = np.nan
    found = location_shifted_limits(values, [0.78, 1.0], [0.7, 0.6])
    assert found.lower[0] == pytest.approx(np.quantile(values[:, 0], 0.025) - 0.08)
    assert found.upper[1] == pytest.approx(np.nanquantile(values[:, 1], 0.975) - 0.4)
    assert found.used.tolist() == [999, 666] and found.repeats == 999
    centered = location_shifted_limits(values, [0.78, 1.0], [0.7, 0.6], centered=True)
    assert (centered.upper - centered.lower) == pytest.approx(found.upper - found.lower)
    assert centered.lower[0] == pytest.approx(np.quantile(values[:, 0], 0.025) - values[:, 0].mean() + 0.7)


def test_two_parts_add_as_variances() -> None:
    across = np.c_[np.tile([0.6, 0.8], 50), np.full(100, np.nan)]
    found = two_part_limits([0.7, 0.5], [0.05, 0.1], across)
    assert found.upper[0] - 0.7 == pytest.approx(1.959964 * np.hypot(0.05, across[:, 0].std(ddof=1)), rel=1e-6)
    assert found.lower[0] + found.upper[0] == pytest.approx(1.4)
    assert np.isnan(found.lower[1]) and found.used.tolist() == [100, 0]


def test_few_resamples_give_no_limits() -> None:
    values = np.full((50, 1), np.nan)
    values[:5] = 0.7
    found = location_shifted_limits(values, 0.7, 0.6)
    assert np.isnan(found.lower[0]) and found.used[0] == 5


def test_two_stages_resample_the_correction() -> None:
    """A correction that takes a tenth off the mean has limits a tenth below those of the mean; cohorts may fail."""
    values = np.random.default_rng(1).normal(5, 1, 60)
    seen = []

    def correct(rows: np.ndarray, seed: int) -> list[float]:
        seen.append(seed)
        if len(seen) % 20 == 0:
            raise InputError("too few events.")
        return [values[rows].mean() - 0.1]

    found = two_stage_limits(correct, 60, repeats=400, seed=3)
    error = values.std() / np.sqrt(60)
    assert found.lower[0] == pytest.approx(values.mean() - 0.1 - 1.96 * error, abs=0.06)
    assert found.upper[0] == pytest.approx(values.mean() - 0.1 + 1.96 * error, abs=0.06)
    assert found.used[0] == 380 and found.repeats == 400 == len(set(seen))


@pytest.mark.slow
def test_limits_cover_the_c_of_the_model_on_new_patients() -> None:
    """Ten covariates, 100 patients: what the usual limits of C on the apparent value do not cover."""
    rng, hits, naive = np.random.default_rng(5), [], []
    beta = np.r_[0.6, -0.4, np.zeros(8)]

    def cohort(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        x = rng.normal(size=(n, 10))
        time, censored = rng.exponential(np.exp(-x @ beta)), rng.uniform(0.3, 1.5, n)
        return x, np.minimum(time, censored), time <= censored

    def c_of(coef: np.ndarray, x: np.ndarray, time: np.ndarray, event: np.ndarray) -> float:
        return harrell_c(x @ coef, time, event).c

    new = cohort(5000)
    for _ in range(40):
        x, time, event = cohort(100)
        coef = cox(x, time, event).coef
        usual, across, optimism, errors = harrell_c(x @ coef, time, event), [], [], []
        for _ in range(40):
            rows = rng.integers(0, 100, 100)
            left = np.setdiff1d(np.arange(100), rows)
            fitted = cox(x[rows], time[rows], event[rows]).coef
            across.append([c_of(fitted, x, time, event)])
            optimism.append(c_of(fitted, x[rows], time[rows], event[rows]) - across[-1][0])
            errors.append(harrell_c(x[left] @ fitted, time[left], event[left]).se * np.sqrt(left.size / 100))
        found = two_part_limits(usual.c - np.mean(optimism), np.mean(errors), across)
        truth = c_of(coef, *new)
        hits.append(found.lower[0] <= truth <= found.upper[0])
        naive.append(usual.lower <= truth <= usual.upper)
    assert np.mean(hits) >= 0.85 > np.mean(naive) + 0.1


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: location_shifted_limits([0.5, 0.6], 0.5, 0.5), "resampled must have one row a resample and 1"),
        (lambda: location_shifted_limits([[0.5], [0.6]], 0.5, [0.5, 0.6]), "corrected has 2 values where 1"),
        (lambda: two_part_limits([0.5], [-0.1], [[0.5]]), "measuring_se must not be negative"),
        (lambda: two_part_limits([0.5], [0.1], [0.5]), "across must have one row a resample and 1"),
        (lambda: two_stage_limits(lambda rows, seed: [1.0], 50, repeats=2), "repeats must be at least 10"),
    ],
)
def test_bad_input(compute, message) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        compute()


@pytest.mark.parametrize("used", [9, 10])
def test_limits_take_ten_resamples(used) -> None:
    values = np.full((50, 1), np.nan)
    values[:used, 0] = np.linspace(0.6, 0.8, used)
    shifted, parts = location_shifted_limits(values, 0.7, 0.6), two_part_limits([0.7], [0.05], values)
    assert np.isfinite([shifted.lower[0], shifted.upper[0], parts.lower[0], parts.upper[0]]).all() == (used == 10)
    assert np.isnan([shifted.lower[0], parts.upper[0]]).any() == (used == 9)
