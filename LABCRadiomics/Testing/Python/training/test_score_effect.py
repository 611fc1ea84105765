"""The score's hazard ratio, corrected by the slope that cross-validation found: by hand."""

import numpy as np
import pytest

from LABCRadiomicsLib.performance import NOMOGRAM, SCORE_ALONE, Estimate, Measure, Metric
from LABCRadiomicsLib.training.clinical_models import Effect
from LABCRadiomicsLib.training.cross_validation import NestedValidation
from LABCRadiomicsLib.training.score_effect import corrected_effect

EFFECT = Effect(
    covariate="score", parameter="score", label="Radiomics score", level=None, reference=None,
    coef=2.0, se=0.4, hr=np.exp(2.0), lower=3.4, upper=16.2, p=1e-6, sd=1.5, chosen=True,
)  # fmt: skip


def nested(slope):
    rows = ((Measure(Metric.SLOPE, SCORE_ALONE), slope),)
    return NestedValidation(repeats=1, folds=10, rows=rows, factor=1.45, reach=1.15)


def test_the_apparent_effect_shrinks_by_the_slope():
    found = corrected_effect(EFFECT, nested(Estimate(0.5, 0.1, 0.9)), alone=True)
    assert found.shrinkage == 0.5
    assert np.log([found.hr, found.lower, found.upper]) == pytest.approx([1.0, 0.2, 1.8])
    assert np.log([found.per_sd_hr, found.per_sd_lower, found.per_sd_upper]) == pytest.approx([1.5, 0.3, 2.7])
    assert found.p == pytest.approx(0.0142874077, rel=1e-8)  # 2 pnorm(-0.5 * 2 * qnorm(0.975) / 0.8)


def test_limits_around_no_effect_have_the_p_that_goes_with_them():
    assert corrected_effect(EFFECT, nested(Estimate(0.4, 0.0, 0.8)), alone=True).p == pytest.approx(0.05)


def test_without_a_slope_or_its_limits_nothing_is_made_up():
    assert corrected_effect(EFFECT, None, alone=True) is None
    assert corrected_effect(EFFECT, nested(Estimate(0.5, 0.1, 0.9)), alone=False) is None
    assert Measure(Metric.SCORE_SLOPE, NOMOGRAM) not in dict(nested(Estimate(0.5)).rows)
    found = corrected_effect(EFFECT, nested(Estimate(0.5)), alone=True)
    assert np.isnan([found.p, found.lower, found.upper]).all() and found.hr == pytest.approx(np.exp(1.0))
