"""The radiomics score as an estimator in scikit-learn's manner, for pipelines, cross-validation and grid search.

Works without scikit-learn; where it is installed the estimator is one of its own (``BaseEstimator``).
"""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import CohortError, InputError
from ..statistics.baseline_hazard import baseline_hazard
from ..statistics.concordance import harrell_c
from ..training import Procedure, Recipe, TrainingCohort
from ..training.selection import PENALTIES
from ..training.training_cohort import require_events

try:
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import validate_data
except ImportError:
    validate_data = None

    class NotFittedError(InputError, AttributeError):  # type: ignore[no-redef]
        """The estimator is used before ``fit``."""

    class BaseEstimator:  # type: ignore[no-redef]
        """What pipelines and clones ask of an estimator: its parameters, by the names that ``__init__`` gives them."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """Give the parameters by name."""
            return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

        def set_params(self, **params: Any) -> BaseEstimator:
            """Set parameters by name; ValueError for one that is none."""
            known = self.get_params()
            for name, value in params.items():
                if name not in known:
                    raise InputError(f"{name} is no parameter of {type(self).__name__}: it has {', '.join(known)}.")
                setattr(self, name, value)
            return self

        def __repr__(self) -> str:
            return f"{type(self).__name__}({', '.join(f'{name}={it!r}' for name, it in self.get_params().items())})"


@dataclass(frozen=True)
class StepFunction:
    """A right-continuous step function of time, as scikit-survival's scorers and plots take it.

    Attributes
    ----------
    x : numpy.ndarray, shape (k,)
        Times of the steps, rising.
    y : numpy.ndarray, shape (k,)
        Values from each step on.
    before : float
        Value before the first step.
    domain : tuple of float
        From 0 to the longest follow-up; nothing is said of what lies outside.
    """

    x: np.ndarray
    y: np.ndarray
    before: float
    domain: tuple[float, float]

    def __call__(self, time: Any) -> np.ndarray | float:
        """Give the values at some times; InputError (a ValueError) for a time outside the domain."""
        times = np.asarray(time, float)
        if not ((times >= self.domain[0]) & (times <= self.domain[1])).all():
            raise InputError(f"A time is outside follow-up, {self.domain[0]:g} to {self.domain[1]:g}: leave it out.")
        values = np.concatenate(([self.before], self.y))[np.searchsorted(self.x, times, side="right")]
        return float(values) if values.ndim == 0 else values


class RadiomicsScore(BaseEstimator):
    """Univariable Cox screening, LASSO-Cox and a Youden cutoff (Wang 2022), on an array of features.

    The recipe is that of :func:`.training.train` and ``labcradiomics train``, of the score alone: for a model file with
    covariates, optimism and a report use these. Time may have any unit.

    Parameters
    ----------
    p : float
        Limit of the univariable Wald p value; 1 keeps every feature that has one.
    penalty : {"min", "1se"}
        ``lambda.min`` or ``lambda.1se`` of the cross-validation, as R's ``cv.glmnet`` names them.
    n_folds : int
        Of the cross-validation of the penalty, at least 3.
    horizon : float, optional
        Time, in the unit of ``y``, of the ROC curve on which the cutoff is chosen; by default the median time of the
        events. The predictions do not depend on it.
    random_state : int
        Seed of the folds.

    Attributes
    ----------
    coef_ : numpy.ndarray, shape (n_features,)
        Coefficients of the score on the features as they are; zero where not selected.
    cutoff_ : float
        Risk is high where the score is above it; infinity when no feature was selected.
    horizon_ : float
        At which the cutoff was chosen.
    penalty_ : float
        The lambda of the penalty; NaN when no feature passed the screening.
    log_hazard_ratio_ : float
        Of the score, per unit, from a Cox model of the score alone; 0 when no feature was selected.
    unique_times_ : numpy.ndarray
        Times of the events.
    n_features_in_, feature_names_in_
        As scikit-learn has them.

    Examples
    --------
    >>> from LABCRadiomicsLib import RadiomicsScore
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 20))
    >>> months = rng.exponential(60 * np.exp(-x[:, 0]))
    >>> y = np.column_stack([np.minimum(months, 80), months < 80])
    >>> RadiomicsScore().fit(x, y).score(x, y) > 0.7
    True
    """

    def __init__(
        self,
        p: float = 0.05,
        penalty: str = "min",
        n_folds: int = 10,
        horizon: float | None = None,
        random_state: int = 0,
    ) -> None:
        self.p = p
        self.penalty = penalty
        self.n_folds = n_folds
        self.horizon = horizon
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> RadiomicsScore:  # noqa: N803 (scikit-learn's name)
        """Make the score.

        Parameters
        ----------
        X : array_like or DataFrame, shape (n, p)
            Features, finite.
        y : structured array, array_like or DataFrame, shape (n,) or (n, 2)
            Follow-up: a boolean field (the event) and a number field (the time), as scikit-survival's ``Surv`` makes
            them, or two columns, one of them of 0 and 1 only.

        Returns
        -------
        RadiomicsScore
            Itself. Where no feature is selected, a warning says so and every prediction is the same.

        Raises
        ------
        InputError
            A ValueError: a parameter is outside its domain, arrays do not fit, the horizon is outside follow-up.
        CohortError
            One too: fewer than 10 events, or the score separates the events so that its Cox model has no estimate.
        """
        self._require_parameters()
        features = self._features(X, reset=True)
        time, event = follow_up(y)
        if time.size != features.shape[0]:
            raise InputError(f"X has {features.shape[0]} rows and y has {time.size}: give both of the same patients.")
        cohort = TrainingCohort(self._names(), features, time, event)
        require_events(cohort)
        self.horizon_ = float(np.median(time[event]) if self.horizon is None else self.horizon)
        recipe = Recipe(p=self.p, penalty=self.penalty, n_folds=self.n_folds, horizon=self.horizon_)
        procedure = Procedure.of(cohort, recipe)
        built = procedure.build(procedure.everyone, folds=procedure.folds(self.random_state))
        if built.empty:
            warnings.warn("No feature was selected: every prediction is the same.", UserWarning, stacklevel=2)
        elif built.score_model is None:
            raise CohortError("The Cox model of the score has no finite estimate: the score separates the events.")
        self.coef_ = built.coefficients
        self.cutoff_ = built.cutoff
        self.penalty_ = float(built.selection.penalty)
        self.log_hazard_ratio_ = 0.0 if built.score_model is None else float(built.score_model.coef[0])
        score = features @ self.coef_
        self._center = float(score.mean())
        weight, center = np.array([self.log_hazard_ratio_]), np.array([self._center])
        self._baseline = baseline_hazard(score[:, None], weight, center, time, event)
        self.unique_times_ = self._baseline.time
        return self

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Give the radiomics score of each row, shape (n,); higher is worse."""
        self._require_fit()
        return self._features(X) @ self.coef_

    def predict_risk_group(self, X: Any) -> np.ndarray:  # noqa: N803
        """Say of each row whether its risk is ``"high"`` (score above the cutoff) or ``"low"``, shape (n,)."""
        return np.where(self.predict(X) > self.cutoff_, "high", "low")

    def predict_cumulative_hazard_function(self, X: Any, return_array: bool = False) -> np.ndarray:  # noqa: N803
        """Give the cumulative hazard of each row, as :meth:`predict_survival_function` gives survival."""
        hazards = self._cumulative_hazards(X)
        return hazards if return_array else self._functions(hazards, 0.0)

    def predict_survival_function(self, X: Any, return_array: bool = False) -> np.ndarray:  # noqa: N803
        """Give the survival of each row by a Cox model of the score alone (Efron's ties and baseline).

        Parameters
        ----------
        X : array_like, shape (n, p)
        return_array : bool

        Returns
        -------
        numpy.ndarray
            Shape (n,) of :class:`StepFunction`; with ``return_array`` shape (n, k) at ``unique_times_``.
        """
        survival = np.exp(-self._cumulative_hazards(X))
        return survival if return_array else self._functions(survival, 1.0)

    def score(self, X: Any, y: Any) -> float:  # noqa: N803
        """Give Harrell's concordance index of the score; 0.5 is chance, 1 the best.

        Raises
        ------
        InputError
            A ValueError: no two patients of ``y`` can be compared.
        """
        predicted = self.predict(X)
        return float(harrell_c(predicted, *follow_up(y)).c)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _require_parameters(self) -> None:
        wanted = {
            "p": (0 < self.p <= 1, "above 0 and at most 1"),
            "penalty": (self.penalty in PENALTIES, " or ".join(map(repr, PENALTIES))),
            "n_folds": (isinstance(self.n_folds, (int, np.integer)) and self.n_folds >= 3, "a whole number from 3 on"),
            "horizon": (self.horizon is None or self.horizon > 0, "above 0, or None"),
            "random_state": (
                isinstance(self.random_state, (int, np.integer)) and self.random_state >= 0, "a whole number from 0 on",
            ),
        }  # fmt: skip
        for name, (right, what) in wanted.items():
            if not right:
                raise InputError(f"Parameter {name} is {getattr(self, name)!r}: give {what}.")

    def _require_fit(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(f"This {type(self).__name__} instance is not fitted yet: call fit first.")

    def _names(self) -> tuple[str, ...]:
        names = getattr(self, "feature_names_in_", None)
        return tuple(f"x{at}" for at in range(self.n_features_in_)) if names is None else tuple(names)

    def _features(self, given: Any, *, reset: bool = False) -> np.ndarray:
        """Check features as scikit-learn does where it is installed, else their shape, numbers and names."""
        if validate_data is not None:
            return validate_data(self, given, reset=reset, dtype=np.float64, ensure_min_samples=2 if reset else 1)
        features = np.asarray(given, float)
        if features.ndim != 2 or not np.isfinite(features).all():
            raise InputError("X is not a table of finite numbers: give one row a patient and one column a feature.")
        names = getattr(given, "columns", None)
        if reset:
            self.n_features_in_ = features.shape[1]
            if names is not None:
                self.feature_names_in_ = np.asarray(names, object)
        elif features.shape[1] != self.n_features_in_:
            raise InputError(f"X has {features.shape[1]} features, {type(self).__name__} has {self.n_features_in_}.")
        elif names is not None and list(names) != list(getattr(self, "feature_names_in_", names)):
            raise InputError("The columns of X are not those of fit: give the same features in the same order.")
        return features

    def _cumulative_hazards(self, given: Any) -> np.ndarray:
        """Of each row at each event time, shape (n, k)."""
        score = self.predict(given)
        return np.outer(np.exp(self.log_hazard_ratio_ * (score - self._center)), self._baseline.cumulative_hazard)

    def _functions(self, values: np.ndarray, before: float) -> np.ndarray:
        domain = (0.0, float(self._baseline.last_follow_up))
        found = np.empty(len(values), object)
        for at, row in enumerate(values):
            found[at] = StepFunction(self.unique_times_, row, before, domain)
        return found


def follow_up(y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Take follow-up apart.

    Parameters
    ----------
    y : structured array, array_like or DataFrame
        See :meth:`RadiomicsScore.fit`.

    Returns
    -------
    time : numpy.ndarray, shape (n,)
        Above 0.
    event : numpy.ndarray of bool, shape (n,)

    Raises
    ------
    InputError
        Not one column of events and one of times, or a time that is not above 0 and finite.
    """
    if y is None:
        raise InputError("RadiomicsScore requires y to be passed, but the target y is None: give time and event.")
    names = getattr(getattr(y, "dtype", None), "names", None)
    if names is not None:
        columns = [np.asarray(y[name]).ravel() for name in names]
    else:
        table = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
        columns = list(table.T) if table.ndim == 2 else [table]
    if len(columns) != 2:
        raise InputError(f"y has {len(columns)} columns: give two, the time and the event (1 or True for an event).")
    try:
        values = [column.astype(float) for column in columns]
    except (TypeError, ValueError) as error:
        raise InputError("y holds what is no number: give the time and the event as numbers.") from error
    events = [at for at in (0, 1) if columns[at].dtype == bool]
    events = events or [at for at in (0, 1) if np.isin(values[at], (0, 1)).all()]
    if len(events) != 1:
        raise InputError("y does not tell which column is the event: exactly one has to be of 0 and 1 or boolean.")
    time, event = values[1 - events[0]], values[events[0]].astype(bool)
    if not (np.isfinite(time) & (time > 0)).all():
        at = int(np.flatnonzero(~(np.isfinite(time) & (time > 0)))[0])
        raise InputError(f"y, row {at}: the time {time[at]:g} is not above 0; correct it or leave the patient out.")
    return time, event
