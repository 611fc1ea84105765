"""The two risk groups that a cutoff makes: their curves, their test and how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model import Groups
from ..statistics.cox import cox
from ..statistics.kaplan_meier import LogRank, kaplan_meier, logrank
from ..statistics.numbers_at_risk import numbers_at_risk
from .attempts import Attempts, attempt
from .metrics import UNKNOWN, Estimate
from .stored_parts import stored_groups


@dataclass(frozen=True, kw_only=True)
class RiskGroups:
    """Two risk groups on a cohort.

    Attributes
    ----------
    high : numpy.ndarray of bool, shape (n,)
        Who is in the high-risk group.
    curves : Groups
        Kaplan-Meier, as a model file holds them.
    medians : mapping of str to Estimate
        Median survival of ``low`` and ``high`` in months; NaN where it is not reached.
    at_risk : mapping
        Numbers of patients under follow-up; see :func:`.statistics.numbers_at_risk.numbers_at_risk`.
    logrank : LogRank
    hazard_ratio : Estimate or None
        High against low risk, by Cox; None where a group has no event.
    hazard_ratio_p : float or None
    """

    high: np.ndarray
    curves: Groups
    medians: Mapping[str, Estimate]
    at_risk: Mapping[str, Any]
    logrank: LogRank
    hazard_ratio: Estimate | None
    hazard_ratio_p: float | None


def risk_groups(high: np.ndarray, months: np.ndarray, event: np.ndarray, attempts: Attempts) -> RiskGroups:
    """Measure two risk groups.

    Parameters
    ----------
    high : numpy.ndarray of bool, shape (n,)
    months, event : numpy.ndarray, shape (n,)
    attempts : Attempts
        Is told why there is no hazard ratio.

    Raises
    ------
    CohortError
        A group has fewer than two patients.
    """
    curves = stored_groups(high, months, event)
    test = logrank(months, event, high)
    fitted = None
    empty = [name for name in ("low", "high") if getattr(curves, name).events == 0]
    if empty:
        text = f"The groups have no finite hazard ratio: the {empty[0]}-risk group has no event."
        attempts.add("no-hazard-ratio", text)
    else:
        design = high[:, None].astype(float)
        fitted = attempts("The groups' hazard ratio", lambda: cox(design, months, event))
    ratio = p = None
    if fitted is not None:
        ratio = Estimate(float(fitted.hr[0]), float(fitted.lower[0]), float(fitted.upper[0]))
        p = float(fitted.p[0])
    return RiskGroups(
        high=high,
        curves=curves,
        medians={
            "low": _median(months[~high], event[~high]),
            "high": _median(months[high], event[high]),
        },
        at_risk=numbers_at_risk(high, months),
        logrank=test,
        hazard_ratio=ratio,
        hazard_ratio_p=p,
    )


def peto_separation(high: np.ndarray, months: np.ndarray, event: np.ndarray) -> Estimate:
    """Peto's log hazard ratio of high against low risk: observed less expected events, over their variance.

    Unlike Cox's it is finite where a group has no event, so that resamples can be averaged. A cutoff that puts all
    patients on one side separates nobody: zero. NaN where there is no event to compare.
    """
    if high.all() or not high.any():
        return Estimate(0.0)
    test = attempt(lambda: logrank(months, event, high))
    if test is None:
        return UNKNOWN
    difference = float(test.observed[1] - test.expected[1])
    if difference == 0:
        return Estimate(0.0)
    variance = difference**2 / test.chisq
    return Estimate.normal(difference / variance, variance**-0.5)


def _median(months: np.ndarray, event: np.ndarray) -> Estimate:
    curve = kaplan_meier(months, event)
    return Estimate(curve.median, curve.median_lower, curve.median_upper)
