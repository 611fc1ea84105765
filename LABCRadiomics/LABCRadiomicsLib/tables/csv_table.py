"""CSV files as people save them, checked cell by cell, and written so that a spreadsheet runs nothing.

Read are UTF-8 with or without a byte order mark, separated by commas, semicolons or tabs, with decimal commas where the
separator is not a comma. Rows are counted as a spreadsheet counts them: the header is row 1.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from ..cell_values import NUMBER, decimal_marks
from ..errors import CohortError
from ..files import open_atomically
from ..notices import Notice

CASE = "case"

_SEPARATORS = ",;\t"
_MONTH = r"(jan|feb|m[aä]r|mrz|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\w*"
_DATE = re.compile(
    rf"\d{{1,4}}[-./ ]{{1,2}}(\d{{1,2}}|{_MONTH})([-./ ]{{1,2}}\d{{2,4}})?([T ]\d.*)?|{_MONTH}[-./ ]{{1,2}}\d{{1,4}}",
    re.IGNORECASE,
)
_MISSING = frozenset(("", "na", "nan", "n/a", "#n/a", "null", "none"))
_EVENT_WORDS = {"yes": True, "true": True, "no": False, "false": False}

# A spreadsheet runs text that begins like this (the last four are the full-width forms); an apostrophe prevents it.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


class Table:
    """A CSV file as text, its columns by name; see :func:`read_table`."""

    def __init__(self, path: Path, separator: str, header: Sequence[str], rows: Sequence[tuple[int, list[str]]]):
        self.path = path
        self._separator = separator
        self.row_numbers = tuple(number for number, _ in rows)
        self._columns = _named_columns(path, header, [cells for _, cells in rows])
        self._marks: dict[str, str] = {}  # decimal mark to the place where it was first seen

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(self.row_numbers)

    @property
    def decimal_marks(self) -> frozenset[str]:
        """The decimal marks that the table uses beyond doubt, see :func:`.cell_values.decimal_marks`."""
        return decimal_marks(self._columns.values())

    def texts(self, name: str) -> tuple[str, ...]:
        """Give a column as text.

        Raises
        ------
        CohortError
            There is no such column.
        """
        if name not in self._columns:
            shown = ", ".join(self.names[:12]) + (", ..." if len(self.names) > 12 else "")
            raise CohortError(f"{self.path}: column {name} is missing; the table has {shown}.")
        return self._columns[name]

    def numbers(self, name: str, *, allow_missing: bool = False) -> np.ndarray:
        """Give a column as finite numbers, shape (n,); missing cells are NaN where allowed.

        Raises
        ------
        CohortError
            A cell is not a number; the sentence names its row and column.
        """
        return self._parsed(name, lambda text: self._number(text, allow_missing))

    def events(self, name: str) -> tuple[np.ndarray, tuple[Notice, ...]]:
        """Give a column of 0 and 1, or of yes, no, true and false with a notice, as booleans.

        Raises
        ------
        CohortError
            A cell holds anything else, such as 2.
        """
        events = self._parsed(name, self._event).astype(bool)
        words = sorted({text for text in self.texts(name) if text.casefold() in _EVENT_WORDS})
        if not words:
            return events, ()
        text = f"{self.path.name}: column {name} holds {', '.join(words)}; yes and true were taken for an event."
        return events, (Notice("event-words", text),)

    def cases(self, name: str = CASE) -> tuple[str, ...]:
        """Give the column that names the cases.

        Raises
        ------
        CohortError
            A case is empty or occurs twice.
        """
        return self.unique(name)

    def unique(self, name: str) -> tuple[str, ...]:
        """Give a column whose cells are filled and all different."""
        seen: dict[str, int] = {}
        for number, text in zip(self.row_numbers, self.texts(name), strict=True):
            if not text:
                raise self.fault(number, name, "the cell is empty; fill it or delete the row")
            if text in seen:
                raise self.fault(number, name, f"{text} repeats row {seen[text]}; keep one")
            seen[text] = number
        return self.texts(name)

    def fault(self, row: int, column: str, what: str) -> CohortError:
        """Make the error that names a cell of this table."""
        return CohortError(f"{self.path}, row {row}, column {column}: {what}.")

    def _parsed(self, name: str, parse: Callable[[str], float]) -> np.ndarray:
        values = np.empty(len(self))
        texts = self.texts(name)
        for at, (number, text) in enumerate(zip(self.row_numbers, texts, strict=True)):
            try:
                values[at] = parse(text)
            except _CellError as error:
                raise self.fault(number, name, str(error)) from None
            self._require_one_decimal_mark(number, name, text)
        return values

    def _number(self, text: str, allow_missing: bool = False) -> float:
        if text.casefold() in _MISSING:
            if allow_missing:
                return math.nan
            raise _CellError(f"the cell is {f'{text!r}, not a number' if text else 'empty'}; give a number")
        if not NUMBER.fullmatch(text) or (self._separator == "," and "," in text):
            if _DATE.fullmatch(text):
                raise _CellError(f"{text!r} is a date, not a number; format the column as numbers and save again")
            raise _CellError(f"{text[:40]!r} is not a number; correct it, with a decimal point")
        value = float(text.replace(",", "."))
        if not math.isfinite(value):
            raise _CellError(f"{text[:40]!r} is too large a number; correct it")
        return value

    def _event(self, text: str) -> float:
        word = _EVENT_WORDS.get(text.casefold())
        if word is not None:
            return float(word)
        value = self._number(text)
        if value not in (0, 1):
            raise _CellError(f"an event is 1 and no event 0, not {text}; recode the column")
        return value

    def _require_one_decimal_mark(self, number: int, name: str, text: str) -> None:
        """1,234 among points is a thousands separator, not a decimal comma: refuse to guess."""
        mark = "," if "," in text else "." if "." in text else ""
        if mark and self._marks.setdefault(mark, f"row {number}, column {name}") and len(self._marks) > 1:
            other = self._marks["." if mark == "," else ","]
            words = {",": "comma", ".": "point"}[mark]
            raise self.fault(number, name, f"{text} has a decimal {words} unlike {other}; use one decimal mark")


class _CellError(Exception):
    """What is wrong with a cell, to be completed with its place."""


def read_table(path: str | os.PathLike[str]) -> Table:
    """Read a CSV file with a header and at least one row.

    Parameters
    ----------
    path : path

    Returns
    -------
    Table
        Blank rows and nameless empty columns are left out, blanks around cells dropped.

    Raises
    ------
    CohortError
        The file cannot be read, is not UTF-8, is empty, or its rows or column names are malformed.
    """
    path = Path(path)
    text = _decoded(path)
    rows: list[tuple[int, list[str]]] = []
    number = 0
    try:
        separator = max(_SEPARATORS, key=lambda mark: len(next(csv.reader(io.StringIO(text), delimiter=mark), [])))
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1):
            if any(cell.strip() for cell in cells):
                rows.append((number, [_unguarded(cell.strip()) for cell in cells]))
    except csv.Error as error:
        raise CohortError(f"{path}, row {number + 1}: not a CSV row ({error}); check its quotes.") from error
    if not rows:
        raise CohortError(f"{path}: the table is empty; give a header and one row a case.")
    (_, header), *body = rows
    if not body:
        raise CohortError(f"{path}: the table has a header but no rows; give one row a case.")
    for number, cells in body:
        if len(cells) != len(header):
            raise CohortError(
                f"{path}, row {number}: {len(cells)} cells where the header has {len(header)}; use semicolons between "
                "cells when decimals have commas, and quote cells that hold the separator."
            )
    return Table(path, separator, header, body)


def write_table(path: str | os.PathLike[str], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file whole or not at all: UTF-8, commas, no cell that a spreadsheet would run.

    Parameters
    ----------
    path : path
        Replaced when it exists.
    header : sequence of str
    rows : iterable of sequences
        Text, numbers (written by ``repr``, so they read back bit for bit), booleans (1 and 0); None and numbers that
        are not finite make empty cells. Text that begins with ``= + - @``, tab or line end, and is no number, gets an
        apostrophe in front, which :func:`read_table` takes away. Line ends within text become ``\\n``.

    Raises
    ------
    CohortError
        The file cannot be written; the path is as it was.
    """
    try:
        with open_atomically(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", newline="")
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow([_cell(name) for name in header])
            writer.writerows([_cell(value) for value in row] for row in rows)
            text.detach()  # flushes, and leaves the file to be closed by its owner
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: str | os.PathLike[str], error: OSError) -> CohortError:
    """Make the error that says why a file cannot be written."""
    reason = error.strerror or str(error)
    return CohortError(f"{Path(path)} cannot be written ({reason}): give another path or free its disk.")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.replace("\r\n", "\n").replace("\r", "\n")  # the csv writer leaves a lone carriage return unquoted
        return f"'{text}" if _FORMULA.match(text) and not NUMBER.fullmatch(text) else text
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return str(int(value))
    number = float(value)
    return repr(number) if math.isfinite(number) else ""


def _unguarded(text: str) -> str:
    """Take away the apostrophe that :func:`write_table` puts before text that looks like a formula."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _decoded(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CohortError(f"{path}: the table cannot be read ({error.strerror}); check its path.") from error
    except UnicodeDecodeError as error:
        raise CohortError(f"{path}: byte {error.start} is not UTF-8 text; save the table as CSV in UTF-8.") from error


def _named_columns(path: Path, header: Sequence[str], rows: Sequence[list[str]]) -> dict[str, tuple[str, ...]]:
    columns: dict[str, tuple[str, ...]] = {}
    for at, (name, *cells) in enumerate(zip(header, *rows, strict=True), 1):
        if not name:
            if any(cells):
                raise CohortError(f"{path}, row 1: column {at} has no name; name it or delete it.")
            continue  # what spreadsheets leave to the right of a table
        if name in columns:
            raise CohortError(f"{path}, row 1: column {name} occurs twice; keep one.")
        columns[name] = tuple(cells)
    return columns
