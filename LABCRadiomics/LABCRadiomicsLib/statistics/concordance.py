"""Concordance of a marker with survival: Harrell's C, Uno's C, and the difference between two markers."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..errors import InputError
from . import _checks
from .kaplan_meier import life_table

_PERFECT = 1e-12  # of all pairs: less than one pair in any cohort


@dataclass(frozen=True)
class Concordance:
    """A concordance index with its infinitesimal-jackknife standard error.

    Attributes
    ----------
    c, se, lower, upper : float
        Index, standard error, and confidence limits ``c +- z se`` cut at 0 and 1. An index of exactly 0 or 1 has a
        standard error of zero, which says nothing of its precision: its limits are NaN.
    concordant, discordant, tied_marker : float
        Weighted pairs: the one who fails first has the higher, the lower, the same marker.
    influence : ndarray, shape (n,)
        Change of ``c`` per unit of each patient's weight; ``se**2`` is its sum of squares.
    """

    c: float
    se: float
    lower: float
    upper: float
    concordant: float
    discordant: float
    tied_marker: float
    influence: np.ndarray


@dataclass(frozen=True)
class ConcordanceDifference:
    """Difference of two indices on the same patients, first less second, with limits and a two-sided p value.

    Where two markers differ but the standard error is zero, limits, z and p are NaN.
    """

    difference: float
    se: float
    lower: float
    upper: float
    z: float
    p: float


def harrell_c(
    marker: np.ndarray, time: np.ndarray, event: np.ndarray, *, tau: float | None = None, level: float = 0.95
) -> Concordance:
    """Harrell's C index: the chance that the one who fails first has the higher marker.

    Parameters
    ----------
    marker : array_like, shape (n,)
        Higher is worse.
    time, event : array_like, shape (n,)
        Follow-up and event.
    tau : float, optional
        Count only pairs whose first event is at or before ``tau``.
    level : float
        Of the confidence limits.

    Returns
    -------
    Concordance

    Raises
    ------
    InputError
        Unusable arrays, ``tau`` out of range, or no comparable pair.

    Notes
    -----
    Pairs tied in the marker count one half, pairs with tied event times not at all. Equals
    ``survival::concordance`` of R (Therneau and Watson 2017) including the standard error; ``tau`` is its ``ymax``.
    """
    marker, time, event = _checked(marker, time, event)
    # A patient censored at the very time of another's event was followed longer than that other.
    longer = np.where(event, 2 * _dense_rank(time), 2 * _dense_rank(time) + 1)
    return _concordance(marker, longer, _counted(time, event, tau), np.ones(time.size), level)


def harrell_c_of_columns(markers: np.ndarray, time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Harrell's C index of each of many markers at once, without standard errors.

    Parameters
    ----------
    markers : array_like, shape (n, p)
        Higher is worse; a patient with NaN is left out of that marker's pairs.
    time, event : array_like, shape (n,)

    Returns
    -------
    ndarray, shape (p,)
        As :func:`harrell_c` gives it; NaN where there is no comparable pair.
    """
    markers, time, event = np.asarray(markers, float), np.asarray(time, float), np.asarray(event, bool)
    concordant, pairs = np.zeros(markers.shape[1]), np.zeros(markers.shape[1])
    for first in np.flatnonzero(event):
        later = markers[(time > time[first]) | ((time == time[first]) & ~event)]
        own = markers[first]
        concordant += (later < own).sum(axis=0) + 0.5 * (later == own).sum(axis=0)
        pairs += np.where(np.isnan(own), 0, (~np.isnan(later)).sum(axis=0))
    return np.divide(concordant, pairs, out=np.full(pairs.size, np.nan), where=pairs > 0)


def uno_c(
    marker: np.ndarray, time: np.ndarray, event: np.ndarray, *, tau: float | None = None, level: float = 0.95
) -> Concordance:
    """Uno's C index, which does not depend on the censoring.

    Parameters
    ----------
    marker, time, event, tau, level
        As for `harrell_c`. Without ``tau`` all events count and late ones may weigh very much.

    Returns
    -------
    Concordance
        Its standard error takes the estimated censoring distribution as known, which is slightly conservative.

    Raises
    ------
    InputError
        As for `harrell_c`.

    Notes
    -----
    Pairs weigh ``1 / G(t)**2`` at the first event time t, with G the Kaplan-Meier curve of censoring.
    As in Uno et al. 2011 a pair needs two different times. The index equals ``survC1::Est.Cval`` of R, which leaves an
    event at exactly ``tau`` out; here it counts, as at every horizon of this package.
    """
    marker, time, event = _checked(marker, time, event)
    times, n_risk, _, n_censor = life_table(time, event)
    follow_up = np.concatenate(([1.0], np.cumprod(1 - n_censor / n_risk)))
    weight = follow_up[np.searchsorted(times, time, side="left")] ** -2.0
    return _concordance(marker, _dense_rank(time), _counted(time, event, tau), weight, level)


def concordance_difference(first: Concordance, second: Concordance, *, level: float = 0.95) -> ConcordanceDifference:
    """Compare two indices of the same kind on the same patients in the same order.

    Parameters
    ----------
    first, second : Concordance
        From `harrell_c` or `uno_c`.
    level : float
        Of the confidence limits.

    Raises
    ------
    InputError
        Different numbers of patients.

    Notes
    -----
    Variance from the difference of the influences, as ``survival::concordance(fit1, fit2)`` of R.
    """
    if first.influence.size != second.influence.size:
        raise InputError(
            f"second has {second.influence.size} patients where first has {first.influence.size}; "
            "compare two markers of the same patients."
        )
    difference = first.c - second.c
    se = float(np.linalg.norm(first.influence - second.influence))
    quantile = special.ndtri((1 + _checks.fraction(level, "level")) / 2)
    if se == 0:
        known = 0.0 if difference == 0 else float("nan")
        return ConcordanceDifference(difference, 0.0, known, known, known, known + 1)
    z = difference / se
    p = float(special.erfc(abs(z) / np.sqrt(2)))
    return ConcordanceDifference(difference, se, difference - quantile * se, difference + quantile * se, z, p)


def _checked(marker: np.ndarray, time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    time, event = _checks.survival(time, event)
    return _checks.vector(marker, "marker", time.size), time, event


def _counted(time: np.ndarray, event: np.ndarray, tau: float | None) -> np.ndarray:
    """Events that open pairs: all of them, or those up to ``tau``."""
    if tau is None:
        return event
    return event & (time <= _checks.horizon(tau, time, "tau"))


def _concordance(
    marker: np.ndarray, follow_up: np.ndarray, counted: np.ndarray, weight: np.ndarray, level: float
) -> Concordance:
    """Index over the pairs of a ``counted`` event and anyone of higher ``follow_up``; a pair weighs as its event."""
    level = _checks.fraction(level, "level")
    share = _pair_shares(_dense_rank(marker), follow_up, counted, weight)
    concordant, tied, pairs = share.sum(axis=1) / 2  # each pair was counted for both of its patients
    if pairs <= 0:
        raise InputError("time and event have no pair of patients that can be compared; more follow-up is needed.")
    c = float((concordant + tied / 2) / pairs)
    influence = (share[0] + share[1] / 2 - c * share[2]) / pairs
    half_width = special.ndtri((1 + level) / 2) * float(np.linalg.norm(influence))
    if min(c, 1 - c) < _PERFECT:
        influence, half_width = np.zeros(marker.size), np.nan
    lower, upper = np.clip((c - half_width, c + half_width), 0, 1)
    return Concordance(
        c, float(np.linalg.norm(influence)), float(lower), float(upper),
        float(concordant), float(pairs - concordant - tied), float(tied), influence,
    )  # fmt: skip


def _pair_shares(marker: np.ndarray, follow_up: np.ndarray, counted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight of the concordant, marker-tied and all pairs each patient is in, shape (3, n).

    ``marker`` and ``follow_up`` are ranks without gaps. Two patients are a pair where the one of lower ``follow_up``
    is ``counted``; the pair weighs as that one. It is met at the highest binary digit in which their ranks of
    follow-up differ: there, within a block of equal higher digits, everyone with a 1 was followed longer than
    everyone with a 0, and running sums along the marker count them. So all pairs take n log(n) steps a digit.
    """
    opens = np.where(counted, weight, 0.0)  # what a pair weighs whose first to fail the patient is
    share = np.zeros((3, marker.size))
    by_marker = np.argsort(marker, kind="stable")
    for digit in range(int(follow_up.max()).bit_length()):
        block = follow_up[by_marker] >> (digit + 1)
        order = by_marker[np.argsort(block, kind="stable")]
        longer = (follow_up[order] >> digit & 1).astype(bool)
        block = follow_up[order] >> (digit + 1)
        begin, end = np.searchsorted(block, block, side="left"), np.searchsorted(block, block, side="right")
        low, high = _runs(block, marker[order])
        own = opens[order]
        first = np.concatenate(([0.0], np.cumsum(np.where(longer, 0.0, own))))
        last = np.concatenate(([0.0], np.cumsum(longer)))
        share[0, order] += np.where(longer, first[end] - first[high], own * (last[low] - last[begin]))
        share[1, order] += np.where(longer, first[high] - first[low], own * (last[high] - last[low]))
        share[2, order] += np.where(longer, first[end] - first[begin], own * (last[end] - last[begin]))
    return share


def _runs(block: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Begin and end of the run of equal ``block`` and ``value`` that each entry is in (sorted by both)."""
    new = (block[1:] != block[:-1]) | (value[1:] != value[:-1])
    starts = np.flatnonzero(np.concatenate(([True], new)))
    lengths = np.diff(np.append(starts, block.size))
    return np.repeat(starts, lengths), np.repeat(starts + lengths, lengths)


def _dense_rank(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1]
