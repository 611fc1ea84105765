"""Agreement of readers whose segments lie in one file a case: both readers' features, then their correlations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import CohortError, InputError
from ..features.settings import ExtractionSettings
from ..imaging import AS_FILES_SAY, ReadingOptions
from ..notices import Notice
from ..preprocessing import Step
from ..sentences import many
from .agreement import Agreement, reader_agreement
from .case_table import read_cases
from .feature_table import extract_cases

ROLES = ("reader1", "reader2", "repeat")


def tables_beside(out_csv: str | os.PathLike[str], segments: Sequence[str]) -> list[Path]:
    """Give the paths of the readers' feature tables: ``ICC.csv`` has ``ICC_reader1.csv``, ``ICC_reader2.csv``, ..."""
    out = Path(out_csv)
    return [out.with_name(f"{out.stem}_{role}.csv") for role in ROLES[: len(segments)]]


def segment_agreement(
    cases_csv: str | os.PathLike[str],
    segments: Sequence[str],
    tables: Sequence[Path],
    settings: ExtractionSettings,
    features: Iterable[str] | None = None,
    *,
    jobs: int | None = None,
    resume: bool = False,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    reading: ReadingOptions = AS_FILES_SAY,
    steps: Sequence[Step] = (),
) -> Agreement:
    """Extract the features of two readers' segments, which each mask of a case table holds, and compare them.

    Parameters
    ----------
    cases_csv : path
        See :func:`.feature_table.extract_cases`; a case whose mask lacks a reader's segment has no part in it.
    segments : sequence of str
        Name, identifier or number of the first reader's segment, of the second's, and perhaps of the first reader's
        second one.
    tables : sequence of pathlib.Path
        Where each one's feature table is written, with the record of its settings beside it.
    settings, features, jobs, resume, scheduler, reading, steps
        See :func:`.feature_table.extract_cases`.
    progress : callable, optional
        Called with the number of segments done and their total.

    Returns
    -------
    Agreement
        Among its notices is how many cases lack a segment.

    Raises
    ------
    InputError
        There are not two or three different segments.
    CohortError
        The case table chooses segments itself, a reader has no case, or see :func:`.agreement.reader_agreement`.
    """
    if not 2 <= len(set(segments)) == len(segments) <= len(ROLES):
        given = ", ".join(map(repr, segments)) or "none"
        raise InputError(
            f"Segments are {given}: give two different ones, or a third for the first reader's repetition."
        )
    names = features if features is None else tuple(features)
    cases = read_cases(cases_csv)
    for case in cases:
        if case.segment or case.label:
            column = "segment" if case.segment else "label"
            raise CohortError(
                f"{cases_csv}, row {case.row}: column {column} chooses a segment, and so do the readers' segments: "
                f"empty the column {column}."
            )
    notices = []
    for at, (segment, table) in enumerate(zip(segments, tables, strict=True)):
        tell = None if progress is None else _shifted(progress, at * len(cases), len(segments) * len(cases))
        run = extract_cases(
            cases_csv, table, settings, names, jobs, resume, scheduler, tell, replace(reading, segment=segment), steps
        )
        if run.failed:
            of = f"{run.failed} of {many(run.cases, 'case')}"
            text = f"Without features of segment {segment!r}: {of}; {run.errors_csv} says why."
            notices.append(Notice("cases-without-segment", text))
    found = reader_agreement(*tables)
    return replace(found, notices=(*notices, *found.notices))


def _shifted(progress: Callable[[int, int], None], before: int, total: int) -> Callable[[int, int], None]:
    """Progress of one part of several."""
    return lambda done, _: progress(before + done, total)
