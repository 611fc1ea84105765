"""Whether the features of a score lie together where those of the training patients lay."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ..model import Score
from ..notices import Notice
from ..statistics.joint_distance import joint_distance

USUAL, FAR = 99.0, 1.5
"""Percent of the training patients within the usual distance; how many times that distance is far."""


def joint_distance_notices(score: Score, values: Mapping[str, float]) -> Iterable[Notice]:
    """Mahalanobis distance of the score's features from the training mean."""
    known = score.distribution
    if known is None:
        return
    row = [values[term.feature] for term in score.terms]
    distance = float(joint_distance(row, known.mean, known.covariance))
    usual = usual_distance(known.percent, known.distance, len(score.terms))
    if distance > usual:
        text = (
            f"The features of the score lie together {distance:.3g} standard distances from the training mean; "
            f"{USUAL:g}% of the training patients lie within {usual:.3g}."
        )
        yield Notice("far-from-training", text, grave=distance > FAR * usual)


def usual_distance(percent: Iterable[float], distance: Iterable[float], dimensions: int) -> float:
    """The Mahalanobis distance within which 99% of the training patients lie.

    Parameters
    ----------
    percent, distance : iterable of float
        As measured in training; where 99% is not among them, as many normally distributed patients would have it.
    dimensions : int
        Number of features.
    """
    measured = dict(zip(percent, distance, strict=True))
    if USUAL in measured:
        return measured[USUAL]
    # Wilson and Hilferty's approximation of the chi-square quantile, within 1% here; 2.3263 is the normal 99% point.
    third = 2 / (9 * dimensions)
    return math.sqrt(dimensions * (1 - third + 2.3263 * math.sqrt(third)) ** 3)
