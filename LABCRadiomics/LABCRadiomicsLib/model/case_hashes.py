"""Marks by which a model knows its training patients again without holding anything of them.

A mark is the beginning of the SHA-256 of one patient's features of the score, at nine digits. Nobody's features can be
read out of it; who has the same features finds the same mark. The marks are sorted, so that their order says nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

_LENGTH = 16  # hexadecimal digits: two of a million patients share a mark by chance once in 30 million cohorts
LEAST_FEATURES = 3
PATTERN = f"^[0-9a-f]{{{_LENGTH}}}$"


def case_hashes(rows: Iterable[Sequence[float]]) -> tuple[str, ...]:
    """Give the marks of patients in their order.

    Parameters
    ----------
    rows : iterable of sequence of float
        One patient each: the features of the score, in the order of its terms.
    """
    return tuple(
        hashlib.sha256(",".join(f"{value:.9g}" for value in row).encode()).hexdigest()[:_LENGTH] for row in rows
    )


def distinctive_hashes(rows: Sequence[Sequence[float]]) -> tuple[str, ...]:
    """Give the sorted marks that a model keeps.

    None where two patients share one, as with a few coarse features, or where a patient has fewer than three features:
    values of so few could be found by trying them all.
    """
    marks = case_hashes(rows)
    guessable = any(len(row) < LEAST_FEATURES for row in rows)
    return tuple(sorted(marks)) if len(set(marks)) == len(marks) and not guessable else ()
