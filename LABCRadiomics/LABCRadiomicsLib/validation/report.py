"""A validation as files: ``report.json`` and the tables beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..model import RiskGroup
from ..scoring.cohort import scores_table
from ..statistics.numbers_at_risk import numbers_at_risk
from ..tables.report_folder import Table, columns_of, kaplan_meier_table, report_document, write_report
from .comparison import Comparison, Estimate, Reclassification
from .workflow import Calibration, GroupComparison, MarkerROC, Validation


def validation_document(validation: Validation, inputs: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Give a validation as ``report.json`` holds it.

    Parameters
    ----------
    validation : Validation
    inputs : mapping of str to str, optional
        Names of the tables read, and their SHA-256.
    """
    scored = validation.scored
    model = scored.model
    findings = {
        "report": "validation",
        "model": model.id,
        "title": model.title,
        "model_version": model.version,
        "fingerprint": model.fingerprint,
        "status": model.status,
        "endpoint": model.nomogram.endpoint if model.nomogram else None,
        "cohort": validation.label,
        "kind": validation.kind,
        "n": len(scored.cases),
        "events": int(scored.event.sum()),
        "horizons_months": list(validation.horizons),
        "performance": [vars(row) for row in validation.performance],
        "training_performance": [vars(row) for row in model.performance],
        "roc": [_roc(entry) for entry in validation.roc],
        "groups": _groups(validation.groups, validation),
        "logrank": _logrank(validation.groups),
        "calibration": {"horizons": [_calibration(entry) for entry in validation.calibration]},
        "decision_curve": {
            "horizons": [
                {
                    "months": months,
                    "event_probability": curve.event_probability,
                    "thresholds": curve.thresholds,
                    "net_benefit": curve.net_benefit,
                    "treat_all": curve.treat_all,
                }
                for months, curve in validation.decision_curves.items()
            ]
        },
        "reclassification": _comparison(validation.comparison),
        "notes": [notice.to_dict() for notice in validation.notices],
    }
    return report_document(findings, inputs)


def write_validation_report(
    folder: str | Path, validation: Validation, inputs: Mapping[str, str] | None = None
) -> Path:
    """Write ``report.json``, ``scores.csv``, ``performance.csv``, ``kaplan_meier.csv`` and the curves' tables.

    Parameters
    ----------
    folder : path-like
        Made when it does not exist; each file is written whole or not at all.
    validation : Validation
    inputs : mapping of str to str, optional
        Names of the tables read, and their SHA-256.

    Returns
    -------
    pathlib.Path
        ``report.json``.

    Raises
    ------
    CohortError
        The folder cannot be written.
    """
    document, scored = validation_document(validation, inputs), validation.scored
    outcome = {"months": scored.months, "event": scored.event}
    scores = scores_table(scored.cases, scored.predictions, outcome)
    return write_report(folder, document, {"scores.csv": scores, **_tables(document)})


def _tables(document: Mapping[str, Any]) -> dict[str, Table]:
    """Header and rows of each table that goes with the report."""
    columns = ["cohort", "n", "events", "metric", "value", "lower", "upper", "kind"]
    tables = {"performance.csv": (columns, [tuple(row[c] for c in columns) for row in document["performance"]])}
    if document["groups"]:
        tables["kaplan_meier.csv"] = kaplan_meier_table(document["groups"])
    roc = [
        (entry["marker"], entry["horizon"], *values)
        for entry in document["roc"]
        for values in columns_of(entry, "threshold", "fpr", "tpr")
    ]
    tables["roc.csv"] = ["marker", "horizon", "threshold", "fpr", "tpr"], roc
    calibration = document["calibration"]["horizons"]
    if calibration:
        names = ("n", "predicted", "observed", "lower", "upper")
        rows = [(e["months"], *row) for e in calibration if e["groups"] for row in columns_of(e["groups"], *names)]
        tables["calibration_groups.csv"] = ["horizon", "n", *(f"{name}_survival" for name in names[1:])], rows
        names = ("predicted", "observed")
        rows = [(e["months"], *row) for e in calibration if e["curve"] for row in columns_of(e["curve"], *names)]
        tables["calibration_curve.csv"] = ["horizon", "predicted_risk", "observed_risk"], rows
    rows = [
        (entry["months"], name, *values)
        for entry in document["decision_curve"]["horizons"]
        for name, benefit in {**entry["net_benefit"], "treat all": entry["treat_all"]}.items()
        for values in zip(entry["thresholds"], benefit, strict=True)
    ]
    if rows:
        tables["decision_curve.csv"] = ["horizon", "model", "threshold", "net_benefit"], rows
    return tables


def _roc(entry: MarkerROC) -> dict[str, Any]:
    curve = entry.curve
    return {
        "marker": entry.marker,
        "horizon": curve.horizon,
        "auc": curve.auc,
        "lower": curve.lower,
        "upper": curve.upper,
        "cases": curve.cases,
        "controls": curve.controls,
        "at_cutoff": entry.at_cutoff and {"fpr": entry.at_cutoff[0], "tpr": entry.at_cutoff[1]},
        "threshold": curve.threshold,
        "fpr": curve.fpr,
        "tpr": curve.tpr,
    }


def _groups(groups: GroupComparison | None, validation: Validation) -> dict[str, Any] | None:
    if groups is None:
        return None
    return {
        "cutoff": validation.scored.model.cutoff.value,
        "low": _risk_group(groups.curves.low),
        "high": _risk_group(groups.curves.high),
        "at_risk": numbers_at_risk(validation.scored.high, validation.scored.months),
        "hazard_ratio": groups.hazard_ratio and {**vars(groups.hazard_ratio), "p": groups.hazard_ratio_p},
    }


def _risk_group(group: RiskGroup) -> dict[str, Any]:
    return dict(vars(group))


def _logrank(groups: GroupComparison | None) -> dict[str, Any] | None:
    if groups is None:
        return None
    test = groups.logrank
    return {"chisq": test.chisq, "df": test.df, "p": test.p, "observed": test.observed, "expected": test.expected}


def _calibration(entry: Calibration) -> dict[str, Any]:
    return {
        "months": entry.horizon,
        "summary": entry.summary and vars(entry.summary),
        "groups": entry.groups and vars(entry.groups),
        "curve": entry.curve and vars(entry.curve),
    }


def _comparison(comparison: Comparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    return {
        "comparator": comparison.comparator.name,
        "c_difference": vars(comparison.c_difference),
        "horizons": [_reclassification(row) for row in comparison.reclassification],
    }


def _reclassification(row: Reclassification) -> dict[str, Any]:
    return {name: vars(value) if isinstance(value, Estimate) else value for name, value in vars(row).items()}
