"""Univariable Cox models of many features at once: the screening step of the article, and the bootstrap's hot loop."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from . import _checks
from ._risk_sets import RiskSets

OK, CONSTANT, SEPARATION, NOT_CONVERGED = "ok", "constant", "separation", "not converged"

_TOLERANCE = 1e-8  # of a Newton step, in standard deviations of the feature
_LONGEST_STEP = 2.0  # keeps exp(linear predictor) finite on the way
_SMALLEST_SPREAD = 1e-12  # relative to the magnitude of the feature; less is rounding noise


@dataclass(frozen=True)
class UnivariableCox:
    """One Cox model per feature; every array has shape (p,).

    Where ``status`` is not ``ok`` the estimates are NaN, so that no comparison with a threshold selects the feature.

    Attributes
    ----------
    coef, se, z, p : ndarray
        Log hazard ratio per unit of the feature, its standard error, Wald statistic and two-sided p value.
    hr, lower, upper : ndarray
        Hazard ratio and its confidence limits.
    loglik : ndarray
        Log partial likelihood at ``coef``.
    loglik_null : float
        Log partial likelihood without features.
    status : ndarray of str
        ``ok``; ``constant`` (no spread in any risk set); ``separation`` (every event has the largest, or every event
        the smallest value at risk: the likelihood is monotone and has no maximum); ``not converged``.
    """

    coef: np.ndarray
    se: np.ndarray
    z: np.ndarray
    p: np.ndarray
    hr: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    loglik: np.ndarray
    loglik_null: float
    status: np.ndarray


def univariable_cox(
    features: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    *,
    ties: str = "efron",
    level: float = 0.95,
    max_iterations: int = 50,
) -> UnivariableCox:
    """Fit one Cox model per column of ``features`` by a Newton solve of all columns together.

    Parameters
    ----------
    features : array_like, shape (n, p)
        One row a patient, one column a feature.
    time, event : array_like, shape (n,)
        Follow-up (any unit) and 1/True where the event was observed.
    ties : {"efron", "breslow"}
        How tied event times are treated; ``efron`` is R's default.
    level : float
        Of the confidence limits.
    max_iterations : int
        Newton steps before a feature is reported as not converged.

    Returns
    -------
    UnivariableCox

    Raises
    ------
    InputError
        Unusable ``time`` or ``event``; ``features`` of another length or not finite. A feature that cannot be fitted
        never raises: its ``status`` says why.

    Notes
    -----
    Maximizes the log partial likelihood ``sum_k [x_k b - log(S0_k(b))]`` over the events k, with Efron's or Breslow's
    denominators S0. Equals ``survival::coxph`` of R with one covariate.
    """
    time, event = _checks.survival(time, event)
    features = _checks.matrix(features, "features", time.size)
    _checks.choice(ties, "ties", ("efron", "breslow"))
    level = _checks.fraction(level, "level")

    risk_sets = RiskSets.build(time, event, ties)
    scaled, scale = _standardize(features[risk_sets.order])
    status = _unfittable(scaled, scale, risk_sets)
    solution = _newton(scaled, risk_sets, np.flatnonzero(status == OK), max_iterations)
    status[(status == OK) & ~solution.converged] = NOT_CONVERGED
    return _summary(solution, scale, status, level, risk_sets)


@dataclass
class _Solution:
    """State of the Newton solve in standardized units; arrays of shape (p,)."""

    beta: np.ndarray
    loglik: np.ndarray
    information: np.ndarray
    converged: np.ndarray


def _standardize(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Center and scale each column; the scale is zero where the spread is no more than rounding."""
    centered = values - values.mean(axis=0)
    scale = np.sqrt(np.einsum("ij,ij->j", centered, centered) / values.shape[0])
    spread = values.max(axis=0) - values.min(axis=0)
    scale[spread <= _SMALLEST_SPREAD * np.abs(values).max(axis=0)] = 0.0
    centered /= np.where(scale > 0, scale, 1.0)
    return centered, scale


def _unfittable(scaled: np.ndarray, scale: np.ndarray, risk_sets: RiskSets) -> np.ndarray:
    """Status of each column before fitting: constant and separated columns have no finite maximum."""
    largest = np.maximum.accumulate(np.maximum.reduceat(scaled, risk_sets.block_starts, axis=0), axis=0)
    smallest = np.minimum.accumulate(np.minimum.reduceat(scaled, risk_sets.block_starts, axis=0), axis=0)
    events = scaled[risk_sets.event_rows]
    highest = (events == largest[risk_sets.term_time]).all(axis=0)
    lowest = (events == smallest[risk_sets.term_time]).all(axis=0)
    status = np.full(scale.size, OK, dtype="<U13")
    status[highest | lowest] = SEPARATION
    status[(highest & lowest) | (scale == 0)] = CONSTANT
    return status


def _newton(scaled: np.ndarray, risk_sets: RiskSets, columns: np.ndarray, max_iterations: int) -> _Solution:
    """Maximize the log partial likelihood of each of ``columns``, halving the steps that overshoot."""
    p = scaled.shape[1]
    solution = _Solution(np.zeros(p), np.full(p, np.nan), np.full(p, np.nan), np.zeros(p, dtype=bool))
    z = scaled[:, columns]
    beta = np.zeros(columns.size)
    loglik, gradient, information = _derivatives(z, beta, risk_sets)
    step = _step(gradient, information)
    for _ in range(max_iterations):
        with np.errstate(divide="ignore", invalid="ignore"):
            new_loglik, new_gradient, new_information = _derivatives(z, beta + step, risk_sets)
        # The likelihood is concave: only a step that is too long lowers (by more than rounding) or overflows it.
        better = np.isfinite(new_loglik) & (new_loglik >= loglik - 1e-12 * np.abs(loglik))
        beta = np.where(better, beta + step, beta)
        loglik = np.where(better, new_loglik, loglik)
        information = np.where(better, new_information, information)
        step = np.where(better, _step(new_gradient, new_information), step / 2)
        done = np.abs(step) < _TOLERANCE
        finished = columns[done]
        solution.beta[finished] = beta[done] + step[done]
        solution.loglik[finished], solution.information[finished] = loglik[done], information[done]
        solution.converged[finished] = True
        if done.all():
            break
        if done.any():
            left = ~done
            z, columns, beta, step = z[:, left], columns[left], beta[left], step[left]
            loglik, information = loglik[left], information[left]
    return solution


def _step(gradient: np.ndarray, information: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(gradient / information, -_LONGEST_STEP, _LONGEST_STEP)


def _derivatives(z: np.ndarray, beta: np.ndarray, risk_sets: RiskSets) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log partial likelihood of each column at its ``beta``, its gradient and its information."""
    eta = z * beta
    eta -= eta.max(axis=0)  # cancels in the likelihood and keeps exp() finite
    weight = np.exp(eta)
    weighted = weight * z
    s0 = risk_sets.term_sums(weight)
    mean = risk_sets.term_sums(weighted) / s0
    square = risk_sets.term_sums(np.multiply(weighted, z, out=weighted)) / s0
    loglik = eta[risk_sets.event_rows].sum(axis=0) - np.log(s0).sum(axis=0)
    gradient = z[risk_sets.event_rows].sum(axis=0) - mean.sum(axis=0)
    information = (square - mean**2).sum(axis=0)
    return loglik, gradient, information


def _summary(
    solution: _Solution, scale: np.ndarray, status: np.ndarray, level: float, risk_sets: RiskSets
) -> UnivariableCox:
    """Return the estimates in the features' own units."""
    fitted = status == OK
    with np.errstate(divide="ignore", invalid="ignore"):
        coef = np.where(fitted, solution.beta / scale, np.nan)
        se = np.where(fitted, 1 / (np.sqrt(solution.information) * scale), np.nan)
    z = coef / se
    half_width = special.ndtri((1 + level) / 2) * se
    with np.errstate(over="ignore"):
        hr, lower, upper = np.exp(coef), np.exp(coef - half_width), np.exp(coef + half_width)
    return UnivariableCox(
        coef=coef,
        se=se,
        z=z,
        p=special.erfc(np.abs(z) / np.sqrt(2)),
        hr=hr,
        lower=lower,
        upper=upper,
        loglik=solution.loglik,
        loglik_null=risk_sets.null_loglik(),
        status=status,
    )
