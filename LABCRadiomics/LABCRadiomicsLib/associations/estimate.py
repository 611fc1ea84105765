"""How much of a tumor sample is stroma and immune cells, from its expression: ESTIMATE (Yoshihara et al. 2013)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import rankdata

from ..errors import CohortError
from ..resources import resources_folder
from .expression_matrix import Z_SCORES, ExpressionMatrix, kind_of_values
from .gene_sets import read_gene_sets

_EXPONENT = 0.25
_LEAST_SIGNATURE = 0.5  # share of a signature's genes without which there is no score
_PURITY = (0.6049872018, 0.0001467884)  # fitted to Affymetrix arrays


@dataclass(frozen=True)
class Estimate:
    """Scores of samples; arrays of shape (n,).

    Attributes
    ----------
    stromal, immune, total : ndarray
        The larger, the more stroma, immune cells, both.
    purity : ndarray
        Share of tumor cells by a formula fitted to Affymetrix arrays; NaN where it gives less than 0.
    genes : int
        Common genes that the matrix has.
    missing : dict of str to tuple of str
        Genes of each signature that it has not.
    """

    stromal: np.ndarray
    immune: np.ndarray
    total: np.ndarray
    purity: np.ndarray
    genes: int
    missing: dict[str, tuple[str, ...]]


@cache
def common_genes() -> tuple[str, ...]:
    """The 10,412 genes to which ESTIMATE restricts a matrix, in alphabetical order: it decides ties."""
    path = resources_folder() / "Associations" / "estimate_common_genes.txt"
    return tuple(sorted(path.read_text(encoding="utf-8").split()))


@cache
def signatures() -> dict[str, tuple[str, ...]]:
    """The stromal and the immune signature."""
    return read_gene_sets(resources_folder() / "Associations" / "estimate_signatures.gmt").sets


def estimate_scores(matrix: ExpressionMatrix, values: np.ndarray) -> Estimate:
    """Score samples by the ranks of the signatures' genes within each.

    Parameters
    ----------
    matrix : ExpressionMatrix
        Names the genes.
    values : ndarray, shape (g, n)
        Expression on any scale that is the same for all genes of a sample; only ranks count.

    Raises
    ------
    CohortError
        Values are z-scores of each gene, which have lost their rank within a sample, or signature genes are missing.

    Notes
    -----
    Equals ``filterCommonGenes`` and ``estimateScore`` of the R package ESTIMATE.
    """
    if kind_of_values(matrix) == Z_SCORES:
        raise CohortError(
            f"{matrix.path} holds z-scores of each gene, so genes cannot be ranked within a sample: give "
            f"counts or log2 values."
        )
    place = {gene: at for at, gene in enumerate(matrix.genes)}
    genes = [gene for gene in common_genes() if gene in place]
    missing = {name: tuple(gene for gene in members if gene not in place) for name, members in signatures().items()}
    for name, members in signatures().items():
        if len(missing[name]) > _LEAST_SIGNATURE * len(members):
            raise CohortError(
                f"{matrix.path} has only {len(members) - len(missing[name])} of the {len(members)} genes of ESTIMATE's "
                f"{name}: give a whole transcriptome with gene symbols."
            )
    table = values[[place[gene] for gene in genes]]
    if np.isnan(table).any():
        gene, column = np.argwhere(np.isnan(table))[0]
        raise CohortError(f"{matrix.path}, gene {genes[gene]}: a value is missing; fill it or leave the gene out.")
    scores = {name: np.empty(table.shape[1]) for name in signatures()}
    for column in range(table.shape[1]):
        rank = rankdata(table[:, column])
        order = np.argsort(-rank, kind="stable")
        behind = np.empty(order.size)  # how many genes come from here on
        behind[order] = order.size - np.arange(order.size)
        weight = (10_000 * rank / rank.size) ** _EXPONENT
        for name, members in signatures().items():
            scores[name][column] = _score(weight, behind, np.isin(genes, members))
    stromal, immune = (scores[name] for name in signatures())
    purity = np.cos(_PURITY[0] + _PURITY[1] * (stromal + immune))
    return Estimate(stromal, immune, stromal + immune, np.where(purity < 0, np.nan, purity), len(genes), missing)


def _score(weight: np.ndarray, behind: np.ndarray, member: np.ndarray) -> float:
    """Sum of the running sum over all places: every gene adds its step to all places from its own on."""
    inside = weight[member]
    return float(inside @ behind[member] / inside.sum() - behind[~member].sum() / (~member).sum())
