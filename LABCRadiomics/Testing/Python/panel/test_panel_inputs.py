"""Which inputs are taken without asking: the only candidate, whenever it is loaded, and none of several."""

from dataclasses import replace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

import vtk  # noqa: E402

from LABCRadiomicsLib import mrml  # noqa: E402
from LABCRadiomicsLib.model.file import save_model  # noqa: E402
from panel_reading import plain, tip  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)


def load(breast1, what):
    """Load a file of the bundled case, and let the application go on."""
    load_file = mrml.load_volume if what == "volume" else mrml.load_segmentation
    node = load_file(slicer.mrmlScene, breast1[0 if what == "volume" else 1])
    slicer.app.processEvents()
    return node


def volume_of(array, node_class="vtkMRMLScalarVolumeNode"):
    node = slicer.mrmlScene.AddNewNodeByClass(node_class, "made")
    slicer.util.updateVolumeFromArray(node, array)
    slicer.app.processEvents()
    return node


def noise(shape=(4, 5, 6)):
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


@pytest.mark.parametrize("order", [("volume", "segmentation"), ("segmentation", "volume")])
def test_the_only_ones_are_taken_after_the_module_was_opened(panel, breast1, order):
    loaded = {what: load(breast1, what) for what in order}
    parameters = panel._parameterNode
    assert parameters.inputVolume is loaded["volume"] and parameters.segmentation is loaded["segmentation"]
    assert parameters.segmentId == loaded["segmentation"].GetSegmentation().GetNthSegmentID(0)
    assert panel.ui.applyButton.enabled, tip(panel.ui.applyButton)


@pytest.mark.parametrize("what", ["volume", "segmentation"])
def test_of_several_none_is_taken(app, panel, breast1, what):
    app.exit()
    for _ in range(2):
        load(breast1, "volume"), load(breast1, "segmentation")
    app.enter()
    assert panel._parameterNode.inputVolume is None and panel._parameterNode.segmentation is None
    assert tip(panel.ui.applyButton) == "Select the MRI volume"


def test_a_choice_stays_when_more_is_loaded(panel, breast1):
    first = load(breast1, "volume")
    load(breast1, "volume")
    assert panel._parameterNode.inputVolume is first


def test_of_what_is_left_the_only_one_is_taken(panel, breast1):
    """A selector of Slicer's takes a neighbor of what was removed."""
    volumes = [load(breast1, "volume") for _ in range(3)]
    slicer.mrmlScene.RemoveNode(volumes[0])
    slicer.app.processEvents()
    assert panel._parameterNode.inputVolume is None
    assert panel.ui.inputVolumeSelector.currentNode() is None
    slicer.mrmlScene.RemoveNode(volumes[1])
    slicer.app.processEvents()
    assert panel._parameterNode.inputVolume is volumes[2]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: volume_of(noise(), "vtkMRMLLabelMapVolumeNode"), "labelmap"),
        (lambda: volume_of(np.zeros((4, 5, 6, 3), np.uint8), "vtkMRMLVectorVolumeNode"), "color"),
        (lambda: volume_of((noise() > 60).astype(np.uint8)), "a mask loaded as a volume"),
        (lambda: volume_of((noise() > 60).astype(np.int16) * 255), "a mask of other values"),
        (lambda: volume_of(np.full((4, 5, 6), 7, np.int16)), "constant"),
        (lambda: volume_of(noise((1, 5, 6))), "a single slice"),
        (lambda: slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty"), "no voxels"),
        (lambda: modality(volume_of(noise()), "CT"), "another modality"),
    ],
)
def test_a_volume_that_cannot_be_the_mri_is_not_taken(app, panel, breast1, make, why):
    app.exit()
    node = make()
    app.enter()
    slicer.app.processEvents()
    assert panel._parameterNode.inputVolume is None, why
    assert not mrml.can_be_mri(node)
    mri = load(breast1, "volume")
    assert panel._parameterNode.inputVolume is mri and mrml.can_be_mri(mri)


def modality(node, name):
    """Put a volume under a series, as Slicer's DICOM plugin does."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(node), "DICOM.Modality", name)
    return node


def test_a_chosen_volume_of_another_modality_is_refused(panel, breast1):
    load(breast1, "segmentation")
    node = load(breast1, "volume")
    modality(node, "MR")
    panel._checkCanApply()
    assert panel.ui.applyButton.enabled
    modality(node, "PT")
    panel._checkCanApply()
    assert not panel.ui.applyButton.enabled
    assert "loaded from DICOM files of modality PT" in tip(panel.ui.applyButton)


def test_a_segment_that_is_only_a_surface_is_named(ready):
    """On the bundled case the conversion changes the score."""
    ready.ui.applyButton.click()
    drawn = ready.resultView.document["score"]
    segmentation = ready._parameterNode.segmentation.GetSegmentation()
    surface = vtk.vtkPolyData
    name = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    assert segmentation.CreateRepresentation(name)
    segmentation.SetSourceRepresentationName(name)
    segmentation.RemoveRepresentation(slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName())
    assert isinstance(segmentation.GetNthSegment(0).GetRepresentation(name), surface)
    ready.ui.applyButton.click()
    codes = [warning["code"] for warning in ready.resultView.document["warnings"]]
    assert "segment-converted" in codes and ready.resultView.document["score"] != drawn
    assert "is kept as a closed surface and was converted to voxels" in plain(ready.ui.resultLabel.text)


def test_unknown_covariates_are_said_as_the_model_handles_them(panel, tmp_path):
    assert "survival is averaged over what they may be, with wider limits" in panel.ui.covariatesLabel.text
    model = panel.inputs.model.model
    without = replace(model, nomogram=replace(model.nomogram, covariate_distribution=None))
    save_model(without, tmp_path / "without.json")
    panel.ui.modelSelector.setCurrentIndex(panel.ui.modelSelector.count - 1)
    panel.ui.modelPathLineEdit.setCurrentPath(str(tmp_path / "without.json"))
    assert "reference mean stands in" in panel.ui.covariatesLabel.text
    panel.ui.modelSelector.setCurrentIndex(panel.ui.modelSelector.findData("wang2022-labc-dfs"))
    assert panel.inputs.model.model.nomogram.center is None
    assert "has no reference means, so there will be no survival" in panel.ui.covariatesLabel.text
