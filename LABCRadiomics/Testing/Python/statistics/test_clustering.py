"""Clusters of patients: what is there is found, and small cases are as counted by hand or by R."""

import numpy as np
import pytest
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics import clustering
from LABCRadiomicsLib.statistics.clustering import (
    consensus,
    cut_tree,
    in_order,
    k_means,
    scaled_columns,
    silhouettes,
    tree,
    within_squares,
)


def test_clusters_that_are_there_are_found_by_every_method():
    generator = np.random.default_rng(8)
    truth = np.repeat([1, 2, 3], 12)
    values = scaled_columns(generator.normal(size=(36, 3)) + 14 * np.eye(3)[truth - 1])
    for linkage in ("ward", "average", "complete"):
        assert (cut_tree(tree(values, linkage), 3) == truth).all()
    assert (k_means(values, 3, starts=10) == truth).all()
    stable = consensus(values, 3, repeats=40)
    assert (stable.partition == truth).all() and stable.ambiguous < 0.02
    assert silhouettes(values, truth).min() > 0.3
    assert within_squares(values, truth) < within_squares(values, np.roll(truth, 5))
    assert in_order(np.array([7, 7, 2, 9, 2])).tolist() == [1, 1, 2, 3, 2]


def test_scaled_columns_are_those_of_r():
    found = scaled_columns([[1.0, 10], [2, 30], [4, 20]])
    assert found == pytest.approx(np.array([[-0.8728715609, -1], [-0.2182178902, 1], [1.0910894512, 0]]))
    with pytest.raises(InputError, match="values column 1 has no variance"):
        scaled_columns([[1.0, 3], [2, 3], [4, 3 + 1e-14]])
    with pytest.raises(InputError, match="values column 0 has no variance"):
        scaled_columns([[0.0, 3], [0, 4], [0, 5]])


def test_silhouettes_counted_by_hand():
    values, partition = np.array([[0.0], [1], [5], [7], [20]]), np.array([1, 1, 2, 2, 3])
    assert silhouettes(values, partition) == pytest.approx([1 - 1 / 6, 1 - 1 / 5, 1 - 2 / 4.5, 1 - 2 / 6.5, 0])
    assert silhouettes(np.zeros((4, 1)), np.array([1, 1, 2, 2])).tolist() == [0, 0, 0, 0]


def test_a_patient_changes_its_cluster_where_that_lowers_the_sum_of_squares():
    """Lloyd's steps stay where the start has put them: to 6 both centers are as near, and its own is kept."""
    values = np.array([[0.0], [2], [6], [10]])
    labels, centers = np.array([0, 0, 0, 1]), np.array([[8 / 3], [10]])
    found = clustering._exchange(values, labels.copy(), centers.copy())
    assert found.tolist() == [0, 0, 1, 1]
    assert within_squares(values, found) == 10 < within_squares(values, labels)


def test_settling_goes_from_any_start_to_centers_of_their_own_patients():
    rng = np.random.default_rng(2)
    values = np.vstack([rng.normal(at, 0.3, (20, 2)) for at in ((0, 0), (6, 0), (0, 6))])
    for start in range(5):
        found = clustering._settle(values, values[rng.choice(60, 3, replace=False)] + start)
        centers = np.array([values[found == label].mean(axis=0) for label in np.unique(found)])
        nearest = ((values[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
        assert (np.unique(found)[nearest] == found).all()


@pytest.mark.parametrize("clusters", [2, 3, 4])
def test_of_few_patients_k_means_finds_the_best_of_all_partitions(clusters):
    rng = np.random.default_rng(clusters)
    values = rng.normal(size=(7, 2))
    every = np.stack(np.meshgrid(*[np.arange(clusters)] * 7, indexing="ij"), axis=-1).reshape(-1, 7)
    complete = [labels for labels in every if np.unique(labels).size == clusters]
    best = min(within_squares(values, labels) for labels in complete)
    found = k_means(values, clusters)
    assert within_squares(values, found) == pytest.approx(best) and np.unique(found).tolist() == [
        *range(1, clusters + 1)
    ]
    assert np.unique(k_means(values, 6)).size == 6


def test_consensus_is_the_share_of_the_samples_that_hold_both():
    values = np.random.default_rng(1).normal(size=(12, 2))
    found = consensus(values, 2, linkage="average", repeats=40, share=0.7, seed=0)
    rng, both, together = np.random.default_rng(0), np.zeros((12, 12)), np.zeros((12, 12))
    for _ in range(40):
        drawn = np.sort(rng.choice(12, 8, replace=False))
        labels = cut_tree(tree(values[drawn], "average"), 2)
        both[np.ix_(drawn, drawn)] += 1
        together[np.ix_(drawn, drawn)] += labels[:, None] == labels
    shares = together / both
    assert found.together == pytest.approx(shares) and (shares == 0.9).any() and (shares == 0.1).any()
    pairs = shares[np.triu_indices(12, 1)]
    assert found.ambiguous == pytest.approx(np.mean((pairs > 0.1) & (pairs < 0.9))) and 0.1 < found.ambiguous < 0.9
    by_share = hierarchy.linkage(squareform(1 - shares, checks=False), "average")
    assert (found.partition == in_order(hierarchy.fcluster(by_share, 2, "maxclust"))).all()


def test_pairs_that_no_sample_holds_are_not_together():
    values = np.arange(12.0)[:, None]
    found = consensus(values, 2, repeats=1, share=0.5, seed=1)
    drawn = np.sort(np.random.default_rng(1).choice(12, 6, replace=False))
    missing = np.setdiff1d(np.arange(12), drawn)
    assert (found.together[np.ix_(missing, drawn)] == 0).all() and (np.diag(found.together) == 1).all()
    assert consensus(values[:5], 3).partition.size == 5  # four of five patients are just enough for three clusters
