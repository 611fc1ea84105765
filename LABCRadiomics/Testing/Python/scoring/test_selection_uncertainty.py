"""What the chance in choosing a model's features means for a patient: limits from the resamples' predictors."""

import json
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

import example_models
from example_models import FEATURES
from LABCRadiomicsLib.model import Repeat, Uncertainty, parse_model
from LABCRadiomicsLib.model.averaged_survival import log_hazard_spread, what_may_be
from LABCRadiomicsLib.model.file import format_model
from LABCRadiomicsLib.model.nomogram import SurvivalEstimate, survival
from LABCRadiomicsLib.model.selection_uncertainty import _NODES, _limits
from LABCRadiomicsLib.scoring import predict, result_document
from LABCRadiomicsLib.scoring.cohort import scores_table
from LABCRadiomicsLib.scoring.wording import survival_remarks, wider_limits

KNOWN = {"age": 60, "stage": "IIIc", "pcr": "yes"}


@pytest.fixture(scope="module")
def plain():
    return example_models.model()


def repeats_like(model, rng, spread, n=400, residual=0.0, cutoff=None):
    """Repeats that are the model itself, but for noise in the baseline's log hazard."""
    nomogram = model.nomogram
    names = [term.feature for term in model.score.terms]
    center = np.array([nomogram.center[name] for name in nomogram.parameters()])
    base = np.array([e.probability for e in survival(nomogram, center, nomogram.horizons_months)])
    weights = [term.coefficient / (term.sd or 1.0) for term in model.score.terms]
    start = model.score.intercept - sum(
        term.coefficient * (term.mean or 0.0) / (term.sd or 1.0) for term in model.score.terms
    )
    return Uncertainty(
        method="made up",
        features=tuple(names),
        repeats=tuple(
            Repeat(
                features=(0, 1, 2),
                coefficients=tuple(weights),
                intercept=start - nomogram.center["score"],
                residual_sd=residual,
                cutoff=(model.cutoff.value if cutoff is None else cutoff) - nomogram.center["score"],
                parameters=nomogram.coefficients(),
                survival=tuple((base ** np.exp(shift)).tolist()),
            )
            for shift in rng.normal(0, spread, n)
        ),
    )


def log_hazard(probability):
    return np.log(-np.log(probability))


def test_repeats_that_are_the_model_add_nothing(plain):
    same = replace(plain, uncertainty=repeats_like(plain, np.random.default_rng(0), 0.0, n=2))
    found, before = predict(same, FEATURES, KNOWN), predict(plain, FEATURES, KNOWN)
    assert [replace(e) for e in found.survival] == list(before.survival) and before.selection is None
    assert found.selection.same_group == 1.0 and found.selection.repeats == 2
    for limits, estimate in zip(found.selection.survival, found.survival, strict=True):
        assert (limits.lower, limits.upper) == pytest.approx((estimate.lower, estimate.upper))


def test_limits_are_as_wide_as_the_repeats_differ(plain):
    rng = np.random.default_rng(1)
    model = replace(plain, uncertainty=repeats_like(plain, rng, 2.0, n=4000))
    found = predict(model, FEATURES, KNOWN)
    for limits, estimate in zip(found.selection.survival, found.survival, strict=True):
        center = log_hazard(estimate.probability)
        assert log_hazard(limits.lower) - center == pytest.approx(1.96 * 2, rel=0.06)
        assert center - log_hazard(limits.upper) == pytest.approx(1.96 * 2, rel=0.06)
        assert limits.lower < estimate.lower and limits.upper > estimate.upper


def test_limits_are_quantiles_of_what_the_repeats_say_and_leave_open():
    rng = np.random.default_rng(9)
    hazards, left_out = rng.normal(-1, 1.5, 7), rng.uniform(0, 0.5, 7)
    found = _limits(SurvivalEstimate(36.0, 0.7, 0.69, 0.71), hazards, left_out)
    ends = np.quantile(hazards[:, None] + left_out[:, None] * _NODES, (0.025, 0.975))
    assert (found.months, found.upper, found.lower) == pytest.approx((36, *np.exp(-np.exp(ends))), rel=1e-12)
    assert found.lower < 0.69 and found.upper > 0.71


def test_what_the_repeats_take_from_other_features_counts(plain):
    rng = np.random.default_rng(2)
    without, with_rest = (
        predict(replace(plain, uncertainty=repeats_like(plain, rng, 1.0, residual=residual)), FEATURES, KNOWN)
        for residual in (0.0, 6.0)
    )
    widths = [p.selection.survival[1].upper - p.selection.survival[1].lower for p in (without, with_rest)]
    assert widths[1] > 1.2 * widths[0]
    assert with_rest.selection.same_group < 0.9 < without.selection.same_group == 1.0


def test_an_unknown_covariate_widens_them_too(plain):
    model = example_models.model(example_models.document_2())
    model = replace(model, uncertainty=repeats_like(model, np.random.default_rng(3), 1.0), harmonization=None)
    known, unknown = (predict(model, FEATURES, given) for given in (KNOWN, {"age": 60, "pcr": "yes"}))
    assert unknown.averaged
    widths = [
        log_hazard(p.selection.survival[2].lower) - log_hazard(p.selection.survival[2].upper) for p in (known, unknown)
    ]
    parts = what_may_be(model.nomogram, {"age": 60, "stage": None, "pcr": True}, unknown.score)
    added = log_hazard_spread(model.nomogram, parts)
    assert added > 0.1 and widths[1] / widths[0] == pytest.approx(np.hypot(1, added), rel=0.01)


def test_what_is_left_of_a_repeats_score_weighs_as_the_score_does_in_the_nomogram(plain):
    widths = []
    for residual in (0.0, 6.0):
        model = replace(plain, uncertainty=repeats_like(plain, np.random.default_rng(8), 1.0, residual=residual))
        limits = predict(model, FEATURES, KNOWN).selection.survival[1]
        widths.append(log_hazard(limits.lower) - log_hazard(limits.upper))
    slope = plain.nomogram.coefficients()[-1]
    assert widths[1] / widths[0] == pytest.approx(np.hypot(1, 6 * slope), rel=0.02) and 6 * slope > 0.5


def test_a_repeat_that_chose_nothing_calls_nobody_high(plain):
    nothing = Repeat(features=(), coefficients=(), parameters=(0.0,) * 5, survival=(0.95, 0.85, 0.8))
    held = repeats_like(plain, np.random.default_rng(4), 0.0, n=3, cutoff=-1e6)
    model = replace(plain, uncertainty=replace(held, repeats=(*held.repeats, nothing)))
    found = predict(model, FEATURES, KNOWN)
    assert found.risk_group == "low" and found.selection.same_group == pytest.approx(0.25)
    assert parse_model(format_model(model), "again.json") == model


def test_it_is_said_in_words_and_in_the_document(plain):
    model = replace(plain, uncertainty=repeats_like(plain, np.random.default_rng(5), 1.0, n=50))
    document = result_document(model, predict(model, FEATURES, KNOWN))
    assert json.loads(json.dumps(document)) == document
    assert [limits["months"] for limits in document["selection"]["survival"]] == [12, 36, 60]
    assert len(wider_limits(document)) == 3 and " to " in wider_limits(document)[0]
    first, second = survival_remarks(document)
    assert "(50 repeats of the whole selection)" in first and "take the model as true" in first
    assert second == "In 100% of 50 repeats of the whole selection this patient is in the same risk group."
    without = result_document(plain, predict(plain, FEATURES, KNOWN))
    assert without["selection"] is None and wider_limits(without) == []
    assert survival_remarks(without) == [
        "The limits take the model as true; the chance in choosing its features is not in them."
    ]


def test_the_table_of_a_cohort_has_them_too(plain):
    model = replace(plain, uncertainty=repeats_like(plain, np.random.default_rng(6), 1.0, n=50))
    predictions = [predict(each, FEATURES, KNOWN) for each in (model, plain)]
    header, (with_them, without) = scores_table(("a", "b"), predictions)
    row = dict(zip(header, with_them, strict=True))
    limits = predictions[0].selection.survival[1]
    assert (row["survival_36_wide_lower"], row["survival_36_wide_upper"]) == (limits.lower, limits.upper)
    assert row["same_group"] == 1.0 and dict(zip(header, without, strict=True))["same_group"] is None
    assert "same_group" not in scores_table(("b",), predictions[1:])[0]


@pytest.mark.parametrize("value", [-1e6, 1e4, 1e150, 1e306, -1e306])
def test_limits_are_probabilities_whatever_the_features(plain, value):
    model = replace(plain, uncertainty=repeats_like(plain, np.random.default_rng(7), 3.0, n=9, residual=2.0))
    found = predict(model, FEATURES | {"original_firstorder_Mean": value}, KNOWN)
    assert 0 <= found.selection.same_group <= 1
    for limits in found.selection.survival:
        assert limits.lower is None or 0 <= limits.lower <= limits.upper <= 1
    result_document(model, found)  # has no NaN


def test_what_resamples_leave_open_spreads_evenly_to_both_sides():
    assert _NODES.mean() == pytest.approx(0, abs=1e-15) and pytest.approx(-_NODES[::-1]) == _NODES
    assert NormalDist().cdf(_NODES[0]) == pytest.approx(0.5 / _NODES.size)


def test_limits_are_numpys_quantiles_of_all_that_the_repeats_say(plain):
    model = replace(plain, uncertainty=repeats_like(plain, np.random.default_rng(6), 0.8, n=5))
    found = predict(model, FEATURES, KNOWN)
    for at, limits in enumerate(found.selection.survival):
        center = np.array([model.nomogram.center[name] for name in model.nomogram.parameters()])
        base = survival(model.nomogram, center, model.nomogram.horizons_months)[at].probability
        shifts = [log_hazard(repeat.survival[at]) - log_hazard(base) for repeat in model.uncertainty.repeats]
        values = log_hazard(found.survival[at].probability) + np.repeat(shifts, len(_NODES))
        upper, lower = np.exp(-np.exp(np.quantile(values, [0.025, 0.975])))
        assert (limits.lower, limits.upper) == pytest.approx((lower, upper), rel=1e-6)


def test_before_the_models_first_event_the_repeats_say_nothing(plain):
    early = replace(plain, nomogram=replace(plain.nomogram, horizons_months=(0.01, 36.0)))
    held = repeats_like(early, np.random.default_rng(9), 0.5, n=20)
    held = replace(held, repeats=tuple(replace(one, survival=(0.9, one.survival[1])) for one in held.repeats))
    found = predict(replace(early, uncertainty=held), FEATURES, KNOWN)
    first = found.selection.survival[0]
    assert found.survival[0].probability == 1 and (first.lower, first.upper) == (1, 1)


@pytest.mark.parametrize(("value", "within"), [(49.9, False), (50, True), (400, True), (400.1, False)])
def test_a_contribution_says_whether_its_feature_is_within_the_training_range(plain, value, within):
    name = plain.score.terms[0].feature
    found = {part.feature: part.in_range for part in predict(plain, FEATURES | {name: value}, KNOWN).contributions}
    assert found[name] == within
