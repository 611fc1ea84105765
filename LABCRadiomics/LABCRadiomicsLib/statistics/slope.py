"""Recalibration of a Cox model by one more coefficient, the calibration slope, that multiplies all of its own."""

from dataclasses import dataclass

import numpy as np

from . import _checks
from ._risk_sets import RiskSets
from .cox import cox, term_moments


@dataclass(frozen=True)
class SlopeRecalibration:
    """Coefficients multiplied by the calibration slope.

    Attributes
    ----------
    slope, se, lower, upper : float
        Coefficient of the linear predictor on the new cohort, with limits; 1 leaves the model as it was.
    coef : ndarray, shape (p,)
        ``slope`` times the old coefficients.
    covariance : ndarray, shape (p, p), or None
        Of ``coef``; None when that of the old coefficients is not known.
    """

    slope: float
    se: float
    lower: float
    upper: float
    coef: np.ndarray
    covariance: np.ndarray | None


def recalibrate_slope(
    covariates: np.ndarray,
    coef: np.ndarray,
    covariance: np.ndarray | None,
    time: np.ndarray,
    event: np.ndarray,
    *,
    level: float = 0.95,
) -> SlopeRecalibration:
    r"""Estimate the calibration slope of a Cox model on another cohort.

    Parameters
    ----------
    covariates : array_like, shape (n, p)
        Of the new cohort.
    coef : array_like, shape (p,)
        The model's coefficients.
    covariance : array_like, shape (p, p), or None
        Of ``coef``, from the cohort they were fitted to.
    time, event : array_like, shape (n,)
        Follow-up and event of the new cohort.
    level : float
        Of the slope's limits.

    Returns
    -------
    SlopeRecalibration

    Raises
    ------
    InputError
        Unusable arrays; a linear predictor that is constant or separates the events.

    Notes
    -----
    Slope as ``coxph(Surv(time, event) ~ lp)`` of R (van Houwelingen 2000). The covariance is the delta method's for
    :math:`\theta = \gamma\beta` with old and new cohort independent. On the new cohort the slope solves
    :math:`\beta'U(\gamma\beta) = 0`, so with its score U and information I at :math:`\theta`

    .. math:: V_\theta = \beta\beta' / (\beta'I\beta) + J V_\beta J',\quad
              J = \gamma 1 + \beta (U - \gamma I\beta)' / (\beta'I\beta).

    The new cohort replaces the old one's uncertainty along :math:`\beta`; across it the old one's stays.
    """
    time, event = _checks.survival(time, event)
    covariates = _checks.matrix(covariates, "covariates", time.size)
    coef = _checks.vector(coef, "coef", covariates.shape[1])
    fitted = cox((covariates @ coef)[:, None], time, event, level=level)
    slope = float(fitted.coef[0])
    half_width = float(np.log(fitted.upper[0] / fitted.lower[0]) / 2)
    theta = slope * coef
    if covariance is not None:
        covariance = _theta_covariance(covariates, coef, _checks.matrix(covariance, "covariance", coef.size), slope,
                                       RiskSets.build(time, event, "efron"))  # fmt: skip
    return SlopeRecalibration(slope, float(fitted.se[0]), slope - half_width, slope + half_width, theta, covariance)


def _theta_covariance(
    covariates: np.ndarray, coef: np.ndarray, covariance: np.ndarray, slope: float, risk_sets: RiskSets
) -> np.ndarray:
    at_risk = covariates[risk_sets.order] - covariates.mean(axis=0)
    eta = slope * (at_risk @ coef)
    _, mean, variance = term_moments(at_risk, np.exp(eta - eta.max()), risk_sets)
    score = at_risk[risk_sets.event_rows].sum(axis=0) - mean.sum(axis=0)
    information = variance.sum(axis=0) @ coef  # I beta
    along = float(coef @ information)
    jacobian = slope * np.eye(coef.size) + np.outer(coef, score - slope * information) / along
    result = np.outer(coef, coef) / along + jacobian @ covariance @ jacobian.T
    return (result + result.T) / 2
