"""The job ``expression``: which genes differ between the groups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ...plots import associations as plots
from ...report.page import Figure, Table
from ...step_options import ExpressionOptions
from ..differential_expression import DifferentialExpression, Method, Thresholds, compare_expression, wants_normal
from ..expression_matrix import Z_SCORES, read_expression
from ..groups import is_normal
from ..identifiers import parse_barcode
from ..options import adjustment_of, group_files, grouping_of, hashes
from ..section import Section, TestCount, sizes_text, small_p

COLUMNS = ["gene", "log_fc", "average", "t", "p", "p_adjusted"]
_ON_PAGE = 20
_ON_HEATMAP = 50


def run(options: ExpressionOptions) -> Section:
    """Do the job.

    Raises
    ------
    LABCRadiomicsError
        An input is unusable; the sentence says which, where, and what to do.
    """
    return section(compare(options), hashes(files(options)))


def compare(options: ExpressionOptions) -> DifferentialExpression:
    """The result alone."""
    grouping = grouping_of(options)
    normals = wants_normal(options.contrast)

    def wanted(sample: str) -> bool:
        return grouping.wants(sample) or (normals and is_normal(parse_barcode(sample)))

    matrix = read_expression(options.matrix, options.gene_names, options.gene_type, wanted)
    method = Method(options.data, options.robust, options.quality_weights, options.beyond)
    limits = Thresholds(options.log_fc, options.fdr)
    return compare_expression(
        matrix, grouping, options.contrast, method, limits, adjustment_of(options)
    )  # fmt: skip


def files(options: ExpressionOptions) -> tuple[Path, ...]:
    """Every file the job reads."""
    return (options.matrix, *group_files(options), *((options.gene_names,) if options.gene_names else ()))


def expression_beside(table: Path) -> dict[str, Any]:
    """What the job left beside its table about itself; empty for a table of another origin."""
    if not table.name.startswith("expression"):
        return {}
    try:
        jobs = json.loads((table.parent / "associations.json").read_text(encoding="utf-8"))["jobs"]
        found = jobs[table.stem]
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # a table that was moved or made elsewhere says nothing about itself
    return found if isinstance(found, dict) else {}


def section(result: DifferentialExpression, inputs: dict[str, str]) -> Section:
    """Lay out a result."""
    return Section(
        job="expression",
        title="Gene expression",
        sentences=_sentences(result),
        tables=(_table(result),),
        figures=_figures(result),
        findings=findings(result),
        csv={"expression.csv": table(result)},
        tests=(count(result),),
        notices=result.notices,
        inputs=inputs,
    )


def table(result: DifferentialExpression) -> tuple[list[str], list[tuple]]:
    """Header and rows of ``expression.csv``, sorted by p."""
    columns = (result.log_fc, result.average, result.t, result.p, result.p_adjusted)
    return COLUMNS, list(zip(result.genes, *(column.tolist() for column in columns), strict=True))


def count(result: DifferentialExpression) -> TestCount:
    """How many genes were tested, and found."""
    return TestCount(
        what=f"genes, {result.contrast}",
        groups=sizes_text(result.sizes),
        tests=int(np.isfinite(result.p).sum()),
        found=int((result.p < 0.05).sum()),
        surviving=int(result.significant.sum()),
        correction=_rule(result),
    )


def _rule(result: DifferentialExpression) -> str:
    limits = result.thresholds
    if result.folds and not result.method.beyond and limits.log_fc > 0:
        return f"adjusted p below {limits.fdr:g} and log fold change beyond {limits.log_fc:g}"
    return f"adjusted p below {limits.fdr:g}"


def findings(result: DifferentialExpression) -> dict[str, Any]:
    """The part of ``associations.json``."""
    return {
        "contrast": result.contrast,
        "groups": result.sizes,
        "data": result.data,
        "genes": result.total,
        "tested": len(result.genes),
        "up": len(result.up),
        "down": len(result.down),
        "log_fc_threshold": result.thresholds.log_fc if result.folds else None,
        "fdr": result.thresholds.fdr,
        "prior_df": result.prior_df,
        "model": list(result.columns),
        "steps": list(result.steps),
    }


def _sentences(result: DifferentialExpression) -> tuple[str, ...]:
    unit = {Z_SCORES: "differences of z-scores, which are no fold changes, so that no threshold is set on them"}
    direction = (
        f"A positive change is higher in {result.first}" if result.first else "A positive change rises with the score"
    )
    adjusted = list(result.columns[2:])
    model = f" Adjusted for {', '.join(adjusted)}." if adjusted else ""
    found = (
        f"{len(result.up)} genes are higher and {len(result.down)} lower in {result.first}"
        if result.first
        else f"{len(result.up)} genes rise and {len(result.down)} fall with the score"
    )
    of = sizes_text(result.sizes)
    scale = unit.get(
        result.data, "base 2 logarithms of the ratio" if result.first else "base 2 logarithms a unit of the score"
    )
    return (
        f"Contrast: {result.contrast} ({of}). {found} ({_rule(result)}), of {len(result.genes):,} tested of "
        f"{result.total:,} in the matrix. {direction}; changes are {scale}.{model}",
        "How: " + "; ".join(result.steps) + ".",
    )


def _table(result: DifferentialExpression) -> Table:
    rows = tuple(
        (gene, f"{change:.3f}", f"{average:.2f}", f"{t:.2f}", small_p(p), small_p(adjusted))
        for gene, change, average, t, p, adjusted in zip(
            result.genes[:_ON_PAGE], result.log_fc, result.average, result.t, result.p, result.p_adjusted, strict=False
        )
    )
    header = ("gene", "change", "average", "moderated t", "p", "adjusted p")
    return Table(
        header, rows, f"The {len(rows)} genes of smallest p", frozenset(range(1, 6)), "All genes: expression.csv."
    )


def _figures(result: DifferentialExpression) -> dict[str, Figure]:
    least = result.thresholds.log_fc if result.folds and not result.method.beyond else None
    axis = (
        "log2 fold change"
        if result.folds
        else "change of the z-score"
        if result.first
        else "change a unit of the score"
    )
    png = plots.volcano(
        result.log_fc, result.p, result.p_adjusted, result.genes, least=least or None, fdr=result.thresholds.fdr,
        axis=f"{axis}, {result.contrast}",
    )  # fmt: skip
    where = f"Dashed: adjusted p {result.thresholds.fdr:g}" + (f" and fold change {least:g}." if least else ".")
    figures = {
        "expression_volcano": Figure(png, f"Volcano plot of {len(result.genes)} genes, {result.contrast}", where)
    }
    shown = np.flatnonzero(result.significant)[:_ON_HEATMAP]
    kind = "that pass the thresholds"
    if shown.size < 4:
        shown, kind = (
            np.arange(min(_ON_HEATMAP, len(result.genes))),
            "of smallest p, though few or none pass the thresholds",
        )
    if shown.size >= 2:
        png = plots.expression_heatmap(result.values[shown], [result.genes[at] for at in shown], result.groups)
        text = f"The {shown.size} genes {kind}; z-scores of each gene. Chosen for differing, they look as if they did."
        figures["expression_heatmap"] = Figure(png, f"Heatmap of {shown.size} genes by group", text)
    return figures
