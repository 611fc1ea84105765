"""Fractions of immune cells, or any measures of samples, compared between groups: type by type, and as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..errors import CohortError
from ..notices import Notice
from ..sentences import listed, many
from ..statistics.baseline_table import fisher_exact
from ..statistics.permanova import Permanova, permanova
from .groups import Contrast, Grouping, find_contrast
from .measurements import Measurements, MeasureTest, compare_measures
from .samples import Samples, match_samples, require_sizes

QUALITY = (
    "p.value",
    "p-value",
    "p_value",
    "pvalue",
    "correlation",
    "rmse",
    "absolute score (sig.score)",
    "absolute score",
)
_P_COLUMNS = ("p.value", "p-value", "p_value", "pvalue")
_SUM_TOLERANCE = 0.02  # of fractions that add up to 1 (or of percentages, to 100)
_PERMUTATIONS = 9999


@dataclass(frozen=True)
class ChiSquare:
    """The chi-square statistic of a table that holds no counts of patients: shown because the article shows it."""

    what: str
    chisq: float
    df: int
    p: float


@dataclass(frozen=True)
class Composition:
    """Whole compositions compared.

    Attributes
    ----------
    permanova : Permanova
        On Hellinger distances (square roots of the fractions).
    chi_squares : tuple of ChiSquare
        Of mean percentages, and of summed fractions: the same data, scaled differently.
    means : dict of str to ndarray
        Mean fraction of every type in each group of the contrast.
    """

    permanova: Permanova
    chi_squares: tuple[ChiSquare, ...]
    means: dict[str, np.ndarray]


@dataclass(frozen=True)
class ImmuneComparison:
    """Result of one table.

    Attributes
    ----------
    contrast : Contrast
    tests : MeasureTest
    present : ndarray, shape (types, 2)
        Cases of either group in which a type is above zero.
    presence_p : ndarray, shape (types,)
        Fisher's exact test of these; NaN where all or none have it.
    composition : Composition or None
        None where rows do not add up to a whole.
    values : ndarray, shape (cases, types)
        Of all cases used, whatever their group.
    samples : Samples
    dropped : int
        Cases whose deconvolution was not reliable.
    notices : tuple of Notice
    """

    contrast: Contrast
    tests: MeasureTest
    present: np.ndarray
    presence_p: np.ndarray
    composition: Composition | None
    values: np.ndarray
    samples: Samples
    dropped: int
    notices: tuple[Notice, ...]


def compare_fractions(
    table: Measurements, grouping: Grouping, contrast: str | None = None, *, largest_p: float = 0.05, seed: int = 0
) -> ImmuneComparison:
    """Compare groups in every column, and compositions where rows add up to a whole.

    Parameters
    ----------
    table : Measurements
        Quality columns of CIBERSORT (P-value, Correlation, RMSE) are no types.
    grouping : Grouping
    contrast : str, optional
    largest_p : float
        Cases with a larger deconvolution P are left out; 1 keeps all.
    seed : int
        Of the permutations.

    Raises
    ------
    CohortError, InputError
        A fraction is negative, or too few cases are left.
    """
    source = table.path.name
    sideways = not any(map(grouping.wants, table.samples)) and any(map(grouping.wants, table.names))
    table = table.transposed() if sideways else table
    quality = table.column(*_P_COLUMNS)
    table = _without_quality(table)
    samples = match_samples(table.samples, grouping, source, thirds_of_table=False)
    values = samples.combined(table.values.T, total=False).T
    notices = [*grouping.notices, *samples.notices]
    if sideways:
        notices.append(
            Notice("table-transposed", f"{source} has types in rows and samples in columns; it was transposed.")
        )
    if samples.repeated:
        text = f"Measured more than once (aliquots): {many(samples.repeated, 'case')}; the values were averaged."
        notices.append(Notice("aliquots", text))
    dropped = 0
    if quality is not None:
        worst = samples.combined(quality[None], total=False)[0]
        kept = worst < largest_p if largest_p < 1 else np.ones(worst.size, dtype=bool)
        dropped = int((~kept).sum())
        samples, values = _subset(samples, kept), values[kept]
        if dropped:
            text = f"Left out: {dropped} of {many(kept.size, 'case')}, with a deconvolution P of {largest_p:g} or more."
            notices.append(Notice("deconvolution-p", text))
    pair = find_contrast(contrast, tuple(dict.fromkeys((*grouping.names, *samples.groups))), grouping.source)
    require_sizes(samples, pair, source)
    whole = _adds_up(table, values, samples, notices)
    first, second = values[samples.rows(pair.first)], values[samples.rows(pair.second)]
    tests = compare_measures(table.names, first, second)
    present = np.column_stack([(part > 0).sum(axis=0) for part in (first, second)])
    composition = _composition(first, second, pair, seed) if whole else None
    notices += _unvarying(table.names, np.vstack([first, second]))
    return ImmuneComparison(
        pair, tests, present, _presence(present, (len(first), len(second))), composition, values, samples, dropped,
        tuple(notices),
    )  # fmt: skip


def _without_quality(table: Measurements) -> Measurements:
    left = table.without(QUALITY)
    if not left.names:
        raise CohortError(f"{table.path} has no column beside the quality of the deconvolution: give the fractions.")
    return left


def _subset(samples: Samples, kept: np.ndarray) -> Samples:
    at = np.flatnonzero(kept)
    return Samples(
        tuple(samples.names[one] for one in at), tuple(samples.groups[one] for one in at),
        tuple(samples.members[one] for one in at), samples.grouping, samples.notices,
    )  # fmt: skip


def _adds_up(table: Measurements, values: np.ndarray, samples: Samples, notices: list[Notice]) -> bool:
    """Whether rows are compositions; says so where they look like one but are not."""
    if len(table.names) < 3 or np.isnan(values).any():
        return False
    sums = values.sum(axis=1)
    unit = 100.0 if abs(np.median(sums) - 100) < 100 * _SUM_TOLERANCE else 1.0
    near = np.abs(sums / unit - 1) < _SUM_TOLERANCE
    if near.mean() < 0.5:
        if (values >= 0).all() and (values <= 1).all():
            text = (
                f"Rows of {table.path.name} do not add up to 1 (that of {samples.cases[0]} to {sums[0]:.3g}), "
                f"so they are no "
                "composition: types were compared one by one only."
            )
            notices.append(Notice("fractions-sum", text))
        return False
    if (values < 0).any():
        row, column = np.argwhere(values < 0)[0]
        where = f"case {samples.cases[row]}, column {table.names[column]}"
        raise CohortError(f"{table.path}, {where}: {values[row, column]:g} is a negative fraction; correct it.")
    if not near.all():
        row = int(np.flatnonzero(~near)[0])
        raise CohortError(
            f"{table.path}, case {samples.cases[row]}: fractions add up to {sums[row]:.4g} where others do to "
            f"{unit:g}; correct "
            "the row or leave the case out."
        )
    return True


def _unvarying(names: tuple[str, ...], values: np.ndarray) -> list[Notice]:
    flat = [name for at, name in enumerate(names) if not np.nanmax(values[:, at]) > np.nanmin(values[:, at])]
    if not flat:
        return []
    return [Notice("type-without-variance", f"Not tested, since all cases have the same value: {listed(flat)}.")]


def _presence(present: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
    p = np.full(len(present), np.nan)
    for at, (first, second) in enumerate(present):
        if 0 < first + second < sum(sizes):
            p[at] = fisher_exact([[first, sizes[0] - first], [second, sizes[1] - second]]).p
    return p


def _composition(first: np.ndarray, second: np.ndarray, pair: Contrast, seed: int) -> Composition:
    groups = np.repeat([0, 1], [len(first), len(second)])
    both = np.vstack([first, second])
    both = both / both.sum(axis=1, keepdims=True)
    found = permanova(np.sqrt(both), groups, permutations=_PERMUTATIONS, seed=seed)
    sums = np.vstack([both[groups == at].sum(axis=0) for at in (0, 1)])
    sums = sums[:, sums.sum(axis=0) > 0]
    percentages = sums / sums.sum(axis=1, keepdims=True) * 100
    tables = (
        ("mean percentages (each group adds up to 100)", percentages),
        ("summed fractions (each case weighs 1)", sums),
    )
    squares = []
    for what, counts in tables:
        chisq, p, df, _ = stats.chi2_contingency(counts, correction=False)
        squares.append(ChiSquare(what, float(chisq), int(df), float(p)))
    means = {pair.first: both[groups == 0].mean(axis=0), pair.second: both[groups == 1].mean(axis=0)}
    return Composition(found, tuple(squares), means)
