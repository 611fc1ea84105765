"""Scoring one patient: arithmetic of score, linear predictor, points and survival limits, covariates and warnings."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import example_models
from example_models import FEATURES
from LABCRadiomicsLib.cell_values import UNKNOWN_WORDS
from LABCRadiomicsLib.errors import InputError, ModelIncompleteError
from LABCRadiomicsLib.model import Baseline, Covariate, Model, Nomogram, Score, Term
from LABCRadiomicsLib.model.nomogram import points_scale, survival
from LABCRadiomicsLib.notices import Notice
from LABCRadiomicsLib.scoring import DEMONSTRATION, Prediction, predict, survival_curve
from LABCRadiomicsLib.scoring.wording import trust
from LABCRadiomicsLib.statistics.cox import cox

COVARIATES = {"age": 60, "stage": "IIIc", "pcr": "yes"}
SCORE = 0.5 + 0.01 * 200 - 2 * (0.92 - 0.9) / 0.05 + 1.5 * 0.7


@pytest.fixture(scope="module")
def model() -> Model:
    return example_models.model()


def _codes(prediction: Prediction) -> list[str]:
    return [notice.code for notice in prediction.warnings]


def _message(prediction: Prediction, code: str) -> str:
    return next(notice.message for notice in prediction.warnings if notice.code == code)


# --- score and group --------------------------------------------------------------------------------------------------


def test_score_contributions_and_group(model):
    prediction = predict(model, FEATURES, COVARIATES)
    assert prediction.score == pytest.approx(SCORE, rel=1e-15)
    assert [part.feature for part in prediction.contributions] == [
        "original_firstorder_Mean",
        "original_shape_Sphericity",
        "wavelet-LLH_glcm_Idmn",
    ]
    assert [part.contribution for part in prediction.contributions] == pytest.approx([2.0, 1.05, -0.8], rel=1e-12)
    assert [part.in_range for part in prediction.contributions] == [True, None, True]
    assert (prediction.cutoff, prediction.risk_group) == (4, "low")
    assert (prediction.model_id, prediction.fingerprint) == ("made-up", model.fingerprint)


def test_the_group_is_high_only_above_the_cutoff(model):
    score = predict(model, FEATURES).score
    for cutoff, group in ((score, "low"), (np.nextafter(score, -9), "high"), (np.nextafter(score, 9), "low")):
        moved = replace(model, cutoff=replace(model.cutoff, value=float(cutoff)))
        assert predict(moved, FEATURES).risk_group == group


def test_feature_names_as_r_writes_them(model):
    renamed = {name.replace("-", "."): value for name, value in FEATURES.items()}
    assert predict(model, renamed).score == predict(model, FEATURES | {"other": 1.0}).score


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "text", None])
def test_unusable_feature_values_are_refused_by_name(model, value):
    with pytest.raises(InputError, match="wavelet-LLH_glcm_Idmn"):
        predict(model, FEATURES | {"wavelet-LLH_glcm_Idmn": value})


def test_absent_features_are_refused_by_name(model):
    with pytest.raises(InputError, match="original_shape_Sphericity"):
        predict(model, {name: value for name, value in FEATURES.items() if "shape" not in name})


def test_an_overflowing_score_is_refused(model):
    with pytest.raises(InputError, match="overflows"):
        predict(model, dict.fromkeys(FEATURES, 1.7e308))


def test_a_model_without_score_is_refused_with_what_to_do():
    with pytest.raises(ModelIncompleteError) as caught:
        predict(example_models.model(example_models.incomplete_document()), FEATURES)
    assert "3 made-up terms" in str(caught.value)
    assert "a drawer" in str(caught.value)
    assert "labcradiomics models complete made-up" in str(caught.value)


magnitudes = st.floats(-1e6, 1e6)


@given(magnitudes, st.lists(st.tuples(magnitudes, magnitudes), min_size=3, max_size=3))
@settings(deadline=None)
def test_intercept_and_contributions_sum_to_the_score(intercept, pairs):
    model = example_models.model()
    terms = (replace(term, coefficient=pair[0]) for term, pair in zip(model.score.terms, pairs, strict=True))
    model = replace(model, score=replace(model.score, intercept=intercept, terms=tuple(terms)))
    values = {term.feature: pair[1] for term, pair in zip(model.score.terms, pairs, strict=True)}
    prediction = predict(model, values)
    parts = [part.contribution for part in prediction.contributions]
    assert math.fsum([intercept, *parts]) == prediction.score
    assert sorted(map(abs, parts), reverse=True) == [abs(part) for part in parts]
    assert (prediction.risk_group == "high") == (prediction.score > model.cutoff.value)


# --- linear predictor, points and survival ----------------------------------------------------------------------------


def test_linear_predictor_is_relative_to_the_center(model):
    prediction = predict(model, FEATURES, COVARIATES)
    expected = 0.02 * (60 - 50) + 0.4 * (0 - 0.4) + 0.9 * (1 - 0.2) - 0.6 * (1 - 0.25) + 0.3 * (SCORE - 4.5)
    assert prediction.linear_predictor == pytest.approx(expected, rel=1e-12)
    assert prediction.parameters == pytest.approx((60, 0, 1, 1, SCORE))


def test_points_by_hand(model):
    # Ranges of effect: age 0.8, stage 0.9, pcr 0.6, score 2.4, which is 100 points.
    prediction = predict(model, FEATURES, COVARIATES)
    expected = [100 * 0.02 * (60 - 30) / 2.4, 100 * 0.9 / 2.4, 0.0]
    assert [covariate.points for covariate in prediction.covariates] == pytest.approx(expected)
    assert prediction.score_points == pytest.approx(100 * 0.3 * (SCORE - 1) / 2.4)
    assert prediction.points == pytest.approx(sum(expected) + prediction.score_points)


def test_survival_at_the_horizons(model):
    prediction = predict(model, FEATURES, COVARIATES)
    risk = math.exp(prediction.linear_predictor)
    assert [estimate.months for estimate in prediction.survival] == [12, 36, 60]
    steps = [0.97, 0.9, 0.8]  # the last event time not after each horizon
    assert [e.probability for e in prediction.survival] == pytest.approx([step**risk for step in steps], rel=1e-12)


def test_baseline_itself_at_the_center(model):
    center = model.nomogram.center
    row = np.array([center[name] for name in model.nomogram.parameters()])
    estimates = survival(model.nomogram, row, (0, 5.9, 6, 70))
    assert [estimate.probability for estimate in estimates] == pytest.approx([1, 1, 0.97, 0.75], rel=1e-14)
    assert (estimates[0].lower, estimates[1].upper) == (1, 1)


def test_survival_without_covariance_has_no_limits(model):
    bare = replace(model, nomogram=replace(model.nomogram, covariance=None))
    prediction = predict(bare, FEATURES, COVARIATES)
    assert {(estimate.lower, estimate.upper) for estimate in prediction.survival} == {(None, None)}
    assert "no-limits" in _codes(prediction)
    assert survival_curve(bare, prediction).lower is None


def test_survival_of_a_baseline_that_reaches_zero(model):
    baseline = replace(model.nomogram.baseline, survival=(0.97, 0.9, 0.8, 0.0))
    nomogram = replace(model.nomogram, baseline=baseline, horizons_months=(70.0,))
    estimate = predict(replace(model, nomogram=nomogram), FEATURES, COVARIATES).survival[0]
    assert (estimate.probability, estimate.lower, estimate.upper) == (0, None, None)


@given(st.floats(-300, 300), st.floats(0.01, 5))
@settings(deadline=None)
def test_survival_falls_with_the_score_and_lies_between_its_limits(score, step):
    nomogram = example_models.model().nomogram
    rows = [np.array([50, 0, 1, 0, value]) for value in (score, score + step)]
    first, second = (survival(nomogram, row, nomogram.horizons_months) for row in rows)
    for before, after in zip(first, second, strict=True):
        assert before.probability >= after.probability
        assert 0 <= before.lower <= before.probability <= before.upper <= 1
        if 1e-9 < before.probability < 1 - 1e-9:
            assert before.probability > after.probability


@pytest.mark.parametrize("score", [-1e300, -1e5, 1e5, 1e300])
def test_absurd_scores_give_probabilities_not_warnings(model, score):
    with np.errstate(all="raise"):
        for estimate in survival(model.nomogram, np.array([50, 0, 1, 0, score]), (12, 60)):
            assert estimate.probability in (0, 1)
            assert 0 <= estimate.lower <= estimate.upper <= 1


def test_survival_curve_is_the_survival_at_every_time(model):
    prediction = predict(model, FEATURES, COVARIATES)
    curve = survival_curve(model, prediction)
    assert curve.months.tolist() == [0, 6, 18, 40, 70]
    assert curve.probability[0] == curve.lower[0] == curve.upper[0] == 1
    at_60 = prediction.survival[2]
    assert (curve.probability[3], curve.lower[3], curve.upper[3]) == (at_60.probability, at_60.lower, at_60.upper)
    with pytest.raises(InputError, match="another fingerprint"):
        survival_curve(replace(model, title="Another"), prediction)


# --- against R --------------------------------------------------------------------------------------------------------


def _number(name: str, coefficient: float, low: float | None = None, high: float | None = None) -> Covariate:
    return Covariate(name=name, label=name, type="number", coefficients=(coefficient,), low=low, high=high)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _gbsg2(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    names = ["age", "horTh1", "post", "grade2", "grade3", "tsize", "pnodes", "progrec"]
    table = _rows(folder / "gbsg2.csv")
    columns = {
        "horTh1": [row["horTh"] == "yes" for row in table],
        "post": [row["menostat"] == "Post" for row in table],
        "grade2": [row["tgrade"] == "II" for row in table],
        "grade3": [row["tgrade"] == "III" for row in table],
    }
    covariates = np.array([columns.get(name) or [float(row[name]) for row in table] for name in names], float).T
    months = np.array([float(row["time"]) for row in table]) / 30.4375
    return covariates, months, np.array([int(row["event"]) for row in table]), names


def test_survival_limits_equal_survfit_coxph(shared_reference):
    covariates, months, events, names = _gbsg2(shared_reference)
    fit = cox(covariates, months, events)
    # The last column takes the place of the score.
    nomogram = Nomogram(
        endpoint="recurrence-free survival",
        covariates=tuple(_number(name, value) for name, value in zip(names[:-1], fit.coef[:-1], strict=True)),
        score_coefficient=fit.coef[-1],
        center=dict(zip([*names[:-1], "score"], fit.center, strict=True)),
        covariance=fit.covariance.tolist(),
        baseline=Baseline(
            months=fit.baseline.time.tolist(),
            survival=fit.baseline.survival.tolist(),
            cumulative_hazard_variance=fit.baseline.hazard_variance.tolist(),
            weighted_covariate_mean=fit.baseline.mean_shift.tolist(),
        ),
        horizons_months=(12, 36, 60),
    )
    patient = np.array([50, 0, 0, 1, 0, 25, 3, 50], float)
    ours = survival(nomogram, patient, nomogram.horizons_months)
    reference = _rows(shared_reference / "gbsg2_individual_survival.csv")
    for estimate, row in zip(ours, reference, strict=True):
        printed = [float(row[name]) for name in ("surv", "lower", "upper")]
        assert [estimate.probability, estimate.lower, estimate.upper] == pytest.approx(printed, rel=1e-8)
    theirs = fit.survival(patient[None], (12, 36, 60))
    assert [e.probability for e in ours] == pytest.approx(theirs.survival[0], rel=1e-12)
    assert [e.lower for e in ours] == pytest.approx(theirs.lower[0], rel=1e-12)
    assert [e.upper for e in ours] == pytest.approx(theirs.upper[0], rel=1e-12)


def test_points_equal_rms_nomogram(shared_reference):
    coefficients = {row["feature"]: float(row["coef"]) for row in _rows(shared_reference / "gbsg2_rms_cph_coef.csv")}
    printed = _rows(shared_reference / "gbsg2_rms_nomogram_points.csv")
    axes: dict[str, list[tuple[float, float]]] = {}
    for row in printed:
        axes.setdefault(row["variable"], []).append((float(row["value"]), float(row["points"])))
    ends = {name: (min(axis)[0], max(axis)[0]) for name, axis in axes.items()}
    *others, last = axes  # the last variable takes the place of the score
    nomogram = Nomogram(
        endpoint="recurrence-free survival",
        covariates=tuple(_number(name, coefficients[name], *ends[name]) for name in others),
        score_coefficient=coefficients[last],
        horizons_months=(60,),
    )
    score = Score(intercept=0, terms=(Term(feature=last, coefficient=1),), low=ends[last][0], high=ends[last][1])
    for column, name in enumerate(axes):
        for value, expected in axes[name]:
            row = np.zeros(len(axes))
            row[column] = value
            ours = points_scale(nomogram, score).points(nomogram, row)["score" if name == last else name]
            assert ours == pytest.approx(expected, rel=1e-9, abs=1e-9)


# --- covariates -------------------------------------------------------------------------------------------------------

AGE, STAGE, PCR = example_models.model().nomogram.covariates
ER = replace(PCR, name="er", label="ER", levels=("ER-", "ER+"))
GRADE = replace(STAGE, name="grade", levels=("1", "2", "3"), reference="1")


@pytest.mark.parametrize(
    ("covariate", "value", "expected"),
    [
        (AGE, "48.5", 48.5),
        (AGE, 48, 48.0),
        (AGE, np.float32(48), 48.0),
        (AGE, 0, 0.0),
        (STAGE, " iiia-B ", "IIIa-b"),
        (GRADE, 2, "2"),
        (GRADE, 2.0, "2"),
        (GRADE, np.int64(3), "3"),
        *((PCR, value, 1.0) for value in ("yes", "YES", "y", "1", 1, 1.0, True, "true", "+", "positive", np.True_)),
        *((PCR, value, 0.0) for value in ("no", "n", "0", 0, 0.0, False, "False", "-", "neg")),
        (ER, "er+", 1.0),
        (ER, "ER-", 0.0),
        (ER, "positive", 1.0),
        *(
            (covariate, value, None)
            for covariate in (AGE, STAGE, PCR)
            for value in (None, math.nan, "NA", *sorted(UNKNOWN_WORDS))
        ),
    ],
)
def test_covariate_values(covariate, value, expected):
    assert covariate.parse(value) == expected


@pytest.mark.parametrize(
    ("name", "value", "domain"),
    [
        ("age", "old", "a number from 0 to 120 (years)"),
        ("age", "5_2", "a number from 0 to 120 (years)"),
        ("age", -1, "a number from 0 to 120 (years)"),
        ("age", 121, "a number from 0 to 120 (years)"),
        ("age", math.inf, "a number from 0 to 120 (years)"),
        ("age", True, "a number from 0 to 120 (years)"),
        ("age", [50], "a number from 0 to 120 (years)"),
        ("stage", "IV", "one of II, IIIa-b, IIIc"),
        ("stage", 2, "one of II, IIIa-b, IIIc"),
        ("pcr", 2, "no or yes"),
        ("pcr", "maybe", "no or yes"),
        ("pcr", 0.5, "no or yes"),
    ],
)
def test_values_outside_the_domain_are_refused(model, name, value, domain):
    with pytest.raises(InputError) as caught:
        predict(model, FEATURES, {name: value})
    assert f"covariate {name}: " in str(caught.value)
    assert f"not {domain}" in str(caught.value)


def test_covariates_that_the_model_does_not_have_are_refused(model):
    with pytest.raises(InputError, match="covariate Age is unknown to the model made-up; it takes age, stage, pcr"):
        predict(model, FEATURES, {"Age": 50})
    with pytest.raises(InputError, match="it takes none"):
        predict(replace(model, nomogram=None), FEATURES, {"age": 50})


def test_an_unknown_covariate_takes_the_reference_mean_and_is_named(model):
    prediction = predict(model, FEATURES, {"age": "unknown", "stage": ""})
    assert prediction.parameters == pytest.approx((50, 0.4, 0.2, 0.25, SCORE))
    assert [covariate.value for covariate in prediction.covariates] == [None, None, None]
    messages = [notice.message for notice in prediction.warnings if notice.code == "covariate-unknown"]
    stand_ins = (
        ("Age (age)", "mean, 50 years,"),
        ("Stage (stage)", "mix of levels"),
        ("pCR (pcr)", "proportion of yes, 25%,"),
    )
    assert messages == [
        f"{name} is unknown; the model's reference {used} stands in for it, which the limits of survival leave out."
        for name, used in stand_ins
    ]
    alike = predict(model, FEATURES, {"age": 50, "stage": "II", "pcr": 0})
    assert alike.linear_predictor - prediction.linear_predictor == pytest.approx(-0.4 * 0.4 - 0.9 * 0.2 + 0.6 * 0.25)


def test_an_unknown_covariate_without_a_reference_mean_leaves_no_survival(model):
    bare = replace(model, nomogram=replace(model.nomogram, center=None, baseline=None))
    prediction = predict(bare, FEATURES, {"age": 50, "stage": "II"})
    assert (prediction.linear_predictor, prediction.points, prediction.survival) == (None, None, ())
    assert "pCR (pcr) is unknown and model made-up has no reference mean" in _message(prediction, "covariate-unknown")
    complete = predict(bare, FEATURES, COVARIATES)
    assert complete.linear_predictor == pytest.approx(0.02 * 60 + 0.9 - 0.6 + 0.3 * SCORE)
    assert "no-center" in _codes(complete)


# --- warnings and output ----------------------------------------------------------------------------------------------


def test_a_usual_patient_of_a_demonstration_model_has_one_warning(model):
    prediction = predict(model, FEATURES, COVARIATES)
    assert _codes(prediction) == ["demonstration"]
    assert DEMONSTRATION == "demonstration, simulated data, not for any clinical use"
    assert DEMONSTRATION in prediction.warnings[0].message


def test_values_outside_the_training_range_are_named(model):
    prediction = predict(model, FEATURES | {"original_firstorder_Mean": 4000.0}, COVARIATES | {"age": 80})
    assert prediction.contributions[0].in_range is False
    assert "original_firstorder_Mean is 4000, outside" in _message(prediction, "feature-out-of-range")
    assert "50 to 400" in _message(prediction, "feature-out-of-range")
    assert "The radiomics score is 40.75" in _message(prediction, "score-out-of-range")
    assert "Age is 80, outside the training cohort's range 30 to 70" in _message(prediction, "covariate-out-of-range")
    edge = predict(model, FEATURES | {"original_firstorder_Mean": 400.0}, COVARIATES | {"age": 70})
    assert _codes(edge) == ["demonstration"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cutoff": None}, "no-cutoff"),
        ({"nomogram": None}, "no-nomogram"),
        ({"score": replace(example_models.model().score, low=None, high=None)}, "no-points"),
    ],
)
def test_what_a_model_lacks_is_said(model, change, code):
    assert code in _codes(predict(replace(model, **change), FEATURES))


def test_earlier_warnings_come_first(model):
    earlier = Notice("mask-resampled", "The mask was resampled.")
    assert predict(model, FEATURES, COVARIATES, warnings=[earlier]).warnings[0] is earlier


def test_trust_says_the_gravest_first():
    row = {"metric": "C-index, radiomics score alone", "n": 91, "value": 0.6, "lower": None, "kind": "external"}
    result = {
        "status": "complete",
        "contributions": [{"in_range": True}, {"in_range": False}, {"in_range": None}],
        "discrimination": row,
        "stability": None,
        "second_reader": None,
        "survival": [],
        "warnings": [
            {"code": "feature-out-of-range", "message": "left out"},
            {"code": "mask-resampled", "message": "kept"},
        ],
    }
    first, second, third = trust(result)
    assert first.startswith("\u26a0 1 of 3 features outside")
    assert second == (
        "C-index, radiomics score alone: 0.600 (0.5 is chance, 1 perfect). Measured in 91 patients of another center."
    )
    assert third == "kept"
    assert "which is too good" in trust(result | {"discrimination": row | {"kind": "apparent"}})[1]
    assert trust(result | {"contributions": [], "discrimination": None, "warnings": []}) == []
    translated = trust(result, lambda text: f"<{text}>")[0]  # the sentence with its gaps, before they are filled
    assert translated.startswith("\u26a0 <1 of 3 features") and translated.endswith("an extrapolation.>")


def test_contour_test_in_words():
    result = {
        "status": "complete", "contributions": [], "discrimination": None, "warnings": [], "second_reader": None,
        "survival": [], "cutoff": None,
    }  # fmt: skip
    stability = {
        "contours": 20, "failed": 2, "score_min": -1, "score_max": 2, "same_group": 12,
        "dice_mean": 0.876, "score_lower": -1.5, "score_upper": 2.5,
    }  # fmt: skip
    (text,) = trust(result | {"stability": stability})
    assert text == (
        "\u26a0 The risk group depends on the contour. With 20 contours that overlap the drawn one as other "
        "readers' would (Dice 0.88 on average), the score is -1 to 2; 95% limits of another reader's score: -1.5 to "
        "2.5. Of them, 2 could not be scored. The risk group is the same in 12 of 18."
    )
    (text,) = trust(result | {"stability": stability | {"same_group": 18}})
    assert text.startswith("With 20 contours")
    (text,) = trust(result | {"stability": stability | {"failed": 20}})
    assert text == "None of 20 redrawn contours could be scored."
