"""Time the resampling of the whole selection, on a cohort of the article's size and on a large one, beside R.

    python Benchmarks/training.py [--table FEATURES.csv OUTCOMES.csv] [--repeats 200] [--r-repeats 5] [--large]

All in CPU seconds of one process. The cohort is the first 139 patients of the tables given (columns dfs_months,
dfs_event), or simulated: 139 patients, 851 collinear features, about a quarter events. One repeat is: resample,
univariable Cox of all features, 10-fold cross-validated LASSO of those with p < 0.05, score, cutoff at 60 months, and
its measurement in the resample, on all patients, and out of bag. R (survival, glmnet at its default precision) does all
but the cutoff and the measurement, a few times; its time is scaled to the same number of repeats. The nested
cross-validations that ``train`` adds, one for 40 repeats, are timed too. ``--large``: one selection of 5,000 patients
and 2,000 features, of which about half pass the screening.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from LABCRadiomicsLib.tables.cohort import read_features, read_outcomes
from LABCRadiomicsLib.training.cross_validation import nested_validation
from LABCRadiomicsLib.training.optimism import bootstrap_optimism
from LABCRadiomicsLib.training.procedure import Procedure, Recipe

PATIENTS, FEATURES, BAR_S = 139, 851, 35  # wall seconds of 200 repeats on two processors: 70 CPU seconds
LARGE, LARGE_BAR_S = (5000, 2000), 90

R_LOOP = """
suppressMessages({{library(survival); library(glmnet)}})
d <- read.csv("{table}"); x <- as.matrix(d[, -(1:2)]); n <- nrow(x)
rows <- as.matrix(read.csv("{rows}", header = FALSE)); folds <- as.matrix(read.csv("{folds}", header = FALSE))
cpu <- function() {{ s <- proc.time(); s[["user.self"]] + s[["sys.self"]] }}; started <- cpu()
for (b in seq_len(nrow(rows))) {{
  i <- rows[b, ] + 1; xb <- x[i, ]; y <- Surv(d$time[i], d$event[i])
  p <- apply(xb, 2, function(v) suppressWarnings(summary(coxph(y ~ v))$coefficients[1, 5]))
  kept <- which(p < 0.05)
  if (length(kept) > 1) {{
    cv <- suppressWarnings(cv.glmnet(xb[, kept], y, family = "cox", foldid = folds[b, ]))
    score <- x[, kept] %*% as.matrix(coef(cv, s = "lambda.min"))
  }}
}}
cat((cpu() - started) / nrow(rows))
"""


def simulated(seed: int, n: int, p: int, effect: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of 40 common factors, one of which drives the outcome; about a third events."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 40))
    x = factors @ rng.normal(size=(40, p)) / 5 + 0.3 * rng.normal(size=(n, p))
    months = 150 * rng.exponential(size=n) * np.exp(-effect * factors[:, 0])
    censored = rng.uniform(12, 90, n)
    return x, np.minimum(months, censored), months <= censored


def read(features: Path, outcomes: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first patients of tables as ``labcradiomics extract`` and ``simulate`` write them."""
    table, known = read_features(features), read_outcomes(outcomes, "case", "dfs_months", "dfs_event")
    places = {case: at for at, case in enumerate(known.cases)}
    rows = [places[case] for case in table.cases[:PATIENTS]]
    return table.values[:PATIENTS], known.months[rows], known.event[rows]


def cpu(function: Callable[[], object]) -> float:
    """CPU seconds of a call in this process."""
    started = time.process_time()
    function()
    return time.process_time() - started


def ours(procedure: Procedure, repeats: int) -> tuple[float, float]:
    """CPU seconds of the bootstrap, and of the nested cross-validations that go with it."""
    apparent = procedure.apply(procedure.build(procedure.everyone), procedure.everyone)
    folds = max(1, repeats // 40)
    return (
        cpu(lambda: bootstrap_optimism(procedure, apparent, repeats=repeats, seed=0)),
        cpu(lambda: nested_validation(procedure, repeats=folds, seed=0)),
    )


def in_r(procedure: Procedure, repeats: int) -> float | None:
    """CPU seconds of one repeat in R; None where R or its packages are not installed."""
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
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    if options.large:
        procedure = Procedure(*simulated(options.seed, *LARGE, 0.5), Recipe())
        seconds = cpu(lambda: procedure.build(procedure.everyone, strict=True))
        print(f"{LARGE[0]} x {LARGE[1]}: one selection {seconds:.1f} CPU s (bar {LARGE_BAR_S})")
        return
    procedure = Procedure(
        *(read(*options.table) if options.table else simulated(options.seed, PATIENTS, FEATURES, 0.9)), Recipe()
    )
    n, p = procedure.features.shape
    print(f"{n} patients, {int(procedure.event.sum())} events, {p} features; CPU seconds")
    seconds, nested = ours(procedure, options.repeats)
    per = 200 / options.repeats
    print(f"{options.repeats} repeats {seconds:.1f}, nested cross-validations {nested:.1f}")
    print(f"200 repeats with theirs on two free processors: {per * (seconds + nested) / 2:.1f} s (bar {BAR_S})")
    one = in_r(procedure, options.r_repeats)
    if one is None:
        print("R with survival and glmnet is not installed: no ratio.")
        return
    scaled = one * options.repeats
    print(f"R: {one:.2f} a repeat ({options.r_repeats} measured), {scaled:.0f} for {options.repeats}")
    print(f"ratio R / ours: {scaled / seconds:.1f}")


if __name__ == "__main__":
    main()
