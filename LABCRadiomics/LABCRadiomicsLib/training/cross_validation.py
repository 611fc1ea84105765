"""Nested cross-validation of the whole selection, and the permutation test of "no signal" that is built on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from ..errors import InputError
from ..performance import NOMOGRAM, SCORE_ALONE, Estimate, Marker, Measure, Metric, accuracy_of_cutoff
from ..performance.clinical_gain import Held
from ..performance.metrics import ACCURACY
from ..performance.within_folds import auc_within, concordance_within
from ..statistics.cox_screening import univariable_cox
from ..statistics.lasso import random_folds
from .clinical_rivals import held_out_pair
from .parallel import Progress, in_parallel
from .procedure import Built, Procedure, measure_markers

OUTER_FOLDS, PERMUTATION_FOLDS = 10, 5
PERMUTATION_STATISTIC = f"C-index of the radiomics score, {PERMUTATION_FOLDS}-fold nested cross-validation"


@dataclass(frozen=True)
class NestedValidation:
    """Performance of the procedure on patients it had not seen.

    Attributes
    ----------
    repeats, folds : int
    rows : tuple of (Measure, Estimate)
        Values are means over the repeats, limits those that :func:`nested_validation` tells of.
    factor, reach : float
        By which standard errors were multiplied, and by which limits reach further than 1.96 of them.
    held : tuple of tuple of Held
        For each rival of the procedure, every patient's predictions without and with the score, in each repeat.
    """

    repeats: int
    folds: int
    rows: tuple[tuple[Measure, Estimate], ...]
    factor: float
    reach: float
    held: tuple[tuple[Held, ...], ...] = ()


@dataclass(frozen=True)
class PermutationTest:
    """Test of the hypothesis that features and outcome have nothing to do with each other.

    Attributes
    ----------
    observed : float
        Cross-validated C-index.
    null : numpy.ndarray, shape (b,)
        The same with the outcomes exchanged among the patients at random.
    p : float
        ``(1 + #(null >= observed)) / (1 + b)``, uniform without signal (Phipson and Smyth 2010). Equal C-indices, as
        where nothing was selected, are told apart by the features' mean univariable Wald statistic.
    """

    observed: float
    null: np.ndarray
    p: float


def nested_validation(
    procedure: Procedure, *, repeats: int, seed: int, jobs: int = 1, advance: Progress | None = None
) -> NestedValidation:
    """Cross-validate the whole selection, the penalty being chosen by cross-validation inside each training part.

    Parameters
    ----------
    procedure : Procedure
    repeats : int
        Random partitions into ten folds (fewer when there are fewer events).
    seed, jobs, advance
        As for :func:`.optimism.bootstrap_optimism`.

    Notes
    -----
    C-index and AUC compare patients of the same fold only, because the scores of different folds come of different
    models. Slopes and groups, which are on one scale, are of all patients together.

    The patients left out are as many as the cohort has, but the models that are tried on them share most of their
    patients, and the model that is asked about is another one still. The standard error as if of one model is too small
    for both; it is multiplied by ``sqrt(1 + K / (K - 1))`` for K folds, which is 1.45 for ten (Nadeau and Bengio 2003,
    whose variance is ``(1 / K + n_test / n_train) s**2`` in place of ``s**2 / K``). As in their test, limits are by the
    quantile of the t distribution with K - 1 degrees of freedom, 2.26 for ten folds: repeats bring no further patients.
    Where a signal is weak, so that one fold's model finds it and another's does not, 1.96 is too little
    (``Benchmarks/coverage.py``).
    """
    n_folds = min(OUTER_FOLDS, int(procedure.event.sum()))
    seeds = [[int(value) for value in s.generate_state(2)] for s in np.random.SeedSequence(seed).spawn(repeats)]
    partitions = [random_folds(procedure.event, n_folds, fold_seed) for fold_seed, _ in seeds]
    arguments = [
        (procedure, folds == fold, inner)
        for folds, (_, inner) in zip(partitions, seeds, strict=True)
        for fold in range(1, n_folds + 1)
    ]
    parts = in_parallel(_fold, arguments, repeats * n_folds, jobs, advance)
    by_partition = [parts[at * n_folds : (at + 1) * n_folds] for at in range(repeats)]
    whole = [_assembled(procedure, own) for own in by_partition]
    found = [_measured(procedure, markers, folds) for markers, folds in zip(whole, partitions, strict=True)]
    held = tuple(
        tuple(
            _held(procedure, at, own, markers, folds)
            for own, markers, folds in zip(by_partition, whole, partitions, strict=True)
        )
        for at in range(len(procedure.rivals))
    )
    factor = float(np.sqrt(1 + n_folds / (n_folds - 1)))
    reach = float(stats.t.ppf(0.975, n_folds - 1) / stats.norm.ppf(0.975))
    rows = []
    for measure in dict.fromkeys(measure for part in found for measure in part):
        # Peto's standard error, that of no difference, is large enough as it is (Benchmarks/coverage.py).
        widened = reach if measure.metric == Metric.PETO else factor * reach
        rows.append((measure, _mean(measure, [part[measure] for part in found if measure in part], widened)))
    kept = tuple((measure, value) for measure, value in rows if value.known)
    return NestedValidation(repeats, n_folds, kept, factor, reach, held)


def permutation_test(
    procedure: Procedure, *, permutations: int, seed: int, jobs: int = 1, advance: Progress | None = None
) -> PermutationTest:
    """Test whether the selection finds anything on this cohort that it does not find by chance.

    Parameters
    ----------
    procedure : Procedure
    permutations : int
    seed, jobs, advance
        As for :func:`.optimism.bootstrap_optimism`.
    """
    alone = procedure.without_covariates()
    streams = np.random.SeedSequence(seed).spawn(permutations + 1)
    arguments = ((alone, stream, at > 0) for at, stream in enumerate(streams))
    observed, *null = in_parallel(_statistic, arguments, permutations + 1, jobs, advance)
    exceeding = sum(value >= observed for value in null)
    c_indices = np.array([c for c, _ in null])
    return PermutationTest(observed[0], c_indices, (1 + exceeding) / (1 + permutations))


def held_out(procedure: Procedure, folds: np.ndarray, seed: int) -> tuple[Marker, ...]:
    """Give every patient the markers of the model made without the patient's fold.

    Parameters
    ----------
    procedure : Procedure
    folds : numpy.ndarray, shape (n,)
    seed : int
        Of the inner folds.

    Returns
    -------
    tuple of Marker
        NaN where the patients outside a fold have too few events to train on.
    """
    return _assembled(procedure, [_fold(procedure, folds == fold, seed) for fold in np.unique(folds)])


@dataclass(frozen=True)
class _Part:
    """What the model made without a fold says of its patients; nothing when the others have too few events."""

    rows: np.ndarray
    markers: tuple[Marker, ...] | None = None
    pairs: tuple[tuple[Marker, Marker], ...] = ()


def _fold(procedure: Procedure, out: np.ndarray, seed: int) -> _Part:
    """Train without the patients of a fold and apply to them."""
    outside, inside = np.flatnonzero(out), np.flatnonzero(~out)
    try:
        built = procedure.build(inside, seed)
        markers = procedure.apply(built, outside)
        return _Part(outside, markers, _pairs(procedure, built, inside, outside) if procedure.rivals else ())
    except InputError:
        return _Part(outside)


def _pairs(
    procedure: Procedure, built: Built, inside: np.ndarray, outside: np.ndarray
) -> tuple[tuple[Marker, Marker], ...]:
    """Predictions of every rival without and with the score."""
    everyone, outcome = procedure.everyone, (procedure.months, procedure.event)
    score = procedure.apply(built, everyone)[-1].values
    entering = procedure.entering(inside)  # also where no feature was selected, so that there is no nomogram
    covariates = procedure.design(entering, everyone, None) if entering else np.empty((procedure.n, 0))
    return tuple(
        held_out_pair(rival, rival.columns(covariates), score, outcome, inside, outside, procedure.recipe.horizon)
        for rival in procedure.rivals
    )


def _held(procedure: Procedure, at: int, parts: list[_Part], markers: tuple[Marker, ...], folds: np.ndarray) -> Held:
    """Put a rival's predictions for all folds together."""
    unknown = np.full(procedure.n, np.nan)
    horizon, rival = procedure.recipe.horizon, procedure.rivals[at]
    whole = [
        Marker(name=name, values=unknown, log_hazard=unknown, survival={horizon: unknown})
        for name in (rival.name, rival.with_score)
    ]
    for part in parts:
        if part.pairs:
            whole = [_with_rows(one, part.rows, other) for one, other in zip(whole, part.pairs[at], strict=True)]
    score = markers[-1].log_hazard
    return Held(older=whole[0], newer=whole[1], score=unknown if score is None else score, folds=folds)


def _assembled(procedure: Procedure, parts: list[_Part]) -> tuple[Marker, ...]:
    """Put the markers of the folds together."""
    unknown = np.full(procedure.n, np.nan)
    alone = Marker(name=SCORE_ALONE, values=unknown, log_hazard=unknown, high=np.zeros(procedure.n, dtype=bool))
    nomogram = Marker(name=NOMOGRAM, values=unknown, log_hazard=unknown, score_share=unknown)
    whole: tuple[Marker, ...] = (nomogram, alone) if procedure.blocks else (alone,)
    for part in parts:
        if part.markers is not None:
            whole = tuple(_with_rows(one, part.rows, own) for one, own in zip(whole, part.markers, strict=True))
    return whole


def _with_rows(whole: Marker, rows: np.ndarray, part: Marker) -> Marker:
    """Put the marker of some patients into that of all."""
    changed = {}
    for name in ("values", "log_hazard", "score_share", "high"):
        values = getattr(part, name)
        if values is not None:
            changed[name] = getattr(whole, name).copy()
            changed[name][rows] = values
    if whole.survival:
        changed["survival"] = {horizon: values.copy() for horizon, values in whole.survival.items()}
        for horizon, values in changed["survival"].items():
            values[rows] = part.survival[horizon]
    return replace(whole, **changed)


def _measured(procedure: Procedure, markers: tuple[Marker, ...], folds: np.ndarray) -> dict[Measure, Estimate]:
    """Measure held-out markers in the order of :func:`.performance.essentials`."""
    months, event, horizon = procedure.months, procedure.event, procedure.recipe.horizon
    log_hazard = markers[-1].log_hazard
    known = np.ones(folds.size, bool) if log_hazard is None else ~np.isnan(log_hazard)
    # On the scale of a log hazard, which the folds share.
    pooled = [replace(marker, values=own) for marker in markers if (own := marker.log_hazard) is not None]
    found = measure_markers([marker.take(known) for marker in pooled], months[known], event[known], horizon)
    found |= accuracy_of_cutoff(markers[-1].take(known), months[known], event[known], horizon)
    for marker in markers:
        c, auc = Measure(Metric.C_INDEX, marker.name), Measure(Metric.AUC, marker.name, horizon)
        found[c] = Estimate.normal(*concordance_within(marker.values, months, event, folds))
        # The pairs within the folds are few, but each repeat has others: as certain as an AUC of all pairs.
        error = found[auc].se if auc in found else None
        value = auc_within(marker.values, months, event, folds, horizon)
        found[auc] = Estimate(value) if error is None else Estimate.normal(value, error)
    return found


def _mean(measure: Measure, estimates: list[Estimate], factor: float) -> Estimate:
    """The mean over partitions of a value, with limits from the mean standard error times a factor."""
    values = [estimate.value for estimate in estimates if estimate.known]
    errors = [estimate.se for estimate in estimates if estimate.se is not None]
    value = float(np.mean(values)) if values else float("nan")
    error = factor * float(np.mean(errors)) if errors else float("nan")
    if measure.metric in ACCURACY:
        return Estimate.share(value, error)
    ends = {"least": 0.0, "most": 1.0} if measure.is_discrimination else {}
    return Estimate.normal(value, error, **ends)


def _statistic(procedure: Procedure, stream: np.random.SeedSequence, permute: bool) -> tuple[float, float]:
    """The cross-validated C-index, and the features' mean Wald statistic; of exchanged outcomes if asked for."""
    rng = np.random.default_rng(stream)
    if permute:
        procedure = procedure.permuted(rng.permutation(procedure.n))
    n_folds = max(3, min(PERMUTATION_FOLDS, int(procedure.event.sum())))
    folds = random_folds(procedure.event, n_folds, int(rng.integers(2**31)))
    markers = held_out(procedure, folds, int(rng.integers(2**31)))
    c, _ = concordance_within(markers[-1].values, procedure.months, procedure.event, folds)
    z = univariable_cox(procedure.features, procedure.months, procedure.event).z
    return 0.5 if np.isnan(c) else c, float(np.nanmean(z**2))
