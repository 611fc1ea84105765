"""How much a model flatters itself on the patients it was made from: bootstrap of the whole selection.

Every resample goes through screening, penalty, score, cutoff and nomogram anew. Three estimates of what the model would
do on other patients come of it; with many more features than events each is off in its own way:

- *Harrell's*: the apparent value less the mean of (value in the resample - value on all patients). The patients of the
  resample are among all patients, so a selection that learns its patients by heart still looks good: too hopeful here.
- *out of bag*: the mean over the patients that a resample left out (36.8 % of them). Models of 63.2 % of the distinct
  patients are worse than one of all where there is a signal: too pessimistic.
- *.632+* (Efron and Tibshirani 1997): between the apparent and the out-of-bag value, the nearer to the latter the more
  of the apparent value was overfitting; without any signal it is the out-of-bag value.

What a report calls *corrected* is therefore the nested cross-validation of :mod:`.cross_validation`, whose models have
nine tenths of the patients. The bootstrap says how stable selection, cutoff and penalty are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import CohortError, InputError
from ..performance import Estimate, Marker, Measure, Metric
from .parallel import Progress, in_parallel
from .procedure import Procedure, measure_markers
from .resampled_predictors import ResampledPredictor, predictor_of

METHOD = (
    "nested cross-validation of the whole selection (screening, penalty by cross-validation, cutoff, nomogram), limits "
    "by the corrected variance of Nadeau and Bengio 2003; beside it the bootstrap of the whole selection with all "
    "copies of a patient in one fold: out of bag, .632+ (Efron and Tibshirani 1997), Harrell's"
)
_LEFT_OUT = 0.368  # share of the patients that a resample leaves out, exp(-1)


@dataclass(frozen=True)
class OptimismRow:
    """One measure, apparent and as the bootstrap corrects it.

    Attributes
    ----------
    measure : Measure
    apparent : Estimate
        On the patients the model was made from.
    harrell : float
        Apparent less Harrell's optimism; NaN where it could not be computed.
    out_of_bag : Estimate
        Mean over the resamples of the value on the patients left out (median, of calibration slopes).
    point632plus : float
        Between the two by .632+; NaN where either is.
    """

    measure: Measure
    apparent: Estimate
    harrell: float
    out_of_bag: Estimate
    point632plus: float


@dataclass(frozen=True)
class Optimism:
    """What the bootstrap found; b resamples were usable.

    Attributes
    ----------
    repeats, used, empty : int
        Resamples drawn; those with enough events to train on; of these, those whose selection came out empty.
    rows : tuple of OptimismRow
    frequency : numpy.ndarray, shape (p,)
        Share of the resamples that selected each feature.
    selected : numpy.ndarray of int, shape (b,)
        Number of features selected.
    cutoff, penalty : numpy.ndarray, shape (b,)
        NaN where the selection came out empty.
    cutoff_percentile : numpy.ndarray, shape (b,)
        Share of all patients whose score, by the resample's model, is at or below the resample's cutoff: comparable
        between models, where the cutoffs themselves are on different scales.
    predictors : tuple of ResampledPredictor
        What each resample's model says of all patients; those without a nomogram are not there.
    """

    repeats: int
    used: int
    empty: int
    rows: tuple[OptimismRow, ...]
    frequency: np.ndarray
    selected: np.ndarray
    cutoff: np.ndarray
    penalty: np.ndarray
    cutoff_percentile: np.ndarray
    predictors: tuple[ResampledPredictor, ...] = ()

    def row(self, measure: Measure) -> OptimismRow:
        """Give the row of a measure."""
        return next(row for row in self.rows if row.measure == measure)


@dataclass(frozen=True)
class _Repeat:
    """What is kept of a resample: its model, and its figures in the resample, on all patients, and out of bag."""

    coefficients: np.ndarray
    penalty: float
    cutoff: float
    cutoff_percentile: float
    inside: dict[Measure, Estimate]
    everyone: dict[Measure, Estimate]
    outside: dict[Measure, Estimate]
    n_outside: int
    predictor: ResampledPredictor | None


def bootstrap_optimism(
    procedure: Procedure,
    apparent: tuple[Marker, ...],
    *,
    repeats: int,
    seed: int,
    jobs: int = 1,
    advance: Progress | None = None,
    horizons: tuple[float, ...] = (),
) -> Optimism:
    """Estimate optimism by repeating the whole selection on resampled patients.

    Parameters
    ----------
    procedure : Procedure
        That of the model on its cohort.
    apparent : tuple of Marker
        The model's own, on all patients.
    repeats : int
    seed : int
        Each repeat has its own stream of random numbers from it, so the result does not depend on ``jobs``.
    jobs : int
        Processes.
    advance : callable of (done, total), optional
    horizons : tuple of float
        Months at which the resamples' predictors are kept.

    Returns
    -------
    Optimism

    Raises
    ------
    CohortError
        Most resamples hold too few events to train on.
    """
    streams = np.random.SeedSequence(seed).spawn(repeats)
    results = in_parallel(_repeat, ((procedure, stream, horizons) for stream in streams), repeats, jobs, advance)
    found = [result for result in results if result is not None]
    if len(found) <= repeats / 2:
        raise CohortError(
            f"{repeats - len(found)} of {repeats} bootstrap samples have too few events to train on: the cohort is too "
            "small to measure optimism; use --bootstrap 0 to train without."
        )
    at_hand = measure_markers(apparent, procedure.months, procedure.event, procedure.recipe.horizon)
    coefficients = np.array([repeat.coefficients for repeat in found])
    return Optimism(
        repeats=repeats,
        used=len(found),
        empty=int((~coefficients.any(axis=1)).sum()),
        rows=tuple(_row(measure, value, found, procedure.n) for measure, value in at_hand.items()),
        frequency=(coefficients != 0).mean(axis=0),
        selected=np.count_nonzero(coefficients, axis=1),
        cutoff=np.array([repeat.cutoff for repeat in found]),
        penalty=np.array([repeat.penalty for repeat in found]),
        cutoff_percentile=np.array([repeat.cutoff_percentile for repeat in found]),
        predictors=tuple(repeat.predictor for repeat in found if repeat.predictor is not None),
    )


def point632plus(apparent: float, left_out: float, no_information: float) -> tuple[float, float]:
    """Combine an apparent and an out-of-bag value.

    Parameters
    ----------
    apparent, left_out : float
        Higher is better.
    no_information : float
        The value without any signal: 0.5 of a C-index or AUC.

    Returns
    -------
    corrected : float
    weight : float
        Of the out-of-bag value, 0.632 without overfitting to 1 where the apparent value is nothing else.

    Notes
    -----
    Efron and Tibshirani 1997, for a measure that is higher when better. The out-of-bag value is not cut at
    ``no_information``: a model that does worse than chance shall look so.
    """
    overfitting = 0.0
    if apparent > no_information and left_out < apparent:
        overfitting = min((apparent - left_out) / (apparent - no_information), 1.0)
    weight = (1 - _LEFT_OUT) / (1 - _LEFT_OUT * overfitting)
    return (1 - weight) * apparent + weight * left_out, weight


def _repeat(procedure: Procedure, stream: np.random.SeedSequence, horizons: tuple[float, ...]) -> _Repeat | None:
    """One resample; None when it has too few events to train on."""
    rng = np.random.default_rng(stream)
    rows = rng.integers(0, procedure.n, procedure.n)
    outside = np.setdiff1d(np.arange(procedure.n), rows)
    try:
        built = procedure.build(rows, int(rng.integers(2**31)))
    except InputError:
        return None
    markers = procedure.apply(built, procedure.everyone)

    def measured(chosen: np.ndarray) -> dict[Measure, Estimate]:
        part = [marker.take(chosen) for marker in markers]
        return measure_markers(part, procedure.months[chosen], procedure.event[chosen], procedure.recipe.horizon)

    high = markers[-1].high
    return _Repeat(
        coefficients=built.coefficients,
        penalty=float("nan") if built.empty else built.selection.penalty,
        cutoff=float("nan") if built.empty else built.cutoff,
        cutoff_percentile=float("nan") if built.empty or high is None else float((~high).mean()),
        inside=measured(rows),
        everyone=measured(procedure.everyone),
        outside=measured(outside),
        n_outside=outside.size,
        predictor=predictor_of(procedure, built, rows, markers[-1].values, horizons),
    )


def _row(measure: Measure, apparent: Estimate, repeats: list[_Repeat], n: int) -> OptimismRow:
    # A slope on a handful of events may be anything.
    center = np.nanmedian if measure.metric == Metric.SLOPE else np.nanmean

    def over(values: list[float]) -> float:
        return float(center(values)) if np.isfinite(values).any() else float("nan")

    optimism = over([r.inside[measure].value - r.everyone[measure].value for r in repeats])
    left_out = over([r.outside[measure].value for r in repeats])
    # The patients left out are 36.8 % of all; each is left out in 36.8 % of the resamples, so that the mean over the
    # resamples is as certain as one measurement on all patients.
    left_out_se = over([_error(r.outside[measure]) * np.sqrt(r.n_outside / n) for r in repeats])
    corrected, _ = point632plus(apparent.value, left_out, measure.without_signal)
    ends = {"least": 0.0, "most": 1.0} if measure.is_discrimination else {}
    return OptimismRow(
        measure=measure,
        apparent=apparent,
        harrell=apparent.value - optimism,
        out_of_bag=Estimate.normal(left_out, left_out_se, **ends),
        point632plus=corrected,
    )


def _error(estimate: Estimate) -> float:
    return float("nan") if estimate.se is None else estimate.se
