"""What a training says of itself, by exact counts and limits: cautions, holes, subgroups, the baseline table."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.model import infer_covariate
from LABCRadiomicsLib.performance import SCORE_ALONE, Estimate, Measure, Metric
from LABCRadiomicsLib.statistics.cox_screening import CONSTANT, OK, univariable_cox
from LABCRadiomicsLib.training import Plan
from LABCRadiomicsLib.training.cautions import (
    capacity_notices,
    events_per_parameter,
    icc_notices,
    optimism_notices,
    outcome_like_notices,
    proportionality_notices,
    screening_notices,
    stability_notices,
)
from LABCRadiomicsLib.training.cross_validation import _statistic
from LABCRadiomicsLib.training.missing_features import MissingShares, settle_missing
from LABCRadiomicsLib.training.model_card import yields_all
from LABCRadiomicsLib.training.procedure import Procedure, Recipe
from LABCRadiomicsLib.training.selection import agreeing_features
from LABCRadiomicsLib.training.subgroups import _kruskal_p, _median_text, _wilcoxon_p, baseline_table, subgroup_analyses
from LABCRadiomicsLib.training.train_model import HORIZONS, _rivals
from training_data import cohort

C_INDEX = Measure(Metric.C_INDEX, SCORE_ALONE)


def messages(notices) -> list[str]:
    return [f"{notice.code}: {notice.message}" for notice in notices]


def test_what_a_training_does_unless_told_otherwise():
    """As README and ``train --help`` say."""
    plan, recipe = Plan(), Recipe()
    assert HORIZONS == (12, 36, 60)  # months, the article's
    assert (plan.min_icc, plan.bootstrap, plan.nested, plan.permutations) == (0.75, 200, 0, 0)
    assert (plan.reclassification, plan.seed, plan.jobs, plan.missing, plan.stage) == (200, 0, 1, None, None)
    assert (recipe.p, recipe.penalty, recipe.n_folds) == (0.05, "min", 10)
    assert (recipe.horizon, recipe.covariate_p) == (60.0, 0.1)
    for bootstrap, asked, repeats in ((0, 0, 0), (1, 0, 1), (40, 0, 1), (41, 0, 2), (40, 3, 3)):
        assert replace(plan, bootstrap=bootstrap, nested=asked).cross_validations == repeats


def test_events_per_parameter_and_when_they_are_few():
    ratios = events_per_parameter(40, 100, 4, 5)
    assert (ratios.candidates, ratios.selected, ratios.nomogram) == (0.4, 10, 8)
    few, chance = messages(capacity_notices(ratios, 40))
    assert "40 events are 8.0 for each of the 5 coefficients of the nomogram, fewer than 10: the cohort" in few
    assert chance.startswith("more-candidates-than-events: 100 candidates were looked at with 40 events")
    assert capacity_notices(events_per_parameter(40, 40, 4, 4), 40) == []
    assert len(capacity_notices(events_per_parameter(40, 41, 5, 5), 40)) == 3


def nested(value, lower):
    return SimpleNamespace(rows=((C_INDEX, Estimate(value, lower, 0.9)),))


@pytest.mark.parametrize(
    ("corrected", "lower", "code"),
    [(0.7, 0.55, None), (0.651, 0.55, None), (0.649, 0.55, "large-optimism"), (0.7, 0.5, "no-better-than-chance"),
     (0.7, 0.501, None), (0.7, None, "no-better-than-chance")],
)  # fmt: skip
def test_optimism_in_words(corrected, lower, code):
    found = optimism_notices(Estimate(0.75), None, nested(corrected, lower))
    assert [notice.code for notice in found] == [code] * (code is not None)
    assert all("0.750 on its own patients" in notice.message for notice in found)


def test_optimism_that_nobody_measured_and_resamples_that_could_not_be_used():
    optimism = SimpleNamespace(repeats=20, used=17, empty=2)
    assert messages(optimism_notices(Estimate(0.75), optimism, None)) == [
        "optimism-unknown: Optimism was not measured: the apparent figures of this model are too good by an unknown "
        "amount.",
        "empty-selections: In 2 of 17 bootstrap samples no feature was selected.",
        "unused-samples: 3 of 20 bootstrap samples had too few events to use.",
    ]
    whole = SimpleNamespace(repeats=20, used=20, empty=0)
    assert optimism_notices(Estimate(0.75), whole, nested(0.7, 0.6)) == []


def test_hazards_that_are_not_proportional():
    test = SimpleNamespace(global_p=0.049, p=np.array([0.3, 0.02, np.nan]))
    (found,) = messages(proportionality_notices(test, ("age", "score", "pcr")))
    assert "p = 0.049; most that of score, p = 0.02" in found
    for p in (0.05, np.nan):
        assert proportionality_notices(SimpleNamespace(global_p=p, p=test.p), ("age", "score", "pcr")) == []


def test_features_that_resamples_seldom_select():
    selection = SimpleNamespace(coefficients=np.array([0, 1.0, 0, -2, 3]))
    optimism = SimpleNamespace(frequency=np.array([0, 0.5, 0.1, 0.49, 0.2]))
    assert messages(stability_notices(optimism, selection)) == [
        "unstable-selection: 2 of the score's 3 features were selected in fewer than half of the resamples."
    ]
    assert stability_notices(SimpleNamespace(frequency=np.full(5, 0.5)), selection) == []
    assert stability_notices(None, selection) == []


def test_features_without_correlation_or_hazard_ratio():
    assert messages(icc_notices(("a", "b", "c"), {"b": (1, 1, 1)})) == [
        "icc-missing: Left out for want of an intraclass correlation: 2 features, such as a."
    ]
    assert icc_notices(("b",), {"b": (1, 1, 1)}) == []
    status = np.array([OK, CONSTANT, CONSTANT, "separated", OK])
    path = SimpleNamespace(complete=False)
    found = messages(screening_notices(SimpleNamespace(screening=SimpleNamespace(status=status), path=path)))
    assert [text.partition(":")[0] for text in found] == ["constant-features", "unfitted-features", "short-path"]
    assert found[:2] == [
        "constant-features: Left out: 2 features with one value in all patients at risk.",
        "unfitted-features: Left out: 1 feature without a finite hazard ratio (the events are separated).",
    ]
    fine = SimpleNamespace(screening=SimpleNamespace(status=np.array([OK])), path=SimpleNamespace(complete=True))
    assert screening_notices(fine) == []


def test_a_column_that_is_nearly_the_outcome():
    made = cohort(3, n=80, p=7)
    assert outcome_like_notices(made) == []
    features = made.features.copy()
    features[:, 0] = made.months
    features[:, 1] = made.event
    (found,) = messages(outcome_like_notices(replace(made, features=features)))
    assert ": f2 (AUC of event against none 1.000), f1 (C-index 1.000). Was" in found
    (found,) = messages(outcome_like_notices(replace(made, features=np.tile(made.months[:, None], 7))))
    assert found.count("(C-index 1.000)") == 5 and " and 2 more." in found


# --- holes ----------------------------------------------------------------------------------------------------------


def holed(*cells: tuple[int, int]):
    made = cohort(4, n=10, p=5)
    features = made.features.copy()
    for row, column in cells:
        features[row, column] = np.nan
    return replace(made, features=features)


def test_holes_are_counted_in_words():
    with pytest.raises(CohortError, match="The feature table has 1 empty cell in 1 feature of 1 case: choose"):
        settle_missing(holed((0, 0)), None, None)
    with pytest.raises(CohortError, match="The feature table has 3 empty cells in 2 features of 2 cases: choose"):
        settle_missing(holed((0, 0), (1, 0), (1, 1)), None, None)


def test_what_is_left_out_or_stands_in():
    made = holed((0, 0), (1, 0), (1, 1))
    kept, notices = settle_missing(made, "features", None)
    assert kept.names == ("f3", "f4", "f5") and messages(notices) == [
        "features-with-missing: Left out: 2 features with empty cells: f1, f2."
    ]
    kept, notices = settle_missing(holed(*((0, at) for at in range(4))), "features", None)
    assert notices[0].message.endswith("f1, f2, f3 and 1 more.")
    kept, notices = settle_missing(holed(*((0, at) for at in range(3))), "features", None)
    assert notices[0].message.endswith("f1, f2, f3.")
    kept, notices = settle_missing(made, "cases", None)
    assert len(kept) == 8 and messages(notices) == ["cases-with-missing-features: Left out: 2 cases with empty cells."]
    kept, notices = settle_missing(made, "impute", None)
    assert np.isnan(kept.features).sum() == 3 and notices[0].message.startswith(
        "3 empty cells in 2 features of 2 cases:"
    )
    kept, notices = settle_missing(made, "impute", 0.1)
    assert kept.names == ("f2", "f3", "f4", "f5") and "more than 10% empty cells" in notices[0].message
    kept, notices = settle_missing(made, None, 0.0)
    assert kept.names == ("f3", "f4", "f5") and notices[0].message.startswith("Left out: 2 features with empty cells")
    kept, notices = settle_missing(made, "impute", 0.2)
    assert kept.names == made.names
    assert settle_missing(cohort(4, n=10, p=5), None, None)[1] == []
    with pytest.raises(CohortError, match="Every feature has empty cells"):
        settle_missing(holed(*((0, at) for at in range(5))), "features", None)
    with pytest.raises(CohortError, match="no case is whole"):
        settle_missing(holed(*((at, 0) for at in range(10))), "cases", None)


def test_shares_of_missing_values():
    made = replace(holed((0, 0), (1, 0)), covariates={"age": [None, *[50.0] * 9], "pcr": [1.0] * 10})
    shares = MissingShares.of(made, ("age", "pcr"))
    assert shares.features == {"f1": 0.2} and shares.covariates == {"age": 0.1}


# --- subgroups and the baseline table -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clinical():
    """Ninety patients with age, stage and response; the age and stage of the first are unknown."""
    made = cohort(6, n=90, p=2, effects=(1.0,))
    rng = np.random.default_rng(1)
    cells = {
        "age": ["", *map(str, rng.integers(30, 70, 89))],
        "stage": ["", *rng.choice(["II", "III"], 89, p=[0.6, 0.4])],
        "pcr": [*rng.choice(["no", "yes"], 90)],
    }
    specs = tuple(infer_covariate(name, values) for name, values in cells.items())
    read = {spec.name: tuple(spec.parse(value) for value in cells[spec.name]) for spec in specs}
    return replace(made, covariates=read, specs=specs)


def test_the_baseline_table(clinical):
    group = (clinical.features[:, 0] > 0).astype(int)
    rows = baseline_table(clinical, group, ("low", "high"))
    low, high = int((group == 0).sum()), int((group == 1).sum())
    assert rows[0].everyone == "90" and rows[0].by_group == (str(low), str(high))
    by = {(row.characteristic, row.level): row for row in rows}
    ages = np.array(clinical.covariates["age"][1:])
    quartiles = np.percentile(ages, (25, 50, 75))
    assert by["age", None].everyone == "{1:.4g} ({0:.4g} to {2:.4g})".format(*quartiles)
    assert by["age", None].test == "Wilcoxon" and 0 < by["age", None].p <= 1
    stages = [value for value in clinical.covariates["stage"] if value is not None]
    first = next(row for row in rows if row.characteristic == "stage")
    assert first.test == "Fisher" and by["stage", "III"].p is None
    count = stages.count("III")
    assert by["stage", "III"].everyone == f"{count} ({count / 89:.0%})"
    assert by["age", "unknown"].everyone == by["stage", "unknown"].everyone == "1"
    assert ("pcr", "unknown") not in by
    three = baseline_table(clinical, np.arange(90) % 3, ("a", "b", "c"))
    assert {row.test for row in three} == {None, "Kruskal-Wallis", "chi-square"}


def test_a_number_is_described_by_median_and_quartiles():
    assert _median_text(np.arange(101.0)) == "50 (25 to 75)" and _median_text(np.empty(0)) == ""


def test_subgroups_by_level_and_by_the_median(clinical):
    score = clinical.features[:, 0]
    found = subgroup_analyses(clinical, ("age", "stage", "pcr"), score, score > 0, ("stage",))
    by = {(part.covariate, part.level): part for part in found}
    middle = float(np.median([value for value in clinical.covariates["age"] if value is not None]))
    assert set(by) == {("age", f"at most {middle:g}"), ("age", f"above {middle:g}"), ("stage", "II"), ("stage", "III"),
                       ("pcr", "no"), ("pcr", "yes")}  # fmt: skip
    assert sum(part.n for part in found[:2]) == 89 and sum(part.n for part in found[4:]) == 90
    assert all(part.groups.hazard_ratio.value > 1 for part in found) and all(
        0 < part.interaction_p < 1 for part in found
    )
    # Beside the score its own covariate is left out; the stage is in where the events carry it.
    assert [len(by[name].effects) for name in (("stage", "II"), ("pcr", "no"))] == [1, 2]
    few = clinical.take(np.arange(90) < 30)
    parts = subgroup_analyses(few, ("pcr",), score[:30], score[:30] > 0, ("age", "stage"))
    text = "events do not carry the other covariates; the score is not adjusted."
    assert all(part.note is not None and f"{part.events} {text}" in part.note for part in parts)
    assert all(len(part.effects) == 1 for part in parts)


def test_a_level_that_no_patient_has_is_no_subgroup(clinical):
    spec = infer_covariate("stage", ["I", "II", "II", "III", "IV"])
    made = replace(clinical, specs=tuple(spec if one.name == "stage" else one for one in clinical.specs))
    score = made.features[:, 0]
    found = subgroup_analyses(made, ("stage",), score, score > 0, ())
    stages = list(made.covariates["stage"])
    assert [(part.level, part.n) for part in found] == [(level, stages.count(level)) for level in ("II", "III")]


@pytest.mark.parametrize(("events", "adjusted"), [(9, False), (10, True)])
def test_a_subgroup_is_adjusted_from_five_events_a_column(clinical, events, adjusted):
    yes = np.array([value == 1 for value in clinical.covariates["pcr"]])
    event = yes & (np.cumsum(yes) <= events) | ~yes & clinical.event
    score = clinical.features[:, 0]
    found = subgroup_analyses(replace(clinical, event=event), ("pcr",), score, score > 0, ("age",))
    (part,) = [part for part in found if part.level == "yes"]
    assert (part.events, len(part.effects)) == (events, 1 + adjusted)


def test_p_values_of_values_that_hardly_differ():
    """Exact without ties; with one value in all there is nothing to test, with two there is."""
    same, two = np.array([1.0, 1, 1]), np.array([1.0, 2, 2])
    assert _wilcoxon_p(same, same) == 1 and _kruskal_p([same, same, same]) == 1
    assert _wilcoxon_p(same, two) == stats.mannwhitneyu(same, two, method="asymptotic").pvalue < 1
    assert _kruskal_p([same, two, two]) == stats.kruskal(same, two, two).pvalue < 1
    apart = np.array([3.0, 4, 5])
    assert _wilcoxon_p(np.array([0.0, 1, 2]), apart) == pytest.approx(0.1)  # 2 of the 20 orders
    many = np.arange(50.0)
    higher = many + 10.5
    assert _wilcoxon_p(many, higher[:49]) == stats.mannwhitneyu(many, higher[:49], method="asymptotic").pvalue < 0.02
    assert _wilcoxon_p(many[:49], higher[:49]) == stats.mannwhitneyu(many[:49], higher[:49], method="exact").pvalue


def test_a_covariate_of_one_level_is_described_and_not_tested(clinical):
    spec = clinical.spec("pcr")
    one = replace(clinical, covariates=clinical.covariates | {"pcr": (1.0,) * 90})
    rows = [row for row in baseline_table(one, np.arange(90) % 2, ("a", "b")) if row.characteristic == spec.label]
    assert [(row.level, row.everyone, row.test, row.p) for row in rows] == [
        ("no", "0 (0%)", None, None), ("yes", "90 (100%)", None, None),
    ]  # fmt: skip


def test_a_subgroup_with_its_estimates_needs_no_note(clinical):
    score = clinical.features[:, 0]
    whole = subgroup_analyses(clinical, ("pcr",), score, score > 0, ())
    assert [part.note for part in whole] == [None, None]
    flat = subgroup_analyses(clinical, ("pcr",), np.zeros(90), score > 0, ())
    assert all("The score's effect has no finite estimate." in part.note and part.effects == () for part in flat)
    lonely = subgroup_analyses(clinical, ("pcr",), score, np.zeros(90, bool), ())
    assert all(part.groups is None and "One risk group has fewer than two" in part.note for part in lonely)


def test_what_the_clinic_has_is_compared_where_it_was_asked_for(clinical):
    def names(**recipe_and_stage) -> list[str]:
        stage = recipe_and_stage.pop("stage", None)
        return [rival.name for rival in _rivals(clinical, Plan(recipe=Recipe(**recipe_and_stage), stage=stage))]

    assert names() == [] and len(names(named=("age",))) == len(names(candidates=("age",))) == 1
    assert len(names(named=("age",), stage="stage")) == 2 and len(names(stage="stage")) == 1
    assert names(named=("age",), stage="stage")[0] == names(named=("age",))[0]


def test_cross_validated_models_that_select_nothing_are_as_good_as_chance():
    made = Procedure.of(cohort(13, n=60, p=5), Recipe(p=1e-300, n_folds=3, horizon=48.0))
    c, wald = _statistic(made, np.random.SeedSequence(1), permute=False)
    assert c == 0.5
    z = univariable_cox(made.features, made.months, made.event).z
    assert wald == pytest.approx(np.mean(z**2))
    exchanged = _statistic(made, np.random.SeedSequence(1), permute=True)
    assert exchanged[0] == 0.5 and exchanged[1] != wald


def test_agreement_must_exceed_the_limit_as_in_the_article():
    icc = {"a": (0.75, 0, 1), "b": (0.7501, 0, 1), "c": (float("nan"), 0, 1)}
    kept = agreeing_features(("a", "b", "c", "d"), icc, 0.75)
    assert kept.tolist() == [False, True, False, False]
    with pytest.raises(CohortError, match=r"No feature has an intraclass correlation above 0\.8"):
        agreeing_features(("a", "b", "c"), icc, 0.8)


def test_a_model_keeps_the_record_of_pyradiomics_features_only():
    record = object()
    for names, kept in ((["original_glcm_Idm"], record), (["original_glcm_Idm", "f1"], None)):
        terms = [SimpleNamespace(feature=name) for name in names]
        training = SimpleNamespace(score=SimpleNamespace(stored=SimpleNamespace(terms=terms)))
        assert yields_all(record, training) is kept and yields_all(None, training) is None


def test_a_level_of_one_patient_is_tested_and_one_of_none_is_not(clinical):
    group = np.arange(90) % 3
    stages = np.array(["II"] * 50 + ["III"] * 39 + ["IV"])
    spec = infer_covariate("stage", ["I", "II", "II", "III", "IV"])
    made = replace(clinical, covariates=clinical.covariates | {"stage": tuple(map(str, stages))},
                   specs=tuple(spec if one.name == "stage" else one for one in clinical.specs))  # fmt: skip
    row = next(row for row in baseline_table(made, group, ("a", "b", "c")) if row.characteristic == "stage")
    counts = [[((stages == level) & (group == at)).sum() for at in range(3)] for level in ("II", "III", "IV")]
    assert (row.level, row.everyone) == ("I", "0 (0%)")
    assert (row.test, row.p) == ("chi-square", pytest.approx(stats.chi2_contingency(counts, correction=False).pvalue))


def test_a_subgroup_one_of_whose_risk_groups_has_no_event_says_so(clinical):
    score = clinical.features[:, 0]
    found = subgroup_analyses(replace(clinical, event=clinical.event & (score > 0)), ("pcr",), score, score > 0, ())
    assert len(found) == 2
    for part in found:
        assert "One risk group has no event: the hazard ratio is Firth's." in part.note
        assert part.groups.hazard_ratio_method == "Firth" and np.isfinite(part.groups.hazard_ratio.upper)
