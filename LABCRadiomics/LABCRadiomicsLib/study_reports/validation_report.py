"""The report of a validation: how good the model is on this cohort, how far to trust that, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..performance import Figure, Metric
from ..performance.metrics import ACCURACY
from ..performance.stored_parts import read_performance
from ..scoring.cohort import scores_table
from ..tables.report_folder import report_document
from ..validation import Validation, own_patients
from .calibration_section import calibration_section
from .clinical_gain_section import clinical_gain_section, verdict_sentence
from .comparison_section import comparison_section
from .competing_section import competing_section
from .cutoff_section import cutoff_section
from .discrimination_section import validation_discrimination
from .follow_up_section import follow_up_section
from .groups_section import groups_section
from .net_benefit_section import net_benefit_section
from .page_parts import Page, PageTable, figure_limits, main_index, p_value, side_by_side
from .performance_section import performance_section
from .sample_size_section import validation_size_section
from .sections import Section
from .writing import document_of, write_study

_OF_TRAINING = ("apparent", "optimism-corrected")
_ONLY_HERE = frozenset({*ACCURACY, Metric.BRIER, Metric.IPA, Metric.IDI, Metric.NRI, Metric.HAZARD_RATIO})


def write_validation_report(
    folder: str | Path,
    validation: Validation,
    inputs: Mapping[str, str] | None = None,
    extracted_with: Mapping[str, str] | None = None,
) -> Path:
    """Write ``report.json``, the tables, ``index.html`` and what helps to write it up.

    Parameters
    ----------
    folder : path-like
        Made when it does not exist; each file is written whole or not at all.
    validation : Validation
    inputs : mapping of str to str, optional
        Names of the tables read, and their SHA-256.
    extracted_with : mapping of str to str, optional
        Software and versions that computed the features, by the record beside their table.

    Returns
    -------
    pathlib.Path
        ``index.html``.

    Raises
    ------
    CohortError
        The folder cannot be written.
    """
    sections = _sections(validation)
    document = _document(sections, validation, inputs, extracted_with)
    page = _page(document, sections, validation)
    return write_study(folder, document, validation.scored.model, sections, page)


def validation_document(
    validation: Validation,
    inputs: Mapping[str, str] | None = None,
    extracted_with: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Give a validation as ``report.json`` holds it; parameters as for :func:`write_validation_report`."""
    return _document(_sections(validation), validation, inputs, extracted_with)


def _sections(validation: Validation) -> tuple[Section, ...]:
    """The findings in the order of the page; a new one is one more line here."""
    scored, endpoint = validation.scored, _endpoint(validation)
    stored = scored.model.cutoff
    cutoff = None if stored is None else stored.value
    in_training = _in_training(validation)
    return (
        validation_discrimination(validation.roc, validation.horizons, [*in_training, *validation.performance]),
        groups_section(validation.groups, endpoint, cutoff, scored.score, scored.event),
        competing_section(validation.causes, validation.horizons[-1] if validation.horizons else scored.months.max()),
        cutoff_section(
            validation.measured[-1].cutoff,
            scored.score,
            scored.months,
            scored.event,
            [(validation.label, validation.performance)],
            chosen_here=False,
        ),
        calibration_section(validation.calibration, endpoint, model=validation.measured[0].marker.name),
        net_benefit_section(validation.decision),
        comparison_section(validation.comparison),
        _added_by_score(validation),
        validation_size_section(validation.measured[0], scored.months, scored.event, _expected_index(validation)),
        performance_section(validation.performance, listed=True),
        _scores_section(validation),
        follow_up_section(scored.months, scored.event),
    )


def _added_by_score(validation: Validation) -> Section:
    how = "Both models, and the score, are compared on this cohort, which the score was not made from."
    otherwise = (
        "The model brings no clinical model along whose covariates this cohort has, and no --comparator was given: "
        "there is nothing to compare the score with."
    )
    if validation.training_cases:
        otherwise = "Not measured: to patients that it was made from any score seems to add something."
    return clinical_gain_section(validation.gains, _endpoint(validation), how=how, otherwise=otherwise)


def _scores_section(validation: Validation) -> Section:
    scored = validation.scored
    outcome = {"months": scored.months, "event": scored.event}
    return Section(tables={"scores.csv": scores_table(scored.cases, scored.predictions, outcome)})


def _document(
    sections: tuple[Section, ...],
    validation: Validation,
    inputs: Mapping[str, str] | None,
    extracted_with: Mapping[str, str] | None,
) -> dict[str, Any]:
    model = validation.scored.model
    head = {
        "report": "validation",
        "model": model.id,
        "title": model.title,
        "model_version": model.version,
        "fingerprint": model.fingerprint,
        "status": model.status,
        "endpoint": _endpoint(validation),
        "cohort": validation.label,
        "kind": validation.kind,
        "n": len(validation.scored.cases),
        "training_cases": validation.training_cases,
        "events": int(validation.scored.event.sum()),
        "horizons_months": validation.horizons,
        "training_performance": [vars(row) for row in model.performance],
    }
    settings = {"bootstrap": validation.bootstrap, "seed": validation.seed}
    tail = {
        "settings": settings,
        "extracted_with": extracted_with,
        "notes": [notice.to_dict() for notice in validation.notices],
    }
    return report_document(document_of(head, sections, tail), inputs)


def _endpoint(validation: Validation) -> str | None:
    nomogram = validation.scored.model.nomogram
    return nomogram.endpoint if nomogram else None


def _in_training(validation: Validation) -> list[Figure]:
    """The model's figures of its training; the file may also hold an earlier validation."""
    return [row for row in read_performance(validation.scored.model.performance) if row.kind in _OF_TRAINING]


def _expected_index(validation: Validation) -> float | None:
    """The C-index that the training promised."""
    found = main_index(_in_training(validation), "optimism-corrected")
    return found.value if found and found.value > 0.5 else None


def _page(document: Mapping[str, Any], sections: tuple[Section, ...], validation: Validation) -> Page:
    shown = (section.page() for section in sections)
    return Page(
        title=f"Validation of {document['title']}",
        subtitle=f"cohort {document['cohort']}: {document['n']} patients, {document['events']} events",
        demonstration=document["status"] == "demonstration",
        headline=_headline(validation),
        answer=tuple(s for s in (*_sentences(validation), *map(verdict_sentence, validation.gains)) if s),
        trust=_trust(validation),
        warnings=tuple(notice.message for notice in validation.notices),
        sections=tuple(section for section in shown if section is not None),
        provenance=(
            ("model", f"{document['model']}, version {document['model_version']}, {document['status']}"),
            ("model fingerprint", document["fingerprint"]),
            *((f"SHA-256 of {name}", value) for name, value in document["inputs"].items()),
            ("software", ", ".join(f"{name} {number}" for name, number in document["software"].items())),
        ),
    )


def _headline(validation: Validation) -> str:
    row = main_index(validation.performance)
    own = own_patients(validation.training_cases, len(validation.scored.cases))
    if own:
        return own if row is None else f"{own} C-index {row.value:.2f}."
    if row is None:
        return "The C-index could not be measured"
    better = row.lower is not None and row.lower > 0.5
    verdict = "better than chance" if better else "not shown to be better than chance"
    ends = figure_limits(row, 2)
    return f"C-index {row.value:.2f}{f' ({ends})' if ends else ''}: {verdict}"


def _sentences(validation: Validation) -> tuple[str, ...]:
    return _index(validation), _separation(validation), _accuracy(validation)


def _index(validation: Validation) -> str:
    row = main_index(validation.performance)
    if row is None:
        return ""
    sentence = (
        f"Of two patients, the {row.measure.marker} puts the one whose event comes first at the higher risk in "
        f"{row.value:.0%} of pairs (half would be chance)."
    )
    before = {figure.kind: figure for figure in _in_training(validation) if figure.measure == row.measure}
    best = before.get("optimism-corrected") or before.get("apparent")
    if best is None:
        return sentence
    how = "after" if best.kind == "optimism-corrected" else "without"
    return f"{sentence} In training it was {best.value:.3f}, {how} correction for optimism."


def _separation(validation: Validation) -> str:
    groups = validation.groups
    if groups is None:
        return "There are no risk groups to compare."
    sizes = f"{groups.curves.high.n} patients at high and {groups.curves.low.n} at low risk"
    ratio, p = groups.hazard_ratio, groups.logrank.p
    hazard = f"hazard ratio {ratio.value:.2f} ({ratio.lower:.2f} to {ratio.upper:.2f}), " if ratio else ""
    if p < 0.05 and (ratio is None or ratio.value > 1):
        verdict = "the groups differ"
    elif p < 0.05:
        verdict = "the groups differ the wrong way round: the low-risk group does worse"
    else:
        verdict = "a difference between the groups is not shown"
    return f"The stored cutoff makes {sizes}: {verdict} ({hazard}log-rank p {p_value(p)})."


def _accuracy(validation: Validation) -> str:
    entries = [(entry.horizon, entry.summary) for entry in validation.calibration if entry.summary]
    if not entries:
        return "The model predicts no risk here, so its calibration cannot be judged."
    horizon, summary = entries[-1]
    if summary.ratio_upper < 1:
        verdict = "the model expects more events than there are: its risks are too high"
    elif summary.ratio_lower > 1:
        verdict = "the model expects fewer events than there are: its risks are too low"
    else:
        verdict = "on average the predicted risks agree with what was observed"
    if summary.slope_upper < 1:
        verdict += ", but they are too far apart (slope below 1)"
    elif summary.slope_lower > 1:
        verdict += ", but they are too close together (slope above 1)"
    return (
        f"At {horizon:g} months {summary.observed:.0%} had the event and {summary.expected:.0%} were expected: "
        f"{verdict}."
    )


def _trust(validation: Validation) -> PageTable | None:
    in_training = _in_training(validation)
    columns = [(f"training, {kind}", [row for row in in_training if row.kind == kind]) for kind in _OF_TRAINING]
    columns.append((f"{validation.label} (this cohort)", list(validation.performance)))
    return side_by_side(
        [(heading, [row for row in rows if row.measure.metric not in _ONLY_HERE]) for heading, rows in columns]
    )
