"""The estimator within scikit-learn and scikit-survival, and without them."""

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("sksurv", reason="needs scikit-survival (GPL, optional)")

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from sksurv.metrics import (
    as_concordance_index_ipcw_scorer,
    as_cumulative_dynamic_auc_scorer,
    as_integrated_brier_score_scorer,
    concordance_index_censored,
)
from sksurv.util import Surv

import r_reference
from LABCRadiomicsLib import RadiomicsScore
from LABCRadiomicsLib.errors import CohortError, InputError
from LABCRadiomicsLib.training import Plan, Recipe, TrainingCohort, train


@pytest.fixture(scope="module")
def transbig():
    data = r_reference.transbig()
    names = [name for name in data if name.startswith("X")]
    return names, r_reference.columns(data, names), Surv.from_arrays(data["event"], data["months"])


def test_the_score_is_that_of_a_training(transbig):
    names, x, y = transbig
    found = RadiomicsScore(horizon=60).fit(x, y)
    cohort = TrainingCohort(tuple(names), x, y["time"], y["event"])
    wanted = train(cohort, Plan(recipe=Recipe(horizon=60), bootstrap=0, reclassification=0))
    assert (found.coef_ == wanted.built.coefficients).all() and found.coef_.any()
    assert found.cutoff_ == wanted.built.cutoff
    assert found.score(x, y) == pytest.approx(concordance_index_censored(y["event"], y["time"], found.predict(x))[0])
    model = wanted.built.score_model
    survival = model.survival(found.predict(x)[:, None], np.array([12.0, 60.0])).survival
    curves = found.predict_survival_function(x)
    assert np.allclose([curve([12, 60]) for curve in curves], survival, rtol=1e-12)
    assert ((found.predict_risk_group(x) == "high") == (found.predict(x) > found.cutoff_)).all()


@pytest.mark.parametrize("order", ["structured", "time first", "event first", "frame"])
def test_every_form_of_follow_up_gives_the_same(transbig, order):
    import pandas as pd

    _, x, y = transbig
    given = {
        "structured": y,
        "time first": np.column_stack([y["time"], y["event"]]),
        "event first": np.column_stack([y["event"], y["time"]]),
        "frame": pd.DataFrame({"event": y["event"], "months": y["time"]}),
    }[order]
    assert (RadiomicsScore().fit(x, given).coef_ == RadiomicsScore().fit(x, y).coef_).all()


def test_time_may_have_any_unit(transbig):
    _, x, y = transbig
    days = Surv.from_arrays(y["event"], y["time"] * 30.4375)
    months, found = RadiomicsScore().fit(x, y), RadiomicsScore().fit(x, days)
    assert np.allclose(found.coef_, months.coef_, rtol=1e-9)
    assert found.horizon_ == pytest.approx(months.horizon_ * 30.4375)


def test_cross_validation_grid_search_and_pipeline(transbig):
    _, x, y = transbig
    folds = KFold(3, shuffle=True, random_state=1)
    pipeline = make_pipeline(StandardScaler(), RadiomicsScore(n_folds=5))
    scores = cross_val_score(pipeline, x, y, cv=folds, error_score="raise")
    assert scores.shape == (3,) and (scores > 0.5).all()
    grid = GridSearchCV(
        pipeline, {"radiomicsscore__p": [0.05, 0.2], "radiomicsscore__penalty": ["min", "1se"]}, cv=folds,
        error_score="raise",
    ).fit(x, y)  # fmt: skip
    assert grid.best_score_ == max(grid.cv_results_["mean_test_score"])
    assert grid.predict(x).shape == (len(x),)
    assert clone(grid.best_estimator_[-1]).get_params() == grid.best_estimator_[-1].get_params()


def test_scorers_of_scikit_survival(transbig):
    _, x, y = transbig
    times = np.array([24.0, 48.0, 72.0])
    brier = as_integrated_brier_score_scorer(RadiomicsScore(), times).fit(x, y)
    assert -0.25 < brier.score(x, y) < 0
    assert as_concordance_index_ipcw_scorer(RadiomicsScore(), tau=100).fit(x, y).score(x, y) > 0.6
    assert as_cumulative_dynamic_auc_scorer(RadiomicsScore(), times).fit(x, y).score(x, y) > 0.6


def test_without_any_signal_every_prediction_is_the_same():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(80, 4)), np.column_stack([rng.exponential(50, 80), rng.random(80) < 0.5])
    with pytest.warns(UserWarning, match="No feature was selected"):
        found = RadiomicsScore(p=1e-9).fit(x, y)
    assert found.score(x, y) == 0.5 and found.cutoff_ == np.inf and np.isnan(found.penalty_)
    assert (found.predict(x) == 0).all() and (found.predict_risk_group(x) == "low").all()
    curves = found.predict_survival_function(x, return_array=True)
    assert (curves == curves[0]).all() and curves[0, -1] < 1


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"p": 0}, "Parameter p is 0"),
        ({"penalty": "max"}, "'min' or '1se'"),
        ({"n_folds": 2}, "from 3 on"),
        ({"horizon": -1}, "Parameter horizon"),
        ({"horizon": 1e6}, "horizon"),
        ({"random_state": None}, "Parameter random_state"),
    ],
)
def test_wrong_parameters_are_named(transbig, change, what):
    _, x, y = transbig
    with pytest.raises(InputError, match=what):
        RadiomicsScore(**change).fit(x, y)


def test_unusable_follow_up_is_named(transbig):
    _, x, y = transbig
    with pytest.raises(CohortError, match="5 events"):
        RadiomicsScore().fit(x, Surv.from_arrays(np.arange(len(x)) < 5, y["time"]))
    with pytest.raises(InputError, match="row 0: the time 0 is not above 0"):
        RadiomicsScore().fit(x, Surv.from_arrays(y["event"], np.r_[0, y["time"][1:]]))
    with pytest.raises(InputError, match="which column is the event"):
        RadiomicsScore().fit(x, np.column_stack([y["time"], y["time"]]))
    with pytest.raises(InputError, match="198 rows and y has 197"):
        RadiomicsScore().fit(x, y[:-1])
    with pytest.raises(InputError, match="outside follow-up"):
        RadiomicsScore().fit(x, y).predict_survival_function(x[:1])[0](1e6)


class ScoreOfAnything(RadiomicsScore):
    """The estimator with follow-up made of whatever target a check of scikit-learn passes; with ten events at least."""

    def fit(self, X, y):  # noqa: N803
        return super().fit(X, self._follow_up(y))

    def score(self, X, y):  # noqa: N803
        return super().score(X, self._follow_up(y))

    @staticmethod
    def _follow_up(y):
        if y is None:
            return None
        rank = np.unique(np.asarray(y, object).ravel().astype(str), return_inverse=True)[1]
        at = np.arange(rank.size)
        return np.column_stack([5 + rank + 0.001 * at, (at % 4 > 0) | (rank.size < 16)])


@parametrize_with_checks([ScoreOfAnything(p=1.0, n_folds=3)])
@pytest.mark.filterwarnings("ignore:No feature was selected")
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_scikit_learn_is_not_needed(fresh_python):
    code = """
import sys
sys.modules["sklearn"] = sys.modules["pandas"] = None
import numpy as np
from LABCRadiomicsLib import RadiomicsScore
rng = np.random.default_rng(0)
x = rng.normal(size=(120, 5))
time = rng.exponential(np.exp(-x[:, 0]))
y = np.column_stack([np.minimum(time, 2), time < 2])
found = RadiomicsScore().set_params(n_folds=5).fit(x, y)
print(found, found.score(x, y) > 0.6, found.n_features_in_)
for wrong in (lambda: RadiomicsScore().predict(x), lambda: found.predict(x[:, :2]), lambda: found.set_params(q=1)):
    try:
        wrong()
    except ValueError as error:
        print(error)
"""
    lines = fresh_python(code).splitlines()
    assert lines[0] == "RadiomicsScore(p=0.05, penalty='min', n_folds=5, horizon=None, random_state=0) True 5"
    assert [line.split(":")[0] for line in lines[1:]] == [
        "This RadiomicsScore instance is not fitted yet",
        "X has 2 features, RadiomicsScore has 5.",
        "q is no parameter of RadiomicsScore",
    ]
