"""How the numbers of a study are written on its page, and the tables that both kinds of study have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..performance import NOMOGRAM, SCORE_ALONE, Estimate, Figure, Metric
from ..report.page import Figure as PageFigure
from ..report.page import Page
from ..report.page import Section as PageSection
from ..report.page import Table as PageTable

__all__ = [
    "Page",
    "PageFigure",
    "PageSection",
    "PageTable",
    "estimate_text",
    "figure_limits",
    "figure_text",
    "main_index",
    "p_value",
    "row_limits",
    "row_text",
    "side_by_side",
]

NO_BREAK = "\u00a0"


def p_value(p: float | None) -> str:
    """A p value as journals print it."""
    if p is None:
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def row_limits(row: Mapping[str, Any], decimals: int = 3) -> str:
    """The 95% limits of a record; nothing where there are none."""
    if row.get("lower") is None or row.get("upper") is None:
        return ""
    return f"{row['lower']:.{decimals}f} to {row['upper']:.{decimals}f}"


def row_text(row: Mapping[str, Any], decimals: int = 3) -> str:
    """The value of a record with its limits in brackets."""
    ends = row_limits(row, decimals)
    value = "" if row["value"] is None else f"{row['value']:.{decimals}f}"
    return f"{value} ({ends.replace(' ', NO_BREAK)})" if ends else value


def figure_limits(figure: Figure, decimals: int = 3) -> str:
    """The 95% limits of a figure of performance; nothing where there are none."""
    return row_limits(figure.estimate.to_dict(), decimals)


def figure_text(figure: Figure) -> str:
    """A figure of performance with its limits in brackets."""
    return p_value(figure.value) if figure.measure.metric == Metric.LOGRANK_P else estimate_text(figure.estimate)


def estimate_text(estimate: Estimate) -> str:
    """An estimate with its limits in brackets; nothing where there is none."""
    return row_text(estimate.to_dict()) if estimate.known else ""


def side_by_side(columns: Sequence[tuple[str, Sequence[Figure]]]) -> PageTable | None:
    """Set figures of performance side by side, one row a measure.

    Parameters
    ----------
    columns : sequence of (heading, figures)
        A column without any figure is left out; the measures of the last one lead, for it is what a report adds.

    Returns
    -------
    PageTable or None
        None when there is nothing to show.
    """
    found = [(heading, {figure.measure: figure for figure in figures}) for heading, figures in columns if figures]
    if not found:
        return None
    measures = list(dict.fromkeys(measure for _, rows in reversed(found) for measure in rows))
    body = tuple(
        (measure.label, *(figure_text(rows[measure]) if measure in rows else "" for _, rows in found))
        for measure in measures
    )
    header = ("measure (95% limits)", *(heading for heading, _ in found))
    return PageTable(header, body, "", frozenset(range(1, len(header))))


def main_index(figures: Sequence[Figure], kind: str | None = None) -> Figure | None:
    """Give the C-index that stands for a report, of a kind where one is asked for: the nomogram's, else the score's."""
    rows = {f.measure.marker: f for f in figures if f.measure.metric == Metric.C_INDEX and kind in (None, f.kind)}
    return rows.get(NOMOGRAM) or rows.get(SCORE_ALONE)
