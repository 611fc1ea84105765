"""Missing values in training: covariates imputed by chained equations in every resample, features by their nearest."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from LABCRadiomicsLib.model import CovariateDomain, load_model
from LABCRadiomicsLib.scoring import predict
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.imputation import impute, nelson_aalen, pool, pooled_covariance
from LABCRadiomicsLib.statistics.imputed_cox import imputed_cox
from LABCRadiomicsLib.tables.csv_table import write_table
from LABCRadiomicsLib.training import Card, Plan, Procedure, Recipe, TrainingCohort, train, trained_model
from LABCRadiomicsLib.training.missing_features import learn_fill
from LABCRadiomicsLib.training.model_card import _imputation_sentences
from LABCRadiomicsLib.training.procedure import RESAMPLED
from training_data import MAIN_EFFECTS, simulated

N = 160
SPECS = (
    CovariateDomain(name="age", label="Age", type="number"),
    CovariateDomain(name="stage", label="Stage", type="category", levels=("II", "III", "IV"), reference="II"),
    CovariateDomain(name="pcr", label="pCR", type="binary"),
)
RECIPE = Recipe(p=0.2, n_folds=4, horizon=48.0, named=("age", "stage", "pcr"), imputations=6)
PLAN = Plan(recipe=RECIPE, bootstrap=0, reclassification=0, seed=3, missing="impute")


def cohort(share: float = 0.2, seed: int = 4) -> TrainingCohort:
    features, months, event = simulated(seed, n=N, p=6, effects=MAIN_EFFECTS)
    rng = np.random.default_rng(seed)
    age = 55 + 8 * rng.normal(size=N) + 3 * features[:, 0]
    stage = np.array(["II", "III", "IV"])[np.clip((age - 45) // 10, 0, 2).astype(int)]
    columns = {"age": age.tolist(), "stage": stage.tolist(), "pcr": (rng.random(N) < 0.4).astype(float).tolist()}
    covariates = {
        name: tuple(None if gap else value for value, gap in zip(values, rng.random(N) < share, strict=True))
        for name, values in columns.items()
    }
    names = tuple(f"f{at + 1}" for at in range(6))
    return TrainingCohort(names, features, months, event, covariates, tuple(f"c{at}" for at in range(N)), SPECS)


@pytest.fixture(scope="module")
def data():
    return cohort()


@pytest.fixture(scope="module")
def training(data):
    return train(data, PLAN)


def test_coefficients_are_those_of_rubins_rules_over_chained_equations(data, training):
    stage = np.array(
        [np.nan if level is None else ["II", "III", "IV"].index(level) for level in data.covariates["stage"]]
    )
    age, pcr = data.columns(("age",))[:, 0], data.columns(("pcr",))[:, 0]
    score = training.score.values
    auxiliary = np.column_stack([data.event, nelson_aalen(data.months, data.event), score])
    kinds = ("number", "category", "binary")
    tables = impute(np.column_stack([age, stage, pcr]), kinds, auxiliary=auxiliary, repeats=6, cycles=10, seed=3)
    fits = [
        cox(np.column_stack([t[:, 0], t[:, 1] == 1, t[:, 1] == 2, t[:, 2], score]), data.months, data.event)
        for t in tables
    ]
    estimates, covariances = np.array([f.coef for f in fits]), np.array([f.covariance for f in fits])
    freedom = data.events - 5
    known = pool(estimates, np.array([f.se**2 for f in fits]), complete_df=freedom)
    stored = training.nomogram.stored
    assert stored.coefficients() == pytest.approx(known.value, rel=1e-8)
    assert np.array(stored.covariance) == pytest.approx(pooled_covariance(estimates, covariances), rel=1e-7)
    assert [effect.lower for effect in training.nomogram.effects] == pytest.approx(np.exp(known.lower), rel=1e-8)
    assert training.built.imputation.fit.coefficients.missing_information == pytest.approx(known.missing_information)
    assert training.nomogram.model.rows.all()


def test_the_model_predicts_as_the_training_did(data, training):
    model = trained_model(training, Card(id="imputed", title="Imputed"), None)
    assert model.nomogram.covariate_distribution.n == N
    expected = Procedure.of(data, RECIPE).apply(training.built, np.arange(N))[0].values
    for at in range(0, N, 10):
        values = dict(zip(data.names, data.features[at], strict=True))
        found = predict(model, values, {name: column[at] for name, column in data.covariates.items()})
        assert found.linear_predictor == pytest.approx(expected[at], abs=1e-9)
        assert found.averaged == any(column[at] is None for column in data.covariates.values())
    assert any("6 imputations by chained equations" in sentence for sentence in model.provenance.methods)


def test_nothing_missing_changes_nothing():
    whole = cohort(0.0)
    with_imputations, without = (train(whole, replace(PLAN, recipe=replace(RECIPE, imputations=m))) for m in (6, 0))
    assert with_imputations.nomogram.stored == without.nomogram.stored and with_imputations.built.imputation is None


def test_a_resample_imputes_from_its_own_patients(data):
    made = Procedure.of(data, RECIPE)
    rows, out = np.arange(100), np.arange(100, N)
    built = made.build(rows, 1)
    blocks = [block.copy() for block in made.blocks]
    for block in blocks:
        block[out] = np.nan
    alone = replace(made, blocks=tuple(blocks)).build(rows, 1)
    assert np.array_equal(built.nomogram.coef, alone.nomogram.coef)
    assert len(built.imputation.tables.blocks[0]) == RESAMPLED
    assert not np.isnan(made.apply(built, out)[0].values).any()


def test_imputation_uses_what_complete_cases_lose(data):
    kept = train(data, replace(PLAN, recipe=replace(RECIPE, imputations=0)))
    assert kept.nomogram.model.rows.sum() < 0.7 * N
    whole = train(cohort(0.0), PLAN)
    imputed = train(data, replace(PLAN, recipe=replace(RECIPE, imputations=20)))
    truth = np.array(whole.nomogram.stored.coefficients())
    errors = [np.abs(np.array(t.nomogram.stored.coefficients()) - truth) for t in (imputed, kept)]
    spread = np.sqrt(np.diag(whole.nomogram.stored.covariance))
    assert (errors[0] / spread).mean() < (errors[1] / spread).mean()
    wide, narrow = (np.sqrt(np.diag(t.nomogram.stored.covariance)) for t in (kept, imputed))
    assert (narrow < wide).all()


def test_c_is_pooled_on_the_scale_of_log_odds(training):
    c = training.built.imputation.fit.c
    assert 0.5 < c.lower[0] < c.value[0] < c.upper[0] < 1
    assert c.value[0] - c.lower[0] > c.upper[0] - c.value[0]  # not symmetric, as log odds are above a half
    tables = training.built.imputation.tables.design((0, 1, 2), training.score.values)
    same = np.repeat(tables[:1], 3, axis=0)
    one = imputed_cox(same, training.cohort.months, training.cohort.event)
    single = cox(same[0], training.cohort.months, training.cohort.event)
    assert one.model.coef == pytest.approx(single.coef) and one.model.se == pytest.approx(single.se)
    assert one.model.baseline.cumulative_hazard == pytest.approx(single.baseline.cumulative_hazard)
    assert one.coefficients.missing_information == pytest.approx(np.zeros(5), abs=1e-12)


def test_features_are_predicted_from_their_nearest():
    rng = np.random.default_rng(2)
    common = rng.normal(size=(200, 1))
    features = common + 0.3 * rng.normal(size=(200, 8))
    features[:, 7] = rng.normal(size=200)
    holes = rng.random(features.shape) < 0.1
    given = np.where(holes, np.nan, features)
    ours, median = (learn_fill(given[:120], by).apply(given) for by in ("model", "median"))
    assert np.array_equal(ours[~holes], features[~holes])
    related = holes.copy()
    related[:, 7] = False
    error = [np.sqrt(np.mean((filled - features)[related] ** 2)) for filled in (ours, median)]
    assert error[0] < 0.5 < 0.9 < error[1]
    assert ours.min(axis=0) == pytest.approx(np.maximum(ours.min(axis=0), np.nanmin(given, axis=0)))
    other = given.copy()
    other[120:] *= 3  # those who are not learned from
    assert learn_fill(other[:120], "model").medians == pytest.approx(learn_fill(given[:120], "model").medians)
    empty = given.copy()
    empty[:120, 0] = np.nan
    assert (learn_fill(empty[:120], "model", np.ones(8, bool)).apply(empty)[:120, 0] == 0).all()


def test_the_command_imputes_and_reports(run, tmp_path, data):
    features = data.features.copy()
    features[np.random.default_rng(1).random(features.shape) < 0.03] = np.nan
    cells = [["" if np.isnan(value) else value for value in row] for row in features]
    write_table(
        tmp_path / "features.csv", ["case", *data.names], [(c, *row) for c, row in zip(data.cases, cells, strict=True)]
    )
    rows = zip(data.cases, data.months, data.event.astype(int), *data.covariates.values(), strict=True)
    write_table(tmp_path / "outcomes.csv", ["case", "months", "event", *data.covariates], rows)
    command = (
        "train", tmp_path / "features.csv", tmp_path / "outcomes.csv", "--time", "months", "--event", "event",
        "--feature-columns", "^f", "--covariates", "age,stage,pcr", "--p", 0.2, "--n-folds", 4, "--horizon", 48,
        "--bootstrap", 0, "--out", tmp_path / "model.json", "--report", tmp_path / "report",
    )  # fmt: skip
    code, _, said = run(*command, "--missing", "impute", "--fill", "model", "--imputations", 4)
    assert code == 0 and "imputed in 4 tables by chained equations" in said
    found = json.loads((tmp_path / "report" / "report.json").read_text())["missing"]
    assert found["features"]["filled_by"] == "model" and set(found["covariates"]["missing"]) == {"age", "stage", "pcr"}
    assert found["covariates"]["imputations"] == found["covariates"]["imputations_in_resamples"] == 4
    model = load_model(tmp_path / "model.json")
    assert [row["coef"] for row in found["covariates"]["coefficients"]] == pytest.approx(model.nomogram.coefficients())
    assert all(0 <= row["missing_information"] < 0.8 for row in found["covariates"]["coefficients"])
    page = (tmp_path / "report" / "index.html").read_text()
    assert "Missing values" in page and "4 tables by chained equations" in page
    assert (tmp_path / "report" / "missing.csv").is_file()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_a_missing_feature_is_predicted_whatever_the_units_of_the_others(scale):
    features = np.random.default_rng(7).normal(size=(60, 3))
    features[:, 0] = 2 * features[:, 1] + 1
    features[:, 1] = features[:, 1] * scale + 5
    given = features.copy()
    given[3, 0] = np.nan
    assert learn_fill(given, "model").apply(given)[3, 0] == pytest.approx(features[3, 0], abs=0.1)


@pytest.mark.parametrize(("known", "predicted"), [(9, False), (10, True)])
def test_a_feature_is_predicted_where_ten_patients_have_it(known, predicted):
    features = np.random.default_rng(7).normal(size=(30, 3))
    features[:, 0] = 2 * features[:, 1]
    features[known:, 0] = np.nan
    assert bool(learn_fill(features, "model").regressions) == predicted


def test_a_missing_feature_is_told_by_the_five_that_go_along_with_it_most():
    """Least squares on them; neither a constant feature nor a copy of another one is in the way."""
    rng = np.random.default_rng(12)
    signal = rng.normal(size=(80, 5))
    own = signal @ [1.0, -0.8, 0.6, 0.5, 0.4] + rng.normal(0, 0.1, 80)
    noise = rng.normal(size=(80, 6))
    features = np.column_stack([own, noise, np.full(80, 7.0), signal])
    features[:9, 0] = np.nan
    fill = learn_fill(features, "model").regressions[0]
    assert sorted(fill.others) == [8, 9, 10, 11, 12]
    design = np.column_stack([np.ones(71), features[9:, fill.others]])
    assert fill.coefficients == pytest.approx(np.linalg.lstsq(design, own[9:])[0], abs=0.02)
    assert learn_fill(features, "model").apply(features)[:9, 0] == pytest.approx(own[:9], abs=0.5)
    copied = np.column_stack([features, signal[:, 0], signal[:, 0]])
    filled = learn_fill(copied, "model")
    assert (
        np.isfinite(filled.regressions[0].coefficients).all() and np.abs(filled.regressions[0].coefficients).max() < 5
    )


def test_a_card_says_what_stood_in_for_missing_features():
    for fill, words in (("median", "their median"), ("model", "regression on the nearest features")):
        training = SimpleNamespace(
            built=SimpleNamespace(imputation=None), missing=SimpleNamespace(features=("a", "b")),
            plan=SimpleNamespace(recipe=SimpleNamespace(fill=fill)),
        )  # fmt: skip
        assert _imputation_sentences(training) == [f"Missing features of 2 filled by {words}, anew in every resample."]
