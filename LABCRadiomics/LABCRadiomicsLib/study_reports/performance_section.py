"""Every figure of performance: the rows of ``report.json``, ``performance.csv`` and the table that lists them."""

from __future__ import annotations

from collections.abc import Sequence

from ..performance import Figure
from .page_parts import PageSection, PageTable, figure_text
from .sections import Section, records


def performance_section(figures: Sequence[Figure], *, listed: bool) -> Section:
    """Give the figures of a study.

    Parameters
    ----------
    figures : sequence of Figure
    listed : bool
        Whether the page has a list of all of them.
    """

    def page() -> PageSection | None:
        rows = tuple((figure.label, figure_text(figure)) for figure in figures)
        table = PageTable(("measure", "value (95% limits)"), rows, numeric=frozenset({1}))
        return PageSection("All figures", (), (table,)) if listed else None

    found = Section.of(
        {"performance": [figure.to_dict() for figure in figures]},
        lambda found: {"performance.csv": records(found["performance"])} if found["performance"] else {},
    )
    return Section(found.findings, found.tables, page)
