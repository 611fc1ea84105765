"""The job ``purity``: stroma, immune cells and tumor purity by ESTIMATE."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...notices import Notice
from ...sentences import listed, many
from ...step_options import PurityOptions
from ..estimate import Estimate, estimate_scores, signatures
from ..expression_matrix import read_expression, repeated_notice, sample_values, understood
from ..measurements import MeasureTest, compare_measures
from ..options import group_files, hashes
from ..samples import Samples
from ..scored_samples import compared, scored_samples
from ..section import Section, small_p
from .common import box_figure, measure_count, measure_table, shown_table

COLUMNS = ["case", "stromal", "immune", "estimate", "purity"]
AFFYMETRIX = (
    "The formula of the purity was fitted to Affymetrix arrays; on RNA-seq and other platforms its values "
    "have no scale, "
    "only an order."
)


def run(options: PurityOptions) -> Section:
    """Do the job; errors as :func:`.expression.run`."""
    matrix, data = understood(read_expression(options.matrix, options.gene_names))
    samples = scored_samples(matrix.columns, options, matrix.path.name, matrix.genes)
    found = estimate_scores(matrix, sample_values(matrix, samples, data))
    notices = [*matrix.notices, *samples.notices, *repeated_notice(samples, data), Notice("affymetrix", AFFYMETRIX)]
    notices += _remarks(found)
    values = np.column_stack([found.stromal, found.immune, found.total, found.purity])
    csv = {"purity.csv": (COLUMNS, [(case, *row) for case, row in zip(samples.cases, values.tolist(), strict=True)])}
    findings = {
        "cases": len(samples.cases),
        "common_genes": found.genes,
        "missing_signature_genes": {name: list(genes) for name, genes in found.missing.items()},
    }
    sentences = [
        f"ESTIMATE ranks the {found.genes:,} of its 10,412 common genes that the matrix has within each of "
        f"{len(samples.cases)} samples. The larger a score, the more stroma or immune cells; the larger their sum, the "
        "smaller the purity. Another list of common genes gives other scores."
    ]
    pair = compared(samples, options, matrix.path.name)
    if pair is None:
        return Section("purity", "Tumor purity", tuple(sentences), (), {}, findings, csv, (), tuple(notices),
                       hashes(files(options)))  # fmt: skip
    names = ("stromal score", "immune score", "ESTIMATE score", "purity")
    tests = compare_measures(names, values[samples.rows(pair.first)], values[samples.rows(pair.second)])
    csv["purity_groups.csv"] = measure_table(tests, "score")
    sentences.append(_compared(tests, samples, pair.words))
    return Section(
        job="purity",
        title="Tumor purity",
        sentences=tuple(sentences),
        tables=(shown_table(tests, pair, "score"),),
        figures={
            "purity": box_figure(tests, values, samples, pair, "ESTIMATE's scores", "Stroma, immune cells, purity")
        },
        findings={**findings, "contrast": pair.words, "groups": dict(_sizes(samples))},
        csv=csv,
        tests=(measure_count(tests, "scores of ESTIMATE", pair, samples),),
        notices=tuple(notices),
        inputs=hashes(files(options)),
    )


def files(options: PurityOptions) -> tuple[Path, ...]:
    """Every file the job reads."""
    return (options.matrix, *group_files(options), *((options.gene_names,) if options.gene_names else ()))


def _sizes(samples: Samples) -> list[tuple[str, int]]:
    return [(name, int(samples.rows(name).sum())) for name in dict.fromkeys(samples.groups)]


def _compared(tests: MeasureTest, samples: Samples, words: str) -> str:
    least = float(np.nanmin(tests.groups.wilcoxon_p))
    sizes = ", ".join(f"{name} {count}" for name, count in _sizes(samples))
    return f"Contrast: {words} ({sizes}). Smallest p of the four scores: {small_p(least)} (Wilcoxon, uncorrected)."


def _remarks(found: Estimate) -> list[Notice]:
    notices = []
    for name, genes in found.missing.items():
        if genes:
            of = f"{len(genes)} of the {len(signatures()[name])} genes of ESTIMATE's {name}"
            text = f"Missing: {of} ({listed(genes)})."
            notices.append(Notice("signature-genes", text))
    below = int(np.isnan(found.purity).sum())
    if below:
        notices.append(
            Notice("purity-below-0", f"Without a purity, since the formula gives less than 0: {many(below, 'sample')}.")
        )
    return notices
