"""Simultaneous bands of a Kaplan-Meier curve against km.ci and the published critical values."""

import numpy as np
import pytest
from scipy import stats

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.confidence_bands import (
    _stays,
    confidence_band,
    equal_precision_critical,
    hall_wellner_critical,
)
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier
from r_reference import table
from r_rows import Pairs, equal_to_r, row
from survival_cohorts import follow_up, follow_up_of


def _bands(kind: str, methods: dict[str, str]) -> Pairs:
    """Pairs of our band and km.ci's, which does not cut at 1 and repeats the values at times of censoring."""
    reference, pairs = table("km_bands"), []
    for scale, method in methods.items():
        band = confidence_band(*follow_up_of("lung"), first=30, last=600, kind=kind, scale=scale)
        rows = np.isin(reference["time"], band.time) & (reference["method"] == method)
        assert rows.sum() == band.time.size > 100
        pairs += [(band.lower, reference["lower"][rows]), (band.upper, np.minimum(reference["upper"][rows], 1))]
    return pairs


@row("Hall-Wellner band", "confidence_band", "km.ci::km.ci(loghall, hall-wellner)", tolerance=1e-5)
def _hall_wellner() -> Pairs:
    return _bands("hall-wellner", {"log-log": "loghall", "plain": "hall-wellner"})


@row("equal precision band", "confidence_band", "km.ci::km.ci(logep, epband)", tolerance=1e-2)
def _equal_precision() -> Pairs:
    return _bands("equal-precision", {"log-log": "logep", "plain": "epband"})


test_equal_to_r = equal_to_r(__name__)


def test_critical_values_are_those_of_the_tables() -> None:
    """Hall and Wellner's to all four digits; Nair's, which are asymptotic, to three parts in a thousand."""
    for low, high, value in ((0, 0.1, 0.6825), (0.08, 0.3, 1.0868), (0.08, 0.9, 1.3581), (0.18, 0.68, 1.3426)):
        assert hall_wellner_critical(low, high) == pytest.approx(value, abs=6e-5)
    for low, high, value in ((0.02, 0.1, 2.75), (0.1, 0.3, 2.6853), (0.1, 0.9, 3.0542), (0.02, 0.98, 3.2428)):
        assert equal_precision_critical(low, high) == pytest.approx(value, rel=4e-3)
    assert equal_precision_critical(0.3, 0.3) == pytest.approx(1.959964, abs=1e-4)  # one time: pointwise


def test_a_simulated_bridge_stays_as_often_as_said() -> None:
    rng = np.random.default_rng(0)
    u = np.arange(1, 2000) / 2000
    steps = rng.normal(size=(2000, 2000)) / np.sqrt(2000)
    walk = np.cumsum(steps, axis=1)
    bridge = walk[:, :-1] - u * walk[:, -1:]
    part = (u >= 0.1) & (u <= 0.8)
    scaled = np.abs(bridge[:, part] / np.sqrt(u * (1 - u))[part]).max(axis=1)
    assert (scaled <= equal_precision_critical(0.1, 0.8)).mean() == pytest.approx(0.957, abs=0.013)  # seen in steps
    plain = np.abs(bridge[:, part]).max(axis=1)
    assert (plain <= hall_wellner_critical(0.1, 0.8)).mean() == pytest.approx(0.955, abs=0.013)


def test_bands_are_wider_than_pointwise_limits() -> None:
    time, event = follow_up_of("veteran")
    band, points = confidence_band(time, event), kaplan_meier(time, event)
    at = np.searchsorted(points.time, band.time)
    assert (band.lower < points.lower[at]).all() and (band.upper > points.upper[at]).all()
    assert np.array_equal(band.survival, points.survival[at])
    usable = points.time[(points.n_event > 0) & (points.n_risk > points.n_event)]
    assert np.array_equal(band.time, usable)
    whole = confidence_band(time, event, first=usable[0], last=usable[-1])
    assert whole.critical == band.critical and np.array_equal(whole.lower, band.lower)
    part = confidence_band(time, event, first=usable[3], last=usable[-4])
    assert np.array_equal(part.time, usable[3:-3]) and part.critical < band.critical


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: confidence_band([1, 2, 3], [0, 1, 1], kind="nair"), "kind must be one of"),
        (lambda: confidence_band([1, 2, 3], [0, 1, 1], scale="log"), "scale must be one of"),
        (lambda: confidence_band([1, 2, 3], [0, 1, 1], first=2.2, last=2.8), "first 2.2 and last 2.8 have no event"),
        (lambda: confidence_band([1, 2, 3], [0, 0, 1]), "time and event have no event that leaves"),
        (lambda: equal_precision_critical(0, 0.5), "low 0 and high 0.5 must rise"),
    ],
)
def test_bad_input(compute, message) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        compute()


@pytest.mark.parametrize(("low", "high"), [(1e-3, 0.7), (1e-4, 0.999), (0.0, 0.6), (0.3, 0.995)])
def test_a_band_that_begins_or_ends_where_the_bridge_is_narrow_has_its_critical_value(low: float, high: float) -> None:
    """The bridge of few early events: it is near that which begins at 0, and falls with the time that is held."""
    found = hall_wellner_critical(low, high)
    assert hall_wellner_critical(0.0, min(high, 0.6)) - 1e-3 < found < 1.3582 or low == 0.3
    assert 0.5 < found < 1.3582  # that of the whole bridge, Kolmogorov's


def test_a_cohort_with_an_early_event_has_a_hall_wellner_band() -> None:
    time = np.arange(1.0, 701.0)
    band = confidence_band(time, time % 3 == 1, kind="hall-wellner")
    assert (band.lower < band.survival).all() and 1 < band.critical < 1.36


@pytest.mark.parametrize("border", [0.45, 0.6, 1.0, 1.6])
def test_a_bridge_between_two_borders_stays_as_kolmogorov_has_it(border) -> None:
    there_and_back = _stays(np.zeros(1), np.zeros(1), 2 * border, 4.0)
    assert there_and_back == pytest.approx(stats.kstwobign.cdf(border), rel=1e-6)


@pytest.mark.parametrize("kind", ["equal-precision", "hall-wellner"])
def test_a_plain_band_ends_at_0_and_1_and_is_as_wide_to_both_sides(kind) -> None:
    months, event = follow_up()
    few = slice(0, 40)
    band = confidence_band(months[few], event[few], kind=kind, scale="plain")
    above, below = band.upper - band.survival, band.survival - band.lower
    free = (band.upper < 1) & (band.lower > 0)
    assert free.any() and above[free] == pytest.approx(below[free])
    assert band.upper.max() == 1 and (band.lower >= 0).all()
    assert (above[band.upper == 1] < below[band.upper == 1]).all()


@pytest.mark.parametrize("level", [0.3, 0.5, 0.95, 0.9999])
def test_a_band_of_one_time_is_the_limit_at_that_time(level) -> None:
    normal = stats.norm.ppf((1 + level) / 2)
    assert equal_precision_critical(0.4, 0.4, level) == pytest.approx(normal, rel=1e-6)
    assert hall_wellner_critical(0.4, 0.4, level) == pytest.approx(normal * np.sqrt(0.4 * 0.6), rel=1e-6)
