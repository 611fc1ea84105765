"""What the table against R and the laws leave open: statuses, optimality, stored numbers, speed, real radiomics."""

import csv

import numpy as np
import pytest
from scipy import stats

from LABCRadiomicsLib.statistics import roc as roc_room
from LABCRadiomicsLib.statistics.agreement import FORMS, intraclass_correlation
from LABCRadiomicsLib.statistics.baseline_table import benjamini_hochberg
from LABCRadiomicsLib.statistics.brier import brier_score
from LABCRadiomicsLib.statistics.calibration import calibration_curve, calibration_summary
from LABCRadiomicsLib.statistics.concordance import concordance_difference, harrell_c, uno_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.cox_screening import univariable_cox
from LABCRadiomicsLib.statistics.decision import decision_curve
from LABCRadiomicsLib.statistics.individual_survival import Baseline, individual_survival
from LABCRadiomicsLib.statistics.kaplan_meier import censoring_survival, kaplan_meier, logrank
from LABCRadiomicsLib.statistics.lasso import lasso_cv, lasso_path, partial_deviance, random_folds
from LABCRadiomicsLib.statistics.nomogram import nomogram_scale, survival_from_linear_predictor
from LABCRadiomicsLib.statistics.reclassification import discrimination_improvement, net_reclassification
from LABCRadiomicsLib.statistics.resampling import bootstrap_limits
from LABCRadiomicsLib.statistics.roc import time_dependent_roc, youden_cutoff
from r_reference import DAYS_PER_MONTH, columns, gbsg2, relative_difference, table, transbig


def _article_like(features: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """139 patients, about 32 events, collinear features: the size of the article's training cohort."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(139, 10)) @ rng.normal(size=(10, features)) + rng.normal(size=(139, features))
    event_time = rng.exponential(size=139) * np.exp(-0.2 * x[:, 0]) * 200
    censored = rng.exponential(size=139) * 60
    return x, np.minimum(event_time, censored), event_time < censored


# Univariable Cox -----------------------------------------------------------------------------------------------------


def test_unfittable_features_are_reported_and_the_others_fitted() -> None:
    x, time, event = _article_like(6)
    alone = univariable_cox(x, time, event)
    x[:, 0] = 0.1 + 0.2
    x[:, 1] = -time
    x[:, 2] = time
    x[:, 3] = np.where(time < time[event].min(), 5.0, 1.0)  # varies only before the first event
    result = univariable_cox(x, time, event)
    assert result.status.tolist() == ["constant", "separation", "separation", "constant", "ok", "ok"]
    assert np.isnan(result.p[:4]).all() and np.isnan(result.coef[:4]).all()
    assert result.coef[4:] == pytest.approx(alone.coef[4:], rel=1e-12)


def test_a_feature_out_of_iterations_is_reported() -> None:
    x, time, event = _article_like(4)
    result = univariable_cox(x, time, event, max_iterations=1)
    assert set(result.status) == {"not converged"} and np.isnan(result.se).all()


def test_outliers_and_large_offsets_do_not_break_the_solve() -> None:
    x, time, event = _article_like(3)
    x[0, 0] = 1e6  # one extreme patient
    x[:, 1] = 1e8 + x[:, 1]
    result = univariable_cox(x, time, event)
    assert (result.status == "ok").all()
    for column in (0, 1):
        model = cox(x[:, [column]], time, event)
        assert result.coef[column] == pytest.approx(model.coef[0], rel=1e-5)


def test_univariable_cox_at_the_article_s_size() -> None:
    x, time, event = _article_like(851)
    result = univariable_cox(x, time, event)
    assert (result.status == "ok").all()
    for column in (0, 400, 850):
        assert result.coef[column] == pytest.approx(cox(x[:, [column]], time, event).coef[0], rel=1e-5)


# Multivariable Cox and stored numbers --------------------------------------------------------------------------------


def test_survival_needs_only_stored_numbers() -> None:
    names = ["age", "horTh1", "pnodes"]
    data = gbsg2()
    model = cox(columns(data, names), data["months"], data["event"])
    stored = Baseline(
        *(np.array([float(repr(v)) for v in column]) for column in (
            model.baseline.time.tolist(),
            model.baseline.cumulative_hazard.tolist(),
            model.baseline.hazard_variance.tolist(),
        )),
        mean_shift=np.array(model.baseline.mean_shift.tolist()),
        last_follow_up=model.baseline.last_follow_up,
    )  # fmt: skip
    patients = [[50, 0, 3], [70, 1, 12]]
    here = model.survival(patients, [12, 36, 60])
    there = individual_survival(patients, model.coef, model.covariance, model.center, stored, [12, 36, 60])
    for name in ("survival", "se", "lower", "upper"):
        assert np.array_equal(getattr(here, name), getattr(there, name))
    assert (here.lower < here.survival).all() and (here.survival < here.upper).all()


def test_the_scoring_path_needs_no_scipy_for_individual_survival(fresh_python) -> None:
    code = (
        "import sys, LABCRadiomicsLib.statistics.individual_survival;"
        "print([n for n in ('scipy', 'pandas', 'lifelines', 'sksurv') if n in sys.modules])"
    )
    assert fresh_python(code).strip() == "[]"


def test_survival_before_the_first_event_is_one() -> None:
    model = cox([[1.0], [2.0], [4.0], [1.5]], [5, 6, 7, 8], [1, 0, 1, 0])
    result = model.survival([[2.0]], [1.0])
    assert (result.survival[0, 0], result.se[0, 0], result.lower[0, 0], result.upper[0, 0]) == (1, 0, 1, 1)


def test_null_loglik_is_that_of_no_covariates() -> None:
    model = cox([[1.0], [2.0], [4.0], [1.5]], [5, 6, 7, 8], [1, 0, 1, 0])
    assert model.loglik_null == pytest.approx(-np.log(4) - np.log(2))
    assert (model.n, model.events) == (4, 2)


# LASSO ---------------------------------------------------------------------------------------------------------------


def _gradient(x: np.ndarray, time: np.ndarray, event: np.ndarray, coef: np.ndarray) -> np.ndarray:
    """Gradient of Breslow's log partial likelihood over n, written out patient by patient."""
    weight = np.exp(x @ coef)
    total = np.zeros(x.shape[1])
    for i in np.flatnonzero(event):
        risk = time >= time[i]
        total += x[i] - weight[risk] @ x[risk] / weight[risk].sum()
    return total / time.size


@pytest.mark.parametrize("features", [30, 250])
def test_lasso_path_meets_the_optimality_conditions(features) -> None:
    x, time, event = _article_like(features)
    path = lasso_path(x, time, event, n_lambdas=40)
    assert path.complete
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    for index in range(0, path.lambdas.size, 6):
        coef, penalty = path.coef[:, index] * x.std(axis=0), path.lambdas[index]
        gradient = _gradient(z, time, event, coef)
        kept = coef != 0
        assert gradient[kept] == pytest.approx(penalty * np.sign(coef[kept]), rel=1e-7)
        assert (np.abs(gradient[~kept]) <= penalty * (1 + 1e-7)).all()
    assert path.nonzero[0] == 0 and path.nonzero[-1] > path.nonzero[1]


def test_lasso_agrees_with_coxnet() -> None:
    linear_model = pytest.importorskip("sksurv.linear_model", reason="needs scikit-survival (GPL, optional)")
    from sksurv.util import Surv

    data, names = transbig(), table("transbig_coef_lambda.min")["feature"]
    x = columns(data, names)
    path = lasso_path(x, data["months"], data["event"])
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    coxnet = linear_model.CoxnetSurvivalAnalysis(l1_ratio=1.0, alphas=path.lambdas[1:30], tol=1e-13, max_iter=10**6)
    coxnet.fit(z, Surv.from_arrays(data["event"], data["months"]))
    assert coxnet.coef_ / x.std(axis=0)[:, None] == pytest.approx(path.coef[:, 1:30], abs=1e-4)


def test_lasso_copes_with_constant_and_duplicate_features() -> None:
    x, time, event = _article_like(20)
    plain = lasso_path(x, time, event)
    padded = lasso_path(np.c_[x, np.full(139, 7.0), x[:, 0]], time, event)
    assert padded.complete and (padded.coef[20] == 0).all()
    n = min(plain.lambdas.size, padded.lambdas.size)
    fitted, repeated = x @ plain.coef[:, :n], np.c_[x, np.full(139, 7.0), x[:, 0]] @ padded.coef[:, :n]
    assert repeated == pytest.approx(fitted, abs=1e-5)


def test_partial_deviance_of_no_effect() -> None:
    time, event = np.array([1.0, 2, 2, 3]), np.array([True, True, True, False])
    saturated = -2 * np.log(2)  # two tied events
    loglik = -np.log(4) - 2 * np.log(3)
    assert partial_deviance(np.zeros((4, 1)), time, event)[0] == pytest.approx(2 * (saturated - loglik))


def test_lasso_cv_of_the_article_s_size_is_complete() -> None:
    x, time, event = _article_like(250)
    folds = random_folds(event, 10, 1)
    result = lasso_cv(x, time, event, folds)
    assert result.complete and result.lambda_1se >= result.lambda_min
    assert result.mean[result.index_min] == result.mean.min()


def test_lasso_cv_survives_an_outlier_that_no_exponential_can_hold() -> None:
    x, time, event = _article_like(20)
    x[np.flatnonzero(event)[0], 3] = 1e7
    result = lasso_cv(x, time, event, random_folds(event, 10, 1))
    assert np.isfinite(result.mean).all()
    assert np.isfinite(result.sd).all()
    eta = np.where(np.arange(time.size) == time.argmin(), -2000.0, 0.0)[:, None]
    assert np.isfinite(partial_deviance(eta, time, event)).all()
    late = np.where(np.arange(time.size) == time.argmax(), 2000.0, 0.0)[:, None]
    assert np.isfinite(partial_deviance(late, time, event)).all()


# ROC, concordance, Kaplan-Meier --------------------------------------------------------------------------------------


def test_the_looser_standard_error_of_the_auc_is_due_to_tied_times() -> None:
    """timeROC takes tied times in the order of the file; with ties broken that way the standard errors agree."""
    data, lp = gbsg2(), table("gbsg2_lp")["lp"]
    months, event = data["months"], data["event"]
    file_order = np.empty(months.size)
    file_order[np.argsort(months, kind="stable")] = np.arange(months.size) + 1.0
    for horizon, se in zip((12, 36, 60), table("gbsg2_timeROC_auc")["se"], strict=True):
        weight = np.where(event & (months <= horizon), 1 / censoring_survival(months, event, months, before=True), 0)
        influence = roc_room._auc_influence(lp, file_order, event, weight, months > horizon)
        assert influence.std(ddof=1) / np.sqrt(months.size) == pytest.approx(se, rel=1e-6)


def test_limits_of_the_auc_cover_the_truth() -> None:
    """Coverage of the 95% limits over 300 simulated cohorts, against the AUC of a very large one without censoring."""
    rng = np.random.default_rng(11)

    def cohort(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        marker = rng.normal(size=n)
        event_time, censored = rng.exponential(np.exp(-marker)), rng.exponential(3, size=n)
        return marker, np.minimum(event_time, censored), event_time <= censored

    marker = rng.normal(size=200_000)
    event_time = rng.exponential(np.exp(-marker))
    cases, controls = marker[event_time <= 0.7], marker[event_time > 0.7]
    truth = stats.mannwhitneyu(cases, controls).statistic / (cases.size * controls.size)
    results = [time_dependent_roc(*cohort(200), 0.7) for _ in range(300)]
    covered = np.mean([result.lower <= truth <= result.upper for result in results])
    assert 0.91 <= covered <= 0.98
    assert np.mean([result.auc for result in results]) == pytest.approx(truth, abs=0.01)


def test_span_changes_only_the_neighborhoods() -> None:
    data, lp = gbsg2(), table("gbsg2_lp")["lp"]
    default = 0.25 * lp.size**-0.2
    here = time_dependent_roc(lp, data["months"], data["event"], 60, method="nne")
    there = time_dependent_roc(lp, data["months"], data["event"], 60, method="nne", span=default)
    wide = time_dependent_roc(lp, data["months"], data["event"], 60, method="nne", span=0.4)
    assert here.auc == there.auc != wide.auc
    assert np.isnan(here.se)
    assert here.cases == (data["event"] & (data["months"] <= 60)).sum()
    assert here.controls == (data["months"] > 60).sum()


def test_uno_and_harrell_agree_without_censoring() -> None:
    rng = np.random.default_rng(2)
    marker, time = rng.normal(size=60), rng.permutation(60) + 1.0
    event = np.ones(60)
    assert uno_c(marker, time, event).c == pytest.approx(harrell_c(marker, time, event).c)


def test_limits_and_difference_of_concordance() -> None:
    data = gbsg2()
    nodes = harrell_c(data["pnodes"], data["months"], data["event"])
    age = harrell_c(data["age"], data["months"], data["event"])
    assert nodes.upper - nodes.c == pytest.approx(stats.norm.ppf(0.975) * nodes.se)
    difference = concordance_difference(nodes, age)
    assert difference.difference == nodes.c - age.c and difference.p < 1e-3
    same = concordance_difference(nodes, nodes)
    assert (same.difference, same.se, same.p) == (0, 0, 1)


def test_large_cohorts_are_counted_in_pieces(monkeypatch) -> None:
    data, lp = gbsg2(), table("gbsg2_lp")["lp"]
    whole = harrell_c(lp, data["months"], data["event"])
    monkeypatch.setattr("LABCRadiomicsLib.statistics.concordance._CHUNK", 1000)
    pieces = harrell_c(lp, data["months"], data["event"])
    assert (pieces.c, pieces.se) == pytest.approx((whole.c, whole.se), rel=1e-12)


def test_kaplan_meier_without_events_and_at_chosen_times() -> None:
    curve = kaplan_meier([1, 2, 3], [0, 0, 0])
    assert curve.survival.tolist() == [1, 1, 1] and np.isnan(curve.median)
    points = kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0]).at([0.5, 1, 3.5, 4, 9], extend=True)
    assert points.n_risk.tolist() == [4, 4, 1, 1, 0]
    assert points.survival == pytest.approx([1, 0.75, 0.375, 0.375, 0.375])


def test_logrank_of_two_groups_is_the_score_test_of_a_cox_model() -> None:
    data = gbsg2()
    days, event, group = data["months"] + np.arange(686) * 1e-9, data["event"], data["horTh1"]  # no ties
    result = logrank(days, event, group)
    assert result.observed.sum() == result.expected.sum().round(9) == event.sum()
    model = cox(group[:, None], days, event)
    assert result.chisq == pytest.approx(model.z[0] ** 2, rel=0.02)


# Added value and calibration -----------------------------------------------------------------------------------------


def test_nri_names_say_which_is_half() -> None:
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    result = discrimination_improvement(risks["p_base"], risks["p_full"], data["months"], data["event"], 60)
    assert result.nri_continuous == 2 * result.nri_half_continuous
    continuous = net_reclassification(risks["p_base"], risks["p_full"], data["months"], data["event"], 60)
    assert result.nri_continuous == pytest.approx(continuous.nri, abs=0.1)  # two estimators of one quantity


def test_bootstrap_limits_of_reclassification() -> None:
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    old, new, time, event = risks["p_base"], risks["p_full"], data["months"], data["event"]

    def statistic(i: np.ndarray) -> list[float]:
        result = discrimination_improvement(old[i], new[i], time[i], event[i], 60)
        return [result.idi, result.nri_half_continuous, result.median_improvement]

    limits = bootstrap_limits(statistic, time.size, repeats=200, seed=1)
    again = bootstrap_limits(statistic, time.size, repeats=200, seed=1)
    assert np.array_equal(limits.lower, again.lower) and limits.used == 200
    # survIDINRI's perturbation limits of the same three, printed in the reference folder.
    assert limits.lower == pytest.approx([0.0615, 0.168, 0.0315], abs=0.03)
    assert limits.upper == pytest.approx([0.1453, 0.4058, 0.1141], abs=0.05)


def test_bootstrap_gives_the_standard_error_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(size=400)
    limits = bootstrap_limits(lambda i: values[i].mean(), 400, repeats=2000)
    assert limits.se[0] == pytest.approx(values.std() / 20, rel=0.06)
    assert limits.lower[0] < values.mean() < limits.upper[0]


def test_integrated_brier_is_the_mean_over_time() -> None:
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    two = np.c_[risks["p_full"] * 0.6, risks["p_full"]]
    result = brier_score(two, data["months"], data["event"], [36, 60])
    assert result.integrated == pytest.approx(result.score.mean())
    assert result.integrated_ipa == pytest.approx(1 - result.score.mean() / result.reference.mean())
    assert np.isnan(brier_score(two[:, 1], data["months"], data["event"], [60]).integrated)


def test_calibration_of_a_true_and_of_a_doubled_risk() -> None:
    rng = np.random.default_rng(5)
    lp = 0.5 * rng.normal(size=4000)
    event_time, censored = rng.exponential(np.exp(-lp)), rng.uniform(0.5, 4, 4000)
    time, event = np.minimum(event_time, censored), event_time <= censored
    true = 1 - np.exp(-0.4 * np.exp(lp))
    good = calibration_summary(true, time, event, 0.4)
    assert good.ratio_lower < 1 < good.ratio_upper and good.slope == pytest.approx(1, abs=3 * good.slope_se)
    assert calibration_curve(true, time, event, 0.4).ici < 0.02
    extreme = calibration_summary(1 - np.exp(-0.4 * np.exp(2 * lp)), time, event, 0.4)
    assert extreme.slope == pytest.approx(good.slope / 2, rel=1e-6)
    low = calibration_summary(true / 2, time, event, 0.4)
    assert low.ratio == pytest.approx(2 * good.ratio)
    assert calibration_curve(true / 2, time, event, 0.4).ici > 0.1


def test_decision_curve_by_its_definition() -> None:
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    result = decision_curve({"full": risks["p_full"]}, data["months"], data["event"], 60, thresholds=[0.2, 0.5])
    for index, threshold in enumerate(result.thresholds):
        treated = risks["p_full"] >= threshold
        risk = 1 - kaplan_meier(data["months"][treated], data["event"][treated]).at(60).survival[0]
        benefit = treated.mean() * (risk - (1 - risk) * threshold / (1 - threshold))
        assert result.net_benefit["full"][index] == pytest.approx(benefit, rel=1e-9)


# Agreement, tables, nomogram -----------------------------------------------------------------------------------------


def test_icc_forms_by_name_and_features_without_variance() -> None:
    ratings = np.random.default_rng(0).normal(size=(851, 20, 1)) + np.zeros(2)
    ratings = ratings + 0.1 * np.random.default_rng(1).normal(size=ratings.shape)
    ratings[3] = 1.0
    result = intraclass_correlation(ratings)
    icc, lower, upper = result.form("ICC2")
    assert np.array_equal(icc, result.icc[:, FORMS.index("ICC2")], equal_nan=True)
    assert np.isnan(icc[3]) and np.isfinite(np.delete(icc, 3)).all()
    known = np.delete(np.arange(851), 3)
    assert (lower[known] < icc[known]).all() and (icc[known] < upper[known]).all()


def test_benjamini_hochberg_leaves_untested_features_out() -> None:
    adjusted = benjamini_hochberg([0.01, np.nan, 0.04])
    assert adjusted[[0, 2]] == pytest.approx([0.02, 0.04]) and np.isnan(adjusted[1])


def test_nomogram_from_points_to_survival() -> None:
    data, coef = gbsg2(), table("gbsg2_rms_cph_coef")
    names = list(coef["feature"])
    x = columns(data, names)
    model = cox(x, data["months"], data["event"])
    scale = nomogram_scale(model.coef, x.min(axis=0), x.max(axis=0))
    total = scale.points(x[:5]).sum(axis=1)
    lp = scale.linear_predictor(total) - model.center @ model.coef
    at = np.searchsorted(model.baseline.time, [36, 60], side="right") - 1
    survival = survival_from_linear_predictor(lp, model.baseline.survival[at])
    assert survival == pytest.approx(model.survival(x[:5], [36, 60]).survival, rel=1e-9)


# The article's workflow on real radiomics -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ispy1(shared_data, shared_reference) -> dict:
    """161 patients of I-SPY1, their T1 features, and what R made of them."""
    with (shared_data / "ispy1" / "ISPY1_captk_features_plus_outcome_merged.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    reference = {name: table(name, shared_reference / "ispy1") for name in (
        "univariable_cox", "foldid", "cvglmnet", "coef_lambda.min", "coef_lambda.1se", "score", "summary", "logrank"
    )}  # fmt: skip

    def column(name: str) -> np.ndarray:
        index = header.index(name)
        return np.array([float(row[index]) for row in rows])

    return reference | {"column": column, "time": column("RFS") / DAYS_PER_MONTH, "event": column("rfs_ind") == 1}


def test_ispy1_univariable_cox(ispy1) -> None:
    reference = ispy1["univariable_cox"]
    x = np.column_stack([ispy1["column"](name) for name in reference["feature"]])
    result = univariable_cox(x / x.std(axis=0, ddof=1), ispy1["time"], ispy1["event"])
    fitted = result.status == "ok"
    assert fitted.mean() > 0.95
    assert relative_difference(result.p[fitted], reference["p"][fitted]) < 1e-6
    assert relative_difference(result.se[fitted], reference["se"][fitted]) < 1e-6
    # A feature that R fits only up to an infinite coefficient, or that does not vary, is not selected by R either.
    assert not (reference["p"][~fitted] < 0.05).any()


@pytest.mark.slow
def test_ispy1_lasso(ispy1) -> None:
    """R stopped at 70 penalties (its iteration limit) and, features being collinear, short of its own optimum."""
    names = ispy1["coef_lambda.min"]["feature"]
    x = np.column_stack([ispy1["column"](name) for name in names])
    result = lasso_cv(x, ispy1["time"], ispy1["event"], ispy1["foldid"]["fold"])
    reference, summary = ispy1["cvglmnet"], ispy1["summary"]
    n = reference["lambda"].size
    assert relative_difference(result.path.lambdas[:n], reference["lambda"]) < 1e-6
    assert relative_difference(result.mean[:36], reference["cvm"][:36]) < 1e-4
    assert relative_difference(result.mean[:n], reference["cvm"]) < 1e-3
    assert result.lambda_min == pytest.approx(summary["lambda_min"][0])
    assert result.lambda_1se == pytest.approx(summary["lambda_1se"][0])
    assert np.count_nonzero(result.coef_min) == summary["nonzero"][0]
    assert relative_difference(result.coef_min, ispy1["coef_lambda.min"]["coef"]) < 5e-3
    assert relative_difference(result.coef_1se, ispy1["coef_lambda.1se"]["coef"]) == 0


def test_ispy1_score(ispy1) -> None:
    score, summary, reference = ispy1["score"]["score"], ispy1["summary"], ispy1["logrank"]
    roc = time_dependent_roc(score, ispy1["time"], ispy1["event"], 60)
    best = youden_cutoff(roc)
    ours = [roc.auc, best.cutoff, best.tpr, best.fpr]
    assert relative_difference(ours, [summary[name][0] for name in ("auc", "cutoff", "tpr", "fpr")]) < 1e-6
    concordance = harrell_c(score, ispy1["time"], ispy1["event"])
    assert relative_difference([concordance.c, concordance.se], [summary["c_index"][0], summary["c_se"][0]]) < 1e-6
    high = score > best.cutoff
    test = logrank(ispy1["time"], ispy1["event"], high)
    assert high.sum() == reference["n_high"][0]
    assert relative_difference([test.chisq, test.p], [reference["chisq"][0], reference["p"][0]]) < 1e-6
