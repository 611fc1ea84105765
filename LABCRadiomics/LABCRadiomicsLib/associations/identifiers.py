"""Names of patients and genes as the public archives write them, made comparable.

TCGA barcodes: the first 12 characters name the patient, the next two the kind of sample (01 primary tumor, 06
metastasis, 11 normal tissue). Gene names: symbols, Ensembl identifiers with versions, ``SYMBOL|ENTREZ``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PRIMARY, NORMAL = "01", "11"
_BARCODE = re.compile(r"TCGA[-._]([A-Z0-9]{2})[-._]([A-Z0-9]{4})(?:[-._](\d{2})[A-Z]?(?:[-._].*)?)?", re.IGNORECASE)
_TYPES = {
    "02": "recurrent tumors", "03": "blood cancers", "05": "new primaries", "06": "metastases", "07": "metastases",
    "10": "blood", "12": "buccal cells", "14": "bone marrow", "20": "cell lines",
}  # fmt: skip

_ENSEMBL = re.compile(r"(ENS[A-Z]*[GTEP]\d{6,})(\.\d+)?(_PAR_Y)?", re.IGNORECASE)
_WITH_ENTREZ = re.compile(r"(.+)\|(\d+)")
_FEW = 0.01  # share of the genes below which another naming is not worth a word
_NOT_GENES = re.compile(r"(N_(unmapped|multimapping|noFeature|ambiguous)|__[a-z_]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Barcode:
    """A sample's name.

    Attributes
    ----------
    case : str
        The patient: 12 characters of a TCGA barcode with hyphens, in capitals; any other name as it is.
    kind : str
        Two digits, or empty where the name does not say.
    """

    case: str
    kind: str


def parse_barcode(text: str) -> Barcode:
    """Take a name apart; hyphens, points and underscores are the same in a TCGA barcode."""
    text = text.strip()
    found = _BARCODE.fullmatch(text)
    if not found:
        return Barcode(text, "")
    return Barcode(f"TCGA-{found[1].upper()}-{found[2].upper()}", found[3] or "")


def case_name(text: str) -> str:
    """Name of the patient, however long the barcode."""
    return parse_barcode(text).case


def kind_name(kind: str) -> str:
    """Words for a kind of sample."""
    return _TYPES.get(kind, f"samples of type {kind}")


@dataclass(frozen=True)
class GeneNames:
    """Names of the rows of a matrix, cleaned.

    Attributes
    ----------
    names : tuple of str
        One a row; empty for a row that is no gene of its own.
    remarks : tuple of (code, sentence)
        What was done, and what to know.
    """

    names: tuple[str, ...]
    remarks: tuple[tuple[str, str], ...]


def clean_gene_names(raw: Sequence[str]) -> GeneNames:
    """Strip versions and Entrez numbers; blank rows that are no genes (``?``, read statistics, copies on Y)."""
    done: Counter[str] = Counter()
    names = [_clean(text.strip(), done) for text in raw]
    said = {
        "version": ("gene-versions", "Versions of Ensembl identifiers taken away: {}."),
        "entrez": ("gene-entrez", "Names SYMBOL|ENTREZ of which the symbol was kept: {}."),
        "unnamed": ("gene-unnamed", "Rows without a gene symbol (?), left out: {}."),
        "par": ("gene-par-y", "Rows of copies of genes on chromosome Y (PAR_Y), left out: {}."),
        "statistics": ("gene-statistics", "Rows of read statistics (N_unmapped and the like), left out: {}."),
    }
    remarks = [(code, text.format(f"{done[key]:,}")) for key, (code, text) in said.items() if done[key]]
    kinds = Counter(gene_kind(name) for name in names if name).most_common()
    if len(kinds) > 1 and kinds[1][1] > _FEW * len(names):
        told = " and ".join(f"{count} {kind}s" for kind, count in kinds)
        remarks.append(
            ("gene-names-mixed", f"Gene names are mixed, {told}; a set finds only genes named as it names them.")
        )
    return GeneNames(tuple(names), tuple(remarks))


def _clean(text: str, done: Counter[str]) -> str:
    if _NOT_GENES.fullmatch(text):
        done["statistics"] += 1
        return ""
    ensembl = _ENSEMBL.fullmatch(text)
    if ensembl:
        if ensembl[3]:
            done["par"] += 1
            return ""
        done["version"] += bool(ensembl[2])
        return ensembl[1]
    both = _WITH_ENTREZ.fullmatch(text)
    if both:
        text = both[1].strip()
        if text != "?":
            done["entrez"] += 1
    if text in ("", "?", "NA", "---"):
        done["unnamed"] += 1
        return ""
    return text


def gene_kind(name: str) -> str:
    """Which naming a gene's name belongs to."""
    if _ENSEMBL.fullmatch(name):
        return "Ensembl identifier"
    if name.isdecimal():
        return "Entrez number"
    return "symbol"


def main_kind(names: Sequence[str]) -> str:
    """The naming that most of the names belong to."""
    kinds = Counter(gene_kind(name) for name in names)
    return kinds.most_common(1)[0][0] if kinds else "symbol"


def rows_of_largest_mean(names: Sequence[str], values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Choose one row a name: that of the largest mean, the first where they are equal.

    Returns
    -------
    ndarray of int
        Rows in their order, those without a name left out.
    tuple of str
        Names that occurred more than once.
    """
    rows: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        if name:
            rows.setdefault(name, []).append(at)
    repeated = tuple(name for name, places in rows.items() if len(places) > 1)
    chosen = []
    for places in rows.values():
        if len(places) == 1:
            chosen.append(places[0])
            continue
        known = np.isfinite(values[places])
        means = np.where(known, values[places], 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        chosen.append(places[int(np.where(known.any(axis=1), means, -np.inf).argmax())])
    return np.sort(np.array(chosen, dtype=int)), repeated
