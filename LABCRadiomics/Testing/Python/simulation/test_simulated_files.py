"""The files of a simulation: complete, reproducible to the byte, and never half written."""

import csv
import hashlib
import json
import math
import re
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.simulation import cohort as cohort_module
from LABCRadiomicsLib.simulation import (
    write_simulation,
)
from LABCRadiomicsLib.simulation.phantom import SPACING


def _hashes(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    calls = []
    folder = write_simulation(
        tmp_path_factory.mktemp("simulation") / "a",
        3,
        7,
        readers=3,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(1, 3), (2, 3), (3, 3)]
    return folder


def test_folder_holds_what_is_promised(written):
    cases = [f"case-{k:04d}" for k in (1, 2, 3)]
    assert set(_hashes(written)) == {
        *(f"images/{c}.nrrd" for c in cases),
        *(f"masks/{c}_reader{r}.nrrd" for c in cases for r in (1, 2, 3)),
        "cases.csv",
        "cases_reader2.csv",
        "cases_reader3.csv",
        "outcomes.csv",
        "truth.csv",
        "truth.json",
    }
    outcomes = _rows(written / "outcomes.csv")
    assert ",".join(outcomes[0]) == "case,dfs_months,dfs_event,age,cT,cN,stage,pcr,er,pr,hr,her2,imni"
    for name in ("cases.csv", "cases_reader2.csv", "cases_reader3.csv", "outcomes.csv", "truth.csv"):
        assert [row["case"] for row in _rows(written / name)] == cases
    assert [p.name for p in written.parent.iterdir()] == ["a"]


def test_case_tables_point_at_images_and_masks_that_match(written):
    truth = {row["case"]: row for row in _rows(written / "truth.csv")}
    masks = Counter()
    for table in ("cases.csv", "cases_reader2.csv", "cases_reader3.csv"):
        for row in _rows(written / table):
            image, mask = (sitk.ReadImage(written / row[k]) for k in ("image", "mask"))
            assert image.GetSize() == mask.GetSize()
            assert image.GetDirection() == mask.GetDirection()
            assert image.GetOrigin() == mask.GetOrigin()
            assert set(np.unique(sitk.GetArrayFromImage(mask))) == {0, 1}
            masks[hashlib.sha256(sitk.GetArrayFromImage(mask).tobytes()).hexdigest()] += 1
            if table == "cases.csv":
                volume = sitk.GetArrayFromImage(mask).sum() * math.prod(SPACING)
                assert volume == pytest.approx(float(truth[row["case"]]["volume_mm3"]), abs=0.06)
    assert len(masks) == 9  # no two readers drew the same


def test_truth_explains_the_outcomes(written):
    truth = json.loads((written / "truth.json").read_text(encoding="utf-8"))
    assert "Simulated data" in truth["notice"]
    assert "Research use only" in truth["notice"]
    assert (truth["seed"], truth["patients"], truth["readers"]["count"]) == (7, 3, 3)
    law, ratios = truth["hazard"], truth["hazard"]["log_hazard_ratios"]
    for outcome, row in zip(_rows(written / "outcomes.csv"), _rows(written / "truth.csv"), strict=True):
        z = math.log(float(row["heterogeneity"]) / truth["heterogeneity"]["median"]) / truth["heterogeneity"]["log_sd"]
        assert z == pytest.approx(float(row["heterogeneity_z"]), abs=1e-4)
        predictor = ratios["heterogeneity_z"] * z + ratios["age"] * (int(outcome["age"]) - law["age_center"])
        predictor += ratios.get(f"stage_{outcome['stage']}", 0.0)
        predictor += sum(ratios[name] * int(outcome[name]) for name in ("pcr", "imni", "hr", "her2"))
        assert predictor == pytest.approx(float(row["linear_predictor"]), abs=1e-4)
        survival = math.exp(-((60 / law["scale_months"]) ** law["shape"]) * math.exp(predictor))
        assert survival == pytest.approx(float(row["survival_60m"]), abs=1e-4)
        event, censoring = float(row["event_months"]), float(row["censoring_months"])
        assert float(outcome["dfs_months"]) == min(event, censoring)
        assert int(outcome["dfs_event"]) == (event <= censoring)


def test_same_seed_same_bytes_whatever_the_jobs(written, tmp_path):
    again = write_simulation(tmp_path / "another name", 3, 7, readers=3, jobs=2)
    assert _hashes(again) == _hashes(written)


def test_files_of_a_patient_do_not_depend_on_cohort_or_readers(written, tmp_path):
    short = _hashes(write_simulation(tmp_path / "short", 1, 7, readers=2))
    whole = _hashes(written)
    for name in ("images/case-0001.nrrd", "masks/case-0001_reader1.nrrd", "masks/case-0001_reader2.nrrd"):
        assert short[name] == whole[name]
    other = _hashes(write_simulation(tmp_path / "other", 1, 8, readers=1))
    assert other["images/case-0001.nrrd"] != whole["images/case-0001.nrrd"]
    assert "cases_reader2.csv" not in other


def test_files_name_no_machine_and_no_date(written):
    for path in (p for p in written.rglob("*") if p.is_file()):
        content = path.read_bytes()
        header = content.split(b"\n\n")[0] if path.suffix == ".nrrd" else content
        assert str(written.parent).encode() not in header
        assert not re.search(rb"\d{4}-\d\d-\d\d|\d\d:\d\d", header)
        assert b"\r" not in header
        if path.suffix == ".nrrd":
            compressed = content.split(b"\n\n", 1)[1]
            assert compressed[:4] == b"\x1f\x8b\x08\x00"
            assert compressed[4:8] == b"\x00\x00\x00\x00"  # gzip's modification time


def test_an_empty_folder_is_filled_and_a_full_one_refused(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    write_simulation(target, 1, 0, readers=1)
    before = _hashes(target)
    with pytest.raises(InputError, match="not empty"):
        write_simulation(target, 1, 1, readers=1)
    assert _hashes(target) == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_file_in_the_way_is_left_alone(tmp_path):
    file = tmp_path / "out"
    file.write_text("mine")
    for target in (file, file / "below"):
        with pytest.raises(InputError, match="out"):
            write_simulation(target, 1, 0)
    assert file.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [file]


def test_cancelling_leaves_nothing(tmp_path):
    class CancelledError(Exception):
        pass

    def cancel(done, total):
        raise CancelledError

    with pytest.raises(CancelledError):
        write_simulation(tmp_path / "out", 4, 0, readers=1, progress=cancel)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX limit on file size to stand for a full disk")
def test_a_full_disk_leaves_nothing_and_says_so(tmp_path):
    code = f"""
        import resource, signal
        from LABCRadiomicsLib.errors import InputError
        from LABCRadiomicsLib.simulation import write_simulation
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_simulation({str(tmp_path / "out")!r}, 1, 0)
        except InputError as error:
            print(error)
    """
    # The limit must never cut a module's bytecode cache: nothing is cached, and imports come before the limit.
    environment = {"PYTHONPATH": str(Path(cohort_module.__file__).parents[2])}
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, env=environment, check=False
    )
    assert "cannot be written" in run.stdout, run.stdout + run.stderr
    assert list(tmp_path.iterdir()) == []
