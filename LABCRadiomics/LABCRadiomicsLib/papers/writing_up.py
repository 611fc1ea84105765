"""The files that help to write a study up: checklists, a methods section, the model's card; and what the page says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..report import card_markdown
from ..tables.report_folder import Table
from .checklists import CHECKLISTS, OPEN
from .methods import methods_markdown
from .study import Study

METHODS, CARD = "methods.md", "model-card.md"


@dataclass(frozen=True)
class WritingUp:
    """What a report's folder holds of it.

    Attributes
    ----------
    tables : mapping of str to Table
        The checklists by file name: item, answer, where.
    texts : mapping of str to str
        Markdown by file name.
    sentence : str
        For the page.
    links : tuple of (file, words)
        For the page.
    """

    tables: Mapping[str, Table]
    texts: Mapping[str, str]
    sentence: str
    links: tuple[tuple[str, str], ...]


def writing_up(study: Study) -> WritingUp:
    """Make everything that the software can say for a paper on a study."""
    links = [(METHODS, "methods section with numbers and references"), (CARD, "the model's card")]
    for checklist in CHECKLISTS:
        known, items = checklist.counts(study)
        links.append(
            (checklist.file, f"{checklist.title}: {known} of {items} items answered, in part or not applicable")
        )
    sentence = (
        f"What the software knows is filled in, with the place where it is found; the rest says that it is {OPEN}. No "
        "quality score is made of an incomplete list. Go over every answer: the software does not know the study."
    )
    return WritingUp(
        tables={checklist.file: checklist.table(study) for checklist in CHECKLISTS},
        texts={METHODS: methods_markdown(study), CARD: card_markdown(study.model)},
        sentence=sentence,
        links=tuple(links),
    )
