"""Discrimination between patients of one fold only: scores of different folds come of different models."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..statistics.concordance import Concordance, concordance_difference, harrell_c
from ..statistics.kaplan_meier import censoring_survival
from .attempts import attempt


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


def concordance_gain_within(
    newer: np.ndarray, older: np.ndarray, months: np.ndarray, event: np.ndarray, folds: np.ndarray
) -> np.ndarray:
    """Harrell's C of two markers over the pairs of patients in the same fold, and the newer's less the older's.

    Parameters
    ----------
    newer, older : numpy.ndarray, shape (n,)
    months, event, folds : numpy.ndarray, shape (n,)

    Returns
    -------
    numpy.ndarray, shape (3, 2)
        Newer, older, difference, each with its standard error; NaN without any pair. With one fold these are
        :func:`.concordance.concordance_difference`.
    """
    found, weight = [], []
    for fold in np.unique(folds):
        rows = folds == fold
        pair = attempt(partial(_both, newer[rows], older[rows], months[rows], event[rows]))
        if pair is not None:
            one, other = pair
            gain = concordance_difference(one, other)
            found.append([(one.c, one.se), (other.c, other.se), (gain.difference, gain.se)])
            weight.append(one.concordant + one.discordant + one.tied_marker)
    if not found:
        return np.full((3, 2), np.nan)
    share = np.array(weight)[:, None] / sum(weight)
    values, errors = np.moveaxis(np.array(found), 2, 0)
    return np.column_stack([(share * values).sum(axis=0), np.sqrt(((share * errors) ** 2).sum(axis=0))])


def _both(
    newer: np.ndarray, older: np.ndarray, months: np.ndarray, event: np.ndarray
) -> tuple[Concordance, Concordance]:
    return harrell_c(newer, months, event), harrell_c(older, months, event)


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
