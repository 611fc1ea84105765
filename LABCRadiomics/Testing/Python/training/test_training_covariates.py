"""Covariates of a training: what kind a column is, how tables are joined, which enter the nomogram, and the recipe."""

from dataclasses import replace

import numpy as np
import pytest

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.model import infer_covariate
from LABCRadiomicsLib.tables.cohort import FeatureTable, OutcomeTable
from LABCRadiomicsLib.training import Plan, Recipe, TrainingCohort, cohort_of, specs_of, train
from LABCRadiomicsLib.training.clinical_models import fit_clinical
from LABCRadiomicsLib.training.procedure import Procedure
from LABCRadiomicsLib.training.training_cohort import require_events
from training_data import MAIN_EFFECTS, cohort


@pytest.mark.parametrize(
    ("texts", "kind", "levels", "reference"),
    [
        (["0", "1", "1", ""], "binary", None, None),
        (["0.0", "1.0", "1"], "binary", None, None),
        (["yes", "no", "NA"], "binary", ("no", "yes"), None),
        (["positive", "negative"], "binary", ("negative", "positive"), None),
        (["-", "+"], "binary", None, None),
        (["41.5", "52", "unknown"], "number", None, None),
        (["41,5", "52"], "number", None, None),
        (["1", "2"], "number", None, None),
        (["II", "IIIa", "IIIc", "II"], "category", ("II", "IIIa", "IIIc"), "II"),
        (["1", "2", "X"], "category", ("1", "2", "X"), "1"),
    ],
)
def test_kind_of_a_column(texts, kind, levels, reference):
    spec = infer_covariate("x", texts)
    assert (spec.type, spec.levels, spec.reference) == (kind, levels, reference)


def test_columns_of_covariates():
    number = infer_covariate("age", ["41,5", "52", ""])
    assert number.parse_column("abc", ["41,5", "52", ""]) == (41.5, 52.0, None)
    assert np.array_equal(number.columns((41.5, None)), [[41.5], [np.nan]], equal_nan=True)
    binary = infer_covariate("hr", ["negative", "positive"])
    assert binary.parse_column("abc", ["Negative", "1", "unknown"]) == (0.0, 1.0, None)
    category = infer_covariate("cT", ["2", "3", "4"], category=True)
    assert category.levels == ("2", "3", "4") and category.parameters() == ("cT=3", "cT=4")
    values = category.parse_column("abc", ["4", "2", ""])
    assert np.array_equal(category.columns(values), [[0, 1], [0, 0], [np.nan, np.nan]], equal_nan=True)
    with pytest.raises(CohortError, match=r"case b: covariate cT: '7' is not one of 2, 3, 4"):
        category.parse_column("ab", ["2", "7"])
    with pytest.raises(CohortError, match="7 different values, among them 'a'"):
        infer_covariate("x", list("abcdefg"))
    assert infer_covariate("x", list("abcdefg"), category=True).reference == "a"


def test_cohort_is_joined_in_the_order_of_the_features():
    features = FeatureTable(("b", "a"), ("f",), np.array([[2.0], [1.0]]))
    outcomes = OutcomeTable(
        ("a", "b", "c"), np.array([10.0, 20, 30]), np.array([True, False, True]), {"age": ("1", "2", "3")}
    )
    found = cohort_of(features, outcomes, specs_of(outcomes, ["age"]))
    assert found.months.tolist() == [20, 10] and found.event.tolist() == [False, True]
    assert found.covariates["age"] == (2.0, 1.0)
    assert [(notice.code, notice.message) for notice in found.notices] == [
        ("outcomes-without-features", "Left out: 1 case of the outcome table without features.")
    ]
    part = found.take(np.array([False, True]))
    assert (part.cases, part.covariates["age"], part.months.tolist()) == (("a",), (1.0,), [10])


@pytest.mark.parametrize(("empty", "named"), [(1, "case b has no site"), (2, "case b and 1 more has no site")])
def test_cases_without_a_site_are_named(empty, named):
    features = FeatureTable(("a", "b", "c"), ("f",), np.zeros((3, 1)))
    sites = ("Bonn", *[""] * empty, *["Bonn"] * (2 - empty))
    outcomes = OutcomeTable(("a", "b", "c"), np.array([10.0, 20, 30]), np.ones(3, bool), {"site": sites})
    with pytest.raises(CohortError, match=f"{named} in column site; fill it in or leave the case out"):
        cohort_of(features, outcomes, (), "site")


def test_ten_events_are_enough_to_train_on_and_nine_are_not():
    data = TrainingCohort(("f",), np.zeros((30, 1)), np.ones(30), np.arange(30) < 10, cases=tuple(map(str, range(30))))
    require_events(data)
    with pytest.raises(CohortError, match="The cohort has 9 events in 30 patients; a score needs at least 10"):
        require_events(replace(data, event=np.arange(30) < 9))


def with_covariates(seed: int, n: int = 160) -> TrainingCohort:
    """A cohort whose binary covariate ``bad`` raises the hazard and whose ``noise`` does not."""
    rng = np.random.default_rng(seed)
    base = cohort(seed, n, 10, MAIN_EFFECTS)
    bad, noise = rng.integers(0, 2, n), rng.integers(0, 2, n)
    months = base.months / np.exp(2 * bad)
    specs = (infer_covariate("bad", ["0", "1"]), infer_covariate("noise", ["0", "1"]))
    covariates = {"bad": tuple(map(float, bad)), "noise": tuple(map(float, noise))}
    return TrainingCohort(base.names, base.features, months, base.event, covariates, base.cases, specs)


def test_candidates_enter_by_their_own_p_and_named_covariates_always():
    data = with_covariates(8)
    names = lambda found: found.nomogram.model.covariates  # noqa: E731
    recipe, quick = {"n_folds": 5, "horizon": 36.0}, {"bootstrap": 0, "reclassification": 0}
    tried = train(data, Plan(recipe=Recipe(candidates=("bad", "noise"), **recipe), **quick))
    assert names(tried) == ("bad",)
    assert [row.chosen for row in tried.nomogram.alone] == [True, False, True]
    named = train(data, Plan(recipe=Recipe(named=("noise",), candidates=("bad",), **recipe), **quick))
    assert names(named) == ("noise", "bad")
    added = next(found for found in named.apparent.added_value.added if found.marker == "nomogram")
    assert added.c_difference.difference > 0.05 and added.c_difference.p < 0.05
    # Fitted with an unknown value, the multivariable model leaves that patient out, and only that one.
    holes = {**data.covariates, "bad": (None, *data.covariates["bad"][1:])}
    cut = TrainingCohort(data.names, data.features, data.months, data.event, holes, data.cases, data.specs)
    model = fit_clinical("m", cut, ("bad",), None)
    assert model.rows.sum() == 159 and not model.rows[0]
    assert model.fitted.coef[0] == pytest.approx(
        fit_clinical("m", data.take(np.arange(1, 160)), ("bad",), None).fitted.coef[0]
    )


def test_build_on_all_patients_is_what_train_gives():
    """The recipe is written down once: resampling repeats exactly what made the model."""
    data = with_covariates(8)
    recipe = Recipe(candidates=("bad", "noise"), n_folds=5, horizon=36.0)
    training = train(data, Plan(recipe=recipe, bootstrap=0, reclassification=0, seed=3))
    procedure = Procedure.of(data, recipe)
    built = procedure.build(procedure.everyone, 3)
    assert np.array_equal(built.coefficients, training.built.coefficients)
    assert [term.coefficient for term in training.score.stored.terms] == list(
        built.coefficients[built.coefficients != 0]
    )
    assert built.cutoff == training.built.cutoff
    assert built.covariates == (0,) and training.nomogram.model.covariates == ("bad",)
    assert training.nomogram.stored.coefficients() == tuple(built.nomogram.coef)
    nomogram, score = procedure.apply(built, procedure.everyone)
    assert np.array_equal(nomogram.values, training.nomogram.model.linear_predictor)
    assert np.array_equal(score.high, training.score.groups.high)
    assert np.array_equal(score.values, training.score.values)
