"""The job ``immune``: fractions of immune cells, or any measures of samples, by group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...notices import Notice
from ...plots import associations as plots
from ...report.page import Figure, Table
from ...statistics.correlation import correlation_map
from ...step_options import ImmuneOptions
from ...tables.cohort import FeatureTable
from ..groups import Grouping
from ..histopathology import adjusted_map, common_cases
from ..immune import ImmuneComparison, compare_fractions
from ..measurements import read_measurements
from ..options import group_files, grouping_of, hashes, read_radiomics
from ..section import CsvTable, Section, TestCount, count_below, count_known, sizes_text, small_p
from .common import FDR, box_figure, group_order, measure_count, measure_table, shown_table

SCALING = (
    "The article's chi-square test of the percentages is shown beside it, but it is no test of patients: "
    "percentages and "
    "fractions are no counts, and its value changes with their scaling, as the two rows of the same data show."
)


def run(options: ImmuneOptions) -> Section:
    """Do the job; errors as :func:`.expression.run`."""
    grouping = grouping_of(options)
    result = compare_fractions(
        read_measurements(options.table, options.id), grouping, options.contrast, largest_p=options.largest_p,
        seed=options.seed,
    )  # fmt: skip
    features = read_radiomics(options.features, options.features_id) if options.features else None
    return section(result, grouping, features, options)


def files(options: ImmuneOptions) -> tuple[Path, ...]:
    """Every file the job reads."""
    return (options.table, *group_files(options), *((options.features,) if options.features else ()))


def section(
    result: ImmuneComparison, grouping: Grouping, features: FeatureTable | None, options: ImmuneOptions
) -> Section:
    """Lay out a result."""
    pair, tests, notices = result.contrast, result.tests, list(result.notices)
    what = "cell types" if result.composition else "measures"
    sizes = {name: int(result.samples.rows(name).sum()) for name in group_order(result.samples, pair)}
    tables = [shown_table(tests, pair, what[:-1])]
    figures = {}
    if result.composition:
        tables.insert(0, _composition_table(result))
        figures["immune_composition"] = _stacked(result)
    axis = "fraction of the cells" if result.composition else "value"
    figures["immune_types"] = box_figure(tests, result.values, result.samples, pair, axis, what.capitalize(), columns=5)
    csv: dict[str, CsvTable | bytes] = {"immune.csv": _table(result)}
    counts = [measure_count(tests, what, pair, result.samples)]
    if features is not None:
        _add_map(result, features, csv, figures, counts, notices)
    return Section(
        job="immune",
        title="Immune cells" if result.composition else "Measures of the samples",
        sentences=_sentences(result, sizes, what),
        tables=tuple(tables),
        figures=figures,
        findings=_findings(result, sizes, grouping),
        csv=csv,
        tests=tuple(counts),
        notices=tuple(notices),
        inputs=hashes(files(options)),
    )


def _table(result: ImmuneComparison) -> CsvTable:
    header, rows = measure_table(result.tests, "type")
    extra = np.column_stack([result.present, result.presence_p]).tolist()
    rows = [(*row, int(a), int(b), p) for row, (a, b, p) in zip(rows, extra, strict=True)]
    return [*header, "present_A", "present_B", "presence_p"], rows


def _composition_table(result: ImmuneComparison) -> Table:
    assert result.composition is not None
    found = result.composition.permanova
    words = f"{found.permutations:,} permutations of the cases"
    rows = [
        ("PERMANOVA, Hellinger distance", f"pseudo-F {found.pseudo_f:.3f}", words, small_p(found.p)),
        *(
            (f"chi-square of {one.what}", f"{one.chisq:.3f}", f"{one.df} degrees of freedom", small_p(one.p))
            for one in result.composition.chi_squares
        ),
    ]
    caption = "Composition as a whole: PERMANOVA is the test; chi-square is shown because the article shows it"
    return Table(("what", "statistic", "", "p"), tuple(rows), caption, frozenset({3}))


def _stacked(result: ImmuneComparison) -> Figure:
    assert result.composition is not None
    means = {name: values.tolist() for name, values in result.composition.means.items()}
    counts = {name: int(result.samples.rows(name).sum()) for name in means}
    png = plots.stacked(means, result.tests.names, counts)
    return Figure(png, "Mean composition of the groups", "Mean fraction of each type; the number of cases in brackets.")


def _sentences(result: ImmuneComparison, sizes: dict[str, int], what: str) -> tuple[str, ...]:
    pair, groups = result.contrast, result.tests.groups
    known = np.isfinite(groups.wilcoxon_p)
    first = (
        f"Contrast: {pair.words} ({sizes_text(sizes)}). {count_below(groups.wilcoxon_p)} of {known.sum()} "
        f"{what} have p "
        f"below 0.05 (Wilcoxon), by chance about {known.sum() * 0.05:.1f}."
    )
    if result.composition is None:
        return (first,)
    found = result.composition.permanova
    return (
        first,
        f"As a whole, {found.share:.1%} of the differences in composition lie between the groups (PERMANOVA p "
        f"{small_p(found.p)}).",
        SCALING,
    )


def _findings(result: ImmuneComparison, sizes: dict[str, int], grouping: Grouping) -> dict[str, Any]:
    composition = result.composition
    return {
        "contrast": result.contrast.words,
        "groups": sizes,
        "grouping": grouping.words,
        "cases": len(result.samples.names),
        "dropped_for_deconvolution_p": result.dropped,
        "types": len(result.tests.names),
        "composition": composition
        and {
            "permanova": vars(composition.permanova),
            "chi_square": [vars(one) for one in composition.chi_squares],
            "chi_square_note": SCALING,
        },
    }


def _add_map(
    result: ImmuneComparison,
    features: FeatureTable,
    csv: dict[str, CsvTable | bytes],
    figures: dict[str, Figure],
    counts: list[TestCount],
    notices: list[Notice],
) -> None:
    """Correlations of radiomics features and types over all cases, whatever their group."""
    cases, rows, others = common_cases([name.case for name in result.samples.names], features.cases)
    whole = np.isfinite(features.values).all(axis=0) & (np.ptp(np.nan_to_num(features.values[others]), axis=0) > 0)
    types = np.isfinite(result.values).all(axis=0) & (np.ptp(np.nan_to_num(result.values[rows]), axis=0) > 0)
    if len(cases) < 4 or not whole.any() or not types.any():
        text = (
            f"No map of correlations: {len(cases)} cases have features and types, {whole.sum()} and {types.sum()} "
            f"of them vary."
        )
        notices.append(Notice("no-map", text))
        return
    names = [name for name, keep in zip(features.names, whole, strict=True) if keep]
    measured = [name for name, keep in zip(result.tests.names, types, strict=True) if keep]
    found = correlation_map(features.values[np.ix_(others, whole)], result.values[np.ix_(rows, types)])
    fdr, r_fdr = adjusted_map(found.rho_p), adjusted_map(found.r_p)
    csv["immune_correlation.csv"] = correlation_table(names, "type", measured, found, fdr, r_fdr)
    png = plots.correlation_heatmap(found.rho, names, measured, fdr < 0.1)
    figures["immune_correlation"] = Figure(png, "Correlations of radiomics features and types", "Dots: FDR below 0.1.")
    counts.append(
        TestCount("radiomics features with types (Spearman)", f"{found.n} cases", count_known(found.rho_p.ravel()),
                  count_below(found.rho_p.ravel()), count_below(fdr.ravel(), FDR), f"adjusted p below {FDR:g}")
    )  # fmt: skip


def correlation_table(
    radiomics: list[str], column: str, others: list[str], found: Any, fdr: np.ndarray, r_fdr: np.ndarray
) -> CsvTable:
    """Header and rows of a map, one row a pair."""
    header = ["radiomics", column, "n", "rho", "rho_p", "rho_fdr", "r", "r_p", "r_fdr"]
    parts = (found.rho, found.rho_p, fdr, found.r, found.r_p, r_fdr)
    rows = [
        (radiomics[i], others[j], found.n, *(float(part[i, j]) for part in parts))
        for i in range(len(radiomics))
        for j in range(len(others))
    ]
    return header, rows
