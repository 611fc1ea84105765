"""The job ``immunophenoscore``: antigen presentation, effector and suppressor cells, checkpoints, and their sum."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...notices import Notice
from ...sentences import listed, many
from ...step_options import ImmunophenoscoreOptions
from ..expression_matrix import COUNTS, read_expression, repeated_notice, understood
from ..immunophenoscore import SCORES, Immunophenoscore, immunophenoscores
from ..measurements import compare_measures
from ..options import group_files, hashes
from ..scored_samples import compared, scored_samples
from ..section import Section, sizes_text, small_p
from .common import box_figure, measure_count, measure_table, shown_table

_WORDS = ("MHC: antigen presentation", "EC: effector cells", "SC: suppressor cells", "CP: checkpoints", "AZ: their sum",
          "IPS, 0 to 10")  # fmt: skip
_SCALE = {
    COUNTS: "Counts were turned into log2(CPM + 1); the score is made for log2(TPM + 1), which gives other values.",
}


def run(options: ImmunophenoscoreOptions) -> Section:
    """Do the job; errors as :func:`.expression.run`."""
    matrix, data = understood(read_expression(options.matrix, options.gene_names), options.data)
    samples = scored_samples(matrix.columns, options, matrix.path.name, matrix.genes)
    found = immunophenoscores(matrix, samples.combined(matrix.values, total=data == COUNTS), data)
    notices = [
        *matrix.notices,
        *samples.notices,
        *repeated_notice(samples, data),
        *_remarks(found, data, len(matrix.genes)),
    ]
    values = found.matrix()
    header = ["case", *SCORES]
    csv = {"immunophenoscore.csv": (header, [(c, *row) for c, row in zip(samples.cases, values.tolist(), strict=True)])}
    findings = {"cases": len(samples.cases), "data": data, "missing_genes": list(found.missing)}
    sentences = [
        f"Immunophenoscore of {len(samples.cases)} samples: weighted z-scores of the genes of antigen presentation, "
        "effector cells, suppressor cells (negative), and checkpoints, taken over all genes of a sample; "
        "their sum times "
        "10/3 makes the score from 0 to 10."
    ]
    pair = compared(samples, options, matrix.path.name)
    if pair is None:
        return Section("immunophenoscore", "Immunophenoscore", tuple(sentences), (), {}, findings, csv, (),
                       tuple(notices), hashes(files(options)))  # fmt: skip
    tests = compare_measures(_WORDS, values[samples.rows(pair.first)], values[samples.rows(pair.second)])
    csv["immunophenoscore_groups.csv"] = measure_table(tests, "score")
    sizes = {name: int(samples.rows(name).sum()) for name in dict.fromkeys(samples.groups)}
    least = float(np.nanmin(tests.groups.wilcoxon_p)) if np.isfinite(tests.groups.wilcoxon_p).any() else None
    sentences.append(
        f"Contrast: {pair.words} ({sizes_text(sizes)}). Smallest p of the six scores: {small_p(least)} "
        f"(Wilcoxon, uncorrected)."
    )
    return Section(
        job="immunophenoscore",
        title="Immunophenoscore",
        sentences=tuple(sentences),
        tables=(shown_table(tests, pair, "score"),),
        figures={"immunophenoscore": box_figure(tests, values, samples, pair, "score", "Immunophenoscore", columns=3)},
        findings={**findings, "contrast": pair.words, "groups": sizes},
        csv=csv,
        tests=(measure_count(tests, "immunophenoscores", pair, samples),),
        notices=tuple(notices),
        inputs=hashes(files(options)),
    )


def files(options: ImmunophenoscoreOptions) -> tuple[Path, ...]:
    """Every file the job reads."""
    return (options.matrix, *group_files(options), *((options.gene_names,) if options.gene_names else ()))


def _remarks(found: Immunophenoscore, data: str, genes: int) -> list[Notice]:
    notices = [Notice("ips-scale", _SCALE[data])] if data in _SCALE else []
    if genes < 10_000:
        text = f"The matrix has {genes:,} genes: the score's z-scores need those of a whole transcriptome."
        notices.append(Notice("ips-few-genes", text))
    if found.missing:
        notices.append(
            Notice(
                "ips-genes",
                f"Missing: {many(len(found.missing), 'gene')} of the immunophenoscore ({listed(found.missing)}).",
            )
        )
    if found.missing_mhc:
        text = (
            f"Among them genes of antigen presentation ({', '.join(found.missing_mhc)}): MHC and IPS are not to "
            f"be trusted."
        )
        notices.append(Notice("ips-mhc", text))
    return notices
