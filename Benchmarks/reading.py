"""CPU time of reading a DICOM series with all checks against ITK's raw series reader, and of ``cases`` on many series.

The ways of reading take turns in one process after a first read of each, so that a noisy machine is noisy for all;
ratios are of medians. The series of ``cases`` are made up: one patient each, every second with a segmentation.

    uv run python Benchmarks/reading.py [--repeats 9] [--series 2000] [--slices 12] [--folder DICOM]
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "LABCRadiomics"), str(ROOT / "LABCRadiomics" / "Testing" / "Python")]

import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402

import dicom_making as making  # noqa: E402
from LABCRadiomicsLib.cohort import Rules, find_cases  # noqa: E402
from LABCRadiomicsLib.imaging import read_image  # noqa: E402


def raw(folder: Path) -> sitk.Image:
    """As ITK reads a series: sorted by position, nothing checked."""
    (series,) = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series))
    return reader.Execute()


def cpu(call: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def compare(folder: Path, repeats: int) -> None:
    """Print the medians of both ways and their ratio."""
    count = len(list(folder.iterdir()))
    same = np.array_equal(sitk.GetArrayFromImage(raw(folder)), read_image(folder).volume.array)
    times = {"ITK series reader": [], "read_image": []}
    for _ in range(repeats):
        times["ITK series reader"].append(cpu(lambda: raw(folder)))
        times["read_image"].append(cpu(lambda: read_image(folder)))
    medians = {name: statistics.median(found) for name, found in times.items()}
    print(f"{count} files, {repeats} reads each; same voxels: {same}")
    for name, seconds in medians.items():
        print(f"  {name:20}{seconds:9.4f} s CPU{seconds / medians['ITK series reader']:8.2f}x")


def make_tree(folder: Path, series: int, slices: int) -> None:
    """Write made-up series, one patient each, every second one with a segmentation that refers to it."""
    voxels = np.random.default_rng(0).integers(0, 900, (slices, 64, 64)).astype(np.int16)
    template = making.slices(voxels)
    for number in range(series):
        name = f"P{number:05d}"
        place = folder / name / "study" / "dyn"
        for at, image in enumerate(template):
            image.PatientID, image.StudyInstanceUID = name, making.uid(name)
            image.SeriesInstanceUID, image.SOPInstanceUID = making.uid(name, "dyn"), making.uid(name, "dyn", at)
            image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        making.write(place, template)
        if number % 2 == 0:
            mask = np.zeros(voxels.shape, np.uint8)
            mask[slices // 3 : slices // 2, 20:40, 20:40] = 1
            making.segmentation(folder / name / "study" / "seg" / "1-1.dcm", template, [mask])


def search(series: int, slices: int) -> None:
    """Time ``cases`` on made-up series."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        make_tree(tree, series, slices)
        start, begun = time.process_time(), time.perf_counter()
        found = find_cases(tree, Path(folder) / "cases.csv", Rules())
        spent, passed = time.process_time() - start, time.perf_counter() - begun
    files = series * slices + found.masks
    print(f"cases: {series} series of {slices} slices and {found.masks} segmentations, {files} files")
    each = 1e3 * spent / files
    print(f"  {len(found.cases)} cases, {spent:.1f} s CPU, {passed:.1f} s by the clock, {each:.2f} ms CPU a file")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--slices", type=int, default=12)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    shared = Path(os.environ.get("LABCRADIOMICS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    folder = options.folder or shared / "ucsf-br-06" / "dicom_t1"
    if folder.is_dir():
        compare(folder, options.repeats)
    else:
        print("UCSF-BR-06 left out: the shared data folder is not here")
    if options.series:
        search(options.series, options.slices)


if __name__ == "__main__":
    main()
