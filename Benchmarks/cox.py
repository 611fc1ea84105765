"""Time the univariable Cox screening and the LASSO path against the usual ways to compute them, in one run.

    python Benchmarks/cox.py [--features 851] [--patients 139] [--seed 0]

Prints seconds, ratios to ours, and the largest difference of the coefficients, so that equal work is compared. A way
that is not installed is named as such and skipped. lifelines and Coxnet stop short of the maximum, hence their larger
differences; ours meets the optimality conditions to rounding (test_lasso.py).
"""

import argparse
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from LABCRadiomicsLib.statistics.cox_screening import univariable_cox
from LABCRadiomicsLib.statistics.lasso import lasso_path

R_LOOP = """
suppressMessages(library(survival))
d <- read.csv("{table}"); x <- as.matrix(d[, -(1:2)]); y <- Surv(d$time, d$event)
started <- proc.time()[["elapsed"]]
coef <- vapply(seq_len(ncol(x)), function(j) coxph(y ~ x[, j], ties = "efron")$coefficients[[1]], 0)
cat(proc.time()[["elapsed"]] - started, coef, sep = "\\n")
"""


def cohort(patients: int, features: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Collinear features, about a quarter events, tied times in whole days."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(patients, 10)) @ rng.normal(size=(10, features)) + rng.normal(size=(patients, features))
    event_time = rng.exponential(size=patients) * np.exp(-0.2 * x[:, 0]) * 6000
    censored = rng.exponential(size=patients) * 1500
    return x, np.ceil(np.minimum(event_time, censored)), event_time < censored


def timed(compute: Callable[[], np.ndarray], repeats: int = 1) -> tuple[float, np.ndarray]:
    """Best of ``repeats`` wall times, and the coefficients."""
    best, result = np.inf, np.empty(0)
    for _ in range(repeats):
        started = time.perf_counter()
        result = compute()
        best = min(best, time.perf_counter() - started)
    return best, result


def loop_lifelines(x: np.ndarray, follow_up: np.ndarray, event: np.ndarray) -> np.ndarray:
    import pandas as pd
    from lifelines import CoxPHFitter

    coef = []
    for column in x.T:
        table = pd.DataFrame({"x": column, "time": follow_up, "event": event})
        coef.append(CoxPHFitter().fit(table, "time", "event").params_.iloc[0])
    return np.array(coef)


def loop_scikit_survival(x: np.ndarray, follow_up: np.ndarray, event: np.ndarray) -> np.ndarray:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    y = Surv.from_arrays(event, follow_up)
    return np.array([CoxPHSurvivalAnalysis(ties="efron").fit(column[:, None], y).coef_[0] for column in x.T])


def loop_r(x: np.ndarray, follow_up: np.ndarray, event: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds that R itself measures around its loop, reading the table not included, and the coefficients."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        raise ImportError("Rscript is not on the path")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "cohort.csv"
        header = ",".join(["time", "event", *(f"x{j}" for j in range(x.shape[1]))])
        np.savetxt(table, np.c_[follow_up, event, x], delimiter=",", header=header, comments="", fmt="%.17g")
        done = subprocess.run(
            [rscript, "-e", R_LOOP.format(table=table.as_posix())], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise ImportError("R has no package survival")
    seconds, *coef = (float(line) for line in done.stdout.split())
    return seconds, np.array(coef)


def coxnet(
    x: np.ndarray, follow_up: np.ndarray, event: np.ndarray, lambdas: np.ndarray, tolerance: float
) -> np.ndarray:
    from sksurv.linear_model import CoxnetSurvivalAnalysis
    from sksurv.util import Surv

    scale = x.std(axis=0)
    model = CoxnetSurvivalAnalysis(l1_ratio=1.0, alphas=lambdas, tol=tolerance, max_iter=10**6)
    return model.fit((x - x.mean(axis=0)) / scale, Surv.from_arrays(event, follow_up)).coef_ / scale[:, None]


def report(name: str, ours: float, coef: np.ndarray, run: Callable[[], tuple[float, np.ndarray]]) -> None:
    """Run one competitor and print its line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seconds, theirs = run()
    except ImportError as error:
        print(f"  {name:<34} not run: {error}")
        return
    difference = np.abs(theirs - coef).max() / np.abs(coef).max()
    print(f"  {name:<34} {seconds:10.4f} s   {seconds / ours:8.1f} x   coefficients differ by {difference:.0e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", type=int, default=851)
    parser.add_argument("--patients", type=int, default=139)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = cohort(options.patients, options.features, options.seed)
    print(f"{options.features} features x {options.patients} patients, {int(data[2].sum())} events")

    print("univariable Cox, Efron ties")
    ours, coef = timed(lambda: univariable_cox(*data).coef, repeats=10)
    print(f"  {'univariable_cox (ours)':<34} {ours:10.4f} s")
    report("loop of scikit-survival", ours, coef, lambda: timed(lambda: loop_scikit_survival(*data)))
    report("loop of R's coxph", ours, coef, lambda: loop_r(*data))
    report("loop of lifelines", ours, coef, lambda: timed(lambda: loop_lifelines(*data)))

    x = data[0][:, :250]
    path = lasso_path(x, *data[1:], n_lambdas=60)
    print(f"LASSO path, {x.shape[1]} features, {path.lambdas.size} penalties")
    ours, coef = timed(lambda: lasso_path(x, *data[1:], n_lambdas=60).coef, repeats=3)
    print(f"  {'lasso_path (ours)':<34} {ours:10.4f} s")
    for tolerance in (1e-7, 1e-9):
        name = f"scikit-survival Coxnet, tol {tolerance:.0e}"
        run = lambda tolerance=tolerance: timed(lambda: coxnet(x, *data[1:], path.lambdas, tolerance))  # noqa: E731
        report(name, ours, coef, run)


if __name__ == "__main__":
    main()
