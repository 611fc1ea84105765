"""Figures of performance as cards, reports and the terminal show them."""

from dataclasses import replace

import pytest

import example_models
from LABCRadiomicsLib.model import Performance
from LABCRadiomicsLib.scoring.prediction import CovariateValue
from LABCRadiomicsLib.scoring.table_words import cohort_kind, covariate_value, metric_limits, metric_value

ROW = Performance(cohort="c", n=9, metric="log-rank p, risk groups", value=0.0004, relation="=", kind="apparent")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({}, "<0.001"),
        ({"value": 0.001}, "0.001"),
        ({"value": 0.04999}, "0.050"),
        ({"value": 0.05, "relation": "<"}, "<0.05"),  # a bound, as it was published
        ({"metric": "Brier score"}, "0.000"),
    ],
)
def test_a_figure_has_three_decimals_and_a_p_value_is_as_journals_print_it(change, shown):
    assert metric_value(replace(ROW, **change)) == shown


def test_limits_and_cohort_beside_a_figure():
    assert metric_limits(ROW) == "" and metric_limits(replace(ROW, lower=0.61, upper=0.7256)) == "0.610 to 0.726"
    assert cohort_kind(ROW) == "c, apparent" and cohort_kind(replace(ROW, cohort="apparent")) == "apparent"


def test_a_covariate_is_shown_by_its_level_or_with_its_unit():
    made_up = example_models.model()
    for name, value, shown in (("age", 60.0, "60 years"), ("stage", "IIIc", "IIIc"), ("pcr", None, "unknown")):
        covariate = CovariateValue(name, name, value, None)
        assert covariate_value(covariate, made_up) == shown
