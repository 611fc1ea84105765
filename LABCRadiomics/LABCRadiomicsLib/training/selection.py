"""From features to a radiomics score: agreement filter, univariable Cox screening, LASSO-Cox, cutoff (Wang 2022)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import CohortError
from ..model import RANGE, Cutoff, Score, Term
from ..statistics.cox_screening import UnivariableCox, univariable_cox
from ..statistics.lasso import LassoCV, lasso_cv
from ..statistics.roc import TimeDependentROC, YoudenCutoff, time_dependent_roc, youden_cutoff
from .training_cohort import TrainingCohort

PENALTIES = ("min", "1se")


class NothingSelectedError(CohortError):
    """The recipe selects no feature on this cohort."""


@dataclass(frozen=True)
class Selection:
    """How the score's features were chosen out of p.

    Attributes
    ----------
    screening : UnivariableCox
        Of all features of the cohort.
    kept : numpy.ndarray of int
        Positions of the features with p below the threshold.
    path : LassoCV or None
        Over the kept features; None when there are none.
    penalty : float
        The lambda that was used; NaN without a path.
    coefficients : numpy.ndarray, shape (p,)
        Raw scale; zero where not selected.
    """

    screening: UnivariableCox
    kept: np.ndarray
    path: LassoCV | None
    penalty: float
    coefficients: np.ndarray


@dataclass(frozen=True)
class ChosenCutoff:
    """The cutoff with the largest Youden index, and the ROC curve it was chosen on."""

    cutoff: Cutoff
    roc: TimeDependentROC
    point: YoudenCutoff


def agreeing_features(
    names: tuple[str, ...], icc: Mapping[str, tuple[float, float, float]], threshold: float
) -> np.ndarray:
    """Say which features readers agree on: an intraclass correlation above the threshold.

    Parameters
    ----------
    names : tuple of str
        Length p.
    icc : mapping of str to tuple of float
        Correlation and limits by feature; one that is absent or not defined (NaN) does not exceed the threshold.
    threshold : float

    Returns
    -------
    numpy.ndarray of bool, shape (p,)

    Raises
    ------
    CohortError
        No feature exceeds the threshold.
    """
    kept = np.array([name in icc and icc[name][0] > threshold for name in names])
    if not kept.any():
        raise CohortError(
            f"No feature has an intraclass correlation above {threshold:g}: lower --min-icc or check that the table of "
            "correlations belongs to these features."
        )
    return kept


def shrink(
    features: np.ndarray,
    months: np.ndarray,
    event: np.ndarray,
    folds: np.ndarray,
    *,
    p: float,
    penalty: str,
    alpha: float = 1.0,
    whole_path: bool = True,
) -> Selection:
    """Screen by univariable Cox, then fit the penalized Cox path to what is left; the selection may come out empty.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, p)
    months, event : numpy.ndarray, shape (n,)
    folds : numpy.ndarray, shape (n,) or (r, n)
        Fold of each patient in the cross-validation of the penalty; rows repeat it.
    p : float
        Wald p values below it pass the screening.
    penalty : {"min", "1se"}
        ``lambda.min`` or ``lambda.1se`` of R's ``cv.glmnet``.
    alpha : float
        Share of the penalty on absolute coefficients: 1 is the LASSO, less the elastic net.
    whole_path : bool
        Whether the path is followed to its end, beyond any penalty that could be chosen.
    """
    screening = univariable_cox(features, months, event)
    kept = np.flatnonzero(screening.p < p)
    coefficients = np.zeros(features.shape[1])
    if not kept.size:
        return Selection(screening, kept, None, float("nan"), coefficients)
    path = lasso_cv(features[:, kept], months, event, folds, l1_share=alpha, whole=whole_path)
    smallest = penalty == "min"
    coefficients[kept] = path.coef_min if smallest else path.coef_1se
    return Selection(screening, kept, path, path.lambda_min if smallest else path.lambda_1se, coefficients)


def require_features(selection: Selection, *, p: float, penalty: str) -> None:
    """Refuse a selection that came out empty.

    Parameters
    ----------
    selection : Selection
    p, penalty
        As for :func:`shrink`, of which it is the result.

    Raises
    ------
    NothingSelectedError
        No feature passed the screening, or the chosen penalty kept none.
    """
    if selection.path is None:
        raise NothingSelectedError(
            f"No feature has a univariable p below {p:g}: the cohort cannot carry a score at this limit."
        )
    if not selection.coefficients.any():
        raise NothingSelectedError(f"The penalty lambda.{penalty} keeps no feature: the cohort shows no signal there.")


def score_values(features: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Give the score of each patient, to the last bit as scoring a single patient does.

    The cutoff is the score of some patient; if another order of summation put that patient above it, a model would
    not give its own training patients the groups it was made with.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, p)
    coefficients : numpy.ndarray, shape (p,)
        Zero where a feature was not selected.

    Returns
    -------
    numpy.ndarray, shape (n,)
    """
    terms = np.flatnonzero(coefficients)
    return np.array([math.fsum(row) for row in (features[:, terms] * coefficients[terms]).tolist()])


def stored_score(cohort: TrainingCohort, selection: Selection, values: np.ndarray) -> Score:
    """Give the score as a model file holds it, with the ranges that its features and its values, shape (n,), had."""
    low, high = np.percentile(cohort.features, RANGE, axis=0)
    terms = tuple(
        Term(
            feature=cohort.names[at],
            coefficient=float(selection.coefficients[at]),
            low=float(low[at]),
            high=float(high[at]),
        )
        for at in np.flatnonzero(selection.coefficients)
    )
    limits = np.percentile(values, RANGE)
    return Score(intercept=0.0, terms=terms, low=float(limits[0]), high=float(limits[1]))


def cutoff_of(score: np.ndarray, months: np.ndarray, event: np.ndarray, horizon: float) -> ChosenCutoff:
    """Choose the cutoff with the largest Youden index on the IPCW time-dependent ROC curve.

    Parameters
    ----------
    score, months, event : numpy.ndarray, shape (n,)
    horizon : float
        Months.

    Returns
    -------
    ChosenCutoff
        ``score > cutoff.value`` are exactly the patients that the ROC curve's point counts as positive.

    Raises
    ------
    InputError
        The horizon is before the first event or beyond follow-up.
    """
    roc = time_dependent_roc(score, months, event, horizon)
    point = youden_cutoff(roc)
    cutoff = Cutoff(
        value=float(point.threshold),
        horizon_months=float(horizon),
        method="largest Youden index on the time-dependent ROC curve (IPCW) of the training cohort",
        auc=roc.auc,
    )
    return ChosenCutoff(cutoff, roc, point)
