"""The same calls in lifelines and scikit-survival, on the cohorts of the table against R.

Each function gives the `Other` columns of one row: how far the package's numbers are from ours, and why.
"""

import warnings
from collections.abc import Callable
from functools import cache

import numpy as np

from LABCRadiomicsLib.statistics.brier import brier_score
from LABCRadiomicsLib.statistics.competing_risks import cumulative_incidence
from LABCRadiomicsLib.statistics.concordance import harrell_c, uno_c
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier, logrank
from LABCRadiomicsLib.statistics.lasso import lasso_path
from LABCRadiomicsLib.statistics.proportional_hazards import proportional_hazards
from LABCRadiomicsLib.statistics.restricted_mean import restricted_mean
from LABCRadiomicsLib.statistics.roc import time_dependent_roc
from r_reference import columns, gbsg2, table, transbig
from r_rows import Other, Pairs
from survival_cohorts import FULL, follow_up, follow_up_of, gbsg2_cox

LIFELINES, SKSURV = "lifelines", "scikit-survival"
HORIZONS = [12, 36, 60]


def _lifelines(compare: Callable[[], Pairs], why: str = "the same", most: float = 1e-9, least: float = 0.0) -> Other:
    return Other(LIFELINES, compare, most, least, why)


def _sksurv(compare: Callable[[], Pairs], why: str = "the same", most: float = 1e-9, least: float = 0.0) -> Other:
    return Other(SKSURV, compare, most, least, why)


@cache
def _lifelines_cox():
    """lifelines' Cox model of GBSG2 (Efron's ties), and its table."""
    import pandas as pd
    from lifelines import CoxPHFitter

    months, event = follow_up()
    frame = pd.DataFrame(columns(gbsg2(), FULL), columns=FULL).assign(months=months, event=event)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CoxPHFitter().fit(frame, "months", "event"), frame


def _outcome() -> np.ndarray:
    """GBSG2's outcome as scikit-survival takes it."""
    from sksurv.util import Surv

    months, event = follow_up()
    return Surv.from_arrays(event, months)


@cache
def _sksurv_cox():
    from sksurv.linear_model import CoxPHSurvivalAnalysis

    model = CoxPHSurvivalAnalysis(ties="efron", tol=1e-12, n_iter=200)
    return model.fit(columns(gbsg2(), FULL), _outcome())


def _marker() -> np.ndarray:
    """R's linear predictor of the full model."""
    return table("gbsg2_lp")["lp"]


def cox_others() -> tuple[Other, ...]:
    """Coefficients of the multivariable Cox model."""
    ours = gbsg2_cox(tuple(FULL)).coef
    return (
        _lifelines(lambda: [(ours, _lifelines_cox()[0].params_)], "its Newton steps end earlier", 1e-4, 1e-8),
        _sksurv(lambda: [(ours, _sksurv_cox().coef_)]),
    )


def individual_survival_others() -> tuple[Other, ...]:
    """Survival of one new patient."""
    patient = np.array([[50, 0, 0, 1, 0, 25, 3, 50]], dtype=float)
    why = "Breslow's baseline beside Efron's ties; no limits"

    def lifelines() -> Pairs:
        model, frame = _lifelines_cox()
        row = frame[FULL].iloc[:1] * 0 + patient
        return [(ours, model.predict_survival_function(row, times=HORIZONS).to_numpy()[:, 0])]

    ours = gbsg2_cox(tuple(FULL)).survival(patient, HORIZONS).survival[0]
    return (
        _lifelines(lifelines, why, 1e-3, 1e-5),
        _sksurv(lambda: [(ours, _sksurv_cox().predict_survival_function(patient)[0](HORIZONS))], why, 1e-3, 1e-5),
    )


def proportional_hazards_others() -> tuple[Other, ...]:
    """Largest chi-square of a covariate."""

    def lifelines() -> Pairs:
        from lifelines.statistics import proportional_hazard_test

        found = proportional_hazard_test(*_lifelines_cox(), time_transform="km").summary["test_statistic"]
        return [(proportional_hazards(columns(gbsg2(), FULL), *follow_up()).chisq.max(), found.max())]

    return (_lifelines(lifelines, "the approximation of 1994, which R left in 2019", 3, 0.5),)


def kaplan_meier_others() -> tuple[Other, ...]:
    """Survival and log-log limits at three times."""
    months, event = follow_up()
    ours = kaplan_meier(months, event).at(HORIZONS)

    def lifelines() -> Pairs:
        from lifelines import KaplanMeierFitter

        curve = KaplanMeierFitter().fit(months, event)
        limits = curve.confidence_interval_.to_numpy()[np.searchsorted(curve.timeline, HORIZONS, side="right") - 1]
        survival = curve.survival_function_at_times(HORIZONS)
        return [(ours.survival, survival), (ours.lower, limits[:, 0]), (ours.upper, limits[:, 1])]

    def sksurv() -> Pairs:
        from sksurv.nonparametric import kaplan_meier_estimator

        time, survival, limits = kaplan_meier_estimator(event, months, conf_type="log-log")
        at = np.searchsorted(time, HORIZONS, side="right") - 1
        return [(ours.survival, survival[at]), (ours.lower, limits[0][at]), (ours.upper, limits[1][at])]

    return _lifelines(lifelines), _sksurv(sksurv)


def median_others() -> tuple[Other, ...]:
    """The median of a curve that runs flat at one half."""

    def lifelines() -> Pairs:
        from lifelines import KaplanMeierFitter

        theirs = KaplanMeierFitter().fit(range(1, 5), [1, 1, 1, 1]).median_survival_time_
        return [(kaplan_meier(range(1, 5), [1, 1, 1, 1]).median, theirs)]

    return (_lifelines(lifelines, "the beginning of a step at exactly one half", 0.5, 0.1),)


def logrank_others() -> tuple[Other, ...]:
    """Chi-square of two groups."""
    months, event = follow_up()
    no = gbsg2()["horTh"] == "no"

    def lifelines() -> Pairs:
        from lifelines.statistics import logrank_test

        found = logrank_test(months[no], months[~no], event[no], event[~no]).test_statistic
        return [(logrank(months, event, no).chisq, found)]

    def sksurv() -> Pairs:
        from sksurv.compare import compare_survival

        return [(logrank(months, event, no).chisq, compare_survival(_outcome(), no)[0])]

    return _lifelines(lifelines), _sksurv(sksurv)


def auc_others() -> tuple[Other, ...]:
    """AUC at three horizons."""

    def sksurv() -> Pairs:
        from sksurv.metrics import cumulative_dynamic_auc

        ours = [time_dependent_roc(_marker(), *follow_up(), horizon).auc for horizon in HORIZONS]
        return [(ours, cumulative_dynamic_auc(_outcome(), _outcome(), _marker(), HORIZONS)[0])]

    return (_sksurv(sksurv, "`G` at the event, not just before it", 1e-3, 1e-6),)


def harrell_others() -> tuple[Other, ...]:
    """Harrell's C without its standard error."""
    ours = harrell_c(_marker(), *follow_up()).c

    def lifelines() -> Pairs:
        from lifelines.utils import concordance_index

        return [(ours, concordance_index(follow_up()[0], -_marker(), follow_up()[1]))]

    def sksurv() -> Pairs:
        from sksurv.metrics import concordance_index_censored

        return [(ours, concordance_index_censored(*follow_up()[::-1], _marker())[0])]

    return _lifelines(lifelines, "the same; no standard error"), _sksurv(sksurv, "the same; no standard error")


def uno_others() -> tuple[Other, ...]:
    """Uno's C at two truncation times."""

    def sksurv() -> Pairs:
        from sksurv.metrics import concordance_index_ipcw

        taus = table("gbsg2_uno_c")["tau"]
        theirs = [concordance_index_ipcw(_outcome(), _outcome(), _marker(), tau=tau)[0] for tau in taus]
        return [([uno_c(_marker(), *follow_up(), tau=tau).c for tau in taus], theirs)]

    return (_sksurv(sksurv, "events leave before censorings in `G`, which it takes at the event", 1e-3, 1e-6),)


def brier_others() -> tuple[Other, ...]:
    """Brier scores at three horizons."""

    def sksurv() -> Pairs:
        from sksurv import metrics

        survival = gbsg2_cox(tuple(FULL)).survival(columns(gbsg2(), FULL), HORIZONS).survival
        theirs = metrics.brier_score(_outcome(), _outcome(), survival, HORIZONS)[1]
        return [(brier_score(1 - survival, *follow_up(), HORIZONS).score, theirs)]

    return (_sksurv(sksurv, "`G` at the event, not just before it", 1e-3, 1e-6),)


def incidence_others() -> tuple[Other, ...]:
    """Cumulative incidence of death in pbc, without its error."""
    time, cause = table("pbc")["time"], table("pbc")["status"].astype(int)
    ours = cumulative_incidence(time, cause, of=2).at([1000, 2500, 4000])[0]

    def lifelines() -> Pairs:
        from lifelines import AalenJohansenFitter

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            curve = AalenJohansenFitter(seed=0, calculate_variance=False).fit(time, cause, 2).cumulative_density_
        at = np.searchsorted(curve.index, [1000, 2500, 4000], side="right") - 1
        return [(ours, curve.to_numpy()[at, 0])]

    def sksurv() -> Pairs:
        from sksurv.nonparametric import cumulative_incidence_competing_risks

        times, curves = cumulative_incidence_competing_risks(cause, time)
        return [(ours, curves[2][np.searchsorted(times, [1000, 2500, 4000], side="right") - 1])]

    return _lifelines(lifelines, "the same, but for tied times, which it jitters", 1e-6), _sksurv(sksurv)


def restricted_mean_others() -> tuple[Other, ...]:
    """Standard error of the restricted mean of lung."""

    def lifelines() -> Pairs:
        from lifelines import KaplanMeierFitter
        from lifelines.utils import restricted_mean_survival_time

        curve = KaplanMeierFitter().fit(*follow_up_of("lung"))
        _, variance = restricted_mean_survival_time(curve, t=500, return_variance=True)
        return [(restricted_mean(*follow_up_of("lung"), 500).se, np.sqrt(variance))]

    return (_lifelines(lifelines, "its variance is that of the times, not of their mean", 1.0, 0.5),)


def lasso_others() -> tuple[Other, ...]:
    """Coefficients at 29 penalties of the path of TRANSBIG, with Coxnet's default tolerance."""

    def sksurv() -> Pairs:
        from sksurv.linear_model import CoxnetSurvivalAnalysis
        from sksurv.util import Surv

        data, names = transbig(), table("transbig_coef_lambda.min")["feature"]
        x = columns(data, names)
        path = lasso_path(x, data["months"], data["event"])
        model = CoxnetSurvivalAnalysis(l1_ratio=1.0, alphas=path.lambdas[1:30])
        model.fit((x - x.mean(axis=0)) / x.std(axis=0), Surv.from_arrays(data["event"], data["months"]))
        scale = np.abs(path.coef[:, 1:30]).max()
        return [(path.coef[:, 1:30] / scale + 2, model.coef_ / x.std(axis=0)[:, None] / scale + 2)]

    return (_sksurv(sksurv, "coordinate descent ends earlier; of the largest coefficient", 1e-2, 1e-9),)
