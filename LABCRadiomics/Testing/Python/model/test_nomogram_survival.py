"""From parameters to survival and its limits: by hand, at the ends, and averaged over what is unknown."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from example_models import document, document_2, model, refusal, set_field
from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.model.averaged_survival import (
    averaged_survival,
    expected_row,
    expected_spread,
    what_may_be,
)
from LABCRadiomicsLib.model.case_hashes import distinctive_hashes
from LABCRadiomicsLib.model.nomogram import (
    limit_terms,
    linear_predictor,
    patient_row,
    points_scale,
    require_baseline,
    survival,
)
from LABCRadiomicsLib.statistics.individual_survival import Baseline, hazard_error, individual_survival

NOMOGRAM = model().nomogram
ROW = np.array([60, 1, 0, 1, 5.0])  # age 60, stage IIIa-b, pCR, score 5
CENTER = np.array([50, 0.4, 0.2, 0.25, 4.5])
COEFFICIENTS = np.array([0.02, 0.4, 0.9, -0.6, 0.3])


def test_survival_and_limits_by_hand():
    predictor = float((ROW - CENTER) @ COEFFICIENTS)
    assert linear_predictor(NOMOGRAM, ROW) == pytest.approx(predictor, rel=1e-14)
    found = survival(NOMOGRAM, ROW, (12, 18, 39.9, 40, 70))
    steps = (0, 1, 1, 2, 3)  # a step is reached at its month
    baseline = NOMOGRAM.baseline
    for estimate, months, step in zip(found, (12, 18, 39.9, 40, 70), steps, strict=True):
        hazard = -math.log(baseline.survival[step])
        drift = (ROW - CENTER) * hazard - np.array(baseline.weighted_covariate_mean[step])
        variance = baseline.cumulative_hazard_variance[step] + drift @ np.array(NOMOGRAM.covariance) @ drift
        reach = 1.959963984540054 * math.sqrt(variance) / hazard
        center = math.log(hazard) + predictor
        assert estimate.months == months
        assert estimate.probability == pytest.approx(math.exp(-math.exp(center)), rel=1e-13)
        assert estimate.lower == pytest.approx(math.exp(-math.exp(center + reach)), rel=1e-12)
        assert estimate.upper == pytest.approx(math.exp(-math.exp(center - reach)), rel=1e-12)
        assert estimate.lower < estimate.probability < estimate.upper


def test_before_the_first_event_and_after_the_last_patient():
    (before,) = survival(NOMOGRAM, ROW, (5.9,))
    assert (before.probability, before.lower, before.upper) == (1, 1, 1)
    ended = replace(NOMOGRAM, baseline=replace(NOMOGRAM.baseline, survival=(1.0, 0.9, 0.8, 0.0)))
    first, last = survival(ended, ROW, (6, 70))
    assert (first.probability, first.lower, first.upper) == (1, 1, 1)
    assert (last.probability, last.lower, last.upper) == (0, None, None)


def test_an_absurd_score_has_limits_all_the_same():
    high, low = (survival(NOMOGRAM, np.array([*ROW[:4], score]), (70,))[0] for score in (1e6, -1e6))
    assert (high.probability, high.lower) == (0, 0) and (low.probability, low.upper) == (1, 1)
    assert 0 <= high.upper <= 1 and 0 <= low.lower <= 1


def test_without_covariance_or_the_baselines_terms_there_are_no_limits():
    poor = replace(NOMOGRAM.baseline, cumulative_hazard_variance=None)
    poorer = replace(NOMOGRAM.baseline, weighted_covariate_mean=None)
    for changed in (
        replace(NOMOGRAM, covariance=None),
        replace(NOMOGRAM, baseline=poor),
        replace(NOMOGRAM, baseline=poorer),
    ):
        assert limit_terms(changed) is None
        (found,) = survival(changed, ROW, (36,))
        assert (found.lower, found.upper) == (None, None)
        assert found.probability == survival(NOMOGRAM, ROW, (36,))[0].probability
    with pytest.raises(InputError, match="no baseline survival; recalibrate"):
        require_baseline(replace(NOMOGRAM, baseline=None))


def test_a_patients_row():
    values = {"age": 60.0, "stage": "IIIa-b", "pcr": 1.0}
    assert patient_row(NOMOGRAM, values, 5.0).tolist() == ROW.tolist()
    assert patient_row(NOMOGRAM, values | {"stage": None}, 5.0).tolist() == [60, 0.4, 0.2, 1, 5]
    assert patient_row(replace(NOMOGRAM, center=None), values | {"stage": None}, 5.0) is None
    bare = replace(NOMOGRAM, center=None)
    assert linear_predictor(bare, ROW) == pytest.approx(float(ROW @ COEFFICIENTS), rel=1e-14)


def test_points_need_every_range_and_an_effect():
    score = model().score
    layout = points_scale(NOMOGRAM, score)
    assert layout.names == ("age", "stage", "pcr", "score")
    # Effects from least to largest: age 0.6 to 1.4, stage 0 to 0.9, pCR -0.6 to 0, score 0.3 to 2.7, which has 100.
    per_unit = 100 / 2.4
    assert layout.scale.lengths == pytest.approx(np.array([0.8, 0.9, 0.6, 2.4]) * per_unit)
    points = layout.points(NOMOGRAM, ROW)
    assert points == pytest.approx({"age": 0.6 * per_unit, "stage": 0.4 * per_unit, "pcr": 0, "score": 1.2 * per_unit})
    age, *others = NOMOGRAM.covariates
    for open_ended in (replace(age, low=None), replace(age, high=None)):
        assert points_scale(replace(NOMOGRAM, covariates=(open_ended, *others)), score) is None
    assert points_scale(NOMOGRAM, replace(score, low=None)) is None
    assert points_scale(NOMOGRAM, replace(score, high=None)) is None
    flat = replace(NOMOGRAM, covariates=(), score_coefficient=0.0)
    assert points_scale(flat, score) is None


def test_effects_name_level_and_reference():
    age, stage, pcr = NOMOGRAM.covariates
    assert age.effects() == ((None, None),)
    assert stage.effects() == (("IIIa-b", "II"), ("IIIc", "II"))
    assert pcr.effects() == (("yes", "no"),)


# --- unknown covariates -------------------------------------------------------------------------------------------


def varying(**changes):
    """The made-up nomogram with age of SD 10 and no correlation, and the levels' chances by their means."""
    changed = document_2()
    for path, value in changes.items():
        set_field(changed, path, value)
    return model(changed).nomogram


def test_where_all_is_known_nothing_is_averaged():
    nomogram = varying()
    assert what_may_be(nomogram, {"age": 60.0, "stage": "II", "pcr": 0.0}, 5.0) is None
    assert what_may_be(NOMOGRAM, {"age": None, "stage": "II", "pcr": 0.0}, 5.0) is None
    assert what_may_be(replace(nomogram, center=None), {"age": None, "stage": "II", "pcr": 0.0}, 5.0) is None


def test_unknown_levels_are_as_likely_as_in_training():
    parts = what_may_be(varying(), {"age": 60.0, "stage": None, "pcr": 1.0}, 5.0)
    chances = {tuple(part.mean[1:3].tolist()): part.weight for part in parts}
    assert chances == pytest.approx({(0, 0): 0.4, (1, 0): 0.4, (0, 1): 0.2})
    assert all(part.mean[[0, 3, 4]].tolist() == [60, 1, 5] and not part.covariance.any() for part in parts)
    assert expected_row(parts) == pytest.approx([60, 0.4, 0.2, 1, 5])
    assert expected_spread(parts) == pytest.approx([0, math.sqrt(0.24), math.sqrt(0.16), 0, 0])


def test_survival_over_unknown_levels_is_their_mean():
    nomogram = varying()
    parts = what_may_be(nomogram, {"age": 60.0, "stage": None, "pcr": 1.0}, 5.0)
    months = (5, 12, 36, 70)
    found = averaged_survival(nomogram, parts, months)
    single = [survival(nomogram, part.mean, months) for part in parts]
    for at, estimate in enumerate(found):
        mean = sum(part.weight * one[at].probability for part, one in zip(parts, single, strict=True))
        assert estimate.months == months[at] and estimate.probability == pytest.approx(mean, rel=1e-12)
        if at:
            assert min(one[at].lower for one in single) - 1e-9 < estimate.lower < estimate.probability
            assert estimate.probability < estimate.upper < max(one[at].upper for one in single) + 1e-9
    assert (found[0].lower, found[0].upper) == (1, 1)


def test_one_possibility_alone_has_the_survival_and_limits_of_a_known_patient():
    nomogram = varying()
    part = what_may_be(nomogram, {"age": 60.0, "stage": None, "pcr": 1.0}, 5.0)[0]
    (certain,) = averaged_survival(nomogram, (replace(part, weight=1.0),), (36,))
    (known,) = survival(nomogram, part.mean, (36,))
    assert certain.probability == pytest.approx(known.probability, rel=1e-12)
    assert (certain.lower, certain.upper) == pytest.approx((known.lower, known.upper), abs=2e-3)


def test_where_survival_has_ended_or_limits_are_not_known():
    nomogram = varying()
    parts = what_may_be(nomogram, {"age": None, "stage": "II", "pcr": 1.0}, 5.0)
    ended = replace(nomogram, baseline=replace(nomogram.baseline, survival=(1.0, 0.9, 0.8, 0.0)))
    first, middle, last = averaged_survival(ended, parts, (6, 36, 70))
    assert (first.probability, first.lower) == (1, 1) and (last.probability, last.lower, last.upper) == (0, None, None)
    assert 0 < middle.lower < middle.probability < middle.upper < 1
    (found,) = averaged_survival(replace(nomogram, covariance=None), parts, (36,))
    assert (found.lower, found.upper) == (None, None) and 0 < found.probability < 1


# --- marks of patients, and the file's limits ---------------------------------------------------------------------


def test_marks_are_kept_where_they_tell_patients_apart_and_tell_nothing_else():
    rows = [[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]]
    marks = distinctive_hashes(rows)
    assert len(marks) == 2 and list(marks) == sorted(marks)
    assert distinctive_hashes([rows[0], rows[0]]) == ()
    assert distinctive_hashes([[1.0, 2.0], [1.0, 3.0]]) == ()  # two features could be found by trying


@pytest.mark.parametrize("nested", [lambda value: [value], lambda value: {"a": value}], ids=["lists", "objects"])
@pytest.mark.parametrize(("depth", "fits"), [(7, True), (8, False)])
def test_a_setting_may_be_nested_seven_deep_and_no_deeper(depth, fits, nested):
    changed = document()
    value = 1
    for _ in range(depth):
        value = nested(value)
    changed["extraction"]["setting"]["binWidth"] = value
    text = json.dumps(changed)
    if fits:
        assert model(changed).extraction.setting["binWidth"] == value
    else:
        assert "is nested too deeply" in refusal(text)


def test_survival_is_that_of_the_statistic_on_the_stored_numbers():
    """The nomogram's own way holds an absurd score; what it gives is R's ``survfit.coxph`` as the statistic has it."""
    stored, terms = NOMOGRAM.baseline, limit_terms(NOMOGRAM)
    baseline = Baseline(
        np.array(stored.months, float), -np.log(stored.survival), terms.hazard_variance, terms.covariate_mean, 70.0
    )
    months = (12, 36, 70)
    given = individual_survival(ROW[None], COEFFICIENTS, terms.covariance, CENTER, baseline, months)
    for at, estimate in enumerate(survival(NOMOGRAM, ROW, months)):
        ours = estimate.probability, estimate.lower, estimate.upper
        assert ours == pytest.approx((given.survival[0, at], given.lower[0, at], given.upper[0, at]), rel=1e-12)


def test_the_error_of_a_hazard_holds_any_distance_and_a_covariance_that_rounding_turned():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    distance, variance = np.array([[0.3, -0.2], [0.0, 0.0]]), np.array([0.002, 0.005])
    by_hand = np.sqrt(variance + np.array([0.09 * 0.04 - 2 * 0.06 * 0.01 + 0.04 * 0.09, 0]))
    assert hazard_error(distance, variance, covariance) == pytest.approx(by_hand, rel=1e-14)
    assert hazard_error(distance * 1e200, variance, covariance)[0] == pytest.approx(
        1e200 * np.sqrt(by_hand[0] ** 2 - 0.002), rel=1e-12
    )
    turned = np.array([[1.0, 1 + 1e-12], [1 + 1e-12, 1.0]])
    assert hazard_error(np.array([1.0, -1.0]), np.array(0.0), turned) == 0
