"""Predicted survival of a patient some of whose covariates are unknown: averaged over what they may be.

Needs no data of the cohort, only the mean and covariance of its covariates. Imports nothing but numpy and the standard
library, so that scoring may use it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import erf, exp, pi, sqrt
from statistics import NormalDist

import numpy as np

from ..errors import InputError
from . import _checks
from .individual_survival import Baseline, IndividualSurvival, individual_survival

_NODES = 48  # of the Gauss-Hermite quadrature over what numbers may be
_STEPS = 200  # of a search that takes about eight, or sixty where parts of a mixture have no width
_ROUNDING = float(np.finfo(float).eps)
_MOST_PARTS = 64  # combinations of unknown levels; more say nothing that a normal distribution does not
_FLAT = 1e-10  # relative size of a variance that is none


@dataclass(frozen=True)
class CovariateDistribution:
    """How covariates vary together in the cohort that a model was fitted to.

    Attributes
    ----------
    mean : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
    categories : tuple of tuple of int
        The columns of each category: one for a binary covariate, indicators without the reference level for more.
    """

    mean: np.ndarray
    covariance: np.ndarray
    categories: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Possibility:
    """One combination of unknown levels: how likely it is, and where the numbers then lie.

    Attributes
    ----------
    weight : float
    mean : ndarray, shape (p,)
        Covariates, the known ones as they are.
    covariance : ndarray, shape (p, p)
        Of the unknown numbers; zero elsewhere.
    """

    weight: float
    mean: np.ndarray
    covariance: np.ndarray


def covariate_distribution(covariates: np.ndarray, categories: Sequence[Sequence[int]] = ()) -> CovariateDistribution:
    """Estimate the distribution of covariates.

    Parameters
    ----------
    covariates : array_like, shape (n, p) or (m, n, p)
        One table without missing values, or m imputed ones.
    categories : sequence of sequence of int
        See `CovariateDistribution`.

    Raises
    ------
    InputError
        Missing values, fewer than two patients, columns out of range.
    """
    tables = np.asarray(covariates, dtype=float)
    tables = tables[None] if tables.ndim == 2 else tables
    if tables.ndim != 3 or tables.shape[1] < 2 or not np.isfinite(tables).all():
        raise InputError("covariates must be a table, or several imputed ones, of at least two patients with no gaps.")
    rows = tables.reshape(-1, tables.shape[2])
    groups = tuple(tuple(int(column) for column in group) for group in categories)
    if any(not 0 <= column < rows.shape[1] for group in groups for column in group):
        raise InputError(f"categories names columns that covariates, with {rows.shape[1]}, does not have.")
    mean = rows.mean(axis=0)
    covariance = (rows - mean).T @ (rows - mean) / len(rows) * tables.shape[1] / (tables.shape[1] - 1)
    return CovariateDistribution(mean, covariance, groups)


def possibilities(distribution: CovariateDistribution, covariates: np.ndarray) -> tuple[Possibility, ...]:
    """Say what the unknown covariates of a patient may be, given the known ones.

    Parameters
    ----------
    distribution : CovariateDistribution
    covariates : array_like, shape (p,)
        NaN where unknown. A category is known or unknown as a whole.

    Returns
    -------
    tuple of Possibility
        Their weights sum to 1. One that is certain where all is known.

    Raises
    ------
    InputError
        Arrays that do not fit; a category that is partly known.

    Notes
    -----
    Unknown categories are taken one after the other: the conditional means of a category's indicators, in the normal
    distribution with this mean and covariance, are its levels' probabilities (cut at 0 and made to sum to 1), and each
    level then counts as known for what follows. What is left are numbers, which are conditionally normal; so are taken
    the indicators of further categories once there are 64 combinations.
    """
    row = np.array(covariates, dtype=float)
    if row.shape != distribution.mean.shape:
        raise InputError(f"covariates must have {distribution.mean.size} values, not shape {row.shape}.")
    if np.isinf(row).any():
        raise InputError("covariates has infinite values; give NaN for what is unknown.")
    parts = [(1.0, row)]
    for group in distribution.categories:
        columns = list(group)
        gaps = np.isnan(row[columns])
        if gaps.any() and not gaps.all():
            raise InputError(f"covariates {columns} are one category; give all of them or none.")
        if gaps.any() and len(parts) * (len(columns) + 1) <= _MOST_PARTS:
            parts = _by_level(distribution, parts, columns)
    unknown = np.isnan(parts[0][1])
    means, left = _conditional(distribution, [part for _, part in parts], unknown)
    covariance = np.zeros((row.size, row.size))
    covariance[np.ix_(unknown, unknown)] = left
    found = []
    for (weight, part), expected in zip(parts, means, strict=True):
        mean = part.copy()
        mean[unknown] = expected
        found.append(Possibility(weight, mean, covariance))
    return tuple(found)


def survival_with_unknown(
    covariates: Sequence[Possibility],
    coef: np.ndarray,
    covariance: np.ndarray,
    center: np.ndarray,
    baseline: Baseline,
    horizons: np.ndarray,
    *,
    level: float = 0.95,
) -> IndividualSurvival:
    """Predict survival of one patient averaged over `possibilities`.

    Parameters
    ----------
    covariates : sequence of Possibility
    coef, covariance, center, baseline, horizons, level
        As for `individual_survival`.

    Returns
    -------
    IndividualSurvival
        Of one row. ``survival`` is the mean of ``S`` over the possibilities, ``se`` its spread with the model's own
        uncertainty, and the limits hold the share ``level`` of where the patient's survival may lie, the model's
        uncertainty included. With nothing unknown they are those of `individual_survival` on the log-log scale.

    Raises
    ------
    InputError
        As for `individual_survival`.
    """
    coef = _checks.vector(coef, "coef")
    weights = np.array([part.weight for part in covariates])
    rows = np.array([part.mean for part in covariates])
    at_mean = individual_survival(rows, coef, covariance, center, baseline, horizons, level=level)
    spread = np.array([coef @ part.covariance @ coef for part in covariates])
    points = [
        _mixture(weights, at_mean.survival[:, h], at_mean.se[:, h], spread, level) for h in range(at_mean.horizons.size)
    ]
    survival, se, lower, upper = np.array(points).T[:, None, :]
    return IndividualSurvival(at_mean.horizons, survival, se, lower, upper)


def _by_level(
    distribution: CovariateDistribution, parts: list[tuple[float, np.ndarray]], columns: list[int]
) -> list[tuple[float, np.ndarray]]:
    """Split possibilities by the levels of one unknown category; the last is the reference, all indicators zero."""
    unknown = np.zeros(distribution.mean.size, dtype=bool)
    unknown[columns] = True
    levels = np.vstack((np.eye(len(columns)), np.zeros(len(columns))))
    shares, _ = _conditional(distribution, [row for _, row in parts], unknown)
    found = []
    for (weight, row), share in zip(parts, shares, strict=True):
        chances = np.clip(np.append(share, 1 - share.sum()), 0, None)
        chances /= chances.sum()
        for chance, indicators in zip(chances, levels, strict=True):
            if chance > 0:
                filled = row.copy()
                filled[columns] = indicators
                found.append((weight * float(chance), filled))
    return found


def _conditional(
    distribution: CovariateDistribution, rows: list[np.ndarray], wanted: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Means of the ``wanted`` columns given all that each row knows, and their covariance; all rows know the same."""
    mean, covariance = distribution.mean, distribution.covariance
    known = ~np.isnan(rows[0]) & (np.diag(covariance) > _FLAT * np.diag(covariance).max(initial=0.0))
    spread = np.sqrt(np.diag(covariance)[known])
    across = covariance[np.ix_(wanted, known)] / spread
    within = covariance[np.ix_(known, known)] / np.outer(spread, spread)
    weights = across @ np.linalg.pinv(within, rcond=_FLAT, hermitian=True)
    left = covariance[np.ix_(wanted, wanted)] - weights @ across.T
    means = [mean[wanted] + weights @ ((row[known] - mean[known]) / spread) for row in rows]
    return means, (left + left.T) / 2


def _mixture(
    weights: np.ndarray, survival: np.ndarray, se: np.ndarray, spread: np.ndarray, level: float
) -> tuple[float, float, float, float]:
    """Mean, standard error and limits of survival at one horizon: a mixture of normals on the log-log scale."""
    if ((survival <= 0) | (survival >= 1)).any():  # before the first event, or beyond all hope
        return float(weights @ survival), float(weights @ se), float("nan"), float("nan")
    center = np.log(-np.log(survival))
    own = se / (survival * -np.log(survival))  # of the log cumulative hazard, from the model's uncertainty
    nodes, node_weights = _normal_nodes(_NODES)
    values = np.exp(-np.exp(center[:, None] + np.sqrt(spread)[:, None] * nodes))
    mean = float(weights @ values @ node_weights)
    varies = float(weights @ (values - mean) ** 2 @ node_weights)
    width = np.sqrt(own**2 + spread)
    tail = (1 - level) / 2
    upper, lower = (_survival_quantile(weights, center, width, share) for share in (tail, 1 - tail))
    return mean, float(np.sqrt(varies + weights @ se**2)), lower, upper


@cache
def _normal_nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights that give the mean of a function of a standard normal variable (Golub and Welsch 1969).

    Those of ``numpy.polynomial``, whose import costs more than all else that a patient's survival takes.
    """
    beside = np.sqrt(np.arange(1, number))
    nodes, vectors = np.linalg.eigh(np.diag(beside, 1) + np.diag(beside, -1))
    return nodes, vectors[0] ** 2


def _survival_quantile(weights: np.ndarray, center: np.ndarray, width: np.ndarray, share: float) -> float:
    """Survival whose log-log has the share ``share`` of the mixture below it."""
    if weights.size == 1 or not width.any():
        z = NormalDist().inv_cdf(share)
        order = np.argsort(center)
        part = order[np.searchsorted(np.cumsum(weights[order]), share)] if weights.size > 1 else 0
        return _survival_of(center[part] + z * width[part])
    low, high = (float(edge) for edge in ((center - 9 * width).min(), (center + 9 * width).max()))
    scale = np.maximum(width, 1e-12) * np.sqrt(2)
    parts = [(float(w), float(c), float(s)) for w, c, s in zip(weights, center, scale, strict=True)]
    return _survival_of(_quantile(parts, share, low, high))


def _quantile(parts: list[tuple[float, float, float]], share: float, low: float, high: float) -> float:
    """Where a mixture of normals, each of a weight, mean and spread times root two, has a share below: by Newton.

    A step that leaves the bracket, or does not halve the one before it, is a bisection instead.
    """
    at, taken = (low + high) / 2, high - low
    for _ in range(_STEPS):
        places = [(weight, (at - middle) / spread, spread) for weight, middle, spread in parts]
        excess = sum(weight * (1 + erf(z)) / 2 for weight, z, _ in places) - share
        if abs(excess) <= _ROUNDING or taken <= _ROUNDING * abs(at):
            break
        low, high = (at, high) if excess < 0 else (low, at)
        density = sum(weight * exp(-z * z) / spread for weight, z, spread in places) / sqrt(pi)
        step = -excess / density if density > 0 else high - low
        if not low < at + step < high or abs(step) > taken / 2:
            step = (low + high) / 2 - at
        at, taken = at + step, abs(step)
    return at


def _survival_of(log_log: float) -> float:
    """Survival whose ``log(-log(survival))`` this is; 0 beyond all numbers."""
    with np.errstate(over="ignore"):
        return float(np.exp(-np.exp(log_log)))
