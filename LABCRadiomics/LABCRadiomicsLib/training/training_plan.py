"""What to do with a cohort: how the score is made, what it is compared with, how often all of it is repeated."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .missing_features import Missing
from .procedure import Recipe


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to do with a cohort.

    Attributes
    ----------
    recipe : Recipe
        How the score is made.
    min_icc : float
        Features must exceed it, where correlations are given.
    missing : {"impute", "cases", "features"} or None
        What to do with empty cells of features; see :func:`.missing_features.settle_missing`.
    max_missing : float or None
        Features with a larger share of empty cells are left out.
    seed : int
        Of folds, bootstrap and permutations.
    stage : str or None
        Covariate of the stage-only model.
    subgroups : tuple of str
        Covariates to analyze the groups within.
    bootstrap, nested, permutations : int
        Repeats of the estimates of optimism; 0 leaves one out. A bootstrap brings cross-validations along.
    reclassification : int
        Bootstrap repeats of the limits of IDI and NRI, and of the cutoff of the finished score.
    jobs : int
        Processes.
    endpoint : str
    """

    recipe: Recipe = field(default_factory=Recipe)
    min_icc: float = 0.75
    missing: Missing | None = None
    max_missing: float | None = None
    seed: int = 0
    stage: str | None = None
    subgroups: tuple[str, ...] = ()
    bootstrap: int = 200
    nested: int = 0
    permutations: int = 0
    reclassification: int = 200
    jobs: int = 1
    endpoint: str = "Disease-free survival"

    @property
    def cross_validations(self) -> int:
        """Repeats of nested cross-validation: as asked for, and a fourth of the work of the bootstrap at least."""
        return max(self.nested, math.ceil(self.bootstrap / 40))

    @property
    def covariates(self) -> tuple[str, ...]:
        """Every column of the outcome table that the plan needs."""
        stage = (self.stage,) if self.stage else ()
        return tuple(dict.fromkeys((*self.recipe.named, *self.recipe.candidates, *stage, *self.subgroups)))
