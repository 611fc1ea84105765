"""Time and peak memory of our extraction against pyradiomics' own, side by side.

Four ways from two files to values: pyradiomics on the whole volume (851 features), ours for the same 851, ours for 15
features of eight image types (as many as the article's score has), and the whole score path with the demonstration
model. Each run is a process of its own, so that its peak memory is its own (the last row is a process that only
imports); the ways take turns, so that a noisy machine is noisy for all. Ratios are of medians.

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
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
STOCK, ALL, FIFTEEN = "pyradiomics", "ours, all", "ours, 15 features"
SCORE, NOTHING = "ours, demo-phantom", "imports only"
WAYS = (STOCK, ALL, FIFTEEN, SCORE, NOTHING)

FEATURES = (
    "original_firstorder_10Percentile",
    "original_glszm_ZoneEntropy",
    "wavelet-LLH_glcm_Idmn",
    "wavelet-LLH_firstorder_Skewness",
    "wavelet-LHL_glrlm_RunEntropy",
    "wavelet-LHL_gldm_DependenceVariance",
    "wavelet-LHH_glszm_SmallAreaEmphasis",
    "wavelet-HLL_glcm_Imc1",
    "wavelet-HLL_ngtdm_Busyness",
    "wavelet-HLH_firstorder_Kurtosis",
    "wavelet-HLH_glcm_ClusterShade",
    "wavelet-HHL_gldm_LargeDependenceLowGrayLevelEmphasis",
    "wavelet-HHL_glrlm_LongRunEmphasis",
    "wavelet-LLL_glcm_Correlation",
    "wavelet-LLL_ngtdm_Strength",
)


def run(way: str, image: str, mask: str) -> dict:
    """One measurement, in this process: seconds from reading the files to the values, and memory in MB."""
    import logging

    import numpy.ma  # noqa: F401  (numpy loads it when first used: part of importing, for all ways alike)
    import SimpleITK as sitk
    from radiomics import featureextractor

    from LABCRadiomicsLib import features
    from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS
    from LABCRadiomicsLib.imaging import read_image, read_mask
    from LABCRadiomicsLib.model.registry import find_model
    from LABCRadiomicsLib.patient import score_patient

    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    count = 0
    start = time.perf_counter()
    if way == STOCK:
        extractor = featureextractor.RadiomicsFeatureExtractor(SLICER_RADIOMICS_PARAMETERS)
        values = extractor.execute(sitk.ReadImage(image), sitk.ReadImage(mask))
        count = sum(not name.startswith("diagnostics_") for name in values)
    elif way in (ALL, FIFTEEN):
        wanted = FEATURES if way == FIFTEEN else None
        count = len(features.extract(read_image(image).volume, read_mask(mask).volume, features=wanted).values)
    elif way == SCORE:
        result = score_patient(find_model("demo-phantom"), read_image(image).volume, read_mask(mask).volume)
        count = len(result.prediction.contributions)
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
    print(f"{'':20}{'features':>9}{'seconds':>10}{'speed':>8}{'peak MB':>10}{'memory':>8}")
    medians = {
        way: {key: statistics.median(run[key] for run in found) for key in found[0]} for way, found in runs.items()
    }
    stock = medians[WAYS[0]]
    for way, found in medians.items():
        print(
            f"{way:20}{found['features']:9.0f}{found['seconds']:10.3f}"
            + (f"{stock['seconds'] / found['seconds']:7.1f}x" if way != NOTHING else " " * 8)
            + f"{found['mb']:10.0f}{found['mb'] / stock['mb']:8.1%}"
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
        # In a process of its own: a child's peak memory starts at what its parent holds.
        with ProcessPoolExecutor(1) as pool:
            paths = pool.submit(synthetic, Path(folder)).result()
        compare("synthetic, 448 x 448 x 160", *paths, options.repeats)


if __name__ == "__main__":
    main()
