"""Missing covariates: multiple imputation by chained equations, and Rubin's rules for what is estimated of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from ..errors import InputError
from . import _checks
from .kaplan_meier import life_table

KINDS = ("number", "binary", "category")

_DONORS = 5  # of predictive mean matching, as in mice
_RIDGE = 1e-5  # of the linear models' sums of squares, as in mice
_WEAK = 0.1  # prior precision of logistic coefficients of standardized predictors: keeps separated ones finite
_ROUNDING = 1e-20  # variance between tables, relative to that within, which is none
_NEWTON_STEPS, _NEWTON_TOLERANCE = 25, 1e-8


@dataclass(frozen=True)
class Pooled:
    """Estimates of m imputations joined by Rubin's rules; arrays of shape (k,).

    Attributes
    ----------
    value, se, lower, upper : ndarray
    df : ndarray
        Degrees of freedom of the t distribution of the limits (Barnard and Rubin 1999).
    missing_information : ndarray
        Share of the information that is lost with the missing values.
    """

    value: np.ndarray
    se: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    df: np.ndarray
    missing_information: np.ndarray


def nelson_aalen(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Cumulative hazard at each patient's own time, shape (n,): the outcome as an imputation model should see it.

    Raises
    ------
    InputError
        Unusable arrays.

    Notes
    -----
    White and Royston 2009: for a Cox model, impute covariates from the event and this. Equals ``cumhaz`` of
    ``survfit`` of R; ``mice::nelsonaalen`` spreads tied events by Efron's rule.
    """
    time, event = _checks.survival(time, event, needs_event=False)
    times, n_risk, n_event, _ = life_table(time, event)
    return np.cumsum(n_event / n_risk)[np.searchsorted(times, time)]


def impute(
    values: np.ndarray,
    kinds: Sequence[str],
    *,
    auxiliary: np.ndarray | None = None,
    repeats: int = 20,
    cycles: int = 10,
    seed: int = 0,
) -> np.ndarray:
    """Fill missing values several times, each as likely as the observed data make it.

    Parameters
    ----------
    values : array_like, shape (n, p)
        NaN where missing; binary columns hold 0 and 1, categories whole numbers that stand for levels.
    kinds : sequence of {"number", "binary", "category"}, length p
    auxiliary : array_like, shape (n, a), optional
        What is known of everyone and helps: event and `nelson_aalen` of the outcome, and the score.
    repeats : int
        Imputed tables.
    cycles : int
        Rounds through the columns before a table is taken.
    seed : int
        The same seed gives the same tables.

    Returns
    -------
    ndarray, shape (repeats, n, p)
        Observed values are kept; without missing ones all tables are the same.

    Raises
    ------
    InputError
        Arrays that do not fit; infinite values; a column that is wholly missing, or whose observed values are not of
        its kind; ``auxiliary`` with missing values.

    Notes
    -----
    Chained equations (van Buuren 2007; White, Royston and Wood 2011). Each column in turn is regressed on all others:
    numbers by predictive mean matching, a missing one taking the value of one of the five patients predicted most
    like it, with coefficients drawn from their posterior (mice's ``pmm``); binary and categories by logistic models
    fitted to a resample of the patients, which draws their coefficients, with a weak prior against separation.
    """
    values, missing = _table(values, kinds)
    n = values.shape[0]
    if auxiliary is not None:
        auxiliary = _checks.matrix(auxiliary, "auxiliary", n)
    for name, number in (("repeats", repeats), ("cycles", cycles)):
        if number < 1:
            raise InputError(f"{name} must be at least 1, not {number}.")
    rng = np.random.default_rng(seed)
    incomplete = [int(j) for j in np.argsort(missing.sum(axis=0), kind="stable") if missing[:, j].any()]
    return np.array([_one_table(values, missing, kinds, auxiliary, incomplete, cycles, rng) for _ in range(repeats)])


def pool(estimates: np.ndarray, variances: np.ndarray, *, complete_df: float = np.inf, level: float = 0.95) -> Pooled:
    """Join the estimates of m imputed tables.

    Parameters
    ----------
    estimates, variances : array_like, shape (m, k)
        Each table's estimates and their squared standard errors. Probabilities such as C are best given as log odds.
    complete_df : float
        Degrees of freedom had nothing been missing: patients less coefficients, or infinity for a large sample.
    level : float
        Of the confidence limits.

    Returns
    -------
    Pooled

    Raises
    ------
    InputError
        Fewer than two tables, arrays that do not fit, negative variances.

    Notes
    -----
    Rubin 1987, degrees of freedom of Barnard and Rubin 1999. Equals ``mice::pool`` of R.
    """
    estimates = _checks.matrix(estimates, "estimates")
    variances = _checks.matrix(variances, "variances", estimates.shape[0])
    level, m = _checks.fraction(level, "level"), estimates.shape[0]
    if m < 2 or variances.shape != estimates.shape:
        raise InputError("estimates and variances need one row for each of at least two imputed tables.")
    if (variances < 0).any():
        raise InputError("variances must not be negative; pass squared standard errors.")
    within, between = variances.mean(axis=0), estimates.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, (1 + 1 / m) * between / total, 0.0)
        old_df = np.where(share > 0, (m - 1) / share**2, np.inf)
        if np.isinf(complete_df):
            df = old_df
        else:
            observed_df = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
            df = np.where(np.isinf(old_df), observed_df, old_df * observed_df / (old_df + observed_df))
        riv = np.where(within > 0, (1 + 1 / m) * between / within, np.inf)
        information = np.where(np.isinf(riv), 1.0, (riv + 2 / (df + 3)) / (riv + 1))
    value, se = estimates.mean(axis=0), np.sqrt(total)
    half_width = stats.t.ppf((1 + level) / 2, df) * se
    return Pooled(
        value, se, value - half_width, value + half_width, df, np.where(between > _ROUNDING * within, information, 0.0)
    )


def pooled_covariance(estimates: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """Covariance (k, k) of the mean of m estimates (m, k), each with its own covariance (m, k, k): Rubin's rules."""
    estimates = _checks.matrix(estimates, "estimates")
    m, k = estimates.shape
    covariances = np.asarray(covariances, dtype=float)
    if m < 2 or covariances.shape != (m, k, k) or not np.isfinite(covariances).all():
        raise InputError(f"covariances must be {m} finite matrices of {k} x {k}, one for each of at least two tables.")
    return covariances.mean(axis=0) + (1 + 1 / m) * np.atleast_2d(np.cov(estimates, rowvar=False))


def _table(values: np.ndarray, kinds: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Checked values and where they are missing."""
    try:
        values = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError("values must be numbers; code categories as whole numbers.") from error
    if values.ndim != 2 or values.shape[1] != len(kinds):
        raise InputError(f"values must have one column for each of the {len(kinds)} kinds, not shape {values.shape}.")
    missing = np.isnan(values)
    if np.isinf(values).any():
        raise InputError("values has infinite entries; correct them or take them for missing.")
    for j, kind in enumerate(kinds):
        _checks.choice(kind, f"kinds[{j}]", KINDS)
        observed = values[~missing[:, j], j]
        if observed.size == 0:
            raise InputError(f"values column {j} is wholly missing; leave it out.")
        if kind == "binary" and not np.isin(observed, (0, 1)).all():
            raise InputError(f"values column {j} is binary but holds other values than 0 and 1.")
        if kind == "category" and (observed != np.round(observed)).any():
            raise InputError(f"values column {j} is a category but holds numbers that are not whole.")
    return values, missing


def _one_table(
    values: np.ndarray,
    missing: np.ndarray,
    kinds: Sequence[str],
    auxiliary: np.ndarray | None,
    incomplete: list[int],
    cycles: int,
    rng: np.random.Generator,
) -> np.ndarray:
    filled = values.copy()
    for j in incomplete:
        filled[missing[:, j], j] = rng.choice(values[~missing[:, j], j], missing[:, j].sum())
    for _ in range(cycles if len(incomplete) > 1 else min(cycles, 1)):
        for j in incomplete:
            others = [_columns(filled[:, k], values[~missing[:, k], k], kinds[k]) for k in range(len(kinds)) if k != j]
            predictors = _standardized(np.column_stack([*others, np.empty((len(values), 0))]), auxiliary)
            known = ~missing[:, j]
            draw = _draw_number if kinds[j] == "number" else _draw_level
            filled[~known, j] = draw(predictors[known], values[known, j], predictors[~known], rng)
    return filled


def _columns(column: np.ndarray, observed: np.ndarray, kind: str) -> np.ndarray:
    """A predictor as columns: a category as indicators of all its levels but the first."""
    if kind != "category":
        return column[:, None]
    return (column[:, None] == np.unique(observed)[1:]).astype(float)


def _standardized(predictors: np.ndarray, auxiliary: np.ndarray | None) -> np.ndarray:
    """Predictors with mean 0 and spread 1, those without spread left out, after a column of ones."""
    if auxiliary is not None:
        predictors = np.hstack((predictors, auxiliary))
    spread = predictors.std(axis=0)
    kept = spread > 1e-12 * np.abs(predictors).max(axis=0, initial=0.0)
    z = (predictors[:, kept] - predictors[:, kept].mean(axis=0)) / spread[kept]
    return np.hstack((np.ones((len(predictors), 1)), z))


def _draw_number(known: np.ndarray, y: np.ndarray, unknown: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Predictive mean matching with coefficients drawn from their posterior."""
    gram = known.T @ known
    gram += _RIDGE * np.diag(np.diag(gram))
    inverse = np.linalg.inv(gram)
    beta = inverse @ known.T @ y
    residual = y - known @ beta
    freedom = max(y.size - known.shape[1], 1)
    sigma = np.sqrt(residual @ residual / rng.chisquare(freedom))
    drawn = beta + sigma * np.linalg.cholesky((inverse + inverse.T) / 2) @ rng.normal(size=beta.size)
    fitted, wanted = known @ beta, unknown @ drawn
    donors = min(_DONORS, y.size)
    nearest = np.argpartition(np.abs(wanted[:, None] - fitted), donors - 1, axis=1)[:, :donors]
    return y[nearest[np.arange(wanted.size), rng.integers(0, donors, wanted.size)]]


def _draw_level(known: np.ndarray, y: np.ndarray, unknown: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A level drawn with the probabilities of a logistic model that was fitted to a resample of the patients."""
    levels, code = np.unique(y, return_inverse=True)
    if levels.size == 1:
        return np.full(len(unknown), levels[0])
    rows = rng.integers(0, y.size, y.size)
    coefficients = _multinomial(known[rows], code[rows], levels.size)
    probability = special.softmax(np.hstack((np.zeros((len(unknown), 1)), unknown @ coefficients)), axis=1)
    threshold = rng.random(len(unknown))[:, None]
    return levels[np.minimum((np.cumsum(probability, axis=1) < threshold).sum(axis=1), levels.size - 1)]


def _multinomial(x: np.ndarray, code: np.ndarray, levels: int) -> np.ndarray:
    """Coefficients (q, levels - 1) of a multinomial logistic model with the first level as reference, by Newton."""
    q, k = x.shape[1], levels - 1
    target = (code[:, None] == np.arange(1, levels)).astype(float)
    prior = np.full((q, k), _WEAK)
    prior[0] = _RIDGE  # of the intercepts: how frequent a level is needs no shrinking
    beta = np.zeros((q, k))
    for _ in range(_NEWTON_STEPS):
        p = special.softmax(np.hstack((np.zeros((len(x), 1)), x @ beta)), axis=1)[:, 1:]
        gradient = (x.T @ (target - p) - prior * beta).T.ravel()
        curvature = np.diag(prior.T.ravel())
        for a in range(k):
            for b in range(k):
                weight = p[:, a] * ((a == b) - p[:, b])
                curvature[a * q : (a + 1) * q, b * q : (b + 1) * q] += x.T @ (weight[:, None] * x)
        step = np.linalg.solve(curvature, gradient)
        beta += step.reshape(k, q).T
        if np.abs(step).max() < _NEWTON_TOLERANCE:
            break
    return beta
