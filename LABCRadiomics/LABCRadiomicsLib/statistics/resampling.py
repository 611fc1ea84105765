"""Bootstrap limits for statistics that have no formula for them, such as the reclassification measures."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError
from . import _checks


@dataclass(frozen=True)
class BootstrapLimits:
    """Percentile limits of k statistics; arrays of shape (k,).

    Attributes
    ----------
    se, lower, upper : ndarray
        Standard deviation and percentiles over the resamples.
    used, repeats : int
        Resamples in which the statistic existed, and resamples drawn; to be shown where they differ.
    """

    se: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    used: int
    repeats: int


def bootstrap_limits(
    statistic: Callable[[np.ndarray], ArrayLike],
    n: int,
    *,
    repeats: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> BootstrapLimits:
    """Resample patients with replacement and take percentiles.

    Parameters
    ----------
    statistic : callable
        Takes the resampled patients' indices, shape (n,), and returns k numbers. What it raises as `InputError` (a
        resample without any case, say) leaves that resample out.
    n : int
        Patients.
    repeats, seed, level
        Resamples, start of the random numbers, level of the limits.

    Returns
    -------
    BootstrapLimits

    Raises
    ------
    InputError
        Fewer than two patients, fewer than ten repeats, or the statistic did not exist in half of the resamples.

    Examples
    --------
    >>> bootstrap_limits(
    ...     lambda i: [net_reclassification(old[i], new[i], time[i], event[i], 60).nri], time.size
    ... )  # doctest: +SKIP
    """
    level = _checks.fraction(level, "level")
    if n < 2:
        raise InputError(f"n must be at least two patients, not {n}.")
    if repeats < 10:
        raise InputError(f"repeats must be at least 10 to give limits, not {repeats}.")
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(repeats):
        index = rng.integers(0, n, n)
        try:
            values.append(np.atleast_1d(np.asarray(statistic(index), dtype=float)))
        except InputError:
            continue
    if len(values) <= repeats / 2:
        raise InputError("statistic does not exist in most resamples; there are too few events for bootstrap limits.")
    sample = np.array(values)
    lower, upper = np.quantile(sample, ((1 - level) / 2, (1 + level) / 2), axis=0)
    return BootstrapLimits(sample.std(axis=0, ddof=1), lower, upper, len(values), repeats)
