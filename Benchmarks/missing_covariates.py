"""Do 95% limits hold the truth with 30% of the covariates missing at random: coefficients, and new patients.

Cohorts of 200 patients with a score and four covariates (two numbers, a binary one, a category of three levels) that go
along with each other; the chance that a covariate is missing grows with the score (missing at random), 30% on average.
The nomogram is made as ``train --missing impute`` makes it. Counted over cohorts and signals:

- coefficients: limits by Rubin's rules hold the true log hazard ratio;
- new patients: limits of 36-month survival of patients with 30% of their covariates unknown hold the survival that the
  true law gives with all of them known, in those with something unknown and in all;
- beside it what comes of leaving incomplete patients out, and of the model's mean standing in for what is unknown.

    python Benchmarks/missing_covariates.py [--cohorts 200] [--signals none,weak,strong] [--seed 1]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field, replace

import numpy as np

from LABCRadiomicsLib.model import CovariateDomain, Nomogram
from LABCRadiomicsLib.model.averaged_survival import averaged_survival, what_may_be
from LABCRadiomicsLib.model.nomogram import patient_row, survival
from LABCRadiomicsLib.performance import NOMOGRAM
from LABCRadiomicsLib.statistics.imputed_cox import imputed_cox
from LABCRadiomicsLib.training.clinical_models import ClinicalModel, fit_clinical, nomogram_of
from LABCRadiomicsLib.training.covariate_imputation import impute_covariates
from LABCRadiomicsLib.training.training_cohort import TrainingCohort

PATIENTS, NEW, HORIZON, SHARE, TABLES = 200, 100, 36.0, 0.3, 20
SIGNALS = {"none": 0.0, "weak": 0.4, "strong": 1.0}  # all log hazard ratios are multiplied by it
EFFECTS = np.array([0.05, 0.6, 1.0, -0.6, 0.3, 0.8])  # age, stage=III, stage=IV, pcr, size, score
SPECS = (
    CovariateDomain(name="age", label="Age", type="number"),
    CovariateDomain(name="stage", label="Stage", type="category", levels=("II", "III", "IV"), reference="II"),
    CovariateDomain(name="pcr", label="pCR", type="binary"),
    CovariateDomain(name="size", label="Size", type="number"),
)
NAMES = tuple(spec.name for spec in SPECS)


@dataclass
class Count:
    """How often limits held the truth."""

    held: list[bool] = field(default_factory=list)

    def add(self, held: np.ndarray) -> None:
        self.held += np.asarray(held, bool).ravel().tolist()

    def __str__(self) -> str:
        share = np.mean(self.held) if self.held else float("nan")
        error = np.sqrt(share * (1 - share) / max(len(self.held), 1))
        return f"{share:6.1%} +-{error:4.1%} of {len(self.held):6}"


def made(rng: np.random.Generator, n: int) -> tuple[np.ndarray, dict[str, list], np.ndarray]:
    """Score, covariates and design (n, 6) of some patients."""
    score = rng.normal(size=n)
    age = 55 + 9 * (0.4 * score + 0.9 * rng.normal(size=n))
    size = 4 + 1.5 * (0.5 * score + 0.85 * rng.normal(size=n))
    at = np.digitize(0.5 * score + 0.3 * (size - 4) / 1.5 + rng.normal(size=n), (-0.2, 0.9))
    pcr = (rng.normal(size=n) - 0.5 * score > 0.5).astype(float)
    stage = np.array(SPECS[1].levels)[at].tolist()
    design = np.column_stack([age, at == 1, at == 2, pcr, size, score]).astype(float)
    return score, {"age": age.tolist(), "stage": stage, "pcr": pcr.tolist(), "size": size.tolist()}, design


def with_gaps(rng: np.random.Generator, score: np.ndarray, covariates: dict[str, list]) -> dict[str, tuple]:
    """Take covariates away, more of them the higher the score."""
    chance = np.clip(2 * SHARE / (1 + np.exp(-score)), 0, 0.95)
    gaps = {name: rng.random(score.size) < chance for name in covariates}
    return {
        name: tuple(None if gap else value for value, gap in zip(values, gaps[name], strict=True))
        for name, values in covariates.items()
    }


def one(seed: int, signal: float, counts: dict[str, Count]) -> None:
    """Train on one cohort, predict new patients, and count."""
    rng = np.random.default_rng(seed)
    effects = signal * EFFECTS
    score, covariates, design = made(rng, PATIENTS)
    center = np.array([55, 0.3, 0.3, 0.35, 4, 0])
    hazard = np.exp((design - center) @ effects) / 70
    months, censored = rng.exponential(1 / hazard), rng.uniform(12, 120, PATIENTS)
    cohort = TrainingCohort(
        (), np.empty((PATIENTS, 0)), np.minimum(months, censored), months <= censored,
        with_gaps(rng, score, covariates), (), SPECS,
    )  # fmt: skip
    blocks = [cohort.columns((name,)) for name in NAMES]
    numbers = [spec.type == "number" for spec in SPECS]
    tables = impute_covariates(blocks, numbers, score, cohort.months, cohort.event, repeats=TABLES, seed=seed)
    stacked = tables.design(range(4), score)
    fit = imputed_cox(stacked, cohort.months, cohort.event)
    counts["coefficients, imputed"].add((fit.coefficients.lower <= effects) & (effects <= fit.coefficients.upper))
    mean = stacked.mean(axis=0)
    imputed = ClinicalModel(NOMOGRAM, NAMES, True, fit.model, np.ones(PATIENTS, bool), mean, stacked)
    whole = fit_clinical(NOMOGRAM, cohort, NAMES, score)
    inside = (np.log(whole.fitted.lower) <= effects) & (effects <= np.log(whole.fitted.upper))
    counts["coefficients, complete patients"].add(inside)
    nomogram = nomogram_of(imputed, cohort, endpoint="Survival", horizons=(HORIZON,))
    predicted(rng, nomogram, effects, center, counts)


def predicted(
    rng: np.random.Generator, nomogram: Nomogram, effects: np.ndarray, center: np.ndarray, counts: dict[str, Count]
) -> None:
    """Predict new patients with gaps and hold the limits against the truth."""
    score, covariates, design = made(rng, NEW)
    truth = np.exp(-HORIZON * np.exp((design - center) @ effects) / 70)
    gaps = with_gaps(rng, score, covariates)
    for at in range(NEW):
        values = {name: gaps[name][at] for name in NAMES}
        parts = what_may_be(nomogram, values, score[at])
        at_mean = survival(nomogram, patient_row(nomogram, values, score[at]), (HORIZON,))[0]
        ours = at_mean if parts is None else averaged_survival(nomogram, parts, (HORIZON,))[0]
        held, stood_in = (each.lower <= truth[at] <= each.upper for each in (ours, at_mean))
        counts["new patients, all"].add(held)
        if parts is not None:
            counts["new patients with gaps, averaged"].add(held)
            counts["new patients with gaps, mean stands in"].add(stood_in)


def main() -> None:
    """Simulate and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--cohorts", type=int, default=200)
    asked.add_argument("--signals", default="none,weak,strong")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    for name in given.signals.split(","):
        start, skipped = time.process_time(), 0
        labels = ("coefficients, imputed", "coefficients, complete patients", "new patients, all")
        labels += ("new patients with gaps, averaged", "new patients with gaps, mean stands in")
        counts = {label: Count() for label in labels}
        for cohort in range(given.cohorts):
            kept = {label: replace(count, held=list(count.held)) for label, count in counts.items()}
            try:
                one(10_000 * given.seed + cohort, SIGNALS[name], counts)
            except ValueError:
                counts, skipped = kept, skipped + 1
        print(f"signal {name}: {given.cohorts - skipped} cohorts of {PATIENTS}, {skipped} without a Cox model; "
              f"{time.process_time() - start:.0f} CPU s")  # fmt: skip
        for label, count in counts.items():
            print(f"  {label:40}{count}", flush=True)


if __name__ == "__main__":
    main()
