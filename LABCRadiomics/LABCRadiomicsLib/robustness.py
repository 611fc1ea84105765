"""How much a result depends on where exactly the contour was drawn.

May import: errors, imaging.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from .errors import ExtractionError
from .imaging import Region
from .imaging.contours import READER_LENGTH_MM, READER_SD_MM, redraw_contour

REPEATS = 20


@dataclass(frozen=True)
class ContourStability:
    """Scores of redrawn contours.

    Attributes
    ----------
    contours, failed : int
        How many were drawn, and how many of them could not be scored.
    same_group : int or None
        How many give the patient's risk group; None when the model has no cutoff.
    score_min, score_median, score_max : float or None
        None when no contour could be scored.
    boundary_sd_mm, correlation_length_mm : float
        How far the boundary was moved (standard deviation) and over what length it moves alike, in mm.
    """

    contours: int
    failed: int
    same_group: int | None
    score_min: float | None
    score_median: float | None
    score_max: float | None
    boundary_sd_mm: float = READER_SD_MM
    correlation_length_mm: float = READER_LENGTH_MM


def contour_stability(
    region: Region,
    score: Callable[[Region], float],
    group: Callable[[float], str | None],
    repeats: int = REPEATS,
    progress: Callable[[int, int], None] | None = None,
) -> ContourStability:
    """Score a region again with its boundary moved in and out as between two readers.

    Parameters
    ----------
    region : Region
        What was scored.
    score : callable
        Gives a region's score; may raise ExtractionError.
    group : callable
        Gives a score's risk group, None when there is none.
    repeats : int
        Number of contours; each moves the boundary smoothly (see :func:`.contours.redraw_contour`). The same input
        gives the same contours.
    progress : callable, optional
        Called with the number of contours done and their total.
    """
    own, mask = group(score(region)), region.mask
    scores: list[float] = []
    for repeat in range(repeats):
        contour = redraw_contour(mask, np.random.default_rng(repeat), solid=False)
        with suppress(ExtractionError):  # counted as failed
            scores.append(score(region.with_mask(contour.array)))
        if progress is not None:
            progress(repeat + 1, repeats)
    return ContourStability(
        contours=repeats,
        failed=repeats - len(scores),
        same_group=None if own is None else sum(group(found) == own for found in scores),
        score_min=min(scores, default=None),
        score_median=float(np.median(scores)) if scores else None,
        score_max=max(scores, default=None),
    )
