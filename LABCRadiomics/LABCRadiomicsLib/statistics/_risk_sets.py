"""Sums over risk sets, the one structure beneath the Cox models, the LASSO's deviance and the baseline hazard.

Patients are sorted by falling time, so that the risk set of an event time is the patients before some row, and the
sums over all risk sets are one blockwise sum and one running sum, for any number of columns at once.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class RiskSets:
    """Where each risk set begins, for patients sorted by falling time.

    The partial likelihood is a product of one term an event. Term ``k`` belongs to the distinct event time
    ``term_time[k]`` and its denominator is the sum over the risk set less ``term_fraction[k]`` of the sum over those
    who have the event at that time (Efron 1977; all fractions are zero for Breslow).

    Attributes
    ----------
    order : ndarray of int, shape (r,)
        The patients who are in any risk set, by falling time.
    block_starts : ndarray of int, shape (m,)
        First row (within ``order``) of those who enter at each distinct event time, latest time first.
    event_rows : ndarray of int, shape (e,)
        Rows (within ``order``) of the events, grouped by time.
    event_starts : ndarray of int, shape (m,)
        First entry of each event time in ``event_rows``.
    term_time : ndarray of int, shape (e,)
        Index of the event time of each term.
    term_fraction : ndarray, shape (e,)
        Efron's fractions 0, 1/d, ..., (d - 1)/d of the d events tied at a time.
    times : ndarray, shape (m,)
        The distinct event times, latest first.
    """

    order: np.ndarray
    block_starts: np.ndarray
    event_rows: np.ndarray
    event_starts: np.ndarray
    term_time: np.ndarray
    term_fraction: np.ndarray
    times: np.ndarray

    @classmethod
    def build(cls, time: np.ndarray, event: np.ndarray, ties: str) -> "RiskSets":
        """Return the risk sets of checked arrays; ``ties`` is ``efron`` or ``breslow``."""
        first_event = time[event].min()
        order = np.argsort(-time, kind="stable")
        order = order[time[order] >= first_event]
        sorted_time, sorted_event = time[order], event[order]
        event_rows = np.flatnonzero(sorted_event)
        times, event_starts, tied = _runs(sorted_time[event_rows])
        # Row at which time falls below the previous (later) event time: there the next risk set's newcomers begin.
        block_starts = np.concatenate(([0], np.searchsorted(-sorted_time, -times[:-1], side="right")))
        term_time = np.repeat(np.arange(times.size), tied)
        rank = np.arange(event_rows.size) - event_starts[term_time]
        fraction = rank / tied[term_time] if ties == "efron" else np.zeros(event_rows.size)
        return cls(order, block_starts, event_rows, event_starts, term_time, fraction, times)

    @cached_property
    def block_ends(self) -> np.ndarray:
        """Last row of those who enter at each distinct event time, shape (m,)."""
        return np.append(self.block_starts[1:], self.order.size) - 1

    @cached_property
    def tied(self) -> bool:
        """Whether any term subtracts part of its tied events."""
        return bool(self.term_fraction.any())

    def risk_sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of the rows of ``values`` (already in ``order``) over each risk set, shape (m, ...)."""
        return np.cumsum(values, axis=0)[self.block_ends]

    def risk_log_sums(self, exponents: np.ndarray) -> np.ndarray:
        """Log of the sum of ``exp(exponents)`` over each risk set, however far apart the exponents are."""
        return np.logaddexp.accumulate(exponents, axis=0)[self.block_ends]

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

    def null_loglik(self) -> float:
        """Log partial likelihood when all patients have the same hazard."""
        return -float(np.log(self.term_sums(np.ones(self.order.size))).sum())


def _runs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct values of a sorted vector in its own order, where each begins, and how often it occurs."""
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    return values[starts], starts, np.diff(np.append(starts, values.size))
