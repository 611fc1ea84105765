"""Clinical covariates of a cohort table: what each column is, its values, and its columns in a Cox model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import CohortError, InputError
from ..model import SCORE, Covariate
from ..model.checks import FALSE_WORDS, TRUE_WORDS, UNKNOWN_WORDS
from ..model.nomogram import parse_covariate

RANGE = (1, 99)  # percentiles of the training cohort that count as its range
MOST_LEVELS = 6  # words of a column that is still taken for a category

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

Value = float | str | None


@dataclass(frozen=True)
class CovariateSpec:
    """A clinical covariate as a cohort table holds it.

    Attributes
    ----------
    name, label : str
        Column name, and the name people read.
    type : {"number", "binary", "category"}
    unit : str or None
    levels : tuple of str or None
        Of a binary covariate (value 0, then 1) or a category (as the table spells them).
    reference : str or None
        A category's reference level.
    minimum, maximum : float or None
        What a number can be at all.
    """

    name: str
    label: str
    type: str
    unit: str | None = None
    levels: tuple[str, ...] | None = None
    reference: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    def parse(self, text: str) -> Value:
        """Read one cell: a number, 0.0 or 1.0, a level, or None when it is empty or unknown.

        Raises
        ------
        InputError
            The cell is none of these.
        """
        number = _number(text)
        return parse_covariate(self, text if number is None or self.type == "category" else number)

    def columns(self, values: Sequence[Value]) -> np.ndarray:
        """Encode one value a patient for a Cox model, shape (n, 1) or (n, levels - 1); unknown is NaN."""
        if self.type != "category":
            return np.array([np.nan if value is None else float(value) for value in values])[:, None]
        nothing = [np.nan] * len(self._others())
        return np.array(
            [nothing if value is None else [float(value == level) for level in self._others()] for value in values]
        )

    def parameters(self) -> tuple[str, ...]:
        """Name the columns as the model file names the coefficients."""
        return tuple(f"{self.name}={level}" for level in self._others()) if self.type == "category" else (self.name,)

    def effects(self) -> tuple[tuple[str | None, str | None], ...]:
        """Give level and reference level of each column; None for a number."""
        if self.type == "number":
            return ((None, None),)
        if self.type == "binary":
            no, yes = self.levels or ("no", "yes")
            return ((yes, no),)
        return tuple((level, self.reference) for level in self._others())

    def level(self, value: Value) -> str | None:
        """Give a binary covariate's or a category's value as people read it."""
        return (self.levels or ("no", "yes"))[int(value)] if self.type == "binary" and value is not None else value

    def fitted(self, coefficients: Sequence[float], values: Sequence[Value]) -> Covariate:
        """Give the nomogram's covariate with its log hazard ratios and training range."""
        limits = {}
        if self.type == "number":
            low, high = np.nanpercentile(self.columns(values)[:, 0], RANGE)
            limits = {"low": float(low), "high": float(high), "minimum": self.minimum, "maximum": self.maximum}
        return Covariate(
            name=self.name,
            label=self.label,
            type=self.type,
            unit=self.unit,
            levels=self.levels,
            reference=self.reference,
            coefficients=tuple(map(float, coefficients)),
            **limits,
        )

    def _others(self) -> list[str]:
        return [level for level in self.levels if level != self.reference]


def infer_covariate(name: str, texts: Sequence[str], *, category: bool = False) -> CovariateSpec:
    """Tell from a column's cells what kind of covariate it is.

    Parameters
    ----------
    name : str
        Column name; also the label.
    texts : sequence of str
        Cells; empty, ``NA`` and ``unknown`` ones do not count.
    category : bool
        Take the column for a category whatever it holds.

    Returns
    -------
    CovariateSpec
        ``binary`` for 0 and 1, yes and no, negative and positive ...; ``number`` for other numbers; ``category``, its
        reference the first level in alphabetical order, for up to six different words.

    Raises
    ------
    CohortError
        The name does not fit a model file; the column is empty or has one level, or too many words.
    """
    if not _NAME.fullmatch(name) or name == SCORE:
        raise CohortError(
            f"column {name} cannot name a covariate in a model file; rename it with letters, digits and underscores, "
            f"a letter first, and not {SCORE}."
        )
    known = [text.strip() for text in texts if text.strip().casefold() not in UNKNOWN_WORDS]
    words = {_plain(text): text for text in reversed(known)}
    if len(words) < 2:
        holds = f"only the value {known[0]}" if known else "no value"
        raise CohortError(f"covariate {name} has {holds}, so nothing can be learned from it: leave it out.")
    if not category and set(words) <= FALSE_WORDS | TRUE_WORDS and set(words) & FALSE_WORDS and set(words) & TRUE_WORDS:
        return CovariateSpec(name, name, "binary", levels=_binary_levels(words))
    if not category and all(_number(text) is not None for text in known):
        return CovariateSpec(name, name, "number")
    if len(words) > MOST_LEVELS and not category:
        odd = next(text for text in known if _number(text) is None)
        raise CohortError(
            f"covariate {name} has {len(words)} different values, among them {odd[:40]!r}, which is no number: "
            "correct it, or name the column in --categories."
        )
    levels = tuple(sorted(words.values()))
    return CovariateSpec(name, name, "category", levels=levels, reference=levels[0])


def parse_column(spec: CovariateSpec, cases: Sequence[str], texts: Sequence[str]) -> tuple[Value, ...]:
    """Read a covariate of every case.

    Raises
    ------
    CohortError
        A cell is outside the covariate's domain; the sentence names case and column.
    """
    values = []
    for case, text in zip(cases, texts, strict=True):
        try:
            values.append(spec.parse(text))
        except InputError as error:
            raise CohortError(f"case {case}: {error}") from error
    return tuple(values)


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", ".", 1))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _plain(text: str) -> str:
    """A cell as the word it stands for: 1.0 and 1 are one level, as are Yes and yes."""
    number = _number(text)
    return f"{number:g}" if number is not None else text.casefold()


def _binary_levels(words: dict[str, str]) -> tuple[str, str] | None:
    """The two spellings when the column uses two words; None (no, yes) for digits, signs and mixtures."""
    if len(words) != 2 or not all(word.isalpha() for word in words):
        return None
    return next(words[w] for w in words if w in FALSE_WORDS), next(words[w] for w in words if w in TRUE_WORDS)
