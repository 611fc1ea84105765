"""Features of a cohort: a case table to a feature table, in parallel, durable case by case, resumable."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from ..errors import CohortError, InputError, LABCRadiomicsError
from ..features.settings import ExtractionSettings
from ..files import refuse_overwriting
from ..imaging import AS_FILES_SAY, ReadingOptions
from ..model import Extraction
from ..preprocessing import Masks, Step, describe, preprocess
from ..tables.csv_table import CASE, unwritable, write_table
from .case_table import Case, read_cases
from .execution import Failure, available_processes, over_cluster, over_processes
from .journal import Journal
from .record import extraction_of, record_path, software_versions, write_record

_DIAGNOSTICS = (
    "voxels", "volume_mm3", "spacing_mm", "axes", "input_sha256", "mean", "contrast", "manufacturer",
    "field_strength_t", "notices",
)  # fmt: skip


@dataclass(frozen=True)
class CohortExtraction:
    """The outcome of :func:`extract_cases`.

    Attributes
    ----------
    features_csv : pathlib.Path
    errors_csv : pathlib.Path or None
        Where the cases that failed are listed; None when none did.
    record : pathlib.Path
        What the features were made with.
    cases, failed, resumed : int
        Number of cases, of those without features, and of those taken from an interrupted run.
    """

    features_csv: Path
    errors_csv: Path | None
    record: Path
    cases: int
    failed: int
    resumed: int


@dataclass(frozen=True)
class _Task:
    """What a worker needs to know; small, and all of it text and settings."""

    case: Case
    folder: str
    settings: ExtractionSettings
    features: tuple[str, ...] | None
    software: dict[str, str]
    reading: ReadingOptions
    steps: tuple[Step, ...] = ()


def errors_path(out_csv: str | os.PathLike[str]) -> Path:
    """Give the path of the table of failed cases: ``OUT.csv`` has ``OUT_errors.csv``."""
    out = Path(out_csv)
    return out.with_name(f"{out.stem}_errors.csv")


def journal_path(out_csv: str | os.PathLike[str]) -> Path:
    """Give the path of the journal of an extraction: ``OUT.csv`` has ``OUT.csv.partial``."""
    out = Path(out_csv)
    return out.with_name(f"{out.name}.partial")


def extract_cases(
    cases_csv: str | os.PathLike[str],
    out_csv: str | os.PathLike[str],
    settings: ExtractionSettings,
    features: Iterable[str] | None = None,
    jobs: int | None = None,
    resume: bool = False,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    reading: ReadingOptions = AS_FILES_SAY,
    steps: Sequence[Step] = (),
) -> CohortExtraction:
    """Extract the features of every case of a table.

    The result does not depend on ``jobs``, on ``scheduler``, or on interruptions.

    Parameters
    ----------
    cases_csv : path
        case,image,mask and any of label, segment, phase, spacing, series, breast, tissue; paths relative to the table.
    out_csv : path
        Feature table: one row a case in the order of the case table, first column ``case``, features, then
        ``diagnostics_*``. A feature without a finite value has an empty cell.
    settings : ExtractionSettings
    features : iterable of str, optional
        Names of the features; default all that the settings enable.
    jobs : int, optional
        Processes; default as many as the machine runs at once. Memory grows with it, not with the cohort.
    resume : bool
        Go on with the journal of an interrupted run; cases that failed or whose files changed are done again.
    scheduler : str, optional
        Address of a Dask scheduler whose workers see the same files; instead of ``jobs``.
    progress : callable, optional
        Called with the number of cases done and their total. An exception it raises cancels the run, resumably.
    reading : ReadingOptions
        How images and masks are read, where a row of the table does not say so itself.
    steps : sequence of Step
        What is done to each image before, see :func:`.preprocessing.preprocess`.

    Returns
    -------
    CohortExtraction

    Raises
    ------
    CohortError
        The case table or the journal is unusable, a file cannot be written, the cluster fails, or no case succeeded.
    InputError
        ``jobs`` is below 1, or a file to write is one to read.
    """
    cases, out = read_cases(cases_csv), Path(out_csv)
    beside = Path(cases_csv).parent
    read = [beside / path for case in cases for path in _files_of(case)]
    refuse_overwriting([cases_csv, *read], [out, errors_path(out), journal_path(out), record_path(out)])
    features = None if features is None else tuple(features)
    if jobs is None:
        jobs = available_processes() if len(cases) > 1 else 1
    if jobs < 1:
        raise InputError(f"The number of jobs is {jobs}: give a whole number of at least 1.")
    folder = str(Path(cases_csv).absolute().parent)
    software = software_versions()
    tasks = {case.name: _Task(case, folder, settings, features, software, reading, tuple(steps)) for case in cases}
    made_with: dict[str, object] = {"settings": asdict(settings), "features": features, "software": software}
    made_with["reading"] = asdict(reading)
    if steps:
        made_with["preprocessing"] = describe(steps)
    with Journal(journal_path(out), made_with, resume=resume) as journal:
        keys = {case.name: _key(case, folder) for case in cases}
        todo = {name: task for name, task in tasks.items() if not journal.holds(name, keys[name])}
        results = over_cluster(_extract, todo, scheduler) if scheduler else over_processes(_extract, todo, jobs)
        _collect(results, journal, keys, len(cases) - len(todo), progress)
        made_by = partial(extraction_of, settings, steps=steps)
        return _write_outputs(out, cases, made_by, features, journal, len(cases) - len(todo))


def _collect(
    results: Iterator[tuple[str, dict | Failure]],
    journal: Journal,
    keys: Mapping[str, str],
    done: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Keep each outcome as it comes."""
    tell = progress or (lambda done, total: None)
    tell(done, len(keys))
    for name, outcome in results:
        journal.add(name, keys[name], {"error": outcome.reason} if isinstance(outcome, Failure) else outcome)
        done += 1
        tell(done, len(keys))


def _key(case: Case, folder: str) -> str:
    """Stand for a case's row and files: a changed cell, size or time makes another key."""
    parts: list[object] = [case.image, case.mask, case.label, case.segment, case.phase, case.spacing, case.series]
    parts += [case.breast, case.tissue, *(_stamps(Path(folder, path)) for path in _files_of(case))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _files_of(case: Case) -> list[str]:
    """The paths that a case names."""
    return [path for path in (case.image, case.mask, case.breast, case.tissue) if path]


def _stamps(path: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of a file, or of every file of a DICOM folder; nothing when it cannot be seen."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        return [(file.name, stat.st_size, stat.st_mtime_ns) for file in files for stat in [file.stat()]]
    except OSError:  # the case's error will say what is wrong with it
        return []


def _extract(task: _Task) -> dict[str, object]:
    """Extract one case in a worker; whatever goes wrong becomes its outcome."""
    try:
        return _extracted(task)
    except LABCRadiomicsError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "There is not enough memory for this case: use fewer jobs."}
    except Exception as error:
        return {"error": f"Defect of the library, please report it: {type(error).__name__}: {error}"}


def _extracted(task: _Task) -> dict[str, object]:
    import SimpleITK as sitk

    from ..features import extract_region
    from ..imaging import read_mask, read_pair
    from ..imaging.surroundings import brightness
    from ..imaging.volume import order_to

    found = software_versions()
    for name, version in task.software.items():
        if found[name] != version:
            raise CohortError(f"This worker has {name} {found[name]} where the run has {version}: install the same.")
    # Sums over a whole image (normalization) depend in their last bit on the number of threads.
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    case = task.case
    files = _path(task, "image", case.image), _path(task, "mask", case.mask)
    image, mask = read_pair(*files, case.reading_options(task.reading))
    volume = image.volume
    if task.steps:
        breast, tissue = (
            read_mask(Path(task.folder, path)).volume if path else None for path in (case.breast, case.tissue)
        )
        ordered = volume.reordered(*order_to(volume, task.settings.array_order))
        volume = preprocess(ordered, task.steps, Masks(breast, tissue))
    label = case.roi_label() if mask.source.segment is None else None  # a segment is the only one in its mask
    region = task.settings.region_of(volume, mask.volume, label)
    result = extract_region(region, task.settings, task.features)
    measured = {name: value if math.isfinite(value) else "" for name, value in brightness(region)._asdict().items()}
    scanner = {
        "manufacturer": image.source.manufacturer or "",
        "field_strength_t": image.source.field_strength_tesla or "",
    }
    told = {**result.diagnostics, **measured, **scanner}
    notices = "; ".join(notice.message for notice in (*image.notices, *mask.notices, *result.notices))
    return {
        "values": {name: value if math.isfinite(value) else None for name, value in result.values.items()},
        "diagnostics": {name: told.get(name, notices) for name in _DIAGNOSTICS},
    }


def _path(task: _Task, role: str, path: str) -> Path:
    if not path:
        raise CohortError(f"The cell of column {role} is empty: give the path of the {role}.")
    return Path(task.folder, path)


def _write_outputs(
    out: Path,
    cases: tuple[Case, ...],
    made_by: Callable[[Iterable[str]], Extraction],
    features: tuple[str, ...] | None,
    journal: Journal,
    resumed: int,
) -> CohortExtraction:
    """Write the tables from the journal, one case in memory at a time."""
    names: dict[str, None] = dict.fromkeys(features or ())
    failed: dict[str, str] = {}
    axes = set()
    for case in cases:
        outcome = journal.outcome(case.name)
        if "error" in outcome:
            failed[case.name] = outcome["error"]
        else:
            names.update(dict.fromkeys(outcome["values"]))
            axes.add(outcome["diagnostics"]["axes"])
    errors = _write_errors(out, cases, failed)
    if len(failed) == len(cases):
        journal.finish()
        old = f"; {out} is of an earlier run" if out.exists() else ""
        raise CohortError(f"None of the {len(cases)} cases has features: {errors} says why for each{old}.")
    succeeded = [case.name for case in cases if case.name not in failed]
    rows = (_row(name, names, journal.outcome(name)) for name in succeeded)
    record_path(out).unlink(missing_ok=True)  # an earlier run's settings must never stand beside this table
    write_table(out, [CASE, *names, *(f"diagnostics_{name}" for name in _DIAGNOSTICS)], rows)
    try:
        record = write_record(out, made_by(axes), {"cases": len(succeeded), "features": len(names)})
    except OSError as error:
        raise unwritable(record_path(out), error) from error
    if failed:
        journal.finish()  # kept: a later --resume does only what failed
    else:
        journal.remove()
    return CohortExtraction(out, errors, record, len(cases), len(failed), resumed)


def _row(name: str, features: Iterable[str], outcome: Mapping[str, Mapping]) -> list[object]:
    values, diagnostics = outcome["values"], outcome["diagnostics"]
    told = (diagnostics.get(name, "") for name in _DIAGNOSTICS)  # a journal of an earlier version has fewer
    texts = [" ".join(map(repr, value)) if isinstance(value, list) else value for value in told]
    return [name, *(values.get(feature) for feature in features), *texts]


def _write_errors(out: Path, cases: Iterable[Case], failed: Mapping[str, str]) -> Path | None:
    """List the failed cases; an earlier run's list goes when there are none."""
    path = errors_path(out)
    if not failed:
        path.unlink(missing_ok=True)
        return None
    write_table(path, (CASE, "row", "error"), ((c.name, c.row, failed[c.name]) for c in cases if c.name in failed))
    return path
