"""The multivariable Cox model: coefficients, covariance, baseline hazard and individual survival."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

from ..errors import InputError
from . import _checks
from ._risk_sets import RiskSets
from .baseline_hazard import baselines_of_risk_sets
from .cox_residuals import score_residuals
from .individual_survival import Baseline, IndividualSurvival, individual_survival

_TOLERANCE = 1e-9  # of a Newton step, in standard deviations of the covariates
_MAX_ITERATIONS = 50
_LARGEST_CONDITION = 1e12  # of the information matrix in standardized units
_LEAST_INFORMATION = 1e-6  # at the solution, relative to that without any effect


class CovariateError(InputError):
    """A column of the covariates has no finite coefficient; ``column`` is its place, ``why`` what is wrong with it."""

    def __init__(self, column: int, why: str) -> None:
        super().__init__(f"covariates column {column} {why}")
        self.column, self.why = column, why


def explain(error: InputError, names: Sequence[str], covariates: np.ndarray, event: np.ndarray) -> str:
    """Say by name why a Cox model has no finite estimates: the covariate, or the level of a category that is too rare.

    Parameters
    ----------
    error : InputError
        What :func:`cox` raised.
    names : sequence of str
        Of the columns; those of a category are called ``stage=IIIa``, ``stage=IIIc``, its reference level has none.
    covariates, event
        What was fitted.
    """
    for category in dict.fromkeys(name.partition("=")[0] for name in names if "=" in name):
        own = [at for at, name in enumerate(names) if name.partition("=")[0] == category]
        columns = covariates[:, own].astype(bool)
        members = {f"level {names[at].partition('=')[2]}": column for at, column in zip(own, columns.T, strict=True)}
        members["the reference level"] = ~columns.any(axis=1)
        for level, member in sorted(members.items(), key=lambda item: item[1].sum()):
            count, events = int(member.sum()), int(event[member].sum())
            if events in (0, count):  # its patients all fare alike
                return (
                    f"{level} of {category} is that of {count} of {event.size} patients, {events} of them with the "
                    f"event, too few to tell its risk; merge it with another level or leave {category} out."
                )
    return f"{names[error.column]} {error.why}" if isinstance(error, CovariateError) else str(error)


@dataclass(frozen=True)
class CoxModel:
    """A fitted Cox proportional-hazards model with p covariates.

    Attributes
    ----------
    coef, se, z, p : ndarray, shape (p,)
        Log hazard ratios, standard errors, Wald statistics and two-sided p values.
    hr, lower, upper : ndarray, shape (p,)
        Hazard ratios and confidence limits.
    covariance : ndarray, shape (p, p)
        Of ``coef``; with weights the robust one, as in R.
    loglik, loglik_null : float
        Log partial likelihood at ``coef`` and without covariates.
    center : ndarray, shape (p,)
        Means of the covariates, where the linear predictor is zero and the baseline holds.
    baselines : tuple of Baseline
        Cumulative hazard at the center with what its variance needs, one for each stratum.
    strata : ndarray, shape (g,)
        Labels of the strata that have events, sorted; empty without strata.
    n, events : int
    ties : str
    """

    coef: np.ndarray
    se: np.ndarray
    z: np.ndarray
    p: np.ndarray
    hr: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    covariance: np.ndarray
    loglik: float
    loglik_null: float
    center: np.ndarray
    baselines: tuple[Baseline, ...]
    strata: np.ndarray
    n: int
    events: int
    ties: str

    @property
    def baseline(self) -> Baseline:
        """The baseline of a model without strata."""
        if len(self.baselines) != 1:
            raise InputError(
                f"the model has {len(self.baselines)} strata, each with a baseline of its own; choose one."
            )
        return self.baselines[0]

    def linear_predictor(self, covariates: np.ndarray) -> np.ndarray:
        """Return ``coef (x - center)`` for each row of ``covariates`` (n, p); higher is worse."""
        covariates = _checks.matrix(covariates, "covariates")
        if covariates.shape[1] != self.coef.size:
            raise InputError(f"covariates has {covariates.shape[1]} columns where the model has {self.coef.size}.")
        return (covariates - self.center) @ self.coef

    def survival(
        self,
        covariates: np.ndarray,
        horizons: np.ndarray,
        *,
        stratum: object = None,
        level: float = 0.95,
        limits: str = "log-log",
    ) -> IndividualSurvival:
        """Predict survival of each row of ``covariates`` (n, p) at each horizon, with limits.

        A model with strata needs to be told the patients' ``stratum``.
        """
        baseline = self.baseline if stratum is None else self._baseline_of(stratum)
        return individual_survival(
            covariates, self.coef, self.covariance, self.center, baseline, horizons, level=level, limits=limits
        )

    def _baseline_of(self, stratum: object) -> Baseline:
        found = np.flatnonzero(self.strata == stratum)
        if found.size != 1:
            raise InputError(f"stratum {stratum!r} is not one of the model's with events: {list(self.strata)}.")
        return self.baselines[found[0]]


def cox(
    covariates: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    *,
    entry: np.ndarray | None = None,
    strata: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    ties: str = "efron",
    level: float = 0.95,
) -> CoxModel:
    """Fit a Cox model by Newton's method.

    Parameters
    ----------
    covariates : array_like, shape (n, p)
        One row a patient; categories as 0/1 columns without the reference.
    time, event : array_like, shape (n,)
        Follow-up (any unit) and 1/True where the event was observed.
    entry : array_like, shape (n,), optional
        Times from which the patients were under observation (left truncation); zero unless given.
    strata : array_like, shape (n,), optional
        Labels of groups that have baselines of their own.
    weights : array_like, shape (n,), optional
        Case weights, positive. With them the covariance is the robust one.
    ties : {"efron", "breslow"}
        How tied event times are treated; ``efron`` is R's default.
    level : float
        Of the confidence limits.

    Returns
    -------
    CoxModel

    Raises
    ------
    InputError
        Unusable arrays; covariates that are constant, collinear, or separate the events (no finite maximum).

    Notes
    -----
    Cox 1972; Efron 1977; Lin and Wei 1989 for the robust covariance. Equals ``survival::coxph`` of R, with
    ``Surv(entry, time, event)``, ``strata()`` and ``weights``; the baseline is that of ``survfit.coxph``.
    """
    time, event = _checks.survival(time, event)
    covariates = _checks.matrix(covariates, "covariates", time.size)
    _checks.choice(ties, "ties", ("efron", "breslow"))
    level = _checks.fraction(level, "level")
    if entry is not None:
        entry, time = _checks.entry(entry, time)
    labels, stratum = np.empty(0), None
    if strata is not None:
        labels, stratum = _checks.groups(strata, "strata", time.size)
    if weights is not None:
        weights = _checks.weights(weights, time.size)

    risk_sets = RiskSets.build(time, event, ties, entry=entry, strata=stratum, weights=weights)
    center = np.average(covariates, axis=0, weights=weights)
    at_risk = covariates[risk_sets.order] - center
    scale = _scale(covariates, at_risk)
    beta, loglik, information = _newton(at_risk / scale, risk_sets)
    covariance = np.linalg.inv(information) / np.outer(scale, scale)
    coef = beta / scale
    if weights is not None:
        influence = weights[risk_sets.order, None] * score_residuals(at_risk, at_risk @ coef, risk_sets) @ covariance
        covariance = influence.T @ influence
    se = np.sqrt(np.diag(covariance))
    half_width = special.ndtri((1 + level) / 2) * se
    with np.errstate(over="ignore"):  # a limit beyond all numbers is infinite, as R's
        hr, lower, upper = np.exp(coef), np.exp(coef - half_width), np.exp(coef + half_width)
    return CoxModel(
        coef=coef,
        se=se,
        z=coef / se,
        p=special.erfc(np.abs(coef / se) / np.sqrt(2)),
        hr=hr,
        lower=lower,
        upper=upper,
        covariance=covariance,
        loglik=loglik,
        loglik_null=risk_sets.null_loglik(),
        center=center,
        baselines=baselines_of_risk_sets(at_risk, at_risk @ coef, risk_sets, _last_follow_up(time, stratum)),
        strata=labels if risk_sets.stratum is None else labels[np.unique(risk_sets.stratum)],
        n=time.size,
        events=int(event.sum()),
        ties=ties,
    )


def _last_follow_up(time: np.ndarray, stratum: np.ndarray | None) -> np.ndarray:
    """Longest follow-up of each stratum, or of all."""
    if stratum is None:
        return np.array([time.max()])
    last = np.zeros(int(stratum.max()) + 1)
    np.maximum.at(last, stratum, time)
    return last


def _scale(covariates: np.ndarray, at_risk: np.ndarray) -> np.ndarray:
    """Spread of each covariate among those at risk; raises where there is none."""
    spread = np.ptp(at_risk, axis=0)
    constant = np.flatnonzero(spread <= 1e-12 * np.abs(covariates).max(axis=0))
    if constant.size:
        raise CovariateError(int(constant[0]), "is constant among those at risk; leave it out.")
    return at_risk.std(axis=0)


def _newton(z: np.ndarray, risk_sets: RiskSets) -> tuple[np.ndarray, float, np.ndarray]:
    """Maximize the log partial likelihood; returns coefficients, maximum and information in standardized units."""
    beta = np.zeros(z.shape[1])
    loglik, gradient, information = _derivatives(z, beta, risk_sets)
    start = information
    step = _solve(information, gradient)
    for _ in range(_MAX_ITERATIONS):
        with np.errstate(divide="ignore", invalid="ignore"):
            candidate = _derivatives(z, beta + step, risk_sets)
        if not (np.isfinite(candidate[0]) and candidate[0] >= loglik - 1e-12 * abs(loglik)):
            step = step / 2  # the likelihood is concave: only a step that is too long lowers or overflows it
            continue
        beta = beta + step
        loglik, gradient, information = candidate
        step = _solve(information, gradient)
        if np.abs(step).max() < _TOLERANCE:
            # Where covariates separate the events, the likelihood rises for ever and its information dies away.
            if linalg.eigvalsh(information, start)[0] < _LEAST_INFORMATION:
                break
            return beta + step, loglik, information
    worst = int(np.abs(beta).argmax())
    raise CovariateError(
        worst,
        "has no finite coefficient (it separates the events or the model has too many covariates for them); leave it "
        "out or merge its categories.",
    )


def _solve(information: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    diagonal = np.sqrt(np.clip(np.diag(information), np.finfo(float).tiny, None))
    scaled = information / np.outer(diagonal, diagonal)
    if not np.isfinite(scaled).all() or np.linalg.cond(scaled) > _LARGEST_CONDITION:
        raise InputError("covariates are collinear or separate the events; leave some of them out.")
    return np.linalg.solve(information, gradient)


def _derivatives(z: np.ndarray, beta: np.ndarray, risk_sets: RiskSets) -> tuple[float, np.ndarray, np.ndarray]:
    """Log partial likelihood, gradient (p,) and information (p, p) at ``beta``."""
    eta = z @ beta
    eta -= eta.max()  # cancels in the likelihood and keeps exp() finite
    s0, mean, variance = term_moments(z, risk_sets.case_weight * np.exp(eta), risk_sets)
    own, term = risk_sets.event_weight, risk_sets.term_weight
    loglik = own @ eta[risk_sets.event_rows] - term @ np.log(s0)
    gradient = own @ z[risk_sets.event_rows] - term @ mean
    return float(loglik), gradient, np.tensordot(term, variance, axes=1)


def term_moments(z: np.ndarray, weight: np.ndarray, risk_sets: RiskSets) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Denominator (e,), mean (e, p) and variance (e, p, p) of the covariates for each term of the likelihood.

    ``z`` (r, p) and ``weight`` (r,) are in the order of ``risk_sets``; there is one term an event.
    """
    weighted = weight[:, None] * z
    s0 = risk_sets.term_sums(weight)
    mean = risk_sets.term_sums(weighted) / s0[:, None]
    square = risk_sets.term_sums(weighted[:, :, None] * z[:, None, :]) / s0[:, None, None]
    return s0, mean, square - mean[:, :, None] * mean[:, None, :]
