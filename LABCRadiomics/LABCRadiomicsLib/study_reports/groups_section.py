"""The risk groups: Kaplan-Meier curves, log-rank test, hazard ratio, and every patient's score against the cutoff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..performance import RiskGroups
from ..statistics.confidence_bands import ConfidenceBand
from ..statistics.restricted_mean import RestrictedMeanDifference
from ..tables.report_folder import Table, columns_of, kaplan_meier_table
from .page_parts import PageFigure, PageSection, PageTable, p_value, row_text
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
        **{
            name: {**vars(curve), "median": groups.medians[name].to_dict(), "band": _band(groups.bands.get(name))}
            for name, curve in curves.items()
        },
        "at_risk": groups.at_risk,
        "hazard_ratio": estimate_dict(groups.hazard_ratio, p=groups.hazard_ratio_p, method=groups.hazard_ratio_method),
        "restricted_mean": groups.restricted_mean and _restricted_mean(groups.restricted_mean),
    }


def _band(band: ConfidenceBand | None) -> dict[str, Any] | None:
    if band is None:
        return None
    return {"months": band.time, "survival": band.survival, "lower": band.lower, "upper": band.upper, "kind": band.kind}


def _restricted_mean(found: RestrictedMeanDifference) -> dict[str, Any]:
    parts = {"low": found.first, "high": found.second}
    means = {name: {"value": part.mean, "lower": part.lower, "upper": part.upper} for name, part in parts.items()}
    gain = {"value": found.difference, "lower": found.lower, "upper": found.upper, "p": found.p}
    return {"horizon_months": found.first.horizon, **means, "difference": gain}


def logrank_document(groups: RiskGroups) -> dict[str, Any]:
    """Give the log-rank test as ``report.json`` holds it."""
    test = groups.logrank
    return {"chisq": test.chisq, "df": test.df, "p": test.p, "observed": test.observed, "expected": test.expected}


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    groups = found["groups"]
    if not groups:
        return {}
    names = ("months", "survival", "lower", "upper")
    drawn = [(name, groups[name]["band"]) for name in ("low", "high") if groups[name]["band"]]
    bands = [(name, *row) for name, band in drawn for row in columns_of(band, *names)]
    tables: dict[str, Table] = {"kaplan_meier.csv": kaplan_meier_table(groups)}
    return tables | ({"kaplan_meier_bands.csv": (["group", *names], bands)} if bands else {})


def _page(found: Mapping[str, Any], endpoint: str | None, scores: tuple, remark: str) -> PageSection:
    from ..plots.performance_plots import kaplan_meier, waterfall

    groups, tables, figures = found["groups"], [], []
    if groups:
        png = kaplan_meier(groups, endpoint, found["logrank"]["p"])
        figures.append(PageFigure(png, "Kaplan-Meier curves of the risk groups with numbers at risk", remark))
        tables = [_table(groups)]
        if any(groups[name]["band"] for name in ("low", "high")):
            remark = f"{remark} Shaded: 95% limits at each time; dotted: bands of the whole curve (Nair).".strip()
    figures.append(PageFigure(waterfall(*scores), "Radiomics score of every patient, sorted"))
    return PageSection("Risk groups", (), tuple(tables), tuple(figures))


def _table(groups: Mapping[str, Any]) -> PageTable:
    mean = groups["restricted_mean"]
    header = ["group", "patients", "events", "median survival, months (95% limits)"]
    header += [f"mean survival up to {mean['horizon_months']:g} months"] if mean else []
    rows = [
        (
            f"{name} risk",
            str(groups[name]["n"]),
            str(groups[name]["events"]),
            _months(groups[name]["median"]),
            *([row_text(mean[name], 1)] if mean else []),
        )
        for name in ("low", "high")
    ]
    note = ""
    if mean:
        gain = mean["difference"]
        note = (
            f"Mean time without the event up to {mean['horizon_months']:g} months, low less high risk: "
            f"{row_text(gain, 1)} months, p {p_value(gain['p'])}. Unlike the hazard ratio it does not take hazards "
            "to be proportional."
        )
    return PageTable(tuple(header), tuple(rows), numeric=frozenset(range(1, len(header))), note=note)


def _months(median: Mapping[str, Any]) -> str:
    if median["value"] is None:
        return "not reached"
    ends = ("not reached" if median[end] is None else f"{median[end]:.1f}" for end in ("lower", "upper"))
    return f"{median['value']:.1f} ({' to '.join(ends)})"
