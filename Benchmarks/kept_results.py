"""Simulations that keep each cohort as a line of JSON, so that short runs add up."""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed


def options_of(parser: argparse.ArgumentParser, signals: Sequence[str], cohorts: int) -> argparse.Namespace:
    """Read the command line of a simulation."""
    parser.add_argument("--cohorts", type=int, default=cohorts)
    parser.add_argument("--first", type=int, default=0, help="seed of the first cohort")
    parser.add_argument("--repeats", type=int, default=2, help="nested cross-validations of each")
    parser.add_argument("--signals", default=",".join(signals))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--results", type=Path, help="lines of JSON that are kept and added to")
    parser.add_argument("--minutes", type=float, default=np.inf, help="start no cohort after so many")
    options = parser.parse_args()
    options.signals = options.signals.split(",")
    return options


def run(one: Callable[[str, int, int], dict], options: argparse.Namespace) -> dict[str, list[dict]]:
    """Do the cohorts that the file of results lacks, until the time is up; give all there are by their signal.

    Parameters
    ----------
    one : callable
        Takes signal, seed and repeats; gives what is kept of a cohort, these three included.
    options : argparse.Namespace
    """
    results: Path | None = options.results
    lines = results.read_text(encoding="utf-8").splitlines() if results and results.exists() else []
    done = {(row["signal"], row["seed"]): row for row in map(json.loads, lines) if row["repeats"] == options.repeats}
    wanted = [
        (signal, seed) for seed in range(options.first, options.first + options.cohorts) for signal in options.signals
    ]
    end = time.monotonic() + 60 * options.minutes
    calls = (delayed(one)(*key, options.repeats) for key in wanted if key not in done and time.monotonic() < end)
    for row in _in_parallel(calls, options.jobs):
        done[row["signal"], row["seed"]] = row
        if results:
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    return {signal: [done[key] for key in wanted if key in done and key[0] == signal] for signal in options.signals}


def _in_parallel(calls: Iterable, jobs: int) -> Iterable[dict]:
    return Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="n_jobs", batch_size=1)(calls)
