"""Survival of a patient some of whose covariates are unknown: averaged over what they may be given the known ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ..statistics.individual_survival import Baseline
from ..statistics.unknown_covariates import CovariateDistribution, Possibility, possibilities, survival_with_unknown
from .contents import Nomogram
from .covariates import Value
from .nomogram import SurvivalEstimate, limit_terms, require_baseline

Possibilities = tuple[Possibility, ...]


def what_may_be(nomogram: Nomogram, values: Mapping[str, Value], score: float) -> Possibilities | None:
    """Say what a patient's unknown covariates may be.

    Parameters
    ----------
    nomogram : Nomogram
    values : mapping
        As :func:`.nomogram.parse_covariates` gives them.
    score : float
        Radiomics score, which is known and tells something of the covariates too.

    Returns
    -------
    tuple of Possibility or None
        Rows of nomogram parameters with their weights; None when nothing is unknown, or when the model does not hold
        how its covariates vary.
    """
    known = nomogram.covariate_distribution
    if known is None or nomogram.center is None or all(value is not None for value in values.values()):
        return None
    row: list[float] = []
    categories: list[tuple[int, ...]] = []
    for covariate in nomogram.covariates:
        columns = covariate.columns([values[covariate.name]])[0].tolist()
        if covariate.type != "number":
            categories.append(tuple(range(len(row), len(row) + len(columns))))
        row += columns
    distribution = CovariateDistribution(np.array(known.mean), np.array(known.covariance), tuple(categories))
    return possibilities(distribution, np.array([*row, score]))


def expected_row(parts: Possibilities) -> np.ndarray:
    """Give the mean of a patient's parameters over the possibilities, shape (parameters,)."""
    return np.sum([part.weight * part.mean for part in parts], axis=0)


def expected_spread(parts: Possibilities) -> np.ndarray:
    """Give the standard deviation of a patient's parameters over the possibilities, shape (parameters,)."""
    mean = expected_row(parts)
    squares = [part.weight * (np.diag(part.covariance) + (part.mean - mean) ** 2) for part in parts]
    return np.sqrt(np.sum(squares, axis=0))


def log_hazard_spread(nomogram: Nomogram, parts: Possibilities) -> float:
    """Give the standard deviation of a patient's log hazard over the possibilities."""
    mean, coef = expected_row(parts), np.array(nomogram.coefficients())
    variance = sum(
        part.weight * (coef @ part.covariance @ coef + float((part.mean - mean) @ coef) ** 2) for part in parts
    )
    return math.sqrt(max(float(variance), 0.0))


def averaged_survival(
    nomogram: Nomogram, parts: Possibilities, months: Sequence[float]
) -> tuple[SurvivalEstimate, ...]:
    """Average survival over the possibilities, with limits that hold 95% of where it may lie.

    Parameters
    ----------
    nomogram : Nomogram
        With a baseline.
    parts : tuple of Possibility
    months : sequence of float
        Times, none beyond the baseline's last.

    Returns
    -------
    tuple of SurvivalEstimate
        As :func:`.nomogram.survival` gives them of a patient of whom all is known; the limits carry the uncertainty of
        the model and of the covariates, and are None where that would give none.
    """
    stored, terms = require_baseline(nomogram), limit_terms(nomogram)
    steps = np.searchsorted(stored.months, months, side="right") - 1
    base = [stored.survival[step] if step >= 0 else 1.0 for step in steps]
    inside = [at for at, value in enumerate(base) if 0 < value < 1]
    size = len(nomogram.parameters())
    zeros = np.zeros((len(stored.months), size))
    with np.errstate(divide="ignore"):
        hazard = -np.log(np.array(stored.survival))
    baseline = Baseline(
        time=np.array(stored.months),
        cumulative_hazard=hazard,
        hazard_variance=zeros[:, 0] if terms is None else terms.hazard_variance,
        mean_shift=zeros if terms is None else terms.covariate_mean,
        last_follow_up=math.inf,
    )
    covariance = np.zeros((size, size)) if terms is None else terms.covariance
    center = nomogram.center or {}
    found: dict[int, SurvivalEstimate] = {}
    if inside:
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            given = survival_with_unknown(
                parts,
                np.array(nomogram.coefficients()),
                covariance,
                np.array([center[name] for name in nomogram.parameters()]),
                baseline,
                np.array([months[at] for at in inside]),
            )
        ends = zip(given.survival[0], given.lower[0], given.upper[0], strict=True)
        for at, (probability, lower, upper) in zip(inside, ends, strict=True):
            limits = (None, None) if terms is None else (_number(lower), _number(upper))
            found[at] = SurvivalEstimate(float(months[at]), float(probability), *limits)
    for at, value in enumerate(base):
        limit = None if value == 0 else 1.0  # before the first event, and after survival has come to an end
        found.setdefault(at, SurvivalEstimate(float(months[at]), float(value), limit, limit))
    return tuple(found[at] for at in range(len(base)))


def _number(limit: float) -> float | None:
    return None if math.isnan(limit) else float(limit)
