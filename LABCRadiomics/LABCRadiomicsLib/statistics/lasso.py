"""Cox regression penalized by the LASSO or the elastic net: the path, and its cross-validation as in ``cv.glmnet``.

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


def lasso_path(
    features: np.ndarray, time: np.ndarray, event: np.ndarray, *, n_lambdas: int = 100, l1_share: float = 1.0
) -> LassoPath:
    """Fit the path of the LASSO-Cox model, or of the elastic net.

    Parameters
    ----------
    features : array_like, shape (n, p)
        One row a patient; standardized inside.
    time, event : array_like, shape (n,)
        Follow-up (any unit) and 1/True where the event was observed.
    n_lambdas : int
        Longest path; as in glmnet it ends where the deviance no longer changes.
    l1_share : float
        Share of the penalty that is on absolute coefficients, above 0 and at most 1 (glmnet's ``alpha``). Below 1 it
        is the elastic net, which keeps features that go together instead of one of them.

    Returns
    -------
    LassoPath

    Raises
    ------
    InputError
        Unusable arrays, or no feature that varies among the patients at risk.

    Notes
    -----
    Maximizes ``l(b)/n - lambda (a |b|_1 + (1 - a) |b|_2² / 2)``, ``a`` the ``l1_share``, with Breslow's partial
    likelihood and features divided by their 1/n standard deviation; penalties fall evenly on the log scale from the
    smallest that keeps nothing to 1e-4 of it (1e-2 where features outnumber patients). Simon et al. 2011; equals
    ``glmnet(family = "cox", alpha = a)`` of R, solved to the end: with glmnet's default ``thresh`` its coefficients are
    visibly short of the maximum.
    """
    time, event = _checks.survival(time, event)
    features = _checks.matrix(features, "features", time.size)
    with _one_thread():
        part = _Part(features, time, event, n_lambdas, _l1_share(l1_share))
        part.walk.to(0.0)
        return part.path()


def lasso_cv(
    features: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    folds: np.ndarray,
    *,
    n_lambdas: int = 100,
    l1_share: float = 1.0,
    whole: bool = True,
) -> LassoCV:
    """Choose the penalty of the path by cross-validation.

    Parameters
    ----------
    features, time, event, n_lambdas, l1_share
        As for `lasso_path`.
    folds : array_like, shape (n,) or (r, n)
        Fold of each patient, any labels; see `random_folds`. Several rows repeat the cross-validation: the deviances,
        and their standard errors, are averaged over the rows, so that the penalty depends less on how folds fell.
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
    divisions = [_Division.of(row, event) for row in np.atleast_2d(np.asarray(folds))]
    share = _l1_share(l1_share)
    with _one_thread():
        all_patients = _Part(features, time, event, n_lambdas, share)
        for division in divisions:
            division.parts.extend(_Part(features[k], time[k], event[k], n_lambdas, share) for k in division.others)
        means, sds = np.empty(0), np.empty(0)
        while True:
            start = means.size
            all_patients.walk.steps(n_lambdas if whole else _SPAN)
            lambdas = all_patients.walk.lambdas[start:]
            if not lambdas.size:
                break
            curves = [division.deviance(features, time, event, lambdas) for division in divisions]
            mean, sd = np.mean(curves, axis=0)
            means, sds = np.append(means, mean), np.append(sds, sd)
            index_min = int(means.argmin())
            risen = (mean > means[index_min] + _RISEN * sds[index_min]).all()
            if all_patients.walk.ended or (risen and not whole):
                break
    parts = [part for division in divisions for part in division.parts]
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


def _l1_share(value: float) -> float:
    share = _checks.positive(value, "l1_share")
    if share > 1:
        raise InputError(f"l1_share must lie above 0 and be at most 1, not {share:g}.")
    return share


class _Part:
    """The path of some patients, for features in their own units; constant ones keep a coefficient of zero."""

    def __init__(
        self, features: np.ndarray, time: np.ndarray, event: np.ndarray, n_lambdas: int, l1_share: float
    ) -> None:
        scale = features.std(axis=0)
        self._varies = np.ptp(features, axis=0) > 1e-12 * np.abs(features).max(axis=0)
        if not self._varies.any():
            raise InputError("features has no column that varies; check that it holds feature values.")
        chosen = features[:, self._varies]
        self._scale = scale[self._varies]
        smallest = 1e-2 if features.shape[0] < features.shape[1] else 1e-4
        problem = PenalizedCox((chosen - chosen.mean(axis=0)) / self._scale, time, event, l1_share)
        self.walk = problem.path(n_lambdas, smallest)

    def path(self) -> LassoPath:
        """Give the path as far as it is solved."""
        coef = np.zeros((self._varies.size, self.walk.lambdas.size))
        coef[self._varies] = self.walk.coef / self._scale[:, None]
        return LassoPath(self.walk.lambdas, coef, np.count_nonzero(coef, axis=0), self.walk.complete)


@dataclass(frozen=True)
class _Division:
    """One division of the patients into folds: who is outside each, its events, and the path fitted outside it."""

    others: list[np.ndarray]
    events: np.ndarray
    parts: list[_Part]

    @classmethod
    def of(cls, folds: np.ndarray, event: np.ndarray) -> "_Division":
        labels, fold = _checks.groups(folds, "folds", event.size)
        events = np.bincount(fold[event], minlength=labels.size)
        if labels.size < 3:
            raise InputError(f"folds has {labels.size} folds; cross-validation needs at least three.")
        if events.max() == events.sum():
            raise InputError(
                f"folds has all events in fold {labels[events.argmax()]}; without it there is nothing to fit."
            )
        return cls([fold != k for k in range(labels.size)], events, [])

    def deviance(
        self, features: np.ndarray, time: np.ndarray, event: np.ndarray, lambdas: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean over the folds of the deviance at some penalties, and its standard error."""
        found = np.empty((self.events.size, lambdas.size))
        for k, (kept, part) in enumerate(zip(self.others, self.parts, strict=True)):
            part.walk.to(lambdas[-1])
            eta = features @ _interpolate(part.path(), lambdas)
            found[k] = partial_deviance(eta, time, event) - partial_deviance(eta[kept], time[kept], event[kept])
        found /= np.maximum(self.events, 1)[:, None]  # a fold without an event weighs nothing below
        mean = np.average(found, axis=0, weights=self.events)
        spread = np.average((found - mean) ** 2, axis=0, weights=self.events)
        return mean, np.sqrt(spread / (self.events.size - 1))


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
