"""A training from files: the tables of a cohort with what else the recipe may be given, as one object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..tables.cohort import read_features, read_folds, read_icc
from ..tables.csv_table import Table
from ..tables.study_tables import StudyTables
from .train_model import Steps, train
from .training_cohort import TrainingCohort, cohort_of, specs_of
from .training_plan import Plan
from .training_result import Training


@dataclass(frozen=True, kw_only=True)
class TrainingTables(StudyTables):
    """Files and columns that a training reads; the cohort's own are those of :class:`.StudyTables`.

    Attributes
    ----------
    feature_columns : str or None
        Regular expression of the feature columns; without it a column is one by its name.
    categories : tuple of str
        Covariates that are categories whatever they hold.
    icc, folds : pathlib.Path, Table or None
        Tables of intraclass correlations and of the folds of the penalty's cross-validation.
    """

    feature_columns: str | None = None
    categories: tuple[str, ...] = ()
    icc: Path | Table | None = None
    folds: Path | Table | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that is read."""
        further = (path for path in (self.icc, self.folds) if path is not None and not isinstance(path, Table))
        return (*super().files, *further)

    def cohort(self, covariates: tuple[str, ...], site: str | None = None) -> TrainingCohort:
        """Read the cohort with some of the outcome table's columns as covariates, and one with the sites.

        Raises
        ------
        CohortError
            A table is unusable, or a column cannot be a covariate; the sentence names the file.
        """
        outcomes = self.read_outcomes()
        features = read_features(
            self.features,
            self.feature_columns,
            id=self.case_column,
            outcomes=outcomes,
            covariates=covariates if site is None else (*covariates, site),
            allow_missing=True,  # what becomes of them is the plan's to say
        )
        with self.naming_outcomes():
            return cohort_of(features, outcomes, specs_of(outcomes, covariates, self.categories), site)

    def train(self, plan: Plan, steps: Steps = lambda what: None) -> Training:
        """Read everything and train; raises as :func:`.train_model.train` and as the tables' readers."""
        cohort = self.cohort(plan.covariates, plan.recipe.site)
        icc = read_icc(self.icc) if self.icc is not None else None
        folds = read_folds(self.folds) if self.folds is not None else None
        return train(cohort, plan, icc=icc, folds=folds, steps=steps)
