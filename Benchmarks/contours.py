"""The contour test on simulated truth: how often its limits hold the score of a true second reader.

Each phantom's tumor is drawn by several readers of the simulation, independently of each other, any two of whom agree
as much as the contour test says that readers do. The limits come from the first reader's contour alone; the share of
the others' scores within them is the coverage. ``--first truth`` lets the first reader draw the true boundary.

    python Benchmarks/contours.py --phantoms 200 --seed 7 [--dice 0.875] [--out ROWS.csv]

``--out`` keeps a row a phantom, so that another look needs no other run.
"""

import argparse
import csv
import time
from itertools import combinations
from pathlib import Path

import numpy as np

from LABCRadiomicsLib.features import extract_region
from LABCRadiomicsLib.imaging import Volume, region_of
from LABCRadiomicsLib.imaging.contour_spread import CONTOURS, READER_DICE
from LABCRadiomicsLib.model import Model
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import extraction_settings
from LABCRadiomicsLib.robustness import contour_stability
from LABCRadiomicsLib.scoring import predict
from LABCRadiomicsLib.simulation import Patient, make_phantom, redraw_contour, simulate_cohort

TRIALS, STEPS = 6, 7  # contours whose agreement is measured at one deviation, and halvings on the way to it


def main() -> None:
    """Simulate, score, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phantoms", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--dice", type=float, default=READER_DICE, help="mean overlap of two readers")
    parser.add_argument("--others", type=int, default=5, help="second readers of each phantom")
    parser.add_argument("--first", choices=("reader", "truth"), default="reader", help="who draws the first contour")
    parser.add_argument("--out", type=Path, help="table of the phantoms to write")
    asked = parser.parse_args()
    model, rows, start = find_model("demo-phantom"), [], time.process_time()
    for patient in simulate_cohort(asked.phantoms, asked.seed):
        rows.append(phantom_row(model, patient, asked))
        if asked.out is not None:
            write_rows(asked.out, rows)
        if len(rows) % 20 == 0:
            print(f"  {len(rows)} phantoms: limits hold {np.mean([row['held'] for row in rows]):.1%}", flush=True)
    what = f"{asked.phantoms} phantoms of seed {asked.seed}, {CONTOURS} contours each, first contour by {asked.first}"
    print(f"{what}, {time.process_time() - start:.0f} CPU s")
    sum_up(rows, asked.others)


def phantom_row(model: Model, patient: Patient, asked: argparse.Namespace) -> dict[str, float]:
    """One phantom: its first reader's contour test, held against the other readers' scores."""
    seed = (asked.seed, patient.index)
    phantom = make_phantom(patient.tumor, np.random.default_rng(seed))
    settings, names = extraction_settings(model), [term.feature for term in model.score.terms]
    sd = reader_deviation(phantom.tumor, asked.dice, seed)

    def scored(mask: Volume):
        return predicted(region_of(phantom.image, mask, array_order=settings.array_order))

    def predicted(region):
        return predict(model, extract_region(region, settings, names).values)

    first = phantom.tumor if asked.first == "truth" else drawn(phantom.tumor, sd, *seed, 1)
    if asked.first == "truth":
        sd *= np.sqrt(2)  # so that the others agree with it as two readers do
    others = [drawn(phantom.tumor, sd, *seed, 2, number) for number in range(asked.others)]
    region = region_of(phantom.image, first, array_order=settings.array_order)
    found = contour_stability(predicted(region), region, predicted, CONTOURS, asked.dice)
    scores = np.array([scored(mask).score for mask in others])
    return {
        "seed": asked.seed, "phantom": patient.index, "score": predicted(region).score,
        "lower": found["score_lower"], "upper": found["score_upper"],
        "least": found["score_min"], "most": found["score_max"],
        "held": float(np.mean((found["score_lower"] <= scores) & (scores <= found["score_upper"]))),
        "in_range": float(np.mean((found["score_min"] <= scores) & (scores <= found["score_max"]))),
        "dice": float(np.mean([overlap(first, mask) for mask in others])),
        "dice_redrawn": found["dice_mean"], "volume_redrawn": found["volume_ratio_mean"],
        "diameter_mm": patient.tumor.diameter_mm,
        **{f"other_{number}": score for number, score in enumerate(scores, 1)},
    }  # fmt: skip


def reader_deviation(tumor: Volume, dice: float, seed: tuple[int, ...]) -> float:
    """The standard deviation of readers' boundaries in mm at which two of them agree as asked on average."""
    low, high = 0.05, 4.0
    for _ in range(STEPS):
        sd = (low + high) / 2
        contours = [drawn(tumor, sd, *seed, 0, trial) for trial in range(TRIALS)]
        agreed = np.mean([overlap(*pair) for pair in combinations(contours, 2)])
        low, high = (sd, high) if agreed > dice else (low, sd)
    return (low + high) / 2


def drawn(tumor: Volume, sd: float, *seed: int) -> Volume:
    """One reader's contour."""
    return redraw_contour(tumor, np.random.default_rng(seed), sd_mm=sd)


def overlap(first: Volume, second: Volume) -> float:
    """Dice of two masks."""
    one, two = first.array != 0, second.array != 0
    return float(2 * np.count_nonzero(one & two) / (np.count_nonzero(one) + np.count_nonzero(two)))


def write_rows(path: Path, rows: list[dict[str, float]]) -> None:
    """Write what is known so far."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def sum_up(rows: list[dict[str, float]], others: int) -> None:
    """Print coverage with its standard error over phantoms, and what the contours were."""
    column = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    error = column["held"].std() / np.sqrt(len(rows))
    width = column["upper"] - column["lower"]
    apart = np.array([row[f"other_{number}"] - row["score"] for row in rows for number in range(1, others + 1)])
    mean = {name: values.mean() for name, values in column.items()}
    print(f"Dice of the first reader and the others: mean {mean['dice']:.3f}, least {column['dice'].min():.3f}")
    print(f"Dice of the redrawn contours: {mean['dice_redrawn']:.3f}; volume x{mean['volume_redrawn']:.3f}")
    print(f"95% limits hold another reader's score in {column['held'].mean():.1%} (standard error {error:.1%})")
    print(f"  the first of the others' in {np.mean([held_first(row) for row in rows]):.1%} of the phantoms")
    print(f"  half width {width.mean() / 2:.3f}; another reader's score is {np.sqrt(np.mean(apart**2)):.3f} away (rms)")
    print(f"range of the contours (drawn one included) holds it in {column['in_range'].mean():.1%}")


def held_first(row: dict[str, float]) -> bool:
    """Whether the limits hold the score of the first of the other readers."""
    return row["lower"] <= row["other_1"] <= row["upper"]


if __name__ == "__main__":
    main()
