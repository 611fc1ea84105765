"""A radiomics score, its cutoff and its nomogram from a cohort, in the source article's steps (Wang 2022).

Univariable Cox screening, LASSO-Cox, cutoff by time-dependent ROC, Kaplan-Meier risk groups, multivariable Cox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .errors import CohortError
from .model import Baseline, Covariate, Cutoff, Groups, Nomogram, Performance, RiskGroup, Score, Term
from .statistics.concordance import harrell_c
from .statistics.cox import CoxModel, cox
from .statistics.cox_screening import UnivariableCox, univariable_cox
from .statistics.kaplan_meier import KaplanMeier, kaplan_meier, logrank
from .statistics.lasso import LassoCV, lasso_cv
from .statistics.roc import TimeDependentROC, time_dependent_roc, youden_cutoff

_RANGE = (1, 99)  # percentiles of the training cohort that count as its range


@dataclass(frozen=True)
class CovariateSpec:
    """A clinical covariate as a cohort table holds it.

    Attributes
    ----------
    name, label : str
        Column name, and the name people read.
    type : {"number", "binary", "category"}
    unit : str or None
    levels : tuple of str or None
        Of a binary covariate (value 0, then 1) or a category (as the table spells them).
    reference : str or None
        A category's reference level.
    minimum, maximum : float or None
        What a number can be at all.
    """

    name: str
    label: str
    type: str
    unit: str | None = None
    levels: tuple[str, ...] | None = None
    reference: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    def columns(self, values: Sequence) -> np.ndarray:
        """Encode one value a patient for the Cox model, shape (n, 1) or (n, levels - 1)."""
        if self.type == "category":
            return np.array([[float(value == level) for level in self._others()] for value in values])
        return np.asarray(values, dtype=float)[:, None]

    def _others(self) -> list[str]:
        return [level for level in self.levels if level != self.reference]

    def fitted(self, coefficients: Sequence[float], values: Sequence) -> Covariate:
        """Give the nomogram's covariate with its log hazard ratios and training range."""
        limits = {}
        if self.type == "number":
            low, high = np.percentile(np.asarray(values, dtype=float), _RANGE)
            limits = {"low": float(low), "high": float(high), "minimum": self.minimum, "maximum": self.maximum}
        return Covariate(
            name=self.name,
            label=self.label,
            type=self.type,
            unit=self.unit,
            levels=self.levels,
            reference=self.reference,
            coefficients=tuple(map(float, coefficients)),
            **limits,
        )


@dataclass(frozen=True)
class Cohort:
    """Patients with features and outcome; n patients, p features.

    Attributes
    ----------
    names : tuple of str
        Feature names, length p.
    features : numpy.ndarray, shape (n, p)
    months : numpy.ndarray, shape (n,)
        Follow-up in months.
    event : numpy.ndarray of bool, shape (n,)
    covariates : mapping of str to sequence
        Clinical values by column name, each of length n.
    """

    names: tuple[str, ...]
    features: np.ndarray
    months: np.ndarray
    event: np.ndarray
    covariates: Mapping[str, Sequence]

    def take(self, rows: np.ndarray) -> Cohort:
        """Give the cohort of some of the patients (indices or a boolean mask)."""
        chosen = {name: np.asarray(values)[rows] for name, values in self.covariates.items()}
        return Cohort(self.names, self.features[rows], self.months[rows], self.event[rows], chosen)

    def column(self, name: str) -> np.ndarray:
        """Give one feature of all patients."""
        return self.features[:, self.names.index(name)]


@dataclass(frozen=True)
class Selection:
    """How the score's features were chosen.

    Attributes
    ----------
    screening : UnivariableCox
        Of all features of the cohort.
    kept : numpy.ndarray of int
        Positions of the features with p below the threshold.
    path : LassoCV
        Over the kept features.
    penalty : float
        The lambda that was used.
    coefficients : numpy.ndarray
        Over all features, raw scale; zero where not selected.
    """

    screening: UnivariableCox
    kept: np.ndarray
    path: LassoCV
    penalty: float
    coefficients: np.ndarray


def select_features(cohort: Cohort, folds: np.ndarray, *, p: float = 0.05, penalty: str = "min") -> Selection:
    """Screen by univariable Cox, then fit the LASSO-Cox path to what is left.

    Parameters
    ----------
    cohort : Cohort
    folds : numpy.ndarray, shape (n,)
        Fold of each patient in the cross-validation of the penalty.
    p : float
        Wald p values below it pass the screening.
    penalty : {"min", "1se"}
        ``lambda.min`` or ``lambda.1se`` of R's ``cv.glmnet``.

    Returns
    -------
    Selection

    Raises
    ------
    CohortError
        No feature passes the screening, or the chosen penalty keeps none.
    """
    screening = univariable_cox(cohort.features, cohort.months, cohort.event)
    kept = np.flatnonzero(screening.p < p)
    if not kept.size:
        raise CohortError(f"No feature has a univariable p below {p:g}: the cohort cannot carry a score at this limit.")
    path = lasso_cv(cohort.features[:, kept], cohort.months, cohort.event, folds)
    chosen, value = (path.coef_min, path.lambda_min) if penalty == "min" else (path.coef_1se, path.lambda_1se)
    if not chosen.any():
        raise CohortError(f"The LASSO keeps no feature at lambda.{penalty}: the cohort shows no signal at this penalty.")
    coefficients = np.zeros(len(cohort.names))
    coefficients[kept] = chosen
    return Selection(screening, kept, path, value, coefficients)


def score_of(cohort: Cohort, selection: Selection) -> tuple[Score, np.ndarray]:
    """Give the score with the ranges its features had, and its value for every patient."""
    values = cohort.features @ selection.coefficients
    low, high = np.percentile(cohort.features, _RANGE, axis=0)
    terms = tuple(
        Term(feature=cohort.names[at], coefficient=float(selection.coefficients[at]), low=float(low[at]), high=float(high[at]))
        for at in np.flatnonzero(selection.coefficients)
    )
    limits = np.percentile(values, _RANGE)
    return Score(intercept=0.0, terms=terms, low=float(limits[0]), high=float(limits[1])), values


def cutoff_of(score: np.ndarray, cohort: Cohort, horizon: float) -> tuple[Cutoff, TimeDependentROC]:
    """Choose the cutoff with the largest Youden index on the IPCW time-dependent ROC curve at a horizon (months)."""
    roc = time_dependent_roc(score, cohort.months, cohort.event, horizon)
    cutoff = Cutoff(
        value=float(youden_cutoff(roc).threshold),
        horizon_months=float(horizon),
        method="largest Youden index on the time-dependent ROC curve (IPCW) of the training cohort",
        auc=roc.auc,
    )
    return cutoff, roc


def groups_of(high: np.ndarray, cohort: Cohort) -> Groups:
    """Give the Kaplan-Meier curves of the two risk groups."""
    if high.all() or not high.any():
        raise CohortError("The cutoff puts every patient into one risk group: it cannot be used on this cohort.")
    return Groups(low=_risk_group(cohort, ~high), high=_risk_group(cohort, high))


def _risk_group(cohort: Cohort, members: np.ndarray) -> RiskGroup:
    curve: KaplanMeier = kaplan_meier(cohort.months[members], cohort.event[members])
    return RiskGroup(
        n=int(members.sum()),
        events=int(cohort.event[members].sum()),
        months=tuple(curve.time.tolist()),
        survival=tuple(curve.survival.tolist()),
        lower=tuple(np.nan_to_num(curve.lower, nan=0.0).tolist()),
        upper=tuple(np.nan_to_num(curve.upper, nan=1.0).tolist()),
    )


def nomogram_of(
    score: np.ndarray,
    cohort: Cohort,
    specs: Sequence[CovariateSpec],
    *,
    endpoint: str = "Disease-free survival",
    horizons: Sequence[float] = (12.0, 36.0, 60.0),
) -> tuple[Nomogram, CoxModel]:
    """Fit the multivariable Cox model of the covariates and the score, and store what predictions with limits need."""
    blocks = [spec.columns(cohort.covariates[spec.name]) for spec in specs]
    fitted = cox(np.column_stack([*blocks, score]), cohort.months, cohort.event)
    ends = np.cumsum([block.shape[1] for block in blocks])
    parts = np.split(fitted.coef, ends)
    covariates = tuple(
        spec.fitted(part, cohort.covariates[spec.name]) for spec, part in zip(specs, parts[:-1], strict=True)
    )
    nomogram = Nomogram(
        endpoint=endpoint,
        covariates=covariates,
        score_coefficient=float(parts[-1][0]),
        center=None,
        covariance=tuple(tuple(row) for row in fitted.covariance.tolist()),
        baseline=None,
        horizons_months=tuple(map(float, horizons)),
    )
    center = dict(zip(nomogram.parameters(), fitted.center.tolist(), strict=True))
    return replace(nomogram, center=center, baseline=baseline_of(fitted)), fitted


def baseline_of(fitted: CoxModel) -> Baseline:
    """Give a Cox model's baseline survival as the model file stores it, up to the longest follow-up."""
    base = fitted.baseline

    def to_the_end(values: np.ndarray) -> list:
        return np.concatenate((values, values[-1:])).tolist() if base.last_follow_up > base.time[-1] else values.tolist()

    months = to_the_end(base.time)
    months[-1] = max(base.last_follow_up, months[-1])
    return Baseline(
        months=tuple(months),
        survival=tuple(to_the_end(base.survival)),
        cumulative_hazard_variance=tuple(to_the_end(base.hazard_variance)),
        weighted_covariate_mean=tuple(tuple(row) for row in to_the_end(base.mean_shift)),
    )


def performance_of(
    markers: Mapping[str, np.ndarray], high: np.ndarray, cohort: Cohort, *, label: str, kind: str, horizon: float
) -> tuple[Performance, ...]:
    """Measure markers (higher is worse) and the risk groups on a cohort.

    Parameters
    ----------
    markers : mapping of str to numpy.ndarray
        Name of the marker to its value for every patient.
    high : numpy.ndarray of bool
        Who is in the high-risk group.
    cohort : Cohort
    label, kind : str
        Name of the cohort, and ``"apparent"``, ``"validation"`` ... as the model file has it.
    horizon : float
        Of the time-dependent AUC, months.

    Returns
    -------
    tuple of Performance
        Harrell's C and AUC of each marker with 95% limits, and the log-rank p value of the groups.
    """
    common = {"cohort": label, "n": len(cohort.months), "events": int(cohort.event.sum()), "kind": kind}
    rows = []
    for name, marker in markers.items():
        c = harrell_c(marker, cohort.months, cohort.event)
        roc = time_dependent_roc(marker, cohort.months, cohort.event, horizon)
        rows.append(Performance(metric=f"C-index, {name}", value=c.c, lower=c.lower, upper=c.upper, **common))
        metric = f"AUC at {horizon:g} months, {name}"
        rows.append(Performance(metric=metric, value=roc.auc, lower=roc.lower, upper=roc.upper, **common))
    test = logrank(cohort.months, cohort.event, high)
    rows.append(Performance(metric="log-rank p, risk groups", value=float(test.p), **common))
    return tuple(rows)
