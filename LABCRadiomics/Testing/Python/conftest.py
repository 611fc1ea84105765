"""Fixtures shared by the tests: where the larger data and the reference values from R are, and the bundled case."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from LABCRadiomicsLib import cli

# Examples with assertions and fixtures of their own, which tests import and name as plugins.
pytest.register_assert_rewrite("cohort_cases", "mrml_nodes")

# Before numpy is imported, here and in the processes that tests start: the tests themselves run in parallel.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process that tests start compiles the library anew

settings.register_profile("repeatable", derandomize=True)  # the same examples every time
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parents[3]
RESOURCES = ROOT / "LABCRadiomics" / "Resources"


def _shared(variable: str, name: str) -> Path:
    folder = Path(os.environ.get(variable, ROOT.parent / "shared" / name))
    if not folder.is_dir():
        pytest.skip(f"needs the project's shared {name} folder: set {variable} or put it at ../shared/{name}")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with the real MRI and cohort tables that are too large for the repository."""
    return _shared("LABCRADIOMICS_SHARED_DATA", "data")


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Folder with the numbers that R and SlicerRadiomics printed."""
    return _shared("LABCRADIOMICS_SHARED_REFERENCE", "reference")


@pytest.fixture(scope="session")
def resources() -> Path:
    """The module's ``Resources`` folder."""
    return RESOURCES


@pytest.fixture(scope="session")
def breast1() -> tuple[Path, Path]:
    """Image and mask file of the bundled real case."""
    return RESOURCES / "SampleData" / "breast1_image.nrrd", RESOURCES / "SampleData" / "breast1_label.nrrd"


@pytest.fixture
def fresh_python():
    """Run code in a Python that has imported nothing, with this library on its path; gives what it prints."""

    def call(code: str) -> str:
        environment = os.environ | {"PYTHONPATH": str(ROOT / "LABCRadiomics")}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    return call


@pytest.fixture
def run(monkeypatch, capsys):
    """Call the command in this process; gives exit code, stdout, stderr."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["labcradiomics", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return call
