"""RNA-seq counts made comparable between samples: which genes to keep, scaling factors, log counts per million."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

MINIMUM_COUNT = 10.0
MINIMUM_TOTAL = 15.0
_LARGE_GROUP, _SHARE_BEYOND = 10.0, 0.7
_TRIMMED_RATIOS, _TRIMMED_MEANS = 0.3, 0.05  # at each end


def expressed(
    counts: np.ndarray, design: np.ndarray, *, least: float = MINIMUM_COUNT, least_total: float = MINIMUM_TOTAL
) -> np.ndarray:
    """Say which genes have counts worth testing.

    Parameters
    ----------
    counts : ndarray, shape (g, n)
        Not negative; fractions (RSEM's expected counts) are fine.
    design : ndarray, shape (n, p)
        Of the model to be fitted: as many samples as its smallest group has need to reach the least count.
    least, least_total : float
        In a sample of median size, and over all samples.

    Returns
    -------
    ndarray of bool, shape (g,)

    Notes
    -----
    Chen, Lun and Smyth 2016; equals ``edgeR::filterByExpr`` of R.
    """
    basis, _ = np.linalg.qr(design)
    smallest = 1 / float(np.einsum("ij,ij->i", basis, basis).max())
    if smallest > _LARGE_GROUP:
        smallest = _LARGE_GROUP + (smallest - _LARGE_GROUP) * _SHARE_BEYOND
    sizes = counts.sum(axis=0)
    reaching = (counts / sizes * 1e6 >= least / np.median(sizes) * 1e6).sum(axis=1)
    return (reaching >= smallest - 1e-14) & (counts.sum(axis=1) >= least_total - 1e-14)


def scaling_factors(counts: np.ndarray) -> np.ndarray:
    """Factors by which library sizes are multiplied: trimmed means of log ratios to one sample.

    Parameters
    ----------
    counts : ndarray, shape (g, n)
        Every sample has some count.

    Returns
    -------
    ndarray, shape (n,)
        Their geometric mean is one.

    Notes
    -----
    Robinson and Oshlack 2010 (TMM); equals ``edgeR::calcNormFactors`` of R.
    """
    counts = counts[(counts > 0).any(axis=1)]
    sizes = counts.sum(axis=0)
    upper = np.quantile(counts, 0.75, axis=0) / sizes
    if np.median(upper) < 1e-20:
        reference = int(np.sqrt(counts).sum(axis=0).argmax())
    else:
        reference = int(np.abs(upper - upper.mean()).argmin())
    # Contiguous columns: each is ranked on its own.
    columns = np.ascontiguousarray(counts.T)
    logs = np.array([_log_factor(column, columns[reference], size, sizes[reference])
                     for column, size in zip(columns, sizes, strict=True)])  # fmt: skip
    return 2 ** (logs - logs.mean())


def _log_factor(own: np.ndarray, reference: np.ndarray, size: float, reference_size: float) -> float:
    # As R writes them: rounding decides which of nearly tied ratios are trimmed.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log2((own / size) / (reference / reference_size))
        mean = (np.log2(own / size) + np.log2(reference / reference_size)) / 2
    both = np.isfinite(ratio) & np.isfinite(mean)
    own, reference, ratio, mean = own[both], reference[both], ratio[both], mean[both]
    if not both.any() or np.abs(ratio).max() < 1e-6:
        return 0.0
    kept = _between(ratio, _TRIMMED_RATIOS) & _between(mean, _TRIMMED_MEANS)
    if not kept.any():
        return 0.0
    own, reference = own[kept], reference[kept]
    precision = 1 / ((size - own) / size / own + (reference_size - reference) / reference_size / reference)
    return float(ratio[kept] @ precision / precision.sum())


def _between(values: np.ndarray, trimmed: float) -> np.ndarray:
    """Which values are neither among the smallest nor the largest, by their ranks."""
    rank = rankdata(values)
    lowest = np.floor(values.size * trimmed) + 1
    return (rank >= lowest) & (rank <= values.size + 1 - lowest)


def log_cpm(counts: np.ndarray, sizes: np.ndarray, prior: float = 2.0) -> np.ndarray:
    """Base 2 logarithms of counts per million, with a prior count in proportion to the sample's size.

    Parameters
    ----------
    counts : ndarray, shape (g, n)
    sizes : ndarray, shape (n,)
        Library sizes times scaling factors.
    prior : float
        Added to a count in a sample of mean size.

    Notes
    -----
    Equals ``edgeR::cpm(log = TRUE)`` of R.
    """
    added = sizes / sizes.mean() * prior
    return np.log2((counts + added) / (sizes + 2 * added) * 1e6)
