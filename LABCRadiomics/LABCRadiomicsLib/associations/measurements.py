"""Tables with a row a sample and any numeric columns: fractions of cells, purity, leukocytes, maps of lymphocytes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import CohortError
from ..statistics.kolmogorov_smirnov import kolmogorov_smirnov
from ..statistics.two_groups import GroupComparison, compare_groups
from ..tables.number_table import NumberTable, is_missing, is_number

_ID_COLUMNS = (
    "case", "sampleid", "sample.id", "sample id", "sample_id", "mixture", "barcode", "participantbarcode", "sample",
    "input sample", "patient", "bcr_patient_barcode", "tcga_barcode", "id",
)  # fmt: skip


@dataclass(frozen=True)
class Measurements:
    """Numeric columns of samples.

    Attributes
    ----------
    samples : tuple of str
        As the file names them.
    names : tuple of str
        Of the columns.
    values : ndarray, shape (samples, columns)
        NaN where a cell is empty.
    rows : tuple of int
        Number of each sample's row in the file.
    path : pathlib.Path
    """

    samples: tuple[str, ...]
    names: tuple[str, ...]
    values: np.ndarray
    rows: tuple[int, ...]
    path: Path

    def column(self, *names: str) -> np.ndarray | None:
        """A column by one of its names, whatever the capitals; None where there is none."""
        lower = [name.casefold() for name in self.names]
        found = next((lower.index(name) for name in names if name in lower), None)
        return None if found is None else self.values[:, found]

    def transposed(self) -> Measurements:
        """The table on its side: one row a column, as tools write that have types in rows and samples in columns."""
        return Measurements(self.names, self.samples, self.values.T, self.rows, self.path)

    def without(self, names: Sequence[str]) -> Measurements:
        """The table without columns of these names, whatever the capitals."""
        keep = [at for at, name in enumerate(self.names) if name.casefold() not in names]
        return Measurements(
            self.samples, tuple(self.names[at] for at in keep), self.values[:, keep], self.rows, self.path
        )


@dataclass(frozen=True)
class MeasureTest:
    """Two groups compared in several measures; every array has one entry a measure.

    Attributes
    ----------
    names : tuple of str
    groups : GroupComparison
        First and second group of the contrast.
    ks_distance, ks_p, ks_asymptotic_p : ndarray
        Kolmogorov-Smirnov, exact with ties; NaN where a measure has no variance.
    """

    names: tuple[str, ...]
    groups: GroupComparison
    ks_distance: np.ndarray
    ks_p: np.ndarray
    ks_asymptotic_p: np.ndarray


def read_measurements(path: str | os.PathLike[str], id: str | None = None) -> Measurements:
    """Read a table.

    Parameters
    ----------
    path : path
        CSV, TSV or TXT, points or commas as decimal marks.
    id : str, optional
        Column that names the samples; by default one of the usual names, else the first.

    Raises
    ------
    CohortError
        The table is unusable, or has no numeric column.
    """
    table = NumberTable(path)
    key = _id_column(table, id)
    seen: dict[str, int] = {}
    for at, name in enumerate(table.names):
        if name and name in seen:
            raise CohortError(f"{table.path}, row {table.header_row}: column {name} occurs twice; keep one.")
        seen[name] = at
    others = [at for at, name in enumerate(table.names) if at != key and name]
    texts = [block.texts for block in table.blocks(others, [])]
    numeric = [
        at for place, at in enumerate(others) if _mostly_numbers([text for part in texts for text in part[place]])
    ]
    if not numeric:
        raise CohortError(f"{table.path} has no column of numbers: give one row a sample and one column a measure.")
    samples: list[str] = []
    rows: list[int] = []
    values = []
    for block in table.blocks([key], numeric):
        rows.extend(range(block.first_row, block.first_row + len(block.numbers)))
        samples.extend(block.texts[0])
        values.append(block.numbers)
    return Measurements(
        tuple(samples), tuple(table.names[at] for at in numeric), np.concatenate(values), tuple(rows), table.path
    )


def _id_column(table: NumberTable, id: str | None) -> int:
    if id is not None:
        if id not in table.names:
            raise CohortError(f"{table.path}: column {id} is missing; the table has {', '.join(table.names[:12])}.")
        return table.names.index(id)
    lower = [name.casefold() for name in table.names]
    return next((lower.index(name) for name in _ID_COLUMNS if name in lower), 0)


def _mostly_numbers(texts: Sequence[str]) -> bool:
    """Whether a column is one of numbers, perhaps with a bad cell, rather than one of words."""
    filled = [text for text in texts if not is_missing(text)]
    return bool(filled) and sum(is_number(text) for text in filled) > len(filled) / 2


def compare_measures(names: Sequence[str], first: np.ndarray, second: np.ndarray) -> MeasureTest:
    """Compare two groups in every column.

    Parameters
    ----------
    names : sequence of str, length m
    first, second : ndarray, shape (n1, m) and (n2, m)
    """
    groups = compare_groups(first, second)
    found = np.full((3, len(names)), np.nan)
    for at in range(len(names)):
        one, other = (values[np.isfinite(values[:, at]), at] for values in (first, second))
        if one.size and other.size and np.ptp(np.concatenate((one, other))) > 0:
            test = kolmogorov_smirnov(one, other)
            found[:, at] = test.distance, test.p, test.asymptotic_p
    return MeasureTest(tuple(names), groups, *found)
