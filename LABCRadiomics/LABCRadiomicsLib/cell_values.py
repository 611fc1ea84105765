"""What a cell of a table or a field of a form holds: a number, a word, a word for yes or no, or nothing known.

A number is what every program reads alike: digits 0 to 9 with at most one decimal mark, a sign, an exponent. Whatever
could be read as two different numbers is refused with the reason, never guessed.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

UNKNOWN_WORDS = frozenset({"", "unknown", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "null", "missing", "?"})
FALSE_WORDS = frozenset({"0", "no", "n", "false", "negative", "neg", "-"})
TRUE_WORDS = frozenset({"1", "yes", "y", "true", "positive", "pos", "+"})
MOST_CODES = 6  # different values up to which a column may hold codes instead of quantities

NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)  # 12,345: thousands or decimals
_APOSTROPHES = "'`\u00b4\u02bc\u2018\u2019"
# Blanks are those of any width.
_GROUPED = re.compile(rf"[+-]?[0-9]{{1,3}}([.,_\u00b7\u066c{_APOSTROPHES}\s][0-9]{{3}})+([.,][0-9]+)?")
_TWO_CODES = re.compile("[0-9],[0-9]")  # such as T1, N2
_MINUS_SIGNS = "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
_MOST_DIGITS = 15  # of a whole number that a float holds exactly


class NumeralError(ValueError):
    """A text that is no number.

    Attributes
    ----------
    at : int
        Its place among the texts that were read.
    text : str
    why : str
        What is wrong, to follow the text in a sentence.
    disguised : bool
        Whether it looks like a number all the same, such as ``1 234`` or ``50%``.
    """

    def __init__(self, at: int, text: str, why: str, disguised: bool) -> None:
        super().__init__(f"{text[:40]!r} {why}")
        self.at, self.text, self.why, self.disguised = at, text, why, disguised


def is_unknown(text: str) -> bool:
    """Say whether a text stands for an unknown value: empty, NA, unknown and the like."""
    return text.strip().casefold() in UNKNOWN_WORDS


def parse_number(text: str) -> float:
    """Read one number, see :func:`parse_numbers`.

    Raises
    ------
    NumeralError
    """
    return parse_numbers([text])[0]


def parse_numbers(texts: Sequence[str], marks: Collection[str] = ()) -> list[float]:
    """Read the numbers of one column, all with decimal points or all with decimal commas.

    Parameters
    ----------
    texts : sequence of str
        Cells without those that are unknown.
    marks : collection of str
        Decimal marks that the table is known to use (:func:`decimal_marks`); they settle what a column of cells such
        as ``12,345`` or ``12.345`` alone does not say.

    Returns
    -------
    list of float
        Finite.

    Raises
    ------
    NumeralError
        A text is no number, has another decimal mark than another, or can be read as two numbers.
    """
    others = {at: _disguise(text) for at, text in enumerate(texts) if not NUMBER.fullmatch(text)}
    if others:
        at, why = max(others.items(), key=lambda found: found[1] is not None)  # the first that looks like a number
        raise NumeralError(at, texts[at], why or "is not a number", why is not None)
    commas, points = ([at for at, text in enumerate(texts) if mark in text] for mark in ",.")
    if commas and points:
        why = f"has a decimal comma where {texts[points[0]]!r} has a decimal point: use one decimal mark"
        raise NumeralError(commas[0], texts[commas[0]], why, True)
    doubtful = all(_ONE_GROUP.fullmatch(texts[at]) for at in (*commas, *points))
    if doubtful and ((commas and set(marks) != {","}) or (points and set(marks) == {","})):
        at = (*commas, *points)[0]
        whole, decimal = re.sub("[.,]", "", texts[at]), texts[at].replace(",", ".")
        why = f"can be {whole} or {decimal}: write it with a decimal point and without thousands marks"
        raise NumeralError(at, texts[at], why, True)
    values = [float(text.replace(",", ".")) for text in texts]
    for at, value in enumerate(values):
        if not math.isfinite(value):
            raise NumeralError(at, texts[at], "is too large a number", True)
    return values


def decimal_marks(columns: Iterable[Sequence[str]]) -> frozenset[str]:
    """Give the decimal marks that the number columns of a table use beyond doubt.

    Parameters
    ----------
    columns : iterable of sequence of str
        Every column of the table. Columns that hold other text, or both marks, or nothing but cells such as
        ``12,345``, say nothing; nor do a few different cells such as ``1,2``, which can be two codes.
    """
    found: set[str] = set()
    for texts in columns:
        whole = "".join(texts)
        if {mark for mark in ",." if mark in whole} <= found:  # wide tables of features are soon read
            continue
        known = {text.strip() for text in texts if not is_unknown(text)}
        used = {mark for text in known for mark in ",." if mark in text}
        if len(used) != 1 or not all(NUMBER.fullmatch(text) for text in known):
            continue
        telling = any(used & set(text) and not _ONE_GROUP.fullmatch(text) for text in known)
        if telling and not can_be_codes(known):
            found |= used
    return frozenset(found)


def can_be_codes(texts: Collection[str]) -> bool:
    """Say whether the few different texts of a column are numbers with a decimal comma, or two codes in one cell."""
    marked = {text for text in texts if "," in text}
    return bool(marked) and len(set(texts)) <= MOST_CODES and all(_TWO_CODES.fullmatch(text) for text in marked)


def word(value: object) -> str:
    """Give a value as the word that tells it from others: folded in case, a whole number without decimals.

    Parameters
    ----------
    value : object
        Text, number or truth value; ``2``, ``2.0``, ``"2"`` and ``"2.0"`` are one word, True is ``"yes"``.
    """
    if type(value).__name__ in ("bool", "bool_"):
        return "yes" if value else "no"
    text = folded(value)
    if "," not in text and NUMBER.fullmatch(text) and len(text) <= _MOST_DIGITS:
        number = float(text)
        return str(int(number)) if number.is_integer() else repr(number)
    return text


def folded(value: object) -> str:
    """Give a value as text whose case, kind of composition and kinds of blanks do not matter."""
    return " ".join(unicodedata.normalize("NFC", str(value)).casefold().split())


def _disguise(text: str) -> str | None:
    """Say what keeps a text that looks like a number from being one; None when it does not look like one."""
    plain = text.strip()
    if plain and plain[0] in _MINUS_SIGNS and NUMBER.fullmatch(plain[1:]):
        return "begins with a sign that is not the minus of a keyboard: write -"
    if not plain.isascii() and NUMBER.fullmatch(unicodedata.normalize("NFKC", plain)):
        return "has other digits or marks than those of a keyboard: write 0 to 9"
    if plain.endswith(("%", "\u066a", "\uff05", "\ufe6a")) and NUMBER.fullmatch(plain[:-1].strip()):
        return "has a percent sign: write the number alone"
    if _GROUPED.fullmatch(plain):
        return "has thousands marks: write it without them"
    if re.fullmatch(r"[+-]?(inf|infinity|0x[0-9a-f]+)|#(div/0!|num!|value!|ref!|name\?)", plain, re.IGNORECASE):
        return "is not a finite decimal number"
    return None
