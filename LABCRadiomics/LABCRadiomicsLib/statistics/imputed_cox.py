"""A Cox model of covariates some of which were imputed several times: one model, joined by Rubin's rules."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special, stats

from ..errors import InputError
from .baseline_hazard import baseline_hazard
from .concordance import harrell_c
from .cox import CoxModel, cox
from .imputation import Pooled, pool, pooled_covariance
from .individual_survival import Baseline

_NEAR_ONE = 1e-6  # how near to 0 or 1 a C may be on the scale of log odds


@dataclass(frozen=True)
class ImputedCox:
    """What m imputed tables say together.

    Attributes
    ----------
    model : CoxModel
        Means of the coefficients with their total covariance (within and between tables), t limits and p values; the
        center is the mean over the tables, the baseline the mean hazard with these coefficients.
    coefficients : Pooled
        With degrees of freedom and the share of the information that is missing, shape (k,).
    c : Pooled
        Harrell's C of the joined coefficients, shape (1,); its limits are made on the scale of log odds.
    """

    model: CoxModel
    coefficients: Pooled
    c: Pooled


def imputed_cox(tables: np.ndarray, time: np.ndarray, event: np.ndarray) -> ImputedCox:
    """Fit a Cox model to each imputed table and join the fits.

    Parameters
    ----------
    tables : array_like, shape (m, n, k)
        The covariates of n patients in each of at least two tables.
    time, event : array_like, shape (n,)

    Returns
    -------
    ImputedCox

    Raises
    ------
    InputError
        As :func:`.cox.cox`, of any table; fewer than two tables.

    Notes
    -----
    Rubin 1987; degrees of freedom of Barnard and Rubin 1999 with events less coefficients of the complete data, as R's
    ``mice::pool`` takes them of ``coxph``.
    """
    tables = np.asarray(tables, dtype=float)
    if tables.ndim != 3 or len(tables) < 2:
        raise InputError("tables must be at least two imputed tables of patients and covariates.")
    fits = [cox(table, time, event) for table in tables]
    estimates = np.array([fit.coef for fit in fits])
    covariances = np.array([fit.covariance for fit in fits])
    freedom = max(float(fits[0].events - fits[0].coef.size), 1.0)
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    found = pool(estimates, variances, complete_df=freedom)
    coef = found.value
    center = np.mean([fit.center for fit in fits], axis=0)
    baselines = [baseline_hazard(table, coef, center, time, event) for table in tables]
    with np.errstate(divide="ignore", invalid="ignore"):
        z = coef / found.se
    model = replace(
        fits[0],
        coef=coef,
        se=found.se,
        z=z,
        p=2 * stats.t.sf(np.abs(z), found.df),
        hr=np.exp(coef),
        lower=np.exp(found.lower),
        upper=np.exp(found.upper),
        covariance=pooled_covariance(estimates, covariances),
        loglik=float(np.mean([fit.loglik for fit in fits])),
        center=center,
        baselines=(_mean_baseline(baselines),),
    )
    return ImputedCox(model, found, _pooled_c(tables @ coef, np.asarray(time), np.asarray(event), freedom))


def _mean_baseline(baselines: list[Baseline]) -> Baseline:
    """The mean over the tables, whose event times are the same."""
    first = baselines[0]
    names = ("cumulative_hazard", "hazard_variance", "mean_shift")
    return replace(first, **{name: np.mean([getattr(each, name) for each in baselines], axis=0) for name in names})


def _pooled_c(predictors: np.ndarray, time: np.ndarray, event: np.ndarray, freedom: float) -> Pooled:
    """Harrell's C of linear predictors, shape (m, n), pooled as log odds."""
    found = [harrell_c(predictor, time, event) for predictor in predictors]
    c = np.clip([each.c for each in found], _NEAR_ONE, 1 - _NEAR_ONE)
    variances = (np.array([each.se for each in found]) / (c * (1 - c))) ** 2
    joined = pool(special.logit(c)[:, None], variances[:, None], complete_df=freedom)
    value = special.expit(joined.value)
    return replace(
        joined,
        value=value,
        se=joined.se * value * (1 - value),
        lower=special.expit(joined.lower),
        upper=special.expit(joined.upper),
    )
