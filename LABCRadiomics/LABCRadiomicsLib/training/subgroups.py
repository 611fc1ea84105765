"""The risk groups within subgroups of patients, and who the patients of the groups are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats

from ..model import CovariateDomain
from ..performance import RiskGroups, risk_groups
from ..performance.attempts import Attempts, attempt
from ..statistics.baseline_table import chi_square, fisher_exact
from ..statistics.cox import cox
from ..statistics.likelihood_ratio import likelihood_ratio
from .clinical_models import Effect, effects_of, fit_clinical, known_rows
from .training_cohort import TrainingCohort

_LEAST_EVENTS_A_COLUMN = 5  # below it a Cox model within a subgroup is not worth its limits


@dataclass(frozen=True)
class Subgroup:
    """The risk groups and the score among the patients of one level of a covariate.

    Attributes
    ----------
    covariate, label, level : str
    n, events : int
    groups : RiskGroups or None
        None when one risk group has fewer than two patients.
    effects : tuple of Effect
        Cox model of the score and the other covariates; of the score alone where the events do not carry more.
    interaction_p : float or None
        Likelihood-ratio test of whether the score's effect depends on the covariate.
    note : str or None
        Why something is missing.
    """

    covariate: str
    label: str
    level: str
    n: int
    events: int
    groups: RiskGroups | None
    effects: tuple[Effect, ...]
    interaction_p: float | None
    note: str | None


@dataclass(frozen=True)
class Characteristic:
    """One line of a baseline table: texts ready to print; ``p`` belongs to a characteristic's first line."""

    characteristic: str
    level: str | None
    everyone: str
    by_group: tuple[str, ...]
    test: str | None
    p: float | None


def subgroup_analyses(
    cohort: TrainingCohort, names: Sequence[str], score: np.ndarray, high: np.ndarray, covariates: Sequence[str]
) -> tuple[Subgroup, ...]:
    """Analyze the risk groups within each level of covariates; numbers are split at their median.

    Parameters
    ----------
    cohort : TrainingCohort
    names : sequence of str
        Covariates to split by.
    score : numpy.ndarray, shape (n,)
    high : numpy.ndarray of bool, shape (n,)
    covariates : sequence of str
        Of the multivariable model; within a subgroup those but its own.
    """
    found = []
    for name in names:
        spec = cohort.spec(name)
        interaction = attempt(partial(_interaction_p, cohort, name, score))
        others = [other for other in covariates if other != name]
        for level, rows in _levels(cohort, spec):
            found.append(_subgroup(cohort.take(rows), spec, level, score[rows], high[rows], others, interaction))
    return tuple(found)


def baseline_table(cohort: TrainingCohort, group: np.ndarray, labels: Sequence[str]) -> tuple[Characteristic, ...]:
    """Describe patients and test whether groups differ.

    Parameters
    ----------
    cohort : TrainingCohort
        All its covariates are described.
    group : numpy.ndarray of int, shape (n,)
        Index of each patient's group in ``labels``.
    labels : sequence of str

    Returns
    -------
    tuple of Characteristic
        Numbers as median (quartiles), tested by Wilcoxon's or Kruskal and Wallis' test; levels as count (share), tested
        by Fisher's exact test in 2 x 2 tables, else by the chi-square test.
    """
    parts = [np.flatnonzero(group == at) for at in range(len(labels))]
    rows = [_counts("patients", None, [len(cohort)] + [part.size for part in parts])]
    for spec in cohort.specs:
        values = cohort.covariates[spec.name]
        rows += _number_row(spec, values, parts) if spec.type == "number" else _level_rows(spec, values, parts)
    return tuple(rows)


def _levels(cohort: TrainingCohort, spec: CovariateDomain) -> list[tuple[str, np.ndarray]]:
    """Name and patients of each level that occurs; of a number, below and above the median."""
    values = cohort.covariates[spec.name]
    if spec.type == "number":
        numbers = spec.columns(values)[:, 0]
        middle = float(np.nanmedian(numbers))
        return [(f"at most {middle:g}", numbers <= middle), (f"above {middle:g}", numbers > middle)]
    read = np.array([spec.level(value) or "" for value in values])
    return [(level, read == level) for level in (spec.levels or ("no", "yes")) if (read == level).any()]


def _subgroup(
    cohort: TrainingCohort,
    spec: CovariateDomain,
    level: str,
    score: np.ndarray,
    high: np.ndarray,
    others: Sequence[str],
    interaction_p: float | None,
) -> Subgroup:
    notes = []
    groups = attempt(lambda: risk_groups(high, cohort.months, cohort.event, Attempts()))
    if groups is None:
        notes.append("One risk group has fewer than two patients.")
    elif groups.hazard_ratio is None:
        notes.append("There is no finite hazard ratio.")
    elif groups.hazard_ratio_method == "Firth":
        notes.append("One risk group has no event: the hazard ratio is Firth's.")
    effects = attempt(lambda: _effects(cohort, score, others, notes)) or ()
    if not effects:
        notes.append("The score's effect has no finite estimate.")
    return Subgroup(
        covariate=spec.name,
        label=spec.label,
        level=level,
        n=len(cohort),
        events=cohort.events,
        groups=groups,
        effects=effects,
        interaction_p=interaction_p,
        note=" ".join(notes) or None,
    )


def _effects(cohort: TrainingCohort, score: np.ndarray, others: Sequence[str], notes: list[str]) -> tuple[Effect, ...]:
    columns = sum(len(cohort.spec(name).parameters()) for name in others)
    if cohort.events < _LEAST_EVENTS_A_COLUMN * (columns + 1):
        if others:
            notes.append(f"{cohort.events} events do not carry the other covariates; the score is not adjusted.")
        others = ()
    return effects_of(fit_clinical("subgroup", cohort, others, score), cohort, others)


def _interaction_p(cohort: TrainingCohort, name: str, score: np.ndarray) -> float:
    columns = cohort.columns((name,))
    known = known_rows(columns)
    columns, centered = columns[known], (score - score.mean())[known]
    months, event = cohort.months[known], cohort.event[known]
    alone = np.column_stack([columns, centered])
    larger = cox(np.column_stack([alone, columns * centered[:, None]]), months, event)
    return likelihood_ratio(cox(alone, months, event), larger).p


def _counts(name: str, level: str | None, counts: Sequence[int]) -> Characteristic:
    return Characteristic(name, level, str(counts[0]), tuple(map(str, counts[1:])), None, None)


def _number_row(spec: CovariateDomain, values: Sequence, parts: Sequence[np.ndarray]) -> list[Characteristic]:
    numbers = spec.columns(values)[:, 0]
    known = [numbers[part][~np.isnan(numbers[part])] for part in parts]
    name = f"{spec.label}, {spec.unit}" if spec.unit else spec.label
    test, p = None, None
    if all(part.size > 1 for part in known):
        test, p = ("Wilcoxon", _wilcoxon_p(*known)) if len(known) == 2 else ("Kruskal-Wallis", _kruskal_p(known))
    texts = [_median_text(part) for part in (numbers[~np.isnan(numbers)], *known)]
    rows = [Characteristic(name, None, texts[0], tuple(texts[1:]), test, p)]
    return rows + _unknown_row(spec, [np.isnan(numbers)[part].sum() for part in parts])


def _wilcoxon_p(first: np.ndarray, second: np.ndarray) -> float:
    """Wilcoxon's rank-sum test, exact where R's ``wilcox.test`` is: fewer than 50 in each group and no ties."""
    both = np.concatenate([first, second])
    if np.unique(both).size < 2:
        return 1.0
    exact = max(first.size, second.size) < 50 and np.unique(both).size == both.size
    return float(stats.mannwhitneyu(first, second, method="exact" if exact else "asymptotic").pvalue)


def _kruskal_p(parts: Sequence[np.ndarray]) -> float:
    return 1.0 if np.unique(np.concatenate(parts)).size < 2 else float(stats.kruskal(*parts).pvalue)


def _level_rows(spec: CovariateDomain, values: Sequence, parts: Sequence[np.ndarray]) -> list[Characteristic]:
    read = np.array([spec.level(value) or "" for value in values])
    levels = spec.levels or ("no", "yes")
    table = np.array([[(read[part] == level).sum() for part in parts] for level in levels])
    filled = table[table.sum(axis=1) > 0]
    test, p = None, None
    if min(filled.shape) > 1 and (filled.sum(axis=0) > 0).all():
        exact = filled.shape == (2, 2)
        test, p = ("Fisher", fisher_exact(filled).p) if exact else ("chi-square", chi_square(filled).p)
    totals = table.sum(axis=0)
    rows = [
        Characteristic(
            spec.label,
            level,
            _share_text(counts.sum(), totals.sum()),
            tuple(_share_text(count, total) for count, total in zip(counts, totals, strict=True)),
            test if at == 0 else None,
            p if at == 0 else None,
        )
        for at, (level, counts) in enumerate(zip(levels, table, strict=True))
    ]
    return rows + _unknown_row(spec, [(read[part] == "").sum() for part in parts])


def _unknown_row(spec: CovariateDomain, counts: Sequence[int]) -> list[Characteristic]:
    return [_counts(spec.label, "unknown", [sum(counts), *counts])] if sum(counts) else []


def _median_text(values: np.ndarray) -> str:
    if not values.size:
        return ""
    low, middle, high = np.percentile(values, (25, 50, 75))
    return f"{middle:.4g} ({low:.4g} to {high:.4g})"


def _share_text(count: int, total: int) -> str:
    return f"{count} ({count / total:.0%})" if total else "0"
