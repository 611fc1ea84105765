"""Limits of values that were corrected for optimism.

The standard error of a measure on fixed predictions knows nothing of how the model came about; these limits do. Three
ways, by their time and by how often 95% limits of C then cover the C of the very model on new patients (Cox models of
10 covariates, 100 patients, without, with weak and with strong signal, 80 cohorts each):

- `two_part_limits`: 94, 93, 90 in 100; no more than the resamples of the correction;
- `location_shifted_limits`: 30 to 61, 74, 76 as published, 80, 80, 83 when centered; the same resamples;
- `two_stage_limits`: a correction within every resample.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..errors import InputError
from . import _checks
from .resampling import bootstrap_limits

_FEWEST = 10  # resamples that limits are taken from


@dataclass(frozen=True)
class CorrectedLimits:
    """Limits of k corrected values; arrays of shape (k,).

    Attributes
    ----------
    lower, upper : ndarray
        NaN where too few resamples gave the value.
    used : ndarray of int
        Resamples that gave it.
    repeats : int
        Resamples drawn.
    """

    lower: np.ndarray
    upper: np.ndarray
    used: np.ndarray
    repeats: int


def location_shifted_limits(
    resampled: np.ndarray,
    apparent: np.ndarray,
    corrected: np.ndarray,
    *,
    centered: bool = False,
    level: float = 0.95,
) -> CorrectedLimits:
    """Percentiles of the apparent values of resamples, moved by the correction.

    Parameters
    ----------
    resampled : array_like, shape (b, k)
        In each resample, the value of the model made from it on its own patients; NaN where there is none.
    apparent : array_like, shape (k,)
        The value of the model made from all patients, on all patients.
    corrected : array_like, shape (k,)
        The same corrected for optimism: Harrell's, .632 or .632+.
    centered : bool
        Move the percentiles so that the resamples' mean falls on the corrected value. A resample repeats patients,
        and a model that learns its patients by heart looks better on it than on the cohort: where much is selected,
        the limits of the paper then lie too high as a whole.
    level : float

    Returns
    -------
    CorrectedLimits

    Raises
    ------
    InputError
        Arrays that do not fit.

    Notes
    -----
    Noma et al. 2021, algorithm 1 (``centered=False``): the resamples that the correction needs anyway are enough.
    Equals the LSCI of the authors' R package predboot.
    """
    resampled = np.asarray(resampled, dtype=float)
    apparent = _checks.vector(np.atleast_1d(apparent), "apparent")
    corrected = _checks.vector(np.atleast_1d(corrected), "corrected", apparent.size)
    if resampled.ndim != 2 or resampled.shape[1] != apparent.size or np.isinf(resampled).any():
        raise InputError(
            f"resampled must have one row a resample and {apparent.size} finite columns, not shape {resampled.shape}."
        )
    tails = (1 - _checks.fraction(level, "level")) / 2
    lower, upper = np.full((2, apparent.size), np.nan)
    used = (~np.isnan(resampled)).sum(axis=0)
    for k in np.flatnonzero(used >= _FEWEST):
        values = resampled[~np.isnan(resampled[:, k]), k]
        shift = corrected[k] - (values.mean() if centered else apparent[k])
        lower[k], upper[k] = np.quantile(values, (tails, 1 - tails)) + shift
    return CorrectedLimits(lower, upper, used, len(resampled))


def two_part_limits(
    corrected: np.ndarray, measuring_se: np.ndarray, across: np.ndarray, *, level: float = 0.95
) -> CorrectedLimits:
    """Normal limits with the uncertainty of measuring a model and that of having made just this one.

    Parameters
    ----------
    corrected : array_like, shape (k,)
        The values corrected for optimism.
    measuring_se : array_like, shape (k,)
        Standard error of each value were the model fixed and its patients new: the mean over the resamples of the
        standard error on the patients left out, times the root of their share.
    across : array_like, shape (b, k)
        The value, on all patients, of the model made from each resample; NaN where there is none.
    level : float

    Returns
    -------
    CorrectedLimits

    Raises
    ------
    InputError
        Arrays that do not fit; negative standard errors.

    Notes
    -----
    ``corrected +- z sqrt(measuring_se² + var(across))``: patients vary, and so do the models that they would have made.
    """
    corrected = _checks.vector(np.atleast_1d(corrected), "corrected")
    error = _checks.vector(np.atleast_1d(measuring_se), "measuring_se", corrected.size)
    across = np.asarray(across, dtype=float)
    if (error < 0).any():
        raise InputError("measuring_se must not be negative; pass standard errors.")
    if across.ndim != 2 or across.shape[1] != corrected.size or np.isinf(across).any():
        raise InputError(
            f"across must have one row a resample and {corrected.size} finite columns, not shape {across.shape}."
        )
    used = (~np.isnan(across)).sum(axis=0)
    making = np.full(corrected.size, np.nan)
    for k in np.flatnonzero(used >= _FEWEST):
        making[k] = np.nanstd(across[:, k], ddof=1)
    half_width = special.ndtri((1 + _checks.fraction(level, "level")) / 2) * np.hypot(error, making)
    return CorrectedLimits(corrected - half_width, corrected + half_width, used, len(across))


def two_stage_limits(
    correct: Callable[[np.ndarray, int], np.ndarray],
    n: int,
    *,
    repeats: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> CorrectedLimits:
    """Percentiles of the corrected values of resampled cohorts, each corrected by a bootstrap of its own.

    Parameters
    ----------
    correct : callable
        Takes the patients of a resampled cohort, shape (n,), and a seed; returns its k corrected values. What it
        raises as `InputError` leaves that cohort out.
    n : int
        Patients.
    repeats, seed, level
        As for `bootstrap_limits`.

    Returns
    -------
    CorrectedLimits

    Raises
    ------
    InputError
        As for `bootstrap_limits`.

    Notes
    -----
    Noma et al. 2021, algorithm 2; the time is that of ``repeats`` whole corrections.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(repeats))
    found = bootstrap_limits(lambda rows: correct(rows, int(next(seeds))), n, repeats=repeats, seed=seed, level=level)
    return CorrectedLimits(found.lower, found.upper, np.full(found.lower.size, found.used), repeats)
