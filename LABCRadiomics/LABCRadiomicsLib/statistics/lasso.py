"""LASSO-penalized Cox regression: the whole path, and its cross-validation as ``cv.glmnet`` of R computes it.

The path is solved by `_lasso_solver`, so that training needs no package under the GPL; the tests hold it to glmnet's
numbers, to the optimality conditions and, where it is installed, to scikit-survival's Coxnet.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from . import _checks
from ._lasso_solver import PenalizedCox
from ._risk_sets import RiskSets

_SPAN, _RISEN = 5, 3.0  # penalties in a row, and standard errors above the least deviance, that end a path early


@dataclass(frozen=True)
class LassoPath:
    """Coefficients along a falling sequence of penalties.

    Attributes
    ----------
    lambdas : ndarray, shape (l,)
        Penalties on glmnet's scale: features standardized, log partial likelihood divided by n.
    coef : ndarray, shape (p, l)
        Coefficients for the features in their own units.
    nonzero : ndarray of int, shape (l,)
        Features kept at each penalty.
    complete : bool
        False if the solver gave up at some penalty; the path then holds the larger ones only.
    """

    lambdas: np.ndarray
    coef: np.ndarray
    nonzero: np.ndarray
    complete: bool


@dataclass(frozen=True)
class LassoCV:
    """A LASSO path with its cross-validated partial-likelihood deviance.

    Attributes
    ----------
    path : LassoPath
        Fitted to all patients.
    mean, sd : ndarray, shape (l,)
        Deviance per event left out, averaged over folds, and its standard error.
    index_min, index_1se : int
        Position of the smallest mean, and of the largest penalty within one standard error of it.
    complete : bool
        False if the solver gave up in some fold or in the whole; what is left of such a path was used.
    """

    path: LassoPath
    mean: np.ndarray
    sd: np.ndarray
    index_min: int
    index_1se: int
    complete: bool

    @property
    def lambda_min(self) -> float:
        """Penalty with the smallest cross-validated deviance."""
        return float(self.path.lambdas[self.index_min])

    @property
    def lambda_1se(self) -> float:
        """Largest penalty whose deviance is within one standard error of the smallest."""
        return float(self.path.lambdas[self.index_1se])

    @property
    def coef_min(self) -> np.ndarray:
        """Coefficients at ``lambda_min``, raw scale, shape (p,)."""
        return self.path.coef[:, self.index_min]

    @property
    def coef_1se(self) -> np.ndarray:
        """Coefficients at ``lambda_1se``, raw scale, shape (p,)."""
        return self.path.coef[:, self.index_1se]


def lasso_path(features: np.ndarray, time: np.ndarray, event: np.ndarray, *, n_lambdas: int = 100) -> LassoPath:
    """Fit the LASSO-Cox path.

    Parameters
    ----------
    features : array_like, shape (n, p)
        One row a patient; standardized inside.
    time, event : array_like, shape (n,)
        Follow-up (any unit) and 1/True where the event was observed.
    n_lambdas : int
        Longest path; as in glmnet it ends where the deviance no longer changes.

    Returns
    -------
    LassoPath

    Raises
    ------
    InputError
        Unusable arrays, or no feature that varies among the patients at risk.

    Notes
    -----
    Maximizes ``l(b)/n - lambda |b|_1`` with Breslow's partial likelihood and features divided by their 1/n standard
    deviation; penalties fall evenly on the log scale from the smallest that keeps nothing to 1e-4 of it (1e-2 where
    features outnumber patients). Simon et al. 2011; equals ``glmnet(family = "cox", alpha = 1)`` of R, solved to the
    end: with glmnet's default ``thresh`` its coefficients are visibly short of the maximum.
    """
    time, event = _checks.survival(time, event)
    features = _checks.matrix(features, "features", time.size)
    with _one_thread():
        part = _Part(features, time, event, n_lambdas)
        part.walk.to(0.0)
        return part.path()


def lasso_cv(
    features: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    folds: np.ndarray,
    *,
    n_lambdas: int = 100,
    whole: bool = True,
) -> LassoCV:
    """Choose the penalty of the LASSO-Cox path by cross-validation.

    Parameters
    ----------
    features, time, event, n_lambdas
        As for `lasso_path`.
    folds : array_like, shape (n,)
        Fold of each patient, any labels; see `random_folds`.
    whole : bool
        Whether the path is followed to its end; else it ends once the deviance is three standard errors above its
        minimum at five penalties in a row, in a fraction of the time. What is chosen is the same unless the deviance
        fell again after that.

    Returns
    -------
    LassoCV

    Raises
    ------
    InputError
        Unusable arrays; fewer than three folds; a fold with all events.

    Notes
    -----
    A fold's deviance is that of all patients less that of the patients outside the fold, both at the coefficients
    fitted outside it, divided by the fold's events (Verweij and van Houwelingen 1993). Each fold has its own path, read
    at the penalties of the full path by linear interpolation. Equals ``cv.glmnet(family = "cox", type.measure =
    "deviance", grouped = TRUE)`` of R. As there, a fold without an event weighs nothing in mean and standard error but
    is counted among the folds of the latter.
    """
    time, event = _checks.survival(time, event)
    features = _checks.matrix(features, "features", time.size)
    labels, fold = _checks.groups(folds, "folds", time.size)
    events = np.bincount(fold[event], minlength=labels.size)
    if labels.size < 3:
        raise InputError(f"folds has {labels.size} folds; cross-validation needs at least three.")
    if events.max() == events.sum():
        raise InputError(f"folds has all events in fold {labels[events.argmax()]}; without it there is nothing to fit.")

    others = [fold != k for k in range(labels.size)]
    with _one_thread():
        all_patients = _Part(features, time, event, n_lambdas)
        parts = [_Part(features[kept], time[kept], event[kept], n_lambdas) for kept in others]
        means, sds = np.empty(0), np.empty(0)
        while True:
            start = means.size
            all_patients.walk.steps(n_lambdas if whole else _SPAN)
            lambdas = all_patients.walk.lambdas[start:]
            if not lambdas.size:
                break
            deviance = np.empty((labels.size, lambdas.size))
            for k, (kept, part) in enumerate(zip(others, parts, strict=True)):
                part.walk.to(lambdas[-1])
                eta = features @ _interpolate(part.path(), lambdas)
                deviance[k] = partial_deviance(eta, time, event) - partial_deviance(eta[kept], time[kept], event[kept])
            deviance /= np.maximum(events, 1)[:, None]  # a fold without an event weighs nothing below
            mean = np.average(deviance, axis=0, weights=events)
            sd = np.sqrt(np.average((deviance - mean) ** 2, axis=0, weights=events) / (labels.size - 1))
            means, sds = np.append(means, mean), np.append(sds, sd)
            index_min = int(means.argmin())
            risen = (mean > means[index_min] + _RISEN * sds[index_min]).all()
            if all_patients.walk.ended or (risen and not whole):
                break
    complete = all_patients.walk.complete and all(part.walk.complete for part in parts)
    index_1se = int(np.flatnonzero(means <= means[index_min] + sds[index_min])[0])
    return LassoCV(all_patients.path(), means, sds, index_min, index_1se, complete)


def random_folds(event: np.ndarray, n_folds: int = 10, seed: int = 0) -> np.ndarray:
    """Assign patients to folds 1 to ``n_folds`` at random, events and censored spread evenly.

    Parameters
    ----------
    event : array_like, shape (n,)
        1/True where the event was observed.
    n_folds : int
        At least three and no more than there are events.
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    InputError
        Too few events for the folds.
    """
    event = np.asarray(event).astype(bool)
    if not 3 <= n_folds <= event.sum():
        raise InputError(f"n_folds must lie between 3 and the number of events ({event.sum()}), not {n_folds}.")
    rng = np.random.default_rng(seed)
    # Shuffle within events and within censored, then deal them out one after the other.
    order = np.lexsort((rng.permutation(event.size), ~event))
    folds = np.empty(event.size, dtype=int)
    folds[order] = np.arange(event.size) % n_folds + 1
    return folds


def partial_deviance(eta: np.ndarray, time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Cox deviance of each column of linear predictors, ``2 (l_saturated - l)`` with Breslow's ties.

    Parameters
    ----------
    eta : ndarray, shape (n, l)
    time, event : ndarray, shape (n,)
        Checked arrays.

    Returns
    -------
    ndarray, shape (l,)
    """
    risk_sets = RiskSets.build(time, event, "breslow")
    eta = eta[risk_sets.order]
    log_sums = risk_sets.risk_log_sums(eta)  # an outlying feature can put linear predictors hundreds apart
    tied = np.diff(np.append(risk_sets.event_starts, risk_sets.event_rows.size))
    loglik = eta[risk_sets.event_rows].sum(axis=0) - tied @ log_sums
    return -2 * (tied @ np.log(tied) + loglik)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep numpy's linear algebra to one thread: for matrices of this size several wait for each other all the time."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


class _Part:
    """The path of some patients, for features in their own units; constant ones keep a coefficient of zero."""

    def __init__(self, features: np.ndarray, time: np.ndarray, event: np.ndarray, n_lambdas: int) -> None:
        scale = features.std(axis=0)
        self._varies = np.ptp(features, axis=0) > 1e-12 * np.abs(features).max(axis=0)
        if not self._varies.any():
            raise InputError("features has no column that varies; check that it holds feature values.")
        chosen = features[:, self._varies]
        self._scale = scale[self._varies]
        smallest = 1e-2 if features.shape[0] < features.shape[1] else 1e-4
        problem = PenalizedCox((chosen - chosen.mean(axis=0)) / self._scale, time, event)
        self.walk = problem.path(n_lambdas, smallest)

    def path(self) -> LassoPath:
        """Give the path as far as it is solved."""
        coef = np.zeros((self._varies.size, self.walk.lambdas.size))
        coef[self._varies] = self.walk.coef / self._scale[:, None]
        return LassoPath(self.walk.lambdas, coef, np.count_nonzero(coef, axis=0), self.walk.complete)


def _interpolate(path: LassoPath, lambdas: np.ndarray) -> np.ndarray:
    """Coefficients (p, l) at other penalties, linear between those of the path and constant beyond its ends."""
    if path.lambdas.size == 1:
        return np.repeat(path.coef, lambdas.size, axis=1)
    rising = path.lambdas[::-1]
    clipped = np.clip(lambdas, rising[0], rising[-1])
    right = np.clip(np.searchsorted(rising, clipped), 1, rising.size - 1)
    share = (clipped - rising[right - 1]) / (rising[right] - rising[right - 1])
    coef = path.coef[:, ::-1]
    return coef[:, right - 1] * (1 - share) + coef[:, right] * share
