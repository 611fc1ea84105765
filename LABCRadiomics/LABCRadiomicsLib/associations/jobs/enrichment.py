"""The job ``enrichment``: gene sets over-represented among the differentially expressed genes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...notices import Notice
from ...plots import associations as plots
from ...report.page import Figure, Table
from ...step_options import EnrichmentOptions
from ...tables.csv_table import read_table
from ..differential_expression import NoDifferentialGenesError
from ..expression_matrix import Z_SCORES
from ..gene_sets import GeneSets, read_gene_sets, require_same_names
from ..options import hashes
from ..over_representation import OverRepresentation, over_representation
from ..section import CsvTable, Section, TestCount, small_p
from .expression import expression_beside

COLUMNS = ["set", "overlap", "set_size", "query", "universe", "p", "p_adjusted", "genes"]
FDR = 0.05
_ON_PAGE = 15


@dataclass(frozen=True)
class Enrichment:
    """Result: sets by direction of the genes.

    Attributes
    ----------
    tested : int
        Genes that were tested.
    annotated : int
        Of these, genes in any set: the universe.
    chosen : dict of str to int
        Genes that pass the thresholds, by direction.
    results : dict of str to tuple of OverRepresentation
    main : str
        The direction asked for.
    source : str
    rule : str
    contrast : str
        What a positive change means, in words; empty where the table does not say.
    notices : tuple of Notice
    """

    tested: int
    annotated: int
    chosen: dict[str, int]
    results: dict[str, tuple[OverRepresentation, ...]]
    main: str
    source: str
    rule: str
    contrast: str
    notices: tuple[Notice, ...]


def run(options: EnrichmentOptions) -> Section:
    """Do the job; errors as :func:`.expression.run`."""
    return section(enrich(options), hashes(files(options)))


def files(options: EnrichmentOptions) -> tuple[Path, ...]:
    """Every file the job reads."""
    return options.expression, read_gene_sets(options.sets).path


def enrich(options: EnrichmentOptions) -> Enrichment:
    """The result alone."""
    genes, change, adjusted = read_differential(options.expression)
    sets = read_gene_sets(options.sets)
    remarks = require_same_names(sets, genes, options.expression.name)
    beside = expression_beside(options.expression)
    least = options.log_fc if options.log_fc is not None else 0.0 if beside.get("data") == Z_SCORES else 1.0
    significant = (adjusted < options.fdr) & (np.abs(change) > least)
    chosen = {
        name: [genes[at] for at in np.flatnonzero(significant & side)]
        for name, side in (("both", change != 0), ("up", change > 0), ("down", change < 0))
    }
    rule = f"adjusted p below {options.fdr:g}" + (f" and log fold change beyond {least:g}" if least else "")
    if not chosen["both"]:
        raise NoDifferentialGenesError(
            f"{options.expression}: no gene has an {rule}, so no set can be over-represented; choose other "
            "thresholds with --fdr and --log-fc, or use gsea, which needs none."
        )
    results = {
        name: over_representation(chosen[name], genes, sets.sets, least=options.min_size, most=options.max_size)
        for name in chosen
    }
    notices = [Notice("names-differ", text) for text in remarks]
    return Enrichment(
        len(genes), len(set(genes) & sets.genes), {name: len(part) for name, part in chosen.items()}, results,
        options.direction, sets.source, rule, str(beside.get("contrast", "")),
        (*notices, *_remarks(sets, results, options)),
    )  # fmt: skip


def _remarks(
    sets: GeneSets, results: dict[str, tuple[OverRepresentation, ...]], options: EnrichmentOptions
) -> list[Notice]:
    tested = len(results[options.direction])
    left = len(sets.sets) - tested
    if not left:
        return []
    text = (
        f"{left} of {len(sets.sets)} sets were not tested: fewer than {options.min_size} or more than "
        f"{options.max_size} tested genes, or none of the chosen."
    )
    return [Notice("sets-skipped", text)]


def read_differential(path: Path) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Read genes, changes and adjusted p values of ``expression.csv``.

    Raises
    ------
    CohortError
        A column is missing or a cell unusable.
    """
    table = read_table(path)
    genes = table.unique("gene")
    change = table.numbers("log_fc", allow_missing=True)
    adjusted = table.numbers("p_adjusted", allow_missing=True)
    for row, value in zip(table.row_numbers, adjusted, strict=True):
        if value < 0 or value > 1:
            raise table.fault(row, "p_adjusted", f"{value:g} is no probability")
    return genes, change, adjusted


def section(result: Enrichment, inputs: dict[str, str]) -> Section:
    """Lay out a result."""
    csv: dict[str, CsvTable] = {"enrichment.csv": table(result.results[result.main])}
    if result.main == "both":
        csv |= {f"enrichment_{name}.csv": table(result.results[name]) for name in ("up", "down")}
    shown = ("up", "down") if result.main == "both" else (result.main,)
    tables = tuple(_table(result, name) for name in shown if result.results[name])
    return Section(
        job="enrichment",
        title="Over-represented gene sets",
        sentences=_sentences(result),
        tables=tables,
        figures={f"enrichment_{name}": _figure(result, name) for name in shown if result.results[name]},
        findings=findings(result),
        csv=csv,
        tests=tuple(_count(result, name) for name in shown),
        notices=result.notices,
        inputs=inputs,
    )


def table(rows: tuple[OverRepresentation, ...]) -> CsvTable:
    """Header and rows of ``enrichment.csv``."""
    return COLUMNS, [
        (one.set, one.overlap, one.set_size, one.query, one.universe, one.p, one.p_adjusted, "/".join(one.genes))
        for one in rows
    ]


def _count(result: Enrichment, name: str) -> TestCount:
    rows = result.results[name]
    return TestCount(
        what=f"gene sets among genes that are {_words(result, name)}",
        groups=f"{result.chosen[name]} of {result.tested:,} genes",
        tests=len(rows),
        found=sum(one.p < 0.05 for one in rows),
        surviving=sum(one.p_adjusted < FDR for one in rows),
        correction=f"adjusted p below {FDR:g}",
    )


def findings(result: Enrichment) -> dict[str, Any]:
    """The part of ``associations.json``."""
    return {
        "tested": result.tested,
        "universe": result.annotated,
        "chosen": result.chosen,
        "rule": result.rule,
        "sets_source": result.source,
        "sets": {name: len(rows) for name, rows in result.results.items()},
        "significant": {name: sum(one.p_adjusted < FDR for one in rows) for name, rows in result.results.items()},
    }


def _sentences(result: Enrichment) -> tuple[str, ...]:
    chosen = result.chosen
    first, _, second = result.contrast.partition(" minus ")
    direction = f" Contrast: {result.contrast}; a gene that is higher is so in {first}." if second else ""
    return (
        f"{chosen['both']} genes have an {result.rule}: {chosen['up']} higher, {chosen['down']} lower. Each set of "
        f"{result.source} is asked whether more of them belong to it than chance would have it.{direction}",
        f"The universe is the {result.annotated:,} of {result.tested:,} tested genes that are in any set "
        "(as clusterProfiler restricts it too): genes without annotation count neither way. The test takes genes for "
        "independent, which those of a pathway are not, so p is too small.",
    )


def _words(result: Enrichment, name: str) -> str:
    where = f" in {result.contrast.partition(' minus ')[0]}" if " minus " in result.contrast else ""
    return {"both": "higher or lower", "up": "higher", "down": "lower"}[name] + where


def _table(result: Enrichment, name: str) -> Table:
    rows = result.results[name]
    body = tuple(
        (one.set, f"{one.overlap} of {one.set_size}", f"{one.overlap / one.query:.1%}",
         f"{one.set_size / one.universe:.1%}", small_p(one.p), small_p(one.p_adjusted))
        for one in rows[:_ON_PAGE]
    )  # fmt: skip
    header = ("set", "genes", "of the chosen", "of the universe", "p", "adjusted p")
    return Table(
        header,
        body,
        f"Genes that are {_words(result, name)}: the {len(body)} sets of smallest p",
        frozenset(range(1, 6)),
    )


def _figure(result: Enrichment, name: str) -> Figure:
    shown = result.results[name][: plots.MOST_BARS]
    png = plots.over_represented(
        [one.set for one in shown], [one.overlap / one.query for one in shown], [one.p_adjusted for one in shown],
        [one.overlap for one in shown],
    )  # fmt: skip
    words = f"enes that are {_words(result, name)}"
    return Figure(png, f"Over-represented gene sets among g{words}", f"G{words}.")
