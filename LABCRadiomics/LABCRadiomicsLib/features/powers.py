"""Third and fourth powers, equal to ``numpy.power`` to the last bit, quick where numpy is slow.

Where a processor has AVX-512, numpy takes powers of negative numbers one by one from the C library, at twenty times the
cost of others. The true power, rounded, is what the C library gives, unless it lies about halfway between two floats:
here it is found to nearly half as many digits again (Dekker, Numer Math 1971;18:224-242); those few go to numpy.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

_HEAD = np.int64(-1 << 27)  # the upper half of a float's digits, with sign and exponent
# Units of the last place between glibc's or musl's powers and the true ones, beyond the half that rounding takes, for
# bases between these two (0.009 and the base's logarithm by what their table of logarithms lacks; e_pow.c).
_DOUBT = 0.02
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
        is_negative = values < 0
        self._negative, self._others = np.flatnonzero(is_negative), np.flatnonzero(~is_negative)
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
        # What rounds to the same float with the doubt taken off as with it added (Ziv, ACM TOMS 1991;17:410-423).
        doubt = power * (_DOUBT * np.finfo(float).eps)
        rounded = power + (error - doubt)
        unsure = np.flatnonzero(rounded != power + (error + doubt))
        rounded[unsure] = np.power(self._bases.take(unsure), order)
        powers = np.empty_like(self._values)
        powers[self._negative] = rounded
        powers[self._others] = np.power(self._values.take(self._others), order)
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
    """Two parts of each float with half of its digits."""
    high = (values.view(np.int64) & _HEAD).view(float)
    return high, values - high


def _product(one: np.ndarray, one_parts: _Parts, other: np.ndarray, other_parts: _Parts) -> _Parts:
    """Products and what rounding took from them; the sum of both is within 2 to the -75th of the true product."""
    (high, low), (other_high, other_low) = one_parts, other_parts
    product = one * other
    error = high * other_high
    error -= product
    error += high * other_low
    error += low * other
    return product, error
