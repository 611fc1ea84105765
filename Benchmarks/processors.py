"""Our features on this processor against those of another: a processor that fuses multiply and add rounds otherwise.

Run it on one machine to keep the values, and on the other (an emulated one will do) to compare with them. Needs no
pyradiomics.

    uv run python Benchmarks/processors.py --keep VALUES.json [--rois 30]
    uv run python Benchmarks/processors.py --against VALUES.json
"""

import argparse
import json
import platform
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "LABCRadiomics"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "LABCRadiomics" / "Testing" / "Python"))

from LABCRadiomicsLib.errors import LABCRadiomicsError
from LABCRadiomicsLib.resources import resources_folder
from random_rois import random_roi
from roi_examples import DEFAULT, ours

LIMIT = 1e-12


def values(rois: int) -> dict[str, dict[str, float]]:
    """Of the bundled case and of random ROIs; none where an ROI is refused."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    sample = resources_folder() / "SampleData"
    image, mask = (sitk.ReadImage(str(sample / f"breast1_{what}.nrrd")) for what in ("image", "label"))
    found = {"breast1": ours(image, mask, DEFAULT)}
    for seed in range(rois):
        case = random_roi(seed, largest=16)
        try:
            found[str(seed)] = ours(case.image, case.mask, case.parameters)
        except LABCRadiomicsError:
            found[str(seed)] = {}
    return found


def compare(here: dict[str, dict[str, float]], there: dict[str, dict[str, float]]) -> None:
    """Print how many values are the same to the bit, and those that differ by more than the limit."""
    pairs = [(case, name, value, there[case][name]) for case, of in here.items() for name, value in of.items()]
    unequal = [row for row in pairs if not np.array_equal(row[2], row[3], equal_nan=True)]
    apart = [(abs(a - b) / max(abs(b), 1e-300), case, name, a, b) for case, name, a, b in unequal]
    far = sorted(row for row in apart if row[0] > LIMIT)
    print(
        f"{len(here)} ROIs, {len(pairs):,} values: {len(pairs) - len(unequal):,} the same to the bit, "
        f"{len(unequal) - len(far):,} within {LIMIT:g} of each other, {len(far)} farther apart"
    )
    for relative, case, name, a, b in reversed(far):
        print(f"  {relative:.1e}  {name} of {case}: {a!r}, there {b!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rois", type=int, default=30)
    do = parser.add_mutually_exclusive_group(required=True)
    do.add_argument("--keep", type=Path)
    do.add_argument("--against", type=Path)
    options = parser.parse_args()
    print(f"{platform.machine()}, numpy {np.__version__}")
    if options.keep:
        options.keep.write_text(json.dumps(values(options.rois)), encoding="utf-8")
    else:
        there = json.loads(options.against.read_text(encoding="utf-8"))
        compare(values(len(there) - 1), there)


if __name__ == "__main__":
    main()
