"""What the steps that make, use and update a model are asked: ``train``, ``apply``, ``validate``, ``recalibrate``."""

from pathlib import Path
from typing import Any, Literal

from .case_options import ArrayOrder, UnknownSite, id_option, unknown_site_option
from .option_row import JSON, PARAMETERS, Kind, _, argument, declares, option

KEPT, SCORE = _("Which features are kept"), _("Score")
NOMOGRAM, MEASURED, FILE = _("Nomogram"), _("How it is measured"), _("Model file")


def model_argument() -> Any:
    """The model that is used."""
    return argument(_("Model"), _("Id of a bundled model, or path of a model file."), kind=Kind.MODEL)


def features_argument() -> Any:
    """A feature table that is scored."""
    return argument(_("Features"), _("One row a case, one column a feature."), metavar="FEATURES.csv", shared=True)


def outcomes_argument() -> Any:
    """An outcome table."""
    return argument(_("Outcomes"), _("Follow-up, event and covariates."), metavar="OUTCOMES.csv", shared=True)


def scored_id_option() -> Any:
    """The column of the cases of feature and outcome tables."""
    return option(
        _("Case column"),
        _("Column that names the cases; features may call it case."),
        default="case",
        flag="--id",
        shared=True,
    )


def site_column_option() -> Any:
    """The column of the sites."""
    return option(
        _("Site column"),
        _("Column with each case's scanner or site, for a model harmonized over sites."),
        default=None,
        metavar="COLUMN",
    )


def time_option() -> Any:
    """The column of the follow-up."""
    return option(_("Time column"), _("Column with the months of follow-up."), shared=True)


def event_option() -> Any:
    """The column of the events."""
    return option(_("Event column"), _("Column with 1 for an event, 0 for none."), shared=True)


def competing_option(group: str = "") -> Any:
    """Whether the event column holds causes."""
    return option(
        _("Competing events"),
        _("The event column holds causes: 0 none, 1 the event, 2, 3, ... competing events."),
        default=False,
        group=group,
    )


@declares
class TrainOptions:
    """What ``train`` is asked."""

    features: Path = argument(_("Features"), _("Feature table: one row a case, one column a feature."), shared=True)
    outcomes: Path = argument(_("Outcomes"), _("Table with follow-up, event and clinical columns."), shared=True)
    time: str = time_option()
    event: str = event_option()
    out: Path = option(_("New model"), _("The model file to write."), kind=Kind.NEW_FILE, files=JSON)
    report: Path = option(_("Report folder"), _("Folder for report.json, tables and figures."), kind=Kind.NEW_FOLDER)
    id: str = id_option()
    feature_columns: str | None = option(
        _("Feature columns"), _("Regular expression of the feature columns."), default=None, group=KEPT
    )
    icc: Path | None = option(
        _("Reader agreement"),
        _("Table of intraclass correlations: feature,icc,lower,upper."),
        default=None,
        group=KEPT,
    )
    min_icc: float = option(
        _("Least ICC"), _("What a feature's correlation has to exceed."), default=0.75, least=-1, most=1, group=KEPT
    )
    p: float = option(
        _("Univariable p"), _("Limit of the univariable p value."), default=0.05, least=0, most=1, group=KEPT
    )
    missing: Literal["impute", "cases", "features"] | None = option(
        _("Empty cells"),
        _("With empty cells: impute features and covariates, or leave out the cases or the features."),
        default=None,
        usual=_("refuse"),
        group=KEPT,
    )
    max_missing: float | None = option(
        _("Most empty cells"),
        _("Leave out features with a larger share of empty cells."),
        default=None,
        least=0,
        most=1,
        metavar="SHARE",
        group=KEPT,
    )
    fill: Literal["median", "model"] = option(
        _("Filled by"),
        _("With --missing impute, of features: their median, or a regression on the five nearest features."),
        default="median",
        group=KEPT,
    )
    imputations: int = option(
        _("Imputed tables"),
        _("With --missing impute, of covariates: how many tables chained equations make."),
        default=20,
        least=2,
        group=KEPT,
    )
    folds: Path | None = option(_("Folds"), _("Table of folds: case,fold."), default=None, group=SCORE)
    n_folds: int = option(
        _("Number of folds"), _("Folds made at random where no table is given."), default=10, least=3, group=SCORE
    )
    seed: int = option(
        _("Seed"),
        _("Seed of folds, bootstrap and permutations: the same gives the same model."),
        default=0,
        least=0,
        group=SCORE,
    )
    penalty: Literal["min", "1se"] = option(
        _("Penalty"), _("Penalty of the cross-validated path: lambda.min or lambda.1se."), default="min", group=SCORE
    )
    alpha: float = option(
        _("Alpha"),
        _("Share of the penalty on absolute coefficients: 1 is the LASSO, less the elastic net (glmnet's alpha)."),
        default=1.0,
        least=0.01,
        most=1,
        group=SCORE,
    )
    cv_repeats: int = option(
        _("Repeats of the folds"),
        _("Divisions into folds over which the cross-validation of the penalty is averaged."),
        default=1,
        least=1,
        group=SCORE,
    )
    horizon: float = option(
        _("Horizon"),
        _("Months at which the cutoff is chosen."),
        default=60.0,
        least=0,
        unit=_("months"),
        group=SCORE,
    )
    covariates: tuple[str, ...] = option(
        _("Covariates"),
        _("Columns that enter the nomogram."),
        default=(),
        metavar="A,B",
        group=NOMOGRAM,
    )
    candidates: tuple[str, ...] = option(
        _("Candidates"),
        _("Columns that enter the nomogram if their own p is below 0.1."),
        default=(),
        metavar="A,B",
        group=NOMOGRAM,
    )
    categories: tuple[str, ...] = option(
        _("Categories"),
        _("Columns that are categories, not numbers."),
        default=(),
        metavar="A,B",
        group=NOMOGRAM,
    )
    site: str | None = option(
        _("Site column"),
        _("Column with each case's scanner or site, which ComBat takes off the features."),
        default=None,
        metavar="COLUMN",
        group=KEPT,
    )
    site_reference: str | None = option(
        _("Reference site"),
        _("The site that the others are brought to, itself unchanged."),
        default=None,
        metavar="NAME",
        group=KEPT,
    )
    stage: str | None = option(
        _("Stage column"), _("Column of the stage-only model to compare with."), default=None, group=MEASURED
    )
    competing: bool = competing_option(group=MEASURED)
    subgroups: tuple[str, ...] = option(
        _("Subgroups"), _("Columns to analyze the risk groups within."), default=(), metavar="A,B", group=MEASURED
    )
    settings: Path | None = option(
        _("Settings"),
        _(
            "Pyradiomics parameter file the features were made with, where no record lies beside the table; "
            "one that disagrees with the record is refused."
        ),
        default=None,
        files=PARAMETERS,
        group=FILE,
    )
    array_order: ArrayOrder | None = option(
        _("Axis order"),
        _(
            "Order of the voxels' axes the features were made with, where no record lies beside the table; "
            "one that disagrees with the record is refused."
        ),
        default=None,
        usual=_("the record's, else as-loaded"),
        group=FILE,
    )
    bootstrap: int = option(
        _("Bootstrap"), _("Repeats of the whole selection; 0 for none."), default=200, least=0, group=MEASURED
    )
    nested: int = option(
        _("Nested validation"),
        _("Repeats of nested 10-fold cross-validation; at least one for 40 of --bootstrap."),
        default=0,
        least=0,
        group=MEASURED,
    )
    permutations: int = option(
        _("Permutations"), _("Permutations of the test of no signal."), default=0, least=0, group=MEASURED
    )
    endpoint: str = option(_("Endpoint"), _("What the time runs to."), default="Disease-free survival", group=FILE)
    title: str | None = option(_("Title"), _("Title of the model."), default=None, group=FILE)
    demonstration: bool = option(
        _("Demonstration"), _("The cohort is simulated; everything the model gives says so."), default=False, group=FILE
    )
    jobs: int = option(_("Jobs"), _("Processes at once."), default=2, least=1)


@declares
class ApplyOptions:
    """What ``apply`` is asked."""

    model: str = model_argument()
    features: Path = features_argument()
    out: Path = option(_("Score table"), _("The table to write."), kind=Kind.NEW_FILE, metavar="SCORES.csv")
    covariates: Path | None = option(
        _("Covariates"),
        _("Clinical values of the same cases."),
        default=None,
        metavar="OUTCOMES.csv",
        in_view=True,
    )
    id: str = scored_id_option()
    site: str | None = site_column_option()
    unknown_site: UnknownSite = unknown_site_option()


@declares
class ValidateOptions:
    """What ``validate`` is asked."""

    model: str = model_argument()
    features: Path = features_argument()
    outcomes: Path = outcomes_argument()
    report: Path = option(_("Report folder"), _("Folder for the report."), kind=Kind.NEW_FOLDER, metavar="DIR")
    time: str = time_option()
    event: str = event_option()
    id: str = scored_id_option()
    comparator: str | None = option(
        _("Compare with"),
        _("A second model, or columns such as stage,age to compare with."),
        default=None,
        metavar="MODEL|COLUMNS",
    )
    label: str = option(_("Cohort's name"), _("The cohort's name in the report."), default="validation")
    external: bool = option(_("Other center"), _("The cohort comes from another center."), default=False)
    competing: bool = competing_option()
    bootstrap: int = option(_("Bootstrap"), _("Resamples for limits that have no formula."), default=200, least=0)
    seed: int = option(_("Seed"), _("Seed of the resamples: the same gives the same limits."), default=0, least=0)
    site: str | None = site_column_option()
    unknown_site: UnknownSite = unknown_site_option()


@declares
class RecalibrateOptions:
    """What ``recalibrate`` is asked."""

    model: str = model_argument()
    features: Path = features_argument()
    outcomes: Path = outcomes_argument()
    out: Path = option(
        _("New model"), _("The model file to write."), kind=Kind.NEW_FILE, files=JSON, metavar="MODEL2.json"
    )
    time: str = time_option()
    event: str = event_option()
    id: str = scored_id_option()
    competing: bool = competing_option()
    method: Literal["baseline", "slope", "site"] = option(
        _("Fit"), _("The baseline alone, baseline and slope, or nothing but the site of --site."), default="baseline"
    )
    site: str | None = option(
        _("Site"),
        _("Site of all these cases, for a model harmonized over sites; one it does not know is added to it."),
        default=None,
        metavar="NAME",
    )
    unknown_site: UnknownSite = unknown_site_option()
