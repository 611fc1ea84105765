"""The comparison with the SlicerRadiomics module: a fake of its logic that is called and answers as the real one does.

The fake keeps to AIM-Harvard/SlicerRadiomics, SlicerRadiomics.py: ``runCLIWithParameterFile(imageNode, maskNode,
tableNode, parameterFilePath, callback)``, a table with the columns Image type, Feature Class, Feature Name and one of
texts named by the label, a CLI node that stays in the scene, and the callback at the end of an event.
"""

import json
import sys
import types
from dataclasses import replace

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

import numpy as np  # noqa: E402
import radiomics.featureextractor  # noqa: E402
import vtk  # noqa: E402

from LABCRadiomicsLib import mrml  # noqa: E402
from LABCRadiomicsLib.model import registry  # noqa: E402
from LABCRadiomicsLib.model.completion import complete_model  # noqa: E402
from LABCRadiomicsLib.model.file import save_model  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)


class FakeLogic:
    """Stands for SlicerRadiomics.SlicerRadiomicsLogic; ``finish`` plays the CLI's end."""

    made: list = []  # noqa: RUF012

    def __init__(self):
        self.cliNode = None
        self.callback = None
        self.cancelled = False
        FakeLogic.made.append(self)

    def runCLIWithParameterFile(self, imageNode, maskNode, tableNode, parameterFilePath, callback=None):
        self.image, self.mask, self.table, self.callback = imageNode, maskNode, tableNode, callback
        self.parameters = json.loads(open(parameterFilePath).read())  # noqa: PTH123, SIM115
        self.cliNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "SlicerRadiomicsCLI")
        self.cliNode.Cancel = lambda: setattr(self, "cancelled", True)

    def values(self):
        """What the stock extractor gives on the nodes' arrays."""
        extractor = radiomics.featureextractor.RadiomicsFeatureExtractor(self.parameters)
        found = extractor.execute(mrml.image_from_volume(self.image), mrml.mask_from_labelmap(self.mask, 1), label=1)
        return {
            name: repr(float(np.asarray(value))) for name, value in found.items() if not name.startswith("diagnostics")
        }

    def finish(self, values):
        """Fill the table and call back."""
        for name in ("Image type", "Feature Class", "Feature Name", "label_1"):
            self.table.AddColumn().SetName(name)
        for key, value in values.items():
            row = self.table.AddEmptyRow()
            for column, text in enumerate((*key.split("_", 3)[:3], value)):
                self.table.SetCellText(row, column, text)
        self.cliNode, callback, self.callback = None, self.callback, None
        callback()


@pytest.fixture
def radiomics_module(app, monkeypatch):
    """SlicerRadiomics installed."""
    fake = types.ModuleType("SlicerRadiomics")
    fake.SlicerRadiomicsLogic = FakeLogic
    FakeLogic.made.clear()
    monkeypatch.setitem(sys.modules, "SlicerRadiomics", fake)
    for name in ("slicerradiomics", "slicerradiomicscli"):
        monkeypatch.setattr(slicer.modules, name, object(), raising=False)
    return FakeLogic


@pytest.fixture
def checked(radiomics_module, ready):
    """The panel with a result, the comparison started; and the fake's logic."""
    ready.ui.applyButton.click()
    before = nodes()
    ready.ui.checkButton.click()
    return ready, radiomics_module.made[-1], before


def nodes() -> set[str]:
    scene = slicer.mrmlScene
    return {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}


def test_button_says_that_the_extension_is_missing(ready):
    assert not ready.ui.checkButton.enabled
    assert "Needs the SlicerRadiomics extension" in ready.ui.checkButton.toolTip


def test_same_input_same_settings_same_values(checked):
    panel, logic, before = checked
    assert "at work" in panel.ui.checkLabel.text
    assert not panel.ui.checkButton.enabled
    assert logic.image is panel._parameterNode.inputVolume
    assert slicer.util.arrayFromVolume(logic.mask).sum() == 143
    model = registry.find_model("demo-phantom")
    assert logic.parameters["setting"] == dict(model.extraction.setting)
    used = {term.feature.split("_")[1] for term in model.score.terms}
    assert set(logic.parameters["featureClass"]) == used
    logic.finish(logic.values())
    assert panel.ui.checkLabel.text.startswith(f"All {len(model.score.terms)} features equal those of SlicerRadiomics")
    assert nodes() == before
    assert panel.ui.checkButton.enabled


def flip(volume) -> None:
    """Store the volume with its first two axes the other way round, at the same place."""
    array = slicer.util.arrayFromVolume(volume)[:, ::-1, ::-1].copy()
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    grid = slicer.util.arrayFromVTKMatrix(matrix)
    grid[:3, 3] += grid[:3, 0] * (array.shape[2] - 1) + grid[:3, 1] * (array.shape[1] - 1)
    grid[:3, :2] *= -1
    volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(grid))
    slicer.util.updateVolumeFromArray(volume, array)


def test_values_are_of_the_array_as_slicer_holds_it(radiomics_module, ready, tmp_path):
    """SlicerRadiomics knows no canonical order; wavelet features depend on it."""
    table = tmp_path / "ones.csv"
    names = [
        f"wavelet-{band}_firstorder_{name}"
        for band in ("LLH", "HLH", "HHL")
        for name in ("Skewness", "Kurtosis", "Mean", "Median", "Entropy")
    ]
    table.write_text("feature,coefficient\n" + "".join(f"{name},1\n" for name in names))
    model = complete_model(registry.find_model("wang2022-labc-dfs"), table)
    save_model(replace(model, extraction=replace(model.extraction, array_order="LPS")), tmp_path / "model.json")
    flip(ready._parameterNode.inputVolume)
    ready._parameterNode.model = str(tmp_path / "model.json")
    ready.ui.applyButton.click()
    assert ready.ui.messageLabel.text == ""
    ready.ui.checkButton.click()
    logic = radiomics_module.made[-1]
    logic.finish(logic.values())
    assert ready.ui.checkLabel.text.startswith("All 15 features equal")
    scored = {part["feature"]: part["value"] for part in ready.resultView.document["contributions"]}
    stock = {name: float(value) for name, value in logic.values().items() if name in scored}
    assert any(abs(scored[name] - stock[name]) > 1e-6 * abs(stock[name]) for name in scored)  # the order matters here


def test_difference_is_named(checked):
    panel, logic, before = checked
    values = logic.values()
    feature = registry.find_model("demo-phantom").score.terms[0].feature
    values[feature] = repr(float(values[feature]) * 1.5)
    logic.finish(values)
    assert f"1 of {len(registry.find_model('demo-phantom').score.terms)} features differ" in panel.ui.checkLabel.text
    assert feature in panel.ui.checkLabel.text
    assert nodes() == before


def test_failed_extraction_is_explained(checked):
    panel, logic, before = checked
    logic.finish({})
    assert "SlicerRadiomics gave no value of" in panel.ui.checkLabel.text
    assert nodes() == before


@pytest.mark.parametrize("end", ["close", "reload"])
def test_scene_or_panel_gone_during_the_comparison(checked, end):
    panel, logic, before = checked
    if end == "close":
        slicer.mrmlScene.Clear()
    else:
        panel.onReload()
        assert nodes() == before
    assert logic.callback is None and logic.cancelled


def test_unusable_input_is_explained(radiomics_module, ready):
    ready.ui.applyButton.click()
    before = nodes()
    ready._parameterNode.segmentation.GetSegmentation().AddEmptySegment("empty", "empty")
    ready.ui.segmentSelector.setCurrentSegmentID("empty")
    ready.ui.checkButton.click()
    assert "is empty" in ready.ui.checkLabel.text
    assert nodes() == before and radiomics_module.made == []
    assert ready.ui.checkButton.enabled
