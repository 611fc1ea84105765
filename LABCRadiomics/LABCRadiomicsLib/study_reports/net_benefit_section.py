"""What acting on a model's risks would gain: decision curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..performance import HorizonDecision
from ..tables.report_folder import Table
from .page_parts import PageFigure, PageSection
from .sections import Section

_SENTENCE = (
    "A model is of use at those thresholds where its line lies above treating everybody and treating nobody; the "
    "difference is the number of additional true positives a patient at no more false positives."
)


def net_benefit_section(decision: HorizonDecision | None, remark: str = "") -> Section:
    """Give the decision curves of a study's models; ``remark`` stands under the figure."""
    entries = [decision_entry(decision)] if decision else []
    findings = {"decision_curve": {"horizons": entries}}
    return Section.of(findings, _tables, lambda found: _page(found, remark))


def decision_entry(decision: HorizonDecision) -> dict[str, Any]:
    """Give decision curves as ``report.json`` holds them."""
    return {"months": decision.horizon, **vars(decision.curve)}


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    rows = [
        (entry["months"], name, *values)
        for entry in found["decision_curve"]["horizons"]
        for name, benefit in {**entry["net_benefit"], "treat all": entry["treat_all"]}.items()
        for values in zip(entry["thresholds"], benefit, strict=True)
    ]
    return {"decision_curve.csv": (["horizon", "model", "threshold", "net_benefit"], rows)} if rows else {}


def _page(found: Mapping[str, Any], remark: str) -> PageSection | None:
    from ..plots.performance_plots import decision

    entries = found["decision_curve"]["horizons"]
    figures = tuple(
        PageFigure(decision(entry), f"Decision curves at {entry['months']:g} months", remark) for entry in entries
    )
    return PageSection("Clinical use", (_SENTENCE,), (), figures) if figures else None
