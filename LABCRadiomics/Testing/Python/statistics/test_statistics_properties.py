"""Laws that the statistics obey whatever the data."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.agreement import intraclass_correlation
from LABCRadiomicsLib.statistics.baseline_table import benjamini_hochberg
from LABCRadiomicsLib.statistics.brier import brier_score
from LABCRadiomicsLib.statistics.concordance import harrell_c, uno_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.cox_screening import univariable_cox
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier, logrank
from LABCRadiomicsLib.statistics.lasso import random_folds
from LABCRadiomicsLib.statistics.nomogram import nomogram_scale
from LABCRadiomicsLib.statistics.reclassification import net_reclassification
from LABCRadiomicsLib.statistics.roc import METHODS, time_dependent_auc, time_dependent_roc, youden_cutoff

law = settings(deadline=None, max_examples=40, derandomize=True)


@st.composite
def cohorts(draw, censoring: bool = True, ties: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Marker, time and event of 12 to 60 patients with at least two cases by and two patients beyond the median."""
    n = draw(st.integers(12, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time = rng.integers(1, 25, n).astype(float) if ties else rng.permutation(n) + 1.0
    marker = np.round(rng.normal(size=n) - 0.03 * time, 1 if ties else 12)
    event = rng.random(n) < draw(st.floats(0.3, 0.9)) if censoring else np.ones(n, dtype=bool)
    horizon = np.median(time)
    assume((event & (time <= horizon)).sum() >= 2 and (time > horizon).sum() >= 2 and np.ptp(marker) > 0)
    return marker, time, event


def _auc(marker: np.ndarray, time: np.ndarray, event: np.ndarray, method: str = "ipcw") -> float:
    return time_dependent_roc(marker, time, event, float(np.median(time)), method=method).auc


@law
@given(cohorts())
def test_concordance_and_auc_ignore_monotone_transforms(cohort) -> None:
    marker, time, event = cohort
    moved = np.exp(marker / 2) + 3
    assert harrell_c(moved, time, event).c == pytest.approx(harrell_c(marker, time, event).c, abs=1e-12)
    assert uno_c(moved, time, event).c == pytest.approx(uno_c(marker, time, event).c, abs=1e-12)
    for method in METHODS[:2]:  # neighborhoods of nne are distances in the marker
        assert _auc(moved, time, event, method) == pytest.approx(_auc(marker, time, event, method), abs=1e-12)


@law
@given(cohorts())
def test_reversed_marker_mirrors_concordance_and_auc(cohort) -> None:
    marker, time, event = cohort
    assert harrell_c(-marker, time, event).c == pytest.approx(1 - harrell_c(marker, time, event).c, abs=1e-12)
    assert _auc(-marker, time, event) == pytest.approx(1 - _auc(marker, time, event), abs=1e-12)


@law
@given(cohorts(), st.sampled_from([0.25, 2.0, 8.0]))
def test_time_units_do_not_matter(cohort, factor) -> None:
    marker, time, event = cohort
    assert harrell_c(marker, factor * time, event).c == pytest.approx(harrell_c(marker, time, event).c, abs=1e-12)
    for method in METHODS:
        assert _auc(marker, factor * time, event, method) == pytest.approx(_auc(marker, time, event, method), abs=1e-12)
    there, here = univariable_cox(marker[:, None], factor * time, event), univariable_cox(marker[:, None], time, event)
    assert there.coef == pytest.approx(here.coef, rel=1e-9, nan_ok=True)
    group = marker == marker.max()
    assert logrank(factor * time, event, group).chisq == pytest.approx(logrank(time, event, group).chisq)


@law
@given(cohorts(), st.randoms(use_true_random=False))
def test_order_of_patients_does_not_matter(cohort, random) -> None:
    marker, time, event = cohort
    order = np.array(random.sample(range(time.size), time.size))
    shuffled = marker[order], time[order], event[order]
    here, there = harrell_c(*cohort), harrell_c(*shuffled)
    assert (there.c, there.se) == pytest.approx((here.c, here.se), abs=1e-12)
    assert there.influence == pytest.approx(here.influence[order], abs=1e-12)
    horizon = float(np.median(time))
    for method in METHODS:
        here, there = (time_dependent_roc(*data, horizon, method=method) for data in (cohort, shuffled))
        assert (there.auc, there.se) == pytest.approx((here.auc, here.se), abs=1e-9, nan_ok=True)
    here, there = (univariable_cox(data[0][:, None], *data[1:]) for data in (cohort, shuffled))
    assert there.coef == pytest.approx(here.coef, rel=1e-6, nan_ok=True)
    assert kaplan_meier(*shuffled[1:]).survival == pytest.approx(kaplan_meier(time, event).survival, abs=1e-12)


@law
@given(cohorts(censoring=False))
def test_kaplan_meier_is_the_empirical_survival_without_censoring(cohort) -> None:
    _, time, event = cohort
    curve = kaplan_meier(time, event)
    assert curve.survival == pytest.approx([(time > t).mean() for t in curve.time], abs=1e-12)


@law
@given(cohorts(censoring=False))
def test_ipcw_auc_is_the_plain_auc_without_censoring(cohort) -> None:
    marker, time, event = cohort
    horizon = float(np.median(time))
    cases, controls = marker[time <= horizon], marker[time > horizon]
    plain = ((cases[:, None] > controls) + 0.5 * (cases[:, None] == controls)).mean()
    assert _auc(marker, time, event) == pytest.approx(plain, abs=1e-12)
    assert time_dependent_auc(marker, time, event, horizon) == pytest.approx(plain, abs=1e-12)


@law
@given(cohorts())
def test_auc_alone_is_that_of_the_curve(cohort) -> None:
    marker, time, event = cohort
    horizon = float(np.median(time))
    assert time_dependent_auc(marker, time, event, horizon) == pytest.approx(_auc(*cohort), abs=1e-12)


@law
@given(cohorts())
def test_ipcw_curve_rises_and_the_cutoff_splits_as_it_says(cohort) -> None:
    marker, time, event = cohort
    roc = time_dependent_roc(marker, time, event, float(np.median(time)))
    assert (np.diff(roc.tpr) >= -1e-12).all() and (np.diff(roc.fpr) >= -1e-12).all()
    assert (roc.tpr[0], roc.fpr[0]) == (0, 0)
    assert (roc.tpr[-1], roc.fpr[-1]) == pytest.approx((1, 1))
    best = youden_cutoff(roc)
    assert np.array_equal(marker >= best.cutoff, marker > best.threshold)
    assert best.fpr == pytest.approx((marker[time > roc.horizon] > best.threshold).mean())


@law
@given(cohorts())
def test_univariable_and_multivariable_cox_agree(cohort) -> None:
    marker, time, event = cohort
    for ties in ("efron", "breslow"):
        screened = univariable_cox(marker[:, None], time, event, ties=ties)
        assume(screened.status[0] == "ok")
        model = cox(marker[:, None], time, event, ties=ties)
        assert model.coef == pytest.approx(screened.coef, rel=1e-6, abs=1e-9)
        assert model.se == pytest.approx(screened.se, rel=1e-6)
        assert model.loglik == pytest.approx(screened.loglik[0], abs=1e-9)
        assert model.loglik >= model.loglik_null - 1e-12


@law
@given(cohorts(), st.floats(-1e3, 1e3), st.floats(0.01, 100))
def test_cox_does_not_depend_on_the_feature_unit(cohort, shift, scale) -> None:
    marker, time, event = cohort
    here, there = (univariable_cox(x[:, None], time, event) for x in (marker, scale * marker + shift))
    assume(here.status[0] == "ok")
    assert there.coef * scale == pytest.approx(here.coef, rel=1e-5, abs=1e-7)
    assert there.p == pytest.approx(here.p, rel=1e-5, abs=1e-12)


@law
@given(cohorts(ties=False))
def test_efron_is_breslow_without_ties(cohort) -> None:
    marker, time, event = cohort
    efron, breslow = (univariable_cox(marker[:, None], time, event, ties=ties) for ties in ("efron", "breslow"))
    assert efron.coef == pytest.approx(breslow.coef, nan_ok=True)
    assert efron.loglik == pytest.approx(breslow.loglik, nan_ok=True)


@law
@given(cohorts(censoring=False))
def test_brier_is_the_mean_square_without_censoring(cohort) -> None:
    marker, time, event = cohort
    horizon, risk = float(np.median(time)), 1 / (1 + np.exp(-marker))
    result = brier_score(risk, time, event, [horizon])
    assert result.score[0] == pytest.approx((((time <= horizon) - risk) ** 2).mean(), abs=1e-12)


@law
@given(cohorts())
def test_brier_of_the_kaplan_meier_risk_is_the_reference(cohort) -> None:
    _, time, event = cohort
    horizon = float(np.median(time))
    risk = np.full(time.size, 1 - kaplan_meier(time, event).at(horizon).survival[0])
    assert brier_score(risk, time, event, [horizon]).ipa[0] == pytest.approx(0, abs=1e-9)


@law
@given(cohorts())
def test_no_change_of_risk_reclassifies_nobody(cohort) -> None:
    marker, time, event = cohort
    risk, horizon = 1 / (1 + np.exp(-marker)), float(np.median(time))
    assume(0 < kaplan_meier(time, event).at(horizon).survival[0] < 1)
    assert net_reclassification(risk, risk, time, event, horizon).nri == 0
    lower = net_reclassification(risk, risk**2, time, event, horizon)
    assert (lower.up_cases, lower.up_controls) == (0, 0)


@law
@given(st.integers(2, 30), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_icc_of_identical_readers_is_one_and_of_a_shifted_one_less(n, k, seed) -> None:
    values = np.random.default_rng(seed).normal(size=n)
    same = np.repeat(values[:, None], k, axis=1)
    assert intraclass_correlation(same).icc == pytest.approx(np.ones(6))
    shifted = same.copy()
    shifted[:, 0] += 1
    result = intraclass_correlation(shifted).icc
    assert result[2] == pytest.approx(1)  # consistency does not mind a reader who is always higher
    assert result[1] < 1


@law
@given(st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_icc_of_a_stack_is_that_of_each_feature(p, seed) -> None:
    ratings = np.random.default_rng(seed).normal(size=(p, 8, 3))
    stack = intraclass_correlation(ratings)
    for index in range(p):
        assert stack.icc[index] == pytest.approx(intraclass_correlation(ratings[index]).icc)
        assert stack.lower[index] == pytest.approx(intraclass_correlation(ratings[index]).lower)


@law
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_keeps_the_order_and_never_lowers_p(p) -> None:
    adjusted = benjamini_hochberg(p)
    assert (adjusted >= np.array(p) - 1e-12).all() and (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= -1e-12).all()


@law
@given(st.integers(3, 10), st.integers(0, 2**32 - 1))
def test_folds_balance_patients_and_events(n_folds, seed) -> None:
    event = np.random.default_rng(seed).random(80) < 0.4
    folds = random_folds(event, n_folds, seed)
    for counted in (folds, folds[event]):
        sizes = np.bincount(counted, minlength=n_folds + 1)[1:]
        assert np.ptp(sizes) <= 1
    assert np.array_equal(folds, random_folds(event, n_folds, seed))


@law
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_nomogram_points_lead_back_to_the_linear_predictor(coef, seed) -> None:
    assume(max(abs(value) for value in coef) > 1e-3)
    rng = np.random.default_rng(seed)
    low = rng.normal(size=len(coef))
    high = low + rng.uniform(0.5, 3, len(coef))
    scale = nomogram_scale(np.multiply(coef, low), np.multiply(coef, high))
    effects = np.multiply(coef, rng.uniform(low, high, (5, len(coef))))
    points = scale.points(effects)
    assert (
        points.min() >= -1e-9 and (points <= scale.lengths + 1e-9).all() and scale.lengths.max() == pytest.approx(100)
    )
    assert scale.linear_predictor(points.sum(axis=1)) == pytest.approx(effects.sum(axis=1), abs=1e-9)
    assert scale.total_points(effects.sum(axis=1)) == pytest.approx(points.sum(axis=1), abs=1e-6)


@law
@given(cohorts())
def test_a_horizon_beyond_follow_up_is_always_refused(cohort) -> None:
    marker, time, event = cohort
    with pytest.raises(InputError, match=r"horizon .* beyond the longest follow-up"):
        time_dependent_roc(marker, time, event, time.max() + 1)
