"""Nodes of a real MRML scene, as files and arrays give them; shared by the tests of the room ``mrml``."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from LABCRadiomicsLib.imaging import Volume

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
vtk = pytest.importorskip("vtk", reason="needs the slicer-core package, which brings vtk")
mrml = importlib.import_module("LABCRadiomicsLib.mrml")


BINARY = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
ROTATION = np.array([[0.8, -0.6, 0, 5], [0.6, 0.8, 0, -7], [0, 0, 1, 11], [0, 0, 0, 1]])


@pytest.fixture
def scene():
    return mrml.new_scene()


@pytest.fixture
def breast1_nodes(scene, breast1):
    image, mask = breast1
    return mrml.load_volume(scene, image), mrml.load_segmentation(scene, mask)


@pytest.fixture
def ucsf(shared_data) -> tuple[Path, Path]:
    folder = shared_data / "ucsf-br-06"
    return folder / "UCSF-BR-06_3dfgre_orig_t1.nrrd", folder / "UCSF-BR-06_ftv_mask_largest.nrrd"


def snapshot(scene) -> list:
    """Everything of the scene that scoring must leave alone: nodes, their links, states and representations."""
    state = []
    for number in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(number)
        entry = [node.GetID(), node.GetName(), node.GetMTime()]
        if node.IsA("vtkMRMLSegmentationNode"):
            segmentation = node.GetSegmentation()
            for segment_id in segmentation.GetSegmentIDs():
                segment = segmentation.GetSegment(segment_id)
                made = [name for name in (BINARY, SURFACE) if segment.GetRepresentation(name)]
                entry += [segment_id, segment.GetMTime(), made]
        state.append(entry)
    return state


def voxels(node) -> np.ndarray:
    return slicer.util.arrayFromVolume(node)


def first_segment(node) -> str:
    return node.GetSegmentation().GetNthSegmentID(0)


def make_volume(scene, array, matrix=None, name="volume"):
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, array)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.eye(4) if matrix is None else matrix))
    return node


def make_segmentation(scene, array, matrix=None):
    """Import a label array as a segmentation, as the user's "Import" does."""
    labelmap = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    slicer.util.updateVolumeFromArray(labelmap, array.astype(np.uint8))
    labelmap.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.eye(4) if matrix is None else matrix))
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "segmentation")
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelmap, node)
    scene.RemoveNode(labelmap)
    return node


def put_under(scene, node, matrix, parent=None):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.asarray(matrix, float)))
    if parent is not None:
        transform.SetAndObserveTransformNodeID(parent.GetID())
    node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


def exported(segmentation, segment_id, volume) -> np.ndarray:
    """What SlicerRadiomics does in the user's scene."""
    labelmap = volume.GetScene().AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    assert slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(
        segmentation, [segment_id], labelmap, volume
    )
    return voxels(labelmap).copy()


def assert_exported(mask, segmentation, volume) -> None:
    expected = exported(segmentation, first_segment(segmentation), volume)
    np.testing.assert_array_equal(mask.array, expected)


def same_place(one: Volume, other: Volume) -> None:
    assert one.array.shape == other.array.shape
    np.testing.assert_allclose(one.spacing, other.spacing, rtol=1e-12)
    np.testing.assert_allclose(one.origin, other.origin, atol=1e-9)
    np.testing.assert_allclose(one.direction, other.direction, atol=1e-12)


def ball(shape=(20, 24, 28), center=(10, 12, 14), radius=6) -> np.ndarray:
    grid = np.indices(shape)
    return (sum((g - c) ** 2 for g, c in zip(grid, center, strict=True)) <= radius**2).astype(np.uint8)
