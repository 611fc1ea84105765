"""Commands on cohorts: ``extract``, ``agreement`` and ``simulate``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from ..files import refuse_overwriting
from .common import (
    PhaseOption,
    ProgressBar,
    RegularGridOption,
    SegmentOption,
    SeriesOption,
    SpacingOption,
    refuse,
    remark,
    say,
)

if TYPE_CHECKING:
    from ..features.settings import ExtractionSettings
    from ..preprocessing import Step


class Features(StrEnum):
    """Which features ``extract`` computes."""

    ALL = "all"
    MODEL = "model"


class ArrayOrder(StrEnum):
    """In which order of axes the voxels are taken."""

    AS_LOADED = "as-loaded"
    LPS = "LPS"


def extract(
    cases: Annotated[
        Path, typer.Argument(help="CSV with case, image, mask and perhaps label, segment, phase, spacing.")
    ],
    out: Annotated[Path, typer.Option(help="The feature table to write.")],
    features: Annotated[Features, typer.Option(help="All features of the settings, or those of the model.")] = (
        Features.ALL
    ),
    model: Annotated[str | None, typer.Option(help="Take the extraction settings of this model (id or path).")] = None,
    settings: Annotated[Path | None, typer.Option(help="Pyradiomics parameter file.")] = None,
    segment: SegmentOption = None,
    phase: PhaseOption = None,
    series: SeriesOption = None,
    spacing: SpacingOption = None,
    regular_grid: RegularGridOption = False,
    array_order: Annotated[ArrayOrder | None, typer.Option(help="Order of the voxels' axes; by default LPS.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Cases at once; by default one a processor.")] = None,
    preprocessing: Annotated[
        Path | None,
        typer.Option(help="JSON list of steps that make intensities comparable before; see the user guide."),
    ] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler that gets the cases.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
) -> None:
    """Extract the radiomics features of a cohort."""
    from ..cohort import errors_path, extract_cases, journal_path
    from ..cohort.record import record_path
    from ..imaging import ReadingOptions
    from ..model.registry import model_path

    if jobs is not None and scheduler is not None:
        raise InputError("Option --jobs has no meaning with --scheduler: its workers are the cluster's, leave one out.")
    outputs = out, errors_path(out), journal_path(out), record_path(out)
    refuse_overwriting([cases, settings, preprocessing, model and model_path(model)], outputs)
    chosen, names, steps = _what_to_extract(features, model, settings, array_order, preprocessing)
    reading = ReadingOptions.from_texts(phase, spacing, regular_grid, segment, series)
    try:
        with ProgressBar("extracting") as advance:
            run = extract_cases(cases, out, chosen, names, jobs, resume, scheduler, advance, reading, steps)
    except KeyboardInterrupt:
        refuse("Interrupted; the finished cases are kept, run the same again with --resume.", code=130)
    if run.failed:
        what = f"{run.failed} of {run.cases} cases have no features: {run.errors_csv} says why; repair them and run"
        remark(f"{what} the same again with --resume.")
    resumed = f", {run.resumed} of them from the interrupted run" if run.resumed else ""
    say(f"{run.features_csv}: {run.cases - run.failed} cases{resumed}. Settings: {run.record}")


def _what_to_extract(
    features: Features,
    model: str | None,
    settings: Path | None,
    array_order: ArrayOrder | None,
    preprocessing: Path | None,
) -> tuple[ExtractionSettings, list[str] | None, tuple[Step, ...]]:
    """Give the settings, the names of the features if not all are wanted, and the steps of preprocessing."""
    from ..features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
    from ..preprocessing import read_steps, read_steps_file

    if model is None:
        given = read_steps_file(preprocessing) if preprocessing is not None else ()
        if features is Features.MODEL:
            raise InputError("Option --features model needs --model: name the model.")
        order = array_order or ArrayOrder.LPS
        return ExtractionSettings.from_parameters(settings or SLICER_RADIOMICS_PARAMETERS, order.value), None, given
    options = {"--settings": settings, "--array-order": array_order, "--preprocessing": preprocessing}
    if option := next((name for name, value in options.items() if value is not None), None):
        raise InputError(f"Option {option} contradicts --model, which has its own settings: leave one out.")
    from ..model.registry import find_model
    from ..patient import extraction_settings
    from ..scoring import require_score

    found = find_model(model)
    steps = read_steps(found.extraction.preprocessing) if found.extraction is not None else ()
    if features is Features.ALL:
        return extraction_settings(found), None, steps
    score = require_score(found)
    return extraction_settings(found), [term.feature for term in score.terms], steps


def agreement(
    reader1: Annotated[Path, typer.Argument(help="Feature table of the first reader's segmentations.")],
    reader2: Annotated[Path, typer.Argument(help="Feature table of the second reader's segmentations.")],
    out: Annotated[Path | None, typer.Option(help="The table of correlations to write.")] = None,
    min_icc: Annotated[float, typer.Option(min=-1, max=1, help="What correlations have to exceed.")] = 0.75,
    repeat: Annotated[
        Path | None, typer.Option(help="Feature table of the first reader's second segmentations.")
    ] = None,
    feature_columns: Annotated[str | None, typer.Option(help="Regular expression of the feature columns.")] = None,
    case_id: Annotated[str, typer.Option("--id", help="Column that names the cases.")] = "case",
) -> None:
    """Measure how well the features of two readers' segmentations agree: ICC(2,1) with 95% limits."""
    from ..cohort.agreement import reader_agreement, write_agreement
    from ..cohort.record import record_path

    read = [path for path in (reader1, reader2, repeat) if path]
    refuse_overwriting([*read, *map(record_path, read)], [out])
    found = reader_agreement(reader1, reader2, repeat, columns=feature_columns, id=case_id)
    if out is not None:
        write_agreement(out, found)
    for notice in found.notices:
        remark(notice.message)
    count = int(found.exceeding(min_icc).sum())
    both = "" if repeat is None else ", between readers and on repetition,"
    say(
        f"{count} of {len(found.features)} features{both} have an ICC(2,1) above {min_icc:g} "
        f"({found.between.cases} cases, 2 readers)."
    )
    if out is not None:
        say(f"Table: {out}")


def simulate(
    patients: Annotated[int, typer.Option(min=1, help="Number of patients.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")],
    out: Annotated[Path, typer.Option(help="New or empty folder.")],
    readers: Annotated[int, typer.Option(help="Contours per tumor.")] = 2,
    jobs: Annotated[int, typer.Option(min=1, help="Patients simulated at once.")] = 2,
) -> None:
    """Write a simulated cohort: phantom MRI, contours, outcomes and the truth."""
    from ..simulation import write_simulation

    with ProgressBar("simulating") as advance:
        folder = write_simulation(out, patients, seed, readers, jobs, advance)
    say(f"{patients} simulated patients in {folder}. Simulated data: no patient is described.")


COMMANDS = (extract, agreement, simulate)
