"""Exact solutions of elastic-net Cox models along a path of penalties; the LASSO is the case without a ridge.

Coordinate descent (glmnet, scikit-survival's Coxnet) needs up to millions of sweeps where features are as collinear as
radiomics features are. Here the likelihood is replaced by its quadratic approximation, whose LASSO is solved exactly
(`_quadratic_lasso`), again and again: faster by far, and to rounding rather than to a tolerance.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ._quadratic_lasso import QuadraticLasso
from ._risk_sets import RiskSets

_TOLERANCE = 1e-9  # of the optimality conditions, relative to the penalty
_LEAST_PENALTY = 1e-12  # for standardized features; less is rounding of no effect at all
_MAX_STEPS = 200  # quadratic approximations at one penalty
_MAX_HALVINGS = 40
_SLOW = 0.5  # a step that leaves more than this share of the excess was taken with curvatures that are too old
_CHEAP = 300_000  # patients times squared features up to which new curvatures cost no more than an old step
# Where glmnet ends a Cox path: its mnlam, and its fdev and devmax as it rescales them for this family.
_STALL_SPAN, _STALL_GAIN, _DEVIANCE_LIMIT = 5, 1e-3, 0.99


@dataclass(frozen=True)
class _Point:
    """The log partial likelihood near one vector of linear predictors."""

    loglik: float
    residual: np.ndarray  # (r,) derivative by each linear predictor
    weight: np.ndarray  # (r,) exp(linear predictor)
    hazard: np.ndarray  # (r,) Breslow cumulative hazard each patient was exposed to
    risk: np.ndarray  # (m,) sum of weights over each risk set


class PenalizedCox:
    """The problem ``max l(b)/n - penalty (l1 |b|_1 + (1 - l1) |b|_2**2 / 2)`` for standardized features.

    Parameters
    ----------
    z : ndarray, shape (n, p)
        Standardized features.
    time, event : ndarray, shape (n,)
        Checked arrays.
    l1_share : float
        Above 0, at most 1: 1 is the LASSO.
    """

    def __init__(self, z: np.ndarray, time: np.ndarray, event: np.ndarray, l1_share: float = 1.0) -> None:
        self._sets = RiskSets.build(time, event, "breslow")
        self.n = time.size
        self.z = np.asfortranarray(z[self._sets.order])
        self.l1_share = l1_share
        self._event = event[self._sets.order].astype(float)
        tied = np.diff(np.append(self._sets.event_starts, self._sets.event_rows.size))
        self._tied = tied.astype(float)
        sizes = np.diff(np.append(self._sets.block_starts, self._sets.order.size))
        self._enters = np.repeat(np.arange(sizes.size), sizes)  # at which event time each patient joins those at risk
        self._saturated = -float(tied @ np.log(tied))

    def path(self, n_lambdas: int, smallest: float) -> "Walk":
        """Begin the path from the penalty that keeps nothing down to ``smallest`` of it, or where glmnet would stop.

        Raises
        ------
        InputError
            No feature varies among the patients at risk.
        """
        return Walk(self, n_lambdas, smallest)

    def explained(self, point: _Point, null: float) -> float:
        """Share of the deviance that is explained at a point, ``null`` being the likelihood without any feature."""
        return (point.loglik - null) / (self._saturated - null)

    def point(self, eta: np.ndarray) -> _Point:
        """The likelihood at linear predictors, shape (r,)."""
        sets = self._sets
        shift = eta.max()
        weight = np.exp(eta - shift)
        risk = sets.risk_sums(weight)
        hazard = np.cumsum((self._tied / risk)[::-1])[::-1][self._enters]
        loglik = float(self._event @ eta - self._tied @ (np.log(risk) + shift))
        return _Point(loglik, self._event - weight * hazard, weight, hazard, risk)

    def gradient(self, point: _Point, z: np.ndarray) -> np.ndarray:
        """Of the log partial likelihood over n by the coefficients of ``z``."""
        return point.residual @ z / self.n

    def means(self, z: np.ndarray, point: _Point) -> np.ndarray:
        """Means over the risk sets, weighted by the root of the events at each; shape (m, k)."""
        return self._sets.risk_sums(point.weight[:, None] * z) * (np.sqrt(self._tied) / point.risk)[:, None]


class Walk:
    """A path of penalties, solved as far as it was asked for.

    Attributes
    ----------
    complete : bool
        False once the solver gave up at some penalty; the path then holds the larger ones.
    ended : bool
        Whether there is no more to solve.
    """

    def __init__(self, problem: PenalizedCox, n_lambdas: int, smallest: float) -> None:
        self._problem, self._state = problem, _State(problem)
        self._null = self._state.point.loglik
        largest = float(np.abs(self._state.gradient).max()) / problem.l1_share
        if largest < _LEAST_PENALTY:
            raise InputError("features do not vary among the patients at risk; check features, time and event.")
        self._lambdas = largest * np.exp(np.linspace(0, np.log(smallest), n_lambdas))
        self._coef = np.zeros((problem.z.shape[1], n_lambdas))
        self._explained = [0.0]
        self.complete, self.ended = True, n_lambdas == 1

    @property
    def lambdas(self) -> np.ndarray:
        """Penalties solved so far, falling, shape (l,)."""
        return self._lambdas[: len(self._explained)]

    @property
    def coef(self) -> np.ndarray:
        """Their solutions, shape (p, l)."""
        return self._coef[:, : len(self._explained)]

    def to(self, penalty: float) -> None:
        """Solve on until a penalty that is no larger than ``penalty``, or to the end."""
        while not self.ended and self.lambdas[-1] > penalty:
            self._step(len(self._explained))

    def steps(self, count: int) -> None:
        """Solve at the next penalties, as many as there are."""
        for _ in range(count):
            if not self.ended:
                self._step(len(self._explained))

    def _step(self, index: int) -> None:
        if not self._state.solve(self._lambdas[index], self._lambdas[index - 1]):
            self.complete, self.ended = False, True
            return
        self._coef[self._state.members, index] = self._state.beta
        self._explained.append(self._problem.explained(self._state.point, self._null))
        self.ended = index + 1 == self._lambdas.size or self._finished()

    def _finished(self) -> bool:
        """Whether glmnet would end the path: the deviance is explained or has ceased to fall."""
        explained = self._explained
        if len(explained) < _STALL_SPAN:
            return False
        gain = explained[-1] - explained[-_STALL_SPAN]
        return gain < _STALL_GAIN * explained[-1] or explained[-1] > _DEVIANCE_LIMIT


class _State:
    """The solution at one penalty, on the features that matter there, and the curvatures that led to it.

    Attributes
    ----------
    members : ndarray of int, shape (k,)
        Features that are kept, were kept, or came close.
    beta : ndarray, shape (k,)
    point : _Point
        At ``beta``.
    gradient : ndarray, shape (p,)
        At the last solution.
    """

    def __init__(self, problem: PenalizedCox) -> None:
        self._problem = problem
        self.point = problem.point(np.zeros(problem.z.shape[0]))
        self.gradient = problem.gradient(self.point, problem.z)
        self.members, self.beta = np.empty(0, dtype=int), np.empty(0)
        self._curved_at = self.point
        self._z = problem.z[:, self.members]
        self._means = problem.means(self._z, self.point)
        self._hessian = np.empty((0, 0))
        self._quadratic: tuple[float, QuadraticLasso] | None = None  # for a ridge penalty

    def solve(self, penalty: float, previous: float) -> bool:
        """Move to the solution at ``penalty`` from that at the one before; False if the steps run out."""
        l1 = self._problem.l1_share
        # What enters is rarely anything else (the strong rule of Tibshirani et al. 2012); the rest is found below.
        self._admit(np.abs(self.gradient) >= l1 * (2 * penalty - previous))
        excess, gradient = self._excess(penalty)
        for _ in range(_MAX_STEPS):
            if excess <= _TOLERANCE * penalty:
                self.gradient = self._problem.gradient(self.point, self._problem.z)
                if not self._admit(np.abs(self.gradient) > l1 * penalty * (1 + _TOLERANCE)):
                    return True
                excess, gradient = self._excess(penalty)
            if not self._step(penalty, gradient):
                if self._curved_at is self.point:
                    return False
                self._refresh()
                continue
            before = excess
            excess, gradient = self._excess(penalty)
            if excess > _SLOW * before or self._cheap():
                self._refresh()
        return False

    def _excess(self, penalty: float) -> tuple[float, np.ndarray]:
        """How far the members are from the optimality conditions, and the gradient of likelihood and ridge by them."""
        l1, ridge = penalty * self._problem.l1_share, penalty * (1 - self._problem.l1_share)
        gradient = self._problem.gradient(self.point, self._z)
        if ridge:
            gradient -= ridge * self.beta
        sign = np.sign(self.beta)
        off = np.abs(gradient - l1 * sign) - l1 * (sign == 0)
        return float(off.max(initial=0.0)), gradient

    def _step(self, penalty: float, gradient: np.ndarray) -> bool:
        """Minimize the quadratic approximation; shorten the way there until the penalized likelihood does not fall."""
        l1, ridge = penalty * self._problem.l1_share, penalty * (1 - self._problem.l1_share)
        if self._quadratic is None or self._quadratic[0] != ridge:
            hessian = self._hessian + ridge * np.eye(self.beta.size) if ridge else self._hessian
            self._quadratic = ridge, QuadraticLasso(hessian)
        aim = self._quadratic[1].maximize(gradient, l1, self.beta)
        if aim is None:
            return False
        here = self._value(self.point, self.beta, l1, ridge)
        length = 1.0
        for _ in range(_MAX_HALVINGS):
            beta = self.beta + length * (aim - self.beta) if length < 1 else aim
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                point = self._problem.point(self._z @ beta)
            value = self._value(point, beta, l1, ridge)
            if np.isfinite(value) and np.isfinite(point.hazard).all() and value >= here - 1e-13 * (1 + abs(here)):
                self.beta, self.point = beta, point
                return True
            length /= 2
        return False

    def _value(self, point: _Point, beta: np.ndarray, l1: float, ridge: float) -> float:
        return point.loglik / self._problem.n - l1 * float(np.abs(beta).sum()) - ridge / 2 * float(beta @ beta)

    def _admit(self, wanted: np.ndarray) -> bool:
        """Make features members; their curvatures are taken where those of the others were."""
        wanted[self.members] = False
        new = np.flatnonzero(wanted)
        if new.size == 0:
            return False
        z, at = self._problem.z[:, new], self._curved_at
        means = self._problem.means(z, at)
        curvature = (at.weight * at.hazard)[:, None] * z
        across = (self._z.T @ curvature - self._means.T @ means) / self._problem.n
        within = (z.T @ curvature - means.T @ means) / self._problem.n
        self._hessian, self._quadratic = np.block([[self._hessian, across], [across.T, within]]), None
        self._z, self._means = np.hstack((self._z, z)), np.hstack((self._means, means))
        self.members, self.beta = np.append(self.members, new), np.append(self.beta, np.zeros(new.size))
        return True

    def _cheap(self) -> bool:
        return self._z.shape[0] * self._z.shape[1] ** 2 < _CHEAP

    def _refresh(self) -> None:
        """Take the curvatures at the present point."""
        at = self._curved_at = self.point
        self._means = self._problem.means(self._z, at)
        root = np.sqrt(at.weight * at.hazard)[:, None] * self._z  # of one matrix with itself only half is computed
        self._hessian = (root.T @ root - self._means.T @ self._means) / self._problem.n
        self._quadratic = None
