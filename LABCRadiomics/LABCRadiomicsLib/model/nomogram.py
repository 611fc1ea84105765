"""From a patient's score and covariates to linear predictor, nomogram points and survival with its limits.

A patient is a row of parameters in the order of :meth:`.model.Nomogram.parameters`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..statistics.individual_survival import hazard_error
from ..statistics.nomogram import NomogramScale, nomogram_scale
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


@dataclass(frozen=True)
class PointsScale:
    """The axes of a model's nomogram.

    Attributes
    ----------
    names : tuple of str
        The covariates in the nomogram's order, then ``"score"``.
    scale : NomogramScale
        One axis a name.
    """

    names: tuple[str, ...]
    scale: NomogramScale

    def points(self, nomogram: Nomogram, row: np.ndarray) -> dict[str, float]:
        """Give the points of a patient's parameters, shape (parameters,), by covariate name, the score's last."""
        widths = [len(covariate.coefficients) for covariate in nomogram.covariates]
        parts = np.split(row * np.array(nomogram.coefficients()), np.cumsum(widths))
        found = self.scale.points(np.array([[part.sum() for part in parts]]))[0]
        return dict(zip(self.names, found.tolist(), strict=True))


def points_scale(nomogram: Nomogram, score: Score) -> PointsScale | None:
    """Lay out a nomogram's axes as ``rms::nomogram`` does, see :func:`.statistics.nomogram.nomogram_scale`.

    Parameters
    ----------
    nomogram : Nomogram
    score : Score
        Its ``low`` and ``high`` are the score's range.

    Returns
    -------
    PointsScale or None
        None when a range is not stated or no covariate has an effect.
    """
    found = [_effect_range(covariate) for covariate in nomogram.covariates]
    ends = [pair for pair in found if pair is not None]
    if score.low is None or score.high is None or len(ends) < len(found):
        return None
    weight = nomogram.score_coefficient
    low, high = np.array([*ends, (weight * score.low, weight * score.high)]).T
    if np.array_equal(low, high):
        return None
    names = (*(covariate.name for covariate in nomogram.covariates), SCORE)
    return PointsScale(names, nomogram_scale(low, high))


def _effect_range(covariate: Covariate) -> tuple[float, float] | None:
    """Effects at the ends of a covariate's axis: of its range, or its least and largest level."""
    if covariate.type != "number":
        effects = (0.0, *covariate.coefficients)
        return min(effects), max(effects)
    if covariate.low is None or covariate.high is None:
        return None
    return covariate.coefficients[0] * covariate.low, covariate.coefficients[0] * covariate.high


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
    baseline = require_baseline(nomogram)
    predictor, terms = linear_predictor(nomogram, row), limit_terms(nomogram)
    found = []
    for time, step in zip(months, np.searchsorted(baseline.months, months, side="right") - 1, strict=True):
        base = baseline.survival[step] if step >= 0 else 1.0  # the first step is the first event
        if base in (0, 1):
            limit = None if base == 0 else 1.0
            found.append(SurvivalEstimate(float(time), float(base), limit, limit))
            continue
        hazard = -math.log(base)
        log_hazard, lower, upper = math.log(hazard) + predictor, None, None
        if terms is not None:
            distance = _deviation(nomogram, row) * hazard - terms.covariate_mean[step]
            reach = _Z * float(hazard_error(distance, terms.hazard_variance[step], terms.covariance)) / hazard
            lower, upper = _exp_minus_exp(log_hazard + reach), _exp_minus_exp(log_hazard - reach)
        found.append(SurvivalEstimate(float(time), _exp_minus_exp(log_hazard), lower, upper))
    return tuple(found)


def require_baseline(nomogram: Nomogram) -> Baseline:
    """Give a nomogram's baseline survival.

    Raises
    ------
    InputError
        It has none.
    """
    if nomogram.baseline is None:
        raise InputError(f"{nomogram.endpoint}: the nomogram has no baseline survival; recalibrate the model.")
    return nomogram.baseline


@dataclass(frozen=True)
class LimitTerms:
    """What confidence limits of survival need beyond the baseline, see :class:`.model.Baseline`."""

    covariance: np.ndarray
    hazard_variance: np.ndarray
    covariate_mean: np.ndarray


def limit_terms(nomogram: Nomogram) -> LimitTerms | None:
    """Give what confidence limits of survival need; None when the model does not hold all of it."""
    baseline, covariance = nomogram.baseline, nomogram.covariance
    if baseline is None or covariance is None:
        return None
    variance, mean = baseline.cumulative_hazard_variance, baseline.weighted_covariate_mean
    if variance is None or mean is None:
        return None
    return LimitTerms(np.array(covariance), np.array(variance), np.array(mean))


def _exp_minus_exp(log_hazard: float) -> float:
    """exp(-exp(x)) without overflow: beyond 10 it is below any probability that a float tells from 0."""
    return math.exp(-math.exp(min(log_hazard, 10.0)))
