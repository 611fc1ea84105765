"""The index page of the associations: what was found, told with how much had to turn up by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import __version__
from ..notices import Notice
from ..report.page import Page, Table
from ..report.page import Section as PageSection
from ..sentences import many
from .groups import HIGH, INTERMEDIATE, LOW, Grouping
from .section import Section, TestCount

HONESTY = (
    "Where nothing is there, one of twenty tests still has a p value below 0.05. The table counts the tests, what "
    "chance alone would give, what was found, and what is left after correcting for the number of tests within each "
    "row; it does not correct across rows. A p value above its limit shows neither a trend nor that nothing is there."
)


def associations_page(
    sections: Sequence[Section],
    title: str,
    demonstration: bool,
    not_done: Mapping[str, str] | None = None,
    grouping: Grouping | None = None,
) -> Page:
    """Lay out sections as one page.

    Parameters
    ----------
    sections : sequence of Section
    title : str
    demonstration : bool
        Whether the data are simulated.
    not_done : mapping of str to str, optional
        Jobs that could not be done, and why.
    grouping : Grouping, optional
        Who is in which group, for a table of the groups.
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
        warnings=(
            *(f"Not done: {name}: {reason}" for name, reason in (not_done or {}).items()),
            *dict.fromkeys(
                _remark(section, notice, len(sections)) for section in sections for notice in section.notices
            ),
        ),
        sections=(
            *((_groups(grouping),) if grouping is not None else ()),
            *(
                PageSection(section.title, section.sentences, section.tables, tuple(section.figures.values()))
                for section in sections
            ),
        ),
        provenance=(
            *((f"SHA-256 of {name}", value) for name, value in inputs.items()),
            ("software", f"LABCRadiomics {__version__}"),
        ),
    )


def _remark(section: Section, notice: Notice, sections: int) -> str:
    return notice.message if sections == 1 else f"{section.title}: {notice.message[:1].lower()}{notice.message[1:]}"


def _groups(grouping: Grouping) -> PageSection:
    labels = list(grouping.labels.items())
    names = [name for name in (LOW, INTERMEDIATE, HIGH) if name in grouping.names]
    names += [name for name in grouping.names if name not in names]
    rows = []
    for name in names:
        scores = [
            grouping.scores[case.case] for case, label in labels if label == name and case.case in grouping.scores
        ]
        limits = f"{min(scores):.4g} to {max(scores):.4g}" if scores else ""
        rows.append((name, str(sum(label == name for _, label in labels)), limits))
    sentence = f"Groups are {grouping.words}. "
    if grouping.split == "thirds":
        sentence += (
            "For gene expression thirds are taken among the patients that have expression; everywhere else a patient's "
            "group is the one below."
        )
    table = Table(("group", "patients", "score"), tuple(rows), numeric=frozenset({1, 2}))
    return PageSection("Groups", (sentence.strip(),), (table,))


def _headline(counts: Sequence[TestCount]) -> str:
    tests, surviving = sum(count.tests for count in counts), sum(count.surviving for count in counts)
    if not tests:
        return "No test was made"
    found, expected = sum(count.found for count in counts), sum(count.expected for count in counts)
    kept = "none survives" if not surviving else "1 survives" if surviving == 1 else f"{surviving:,} survive"
    chance = f"{expected:,.0f}" if expected >= 10 else f"{expected:.1f}"
    return f"Of {many(tests, 'test')} {kept} correction; {found:,} with p below 0.05, by chance alone about {chance}"


def _counts(counts: Sequence[TestCount]) -> Table:
    header = ("tested", "groups", "tests", "p < 0.05 by chance", "p < 0.05 found", "survive", "how corrected")
    rows = tuple(
        (count.what, count.groups, f"{count.tests:,}", f"{count.expected:,.1f}", f"{count.found:,}",
         f"{count.surviving:,}", count.correction)
        for count in counts
    )  # fmt: skip
    return Table(header, rows, numeric=frozenset({2, 3, 4, 5}))
