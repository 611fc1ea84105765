"""What an index page of a cohort report consists of, whatever it reports on."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NO_BREAK = "\u00a0"
_PIXELS_A_REM = 27.5  # of figures drawn at 144 dots an inch


@dataclass(frozen=True)
class Figure:
    """A PNG with the words that stand for it and those below it."""

    png: bytes
    alt: str
    caption: str = ""

    @property
    def base64(self) -> str:
        """The PNG as HTML embeds it."""
        return base64.b64encode(self.png).decode()

    @property
    def width_rem(self) -> str:
        """Width at which its letters are as large as the page's (the PNG's header holds its width in pixels)."""
        pixels = int.from_bytes(self.png[16:20], "big")
        return f"{pixels / _PIXELS_A_REM:.1f}"


@dataclass(frozen=True)
class Table:
    """Rows of texts; ``numeric`` columns (by position) are set to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    numeric: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with sentences, tables and figures under it."""

    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Page:
    """A report as people read it: the answer, how far to trust it, the evidence, where it comes from."""

    title: str
    subtitle: str
    demonstration: bool
    headline: str
    answer: tuple[str, ...]
    trust: Table | None
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]
    provenance: tuple[tuple[str, str], ...]


def text(value: Any, decimals: int = 3) -> str:
    """A number as a table shows it; nothing where there is none."""
    if value is None:
        return ""
    return str(value) if isinstance(value, (int, str)) else f"{value:.{decimals}f}"


def p_value(p: float | None) -> str:
    """A p value as journals print it."""
    if p is None:
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def limits(row: Mapping[str, Any], decimals: int = 3) -> str:
    """The 95% limits of a row; nothing where there are none."""
    if row.get("lower") is None or row.get("upper") is None:
        return ""
    return f"{row['lower']:.{decimals}f} to {row['upper']:.{decimals}f}"


def with_limits(row: Mapping[str, Any], decimals: int = 3) -> str:
    """A value with its limits in brackets."""
    ends = limits(row, decimals)
    value = p_value(row["value"]) if row.get("metric", "").startswith("log-rank p") else text(row["value"], decimals)
    return f"{value} ({ends.replace(' ', NO_BREAK)})" if ends else value


REMARK_ON_NRI = (
    "NRI (half): as survIDINRI and the article give it; continuous NRI: by the Kaplan-Meier estimator of nricens. "
    "Limits of IDI, NRI and median improvement: bootstrap percentiles."
)
_GAINS = {
    "idi": "IDI",
    "nri_half_continuous": "NRI (half)",
    "nri_continuous_km": "continuous NRI",
    "median_improvement": "median improvement",
}


def gain_table(rows: Sequence[tuple[str, Mapping[str, Any]]], first: str, caption: str = "") -> Table:
    """Make a table of what one model adds to another.

    Parameters
    ----------
    rows : sequence of (str, mapping)
        Name of the row, and estimates by key of the measure; ``c_difference`` is shown where the rows have it.
    first : str
        Heading of the names.
    caption : str
    """
    names = {"c_difference": "C-index", **_GAINS} if any("c_difference" in row for _, row in rows) else _GAINS
    body = tuple((name, *(with_limits(row[key]) if row.get(key) else "" for key in names)) for name, row in rows)
    return Table((first, *names.values()), body, caption, frozenset(range(1, len(names) + 1)), REMARK_ON_NRI)


def side_by_side(
    performance: Sequence[Mapping[str, Any]], columns: Sequence[tuple[str, str | None, str]], caption: str = ""
) -> Table | None:
    """Set figures of performance side by side, one row a metric.

    Parameters
    ----------
    performance : sequence of mapping
        Rows as ``report.json`` holds them.
    columns : sequence of (kind, cohort or None, heading)
        Which rows make a column; a column without any row is left out.
    caption : str

    Returns
    -------
    Table or None
        None when there is nothing to show.
    """
    found = []
    for kind, cohort, heading in columns:
        rows = {r["metric"]: r for r in performance if r["kind"] == kind and cohort in (None, r["cohort"])}
        if rows:
            found.append((heading, rows))
    if not found:
        return None
    metrics = list(dict.fromkeys(metric for _, rows in found for metric in rows))
    # A metric of the last column leads: it is what this report adds.
    last = found[-1][1]
    metrics.sort(key=lambda metric: (metric not in last, list(last).index(metric) if metric in last else 0))
    body = tuple(
        (metric, *(with_limits(rows[metric]) if metric in rows else "" for _, rows in found)) for metric in metrics
    )
    header = ("measure (95% limits)", *(heading for heading, _ in found))
    return Table(header, body, caption, frozenset(range(1, len(header))))


def find(performance: Sequence[Mapping[str, Any]], metric: str, kind: str | None = None) -> Mapping[str, Any] | None:
    """Give the row of a metric, of a kind where one is asked for."""
    return next((r for r in performance if r["metric"] == metric and kind in (None, r["kind"])), None)


def main_index(report: Mapping[str, Any], kind: str | None = None) -> Mapping[str, Any] | None:
    """Give the row of the C-index that stands for a report: the nomogram's, else the score's."""
    rows = report["performance"]
    return find(rows, "C-index, nomogram", kind) or find(rows, "C-index, radiomics score alone", kind)
