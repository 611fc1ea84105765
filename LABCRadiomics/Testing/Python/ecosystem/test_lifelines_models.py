"""A nomogram goes to lifelines and comes back; predictions are the same on either side."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

pytest.importorskip("lifelines")

from lifelines import CoxPHFitter

import cohort_examples
from LABCRadiomicsLib.ecosystem.lifelines_models import from_lifelines, nomogram_rows, to_lifelines
from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.model import find_model
from LABCRadiomicsLib.scoring import predict
from r_reference import gbsg2

mpl.use("Agg")
HORIZONS = [12.0, 36.0, 60.0]


@pytest.fixture(scope="module")
def model():
    return cohort_examples.gbsg2_model(cohort_examples.FIVE)


@pytest.fixture(scope="module")
def predictions(model):
    data = gbsg2()
    names = [term.feature for term in model.score.terms]
    return [predict(model, {n: data[n][at] for n in names}, {"age": data["age"][at]}) for at in range(30)]


def survival(found) -> np.ndarray:
    return np.array([[estimate.probability for estimate in one.survival] for one in found]).T


def test_a_fitter_predicts_what_the_model_predicts(model, predictions):
    fitter, rows = to_lifelines(model), nomogram_rows(model, [f"p{at}" for at in range(30)], predictions)
    assert np.allclose(fitter.predict_survival_function(rows, HORIZONS), survival(predictions), rtol=1e-12)
    assert np.allclose(fitter.predict_log_partial_hazard(rows), [one.linear_predictor for one in predictions])
    within = np.linspace(0.5, 80, 301)  # between the events too, where lifelines would draw lines
    baseline = model.nomogram.baseline
    steps = np.searchsorted(baseline.months, within, side="right") - 1
    wanted = np.where(steps < 0, 1.0, np.array(baseline.survival)[steps])
    center = pd.DataFrame([model.nomogram.center])
    assert np.allclose(fitter.predict_survival_function(center, within)[0], wanted, rtol=1e-12)
    assert np.allclose(fitter.summary["coef"], model.nomogram.coefficients())
    assert np.allclose(fitter.summary["se(coef)"] ** 2, np.diag(model.nomogram.covariance))


def test_plots_of_lifelines_work(model):
    fitter = to_lifelines(model)
    assert len(fitter.plot().get_yticklabels()) == 2
    drawn = fitter.plot_partial_effects_on_outcome("age", [40, 60])
    assert len(drawn.get_lines()) == 3
    mpl.pyplot.close("all")


def test_there_and_back_is_the_same_nomogram(model):
    back = from_lifelines(to_lifelines(model), model)
    ours, theirs = model.nomogram, back.nomogram
    assert theirs.covariates == ours.covariates and theirs.score_coefficient == ours.score_coefficient
    assert theirs.center == ours.center and theirs.horizons_months == ours.horizons_months
    assert np.interp(ours.baseline.months, theirs.baseline.months, theirs.baseline.survival) == pytest.approx(
        ours.baseline.survival, rel=1e-12
    )
    assert "lifelines" in back.provenance.changes[-1].what
    assert not [row for row in back.performance if "nomogram" in row.metric]


def test_a_fitter_of_lifelines_becomes_the_nomogram(model):
    data = gbsg2()
    score = np.column_stack([data[t.feature] for t in model.score.terms]) @ [t.coefficient for t in model.score.terms]
    frame = pd.DataFrame(
        {"score": score, "age": data["age"], "nodes": data["pnodes"], "months": data["months"], "event": data["event"]}
    )
    fitter = CoxPHFitter().fit(frame, "months", "event")
    found = from_lifelines(fitter, model)
    assert [covariate.name for covariate in found.nomogram.covariates] == ["age", "nodes"]
    for at in (0, 7, 20):
        features = {term.feature: data[term.feature][at] for term in model.score.terms}
        one = predict(found, features, {"age": data["age"][at], "nodes": data["pnodes"][at]})
        theirs = fitter.predict_survival_function(frame.iloc[[at]])
        steps = np.searchsorted(theirs.index, HORIZONS, side="right") - 1
        assert [e.probability for e in one.survival] == pytest.approx(list(theirs.iloc[steps, 0]), rel=1e-9)
        assert one.survival[0].lower is None


def test_what_cannot_be_exchanged_is_refused(model):
    frame = pd.DataFrame({"age": [40.0, 50, 60, 45], "months": [5.0, 6, 7, 9], "event": [1, 1, 0, 1]})
    with pytest.raises(InputError, match="no column score"):
        from_lifelines(CoxPHFitter(penalizer=1).fit(frame, "months", "event"), model)
    with pytest.raises(InputError, match="fit it first"):
        from_lifelines(CoxPHFitter(), model)
    with pytest.raises(InputError, match="recalibrate the model"):
        to_lifelines(find_model("wang2022-labc-dfs"))
