"""Time what grows with the cohort, ours beside R, in one run: CPU seconds of both and the largest difference.

    python Benchmarks/large_cohorts.py [--patients 20000] [--seed 0]

- Harrell's and Uno's C of one marker of 20,000 patients (R: survival::concordance; survC1 is quadratic and not run).
- Cross-validated LASSO of 5,000 patients: those of 2,000 features with p < 0.05 (R: glmnet::cv.glmnet, same folds).
- Decision curve of two models on GBSG2, 686 patients, 99 thresholds (Python: dcurves).

R is run where Rscript and its packages are; what is missing is named and skipped.
"""

import argparse
import csv
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from LABCRadiomicsLib.statistics.concordance import harrell_c, uno_c
from LABCRadiomicsLib.statistics.cox_screening import univariable_cox
from LABCRadiomicsLib.statistics.decision import decision_curve
from LABCRadiomicsLib.statistics.lasso import lasso_cv, random_folds

REFERENCE = Path(__file__).parents[1] / "LABCRadiomics" / "Testing" / "Python" / "data" / "reference"
R_CONCORDANCE = """
suppressMessages(library(survival)); d <- read.csv("{table}")
s <- proc.time(); k <- concordance(Surv(time, event) ~ marker, d, reverse = TRUE); s <- proc.time() - s
cat(s[["user.self"]] + s[["sys.self"]], coef(k), sep = "\\n")
"""
R_LASSO = """
suppressMessages({{library(survival); library(glmnet)}}); d <- read.csv("{table}"); x <- as.matrix(d[, -(1:3)])
s <- proc.time(); k <- cv.glmnet(x, Surv(d$time, d$event), family = "cox", foldid = d$fold); s <- proc.time() - s
cat(s[["user.self"]] + s[["sys.self"]], min(k$cvm), sep = "\\n")
"""


def follow_up(hazard: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Exponential times with uniform censoring: about a third events."""
    event_time = 150 * rng.exponential(size=hazard.size) / hazard
    censored = rng.uniform(12, 90, hazard.size)
    return np.minimum(event_time, censored), event_time <= censored


def cpu(compute: Callable[[], object], repeats: int = 1) -> tuple[float, object]:
    """Least CPU time of ``repeats`` calls, and the result."""
    best, result = np.inf, None
    for _ in range(repeats):
        started = time.process_time()
        result = compute()
        best = min(best, time.process_time() - started)
    return best, result


def in_r(script: str, columns: dict[str, np.ndarray]) -> tuple[float, float] | None:
    """CPU seconds that R measured around its call, and the number it gave; None where R or a package is missing."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "data.csv"
        np.savetxt(
            table, np.column_stack(list(columns.values())), delimiter=",", header=",".join(columns), comments="",
            fmt="%.10g",
        )  # fmt: skip
        done = subprocess.run(
            ["Rscript", "-e", script.format(table=table.as_posix())], capture_output=True, text=True, check=False
        )
    if done.returncode:
        return None
    seconds, value = (float(line) for line in done.stdout.split())
    return seconds, value


def line(name: str, seconds: float, value: float, other: str, theirs: tuple[float, float] | None) -> None:
    """Print one comparison."""
    beside = f"{other} is not installed"
    if theirs:
        beside = f"{other} {theirs[0]:8.3f} s ({theirs[0] / seconds:5.1f} x), differ by {abs(value - theirs[1]):.0e}"
    print(f"{name:<52} ours {seconds:8.3f} s, {beside}")


def concordance(patients: int, rng: np.random.Generator) -> None:
    marker = rng.normal(size=patients)
    months, event = follow_up(np.exp(marker), rng)
    seconds, result = cpu(lambda: harrell_c(marker, months, event), 3)
    theirs = in_r(R_CONCORDANCE, {"marker": marker, "time": months, "event": event})
    line(f"Harrell's C, {patients} patients", seconds, result.c, "R", theirs)
    seconds, result = cpu(lambda: uno_c(marker, months, event), 3)
    print(f"{f'Uno C, {patients} patients':<52} ours {seconds:8.3f} s")


def lasso(rng: np.random.Generator, patients: int = 5000, features: int = 2000) -> None:
    x = rng.normal(size=(patients, features))
    months, event = follow_up(np.exp(0.3 * x[:, :10].sum(axis=1)), rng)
    seconds, screened = cpu(lambda: univariable_cox(x, months, event))
    print(f"{f'univariable Cox, {patients} x {features}':<52} ours {seconds:8.3f} s")
    x = x[:, screened.p < 0.05]
    folds = random_folds(event, 10, 0)
    seconds, result = cpu(lambda: lasso_cv(x, months, event, folds))
    columns = {"fold": folds, "time": months, "event": event} | {f"x{j}": x[:, j] for j in range(x.shape[1])}
    theirs = in_r(R_LASSO, columns)
    line(f"LASSO, 10 folds, {patients} x {x.shape[1]} (p < 0.05)", seconds, float(result.mean.min()), "R", theirs)


def decision() -> None:
    with (REFERENCE / "gbsg2_risks_60m.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    months, event, base, full = (
        np.array([float(row[k]) for row in rows]) for k in ("months", "event", "p_base", "p_full")
    )
    models = {"base": base, "full": full}
    seconds, ours = cpu(lambda: decision_curve(models, months, event, 60), 5)
    try:
        import pandas as pd
        from dcurves import dca
    except ImportError:
        theirs = None
    else:
        frame = pd.DataFrame({"event": event, "time": months, **models})
        grid = ours.thresholds.tolist()
        spent, table = cpu(lambda: dca(frame, "event", ["base", "full"], grid, time=60, time_to_outcome_col="time"))
        theirs = spent, float(table.loc[table["model"] == "full", "net_benefit"].iloc[29])
    line("decision curve, 2 models, 686 patients", seconds, float(ours.net_benefit["full"][29]), "dcurves", theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    concordance(options.patients, rng)
    decision()
    lasso(rng)


if __name__ == "__main__":
    main()
