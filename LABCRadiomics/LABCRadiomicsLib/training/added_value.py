"""What the score adds to clinical models on the cohort all were made from: discrimination, reclassification, use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import InputError
from ..notices import Notice
from ..performance import Comparison, Estimate, HorizonDecision, Measure, compare, essentials, net_benefit
from ..performance.attempts import Attempts
from ..statistics.likelihood_ratio import LikelihoodRatio, likelihood_ratio
from .clinical_models import ClinicalModel
from .training_cohort import TrainingCohort


@dataclass(frozen=True)
class AddedValue:
    """Models side by side on the patients whose covariates are all known.

    Attributes
    ----------
    n : int
        Number of these patients.
    models : mapping of str to mapping of Measure to Estimate
        Figures of each model by its name.
    fitted : mapping of str to ClinicalModel
        The models themselves.
    tests : mapping of (str, str) to LikelihoodRatio
        Of each newer model that contains the older one; apparent.
    added : tuple of Comparison
        What newer models add to older ones.
    decision : HorizonDecision or None
        Of all models.
    """

    n: int
    models: Mapping[str, Mapping[Measure, Estimate]]
    fitted: Mapping[str, ClinicalModel]
    tests: Mapping[tuple[str, str], LikelihoodRatio]
    added: tuple[Comparison, ...]
    decision: HorizonDecision | None


def compare_models(
    cohort: TrainingCohort,
    models: Mapping[str, ClinicalModel],
    pairs: tuple[tuple[str, str], ...],
    horizon: float,
    *,
    repeats: int,
    seed: int,
) -> tuple[AddedValue, tuple[Notice, ...]]:
    """Compare models made from a cohort on that cohort.

    Parameters
    ----------
    cohort : TrainingCohort
        The patients that all models were fitted to.
    models : mapping of str to ClinicalModel
    pairs : tuple of (str, str)
        Newer and older model to compare.
    horizon : float
    repeats, seed : int
        Of the bootstrap limits of IDI and NRI.
    """
    outcome = cohort.months, cohort.event
    markers = {name: model.marker(horizon) for name, model in models.items()}
    figures = {name: essentials(marker, *outcome, horizon) for name, marker in markers.items()}
    attempts, added = Attempts(), []
    for newer, older in pairs:
        try:
            added.append(
                compare(markers[newer], markers[older], *outcome, bootstrap=repeats, seed=seed, attempts=attempts)
            )
        except InputError as error:
            attempts.add("not-compared", f"The {newer} could not be compared with the {older}: {error}")
    decision = net_benefit(list(markers.values()), *outcome, horizon, attempts)
    tests = {
        (newer, older): likelihood_ratio(models[older].fitted, models[newer].fitted)
        for newer, older in pairs
        if set(models[older].covariates) <= set(models[newer].covariates)
    }
    return AddedValue(len(cohort), figures, models, tests, tuple(added), decision), tuple(attempts.notices)
