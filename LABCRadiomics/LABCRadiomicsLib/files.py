"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file whole or not at all: to a temporary name in its folder, then renamed.

    Parameters
    ----------
    path : path
        Replaced when it exists.
    content : str or bytes
        Text is written as UTF-8 with its line ends untouched.

    Raises
    ------
    OSError
        The folder cannot be written or the disk is full; the path is as it was and nothing else is left behind.
    """
    with open_atomically(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


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
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
