"""The cutoff of a score: how often it is right, and how much of what it shows is that it was chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..statistics.cutoff_accuracy import cutoff_accuracy
from ..statistics.maximally_selected import MaximallySelected, maximally_selected
from ..statistics.roc import time_dependent_roc, youden_cutoff
from .attempts import Attempts, attempt
from .marker import Marker
from .metrics import Estimate, Measure, Metric

_FEW_ENOUGH = 1000  # patients of whom the joint distribution of all cutoffs is integrated in a second


@dataclass(frozen=True, kw_only=True)
class CutoffStudy:
    """A cutoff among all that these patients offer.

    Attributes
    ----------
    cutoff : float
    horizon : float
        Months, at which a cutoff is chosen anew.
    selected : MaximallySelected or None
        The largest log-rank statistic of any cutoff, with a p value that knows of the choice.
    resampled : numpy.ndarray, shape (b,)
        The cutoff with the largest Youden index in each resample of the patients, the score being held; resamples
        without one are left out.
    """

    cutoff: float
    horizon: float
    selected: MaximallySelected | None
    resampled: np.ndarray


def accuracy_of_cutoff(
    marker: Marker, months: np.ndarray, event: np.ndarray, horizon: float
) -> dict[Measure, Estimate]:
    """Give sensitivity, specificity and predictive values of a marker's high-risk group for the event by a horizon.

    Empty where they do not exist: everybody on one side, or nobody with or without the event.
    """
    high = marker.high
    found = None if high is None else attempt(lambda: cutoff_accuracy(high, months, event, horizon))
    if found is None:
        return {}
    parts = {
        Metric.SENSITIVITY: found.sensitivity,
        Metric.SPECIFICITY: found.specificity,
        Metric.PPV: found.ppv,
        Metric.NPV: found.npv,
    }
    return {Measure(m, marker.name, horizon): Estimate.share(part.value, part.se) for m, part in parts.items()}


def cutoff_study(
    marker: Marker,
    months: np.ndarray,
    event: np.ndarray,
    horizon: float,
    *,
    repeats: int,
    seed: int,
    attempts: Attempts,
) -> CutoffStudy | None:
    """Set a marker's cutoff among all others; None for a marker without one.

    Parameters
    ----------
    marker, months, event
        Of the same patients.
    horizon : float
        Months.
    repeats, seed : int
        Of the bootstrap of the cutoff.
    attempts : Attempts
        Is told why there is no test.
    """
    cutoff = marker.cutoff
    if cutoff is None or not np.isfinite(cutoff):
        return None
    # The bound of Lausen et al. is near the joint distribution, and what there is time for in large cohorts.
    method = "gauss" if months.size <= _FEW_ENOUGH else "lausen94"
    selected = attempts(
        "The test of the best cutoff", lambda: maximally_selected(marker.values, months, event, method=method)
    )
    rng = np.random.default_rng(seed)
    drawn = (_chosen_again(marker.values, months, event, horizon, rng) for _ in range(repeats))
    resampled = np.array([value for value in drawn if value is not None and np.isfinite(value)])
    return CutoffStudy(cutoff=cutoff, horizon=horizon, selected=selected, resampled=resampled)


def _chosen_again(
    values: np.ndarray, months: np.ndarray, event: np.ndarray, horizon: float, rng: np.random.Generator
) -> float | None:
    """The cutoff of a resample; None where nobody has the event by the horizon or is followed beyond it."""
    rows = rng.integers(0, values.size, values.size)
    try:
        return youden_cutoff(time_dependent_roc(values[rows], months[rows], event[rows], horizon)).threshold
    except InputError:
        return None
