"""What format version 2 adds to a model, all of it optional: summaries of the training cohort and of its uncertainty.

Nothing here holds a patient: means, covariances, coefficients, ranges, and hashes that lead to nobody.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .covariates import CovariateDomain, Value
from .fields import limited

LEAST_CASES = 10  # that a mean and covariance may be of: fewer could be told apart
PREPROCESSING = ("n4", "zscore", "percentile", "reference-tissue", "resample")


@dataclass(frozen=True, kw_only=True)
class Covariate(CovariateDomain):
    """One clinical covariate of a Cox model, with its log hazard ratios.

    A ``number`` has one coefficient per unit; a ``binary`` one coefficient for its second level against its first
    (``levels`` default to no, yes); a ``category`` one for each level but the reference, in the order of ``levels``.
    ``low`` and ``high`` are the training range of a number, ``minimum`` and ``maximum`` what it can be at all.
    """

    coefficients: tuple[float, ...] = limited(minItems=1)
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Baseline:
    r"""Baseline survival of a patient at the nomogram's center, as a right-continuous step function.

    With :math:`\Lambda_0 = -\log S_0` and, at event time u, the risk set's weighted mean :math:`\bar x(u)` of the
    parameters, exact limits of a new patient's survival (R: ``survfit.coxph``) need two further integrals:

    - ``cumulative_hazard_variance``: the variance of :math:`\Lambda_0(t)` with known coefficients (Breslow: the sum of
      :math:`d / S^2`; Efron: the sum over ties), no unit;
    - ``weighted_covariate_mean``: :math:`\int_0^t (\bar x(u) - center)\,d\Lambda_0(u)`, one row a time, one column a
      parameter, in the parameter's unit.
    """

    months: tuple[float, ...] = limited(minItems=1, items={"minimum": 0})
    survival: tuple[float, ...] = limited(minItems=1, items={"minimum": 0, "maximum": 1})
    cumulative_hazard_variance: tuple[float, ...] | None = limited(optional=True, items={"minimum": 0})
    weighted_covariate_mean: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Mean and covariance of some quantities over the training cohort, in the order that their owner states.

    ``n`` is the number of patients they are of, at least ten. ``percent`` and ``distance`` are percentages of these
    patients and the Mahalanobis distance from the mean that so many do not exceed (no unit).
    """

    n: int = limited(minimum=LEAST_CASES)
    mean: tuple[float, ...] = limited(minItems=1)
    covariance: tuple[tuple[float, ...], ...] = limited(minItems=1)
    percent: tuple[float, ...] = limited(default=(), optional=True, items={"exclusiveMinimum": 0, "maximum": 100})
    distance: tuple[float, ...] = limited(default=(), optional=True, items={"minimum": 0})


@dataclass(frozen=True, kw_only=True)
class Domain:
    """What the training cohort's images and tumors were: ranges are 1st and 99th percentiles.

    Spacing along i, j, k in the model's axis order, in mm; field strength in tesla; volume of the tumor in cubic mm;
    mean intensity of the tumor after preprocessing, in the images' unit; contrast of the tumor to the 5 mm around it,
    in standard deviations of both together (:func:`.imaging.surroundings.brightness`).
    """

    spacing_mm_low: tuple[float, ...] | None = limited(optional=True, minItems=3, items={"exclusiveMinimum": 0})
    spacing_mm_high: tuple[float, ...] | None = limited(optional=True, minItems=3, items={"exclusiveMinimum": 0})
    field_strengths_t: tuple[float, ...] = limited(default=(), optional=True, items={"exclusiveMinimum": 0})
    manufacturers: tuple[str, ...] = ()
    volume_mm3_low: float | None = limited(optional=True, exclusiveMinimum=0)
    volume_mm3_high: float | None = limited(optional=True, exclusiveMinimum=0)
    mean_low: float | None = None
    mean_high: float | None = None
    contrast_low: float | None = None
    contrast_high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """One site of a harmonization: how its features differ, in the order of the harmonization's features.

    A value x of the site, standardized to z, becomes ``(z - location) / scale``, standardized back.
    """

    name: str = limited(minLength=1)
    n: int = limited(minimum=2)
    location: tuple[float, ...]
    scale: tuple[float, ...] = limited(items={"exclusiveMinimum": 0})


@dataclass(frozen=True, kw_only=True)
class PreservedCovariate:
    """A covariate whose effect on the features a harmonization keeps: one coefficient a feature, per unit.

    ``mean`` stands in where a patient's is unknown; without it the nomogram's center does.
    """

    parameter: str = limited(minLength=1)
    coefficients: tuple[float, ...]
    mean: float | None = None


@dataclass(frozen=True, kw_only=True)
class Harmonization:
    """ComBat over sites (Johnson 2007; ``sva::ComBat``), as fitted on the training cohort.

    A value is standardized by ``(x - mean - covariate effects) / sd``. ``reference`` names the site that the others
    were brought to; without it they were brought to their common mean.
    """

    method: Literal["combat"]
    features: tuple[str, ...] = limited(minItems=1)
    mean: tuple[float, ...]
    sd: tuple[float, ...] = limited(items={"exclusiveMinimum": 0})
    covariates: tuple[PreservedCovariate, ...] = ()
    sites: tuple[Site, ...] = limited(minItems=1)
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """One repeat of the whole procedure on a resample of the cohort.

    ``features`` are positions in :attr:`Uncertainty.features`, ``coefficients`` theirs in the repeat's score, which is
    relative to its mean in the training cohort; ``residual_sd`` is the spread of what that score takes from features
    that the model has not. ``parameters`` are the nomogram's coefficients in the order of its parameters (0 where a
    covariate was not chosen, the last that of the repeat's score), ``survival`` the survival at the nomogram's horizons
    of a patient whose covariates are the nomogram's center and whose score by the repeat is 0. Above ``cutoff`` the
    repeat calls the risk high; without one it chose no feature and calls nobody's high.
    """

    features: tuple[int, ...] = limited(items={"minimum": 0})
    coefficients: tuple[float, ...]
    intercept: float = 0.0
    residual_sd: float = limited(default=0.0, optional=True, minimum=0)
    cutoff: float | None = None
    parameters: tuple[float, ...] = ()
    survival: tuple[float, ...] = limited(default=(), optional=True, items={"minimum": 0, "maximum": 1})


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    """What carries the uncertainty of selection and fit to a patient: the predictors of resamples, compactly.

    ``features`` are among those of the score, so that nothing more than these is extracted of a patient.
    """

    method: str = limited(minLength=1)
    features: tuple[str, ...] = ()
    repeats: tuple[Repeat, ...] = limited(minItems=2)


@dataclass(frozen=True, kw_only=True)
class Comparator:
    """A Cox model of what the clinic has without the image, made from the same patients.

    ``center`` is the patient whose survival the baseline is, by parameter name, as a nomogram's. ``verdict`` says
    whether the score was found to add to it, by predictions for patients that the models had not seen.
    """

    name: str = limited(minLength=1)
    label: str = limited(minLength=1)
    covariates: tuple[Covariate, ...] = limited(minItems=1)
    center: Mapping[str, float] | None = None
    covariance: tuple[tuple[float, ...], ...] | None = None
    baseline: Baseline | None = None
    verdict: Literal["adds", "may add", "does not add"] | None = None

    def parameters(self) -> tuple[str, ...]:
        """Name every coefficient in order."""
        return tuple(name for covariate in self.covariates for name in covariate.parameters())

    def log_hazard(self, values: Mapping[str, Value]) -> float | None:
        """Give the log hazard of a patient relative to the center (to zero without one); None with an unknown value."""
        if any(values.get(covariate.name) is None for covariate in self.covariates):
            return None
        row = [x for covariate in self.covariates for x in covariate.columns([values[covariate.name]])[0].tolist()]
        slopes = [slope for covariate in self.covariates for slope in covariate.coefficients]
        center = self.center or {}
        terms = zip(self.parameters(), row, slopes, strict=True)
        return math.fsum(slope * (x - center.get(name, 0.0)) for name, x, slope in terms)

    def survival(self, log_hazard: float, months: float) -> float | None:
        """Give the probability of no event up to a month of a patient; None without a baseline, or beyond its end."""
        baseline = self.baseline
        if baseline is None or months > baseline.months[-1]:
            return None
        step = bisect_right(baseline.months, months)
        base = baseline.survival[step - 1] if step else 1.0
        return base ** math.exp(min(log_hazard, 700.0))
