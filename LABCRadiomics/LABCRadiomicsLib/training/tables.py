"""The tables beside a training's ``report.json``, one a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..tables.report_folder import Table, columns_of, kaplan_meier_table
from .workflow import Training


def training_tables(document: Mapping[str, Any], training: Training) -> dict[str, Table]:
    """Give header and rows of each table that goes with ``report.json``, by file name.

    Parameters
    ----------
    document : mapping
        The report.
    training : Training
        For the numbers of single patients, which the report does not hold.
    """
    cohort, markers = training.cohort, np.full(len(training.cohort), np.nan)
    markers[training.clinical.rows] = training.clinical.linear_predictor
    groups = np.where(training.groups.high, "high", "low")
    patients = zip(
        cohort.cases, training.values, groups, markers, cohort.months, cohort.event, training.folds, strict=True
    )
    tables = {
        "scores.csv": (["case", "score", "risk_group", "linear_predictor", "months", "event", "fold"], list(patients)),
        "path.csv": _path_table(document["path"]),
        "kaplan_meier.csv": kaplan_meier_table(document["groups"]),
        "roc.csv": (["threshold", "tpr", "fpr"], columns_of(document["roc"]["curve"], "threshold", "tpr", "fpr")),
        "covariates.csv": _records(
            {"model": model, **row}
            for model in ("univariable", "multivariable")
            for row in document["covariates"][model]
        ),
        "baseline_table.csv": _records(_flat_groups(row) for row in document["baseline_table"]),
    }
    for name, rows in (
        ("icc.csv", (document["icc"] or {}).get("features")),
        ("univariable.csv", document["univariable"]),
        ("cv.csv", document["cv"]),
        ("score_terms.csv", document["score_terms"]),
        ("proportional_hazards.csv", document["proportional_hazards"]["rows"]),
        ("performance.csv", document["performance"]),
        ("subgroups.csv", [_flat(row, skip=("low", "high", "effects")) for row in document["subgroups"]]),
        (
            "subgroup_effects.csv",
            [_in_subgroup(row, effect) for row in document["subgroups"] for effect in row["effects"]],
        ),
    ):
        if rows:
            tables[name] = _records(rows)
    return tables | _calibration_tables(document) | _comparison_tables(document) | _optimism_tables(document)


def _path_table(path: Mapping[str, Any]) -> Table:
    names = list(path["coefficients"])
    return ["lambda", *names], list(zip(path["lambda"], *path["coefficients"].values(), strict=True))


def _calibration_tables(document: Mapping[str, Any]) -> dict[str, Table]:
    tables = {}
    for entry in document["calibration"]["horizons"]:
        if entry["groups"]:
            names = ("n", "predicted", "observed", "lower", "upper")
            tables["calibration_groups.csv"] = list(names), columns_of(entry["groups"], *names)
        if entry["curve"]:
            header = ["predicted_risk", "observed_risk"]
            tables["calibration_curve.csv"] = header, columns_of(entry["curve"], "predicted", "observed")
    return tables


def _comparison_tables(document: Mapping[str, Any]) -> dict[str, Table]:
    tables = {}
    comparison = document["comparison"]
    if comparison:
        tables["models.csv"] = _records(_flat(row) for row in comparison["models"])
        if comparison["added"]:
            tables["added_value.csv"] = _records(_flat(row) for row in comparison["added"])
    for entry in document["decision_curve"]["horizons"]:
        curves = {**entry["net_benefit"], "treat all": entry["treat_all"]}
        rows = list(zip(entry["thresholds"], *curves.values(), strict=True))
        tables["decision_curve.csv"] = ["threshold", *curves], rows
    return tables


def _optimism_tables(document: Mapping[str, Any]) -> dict[str, Table]:
    tables = {}
    optimism = document["optimism"]
    if optimism:
        tables["optimism.csv"] = _records(_flat(row) for row in optimism["rows"])
        tables["selection_frequency.csv"] = _records(optimism["selection_frequency"])
    if document["nested"]:
        tables["nested.csv"] = _records(document["nested"]["rows"])
    if document["permutation"]:
        tables["permutation.csv"] = ["c_index"], [(value,) for value in document["permutation"]["null"]]
    return tables


def _records(rows: Iterable[Mapping[str, Any]]) -> Table:
    """A table of records; a key that a record lacks makes an empty cell."""
    rows = list(rows)
    header = list(dict.fromkeys(key for row in rows for key in row))
    return header, [[row.get(key) for key in header] for row in rows]


def _flat(row: Mapping[str, Any], skip: Sequence[str] = ()) -> dict[str, Any]:
    """A record whose estimates became columns: ``auc``, ``auc_lower``, ``auc_upper``."""
    flat = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat |= {key if part == "value" else f"{key}_{part}": item for part, item in value.items()}
        elif key not in skip:
            flat[key] = value
    return {key: value for key, value in flat.items() if not any(key.startswith(f"{name}_") for name in skip)}


def _flat_groups(row: Mapping[str, Any]) -> dict[str, Any]:
    low, high = row["by_group"]
    shown = {key: value for key, value in row.items() if key != "by_group"}
    return {**shown, "low_risk": low, "high_risk": high}


def _in_subgroup(row: Mapping[str, Any], effect: Mapping[str, Any]) -> dict[str, Any]:
    return {"subgroup": row["covariate"], "subgroup_level": row["level"], **effect}
