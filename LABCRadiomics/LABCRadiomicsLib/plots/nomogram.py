"""The nomogram as a drawing: an axis a covariate, the points on top, total points and survival below."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..model import SCORE, Covariate, Model, Nomogram
from ..model.nomogram import points_scale
from ..scoring import Prediction
from ..statistics.nomogram import NomogramScale
from .figures import COLORS, png, shortened

_SURVIVALS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_LEAST_GAP = 3.2  # points of the top axis between two labels
_AXIS, _NARROW_AXIS = 6.7, 4.0  # inches; all gaps are for the first
_ROW, _NARROW_ROW = 0.56, 0.74  # inches


@dataclass(frozen=True)
class _Scale:
    """One row of the nomogram: labels at places, in points of the top axis (0 to 100)."""

    name: str
    ends: tuple[float, float]
    marks: tuple[tuple[float, str], ...]
    patient: float | None = None
    known: bool = True
    stagger: bool = False


def nomogram_figure(model: Model, prediction: Prediction | None = None, narrow: bool = False) -> bytes | None:
    """Draw a model's nomogram as ``rms::nomogram`` lays it out.

    Parameters
    ----------
    model : Model
        With a nomogram whose covariates and score have ranges.
    prediction : Prediction, optional
        A patient, marked on every axis: a full mark, an open one where the model's mean stands in for the unknown.
    narrow : bool
        Names above the axes, not before them: readable in a column of 400 pixels.

    Returns
    -------
    bytes or None
        PNG; None when the model states no ranges, so that there are no points.
    """
    scales = _scales(model, prediction)
    if scales is None:
        return None
    longest = max(len(scale.name) for scale in scales)
    left = 0.1 if narrow else 0.35 + 0.085 * longest  # inches for the names
    axis, row = (_NARROW_AXIS, _NARROW_ROW) if narrow else (_AXIS, _ROW)
    width, height = left + axis + 0.2, 0.25 + row * len(scales)
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((left / width, 0.02, axis / width, 0.96))
    start = -9 if narrow else -3  # half a label of the narrow axis's first value
    axes.set(xlim=(start, 104), ylim=(len(scales) - 0.4, -0.75 if narrow else -0.5))
    axes.set_axis_off()
    for y, scale in enumerate(scales):
        _name(axes, y, scale.name, narrow)
        _draw(axes, y, scale, _AXIS / axis)
    return png(figure)


def _name(axes: Axes, y: int, name: str, narrow: bool) -> None:
    if narrow:
        axes.text(-9, y - 0.46, name, va="center", fontsize=8.5, fontweight="bold")
    else:
        axes.text(-5, y, name, ha="right", va="center", fontsize=9.5)


def _scales(model: Model, prediction: Prediction | None) -> list[_Scale] | None:
    nomogram, score = model.nomogram, model.score
    if nomogram is None or score is None:
        return None
    layout = points_scale(nomogram, score)
    if layout is None:
        return None
    weight = nomogram.score_coefficient
    marks = [_marked_effects(covariate) for covariate in nomogram.covariates]
    marks.append([(weight * value, f"{value:g}") for value in _ticks(score.low, score.high)])
    marked = _patient_points(prediction)
    names = [_title(covariate) for covariate in nomogram.covariates] + ["Radiomics score"]
    scales = [_Scale("Points", (0, 100), tuple((float(p), str(p)) for p in range(0, 101, 10)))]
    rows = zip(names, layout.names, layout.scale.low, layout.scale.lengths, marks, strict=True)
    for name, key, start, length, effects in rows:
        placed = tuple((layout.scale.points_per_unit * (effect - start), text) for effect, text in effects)
        place, known = marked.get(key, (None, True))
        scales.append(_Scale(name, (0, length), placed, place, known, stagger=True))
    return scales + _lower_scales(nomogram, prediction, layout.scale)


def _marked_effects(covariate: Covariate) -> list[tuple[float, str]]:
    """The effects of a covariate on the linear predictor that carry a label."""
    if covariate.type == "number":
        weight = covariate.coefficients[0]
        return [(weight * value, f"{value:g}") for value in _ticks(covariate.low, covariate.high)]
    reference = covariate.reference if covariate.type == "category" else covariate.choices[0]
    others = iter(covariate.coefficients)
    return [(0.0 if level == reference else next(others), level) for level in covariate.choices]


def _ticks(low: float | None, high: float | None) -> list[float]:
    """Round values within a range, its ends when there are none; nothing where no range is stated."""
    if low is None or high is None:
        return []
    values = [
        float(value) for value in MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= value <= high
    ]
    return values if len(values) > 1 else [low, high]


def _patient_points(prediction: Prediction | None) -> dict[str, tuple[float | None, bool]]:
    """Points of the patient's covariates and score, and whether each value is known."""
    if prediction is None or prediction.points is None:
        return {}
    own = {entry.name: (entry.points, entry.value is not None) for entry in prediction.covariates}
    return own | {SCORE: (prediction.score_points, True)}


def _title(covariate: Covariate) -> str:
    return shortened(f"{covariate.label} ({covariate.unit})" if covariate.unit else covariate.label, 44)


def _lower_scales(nomogram: Nomogram, prediction: Prediction | None, scale: NomogramScale) -> list[_Scale]:
    """Total points, and survival at each horizon on the same axis."""
    total = float(scale.lengths.sum())
    ratio = 100 / total
    marked = None if prediction is None or prediction.points is None else prediction.points * ratio
    ticks = tuple((value * ratio, f"{value:g}") for value in _ticks(0, total))
    scales = [_Scale("Total points", (0, 100), ticks, marked)]
    baseline, center = nomogram.baseline, nomogram.center
    if baseline is None or center is None:
        return scales
    middle = sum(
        center[name] * weight for name, weight in zip(nomogram.parameters(), nomogram.coefficients(), strict=True)
    )
    for months in nomogram.horizons_months:
        step = int(np.searchsorted(baseline.months, months, side="right")) - 1
        base = baseline.survival[step] if step >= 0 else 1.0
        if not 0 < base < 1:
            continue
        hazard = math.log(-math.log(base))

        def place(survival: float, hazard: float = hazard) -> float:
            predictor = np.array([math.log(-math.log(survival)) - hazard + middle])
            return ratio * float(scale.total_points(predictor)[0])

        marks = tuple((place(value), f"{value:g}") for value in _SURVIVALS if -1e-9 <= place(value) <= 100 + 1e-9)
        ends = (min(p for p, _ in marks), max(p for p, _ in marks)) if marks else (0.0, 0.0)
        name = f"{shortened(nomogram.endpoint, 26)} at {months:g} months"
        scales.append(_Scale(name, ends, marks, marked if marks else None, stagger=True))
    return scales


def _draw(axes: Axes, y: int, scale: _Scale, widening: float) -> None:
    """Draw one scale: its line, ticks, labels that do not collide, and the patient's mark."""
    if not scale.marks:
        axes.text(0, y, "outside the range of these points", va="center", fontsize=8.5, color=COLORS["reference"])
        return
    axes.plot(scale.ends, (y, y), color=COLORS["patient"], lw=1.1, solid_capstyle="butt")
    for place, text, side in _labels(scale, widening):
        axes.plot((place, place), (y, y + 0.1 * side), color=COLORS["patient"], lw=0.9)
        if text:
            axes.text(place, y + 0.16 * side, text, ha="center", va="top" if side > 0 else "bottom", fontsize=8)
    if scale.patient is not None:
        inside = min(max(scale.patient, -2.5), 102.5)
        marker = "D" if inside == scale.patient else ("<" if scale.patient < 0 else ">")
        face, edge = (COLORS["high"], "white") if scale.known else ("white", COLORS["high"])
        axes.plot(inside, y, marker, color=face, ms=8, mec=edge, mew=1.2, zorder=5, clip_on=False)


def _labels(scale: _Scale, widening: float) -> list[tuple[float, str, int]]:
    """Place, text and side (1 below, -1 above) of each label; a label that would hide another is dropped.

    On a shorter axis the same text is wider, in points of that axis.
    """
    taken = {1: -math.inf, -1: -math.inf}
    found = []
    for place, text in sorted(scale.marks):
        half = widening * max(_LEAST_GAP, 0.95 * len(text) + 0.6) / 2
        sides = (1, -1) if scale.stagger else (1,)
        side = next((side for side in sides if place - half >= taken[side]), None)
        if side is None:
            found.append((place, "", 1))
            continue
        taken[side] = place + half
        found.append((place, text, side))
    return found
