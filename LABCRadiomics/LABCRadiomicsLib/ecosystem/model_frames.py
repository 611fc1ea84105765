"""From DataFrames to models and scores: what the commands of the same names do on CSV files, by the same code.

A DataFrame is read as the CSV file that it would make (:mod:`.frame_table`), so columns, checks and errors are those of
``Docs/tables.md``; a message calls rows by position, from 0. Where a command prints remarks, a function that gives a
DataFrame warns with :class:`StudyWarning`; the studies hold theirs as ``notices``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import CohortError, InputError
from ..model import Extraction, Model
from ..scoring.cohort import (
    ScoredCohort,
    clinical_values,
    match_covariates,
    read_model_features,
    score_cases,
    score_cohort,
    scores_table,
    sites_of,
)
from ..scoring.site_adjustment import REFUSE, UnknownSite
from ..tables.cohort import read_covariates
from ..tables.csv_table import CASE
from ..tables.study_tables import StudyTables
from ..training import Card, Plan, TrainingTables, trained_model
from ..training.model_card import yields_all
from ..validation import add_site
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
    competing: bool = False,
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
    competing : bool
        Whether the event column holds causes: 0 none, 1 the event, 2, 3, ... competing events.
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
        Of the score: ``p``, ``penalty``, ``alpha``, ``n_folds``, ``cv_repeats``, ``horizon``, ``covariate_p``, ``site``
        (the column that features are harmonized over), ``site_reference``; see :class:`.training.Recipe`.

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
        competing=competing,
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
    model: AnyModel,
    features: pd.DataFrame,
    covariates: pd.DataFrame | None = None,
    *,
    id: str = CASE,
    site: str | None = None,
    unknown_site: UnknownSite = REFUSE,
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
    site : str, optional
        Column of ``covariates`` with each case's site, for a model that was harmonized over sites.
    unknown_site : {"refuse", "as-measured"}
        What to do with cases of no site, or of one that the model does not know.

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
    InputError
        ``site`` is given without ``covariates``.
    """
    found = given_model(model)
    table = read_model_features(FrameTable(features, "features"), found, id)
    values: Mapping[str, Sequence[Any]] = {}
    sites = None
    if site is not None and covariates is None:
        raise InputError(f"site names the column {site} of covariates: give that table too.")
    if covariates is not None:
        clinical = read_covariates(FrameTable(covariates, "covariates"), id)
        try:
            columns = match_covariates(table.cases, clinical)
            values, notices = clinical_values(found, table.cases, columns, clinical.decimal_marks)
            sites = sites_of(table, clinical, site)
        except CohortError as error:
            raise CohortError(f"covariates: {error}") from error
        warn_of(notices)
    predictions = score_cases(found, table, values, sites=sites, unknown_site=unknown_site)
    return make_frame(*scores_table(table.cases, predictions))


def validate(
    model: AnyModel,
    features: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    time: str,
    event: str,
    id: str = CASE,
    competing: bool = False,
    external: bool = False,
    bootstrap: int = 200,
    seed: int = 0,
    site: str | None = None,
    unknown_site: UnknownSite = REFUSE,
) -> ValidationStudy:
    """Measure a model on another cohort with its stored cutoff, as ``labcradiomics validate`` does.

    Parameters
    ----------
    model : Model, id or path
    features, outcomes, time, event, id
        As of :func:`train`.
    competing : bool
        As of :func:`train`.
    external : bool
        Whether the cohort comes from another center.
    bootstrap, seed : int
        Resamples for limits that have no formula.
    site, unknown_site
        As of :func:`apply`; the column is one of ``outcomes``.

    Returns
    -------
    ValidationStudy

    Raises
    ------
    CohortError
        A table is unusable, or the cohort has fewer than 2 events.
    """
    tables = _tables(features, outcomes, time, event, id, competing)
    scored = _scored(given_model(model), tables, site=site, unknown_site=unknown_site)
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
    site: str | None = None,
    unknown_site: UnknownSite = REFUSE,
) -> Model:
    """Fit a model's baseline survival, or baseline and slope, to a cohort, as ``labcradiomics recalibrate`` does.

    Parameters
    ----------
    model : Model, id or path
    features, outcomes, time, event, id
        As of :func:`train`.
    method : {"baseline", "slope"}
    site : str, optional
        Name of the site of all these cases, for a model that was harmonized over sites; one that it does not know is
        added to it.
    unknown_site : {"refuse", "as-measured"}
        What to do where no site is given.

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
    found, tables = given_model(model), _tables(features, outcomes, time, event, id)
    if site is not None:
        with tables.naming_outcomes():
            found = add_site(found, site, read_model_features(tables.features, found, id), tables.read_outcomes())
    return fit_anew(_scored(found, tables, all_of=site, unknown_site=unknown_site), method)


def _tables(
    features: pd.DataFrame, outcomes: pd.DataFrame, time: str, event: str, id: str, competing: bool = False
) -> StudyTables:
    return StudyTables(
        features=FrameTable(features, "features"),
        outcomes=FrameTable(outcomes, "outcomes"),
        time=time,
        event=event,
        competing=competing,
        case_column=id,
    )


def _scored(
    model: Model,
    tables: StudyTables,
    *,
    site: str | None = None,
    all_of: str | None = None,
    unknown_site: UnknownSite = REFUSE,
) -> ScoredCohort:
    """Score a cohort, its sites being in a column of the outcomes, or all one."""
    table, outcome = read_model_features(tables.features, model, tables.case_column), tables.read_outcomes()
    with tables.naming_outcomes():
        sites = sites_of(table, outcome, site) if all_of is None else (all_of,) * len(table.cases)
        return score_cohort(model, table, outcome, sites=sites, unknown_site=unknown_site)
