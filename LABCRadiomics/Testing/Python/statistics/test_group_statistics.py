"""Statistics of many variables and of groups: laws, and small cases counted by hand. R's values are in
test_associations_against_r.py."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.correlation import correlation_map
from LABCRadiomicsLib.statistics.kolmogorov_smirnov import kolmogorov_smirnov
from LABCRadiomicsLib.statistics.linear_models import fit_linear_models
from LABCRadiomicsLib.statistics.moderated_t import VariancePrior, moderated_t, trigamma_inverse, variance_prior
from LABCRadiomicsLib.statistics.permanova import permanova
from LABCRadiomicsLib.statistics.sample_weights import sample_weights
from LABCRadiomicsLib.statistics.two_groups import column_quantiles, compare_groups

tied = st.lists(st.integers(0, 4), min_size=2, max_size=6)


def by_counting(first, second):
    """Share of the ways to split the pooled values with a distance at least as large."""
    pooled, n = np.array([*first, *second]), len(first)

    def distance(chosen):
        inside = np.zeros(pooled.size, dtype=bool)
        inside[list(chosen)] = True
        at = np.unique(pooled)[:, None]
        return round(float(np.abs((pooled[inside] <= at).mean(axis=1) - (pooled[~inside] <= at).mean(axis=1)).max()), 9)

    observed = distance(range(n))
    all_ways = [distance(chosen) for chosen in combinations(range(pooled.size), n)]
    return observed, np.mean([one >= observed for one in all_ways])


@given(tied, tied)
@settings(max_examples=60, deadline=None)
def test_kolmogorov_smirnov_is_the_share_of_all_splits(first, second):
    found = kolmogorov_smirnov(np.array(first, float), np.array(second, float))
    distance, p = by_counting(first, second)
    assert found.distance == pytest.approx(distance, abs=1e-9) and found.p == pytest.approx(p, rel=1e-10)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_wilcoxon_is_that_of_scipy_with_and_without_ties_and_missing_values(seed):
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(int(generator.integers(5, 30)), 6)).round(int(generator.integers(0, 6)))
    values[generator.random(values.shape) < 0.1] = np.nan
    cut = int(generator.integers(2, values.shape[0] - 1))
    found = compare_groups(values[:cut], values[cut:])
    for at in range(6):
        first, second = (part[np.isfinite(part)] for part in (values[:cut, at], values[cut:, at]))
        if not first.size or not second.size or np.ptp(np.concatenate((first, second))) == 0:
            assert np.isnan(found.wilcoxon_p[at])
            continue
        pooled = np.concatenate((first, second))
        method = "exact" if np.unique(pooled).size == pooled.size else "asymptotic"
        theirs = stats.mannwhitneyu(first, second, method=method)
        assert found.rank_sum[at] == theirs.statistic
        assert found.wilcoxon_p[at] == pytest.approx(theirs.pvalue, rel=1e-9)
        assert found.exact[at] == (method == "exact")


def test_quantiles_are_numpys_without_missing_values():
    values = np.random.default_rng(0).normal(size=(17, 5))
    values[3, 1] = values[4, 1] = values[:, 4] = np.nan
    found = column_quantiles(values, [0, 0.25, 0.5, 0.75, 1])
    assert np.allclose(found[:, :4], np.nanquantile(values[:, :4], [0, 0.25, 0.5, 0.75, 1], axis=0), rtol=1e-14)
    assert np.isnan(found[:, 4]).all()


def test_a_comparison_without_variance_or_values_has_no_p():
    first, second = np.array([[1.0, 2, np.nan], [1, 3, np.nan]]), np.array([[1.0, 5, 1], [1, 6, 2]])
    found = compare_groups(first, second)
    assert np.isnan(found.welch_p).tolist() == [True, False, True] == np.isnan(found.wilcoxon_p).tolist()
    with pytest.raises(InputError, match="same variables"):
        compare_groups(first, second[:, :2])


def test_permanova_of_one_variable_is_the_analysis_of_variance():
    values, groups = np.random.default_rng(1).normal(size=(20, 1)), np.repeat(["a", "b", "c"], [6, 7, 7])
    parts = [values[groups == name, 0] for name in "abc"]
    found = permanova(values, groups, permutations=999)
    assert found.pseudo_f == pytest.approx(stats.f_oneway(*parts).statistic)
    assert found.p == pytest.approx(stats.f_oneway(*parts).pvalue, abs=0.05) and found.p >= 1e-3


def test_linear_models_are_those_of_least_squares_with_weights_and_missing_values():
    generator = np.random.default_rng(2)
    design = np.column_stack([np.ones(12), generator.normal(size=(12, 2))])
    values, weights = generator.normal(size=(40, 12)), generator.uniform(0.5, 2, (40, 12))
    values[0, :3] = np.nan
    values[1] = np.nan
    fits = fit_linear_models(values, design, weights)
    for gene in (0, 5):
        known = np.isfinite(values[gene])
        root = np.sqrt(weights[gene, known])
        theirs, squares, *_ = np.linalg.lstsq(root[:, None] * design[known], root * values[gene, known])
        assert np.allclose(fits.coefficients[gene], theirs)
        assert fits.variance[gene] == pytest.approx(squares[0] / (known.sum() - 3)) and fits.df[gene] == known.sum() - 3
    assert np.isnan(fits.coefficients[1]).all() and fits.df[1] == 0
    with pytest.raises(InputError, match="leave out a covariate"):
        fit_linear_models(values, np.column_stack([design, design[:, 1] * 2]))


def test_moderation_lies_between_no_prior_and_a_certain_one():
    generator = np.random.default_rng(3)
    design = np.column_stack([np.ones(8), np.repeat([0.0, 1], 4)])
    fits = fit_linear_models(generator.normal(size=(300, 8)) * generator.uniform(0.5, 2, (300, 1)), design)
    plain, certain = moderated_t(fits, 1, VariancePrior(1.0, 0.0)), moderated_t(fits, 1, VariancePrior(1.0, np.inf))
    effect = fits.coefficients[:, 1] / fits.unscaled[:, 1]
    assert np.allclose(plain.t, effect / np.sqrt(fits.variance)) and np.allclose(plain.df, 6)
    assert np.allclose(certain.t, effect)
    prior = variance_prior(fits.variance, fits.df)
    between = np.abs(moderated_t(fits, 1, prior).t)
    ends = np.abs([plain.t, effect / np.sqrt(prior.variance)])
    assert (between >= ends.min(axis=0) * (1 - 1e-9)).all() and (between <= ends.max(axis=0) * (1 + 1e-9)).all()
    assert trigamma_inverse(1.6449340668482264) == pytest.approx(1, rel=1e-8)


def test_of_few_variables_the_prior_follows_a_line_through_the_trend():
    rng, df = np.random.default_rng(6), 10.0
    trend = np.array([1.0, 2, 4, 8, 9])
    variance = np.exp(0.3 * trend + rng.normal(0, 0.02, 5))
    logs = np.log(variance) - special.digamma(df / 2) + np.log(df / 2)
    line = np.polyval(np.polyfit(trend, logs, 1), trend)
    found = variance_prior(variance, np.full(5, df), trend=trend)
    assert found.df == np.inf or np.all(np.isinf(found.df))  # less spread than of sampling alone
    assert found.variance == pytest.approx(np.exp(line))
    # Without different values of the trend there is none.
    flat = variance_prior(variance, np.full(5, df), trend=np.ones(5))
    assert flat.variance == pytest.approx(variance_prior(variance, np.full(5, df)).variance)


def test_a_noisy_patient_weighs_less():
    generator = np.random.default_rng(6)
    values = generator.normal(size=(300, 10))
    values[:, 7] *= 3
    found = sample_weights(values, np.ones((10, 1)))
    assert found.argmin() == 7 and found[7] < 0.3 and np.log(found).sum() == pytest.approx(0, abs=1e-9)


def test_correlations_are_those_of_scipy_and_missing_without_variance():
    generator = np.random.default_rng(7)
    first, second = generator.normal(size=(25, 3)).round(1), generator.normal(size=(25, 2))
    second[:, 1] = 4
    found = correlation_map(first, second)
    theirs = stats.spearmanr(first[:, 1], second[:, 0])
    assert (found.rho[1, 0], found.rho_p[1, 0]) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert found.r_p[2, 0] == pytest.approx(stats.pearsonr(first[:, 2], second[:, 0]).pvalue)
    assert np.isnan(found.rho[:, 1]).all()
    hole = np.where(first == first[3, 1], np.nan, first)
    for pair in ((hole, second), (second, hole)):
        with pytest.raises(InputError, match="correlations need finite values"):
            correlation_map(*pair)


def test_kolmogorov_smirnov_of_large_samples_is_kolmogorovs_distribution():
    """``ks.test`` of R 4.2: exact below a product of the sizes of 10,000."""
    first, second = (np.arange(120) * 37 % 120) / 120, (np.arange(100) * 29 % 100) / 90
    found = kolmogorov_smirnov(first, second)
    assert found.distance == pytest.approx(0.103333333333333) and not found.exact
    assert found.p == found.asymptotic_p == pytest.approx(0.605051433132095, rel=1e-6)  # R stops summing at 1e-8
    fewer = kolmogorov_smirnov(first[:99], second)
    assert fewer.exact and (fewer.distance, fewer.p) == pytest.approx((0.11, 0.5151959413387))
    assert fewer.asymptotic_p == pytest.approx(0.583867852752)
    assert kolmogorov_smirnov(first[:100], second).exact is False


def test_wilcoxon_is_exact_below_50_patients():
    """``wilcox.test`` of R."""
    first, second = np.arange(50.0)[:, None], 1.7 * np.arange(30)[:, None] + 0.31
    for n, w, p in ((50, 735, 0.8854198002375), (49, 706, 0.774758345591)):
        for found, statistic in (
            (compare_groups(first[:n], second), w),
            (compare_groups(second, first[:n]), n * 30 - w),
        ):
            assert found.exact[0] == (n < 50) and found.rank_sum[0] == statistic
            assert found.wilcoxon_p[0] == pytest.approx(p)


def test_two_groups_with_ties_by_r():
    """``wilcox.test``, ``t.test`` and ``t.test(var.equal = TRUE)`` of R."""
    first, second = np.array([1.0, 2, 2, 3, 5, 5, 5, 8]), np.array([2.0, 4, 5, 6, 9, 9])
    found = compare_groups(first[:, None], second[:, None])
    assert (found.rank_sum[0], found.wilcoxon_p[0], found.exact[0]) == (13.5, pytest.approx(0.1892450857892), False)
    assert (found.welch_t[0], found.welch_df[0]) == pytest.approx((-1.40134044690499, 9.60540633517963))
    assert (found.welch_p[0], found.student_p[0]) == pytest.approx((0.1925852379545, 0.1744329600106))
    assert (found.n_first[0], found.n_second[0]) == (8, 6)
    assert (found.mean_first[0], found.mean_second[0]) == pytest.approx((first.mean(), second.mean()))
    assert (found.median_first[0], found.median_second[0]) == (4, 5.5)
    for pair in ((first[:, None, None], second[:, None]), (first[:, None], second[:, None, None])):
        with pytest.raises(InputError, match="same variables"):
            compare_groups(*pair)


@pytest.mark.parametrize(
    ("value", "of_r"),
    [(1e8, 1e-4), (2e7, 2.23606797749979e-04), (1e7, 3.16227792013517e-04), (2, 0.87666407746426),
     (0.01, 100.499166681943), (1e-6, 1000000.49999992), (5e-7, 2e6), (1e-7, 1e7)],
)  # fmt: skip
def test_inverse_of_the_trigamma_function_is_limmas(value, of_r):
    assert trigamma_inverse(value) == pytest.approx(of_r, rel=1e-9)


@pytest.mark.parametrize(
    ("n", "prior_df", "prior_variance"),
    [
        (3, 7.88434234381302, [0.922993626009, 0.669736885764, 1.215049506815]),
        (5, 30.0423082588585, [0.918419461603, 1.192070264368, 0.734446916991, 0.953281552825, 1.237319808871]),
        (6, 19.8920738635821, [0.634082103528, 0.986365682017, 1.518100232319, 0.611337037399, 1.132323424100,
                               1.258514424337]),
    ],
)  # fmt: skip
def test_the_curve_through_the_trend_has_as_many_knots_as_limmas(n, prior_df, prior_variance):
    """``squeezeVar(qchisq((1:n - 0.5) / n, 4) / 4, 4, covariate = ((1:n) * 7) %% 20)``."""
    variance, trend = stats.chi2.ppf((np.arange(n) + 0.5) / n, 4) / 4, (np.arange(n) + 1) * 7 % 20
    found = variance_prior(variance, np.full(n, 4.0), trend=trend)
    assert found.df == pytest.approx(prior_df, rel=1e-9)
    assert found.variance == pytest.approx(prior_variance, rel=1e-9)


def test_a_variable_without_variance_gets_the_prior_of_the_others():
    variance = stats.chi2.ppf((np.arange(20) + 0.5) / 20, 4) / 4
    variance[2] = np.nan
    trend = (np.arange(20) + 1) * 7 % 20
    known = np.delete(np.arange(20), 2)
    plain = variance_prior(variance, np.full(20, 4.0))
    assert (plain.df, plain.variance) == (np.inf, pytest.approx(1.02675799514193))  # limma::squeezeVar
    found = variance_prior(variance, np.full(20, 4.0), trend=trend)
    others = variance_prior(variance[known], np.full(19, 4.0), trend=trend[known])
    assert np.asarray(found.variance)[known] == pytest.approx(np.asarray(others.variance))
    assert np.asarray(found.variance)[2] == pytest.approx(np.median(others.variance))


def test_a_variance_of_zero_is_held_off_zero():
    """``squeezeVar(c(0, qchisq((1:11 - 0.5) / 11, 4) / 4), 4)``."""
    variance = np.r_[0, stats.chi2.ppf((np.arange(11) + 0.5) / 11, 4) / 4]
    found = variance_prior(variance, np.full(12, 4.0))
    assert (found.df, found.variance) == pytest.approx((0.637460120026074, 0.0454704434136337), rel=1e-9)


def test_a_variable_that_fits_exactly_says_nothing_of_the_patients():
    values = np.random.default_rng(9).normal(size=(40, 8))
    flat = np.insert(values, 11, np.full(8, 3.0), axis=0)
    assert sample_weights(flat, np.ones((8, 1))) == pytest.approx(sample_weights(values, np.ones((8, 1))), rel=1e-12)


def test_groups_without_any_difference_within_are_infinitely_apart():
    values = np.array([[0.0], [0], [2], [2]])
    found = permanova(values, ["a", "a", "b", "b"], permutations=99)
    assert found.pseudo_f == np.inf and found.share == 1 and found.permutations == 99
    none = permanova(np.zeros((4, 2)), ["a", "a", "b", "b"], permutations=9)
    assert none.share == 0 and none.p == 1


@pytest.mark.parametrize(
    ("n", "prior_df", "of_some"),
    [
        (29, 9.815613601611, [0.9994239830986, 1.0755701571033, 1.7939924540148]),
        (30, 10.89130566081, [0.7455511613103, 0.9558439059967, 2.2922305033383]),
    ],
)
def test_from_thirty_variables_the_curve_has_one_knot_more(n, prior_df, of_some):
    """``squeezeVar(qchisq((1:n - 0.5) / n, 4) / 4 * exp(sin(tr)), 4, covariate = tr)``, ``tr <- ((1:n) * 7) %% n``."""
    trend = (np.arange(n) + 1) * 7 % n
    variance = stats.chi2.ppf((np.arange(n) + 0.5) / n, 4) / 4 * np.exp(np.sin(trend))
    found = variance_prior(variance, np.full(n, 4.0), trend=trend)
    assert found.df == pytest.approx(prior_df, rel=1e-9)
    assert np.asarray(found.variance)[[0, 4, -1]] == pytest.approx(of_some, rel=1e-9)
