"""Small inputs with what R printed for them, and the limits at which a statistic is refused or cut."""

import numpy as np
import pytest
from scipy import integrate, stats

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.calibration import calibration_groups
from LABCRadiomicsLib.statistics.concordance import harrell_c, harrell_c_of_columns
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.firth import firth_cox
from LABCRadiomicsLib.statistics.imputation import impute
from LABCRadiomicsLib.statistics.individual_survival import survival_limits
from LABCRadiomicsLib.statistics.joint_distance import joint_distance
from LABCRadiomicsLib.statistics.linear_models import fit_linear_models
from LABCRadiomicsLib.statistics.moderated_t import (
    _winsorized_moments,
    moderated_t,
    moderated_t_beyond,
    variance_prior,
)
from LABCRadiomicsLib.statistics.numbers_at_risk import month_ticks, numbers_at_risk
from LABCRadiomicsLib.statistics.sample_size import validation_size
from LABCRadiomicsLib.statistics.slope import recalibrate_slope
from LABCRadiomicsLib.statistics.two_groups import compare_groups
from training_data import simulated

VARIANCES = np.array([0.2, 0.5, 0.9, 1.3, 0.4, 0.7, 1.1, 25, 0.6, 0.8, 0.3, 1.6, 2.4, 0.05, 0.95, 1.05])


@pytest.mark.parametrize(
    ("variance", "df", "prior_df", "prior_variance"),
    [
        (VARIANCES, 5, 2.49537768110902, 0.625424442412371),
        (VARIANCES, np.tile([3, 6], 8), 2.8627752963471, 0.706901813467217),
        ([1, 1.01, 0.99, 1.02, 1.0], 4, np.inf, 1.004),
        ([0, 0, 0, 2, 1e-9], 4, 0.378848250184375, 2.99290285018624e-06),
    ],
    ids=["one df", "two dfs", "alike", "mostly zero"],
)
def test_prior_of_variances_is_limmas(variance, df, prior_df, prior_variance):
    """``squeezeVar(v, df)`` of limma 3.54."""
    found = variance_prior(np.array(variance, float), df)
    assert (found.df, found.variance) == pytest.approx((prior_df, prior_variance), rel=1e-8)


def test_prior_with_a_trend_is_limmas():
    """``squeezeVar(v, 5, covariate = seq_along(v) / 4 + c(0, 0.1))``."""
    trend = np.arange(1, 17) / 4 + np.tile([0, 0.1], 8)
    found = variance_prior(VARIANCES, 5, trend=trend)
    assert found.df == pytest.approx(2.5002815992574, rel=1e-8)
    theirs = [0.246968969078187, 0.365531397214607, 0.429747540611167, 0.609073632665843, 0.695255199143161,
              0.896657590821094, 0.972287626384295, 1.08431386784772, 1.09284953080974, 1.01646349723215,
              0.95221358581448, 0.765849899368248, 0.681522077608219, 0.498787085787775, 0.43096023853984,
              0.302027561041069]  # fmt: skip
    assert found.variance == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize(("df1", "df2"), [(5.0, np.inf), (4.0, 7.0)])
def test_moments_of_held_back_log_ratios_are_their_integrals(df1, df2):
    ratio = stats.chi2(df1, scale=1 / df1) if np.isinf(df2) else stats.f(df1, df2)
    low, high = ratio.ppf([0.05, 0.9])

    def moment(power: int, center: float) -> float:
        middle = integrate.quad(lambda x: (np.log(x) - center) ** power * ratio.pdf(x), low, high, epsabs=1e-12)[0]
        return middle + 0.05 * (np.log(low) - center) ** power + 0.1 * (np.log(high) - center) ** power

    mean = moment(1, 0.0)
    assert _winsorized_moments(df1, df2) == pytest.approx((mean, moment(2, mean)), rel=1e-9)


def test_two_groups_of_different_size_are_compared_as_in_r():
    """``t.test`` with and without equal variances, ``wilcox.test``; the second variable has ties."""
    first = np.column_stack([[1.2, 3.4, 2.2, 5.1, 0.7, 2.9], [1, 2, 2, 3, 5, 8]])
    second = np.column_stack([[4.4, 3.9, 6.2, 5.0, np.nan], [2, 4, 4, 9, 9]])
    found = compare_groups(first, second)
    assert found.n_second.tolist() == [4, 5] and found.exact.tolist() == [True, False]
    assert (found.welch_t[0], found.welch_df[0], found.welch_p[0]) == pytest.approx(
        (-2.80131382330877, 7.99782856244289, 0.0231570866814359), rel=1e-10
    )
    assert found.student_p[0] == pytest.approx(0.0348277816175731, rel=1e-10)
    assert found.rank_sum.tolist() == [3, 8]
    assert found.wilcoxon_p == pytest.approx([0.0666666666666667, 0.228878184462567], rel=1e-10)


def test_limits_of_survival_stay_between_0_and_1():
    survival, error = np.array([0.95, 0.05, 0.5]), np.array([0.2, 3.0, 0.1])
    lower, upper = survival_limits(survival, error, level=0.95, limits="plain")
    assert lower == pytest.approx([0.95 * (1 - 1.959964 * 0.2), 0, 0.5 * (1 - 0.1959964)], rel=1e-6)
    assert upper == pytest.approx([1, 0.05 * (1 + 1.959964 * 3), 0.5 * (1 + 0.1959964)], rel=1e-6)
    lower, upper = survival_limits(survival, error, level=0.95, limits="log")
    assert upper[0] == 1 and upper[1] == 1 and lower == pytest.approx(survival * np.exp(-1.959964 * error), rel=1e-6)
    lower, upper = survival_limits(survival, error, level=0.9, limits="log-log")
    assert ((lower > 0) & (upper < 1)).all()


def test_slope_has_the_limits_of_its_cox_model():
    features, months, event = simulated(8, n=120, p=2, effects=(0.8, -0.5))
    found = recalibrate_slope(features, np.array([0.4, -0.25]), None, months, event)
    fitted = cox((features @ [0.4, -0.25])[:, None], months, event)
    assert (found.slope, found.se) == pytest.approx((fitted.coef[0], fitted.se[0]), rel=1e-12)
    reach = 1.959963984540054 * fitted.se[0]
    assert (found.lower, found.upper) == pytest.approx((found.slope - reach, found.slope + reach), rel=1e-9)
    assert found.coef == pytest.approx(found.slope * np.array([0.4, -0.25])) and found.covariance is None


def test_calibration_groups_may_be_of_two_patients_and_no_fewer():
    risk = np.array([0.1, 0.15, 0.3, 0.35, 0.6, 0.7])
    months, event = np.array([30.0, 40, 30, 12, 10, 30]), np.array([False, False, False, True, True, False])
    found = calibration_groups(risk, months, event, 24.0, n_groups=3)
    assert found.n.tolist() == [2, 2, 2] and found.observed == pytest.approx([0.5, 0.5, 1])
    assert found.predicted == pytest.approx([0.35, 0.675, 0.875])
    with pytest.raises(InputError, match="between 2 and half the number of patients, not 4"):
        calibration_groups(risk, months, event, 24.0, n_groups=4)
    with pytest.raises(InputError, match="too few distinct values"):
        calibration_groups(np.array([0.1, 0.1, 0.1, 0.35, 0.6, 0.7]), months, event, 24.0, n_groups=3)
    many = np.array([0.1] * 4 + [0.2, 0.3] + [0.4] * 4), np.arange(20.0, 40, 2), np.ones(10)
    with pytest.raises(InputError, match="too few distinct values"):  # a border that is also the end
        calibration_groups(*many, 30.0, n_groups=4)


@pytest.mark.parametrize("c_index", [0.5, 1.0, 0.3, 1.2])
def test_sample_size_needs_a_c_index_between_one_half_and_one(c_index):
    with pytest.raises(InputError, match=r"c_index must lie between 0\.5 and 1"):
        validation_size(0.3, c_index)


@pytest.mark.parametrize("scale", [1e6, 1.0, 1e-6])
def test_a_column_that_is_constant_but_for_rounding_is_refused_whatever_its_unit(scale):
    features, months, event = simulated(8, n=40, p=2, effects=(0.8,))
    features[:, 1] = scale * (1 + 1e-15 * np.sign(features[:, 1]))
    with pytest.raises(InputError, match="column 1 is constant among those at risk"):
        firth_cox(features, months, event)
    features[:, 1] = scale * (1 + 1e-3 * simulated(9, n=40, p=1)[0][:, 0])
    assert np.isfinite(firth_cox(features, months, event).coef).all()


def test_joint_distance_by_hand():
    covariance = np.array([[4.0, 3.0, 0.0], [3.0, 9.0, 0.0], [0.0, 0.0, 0.0]])
    rows = np.array([[1.0, 2, 5], [3, 2, 5], [1, 8, 7]])
    inverse = np.linalg.inv(covariance[:2, :2])
    expected = [np.sqrt(row @ inverse @ row) for row in rows[:, :2] - [1, 2]]
    assert joint_distance(rows, [1, 2, 5], covariance) == pytest.approx(expected)  # what does not vary does not count
    assert joint_distance(rows[1], [1, 2, 5], covariance) == pytest.approx(expected[1])
    twice = np.array([[1.0, 1.0], [1.0, 1.0]])  # one direction has no spread
    assert joint_distance([2.0, 2.0], [0, 0], twice) == pytest.approx(2)


def test_numbers_at_risk_at_the_ticks_of_the_axis():
    high, months = np.array([True, True, False, False]), np.array([3.0, 12, 6, 24])
    assert numbers_at_risk(high, months) == {
        "months": [0, 3, 6, 9, 12, 15, 18, 21, 24],
        "low": [2, 2, 2, 1, 1, 1, 1, 1, 1],
        "high": [2, 2, 1, 1, 1, 0, 0, 0, 0],
    }


@pytest.mark.parametrize(
    ("last", "step"), [(9, 1), (9.1, 3), (27, 3), (54, 6), (54.1, 12), (108, 12), (216, 24), (433, 96)]
)
def test_ticks_are_at_most_ten(last, step):
    ticks = month_ticks(last)
    assert ticks[0] == 0 and np.diff(ticks).tolist() == [step] * (ticks.size - 1)
    assert last - step < ticks[-1] <= last and ticks.size <= 10


def test_many_concordances_at_once_are_those_one_by_one():
    features, months, event = simulated(5, n=60, p=4, effects=(0.7,))
    months = np.ceil(months / 6) * 6  # ties of times
    features[:, 1] = np.round(features[:, 1])  # of markers
    features[3, 2] = np.nan
    found = harrell_c_of_columns(features, months, event)
    for at in range(4):
        known = ~np.isnan(features[:, at])
        assert found[at] == pytest.approx(harrell_c(features[known, at], months[known], event[known]).c, rel=1e-12)
    assert np.isnan(harrell_c_of_columns(features[:3], months[:3], np.zeros(3, bool))).all()


def test_moderated_tests_are_limmas():
    """``eBayes(lmFit(y, design))`` and ``treat(..., lfc = 0.5)`` of limma 3.54, second coefficient."""
    values = np.array([
        [1.2, 0.8, 1.9, 3.1, 2.7, 3.6], [5, 5.2, 4.9, 5.1, 5.3, 4.8], [0.1, 2.2, -1, 4, 6.1, 3.3],
        [2, 2.1, 1.8, 1.2, 1.1, 0.9],
    ])  # fmt: skip
    fits = fit_linear_models(values, np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]]))
    prior = variance_prior(fits.variance, fits.df)
    assert (prior.df, prior.variance) == pytest.approx((1.19415459036138, 0.0733682798040257), rel=1e-8)
    found = moderated_t(fits, 1, prior)
    assert found.t == pytest.approx([4.84783002086742, 0.1821403447648, 3.62959596194508, -5.90568935956786], rel=1e-8)
    theirs = [0.00422964958897131, 0.862368933202158, 0.0141003542643662, 0.00173959402143913]
    assert found.p == pytest.approx(theirs, rel=1e-7) and found.df == pytest.approx([5.19415459036138] * 4, rel=1e-8)
    beyond = moderated_t_beyond(fits, 1, prior, 0.5)
    assert beyond.t == pytest.approx([3.52569456063085, 0, 3.17964604930726, -2.62475082647461], rel=1e-8)
    theirs = [0.00860337271707605, 0.99113057899079, 0.0160475049089442, 0.0226668476997511]
    assert beyond.p == pytest.approx(theirs, rel=1e-7)


def test_linear_models_need_a_degree_of_freedom_and_one_is_enough():
    """``lm(y ~ x)`` of three patients, one of whom is missing in the second variable."""
    design = np.column_stack([np.ones(3), [0.0, 1, 2]])
    fits = fit_linear_models(np.array([[1.0, 2, 4], [1, np.nan, 4]]), design)
    assert fits.df.tolist() == [1, 0] and fits.variance[0] == pytest.approx(1 / 6)
    assert np.isnan(fits.variance[1]) and fits.coefficients[0] == pytest.approx([5 / 6, 1.5])
    with pytest.raises(InputError, match="design has 3 columns for 3 patients"):
        fit_linear_models(np.ones((1, 3)), np.eye(3))


def test_covariance_of_a_recalibrated_slope_of_one_covariate_is_that_of_its_new_fit():
    """With one covariate the slope re-estimates it, so nothing of the old uncertainty is left."""
    features, months, event = simulated(8, n=120, p=1, effects=(0.8,))
    found = recalibrate_slope(features + 40, np.array([0.4]), np.array([[5.0]]), months, event)
    fitted = cox(features, months, event)
    assert found.coef == pytest.approx(fitted.coef, rel=1e-6)
    assert found.covariance == pytest.approx(fitted.covariance, rel=1e-6)


def test_imputed_tables_differ_as_much_as_their_means_are_uncertain():
    """Half of a variable missing: means of tables vary with 0.5² (1/100 + 1/100) of the residual variance 1."""
    rng = np.random.default_rng(3)
    known = rng.normal(size=200)
    values = known + rng.normal(size=200)
    values[::2] = np.nan
    tables = impute(np.column_stack([known, values]), ("number", "number"), repeats=60, cycles=2, seed=1)
    assert np.array_equal(tables[:, 1::2, 1], np.tile(values[1::2], (60, 1)))
    assert 0.045 < tables[:, :, 1].mean(axis=1).std() < 0.11
    slope = [np.polyfit(table[:, 0], table[:, 1], 1)[0] for table in tables]
    assert np.mean(slope) == pytest.approx(1, abs=0.25) and 0.03 < np.std(slope) < 0.15


def test_covariance_of_a_recalibrated_slope_is_the_delta_methods():
    """The new coefficients' derivative by the old ones, by finite differences, carries the old covariance over."""
    features, months, event = simulated(9, n=150, p=3, effects=(0.8, -0.4, 0.3))
    coef, old = np.array([0.5, -0.3, 0.4]), np.diag([0.02, 0.05, 0.03]) + 0.01
    found = recalibrate_slope(features, coef, old, months, event)
    step = 1e-5
    moved = [
        [recalibrate_slope(features, coef + side * step * unit, None, months, event).coef for side in (1, -1)]
        for unit in np.eye(3)
    ]
    jacobian = np.array([(up - down) / (2 * step) for up, down in moved]).T
    along = found.se**2 * np.outer(coef, coef)  # the slope's own uncertainty
    assert found.covariance == pytest.approx(along + jacobian @ old @ jacobian.T, rel=1e-5)
    assert (found.lower, found.upper) == pytest.approx(found.slope + np.array([-1, 1]) * 1.959963984540 * found.se)
