"""Decision curves for survival, against R's and Python's dcurves."""

import numpy as np
import pytest

from LABCRadiomicsLib.statistics.decision import decision_curve
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier
from r_reference import gbsg2, table
from r_rows import Pairs, equal_to_r, row


@row("decision curve for survival", "decision_curve", "dcurves::dca")
def _decision() -> Pairs:
    data, reference = table("dcurves_survival"), table("dcurves_survival_net_benefit")
    event, horizon = data["cancer"] == "TRUE", 1.5
    risks = {"famhistory": data["famhistory"]}
    result = decision_curve(risks, data["ttcancer"], event, horizon, thresholds=reference["threshold"])
    return [(result.net_benefit["famhistory"], reference["famhistory"]), (result.treat_all, reference["all"])]


test_equal_to_r = equal_to_r(__name__)


def test_equal_to_dcurves_of_python() -> None:
    """At every threshold, those above which nobody or nobody followed is left included."""
    pd = pytest.importorskip("pandas")
    dcurves = pytest.importorskip("dcurves")
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    models = {"base": risks["p_base"], "full": risks["p_full"]}
    frame = pd.DataFrame({"event": data["event"], "time": data["months"], **models})
    ours = decision_curve(models, data["months"], data["event"], 60)
    theirs = dcurves.dca(
        frame, "event", ["base", "full"], ours.thresholds.tolist(), time=60, time_to_outcome_col="time"
    )
    for name, values in {**ours.net_benefit, "all": ours.treat_all}.items():
        reference = theirs.loc[theirs["model"] == name, "net_benefit"].to_numpy(float)
        assert np.array_equal(np.isnan(values), np.isnan(reference))
        assert np.nanmax(np.abs(values - reference)) < 1e-13
    assert np.isnan(ours.net_benefit["full"]).any() == np.isnan(theirs["net_benefit"]).any()


def test_decision_curve_by_its_definition() -> None:
    risks, data = table("gbsg2_risks_60m"), gbsg2()
    result = decision_curve({"full": risks["p_full"]}, data["months"], data["event"], 60, thresholds=[0.2, 0.5])
    for index, threshold in enumerate(result.thresholds):
        treated = risks["p_full"] >= threshold
        risk = 1 - kaplan_meier(data["months"][treated], data["event"][treated]).at(60).survival[0]
        benefit = treated.mean() * (risk - (1 - risk) * threshold / (1 - threshold))
        assert result.net_benefit["full"][index] == pytest.approx(benefit, rel=1e-9)


def test_who_is_just_at_the_threshold_is_treated_but_never_with_a_risk_of_none() -> None:
    """As ``dcurves::dca``; without censoring the net benefit is counted."""
    risk, time = np.array([0.0, 0.2, 0.2, 0.5]), np.array([1.0, 2, 3, 9])
    found = decision_curve({"m": risk}, time, np.ones(4), 5, thresholds=[0, 0.2, 0.5])
    assert found.net_benefit["m"] == pytest.approx([2 / 4, 2 / 4 - 1 / 4 * 0.25, -1 / 4])
    assert found.treat_all == pytest.approx([3 / 4, 3 / 4 - 1 / 4 * 0.25, 3 / 4 - 1 / 4])
    assert decision_curve({"m": risk}, time, np.ones(4), 5).thresholds == pytest.approx(np.arange(1, 100) / 100)
