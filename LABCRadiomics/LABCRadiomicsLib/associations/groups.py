"""Which patients are compared: groups from a table, or from a score by its stored cutoff or by thirds."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import get_args

import numpy as np

from ..errors import CohortError, InputError
from ..notices import Notice
from ..sentences import many
from ..step_options import Split
from ..tables.csv_table import CASE, Table, read_table
from .identifiers import NORMAL, PRIMARY, Barcode, parse_barcode

HIGH, LOW, INTERMEDIATE = "high", "low", "intermediate"
NORMAL_GROUP = "normal"  # samples of normal tissue, where the groups' table has no word for them
SPLITS = get_args(Split)
_FIRST_BY_CUSTOM = (HIGH, "positive", "tumor", "tumour", "case", "treated")
_LEAST_FOR_THIRDS = 6


@dataclass(frozen=True)
class Contrast:
    """Two groups, the first minus the second: a positive difference is higher in the first."""

    first: str
    second: str

    @property
    def words(self) -> str:
        """The contrast as a reader should understand it."""
        return f"{self.first} minus {self.second}"


@dataclass(frozen=True)
class Grouping:
    """The group of every patient.

    Attributes
    ----------
    labels : dict of Barcode to str
        By patient, or by patient and kind of sample where the table names samples.
    scores : dict of str to float
        By patient; empty where groups were given.
    split : str
        ``thirds``, ``cutoff`` or ``given``.
    source : pathlib.Path
    notices : tuple of Notice
    """

    labels: dict[Barcode, str]
    scores: dict[str, float]
    split: str
    source: Path
    notices: tuple[Notice, ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """Groups in the order in which they first occur."""
        return tuple(dict.fromkeys(self.labels.values()))

    @property
    def words(self) -> str:
        """How the groups came about."""
        return {
            "thirds": "thirds of the score: floor(n/3) lowest, floor(n/3) highest, the others intermediate",
            "cutoff": "the model's stored cutoff: high is a score above it",
            "given": f"the groups of {self.source.name}",
        }[self.split]

    def of(self, sample: Barcode) -> str | None:
        """The group of a sample: by its own name, else, for a primary tumor, by its patient's."""
        if sample in self.labels:
            return self.labels[sample]
        if sample.kind in ("", PRIMARY):
            for kind in ("", PRIMARY):
                if Barcode(sample.case, kind) in self.labels:
                    return self.labels[Barcode(sample.case, kind)]
        return None

    def wants(self, sample: str) -> bool:
        """Whether a sample of this name may be of use: one of a patient with a group."""
        case = parse_barcode(sample).case
        return case in self.scores or case in self._cases

    @cached_property
    def _cases(self) -> frozenset[str]:
        return frozenset(name.case for name in self.labels)

    def within(self, cases: Sequence[str]) -> Grouping:
        """Thirds among these patients only, ties in their order; other groupings are what they are."""
        if self.split != "thirds":
            return self
        scored = [case for case in cases if case in self.scores]
        return replace(self, labels=_thirds(scored, [self.scores[case] for case in scored], self.source))


def read_groups(path: str | os.PathLike[str], id: str = CASE, column: str = "group") -> Grouping:
    """Read the table ``case,group``; cases may be patients or samples.

    Raises
    ------
    CohortError
        The table is unusable, or holds one group only.
    """
    table = read_table(path)
    labels: dict[Barcode, str] = {}
    unlabeled = 0
    for name, label in zip(_cases(table, id), table.texts(column), strict=True):
        if label.casefold() in ("", "na", "nan"):
            unlabeled += 1
            continue
        labels[name] = label
    if len(set(labels.values())) < 2:
        raise CohortError(
            f"{table.path}, column {column}: a comparison needs two groups, not {len(set(labels.values()))}."
        )
    notices = [Notice("no-group", f"Left out: {many(unlabeled, 'case')} of {table.path.name} without a group.")]
    return Grouping(labels, {}, "given", table.path, tuple(notices if unlabeled else ()))


def read_scores(
    path: str | os.PathLike[str], split: str = "thirds", *, id: str = CASE, column: str = "score",
    cutoff: float | None = None,
) -> Grouping:  # fmt: skip
    """Read scores and sort patients into groups.

    Parameters
    ----------
    path : path
        What ``labcradiomics apply`` writes, or any table of cases and scores.
    split : {"thirds", "cutoff"}
        ``cutoff`` takes the column ``risk_group`` that ``apply`` wrote, or compares the score with ``cutoff``.
    id, column : str
        Columns that name the cases and hold the score.
    cutoff : float, optional
        High is a score above it.

    Raises
    ------
    CohortError
        The table is unusable or makes one group only.
    """
    table = read_table(path)
    values = table.numbers(column, allow_missing=True)
    names = _cases(table, id)
    known = [at for at in range(len(table)) if np.isfinite(values[at])]
    missing = len(table) - len(known)
    scores = {names[at].case: float(values[at]) for at in known}
    cases = list(scores)
    if split == "cutoff":
        labels = _by_cutoff(table, names, known, values, cutoff)
    elif split == "thirds":
        labels = _thirds(cases, list(scores.values()), table.path)
    else:
        raise InputError(f"split must be one of {', '.join(SPLITS)}, not {split!r}.")
    text = f"Left out: {many(missing, 'case')} of {table.path.name} without a score."
    return Grouping(labels, scores, split, table.path, (Notice("no-score", text),) if missing else ())


def _cases(table: Table, id: str) -> list[Barcode]:
    """The cases of a table, each once however its barcode is written."""
    seen: dict[Barcode, int] = {}
    names = []
    for row, text in zip(table.row_numbers, table.texts(id), strict=True):
        if not text:
            raise table.fault(row, id, "the cell is empty; fill it or delete the row")
        name = parse_barcode(text)
        name = Barcode(name.case, "" if name.kind == PRIMARY else name.kind)
        if name in seen:
            raise table.fault(row, id, f"{text} is the case of row {seen[name]}; keep one")
        seen[name] = row
        names.append(name)
    return names


def _by_cutoff(
    table: Table, names: Sequence[Barcode], known: Iterable[int], values: np.ndarray, cutoff: float | None
) -> dict[Barcode, str]:
    if cutoff is not None:
        labels = {names[at]: HIGH if values[at] > cutoff else LOW for at in known}
    elif "risk_group" in table.names:
        groups = table.texts("risk_group")
        labels = {names[at]: groups[at] for at in known if groups[at]}
    else:
        raise CohortError(
            f"{table.path} has no column risk_group, so the stored cutoff is not known: give --cutoff or --model, or "
            "split by thirds."
        )
    if len(set(labels.values())) < 2:
        what = f"all {len(labels)} cases are {next(iter(labels.values()), 'without a group')}"
        raise CohortError(f"{table.path}: by the cutoff {what}; split by thirds instead.")
    return labels


def _thirds(cases: Sequence[str], scores: Sequence[float], source: Path) -> dict[Barcode, str]:
    n = len(cases)
    if n < _LEAST_FOR_THIRDS:
        raise CohortError(
            f"{source}: thirds need at least {_LEAST_FOR_THIRDS} cases in question, not {n}; give groups."
        )
    third = n // 3
    order = np.argsort(np.asarray(scores), kind="stable")
    labels = np.full(n, INTERMEDIATE, dtype=object)
    labels[order[:third]], labels[order[n - third :]] = LOW, HIGH
    return {Barcode(case, ""): str(label) for case, label in zip(cases, labels, strict=True)}


def find_contrast(text: str | None, names: Sequence[str], source: Path) -> Contrast:
    """Read ``A-B``, or choose: high minus low, else the second group that occurs minus the first.

    Raises
    ------
    InputError
        The text does not name two of the groups.
    """
    if text is None:
        return _customary(names, source)
    by_fold = {name.casefold(): name for name in names}
    text = text.replace(" minus ", "-")
    for at, mark in enumerate(text):
        if mark == "-":
            first, second = (by_fold.get(part.strip().casefold()) for part in (text[:at], text[at + 1 :]))
            if first and second and first != second:
                return Contrast(first, second)
    raise InputError(
        f"Contrast {text!r} is not two of the groups {', '.join(names)} of {source.name}: give A-B, A minus B."
    )


def _customary(names: Sequence[str], source: Path) -> Contrast:
    if HIGH in names and LOW in names:
        return Contrast(HIGH, LOW)
    others = [name for name in names if name != NORMAL_GROUP]
    if len(others) == 1 and NORMAL_GROUP in names:
        return Contrast(others[0], NORMAL_GROUP)
    if len(others) != 2:
        raise InputError(f"{source.name} has the groups {', '.join(names)}: say which two with --contrast A-B.")
    first, second = others
    custom = [name for name in others if any(word in name.casefold() for word in _FIRST_BY_CUSTOM)]
    if custom == [first]:
        return Contrast(first, second)
    return Contrast(second, first)


def group_sizes(labels: Iterable[str]) -> dict[str, int]:
    """How many are in each group."""
    return dict(Counter(labels))


def is_normal(sample: Barcode) -> bool:
    """Whether a sample is normal tissue by its barcode."""
    return sample.kind == NORMAL
