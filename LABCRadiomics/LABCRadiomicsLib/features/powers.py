"""Third and fourth powers, equal to ``numpy.power`` to the last bit, quick where numpy is slow.

Where a processor has AVX-512, numpy takes powers of negative numbers one by one from the C library, at twenty times the
cost of others. The true power, rounded, is what the C library gives, unless it lies about halfway between two floats:
here it is found to twice a float's digits (Dekker, Numer Math 1971;18:224-242), and the few that lie so go to numpy.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

_SPLITTER = 2.0**27 + 1
_EXPONENT = np.array(np.inf).view(np.int64)  # the bits of a float that hold it
# In units of the last place; glibc's and musl's powers are less than 0.52 of them away from the true ones for bases
# between these two (0.509 and the base's logarithm by what their table of logarithms lacks; e_pow.c).
_SURE = 0.48
_SMALLEST, _LARGEST = 1e-25, 1e25

_Parts = tuple[np.ndarray, np.ndarray]


class Powers:
    """Powers of the same numbers.

    Parameters
    ----------
    values : numpy.ndarray
        Finite, shape (n,).
    """

    def __init__(self, values: np.ndarray):
        self._values = values
        self._negative = np.flatnonzero(values < 0)
        self._bases = values.take(self._negative)

    def of(self, order: int) -> np.ndarray:
        """``numpy.power(values, order)``, shape (n,)."""
        if order not in (3, 4) or not len(self._bases) or not self._are_moderate:
            return np.power(self._values, order)
        square, square_error = self._squares
        if order == 3:
            power, error = _product(square, self._square_parts, self._bases, self._parts)
            error += square_error * self._bases
        else:
            power, error = _product(square, self._square_parts, square, self._square_parts)
            error += 2 * square * square_error
        rounded = power + error
        away = np.abs(error - (rounded - power))
        # The power of 2 below each: below a power of 2 itself, floats lie as close as under the next.
        scale = ((np.abs(rounded).view(np.int64) - 1) & _EXPONENT).view(float)
        halfway = np.flatnonzero(away >= _SURE * np.finfo(float).eps * scale)
        rounded[halfway] = np.power(self._bases.take(halfway), order)
        powers = np.power(np.abs(self._values), order)
        powers[self._negative] = rounded
        return powers

    @cached_property
    def _are_moderate(self) -> bool:
        magnitudes = -self._bases
        return bool(magnitudes.min() > _SMALLEST and magnitudes.max() < _LARGEST)

    @cached_property
    def _parts(self) -> _Parts:
        return _split(self._bases)

    @cached_property
    def _squares(self) -> _Parts:
        return _product(self._bases, self._parts, self._bases, self._parts)

    @cached_property
    def _square_parts(self) -> _Parts:
        return _split(self._squares[0])


def _split(values: np.ndarray) -> _Parts:
    """Two parts of each float with half of its digits, whose products are exact."""
    spread = values * _SPLITTER
    high = spread - (spread - values)
    return high, values - high


def _product(one: np.ndarray, one_parts: _Parts, other: np.ndarray, other_parts: _Parts) -> _Parts:
    """Products and what rounding took from them; both together are exact."""
    (high, low), (other_high, other_low) = one_parts, other_parts
    product = one * other
    error = high * other_high
    error -= product
    error += high * other_low
    error += low * other_high
    error += low * other_low
    return product, error
