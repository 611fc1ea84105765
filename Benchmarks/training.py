"""Time the bootstrap of the whole selection, on a cohort of the article's size, against the same work in R.

    python Benchmarks/training.py [--table FEATURES.csv OUTCOMES.csv] [--repeats 200] [--jobs 2] [--r-repeats 5]

The cohort is the first 139 patients of the tables given (columns dfs_months, dfs_event), or simulated: 139 patients,
851 collinear features, about a quarter events. One repeat is: resample, univariable Cox of all features, 10-fold
cross-validated LASSO of those with p < 0.05, score, cutoff at 60 months, and its measurement in the resample, on all
patients, and out of bag. R (survival, glmnet at its default precision, in one process) does all but the cutoff and the
measurement, a few times; its time is scaled to the same number of repeats.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from LABCRadiomicsLib.tables.cohort import read_features, read_outcomes
from LABCRadiomicsLib.training.optimism import bootstrap_optimism
from LABCRadiomicsLib.training.procedure import Procedure, Recipe

PATIENTS, FEATURES, BAR_S = 139, 851, 35

R_LOOP = """
suppressMessages({{library(survival); library(glmnet)}})
d <- read.csv("{table}"); x <- as.matrix(d[, -(1:2)]); n <- nrow(x)
rows <- as.matrix(read.csv("{rows}", header = FALSE)); folds <- as.matrix(read.csv("{folds}", header = FALSE))
started <- proc.time()[["elapsed"]]
for (b in seq_len(nrow(rows))) {{
  i <- rows[b, ] + 1; xb <- x[i, ]; y <- Surv(d$time[i], d$event[i])
  p <- apply(xb, 2, function(v) suppressWarnings(summary(coxph(y ~ v))$coefficients[1, 5]))
  kept <- which(p < 0.05)
  if (length(kept) > 1) {{
    cv <- suppressWarnings(cv.glmnet(xb[, kept], y, family = "cox", foldid = folds[b, ]))
    score <- x[, kept] %*% as.matrix(coef(cv, s = "lambda.min"))
  }}
}}
cat((proc.time()[["elapsed"]] - started) / nrow(rows))
"""


def simulated(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of 40 common factors, a few of which drive the outcome; about a quarter events."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(PATIENTS, 40))
    x = factors @ rng.normal(size=(40, FEATURES)) / 5 + 0.3 * rng.normal(size=(PATIENTS, FEATURES))
    months = 150 * rng.exponential(size=PATIENTS) * np.exp(-0.9 * factors[:, 0])
    censored = rng.uniform(12, 90, PATIENTS)
    return x, np.minimum(months, censored), months <= censored


def read(features: Path, outcomes: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first patients of tables as ``labcradiomics extract`` and ``simulate`` write them."""
    table, known = read_features(features), read_outcomes(outcomes, "case", "dfs_months", "dfs_event")
    places = {case: at for at, case in enumerate(known.cases)}
    rows = [places[case] for case in table.cases[:PATIENTS]]
    return table.values[:PATIENTS], known.months[rows], known.event[rows]


def ours(procedure: Procedure, repeats: int, jobs: int) -> float:
    """Wall time of the bootstrap, starting the processes included."""
    apparent = procedure.apply(procedure.build(procedure.everyone), procedure.everyone)
    started = time.perf_counter()
    bootstrap_optimism(procedure, apparent, repeats=repeats, seed=0, jobs=jobs)
    return time.perf_counter() - started


def in_r(procedure: Procedure, repeats: int) -> float | None:
    """Seconds of one repeat in R; None where R or its packages are not installed."""
    if shutil.which("Rscript") is None:
        return None
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as scratch:
        paths = {name: Path(scratch) / f"{name}.csv" for name in ("table", "rows", "folds")}
        rows = rng.integers(0, procedure.n, (repeats, procedure.n))
        columns = ",".join(f"f{at}" for at in range(procedure.features.shape[1]))
        np.savetxt(
            paths["table"], np.column_stack([procedure.months, procedure.event, procedure.features]),
            delimiter=",", header=f"time,event,{columns}", comments="",
        )  # fmt: skip
        np.savetxt(paths["rows"], rows, fmt="%d", delimiter=",")
        # Every fold needs an event: deal them out within the sorted outcome, as ours are.
        folds = [np.argsort(np.lexsort((rng.permutation(procedure.n), ~procedure.event[row]))) % 10 + 1 for row in rows]
        np.savetxt(paths["folds"], np.array(folds), fmt="%d", delimiter=",")
        script = Path(scratch) / "loop.R"
        script.write_text(R_LOOP.format(**paths), encoding="utf-8")
        done = subprocess.run(["Rscript", script], capture_output=True, text=True, check=False)
    if done.returncode:
        print("R:", done.stderr.strip().splitlines()[-1])
        return None
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, nargs=2, metavar=("FEATURES", "OUTCOMES"))
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--r-repeats", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = read(*options.table) if options.table else simulated(options.seed)
    procedure = Procedure(*data, Recipe())
    n, p = procedure.features.shape
    print(f"{n} patients, {int(procedure.event.sum())} events, {p} features")
    seconds = ours(procedure, options.repeats, options.jobs)
    print(f"{options.repeats} repeats, {options.jobs} processes: {seconds:.1f} s (bar for 200: {BAR_S} s)")
    one = in_r(procedure, options.r_repeats)
    if one is None:
        print("R with survival and glmnet is not installed: no ratio.")
        return
    scaled = one * options.repeats
    print(f"R, one process: {one:.2f} s a repeat ({options.r_repeats} measured), {scaled:.0f} s for {options.repeats}")
    print(f"ratio R / ours: {scaled / seconds:.1f} ({scaled / seconds / options.jobs:.1f} a process)")


if __name__ == "__main__":
    main()
