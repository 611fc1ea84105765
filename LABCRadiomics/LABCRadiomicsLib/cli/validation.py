"""Commands that use a model on a cohort: ``apply``, ``validate`` and ``recalibrate``."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from ..files import output_folder, refuse_overwriting, sha256_of, shown_name
from ..notices import Notice
from .common import ModelArgument, SiteColumnOption, UnknownSite, UnknownSiteOption, naming, remark, say

if TYPE_CHECKING:
    from ..model import Model, Value
    from ..performance import Marker
    from ..scoring import Prediction
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
    SITE = "site"


def apply(
    model: ModelArgument,
    features: FeaturesArgument,
    out: Annotated[Path, typer.Option("--out", metavar="SCORES.csv", help="The table to write.")],
    covariates: Annotated[
        Path | None, typer.Option(metavar="OUTCOMES.csv", help="Clinical values of the same cases.")
    ] = None,
    case_column: IdOption = "case",
    site: SiteColumnOption = None,
    unknown_site: UnknownSiteOption = UnknownSite.REFUSE,
) -> None:
    """Score every case of a feature table."""
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

    refuse_overwriting([model_path(model), features, covariates], [out])
    found = find_model(model)
    require_made_for(found, features)
    table = read_model_features(features, found, case_column)
    values: dict[str, tuple[Value, ...]] = {}
    notices: tuple[Notice, ...] = ()
    sites = None
    if site is not None and covariates is None:
        raise InputError(f"Option --site {site} names a column of the table of --covariates: give that table too.")
    if covariates is not None:
        clinical = read_covariates(covariates, case_column)
        with naming(covariates):
            columns = match_covariates(table.cases, clinical)
            values, notices = clinical_values(found, table.cases, columns, clinical.decimal_marks)
            sites = sites_of(table, clinical, site)
    predictions = score_cases(found, table, values, sites=sites, unknown_site=unknown_site.value)
    write_scores(out, table.cases, predictions)
    groups = [prediction.risk_group for prediction in predictions]
    say(f"{out}: {len(groups)} cases, {groups.count('high')} high risk, {groups.count('low')} low risk.")
    for notice in (*notices, *_of_every_case(predictions)):
        remark(notice.message)


def _of_every_case(predictions: Sequence[Prediction]) -> list[Notice]:
    """The gravest of what was noticed of cases: those that were not adjusted to their site, once for all."""
    strange = [notice for p in predictions for notice in p.warnings if notice.code == "not-harmonized"]
    if not strange:
        return []
    text = f"{len(strange)} of {len(predictions)} cases were scored as measured; of the first: {strange[0].message}"
    return [Notice("not-harmonized", text, grave=True)]


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
    site: SiteColumnOption = None,
    unknown_site: UnknownSiteOption = UnknownSite.REFUSE,
) -> None:
    """Measure a model on another cohort, with its stored cutoff."""
    from ..cohort.record import recorded_software
    from ..model.registry import model_path
    from ..study_reports import write_validation_report
    from ..tables.study_tables import StudyTables
    from ..validation import own_patients
    from ..validation import validate as measure

    refuse_overwriting([*map(model_path, filter(None, (model, comparator))), features, outcomes], folders=[report])
    tables = StudyTables(features=features, outcomes=outcomes, time=time, event=event, case_column=case_column)
    scored = _scored(model, tables, site, unknown_site)
    found = measure(
        scored,
        comparator=_comparator(comparator, scored, tables, site, unknown_site) if comparator else None,
        label=label,
        kind="external" if external else "validation",
        bootstrap=bootstrap,
        seed=seed,
    )
    with output_folder(report) as folder:
        page = write_validation_report(folder.path, found, tables.hashes(), recorded_software(features))
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


def recalibrate(
    model: ModelArgument,
    features: FeaturesArgument,
    outcomes: OutcomesArgument,
    out: Annotated[Path, typer.Option("--out", metavar="MODEL2.json", help="The model file to write.")],
    time: TimeOption,
    event: EventOption,
    case_column: IdOption = "case",
    method: Annotated[
        Method, typer.Option(help="The baseline alone, baseline and slope, or nothing but the site of --site.")
    ] = Method.BASELINE,
    site: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Site of all these cases, for a model harmonized over sites; one it does not know is added to it.",
        ),
    ] = None,
    unknown_site: UnknownSiteOption = UnknownSite.REFUSE,
) -> None:
    """Fit a model's baseline survival, or baseline and slope, to a local cohort."""
    from ..model.file import save_model
    from ..model.registry import find_model, model_path
    from ..tables.study_tables import StudyTables
    from ..validation import recalibrate as fit
    from .terminal import gives

    refuse_overwriting([model_path(model), features, outcomes], [out])
    if method is Method.SITE and site is None:
        raise InputError("Option --method site adds a site and nothing else: name it with --site.")
    tables = StudyTables(features=features, outcomes=outcomes, time=time, event=event, case_column=case_column)
    found = find_model(model)
    if site is not None:
        found = _with_site(found, site, tables)
        if method is Method.SITE and found.fingerprint == find_model(model).fingerprint:
            raise InputError(f"model {found.id} knows site {site} already: there is nothing to add.")
    if method is not Method.SITE:
        scored = _scored(found, tables, all_of=site, unknown_site=unknown_site)
        slope = method is Method.SLOPE
        found = fit(scored, "slope" if slope else "baseline", file=shown_name(outcomes), sha256=sha256_of(outcomes))
    save_model(found, out)
    say(f"{out}: {found.id}, {found.provenance.changes[-1].what}.")
    say(f"It gives {gives(found)}. Fingerprint {found.fingerprint}")


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
    unknown_site: UnknownSite = UnknownSite.REFUSE,
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
        return score_cohort(found, table, outcomes, sites=sites, unknown_site=unknown_site.value)


def _comparator(
    given: str, scored: ScoredCohort, tables: StudyTables, site: str | None, unknown_site: UnknownSite
) -> Marker:
    """A bundled model, a model file, or else columns of the outcome table."""
    from ..model.registry import bundled_model_files, find_model
    from ..validation import clinical_marker, horizons_of, model_marker

    horizons = horizons_of(scored)
    if Path(given).is_file() or given in {path.stem for path in bundled_model_files()}:
        model = find_model(given)
        other = _scored(model, tables, site if model.harmonization else None, unknown_site)
        return model_marker(other, horizons, f"comparator {other.model.id}")
    with tables.naming_outcomes():
        return clinical_marker([name.strip() for name in given.split(",")], scored, horizons)


COMMANDS = (apply, validate, recalibrate)
