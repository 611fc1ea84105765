"""How well markers order patients: time-dependent ROC curves, and C-indices under each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..performance import Figure, MarkerPerformance, Metric
from ..performance.measuring import MarkerROC
from ..tables.report_folder import Table, columns_of, plain
from ..training.selection import ChosenCutoff
from .page_parts import PageFigure, PageSection, PageTable
from .sections import Section

_KINDS = ("apparent", "optimism-corrected")


def training_discrimination(
    chosen: ChosenCutoff,
    performance: MarkerPerformance,
    figures: Sequence[Figure],
    further: Callable[[], tuple[tuple[PageFigure, ...], tuple[PageTable, ...]]],
) -> Section:
    """Give the curve that the cutoff was chosen on, and the C-indices.

    Parameters
    ----------
    chosen : ChosenCutoff
    performance : MarkerPerformance
        Of the score.
    figures : sequence of Figure
        Of which the C-indices are drawn.
    further : callable
        Draws the figures and tables of the comparison with clinical models.
    """
    entry = _entry(performance.roc[0])
    curve = {name: entry.pop(name) for name in ("threshold", "tpr", "fpr")}
    entry |= {
        "cutoff": chosen.cutoff.value,
        # what R's timeROC workflow calls the cutoff; the same split of the patients
        "lowest_positive": chosen.point.cutoff,
        "tpr": chosen.point.tpr,
        "fpr": chosen.point.fpr,
        "curve": curve,
    }

    def page(found: Mapping[str, Any]) -> PageSection:
        from ..plots.performance_plots import roc

        shown, caption = found["roc"], f"Cutoff by the largest Youden index: {chosen.cutoff.value:.5g}. Apparent."
        png = roc([{**shown, **shown["curve"]}], shown["horizon"])
        drawn = [PageFigure(png, "Time-dependent ROC curve of the score", caption)]
        drawn.append(c_index_figure(figures, "C-indices, apparent and corrected"))
        more, tables = further()
        title = "Discrimination and added value" if more else "Discrimination"
        return PageSection(title, (), tables, (*drawn, *more))

    return Section.of({"roc": entry}, _training_table, page)


def validation_discrimination(
    curves: Sequence[MarkerROC], horizons: Sequence[float], figures: Sequence[Figure]
) -> Section:
    """Give the curves of every marker at every horizon, and the C-indices beside those of training."""

    def page(found: Mapping[str, Any]) -> PageSection | None:
        from ..plots.performance_plots import roc

        drawn = []
        for months in reversed(horizons):
            shown = [curve for curve in found["roc"] if curve["horizon"] == months]
            if shown:
                caption = (
                    f"{shown[0]['cases']} patients with the event by {months:g} months, "
                    f"{shown[0]['controls']} followed beyond."
                )
                name = f"Time-dependent ROC curves at {months:g} months"
                drawn.append(PageFigure(roc(shown, months), name, caption))
        if not drawn:
            return None
        index = c_index_figure(figures, "C-indices in training and on this cohort")
        return PageSection("Discrimination", (), (), (index, *drawn))

    return Section.of({"roc": [_entry(curve) for curve in curves]}, _validation_table, page)


def c_index_figure(figures: Sequence[Figure], title: str) -> PageFigure:
    """Draw C-indices under each other, those of one marker together."""
    from ..plots.performance_plots import comparison

    rows = sorted((f for f in figures if f.measure.metric == Metric.C_INDEX), key=lambda figure: figure.measure.marker)
    kinds = list(dict.fromkeys((*_KINDS, *(row.kind for row in rows))))
    labeled = [{**plain(row.estimate.to_dict()), "label": _label(row), "series": kinds.index(row.kind)} for row in rows]
    return PageFigure(comparison(labeled), title, "Dotted: chance.")


def _label(row: Figure) -> str:
    own = row.cohort in (row.kind, "training")
    return f"{row.measure.marker}: {row.kind}" if own else f"{row.measure.marker}: {row.cohort}, {row.kind}"


def _entry(entry: MarkerROC) -> dict[str, Any]:
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


def _training_table(found: Mapping[str, Any]) -> dict[str, Table]:
    columns = ["threshold", "tpr", "fpr"]
    return {"roc.csv": (columns, columns_of(found["roc"]["curve"], *columns))}


def _validation_table(found: Mapping[str, Any]) -> dict[str, Table]:
    columns = ("threshold", "fpr", "tpr")
    rows = [(entry["marker"], entry["horizon"], *row) for entry in found["roc"] for row in columns_of(entry, *columns)]
    return {"roc.csv": (["marker", "horizon", *columns], rows)}
