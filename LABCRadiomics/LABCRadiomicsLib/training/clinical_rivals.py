"""Models of what the clinic has without the image, and their predictions for patients that they had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..errors import InputError
from ..notices import Notice
from ..performance import Marker
from ..performance.attempts import Attempts
from ..performance.clinical_gain import ClinicalGain, Held, clinical_gain
from ..statistics.cox import cox
from ..statistics.kaplan_meier import kaplan_meier
from .clinical_models import known_rows


@dataclass(frozen=True)
class Rival:
    """A model without the score.

    Attributes
    ----------
    name, with_score : str
        What it is called, and with the score in it.
    covariates : tuple of str
        Empty for those that the nomogram takes, which candidates may enter or not.
    block : numpy.ndarray, shape (n, k), or None
        Their columns; None likewise.
    """

    name: str
    with_score: str
    covariates: tuple[str, ...]
    block: np.ndarray | None

    def columns(self, nomogram: np.ndarray) -> np.ndarray:
        """Give the columns of the patients, where ``nomogram`` has those of the nomogram's covariates."""
        return nomogram if self.block is None else self.block


def held_out_pair(
    rival: Rival,
    columns: np.ndarray,
    score: np.ndarray,
    outcome: tuple[np.ndarray, np.ndarray],
    inside: np.ndarray,
    outside: np.ndarray,
    horizon: float,
) -> tuple[Marker, Marker]:
    """Fit a rival without and with the score to some patients, and predict others.

    Parameters
    ----------
    rival : Rival
    columns : numpy.ndarray, shape (n, k)
        Of its covariates.
    score : numpy.ndarray, shape (n,)
        Of a selection made on the patients ``inside``.
    outcome : tuple of numpy.ndarray
        Months and event, shape (n,) each.
    inside, outside : numpy.ndarray of int
        Patients to fit to, and to predict.
    horizon : float
        Months.

    Returns
    -------
    older, newer : Marker
        Of the patients ``outside``; NaN where a covariate is unknown, or a model has no finite estimates.
    """
    arguments = outcome, inside, outside, horizon
    older = _predicted(rival.name, columns, *arguments)
    if np.ptp(score) == 0:  # nothing was selected
        return older, Marker(**{**vars(older), "name": rival.with_score})
    return older, _predicted(rival.with_score, np.column_stack([columns, score]), *arguments)


def _predicted(
    name: str,
    design: np.ndarray,
    outcome: tuple[np.ndarray, np.ndarray],
    inside: np.ndarray,
    outside: np.ndarray,
    horizon: float,
) -> Marker:
    months, event = outcome
    rows, known = inside[known_rows(design[inside])], known_rows(design[outside])
    values, survival = np.full(outside.size, np.nan), np.full(outside.size, np.nan)
    try:
        if design.shape[1]:
            fitted = cox(design[rows], months[rows], event[rows])
            others = design[outside][known]
            if known.any():
                values[known] = fitted.linear_predictor(others)
                survival[known] = fitted.survival(others, np.array([horizon])).survival[:, 0]
        else:
            values[:] = 0.0
            survival[:] = kaplan_meier(months[rows], event[rows]).at(np.array([horizon])).survival[0]
    except InputError:
        values[:] = np.nan
    return Marker(name=name, values=values, log_hazard=values, survival={horizon: survival})


def gains_over_rivals(
    rivals: Sequence[Rival],
    held: Sequence[Sequence[Held]],
    nomogram: np.ndarray,
    outcome: tuple[np.ndarray, np.ndarray],
    horizon: float,
    *,
    factor: float,
    reach: float,
    bootstrap: int,
    seed: int,
) -> tuple[tuple[ClinicalGain, ...], tuple[Notice, ...]]:
    """Say what the score adds to each rival.

    Parameters
    ----------
    rivals : sequence of Rival
    held : sequence of sequence of Held
        For each rival those of every partition.
    nomogram : numpy.ndarray, shape (n, k)
        Columns of the nomogram's covariates.
    outcome, horizon
        As for :func:`held_out_pair`.
    factor, reach, bootstrap, seed
        As for :func:`.performance.clinical_gain.clinical_gain`.
    """
    attempts, gains = Attempts(), []
    for rival, parts in zip(rivals, held, strict=True):
        arguments = parts, rival.columns(nomogram), *outcome, horizon
        measured = partial(clinical_gain, *arguments, factor=factor, reach=reach, bootstrap=bootstrap, seed=seed)
        try:
            gains.append(measured(attempts=attempts))
        except InputError as error:
            attempts.add("not-compared", f"What the score adds to the {rival.name} could not be measured: {error}")
    return tuple(gains), tuple(attempts.notices)
