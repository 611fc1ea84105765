"""Volume and labelmap nodes to the library's own volumes."""

from __future__ import annotations

import numpy as np
import slicer

from ..errors import InputError
from ..imaging import Source, Volume
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


def can_be_mri(volume_node: slicer.vtkMRMLVolumeNode) -> bool:
    """Say whether a volume can be the MRI, so that it may be chosen without asking.

    It cannot when it is a labelmap, a color or a diffusion volume, has fewer than two slices in any direction, holds no
    more than two different values (a mask loaded as a volume), or comes from DICOM files of another modality.
    """
    data = volume_node.GetImageData()
    if volume_node.GetClassName() != "vtkMRMLScalarVolumeNode" or data is None or min(data.GetDimensions()) < 2:
        return False
    if data.GetNumberOfScalarComponents() != 1 or data.GetPointData().GetScalars() is None:
        return False
    return dicom_modality(volume_node) in ("", "MR") and not _is_mask(voxels_of(data))


def dicom_modality(volume_node: slicer.vtkMRMLVolumeNode) -> str:
    """Modality of the DICOM series that a volume was loaded from, as the subject hierarchy keeps it; else empty."""
    scene = volume_node.GetScene()
    if scene is None:  # removed from its scene while it is being scored
        return ""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item = hierarchy.GetItemByDataNode(volume_node)
    attribute = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    return hierarchy.GetItemAttribute(item, attribute) if item else ""


def source_of_volume(volume_node: slicer.vtkMRMLVolumeNode) -> Source | None:
    """What the scene itself keeps of the DICOM series that a volume was loaded from, where the files are not at hand.

    Slicer gives such a volume the series' number and description as its name. None where it was loaded from elsewhere.
    """
    modality = dicom_modality(volume_node)
    if not modality and not volume_node.GetAttribute("DICOM.instanceUIDs"):
        return None
    return Source(form="DICOM series", modality=modality or None, series_description=volume_node.GetName())


def _is_mask(voxels: np.ndarray) -> bool:
    low, high = voxels.min(), voxels.max()
    return all(bool(np.isin(plane, (low, high)).all()) for plane in voxels)


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
