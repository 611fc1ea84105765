"""Commands that use a model on a cohort: ``apply``, ``validate`` and ``recalibrate``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..files import output_folder, refuse_overwriting, sha256_of, shown_name
from ..notices import Notice
from ..sentences import many
from ..step_options import ApplyOptions, RecalibrateOptions, UnknownSite, ValidateOptions, split_texts
from .common import naming, remark, say
from .declared import command

if TYPE_CHECKING:
    from ..model import Model, Value
    from ..performance import Marker
    from ..scoring import Prediction
    from ..scoring.cohort import ScoredCohort
    from ..tables.study_tables import StudyTables


def apply(asked: ApplyOptions) -> None:
    """Do ``apply``."""
    from ..cohort.record import require_made_for
    from ..model.registry import find_model, model_path
    from ..scoring.cohort import (
        clinical_values,
        match_covariates,
        read_model_features,
        score_cases,
        sites_of,
        write_scores,
    )
    from ..tables.cohort import read_covariates

    out, covariates = asked.out, asked.covariates
    refuse_overwriting([model_path(asked.model), asked.features, covariates], [out])
    found = find_model(asked.model)
    require_made_for(found, asked.features)
    table = read_model_features(asked.features, found, asked.id)
    values: dict[str, tuple[Value, ...]] = {}
    notices: tuple[Notice, ...] = ()
    sites = None
    if asked.site is not None and covariates is None:
        raise InputError(
            f"Option --site {asked.site} names a column of the table of --covariates: give that table too."
        )
    if covariates is not None:
        clinical = read_covariates(covariates, asked.id)
        with naming(covariates):
            columns = match_covariates(table.cases, clinical)
            values, notices = clinical_values(found, table.cases, columns, clinical.decimal_marks)
            sites = sites_of(table, clinical, asked.site)
    predictions = score_cases(found, table, values, sites=sites, unknown_site=asked.unknown_site)
    write_scores(out, table.cases, predictions)
    groups = [prediction.risk_group for prediction in predictions]
    say(f"{out}: {many(len(groups), 'case')}, {groups.count('high')} high risk, {groups.count('low')} low risk.")
    for notice in (*notices, *_of_every_case(predictions)):
        remark(notice.message)


def _of_every_case(predictions: Sequence[Prediction]) -> list[Notice]:
    """The gravest of what was noticed of cases: those that were not adjusted to their site, once for all."""
    strange = [notice for p in predictions for notice in p.warnings if notice.code == "not-harmonized"]
    if not strange:
        return []
    which = f"{len(strange)} of {many(len(predictions), 'case')}"
    text = f"Scored as measured: {which}; of the first: {strange[0].message}"
    return [Notice("not-harmonized", text, grave=True)]


def validate(asked: ValidateOptions) -> None:
    """Do ``validate``."""
    from ..cohort.record import recorded_software
    from ..model.registry import model_path
    from ..study_reports import write_validation_report
    from ..study_reports.clinical_gain_section import verdict_sentence
    from ..validation import own_patients
    from ..validation import validate as measure

    models = map(model_path, filter(None, (asked.model, asked.comparator)))
    refuse_overwriting([*models, asked.features, asked.outcomes], folders=[asked.report])
    tables = _tables(asked)
    scored = _scored(asked.model, tables, asked.site, asked.unknown_site)
    found = measure(
        scored,
        comparator=_comparator(asked, scored, tables) if asked.comparator else None,
        label=asked.label,
        kind="external" if asked.external else "validation",
        bootstrap=asked.bootstrap,
        seed=asked.seed,
    )
    with output_folder(asked.report) as folder:
        page = write_validation_report(folder.path, found, tables.hashes(), recorded_software(asked.features))
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


def recalibrate(asked: RecalibrateOptions) -> None:
    """Do ``recalibrate``."""
    from ..model.file import save_model
    from ..model.registry import find_model, model_path
    from ..validation import recalibrate as fit
    from .terminal import gives

    out, outcomes, site = asked.out, asked.outcomes, asked.site
    refuse_overwriting([model_path(asked.model), asked.features, outcomes], [out])
    if asked.method == "site" and site is None:
        raise InputError("Option --method site adds a site and nothing else: name it with --site.")
    tables = _tables(asked)
    found = find_model(asked.model)
    if site is not None:
        found = _with_site(found, site, tables)
        if asked.method == "site" and found.fingerprint == find_model(asked.model).fingerprint:
            raise InputError(f"model {found.id} knows site {site} already: there is nothing to add.")
    if asked.method != "site":
        scored = _scored(found, tables, all_of=site, unknown_site=asked.unknown_site)
        found = fit(scored, asked.method, file=shown_name(outcomes), sha256=sha256_of(outcomes))
    save_model(found, out)
    say(f"{out}: {found.id}, {found.provenance.changes[-1].what}.")
    say(f"It gives {gives(found)}. Fingerprint {found.fingerprint}")


def _tables(asked: ValidateOptions | RecalibrateOptions) -> StudyTables:
    from ..tables.study_tables import StudyTables

    return StudyTables(
        features=asked.features,
        outcomes=asked.outcomes,
        time=asked.time,
        event=asked.event,
        case_column=asked.id,
        competing=asked.competing,
    )


def _with_site(model: Model, site: str, tables: StudyTables) -> Model:
    """The model with a site that it may not have known, learned from the cases of the tables."""
    from ..cohort.record import require_made_for
    from ..scoring.cohort import read_model_features
    from ..validation.site_addition import add_site, few_cases

    for path in tables.files[:1]:
        require_made_for(model, path)
    table, outcomes = read_model_features(tables.features, model, tables.case_column), tables.read_outcomes()
    record = {shown_name(path): sha256_of(path) for path in tables.files[-1:]}
    file, sha256 = next(iter(record.items()), (None, None))
    with tables.naming_outcomes():
        found = add_site(model, site, table, outcomes, file=file, sha256=sha256)
    scarce = few_cases(site, table.cases)
    if scarce and found is not model:
        remark(scarce)
    return found


def _scored(
    model: str | Model,
    tables: StudyTables,
    site: str | None = None,
    unknown_site: UnknownSite = "refuse",
    *,
    all_of: str | None = None,
) -> ScoredCohort:
    """Score the cohort, its sites being in a column of the outcomes, or all one."""
    from ..cohort.record import require_made_for
    from ..model.registry import find_model
    from ..scoring.cohort import read_model_features, score_cohort, sites_of

    found = find_model(model) if isinstance(model, str) else model
    for path in tables.files[:1]:  # the feature table
        require_made_for(found, path)
    table, outcomes = read_model_features(tables.features, found, tables.case_column), tables.read_outcomes()
    with tables.naming_outcomes():
        sites = sites_of(table, outcomes, site) if all_of is None else (all_of,) * len(table.cases)
        return score_cohort(found, table, outcomes, sites=sites, unknown_site=unknown_site)


def _comparator(asked: ValidateOptions, scored: ScoredCohort, tables: StudyTables) -> Marker:
    """A bundled model, a model file, or else columns of the outcome table."""
    from ..model.registry import bundled_model_files, find_model
    from ..validation import clinical_marker, horizons_of, model_marker

    given, horizons = str(asked.comparator), horizons_of(scored)
    if Path(given).is_file() or given in {path.stem for path in bundled_model_files()}:
        model = find_model(given)
        other = _scored(model, tables, asked.site if model.harmonization else None, asked.unknown_site)
        return model_marker(other, horizons, f"comparator {other.model.id}")
    with tables.naming_outcomes():
        return clinical_marker(list(split_texts(given)), scored, horizons)


COMMANDS = command("apply", apply), command("validate", validate), command("recalibrate", recalibrate)
