"""What the commands share: the exit codes, the options, progress."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ..errors import CohortError

if TYPE_CHECKING:  # rich takes longer to import than the help to print
    from rich.console import Console
    from rich.progress import Progress

ModelArgument = Annotated[str, typer.Argument(help="Id of a bundled model, or path of a model file.")]
# All that a terminal takes for a command, but for tab and line end.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


_STREAM_FAULTS = {errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EINVAL}
CLOSED_PIPE = 141  # as the shell reports a program that was ended by a closed pipe


def refuse(sentence: str, code: int = 2) -> NoReturn:
    """End with one sentence on stderr."""
    remark(sentence)
    sys.exit(code)


def remark(sentence: str) -> None:
    """Say on stderr what the user should know."""
    line = visible(sentence.strip()).replace("\n", " ")
    print(f"labcradiomics: {line}", file=sys.stderr)


def say(text: str) -> None:
    """Print a line of the result."""
    print(visible(text))


def visible(text: str) -> str:
    """Give a text of the user's as a terminal shows it: what would steer the terminal is written as its code."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def console(*, stderr: bool = False) -> Console:
    """Give a terminal that shows text as it is: square brackets and colons are no markup."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


@contextmanager
def steady_streams() -> Iterator[None]:
    """Let no stream end the program with a traceback: characters it lacks are replaced, a closed pipe ends it.

    Raises
    ------
    SystemExit
        The pipe that the output went to was closed (code 141), or the disk that it goes to is full (code 2).
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno not in _STREAM_FAULTS:
            raise  # of a file, not of a stream
        _end_for(error)
    except SystemExit as ended:
        # The framework ends with code 1, which stands for a defect, when the pipe is closed.
        if isinstance(ended.__context__, OSError) and _is_closed_pipe(ended.__context__):
            _end(CLOSED_PIPE)
        _flush()
        raise
    _flush()


def _flush() -> None:
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError as error:
        _end_for(error)


def _end_for(error: OSError) -> NoReturn:
    """End for a stream that cannot be written."""
    if _is_closed_pipe(error):
        _end(CLOSED_PIPE)
    with suppress(OSError):  # stderr may be what cannot be written
        remark(f"The output cannot be written ({error.strerror or error}): give it another place.")
    _end(2)


def _is_closed_pipe(error: OSError) -> bool:
    return error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL)


def _end(code: int) -> NoReturn:
    """End without the interpreter's last flush, which would fail again and complain on stderr."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and not stream.closed:
            with suppress(OSError, ValueError):  # a stream without a file of the system's
                os.dup2(nowhere, stream.fileno())
    sys.exit(code)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put a table's path in front of what is said of its cases."""
    try:
        yield
    except CohortError as error:
        raise CohortError(f"{path}: {error}") from error


class ProgressBar:
    """A progress bar with the time left, fed by a callback of (done, total); none for a single thing to do."""

    def __init__(self, what: str):
        self._what = what
        self._bar: Progress | None = None

    def __enter__(self):
        return self._advance

    def _advance(self, done: int, total: int) -> None:
        if total < 2:
            return
        if self._bar is None:  # not before there is something to show: a refusal stays one sentence
            self._bar = self._started()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def _started(self) -> Progress:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        # A case may take minutes: estimate the time left over the last ten, not the last half.
        bar = Progress(*columns, console=console(stderr=True), speed_estimate_period=600)
        bar.add_task(self._what, total=None)
        bar.start()
        return bar

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()
