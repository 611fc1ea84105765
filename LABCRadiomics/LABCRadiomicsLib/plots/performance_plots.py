"""Figures of performance: how a marker separates patients, and how far its predictions are right.

Each function takes numbers as ``report.json`` holds them and gives PNG bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from ..statistics.numbers_at_risk import month_ticks
from .figures import COLORS, GROUP_NAMES, p_text, plain_axes, png, series, shortened

_LONGEST_LABEL = 44
_RATIO_TICKS = (0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 100)  # of hazard ratios
_FEW_RATIO_TICKS = (0.01, 0.1, 1, 10, 100)


def kaplan_meier(groups: Mapping[str, Any], endpoint: str | None = None, p: float | None = None) -> bytes:
    """Draw the risk groups' Kaplan-Meier curves with limits, numbers at risk and the log-rank p value.

    Parameters
    ----------
    groups : mapping
        ``low`` and ``high``, each with n, events, months, survival, lower, upper; optionally ``at_risk`` (months, low,
        high) and ``hazard_ratio`` (value, lower, upper); a group also ``band`` (months, lower, upper).
    endpoint : str, optional
    p : float, optional
        Of the log-rank test.
    """
    at_risk = groups.get("at_risk")
    figure = Figure(figsize=(6.6, 4.9 if at_risk else 4.1), layout="constrained")
    axes = plain_axes(figure.add_subplot())
    last = max(max(groups[name]["months"], default=1) for name in ("low", "high"))
    for name, line in (("low", "-"), ("high", "--")):
        group, color = groups[name], COLORS[name]
        months = (0, *group["months"])
        label = f"{GROUP_NAMES[name]} (n = {group['n']}, {group['events']} events)"
        axes.step(months, (1, *group["survival"]), where="post", color=color, lw=1.9, ls=line, label=label)
        lower, upper = (np.array([1, *group[end]], float) for end in ("lower", "upper"))
        unknown = (lower == 0) & (upper == 1)  # so a curve has it where there are no limits, as before the first event
        lower, upper = (np.where(unknown, np.nan, end) for end in (lower, upper))
        axes.fill_between(months, lower, upper, step="post", color=color, alpha=0.13, lw=0)
        band = group.get("band")
        for end in ("lower", "upper") if band else ():
            axes.step(band["months"], np.array(band[end], float), where="post", color=color, lw=0.9, ls=(0, (1, 1.5)))
    axes.set(xlim=(0, last * 1.01), ylim=(0, 1.02), ylabel=f"{(endpoint or 'survival').lower()} (probability)")
    axes.set_xticks(month_ticks(last))
    axes.set_xlabel("months since baseline")
    axes.legend(loc="lower left", fontsize=8.5, frameon=True, framealpha=0.85, edgecolor="none")
    text = _group_text(groups, p)
    axes.set_title(text, loc="right", fontsize=9)
    if at_risk:
        _write_at_risk(axes, at_risk)
    return png(figure)


def _group_text(groups: Mapping[str, Any], p: float | None) -> str:
    lines = [f"log-rank {p_text(p)}"] if p is not None else []
    ratio = groups.get("hazard_ratio")
    if ratio:
        limits = "" if ratio["lower"] is None else f" ({ratio['lower']:.2f} to {ratio['upper']:.2f})"
        lines.append(f"hazard ratio {ratio['value']:.2f}{limits}")
    return ", ".join(lines)


def _write_at_risk(axes: Axes, at_risk: Mapping[str, Any]) -> None:
    """Write the numbers at risk under the axis, at its own months."""
    axes.xaxis.labelpad = 2
    axes.text(0, -0.155, "patients at risk", transform=axes.transAxes, fontsize=8, color=COLORS["reference"], va="top")
    for row, name in enumerate(("low", "high")):
        y = -0.205 - 0.055 * row
        axes.text(-0.045, y, name, transform=axes.transAxes, fontsize=8.5, ha="right", va="top", color=COLORS[name])
        for month, count in zip(at_risk["months"], at_risk[name], strict=True):
            axes.text(month, y, str(count), transform=axes.get_xaxis_transform(), fontsize=8.5, ha="center", va="top",
                      color=COLORS[name], clip_on=False)  # fmt: skip


def roc(curves: Sequence[Mapping[str, Any]], horizon: float) -> bytes:
    """Draw time-dependent ROC curves at one horizon.

    Parameters
    ----------
    curves : sequence of mapping
        Each with marker, auc, lower, upper, fpr, tpr; optionally ``at_cutoff`` with fpr and tpr.
    horizon : float
        Months.
    """
    figure = Figure(figsize=(4.9, 4.9), layout="constrained")
    axes = plain_axes(figure.add_subplot())
    axes.plot((0, 1), (0, 1), color=COLORS["reference"], lw=0.9, ls=(0, (1, 2)))
    for at, curve in enumerate(curves):
        color, line, _ = series(at)
        limits = "" if curve.get("lower") is None else f" ({curve['lower']:.2f} to {curve['upper']:.2f})"
        label = f"{shortened(curve['marker'], _LONGEST_LABEL)}\nAUC {curve['auc']:.3f}{limits}"
        axes.plot(curve["fpr"], curve["tpr"], color=color, ls=line, lw=1.8, label=label)
        point = curve.get("at_cutoff")
        if point:
            label = f"cutoff: sensitivity {point['tpr']:.0%}, specificity {1 - point['fpr']:.0%}"
            axes.plot(point["fpr"], point["tpr"], "o", color=color, ms=8, mec="white", mew=1.2, zorder=5,
                      label=label)  # fmt: skip
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal",
             xlabel=f"false positive rate at {horizon:g} months", ylabel="true positive rate")  # fmt: skip
    axes.legend(loc="lower right", fontsize=8, frameon=True, framealpha=0.85, edgecolor="none")
    return png(figure)


def forest(rows: Sequence[Mapping[str, Any]], title: str = "hazard ratio (95% limits)") -> bytes:
    """Draw hazard ratios with limits on a logarithmic axis, their numbers beside them.

    Parameters
    ----------
    rows : sequence of mapping
        Each with label, hr, lower, upper, p; a row with only a label is a heading.
    title : str
        Of the axis.
    """
    labels = [shortened(row["label"], _LONGEST_LABEL) for row in rows]
    texts = [_ratio_text(row) if row.get("hr") else "" for row in rows]
    figure = Figure(figsize=(_width(labels, texts), 1.1 + 0.36 * len(rows)), layout="constrained")
    axes = plain_axes(figure.add_subplot(), grid="x")
    axes.set_xscale("log")
    ratios = [row[end] for row in rows if row.get("hr") for end in ("hr", "lower", "upper")]
    low, high = _log_window(ratios)
    axes.axvline(1, color=COLORS["reference"], lw=0.9)
    for y, row in enumerate(rows):
        if row.get("hr"):
            _forest_row(axes, y, row, low, high)
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlim=(low, high), xlabel=title)
    axes.set_yticks(range(len(rows)), labels)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    ticks = [tick for tick in _RATIO_TICKS if low <= tick <= high]
    ticks = [tick for tick in ticks if len(ticks) <= 7 or tick in _FEW_RATIO_TICKS]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
    return png(figure)


def _log_window(ratios: Sequence[float]) -> tuple[float, float]:
    """Ends of a logarithmic axis: all ratios, but not beyond a factor of a hundred from 1."""
    usable = [value for value in ratios if value is not None and np.isfinite(value) and value > 0]
    low, high = min([0.5, *usable]), max([2.0, *usable])
    return max(low / 1.2, 0.01), min(high * 1.2, 100)


def _forest_row(axes: Axes, y: int, row: Mapping[str, Any], low: float, high: float) -> None:
    start, end = max(row["lower"], low), min(row["upper"], high)
    if start < end:
        axes.plot((start, end), (y, y), color=COLORS["first"], lw=1.6)
    for beyond, edge, marker in ((row["lower"] < low, low, "<"), (row["upper"] > high, high, ">")):
        if beyond:  # the interval goes on outside the axis
            axes.plot(edge, y, marker, color=COLORS["first"], ms=6, clip_on=False)
    if low <= row["hr"] <= high:
        axes.plot(row["hr"], y, "s", color=COLORS["first"], ms=6)
    axes.text(1.04, y, _ratio_text(row), transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)


def _ratio_text(row: Mapping[str, Any]) -> str:
    text = f"{_ratio(row['hr'])} ({_ratio(row['lower'])} to {_ratio(row['upper'])})"
    return text + (f"   {p_text(row['p'])}" if row.get("p") is not None else "")


def _width(labels: Sequence[str], texts: Sequence[str]) -> float:
    """Inches that a plot between labels on the left and numbers on the right needs."""
    return 3.9 + 0.092 * max(map(len, labels), default=0) + 0.078 * max(map(len, texts), default=0)


def _ratio(value: float) -> str:
    return f"{value:.2f}" if 0.005 <= value < 1000 else f"{value:.1e}"


def calibration(entry: Mapping[str, Any], endpoint: str | None = None) -> bytes:
    """Draw predicted against observed risk: groups with limits, the smooth curve, and the predictions' histogram.

    Parameters
    ----------
    entry : mapping
        months; ``groups`` (n, predicted, observed, lower, upper as survival), ``curve`` (predicted, observed as risk;
        ici, e50, e90) and ``summary`` (ratio and slope with limits), each of which may be None.
    endpoint : str, optional
    """
    figure = Figure(figsize=(5.2, 5.9), layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(4.6, 1))
    plain_axes(axes)
    groups, curve = entry["groups"], entry["curve"]
    highest = _draw_calibration(axes, groups, curve)
    axes.plot((0, 1), (0, 1), color=COLORS["reference"], lw=1, ls=(0, (1, 2)), label="perfect calibration", zorder=1)
    axes.set(xlim=(0, highest), ylim=(0, highest), ylabel=f"observed risk at {entry['months']:g} months")
    axes.legend(loc="lower right", fontsize=8, frameon=True, framealpha=0.85, edgecolor="none")
    text = _calibration_text(entry)
    axes.text(0.02, 0.98, text, transform=axes.transAxes, va="top", fontsize=8.5,
              bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0})  # fmt: skip
    if curve:
        below.hist(np.minimum(curve["predicted"], highest), bins=np.linspace(0, highest, 41), color=COLORS["reference"])
    plain_axes(below)
    below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    of_what = f" of an event ({endpoint.lower()})" if endpoint else ""
    below.set(xlabel=f"predicted risk{of_what}", ylabel="patients")
    return png(figure)


def _draw_calibration(axes: Axes, groups: Mapping[str, Any] | None, curve: Mapping[str, Any] | None) -> float:
    """Draw the parts that exist and give the end that the axes need."""
    highest = 0.1
    if curve:
        order = np.argsort(curve["predicted"])
        predicted, observed = (np.array(curve[name])[order] for name in ("predicted", "observed"))
        inner = slice(*np.searchsorted(predicted, np.quantile(predicted, (0.01, 0.99))) + np.array([0, 1]))
        axes.plot(predicted[inner], observed[inner], color=COLORS["second"], lw=1.8, label="smooth curve (1st-99th %)")
        highest = max(highest, predicted[inner].max(), observed[inner].max())
    if groups:
        risk, observed = 1 - np.array(groups["predicted"]), 1 - np.array(groups["observed"])
        low, high = _limits(groups["upper"], observed), _limits(groups["lower"], observed)
        axes.errorbar(risk, observed, yerr=(observed - low, high - observed), fmt="o", color=COLORS["first"], ms=6,
                      lw=1.3, capsize=3, label=f"{len(risk)} equal groups, 95% limits")  # fmt: skip
        highest = max(highest, risk.max(), high.max())
    return min(1.0, np.ceil(highest * 20) / 20) * 1.01


def _limits(survival: Sequence[float | None], instead: np.ndarray) -> np.ndarray:
    """Limits as risks; a limit that does not exist is drawn as none."""
    return np.array([own if end is None else 1 - end for end, own in zip(survival, instead, strict=True)])


def _calibration_text(entry: Mapping[str, Any]) -> str:
    lines, summary, curve = [], entry["summary"], entry["curve"]
    if summary:
        for name, key in (("observed / expected", "ratio"), ("slope", "slope")):
            ends = (summary[f"{key}_lower"], summary[f"{key}_upper"])
            lines.append(f"{name} {summary[key]:.2f} ({ends[0]:.2f} to {ends[1]:.2f})")
    if curve:
        lines.append(f"ICI {curve['ici']:.3f}, E50 {curve['e50']:.3f}, E90 {curve['e90']:.3f}")
    return "\n".join(lines)


def decision(entry: Mapping[str, Any]) -> bytes:
    """Draw net benefit against threshold probability, beside treating everybody and nobody.

    Parameters
    ----------
    entry : mapping
        months, thresholds, ``net_benefit`` (by model), treat_all, event_probability.
    """
    figure = Figure(figsize=(6.4, 4.1), layout="constrained")
    axes = plain_axes(figure.add_subplot())
    thresholds, event = np.array(entry["thresholds"], float), entry["event_probability"]
    axes.axhline(0, color=COLORS["reference"], lw=1.1, label="treat nobody")
    treat_all = np.array(entry["treat_all"], float)
    axes.plot(thresholds, treat_all, color=COLORS["reference"], lw=1.1, ls=(0, (1, 2)), label="treat everybody")
    top, end = max(event, 0.02), 1
    for at, (name, benefit) in enumerate(entry["net_benefit"].items()):
        color, line, _ = series(at)
        values = np.array(benefit, float)  # null becomes NaN: a gap
        axes.plot(thresholds, values, color=color, ls=line, lw=1.9, label=shortened(name, _LONGEST_LABEL))
        top = max(top, np.nanmax(values, initial=0))
        gaps = np.flatnonzero(~np.isfinite(values))
        end = max(end, gaps[0] if gaps.size else values.size)  # up to the first gap
    axes.set(xlim=(0, thresholds[end - 1]), ylim=(-0.25 * top, 1.08 * top),
             xlabel=f"threshold probability of an event by {entry['months']:g} months",
             ylabel="net benefit (true positives a patient)")  # fmt: skip
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    axes.legend(loc="upper right", fontsize=8.5, frameon=True, framealpha=0.85, edgecolor="none")
    return png(figure)


def comparison(rows: Sequence[Mapping[str, Any]], xlabel: str = "C-index (95% limits)") -> bytes:
    """Draw indices of several models or cohorts under each other, 0.5 marked as chance.

    Parameters
    ----------
    rows : sequence of mapping
        Each with label, value, lower, upper (may be None); optionally ``series`` (0, 1 ...) for color and marker.
    xlabel : str
    """
    labels = [shortened(row["label"], 56) for row in rows]
    figure = Figure(figsize=(_width(labels, ["0.000 (0.000 to 0.000)"]), 1.0 + 0.36 * len(rows)), layout="constrained")
    axes = plain_axes(figure.add_subplot(), grid="x")
    ends = [row[key] for row in rows for key in ("value", "lower", "upper") if row[key] is not None]
    axes.axvline(0.5, color=COLORS["reference"], lw=1, ls=(0, (1, 2)))
    for y, row in enumerate(rows):
        color, _, marker = series(row.get("series", 0))
        if row["lower"] is not None:
            axes.plot((row["lower"], row["upper"]), (y, y), color=color, lw=1.6)
        axes.plot(row["value"], y, marker, color=color, ms=6.5)
        limits = "" if row["lower"] is None else f" ({row['lower']:.3f} to {row['upper']:.3f})"
        text = f"{row['value']:.3f}{limits}"
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)
    low, high = min([0.45, *ends]) - 0.02, max([0.55, *ends]) + 0.02
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlim=(max(low, 0), min(high, 1.01)), xlabel=xlabel)
    axes.set_yticks(range(len(rows)), labels)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return png(figure)


def waterfall(score: Sequence[float], event: Sequence[bool], cutoff: float | None) -> bytes:
    """Draw every patient's score as a bar from the cutoff, sorted; those with the event are dark and marked.

    Parameters
    ----------
    score : sequence of float, length n
    event : sequence of bool, length n
    cutoff : float or None
        Where the bars begin (at the median without a cutoff).
    """
    values, happened = np.asarray(score, float), np.asarray(event, bool)
    order = np.argsort(values, kind="stable")
    values, happened = values[order], happened[order]
    base = float(np.median(values)) if cutoff is None else cutoff
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    axes = plain_axes(figure.add_subplot(), grid="y")
    places = np.arange(values.size)
    for member, color, name in (
        (~happened, COLORS["low"], "no event in follow-up"),
        (happened, COLORS["high"], "event"),
    ):
        label = f"{name} ({member.sum()})"
        axes.bar(places[member], values[member] - base, bottom=base, width=0.9, color=color, label=label, lw=0)
    reach = values.max() - values.min() or 1.0
    lane = min(values.min(), base) - 0.06 * reach
    axes.plot(places[happened], np.full(happened.sum(), lane), "|", color=COLORS["high"], ms=7, mew=1.2)
    axes.axhline(base, color=COLORS["patient"], lw=1)
    text = f"{'median' if cutoff is None else 'cutoff'} {base:.4g}"
    axes.annotate(text, (0, base), xytext=(2, 4), textcoords="offset points", fontsize=8.5)
    axes.set(xlabel="patients by rising score (ticks below: event)", ylabel="radiomics score", xlim=(-1, values.size))
    axes.set_xticks([])
    axes.legend(loc="upper left", fontsize=8.5, frameon=False, bbox_to_anchor=(0, 1.0))
    return png(figure)
