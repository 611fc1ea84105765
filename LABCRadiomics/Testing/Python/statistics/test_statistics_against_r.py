"""Every statistic against R: one row a statistic, the table that `Docs/methods.md` keeps.

``pytest test_statistics_against_r.py -s`` prints the table; run as a script it writes the table into the document.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from LABCRadiomicsLib.statistics.agreement import intraclass_correlation
from LABCRadiomicsLib.statistics.baseline_table import benjamini_hochberg, chi_square, fisher_exact, t_test
from LABCRadiomicsLib.statistics.brier import brier_score
from LABCRadiomicsLib.statistics.calibration import calibration_curve, calibration_groups, calibration_summary
from LABCRadiomicsLib.statistics.concordance import concordance_difference, harrell_c, uno_c
from LABCRadiomicsLib.statistics.cox import CoxModel, cox
from LABCRadiomicsLib.statistics.cox_screening import univariable_cox
from LABCRadiomicsLib.statistics.decision import decision_curve
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier, logrank
from LABCRadiomicsLib.statistics.lasso import LassoCV, lasso_cv
from LABCRadiomicsLib.statistics.nomogram import nomogram_scale
from LABCRadiomicsLib.statistics.proportional_hazards import proportional_hazards
from LABCRadiomicsLib.statistics.reclassification import discrimination_improvement, net_reclassification
from LABCRadiomicsLib.statistics.roc import time_dependent_roc, youden_cutoff
from r_reference import FOLDER, columns, gbsg2, relative_difference, table, transbig

DOCUMENT = Path(__file__).resolve().parents[4] / "Docs" / "methods.md"
BEGIN, END = "<!-- table against R: begin -->", "<!-- table against R: end -->"
HEADER = "| statistic | our function | R function | largest relative difference | tolerance |\n|---|---|---|---|---|"

Pairs = list[tuple[object, object]]


@dataclass(frozen=True)
class Row:
    """One line of the table: what is compared, how closely it must agree, and what it yields."""

    statistic: str
    ours: str
    r: str
    tolerance: float
    compare: Callable[[], Pairs]

    @property
    def difference(self) -> float:
        return _difference(self)

    def line(self) -> str:
        return f"| {self.statistic} | `{self.ours}` | `{self.r}` | {self.difference:.1e} | {self.tolerance:.0e} |"


@cache
def _difference(row: Row) -> float:
    return max(relative_difference(ours, reference) for ours, reference in row.compare())


ROWS: list[Row] = []


def row(statistic: str, ours: str, r: str, tolerance: float = 1e-6) -> Callable[[Callable], Callable]:
    """Register the decorated function, which returns pairs of our numbers and R's."""

    def register(compare: Callable[[], Pairs]) -> Callable[[], Pairs]:
        ROWS.append(Row(statistic, ours, r, tolerance, compare))
        return compare

    return register


FULL = ["age", "horTh1", "post", "grade2", "grade3", "tsize", "pnodes", "progrec"]
FIVE = ["age", "horTh1", "tsize", "pnodes", "progrec"]


@cache
def _model(names: tuple[str, ...]) -> CoxModel:
    data = gbsg2()
    return cox(columns(data, names), data["months"], data["event"])


def _survival() -> tuple[np.ndarray, np.ndarray]:
    return gbsg2()["months"], gbsg2()["event"]


def _rounded() -> tuple[np.ndarray, np.ndarray]:
    """Follow-up in whole months: many tied times."""
    return np.ceil(gbsg2()["months"]), gbsg2()["event"]


def _compared(result: object, reference: dict[str, np.ndarray], names: dict[str, str]) -> Pairs:
    return [(getattr(result, ours), reference[theirs]) for ours, theirs in names.items()]


# Cox models ----------------------------------------------------------------------------------------------------------


@row("univariable Cox, Efron", "univariable_cox", "survival::coxph")
def _univariable_efron() -> Pairs:
    reference = table("gbsg2_univariable_cox_efron")
    result = univariable_cox(columns(gbsg2(), reference["feature"]), *_survival())
    names = ["coef", "se", "hr", "lower", "upper", "z", "p", "loglik"]
    return _compared(result, reference, dict(zip(names, names, strict=True)))


@row("univariable Cox, Breslow", "univariable_cox", "survival::coxph")
def _univariable_breslow() -> Pairs:
    reference = table("gbsg2_univariable_cox_breslow")
    result = univariable_cox(columns(gbsg2(), reference["feature"]), *_survival(), ties="breslow")
    return _compared(result, reference, {"coef": "coef", "se": "se", "p": "p"})


@row("univariable Cox, 76 features", "univariable_cox", "survival::coxph")
def _univariable_transbig() -> Pairs:
    reference, data = table("transbig_univariable_cox"), transbig()
    result = univariable_cox(columns(data, reference["feature"]), data["months"], data["event"])
    return _compared(result, reference, {"coef": "coef", "se": "se", "p": "p"})


@row("univariable Cox, heavily tied times", "univariable_cox", "survival::coxph")
def _univariable_tied() -> Pairs:
    reference = table("extra_tied_cox")
    pairs = []
    for ties in ("efron", "breslow"):
        part = {name: values[reference["ties"] == ties] for name, values in reference.items()}
        result = univariable_cox(columns(gbsg2(), part["feature"]), *_rounded(), ties=ties)
        pairs += _compared(result, part, {"coef": "coef", "se": "se", "loglik": "loglik"})
    return pairs


@row("multivariable Cox, Efron", "cox", "survival::coxph")
def _multivariable() -> Pairs:
    names = ["coef", "se", "hr", "lower", "upper", "z", "p"]
    return _compared(_model(tuple(FULL)), table("gbsg2_multivariable_cox_efron"), dict(zip(names, names, strict=True)))


@row("covariance of the coefficients", "cox", "stats::vcov")
def _covariance() -> Pairs:
    return [(_model(tuple(FULL)).covariance, columns(table("gbsg2_multivariable_cox_vcov"), FULL))]


@row("linear predictor, differences between patients", "CoxModel.linear_predictor", "stats::predict")
def _linear_predictor() -> Pairs:
    ours, reference = _model(tuple(FULL)).linear_predictor(columns(gbsg2(), FULL)), table("gbsg2_lp")["lp"]
    return [(ours - ours.min(), reference - reference.min())]


@row("multivariable Cox, Breslow, tied times", "cox", "survival::coxph")
def _multivariable_breslow() -> Pairs:
    model = cox(columns(gbsg2(), FIVE), *_rounded(), ties="breslow")
    return _compared(model, table("extra_breslow_cox"), {"coef": "coef", "se": "se", "p": "p"})


@row("individual survival with log-log limits", "CoxModel.survival", "survival::survfit.coxph")
def _individual_survival() -> Pairs:
    result = _model(tuple(FULL)).survival([[50, 0, 0, 1, 0, 25, 3, 50]], [12, 36, 60])
    reference = table("gbsg2_individual_survival")
    return [(getattr(result, name)[0], reference[key]) for name, key in _SURVIVAL.items()]


_SURVIVAL = {"survival": "surv", "se": "se", "lower": "lower", "upper": "upper"}


@row("individual survival, Breslow, three kinds of limits", "individual_survival", "survival::survfit.coxph")
def _individual_survival_breslow() -> Pairs:
    model = cox(columns(gbsg2(), FIVE), *_rounded(), ties="breslow")
    reference = table("extra_breslow_survival")
    pairs = []
    for limits in ("log-log", "log", "plain"):
        result = model.survival([[50, 1, 25, 3, 50]], [12, 36, 60], limits=limits)
        rows = reference["limits"] == limits
        pairs += [(getattr(result, name)[0], reference[key][rows]) for name, key in _SURVIVAL.items()]
    return pairs


@row("nomogram model's survival and log limits", "CoxModel.survival", "rms::survest", tolerance=1e-3)
def _rms_survest() -> Pairs:
    reference = table("gbsg2_rms_survest")
    result = _model(tuple(FIVE)).survival(columns(reference, FIVE), [36, 60], limits="log")
    return [
        (result.survival, columns(reference, ["s36", "s60"])),
        (result.lower, columns(reference, ["l36", "l60"])),
        (result.upper, columns(reference, ["u36", "u60"])),
    ]


@row("proportional-hazards test", "proportional_hazards", "survival::cox.zph")
def _zph() -> Pairs:
    result = proportional_hazards(columns(gbsg2(), FULL), *_survival())
    reference = table("gbsg2_cox_zph")
    tied = proportional_hazards(columns(gbsg2(), FIVE), *_rounded(), ties="breslow")
    extra = table("extra_breslow_zph")
    return [
        (np.append(result.chisq, result.global_chisq), reference["chisq"]),
        (np.append(result.p, result.global_p), reference["p"]),
        (np.append(tied.chisq, tied.global_chisq), extra["chisq"]),
        (np.append(tied.p, tied.global_p), extra["p"]),
    ]


# LASSO ---------------------------------------------------------------------------------------------------------------


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


@row("LASSO deviance and coefficients, thresh 1e-20", "lasso_cv", "glmnet::cv.glmnet")
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


# Kaplan-Meier and log-rank -------------------------------------------------------------------------------------------


def _kaplan_meier(limits: str, name: str) -> Pairs:
    reference, (months, event) = table(name), _survival()
    pairs = []
    for label in ("no", "yes"):
        member, rows = gbsg2()["horTh"] == label, reference["group"] == f"horTh={label}"
        points = kaplan_meier(months[member], event[member], limits=limits).at([12, 36, 60])
        fields = {"survival": "surv", "lower": "lower", "upper": "upper", "n_risk": "n_risk"}
        pairs += [(getattr(points, ours), reference[key][rows]) for ours, key in fields.items() if key in reference]
    return pairs


@row("Kaplan-Meier, log-log limits, number at risk", "kaplan_meier", "survival::survfit")
def _km_log_log() -> Pairs:
    return _kaplan_meier("log-log", "gbsg2_km_horTh_loglog")


@row("Kaplan-Meier, plain limits", "kaplan_meier", "survival::survfit")
def _km_plain() -> Pairs:
    return _kaplan_meier("plain", "gbsg2_km_horTh_plain")


@row("median survival with limits", "kaplan_meier", "survival::survfit")
def _medians() -> Pairs:
    reference, extra, (months, event) = table("gbsg2_km_median"), table("extra_medians"), _survival()
    groups = [gbsg2()["horTh"] == label for label in ("no", "yes")]
    curves = [kaplan_meier(months[group], event[group]) for group in groups]
    flat = [
        kaplan_meier(range(1, 5), [1, 1, 1, 1]),
        kaplan_meier(range(1, 5), [1, 1, 0, 0]),
        kaplan_meier(range(1, 9), [1, 0, 1, 1, 0, 1, 1, 0]),
    ]
    pairs = []
    for ours, key, extra_key in (
        ("median", "median", "median"),
        ("median_lower", "lower", "0.95LCL"),
        ("median_upper", "upper", "0.95UCL"),
    ):
        pairs.append(([getattr(curve, ours) for curve in curves], reference[key]))
        pairs.append(([getattr(curve, ours) for curve in flat], extra[extra_key]))
    return pairs


@row("log-rank test, two groups", "logrank", "survival::survdiff")
def _logrank_2() -> Pairs:
    result, reference = logrank(*_survival(), gbsg2()["horTh"]), table("gbsg2_logrank")
    return [(result.chisq, reference["chisq"]), (result.p, reference["p"])]


@row("log-rank test, three groups", "logrank", "survival::survdiff")
def _logrank_3() -> Pairs:
    result, reference = logrank(*_survival(), gbsg2()["tgrade"]), table("extra_logrank_3")
    return [
        (result.chisq, reference["chisq"]),
        *((getattr(result, name), reference[name]) for name in ("n", "observed", "expected")),
    ]


# ROC and concordance -------------------------------------------------------------------------------------------------


def _curve(method: str):
    return time_dependent_roc(table("gbsg2_lp")["lp"], *_survival(), 60, method=method)


@row("time-dependent ROC, IPCW: AUC", "time_dependent_roc", "timeROC::timeROC")
def _auc_ipcw() -> Pairs:
    reference = table("gbsg2_timeROC_auc")
    lp = table("gbsg2_lp")["lp"]
    return [([time_dependent_roc(lp, *_survival(), t).auc for t in reference["months"]], reference["auc"])]


@row("time-dependent ROC, IPCW: standard error", "time_dependent_roc", "timeROC::timeROC", tolerance=1e-5)
def _se_ipcw() -> Pairs:
    reference = table("gbsg2_timeROC_auc")
    lp = table("gbsg2_lp")["lp"]
    return [([time_dependent_roc(lp, *_survival(), t).se for t in reference["months"]], reference["se"])]


@row("time-dependent ROC, IPCW: curve", "time_dependent_roc", "timeROC::timeROC")
def _curve_ipcw() -> Pairs:
    result, reference = _curve("ipcw"), table("gbsg2_timeROC_60m_curve")
    return _compared(result, reference, {"cutoff": "cut", "tpr": "tpr", "fpr": "fpr"})


def _survival_roc(method: str, name: str) -> Pairs:
    result, reference = _curve(method), {key: values[::-1] for key, values in table(name).items()}
    return _compared(result, reference, {"threshold": "cut", "tpr": "tpr", "fpr": "fpr"})


@row("time-dependent ROC, Kaplan-Meier: curve", "time_dependent_roc", "survivalROC::survivalROC")
def _curve_km() -> Pairs:
    return _survival_roc("km", "gbsg2_survivalROC_KM_60m_curve")


@row("time-dependent ROC, nearest neighbors: curve", "time_dependent_roc", "survivalROC::survivalROC")
def _curve_nne() -> Pairs:
    return _survival_roc("nne", "gbsg2_survivalROC_NNE_60m_curve")


@row("Youden cutoff, AUC of all three curves", "youden_cutoff", "timeROC, survivalROC")
def _youden() -> Pairs:
    reference = table("gbsg2_youden_60m")
    curves = [_curve(method) for method in ("ipcw", "km", "nne")]
    cutoffs = [youden_cutoff(curve) for curve in curves]
    pairs = [([getattr(cutoff, name) for cutoff in cutoffs], reference[name]) for name in ("tpr", "fpr", "youden")]
    # R's tables label a point of timeROC with the lowest positive marker, one of survivalROC with the one below it.
    labels = [cutoffs[0].cutoff, cutoffs[1].threshold, cutoffs[2].threshold]
    return [*pairs, (labels, reference["cut"]), ([curve.auc for curve in curves], reference["auc"])]


@row("Youden cutoff of the LASSO score", "youden_cutoff", "timeROC::timeROC")
def _youden_score() -> Pairs:
    reference, data = table("transbig_score_youden_60m"), transbig()
    curve = time_dependent_roc(table("transbig_score")["score"], data["months"], data["event"], 60)
    best = youden_cutoff(curve)
    return [(curve.auc, reference["auc"]), (best.cutoff, reference["cut"])] + [
        (getattr(best, name), reference[name]) for name in ("tpr", "fpr", "youden")
    ]


@row("Harrell's C with standard error", "harrell_c", "survival::concordance")
def _harrell() -> Pairs:
    reference = table("gbsg2_multivariable_concordance")
    result = harrell_c(table("gbsg2_lp")["lp"], *_survival())
    return [(result.c, reference["c_index"]), (result.se, reference["se"])]


@row("Harrell's C, tied markers and times", "harrell_c", "survival::concordance")
def _harrell_tied() -> Pairs:
    reference = table("extra_tied_concordance")
    results = [harrell_c(gbsg2()[str(name)], *_rounded()) for name in reference["marker"]]
    names = {"c": "c", "se": "se", "concordant": "concordant", "discordant": "discordant", "tied_marker": "tied"}
    return [([getattr(result, ours) for result in results], reference[key]) for ours, key in names.items()]


@row("Harrell's C truncated at tau", "harrell_c", "survival::concordance(ymax)")
def _harrell_tau() -> Pairs:
    reference, lp = table("gbsg2_uno_c"), table("gbsg2_lp")["lp"]
    return [([harrell_c(lp, *_survival(), tau=tau).c for tau in reference["tau"]], reference["harrell_c"])]


@row("Uno's C", "uno_c", "survC1::Est.Cval")
def _uno() -> Pairs:
    reference, lp = table("gbsg2_uno_c"), table("gbsg2_lp")["lp"]
    return [([uno_c(lp, *_survival(), tau=tau).c for tau in reference["tau"]], reference["uno_c"])]


@row("difference of two C with standard error", "concordance_difference", "survival::concordance")
def _difference_of_c() -> Pairs:
    names = ("age", "horTh1"), ("age", "horTh1", "pnodes", "progrec", "tsize")
    base, full = (harrell_c(_model(n).linear_predictor(columns(gbsg2(), n)), *_survival()) for n in names)
    result, reference = concordance_difference(full, base), table("extra_concordance_difference")
    return [
        ([full.c, base.c], [reference["c1"][0], reference["c0"][0]]),
        (result.difference, reference["difference"]),
        (result.se, reference["se"]),
    ]


# Added value, accuracy, calibration ----------------------------------------------------------------------------------


def _interpolated_risk(names: tuple[str, ...]) -> np.ndarray:
    """Risk at 60 months as survIDINRI takes it: the baseline hazard interpolated between follow-up times."""
    model, (months, _) = _model(names), _survival()
    times = np.unique(months)
    steps = np.append(0, model.baseline.cumulative_hazard)[np.searchsorted(model.baseline.time, times, side="right")]
    hazard = np.interp(60, times, steps)
    return 1 - np.exp(-hazard * np.exp(model.linear_predictor(columns(gbsg2(), names))))


@row("IDI, half continuous NRI, median improvement", "discrimination_improvement", "survIDINRI::IDI.INF")
def _idi() -> Pairs:
    base = _interpolated_risk(("age", "horTh1"))
    full = _interpolated_risk(("age", "horTh1", "pnodes", "progrec", "tsize"))
    result = discrimination_improvement(base, full, *_survival(), 60)
    ours = [result.idi, result.nri_half_continuous, result.median_improvement]
    return [(ours, table("gbsg2_survIDINRI_60m")["estimate"])]


@row("category and continuous NRI", "net_reclassification", "nricens::nricens")
def _nri() -> Pairs:
    risks, reference = table("gbsg2_risks_60m"), table("gbsg2_nricens_60m")
    pairs = []
    for cuts, key in (((0.3, 0.6), "category_0.3_0.6"), (None, "continuous")):
        r = net_reclassification(risks["p_base"], risks["p_full"], *_survival(), 60, cuts=cuts)
        ours = [r.nri, r.nri_cases, r.nri_controls, r.up_cases, r.down_cases, r.down_controls, r.up_controls]
        pairs.append((ours, reference[key]))
    return pairs


@row("Brier score, IPCW", "brier_score", "pec::pec")
def _brier() -> Pairs:
    names = ("age", "horTh1", "pnodes", "progrec", "tsize")
    risk = 1 - _model(names).survival(columns(gbsg2(), names), [12, 36, 60]).survival
    result = brier_score(risk, *_survival(), [12, 36, 60])
    return _compared(result, table("gbsg2_brier"), {"score": "cox", "reference": "reference"})


@row("calibration in fifths of prediction", "calibration_groups", "survival::survfit, base::cut")
def _calibration_groups() -> Pairs:
    result = calibration_groups(table("gbsg2_risks_60m")["p_full"], *_survival(), 60)
    names = {"n": "n", "predicted": "mean_predicted", "observed": "km", "se": "se"}
    return _compared(result, table("gbsg2_calibration_60m_quintiles"), names)


@row("calibration slope, observed over expected", "calibration_summary", "survival::coxph, survival::survfit")
def _calibration_summary() -> Pairs:
    result = calibration_summary(table("gbsg2_risks_60m")["p_full"], *_survival(), 60)
    return _compared(result, table("extra_calibration"), {"slope": "slope", "slope_se": "se", "ratio": "oe"})


@row("smooth calibration: ICI, E50, E90", "calibration_curve", "survival::coxph, rms::rcs")
def _calibration_curve() -> Pairs:
    result = calibration_curve(table("gbsg2_risks_60m")["p_full"], *_survival(), 60)
    return _compared(result, table("extra_calibration"), {"ici": "ici", "e50": "e50", "e90": "e90"})


@row("decision curve for survival", "decision_curve", "dcurves::dca")
def _decision() -> Pairs:
    data, reference = table("dcurves_survival"), table("dcurves_survival_net_benefit")
    event, horizon = data["cancer"] == "TRUE", 1.5
    risks = {"famhistory": data["famhistory"]}
    result = decision_curve(risks, data["ttcancer"], event, horizon, thresholds=reference["threshold"])
    return [(result.net_benefit["famhistory"], reference["famhistory"]), (result.treat_all, reference["all"])]


# Agreement, tables, nomogram -----------------------------------------------------------------------------------------

_ICC = {"icc": "ICC", "f": "F", "df1": "df1", "df2": "df2", "p": "p", "lower": "lower bound", "upper": "upper bound"}


@row("six intraclass correlations with limits", "intraclass_correlation", "psych::ICC")
def _icc() -> Pairs:
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    pairs = _compared(intraclass_correlation(ratings), table("shrout_fleiss_icc"), _ICC)
    readers = columns(table("extra_icc_ratings"), ["first", "second"])
    return pairs + _compared(intraclass_correlation(readers), table("extra_icc"), _ICC)


@row("Benjamini-Hochberg", "benjamini_hochberg", "stats::p.adjust")
def _bh() -> Pairs:
    return [(benjamini_hochberg(table("transbig_univariable_cox")["p"]), table("extra_bh")["adjusted"])]


@row("chi-square, Fisher and t tests", "chi_square, fisher_exact, t_test", "stats::chisq.test, fisher.test, t.test")
def _baseline() -> Pairs:
    data, reference = gbsg2(), table("extra_baseline")

    def counts(name: str, levels: tuple[str, ...]) -> list[list[int]]:
        return [
            [int(np.sum((data[name] == level) & (data["menostat"] == status))) for status in ("Post", "Pre")]
            for level in levels
        ]

    two, three = counts("horTh", ("no", "yes")), counts("tgrade", ("I", "II", "III"))
    no, yes = data["age"][data["horTh"] == "no"], data["age"][data["horTh"] == "yes"]
    tests = [chi_square(two), chi_square(three), fisher_exact(two)]
    results = [*tests, t_test(no, yes), t_test(no, yes, equal_variances=True)]
    known = ~np.isnan(reference["statistic"])
    statistics = np.array([result.statistic for result in results])
    return [(statistics[known], reference["statistic"][known]), ([result.p for result in results], reference["p"])]


@row("nomogram points", "nomogram_scale", "rms::nomogram")
def _nomogram() -> Pairs:
    reference, coef = table("gbsg2_rms_nomogram_points"), table("gbsg2_rms_cph_coef")
    values, variable = reference["value"].astype(float), reference["variable"]
    axes = [values[variable == name] for name in coef["feature"]]
    scale = nomogram_scale(coef["coef"], [axis.min() for axis in axes], [axis.max() for axis in axes])
    pairs = [(scale.points_per_unit, 15.92954219)]  # gbsg2_rms_nomogram.txt prints 15.92954
    for index, name in enumerate(coef["feature"]):
        covariates = np.zeros((axes[index].size, len(axes)))
        covariates[:, index] = axes[index]
        pairs.append((scale.points(covariates)[:, index], reference["points"][variable == name]))
    return pairs


# The tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ROWS, ids=[entry.statistic for entry in ROWS])
def test_equal_to_r(entry: Row) -> None:
    assert entry.difference <= entry.tolerance


def test_reference_tables_are_complete() -> None:
    assert (FOLDER / "README.md").is_file()
    assert len(ROWS) == len({entry.statistic for entry in ROWS})


def _printed() -> str:
    return "\n".join([HEADER, *(entry.line() for entry in ROWS)])


def _documented() -> list[list[str]]:
    text = DOCUMENT.read_text(encoding="utf-8")
    lines = text[text.index(BEGIN) : text.index(END)].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]


def test_table_is_that_of_the_document() -> None:
    """Same rows and tolerances; the document's differences were within them; looser ones than 1e-6 are explained."""
    print(f"\n{_printed()}")
    documented = _documented()
    expected = [[entry.statistic, f"`{entry.ours}`", f"`{entry.r}`", f"{entry.tolerance:.0e}"] for entry in ROWS]
    assert [cells[:3] + cells[4:] for cells in documented] == expected
    assert all(float(cells[3]) <= float(cells[4]) for cells in documented)
    explained = DOCUMENT.read_text(encoding="utf-8").split(END)[1]
    for entry in ROWS:
        if entry.tolerance > 1e-6:
            assert f"**{entry.statistic}**" in explained, (
                f"{DOCUMENT.name} does not say why {entry.statistic} is looser"
            )


def _write() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{_printed()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    _write()
