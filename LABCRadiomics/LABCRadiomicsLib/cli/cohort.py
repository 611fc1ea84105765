"""Commands on cohorts: ``extract``, ``agreement`` and ``simulate``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..files import refuse_overwriting
from ..sentences import many
from ..step_options import AgreementOptions, ExtractOptions, HowToExtract, SimulateOptions, options_of
from .common import ProgressBar, refuse, remark, say
from .declared import command

if TYPE_CHECKING:
    from ..cohort.agreement import Agreement
    from ..features.settings import ExtractionSettings
    from ..preprocessing import Step


def extract(asked: ExtractOptions) -> None:
    """Do ``extract``."""
    from ..cohort import errors_path, extract_cases, journal_path
    from ..cohort.record import record_path
    from ..imaging import ReadingOptions
    from ..model.registry import model_path

    if asked.jobs is not None and asked.scheduler is not None:
        raise InputError("Option --jobs has no meaning with --scheduler: its workers are the cluster's, leave one out.")
    out = asked.out
    outputs = out, errors_path(out), journal_path(out), record_path(out)
    inputs = [asked.cases, asked.settings, asked.preprocessing, asked.model and model_path(asked.model)]
    refuse_overwriting(inputs, outputs)
    chosen, names, steps = _what_to_extract(asked)
    reading = ReadingOptions.from_texts(asked.phase, asked.spacing, asked.regular_grid, asked.segment, asked.series)
    try:
        with ProgressBar("extracting") as advance:
            run = extract_cases(
                asked.cases, out, chosen, names, asked.jobs, asked.resume, asked.scheduler, advance, reading, steps
            )
    except KeyboardInterrupt:
        refuse("Interrupted; the finished cases are kept, run the same again with --resume.", code=130)
    if run.failed:
        which = f"{run.failed} of {many(run.cases, 'case')}; {run.errors_csv} says why"
        remark(f"Without features: {which}. Repair them and run the same again with --resume.")
    resumed = f", {run.resumed} of them from the interrupted run" if run.resumed else ""
    say(f"{run.features_csv}: {many(run.cases - run.failed, 'case')}{resumed}. Settings: {run.record}")


def _what_to_extract(asked: HowToExtract) -> tuple[ExtractionSettings, list[str] | None, tuple[Step, ...]]:
    """Give the settings, the names of the features if not all are wanted, and the steps of preprocessing."""
    from ..features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
    from ..preprocessing import read_steps, read_steps_file

    if asked.model is None:
        given = read_steps_file(asked.preprocessing) if asked.preprocessing is not None else ()
        if asked.features == "model":
            raise InputError("Option --features model needs --model: name the model.")
        parameters = asked.settings or SLICER_RADIOMICS_PARAMETERS
        return ExtractionSettings.from_parameters(parameters, asked.array_order or "LPS"), None, given
    own = {"--settings": asked.settings, "--array-order": asked.array_order, "--preprocessing": asked.preprocessing}
    if option := next((name for name, value in own.items() if value is not None), None):
        raise InputError(f"Option {option} contradicts --model, which has its own settings: leave one out.")
    from ..model.registry import find_model
    from ..patient import extraction_settings
    from ..scoring import require_score

    found = find_model(asked.model)
    steps = read_steps(found.extraction.preprocessing) if found.extraction is not None else ()
    if asked.features == "all":
        return extraction_settings(found), None, steps
    score = require_score(found)
    return extraction_settings(found), [term.feature for term in score.terms], steps


def agreement(asked: AgreementOptions) -> None:
    """Do ``agreement``."""
    from ..cohort.agreement import write_agreement

    found = _segment_agreement(asked) if asked.segments else _table_agreement(asked)
    if asked.out is not None:
        write_agreement(asked.out, found)
    for notice in found.notices:
        remark(notice.message)
    count = int(found.exceeding(asked.min_icc).sum())
    both = "" if found.repeated is None else ", between readers and on repetition,"
    say(
        f"{count} of {len(found.features)} features{both} have an ICC(2,1) above {asked.min_icc:g} "
        f"({found.between.cases} cases, 2 readers)."
    )
    if asked.out is not None:
        say(f"Table: {asked.out}")


def _table_agreement(asked: AgreementOptions) -> Agreement:
    """Compare two feature tables."""
    from ..cohort.agreement import reader_agreement
    from ..cohort.record import record_path

    if asked.reader2 is None:
        raise InputError(
            "Only one table is given: give the feature tables of both readers, or a case table and the readers' "
            "segments with --segments A,B."
        )
    usual = {row.name: row.default for row in options_of(HowToExtract)}
    if given := [name for name, default in usual.items() if getattr(asked, name) != default]:
        flag = f"--{given[0].replace('_', '-')}"
        raise InputError(f"Option {flag} has no meaning without --segments, for nothing is extracted: leave it out.")
    read = [path for path in (asked.reader1, asked.reader2, asked.repeat) if path]
    refuse_overwriting([*read, *map(record_path, read)], [asked.out])
    return reader_agreement(
        asked.reader1, asked.reader2, asked.repeat, columns=asked.feature_columns, id=asked.id
    )  # fmt: skip


def _segment_agreement(asked: AgreementOptions) -> Agreement:
    """Extract the features of the readers' segments, beside the table of correlations if there is one, and compare."""
    from ..cohort import errors_path, journal_path
    from ..cohort.reader_segments import segment_agreement, tables_beside
    from ..cohort.record import record_path
    from ..imaging import ReadingOptions

    refused = {"READER2": asked.reader2, "--repeat": asked.repeat, "--feature-columns": asked.feature_columns}
    if given := next((name for name, value in refused.items() if value is not None), None):
        raise InputError(f"{given} has no meaning with --segments, which extracts the readers' features: leave it out.")
    settings, names, steps = _what_to_extract(asked)
    reading = ReadingOptions.from_texts(asked.phase, asked.spacing, asked.regular_grid, None, asked.series)
    with tempfile.TemporaryDirectory(prefix="labcradiomics-") as scratch:
        tables = tables_beside(asked.out or Path(scratch, "icc.csv"), asked.segments)
        made = [of(table) for table in tables for of in (Path, errors_path, journal_path, record_path)]
        refuse_overwriting([asked.reader1, asked.settings, asked.preprocessing], [asked.out, *made])
        try:
            with ProgressBar("extracting") as advance:
                return segment_agreement(
                    asked.reader1, asked.segments, tables, settings, names, jobs=asked.jobs, resume=asked.resume,
                    scheduler=asked.scheduler, progress=advance, reading=reading, steps=steps,
                )  # fmt: skip
        except KeyboardInterrupt:
            refuse("Interrupted; with --out the finished cases are kept, run the same again with --resume.", code=130)


def simulate(asked: SimulateOptions) -> None:
    """Do ``simulate``."""
    from ..simulation import write_simulation

    with ProgressBar("simulating") as advance:
        folder = write_simulation(asked.out, asked.patients, asked.seed, asked.readers, asked.jobs, advance)
    say(f"{asked.patients} simulated patients in {folder}. Simulated data: no patient is described.")


COMMANDS = command("extract", extract), command("agreement", agreement), command("simulate", simulate)
