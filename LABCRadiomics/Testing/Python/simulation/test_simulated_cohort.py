"""A simulated cohort of the article's shape: covariates, outcomes and survival by the law."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.simulation import (
    LAW,
    Covariates,
    simulate_cohort,
    stage_group,
    write_simulation,
)
from LABCRadiomicsLib.simulation.cohort import patient_rng, tn_frequency


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(4000, 2022)


@pytest.fixture(scope="module")
def table(cohort):
    return pd.DataFrame(
        {
            "months": [p.dfs_months for p in cohort],
            "event": [p.dfs_event for p in cohort],
            "heterogeneity_z": [p.heterogeneity_z for p in cohort],
            "diameter": [p.tumor.diameter_mm for p in cohort],
            **{
                k: [getattr(p.covariates, k) for p in cohort]
                for k in ("age", "ct", "cn", "er", "pr", "hr", "her2", "pcr", "imni", "stage")
            },
        }
    )


def test_joint_stage_table_has_the_articles_marginals():
    joint = tn_frequency()
    assert joint.sum(axis=1) == pytest.approx([0.108, 0.597, 0.194, 0.101], abs=1e-9)
    assert joint.sum(axis=0) == pytest.approx([0.137, 0.540, 0.194, 0.129], abs=1e-9)
    assert joint[0, 0] == 0.0
    assert np.count_nonzero(joint) == 15


def test_covariates_are_distributed_as_table_1(table):
    expected = {
        "age": (table.age <= 45, 0.417),
        "er": (table.er == 1, 0.647),
        "pr": (table.pr == 1, 0.554),
        "her2": (table.her2 == 1, 0.691),
        "pcr": (table.pcr == 1, 0.237),
        "imni": (table.imni == 1, 0.230),
        **{f"cT{k}": (table.ct == k, f) for k, f in zip((1, 2, 3, 4), (0.108, 0.597, 0.194, 0.101), strict=True)},
        **{f"cN{k}": (table.cn == k, f) for k, f in zip((0, 1, 2, 3), (0.137, 0.540, 0.194, 0.129), strict=True)},
    }
    for name, (observed, frequency) in expected.items():
        error = math.sqrt(frequency * (1 - frequency) / len(table))
        assert observed.mean() == pytest.approx(frequency, abs=3.5 * error), name
    assert table.age.between(24, 78).all()
    assert ((table.er == 1) | (table.pr == 1)).astype(int).equals(table.hr)
    assert set(table.stage) == {"II", "IIIa-b", "IIIc"}


@pytest.mark.parametrize(
    ("ct", "cns", "stage"),
    [
        (1, [1], "II"),
        (2, [0, 1], "II"),
        (3, [0], "II"),
        (1, [2], "IIIa-b"),
        (2, [2], "IIIa-b"),
        (3, [1, 2], "IIIa-b"),
        (4, [0, 1, 2], "IIIa-b"),
        (1, [3], "IIIc"),
        (2, [3], "IIIc"),
        (3, [3], "IIIc"),
        (4, [3], "IIIc"),
    ],
)
def test_stage_groups_are_the_ajccs(ct, cns, stage):
    assert [stage_group(ct, cn) for cn in cns] == [stage] * len(cns)


@pytest.mark.parametrize(("ct", "cn"), [(1, 0), (0, 1), (5, 1), (2, 4), (2, -1)])
def test_stages_that_are_not_locally_advanced_are_refused(ct, cn):
    with pytest.raises(InputError, match=f"cT{ct} cN{cn} "):
        stage_group(ct, cn)


@pytest.fixture(scope="module")
def lifelines():
    return pytest.importorskip("lifelines")


def test_outcomes_are_those_of_the_articles_training_cohort(table, lifelines):
    curve = lifelines.KaplanMeierFitter().fit(table.months, table.event)
    assert curve.predict(60) == pytest.approx(0.76, abs=0.025)
    assert 139 * table.event.mean() == pytest.approx(32, abs=4)
    follow_up = lifelines.KaplanMeierFitter().fit(table.months, 1 - table.event).median_survival_time_
    assert follow_up == pytest.approx(52, abs=1.5)
    assert table.months.min() > 0


def test_cox_regression_recovers_the_law(table, lifelines):
    design = table[["months", "event", "heterogeneity_z", "age", "pcr", "imni", "hr", "her2"]].copy()
    design["stage_IIIa-b"] = (table.stage == "IIIa-b").astype(int)
    design["stage_IIIc"] = (table.stage == "IIIc").astype(int)
    fit = lifelines.CoxPHFitter().fit(design, "months", "event")
    for name, truth in LAW.log_hazard_ratios.items():
        assert fit.params_[name] == pytest.approx(truth, abs=3.5 * fit.standard_errors_[name]), name
    assert fit.summary.z["heterogeneity_z"] > 20


def test_kaplan_meier_follows_the_true_survival(cohort, table, lifelines):
    curve = lifelines.KaplanMeierFitter().fit(table.months, table.event)
    for months in (12.0, 36.0, 60.0):
        truth = np.mean([LAW.survival(months, p.linear_predictor) for p in cohort])
        assert curve.predict(months) == pytest.approx(truth, abs=0.025)


def test_heterogeneity_is_independent_of_size_and_covariates(table):
    for name in ("diameter", "age", "ct", "cn", "hr", "her2", "pcr", "imni"):
        assert abs(spearmanr(table.heterogeneity_z, table[name])[0]) < 0.055, name


def test_size_follows_ct(table):
    assert table.diameter.between(15, 55).all()
    assert list(table.groupby("ct").diameter.median().rank()) == [1, 2, 4, 3]


@given(hazard=st.floats(1e-3, 20.0), predictor=st.floats(-5.0, 5.0))
def test_event_time_inverts_survival(hazard, predictor):
    assert LAW.survival(LAW.time(hazard, predictor), predictor) == pytest.approx(math.exp(-hazard), rel=1e-9)


def test_linear_predictor_is_the_sum_of_the_articles_hazard_ratios():
    covariates = Covariates(age=57, ct=4, cn=1, er=0, pr=1, her2=1, pcr=1, imni=1)
    expected = 3.866**2 * 1.0431 ** (57 - 47.5) * 1.6461 * 1.229 * 0.724 * 0.742 * 0.688
    assert math.exp(LAW.linear_predictor(2.0, covariates)) == pytest.approx(expected)


def test_a_patient_is_the_same_whatever_the_cohort_size():
    assert simulate_cohort(3, 9) == simulate_cohort(40, 9)[:3]
    assert simulate_cohort(3, 9) != simulate_cohort(3, 10)
    assert len(set(simulate_cohort(40, 9))) == 40
    assert patient_rng(1, 2, "image").random() != patient_rng(1, 2, "clinical").random()
    assert patient_rng(1, 2, "reader", 2).random() != patient_rng(1, 2, "reader", 3).random()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patients": 0}, "number of patients is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"readers": 0}, "readers is 0"),
        ({"readers": 10}, "readers is 10"),
        ({"jobs": 0}, "jobs is 0"),
    ],
)
def test_arguments_out_of_range_are_refused_and_nothing_is_written(tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        write_simulation(tmp_path / "out", **{"patients": 1, "seed": 0, **arguments})
    assert list(tmp_path.iterdir()) == []
