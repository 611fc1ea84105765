"""How far a row of values lies from the middle of others, all columns taken together (Mahalanobis 1936)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def joint_distance(values: ArrayLike, mean: ArrayLike, covariance: ArrayLike) -> np.ndarray:
    """Mahalanobis distance of rows from a mean.

    Parameters
    ----------
    values : array-like, shape (n, p) or (p,)
    mean : array-like, shape (p,)
    covariance : array-like, shape (p, p)
        Columns of any scale; directions in which there is no spread do not count (R: ``mahalanobis`` needs it regular).

    Returns
    -------
    numpy.ndarray, shape (n,) or ()
        In standard deviations, no unit.
    """
    covariance = np.asarray(covariance, dtype=float)
    scale = np.sqrt(np.diag(covariance))
    used = scale > 0
    deviation = (np.asarray(values, dtype=float) - mean)[..., used] / scale[used]
    correlation = covariance[np.ix_(used, used)] / np.outer(scale[used], scale[used])
    squared = np.einsum("...i,ij,...j->...", deviation, np.linalg.pinv(correlation, hermitian=True), deviation)
    return np.sqrt(np.maximum(squared, 0.0))
