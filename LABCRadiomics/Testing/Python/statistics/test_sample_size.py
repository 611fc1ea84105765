"""Riley's criteria against pmsampsize and pmvalsampsize, and the laws they obey."""

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.sample_size import ValidationSize, development_size, r2_of_c_index, validation_size
from r_reference import table
from r_rows import Pairs, equal_to_r, row


@row("patients to develop a survival model", "development_size", "pmsampsize::pmsampsize")
def _develop() -> Pairs:
    reference, pairs = table("sample_size_develop"), []
    for at in range(reference["n"].size):
        r = {name: values[at] for name, values in reference.items()}
        ours = development_size(
            r["parameters"], r["rate"], r["followup"], r["horizon"], r2=r["r2"], shrinkage=r["shrinkage"]
        )
        assert ours.n == r["n"]  # the overall risk, which pmsampsize does not size, asks for less in these
        assert [round(v, 3) for v in (ours.risk, ours.risk_lower, ours.risk_upper)] == [
            r["risk"],
            r["lower"],
            r["upper"],
        ]
        pairs += [([c.n for c in ours.criteria[:2]], [r["n1"], r["n2"]]), (ours.max_r2, r["max_r2"])]
        pairs.append((ours.events, r["events"]))
    return pairs


def _validations() -> list[tuple[dict, ValidationSize]]:
    reference, found = table("sample_size_validate"), []
    for at in range(reference["risk"].size):
        r = {name: values[at] for name, values in reference.items()}
        lp = None if np.isnan(r["mean"]) else (r["mean"], r["sd"])
        widths = {"oe_width": r["oe"], "slope_width": r["slope"], "c_width": r["cwidth"], "threshold": 0.3}
        found.append((r, validation_size(r["risk"], r["c"], lp=lp, **widths)))
    return found


@row("patients to validate: observed over expected, C, net benefit", "validation_size", "pmvalsampsize::pmvalsampsize")
def _validate() -> Pairs:
    return [
        ([ours.criteria[at].n for at in (0, 2, 3)], [r["n_oe"], r["n_c"], r["n_benefit"]]) for r, ours in _validations()
    ]


@row("patients to validate: calibration slope", "validation_size", "pmvalsampsize::pmvalsampsize", tolerance=5e-3)
def _validate_slope() -> Pairs:
    return [(ours.criteria[1].n, r["n_slope"]) for r, ours in _validations()]


test_equal_to_r = equal_to_r(__name__)


def test_r2_of_a_c_index_is_that_of_simulated_patients() -> None:
    """C of a normal predictor, and what R² follows from its spread with three events in ten patients."""
    rng = np.random.default_rng(1)
    lp = 0.9 * rng.normal(size=40_000)
    time = rng.exponential(np.exp(-lp))
    c = harrell_c(lp, time, np.ones(lp.size)).c
    assert r2_of_c_index(c, 0.3) == pytest.approx(1 - (1 + 0.9**2) ** -0.3, rel=0.02)
    assert r2_of_c_index(0.501, 0.3) < 1e-3 < r2_of_c_index(0.6, 0.3) < r2_of_c_index(0.9, 0.3)


def test_more_is_needed_for_more() -> None:
    base = development_size(20, 0.005, 52, 60, r2=0.1)
    assert development_size(40, 0.005, 52, 60, r2=0.1).n > base.n > development_size(20, 0.005, 52, 60, r2=0.2).n
    assert development_size(20, 0.005, 52, 60, r2=0.1, shrinkage=0.95).n > base.n
    assert development_size(1, 0.005, 52, 60, r2=0.3).n == development_size(2, 0.005, 52, 60, r2=0.3).n  # overall risk
    precise = development_size(1, 0.005, 52, 60, r2=0.3)
    assert precise.risk_upper - precise.risk == pytest.approx(0.05, abs=1e-3)
    nothing = development_size(20, 0.005, 52, 60)
    assert nothing.r2 == pytest.approx(0.15 * nothing.max_r2) and "nothing was given" in nothing.r2_from
    whole, half = validation_size(0.25, 0.7), validation_size(0.25, 0.7, known=0.5)
    assert half.n == pytest.approx(2 * whole.n, abs=1) and half.criteria == whole.criteria


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: development_size(0, 0.1, 1, 1), "parameters must be a whole number"),
        (lambda: development_size(2.5, 0.1, 1, 1), "parameters must be a whole number"),
        (lambda: development_size(5, 0.1, 20, 1), "rate times follow_up is 2 events a patient"),
        (lambda: development_size(5, 0.1, 1, 1, r2=0.9), "r2 is 0.9; it must lie above 0, below the largest possible"),
        (lambda: development_size(5, 0.1, 1, 1, r2=0.1, c_index=0.7), "r2 and c_index are both given"),
        (lambda: development_size(5, 0.1, 1, 1, c_index=0.4), "c_index must lie between 0.5 and 1"),
        (lambda: development_size(5, -0.1, 1, 1), "rate must be a finite number greater than zero"),
        (lambda: validation_size(1.2, 0.7), "risk must lie between 0 and 1"),
        (lambda: validation_size(0.2, 0.7, known=1.2), "known must be a share"),
        (lambda: validation_size(0.2, 0.7, c_width=1e-6), "c_width 1e-06 would take more than"),
        (lambda: validation_size(0.2, 0.7, threshold=0.2, benefit_width=1e-5), "benefit_width 1e-05 is too narrow"),
        (lambda: validation_size(0.2, 0.7, lp=(0, 0)), r"lp\[1\] must be a finite number"),
    ],
)
def test_what_makes_no_sense_is_refused(compute, message) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        compute()


@pytest.mark.parametrize("spread", [0.3, 1.5, 6.0])
def test_r2_of_a_c_index_leads_back_to_the_spread_of_the_predictor(spread) -> None:
    """C is the mean of ``1 / (1 + exp(-|d|))`` over ``d ~ N(0, 2 s²)``, here by simple sums."""
    d = np.linspace(-9, 9, 2_000_001)
    c = np.average(1 / (1 + np.exp(-np.abs(np.sqrt(2) * spread * d))), weights=np.exp(-(d**2) / 2))
    assert r2_of_c_index(c, 0.4) == pytest.approx(1 - (1 + spread**2) ** -0.4, rel=1e-4)


def test_events_of_each_criterion_are_those_of_its_patients() -> None:
    found = development_size(20, 0.005, 52, 60, r2=0.1)
    assert found.events == pytest.approx(found.n * 0.005 * 52) and found.n == max(c.n for c in found.criteria)
    assert found.events_per_parameter == pytest.approx(found.events / 20)
    for criterion in found.criteria:
        assert criterion.events == pytest.approx(criterion.n * 0.005 * 52)
    nearly_all = development_size(1, 0.05, 15, 60, r2=0.3)  # 95 in 100 have the event by then: no margin is left
    assert nearly_all.criteria[2].n == 1 and nearly_all.risk == pytest.approx(1 - np.exp(-3))
