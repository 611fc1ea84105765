"""ComBat: features of several scanners or sites made comparable, by numbers that also adjust new patients."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import InputError
from . import _checks

_CONVERGED = 1e-4  # relative change at which sva ends the iteration; a finer one would give other numbers than sva
_MAX_ITERATIONS = 10_000


@dataclass(frozen=True)
class ComBat:
    """What adjusts q features of b batches.

    A feature is standardized (``mean`` and the covariates' part taken off, divided by ``scale``), then a batch's
    ``shift`` is taken off and the rest divided by the root of its ``stretch``, then standardization is undone.

    Attributes
    ----------
    batches : tuple
        Labels, in the order of the rows of ``shift``.
    reference : object or None
        The batch that all others are made equal to, itself unchanged.
    mean : ndarray, shape (q,)
        Overall (or the reference's) mean of each feature, covariates at zero.
    covariate_effects : ndarray, shape (c, q)
        Change of each feature per unit of each covariate, which the adjustment preserves.
    scale : ndarray, shape (q,)
        Root of the pooled variance within batches.
    shift, stretch : ndarray, shape (b, q)
        Shrunken mean and variance of each batch, of standardized features.
    adjusted : ndarray of bool, shape (q,)
        False for features that are constant within some batch: they stay as they are.
    mean_only : bool
        Variances were left alone, because a batch has one patient.
    """

    batches: tuple[Any, ...]
    reference: Any
    mean: np.ndarray
    covariate_effects: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    stretch: np.ndarray
    adjusted: np.ndarray
    mean_only: bool

    def apply(self, features: np.ndarray, batch: Sequence[Any], covariates: np.ndarray | None = None) -> np.ndarray:
        """Adjust patients of known batches, whether or not they were among those of the fit.

        Parameters
        ----------
        features : array_like, shape (n, q)
        batch : sequence of length n
            The label of each patient's batch.
        covariates : array_like, shape (n, c), optional
            As in the fit.

        Returns
        -------
        ndarray, shape (n, q)

        Raises
        ------
        InputError
            Arrays that do not fit; a batch that is not known.
        """
        features = self._features(features)
        labels = list(batch)
        if len(labels) != features.shape[0]:
            raise InputError(
                f"batch has {len(labels)} labels where {features.shape[0]} are needed; pass one a patient."
            )
        for row, label in enumerate(labels):
            if label not in self.batches:
                known = ", ".join(map(str, self.batches))
                raise InputError(f"batch at row {row} is {label!r}, which is not known; known are {known}.")
        index = np.array([self.batches.index(label) for label in labels])
        z, standard = self._standardized(features, covariates)
        result = (z - self.shift[index]) / np.sqrt(self.stretch[index]) * self.scale + standard
        stays = np.array([label == self.reference and self.reference is not None for label in labels])
        return np.where(stays[:, None] | ~self.adjusted, features, result)

    def add_batch(self, label: Any, features: np.ndarray, covariates: np.ndarray | None = None) -> "ComBat":
        """Learn one more batch from its patients; what is known of the others stays as it is.

        Parameters
        ----------
        label : object
            Its name.
        features : array_like, shape (n, q)
            Of at least two patients.
        covariates : array_like, shape (n, c), optional

        Returns
        -------
        ComBat

        Raises
        ------
        InputError
            A label that is known; fewer than two patients; arrays that do not fit; a feature to be adjusted that is
            constant in the new batch.
        """
        if label in self.batches:
            raise InputError(f"label {label!r} is a known batch; give the new one another name.")
        features = self._features(features)
        if features.shape[0] < 2:
            raise InputError(f"features has one patient; batch {label!r} needs at least two to be learned.")
        z, _ = self._standardized(features, covariates)
        constant = np.flatnonzero(self.adjusted & (np.ptp(features, axis=0) == 0))
        if constant.size and not self.mean_only:
            raise InputError(
                f"features column {constant[0]} is constant in batch {label!r}, so that its spread cannot be adjusted."
            )
        z = z[:, self.adjusted]
        shift, stretch = np.zeros(self.mean.size), np.ones(self.mean.size)
        shift[self.adjusted], stretch[self.adjusted] = _shrunken(z, z.mean(axis=0), self.mean_only)
        return replace(
            self,
            batches=(*self.batches, label),
            shift=np.vstack((self.shift, shift)),
            stretch=np.vstack((self.stretch, stretch)),
        )

    def _features(self, features: np.ndarray) -> np.ndarray:
        features = _checks.matrix(features, "features")
        if features.shape[1] != self.mean.size:
            raise InputError(f"features has {features.shape[1]} columns where ComBat was fitted to {self.mean.size}.")
        return features

    def _standardized(self, features: np.ndarray, covariates: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Standardized features, and what was taken off them."""
        covariates = _covariates(covariates, features.shape[0])
        if covariates.shape[1] != self.covariate_effects.shape[0]:
            raise InputError(
                f"covariates has {covariates.shape[1]} columns where ComBat was fitted to "
                f"{self.covariate_effects.shape[0]}."
            )
        standard = self.mean + np.zeros((features.shape[0], 1))
        for column, effects in zip(covariates.T, self.covariate_effects, strict=True):
            standard = standard + column[:, None] * effects  # not by BLAS: one patient alone gets the bits of a cohort
        return (features - standard) / self.scale, standard


def combat(
    features: np.ndarray,
    batch: Sequence[Any],
    covariates: np.ndarray | None = None,
    *,
    reference: Any = None,
) -> ComBat:
    """Fit ComBat with parametric priors.

    Parameters
    ----------
    features : array_like, shape (n, q)
        One row a patient.
    batch : sequence of length n
        The scanner or site of each patient: any labels that can be sorted.
    covariates : array_like, shape (n, c), optional
        Numbers, 0/1 columns for categories without the reference, no intercept. Their effects are preserved.
    reference : object, optional
        The batch that stays as it is.

    Returns
    -------
    ComBat
        ``apply`` with the same arrays gives the adjusted features.

    Raises
    ------
    InputError
        Unusable arrays; one batch only; an unknown reference; covariates that are collinear or confounded with the
        batches; fewer than two features that can be adjusted.

    Notes
    -----
    Johnson, Li and Rabinovic 2007, for images Fortin et al. 2018; the reference batch is that of Zhang et al. 2018.
    Equals ``sva::ComBat(par.prior = TRUE)`` of R and neuroCombat: as there, features that are constant within a batch
    are left alone, and where a batch has one patient only means are adjusted.
    """
    features = _checks.matrix(features, "features")
    levels, index = _checks.groups(batch, "batch", features.shape[0])
    labels = tuple(levels.tolist())
    if reference is not None and reference not in labels:
        raise InputError(f"reference {reference!r} is no batch; batches are {', '.join(map(str, labels))}.")
    counts = np.bincount(index)
    mean_only = bool((counts == 1).any())
    adjusted = np.all([np.ptp(features[index == b], axis=0) > 0 for b in np.flatnonzero(counts > 1)], axis=0)
    if adjusted.sum() < 2:
        raise InputError(
            "features has fewer than two columns that vary within every batch; ComBat borrows across them."
        )

    members = index[:, None] == np.arange(counts.size)
    design = np.hstack((members.astype(float), _covariates(covariates, features.shape[0])))
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise InputError("covariates are collinear or confounded with the batches; leave some of them out.")
    effects = np.linalg.solve(design.T @ design, design.T @ features)
    chosen = slice(None) if reference is None else index == labels.index(reference)
    mean = counts / counts.sum() @ effects[: counts.size] if reference is None else effects[labels.index(reference)]
    residual = (features - design @ effects)[chosen]
    scale = np.sqrt((residual**2).mean(axis=0))
    scale[~adjusted] = 1.0

    shape = counts.size, features.shape[1]
    start = ComBat(
        labels, reference, mean, effects[counts.size :], scale, np.zeros(shape), np.ones(shape), adjusted, mean_only
    )
    z, _ = start._standardized(features, covariates)
    z = z[:, adjusted]
    center = 0.0 if reference is None else z[index == labels.index(reference)].mean(axis=0)
    for b in range(counts.size):
        if labels[b] != reference or reference is None:
            own = z[index == b]
            start.shift[b, adjusted], start.stretch[b, adjusted] = _shrunken(own, own.mean(axis=0) - center, mean_only)
    return start


def _covariates(covariates: np.ndarray | None, n: int) -> np.ndarray:
    none = covariates is None or np.shape(covariates) == (n, 0)
    return np.empty((n, 0)) if none else _checks.matrix(covariates, "covariates", n)


def _shrunken(z: np.ndarray, mean: np.ndarray, mean_only: bool) -> tuple[np.ndarray, np.ndarray]:
    """Posterior means and variances (q,) of a batch's standardized features ``z`` (n, q), by empirical Bayes.

    Priors are normal for the means and inverse gamma for the variances, with moments taken over the features.
    """
    if mean.size < 2:  # as in a new batch of a score of one feature: there is nothing to borrow from
        return mean, np.ones(1) if mean_only else z.var(axis=0, ddof=1)
    prior_mean, prior_variance = mean.mean(), mean.var(ddof=1)
    if mean_only:
        return (prior_variance * mean + prior_mean) / (prior_variance + 1), np.ones(mean.size)
    n, variance = z.shape[0], z.var(axis=0, ddof=1)
    average, spread = variance.mean(), variance.var(ddof=1)
    a, b = (2 * spread + average**2) / spread, (average * spread + average**3) / spread
    shift, stretch = mean, variance
    for _ in range(_MAX_ITERATIONS):
        new_shift = (prior_variance * n * mean + stretch * prior_mean) / (prior_variance * n + stretch)
        new_stretch = (((z - new_shift) ** 2).sum(axis=0) / 2 + b) / (n / 2 + a - 1)
        # sva divides by the shift itself, not by its size: negative ones never hold up the iteration.
        change = max((np.abs(new_shift - shift) / shift).max(), (np.abs(new_stretch - stretch) / stretch).max())
        shift, stretch = new_shift, new_stretch
        if change <= _CONVERGED:
            break
    return shift, stretch
