"""How far to trust a result: a grade, and what it is given for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..notices import Notice
from .prediction import Contribution

Grade = Literal["fine", "care", "do-not-rely"]
GRADES: tuple[Grade, ...] = get_args(Grade)  # from good to bad

STABLE = 0.9  # share of redrawn contours in the same group below which the group is said to depend on the contour
HALF = 0.5  # below which the group is no better than a coin for it
FAR_OUTSIDE = 1 / 3  # share of features outside the training range from which a score is no more than a guess

# These say what a model does not give, which takes nothing from what it does give, or how the values were made.
_ABOUT_THE_MODEL = frozenset(
    {"no-cutoff", "no-nomogram", "no-baseline", "no-limits", "no-center", "no-points", "demonstration"}
    | {"preprocessed", "other-extractor"}
)
_OUTSIDE = "feature-out-of-range"
_OUTSIDE_BY_CHANCE = 0.02  # share of training patients outside a feature's range, which is the 1st to 99th percentile
_RARE = 0.05  # share of patients like the training cohort's who may be remarked on


@dataclass(frozen=True)
class Trust:
    """How far to trust a result.

    Attributes
    ----------
    grade : {"fine", "care", "do-not-rely"}
    reasons : tuple of Notice
        What the grade is given for, the gravest first; none where it is fine.
    """

    grade: Grade
    reasons: tuple[Notice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the grade and its reasons as the result document holds them."""
        return {"grade": self.grade, "reasons": [notice.to_dict() for notice in self.reasons]}


def trust_of(
    contributions: Sequence[Contribution],
    warnings: Iterable[Notice],
    stability: Mapping[str, Any] | None = None,
    second_reader: Mapping[str, Any] | None = None,
    *,
    jointly: bool = False,
    cutoff: float | None = None,
) -> Trust:
    """Grade a result by what was noticed on the way to it.

    Parameters
    ----------
    contributions : sequence of Contribution
        A third or more of them outside the training range make a result not to be relied on.
    warnings : iterable of Notice
        Those that say something about this patient count: a grave one makes a result not to be relied on, any other
        asks for care.
    stability : mapping, optional
        See :func:`.robustness.contour_stability`. Fewer than nine in ten redrawn contours in the same group ask for
        care, fewer than half make a result not to be relied on. So do, for care, limits of another reader's score that
        hold the cutoff.
    second_reader : mapping, optional
        See :func:`.robustness.second_reading`. Another risk group than the first reader's asks for care.
    jointly : bool
        Whether the features' distance from the training cohort was looked at as well. Then as many features as one in
        twenty training patients exceeds may be outside their own ranges: of six, one is in every eighth patient.
    cutoff : float, optional
        Score above which the risk group is high.
    """
    graded = [*_outside(contributions, jointly), *_unsteady(stability, cutoff), *_disputed(second_reader)]
    for notice in warnings:
        if notice.code != _OUTSIDE and notice.code not in _ABOUT_THE_MODEL:
            graded.append((GRADES[2] if notice.grave else GRADES[1], notice))
    graded.sort(key=lambda found: -GRADES.index(found[0]))  # stable: in the order of the patient's way
    return Trust(graded[0][0] if graded else GRADES[0], tuple(notice for _, notice in graded))


def _outside(contributions: Sequence[Contribution], jointly: bool) -> list[tuple[Grade, Notice]]:
    count, total = sum(part.in_range is False for part in contributions), len(contributions)
    if not count or (jointly and count <= _usually_outside(total)):
        return []
    text = f"{count} of {total} features outside the training cohort's range: the score is an extrapolation."
    return [(GRADES[2] if count >= FAR_OUTSIDE * total else GRADES[1], Notice(_OUTSIDE, text))]


def _usually_outside(total: int) -> int:
    """The number of features outside their ranges that at most one in twenty training patients exceeds (binomial)."""
    share, usual, exceeding = _OUTSIDE_BY_CHANCE, 0, 1.0
    while (exceeding := exceeding - math.comb(total, usual) * share**usual * (1 - share) ** (total - usual)) > _RARE:
        usual += 1
    return usual


def _unsteady(stability: Mapping[str, Any] | None, cutoff: float | None) -> list[tuple[Grade, Notice]]:
    if stability is None:
        return []
    scored, same = stability["contours"] - stability["failed"], stability["same_group"]
    if not scored:
        text = f"None of {stability['contours']} redrawn contours could be scored."
        return [(GRADES[1], Notice("contours-not-scored", text))]
    if same is None:
        return []
    if same >= STABLE * scored:
        return _held_by_limits(stability, cutoff)
    text = f"The risk group depends on the contour: {same} of {scored} redrawn contours give the same one."
    return [(GRADES[2] if same < HALF * scored else GRADES[1], Notice("contour-dependent", text))]


def limits_hold(stability: Mapping[str, Any], cutoff: float | None) -> bool:
    """Whether the limits of another reader's score hold the cutoff; scenes of earlier versions have no limits."""
    lower, upper = stability.get("score_lower"), stability.get("score_upper")
    return cutoff is not None and lower is not None and upper is not None and bool(lower <= cutoff < upper)


def _held_by_limits(stability: Mapping[str, Any], cutoff: float | None) -> list[tuple[Grade, Notice]]:
    if not limits_hold(stability, cutoff):
        return []
    lower, upper = stability["score_lower"], stability["score_upper"]
    text = (
        f"Another reader's contour may give the other risk group: the 95% limits of its score, {lower:.4g} to "
        f"{upper:.4g}, hold the cutoff {cutoff:.4g}."
    )
    return [(GRADES[1], Notice("cutoff-within-limits", text))]


def _disputed(second_reader: Mapping[str, Any] | None) -> list[tuple[Grade, Notice]]:
    if second_reader is None or second_reader["same_group"] is not False:
        return []
    return [(GRADES[1], Notice("readers-disagree", "The second reader's contour gives the other risk group."))]
