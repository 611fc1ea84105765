"""What the score adds to clinical models on the cohort all were made from: discrimination, reclassification, use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..notices import Notice
from ..statistics.calibration import (
    CalibrationCurve,
    CalibrationGroups,
    CalibrationSummary,
    calibration_curve,
    calibration_groups,
    calibration_summary,
)
from ..statistics.concordance import harrell_c
from ..statistics.decision import DecisionCurve, decision_curve
from ..statistics.roc import time_dependent_roc
from ..validation.comparison import Comparison, Estimate, Predictor, compare
from .clinical_models import ClinicalModel
from .cohort import Cohort
from .procedure import attempt

_STEP = 0.02  # of threshold probabilities
_PATIENTS_A_GROUP = 25  # of the groups of a calibration plot, at least


@dataclass(frozen=True)
class Discrimination:
    """C-index and AUC at the horizon of one model."""

    model: str
    c_index: Estimate
    auc: Estimate


@dataclass(frozen=True)
class AddedValue:
    """Models side by side on the patients whose covariates are all known.

    Attributes
    ----------
    n : int
        Number of these patients.
    models : tuple of Discrimination
    added : tuple of (str, Comparison)
        Name of the newer model, and what it adds to an older one.
    curve : DecisionCurve or None
        Of all models.
    """

    n: int
    models: tuple[Discrimination, ...]
    added: tuple[tuple[str, Comparison], ...]
    curve: DecisionCurve | None


@dataclass(frozen=True)
class ApparentCalibration:
    """A model's predictions against the outcome; a part is None where the cohort cannot carry it."""

    summary: CalibrationSummary | None
    groups: CalibrationGroups | None
    curve: CalibrationCurve | None


def compare_models(
    cohort: Cohort,
    models: Mapping[str, ClinicalModel],
    pairs: tuple[tuple[str, str], ...],
    horizon: float,
    *,
    repeats: int,
    seed: int,
) -> tuple[AddedValue, tuple[Notice, ...]]:
    """Compare models made from a cohort on that cohort.

    Parameters
    ----------
    cohort : Cohort
        The patients that all models were fitted to.
    models : mapping of str to ClinicalModel
    pairs : tuple of (str, str)
        Newer and older model to compare.
    horizon : float
    repeats, seed : int
        Of the bootstrap limits of IDI and NRI.
    """
    outcome = cohort.months, cohort.event
    predictors = {
        name: Predictor(name, model.linear_predictor, {horizon: model.risk(horizon)}) for name, model in models.items()
    }
    rows = tuple(_discrimination(name, p.marker, *outcome, horizon) for name, p in predictors.items())
    added, notices = [], []
    for newer, older in pairs:
        try:
            found = compare(predictors[newer], predictors[older], cohort, repeats=repeats, seed=seed)
            added.append((newer, found))
        except InputError as error:
            notices.append(Notice("not-compared", f"The {newer} could not be compared with the {older}: {error}"))
    risks = {name: predictor.risks[horizon] for name, predictor in predictors.items()}
    curve = attempt(lambda: decision_curve(risks, *outcome, horizon, thresholds=_thresholds(risks)))
    return AddedValue(len(cohort), rows, tuple(added), curve), tuple(notices)


def calibration_of(model: ClinicalModel, cohort: Cohort, horizon: float) -> ApparentCalibration:
    """Compare a model's risks with the outcome of the patients it was fitted to."""
    risk, survival = model.risk(horizon), model.survival(horizon)
    arrays = risk, cohort.months[model.rows], cohort.event[model.rows], horizon
    n_groups = int(np.clip(risk.size // _PATIENTS_A_GROUP, 3, 5))
    return ApparentCalibration(
        attempt(lambda: calibration_summary(*arrays, survival=survival)),
        attempt(lambda: calibration_groups(*arrays, n_groups=n_groups)),
        attempt(lambda: calibration_curve(*arrays, survival=survival)),
    )


def _thresholds(risks: Mapping[str, np.ndarray]) -> np.ndarray:
    """Threshold probabilities in steps of 2 % up to the highest risk, above which nobody would be treated."""
    highest = max(float(risk.max()) for risk in risks.values())
    return np.arange(1, max(2, int(np.ceil(min(highest, 0.98) / _STEP)) + 1)) * _STEP


def _discrimination(
    name: str, marker: np.ndarray, months: np.ndarray, event: np.ndarray, horizon: float
) -> Discrimination:
    c = harrell_c(marker, months, event)
    roc = time_dependent_roc(marker, months, event, horizon)
    return Discrimination(name, Estimate(c.c, c.lower, c.upper), Estimate(roc.auc, roc.lower, roc.upper))
