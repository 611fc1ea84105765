"""Feature tables with holes: which features and cases stay, and what stands in for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ..errors import CohortError
from ..notices import Notice
from ..sentences import listed, many
from .training_cohort import TrainingCohort

Missing = Literal["impute", "cases", "features"]
MISSING: tuple[Missing, ...] = ("impute", "cases", "features")
FillBy = Literal["median", "model"]
_NEAREST = 5  # features that a missing one is predicted from
_RIDGE = 1e-3  # keeps the regression on features that say the same apart


@dataclass(frozen=True)
class MissingShares:
    """Share of the patients who lack a value, by feature or covariate; those that nobody lacks are not there."""

    features: Mapping[str, float]
    covariates: Mapping[str, float]

    @classmethod
    def of(cls, cohort: TrainingCohort, covariates: Sequence[str]) -> MissingShares:
        """Count the missing values of a cohort's features and of some of its covariates."""
        features = dict(zip(cohort.names, np.isnan(cohort.features).mean(axis=0).tolist(), strict=True))
        unknown = {name: sum(value is None for value in cohort.covariates[name]) / len(cohort) for name in covariates}
        return cls(*({name: share for name, share in found.items() if share} for found in (features, unknown)))


def settle_missing(
    cohort: TrainingCohort, how: Missing | None, most: float | None, by: FillBy = "median"
) -> tuple[TrainingCohort, list[Notice]]:
    """Decide on features with empty cells.

    Parameters
    ----------
    cohort : TrainingCohort
        Missing features are NaN.
    how : {"impute", "cases", "features"} or None
        Keep the holes, to be filled from the patients that a model is made from; leave the cases out; or the features.
        None refuses any hole.
    most : float or None
        Features with a larger share of empty cells are left out first, whatever ``how``.
    by : {"median", "model"}
        What fills the holes.

    Returns
    -------
    cohort : TrainingCohort
        With NaN only if they are to be imputed.
    notices : list of Notice

    Raises
    ------
    CohortError
        There are holes and nothing says what to do with them, or nothing is left.
    """
    holes = np.isnan(cohort.features)
    notices: list[Notice] = []
    if most is not None and holes.any():
        why = f"more than {most:.0%} empty cells" if most else "empty cells"
        cohort = _without_features(cohort, holes.mean(axis=0) > most, why, notices)
        holes = np.isnan(cohort.features)
    if not holes.any():
        return cohort, notices
    what = _counted(holes)
    if how is None:
        raise CohortError(
            f"The feature table has {what}: choose --missing impute (what the patients trained on have stands in), "
            "--missing cases or --missing features (these are left out), or --max-missing SHARE to leave out the "
            "features with more empty cells than that."
        )
    if how == "features":
        return _without_features(cohort, holes.any(axis=0), "empty cells", notices), notices
    if how == "cases":
        kept = ~holes.any(axis=1)
        if not kept.any():
            raise CohortError(f"The feature table has {what}: no case is whole; choose --missing impute or features.")
        text = f"Left out: {many(int((~kept).sum()), 'case')} with empty cells."
        notices.append(Notice("cases-with-missing-features", text))
        return cohort.take(kept), notices
    stands_in = "the median of the patients" if by == "median" else "a regression on the features nearest to each"
    notices.append(Notice("features-imputed", f"{what[0].upper()}{what[1:]}: {stands_in} stands in."))
    return cohort, notices


@dataclass(frozen=True)
class FeatureFill:
    """What stands in for missing features, as learned from some patients.

    Attributes
    ----------
    medians : numpy.ndarray, shape (p,)
        A feature that none of the patients has, as may be in a resample, has 0 and is then selected by nobody.
    regressions : mapping of int to FeatureRegression
        Of the features that are predicted from others; empty where the median stands in.
    """

    medians: np.ndarray
    regressions: Mapping[int, FeatureRegression] = field(default_factory=dict)

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Fill the holes of features, shape (n, p)."""
        holes = np.isnan(features)
        filled = np.where(holes, self.medians, features)
        predicted = filled.copy()
        for at, regression in self.regressions.items():
            rows = holes[:, at]
            if rows.any():
                predicted[rows, at] = regression.predict(filled[rows])
        return predicted


@dataclass(frozen=True)
class FeatureRegression:
    """A feature as a linear function of those that go along with it most, within the range that it had."""

    others: np.ndarray
    coefficients: np.ndarray
    low: float
    high: float

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Predict from features without holes, shape (n, p)."""
        found = self.coefficients[0] + features[:, self.others] @ self.coefficients[1:]
        return np.clip(found, self.low, self.high)


def learn_fill(features: np.ndarray, by: FillBy = "median", ever_missing: np.ndarray | None = None) -> FeatureFill:
    """Learn what stands in for missing features.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, p)
    by : {"median", "model"}
        The median, or the linear regression on the five features that go along with it most.
    ever_missing : numpy.ndarray of bool, shape (p,), optional
        Which features the model is needed of, by default those with holes here.
    """
    holes = np.isnan(features)
    medians = np.nanmedian(np.where(holes.all(axis=0), 0.0, features), axis=0)
    if by == "median":
        return FeatureFill(medians)
    wanted = holes.any(axis=0) if ever_missing is None else ever_missing
    filled = np.where(holes, medians, features)
    found = {int(at): _regression(filled, features[:, at], int(at)) for at in np.flatnonzero(wanted)}
    return FeatureFill(medians, {at: regression for at, regression in found.items() if regression is not None})


def _regression(filled: np.ndarray, own: np.ndarray, at: int) -> FeatureRegression | None:
    """Regress a feature on its nearest; None where too few patients have it, or it does not vary."""
    rows = ~np.isnan(own)
    if rows.sum() < 2 * _NEAREST or np.ptp(own[rows]) == 0:
        return None
    x, y = filled[rows], own[rows]
    spread = x.std(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (y - y.mean()) @ (x - x.mean(axis=0)) / (spread * y.std() * y.size)
    strength = np.where(np.isfinite(r), np.abs(r), 0.0)
    strength[at] = 0.0
    others = np.argsort(-strength, kind="stable")[:_NEAREST]
    others = others[strength[others] > 0]
    if not others.size:
        return None
    z = (x[:, others] - x[:, others].mean(axis=0)) / spread[others]
    gram = z.T @ z / y.size + _RIDGE * np.eye(others.size)
    slopes = np.linalg.solve(gram, z.T @ (y - y.mean()) / y.size) / spread[others]
    coefficients = np.concatenate(([y.mean() - slopes @ x[:, others].mean(axis=0)], slopes))
    return FeatureRegression(others, coefficients, float(y.min()), float(y.max()))


def _without_features(cohort: TrainingCohort, out: np.ndarray, why: str, notices: list[Notice]) -> TrainingCohort:
    if out.all():
        raise CohortError(f"Every feature has {why}: nothing is left to train on; choose --missing impute or cases.")
    if out.any():
        first = listed([cohort.names[at] for at in np.flatnonzero(out)], 3)
        text = f"Left out: {many(int(out.sum()), 'feature')} with {why}: {first}."
        notices.append(Notice("features-with-missing", text))
    return cohort.with_features(~out)


def _counted(holes: np.ndarray) -> str:
    """How many cells, features and cases, in words."""
    features, cases = many(int(holes.any(axis=0).sum()), "feature"), many(int(holes.any(axis=1).sum()), "case")
    return f"{many(int(holes.sum()), 'empty cell')} in {features} of {cases}"
