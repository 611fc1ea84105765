"""The patient report: one HTML file that needs nothing else, and the JSON beside it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..feature_words import feature_sentence
from ..files import write_atomically
from ..model import Model, Performance
from ..plots import nomogram_figure, patient_survival, score_scale, tumor_slice
from ..scoring import CovariateValue, document_text, require_score
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
from .plain_words import plain_words
from .templates import render

if TYPE_CHECKING:  # the pages of cohorts, in this room too, need no pyradiomics
    from ..patient import PatientResult

_WIDEST_BAR_REM = 6.0


def metric_value(row: Performance) -> str:
    """A figure of performance: indices with three decimals, p values as journals print them."""
    if row.relation != "=":
        return f"{row.relation}{row.value:g}"  # a bound, as it was published
    if row.metric.startswith("log-rank p") and row.value < 0.001:
        return "<0.001"
    return f"{row.value:.3f}"


def metric_limits(row: Performance) -> str:
    """The 95% limits of a figure of performance; empty where there are none."""
    return "" if row.lower is None else f"{row.lower:.3f} to {row.upper:.3f}"


def cohort_kind(row: Performance) -> str:
    """The cohort a figure was measured on, and how."""
    return row.cohort if row.cohort == row.kind else f"{row.cohort}, {row.kind}"


def covariate_value(covariate: CovariateValue, model: Model) -> str:
    """A covariate's value in words: its level, or a number with its unit."""
    known = model.nomogram.covariates if model.nomogram else ()
    return next(entry for entry in known if entry.name == covariate.name).words(covariate.value)


def patient_html(result: PatientResult, case: str, picture: bytes | None) -> str:
    """Render the report.

    Parameters
    ----------
    result : PatientResult
    case : str
        Name of the case, shown at the top.
    picture : bytes or None
        PNG of the tumor, see :func:`.plots.tumor_slice`.
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
    pictures = {
        "slice": picture,
        "survival_plot": patient_survival(model, prediction),
        "score_plot": score_scale(model, result.document),
        "nomogram": nomogram_figure(model, prediction),
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
        **{name: drawn and base64.b64encode(drawn).decode() for name, drawn in pictures.items()},
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
    html = patient_html(result, case, tumor_slice(result.region))
    contents: dict[str, tuple[str, str | bytes]] = {
        "Report": ("report.html", html),
        "Report to print": ("report.pdf", patient_pdf(result, case)),
        "Numbers": ("result.json", document_text(result.document)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.values():
            write_atomically(folder / name, content)
    except OSError as error:
        raise InputError(f"The report cannot be written to {folder}: {error.strerror or error}.") from error
    return {what: folder / name for what, (name, _) in contents.items()}
