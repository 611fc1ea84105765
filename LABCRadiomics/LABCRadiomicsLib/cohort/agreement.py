"""Agreement between readers: ICC(2,1) of every feature of two feature tables, and of repeated segmentations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import CohortError
from ..notices import Notice
from ..sentences import listed, many
from ..statistics.agreement import intraclass_correlation
from ..tables.cohort import FeatureTable, read_features
from ..tables.csv_table import CASE, write_table
from ..tables.feature_columns import LEFT_OUT
from .record import read_extraction

LEAST_CASES = 3


@dataclass(frozen=True)
class Correlation:
    """ICC(2,1) of p features with 95% limits; NaN where a feature does not vary or has missing values.

    Attributes
    ----------
    icc, lower, upper : numpy.ndarray, shape (p,)
    cases : int
        Number of cases segmented twice.
    """

    icc: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    cases: int


@dataclass(frozen=True)
class Agreement:
    """The outcome of :func:`reader_agreement`.

    Attributes
    ----------
    features : tuple of str
        In the order of the first reader's table.
    between : Correlation
        Between the two readers.
    repeated : Correlation or None
        Between the first reader's two segmentations.
    notices : tuple of Notice
        Cases and features that only some of the tables have, and features without a correlation.
    """

    features: tuple[str, ...]
    between: Correlation
    repeated: Correlation | None
    notices: tuple[Notice, ...]

    def exceeding(self, minimum: float) -> np.ndarray:
        """Say of each feature whether all its correlations are above a minimum, as the source article asks."""
        enough = self.between.icc > minimum
        return enough if self.repeated is None else enough & (self.repeated.icc > minimum)


def reader_agreement(
    reader1: str | os.PathLike[str],
    reader2: str | os.PathLike[str],
    repeat: str | os.PathLike[str] | None = None,
    *,
    columns: str | None = None,
    id: str = CASE,
) -> Agreement:
    """Compare the features of two readers' segmentations of the same cases.

    Parameters
    ----------
    reader1, reader2 : path
        Feature tables.
    repeat : path, optional
        Feature table of the first reader's second segmentations.
    columns, id : str
        See :func:`.tables.cohort.read_features`.

    Returns
    -------
    Agreement
        Over the cases that both tables of a comparison hold, and the features that all tables hold.

    Raises
    ------
    CohortError
        A table is unusable, fewer than 3 cases or no feature is common, or the tables were made with different
        extraction settings.
    """
    paths = [Path(path) for path in (reader1, reader2, repeat) if path is not None]
    _require_same_extraction(paths)
    return agreement_of([read_features(path, columns, id=id, allow_missing=True) for path in paths], paths)


def agreement_of(tables: Sequence[FeatureTable], paths: Sequence[Path]) -> Agreement:
    """Compare feature tables of the same cases.

    Parameters
    ----------
    tables : sequence of FeatureTable
        Of the first reader, of the second, and perhaps of the first reader's second segmentations.
    paths : sequence of pathlib.Path
        What messages call them.

    Raises
    ------
    CohortError
        Fewer than 3 cases or no feature is common.
    """
    first, *others = tables
    features = _common(first.names, *(other.names for other in others))
    if not features:
        raise CohortError(f"{paths[0]} and {paths[1]} have no feature in common: give tables of the same features.")
    results = [
        _correlation(first, other, features, f"{paths[0]} and {path}")
        for path, other in zip(paths[1:], others, strict=True)
    ]
    chosen = [notice for table in tables for notice in table.notices if notice.code == LEFT_OUT]
    notices = (*chosen, *_table_notices(paths, tables, features), *_value_notices(features, results))
    return Agreement(features, results[0], results[1] if len(results) > 1 else None, notices)


def write_agreement(path: str | os.PathLike[str], agreement: Agreement) -> None:
    """Write the table that ``train --icc`` reads; see :func:`agreement_columns`."""
    write_table(path, *agreement_columns(agreement))


def agreement_columns(agreement: Agreement) -> tuple[list[str], list[tuple]]:
    """Give header and rows: feature, icc, lower, upper, and the same of the repetition."""
    header = ["feature", "icc", "lower", "upper"]
    columns = [agreement.features, *_columns(agreement.between)]
    if agreement.repeated is not None:
        header += [f"{name}_repeat" for name in header[1:]]
        columns += _columns(agreement.repeated)
    return header, list(zip(*columns, strict=True))


def _columns(correlation: Correlation) -> list[np.ndarray]:
    return [correlation.icc, correlation.lower, correlation.upper]


def _common(first: Iterable[str], *others: Iterable[str]) -> tuple[str, ...]:
    """What all hold, in the order of the first."""
    sets = [frozenset(other) for other in others]
    return tuple(item for item in first if all(item in other for other in sets))


def _correlation(first: FeatureTable, second: FeatureTable, features: Sequence[str], what: str) -> Correlation:
    cases = _common(first.cases, second.cases)
    if len(cases) < LEAST_CASES:
        raise CohortError(f"{what} have {len(cases)} cases in common: give at least {LEAST_CASES} segmented twice.")
    ratings = np.stack([_values(table, cases, features) for table in (first, second)], axis=-1)
    # Rounding in the mean of equal numbers would make a correlation of noise.
    usable = np.isfinite(ratings).all(axis=(1, 2)) & (np.ptp(ratings, axis=(1, 2)) > 0)
    found = np.full((3, len(features)), np.nan)
    if usable.any():
        found[:, usable] = intraclass_correlation(ratings[usable]).form("ICC2")
    icc, lower, upper = found
    return Correlation(icc, lower, upper, len(cases))


def _values(table: FeatureTable, cases: Sequence[str], features: Sequence[str]) -> np.ndarray:
    """Values of some cases and features, shape (features, cases)."""
    rows, columns = ({name: at for at, name in enumerate(names)} for names in (table.cases, table.names))
    return table.values[np.ix_([rows[case] for case in cases], [columns[name] for name in features])].T


def _require_same_extraction(paths: Sequence[Path]) -> None:
    made = {path: read_extraction(path) for path in paths}
    known = {path: extraction for path, extraction in made.items() if extraction is not None}
    if len(known) == len(paths) and len({repr(extraction) for extraction in known.values()}) > 1:
        names = " and ".join(map(str, paths))
        raise CohortError(f"{names} were made with different extraction settings: extract them again with the same.")


def _table_notices(paths: Sequence[Path], tables: Sequence[FeatureTable], features: Sequence[str]) -> list[Notice]:
    cases = _common(*(table.cases for table in tables))
    found = []
    for path, table in zip(paths, tables, strict=True):
        if others := len(table.cases) - len(cases):
            text = f"Left out: {many(others, 'case')} of {path.name} that not every table has."
            found.append(Notice("cases-not-common", text))
        if others := len(table.names) - len(features):
            text = f"Left out: {many(others, 'feature')} of {path.name} that not every table has."
            found.append(Notice("features-not-common", text))
    return found


def _value_notices(features: Sequence[str], results: Sequence[Correlation]) -> list[Notice]:
    undefined: np.ndarray = np.isnan(np.array([result.icc for result in results])).any(axis=0)
    if not undefined.any():
        return []
    names = [name for name, lacks in zip(features, undefined, strict=True) if lacks]
    which = f"{many(len(names), 'feature')}: {listed(names, 5)}"
    text = f"Constant or with missing values, and so without an ICC, which counts as too low: {which}."
    return [Notice("icc-undefined", text)]
