"""Figures of studies: what they show, at ordinary and at extreme data."""

from __future__ import annotations

import math
from io import BytesIO

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread

import example_models
from cohort_examples import gbsg2_model
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.performance import stored_groups
from LABCRadiomicsLib.plots import nomogram as nomogram_plot
from LABCRadiomicsLib.plots import performance_plots, selection_plots
from LABCRadiomicsLib.plots.figures import shortened
from LABCRadiomicsLib.plots.nomogram import nomogram_figure
from LABCRadiomicsLib.scoring import predict
from LABCRadiomicsLib.statistics.numbers_at_risk import month_ticks, numbers_at_risk

FIRST = {"marker": "score", "auc": 0.7, "lower": 0.6, "upper": 0.8, "fpr": [0, 0.2, 1], "tpr": [0, 0.7, 1]}


@pytest.fixture
def texts(monkeypatch):
    """Every text of the figures drawn, collected as they are turned into PNG."""
    found: list[str] = []
    drawn = FigureCanvasAgg.print_png

    def collect(canvas, *arguments, **keywords):
        drawn(canvas, *arguments, **keywords)
        found.extend(text.get_text() for text in canvas.figure.findobj(lambda part: hasattr(part, "get_text")))

    monkeypatch.setattr(FigureCanvasAgg, "print_png", collect)
    return found


def _ink(png: bytes) -> float:
    """Share of the pixels that are not white."""
    return float((imread(BytesIO(png))[..., :3].min(axis=2) < 0.95).mean())


def _border_is_clear(png: bytes) -> bool:
    """Nothing runs into the edge of the picture (two pixels)."""
    dark = imread(BytesIO(png))[..., :3].min(axis=2) < 0.6
    return not (dark[:2].any() or dark[-2:].any() or dark[:, :2].any() or dark[:, -2:].any())


def _groups(months, event, high):
    months, event, high = np.array(months, float), np.array(event, bool), np.array(high, bool)
    found = stored_groups(high, months, event)
    return {"low": vars(found.low), "high": vars(found.high), "at_risk": numbers_at_risk(high, months)}


def test_kaplan_meier_shows_the_numbers_at_risk_and_the_test(texts):
    groups = _groups([3, 5, 30, 2, 4, 25], [0, 1, 0, 1, 0, 0], [0, 0, 0, 1, 1, 1])
    png = performance_plots.kaplan_meier(
        {**groups, "hazard_ratio": {"value": 2.5, "lower": 1.2, "upper": 5.2}}, "DFS", 0.0004
    )
    assert "log-rank p < 0.001, hazard ratio 2.50 (1.20 to 5.20)" in texts
    assert "low-risk group (n = 3, 1 events)" in texts
    assert groups["at_risk"]["months"][:2] == [0, 6]
    assert groups["at_risk"]["low"][:3] == [3, 1, 1]
    assert _border_is_clear(png)


def test_numbers_at_risk_count_those_not_yet_gone():
    months = np.array([12.0, 12.0, 24.0, 30.0])
    found = numbers_at_risk(np.array([False, True, True, False]), months)
    at = found["months"].index(12.0)
    assert (found["low"][at], found["high"][at]) == (2, 2)
    assert (found["low"][-1], found["high"][-1]) == (1, 0)


@pytest.mark.parametrize("last", [0.7, 5, 23, 84, 150, 400, 900])
def test_month_ticks_are_few(last):
    ticks = month_ticks(last)
    assert ticks[0] == 0
    assert ticks[-1] <= last
    assert len(ticks) <= 10


def test_roc_marks_the_stored_cutoff(texts):
    png = performance_plots.roc([{**FIRST, "at_cutoff": {"fpr": 0.2, "tpr": 0.7}}, {**FIRST, "marker": "nomogram"}], 60)
    assert "cutoff: sensitivity 70%, specificity 80%" in texts
    assert "score\nAUC 0.700 (0.60 to 0.80)" in texts
    assert _border_is_clear(png)


def test_forest_holds_intervals_beyond_any_axis(texts):
    rows = [
        {"label": "Each alone"},
        {"label": "A covariate whose name nobody would ever want to read to its very end", "hr": 12345.0,
         "lower": 1e-3, "upper": 1e9, "p": 0.4},
        {"label": "Tiny", "hr": 1e-5, "lower": 1e-9, "upper": 1e-3, "p": 0.0001},
    ]  # fmt: skip
    png = performance_plots.forest(rows)
    assert "1.2e+04 (1.0e-03 to 1.0e+09)   p = 0.400" in texts
    assert "1.0e-05 (1.0e-09 to 1.0e-03)   p < 0.001" in texts
    assert _border_is_clear(png)


def test_calibration_without_groups_or_curve_still_says_what_is_known(texts):
    summary = {"ratio": 1.1, "ratio_lower": 0.8, "ratio_upper": 1.5, "slope": 0.7, "slope_lower": 0.4, "slope_upper": 1}
    png = performance_plots.calibration({"months": 60, "groups": None, "curve": None, "summary": summary})
    assert "observed / expected 1.10 (0.80 to 1.50)\nslope 0.70 (0.40 to 1.00)" in texts
    assert _border_is_clear(png)


def test_a_decision_curve_ends_where_it_is_not_known():
    entry = {
        "months": 60, "event_probability": 0.3, "thresholds": [0.1, 0.2, 0.3, 0.4], "treat_all": [0.2, 0.1, 0, -0.2],
        "net_benefit": {"nomogram": [0.2, 0.15, None, 0.1]},
    }  # fmt: skip
    assert _border_is_clear(performance_plots.decision(entry))
    nothing = {**entry, "net_benefit": {"nomogram": [None] * 4}}
    assert _border_is_clear(performance_plots.decision(nothing))


def test_every_model_is_drawn_however_many_there_are(texts):
    names = [f"model {at}" for at in range(8)]
    entry = {"months": 60, "event_probability": 0.3, "thresholds": [0.1, 0.2], "treat_all": [0.2, 0.1],
             "net_benefit": {name: [0.2, 0.1] for name in names}}  # fmt: skip
    performance_plots.decision(entry)
    performance_plots.roc([{**FIRST, "marker": name} for name in names], 60)
    assert set(names) <= set(texts)
    assert {f"{name}\nAUC 0.700 (0.60 to 0.80)" for name in names} <= set(texts)


def test_selection_shows_the_most_frequent_first(texts):
    names = [f"feature_{at}" for at in range(40)]
    png = selection_plots.selection(names, np.linspace(0, 1, 40), ["feature_39"])
    assert "100%" in texts
    assert "feature_39" in texts
    assert "feature_3" not in texts
    assert _border_is_clear(png)


def test_path_and_cross_validation_at_one_feature_and_many(texts):
    penalties = np.exp(np.linspace(-1, -4, 30))
    for p in (1, 60):
        coefficients = np.linspace(0, 1, 30)[:, None] * np.linspace(-1, 1, p)
        coefficients[0] = 0
        png = selection_plots.coefficient_path(penalties, coefficients, [f"f{at}" for at in range(p)], penalties[10])
        assert _border_is_clear(png)
    rows = [{"lambda": x, "mean": 10 + math.log(x) ** 2, "sd": 0.3, "nonzero": at} for at, x in enumerate(penalties)]
    png = selection_plots.cross_validation(rows, penalties[20], penalties[5], penalties[5])
    assert {"lambda.min", "lambda.1se (used)"} <= set(texts)
    assert _border_is_clear(png)


@pytest.mark.parametrize("cutoff", [None, 0.0, 1e6])
def test_waterfall_of_equal_and_extreme_scores(cutoff):
    for score in ([1.0, 1, 1], [-5.0, 0, 900]):
        png = performance_plots.waterfall(score, [True, False, True], cutoff)
        assert _border_is_clear(png)
        assert _ink(png) > 0.01


def test_the_same_numbers_give_the_same_bytes():
    assert performance_plots.roc([FIRST], 60) == performance_plots.roc([FIRST], 60)


# ---- nomogram ------------------------------------------------------------------------------------------------------


def _scales(model, prediction=None):
    return {scale.name: scale for scale in nomogram_plot._scales(model, prediction)}


def test_the_nomograms_points_are_those_of_the_prediction():
    model = find_model("demo-phantom")
    values = {term.feature: (term.low + term.high) / 2 for term in model.score.terms}
    prediction = predict(model, values, {"age": 52, "stage": "IIIc", "pcr": "no", "hr": "positive"})
    scales = _scales(model, prediction)
    for entry in prediction.covariates:
        covariate = next(c for c in model.nomogram.covariates if c.name == entry.name)
        scale = scales[nomogram_plot._title(covariate)]
        assert scale.patient == pytest.approx(entry.points)
        assert scale.known == (entry.value is not None)
    stage = next(c for c in model.nomogram.covariates if c.name == "stage")
    marks = {text: place for place, text in scales[nomogram_plot._title(stage)].marks}
    own = next(entry for entry in prediction.covariates if entry.name == "stage")
    assert marks["IIIc"] == pytest.approx(own.points)
    assert min(marks.values()) == pytest.approx(0)


def test_the_survival_axes_agree_with_the_prediction():
    """The patient's mark on the survival axis lies where the predicted survival would."""
    model = find_model("demo-phantom")
    values = {term.feature: (term.low + term.high) / 2 for term in model.score.terms}
    prediction = predict(model, values, {"age": 45, "stage": "II", "pcr": "no", "hr": "positive", "her2": "negative"})
    scales = _scales(model, prediction)
    for estimate in prediction.survival:
        scale = scales[f"Disease-free survival at {estimate.months:g} months"]
        places = np.array([place for place, _ in scale.marks])
        survival = np.array([float(text) for _, text in scale.marks])
        # Between marks the axis is linear in log(-log S).
        order = np.argsort(places)
        found = np.interp(scale.patient, places[order], np.log(-np.log(survival[order])))
        assert found == pytest.approx(math.log(-math.log(estimate.probability)), abs=1e-6)


def test_nomograms_are_drawn_without_anything_clipped(texts):
    model = example_models.model()
    far = {**example_models.FEATURES, "original_firstorder_Mean": 5000.0}
    for drawn in (
        nomogram_figure(gbsg2_model()),
        nomogram_figure(model),
        nomogram_figure(model, predict(model, far, {"age": 95})),
    ):
        assert _border_is_clear(drawn)
    assert "Recurrence-free survival at 60 months" in texts
    assert {"II", "IIIa-b", "IIIc", "Radiomics score", "Total points"} <= set(texts)


def test_a_model_without_ranges_has_no_nomogram_to_draw():
    assert nomogram_figure(find_model("wang2022-labc-dfs")) is None


def test_long_names_lose_their_middle():
    assert shortened("wavelet-LLH_glcm_Idmn", 40) == "wavelet-LLH_glcm_Idmn"
    assert shortened("abcdefghij", 5) == "ab…ij"
