"""A radiomics score, its cutoff and its nomogram from a cohort, in the source article's steps (Wang 2022), and beyond.

Agreement filter, univariable Cox screening, LASSO-Cox, cutoff by time-dependent ROC, Kaplan-Meier risk groups,
univariable and multivariable Cox with covariates, nomogram, comparison with clinical models, subgroups; then how much
of it is optimism.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..model import Groups, Nomogram, Performance, Score
from ..notices import Notice
from ..statistics.concordance import harrell_c
from ..statistics.cox import cox
from ..statistics.kaplan_meier import LogRank, logrank
from ..statistics.lasso import random_folds
from ..statistics.proportional_hazards import ProportionalHazards
from ..statistics.roc import time_dependent_roc
from ..validation.comparison import Estimate
from ..validation.stored_curves import stored_groups
from .added_value import AddedValue, ApparentCalibration, calibration_of, compare_models
from .clinical_models import (
    ClinicalModel,
    Effect,
    choose_covariates,
    effects_of,
    fit_clinical,
    known_rows,
    nomogram_of,
    proportionality,
)
from .cohort import Cohort, given_folds, require_events
from .cross_validation import NestedValidation, PermutationTest, nested_validation, permutation_test
from .notices import (
    EventsPerParameter,
    capacity_notices,
    events_per_parameter,
    icc_notices,
    outcome_like_notices,
    screening_notices,
    stability_notices,
)
from .optimism import Optimism, bootstrap_optimism
from .procedure import NOMOGRAM, SCORE_ALONE, Markers, Procedure, Recipe, attempt
from .selection import ChosenCutoff, Selection, agreeing_features, cutoff_of, score_of, select_features
from .subgroups import Characteristic, Subgroup, baseline_table, subgroup_analyses

CLINICAL = "clinical model"
HORIZONS = (12.0, 36.0, 60.0)

Steps = Callable[[str], Callable[[int, int], None] | None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to do with a cohort.

    Attributes
    ----------
    recipe : Recipe
        How the score is made.
    min_icc : float
        Features must exceed it, where correlations are given.
    seed : int
        Of folds, bootstrap and permutations.
    stage : str or None
        Covariate of the stage-only model.
    subgroups : tuple of str
        Covariates to analyze the groups within.
    bootstrap, nested, permutations : int
        Repeats of the estimates of optimism; 0 leaves one out.
    reclassification : int
        Bootstrap repeats of the limits of IDI and NRI.
    jobs : int
        Processes.
    endpoint : str
    """

    recipe: Recipe = field(default_factory=Recipe)
    min_icc: float = 0.75
    seed: int = 0
    stage: str | None = None
    subgroups: tuple[str, ...] = ()
    bootstrap: int = 200
    nested: int = 0
    permutations: int = 0
    reclassification: int = 200
    jobs: int = 1
    endpoint: str = "Disease-free survival"


@dataclass(frozen=True, kw_only=True)
class RiskGroups:
    """The two groups that the cutoff makes; the hazard ratio is high against low, None without a finite one."""

    high: np.ndarray
    curves: Groups
    logrank: LogRank
    hazard_ratio: Estimate | None
    hazard_ratio_p: float | None


@dataclass(frozen=True, kw_only=True)
class Training:
    """Everything that training found; arrays of patients are in the order of ``cohort``.

    Attributes
    ----------
    plan : Plan
    cohort : Cohort
        With the features that passed the agreement filter.
    features_in : tuple of str
        Features before it.
    icc : mapping of str to tuple of float, or None
        Correlation and limits by feature.
    folds : numpy.ndarray of int, shape (n,)
    selection : Selection
    score : Score
    values : numpy.ndarray, shape (n,)
        The score of each patient.
    chosen : ChosenCutoff
    groups : RiskGroups
    alone : tuple of Effect
        Univariable models of the covariates and the score.
    clinical : ClinicalModel
        The multivariable model of the nomogram.
    effects : tuple of Effect
        Its rows.
    nomogram : Nomogram
    proportionality : ProportionalHazards
    calibration : ApparentCalibration
    added_value : AddedValue or None
        None when there is neither a covariate nor a stage to compare with.
    subgroups : tuple of Subgroup
    characteristics : tuple of Characteristic
    performance : tuple of Performance
        Apparent and, where the bootstrap was run, optimism-corrected.
    optimism : Optimism or None
    nested : NestedValidation or None
    permutation : PermutationTest or None
    events_per_parameter : EventsPerParameter
    notices : tuple of Notice
    """

    plan: Plan
    cohort: Cohort
    features_in: tuple[str, ...]
    icc: Mapping[str, tuple[float, float, float]] | None
    folds: np.ndarray
    selection: Selection
    score: Score
    values: np.ndarray
    chosen: ChosenCutoff
    groups: RiskGroups
    alone: tuple[Effect, ...]
    clinical: ClinicalModel
    effects: tuple[Effect, ...]
    nomogram: Nomogram
    proportionality: ProportionalHazards
    calibration: ApparentCalibration
    added_value: AddedValue | None
    subgroups: tuple[Subgroup, ...]
    characteristics: tuple[Characteristic, ...]
    performance: tuple[Performance, ...]
    optimism: Optimism | None
    nested: NestedValidation | None
    permutation: PermutationTest | None
    events_per_parameter: EventsPerParameter
    notices: tuple[Notice, ...]


def train(
    cohort: Cohort,
    plan: Plan,
    *,
    icc: Mapping[str, tuple[float, float, float]] | None = None,
    folds: Mapping[str, str] | None = None,
    steps: Steps = lambda what: None,
) -> Training:
    """Make a score, its cutoff and its nomogram from a cohort.

    Parameters
    ----------
    cohort : Cohort
        With every covariate that the plan names.
    plan : Plan
    icc : mapping, optional
        Intraclass correlation with limits by feature; without it no feature is filtered.
    folds : mapping of str to str, optional
        Fold of each case in the cross-validation of the penalty; random ones without it.
    steps : callable, optional
        Takes the name of a long step and gives a callback of (done, total) for its progress, or None.

    Returns
    -------
    Training

    Raises
    ------
    CohortError
        Too few events, no feature left, a case without fold, one risk group, a Cox model without finite estimates.
    """
    require_events(cohort)
    recipe, features_in = plan.recipe, cohort.names
    notices = [*outcome_like_notices(cohort), *cohort.notices]
    if icc is not None:
        notices += icc_notices(cohort.names, icc)
        cohort = cohort.with_features(agreeing_features(cohort.names, icc, plan.min_icc))
    assigned = given_folds(cohort, folds) if folds else random_folds(cohort.event, recipe.n_folds, plan.seed)
    selection = select_features(cohort, assigned, p=recipe.p, penalty=recipe.penalty)
    notices += screening_notices(selection)
    score, values = score_of(cohort, selection)
    chosen = cutoff_of(values, cohort.months, cohort.event, recipe.horizon)
    groups = _risk_groups(values > chosen.cutoff.value, cohort)
    covariates, alone = choose_covariates(cohort, values, recipe.named, recipe.candidates, recipe.covariate_p)
    clinical = fit_clinical(NOMOGRAM, cohort, covariates, values)
    if not clinical.rows.all():
        left = int((~clinical.rows).sum())
        text = f"{left} patients with an unknown covariate are not in the multivariable model and its comparisons."
        notices.append(Notice("unknown-covariates", text))
    markers = _markers(values, groups.high, clinical, cohort)
    performance = performance_of(markers, cohort, label="training", kind="apparent", horizon=recipe.horizon)
    optimism, nested, permutation = _honesty(cohort, plan, markers, steps)
    added, more = _added_value(cohort, plan, clinical, values)
    effects = effects_of(clinical, cohort, covariates)
    ratios = events_per_parameter(cohort.events, len(cohort.names) + len(cohort.specs), len(score.terms), len(effects))
    warnings = (*capacity_notices(ratios, cohort.events, optimism), *stability_notices(optimism, selection))
    return Training(
        plan=plan,
        cohort=cohort,
        features_in=features_in,
        icc=icc,
        folds=assigned,
        selection=selection,
        score=score,
        values=values,
        chosen=chosen,
        groups=groups,
        alone=alone,
        clinical=clinical,
        effects=effects,
        nomogram=nomogram_of(clinical, cohort, endpoint=plan.endpoint, horizons=_horizons(cohort, recipe.horizon)),
        proportionality=proportionality(clinical, cohort),
        calibration=calibration_of(clinical, cohort, recipe.horizon),
        added_value=added,
        subgroups=subgroup_analyses(cohort, plan.subgroups, values, groups.high, covariates),
        characteristics=baseline_table(cohort, groups.high.astype(int), ("low risk", "high risk")),
        performance=performance + _corrected(optimism, cohort),
        optimism=optimism,
        nested=nested,
        permutation=permutation,
        events_per_parameter=ratios,
        notices=(*notices, *more, *warnings),
    )


def performance_of(
    markers: Markers, cohort: Cohort, *, label: str, kind: str, horizon: float
) -> tuple[Performance, ...]:
    """Measure a model on a cohort.

    Parameters
    ----------
    markers : Markers
        What the model says of the patients.
    cohort : Cohort
    label, kind : str
        Name of the cohort, and ``"apparent"``, ``"validation"`` ... as the model file has it.
    horizon : float
        Of the time-dependent AUC, months.

    Returns
    -------
    tuple of Performance
        Harrell's C and AUC of nomogram and score with 95% limits, and the log-rank p value of the groups.
    """
    rows = []
    named = {} if markers.nomogram is None else {NOMOGRAM: markers.nomogram}
    for name, marker in (named | {SCORE_ALONE: markers.score}).items():
        known = ~np.isnan(marker)
        months, event = cohort.months[known], cohort.event[known]
        common = {"cohort": label, "n": months.size, "events": int(event.sum()), "kind": kind}
        c = harrell_c(marker[known], months, event)
        roc = time_dependent_roc(marker[known], months, event, horizon)
        rows.append(Performance(metric=f"C-index, {name}", value=c.c, lower=c.lower, upper=c.upper, **common))
        metric = f"AUC at {horizon:g} months, {name}"
        rows.append(Performance(metric=metric, value=roc.auc, lower=roc.lower, upper=roc.upper, **common))
    test = logrank(cohort.months, cohort.event, markers.high)
    common = {"cohort": label, "n": len(cohort), "events": cohort.events, "kind": kind}
    return (*rows, Performance(metric="log-rank p, risk groups", value=test.p, **common))


def _risk_groups(high: np.ndarray, cohort: Cohort) -> RiskGroups:
    curves = stored_groups(high, cohort.months, cohort.event)
    fitted = attempt(lambda: cox(high[:, None].astype(float), cohort.months, cohort.event))
    return RiskGroups(
        high=high,
        curves=curves,
        logrank=logrank(cohort.months, cohort.event, high),
        hazard_ratio=fitted and Estimate(float(fitted.hr[0]), float(fitted.lower[0]), float(fitted.upper[0])),
        hazard_ratio_p=fitted and float(fitted.p[0]),
    )


def _markers(values: np.ndarray, high: np.ndarray, clinical: ClinicalModel, cohort: Cohort) -> Markers:
    alone = cox(values[:, None], cohort.months, cohort.event)
    nomogram = None
    if clinical.covariates:
        nomogram = np.full(values.size, np.nan)
        nomogram[clinical.rows] = clinical.linear_predictor
    return Markers(values, alone.linear_predictor(values[:, None]), nomogram, high)


def _horizons(cohort: Cohort, horizon: float) -> tuple[float, ...]:
    """Months of the nomogram's predictions: 12, 36, 60 and the cutoff's horizon, within follow-up."""
    return tuple(month for month in sorted({*HORIZONS, horizon}) if month <= cohort.months.max())


def _honesty(
    cohort: Cohort, plan: Plan, markers: Markers, steps: Steps
) -> tuple[Optimism | None, NestedValidation | None, PermutationTest | None]:
    """Repeat the whole selection: bootstrap, nested cross-validation, permutations, each if asked for."""
    procedure = Procedure.of(cohort, plan.recipe)
    if markers.nomogram is None:
        procedure = procedure.without_covariates()
    common = {"seed": plan.seed, "jobs": plan.jobs}
    optimism = nested = permutation = None
    if plan.bootstrap:
        advance = steps("bootstrap of the whole selection")
        optimism = bootstrap_optimism(procedure, markers, repeats=plan.bootstrap, advance=advance, **common)
    if plan.nested:
        advance = steps("nested cross-validation")
        nested = nested_validation(procedure, repeats=plan.nested, advance=advance, **common)
    if plan.permutations:
        advance = steps("permutation test")
        permutation = permutation_test(procedure, permutations=plan.permutations, advance=advance, **common)
    return optimism, nested, permutation


def _added_value(
    cohort: Cohort, plan: Plan, clinical: ClinicalModel, values: np.ndarray
) -> tuple[AddedValue | None, tuple[Notice, ...]]:
    """Compare nomogram and score with the clinical-only and the stage-only model on the patients all can be made of."""
    names = (*clinical.covariates, *((plan.stage,) if plan.stage else ()))
    if not names:
        return None, ()
    rows = known_rows(cohort.columns(names))
    part, score = cohort.take(rows), values[rows]
    stage, with_stage = f"{plan.stage} alone", f"{plan.stage} with radiomics score"
    wanted = {SCORE_ALONE: ((), score)}
    pairs = []
    if clinical.covariates:
        wanted |= {NOMOGRAM: (clinical.covariates, score), CLINICAL: (clinical.covariates, None)}
        pairs.append((NOMOGRAM, CLINICAL))
    if plan.stage:
        wanted |= {stage: ((plan.stage,), None), with_stage: ((plan.stage,), score)}
        pairs += [(newer, stage) for newer in (NOMOGRAM, SCORE_ALONE, with_stage) if newer in wanted]
    models = {name: fit_clinical(name, part, *made_of) for name, made_of in wanted.items()}
    return compare_models(
        part, models, tuple(pairs), plan.recipe.horizon, repeats=plan.reclassification, seed=plan.seed
    )


def _corrected(optimism: Optimism | None, cohort: Cohort) -> tuple[Performance, ...]:
    common = {"cohort": "training", "n": len(cohort), "events": cohort.events, "kind": "optimism-corrected"}
    return tuple(
        Performance(
            metric=row.metric, value=row.corrected.value, lower=row.corrected.lower, upper=row.corrected.upper, **common
        )
        for row in (optimism.rows if optimism else ())
        if np.isfinite(row.corrected.value)
    )
