"""What a model with the score adds to one without it, on patients that neither was made from; and the verdict in words.

Models are judged by predictions for patients that they had not seen: held out of a cross-validation in training, all of
the cohort in a validation. On a model's own patients the likelihood-ratio test and every gain are apparent: features
chosen for going along with the outcome seem to add something even where there is nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np

from ..errors import InputError
from ..statistics.brier import brier_score
from ..statistics.cox import cox
from ..statistics.decision import decision_curve
from ..statistics.kaplan_meier import kaplan_meier
from ..statistics.likelihood_ratio import LikelihoodRatio, likelihood_ratio, likelihood_ratio_of
from ..statistics.reclassification import discrimination_improvement
from ..statistics.resampling import bootstrap_limits
from .attempts import Attempts, attempt
from .comparison import risks_of
from .marker import Marker
from .metrics import UNKNOWN, Estimate
from .predicted_risk import HorizonCalibration, HorizonDecision, calibration_at, net_benefit
from .within_folds import concordance_gain_within

_SIGNIFICANT = 0.05


class Verdict(StrEnum):
    """Whether the score adds to what is known without the image."""

    ADDS = "adds"
    MAY_ADD = "may add"
    DOES_NOT_ADD = "does not add"


@dataclass(frozen=True, kw_only=True)
class Held:
    """Predictions of two models for patients that they had not seen.

    Attributes
    ----------
    older, newer : Marker
        Without and with the score.
    score : numpy.ndarray, shape (n,)
        On the scale of a log hazard.
    folds : numpy.ndarray, shape (n,)
        Only patients of one fold, of whom one model speaks, are compared; all one for models made elsewhere.
    """

    older: Marker
    newer: Marker
    score: np.ndarray
    folds: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Of whom both models speak, shape (n,)."""
        return self.older.known & self.newer.known & ~np.isnan(self.score)

    def take(self, rows: np.ndarray) -> Held:
        """Give the same of some of the patients."""
        return Held(
            older=self.older.take(rows), newer=self.newer.take(rows), score=self.score[rows], folds=self.folds[rows]
        )


@dataclass(frozen=True)
class Pair:
    """A figure without and with the score, and the latter less the former."""

    older: Estimate = UNKNOWN
    newer: Estimate = UNKNOWN
    gain: Estimate = UNKNOWN


@dataclass(frozen=True, kw_only=True)
class ClinicalGain:
    """A model with the score against one without it.

    Attributes
    ----------
    older, newer : str
        Names of the models.
    n, events : int
        Patients of whom both models speak.
    horizon : float
        Months, of all that is about risks.
    c_index : Pair
    effect : Estimate
        Log hazard ratio of the score beside the covariates, per unit of its own log hazard: 0 where the score says
        nothing new, 1 where it does what it claims.
    test : LikelihoodRatio
        Of the same.
    brier, ipa : Pair
        Brier score (lower is better) and index of prediction accuracy; NaN without predicted risks.
    idi : Estimate
    threshold : float
        The observed risk, at which the net benefits, true positives a patient, are taken.
    benefit : Pair
    calibration : tuple of HorizonCalibration
        Of the model without and of that with the score.
    decision : HorizonDecision or None
        Of both.
    """

    older: str
    newer: str
    n: int
    events: int
    horizon: float
    c_index: Pair
    effect: Estimate
    test: LikelihoodRatio
    brier: Pair
    ipa: Pair
    idi: Estimate
    threshold: float
    benefit: Pair
    calibration: tuple[HorizonCalibration, ...]
    decision: HorizonDecision | None

    @property
    def verdict(self) -> Verdict:
        """Whether the score adds.

        *Adds*: the test of its effect beside the covariates has p below 0.05, a higher score being worse, and the
        C-index rises. *Does not add*: neither is better with it. *May add*: anything between, and what the cohort is
        too small to tell. How often each is said where the truth is known: ``Benchmarks/verdict.py``.
        """
        rises, worse = self.c_index.gain.value > 0, self.effect.value > 0
        if rises and worse and self.test.p < _SIGNIFICANT:
            return Verdict.ADDS
        return Verdict.MAY_ADD if rises or worse else Verdict.DOES_NOT_ADD


def clinical_gain(
    held: Sequence[Held],
    clinic: np.ndarray,
    months: np.ndarray,
    event: np.ndarray,
    horizon: float,
    *,
    factor: float = 1.0,
    reach: float = 1.0,
    bootstrap: int,
    seed: int,
    attempts: Attempts,
) -> ClinicalGain:
    """Measure what the score adds to a model without it.

    Parameters
    ----------
    held : sequence of Held
        Of one validation, or of the partitions of a cross-validation, over which figures are averaged.
    clinic : numpy.ndarray, shape (n, k)
        Covariates of the older model, or its linear predictor, beside which the score is tested.
    months, event : numpy.ndarray, shape (n,)
    horizon : float
    factor : float
        By which standard errors are multiplied, as those of cross-validations are too small; the chi-square of the
        test is divided by its square.
    reach : float
        By which limits reach further than 1.96 of these, as t quantiles do.
    bootstrap, seed : int
        Resamples of the patients for limits that have no formula.
    attempts : Attempts
        Is told what could not be measured.

    Raises
    ------
    InputError
        Fewer than two events among the patients of whom both models speak, or no pair of them that can be compared.
    """
    known = np.all([part.known for part in held], axis=0) & ~np.isnan(clinic).any(axis=1)
    held, clinic, months, event = [part.take(known) for part in held], clinic[known], months[known], event[known]
    if event.sum() < 2:
        raise InputError(f"there are {int(event.sum())} events among the {event.size} patients that both models know.")
    index = _c_index(held, months, event, factor * reach)
    effect, test = _effect(held, clinic, months, event, factor, reach)
    older, newer = held[0].older, held[0].newer
    parts = {name: Pair() for name in ("brier", "ipa", "benefit")}
    idi, threshold, decision = UNKNOWN, float("nan"), None
    calibration: tuple[HorizonCalibration, ...] = ()
    if all(horizon in marker.survival for part in held for marker in (part.older, part.newer)):
        threshold = float(1 - kaplan_meier(months, event).at(np.array([horizon])).survival[0])
        measured = partial(_of_risks, factor=factor * reach, bootstrap=bootstrap, seed=seed)
        found = attempts(
            f"The accuracy of the {newer.name} against the {older.name}",
            lambda: measured(held, months, event, horizon, threshold),
        )
        if found:
            parts, idi = found
        markers = [_mean_marker([part.older for part in held], horizon), _mean_marker([p.newer for p in held], horizon)]
        calibration = tuple(calibration_at(marker, months, event, horizon, attempts) for marker in markers)
        decision = net_benefit(markers, months, event, horizon, attempts)
    return ClinicalGain(
        older=older.name,
        newer=newer.name,
        n=int(months.size),
        events=int(event.sum()),
        horizon=horizon,
        c_index=index,
        effect=effect,
        test=test,
        **parts,
        idi=idi,
        threshold=threshold,
        calibration=calibration,
        decision=decision,
    )


def _c_index(held: Sequence[Held], months: np.ndarray, event: np.ndarray, factor: float) -> Pair:
    found = [concordance_gain_within(part.newer.values, part.older.values, months, event, part.folds) for part in held]
    newer, older, gain = np.nanmean(np.array(found), axis=0)
    ends = {"least": 0.0, "most": 1.0}
    return Pair(
        Estimate.normal(older[0], factor * older[1], **ends),
        Estimate.normal(newer[0], factor * newer[1], **ends),
        Estimate.normal(gain[0], factor * gain[1]),
    )


def _effect(
    held: Sequence[Held], clinic: np.ndarray, months: np.ndarray, event: np.ndarray, factor: float, reach: float
) -> tuple[Estimate, LikelihoodRatio]:
    """The score beside the covariates; none where a score that is the same for everybody says nothing."""
    rows = [attempt(partial(_beside, part.score, clinic, months, event)) for part in held]
    found = np.array([(0.0, np.nan, 0.0) if row is None else row for row in rows])
    coef, error, chisq = found[:, 0].mean(), np.nanmean(found[:, 1]) if any(rows) else np.nan, found[:, 2].mean()
    return Estimate.normal(coef, factor * reach * error), likelihood_ratio_of(chisq / factor**2)


def _beside(score: np.ndarray, clinic: np.ndarray, months: np.ndarray, event: np.ndarray) -> tuple[float, float, float]:
    larger = cox(np.column_stack([clinic, score]), months, event)
    if clinic.shape[1]:
        chisq = likelihood_ratio(cox(clinic, months, event), larger).chisq
    else:
        chisq = 2 * (larger.loglik - larger.loglik_null)
    return float(larger.coef[-1]), float(larger.se[-1]), float(chisq)


def _of_risks(
    held: Sequence[Held],
    months: np.ndarray,
    event: np.ndarray,
    horizon: float,
    threshold: float,
    *,
    factor: float,
    bootstrap: int,
    seed: int,
) -> tuple[dict[str, Pair], Estimate]:
    """What is measured on predicted risks, with limits from resampled patients."""
    parts = [_risk_measures(part, months, event, horizon, threshold) for part in held]

    def statistic(rows: np.ndarray) -> np.ndarray:
        return np.mean([measures(rows) for measures in parts], axis=0)

    values = statistic(np.arange(months.size))
    limits = None
    if bootstrap:
        limits = attempt(lambda: bootstrap_limits(statistic, months.size, repeats=bootstrap, seed=seed))
    if limits is None:
        found = [Estimate(float(value)) for value in values]
    elif factor == 1:  # percentiles, as of any other comparison
        rows = zip(values, limits.lower, limits.upper, limits.se, strict=True)
        found = [Estimate(*map(float, row)) for row in rows]
    else:
        found = [Estimate.normal(float(v), factor * float(se)) for v, se in zip(values, limits.se, strict=True)]
    return {"brier": Pair(*found[:3]), "ipa": Pair(*found[3:6]), "benefit": Pair(*found[6:9])}, found[9]


def _risk_measures(
    part: Held, months: np.ndarray, event: np.ndarray, horizon: float, threshold: float
) -> Callable[[np.ndarray], np.ndarray]:
    risks = [risks_of(marker, months, event)(horizon) for marker in (part.older, part.newer)]

    def measures(rows: np.ndarray) -> np.ndarray:
        outcome = months[rows], event[rows]
        older, newer = (risk(rows) for risk in risks)
        scores = [brier_score(risk, *outcome, np.array([horizon])) for risk in (older, newer)]
        brier, ipa = ([getattr(score, name)[0] for score in scores] for name in ("score", "ipa"))
        curves = decision_curve(
            {"older": older, "newer": newer}, *outcome, horizon, thresholds=np.array([threshold])
        ).net_benefit
        benefit = [curves["older"][0], curves["newer"][0]]
        pairs = [(one, other, other - one) for one, other in (brier, ipa, benefit)]
        idi = discrimination_improvement(older, newer, *outcome, horizon).idi
        return np.array([*np.ravel(pairs), idi])

    return measures


def _mean_marker(markers: Sequence[Marker], horizon: float) -> Marker:
    """One marker of the mean predictions of several, for what is drawn."""
    values = np.mean([marker.values for marker in markers], axis=0)
    survival = np.mean([marker.survival[horizon] for marker in markers], axis=0)
    return Marker(name=markers[0].name, values=values, survival={horizon: survival})
