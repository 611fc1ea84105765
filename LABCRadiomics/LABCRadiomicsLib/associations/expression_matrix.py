"""Expression matrices as people have them: genes in rows, samples in columns.

Known are tables of UCSC Xena, of the GDC (STAR counts with gene_name and gene_type), of firehose (RSEM, names
``SYMBOL|ENTREZ``), of cBioPortal (Hugo_Symbol, Entrez_Gene_Id), GCT files, and what R's ``write.table`` makes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np

from ..errors import CohortError, InputError
from ..notices import Notice
from ..sentences import listed, many
from ..step_options import MatrixKind
from ..tables.number_table import NumberTable
from .identifiers import clean_gene_names, gene_kind, rows_of_largest_mean
from .samples import Samples

COUNTS, LOGS, Z_SCORES = "counts", "logs", "z-scores"
KINDS = get_args(MatrixKind)
_LARGEST_LOG = 50.0  # of log2 values; what is larger is no logarithm
_LEAST_COUNT_MAXIMUM = 50.0
_TELLING = 255.0  # counts below it are told from other numbers even after their logarithm was rounded to four decimals
_MOSTLY_FRACTIONS = 0.3  # share of fractions above which counts may be none
_WHOLE = 0.02  # how near a whole number is one
_MOSTLY_WHOLE = 0.95  # share of whole numbers above which values are counts; averages of aliquots are not whole

_SYMBOL_COLUMNS = ("gene_name", "hugo_symbol", "gene_symbol", "symbol", "genesymbol")
_TYPE_COLUMNS = ("gene_type", "gene_biotype", "biotype")
_OTHER_COLUMNS = (
    "gene", "gene_id", "geneid", "id", "ensembl_id", "ensembl", "entrez_gene_id", "entrez", "entrezid", "description",
    "chrom", "chromstart", "chromend", "strand", "length", "gene.length", "transcript_id", "cytoband", "locus.id",
    "locus", "composite.element.ref", "accession", "mirna_id", "mirna",
)  # fmt: skip
_STAR_SAMPLE = ("unstranded", "stranded_first", "tpm_unstranded")
_RSEM_COUNTS = ("raw_count", "normalized_count")


@dataclass(frozen=True)
class ExpressionMatrix:
    """Genes of samples.

    Attributes
    ----------
    genes : tuple of str, shape (g,)
        All different.
    columns : tuple of str, shape (n,)
        Names of the samples as the file has them, all different.
    values : numpy.ndarray, shape (g, n)
        NaN where a value is missing.
    types : dict of str to str
        Kind of each gene (``protein_coding``, ``lncRNA``) where the file says.
    rows_read : int
        Rows of the file.
    unread : tuple of str
        Names of samples that nobody wanted.
    path : pathlib.Path
    notices : tuple of Notice
    """

    genes: tuple[str, ...]
    columns: tuple[str, ...]
    values: np.ndarray
    types: dict[str, str]
    rows_read: int
    path: Path
    notices: tuple[Notice, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Layout:
    """Which columns hold what."""

    id: int
    symbol: int | None
    type: int | None
    samples: list[int]
    unread: tuple[str, ...] = ()


def read_expression(
    path: str | os.PathLike[str],
    gene_names: str | os.PathLike[str] | None = None,
    gene_types: Sequence[str] = (),
    wanted: Callable[[str], bool] | None = None,
) -> ExpressionMatrix:
    """Read a matrix, name its genes, and keep one row a gene.

    Parameters
    ----------
    path : path
        Gzip-compressed or not; tabs, commas or semicolons.
    gene_names : path, optional
        Table whose first column holds identifiers of the matrix and whose second their symbols, such as Xena's
        probe maps.
    gene_types : sequence of str
        Keep only these, where the file has a column ``gene_type``.
    wanted : callable of str to bool, optional
        Says of a sample's name whether its values are needed: archives hold a thousand samples where a cohort has a
        hundred. All are read where none is wanted, so that the mistake can be explained.

    Raises
    ------
    CohortError
        The file cannot be used; the sentence names row and column.
    """
    table = NumberTable(path, skip=lambda number, line: number <= 3 and _is_gct_size(line))
    layout = _wanted(table, _layout(table), wanted)
    ids, symbols, types, numbers = _rows(table, layout)
    if gene_types:
        if layout.type is None:
            raise CohortError(f"{table.path} has no column gene_type: leave out --gene-type.")
        kept = [at for at, kind in enumerate(types) if kind in gene_types]
        if not kept:
            raise CohortError(
                f"{table.path}: no gene is {' or '.join(gene_types)}; there are {', '.join(sorted(set(types)))}."
            )
        ids, types, numbers = [ids[at] for at in kept], [types[at] for at in kept], numbers[kept]
        symbols = [symbols[at] for at in kept]
    return _assembled(table, layout, ids, symbols, types, numbers, _symbol_map(gene_names))


def _assembled(
    table: NumberTable, layout: _Layout, ids: list[str], symbols: list[str], types: list[str], numbers: np.ndarray,
    mapping: Mapping[str, str],
) -> ExpressionMatrix:  # fmt: skip
    cleaned = clean_gene_names(ids)
    notices = [Notice(code, text) for code, text in cleaned.remarks]
    names = list(cleaned.names)
    if layout.symbol is not None:
        # A row that its identifier discards (a copy on chromosome Y) stays discarded.
        names = [symbol if name and symbol else name for name, symbol in zip(names, symbols, strict=True)]
    if mapping:
        found = sum(name in mapping for name in names)
        if not found:
            raise CohortError(
                f"{table.path}: no gene is in the table of gene names; check that both have the same identifiers."
            )
        names = [mapping.get(name, name) for name in names]
        notices.append(
            Notice("gene-names-mapped", f"{found} of {len(names)} genes got a symbol from the table of names.")
        )
    rows, repeated = rows_of_largest_mean(names, numbers)
    if not rows.size:
        raise CohortError(f"{table.path}: no row is a gene; the first column should name them.")
    if repeated:
        text = (
            f"Several rows: {many(len(repeated), 'gene')} ({listed(repeated)}); the row of the largest mean was kept."
        )
        notices.append(Notice("gene-repeated", text))
    genes = tuple(names[at] for at in rows)
    kinds = dict(zip(genes, (types[at] for at in rows), strict=True)) if layout.type is not None else {}
    columns = tuple(table.names[at] for at in layout.samples)
    return ExpressionMatrix(genes, columns, numbers[rows], kinds, len(ids), table.path, tuple(notices), layout.unread)


def _is_gct_size(line: str) -> bool:
    cells = line.split("\t")
    return len([cell for cell in cells if cell.strip()]) == 2 and all(
        cell.strip().isdigit() for cell in cells if cell.strip()
    )


def _layout(table: NumberTable) -> _Layout:
    lower = [name.casefold() for name in table.names]
    if all(name in lower for name in _STAR_SAMPLE):
        raise CohortError(
            f"{table.path} holds STAR counts of one sample; join the samples' files into one matrix, a column a sample."
        )
    symbol = next((lower.index(name) for name in _SYMBOL_COLUMNS if name in lower), None)
    kind = next((lower.index(name) for name in _TYPE_COLUMNS if name in lower), None)
    named = {0, *(at for at, name in enumerate(lower) if name in (*_SYMBOL_COLUMNS, *_TYPE_COLUMNS, *_OTHER_COLUMNS))}
    # cBioPortal begins with the symbol; the GDC with the identifier, the symbol behind it.
    samples = [at for at in range(len(lower)) if at not in named]
    second = [cell.casefold() for cell in table.first_cells]
    if len(second) == len(lower) and any(cell in _RSEM_COUNTS for cell in second):
        samples = [at for at in samples if second[at] in _RSEM_COUNTS]
    if not samples:
        raise CohortError(f"{table.path} has no column of a sample: give genes in rows and samples in columns.")
    seen: dict[str, int] = {}
    for at in samples:
        name = table.names[at]
        if not name:
            raise CohortError(f"{table.path}, row {table.header_row}: column {at + 1} has no name; name the sample.")
        if name in seen:
            raise CohortError(f"{table.path}, row {table.header_row}: sample {name} occurs twice; keep one column.")
        seen[name] = at
    return _Layout(0, symbol, kind, samples)


def _wanted(table: NumberTable, layout: _Layout, wanted: Callable[[str], bool] | None) -> _Layout:
    if wanted is None:
        return layout
    kept = [at for at in layout.samples if wanted(table.names[at])]
    if not kept:
        return layout
    left = tuple(table.names[at] for at in layout.samples if at not in set(kept))
    return replace(layout, samples=kept, unread=left)


def _rows(table: NumberTable, layout: _Layout) -> tuple[list[str], list[str], list[str], np.ndarray]:
    wanted = [layout.id, layout.symbol or 0, layout.type or 0]
    ids: list[str] = []
    symbols: list[str] = []
    types: list[str] = []
    blocks = []
    skip_second = any(cell.casefold() in _RSEM_COUNTS for cell in table.first_cells)
    for block in table.blocks(wanted, layout.samples, skip_rows=1 if skip_second else 0):
        for column, texts in zip((ids, symbols, types), block.texts, strict=True):
            column.extend(texts)
        blocks.append(block.numbers)
    return ids, symbols, types, np.concatenate(blocks) if len(blocks) > 1 else blocks[0]


def _symbol_map(path: str | os.PathLike[str] | None) -> dict[str, str]:
    if path is None:
        return {}
    table = NumberTable(path)
    if len(table.names) < 2:
        raise CohortError(
            f"{table.path}: a table of gene names needs an identifier and a symbol in its first two columns."
        )
    mapping: dict[str, str] = {}
    for block in table.blocks([0, 1], []):
        cleaned = clean_gene_names(block.texts[0]).names
        mapping |= {name: symbol for name, symbol in zip(cleaned, block.texts[1], strict=True) if name and symbol}
    return mapping


def understood(matrix: ExpressionMatrix, asked: str | None = None) -> tuple[ExpressionMatrix, str]:
    """Find out, or check, what values are; turn log2(count + 1), as UCSC Xena has counts, back into counts.

    Raises
    ------
    CohortError
        As :func:`kind_of_values`.
    """
    kind = kind_of_values(matrix, asked)
    if kind == COUNTS:
        return replace(matrix, notices=(*matrix.notices, *_fractions_notice(matrix))), kind
    if kind != LOGS:
        return matrix, kind
    with np.errstate(over="ignore"):
        counts = np.exp2(matrix.values) - 1
    whole = np.round(counts)
    near = np.abs(counts - whole) < _WHOLE
    telling = (counts > 0.5) & (counts < _TELLING)
    if telling.sum() < 100 or near[telling].mean() < _MOSTLY_WHOLE:
        return matrix, kind
    if asked == LOGS:
        text = (
            "The values are log2(count + 1), not scaled by library size; without --data logs they are taken for counts."
        )
        return replace(matrix, notices=(*matrix.notices, Notice("log-counts", text))), kind
    text = "The values are log2(count + 1), as UCSC Xena has them; they were turned back into counts."
    restored = np.where(near | (counts >= _TELLING), whole, counts)
    return replace(matrix, values=restored, notices=(*matrix.notices, Notice("log-counts", text))), COUNTS


def kind_of_values(matrix: ExpressionMatrix, asked: str | None = None) -> str:
    """Find out, or check, whether values are counts, logarithms or z-scores.

    Parameters
    ----------
    matrix : ExpressionMatrix
    asked : {"counts", "logs", "z-scores"}, optional
        What the user says they are.

    Raises
    ------
    CohortError
        They cannot be that; the sentence names a cell.
    """
    values = matrix.values
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if asked is not None and asked not in KINDS:
        raise InputError(f"data must be one of {', '.join(KINDS)}, not {asked!r}.")
    if (
        asked is None
        and low >= 0
        and high < _LEAST_COUNT_MAXIMUM
        and bool((values[np.isfinite(values)] % 1 == 0).all())
    ):
        raise CohortError(
            f"{matrix.path}: whole numbers up to {high:g} are either counts, then too few for these methods, "
            f"or rounded "
            "logarithms: give more counts, or say --data logs."
        )
    if asked is None and low < 0 and high > _LARGEST_LOG and (values % 1 == 0).mean() > _MOSTLY_WHOLE:
        asked = COUNTS  # with a negative one, which is named below
    if asked is None:
        asked = (
            COUNTS
            if low >= 0 and high >= _LEAST_COUNT_MAXIMUM
            else LOGS
            if low >= 0 or not _looks_scaled(values)
            else Z_SCORES
        )
    if asked == COUNTS:
        _require_counts(matrix, low, high)
    elif asked == LOGS and high > _LARGEST_LOG:
        where = _place(matrix, int(np.nanargmax(values)))
        raise CohortError(
            f"{matrix.path}, {where}: {high:g} is no base 2 logarithm; give logarithms, or say --data counts."
        )
    elif asked == Z_SCORES and low >= 0:
        raise CohortError(
            f"{matrix.path}: no value is below zero, so these are no z-scores; say --data counts or logs."
        )
    return asked


def _fractions_notice(matrix: ExpressionMatrix) -> tuple[Notice, ...]:
    """Say that counts are fractions: RSEM's expected ones are fine, values scaled by length or size are not."""
    share = float((matrix.values[matrix.values > 0] % 1 > 0).mean())
    if share < _MOSTLY_FRACTIONS:
        return ()
    text = (
        f"{share:.0%} of the counts are no whole numbers: RSEM's expected counts are fine; for TPM, FPKM or "
        f"normalized counts "
        "give their logarithms instead (--data logs)."
    )
    return (Notice("fractional-counts", text),)


def _looks_scaled(values: np.ndarray) -> bool:
    """Whether rows have about the mean zero and the spread one, as z-scores against some reference have."""
    with np.errstate(invalid="ignore"):
        center, spread = np.nanmedian(np.nanmean(values, axis=1)), np.nanmedian(np.nanstd(values, axis=1))
    return bool(abs(center) < 0.5 and 0.3 < spread < 3)


def _require_counts(matrix: ExpressionMatrix, low: float, high: float) -> None:
    values = matrix.values
    if low < 0:
        where = _place(matrix, int(np.nanargmin(values)))
        raise CohortError(f"{matrix.path}, {where}: {low:g} is negative, so no count; give counts, or say --data logs.")
    if high < _LEAST_COUNT_MAXIMUM:
        raise CohortError(
            f"{matrix.path}: the largest value is {high:g}, so no counts; give counts, or say --data logs."
        )
    if np.isnan(values).any():
        where = _place(matrix, int(np.isnan(values).argmax()))
        raise CohortError(f"{matrix.path}, {where}: the count is missing; give a number, 0 where nothing was counted.")
    sums = values.sum(axis=0)
    if (sums <= 0).any():
        name = matrix.columns[int(np.argmin(sums))]
        raise CohortError(f"{matrix.path}, sample {name}: all counts are zero; leave the sample out.")
    fractional = (values % 1 > 0).mean()
    if fractional > 0.2 and np.allclose(sums, 1e6, rtol=0.02):
        raise CohortError(
            f"{matrix.path}: every sample sums to one million, so these are TPM, not counts; give counts, or "
            "log2(TPM + 1) with --data logs."
        )


def _place(matrix: ExpressionMatrix, at: int) -> str:
    gene, column = np.unravel_index(at, matrix.values.shape)
    return f"gene {matrix.genes[gene]}, sample {matrix.columns[column]}"


def extremes_notice(matrix: ExpressionMatrix, kind: str) -> tuple[Notice, ...]:
    """Say that z-scores are so extreme that single samples decide."""
    largest = float(np.nanmax(np.abs(matrix.values)))
    if kind != Z_SCORES or largest <= _LARGEST_LOG:
        return ()
    where = _place(matrix, int(np.nanargmax(np.abs(matrix.values))))
    text = f"The largest z-score is {largest:g} ({where}): genes with such outliers are decided by single samples."
    return (Notice("extreme-values", text),)


def sample_values(matrix: ExpressionMatrix, samples: Samples, kind: str) -> np.ndarray:
    """Values of matched samples, shape (g, samples): counts of repeated measurements are added, others averaged."""
    return samples.combined(matrix.values, total=kind == COUNTS)


def repeated_notice(samples: Samples, kind: str) -> tuple[Notice, ...]:
    """Say how samples that were measured more than once were combined."""
    if not samples.repeated:
        return ()
    how = "their counts were added" if kind == COUNTS else "their values were averaged"
    return (Notice("aliquots", f"Measured more than once (aliquots): {many(samples.repeated, 'sample')}; {how}."),)


def unvarying(values: np.ndarray) -> np.ndarray:
    """Which rows are the same in all samples."""
    known = np.isfinite(values)
    return ~(np.where(known, values, -np.inf).max(axis=1) > np.where(known, values, np.inf).min(axis=1))


def ensembl_without_symbols(genes: Sequence[str]) -> bool:
    """Whether most genes are Ensembl identifiers, which sets of symbols do not find."""
    return sum(gene_kind(gene) == "Ensembl identifier" for gene in genes[:500]) > 250
