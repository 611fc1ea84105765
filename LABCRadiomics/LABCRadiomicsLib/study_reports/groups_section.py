"""The risk groups: Kaplan-Meier curves, log-rank test, hazard ratio, and every patient's score against the cutoff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..performance import RiskGroups
from ..tables.report_folder import Table, kaplan_meier_table
from .page_parts import PageFigure, PageSection, PageTable
from .sections import Section, estimate_dict


def groups_section(
    groups: RiskGroups | None,
    endpoint: str | None,
    cutoff: float | None,
    score: np.ndarray,
    event: np.ndarray,
    *,
    remark: str = "",
) -> Section:
    """Give the risk groups of a study.

    Parameters
    ----------
    groups : RiskGroups or None
        None for a model without a cutoff, or where a group has fewer than two patients.
    endpoint : str or None
    cutoff : float or None
        Of the score.
    score, event : numpy.ndarray, shape (n,)
    remark : str
        Stands under the curves.
    """
    findings: dict[str, Any] = {"groups": None, "logrank": None}
    if groups is not None:
        findings = {"groups": {"cutoff": cutoff, **groups_document(groups)}, "logrank": logrank_document(groups)}

    def page(found: Mapping[str, Any]) -> PageSection:
        return _page(found, endpoint, (score, event, groups and cutoff), remark)

    return Section.of(findings, _tables, page)


def groups_document(groups: RiskGroups) -> dict[str, Any]:
    """Give two risk groups as ``report.json`` holds them."""
    curves = {name: getattr(groups.curves, name) for name in ("low", "high")}
    return {
        **{name: {**vars(curve), "median": groups.medians[name].to_dict()} for name, curve in curves.items()},
        "at_risk": groups.at_risk,
        "hazard_ratio": estimate_dict(groups.hazard_ratio, p=groups.hazard_ratio_p),
    }


def logrank_document(groups: RiskGroups) -> dict[str, Any]:
    """Give the log-rank test as ``report.json`` holds it."""
    test = groups.logrank
    return {"chisq": test.chisq, "df": test.df, "p": test.p, "observed": test.observed, "expected": test.expected}


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    return {"kaplan_meier.csv": kaplan_meier_table(found["groups"])} if found["groups"] else {}


def _page(found: Mapping[str, Any], endpoint: str | None, scores: tuple, remark: str) -> PageSection:
    from ..plots.performance_plots import kaplan_meier, waterfall

    groups, tables, figures = found["groups"], [], []
    if groups:
        png = kaplan_meier(groups, endpoint, found["logrank"]["p"])
        figures.append(PageFigure(png, "Kaplan-Meier curves of the risk groups with numbers at risk", remark))
        rows = tuple(
            (f"{name} risk", str(groups[name]["n"]), str(groups[name]["events"]), _months(groups[name]["median"]))
            for name in ("low", "high")
        )
        header = ("group", "patients", "events", "median survival, months (95% limits)")
        tables = [PageTable(header, rows, numeric=frozenset({1, 2, 3}))]
    figures.append(PageFigure(waterfall(*scores), "Radiomics score of every patient, sorted"))
    return PageSection("Risk groups", (), tuple(tables), tuple(figures))


def _months(median: Mapping[str, Any]) -> str:
    if median["value"] is None:
        return "not reached"
    ends = ("not reached" if median[end] is None else f"{median[end]:.1f}" for end in ("lower", "upper"))
    return f"{median['value']:.1f} ({' to '.join(ends)})"
