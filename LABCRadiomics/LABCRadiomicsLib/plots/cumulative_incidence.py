"""Cumulative incidence of each cause in the two risk groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..statistics.numbers_at_risk import month_ticks
from .figures import COLORS, GROUP_NAMES, p_text, plain_axes, png


def cumulative_incidence(causes: Sequence[Mapping[str, Any]]) -> bytes:
    """Draw the incidences, one panel a cause.

    Parameters
    ----------
    causes : sequence of mapping
        label; ``low`` and ``high``, each with events, months, incidence, lower, upper (lists; None without any event);
        ``gray`` with p, or None.

    Returns
    -------
    bytes
        PNG.
    """
    figure = Figure(figsize=(max(6.6, 4.3 * len(causes)), 4.1), layout="constrained")
    panels = figure.subplots(1, len(causes), sharex=True, sharey=True, squeeze=False)[0]
    last = max(row[name]["last"] for row in causes for name in ("low", "high"))
    highest = 0.05
    for axes, row in zip(panels, causes, strict=True):
        plain_axes(axes)
        for name, line in (("low", "-"), ("high", "--")):
            curve, color = row[name], COLORS[name]
            months = [0.0, *curve["months"], curve["last"]]
            values = [0.0, *curve["incidence"]]
            values.append(values[-1])
            label = f"{GROUP_NAMES[name]} ({curve['events']} events)"
            axes.step(months, values, where="post", color=color, ls=line, lw=1.9, label=label)
            ends = [np.array([0.0, *curve[end], (curve[end] or [0.0])[-1]], float) for end in ("lower", "upper")]
            axes.fill_between(months, *ends, step="post", color=color, alpha=0.13, lw=0)
            highest = max(highest, float(np.nanmax(ends[1])))
        axes.set_title(row["label"], loc="left", fontsize=10)
        if row["gray"]:
            axes.set_title(f"Gray {p_text(row['gray']['p'])}", loc="right", fontsize=9)
        axes.set(xlim=(0, last * 1.01), xlabel="months since baseline")
        axes.set_xticks(month_ticks(last))
        axes.legend(loc="upper left", fontsize=8.5, frameon=False)
    panels[0].set(ylabel="cumulative incidence (probability)", ylim=(0, min(1.0, 1.25 * highest)))
    return png(figure)
