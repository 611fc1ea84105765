"""Optimism on simulated cohorts whose truth is known: with an effect, without any, and how sure the limits are."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.model import infer_covariate
from LABCRadiomicsLib.performance import NOMOGRAM, SCORE_ALONE, Estimate, Marker, Measure, Metric
from LABCRadiomicsLib.performance.within_folds import auc_within, concordance_within
from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.lasso import partial_deviance, random_folds
from LABCRadiomicsLib.statistics.roc import time_dependent_roc
from LABCRadiomicsLib.training import Plan, train
from LABCRadiomicsLib.training.cross_validation import _mean, held_out, nested_validation, permutation_test
from LABCRadiomicsLib.training.optimism import _repeat, _row, bootstrap_optimism, point632plus
from LABCRadiomicsLib.training.procedure import Procedure, Recipe, measure_markers
from LABCRadiomicsLib.training.training_cohort import patient_folds
from training_data import MAIN_EFFECTS, cohort, simulated

C_INDEX = Measure(Metric.C_INDEX, SCORE_ALONE)
SLOPE, PETO = Measure(Metric.SLOPE, SCORE_ALONE), Measure(Metric.PETO, SCORE_ALONE)
QUICK = Recipe(n_folds=3, horizon=48.0)


def procedure(
    seed: int, n: int = 120, p: int = 20, effects: tuple[float, ...] = (), recipe: Recipe = QUICK
) -> Procedure:
    return Procedure.of(cohort(seed, n, p, effects), recipe)


def optimism_of(made: Procedure, repeats: int, seed: int = 1, jobs: int = 1):
    apparent = made.apply(made.build(made.everyone, seed), made.everyone)
    return bootstrap_optimism(made, apparent, repeats=repeats, seed=seed, jobs=jobs)


@pytest.mark.parametrize(
    ("apparent", "left_out", "no_information", "corrected", "weight"),
    [
        (0.8, 0.8, 0.5, 0.8, 0.632),  # no overfitting: .632
        (0.9, 0.5, 0.5, 0.5, 1.0),  # nothing but overfitting: out of bag
        (0.9, 0.4, 0.5, 0.4, 1.0),  # worse than chance is not hidden
        (0.9, 0.7, 0.5, 0.7450980392156863, 0.7745098039215687),  # R = 0.5: w = 0.632 / (1 - 0.184)
        (0.45, 0.48, 0.5, 0.46896, 0.632),  # no apparent signal
    ],
)
def test_632plus_by_hand(apparent, left_out, no_information, corrected, weight):
    assert point632plus(apparent, left_out, no_information) == pytest.approx((corrected, weight), rel=1e-12)


def test_all_copies_of_a_patient_share_a_fold():
    rng = np.random.default_rng(3)
    event = rng.random(60) < 0.4
    patients = rng.integers(0, 60, 60)
    folds = patient_folds(patients, event[patients], 5, seed=1)
    assert np.unique(folds).tolist() == [1, 2, 3, 4, 5]
    for patient in np.unique(patients):
        assert np.unique(folds[patients == patient]).size == 1
    # As many folds as there are distinct patients with the event, where these are fewer.
    few = np.array([0, 0, 1, 2, 3, 4, 5, 6])
    assert patient_folds(few, np.array([1, 1, 1, 1, 0, 0, 0, 0], bool), 5, seed=1).max() == 3


def test_bootstrap_does_not_depend_on_the_number_of_jobs():
    made = procedure(5, n=80, p=10, effects=MAIN_EFFECTS)
    one, two = optimism_of(made, 8), optimism_of(made, 8, jobs=2)
    assert [(row.harrell, row.point632plus) for row in one.rows] == [
        (row.harrell, row.point632plus) for row in two.rows
    ]
    assert np.array_equal(one.cutoff, two.cutoff, equal_nan=True)
    assert np.array_equal(one.frequency, two.frequency)
    assert optimism_of(made, 8, seed=2).row(C_INDEX).harrell != one.row(C_INDEX).harrell


def test_bootstrap_finds_the_features_that_drive_the_outcome():
    made = procedure(7, n=150, p=20, effects=MAIN_EFFECTS)
    found = optimism_of(made, 20)
    assert found.used == 20 and found.empty == 0
    assert (found.frequency[:3] > 0.9).all()
    assert found.frequency[3:].mean() < 0.6
    row = found.row(C_INDEX)
    assert row.out_of_bag.value < row.point632plus < row.apparent.value
    assert row.out_of_bag.lower < row.out_of_bag.value < row.out_of_bag.upper
    assert found.row(SLOPE).apparent.value == pytest.approx(1.0)
    assert found.row(SLOPE).out_of_bag.value < found.row(SLOPE).harrell < 1.0
    assert np.nanmin(found.cutoff_percentile) > 0 and np.nanmax(found.cutoff_percentile) < 1


def test_bootstrap_refuses_a_cohort_without_enough_events():
    made = procedure(1, n=40, p=5, effects=MAIN_EFFECTS)
    few = replace(made, event=np.arange(40) < 3)
    nothing = Marker(name=SCORE_ALONE, values=np.zeros(40))
    with pytest.raises(CohortError, match="too few events to train on"):
        bootstrap_optimism(few, (nothing,), repeats=10, seed=1)


def test_concordance_within_folds_counts_only_their_pairs():
    features, months, event = simulated(4, n=60, p=2, effects=(1.0,))
    marker, folds = features[:, 0], np.arange(60) % 3
    c, se = concordance_within(marker, months, event, folds)
    parts = [harrell_c(marker[folds == at], months[folds == at], event[folds == at]) for at in range(3)]
    pairs = np.array([part.concordant + part.discordant + part.tied_marker for part in parts])
    assert c == pytest.approx(np.average([part.c for part in parts], weights=pairs))
    whole = harrell_c(marker, months, event)
    alone = concordance_within(marker, months, event, np.zeros(60))
    assert alone == pytest.approx((whole.c, whole.se))
    assert whole.se < se < 3 * whole.se
    # A shift of a whole fold's scores changes nothing: folds are on scales of their own.
    assert concordance_within(marker + 100 * folds, months, event, folds)[0] == pytest.approx(c)


def test_auc_within_folds_counts_only_their_pairs():
    features, months, event = simulated(4, n=90, p=2, effects=(1.0,))
    marker, folds = np.round(features[:, 0], 1), np.arange(90) % 3
    whole = time_dependent_roc(marker, months, event, 48.0)
    assert auc_within(marker, months, event, np.zeros(90), 48.0) == pytest.approx(whole.auc, abs=1e-12)
    auc = auc_within(marker, months, event, folds, 48.0)
    assert auc_within(marker + 100 * folds, months, event, folds, 48.0) == pytest.approx(auc)
    assert auc == pytest.approx(whole.auc, abs=0.06) and auc != pytest.approx(whole.auc, abs=1e-6)
    assert np.isnan(auc_within(marker, months, event, np.arange(90), 48.0))
    some = np.where(np.arange(90) < 10, np.nan, marker)
    rest = np.arange(10, 90)
    weights = auc_within(some, months, event, np.zeros(90), 48.0)
    assert weights == pytest.approx(time_dependent_roc(marker[rest], months[rest], event[rest], 48.0).auc, abs=0.01)


def test_held_out_markers_do_not_see_the_patient():
    made = procedure(9, n=90, p=8, effects=MAIN_EFFECTS)
    folds = random_folds(made.event, 3, 1)
    before = held_out(made, folds, 1)
    features, months = made.features.copy(), made.months.copy()
    out = folds == 2
    months[out] = months[out][::-1]  # other outcomes for the patients of one fold
    changed = held_out(Procedure(features, months, made.event, QUICK), folds, 1)
    (before,), (changed,) = before, changed
    assert np.array_equal(before.values[out], changed.values[out])
    assert not np.array_equal(before.values[~out], changed.values[~out])


def test_nested_validation_is_near_the_truth():
    made = procedure(11, n=150, p=20, effects=MAIN_EFFECTS)
    rows = np.arange(made.n)
    built = made.build(rows, 1)
    features, months, event = simulated(1011, n=4000, p=20, effects=MAIN_EFFECTS)
    truth = harrell_c(features @ built.coefficients, months, event).c
    found = dict(nested_validation(made, repeats=1, seed=3).rows)
    assert found[C_INDEX].lower < truth < found[C_INDEX].upper
    assert found[C_INDEX].value == pytest.approx(truth, abs=0.06)
    assert found[PETO].lower > 0


def test_limits_of_a_nested_validation_are_widened_as_nadeau_and_bengio_have_it():
    made = procedure(11, n=80, p=6, effects=MAIN_EFFECTS)
    told: list = []
    validation = nested_validation(made, repeats=1, seed=3, advance=lambda *done: told.append(done))
    assert told == [(done, 10) for done in range(1, 11)]
    fold_seed, inner = map(int, np.random.SeedSequence(3).spawn(1)[0].generate_state(2))
    folds = random_folds(made.event, 10, fold_seed)
    (marker,) = held_out(made, folds, inner)
    c, se = concordance_within(marker.values, made.months, made.event, folds)
    assert (validation.folds, validation.repeats) == (10, 1)
    assert validation.factor == pytest.approx(np.sqrt(1 + 10 / 9))
    assert validation.reach == pytest.approx(stats.t.ppf(0.975, 9) / stats.norm.ppf(0.975))
    found, half = dict(validation.rows), stats.t.ppf(0.975, 9) * se * np.sqrt(1 + 10 / 9)
    assert found[C_INDEX].value == pytest.approx(c)
    assert (found[C_INDEX].lower, found[C_INDEX].upper) == pytest.approx((c - half, min(1, c + half)))
    auc = found[Measure(Metric.AUC, SCORE_ALONE, 48.0)]
    assert auc.se is not None and auc.lower < auc.value < auc.upper
    # Peto's is of no difference and is large enough: only the quantile is widened.
    everyone = measure_markers([replace(marker, values=marker.log_hazard)], made.months, made.event, 48.0)
    assert found[PETO].value == pytest.approx(everyone[PETO].value)
    assert found[PETO].se == pytest.approx(everyone[PETO].se * validation.reach)


def test_a_resample_says_how_many_patients_its_cutoff_leaves_at_low_risk():
    made = procedure(7, n=90, p=8, effects=MAIN_EFFECTS)
    stream = np.random.SeedSequence(5)
    repeat = _repeat(made, stream, (48.0,))
    rng = np.random.default_rng(stream)
    rows = rng.integers(0, 90, 90)
    built = made.build(rows, int(rng.integers(2**31)))
    assert np.array_equal(repeat.coefficients, built.coefficients) and not built.empty
    assert (repeat.cutoff, repeat.penalty) == (built.cutoff, built.selection.penalty)
    low = made.features @ built.coefficients <= built.cutoff
    assert repeat.cutoff_percentile == pytest.approx(low.mean()) and low.mean() != 0.5
    assert repeat.n_outside == 90 - np.unique(rows).size
    inside, outside = repeat.inside[C_INDEX].value, repeat.outside[C_INDEX].value
    score, out = made.features @ built.coefficients, np.setdiff1d(np.arange(90), rows)
    assert inside == pytest.approx(harrell_c(score[rows], made.months[rows], made.event[rows]).c)
    assert outside == pytest.approx(harrell_c(score[out], made.months[out], made.event[out]).c)
    assert repeat.everyone[C_INDEX].value == pytest.approx(harrell_c(score, made.months, made.event).c)


@pytest.mark.slow
def test_limits_of_the_validated_c_index_cover_the_truth():
    """Train, validate on other patients, and compare with the C-index of 3000 more."""
    covered, found = 0, np.zeros(12)
    for seed in range(40):
        made = procedure(seed, n=100, p=12, effects=MAIN_EFFECTS)
        coefficients = made.build(np.arange(100), 1).coefficients
        found += coefficients != 0
        features, months, event = simulated(10_000 + seed, n=100, p=12, effects=MAIN_EFFECTS)
        validated = harrell_c(features @ coefficients, months, event)
        features, months, event = simulated(20_000 + seed, n=3000, p=12, effects=MAIN_EFFECTS)
        covered += validated.lower <= harrell_c(features @ coefficients, months, event).c <= validated.upper
    # 34 to 40 of 40 are within the central 99 % of a binomial distribution with 0.95.
    assert 34 <= covered <= 40
    assert (found[:3] >= 37).all(), "the driving features are found"
    assert found[3:].max() < 37


@pytest.mark.slow
def test_without_any_effect_the_corrected_c_index_is_that_of_chance():
    apparent, corrected = [], []
    for seed in range(12):
        made = procedure(300 + seed, n=80, p=30)
        found = made.apply(made.build(made.everyone, 1), made.everyone)
        apparent.append(measure_markers(found, made.months, made.event, 48.0)[C_INDEX].value)
        corrected.append(dict(nested_validation(made, repeats=1, seed=seed).rows)[C_INDEX])
    assert np.mean(apparent) > 0.56  # what the article would have reported
    assert np.mean([row.value for row in corrected]) == pytest.approx(0.5, abs=0.045)
    assert sum(row.lower <= 0.5 <= row.upper for row in corrected) >= 10


@pytest.mark.slow
def test_limits_of_corrected_values_cover_the_model_on_other_patients():
    """A small version of Benchmarks/coverage.py: C-index and slope of each model on 3000 patients more."""
    covered, off = np.zeros(2), []
    for seed in range(8):
        made = procedure(700 + seed, n=100, p=40, effects=(0.8, -0.6))
        built = made.build(made.everyone, 1)
        found = dict(nested_validation(made, repeats=1, seed=seed).rows)
        others = Procedure(*simulated(30_000 + seed, n=3000, p=40, effects=(0.8, -0.6)), QUICK)
        truth = measure_markers(others.apply(built, others.everyone), others.months, others.event, 48.0)
        for at, measure in enumerate((C_INDEX, SLOPE)):
            covered[at] += found[measure].lower <= truth[measure].value <= found[measure].upper
        off.append(found[C_INDEX].value - truth[C_INDEX].value)
    # 6 to 8 of 8 are within the central 98 % of a binomial distribution with 0.95.
    assert (covered >= 6).all()
    assert np.mean(off) == pytest.approx(0, abs=0.03)


@pytest.mark.slow
def test_without_any_effect_permutation_p_values_are_uniform():
    p = [permutation_test(procedure(600 + seed, n=50, p=6), permutations=9, seed=seed).p for seed in range(12)]
    assert set(np.round(np.array(p) * 10, 6)) <= set(range(1, 11))
    # A p value of k/10 stands for the tenth that ends there; spread evenly inside it, they are uniform.
    spread = np.array(p) - np.random.default_rng(1).random(len(p)) / 10
    assert stats.kstest(spread, "uniform").pvalue > 0.05


def test_with_an_effect_the_permutation_test_is_sure():
    found = permutation_test(procedure(13, n=100, p=8, effects=MAIN_EFFECTS), permutations=19, seed=1)
    assert found.p == 0.05  # the smallest of 19 permutations
    assert found.observed > 0.7
    assert found.null.mean() == pytest.approx(0.5, abs=0.06) and found.null.size == 19


def test_deviance_of_linear_predictors_that_are_a_thousand_apart_is_finite():
    """Where features separate a fold's events, exp() underflows on the patients left out."""
    _, months, event = simulated(2, n=40)
    # The longer the follow-up the smaller the predictor: sums over the late risk sets are zero in units of the largest.
    eta = np.linspace(0, 30, 40)[np.argsort(np.argsort(-months))]
    moderate, extreme = partial_deviance(np.column_stack([eta, 60 * eta]), months, event)
    assert moderate == pytest.approx(partial_deviance(np.column_stack([eta, eta]), months, event)[0], rel=1e-12)
    # 1800 apart, each event's risk set is the event's own patient and those followed longer: pairwise differences.
    order = np.argsort(-months)
    by_hand = 2 * sum(
        np.logaddexp.reduce(60 * eta[order[: at + 1]]) - 60 * eta[order[at]] for at in range(40) if event[order[at]]
    )
    assert np.isfinite(extreme) and extreme == pytest.approx(by_hand, rel=1e-12)


def test_the_effect_of_the_score_is_marked_and_corrected():
    """Without any signal p is small all the same; corrected, nothing is left of the hazard ratio."""
    data = cohort(301, 90, 30)
    training = train(data, Plan(recipe=QUICK, bootstrap=12, reclassification=0))
    apparent, corrected = training.nomogram.effects[-1], training.nomogram.corrected
    assert apparent.p < 0.05 and corrected.p > 0.05
    assert corrected.lower < 1 < corrected.upper
    assert abs(np.log(corrected.hr)) < abs(np.log(apparent.hr))
    assert corrected.per_sd_hr == pytest.approx(corrected.hr**apparent.sd)
    slope = dict(training.resampled.nested.rows)[SLOPE]
    assert np.log(corrected.hr) == pytest.approx(slope.value * apparent.coef)
    assert train(data, Plan(recipe=QUICK, bootstrap=0, reclassification=0)).nomogram.corrected is None


def test_the_score_beside_covariates_has_a_slope_of_its_own():
    """The share of the score in the nomogram is corrected, whatever the covariates do."""
    rng = np.random.default_rng(4)
    data = cohort(7, 120, 10, MAIN_EFFECTS)
    bad = rng.integers(0, 2, 120).astype(float)
    data = replace(
        data, months=data.months / np.exp(1.5 * bad), covariates={"bad": tuple(bad)},
        specs=(infer_covariate("bad", ["0", "1"]),),
    )  # fmt: skip
    made = Procedure.of(data, replace(QUICK, named=("bad",)))
    built = made.build(made.everyone, 1)
    nomogram, _ = made.apply(built, made.everyone)
    found = measure_markers([nomogram], made.months, made.event, 48.0)
    assert found[Measure(Metric.SCORE_SLOPE, NOMOGRAM)].value == pytest.approx(1)
    share = nomogram.score_share / 2
    half = replace(nomogram, score_share=share, log_hazard=nomogram.log_hazard - share)
    found = measure_markers([half], made.months, made.event, 48.0)
    assert found[Measure(Metric.SCORE_SLOPE, NOMOGRAM)].value == pytest.approx(2)


def test_a_score_of_no_feature_is_a_coin_in_the_permutation_test_too():
    nothing = replace(QUICK, p=1e-12)
    found = permutation_test(procedure(14, n=60, p=4, recipe=nothing), permutations=5, seed=1)
    assert found.observed == 0.5 and found.null.tolist() == [0.5] * 5 and 1 / 6 <= found.p <= 1


def test_errors_out_of_bag_are_of_as_many_patients_as_the_cohort_has():
    """A resample leaves out a part of the patients, whose error is larger than that of all by the root of its share."""
    made = procedure(7, n=90, p=8, effects=MAIN_EFFECTS)
    repeats = [_repeat(made, stream, (48.0,)) for stream in np.random.SeedSequence(5).spawn(6)]
    apparent = Estimate(0.8, 0.7, 0.9, 0.05)
    row = _row(C_INDEX, apparent, repeats, made.n)
    left_out = np.mean([one.outside[C_INDEX].value for one in repeats])
    error = np.mean([one.outside[C_INDEX].se * np.sqrt(one.n_outside / 90) for one in repeats])
    assert (row.out_of_bag.value, row.out_of_bag.se) == pytest.approx((left_out, error))
    gone = [one.inside[C_INDEX].value - one.everyone[C_INDEX].value for one in repeats]
    assert row.harrell == pytest.approx(0.8 - np.mean(gone))
    assert row.point632plus == point632plus(0.8, left_out, 0.5)[0]
    slope = _row(SLOPE, Estimate(1.0), repeats, made.n)  # of slopes the median, for a few may be anything
    assert slope.out_of_bag.value == pytest.approx(np.median([one.outside[SLOPE].value for one in repeats]))


def test_limits_out_of_bag_end_at_0_and_1_where_they_are_a_discriminations():
    made = procedure(7, n=90, p=8, effects=MAIN_EFFECTS)
    (repeat,) = [_repeat(made, stream, (48.0,)) for stream in np.random.SeedSequence(5).spawn(1)]
    for value, ends in ((0.98, (0.0, 1.0)), (0.02, (0.0, 1.0))):
        there = {measure: Estimate(value, se=1.0) for measure in (C_INDEX, SLOPE)}
        row, slope = (_row(measure, Estimate(0.9), [replace(repeat, outside=there)], made.n) for measure in there)
        assert (row.out_of_bag.lower, row.out_of_bag.upper) == ends
        assert slope.out_of_bag.lower < 0 and slope.out_of_bag.upper > 1


def test_the_mean_over_partitions_has_limits_within_0_and_1_where_it_is_a_discrimination():
    parts = [Estimate(0.9, se=0.1), Estimate(0.98, se=0.06), Estimate(float("nan"))]
    found = _mean(C_INDEX, parts, 1.5)
    assert (found.value, found.se, found.upper) == pytest.approx((0.94, 0.12, 1.0))
    assert found.lower == pytest.approx(0.94 - 1.959963984540 * 0.12)
    assert _mean(SLOPE, parts, 1.5).upper == pytest.approx(0.94 + 1.959963984540 * 0.12)
    assert _mean(C_INDEX, [Estimate(0.02, se=0.1)], 1.0).lower == 0
