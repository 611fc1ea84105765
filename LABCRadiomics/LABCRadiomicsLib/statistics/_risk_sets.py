"""Sums over risk sets, the one structure beneath the Cox models, the LASSO's deviance and the baseline hazard.

Patients are sorted by falling time, so that the risk set of an event time is the patients before some row, and the
sums over all risk sets are one running sum, for any number of columns at once. Strata are sorted one after the other;
patients who enter late are taken off by a second running sum over falling entry times.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class RiskSets:
    """Where each risk set ends, for patients sorted by stratum and falling time.

    The partial likelihood is a product of one term an event. Term ``k`` belongs to the distinct event time
    ``term_time[k]`` and its denominator is the sum over the risk set less ``term_fraction[k]`` of the sum over those
    who have the event at that time (Efron 1977; all fractions are zero for Breslow).

    Attributes
    ----------
    order : ndarray of int, shape (r,)
        The patients who are in any risk set.
    risk_ends : ndarray of int, shape (m,)
        One past the last row (within ``order``) of each distinct event time's risk set, latest time first.
    event_rows : ndarray of int, shape (e,)
        Rows (within ``order``) of the events, grouped by time.
    event_starts : ndarray of int, shape (m,)
        First entry of each event time in ``event_rows``.
    term_time : ndarray of int, shape (e,)
        Index of the event time of each term.
    term_fraction : ndarray, shape (e,)
        Efron's fractions 0, 1/d, ..., (d - 1)/d of the d events tied at a time.
    times : ndarray, shape (m,)
        The distinct event times, latest first within each stratum.
    stratum : ndarray of int, shape (m,), or None
        Of each event time; None without strata.
    risk_starts : ndarray of int, shape (m,), or None
        First row of each event time's stratum.
    entry_rows : ndarray of int, shape (r,), or None
        Rows sorted by stratum and falling entry; None when all enter at time zero.
    entry_ends : ndarray of int, shape (m,), or None
        One past the last of ``entry_rows`` who enters at each event time or later, and so is not yet at risk.
    weight : ndarray, shape (r,), or None
        Case weights; None when all are one.
    """

    order: np.ndarray
    risk_ends: np.ndarray
    event_rows: np.ndarray
    event_starts: np.ndarray
    term_time: np.ndarray
    term_fraction: np.ndarray
    times: np.ndarray
    stratum: np.ndarray | None = None
    risk_starts: np.ndarray | None = None
    entry_rows: np.ndarray | None = None
    entry_ends: np.ndarray | None = None
    weight: np.ndarray | None = None

    @classmethod
    def build(
        cls,
        time: np.ndarray,
        event: np.ndarray,
        ties: str,
        *,
        entry: np.ndarray | None = None,
        strata: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> "RiskSets":
        """Return the risk sets of checked arrays; ``ties`` is ``efron`` or ``breslow``, strata are numbers from 0."""
        group = np.zeros(time.size, dtype=int) if strata is None else strata
        first_event = np.full(int(group.max()) + 1, np.inf)
        np.minimum.at(first_event, group[event], time[event])
        order = np.lexsort((-time, group))
        order = order[time[order] >= first_event[group[order]]]
        sorted_time, sorted_group = time[order], group[order]
        run_starts, run_sizes = _runs(sorted_group, sorted_time)
        event_rows = np.flatnonzero(event[order])
        event_starts, tied = _runs(sorted_group[event_rows], sorted_time[event_rows])
        first = event_rows[event_starts]
        risk_ends = np.repeat(run_starts + run_sizes, run_sizes)[first]
        term_time = np.repeat(np.arange(first.size), tied)
        rank = np.arange(event_rows.size) - event_starts[term_time]
        fraction = rank / tied[term_time] if ties == "efron" else np.zeros(event_rows.size)
        entry_rows = entry_ends = None
        if entry is not None:
            entry_rows, entry_ends = _late(entry[order], sorted_group, sorted_time[first], sorted_group[first])
        plain = strata is None and entry is None
        return cls(
            order,
            risk_ends,
            event_rows,
            event_starts,
            term_time,
            fraction,
            sorted_time[first],
            stratum=None if strata is None else sorted_group[first],
            risk_starts=None if plain else np.searchsorted(sorted_group, sorted_group[first]),
            entry_rows=entry_rows,
            entry_ends=entry_ends,
            weight=None if weights is None else weights[order],
        )

    @cached_property
    def block_starts(self) -> np.ndarray:
        """First row of those who join the risk set at each event time, shape (m,); without strata and late entry."""
        return np.concatenate(([0], self.risk_ends[:-1]))

    @cached_property
    def tied(self) -> bool:
        """Whether any term subtracts part of its tied events."""
        return bool(self.term_fraction.any())

    def risk_sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of the rows of ``values`` (already in ``order``) over each risk set, shape (m, ...)."""
        running = np.cumsum(values, axis=0)
        sums = running[self.risk_ends - 1]
        if self.risk_starts is None:
            return sums
        sums = sums - _before(running, self.risk_starts)
        if self.entry_rows is not None and self.entry_ends is not None:
            late = np.cumsum(values[self.entry_rows], axis=0)
            sums -= _before(late, self.entry_ends) - _before(late, self.risk_starts)
        return sums

    def risk_log_sums(self, exponents: np.ndarray) -> np.ndarray:
        """Log of the sum of ``exp(exponents)`` over each risk set; without strata and late entry."""
        return np.logaddexp.accumulate(exponents, axis=0)[self.risk_ends - 1]

    def event_sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of the rows of ``values`` (already in ``order``) over the events of each time, shape (m, ...)."""
        return np.add.reduceat(values[self.event_rows], self.event_starts, axis=0)

    def term_sums(self, values: np.ndarray) -> np.ndarray:
        """Denominator-like sum of each likelihood term, shape (e, ...)."""
        sums = self.risk_sums(values)[self.term_time]
        if self.tied:
            fraction = self.term_fraction.reshape(-1, *[1] * (values.ndim - 1))
            sums -= fraction * self.event_sums(values)[self.term_time]
        return sums

    @cached_property
    def case_weight(self) -> np.ndarray:
        """Weight of each patient in ``order``, shape (r,)."""
        return np.ones(self.order.size) if self.weight is None else self.weight

    @cached_property
    def event_weight(self) -> np.ndarray:
        """Weight of each event, shape (e,)."""
        return self.case_weight[self.event_rows]

    @cached_property
    def term_weight(self) -> np.ndarray:
        """Weight of each term's denominator, shape (e,): the mean weight of the events tied at its time."""
        if self.weight is None:
            return np.ones(self.event_rows.size)
        tied = np.diff(np.append(self.event_starts, self.event_rows.size))
        return (np.add.reduceat(self.event_weight, self.event_starts) / tied)[self.term_time]

    def null_loglik(self) -> float:
        """Log partial likelihood when all patients have the same hazard."""
        return -float(self.term_weight @ np.log(self.term_sums(self.case_weight)))


def _runs(*keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each run of equal keys begins, and how long it is (rows sorted by the keys)."""
    new = np.ones(keys[0].size, dtype=bool)
    new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    starts = np.flatnonzero(new)
    return starts, np.diff(np.append(starts, new.size))


def _before(running: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Value of running sums before each of ``ends``; zero before the first row."""
    sums = running[np.maximum(ends - 1, 0)]
    return np.where((ends > 0).reshape(-1, *[1] * (running.ndim - 1)), sums, 0.0)


def _late(
    entry: np.ndarray, group: np.ndarray, times: np.ndarray, time_group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows by stratum and falling entry, and for each event time one past the last who is not yet at risk."""
    rows = np.lexsort((-entry, group))
    ends = np.empty(times.size, dtype=int)
    for stratum in np.unique(time_group):
        first, last = np.searchsorted(group, [stratum, stratum + 1])
        own = time_group == stratum
        ends[own] = first + np.searchsorted(-entry[rows[first:last]], -times[own], side="right")
    return rows, ends
