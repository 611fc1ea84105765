"""Figures of how a score was chosen: the bootstrap's selections, the LASSO path and its cross-validation.

Each function takes numbers as ``report.json`` holds them and gives PNG bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from .figures import COLORS, plain_axes, png, series, shortened

_MOST_BARS = 25
_MOST_LABELED_PATHS = 12


def selection(features: Sequence[str], frequency: Sequence[float] | np.ndarray, chosen: Sequence[str] = ()) -> bytes:
    """Draw how often the bootstrap selects each feature, the most frequent first.

    Parameters
    ----------
    features : sequence of str
    frequency : sequence of float
        Share of the resamples, 0 to 1.
    chosen : sequence of str
        Features of the final score: full bars; the others are hatched.
    """
    order = np.argsort(-np.asarray(frequency, float), kind="stable")[:_MOST_BARS]
    kept = set(chosen)
    figure = Figure(figsize=(7.4, 1.2 + 0.27 * len(order)), layout="constrained")
    axes = plain_axes(figure.add_subplot(), grid="x")
    for y, at in enumerate(order):
        own = features[at] in kept
        axes.barh(y, frequency[at], height=0.7, color=COLORS["first"] if own else "white", lw=0.8,
                  edgecolor=COLORS["first"] if own else COLORS["reference"], hatch=None if own else "///")  # fmt: skip
        axes.text(frequency[at] + 0.01, y, f"{frequency[at]:.0%}", va="center", fontsize=8)
    axes.set(ylim=(len(order) - 0.4, -0.6), xlim=(0, 1.08), xlabel="share of bootstrap resamples that select it")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_yticks(range(len(order)), [shortened(features[at], 52) for at in order], fontsize=8)
    axes.tick_params(axis="y", length=0)
    figure.suptitle("full bars: in the final score; hatched: not", fontsize=8.5, x=0.99, ha="right")
    return png(figure)


def coefficient_path(
    penalties: Sequence[float], coefficients: np.ndarray, names: Sequence[str], chosen: float | None = None
) -> bytes:
    """Draw the LASSO's coefficients against log(lambda).

    Parameters
    ----------
    penalties : sequence of float, length k
    coefficients : numpy.ndarray, shape (k, p)
        On one scale, such as per standard deviation.
    names : sequence of str, length p
    chosen : float, optional
        The lambda that was used.
    """
    x, values = np.log(np.asarray(penalties, float)), np.asarray(coefficients, float)
    figure = Figure(figsize=(7.4, 4.4), layout="constrained")
    axes = plain_axes(figure.add_subplot())
    at = int(np.abs(x - np.log(chosen)).argmin()) if chosen else int(x.argmin())
    ranked = np.argsort(-np.abs(values[at]), kind="stable")
    named = [index for index in ranked[:_MOST_LABELED_PATHS] if values[at, index] != 0]
    axes.axhline(0, color=COLORS["reference"], lw=0.8)
    for index in range(values.shape[1]):
        if index not in named:
            axes.plot(x, values[:, index], color=COLORS["reference"], lw=0.6, alpha=0.5)
    for rank, index in enumerate(named):
        color, line, marker = series(rank)
        axes.plot(x, values[:, index], color=color, ls=line, lw=1.4, marker=marker, ms=3.5, markevery=[at],
                  label=shortened(names[index], 40))  # fmt: skip
    if chosen:
        axes.axvline(np.log(chosen), color=COLORS["patient"], lw=1, ls=":")
    axes.set(xlabel="log(lambda)", ylabel="coefficient", xlim=(x.max(), x.min()))
    if named:
        figure.legend(loc="outside lower center", ncols=2, fontsize=7.5, frameon=False)
    return png(figure)


def cross_validation(rows: Sequence[Mapping[str, Any]], minimum: float, one_se: float, used: float) -> bytes:
    """Draw the cross-validated partial-likelihood deviance against log(lambda).

    Parameters
    ----------
    rows : sequence of mapping
        Each with lambda, mean, sd (standard error of the mean), nonzero.
    minimum, one_se, used : float
        ``lambda.min``, ``lambda.1se`` and the one that was used.
    """
    x = np.log([row["lambda"] for row in rows])
    mean, sd = (np.array([row[name] for row in rows], float) for name in ("mean", "sd"))
    figure = Figure(figsize=(6.6, 4.2), layout="constrained")
    axes = plain_axes(figure.add_subplot())
    axes.errorbar(x, mean, yerr=sd, fmt="o", color=COLORS["first"], ecolor="#B9C4CE", ms=3.2, lw=1)
    for value, name, line, y in ((minimum, "lambda.min", "--", 0.97), (one_se, "lambda.1se", ":", 0.89)):
        text = f"{name}{' (used)' if value == used else ''}"
        axes.axvline(np.log(value), color=COLORS["patient"], lw=1.1, ls=line)
        axes.annotate(text, (np.log(value), y), xycoords=axes.get_xaxis_transform(), xytext=(4, 0),
                      textcoords="offset points", fontsize=8.5, va="top")  # fmt: skip
    axes.set(xlabel="log(lambda)", ylabel="partial-likelihood deviance", xlim=(x.max() + 0.1, x.min() - 0.1))
    above = axes.secondary_xaxis("top")
    shown = np.unique(np.linspace(0, len(rows) - 1, 9).astype(int))
    above.set_xticks(x[shown], [str(rows[at]["nonzero"]) for at in shown])
    above.set_xlabel("features with a coefficient", fontsize=9)
    above.spines["top"].set_visible(False)
    return png(figure)
