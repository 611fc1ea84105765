"""Concordance of a marker with survival: Harrell's C, Uno's C, and the difference between two markers."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..errors import InputError
from . import _checks
from .kaplan_meier import life_table

_CHUNK = 4_000_000  # entries of a pair matrix held at once


@dataclass(frozen=True)
class Concordance:
    """A concordance index with its infinitesimal-jackknife standard error.

    Attributes
    ----------
    c, se, lower, upper : float
        Index, standard error, and confidence limits ``c +- z se`` cut at 0 and 1.
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
    """Difference of two indices on the same patients, first less second, with limits and a two-sided p value."""

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
        Count only pairs whose first event is before ``tau``.
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
    ``survival::concordance`` of R (Therneau and Watson 2017) including the standard error.
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
    As in Uno et al. 2011 a pair needs two different times. The index equals ``survC1::Est.Cval`` of R.
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
    half_width = special.ndtri((1 + _checks.fraction(level, "level")) / 2) * se
    z = difference / se if se > 0 else 0.0
    p = float(special.erfc(abs(z) / np.sqrt(2)))
    return ConcordanceDifference(difference, se, difference - half_width, difference + half_width, z, p)


def _checked(marker: np.ndarray, time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    time, event = _checks.survival(time, event)
    return _checks.vector(marker, "marker", time.size), time, event


def _counted(time: np.ndarray, event: np.ndarray, tau: float | None) -> np.ndarray:
    """Events that open pairs: all of them, or those before ``tau``."""
    if tau is None:
        return event
    return event & (time < _checks.horizon(tau, time, "tau"))


def _concordance(
    marker: np.ndarray, follow_up: np.ndarray, counted: np.ndarray, weight: np.ndarray, level: float
) -> Concordance:
    """Index over the pairs of a ``counted`` event and anyone of higher ``follow_up``; a pair weighs as its event."""
    level = _checks.fraction(level, "level")
    order = np.argsort(follow_up, kind="stable")
    share = np.empty((3, marker.size))
    share[:, order] = _pair_shares(marker[order], follow_up[order], counted[order], weight[order])
    concordant, tied, pairs = share.sum(axis=1) / 2  # each pair was counted for both of its patients
    if pairs <= 0:
        raise InputError("time and event have no pair of patients that can be compared; more follow-up is needed.")
    c = float((concordant + tied / 2) / pairs)
    influence = (share[0] + share[1] / 2 - c * share[2]) / pairs
    se = float(np.linalg.norm(influence))
    half_width = special.ndtri((1 + level) / 2) * se
    return Concordance(
        c, se, max(0.0, c - half_width), min(1.0, c + half_width),
        float(concordant), float(pairs - concordant - tied), float(tied), influence,
    )  # fmt: skip


def _pair_shares(marker: np.ndarray, follow_up: np.ndarray, counted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight of the concordant, marker-tied and all pairs each patient is in, shape (3, n); sorted by follow-up."""
    n = marker.size
    share = np.zeros((3, n))
    events = np.flatnonzero(counted)
    first_partner = np.searchsorted(follow_up, follow_up[events], side="right")
    chunk = max(1, _CHUNK // n)
    for start in range(0, events.size, chunk):
        rows = events[start : start + chunk]
        partner = np.arange(n) >= first_partner[start : start + chunk, None]
        higher = (marker[rows, None] > marker) & partner
        same = (marker[rows, None] == marker) & partner
        for kind, pairs in enumerate((higher, same, partner)):
            share[kind] += weight[rows] @ pairs
            share[kind, rows] += weight[rows] * pairs.sum(axis=1)
    return share


def _dense_rank(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1]
