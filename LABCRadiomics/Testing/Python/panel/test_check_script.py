"""The script that tries the module in a real Slicer, run as far as it goes without the application's windows."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from LABCRadiomicsLib import mrml  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)

SCRIPT = Path(__file__).resolve().parents[4] / "Utilities" / "check_in_slicer.py"


@pytest.fixture
def run(app, module, tmp_path, monkeypatch):
    """Run the script; gives its exit code and its report."""
    monkeypatch.setattr(slicer.util, "loadVolume", lambda path: mrml.load_volume(slicer.mrmlScene, path))
    monkeypatch.setattr(slicer.util, "loadSegmentation", lambda path: mrml.load_segmentation(slicer.mrmlScene, path))
    monkeypatch.setattr(slicer.modules, "labcradiomics", object(), raising=False)
    codes = []
    monkeypatch.setattr(slicer.util, "exit", codes.append)
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(tmp_path / "out")])
    spec = importlib.util.spec_from_file_location("check_in_slicer", SCRIPT)
    script = importlib.util.module_from_spec(spec)

    def call():
        spec.loader.exec_module(script)
        script.main()
        return codes[-1], json.loads((tmp_path / "out" / "check.json").read_text())

    return call


def test_it_passes(run):
    code, report = run()
    assert code == 0 and report["passed"], report
    assert report["self test"] == {"ran": 5, "failed": {}}
    assert len(report["click to result, s"]) == 3 and report["complaints"] == []
    assert report["comparison"] == "SlicerRadiomics is not installed."


def test_it_says_what_failed(run, module, monkeypatch):
    def fail(self):
        self.fail("not as it should be")

    from LABCRadiomicsPanel.self_test import SelfTest

    monkeypatch.setattr(SelfTest, "test_bad_input_is_explained", fail)
    code, report = run()
    assert code == 1 and not report["passed"]
    assert "not as it should be" in report["self test"]["failed"]["test_bad_input_is_explained"]


def test_its_names_are_slicer_s(slicer_lists):
    text = SCRIPT.read_text()
    for name in ("app", "util"):
        listed = (slicer_lists / f"slicer.{name}.txt").read_text()
        for member in set(re.findall(rf"\bslicer\.{name}\.(\w+)", text)):
            assert re.search(rf"\b{member}\b", listed), (name, member)
    window = (slicer_lists / "slicer.util.mainWindow.txt").read_text() + (slicer_lists / "QWidget.txt").read_text()
    for member in set(re.findall(r"\bwindow\.(\w+)\(", text)):
        assert re.search(rf"\b{member}\b", window), member
