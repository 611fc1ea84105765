"""The predictors of resamples that a model keeps: what they say of patients, and that they hold none."""

import json
from dataclasses import replace

import numpy as np
import pytest

from LABCRadiomicsLib.model import infer_covariate, parse_model
from LABCRadiomicsLib.model.file import MAX_BYTES, format_model
from LABCRadiomicsLib.scoring import predict
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.training import Card, Plan, Procedure, Recipe, resampled_predictors, train, trained_model
from LABCRadiomicsLib.training.resampled_predictors import ResampledPredictor, predictor_of, stored_uncertainty
from training_data import MAIN_EFFECTS, cohort

QUICK = Recipe(n_folds=4, horizon=48.0, p=0.2)


@pytest.fixture(scope="module")
def training():
    plan = Plan(recipe=QUICK, bootstrap=12, reclassification=0, nested=0)
    return train(cohort(8, 120, 10, MAIN_EFFECTS), plan)


@pytest.fixture(scope="module")
def model(training):
    return parse_model(format_model(trained_model(training, Card(id="resampled", title="Resampled"), None)), "m.json")


def test_a_resample_of_the_same_features_is_kept_exactly(training):
    """With all features in the model, a resample's predictor says of a patient what the resample's model says."""
    data = cohort(8, 120, 10, MAIN_EFFECTS)
    procedure = Procedure.of(data, QUICK)
    rows = np.random.default_rng(2).integers(0, 120, 120)
    built = procedure.build(rows, 3)
    (marker,) = procedure.apply(built, procedure.everyone)
    horizons = training.nomogram.stored.horizons_months
    kept = predictor_of(procedure, built, rows, marker.values, horizons)
    held = stored_uncertainty([kept, kept], data.features, data.names, training.nomogram.stored)
    (repeat, _) = held.repeats
    assert repeat.residual_sd == pytest.approx(0, abs=1e-6)
    weights = dict(zip(repeat.features, repeat.coefficients, strict=True))
    for at in range(0, 120, 17):
        score = repeat.intercept + sum(weight * data.features[at, place] for place, weight in weights.items())
        found = np.array(repeat.survival) ** np.exp(repeat.parameters[-1] * score)
        truth = built.nomogram.survival(marker.values[at : at + 1, None], np.array(horizons)).survival[0]
        assert found == pytest.approx(truth, abs=1e-5)
        assert (score > repeat.cutoff) == marker.high[at]


def test_a_model_keeps_one_a_resample_and_says_more_than_its_own_limits(training, model):
    assert len(model.uncertainty.repeats) == len(training.resampled.optimism.predictors) <= 12
    assert set(model.uncertainty.features) == {term.feature for term in model.score.terms}
    data = cohort(8, 120, 10, MAIN_EFFECTS)
    wider = []
    for at in range(40):
        found = predict(model, dict(zip(data.names, data.features[at], strict=True)))
        assert found.selection.repeats == len(model.uncertainty.repeats)
        own, other = found.survival[1], found.selection.survival[1]
        assert other.lower <= own.probability <= other.upper
        wider.append((other.upper - other.lower) / (own.upper - own.lower))
    assert np.median(wider) > 1.1 and min(wider) >= 1 - 1e-9
    shares = [predict(model, dict(zip(data.names, row, strict=True))).selection.same_group for row in data.features]
    assert np.mean(shares) > 0.6 and min(shares) < 0.9


def test_resamples_that_select_nothing_say_the_same_of_everybody():
    data = cohort(3, 120, 4)
    procedure = Procedure.of(data, Recipe(n_folds=4, horizon=48.0, p=0.0))
    rows = np.arange(120)
    built = procedure.build(rows, 1)
    assert built.empty
    kept = predictor_of(procedure, built, rows, np.zeros(120), (12.0, 48.0))
    assert kept.score_coefficient == 0 and np.isinf(kept.cutoff)
    event, months = data.event, data.months
    order = np.argsort(months)
    at_risk = 120 - np.arange(120)
    hazard = np.cumsum(event[order] / at_risk)[np.searchsorted(months[order], [12, 48], side="right") - 1]
    assert kept.cumulative_hazard == pytest.approx(hazard)


def test_resamples_that_select_nothing_keep_the_named_covariates():
    base = cohort(3, 120, 4)
    bad, other = np.arange(120) % 2, np.arange(120) // 60
    specs = tuple(infer_covariate(name, ["0", "1"]) for name in ("bad", "other"))
    covariates = {"bad": tuple(map(float, bad)), "other": tuple(map(float, other))}
    data = replace(base, months=base.months * np.exp(-bad), covariates=covariates, specs=specs)
    recipe = Recipe(n_folds=4, horizon=48.0, p=0.0, named=("bad",), candidates=("other",))
    procedure, rows = Procedure.of(data, recipe), np.random.default_rng(1).integers(0, 120, 120)
    kept = predictor_of(procedure, procedure.build(rows, 1), rows, np.zeros(120), (12.0, 48.0))
    own = cox(bad[rows, None].astype(float), data.months[rows], data.event[rows])
    assert list(kept.coefficients) == ["bad"] and kept.score_coefficient == 0 and np.isinf(kept.cutoff)
    assert kept.coefficients["bad"] == pytest.approx(own.coef) and kept.centers["bad"] == pytest.approx(own.center)
    at_center = own.survival(own.center[None], np.array([12.0, 48.0])).survival[0]
    assert np.exp(-kept.cumulative_hazard) == pytest.approx(at_center)


def test_what_the_models_features_leave_of_a_resamples_score_is_its_residual(training):
    rng = np.random.default_rng(4)
    features, extra = rng.normal(size=(60, 3)), rng.normal(size=60)
    score = 7 + features @ [2.0, -1.0, 0.5] + extra
    kept = ResampledPredictor(score, 8.0, {}, {}, 0.7, 6.0, np.array([0.1, 0.2, 0.3]))
    stored = training.nomogram.stored
    held = stored_uncertainty([kept, kept], features, ("a", "b", "c"), stored)
    design = np.column_stack([np.ones(60), features])
    beta, (rss,), *_ = np.linalg.lstsq(design, score - score.mean(), rcond=None)
    repeat = held.repeats[0]
    assert repeat.coefficients == pytest.approx(beta[1:], rel=1e-6) and repeat.intercept == pytest.approx(beta[0])
    assert repeat.residual_sd == pytest.approx(np.sqrt(rss / (60 - 4)), rel=1e-6)
    assert repeat.cutoff == pytest.approx(8.0 - score.mean(), rel=1e-6)
    at_mean = np.exp(-np.array([0.1, 0.2, 0.3]) * np.exp(0.7 * (score.mean() - 6.0)))
    assert repeat.survival == pytest.approx(at_mean, rel=1e-6) and repeat.parameters[-1] == 0.7
    # A regression on three features and a constant wants at least eight patients.
    few = [replace(kept, score=score[:n]) for n in (8, 7)]
    assert stored_uncertainty([few[0]] * 2, features[:8], ("a", "b", "c"), stored) is not None
    assert stored_uncertainty([few[1]] * 2, features[:7], ("a", "b", "c"), stored) is None


def test_no_patient_and_no_megabytes_are_in_the_file(model, training):
    text = format_model(model)
    assert len(text) < MAX_BYTES / 20
    held = json.dumps(model.to_document()["uncertainty"])
    for row in training.cohort.features[:, :3]:
        assert not any(repr(float(value)) in held for value in row)
    many = training.resampled.optimism.predictors * 400
    names = [f"f{at}" for at in range(40)]
    features = np.random.default_rng(1).normal(size=(120, 40))
    bounded = stored_uncertainty(many, features, names, training.nomogram.stored)
    assert len(json.dumps([vars(repeat) for repeat in bounded.repeats])) < 1_500_000
    assert stored_uncertainty(many[:1], features, names, training.nomogram.stored) is None


def test_as_many_resamples_are_kept_as_a_file_may_hold_numbers(training, monkeypatch):
    stored, features = training.nomogram.stored, np.random.default_rng(1).normal(size=(120, 6))
    many = training.resampled.optimism.predictors * 3
    each = 6 + len(stored.parameters()) + len(stored.horizons_months) + 3  # intercept, residual, cutoff
    for numbers, kept in ((5 * each, 5), (5 * each - 1, 4), (1, 2)):
        monkeypatch.setattr(resampled_predictors, "_MOST_NUMBERS", numbers)
        assert len(stored_uncertainty(many, features, tuple("abcdef"), stored).repeats) == kept


def test_what_is_kept_of_resamples_has_seven_digits(model):
    kept = [repeat for repeat in model.uncertainty.repeats if repeat.features]
    numbers = [number for repeat in kept for number in (*repeat.coefficients, *repeat.parameters)]
    assert numbers == [float(f"{number:.7g}") for number in numbers]
    assert sum(number != float(f"{number:.6g}") for number in numbers) > len(numbers) / 2
