"""What options that several jobs share stand for: files become groups, covariates, features."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import CohortError, InputError
from ..files import sha256_of
from ..step_options import ExpressionOptions, GroupOptions
from ..tables.cohort import FeatureTable
from .design import Covariates, read_adjustment
from .groups import Grouping, read_groups, read_scores
from .identifiers import case_name
from .measurements import read_measurements

_NOT_FEATURES = ("diagnostics_", "general_info_")  # how columns begin that tell of the extraction


def grouping_of(options: GroupOptions) -> Grouping:
    """Read the groups.

    Raises
    ------
    InputError, CohortError
        Neither or both of groups and scores are given, options contradict each other, or a table is unusable.
    """
    if (options.groups is None) == (options.scores is None):
        what = "both --groups and --scores are" if options.groups else "neither --groups nor --scores is"
        raise InputError(f"Which patients are compared: {what} given; give one of them.")
    if options.groups is not None:
        if options.cutoff is not None or options.model is not None:
            raise InputError("Options --cutoff and --model need --scores: leave them out or give scores.")
        return read_groups(options.groups, options.case_column)
    assert options.scores is not None
    cutoff = _cutoff(options)
    if cutoff is not None and options.split != "cutoff":
        raise InputError("A cutoff is given but the scores are split by thirds: say --split cutoff.")
    return read_scores(options.scores, options.split, id=options.case_column, cutoff=cutoff)


def _cutoff(options: GroupOptions) -> float | None:
    if options.model is None:
        return options.cutoff
    if options.cutoff is not None:
        raise InputError("Options --cutoff and --model contradict each other: leave one out.")
    from ..model.registry import find_model

    found = find_model(options.model).cutoff
    if found is None:
        raise InputError(f"Model {options.model} has no stored cutoff: give --cutoff or split by thirds.")
    return found.value


def group_files(options: GroupOptions) -> tuple[Path, ...]:
    """Files that the groups, and the values to adjust for, come from."""
    covariates = options.covariates if isinstance(options, ExpressionOptions) else None
    return tuple(path for path in (options.groups, options.scores, covariates) if path is not None)


def adjustment_of(options: ExpressionOptions) -> Covariates | None:
    """Read the covariates to adjust for; None where none are asked for.

    Raises
    ------
    InputError, CohortError
        One of table and columns is given without the other, or the table is unusable.
    """
    if bool(options.adjust) != (options.covariates is not None):
        given, lacking = ("--adjust", "--covariates") if options.adjust else ("--covariates", "--adjust")
        raise InputError(f"Option {given} needs {lacking}: give the table and the columns to adjust for.")
    if options.covariates is None:
        return None
    return read_adjustment(options.covariates, options.adjust, options.case_column)


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
