"""Time and peak memory of our extraction against pyradiomics' own, side by side.

Three ways from two files to values: pyradiomics on the whole volume (851 features), ours for the same 851, and ours
for what one model needs (``labcradiomics score`` without the report). Each run is a process of its own, so that its
peak memory is its own; the ways take turns, so that a noisy machine is noisy for all. Ratios are of medians.

    uv run python Benchmarks/extraction.py [--repeats 3] [--image FILE --mask FILE]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
WAYS = ("pyradiomics 851", "ours 851", "ours, score")


def run(way: str, image: str, mask: str) -> dict:
    """One measurement, in this process: seconds from reading the files to the values, and memory in MB."""
    import logging

    import SimpleITK as sitk
    from radiomics import featureextractor

    from LABCRadiomicsLib import features, images
    from LABCRadiomicsLib.model import find_model
    from LABCRadiomicsLib.scoring import score_image

    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    start = time.perf_counter()
    if way == "pyradiomics 851":
        extractor = featureextractor.RadiomicsFeatureExtractor(features.SLICER_RADIOMICS_PARAMETERS)
        values = extractor.execute(sitk.ReadImage(image), sitk.ReadImage(mask))
        count = sum(not name.startswith("diagnostics_") for name in values)
    elif way == "ours 851":
        count = len(features.extract(images.read_image(image), images.read_mask(mask)).values)
    else:
        prediction = score_image(find_model("demo-phantom"), images.read_image(image), images.read_mask(mask))
        count = len(prediction.contributions)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "features": count}


def measured(way: str, image: Path, mask: Path) -> dict:
    """The same in a fresh process."""
    command = [sys.executable, __file__, "--one", way, "--image", str(image), "--mask", str(mask)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def synthetic(folder: Path) -> tuple[Path, Path]:
    """A 448 x 448 x 160 volume with a ragged tumor of about 75,000 voxels."""
    import SimpleITK as sitk

    rng = np.random.default_rng(0)
    noise = sitk.GetImageFromArray(rng.normal(0, 1, (160, 448, 448)).astype(np.float32))
    field = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(noise, 1.5))
    volume = sitk.GetImageFromArray((600 + 900 * field).astype(np.int16))
    distance = np.sqrt(sum((axis - middle) ** 2 for axis, middle in zip(
        np.ogrid[:160, :448, :448], (70, 200, 260), strict=True)))  # fmt: skip
    mask = sitk.GetImageFromArray((distance + 40 * field < 26.2).astype(np.uint8))
    paths = folder / "image.nrrd", folder / "mask.nrrd"
    for image, path in zip((volume, mask), paths, strict=True):
        image.SetSpacing((0.8, 0.8, 1.0))
        sitk.WriteImage(image, str(path), useCompression=True)
    return paths


def compare(name: str, image: Path, mask: Path, repeats: int) -> None:
    """Measure all ways in turn and print the medians with their ratios to pyradiomics."""
    runs = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way in WAYS:
            runs[way].append(measured(way, image, mask))
    print(f"\n{name} ({repeats} runs each, medians)")
    print(f"{'':18}{'features':>9}{'seconds':>10}{'speed':>8}{'peak MB':>10}{'memory':>8}")
    medians = {
        way: {key: statistics.median(run[key] for run in found) for key in found[0]} for way, found in runs.items()
    }
    stock = medians[WAYS[0]]
    for way, found in medians.items():
        print(
            f"{way:18}{found['features']:9.0f}{found['seconds']:10.3f}{stock['seconds'] / found['seconds']:7.1f}x"
            f"{found['mb']:10.0f}{found['mb'] / stock['mb']:7.1%}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--mask", type=Path)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run(options.one, str(options.image), str(options.mask))))
        return
    if options.image:
        compare(options.image.name, options.image, options.mask, options.repeats)
        return
    shared = Path(os.environ.get("LABCRADIOMICS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "ucsf-br-06"
    if shared.is_dir():
        image, mask = shared / "UCSF-BR-06_3dfgre_orig_t1.nrrd", shared / "UCSF-BR-06_ftv_mask_largest.nrrd"
        compare("UCSF-BR-06, 256 x 256 x 60", image, mask, options.repeats)
    else:
        print("UCSF-BR-06 left out: the shared data folder is not here")
    with tempfile.TemporaryDirectory() as folder:
        compare("synthetic, 448 x 448 x 160", *synthetic(Path(folder)), options.repeats)


if __name__ == "__main__":
    main()
