"""Cox models of clinical covariates: fitted to whom, stored with what, compared with which."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.model import SCORE, infer_covariate
from LABCRadiomicsLib.performance import Marker
from LABCRadiomicsLib.performance.clinical_gain import Held
from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.lasso import random_folds
from LABCRadiomicsLib.training import Plan, Recipe, TrainingCohort, train
from LABCRadiomicsLib.training.added_value import compare_models
from LABCRadiomicsLib.training.clinical_models import (
    comparator_of,
    effects_alone,
    effects_of,
    fit_clinical,
    known_rows,
    nomogram_of,
    wald_p,
)
from LABCRadiomicsLib.training.clinical_rivals import Rival, gains_over_rivals, held_out_pair
from LABCRadiomicsLib.training.covariate_imputation import impute_covariates
from LABCRadiomicsLib.training.cross_validation import held_out, nested_validation
from LABCRadiomicsLib.training.procedure import Procedure
from LABCRadiomicsLib.training.train_model import _horizons
from training_data import MAIN_EFFECTS, cohort

N, UNKNOWN = 140, 9


@pytest.fixture(scope="module")
def data() -> TrainingCohort:
    """Age, stage and pCR, of which age is unknown in nine patients."""
    rng = np.random.default_rng(0)
    base = cohort(2, N, 6, MAIN_EFFECTS)
    age, stage, pcr = rng.normal(52, 10, N), rng.choice(["II", "III", "IV"], N), rng.integers(0, 2, N)
    months = base.months * np.exp(-0.03 * (age - 52) - 0.5 * (stage == "IV"))
    specs = (
        infer_covariate("age", ["41.5", "52"]),
        infer_covariate("stage", ["II", "II", "III", "IV"]),
        infer_covariate("pcr", ["no", "yes"]),
    )
    covariates = {
        "age": tuple(None if at < UNKNOWN else float(value) for at, value in enumerate(age)),
        "stage": tuple(map(str, stage)),
        "pcr": tuple(map(float, pcr)),
    }
    return TrainingCohort(base.names, base.features, months, base.event, covariates, base.cases, specs)


@pytest.fixture(scope="module")
def score(data):
    return data.features[:, 0] - data.features[:, 1]


def test_a_model_is_fitted_to_those_whose_covariates_are_known(data, score):
    model = fit_clinical("all", data, ("age", "stage"), score)
    assert model.rows.tolist() == [at >= UNKNOWN for at in range(N)] and len(model.design) == N - UNKNOWN
    design = np.column_stack([data.columns(("age", "stage")), score])[UNKNOWN:]
    own = cox(design, data.months[UNKNOWN:], data.event[UNKNOWN:])
    assert model.fitted.coef == pytest.approx(own.coef) and model.with_score
    assert model.spread == pytest.approx(design.std(axis=0, ddof=1))
    assert model.linear_predictor == pytest.approx((design - own.center) @ own.coef)
    marker = model.marker(36.0)
    assert marker.survival[36.0] == pytest.approx(own.survival(design, np.array([36.0])).survival[:, 0])
    assert np.argsort(marker.values).tolist() == np.argsort(-marker.survival[36.0]).tolist()
    assert known_rows(np.array([[1, np.nan], [1, 2]])).tolist() == [False, True]


def test_a_model_needs_two_events_and_finite_estimates(data):
    few = replace(data, event=np.arange(N) == UNKNOWN)
    with pytest.raises(CohortError, match=f"The Cox model of age has {N - UNKNOWN} patients without unknown values"):
        fit_clinical("few", few, ("age",), None)
    two = replace(data, event=np.isin(np.arange(N), (UNKNOWN, UNKNOWN + 1)))
    assert fit_clinical("two", two, ("age",), None).fitted.coef.size == 1
    same = replace(data, covariates={**data.covariates, "pcr": (1.0,) * N})
    with pytest.raises(CohortError, match=r"The Cox model of pcr, the score cannot be fitted: .*pcr"):
        fit_clinical("same", same, ("pcr",), np.arange(N, dtype=float))


def test_rows_of_a_forest_plot(data, score):
    model = fit_clinical("all", data, ("age", "stage", "pcr"), score)
    rows = effects_of(model, data, ("stage",))
    assert [row.parameter for row in rows] == ["age", "stage=III", "stage=IV", "pcr", SCORE]
    assert [row.covariate for row in rows] == ["age", "stage", "stage", "pcr", SCORE]
    assert [(row.level, row.reference) for row in rows[1:4]] == [("III", "II"), ("IV", "II"), ("yes", "no")]
    assert [row.chosen for row in rows] == [False, True, True, False, True]
    for at, row in enumerate(rows):
        assert (row.coef, row.se, row.p) == (model.fitted.coef[at], model.fitted.se[at], model.fitted.p[at])
        assert (row.hr, row.lower, row.upper) == (model.fitted.hr[at], model.fitted.lower[at], model.fitted.upper[at])
        assert row.lower < row.hr < row.upper and row.hr == pytest.approx(np.exp(row.coef))
        assert row.sd == model.spread[at]
    without = effects_of(fit_clinical("clinical", data, ("age",), None), data, ())
    assert [(row.parameter, row.chosen) for row in without] == [("age", False)]


def test_the_wald_test_of_a_category_is_of_its_levels_together(data):
    fitted = fit_clinical("stage", data, ("stage",), None).fitted
    statistic = fitted.coef @ np.linalg.inv(fitted.covariance) @ fitted.coef
    assert wald_p(fitted) == pytest.approx(stats.chi2.sf(statistic, 2))


def imputed(data, names, score, repeats):
    blocks = [data.columns((name,)) for name in names]
    numbers = [data.spec(name).type == "number" for name in names]
    return impute_covariates(blocks, numbers, score, data.months, data.event, repeats=repeats, seed=1)


def test_each_covariate_alone_is_fitted_to_imputed_tables_where_it_has_unknowns(data, score):
    names = ("age", "stage")
    plain = effects_alone(data, names, score, ())
    assert [row.parameter for row in plain] == ["age", "stage=III", "stage=IV", SCORE]
    assert plain[0].coef == fit_clinical("age", data, ("age",), None).fitted.coef[0]
    assert plain[-1].coef == fit_clinical(SCORE, data, (), score).fitted.coef[0]
    tables = imputed(data, names, score, 5)
    rows = effects_alone(data, names, score, ("age",), tables)
    assert rows[1:] == plain[1:]  # nothing unknown: nothing imputed
    age = rows[0]
    each = [cox(table, data.months, data.event) for table in tables.design((0,), None)]
    within, between = np.mean([one.se[0] ** 2 for one in each]), np.var([one.coef[0] for one in each], ddof=1)
    assert age.coef == pytest.approx(np.mean([one.coef[0] for one in each]))
    assert age.se == pytest.approx(np.sqrt(within + (1 + 1 / 5) * between))
    assert age.chosen and not rows[1].chosen
    everyone = np.concatenate(list(tables.design((0,), None)))
    assert age.sd == pytest.approx(everyone.std(ddof=1))


def test_an_imputed_covariate_that_cannot_be_fitted_is_named(data, score):
    tables = imputed(data, ("age",), score, 3)
    with pytest.raises(CohortError, match="The Cox model of age cannot be fitted: "):
        effects_alone(replace(data, event=np.zeros(N, bool)), ("age",), score, (), tables)


def test_a_nomogram_is_stored_with_what_limits_need(data, score):
    model = fit_clinical("all", data, ("age", "stage"), score)
    stored = nomogram_of(model, data, endpoint="DFS", horizons=(12, 36))
    assert stored.parameters() == ("age", "stage=III", "stage=IV", "score")
    assert stored.coefficients() == pytest.approx(model.fitted.coef)
    assert stored.score_coefficient == model.fitted.coef[-1]
    assert list(stored.center.values()) == model.fitted.center.tolist()
    assert np.array(stored.covariance) == pytest.approx(model.fitted.covariance)
    assert (stored.endpoint, stored.horizons_months) == ("DFS", (12.0, 36.0))
    age, stage = stored.covariates
    known = [value for value in data.covariates["age"] if value is not None]
    assert (age.low, age.high) == pytest.approx(tuple(np.percentile(known, (1, 99))))
    assert (stage.low, stage.high, stage.levels) == (None, None, ("II", "III", "IV"))
    assert stored.covariate_distribution.n == N - UNKNOWN
    assert stored.covariate_distribution.mean == pytest.approx(model.design.mean(axis=0))
    alone = nomogram_of(fit_clinical("score", data, (), score), data, endpoint="DFS", horizons=(12,))
    assert alone.covariates == () and alone.covariate_distribution is None


def test_a_comparator_has_no_score(data):
    model = fit_clinical("clinical", data, ("stage", "pcr"), None)
    stored = comparator_of(model, data, "may add")
    assert stored.label == "clinical: stage, pcr" and stored.verdict == "may add"
    assert stored.parameters() == ("stage=III", "stage=IV", "pcr")
    coefficients = [number for covariate in stored.covariates for number in covariate.coefficients]
    assert coefficients == pytest.approx(model.fitted.coef)
    assert stored.center == dict(zip(stored.parameters(), model.fitted.center.tolist(), strict=True))
    assert np.array(stored.covariance) == pytest.approx(model.fitted.covariance)


def test_models_are_tested_by_likelihood_where_one_holds_the_other(data, score):
    known = data.take(np.arange(UNKNOWN, N))
    part = score[UNKNOWN:]
    models = {
        "clinical": fit_clinical("clinical", known, ("age",), None),
        "nomogram": fit_clinical("nomogram", known, ("age",), part),
        "other": fit_clinical("other", known, ("pcr",), part),
        "both": fit_clinical("both", known, ("age", "pcr"), part),
    }
    pairs = (("nomogram", "clinical"), ("other", "clinical"), ("both", "nomogram"), ("nomogram", "both"))
    found, notices = compare_models(known, models, pairs, 36.0, repeats=0, seed=1)
    assert set(found.tests) == {("nomogram", "clinical"), ("both", "nomogram")}
    difference = 2 * (models["nomogram"].fitted.loglik - models["clinical"].fitted.loglik)
    assert found.tests["nomogram", "clinical"].chisq == pytest.approx(difference)
    assert [(one.marker, one.comparator.name) for one in found.added] == list(pairs)
    assert found.n == N - UNKNOWN and set(found.models) == set(models) and notices == ()


def test_a_rival_takes_its_own_columns_or_the_nomograms():
    own, nomogram = np.ones((3, 1)), np.zeros((3, 2))
    assert Rival("stage", "stage and score", ("stage",), own).columns(nomogram) is own
    assert Rival("clinical", "clinical and score", (), None).columns(nomogram) is nomogram


def test_a_rival_predicts_patients_that_it_has_not_seen(data, score):
    inside, outside = np.arange(0, N, 2), np.arange(1, N, 2)
    rival = Rival("age", "age and score", ("age",), data.columns(("age",)))
    older, newer = held_out_pair(rival, rival.block, score, (data.months, data.event), inside, outside, 36.0)
    unknown = outside < UNKNOWN
    seen = inside[inside >= UNKNOWN]
    for marker, design in ((older, rival.block), (newer, np.column_stack([rival.block, score]))):
        fitted = cox(design[seen], data.months[seen], data.event[seen])
        assert np.isnan(marker.values[unknown]).all()
        assert marker.values[~unknown] == pytest.approx(fitted.linear_predictor(design[outside[~unknown]]))
        survival = fitted.survival(design[outside[~unknown]], np.array([36.0])).survival[:, 0]
        assert marker.survival[36.0][~unknown] == pytest.approx(survival)
    assert (older.name, newer.name) == ("age", "age and score")
    nothing, same = held_out_pair(rival, rival.block, np.zeros(N), (data.months, data.event), inside, outside, 36.0)
    assert same.name == "age and score"
    assert np.array_equal(same.values, nothing.values, equal_nan=True)


def test_without_covariates_everybody_has_the_survival_of_all(data, score):
    inside, outside = np.arange(0, 100), np.arange(100, N)
    rival = Rival("nothing", "score", (), np.empty((N, 0)))
    older, _ = held_out_pair(rival, rival.block, score, (data.months, data.event), inside, outside, 36.0)
    assert older.values.tolist() == [0.0] * 40 and np.ptp(older.survival[36.0]) == 0
    order = np.argsort(data.months[inside])
    months, event = data.months[inside][order], data.event[inside][order]
    by_hand = np.prod([1 - 1 / (100 - at) for at in range(100) if event[at] and months[at] <= 36])
    assert older.survival[36.0][0] == pytest.approx(by_hand)


@pytest.fixture(scope="module")
def with_rivals(data):
    rivals = (
        Rival("clinical", "clinical and score", (), None),
        Rival("stage", "stage and score", ("stage",), data.columns(("stage",))),
    )
    return Procedure.of(data, Recipe(n_folds=3, horizon=36.0, named=("stage", "pcr")), rivals)


def test_held_out_predictions_of_rivals_stand_beside_the_score_that_was_held_out_too(with_rivals):
    found = nested_validation(with_rivals, repeats=1, seed=4)
    fold_seed, inner = map(int, np.random.SeedSequence(4).spawn(1)[0].generate_state(2))
    folds = random_folds(with_rivals.event, found.folds, fold_seed)
    nomogram, alone = held_out(with_rivals, folds, inner)
    assert len(found.held) == 2 and not np.allclose(nomogram.log_hazard, alone.log_hazard)
    for rival, (part,) in zip(with_rivals.rivals, found.held, strict=True):
        assert np.array_equal(part.score, alone.log_hazard) and np.array_equal(part.folds, folds)
        assert (part.older.name, part.newer.name) == (rival.name, rival.with_score)
        outside = np.flatnonzero(folds == 2)
        inside = np.flatnonzero(folds != 2)
        built = with_rivals.build(inside, inner)
        score = with_rivals.apply(built, with_rivals.everyone)[-1].values
        columns = rival.columns(with_rivals.design((0, 1), with_rivals.everyone, None))
        outcome = with_rivals.months, with_rivals.event
        older, newer = held_out_pair(rival, columns, score, outcome, inside, outside, 36.0)
        for ours, theirs in ((part.older, older), (part.newer, newer)):
            assert ours.values[outside] == pytest.approx(theirs.values, rel=1e-9)
            assert ours.survival[36.0][outside] == pytest.approx(theirs.survival[36.0], rel=1e-9)


def test_what_cannot_be_compared_is_told_and_the_rest_is_compared(data, score):
    """Predictions of one fold alone say nothing of a rival whose model had no finite estimates in it."""
    design = np.column_stack([data.columns(("pcr",)), data.months])  # a covariate that separates the events
    rival = Rival("months", "months and score", ("months",), design)
    inside, outside = np.arange(100), np.arange(100, N)
    blind, _ = held_out_pair(rival, design, score, (data.months, data.event), inside, outside, 36.0)
    assert np.isnan(blind.values).all() and np.isnan(blind.survival[36.0]).all()
    nobody = Marker(name="months", values=np.full(N, np.nan), log_hazard=np.full(N, np.nan), survival={})
    held = [[Held(older=nobody, newer=nobody, score=score, folds=np.zeros(N))]]
    options = {"factor": 1.0, "reach": 1.0, "bootstrap": 0, "seed": 0}
    gains, notices = gains_over_rivals([rival], held, np.empty((N, 0)), (data.months, data.event), 36.0, **options)
    assert gains == () and [notice.code for notice in notices] == ["not-compared"]
    assert notices[0].message.startswith("What the score adds to the months could not be measured: ")


def test_a_rival_is_held_out_too_where_the_model_has_no_covariates(data):
    rival = Rival("stage", "stage and score", ("stage",), data.columns(("stage",)))
    made = Procedure.of(data, Recipe(n_folds=3, horizon=36.0), (rival,))
    found = nested_validation(made, repeats=1, seed=4)
    ((part,),) = found.held
    assert (part.older.name, part.newer.name) == ("stage", "stage and score")
    assert np.isfinite(part.older.values).all() and np.isfinite(part.score).all()
    assert harrell_c(part.newer.values, data.months, data.event).c > 0.6


def test_where_no_candidate_enters_the_clinical_rival_says_the_same_of_everybody(data):
    rival = Rival("clinical", "clinical and score", (), None)
    made = Procedure.of(data, Recipe(n_folds=3, horizon=36.0, candidates=("pcr",), covariate_p=1e-12), (rival,))
    ((part,),) = nested_validation(made, repeats=1, seed=4).held
    assert (part.older.values == 0).all() and np.ptp(part.newer.values) > 0


def test_the_nomogram_predicts_for_the_last_month_of_follow_up_and_not_beyond(data):
    months = np.minimum(data.months, 36.0)
    assert months.max() == 36
    assert _horizons(replace(data, months=months), 24.0) == (12, 24, 36)
    assert _horizons(replace(data, months=np.minimum(months, 35.9)), 24.0) == (12, 24)
    assert _horizons(data, 36.0) == (12, 36, 60) and data.months.max() > 60


def test_beside_candidates_of_which_none_entered_the_score_is_held_against_no_covariates(data):
    plan = Plan(
        recipe=Recipe(n_folds=3, horizon=48.0, candidates=("pcr",), covariate_p=1e-9), bootstrap=0, nested=1,
        reclassification=20,
    )  # fmt: skip
    trained = train(data, plan)
    (gain,) = trained.resampled.gains
    assert (gain.older, gain.n) == ("clinical model", N) and gain.test.df == 1
    assert gain.c_index.older.value == pytest.approx(0.5) and gain.c_index.newer.value > 0.6
    assert gain.effect.value > 0.5 and gain.test.chisq > 10
