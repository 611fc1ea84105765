"""Our features against pyradiomics' own on random images, ROIs and settings: how many values differ, and how much.

Needs the extra ``reference``. What pyradiomics refuses (too small an ROI, a grid it does not take) is counted apart.
So is what we refuse; pyradiomics is not asked there, because an ROI of more than 2,048 gray levels, which we refuse
before any matrix is made, costs it minutes and gigabytes.

    uv run python Benchmarks/equality.py [--rois 1000] [--first 0]
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "LABCRadiomics" / "Testing" / "Python"))

from LABCRadiomicsLib.errors import LABCRadiomicsError
from random_rois import random_roi
from roi_examples import ours, stock, wide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rois", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)  # sums over an image depend on the number of threads
    compared = values = different = 0
    refused = {"pyradiomics": 0, "too many gray levels": 0, "us alone": 0}
    worst, seconds = 0.0, {"pyradiomics": 0.0, "ours": 0.0}
    for seed in range(options.first, options.first + options.rois):
        case = random_roi(seed)
        start = time.process_time()
        found, refusal = None, ""
        try:
            found = ours(case.image, case.mask, case.parameters)
        except LABCRadiomicsError as error:
            refusal = str(error)
        if "gray levels of width" in refusal:
            refused["too many gray levels"] += 1
            continue
        middle = time.process_time()
        try:
            expected = stock(wide(case.image), case.mask, case.parameters)
        except Exception:  # it has no class of errors of its own
            refused["pyradiomics"] += 1
            continue
        if found is None:
            refused["us alone"] += 1
            print(f"seed {seed}: refused by us alone, {refusal}", flush=True)
            continue
        seconds["ours"] += middle - start
        seconds["pyradiomics"] += time.process_time() - middle
        unequal = [name for name in expected if not np.array_equal(expected[name], found[name], equal_nan=True)]
        if list(expected) != list(found) or unequal:
            print(f"seed {seed}: {len(unequal)} of {len(expected)} differ: {', '.join(unequal[:4])}", flush=True)
        compared, values, different = compared + 1, values + len(expected), different + len(unequal)
        for name in unequal:
            worst = max(worst, abs(found[name] - expected[name]) / max(abs(expected[name]), 1e-300))
        if compared % 100 == 0:
            print(f"{compared} ROIs, {values:,} values, {different} different", flush=True)
    print(
        f"{compared} ROIs, {values:,} values compared, {different} different (largest relative difference {worst:.1e})"
    )
    print("Not compared: " + ", ".join(f"{number} refused ({by})" for by, number in refused.items()))
    print(f"CPU seconds: pyradiomics {seconds['pyradiomics']:.1f}, ours {seconds['ours']:.1f}")


if __name__ == "__main__":
    main()
