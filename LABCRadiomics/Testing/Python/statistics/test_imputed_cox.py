"""A Cox model of imputed tables: Rubin's rules by hand, and what it is where nothing was imputed."""

import numpy as np
import pytest
from scipy import special, stats

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.imputed_cox import _pooled_c, imputed_cox
from survival_cohorts import follow_up_of

TIME, EVENT = follow_up_of("lung")


@pytest.fixture(scope="module")
def tables() -> np.ndarray:
    """Four tables of two columns, of which the second was imputed in thirty patients."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(TIME.size, 2)) - 0.3 * np.log(TIME)[:, None]
    found = np.repeat(x[None], 4, axis=0)
    found[:, :30, 1] += rng.normal(size=(4, 30))
    return found


def test_estimates_are_joined_by_rubins_rules(tables):
    found = imputed_cox(tables, TIME, EVENT)
    fits = [cox(table, TIME, EVENT) for table in tables]
    coef = np.array([fit.coef for fit in fits])
    within = np.mean([fit.covariance for fit in fits], axis=0)
    total = within + (1 + 1 / 4) * np.cov(coef.T)
    model = found.model
    assert model.coef == pytest.approx(coef.mean(axis=0))
    assert model.covariance == pytest.approx(total) and model.se == pytest.approx(np.sqrt(np.diag(total)))
    df = found.coefficients.df
    assert model.p == pytest.approx(2 * stats.t.sf(np.abs(model.coef / model.se), df)) and (model.p < 1).all()
    half = stats.t.ppf(0.975, df) * model.se
    assert model.lower == pytest.approx(np.exp(model.coef - half))
    assert model.upper == pytest.approx(np.exp(model.coef + half))
    assert model.hr == pytest.approx(np.exp(model.coef))
    assert model.center == pytest.approx(np.mean([fit.center for fit in fits], axis=0))
    assert model.loglik == pytest.approx(np.mean([fit.loglik for fit in fits]))
    # The second column, of which something was unknown, has fewer degrees of freedom than the first.
    assert df[1] < df[0] <= EVENT.sum() - 2


def test_harrells_c_is_joined_as_log_odds(tables):
    found = imputed_cox(tables, TIME, EVENT)
    each = [harrell_c(table @ found.model.coef, TIME, EVENT) for table in tables]
    odds = special.logit([one.c for one in each])
    within = np.mean([(one.se / (one.c * (1 - one.c))) ** 2 for one in each])
    assert found.c.value == pytest.approx(special.expit(odds.mean()))
    total = within + (1 + 1 / 4) * odds.var(ddof=1)
    half = stats.t.ppf(0.975, found.c.df) * np.sqrt(total)
    assert found.c.lower == pytest.approx(special.expit(odds.mean() - half))
    assert found.c.upper == pytest.approx(special.expit(odds.mean() + half))


def test_equal_tables_are_one_cox_model(tables):
    same = np.repeat(tables[:1], 3, axis=0)
    found, own = imputed_cox(same, TIME, EVENT).model, cox(same[0], TIME, EVENT)
    assert found.coef == pytest.approx(own.coef) and found.covariance == pytest.approx(own.covariance)
    assert found.baseline.cumulative_hazard == pytest.approx(own.baseline.cumulative_hazard)
    mean = imputed_cox(tables, TIME, EVENT).model
    assert mean.baseline.cumulative_hazard[-1] != pytest.approx(own.baseline.cumulative_hazard[-1], rel=1e-4)


def test_two_tables_are_needed(tables):
    assert imputed_cox(tables[:2], TIME, EVENT).model.coef.shape == (2,)
    for wrong in (tables[:1], tables[0]):
        with pytest.raises(InputError, match="at least two imputed tables"):
            imputed_cox(wrong, TIME, EVENT)


def test_a_perfect_order_in_some_tables_has_a_finite_c():
    """C of 1 has no log odds; it is taken for the nearest number below it."""
    perfect, worse = -TIME, -TIME + np.where(np.arange(TIME.size) == 3, 5.0, 0.0)
    found = _pooled_c(np.array([perfect, worse, perfect]), TIME, EVENT, 50.0)
    assert np.isfinite([found.value[0], found.se[0], found.lower[0], found.upper[0]]).all()
    assert harrell_c(worse, TIME, EVENT).c < found.value[0] <= 1 and found.lower[0] < found.value[0]
    turned = _pooled_c(-np.array([perfect, worse, perfect]), TIME, EVENT, 50.0)
    assert turned.value[0] == pytest.approx(1 - found.value[0], abs=1e-9)
