"""Do genes predict survival, and in the direction in which they differ between the groups?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..errors import InputError
from ..notices import Notice
from ..sentences import listed
from ..statistics.baseline_table import benjamini_hochberg
from ..statistics.cox_screening import CONSTANT, OK, SEPARATION, univariable_cox
from ..statistics.kaplan_meier import logrank

_REASONS = {
    SEPARATION: "all events are at its smallest or its largest value",
    CONSTANT: "all patients have one value",
}
_MOSTLY_TIED = 0.5  # share of the patients with one value


@dataclass(frozen=True)
class GenePrognosis:
    """One gene.

    Attributes
    ----------
    gene : str
    n, events : int
        Patients with a value, and their events.
    hr, lower, upper, p, p_adjusted : float
        Hazard ratio a unit, 95 % limits, Wald's p, and that by Benjamini and Hochberg; NaN without an estimate.
    status : str
        ``ok``, or why there is no estimate.
    n_high : int
        Patients above the median.
    logrank_p, logrank_p_adjusted : float
        Of the two halves; NaN where the median does not make two.
    log_fc : float
        Of the groups; NaN where not known.
    fits : bool or None
        Whether a gene that is higher in the worse group has a hazard ratio above 1, or the other way round. A gene
        without an estimate because its likelihood rises for ever still has a direction.
    """

    gene: str
    n: int
    events: int
    hr: float
    lower: float
    upper: float
    p: float
    p_adjusted: float
    status: str
    n_high: int
    logrank_p: float
    logrank_p_adjusted: float
    log_fc: float
    fits: bool | None


@dataclass(frozen=True)
class Direction:
    """How many genes fit, and how likely so many or few are by chance (two-sided binomial test, half fit by chance)."""

    what: str
    genes: int
    fits: int
    p: float


@dataclass(frozen=True)
class Prognosis:
    """Result: genes in the order given.

    Attributes
    ----------
    genes : tuple of GenePrognosis
    directions : tuple of Direction
        Of all genes, and of those with p below 0.05.
    n, events : int
    notices : tuple of Notice
    """

    genes: tuple[GenePrognosis, ...]
    directions: tuple[Direction, ...]
    n: int
    events: int
    notices: tuple[Notice, ...]


def gene_prognosis(
    names: tuple[str, ...],
    values: np.ndarray,
    months: np.ndarray,
    event: np.ndarray,
    log_fc: np.ndarray | None = None,
    *,
    first_is_worse: bool = True,
) -> Prognosis:
    """Fit a Cox model and compare the halves, gene by gene.

    Parameters
    ----------
    names : tuple of str, length g
    values : ndarray, shape (n, g)
        NaN where a value is missing.
    months, event : ndarray, shape (n,)
    log_fc : ndarray, shape (g,), optional
        Change of each gene between the groups, first minus second.
    first_is_worse : bool
        Whether survival is expected to be worse in the first group.

    Raises
    ------
    InputError
        Nobody had an event.

    Notes
    -----
    Equals ``coxph`` (Efron) and ``survdiff`` of R.
    """
    event = np.asarray(event, dtype=bool)
    if not event.any():
        raise InputError("no patient had an event: prognosis needs some.")
    changes = np.full(len(names), np.nan) if log_fc is None else np.asarray(log_fc, dtype=float)
    cox = _cox(values, months, event)
    halves = [_halves(values[:, at], months, event) for at in range(len(names))]
    adjusted, halves_adjusted = benjamini_hochberg(cox["p"]), benjamini_hochberg([p for _, p in halves])
    rows = []
    for at, name in enumerate(names):
        known = np.isfinite(values[:, at])
        fits = None
        harmful = _is_harmful(cox["hr"][at], str(cox["status"][at]), values[known, at], months[known], event[known])
        if np.isfinite(changes[at]) and changes[at] != 0 and harmful is not None:
            fits = bool((changes[at] > 0) == first_is_worse) == harmful
        ratio, lower, upper, p = (float(cox[part][at]) for part in ("hr", "lower", "upper", "p"))
        count, halves_p = halves[at]
        rows.append(
            GenePrognosis(
                gene=name, n=int(known.sum()), events=int(event[known].sum()), hr=ratio, lower=lower, upper=upper, p=p,
                p_adjusted=float(adjusted[at]), status=str(cox["status"][at]), n_high=count, logrank_p=halves_p,
                logrank_p_adjusted=float(halves_adjusted[at]), log_fc=float(changes[at]), fits=fits,
            )
        )  # fmt: skip
    return Prognosis(
        tuple(rows), _directions(rows), event.size, int(event.sum()), tuple(_remarks(names, values, rows, event))
    )


def _cox(values: np.ndarray, months: np.ndarray, event: np.ndarray) -> dict[str, np.ndarray]:
    """Univariable models of all genes, those with the same missing patients together."""
    parts = ("hr", "lower", "upper", "p")
    found = {part: np.full(values.shape[1], np.nan) for part in parts}
    found["status"] = np.full(values.shape[1], "too few values", dtype="<U20")
    known = np.isfinite(values)
    patterns, index = np.unique(known.T, axis=0, return_inverse=True)
    for at, pattern in enumerate(patterns):
        own = np.flatnonzero(index.ravel() == at)
        if pattern.sum() < 3 or not event[pattern].any():
            continue
        models = univariable_cox(values[np.ix_(pattern, own)], months[pattern], event[pattern])
        for part in (*parts, "status"):
            found[part][own] = getattr(models, part)
    return found


def _is_harmful(ratio: float, status: str, values: np.ndarray, months: np.ndarray, event: np.ndarray) -> bool | None:
    """Whether the hazard rises with a gene, even where the likelihood has no maximum; None without a direction."""
    if np.isfinite(ratio):
        return bool(ratio > 1)
    if status != SEPARATION:
        return None
    slope = sum(values[at] - values[months >= months[at]].mean() for at in np.flatnonzero(event))
    return bool(slope > 0)


def _halves(values: np.ndarray, months: np.ndarray, event: np.ndarray) -> tuple[int, float]:
    known = np.isfinite(values)
    if known.sum() < 2 or not event[known].any():
        return 0, float("nan")
    high = values[known] > np.median(values[known])
    if not 0 < high.sum() < high.size:
        return int(high.sum()), float("nan")
    return int(high.sum()), logrank(months[known], event[known], high).p


def _directions(rows: list[GenePrognosis]) -> tuple[Direction, ...]:
    found = []
    for what, part in (("all genes", rows), ("genes with p below 0.05", [row for row in rows if row.p < 0.05])):
        known = [row.fits for row in part if row.fits is not None]
        if known:
            p = float(stats.binomtest(sum(known), len(known), 0.5).pvalue)
            found.append(Direction(what, len(known), sum(known), p))
    return tuple(found)


def _remarks(names: tuple[str, ...], values: np.ndarray, rows: list[GenePrognosis], event: np.ndarray) -> list[Notice]:
    notices = []
    tied = []
    for at, name in enumerate(names):
        known = values[np.isfinite(values[:, at]), at]
        if known.size and np.unique(known, return_counts=True)[1].max() > _MOSTLY_TIED * known.size:
            tied.append(name)
    if tied:
        text = (
            f"More than half of the patients share one value of {listed(tied)}: cuts and hazard ratios mean "
            f"little there."
        )
        notices.append(Notice("gene-mostly-tied", text))
    unfitted = [row.gene for row in rows if row.status != OK]
    if unfitted:
        reasons = ", ".join(dict.fromkeys(_REASONS.get(row.status, row.status) for row in rows if row.status != OK))
        notices.append(Notice("gene-without-estimate", f"No hazard ratio of {listed(unfitted)} ({reasons})."))
    if event.sum() < 20:
        text = (
            f"Only {int(event.sum())} of {event.size} patients had the event: hardly any effect can be shown or "
            f"excluded."
        )
        notices.append(Notice("few-events", text))
    return notices
