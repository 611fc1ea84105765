"""Do the limits of one patient's survival hold the truth: the nomogram's own, and those that carry the selection too.

Cohorts of the article's size, as in ``coverage.py`` (139 patients, about 30 events, 300 features), trained by the whole
recipe with the resamples' predictors in the model. New patients are scored from the model's own features; the truth is
the survival at 60 months that the simulated law gives them, and that of the patients with the same score.

    python Benchmarks/patient_uncertainty.py [--cohorts 20] [--bootstrap 50] [--signals none,weak,strong]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from coverage import EFFECTS, FACTORS, FEATURES, LOADINGS, PATIENTS, simulated

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.scoring import predict
from LABCRadiomicsLib.training import Card, Plan, Recipe, TrainingCohort, train, trained_model

HORIZON, NEW, OTHERS, LIKE = 60.0, 60, 3000, 100
NAMES = tuple(f"f{at + 1}" for at in range(FEATURES))


def population(seed: int, n: int, effect: float) -> tuple[np.ndarray, np.ndarray]:
    """Features and true survival at the horizon of n patients, by the law of ``coverage.simulated``."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, FACTORS))
    features = factors @ LOADINGS + 0.6 * rng.normal(size=(n, FEATURES))
    hazard = np.exp(effect * (factors[:, 0] + 0.7 * factors[:, 1]) / 1.22)
    return features, np.exp(-HORIZON / 260 * hazard)


def one(signal: str, seed: int, bootstrap: int) -> list[dict[str, float]] | None:
    """What the limits of new patients hold, by one model; None where no model came of the cohort."""
    features, months, event = simulated(1000 * seed + 7, PATIENTS, EFFECTS[signal])
    cohort = TrainingCohort(NAMES, features, months, event, cases=tuple(f"c{at}" for at in range(PATIENTS)))
    plan = Plan(recipe=Recipe(horizon=HORIZON), bootstrap=bootstrap, reclassification=0, seed=seed)
    try:
        training = train(cohort, plan)
        model = trained_model(training, Card(id="simulated", title="Simulated"), None)
    except InputError:
        return None
    others, truth = population(10**7 + seed, OTHERS, EFFECTS[signal])
    score = others @ training.built.coefficients
    found = []
    for at in range(NEW):
        alike = truth[np.argsort(np.abs(score - score[at]))[:LIKE]].mean()
        patient = predict(model, dict(zip(NAMES, others[at], strict=True)))
        own = next(estimate for estimate in patient.survival if estimate.months == HORIZON)
        wide = next(limits for limits in patient.selection.survival if limits.months == HORIZON)
        row = {"same group": patient.selection.same_group}
        for name, limits in (("nomogram's limits", own), ("with the selection", wide)):
            row |= {
                f"{name} hold the patient's survival": limits.lower <= truth[at] <= limits.upper,
                f"{name} hold that of patients alike": limits.lower <= alike <= limits.upper,
                f"{name}, width": limits.upper - limits.lower,
            }
        found.append(row)
    return found


def main() -> None:
    """Simulate and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--cohorts", type=int, default=20)
    asked.add_argument("--first", type=int, default=0, help="Seed of the first cohort.")
    asked.add_argument("--bootstrap", type=int, default=50)
    asked.add_argument("--signals", default="none,weak,strong")
    given = asked.parse_args()
    for signal in given.signals.split(","):
        start = time.process_time()
        made = [one(signal, given.first + seed, given.bootstrap) for seed in range(given.cohorts)]
        models = [rows for rows in made if rows is not None]
        print(
            f"signal {signal}: {len(models)} models of {given.cohorts} cohorts, {given.bootstrap} resamples, {NEW} new "
            f"patients each; {time.process_time() - start:.0f} CPU s"
        )
        for name in models[0][0] if models else ():
            of_each = [np.mean([row[name] for row in rows]) for rows in models]
            error = np.std(of_each, ddof=1) / np.sqrt(len(of_each)) if len(of_each) > 1 else float("nan")
            print(f"  {name:55}{np.mean(of_each):7.3f} +-{error:.3f}", flush=True)


if __name__ == "__main__":
    main()
