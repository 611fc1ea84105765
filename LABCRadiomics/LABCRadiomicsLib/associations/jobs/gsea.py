"""The job ``gsea``: which gene sets gather at an end of the ranking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...plots import associations as plots
from ...report.page import Figure, Table
from ...sentences import listed
from ...step_options import GseaOptions
from ..gene_set_enrichment import (
    GeneSetEnrichment,
    SetResult,
    enrich_sets,
    read_ranking,
)
from ..gene_sets import read_gene_sets
from ..options import hashes
from ..section import Section, TestCount, small_p
from .expression import expression_beside

COLUMNS = ["set", "size", "es", "nes", "p", "p_adjusted", "leading_edge"]
CAMERA_COLUMNS = ["set", "size", "direction", "p", "p_adjusted", "rank_direction", "rank_p", "rank_p_adjusted"]
FDR = 0.05
_ON_PAGE = 20
_CURVES = 6


def run(options: GseaOptions) -> Section:
    """Do the job; errors as :func:`.expression.run`."""
    return section(enrich(options), hashes(files(options)))


def enrich(options: GseaOptions) -> GeneSetEnrichment:
    """The result alone."""
    return enrich_sets(
        read_ranking(options.ranks), read_gene_sets(options.sets),
        contrast=options.contrast or expression_beside(options.ranks).get("contrast", ""), weight=options.weight,
        permutations=options.permutations, seed=options.seed, least=options.min_size, most=options.max_size,
    )  # fmt: skip


def files(options: GseaOptions) -> tuple[Path, ...]:
    """Every file the job reads."""
    return options.ranks, read_gene_sets(options.sets).path


def section(result: GeneSetEnrichment, inputs: dict[str, str]) -> Section:
    """Lay out a result."""
    return Section(
        job="gsea",
        title="Gene set enrichment",
        sentences=_sentences(result),
        tables=(_table(result),),
        figures=_figures(result),
        findings=findings(result),
        csv={"gsea.csv": table(result), "gsea_camera.csv": camera_table(result)},
        tests=count(result),
        notices=result.notices,
        inputs=inputs,
    )


def table(result: GeneSetEnrichment) -> tuple[list[str], list[tuple]]:
    """Header and rows of ``gsea.csv``."""
    rows = [
        (one.set, one.size, one.es, one.nes, one.p, one.p_adjusted, " ".join(one.leading_edge))
        for one in result.results
    ]
    return COLUMNS, rows


def camera_table(result: GeneSetEnrichment) -> tuple[list[str], list[tuple]]:
    """Header and rows of ``gsea_camera.csv``."""
    rows = [
        (one.set, one.size, one.camera.direction, one.camera.p, one.camera_p_adjusted, one.camera.rank_direction,
         one.camera.rank_p, one.camera_rank_p_adjusted)
        for one in result.results
    ]  # fmt: skip
    return CAMERA_COLUMNS, rows


def count(result: GeneSetEnrichment) -> tuple[TestCount, ...]:
    """How many sets were tested, and found, by both tests."""
    of = f"{result.genes:,} genes ranked"
    where = f", {result.contrast}" if result.contrast else ""
    p, camera = [one.p for one in result.results], [one.camera.p for one in result.results]
    rule = f"adjusted p below {FDR:g}"
    return (
        TestCount(f"gene sets by GSEA{where}", of, len(p), sum(one < 0.05 for one in p),
                  sum(one.p_adjusted < FDR for one in result.results), rule),
        TestCount(f"gene sets by CAMERA{where}", of, len(camera), sum(one < 0.05 for one in camera),
                  sum(one.camera_p_adjusted < FDR for one in result.results), rule),
    )  # fmt: skip


def findings(result: GeneSetEnrichment) -> dict[str, Any]:
    """The part of ``associations.json``."""
    return {
        "contrast": result.contrast or None,
        "statistic": result.ranking.column,
        "genes": result.genes,
        "sets": len(result.results),
        "sets_source": result.source,
        "skipped": [{"set": name, "size": size} for name, size in result.skipped],
        "weight": result.weight,
        "permutations": result.permutations,
        "seed": result.seed,
        "smallest_possible_p": 1 / (min((one.same_sign for one in result.results), default=0) + 1),
        "significant": sum(one.p_adjusted < FDR for one in result.results),
        "camera_significant": sum(one.camera_p_adjusted < FDR for one in result.results),
    }


def _sentences(result: GeneSetEnrichment) -> tuple[str, ...]:
    direction = (
        f"A positive score: the set's genes are higher in {result.contrast.partition(' minus ')[0]} "
        f"({result.contrast})."
        if " minus " in result.contrast
        else "A positive score: the set's genes gather where the statistic is largest."
    )
    sure = [one for one in result.results if one.p_adjusted < FDR]
    up = sum(one.es > 0 for one in sure)
    return (
        f"{len(sure)} of {len(result.results)} sets have an adjusted p below {FDR:g}: {up} with a positive and "
        f"{len(sure) - up} with a negative score, in a ranking of {result.genes:,} genes. {direction}",
        f"p is (b + 1) / (m + 1): of m random sets of the same size and sign, b score as far from zero. With "
        f"{result.permutations:,} random sets (seed {result.seed}) it cannot be smaller than about "
        f"{2 / result.permutations:.1g}, and is never 0. Random sets are sets of independent genes; genes of a pathway "
        "are not, so these p values are too small. CAMERA beside it allows for that (correlation 0.01) and has no "
        "chance in it.",
    )


def _table(result: GeneSetEnrichment) -> Table:
    rows = tuple(_row(one) for one in result.results[:_ON_PAGE])
    header = ("set", "genes (of)", "score", "normalized", "p", "adjusted p", "CAMERA adjusted p", "leading edge")
    note = "Genes in the ranking, of those in the file. All sets with leading edges: gsea.csv; CAMERA: gsea_camera.csv."
    return Table(header, rows, f"The {len(rows)} sets of smallest p", frozenset(range(1, 7)), note)


def _row(one: SetResult) -> tuple[str, ...]:
    edge = listed(one.leading_edge, 3)
    nes = f"{one.nes:.2f}" if one.nes == one.nes else ""
    numbers = (f"{one.es:.3f}", nes, small_p(one.p), small_p(one.p_adjusted), small_p(one.camera_p_adjusted))
    return one.set.replace("_", "_\u200b"), f"{one.size} ({len(one.genes)})", *numbers, edge


def _figures(result: GeneSetEnrichment) -> dict[str, Figure]:
    known = [one for one in result.results if one.nes == one.nes][: plots.MOST_BARS]
    figures = {}
    if known:
        png = plots.set_bars([one.set for one in known], [one.nes for one in known], [one.p_adjusted for one in known],
                             "normalized enrichment score", FDR)  # fmt: skip
        figures["gsea_scores"] = Figure(
            png, f"Normalized enrichment scores of {len(known)} gene sets", "The sets of smallest p."
        )
    first, _, second = result.contrast.partition(" minus ")
    ends = (f"higher in {first}", f"higher in {second}") if second else ("largest statistic", "smallest statistic")
    curves = []
    for one in result.results[:_CURVES]:
        words = f"score {one.es:.2f}, p {small_p(one.p)}, adjusted {small_p(one.p_adjusted)}, {one.size} genes"
        curves.append((one.set, *result.curve(one.genes), words))
    png = plots.running_sums(curves, ends)
    figures["gsea_running_sums"] = Figure(
        png, f"Running sums of {len(curves)} gene sets", "Ticks: the set's genes in the ranking."
    )
    return figures
