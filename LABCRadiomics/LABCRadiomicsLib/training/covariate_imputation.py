"""Unknown covariates imputed several times by chained equations, from the patients that a model is made from alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..notices import Notice
from ..statistics.imputation import impute, nelson_aalen
from ..statistics.imputed_cox import ImputedCox
from ..statistics.unknown_covariates import CovariateDistribution, possibilities
from .training_cohort import TrainingCohort

CYCLES = 10


@dataclass(frozen=True)
class ImputedCovariates:
    """The columns of covariates in m tables of n patients.

    Attributes
    ----------
    blocks : tuple of numpy.ndarray, shape (m, n, k)
        Of each covariate, as they enter a Cox model.
    numbers : tuple of bool
        Which of them are numbers.
    """

    blocks: tuple[np.ndarray, ...]
    numbers: tuple[bool, ...]

    def design(self, covariates: Sequence[int], score: np.ndarray | None) -> np.ndarray:
        """Give the columns of a Cox model of covariates (by position) and, where given, the score, shape (m, n, k)."""
        tables, n = self.blocks[0].shape[:2]
        columns = [self.blocks[at] for at in covariates]
        if score is not None:
            columns.append(np.broadcast_to(score[None, :, None], (tables, n, 1)))
        return np.concatenate(columns, axis=2)

    def categories(self, covariates: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """Give the columns of each binary covariate and category in :meth:`design`."""
        widths = [self.blocks[at].shape[2] for at in covariates]
        starts = np.cumsum([0, *widths])
        return tuple(
            tuple(range(start, start + width))
            for at, start, width in zip(covariates, starts, widths, strict=False)
            if not self.numbers[at]
        )


@dataclass(frozen=True)
class Imputation:
    """A nomogram that was made of imputed covariates.

    Attributes
    ----------
    tables : ImputedCovariates
        Of all covariates that the recipe names.
    fit : ImputedCox
        Of the nomogram's.
    distribution : CovariateDistribution
        Of the nomogram's covariates and the score.
    """

    tables: ImputedCovariates
    fit: ImputedCox
    distribution: CovariateDistribution


def impute_covariates(
    blocks: Sequence[np.ndarray],
    numbers: Sequence[bool],
    score: np.ndarray,
    months: np.ndarray,
    event: np.ndarray,
    *,
    repeats: int,
    seed: int,
) -> ImputedCovariates:
    """Impute covariates from each other, the score and the outcome.

    Parameters
    ----------
    blocks : sequence of numpy.ndarray, shape (n, k)
        Columns of each covariate; NaN where unknown.
    numbers : sequence of bool
        Whether it is a number; else 0/1 columns of its levels without the reference.
    score, months, event : numpy.ndarray, shape (n,)
    repeats, seed : int

    Raises
    ------
    InputError
        A covariate is unknown in all patients.
    """
    kinds = ["number" if number else "category" for number in numbers]
    values = np.column_stack(
        [block[:, 0] if number else _codes(block) for block, number in zip(blocks, numbers, strict=True)]
    )
    auxiliary = np.column_stack([event.astype(float), nelson_aalen(months, event), score])
    tables = impute(values, kinds, auxiliary=auxiliary, repeats=repeats, cycles=CYCLES, seed=seed)
    encoded = tuple(
        tables[:, :, [at]] if number else _indicators(tables[:, :, at], block.shape[1])
        for at, (block, number) in enumerate(zip(blocks, numbers, strict=True))
    )
    return ImputedCovariates(encoded, tuple(numbers))


def imputation_notice(imputation: Imputation, cohort: TrainingCohort, names: Sequence[str]) -> Notice:
    """Say that a nomogram rests on imputed covariates, and how many patients have them."""
    tables = len(imputation.tables.blocks[0])
    columns = zip(*(cohort.covariates[name] for name in names), strict=True)
    unknown = sum(any(value is None for value in row) for row in columns)
    text = (
        f"{unknown} of {len(cohort)} patients have an unknown covariate: these were imputed in {tables} tables by "
        "chained equations, and the nomogram's coefficients joined by Rubin's rules. Comparisons with clinical models "
        "are on the patients of whom all is known."
    )
    return Notice("covariates-imputed", text)


def expected_rows(distribution: CovariateDistribution, design: np.ndarray) -> np.ndarray:
    """Put into rows of a design, shape (n, k), what is expected of the unknown given the known, as scoring does."""
    filled = design.copy()
    for at in np.flatnonzero(np.isnan(design).any(axis=1)):
        filled[at] = np.sum([part.weight * part.mean for part in possibilities(distribution, design[at])], axis=0)
    return filled


def _codes(block: np.ndarray) -> np.ndarray:
    """The level of each patient: 0 for the reference, else the place of its column from 1; NaN where unknown."""
    code = block @ np.arange(1, block.shape[1] + 1)
    return np.where(np.isnan(block).any(axis=1), np.nan, code)


def _indicators(codes: np.ndarray, width: int) -> np.ndarray:
    return (codes[:, :, None] == np.arange(1, width + 1)).astype(float)
