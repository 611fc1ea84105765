"""The report of a training: what was made, how far to trust it, and every step's evidence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import present
from ..model import Model
from ..model.file import format_model
from ..tables.report_folder import report_document
from ..training import Training
from ..training.cross_validation import PERMUTATION_STATISTIC
from .calibration_section import calibration_section
from .clinical_gain_section import clinical_gain_section, verdict_sentence
from .comparison_section import added_value_parts, added_value_section
from .competing_section import competing_section
from .cutoff_section import cutoff_section
from .discrimination_section import training_discrimination
from .follow_up_section import follow_up_section
from .groups_section import groups_section
from .missing_section import missing_section
from .net_benefit_section import net_benefit_section
from .nomogram_section import nomogram_section
from .optimism_section import optimism_section, trust_table
from .page_parts import Page, figure_limits, main_index, p_value
from .patients_section import patients_section
from .performance_section import performance_section
from .sample_size_section import development_size_section
from .sections import Section
from .selection_section import selection_section
from .sites_section import sites_section
from .subgroups_section import subgroups_section
from .writing import document_of, write_study

_APPARENT_GROUPS = "Apparent: the cutoff was chosen on these patients, so p and hazard ratio are too good."
_APPARENT_CALIBRATION = (
    "Apparent: a model fits its own patients. The corrected calibration slope is in the table at the top."
)


def write_training_report(
    folder: str | Path,
    training: Training,
    model: Model,
    inputs: Mapping[str, str] | None = None,
    extracted_with: Mapping[str, str] | None = None,
) -> Path:
    """Write ``report.json``, ``model.json``, a table of every step, ``index.html`` and what helps to write it up.

    Parameters
    ----------
    folder : path-like
        Made when it does not exist; each file is written whole or not at all.
    training : Training
    model : Model
        Made from it.
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
    sections = _sections(training, model)
    document = _document(sections, training, model, inputs, extracted_with)
    page = _page(document, sections, training)
    return write_study(folder, document, model, sections, page, {"model.json": format_model(model)})


def training_document(
    training: Training,
    model: Model,
    inputs: Mapping[str, str] | None = None,
    extracted_with: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Give a training as ``report.json`` holds it; parameters as for :func:`write_training_report`."""
    return _document(_sections(training, model), training, model, inputs, extracted_with)


def _sections(training: Training, model: Model) -> tuple[Section, ...]:
    """The findings in the order of the page; a new one is one more line here."""
    score, apparent, endpoint = training.score, training.apparent, training.nomogram.stored.endpoint
    added = apparent.added_value
    decision = added.decision if added else apparent.nomogram.decision
    return (
        selection_section(training),
        groups_section(
            score.groups, endpoint, training.built.cutoff, score.values, training.cohort.event, remark=_APPARENT_GROUPS
        ),
        competing_section(score.causes, training.plan.recipe.horizon),
        _cutoff(training),
        training_discrimination(
            present(training.built.chosen, "the cutoff of a training"),
            apparent.score,
            training.performance,
            lambda: added_value_parts(added),
        ),
        added_value_section(added),
        _added_by_score(training),
        nomogram_section(training, model),
        calibration_section(
            apparent.nomogram.calibration, endpoint, model=apparent.nomogram.marker.name,
            sentences=(_APPARENT_CALIBRATION,),
        ),
        net_benefit_section(decision, "Apparent."),
        subgroups_section(training.subgroups, endpoint),
        patients_section(training),
        follow_up_section(training.cohort.months, training.cohort.event),
        performance_section(training.performance, listed=False),
        optimism_section(training),
        development_size_section(training),
        sites_section(training),
        missing_section(training),
    )  # fmt: skip


def _added_by_score(training: Training) -> Section:
    added, gains = training.apparent.added_value, training.resampled.gains
    nested = training.resampled.nested
    repeats = nested.repeats if nested else 0
    times = "once" if repeats == 1 else f"{repeats} times"
    how = (
        f"Both models were made anew, with the whole selection, in cross-validation ({times}), and are compared on the "
        "patients left out; standard errors are enlarged by what such a comparison underrates."
    )
    if added is None:
        otherwise = (
            "Without clinical covariates (--covariates, --candidates, --stage) there is nothing to compare the score "
            "with."
        )
    else:
        otherwise = "Not measured: it takes cross-validation (--bootstrap or --nested), for here all is apparent."
    tests = added.tests if added else {}
    apparent = {gain.older: tests[gain.newer, gain.older] for gain in gains if (gain.newer, gain.older) in tests}
    endpoint = training.nomogram.stored.endpoint
    return clinical_gain_section(gains, endpoint, how=how, otherwise=otherwise, apparent=apparent)


def _cutoff(training: Training) -> Section:
    figures, optimism = training.performance, training.resampled.optimism
    kinds = {"apparent": "apparent", "optimism-corrected": "corrected (cross-validated)"}
    columns = [(heading, [figure for figure in figures if figure.kind == kind]) for kind, heading in kinds.items()]
    cohort = training.cohort
    return cutoff_section(
        training.apparent.score.cutoff,
        training.score.values,
        cohort.months,
        cohort.event,
        columns,
        chosen_here=True,
        low_risk=optimism.cutoff_percentile if optimism else None,
    )


def _document(
    sections: tuple[Section, ...],
    training: Training,
    model: Model,
    inputs: Mapping[str, str] | None,
    extracted_with: Mapping[str, str] | None,
) -> dict[str, Any]:
    head = {
        "report": "training",
        "model": model.id,
        "title": model.title,
        "fingerprint": model.fingerprint,
        "status": model.status,
        "endpoint": training.nomogram.stored.endpoint,
        "n": len(training.cohort),
        "events": training.cohort.events,
        "horizon": training.plan.recipe.horizon,
        "horizons_months": training.nomogram.stored.horizons_months,
    }
    tail = {
        "settings": _settings(training),
        "extracted_with": extracted_with,
        "notes": [notice.to_dict() for notice in training.notices],
    }
    return report_document(document_of(head, sections, tail), inputs)


def _settings(training: Training) -> dict[str, Any]:
    plan = vars(training.plan)
    folds = {"folds": np.unique(training.score.folds).size, "folds_given": training.score.folds_given}
    return {
        **vars(plan["recipe"]),
        **folds,
        **{name: value for name, value in plan.items() if name not in ("recipe", "jobs")},
    }


def _page(document: Mapping[str, Any], sections: tuple[Section, ...], training: Training) -> Page:
    shown = (section.page() for section in sections)
    endpoint = document["endpoint"].lower()
    return Page(
        title=document["title"],
        subtitle=f"{document['n']} patients, {document['events']} events; endpoint {endpoint}",
        demonstration=document["status"] == "demonstration",
        headline=_headline(training),
        answer=tuple(_answer(training)),
        trust=trust_table(training),
        warnings=tuple(notice.message for notice in training.notices),
        sections=tuple(section for section in shown if section is not None),
        provenance=(
            ("model", f"{document['model']}, {document['status']}"),
            ("model fingerprint", document["fingerprint"]),
            *((f"SHA-256 of {name}", value) for name, value in document["inputs"].items()),
            ("settings", ", ".join(f"{name} {_setting(value)}" for name, value in document["settings"].items())),
            ("software", ", ".join(f"{name} {number}" for name, number in document["software"].items())),
        ),
    )


def _setting(value: Any) -> str:
    return (" + ".join(value) or "none") if isinstance(value, list) else "none" if value is None else str(value)


def _headline(training: Training) -> str:
    apparent = present(main_index(training.performance, "apparent"), "the C-index of a training")
    corrected = main_index(training.performance, "optimism-corrected")
    if corrected is None:
        return f"Apparent C-index {apparent.value:.2f}: its optimism was not measured"
    verdict = "" if corrected.lower is not None and corrected.lower > 0.5 else ": not shown to be better than chance"
    return (
        f"C-index {corrected.value:.2f} ({figure_limits(corrected, 2)}) expected on other patients{verdict}; "
        f"{apparent.value:.2f} on its own"
    )


def _answer(training: Training) -> list[str]:
    groups, resampled = training.score.groups.curves, training.resampled
    sentences = [
        f"Of {len(training.agreement.features_in)} features {training.built.selection.kept.size} pass the univariable "
        f"screening and {len(training.score.stored.terms)} make the score. Its cutoff {training.built.cutoff:.5g} puts "
        f"{groups.high.n} patients at high and {groups.low.n} at low risk."
    ]
    if resampled.nested:
        times = "once" if resampled.nested.repeats == 1 else f"{resampled.nested.repeats} times"
        bootstrap = f" and on {resampled.optimism.repeats} bootstrap samples" if resampled.optimism else ""
        sentences.append(
            "On its own patients any model looks better than it is, because features, penalty and cutoff were chosen "
            f"on them. The whole selection was repeated in nested cross-validation, {times}{bootstrap}; the corrected "
            "column below is what to expect on other patients of the same kind."
        )
    else:
        sentences.append("Every figure here is apparent, on the patients the model was made from, and too good.")
    sentences += map(verdict_sentence, resampled.gains)
    permutation = resampled.permutation
    if permutation:
        verdict = "there is a signal" if permutation.p < 0.05 else "no signal is shown"
        if permutation.null.size < 19:
            verdict = "too few permutations to tell, for which 19 are the least"
        sentences.append(
            f"With outcomes shuffled {permutation.null.size} times, p {p_value(permutation.p)}: {verdict} "
            f"({PERMUTATION_STATISTIC})."
        )
    return sentences
