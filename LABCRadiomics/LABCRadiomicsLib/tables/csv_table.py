"""CSV tables as people save them, checked cell by cell, and written so that a spreadsheet runs nothing.

:mod:`.csv_text` takes a file apart, :mod:`.cells` reads and writes a cell. Rows are counted as a spreadsheet counts
them: the header is row 1.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..cell_values import decimal_marks
from ..errors import CohortError
from ..files import open_atomically
from ..notices import Notice
from ..sentences import listed
from .cells import EVENT_WORDS, CellError, cell_text, parse_cause, parse_event, parse_number, without_guard
from .csv_text import plain_text, read_csv_text

CASE = "case"

# How pyradiomics' examples, MIRP, PySERA and others call the column of the cases, and that of the region in the image.
_KNOWN_IDS = frozenset(
    ("patient", "patientid", "patient_id", "sample_name", "subject", "subjectid", "subject_id", "id")
)
_KNOWN_REGIONS = frozenset(("roi", "label", "mask", "segment", "image_mask_label"))
GIVE_NUMBER = "give a number, or leave out the row or the column"


class Table:
    """A table as text, its columns by name; see :func:`read_table`.

    Parameters
    ----------
    path : pathlib.Path
        The file, for messages.
    columns : mapping of str to sequence of str
        Cells by column name, all of length n.
    row_numbers : sequence of int
        What messages call the rows, length n.
    row_names : sequence of str, optional
        A column without a name before all others, as R and pandas write it.
    decimal_comma : bool
        Whether a comma can be a decimal mark; not where it separates the cells.
    turned : bool
        Whether the file has one column a case, so that its columns are the table's rows.
    """

    def __init__(
        self,
        path: Path,
        columns: Mapping[str, Sequence[str]],
        row_numbers: Sequence[int],
        *,
        row_names: Sequence[str] | None = None,
        decimal_comma: bool = True,
        turned: bool = False,
    ) -> None:
        self.path = path
        self.row_numbers = tuple(row_numbers)
        self.row_names = None if row_names is None else tuple(row_names)
        self.decimal_comma = decimal_comma
        self._turned = turned
        self._columns: dict[str, Sequence[str]] = dict(columns)
        self._marks: dict[str, str] = {}  # decimal mark to the place where it was first seen

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(self.row_numbers)

    def find(self, name: str) -> str | None:
        """Give the column of a fixed name however it is capitalized; None when there is none, or several."""
        if name in self._columns:
            return name
        alike = [own for own in self._columns if own.casefold() == name.casefold()]
        return alike[0] if len(alike) == 1 else None

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
        column = self._columns.get(name, self._columns.get(plain_text(name)))
        if column is None:
            raise CohortError(f"{self.path}: column {name} is missing; the table has {self._shown_names(name)}.")
        return tuple(column)

    def numbers(self, name: str, *, allow_missing: bool = False, missing: str = GIVE_NUMBER) -> np.ndarray:
        """Give a column as finite numbers, shape (n,).

        Parameters
        ----------
        name : str
        allow_missing : bool
            Whether a missing cell becomes NaN; else it is an error.
        missing : str
            What to do about a missing cell, as the message says it.

        Raises
        ------
        CohortError
            A cell is not a number; the sentence names its row and column.
        """
        to_do = None if allow_missing else missing
        return self._parsed(name, lambda text: parse_number(text, decimal_comma=self.decimal_comma, missing=to_do))

    def events(self, name: str) -> tuple[np.ndarray, tuple[Notice, ...]]:
        """Give a column of 0 and 1, or of yes, no, true and false with a notice, as booleans.

        Raises
        ------
        CohortError
            A cell holds anything else, such as 2.
        """
        events = self._parsed(name, lambda text: parse_event(text, decimal_comma=self.decimal_comma)).astype(bool)
        words = sorted({text for text in self.texts(name) if text.casefold() in EVENT_WORDS})
        if not words:
            return events, ()
        text = f"{self.path.name}: column {name} holds {', '.join(words)}; yes and true were taken for an event."
        return events, (Notice("event-words", text),)

    def causes(self, name: str) -> np.ndarray:
        """Give a column of what ended follow-up as whole numbers: 0 none, 1 the event, 2, 3, ... competing events.

        Raises
        ------
        CohortError
            A cell holds anything else.
        """
        return self._parsed(name, lambda text: parse_cause(text, decimal_comma=self.decimal_comma)).astype(int)

    def cases(self, name: str = CASE) -> tuple[str, ...]:
        """Give the column that names the cases; the row names where there is no such column.

        Raises
        ------
        CohortError
            A case is empty or occurs twice, or there is no such column.
        """
        found = name if plain_text(name) in self._columns else self.find(name)
        if found is not None:
            return self._filled(name, self.texts(found), self._regions())
        if self.row_names is not None:
            return self._filled(name, self._named_rows(name))
        known = [own for own in self.names if own.casefold() in _KNOWN_IDS]
        if known:
            raise CohortError(
                f"{self.path}: column {name} is missing; if {known[0]} names the cases, give --id {known[0]}, or call "
                f"the column {name}."
            )
        return self.texts(name)  # which says what the table has

    def unique(self, name: str) -> tuple[str, ...]:
        """Give a column whose cells are filled and all different."""
        return self._filled(name, self.texts(name))

    def fault(self, row: int, column: str, what: str) -> CohortError:
        """Make the error that names a cell of this table."""
        if self._turned:
            return CohortError(f"{self.path}, column {self._columns[CASE][row - 1]}, feature {column}: {what}.")
        return CohortError(f"{self.path}, row {row}, column {column}: {what}.")

    def _named_rows(self, name: str) -> tuple[str, ...]:
        names = self.row_names or ()
        if all(text.isdecimal() for text in names):  # of another order in another table
            raise CohortError(
                f"{self.path}: column {name} is missing, and the first column, which has no name, only numbers the "
                f"rows; give the column of the cases its name. The table has {self._shown_names(name)}."
            )
        return names

    def _regions(self) -> str:
        """What to do about several rows a case, where a column tells the regions apart."""
        column = next((own for own in self.names if own.casefold() in _KNOWN_REGIONS), None)
        return f"keep one row a case (column {column} may tell them apart)" if column else "keep one"

    def _filled(self, name: str, texts: Sequence[str], to_do: str = "keep one") -> tuple[str, ...]:
        seen: dict[str, int] = {}
        for number, text in zip(self.row_numbers, texts, strict=True):
            if not text:
                raise self.fault(number, name, "the cell is empty; fill it or delete the row")
            if text in seen:
                raise self.fault(number, name, f"{text} repeats row {seen[text]}; {to_do}")
            seen[text] = number
        return tuple(texts)

    def _shown_names(self, wanted: str) -> str:
        """The column names, those like a wanted one first."""
        by_key = {own.casefold(): own for own in self.names}
        alike = [by_key[key] for key in difflib.get_close_matches(wanted.casefold(), by_key, 3, 0.75)]
        names = [*alike, *(own for own in self.names if own not in alike)]
        return listed(names, 12)

    def _parsed(self, name: str, parse: Callable[[str], float]) -> np.ndarray:
        values = np.empty(len(self))
        texts = self.texts(name)
        for at, (number, text) in enumerate(zip(self.row_numbers, texts, strict=True)):
            try:
                values[at] = parse(text)
            except CellError as error:
                raise self.fault(number, name, str(error)) from None
            self._require_one_decimal_mark(number, name, text)
        return values

    def _require_one_decimal_mark(self, number: int, name: str, text: str) -> None:
        """1,234 among points is a thousands separator, not a decimal comma: refuse to guess."""
        mark = "," if "," in text else "." if "." in text else ""
        if mark and self._marks.setdefault(mark, f"row {number}, column {name}") and len(self._marks) > 1:
            other = self._marks["." if mark == "," else ","]
            words = {",": "comma", ".": "point"}[mark]
            raise self.fault(number, name, f"{text} has a decimal {words} unlike {other}; use one decimal mark")


def read_table(path: str | os.PathLike[str] | Table) -> Table:
    """Read a CSV file with a header and at least one row.

    Parameters
    ----------
    path : path
        Or a table that was made of something else than a file, which is given back.

    Returns
    -------
    Table
        Blank rows and nameless empty columns are left out, blanks around cells dropped.

    Raises
    ------
    CohortError
        The file cannot be read, is not UTF-8, is empty, or its rows or column names are malformed.
    """
    if isinstance(path, Table):
        return path
    path = Path(path)
    text = read_csv_text(path)
    numbers = [number for number, _ in text.rows]
    cells = [[without_guard(cell) for cell in row] for _, row in text.rows]
    header = [without_guard(cell) for cell in text.header]
    names_first = text.row_names or (len(header) > 1 and not header[0] and all(row[0] for row in cells))
    row_names = [row.pop(0) for row in cells] if names_first else None
    columns = _named_columns(path, header[1:] if names_first else header, cells, 1 + names_first)
    return Table(path, columns, numbers, row_names=row_names, decimal_comma=text.separator != ",")


def write_table(path: str | os.PathLike[str], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file whole or not at all: UTF-8, commas, no cell that a spreadsheet would run.

    Parameters
    ----------
    path : path
        Replaced when it exists.
    header : sequence of str
    rows : iterable of sequences
        Values as :func:`.cells.cell_text` writes them; :func:`read_table` reads them back.

    Raises
    ------
    CohortError
        The file cannot be written; the path is as it was.
    """
    try:
        with open_atomically(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow([cell_text(name) for name in header])
            writer.writerows([cell_text(value) for value in row] for row in rows)
            text.detach()  # flushes, and leaves the file to be closed by its owner
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: str | os.PathLike[str], error: OSError) -> CohortError:
    """Make the error that says why a file cannot be written."""
    folder = Path(path).parent
    if not folder.is_dir():
        return CohortError(f"{path} cannot be written: there is no folder {folder}; make it or give another path.")
    reason = error.strerror or str(error)
    return CohortError(f"{Path(path)} cannot be written ({reason}): give another path or free its disk.")


def _named_columns(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], first: int
) -> dict[str, tuple[str, ...]]:
    columns: dict[str, tuple[str, ...]] = {}
    for at, (name, *cells) in enumerate(zip(header, *rows, strict=True), first):
        if not name:
            if any(cells):
                raise CohortError(f"{path}, row 1: column {at} has no name; name it or delete it.")
            continue  # what spreadsheets leave to the right of a table
        if name in columns:
            raise CohortError(f"{path}, row 1: column {name} occurs twice; keep one.")
        columns[name] = tuple(cells)
    return columns
