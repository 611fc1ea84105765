"""Without an optional package each step says which one it needs and how to install it."""

import os
import re
import sys
from pathlib import Path

import pytest

from LABCRadiomicsLib.cohort.execution import available_processes, over_cluster, over_processes
from LABCRadiomicsLib.ecosystem import load_ispy1
from LABCRadiomicsLib.errors import DependencyError
from LABCRadiomicsLib.imaging.dicom_headers import read_header
from LABCRadiomicsLib.settings_files import read_settings_file
from LABCRadiomicsLib.training.parallel import in_parallel


def _settings(folder: Path):
    path = folder / "settings.yaml"
    path.write_text("setting: {binWidth: 5}")
    return read_settings_file(path, "The file")


STEPS = {
    "resampling": ("joblib", lambda folder: in_parallel(abs, [(1,)], 1, 1, None)),
    "cases of a cohort": ("joblib", lambda folder: list(over_processes(abs, {"a": 1, "b": 2}, 1))),
    "number of processes": ("joblib", lambda folder: available_processes()),
    "scheduler": ("distributed", lambda folder: list(over_cluster(abs, {"a": 1}, "tcp://nowhere:1"))),
    "DICOM": ("pydicom", lambda folder: read_header(folder / "a.dcm")),
    "data frames": ("pandas", lambda folder: load_ispy1()),
    "YAML": ("ruamel.yaml", _settings),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_missing_package_is_named_with_the_command_that_installs_it(step, tmp_path, monkeypatch):
    package, call = STEPS[step]
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    with pytest.raises(
        DependencyError, match=rf"needs? .*{re.escape(package)}.*pip install {re.escape(package)}\b"
    ) as caught:
        call(tmp_path)
    assert "[" not in str(caught.value)  # no extra of ours, which has none for these
