"""Cells of the tables that cards, reports and the terminal show: figures of performance, covariates, cohorts."""

from __future__ import annotations

from ..model import Model, Performance
from .prediction import CovariateValue


def metric_value(row: Performance) -> str:
    """A figure of performance: indices with three decimals, p values as journals print them."""
    if row.relation != "=":
        return f"{row.relation}{row.value:g}"  # a bound, as it was published
    if row.metric.startswith("log-rank p") and row.value < 0.001:
        return "<0.001"
    return f"{row.value:.3f}"


def metric_limits(row: Performance) -> str:
    """The 95% limits of a figure of performance; empty where there are none."""
    return "" if row.lower is None else f"{row.lower:.3f} to {row.upper:.3f}"


def cohort_kind(row: Performance) -> str:
    """The cohort a figure was measured on, and how."""
    return row.cohort if row.cohort == row.kind else f"{row.cohort}, {row.kind}"


def covariate_value(covariate: CovariateValue, model: Model) -> str:
    """A covariate's value in words: its level, or a number with its unit."""
    known = model.nomogram.covariates if model.nomogram else ()
    return next(entry for entry in known if entry.name == covariate.name).words(covariate.value)
