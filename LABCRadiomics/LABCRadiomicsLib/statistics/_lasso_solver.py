"""Exact LASSO-Cox solutions along a path of penalties, by Newton steps on the features that are kept.

Coordinate descent (glmnet, scikit-survival's Coxnet) needs up to millions of sweeps where features are as collinear as
radiomics features are. Between two changes of the set of kept features the solution is a smooth root, which Newton's
method finds in two or three steps: faster by far, and to rounding rather than to a tolerance.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ._risk_sets import RiskSets

_TOLERANCE = 1e-9  # of the optimality conditions, relative to the penalty
_LEAST_PENALTY = 1e-12  # for standardized features; less is rounding of no effect at all
_MAX_STEPS = 500  # Newton steps at one penalty
_MAX_HALVINGS = 40
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
    """The problem ``max l(b)/n - penalty |b|_1`` for standardized features.

    Parameters
    ----------
    z : ndarray, shape (n, p)
        Standardized features.
    time, event : ndarray, shape (n,)
        Checked arrays.
    """

    def __init__(self, z: np.ndarray, time: np.ndarray, event: np.ndarray) -> None:
        self._sets = RiskSets.build(time, event, "breslow")
        self._n = time.size
        self._z = np.asfortranarray(z[self._sets.order])
        self._event = event[self._sets.order].astype(float)
        tied = np.diff(np.append(self._sets.event_starts, self._sets.event_rows.size))
        self._tied = tied.astype(float)
        self._sizes = np.diff(np.append(self._sets.block_starts, self._sets.order.size))
        self._saturated = -float(tied @ np.log(tied))

    def path(self, n_lambdas: int, smallest: float) -> tuple[np.ndarray, np.ndarray, bool]:
        """Solve from the penalty that keeps nothing down to ``smallest`` of it, or where glmnet would stop.

        Returns
        -------
        lambdas : ndarray, shape (l,)
        coef : ndarray, shape (p, l)
        complete : bool
            False where the solver gave up at some penalty; the path then holds the larger ones.

        Raises
        ------
        InputError
            No feature varies among the patients at risk.
        """
        p = self._z.shape[1]
        point = self._point(np.zeros(self._z.shape[0]))
        null = point.loglik
        largest = float(np.abs(self._gradient(point)).max())
        if largest < _LEAST_PENALTY:
            raise InputError("features do not vary among the patients at risk; check features, time and event.")
        lambdas = largest * np.exp(np.linspace(0, np.log(smallest), n_lambdas))
        active = np.empty(0, dtype=int)
        beta, sign = np.empty(0), np.empty(0)
        columns, explained = [np.zeros(p)], [0.0]
        for penalty in lambdas[1:]:
            solved = self._solve(penalty, active, beta, sign, point)
            if solved is None:
                return lambdas[: len(columns)], np.column_stack(columns), False
            active, beta, sign, point = solved
            column = np.zeros(p)
            column[active] = beta
            columns.append(column)
            explained.append((point.loglik - null) / (self._saturated - null))
            if self._finished(explained):
                break
        return lambdas[: len(columns)], np.column_stack(columns), True

    @staticmethod
    def _finished(explained: list[float]) -> bool:
        """Whether glmnet would end the path: the deviance is explained or has ceased to fall."""
        if len(explained) < _STALL_SPAN:
            return False
        gain = explained[-1] - explained[-_STALL_SPAN]
        return gain < _STALL_GAIN * explained[-1] or explained[-1] > _DEVIANCE_LIMIT

    def _point(self, eta: np.ndarray) -> _Point:
        sets = self._sets
        shift = eta.max()
        weight = np.exp(eta - shift)
        risk = sets.risk_sums(weight)
        hazard = np.repeat(np.cumsum((self._tied / risk)[::-1])[::-1], self._sizes)
        loglik = float(self._event @ eta - self._tied @ (np.log(risk) + shift))
        return _Point(loglik, self._event - weight * hazard, weight, hazard, risk)

    def _gradient(self, point: _Point) -> np.ndarray:
        return point.residual @ self._z / self._n

    def _information(self, z: np.ndarray, point: _Point) -> np.ndarray:
        mean = self._sets.risk_sums(point.weight[:, None] * z) * (np.sqrt(self._tied) / point.risk)[:, None]
        return (z.T @ (z * (point.weight * point.hazard)[:, None]) - mean.T @ mean) / self._n

    def _solve(
        self, penalty: float, active: np.ndarray, beta: np.ndarray, sign: np.ndarray, point: _Point
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, _Point] | None:
        """Solve at one penalty from a neighboring solution; None if the steps run out.

        Kept features (``active``) have ``gradient = penalty * sign``; a feature enters when its gradient exceeds the
        penalty, the worst offender first, and leaves when its coefficient reaches zero.
        """
        z = self._z[:, active]
        for _ in range(_MAX_STEPS):
            excess = point.residual @ z / self._n - penalty * sign
            if np.abs(excess).max(initial=0.0) <= _TOLERANCE * penalty:
                gradient = self._gradient(point)
                gradient[active] = 0.0
                worst = int(np.abs(gradient).argmax())
                if abs(gradient[worst]) <= penalty * (1 + _TOLERANCE):
                    return active, beta, sign, point
                active, beta = np.append(active, worst), np.append(beta, 0.0)
                sign = np.append(sign, np.sign(gradient[worst]))
                z = self._z[:, active]
                excess = point.residual @ z / self._n - penalty * sign
            step = _newton_step(self._information(z, point), excess)
            # A step ends where the first coefficient reaches zero; that feature then leaves.
            with np.errstate(divide="ignore", invalid="ignore"):
                room = np.where((beta + step) * sign < 0, -beta / step, np.inf)
            longest = min(1.0, float(room.min()))
            moved = self._move(penalty, z, beta, sign, step, longest, point)
            if moved is None:
                return None
            length, point = moved
            beta = beta + length * step
            if length == longest < 1:
                kept = room > longest
                active, beta, sign = active[kept], beta[kept], sign[kept]
                z = self._z[:, active]
        return None

    def _move(
        self,
        penalty: float,
        z: np.ndarray,
        beta: np.ndarray,
        sign: np.ndarray,
        step: np.ndarray,
        length: float,
        point: _Point,
    ) -> tuple[float, _Point] | None:
        """Shorten ``length`` until the penalized likelihood does not fall; None if it always does."""
        target = point.loglik / self._n - penalty * float(sign @ beta)
        for _ in range(_MAX_HALVINGS):
            with np.errstate(divide="ignore", invalid="ignore"):
                candidate = self._point(z @ (beta + length * step))
            value = candidate.loglik / self._n - penalty * float(sign @ (beta + length * step))
            if np.isfinite(value) and value >= target - 1e-13 * (1 + abs(target)):
                return length, candidate
            length /= 2
        return None


def _newton_step(information: np.ndarray, excess: np.ndarray) -> np.ndarray:
    """Newton step; where features became collinear, the shortest of the possible ones."""
    try:
        return np.linalg.solve(information, excess)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(information, excess)[0]
