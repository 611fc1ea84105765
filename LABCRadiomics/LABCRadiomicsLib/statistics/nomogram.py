"""The arithmetic of a nomogram: points of each covariate value, and back from total points to the linear predictor."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from . import _checks


@dataclass(frozen=True)
class NomogramScale:
    """Points of p covariates, the largest effect running from 0 to 100.

    Attributes
    ----------
    coef : ndarray, shape (p,)
        Coefficients of the Cox model.
    low, high : ndarray, shape (p,)
        Ends of each covariate's axis.
    points_per_unit : float
        Points for one unit of linear predictor.
    lp_at_zero : float
        ``sum(coef * x)`` of a patient with no points.
    """

    coef: np.ndarray
    low: np.ndarray
    high: np.ndarray
    points_per_unit: float
    lp_at_zero: float

    def points(self, covariates: np.ndarray) -> np.ndarray:
        """Points of each covariate value, shape (n, p); beyond an axis' end they are below 0 or above its maximum."""
        covariates = _checks.matrix(covariates, "covariates")
        if covariates.shape[1] != self.coef.size:
            raise InputError(f"covariates has {covariates.shape[1]} columns where the nomogram has {self.coef.size}.")
        smallest = np.minimum(self.coef * self.low, self.coef * self.high)
        return (covariates * self.coef - smallest) * self.points_per_unit

    def linear_predictor(self, total_points: np.ndarray) -> np.ndarray:
        """``sum(coef * x)``, not centered, of patients with these total points, shape (n,)."""
        return self.lp_at_zero + _checks.vector(np.atleast_1d(total_points), "total_points") / self.points_per_unit

    def total_points(self, linear_predictor: np.ndarray) -> np.ndarray:
        """Total points of patients with this ``sum(coef * x)``, not centered, shape (n,)."""
        values = _checks.vector(np.atleast_1d(linear_predictor), "linear_predictor")
        return (values - self.lp_at_zero) * self.points_per_unit


def nomogram_scale(coef: np.ndarray, low: np.ndarray, high: np.ndarray) -> NomogramScale:
    """Lay out the axes of a nomogram.

    Parameters
    ----------
    coef : array_like, shape (p,)
        Coefficients of the Cox model.
    low, high : array_like, shape (p,)
        Ends of each covariate's axis (0 and 1 for a binary one).

    Returns
    -------
    NomogramScale

    Raises
    ------
    InputError
        Different lengths, an axis that does not rise, or no covariate with an effect.

    Notes
    -----
    A value's points are ``100 (coef x - smallest coef x of its axis) / largest effect``. Equals ``rms::nomogram``
    (``maxscale = 100``) of R for the same axes.
    """
    coef = _checks.vector(coef, "coef")
    low = _checks.vector(low, "low", coef.size)
    high = _checks.vector(high, "high", coef.size)
    if (high <= low).any():
        raise InputError(f"high must be above low on every axis, but axis {int((high <= low).argmax())} is not.")
    largest = float(np.abs(coef * (high - low)).max())
    if largest == 0:
        raise InputError("coef has no covariate with an effect; there is nothing to draw.")
    smallest = np.minimum(coef * low, coef * high)
    return NomogramScale(coef, low, high, 100 / largest, float(smallest.sum()))


def survival_from_linear_predictor(linear_predictor: np.ndarray, baseline_survival: np.ndarray) -> np.ndarray:
    """Survival ``S0(t) ** exp(lp)`` of n centered linear predictors at h horizons, shape (n, h)."""
    lp = _checks.vector(np.atleast_1d(linear_predictor), "linear_predictor")
    baseline = _checks.probability(np.atleast_1d(baseline_survival), "baseline_survival")
    return baseline[None, :] ** np.exp(lp)[:, None]
