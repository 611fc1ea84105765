"""Locally weighted regression of one variable on another: Cleveland's LOWESS."""

import numpy as np

from ..errors import InputError
from . import _checks

_NEAR, _FAR = 1e-3, 0.999  # of a radius: within the first a weight is one, beyond the second it is zero


def lowess(
    x: np.ndarray, y: np.ndarray, *, span: float = 2 / 3, iterations: int = 3, delta: float | None = None
) -> np.ndarray:
    """Smooth ``y`` over ``x``.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        In any order.
    span : float
        Share of the points that each local line is fitted to.
    iterations : int
        How often the lines are fitted again with less weight on outliers.
    delta : float, optional
        Lines are fitted at points at least this far apart, and joined between them; by default 1 % of the range of
        ``x``, as R has it.

    Returns
    -------
    ndarray, shape (n,)
        The smooth curve at ``x``, in its order.

    Raises
    ------
    InputError
        Unusable arrays, or a span outside 0 and 1.

    Notes
    -----
    Cleveland 1979, 1981: tricube weights within the nearest ``span * n`` points, bisquare weights of the residuals.
    Equals ``stats::lowess`` of R.
    """
    x = _checks.vector(x, "x")
    y = _checks.vector(y, "y", x.size)
    if not 0 < span <= 1:
        raise InputError(f"span must lie above 0 and not above 1, not {span:g}.")
    if x.size < 2:
        return y.copy()
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    points = max(2, min(x.size, int(span * x.size + 1e-7)))
    anchors = _anchors(x, np.ptp(x) * 0.01 if delta is None else delta)
    fitted, robustness = np.empty_like(y), np.ones_like(y)
    for again in range(iterations + 1):
        curve = _local_lines(x, y, robustness, anchors, points)
        fitted = np.interp(x, x[anchors], curve)
        if again < iterations:
            residuals = np.abs(y - fitted)
            scale = 6 * float(np.median(residuals))
            if scale <= 1e-7 * residuals.mean():
                break
            robustness = _bisquare(residuals, scale)
    smooth = np.empty_like(fitted)
    smooth[order] = fitted
    return smooth


def _anchors(x: np.ndarray, delta: float) -> np.ndarray:
    """Points at which lines are fitted: the last one within ``delta`` of the one before, or else the next one."""
    anchors, last = [0], 0
    while last < x.size - 1:
        beyond = int(np.searchsorted(x, x[last] + delta, side="right"))  # first point more than delta away
        following = int(np.searchsorted(x, x[last], side="right"))  # ties take the value of the first of them
        if following >= x.size:
            break
        last = max(following, beyond - 1)
        anchors.append(last)
    return np.array(anchors)


def _local_lines(x: np.ndarray, y: np.ndarray, robustness: np.ndarray, anchors: np.ndarray, points: int) -> np.ndarray:
    """Value at each anchor of the line fitted to the points nearest to it."""
    spread, left = x[-1] - x[0], 0
    values = np.empty(anchors.size)
    for at, anchor in enumerate(anchors):
        here = x[anchor]
        while left + points < x.size and here - x[left] > x[left + points] - here:
            left += 1
        radius = max(here - x[left], x[left + points - 1] - here)
        end = int(np.searchsorted(x, here + _FAR * radius, side="right"))
        near, end = x[left:end], max(end, left + 1)
        distance = np.abs(near - here)
        weight = np.where(distance <= _NEAR * radius, 1.0, (1 - (distance / max(radius, 1e-300)) ** 3) ** 3)
        weight[distance > _FAR * radius] = 0.0
        weight *= robustness[left:end]
        total = weight.sum()
        if total <= 0:
            values[at] = y[anchor]
            continue
        weight /= total
        mean = weight @ near
        variance = weight @ (near - mean) ** 2
        if radius > 0 and np.sqrt(variance) > _NEAR * spread:
            weight *= 1 + (here - mean) / variance * (near - mean)
        values[at] = weight @ y[left:end]
    return values


def _bisquare(residuals: np.ndarray, scale: float) -> np.ndarray:
    weights = (1 - (residuals / scale) ** 2) ** 2
    weights[residuals <= _NEAR * scale] = 1.0
    weights[residuals > _FAR * scale] = 0.0
    return weights
