"""The script that tries the module in a real Slicer, run as far as it goes without the application's windows."""

import importlib.util
import json
import re
import sys
import types
from pathlib import Path

import pytest
import SimpleITK as sitk

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from LABCRadiomicsLib import mrml  # noqa: E402
from LABCRadiomicsLib.imaging import read_image  # noqa: E402

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


@pytest.fixture
def dicom_module(app, monkeypatch, tmp_path):
    """DICOMLib with the functions of DICOMUtils.py that the script calls, on the stand-in's database."""
    pytest.importorskip("highdicom", reason="needs highdicom, which writes the objects")

    class TemporaryDICOMDatabase:
        def __init__(self, directory=None):
            pass

        def __enter__(self):
            monkeypatch.setattr(slicer, "dicomDatabase", type(slicer.dicomDatabase)())
            return slicer.dicomDatabase

        def __exit__(self, type, value, traceback):
            pass

    def importDicom(dicomDataDir, dicomDatabase=None, copyFiles=False):
        for path in Path(dicomDataDir).glob("*.dcm"):
            slicer.dicomDatabase.insert(str(path))
        return True

    def loadSeriesByUID(seriesUIDs, messages=None, progressCallback=None, enabledPluginClassNames=None):
        files = slicer.dicomDatabase._files
        folder = Path(next(iter(files.values()))).parent
        sitk.WriteImage(read_image(folder).volume.to_sitk(), str(tmp_path / "loaded.nrrd"))
        node = mrml.load_volume(slicer.mrmlScene, tmp_path / "loaded.nrrd")
        node.SetAttribute("DICOM.instanceUIDs", " ".join(files))
        return [node.GetID()]

    utils = types.SimpleNamespace(
        TemporaryDICOMDatabase=TemporaryDICOMDatabase, importDicom=importDicom, loadSeriesByUID=loadSeriesByUID
    )
    module = types.ModuleType("DICOMLib")
    module.DICOMUtils = utils
    monkeypatch.setitem(sys.modules, "DICOMLib", module)


def test_a_study_is_filed(run, dicom_module):
    code, report = run()
    assert code == 0, report
    assert report["study in the DICOM database"] == "1 study, 4 series"


def test_it_passes(run):
    code, report = run()
    assert code == 0 and report["passed"], report
    assert report["self test"] == {"ran": 5, "failed": {}}
    assert len(report["click to result, s"]) == 3 and report["complaints"] == []
    assert report["comparison"] == "SlicerRadiomics is not installed."
    assert report["study in the DICOM database"] in (
        "Not tried: DICOMLib is not installed.",
        "Not tried: highdicom is not installed.",
    )
    assert "'dice': 1" in report["second reader"]


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
