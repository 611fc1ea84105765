"""The score's hazard ratio as other patients would have it: the apparent one, shrunk by the corrected slope.

The features of the score were chosen because they go along with the outcome of these very patients. Its apparent hazard
ratio and p value are therefore far too good: without any signal p is below 0.05 nearly always.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ..performance import NOMOGRAM, SCORE_ALONE, Measure, Metric
from .clinical_models import Effect
from .cross_validation import NestedValidation


@dataclass(frozen=True)
class CorrectedEffect:
    """The effect of the score, corrected for optimism.

    Attributes
    ----------
    shrinkage : float
        The corrected calibration slope: what is left of the apparent log hazard ratio.
    hr, lower, upper : float
        Hazard ratio per unit of the score with 95% limits; limits are NaN where the slope has none.
    per_sd_hr, per_sd_lower, per_sd_upper : float
        The same per standard deviation of the score.
    p : float
        Of the slope being 0, from its limits; NaN without them.
    """

    shrinkage: float
    hr: float
    lower: float
    upper: float
    per_sd_hr: float
    per_sd_lower: float
    per_sd_upper: float
    p: float


def corrected_effect(effect: Effect, nested: NestedValidation | None, *, alone: bool) -> CorrectedEffect | None:
    """Correct the effect of the score.

    Parameters
    ----------
    effect : Effect
        Of the score, apparent.
    nested : NestedValidation or None
    alone : bool
        Whether it is that of the score alone, or of the score beside the nomogram's covariates.

    Returns
    -------
    CorrectedEffect or None
        None without a cross-validation, or where there is no such slope.
    """
    measure = Measure(Metric.SLOPE, SCORE_ALONE) if alone else Measure(Metric.SCORE_SLOPE, NOMOGRAM)
    slope = dict(nested.rows).get(measure) if nested else None
    if slope is None:
        return None
    ends = (slope.value, slope.lower, slope.upper)
    logs = np.array([np.nan if end is None else end for end in ends]) * effect.coef
    logs[1:] = np.sort(logs[1:])  # a score that lowers the hazard turns the limits round
    p = float("nan")
    if slope.lower is not None and slope.upper is not None and slope.upper > slope.lower:
        width = NormalDist().inv_cdf(0.975) * 2
        p = 2 * (1 - NormalDist().cdf(abs(slope.value) * width / (slope.upper - slope.lower)))
    hr, lower, upper = map(float, np.exp(logs))
    per_sd_hr, per_sd_lower, per_sd_upper = map(float, np.exp(logs * effect.sd))
    return CorrectedEffect(slope.value, hr, lower, upper, per_sd_hr, per_sd_lower, per_sd_upper, p)
