"""Tests for tables of baseline characteristics, and the correction for testing many features."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from ..errors import InputError
from . import _checks


@dataclass(frozen=True)
class TestResult:
    """A test statistic with its degrees of freedom (NaN where it has none) and two-sided p value."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    statistic: float
    df: float
    p: float


def chi_square(table: Any) -> TestResult:
    """Pearson's chi-square test of a contingency table.

    Parameters
    ----------
    table : array_like of counts, shape (r, c)
        At least two rows and columns, none of them empty.

    Returns
    -------
    TestResult

    Raises
    ------
    InputError
        Counts that are negative or fractional; an empty row or column.

    Notes
    -----
    Yates' correction for 2 x 2 tables, as ``chisq.test`` of R.
    """
    statistic, p, df, _ = stats.chi2_contingency(_counts(table))
    return TestResult(float(statistic), float(df), float(p))


def fisher_exact(table: Any) -> TestResult:
    """Fisher's exact test of a 2 x 2 table; the statistic is the sample odds ratio.

    Raises
    ------
    InputError
        As for `chi_square`; a table of another size, for which `chi_square` is meant.

    Notes
    -----
    The p value equals that of ``fisher.test`` of R, which reports the conditional odds ratio instead.
    """
    counts = _counts(table)
    if counts.shape != (2, 2):
        raise InputError(f"table is {counts.shape[0]} x {counts.shape[1]}; Fisher's exact test here needs 2 x 2.")
    statistic, p = stats.fisher_exact(counts)
    return TestResult(float(statistic), float("nan"), float(p))


def t_test(first: Any, second: Any, *, equal_variances: bool = False) -> TestResult:
    """t test of the means of two independent groups, Welch's unless ``equal_variances``; as ``t.test`` of R.

    Parameters
    ----------
    first, second : array_like
        At least two values each.
    equal_variances : bool

    Returns
    -------
    TestResult

    Raises
    ------
    InputError
        Fewer than two values, values that are not finite, or no variance in both groups.
    """
    first, second = _checks.vector(first, "first"), _checks.vector(second, "second")
    for values, name in ((first, "first"), (second, "second")):
        if values.size < 2:
            raise InputError(f"{name} has fewer than two values; a t test needs at least two.")
    if np.ptp(first) == 0 and np.ptp(second) == 0:
        raise InputError("first and second are both constant; a t test needs some variance.")
    result = stats.ttest_ind(first, second, equal_var=equal_variances)
    return TestResult(float(result.statistic), float(result.df), float(result.pvalue))


def benjamini_hochberg(p: Any) -> np.ndarray:
    """Adjust p values for the false discovery rate; NaN (a feature that could not be tested) stays NaN and uncounted.

    Parameters
    ----------
    p : array_like, shape (m,)
        Between 0 and 1, or NaN.

    Returns
    -------
    ndarray, shape (m,)

    Raises
    ------
    InputError
        Values outside 0 and 1.

    Notes
    -----
    Benjamini and Hochberg 1995; equals ``p.adjust(p, "BH")`` of R.
    """
    values = np.array(p, dtype=float)
    tested = ~np.isnan(values)
    _checks.probability(values[tested], "p")
    if tested.any():
        values[tested] = stats.false_discovery_control(values[tested], method="bh")
    return values


def _counts(table: Any) -> np.ndarray:
    counts = _checks.matrix(table, "table")
    if min(counts.shape) < 2:
        raise InputError(f"table is {counts.shape[0]} x {counts.shape[1]}; at least two rows and columns are needed.")
    if (counts < 0).any() or (counts != np.round(counts)).any():
        raise InputError("table must hold counts, whole numbers that are not negative.")
    if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
        raise InputError("table has an empty row or column; drop it.")
    return counts
