"""Commands that use a model on a cohort: ``apply``, ``validate`` and ``recalibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..files import output_folder, refuse_overwriting, sha256_of, shown_name
from ..step_options import ApplyOptions, RecalibrateOptions, ValidateOptions
from .common import naming, remark, say
from .declared import command

if TYPE_CHECKING:
    from ..model import Value
    from ..notices import Notice
    from ..performance import Marker
    from ..scoring.cohort import ScoredCohort
    from ..tables.study_tables import StudyTables


def apply(asked: ApplyOptions) -> None:
    """Do ``apply``."""
    from ..cohort.record import require_made_for
    from ..model.registry import find_model, model_path
    from ..scoring.cohort import clinical_values, match_covariates, read_model_features, score_cases, write_scores
    from ..tables.cohort import read_covariates

    out, covariates = asked.out, asked.covariates
    refuse_overwriting([model_path(asked.model), asked.features, covariates], [out])
    found = find_model(asked.model)
    require_made_for(found, asked.features)
    table = read_model_features(asked.features, found, asked.id)
    values: dict[str, tuple[Value, ...]] = {}
    notices: tuple[Notice, ...] = ()
    if covariates is not None:
        clinical = read_covariates(covariates, asked.id)
        with naming(covariates):
            columns = match_covariates(table.cases, clinical)
            values, notices = clinical_values(found, table.cases, columns, clinical.decimal_marks)
    predictions = score_cases(found, table, values)
    write_scores(out, table.cases, predictions)
    groups = [prediction.risk_group for prediction in predictions]
    say(f"{out}: {len(groups)} cases, {groups.count('high')} high risk, {groups.count('low')} low risk.")
    for notice in notices:
        remark(notice.message)


def validate(asked: ValidateOptions) -> None:
    """Do ``validate``."""
    from ..model.registry import model_path
    from ..study_reports import write_validation_report
    from ..validation import own_patients
    from ..validation import validate as measure

    models = map(model_path, filter(None, (asked.model, asked.comparator)))
    refuse_overwriting([*models, asked.features, asked.outcomes], folders=[asked.report])
    tables = _tables(asked)
    scored = _scored(asked.model, tables)
    found = measure(
        scored,
        comparator=_comparator(asked.comparator, scored, tables) if asked.comparator else None,
        label=asked.label,
        kind="external" if asked.external else "validation",
        bootstrap=asked.bootstrap,
        seed=asked.seed,
    )
    with output_folder(asked.report) as folder:
        page = write_validation_report(folder.path, found, tables.hashes())
    own = own_patients(found.training_cases, len(scored.cases))
    if own:
        say(f"! {own}")
    for row in found.performance:
        limits = "" if row.lower is None else f" ({row.lower:.3f} to {row.upper:.3f})"
        say(f"{row.label}: {row.value:.3g}{limits}")
    for notice in found.notices:
        if notice.message != own:
            say(f"! {notice.message}")
    say(f"Report: {folder.final(page)}")
    if folder.remark:
        remark(folder.remark)


def recalibrate(asked: RecalibrateOptions) -> None:
    """Do ``recalibrate``."""
    from ..model.file import save_model
    from ..model.registry import model_path
    from ..validation import recalibrate as fit
    from .terminal import gives

    out, outcomes = asked.out, asked.outcomes
    refuse_overwriting([model_path(asked.model), asked.features, outcomes], [out])
    scored = _scored(asked.model, _tables(asked))
    found = fit(scored, asked.method, file=shown_name(outcomes), sha256=sha256_of(outcomes))
    save_model(found, out)
    say(f"{out}: {found.id}, {found.provenance.changes[-1].what}.")
    say(f"It gives {gives(found)}. Fingerprint {found.fingerprint}")


def _tables(asked: ValidateOptions | RecalibrateOptions) -> StudyTables:
    from ..tables.study_tables import StudyTables

    return StudyTables(
        features=asked.features, outcomes=asked.outcomes, time=asked.time, event=asked.event, case_column=asked.id
    )


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


COMMANDS = command("apply", apply), command("validate", validate), command("recalibrate", recalibrate)
