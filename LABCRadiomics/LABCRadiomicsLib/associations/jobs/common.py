"""What several jobs print alike: group tests of several measures as a table, and boxes of their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...plots import associations as plots
from ...report.page import Figure, Table
from ...statistics.baseline_table import benjamini_hochberg
from ..groups import HIGH, INTERMEDIATE, LOW, Contrast
from ..measurements import MeasureTest
from ..samples import Samples
from ..section import CsvTable, TestCount, count_below, count_known, small_p

FDR = 0.05
_MOST_BOXES = 24


def measure_table(tests: MeasureTest, first_column: str) -> CsvTable:
    """Header and rows of two groups compared in several measures."""
    groups = tests.groups
    columns: dict[str, Sequence[Any] | np.ndarray] = {
        first_column: list(tests.names),
        "n_A": groups.n_first,
        "n_B": groups.n_second,
        "median_A": groups.median_first,
        "median_B": groups.median_second,
        "wilcoxon_p": groups.wilcoxon_p,
        "wilcoxon_p_adjusted": benjamini_hochberg(groups.wilcoxon_p),
        "t_p": groups.welch_p,
        "t_p_adjusted": benjamini_hochberg(groups.welch_p),
        "student_p": groups.student_p,
        "mean_A": groups.mean_first,
        "mean_B": groups.mean_second,
        "ks_d": tests.ks_distance,
        "ks_p": tests.ks_p,
        "ks_p_asymptotic": tests.ks_asymptotic_p,
    }
    rows = [tuple(column[at] for column in columns.values()) for at in range(len(tests.names))]
    return list(columns), rows


def shown_table(tests: MeasureTest, contrast: Contrast, first_column: str, most: int = 30) -> Table:
    """The same for the page, by p."""
    groups, adjusted = tests.groups, benjamini_hochberg(tests.groups.wilcoxon_p)
    order = np.argsort(np.where(np.isnan(groups.wilcoxon_p), 2, groups.wilcoxon_p), kind="stable")[:most]
    rows = tuple(
        (
            tests.names[at], f"{groups.n_first[at]} / {groups.n_second[at]}", f"{groups.median_first[at]:.4g}",
            f"{groups.median_second[at]:.4g}", small_p(groups.wilcoxon_p[at]), small_p(adjusted[at]),
            small_p(groups.welch_p[at]), small_p(tests.ks_p[at]),
        )
        for at in order
    )  # fmt: skip
    header = (
        first_column, f"n, {contrast.first} / {contrast.second}", f"median, {contrast.first}",
        f"median, {contrast.second}", "Wilcoxon p", "adjusted p", "Welch t p", "Kolmogorov-Smirnov p",
    )  # fmt: skip
    exact = bool(groups.exact.all())
    note = (
        "Wilcoxon: exact where no values are tied, else normal with continuity correction. "
        if not exact
        else "Wilcoxon: exact. "
    ) + "Kolmogorov-Smirnov: exact, ties allowed for. Adjusted: Benjamini and Hochberg over the rows that have a p."
    return Table(header, rows, "", frozenset(range(1, 8)), note)


def measure_count(tests: MeasureTest, what: str, contrast: Contrast, samples: Samples) -> TestCount:
    """How many measures were tested, and found."""
    p = tests.groups.wilcoxon_p
    sizes = ", ".join(f"{name} {int(samples.rows(name).sum())}" for name in (contrast.first, contrast.second))
    return TestCount(
        what=f"{what}, {contrast.words} (Wilcoxon)",
        groups=sizes,
        tests=count_known(p),
        found=count_below(p),
        surviving=count_below(benjamini_hochberg(p), FDR),
        correction=f"adjusted p below {FDR:g}",
    )


def box_figure(
    tests: MeasureTest, values: np.ndarray, samples: Samples, contrast: Contrast, axis: str, what: str, columns: int = 4
) -> Figure:
    """Every value of every group, the measures of smallest p first."""
    p, adjusted = tests.groups.wilcoxon_p, benjamini_hochberg(tests.groups.wilcoxon_p)
    order = np.argsort(np.where(np.isnan(p), 2, p), kind="stable")[:_MOST_BOXES]
    names = group_order(samples, contrast)
    panels = []
    for at in order:
        groups = {name: values[samples.rows(name), at] for name in names}
        words = "not tested" if np.isnan(p[at]) else f"p {small_p(p[at])}, adjusted {small_p(adjusted[at])}"
        panels.append((tests.names[at], groups, words))
    png = plots.boxes(panels, axis, columns=columns)
    caption = (
        f"Every case, with median and quartiles; below, the number of cases. p: Wilcoxon, {contrast.first} against "
        f"{contrast.second}."
    )
    return Figure(png, f"{what} by group", caption)


def group_order(samples: Samples, contrast: Contrast) -> Sequence[str]:
    """Groups for figures: low to high where they are those of a score, else second, others, first of the contrast."""
    named = [name for name in (LOW, INTERMEDIATE, HIGH) if name in samples.groups]
    if {contrast.first, contrast.second} <= set(named):
        return [*named, *(name for name in dict.fromkeys(samples.groups) if name not in named)]
    others = [name for name in dict.fromkeys(samples.groups) if name not in (contrast.first, contrast.second)]
    return [contrast.second, *others, contrast.first]
