"""How often the limits of corrected figures hold the truth: a simulation without signal, with a weak and a strong one.

    python Benchmarks/coverage.py [--cohorts 40] [--repeats 2] [--signals none,weak,strong] [--jobs 2]

A cohort is of the article's size: 139 patients, about 30 events, 300 features of 20 common factors, two of which drive
the outcome. Each is trained by the whole recipe; the model is then tried on 4000 patients more, which gives its true
C-index and calibration slope. Printed are, over the cohorts, the means of truth, apparent and corrected value, the
share of 95% limits that hold the truth (bar: 90 to 98%), and the time.
"""

import argparse
import time

import numpy as np
from joblib import Parallel, delayed

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


def one(seed: int, effect: float, repeats: int) -> list[tuple[float, float, float, bool]] | None:
    """Truth, apparent, corrected, and whether the limits hold the truth, of each metric; None without a model."""
    recipe = Recipe(n_folds=10, horizon=60.0)
    procedure = Procedure(*simulated(1000 * seed + 7, PATIENTS, effect), recipe)
    built = procedure.build(procedure.everyone, seed)
    if built.empty:
        return None
    others = Procedure(*simulated(10**7 + seed, OTHERS, effect), recipe)
    truth, apparent = (
        measure_markers(data.apply(built, data.everyone), data.months, data.event, 60.0) for data in (others, procedure)
    )
    corrected = dict(nested_validation(procedure, repeats=repeats, seed=seed).rows)
    rows = []
    for metric in METRICS:
        measure = Measure(metric, SCORE_ALONE)
        found, true = corrected.get(measure), truth[measure].value
        if found is None or found.lower is None:
            rows.append((true, apparent[measure].value, np.nan, False))
        else:
            rows.append((true, apparent[measure].value, found.value, found.lower <= true <= found.upper))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohorts", type=int, default=40)
    parser.add_argument("--first", type=int, default=0, help="seed of the first cohort")
    parser.add_argument("--repeats", type=int, default=2, help="nested cross-validations of each")
    parser.add_argument("--signals", default="none,weak,strong")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    for signal in options.signals.split(","):
        started = time.perf_counter()
        seeds = range(options.first, options.first + options.cohorts)
        calls = (delayed(one)(seed, EFFECTS[signal], options.repeats) for seed in seeds)
        found = [rows for rows in Parallel(n_jobs=options.jobs)(calls) if rows is not None]
        print(
            f"{signal}: {len(found)} of {options.cohorts} cohorts with a model, {time.perf_counter() - started:.0f} s"
        )
        for at, metric in enumerate(METRICS):
            true, apparent, corrected, held = np.array([rows[at] for rows in found], float).T
            known = np.isfinite(corrected)
            print(
                f"  {metric:22} true {true.mean():6.3f}  apparent {apparent.mean():6.3f}  corrected "
                f"{corrected[known].mean():6.3f}  limits hold the truth in {held[known].mean():.0%} of {known.sum()}"
            )


if __name__ == "__main__":
    main()
