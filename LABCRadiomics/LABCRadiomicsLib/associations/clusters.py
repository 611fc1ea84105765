"""Patients sorted into clusters by their radiomics features alone, and whether the clusters differ in survival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from ..errors import CohortError, InputError
from ..notices import Notice
from ..sentences import listed, many
from ..statistics.clustering import (
    Consensus,
    consensus,
    cut_tree,
    k_means,
    scaled_columns,
    silhouettes,
    tree,
    within_squares,
)
from ..statistics.kaplan_meier import KaplanMeier, LogRank, kaplan_meier, logrank
from ..step_options import ClusterMethod
from ..tables.cohort import FeatureTable, OutcomeTable
from .histopathology import common_cases

METHODS = get_args(ClusterMethod)
_FEWEST = 10  # patients
_ALONE = 3  # patients below which a cluster is said to be one of outliers


@dataclass(frozen=True)
class Candidate:
    """One number of clusters.

    Attributes
    ----------
    clusters : int
    silhouette : float
        Mean over the patients, from -1 to 1.
    ambiguous : float
        Share of pairs that are now in one cluster, now not, when the clustering is repeated on samples (PAC).
    within : float
        Sum of squared distances to the centers.
    sizes : tuple of int
    """

    clusters: int
    silhouette: float
    ambiguous: float
    within: float
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Survival:
    """The clusters' survival."""

    curves: tuple[tuple[str, int, int, KaplanMeier], ...]
    test: LogRank | None
    n: int
    events: int


@dataclass(frozen=True)
class Clusters:
    """Result.

    Attributes
    ----------
    cases : tuple of str
    partition : ndarray of int
        Clusters counted from 1 in the order of their first patient.
    chosen : int
    candidates : tuple of Candidate
    method : str
    features : tuple of str
    scaled : ndarray, shape (n, m)
    joined : ndarray
        The tree of Ward's method or the linkage asked for.
    survival : Survival or None
    notices : tuple of Notice
    """

    cases: tuple[str, ...]
    partition: np.ndarray
    chosen: int
    candidates: tuple[Candidate, ...]
    method: str
    features: tuple[str, ...]
    scaled: np.ndarray
    joined: np.ndarray
    survival: Survival | None
    notices: tuple[Notice, ...]


def cluster_patients(
    table: FeatureTable,
    method: str = "ward",
    clusters: int | None = None,
    outcomes: OutcomeTable | None = None,
    *,
    most: int = 6,
    repeats: int = 500,
    seed: int = 0,
) -> Clusters:
    """Find clusters of the scaled features.

    Parameters
    ----------
    table : FeatureTable
    method : {"ward", "average", "complete", "k-means", "consensus"}
    clusters : int, optional
        How many; by default the number from 2 to ``most`` with the largest mean silhouette.
    outcomes : OutcomeTable, optional
        Follow-up, for Kaplan-Meier curves.
    most : int
    repeats, seed : int
        Of the consensus and of k-means' starts.

    Raises
    ------
    CohortError, InputError
        Too few patients or features, or an unknown method.
    """
    if method not in METHODS:
        raise InputError(f"method must be one of {', '.join(METHODS)}, not {method!r}.")
    scaled, features, notices = _usable(table)
    n = len(table.cases)
    if n < _FEWEST:
        raise CohortError(f"{n} cases are too few to look for clusters; at least {_FEWEST} are needed.")
    numbers = [clusters] if clusters else list(range(2, min(most, n // 3) + 1))
    if not min(numbers) >= 2 or max(numbers) >= n:
        raise InputError(f"the number of clusters must be between 2 and {n - 1}, not {clusters}.")
    linkage = method if method in ("ward", "average", "complete") else "ward"
    joined = tree(scaled, linkage)
    found = []
    for number in numbers:
        stable = consensus(scaled, number, linkage=linkage, repeats=repeats, seed=seed)
        partition = _partition(method, scaled, joined, number, stable, seed)
        found.append((Candidate(
            number, float(silhouettes(scaled, partition).mean()), stable.ambiguous, within_squares(scaled, partition),
            tuple(np.bincount(partition)[1:].tolist()),
        ), partition))  # fmt: skip
    best = max(range(len(found)), key=lambda at: found[at][0].silhouette)
    partition = found[best][1]
    notices += _remarks(found[best][0], clusters is None)
    survival = None if outcomes is None else _survival(table.cases, partition, outcomes)
    if survival is not None and survival.events < 20:
        text = (
            f"Only {survival.events} of {survival.n} patients had the event: survival of the clusters shows "
            f"hardly anything."
        )
        notices.append(Notice("few-events", text))
    return Clusters(
        table.cases, partition, found[best][0].clusters, tuple(one for one, _ in found), method, features, scaled,
        joined, survival, tuple(notices),
    )  # fmt: skip


def _usable(table: FeatureTable) -> tuple[np.ndarray, tuple[str, ...], list[Notice]]:
    values = table.values
    whole = np.isfinite(values).all(axis=0)
    filled = np.where(whole, values, 0)
    varying = whole & (np.ptp(filled, axis=0) > 1e-12 * np.abs(filled).max(axis=0))
    left = [name for name, keep in zip(table.names, varying, strict=True) if not keep]
    if varying.sum() < 2:
        raise CohortError(f"{varying.sum()} features vary and have no missing value; clustering needs two.")
    notices = []
    if left:
        notices.append(
            Notice(
                "features-left-out",
                f"Left out, as constant or with missing values: {many(len(left), 'feature')} ({listed(left)}).",
            )
        )
    names = tuple(name for name, keep in zip(table.names, varying, strict=True) if keep)
    return scaled_columns(values[:, varying]), names, notices


def _partition(
    method: str, scaled: np.ndarray, joined: np.ndarray, clusters: int, stable: Consensus, seed: int
) -> np.ndarray:
    if method == "k-means":
        return k_means(scaled, clusters, seed=seed)
    return stable.partition if method == "consensus" else cut_tree(joined, clusters)


def _remarks(chosen: Candidate, free: bool) -> list[Notice]:
    notices = []
    if free:
        text = f"{chosen.clusters} clusters were chosen for the largest mean silhouette ({chosen.silhouette:.2f})"
        weak = "; below 0.25 there is no substantial structure" if chosen.silhouette < 0.25 else ""
        notices.append(Notice("clusters-chosen", text + weak + "."))
    small = [size for size in chosen.sizes if size < _ALONE]
    if small:
        text = f"{many(len(small), 'cluster')} of fewer than {_ALONE} patients: outliers rather than a type of tumor."
        notices.append(Notice("clusters-small", text))
    return notices


def _survival(cases: Sequence[str], partition: np.ndarray, outcomes: OutcomeTable) -> Survival:
    shared, rows, others = common_cases(cases, outcomes.cases)
    if len(shared) < 2:
        raise CohortError(f"{len(shared)} cases of the feature table have an outcome: give outcomes of the same cases.")
    months, event, labels = outcomes.months[others], outcomes.event[others], partition[rows]
    curves = []
    for label in np.unique(labels):
        own = labels == label
        if own.sum() >= 2:
            curve = kaplan_meier(months[own], event[own])
            curves.append((f"cluster {label}", int(own.sum()), int(event[own].sum()), curve))
    test = logrank(months, event, labels) if event.any() and np.unique(labels).size > 1 else None
    return Survival(tuple(curves), test, len(shared), int(event.sum()))
