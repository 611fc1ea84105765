"""Statistics of many variables and of groups: laws, and small cases counted by hand. R's values are in
test_associations_against_r.py."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.clustering import (
    consensus,
    cut_tree,
    in_order,
    k_means,
    scaled_columns,
    silhouettes,
    tree,
    within_squares,
)
from LABCRadiomicsLib.statistics.correlation import correlation_map
from LABCRadiomicsLib.statistics.kolmogorov_smirnov import kolmogorov_smirnov
from LABCRadiomicsLib.statistics.linear_models import fit_linear_models
from LABCRadiomicsLib.statistics.lowess import lowess
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


@given(st.floats(-5, 5), st.floats(-5, 5))
@settings(max_examples=15, deadline=None)
def test_lowess_leaves_a_line_as_it_is(intercept, slope):
    x = np.random.default_rng(4).normal(size=60).round(1)
    assert np.allclose(lowess(x, intercept + slope * x, span=0.5), intercept + slope * x, atol=1e-9)


def test_lowess_does_not_follow_outliers_or_the_order_of_the_points():
    generator = np.random.default_rng(5)
    x = np.linspace(0, 10, 80)
    y = np.sin(x / 3)
    y[40] = 50
    order = generator.permutation(80)
    smooth = lowess(x, y, span=0.3)
    assert abs(smooth[41] - np.sin(x[41] / 3)) < 0.05
    assert np.allclose(lowess(x[order], y[order], span=0.3), smooth[order])


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


def test_clusters_that_are_there_are_found_by_every_method():
    generator = np.random.default_rng(8)
    truth = np.repeat([1, 2, 3], 12)
    values = scaled_columns(generator.normal(size=(36, 3)) + 14 * np.eye(3)[truth - 1])
    for linkage in ("ward", "average", "complete"):
        assert (cut_tree(tree(values, linkage), 3) == truth).all()
    assert (k_means(values, 3, starts=10) == truth).all()
    stable = consensus(values, 3, repeats=40)
    assert (stable.partition == truth).all() and stable.ambiguous < 0.02
    assert silhouettes(values, truth).min() > 0.3
    assert within_squares(values, truth) < within_squares(values, np.roll(truth, 5))
    assert in_order(np.array([7, 7, 2, 9, 2])).tolist() == [1, 1, 2, 3, 2]
