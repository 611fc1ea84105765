"""The journal of a long run: one line of JSON for each finished case, on disk as soon as the case is done.

Written by one process. A kill, a crash or a power cut leaves whole lines and at most one torn last line, which is cut
off when the run is resumed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import CohortError
from ..sentences import many
from ..tables.csv_table import unwritable

FORMAT = "labcradiomics-journal"
_FINISHED = "finished"


class Journal:
    """Outcomes of cases, each durable when :meth:`add` returns; use as a context manager.

    Parameters
    ----------
    path : path
        Made when it does not exist.
    made_with : mapping
        What every outcome depends on, as JSON holds it; a journal made with anything else is refused.
    resume : bool
        Whether to go on with a journal that exists. Without it an unfinished journal is refused and a finished one
        replaced.

    Raises
    ------
    CohortError
        The journal is unfinished and not to be resumed, was made with something else, is damaged, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], made_with: Mapping[str, object], *, resume: bool):
        self.path = Path(path)
        self._places: dict[str, tuple[int, str, bool]] = {}  # case to offset of its line, key, whether it failed
        header = {"format": FORMAT, **made_with}
        try:
            self._file = self.path.open("r+b" if self.path.exists() else "w+b")
        except OSError as error:
            raise unwritable(self.path, error) from error
        try:
            finished = self._read(header)
            if not resume:
                self._start_again(finished)
            if self._end() == 0:
                self._append(header)
                _flush_folder(self.path.parent)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def holds(self, case: str, key: str) -> bool:
        """Say whether a case ended well, made from the input that the key stands for."""
        _, known, failed = self._places.get(case, (0, None, True))
        return known == key and not failed

    def add(self, case: str, key: str, outcome: Mapping[str, object]) -> None:
        """Keep a case's outcome; one that failed has the key ``error``.

        Raises
        ------
        CohortError
            The disk is full.
        """
        offset = self._append({"case": case, "key": key, "outcome": outcome})
        self._places[case] = offset, key, "error" in outcome

    def outcome(self, case: str) -> dict:
        """Read a case's outcome back."""
        self._file.seek(self._places[case][0])
        return json.loads(self._file.readline())["outcome"]

    def finish(self) -> None:
        """Mark that every case has its outcome."""
        self._append({_FINISHED: True})

    def remove(self) -> None:
        """Delete the journal."""
        self._file.close()
        self.path.unlink()

    def _end(self) -> int:
        return self._file.seek(0, os.SEEK_END)

    def _append(self, entry: Mapping[str, object]) -> int:
        offset = self._end()
        try:
            self._file.write(json.dumps(entry, allow_nan=False).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise unwritable(self.path, error) from error
        return offset

    def _read(self, header: Mapping[str, object]) -> bool:
        """Find the place of each outcome, cut off a torn last line, and say whether the run was finished."""
        finished, offset = False, 0
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                self._file.truncate(offset)
                break
            entry = self._entry(line, number)
            if number == 1:
                self._require_same(entry, header)
            elif not (finished := _FINISHED in entry):
                self._places[entry["case"]] = offset, entry["key"], "error" in entry["outcome"]
            offset += len(line)
        return finished

    def _entry(self, line: bytes, number: int) -> dict:
        try:
            entry = json.loads(line)
            if number == 1 and entry["format"] != FORMAT:
                raise ValueError(entry["format"])
        except (ValueError, KeyError, TypeError) as error:
            raise CohortError(f"{self.path}, line {number}, is damaged: delete the file to begin again.") from error
        return entry

    def _require_same(self, found: Mapping[str, object], header: Mapping[str, object]) -> None:
        header = json.loads(json.dumps(header))
        for name in {**header, **found}:
            if found.get(name) != header.get(name):
                raise CohortError(
                    f"{self.path} was begun with other {name}: use the same again, or delete the file to begin anew."
                )

    def _start_again(self, finished: bool) -> None:
        if self._places and not finished:
            raise CohortError(
                f"{self.path} holds {many(len(self._places), 'case')} of an interrupted run: add --resume to go on "
                "with it, or delete the file to begin again."
            )
        self._file.truncate(0)
        self._places.clear()


def _flush_folder(folder: Path) -> None:
    """Make the new file's name durable too, where the system lets a folder be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
