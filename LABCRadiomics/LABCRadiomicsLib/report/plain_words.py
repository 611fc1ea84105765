"""A result in plain words, on a page that a clinician may hand over or keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlainWords:
    """A page: its title, a first paragraph, and sections of a heading with paragraphs."""

    title: str
    lead: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]


def plain_words(document: Mapping[str, Any]) -> PlainWords:
    """Say what a result is and what it is not, without any number that would be taken for a prognosis.

    Parameters
    ----------
    document : mapping
        See :func:`.scoring.result_document.result_document`.
    """
    return PlainWords(
        "About this report, in plain words",
        "A research program has measured an MRI picture of the breast and has calculated a number from it, the "
        "radiomics score. This page says what that number is, and what it is not.",
        (
            ("What was done", _done(document)),
            ("What the score is", _is(document)),
            ("What it is not", _is_not(document)),
            ("What to do with it", _what_to_do()),
        ),
    )


def _done(document: Mapping[str, Any]) -> tuple[str, ...]:
    measured = (
        "The outline of the tumor was drawn on the pictures. The program then measured the tumor: its shape, how "
        "bright it is, and how evenly its bright and dark parts are spread."
    )
    known = "It also took into account what is known about the person, such as age or stage, where this was given."
    return (measured, known) if document["covariates"] else (measured,)


def _is(document: Mapping[str, Any]) -> tuple[str, ...]:
    if document["status"] == "demonstration":
        return (
            "The score comes from a demonstration. It was made with pictures that a computer invented, not with "
            "pictures of patients. It says nothing about any person.",
        )
    return (
        "In a group of earlier patients, those with a higher score had the illness come back more often. The score "
        "tells where this picture lies among theirs.",
        "It speaks of groups, not of one person: in every group, some people stay well for long and some do not.",
    )


def _is_not(document: Mapping[str, Any]) -> tuple[str, ...]:
    no_device = (
        "It is not a diagnosis, and not a decision about treatment. The program is no medical device; it is for "
        "research."
    )
    doubts = (
        "The program itself found reasons to doubt this result. They are listed in the report, under \u201cHow far to "
        "trust it\u201d."
    )
    return (no_device,) if document["trust"]["grade"] == "fine" else (no_device, doubts)


def _what_to_do() -> tuple[str, ...]:
    return (
        "Questions about the illness, its outlook and its treatment are for your doctors. They know much that no "
        "picture shows.",
    )
