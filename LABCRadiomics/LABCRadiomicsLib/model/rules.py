"""The rules that parts of a model are checked by, one a function; each raises the fault of the field that breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..cell_values import FALSE_WORDS, TRUE_WORDS, UNKNOWN_WORDS
from .additions import Baseline, Covariate
from .covariates import SCORE

# Covariances are printed or stored with rounding; what exceeds it is a wrong matrix.
_COVARIANCE_TOLERANCE = 1e-8


class FieldError(Exception):
    """A field that breaks the model format: its path in the file and what is wrong with it.

    Never seen by users: the file reader turns it into a ModelError that names the file too.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path
        self.problem = problem

    def within(self, place: str) -> FieldError:
        """Give the same fault with the path from further out: ``place`` is the key or ``[index]`` that leads to it."""
        between = "." if place and self.path and not self.path.startswith("[") else ""
        return FieldError(f"{place}{between}{self.path}", self.problem)


def require(condition: bool, path: str, problem: str) -> None:
    """Raise the fault of a field unless a condition holds."""
    if not condition:
        raise FieldError(path, problem)


def check_range(owner: Any, path: str, low: str = "low", high: str = "high", *, together: bool = True) -> None:
    """Check that the lower of two ends does not exceed the upper; ``together``: that there are both or none."""
    least, most = getattr(owner, low), getattr(owner, high)
    if least is None or most is None:
        require(
            not together or least is most, f"{path}.{low if least is None else high}", "is missing beside its other end"
        )
    else:
        require(least <= most, f"{path}.{low}", f"must not exceed {high}")


def check_unique(values: Iterable[str], path: str, what: str) -> None:
    """Check that no name occurs twice; ``path`` has a gap for the index."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        require(value not in seen, path.format(index), f"repeats the {what} {value}")
        seen.add(value)


def check_increasing(values: Sequence[float], path: str) -> None:
    """Check that each number is above the one before it."""
    for index, (before, after) in enumerate(pairwise(values), start=1):
        if not before < after:
            raise FieldError(f"{path}[{index}]", f"must be later than the {before} before it")


def check_non_increasing(values: Sequence[float], path: str) -> None:
    """Check that no number is above the one before it."""
    for index, (before, after) in enumerate(pairwise(values), start=1):
        if not before >= after:
            raise FieldError(f"{path}[{index}]", f"must not exceed the {before} before it")


def check_length(values: Sequence[Any] | None, expected: int, path: str, of_what: str) -> None:
    """Check that a list, where there is one, has one entry for each of something."""
    if values is not None and len(values) != expected:
        raise FieldError(path, f"must hold {expected} entries, one for each {of_what}, not {len(values)}")


def check_covariate(covariate: Covariate, path: str) -> None:
    """Check a covariate's levels, coefficients and ranges against its type."""
    require(covariate.name != SCORE, f"{path}.name", "must not be score, which names the radiomics score")
    if covariate.type == "category":
        if covariate.levels is None:
            raise FieldError(f"{path}.levels", "is missing: a category needs levels")
        within = covariate.reference in covariate.levels
        require(within, f"{path}.reference", f"must be one of the levels {', '.join(covariate.levels)}")
        check_length(
            covariate.coefficients, len(covariate.levels) - 1, f"{path}.coefficients", "level but the reference"
        )
    else:
        check_length(covariate.coefficients, 1, f"{path}.coefficients", f"{covariate.type} covariate")
        require(covariate.reference is None, f"{path}.reference", "belongs to a category alone")
    if covariate.type == "number":
        require(covariate.levels is None, f"{path}.levels", "does not belong to a number")
        check_range(covariate, path)
        check_range(covariate, path, "minimum", "maximum", together=False)
        check_range(covariate, path, "minimum", "low", together=False)
        check_range(covariate, path, "high", "maximum", together=False)
    else:
        for name in ("low", "high", "minimum", "maximum"):
            require(getattr(covariate, name) is None, f"{path}.{name}", "belongs to a number alone")
        _check_levels(covariate, path)


def _check_levels(covariate: Covariate, path: str) -> None:
    """Levels are told apart without regard to case, and none may read as "unknown" or as the other of two."""
    words = [level.strip().casefold() for level in covariate.levels or ()]
    check_unique(words, path + ".levels[{}]", "level")
    for index, word in enumerate(words):
        require(word not in UNKNOWN_WORDS, f"{path}.levels[{index}]", "must not be a word for an unknown value")
    if covariate.type == "binary" and words:
        check_length(words, 2, f"{path}.levels", "side of a binary covariate")
        require(words[0] not in TRUE_WORDS, f"{path}.levels[0]", "must be the level coded 0")
        require(words[1] not in FALSE_WORDS, f"{path}.levels[1]", "must be the level coded 1")


def check_covariance(covariance: Sequence[Sequence[float]], size: int, path: str, of_what: str) -> None:
    """Check that a matrix is symmetric and positive semidefinite, with one row and column for each of something."""
    check_length(covariance, size, path, of_what)
    for index, row in enumerate(covariance):
        check_length(row, size, f"{path}[{index}]", of_what)
    matrix = np.array(covariance)
    scale = np.abs(matrix).max()
    require(np.abs(matrix - matrix.T).max() <= _COVARIANCE_TOLERANCE * scale, path, "must be symmetric")
    # Judged as a correlation matrix, or a coefficient with a small variance would hide behind a large one.
    spread = np.sqrt(np.abs(np.diag(matrix)))
    spread[spread == 0] = 1
    lowest = np.linalg.eigvalsh(matrix / np.outer(spread, spread)).min()
    require(lowest >= -_COVARIANCE_TOLERANCE * size, path, "must be positive semidefinite")


def check_baseline(baseline: Baseline, parameters: int, path: str) -> None:
    """Check a baseline survival and the terms of its variance."""
    times = len(baseline.months)
    check_increasing(baseline.months, f"{path}.months")
    check_length(baseline.survival, times, f"{path}.survival", "month")
    check_non_increasing(baseline.survival, f"{path}.survival")
    check_length(baseline.cumulative_hazard_variance, times, f"{path}.cumulative_hazard_variance", "month")
    check_length(baseline.weighted_covariate_mean, times, f"{path}.weighted_covariate_mean", "month")
    for index, row in enumerate(baseline.weighted_covariate_mean or ()):
        check_length(row, parameters, f"{path}.weighted_covariate_mean[{index}]", "coefficient")
