"""A clinical covariate's domain: what its values are, how they are read and how they enter a Cox model.

This is the one place where a covariate is read and encoded, whether it comes from a column of a table, a flag of the
command or a field of the panel, for training, scoring, validation and recalibration alike.
"""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Any, Literal

import numpy as np

from ..cell_values import (
    FALSE_WORDS,
    MOST_CODES,
    NUMBER,
    TRUE_WORDS,
    NumeralError,
    can_be_codes,
    folded,
    is_unknown,
    parse_numbers,
    word,
)
from ..errors import CohortError, InputError
from .fields import limited

SCORE = "score"  # the radiomics score among the nomogram's parameters
NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_]*$"
_LARGEST_CODE = 9  # larger numbers beside words are quantities with a slip among them, not codes such as 1, 2, 3a

Value = float | str | None


@dataclass(frozen=True, kw_only=True)
class CovariateDomain:
    """What a clinical covariate's values are.

    A value is a number, 0.0 or 1.0 of a ``binary`` covariate (its first and second level, by default no and yes), one
    of the ``levels`` of a ``category``, or None where it is unknown. ``minimum`` and ``maximum`` are what a number can
    be at all.
    """

    name: str = limited(pattern=NAME_PATTERN)
    label: str = limited(minLength=1)
    type: Literal["number", "binary", "category"]
    unit: str | None = None
    levels: tuple[str, ...] | None = limited(optional=True, minItems=2)
    reference: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def domain(self) -> "CovariateDomain":
        """The domain alone, without what a nomogram adds to it."""
        return CovariateDomain(**{field.name: getattr(self, field.name) for field in fields(CovariateDomain)})

    @property
    def choices(self) -> tuple[str, ...]:
        """The levels that people choose from; empty for a number."""
        if self.type == "number":
            return ()
        return self.levels or ("no", "yes")

    def describe(self) -> str:
        """Describe the values that are taken, for messages and tooltips."""
        if self.type == "category":
            return "one of " + ", ".join(self.choices)
        if self.type == "binary":
            return " or ".join(self.choices)
        ends = [(self.minimum, "from"), (self.maximum, "to")]
        limits = "".join(f" {preposition} {end:g}" for end, preposition in ends if end is not None)
        return "a number" + limits + (f" ({self.unit})" if self.unit else "")

    def parse(self, value: object) -> Value:
        """Read one value.

        Parameters
        ----------
        value : object
            Number, level or text. None, NaN, ``""``, ``"unknown"`` and the like stand for unknown. A binary covariate
            takes its levels, 0 and 1, and words such as yes and no. Case does not matter.

        Raises
        ------
        InputError
            The value is outside the domain, or can be read as two numbers; the sentence names the covariate, the
            value and what is taken.
        """
        return self.parse_all([value])[0]

    def parse_column(
        self, cases: Sequence[str], values: Sequence[object], marks: Collection[str] = ()
    ) -> tuple[Value, ...]:
        """Read the values of n cases, numbers all with one decimal mark.

        Parameters
        ----------
        cases : sequence of str
            Length n, for the sentences of errors.
        values : sequence
            Length n, each as :meth:`parse` takes it.
        marks : collection of str
            Decimal marks that the table uses, see :func:`.cell_values.decimal_marks`.

        Raises
        ------
        CohortError
            A value cannot be used; the sentence names its case too.
        """
        try:
            return self.parse_all(values, marks)
        except _ValueError as fault:
            raise CohortError(f"case {cases[fault.at]}: {fault}") from fault

    def parse_all(self, values: Sequence[object], marks: Collection[str] = ()) -> tuple[Value, ...]:
        """Read several values as one column.

        Raises
        ------
        InputError
        """
        known = [at for at, value in enumerate(values) if not _is_unknown(value, self.choices)]
        read = self._numbers if self.type == "number" else self._levels
        found: list[Value] = [None for _ in values]
        for at, value in zip(known, read(known, values, marks), strict=True):
            found[at] = value
        return tuple(found)

    def columns(self, values: Sequence[Value]) -> np.ndarray:
        """Encode one value a patient for a Cox model, shape (n, 1) or (n, levels - 1); unknown is NaN."""
        if self.type != "category":
            return np.array([math.nan if value is None else float(value) for value in values], float)[:, None]
        others = self._others()
        nothing = [math.nan] * len(others)
        rows = [nothing if value is None else [float(value == level) for level in others] for value in values]
        return np.array(rows, float).reshape(len(values), len(others))

    def parameters(self) -> tuple[str, ...]:
        """Name the columns and their coefficients: ``name``, or ``name=level`` for each level but the reference."""
        return tuple(f"{self.name}={level}" for level in self._others()) if self.type == "category" else (self.name,)

    def effects(self) -> tuple[tuple[str | None, str | None], ...]:
        """Give level and reference level of each column; None for a number."""
        if self.type == "number":
            return ((None, None),)
        if self.type == "binary":
            no, yes = self.choices
            return ((yes, no),)
        return tuple((level, self.reference) for level in self._others())

    def level(self, value: Value) -> Value:
        """Give a binary covariate's or a category's value as people read it."""
        return self.choices[int(value)] if self.type == "binary" and value is not None else value

    def words(self, value: Value) -> str:
        """Give a value as people read it: its level, or a number with its unit."""
        if value is None:
            return "unknown"
        return f"{value:g} {self.unit or ''}".strip() if self.type == "number" else str(self.level(value))

    def of_levels(self, values: Sequence[Value]) -> "CovariateDomain":
        """Give a category's domain with just the levels that occur; the reference stays if it does."""
        if self.type != "category":
            return self.domain
        occur = tuple(level for level in self.choices if level in values)
        if len(occur) < 2:
            raise CohortError(f"covariate {self.name} has the same value in every case: leave it out.")
        reference = self.reference if self.reference in occur else occur[0]
        return replace(self.domain, levels=occur, reference=reference)

    def _others(self) -> list[str]:
        return [level for level in self.choices if level != self.reference]

    def _numbers(self, known: Sequence[int], values: Sequence[object], marks: Collection[str]) -> list[Value]:
        texts = [at for at in known if isinstance(values[at], str)]
        try:
            read = dict(zip(texts, parse_numbers([str(values[at]).strip() for at in texts], marks), strict=True))
        except NumeralError as fault:
            why = None if fault.why == "is not a number" else fault.why
            raise self._fault(texts[fault.at], values[texts[fault.at]], why) from fault
        return [self._limited(at, read[at] if at in read else _as_float(values[at]), values[at]) for at in known]

    def _limited(self, at: int, number: float | None, given: object) -> float:
        least = -math.inf if self.minimum is None else self.minimum
        most = math.inf if self.maximum is None else self.maximum
        if number is None or not math.isfinite(number) or not least <= number <= most:
            raise self._fault(at, given)
        return number

    def _levels(self, known: Sequence[int], values: Sequence[object], marks: Collection[str]) -> list[Value]:
        """Levels by their text, or, where a spreadsheet made 2.0 of 2, by their word."""
        levels = {**{word(level): level for level in self.choices}, **{folded(level): level for level in self.choices}}
        found: list[Value] = []
        for at in known:
            level = levels.get(folded(values[at])) or levels.get(word(values[at]))
            if self.type == "category":
                value: Value = level
            else:
                value = _side(word(values[at])) if level is None else float(level == self.choices[1])
            if value is None:
                raise self._fault(at, values[at])
            found.append(value)
        return found

    def _fault(self, at: int, value: object, why: str | None = None) -> InputError:
        shown = f"covariate {self.name}: {str(value)[:40]!r}"
        takes = f"{self.describe()}, or unknown"
        return _ValueError(at, f"{shown} {why}; it takes {takes}." if why else f"{shown} is not {takes}.")


class _ValueError(InputError):
    """An unusable value and its place in the column."""

    def __init__(self, at: int, sentence: str) -> None:
        super().__init__(sentence)
        self.at = at


def infer_covariate(
    name: str,
    texts: Sequence[str],
    *,
    category: bool = False,
    marks: Collection[str] = (),
    cases: Sequence[str] | None = None,
    otherwise: str = "name the column in --categories if its values are levels",
) -> CovariateDomain:
    """Tell from a column's cells what kind of covariate it is.

    Parameters
    ----------
    name : str
        Column name; also the label.
    texts : sequence of str
        Cells; empty, ``NA`` and ``unknown`` ones do not count.
    category : bool
        Take the column for a category whatever it holds.
    marks : collection of str
        Decimal marks that the table uses, see :func:`.cell_values.decimal_marks`.
    cases : sequence of str, optional
        The cells' cases, for the sentences of errors.
    otherwise : str
        What else the user can do about a column that is refused.

    Returns
    -------
    CovariateDomain
        ``binary`` for 0 and 1, yes and no, negative and positive ...; ``number`` for other numbers; ``category``, its
        reference the first level in alphabetical order (of numbers, the least), for up to six different words.

    Raises
    ------
    CohortError
        The name does not fit a model file; the column is empty or has one level, or too many words; or it holds what
        looks like numbers and is none, which would make a wrong category of a quantity.
    """
    if not re.fullmatch(NAME_PATTERN, name) or name == SCORE:
        raise CohortError(
            f"column {name} cannot name a covariate in a model file; rename it with letters, digits and underscores, "
            f"a letter first, and not {SCORE}."
        )
    places = [at for at, text in enumerate(texts) if not is_unknown(text)]
    known = [texts[at].strip() for at in places]
    words = {word(text): text for text in reversed(known)}
    if len(words) < 2:
        holds = f"only the value {known[0]}" if known else "no value"
        raise CohortError(f"covariate {name} has {holds}, so nothing can be learned from it: leave it out.")
    if not category:
        if set(words) <= FALSE_WORDS | TRUE_WORDS and set(words) & FALSE_WORDS and set(words) & TRUE_WORDS:
            return CovariateDomain(name=name, label=name, type="binary", levels=_binary_levels(words))
        fault = _number_fault(known, marks)
        if fault is None:
            return CovariateDomain(name=name, label=name, type="number")
        if fault.disguised or len(words) > MOST_CODES or any(_is_quantity(text) for text in known):
            where = f"case {cases[places[fault.at]]}: " if cases is not None else ""
            raise CohortError(
                f"{where}covariate {name} has {len(words)} different values, among them {fault.text[:40]!r}, which "
                f"{fault.why}{'' if ':' in fault.why else ': correct it'}, or {otherwise}."
            )
    numbers = all(NUMBER.fullmatch(text) and "," not in text for text in words.values())
    levels = tuple(sorted(words.values(), key=float if numbers else None))
    return CovariateDomain(name=name, label=name, type="category", levels=levels, reference=levels[0])


def _number_fault(texts: Sequence[str], marks: Collection[str]) -> NumeralError | None:
    """Say why a column is none of numbers; None when it is."""
    try:
        parse_numbers(texts, marks)
    except NumeralError as fault:
        return fault
    if not can_be_codes(texts):
        return None
    comma = next(at for at, text in enumerate(texts) if "," in text)
    why = "can be a number with a decimal comma, or two codes such as T1, N2: write a decimal point in numbers"
    return NumeralError(comma, texts[comma], why, disguised=True)


def _is_quantity(text: str) -> bool:
    """Say whether a text is a number that is no code such as a stage or a grade."""
    if not NUMBER.fullmatch(text):
        return False
    number = float(text.replace(",", "."))
    return not (number.is_integer() and 0 <= number <= _LARGEST_CODE)


def _binary_levels(words: dict[str, str]) -> tuple[str, ...] | None:
    """The two spellings when the column uses two words; None (no, yes) for digits, signs and mixtures."""
    if len(words) != 2 or not all(found.isalpha() for found in words):
        return None
    return next(words[w] for w in words if w in FALSE_WORDS), next(words[w] for w in words if w in TRUE_WORDS)


def _is_unknown(value: object, levels: Collection[str]) -> bool:
    if value is None or (isinstance(value, Real) and math.isnan(value)):
        return True
    return isinstance(value, str) and is_unknown(value) and folded(value) not in map(folded, levels)


def _as_float(value: Any) -> float | None:
    if isinstance(value, (bool, np.bool_)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _side(found: str) -> float | None:
    """Side of a binary covariate that a word such as yes or 0 names."""
    if found in FALSE_WORDS:
        return 0.0
    return 1.0 if found in TRUE_WORDS else None
