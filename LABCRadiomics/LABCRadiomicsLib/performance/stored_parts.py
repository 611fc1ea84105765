"""Results as the model file stores them: curves of the risk groups, baseline survival, figures of performance."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..errors import CohortError
from ..model import Baseline, Distribution, Groups, Performance, RiskGroup
from ..model.additions import LEAST_CASES
from ..statistics import individual_survival
from ..statistics.kaplan_meier import kaplan_meier
from ..statistics.unknown_covariates import covariate_distribution
from .metrics import Estimate, Figure, Measure


def stored_performance(figures: Iterable[Figure]) -> tuple[Performance, ...]:
    """Give figures as a model file holds them, the measure in words; those without a value are left out."""
    return tuple(
        Performance(
            cohort=figure.cohort,
            n=figure.n,
            events=figure.events,
            metric=figure.label,
            value=figure.value,
            lower=figure.lower,
            upper=figure.upper,
            kind=figure.kind,  # type: ignore[arg-type]  # any other is refused when the model is checked
        )
        for figure in figures
        if figure.estimate.known
    )


def read_performance(rows: Iterable[Performance]) -> tuple[Figure, ...]:
    """Give those figures of a model file whose words are ours and that are values, not bounds."""
    measures = [(row, Measure.read(row.metric)) for row in rows if row.relation == "="]
    return tuple(
        Figure(
            measure=measure,
            estimate=Estimate(row.value, row.lower, row.upper),
            cohort=row.cohort,
            n=row.n,
            events=row.events or 0,
            kind=row.kind,
        )
        for row, measure in measures
        if measure is not None
    )


def stored_baseline(base: individual_survival.Baseline) -> Baseline:
    """Give a baseline hazard as baseline survival, up to the longest follow-up."""

    def to_the_end(values: np.ndarray) -> list:
        return (
            np.concatenate((values, values[-1:])).tolist() if base.last_follow_up > base.time[-1] else values.tolist()
        )

    months = to_the_end(base.time)
    months[-1] = max(base.last_follow_up, months[-1])
    return Baseline(
        months=tuple(months),
        survival=tuple(to_the_end(base.survival)),
        cumulative_hazard_variance=tuple(to_the_end(base.hazard_variance)),
        weighted_covariate_mean=tuple(tuple(row) for row in to_the_end(base.mean_shift)),
    )


def stored_distribution(rows: np.ndarray) -> Distribution | None:
    """Sum up how patients' parameters vary together; None with so few patients that it would tell of single ones.

    Parameters
    ----------
    rows : numpy.ndarray, shape (n, p) or (m, n, p)
        Parameters of a nomogram, covariates and score; of one table, or of m imputed ones.
    """
    n = rows.shape[-2]
    if n < LEAST_CASES:
        return None
    found = covariate_distribution(rows)
    covariance = (found.covariance + found.covariance.T) / 2
    return Distribution(n=n, mean=tuple(found.mean.tolist()), covariance=tuple(map(tuple, covariance.tolist())))


def stored_groups(high: np.ndarray, months: np.ndarray, event: np.ndarray) -> Groups:
    """Give the Kaplan-Meier curves of the two risk groups.

    Parameters
    ----------
    high : numpy.ndarray of bool, shape (n,)
        Who is in the high-risk group.
    months : numpy.ndarray, shape (n,)
    event : numpy.ndarray of bool, shape (n,)

    Raises
    ------
    CohortError
        A group has fewer than two patients.
    """
    for members, name, side in ((~high, "low", "above"), (high, "high", "at or below")):
        if members.sum() < 2:
            raise CohortError(
                f"The cutoff leaves {members.sum()} of {high.size} patients in the {name}-risk group (the others "
                f"are {side} it): the groups cannot be compared on this cohort."
            )
    return Groups(low=_risk_group(~high, months, event), high=_risk_group(high, months, event))


def _risk_group(members: np.ndarray, months: np.ndarray, event: np.ndarray) -> RiskGroup:
    """A curve as the file holds it, which knows no missing numbers: where there are no limits they are 0 and 1."""
    curve = kaplan_meier(months[members], event[members])
    return RiskGroup(
        n=int(members.sum()),
        events=int(event[members].sum()),
        months=tuple(curve.time.tolist()),
        survival=tuple(curve.survival.tolist()),
        lower=tuple(np.nan_to_num(curve.lower, nan=0.0).tolist()),
        upper=tuple(np.nan_to_num(curve.upper, nan=1.0).tolist()),
    )
