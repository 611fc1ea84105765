"""A pandas DataFrame as the table that a CSV file would have given, so that both are checked by the same code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CohortError
from ..tables.cells import cell_text
from ..tables.csv_table import GIVE_NUMBER, Table
from ..tables.csv_text import plain_text

if TYPE_CHECKING:
    import pandas as pd

_MISSING = frozenset(("<NA>", "NaT", "nan"))  # how pandas writes its kinds of missing values


class FrameTable(Table):
    """A DataFrame as a table of text; messages call its rows by position, from 0 as ``iloc`` does.

    Parameters
    ----------
    frame : pandas.DataFrame
        A named index is a column like any other; an index of texts without a name can stand for the column of the
        cases. Missing values of every kind are empty cells.
    name : str
        What messages call the table.

    Raises
    ------
    CohortError
        It is no DataFrame, has no rows, columns of several levels, or two columns of one name.
    """

    def __init__(self, frame: pd.DataFrame, name: str) -> None:
        if not all(hasattr(frame, part) for part in ("columns", "index", "iloc")):
            raise CohortError(f"{name} is a {type(frame).__name__}: give a pandas DataFrame.")
        if getattr(frame.columns, "nlevels", 1) > 1 or frame.index.nlevels > 1:
            raise CohortError(f"{name} has rows or columns of several levels: give one level of names.")
        if not len(frame):
            raise CohortError(f"{name}: the table is empty; give one row a case.")
        columns: dict[str, Sequence[str]] = {}
        self._numbers: dict[str, np.ndarray] = {}
        if frame.index.name is not None and frame.index.name not in frame.columns:
            frame = frame.reset_index()
        for at, given in enumerate(frame.columns):
            column = plain_text(str(given))
            if column in columns:
                raise CohortError(f"{name}: column {column} occurs twice; keep one.")
            series = frame.iloc[:, at]
            columns[column] = _Texts(series.tolist())
            if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iuf":
                self._numbers[column] = series.to_numpy(float)
        rows = [_text(value) for value in frame.index.tolist()]
        numbered = frame.index.name is not None or all(text.isdecimal() for text in rows)
        super().__init__(
            Path(name), columns, range(len(frame)), row_names=None if numbered else rows, decimal_comma=False
        )

    def __str__(self) -> str:
        return str(self.path)

    def numbers(self, name: str, *, allow_missing: bool = False, missing: str = GIVE_NUMBER) -> np.ndarray:
        """Give a column as finite numbers, at once where it holds nothing else; see :meth:`.Table.numbers`."""
        values = self._numbers.get(name)
        if values is not None and (np.isfinite(values) | (allow_missing & np.isnan(values))).all():
            return values.copy()
        return super().numbers(name, allow_missing=allow_missing, missing=missing)


class _Texts(Sequence[str]):
    """A column as text, written when it is first asked for: a wide table of numbers never is."""

    def __init__(self, values: list) -> None:
        self._values = values

    @cached_property
    def _cells(self) -> tuple[str, ...]:
        return tuple(_text(value) for value in self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, at: Any) -> Any:
        return self._cells[at]


def _text(value: Any) -> str:
    """A value as a CSV file holds it; infinity stays, for the reader to refuse."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return cell_text(value)
    if isinstance(value, (float, np.floating)):
        return "" if math.isnan(value) else repr(float(value))
    return "" if value is None or str(value) in _MISSING else plain_text(str(value))
