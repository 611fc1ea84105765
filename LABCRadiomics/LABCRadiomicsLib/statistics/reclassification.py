"""What a new model adds to an old one: IDI, net reclassification and median improvement at a horizon."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from . import _checks
from .kaplan_meier import kaplan_meier, life_table

_GRID = np.unique(np.append(np.linspace(-1, 1, 2000), 0.0))  # of risk differences; that of survIDINRI


@dataclass(frozen=True)
class Discrimination:
    """Improvement measures of survIDINRI; each is that of the cases less that of the controls.

    Attributes
    ----------
    idi : float
        Integrated discrimination improvement: mean change of risk.
    nri_half_continuous : float
        Share whose risk rises. This is what survIDINRI (and the article) calls "continuous NRI".
    nri_continuous : float
        Twice that: the continuous NRI of Pencina et al. 2011, -2 to 2.
    median_improvement : float
        Median change of risk.
    """

    idi: float
    nri_half_continuous: float
    nri_continuous: float
    median_improvement: float


@dataclass(frozen=True)
class NetReclassification:
    """Net reclassification improvement by the Kaplan-Meier estimator of nricens.

    Attributes
    ----------
    nri, nri_cases, nri_controls : float
        Improvement, and its parts ``P(up|case) - P(down|case)`` and ``P(down|control) - P(up|control)``.
    up_cases, down_cases, down_controls, up_controls : float
        Probabilities of moving, given the event up to the horizon or none.
    """

    nri: float
    nri_cases: float
    nri_controls: float
    up_cases: float
    down_cases: float
    down_controls: float
    up_controls: float


def discrimination_improvement(
    old_risk: np.ndarray, new_risk: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float
) -> Discrimination:
    """IDI, continuous NRI and median improvement of predicted risks under censoring.

    Parameters
    ----------
    old_risk, new_risk : array_like, shape (n,)
        Predicted probability of the event up to ``horizon`` by the two models.
    time, event : array_like, shape (n,)
        Follow-up and event.
    horizon : float

    Returns
    -------
    Discrimination

    Raises
    ------
    InputError
        Unusable arrays; risks outside 0 and 1; no case before, or nobody followed beyond the horizon.

    Notes
    -----
    Uno et al. 2013. Cases weigh ``1 / G(T)`` with G the curve of censoring, controls alike. Equals
    ``survIDINRI::IDI.INF`` of R for the same risks, including its grid of 2001 risk differences, over which the IDI is
    integrated and on which the medians lie. survIDINRI takes an event at the very horizon for a control; here it is a
    case, as for every statistic at a horizon.
    """
    time, event = _checks.survival(time, event)
    horizon = _checks.horizon(horizon, time)
    change = _checks.probability(new_risk, "new_risk", time.size) - _checks.probability(old_risk, "old_risk", time.size)
    cases, controls = _checks.cases_and_controls(time, event, horizon)
    times, n_risk, _, n_censor = life_table(time, event)
    # survIDINRI takes Fleming and Harrington's curve, and takes it at T where others take it just before.
    followed = np.exp(-np.cumsum(n_censor / n_risk))[np.searchsorted(times, time)]
    above_cases = _share_above(change[cases], 1 / followed[cases])
    above_controls = _share_above(change[controls], np.ones(controls.sum()))
    idi = float(np.trapezoid(above_cases, _GRID) - np.trapezoid(above_controls, _GRID))
    zero = int(np.searchsorted(_GRID, 0.0))
    half = float(above_cases[zero] - above_controls[zero])
    return Discrimination(idi, half, 2 * half, _median(above_cases) - _median(above_controls))


def net_reclassification(
    old_risk: np.ndarray,
    new_risk: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    horizon: float,
    *,
    cuts: Sequence[float] | None = None,
) -> NetReclassification:
    """Net reclassification improvement under censoring.

    Parameters
    ----------
    old_risk, new_risk, time, event, horizon
        As for `discrimination_improvement`.
    cuts : sequence of float, optional
        Rising borders between risk categories (a risk equal to a border is above it). Without them any change of risk
        counts: the continuous NRI.

    Returns
    -------
    NetReclassification

    Raises
    ------
    InputError
        As for `discrimination_improvement`; ``cuts`` that do not rise within 0 and 1.

    Notes
    -----
    Pencina et al. 2011, with ``P(up | case) = P(case | up) P(up) / P(case)`` and Kaplan-Meier for each probability of
    being a case. Equals ``nricens::nricens(point.method = "km")`` of R.
    """
    time, event = _checks.survival(time, event)
    horizon = _checks.horizon(horizon, time)
    old = _checks.probability(old_risk, "old_risk", time.size)
    new = _checks.probability(new_risk, "new_risk", time.size)
    if cuts is not None:
        borders = _checks.probability(cuts, "cuts")
        if borders.size == 0 or (np.diff(borders) <= 0).any():
            raise InputError("cuts must be rising risks between 0 and 1, such as (0.3, 0.6).")
        old, new = np.searchsorted(borders, old, side="right"), np.searchsorted(borders, new, side="right")
    control = kaplan_meier(time, event).at(horizon).survival[0]
    if not 0 < control < 1:
        raise InputError(f"horizon {horizon:g} leaves no case or no control; choose another one.")
    up_cases, up_controls = _moved(new > old, time, event, horizon, control)
    down_cases, down_controls = _moved(new < old, time, event, horizon, control)
    in_cases, in_controls = up_cases - down_cases, down_controls - up_controls
    return NetReclassification(
        in_cases + in_controls, in_cases, in_controls, up_cases, down_cases, down_controls, up_controls
    )


def _share_above(change: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted share of ``change`` above each point of the grid."""
    order = np.argsort(change)
    above = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
    return above[np.searchsorted(change[order], _GRID, side="right")] / weight.sum()


def _median(above: np.ndarray) -> float:
    """Middle of the last grid point with at least half above it and the first with at most half."""
    at_least = np.flatnonzero(above == above[above >= 0.5].min())[-1]
    at_most = np.flatnonzero(above == above[above <= 0.5].max())[0]
    return float((_GRID[at_least] + _GRID[at_most]) / 2)


def _moved(
    moved: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float, control: float
) -> tuple[float, float]:
    """Probability of being among the ``moved`` for cases and for controls."""
    if not moved.any():
        return 0.0, 0.0
    times, n_risk, n_event, _ = life_table(time[moved], event[moved])
    survival = float(np.prod((1 - n_event / n_risk)[times <= horizon]))
    share = float(moved.mean())
    return (1 - survival) * share / (1 - control), survival * share / control
