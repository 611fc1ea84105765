"""Competing events: the cumulative incidence of each cause in the risk groups, and Gray's test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..performance.competing_events import CauseInGroups
from ..tables.report_folder import Table, columns_of
from .page_parts import PageFigure, PageSection, PageTable, p_value
from .sections import Section

_SENTENCE = (
    "The incidence of a cause is the chance of having had it by a month, when the others can come first; survival and "
    "hazard ratios elsewhere on this page are those without competing events."
)


def competing_section(causes: Sequence[CauseInGroups], horizon: float) -> Section:
    """Give what competes with the event in the risk groups, with the incidences at a horizon in months."""
    findings = [_finding(found, horizon) for found in causes] or None
    return Section.of({"competing_events": findings}, _tables, lambda found: _page(found["competing_events"], horizon))


def _finding(found: CauseInGroups, horizon: float) -> dict[str, Any]:
    test = found.test
    return {
        "cause": found.cause,
        "label": "the event" if found.cause == 1 else f"competing event {found.cause}",
        **{name: _curve(found, name, horizon) for name in ("low", "high")},
        "gray": test and {"chisq": test.chisq, "df": test.df, "p": test.p},
    }


def _curve(found: CauseInGroups, name: str, horizon: float) -> dict[str, Any]:
    curve = found.curves[name]
    at = {"value": 0.0 if curve is None else np.nan, "lower": np.nan, "upper": np.nan}
    if curve is None:
        return {"events": 0, "months": [], "incidence": [], "lower": [], "upper": [], "last": horizon, "at_horizon": at}
    if horizon <= curve.last_follow_up:
        value, _, lower, upper = curve.at(np.array([horizon]))
        at = {"value": value[0], "lower": lower[0], "upper": upper[0]}
    columns = {"months": curve.time, "incidence": curve.incidence, "lower": curve.lower, "upper": curve.upper}
    return {"events": found.events[name], **columns, "last": curve.last_follow_up, "at_horizon": at}


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    names = ("months", "incidence", "lower", "upper")
    rows = [
        (entry["cause"], group, *row)
        for entry in found["competing_events"] or ()
        for group in ("low", "high")
        for row in columns_of(entry[group], *names)
    ]
    return {"cumulative_incidence.csv": (["cause", "group", *names], rows)} if rows else {}


def _page(found: Sequence[Mapping[str, Any]] | None, horizon: float) -> PageSection | None:
    if not found:
        return None
    from ..plots.cumulative_incidence import cumulative_incidence

    rows = tuple(
        (entry["label"], *(_cell(entry[name]) for name in ("low", "high")), p_value((entry["gray"] or {}).get("p")))
        for entry in found
    )
    header = (f"incidence by {horizon:g} months (95% limits)", "low risk", "high risk", "Gray's test, p")
    figure = PageFigure(cumulative_incidence(found), "Cumulative incidence of each cause in the risk groups")
    table = PageTable(header, rows, numeric=frozenset({1, 2, 3}))
    return PageSection("Competing events", (_SENTENCE,), (table,), (figure,))


def _cell(curve: Mapping[str, Any]) -> str:
    at = curve["at_horizon"]
    if at["value"] is None:
        return f"{curve['events']} events; not followed so long"
    limits = "" if at["lower"] is None else f" ({at['lower']:.1%} to {at['upper']:.1%})"
    return f"{at['value']:.1%}{limits}"
