"""Feature tables with holes: which features and cases stay, and what stands in for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..errors import CohortError
from ..notices import Notice
from .training_cohort import TrainingCohort

Missing = Literal["impute", "cases", "features"]
MISSING: tuple[Missing, ...] = ("impute", "cases", "features")


def settle_missing(
    cohort: TrainingCohort, how: Missing | None, most: float | None
) -> tuple[TrainingCohort, list[Notice]]:
    """Decide on features with empty cells.

    Parameters
    ----------
    cohort : TrainingCohort
        Missing features are NaN.
    how : {"impute", "cases", "features"} or None
        Keep the holes, to be filled with the median of the patients that a model is made from; leave the cases out; or
        the features. None refuses any hole.
    most : float or None
        Features with a larger share of empty cells are left out first, whatever ``how``.

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
            f"The feature table has {what}: choose --missing impute (the median of the patients trained on stands in), "
            "--missing cases or --missing features (these are left out), or --max-missing SHARE to leave out the "
            "features with more empty cells than that."
        )
    if how == "features":
        return _without_features(cohort, holes.any(axis=0), "empty cells", notices), notices
    if how == "cases":
        kept = ~holes.any(axis=1)
        if not kept.any():
            raise CohortError(f"The feature table has {what}: no case is whole; choose --missing impute or features.")
        notices.append(Notice("cases-with-missing-features", f"{(~kept).sum()} cases with empty cells were left out."))
        return cohort.take(kept), notices
    notices.append(Notice("features-imputed", f"{what[0].upper()}{what[1:]}: the median of the patients stands in."))
    return cohort, notices


def medians(features: np.ndarray) -> np.ndarray:
    """Give what stands in for missing values of each feature, shape (p,).

    A feature that none of the patients has, as may be in a resample, is filled with zeros and then selected by nobody.
    """
    empty = np.isnan(features).all(axis=0)
    return np.nanmedian(np.where(empty, 0.0, features), axis=0)


def filled(features: np.ndarray, fill: np.ndarray | None) -> np.ndarray:
    """Put values, shape (p,), into the holes of features, shape (n, p)."""
    return features if fill is None else np.where(np.isnan(features), fill, features)


def _without_features(cohort: TrainingCohort, out: np.ndarray, why: str, notices: list[Notice]) -> TrainingCohort:
    if out.all():
        raise CohortError(f"Every feature has {why}: nothing is left to train on; choose --missing impute or cases.")
    if out.any():
        first = _listed([cohort.names[at] for at in np.flatnonzero(out)])
        notices.append(Notice("features-with-missing", f"{out.sum()} features with {why} were left out: {first}."))
    return cohort.with_features(~out)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def _counted(holes: np.ndarray) -> str:
    """How many cells, features and cases, in words."""
    counts = holes.sum(), holes.any(axis=0).sum(), holes.any(axis=1).sum()
    names = zip(counts, ("empty cell", "feature", "case"), strict=True)
    cells, features, cases = (f"{count} {name}{'' if count == 1 else 's'}" for count, name in names)
    return f"{cells} in {features} of {cases}"
