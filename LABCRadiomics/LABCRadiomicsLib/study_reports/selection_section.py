"""How the score's features were chosen: agreement, screening, penalty, coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import present
from ..tables.report_folder import Table
from ..training import Training
from .page_parts import PageFigure, PageSection, PageTable, p_value
from .sections import Section, records


def selection_section(training: Training) -> Section:
    """Give every step from features to score."""
    findings = {**_counts(training), "icc": _icc(training), **_screening(training), **_path(training)}
    return Section.of(findings, _tables, lambda found: _page(found, training))


def _counts(training: Training) -> dict[str, Any]:
    return {
        "features_in": len(training.agreement.features_in),
        "features_icc": len(training.cohort.names),
        "features_univariable": training.built.selection.kept.size,
    }


def _icc(training: Training) -> dict[str, Any] | None:
    icc = training.agreement.icc
    if icc is None:
        return None
    kept, names = set(training.cohort.names), ("icc", "lower", "upper")
    rows = [
        {**dict(zip(names, icc.get(name, (None,) * 3), strict=True)), "feature": name, "kept": name in kept}
        for name in training.agreement.features_in
    ]
    return {"threshold": training.plan.min_icc, "features": rows}


def _screening(training: Training) -> dict[str, Any]:
    selection, names = training.built.selection, training.cohort.names
    found, kept = selection.screening, np.isin(np.arange(len(names)), selection.kept)
    numbers = zip(found.coef, found.se, found.p, found.hr, found.lower, found.upper, strict=True)
    rows = [
        {
            "feature": name,
            **dict(zip(("coef", "se", "p", "hr", "lower", "upper"), row, strict=True)),
            "status": status,
            "kept": passed,
        }
        for name, row, status, passed in zip(names, numbers, found.status.tolist(), kept, strict=True)
    ]
    return {"univariable": rows}


def _path(training: Training) -> dict[str, Any]:
    selection, names = training.built.selection, training.cohort.names
    path = present(selection.path, "the LASSO path of a training")
    spread = training.cohort.features.std(axis=0)
    ever = np.flatnonzero(path.path.coef.any(axis=1))
    columns = zip(path.path.lambdas, path.mean, path.sd, path.path.nonzero, strict=True)
    return {
        "lambda_min": path.lambda_min,
        "lambda_1se": path.lambda_1se,
        "lambda": selection.penalty,
        "cv": [dict(zip(("lambda", "mean", "sd", "nonzero"), row, strict=True)) for row in columns],
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


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    path = found["path"]
    names = list(path["coefficients"])
    tables = {
        "univariable.csv": records(found["univariable"]),
        "cv.csv": records(found["cv"]),
        "path.csv": (["lambda", *names], list(zip(path["lambda"], *path["coefficients"].values(), strict=True))),
        "score_terms.csv": records(found["score_terms"]),
    }
    if found["icc"]:
        tables["icc.csv"] = records(found["icc"]["features"])
    return tables


def _page(found: Mapping[str, Any], training: Training) -> PageSection:
    steps = [f"{found['features_in']} features"]
    if found["icc"]:
        steps.append(f"{found['features_icc']} agree between readers (ICC above {found['icc']['threshold']:g})")
    steps.append(f"{found['features_univariable']} with univariable p below {training.plan.recipe.p:g}")
    steps.append(f"{len(found['score_terms'])} in the score (lambda {found['lambda']:.4g})")
    return PageSection(
        "Selection of features", (" → ".join(steps) + ".",), (_terms_table(found),), _figures(found, training)
    )


def _figures(found: Mapping[str, Any], training: Training) -> tuple[PageFigure, ...]:
    from ..plots.selection_plots import coefficient_path, cross_validation, selection

    path, names = found["path"], list(found["path"]["coefficients"])
    kind = "LASSO" if training.plan.recipe.alpha == 1 else f"elastic-net (alpha {training.plan.recipe.alpha:g})"
    figures = [
        PageFigure(
            cross_validation(found["cv"], found["lambda_min"], found["lambda_1se"], found["lambda"]),
            f"Cross-validated deviance of the {kind} path",
            "Partial-likelihood deviance with its standard error; fewer features to the left.",
        ),
        PageFigure(
            coefficient_path(
                path["lambda"],
                np.column_stack([path["coefficients"][name] for name in names]),
                names,
                found["lambda"],
            ),
            f"Coefficients of the {kind} path",
            "Per standard deviation of the feature; dotted: the penalty used.",
        ),
    ]
    optimism = training.resampled.optimism
    if optimism:
        chosen = [row["feature"] for row in found["score_terms"]]
        png = selection(training.cohort.names, optimism.frequency, chosen)
        figures.append(PageFigure(png, "How often the bootstrap selects each feature"))
    return tuple(figures)


def _terms_table(found: Mapping[str, Any]) -> PageTable:
    p = {row["feature"]: row["p"] for row in found["univariable"]}
    rows = tuple(
        (row["feature"], f"{row['coefficient']:.5g}", f"{row['per_sd']:.3f}", p_value(p[row["feature"]]))
        for row in sorted(found["score_terms"], key=lambda row: -abs(row["per_sd"]))
    )
    header = ("feature of the score", "coefficient", "per standard deviation", "univariable p")
    note = "All univariable tests are in univariable.csv."
    return PageTable(header, rows, numeric=frozenset({1, 2, 3}), note=note)
