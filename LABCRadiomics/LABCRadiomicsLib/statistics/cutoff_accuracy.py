"""How right a risk group is at a horizon: sensitivity, specificity and predictive values of a cutoff."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..errors import InputError
from . import _checks
from .kaplan_meier import censoring_survival
from .roc import censoring_influence


@dataclass(frozen=True)
class Proportion:
    """A probability with its standard error and limits; limits are NaN where it is exactly 0 or 1."""

    value: float
    se: float
    lower: float
    upper: float


@dataclass(frozen=True)
class CutoffAccuracy:
    """Accuracy of calling some patients high risk.

    Attributes
    ----------
    sensitivity : Proportion
        Of those with the event by the horizon, the share called high.
    specificity : Proportion
        Of those without, the share called low.
    ppv : Proportion
        Of those called high, the share with the event by the horizon.
    npv : Proportion
        Of those called low, the share without.
    cases, controls, unknown : int
        Patients with the event by the horizon, followed beyond it, and censored before.
    high, low : int
        Patients called so.
    """

    sensitivity: Proportion
    specificity: Proportion
    ppv: Proportion
    npv: Proportion
    cases: int
    controls: int
    unknown: int
    high: int
    low: int


def cutoff_accuracy(
    high: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float, *, level: float = 0.95
) -> CutoffAccuracy:
    """Estimate the accuracy of a risk group for the event by a horizon.

    Parameters
    ----------
    high : array_like of bool, shape (n,)
        Who is called high risk, such as ``score > cutoff``.
    time, event : array_like, shape (n,)
        Follow-up and event.
    horizon : float
        In the unit of ``time``, within follow-up.
    level : float
        Of the confidence limits.

    Returns
    -------
    CutoffAccuracy

    Raises
    ------
    InputError
        Unusable arrays; nobody high or nobody low; a horizon without cases or controls.

    Notes
    -----
    A case weighs ``1 / G(T-)``, a control ``1 / G(horizon)``, with G the Kaplan-Meier curve of censoring (Blanche et
    al. 2013). Standard errors are those of the influence functions, which include the estimation of G. Both equal
    ``timeROC::SeSpPPVNPV`` of R; the limits are symmetric on the logit scale and so stay within 0 and 1.
    """
    time, event = _checks.survival(time, event)
    horizon, level = _checks.horizon(horizon, time), _checks.fraction(level, "level")
    high = _checks.vector(high, "high", time.size)
    if not np.isin(high, (0.0, 1.0)).all():
        raise InputError("high must be boolean or 0/1: who is called high risk.")
    high = high.astype(bool)
    if high.all() or not high.any():
        raise InputError("high has one group only; accuracy needs patients called high and patients called low.")
    cases, controls = _checks.cases_and_controls(time, event, horizon)
    weight = np.zeros(time.size)
    weight[cases] = 1 / censoring_survival(time, event, time[cases], before=True)
    weight[controls] = 1 / censoring_survival(time, event, np.array([horizon]))
    # Whose weight rests on the censoring curve where: a case's at its event, a control's at the horizon.
    at = np.where(controls, time[time <= horizon].max(), time)

    def proportion(counted: np.ndarray, among: np.ndarray) -> Proportion:
        share = weight * among / float(weight @ among)
        value = float(share @ counted)
        deviation = share * (counted - value)
        influence = time.size * (deviation + censoring_influence(time, event, deviation, at))
        return proportion_limits(value, float(influence.std(ddof=1) / np.sqrt(time.size)), level)

    known = cases | controls
    return CutoffAccuracy(
        sensitivity=proportion(high, cases),
        specificity=proportion(~high, controls),
        ppv=proportion(cases, known & high),
        npv=proportion(controls, known & ~high),
        cases=int(cases.sum()),
        controls=int(controls.sum()),
        unknown=int((~known).sum()),
        high=int(high.sum()),
        low=int((~high).sum()),
    )


def proportion_limits(value: float, se: float, level: float = 0.95) -> Proportion:
    """Give a probability with limits that are symmetric on the logit scale; NaN at exactly 0 or 1."""
    if not 0 < value < 1:
        return Proportion(value, se, float("nan"), float("nan"))
    half_width = special.ndtri((1 + level) / 2) * se / (value * (1 - value))
    lower, upper = special.expit(special.logit(value) + np.array([-half_width, half_width]))
    return Proportion(value, se, float(lower), float(upper))
