"""Cohorts for the tests of training: simulated features and outcomes with a known truth, as arrays and as tables."""

from pathlib import Path

import numpy as np

from LABCRadiomicsLib.tables.csv_table import write_table
from LABCRadiomicsLib.training import TrainingCohort

MAIN_EFFECTS = (1.2, -1.0, 0.9)


def simulated(
    seed: int, n: int = 120, p: int = 20, effects: tuple[float, ...] = ()
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features correlated in blocks, months and events; the first features have the given log hazard ratios."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 4))
    features = 0.6 * shared[:, np.arange(p) % 4] + 0.8 * rng.normal(size=(n, p))
    hazard = np.exp(features[:, : len(effects)] @ np.array(effects, float)) if effects else np.ones(n)
    months = 90 * rng.exponential(size=n) / hazard
    censored = rng.uniform(20, 110, n)
    return features, np.minimum(months, censored), months <= censored


def cohort(seed: int, n: int = 120, p: int = 20, effects: tuple[float, ...] = ()) -> TrainingCohort:
    """The same as a cohort without covariates."""
    features, months, event = simulated(seed, n, p, effects)
    names = tuple(f"f{at + 1}" for at in range(p))
    return TrainingCohort(names, features, months, event, cases=tuple(f"case-{at + 1}" for at in range(n)))


def write_cohort(folder: Path, seed: int, n: int = 120, p: int = 20, effects: tuple[float, ...] = ()) -> Path:
    """Write ``features.csv`` and ``outcomes.csv`` with clinical columns of every kind."""
    data = cohort(seed, n, p, effects)
    rng = np.random.default_rng(seed + 1)
    clinical = zip(
        data.cases, data.months, data.event, rng.integers(30, 70, n), rng.choice(["II", "III", "IV"], n),
        rng.integers(0, 2, n), rng.choice(["negative", "positive"], n), strict=True,
    )  # fmt: skip
    write_table(folder / "features.csv", ["case", *data.names], zip(data.cases, *data.features.T, strict=True))
    header = ["case", "months", "event", "age", "stage", "pcr", "hr"]
    write_table(folder / "outcomes.csv", header, clinical)
    return folder
