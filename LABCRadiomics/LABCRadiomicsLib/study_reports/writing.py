"""A study's report on disk: everything is made before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..report.page import page_html
from ..tables.report_folder import write_report
from .page_parts import Page
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
    sections: Sequence[Section],
    page: Page,
    files: Mapping[str, str] | None = None,
) -> Path:
    """Write ``report.json``, the sections' tables, ``index.html`` and further files, each whole or not at all.

    Parameters
    ----------
    folder : path-like
        Made when it does not exist.
    document : mapping
        What ``report.json`` holds.
    sections : sequence of Section
    page : Page
    files : mapping of str to str, optional
        Text of further files by name.

    Returns
    -------
    pathlib.Path
        ``index.html``, which needs no other file.

    Raises
    ------
    CohortError
        The folder cannot be written.
    """
    tables = {name: table for section in sections for name, table in section.tables.items()}
    write_report(folder, document, tables, {**(files or {}), "index.html": page_html(page)})
    return Path(folder) / "index.html"
