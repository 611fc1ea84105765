"""Cox models and curves with late entry, strata and weights, against R."""

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.cox import CoxModel, cox
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier, logrank
from r_reference import columns, table
from r_rows import Pairs, compared, equal_to_r, row
from survival_cohorts import lung_known

DATA = table("cox_extended_data")
X = columns(lung_known(), ["age", "sex"])
ACTIVE = lung_known()["ph.ecog"] > 0


def _model(name: str, ties: str) -> CoxModel:
    """One of the models of the reference: what it has is in its name."""
    lung, parts = lung_known(), name.split()
    options: dict = {"ties": ties}
    time = lung["time"]
    if "tied" in name:
        time, options["entry"] = DATA["month"], DATA["month_in"]
    elif "entry" in name:
        options["entry"] = DATA["entry"]
    if "strata" in name:
        options["strata"] = ACTIVE
    if len(parts) > 1:
        options["weights"] = DATA[parts[1]]
    return cox(X, time, lung["event"], **options)


@row("Cox with late entry, strata, weights (robust), both ties", "cox", "survival::coxph")
def _models() -> Pairs:
    reference, pairs = table("cox_extended"), []
    for name, ties in dict.fromkeys(zip(reference["model"], reference["ties"], strict=True)):
        rows = (reference["model"] == name) & (reference["ties"] == ties)
        model = _model(str(name), str(ties))
        pairs += [(getattr(model, key), reference[key][rows]) for key in ("coef", "se", "p")]
        pairs.append(([model.loglik, model.loglik_null], [reference[key][rows][0] for key in ("loglik", "null")]))
    return pairs


@row("individual survival with late entry and strata", "CoxModel.survival", "survival::survfit.coxph")
def _curves() -> Pairs:
    reference, pairs = table("cox_extended_survival"), []
    for at in range(reference["time"].size):
        r = {name: values[at] for name, values in reference.items()}
        stratum = None if r["stratum"] == "all" else str(r["stratum"]).endswith("TRUE")
        found = _model(str(r["model"]), str(r["ties"])).survival([[60, 1]], [r["time"]], stratum=stratum)
        pairs.append(
            ([found.survival[0, 0], found.lower[0, 0], found.upper[0, 0]], [r["surv"], r["lower"], r["upper"]])
        )
    return pairs


@row("Kaplan-Meier with late entry and weights", "kaplan_meier", "survival::survfit")
def _kaplan_meier() -> Pairs:
    reference, lung, pairs = table("km_extended"), lung_known(), []
    options = {"entry": {"entry": DATA["entry"]}, "whole": {"weights": DATA["w2"]}, "weights": {"weights": DATA["w"]}}
    options["entry weights"] = options["entry"] | options["weights"]
    for name, given in options.items():
        points = kaplan_meier(lung["time"], lung["event"], **given).at([60, 200, 400, 700])
        fields = {"survival": "surv", "n_risk": "risk", "se": "se", "lower": "lower", "upper": "upper"}
        pairs += [(getattr(points, ours), reference[key][reference["curve"] == name]) for ours, key in fields.items()]
    return pairs


@row("log-rank test within strata", "logrank", "survival::survdiff(strata)")
def _logrank() -> Pairs:
    lung = lung_known()
    found = logrank(lung["time"], lung["event"], lung["ph.ecog"], strata=lung["sex"])
    names = {"observed": "observed", "expected": "expected", "chisq": "chisq"}
    return compared(found, table("logrank_stratified"), names)


test_equal_to_r = equal_to_r(__name__)


def test_whole_weights_are_repeated_patients() -> None:
    """Coefficients and likelihood; Breslow's ties, which do not mind how many share an event."""
    lung, times = lung_known(), (1 + np.arange(226) % 3)
    weighted = cox(X, lung["time"], lung["event"], weights=times, ties="breslow")
    repeated = cox(np.repeat(X, times, axis=0), *(np.repeat(lung[k], times) for k in ("time", "event")), ties="breslow")
    assert weighted.coef == pytest.approx(repeated.coef, rel=1e-9)
    assert weighted.loglik == pytest.approx(repeated.loglik)


def test_nothing_entered_late_and_one_stratum_are_the_plain_model() -> None:
    lung = lung_known()
    plain = cox(X, lung["time"], lung["event"])
    entered = cox(X, lung["time"], lung["event"], entry=np.zeros(226))
    assert entered.coef == pytest.approx(plain.coef, rel=1e-12)
    assert entered.baseline.cumulative_hazard == pytest.approx(plain.baseline.cumulative_hazard, rel=1e-9)
    even = cox(X, lung["time"], lung["event"], weights=np.full(226, 2.0))
    assert even.coef == pytest.approx(plain.coef, rel=1e-12)
    assert even.se == pytest.approx(plain.se, rel=0.1)  # the robust ones


def test_a_stratum_must_be_chosen() -> None:
    lung = lung_known()
    model = cox(X, lung["time"], lung["event"], strata=ACTIVE)
    with pytest.raises(InputError, match="the model has 2 strata, each with a baseline of its own"):
        model.survival(X, [200])
    with pytest.raises(InputError, match="stratum 'x' is not one of the model's"):
        model.survival(X, [200], stratum="x")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"entry": lung_known()["time"]}, "entry at row 0 is not before the end of follow-up"),
        ({"entry": -np.ones(226)}, "entry must not be negative"),
        ({"entry": np.ones(3)}, "entry has 3 values where 226"),
        ({"weights": np.zeros(226)}, "weights must be greater than zero"),
        ({"weights": np.full(226, np.nan)}, "weights has missing values"),
        ({"strata": np.ones(226)}, "strata has one group only"),
    ],
)
def test_bad_input(options, message) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        cox(X, lung_known()["time"], lung_known()["event"], **options)
