"""RNA-seq counts for linear models: log counts per million, each with the precision that its size gives it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import CohortError
from ..statistics.linear_models import fit_linear_models
from ..statistics.lowess import lowess
from ..statistics.sample_weights import sample_weights

_SPAN = 0.5


@dataclass(frozen=True)
class PrecisionWeighted:
    """Log expression with precisions.

    Attributes
    ----------
    values : ndarray, shape (g, n)
        Base 2 logarithms of counts per million.
    weights : ndarray, shape (g, n)
        One over the variance expected at each fitted count, times the sample's weight where asked for.
    samples : ndarray, shape (n,)
        Weight of each sample; one where not asked for.
    trend : tuple of ndarray
        Mean log count of each gene, root of its residual standard deviation, and the smooth curve.
    """

    values: np.ndarray
    weights: np.ndarray
    samples: np.ndarray
    trend: tuple[np.ndarray, np.ndarray, np.ndarray]


def voom(counts: np.ndarray, sizes: np.ndarray, design: np.ndarray, *, quality: bool = False) -> PrecisionWeighted:
    """Turn counts into log expression with precisions.

    Parameters
    ----------
    counts : ndarray, shape (g, n)
        Not negative.
    sizes : ndarray, shape (n,)
        Library sizes times scaling factors.
    design : ndarray, shape (n, p)
        Of the model to be fitted.
    quality : bool
        Whether each sample gets a weight of its own, by how well the model fits it.

    Returns
    -------
    PrecisionWeighted

    Raises
    ------
    CohortError
        Fewer than two genes can be fitted.

    Notes
    -----
    Law et al. 2014; with ``quality`` Liu et al. 2015. Equals ``limma::voom`` and ``voomWithQualityWeights`` of R
    (limma 3.54; later versions may choose the span by the number of genes).
    """
    values = np.log2((counts + 0.5) / (sizes + 1) * 1e6)
    if values.shape[0] < 2:
        raise CohortError("fewer than two genes are left to fit a trend of variance to; give more genes.")
    plain = _precisions(values, counts, sizes, design, None)
    if not quality:
        return PrecisionWeighted(values, plain[0], np.ones(sizes.size), plain[1])
    first = sample_weights(values, design, plain[0])
    weights, trend = _precisions(values, counts, sizes, design, first)
    samples = sample_weights(values, design, weights)
    return PrecisionWeighted(values, weights * samples, samples, trend)


def _precisions(
    values: np.ndarray, counts: np.ndarray, sizes: np.ndarray, design: np.ndarray, samples: np.ndarray | None
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    fits = fit_linear_models(values, design, samples)
    counted = counts.any(axis=1)
    level = (fits.mean + np.log2(sizes + 1).mean() - np.log2(1e6))[counted]
    spread = fits.variance[counted] ** 0.25
    curve = lowess(level, spread, span=_SPAN)
    points, first = np.unique(level, return_index=True)
    expected = fits.coefficients @ design.T
    expected += np.log2(sizes + 1) - np.log2(1e6)
    return np.interp(expected, points, curve[first]) ** -4.0, (level, spread, curve)
