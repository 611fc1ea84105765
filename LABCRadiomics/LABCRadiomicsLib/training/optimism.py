"""How much a model flatters itself on the patients it was made from: bootstrap of the whole selection.

Every resample goes through screening, penalty, score, cutoff and nomogram anew. Three estimates of what the model would
do on other patients come of it, because with many more features than events they differ:

- *Harrell's*: the apparent value less the mean of (value in the resample - value on all patients). The patients of the
  resample are among all patients, so a selection that learns its patients by heart still looks good: too hopeful here.
- *out of bag*: the mean over the patients that a resample left out (36.8 % of them). Models of 63.2 % of the distinct
  patients are a little worse than one of all: slightly pessimistic.
- *corrected* (.632+, Efron and Tibshirani 1997): between the apparent and the out-of-bag value, the nearer to the
  latter the more of the apparent value was overfitting; without any signal it is the out-of-bag value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import CohortError, InputError
from ..validation.comparison import Estimate
from .procedure import Built, Markers, Procedure, Progress, in_parallel, measure, metric_names

METHOD = (
    "bootstrap of the whole selection (screening, penalty by cross-validation, cutoff, nomogram) with all copies of a "
    "patient in one fold; corrected by .632+ (Efron and Tibshirani 1997)"
)
_Z = 1.959963984540054
_LEFT_OUT = 0.368  # share of the patients that a resample leaves out, exp(-1)


@dataclass(frozen=True)
class OptimismRow:
    """One metric, apparent and corrected.

    Attributes
    ----------
    metric : str
    apparent : Estimate
        On the patients the model was made from.
    harrell : float
        Apparent less Harrell's optimism; NaN where it could not be computed.
    out_of_bag : Estimate
        Mean over the resamples of the value on the patients left out (median, of calibration slopes).
    corrected : Estimate
        By .632+.
    """

    metric: str
    apparent: Estimate
    harrell: float
    out_of_bag: Estimate
    corrected: Estimate


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

    def row(self, metric: str) -> OptimismRow:
        """Give the row of a metric."""
        return next(row for row in self.rows if row.metric == metric)


@dataclass(frozen=True)
class _Repeat:
    """A resample's model and its (value, standard error) by metric in the resample, on all, and out of bag."""

    built: Built
    inside: dict[str, tuple[float, float]]
    everyone: dict[str, tuple[float, float]]
    outside: dict[str, tuple[float, float]]
    n_outside: int
    cutoff_percentile: float


def bootstrap_optimism(
    procedure: Procedure,
    apparent: Markers,
    *,
    repeats: int,
    seed: int,
    jobs: int = 1,
    advance: Progress | None = None,
) -> Optimism:
    """Estimate optimism by repeating the whole selection on resampled patients.

    Parameters
    ----------
    procedure : Procedure
        That of the model on its cohort.
    apparent : Markers
        The model's own, on all patients.
    repeats : int
    seed : int
        Each repeat has its own stream of random numbers from it, so the result does not depend on ``jobs``.
    jobs : int
        Processes.
    advance : callable of (done, total), optional

    Returns
    -------
    Optimism

    Raises
    ------
    CohortError
        Most resamples hold too few events to train on.
    """
    streams = np.random.SeedSequence(seed).spawn(repeats)
    results = in_parallel(_repeat, ((procedure, stream) for stream in streams), repeats, jobs, advance)
    found = [result for result in results if result is not None]
    if len(found) <= repeats / 2:
        raise CohortError(
            f"{repeats - len(found)} of {repeats} bootstrap samples have too few events to train on: the cohort is too "
            "small to measure optimism; use --bootstrap 0 to train without."
        )
    built = [repeat.built for repeat in found]
    at_hand = measure(apparent, procedure.months, procedure.event, procedure.recipe.horizon)
    return Optimism(
        repeats=repeats,
        used=len(found),
        empty=sum(model.empty for model in built),
        rows=tuple(_row(name, at_hand[name], found, procedure.n) for name in metric_names(procedure)),
        frequency=np.mean([model.coefficients != 0 for model in built], axis=0),
        selected=np.array([np.count_nonzero(model.coefficients) for model in built]),
        cutoff=np.array([np.nan if model.empty else model.cutoff for model in built]),
        penalty=np.array([model.penalty for model in built]),
        cutoff_percentile=np.array([repeat.cutoff_percentile for repeat in found]),
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


def _repeat(procedure: Procedure, stream: np.random.SeedSequence) -> _Repeat | None:
    """One resample; None when it has too few events to train on."""
    rng = np.random.default_rng(stream)
    rows = rng.integers(0, procedure.n, procedure.n)
    outside = np.setdiff1d(np.arange(procedure.n), rows)
    try:
        built = procedure.build(rows, int(rng.integers(2**31)))
    except InputError:
        return None
    everyone = procedure.apply(built, np.arange(procedure.n))

    def measured(chosen: np.ndarray) -> dict[str, tuple[float, float]]:
        part = Markers(
            everyone.score[chosen],
            everyone.log_hazard[chosen],
            None if everyone.nomogram is None else everyone.nomogram[chosen],
            everyone.high[chosen],
        )
        return measure(part, procedure.months[chosen], procedure.event[chosen], procedure.recipe.horizon)

    percentile = float("nan") if built.empty else float((~everyone.high).mean())
    return _Repeat(built, measured(rows), measured(np.arange(procedure.n)), measured(outside), outside.size, percentile)


def _row(metric: str, apparent: tuple[float, float], repeats: list[_Repeat], n: int) -> OptimismRow:
    is_slope = metric.startswith("calibration slope")
    center = np.nanmedian if is_slope else np.nanmean  # a slope on a handful of events may be anything

    def over(values: list[float]) -> float:
        return float(center(values)) if np.isfinite(values).any() else float("nan")

    optimism = over([r.inside[metric][0] - r.everyone[metric][0] for r in repeats])
    left_out = over([r.outside[metric][0] for r in repeats])
    # The patients left out are 36.8 % of all; each is left out in 36.8 % of the resamples, so that the mean over the
    # resamples is as certain as one measurement on all patients.
    left_out_se = over([r.outside[metric][1] * np.sqrt(r.n_outside / n) for r in repeats])
    value, se = apparent
    corrected, weight = point632plus(value, left_out, _no_information(metric))
    return OptimismRow(
        metric=metric,
        apparent=_estimate(metric, value, se),
        harrell=value - optimism,
        out_of_bag=_estimate(metric, left_out, left_out_se),
        corrected=_estimate(metric, corrected, (1 - weight) * np.nan_to_num(se) + weight * left_out_se),
    )


def _no_information(metric: str) -> float:
    return 0.5 if metric.startswith(("C-index", "AUC")) else 0.0


def _estimate(metric: str, value: float, se: float) -> Estimate:
    """A value with normal limits, cut at 0 and 1 where the metric is a probability."""
    if not np.isfinite(value):
        return Estimate(float("nan"))
    if not np.isfinite(se):
        return Estimate(value)
    lower, upper = value - _Z * se, value + _Z * se
    if _no_information(metric) == 0.5:
        lower, upper = max(lower, 0.0), min(upper, 1.0)
    return Estimate(value, lower, upper)
