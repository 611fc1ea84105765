"""LOWESS: laws, and curves of R's ``lowess``."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from LABCRadiomicsLib.statistics.lowess import lowess


@given(st.floats(-5, 5), st.floats(-5, 5))
@settings(max_examples=15, deadline=None)
def test_lowess_leaves_a_line_as_it_is(intercept, slope):
    x = np.random.default_rng(4).normal(size=60).round(1)
    assert np.allclose(lowess(x, intercept + slope * x, span=0.5), intercept + slope * x, atol=1e-9)


def test_lowess_does_not_follow_outliers_or_the_order_of_the_points():
    generator = np.random.default_rng(5)
    x = np.linspace(0, 10, 80)
    y = np.sin(x / 3)
    y[40] = 50
    order = generator.permutation(80)
    smooth = lowess(x, y, span=0.3)
    assert abs(smooth[41] - np.sin(x[41] / 3)) < 0.05
    assert np.allclose(lowess(x[order], y[order], span=0.3), smooth[order])


TIED_X = [1, 1, 2, 3, 3, 4, 7, 7, 7, 12, 13, 13, 20, 20]
TIED_Y = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7]


@pytest.mark.parametrize(
    ("span", "iterations", "delta", "at_distinct_x"),
    [
        (2 / 3, 3, None, [1.818456497784, 3.819790521288, 5.894215482868, 8.494749271255, 4.879158852870,
                          5.260748468821, 5.620116123862, 7.965358679874]),
        (0.3, 3, 0.0, [2, 4, 3, 9, 4.552767084571, 3, 6.5, 8]),
        (0.25, 0, 0.0, [2, 4, 3, 9, 4.333333333333, 3, 6.5, 8]),
        (1, 2, 2.5, [3.010816589937, 3.243903797348, 3.476991004760, 3.705011086124, 4.385631252975, 5.503746335535,
                     5.817326079870, 7.863690099833]),
    ],
    ids=["defaults", "two and three points", "least squares", "joined between anchors"],
)  # fmt: skip
def test_tied_points_have_the_curve_of_r(span, iterations, delta, at_distinct_x):
    found = lowess(TIED_X, TIED_Y, span=span, iterations=iterations, delta=delta)
    assert found == pytest.approx(np.interp(TIED_X, np.unique(TIED_X), at_distinct_x), rel=1e-11)


def test_where_outliers_leave_no_weight_the_curve_is_that_of_r():
    found = lowess([0, 0, 0, 0, 5, 6], [1, 2, 3, 10, 5, 7], span=0.5, delta=0)
    assert found == pytest.approx([2.089198422272] * 4 + [5, 7])
    steep = [1, 2, 3, 4, 5, 6, 100, 8, 9, 10, 11, 12]
    assert lowess(range(12), steep, span=0.3, iterations=4, delta=0) == pytest.approx(steep)


def test_one_point_is_its_own_curve():
    y = np.array([4.0])
    found = lowess([1.0], y)
    assert found.tolist() == [4.0] and found is not y
    assert lowess([], []).size == 0
