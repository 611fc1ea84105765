"""Cohorts and models of real public data for the tests of validation and recalibration."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

import example_models
from LABCRadiomicsLib.model import Cutoff, Model, Nomogram, Score, Term
from LABCRadiomicsLib.performance import stored_baseline, stored_groups
from LABCRadiomicsLib.scoring.cohort import ScoredCohort, score_cohort
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.tables.cohort import FeatureTable, OutcomeTable
from LABCRadiomicsLib.tables.csv_table import write_table
from r_reference import columns, gbsg2

FULL = ("age", "horTh1", "post", "grade2", "grade3", "tsize", "pnodes", "progrec")
FIVE = ("age", "horTh1", "tsize", "pnodes", "progrec")
HORIZONS = (12.0, 36.0, 60.0)


@cache
def gbsg2_model(names: tuple[str, ...] = FULL) -> Model:
    """R's multivariable model of GBSG2 as a model file: all but age make the score, age is a clinical covariate.

    Its linear predictor is that of ``coxph`` on all ``names``, and its cutoff the median score.
    """
    data = gbsg2()
    fitted = cox(columns(data, names), data["months"], data["event"])
    features, weights = names[1:], fitted.coef[1:]
    score = columns(data, features) @ weights
    # The same model in terms of (age, score): the covariance of the two is that of a Cox model of these.
    pair = cox(np.column_stack([data["age"], score]), data["months"], data["event"])
    example = example_models.model()
    low, high = (tuple(np.percentile(values, (1, 99))) for values in (data["age"], score))
    age = replace(example.nomogram.covariates[0], coefficients=(float(pair.coef[0]),), low=low[0], high=low[1])
    nomogram = Nomogram(
        endpoint="Recurrence-free survival",
        covariates=(age,),
        score_coefficient=float(pair.coef[1]),
        center={"age": float(pair.center[0]), "score": float(pair.center[1])},
        covariance=tuple(map(tuple, pair.covariance.tolist())),
        baseline=stored_baseline(pair.baseline),
        horizons_months=HORIZONS,
    )
    cutoff = Cutoff(value=float(np.median(score)), method="median")
    return replace(
        example,
        id="gbsg2",
        title="GBSG2, Cox model",
        status="complete",
        provenance=replace(example.provenance, origin="trained", changes=()),
        missing=(),
        extraction=None,
        score=Score(
            intercept=0.0,
            terms=tuple(Term(feature=n, coefficient=float(w)) for n, w in zip(features, weights, strict=True)),
            low=float(high[0]),
            high=float(high[1]),
        ),
        cutoff=cutoff,
        nomogram=nomogram,
        groups=stored_groups(score > cutoff.value, data["months"], data["event"]),
        performance=(),
    )


def gbsg2_tables(rows: slice | np.ndarray = slice(None)) -> tuple[FeatureTable, OutcomeTable]:
    """The cohort's tables, all patients or some."""
    data = gbsg2()
    cases = tuple(f"P{number}" for number in np.arange(data["months"].size)[rows])
    outcome = {
        "age": tuple(f"{value:g}" for value in data["age"][rows]),
        "grade": tuple(data["tgrade"][rows]),
        "nodes": tuple(f"{value:g}" for value in data["pnodes"][rows]),
        "horTh": tuple(data["horTh"][rows]),
    }
    features = FeatureTable(cases, FULL[1:], columns(data, FULL[1:])[rows])
    return features, OutcomeTable(cases, data["months"][rows], data["event"][rows], outcome)


def gbsg2_scored(rows: slice | np.ndarray = slice(None), model: Model | None = None) -> ScoredCohort:
    """The model applied to the cohort's tables."""
    return score_cohort(model or gbsg2_model(), *gbsg2_tables(rows))


def write_gbsg2(folder, rows: slice | np.ndarray = slice(None)):
    """Write the two tables as CSV files; gives their paths."""
    features, outcomes = gbsg2_tables(rows)
    paths = folder / "features.csv", folder / "outcomes.csv"
    write_table(paths[0], ["case", *features.names], zip(features.cases, *features.values.T, strict=True))
    write_table(
        paths[1],
        ["case", "months", "event", *outcomes.columns],
        zip(outcomes.cases, outcomes.months, outcomes.event, *outcomes.columns.values(), strict=True),
    )
    return paths
