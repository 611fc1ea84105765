"""Figures of what a score goes along with: genes, gene sets, cells, tissue.

Each function takes plain numbers and gives PNG bytes. Names come from users' files: nothing in them is a formula.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from scipy.cluster import hierarchy

from .figures import COLORS, p_text, plain_axes, png, series, shortened

_DIVERGING = LinearSegmentedColormap.from_list("low to high", (COLORS["low"], "#F7F7F7", COLORS["high"]))
_FAINT = "#B8BEC5"
_GROUP_COLORS = {
    "high": COLORS["high"], "low": COLORS["low"], "intermediate": COLORS["fifth"], "normal": COLORS["third"],
}  # fmt: skip
MOST_BARS = 24  # sets a figure shows
_LONGEST_NAME = 46


def group_color(name: str, names: Sequence[str]) -> str:
    """Color of a group: that of its meaning where it has one, else by its place."""
    return _GROUP_COLORS.get(name.casefold()) or series(list(names).index(name))[0]


def _name(text: str, length: int = _LONGEST_NAME) -> str:
    return shortened(text, length)


def volcano(
    change: np.ndarray,
    p: np.ndarray,
    adjusted: np.ndarray,
    genes: Sequence[str],
    *,
    least: float | None,
    fdr: float,
    axis: str,
) -> bytes:
    """Draw changes against adjusted p values, the significant ones colored and the farthest named.

    Where no adjusted p is below the limit, p itself is drawn, since adjusted ones then lie on one line.

    Parameters
    ----------
    change, p, adjusted : ndarray, shape (g,)
    genes : sequence of str
    least : float, optional
        Fold change beyond which a gene counts; None where changes have no threshold.
    fdr : float
    axis : str
        What a change is.
    """
    figure = Figure(figsize=(5.6, 4.6), layout="constrained")
    axes = plain_axes(figure.add_subplot())
    any_found = bool((adjusted < fdr).any())
    height = -np.log10(np.maximum(adjusted if any_found else p, 1e-300))
    significant = adjusted < fdr
    if least is not None:
        significant &= np.abs(change) > least
    up, down = significant & (change > 0), significant & (change < 0)
    # A few extreme changes shall not press all others together: they are drawn at the edge.
    size = np.abs(change[np.isfinite(change)])
    reach = float(min(size.max(initial=1), 4 * np.quantile(size, 0.99, method="higher") if size.size else 1)) * 1.08
    reach = max(reach, 1.5 * (least or 0))
    shown = np.clip(change, -0.98 * reach, 0.98 * reach)
    axes.scatter(shown[~significant], height[~significant], s=6, color=_FAINT, lw=0, rasterized=True)
    for chosen, color, marker, word in ((up, "high", "^", "higher"), (down, "low", "v", "lower")):
        label = f"{chosen.sum():,} {word}"
        axes.scatter(shown[chosen], height[chosen], s=11, c=COLORS[color], marker=marker, lw=0, label=label)
    if any_found:
        axes.axhline(-np.log10(fdr), color=COLORS["reference"], lw=0.8, ls="--")
    for at in (least, -least) if least else ():
        axes.axvline(at, color=COLORS["reference"], lw=0.8, ls="--")
    top = max(float(height.max(initial=0)) * 1.12, -np.log10(fdr) * 1.4)
    for at in _apart(np.flatnonzero(up), shown, height, reach, top) + _apart(
        np.flatnonzero(down), shown, height, reach, top
    ):
        axes.annotate(
            _name(genes[at], 16), (shown[at], height[at]), xytext=(3, 3), textcoords="offset points", fontsize=7
        )
    outside = int((np.abs(change) > 0.98 * reach).sum())
    if outside:
        axes.text(0.99, 0.02, f"{outside} farther out", transform=axes.transAxes, fontsize=7.5, ha="right")
    axes.set(xlim=(-reach, reach), ylim=(0, top))
    axes.set(xlabel=axis, ylabel="-log10 adjusted p" if any_found else "-log10 p (none is below the limit adjusted)")
    axes.legend(loc="upper center", ncols=2, frameon=False, fontsize=8.5, bbox_to_anchor=(0.5, 1.1), markerscale=1.6)
    return png(figure)


def _apart(points: np.ndarray, x: np.ndarray, y: np.ndarray, reach: float, top: float) -> list[int]:
    """The six highest points whose names do not cover each other."""
    chosen: list[int] = []
    for at in points[np.argsort(-y[points], kind="stable")].tolist():
        if all(abs(x[at] - x[one]) > 0.3 * reach or abs(y[at] - y[one]) > 0.035 * top for one in chosen):
            chosen.append(at)
        if len(chosen) == 6:
            break
    return chosen


def expression_heatmap(values: np.ndarray, genes: Sequence[str], groups: Sequence[str]) -> bytes:
    """Draw rows as z-scores, genes ordered by a tree, samples by group and then by a tree within it, a bar above."""
    spread = np.nanstd(values, axis=1, keepdims=True)
    scaled = (values - np.nanmean(values, axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    scaled = np.clip(np.nan_to_num(scaled), -2.5, 2.5)
    rows = _leaves(scaled)
    rising = ("normal", "low", "intermediate", "high")  # as a score rises; others as they come
    names = sorted(dict.fromkeys(groups), key=lambda name: rising.index(name) if name in rising else len(rising))
    columns: list[int] = []
    for name in names:
        own = np.array([at for at, group in enumerate(groups) if group == name])
        columns += own[_leaves(scaled[:, own].T)].tolist()
    figure = Figure(figsize=(7.2, min(1.6 + 0.135 * len(genes), 9.5)), layout="constrained")
    bar, axes = figure.subplots(2, 1, height_ratios=(0.25, 0.135 * len(genes) + 0.4))
    image = axes.imshow(
        scaled[rows][:, columns], cmap=_DIVERGING, vmin=-2.5, vmax=2.5, aspect="auto", interpolation="none"
    )
    axes.set_yticks(range(len(rows)), [_name(genes[at], 20) for at in rows], fontsize=6.3)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    _group_bar(bar, [groups[at] for at in columns], names)
    color = figure.colorbar(image, ax=[bar, axes], shrink=0.35, aspect=18, pad=0.02)
    color.set_label("z-score of the gene", fontsize=8)
    color.ax.tick_params(labelsize=7.5)
    return png(figure)


def _leaves(rows: np.ndarray) -> np.ndarray:
    if rows.shape[0] < 3:
        return np.arange(rows.shape[0])
    return hierarchy.leaves_list(hierarchy.linkage(rows, "average", optimal_ordering=rows.shape[0] < 300))


def _group_bar(axes: Axes, groups: Sequence[str], names: Sequence[str]) -> None:
    start = 0
    for name in names:
        count = sum(group == name for group in groups)
        axes.barh(0, count, left=start, height=1, color=group_color(name, names))
        if count > 0.07 * len(groups):
            text = _name(f"{name} ({count})", 24)
            axes.text(start + count / 2, 0, text, ha="center", va="center", fontsize=8, color="white")
        start += count
    axes.set(xlim=(0, start), ylim=(-0.5, 0.5))
    axes.axis("off")


def set_bars(names: Sequence[str], scores: Sequence[float], adjusted: Sequence[float], axis: str, fdr: float) -> bytes:
    """Draw scores of gene sets as bars: full where the adjusted p is below ``fdr``, else hollow."""
    order = np.argsort(scores)
    figure = Figure(figsize=(7.2, 1.1 + 0.27 * len(names)), layout="constrained")
    axes = plain_axes(figure.add_subplot(), grid="x")
    for y, at in enumerate(order):
        color = COLORS["high"] if scores[at] > 0 else COLORS["low"]
        sure = adjusted[at] < fdr
        axes.barh(y, scores[at], color=color if sure else "white", edgecolor=color, lw=1, height=0.72)
    axes.set_yticks(range(len(order)), [_name(names[at]) for at in order], fontsize=7.5)
    axes.axvline(0, color=COLORS["reference"], lw=0.8)
    axes.set(xlabel=axis, ylim=(-0.7, len(order) - 0.3))
    axes.tick_params(axis="y", length=0)
    axes.set_title(f"full bars: adjusted p below {fdr:g}", loc="right", fontsize=8.5)
    return png(figure)


def running_sums(curves: Sequence[tuple[str, np.ndarray, np.ndarray, str]], ends: tuple[str, str]) -> bytes:
    """Draw the running sum of each set over the ranking, ticks at its genes below.

    Parameters
    ----------
    curves : sequence of (name, running sum, places of its genes, words on the test)
    ends : tuple of str
        What the beginning and the end of the ranking mean.
    """
    columns = 2 if len(curves) > 1 else 1
    rows = -(-len(curves) // columns)
    figure = Figure(figsize=(4.2 * columns, 2.5 * rows), layout="constrained")
    grid = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axes, (name, curve, places, words) in zip(grid, curves, strict=False):
        plain_axes(axes)
        peak = int(np.abs(curve).argmax())
        color = COLORS["high"] if curve[peak] > 0 else COLORS["low"]
        axes.plot(np.arange(curve.size), curve, color=color, lw=1.5)
        axes.axhline(0, color=COLORS["reference"], lw=0.8)
        axes.plot(peak, curve[peak], "o", color=color, ms=4.5)
        low, high = axes.get_ylim()
        height = (high - low) * 0.09
        axes.vlines(places, low - height * 1.4, low - height * 0.4, color="#444", lw=0.5)
        axes.set(ylim=(low - height * 1.6, high), xlim=(0, curve.size))
        axes.set_title(f"{_name(name, 42)}\n{words}", fontsize=8, loc="left")
        axes.tick_params(labelsize=7.5)
        axes.set_xlabel(_name(f"{ends[0]}   ←   rank   →   {ends[1]}", 60), fontsize=7.5)
        axes.set_ylabel("running sum", fontsize=8)
    for axes in grid[len(curves) :]:
        axes.axis("off")
    return png(figure)


def over_represented(
    names: Sequence[str], ratios: Sequence[float], adjusted: Sequence[float], counts: Sequence[int]
) -> bytes:
    """Draw gene sets as dots: share of the chosen genes, color by adjusted p, size by the number of genes."""
    order = np.argsort(ratios)
    figure = Figure(figsize=(7.6, 1.3 + 0.27 * len(names)), layout="constrained")
    axes = plain_axes(figure.add_subplot())
    strength = -np.log10(np.maximum(np.asarray(adjusted, dtype=float), 1e-300))[order]
    sizes = np.asarray(counts, dtype=float)[order]
    scale = 170 / max(float(sizes.max(initial=1)), 1)
    dots = axes.scatter(
        np.asarray(ratios)[order], range(len(order)), s=sizes * scale + 12, c=strength, cmap="viridis_r",
        norm=Normalize(0, max(float(strength.max(initial=1.3)), 1.3)), edgecolor="#333", lw=0.5,
    )  # fmt: skip
    axes.set_yticks(range(len(order)), [_name(names[at]) for at in order], fontsize=7.5)
    axes.set(xlabel="share of the chosen genes", ylim=(-0.8, len(order) - 0.2))
    bar = figure.colorbar(dots, ax=axes, shrink=0.7, aspect=18, pad=0.02)
    bar.set_label("-log10 adjusted p", fontsize=8)
    few, many = int(sizes.min(initial=1)), int(sizes.max(initial=1))
    for count in dict.fromkeys((few, many)):
        axes.scatter([], [], s=count * scale + 12, color=_FAINT, edgecolor="#333", lw=0.5, label=f"{count} genes")
    axes.legend(loc="lower right", fontsize=8, frameon=True, framealpha=0.9, edgecolor="none", labelspacing=0.9)
    return png(figure)


def boxes(
    panels: Sequence[tuple[str, Mapping[str, np.ndarray], str]], axis: str, *, columns: int = 4, width: float = 2.1
) -> bytes:
    """Draw every value of each group with its quartiles, one panel a variable.

    Parameters
    ----------
    panels : sequence of (name, values by group, words on the test)
    axis : str
        What the values are, with their unit.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(max(width * columns, 3.2), 2.35 * rows), layout="constrained")
    grid = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axes, (name, groups, words) in zip(grid, panels, strict=False):
        plain_axes(axes, grid="y")
        names = list(groups)
        for at, group in enumerate(names):
            values = np.asarray(groups[group], dtype=float)
            values = values[np.isfinite(values)]
            color = group_color(group, names)
            # Spread sideways by order, so that the same figure is the same bytes.
            shift = ((np.arange(values.size) * 0.618) % 1 - 0.5) * 0.5
            axes.plot(at + shift, values, "o", ms=2.4, color=color, alpha=0.65, mew=0)
            if values.size:
                low, middle, high = np.percentile(values, (25, 50, 75))
                axes.plot([at - 0.36, at + 0.36], [middle, middle], color="#111", lw=1.8)
                axes.vlines(at + 0.36, low, high, color="#111", lw=1)
        axes.set_xticks(
            range(len(names)),
            [_name(f"{group}\n{np.isfinite(groups[group]).sum()}", 16) for group in names],
            fontsize=7,
        )
        axes.set_xlim(-0.6, len(names) - 0.4)
        axes.tick_params(axis="y", labelsize=7)
        title = "\n".join(textwrap.wrap(shortened(name, 54), 27))
        axes.set_title(f"{title}\n{words}", fontsize=7.2, loc="left")
    for axes in grid[len(panels) :]:
        axes.axis("off")
    figure.supylabel(axis, fontsize=8.5)
    return png(figure)


def stacked(shares: Mapping[str, Sequence[float]], types: Sequence[str], counts: Mapping[str, int]) -> bytes:
    """Draw the mean composition of each group as stacked bars, the largest type first."""
    figure = Figure(figsize=(7.6, 1.9 + 0.62 * len(shares) + 0.14 * len(types) / 4), layout="constrained")
    axes = plain_axes(figure.add_subplot(), grid="x")
    order = np.argsort(-np.mean([list(values) for values in shares.values()], axis=0))
    shade = LinearSegmentedColormap.from_list(
        "types", ("#0072B2", "#56B4E9", "#009E73", "#F0E442", "#E69F00", "#D55E00", "#CC79A7")
    )
    start = np.zeros(len(shares))
    for place, at in enumerate(order):
        width = np.array([values[at] for values in shares.values()])
        color = shade(place / max(len(order) - 1, 1))
        axes.barh(range(len(shares)), width, left=start, color=color, edgecolor="white", lw=0.6, height=0.78,
                  label=_name(types[at], 30))  # fmt: skip
        start += width
    axes.set_yticks(range(len(shares)), [_name(f"{name} ({counts[name]})", 26) for name in shares], fontsize=8.5)
    axes.set(xlim=(0, 1), xlabel="mean share of the cells, the largest type to the left")
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", ncols=4, fontsize=7, frameon=False, columnspacing=1.2, handlelength=1.2)
    return png(figure)


def correlation_heatmap(rho: np.ndarray, rows: Sequence[str], columns: Sequence[str], marked: np.ndarray) -> bytes:
    """Draw correlations of two sets of variables; marked pairs have a dot."""
    keep_rows, keep_columns = (np.isfinite(rho).any(axis=axis) for axis in (1, 0))
    rho, marked = rho[keep_rows][:, keep_columns], marked[keep_rows][:, keep_columns]
    filled = np.nan_to_num(rho)
    by_row, by_column = _leaves(filled), _leaves(filled.T)
    names = [
        [name for name, keep in zip(part, kept, strict=True) if keep]
        for part, kept in ((rows, keep_rows), (columns, keep_columns))
    ]
    figure = Figure(
        figsize=(min(3.2 + 0.19 * len(names[1]), 11), min(2.4 + 0.165 * len(names[0]), 12)), layout="constrained"
    )
    axes = figure.add_subplot()
    image = axes.imshow(
        rho[np.ix_(by_row, by_column)], cmap=_DIVERGING, vmin=-1, vmax=1, aspect="auto", interpolation="none"
    )
    at_row, at_column = np.nonzero(marked[np.ix_(by_row, by_column)])
    axes.plot(at_column, at_row, ".", color="black", ms=4)
    axes.set_yticks(range(len(by_row)), [_name(names[0][at], 40) for at in by_row], fontsize=6.2)
    axes.set_xticks(range(len(by_column)), [_name(names[1][at], 40) for at in by_column], fontsize=6.2, rotation=90)
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes, shrink=0.5, aspect=22, pad=0.01)
    bar.set_label("Spearman's rho", fontsize=8)
    return png(figure)


def cluster_heatmap(scaled: np.ndarray, features: Sequence[str], partition: np.ndarray, joined: np.ndarray) -> bytes:
    """Draw scaled features (rows) of patients (columns, by their tree), clusters in a bar above."""
    columns = hierarchy.leaves_list(joined)
    labels = [f"cluster {partition[at]}" for at in range(partition.size)]
    columns = np.array(sorted(columns, key=lambda at: partition[at]))  # stable: the tree's order within each cluster
    values = np.clip(scaled.T, -2.5, 2.5)
    rows = _leaves(values)
    figure = Figure(figsize=(7.4, min(1.8 + 0.16 * len(features), 11)), layout="constrained")
    bar, axes = figure.subplots(2, 1, height_ratios=(0.25, 0.16 * len(features) + 0.4))
    image = axes.imshow(
        values[np.ix_(rows, columns)], cmap=_DIVERGING, vmin=-2.5, vmax=2.5, aspect="auto", interpolation="none"
    )
    if len(features) <= 60:
        axes.set_yticks(range(len(rows)), [_name(features[at], 44) for at in rows], fontsize=6.3)
    else:
        axes.set_yticks([])
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    ordered = [labels[at] for at in columns]
    _group_bar(bar, ordered, list(dict.fromkeys(ordered)))
    color = figure.colorbar(image, ax=[bar, axes], shrink=0.35, aspect=18, pad=0.02)
    color.set_label("z-score of the feature", fontsize=8)
    return png(figure)


def survival_curves(curves: Sequence[Mapping[str, Any]], p: float | None, endpoint: str) -> bytes:
    """Draw Kaplan-Meier curves of any number of groups.

    Parameters
    ----------
    curves : sequence of mapping
        Each with name, n, events, months, survival.
    p : float, optional
        Of the log-rank test.
    """
    figure = Figure(figsize=(5.8, 3.9), layout="constrained")
    axes = plain_axes(figure.add_subplot())
    for at, curve in enumerate(curves):
        color, line, _ = series(at)
        label = _name(f"{curve['name']} (n = {curve['n']}, {curve['events']} events)")
        axes.step(
            [0, *curve["months"]], [1, *curve["survival"]], where="post", color=color, ls=line, lw=1.8, label=label
        )
    axes.set(ylim=(0, 1.02), xlabel="months", ylabel=_name(f"{endpoint.lower()} (probability)"))
    axes.set_xlim(left=0)
    if p is not None:
        axes.set_title(f"log-rank {p_text(p)}", loc="right", fontsize=9)
    axes.legend(loc="lower left", fontsize=8.5, frameon=True, framealpha=0.85, edgecolor="none")
    return png(figure)
