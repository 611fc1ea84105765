"""Thousands of images and masks with random damage through the command line, in one process.

Prints for each kind of file how many were refused in one sentence, how many were read, and every defect: an exit code
other than 0 and 2, a score that is no number, more or less than one sentence, a report that was left behind.

    uv run python Benchmarks/image_damage.py [--count 2000] [--first-seed 0]
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "LABCRadiomics"), str(ROOT / "LABCRadiomics" / "Testing" / "Python")]

import image_damage  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first-seed", type=int, default=0)
    options = parser.parse_args()
    counts: Counter[tuple[str, int]] = Counter()
    defects = []
    with tempfile.TemporaryDirectory() as folder:
        kinds = image_damage.make_inputs(Path(folder))
        seeds = range(options.first_seed, options.first_seed + options.count)
        for outcome in image_damage.try_damage(Path(folder), kinds, seeds):
            counts[outcome.kind, outcome.code] += 1
            if outcome.defect:
                defects.append(outcome)
    print(f"{'kind':20}{'refused':>9}{'read':>9}")
    for kind in kinds:
        print(f"{kind:20}{counts[kind, 2]:9}{counts[kind, 0]:9}")
    print(f"{sum(counts.values())} files, {len(defects)} defects")
    for outcome in defects:
        print(f"{outcome.kind}, seed {outcome.seed}: {outcome.defect}: {outcome.said.strip()}")
    sys.exit(bool(defects))


if __name__ == "__main__":
    main()
