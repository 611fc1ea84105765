"""The recipe at its limits: a p value or a score that is just the limit, in a resample as in the training."""

from dataclasses import replace

import numpy as np
import pytest

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.training.clinical_models import wald_p
from LABCRadiomicsLib.training.optimism import _repeat
from LABCRadiomicsLib.training.procedure import Procedure, Recipe
from training_data import MAIN_EFFECTS, simulated

FEATURES, MONTHS, EVENT = simulated(31, n=90, p=6, effects=MAIN_EFFECTS)
BLOCKS = (FEATURES[:, :1] + 0.5, np.random.default_rng(5).normal(size=(90, 2)))


def procedure(limit: float, named: tuple[str, ...] = ()) -> Procedure:
    recipe = Recipe(n_folds=3, horizon=48.0, candidates=("tied", "noise"), named=named, covariate_p=limit)
    return Procedure(
        FEATURES, MONTHS, EVENT, recipe, names=("tied", "noise"), blocks=BLOCKS,
        parameters=(("tied",), ("noise=1", "noise=2")), numbers=(True, False),
    )  # fmt: skip


@pytest.mark.parametrize("rows", [np.arange(90), np.random.default_rng(2).integers(0, 90, 90)], ids=["all", "resample"])
def test_a_covariate_enters_with_a_p_value_below_the_limit_not_at_it(rows):
    p = [wald_p(cox(block[rows], MONTHS[rows], EVENT[rows])) for block in BLOCKS]
    assert p[0] < 1e-4 < 0.05 < p[1] < 0.9
    assert procedure(0.05).entering(rows) == (0,)
    assert procedure(p[1]).entering(rows) == (0,)
    assert procedure(np.nextafter(p[1], 1)).entering(rows) == (0, 1)
    assert procedure(p[0]).entering(rows) == ()
    assert procedure(np.nextafter(p[0], 1)).entering(rows) == (0,)
    assert procedure(p[0], named=("noise",)).entering(rows) == (1,)


def test_wald_p_of_one_and_of_two_columns_by_hand():
    fitted = cox(BLOCKS[1], MONTHS, EVENT)
    statistic = fitted.coef @ np.linalg.inv(fitted.covariance) @ fitted.coef
    assert wald_p(fitted) == pytest.approx(np.exp(-statistic / 2), rel=1e-10)  # chi-squared with two degrees of freedom
    alone = cox(BLOCKS[0], MONTHS, EVENT)
    assert wald_p(alone) == pytest.approx(alone.p[0], rel=1e-8)


@pytest.mark.parametrize("rows", [np.arange(90), np.random.default_rng(2).integers(0, 90, 90)], ids=["all", "resample"])
def test_a_score_at_the_cutoff_is_low(rows):
    made = procedure(0.05)
    built = made.build(rows, 1)
    (*_, alone) = made.apply(built, made.everyone)
    score = FEATURES @ built.coefficients
    np.testing.assert_allclose(alone.values, score, rtol=1e-12)
    at = np.flatnonzero(alone.values == built.cutoff)
    assert at.size > 0, "the cutoff is a patient's score"
    assert not alone.high[at].any() and alone.high.tolist() == (alone.values > built.cutoff).tolist()
    assert alone.high.any() and not alone.high.all() and alone.cutoff == built.cutoff


def test_a_model_without_features_says_the_same_of_everybody():
    made = replace(procedure(0.05), recipe=replace(procedure(0.05).recipe, p=1e-300))
    built = made.build(made.everyone, 1)
    assert built.empty and built.cutoff == np.inf
    (*_, alone) = made.apply(built, made.everyone)
    assert not alone.high.any() and not alone.log_hazard.any()
    repeat = _repeat(made, np.random.SeedSequence(1), (48.0,))
    assert np.isnan([repeat.penalty, repeat.cutoff, repeat.cutoff_percentile]).all() and not repeat.coefficients.any()


def test_a_score_is_made_as_the_article_made_it_unless_told_otherwise():
    """Wald p below 0.05, LASSO at the least deviance of 10 folds, cutoff at 60 months (Wang 2022)."""
    plain = Recipe()
    assert (plain.p, plain.penalty, plain.n_folds, plain.cv_repeats, plain.alpha) == (0.05, "min", 10, 1, 1.0)
    assert (plain.horizon, plain.covariate_p, plain.fill, plain.imputations) == (60.0, 0.1, "median", 0)
    assert (plain.named, plain.candidates, plain.site, plain.site_reference) == ((), (), None, None)


def test_a_covariate_that_the_outcome_separates_is_named_where_it_is_asked_for_and_passed_over_in_a_resample():
    made = replace(
        procedure(0.05, named=("tied", "noise")), blocks=(np.c_[-MONTHS], BLOCKS[1]),
        parameters=(("tied",), ("noise_1", "noise_2")),
    )  # fmt: skip
    score = FEATURES[:, 0]
    with pytest.raises(
        CohortError,
        match=r"^The Cox model of tied, noise, the score cannot be fitted: covariates are collinear or separate",
    ):
        made._fit((0, 1), made.everyone, score, True)
    assert made._fit((0, 1), made.everyone, score, False) is None
    with pytest.raises(CohortError, match=r"^The Cox model of the score cannot be fitted: "):
        made._fit((), made.everyone, np.zeros(90), True)
