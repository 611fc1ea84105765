"""The arithmetic of a nomogram: points of effects on the linear predictor, and back from total points.

An effect is ``coef * x`` of a number, or the coefficient of a category's level (0 of the reference). Imports nothing
but numpy and the standard library, so that scoring may use it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import InputError
from . import _checks


@dataclass(frozen=True)
class NomogramScale:
    """Axes of p covariates, the longest running from 0 to 100 points.

    Attributes
    ----------
    low, high : ndarray, shape (p,)
        Least and largest effect of each axis, in units of the linear predictor.
    """

    low: np.ndarray
    high: np.ndarray

    @cached_property
    def points_per_unit(self) -> float:
        """Points for one unit of linear predictor."""
        return 100 / float((self.high - self.low).max())

    @property
    def lengths(self) -> np.ndarray:
        """Points at the far end of each axis, shape (p,)."""
        return (self.high - self.low) * self.points_per_unit

    @property
    def lp_at_zero(self) -> float:
        """Linear predictor, not centered, of a patient with no points: the sum of the least effects."""
        return float(self.low.sum())

    def points(self, effects: np.ndarray) -> np.ndarray:
        """Points of n patients' effects, shape (n, p); beyond an axis' end they are below 0 or above its length."""
        effects = _checks.matrix(effects, "effects")
        if effects.shape[1] != self.low.size:
            raise InputError(f"effects has {effects.shape[1]} columns where the nomogram has {self.low.size}.")
        return (effects - self.low) * self.points_per_unit

    def linear_predictor(self, total_points: np.ndarray) -> np.ndarray:
        """Sum of effects, not centered, of patients with these total points, shape (n,)."""
        return self.lp_at_zero + _checks.vector(np.atleast_1d(total_points), "total_points") / self.points_per_unit

    def total_points(self, linear_predictor: np.ndarray) -> np.ndarray:
        """Total points of patients with this sum of effects, not centered, shape (n,)."""
        values = _checks.vector(np.atleast_1d(linear_predictor), "linear_predictor")
        return (values - self.lp_at_zero) * self.points_per_unit


def nomogram_scale(ends: np.ndarray, other_ends: np.ndarray) -> NomogramScale:
    """Lay out the axes of a nomogram.

    Parameters
    ----------
    ends, other_ends : array_like, shape (p,)
        Effects at the two ends of each covariate's axis, in either order: ``coef * low`` and ``coef * high`` of a
        number, least and largest coefficient of a category's levels.

    Returns
    -------
    NomogramScale

    Raises
    ------
    InputError
        Different lengths, or no covariate with an effect.

    Notes
    -----
    A value's points are ``100 (effect - least effect of its axis) / largest range of effects``. Equals
    ``rms::nomogram`` (``maxscale = 100``) of R for the same axes.
    """
    ends = _checks.vector(ends, "ends")
    other_ends = _checks.vector(other_ends, "other_ends", ends.size)
    if np.array_equal(ends, other_ends):
        raise InputError("ends are the same as other_ends: no covariate has an effect, so there is nothing to draw.")
    return NomogramScale(np.minimum(ends, other_ends), np.maximum(ends, other_ends))
