"""A region as nodes of the scene, for another module that takes nodes."""

from __future__ import annotations

import numpy as np
import slicer
import slicer.util

from ..imaging import Region, Volume
from .grids import RAS_TO_LPS


def nodes_of_region(
    scene: slicer.vtkMRMLScene, region: Region, name: str
) -> tuple[slicer.vtkMRMLScalarVolumeNode, slicer.vtkMRMLLabelMapVolumeNode]:
    """Put the image and the mask of a region into a scene, in the axis order in which the region has them.

    Parameters
    ----------
    scene : vtkMRMLScene
    region : Region
    name : str
        Of both nodes, which no selector shows and no saved scene holds.

    Returns
    -------
    vtkMRMLScalarVolumeNode
    vtkMRMLLabelMapVolumeNode
        1 inside.
    """
    image = _hidden(scene, "vtkMRMLScalarVolumeNode", region.image, name)
    return image, _hidden(scene, "vtkMRMLLabelMapVolumeNode", region.mask, name)


def _hidden(scene: slicer.vtkMRMLScene, node_class: str, volume: Volume, name: str) -> slicer.vtkMRMLVolumeNode:
    node = scene.CreateNodeByClass(node_class)
    node.UnRegister(None)  # the scene holds it from here on
    node.SetName(name)
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    grid = np.eye(4)
    grid[:3, :3] = volume.direction * volume.spacing
    grid[:3, 3] = volume.origin
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(RAS_TO_LPS @ grid))
    scene.AddNode(node)
    slicer.util.updateVolumeFromArray(node, np.ascontiguousarray(volume.array))
    return node
