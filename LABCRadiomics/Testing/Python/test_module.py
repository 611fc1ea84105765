"""The Slicer module on real MRML: its own test class, its logic, and every Slicer and Qt name that it uses."""

import importlib
import inspect
import re
import sys
import types
import unittest
from pathlib import Path

import pytest

from LABCRadiomicsLib import NOTICE, registry

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
mrml = importlib.import_module("LABCRadiomicsLib.mrml")
slicer_standin = importlib.import_module("slicer_standin")
listed_widgets = importlib.import_module("slicer_standin.listed_widgets")

MODULE = Path(__file__).resolve().parents[2] / "LABCRadiomics.py"


@pytest.fixture
def module(monkeypatch):
    """The module as Slicer would import it, in an empty scene."""
    slicer_standin.install(monkeypatch, mrml.new_scene())
    monkeypatch.syspath_prepend(str(MODULE.parent))
    monkeypatch.delitem(sys.modules, "LABCRadiomics", raising=False)
    yield importlib.import_module("LABCRadiomics")
    sys.modules.pop("LABCRadiomics", None)


@pytest.fixture
def slicer_api(shared_data) -> Path:
    """Lists of what a running Slicer has, class by class."""
    folder = shared_data.parent / "slicer_api"
    if not folder.is_dir():
        pytest.skip("needs the project's shared slicer_api folder beside the shared data")
    return folder


def test_module_describes_itself(module):
    parent = slicer_standin.ModuleParent()
    parent.path = str(MODULE)
    module.LABCRadiomics(parent)
    assert parent.title == "LABC Radiomics"
    assert parent.categories == ["Quantification"]
    assert "Research use only" in parent.helpText
    assert "10.1186/s13058-022-01516-0" in parent.acknowledgementText


def test_its_own_self_test_passes(module):
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(module.LABCRadiomicsTest)
    result = unittest.TestResult()
    suite.run(result)
    assert [text for _test, text in result.errors + result.failures] == []
    assert result.testsRun == 2


def test_run_test_runs_every_test_method(module, monkeypatch):
    methods = unittest.defaultTestLoader.getTestCaseNames(module.LABCRadiomicsTest)
    ran = []
    for name in methods:
        monkeypatch.setattr(module.LABCRadiomicsTest, name, lambda _self, name=name: ran.append(name))
    module.LABCRadiomicsTest().runTest()
    assert sorted(ran) == sorted(methods)


def test_labelmap_node_scores_as_the_segment_does(module, case, breast1):
    labelmap = mrml.load_volume(slicer.mrmlScene, breast1[1], "vtkMRMLLabelMapVolumeNode")
    logic = module.LABCRadiomicsLogic()
    segment = logic.process(*case, "demo-phantom")
    assert logic.process(case[0], labelmap, 1, "demo-phantom").score == segment.score


def test_stand_ins_exist_in_slicer(slicer_api):
    for name, members in slicer_standin.STANDINS.items():
        listed = (slicer_api / f"{name}.txt").read_text()
        for member in members:
            if inspect.isfunction(member):
                assert f"\n{member.__name__}{inspect.signature(member)}\n" in listed
                continue
            block = re.search(rf"^class {member.__name__}\(.*\n((?:    .*\n)*)", listed, re.MULTILINE).group(1)
            for method, function in vars(member).items():
                if inspect.isfunction(function):
                    assert f"    {method}{inspect.signature(function)}\n" in block, (member, method)


@pytest.fixture
def panel(module, monkeypatch, slicer_api):
    """The module's widget, made of stand-ins that have only what Slicer lists for their class."""
    listed_widgets.install(monkeypatch, slicer_api)
    layout = listed_widgets.listed_class("QVBoxLayout", slicer_api)()
    widget = module.LABCRadiomicsWidget(types.SimpleNamespace(layout=lambda: layout))
    widget_inputs(monkeypatch, None, None, "")
    return widget


def widget_inputs(monkeypatch, volume, segmentation, segment_id, model_id=None) -> None:
    """Choose what the selectors hold, as a user does."""
    volumes, segments = slicer.qMRMLNodeComboBox, slicer.qMRMLSegmentSelectorWidget
    monkeypatch.setattr(volumes, "currentNode", lambda _self: volume, raising=False)
    monkeypatch.setattr(segments, "currentNode", lambda _self: segmentation, raising=False)
    monkeypatch.setattr(segments, "currentSegmentID", lambda _self: segment_id, raising=False)
    models = sys.modules["qt"].QComboBox
    monkeypatch.setattr(models, "currentIndex", -1 if model_id is None else 0, raising=False)
    monkeypatch.setattr(models, "currentData", model_id, raising=False)


@pytest.fixture
def case(module, breast1):
    """The bundled case in the scene: volume, segmentation, segment ID."""
    volume = mrml.load_volume(slicer.mrmlScene, breast1[0])
    segmentation = mrml.load_segmentation(slicer.mrmlScene, breast1[1])
    return volume, segmentation, segmentation.GetSegmentation().GetNthSegmentID(0)


def test_apply_button_says_what_is_missing(panel, case, monkeypatch):
    panel.setup()
    offered = [arguments[1] for name, arguments in panel.modelSelector.calls if name == "addItem"]
    assert offered == [model.id for model in registry.bundled_models()]
    volume, segmentation, segment_id = case
    for inputs, tooltip in [
        ((None, None, ""), "Select the MRI volume"),
        ((volume, None, ""), "Select the segmentation and the tumor's segment"),
        ((volume, segmentation, ""), "Select the segmentation and the tumor's segment"),
        ((volume, segmentation, segment_id), "No model is available"),
    ]:
        widget_inputs(monkeypatch, *inputs)
        for selector in (panel.volumeSelector, panel.segmentSelector, panel.modelSelector):
            for slot in selector.slots.values():
                slot(None)
                assert (panel.applyButton.enabled, panel.applyButton.toolTip) == (False, tooltip)
    widget_inputs(monkeypatch, *case, "demo-phantom")
    panel.modelSelector.slots["currentIndexChanged(int)"](0)
    assert panel.applyButton.enabled


def test_apply_shows_the_result(panel, case, monkeypatch):
    panel.setup()
    widget_inputs(monkeypatch, *case, "demo-phantom")
    panel.applyButton.slots["clicked(bool)"](False)
    prediction = panel.logic.process(*case, "demo-phantom")
    lines = panel.resultLabel.text.splitlines()
    assert lines[0] == {"high": "High risk", "low": "Low risk"}[prediction.risk_group]
    assert lines[1] == f"Radiomics score: {prediction.score:.4f} (cutoff {prediction.cutoff:.4f})"
    assert sum(line.startswith("Disease-free survival at ") for line in lines) == len(prediction.survival) > 0
    assert sum(line.startswith("Warning: ") for line in lines) == len(prediction.warnings) > 0
    assert lines[-1] == NOTICE


def test_apply_shows_why_there_is_no_result(panel, case, monkeypatch):
    panel.setup()
    widget_inputs(monkeypatch, *case, "wang2022-labc-dfs")
    panel.applyButton.slots["clicked(bool)"](False)
    assert panel.resultLabel.text.startswith("model wang2022-labc-dfs is incomplete and cannot score")


def test_missing_pyradiomics_is_explained_and_defects_are_not_hidden(panel, case, monkeypatch):
    panel.setup()
    widget_inputs(monkeypatch, *case, "demo-phantom")

    def fail(missing):
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    panel.logic.process = lambda *_inputs: fail("radiomics")
    panel.applyButton.slots["clicked(bool)"](False)
    assert "install the SlicerRadiomics extension" in panel.resultLabel.text
    panel.logic.process = lambda *_inputs: fail("numpy")
    with pytest.raises(ModuleNotFoundError, match="numpy"):
        panel.applyButton.slots["clicked(bool)"](False)


def test_listed_widgets_refuse_what_slicer_does_not_have(slicer_api):
    button = listed_widgets.listed_class("QPushButton", slicer_api)("Apply")
    button.toolTip = "listed with QWidget"
    with pytest.raises(AttributeError, match="QPushButton has no tooltip in Slicer"):
        button.tooltip = "PythonQt would raise too"
    with pytest.raises(AttributeError, match="QPushButton has no press"):
        button.press()
    with pytest.raises(AttributeError, match="no signal"):
        button.connect("clicked(int)", print)
