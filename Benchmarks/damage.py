"""Thousands of files with random damage through the command line, in one process.

    .venv/bin/python Benchmarks/damage.py [--count 2000] [--seed 0] [--keep FOLDER]

Tables, models and parameter files; see ``LABCRadiomics/Testing/Python/damage.py`` for the kinds of damage and for what
must hold. Prints how each command ended and every fault; a fault's file is kept where asked.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "LABCRadiomics"), str(ROOT / "LABCRadiomics" / "Testing" / "Python")]


def main() -> int:
    import damage

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files that were not dealt with")
    options = parser.parse_args()
    faults = []

    def report(attack: "damage.Attack", data: bytes, what: str) -> None:
        faults.append(what)
        print(f"FAULT in {attack.name}: {what[:400]}")
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{len(faults):04d}-{attack.name.replace(' ', '-')}").write_bytes(data)

    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        inputs = damage.make_inputs(Path(folder))
        ended = damage.campaign(inputs, Path(folder) / "attacks", options.count, options.seed, report)
    for name, (done, refused) in ended.items():
        print(f"{name:22} {done:6} done, {refused:6} refused")
    print(f"{options.count} files, {len(faults)} faults, {time.process_time() - start:.0f} CPU seconds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
