"""The risk groups where other events compete with the one of interest: cumulative incidences and Gray's tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..statistics.competing_risks import CumulativeIncidence, GrayTest, cumulative_incidence, gray_test
from .attempts import Attempts, attempt


@dataclass(frozen=True)
class CauseInGroups:
    """One cause of the end of follow-up in the two risk groups.

    Attributes
    ----------
    cause : int
        1 is the event, others compete with it.
    events : mapping of str to int
        Of the cause in ``low`` and ``high``.
    curves : mapping of str to CumulativeIncidence or None
        Of ``low`` and ``high``; None where a group has no such event.
    test : GrayTest or None
        That both have the same incidence.
    """

    cause: int
    events: Mapping[str, int]
    curves: Mapping[str, CumulativeIncidence | None]
    test: GrayTest | None


def causes_in_groups(
    high: np.ndarray, months: np.ndarray, cause: np.ndarray, attempts: Attempts
) -> tuple[CauseInGroups, ...]:
    """Estimate the cumulative incidence of every cause in two risk groups.

    Parameters
    ----------
    high : numpy.ndarray of bool, shape (n,)
    months : numpy.ndarray, shape (n,)
    cause : numpy.ndarray of int, shape (n,)
        0 where follow-up was censored.
    attempts : Attempts
        Is told of tests that do not exist.
    """
    groups = {"low": ~high, "high": high}
    return tuple(
        CauseInGroups(
            cause=own,
            events={name: int((cause[rows] == own).sum()) for name, rows in groups.items()},
            curves={
                name: attempt(partial(cumulative_incidence, months[rows], cause[rows], of=own))
                for name, rows in groups.items()
            },
            test=attempts(f"Gray's test of cause {own}", partial(gray_test, months, cause, high, of=own)),
        )
        for own in sorted({int(value) for value in cause[cause > 0]})
    )
