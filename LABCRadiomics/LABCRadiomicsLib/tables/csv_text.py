"""The text of a CSV file, as spreadsheets, R and pandas save it, taken apart into a header and rows of cells.

Understood are UTF-8 with or without a byte order mark; commas, semicolons or tabs between cells, by the rows and not by
the header alone; a first line ``sep=;`` as Excel writes it; line ends of every system; cells of any length; empty
columns and rows around a table; a header one cell short, as R's ``write.table`` leaves it above row names.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import CohortError

_SEPARATORS = ",;\t"
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])\s*\Z", re.IGNORECASE)
_LONGEST_CELL = 2**31 - 1  # the csv module's own limit, 131072, is one for the whole process

# What people save under the name of a table, by how it begins.
_OTHER_FORMATS = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive", "save the sheet as CSV in UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV in UTF-8"),
    (b"\x1f\x8b", "compressed", "unpack it"),
    (b"\xff\xfe", "UTF-16 text, as Excel's 'Unicode text'", "save the table as CSV in UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save the table as CSV in UTF-8"),
    (b"PAR1", "a Parquet file", "save the table as CSV in UTF-8"),
    (b"%PDF", "a PDF document", "save the table as CSV in UTF-8"),
    (b"RDX", "an R data file", "write it with write.csv(..., row.names = FALSE)"),
)

_OTHER_TEXTS = ((re.compile(r'\s*(\{\s*"|\[\s*[\[{"])'), "JSON"), (re.compile(r"\s*<[!?a-zA-Z]"), "HTML or XML"))

# Zero-width characters and marks of writing direction: nobody sees them, and they come along when text is copied.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u2060\u00ad\ufeff]")
_BLANKS = "\u200c\u200d"  # joiners, which are part of words in some scripts but not at their ends


@dataclass(frozen=True)
class CsvText:
    """A table as text.

    Attributes
    ----------
    separator : str
    header : tuple of str
        Names of the columns; the last ones and single ones may be empty.
    rows : tuple of (int, tuple of str)
        Number of the row, as a spreadsheet counts them (the header is row 1), and its cells, as many as the header has.
    row_names : bool
        Whether the first column is one of row names above which the header has no cell.
    """

    separator: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    row_names: bool = False


def read_csv_text(path: Path) -> CsvText:
    """Read a CSV file with a header and at least one row.

    Raises
    ------
    CohortError
        The file cannot be read, is not UTF-8, is empty, or its rows do not fit its header.
    """
    text = _decoded(path)
    text, separator = _without_separator_line(text)
    lines = _parsed(path, text, separator) if separator else _best_parsed(path, text)
    if not lines.rows:
        raise CohortError(f"{path}: the table is empty; give a header and one row a case.")
    (_, header), *body = lines.rows
    if not body:
        raise CohortError(f"{path}: the table has a header but no rows; give one row a case.")
    return _fitted(path, lines.separator, header, body, text)


def plain_text(text: str) -> str:
    """Give a text without what cannot be seen: blanks and zero-width characters around it, accents in one form (NFC).

    Two texts that look alike on screen are then the same text, whichever system wrote them.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip().strip(_BLANKS)
    return text.strip()


@dataclass(frozen=True)
class _Lines:
    """Rows under one separator, blank ones left out; ``fitting`` of them have as many cells as the header."""

    separator: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    fitting: float


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CohortError(f"{path}: the table cannot be read ({error.strerror}); check its path.") from error
    for start, what, to_do in _OTHER_FORMATS:
        if data.startswith(start):
            raise CohortError(f"{path} is {what}, no CSV file: {to_do}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CohortError(f"{path}: byte {error.start} is not UTF-8 text; save the table as CSV in UTF-8.") from error
    if "\0" in text:
        raise CohortError(f"{path} holds bytes that are no text: save the table as CSV in UTF-8.")
    for pattern, what in _OTHER_TEXTS:
        if pattern.match(text):
            raise CohortError(f"{path} is {what}, no CSV file: save the table as CSV in UTF-8.")
    return text


def _without_separator_line(text: str) -> tuple[str, str | None]:
    """Take away the line by which Excel tells itself the separator; Excel does not count it as a row."""
    line, end, rest = _first_line(text)
    found = _SEPARATOR_LINE.fullmatch(line.strip('"'))
    return (rest, found.group(1)) if found and end else (text, None)


def _first_line(text: str) -> tuple[str, str, str]:
    found = re.search(r"\r\n|\r|\n", text)
    return (text[: found.start()], found.group(), text[found.end() :]) if found else (text, "", "")


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _best_parsed(path: Path, text: str) -> _Lines:
    """Parse with the separator under which the rows fit the header; of several, the one with the most columns."""
    line = _first_line(text.lstrip("\r\n"))[0]
    candidates = [mark for mark in _SEPARATORS if mark in line] or [","]
    if len(candidates) == 1:
        return _parsed(path, text, candidates[0])
    found, faults = [], []
    for mark in candidates:
        try:
            found.append(_parsed(path, text, mark))
        except CohortError as error:
            faults.append(error)
    if not found:
        raise faults[0]
    return max(found, key=lambda lines: (lines.fitting, len(lines.rows[0][1]) if lines.rows else 0))


def _parsed(path: Path, text: str, separator: str) -> _Lines:
    rows: list[tuple[int, tuple[str, ...]]] = []
    number = 0
    with _long_cells():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        try:
            for number, cells in enumerate(reader, 1):
                if any(cell.strip() for cell in cells):
                    rows.append((number, tuple(plain_text(cell) for cell in cells)))
        except csv.Error as error:
            what = "a quote in it is never closed" if "end of data" in str(error) else str(error)
            raise CohortError(f"{path}, row {number + 1}: not a CSV row ({what}); check its quotes.") from error
    return _Lines(separator, tuple(rows), _fitting(rows))


def _fitting(rows: Sequence[tuple[int, tuple[str, ...]]]) -> float:
    """Share of the rows that fit the header; none do when it has a single cell."""
    header = rows[0][1] if rows else ()
    return sum(_fits(cells, header) for _, cells in rows) / len(rows) if _width(header) > 1 else 0.0


def _fits(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Say whether a row has a cell for each name, and no filled one beyond the header."""
    return len(cells) >= _width(header) and _width(cells) <= len(header)


def _width(cells: Sequence[str]) -> int:
    """Number of cells without the empty ones at the end, which spreadsheets add and leave out."""
    return next((at for at in range(len(cells), 0, -1) if cells[at - 1]), 0)


def _fitted(
    path: Path, separator: str, header: tuple[str, ...], body: list[tuple[int, tuple[str, ...]]], text: str
) -> CsvText:
    """Bring every row to the header's number of cells, where only empty ones are too many."""
    width = _width(header)
    if _has_row_names(separator, width, body, text):
        rows = tuple((number, cells[: width + 1]) for number, cells in body)
        return CsvText(separator, ("", *header[:width]), rows, row_names=True)
    for number, cells in body:
        if not _fits(cells, header):
            raise CohortError(f"{path}, row {number}: {_misfit(separator, len(cells), width, header)}")
    width = max(width, *(_width(cells) for _, cells in body))  # a column without a name is the table's to refuse
    rows = tuple((number, (*cells, *[""] * width)[:width]) for number, cells in body)
    return CsvText(separator, header[:width], rows)


def _has_row_names(separator: str, width: int, body: list[tuple[int, tuple[str, ...]]], text: str) -> bool:
    """Say whether each row has one cell more than the header, and this can only be a row name.

    Between commas it could also be a decimal comma; R, unless told otherwise, quotes row names and numbers not.
    """
    if not all(_width(cells) == width + 1 and cells[0] for _, cells in body):
        return False
    return separator != "," or all(line.startswith('"') for line in text.splitlines() if line.strip())


def _misfit(separator: str, cells: int, width: int, header: Sequence[str]) -> str:
    what = f"{cells} cells where the header has {width}"
    if width == 1 and any(mark in header[0] for mark in "| "):
        return f"{what}; separate cells by commas, semicolons or tabs."
    if cells < width:
        return f"{what}; complete the row, and quote cells that hold a line end."
    if separator == ",":
        return (
            f"{what}; use semicolons between cells when decimals have commas, quote cells that hold the separator, and "
            "give row names a header."
        )
    return f"{what} between {_NAMES[separator]}; quote cells that hold the separator."
