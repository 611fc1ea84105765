"""Where a patient's score lies: among the training cohort's, beside the cutoff, and as other readers might have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..model import Model
from .figures import COLORS, png

_HEIGHT = 2.1  # inches


def score_scale(model: Model, document: Mapping[str, Any]) -> bytes | None:
    """Draw a score on the scale of its model.

    Parameters
    ----------
    model : Model
    document : mapping
        See :func:`.scoring.result_document.result_document`; the limits over redrawn contours and the second reader's
        score are drawn where it has them.

    Returns
    -------
    bytes or None
        PNG; None when the model says neither how the training scores lay nor where its cutoff is.
    """
    spread = _training_spread(model)
    if spread is None and document["cutoff"] is None:
        return None
    figure = Figure(figsize=(6.4, _HEIGHT), layout="constrained")
    axes = figure.add_subplot()
    marks = [document["score"]]
    if document["cutoff"] is not None:
        marks.append(document["cutoff"])
        axes.axvline(
            document["cutoff"], color=COLORS["reference"], lw=1.2, ls="--", label="cutoff: high risk is above it"
        )
    if spread is not None:
        marks += _draw_training(axes, *spread)
    marks += _draw_contours(axes, document["stability"])
    second = document["second_reader"]
    if second is not None:
        marks.append(second["score"])
        axes.plot(second["score"], 0.12, "D", color=COLORS["third"], ms=7, label="second reader's contour")
    axes.plot(document["score"], 0.12, "o", color=COLORS["patient"], ms=9, label="this patient")
    room = 0.06 * (max(marks) - min(marks)) or 1.0
    axes.set(
        xlim=(min(marks) - room, max(marks) + room), ylim=(0, 1.15), xlabel="radiomics score (no unit; higher is worse)"
    )
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=2, fontsize=8, frameon=False)
    return png(figure)


def _training_spread(model: Model) -> tuple[float, float] | None:
    """Mean and standard deviation of the training scores, from what the model keeps of its features."""
    score = model.score
    distribution = getattr(score, "distribution", None)
    if score is None or distribution is None:
        return None
    slopes = np.array([term.coefficient / (term.sd or 1.0) for term in score.terms])
    variance = float(slopes @ np.array(distribution.covariance) @ slopes)
    return (float(score.of(distribution.mean)), variance**0.5) if variance > 0 else None


def _draw_training(axes: Axes, mean: float, sd: float) -> list[float]:
    x = np.linspace(mean - 3.2 * sd, mean + 3.2 * sd, 200)
    density = np.exp(-0.5 * ((x - mean) / sd) ** 2)
    label = "training cohort (normal curve of its mean and spread)"
    axes.fill_between(x, density, color=COLORS["sixth"], alpha=0.35, lw=0, label=label)
    return [float(x[0]), float(x[-1])]


def _draw_contours(axes: Axes, stability: Mapping[str, Any] | None) -> list[float]:
    if stability is None or stability.get("score_lower") is None:
        return []
    ends = [stability["score_lower"], stability["score_upper"]]
    axes.plot(ends, [0.12, 0.12], color=COLORS["patient"], lw=2.5, solid_capstyle="butt", alpha=0.7,
              label="95% limits of another reader's score")  # fmt: skip
    return ends
