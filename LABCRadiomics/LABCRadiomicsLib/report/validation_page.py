"""The index page of a validation: how good the model is on this cohort, how far to trust that, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..plots import cohort as cohort_plots
from ..tables.csv_table import read_table
from .page import Figure, Page, Section, Table, find, gain_table, limits, main_index, p_value, side_by_side, with_limits

_OF_TRAINING = ("apparent", "optimism-corrected")
_ONLY_HERE = ("Brier", "IPA", "IDI", "continuous NRI", "hazard ratio")  # measures that training has not


def validation_page(report: Mapping[str, Any], folder: Path) -> Page:
    """Lay out ``report.json`` of a validation.

    Parameters
    ----------
    report : mapping
        As :func:`.validation.report.validation_document` gives it.
    folder : path
        With ``scores.csv``.
    """
    sections = (
        _discrimination(report),
        _groups(report, folder),
        _calibration(report),
        _decision(report),
        _comparison(report),
        _all_figures(report),
    )
    return Page(
        title=f"Validation of {report['title']}",
        subtitle=f"cohort {report['cohort']}: {report['n']} patients, {report['events']} events",
        demonstration=report["status"] == "demonstration",
        headline=_headline(report),
        answer=tuple(sentence for sentence in (_index(report), _separation(report), _accuracy(report)) if sentence),
        trust=_trust(report),
        warnings=tuple(note["message"] for note in report["notes"]),
        sections=tuple(section for section in sections if section is not None),
        provenance=(
            ("model", f"{report['model']}, version {report['model_version']}, {report['status']}"),
            ("model fingerprint", report["fingerprint"]),
            *((f"SHA-256 of {name}", value) for name, value in report["inputs"].items()),
            ("software", ", ".join(f"{name} {number}" for name, number in report["software"].items())),
        ),
    )


def _headline(report: Mapping[str, Any]) -> str:
    row = main_index(report)
    if row is None:
        return "The C-index could not be measured"
    beyond = row["lower"] is not None and row["lower"] > 0.5
    if beyond:
        return f"C-index {row['value']:.2f} ({limits(row, 2)}): better than chance"
    return f"C-index {row['value']:.2f} ({limits(row, 2)}): not shown to be better than chance"


def _index(report: Mapping[str, Any]) -> str:
    row = main_index(report)
    if row is None:
        return ""
    what = row["metric"].removeprefix("C-index, ")
    sentence = (
        f"Of two patients, the {what} puts the one whose event comes first at the higher risk in "
        f"{row['value']:.0%} of pairs (half would be chance)."
    )
    training = [r for r in report["training_performance"] if r["metric"] == row["metric"]]
    before = find(training, row["metric"], "optimism-corrected") or find(training, row["metric"], "apparent")
    if before is None:
        return sentence
    how = (
        "after correction for optimism" if before["kind"] == "optimism-corrected" else "without correction for optimism"
    )
    return f"{sentence} In training it was {before['value']:.3f}, {how}."


def _separation(report: Mapping[str, Any]) -> str:
    groups, test = report["groups"], report["logrank"]
    if groups is None:
        return "There are no risk groups to compare."
    sizes = f"{groups['high']['n']} patients at high and {groups['low']['n']} at low risk"
    ratio = groups["hazard_ratio"]
    hazard = f"hazard ratio {ratio['value']:.2f} ({limits(ratio, 2)}), " if ratio else ""
    if test["p"] < 0.05 and (ratio is None or ratio["value"] > 1):
        verdict = "the groups differ"
    elif test["p"] < 0.05:
        verdict = "the groups differ the wrong way round: the low-risk group does worse"
    else:
        verdict = "a difference between the groups is not shown"
    return f"The stored cutoff makes {sizes}: {verdict} ({hazard}log-rank p {p_value(test['p'])})."


def _accuracy(report: Mapping[str, Any]) -> str:
    entries = [entry for entry in report["calibration"]["horizons"] if entry["summary"]]
    if not entries:
        return "The model predicts no risk here, so its calibration cannot be judged."
    entry = entries[-1]
    summary = entry["summary"]
    if summary["ratio_upper"] < 1:
        verdict = "the model expects more events than there are: its risks are too high"
    elif summary["ratio_lower"] > 1:
        verdict = "the model expects fewer events than there are: its risks are too low"
    else:
        verdict = "on average the predicted risks agree with what was observed"
    if summary["slope_upper"] < 1:
        verdict += ", but they are too far apart (slope below 1)"
    elif summary["slope_lower"] > 1:
        verdict += ", but they are too close together (slope above 1)"
    return (
        f"At {entry['months']:g} months {summary['observed']:.0%} had the event and {summary['expected']:.0%} were "
        f"expected: {verdict}."
    )


def _trust(report: Mapping[str, Any]) -> Table | None:
    # The model file may hold an earlier validation under the same name; only its training stands beside this one.
    training = [row for row in report["training_performance"] if row["kind"] in _OF_TRAINING]
    rows = [*training, *report["performance"]]
    columns = [
        ("apparent", None, "training, apparent"),
        ("optimism-corrected", None, "training, optimism-corrected"),
        (report["kind"], report["cohort"], f"{report['cohort']} (this cohort)"),
    ]
    kept = [r for r in rows if not r["metric"].startswith(_ONLY_HERE)]
    return side_by_side(kept, columns)


def _discrimination(report: Mapping[str, Any]) -> Section | None:
    if not report["roc"]:
        return None
    figures = []
    for months in reversed(report["horizons_months"]):
        curves = [curve for curve in report["roc"] if curve["horizon"] == months]
        cases, controls = curves[0]["cases"], curves[0]["controls"]
        caption = f"{cases} patients with the event by {months:g} months, {controls} followed beyond."
        figures.append(
            Figure(cohort_plots.roc(curves, months), f"Time-dependent ROC curves at {months:g} months", caption)
        )
    return Section("Discrimination", (), (), (_index_figure(report), *figures))


def _index_figure(report: Mapping[str, Any]) -> Figure:
    """C-indices of training and of this cohort under each other."""
    rows = [r for r in report["training_performance"] if r["kind"] in _OF_TRAINING] + list(report["performance"])
    rows = [r for r in rows if r["metric"].startswith("C-index, ") and "gain over" not in r["metric"]]
    rows.sort(key=lambda row: row["metric"])
    names = {kind: at for at, kind in enumerate((*_OF_TRAINING, report["kind"]))}
    labeled = [
        {**row, "label": f"{row['metric'].removeprefix('C-index, ')}: {row['cohort']}, {row['kind']}"
         if row["cohort"] != row["kind"] else f"{row['metric'].removeprefix('C-index, ')}: {row['kind']}",
         "series": names[row["kind"]]}
        for row in rows
    ]  # fmt: skip
    return Figure(cohort_plots.comparison(labeled), "C-indices in training and on this cohort", "Dotted: chance.")


def _groups(report: Mapping[str, Any], folder: Path) -> Section | None:
    groups = report["groups"]
    figures = []
    if groups is not None:
        png = cohort_plots.kaplan_meier(groups, report["endpoint"], report["logrank"]["p"])
        figures.append(Figure(png, "Kaplan-Meier curves of the risk groups with numbers at risk"))
    scores = read_table(folder / "scores.csv")
    png = cohort_plots.waterfall(scores.numbers("score"), scores.numbers("event") == 1, groups and groups["cutoff"])
    figures.append(Figure(png, "Radiomics score of every patient, sorted"))
    return Section("Risk groups", (), (), tuple(figures))


def _calibration(report: Mapping[str, Any]) -> Section | None:
    entries = [e for e in report["calibration"]["horizons"] if e["groups"] or e["curve"] or e["summary"]]
    if not entries:
        return None
    figures = tuple(
        Figure(cohort_plots.calibration(entry, report["endpoint"]), f"Calibration at {entry['months']:g} months")
        for entry in reversed(entries)
    )
    last = next((entry for entry in reversed(entries) if entry["groups"]), None)
    tables = (_calibration_table(last),) if last else ()
    return Section("Calibration", (), tables, figures)


def _calibration_table(entry: Mapping[str, Any]) -> Table:
    groups = entry["groups"]
    columns = (groups[name] for name in ("n", "predicted", "observed", "lower", "upper"))
    rows = tuple(
        (str(at), str(n), f"{predicted:.1%}", f"{observed:.1%}", _percent_limits(lower, upper))
        for at, (n, predicted, observed, lower, upper) in enumerate(zip(*columns, strict=True), 1)
    )
    header = ("group, from the worst prognosis", "patients", "predicted survival", "observed", "95% limits")
    return Table(header, rows, f"Survival at {entry['months']:g} months", frozenset(range(1, 5)))


def _percent_limits(lower: float | None, upper: float | None) -> str:
    return "" if lower is None or upper is None else f"{lower:.1%} to {upper:.1%}"


def _decision(report: Mapping[str, Any]) -> Section | None:
    entries = report["decision_curve"]["horizons"]
    if not entries:
        return None
    figures = tuple(
        Figure(cohort_plots.decision(entry), f"Decision curves at {entry['months']:g} months")
        for entry in entries[::-1]
    )
    sentence = (
        "A model is of use at those thresholds where its line lies above treating everybody and treating nobody; the "
        "difference is the number of additional true positives a patient at no more false positives."
    )
    return Section("Clinical use", (sentence,), (), figures)


def _comparison(report: Mapping[str, Any]) -> Section | None:
    found = report["reclassification"]
    if found is None:
        return None
    gain = found["c_difference"]
    sentence = (
        f"C-index of the model less that of {found['comparator']}: {gain['difference']:.3f} "
        f"({limits(gain)}), p {p_value(gain['p'])}."
    )
    rows = [(f"{row['horizon']:g} months", row) for row in found["horizons"]]
    tables = (gain_table(rows, "horizon (95% limits)"),) if rows else ()
    return Section(f"Compared with {found['comparator']}", (sentence,), tables)


def _all_figures(report: Mapping[str, Any]) -> Section:
    rows = tuple((row["metric"], with_limits(row)) for row in report["performance"])
    table = Table(("measure", "value (95% limits)"), rows, numeric=frozenset({1}))
    return Section("All figures", (), (table,))
