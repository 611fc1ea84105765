"""Limits of IDI, NRI and median improvement that know that the compared models were fitted to the same patients."""

from collections.abc import Callable

import numpy as np

from ..errors import InputError
from . import _checks
from .cox import CoxModel, cox
from .reclassification import discrimination_improvement, net_reclassification
from .resampling import BootstrapLimits, bootstrap_limits

Risk = Callable[[np.ndarray], np.ndarray]
Refit = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def improvement_limits(
    refit: Refit,
    time: np.ndarray,
    event: np.ndarray,
    horizon: float,
    *,
    repeats: int = 300,
    seed: int = 0,
    level: float = 0.95,
) -> BootstrapLimits:
    """Percentile limits of the improvement measures, the models being made again in every resample.

    Parameters
    ----------
    refit : callable
        Takes the patients of a resample, shape (n,), and returns the old and the new risk of each of them at the
        horizon, shape (n,) both, by models fitted to that resample. A model that was not made from these patients is
        no part of the uncertainty: index its risks. An `InputError` leaves the resample out. See `refitted_cox`.
    time, event : array_like, shape (n,)
        Follow-up and event.
    horizon : float
    repeats, seed, level
        As for `bootstrap_limits`.

    Returns
    -------
    BootstrapLimits
        Of the IDI, the half continuous NRI, the continuous NRI by Kaplan-Meier, the median improvement: four entries.

    Raises
    ------
    InputError
        As for `bootstrap_limits`.

    Notes
    -----
    Holding the risks fixed ignores that both models were chosen to fit: the limits are then far too narrow. survIDINRI
    (Uno et al. 2013) refits too, with exponential weights in place of resampled patients, to first order in them.
    """
    measures = improvement_measures(refit, time, event, horizon)
    return bootstrap_limits(measures, np.size(time), repeats=repeats, seed=seed, level=level)


def improvement_measures(
    refit: Refit, time: np.ndarray, event: np.ndarray, horizon: float
) -> Callable[[np.ndarray], tuple[float, float, float, float]]:
    """Give the function of a resample's rows that `improvement_limits` resamples; parameters and errors as there."""
    time, event = _checks.survival(time, event)
    horizon = _checks.horizon(horizon, time)

    def measures(rows: np.ndarray) -> tuple[float, float, float, float]:
        arrays = *refit(rows), time[rows], event[rows], horizon
        gain = discrimination_improvement(*arrays)
        return gain.idi, gain.nri_half_continuous, net_reclassification(*arrays).nri, gain.median_improvement

    return measures


def refitted_cox(old: np.ndarray, new: np.ndarray, time: np.ndarray, event: np.ndarray, horizon: float) -> Refit:
    """Give the ``refit`` of two Cox models for `improvement_limits`.

    Parameters
    ----------
    old, new : array_like, shape (n, p) and (n, q)
        Covariates of the two models.
    time, event, horizon
        As for `improvement_limits`.

    Returns
    -------
    callable

    Raises
    ------
    InputError
        Unusable arrays.
    """
    risks = [
        RefittedModel(_checks.matrix(covariates, name, np.size(time)), time, event).risk(horizon)
        for name, covariates in (("old", old), ("new", new))
    ]
    return lambda rows: (risks[0](rows), risks[1](rows))


class RefittedModel:
    """A Cox model that is fitted again to the patients of each resample, once for all horizons.

    Parameters
    ----------
    covariates : array_like, shape (n, p)
    time, event : array_like, shape (n,)
        Follow-up and event.

    Raises
    ------
    InputError
        Unusable arrays.
    """

    def __init__(self, covariates: np.ndarray, time: np.ndarray, event: np.ndarray):
        self._time, self._event = _checks.survival(time, event)
        self._covariates = _checks.matrix(covariates, "covariates", self._time.size)
        self._fitted: dict[bytes, CoxModel | InputError] = {}

    def risk(self, horizon: float) -> Risk:
        """Give the risk of a resample's patients at a horizon, by their rows; see `improvement_limits`."""

        def risk(rows: np.ndarray) -> np.ndarray:
            if self._time[rows].max() < horizon:
                raise InputError(f"horizon {horizon:g} is beyond the follow-up of this resample.")
            return 1 - self._fit(rows).survival(self._covariates[rows], np.array([horizon])).survival[:, 0]

        return risk

    def _fit(self, rows: np.ndarray) -> CoxModel:
        key = rows.tobytes()
        if key not in self._fitted:
            try:
                self._fitted[key] = cox(self._covariates[rows], self._time[rows], self._event[rows])
            except InputError as error:
                self._fitted[key] = error
        found = self._fitted[key]
        if isinstance(found, InputError):
            raise found
        return found
