"""Which gene sets gather at an end of a ranking of genes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from ..errors import CohortError
from ..notices import Notice
from ..sentences import many
from ..statistics.baseline_table import benjamini_hochberg
from ..step_options import LEAST_SIZE, MOST_SIZE, PERMUTATIONS
from ..tables.csv_table import read_table
from .competitive_tests import CompetitiveTest, camera
from .enrichment_scores import enrichment_score, null_scores, ranking_order, running_sum
from .gene_sets import GeneSets, require_same_names
from .identifiers import clean_gene_names

_STATISTICS = ("stat", "t", "rank", "score", "log_fc")


@dataclass(frozen=True)
class Ranking:
    """Genes with a statistic, as read.

    Attributes
    ----------
    genes : tuple of str
    statistics : ndarray, shape (n,)
    column : str
        Which column the statistic was.
    source : str
    notices : tuple of Notice
    """

    genes: tuple[str, ...]
    statistics: np.ndarray
    column: str
    source: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class SetResult:
    """One gene set.

    Attributes
    ----------
    set : str
    size : int
        Its genes that are in the ranking.
    genes : tuple of str
        All its genes in the file.
    es, nes : float
        Enrichment score, and over the mean of random sets' of its sign and size.
    p, p_adjusted : float
        (b + 1) / (m + 1) of m random sets of the same sign; Benjamini and Hochberg over the sets tested.
    same_sign : int
        m.
    leading_edge : tuple of str
        The genes that make the score, the farthest out first.
    camera : CompetitiveTest
    camera_p_adjusted, camera_rank_p_adjusted : float
    """

    set: str
    size: int
    genes: tuple[str, ...]
    es: float
    nes: float
    p: float
    p_adjusted: float
    same_sign: int
    leading_edge: tuple[str, ...]
    camera: CompetitiveTest
    camera_p_adjusted: float
    camera_rank_p_adjusted: float


@dataclass(frozen=True)
class GeneSetEnrichment:
    """Result of one ranking, sets sorted by p and score.

    Attributes
    ----------
    contrast : str
        What a positive score means, in words; empty where the ranking does not say.
    results : tuple of SetResult
    genes : int
        Genes ranked.
    order : ndarray of int
        Genes by rank.
    ranking : Ranking
    weight : float
        Exponent of the statistic: 1 weighted, 0 not.
    permutations, seed : int
    source : str
        Of the sets.
    skipped : tuple of (str, int)
        Sets left out for their size in the ranking.
    notices : tuple of Notice
    """

    contrast: str
    results: tuple[SetResult, ...]
    genes: int
    order: np.ndarray
    ranking: Ranking
    weight: float
    permutations: int
    seed: int
    source: str
    skipped: tuple[tuple[str, int], ...]
    notices: tuple[Notice, ...]

    def curve(self, genes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Running sum of a set, and the places of its genes, for a figure."""
        wanted = set(genes)
        places = np.array([at for at, gene in enumerate(self.order) if self.ranking.genes[gene] in wanted])
        return running_sum(np.abs(self.ranking.statistics[self.order]) ** self.weight, places), places


def read_ranking(path: str | os.PathLike[str]) -> Ranking:
    """Read ``gene,stat``, a table of :func:`.differential_expression`, or a file of two columns without a header.

    Raises
    ------
    CohortError
        The file is unusable, or has fewer than three genes with a statistic.
    """
    table = read_table(path)
    column = next((name for name in _STATISTICS if name in table.names), None)
    headless = column is None and len(table.names) == 2 and _is_number(table.names[1])
    if headless:
        gene_column, column = table.names
    else:
        gene_column = "gene" if "gene" in table.names else table.names[0]
        if column is None:
            column = "stat"  # missing: the table says so by name
    values = table.numbers(column, allow_missing=True)
    raw = table.texts(gene_column)
    if headless:  # what was taken for the header is the first gene
        raw, values, column = (gene_column, *raw), np.concatenate(([float(column)], values)), "second column"
    cleaned = clean_gene_names(raw)
    notices = [Notice(code, text) for code, text in cleaned.remarks]
    known = [at for at in range(values.size) if np.isfinite(values[at]) and cleaned.names[at]]
    if values.size - len(known):
        notices.append(
            Notice("gene-without-statistic", f"Left out: {many(values.size - len(known), 'gene')} without a statistic.")
        )
    best: dict[str, int] = {}
    for at in known:
        name = cleaned.names[at]
        if name not in best or abs(values[at]) > abs(values[best[name]]):
            best[name] = at
    if len(best) < len(known):
        text = (
            f"{many(len(known) - len(best), 'row')} repeat a gene; of each gene, the statistic farthest from zero "
            f"was kept."
        )
        notices.append(Notice("gene-repeated", text))
    if len(best) < 3:
        raise CohortError(f"{table.path}: {len(best)} genes have a statistic; a ranking needs more.")
    if np.ptp(values[list(best.values())]) == 0:
        raise CohortError(
            f"{table.path}, column {column}: all genes have the same statistic; there is nothing to rank."
        )
    rows = sorted(best.values())
    return Ranking(tuple(cleaned.names[at] for at in rows), values[rows], column, table.path.name, tuple(notices))


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def enrich_sets(
    ranking: Ranking,
    sets: GeneSets,
    *,
    contrast: str = "",
    weight: float = 1.0,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    least: int = LEAST_SIZE,
    most: int = MOST_SIZE,
) -> GeneSetEnrichment:
    """Score and test every set.

    Parameters
    ----------
    ranking : Ranking
        Ties stay in the order of the file.
    sets : GeneSets
    contrast : str
        What the statistics compare, in words.
    weight : float
        1 for GSEA's weighted score, 0 for the unweighted one (a Kolmogorov-Smirnov statistic).
    permutations, seed : int
        Of genes; a set's p does not depend on the other sets given.
    least, most : int
        Sets with fewer or more genes in the ranking are left out, and named.

    Raises
    ------
    CohortError
        No set is left, or sets and ranking name genes differently.
    """
    remarks = [Notice("names-differ", text) for text in require_same_names(sets, ranking.genes, ranking.source)]
    tested, skipped = _by_size(ranking, sets, least, most)
    results = _scored(ranking, sets, tested, weight, permutations, seed)
    return GeneSetEnrichment(
        contrast=contrast,
        results=tuple(sorted(results, key=lambda row: (row.p, -abs(np.nan_to_num(row.nes))))),
        genes=len(ranking.genes),
        order=ranking_order(ranking.statistics),
        ranking=ranking,
        weight=weight,
        permutations=permutations,
        seed=seed,
        source=sets.source,
        skipped=skipped,
        notices=(*ranking.notices, *remarks, *_remarks(ranking, skipped, least, most)),
    )


def _by_size(
    ranking: Ranking, sets: GeneSets, least: int, most: int
) -> tuple[dict[str, np.ndarray], tuple[tuple[str, int], ...]]:
    """Places of the genes of every set to test, and the sets left out with their sizes."""
    place = {gene: at for at, gene in enumerate(ranking.genes)}
    members = {name: [place[gene] for gene in genes if gene in place] for name, genes in sets.sets.items()}
    most = min(most, len(ranking.genes) - 1)
    tested = {name: np.array(found) for name, found in members.items() if least <= len(found) <= most}
    skipped = tuple((name, len(found)) for name, found in members.items() if name not in tested)
    if not tested:
        raise CohortError(
            f"no set of {sets.source} has {least} to {most} genes in {ranking.source}; the largest has "
            f"{max((size for _, size in skipped), default=0)}: change --min-size and --max-size, or give more genes."
        )
    return tested, skipped


def _scored(
    ranking: Ranking, sets: GeneSets, tested: dict[str, np.ndarray], weight: float, permutations: int, seed: int
) -> list[SetResult]:
    order = ranking_order(ranking.statistics)
    rank_of = np.empty(order.size, dtype=int)
    rank_of[order] = np.arange(order.size)
    weights = np.abs(ranking.statistics[order]) ** weight
    null = null_scores(weights, [genes.size for genes in tested.values()], permutations, seed)
    scores = {name: enrichment_score(weights, np.sort(rank_of[genes])) for name, genes in tested.items()}
    p_values = {name: null[tested[name].size].p_value(scores[name].score) for name in tested}
    mid_ranks = rankdata(ranking.statistics)
    cameras = {name: camera(ranking.statistics, genes, mid_ranks) for name, genes in tested.items()}
    adjusted = benjamini_hochberg([p for p, _ in p_values.values()])
    camera_adjusted = benjamini_hochberg([one.p for one in cameras.values()])
    rank_adjusted = benjamini_hochberg([one.rank_p for one in cameras.values()])
    return [
        SetResult(
            set=name,
            size=genes.size,
            genes=sets.sets[name],
            es=scores[name].score,
            nes=null[genes.size].normalized(scores[name].score),
            p=p_values[name][0],
            p_adjusted=float(adjusted[at]),
            same_sign=p_values[name][1],
            leading_edge=tuple(ranking.genes[order[place]] for place in scores[name].leading),
            camera=cameras[name],
            camera_p_adjusted=float(camera_adjusted[at]),
            camera_rank_p_adjusted=float(rank_adjusted[at]),
        )
        for at, (name, genes) in enumerate(tested.items())
    ]


def _remarks(ranking: Ranking, skipped: Sequence[tuple[str, int]], least: int, most: int) -> list[Notice]:
    notices = []
    if skipped:
        text = f"Left out: {many(len(skipped), 'set')} of fewer than {least} or more than {most} genes in the ranking."
        notices.append(Notice("sets-skipped", text))
    _, counts = np.unique(ranking.statistics, return_counts=True)
    tied = int(counts[counts > 1].sum())
    if tied:
        share = tied / ranking.statistics.size
        what = f"{tied} of {ranking.statistics.size} genes ({share:.1%}) share their statistic with another"
        notices.append(Notice("ties", f"{what}; they are ranked in the order of the file, which the scores depend on."))
    if (ranking.statistics >= 0).all():
        notices.append(Notice("one-sided", "All statistics are positive: scores below zero say little."))
    return notices
