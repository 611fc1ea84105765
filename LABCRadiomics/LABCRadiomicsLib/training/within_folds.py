"""Discrimination between patients of one fold only: scores of different folds come of different models."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..performance.attempts import attempt
from ..statistics.concordance import harrell_c
from ..statistics.kaplan_meier import censoring_survival


def concordance_within(
    marker: np.ndarray, months: np.ndarray, event: np.ndarray, folds: np.ndarray
) -> tuple[float, float]:
    """Harrell's C over the pairs of patients in the same fold, with its standard error; NaN without any pair.

    Parameters
    ----------
    marker : numpy.ndarray, shape (n,)
        NaN leaves a patient out.
    months, event, folds : numpy.ndarray, shape (n,)
    """
    agreeing = pairs = 0.0
    parts = []
    for fold in np.unique(folds):
        rows = (folds == fold) & ~np.isnan(marker)
        found = attempt(partial(harrell_c, marker[rows], months[rows], event[rows]))
        if found is not None:
            count = found.concordant + found.discordant + found.tied_marker
            agreeing += found.concordant + found.tied_marker / 2
            pairs += count
            parts.append((found, count))
    if not pairs:
        return float("nan"), float("nan")
    c = agreeing / pairs
    # Folds share no patient: the square of the standard error is the sum of theirs, weighted by their pairs.
    return c, float(np.sqrt(sum((found.se * count / pairs) ** 2 for found, count in parts)))


def auc_within(marker: np.ndarray, months: np.ndarray, event: np.ndarray, folds: np.ndarray, horizon: float) -> float:
    """Time-dependent AUC over the pairs of a case and a control in the same fold; NaN without any pair.

    Parameters
    ----------
    marker : numpy.ndarray, shape (n,)
        NaN leaves a patient out.
    months, event, folds : numpy.ndarray, shape (n,)
    horizon : float
        Months. The weights of censoring are those of all patients.
    """
    known = ~np.isnan(marker)
    cases = np.flatnonzero(known & event & (months <= horizon))
    controls = np.flatnonzero(known & (months > horizon))
    together = folds[cases][:, None] == folds[controls]
    if not together.any():
        return float("nan")
    weight = together / censoring_survival(months, event, months[cases], before=True)[:, None]
    above = marker[cases][:, None] - marker[controls]
    return float((weight * ((above > 0) + 0.5 * (above == 0))).sum() / weight.sum())
