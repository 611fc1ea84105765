"""A trained model and a validation with their tables as DataFrames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import Model
from ..scoring import require_score
from ..scoring.cohort import scores_table
from ..tables.csv_table import CASE
from ..training import Training
from ..validation import Validation
from .made_frames import make_frame

if TYPE_CHECKING:
    import pandas as pd

    from ..notices import Notice


@dataclass(frozen=True)
class TrainingStudy:
    """A trained model with its evidence.

    Attributes
    ----------
    model : Model
        Save it with :func:`LABCRadiomicsLib.save_model`.
    training : Training
        Everything that was found.
    """

    model: Model
    training: Training

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What to know before trusting the model."""
        return self.training.notices

    @property
    def performance(self) -> pd.DataFrame:
        """One row a figure: measure in words, value, 95% limits, apparent or optimism-corrected."""
        return _figures(self.training.performance)

    @property
    def terms(self) -> pd.DataFrame:
        """One row a feature of the score with its coefficient, in the feature's own unit."""
        terms = require_score(self.model).terms
        return make_frame(["feature", "coefficient"], [(term.feature, term.coefficient) for term in terms])

    @property
    def screening(self) -> pd.DataFrame:
        """One row a feature: log hazard ratio per unit, standard error and Wald p of univariable Cox regression."""
        found = self.training.built.selection.screening
        rows = zip(self.training.cohort.names, found.coef, found.se, found.p, strict=True)
        return make_frame(["feature", "coef", "se", "p"], rows)

    @property
    def scores(self) -> pd.DataFrame:
        """One row a patient: radiomics score and risk group."""
        score = self.training.score
        groups = ["high" if high else "low" for high in score.groups.high]
        return make_frame(
            [CASE, "score", "risk_group"], zip(self.training.cohort.cases, score.values, groups, strict=True)
        )


@dataclass(frozen=True)
class ValidationStudy:
    """A model measured on a cohort.

    Attributes
    ----------
    validation : Validation
        Everything that was found.
    """

    validation: Validation

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What could not be measured and why, and what to know before trusting the rest."""
        return self.validation.notices

    @property
    def performance(self) -> pd.DataFrame:
        """One row a figure: measure in words, value, 95% limits, validation or external."""
        return _figures(self.validation.performance)

    @property
    def scores(self) -> pd.DataFrame:
        """One row a case, as :func:`apply` gives it."""
        scored = self.validation.scored
        return make_frame(*scores_table(scored.cases, scored.predictions))


def _figures(figures: Iterable[Any]) -> pd.DataFrame:
    header = ["measure", "value", "lower", "upper", "kind", "cohort", "n", "events"]
    rows = [(f.label, f.value, f.lower, f.upper, f.kind, f.cohort, f.n, f.events) for f in figures]
    return make_frame(header, rows).astype({"value": float, "lower": float, "upper": float})
