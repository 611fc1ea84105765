"""How much a result depends on where exactly the contour was drawn.

May import: errors, imaging, scoring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import ExtractionError, InputError
from .imaging import Region
from .imaging.contour_spread import CONTOURS, READER_DICE, ContourSpread, spread_contours
from .scoring import Prediction

COVERAGE = 0.95
"""Share of other readers' scores that the limits are made to hold."""


def contour_stability(
    drawn: Prediction,
    region: Region,
    predict_region: Callable[[Region], Prediction],
    contours: int = CONTOURS,
    dice: float = READER_DICE,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Score the patient again with contours that differ from the drawn one as readers' contours differ.

    Groups, range and features are told of contours that are as far from the drawn one as a second reader's is. For
    limits of the score, contours at one reader's distance from the tumor's true boundary are scored too: two readers
    are apart by the root of two times what one is from the truth, or less where they err alike. The limits use the
    larger of both root mean squares of the score's change. Where the score is smooth they are the same; but around a
    contour that errs already the score changes less with more error (on phantoms by a third), which the first misses,
    and small errors of a lesion of few voxels move no voxel, which the second misses.

    The limits are Student's t limits around the score as drawn, for neither reader is the better one. Contours come in
    pairs to opposite sides, and each pair counts once.

    Parameters
    ----------
    drawn : Prediction
        With the contour as it was drawn.
    region : Region
        What was scored.
    predict_region : callable
        Gives the prediction on a region; may raise ExtractionError.
    contours : int
        How many; see :func:`.imaging.contour_spread.spread_contours`. The same input gives the same contours.
    dice : float
        Mean overlap of the contours with the drawn one.
    progress : callable, optional
        Called with the number of contours done and their total. An exception it raises ends the test.

    Returns
    -------
    dict
        See :func:`summary_of`. Contours that cannot be scored are counted as ``failed``.

    Raises
    ------
    InputError
        Fewer than two contours, or an overlap that is not between 0.5 and 1.
    """
    if contours < 2:
        raise InputError(f"{contours} contours cannot show a spread: ask for at least 2.")
    if not 0.5 <= dice < 1:
        raise InputError(f"A mean overlap (Dice) of {dice:g} is out of range: give at least 0.5 and less than 1.")
    spread = spread_contours(region.mask, contours, dice)
    redrawn, near, failed = [], [], 0
    for done, pair in enumerate(zip(spread.masks, spread.near_masks, strict=True), start=1):
        try:
            far, close = (predict_region(region.with_mask(mask)) for mask in pair)
            redrawn.append(far)
            near.append(close)
        except ExtractionError:
            failed += 1
        if progress is not None:
            progress(done, contours)
    return summary_of(drawn, redrawn, near, spread, failed)


def summary_of(
    drawn: Prediction, redrawn: Sequence[Prediction], near: Sequence[Prediction], spread: ContourSpread, failed: int
) -> dict[str, Any]:
    """Sum up how the result changes over the contours, and over those near the drawn one.

    Returns
    -------
    dict
        ``contours``, ``failed``: numbers; ``same_group``: how many gave the drawn contour's risk group, ``high``: how
        many the high one (both None without a cutoff); ``score_min``, ``score_median``, ``score_max``: over the drawn
        and the redrawn contours; ``score_lower``, ``score_upper``: 95% limits of another reader's score;
        ``dice_target``, ``dice_mean``, ``dice_min``: overlap with the drawn contour; ``volume_ratio_mean``, ``_min``,
        ``_max``: volume over the drawn one's; ``boundary_sd_mm``, ``correlation_length_mm``: of the boundary's
        displacement; ``moves``: features by the standard deviation of their part of the score, largest first.
    """
    scores = [drawn.score, *(prediction.score for prediction in redrawn)]
    far_changes, near_changes = ([found.score - drawn.score for found in part] for part in (redrawn, near))
    reach = second_reader_reach(far_changes, near_changes) if near else None
    grouped = drawn.risk_group is not None
    return {
        "contours": len(redrawn) + failed,
        "failed": failed,
        "same_group": sum(prediction.risk_group == drawn.risk_group for prediction in redrawn) if grouped else None,
        "high": sum(prediction.risk_group == "high" for prediction in redrawn) if grouped else None,
        "score_min": min(scores) if redrawn else None,
        "score_median": float(np.median(scores)) if redrawn else None,
        "score_max": max(scores) if redrawn else None,
        "score_lower": drawn.score - reach if reach is not None else None,
        "score_upper": drawn.score + reach if reach is not None else None,
        "dice_target": spread.target_dice,
        "dice_mean": float(spread.dice.mean()),
        "dice_min": float(spread.dice.min()),
        "volume_ratio_mean": float(spread.volume_ratio.mean()),
        "volume_ratio_min": float(spread.volume_ratio.min()),
        "volume_ratio_max": float(spread.volume_ratio.max()),
        "boundary_sd_mm": spread.sd_mm,
        "correlation_length_mm": spread.length_mm,
        "moves": _moves(redrawn),
    }


def second_reader_reach(far_changes: Sequence[float], near_changes: Sequence[float]) -> float:
    """How far from the score as drawn a second reader's score may be, see :func:`contour_stability`.

    Parameters
    ----------
    far_changes, near_changes : sequence of float
        Of the score, from the drawn contour to each at a second reader's distance, and to each at one reader's distance
        from the truth; in pairs to opposite sides.
    """
    from scipy.special import stdtrit  # not needed by the score itself

    far, near = (np.mean(np.square(changes)) for changes in (far_changes, near_changes))
    pairs = (len(far_changes) + 1) // 2
    return float(stdtrit(pairs, (1 + COVERAGE) / 2) * np.sqrt(max(far, 2 * near)))


def _moves(redrawn: Sequence[Prediction]) -> list[dict[str, Any]]:
    """Say how much each feature's part of the score varies over the contours, largest first."""
    parts: dict[str, list[float]] = {}
    for prediction in redrawn:
        for part in prediction.contributions:
            parts.setdefault(part.feature, []).append(part.contribution)
    spreads = {feature: float(np.std(values)) for feature, values in parts.items()}
    return [{"feature": name, "sd": spreads[name]} for name in sorted(spreads, key=lambda name: -spreads[name])]


def second_reading(drawn: Prediction, region: Region, other: Region, again: Prediction) -> dict[str, Any]:
    """Hold the result on another reader's contour against the result on the first one's.

    Parameters
    ----------
    drawn, again : Prediction
        On the first and on the second reader's contour.
    region, other : Region
        Both contours, on the grid of the same image.

    Returns
    -------
    dict
        ``dice``: overlap; ``score``, ``risk_group``, ``survival``: on the second contour; ``same_group``: whether both
        contours give the same risk group, None without a cutoff.
    """
    one, two = region.mask.array != 0, other.mask.array != 0
    common, both = np.count_nonzero(one & two), np.count_nonzero(one) + np.count_nonzero(two)
    return {
        "dice": float(2 * common / both),
        "score": again.score,
        "risk_group": again.risk_group,
        "same_group": None if drawn.risk_group is None else again.risk_group == drawn.risk_group,
        "survival": [vars(estimate) for estimate in again.survival],
    }
