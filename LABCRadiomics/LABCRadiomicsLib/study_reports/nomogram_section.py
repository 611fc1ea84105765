"""The nomogram: Cox models of covariates and score, each alone and together, and whether hazards are proportional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Model
from ..tables.report_folder import Table
from ..training import Training
from ..training.clinical_models import Effect
from ..training.score_effect import CorrectedEffect
from .page_parts import PageFigure, PageSection, PageTable, p_value
from .sections import Section, flat, records


def nomogram_section(training: Training, model: Model) -> Section:
    """Give the nomogram of a trained model."""
    nomogram, score = training.nomogram, training.score.stored
    test = nomogram.proportionality
    rows = zip(nomogram.stored.parameters(), test.chisq, test.p, strict=True)
    findings = {
        "covariates": {
            "univariable": _effects(nomogram.alone, nomogram.corrected_alone),
            "multivariable": _effects(nomogram.effects, nomogram.corrected),
        },
        "proportional_hazards": {
            "rows": [{"parameter": name, "chisq": chisq, "p": p} for name, chisq, p in rows],
            "global": {"chisq": test.global_chisq, "df": test.df, "p": test.global_p},
        },
        "nomogram": {**model.to_document()["nomogram"], "score_low": score.low, "score_high": score.high},
    }
    return Section.of(findings, _tables, lambda found: _page(found, model))


def _effects(rows: Sequence[Effect], corrected: CorrectedEffect | None) -> list[dict[str, Any]]:
    """Rows of a forest plot; the last is the score, whose effect is apparent, with what is left of it."""
    *others, score = [effect_document(row) for row in rows]
    return [*others, {**score, "kind": "apparent", "corrected": corrected and vars(corrected)}]


def effect_document(row: Effect) -> dict[str, Any]:
    """Give a row of a forest plot as ``report.json`` holds it; a number also per standard deviation."""
    if row.level is not None:
        return dict(vars(row))
    per_sd = {f"per_sd_{name}": getattr(row, name) ** row.sd for name in ("hr", "lower", "upper")}
    return {**vars(row), **per_sd}


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    effects = ({"model": name, **flat(row)} for name, rows in found["covariates"].items() for row in rows)
    return {
        "covariates.csv": records(effects),
        "proportional_hazards.csv": records(found["proportional_hazards"]["rows"]),
    }


def _page(found: Mapping[str, Any], model: Model) -> PageSection:
    from ..plots.nomogram import nomogram_figure
    from ..plots.performance_plots import forest

    figures = []
    drawing = nomogram_figure(model)
    if drawing:
        caption = "Points of each value add up; below, survival for the total points."
        figures.append(PageFigure(drawing, "Nomogram", caption))
    rows: list[Mapping[str, Any]] = []
    for heading, key in (("Each alone", "univariable"), ("Together (the nomogram)", "multivariable")):
        rows += [{"label": heading}, *(line for row in found["covariates"][key] for line in _forest_rows(row))]
    name = "Hazard ratios of the covariates and the score"
    caption = (
        "Of numbers, per standard deviation. The score's own p and limits are apparent: its features were chosen on "
        "these patients, so that p is small even without any signal."
    )
    figures.append(PageFigure(forest(rows), name, caption))
    test = found["proportional_hazards"]
    checked = [(row["parameter"], f"{row['chisq']:.2f}", p_value(row["p"])) for row in test["rows"]]
    checked.append(("all together", f"{test['global']['chisq']:.2f}", p_value(test["global"]["p"])))
    note = "A small p: the hazard ratio changes over time."
    table = PageTable(("proportional hazards", "chi-square", "p"), tuple(checked), numeric=frozenset({1, 2}), note=note)
    return PageSection("Nomogram", (), (table,), tuple(figures))


def _forest_rows(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row of the forest plot: a number's hazard ratio per standard deviation, a level's against its reference.

    The score has two: apparent, and corrected for optimism where that was measured.
    """
    if row["level"] is not None:
        label = f"{row['label']}: {row['level']} against {row['reference']}"
        return [{"label": label, **{name: row[name] for name in ("hr", "lower", "upper", "p")}}]
    apparent = "kind" in row
    lines = [_per_sd(f"{row['label']}, apparent" if apparent else row["label"], row)]
    corrected = row.get("corrected")
    if corrected and corrected["per_sd_lower"] is not None:
        lines.append(_per_sd(f"{row['label']}, corrected for optimism", corrected))
    return lines


def _per_sd(label: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"label": label, "p": row["p"], **{name: row[f"per_sd_{name}"] for name in ("hr", "lower", "upper")}}
