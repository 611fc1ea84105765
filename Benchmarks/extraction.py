"""CPU seconds, wall seconds and peak memory of our extraction, of pyradiomics' and of Pictologics', side by side.

Ways from two files to values: pyradiomics on the whole volume (851 features), ours for the same 851, ours for 15
features of eight image types (as many as the article's score has), the whole score path with the demonstration model. A
run is a process of its own, so that its peak memory is its own (the last row is a process that only imports); the ways
take turns, so that a noisy machine is noisy for all. Ratios are of medians of CPU seconds. Then other settings, in one
process, with the number of values that differ. Pictologics (numba; its values are IBSI's, not pyradiomics') runs in an
environment of its own, on the same nine images: from the two files through its own wavelets to its values, those of the
families that pyradiomics has too. Its first run loads what it compiled, so its second run in one process is measured;
"ours, 2nd run" is the same for us. "process" is a whole process, from its start through all imports to the values:

    uv venv --python 3.12 PLACE && uv pip install --python PLACE pictologics
    uv run python Benchmarks/extraction.py [--repeats 3] [--pictologics PLACE/bin/python] [--image FILE --mask FILE]
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
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
STOCK, ALL, AGAIN, FIFTEEN = "pyradiomics", "ours, all", "ours, 2nd run", "ours, 15 features"
SCORE, NOTHING = "ours, demo-phantom", "imports only"
PICTOLOGICS = "Pictologics, 2nd"
WAYS = (STOCK, ALL, AGAIN, FIFTEEN, SCORE, NOTHING)

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

OTHER_SETTINGS = {
    "distances 1 to 3": {"setting": {"distances": [1, 2, 3]}},
    "force2D": {"setting": {"force2D": True}},
    "LoG, five sigmas": {"imageType": {"LoG": {"sigma": [1.0, 2.0, 3.0, 4.0, 5.0]}}},
    "resampled to 1 mm": {"setting": {"resampledPixelSpacing": [1, 1, 1]}},
    # Where the time goes: what all features need (masks, wavelets), then each class beyond that.
    "one feature": {"featureClass": {"firstorder": ["Minimum"]}},
    **{f"{name} alone": {"featureClass": {name: []}} for name in
       ("firstorder", "shape", "glcm", "glrlm", "glszm", "gldm", "ngtdm")},
}  # fmt: skip

IN_ITS_OWN_ENVIRONMENT = """
import itertools, json, resource, sys, time
from pictologics import RadiomicsPipeline, load_image, set_num_threads
set_num_threads(1)
pipeline = RadiomicsPipeline()
names = ["original", *("".join(bands) for bands in itertools.product("LH", repeat=3))]
for name in names:
    wavelet = {"type": "wavelet", "wavelet": "coif1", "level": 1, "decomposition": name, "boundary": "wrap"}
    filters = [{"step": "filter", "params": wavelet}] if name != "original" else []
    lowest = 0.0 if name in ("original", "LLL") else -800.0
    bins = {"method": "FBS", "bin_width": 25.0, "min_val": lowest}
    families = ["intensity", "texture"] + ["morphology"] * (name == "original")
    pipeline.add_config(name, [*filters, {"step": "discretise", "params": bins},
                               {"step": "extract_features", "params": {"families": families}}])
def all_of_them():
    found = pipeline.run(load_image(sys.argv[1]), load_image(sys.argv[2]), config_names=names)
    return sum(len(values) for values in found.values())
count, process = all_of_them(), time.process_time()
cpu, wall = time.process_time(), time.perf_counter()
all_of_them()
print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "features": count,
                  "process": process, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def run(way: str, image: str, mask: str) -> dict:
    """One measurement, in this process: seconds from reading the files to the values, and memory in MB."""
    import logging

    import numpy.linalg  # noqa: F401  (numpy loads it when first used: part of importing, for all ways alike)
    import SimpleITK as sitk

    from LABCRadiomicsLib import features
    from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS
    from LABCRadiomicsLib.imaging import read_image, read_mask
    from LABCRadiomicsLib.model.registry import find_model
    from LABCRadiomicsLib.patient import score_patient

    if way == STOCK:
        from radiomics import featureextractor

        logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    count = 0
    if way == AGAIN:
        features.extract(read_image(image).volume, read_mask(mask).volume)
    cpu, start = time.process_time(), time.perf_counter()
    if way == STOCK:
        extractor = featureextractor.RadiomicsFeatureExtractor(SLICER_RADIOMICS_PARAMETERS)
        values = extractor.execute(sitk.ReadImage(image), sitk.ReadImage(mask))
        count = sum(not name.startswith("diagnostics_") for name in values)
    elif way in (ALL, AGAIN, FIFTEEN):
        wanted = FEATURES if way == FIFTEEN else None
        read = read_image(image).volume, read_mask(mask).volume
        count = len(features.extract(*read, features=wanted).values)
    elif way == SCORE:
        result = score_patient(find_model("demo-phantom"), read_image(image).volume, read_mask(mask).volume)
        count = len(result.prediction.contributions)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": cpu, "wall": wall, "mb": memory, "features": count, "process": time.process_time()}


def measured(way: str, image: Path, mask: Path) -> dict:
    """The same in a fresh process."""
    return last_line([sys.executable, __file__, "--one", way, "--image", str(image), "--mask", str(mask)])


def last_line(command: list[str]) -> dict:
    """Run a command on one thread and read the JSON it prints last."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    threads["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | threads)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:2])} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def apart(function: Callable, *arguments: object) -> Any:
    """Call a function in a process of its own: a child's peak memory starts at what its parent holds."""
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()


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


def compare(name: str, image: Path, mask: Path, repeats: int, pictologics: str | None) -> None:
    """Measure all ways in turn and print the medians with their ratios to pyradiomics."""
    ways: dict[str, Callable[[], dict]] = {way: partial(measured, way, image, mask) for way in WAYS}
    if pictologics:
        ways[PICTOLOGICS] = partial(last_line, [pictologics, "-c", IN_ITS_OWN_ENVIRONMENT, str(image), str(mask)])
    runs: dict[str, list[dict]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, once in ways.items():
            runs[way].append(once())
    print(f"\n{name} ({repeats} runs each, medians)")
    print(
        f"{'':20}{'features':>9}{'CPU s':>9}{'wall s':>9}{'speed':>8}{'ms a feature':>14}{'process':>9}{'peak MB':>9}"
    )
    medians = {
        way: {key: statistics.median(run[key] for run in found) for key in found[0]} for way, found in runs.items()
    }
    stock = medians[STOCK]["cpu"]
    for way, found in medians.items():
        print(
            f"{way:20}{found['features']:9.0f}{found['cpu']:9.3f}{found['wall']:9.3f}"
            + (f"{stock / found['cpu']:7.1f}x" if way != NOTHING else " " * 8)
            + (f"{1e3 * found['cpu'] / found['features']:14.3f}" if found["features"] else " " * 14)
            + f"{found['process']:9.2f}{found['mb']:9.0f}"
        )


def compare_settings(image: Path, mask: Path) -> None:
    """Other settings, by both; ours is the quicker of two runs."""
    import logging

    import SimpleITK as sitk
    from radiomics import featureextractor

    from LABCRadiomicsLib import features
    from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
    from LABCRadiomicsLib.imaging import read_image, read_mask

    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    volumes = read_image(image).volume, read_mask(mask).volume
    print(f"\n{'other settings':20}{'features':>9}{'stock s':>9}{'ours s':>9}{'speed':>8}{'differ':>8}")
    for name, changed in OTHER_SETTINGS.items():
        parameters = {
            key: value | changed.get(key, {}) if key == "setting" else changed.get(key, value)
            for key, value in SLICER_RADIOMICS_PARAMETERS.items()
        }
        start = time.process_time()
        extractor = featureextractor.RadiomicsFeatureExtractor(parameters)
        stock = extractor.execute(*(volume.to_sitk() for volume in volumes))
        taken = [time.process_time() - start, float("inf")]
        for _ in range(2):
            start = time.process_time()
            ours = features.extract(*volumes, ExtractionSettings.from_parameters(parameters)).values
            taken[1] = min(taken[1], time.process_time() - start)
        differ = sum(float(stock[key]) != value for key, value in ours.items() if value == value)
        print(f"{name:20}{len(ours):9}{taken[0]:9.3f}{taken[1]:9.3f}{taken[0] / taken[1]:7.1f}x{differ:8}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pictologics", help="the Python of an environment that has it")
    parser.add_argument("--image", type=Path)
    parser.add_argument("--mask", type=Path)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run(options.one, str(options.image), str(options.mask))))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.image:
            compare(options.image.name, options.image, options.mask, options.repeats, options.pictologics)
            return
        shared = Path(os.environ.get("LABCRADIOMICS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "ucsf-br-06"
        if shared.is_dir():
            image, mask = shared / "UCSF-BR-06_3dfgre_orig_t1.nrrd", shared / "UCSF-BR-06_ftv_mask_largest.nrrd"
            compare("UCSF-BR-06, 256 x 256 x 60", image, mask, options.repeats, options.pictologics)
            apart(compare_settings, image, mask)
        else:
            print("UCSF-BR-06 left out: the shared data folder is not here")
        paths = apart(synthetic, folder)
        compare("synthetic, 448 x 448 x 160", *paths, options.repeats, options.pictologics)


if __name__ == "__main__":
    main()
