"""How likely a tumor provokes an immune response: the immunophenoscore (Charoentong et al. 2017)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..errors import CohortError
from ..resources import resources_folder
from .expression_matrix import COUNTS, Z_SCORES, ExpressionMatrix

SCORES = ("mhc", "ec", "sc", "cp", "az", "ips")
# Parts of the list of genes, in its order: antigen presentation, checkpoints, effector and suppressor cells.
_PARTS = {"mhc": slice(0, 10), "cp": slice(10, 20), "ec": slice(20, 24), "sc": slice(24, 26)}


@dataclass(frozen=True)
class Immunophenoscore:
    """Scores of samples; arrays of shape (n,), NaN where all genes of a part are missing.

    Attributes
    ----------
    mhc, ec, sc, cp : ndarray
        Antigen presentation, effector cells, suppressor cells (negative weights), checkpoints and modulators.
    az : ndarray
        Their sum.
    ips : ndarray
        From 0 to 10: ``az`` times 10/3, rounded.
    missing : tuple of str
        Genes that the matrix has not.
    missing_mhc : tuple of str
        Of them, those of antigen presentation.
    """

    mhc: np.ndarray
    ec: np.ndarray
    sc: np.ndarray
    cp: np.ndarray
    az: np.ndarray
    ips: np.ndarray
    missing: tuple[str, ...]
    missing_mhc: tuple[str, ...]

    def matrix(self) -> np.ndarray:
        """All scores, shape (n, 6), in the order of ``SCORES``."""
        return np.column_stack([getattr(self, name) for name in SCORES])


@dataclass(frozen=True)
class _Entry:
    gene: str
    name: str
    weight: float


@cache
def _entries() -> tuple[_Entry, ...]:
    path = resources_folder() / "Associations" / "ips_genes.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return tuple(_Entry(row["GENE"], row["NAME"], float(row["WEIGHT"])) for row in rows)


def immunophenoscores(matrix: ExpressionMatrix, values: np.ndarray, data: str) -> Immunophenoscore:
    """Score samples.

    Parameters
    ----------
    matrix : ExpressionMatrix
        Names the genes; all of them, since z-scores are taken over the sample's genes.
    values : ndarray, shape (g, n)
        log2(TPM + 1) is what the score is made for; counts are turned into log2(CPM + 1).
    data : {"counts", "logs", "z-scores"}
        z-scores are refused.

    Raises
    ------
    CohortError
        No gene of the score is in the matrix, or values are missing.

    Notes
    -----
    Equals IPS.R of icbi-lab/Immunophenogram, its rounding to even included.
    """
    if data == Z_SCORES:
        raise CohortError(
            f"{matrix.path} holds z-scores of each gene, which cannot be compared within a sample: give log2(TPM + 1)."
        )
    if data == COUNTS:
        values = np.log2(values / values.sum(axis=0) * 1e6 + 1)
    if np.isnan(values).any():
        gene = matrix.genes[int(np.argwhere(np.isnan(values))[0][0])]
        raise CohortError(f"{matrix.path}, gene {gene}: a value is missing; fill it or leave the gene out.")
    place = {gene: at for at, gene in enumerate(matrix.genes)}
    entries = _entries()
    missing = tuple(dict.fromkeys(entry.gene for entry in entries if entry.gene not in place))
    if len(missing) == len({entry.gene for entry in entries}):
        raise CohortError(f"{matrix.path} has no gene of the immunophenoscore: give a transcriptome with gene symbols.")
    z = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    names = list(dict.fromkeys(entry.name for entry in entries))
    weighted = np.full((len(names), values.shape[1]), np.nan)
    for at, name in enumerate(names):
        own = [entry for entry in entries if entry.name == name]
        rows = [place[entry.gene] for entry in own if entry.gene in place]
        if rows:
            weighted[at] = z[rows].mean(axis=0) * np.mean([entry.weight for entry in own])
    parts = {name: weighted[part].mean(axis=0) for name, part in _PARTS.items()}
    total = parts["mhc"] + parts["cp"] + parts["ec"] + parts["sc"]
    scale = np.where(np.isnan(total), np.nan, np.clip(np.round(total * 10 / 3), 0, 10))
    scale = np.where(total >= 3, 10.0, np.where(total <= 0, 0.0, scale))
    mhc = set(names[_PARTS["mhc"]])
    missing_mhc = tuple(dict.fromkeys(e.gene for e in entries if e.name in mhc and e.gene in missing))
    return Immunophenoscore(
        parts["mhc"], parts["ec"], parts["sc"], parts["cp"], total, scale, missing, missing_mhc
    )  # fmt: skip
