"""Follow-up of patients for associations: cases without an outcome are left out and said, as archives have many."""

from __future__ import annotations

import os

import numpy as np

from ..errors import CohortError
from ..notices import Notice
from ..sentences import many
from ..tables.cohort import OutcomeTable
from ..tables.csv_table import CASE, read_table
from ..tables.number_table import is_missing
from .identifiers import case_name

_EVENTS = {
    "1": True, "yes": True, "true": True, "1.0": True, "0": False, "no": False, "false": False, "0.0": False,
    "0:living": False, "1:deceased": True, "0:diseasefree": False, "1:recurred/progressed": True,
    "0:censored": False, "1:progression": True,
}  # fmt: skip


def read_follow_up(path: str | os.PathLike[str], time: str, event: str, id: str = CASE) -> OutcomeTable:
    """Read months and event of every case that has both.

    Parameters
    ----------
    path : path
        One row a case; cBioPortal's words for events (``1:DECEASED``) are understood.
    time, event, id : str
        Columns.

    Raises
    ------
    CohortError
        A column is missing, a case occurs twice, or a value is unusable; the sentence names row and column.
    """
    table = read_table(path)
    cases = table.unique(id)
    months = table.numbers(time, allow_missing=True)
    events = table.texts(event)
    kept, found = [], []
    rows: dict[str, int] = {}
    for at, (row, text) in enumerate(zip(table.row_numbers, events, strict=True)):
        if np.isnan(months[at]) or is_missing(text):
            continue
        if months[at] <= 0:
            raise table.fault(row, time, f"{months[at]:g} months is not above zero; correct it or leave the case out")
        known = _EVENTS.get(text.replace(" ", "").casefold())
        if known is None:
            raise table.fault(row, event, f"an event is 1 and no event 0, not {text}; recode the column")
        case = case_name(cases[at])
        if case in rows:
            raise table.fault(row, id, f"{cases[at]} is the case of row {rows[case]}; keep one")
        rows[case] = row
        kept.append(at)
        found.append(known)
    if not kept:
        raise CohortError(f"{table.path}: no case has both {time} and {event}; check the columns.")
    left = len(cases) - len(kept)
    notices = (Notice("no-outcome", f"Left out: {many(left, 'case')} of {table.path.name} without an outcome."),)
    return OutcomeTable(tuple(rows), months[kept], np.array(found), {}, notices if left else ())
