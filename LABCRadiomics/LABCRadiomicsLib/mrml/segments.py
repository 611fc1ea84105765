"""One segment on the grid of a volume.

The work is done on a copy in a private scene, so no node, representation or display of the user's is added or changed,
and nothing is left behind when a step fails.
"""

from __future__ import annotations

import numpy as np
import slicer
import slicer.util
import vtk

from ..errors import GeometryError, InputError
from ..imaging import Volume
from ..notices import Notice
from .grids import grid_matrix, placed_volume, require_orthogonal, require_voxels, voxels_of, world_matrix

_INDEX_TOLERANCE = 1e-3  # voxels
BINARY_LABELMAP = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


def mask_from_segment(
    segmentation_node: slicer.vtkMRMLSegmentationNode,
    segment_id: str | None,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    what: str = "the tumor",
) -> tuple[Volume, list[Notice]]:
    """Put one segment on the grid of a volume, as Slicer's export to a labelmap does.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        May be under another linear transform than the volume and on another grid; a segment that exists only as a
        closed surface is converted.
    segment_id : str or None
        None takes the only segment there is.
    volume_node : vtkMRMLScalarVolumeNode
        Gives the grid.
    what : str
        What the segment outlines, for the sentences of errors.

    Returns
    -------
    mask : Volume
        uint8, 1 inside the segment; the same geometry as :func:`image_from_volume`.
    notices : list of Notice
        ``mask-resampled`` when the segment was on another grid, ``segment-converted`` when it was not drawn as
        voxels (it exists as a closed surface or contours).

    Raises
    ------
    InputError
        A node is missing or unusable, the segment is absent, empty, or cannot be converted to a labelmap.
    GeometryError
        A transform is nonlinear or shears, or the segment lies partly or wholly outside the volume.
    """
    require_voxels(volume_node, "vtkMRMLScalarVolumeNode", "volume", "the MRI volume")
    name = volume_node.GetName()
    grid = grid_matrix(volume_node)
    require_orthogonal(grid, name)
    segment_id = _chosen_segment(segmentation_node, segment_id)
    title = f"Segment {segmentation_node.GetSegmentation().GetSegment(segment_id).GetName()!r}"
    to_world = world_matrix(segmentation_node)
    require_orthogonal(np.linalg.solve(to_world, grid), f"{name} seen from {segmentation_node.GetName()}")

    scene = slicer.vtkMRMLScene()
    segmentation_copy = _copy_with_segment(scene, segmentation_node, segment_id, title)
    segment_to_volume = np.linalg.solve(grid, to_world)
    notices = _conversion_notices(segmentation_node.GetSegmentation(), segment_id, title, what)
    notices += _compare_grids(
        segmentation_copy.GetSegmentation().GetSegment(segment_id),
        segment_to_volume,
        volume_node.GetImageData().GetExtent(),
        title,
        what,
    )
    geometry = _copy_geometry(scene, volume_node)
    if volume_node.GetParentTransformNode() is not segmentation_node.GetParentTransformNode():
        _put_under(scene, segmentation_copy, to_world)
        _put_under(scene, geometry, world_matrix(volume_node))
    array = _labelmap_on_grid(segmentation_copy, segment_id, geometry)
    if not array.any():
        raise GeometryError(f"{title} vanishes on the coarser grid of {name}: segment {what} on this volume.")
    return placed_volume(array, grid, name), notices


def _chosen_segment(segmentation_node: slicer.vtkMRMLSegmentationNode | None, segment_id: str | None) -> str:
    if segmentation_node is None or not segmentation_node.IsA("vtkMRMLSegmentationNode"):
        raise InputError("No segmentation is selected: select the segmentation that holds the tumor.")
    segmentation = segmentation_node.GetSegmentation()
    name = segmentation_node.GetName()
    segment_ids = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    if not segment_ids:
        raise InputError(f"Segmentation {name} holds no segment: segment the tumor first.")
    if segment_id is not None and segment_id in segment_ids:
        return segment_id
    if segment_id:
        raise InputError(f"Segment {segment_id} is not in segmentation {name}: select one of {', '.join(segment_ids)}.")
    if len(segment_ids) > 1:
        raise InputError(f"Segmentation {name} holds {len(segment_ids)} segments: select the tumor's.")
    return segment_ids[0]


def _copy_with_segment(
    scene: slicer.vtkMRMLScene, segmentation_node: slicer.vtkMRMLSegmentationNode, segment_id: str, title: str
) -> slicer.vtkMRMLSegmentationNode:
    """Copy one segment and what its conversion depends on, and make its binary labelmap there."""
    source = segmentation_node.GetSegmentation()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    copy = node.GetSegmentation()
    copy.SetSourceRepresentationName(source.GetSourceRepresentationName())
    copy.CopyConversionParameters(source)
    copied = copy.CopySegmentFromSegmentation(source, segment_id)
    if not copied or not copy.CreateRepresentation(BINARY_LABELMAP):
        raise InputError(
            f"{title} cannot be converted to a binary labelmap: "
            "make one in the Segmentations module (Representations, Create)."
        )
    return node


def _conversion_notices(segmentation: slicer.vtkSegmentation, segment_id: str, title: str, what: str) -> list[Notice]:
    """Say that a segment was not drawn as voxels, so that its border depends on the conversion."""
    source = segmentation.GetSourceRepresentationName()
    if source == BINARY_LABELMAP and segmentation.GetSegment(segment_id).GetRepresentation(BINARY_LABELMAP):
        return []
    text = (
        f"{title} is kept as a {source.lower()} and was converted to voxels: its border can move by up to a voxel, and "
        f"the score with it; draw {what} on this volume to avoid that."
    )
    return [Notice("segment-converted", text)]


def _copy_geometry(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> slicer.vtkMRMLScalarVolumeNode:
    """Copy the grid of a volume without its voxels and without its transform."""
    grid, matrix = vtk.vtkImageData(), vtk.vtkMatrix4x4()
    grid.SetExtent(volume_node.GetImageData().GetExtent())
    volume_node.GetIJKToRASMatrix(matrix)
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    node.SetAndObserveImageData(grid)
    node.SetIJKToRASMatrix(matrix)
    return node


def _put_under(scene: slicer.vtkMRMLScene, node: slicer.vtkMRMLTransformableNode, to_world: np.ndarray) -> None:
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(to_world))
    node.SetAndObserveTransformNodeID(transform.GetID())


def _compare_grids(
    segment: slicer.vtkSegment, segment_to_volume: np.ndarray, extent: tuple[int, ...], title: str, what: str
) -> list[Notice]:
    """Hold a segment's labelmap against the volume's grid before it is exported, which would cut it silently."""
    labelmap = segment.GetRepresentation(BINARY_LABELMAP)
    voxels = np.zeros((0, 3))
    if not labelmap.IsEmpty():
        voxels = np.argwhere(voxels_of(labelmap) == segment.GetLabelValue())[:, ::-1] + labelmap.GetExtent()[::2]
    if not len(voxels):
        raise InputError(f"{title} is empty: segment {what} first.")
    matrix = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(matrix)
    to_index = segment_to_volume @ slicer.util.arrayFromVTKMatrix(matrix)
    index = voxels @ to_index[:3, :3].T + to_index[:3, 3]
    _require_inside(index, np.array(extent[1::2]) - extent[::2] + 1, title)
    # Where each voxel is exactly one voxel of the volume (cropped, shifted, reordered) nothing is resampled.
    if np.abs(index - np.round(index)).max() < 0.01 and abs(abs(np.linalg.det(to_index)) - 1) < 0.01:
        return []
    text = f"{title} is on another grid than the volume and was resampled to it (nearest neighbor)"
    return [Notice("mask-resampled", text)]


def _require_inside(index: np.ndarray, size: np.ndarray, title: str) -> None:
    outside = ((index < -0.5 - _INDEX_TOLERANCE) | (index > size - 0.5 + _INDEX_TOLERANCE)).any(axis=1)
    if outside.all():
        raise GeometryError(f"{title} lies outside the volume: check that they belong to the same scan.")
    if outside.any():
        raise GeometryError(
            f"{title} reaches outside the volume ({outside.mean():.1%} of its voxels): "
            "cut it to the volume or check that they belong to the same scan."
        )


def _labelmap_on_grid(
    segmentation_node: slicer.vtkMRMLSegmentationNode, segment_id: str, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> np.ndarray:
    """Export one segment: the work of ExportSegmentsToLabelmapNode without the display and color nodes it makes."""
    segment_ids = vtk.vtkStringArray()
    segment_ids.InsertNextValue(segment_id)
    exported = slicer.vtkOrientedImageData()
    slicer.vtkSlicerSegmentationsModuleLogic.GenerateMergedLabelmapInReferenceGeometry(
        segmentation_node, volume_node, segment_ids, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY, exported
    )
    return voxels_of(exported).astype(np.uint8)
