"""The baseline hazard of a Cox model whose coefficients are given: fitted here, or kept from another cohort."""

import numpy as np

from ..errors import InputError
from . import _checks
from ._risk_sets import RiskSets
from .individual_survival import Baseline


def baseline_hazard(
    covariates: np.ndarray,
    coef: np.ndarray,
    center: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    *,
    ties: str = "efron",
) -> Baseline:
    """Estimate the cumulative baseline hazard with the coefficients held fixed.

    Parameters
    ----------
    covariates : array_like, shape (n, p)
        One row a patient, in the order of ``coef``.
    coef, center : array_like, shape (p,)
        Log hazard ratios, and the covariates of the patient whose hazard the baseline is.
    time, event : array_like, shape (n,)
        Follow-up and event of the patients, who need not be those the coefficients were fitted to.
    ties : {"efron", "breslow"}

    Returns
    -------
    Baseline
        Its ``mean_shift`` lets the limits of predictions carry the uncertainty of the coefficients, whose covariance
        is that of the cohort they were fitted to.

    Raises
    ------
    InputError
        Unusable arrays; coefficients that overflow the hazard.

    Notes
    -----
    Breslow 1972, Efron 1977. Equals ``survfit`` of R's ``coxph(..., init = coef, iter.max = 0)``.
    """
    time, event = _checks.survival(time, event)
    covariates = _checks.matrix(covariates, "covariates", time.size)
    coef = _checks.vector(coef, "coef", covariates.shape[1])
    center = _checks.vector(center, "center", covariates.shape[1])
    _checks.choice(ties, "ties", ("efron", "breslow"))
    risk_sets = RiskSets.build(time, event, ties)
    at_risk = covariates[risk_sets.order] - center
    linear_predictor = at_risk @ coef
    if np.abs(linear_predictor).max() > 500:
        raise InputError("coef gives linear predictors beyond 500, which no hazard holds; check units and center.")
    return baselines_of_risk_sets(at_risk, linear_predictor, risk_sets, time.max(keepdims=True))[0]


def baselines_of_risk_sets(
    at_risk: np.ndarray, linear_predictor: np.ndarray, risk_sets: RiskSets, last_follow_up: np.ndarray
) -> tuple[Baseline, ...]:
    """Cumulative hazard at the center by the estimator that matches the ties (Efron or Breslow), times rising.

    ``at_risk`` (r, p) and ``linear_predictor`` (r,) are centered and in the order of ``risk_sets``; one baseline for
    each stratum that has events, whose longest follow-up is in ``last_follow_up``.
    """
    weight = risk_sets.case_weight * np.exp(linear_predictor)
    inverse = 1 / risk_sets.term_sums(weight)
    mean = risk_sets.term_sums(weight[:, None] * at_risk) * inverse[:, None]
    hazard = risk_sets.term_weight * inverse
    stratum = np.zeros(risk_sets.times.size, dtype=int) if risk_sets.stratum is None else risk_sets.stratum

    def accumulate(terms: np.ndarray, own: np.ndarray) -> np.ndarray:
        return np.cumsum(np.add.reduceat(terms, risk_sets.event_starts, axis=0)[own][::-1], axis=0)

    return tuple(
        Baseline(
            time=risk_sets.times[own][::-1],
            cumulative_hazard=accumulate(hazard, own),
            hazard_variance=accumulate(hazard * inverse, own),
            mean_shift=accumulate(hazard[:, None] * mean, own),
            last_follow_up=float(last_follow_up[group]),
        )
        for group in np.unique(stratum)
        for own in [stratum == group]
    )
