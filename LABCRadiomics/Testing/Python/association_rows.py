"""The rows of the table of associations against R, and the inputs that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from association_examples import expected, numbers
from LABCRadiomicsLib.associations.differential_expression import Method, compare_expression
from LABCRadiomicsLib.associations.expression_matrix import read_expression
from LABCRadiomicsLib.associations.gene_set_enrichment import Ranking
from LABCRadiomicsLib.associations.gene_sets import read_gene_sets
from LABCRadiomicsLib.associations.groups import read_groups, read_scores
from LABCRadiomicsLib.associations.normalization import expressed, scaling_factors

SMALL = 1e-4  # changes and statistics may be zero: below this, differences are relative to it

Pairs = Iterable[tuple[object, object]]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    statistic: str
    r: str
    tolerance: float
    compare: Callable[[Path], Pairs]

    def difference(self, folder: Path) -> float:
        return _difference(self, folder)


@cache
def _difference(row: Row, folder: Path) -> float:
    return max(distance(ours, reference) for ours, reference in row.compare(folder))


def distance(ours: object, reference: object) -> float:
    """Largest relative difference; texts and lists of texts have to be the same."""
    if isinstance(reference, (str, set)) or (isinstance(reference, list) and isinstance(reference[0], (str, tuple))):
        assert ours == reference
        return 0.0
    ours, reference = np.asarray(ours, float), np.asarray(reference, float)
    assert ours.shape == reference.shape and np.array_equal(np.isnan(ours), np.isnan(reference))
    known = ~np.isnan(reference)
    scale = np.maximum(np.abs(reference[known]), np.finfo(float).tiny)
    gap = np.abs(ours[known] - reference[known])
    return float(np.where(gap == 0, 0, gap / scale).max(initial=0))


def about(values: object) -> np.ndarray:
    """Values that may be zero, moved away from it, so that a relative difference means something."""
    values = np.asarray(values, float)
    return np.where(np.abs(values) < SMALL, SMALL + values, values)


ROWS: list[Row] = []


def row(statistic: str, r: str, tolerance: float) -> Callable:
    def add(compare: Callable[[Path], Pairs]) -> Callable[[Path], Pairs]:
        ROWS.append(Row(statistic, r, tolerance, compare))
        return compare

    return add


# Inputs --------------------------------------------------------------------------------------------------------------


def inputs(folder: Path) -> Path:
    return folder / "associations" / "inputs"


@cache
def er_matrix(folder: Path):
    return read_expression(inputs(folder) / "er_counts.tsv.gz")


@cache
def mirna_matrix(folder: Path):
    """Normal samples first, as R had them: the order decides ties."""
    matrix = read_expression(inputs(folder) / "chol_mirna_counts.tsv.gz")
    order = np.argsort([-int(name[13:15]) for name in matrix.columns], kind="stable")
    return matrix, order, (np.array([matrix.columns[at][13:15] for at in order]) == "01") * 1.0


@cache
def counted(folder: Path, tag: str):
    """Counts kept, factors, design of the ER and miRNA comparisons."""
    if tag == "er":
        matrix, groups = er_matrix(folder), expected_groups(folder)
        values, first = matrix.values, np.array([groups[name] == "ER_positive" for name in matrix.columns]) * 1.0
    else:
        matrix, order, first = mirna_matrix(folder)
        values = matrix.values[:, order]
    design = np.column_stack([np.ones(first.size), first])
    kept = expressed(values, design)
    return values, kept, design, scaling_factors(values[kept]), matrix.genes


@cache
def expected_groups(folder: Path) -> dict[str, str]:
    table = (inputs(folder) / "er_groups.csv").read_text().splitlines()[1:]
    return dict(line.split(",") for line in table)


@cache
def er_result(folder: Path, **method):
    return compare_expression(
        er_matrix(folder), read_groups(inputs(folder) / "er_groups.csv"), "ER_positive-ER_negative", Method(**method)
    )


def scores(folder: Path):
    return read_scores(folder / "associations" / "expected" / "mri_score.csv")


def by_gene(result, reference: dict[str, list[str]], id: str = "gene") -> np.ndarray:
    """Rows of the result in R's order."""
    place = {gene: at for at, gene in enumerate(result.genes)}
    assert set(place) == set(reference[id])
    return np.array([place[gene] for gene in reference[id]])


def table_pairs(result, reference: dict[str, list[str]], id: str = "gene") -> Pairs:
    at = by_gene(result, reference, id)
    yield about(result.log_fc[at]), about(numbers(reference["logFC"]))
    yield about(result.average[at]), about(numbers(reference["AveExpr"]))
    yield about(result.t[at]), about(numbers(reference["t"]))
    yield result.p[at], numbers(reference["P.Value"])
    yield result.p_adjusted[at], numbers(reference["adj_P"])


def hallmark(folder: Path):
    return read_gene_sets(inputs(folder) / "hallmark_v7.0.symbols.gmt")


def ranking(folder: Path, tag: str) -> Ranking:
    table = expected(folder, f"{tag}_gsea_rank.csv.gz")
    return Ranking(tuple(table["gene"]), numbers(table["stat"]), "stat", tag, ())
