"""A training as files: ``report.json`` with every step's numbers, the tables beside it, and the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..model import Model
from ..model.file import format_model
from ..statistics.kaplan_meier import kaplan_meier
from ..statistics.numbers_at_risk import numbers_at_risk
from ..tables.report_folder import report_document, write_report
from ..validation.comparison import Comparison, Estimate
from .added_value import AddedValue
from .clinical_models import Effect
from .cross_validation import PERMUTATION_STATISTIC, NestedValidation, PermutationTest
from .optimism import METHOD, Optimism, OptimismRow
from .subgroups import Subgroup
from .tables import training_tables
from .workflow import Training


def training_document(training: Training, model: Model, inputs: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Give a training as ``report.json`` holds it.

    Parameters
    ----------
    training : Training
    model : Model
        Made from it.
    inputs : mapping of str to str, optional
        Names of the tables read, and their SHA-256.
    """
    cohort, recipe = training.cohort, training.plan.recipe
    findings = {
        "report": "training",
        "model": model.id,
        "title": model.title,
        "fingerprint": model.fingerprint,
        "status": model.status,
        "endpoint": training.nomogram.endpoint,
        "n": len(cohort),
        "events": cohort.events,
        "horizon": recipe.horizon,
        "horizons_months": training.nomogram.horizons_months,
        "features_in": len(training.features_in),
        "features_icc": len(cohort.names),
        "features_univariable": training.selection.kept.size,
        **_selection(training),
        "roc": _roc(training),
        **_groups(training),
        "covariates": {
            "univariable": [_effect(row) for row in training.alone],
            "multivariable": [_effect(row) for row in training.effects],
        },
        "proportional_hazards": _proportionality(training),
        "nomogram": {
            **model.to_document()["nomogram"],
            "score_low": training.score.low,
            "score_high": training.score.high,
        },
        "calibration": {"model": training.clinical.name, "horizons": [_calibration(training)]},
        **_added_value(training.added_value, recipe.horizon),
        "subgroups": [_subgroup(row) for row in training.subgroups],
        "baseline_table": [vars(row) for row in training.characteristics],
        "performance": [vars(row) for row in training.performance],
        "optimism": training.optimism and _optimism(training.optimism, training),
        "nested": training.nested and _nested(training.nested),
        "permutation": training.permutation and _permutation(training.permutation),
        "events_per_parameter": vars(training.events_per_parameter),
        "settings": _settings(training),
        "notes": [notice.to_dict() for notice in training.notices],
    }
    return report_document(findings, inputs)


def write_training_report(
    folder: str | Path, training: Training, model: Model, inputs: Mapping[str, str] | None = None
) -> Path:
    """Write ``report.json``, ``model.json`` and a table of every step, each whole or not at all.

    Parameters
    ----------
    folder : path-like
        Made when it does not exist.
    training, model, inputs
        As for :func:`training_document`.

    Returns
    -------
    pathlib.Path
        ``report.json``.

    Raises
    ------
    CohortError
        The folder cannot be written.
    """
    document = training_document(training, model, inputs)
    return write_report(folder, document, training_tables(document, training), {"model.json": format_model(model)})


def _selection(training: Training) -> dict[str, Any]:
    """Agreement, screening, penalty and score."""
    selection, names, cohort = training.selection, training.cohort.names, training.cohort
    screening, path = selection.screening, selection.path
    kept = np.isin(np.arange(len(names)), selection.kept)
    columns = (screening.coef, screening.se, screening.p, screening.hr, screening.lower, screening.upper)
    spread = cohort.features.std(axis=0)
    ever = np.flatnonzero(path.path.coef.any(axis=1))
    return {
        "icc": _icc(training),
        "univariable": [
            {
                "feature": name,
                **dict(zip(("coef", "se", "p", "hr", "lower", "upper"), row, strict=True)),
                "status": status,
                "kept": passed,
            }
            for name, *row, status, passed in zip(names, *columns, screening.status.tolist(), kept, strict=True)
        ],
        "lambda_min": path.lambda_min,
        "lambda_1se": path.lambda_1se,
        "lambda": selection.penalty,
        "cv": [
            {"lambda": penalty, "mean": mean, "sd": sd, "nonzero": count}
            for penalty, mean, sd, count in zip(path.path.lambdas, path.mean, path.sd, path.path.nonzero, strict=True)
        ],
        "path": {
            "lambda": path.path.lambdas,
            "coefficients": {names[selection.kept[at]]: path.path.coef[at] * spread[selection.kept[at]] for at in ever},
        },
        "score_terms": [
            {
                "feature": names[at],
                "coefficient": selection.coefficients[at],
                "per_sd": selection.coefficients[at] * spread[at],
            }
            for at in np.flatnonzero(selection.coefficients)
        ],
    }


def _icc(training: Training) -> dict[str, Any] | None:
    if training.icc is None:
        return None
    kept = set(training.cohort.names)
    rows = [
        dict(
            zip(("icc", "lower", "upper"), training.icc.get(name, (None, None, None)), strict=True),
            feature=name,
            kept=name in kept,
        )
        for name in training.features_in
    ]
    return {"threshold": training.plan.min_icc, "features": rows}


def _roc(training: Training) -> dict[str, Any]:
    roc, point = training.chosen.roc, training.chosen.point
    return {
        "marker": "radiomics score alone",
        "horizon": roc.horizon,
        "auc": roc.auc,
        "lower": roc.lower,
        "upper": roc.upper,
        "cutoff": training.chosen.cutoff.value,
        "lowest_positive": point.cutoff,  # what R's timeROC workflow calls the cutoff; the same split of the patients
        "tpr": point.tpr,
        "fpr": point.fpr,
        "at_cutoff": {"tpr": point.tpr, "fpr": point.fpr},
        "curve": {"threshold": roc.threshold, "tpr": roc.tpr, "fpr": roc.fpr},
    }


def _groups(training: Training) -> dict[str, Any]:
    groups, cohort = training.groups, training.cohort
    curves = {}
    for name, members in (("low", ~groups.high), ("high", groups.high)):
        curve = kaplan_meier(cohort.months[members], cohort.event[members])
        median = {"value": curve.median, "lower": curve.median_lower, "upper": curve.median_upper}
        curves[name] = {**vars(getattr(groups.curves, name)), "median": median}
    test = groups.logrank
    return {
        "groups": {
            "cutoff": training.chosen.cutoff.value,
            **curves,
            "at_risk": numbers_at_risk(groups.high, cohort.months),
            "hazard_ratio": _ratio(groups.hazard_ratio, groups.hazard_ratio_p),
        },
        "logrank": {
            "chisq": test.chisq,
            "df": test.df,
            "p": test.p,
            "observed": test.observed,
            "expected": test.expected,
        },
    }


def _ratio(estimate: Estimate | None, p: float | None) -> dict[str, Any] | None:
    return estimate and {**vars(estimate), "p": p}


def _effect(row: Effect) -> dict[str, Any]:
    if row.level is not None:
        return dict(vars(row))
    per_sd = {f"per_sd_{name}": getattr(row, name) ** row.sd for name in ("hr", "lower", "upper")}
    return {**vars(row), **per_sd}


def _proportionality(training: Training) -> dict[str, Any]:
    test = training.proportionality
    names = training.nomogram.parameters()
    return {
        "rows": [
            {"parameter": name, "chisq": chisq, "p": p}
            for name, chisq, p in zip(names, test.chisq, test.p, strict=True)
        ],
        "global": {"chisq": test.global_chisq, "df": test.df, "p": test.global_p},
    }


def _calibration(training: Training) -> dict[str, Any]:
    parts = vars(training.calibration)
    return {"months": training.plan.recipe.horizon, **{name: part and vars(part) for name, part in parts.items()}}


def _added_value(added: AddedValue | None, horizon: float) -> dict[str, Any]:
    if added is None:
        return {"decision_curve": {"horizons": []}, "comparison": None}
    curve = added.curve
    return {
        "decision_curve": {"horizons": [{"months": horizon, **vars(curve)}] if curve else []},
        "comparison": {
            "n": added.n,
            "models": [
                {"model": row.model, "c_index": vars(row.c_index), "auc": vars(row.auc)} for row in added.models
            ],
            "added": [_comparison(newer, found) for newer, found in added.added],
        },
    }


def _comparison(newer: str, found: Comparison) -> dict[str, Any]:
    gain = found.c_difference
    row = {
        "new": newer,
        "old": found.comparator.name,
        "c_difference": {"value": gain.difference, "lower": gain.lower, "upper": gain.upper, "p": gain.p},
    }
    for part in found.reclassification:  # one: the horizon
        row |= {name: vars(value) if isinstance(value, Estimate) else value for name, value in vars(part).items()}
    return row


def _subgroup(row: Subgroup) -> dict[str, Any]:
    return {
        "covariate": row.covariate,
        "label": row.label,
        "level": row.level,
        "n": row.n,
        "events": row.events,
        "low": row.groups and vars(row.groups.low),
        "high": row.groups and vars(row.groups.high),
        "logrank": row.logrank and {"chisq": row.logrank.chisq, "df": row.logrank.df, "p": row.logrank.p},
        "hazard_ratio": _ratio(row.hazard_ratio, row.hazard_ratio_p),
        "effects": [_effect(effect) for effect in row.effects],
        "interaction_p": row.interaction_p,
        "note": row.note,
    }


def _optimism(optimism: Optimism, training: Training) -> dict[str, Any]:
    names, chosen = training.cohort.names, training.selection.coefficients != 0
    order = np.argsort(-optimism.frequency, kind="stable")
    return {
        "method": METHOD,
        "repeats": optimism.repeats,
        "used": optimism.used,
        "empty": optimism.empty,
        "rows": [_optimism_row(row) for row in optimism.rows],
        "selection_frequency": [
            {"feature": names[at], "frequency": optimism.frequency[at], "in_model": chosen[at]}
            for at in order
            if optimism.frequency[at] > 0 or chosen[at]
        ],
        "features_selected": _spread(optimism.selected, int(chosen.sum())),
        "cutoff": _spread(optimism.cutoff, training.chosen.cutoff.value),
        "cutoff_percentile": _spread(optimism.cutoff_percentile, float((~training.groups.high).mean())),
        "lambda": _spread(optimism.penalty, training.selection.penalty),
    }


def _optimism_row(row: OptimismRow) -> dict[str, Any]:
    return {
        "metric": row.metric,
        "apparent": vars(row.apparent),
        "harrell": row.harrell,
        "out_of_bag": vars(row.out_of_bag),
        "corrected": vars(row.corrected),
        "optimism": row.apparent.value - row.corrected.value,
    }


def _spread(values: np.ndarray, own: float) -> dict[str, Any]:
    """The model's own value beside the median and the central 95 % of the resamples'."""
    known = values[np.isfinite(values)]
    if not known.size:
        return {"value": own, "median": None, "lower": None, "upper": None}
    lower, median, upper = np.percentile(known, (2.5, 50, 97.5))
    return {"value": own, "median": median, "lower": lower, "upper": upper}


def _nested(nested: NestedValidation) -> dict[str, Any]:
    rows = [{"metric": metric, **vars(estimate)} for metric, estimate in nested.rows]
    return {"repeats": nested.repeats, "folds": nested.folds, "rows": rows}


def _permutation(test: PermutationTest) -> dict[str, Any]:
    return {
        "permutations": test.null.size,
        "statistic": PERMUTATION_STATISTIC,
        "observed": test.observed,
        "p": test.p,
        "null": test.null,
    }


def _settings(training: Training) -> dict[str, Any]:
    plan = vars(training.plan)
    return {**vars(plan["recipe"]), **{name: value for name, value in plan.items() if name not in ("recipe", "jobs")}}
