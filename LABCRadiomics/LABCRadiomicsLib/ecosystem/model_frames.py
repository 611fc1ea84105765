"""From DataFrames to models and scores: what the commands of the same names do on CSV files, by the same code.

A DataFrame is read as the CSV file that it would make (:mod:`.frame_table`), so columns, checks and errors are those of
``Docs/tables.md``; a message calls rows by position, from 0. Where a command prints remarks, a function that gives a
DataFrame warns with :class:`StudyWarning`; the studies hold theirs as ``notices``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import CohortError
from ..model import Extraction, Model
from ..scoring.cohort import (
    ScoredCohort,
    clinical_values,
    match_covariates,
    read_model_features,
    score_cases,
    score_cohort,
    scores_table,
)
from ..tables.cohort import read_covariates
from ..tables.csv_table import CASE
from ..tables.study_tables import StudyTables
from ..training import Card, Plan, TrainingTables, trained_model
from ..training.model_card import yields_all
from ..validation import recalibrate as fit_anew
from ..validation import validate as measure
from ..validation.recalibration import Method
from .feature_frames import AnyModel, given_model
from .frame_table import FrameTable
from .made_frames import make_frame, warn_of
from .studies import TrainingStudy, ValidationStudy

if TYPE_CHECKING:
    import pandas as pd


def train(
    features: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    time: str,
    event: str,
    id: str = CASE,
    covariates: Sequence[str] = (),
    candidates: Sequence[str] = (),
    categories: Sequence[str] = (),
    feature_columns: str | None = None,
    icc: pd.DataFrame | None = None,
    folds: pd.DataFrame | None = None,
    plan: Plan | None = None,
    extraction: Extraction | None = None,
    model_id: str = "trained",
    title: str = "Radiomics score trained on data frames",
    **recipe: Any,
) -> TrainingStudy:
    """Make a radiomics score, its cutoff and its nomogram, as ``labcradiomics train`` does.

    Parameters
    ----------
    features : pandas.DataFrame
        One row a case.
    outcomes : pandas.DataFrame
        Follow-up and covariates of the same cases.
    time, event : str
        Columns of ``outcomes``: months of follow-up, and 1 or True where it ended with the event.
    id : str
        Column that names the cases.
    covariates, candidates : sequence of str
        Columns that enter the nomogram, and those that do if their own p value is below 0.1.
    categories : sequence of str
        Those of them that are categories whatever they hold.
    feature_columns : str, optional
        Regular expression of the columns that are features; by default those named as radiomics software names them.
    icc, folds : pandas.DataFrame, optional
        As :func:`agreement` gives it; columns case and fold.
    plan : Plan, optional
        Repeats, seed, processes, missing values; see :class:`.training.Plan`.
    extraction : Extraction, optional
        How the features were made; by default what :func:`extract_cases` left in ``features.attrs``. Without it the
        model scores tables only.
    model_id, title : str
        Of the model.
    **recipe
        Of the score: ``p``, ``penalty``, ``n_folds``, ``horizon``, ``covariate_p``; see :class:`.training.Recipe`.

    Returns
    -------
    TrainingStudy

    Raises
    ------
    CohortError
        A table is unusable (the sentence names table, row and column), or nothing can be made of the cohort.
    """
    plan = plan or Plan()
    made_by = replace(plan.recipe, named=tuple(covariates), candidates=tuple(candidates), **recipe)
    tables = TrainingTables(
        features=FrameTable(features, "features"),
        outcomes=FrameTable(outcomes, "outcomes"),
        time=time,
        event=event,
        case_column=id,
        feature_columns=feature_columns,
        categories=tuple(categories),
        icc=None if icc is None else FrameTable(icc, "icc"),
        folds=None if folds is None else FrameTable(folds, "folds"),
    )
    training = tables.train(replace(plan, recipe=made_by))
    given = extraction or yields_all(features.attrs.get("extraction"), training)
    card = Card(id=model_id, title=title, source="LABCRadiomicsLib.ecosystem.train")
    return TrainingStudy(trained_model(training, card, given), training)


def apply(
    model: AnyModel, features: pd.DataFrame, covariates: pd.DataFrame | None = None, *, id: str = CASE
) -> pd.DataFrame:
    """Score every case, as ``labcradiomics apply`` does.

    Parameters
    ----------
    model : Model, id or path
    features : pandas.DataFrame
        With the features of the score; other columns are not looked at.
    covariates : pandas.DataFrame, optional
        Clinical values of the same cases, by the names of the model's covariates.
    id : str
        Column that names the cases.

    Returns
    -------
    pandas.DataFrame
        One row a case: case, score, risk_group, linear_predictor, survival_M with ``_lower`` and ``_upper`` at M
        months, warnings, model_status, notice.

    Raises
    ------
    ModelIncompleteError
        The model has no score terms.
    CohortError
        A table is unusable; the sentence names table, row and column.
    """
    found = given_model(model)
    table = read_model_features(FrameTable(features, "features"), found, id)
    values: Mapping[str, Sequence[Any]] = {}
    if covariates is not None:
        clinical = read_covariates(FrameTable(covariates, "covariates"), id)
        try:
            columns = match_covariates(table.cases, clinical)
            values, notices = clinical_values(found, table.cases, columns, clinical.decimal_marks)
        except CohortError as error:
            raise CohortError(f"covariates: {error}") from error
        warn_of(notices)
    return make_frame(*scores_table(table.cases, score_cases(found, table, values)))


def validate(
    model: AnyModel,
    features: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    time: str,
    event: str,
    id: str = CASE,
    external: bool = False,
    bootstrap: int = 200,
    seed: int = 0,
) -> ValidationStudy:
    """Measure a model on another cohort with its stored cutoff, as ``labcradiomics validate`` does.

    Parameters
    ----------
    model : Model, id or path
    features, outcomes, time, event, id
        As of :func:`train`.
    external : bool
        Whether the cohort comes from another center.
    bootstrap, seed : int
        Resamples for limits that have no formula.

    Returns
    -------
    ValidationStudy

    Raises
    ------
    CohortError
        A table is unusable, or the cohort has fewer than 2 events.
    """
    scored = _scored(model, features, outcomes, time, event, id)
    kind = "external" if external else "validation"
    return ValidationStudy(measure(scored, kind=kind, bootstrap=bootstrap, seed=seed))


def recalibrate(
    model: AnyModel,
    features: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    time: str,
    event: str,
    id: str = CASE,
    method: Method = "baseline",
) -> Model:
    """Fit a model's baseline survival, or baseline and slope, to a cohort, as ``labcradiomics recalibrate`` does.

    Parameters
    ----------
    model : Model, id or path
    features, outcomes, time, event, id
        As of :func:`train`.
    method : {"baseline", "slope"}

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        The model has no nomogram.
    CohortError
        A table is unusable, or the cohort cannot carry it (fewer than 10 events, an unknown covariate).
    """
    return fit_anew(_scored(model, features, outcomes, time, event, id), method)


def _scored(
    model: AnyModel, features: pd.DataFrame, outcomes: pd.DataFrame, time: str, event: str, id: str
) -> ScoredCohort:
    found = given_model(model)
    tables = StudyTables(
        features=FrameTable(features, "features"),
        outcomes=FrameTable(outcomes, "outcomes"),
        time=time,
        event=event,
        case_column=id,
    )
    table, outcome = read_model_features(tables.features, found, id), tables.read_outcomes()
    with tables.naming_outcomes():
        return score_cohort(found, table, outcome)
