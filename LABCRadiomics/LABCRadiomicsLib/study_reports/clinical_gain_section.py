"""Whether the score adds anything to what is known without the image: the verdict, its evidence, the curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..performance.clinical_gain import ClinicalGain, Pair, Verdict
from ..statistics.likelihood_ratio import LikelihoodRatio
from ..tables.report_folder import Table
from .calibration_section import calibration_entry
from .net_benefit_section import decision_entry
from .page_parts import PageFigure, PageSection, PageTable, estimate_text, p_value
from .sections import Section, flat, records

_TITLE = "Does the score add anything?"
_PAIRS = {
    "c_index": "C-index",
    "ipa": "index of prediction accuracy at {horizon:g} months",
    "brier": "Brier score at {horizon:g} months (lower is better)",
    "benefit": "net benefit at a threshold of {threshold:.0%} (true positives a patient)",
}
_RULE = (
    "Adds: the likelihood-ratio test has p below 0.05, a higher score being worse, and the C-index rises with it. Does "
    "not add: neither is better with it. May add: anything between, and what so few patients cannot tell. Where there "
    "is nothing to find, \u201cadds\u201d is said in at most 5 of 100 simulated cohorts (Benchmarks/verdict.py)."
)


def clinical_gain_section(
    gains: Sequence[ClinicalGain],
    endpoint: str | None,
    *,
    how: str,
    otherwise: str,
    apparent: Mapping[str, LikelihoodRatio] | None = None,
) -> Section:
    """Give what the score adds to each model without it.

    Parameters
    ----------
    gains : sequence of ClinicalGain
    endpoint : str or None
    how : str
        On which patients the models were compared; a sentence.
    otherwise : str
        What to say without any gain.
    apparent : mapping of str to LikelihoodRatio, optional
        The test on the models' own patients, by the older model's name; shown for what it is.
    """
    apparent = apparent or {}
    findings = {"added_by_score": [_finding(gain, apparent.get(gain.older)) for gain in gains]}

    def page(found: Mapping[str, Any]) -> PageSection:
        if not gains:
            return PageSection(_TITLE, (otherwise,))
        return _page(gains, found["added_by_score"], endpoint, how, apparent)

    return Section.of(findings, _tables, page)


def verdict_sentence(gain: ClinicalGain) -> str:
    """Say the verdict with the figures that carry it."""
    index = gain.c_index
    words = {
        Verdict.ADDS: "The score adds to",
        Verdict.MAY_ADD: "The score may add to",
        Verdict.DOES_NOT_ADD: "The score is not shown to add anything to",
    }
    return (
        f"{words[gain.verdict]} {_named(gain.older)}: C-index {index.newer.value:.3f} with it and "
        f"{index.older.value:.3f} without, difference {estimate_text(index.gain)}; log hazard ratio of the score "
        f"beside the covariates {estimate_text(gain.effect)}, likelihood-ratio p {p_value(gain.test.p)}."
    )


def _named(model: str) -> str:
    return f"the {model}" if model.endswith(("model", "nomogram")) else model


def _finding(gain: ClinicalGain, apparent: LikelihoodRatio | None) -> dict[str, Any]:
    return {
        "without": gain.older,
        "with": gain.newer,
        "verdict": gain.verdict,
        "n": gain.n,
        "events": gain.events,
        "horizon_months": gain.horizon,
        "threshold": gain.threshold,
        **{name: _pair(getattr(gain, name)) for name in _PAIRS},
        "idi": gain.idi.to_dict(),
        "effect": gain.effect.to_dict(),
        "likelihood_ratio": vars(gain.test),
        "apparent_likelihood_ratio": apparent and vars(apparent),
        "calibration": [
            {"model": name, **calibration_entry(entry)}
            for name, entry in zip((gain.older, gain.newer), gain.calibration, strict=False)
        ],
        "decision_curve": gain.decision and decision_entry(gain.decision),
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {"without": pair.older.to_dict(), "with": pair.newer.to_dict(), "gain": pair.gain.to_dict()}


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    rows = [
        {"without": entry["without"], "with": entry["with"], "verdict": entry["verdict"], "measure": name}
        | {f"{side}{suffix}": part for side, value in values.items() for suffix, part in _columns(value)}
        for entry in found["added_by_score"]
        for name, values in (
            *((name, {f"{side}_score": value for side, value in entry[name].items()}) for name in _PAIRS),
            ("idi", {"gain_score": entry["idi"]}),
            ("effect", {"gain_score": entry["effect"]}),
        )
    ]
    return {"added_by_score.csv": records(flat(row) for row in rows)} if rows else {}


def _columns(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [("" if part == "value" else f"_{part}", item) for part, item in value.items()]


def _page(
    gains: Sequence[ClinicalGain],
    found: Sequence[Mapping[str, Any]],
    endpoint: str | None,
    how: str,
    apparent: Mapping[str, LikelihoodRatio],
) -> PageSection:
    sentences = [verdict_sentence(gain) for gain in gains]
    sentences.append(how)
    for gain in gains:
        own = apparent.get(gain.older)
        if own:
            sentences.append(
                "On the patients that the models were made from, the likelihood-ratio test of "
                f"{_named(gain.newer)} over {_named(gain.older)} has p {p_value(own.p)}: apparent, for the features "
                "were chosen on them."
            )
    figures = [figure for gain, entry in zip(gains, found, strict=True) for figure in _figures(gain, entry, endpoint)]
    return PageSection(_TITLE, tuple(sentences), tuple(map(_table, gains)), tuple(figures))


def _table(gain: ClinicalGain) -> PageTable:
    rows = []
    for name, words in _PAIRS.items():
        pair: Pair = getattr(gain, name)
        if pair.gain.known:
            label = words.format(horizon=gain.horizon, threshold=gain.threshold)
            rows.append((label, *map(estimate_text, (pair.older, pair.newer, pair.gain))))
    if gain.idi.known:
        rows.append((f"IDI at {gain.horizon:g} months", "", "", estimate_text(gain.idi)))
    rows.append(("log hazard ratio of the score beside the covariates", "", "", estimate_text(gain.effect)))
    test = f"chi-square {gain.test.chisq:.2f}, p {p_value(gain.test.p)}"
    rows.append(("likelihood-ratio test of the score", "", "", test))
    header = (f"{gain.n} patients, {gain.events} events (95% limits)", gain.older, gain.newer, "gain")
    return PageTable(header, tuple(rows), gain.verdict.capitalize(), frozenset({1, 2, 3}), note=_RULE)


def _figures(gain: ClinicalGain, entry: Mapping[str, Any], endpoint: str | None) -> list[PageFigure]:
    from ..plots.performance_plots import calibration, decision

    figures = []
    if entry["decision_curve"]:
        name = f"Decision curves at {gain.horizon:g} months, without and with the score"
        figures.append(PageFigure(decision(entry["decision_curve"]), name))
    for own in entry["calibration"]:
        if own["summary"] or own["groups"] or own["curve"]:
            name = f"Calibration of the {own['model']} at {own['months']:g} months"
            figures.append(PageFigure(calibration(own, endpoint), name))
    return figures
