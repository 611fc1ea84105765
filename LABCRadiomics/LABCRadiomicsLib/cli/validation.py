"""Commands that use a model on a cohort: ``apply``, ``validate`` and ``recalibrate``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..files import output_folder, refuse_overwriting, sha256_of, shown_name
from .common import ModelArgument, naming, remark, say

if TYPE_CHECKING:
    from ..model import Value
    from ..notices import Notice
    from ..performance import Marker
    from ..scoring.cohort import ScoredCohort
    from ..tables.study_tables import StudyTables

FeaturesArgument = Annotated[Path, typer.Argument(metavar="FEATURES.csv", help="One row a case, one column a feature.")]
OutcomesArgument = Annotated[Path, typer.Argument(metavar="OUTCOMES.csv", help="Follow-up, event and covariates.")]
IdOption = Annotated[str, typer.Option("--id", help="Column that names the cases; features may call it case.")]
TimeOption = Annotated[str, typer.Option("--time", help="Column with months of follow-up.")]
EventOption = Annotated[str, typer.Option("--event", help="Column that is 1 where follow-up ended with the event.")]


class Method(StrEnum):
    """What ``recalibrate`` fits."""

    BASELINE = "baseline"
    SLOPE = "slope"


def apply(
    model: ModelArgument,
    features: FeaturesArgument,
    out: Annotated[Path, typer.Option("--out", metavar="SCORES.csv", help="The table to write.")],
    covariates: Annotated[
        Path | None, typer.Option(metavar="OUTCOMES.csv", help="Clinical values of the same cases.")
    ] = None,
    case_column: IdOption = "case",
) -> None:
    """Score every case of a feature table."""
    from ..cohort.record import require_made_for
    from ..model.registry import find_model, model_path
    from ..scoring.cohort import clinical_values, match_covariates, read_model_features, score_cases, write_scores
    from ..tables.cohort import read_covariates

    refuse_overwriting([model_path(model), features, covariates], [out])
    found = find_model(model)
    require_made_for(found, features)
    table = read_model_features(features, found, case_column)
    values: dict[str, tuple[Value, ...]] = {}
    notices: tuple[Notice, ...] = ()
    if covariates is not None:
        clinical = read_covariates(covariates, case_column)
        with naming(covariates):
            columns = match_covariates(table.cases, clinical)
            values, notices = clinical_values(found, table.cases, columns, clinical.decimal_marks)
    predictions = score_cases(found, table, values)
    write_scores(out, table.cases, predictions)
    groups = [prediction.risk_group for prediction in predictions]
    say(f"{out}: {len(groups)} cases, {groups.count('high')} high risk, {groups.count('low')} low risk.")
    for notice in notices:
        remark(notice.message)


def validate(
    model: ModelArgument,
    features: FeaturesArgument,
    outcomes: OutcomesArgument,
    report: Annotated[Path, typer.Option("--report", metavar="DIR", help="Folder for the report.")],
    time: TimeOption,
    event: EventOption,
    case_column: IdOption = "case",
    comparator: Annotated[
        str | None,
        typer.Option(metavar="MODEL|COLUMNS", help="A second model, or columns such as stage,age to compare with."),
    ] = None,
    label: Annotated[str, typer.Option(help="The cohort's name in the report.")] = "validation",
    external: Annotated[bool, typer.Option("--external", help="The cohort comes from another center.")] = False,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples for limits that have no formula.")] = 200,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Measure a model on another cohort, with its stored cutoff."""
    from ..model.registry import model_path
    from ..study_reports import write_validation_report
    from ..study_reports.clinical_gain_section import verdict_sentence
    from ..tables.study_tables import StudyTables
    from ..validation import own_patients
    from ..validation import validate as measure

    refuse_overwriting([*map(model_path, filter(None, (model, comparator))), features, outcomes], folders=[report])
    tables = StudyTables(features=features, outcomes=outcomes, time=time, event=event, case_column=case_column)
    scored = _scored(model, tables)
    found = measure(
        scored,
        comparator=_comparator(comparator, scored, tables) if comparator else None,
        label=label,
        kind="external" if external else "validation",
        bootstrap=bootstrap,
        seed=seed,
    )
    with output_folder(report) as folder:
        page = write_validation_report(folder.path, found, tables.hashes())
    own = own_patients(found.training_cases, len(scored.cases))
    if own:
        say(f"! {own}")
    for row in found.performance:
        limits = "" if row.lower is None else f" ({row.lower:.3f} to {row.upper:.3f})"
        say(f"{row.label}: {row.value:.3g}{limits}")
    for gain in found.gains:
        say(verdict_sentence(gain))
    for notice in found.notices:
        if notice.message != own:
            say(f"! {notice.message}")
    say(f"Report: {folder.final(page)}")
    if folder.remark:
        remark(folder.remark)


def recalibrate(
    model: ModelArgument,
    features: FeaturesArgument,
    outcomes: OutcomesArgument,
    out: Annotated[Path, typer.Option("--out", metavar="MODEL2.json", help="The model file to write.")],
    time: TimeOption,
    event: EventOption,
    case_column: IdOption = "case",
    method: Annotated[Method, typer.Option(help="The baseline alone, or baseline and slope.")] = Method.BASELINE,
) -> None:
    """Fit a model's baseline survival, or baseline and slope, to a local cohort."""
    from ..model.file import save_model
    from ..model.registry import model_path
    from ..tables.study_tables import StudyTables
    from ..validation import recalibrate as fit
    from .terminal import gives

    refuse_overwriting([model_path(model), features, outcomes], [out])
    tables = StudyTables(features=features, outcomes=outcomes, time=time, event=event, case_column=case_column)
    scored = _scored(model, tables)
    found = fit(scored, method.value, file=shown_name(outcomes), sha256=sha256_of(outcomes))
    save_model(found, out)
    say(f"{out}: {found.id}, {found.provenance.changes[-1].what}.")
    say(f"It gives {gives(found)}. Fingerprint {found.fingerprint}")


def _scored(model: str, tables: StudyTables) -> ScoredCohort:
    from ..cohort.record import require_made_for
    from ..model.registry import find_model
    from ..scoring.cohort import read_model_features, score_cohort

    found = find_model(model)
    for path in tables.files[:1]:  # the feature table
        require_made_for(found, path)
    table, outcomes = read_model_features(tables.features, found, tables.case_column), tables.read_outcomes()
    with tables.naming_outcomes():
        return score_cohort(found, table, outcomes)


def _comparator(given: str, scored: ScoredCohort, tables: StudyTables) -> Marker:
    """A bundled model, a model file, or else columns of the outcome table."""
    from ..model.registry import bundled_model_files
    from ..validation import clinical_marker, horizons_of, model_marker

    horizons = horizons_of(scored)
    if Path(given).is_file() or given in {path.stem for path in bundled_model_files()}:
        other = _scored(given, tables)
        return model_marker(other, horizons, f"comparator {other.model.id}")
    with tables.naming_outcomes():
        return clinical_marker([name.strip() for name in given.split(",")], scored, horizons)


COMMANDS = (apply, validate, recalibrate)
