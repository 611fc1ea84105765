"""The contour test on simulated truth: how often its limits hold the score of a true second reader.

Each phantom's tumor is drawn by two readers of the simulation, independently of each other, who agree as much as the
contour test says that readers do. The limits come from the first reader's contour alone.
"""

import argparse
import time

import numpy as np

from LABCRadiomicsLib.imaging import Volume
from LABCRadiomicsLib.imaging.contour_spread import CONTOURS, READER_DICE
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import score_patient
from LABCRadiomicsLib.simulation import make_phantom, redraw_contour, simulate_cohort


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Dice of two masks."""
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def readers(tumor: Volume, seed: int, dice: float) -> tuple[Volume, Volume, float]:
    """Two contours of one tumor whose readers agree as asked on average, and the Dice of this pair."""
    low, high = 0.05, 3.0
    for _ in range(7):
        sd = (low + high) / 2
        pairs = [[drawn(tumor, [seed, trial, who], sd) for who in (0, 1)] for trial in range(4)]
        agreed = np.mean([overlap(*(mask.array != 0 for mask in pair)) for pair in pairs])
        low, high = (sd, high) if agreed > dice else (low, sd)
    first, second = (drawn(tumor, [seed, 99, who], (low + high) / 2) for who in (0, 1))
    return first, second, overlap(first.array != 0, second.array != 0)


def drawn(tumor: Volume, seed: list[int], sd: float) -> Volume:
    return redraw_contour(tumor, np.random.default_rng(seed), sd_mm=sd)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phantoms", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--dice", type=float, default=READER_DICE, help="mean overlap of the two readers")
    asked = parser.parse_args()
    model = find_model("demo-phantom")
    held, dices, widths, inside = [], [], [], []
    start = time.process_time()
    for patient in simulate_cohort(asked.phantoms, asked.seed):
        phantom = make_phantom(patient.tumor, np.random.default_rng([asked.seed, patient.index]))
        first, second, dice = readers(phantom.tumor, patient.index, asked.dice)
        found = score_patient(model, phantom.image, first, contours=CONTOURS).document["stability"]
        other = score_patient(model, phantom.image, second).prediction.score
        held.append(found["score_lower"] <= other <= found["score_upper"])
        inside.append(found["score_min"] <= other <= found["score_max"])
        dices.append(dice)
        widths.append(found["score_upper"] - found["score_lower"])
        if len(held) % 20 == 0:
            print(
                f"  {len(held)} phantoms: limits hold {np.mean(held):.1%}, range holds {np.mean(inside):.1%}",
                flush=True,
            )
    print(f"{asked.phantoms} phantoms, {CONTOURS} contours each, {time.process_time() - start:.0f} CPU s")
    print(f"Dice of the two readers: mean {np.mean(dices):.3f}, least {np.min(dices):.3f}")
    print(f"95% limits hold the second reader's score in {np.mean(held):.1%}; mean width {np.mean(widths):.3f}")
    print(f"range of the contours (drawn one included) holds it in {np.mean(inside):.1%}")


if __name__ == "__main__":
    main()
