"""What the commands share: the exit codes, the options, progress."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

ModelOption = Annotated[str, typer.Option("--model", help="Id of a bundled model, or path of a model file.")]
ModelArgument = Annotated[str, typer.Argument(help="Id of a bundled model, or path of a model file.")]
OutFolderOption = Annotated[Path | None, typer.Option("--out", help="Folder for report.html and result.json.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def refuse(sentence: str, code: int = 2) -> None:
    """End with one sentence on stderr."""
    print(f"labcradiomics: {' '.join(sentence.split())}", file=sys.stderr)
    sys.exit(code)


class ProgressBar:
    """A progress bar with the time left, fed by a callback of (done, total)."""

    def __init__(self, what: str):
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._bar = Progress(*columns, console=Console(stderr=True))
        self._task = self._bar.add_task(what, total=None)

    def __enter__(self):
        self._bar.start()
        return lambda done, total: self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()
