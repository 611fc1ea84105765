"""Patients sorted into clusters by their features, and how good and how stable the clusters are."""

from dataclasses import dataclass

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform

from ..errors import InputError
from . import _checks

LINKAGES = ("ward", "average", "complete")
_AMBIGUOUS = (0.1, 0.9)  # a pair clustered together in such a share of the resamples is ambiguous


@dataclass(frozen=True)
class Consensus:
    """How often pairs of patients fall into one cluster when clustering is repeated on samples of them.

    Attributes
    ----------
    together : ndarray, shape (n, n)
        Share of the resamples that hold both patients in which they are in one cluster.
    ambiguous : float
        Share of the pairs between 0.1 and 0.9: the smaller, the more stable (PAC).
    partition : ndarray of int, shape (n,)
        Clusters of the averaged distance ``1 - together``, counted from 1.
    """

    together: np.ndarray
    ambiguous: float
    partition: np.ndarray


def scaled_columns(values: np.ndarray) -> np.ndarray:
    """Center columns and divide them by their standard deviation (n - 1), as ``scale`` of R."""
    values = _checks.matrix(values, "values")
    spread = values.std(axis=0, ddof=1)
    flat = np.flatnonzero(np.ptp(values, axis=0) <= 1e-12 * np.abs(values).max(axis=0))
    if flat.size:
        raise InputError(f"values column {flat[0]} has no variance; leave it out.")
    return (values - values.mean(axis=0)) / spread


def tree(values: np.ndarray, linkage: str = "ward") -> np.ndarray:
    """Join patients step by step by Euclidean distance.

    Parameters
    ----------
    values : array_like, shape (n, m)
    linkage : {"ward", "average", "complete"}

    Returns
    -------
    ndarray, shape (n - 1, 4)
        As ``scipy.cluster.hierarchy.linkage``: what is joined, height, size.

    Notes
    -----
    Heights equal ``hclust`` of R (``ward`` is its ``ward.D2``).
    """
    values = _checks.matrix(values, "values")
    _checks.choice(linkage, "linkage", LINKAGES)
    if values.shape[0] < 3:
        raise InputError("values has fewer than three patients; clustering needs at least three.")
    return hierarchy.linkage(pdist(values), linkage)


def cut_tree(joined: np.ndarray, clusters: int) -> np.ndarray:
    """Clusters of each patient, counted from 1 in the order of their first patient, as ``cutree`` of R."""
    n = joined.shape[0] + 1
    parent = list(range(2 * n - 1))
    for step, (first, second) in enumerate(joined[: n - clusters, :2].astype(int)):
        parent[first] = parent[second] = n + step
    found = []
    for patient in range(n):
        at = patient
        while parent[at] != at:
            at = parent[at]
        found.append(at)
    return in_order(np.array(found))


def in_order(labels: np.ndarray) -> np.ndarray:
    """Renumber labels from 1 in the order in which they first occur."""
    _, first, index = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=int)
    rank[np.argsort(first)] = np.arange(1, first.size + 1)
    return rank[index]


def silhouettes(values: np.ndarray, partition: np.ndarray) -> np.ndarray:
    """How much nearer each patient is to its own cluster than to the next: from -1 to 1, 0 for one alone.

    Notes
    -----
    Rousseeuw 1987; equals ``cluster::silhouette`` of R on Euclidean distances.
    """
    values = _checks.matrix(values, "values")
    labels, index = _checks.groups(partition, "partition", values.shape[0])
    distance = squareform(pdist(values))
    member = index[:, None] == np.arange(labels.size)
    size = member.sum(axis=0)
    sums = distance @ member
    own = np.arange(values.shape[0]), index
    within = sums[own] / np.maximum(size[index] - 1, 1)
    others = sums / size
    others[own] = np.inf
    nearest = others.min(axis=1)
    larger = np.maximum(within, nearest)
    return np.where((size[index] == 1) | (larger == 0), 0.0, (nearest - within) / np.where(larger > 0, larger, 1))


def within_squares(values: np.ndarray, partition: np.ndarray) -> float:
    """Sum of the squared distances of patients to the center of their cluster: what k-means makes small."""
    values = np.asarray(values, dtype=float)
    total = 0.0
    for label in np.unique(partition):
        members = values[partition == label]
        total += float(((members - members.mean(axis=0)) ** 2).sum())
    return total


def k_means(values: np.ndarray, clusters: int, *, starts: int = 100, seed: int = 0) -> np.ndarray:
    """Partition patients around k centers, the best of many random starts.

    Returns
    -------
    ndarray of int, shape (n,)
        Counted from 1 in the order of their first patient.

    Notes
    -----
    Lloyd's steps, then single patients are moved while that lowers the sum of squares, as Hartigan and Wong do.
    """
    values = _checks.matrix(values, "values")
    if not 2 <= clusters < values.shape[0]:
        raise InputError(f"clusters must be between 2 and {values.shape[0] - 1}, not {clusters}.")
    generator = np.random.default_rng(seed)
    best, least = np.zeros(values.shape[0], dtype=int), np.inf
    for _ in range(starts):
        centers = values[generator.choice(values.shape[0], clusters, replace=False)]
        labels = _settle(values, centers)
        found = within_squares(values, labels)
        if found < least and np.unique(labels).size == clusters:
            best, least = labels, found
    return in_order(best)


def _settle(values: np.ndarray, centers: np.ndarray) -> np.ndarray:
    clusters = centers.shape[0]
    labels = np.full(values.shape[0], -1)
    for _ in range(200):
        distance = ((values[:, None, :] - centers) ** 2).sum(axis=2)
        nearest = distance.argmin(axis=1)
        if (nearest == labels).all():
            break
        labels = nearest
        size = np.bincount(labels, minlength=clusters)
        sums = np.zeros_like(centers)
        np.add.at(sums, labels, values)
        centers = np.where(size[:, None] > 0, sums / np.maximum(size, 1)[:, None], centers)
    return _exchange(values, labels, centers)


def _exchange(values: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Move the patient whose change of cluster lowers the sum of squares most, until none does."""
    size = np.bincount(labels, minlength=centers.shape[0]).astype(float)
    rows = np.arange(values.shape[0])
    for _ in range(values.shape[0] * 10):
        distance = ((values[:, None, :] - centers) ** 2).sum(axis=2)
        leaving = distance[rows, labels] * size[labels] / np.maximum(size[labels] - 1, 1e-300)
        leaving[size[labels] <= 1] = 0.0
        joining = distance * size / (size + 1)
        joining[rows, labels] = np.inf
        gain = leaving - joining.min(axis=1)
        mover = int(gain.argmax())
        if gain[mover] <= 1e-12 * max(float(leaving.max()), 1e-300):
            break
        old, new = labels[mover], int(joining[mover].argmin())
        centers[old] += (centers[old] - values[mover]) / (size[old] - 1)
        centers[new] += (values[mover] - centers[new]) / (size[new] + 1)
        size[old] -= 1
        size[new] += 1
        labels[mover] = new
    return labels


def consensus(
    values: np.ndarray,
    clusters: int,
    *,
    linkage: str = "ward",
    repeats: int = 500,
    share: float = 0.8,
    seed: int = 0,
) -> Consensus:
    """Repeat a hierarchical clustering on samples of the patients.

    Notes
    -----
    Monti et al. 2003 with the proportion of ambiguous pairs of Șenbabaoğlu et al. 2014, as ``ConsensusClusterPlus`` of
    R with item resampling; equal to it up to the random samples.
    """
    values = _checks.matrix(values, "values")
    n = values.shape[0]
    size = int(n * share)
    if size < max(3, clusters + 1):
        raise InputError(f"values has {n} patients; too few to find {clusters} clusters in samples of them.")
    distance = squareform(pdist(values))
    generator = np.random.default_rng(seed)
    both, together = np.zeros((n, n)), np.zeros((n, n))
    for _ in range(repeats):
        drawn = np.sort(generator.choice(n, size, replace=False))
        joined = hierarchy.linkage(squareform(distance[np.ix_(drawn, drawn)], checks=False), linkage)
        labels = cut_tree(joined, clusters)
        both[np.ix_(drawn, drawn)] += 1
        together[np.ix_(drawn, drawn)] += labels[:, None] == labels
    with np.errstate(invalid="ignore"):
        shares = np.where(both > 0, together / both, 0.0)
    np.fill_diagonal(shares, 1.0)
    pairs = shares[np.triu_indices(n, 1)]
    ambiguous = float(((pairs > _AMBIGUOUS[0]) & (pairs < _AMBIGUOUS[1])).mean())
    joined = hierarchy.linkage(squareform(1 - shares, checks=False), "average")
    return Consensus(shares, ambiguous, cut_tree(joined, clusters))
