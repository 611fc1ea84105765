"""Predicted against observed risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..performance import HorizonCalibration
from ..tables.report_folder import Table, columns_of
from .page_parts import PageFigure, PageSection, PageTable
from .sections import Section


def calibration_section(
    calibration: Sequence[HorizonCalibration], endpoint: str | None, *, model: str, sentences: tuple[str, ...] = ()
) -> Section:
    """Give the calibration of a model's risks.

    Parameters
    ----------
    calibration : sequence of HorizonCalibration
    endpoint : str or None
    model : str
        Name of what predicted the risks.
    sentences : tuple of str
        What to know first.
    """
    findings = {"calibration": {"model": model, "horizons": [calibration_entry(entry) for entry in calibration]}}
    return Section.of(findings, _tables, lambda found: _page(found["calibration"]["horizons"], endpoint, sentences))


def calibration_entry(entry: HorizonCalibration) -> dict[str, Any]:
    """Give a calibration as ``report.json`` holds it."""
    parts = {"summary": entry.summary, "groups": entry.groups, "curve": entry.curve}
    return {"months": entry.horizon, **{name: part and vars(part) for name, part in parts.items()}}


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    entries = found["calibration"]["horizons"]
    names = ("n", "predicted", "observed", "lower", "upper")
    groups = [(e["months"], *row) for e in entries if e["groups"] for row in columns_of(e["groups"], *names)]
    points = [(e["months"], *row) for e in entries if e["curve"] for row in columns_of(e["curve"], *names[1:3])]
    tables: dict[str, Table] = {}
    if groups:
        tables["calibration_groups.csv"] = ["horizon", "n", *(f"{name}_survival" for name in names[1:])], groups
    if points:
        tables["calibration_curve.csv"] = ["horizon", "predicted_risk", "observed_risk"], points
    return tables


def _page(entries: Sequence[Mapping[str, Any]], endpoint: str | None, sentences: tuple[str, ...]) -> PageSection | None:
    from ..plots.performance_plots import calibration

    shown = [e for e in reversed(entries) if e["groups"] or e["curve"] or e["summary"]]
    if not shown:
        return None
    figures = tuple(PageFigure(calibration(e, endpoint), f"Calibration at {e['months']:g} months") for e in shown)
    last = next((entry for entry in shown if entry["groups"]), None)
    return PageSection("Calibration", sentences, (_groups_table(last),) if last else (), figures)


def _groups_table(entry: Mapping[str, Any]) -> PageTable:
    columns = columns_of(entry["groups"], "n", "predicted", "observed", "lower", "upper")
    rows = tuple(
        (str(at), str(n), f"{predicted:.1%}", f"{observed:.1%}", _percent_limits(lower, upper))
        for at, (n, predicted, observed, lower, upper) in enumerate(columns, 1)
    )
    header = ("group, from the worst prognosis", "patients", "predicted survival", "observed", "95% limits")
    return PageTable(header, rows, f"Survival at {entry['months']:g} months", frozenset(range(1, 5)))


def _percent_limits(lower: float | None, upper: float | None) -> str:
    return "" if lower is None or upper is None else f"{lower:.1%} to {upper:.1%}"
