"""Powers of deviations are numpy's to the last bit, however they are found."""

from fractions import Fraction

import numpy as np
import pytest

from LABCRadiomicsLib.features.powers import Powers, _product, _split


def bits(values):
    return values.view(np.int64)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_powers_are_numpys_to_the_last_bit(order):
    rng = np.random.default_rng(order)
    for exponent in (-80, -30, *np.linspace(-24, 24, 16), 30, 60):
        values = rng.normal(0, 10**exponent, 4000)
        np.testing.assert_array_equal(bits(Powers(values).of(order)), bits(np.power(values, order)))
    whole = np.arange(-3000.0, 3000)
    powers_of_two = np.ldexp(-1.0, np.arange(-300, 200))
    beside = np.nextafter(powers_of_two, 0)
    for values in (whole, whole / 8, whole - 0.37, powers_of_two, beside, np.array([-0.5, 0, -0.0, 2]), whole[:0]):
        np.testing.assert_array_equal(bits(Powers(values).of(order)), bits(np.power(values, order)))


@pytest.mark.parametrize("order", [3, 4])
def test_the_few_powers_about_halfway_between_two_floats_are_left_to_numpy(order, monkeypatch):
    asked = []
    monkeypatch.setattr(np, "power", lambda values, power: asked.append(values) or np.float_power(values, power))
    values = np.random.default_rng(0).normal(0, 10, 10_000)
    Powers(values).of(order)
    halfway, others = asked
    assert np.all(halfway < 0) and np.array_equal(others, values[values >= 0])
    assert 0.045 < len(halfway) / np.count_nonzero(values < 0) < 0.07


def test_a_product_and_its_rounding_error_make_up_the_true_product_to_half_as_many_digits_again():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 2000)) * 10.0 ** rng.integers(-6, 7, (2, 2000))
    product, error = _product(one, _split(one), other, _split(other))
    assert (product == one * other).all() and error.any()
    for a, b, *found in zip(one.tolist(), other.tolist(), product.tolist(), error.tolist(), strict=True):
        exact = Fraction(a) * Fraction(b)
        assert abs(sum(map(Fraction, found)) - exact) <= abs(exact) / 2**75
