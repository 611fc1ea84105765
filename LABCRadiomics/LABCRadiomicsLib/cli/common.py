"""What the commands share: the exit codes, the options, progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..errors import CohortError

ModelOption = Annotated[str, typer.Option("--model", help="Id of a bundled model, or path of a model file.")]
ModelArgument = Annotated[str, typer.Argument(help="Id of a bundled model, or path of a model file.")]
OutFolderOption = Annotated[
    Path | None, typer.Option("--out", help="Folder for report.html, result.json and, from DICOM, result.dcm.")
]
SegmentOption = Annotated[
    str | None, typer.Option("--segment", metavar="NAME|N", help="The tumor's segment or ROI, when there are several.")
]
PhaseOption = Annotated[
    str | None,
    typer.Option(
        "--phase",
        metavar="N|SECONDS|first-post",
        help="Which acquisition of a series that holds several: its number, seconds after the first (90s), "
        "or the first after contrast.",
    ),
]
SeriesOption = Annotated[
    str | None,
    typer.Option("--series", metavar="N|NAME", help="Which DICOM series of a folder that holds several."),
]
SpacingOption = Annotated[
    str | None, typer.Option("--spacing", metavar="X,Y,Z", help="Voxel size in mm, for files that state none.")
]
RegularGridOption = Annotated[
    bool, typer.Option("--regular-grid", help="Resample DICOM slices that make no regular grid, instead of refusing.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def refuse(sentence: str, code: int = 2) -> None:
    """End with one sentence on stderr."""
    print(f"labcradiomics: {' '.join(sentence.split())}", file=sys.stderr)
    sys.exit(code)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put a table's path in front of what is said of its cases."""
    try:
        yield
    except CohortError as error:
        raise CohortError(f"{path}: {error}") from error


class ProgressBar:
    """A progress bar with the time left, fed by a callback of (done, total)."""

    def __init__(self, what: str):
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        # A case may take minutes: estimate the time left over the last ten, not the last half.
        self._bar = Progress(*columns, console=Console(stderr=True), speed_estimate_period=600)
        self._task = self._bar.add_task(what, total=None)

    def __enter__(self):
        return self._advance

    def _advance(self, done: int, total: int) -> None:
        if not self._bar.live.is_started:  # not before there is something to show: a refusal stays one sentence
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, *exception: object) -> None:
        if self._bar.live.is_started:
            self._bar.stop()
