"""Firth's penalized Cox model against coxphf, also where a group has no event."""

import numpy as np
import pytest
from scipy import stats

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics import firth
from LABCRadiomicsLib.statistics._risk_sets import RiskSets
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.firth import FirthCox, _Penalized, firth_cox
from r_reference import columns, gbsg2, table
from r_rows import Pairs, equal_to_r, row
from survival_cohorts import follow_up


def _fits() -> list[tuple[FirthCox, dict[str, np.ndarray]]]:
    reference, found = table("firth"), []
    for name, data in (("veteran", table("veteran")), ("separated", table("firth_data"))):
        expected = {key: values[reference["model"] == name] for key, values in reference.items()}
        found.append((firth_cox(columns(data, expected["term"]), data["time"], data["event"]), expected))
    return found


@row("Firth's Cox model: coefficients, profile limits, p", "firth_cox", "coxphf::coxphf")
def _firth() -> Pairs:
    pairs = []
    for fit, expected in _fits():
        pairs += [(getattr(fit, name), expected[name]) for name in ("coef", "se", "lower", "upper", "p")]
        pairs.append((fit.loglik - fit.loglik_null, expected["loglik"][0] - expected["null"][0]))
    return pairs


test_equal_to_r = equal_to_r(__name__)


def test_where_the_usual_model_has_no_estimate() -> None:
    data = table("firth_data")
    assert not data["event"][data["none"] == 1].any()
    with pytest.raises(InputError, match="covariates"):
        cox(columns(data, ["age", "none"]), data["time"], data["event"])
    fit, _ = _fits()[1]
    assert np.isfinite([fit.coef, fit.lower, fit.upper]).all() and fit.hr[1] < 0.2


def test_with_many_events_it_is_the_usual_model() -> None:
    x = columns(gbsg2(), ["age", "pnodes", "horTh1"])
    usual, fit = cox(x, *follow_up(), ties="breslow"), firth_cox(x, *follow_up())
    assert np.abs((fit.coef - usual.coef) / usual.se).max() < 0.1
    assert fit.se == pytest.approx(usual.se, rel=0.01)
    assert fit.baseline.cumulative_hazard == pytest.approx(usual.baseline.cumulative_hazard, rel=0.01)


def test_it_does_not_depend_on_units() -> None:
    data = table("veteran")
    x = columns(data, ["karno", "age"])
    here, there = (firth_cox(x * unit, data["time"], data["event"]) for unit in (1.0, [1000.0, 0.01]))
    assert there.coef * [1000.0, 0.01] == pytest.approx(here.coef, rel=1e-8)
    assert there.p == pytest.approx(here.p, rel=1e-8)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (lambda x: np.ones(len(x)), "covariates column 2 is constant"),
        (lambda x: x.sum(axis=1), "covariates are collin"),
    ],
)
def test_bad_input(extra, message) -> None:
    x = columns(table("veteran"), ["karno", "age"])
    with pytest.raises(InputError, match=f"^{message}"):
        firth_cox(np.c_[x, extra(x)], table("veteran")["time"], table("veteran")["event"])


def test_the_estimate_is_where_the_penalized_likelihood_is_flat_and_its_limits_where_it_has_fallen() -> None:
    data = table("firth_data")
    x = columns(data, ["age", "none"])
    fit = firth_cox(x, data["time"], data["event"], level=0.9)
    sets = RiskSets.build(np.asarray(data["time"], float), np.asarray(data["event"], bool), "breslow")
    at_risk = (x - x.mean(axis=0))[sets.order]
    scale = at_risk.std(axis=0)
    problem, beta, se = _Penalized(at_risk / scale, sets), fit.coef * scale, fit.se * scale
    value, gradient, information = problem.at(beta)
    assert value == pytest.approx(fit.loglik) and np.abs(gradient * se).max() < 1e-4
    assert np.linalg.inv(information) == pytest.approx(fit.covariance * np.outer(scale, scale), rel=1e-4)
    drop = stats.chi2.ppf(0.9, 1) / 2
    for j in range(2):
        away = beta + se * (np.arange(2) == j)
        step = 1e-5 * (np.arange(2) == j)
        rises = (problem.at(away + step)[0] - problem.at(away - step)[0]) / 2e-5
        assert rises == pytest.approx(problem.at(away)[1][j], rel=1e-6)
        for limit in (np.log(fit.lower[j]), np.log(fit.upper[j])):
            assert fit.loglik - problem.profile(beta, j, limit * scale[j]) == pytest.approx(drop, rel=1e-4)
        fall = fit.loglik - problem.profile(beta, j, 0.0)
        assert fit.p[j] == pytest.approx(stats.chi2.sf(2 * fall, 1), rel=1e-6)


def test_collinear_covariates_have_no_penalized_estimate() -> None:
    data = table("veteran")
    x = columns(data, ["karno", "age"])
    with pytest.raises(InputError, match="covariates are collinear; leave some of them out"):
        firth_cox(np.c_[x, x.sum(axis=1)], data["time"], data["event"])


def test_steps_that_do_not_arrive_are_no_estimate(monkeypatch) -> None:
    data = table("veteran")
    monkeypatch.setattr(firth, "_MAX_STEPS", 1)
    with pytest.raises(InputError, match="covariates have no penalized estimate that the steps reach"):
        firth_cox(columns(data, ["karno", "age"]), data["time"], data["event"])
