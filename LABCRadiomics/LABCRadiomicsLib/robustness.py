"""How much a result depends on where exactly the contour was drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .errors import ExtractionError, InputError
from .features import extract_region
from .imaging.contour_spread import CONTOURS, READER_DICE, ContourSpread, spread_contours
from .model import Model
from .patient import PatientScore, extraction_settings
from .scoring import Prediction, predict

COVERAGE = 0.95
"""Share of other readers' scores that the limits are made to hold."""


def contour_stability(
    model: Model,
    result: PatientScore,
    contours: int = CONTOURS,
    dice: float = READER_DICE,
    progress: Callable[[int, int], None] | None = None,
) -> PatientScore:
    """Score the patient again with contours that differ from the drawn one as readers' contours differ.

    The limits of the score lie around the score as drawn. Two readers are exchangeable, so the second one's score is as
    often above as below the first one's: the limits are Student's t limits around the drawn score, from the root mean
    square of the redrawn contours' changes.

    Parameters
    ----------
    model : Model
    result : PatientScore
        The outcome of :func:`.patient.score_image`.
    contours : int
        How many; see :func:`.imaging.contour_spread.spread_contours`. The same input gives the same contours.
    dice : float
        Mean overlap of the contours with the drawn one.
    progress : callable, optional
        Called with the number of contours done and their total. An exception it raises ends the test.

    Returns
    -------
    PatientScore
        The same with the prediction's ``stability``: see :func:`summary_of`. Contours that cannot be scored are counted
        as ``failed``.

    Raises
    ------
    InputError
        Fewer than two contours, or an overlap that is not between 0.5 and 1.
    """
    if contours < 2:
        raise InputError(f"{contours} contours cannot show a spread: ask for at least 2.")
    if not 0.5 <= dice < 1:
        raise InputError(f"A mean overlap (Dice) of {dice:g} is out of range: give at least 0.5 and less than 1.")
    settings = extraction_settings(model)
    features = [term.feature for term in model.score.terms]
    spread = spread_contours(result.region.mask, contours, dice)
    redrawn, failed = [], 0
    for done, mask in enumerate(spread.masks, start=1):
        try:
            values = extract_region(result.region.with_mask(mask), settings, features).values
            redrawn.append(predict(model, values))
        except ExtractionError:
            failed += 1
        if progress is not None:
            progress(done, contours)
    stability = summary_of(result.prediction, redrawn, spread, failed)
    return replace(result, prediction=replace(result.prediction, stability=stability))


def summary_of(
    drawn: Prediction, redrawn: Sequence[Prediction], spread: ContourSpread, failed: int
) -> dict[str, object]:
    """Sum up how the result changes over the contours.

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
    changes = [prediction.score - drawn.score for prediction in redrawn]
    scores = [drawn.score, *(prediction.score for prediction in redrawn)]
    reach = _reach(changes) if changes else None
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


def _reach(changes: Sequence[float]) -> float:
    """How far another reader's score may be: Student's t limits around no change."""
    from scipy.special import stdtrit  # not needed by the score itself

    return float(stdtrit(len(changes), (1 + COVERAGE) / 2) * np.sqrt(np.mean(np.square(changes))))


def _moves(redrawn: Sequence[Prediction]) -> list[dict[str, object]]:
    """Say how much each feature's part of the score varies over the contours, largest first."""
    parts: dict[str, list[float]] = {}
    for prediction in redrawn:
        for part in prediction.contributions:
            parts.setdefault(part.feature, []).append(part.contribution)
    spreads = {feature: float(np.std(values)) for feature, values in parts.items()}
    return [{"feature": name, "sd": spreads[name]} for name in sorted(spreads, key=lambda name: -spreads[name])]
