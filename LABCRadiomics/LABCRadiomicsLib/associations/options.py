"""What the jobs are asked: the options that several share, and how files become groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CohortError, InputError
from ..files import sha256_of
from ..tables.cohort import FeatureTable
from .design import Covariates, read_adjustment
from .groups import SPLITS, Grouping, read_groups, read_scores
from .identifiers import case_name
from .measurements import read_measurements

_NOT_FEATURES = ("diagnostics_", "general_info_")  # how columns begin that tell of the extraction


@dataclass(frozen=True, kw_only=True)
class GroupOptions:
    """Which patients are compared."""

    groups: Path | None = field(default=None, metadata={"help": "Table case,group."})
    scores: Path | None = field(default=None, metadata={"help": "Table case,score, as apply writes it."})
    split: str = field(default="thirds", metadata={"help": "How scores make groups.", "choices": SPLITS})
    cutoff: float | None = field(default=None, metadata={"help": "High is a score above it (with --split cutoff)."})
    model: str | None = field(default=None, metadata={"help": "Take the stored cutoff of this model (id or path)."})
    contrast: str | None = field(default=None, metadata={"help": "A-B: A minus B, such as high-low."})
    case_column: str = field(
        default="case", metadata={"help": "Column that names the cases in groups, scores, covariates."}
    )

    def grouping(self) -> Grouping:
        """Read the groups.

        Raises
        ------
        InputError, CohortError
            Neither or both of groups and scores are given, options contradict each other, or a table is unusable.
        """
        if (self.groups is None) == (self.scores is None):
            what = "both --groups and --scores are" if self.groups else "neither --groups nor --scores is"
            raise InputError(f"Which patients are compared: {what} given; give one of them.")
        if self.groups is not None:
            if self.cutoff is not None or self.model is not None:
                raise InputError("Options --cutoff and --model need --scores: leave them out or give scores.")
            return read_groups(self.groups, self.case_column)
        assert self.scores is not None
        cutoff = self._cutoff()
        if cutoff is not None and self.split != "cutoff":
            raise InputError("A cutoff is given but the scores are split by thirds: say --split cutoff.")
        return read_scores(self.scores, self.split, id=self.case_column, cutoff=cutoff)

    def _cutoff(self) -> float | None:
        if self.model is None:
            return self.cutoff
        if self.cutoff is not None:
            raise InputError("Options --cutoff and --model contradict each other: leave one out.")
        from ..model.registry import find_model

        found = find_model(self.model).cutoff
        if found is None:
            raise InputError(f"Model {self.model} has no stored cutoff: give --cutoff or split by thirds.")
        return found.value

    @property
    def files(self) -> tuple[Path, ...]:
        """The files the groups come from."""
        return tuple(path for path in (self.groups, self.scores) if path is not None)


@dataclass(frozen=True, kw_only=True)
class AdjustmentOptions(GroupOptions):
    """Groups, and clinical values to adjust for."""

    covariates: Path | None = field(default=None, metadata={"help": "Table of clinical values, a row a case."})
    adjust: tuple[str, ...] = field(default=(), metadata={"help": "Its columns to adjust for, such as subtype,age."})

    def adjustment(self) -> Covariates | None:
        """Read the covariates; None where none are asked for."""
        if bool(self.adjust) != (self.covariates is not None):
            given, lacking = ("--adjust", "--covariates") if self.adjust else ("--covariates", "--adjust")
            raise InputError(f"Option {given} needs {lacking}: give the table and the columns to adjust for.")
        if self.covariates is None:
            return None
        return read_adjustment(self.covariates, self.adjust, self.case_column)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files groups and covariates come from."""
        return (*super().files, *((self.covariates,) if self.covariates else ()))


def hashes(files: Iterable[Path]) -> dict[str, str]:
    """Names of files and their SHA-256."""
    return {path.name: sha256_of(path) for path in files if path.is_file()}


def read_radiomics(path: Path, id: str) -> FeatureTable:
    """Read radiomics features, whatever they are called: every column of numbers; missing cells are allowed.

    Raises
    ------
    CohortError
        The table is unusable, or a case occurs twice.
    """
    table = read_measurements(path, id)
    keep = [at for at, name in enumerate(table.names) if not name.startswith(_NOT_FEATURES)]
    if not keep:
        raise CohortError(f"{path} has no column of features: give one row a case and one column a feature.")
    seen: dict[str, int] = {}
    for row, case in zip(table.rows, map(case_name, table.samples), strict=True):
        if not case:
            raise CohortError(f"{path}, row {row}, column {id}: the cell is empty; name the case or delete the row.")
        if case in seen:
            raise CohortError(f"{path}, row {row}, column {id}: {case} repeats row {seen[case]}; keep one.")
        seen[case] = row
    return FeatureTable(table.samples, tuple(table.names[at] for at in keep), table.values[:, keep])
