"""How much a result depends on where exactly the contour was drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .errors import ExtractionError
from .features import extract_region
from .imaging.contours import READER_LENGTH_MM, READER_SD_MM, redraw_contour
from .model import Model
from .patient import PatientScore, extraction_settings
from .scoring import predict

REPEATS = 20


def contour_stability(
    model: Model,
    result: PatientScore,
    repeats: int = REPEATS,
    progress: Callable[[int, int], None] | None = None,
) -> PatientScore:
    """Score the patient again with the ROI's boundary moved in and out as between two readers.

    Parameters
    ----------
    model : Model
    result : PatientScore
        The outcome of :func:`.patient.score_image`.
    repeats : int
        Number of contours; each moves the boundary smoothly (see :func:`.contours.redraw_contour`). The same input
        gives the same contours.
    progress : callable, optional
        Called with the number of contours done and their total.

    Returns
    -------
    PatientScore
        The same with the prediction's ``stability``: number of contours, how many gave the same risk group, the
        score's least, median and largest value, and the moved boundary's standard deviation and correlation length in
        mm. Contours that cannot be scored are counted as ``failed``.
    """
    settings = extraction_settings(model)
    features = [term.feature for term in model.score.terms]
    region, mask = result.region, result.region.mask
    scores, failed = [], 0
    for repeat in range(repeats):
        contour = redraw_contour(mask, np.random.default_rng(repeat), solid=False)
        try:
            values = extract_region(region.with_mask(contour.array), settings, features).values
            scores.append(predict(model, values).score)
        except ExtractionError:
            failed += 1
        if progress is not None:
            progress(repeat + 1, repeats)
    return replace(result, prediction=replace(result.prediction, stability=_summary(model, result, scores, failed)))


def _summary(model: Model, result: PatientScore, scores: list[float], failed: int) -> dict[str, object]:
    same = None
    if model.cutoff is not None:
        high = result.prediction.risk_group == "high"
        same = sum((score > model.cutoff.value) == high for score in scores)
    return {
        "contours": len(scores) + failed,
        "failed": failed,
        "same_group": same,
        "score_min": min(scores, default=None),
        "score_median": float(np.median(scores)) if scores else None,
        "score_max": max(scores, default=None),
        "boundary_sd_mm": READER_SD_MM,
        "correlation_length_mm": READER_LENGTH_MM,
    }
