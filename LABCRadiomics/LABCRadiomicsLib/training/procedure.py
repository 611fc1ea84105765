"""The whole selection as one step that can be repeated on other patients: what the estimates of optimism are made with.

Screening, penalty, score, cutoff and nomogram are made anew from the patients given, and measured on any others. The
agreement filter is not part of it: it was made from other contours of the cohort, without any outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from ..errors import DependencyError, InputError
from ..statistics.concordance import harrell_c
from ..statistics.cox import CoxModel, cox
from ..statistics.kaplan_meier import logrank
from ..statistics.roc import time_dependent_roc
from ..validation import GROUP_SEPARATION
from .clinical_models import known_rows, wald_p
from .cohort import Cohort, patient_folds
from .selection import cutoff_of, shrink

SCORE_ALONE, NOMOGRAM = "radiomics score alone", "nomogram"

Progress = Callable[[int, int], None]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The choices a score is made by.

    Attributes
    ----------
    p : float
        Limit of the univariable Wald p value.
    penalty : {"min", "1se"}
    n_folds : int
        Of the cross-validation of the penalty.
    horizon : float
        Months; of the ROC curve on which the cutoff is chosen.
    named, candidates : tuple of str
        Covariates that enter the nomogram, and those that enter when their univariable p is below ``covariate_p``.
    covariate_p : float
    """

    p: float = 0.05
    penalty: str = "min"
    n_folds: int = 10
    horizon: float = 60.0
    named: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    covariate_p: float = 0.1


@dataclass(frozen=True)
class Markers:
    """What a model says of m patients.

    Attributes
    ----------
    score, log_hazard : numpy.ndarray, shape (m,)
        The radiomics score, and the linear predictor of a Cox model of the score alone.
    nomogram : numpy.ndarray, shape (m,), or None
        The nomogram's linear predictor, NaN where a covariate is unknown; None when it holds the score alone.
    high : numpy.ndarray of bool, shape (m,)
    """

    score: np.ndarray
    log_hazard: np.ndarray
    nomogram: np.ndarray | None
    high: np.ndarray


@dataclass(frozen=True)
class Built:
    """A model made from some patients.

    Attributes
    ----------
    coefficients : numpy.ndarray, shape (p,)
        Of the score; all zero when the selection came out empty.
    penalty, cutoff : float
        NaN and infinity when it came out empty.
    score_model : CoxModel or None
        Of the score alone; None when there is no score or no finite coefficient.
    covariates : tuple of int
        Positions of the nomogram's covariates.
    nomogram : CoxModel or None
    """

    coefficients: np.ndarray
    penalty: float
    cutoff: float
    score_model: CoxModel | None
    covariates: tuple[int, ...]
    nomogram: CoxModel | None

    @property
    def empty(self) -> bool:
        """Whether no feature was selected."""
        return not self.coefficients.any()


@dataclass(frozen=True)
class Procedure:
    """A recipe with a cohort's data as plain arrays, cheap to send to other processes.

    Attributes
    ----------
    features : numpy.ndarray, shape (n, p)
    months, event : numpy.ndarray, shape (n,)
    blocks : tuple of numpy.ndarray
        Columns of each covariate, shape (n, k); NaN where unknown.
    always : tuple of bool
        Whether a covariate enters the nomogram whatever its p value.
    recipe : Recipe
    """

    features: np.ndarray
    months: np.ndarray
    event: np.ndarray
    blocks: tuple[np.ndarray, ...]
    always: tuple[bool, ...]
    recipe: Recipe

    @classmethod
    def of(cls, cohort: Cohort, recipe: Recipe) -> Procedure:
        """Make the procedure that trains on a cohort."""
        names = tuple(dict.fromkeys((*recipe.named, *recipe.candidates)))
        blocks = tuple(cohort.columns((name,)) for name in names)
        always = tuple(name in recipe.named for name in names)
        return cls(cohort.features, cohort.months, cohort.event, blocks, always, recipe)

    @property
    def n(self) -> int:
        """Number of patients."""
        return self.months.size

    def without_covariates(self) -> Procedure:
        """The same for the score alone."""
        return replace(self, blocks=(), always=())

    def permuted(self, order: np.ndarray) -> Procedure:
        """The same with the patients' outcomes exchanged, which breaks every tie between features and outcome."""
        return replace(self, months=self.months[order], event=self.event[order])

    def build(self, rows: np.ndarray, seed: int) -> Built:
        """Make a model from some patients, repeated ones counting as often as they occur.

        Parameters
        ----------
        rows : numpy.ndarray of int, shape (m,)
        seed : int
            Of the folds.

        Raises
        ------
        InputError
            Too few of the patients have the event.
        """
        months, event = self.months[rows], self.event[rows]
        features = self.features[rows]
        folds = patient_folds(rows, event, self.recipe.n_folds, seed)
        # In a resample features may separate the events: the solver then overflows and shortens the path, as it should.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            selection = shrink(features, months, event, folds, p=self.recipe.p, penalty=self.recipe.penalty)
        if not selection.coefficients.any():
            return Built(selection.coefficients, float("nan"), float("inf"), None, (), None)
        score = features @ selection.coefficients
        chosen, nomogram = self._nomogram(rows, score)
        return Built(
            selection.coefficients,
            selection.penalty,
            cutoff_of(score, months, event, self.recipe.horizon).cutoff.value,
            attempt(lambda: cox(score[:, None], months, event)),
            chosen,
            nomogram,
        )

    def apply(self, built: Built, rows: np.ndarray) -> Markers:
        """Apply a model to some patients."""
        score = self.features[rows] @ built.coefficients
        log_hazard = np.full(rows.size, np.nan)
        if built.score_model is not None:
            log_hazard = built.score_model.linear_predictor(score[:, None])
        nomogram = None
        if self.blocks:
            nomogram = np.full(rows.size, np.nan)
            if built.nomogram is not None:
                design = np.column_stack([*(self.blocks[at][rows] for at in built.covariates), score])
                known = known_rows(design)
                if known.any():
                    nomogram[known] = built.nomogram.linear_predictor(design[known])
        return Markers(score, log_hazard, nomogram, score > built.cutoff)

    def _nomogram(self, rows: np.ndarray, score: np.ndarray) -> tuple[tuple[int, ...], CoxModel | None]:
        chosen = tuple(
            at
            for at, block in enumerate(self.blocks)
            if self.always[at] or self._alone(block[rows], rows) < self.recipe.covariate_p
        )
        if not self.blocks:
            return chosen, None
        design = np.column_stack([*(self.blocks[at][rows] for at in chosen), score])
        known = known_rows(design)
        return chosen, attempt(lambda: cox(design[known], self.months[rows][known], self.event[rows][known]))

    def _alone(self, block: np.ndarray, rows: np.ndarray) -> float:
        """A covariate's univariable p value; 1 where it has no finite estimate."""
        known = known_rows(block)
        fitted = attempt(lambda: cox(block[known], self.months[rows][known], self.event[rows][known]))
        return 1.0 if fitted is None else wald_p(fitted)


def measure(markers: Markers, months: np.ndarray, event: np.ndarray, horizon: float) -> dict[str, tuple[float, float]]:
    """Measure a model on patients.

    Parameters
    ----------
    markers : Markers
        Of m patients.
    months, event : numpy.ndarray, shape (m,)
    horizon : float

    Returns
    -------
    dict of str to tuple of float
        C-index, AUC and calibration slope of each marker and the groups' log hazard ratio, each with its standard
        error; NaN for what does not exist on these patients.
    """
    found = {}
    if markers.nomogram is not None:
        known = ~np.isnan(markers.nomogram)
        marker = markers.nomogram[known]
        found |= _discrimination(NOMOGRAM, marker, marker, months[known], event[known], horizon)
    found |= _discrimination(SCORE_ALONE, markers.score, markers.log_hazard, months, event, horizon)
    return found | {GROUP_SEPARATION: _separation(markers.high, months, event)}


def metric_names(procedure: Procedure) -> tuple[str, ...]:
    """Name what :func:`measure` measures, in its order."""
    markers = (NOMOGRAM, SCORE_ALONE) if procedure.blocks else (SCORE_ALONE,)
    at = procedure.recipe.horizon
    return (*(name for marker in markers for name in _names(marker, at)), GROUP_SEPARATION)


def attempt(function: Callable[[], T]) -> T | None:
    """Give what a statistic yields, None where it does not exist on these patients."""
    try:
        return function()
    except InputError:
        return None


def in_parallel(
    function: Callable[..., T], arguments: Iterable[Sequence[Any]], total: int, jobs: int, advance: Progress | None
) -> list[T]:
    """Call a function many times over processes; the results, in order, do not depend on their number.

    Parameters
    ----------
    function : callable
        Of a module, so that other processes find it.
    arguments : iterable of sequence
    total : int
        Of the progress that ``advance`` is told.
    jobs : int
    advance : callable of (done, total), optional

    Raises
    ------
    DependencyError
        The package joblib is not installed.
    """
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise DependencyError("Training needs joblib; install it with pip install 'labcradiomics[train]'.") from error
    results = []
    for result in Parallel(n_jobs=jobs, return_as="generator")(delayed(function)(*given) for given in arguments):
        results.append(result)
        if advance is not None:
            advance(len(results), total)
    return results


def _names(marker: str, horizon: float) -> tuple[str, str, str]:
    return f"C-index, {marker}", f"AUC at {horizon:g} months, {marker}", f"calibration slope, {marker}"


def _discrimination(
    name: str, marker: np.ndarray, log_hazard: np.ndarray, months: np.ndarray, event: np.ndarray, horizon: float
) -> dict[str, tuple[float, float]]:
    c = attempt(lambda: harrell_c(marker, months, event))
    roc = attempt(lambda: time_dependent_roc(marker, months, event, horizon))
    slope = attempt(lambda: cox(log_hazard[:, None], months, event))
    values = (
        _pair(c and c.c, c and c.se),
        _pair(roc and roc.auc, roc and roc.se),
        _pair(slope and slope.coef[0], slope and slope.se[0]),
    )
    return dict(zip(_names(name, horizon), values, strict=True))


def _separation(high: np.ndarray, months: np.ndarray, event: np.ndarray) -> tuple[float, float]:
    """Peto's log hazard ratio (observed less expected, over its variance), finite where a group has no event.

    A cutoff that puts all patients on one side separates nobody: zero.
    """
    if high.all() or not high.any():
        return 0.0, float("nan")
    test = attempt(lambda: logrank(months, event, high))
    if test is None:
        return float("nan"), float("nan")
    difference = float(test.observed[1] - test.expected[1])
    if difference == 0:
        return 0.0, float("nan")
    variance = difference**2 / test.chisq
    return difference / variance, variance**-0.5


def _pair(value: float | None, se: float | None) -> tuple[float, float]:
    return (float("nan"), float("nan")) if value is None else (float(value), float(se))
