"""The job ``histopathology``: QuPath measurements by group, and their map with radiomics features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...plots import associations as plots
from ...report.page import Figure, Table
from ...sentences import many
from ...step_options import HistopathologyOptions
from ..groups import Contrast
from ..histopathology import LARGEST_FDR, LARGEST_P, FeatureComparison, Histopathology, compare_tissue
from ..options import group_files, grouping_of, hashes, read_radiomics
from ..qupath import STATISTICS, read_qupath
from ..section import CsvTable, Section, TestCount, count_below, count_known, sizes_text, small_p
from .common import group_order
from .immune import correlation_table

COLUMNS = ["feature", "median_A", "median_B", "p", "fdr", "selected"]
DETAIL_COLUMNS = [
    "feature",
    "contrast",
    "n_A",
    "n_B",
    "w",
    "exact",
    "welch_t",
    "welch_df",
    "welch_p",
    "welch_fdr",
    "student_p",
]
_ON_PAGE = 20
_BOXES = 8


def run(options: HistopathologyOptions) -> Section:
    """Do the job; errors as :func:`.expression.run`."""
    grouping = grouping_of(options)
    features = read_radiomics(options.features, options.features_id) if options.features else None
    quantiles = read_qupath(options.export, [name.case for name in grouping.labels])
    contrasts = [text.strip() for text in (options.contrast or "").split(",") if text.strip()]
    result = compare_tissue(quantiles, grouping, contrasts, features, options.map_features)
    return section(result, hashes(files(options)))


def files(options: HistopathologyOptions) -> tuple[Path, ...]:
    """Every file the job reads."""
    return (options.export, *group_files(options), *((options.features,) if options.features else ()))


def section(result: Histopathology, inputs: dict[str, str]) -> Section:
    """Lay out a result."""
    first, *others = result.comparisons
    csv: dict[str, CsvTable | bytes] = {"histopathology.csv": table(result, first)}
    csv |= {f"histopathology_{_file_part(one.contrast)}.csv": table(result, one) for one in others}
    csv["histopathology_tests.csv"] = details(result)
    csv["histopathology_cases.csv"] = cases_table(result)
    counts = [_count(result, one) for one in result.comparisons]
    figures = {"histopathology": _boxes(result, first)}
    if result.map is not None:
        found = result.map
        csv["histopathology_correlation.csv"] = correlation_table(
            list(found.radiomics), "histopathology", list(found.histopathology), found.map, found.rho_fdr, found.r_fdr
        )
        p, fdr = found.map.rho_p.ravel(), found.rho_fdr.ravel()
        counts.append(TestCount("radiomics with histopathology features (Spearman)", f"{found.map.n} cases",
                                count_known(p), count_below(p), count_below(fdr, LARGEST_FDR),
                                f"FDR below {LARGEST_FDR:g}"))  # fmt: skip
        png = plots.correlation_heatmap(
            found.map.rho, found.radiomics, found.histopathology, found.rho_fdr < LARGEST_FDR
        )
        words = f"Dots: FDR below {LARGEST_FDR:g}. {found.map.n} cases."
        figures["histopathology_correlation"] = Figure(png, "Radiomics and histopathology features", words)
    return Section(
        job="histopathology",
        title="Histopathology",
        sentences=_sentences(result),
        tables=tuple(_shown(result, one) for one in result.comparisons),
        figures=figures,
        findings=findings(result),
        csv=csv,
        tests=tuple(counts),
        notices=result.notices,
        inputs=inputs,
    )


def _file_part(contrast: Contrast) -> str:
    text = f"{contrast.first}-{contrast.second}"
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in text)


def table(result: Histopathology, one: FeatureComparison) -> CsvTable:
    """Header and rows of ``histopathology.csv``."""
    groups = one.groups
    parts = (groups.median_first, groups.median_second, groups.wilcoxon_p, one.fdr, one.selected)
    return COLUMNS, list(zip(result.quantiles.names, *(part.tolist() for part in parts), strict=True))


def details(result: Histopathology) -> CsvTable:
    """Header and rows of every test of every contrast."""
    rows = []
    for one in result.comparisons:
        groups = one.groups
        parts = (groups.n_first, groups.n_second, groups.rank_sum, groups.exact, groups.welch_t, groups.welch_df,
                 groups.welch_p, one.welch_fdr, groups.student_p)  # fmt: skip
        columns = [part.tolist() for part in parts]
        rows += [(name, one.contrast.words, *row) for name, *row in zip(result.quantiles.names, *columns, strict=True)]
    return DETAIL_COLUMNS, rows


def cases_table(result: Histopathology) -> CsvTable:
    """Header and rows of the quantiles of every case."""
    quantiles = result.quantiles
    rows = [
        (case, int(cells), *values)
        for case, cells, values in zip(quantiles.cases, quantiles.cells, quantiles.values.tolist(), strict=True)
    ]
    return ["case", "cells", *quantiles.names], rows


def _sizes(result: Histopathology) -> dict[str, int]:
    return {name: int(result.samples.rows(name).sum()) for name in dict.fromkeys(result.samples.groups)}


def _count(result: Histopathology, one: FeatureComparison) -> TestCount:
    sizes = _sizes(result)
    p = one.groups.wilcoxon_p
    return TestCount(
        what=f"tissue features, {one.contrast.words} (Wilcoxon)",
        groups=sizes_text({name: sizes[name] for name in (one.contrast.first, one.contrast.second)}),
        tests=count_known(p),
        found=count_below(p),
        surviving=int(one.selected.sum()),
        correction=f"FDR below {LARGEST_FDR:g} and p below {LARGEST_P:g}",
    )


def findings(result: Histopathology) -> dict[str, Any]:
    """The part of ``associations.json``."""
    return {
        "groups": _sizes(result),
        "objects": int(result.quantiles.cells.sum()),
        "kind": result.quantiles.kind,
        "measurements": len(result.quantiles.measurements),
        "features": len(result.quantiles.names),
        "contrasts": [
            {"contrast": one.contrast.words, "selected": int(one.selected.sum()), "welch_selected": _welch(one)}
            for one in result.comparisons
        ],
        "map_pairs_fdr_below_0.1": None if result.map is None else count_below(result.map.rho_fdr.ravel(), LARGEST_FDR),
    }


def _welch(one: FeatureComparison) -> int:
    return int(((one.welch_fdr < LARGEST_FDR) & (one.groups.welch_p < LARGEST_P)).sum())


def _sentences(result: Histopathology) -> tuple[str, ...]:
    quantiles = result.quantiles
    found = "; ".join(
        f"{one.contrast.words}: {int(one.selected.sum())} of {len(quantiles.names)} selected"
        for one in result.comparisons
    )
    return (
        f"{many(int(quantiles.cells.sum()), quantiles.kind.lower())} of {many(len(quantiles.cases), 'case')}, "
        f"{len(quantiles.measurements)} measurements, each brought to {', '.join(STATISTICS)} of the case: a "
        f"case counts once, "
        f"however many cells it has. {found}.",
        f"Selected: FDR below {LARGEST_FDR:g} and p below {LARGEST_P:g} (Wilcoxon). The five statistics of a "
        f"measurement "
        "and many of the measurements go together, so that features selected are not as many findings.",
    )


def _shown(result: Histopathology, one: FeatureComparison) -> Table:
    p = one.groups.wilcoxon_p
    order = np.argsort(np.where(np.isnan(p), 2, p), kind="stable")[:_ON_PAGE]
    rows = tuple(
        (result.quantiles.names[at], f"{one.groups.median_first[at]:.4g}", f"{one.groups.median_second[at]:.4g}",
         small_p(p[at]), small_p(one.fdr[at]), "yes" if one.selected[at] else "no")
        for at in order
    )  # fmt: skip
    header = ("feature", f"median, {one.contrast.first}", f"median, {one.contrast.second}", "p", "FDR", "selected")
    caption = f"{one.contrast.words[:1].upper()}{one.contrast.words[1:]}: the {len(rows)} features of smallest p"
    return Table(header, rows, caption, frozenset(range(1, 5)))


def _boxes(result: Histopathology, one: FeatureComparison) -> Figure:
    samples = result.samples
    values = samples.combined(result.quantiles.values.T, total=False).T
    names = group_order(samples, one.contrast)
    p = one.groups.wilcoxon_p
    panels = []
    for at in np.argsort(np.where(np.isnan(p), 2, p), kind="stable")[:_BOXES]:
        groups = {name: values[samples.rows(name), at] for name in names}
        panels.append((result.quantiles.names[at], groups, f"p {small_p(p[at])}, FDR {small_p(one.fdr[at])}"))
    png = plots.boxes(panels, "value of the case", columns=4, width=2.3)
    words = (
        f"The {len(panels)} features of smallest p, {one.contrast.words}; chosen for differing, they look as if "
        f"they did."
    )
    return Figure(png, "Tissue features by group", words)
