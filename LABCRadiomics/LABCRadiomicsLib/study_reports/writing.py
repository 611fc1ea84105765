"""A study's report on disk, with what helps to write it up: everything is made before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..model import Model
from ..papers import Study, writing_up
from ..report.page import Link, page_html
from ..tables.report_folder import write_report
from .page_parts import Page, PageSection
from .sections import Section


def document_of(head: Mapping[str, Any], sections: Sequence[Section], tail: Mapping[str, Any]) -> dict[str, Any]:
    """Put the findings of sections between what stands first and last in ``report.json``."""
    found = dict(head)
    for section in sections:
        found |= section.findings
    return found | dict(tail)


def write_study(
    folder: str | Path,
    document: Mapping[str, Any],
    model: Model,
    sections: Sequence[Section],
    page: Page,
    files: Mapping[str, str] | None = None,
) -> Path:
    """Write ``report.json``, the sections' tables, what helps to write it up, ``index.html`` and further files.

    Each is written whole or not at all.

    Parameters
    ----------
    folder : path-like
        Made when it does not exist.
    document : mapping
        What ``report.json`` holds.
    model : Model
        The trained, or the validated one.
    sections : sequence of Section
    page : Page
    files : mapping of str to str, optional
        Text of further files by name.

    Returns
    -------
    pathlib.Path
        ``index.html``, which needs no other file; it links those that lie beside it.

    Raises
    ------
    CohortError
        The folder cannot be written.
    """
    tables = {name: table for section in sections for name, table in section.tables.items()}
    paper = writing_up(Study(document, model))
    links = tuple(Link(file, words) for file, words in paper.links)
    page = replace(page, sections=(*page.sections, PageSection("Writing it up", (paper.sentence,), links=links)))
    texts = {**(files or {}), **paper.texts, "index.html": page_html(page)}
    write_report(folder, document, {**tables, **paper.tables}, texts)
    return Path(folder) / "index.html"
