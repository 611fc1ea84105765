"""Measurements of cells or tiles exported from QuPath, brought to quantiles of every case.

Exports are TSV or CSV, with decimal commas in some locales, and the micro sign in UTF-8 or Latin-1. They may hold
millions of cells: they are read in blocks.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import CohortError
from ..notices import Notice
from ..sentences import listed, many
from ..statistics.two_groups import column_quantiles
from ..tables.number_table import NumberTable, is_missing, is_number
from .identifiers import case_name

STATISTICS = ("min", "q25", "median", "q75", "max")
_PROBABILITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
_DESCRIPTIONS = frozenset((
    "image", "object id", "object type", "name", "class", "classification", "parent", "roi", "centroid x µm",
    "centroid y µm", "centroid x px", "centroid y px", "tma core", "in tumor", "z-slice", "timepoint",
))  # fmt: skip
_BARCODE = re.compile(r"TCGA[-._][A-Z0-9]{2}[-._][A-Z0-9]{4}", re.IGNORECASE)
_FEW_CELLS = 20
_COLUMNS = 8


@dataclass(frozen=True)
class CaseQuantiles:
    """Quantiles of every measurement of every case.

    Attributes
    ----------
    cases : tuple of str, length n
    cells : ndarray of int, shape (n,)
    names : tuple of str, length m
        ``measurement | statistic``, all measurements of one statistic together.
    values : ndarray, shape (n, m)
        NaN where a case has no value of a measurement.
    measurements : tuple of str
    kind : str
        What was measured: cells, tiles.
    path : pathlib.Path
    notices : tuple of Notice
    """

    cases: tuple[str, ...]
    cells: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray
    measurements: tuple[str, ...]
    kind: str
    path: Path
    notices: tuple[Notice, ...]


def read_qupath(
    path: str | os.PathLike[str], known_cases: Sequence[str] = (), progress: Callable[[int], None] | None = None
) -> CaseQuantiles:
    """Read an export.

    Parameters
    ----------
    path : path
        With the column ``Image``.
    known_cases : sequence of str
        To which images are assigned: by the TCGA barcode within the image's name, by the name itself without its
        ending, or by the case that it begins with.
    progress : callable of int, optional
        Told the number of rows read.

    Raises
    ------
    CohortError
        The export is unusable; the sentence names row and column.
    """
    table = NumberTable(path)
    lower = [name.casefold().replace("μ", "µ") for name in table.names]
    if "image" not in lower:
        raise CohortError(
            f"{table.path}: column Image is missing; export the measurements from QuPath with the image's name."
        )
    image, kind = lower.index("image"), lower.index("object type") if "object type" in lower else None
    numeric = _measured(table, lower)
    assign = _Assignment(known_cases)
    parts: dict[str, list[np.ndarray]] = {}
    kinds: Counter[str] = Counter()
    rows = 0
    main = _main_kind(table, kind)
    for block in table.blocks([image] if kind is None else [image, kind], numeric):
        images = block.texts[0]
        wanted = np.ones(len(images), dtype=bool)
        if kind is not None:
            kinds.update(block.texts[1])
            wanted = np.array([text == main for text in block.texts[1]], dtype=bool)
        codes = np.array([assign(text) for text in images])[wanted]
        for code, values in _by_case(codes, block.numbers[wanted]):
            parts.setdefault(assign.cases[code], []).append(values)
        rows += len(images)
        if progress is not None:
            progress(rows)
    return _summary(table, numeric, parts, kinds, main)


def _by_case(codes: np.ndarray, values: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Rows of each case that a block holds."""
    order = np.argsort(codes, kind="stable")
    found, starts = np.unique(codes[order], return_index=True)
    ordered = values[order]
    for code, rows in zip(found, np.split(ordered, starts[1:]), strict=True):
        yield int(code), rows


class _Assignment:
    """Number of the case of an image, remembered; ``cases`` holds their names."""

    def __init__(self, known: Sequence[str]):
        self._known = sorted(known, key=len, reverse=True)
        self._found: dict[str, int] = {}
        self.cases: list[str] = []

    def __call__(self, image: str) -> int:
        if image not in self._found:
            case = self._case(image)
            if case not in self.cases:
                self.cases.append(case)
            self._found[image] = self.cases.index(case)
        return self._found[image]

    def _case(self, image: str) -> str:
        barcode = _BARCODE.search(image)
        if barcode:
            return case_name(barcode.group())
        stem = re.sub(
            r"(\.(ome\.)?(svs|tiff?|ndpi|mrxs|scn|czi|vsi|jpe?g|png|qptiff|bif))+$", "", image.strip(), flags=re.I
        )
        for case in self._known:  # the longest first
            if stem == case or (stem.startswith(case) and not stem[len(case)].isalnum()):
                return case
        return stem


def _measured(table: NumberTable, lower: Sequence[str]) -> list[int]:
    """Columns that are measurements: not a description, and numbers where the first rows say anything."""
    others = [at for at, name in enumerate(lower) if name and name not in _DESCRIPTIONS]
    block = next(table.blocks(others, []))
    numeric = []
    for at, texts in zip(others, block.texts, strict=True):
        filled = [text for text in texts[:500] if not is_missing(text)]
        if all(is_number(text) for text in filled[:20]):
            numeric.append(at)
    if not numeric:
        raise CohortError(f"{table.path} has no column of measurements: export cells or tiles with their measurements.")
    return numeric


def _main_kind(table: NumberTable, kind: int | None) -> str:
    """The type of object that most of the first rows are."""
    if kind is None:
        return "object"
    block = next(table.blocks([kind], []))
    counted = Counter(text for text in block.texts[0] if text.casefold() not in ("annotation", "root object", "image"))
    if not counted:
        raise CohortError(
            f"{table.path} holds no cells or tiles, only {', '.join(set(block.texts[0]))}: export detections."
        )
    return counted.most_common(1)[0][0]


def _summary(
    table: NumberTable, numeric: Sequence[int], parts: dict[str, list[np.ndarray]], kinds: Counter[str], main: str
) -> CaseQuantiles:
    names = [table.names[at] for at in numeric]
    cases = sorted(parts)
    found = np.empty((len(cases), len(STATISTICS), len(names)))
    cells = np.empty(len(cases), dtype=int)
    for at, case in enumerate(cases):
        pieces = parts.pop(case)
        cells[at] = sum(map(len, pieces))
        for start in range(0, len(names), _COLUMNS):  # a few at a time: a case may hold millions of cells
            columns = slice(start, start + _COLUMNS)
            found[at, :, columns] = column_quantiles(
                np.concatenate([piece[:, columns] for piece in pieces]), _PROBABILITIES
            )
    notices = []
    others = {name: count for name, count in kinds.items() if name != main}
    if others:
        told = ", ".join(f"{count} {name or 'without a type'}" for name, count in others.items())
        notices.append(Notice("other-objects", f"Objects other than {main} were left out: {told}."))
    few = [case for case, count in zip(cases, cells, strict=True) if count < _FEW_CELLS]
    if few:
        notices.append(Notice("few-cells", f"Fewer than {_FEW_CELLS} cells: {many(len(few), 'case')} ({listed(few)})."))
    labels = tuple(f"{name} | {statistic}" for statistic in STATISTICS for name in names)
    return CaseQuantiles(
        tuple(cases), cells, labels, found.reshape(len(cases), -1), tuple(names), main, table.path, tuple(notices)
    )
