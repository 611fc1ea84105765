"""What a page consists of, whatever it reports on: the answer, how far to trust it, the evidence, its origin."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from .templates import render

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
class Link:
    """A file beside the page, and what it is."""

    file: str
    words: str


@dataclass(frozen=True)
class Section:
    """A heading with sentences, tables, figures and links to files beside the page under it."""

    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    links: tuple[Link, ...] = ()


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


def page_html(page: Page) -> str:
    """Render a page."""
    return render("page.html", {}, page=page)
