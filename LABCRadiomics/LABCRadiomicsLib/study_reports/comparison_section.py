"""What a model adds to others: the clinical models of a training, the comparator of a validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..performance import Comparison, Metric, Reclassification
from ..tables.report_folder import Table, plain
from ..training.added_value import AddedValue
from .page_parts import PageFigure, PageSection, PageTable, p_value, row_limits, row_text
from .sections import Section, flat, records

_REMARK_ON_NRI = (
    "NRI (half): as survIDINRI and the article give it; continuous NRI: by the Kaplan-Meier estimator of nricens. "
    "Limits of IDI, NRI and median improvement: {limits}."
)
_GAINS = {
    "idi": "IDI",
    "nri_half_continuous": "NRI (half)",
    "nri_continuous_km": "continuous NRI",
    "median_improvement": "median improvement",
}


def added_value_section(added: AddedValue | None) -> Section:
    """Give what the score adds to clinical models in training; the page shows it with the discrimination."""
    return Section.of({"comparison": added and _added_value(added)}, _added_tables)


def added_value_parts(added: AddedValue | None) -> tuple[tuple[PageFigure, ...], tuple[PageTable, ...]]:
    """Draw what :func:`added_value_section` holds, for the page."""
    if added is None:
        return (), ()
    from ..plots.performance_plots import comparison

    found = plain(_added_value(added))
    png = comparison([{"label": row["model"], **row["c_index"]} for row in found["models"]])
    caption = f"On the {found['n']} patients with all covariates; apparent."
    figure = PageFigure(png, "C-indices of the score, the nomogram and clinical models", caption)
    rows = [(f"{row['new']} over {row['old']}", row) for row in found["added"]]
    return (figure,), ((_gain_table(rows, "gain (95% limits), apparent"),) if rows else ())


def comparison_section(comparison: Comparison | None) -> Section:
    """Give what a model adds to the comparator of a validation."""
    if comparison is None:
        return Section({"reclassification": None})
    findings = {
        "comparator": comparison.comparator.name,
        "c_difference": vars(comparison.c_difference),
        "horizons": [_reclassification(row) for row in comparison.reclassification],
    }
    return Section.of({"reclassification": findings}, page=lambda found: _comparison_page(found["reclassification"]))


def _added_value(added: AddedValue) -> dict[str, Any]:
    return {
        "n": added.n,
        "models": [
            {
                "model": name,
                **{
                    {Metric.C_INDEX: "c_index", Metric.AUC: "auc"}[measure.metric]: estimate.to_dict()
                    for measure, estimate in figures.items()
                    if measure.metric in (Metric.C_INDEX, Metric.AUC)
                },
            }
            for name, figures in added.models.items()
        ],
        "added": [_added(found) for found in added.added],
    }


def _added(found: Comparison) -> dict[str, Any]:
    gain = found.c_difference
    row = {
        "new": found.marker,
        "old": found.comparator.name,
        "c_difference": {"value": gain.difference, "lower": gain.lower, "upper": gain.upper, "p": gain.p},
    }
    for part in found.reclassification:  # one: the horizon
        row |= _reclassification(part)
    return row


def _reclassification(row: Reclassification) -> dict[str, Any]:
    gains = {name: getattr(row, name).to_dict() for name in _GAINS}
    return {"horizon": row.horizon, **gains, "limits": row.limits}


def _added_tables(found: Mapping[str, Any]) -> dict[str, Table]:
    comparison = found["comparison"]
    if comparison is None:
        return {}
    tables = {"models.csv": records(flat(row) for row in comparison["models"])}
    if comparison["added"]:
        tables["added_value.csv"] = records(flat(row) for row in comparison["added"])
    return tables


def _comparison_page(found: Mapping[str, Any]) -> PageSection:
    gain = found["c_difference"]
    sentence = (
        f"C-index of the model less that of {found['comparator']}: {gain['difference']:.3f} "
        f"({row_limits(gain)}), p {p_value(gain['p'])}."
    )
    rows = [(f"{row['horizon']:g} months", row) for row in found["horizons"]]
    tables = (_gain_table(rows, "horizon (95% limits)"),) if rows else ()
    return PageSection(f"Compared with {found['comparator']}", (sentence,), tables)


def _gain_table(rows: Sequence[tuple[str, Mapping[str, Any]]], first: str) -> PageTable:
    """A table of gains; ``c_difference`` is shown where the rows have it."""
    names = {"c_difference": "C-index", **_GAINS} if any("c_difference" in row for _, row in rows) else _GAINS
    body = tuple((name, *(row_text(row[key]) if row.get(key) else "" for key in names)) for name, row in rows)
    limits = dict.fromkeys(row["limits"] for _, row in rows if row.get("limits"))
    note = _REMARK_ON_NRI.format(limits="; ".join(limits) or "none")
    return PageTable((first, *names.values()), body, "", frozenset(range(1, len(names) + 1)), note)
