"""The risk groups within subgroups of patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..tables.report_folder import Table
from ..training.subgroups import Subgroup
from .groups_section import groups_document, logrank_document
from .nomogram_section import effect_document
from .page_parts import PageFigure, PageSection, PageTable, p_value
from .sections import Section, flat, records

_GROUPS = ("low", "high", "at_risk", "hazard_ratio")


def subgroups_section(subgroups: Sequence[Subgroup], endpoint: str) -> Section:
    """Give the subgroup analyses of a training."""
    findings = {"subgroups": [_subgroup(row) for row in subgroups]}
    return Section.of(findings, _tables, lambda found: _page(found["subgroups"], endpoint))


def _subgroup(row: Subgroup) -> dict[str, Any]:
    groups = row.groups
    return {
        "covariate": row.covariate,
        "label": row.label,
        "level": row.level,
        "n": row.n,
        "events": row.events,
        **(groups_document(groups) if groups else dict.fromkeys(_GROUPS)),
        "logrank": groups and logrank_document(groups),
        "effects": [effect_document(effect) for effect in row.effects],
        "interaction_p": row.interaction_p,
        "note": row.note,
    }


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    rows = found["subgroups"]
    if not rows:
        return {}
    tables = {"subgroups.csv": records(flat(_short(row)) for row in rows)}
    effects = [
        {"subgroup": row["covariate"], "subgroup_level": row["level"], **effect}
        for row in rows
        for effect in row["effects"]
    ]
    return tables | ({"subgroup_effects.csv": records(effects)} if effects else {})


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    """A subgroup without its curves, for a table of one row each."""
    test = row["logrank"] and {name: row["logrank"][name] for name in ("chisq", "df", "p")}
    return {**{key: value for key, value in row.items() if key not in ("low", "high", "at_risk", "effects")},
            "logrank": test}  # fmt: skip


def _page(rows: Sequence[Mapping[str, Any]], endpoint: str) -> PageSection | None:
    from ..plots.performance_plots import forest, kaplan_meier

    if not rows:
        return None
    figures = []
    ratios = [_forest_row(row) for row in rows if row["hazard_ratio"]]
    if ratios:
        png = forest(ratios, "hazard ratio, high against low risk (95% limits)")
        figures.append(PageFigure(png, "Hazard ratio of the risk groups within subgroups", "Apparent."))
    for row in rows:
        if row["low"]:
            shown = {name: row[name] for name in ("low", "high", "hazard_ratio")}
            title = f"{row['label']}: {row['level']}"
            png = kaplan_meier(shown, endpoint, row["logrank"]["p"])
            figures.append(PageFigure(png, f"Kaplan-Meier curves, {title}", f"{title}, {row['n']} patients"))
    body = tuple(
        (
            f"{row['label']}: {row['level']}",
            str(row["n"]),
            str(row["events"]),
            p_value(row["logrank"]["p"]) if row["logrank"] else "",
            p_value(row["interaction_p"]),
            row["note"] or "",
        )
        for row in rows
    )
    header = ("subgroup", "patients", "events", "log-rank p", "interaction p", "remark")
    return PageSection("Subgroups", (), (PageTable(header, body, numeric=frozenset({1, 2, 3, 4})),), tuple(figures))


def _forest_row(row: Mapping[str, Any]) -> dict[str, Any]:
    ratio = row["hazard_ratio"]
    return {"label": f"{row['label']}: {row['level']} (n = {row['n']})", "hr": ratio["value"], **ratio}
