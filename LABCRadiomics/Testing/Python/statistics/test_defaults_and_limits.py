"""What statistics do unless told otherwise, and at the ends of what they take."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

from LABCRadiomicsLib import statistics
from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.calibration import calibration_curve, calibration_groups
from LABCRadiomicsLib.statistics.clustering import consensus, k_means, scaled_columns
from LABCRadiomicsLib.statistics.competing_risks import cumulative_incidence
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.cox_screening import univariable_cox
from LABCRadiomicsLib.statistics.cutoff_accuracy import proportion_limits
from LABCRadiomicsLib.statistics.imputation import _multinomial, impute, pool
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier
from LABCRadiomicsLib.statistics.lasso import lasso_cv, lasso_path, random_folds
from LABCRadiomicsLib.statistics.likelihood_ratio import likelihood_ratio
from LABCRadiomicsLib.statistics.lowess import lowess
from LABCRadiomicsLib.statistics.maximally_selected import maximally_selected
from LABCRadiomicsLib.statistics.moderated_t import variance_prior
from LABCRadiomicsLib.statistics.optimism_limits import two_stage_limits
from LABCRadiomicsLib.statistics.permanova import permanova
from LABCRadiomicsLib.statistics.reclassification_limits import improvement_limits
from LABCRadiomicsLib.statistics.resampling import bootstrap_limits
from LABCRadiomicsLib.statistics.sample_size import development_size, r2_of_c_index, validation_size
from survival_cohorts import follow_up_of

DEFAULTS = {
    maximally_selected: {"least": 0.1, "most": 0.9, "method": "gauss", "repeats": 10_000},  # R: maxstat.test
    bootstrap_limits: {"repeats": 1000, "seed": 0, "level": 0.95},  # R: boot.ci
    k_means: {"starts": 100, "seed": 0},
    consensus: {"linkage": "ward", "repeats": 500, "share": 0.8},  # R: ConsensusClusterPlus(pItem = 0.8)
    calibration_groups: {"n_groups": 5},
    calibration_curve: {"n_knots": 3},
    kaplan_meier: {"limits": "log-log"},
    lasso_path: {"n_lambdas": 100, "l1_share": 1.0},  # R: glmnet
    lasso_cv: {"n_lambdas": 100, "l1_share": 1.0, "whole": True},
    random_folds: {"n_folds": 10},  # R: cv.glmnet
    lowess: {"span": 2 / 3, "iterations": 3, "delta": None},  # R: lowess
    impute: {"repeats": 20, "cycles": 10},
    pool: {"complete_df": np.inf},
    permanova: {"permutations": 9999},
    two_stage_limits: {"repeats": 200},
    improvement_limits: {"repeats": 300},  # R: IDI.INF(npert = 300)
    univariable_cox: {"max_iterations": 50},
    development_size: {"r2": None, "c_index": None, "shrinkage": 0.9, "margin": 0.05},  # R: pmsampsize
    validation_size: {"known": 1.0, "oe": 1.0, "oe_width": 0.2, "slope_width": 0.2, "c_width": 0.1,
                      "benefit_width": 0.2},  # R: pmvalsampsize
}  # fmt: skip
COMMON = {"level": 0.95, "ties": "efron", "seed": 0}


@pytest.mark.parametrize("function", DEFAULTS, ids=lambda function: function.__name__)
def test_defaults(function):
    signature = inspect.signature(function).parameters
    assert {name: signature[name].default for name in DEFAULTS[function]} == DEFAULTS[function]


def test_levels_ties_and_seeds_are_the_same_everywhere():
    found = {name: set() for name in COMMON}
    for module in pkgutil.iter_modules(statistics.__path__):
        rooms = vars(importlib.import_module(f"{statistics.__name__}.{module.name}"))
        for function in filter(inspect.isfunction, rooms.values()):
            given = inspect.signature(function).parameters
            for name in COMMON.keys() & given.keys():
                if given[name].default is not inspect.Parameter.empty:
                    found[name].add((given[name].default, function.__name__))
    assert {name: {default for default, _ in each} for name, each in found.items()} == {
        name: {default} for name, default in COMMON.items()
    }
    assert len(found["level"]) > 20 and len(found["seed"]) > 5 and len(found["ties"]) > 3


def test_a_share_of_none_or_all_has_no_limits():
    for value in (0.0, 1.0):
        found = proportion_limits(value, 0.1)
        assert found.value == value and np.isnan([found.lower, found.upper]).all()
    found = proportion_limits(0.5, 0.1)
    assert found.lower == pytest.approx(1 / (1 + np.exp(1.959964 * 0.4)), rel=1e-6) == pytest.approx(1 - found.upper)


@pytest.mark.parametrize("scale", [1e-15, 1.0, 1e15])
def test_a_column_has_no_variance_when_it_varies_by_rounding_alone(scale):
    column = np.array([1.0, 2, 3, 4]) * scale
    assert scaled_columns(column[:, None])[:, 0] == pytest.approx(np.array([-1.5, -0.5, 0.5, 1.5]) / np.sqrt(5 / 3))
    rounding = scale * np.array([1, 1 + 4e-16, 1, 1 + 2e-16])
    with pytest.raises(InputError, match="values column 1 has no variance; leave it out"):
        scaled_columns(np.column_stack([column, rounding]))


def test_models_of_other_patients_are_not_compared():
    time, event = follow_up_of("lung")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(time.size, 2))
    small, large = cox(x[:, :1], time, event), cox(x, time, event)
    test = likelihood_ratio(small, large)
    assert test.chisq == pytest.approx(2 * (large.loglik - small.loglik)) and test.df == 1
    others = time.copy()
    others[np.argmin(time)] = time.max() + 1  # as many patients and events, in another order
    with pytest.raises(InputError, match="different patients"):
        likelihood_ratio(cox(x[:, :1], others, event), large)
    with pytest.raises(InputError, match="not part of larger"):
        likelihood_ratio(large, large)


def test_who_leaves_before_any_event_changes_no_incidence():
    rng = np.random.default_rng(1)
    time, cause = rng.exponential(10, 60) + 1, rng.integers(0, 3, 60)
    before, after = np.r_[time, 0.2, 0.5, 0.7], np.r_[cause, 0, 0, 0]
    found, more = cumulative_incidence(time, cause), cumulative_incidence(before, after)
    assert np.array_equal(found.time, more.time[more.time >= 1])
    kept = more.time >= 1
    assert more.incidence[kept] == pytest.approx(found.incidence)
    assert more.se[kept] == pytest.approx(found.se)


def test_outliers_are_held_back_where_a_tail_holds_a_gene_and_variances_differ():
    rng = np.random.default_rng(4)
    for size, outlier in ((9, 500.0), (60, 500.0), (60, None)):
        variance = rng.chisquare(4, size) / 4 if outlier else np.ones(size)
        variance[0] = outlier or 1.0
        plain, robust = (variance_prior(variance, np.full(size, 4.0), robust=held) for held in (False, True))
        same = np.array_equal(np.broadcast_to(plain.df, size), np.broadcast_to(robust.df, size))
        assert same == (size == 9 or outlier is None)


@pytest.mark.parametrize(
    ("prior_df", "df", "location", "of_last"),
    [  # limma::fitFDistRobustly: df2, scale, and df2.shrunk of the five largest variances
        (3, 3.06400660335, 0.50324562225, (2.9792187023, 2.9614753236, 0.182055154526, 0.16082911372)),
        (5, 5.15826561393, 0.503215719602, (4.9988900489, 4.9615586633, 0.176450264741, 0.173469591995)),
        (8, 8.38465740925, 0.503218584065, (8.09869471185, 8.02636246945, 0.189046794593, 0.188913012234)),
    ],
)
def test_a_prior_beside_outliers_is_that_of_limma(prior_df, df, location, of_last):
    variance = 0.5 * stats.f.ppf((np.arange(60) + 0.5) / 60, 4, prior_df)
    variance[58:] *= [20, 40]
    found = variance_prior(variance, np.full(60, 4.0), robust=True)
    assert np.broadcast_to(found.variance, 60) == pytest.approx(np.full(60, location), rel=1e-9)
    assert found.df[[0, -4, -3, -2, -1]] == pytest.approx([df, *of_last], rel=1e-9)
    assert variance_prior(variance, np.full(60, 4.0)).df < 0.6 * df


def test_variances_of_unequal_degrees_of_freedom_have_the_prior_of_limma():
    df = np.tile([3.0, 4, 4, 6], 15)
    variance = 0.5 * stats.f.ppf((np.arange(60) + 0.5) / 60, df, 5)
    variance[58:] *= [20, 40]
    found = variance_prior(variance, df, robust=True)
    assert np.broadcast_to(found.variance, 60) == pytest.approx(np.full(60, 0.487262268807), rel=1e-9)
    assert found.df[[0, 57, 58, 59]] == pytest.approx(
        [4.47977691294, 4.47977691294, 0.182967598132, 0.176795486085], rel=1e-9
    )


def test_a_curve_is_known_up_to_its_last_follow_up():
    curve = kaplan_meier([2.0, 4, 7], [True, True, False])
    assert curve.at([7.0]).survival == pytest.approx([1 / 3])
    with pytest.raises(InputError, match="follow-up"):
        curve.at([7.1])
    assert curve.at([9.0], extend=True).survival == pytest.approx([1 / 3])


@pytest.mark.parametrize("c_index", [0.5, 1.0, 1.5])
def test_a_c_index_without_a_share_of_explained_variation(c_index):
    with pytest.raises(InputError, match=f"c_index must lie between 0.5 and 1, not {c_index:g}"):
        r2_of_c_index(c_index, 0.3)


def test_clusters_of_one_patient_stay():
    assert k_means(np.array([[0.0, 0], [0.1, 0], [0, 0.1], [0, 0.11]]), 3).tolist() == [1, 2, 3, 3]


def test_how_frequent_a_level_is_is_not_shrunk():
    code = np.repeat([0, 1, 2], [180, 16, 4])
    x = np.column_stack([np.ones(200), np.random.default_rng(0).normal(size=200)])
    p = softmax(np.hstack((np.zeros((200, 1)), x @ _multinomial(x, code, 3))), axis=1)
    assert p.mean(axis=0) == pytest.approx([0.9, 0.08, 0.02], abs=1e-5)
