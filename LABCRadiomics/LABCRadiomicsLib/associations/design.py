"""The design matrix of a comparison: the contrast, and clinical values to adjust for."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import CohortError
from ..notices import Notice
from ..sentences import listed, many
from ..tables.csv_table import CASE, read_table
from .identifiers import case_name

_MISSING = frozenset(("", "na", "nan", "n/a", "null", "none", "unknown", "not available"))


@dataclass(frozen=True)
class Covariates:
    """Clinical values of patients to adjust for.

    Attributes
    ----------
    names : tuple of str
    texts : tuple of dict of str to str
        One a covariate: the value of each patient as text, those without left out.
    source : str
    """

    names: tuple[str, ...]
    texts: tuple[dict[str, str], ...]
    source: str


@dataclass(frozen=True)
class Design:
    """Columns of a linear model.

    Attributes
    ----------
    matrix : ndarray, shape (n, p)
        Intercept, the contrast, then the covariates.
    rows : ndarray of int
        Which of the samples given have every covariate.
    columns : tuple of str
    notices : tuple of Notice
    """

    matrix: np.ndarray
    rows: np.ndarray
    columns: tuple[str, ...]
    notices: tuple[Notice, ...]


CONTRAST_COLUMN = 1


def read_adjustment(path: str | os.PathLike[str], names: Sequence[str], id: str = CASE) -> Covariates:
    """Read the columns to adjust for.

    Raises
    ------
    CohortError
        A column is missing, or a patient occurs twice.
    """
    table = read_table(path)
    cases = [case_name(text) for text in table.unique(id)]
    texts = []
    for name in names:
        column = table.texts(name)
        texts.append({case: text for case, text in zip(cases, column, strict=True) if text.casefold() not in _MISSING})
        if not texts[-1]:
            raise CohortError(f"{table.path}, column {name}: no case has a value; leave the covariate out.")
    return Covariates(tuple(names), tuple(texts), table.path.name)


def make_design(contrast: np.ndarray, label: str, cases: Sequence[str], covariates: Covariates | None) -> Design:
    """Put contrast and covariates together.

    Parameters
    ----------
    contrast : ndarray, shape (n,)
        1 in the first group and 0 in the second, or a score.
    label : str
        Of the contrast.
    cases : sequence of str
        Patients, in the same order.
    covariates : Covariates, optional
        Numbers enter as they are, words as one column a level but the most frequent.

    Raises
    ------
    CohortError
        A covariate is determined by the contrast or by others, or too few patients are left.
    """
    rows = np.arange(len(cases))
    notices = []
    if covariates is not None:
        known = [all(case in texts for texts in covariates.texts) for case in cases]
        rows = np.flatnonzero(known)
        if rows.size < len(cases):
            missing = [case for case, one in zip(cases, known, strict=True) if not one]
            text = (
                f"Left out: {many(len(missing), 'case')} without {' or '.join(covariates.names)} ({listed(missing)})."
            )
            notices.append(Notice("covariate-missing", text))
    columns, names = [np.ones(rows.size), contrast[rows]], ["intercept", label]
    for name, texts in zip(covariates.names, covariates.texts, strict=True) if covariates else ():
        added = _columns(name, [texts[cases[int(at)]] for at in rows])
        columns += [column for _, column in added]
        names += [one for one, _ in added]
    matrix = np.column_stack(columns)
    _require_rank(matrix, names, covariates)
    if rows.size - matrix.shape[1] < 1:
        raise CohortError(
            f"{rows.size} cases are left for {matrix.shape[1]} columns of the model: leave out covariates."
        )
    return Design(matrix, rows, tuple(names), tuple(notices))


def _columns(name: str, texts: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    try:
        numbers = np.array([float(text.replace(",", ".")) for text in texts])
    except ValueError:
        numbers = None
    if numbers is not None and np.isfinite(numbers).all():
        return [(name, numbers - numbers.mean())] if np.ptp(numbers) > 0 else []
    levels = [level for level, _ in Counter(texts).most_common()]
    return [(f"{name} {level}", np.array([float(text == level) for text in texts])) for level in levels[1:]]


def _require_rank(matrix: np.ndarray, names: Sequence[str], covariates: Covariates | None) -> None:
    scaled = matrix / np.maximum(np.sqrt((matrix**2).sum(axis=0)), 1e-300)
    for at in range(1, matrix.shape[1]):
        if np.linalg.matrix_rank(scaled[:, : at + 1], tol=1e-8) <= at:
            if at == CONTRAST_COLUMN:
                raise CohortError("after leaving out cases without covariates, one group only is left.")
            source = f" of {covariates.source}" if covariates else ""
            raise CohortError(
                f"covariate {names[at]}{source} is determined by the groups or by other covariates; leave it out."
            )
