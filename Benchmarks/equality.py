"""Our features against pyradiomics' own on random images, ROIs and settings: how many values differ, and how much.

Needs the extra ``reference``. What pyradiomics refuses (too small an ROI, a grid it does not take) is counted apart,
and so is what we refuse where it gives values.

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
from roi_examples import ours, stock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rois", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)  # sums over an image depend on the number of threads
    compared = values = different = refused_by_it = refused_by_us = 0
    worst, seconds = 0.0, {"pyradiomics": 0.0, "ours": 0.0}
    for seed in range(options.first, options.first + options.rois):
        case = random_roi(seed)
        start = time.process_time()
        try:
            expected = stock(case.image, case.mask, case.parameters)
        except Exception:  # it has no class of errors of its own
            refused_by_it += 1
            continue
        middle = time.process_time()
        try:
            found = ours(case.image, case.mask, case.parameters)
        except LABCRadiomicsError as error:
            refused_by_us += 1
            print(f"seed {seed}: refused, {error}")
            continue
        seconds["pyradiomics"] += middle - start
        seconds["ours"] += time.process_time() - middle
        unequal = [name for name in expected if not np.array_equal(expected[name], found[name], equal_nan=True)]
        if list(expected) != list(found) or unequal:
            print(f"seed {seed}: {len(unequal)} of {len(expected)} differ: {', '.join(unequal[:4])}")
        compared, values, different = compared + 1, values + len(expected), different + len(unequal)
        for name in unequal:
            worst = max(worst, abs(found[name] - expected[name]) / max(abs(expected[name]), 1e-300))
    print(
        f"{compared} ROIs, {values:,} values compared, {different} different (largest relative difference {worst:.1e})"
    )
    print(f"{refused_by_it} refused by pyradiomics, {refused_by_us} refused by us alone")
    print(f"CPU seconds: pyradiomics {seconds['pyradiomics']:.1f}, ours {seconds['ours']:.1f}")


if __name__ == "__main__":
    main()
