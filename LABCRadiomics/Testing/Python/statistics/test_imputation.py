"""Chained equations against mice, Rubin's rules, and whether intervals cover with values missing at random."""

import numpy as np
import pytest
from scipy import stats

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.imputation import impute, nelson_aalen, pool, pooled_covariance
from r_reference import table
from r_rows import Pairs, equal_to_r, row
from survival_cohorts import follow_up_of

KINDS = ("number", "binary", "category", "number", "number", "number")


@row("Rubin's rules, degrees of freedom, missing information", "pool", "mice::pool.scalar")
def _rubin() -> Pairs:
    reference = table("imputation_rubin")
    estimates, variances = [[0.51], [0.62], [0.44], [0.58], [0.55]], [[0.031], [0.028], [0.035], [0.03], [0.029]]
    pairs = []
    for at, complete in enumerate((np.inf, 56)):
        found = pool(estimates, variances, complete_df=complete)
        ours = [found.value[0], found.se[0] ** 2, found.df[0], found.missing_information[0]]
        pairs.append((ours, [reference[name][at] for name in ("qbar", "t", "df", "fmi")]))
    return pairs


@row("Nelson-Aalen hazard of each patient", "nelson_aalen", "survival::survfit")
def _nelson_aalen() -> Pairs:
    return [(nelson_aalen(*follow_up_of("lung")), table("imputation_nelson_aalen")["hazard"])]


test_equal_to_r = equal_to_r(__name__)


def _design(filled: np.ndarray) -> np.ndarray:
    """The covariates of the Cox model: a category as indicators."""
    return np.c_[filled[:, :2], filled[:, [2]] == 1, filled[:, [2]] == 2, filled[:, 3:]]


def test_pooled_cox_model_is_that_of_mice() -> None:
    """Lung cancer, a fifth of the values missing: within the error of two sets of random imputations."""
    data, reference = table("imputation_lung_data"), table("imputation_lung_cox")
    names = ("age", "sex", "ecog", "pat.karno", "meal.cal", "wt.loss")
    values = np.column_stack([data[name] for name in names])
    outcome = np.c_[data["event"], nelson_aalen(data["time"], data["event"])]
    filled = impute(values, KINDS, auxiliary=outcome, repeats=40, cycles=5, seed=1)
    models = [cox(_design(one), data["time"], data["event"]) for one in filled]
    pooled = pool([m.coef for m in models], [m.se**2 for m in models])
    assert np.abs((pooled.value - reference["estimate"]) / reference["se"]).max() < 0.35
    assert pooled.se == pytest.approx(reference["se"], rel=0.12)
    covariance = pooled_covariance([m.coef for m in models], [m.covariance for m in models])
    assert np.sqrt(np.diag(covariance)) == pytest.approx(pooled.se)


def test_observed_values_stay_and_the_seed_repeats() -> None:
    rng = np.random.default_rng(0)
    values = np.c_[rng.normal(50, 9, 60), rng.integers(0, 2, 60), rng.integers(0, 4, 60)].astype(float)
    holes = rng.random(values.shape) < 0.3
    values[holes] = np.nan
    kinds = ("number", "binary", "category")
    filled = impute(values, kinds, repeats=3, cycles=3, seed=5)
    assert filled.shape == (3, 60, 3) and not np.isnan(filled).any()
    for one in filled:
        assert np.array_equal(one[~holes], values[~holes])
        for j in range(3):  # only values that were seen
            assert set(one[:, j]) <= set(values[~holes[:, j], j])
    assert np.array_equal(filled, impute(values, kinds, repeats=3, cycles=3, seed=5))
    assert not np.array_equal(filled[0], filled[1])
    complete = impute(np.nan_to_num(values), kinds, repeats=2)
    assert np.array_equal(complete[0], complete[1])


@pytest.mark.parametrize("kind", ["binary", "category"])
def test_where_one_level_was_seen_it_is_imputed(kind) -> None:
    values = np.c_[np.ones(30), np.arange(30.0)]
    values[::4, 0] = np.nan
    filled = impute(values, (kind, "number"), repeats=2, seed=1)
    assert np.array_equal(filled, np.broadcast_to(np.c_[np.ones(30), np.arange(30.0)], (2, 30, 2)))


def test_a_separated_category_does_not_break_the_imputation() -> None:
    x = np.linspace(-5, 5, 60)
    values = np.c_[x > 0, x].astype(float)
    values[::7, 0] = np.nan
    filled = impute(values, ("binary", "number"), repeats=20, seed=2)[:, ::7, 0]
    assert (filled == (x[::7] > 0)).mean() > 0.9


@pytest.mark.slow
def test_intervals_cover_with_three_values_in_ten_missing_at_random() -> None:
    """Cox coefficients of a number (missing by the other covariate and the event) and a binary one."""
    rng, truth, hits, bias = np.random.default_rng(3), np.array([0.5, -0.7]), [], []
    for _ in range(80):
        x = rng.normal(size=200)
        b = (rng.random(200) < 1 / (1 + np.exp(-x))).astype(float)
        event_time, censored = rng.exponential(np.exp(-0.5 * x + 0.7 * b)), rng.exponential(1.5, size=200)
        time, event = np.minimum(event_time, censored), event_time < censored
        values = np.c_[x, b]
        values[rng.random(200) < 0.15 + 0.3 * event, 0] = np.nan
        values[rng.random(200) < 0.3, 1] = np.nan
        outcome = np.c_[event, nelson_aalen(time, event)]
        filled = impute(
            values, ("number", "binary"), auxiliary=outcome, repeats=10, cycles=5, seed=int(rng.integers(1e9))
        )
        models = [cox(one, time, event) for one in filled]
        pooled = pool([m.coef for m in models], [m.se**2 for m in models], complete_df=event.sum() - 2)
        hits.append((pooled.lower <= truth) & (truth <= pooled.upper))
        bias.append(pooled.value - truth)
    assert np.all(np.mean(hits, axis=0) > 0.88)
    assert np.abs(np.mean(bias, axis=0)).max() < 0.1


GOOD = np.array([[1.0, 0.0], [2.0, 1.0], [np.nan, 1.0]])


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: impute(GOOD, ("number",)), "values must have one column for each of the 1 kinds"),
        (lambda: impute(GOOD, ("number", "text")), r"kinds\[1\] must be one of"),
        (lambda: impute(GOOD, ("binary", "binary")), "values column 0 is binary but holds"),
        (lambda: impute(GOOD / 4, ("category", "number")), "values column 0 is a category but holds"),
        (lambda: impute(GOOD * [np.nan, 1], ("number", "number")), "values column 0 is wholly missing"),
        (lambda: impute(np.where(GOOD == 2, np.inf, GOOD), ("number", "number")), "values has infinite"),
        (lambda: impute(GOOD, ("number", "binary"), auxiliary=GOOD), "auxiliary has missing values"),
        (lambda: impute(GOOD, ("number", "binary"), repeats=0), "repeats must be at least 1"),
        (lambda: impute([["a", 1]], ("number", "number")), "values must be numbers"),
        (lambda: pool([[1.0]], [[1.0]]), "estimates and variances need one row for each of at least two"),
        (lambda: pool([[1.0], [2.0]], [[1.0], [-1.0]]), "variances must not be negative"),
        (lambda: pooled_covariance([[1.0], [2.0]], np.ones((2, 2, 2))), "covariances must be 2 finite matrices"),
    ],
)
def test_bad_input(compute, message) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        compute()


def test_estimates_are_joined_column_by_column_with_their_limits() -> None:
    """Rubin's rules by hand; the second estimate is the same in all tables, the third is known exactly in each."""
    estimates = np.array([[1.0, 2, 3], [1.4, 2, 5], [0.8, 2, 4]])
    variances = np.array([[0.2, 0.1, 0], [0.25, 0.1, 0], [0.3, 0.1, 0]])
    found, small = pool(estimates, variances), pool(estimates, variances, complete_df=40, level=0.9)
    assert found.value == pytest.approx([1.06666666666667, 2, 4])
    assert found.se == pytest.approx([0.61191865835619, np.sqrt(0.1), np.sqrt(4 / 3)])
    assert found.df == pytest.approx([18.10730229591837, np.inf, 2])
    assert found.missing_information == pytest.approx([0.39560722822081, 0, 1])
    assert small.df[0] == pytest.approx(10.58230835548056) and small.df[1] == pytest.approx(41 / 43 * 40)
    assert small.missing_information[:2] == pytest.approx([0.43065677862424, 0])
    for pooled, level, known in ((found, 0.95, 3), (small, 0.9, 2)):  # of the third of few nothing is left to know
        reach = (stats.t.ppf((1 + level) / 2, pooled.df) * pooled.se)[:known]
        assert (pooled.value - pooled.lower)[:known] == pytest.approx(reach)
        assert (pooled.upper - pooled.value)[:known] == pytest.approx(reach)
    assert pool([[0.0], [0]], [[0.0], [0]]).missing_information[0] == 0


def test_a_separated_level_is_drawn_almost_as_often_as_it_is_likely() -> None:
    """A number that decides a binary variable: what is unknown follows it, both ways."""
    rng = np.random.default_rng(5)
    number = rng.normal(size=300)
    binary = (number > 0).astype(float)
    binary[:60] = np.nan
    filled = impute(np.c_[number, binary], ("number", "binary"), repeats=10, seed=3)
    for table_ in filled:
        assert np.array_equal(table_[60:], np.c_[number, binary][60:])
    clear = np.abs(number[:60]) > 0.5
    assert (filled[:, :60, 1] == (number[:60] > 0))[:, clear].mean() > 0.97


def test_a_number_that_another_one_decides_is_imputed_next_to_its_line() -> None:
    """Predictive mean matching takes one of the five nearest, by coefficients as uncertain as residuals are wide."""
    rng = np.random.default_rng(6)
    known = np.sort(rng.uniform(0, 10, 400))
    values = 3 * known + rng.normal(0, 0.1, 400)
    truth, holes = values.copy(), rng.random(400) < 0.2
    values[holes] = np.nan
    filled = impute(np.c_[known, values], ("number", "number"), repeats=5, seed=2)[:, holes, 1]
    assert np.abs(filled - truth[holes]).max() < 1.5 and np.abs(filled - truth[holes]).mean() < 0.3
    assert np.isin(filled, values[~holes]).all()


def test_two_incomplete_columns_take_turns_and_one_needs_no_second_turn() -> None:
    rng = np.random.default_rng(8)
    values = rng.normal(size=(60, 3)) + rng.normal(size=(60, 1))
    values[:20, 0] = np.nan
    kinds = ("number",) * 3
    once, often = (impute(values, kinds, repeats=2, cycles=cycles, seed=1) for cycles in (1, 6))
    assert np.array_equal(once, often)
    values[10:30, 1] = np.nan
    once, often = (impute(values, kinds, repeats=2, cycles=cycles, seed=1) for cycles in (1, 6))
    assert not np.array_equal(once, often)
