"""A radiomics score, its cutoff and its nomogram from a cohort, in the source article's steps (Wang 2022), and beyond.

The recipe itself is in :mod:`.procedure`. Around it: agreement filter, effects of covariates, comparison with clinical
models, subgroups; then how much of it is optimism.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..errors import CohortError, present
from ..notices import Notice
from ..performance import (
    NOMOGRAM,
    SCORE_ALONE,
    Measure,
    Metric,
    measure,
    risk_groups,
)
from ..performance.attempts import Attempts
from ..performance.clinical_gain import ClinicalGain
from ..performance.competing_events import causes_in_groups
from ..sentences import many
from .added_value import AddedValue, compare_models
from .cautions import (
    capacity_notices,
    events_per_parameter,
    icc_notices,
    optimism_notices,
    outcome_like_notices,
    proportionality_notices,
    screening_notices,
    stability_notices,
)
from .clinical_models import (
    ClinicalModel,
    effects_alone,
    effects_of,
    fit_clinical,
    known_rows,
    nomogram_of,
    proportionality,
)
from .clinical_rivals import Rival, gains_over_rivals
from .covariate_imputation import imputation_notice
from .cross_validation import NestedValidation, nested_validation, permutation_test
from .missing_features import MissingShares, settle_missing
from .optimism import bootstrap_optimism
from .procedure import Built, Procedure
from .score_effect import corrected_effect
from .selection import NothingSelectedError, agreeing_features, score_values, stored_score
from .site_harmonization import SITE_AND_OUTCOME, require_sites
from .subgroups import baseline_table, subgroup_analyses
from .training_cohort import TrainingCohort, fold_notices, given_folds, require_events
from .training_plan import Plan
from .training_result import Agreement, Apparent, Correlations, Resampled, TrainedNomogram, TrainedScore, Training

CLINICAL = "clinical model"
HORIZONS = (12.0, 36.0, 60.0)
_ENOUGH_FOR_ERRORS = 100  # resamples: standard errors take fewer than percentiles

Steps = Callable[[str], Callable[[int, int], None] | None]


def train(
    cohort: TrainingCohort,
    plan: Plan,
    *,
    icc: Correlations | None = None,
    folds: Mapping[str, str] | None = None,
    steps: Steps = lambda what: None,
) -> Training:
    """Make a score, its cutoff and its nomogram from a cohort.

    Parameters
    ----------
    cohort : TrainingCohort
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
    notes = Attempts([*outcome_like_notices(cohort), *cohort.notices])
    agreement = Agreement(features_in=cohort.names, icc=icc)
    if icc is not None:
        notes.notices += icc_notices(cohort.names, icc)
        cohort = cohort.with_features(agreeing_features(cohort.names, icc, plan.min_icc))
    cohort, holes = settle_missing(cohort, plan.missing, plan.max_missing, plan.recipe.fill)
    require_events(cohort)
    notes.notices += holes
    if plan.recipe.site is not None:
        notes.notices += require_sites(cohort, plan.recipe.site_reference, plan.recipe.named)
    procedure = Procedure.of(cohort, plan.recipe, _rivals(cohort, plan))
    missing = MissingShares.of(cohort, procedure.names)
    if folds and plan.recipe.cv_repeats > 1:
        raise CohortError("Folds are given: they cannot be dealt anew in --cv-repeats; leave out one of the two.")
    divisions = given_folds(cohort, folds) if folds else procedure.folds(plan.seed)
    try:
        built = procedure.build(procedure.everyone, plan.seed, folds=divisions, strict=True)
    except NothingSelectedError as error:
        raise _explained(error, notes.notices) from error
    assigned = np.atleast_2d(divisions)[0]
    cohort = replace(cohort, features=procedure.prepared(procedure.everyone, built.fill, built.sites))
    notes.notices += [*fold_notices(assigned, cohort.event), *screening_notices(built.selection)]
    score = _score(cohort, built, assigned, bool(folds), notes)
    horizons = _horizons(cohort, plan.recipe.horizon)
    resampled = _resampled(plan, procedure, built, horizons, steps, notes)
    nomogram = _nomogram(cohort, plan, procedure, built, score.values, resampled.nested)
    if not nomogram.model.rows.all():
        left = int((~nomogram.model.rows).sum())
        who = many(left, "patient")
        text = f"Left out of the multivariable model and its comparisons: {who} with an unknown covariate."
        notes.add("unknown-covariates", text)
    if built.imputation is not None:
        notes.notices.append(imputation_notice(built.imputation, cohort, procedure.names))
    notes.notices += proportionality_notices(nomogram.proportionality, nomogram.stored.parameters())
    apparent = _apparent(cohort, plan, procedure, built, nomogram.model, notes)
    ratios = events_per_parameter(
        cohort.events, len(cohort.names) + len(cohort.specs), len(score.stored.terms), len(nomogram.effects)
    )
    notes.notices += capacity_notices(ratios, cohort.events)
    notes.notices += optimism_notices(
        apparent.score.estimates[Measure(Metric.C_INDEX, SCORE_ALONE)], resampled.optimism, resampled.nested
    )
    notes.notices += stability_notices(resampled.optimism, built.selection)
    high = score.groups.high
    return Training(
        plan=plan,
        cohort=cohort,
        agreement=agreement,
        built=built,
        score=score,
        nomogram=nomogram,
        apparent=apparent,
        resampled=resampled,
        subgroups=subgroup_analyses(cohort, plan.subgroups, score.values, high, nomogram.model.covariates),
        characteristics=baseline_table(cohort, high.astype(int), ("low risk", "high risk")),
        events_per_parameter=ratios,
        missing=missing,
        notices=tuple(dict.fromkeys(notes.notices)),
    )


def _explained(error: NothingSelectedError, notices: Sequence[Notice]) -> NothingSelectedError:
    """Add what may have taken the signal away: harmonization over sites that go along with the outcome."""
    cause = next((notice.message for notice in notices if notice.code == SITE_AND_OUTCOME), None)
    if cause is None:
        return error
    return NothingSelectedError(f"{str(error).rstrip('.')}; {cause[0].lower()}{cause[1:]}")


def _score(cohort: TrainingCohort, built: Built, folds: np.ndarray, given: bool, notes: Attempts) -> TrainedScore:
    values = score_values(cohort.features, built.coefficients)
    chosen = present(built.chosen, "the cutoff of a training").cutoff
    return TrainedScore(
        stored=stored_score(cohort, built.selection, values),
        values=values,
        folds=folds,
        folds_given=given,
        groups=risk_groups(values > chosen.value, cohort.months, cohort.event, notes, chosen.horizon_months),
        causes=()
        if cohort.cause is None
        else causes_in_groups(values > chosen.value, cohort.months, cohort.cause, notes),
    )


def _nomogram(
    cohort: TrainingCohort,
    plan: Plan,
    procedure: Procedure,
    built: Built,
    score: np.ndarray,
    nested: NestedValidation | None,
) -> TrainedNomogram:
    covariates = tuple(procedure.names[at] for at in built.covariates)
    design = procedure.expected_design(built, procedure.everyone, score)
    rows = known_rows(design)
    fitted, imputed = present(built.nomogram, "the nomogram of a training"), built.imputation
    tables = None if imputed is None else imputed.tables.design(built.covariates, score)
    model = ClinicalModel(NOMOGRAM, covariates, True, fitted, rows, design[rows], tables)
    alone = effects_alone(cohort, procedure.names, score, covariates, None if imputed is None else imputed.tables)
    effects = effects_of(model, cohort, covariates)
    return TrainedNomogram(
        stored=nomogram_of(model, cohort, endpoint=plan.endpoint, horizons=_horizons(cohort, plan.recipe.horizon)),
        model=model,
        alone=alone,
        effects=effects,
        proportionality=proportionality(model, cohort),
        corrected_alone=corrected_effect(alone[-1], nested, alone=True),
        corrected=corrected_effect(effects[-1], nested, alone=not covariates),
    )


def _horizons(cohort: TrainingCohort, horizon: float) -> tuple[float, ...]:
    """Months of the nomogram's predictions: 12, 36, 60 and the cutoff's horizon, within follow-up."""
    return tuple(month for month in sorted({*HORIZONS, horizon}) if month <= cohort.months.max())


def _rivals(cohort: TrainingCohort, plan: Plan) -> tuple[Rival, ...]:
    """What the clinic has without the image: the nomogram's covariates, and the stage."""
    found = []
    if plan.recipe.named or plan.recipe.candidates:
        found.append(Rival(CLINICAL, NOMOGRAM, (), None))
    if plan.stage:
        found.append(Rival(*_stage_names(plan.stage), (plan.stage,), cohort.columns((plan.stage,))))
    return tuple(found)


def _stage_names(stage: str) -> tuple[str, str]:
    """How the models of the stage are called, without and with the score."""
    return f"{stage} alone", f"{stage} with radiomics score"


def _resampled(
    plan: Plan, procedure: Procedure, built: Built, horizons: tuple[float, ...], steps: Steps, notes: Attempts
) -> Resampled:
    """Repeat the whole recipe: bootstrap, nested cross-validation, permutations, each if asked for."""
    common = {"seed": plan.seed, "jobs": plan.jobs}
    optimism = nested = permutation = None
    if plan.bootstrap:
        advance = steps("bootstrap of the whole selection")
        markers = procedure.apply(built, procedure.everyone)
        optimism = bootstrap_optimism(
            procedure, markers, repeats=plan.bootstrap, advance=advance, horizons=horizons, **common
        )
    if plan.cross_validations:
        advance = steps("nested cross-validation")
        nested = nested_validation(procedure, repeats=plan.cross_validations, advance=advance, **common)
    if plan.permutations:
        advance = steps("permutation test")
        permutation = permutation_test(procedure, permutations=plan.permutations, advance=advance, **common)
    gains: tuple[ClinicalGain, ...] = ()
    if nested and procedure.rivals:
        covariates = procedure.design(built.covariates, procedure.everyone, None) if built.covariates else None
        gains, notices = gains_over_rivals(
            procedure.rivals,
            nested.held,
            np.empty((procedure.n, 0)) if covariates is None else covariates,
            (procedure.months, procedure.event),
            plan.recipe.horizon,
            factor=nested.factor,
            reach=nested.reach,
            bootstrap=min(plan.reclassification, _ENOUGH_FOR_ERRORS),
            seed=plan.seed,
        )
        notes.notices += notices
    return Resampled(optimism=optimism, nested=nested, permutation=permutation, gains=gains)


def _apparent(
    cohort: TrainingCohort, plan: Plan, procedure: Procedure, built: Built, clinical: ClinicalModel, notes: Attempts
) -> Apparent:
    horizon = plan.recipe.horizon
    rows = clinical.rows
    nomogram = measure(clinical.marker(horizon), cohort.months[rows], cohort.event[rows], (horizon,))
    alone = procedure.apply(built, procedure.everyone)[-1]
    repeats = plan.reclassification
    score = measure(alone, cohort.months, cohort.event, (horizon,), bootstrap=repeats, seed=plan.seed)
    notes.notices += (*nomogram.notices, *score.notices)
    added = _added_value(cohort, plan, clinical, score.marker.values, notes)
    return Apparent(nomogram=nomogram, score=score, added_value=added)


def _added_value(
    cohort: TrainingCohort, plan: Plan, clinical: ClinicalModel, values: np.ndarray, notes: Attempts
) -> AddedValue | None:
    """Compare nomogram and score with the clinical-only and the stage-only model on the patients all can be made of."""
    names = (*clinical.covariates, *((plan.stage,) if plan.stage else ()))
    if not names:
        return None
    rows = known_rows(cohort.columns(names))
    part, score = cohort.take(rows), values[rows]
    stage, with_stage = _stage_names(plan.stage or "")
    wanted: dict[str, tuple[tuple[str, ...], np.ndarray | None]] = {SCORE_ALONE: ((), score)}
    pairs = []
    if clinical.covariates:
        wanted |= {NOMOGRAM: (clinical.covariates, score), CLINICAL: (clinical.covariates, None)}
        pairs.append((NOMOGRAM, CLINICAL))
    if plan.stage:
        wanted |= {stage: ((plan.stage,), None), with_stage: ((plan.stage,), score)}
        pairs += [(newer, stage) for newer in (NOMOGRAM, SCORE_ALONE, with_stage) if newer in wanted]
    models = {name: fit_clinical(name, part, *made_of) for name, made_of in wanted.items()}
    found, notices = compare_models(
        part, models, tuple(pairs), plan.recipe.horizon, repeats=plan.reclassification, seed=plan.seed
    )
    notes.notices += notices
    return found
