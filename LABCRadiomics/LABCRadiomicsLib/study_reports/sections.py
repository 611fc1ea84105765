"""What a section of a study's report is, and the tables that several make alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..performance import Estimate
from ..tables.report_folder import Table, plain
from .page_parts import PageSection


@dataclass(frozen=True)
class Section:
    """One finding in its three forms.

    Attributes
    ----------
    findings : mapping
        Its keys of ``report.json``, as JSON holds them.
    tables : mapping of str to Table
        By file name.
    page : callable
        Draws its part of the page, which takes matplotlib; None where there is nothing to show.
    """

    findings: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    page: Callable[[], PageSection | None] = lambda: None

    @classmethod
    def of(
        cls,
        findings: Mapping[str, Any],
        tables: Callable[[Mapping[str, Any]], dict[str, Table]] = lambda found: {},
        page: Callable[[Mapping[str, Any]], PageSection | None] = lambda found: None,
    ) -> Section:
        """Make a section whose tables and page show what ``report.json`` holds of it."""
        found = plain(findings)
        return cls(found, tables(found), lambda: page(found))


def estimate_dict(estimate: Estimate | None, **further: Any) -> dict[str, Any] | None:
    """Give an estimate as ``report.json`` holds it, None for none."""
    return None if estimate is None else {**estimate.to_dict(), **further}


def records(rows: Iterable[Mapping[str, Any]]) -> Table:
    """A table of records; a key that a record lacks makes an empty cell."""
    rows = list(rows)
    header = list(dict.fromkeys(key for row in rows for key in row))
    return header, [[row.get(key) for key in header] for row in rows]


def flat(row: Mapping[str, Any], skip: Sequence[str] = ()) -> dict[str, Any]:
    """A record whose estimates became columns: ``auc``, ``auc_lower``, ``auc_upper``."""
    columns: dict[str, Any] = {}
    for key, value in row.items():
        if key in skip:
            continue
        if isinstance(value, Mapping):
            columns |= {key if part == "value" else f"{key}_{part}": item for part, item in value.items()}
        else:
            columns[key] = value
    return columns
