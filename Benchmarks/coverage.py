"""How often the limits of corrected figures hold the truth: a simulation without signal, with a weak and a strong one.

    python Benchmarks/coverage.py [--cohorts 60] [--repeats 2] [--signals none,weak,strong] [--jobs 2]
                                  [--results FILE.jsonl [--minutes 9]]

A cohort is of the article's size: 139 patients, about 30 events, 300 features of 20 common factors, two of which drive
the outcome. Each is trained by the whole recipe; the model is then tried on 4000 patients more, which gives its true
C-index and calibration slope. Printed are, over the cohorts, the means of truth, apparent and corrected value, and the
share of 95% limits that hold the truth (bar: 90 to 98%).

With ``--results`` each cohort is a line of that file as soon as it is done; cohorts that it has already are not done
again, and ``--minutes`` ends the run between two cohorts, so that short runs add up.
"""

import argparse

import numpy as np
from kept_results import options_of, run

from LABCRadiomicsLib.performance import SCORE_ALONE, Measure, Metric
from LABCRadiomicsLib.training.cross_validation import nested_validation
from LABCRadiomicsLib.training.procedure import Procedure, Recipe, measure_markers

PATIENTS, FEATURES, FACTORS, OTHERS = 139, 300, 20, 4000
EFFECTS = {"none": 0.0, "weak": 0.45, "strong": 1.1}
METRICS = (Metric.C_INDEX, Metric.SLOPE, Metric.PETO)
LOADINGS = np.random.default_rng(99).normal(size=(FACTORS, FEATURES)) / np.sqrt(FACTORS)


def simulated(seed: int, n: int, effect: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, months and events of n patients."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, FACTORS))
    features = factors @ LOADINGS + 0.6 * rng.normal(size=(n, FEATURES))
    hazard = np.exp(effect * (factors[:, 0] + 0.7 * factors[:, 1]) / 1.22)
    months, censored = 260 * rng.exponential(size=n) / hazard, rng.uniform(12, 110, n)
    return features, np.minimum(months, censored), months <= censored


def one(signal: str, seed: int, repeats: int) -> dict:
    """One cohort: truth, apparent, corrected and its limits of each metric; none where no model came of it."""
    found = {"signal": signal, "seed": seed, "repeats": repeats, "figures": None}
    recipe = Recipe(n_folds=10, horizon=60.0)
    procedure = Procedure(*simulated(1000 * seed + 7, PATIENTS, EFFECTS[signal]), recipe)
    built = procedure.build(procedure.everyone, seed)
    if built.empty:
        return found
    others = Procedure(*simulated(10**7 + seed, OTHERS, EFFECTS[signal]), recipe)
    truth, apparent = (
        measure_markers(data.apply(built, data.everyone), data.months, data.event, 60.0) for data in (others, procedure)
    )
    corrected = dict(nested_validation(procedure, repeats=repeats, seed=seed).rows)
    found["figures"] = {}
    for metric in METRICS:
        measure = Measure(metric, SCORE_ALONE)
        estimate = corrected.get(measure)
        found["figures"][metric] = {
            "true": truth[measure].value,
            "apparent": apparent[measure].value,
            **(estimate.to_dict() if estimate else {"value": None, "lower": None, "upper": None}),
        }
    return found


def main() -> None:
    options = options_of(argparse.ArgumentParser(description=__doc__.splitlines()[0]), tuple(EFFECTS), 60)
    for signal, own in run(one, options).items():
        found = [row["figures"] for row in own if row["figures"]]
        print(f"{signal}: {len(found)} of {len(own)} cohorts with a model")
        for metric in METRICS if found else ():
            columns = [[np.nan if v is None else v for v in row[metric].values()] for row in found]
            true, apparent, corrected, lower, upper = np.array(columns, float).T
            known = np.isfinite(lower)
            held = ((lower <= true) & (true <= upper))[known]
            print(
                f"  {metric:22} true {true.mean():6.3f}  apparent {apparent.mean():6.3f}  corrected "
                f"{corrected[known].mean():6.3f}  limits hold the truth in {held.mean():.0%} of {known.sum()}"
            )


if __name__ == "__main__":
    main()
