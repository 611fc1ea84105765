"""What the score adds to the clinic: each figure against its statistic, the verdict, and how often it errs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.performance import Estimate, Marker
from LABCRadiomicsLib.performance.attempts import Attempts
from LABCRadiomicsLib.performance.clinical_gain import Held, Verdict, clinical_gain
from LABCRadiomicsLib.performance.within_folds import concordance_gain_within
from LABCRadiomicsLib.statistics.brier import brier_score
from LABCRadiomicsLib.statistics.concordance import concordance_difference, harrell_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.decision import decision_curve
from LABCRadiomicsLib.statistics.likelihood_ratio import likelihood_ratio
from LABCRadiomicsLib.statistics.reclassification import discrimination_improvement
from LABCRadiomicsLib.training.clinical_rivals import Rival
from LABCRadiomicsLib.training.cross_validation import nested_validation
from LABCRadiomicsLib.training.procedure import Procedure, Recipe
from training_data import simulated

HORIZON = 48.0


def marker(name: str, design: np.ndarray, months: np.ndarray, event: np.ndarray) -> Marker:
    """A Cox model of some patients as if it came from elsewhere."""
    fitted = cox(design, months, event)
    values = fitted.linear_predictor(design)
    survival = {HORIZON: fitted.survival(design, np.array([HORIZON])).survival[:, 0]}
    return Marker(name=name, values=values, log_hazard=values, survival=survival)


@pytest.fixture(scope="module")
def study():
    """Predictions without and with a score, the clinical columns, months and events of 160 patients."""
    features, months, event = simulated(8, n=160, p=3, effects=(0.8, 0.5))
    clinic, score = features[:, 1:2], 0.7 * features[:, 0]
    older, newer = marker("clinic", clinic, months, event), marker("both", features[:, :2], months, event)
    return Held(older=older, newer=newer, score=score, folds=np.zeros(160)), clinic, months, event


def gain_of(held, clinic, months, event, **options):
    settings = {"bootstrap": 0, "seed": 0, "attempts": Attempts(), **options}
    return clinical_gain(held, clinic, months, event, HORIZON, **settings)


def test_every_figure_is_that_of_its_statistic(study):
    held, clinic, months, event = study
    found = gain_of([held], clinic, months, event, bootstrap=50)
    c = [harrell_c(part.values, months, event) for part in (held.older, held.newer)]
    gain = concordance_difference(c[1], c[0])
    assert (found.c_index.older.value, found.c_index.newer.value) == pytest.approx((c[0].c, c[1].c))
    ours = found.c_index.gain
    assert (ours.value, ours.lower, ours.upper) == pytest.approx((gain.difference, gain.lower, gain.upper))
    alone, both = cox(clinic, months, event), cox(np.column_stack([clinic, held.score]), months, event)
    test = likelihood_ratio(alone, both)  # that of R's anova, see test_cox_extended
    assert (found.test.chisq, found.test.df, found.test.p) == pytest.approx((test.chisq, 1, test.p))
    assert (found.effect.value, found.effect.se) == pytest.approx((both.coef[1], both.se[1]))
    risks = [part.risk(HORIZON) for part in (held.older, held.newer)]
    scores = [brier_score(risk, months, event, np.array([HORIZON])) for risk in risks]
    assert (found.brier.older.value, found.ipa.newer.value) == pytest.approx((scores[0].score[0], scores[1].ipa[0]))
    assert found.ipa.gain.value == pytest.approx(scores[1].ipa[0] - scores[0].ipa[0])
    assert found.ipa.gain.lower < found.ipa.gain.value < found.ipa.gain.upper
    assert found.idi.value == pytest.approx(discrimination_improvement(*risks, months, event, HORIZON).idi)
    curve = decision_curve({"new": risks[1]}, months, event, HORIZON, thresholds=np.array([found.threshold]))
    assert found.threshold == pytest.approx(curve.event_probability)
    assert found.benefit.newer.value == pytest.approx(curve.net_benefit["new"][0])
    assert len(found.calibration) == 2 and set(found.decision.curve.net_benefit) == {"clinic", "both"}
    assert found.verdict == Verdict.ADDS


def test_standard_errors_and_the_test_know_of_the_factor(study):
    held, clinic, months, event = study
    plain, wide = (gain_of([held, held], clinic, months, event, factor=factor) for factor in (1.0, 1.5))
    assert wide.c_index.gain.se == pytest.approx(1.5 * plain.c_index.gain.se)
    assert wide.effect.se == pytest.approx(1.5 * plain.effect.se)
    for name in ("older", "newer"):
        own = harrell_c(getattr(held, name).values, months, event).se
        assert getattr(plain.c_index, name).se == pytest.approx(own)
        assert getattr(wide.c_index, name).se == pytest.approx(1.5 * own)
    assert wide.test.chisq == pytest.approx(plain.test.chisq / 2.25)
    assert wide.effect.value == plain.effect.value
    far = gain_of([held, held], clinic, months, event, factor=1.5, reach=1.2)
    assert far.c_index.gain.upper - far.c_index.gain.value == pytest.approx(
        1.2 * (wide.c_index.gain.upper - wide.c_index.gain.value)
    )
    assert far.test == wide.test
    widths = []
    for options in ({"factor": 1.5}, {"factor": 1.5, "reach": 1.2}):
        gain = gain_of([held, held], clinic, months, event, bootstrap=40, **options).brier.gain
        widths.append(gain.upper - gain.value)
    assert widths[1] == pytest.approx(1.2 * widths[0])


def test_only_patients_of_one_fold_are_compared(study):
    held, _, months, event = study
    folds = np.arange(160) % 4
    found = concordance_gain_within(held.newer.values, held.older.values, months, event, folds)
    agreeing = pairs = 0.0
    for first in np.flatnonzero(event):
        later = (folds == folds[first]) & ((months > months[first]) | ((months == months[first]) & ~event))
        agreeing += (held.newer.values[later] < held.newer.values[first]).sum()
        pairs += later.sum()
    assert found[0, 0] == pytest.approx(agreeing / pairs)
    assert found[2, 0] == pytest.approx(found[0, 0] - found[1, 0])


@pytest.mark.parametrize(
    ("gain", "effect", "p", "verdict"),
    [
        (0.05, 0.8, 0.049, Verdict.ADDS),
        (-0.01, 0.8, 0.001, Verdict.MAY_ADD),
        (0.05, 0.8, 0.051, Verdict.MAY_ADD),
        (0.05, -0.8, 0.001, Verdict.MAY_ADD),  # a higher score does better: no reason to call it an addition
        (-0.02, -0.2, 0.6, Verdict.DOES_NOT_ADD),
        (-0.02, -0.9, 0.001, Verdict.DOES_NOT_ADD),
        (0.0, 0.0, 1.0, Verdict.DOES_NOT_ADD),
    ],
)
def test_the_verdict_follows_test_and_c_index(study, gain, effect, p, verdict):
    found = gain_of([study[0]], *study[1:])
    index = replace(found.c_index, gain=Estimate(gain))
    test = replace(found.test, p=p)
    assert replace(found, c_index=index, effect=Estimate(effect), test=test).verdict == verdict


def test_a_score_that_is_the_same_for_everybody_adds_nothing(study):
    held, clinic, months, event = study
    same = replace(held, newer=replace(held.older, name="both"), score=np.zeros(160))
    found = gain_of([same], clinic, months, event)
    assert (found.test.chisq, found.effect.value, found.c_index.gain.value) == (0, 0, 0)
    assert found.verdict == Verdict.DOES_NOT_ADD


def test_patients_whom_one_model_does_not_know_are_left_out(study):
    held, clinic, months, event = study
    hole = np.arange(160) < 30
    older = replace(held.older, values=np.where(hole, np.nan, held.older.values))
    found = gain_of([replace(held, older=older)], clinic, months, event)
    assert (found.n, found.events) == (130, event[~hole].sum())
    nobody = replace(held, older=replace(held.older, values=np.full(160, np.nan)))
    with pytest.raises(InputError, match="0 events among the 0 patients"):
        gain_of([nobody], clinic, months, event)


def test_a_fold_without_a_selection_is_predicted_by_the_clinic_all_the_same():
    rng = np.random.default_rng(0)
    clinic, months = rng.normal(size=(90, 1)), rng.exponential(60, size=90) + 1
    features = np.ones((90, 3)) + 1e-3 * rng.normal(size=(90, 3))
    rivals = (Rival("clinical model", "nomogram", (), None),)
    procedure = Procedure(
        features, months, rng.random(90) < 0.6, Recipe(p=1e-12, n_folds=3, horizon=HORIZON, named=("x",)),
        ("x",), (clinic,), (("x",),), rivals,
    )  # fmt: skip
    held = nested_validation(procedure, repeats=1, seed=0).held[0][0]
    assert np.unique(held.older.values).size > 80  # by the covariate, not the same for all
    assert (held.older.values == held.newer.values).all() and (held.score == 0).all()
    assert (held.newer.name, np.isnan(held.newer.survival[HORIZON]).any()) == ("nomogram", False)


def verdict_on(seed: int, effect: float) -> Verdict:
    """That of a cross-validation on a simulated cohort whose outcome a clinical column drives, and features or not."""
    rng = np.random.default_rng(seed)
    features, clinic = rng.normal(size=(110, 25)), rng.normal(size=(110, 1))
    hazard = np.exp(effect * (features[:, 0] + features[:, 1]) + 0.5 * clinic[:, 0])
    months, censored = 120 * rng.exponential(size=110) / hazard, rng.uniform(12, 110, 110)
    rivals = (Rival("clinical model", "nomogram", (), None),)
    procedure = Procedure(
        features, np.minimum(months, censored), months <= censored, Recipe(n_folds=5, horizon=HORIZON, named=("x",)),
        ("x",), (clinic,), (("x",),), rivals,
    )  # fmt: skip
    nested = nested_validation(procedure, repeats=1, seed=seed)
    outcome = procedure.months, procedure.event
    return gain_of(nested.held[0], clinic, *outcome, factor=nested.factor, reach=nested.reach).verdict


@pytest.mark.slow
def test_adds_is_said_where_there_is_something_and_seldom_where_there_is_not():
    """A small version of Benchmarks/verdict.py, which has the figures."""
    nothing = [verdict_on(seed, 0.0) for seed in range(12)]
    assert nothing.count(Verdict.ADDS) <= 1
    assert [verdict_on(seed, 0.8) for seed in range(5)].count(Verdict.ADDS) >= 4


def test_limits_on_other_patients_are_percentiles_and_in_folds_widened_errors(study):
    held, clinic, months, event = study
    of_risks = {"bootstrap": 40, "seed": 3}
    percentiles = gain_of([held], clinic, months, event, factor=1.0, **of_risks).brier.gain
    widened = gain_of([held], clinic, months, event, factor=2.0, **of_risks).brier.gain
    assert percentiles.value == widened.value
    assert widened.upper - widened.value == pytest.approx(widened.value - widened.lower)
    assert percentiles.upper - percentiles.value != pytest.approx(percentiles.value - percentiles.lower)
    assert widened.upper - widened.value == pytest.approx(2 * 1.959964 * percentiles.se, rel=1e-6)


def test_beside_nothing_the_score_is_tested_against_no_covariates(study):
    held, _, months, event = study
    found = gain_of([held], np.empty((160, 0)), months, event)
    alone = cox(held.score[:, None], months, event)
    assert found.test.chisq == pytest.approx(2 * (alone.loglik - alone.loglik_null)) and found.test.chisq > 10
    assert (found.effect.value, found.effect.se) == pytest.approx((alone.coef[0], alone.se[0]))
