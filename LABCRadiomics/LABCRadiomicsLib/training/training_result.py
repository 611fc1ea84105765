"""Everything that a training found: score and nomogram, how good they are on their own patients, and how much less so.

A model file and a report are made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..model import Nomogram, Score
from ..notices import Notice
from ..performance import Figure, MarkerPerformance, Metric, RiskGroups
from ..performance.clinical_gain import ClinicalGain
from ..performance.competing_events import CauseInGroups
from ..performance.metrics import ACCURACY
from ..statistics.proportional_hazards import ProportionalHazards
from .added_value import AddedValue
from .cautions import EventsPerParameter
from .clinical_models import ClinicalModel, Effect
from .cross_validation import NestedValidation, PermutationTest
from .missing_features import MissingShares
from .optimism import Optimism
from .procedure import Built
from .score_effect import CorrectedEffect
from .subgroups import Characteristic, Subgroup
from .training_cohort import TrainingCohort
from .training_plan import Plan

# Figures of a model on its own patients; the others say nothing there.
_APPARENT = (Metric.C_INDEX, Metric.AUC, Metric.LOGRANK_P, *ACCURACY)

Correlations = Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The features before the agreement filter, and their correlations with limits; None where none were given."""

    features_in: tuple[str, ...]
    icc: Correlations | None


@dataclass(frozen=True, kw_only=True)
class TrainedScore:
    """The score on the patients it was made from.

    Attributes
    ----------
    stored : Score
        As the model file holds it.
    values : numpy.ndarray, shape (n,)
        Of each patient.
    folds : numpy.ndarray, shape (n,)
        Of the cross-validation of the penalty, the first division where it is repeated.
    folds_given : bool
        Whether a table dealt them.
    groups : RiskGroups
        By the cutoff.
    causes : tuple of CauseInGroups
        Of the end of follow-up, where the outcomes tell them apart.
    """

    stored: Score
    values: np.ndarray
    folds: np.ndarray
    folds_given: bool
    groups: RiskGroups
    causes: tuple[CauseInGroups, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TrainedNomogram:
    """The multivariable model of covariates and score.

    Attributes
    ----------
    stored : Nomogram
        As the model file holds it.
    model : ClinicalModel
    alone, effects : tuple of Effect
        Covariates and score each on its own, and together.
    proportionality : ProportionalHazards
    corrected_alone, corrected : CorrectedEffect or None
        Of the score in each, corrected for optimism; None without a cross-validation.
    """

    stored: Nomogram
    model: ClinicalModel
    alone: tuple[Effect, ...]
    effects: tuple[Effect, ...]
    proportionality: ProportionalHazards
    corrected_alone: CorrectedEffect | None
    corrected: CorrectedEffect | None


@dataclass(frozen=True, kw_only=True)
class Apparent:
    """The model on its own patients.

    Attributes
    ----------
    nomogram, score : MarkerPerformance
        The nomogram of those without an unknown covariate.
    added_value : AddedValue or None
        None when there is neither a covariate nor a stage to compare with.
    """

    nomogram: MarkerPerformance
    score: MarkerPerformance
    added_value: AddedValue | None


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """Estimates of optimism; None where one was not asked for.

    ``gains`` say what the score adds to each model without it, by the cross-validation.
    """

    optimism: Optimism | None = None
    nested: NestedValidation | None = None
    permutation: PermutationTest | None = None
    gains: tuple[ClinicalGain, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Training:
    """Everything that training found; arrays of patients are in the order of ``cohort``.

    Attributes
    ----------
    plan : Plan
    cohort : TrainingCohort
        With the features that passed the agreement filter, as the score takes them: without holes, adjusted to sites.
    agreement : Agreement
    built : Built
        What the recipe made of all patients.
    score : TrainedScore
    nomogram : TrainedNomogram
    apparent : Apparent
    resampled : Resampled
    subgroups : tuple of Subgroup
    characteristics : tuple of Characteristic
        Lines of the table of patients.
    events_per_parameter : EventsPerParameter
    missing : MissingShares
        Of the features and covariates before anything stood in.
    notices : tuple of Notice
    """

    plan: Plan
    cohort: TrainingCohort
    agreement: Agreement
    built: Built
    score: TrainedScore
    nomogram: TrainedNomogram
    apparent: Apparent
    resampled: Resampled
    subgroups: tuple[Subgroup, ...]
    characteristics: tuple[Characteristic, ...]
    events_per_parameter: EventsPerParameter
    missing: MissingShares
    notices: tuple[Notice, ...]

    @property
    def performance(self) -> tuple[Figure, ...]:
        """Apparent figures and, where something was resampled, optimism-corrected ones."""
        measured = [self.apparent.score]
        if self.plan.recipe.named or self.plan.recipe.candidates:
            measured.insert(0, self.apparent.nomogram)
        rows = [row for part in measured for row in part.figures("training", "apparent", _APPARENT)]
        n, events = len(self.cohort), self.cohort.events
        corrected = (
            Figure(measure=measure, estimate=estimate, cohort="training", n=n, events=events, kind="optimism-corrected")
            for measure, estimate in (self.resampled.nested.rows if self.resampled.nested else ())
        )
        return (*rows, *corrected)
