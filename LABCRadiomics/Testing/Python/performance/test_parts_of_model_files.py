"""What a model file keeps of a cohort: baseline to the end of follow-up, spread of the patients, two groups."""

from dataclasses import replace

import numpy as np
import pytest

from example_models import model
from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.performance.stored_parts import (
    read_performance,
    stored_baseline,
    stored_distribution,
    stored_groups,
)
from LABCRadiomicsLib.statistics.individual_survival import Baseline


def baseline(last: float) -> Baseline:
    return Baseline(
        time=np.array([6.0, 18.0]), cumulative_hazard=np.array([0.1, 0.3]), hazard_variance=np.array([0.01, 0.05]),
        mean_shift=np.array([[0.2], [0.4]]), last_follow_up=last,
    )  # fmt: skip


def test_a_baseline_goes_on_to_the_last_follow_up():
    found = stored_baseline(baseline(40.0))
    assert found.months == (6, 18, 40)
    assert found.survival == pytest.approx(np.exp([-0.1, -0.3, -0.3]))
    assert found.cumulative_hazard_variance == (0.01, 0.05, 0.05)
    assert found.weighted_covariate_mean == ((0.2,), (0.4,), (0.4,))
    longer = replace(
        baseline(40.0), time=np.array([6.0, 18, 30]), cumulative_hazard=np.array([0.1, 0.3, 0.4]),
        hazard_variance=np.array([0.01, 0.05, 0.06]), mean_shift=np.array([[0.2], [0.4], [0.5]]),
    )  # fmt: skip
    assert stored_baseline(longer).months == (6, 18, 30, 40)
    ended = stored_baseline(baseline(18.0))
    assert ended.months == (6, 18) and len(ended.survival) == 2


def test_the_spread_of_the_patients_is_kept_of_ten_and_more():
    rows = np.random.default_rng(0).normal(size=(10, 3))
    found = stored_distribution(rows)
    assert found.n == 10 and found.mean == pytest.approx(rows.mean(axis=0))
    assert np.array(found.covariance) == pytest.approx(np.cov(rows.T), rel=1e-6)
    assert stored_distribution(rows[:9]) is None


def test_each_group_needs_two_patients():
    months, event = np.array([5.0, 8, 10, 12]), np.array([True, False, True, False])
    found = stored_groups(np.array([True, True, False, False]), months, event)
    assert (found.high.n, found.high.events, found.low.n, found.low.events) == (2, 1, 2, 1)
    assert found.high.months[0] == 5 and found.high.survival[0] == 0.5
    # Before the first event, and after survival has ended, there are no limits: the file holds 0 and 1.
    assert found.low.survival == (0.5, 0.5) and found.low.months == (10, 12)
    late = stored_groups(np.array([True, True, False, False]), months, np.array([False, True, False, True]))
    assert (late.high.survival, late.high.lower, late.high.upper) == ((1, 0), (0, 0), (1, 1))
    few = "1 of 4 patients in the high-risk group (the others are at or below it)"
    none = "0 of 4 patients in the low-risk group (the others are above it)"
    for high, said in ((np.array([True, False, False, False]), few), (np.ones(4, bool), none)):
        with pytest.raises(CohortError) as caught:
            stored_groups(high, months, event)
        assert said in str(caught.value)


def test_figures_of_a_model_file_are_read_but_for_bounds_and_others_words():
    rows = model().performance
    (found,) = read_performance(replace(row, metric="C-index, radiomics score alone") for row in rows)
    assert (found.estimate.value, found.estimate.lower, found.estimate.upper) == (0.7, 0.6, 0.8)
    assert (found.n, found.events, found.cohort, found.kind) == (100, 40, "made up", "apparent")
    (found,) = read_performance(replace(row, metric="C-index, radiomics score alone", events=None) for row in rows)
    assert found.events == 0
    assert read_performance(replace(row, relation="<", metric="C-index, radiomics score alone") for row in rows) == ()
    assert read_performance(replace(row, metric="somebody else's measure") for row in rows) == ()
