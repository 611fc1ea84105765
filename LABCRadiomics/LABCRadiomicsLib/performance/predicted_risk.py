"""Predicted risks against what happened: calibration, accuracy, and the net benefit of acting on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..statistics.brier import brier_score
from ..statistics.calibration import (
    CalibrationCurve,
    CalibrationGroups,
    CalibrationSummary,
    calibration_curve,
    calibration_groups,
    calibration_summary,
)
from ..statistics.decision import DecisionCurve, decision_curve
from .attempts import Attempts
from .marker import Marker
from .metrics import Estimate, Measure, Metric, bootstrapped

_GROUPS_FROM_PATIENTS = ((100, 5), (60, 4), (0, 3))  # calibration groups by size of the cohort
_STEP, _LARGEST_THRESHOLD = 0.02, 0.98  # of decision curves


@dataclass(frozen=True)
class HorizonCalibration:
    """Predicted against observed risk at a horizon in months; a part is None where the cohort cannot carry it."""

    horizon: float
    summary: CalibrationSummary | None
    groups: CalibrationGroups | None
    curve: CalibrationCurve | None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.summary is None and self.groups is None and self.curve is None


@dataclass(frozen=True)
class HorizonDecision:
    """Net benefit of one or more markers at a horizon in months."""

    horizon: float
    curve: DecisionCurve


def number_of_groups(n: int) -> int:
    """Give how many calibration groups n patients are divided into: 3, from 60 patients 4, from 100 on 5."""
    return next(groups for least, groups in _GROUPS_FROM_PATIENTS if n >= least)


def calibration_at(
    marker: Marker, months: np.ndarray, event: np.ndarray, horizon: float, attempts: Attempts
) -> HorizonCalibration:
    """Compare predicted risks with follow-up at a horizon."""
    survival = marker.survival[horizon]
    arrays, at = (marker.risk(horizon), months, event, horizon), f"at {horizon:g} months"
    groups = number_of_groups(survival.size)
    return HorizonCalibration(
        horizon,
        attempts(f"Calibration {at}", lambda: calibration_summary(*arrays, survival=survival)),
        attempts(f"Calibration by groups {at}", lambda: calibration_groups(*arrays, n_groups=groups)),
        attempts(f"The calibration curve {at}", lambda: calibration_curve(*arrays, survival=survival)),
    )


def accuracy_at(
    marker: Marker,
    months: np.ndarray,
    event: np.ndarray,
    horizon: float,
    bootstrap: int,
    seed: int,
    attempts: Attempts,
) -> dict[Measure, Estimate]:
    """Give Brier score and index of prediction accuracy at a horizon, with percentile limits."""
    risk = marker.risk(horizon)

    def scores(rows: np.ndarray) -> tuple[float, float]:
        found = brier_score(risk[rows], months[rows], event[rows], np.array([horizon]))
        return found.score[0], found.ipa[0]

    what = f"The Brier score at {horizon:g} months"
    estimates = bootstrapped(what, scores, months.size, bootstrap, seed, attempts)
    measures = (Measure(metric, marker.name, horizon) for metric in (Metric.BRIER, Metric.IPA))
    return dict(zip(measures, estimates, strict=True))


def net_benefit(
    markers: Sequence[Marker], months: np.ndarray, event: np.ndarray, horizon: float, attempts: Attempts
) -> HorizonDecision | None:
    """Give the decision curves of those markers that predict a risk at a horizon; None when none does.

    They are drawn of the patients whom all of them know.
    """
    chosen = [marker for marker in markers if horizon in marker.survival]
    if not chosen:
        return None
    known = np.all([marker.known for marker in chosen], axis=0)
    months, event = months[known], event[known]
    risks = {marker.name: marker.risk(horizon)[known] for marker in chosen}
    curve = attempts(
        f"The decision curve at {horizon:g} months",
        lambda: decision_curve(risks, months, event, horizon, thresholds=_thresholds(risks)),
    )
    return None if curve is None else HorizonDecision(horizon, curve)


def _thresholds(risks: Mapping[str, np.ndarray]) -> np.ndarray:
    """Threshold probabilities up to the highest risk, above which nobody would be treated."""
    highest = max(float(risk.max()) for risk in risks.values())
    return np.arange(1, max(2, int(np.ceil(min(highest, _LARGEST_THRESHOLD) / _STEP)) + 1)) * _STEP
