"""The index page of a report folder: one HTML file that needs nothing else, for training and validation alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import CohortError
from ..files import write_atomically
from ..tables.csv_table import unwritable
from .page import Page
from .templates import render
from .training_page import training_page
from .validation_page import validation_page

_PAGES: dict[str, Callable[[Mapping[str, Any], Path], Page]] = {
    "training": training_page,
    "validation": validation_page,
}


def write_report_pages(folder: str | Path) -> Path:
    """Write ``index.html`` from the ``report.json`` and tables of a report folder.

    Parameters
    ----------
    folder : path-like
        As ``labcradiomics train --report`` and ``labcradiomics validate --report`` leave it.

    Returns
    -------
    pathlib.Path
        ``index.html``; figures are inside it.

    Raises
    ------
    CohortError
        There is no report, it is not one of ours, or the page cannot be written.
    """
    folder = Path(folder)
    report = _read(folder / "report.json")
    path = folder / "index.html"
    try:
        write_atomically(path, page_html(_PAGES[report["report"]](report, folder)))
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def page_html(page: Page) -> str:
    """Render a page."""
    return render("cohort.html", {}, page=page)


def _read(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CohortError(f"{path} cannot be read ({error.strerror}); give the folder of a report.") from error
    except ValueError as error:
        raise CohortError(f"{path} is not JSON ({error}); write the report again.") from error
    kind = report.get("report") if isinstance(report, dict) else None
    if kind not in _PAGES:
        raise CohortError(f"{path}: field report must be {' or '.join(_PAGES)}, not {kind!r}; write the report again.")
    return report
