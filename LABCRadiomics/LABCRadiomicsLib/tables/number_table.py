"""Large tables of numbers with a few columns of text, read in blocks: expression matrices, cell measurements.

Read are text files, gzip-compressed or not, in UTF-8 or Latin-1, with tabs, commas or semicolons between the cells and
points or commas as decimal marks; ``csv_table`` is for the small tables of a cohort, which it keeps as text.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import CohortError

_BLOCK = 8_000_000  # bytes read at once
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MISSING = frozenset(("", "na", "nan", "n/a", "#n/a", "null", "none"))
_NUMBER = re.compile(r"\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class NumberBlock:
    """Some rows of a table.

    Attributes
    ----------
    first_row : int
        Number of the first of them as a spreadsheet counts, the file's first line being 1.
    texts : tuple of list of str
        The text columns asked for.
    numbers : numpy.ndarray, shape (rows, columns)
        The number columns asked for; NaN where a cell is empty, NA or NaN.
    """

    first_row: int
    texts: tuple[list[str], ...]
    numbers: np.ndarray


class NumberTable:
    """The header of a large table, and its rows in blocks.

    Parameters
    ----------
    path : path
    skip : callable of (int, str) to bool, optional
        Whether a line before the header, by number and text, is to be passed over; comments (``#``) always are.

    Attributes
    ----------
    path : pathlib.Path
    names : tuple of str
        Of the columns, all of them; a table that R wrote with row names has an empty first one.
    first_cells : tuple of str
        Of the first row of data.

    Raises
    ------
    CohortError
        The file cannot be read, is empty, or is no text table.
    """

    def __init__(self, path: str | os.PathLike[str], skip: Callable[[int, str], bool] | None = None):
        self.path = Path(path)
        with _lines(self.path) as lines:
            number, header = next(lines, (0, ""))
            while header.startswith("#") or (skip is not None and skip(number, header)):
                number, header = next(lines, (0, ""))
            if not header.strip():
                raise CohortError(f"{self.path}: the table is empty; give a header and one row a line.")
            following = next((line for _, line in lines if line.strip()), "")
        self.separator = max("\t,;", key=lambda mark: len(_cells(header, mark)))
        if len(_cells(header, self.separator)) < 2 and len(header.split()) > 2:
            raise CohortError(f"{self.path}: the header has no tab, comma or semicolon; save the table with tabs.")
        if not following:
            raise CohortError(f"{self.path}: the table has a header but no rows; check how it was saved.")
        self.header_row = number
        names = tuple(_decoded(cell.strip()) for cell in _cells(header, self.separator))
        self.first_cells = tuple(_decoded(cell.strip()) for cell in _cells(following, self.separator))
        self.names = ("", *names) if len(self.first_cells) == len(names) + 1 else names

    def fault(self, row: int, column: int, what: str) -> CohortError:
        """Make the error that names a cell."""
        return CohortError(f"{self.path}, row {row}, column {self.names[column] or column + 1}: {what}.")

    def blocks(self, texts: Sequence[int], numbers: Sequence[int], skip_rows: int = 0) -> Iterator[NumberBlock]:
        """Read the rows.

        Parameters
        ----------
        texts, numbers : sequence of int
            Positions of the columns wanted.
        skip_rows : int
            Rows right below the header that are none of the data.

        Raises
        ------
        CohortError
            A row has more or fewer cells than the header, or a cell is no number; the sentence names its place.
        """
        decimal: str | None = None
        waiting: list[str] = []
        size, first = 0, 0
        with _lines(self.path) as lines:
            for number, line in lines:
                if number <= self.header_row + skip_rows:
                    continue
                if not line.strip():
                    if waiting:
                        decimal = decimal or self._decimal(waiting, numbers)
                        yield self._block(first, waiting, texts, numbers, decimal)
                        waiting, size = [], 0
                    continue
                if not waiting:
                    first = number
                waiting.append(line)
                size += len(line)
                if size >= _BLOCK:
                    decimal = decimal or self._decimal(waiting, numbers)
                    yield self._block(first, waiting, texts, numbers, decimal)
                    waiting, size = [], 0
        if waiting:
            yield self._block(first, waiting, texts, numbers, decimal or self._decimal(waiting, numbers))

    def _decimal(self, lines: Sequence[str], numbers: Sequence[int]) -> str | None:
        """The mark of decimals in the number columns, None while none is seen."""
        if self.separator == ",":
            return "."
        for line in lines:
            if "," not in line and "." not in line:
                continue
            cells = _cells(line, self.separator)
            for at in numbers:
                if at < len(cells) and ("," in cells[at] or "." in cells[at]):
                    return "," if "," in cells[at] else "."
        return None

    def _block(
        self, first: int, lines: list[str], texts: Sequence[int], numbers: Sequence[int], decimal: str | None
    ) -> NumberBlock:
        separator = self.separator
        if any('"' in line for line in lines):
            lines = self._unquoted(first, lines)
            separator = "\t"
        wanted = len(self.names) - 1
        for at, line in enumerate(lines):
            if line.count(separator) != wanted:
                count = line.count(separator) + 1
                raise CohortError(
                    f"{self.path}, row {first + at}: {count} cells where the header has {wanted + 1}; the file may be "
                    "cut off, or needs quotes around cells that hold the separator."
                )
        columns: list[list[str]] = [[] for _ in texts]
        if texts:
            last = max(texts)
            for line in lines:
                parts = line.split(separator, last + 1)
                for column, at in zip(columns, texts, strict=True):
                    column.append(parts[at].strip())
            columns = [[_decoded(text) for text in column] for column in columns]
        return NumberBlock(first, tuple(columns), self._numbers(first, lines, numbers, separator, decimal))

    def _unquoted(self, first: int, lines: list[str]) -> list[str]:
        """Lines with quotes taken away, separated by tabs."""
        plain = []
        for at, line in enumerate(lines):
            if '"' not in line:
                plain.append(line if self.separator == "\t" else line.replace(self.separator, "\t"))
                continue
            cells = _cells(line, self.separator)
            if line.count('"') % 2:
                raise CohortError(f"{self.path}, row {first + at}: a quote is not closed; correct the row.")
            plain.append("\t".join(cell.replace("\t", " ") for cell in cells))
        return plain

    def _numbers(
        self, first: int, lines: list[str], numbers: Sequence[int], separator: str, decimal: str | None
    ) -> np.ndarray:
        if not numbers:
            return np.empty((len(lines), 0))
        ready = [line.replace(",", ".") for line in lines] if decimal == "," and separator != "," else lines
        # With decimal commas a point may part thousands, which NumPy would take for decimals.
        if decimal == "," and any("." in line.split(separator, numbers[0])[-1] for line in lines):
            return self._slowly(first, lines, numbers, separator, decimal)
        ready = [_with_nan(line, separator) for line in ready]
        try:
            found = np.loadtxt(ready, delimiter=separator, usecols=numbers, comments=None, ndmin=2)
        except ValueError:
            return self._slowly(first, lines, numbers, separator, decimal)
        if np.isinf(found).any():
            return self._slowly(first, lines, numbers, separator, decimal)
        return found

    def _slowly(
        self, first: int, lines: Sequence[str], numbers: Sequence[int], separator: str, decimal: str | None
    ) -> np.ndarray:
        """Cell by cell: for what is missing in other words, and to find the cell that is no number."""
        found = np.empty((len(lines), len(numbers)))
        for row, line in enumerate(lines):
            cells = line.split(separator)
            for at, column in enumerate(numbers):
                text = cells[column].strip()
                if text.casefold() in _MISSING:
                    found[row, at] = math.nan
                    continue
                foreign = {",": ".", ".": ","}.get(decimal or "", "")
                if not _NUMBER.fullmatch(text):
                    raise self.fault(first + row, column, f"{_decoded(text)[:40]!r} is not a number; correct it")
                if foreign and foreign in text:
                    words = {",": "comma", ".": "point"}
                    what = f"{text} has a decimal {words[foreign]}, other cells a {words[decimal or '.']}; use one mark"
                    raise self.fault(first + row, column, what)
                value = float(text.replace(",", "."))
                if not math.isfinite(value):
                    raise self.fault(first + row, column, f"{text[:40]!r} is too large a number; correct it")
                found[row, at] = value
        return found


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[tuple[int, str]]]:
    """Lines of a text file with their numbers, their bytes as Latin-1, which leaves every byte as it is."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise CohortError(f"{path}: the table cannot be read ({error.strerror}); check its path.") from error
    with file:
        start = file.read(4)
        file.seek(0)
        if start.startswith(_ZIP):
            raise CohortError(f"{path} is a ZIP archive or an Excel workbook; save it as a text table (TSV, CSV).")
        if start.startswith(_UTF16):
            raise CohortError(f"{path} is UTF-16 text; save it as UTF-8.")
        yield _numbered(gzip.GzipFile(fileobj=file) if start.startswith(_GZIP) else file, path)


def _numbered(stream: BinaryIO | gzip.GzipFile, path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        for line in io.TextIOWrapper(io.BufferedReader(stream, 1 << 20), encoding="latin-1", newline=None):  # type: ignore[type-var]
            number += 1
            text = line.rstrip("\n")
            yield number, text[3:] if number == 1 and text.startswith("\xef\xbb\xbf") else text
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CohortError(f"{path}, after row {number}: the gzip file is damaged ({error}); copy it again.") from error


def _cells(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator), [])


def _decoded(text: str) -> str:
    """Bytes that were read as Latin-1, as UTF-8 where they are that."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def is_missing(text: str) -> bool:
    """Whether a cell says that its value is not known."""
    return text.strip().casefold() in _MISSING


def is_number(text: str) -> bool:
    """Whether a cell is a number, with a point or a comma as decimal mark."""
    return _NUMBER.fullmatch(text) is not None


def _with_nan(line: str, separator: str) -> str:
    """A line whose empty cells say nan."""
    double = separator * 2
    if double in line:
        line = line.replace(double, f"{separator}nan{separator}").replace(double, f"{separator}nan{separator}")
    if line.endswith(separator):
        line += "nan"
    return "nan" + line if line.startswith(separator) else line
