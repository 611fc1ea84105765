"""How much each patient's measurements are to be trusted, judged by all variables together."""

import numpy as np

from .linear_models import fit_linear_models

_PRIOR_VARIABLES = 10.0  # as many variables of equal weights are added, so that few variables make no extreme weight
_LEAST_VARIANCE = 1e-15


def sample_weights(values: np.ndarray, design: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Estimate the weight of each patient, one over how much more its residuals vary than expected.

    Parameters
    ----------
    values : array_like, shape (g, n)
        One row a variable, finite.
    design : array_like, shape (n, p)
    weights : array_like, shape (g, n), optional
        Precision of each value.

    Returns
    -------
    ndarray, shape (n,)
        Their geometric mean is one.

    Raises
    ------
    InputError
        As :func:`.linear_models.fit_linear_models`.

    Notes
    -----
    Ritchie et al. 2006: log-linear model of the variances, updated by a scoring step with each variable in turn. Equals
    ``limma::arrayWeights(method = "genebygene")`` of R.
    """
    values, design = np.asarray(values, dtype=float), np.asarray(design, dtype=float)
    fit_linear_models(values[:1], design)  # the checks
    n, p = design.shape
    contrasts = np.vstack([np.eye(n - 1), -np.ones(n - 1)])  # log variances sum to zero
    information = _PRIOR_VARIABLES * contrasts.T @ contrasts
    gamma, current = np.zeros(n - 1), np.ones(n)
    for at, row in enumerate(values):
        weight = current if weights is None else current * weights[at]
        root = np.sqrt(weight)
        basis, _ = np.linalg.qr(root[:, None] * design)
        scaled = root * row
        residuals = scaled - basis @ (basis.T @ scaled)
        variance = residuals @ residuals / (n - p)
        if variance < _LEAST_VARIANCE:
            continue
        freedom = 1 - np.einsum("ij,ij->i", basis, basis)  # of each patient's squared residual
        # contrasts' diag(freedom) contrasts, less the part that the overall variance takes
        difference = freedom[:-1] - freedom[-1]
        information += freedom[-1] - np.outer(difference, difference) / freedom.sum()
        information.flat[::n] += freedom[:-1]
        surprise = residuals**2 / variance - freedom
        gamma += np.linalg.solve(information, surprise[:-1] - surprise[-1])
        current = np.exp(-(contrasts @ gamma))
    return current
