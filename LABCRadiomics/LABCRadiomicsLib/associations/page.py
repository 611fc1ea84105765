"""The index page of the associations: what was found, told with how much had to turn up by chance."""

from __future__ import annotations

from collections.abc import Sequence

from .. import __version__
from ..report.page import Page, Table
from ..report.page import Section as PageSection
from .section import Section, TestCount

HONESTY = (
    "Where nothing is there, one of twenty tests still has a p value below 0.05. The table counts the tests, what "
    "chance alone would give, what was found, and what is left after correcting for the number of tests within each "
    "row; it does not correct across rows. A p value above its limit shows neither a trend nor that nothing is there."
)


def associations_page(sections: Sequence[Section], title: str, demonstration: bool) -> Page:
    """Lay out sections as one page.

    Parameters
    ----------
    sections : sequence of Section
    title : str
    demonstration : bool
        Whether the data are simulated.
    """
    counts = [count for section in sections for count in section.tests]
    inputs = {name: value for section in sections for name, value in section.inputs.items()}
    return Page(
        title=title,
        subtitle="What the radiomics score goes along with: "
        + ", ".join(section.title.lower() for section in sections),
        demonstration=demonstration,
        headline=_headline(counts),
        answer=(HONESTY,),
        trust=_counts(counts) if counts else None,
        warnings=tuple(dict.fromkeys(notice.message for section in sections for notice in section.notices)),
        sections=tuple(
            PageSection(section.title, section.sentences, section.tables, tuple(section.figures.values()))
            for section in sections
        ),
        provenance=(
            *((f"SHA-256 of {name}", value) for name, value in inputs.items()),
            ("software", f"LABCRadiomics {__version__}"),
        ),
    )


def _headline(counts: Sequence[TestCount]) -> str:
    tests, surviving = sum(count.tests for count in counts), sum(count.surviving for count in counts)
    if not tests:
        return "No test was made"
    found, expected = sum(count.found for count in counts), sum(count.expected for count in counts)
    kept = f"{surviving:,} survive" if surviving else "none survives"
    return f"Of {tests:,} tests {kept} correction; {found:,} have p below 0.05, by chance alone about {expected:,.0f}"


def _counts(counts: Sequence[TestCount]) -> Table:
    header = ("tested", "groups", "tests", "p < 0.05 by chance", "p < 0.05 found", "survive", "how corrected")
    rows = tuple(
        (count.what, count.groups, f"{count.tests:,}", f"{count.expected:,.1f}", f"{count.found:,}",
         f"{count.surviving:,}", count.correction)
        for count in counts
    )  # fmt: skip
    return Table(header, rows, numeric=frozenset({2, 3, 4, 5}))
