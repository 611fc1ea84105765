"""What a marker adds to a comparator on the same patients: discrimination, reclassification."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..statistics.concordance import ConcordanceDifference, concordance_difference, harrell_c
from ..statistics.reclassification_limits import RefittedModel, Risk, improvement_measures
from .attempts import Attempts
from .marker import Marker
from .metrics import Estimate, Measure, Metric, bootstrapped

RisksAt = Callable[[float], Risk]


@dataclass(frozen=True)
class Reclassification:
    """Improvement of predicted risks at a horizon: IDI, continuous NRI (survIDINRI's half), median improvement.

    ``limits`` says what the limits take for given; empty where there are none.
    """

    horizon: float
    idi: Estimate
    nri_half_continuous: Estimate
    nri_continuous_km: Estimate
    median_improvement: Estimate
    limits: str


@dataclass(frozen=True)
class Comparison:
    """A marker against a comparator; ``c_difference`` is the marker's C-index less the comparator's."""

    marker: str
    comparator: Marker
    comparator_c: Estimate
    c_difference: ConcordanceDifference
    reclassification: tuple[Reclassification, ...]

    def estimates(self) -> dict[Measure, Estimate]:
        """Give the comparison as figures."""
        gain, over = self.c_difference, self.comparator.name
        found = {
            Measure(Metric.C_INDEX, over): self.comparator_c,
            Measure(Metric.C_GAIN, self.marker, over=over): Estimate(gain.difference, gain.lower, gain.upper, gain.se),
        }
        for row in self.reclassification:
            found[Measure(Metric.IDI, self.marker, row.horizon, over)] = row.idi
            found[Measure(Metric.NRI, self.marker, row.horizon, over)] = row.nri_continuous_km
        return found


def compare(
    marker: Marker,
    comparator: Marker,
    months: np.ndarray,
    event: np.ndarray,
    *,
    bootstrap: int,
    seed: int,
    attempts: Attempts,
) -> Comparison:
    """Compare two markers of the same patients.

    Parameters
    ----------
    marker, comparator : Marker
        Of n patients; those whom one of them does not know are left out.
    months, event : numpy.ndarray, shape (n,)
    bootstrap, seed : int
        Resamples of the patients for the limits of IDI and NRI; a Cox model that was fitted to these patients is
        fitted again in each, the predictions of other models stay as they are.
    attempts : Attempts
        Is told of resamples without IDI or NRI.

    Returns
    -------
    Comparison
        With reclassification at the horizons for which both predict a risk and beyond which somebody was followed.

    Raises
    ------
    InputError
        There is no pair of patients that can be compared, or nobody with or without the event at a horizon.
    """
    known = marker.known & comparator.known
    marker, comparator, months, event = marker.take(known), comparator.take(known), months[known], event[known]
    theirs = harrell_c(comparator.values, months, event)
    difference = concordance_difference(harrell_c(marker.values, months, event), theirs)
    risks = [risks_of(one, months, event) for one in (comparator, marker)]
    rows = tuple(
        _reclassification(comparator, marker, risks, months, event, horizon, bootstrap, seed, attempts)
        for horizon in marker.survival
        if horizon in comparator.survival and horizon < months.max()
    )
    c = Estimate.normal(theirs.c, theirs.se, least=0, most=1)
    return Comparison(marker.name, comparator, c, difference, rows)


def _reclassification(
    older: Marker,
    newer: Marker,
    risks: Sequence[RisksAt],
    months: np.ndarray,
    event: np.ndarray,
    horizon: float,
    bootstrap: int,
    seed: int,
    attempts: Attempts,
) -> Reclassification:
    def refit(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return old(rows), new(rows)

    old, new = (at(horizon) for at in risks)
    what = f"The reclassification at {horizon:g} months, {newer.name} over {older.name},"
    measures = improvement_measures(refit, months, event, horizon)
    idi, nri, nri_km, median = bootstrapped(what, measures, months.size, bootstrap, seed, attempts)
    limits = "" if idi.lower is None else _limits_in_words(older, newer)
    return Reclassification(horizon, idi, nri, nri_km, median, limits)


def risks_of(marker: Marker, months: np.ndarray, event: np.ndarray) -> RisksAt:
    """Risk of a resample's patients by horizon; a model that was made of these patients is made again of them."""
    if marker.design is not None:
        return RefittedModel(marker.design, months, event).risk
    return lambda horizon: marker.risk(horizon).__getitem__


def _limits_in_words(older: Marker, newer: Marker) -> str:
    refitted = [marker.name for marker in (older, newer) if marker.design is not None]
    held = [marker.name for marker in (older, newer) if marker.design is None]
    done = ["bootstrap percentiles"]
    if refitted:
        was = "was" if len(refitted) == 1 else "were"
        done.append(f"{' and '.join(refitted)} {was} fitted again in every resample")
    if held:
        done.append(f"{' and '.join(held)} stayed as made from other patients")
    return ", ".join(done)
