"""Nested cross-validation of the whole selection, and the permutation test of "no signal" that is built on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..statistics.concordance import harrell_c
from ..statistics.cox_screening import univariable_cox
from ..statistics.lasso import random_folds
from ..validation import GROUP_SEPARATION
from ..validation.comparison import Estimate
from .procedure import (
    NOMOGRAM,
    SCORE_ALONE,
    Markers,
    Procedure,
    Progress,
    attempt,
    in_parallel,
    measure,
)

OUTER_FOLDS, PERMUTATION_FOLDS = 10, 5
PERMUTATION_STATISTIC = f"C-index of the radiomics score, {PERMUTATION_FOLDS}-fold nested cross-validation"
_Z = 1.959963984540054


@dataclass(frozen=True)
class NestedValidation:
    """Performance of the procedure on patients it had not seen.

    Attributes
    ----------
    repeats, folds : int
    rows : tuple of (str, Estimate)
        Metrics; values and standard errors are means over the repeats.
    """

    repeats: int
    folds: int
    rows: tuple[tuple[str, Estimate], ...]


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
    rows = []
    for metric in found[0]:
        values, errors = np.array([partition[metric] for partition in found]).T
        if np.isfinite(values).any():
            value = float(np.nanmean(values))
            known = errors[np.isfinite(errors)]
            error = _Z * float(known.mean()) if known.size else None
            rows.append((metric, Estimate(value) if error is None else Estimate(value, value - error, value + error)))
    return NestedValidation(repeats, n_folds, tuple(rows))


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


def held_out(procedure: Procedure, folds: np.ndarray, seed: int) -> Markers:
    """Give every patient the markers of the model made without the patient's fold.

    Parameters
    ----------
    procedure : Procedure
    folds : numpy.ndarray, shape (n,)
    seed : int
        Of the inner folds.

    Returns
    -------
    Markers
        NaN where the patients outside a fold have too few events to train on.
    """
    return _assembled(procedure, [_fold(procedure, folds == fold, seed) for fold in np.unique(folds)])


def _fold(procedure: Procedure, out: np.ndarray, seed: int) -> tuple[np.ndarray, Markers | None]:
    """Train without the patients of a fold and apply to them; None when the others have too few events."""
    outside = np.flatnonzero(out)
    try:
        return outside, procedure.apply(procedure.build(np.flatnonzero(~out), seed), outside)
    except InputError:
        return outside, None


def _assembled(procedure: Procedure, parts: list[tuple[np.ndarray, Markers | None]]) -> Markers:
    n = procedure.n
    score, log_hazard, high = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, dtype=bool)
    nomogram = np.full(n, np.nan) if procedure.blocks else None
    for rows, part in parts:
        if part is not None:
            score[rows], log_hazard[rows], high[rows] = part.score, part.log_hazard, part.high
            if nomogram is not None:
                nomogram[rows] = part.nomogram
    return Markers(score, log_hazard, nomogram, high)


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
        found = attempt(lambda rows=rows: harrell_c(marker[rows], months[rows], event[rows]))
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


def _measured(procedure: Procedure, markers: Markers, folds: np.ndarray) -> dict[str, tuple[float, float]]:
    outcome = procedure.months, procedure.event
    found = {}
    if markers.nomogram is not None:
        found[f"C-index, {NOMOGRAM}"] = concordance_within(markers.nomogram, *outcome, folds)
    found[f"C-index, {SCORE_ALONE}"] = concordance_within(markers.score, *outcome, folds)
    known = ~np.isnan(markers.log_hazard)
    nomogram = None if markers.nomogram is None else markers.nomogram[known]
    pooled = Markers(markers.log_hazard[known], markers.log_hazard[known], nomogram, markers.high[known])
    measured = measure(pooled, procedure.months[known], procedure.event[known], procedure.recipe.horizon)
    return found | {
        name: value
        for name, value in measured.items()
        if name.startswith("calibration slope") or name == GROUP_SEPARATION
    }


def _statistic(procedure: Procedure, stream: np.random.SeedSequence, permute: bool) -> tuple[float, float]:
    """The cross-validated C-index, and the features' mean Wald statistic; of exchanged outcomes if asked for."""
    rng = np.random.default_rng(stream)
    if permute:
        procedure = procedure.permuted(rng.permutation(procedure.n))
    n_folds = max(3, min(PERMUTATION_FOLDS, int(procedure.event.sum())))
    folds = random_folds(procedure.event, n_folds, int(rng.integers(2**31)))
    markers = held_out(procedure, folds, int(rng.integers(2**31)))
    c, _ = concordance_within(markers.score, procedure.months, procedure.event, folds)
    z = univariable_cox(procedure.features, procedure.months, procedure.event).z
    return 0.5 if np.isnan(c) else c, float(np.nanmean(z**2))
