"""Recalibration: equal to R, an identity on the model's own cohort, and the path of the article's model."""

from dataclasses import replace

import numpy as np
import pytest

import example_models
from cohort_examples import gbsg2_model, gbsg2_scored, gbsg2_tables
from LABCRadiomicsLib.errors import CohortError, InputError, ModelError
from LABCRadiomicsLib.model.completion import complete_model
from LABCRadiomicsLib.model.file import format_model, parse_model
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.scoring.cohort import score_cohort
from LABCRadiomicsLib.statistics.baseline_hazard import baseline_hazard
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.individual_survival import individual_survival
from LABCRadiomicsLib.statistics.slope import recalibrate_slope
from LABCRadiomicsLib.tables.cohort import FeatureTable, OutcomeTable
from LABCRadiomicsLib.validation.recalibration import METHODS, recalibrate
from r_reference import columns, gbsg2, relative_difference, table

FIVE = ["age", "horTh1", "tsize", "pnodes", "progrec"]
ODD, EVEN = slice(0, None, 2), slice(1, None, 2)
PATIENTS = np.array([[40, 0, 20, 1, 200], [55, 1, 30, 4, 50], [68, 0, 55, 12, 0]], float)


def _halves():
    data = gbsg2()
    covariates = columns(data, FIVE)
    return [(covariates[rows], data["months"][rows], data["event"][rows]) for rows in (ODD, EVEN)]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_baseline_of_given_coefficients_equals_r(ties):
    """R: coxph(init = old coefficients, iter.max = 0) with the old covariance, then survfit."""
    old, (covariates, months, event) = _halves()
    fitted = cox(*old, ties=ties)
    center = covariates.mean(axis=0)
    base = baseline_hazard(covariates, fitted.coef, center, months, event, ties=ties)
    found = individual_survival(PATIENTS, fitted.coef, fitted.covariance, center, base, [12, 36, 60])
    reference = table("recalibration_baseline")
    rows = reference["ties"] == ties
    for name in ("survival", "lower", "upper"):
        assert relative_difference(getattr(found, name).ravel(), reference[name][rows]) < 1e-7
    at_center = individual_survival(center[None], fitted.coef, fitted.covariance, center, base, [12, 36, 60])
    assert relative_difference(at_center.survival[0], reference["center"][rows][:3]) < 1e-7


def test_the_calibration_slope_equals_r():
    old, (covariates, months, event) = _halves()
    fitted = cox(*old)
    found = recalibrate_slope(covariates, fitted.coef, fitted.covariance, months, event)
    reference = table("recalibration_slope")
    assert found.slope == pytest.approx(reference["slope"][0], rel=1e-7)
    assert found.se == pytest.approx(reference["se"][0], rel=1e-7)
    assert np.array_equal(found.coef, found.slope * fitted.coef)
    assert found.lower < found.slope < found.upper


def test_on_its_own_cohort_the_slope_is_one_and_the_covariance_stays():
    covariates, months, event = _halves()[0]
    fitted = cox(covariates, months, event)
    found = recalibrate_slope(covariates, fitted.coef, fitted.covariance, months, event)
    assert found.slope == pytest.approx(1, abs=1e-8)
    assert found.covariance == pytest.approx(fitted.covariance, rel=1e-8, abs=1e-14)


def test_the_covariance_after_a_slope_is_the_spread_over_repeated_cohorts():
    """Old and new cohort drawn anew 400 times: the spread of slope times coefficients is what is claimed of it."""
    rng = np.random.default_rng(5)
    truth, found, claimed = np.array([0.8, -0.5]), [], []
    for _ in range(400):
        old, new = (_simulated(rng, n, truth) for n in (150, 250))
        fitted = cox(*old)
        result = recalibrate_slope(new[0], fitted.coef, fitted.covariance, *new[1:])
        found.append(result.coef)
        claimed.append(result.covariance)
    spread, mean = np.cov(np.array(found).T), np.mean(claimed, axis=0)
    assert np.diag(mean) == pytest.approx(np.diag(spread), rel=0.25)
    assert mean[0, 1] == pytest.approx(spread[0, 1], abs=0.25 * np.sqrt(spread[0, 0] * spread[1, 1]))


def _simulated(rng, n, truth):
    covariates = rng.normal(size=(n, truth.size))
    time = rng.exponential(40 * np.exp(-covariates @ truth))
    censoring = rng.uniform(20, 80, n)
    return covariates, np.minimum(time, censoring), time <= censoring


@pytest.mark.parametrize("method", METHODS)
def test_on_its_own_cohort_a_model_stays_what_it_was(method):
    model = gbsg2_model()
    found = recalibrate(gbsg2_scored(), method)
    assert found.nomogram.baseline.months == model.nomogram.baseline.months
    for name in ("survival", "cumulative_hazard_variance", "weighted_covariate_mean"):
        ours, theirs = (
            np.array(getattr(found.nomogram.baseline, name)),
            np.array(getattr(model.nomogram.baseline, name)),
        )
        assert np.abs(ours - theirs).max() < 1e-8 * max(1, np.abs(theirs).max())
    assert found.nomogram.coefficients() == pytest.approx(model.nomogram.coefficients(), rel=1e-8)
    assert np.array(found.nomogram.covariance) == pytest.approx(np.array(model.nomogram.covariance), rel=1e-7)
    assert found.nomogram.center == pytest.approx(model.nomogram.center, rel=1e-12)
    assert found.groups == model.groups
    assert (found.score, found.cutoff) == (model.score, model.cutoff)
    assert len(found.provenance.changes) == 1


def test_the_record_says_what_was_done():
    found = recalibrate(gbsg2_scored(EVEN), "slope", file="outcomes.csv", sha256="ab" * 32)
    change = found.provenance.changes[-1]
    events = int(gbsg2()["event"][EVEN].sum())
    assert f"343 patients with {events} events" in change.what
    assert "calibration slope" in change.what
    assert (change.file, change.sha256) == ("outcomes.csv", "ab" * 32)
    assert parse_model(format_model(found), "x") == found


def test_a_doubled_model_is_halved_and_loses_none_of_its_order():
    from dataclasses import replace

    model = gbsg2_model()
    age = model.nomogram.covariates[0]
    doubled = replace(
        model,
        nomogram=replace(
            model.nomogram,
            covariates=(replace(age, coefficients=(2 * age.coefficients[0],)),),
            score_coefficient=2 * model.nomogram.score_coefficient,
        ),
    )
    found = recalibrate(gbsg2_scored(model=doubled), "slope")
    assert found.nomogram.coefficients() == pytest.approx(model.nomogram.coefficients(), rel=1e-8)
    assert found.nomogram.baseline.survival == pytest.approx(model.nomogram.baseline.survival, rel=1e-8)


def _articles_cohort(n: int = 90):
    """A made-up cohort for the article's model: its 15 features here are made up, as are their coefficients."""
    rng = np.random.default_rng(3)
    model = find_model("wang2022-labc-dfs")
    names = [f"wavelet-LLH_firstorder_{name}" for name in ("Mean", "Median", "Range", "Energy", "Entropy", "Kurtosis",
             "Skewness", "Variance", "Maximum", "Minimum", "Uniformity", "TotalEnergy", "RootMeanSquared",
             "InterquartileRange", "MeanAbsoluteDeviation")]  # fmt: skip
    coefficients = np.full(15, -3.4)
    values = rng.normal(1, 0.08, (n, 15))
    score = values @ coefficients
    clinical = {
        "age": tuple(str(int(age)) for age in rng.integers(28, 70, n)),
        "ctnm": tuple(rng.choice(["II", "IIIa-b", "IIIc"], n)),
        **{name: tuple(rng.choice(["no", "yes"], n)) for name in ("pcr", "imni")},
        **{name: tuple(rng.choice(["negative", "positive"], n)) for name in ("hr", "her2")},
    }
    hazard = np.exp(0.9 * (score - score.mean()))
    time = rng.exponential(90 / hazard)
    censoring = rng.uniform(30, 100, n)
    cases = tuple(f"C{k}" for k in range(n))
    outcome = OutcomeTable(cases, np.minimum(time, censoring), time <= censoring, clinical)
    return model, names, coefficients, FeatureTable(cases, tuple(names), values), outcome


def test_the_articles_model_reports_survival_once_completed_and_recalibrated(tmp_path):
    model, names, coefficients, features, outcomes = _articles_cohort()
    csv = tmp_path / "terms.csv"
    csv.write_text("feature,coefficient\n" + "".join(f"{n},{c}\n" for n, c in zip(names, coefficients, strict=True)))
    completed = complete_model(model, csv)
    before = score_cohort(completed, features, outcomes)
    assert before.predictions[0].survival == ()
    found = recalibrate(before)
    after = score_cohort(found, features, outcomes)
    assert found.missing == ()
    assert found.groups.low.n + found.groups.high.n == 90
    for first, second in zip(before.predictions, after.predictions, strict=True):
        assert (first.score, first.risk_group) == (second.score, second.risk_group)
        assert [e.months for e in second.survival] == [12, 36, 60]
        assert all(0 < e.probability < 1 for e in second.survival)
        # The article prints no covariance, and limits from the baseline alone would be too narrow.
        assert all(e.lower is None and e.upper is None for e in second.survival)
        assert "no-limits" in {notice.code for notice in second.warnings}
        assert second.points is not None
    assert len(found.provenance.changes) == 2
    assert [term.coefficient for term in found.score.terms] == coefficients.tolist()
    assert [c.coefficients for c in found.nomogram.covariates] == [c.coefficients for c in model.nomogram.covariates]


def test_the_articles_predictions_are_calibrated_after_recalibration(tmp_path):
    from LABCRadiomicsLib.validation import validate

    model, names, coefficients, features, outcomes = _articles_cohort(150)
    csv = tmp_path / "terms.csv"
    csv.write_text("feature,coefficient\n" + "".join(f"{n},{c}\n" for n, c in zip(names, coefficients, strict=True)))
    scored = score_cohort(complete_model(model, csv), features, outcomes)
    sloped = score_cohort(recalibrate(scored, "slope"), features, outcomes)
    summary = validate(sloped, bootstrap=0).calibration[-1].summary
    assert summary.slope == pytest.approx(1, abs=1e-6)
    assert summary.ratio == pytest.approx(1, abs=0.05)


def test_an_unknown_covariate_is_refused_by_case_and_column():
    features, outcomes = gbsg2_tables()
    ages = ("", *outcomes.columns["age"][1:])
    broken = OutcomeTable(outcomes.cases, outcomes.months, outcomes.event, {"age": ages})
    scored = score_cohort(gbsg2_model(), features, broken)
    with pytest.raises(CohortError, match=r"case P0, column age: the covariate is unknown, .* leave the case out\.$"):
        recalibrate(scored)
    harmonization = example_models.model(example_models.document_2()).harmonization
    harmonized = replace(scored, model=replace(scored.model, harmonization=harmonization))
    with pytest.raises(CohortError, match=r"or only add the site \(--method site\), which does without it\.$"):
        recalibrate(harmonized)


def test_what_cannot_be_recalibrated_is_refused():
    from dataclasses import replace

    with pytest.raises(CohortError, match=r"has \d events; a baseline survival needs at least 10"):
        recalibrate(gbsg2_scored(slice(0, 12)))
    with pytest.raises(InputError, match="method must be baseline or slope"):
        recalibrate(gbsg2_scored(), "refit")
    with pytest.raises(ModelError, match="has no nomogram"):
        recalibrate(gbsg2_scored(model=replace(gbsg2_model(), nomogram=None)))
    model = gbsg2_model()
    reversed_nomogram = replace(
        model.nomogram,
        score_coefficient=-model.nomogram.score_coefficient,
        covariates=(replace(model.nomogram.covariates[0], coefficients=(0.0,)),),
    )
    with pytest.raises(CohortError, match="not positive"):
        recalibrate(gbsg2_scored(model=replace(model, nomogram=reversed_nomogram)), "slope")


def test_horizons_beyond_the_cohorts_follow_up_are_dropped_and_said():
    data = gbsg2()
    features, outcomes = gbsg2_tables()
    months = np.minimum(data["months"], 40.0)
    event = data["event"] & (data["months"] < 40.0)
    found = recalibrate(
        score_cohort(gbsg2_model(), features, OutcomeTable(outcomes.cases, months, event, outcomes.columns))
    )
    assert found.nomogram.horizons_months == (12, 36)
    assert "1 horizons beyond its follow-up dropped" in found.provenance.changes[-1].what


def test_a_recalibrated_model_has_a_title_of_its_own():
    """Whichever is open, one can see which it is; recalibrated again, it does not gather the names of all cohorts."""
    scored = gbsg2_scored(slice(1, None, 2))
    once = recalibrate(scored, file="first.csv")
    assert once.title == "GBSG2, Cox model, recalibrated on first.csv"
    again = recalibrate(replace(scored, model=once), file="second.csv")
    assert again.title == "GBSG2, Cox model, recalibrated on second.csv"
    assert recalibrate(scored).title == "GBSG2, Cox model, recalibrated on 343 patients"
