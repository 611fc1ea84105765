"""Predicted survival of single patients, with limits, from numbers that a model file can hold.

Needs no data of the cohort that the model was fitted on, only what `Baseline` keeps at each event time.
Imports nothing but numpy and the standard library, so that scoring may use it.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ..errors import InputError
from . import _checks

LIMITS = ("log-log", "log", "plain")


@dataclass(frozen=True)
class Baseline:
    """Cumulative hazard of a patient with all covariates at the center, and what its variance needs.

    Attributes
    ----------
    time : ndarray, shape (k,)
        Distinct event times, rising.
    cumulative_hazard : ndarray, shape (k,)
        Sum of the hazard steps ``h`` up to each time (Efron's or Breslow's).
    hazard_variance : ndarray, shape (k,)
        Sum of ``h**2``: the variance of the cumulative hazard if the coefficients were known.
    mean_shift : ndarray, shape (k, p)
        Sum of ``h (mean covariates at risk - center)``: carries the uncertainty of the coefficients.
    last_follow_up : float
        Longest follow-up, event or not; nothing is predicted beyond it.
    """

    time: np.ndarray
    cumulative_hazard: np.ndarray
    hazard_variance: np.ndarray
    mean_shift: np.ndarray
    last_follow_up: float

    @property
    def survival(self) -> np.ndarray:
        """Survival at the center, ``exp(-cumulative_hazard)``, shape (k,)."""
        return np.exp(-self.cumulative_hazard)


@dataclass(frozen=True)
class IndividualSurvival:
    """Predicted survival of n patients at h horizons.

    Attributes
    ----------
    horizons : ndarray, shape (h,)
    survival, se, lower, upper : ndarray, shape (n, h)
        Probability, its standard error and its confidence limits.
    """

    horizons: np.ndarray
    survival: np.ndarray
    se: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def individual_survival(
    covariates: np.ndarray,
    coef: np.ndarray,
    covariance: np.ndarray,
    center: np.ndarray,
    baseline: Baseline,
    horizons: np.ndarray,
    *,
    level: float = 0.95,
    limits: str = "log-log",
) -> IndividualSurvival:
    """Predict survival at ``horizons`` from a Cox model's stored numbers.

    Parameters
    ----------
    covariates : array_like, shape (n, p)
        One row a patient, in the order of ``coef``.
    coef, center : array_like, shape (p,)
        Coefficients of the Cox model and the covariates of the baseline patient.
    covariance : array_like, shape (p, p)
        Of the coefficients.
    baseline : Baseline
        From the same model.
    horizons : array_like, shape (h,)
        In the unit of ``baseline.time``, within its follow-up.
    level : float
        Of the confidence limits.
    limits : {"log-log", "log", "plain"}
        Scale on which the limits are symmetric; R's survfit has ``log`` as default, the article's plots ``log-log``.

    Returns
    -------
    IndividualSurvival

    Raises
    ------
    InputError
        Arrays that do not fit together or are not finite; a horizon beyond follow-up.

    Notes
    -----
    ``L = r H(t)`` with ``r = exp(coef (x - center))``; ``var L = r**2 (A(t) + d' V d)`` with
    ``d = (x - center) H(t) - B(t)``, where H, A, B are the baseline's cumulative hazard, hazard variance and mean
    shift (Tsiatis 1981; Link 1984). Equals ``survival::survfit.coxph`` of R with ``newdata``.
    """
    coef = _checks.vector(coef, "coef")
    center = _checks.vector(center, "center", coef.size)
    covariance = _checks.matrix(covariance, "covariance", coef.size)
    covariates = _checks.matrix(covariates, "covariates")
    if covariates.shape[1] != coef.size or covariance.shape[1] != coef.size:
        raise InputError(f"covariates and covariance need {coef.size} columns, one for each value of coef.")
    horizons = _checks.vector(np.atleast_1d(horizons), "horizons")
    if (horizons <= 0).any() or (horizons > baseline.last_follow_up).any():
        raise InputError(f"horizons must lie between 0 and the longest follow-up {baseline.last_follow_up:g}.")

    shift = covariates - center
    ratio = np.exp(shift @ coef)[:, None]
    index = np.searchsorted(baseline.time, horizons, side="right")
    hazard = _at(baseline.cumulative_hazard, index)
    distance = shift[:, None, :] * hazard[:, None] - _at(baseline.mean_shift, index)
    error = hazard_error(distance, _at(baseline.hazard_variance, index), covariance)
    hazard, hazard_se = ratio * hazard, ratio * error
    survival = np.exp(-hazard)
    lower, upper = survival_limits(survival, hazard_se, level=level, limits=limits)
    return IndividualSurvival(horizons, survival, survival * hazard_se, lower, upper)


def hazard_error(distance: np.ndarray, variance: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Standard error of a cumulative hazard over the patient's relative hazard: the root of ``A + d' V d``.

    Parameters
    ----------
    distance : ndarray, shape (..., p)
        The patient's ``d``, see :func:`individual_survival`.
    variance : ndarray, shape (...)
        The baseline's ``A``.
    covariance : ndarray, shape (p, p)
        Of the coefficients; semidefinite up to rounding.

    Returns
    -------
    ndarray, shape (...)
    """
    scale = np.abs(distance).max(axis=-1)
    scale = np.where(scale > 0, scale, 1.0)  # keeps the square of an absurd patient's distance finite
    unit = distance / scale[..., None]
    with np.errstate(under="ignore"):  # some processors report it where beside an absurd score nothing is left
        square = np.einsum("...p,pq,...q->...", unit, covariance, unit)
    return np.hypot(np.sqrt(variance), scale * np.sqrt(np.maximum(square, 0.0)))


def survival_limits(
    survival: np.ndarray, hazard_se: np.ndarray, *, level: float, limits: str
) -> tuple[np.ndarray, np.ndarray]:
    """Confidence limits of survival probabilities.

    Parameters
    ----------
    survival : ndarray
        Probabilities.
    hazard_se : ndarray
        Standard error of ``log(survival)``, same shape.
    level : float
        Such as 0.95.
    limits : {"log-log", "log", "plain"}
        ``S**exp(+-z se / log S)``, ``S exp(+-z se)`` or ``S +- z S se``, cut at 0 and 1.

    Returns
    -------
    lower, upper : ndarray
        As in R (``survfit``): NaN at survival 0; at survival 1 NaN for ``log-log``, whose limits do not exist before
        the first event, and 1 for the others.
    """
    _checks.choice(limits, "limits", LIMITS)
    z = NormalDist().inv_cdf((1 + _checks.fraction(level, "level")) / 2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if limits == "log-log":
            power = np.exp(z * hazard_se / -np.log(survival))
            lower, upper = survival**power, survival ** (1 / power)
        elif limits == "log":
            lower, upper = survival * np.exp(-z * hazard_se), survival * np.exp(z * hazard_se)
        else:
            lower, upper = survival * (1 - z * hazard_se), survival * (1 + z * hazard_se)
    lower, upper = np.clip(lower, 0, 1), np.clip(upper, 0, 1)
    none = (survival == 0) | ((survival == 1) & (limits == "log-log"))
    return np.where(none, np.nan, lower), np.where(none, np.nan, upper)


def _at(steps: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Value of a step function that starts at zero, after ``index`` of its steps."""
    return np.concatenate((np.zeros((1, *steps.shape[1:])), steps))[index]
