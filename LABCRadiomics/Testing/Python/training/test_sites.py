"""Features of several sites harmonized by ComBat: in training, in its resamples, and for new patients."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from LABCRadiomicsLib.errors import CohortError, InputError
from LABCRadiomicsLib.model import CovariateDomain, load_model, parse_model
from LABCRadiomicsLib.model.file import format_model
from LABCRadiomicsLib.model.harmonization import with_site
from LABCRadiomicsLib.notices import Notice
from LABCRadiomicsLib.scoring import predict
from LABCRadiomicsLib.scoring.cohort import score_cases
from LABCRadiomicsLib.statistics.combat import combat
from LABCRadiomicsLib.tables.cohort import FeatureTable
from LABCRadiomicsLib.tables.csv_table import read_table, write_table
from LABCRadiomicsLib.training import Card, Plan, Procedure, Recipe, TrainingCohort, train, trained_model
from LABCRadiomicsLib.training.cross_validation import NestedValidation, held_out
from LABCRadiomicsLib.training.model_card import method_sentences
from LABCRadiomicsLib.training.site_harmonization import _estimable, harmonize, require_sites
from training_data import MAIN_EFFECTS, simulated

N, P = 90, 8
SHIFTS = {"A": (0.0, 1.0), "B": (3.0, 1.8), "C": (-2.0, 0.6)}
RECIPE = Recipe(p=0.2, n_folds=4, horizon=48.0, site="scanner", named=("age",))
PLAN = Plan(recipe=RECIPE, bootstrap=0, reclassification=0)
AGE = CovariateDomain(name="age", label="Age", type="number")


def cohort(seed: int = 5, unknown_ages: int = 3) -> TrainingCohort:
    """Three scanners that shift and stretch every feature; features also follow age, which a few do not state."""
    features, months, event = simulated(seed, n=N, p=P, effects=MAIN_EFFECTS)
    rng = np.random.default_rng(seed)
    sites = np.array(["A", "B", "C"])[np.arange(N) % 3]
    age = rng.normal(55, 9, N)
    features += 0.05 * (age - 55)[:, None]
    for name, (shift, stretch) in SHIFTS.items():
        rows = sites == name
        features[rows] = features[rows] * stretch + shift + rng.normal(0, 0.3, P)
    ages = tuple(None if at < unknown_ages else float(value) for at, value in enumerate(age))
    return TrainingCohort(
        tuple(f"f{at + 1}" for at in range(P)), features, months, event, {"age": ages},
        tuple(f"case-{at + 1}" for at in range(N)), (AGE,), (), tuple(sites.tolist()),
    )  # fmt: skip


@pytest.fixture(scope="module")
def data() -> TrainingCohort:
    return cohort()


@pytest.fixture(scope="module")
def training(data):
    return train(data, PLAN)


@pytest.fixture(scope="module")
def model(training):
    made = trained_model(training, Card(id="harmonized", title="Harmonized"), None)
    return parse_model(format_model(made), "harmonized.json")


def test_a_stored_score_has_the_ranges_of_the_training(training):
    stored, values = training.score.stored, training.score.values
    assert (stored.intercept, stored.low, stored.high) == pytest.approx((0, *np.percentile(values, (1, 99))))
    assert stored.low < values.mean() < stored.high


def ages_filled(data: TrainingCohort) -> np.ndarray:
    age = data.columns(("age",))
    return np.where(np.isnan(age), np.nanmean(age), age)


def score(model, data: TrainingCohort, rows=slice(None), **where):
    table = FeatureTable(data.cases[rows], data.names, data.features[rows])
    return score_cases(model, table, {"age": data.covariates["age"][rows]}, **where)


def test_training_features_are_those_of_combat_on_the_table(data, training):
    known = combat(data.features, data.sites, ages_filled(data))
    assert training.cohort.features == pytest.approx(
        known.apply(data.features, data.sites, ages_filled(data)), abs=1e-12
    )
    assert np.abs(training.cohort.features - data.features).max() > 1


def test_the_sites_differ_no_more(data, training):
    def spread(features):
        means = [features[np.array(data.sites) == site].mean(axis=0) for site in SHIFTS]
        return np.ptp(means, axis=0).max()

    assert spread(data.features) > 4 and spread(training.cohort.features) < 0.6


def test_the_model_gives_its_training_patients_their_scores_to_the_bit(data, training, model):
    found = score(model, data, sites=data.sites)
    assert [prediction.score for prediction in found] == training.score.values.tolist()
    assert [prediction.risk_group == "high" for prediction in found] == training.score.groups.high.tolist()
    assert {prediction.site for prediction in found} == set(SHIFTS)
    assert not any(notice.code == "not-harmonized" for prediction in found for notice in prediction.warnings)


def test_the_model_holds_the_sites_of_its_own_features_only(model, training):
    held = model.harmonization
    assert held.features == tuple(term.feature for term in model.score.terms)
    assert [(site.name, site.n) for site in held.sites] == [("A", 30), ("B", 30), ("C", 30)]
    assert [covariate.parameter for covariate in held.covariates] == ["age"]
    assert any("harmonized over 3 sites (A 30, B 30, C 30) by ComBat" in line for line in model.provenance.methods)


def test_a_fold_is_harmonized_without_the_patients_left_out(data):
    made = Procedure.of(data, RECIPE)
    rows, out = np.arange(0, 60), np.arange(60, N)
    before = made.build(rows, 1)
    features = made.features.copy()
    features[out] = 50 - 7 * features[out]
    changed = replace(made, features=features)
    after = changed.build(rows, 1)
    assert np.array_equal(before.coefficients, after.coefficients) and before.cutoff == after.cutoff
    assert np.array_equal(before.sites.combat.shift, after.sites.combat.shift)
    whole = combat(data.features, data.sites, ages_filled(data))  # what a leaking fit would have used
    assert np.abs(before.sites.combat.mean - whole.mean).max() > 1e-3
    inside = before.sites.combat.apply(data.features[rows], data.sites[:60], ages_filled(data)[:60])
    assert made.prepared(rows, None, before.sites)[3:] == pytest.approx(inside[3:], abs=1e-12)


def test_held_out_scores_do_not_know_the_other_patients_of_their_fold(data):
    made = Procedure.of(data, RECIPE)
    folds = np.arange(N) // 30
    features = made.features.copy()
    features[59] += 20  # one patient of the second fold
    before, after = (held_out(each, folds, 1)[-1].values for each in (made, replace(made, features=features)))
    others = (folds == 1) & (np.arange(N) != 59)
    assert np.array_equal(before[others], after[others]) and before[59] != after[59]


def test_a_site_that_a_resample_lacks_stays_as_measured(data):
    made = Procedure.of(data, RECIPE)
    rows = np.flatnonzero(np.array(data.sites) != "C")
    built = made.build(np.concatenate([rows, [2, 2, 2]]), 1)  # one patient of C, thrice
    assert built.sites.combat.batches == ("A", "B")
    of_c = np.flatnonzero(np.array(data.sites) == "C")
    assert np.array_equal(made.prepared(of_c, None, built.sites), data.features[of_c])


def test_harmonization_finds_what_scanners_hide():
    recipe = replace(RECIPE, named=())
    cohorts = [cohort(seed) for seed in (1, 2, 3)]
    plain = [
        np.abs(Procedure.of(data, replace(recipe, site=None)).build(np.arange(N), 1).coefficients) for data in cohorts
    ]
    harmonized = [np.abs(Procedure.of(data, recipe).build(np.arange(N), 1).coefficients) for data in cohorts]
    found = [np.count_nonzero(np.array(each)[:, :3]) for each in (plain, harmonized)]
    assert found[1] > found[0] and found[1] >= 8


def test_unknown_sites_are_refused_or_scored_with_a_grave_warning(data, model):
    some = slice(0, 4)
    with pytest.raises(CohortError, match="say with --site where the cases come from"):
        score(model, data, some)
    with pytest.raises(CohortError, match=r"2 of 4 cases, the first case-1, are of others: X \(1\), no site \(1\)"):
        score(model, data, some, sites=("X", "B", None, "A"))
    values = dict(zip(data.names, data.features[0], strict=True))
    for site in (None, "X"):
        with pytest.raises(InputError, match=r"sites A, B, C, and the patient's site .* recalibrate --site NAME"):
            predict(model, values, {"age": 50}, site=site)
        as_it_is = predict(model, values, {"age": 50}, site=site, unknown_site="as-measured")
        (notice,) = [notice for notice in as_it_is.warnings if notice.code == "not-harmonized"]
        assert notice.grave and as_it_is.site is None
        assert {part.feature: part.value for part in as_it_is.contributions}.items() <= values.items()
    plain = replace(model, harmonization=None)
    assert predict(plain, values, {"age": 50}).score == as_it_is.score
    with pytest.raises(InputError, match="takes no site"):
        predict(plain, values, {"age": 50}, site="A")


def test_the_reference_site_stays_as_it_is(data):
    made = Procedure.of(data, replace(RECIPE, site_reference="B"))
    built = made.build(np.arange(N), 1)
    of_b = np.flatnonzero(np.array(data.sites) == "B")
    assert np.array_equal(made.prepared(of_b, None, built.sites), data.features[of_b])
    of_a = np.flatnonzero(np.array(data.sites) == "A")
    moved = made.prepared(of_a, None, built.sites)
    assert moved.mean(axis=0) == pytest.approx(data.features[of_b].mean(axis=0), abs=1.5)
    assert np.abs(moved - data.features[of_a]).max() > 2


def test_a_site_is_added_from_its_patients(model):
    new = cohort(77, unknown_ages=0)
    rows = np.flatnonzero(np.array(new.sites) == "B")
    features = dict(zip(new.names, new.features[rows].T, strict=True))
    ages = [{"age": new.covariates["age"][at]} for at in rows]
    wider = with_site(model, "D", features, ages)
    site, like = wider.harmonization.sites[-1], wider.harmonization.sites[1]
    assert site.name == "D" and site.n == 30 and wider.harmonization.sites[:3] == model.harmonization.sites
    assert site.location == pytest.approx(like.location, abs=0.6) and site.scale == pytest.approx(like.scale, rel=0.3)
    with pytest.raises(InputError, match="f1 is the same in all 30 cases"):
        with_site(model, "D", features | {"f1": np.full(30, 2.0)}, ages)


def changed(data: TrainingCohort, at, site: str) -> TrainingCohort:
    sites = np.array(data.sites, dtype=object)
    sites[at] = site
    return replace(data, sites=tuple(sites.tolist()))


@pytest.mark.parametrize(
    ("change", "recipe", "sentence"),
    [
        (lambda data: changed(data, slice(None), "A"), RECIPE, "All 90 cases are of site A"),
        (
            lambda data: changed(data, slice(0, 30, 3), "a"),
            RECIPE,
            r"Sites a \(10 cases\) and A \(20 cases\) look like one",
        ),
        (lambda data: changed(data, [0, 1], "D"), RECIPE, r"fewer than 3 cases cannot be harmonized: D \(2\)"),
        (lambda data: data, replace(RECIPE, site_reference="Z"), r"reference site Z; the sites are A \(30\), B"),
        (
            lambda data: replace(data, covariates={"age": tuple(float(ord(site)) for site in data.sites)}),
            RECIPE,
            "covariate age is confounded with the sites",
        ),
        (
            lambda data: replace(data, features=np.where(np.arange(P) < P - 1, 1.0, data.features)),
            RECIPE,
            "Fewer than two features vary within every site",
        ),
    ],
    ids=["one site", "one site in two ways", "small site", "reference", "confounded", "constant"],
)
def test_sites_that_nothing_can_be_learned_from_are_refused(data, change, recipe, sentence):
    with pytest.raises(CohortError, match=sentence):
        train(change(data), replace(PLAN, recipe=recipe))


def codes(notices: tuple[Notice, ...]) -> dict[str, str]:
    return {notice.code: notice.message for notice in notices}


def test_what_is_doubtful_about_sites_is_said(data):
    scarce = changed(data, [0, 1, 2, 3], "D")
    features = scarce.features.copy()
    features[:4, 7] = 1.0
    late = np.where(np.array(data.sites) == "B", 1.0, data.months)
    event = data.event | (np.array(data.sites) == "B")
    found = train(replace(scarce, features=features, months=late, event=event), PLAN)
    said = codes(found.notices)
    assert "fewer than 10 cases: D (4)" in said["few-cases-of-a-site"]
    assert (
        "Left as measured in every site: 1 feature of one value in all cases of site D: f8."
        in said["feature-constant-at-a-site"]
    )
    assert said["site-and-outcome"].startswith("The sites differ in survival (log-rank p = ")
    assert np.array_equal(found.cohort.features[:, 7], features[:, 7])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, data) -> Path:
    place = tmp_path_factory.mktemp("sites")
    write_table(place / "features.csv", ["case", *data.names], zip(data.cases, *data.features.T, strict=True))
    rows = zip(data.cases, data.months, data.event.astype(int), data.covariates["age"], data.sites, strict=True)
    write_table(place / "outcomes.csv", ["case", "months", "event", "age", "scanner"], rows)
    new = cohort(77, unknown_ages=0)
    keep = np.flatnonzero(np.array(new.sites) == "B")
    write_table(place / "new.csv", ["case", *new.names], [(new.cases[at], *new.features[at]) for at in keep])
    rows = [(new.cases[at], new.months[at], int(new.event[at]), new.covariates["age"][at]) for at in keep]
    write_table(place / "new_outcomes.csv", ["case", "months", "event", "age"], rows)
    return place


STUDY = ("--time", "months", "--event", "event")


def test_the_commands_take_sites_all_the_way(folder, run, training):
    tables = folder / "features.csv", folder / "outcomes.csv"
    made, report = folder / "model.json", folder / "report"
    options = (
        "--site",
        "scanner",
        "--covariates",
        "age",
        "--feature-columns",
        "^f",
        "--p",
        0.2,
        "--n-folds",
        4,
        "--horizon",
        48,
    )
    code, _, said = run("train", *tables, *STUDY, *options, "--bootstrap", 0, "--out", made, "--report", report)
    assert code == 0, said
    document = json.loads((report / "report.json").read_text())
    assert [row["site"] for row in document["harmonization"]["sites"]] == ["A", "B", "C"]
    assert document["harmonization"]["preserved"] == ["age"]
    assert "Scanners and sites" in (report / "index.html").read_text()
    assert [term.feature for term in load_model(made).score.terms] == [t.feature for t in training.score.stored.terms]

    scores = folder / "scores.csv"
    apply = ("apply", made, tables[0], "--covariates", tables[1], "--out", scores)
    code, _, said = run(*apply)
    assert code == 2 and "--unknown-site as-measured" in said and not scores.exists()
    assert run(*apply, "--site", "scanner")[0] == 0
    assert read_table(scores).numbers("score") == pytest.approx(training.score.values, abs=1e-12)
    code, _, said = run(*apply, "--unknown-site", "as-measured")
    assert code == 0 and "Scored as measured: 90 of 90 cases; of the first: " in said

    validate = ("validate", made, *tables, *STUDY, "--report", folder / "validation", "--bootstrap", 0)
    assert run(*validate)[0] == 2
    code, printed, _ = run(*validate, "--site", "scanner")
    assert code == 0 and "These are the training patients of the model" in printed

    new = folder / "new.csv", folder / "new_outcomes.csv"
    wider = folder / "wider.json"
    add = ("recalibrate", made, *new, *STUDY, "--out", wider)
    assert run(*add)[0] == 2
    assert run(*add, "--site", "D")[0] == 0
    before, after = load_model(made), load_model(wider)
    assert [site.name for site in after.harmonization.sites] == ["A", "B", "C", "D"]
    assert "site D added to A, B, C from its 30 cases" in after.provenance.changes[0].what
    assert after.nomogram.baseline != before.nomogram.baseline
    assert run(*add, "--site", "D", "--method", "site")[0] == 0
    assert load_model(wider).nomogram == before.nomogram
    assert run(*add, "--site", "A", "--method", "site")[0] == 2
    code, _, said = run(
        "train", *tables, *STUDY, "--site", "city", "--feature-columns", "^f", "--out", made, "--report", report
    )
    assert code == 2 and "no column city with the sites" in said


def test_the_mean_of_those_known_stands_in_for_unknown_covariates_of_a_fit(data):
    age = data.columns(("age",))
    patients = np.arange(N)
    fit = harmonize(data.features, np.array(data.sites), age, patients, None)
    assert fit.means == pytest.approx([np.nanmean(age)])
    filled = combat(data.features, data.sites, ages_filled(data))
    assert fit.apply(data.features, np.array(data.sites), age) == pytest.approx(
        filled.apply(data.features, data.sites, ages_filled(data))
    )
    nobody = harmonize(data.features, np.array(data.sites), np.full((N, 1), np.nan), patients, None)
    assert nobody.means.tolist() == [0.0]


def test_a_signal_that_sites_take_with_them_is_said_where_nothing_is_left(data):
    """Every patient with the event was scanned at one site: ComBat takes from the features what tells them apart."""
    sites = tuple("A" if event else "B" for event in data.event)
    marked = data.features + 2.0 * data.event[:, None]
    confounded = replace(data, features=marked, sites=sites, covariates={}, specs=())
    plan = replace(PLAN, recipe=replace(RECIPE, named=(), p=1e-6))
    with pytest.raises(CohortError) as caught:
        train(confounded, plan)
    events = int(data.event.sum())
    said = str(caught.value)
    assert said.startswith(
        "No feature has a univariable p below 1e-06: the cohort cannot carry a score at this limit; "
    )
    assert (
        "the sites differ in survival (log-rank p = " in said
        and f"A {events} events in {events}, B 0 events in" in said
    )
    assert "harmonization takes away whatever of the features goes along with that difference" in said
    apart = replace(data, covariates={}, specs=())
    with pytest.raises(CohortError, match=r"at this limit\.$"):
        train(apart, replace(plan, recipe=replace(plan.recipe, p=1e-300)))


@pytest.mark.parametrize(("size", "enough"), [(3, True), (2, False)])
def test_a_site_has_three_patients_at_least(data, size, enough):
    sites = np.array(data.sites)
    few = np.flatnonzero(sites == "C")[size:]
    sites[few] = "B"
    cut = replace(data, sites=tuple(sites.tolist()))
    if enough:
        assert "few-cases-of-a-site" in {notice.code for notice in require_sites(cut, None, ())}
    else:
        with pytest.raises(
            CohortError, match=r"Sites with fewer than 3 cases cannot be harmonized: C \(2\)\. Give them"
        ):
            require_sites(cut, None, ())


def test_two_features_that_vary_within_every_site_are_enough(data):
    require_sites(replace(data, features=np.where(np.arange(P) < P - 2, 1.0, data.features)), None, ())


def test_a_card_says_how_often_the_cross_validation_was_repeated(training):
    def sentence(repeats: int) -> str:
        nested = NestedValidation(repeats, 5, (), 1.0, 1.0)
        resampled = replace(training.resampled, nested=nested)
        return next(text for text in method_sentences(replace(training, resampled=resampled)) if "Optimism" in text)

    assert sentence(1) == "Optimism: nested 5-fold cross-validation of the whole selection, once."
    assert sentence(2) == "Optimism: nested 5-fold cross-validation of the whole selection, 2 times."


def test_a_card_says_how_often_the_penalty_was_chosen_anew(training):
    def sentence(repeats: int) -> str:
        plan = replace(PLAN, recipe=replace(RECIPE, cv_repeats=repeats))
        return next(text for text in method_sentences(replace(training, plan=plan)) if "cross-validation" in text)

    assert sentence(1).startswith("LASSO-Cox regression, 4-fold cross-validation, lambda.min = ")
    assert sentence(2).startswith("LASSO-Cox regression, 4-fold cross-validation repeated 2 times, lambda.min = ")


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_what_effects_beside_the_sites_can_be_estimated_does_not_depend_on_units(unit):
    rng = np.random.default_rng(0)
    sites = np.repeat(["A", "B", "C"], 20)
    age, dose = rng.normal(size=60), rng.normal(size=60)
    columns = np.column_stack([age, sites == "B", dose, age + dose, np.zeros(60)]) * unit
    assert _estimable(sites, columns).tolist() == [True, False, True, False, False]
