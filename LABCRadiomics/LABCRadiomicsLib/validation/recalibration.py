"""Fit a model to a new cohort without touching what it selects: its baseline survival, or baseline and slope."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

import numpy as np

from ..errors import CohortError, InputError, ModelError
from ..model import RANGE, Baseline, Change, Covariate, Model, Nomogram, Score
from ..model.checks import FieldError, check
from ..performance import stored_baseline, stored_distribution, stored_groups
from ..scoring import require_score
from ..scoring.cohort import ScoredCohort
from ..statistics.baseline_hazard import baseline_hazard
from ..statistics.slope import SlopeRecalibration, recalibrate_slope

Method = Literal["baseline", "slope"]
METHODS: tuple[Method, ...] = ("baseline", "slope")
LEAST_EVENTS = 10
_RECALIBRATED = ", recalibrated on"  # in the title of a recalibrated model, once however often it was


def recalibrate(
    scored: ScoredCohort,
    method: Method = "baseline",
    *,
    file: str | None = None,
    sha256: str | None = None,
    today: date | None = None,
) -> Model:
    r"""Recalibrate a model's survival on a cohort.

    The score, its cutoff and the ratios between the nomogram's coefficients stay. New are the baseline survival, the
    center (the cohort's means), how the covariates vary, and the groups' Kaplan-Meier curves; with ``method="slope"``
    every coefficient of the nomogram is also multiplied by the calibration slope. Ranges are filled in only where the
    model states none. The resamples' predictors, which carry the uncertainty of the selection to a patient, are of the
    old baseline and left out.

    Parameters
    ----------
    scored : ScoredCohort
        The model applied to the cohort.
    method : {"baseline", "slope"}
    file, sha256 : str, optional
        Name and hash of the outcome table, for the record.
    today : datetime.date, optional
        Date of the change, by default the current one.

    Returns
    -------
    Model
        Its provenance tells what was done. Limits of survival need the covariance of the old coefficients: a model
        that had none still gives none, because the baseline's own variance alone would make them too narrow.

    Raises
    ------
    ModelError
        The model has no nomogram.
    CohortError
        Fewer than 10 events, follow-up that ends before the first horizon, an unknown covariate, a linear predictor
        that does not vary, or a slope that is not positive.
    """
    model = scored.model
    if model.nomogram is None:
        raise ModelError(f"model {model.id} has no nomogram, so there is no survival to recalibrate.")
    if method not in METHODS:
        raise InputError(f"method must be {' or '.join(METHODS)}, not {method!r}.")
    rows = _parameter_rows(scored)
    nomogram, done = model.nomogram, "baseline survival"
    if method == "slope":
        nomogram, found = _with_slope(nomogram, rows, scored)
        limits = f"95% limits {found.lower:.4g} to {found.upper:.4g}"
        done = f"calibration slope {found.slope:.4g} ({limits}) and baseline survival"
    center = rows.mean(axis=0)
    horizons = _horizons_within(nomogram, scored)
    nomogram = replace(
        nomogram,
        center=dict(zip(nomogram.parameters(), center.tolist(), strict=True)),
        baseline=_baseline(nomogram, rows, center, scored),
        horizons_months=horizons,
        covariates=_with_ranges(nomogram, rows),
        covariate_distribution=stored_distribution(rows) if nomogram.covariates else None,
    )
    events = int(scored.event.sum())
    what = f"{done} estimated on {len(scored.cases)} patients with {events} events; center, groups re-estimated"
    dropped = len(model.nomogram.horizons_months) - len(horizons)
    what += f"; {dropped} horizons beyond its follow-up dropped" if dropped else ""
    what += "; the resamples' predictors, of the old baseline, left out" if model.uncertainty else ""
    return _finished(scored, nomogram, Change(
        date=(today or date.today()).isoformat(), what=what, file=file, sha256=sha256,
    ))  # fmt: skip


def _parameter_rows(scored: ScoredCohort) -> np.ndarray:
    """The cohort's nomogram parameters; a mean may not stand in for a covariate that is unknown."""
    events = int(scored.event.sum())
    if events < LEAST_EVENTS:
        raise CohortError(f"the cohort has {events} events; a baseline survival needs at least {LEAST_EVENTS}.")
    for notice in scored.notices:
        if notice.code == "covariate-column-absent":
            raise CohortError(f"recalibration needs every covariate of the model: {notice.message}")
    for case, prediction in zip(scored.cases, scored.predictions, strict=True):
        for covariate in prediction.covariates:
            if covariate.value is None:
                where = f"case {case}, column {covariate.name}"
                way_out = "complete it or leave the case out"
                if scored.model.harmonization is not None:
                    way_out += ", or only add the site (--method site), which does without it"
                raise CohortError(f"{where}: the covariate is unknown, and recalibration needs it; {way_out}.")
    rows = scored.parameters
    if rows is None:
        raise CohortError("The cohort has cases without a linear predictor; recalibration needs one of each.")
    return rows


def _with_slope(nomogram: Nomogram, rows: np.ndarray, scored: ScoredCohort) -> tuple[Nomogram, SlopeRecalibration]:
    covariance = None if nomogram.covariance is None else np.array(nomogram.covariance)
    try:
        found = recalibrate_slope(rows, np.array(nomogram.coefficients()), covariance, scored.months, scored.event)
    except InputError as error:
        raise CohortError(f"the calibration slope cannot be estimated on this cohort: {error}") from error
    if found.slope <= 0:
        raise CohortError(
            f"the calibration slope is {found.slope:.3g}, not positive: a higher prediction does not mean a higher "
            "hazard here, so the model must not be used on such patients."
        )
    coef = iter(found.coef.tolist())
    covariates = tuple(
        replace(covariate, coefficients=tuple(next(coef) for _ in covariate.coefficients))
        for covariate in nomogram.covariates
    )
    stored = None if found.covariance is None else tuple(map(tuple, found.covariance.tolist()))
    return replace(nomogram, covariates=covariates, score_coefficient=next(coef), covariance=stored), found


def _baseline(nomogram: Nomogram, rows: np.ndarray, center: np.ndarray, scored: ScoredCohort) -> Baseline:
    coef = np.array(nomogram.coefficients())
    try:
        return stored_baseline(baseline_hazard(rows, coef, center, scored.months, scored.event))
    except InputError as error:
        raise CohortError(f"the baseline survival cannot be estimated on this cohort: {error}") from error


def _horizons_within(nomogram: Nomogram, scored: ScoredCohort) -> tuple[float, ...]:
    last = float(scored.months.max())
    within = tuple(months for months in nomogram.horizons_months if months <= last)
    if not within:
        first = nomogram.horizons_months[0]
        raise CohortError(f"follow-up ends at {last:g} months, before the model's first horizon of {first:g}.")
    return within


def _with_ranges(nomogram: Nomogram, rows: np.ndarray) -> tuple[Covariate, ...]:
    """Give numbers without a range that of the cohort: nomogram points need one."""
    places = {name: at for at, name in enumerate(nomogram.parameters())}
    covariates = []
    for covariate in nomogram.covariates:
        if covariate.type == "number" and covariate.low is None:
            low, high = np.percentile(rows[:, places[covariate.name]], RANGE)
            covariate = replace(covariate, low=float(low), high=float(high))
        covariates.append(covariate)
    return tuple(covariates)


def _score_with_range(score: Score, values: np.ndarray) -> Score:
    if score.low is not None:
        return score
    low, high = np.percentile(values, RANGE)
    return replace(score, low=float(low), high=float(high))


def _finished(scored: ScoredCohort, nomogram: Nomogram, change: Change) -> Model:
    model = scored.model
    high = scored.high
    groups = model.groups if high is None else stored_groups(high, scored.months, scored.event)
    found = {"nomogram.center", "nomogram.baseline"} | ({"groups"} if groups is not None else set())
    recalibrated = replace(
        model,
        title=f"{model.title.split(_RECALIBRATED)[0]}{_RECALIBRATED} {change.file or f'{len(scored.cases)} patients'}",
        score=_score_with_range(require_score(model), scored.score),
        nomogram=nomogram,
        groups=groups,
        missing=tuple(entry for entry in model.missing if entry.part not in found),
        provenance=replace(model.provenance, changes=(*model.provenance.changes, change)),
        uncertainty=None,
    )
    try:
        check(recalibrated)
    except FieldError as fault:
        raise ModelError(f"model {model.id} cannot be recalibrated on this cohort: {fault}.") from fault
    return recalibrated
