"""What a figure of performance is: a metric, of a marker, at a horizon; and the words it has in files and on pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InputError
from ..statistics.cutoff_accuracy import proportion_limits
from ..statistics.resampling import bootstrap_limits
from .attempts import Attempts

NOMOGRAM, SCORE_ALONE = "nomogram", "radiomics score alone"

_Z = 1.959963984540054
_NO_ERROR = 1e-9


class Metric(StrEnum):
    """Kinds of figures; those of the risk groups belong to a marker that has a cutoff."""

    C_INDEX = "c_index"
    UNO_C = "uno_c"
    AUC = "auc"
    SLOPE = "calibration_slope"
    SCORE_SLOPE = "calibration_slope_of_score"
    HAZARD_RATIO = "hazard_ratio"
    LOG_HAZARD_RATIO = "log_hazard_ratio"
    PETO = "peto_log_hazard_ratio"
    LOGRANK_P = "logrank_p"
    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    PPV = "positive_predictive_value"
    NPV = "negative_predictive_value"
    BRIER = "brier_score"
    IPA = "ipa"
    OBSERVED_EXPECTED = "observed_expected"
    C_GAIN = "c_index_gain"
    IDI = "idi"
    NRI = "nri_continuous_km"


_WORDS = {
    Metric.C_INDEX: "C-index, {marker}",
    Metric.UNO_C: "Uno's C-index to {horizon} months, {marker}",
    Metric.AUC: "AUC at {horizon} months, {marker}",
    Metric.SLOPE: "calibration slope, {marker}",
    Metric.SCORE_SLOPE: "calibration slope of the score, {marker}",
    Metric.HAZARD_RATIO: "hazard ratio, high against low risk",
    Metric.LOG_HAZARD_RATIO: "log hazard ratio, risk groups",
    Metric.PETO: "Peto's log hazard ratio, risk groups",
    Metric.LOGRANK_P: "log-rank p, risk groups",
    Metric.SENSITIVITY: "sensitivity at {horizon} months, high-risk group",
    Metric.SPECIFICITY: "specificity at {horizon} months, high-risk group",
    Metric.PPV: "positive predictive value at {horizon} months, high-risk group",
    Metric.NPV: "negative predictive value at {horizon} months, high-risk group",
    Metric.BRIER: "Brier score at {horizon} months, {marker}",
    Metric.IPA: "IPA at {horizon} months, {marker}",
    Metric.OBSERVED_EXPECTED: "observed / expected events at {horizon} months",
    Metric.C_GAIN: "C-index, gain over {over}",
    Metric.IDI: "IDI at {horizon} months, over {over}",
    Metric.NRI: "continuous NRI at {horizon} months, over {over}",
}
ACCURACY = (Metric.SENSITIVITY, Metric.SPECIFICITY, Metric.PPV, Metric.NPV)  # of the cutoff
_MOST_SPECIFIC_FIRST = sorted(_WORDS, key=lambda metric: -len(_WORDS[metric]))


@dataclass(frozen=True)
class Measure:
    """What a figure measures.

    Attributes
    ----------
    metric : Metric
    marker : str
        Name of the marker, such as ``"nomogram"``.
    horizon_months : float or None
        Of what is measured at, or up to, a horizon.
    over : str or None
        Name of the comparator of what is a gain.
    """

    metric: Metric
    marker: str
    horizon_months: float | None = None
    over: str | None = None

    @property
    def label(self) -> str:
        """The measure as model files and people have it, such as ``"AUC at 60 months, nomogram"``."""
        horizon = "" if self.horizon_months is None else f"{self.horizon_months:g}"
        return _WORDS[self.metric].format(marker=self.marker, horizon=horizon, over=self.over)

    @classmethod
    def read(cls, label: str) -> Measure | None:
        """Give the measure that a model file's words stand for; None for words that are not ours."""
        for metric in _MOST_SPECIFIC_FIRST:
            found = _pattern(metric).fullmatch(label)
            if found:
                parts = found.groupdict()
                horizon = parts.get("horizon")
                months = float(horizon) if horizon else None
                return cls(metric, parts.get("marker") or _IMPLIED[metric], months, parts.get("over"))
        return None

    @property
    def is_discrimination(self) -> bool:
        """Whether the measure is a chance from 0 to 1, one half being no better than tossing a coin."""
        return self.metric in (Metric.C_INDEX, Metric.UNO_C, Metric.AUC)

    @property
    def without_signal(self) -> float:
        """The value where marker and outcome have nothing to do with each other."""
        return 0.5 if self.is_discrimination else 0.0


_IMPLIED = dict.fromkeys(Metric, NOMOGRAM) | dict.fromkeys(
    (Metric.HAZARD_RATIO, Metric.LOG_HAZARD_RATIO, Metric.PETO, Metric.LOGRANK_P, *ACCURACY), SCORE_ALONE
)


def _pattern(metric: Metric) -> re.Pattern[str]:
    text = re.escape(_WORDS[metric]).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(text.format(marker="(?P<marker>.+)", horizon=r"(?P<horizon>[\d.e+]+)", over="(?P<over>.+)"))


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% limits and standard error; None where these could not be estimated."""

    value: float
    lower: float | None = None
    upper: float | None = None
    se: float | None = None

    @classmethod
    def normal(cls, value: float, se: float, *, least: float = -np.inf, most: float = np.inf) -> Estimate:
        """Give a value with limits 1.96 standard errors away, cut at the ends of what it can be.

        A standard error of zero, as of a C-index or an AUC of exactly 0 or 1, is none: the data do not say how sure
        such a value is.
        """
        if not np.isfinite(value):
            return cls(float("nan"))
        if not np.isfinite(se):
            return cls(float(value))
        if se <= _NO_ERROR:
            return cls(float(value), se=float(se))
        lower, upper = max(value - _Z * se, least), min(value + _Z * se, most)
        return cls(float(value), float(lower), float(upper), float(se))

    @classmethod
    def share(cls, value: float, se: float) -> Estimate:
        """Give a probability with limits that are symmetric on the logit scale; none at exactly 0 or 1."""
        found = proportion_limits(value, se)
        known = np.isfinite(found.lower) and se > _NO_ERROR
        return cls(float(value), found.lower, found.upper, float(se)) if known else cls(float(value))

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return bool(np.isfinite(self.value))

    def to_dict(self) -> dict[str, float | None]:
        """Give value and limits as reports hold them."""
        return {"value": self.value, "lower": self.lower, "upper": self.upper}


UNKNOWN = Estimate(float("nan"))


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured value with whom it was measured on.

    Attributes
    ----------
    measure : Measure
    estimate : Estimate
    cohort : str
        Name of the patients.
    n, events : int
    kind : {"apparent", "optimism-corrected", "validation", "external"}
    """

    measure: Measure
    estimate: Estimate
    cohort: str
    n: int
    events: int
    kind: str

    @cached_property
    def label(self) -> str:
        """The measure in words."""
        return self.measure.label

    @property
    def value(self) -> float:
        """Of the estimate."""
        return self.estimate.value

    @property
    def lower(self) -> float | None:
        """Of the estimate."""
        return self.estimate.lower

    @property
    def upper(self) -> float | None:
        """Of the estimate."""
        return self.estimate.upper

    def to_dict(self) -> dict[str, Any]:
        """Give the figure as reports hold it: the measure in words and in fields."""
        return {
            "cohort": self.cohort,
            "n": self.n,
            "events": self.events,
            "metric": self.label,
            "relation": "=",
            **self.estimate.to_dict(),
            "kind": self.kind,
            "measure": str(self.measure.metric),
            "marker": self.measure.marker,
            "horizon_months": self.measure.horizon_months,
            "over": self.measure.over,
        }


def bootstrapped(
    what: str,
    statistic: Callable[[np.ndarray], tuple[float, ...]],
    n: int,
    repeats: int,
    seed: int,
    attempts: Attempts,
) -> list[Estimate]:
    """Give the values of a statistic with bootstrap percentile limits.

    Parameters
    ----------
    what : str
        Name of the statistic, for what is said of its limits.
    statistic : callable
        Takes patients' indices, shape (n,), and gives numbers.
    n : int
        Patients.
    repeats, seed : int
        Of the bootstrap; without repeats, or where most resamples have no such statistic, there are no limits.
    attempts : Attempts
        Is told of resamples without the statistic, such as those without an event by the horizon.
    """
    values = statistic(np.arange(n))
    if not repeats:
        return [Estimate(float(value)) for value in values]
    try:
        limits = bootstrap_limits(statistic, n, repeats=repeats, seed=seed)
    except InputError as error:
        attempts.add("no-limits", f"{what} has no limits: {error}")
        return [Estimate(float(value)) for value in values]
    if limits.used < repeats:
        text = f"{what} does not exist in {repeats - limits.used} of {repeats} resamples; its limits are of the others."
        attempts.add("unused-resamples", text)
    rows = zip(values, limits.lower, limits.upper, strict=True)
    return [Estimate(float(value), float(lower), float(upper)) for value, lower, upper in rows]
