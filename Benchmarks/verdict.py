"""How often a training says that the score adds to the clinic, where the truth is known.

    python Benchmarks/verdict.py [--cohorts 60] [--repeats 2] [--signals none,stage,weak,strong] [--jobs 2]
                                 [--results FILE.jsonl [--minutes 9]]

A cohort is of the article's size: 139 patients, about 30 events, 300 features of 20 common factors; age and stage drive
the outcome too. ``none``: the features say nothing; ``stage``: they know the stage, and nothing else; ``weak`` and
``strong``: two factors drive the outcome. Each is trained by the whole recipe with age and stage in the nomogram; the
true gain is that of its C-index over the clinical model's on 4000 patients more. Printed are how often each verdict
comes (bar: without signal "adds" at most 5 times in 100), beside how often the likelihood-ratio test on the model's own
patients has p < 0.05, and how often the limits of the gain hold the true gain. ``--results`` as for coverage.py.
"""

import argparse

import numpy as np
from kept_results import options_of, run

from LABCRadiomicsLib.performance.attempts import Attempts
from LABCRadiomicsLib.performance.clinical_gain import clinical_gain
from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.likelihood_ratio import likelihood_ratio
from LABCRadiomicsLib.training.clinical_rivals import Rival
from LABCRadiomicsLib.training.cross_validation import nested_validation
from LABCRadiomicsLib.training.procedure import Procedure, Recipe

PATIENTS, FEATURES, FACTORS, OTHERS = 139, 300, 20, 4000
EFFECTS = {"none": 0.0, "stage": 0.0, "weak": 0.45, "strong": 1.1}
VERDICTS = ("adds", "may add", "does not add")
LOADINGS = np.random.default_rng(99).normal(size=(FACTORS, FEATURES)) / np.sqrt(FACTORS)
HORIZON = 60.0


def simulated(seed: int, n: int, signal: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features, months, events and clinical columns (age, stage) of n patients."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, FACTORS))
    stage = (0.7 * factors[:, 2] * (signal == "stage") + 0.7 * rng.normal(size=n) > 0.3) * 1.0
    clinic = np.column_stack([rng.normal(size=n), stage])
    features = factors @ LOADINGS + 0.6 * rng.normal(size=(n, FEATURES))
    log_hazard = EFFECTS[signal] * (factors[:, 0] + 0.7 * factors[:, 1]) / 1.22 + 0.3 * clinic[:, 0] + 0.8 * stage
    months, censored = 350 * rng.exponential(size=n) / np.exp(log_hazard), rng.uniform(12, 110, n)
    return features, np.minimum(months, censored), months <= censored, clinic


def one(signal: str, seed: int, repeats: int) -> dict:
    """One cohort: the verdict and what it rests on; none where no model came of it."""
    found = {"signal": signal, "seed": seed, "repeats": repeats, "verdict": None}
    recipe = Recipe(n_folds=10, horizon=HORIZON, named=("clinic",))
    *data, clinic = simulated(1000 * seed + 7, PATIENTS, signal)
    rivals = (Rival("clinical model", "nomogram", (), None),)
    procedure = Procedure(*data, recipe, ("clinic",), (clinic,), (("age", "stage"),), rivals)
    built = procedure.build(procedure.everyone, seed)
    if built.empty:
        return found
    nested = nested_validation(procedure, repeats=repeats, seed=seed)
    outcome = procedure.months, procedure.event
    options = {"factor": nested.factor, "reach": nested.reach, "bootstrap": 0, "seed": 0, "attempts": Attempts()}
    gain = clinical_gain(nested.held[0], clinic, *outcome, HORIZON, **options)
    alone = cox(clinic, *outcome)
    *others, their_clinic = simulated(10**7 + seed, OTHERS, signal)
    marker = Procedure(*others, recipe, ("clinic",), (their_clinic,)).apply(built, np.arange(OTHERS))[0]
    true = harrell_c(marker.values, *others[1:]).c - harrell_c(alone.linear_predictor(their_clinic), *others[1:]).c
    return found | {
        "verdict": gain.verdict.value,
        "events": gain.events,
        "true_gain": true,
        "gain": gain.c_index.gain.to_dict(),
        "effect": gain.effect.to_dict(),
        "p": gain.test.p,
        "apparent_p": likelihood_ratio(alone, built.nomogram).p,
    }


def main() -> None:
    options = options_of(argparse.ArgumentParser(description=__doc__.splitlines()[0]), tuple(EFFECTS), 60)
    for signal, rows in run(one, options).items():
        empty, rows = sum(row["verdict"] is None for row in rows), [row for row in rows if row["verdict"]]
        print(f"{signal}: {len(rows)} cohorts with a model, {empty} without")
        if not rows:
            continue
        said = ", ".join(f"{verdict} {sum(row['verdict'] == verdict for row in rows)}" for verdict in VERDICTS)
        adds, apparent = (
            np.mean(found)
            for found in ([row["verdict"] == "adds" for row in rows], [row["apparent_p"] < 0.05 for row in rows])
        )
        true = np.array([row["true_gain"] for row in rows])
        gain, lower, upper = (
            np.array([row["gain"][part] for row in rows], float) for part in ("value", "lower", "upper")
        )
        held = (lower <= true) & (true <= upper)
        print(
            f"  {said} (adds: {adds:.0%}); {np.mean([row['events'] for row in rows]):.0f} events a cohort\n"
            f"  apparent likelihood-ratio p < 0.05 in {apparent:.0%}\n"
            f"  gain of the C-index: true {true.mean():.3f}, corrected {gain.mean():.3f}, limits hold the truth in "
            f"{held.mean():.0%}"
        )


if __name__ == "__main__":
    main()
