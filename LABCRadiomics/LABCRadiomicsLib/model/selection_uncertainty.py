"""What the chance in choosing a model's features and fitting it means for one patient.

A model keeps the predictors of resamples of its training cohort, each made by the whole procedure anew. What they say
of a patient differs by as much as the model itself might be another one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from .additions import Uncertainty
from .contents import Model, Nomogram
from .nomogram import SurvivalEstimate

_TAILS = (0.025, 0.975)
_NODES = np.array([NormalDist().inv_cdf((at + 0.5) / 41) for at in range(41)])  # equally likely standard normal values
_BEYOND = 1e6  # a log hazard beyond which no survival is between 0 and 1
_NEAREST_END = 1e-12  # how near to 0 or 1 a survival may be on the scale of log(-log S)


@dataclass(frozen=True)
class WiderLimits:
    """95% limits of survival at ``months`` that carry the uncertainty of the selection; None where there are none."""

    months: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class SelectionUncertainty:
    """What the resamples' predictors say of a patient.

    Attributes
    ----------
    repeats : int
        How many there are.
    same_group : float or None
        Share of them that put the patient into the risk group of the model; None without a cutoff.
    survival : tuple of WiderLimits
        At the nomogram's horizons; empty where the model gives no survival.
    """

    repeats: int
    same_group: float | None
    survival: tuple[WiderLimits, ...]


@dataclass(frozen=True)
class _Predictors:
    """The repeats as arrays: features (b, q), score constants (b,), parameters (b, k), log(-log S) at center (b, h)."""

    weights: np.ndarray
    intercept: np.ndarray
    residual: np.ndarray
    cutoff: np.ndarray
    parameters: np.ndarray
    log_hazard: np.ndarray


def selection_uncertainty(
    model: Model,
    values: Mapping[str, float],
    row: np.ndarray | None,
    spread: float,
    survival: Sequence[SurvivalEstimate],
    high: bool | None,
) -> SelectionUncertainty | None:
    """Carry the uncertainty of selection and fit to a patient.

    Parameters
    ----------
    model : Model
    values : mapping of str to float
        The features that enter the score.
    row : numpy.ndarray, shape (parameters,), or None
        The patient's nomogram parameters.
    spread : float
        Standard deviation of the log hazard that comes of unknown covariates.
    survival : sequence of SurvivalEstimate
        What the model predicts at its horizons.
    high : bool or None
        Whether the model puts the patient at high risk.

    Returns
    -------
    SelectionUncertainty or None
        None where the model does not hold the resamples' predictors.

    Notes
    -----
    A resample's score is stored as its regression on the model's own features, with what is left of its spread: what it
    takes from other features is not known of a new patient and counts as uncertainty.
    """
    held = model.uncertainty
    if held is None:
        return None
    found = _predictors(held, model.nomogram)
    with np.errstate(over="ignore", invalid="ignore"):  # of absurd features
        scores = np.nan_to_num(found.intercept + found.weights @ np.array([values[name] for name in held.features]))
    same = None if high is None else _share_of_same(scores, found, high)
    if model.nomogram is None or row is None or not survival or not found.log_hazard.size:
        return SelectionUncertainty(len(held.repeats), same, ())
    center = model.nomogram.center or {}
    deviation = row[:-1] - np.array([center[name] for name in model.nomogram.parameters()[:-1]])
    with np.errstate(over="ignore", invalid="ignore"):
        hazard = found.parameters[:, :-1] @ deviation + found.parameters[:, -1] * scores
    hazard = np.clip(np.nan_to_num(hazard), -_BEYOND, _BEYOND)
    left_out = np.hypot(found.parameters[:, -1] * found.residual, spread)
    limits = (_limits(estimate, found.log_hazard[:, at] + hazard, left_out) for at, estimate in enumerate(survival))
    return SelectionUncertainty(len(held.repeats), same, tuple(limits))


def _limits(estimate: SurvivalEstimate, log_hazard: np.ndarray, left_out: np.ndarray) -> WiderLimits:
    """Limits from the resamples' log(-log S), shape (b,), and the spread of what they leave open; never narrower."""
    if not 0 < estimate.probability < 1:
        return WiderLimits(estimate.months, estimate.lower, estimate.upper)
    values = np.sort((log_hazard[:, None] + left_out[:, None] * _NODES).ravel())
    # As numpy.quantile, which would import numpy.ma for it.
    ends = np.interp(np.multiply(_TAILS, values.size - 1), np.arange(values.size), values)
    upper, lower = (_survival(float(end)) for end in ends)
    own_lower, own_upper = estimate.lower, estimate.upper
    return WiderLimits(
        estimate.months,
        min(lower, estimate.probability if own_lower is None else own_lower),
        max(upper, estimate.probability if own_upper is None else own_upper),
    )


def _survival(log_hazard: float) -> float:
    return math.exp(-math.exp(min(log_hazard, 10.0)))


def _share_of_same(scores: np.ndarray, found: _Predictors, high: bool) -> float:
    """Chance, over the repeats, that a patient of these features is in the same group; none is high without a score."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (scores - found.cutoff) / found.residual
    exact = np.where(scores > found.cutoff, 1.0, 0.0)
    chance = [step if math.isnan(value) or math.isinf(value) else (1 + math.erf(value / math.sqrt(2))) / 2
              for value, step in zip(z.tolist(), exact.tolist(), strict=True)]  # fmt: skip
    share = math.fsum(chance) / len(chance)
    return share if high else 1 - share


@lru_cache(maxsize=4)
def _arrays(held: Uncertainty, width: int, horizons: int) -> _Predictors:
    repeats = held.repeats
    weights = np.zeros((len(repeats), len(held.features)))
    for at, repeat in enumerate(repeats):
        weights[at, list(repeat.features)] = repeat.coefficients
    with_nomogram = [repeat for repeat in repeats if repeat.survival]
    complete = len(with_nomogram) == len(repeats) and horizons
    survival = np.array([repeat.survival for repeat in repeats]) if complete else np.empty((len(repeats), 0))
    parameters = np.array([repeat.parameters for repeat in repeats]) if complete else np.zeros((len(repeats), width))
    survival = np.clip(survival, _NEAREST_END, 1 - _NEAREST_END)
    return _Predictors(
        weights=weights,
        intercept=np.array([repeat.intercept for repeat in repeats]),
        residual=np.array([repeat.residual_sd for repeat in repeats]),
        cutoff=np.array([math.inf if repeat.cutoff is None else repeat.cutoff for repeat in repeats]),
        parameters=parameters,
        log_hazard=np.log(-np.log(survival)),
    )


def _predictors(held: Uncertainty, nomogram: Nomogram | None) -> _Predictors:
    width = len(nomogram.parameters()) if nomogram else 0
    return _arrays(held, width, len(nomogram.horizons_months) if nomogram else 0)
