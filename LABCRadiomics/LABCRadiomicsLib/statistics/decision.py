"""Decision curves for survival: the net benefit of treating by a model's risk."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from . import _checks
from .kaplan_meier import kaplan_meier, life_table


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit at t threshold probabilities.

    Attributes
    ----------
    thresholds : ndarray, shape (t,)
        Risk from which a patient would be treated.
    net_benefit : dict of str to ndarray, shape (t,)
        By model: true positives less false positives weighted by ``threshold / (1 - threshold)``, a patient. NaN where
        those above a threshold were not followed to the horizon.
    treat_all : ndarray, shape (t,)
        Net benefit of treating everyone; that of treating nobody is zero.
    event_probability : float
        Kaplan-Meier probability of the event up to the horizon.
    """

    thresholds: np.ndarray
    net_benefit: dict[str, np.ndarray]
    treat_all: np.ndarray
    event_probability: float


def decision_curve(
    risks: Mapping[str, np.ndarray],
    time: np.ndarray,
    event: np.ndarray,
    horizon: float,
    *,
    thresholds: np.ndarray | None = None,
) -> DecisionCurve:
    """Compute decision curves of one or more models.

    Parameters
    ----------
    risks : mapping of str to array_like, shape (n,)
        Predicted probability of the event up to ``horizon`` by each model.
    time, event : array_like, shape (n,)
        Follow-up and event.
    horizon : float
    thresholds : array_like, shape (t,), optional
        Between 0 and 1, 1 excluded; 0.01 to 0.99 in steps of 0.01 unless given.

    Returns
    -------
    DecisionCurve

    Raises
    ------
    InputError
        Unusable arrays; no model; risks or thresholds out of range; a horizon beyond follow-up.

    Notes
    -----
    Vickers et al. 2008: those whose risk is at least the threshold are treated (never those with a risk of 0), and
    Kaplan-Meier gives the share of them who have the event. Equals ``dcurves::dca`` of R and Python for survival.
    """
    time, event = _checks.survival(time, event)
    horizon = _checks.horizon(horizon, time)
    grid = np.arange(1, 100) / 100 if thresholds is None else _checks.probability(thresholds, "thresholds")
    if grid.size == 0 or (grid >= 1).any():
        raise InputError("thresholds must lie from 0 to below 1; a risk of 1 has no odds.")
    if not risks:
        raise InputError("risks has no model; pass at least one name with its predicted risks.")
    odds = grid / (1 - grid)
    net_benefit = {}
    for name, values in risks.items():
        risk = _checks.probability(values, f"risks[{name!r}]", time.size)
        positives = np.array([_positives((risk >= threshold) & (risk > 0), time, event, horizon) for threshold in grid])
        net_benefit[name] = positives[:, 0] - positives[:, 1] * odds
    probability = float(1 - kaplan_meier(time, event).at(horizon).survival[0])
    return DecisionCurve(grid, net_benefit, probability - (1 - probability) * odds, probability)


def _positives(treated: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float) -> tuple[float, float]:
    """Shares of all patients who are treated and have the event by the horizon, or have it not."""
    if not treated.any():
        return 0.0, 0.0
    times, n_risk, n_event, _ = life_table(time[treated], event[treated])
    survival = float(np.prod((1 - n_event / n_risk)[times <= horizon]))
    if horizon > times[-1]:
        return float("nan"), float("nan")
    return (1 - survival) * float(treated.mean()), survival * float(treated.mean())
