"""How far a patient's log hazard may lie from its mean where covariates are unknown: the variance of a mixture."""

import numpy as np
import pytest

from LABCRadiomicsLib.model import find_model
from LABCRadiomicsLib.model.averaged_survival import log_hazard_spread
from LABCRadiomicsLib.statistics.unknown_covariates import Possibility

NOMOGRAM = find_model("demo-phantom").nomogram
COEF = np.array(NOMOGRAM.coefficients())


def part(weight: float, seed: int) -> Possibility:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(COEF.size, COEF.size))
    return Possibility(weight, rng.normal(size=COEF.size), root @ root.T)


def test_the_spread_is_that_of_the_mixture():
    parts = (part(0.3, 1), part(0.5, 2), part(0.2, 3))
    first = sum(each.weight * each.mean @ COEF for each in parts)
    second = sum(each.weight * ((each.mean @ COEF) ** 2 + COEF @ each.covariance @ COEF) for each in parts)
    assert log_hazard_spread(NOMOGRAM, parts) == pytest.approx(np.sqrt(second - first**2))


def test_what_is_known_does_not_spread():
    known = Possibility(1.0, np.ones(COEF.size), np.zeros((COEF.size, COEF.size)))
    assert log_hazard_spread(NOMOGRAM, (known,)) == 0
