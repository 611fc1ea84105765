"""The cohort a model is made from: features, outcome and covariates of the same patients in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..cell_values import is_unknown
from ..errors import CohortError
from ..model import CovariateDomain, Value, infer_covariate
from ..notices import Notice
from ..sentences import listed, many
from ..statistics.lasso import random_folds
from ..tables.cohort import FeatureTable, OutcomeTable, matching_rows

LEAST_EVENTS = 10


@dataclass(frozen=True)
class TrainingCohort:
    """Patients with features and outcome; n patients, p features.

    Attributes
    ----------
    names : tuple of str
        Feature names, length p.
    features : numpy.ndarray, shape (n, p)
    months : numpy.ndarray, shape (n,)
        Follow-up in months.
    event : numpy.ndarray of bool, shape (n,)
    covariates : mapping of str to sequence
        Clinical values by column name, each of length n: numbers, 0.0 and 1.0, levels, or None where unknown.
    cases : tuple of str
        Names of the patients, length n.
    specs : tuple of CovariateDomain
        What the covariates are.
    notices : tuple of Notice
    sites : tuple of str
        Of the patients, length n; empty where they are not told apart.
    cause : numpy.ndarray of int, shape (n,), or None
        What ended follow-up, see :class:`.OutcomeTable`.
    """

    names: tuple[str, ...]
    features: np.ndarray
    months: np.ndarray
    event: np.ndarray
    covariates: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    cases: tuple[str, ...] = ()
    specs: tuple[CovariateDomain, ...] = ()
    notices: tuple[Notice, ...] = ()
    sites: tuple[str, ...] = ()
    cause: np.ndarray | None = None

    def __len__(self) -> int:
        return self.months.size

    @property
    def events(self) -> int:
        """Number of patients with the event."""
        return int(self.event.sum())

    def spec(self, name: str) -> CovariateDomain:
        """Give a covariate by name."""
        return next(spec for spec in self.specs if spec.name == name)

    def columns(self, names: Sequence[str]) -> np.ndarray:
        """Encode covariates for a Cox model, shape (n, k); unknown is NaN."""
        blocks = [self.spec(name).columns(self.covariates[name]) for name in names]
        return np.column_stack([np.empty((len(self), 0)), *blocks])

    def take(self, rows: np.ndarray) -> TrainingCohort:
        """Give the cohort of some of the patients (indices or a boolean mask)."""
        index = np.arange(len(self))[rows]
        chosen = {name: tuple(values[at] for at in index) for name, values in self.covariates.items()}
        cases = tuple(self.cases[at] for at in index) if self.cases else ()
        return replace(
            self,
            features=self.features[index],
            months=self.months[index],
            event=self.event[index],
            covariates=chosen,
            cases=cases,
            sites=tuple(self.sites[at] for at in index) if self.sites else (),
            cause=None if self.cause is None else self.cause[index],
        )

    def with_features(self, kept: np.ndarray) -> TrainingCohort:
        """Give the cohort with some of the features (indices or a boolean mask)."""
        index = np.arange(len(self.names))[kept]
        return replace(self, names=tuple(self.names[at] for at in index), features=self.features[:, index])


def specs_of(
    outcomes: OutcomeTable, names: Sequence[str], categories: Sequence[str] = ()
) -> tuple[CovariateDomain, ...]:
    """Tell from an outcome table what its covariates are.

    Parameters
    ----------
    outcomes : OutcomeTable
    names : sequence of str
        Columns.
    categories : sequence of str
        Those of them that are categories whatever they hold, such as a stage coded 1, 2, 3.

    Raises
    ------
    CohortError
        A column is missing or cannot be a covariate.
    """
    for name in (*names, *categories):
        if name not in outcomes.columns:
            known = ", ".join(outcomes.columns) or "none"
            raise CohortError(f"The outcome table has no column {name}; its covariates are {known}.")
    marks, cases = outcomes.decimal_marks, outcomes.cases
    return tuple(
        infer_covariate(name, outcomes.columns[name], category=name in categories, marks=marks, cases=cases)
        for name in names
    )


def cohort_of(
    features: FeatureTable, outcomes: OutcomeTable, specs: Sequence[CovariateDomain] = (), site: str | None = None
) -> TrainingCohort:
    """Join the tables of a cohort by case, in the order of the feature table.

    Parameters
    ----------
    features : FeatureTable
    outcomes : OutcomeTable
        With every case of ``features``; others are left out with a notice.
    specs : sequence of CovariateDomain
        Columns of ``outcomes`` to read as covariates.
    site : str, optional
        Column of ``outcomes`` that says where each case was scanned.

    Raises
    ------
    CohortError
        A case has no outcome or no site, or a covariate's cell is unusable.
    """
    absent = "Case {} of the feature table has no outcome; add it or leave the case out."
    rows = matching_rows(features.cases, outcomes.cases, absent)
    notices = [*features.notices, *outcomes.notices]
    unused = len(outcomes.cases) - len(rows)
    if unused:
        text = f"Left out: {many(unused, 'case')} of the outcome table without features."
        notices.append(Notice("outcomes-without-features", text))
    covariates = {
        spec.name: spec.parse_column(
            features.cases, [outcomes.columns[spec.name][row] for row in rows], outcomes.decimal_marks
        )
        for spec in specs
    }
    return TrainingCohort(
        names=features.names,
        features=features.values,
        months=outcomes.months[rows],
        event=outcomes.event[rows],
        covariates=covariates,
        cases=features.cases,
        specs=tuple(specs),
        notices=tuple(notices),
        cause=None if outcomes.cause is None else outcomes.cause[rows],
        sites=() if site is None else _sites(features.cases, outcomes, rows, site),
    )


def _sites(cases: Sequence[str], outcomes: OutcomeTable, rows: Sequence[int], column: str) -> tuple[str, ...]:
    if column not in outcomes.columns:
        known = ", ".join(outcomes.columns) or "none"
        raise CohortError(f"The outcome table has no column {column} with the sites; its columns are {known}.")
    found = tuple(outcomes.columns[column][row].strip() for row in rows)
    empty = [case for case, name in zip(cases, found, strict=True) if is_unknown(name)]
    if empty:
        raise CohortError(f"case {listed(empty, 1)} has no site in column {column}; fill it in or leave the case out.")
    return found


def require_events(cohort: TrainingCohort) -> None:
    """Refuse a cohort from which nothing can be learned.

    Raises
    ------
    CohortError
        Fewer than ten events.
    """
    if cohort.events < LEAST_EVENTS:
        raise CohortError(
            f"The cohort has {cohort.events} events in {len(cohort)} patients; a score needs at least {LEAST_EVENTS}."
        )


def given_folds(cohort: TrainingCohort, folds: Mapping[str, str]) -> np.ndarray:
    """Give the folds of a fold table, as it calls them, in the order of the cohort, shape (n,).

    Raises
    ------
    CohortError
        A case has no fold.
    """
    matching_rows(cohort.cases, tuple(folds), "Case {} has no fold in the fold table; give every case one.")
    labels = [folds[case] for case in cohort.cases]
    return np.array(labels, int) if all(label.isdecimal() for label in labels) else np.array(labels)


def fold_notices(folds: np.ndarray, event: np.ndarray) -> list[Notice]:
    """Name the folds without an event, which weigh nothing in the choice of the penalty."""
    empty = [str(label) for label in np.unique(folds) if not event[folds == label].any()]
    if not empty:
        return []
    which = f"Fold {empty[0]} has" if len(empty) == 1 else f"Folds {', '.join(empty)} have"
    text = f"{which} no patient with the event; as in R's cv.glmnet it weighs nothing in the choice of the penalty."
    return [Notice("fold-without-event", text)]


def patient_folds(patients: np.ndarray, event: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Assign rows to folds at random so that all rows of one patient share a fold, as a bootstrap sample needs.

    Parameters
    ----------
    patients : numpy.ndarray, shape (m,)
        The patient of each row; drawn twice, a patient would otherwise be trained and tested on at once.
    event : numpy.ndarray of bool, shape (m,)
    n_folds : int
        Fewer are made when fewer patients have the event.
    seed : int

    Raises
    ------
    InputError
        Fewer than three patients have the event.
    """
    _, first, back = np.unique(patients, return_index=True, return_inverse=True)
    folds = random_folds(event[first], min(n_folds, max(3, int(event[first].sum()))), seed)
    return folds[back]
