"""Survival of a patient with unknown covariates: the known case, the average, and whether its limits cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.cox import CoxModel, cox
from LABCRadiomicsLib.statistics.unknown_covariates import (
    CovariateDistribution,
    _quantile,
    _survival_quantile,
    covariate_distribution,
    possibilities,
    survival_with_unknown,
)
from r_reference import columns, gbsg2
from survival_cohorts import follow_up

NAMES = ["age", "tsize", "pnodes", "horTh1", "grade2", "grade3"]
GROUPS = ((3,), (4, 5))


def _gbsg2() -> tuple[np.ndarray, CoxModel, CovariateDistribution]:
    x = columns(gbsg2(), NAMES)
    return x, cox(x, *follow_up()), covariate_distribution(x, GROUPS)


def _predict(model: CoxModel, distribution: CovariateDistribution, row: np.ndarray):
    parts = possibilities(distribution, row)
    return survival_with_unknown(parts, model.coef, model.covariance, model.center, model.baseline, [24, 60])


def test_with_nothing_unknown_it_is_the_usual_prediction() -> None:
    x, model, distribution = _gbsg2()
    usual, ours = model.survival(x[:1], [24, 60]), _predict(model, distribution, x[0])
    for name in ("survival", "se", "lower", "upper"):
        assert getattr(ours, name) == pytest.approx(getattr(usual, name), rel=1e-9)


def test_an_unknown_number_is_averaged_over_its_conditional_distribution() -> None:
    x, model, distribution = _gbsg2()
    row = x[5].copy()
    row[1] = np.nan
    (part,) = possibilities(distribution, row)
    known = np.delete(np.arange(6), 1)
    regression = np.linalg.lstsq(np.c_[np.ones(686), x[:, known]], x[:, 1])[0]
    assert part.mean[1] == pytest.approx(regression @ np.append(1, row[known]))
    residual = x[:, 1] - np.c_[np.ones(686), x[:, known]] @ regression
    assert part.covariance[1, 1] == pytest.approx(residual @ residual / 685)
    drawn = np.repeat(row[None], 20_000, axis=0)
    drawn[:, 1] = np.random.default_rng(0).normal(part.mean[1], np.sqrt(part.covariance[1, 1]), 20_000)
    assert _predict(model, distribution, row).survival[0] == pytest.approx(
        model.survival(drawn, [24, 60]).survival.mean(axis=0), abs=2e-4
    )


def test_unknown_categories_are_mixed_by_their_chances() -> None:
    x, model, distribution = _gbsg2()
    row = x[5].copy()
    row[[3, 4, 5]] = np.nan
    parts = possibilities(distribution, row)
    assert sum(part.weight for part in parts) == pytest.approx(1)
    # Many nodes and a large tumor: the linear chance of grade I is below 0, so that it is none.
    assert {tuple(part.mean[3:]) for part in parts} == {(h, *g) for h in (0, 1) for g in ((1, 0), (0, 1))}
    by_hand = sum(part.weight * model.survival(part.mean[None], [24, 60]).survival[0] for part in parts)
    found = _predict(model, distribution, row)
    assert found.survival[0] == pytest.approx(by_hand)
    # Nothing known: the chances are the cohort's shares.
    nothing = possibilities(distribution, np.full(6, np.nan))
    assert sum(p.weight for p in nothing if p.mean[3] == 1) == pytest.approx(x[:, 3].mean())
    assert sum(p.weight for p in nothing if p.mean[5] == 1) == pytest.approx(x[:, 5].mean(), abs=0.02)


def test_less_known_is_wider() -> None:
    x, model, distribution = _gbsg2()
    widths = []
    for gaps in ([], [1], [1, 2], [1, 2, 4, 5]):
        row = x[7].copy()
        row[gaps] = np.nan
        found = _predict(model, distribution, row)
        assert found.lower[0, 1] < found.survival[0, 1] < found.upper[0, 1]
        widths.append(found.upper[0, 1] - found.lower[0, 1])
    assert widths == sorted(widths) and widths[-1] > 1.3 * widths[0]


@pytest.mark.slow
def test_limits_cover_with_three_covariates_in_ten_missing_at_random() -> None:
    """The patient's true survival, known to the simulation, lies within the 95% limits; and the average is right."""
    rng, hits, outcome, predicted = np.random.default_rng(2), [], [], []
    beta, horizon = np.array([0.5, 0.4, -0.6]), 0.5

    def patients(n: int) -> tuple[np.ndarray, np.ndarray]:
        shared = rng.normal(size=n)
        x = np.c_[0.6 * shared + 0.8 * rng.normal(size=n), 0.6 * shared + 0.8 * rng.normal(size=n)]
        return np.c_[x, rng.random(n) < 1 / (1 + np.exp(-shared))].astype(float), shared

    for _ in range(60):
        x, _ = patients(300)
        event_time, censored = rng.exponential(np.exp(-x @ beta)), rng.uniform(0.5, 3, 300)
        model = cox(x, np.minimum(event_time, censored), event_time <= censored)
        distribution = covariate_distribution(x, ((2,),))
        new, _ = patients(15)
        truth = np.exp(-horizon * np.exp(new @ beta))
        holes = rng.random(new.shape) < 0.3
        for row, gaps, true in zip(new, holes, truth, strict=True):
            parts = possibilities(distribution, np.where(gaps, np.nan, row))
            found = survival_with_unknown(parts, model.coef, model.covariance, model.center, model.baseline, [horizon])
            hits.append(found.lower[0, 0] <= true <= found.upper[0, 0])
            outcome.append(true)
            predicted.append(found.survival[0, 0])
    assert 0.925 <= np.mean(hits) <= 0.975
    assert np.mean(predicted) == pytest.approx(np.mean(outcome), abs=0.02)


@given(st.integers(0, 10_000), st.sampled_from([0.025, 0.5, 0.975]), st.sampled_from([0.05, 1.0, 5.0]))
def test_quantile_of_a_mixture_is_what_brent_finds(seed, share, apart) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 20))
    weights, means, sds = rng.dirichlet(np.ones(size)), rng.normal(0, apart, size), rng.exponential(1, size) + 0.01
    edges = float((means - 9 * sds).min()), float((means + 9 * sds).max())
    expected = optimize.brentq(lambda at: weights @ stats.norm.cdf(at, means, sds) - share, *edges, xtol=1e-14)
    parts = list(zip(weights.tolist(), means.tolist(), (sds * np.sqrt(2)).tolist(), strict=True))
    assert _quantile(parts, share, *edges) == pytest.approx(expected, abs=1e-9)


def test_quantile_of_a_mixture_of_points_is_the_point_that_holds_it() -> None:
    """Without width the share below is a staircase, on which Newton's steps lead nowhere."""
    parts = [(0.3, -2.0, 1e-12), (0.5, 0.25, 1e-12), (0.2, 3.0, 1e-12)]
    found = [_quantile(parts, share, -2.5, 3.5) for share in (0.1, 0.6, 0.9)]
    assert found == pytest.approx([-2.0, 0.25, 3.0], abs=1e-10)
    for share, center in ((0.2, -1.0), (0.4, 0.5)):  # of two points the one that holds the share
        survival = _survival_quantile(np.array([0.7, 0.3]), np.array([0.5, -1.0]), np.zeros(2), share)
        assert survival == pytest.approx(np.exp(-np.exp(center)))


def test_imputed_tables_give_one_distribution() -> None:
    x = columns(gbsg2(), NAMES)
    one, two = covariate_distribution(x, GROUPS), covariate_distribution(np.array([x, x]), GROUPS)
    assert two.covariance == pytest.approx(one.covariance) and two.mean == pytest.approx(one.mean)
    assert one.covariance == pytest.approx(np.cov(x, rowvar=False))


def test_it_needs_no_scipy(fresh_python) -> None:
    code = "import sys, LABCRadiomicsLib.statistics.unknown_covariates; print('scipy' in sys.modules)"
    assert fresh_python(code).strip() == "False"


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda d: possibilities(d, [1.0, 2.0]), "covariates must have 6 values"),
        (lambda d: possibilities(d, [1, 2, 3, 0, np.nan, 0]), r"covariates \[4, 5\] are one category"),
        (lambda d: possibilities(d, [np.inf, 2, 3, 0, 0, 0]), "covariates has infinite values"),
        (lambda d: covariate_distribution([[1.0, np.nan], [2, 3]]), "covariates must be a table"),
        (lambda d: covariate_distribution(np.eye(3), ((7,),)), "categories names columns"),
    ],
)
def test_bad_input(compute, message) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        compute(_gbsg2()[2])


def test_where_a_level_has_no_survival_left_or_all_of_it_there_are_no_limits() -> None:
    x, model, distribution = _gbsg2()
    row = x[0].copy()
    row[3] = np.nan
    parts = possibilities(distribution, row)
    found = survival_with_unknown(parts, model.coef, model.covariance, model.center, model.baseline, [0.01, 60])
    assert found.survival[0, 0] == 1 and np.isnan([found.lower[0, 0], found.upper[0, 0]]).all()
    assert found.lower[0, 1] < found.survival[0, 1] < found.upper[0, 1]
    deadly = np.where(np.arange(6) == 3, 60.0, model.coef)
    hopeless = survival_with_unknown(parts, deadly, model.covariance, model.center, model.baseline, [60])
    assert hopeless.survival[0, 0] == pytest.approx(sum(part.weight for part in parts if part.mean[3] == 0))
    assert np.isnan([hopeless.lower[0, 0], hopeless.upper[0, 0]]).all()


def test_two_patients_have_a_distribution_and_the_first_column_may_be_a_category() -> None:
    rows = np.array([[0.0, 3], [1, 5]])
    found = covariate_distribution(rows, [[0]])
    assert found.mean.tolist() == [0.5, 4] and found.covariance == pytest.approx(np.cov(rows.T))
    assert found.categories == ((0,),)
    other = np.array([[0.0, 5], [1, 5]])
    imputed, whole = covariate_distribution(np.array([rows, other])), np.vstack((rows, other))
    assert imputed.covariance == pytest.approx(np.cov(whole.T, ddof=0) * 2)
    for column in (-1, 2):
        with pytest.raises(InputError, match="categories names columns that covariates, with 2, does not have"):
            covariate_distribution(rows, [[column]])


@pytest.mark.parametrize(("categories", "levels", "parts"), [(6, 2, 64), (7, 2, 64), (3, 4, 64), (4, 4, 64), (2, 9, 9)])
def test_sixty_four_combinations_are_told_apart_and_no_more(categories, levels, parts) -> None:
    rng = np.random.default_rng(categories)
    drawn = rng.integers(0, levels, (400, categories))
    rows = np.hstack([drawn[:, [at]] == np.arange(1, levels) for at in range(categories)]).astype(float)
    groups = [tuple(range(at * (levels - 1), (at + 1) * (levels - 1))) for at in range(categories)]
    distribution = covariate_distribution(rows, groups)
    found = possibilities(distribution, np.full(rows.shape[1], np.nan))
    assert len(found) == parts and sum(part.weight for part in found) == pytest.approx(1)
