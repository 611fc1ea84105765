"""Scenes outside the Slicer application, and files loaded into a scene as Slicer loads them."""

from __future__ import annotations

from pathlib import Path

import slicer

from ..errors import InputError


def new_scene() -> slicer.vtkMRMLScene:
    """Make an empty scene outside the Slicer application, with the converters of segments registered."""
    scene = slicer.vtkMRMLScene()
    slicer.vtkSlicerSegmentationsModuleLogic().SetMRMLScene(scene)  # registers the converters for the whole process
    return scene


def load_volume(
    scene: slicer.vtkMRMLScene, path: str | Path, node_class: str = "vtkMRMLScalarVolumeNode"
) -> slicer.vtkMRMLScalarVolumeNode:
    """Load an image file into a scene as Slicer does (left-handed axes become right-handed by reversing k).

    Raises
    ------
    InputError
        Slicer's reader refuses the file.
    """
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    storage.SetCenterImage(False)
    node = scene.AddNewNodeByClass(node_class, Path(path).stem)
    if not storage.ReadData(node):
        scene.RemoveNode(node)
        raise InputError(f"{path} cannot be loaded as a volume: give an NRRD, NIfTI or MetaImage file.")
    return node


def load_segmentation(scene: slicer.vtkMRMLScene, path: str | Path) -> slicer.vtkMRMLSegmentationNode:
    """Load a label mask file into a scene and import it as a segmentation, one segment a label.

    Raises
    ------
    InputError
        The file cannot be loaded or imported.
    """
    labelmap = load_volume(scene, path, "vtkMRMLLabelMapVolumeNode")
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", labelmap.GetName())
    imported = slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelmap, segmentation)
    scene.RemoveNode(labelmap)
    if not imported:
        scene.RemoveNode(segmentation)
        raise InputError(f"{path} cannot be imported as a segmentation: give a label mask.")
    return segmentation
