"""Brier score of predicted risk under censoring, its integral over time, and the index of prediction accuracy."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from . import _checks
from .kaplan_meier import censoring_survival, kaplan_meier


@dataclass(frozen=True)
class BrierScore:
    """Brier scores at h horizons; arrays of shape (h,).

    Attributes
    ----------
    horizons : ndarray
    score : ndarray
        Weighted mean squared difference between outcome and predicted risk; lower is better.
    reference : ndarray
        Score of predicting everyone the Kaplan-Meier risk.
    ipa : ndarray
        Index of prediction accuracy ``1 - score / reference``; higher is better, negative is harmful.
    integrated, integrated_reference, integrated_ipa : float
        Means over the time between the first and the last horizon (trapezoids); NaN for a single horizon.
    """

    horizons: np.ndarray
    score: np.ndarray
    reference: np.ndarray
    ipa: np.ndarray
    integrated: float
    integrated_reference: float
    integrated_ipa: float


def brier_score(risk: np.ndarray, time: np.ndarray, event: np.ndarray, horizons: np.ndarray) -> BrierScore:
    """Score predicted risks with inverse probability of censoring weights.

    Parameters
    ----------
    risk : array_like, shape (n, h), or (n,) for one horizon
        Predicted probability of the event up to each horizon.
    time, event : array_like, shape (n,)
        Follow-up and event.
    horizons : array_like, shape (h,)
        Rising, within follow-up.

    Returns
    -------
    BrierScore

    Raises
    ------
    InputError
        Unusable arrays; risks outside 0 and 1; horizons that do not rise, lie beyond follow-up,
        or leave nobody with the event before or nobody under follow-up beyond them.

    Notes
    -----
    Graf et al. 1999; Kattan and Gerds 2018 for IPA. A patient with the event weighs ``1 / G(T-)``, one followed beyond
    the horizon ``1 / G(horizon)``, with G the Kaplan-Meier curve of censoring. Equals ``pec::pec`` of R
    (``cens.model = "marginal"``, ``exact = FALSE``).
    """
    time, event = _checks.survival(time, event)
    horizons = _checks.vector(np.atleast_1d(horizons), "horizons")
    if (np.diff(horizons) <= 0).any():
        raise InputError("horizons must rise; sort them and drop repeated ones.")
    horizons = np.array([_checks.horizon(value, time, "horizons") for value in horizons])
    for value in horizons:
        _checks.cases_and_controls(time, event, value)
    risk = np.asarray(risk, dtype=float)
    risk = _checks.matrix(risk[:, None] if risk.ndim == 1 else risk, "risk", time.size)
    if risk.shape[1] != horizons.size:
        raise InputError(f"risk has {risk.shape[1]} columns where horizons has {horizons.size}; pass one a horizon.")
    _checks.probability(risk.ravel(), "risk")

    happened = event[:, None] & (time[:, None] <= horizons)
    beyond = time[:, None] > horizons
    weight = happened / censoring_survival(time, event, time, before=True)[:, None]
    weight = weight + beyond / censoring_survival(time, event, horizons)
    overall = 1 - kaplan_meier(time, event).at(horizons).survival
    score = (weight * (happened - risk) ** 2).mean(axis=0)
    reference = (weight * (happened - overall) ** 2).mean(axis=0)
    integrated, integrated_reference = _mean_over_time(score, horizons), _mean_over_time(reference, horizons)
    return BrierScore(
        horizons=horizons,
        score=score,
        reference=reference,
        ipa=1 - score / reference,
        integrated=integrated,
        integrated_reference=integrated_reference,
        integrated_ipa=1 - integrated / integrated_reference,
    )


def _mean_over_time(score: np.ndarray, horizons: np.ndarray) -> float:
    if horizons.size < 2:
        return float("nan")
    return float(np.trapezoid(score, horizons) / (horizons[-1] - horizons[0]))
