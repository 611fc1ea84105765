"""The distribution of a score among patients by what happened to them, with its cutoff and how sure its place is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .figures import COLORS, plain_axes, png

_BINS = 30
_CENSORED = "#C9C9C9"


def score_distribution(
    score: np.ndarray,
    months: np.ndarray,
    event: np.ndarray,
    cutoff: float,
    horizon: float,
    spreads: Mapping[str, Mapping[str, Any]],
) -> bytes:
    """Draw histograms of a score, its cutoff, and under them where the cutoff lies in resamples.

    Parameters
    ----------
    score, months, event : numpy.ndarray, shape (n,)
    cutoff : float
    horizon : float
        Months: who has the event by then, who is followed beyond, who is censored before.
    spreads : mapping of str to mapping
        By label: lower, median, upper.

    Returns
    -------
    bytes
        PNG.
    """
    event = np.asarray(event, bool)
    early = months <= horizon
    members = (~early, early & ~event, early & event)
    labels = [
        f"{name} {horizon:g} months ({int(member.sum())})"
        for name, member in zip(("followed beyond", "censored before", "event by"), members, strict=True)
    ]
    rows = len(spreads)
    figure = Figure(figsize=(6.6, 3.4 + 0.45 * rows), layout="constrained")
    parts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 0.45 * rows)) if rows else [figure.subplots()]
    axes = plain_axes(parts[0], grid="y")
    counts, *_ = axes.hist(
        [score[member] for member in members],
        bins=np.linspace(score.min(), score.max(), _BINS + 1).tolist() if np.ptp(score) else 1,
        stacked=True,
        color=[COLORS["low"], _CENSORED, COLORS["high"]],
        label=labels,
        edgecolor="white",
        lw=0.4,
        hatch=["", "", "//"],
    )
    axes.set(ylim=(0, 1.22 * np.max(counts)), ylabel="patients")
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    for part in parts:
        part.axvline(cutoff, color=COLORS["patient"], lw=1.3, ls="--")
    axes.annotate(
        f"cutoff {cutoff:.4g}", (cutoff, 1), xycoords=("data", "axes fraction"), xytext=(-4, -4),
        textcoords="offset points", va="top", ha="right", fontsize=8.5,
    )  # fmt: skip
    axes.legend(fontsize=8.5, frameon=False, loc="upper right")
    for y, (label, row) in enumerate(spreads.items()):
        below = parts[1]
        below.plot((row["lower"], row["upper"]), (y, y), color=COLORS["reference"], lw=5, solid_capstyle="butt")
        below.plot(row["median"], y, "d", color=COLORS["patient"], ms=6)
        below.annotate(label, (1, y - 0.16), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8.5)
    if rows:
        parts[1].set(ylim=(rows - 0.6, -0.7), yticks=[])
        parts[1].spines[["top", "right", "left"]].set_visible(False)
    parts[-1].set_xlabel("radiomics score (no unit; higher is worse)")
    return png(figure)
