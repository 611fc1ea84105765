"""How a model does on a cohort it was not made from: discrimination, risk groups, calibration and clinical use.

The model is applied as it is, with its stored cutoff and baseline; what is fitted to the cohort only measures it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..errors import CohortError
from ..model.case_hashes import case_hashes
from ..notices import Notice
from ..performance import Comparison, Figure, HorizonCalibration, HorizonDecision, Marker, MarkerPerformance, RiskGroups
from ..performance.attempts import Attempts, attempt
from ..performance.clinical_gain import ClinicalGain, Held, clinical_gain
from ..performance.competing_events import CauseInGroups, causes_in_groups
from ..performance.measuring import MarkerROC, measure, usable_horizons
from ..performance.metrics import Metric
from ..scoring import require_score
from ..scoring.cohort import ScoredCohort
from ..sentences import many
from ..statistics.proportional_hazards import proportional_hazards
from .comparators import nomogram_marker, score_marker, stored_marker

LEAST_EVENTS = 10
_NOT_PROPORTIONAL = 0.05
_DEFAULT_HORIZONS = (12.0, 36.0, 60.0)  # of a model without a nomogram
_COUNTED = {  # notices of single patients that are counted over the cohort
    "feature-out-of-range": "a feature of the score lies outside the training cohort's range",
    "score-out-of-range": "the radiomics score lies outside the training cohort's range",
    "covariate-out-of-range": "a clinical covariate lies outside the training cohort's range",
    "covariate-unknown": "a clinical covariate is unknown (averaged over in survival, or the model's mean)",
}
_ORDER = tuple(Metric)


@dataclass(frozen=True)
class Validation:
    """A model measured on a cohort.

    Attributes
    ----------
    scored : ScoredCohort
    label, kind : str
        The cohort's name, and ``"validation"``, ``"external"``, or ``"apparent"`` for the model's own patients.
    training_cases : int
        How many of the cases the model was trained on.
    horizons : tuple of float
        Months at which it was measured.
    measured : tuple of MarkerPerformance
        Of the nomogram, where the model has one, and of the score alone.
    gains : tuple of ClinicalGain
        What the score adds to each comparator; empty where training patients of the model are among the cases.
    notices : tuple of Notice
        What could not be measured and why, and what to know before trusting the rest.
    bootstrap, seed : int
        Of the limits that have no formula.
    causes : tuple of CauseInGroups
        Of the end of follow-up, where the outcomes tell them apart.
    """

    scored: ScoredCohort
    label: str
    kind: str
    training_cases: int
    horizons: tuple[float, ...]
    measured: tuple[MarkerPerformance, ...]
    gains: tuple[ClinicalGain, ...]
    notices: tuple[Notice, ...]
    bootstrap: int = 0
    seed: int = 0
    causes: tuple[CauseInGroups, ...] = ()

    @property
    def performance(self) -> tuple[Figure, ...]:
        """Every single figure, ordered by metric."""
        rows = [figure for part in self.measured for figure in part.figures(self.label, self.kind)]
        return tuple(sorted(rows, key=lambda figure: _ORDER.index(figure.measure.metric)))

    @property
    def roc(self) -> tuple[MarkerROC, ...]:
        """The curves of every marker."""
        return tuple(curve for part in self.measured for curve in part.roc)

    @property
    def groups(self) -> RiskGroups | None:
        """The risk groups by the stored cutoff, which the score makes."""
        return self.measured[-1].groups

    @property
    def calibration(self) -> tuple[HorizonCalibration, ...]:
        """One a horizon; empty when the model predicts no risk."""
        return self.measured[0].calibration

    @property
    def decision(self) -> HorizonDecision | None:
        """At the last horizon, the one that the thresholds of treatment are about."""
        return self.measured[0].decision

    @property
    def comparison(self) -> Comparison | None:
        """Against the comparator that was asked for, else the first that the model brings along."""
        return next(iter(self.measured[0].comparisons), None)


def horizons_of(scored: ScoredCohort) -> tuple[float, ...]:
    """Months at which a model is measured: those of its nomogram, else 12, 36 and 60."""
    return scored.model.nomogram.horizons_months if scored.model.nomogram else _DEFAULT_HORIZONS


def validate(
    scored: ScoredCohort,
    *,
    comparator: Marker | None = None,
    label: str = "validation",
    kind: str = "validation",
    bootstrap: int = 200,
    seed: int = 0,
) -> Validation:
    """Measure a model on a cohort.

    Parameters
    ----------
    scored : ScoredCohort
        From :func:`.scoring.cohort.score_cohort`.
    comparator : Marker, optional
        From :func:`.comparators.model_marker` (another model) or :func:`.comparators.clinical_marker`.
    label : str
        Name of the cohort in the results.
    kind : {"validation", "external"}
    bootstrap, seed : int
        Resamples for the limits of Brier score, IPA, IDI and NRI, which have no formula; 0 leaves them out.

    Returns
    -------
    Validation
        What the model or the cohort cannot give is None or absent, with a notice that says why.

    Raises
    ------
    CohortError
        The cohort has too few events to measure anything.
    """
    events = int(scored.event.sum())
    if events < 2:
        raise CohortError(f"the cohort has {many(events, 'event')}; nothing can be validated on fewer than 2.")
    own = training_cases(scored)
    if own == len(scored.cases):
        kind = "apparent"
    notes = Attempts([*_own_notices(own, len(scored.cases)), *scored.notices, *_cohort_notices(scored, events)])
    outcome = scored.months, scored.event
    horizons = usable_horizons(*outcome, horizons_of(scored), notes)
    stored = (stored_marker(found, scored, horizons) for found in scored.model.comparators)
    comparators = [found for found in (comparator, *stored) if found is not None]
    notes.notices += (notice for found in comparators for notice in found.notices)
    markers = [score_marker(scored)]
    nomogram = nomogram_marker(scored, horizons)
    if nomogram is None:
        notes.add("no-linear-predictor", "The model gives no linear predictor here; only its score is measured.")
    else:
        markers.insert(0, nomogram)
    measured = tuple(
        measure(
            marker,
            *outcome,
            horizons,
            comparators=comparators if at == 0 else [],
            bootstrap=bootstrap,
            seed=seed,
        )
        for at, marker in enumerate(markers)
    )
    if nomogram is not None:
        notes.notices += _proportionality_notices(nomogram, *outcome)
    gains: tuple[ClinicalGain, ...] = ()
    if horizons and not own:  # to its own patients any score seems to add something
        gains = _gains(scored, markers[0], comparators, horizons, bootstrap, seed, notes)
    causes: tuple[CauseInGroups, ...] = ()
    if scored.cause is not None and measured[-1].groups is not None:
        causes = causes_in_groups(measured[-1].groups.high, scored.months, scored.cause, notes)
    notices = (*notes.notices, *(notice for part in measured for notice in part.notices))
    told = tuple(dict.fromkeys(notices))
    return Validation(scored, label, kind, own, horizons, measured, gains, told, bootstrap, seed, causes)


def _gains(
    scored: ScoredCohort,
    model: Marker,
    comparators: Sequence[Marker],
    horizons: Sequence[float],
    bootstrap: int,
    seed: int,
    notes: Attempts,
) -> tuple[ClinicalGain, ...]:
    """What the score adds to each comparator at the last horizon that both models predict."""
    nomogram = scored.model.nomogram
    score = scored.score * nomogram.score_coefficient if nomogram else scored.score / (scored.score.std() or 1.0)
    found = []
    for other in comparators:
        both = [months for months in horizons if months in model.survival and months in other.survival]
        held = Held(older=other, newer=model, score=score, folds=np.zeros(score.size))
        gain = notes(
            f"What the score adds to {other.name}",
            partial(
                clinical_gain,
                [held],
                other.values[:, None] if other.design is None else other.design,
                scored.months,
                scored.event,
                both[-1] if both else horizons[-1],
                bootstrap=bootstrap,
                seed=seed,
                attempts=notes,
            ),
        )
        if gain is not None:
            found.append(gain)
    return tuple(found)


def training_cases(scored: ScoredCohort) -> int:
    """Count the cases that the model was trained on, by the marks that it keeps of them; 0 where it keeps none."""
    marks = set(scored.model.provenance.cohort.case_hashes)
    if not marks:
        return 0
    names = [term.feature for term in require_score(scored.model).terms]
    values = ({part.feature: part.value for part in prediction.contributions} for prediction in scored.predictions)
    return sum(mark in marks for mark in case_hashes([own[name] for name in names] for own in values))


def own_patients(count: int, n: int) -> str | None:
    """Say that cases are the model's training patients; None where none is."""
    if count == n:
        return "These are the training patients of the model: every figure is apparent, and this is no validation."
    if count:
        return (
            f"Training patients of the model: {count} of {many(n, 'case')}, which makes every figure too good; "
            "validate on the others."
        )
    return None


def _own_notices(count: int, n: int) -> list[Notice]:
    sentence = own_patients(count, n)
    return [Notice("training-patients", sentence)] if sentence else []


def _proportionality_notices(nomogram: Marker, months: np.ndarray, event: np.ndarray) -> list[Notice]:
    test = attempt(lambda: proportional_hazards(nomogram.values[:, None], months, event))
    if test is None or not test.global_p < _NOT_PROPORTIONAL:
        return []
    text = (
        f"The effect of the nomogram changes over time on this cohort (test of proportional hazards p = "
        f"{test.global_p:.2g}): its C-index and slope are averages over follow-up; look at the horizons one by one."
    )
    return [Notice("hazards-not-proportional", text)]


def _cohort_notices(scored: ScoredCohort, events: int) -> list[Notice]:
    notices = []
    if events < LEAST_EVENTS:
        text = f"The cohort has only {events} events: every figure is very uncertain, whatever its limits."
        notices.append(Notice("few-events", text))
    counts = Counter(code for p in scored.predictions for code in {notice.code for notice in p.warnings})
    for code, what in _COUNTED.items():
        if counts[code]:
            notices.append(Notice(code, f"In {counts[code]} of {len(scored.cases)} cases {what}."))
    whole = {n.code: n for p in scored.predictions for n in p.warnings if counts[n.code] == len(scored.cases)}
    return notices + [notice for code, notice in whole.items() if code not in _COUNTED]
