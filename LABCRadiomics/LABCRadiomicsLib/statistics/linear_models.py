"""One linear model for each of many variables, such as genes, on the same patients."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from . import _checks

_BLOCK = 4096  # variables fitted at once: their matrices then stay in the processor's cache


@dataclass(frozen=True)
class LinearFits:
    """Least squares fits of g variables with p coefficients each.

    Attributes
    ----------
    coefficients : ndarray, shape (g, p)
        NaN for a variable with too few values to estimate them.
    unscaled : ndarray, shape (g, p)
        Standard errors of the coefficients for a residual variance of one.
    variance : ndarray, shape (g,)
        Residual variance; NaN without degrees of freedom.
    df : ndarray, shape (g,)
        Residual degrees of freedom.
    mean : ndarray, shape (g,)
        Mean of the values, unweighted.
    """

    coefficients: np.ndarray
    unscaled: np.ndarray
    variance: np.ndarray
    df: np.ndarray
    mean: np.ndarray


def fit_linear_models(values: np.ndarray, design: np.ndarray, weights: np.ndarray | None = None) -> LinearFits:
    """Fit each row of ``values`` on the columns of ``design``.

    Parameters
    ----------
    values : array_like, shape (g, n)
        One row a variable, one column a patient; NaN where a value is missing.
    design : array_like, shape (n, p)
        Of full rank.
    weights : array_like, shape (g, n) or (n,), optional
        Precision of each value.

    Returns
    -------
    LinearFits

    Raises
    ------
    InputError
        The design is not of full rank or leaves no degree of freedom.

    Notes
    -----
    Equals ``limma::lmFit`` and ``stats::lm.wfit`` of R.
    """
    values = np.asarray(values, dtype=float)
    design = _checks.matrix(design, "design", values.shape[1])
    n, p = design.shape
    if n <= p:
        raise InputError(f"design has {p} columns for {n} patients; more patients than columns are needed.")
    basis, triangle = np.linalg.qr(design)
    scale = np.abs(design).max(axis=0)
    if (np.abs(np.diag(triangle)) <= 1e-10 * np.where(scale > 0, scale, 1)).any():
        raise InputError("design has a column that others determine; leave out a covariate.")
    back = np.linalg.inv(triangle)
    parts = []
    for start in range(0, values.shape[0], _BLOCK):
        block = slice(start, start + _BLOCK)
        own = weights[block] if weights is not None and np.ndim(weights) == 2 else weights
        parts.append(_fit_block(values[block], basis, back, own))
    return LinearFits(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _fit_block(
    values: np.ndarray, basis: np.ndarray, back: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, ...]:
    known = np.isfinite(values)
    complete = bool(known.all())
    if complete and weights is None:
        return _fit_unweighted(values, basis, back)
    n, p = basis.shape
    filled = values if complete else np.where(known, values, 0.0)
    weight = np.ones(values.shape) if weights is None else np.broadcast_to(weights, values.shape)
    weight = weight if complete else np.where(known, weight, 0.0)
    products = (basis[:, :, None] * basis[:, None, :]).reshape(n, p * p)
    information = (weight @ products).reshape(-1, p, p)
    moments = (weight * filled) @ basis
    count = known.sum(axis=1)
    largest = weight.max(axis=1, initial=0.0)
    least = np.linalg.eigvalsh(information / np.where(largest > 0, largest, 1)[:, None, None])[:, 0]
    usable = (largest > 0) & (least > 1e-10)
    information[~usable] = np.eye(p)
    inverse = np.linalg.inv(information)
    theta = np.einsum("gij,gj->gi", inverse, moments)
    residuals = filled - theta @ basis.T
    squares = np.einsum("gn,gn,gn->g", weight, residuals, residuals)
    rotated = np.einsum("ij,gjk,lk->gil", back, inverse, back, optimize=True)
    unscaled = np.sqrt(np.einsum("gii->gi", rotated))
    df = np.where(usable, count - p, 0).astype(float)
    coefficients = np.where(usable[:, None], theta @ back.T, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(df > 0, squares / df, np.nan)
        mean = filled.sum(axis=1) / count
    return coefficients, np.where(usable[:, None], unscaled, np.nan), variance, df, mean


def _fit_unweighted(values: np.ndarray, basis: np.ndarray, back: np.ndarray) -> tuple[np.ndarray, ...]:
    n, p = basis.shape
    theta = values @ basis
    residuals = values - theta @ basis.T
    variance = np.einsum("gn,gn->g", residuals, residuals) / (n - p)
    unscaled = np.sqrt((back**2).sum(axis=1))
    g = values.shape[0]
    return theta @ back.T, np.tile(unscaled, (g, 1)), variance, np.full(g, float(n - p)), values.mean(axis=1)
