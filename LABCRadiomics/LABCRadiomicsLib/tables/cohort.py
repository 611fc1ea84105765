"""The tables of a cohort: features, outcomes, covariates, folds and agreement between readers.

Each reader checks every cell and names file, row and column of what it cannot use; :mod:`.csv_table` says which forms
of CSV are understood.
"""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import CohortError
from ..feature_names import canonical_feature_name
from ..notices import Notice
from ..sentences import listed, many
from .csv_table import CASE, Table, read_table
from .feature_columns import choose_feature_columns
from .layouts import cases_as_rows

# Follow-up beyond this is days, or the serial number by which Excel stores a date, taken for months.
LONGEST_MONTHS = 600.0


@dataclass(frozen=True)
class FeatureTable:
    """Features of n cases.

    Attributes
    ----------
    cases : tuple of str
        Length n, all different.
    names : tuple of str
        Feature names, length p, all different; pyradiomics' own where a name went through R.
    values : numpy.ndarray of float, shape (n, p)
        Finite, but for missing cells where these were allowed (NaN).
    notices : tuple of Notice
        Which columns were taken for features, where some of the table's were not or their names are unknown.
    """

    cases: tuple[str, ...]
    names: tuple[str, ...]
    values: np.ndarray
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class OutcomeTable:
    """Follow-up and clinical values of n cases.

    Attributes
    ----------
    cases : tuple of str
        Length n, all different.
    months : numpy.ndarray of float, shape (n,)
        Time to the event or to the end of follow-up, above 0.
    event : numpy.ndarray of bool, shape (n,)
    columns : mapping of str to tuple of str
        Every other column as text, each of length n; an empty cell is an empty text.
    notices : tuple of Notice
        What the user should know, such as an event column that holds words.
    named : tuple of str
        The names of the columns of case, time and event.
    decimal_marks : frozenset of str
        Those that the table uses beyond doubt.
    cause : numpy.ndarray of int, shape (n,), or None
        What ended follow-up, where the table says it: 0 none, 1 the event, 2, 3, ... competing events, which count as
        censored in ``event``.
    """

    cases: tuple[str, ...]
    months: np.ndarray
    event: np.ndarray
    columns: Mapping[str, tuple[str, ...]]
    notices: tuple[Notice, ...] = ()
    named: tuple[str, ...] = ()
    decimal_marks: frozenset[str] = frozenset()
    cause: np.ndarray | None = None


@dataclass(frozen=True)
class CovariateTable:
    """Clinical values of n cases as text, without follow-up.

    Attributes
    ----------
    cases : tuple of str
        Length n, all different.
    columns : mapping of str to tuple of str
        Every other column, each of length n; an empty cell is an empty text.
    decimal_marks : frozenset of str
        Those that the table uses beyond doubt.
    """

    cases: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    decimal_marks: frozenset[str] = frozenset()


def read_features(
    path: str | os.PathLike[str] | Table,
    columns: str | None = None,
    *,
    id: str = CASE,
    allow_missing: bool = False,
    outcomes: OutcomeTable | None = None,
    covariates: Iterable[str] = (),
) -> FeatureTable:
    """Read a feature table.

    Parameters
    ----------
    path : path
        One row a case, or SlicerRadiomics' table of one column a case; columns that begin with ``diagnostics_`` are
        ignored.
    columns : str, optional
        Regular expression searched in the column names; those that match are features. By default those are that are
        named as known software names features.
    id : str
        Column that names the cases; where there is none, ``case`` is it.
    allow_missing : bool
        Whether an empty cell (or NA, NaN) becomes NaN; else it is an error.
    outcomes : OutcomeTable, optional
        Of the same cases. Its columns are no features; see :func:`.feature_columns.choose_feature_columns`.
    covariates : iterable of str
        Columns that are none either, whatever they are called.

    Returns
    -------
    FeatureTable

    Raises
    ------
    CohortError
        The table is unusable; the sentence names file, row and column.
    """
    table = cases_as_rows(read_table(path))
    own = case_column(table, id)
    cases = table.cases(own)
    known = () if outcomes is None else (*outcomes.named, *outcomes.columns)
    never = () if outcomes is None else outcomes.named
    chosen = choose_feature_columns(table, columns, own, (*never, *covariates), known)
    names: dict[str, str] = {}
    for column in chosen.names:
        name = canonical_feature_name(column)
        if name in names:
            raise CohortError(f"{table.path}, row 1: columns {names[name]} and {column} are one feature; keep one.")
        names[name] = column
    values = np.column_stack([table.numbers(name, allow_missing=allow_missing) for name in chosen.names])
    return FeatureTable(cases, tuple(names), values, chosen.notices)


def case_column(table: Table, id: str) -> str:
    """Give the column of a feature table that names the cases: the one asked for, else the one ``extract`` writes."""
    return CASE if table.find(id) is None and table.find(CASE) is not None else table.find(id) or id


def read_outcomes(
    path: str | os.PathLike[str] | Table, id: str, time: str, event: str, *, competing: bool = False
) -> OutcomeTable:
    """Read follow-up and clinical values.

    Parameters
    ----------
    path : path
        One row a case.
    id, time, event : str
        Columns with the case's name, the months of follow-up, and whether it ended with the event.
    competing : bool
        Whether the event column holds causes: 0 none, 1 the event, 2, 3, ... competing events.

    Returns
    -------
    OutcomeTable

    Raises
    ------
    CohortError
        The table is unusable; the sentence names file, row and column.
    """
    table = read_table(path)
    cases, months = table.cases(id), table.numbers(time)
    for number, value in zip(table.row_numbers, months, strict=True):
        if value <= 0:
            raise table.fault(number, time, f"{value:g} months is not above zero; correct it or leave the case out")
        if value > LONGEST_MONTHS:
            what = f"{value:g} is more than {LONGEST_MONTHS:g} months, so days or a date's serial number"
            raise table.fault(number, time, f"{what}; give months")
    cause = table.causes(event) if competing else None
    events, notices = table.events(event) if cause is None else (cause == 1, _competing_notices(cause))
    others = {name: table.texts(name) for name in table.names if name not in (id, time, event)}
    return OutcomeTable(cases, months, events, others, notices, (id, time, event), table.decimal_marks, cause)


def _competing_notices(cause: np.ndarray) -> tuple[Notice, ...]:
    count = int((cause > 1).sum())
    if not count:
        return (Notice("no-competing-event", "No follow-up ended with a competing event: all events are 1."),)
    text = (
        f"{many(count, 'patient')} had a competing event. For hazard ratios, C-indices and survival such patients are "
        "censored then, so that survival is that without competing events; the cumulative incidences count them as "
        "what they are."
    )
    return (Notice("competing-events", text),)


def read_covariates(path: str | os.PathLike[str] | Table, id: str = CASE) -> CovariateTable:
    """Read clinical values without follow-up.

    Raises
    ------
    CohortError
        The table is unusable; the sentence names file, row and column.
    """
    table = read_table(path)
    columns = {name: table.texts(name) for name in table.names if name != id}
    return CovariateTable(table.cases(id), columns, table.decimal_marks)


def read_folds(path: str | os.PathLike[str] | Table) -> dict[str, str]:
    """Read the table ``case,fold``: the fold of each case, as text.

    Raises
    ------
    CohortError
        The table is unusable; the sentence names file, row and column.
    """
    table = read_table(path)
    cases, folds = table.cases(), table.texts(table.find("fold") or "fold")
    for number, fold in zip(table.row_numbers, folds, strict=True):
        if not fold:
            raise table.fault(number, "fold", "the cell is empty; give the case's fold")
    return dict(zip(cases, folds, strict=True))


def read_icc(path: str | os.PathLike[str] | Table) -> dict[str, tuple[float, float, float]]:
    """Read a table of intraclass correlations.

    Parameters
    ----------
    path : path
        Columns feature, icc, lower, upper, and where segmentations were repeated icc_repeat, lower_repeat,
        upper_repeat. An empty ``icc`` is one that is not defined.

    Returns
    -------
    dict of str to tuple of float
        Correlation with its limits by feature name; of two, the smaller correlation (NaN when one is not defined).

    Raises
    ------
    CohortError
        The table is unusable, or a correlation is above 1.
    """
    table = read_table(path)
    features = [canonical_feature_name(name) for name in table.unique("feature")]
    found = dict.fromkeys(features, (math.inf, math.inf, math.inf))
    for suffix in ("", "_repeat") if "icc_repeat" in table.names else ("",):
        columns = [table.numbers(name + suffix, allow_missing=True) for name in ("icc", "lower", "upper")]
        for number, feature, icc, lower, upper in zip(table.row_numbers, features, *columns, strict=True):
            if icc > 1:
                raise table.fault(number, f"icc{suffix}", f"{icc:g} is above 1; give a correlation")
            if math.isnan(icc) or icc < found[feature][0]:
                found[feature] = float(icc), float(lower), float(upper)
    return found


def matching_rows(cases: Sequence[str], others: Sequence[str], sentence: str) -> list[int]:
    """Join two tables by case: give the row of each case among others.

    Parameters
    ----------
    cases, others : sequence of str
        Those of ``others`` that are not among ``cases`` are left out.
    sentence : str
        What is wrong and what to do when a case is not among the others; ``{}`` stands for the case.

    Raises
    ------
    CohortError
        A case is not among the others.
    """
    places = {case: at for at, case in enumerate(others)}
    absent = [case for case in cases if case not in places]
    if absent:
        raise CohortError(sentence.format(listed(absent, 1)) + _look_alike(absent, others))
    return [places[case] for case in cases]


def _look_alike(cases: Sequence[str], others: Sequence[str]) -> str:
    """Name a pair of cases that differ only in how they are written; nothing when there is none."""
    written = {_as_read(other): other for other in others}
    pair = next(((case, written[_as_read(case)]) for case in cases if _as_read(case) in written), None)
    if pair is None:
        return ""
    return f" The other table has {pair[1]!r} where this has {pair[0]!r}: write the cases the same in both."


def _as_read(case: str) -> str:
    """A case as people read it: without blanks, signs between, capitals, accents, leading zeros and a final .0."""
    text = unicodedata.normalize("NFKD", case).casefold()
    text = text.removesuffix(".0") if text.removesuffix(".0").isdecimal() else text
    return "".join(letter for letter in text if letter.isalnum()).lstrip("0")
