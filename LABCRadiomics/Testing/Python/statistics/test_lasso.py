"""The LASSO-Cox path and its cross-validation: against glmnet, its optimality conditions, and where it strains."""

from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest

from LABCRadiomicsLib.statistics import _lasso_solver
from LABCRadiomicsLib.statistics.lasso import (
    LassoCV,
    LassoPath,
    _interpolate,
    lasso_cv,
    lasso_path,
    partial_deviance,
    random_folds,
)
from other_packages import lasso_others
from r_reference import columns, table, transbig
from r_rows import Pairs, equal_to_r, row
from survival_cohorts import article_like, follow_up_of, lung_known


@cache
def _transbig_cv() -> LassoCV:
    data, names = transbig(), table("transbig_coef_lambda.min")["feature"]
    return lasso_cv(columns(data, names), data["months"], data["event"], table("transbig_foldid")["fold"])


@cache
def _wide_cv() -> LassoCV:
    data = {name: values[::5] for name, values in transbig().items()}
    names = table("extra_lasso_wide_coef")["feature"]
    time, folds = np.ceil(data["months"] / 6), table("extra_lasso_wide_fold")["fold"]
    return lasso_cv(columns(data, names), time, data["event"], folds, n_lambdas=30)


@row("LASSO path: penalties and features kept", "lasso_path", "glmnet::glmnet")
def _lasso_penalties() -> Pairs:
    result, reference = _transbig_cv(), table("transbig_cvglmnet")
    chosen = table("transbig_lambda")["lambda"]
    return [
        (result.path.lambdas, reference["lambda"]),
        (result.path.nonzero, reference["nzero"]),
        ([result.lambda_min, result.lambda_1se], chosen),
    ]


@row("LASSO cross-validated deviance, its standard error", "lasso_cv", "glmnet::cv.glmnet")
def _lasso_deviance() -> Pairs:
    result, reference = _transbig_cv(), table("transbig_cvglmnet")
    return [(result.mean, reference["cvm"]), (result.sd, reference["cvsd"])]


@row("LASSO coefficients, thresh 1e-12", "lasso_cv", "glmnet::cv.glmnet", tolerance=1e-3)
def _lasso_coefficients() -> Pairs:
    return [
        (_transbig_cv().coef_min, table("transbig_coef_lambda.min")["coef"]),
        (_transbig_cv().coef_1se, table("transbig_coef_lambda.1se")["coef"]),
    ]


@row("LASSO deviance and coefficients, thresh 1e-20", "lasso_cv", "glmnet::cv.glmnet", others=lasso_others())
def _lasso_converged() -> Pairs:
    result, deviance, coef = _transbig_cv(), table("extra_lasso_cv"), table("extra_lasso_coef")
    return [
        (result.mean, deviance["cvm"]),
        (result.sd, deviance["cvsd"]),
        (result.coef_min, coef["min"]),
        (result.coef_1se, coef["se1"]),
    ]


@row("LASSO with more features than patients, tied times", "lasso_cv", "glmnet::cv.glmnet")
def _lasso_wide() -> Pairs:
    result, deviance, coef = _wide_cv(), table("extra_lasso_wide_cv"), table("extra_lasso_wide_coef")
    return [
        (result.path.lambdas, deviance["lambda"]),
        (result.path.nonzero, deviance["nzero"]),
        (result.mean, deviance["cvm"]),
        (result.sd, deviance["cvsd"]),
        (result.coef_min, coef["min"]),
        (result.coef_1se, coef["se1"]),
    ]


def _gradient(x: np.ndarray, time: np.ndarray, event: np.ndarray, coef: np.ndarray) -> np.ndarray:
    """Gradient of Breslow's log partial likelihood over n, written out patient by patient."""
    weight = np.exp(x @ coef)
    total = np.zeros(x.shape[1])
    for i in np.flatnonzero(event):
        risk = time >= time[i]
        total += x[i] - weight[risk] @ x[risk] / weight[risk].sum()
    return total / time.size


_VETERAN = ["squamous", "smallcell", "adeno", "trt", "karno", "diagtime", "age", "prior"]


@row("LASSO cross-validation, a fold without an event", "lasso_cv", "glmnet::cv.glmnet")
def _fold_without_event() -> Pairs:
    reference, folds = table("lasso_fold_without_event"), table("lasso_fold_without_event_folds")["fold"]
    event = table("veteran")["event"] == 1
    assert not event[folds == 6].any() and event[folds == 5].any()
    result = lasso_cv(columns(table("veteran"), _VETERAN), *follow_up_of("veteran"), folds)
    return [
        (result.mean, reference["cvm"]),
        (result.sd, reference["cvsd"]),
        ([result.lambda_min, result.lambda_1se], [reference["min"][0], reference["se1"][0]]),
    ]


@row("elastic net: path, cross-validation, coefficients", "lasso_cv(l1_share)", "glmnet::cv.glmnet(alpha)")
def _elastic_net() -> Pairs:
    reference, coef, pairs = table("elastic_net_cv"), table("elastic_net_coef"), []
    x, folds = columns(table("veteran"), _VETERAN), table("lasso_divisions")["V1"]
    for share, name in ((0.5, "V1"), (0.1, "V2")):
        rows = reference["share"] == share
        result = lasso_cv(x, *follow_up_of("veteran"), folds, l1_share=share)
        pairs += [(result.path.lambdas, reference["lambda"][rows]), (result.path.nonzero, reference["nzero"][rows])]
        pairs += [(result.mean, reference["cvm"][rows]), (result.sd, reference["cvsd"][rows])]
        pairs.append((result.coef_min, coef[name]))
    return pairs


@row("cross-validation repeated over three divisions", "lasso_cv", "glmnet::cv.glmnet, averaged")
def _repeated() -> Pairs:
    reference, divisions = table("lasso_repeated_cv"), table("lasso_divisions")
    folds = [divisions[name] for name in ("V1", "V2", "V3")]
    result = lasso_cv(columns(table("veteran"), _VETERAN), *follow_up_of("veteran"), folds)
    assert result.lambda_min == pytest.approx(reference["lambda"][reference["cvm"].argmin()])
    return [(result.mean, reference["cvm"]), (result.sd, reference["cvsd"])]


test_equal_to_r = equal_to_r(__name__)


def _require_optimal(path: LassoPath, x: np.ndarray, time: np.ndarray, event: np.ndarray, some: Iterable[int]) -> None:
    """The gradient is the penalty where a coefficient is kept and no more elsewhere."""
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    for index in some:
        coef = path.coef[:, index] * x.std(axis=0)
        gradient, kept = _gradient(z, time, event, coef) / path.lambdas[index], coef != 0
        assert gradient[kept] == pytest.approx(np.sign(coef[kept]), abs=1e-7)
        assert (np.abs(gradient[~kept]) <= 1 + 1e-7).all()


@pytest.mark.parametrize("features", [30, 250])
def test_lasso_path_meets_the_optimality_conditions(features) -> None:
    x, time, event = article_like(features)
    path = lasso_path(x, time, event, n_lambdas=40)
    assert path.complete
    _require_optimal(path, x, time, event, range(0, path.lambdas.size, 6))
    assert path.nonzero[0] == 0 and path.nonzero[-1] > path.nonzero[1]


def test_largest_penalty_does_not_depend_on_the_order_of_the_rows() -> None:
    """That of glmnet does, where times of hundreds of days are tied between events and censorings."""
    reference, lung = table("glmnet_row_order"), lung_known()
    assert abs(reference["days"][1] / reference["days"][0] - 1) > 1e-3
    x, sixties = columns(lung, ["age", "sex", "ph.ecog"]), np.ceil(lung["time"] / 60)
    for step in (1, -1):
        for unit in (1, 60):
            path = lasso_path(x[::step], unit * sixties[::step], lung["event"][::step])
            assert path.lambdas[0] == pytest.approx(reference["sixties"][0], rel=1e-9)


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


def test_lasso_of_a_large_cohort_meets_the_optimality_conditions() -> None:
    """Here the curvatures are kept from one penalty to the next, which small cohorts never do."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 40))
    event_time, censored = rng.exponential(np.exp(-0.5 * x[:, 0] + 0.3 * x[:, 1])), rng.exponential(1, size=2000)
    time, event = np.minimum(event_time, censored), event_time < censored
    path = lasso_path(x, time, event, n_lambdas=60)
    assert path.complete and path.nonzero[-1] > 20
    _require_optimal(path, x, time, event, (5, path.lambdas.size - 1))


def test_lasso_copes_with_constant_and_duplicate_features() -> None:
    x, time, event = article_like(20)
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
    x, time, event = article_like(250)
    folds = random_folds(event, 10, 1)
    result = lasso_cv(x, time, event, folds)
    assert result.complete and result.lambda_1se >= result.lambda_min
    assert result.mean[result.index_min] == result.mean.min()


def test_lasso_cv_survives_an_outlier_that_no_exponential_can_hold() -> None:
    x, time, event = article_like(20)
    x[np.flatnonzero(event)[0], 3] = 1e7
    result = lasso_cv(x, time, event, random_folds(event, 10, 1))
    assert np.isfinite(result.mean).all()
    assert np.isfinite(result.sd).all()
    eta = np.where(np.arange(time.size) == time.argmin(), -2000.0, 0.0)[:, None]
    assert np.isfinite(partial_deviance(eta, time, event)).all()
    late = np.where(np.arange(time.size) == time.argmax(), 2000.0, 0.0)[:, None]
    assert np.isfinite(partial_deviance(late, time, event)).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_path_that_ends_early_chooses_the_same(seed):
    """The same penalties and coefficients to the last bit, of a path that is a fraction of the whole."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(90, 60)) + rng.normal(size=(90, 1))
    time = rng.exponential(size=90) * np.exp(-0.8 * x[:, 0])
    event = rng.random(90) < 0.6
    folds = random_folds(event, 5, seed)
    whole, short = lasso_cv(x, time, event, folds), lasso_cv(x, time, event, folds, whole=False)
    length = short.path.lambdas.size
    assert length < whole.path.lambdas.size
    assert (whole.mean[length - 5 : length] > whole.mean.min() + 3 * whole.sd[whole.index_min]).all()
    assert short.mean == pytest.approx(whole.mean[:length], rel=1e-12)
    assert short.sd == pytest.approx(whole.sd[:length], rel=1e-10)
    assert (short.lambda_min, short.lambda_1se) == (whole.lambda_min, whole.lambda_1se)
    assert np.array_equal(short.coef_min, whole.coef_min) and np.array_equal(short.coef_1se, whole.coef_1se)


def test_a_path_of_one_penalty_keeps_nothing_anywhere() -> None:
    x, time, event = article_like(5)
    whole = lasso_path(x, time, event)
    one = lasso_path(x, time, event, n_lambdas=1)
    assert one.lambdas == pytest.approx(whole.lambdas[:1]) and one.coef.shape == (5, 1) and not one.coef.any()
    found = lasso_cv(x, time, event, random_folds(event, 5, 1), n_lambdas=1)
    assert found.lambda_min == found.lambda_1se == found.path.lambdas[0] and not found.coef_min.any()


def test_interpolated_coefficients_lie_between_penalties_and_stay_beyond_the_ends() -> None:
    path = LassoPath(np.array([4.0, 2, 1]), np.array([[0.0, 2, 3], [0, 0, -4]]), np.array([0, 1, 2]), True)
    found = _interpolate(path, np.array([9.0, 4, 3, 1.5, 1, 0.1]))
    assert found == pytest.approx(np.array([[0, 0, 1, 2.5, 3, 3], [0, 0, 0, -2, -4, -4]]))


def test_deviance_without_any_feature_is_that_of_each_fold_by_its_events() -> None:
    """A fold's deviance is divided by its events, of which one fold has one, and weighs by them."""
    x, time, event = article_like(3)
    fold = np.arange(time.size) % 4
    alone = np.flatnonzero(event & (fold == 3))[1:]
    fold[alone] = 0
    found = lasso_cv(x, time, event, fold, n_lambdas=1)
    nothing = np.zeros((time.size, 1))
    parts = [
        float((partial_deviance(nothing, time, event) - partial_deviance(nothing[k], time[k], event[k]))[0])
        for k in (fold != number for number in range(4))
    ]
    events = np.bincount(fold[event])
    assert events[3] == 1 and found.mean[0] == pytest.approx(sum(parts) / events.sum())
    spread = np.average((np.array(parts) / events - found.mean[0]) ** 2, weights=events)
    assert found.sd[0] == pytest.approx(np.sqrt(spread / 3))


def test_a_path_ends_where_the_solver_gives_up(monkeypatch) -> None:
    x, time, event = article_like(20)
    whole = lasso_path(x, time, event)
    monkeypatch.setattr(_lasso_solver, "_MAX_STEPS", 0)
    short = lasso_path(x, time, event)
    assert whole.complete and not short.complete
    assert short.lambdas.tolist() == whole.lambdas[:1].tolist() and not short.coef.any()


def test_all_deviance_is_explained_where_each_event_is_the_riskiest_of_those_at_risk() -> None:
    """With tied events the saturated likelihood is the sum of ``-d log d`` (Breslow), which no features exceed."""
    time, event = np.array([1.0, 1, 1, 2, 2, 3, 4]), np.array([1, 1, 1, 1, 1, 0, 0], bool)
    problem = _lasso_solver.PenalizedCox(np.zeros((7, 1)), time, event)
    eta = np.where(event, 40.0 * (5 - time), 0.0)[problem._sets.order]
    null = problem.point(np.zeros(7)).loglik
    best = problem.point(eta).loglik
    assert best == pytest.approx(-3 * np.log(3) - 2 * np.log(2))
    assert problem.explained(problem.point(eta), null) == pytest.approx(1)
    assert problem.explained(problem.point(np.zeros(7)), null) == 0


def _hardly_to_be_solved(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Few patients whose events follow almost from the features, some of which have outliers."""
    rng = np.random.default_rng(seed)
    n, p = rng.integers(12, 80), rng.integers(2, 60)
    features = rng.normal(size=(n, p)) * np.exp(rng.normal(size=p))
    if seed % 3 == 0:
        features = np.exp(2 * features / features.std(axis=0))
    effects = np.zeros(p)
    effects[:3] = 3 * rng.normal(size=min(3, p))
    months = rng.exponential(size=n) * np.exp(-features @ effects / features.std())
    return features, 1.0 + months.argsort().argsort(), rng.random(n) < 0.8


@pytest.mark.parametrize("seed", [66, 75, 138, 189])
def test_a_step_that_is_too_long_is_shortened(seed):
    """Taken whole, some step lowers the likelihood; the path is solved to its end all the same."""
    features, months, event = _hardly_to_be_solved(seed)
    path = lasso_path(features, months, event)
    assert path.complete
    _require_optimal(path, features, months, event, range(0, path.lambdas.size, 9))


@pytest.mark.parametrize("seed", [10, 60])
@pytest.mark.filterwarnings("error")
def test_a_path_ends_without_a_warning_where_hazards_are_beyond_all_numbers(seed):
    features, months, event = _hardly_to_be_solved(seed)
    path = lasso_path(features, months, event)
    assert not path.complete and np.isfinite(path.coef).all() and len(path.lambdas) > 50
