"""Patients with unknown covariates: survival averaged over what these may be, and told so."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import example_models
from example_models import FEATURES
from LABCRadiomicsLib.model import Covariate, Distribution, Nomogram
from LABCRadiomicsLib.model.nomogram import survival
from LABCRadiomicsLib.performance import stored_distribution
from LABCRadiomicsLib.scoring import predict, result_document, survival_curve
from LABCRadiomicsLib.scoring.wording import survival_remarks

KNOWN = {"age": 60, "stage": "IIIc", "pcr": "yes"}
MEAN = (50.0, 0.4, 0.2, 0.25, 4.5)
SPREAD = np.array([9.0, 0.49, 0.4, 0.43, 0.8])
CORRELATION = np.array(
    [
        [1.0, 0.1, 0.2, -0.1, 0.3],
        [0.1, 1.0, -0.41, 0.0, 0.1],
        [0.2, -0.41, 1.0, -0.2, 0.3],
        [-0.1, 0.0, -0.2, 1.0, -0.2],
        [0.3, 0.1, 0.3, -0.2, 1.0],
    ]
)


def with_distribution(model, covariance=None):
    if covariance is None:
        covariance = np.outer(SPREAD, SPREAD) * CORRELATION
    distribution = Distribution(n=100, mean=MEAN, covariance=tuple(map(tuple, covariance.tolist())))
    return replace(model, nomogram=replace(model.nomogram, covariate_distribution=distribution))


@pytest.fixture(scope="module")
def plain():
    return example_models.model()


@pytest.fixture(scope="module")
def model(plain):
    return with_distribution(plain)


def width(prediction, at=1):
    return prediction.survival[at].upper - prediction.survival[at].lower


def test_a_patient_of_whom_all_is_known_gets_the_same_numbers_to_the_bit(plain, model):
    before, after = (predict(each, FEATURES, KNOWN) for each in (plain, model))
    assert replace(after, fingerprint=before.fingerprint) == before and not after.averaged
    curves = survival_curve(plain, before), survival_curve(model, after)
    assert all(np.array_equal(getattr(curves[0], name), getattr(curves[1], name)) for name in ("lower", "probability"))


def test_an_unknown_number_is_averaged_over_its_distribution_given_the_rest(model):
    known = {name: value for name, value in KNOWN.items() if name != "age"}
    found = predict(model, FEATURES, known)
    nomogram: Nomogram = model.nomogram
    score, stage_and_pcr = found.score, [0.0, 1.0, 1.0]
    covariance = np.outer(SPREAD, SPREAD) * CORRELATION
    rest = np.array([*stage_and_pcr, score])
    weights = covariance[0, 1:] @ np.linalg.inv(covariance[1:, 1:])
    mean = MEAN[0] + weights @ (rest - MEAN[1:])
    sd = np.sqrt(covariance[0, 0] - weights @ covariance[1:, 0])
    assert found.parameters == pytest.approx((mean, *rest))
    drawn = np.random.default_rng(1).normal(mean, sd, 20_000)
    by_hand = [survival(nomogram, np.array([age, *rest]), (36,))[0].probability for age in drawn]
    assert found.survival[1].probability == pytest.approx(np.mean(by_hand), abs=3e-4)
    assert found.survival[1].lower < np.quantile(by_hand, 0.025) and found.survival[1].upper > np.quantile(
        by_hand, 0.975
    )
    at_mean = predict(model, FEATURES, known | {"age": mean})
    assert width(found) > width(at_mean)
    assert found.linear_predictor == pytest.approx(at_mean.linear_predictor)
    assert found.points == pytest.approx(at_mean.points)
    (said,) = [notice.message for notice in found.warnings if notice.code == "covariate-unknown"]
    assert f"patients like this one ({mean:.4g} years, give or take {sd:.2g}), and its limits" in said


def test_unknown_levels_are_mixed_by_their_chances(model):
    found = predict(model, FEATURES, {"age": 60, "pcr": "yes"})
    (said,) = [notice.message for notice in found.warnings if notice.code == "covariate-unknown"]
    share = dict(zip(("IIIa-b", "IIIc"), found.parameters[1:3], strict=True))
    assert (
        f"(II in {1 - sum(share.values()):.0%}, IIIa-b in {share['IIIa-b']:.0%}, IIIc in {share['IIIc']:.0%})" in said
    )
    of_each = {
        level: predict(model, FEATURES, {"age": 60, "pcr": "yes", "stage": level}).survival[1].probability
        for level in ("II", "IIIa-b", "IIIc")
    }
    mixed = sum(chance * of_each[level] for level, chance in (share | {"II": 1 - sum(share.values())}).items())
    assert found.survival[1].probability == pytest.approx(mixed, rel=1e-9)


def test_a_covariate_that_does_not_vary_is_no_uncertainty(plain):
    covariance = np.diag(SPREAD**2)
    covariance[0, 0] = 1e-18
    certain = with_distribution(plain, covariance)
    known = {name: value for name, value in KNOWN.items() if name != "age"}
    found, at_mean = predict(certain, FEATURES, known), predict(plain, FEATURES, known | {"age": MEAN[0]})
    for one, other in zip(found.survival, at_mean.survival, strict=True):
        assert (one.probability, one.lower, one.upper) == pytest.approx((other.probability, other.lower, other.upper))


def test_the_curve_is_averaged_as_the_horizons_are(model):
    found = predict(model, FEATURES, {"pcr": "yes"})
    curve = survival_curve(model, found)
    assert curve.probability[0] == 1 and (np.diff(curve.probability) < 0).all()
    at = np.searchsorted(curve.months, 36, side="right") - 1
    estimate = found.survival[1]
    assert (curve.probability[at], curve.lower[at], curve.upper[at]) == pytest.approx(
        (estimate.probability, estimate.lower, estimate.upper)
    )


def test_a_model_without_covariance_gives_the_average_without_limits(model):
    bare = replace(model, nomogram=replace(model.nomogram, covariance=None))
    found, full = predict(bare, FEATURES, {}), predict(model, FEATURES, {})
    assert [estimate.lower for estimate in found.survival] == [None] * 3
    assert [e.probability for e in found.survival] == pytest.approx([e.probability for e in full.survival])


@settings(max_examples=30, deadline=None)
@given(st.floats(-1e6, 1e6), st.sampled_from([{}, {"age": 60}, {"stage": "II"}, {"age": 119, "pcr": "no"}]))
def test_limits_hold_the_average_whatever_the_score(shift, known):
    model = with_distribution(example_models.model())
    model = replace(model, score=replace(model.score, intercept=shift))
    for estimate in predict(model, FEATURES, known).survival:
        assert 0 <= estimate.probability <= 1
        if estimate.lower is not None:
            assert 0 <= estimate.lower <= estimate.upper <= 1


def test_the_result_says_so_beside_the_number(plain, model):
    averaged = result_document(model, predict(model, FEATURES, {"age": 60, "stage": "II"}))
    assert averaged["averaged"] is True
    said = survival_remarks(averaged)
    assert said[0] == "Averaged over what is unknown of this patient (pCR); the limits are the wider for it."
    stood_in = result_document(plain, predict(plain, FEATURES, {"age": 60, "stage": "II"}))
    assert stood_in["averaged"] is False
    said = survival_remarks(stood_in)
    assert said[0] == "The model's mean stands in for what is unknown (pCR), which the limits leave out."
    assert len(survival_remarks(result_document(model, predict(model, FEATURES, KNOWN)))) == len(said) - 1
    assert json.loads(json.dumps(averaged)) == averaged


def test_what_is_stored_is_mean_and_covariance_of_ten_patients_at_least():
    rows = np.random.default_rng(3).normal(size=(12, 3))
    found = stored_distribution(rows)
    assert found.n == 12 and found.mean == pytest.approx(rows.mean(axis=0))
    assert np.array(found.covariance) == pytest.approx(np.cov(rows, rowvar=False))
    assert stored_distribution(rows[:9]) is None


def test_many_unknown_categories_are_averaged_over_too(plain):
    """Beyond 64 combinations the indicators of further categories are taken for numbers."""
    flags = tuple(
        Covariate(name=f"flag{at}", label=f"Flag {at}", type="binary", coefficients=(0.1 * at,)) for at in range(12)
    )
    shares, size = np.linspace(0.2, 0.6, 12), 13
    covariance = np.diag([*(shares * (1 - shares)), 1.0])
    names = (*(flag.name for flag in flags), "score")
    mean = (*shares.tolist(), 4.5)
    nomogram = Nomogram(
        endpoint="Survival",
        covariates=flags,
        score_coefficient=0.3,
        horizons_months=(36,),
        center=dict(zip(names, mean, strict=True)),
        covariance=tuple(map(tuple, (0.01 * np.eye(size)).tolist())),
        baseline=replace(plain.nomogram.baseline, weighted_covariate_mean=((0.0,) * size,) * 4),
        covariate_distribution=Distribution(n=100, mean=mean, covariance=tuple(map(tuple, covariance.tolist()))),
    )
    found = predict(replace(plain, nomogram=nomogram), FEATURES)
    (estimate,) = found.survival
    drawn = (np.random.default_rng(0).random((100_000, 12)) < shares) @ (0.1 * np.arange(12))
    hazard = -np.log(0.9) * np.exp(drawn - shares @ (0.1 * np.arange(12)) + 0.3 * (found.score - 4.5))
    assert estimate.probability == pytest.approx(np.exp(-hazard).mean(), abs=2e-3)
    assert estimate.lower < np.quantile(np.exp(-hazard), 0.05) and found.parameters[:12] == pytest.approx(shares)
