"""What a cell can hold: numbers in the forms that people write, missing values, dates, events; and writing one."""

from __future__ import annotations

import math
import re

import numpy as np

from .. import cell_values
from ..cell_values import NUMBER, NumeralError

MISSING = frozenset(("", "na", "nan", "n/a", "#n/a", "null", "none"))
EVENT_WORDS = {"yes": True, "true": True, "no": False, "false": False}

_MONTH = r"(jan|feb|m[aä]r|mrz|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\w*"
_DATE = re.compile(
    rf"\d{{1,4}}[-./ ]{{1,2}}(\d{{1,2}}|{_MONTH})([-./ ]{{1,2}}\d{{2,4}})?([T ]\d.*)?|{_MONTH}[-./ ]{{1,2}}\d{{1,4}}",
    re.IGNORECASE,
)
_LONGEST_SHOWN = 40
_MOST_CAUSES = 20  # of events; more are codes of something else

# A spreadsheet runs text that begins like this (the last four are the full-width forms); an apostrophe prevents it.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


class CellError(Exception):
    """What is wrong with a cell and what to do, to be completed with its place."""


def shown(text: str) -> str:
    """Quote a cell, shortened, for a message."""
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


def parse_number(text: str, *, decimal_comma: bool = True, missing: str | None = None) -> float:
    """Read a finite number.

    Parameters
    ----------
    text : str
        Digits with at most one point or comma, and perhaps an exponent; no thousands separators, no hexadecimal.
    decimal_comma : bool
        Whether a comma can be a decimal mark; not where it separates the cells.
    missing : str, optional
        What to do about a missing value, as the message says it; without it a missing value is NaN.

    Raises
    ------
    CellError
        The text is no such number.
    """
    if text.casefold() in MISSING:
        if missing is None:
            return math.nan
        raise CellError(f"the cell is {f'{text!r}, not a number' if text else 'empty'}; {missing}")
    if not NUMBER.fullmatch(text) or (not decimal_comma and "," in text):
        if _DATE.fullmatch(text):
            raise CellError(f"{text!r} is a date, not a number; format the column as numbers and save again")
        raise CellError(f"{shown(text)} is not a number; {_why_not(text)}")
    value = float(text.replace(",", "."))
    if not math.isfinite(value):
        raise CellError(f"{shown(text)} is too large a number; correct it")
    return value


def _why_not(text: str) -> str:
    """Say what keeps a text from being a number, as of a covariate."""
    try:
        cell_values.parse_number(text)
    except NumeralError as error:
        if error.disguised:
            return f"it {error.why}"
    return "correct it, with a decimal point"


def parse_event(text: str, *, decimal_comma: bool = True) -> float:
    """Read whether follow-up ended with the event: 1 and 0, or yes, no, true, false.

    Raises
    ------
    CellError
        The text is anything else. Words such as alive and dead, and codes such as 1 and 2, are not guessed at.
    """
    word = EVENT_WORDS.get(text.casefold())
    if word is not None:
        return float(word)
    if text.casefold() in MISSING:
        raise CellError(f"the cell is {repr(text) if text else 'empty'}; give 1 for an event and 0 for none")
    if any(letter.isalpha() for letter in text):
        raise CellError(f"{shown(text)} is a word; recode the column, 1 for an event and 0 for none")
    if parse_number(text, decimal_comma=decimal_comma) not in (0, 1):
        raise CellError(
            f"an event is 1 and no event 0, not {text}; recode the column, or give --competing (train, validate, "
            "recalibrate) where 2, 3, ... are competing events"
        )
    return float(text.replace(",", "."))


def parse_cause(text: str, *, decimal_comma: bool) -> float:
    """Read what ended follow-up: 0 for nothing, 1 for the event, 2, 3, ... for competing events.

    Raises
    ------
    CellError
        The text is no such number.
    """
    value = parse_number(text, decimal_comma=decimal_comma, missing="give 0 where follow-up ended without any event")
    if value < 0 or value != round(value) or value > _MOST_CAUSES:
        what = "0 for none, 1 for the event, 2, 3, ... for competing events"
        raise CellError(f"{shown(text)} is no cause; give {what}")
    return value


def whole_number(text: str) -> int:
    """Read a whole number, also where a spreadsheet or pandas made it ``1.0``.

    Raises
    ------
    CellError
        The text is not a whole number.
    """
    value = parse_number(text, missing="give a whole number")
    if value != round(value) or abs(value) > 2**53:
        raise CellError(f"{shown(text)} is not a whole number; correct it")
    return int(value)


def cell_text(value: object) -> str:
    """Give a value as a cell holds it.

    Parameters
    ----------
    value : object
        Text, a number (written by ``repr``, so it reads back bit for bit), a boolean (1 or 0); None and numbers that
        are not finite make an empty cell. Text that begins with ``= + - @``, tab or line end, and is no number, gets an
        apostrophe in front. Line ends within text become ``\\n``.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.replace("\r\n", "\n").replace("\r", "\n")  # the csv writer leaves a lone carriage return unquoted
        return f"'{text}" if _FORMULA.match(text) and not NUMBER.fullmatch(text) else text
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return str(int(value))
    number = float(value)  # type: ignore[arg-type]  # whatever else a table is given is a number
    return repr(number) if math.isfinite(number) else ""


def without_guard(text: str) -> str:
    """Take away the apostrophe that :func:`cell_text` puts before text that looks like a formula."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
