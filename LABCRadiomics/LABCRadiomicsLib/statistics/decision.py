"""Decision curves for survival: the net benefit of treating by a model's risk."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import DependencyError, InputError
from . import _checks
from .kaplan_meier import kaplan_meier


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
    DependencyError
        The package dcurves is not installed.

    Notes
    -----
    Vickers et al. 2008, computed by the package ``dcurves`` of its authors.
    """
    time, event = _checks.survival(time, event)
    horizon = _checks.horizon(horizon, time)
    grid = np.arange(1, 100) / 100 if thresholds is None else _checks.probability(thresholds, "thresholds")
    if grid.size == 0 or (grid >= 1).any():
        raise InputError("thresholds must lie from 0 to below 1; a risk of 1 has no odds.")
    if not risks:
        raise InputError("risks has no model; pass at least one name with its predicted risks.")
    columns = {
        f"model_{index}": _checks.probability(values, f"risks[{name!r}]", time.size)
        for index, (name, values) in enumerate(risks.items())
    }
    table = _dca(columns, time, event, horizon, grid)
    curves = [table.loc[table["model"] == column, "net_benefit"].to_numpy(float) for column in [*columns, "all"]]
    return DecisionCurve(
        thresholds=grid,
        net_benefit=dict(zip(risks, curves[:-1], strict=True)),
        treat_all=curves[-1],
        event_probability=float(1 - kaplan_meier(time, event).at(horizon).survival[0]),
    )


def _dca(columns: dict[str, np.ndarray], time: np.ndarray, event: np.ndarray, horizon: float, grid: np.ndarray):
    try:
        import pandas as pd
        from dcurves import dca
    except ImportError as error:
        raise DependencyError("Decision curves need dcurves; install it with pip install dcurves.") from error
    data = pd.DataFrame({"event": event, "time": time, **columns})
    # dcurves also computes interventions avoided, which divide by a threshold of zero; we do not read them.
    with np.errstate(divide="ignore", invalid="ignore"):
        return dca(
            data=data,
            outcome="event",
            modelnames=list(columns),
            thresholds=grid.tolist(),
            time=horizon,
            time_to_outcome_col="time",
        )
