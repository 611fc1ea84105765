"""From a patient's score and covariates to linear predictor, nomogram points and survival with its limits.

A patient is a row of parameters in the order of :meth:`.model.Nomogram.parameters`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .contents import Baseline, Covariate, Model, Nomogram, Score
from .covariates import SCORE, Value

_Z = 1.959963984540054  # 97.5th percentile of the standard normal distribution: 95% limits


@dataclass(frozen=True)
class SurvivalEstimate:
    """Probability of being event-free at ``months``, with 95% log-log limits (None when the model cannot give them)."""

    months: float
    probability: float
    lower: float | None
    upper: float | None


def parse_covariates(model: Model, covariates: Mapping[str, object] | None) -> dict[str, Value]:
    """Read the covariates of a model's nomogram; what is not given is unknown.

    Returns
    -------
    dict
        Every covariate of the nomogram, in its order.

    Raises
    ------
    InputError
        A name is not a covariate of the model, or a value is outside its domain.
    """
    known = {covariate.name: covariate for covariate in model.nomogram.covariates} if model.nomogram else {}
    given = dict(covariates or {})
    for name in given:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise InputError(f"covariate {str(name)[:40]} is unknown to the model {model.id}; {takes}.")
    return {name: covariate.parse(given.get(name)) for name, covariate in known.items()}


def patient_row(nomogram: Nomogram, values: Mapping[str, Value], score: float) -> np.ndarray | None:
    """Give a patient's parameters.

    Parameters
    ----------
    nomogram : Nomogram
    values : mapping
        As :func:`parse_covariates` gives them; an unknown one takes the nomogram's center.
    score : float
        Radiomics score.

    Returns
    -------
    numpy.ndarray or None
        Shape (parameters,); None when a covariate is unknown and the nomogram has no center.
    """
    row: list[float] = []
    for covariate in nomogram.covariates:
        value = values[covariate.name]
        if value is not None:
            row += covariate.columns([value])[0].tolist()
        elif nomogram.center is not None:
            row += [nomogram.center[name] for name in covariate.parameters()]
        else:
            return None
    return np.array([*row, score])


def linear_predictor(nomogram: Nomogram, row: np.ndarray) -> float:
    """Log hazard relative to the nomogram's center (to zero when it has none)."""
    return float(np.dot(_deviation(nomogram, row), nomogram.coefficients()))


def _deviation(nomogram: Nomogram, row: np.ndarray) -> np.ndarray:
    center = nomogram.center
    return row if center is None else row - np.array([center[name] for name in nomogram.parameters()])


def points(nomogram: Nomogram, score: Score, row: np.ndarray) -> dict[str, float] | None:
    """Points of each covariate and of the score, as ``rms::nomogram`` gives them.

    The least effect over a covariate's range is 0 points; the largest range of effects among all is 100 points. A
    value outside its range gets points in proportion (below 0, or above its range's).

    Parameters
    ----------
    nomogram : Nomogram
    score : Score
        Its ``low`` and ``high`` are the score's range.
    row : numpy.ndarray
        Shape (parameters,).

    Returns
    -------
    dict or None
        Covariate name (``"score"`` last) to points; None when a range is not stated or no covariate has an effect.
    """
    effects, lows, spans = {}, {}, {}
    start = 0
    for covariate in nomogram.covariates:
        stop = start + len(covariate.coefficients)
        ends = _effect_range(covariate)
        if ends is None:
            return None
        effects[covariate.name] = float(np.dot(row[start:stop], covariate.coefficients))
        lows[covariate.name], spans[covariate.name] = ends[0], ends[1] - ends[0]
        start = stop
    if score.low is None:
        return None
    ends = sorted(nomogram.score_coefficient * end for end in (score.low, score.high))
    effects[SCORE] = nomogram.score_coefficient * float(row[-1])
    lows[SCORE], spans[SCORE] = ends[0], ends[1] - ends[0]
    largest = max(spans.values())
    if largest == 0:
        return None
    return {name: 100 * (effect - lows[name]) / largest for name, effect in effects.items()}


def _effect_range(covariate: Covariate) -> tuple[float, float] | None:
    """Least and largest effect of a covariate over its range or levels."""
    if covariate.type != "number":
        effects = (0.0, *covariate.coefficients)
    elif covariate.low is None:
        return None
    else:
        effects = tuple(covariate.coefficients[0] * end for end in (covariate.low, covariate.high))
    return min(effects), max(effects)


def survival(nomogram: Nomogram, row: np.ndarray, months: Sequence[float]) -> tuple[SurvivalEstimate, ...]:
    r"""Survival of one patient with 95% log-log limits, as R's ``survfit.coxph`` gives them.

    With :math:`\Lambda_0` the baseline's cumulative hazard, x - c the patient's deviation from the center, V the
    covariance and q(t) the baseline's ``weighted_covariate_mean``:
    :math:`S = \exp(-\Lambda_0 e^{\beta'(x - c)})`, :math:`d = (x - c)\Lambda_0 - q`,
    :math:`se(\log(-\log S)) = \sqrt{var(\Lambda_0) + d'Vd} / \Lambda_0` (Therneau and Grambsch 2000, section 10.2).

    Parameters
    ----------
    nomogram : Nomogram
        With a baseline.
    row : numpy.ndarray
        Shape (parameters,).
    months : sequence of float
        Times, none beyond the baseline's last.

    Returns
    -------
    tuple of SurvivalEstimate
        One a time. Limits are None where the model holds no covariance or no terms of the baseline's variance, and
        where the baseline is 0; before the first event all three numbers are 1.
    """
    baseline = nomogram.baseline
    predictor = linear_predictor(nomogram, row)
    steps = np.searchsorted(baseline.months, months, side="right") - 1
    return tuple(
        SurvivalEstimate(float(time), *_survival_at(nomogram, row, predictor, step))
        for time, step in zip(months, steps, strict=True)
    )


def _survival_at(
    nomogram: Nomogram, row: np.ndarray, predictor: float, step: int
) -> tuple[float, float | None, float | None]:
    """Survival and its limits after a step of the baseline; -1 is before the first."""
    base = nomogram.baseline.survival[step] if step >= 0 else 1.0
    if base == 1:
        return 1.0, 1.0, 1.0
    if base == 0:
        return 0.0, None, None
    hazard = -math.log(base)
    log_hazard = math.log(hazard) + predictor
    error = _log_hazard_error(nomogram, row, hazard, step)
    if error is None:
        return _exp_minus_exp(log_hazard), None, None
    lower, upper = _exp_minus_exp(log_hazard + _Z * error), _exp_minus_exp(log_hazard - _Z * error)
    return _exp_minus_exp(log_hazard), lower, upper


def _log_hazard_error(nomogram: Nomogram, row: np.ndarray, hazard: float, step: int) -> float | None:
    """Standard error of the log cumulative hazard, None when the model lacks a part of it."""
    if not has_limits(nomogram):
        return None
    baseline: Baseline = nomogram.baseline
    drift = _deviation(nomogram, row) * hazard - np.array(baseline.weighted_covariate_mean[step])
    scale = float(np.abs(drift).max()) or 1.0  # keeps the square of an absurd score's drift finite
    drift = drift / scale
    with np.errstate(under="ignore"):  # some processors report it where beside an absurd score nothing is left
        square = float(drift @ np.array(nomogram.covariance) @ drift)
    square = max(0.0, square)  # a covariance that is semidefinite up to rounding may give a negative one
    return math.hypot(math.sqrt(baseline.cumulative_hazard_variance[step]), scale * math.sqrt(square)) / hazard


def has_limits(nomogram: Nomogram) -> bool:
    """Say whether the model holds what confidence limits of survival need."""
    baseline = nomogram.baseline
    parts = (baseline and baseline.cumulative_hazard_variance, baseline and baseline.weighted_covariate_mean)
    return nomogram.covariance is not None and all(part is not None for part in parts)


def _exp_minus_exp(log_hazard: float) -> float:
    """exp(-exp(x)) without overflow: beyond 10 it is below any probability that a float tells from 0."""
    return math.exp(-math.exp(min(log_hazard, 10.0)))
