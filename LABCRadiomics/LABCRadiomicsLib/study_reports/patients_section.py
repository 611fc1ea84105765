"""Who the patients are, by risk group, and every patient's score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..tables.report_folder import Table
from ..training import Training
from .page_parts import PageSection, PageTable, p_value
from .sections import Section, records


def patients_section(training: Training) -> Section:
    """Give the table of patients' characteristics; the scores of single patients are in a table alone."""
    findings = {"baseline_table": [vars(row) for row in training.characteristics]}
    found = Section.of(findings, _tables, lambda found: _page(found["baseline_table"]))
    return Section(found.findings, {**found.tables, "scores.csv": _scores(training)}, found.page)


def _scores(training: Training) -> Table:
    cohort, score, model = training.cohort, training.score, training.nomogram.model
    predictors = np.full(len(cohort), np.nan)
    predictors[model.rows] = model.linear_predictor
    groups = np.where(score.groups.high, "high", "low")
    columns = (cohort.cases, score.values, groups, predictors, cohort.months, cohort.event, score.folds)
    header = ["case", "score", "risk_group", "linear_predictor", "months", "event", "fold"]
    return header, list(zip(*columns, strict=True))


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    return {"baseline_table.csv": records(_flat(row) for row in found["baseline_table"])}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    low, high = row["by_group"]
    shown = {key: value for key, value in row.items() if key != "by_group"}
    return {**shown, "low_risk": low, "high_risk": high}


def _page(rows: Sequence[Mapping[str, Any]]) -> PageSection | None:
    if not rows:
        return None
    body = tuple(
        (
            f"\u2003{row['level']}" if row["level"] else row["characteristic"],
            row["everyone"],
            *row["by_group"],
            row["test"] or "",
            p_value(row["p"]),
        )
        for row in rows
    )
    header = ("", "all patients", "low risk", "high risk", "test", "p")
    return PageSection("Patients", (), (PageTable(header, body, numeric=frozenset({1, 2, 3, 5})),))
