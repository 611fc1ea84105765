"""What a job gives: numbers for ``associations.json``, tables, figures, and its part of the page.

A section can be written into a folder and read back, so a finished job need not be done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..notices import Notice
from ..report.page import Figure, Table

CsvTable = tuple[list[str], list[tuple]]
ALPHA = 0.05


@dataclass(frozen=True)
class TestCount:
    """How many tests a job made, and what came of them.

    Attributes
    ----------
    what : str
        What was tested, such as ``genes, high minus low``.
    groups : str
        Patients of each group, such as ``high 21, low 21``.
    tests : int
    found : int
        With p below ``alpha``; by chance alone ``tests * alpha`` are expected.
    surviving : int
        After the correction.
    correction : str
        Which, with its limit.
    alpha : float
    """

    __test__ = False  # no test case

    what: str
    groups: str
    tests: int
    found: int
    surviving: int
    correction: str
    alpha: float = ALPHA

    @property
    def expected(self) -> float:
        """Tests below ``alpha`` when nothing is there."""
        return self.tests * self.alpha


@dataclass(frozen=True)
class Section:
    """The results of one job.

    Attributes
    ----------
    job : str
        Name of the command.
    title : str
    sentences : tuple of str
        For the page.
    tables : tuple of Table
        For the page.
    figures : dict of str to Figure
        By the name of the file without its ending.
    findings : mapping
        For ``associations.json``.
    csv : dict of str to (header, rows)
        By file name, the first being the job's own; bytes of a file that a run before made.
    tests : tuple of TestCount
    notices : tuple of Notice
    inputs : dict of str to str
        Names of the files read, and their SHA-256.
    """

    job: str
    title: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    figures: dict[str, Figure]
    findings: Mapping[str, Any]
    csv: Mapping[str, CsvTable | bytes]
    tests: tuple[TestCount, ...] = ()
    notices: tuple[Notice, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict)


def sizes_text(sizes: Mapping[str, int]) -> str:
    """Groups with their numbers of patients."""
    return ", ".join(f"{name} {count}" for name, count in sizes.items())


def small_p(p: float | None) -> str:
    """A p value among many: with its order of magnitude where it is small."""
    if p is None or p != p:
        return ""
    return f"{p:.1e}".replace("-", "\u2011") if p < 0.001 else f"{p:.3f}"


def count_below(p: Any, alpha: float = ALPHA) -> int:
    """How many p values are below a limit; those that do not exist are not."""
    return sum(1 for value in p if value is not None and value < alpha)


def count_known(p: Any) -> int:
    """How many p values exist."""
    return sum(1 for value in p if value is not None and value == value)
