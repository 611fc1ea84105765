"""Inputs of the association tests: the shared reference of R, and small simulated tables with planted truth."""

from __future__ import annotations

import csv
import gzip
from functools import cache
from pathlib import Path

import numpy as np

from LABCRadiomicsLib.associations.groups import Grouping
from LABCRadiomicsLib.associations.identifiers import Barcode


def read(path: Path, separator: str = ",") -> dict[str, list[str]]:
    """Columns of a table as text, gzip-compressed or not."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    header, *rows = list(csv.reader(text.splitlines(), delimiter=separator))
    return {name: [row[at] for row in rows] for at, name in enumerate(header)}


@cache
def expected(folder: Path, name: str) -> dict[str, list[str]]:
    """A table that R wrote."""
    return read(folder / "associations" / "expected" / name)


def numbers(column: list[str]) -> np.ndarray:
    """A column of numbers; NA is NaN."""
    return np.array([float("nan") if text in ("NA", "") else float(text) for text in column])


def barcodes(count: int, start: int = 0) -> list[str]:
    """Patients as TCGA names them."""
    return [f"TCGA-AA-{at:04d}" for at in range(start, start + count)]


def two_groups(count: int, names: tuple[str, str] = ("high", "low")) -> Grouping:
    """The first half of the patients in the first group, the others in the second."""
    labels = {Barcode(case, ""): names[at >= count // 2] for at, case in enumerate(barcodes(count))}
    return Grouping(labels, {}, "given", Path("groups.csv"))


def write_groups(path: Path, count: int, names: tuple[str, str] = ("high", "low")) -> Path:
    """The table of :func:`two_groups`."""
    rows = [f"{case},{names[at >= count // 2]}" for at, case in enumerate(barcodes(count))]
    path.write_text("\n".join(["case,group", *rows]) + "\n", encoding="utf-8")
    return path


def counts(genes: int, samples: int, seed: int = 0, changed: int = 0, change: float = 2.0) -> np.ndarray:
    """Negative binomial counts; the first genes are ``change`` base 2 logarithms higher in the first half.

    Dispersions vary between genes, library sizes between samples.
    """
    generator = np.random.default_rng(seed)
    level = generator.lognormal(4.5, 1.2, genes)
    size = generator.uniform(0.6, 1.6, samples)
    mean = level[:, None] * size
    mean[:changed, : samples // 2] *= 2.0 ** (change / 2)
    mean[:changed, samples // 2 :] *= 2.0 ** (-change / 2)
    shape = generator.chisquare(12, genes)[:, None] / 12 / 0.15
    return generator.negative_binomial(shape, shape / (shape + mean)).astype(float)


def write_matrix(path: Path, values: np.ndarray, columns: list[str], genes: list[str] | None = None) -> Path:
    """A matrix as people have it: tabs, genes in the first column."""
    genes = genes or [f"G{at}" for at in range(values.shape[0])]
    lines = ["\t".join(["gene", *columns])]
    lines += ["\t".join([gene, *(f"{value:g}" for value in row)]) for gene, row in zip(genes, values, strict=True)]
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path
