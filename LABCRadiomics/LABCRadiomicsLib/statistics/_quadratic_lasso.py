"""The LASSO for a quadratic function: the inner problem of `_lasso_solver`, on the features that matter."""

import numpy as np
from scipy.linalg import lapack

_TOLERANCE = 1e-11  # of the optimality conditions, relative to the penalty
_MAX_STEPS = 2000


class QuadraticLasso:
    """The problem ``max gradient'(b - start) - (b - start)'H(b - start)/2 - penalty |b|_1`` for one H.

    Parameters
    ----------
    hessian : ndarray, shape (k, k)
        H, positive semidefinite.
    """

    def __init__(self, hessian: np.ndarray) -> None:
        self.hessian = hessian
        self._factored: tuple[bytes, np.ndarray | None] = (b"", None)

    def maximize(self, gradient: np.ndarray, penalty: float, start: np.ndarray) -> np.ndarray | None:
        """Solve by an active set.

        Parameters
        ----------
        gradient : ndarray, shape (k,)
        penalty : float
        start : ndarray, shape (k,)
            The closer to the solution, the fewer steps.

        Returns
        -------
        ndarray, shape (k,), or None
            None where the steps run out.

        Notes
        -----
        With the signs of the nonzero coefficients held, the maximum is the solution of a linear system. On the way to
        it a coefficient that reaches zero leaves; once there, the coefficients enter whose gradient exceeds the
        penalty: all of them at first, one at a time as soon as one of them turns out to have come in with the wrong
        sign.
        """
        b = start.copy()
        active = b.nonzero()[0]
        sign = np.sign(b[active])
        one_at_a_time = False
        for _ in range(_MAX_STEPS):
            step = self._solve(active, gradient[active] - penalty * sign)
            here = b[active]
            wrong = (here + step) * sign < 0
            leaves = wrong.any()
            if leaves:
                room = np.full(active.size, np.inf)
                room[wrong] = -here[wrong] / step[wrong]
                step = room.min() * step
            b[active] = here + step
            moved = np.zeros(b.size)
            moved[active] = step
            gradient = gradient - self.hessian @ moved
            if leaves:
                kept = room > room.min()
                one_at_a_time |= room.min() == 0
                b[active[~kept]] = 0.0
                active, sign = active[kept], sign[kept]
                continue
            left = np.abs(gradient)
            left[active] = 0.0
            over = (left > penalty * (1 + _TOLERANCE)).nonzero()[0]
            if over.size == 0:
                return b
            if one_at_a_time:
                over = over[[left[over].argmax()]]
            active, sign = np.append(active, over), np.append(sign, np.sign(gradient[over]))
        return None

    def _solve(self, active: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Solution of the linear system of the active coefficients; its factor is kept for the next call."""
        if active.size == 0:
            return values
        key = active.tobytes()
        if self._factored[0] != key:
            factor, info = lapack.dpotrf(self.hessian[active[:, None], active])
            self._factored = key, None if info else factor
        factor = self._factored[1]
        if factor is not None:
            return lapack.dpotrs(factor, values)[0]
        # Features became collinear: the shortest of the possible solutions.
        return np.linalg.lstsq(self.hessian[active[:, None], active], values)[0]
