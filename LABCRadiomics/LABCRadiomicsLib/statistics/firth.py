"""Firth's penalized Cox model: finite coefficients also where a group has no event."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from ..errors import InputError
from . import _checks
from ._risk_sets import RiskSets
from .baseline_hazard import baselines_of_risk_sets
from .cox import term_moments
from .individual_survival import Baseline

_TOLERANCE = 1e-9  # of a step, in standard deviations of the covariates
_MAX_STEPS = 200
_LONGEST_STEP = 1.0
_WIDEST = 60.0  # standard deviations of a covariate within which its profile limits are looked for


@dataclass(frozen=True)
class FirthCox:
    """A Cox model with p covariates fitted by Firth's penalized likelihood.

    Attributes
    ----------
    coef, se : ndarray, shape (p,)
        Log hazard ratios and the standard errors of the information at them.
    hr, lower, upper : ndarray, shape (p,)
        Hazard ratios and their profile limits; a limit that does not exist is 0 or infinity.
    p : ndarray, shape (p,)
        Of the penalized likelihood-ratio test of each coefficient.
    covariance : ndarray, shape (p, p)
    loglik, loglik_null : float
        Penalized log partial likelihood at ``coef`` and without effects.
    center : ndarray, shape (p,)
    baseline : Baseline
    n, events : int
    """

    coef: np.ndarray
    se: np.ndarray
    hr: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    p: np.ndarray
    covariance: np.ndarray
    loglik: float
    loglik_null: float
    center: np.ndarray
    baseline: Baseline
    n: int
    events: int


def firth_cox(covariates: np.ndarray, time: np.ndarray, event: np.ndarray, *, level: float = 0.95) -> FirthCox:
    """Fit a Cox model by Firth's penalized likelihood.

    Parameters
    ----------
    covariates : array_like, shape (n, p)
        One row a patient; categories as 0/1 columns without the reference. They may separate the events.
    time, event : array_like, shape (n,)
        Follow-up and event.
    level : float
        Of the profile limits.

    Returns
    -------
    FirthCox

    Raises
    ------
    InputError
        Unusable arrays; covariates that are constant among those at risk, or collinear.

    Notes
    -----
    Maximizes ``l(b) + log|I(b)| / 2`` with Breslow's ties (Firth 1993; Heinze and Schemper 2001). Limits and p values
    are those of the profile of the penalized likelihood, the penalty taking all coefficients. Equals ``coxphf`` of R.
    """
    time, event = _checks.survival(time, event)
    covariates = _checks.matrix(covariates, "covariates", time.size)
    level = _checks.fraction(level, "level")
    risk_sets = RiskSets.build(time, event, "breslow")
    center = covariates.mean(axis=0)
    at_risk = covariates[risk_sets.order] - center
    scale = at_risk.std(axis=0)
    constant = np.flatnonzero(np.ptp(at_risk, axis=0) <= 1e-12 * np.abs(covariates).max(axis=0))
    if constant.size:
        raise InputError(f"covariates column {constant[0]} is constant among those at risk; leave it out.")

    problem = _Penalized(at_risk / scale, risk_sets)
    beta = problem.maximize(np.zeros(scale.size), np.ones(scale.size, dtype=bool))
    loglik, _, information = problem.at(beta)
    covariance = np.linalg.inv(information) / np.outer(scale, scale)
    coef = beta / scale
    limits = np.array([problem.limits(beta, j, loglik, level) for j in range(beta.size)]) / scale[:, None]
    without = [problem.profile(beta, j, 0.0) for j in range(beta.size)]
    with np.errstate(over="ignore"):
        lower, upper = np.exp(limits).T
    return FirthCox(
        coef=coef,
        se=np.sqrt(np.diag(covariance)),
        hr=np.exp(coef),
        lower=lower,
        upper=upper,
        p=stats.chi2.sf(2 * np.maximum(loglik - np.array(without), 0), 1),
        covariance=covariance,
        loglik=loglik,
        loglik_null=problem.at(np.zeros(beta.size))[0],
        center=center,
        baseline=baselines_of_risk_sets(at_risk, at_risk @ coef, risk_sets, time.max(keepdims=True))[0],
        n=time.size,
        events=int(event.sum()),
    )


class _Penalized:
    """The penalized likelihood of standardized covariates ``z``, in the order of the risk sets."""

    def __init__(self, z: np.ndarray, risk_sets: RiskSets) -> None:
        self._z, self._sets = z, risk_sets

    def at(self, beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Penalized log likelihood, its gradient (p,), and the information (p, p) without the penalty."""
        z, sets = self._z, self._sets
        eta = z @ beta
        eta -= eta.max()
        weight = np.exp(eta)
        s0, mean, variance = term_moments(z, weight, sets)
        information = variance.sum(axis=0)
        sign, log_determinant = np.linalg.slogdet(information)
        if sign <= 0:
            return -np.inf, np.zeros(beta.size), information
        inverse = np.linalg.inv(information)
        # The derivative of the information by a coefficient is the third central moment, traced with the inverse.
        quadratic = np.einsum("ri,ij,rj->r", z, inverse, z)
        crossed = sets.term_sums((weight * quadratic)[:, None] * z) / s0[:, None]
        average = sets.term_sums(weight * quadratic) / s0
        linear = mean @ inverse
        second = variance + mean[:, :, None] * mean[:, None, :]  # uncentered
        square = np.einsum("ei,ei->e", linear, mean)
        third = (
            crossed - average[:, None] * mean - 2 * np.einsum("eij,ej->ei", second, linear) + 2 * square[:, None] * mean
        )
        loglik = eta[sets.event_rows].sum() - np.log(s0).sum() + log_determinant / 2
        gradient = z[sets.event_rows].sum(axis=0) - mean.sum(axis=0) + third.sum(axis=0) / 2
        return float(loglik), gradient, information

    def maximize(self, start: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Maximize over the ``free`` coefficients from ``start``."""
        beta = start.copy()
        value, gradient, information = self.at(beta)
        if not np.isfinite(value) or np.linalg.cond(information) > 1e12:
            raise InputError("covariates are collinear; leave some of them out.")
        for _ in range(_MAX_STEPS):
            step = np.zeros(beta.size)
            step[free] = np.linalg.solve(information[np.ix_(free, free)], gradient[free])
            step *= min(1.0, _LONGEST_STEP / max(np.abs(step).max(), 1e-300))
            while True:
                candidate = self.at(beta + step)
                if candidate[0] >= value - 1e-12 * abs(value) or np.abs(step).max() < _TOLERANCE:
                    break
                step /= 2
            beta = beta + step
            value, gradient, information = candidate
            if np.abs(step).max() < _TOLERANCE:
                return beta
        raise InputError("covariates have no penalized estimate that the steps reach; leave some of them out.")

    def profile(self, beta: np.ndarray, j: int, value: float) -> float:
        """Largest penalized likelihood with coefficient ``j`` held at ``value``."""
        start, free = beta.copy(), np.ones(beta.size, dtype=bool)
        start[j], free[j] = value, False
        return self.at(self.maximize(start, free) if free.any() else start)[0]

    def limits(self, beta: np.ndarray, j: int, best: float, level: float) -> tuple[float, float]:
        """Where the profile of coefficient ``j`` falls by half of the chi-square quantile."""
        drop = stats.chi2.ppf(level, 1) / 2
        found = []
        for sign in (-1, 1):
            reach = 0.5
            while self.profile(beta, j, beta[j] + sign * reach) > best - drop and reach < _WIDEST:
                reach *= 2
            if reach >= _WIDEST:
                found.append(sign * np.inf)
                continue
            found.append(
                optimize.brentq(
                    lambda value: self.profile(beta, j, value) - best + drop,
                    *sorted((beta[j], beta[j] + sign * reach)),
                    xtol=1e-10,
                )
            )
        return found[0], found[1]
