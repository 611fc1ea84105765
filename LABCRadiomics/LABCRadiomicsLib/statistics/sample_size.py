"""How many patients it takes to develop, and to validate, a prediction model: Riley's criteria.

They reproduce the R packages pmsampsize and pmvalsampsize, whose rounding is kept where a number depends on it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import integrate, optimize, special

from ..errors import InputError
from . import _checks

_Z = 1.96  # as the two packages have it
_STEP = 1e-4  # grid of standard errors on which pmvalsampsize looks for one that is small enough
_COMMON_R2 = 0.15  # share of the largest possible R² to expect where nothing is known (Riley et al. 2020)
_OPTIMISM = 0.05  # of Nagelkerke's R², at most
_NOMINAL = 10_000  # patients of pmsampsize's imagined cohort, whose events it rounds up
_MOST = 10**7  # patients; beyond that no study is planned
_FAR = 12.0  # standard deviations within which a normal variable is looked for


@dataclass(frozen=True)
class Criterion:
    """One criterion: what it asks for, how many patients that takes, and with how many events."""

    name: str
    target: str
    n: int
    events: float


@dataclass(frozen=True)
class DevelopmentSize:
    """Patients needed to develop a survival model.

    Attributes
    ----------
    n : int
        The largest of the criteria.
    events, events_per_parameter : float
        Expected among them.
    criteria : tuple of Criterion
    r2, max_r2 : float
        Cox and Snell's R² that was assumed, and the largest possible.
    r2_from : str
        Where the former comes from.
    shrinkage : float
        Expected with so many patients, at least.
    risk, risk_lower, risk_upper : float
        Overall risk at the horizon and the limits it will be known to.
    """

    n: int
    events: float
    events_per_parameter: float
    criteria: tuple[Criterion, ...]
    r2: float
    max_r2: float
    r2_from: str
    shrinkage: float
    risk: float
    risk_lower: float
    risk_upper: float


@dataclass(frozen=True)
class ValidationSize:
    """Patients needed to validate a model at a horizon.

    Attributes
    ----------
    n : int
        The largest of the criteria, divided by the share whose status at the horizon will be known.
    events : float
        Expected by the horizon among those of known status.
    criteria : tuple of Criterion
        Among those of known status.
    lp_mean, lp_sd : float
        Of the linear predictor ``log(risk / (1 - risk))`` that was assumed.
    known : float
    """

    n: int
    events: float
    criteria: tuple[Criterion, ...]
    lp_mean: float
    lp_sd: float
    known: float


def r2_of_c_index(c_index: float, events_per_patient: float) -> float:
    """Cox and Snell's R² of a model with a given C index.

    Parameters
    ----------
    c_index : float
        Between 0.5 and 1.
    events_per_patient : float
        Share of the patients with the event.

    Raises
    ------
    InputError
        A number out of range.

    Notes
    -----
    For a normal linear predictor with standard deviation s under proportional hazards, C is the mean of
    ``1 / (1 + exp(-|d|))`` over ``d ~ N(0, 2 s²)`` (Gönen and Heller 2005), O'Quigley's R² is ``s² / (1 + s²)``
    (Royston 2006), and ``R²_CS = 1 - (1 - R²_O)**(events / n)`` (Riley et al. 2019).
    """
    if not 0.5 < c_index < 1:
        raise InputError(f"c_index must lie between 0.5 and 1, not {c_index:g}.")
    events_per_patient = _checks.fraction(events_per_patient, "events_per_patient")

    def excess(spread: float) -> float:
        def of_pair(z: float) -> float:  # |d| over its spread, of a half normal
            return math.exp(-z * z / 2) * float(special.expit(math.sqrt(2) * spread * z))

        return math.sqrt(2 / math.pi) * integrate.quad(of_pair, 0, _FAR, points=(1 / (1 + spread),))[0] - c_index

    largest = 1.0
    while excess(largest) < 0 and largest < 1e3:
        largest *= 2
    spread = optimize.brentq(excess, 0, largest) if excess(largest) > 0 else largest
    return 1 - (1 + spread**2) ** -events_per_patient


def development_size(
    parameters: int,
    rate: float,
    follow_up: float,
    horizon: float,
    *,
    r2: float | None = None,
    c_index: float | None = None,
    shrinkage: float = 0.9,
    margin: float = 0.05,
) -> DevelopmentSize:
    """Patients needed to develop a survival model.

    Parameters
    ----------
    parameters : int
        Candidate predictor parameters: all features and covariates considered, not only those kept.
    rate : float
        Events per patient and unit of time.
    follow_up : float
        Mean follow-up, in the same unit.
    horizon : float
        Time of the predictions, in the same unit.
    r2 : float, optional
        Expected R² of Cox and Snell, corrected for optimism.
    c_index : float, optional
        Expected C index instead (`r2_of_c_index`). Without either, R² is 15% of the largest possible.
    shrinkage : float
        Uniform shrinkage at least expected: 0.9 is an overfitting of 10%.
    margin : float
        Largest error of the overall risk at the horizon.

    Returns
    -------
    DevelopmentSize

    Raises
    ------
    InputError
        A number out of range; R² above the largest possible one, or above ``shrinkage``.

    Notes
    -----
    Riley et al. 2019 (part II) and 2020: shrinkage; optimism of Nagelkerke's R² of at most 0.05; precise overall risk.
    The first two equal ``pmsampsize(type = "s")`` of R, which reports the third for the larger of them only.
    """
    if int(parameters) != parameters or parameters < 1:
        raise InputError(f"parameters must be a whole number of at least 1, not {parameters:g}.")
    rate, follow_up = _checks.positive(rate, "rate"), _checks.positive(follow_up, "follow_up")
    horizon, shrinkage = _checks.positive(horizon, "horizon"), _checks.fraction(shrinkage, "shrinkage")
    margin = _checks.fraction(margin, "margin")
    share = math.ceil(rate * follow_up * _NOMINAL) / _NOMINAL
    if share >= 1:
        raise InputError(f"rate times follow_up is {rate * follow_up:g} events a patient; it must be less than 1.")
    max_r2 = 1 - math.exp(2 * (share * math.log(share) - share))
    r2, r2_from = _assumed_r2(r2, c_index, share, max_r2)
    if not 0 < r2 < min(max_r2, shrinkage):
        raise InputError(
            f"r2 is {r2:.3g}; it must lie above 0, below the largest possible ({max_r2:.3g}) and below the shrinkage."
        )
    second_shrinkage = r2 / (r2 + _OPTIMISM * max_r2)
    sizes = {
        f"shrinkage of at least {shrinkage:g}": _for_shrinkage(parameters, r2, shrinkage),
        f"optimism of Nagelkerke's R² of at most {_OPTIMISM:g}": _for_shrinkage(parameters, r2, second_shrinkage),
        f"error of the overall risk of at most {margin:g}": _for_margin(rate, follow_up, horizon, margin),
    }
    names = "overfitting", "optimism of R²", "overall risk"
    n = max(sizes.values())
    spread = _Z * math.sqrt(rate / (follow_up * n))
    risk, lower, upper = (-math.expm1(-level * horizon) for level in (rate, rate - spread, rate + spread))
    events = n * rate * follow_up
    return DevelopmentSize(
        n, events, events / parameters,
        tuple(Criterion(name, target, size, size * rate * follow_up)
              for name, (target, size) in zip(names, sizes.items(), strict=True)),
        r2, max_r2, r2_from, max(shrinkage, second_shrinkage), risk, max(lower, 0.0), upper,
    )  # fmt: skip


def _assumed_r2(r2: float | None, c_index: float | None, share: float, max_r2: float) -> tuple[float, str]:
    if r2 is not None and c_index is not None:
        raise InputError("r2 and c_index are both given; give one of them.")
    if r2 is not None:
        return _checks.fraction(r2, "r2"), "given"
    if c_index is not None:
        return r2_of_c_index(c_index, share), f"of a C index of {c_index:g}"
    return _COMMON_R2 * max_r2, f"{_COMMON_R2:.0%} of the largest possible, as nothing was given"


def _for_shrinkage(parameters: int, r2: float, shrinkage: float) -> int:
    return math.ceil(parameters / ((shrinkage - 1) * math.log(1 - r2 / shrinkage)))


def _for_margin(rate: float, follow_up: float, horizon: float, margin: float) -> int:
    """Patients with whom the upper limit of the overall risk is within ``margin`` of it."""
    risk = -math.expm1(-rate * horizon)
    if risk + margin >= 1:
        return 1
    error = (-math.log(1 - risk - margin) / horizon - rate) / _Z
    return math.ceil(rate / error**2 / follow_up)


def validation_size(
    risk: float,
    c_index: float,
    *,
    lp: tuple[float, float] | None = None,
    known: float = 1.0,
    oe: float = 1.0,
    oe_width: float = 0.2,
    slope_width: float = 0.2,
    c_width: float = 0.1,
    threshold: float | None = None,
    benefit_width: float = 0.2,
) -> ValidationSize:
    """Patients needed to validate a model's predictions at a horizon.

    Parameters
    ----------
    risk : float
        Overall risk of the event by the horizon.
    c_index : float
        Expected.
    lp : (float, float), optional
        Mean and standard deviation of ``log(risk / (1 - risk))`` of the model's predictions. Without them, those that
        follow from the C index for a normal linear predictor among cases and among controls.
    known : float
        Share of patients whose status at the horizon will be known: with the event before, or followed beyond it.
    oe : float
        Expected ratio of observed to expected events.
    oe_width, slope_width, c_width : float
        Width of the 95% limits of observed over expected, calibration slope and C.
    threshold : float, optional
        Risk from which a patient would be treated; adds the criterion of net benefit.
    benefit_width : float
        Width of the 95% limits of the net benefit over the risk.

    Returns
    -------
    ValidationSize

    Raises
    ------
    InputError
        A number out of range; widths that would take more than ten million patients.

    Notes
    -----
    Riley et al. 2021, for the status at the horizon. Equals ``pmvalsampsize(type = "b")`` of R; where that simulates a
    million patients, the same expectations are integrated here.
    """
    risk, known = _checks.fraction(risk, "risk"), _checks.positive(known, "known")
    if known > 1:
        raise InputError(f"known must be a share of the patients, at most 1, not {known:g}.")
    if not 0.5 < c_index < 1:
        raise InputError(f"c_index must lie between 0.5 and 1, not {c_index:g}.")
    widths = {"oe_width": oe_width, "slope_width": slope_width, "c_width": c_width, "benefit_width": benefit_width}
    for name, width in widths.items():
        _checks.positive(width, name)
    values, density = _linear_predictors(risk, c_index, lp)
    sizes = {
        "observed over expected": (f"limits {oe_width:g} wide", _for_oe(risk, _checks.positive(oe, "oe"), oe_width)),
        "calibration slope": (f"limits {slope_width:g} wide", _for_slope(values, density, slope_width)),
        "C index": (f"limits {c_width:g} wide", _for_c(risk, c_index, c_width)),
    }
    if threshold is not None:
        threshold = _checks.fraction(threshold, "threshold")
        size = _for_benefit(risk, threshold, values, density, benefit_width)
        sizes["net benefit over risk"] = f"limits {benefit_width:g} wide at a threshold of {threshold:g}", size
    largest = max(size for _, size in sizes.values())
    mean = float(density @ values)
    return ValidationSize(
        math.ceil(largest / known),
        largest * risk,
        tuple(Criterion(name, target, size, size * risk) for name, (target, size) in sizes.items()),
        mean,
        math.sqrt(float(density @ (values - mean) ** 2)),
        known,
    )


def _linear_predictors(risk: float, c_index: float, lp: tuple[float, float] | None) -> tuple[np.ndarray, np.ndarray]:
    """Grid of linear predictors and their probabilities."""
    if lp is not None:
        mean, sd = float(lp[0]), _checks.positive(lp[1], "lp[1]")
        parts = [(1.0, mean, sd)]
    else:
        # Cases and controls normal with one variance: C fixes it, and risks are calibrated where the controls' mean is
        # the log odds less half of it.
        variance = 2 * special.ndtri(c_index) ** 2
        controls = special.logit(risk) - variance / 2
        parts = [(1 - risk, controls, math.sqrt(variance)), (risk, controls + variance, math.sqrt(variance))]
    low = min(mean - 9 * sd for _, mean, sd in parts)
    high = max(mean + 9 * sd for _, mean, sd in parts)
    values = np.linspace(low, high, 20_001)
    bells = [share / sd * np.exp(-(((values - mean) / sd) ** 2) / 2) for share, mean, sd in parts]
    density = np.sum(bells, axis=0)
    return values, density / density.sum()


def _for_oe(risk: float, oe: float, width: float) -> int:
    error = _STEP * math.ceil(math.asinh(width / (2 * oe)) / _Z / _STEP)
    return math.ceil((1 - risk) / (risk * error**2))


def _for_slope(values: np.ndarray, density: np.ndarray, width: float) -> int:
    p = special.expit(values)
    i00, i01, i11 = (float(density @ (p * (1 - p) * values**power)) for power in (0, 1, 2))
    return math.ceil(i00 / ((width / (2 * _Z)) ** 2 * (i00 * i11 - i01**2)))


def _for_c(risk: float, c: float, width: float) -> int:
    """Newcombe's standard error of C."""

    def limits(n: int) -> float:
        tied = 1 + (n / 2 - 1) * (1 - c) / (2 - c) + (n / 2 - 1) * c / (1 + c)
        return 2 * _Z * math.sqrt(max(0.0, c * (1 - c) * tied / (n * n * risk * (1 - risk))))

    return _smallest(limits, width, "c_width")


def _for_benefit(risk: float, threshold: float, values: np.ndarray, density: np.ndarray, width: float) -> int:
    p = special.expit(values)
    treated = p >= threshold
    sensitivity = round(float(density @ (p * treated)) / float(density @ p), 2)
    specificity = round(float(density @ ((1 - p) * ~treated)) / float(density @ (1 - p)), 2)
    weight = (1 - risk) / risk * threshold / (1 - threshold)
    error = round(_STEP * math.ceil(width / (2 * _Z) / _STEP), 3)
    if error == 0:
        raise InputError(f"benefit_width {width:g} is too narrow for any study; choose a wider one.")
    spread = (
        sensitivity * (1 - sensitivity) / risk
        + weight**2 * specificity * (1 - specificity) / (1 - risk)
        + (weight * (1 - specificity)) ** 2 / (risk * (1 - risk))
    )
    return math.ceil(spread / error**2)


def _smallest(limits: Callable[[int], float], width: float, name: str) -> int:
    """Fewest patients, from three on, whose limits are no wider than ``width``."""
    low, high = 2, 3
    while limits(high) > width:
        low, high = high, 2 * high
        if high > _MOST:
            raise InputError(f"{name} {width:g} would take more than {_MOST} patients; choose a wider one.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if limits(middle) > width else (low, middle)
    return high
