"""Bad input to any statistic is an `InputError` whose sentence names the argument."""

from collections.abc import Callable

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.agreement import intraclass_correlation
from LABCRadiomicsLib.statistics.baseline_hazard import baseline_hazard
from LABCRadiomicsLib.statistics.baseline_table import benjamini_hochberg, chi_square, fisher_exact, t_test
from LABCRadiomicsLib.statistics.brier import brier_score
from LABCRadiomicsLib.statistics.calibration import calibration_curve, calibration_groups, calibration_summary
from LABCRadiomicsLib.statistics.clustering import consensus, k_means, tree
from LABCRadiomicsLib.statistics.concordance import concordance_difference, harrell_c, uno_c
from LABCRadiomicsLib.statistics.confidence_bands import equal_precision_critical, hall_wellner_critical
from LABCRadiomicsLib.statistics.correlation import correlation_map
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.cox_screening import univariable_cox
from LABCRadiomicsLib.statistics.decision import decision_curve
from LABCRadiomicsLib.statistics.individual_survival import individual_survival
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier, logrank
from LABCRadiomicsLib.statistics.kolmogorov_smirnov import kolmogorov_smirnov
from LABCRadiomicsLib.statistics.lasso import lasso_cv, lasso_path, random_folds
from LABCRadiomicsLib.statistics.lowess import lowess
from LABCRadiomicsLib.statistics.moderated_t import variance_prior
from LABCRadiomicsLib.statistics.nomogram import nomogram_scale
from LABCRadiomicsLib.statistics.proportional_hazards import proportional_hazards
from LABCRadiomicsLib.statistics.reclassification import discrimination_improvement, net_reclassification
from LABCRadiomicsLib.statistics.resampling import bootstrap_limits
from LABCRadiomicsLib.statistics.roc import time_dependent_auc, time_dependent_roc

RNG = np.random.default_rng(3)
N, HORIZON = 40, 5.0
TIME = RNG.permutation(N) / 4 + 0.5
EVENT = RNG.random(N) < 0.6
X = RNG.normal(size=(N, 3))
RISK = RNG.uniform(0.05, 0.95, N)
FOLDS = random_folds(EVENT, 5)

# Every statistic of survival as a function of (values, time, event), and the name of its values.
SURVIVAL: dict[str, tuple[Callable, object, str]] = {
    "univariable_cox": (univariable_cox, X, "features"),
    "cox": (cox, X, "covariates"),
    "proportional_hazards": (proportional_hazards, X, "covariates"),
    "lasso_path": (lasso_path, X, "features"),
    "lasso_cv": (lambda x, t, e: lasso_cv(x, t, e, FOLDS), X, "features"),
    "harrell_c": (harrell_c, X[:, 0], "marker"),
    "uno_c": (uno_c, X[:, 0], "marker"),
    "roc": (lambda m, t, e: time_dependent_roc(m, t, e, HORIZON), X[:, 0], "marker"),
    "auc": (lambda m, t, e: time_dependent_auc(m, t, e, HORIZON), X[:, 0], "marker"),
    "idi": (lambda r, t, e: discrimination_improvement(r, RISK, t, e, HORIZON), RISK**2, "old_risk"),
    "nri": (lambda r, t, e: net_reclassification(RISK, r, t, e, HORIZON), RISK**2, "new_risk"),
    "brier_score": (lambda r, t, e: brier_score(r, t, e, [HORIZON]), RISK, "risk"),
    "calibration_groups": (lambda r, t, e: calibration_groups(r, t, e, HORIZON), RISK, "risk"),
    "calibration_summary": (lambda r, t, e: calibration_summary(r, t, e, HORIZON), RISK, "risk"),
    "calibration_curve": (lambda r, t, e: calibration_curve(r, t, e, HORIZON), RISK, "risk"),
    "decision_curve": (lambda r, t, e: decision_curve({"m": r}, t, e, HORIZON, thresholds=[0.2]), RISK, "risks"),
    "logrank": (lambda g, t, e: logrank(t, e, g), X[:, 0] > 0, "group"),
}


def _with(values: np.ndarray, bad: float) -> np.ndarray:
    changed = np.array(values, dtype=float)
    changed[7] = bad
    return changed


@pytest.fixture(params=SURVIVAL, ids=SURVIVAL)
def statistic(request) -> tuple[Callable, np.ndarray, str]:
    return SURVIVAL[request.param]


def test_good_input_is_accepted(statistic) -> None:
    compute, values, _ = statistic
    compute(values, TIME, EVENT)
    compute(values, list(TIME), EVENT.astype(int))


BAD_SURVIVAL = {
    "time of another length": (TIME[:-1], EVENT, "event has 40 values where 39"),
    "missing time": (_with(TIME, np.nan), EVENT, r"time has missing values \(NaN\) at row 7"),
    "infinite time": (_with(TIME, np.inf), EVENT, "time has infinite values at row 7"),
    "zero time": (_with(TIME, 0), EVENT, "time must be greater than zero"),
    "negative time": (_with(TIME, -2), EVENT, "time must be greater than zero but is -2"),
    "text time": (["a"] * N, EVENT, "time must be numbers"),
    "missing event": (TIME, _with(EVENT, np.nan), "event has missing values"),
    "event of 2": (TIME, _with(EVENT, 2), "event must be 0/1 or boolean"),
    "no events": (TIME, np.zeros(N), "event has no observed event"),
    "one patient": (TIME[:1], EVENT[:1], "time has fewer than two patients"),
    "no patient": ([], [], "time has fewer than two patients"),
    "two-dimensional time": (TIME[:, None], EVENT, "time must have one dimension"),
}


@pytest.mark.parametrize("case", BAD_SURVIVAL.values(), ids=BAD_SURVIVAL)
def test_bad_follow_up_names_the_argument(statistic, case) -> None:
    compute, values, _ = statistic
    time, event, message = case
    with pytest.raises(InputError, match=f"^{message}") as caught:
        compute(values, time, event)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_missing_or_infinite_values_name_the_argument(statistic, bad) -> None:
    compute, values, name = statistic
    with pytest.raises(InputError, match=f"^{name}"):
        compute(_with(values, bad), TIME, EVENT)


def test_values_of_another_length_name_the_argument(statistic) -> None:
    compute, values, name = statistic
    with pytest.raises(InputError, match=f"^{name}.*(values|rows|labels)"):
        compute(values[:-1], TIME, EVENT)


@pytest.mark.parametrize("name", ["roc", "auc", "idi", "nri", "calibration_groups", "calibration_summary"])
def test_everyone_has_had_the_event(name) -> None:
    """Without censoring the statistics exist; when all events precede the horizon there is no control."""
    compute, values, _ = SURVIVAL[name]
    compute(values, TIME, np.ones(N))
    short = np.where(TIME < HORIZON, TIME, TIME.min())
    with pytest.raises(InputError, match=r"^horizon 5 is beyond the longest follow-up"):
        compute(values, short, np.ones(N))


@pytest.mark.parametrize("horizon", [np.nan, np.inf, 0, -1, "x", 1e6])
@pytest.mark.parametrize(
    "compute",
    [
        lambda h: time_dependent_roc(X[:, 0], TIME, EVENT, h),
        lambda h: time_dependent_auc(X[:, 0], TIME, EVENT, h),
        lambda h: net_reclassification(RISK, RISK, TIME, EVENT, h),
        lambda h: discrimination_improvement(RISK, RISK, TIME, EVENT, h),
        lambda h: calibration_groups(RISK, TIME, EVENT, h),
        lambda h: decision_curve({"m": RISK}, TIME, EVENT, h),
        lambda h: harrell_c(X[:, 0], TIME, EVENT, tau=h),
        lambda h: uno_c(X[:, 0], TIME, EVENT, tau=h),
    ],
)
def test_bad_horizon(compute, horizon) -> None:
    with pytest.raises(InputError, match=r"^(horizon|tau)"):
        compute(horizon)


def test_horizon_without_cases_or_controls() -> None:
    event = np.ones(4)
    with pytest.raises(InputError, match=r"horizon 0\.5 is before the first event"):
        time_dependent_roc([1, 2, 3, 4], [1, 2, 3, 4], event, 0.5)
    with pytest.raises(InputError, match="horizon 4 leaves nobody under follow-up beyond it"):
        time_dependent_roc([1, 2, 3, 4], [1, 2, 3, 4], event, 4)


MODEL = cox(X, TIME, EVENT)

OTHER = {
    "one group": (lambda: logrank(TIME, EVENT, np.zeros(N)), "group has one group only"),
    "ties": (lambda: univariable_cox(X, TIME, EVENT, ties="exact"), "ties must be one of efron, breslow"),
    "level": (lambda: cox(X, TIME, EVENT, level=95), "level must lie between 0 and 1"),
    "method": (lambda: time_dependent_roc(X[:, 0], TIME, EVENT, 5, method="knn"), "method must be one of"),
    "limits": (lambda: kaplan_meier(TIME, EVENT, limits="logit"), "limits must be one of"),
    "times beyond follow-up": (lambda: kaplan_meier(TIME, EVENT).at(99), "times has 99, beyond the longest"),
    "no columns": (lambda: univariable_cox(np.empty((N, 0)), TIME, EVENT), "features has no columns"),
    "flat features": (lambda: lasso_path(np.ones((N, 2)), TIME, EVENT), "features has no column that varies"),
    "features flat at risk": (
        lambda: lasso_path(np.where(TIME[EVENT].min() > TIME, 1.0, 0.0)[:, None] + [[0, 0]], TIME, EVENT),
        "features",
    ),
    "constant covariate": (lambda: cox(np.c_[X, np.ones(N)], TIME, EVENT), "covariates column 3 is constant"),
    "collinear": (lambda: cox(np.c_[X, X[:, 0] + X[:, 1]], TIME, EVENT), "covariates are collinear"),
    "separation": (lambda: cox(-TIME[:, None], TIME, EVENT), "covariates"),
    "slow separation": (lambda: cox([[1], [2], [3], [4]], [5, 6, 7, 8], [1, 0, 1, 0]), "covariates"),
    "separation by two": (lambda: cox(np.c_[X[:, 0] - TIME, X[:, 0]], TIME, EVENT), "covariates"),
    "columns of the model": (lambda: MODEL.linear_predictor(X[:, :2]), "covariates has 2 columns"),
    "columns predicted": (lambda: MODEL.survival(X[:, :2], [5]), "covariates and covariance need 3 columns"),
    "horizons predicted": (lambda: MODEL.survival(X, [500]), "horizons must lie between 0"),
    "no comparable pair": (lambda: harrell_c([1, 2], [3, 3], [1, 1]), "time and event have no pair"),
    "other patients": (
        lambda: concordance_difference(harrell_c(RISK, TIME, EVENT), harrell_c(RISK[1:], TIME[1:], EVENT[1:])),
        "second has 39 patients",
    ),
    "two folds": (lambda: lasso_cv(X, TIME, EVENT, np.arange(N) % 2), "folds has 2 folds"),
    "fold with all events": (
        lambda: lasso_cv(X, TIME, EVENT, np.where(EVENT, 1, 2 + np.arange(N) % 2)),
        "folds has all events in fold 1",
    ),
    "no share": (lambda: lasso_path(X, TIME, EVENT, l1_share=0), "l1_share must be a finite number greater"),
    "too large a share": (lambda: lasso_path(X, TIME, EVENT, l1_share=2), "l1_share must lie above 0"),
    "too many folds": (lambda: random_folds(EVENT, N), "n_folds must lie between 3"),
    "risk above one": (lambda: brier_score(RISK * 100, TIME, EVENT, [5]), "risk must lie between 0 and 1"),
    "falling horizons": (lambda: brier_score(np.c_[RISK, RISK], TIME, EVENT, [5, 2]), "horizons must rise"),
    "last horizon": (lambda: brier_score(RISK, TIME, EVENT, [TIME.max()]), "horizon .* leaves nobody"),
    "risk columns": (lambda: brier_score(RISK, TIME, EVENT, [2, 5]), "risk has 1 columns"),
    "falling cuts": (lambda: net_reclassification(RISK, RISK, TIME, EVENT, 5, cuts=(0.6, 0.3)), "cuts must be rising"),
    "equal cuts": (lambda: net_reclassification(RISK, RISK, TIME, EVENT, 5, cuts=(0.3, 0.3)), "cuts must be rising"),
    "no cuts": (lambda: net_reclassification(RISK, RISK, TIME, EVENT, 5, cuts=()), "cuts must be rising"),
    "groups of equal risk": (lambda: calibration_groups(np.full(N, 0.3), TIME, EVENT, 5), "risk has too few"),
    "slope of equal risk": (lambda: calibration_summary(np.full(N, 0.3), TIME, EVENT, 5), "risk is the same"),
    "too many groups": (lambda: calibration_groups(RISK, TIME, EVENT, 5, n_groups=39), "n_groups must lie"),
    "knots": (lambda: calibration_curve(RISK, TIME, EVENT, 5, n_knots=7), "n_knots must be 3, 4 or 5"),
    "no model": (lambda: decision_curve({}, TIME, EVENT, 5), "risks has no model"),
    "threshold of one": (lambda: decision_curve({"m": RISK}, TIME, EVENT, 5, thresholds=[1]), "thresholds must lie"),
    "one reader": (lambda: intraclass_correlation(np.ones((5, 1))), "ratings has shape"),
    "missing rating": (lambda: intraclass_correlation([[1, np.nan], [2, 3]]), "ratings has missing"),
    "ratings of text": (lambda: intraclass_correlation([["a", "b"]]), "ratings must be numbers"),
    "one form": (lambda: intraclass_correlation(np.eye(3)).form("ICC4"), "name must be one of"),
    "fractional counts": (lambda: chi_square([[0.5, 2], [3, 4]]), "table must hold counts"),
    "empty row": (lambda: chi_square([[0, 0], [3, 4]]), "table has an empty row"),
    "large Fisher": (lambda: fisher_exact([[1, 2, 3], [3, 4, 5]]), "table is 2 x 3"),
    "short t test": (lambda: t_test([1], [2, 3]), "first has fewer than two"),
    "constant t test": (lambda: t_test([1, 1], [2, 2]), "first and second are both constant"),
    "p above one": (lambda: benjamini_hochberg([0.5, 2]), "p must lie between 0 and 1"),
    "no effect": (lambda: nomogram_scale([0, 1], [0, 1]), "ends are the same as other_ends"),
    "too many effects": (lambda: nomogram_scale([1], [0]).points([[1, 2]]), "effects has 2 columns"),
    "few repeats": (lambda: bootstrap_limits(lambda i: 1.0, 5, repeats=9), "repeats must be at least 10"),
    "one patient resampled": (lambda: bootstrap_limits(lambda i: 1.0, 1), "n must be at least two patients, not 1"),
    "text features": (lambda: univariable_cox([["a"]] * N, TIME, EVENT), "features must be numbers"),
    "flat matrix": (lambda: univariable_cox(X[:, 0], TIME, EVENT), "features must have two dimensions"),
    "labels of two types": (
        lambda: logrank(TIME, EVENT, np.array(["a", 1] * 20, dtype=object)),
        "group mixes labels that cannot be ordered",
    ),
    "ratings in a row": (lambda: intraclass_correlation(np.arange(5)), "ratings must be .*, not 1-D"),
    "overflowing hazard": (
        lambda: baseline_hazard(X, np.full(3, 1e4), np.zeros(3), TIME, EVENT),
        "coef gives linear predictors beyond 500",
    ),
    "table of one row": (lambda: chi_square([[1, 2]]), "table is 1 x 2"),
    "nothing observed yet": (lambda: calibration_summary(RISK, TIME, EVENT, 0.1), "horizon 0.1 has no observed"),
    "two kinds of risk": (
        lambda: calibration_curve(np.where(np.arange(N) % 2, 0.2, 0.3), TIME, EVENT, 5),
        "risk has too few distinct values",
    ),
    "no case yet": (lambda: net_reclassification(RISK, RISK, TIME, EVENT, 0.1), "horizon 0.1 leaves no case"),
    "two patients in a tree": (lambda: tree(X[:2]), "values has fewer than three patients"),
    "one cluster": (lambda: k_means(X, 1), f"clusters must be between 2 and {N - 1}, not 1"),
    "a cluster each": (lambda: k_means(X, N), f"clusters must be between 2 and {N - 1}, not {N}"),
    "few to resample": (lambda: consensus(X[:4], 3, share=0.75), "values has 4 patients; too few to find 3 clusters"),
    "times of a bridge turned": (lambda: hall_wellner_critical(0.5, 0.4), "low 0.5 and high 0.4 must rise"),
    "a bridge to its end": (lambda: hall_wellner_critical(0.1, 1), "low 0.1 and high 1 must rise"),
    "a bridge before its start": (lambda: hall_wellner_critical(-0.1, 0.5), "low -0.1 and high 0.5 must rise"),
    "equal precision from the start": (lambda: equal_precision_critical(0, 0.5), "low 0 and high 0.5 must rise"),
    "correlations of a row": (lambda: correlation_map(X[0], X), "shapes .* cannot be correlated"),
    "correlations with a row": (lambda: correlation_map(X, X[0]), "shapes .* cannot be correlated"),
    "correlations of others": (lambda: correlation_map(X, X[1:]), "shapes .* cannot be correlated"),
    "correlations of two": (lambda: correlation_map(X[:2], X[:2]), "shapes .* cannot be correlated"),
    "no second sample": (lambda: kolmogorov_smirnov(X[:, 0], []), "a Kolmogorov-Smirnov test needs values in both"),
    "no first sample": (lambda: kolmogorov_smirnov([], X[:, 0]), "a Kolmogorov-Smirnov test needs values in both"),
    "smooth over nothing": (lambda: lowess(RISK, RISK, span=0), "span must lie above 0 and not above 1, not 0"),
    "smooth over more": (lambda: lowess(RISK, RISK, span=1.1), "span must lie above 0 and not above 1, not 1.1"),
    "two variances": (lambda: variance_prior([1.0, 2, np.nan], [3, 3, 3]), "2 variables have a residual variance"),
    "no freedom": (lambda: variance_prior([1.0, 2, 3], [3, 3, 0]), "2 variables have a residual variance"),
    "covariance": (
        lambda: individual_survival(X, MODEL.coef, np.eye(2), MODEL.center, MODEL.baseline, [5]),
        "covariance has 2 rows",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OTHER.values(), ids=OTHER)
def test_other_bad_input(case) -> None:
    compute, message = case
    with pytest.raises(InputError, match=f"^{message}"):
        compute()
