"""A whole study on simulated patients, with the command line only: from images to a validated model and its pages.

    make cohort-demo       (a few minutes)

Two readers' contours are simulated and extracted, the features on which they agree make a score on two thirds of the
patients, and the score is validated on the rest. Everything is simulated and says nothing about any patient.
"""

import argparse
import csv
import shlex
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

TRAINING_SHARE = 2 / 3
SEED = 2022
OUTCOME = ("--id", "case", "--time", "dfs_months", "--event", "dfs_event")


def run(*arguments: object) -> None:
    """Run one command of labcradiomics, shown as one would type it; its progress bars and words pass through."""
    words = [str(argument) for argument in arguments]
    print(f"\n$ labcradiomics {shlex.join(words)}", flush=True)
    start = time.perf_counter()
    code = subprocess.run([sys.executable, "-m", "LABCRadiomicsLib.cli", *words], check=False).returncode
    if code:
        sys.exit(code)
    print(f"  ({time.perf_counter() - start:.0f} s)", flush=True)


def split(table: Path, training: Path, validation: Path) -> None:
    """Write the first patients of a table into one file and the others into another."""
    with table.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    border = round(TRAINING_SHARE * len(rows))
    for path, part in ((training, rows[:border]), (validation, rows[border:])):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *part])


def study(folder: Path, patients: int, jobs: int, bootstrap: int) -> list[Path]:
    """Do the study in a new or empty folder; gives its index pages."""
    simulation, tables = folder / "simulation", folder / "tables"
    icc, model = tables / "icc.csv", folder / "model.json"
    run("simulate", "--patients", patients, "--seed", SEED, "--out", simulation, "--readers", 2, "--jobs", jobs)
    tables.mkdir()
    for name in ("cases", "cases_reader2"):  # beside the images, which the tables name relative to themselves
        split(simulation / f"{name}.csv", simulation / f"{name}_training.csv", simulation / f"{name}_validation.csv")
    split(simulation / "outcomes.csv", tables / "outcomes_training.csv", tables / "outcomes_validation.csv")

    for name in ("cases", "cases_reader2"):
        out = tables / f"{name.replace('cases', 'features')}_training.csv"
        run("extract", simulation / f"{name}_training.csv", "--out", out, "--jobs", jobs)
    run("agreement", tables / "features_training.csv", tables / "features_reader2_training.csv", "--out", icc)
    run(
        "train", tables / "features_training.csv", tables / "outcomes_training.csv", *OUTCOME, "--icc", icc,
        "--candidates", "age,stage,hr,her2", "--stage", "stage", "--subgroups", "hr",
        "--bootstrap", bootstrap, "--jobs", jobs, "--demonstration", "--title", "Study on simulated breast MRI",
        "--out", model, "--report", folder / "training",
    )  # fmt: skip
    run(
        "extract", simulation / "cases_validation.csv", "--features", "model", "--model", model,
        "--out", tables / "features_validation.csv", "--jobs", jobs,
    )  # fmt: skip
    run(
        "validate", model, tables / "features_validation.csv", tables / "outcomes_validation.csv", *OUTCOME,
        "--comparator", "age", "--report", folder / "validation",
    )  # fmt: skip
    return [folder / name / "index.html" for name in ("training", "validation")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("cohort-demo"), help="new or empty folder")
    parser.add_argument("--patients", type=int, default=90)
    parser.add_argument("--bootstrap", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--open", action="store_true", help="show the pages in the browser")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()):
        sys.exit(f"{options.out} is not empty: give a new folder or delete it.")
    options.out.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    pages = study(options.out.resolve(), options.patients, options.jobs, options.bootstrap)
    print(f"\nDone in {time.perf_counter() - start:.0f} s. Pages:")
    for page in pages:
        print(f"  {page}")
        if options.open:
            webbrowser.open(page.as_uri())


if __name__ == "__main__":
    main()
