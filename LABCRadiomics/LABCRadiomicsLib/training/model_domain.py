"""What a model keeps of its training cohort so that later patients can be held against it: summaries, no patient."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from ..model import RANGE, Distribution, Domain
from ..model.additions import LEAST_CASES
from ..statistics.joint_distance import joint_distance
from ..tables.csv_table import read_table

_PERCENT = (90.0, 95.0, 99.0)
_SPACING, _NEEDED = "diagnostics_spacing_mm", ("volume_mm3",)
_QUANTITIES = (*_NEEDED, "mean", "contrast")  # the last two are absent from tables that earlier versions wrote


def feature_distribution(features: np.ndarray) -> Distribution | None:
    """Sum up the features of a score over the patients it was made from.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, p)
        In the order of the score's terms.

    Returns
    -------
    Distribution or None
        None with so few patients that a mean would tell of single ones, or with no feature.
    """
    n, p = features.shape
    if n < max(LEAST_CASES, p + 2) or not p or not np.isfinite(features).all():
        return None
    mean, covariance = features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))
    with np.errstate(invalid="ignore"):  # infinite ones are left out below
        distances = np.percentile(distances_from_the_others(features, mean, covariance), _PERCENT)
    rows = tuple(tuple(row) for row in ((covariance + covariance.T) / 2).tolist())
    known = [pair for pair in zip(_PERCENT, distances.tolist(), strict=True) if np.isfinite(pair[1])]
    return Distribution(
        n=n,
        mean=tuple(mean.tolist()),
        covariance=rows,
        percent=tuple(percent for percent, _ in known),
        distance=tuple(distance for _, distance in known),
    )


def distances_from_the_others(features: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Mahalanobis distance of each patient from all others, as a later patient is measured.

    A patient pulls the mean and the covariance toward himself, the more the fewer there are for the number of features,
    so that later patients would seem to be far too often. Leaving one out is a change of rank one (Sherman and Morrison
    1950).

    Parameters
    ----------
    features : numpy.ndarray, shape (n, p)
    mean, covariance : numpy.ndarray
        Of these patients.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Infinite for a patient without whom the others do not spread in some direction.
    """
    n = len(features)
    squared = joint_distance(features, mean, covariance) ** 2 / (n - 1)
    left = 1 - squared * n / (n - 1)
    with np.errstate(divide="ignore"):
        return np.where(left > 1e-12, n / (n - 1) * np.sqrt((n - 2) * squared / np.maximum(left, 1e-12)), np.inf)


def image_domain(
    features_csv: str | os.PathLike[str],
    cases: Sequence[str],
    id: str = "case",
    others: Sequence[str | os.PathLike[str]] = (),
) -> Domain | None:
    """Sum up voxel sizes, scanners, tumors' volume and brightness from the feature tables that ``extract`` wrote.

    Parameters
    ----------
    features_csv : path
    cases : sequence of str
        Those that the model is made from.
    id : str
        Column that names the cases.
    others : sequence of path
        Tables of the same cases by other readers, whose contours belong to the domain as well.

    Returns
    -------
    Domain or None
        None where the table has no such columns: its features are somebody else's.
    """
    chosen = set(cases)
    spacings: list[list[float]] = []
    measured: dict[str, list[float]] = {quantity: [] for quantity in _QUANTITIES}
    scanners: dict[str, list[str]] = {"manufacturer": [], "field_strength_t": []}
    for table in map(read_table, (features_csv, *others)):
        if not {_SPACING, *(f"diagnostics_{name}" for name in _NEEDED)} <= set(table.names):
            return None
        rows = [at for at, case in enumerate(table.cases(id)) if case in chosen]
        spacings += [[float(step) for step in table.texts(_SPACING)[at].split()] for at in rows]
        for name, texts in scanners.items():
            column = f"diagnostics_{name}"
            texts += [table.texts(column)[at] for at in rows] if column in table.names else [""]
        for quantity, values in measured.items():
            if (column := f"diagnostics_{quantity}") in table.names:
                cells = table.texts(column)
                values += [float(cells[at]) for at in rows if cells[at]]
    if len(spacings) < LEAST_CASES or any(len(spacing) != 3 for spacing in spacings):
        return None
    low, high = np.percentile(spacings, RANGE, axis=0).tolist()
    ranges = {}
    for quantity, values in measured.items():
        if len(values) >= LEAST_CASES:
            ranges[f"{quantity}_low"], ranges[f"{quantity}_high"] = np.percentile(values, RANGE).tolist()
    makers, strengths = (set(texts) if all(texts) else set() for texts in scanners.values())  # else it is not known
    return Domain(
        spacing_mm_low=tuple(low),
        spacing_mm_high=tuple(high),
        manufacturers=tuple(sorted(makers)),
        field_strengths_t=tuple(sorted({round(float(text), 1) for text in strengths})),
        **ranges,
    )
