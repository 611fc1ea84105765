"""The two risk groups that a cutoff makes: their curves, their test and how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ..model import Groups
from ..statistics.confidence_bands import ConfidenceBand, confidence_band
from ..statistics.cox import CoxModel, cox
from ..statistics.firth import FirthCox, firth_cox
from ..statistics.kaplan_meier import LogRank, kaplan_meier, logrank
from ..statistics.numbers_at_risk import numbers_at_risk
from ..statistics.restricted_mean import RestrictedMeanDifference, restricted_mean_difference
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
        High against low risk.
    hazard_ratio_p : float or None
    hazard_ratio_method : {"Cox", "Firth"}
        Firth's where a group has no event.
    restricted_mean : RestrictedMeanDifference or None
        Mean survival up to a horizon, low less high risk.
    bands : mapping of str to ConfidenceBand or None
        Simultaneous bands of the curves of ``low`` and ``high`` (equal precision); empty where not asked for.
    """

    high: np.ndarray
    curves: Groups
    medians: Mapping[str, Estimate]
    at_risk: Mapping[str, Any]
    logrank: LogRank
    hazard_ratio: Estimate | None
    hazard_ratio_p: float | None
    hazard_ratio_method: str = "Cox"
    restricted_mean: RestrictedMeanDifference | None = None
    bands: Mapping[str, ConfidenceBand | None] = field(default_factory=dict)


def risk_groups(
    high: np.ndarray, months: np.ndarray, event: np.ndarray, attempts: Attempts, horizon: float | None = None
) -> RiskGroups:
    """Measure two risk groups.

    Parameters
    ----------
    high : numpy.ndarray of bool, shape (n,)
    months, event : numpy.ndarray, shape (n,)
    attempts : Attempts
        Is told what could not be measured, and where the hazard ratio is Firth's.
    horizon : float, optional
        Months up to which mean survival is compared, cut to the follow-up of both groups; with it come simultaneous
        bands of the curves, too.

    Raises
    ------
    CohortError
        A group has fewer than two patients.
    """
    curves = stored_groups(high, months, event)
    ratio, p, method = _hazard_ratio(high, months, event, curves, attempts)
    mean, bands = None, {}
    if horizon is not None:
        end = min(horizon, months[high].max(), months[~high].max())
        mean = attempt(lambda: restricted_mean_difference(months, event, ~high, end))
        for name, members in (("low", ~high), ("high", high)):
            bands[name] = attempt(partial(confidence_band, months[members], event[members]))
    return RiskGroups(
        high=high,
        curves=curves,
        medians={
            "low": _median(months[~high], event[~high]),
            "high": _median(months[high], event[high]),
        },
        at_risk=numbers_at_risk(high, months),
        logrank=logrank(months, event, high),
        hazard_ratio=ratio,
        hazard_ratio_p=p,
        hazard_ratio_method=method,
        restricted_mean=mean,
        bands=bands,
    )


def _hazard_ratio(
    high: np.ndarray, months: np.ndarray, event: np.ndarray, curves: Groups, attempts: Attempts
) -> tuple[Estimate | None, float | None, str]:
    """Cox's hazard ratio; Firth's where a group has no event, so that Cox's is none or without bound."""
    design = high[:, None].astype(float)
    empty = [name for name in ("low", "high") if getattr(curves, name).events == 0]
    fitted: CoxModel | FirthCox | None
    if empty:
        fitted = attempts("The groups' hazard ratio", lambda: firth_cox(design, months, event))
        if fitted is not None:
            text = (
                f"The {empty[0]}-risk group has no event, so that Cox's hazard ratio has no bound: the one given is "
                "Firth's, with profile limits."
            )
            attempts.add("firth-hazard-ratio", text)
    else:
        fitted = attempts("The groups' hazard ratio", lambda: cox(design, months, event))
    method = "Firth" if empty else "Cox"
    if fitted is None:
        return None, None, method
    ends = (float(end[0]) if np.isfinite(end[0]) else None for end in (fitted.lower, fitted.upper))
    return Estimate(float(fitted.hr[0]), *ends), float(fitted.p[0]), method


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
