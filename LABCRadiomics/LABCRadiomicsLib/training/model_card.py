"""The model file of a training: its score, cutoff, nomogram, evidence and where it comes from."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from .. import __version__
from ..errors import CohortError, present
from ..feature_names import split_feature_name
from ..model import Cohort as CohortSummary
from ..model import Extraction, Harmonization, Image, Model, Performance, Provenance, Uncertainty
from ..model.additions import Comparator
from ..model.case_hashes import distinctive_hashes
from ..model.checks import FieldError, check
from ..model.harmonization import stored_harmonization
from ..performance import stored_performance
from .clinical_models import comparator_of
from .model_domain import feature_distribution
from .resampled_predictors import stored_uncertainty
from .training_result import Training

_OPTIMISTIC = (
    "Features, penalty and cutoff were chosen on the training cohort: judge by the optimism-corrected figures."
)
_OF_FIGURES = frozenset({"unused-resamples", "no-limits"})  # remarks on a figure in the report, not on the model


@dataclass(frozen=True, kw_only=True)
class Card:
    """What no cohort can tell about a model.

    Attributes
    ----------
    id, title, version : str
    status : {"complete", "demonstration"}
    origin : {"trained", "simulated"}
    citation, licence, source, intended_use : str
    created : str
        Date.
    description : str or None
        Of the cohort.
    image : Image
    limitations : tuple of str
        Beside those that training found.
    software : mapping of str to str
        Versions beside ours.
    """

    id: str
    title: str
    version: str = "1"
    status: str = "complete"
    origin: str = "trained"
    citation: str = "Not published."
    licence: str = "Not stated."
    source: str = "labcradiomics train"
    created: str = field(default_factory=lambda: date.today().isoformat())
    intended_use: str = "Research on cohorts like the training cohort. Not for diagnosis or treatment decisions."
    description: str | None = None
    image: Image = field(default_factory=lambda: Image(modality="MR", sequence="not stated", timing="not stated"))
    limitations: tuple[str, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)


def model_id(stem: str) -> str:
    """Make a model's id of a file's name."""
    name = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")
    return name[:64] or "model"


def trained_model(
    training: Training, card: Card, extraction: Extraction | None, further: tuple[Performance, ...] = ()
) -> Model:
    """Make the model of a training.

    Parameters
    ----------
    training : Training
    card : Card
    extraction : Extraction or None
        How the features were computed; without it the model scores tables only.
    further : tuple of Performance
        Of other cohorts, beside that of the training.

    Raises
    ------
    CohortError
        The model's parts do not fit together, such as an extraction that does not yield its features.
    """
    cohort = training.cohort
    model = Model(
        id=card.id,
        title=card.title,
        version=card.version,
        status=card.status,  # type: ignore[arg-type]  # any other is refused when the model is checked
        provenance=Provenance(
            citation=card.citation,
            licence=card.licence,
            origin=card.origin,  # type: ignore[arg-type]  # likewise
            created=card.created,
            source=card.source,
            software={
                "LABCRadiomics": __version__,
                "numpy": np.__version__,
                "Python": platform.python_version(),
                **card.software,
            },
            cohort=CohortSummary(
                n=len(cohort),
                events=cohort.events,
                description=card.description,
                case_hashes=distinctive_hashes(_score_features(training).tolist()),
            ),
            methods=method_sentences(training),
        ),
        intended_use=card.intended_use,
        limitations=(*card.limitations, _OPTIMISTIC, *_limitations(training)),
        image=card.image,
        extraction=extraction,
        score=replace(training.score.stored, distribution=feature_distribution(_score_features(training))),
        cutoff=present(training.built.chosen, "the cutoff of a training").cutoff,
        nomogram=training.nomogram.stored,
        groups=training.score.groups.curves,
        performance=(*stored_performance(training.performance), *further),
        comparators=_comparators(training),
        harmonization=_harmonization(training),
        uncertainty=_uncertainty(training),
    )
    try:
        check(model)
    except FieldError as fault:
        raise CohortError(f"The trained model is not consistent: {fault.path} {fault.problem}.") from fault
    return model


def _comparators(training: Training) -> tuple[Comparator, ...]:
    """The models without the score that training compared its own with."""
    added = training.apparent.added_value
    if added is None:
        return ()
    verdicts = {gain.older: gain.verdict.value for gain in training.resampled.gains}
    return tuple(
        comparator_of(model, training.cohort, verdicts.get(name))
        for name, model in added.fitted.items()
        if not model.with_score
    )


def penalty_name(alpha: float) -> str:
    """Say what a penalty with a share ``alpha`` on absolute coefficients is called."""
    return "LASSO" if alpha == 1 else f"Elastic net (alpha {alpha:g})"


def _score_features(training: Training) -> np.ndarray:
    """The features of the score of each patient, in the order of its terms."""
    terms = np.flatnonzero(training.built.coefficients)
    return training.cohort.features[:, terms]


def _uncertainty(training: Training) -> Uncertainty | None:
    """What the resamples' models say, where there were resamples."""
    optimism = training.resampled.optimism
    if optimism is None:
        return None
    names = [term.feature for term in training.score.stored.terms]
    return stored_uncertainty(optimism.predictors, _score_features(training), names, training.nomogram.stored)


def _harmonization(training: Training) -> Harmonization | None:
    """The ComBat of the score's features, where the training harmonized them."""
    fitted, cohort = training.built.sites, training.cohort
    if fitted is None:
        return None
    named = training.plan.recipe.named
    parameters = [parameter for name in named for parameter in cohort.spec(name).parameters()]
    return stored_harmonization(
        fitted.combat,
        {int(at): cohort.names[at] for at in np.flatnonzero(training.built.coefficients)},
        Counter(cohort.sites),
        dict(zip(parameters, fitted.means.tolist(), strict=True)),
    )


def yields_all(extraction: Extraction | None, training: Training) -> Extraction | None:
    """Give the extraction of a table's record if the score's features are pyradiomics', else None."""
    if extraction is None or any(split_feature_name(term.feature) is None for term in training.score.stored.terms):
        return None
    return extraction


def method_sentences(training: Training) -> tuple[str, ...]:
    """Say in sentences how a model was made."""
    plan, recipe, selection = training.plan, training.plan.recipe, training.built.selection
    kept, looked_at = len(training.cohort.names), len(training.agreement.features_in)
    parts = [*training.nomogram.model.covariates, "the score"]
    sentences = [f"{looked_at} features."]
    if training.agreement.icc is not None:
        sentences = [f"{looked_at} features; {kept} of them with an intraclass correlation above {plan.min_icc:g}."]
    sentences += _harmonization_sentences(training)
    chosen = f"lambda.{recipe.penalty} = {selection.penalty:.4g}"
    sentences += [
        f"Univariable Cox regression, p < {recipe.p:g}: {selection.kept.size} features kept.",
        f"{penalty_name(recipe.alpha)}-Cox regression, {np.unique(training.score.folds).size}-fold cross-validation"
        f"{f' repeated {recipe.cv_repeats} times' if recipe.cv_repeats > 1 else ''}, {chosen}: "
        f"{len(training.score.stored.terms)} features.",
        f"Cutoff: largest Youden index on the time-dependent ROC curve (IPCW) at {recipe.horizon:g} months.",
        f"Nomogram: multivariable Cox regression (Efron) of {', '.join(parts)}.",
        *_imputation_sentences(training),
    ]
    nested, optimism = training.resampled.nested, training.resampled.optimism
    if nested:
        times = "once" if nested.repeats == 1 else f"{nested.repeats} times"
        sentences.append(f"Optimism: nested {nested.folds}-fold cross-validation of the whole selection, {times}.")
    if optimism:
        sentences.append(f"Stability: {optimism.repeats} bootstrap repeats of the whole selection.")
    return tuple(sentences)


def _imputation_sentences(training: Training) -> list[str]:
    imputation, missing = training.built.imputation, training.missing
    found = []
    if missing.features:
        by = "their median" if training.plan.recipe.fill == "median" else "regression on the nearest features"
        found.append(f"Missing features of {len(missing.features)} filled by {by}, anew in every resample.")
    if imputation is not None:
        most = float(imputation.fit.coefficients.missing_information.max())
        tables = len(imputation.tables.blocks[0])
        found.append(
            f"Unknown covariates: {tables} imputations by chained equations, Rubin's rules; at most {most:.0%} "
            "of the information on a coefficient is missing."
        )
    return found


def _harmonization_sentences(training: Training) -> list[str]:
    if training.built.sites is None:
        return []
    recipe, counts = training.plan.recipe, Counter(training.cohort.sites)
    sites = ", ".join(f"{site} {n}" for site, n in sorted(counts.items()))
    kept = f", the effects of {', '.join(recipe.named)} preserved" if recipe.named else ""
    to = f"; brought to {recipe.site_reference}" if recipe.site_reference else ""
    return [f"Features harmonized over {len(counts)} sites ({sites}{to}) by ComBat, parametric{kept}."]


def _limitations(training: Training) -> list[str]:
    """What a training was told of that concerns whoever uses its model."""
    return [notice.message for notice in training.notices if notice.code not in _OF_FIGURES]
