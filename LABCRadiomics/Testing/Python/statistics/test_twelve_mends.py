"""The table of `Docs/methods.md` of what an independent check found wrong: what we gave, what we give, what R gives.

``pytest test_twelve_mends.py -s`` prints the table; run as a script this file writes it into the document. "Before" is
what the library gave when the check was made, on the same data; "now" is computed here where the data are bundled.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[2])]

import numpy as np  # noqa: E402
import pytest  # noqa: E402

from LABCRadiomicsLib.performance import Metric  # noqa: E402
from LABCRadiomicsLib.performance.metrics import Measure  # noqa: E402
from LABCRadiomicsLib.statistics.calibration import calibration_curve, calibration_summary  # noqa: E402
from LABCRadiomicsLib.statistics.concordance import harrell_c  # noqa: E402
from LABCRadiomicsLib.statistics.cox import cox  # noqa: E402
from LABCRadiomicsLib.statistics.kaplan_meier import kaplan_meier, logrank  # noqa: E402
from LABCRadiomicsLib.statistics.lasso import lasso_cv  # noqa: E402
from LABCRadiomicsLib.statistics.reclassification import discrimination_improvement  # noqa: E402
from LABCRadiomicsLib.statistics.reclassification_limits import improvement_limits, refitted_cox  # noqa: E402
from r_reference import columns, gbsg2, table  # noqa: E402
from survival_cohorts import follow_up, follow_up_of, lung_in_hundreds, lung_known  # noqa: E402

DOCUMENT = HERE.parents[3] / "Docs" / "methods.md"
BEGIN, END = "<!-- twelve mends: begin -->", "<!-- twelve mends: end -->"
HEADER = "| mend | statistic | data set | before | now | R |\n|---|---|---|---|---|---|"
VETERAN = ["squamous", "smallcell", "adeno", "trt", "karno", "diagtime", "age", "prior"]


@dataclass(frozen=True)
class Mend:
    """One line: ``now`` is a text, or what computes it; where R has the number, ``now`` must agree with it."""

    number: int
    statistic: str
    data: str
    before: str
    now: str | Callable[[], str]
    r: str

    @property
    def line(self) -> str:
        """The row as the document has it."""
        now = self.now if isinstance(self.now, str) else self.now()
        return f"| {self.number} | {self.statistic} | {self.data} | {self.before} | {now} | {self.r} |"


def _ici() -> str:
    risks = table("calibration_risks")
    risk = risks["risk"][risks["data"] == "ovarian"]
    return f"{calibration_curve(risk, *follow_up_of('ovarian'), 450).ici:.6f}"


def _slope() -> str:
    """A Cox model's slope on its own patients is 1; its risks lie beyond what 1 - risk can hold."""
    data, names = table("pbc"), ["age", "edema", "bili", "albumin", "protime", "ast", "stage"]
    x = columns(data, names)
    known = ~np.isnan(x).any(axis=1)
    time, event = data["time"][known], data["event"][known] == 1
    survival = cox(x[known], time, event).survival(x[known], np.array([4000])).survival[:, 0]
    return f"{calibration_summary(1 - survival, time, event, 4000, survival=survival).slope:.4f}"


def _c_at_tau() -> str:
    lung = lung_known()
    return f"{harrell_c(lung['age'], lung['time'], lung['event'], tau=222).c:.6f}"


def _idi_at_event() -> str:
    """Of a risk over nine tenths of it, events at the very horizon being cases as for ROC curve and Brier score."""
    risk = table("event_at_horizon_risk")["risk"]
    return f"{discrimination_improvement(0.9 * risk, risk, *lung_in_hundreds(), 4).idi:.6f}"


def _limits_at_one() -> str:
    curve = kaplan_meier(range(1, 7), [0, 0, 1, 0, 1, 1])
    return "none" if np.isnan([curve.lower[0], curve.upper[0]]).all() else f"{curve.lower[0]:g} to {curve.upper[0]:g}"


@cache
def _refitted() -> tuple[float, float]:
    names = ["age", "horTh1"], ["age", "horTh1", "pnodes", "progrec", "tsize"]
    old, new = (columns(gbsg2(), list(own)) for own in names)
    refit = refitted_cox(old, new, *follow_up(), 60)
    limits = improvement_limits(refit, *follow_up(), 60, repeats=100, seed=1)
    return float(limits.lower[0]), float(limits.upper[0])


def _idi() -> str:
    return "{:.3f} to {:.3f}".format(*_refitted())


def _without_event() -> str:
    folds = table("lasso_fold_without_event_folds")["fold"]
    found = lasso_cv(columns(table("veteran"), VETERAN), *follow_up_of("veteran"), folds)
    return f"{found.lambda_min:.6f}"


def _names() -> str:
    return f"{Measure(Metric.PETO, 'm').label}; {Measure(Metric.LOG_HAZARD_RATIO, 'm').label}"


def _almost_tied() -> tuple[list[float], list[int], np.ndarray]:
    time = [0.1 + 0.2, 0.3, 0.5, 0.7, 0.3, 1, 1.2, 0.9, 1.1 + 2.2, 3.3]
    return time, [1, 0, 1, 1, 1, 0, 1, 1, 1, 0], np.array([1, 3, 2, 5, 4, 2, 1, 3, 0, 2])


def _timefix() -> str:
    time, event, x = _almost_tied()
    return f"{cox(x[:, None], time, event).coef[0]:.6f}, {logrank(time, event, x > 2).chisq:.6f}"


def _r(name: str, column: str, row: int = 0, digits: int = 6) -> str:
    return f"{table(name)[column][row]:.{digits}f}"


def mends() -> list[Mend]:
    """All lines, in the order of the check."""
    both = f"{_r('timefix', 'coef')}, {_r('timefix', 'chisq')}"
    return [
        Mend(1, "p of the score's hazard ratio in the nomogram", "noise, 47 cohorts", "below 0.05 in 47, not marked",
             "marked as apparent, a corrected one beside it (`test_optimism.py`)", "-"),
        Mend(2, "95% limits of the corrected C-index and slope", "139 patients, strong signal",
             "hold the truth in 24 and 22 of 33", "hold it in the table of coverage below", "-"),
        Mend(3, "ICI", "ovarian, 26 patients", "0.016032", _ici, _r("calibration_smooth", "ici")),
        Mend(4, "calibration slope with risks near 1", "pbc, 312 patients", "1.0523", _slope, "1.0000"),
        Mend(5, "Harrell's C to an event time (`ymax`)", "lung", "0.553377", _c_at_tau, _r("concordance_ymax", "c")),
        Mend(5, "IDI with events at the horizon, cases for ROC and Brier score", "lung in hundreds of days", "0.004675",
             _idi_at_event, "left out by survIDINRI"),
        Mend(6, "log-log limits at survival 1", "six patients", "1 to 1", _limits_at_one, "none"),
        Mend(7, "limits of the IDI", "GBSG2", "0.069 to 0.130", _idi, "0.061 to 0.145 (survIDINRI)"),
        Mend(7, "limits of the IDI", "nki70 (not bundled)", "0.071 to 0.179", "0.040 to 0.254",
             "0.042 to 0.252 (survIDINRI)"),
        Mend(8, "lambda.min with a fold without event", "veteran", "refused", _without_event,
             _r("lasso_fold_without_event", "min")),
        Mend(9, "names of the groups' log hazard ratios", "-", "one name for Peto's and Cox's", _names, "-"),
        Mend(10, "Cox coefficient, log-rank of times equal up to rounding", "ten patients", "0.426767, 2.311902",
             _timefix, both),
        Mend(11, "what this page claims of timeROC and glmnet", "-", "more than holds",
             "written down with a test each (below)", "-"),
        Mend(12, "CPU seconds: Harrell's C, LASSO cross-validation, decision curve", "20,000; 5,000; 686 patients",
             "11.5; 66; seconds", "0.05; 1.4; 0.006 (`Benchmarks/large_cohorts.py`)", "0.05; 2.4; 2.9 (dcurves)"),
    ]  # fmt: skip


def printed() -> str:
    """The whole table."""
    return "\n".join([HEADER, *(mend.line for mend in mends())])


def test_the_table_of_mends_is_that_of_the_document() -> None:
    print(f"\n{printed()}")
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip() == printed()


@pytest.mark.parametrize("number", [3, 4, 6, 8, 10])
def test_what_r_gives_is_what_is_given_now(number: int) -> None:
    for mend in (mend for mend in mends() if mend.number == number):
        now = mend.now if isinstance(mend.now, str) else mend.now()
        assert now == mend.r, mend.statistic
        assert mend.before != now


def test_the_limits_of_the_idi_are_near_those_of_survidinri() -> None:
    assert _refitted() == pytest.approx((0.0615, 0.1453), abs=0.015)


def _write() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    DOCUMENT.write_text(f"{before}\n{printed()}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    _write()
