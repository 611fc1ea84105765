"""First-order features: powers of deviations are numpy's to the last bit, however they are found."""

import numpy as np
import pytest

from LABCRadiomicsLib.features import first_order


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_powers_are_numpys_to_the_last_bit(order):
    rng = np.random.default_rng(order)
    for exponent in np.linspace(-80, 60, 16):
        values = rng.normal(0, 10**exponent, 4000)
        np.testing.assert_array_equal(first_order._powers(values, order), np.power(values, order), strict=True)
    whole = np.arange(-3000.0, 3000)
    for values in (whole, whole / 8, whole - 0.37, np.ldexp(-1.0, np.arange(-300, 250)), np.full(9, -0.0), whole[:0]):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(first_order._powers(values, order), np.power(values, order), strict=True)


@pytest.mark.skipif(not first_order._EXTENDED, reason="no floats of 80 bits here: numpy's powers are used")
@pytest.mark.parametrize("order", [3, 4])
def test_the_few_powers_about_halfway_between_two_floats_are_left_to_numpy(order, monkeypatch):
    asked = []
    monkeypatch.setattr(np, "power", lambda values, power: asked.append(values) or np.float_power(values, power))
    values = np.random.default_rng(0).normal(0, 10, 10_000)
    first_order._powers(values, order)
    halfway, magnitudes = asked
    assert np.all(halfway < 0) and np.all(magnitudes >= 0)
    assert 0.05 < len(halfway) / np.count_nonzero(values < 0) < 0.07
