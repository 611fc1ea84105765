"""A marker of patients: what a model says of each of them, ready to be measured against what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..notices import Notice


@dataclass(frozen=True, kw_only=True)
class Marker:
    """What one model says of n patients; more is worse.

    Attributes
    ----------
    name : str
        How reports call it.
    values : numpy.ndarray, shape (n,)
        NaN where the model says nothing, such as where a covariate is unknown.
    log_hazard : numpy.ndarray, shape (n,), or None
        The same on the scale of a log hazard, whose calibration slope is 1 where predictions are right; None for a
        marker that is on no such scale.
    survival : mapping of float to numpy.ndarray
        Predicted probability of no event up to a horizon in months, shape (n,); empty without predictions. (Of a high
        risk it has the digits that the risk has not.)
    design : numpy.ndarray, shape (n, k), or None
        Columns of the Cox model that this marker is, of one that was fitted to these very patients.
    score_share : numpy.ndarray, shape (n,), or None
        What the radiomics score adds to ``log_hazard``, of a nomogram.
    high : numpy.ndarray of bool, shape (n,), or None
        Who is in the high-risk group, of a marker with a cutoff.
    cutoff : float or None
    notices : tuple of Notice
        What to know before this marker is compared with another.
    """

    name: str
    values: np.ndarray
    log_hazard: np.ndarray | None = None
    survival: Mapping[float, np.ndarray] = field(default_factory=dict)
    design: np.ndarray | None = None
    score_share: np.ndarray | None = None
    high: np.ndarray | None = None
    cutoff: float | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def known(self) -> np.ndarray:
        """Who has a value, shape (n,)."""
        return ~np.isnan(self.values)

    def risk(self, horizon: float) -> np.ndarray:
        """Predicted probability of the event up to a horizon of ``survival``, shape (n,)."""
        return 1 - self.survival[horizon]

    def take(self, rows: np.ndarray) -> Marker:
        """Give the marker of some of the patients (indices or a boolean mask), repeated ones as often as they occur."""

        def some(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[rows]

        return replace(
            self,
            values=self.values[rows],
            log_hazard=some(self.log_hazard),
            survival={horizon: values[rows] for horizon, values in self.survival.items()},
            design=some(self.design),
            score_share=some(self.score_share),
            high=some(self.high),
        )
