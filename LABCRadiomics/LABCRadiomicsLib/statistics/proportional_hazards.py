"""Test of the proportional-hazards assumption."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from . import _checks
from ._risk_sets import RiskSets
from .cox import cox, term_moments
from .kaplan_meier import kaplan_meier


@dataclass(frozen=True)
class ProportionalHazards:
    """Score tests against hazard ratios that change with time.

    Attributes
    ----------
    chisq, p : ndarray, shape (p,)
        Test of each covariate, one degree of freedom.
    global_chisq, global_p : float
        Test of all covariates together, ``df`` degrees of freedom.
    df : int
    """

    chisq: np.ndarray
    p: np.ndarray
    global_chisq: float
    global_p: float
    df: int


def proportional_hazards(
    covariates: np.ndarray, time: np.ndarray, event: np.ndarray, *, ties: str = "efron"
) -> ProportionalHazards:
    """Test each covariate of a Cox model for a coefficient that depends on time.

    Parameters
    ----------
    covariates : array_like, shape (n, p)
        As for `cox`.
    time, event : array_like, shape (n,)
        Follow-up and event.
    ties : {"efron", "breslow"}

    Returns
    -------
    ProportionalHazards

    Raises
    ------
    InputError
        As for `cox`.

    Notes
    -----
    Score test of ``theta = 0`` in the model ``beta + theta g(t)``, with ``g(t) = 1 - KM(t-)``. Grambsch and
    Therneau 1994; equals ``survival::cox.zph(transform = "km")`` of R from version 3.0 on.
    """
    model = cox(covariates, time, event, ties=ties)
    time, event = _checks.survival(time, event)
    covariates = np.asarray(covariates, dtype=float)
    risk_sets = RiskSets.build(time, event, ties)
    scale = covariates.std(axis=0)  # the test does not depend on units; standardized ones keep it well conditioned
    z = ((covariates - model.center) / scale)[risk_sets.order]
    weight = np.exp(z @ (model.coef * scale))
    _, mean, variance = term_moments(z, weight, risk_sets)

    g = _one_minus_kaplan_meier(time, event, risk_sets)
    score = g @ (z[risk_sets.event_rows] - mean)
    v0, v1, v2 = (np.tensordot(g**power, variance, axes=1) for power in (0, 1, 2))
    # Information about theta once beta has been estimated.
    left = v2 - v1 @ np.linalg.solve(v0, v1)
    single = np.array([v2[j, j] - v1[j] @ np.linalg.solve(v0, v1[j]) for j in range(score.size)])
    chisq = score**2 / single
    global_chisq = float(score @ np.linalg.solve(left, score))
    return ProportionalHazards(
        chisq=chisq,
        p=stats.chi2.sf(chisq, 1),
        global_chisq=global_chisq,
        global_p=float(stats.chi2.sf(global_chisq, score.size)),
        df=score.size,
    )


def _one_minus_kaplan_meier(time: np.ndarray, event: np.ndarray, risk_sets: RiskSets) -> np.ndarray:
    """``1 - KM`` just before each term's event time, centered."""
    curve = kaplan_meier(time, event)
    before = np.searchsorted(curve.time, risk_sets.times[risk_sets.term_time], side="left")
    g = 1 - np.concatenate(([1.0], curve.survival))[before]
    return g - g.mean()
