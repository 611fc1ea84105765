"""Volume and labelmap nodes to the library's own volumes."""

from __future__ import annotations

import numpy as np
import slicer

from ..errors import InputError
from ..imaging import Volume
from ..imaging.masks import select_label
from .grids import grid_matrix, placed_volume, require_voxels, voxels_of


def image_from_volume(volume_node: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """Copy a scalar volume node.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
        Its linear parent transforms are honored.

    Returns
    -------
    Volume
        The voxel array exactly as the node holds it, placed where the scene shows it (mm, LPS).

    Raises
    ------
    InputError
        There is no volume, it holds no voxels, or several components per voxel.
    GeometryError
        The volume is under a nonlinear transform, or its grid is sheared.
    """
    require_voxels(volume_node, "vtkMRMLScalarVolumeNode", "volume", "the MRI volume")
    return placed_volume(voxels_of(volume_node.GetImageData()), grid_matrix(volume_node), volume_node.GetName())


def mask_from_labelmap(labelmap_node: slicer.vtkMRMLLabelMapVolumeNode, label: str | int | None = None) -> Volume:
    """Copy one label of a labelmap volume node into a mask.

    Parameters
    ----------
    labelmap_node : vtkMRMLLabelMapVolumeNode
        Its linear parent transforms are honored.
    label : int, str or None
        Value of the tumor's voxels; None takes the only one there is.

    Returns
    -------
    Volume
        uint8, 1 inside the ROI, on the labelmap's own grid (scoring resamples it to the image and says so).

    Raises
    ------
    InputError
        There is no labelmap, it is empty, or the label is absent or ambiguous.
    GeometryError
        As :func:`image_from_volume`.
    """
    require_voxels(labelmap_node, "vtkMRMLLabelMapVolumeNode", "labelmap", "a segmentation or labelmap")
    voxels = voxels_of(labelmap_node.GetImageData())
    chosen = select_label(voxels, _as_label(label))
    return placed_volume((voxels == chosen).astype(np.uint8), grid_matrix(labelmap_node), labelmap_node.GetName())


def _as_label(label: str | int | None) -> int | None:
    try:
        return None if label in (None, "") else int(label)
    except ValueError as error:
        raise InputError(f"Label {label!r} is not a whole number: give the value of the tumor's voxels.") from error
