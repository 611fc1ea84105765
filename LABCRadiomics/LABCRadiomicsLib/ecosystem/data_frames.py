"""The steps of a cohort on pandas DataFrames: what the commands of the same names do on CSV files, by the same code.

A DataFrame is read as the CSV file that it would make (:mod:`.frame_table`), so columns, checks and errors are those of
``Docs/tables.md``; a message calls rows by position, from 0. Where a command prints remarks, a function that gives a
DataFrame warns with :class:`StudyWarning`; the studies hold theirs as ``notices``.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..cohort.agreement import agreement_columns, agreement_of
from ..cohort.case_table import read_cases
from ..cohort.feature_table import errors_path
from ..cohort.feature_table import extract_cases as extract_table
from ..cohort.record import read_extraction
from ..errors import CohortError, DependencyError, InputError
from ..features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
from ..model import Extraction, Model, find_model
from ..patient import extraction_settings
from ..preprocessing import Step, read_steps
from ..resources import sample_cohort
from ..scoring import require_score
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
from ..tables.cohort import read_covariates, read_features
from ..tables.csv_table import CASE, write_table
from ..tables.study_tables import StudyTables
from ..training import Card, Plan, Training, TrainingTables, trained_model
from ..training.model_card import yields_all
from ..validation import Validation, add_site
from ..validation import recalibrate as fit_anew
from ..validation import validate as measure
from ..validation.recalibration import Method
from .frame_table import FrameTable

if TYPE_CHECKING:
    import pandas as pd

    from ..notices import Notice

AnyModel = Model | str | os.PathLike[str]

_PATHS = ("image", "mask", "breast", "tissue")  # columns of a case table


class StudyWarning(UserWarning):
    """What to know before trusting the numbers of a DataFrame."""


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
        return _frame(["feature", "coefficient"], [(term.feature, term.coefficient) for term in terms])

    @property
    def screening(self) -> pd.DataFrame:
        """One row a feature: log hazard ratio per unit, standard error and Wald p of univariable Cox regression."""
        found = self.training.built.selection.screening
        rows = zip(self.training.cohort.names, found.coef, found.se, found.p, strict=True)
        return _frame(["feature", "coef", "se", "p"], rows)

    @property
    def scores(self) -> pd.DataFrame:
        """One row a patient: radiomics score and risk group."""
        score = self.training.score
        groups = ["high" if high else "low" for high in score.groups.high]
        return _frame([CASE, "score", "risk_group"], zip(self.training.cohort.cases, score.values, groups, strict=True))


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
        return _frame(*scores_table(scored.cases, scored.predictions))


def load_ispy1() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load the bundled real cohort: I-SPY1, 161 patients, 43 recurrences (Chitalia et al. 2022, CC BY).

    Returns
    -------
    features : pandas.DataFrame
        case and 370 MRI features (CaPTk), ``T1_*``.
    outcomes : pandas.DataFrame
        case, rfs_months (recurrence-free survival), recurrence (1 or 0), age, hr_positive, her2_positive, pcr,
        longest_diameter_mm; some cells are missing.
    """
    pandas, tables = _pandas(), sample_cohort()
    read = [
        pandas.read_csv(BytesIO(tables[name]), dtype={CASE: str}, float_precision="round_trip")
        for name in ("features.csv", "outcomes.csv")
    ]
    return read[0], read[1]


def extract_cases(
    cases: pd.DataFrame,
    *,
    folder: str | os.PathLike[str] = ".",
    settings: ExtractionSettings | str | os.PathLike[str] | None = None,
    model: AnyModel | None = None,
    features: Iterable[str] | None = None,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Extract the features of every case, as ``labcradiomics extract`` does.

    Parameters
    ----------
    cases : pandas.DataFrame
        Columns case, image, mask and perhaps the others of a case table.
    folder : path
        What relative paths of ``cases`` start from.
    settings : ExtractionSettings or path, optional
        Or a pyradiomics parameter file; by default SlicerRadiomics' own settings in array order LPS.
    model : Model, id or path, optional
        Take the settings of this model instead, and only the features of its score unless ``features`` says more.
    features : iterable of str, optional
        Names; by default all that the settings enable.
    jobs : int, optional
        Processes; by default as many as the machine runs at once.

    Returns
    -------
    pandas.DataFrame
        case, the features, ``diagnostics_*``; cases that failed are left out, with a warning each.
        ``attrs["extraction"]`` is how the features were made, which :func:`train` stores in the model.

    Raises
    ------
    CohortError
        The table is unusable, or no case has features.
    InputError
        Both settings and a model are given, or settings that pyradiomics would not accept.
    """
    pandas = _pandas()
    chosen, names, steps = _what_to_extract(settings, model, features)
    table = FrameTable(cases, "cases")
    read = read_cases(table)
    place = Path(folder).absolute()
    others = [name for name in table.names if name.casefold() != CASE]
    columns = [_paths(table.texts(name), place) if name.casefold() in _PATHS else table.texts(name) for name in others]
    rows = zip((case.name for case in read), *columns, strict=True)
    with TemporaryDirectory() as temporary:
        path, out = Path(temporary, "cases.csv"), Path(temporary, "features.csv")
        write_table(path, [CASE, *others], rows)
        try:
            done = extract_table(path, out, chosen, names, jobs, steps=steps)
        except CohortError as error:
            failed = _errors(errors_path(out))
            if failed:
                first = next(iter(failed))
                raise CohortError(f"None of the {len(read)} cases has features; {first}: {failed[first]}") from error
            raise
        for name, reason in (_errors(done.errors_csv) if done.errors_csv else {}).items():
            warnings.warn(f"case {name} has no features: {reason}", StudyWarning, stacklevel=2)
        found = pandas.read_csv(out, dtype={CASE: str}, keep_default_na=True, float_precision="round_trip")
        found.attrs["extraction"] = read_extraction(out)
    return found


def agreement(
    reader1: pd.DataFrame,
    reader2: pd.DataFrame,
    repeat: pd.DataFrame | None = None,
    *,
    id: str = CASE,
    feature_columns: str | None = None,
) -> pd.DataFrame:
    """Measure how far two readers' features agree, as ``labcradiomics agreement`` does.

    Parameters
    ----------
    reader1, reader2 : pandas.DataFrame
        Features of the same cases.
    repeat : pandas.DataFrame, optional
        Of the first reader's second segmentations.
    id : str
        Column that names the cases.
    feature_columns : str, optional
        Regular expression of the columns that are features; by default those named as radiomics software names them.

    Returns
    -------
    pandas.DataFrame
        feature, icc, lower, upper (ICC(2,1), 95% limits), and the same with ``_repeat`` where that is given;
        :func:`train` takes it as ``icc``.

    Raises
    ------
    CohortError
        A table is unusable, or fewer than 3 cases or no feature is common.
    """
    given = {"reader1": reader1, "reader2": reader2, "repeat": repeat}
    tables = {name: FrameTable(frame, name) for name, frame in given.items() if frame is not None}
    read = [read_features(table, feature_columns, id=id, allow_missing=True) for table in tables.values()]
    found = agreement_of(read, [Path(name) for name in tables])
    _warn(found.notices)
    return _frame(*agreement_columns(found))


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
        Of the score: ``p``, ``penalty``, ``n_folds``, ``horizon``, ``covariate_p``, ``site`` (the column that features
        are harmonized over), ``site_reference``; see :class:`.training.Recipe`.

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
    """
    found = _model(model)
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
        _warn(notices)
    predictions = score_cases(found, table, values, sites=sites, unknown_site=unknown_site)
    return _frame(*scores_table(table.cases, predictions))


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
    site: str | None = None,
    unknown_site: UnknownSite = REFUSE,
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
    tables = _tables(features, outcomes, time, event, id)
    scored = _scored(_model(model), tables, site=site, unknown_site=unknown_site)
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
    found, tables = _model(model), _tables(features, outcomes, time, event, id)
    if site is not None:
        with tables.naming_outcomes():
            found = add_site(found, site, read_model_features(tables.features, found, id), tables.read_outcomes())
    return fit_anew(_scored(found, tables, all_of=site, unknown_site=unknown_site), method)


def _tables(features: pd.DataFrame, outcomes: pd.DataFrame, time: str, event: str, id: str) -> StudyTables:
    return StudyTables(
        features=FrameTable(features, "features"),
        outcomes=FrameTable(outcomes, "outcomes"),
        time=time,
        event=event,
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


def _model(given: AnyModel) -> Model:
    return given if isinstance(given, Model) else find_model(given)


def _what_to_extract(
    settings: ExtractionSettings | str | os.PathLike[str] | None, model: AnyModel | None, features: Iterable[str] | None
) -> tuple[ExtractionSettings, tuple[str, ...] | None, tuple[Step, ...]]:
    names = None if features is None else tuple(features)
    if model is None:
        if not isinstance(settings, ExtractionSettings):
            settings = ExtractionSettings.from_parameters(
                Path(settings) if settings else SLICER_RADIOMICS_PARAMETERS, "LPS"
            )
        return settings, names, ()
    if settings is not None:
        raise InputError("settings contradicts model, which has its own settings: leave one out.")
    found = _model(model)
    chosen = extraction_settings(found)
    steps = read_steps(found.extraction.preprocessing) if found.extraction is not None else ()
    return chosen, names or tuple(term.feature for term in require_score(found).terms), steps


def _paths(texts: Iterable[str], folder: Path) -> list[str]:
    return [str(folder / text) if text else "" for text in texts]


def _errors(path: Path) -> dict[str, str]:
    """Why cases failed, by case; empty where there is no such table."""
    if not path.is_file():
        return {}
    table = _pandas().read_csv(path, dtype=str)
    return dict(zip(table[CASE], table["error"], strict=True))


def _figures(figures: Iterable[Any]) -> pd.DataFrame:
    header = ["measure", "value", "lower", "upper", "kind", "cohort", "n", "events"]
    rows = [(f.label, f.value, f.lower, f.upper, f.kind, f.cohort, f.n, f.events) for f in figures]
    return _frame(header, rows).astype({"value": float, "lower": float, "upper": float})


def _frame(header: Sequence[str], rows: Iterable[Sequence[object]]) -> pd.DataFrame:
    return _pandas().DataFrame(list(rows), columns=list(header))


def _warn(notices: Iterable[Notice]) -> None:
    for notice in notices:
        warnings.warn(notice.message, StudyWarning, stacklevel=3)


def _pandas() -> Any:
    """Give pandas, which nothing else of the library needs.

    Raises
    ------
    DependencyError
        It is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise DependencyError("Data frames need the package pandas; install it with pip install pandas.") from error
    return pandas
