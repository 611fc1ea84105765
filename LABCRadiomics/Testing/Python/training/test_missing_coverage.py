"""Do 95% limits hold the truth where covariates are missing at random: the small version of a benchmark."""

import numpy as np

from LABCRadiomicsLib.model import CovariateDomain
from LABCRadiomicsLib.model.averaged_survival import averaged_survival, what_may_be
from LABCRadiomicsLib.model.nomogram import patient_row, survival
from LABCRadiomicsLib.statistics.imputed_cox import imputed_cox
from LABCRadiomicsLib.training import TrainingCohort
from LABCRadiomicsLib.training.clinical_models import ClinicalModel, nomogram_of
from LABCRadiomicsLib.training.covariate_imputation import impute_covariates

N, HORIZON = 150, 36.0
EFFECTS = np.array([0.07, 0.9, 0.5])  # age, stage, score
SPECS = CovariateDomain(name="age", label="Age", type="number"), CovariateDomain(name="stage", label="S", type="binary")
NAMES = tuple(spec.name for spec in SPECS)


def patients(rng: np.random.Generator, n: int) -> tuple[np.ndarray, dict[str, tuple], np.ndarray]:
    """Design, covariates of which 30% are missing, the more the higher the score, and hazards."""
    score = rng.normal(size=n)
    age = 55 + 9 * (0.5 * score + 0.85 * rng.normal(size=n))
    stage = (0.6 * score + rng.normal(size=n) > 0.4).astype(float)
    gaps = rng.random((2, n)) < np.clip(0.6 / (1 + np.exp(-score)), 0, 0.95)
    covariates = {
        name: tuple(None if gap else float(value) for value, gap in zip(values, own, strict=True))
        for name, values, own in zip(NAMES, (age, stage), gaps, strict=True)
    }
    design = np.column_stack([age, stage, score])
    return design, covariates, np.exp((design - [55, 0.35, 0]) @ EFFECTS) / 80


def test_limits_cover_with_covariates_missing_at_random():
    """Benchmarks/missing_covariates.py has the figures of hundreds of cohorts."""
    inside, held, stood_in = [], [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        design, covariates, hazard = patients(rng, N)
        months, censored = rng.exponential(1 / hazard), rng.uniform(12, 120, N)
        months, event = np.minimum(months, censored), months <= censored
        cohort = TrainingCohort((), np.empty((N, 0)), months, event, covariates, (), SPECS)
        blocks = [cohort.columns((name,)) for name in NAMES]
        tables = impute_covariates(blocks, (True, False), design[:, 2], months, event, repeats=8, seed=seed)
        stacked = tables.design((0, 1), design[:, 2])
        fit = imputed_cox(stacked, months, event)
        inside += ((fit.coefficients.lower <= EFFECTS) & (fit.coefficients.upper >= EFFECTS)).tolist()
        fitted = ClinicalModel("n", NAMES, True, fit.model, np.ones(N, bool), stacked.mean(axis=0), stacked)
        nomogram = nomogram_of(fitted, cohort, endpoint="Survival", horizons=(HORIZON,))
        design, covariates, hazard = patients(rng, 40)
        for at, truth in enumerate(np.exp(-HORIZON * hazard)):
            values = {name: covariates[name][at] for name in NAMES}
            parts = what_may_be(nomogram, values, design[at, 2])
            if parts is not None:
                (ours,) = averaged_survival(nomogram, parts, (HORIZON,))
                (other,) = survival(nomogram, patient_row(nomogram, values, design[at, 2]), (HORIZON,))
                held.append(ours.lower <= truth <= ours.upper)
                stood_in.append(other.lower <= truth <= other.upper)
    assert np.mean(inside) >= 0.85 and len(held) > 100
    assert np.mean(held) >= 0.9 > np.mean(stood_in) + 0.1
