"""What is planted is found at the rate asked for, and where nothing is, p values are uniform (small; the long one is a
benchmark)."""

from pathlib import Path

import numpy as np
from scipy import stats

from association_examples import barcodes, counts, two_groups
from LABCRadiomicsLib.associations.differential_expression import Method, compare_expression
from LABCRadiomicsLib.associations.enrichment_scores import null_scores
from LABCRadiomicsLib.associations.expression_matrix import ExpressionMatrix
from LABCRadiomicsLib.statistics.kolmogorov_smirnov import kolmogorov_smirnov
from LABCRadiomicsLib.statistics.permanova import permanova
from LABCRadiomicsLib.statistics.two_groups import compare_groups


def result(values, **method):
    names = tuple(f"G{at}" for at in range(values.shape[0]))
    columns = tuple(barcodes(values.shape[1]))
    matrix = ExpressionMatrix(names, columns, values, {}, len(names), Path("m.tsv"), ())
    return compare_expression(matrix, two_groups(values.shape[1]), method=Method(**method))


def test_false_discoveries_are_near_the_rate_asked_for():
    shares, power = [], []
    for seed in range(12):
        found = result(counts(600, 24, seed=seed, changed=60, change=1.8))
        planted = np.array([int(gene[1:]) < 60 for gene in found.genes])
        chosen = found.p_adjusted < 0.05
        shares.append((chosen & ~planted).sum() / max(chosen.sum(), 1))
        power.append((chosen & planted).sum() / 60)
    assert np.mean(shares) < 0.085 and np.mean(power) > 0.8


def test_p_values_are_uniform_where_nothing_is():
    for method in ({}, {"robust": True}, {"quality": True}):
        p = result(counts(800, 20, seed=11), **method).p
        assert stats.kstest(p, "uniform").pvalue > 1e-3, method
    logs = np.random.default_rng(3).normal(8, 1, (800, 20))
    assert stats.kstest(result(logs, data="logs").p, "uniform").pvalue > 1e-3


def test_permutation_p_of_random_sets_is_uniform():
    weights = np.sort(np.abs(np.random.default_rng(0).normal(size=400)))[::-1].copy()
    null = null_scores(weights, [25], 1500, seed=1)[25]
    fresh = null_scores(weights, [25], 400, seed=2)[25].values
    p = np.array([null.p_value(score)[0] for score in fresh])
    assert stats.kstest(p, "uniform").pvalue > 1e-3 and p.min() > 0


def test_group_tests_are_uniform_also_with_ties():
    generator = np.random.default_rng(5)
    values = np.round(generator.normal(size=(30, 1500)), 1)
    groups = compare_groups(values[:14], values[14:])
    assert stats.kstest(groups.welch_p, "uniform").pvalue > 1e-3
    assert abs((groups.wilcoxon_p < 0.05).mean() - 0.05) < 0.02
    exact = [kolmogorov_smirnov(values[:14, at], values[14:, at]).p for at in range(300)]
    assert (np.array(exact) <= 0.05).mean() <= 0.08  # discrete, so conservative
    p = [
        permanova(generator.normal(size=(16, 4)), np.repeat([0, 1], 8), permutations=99, seed=at).p for at in range(150)
    ]
    assert stats.kstest(p, "uniform").pvalue > 1e-3
