"""Nested cross-validation of the whole selection, and the permutation test of "no signal" that is built on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ..errors import InputError
from ..performance import NOMOGRAM, SCORE_ALONE, Estimate, Marker, Measure, Metric
from ..performance.attempts import attempt
from ..statistics.concordance import harrell_c
from ..statistics.cox_screening import univariable_cox
from ..statistics.lasso import random_folds
from .procedure import Procedure, Progress, in_parallel, measure_markers

OUTER_FOLDS, PERMUTATION_FOLDS = 10, 5
PERMUTATION_STATISTIC = f"C-index of the radiomics score, {PERMUTATION_FOLDS}-fold nested cross-validation"


@dataclass(frozen=True)
class NestedValidation:
    """Performance of the procedure on patients it had not seen.

    Attributes
    ----------
    repeats, folds : int
    rows : tuple of (Measure, Estimate)
        Values and standard errors are means over the repeats.
    """

    repeats: int
    folds: int
    rows: tuple[tuple[Measure, Estimate], ...]


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
    The C-index compares patients of the same fold only, because the scores of different folds are on different scales;
    its standard error is that of the pairs so compared, the models taken as fixed. Slopes and groups are pooled.
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
    found = [
        _measured(procedure, _assembled(procedure, parts[at * n_folds : (at + 1) * n_folds]), folds)
        for at, folds in enumerate(partitions)
    ]
    rows = [(measure, _mean([partition[measure] for partition in found])) for measure in found[0]]
    return NestedValidation(repeats, n_folds, tuple((measure, value) for measure, value in rows if value.known))


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


def _fold(procedure: Procedure, out: np.ndarray, seed: int) -> tuple[np.ndarray, tuple[Marker, ...] | None]:
    """Train without the patients of a fold and apply to them; None when the others have too few events."""
    outside = np.flatnonzero(out)
    try:
        return outside, procedure.apply(procedure.build(np.flatnonzero(~out), seed), outside)
    except InputError:
        return outside, None


def _assembled(procedure: Procedure, parts: list[tuple[np.ndarray, tuple[Marker, ...] | None]]) -> tuple[Marker, ...]:
    """Put the markers of the folds together."""
    n = procedure.n
    values: dict[str, np.ndarray] = {name: np.full(n, np.nan) for name in (NOMOGRAM, SCORE_ALONE)}
    log_hazard = {name: np.full(n, np.nan) for name in values}
    high = np.zeros(n, dtype=bool)
    for rows, markers in parts:
        for marker in markers or ():
            values[marker.name][rows], log_hazard[marker.name][rows] = marker.values, marker.log_hazard
            if marker.high is not None:
                high[rows] = marker.high
    alone = Marker(name=SCORE_ALONE, values=values[SCORE_ALONE], log_hazard=log_hazard[SCORE_ALONE], high=high)
    if not procedure.blocks:
        return (alone,)
    return Marker(name=NOMOGRAM, values=values[NOMOGRAM], log_hazard=log_hazard[NOMOGRAM]), alone


def concordance_within(
    marker: np.ndarray, months: np.ndarray, event: np.ndarray, folds: np.ndarray
) -> tuple[float, float]:
    """Harrell's C over the pairs of patients in the same fold, with its standard error; NaN without any pair.

    Parameters
    ----------
    marker : numpy.ndarray, shape (n,)
        NaN leaves a patient out.
    months, event, folds : numpy.ndarray, shape (n,)
    """
    agreeing = pairs = 0.0
    parts = []
    for fold in np.unique(folds):
        rows = (folds == fold) & ~np.isnan(marker)
        found = attempt(partial(harrell_c, marker[rows], months[rows], event[rows]))
        if found is not None:
            count = found.concordant + found.discordant + found.tied_marker
            agreeing += found.concordant + found.tied_marker / 2
            pairs += count
            parts.append((found, count))
    if not pairs:
        return float("nan"), float("nan")
    c = agreeing / pairs
    # Folds share no patient: the square of the standard error is the sum of theirs, weighted by their pairs.
    return c, float(np.sqrt(sum((found.se * count / pairs) ** 2 for found, count in parts)))


def _measured(procedure: Procedure, markers: tuple[Marker, ...], folds: np.ndarray) -> dict[Measure, Estimate]:
    """C-indices within the folds; slopes and groups, which are on one scale, over all patients."""
    found = {}
    for marker in markers:
        c, se = concordance_within(marker.values, procedure.months, procedure.event, folds)
        found[Measure(Metric.C_INDEX, marker.name)] = Estimate.normal(c, se)
    log_hazard = markers[-1].log_hazard
    known = np.ones(folds.size, bool) if log_hazard is None else ~np.isnan(log_hazard)
    pooled = measure_markers(
        [marker.take(known) for marker in markers],
        procedure.months[known],
        procedure.event[known],
        procedure.recipe.horizon,
    )
    return found | {key: value for key, value in pooled.items() if key.metric in (Metric.SLOPE, Metric.PETO)}


def _mean(estimates: list[Estimate]) -> Estimate:
    """The mean over partitions of a value and of its standard error, where there are any."""
    values = [estimate.value for estimate in estimates if estimate.known]
    errors = [estimate.se for estimate in estimates if estimate.se is not None]
    return Estimate.normal(
        float(np.mean(values)) if values else float("nan"), float(np.mean(errors)) if errors else float("nan")
    )


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
