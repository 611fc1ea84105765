"""Simultaneous bands of a Kaplan-Meier curve: limits that hold at all times together, not at one."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize

from ..errors import InputError
from . import _checks
from .kaplan_meier import kaplan_meier

KINDS = ("equal-precision", "hall-wellner")
SCALES = ("log-log", "plain")

_NODES = 120  # of the quadratures
_STEP = 0.01  # of the Ornstein-Uhlenbeck process's time
_IMAGES = 3  # reflections at the two borders on either side
_FAR = 9  # standard deviations beyond which nothing is


@dataclass(frozen=True)
class ConfidenceBand:
    """A band over the event times between two times; arrays of shape (k,).

    Attributes
    ----------
    time, survival, lower, upper : ndarray
    kind, scale : str
    critical : float
        The number that takes the place of 1.96.
    """

    time: np.ndarray
    survival: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    kind: str
    scale: str
    critical: float


def confidence_band(
    time: np.ndarray,
    event: np.ndarray,
    *,
    first: float | None = None,
    last: float | None = None,
    kind: str = "equal-precision",
    scale: str = "log-log",
    level: float = 0.95,
) -> ConfidenceBand:
    """Estimate a simultaneous band of the survival curve.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up (any unit) and event.
    first, last : float, optional
        The band holds from ``first`` to ``last``: from the first event to the last one that leaves somebody at risk
        unless given.
    kind : {"equal-precision", "hall-wellner"}
        Wider than pointwise limits by one factor everywhere (Nair 1984), or of a width that hardly depends on the
        censoring (Hall and Wellner 1980).
    scale : {"log-log", "plain"}
    level : float
        Chance that the band holds the whole curve.

    Returns
    -------
    ConfidenceBand

    Raises
    ------
    InputError
        Unusable arrays; times without an event between them.

    Notes
    -----
    Borgan and Liestøl 1990; Klein and Moeschberger 2003, section 4.4. The critical values are computed where others
    interpolate tables; formulas as ``km.ci`` of R (epband, logep, hall-wellner, loghall).
    """
    time, event = _checks.survival(time, event)
    _checks.choice(kind, "kind", KINDS)
    _checks.choice(scale, "scale", SCALES)
    level = _checks.fraction(level, "level")
    curve = kaplan_meier(time, event)
    usable = (curve.n_event > 0) & (curve.n_risk > curve.n_event)
    if not usable.any():
        raise InputError("time and event have no event that leaves somebody at risk; a band needs one.")
    first = curve.time[usable][0] if first is None else _checks.positive(first, "first")
    last = curve.time[usable][-1] if last is None else _checks.positive(last, "last")
    inside = usable & (curve.time >= first) & (curve.time <= last)
    if not inside.any():
        raise InputError(f"first {first:g} and last {last:g} have no event between them; widen them.")
    survival = curve.survival[inside]
    variance = (curve.se[inside] / survival) ** 2  # of the log of the survival
    share = time.size * variance / (1 + time.size * variance)
    low, high = float(share[0]), float(share[-1])
    if kind == "equal-precision":
        critical = equal_precision_critical(low, high, level)
        width = critical * np.sqrt(variance)
    else:
        critical = hall_wellner_critical(low, high, level)
        width = critical * (1 + time.size * variance) / np.sqrt(time.size)
    if scale == "plain":
        lower, upper = survival * (1 - width), survival * (1 + width)
    else:
        power = np.exp(width / -np.log(survival))
        lower, upper = survival**power, survival ** (1 / power)
    lower, upper = np.clip(lower, 0, 1), np.clip(upper, 0, 1)
    return ConfidenceBand(curve.time[inside], survival, lower, upper, kind, scale, critical)


def hall_wellner_critical(low: float, high: float, level: float = 0.95) -> float:
    """Value that a Brownian bridge stays within, from ``low`` to ``high`` of its time, with probability ``level``.

    Raises
    ------
    InputError
        Times that do not rise within 0 and 1.
    """
    _check_times(low, high, at_zero=True)
    return float(optimize.brentq(lambda k: _bridge_stays(k, low, high) - level, 0.05, 5))


def equal_precision_critical(low: float, high: float, level: float = 0.95) -> float:
    """Value that a Brownian bridge over its standard deviation stays within from ``low`` to ``high``.

    Raises
    ------
    InputError
        Times that do not rise within 0 and 1.
    """
    _check_times(low, high, at_zero=False)
    length = np.log(high * (1 - low) / (low * (1 - high))) / 2
    return float(optimize.brentq(lambda e: _stationary_stays(e, length) - level, 0.3, 8))


def _check_times(low: float, high: float, *, at_zero: bool) -> None:
    if not (0 <= low <= high < 1) or (low == 0 and not at_zero):
        raise InputError(f"low {low:g} and high {high:g} must rise between 0 and 1.")


def _bridge_stays(k: float, low: float, high: float) -> float:
    """Chance that a Brownian bridge stays within ``-k .. k`` between two of its times."""
    start, start_weights = np.zeros(1), np.ones(1)
    if low > 0:
        start, widths = _reached(k, low * (1 - low))
        start_weights = widths * _normal(start, low * (1 - low))
    if high == low:
        return float(start_weights.sum())
    end, widths = _reached(k, high * (1 - high))
    mean, variance = start[:, None] * (1 - high) / (1 - low), (1 - high) * (high - low) / (1 - low)
    arrives = _normal(end - mean, variance) * _stays(start[:, None], end, k, high - low)
    return float(start_weights @ arrives @ widths)


def _reached(k: float, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights where a normal variable within ``-k .. k`` is: a narrow one would fall between those of all."""
    nodes, weights = _gauss_legendre()
    reach = min(k, _FAR * np.sqrt(variance))
    return reach * nodes, reach * weights


def _stationary_stays(e: float, length: float) -> float:
    """Chance that a stationary Ornstein-Uhlenbeck process stays within ``-e .. e`` for a time.

    In steps so short that between two of them the process is a Brownian bridge.
    """
    nodes, weights = _gauss_legendre()
    nodes, weights = e * nodes, e * weights
    density = _normal(nodes, 1.0)
    steps = int(np.ceil(length / _STEP))
    if steps:
        correlation = np.exp(-length / steps)
        variance = 1 - correlation**2
        moves = _normal(nodes - correlation * nodes[:, None], variance) * _stays(nodes[:, None], nodes, e, variance)
        for _ in range(steps):
            density = (weights * density) @ moves
    return float(weights @ density)


@cache
def _gauss_legendre() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on -1 to 1, which the search for a critical value needs at each of its steps."""
    return np.polynomial.legendre.leggauss(_NODES)


def _stays(x: np.ndarray, y: np.ndarray, border: float, variance: float) -> np.ndarray:
    """Chance that a Brownian motion from ``x`` to ``y`` meets neither border on its way, by reflections."""
    up, end, width = x + border, y + border, 2 * border
    total = np.zeros(np.broadcast_shapes(up.shape, end.shape))
    for n in range(-_IMAGES, _IMAGES + 1):
        total = total + np.exp(-2 * n * width * (n * width + end - up) / variance)
        total -= np.exp(-2 * (n * width + up) * (n * width + end) / variance)
    return np.clip(total, 0, 1)


def _normal(x: np.ndarray, variance: float) -> np.ndarray:
    return np.exp(-(x**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
