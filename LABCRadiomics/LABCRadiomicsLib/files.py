"""Writing files so that a reader never sees half of one, no input is lost, and no earlier run's files stay behind.

May import: errors, sentences.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import uuid4

from .errors import InputError
from .sentences import listed

FILE_LIST = ".labcradiomics-files.json"
"""In an output folder: which of its files the last run wrote, so that the next one can take them away."""

_TABLES = (".csv", ".json", ".partial")  # what we write beside images, and no reader takes for one


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file whole or not at all: to a temporary name in its folder, then renamed.

    Parameters
    ----------
    path : path
        Replaced when it exists.
    content : str or bytes
        Text is written as UTF-8 with its line ends untouched; half of a surrogate pair, as a file name that is not
        UTF-8 is read, becomes a question mark.

    Raises
    ------
    OSError
        The folder cannot be written or the disk is full; the path is as it was and nothing else is left behind.
    """
    with open_atomically(path) as file:
        file.write(content.encode("utf-8", errors="replace") if isinstance(content, str) else content)


@contextmanager
def open_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name when the block ends well, and vanishes if not.

    Raises
    ------
    OSError
        As :func:`write_atomically`.
    """
    path = Path(path)
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sha256_of(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, hexadecimal: how results name the tables they were made from."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown_name(path: str | os.PathLike[str]) -> str:
    """Give the name of a file as text that any output can hold: bytes that are not UTF-8 become question marks."""
    return Path(path).name.encode("utf-8", errors="replace").decode("utf-8")


def refuse_overwriting(
    inputs: Iterable[str | os.PathLike[str] | None],
    files: Iterable[str | os.PathLike[str] | None] = (),
    folders: Iterable[str | os.PathLike[str] | None] = (),
) -> None:
    """Refuse outputs that would replace an input, or one another; to be called before any work.

    Two paths are one file when the system says so, whatever leads there: another spelling, a symbolic or a hard link,
    other capitals where these do not count.

    Parameters
    ----------
    inputs : iterable of path or None
        Every file, and every folder of files, that the command reads.
    files : iterable of path or None
        Every file that it may write or delete, derived ones (a list of errors, a record) too. Within a folder that is
        an input they may not be DICOM files, nor replace anything but tables and records.
    folders : iterable of path or None
        Folders that it fills with files of many names; none may be an input or hold one.

    Raises
    ------
    InputError
        The sentence names output and input.
    """
    read = [Path(path) for path in inputs if path is not None]
    places = {place: path for path in read if (place := _place(path)) is not None}
    written: dict[object, Path] = {}
    for path in (Path(path) for path in files if path is not None):
        place = _place(path)
        if place is not None and place in places:
            raise _overwrites(path, places[place])
        within = next((places[place] for place in map(_place, path.resolve().parents) if place in places), None)
        if within is not None and path.suffix.casefold() == ".dcm":
            raise InputError(f"The output {path} would lie among the files of the input {within}: move it.")
        if within is not None and place is not None and path.suffix.casefold() not in _TABLES:
            raise InputError(f"The output {path} is a file of the input {within}: give the output another name.")
        other = written.setdefault(place or path.resolve(), path)
        if other is not path:
            raise InputError(f"{path} is written twice, also as {other}: give the outputs different names.")
    parents = {place: path for path in read if (place := _place(path.parent)) is not None}
    for folder in (Path(path) for path in folders if path is not None):
        place = _place(folder)
        given = places.get(place) or parents.get(place) if place else None
        if given is not None:
            raise _overwrites(folder, given)


def _place(path: Path) -> tuple[int, int] | None:
    """Device and number by which the system knows a file or folder; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _overwrites(output: Path, given: Path) -> InputError:
    if output.is_dir():
        what = "is" if output.samefile(given) else "holds"
        return InputError(f"The output folder {output} {what} the input {given}: give a folder of its own.")
    which = "an input" if output == given else f"the input {given}"
    return InputError(f"The output {output} is {which}: give the output another name.")


@dataclass
class OutputFolder:
    """A folder that is being filled; see :func:`output_folder`.

    Attributes
    ----------
    path : pathlib.Path
        Where to write until the block ends.
    target : pathlib.Path
        Where the files are afterwards.
    foreign : tuple of str
        Files and folders in the target that no run of ours wrote; known when the block has ended.
    """

    path: Path
    target: Path
    foreign: tuple[str, ...] = ()

    def final(self, path: Path) -> Path:
        """Give the place that a file written to ``path`` has in the end."""
        return self.target / path.relative_to(self.path)

    @property
    def remark(self) -> str:
        """A sentence that names the foreign files; empty when there are none."""
        if not self.foreign:
            return ""
        also = f"The folder {self.target} also holds {listed(self.foreign, 5)}"
        return f"{also}, which this run did not write; they were left there."


@contextmanager
def output_folder(folder: str | os.PathLike[str]) -> Iterator[OutputFolder]:
    """Fill a folder whose files are of one run only: the block writes elsewhere, then its files take their place.

    When the block ends well, the files that an earlier run wrote are removed and the new ones moved in; files that no
    run of ours wrote stay. When it does not, the folder is as it was.

    Parameters
    ----------
    folder : path
        Made when it does not exist.

    Yields
    ------
    OutputFolder

    Raises
    ------
    InputError
        The folder cannot be written, or is a file.
    """
    target = Path(folder)
    exists = target.is_dir()
    try:
        if not exists:
            target.parent.mkdir(parents=True, exist_ok=True)
        # Within a folder that exists, since what is above it may not be writable (a mounted volume).
        scratch = (target if exists else target.parent) / f".labcradiomics-{uuid4().hex}.tmp"
        if target.exists() and not exists:
            raise NotADirectoryError(20, "it is a file")
        scratch.mkdir()
    except OSError as error:
        raise _unwritable(target, error) from error
    filled = OutputFolder(scratch, target)
    try:
        yield filled
        names = _files_in(scratch)
        if not exists:
            _write_list(scratch, names)
            scratch.replace(target)
        else:
            filled.foreign = _swap(scratch, target, names)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _swap(scratch: Path, target: Path, names: list[str]) -> tuple[str, ...]:
    """Put new files in place of those of an earlier run; give the names of what else is there."""
    old = _listed(target)
    _write_list(target, sorted({*old, *names}))  # whatever happens from here on, the next run knows them all
    for name in old:
        if name not in names:
            target.joinpath(name).unlink(missing_ok=True)
    for name in names:
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        scratch.joinpath(name).replace(place)
    for parent in {parent for name in old for parent in PurePosixPath(name).parents if parent.name}:
        if target.joinpath(parent).is_dir() and not any(target.joinpath(parent).iterdir()):
            target.joinpath(parent).rmdir()
    _write_list(target, names)
    ours = {FILE_LIST, scratch.name, *(PurePosixPath(name).parts[0] for name in names)}
    return tuple(sorted(path.name for path in target.iterdir() if path.name not in ours))


def _files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _listed(folder: Path) -> list[str]:
    """Files that an earlier run wrote, by its list; no name leads out of the folder."""
    try:
        names = json.loads(folder.joinpath(FILE_LIST).read_text(encoding="utf-8"))["files"]
        paths = [PurePosixPath(name) for name in names]
    except (OSError, ValueError, TypeError, KeyError):
        return []  # no list, or none of ours: nothing is known to be ours
    inner = [path for path in paths if path.parts and not path.is_absolute() and ".." not in path.parts]
    return [str(path) for path in inner if ":" not in str(path) and "\\" not in str(path)]


def _write_list(folder: Path, names: list[str]) -> None:
    write_atomically(folder / FILE_LIST, json.dumps({"files": names}, indent=1) + "\n")


def _unwritable(folder: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(f"The folder {folder} cannot be written ({reason}): give another folder or free its disk.")
