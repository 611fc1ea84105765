"""Residuals of a Cox model: each patient's part of the score."""

import numpy as np

from ._risk_sets import RiskSets


def score_residuals(at_risk: np.ndarray, linear_predictor: np.ndarray, risk_sets: RiskSets) -> np.ndarray:
    """Score residuals, shape (r, p); weighted, they sum to zero at the fitted coefficients.

    Parameters
    ----------
    at_risk : ndarray, shape (r, p)
        Covariates in the order of ``risk_sets``.
    linear_predictor : ndarray, shape (r,)
    risk_sets : RiskSets

    Notes
    -----
    What a patient has beyond the mean at the own event, less what the hazard that the patient went through made one
    expect (Therneau, Grambsch and Fleming 1990). A patient with an event that is tied goes through Efron's share of the
    hazard at that time. Equals ``residuals(coxph, "score")`` of R.
    """
    ratio = np.exp(linear_predictor)
    weight = risk_sets.case_weight * ratio
    inverse = 1 / risk_sets.term_sums(weight)
    mean = risk_sets.term_sums(weight[:, None] * at_risk) * inverse[:, None]
    hazard = risk_sets.term_weight * inverse
    steps = np.column_stack((hazard, hazard[:, None] * mean))
    gone_through = _exposure(steps, risk_sets)
    tied = np.diff(np.append(risk_sets.event_starts, risk_sets.event_rows.size))
    averages = np.add.reduceat(mean, risk_sets.event_starts, axis=0) / tied[:, None]
    kept = np.add.reduceat(risk_sets.term_fraction[:, None] * steps, risk_sets.event_starts, axis=0)
    gone_through[risk_sets.event_rows] -= kept[risk_sets.term_time]

    residuals = -ratio[:, None] * (at_risk * gone_through[:, :1] - gone_through[:, 1:])
    residuals[risk_sets.event_rows] += at_risk[risk_sets.event_rows] - averages[risk_sets.term_time]
    return residuals


def _exposure(steps: np.ndarray, risk_sets: RiskSets) -> np.ndarray:
    """Sum of the ``steps`` (e, q) of all terms in whose risk set each patient is, shape (r, q)."""
    by_time = np.add.reduceat(steps, risk_sets.event_starts, axis=0)
    r, m = risk_sets.order.size, by_time.shape[0]
    # A step at an event time goes to the rows up to its end, from its stratum's start: differences, then running sums.
    change = np.zeros((r + 1, steps.shape[1]))
    starts = np.zeros(m, dtype=int) if risk_sets.risk_starts is None else risk_sets.risk_starts
    np.add.at(change, starts, by_time)
    np.add.at(change, risk_sets.risk_ends, -by_time)
    exposure = np.cumsum(change[:-1], axis=0)
    if risk_sets.entry_rows is not None and risk_sets.entry_ends is not None:
        late = np.zeros_like(change)
        np.add.at(late, starts, by_time)
        np.add.at(late, risk_sets.entry_ends, -by_time)
        exposure[risk_sets.entry_rows] -= np.cumsum(late[:-1], axis=0)
    return exposure
