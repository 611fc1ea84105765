"""The patient report: one HTML file that needs nothing else, and the JSON beside it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..feature_words import feature_sentence
from ..files import write_atomically
from ..scoring import document_text, require_score
from ..scoring.table_words import cohort_kind, covariate_value, metric_limits, metric_value
from ..scoring.wording import (
    grade,
    number,
    percent,
    survival_remarks,
    training_range,
    trust,
    wider_limits,
    without_image,
)
from .patient_pdf import patient_pdf
from .patient_pictures import PatientPictures, draw_patient
from .plain_words import plain_words
from .templates import render

if TYPE_CHECKING:  # the pages of cohorts, in this room too, need no pyradiomics
    from ..patient import PatientResult

_WIDEST_BAR_REM = 6.0


def patient_html(result: PatientResult, case: str, pictures: PatientPictures) -> str:
    """Render the report.

    Parameters
    ----------
    result : PatientResult
    case : str
        Name of the case, shown at the top.
    pictures : PatientPictures
    """
    model, prediction = result.model, result.prediction
    widest = max((abs(part.contribution) for part in prediction.contributions), default=0) or 1
    filters: dict[str, Callable[..., object]] = {
        "number": number,
        "percent": percent,
        "covariate_value": covariate_value,
        "metric_value": metric_value,
        "metric_limits": metric_limits,
        "cohort_kind": cohort_kind,
        "width": lambda value: f"{_WIDEST_BAR_REM * abs(value) / widest:.2f}",
        "in_words": lambda feature: feature_sentence(feature) or "",
    }
    return render(
        "patient.html",
        filters,
        case=case,
        model=model,
        prediction=prediction,
        grade=grade(result.document),
        fine=result.document["trust"]["grade"] == "fine",
        grave=result.document["trust"]["grade"] == "do-not-rely",
        group_shown=result.document["group_shown"],
        trust=trust(result.document),
        survival_remarks=survival_remarks(result.document),
        wider=wider_limits(result.document),
        ranges={term.feature: training_range(term) for term in require_score(model).terms},
        diagnostics=result.extraction.diagnostics,
        words=plain_words(result.document),
        without_image=without_image(model, prediction),
        **{name: drawn and base64.b64encode(drawn).decode() for name, drawn in asdict(pictures).items()},
    )


def write_patient_report(folder: str | Path, result: PatientResult, case: str) -> dict[str, Path]:
    """Write ``report.html``, ``report.pdf`` and ``result.json`` into a folder, each whole or not at all.

    Parameters
    ----------
    folder : path-like
        Made when it does not exist.
    result : PatientResult
    case : str
        Name of the case, shown in the report.

    Returns
    -------
    dict of str to pathlib.Path
        What was written, by what it is.

    Raises
    ------
    InputError
        The folder cannot be written or the disk is full.
    """
    folder = Path(folder)
    pictures = draw_patient(result)
    contents: dict[str, tuple[str, str | bytes]] = {
        "Report": ("report.html", patient_html(result, case, pictures)),
        "Report to print": ("report.pdf", patient_pdf(result, case, pictures)),
        "Numbers": ("result.json", document_text(result.document)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.values():
            write_atomically(folder / name, content)
    except OSError as error:
        raise InputError(f"The report cannot be written to {folder}: {error.strerror or error}.") from error
    return {what: folder / name for what, (name, _) in contents.items()}
