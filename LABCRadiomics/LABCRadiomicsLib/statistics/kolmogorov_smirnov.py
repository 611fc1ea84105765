"""The two-sample Kolmogorov-Smirnov test, exact also where values are tied."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..errors import InputError
from . import _checks

_MOST_EXACT = 10_000  # product of the sample sizes


@dataclass(frozen=True)
class KolmogorovSmirnov:
    """Largest distance between two distributions.

    Attributes
    ----------
    distance : float
        Between 0 and 1.
    p : float
        Exact below a product of the sample sizes of 10,000, given the ties that there are; else asymptotic.
    asymptotic_p : float
        By Kolmogorov's limiting distribution, which takes no notice of ties.
    exact : bool
    """

    distance: float
    p: float
    asymptotic_p: float
    exact: bool


def kolmogorov_smirnov(first: np.ndarray, second: np.ndarray) -> KolmogorovSmirnov:
    """Compare two distributions, two-sided.

    Parameters
    ----------
    first, second : array_like, shape (n1,) and (n2,)

    Returns
    -------
    KolmogorovSmirnov

    Raises
    ------
    InputError
        An empty sample, or values that are not finite.

    Notes
    -----
    Schröer and Trenkler 1995: of all ways in which the pooled values can fall to the two samples, the share with at
    least this distance, which can only be seen between values that differ. Equals ``ks.test`` of R 4.2 and later.
    """
    first, second = _checks.vector(first, "first"), _checks.vector(second, "second")
    if not first.size or not second.size:
        raise InputError("a Kolmogorov-Smirnov test needs values in both samples.")
    pooled = np.concatenate((first, second))
    order = np.argsort(pooled, kind="stable")
    ordered = pooled[order]
    visible = np.append(ordered[1:] != ordered[:-1], True)
    n1, n2 = first.size, second.size
    steps = np.where(order < n1, n2, -n1)  # whole numbers, so that equal distances are equal
    largest = int(np.abs(np.cumsum(steps))[visible].max())
    distance = largest / (n1 * n2)
    asymptotic = float(special.kolmogorov(np.sqrt(n1 * n2 / (n1 + n2)) * distance))
    if n1 * n2 >= _MOST_EXACT:
        return KolmogorovSmirnov(distance, asymptotic, asymptotic, False)
    return KolmogorovSmirnov(distance, _exact(largest, n1, n2, visible), asymptotic, True)


def _exact(largest: int, n1: int, n2: int, visible: np.ndarray) -> float:
    """Probability that a path of n1 steps up and n2 to the right is somewhere, where seen, ``largest`` or more away."""
    up = np.arange(n1 + 1)
    missed = np.zeros(n1 + 1)  # probability that a path is here and was at the distance before, by steps up
    still = np.zeros(n1 + 1)  # ... and was not
    still[0] = 1.0
    total = n1 + n2
    for step in range(1, total + 1):
        right = step - up
        # Of the values left, this share belongs to the first sample.
        share_up = np.clip((n1 - up) / (total - step + 1), 0, 1)
        arriving = []
        for paths in (still, missed):
            grown = paths * (1 - share_up)
            grown[1:] += (paths * share_up)[:-1]
            arriving.append(grown)
        still, missed = arriving
        if visible[step - 1]:
            far = (np.abs(up * n2 - right * n1) >= largest) & (right >= 0) & (right <= n2)
            missed = missed + np.where(far, still, 0)
            still = np.where(far, 0, still)
    return float(min(1.0, missed.sum()))
