"""Small cases on disk, their table and few settings; shared by the tests of extraction over a cohort."""

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib.cohort import feature_table
from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals as POSIX has them")

ALL = ExtractionSettings.from_parameters(SLICER_RADIOMICS_PARAMETERS, "LPS")
FEW = ExtractionSettings.from_parameters(
    {"imageType": {"Original": {}}, "featureClass": {"firstorder": [], "shape": []}, "setting": {"binWidth": 25}}, "LPS"
)
COMMAND = [sys.executable, "-m", "LABCRadiomicsLib.cli"]
PACKAGES = str(Path(feature_table.__file__).parents[2])


def write_case(folder: Path, index: int, shape=(14, 20, 22)) -> None:
    rng = np.random.default_rng(index)
    voxels = rng.normal(100, 30, shape).astype(np.float32)
    mask = np.zeros(shape, np.uint8)
    mask[3:-3, 4:-4, 4 + index % 3 : -5] = 1
    for name, array in (("image", voxels), ("mask", mask)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((0.7, 0.7, 2.0))
        sitk.WriteImage(image, folder / f"{name}{index}.nrrd")


def write_table_of(folder: Path, order) -> Path:
    rows = [f"patient-{index},image{index}.nrrd,mask{index}.nrrd" for index in order]
    path = folder / "cases.csv"
    path.write_text("\n".join(["case,image,mask", *rows]) + "\n")
    return path


@pytest.fixture
def cases(tmp_path):
    """Four small cases, not in the order of their names."""
    for index in range(4):
        write_case(tmp_path, index)
    return write_table_of(tmp_path, (2, 0, 3, 1))


@pytest.fixture
def in_process(monkeypatch):
    """Do the cases one by one in this process."""
    monkeypatch.setattr(
        feature_table, "over_processes", lambda call, tasks, jobs: ((n, call(t)) for n, t in tasks.items())
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def replace_text(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
