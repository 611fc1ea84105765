"""MRML nodes to SimpleITK images: what the scene shows is what is scored.

Runs in the Slicer application and, with the ``slicer-core`` package, outside it. The user's scene is only read: the
work on a segment is done on a copy in a private scene, so no node, representation or display of the user's is added or
changed, and nothing is left behind when a step fails.

MRML coordinates are RAS, SimpleITK's are LPS; both in mm.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk
import slicer
import slicer.util
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from .errors import GeometryError, InputError
from .imaging.images import select_label
from .notices import Notice

if TYPE_CHECKING:
    from .model import Model
    from .patient import PatientScore

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# Cosine of the angle between two array axes above which a grid counts as sheared; rounded DICOM directions stay below.
_SHEAR_COSINE = 1e-3
_INDEX_TOLERANCE = 1e-3  # voxels
_BINARY_LABELMAP = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


def score_nodes(
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    roi_node: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode,
    roi: str | int | None,
    model: Model,
    covariates: Mapping | None = None,
) -> PatientScore:
    """Score one patient from nodes of a scene.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
        The MRI.
    roi_node : vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode
        Holds the tumor.
    roi : str, int or None
        Segment ID, or label value in a labelmap; None takes the only one there is.
    model : Model
        A model that can score.
    covariates : mapping, optional
        Clinical values by the names of the model's nomogram.

    Returns
    -------
    PatientScore
        See :func:`.patient.score_image`; among the warnings is what :func:`mask_from_segment` noted.

    Raises
    ------
    InputError, GeometryError
        A node is missing, empty or of the wrong kind, or the two do not describe one region of space.
    LABCRadiomicsError
        See :func:`.patient.score_image`.
    """
    from .patient import score_image  # brings pyradiomics, without which nodes can still be converted

    start = time.perf_counter()
    image, mask, notices = images_from_nodes(volume_node, roi_node, roi)
    scored = score_image(model, image, mask, 1, covariates, read_seconds=time.perf_counter() - start)
    return with_notices(scored, notices)


def with_notices(scored: PatientScore, notices: Sequence[Notice]) -> PatientScore:
    """Put what was noted on reading the nodes before the warnings of the scoring."""
    warnings = (*notices, *scored.prediction.warnings)
    return replace(scored, prediction=replace(scored.prediction, warnings=warnings))


def images_from_nodes(
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    roi_node: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode,
    roi: str | int | None,
) -> tuple[sitk.Image, sitk.Image, list[Notice]]:
    """Copy what is to be scored out of the scene; later changes of the nodes do not reach the copies.

    Parameters
    ----------
    volume_node, roi_node, roi
        As for :func:`score_nodes`.

    Returns
    -------
    image, mask : SimpleITK.Image
        The mask is 1 inside the ROI.
    notices : list of Notice
        See :func:`mask_from_segment`.

    Raises
    ------
    InputError, GeometryError
        A node is missing, empty or of the wrong kind, or the two do not describe one region of space.
    """
    image = image_from_volume(volume_node)
    if roi_node is not None and roi_node.IsA("vtkMRMLSegmentationNode"):
        return image, *mask_from_segment(roi_node, roi, volume_node)
    return image, mask_from_labelmap(roi_node, roi), []


def fingerprint(image: sitk.Image, mask: sitk.Image) -> dict[str, Any]:
    """Tell what was scored from what may have been edited since; a saved and loaded scene gives the same.

    Parameters
    ----------
    image, mask : SimpleITK.Image
        See :func:`images_from_nodes`.

    Returns
    -------
    dict
        ``voxels``: SHA-256 of both voxel arrays; ``grid``: spacing, origin and direction of the image (mm, LPS).
    """
    digest = hashlib.sha256()
    for part in (image, mask):
        digest.update(np.ascontiguousarray(sitk.GetArrayViewFromImage(part)))
    grid = [*image.GetSpacing(), *image.GetOrigin(), *image.GetDirection()]
    return {"voxels": digest.hexdigest(), "grid": grid}


def is_unchanged(
    known: Mapping[str, Any],
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    roi_node: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode,
    roi: str | int | None,
) -> bool:
    """Say whether nodes still hold what a :func:`fingerprint` was taken of (positions within 1e-4 mm)."""
    try:
        image, mask, _ = images_from_nodes(volume_node, roi_node, roi)
    except (InputError, GeometryError):
        return False
    now = fingerprint(image, mask)
    return now["voxels"] == known["voxels"] and np.allclose(now["grid"], known["grid"], rtol=0, atol=1e-4)


def image_from_volume(volume_node: slicer.vtkMRMLScalarVolumeNode) -> sitk.Image:
    """Copy a scalar volume into a SimpleITK image.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
        Its linear parent transforms are honored.

    Returns
    -------
    SimpleITK.Image
        The voxel array exactly as the node holds it, placed where the scene shows it (mm, LPS).

    Raises
    ------
    InputError
        There is no volume, it holds no voxels, or several components per voxel.
    GeometryError
        The volume is under a nonlinear transform, or its grid is sheared.
    """
    _require_voxels(volume_node, "vtkMRMLScalarVolumeNode", "volume", "the MRI volume")
    return _placed(_voxels(volume_node.GetImageData()), _grid_to_world(volume_node), volume_node.GetName())


def mask_from_labelmap(labelmap_node: slicer.vtkMRMLLabelMapVolumeNode, label: str | int | None = None) -> sitk.Image:
    """Copy one label of a labelmap volume into a SimpleITK mask.

    Parameters
    ----------
    labelmap_node : vtkMRMLLabelMapVolumeNode
        Its linear parent transforms are honored.
    label : int, str or None
        Value of the tumor's voxels; None takes the only one there is.

    Returns
    -------
    SimpleITK.Image
        uint8, 1 inside the ROI, on the labelmap's own grid (scoring resamples it to the image and says so).

    Raises
    ------
    InputError
        There is no labelmap, it is empty, or the label is absent or ambiguous.
    GeometryError
        As :func:`image_from_volume`.
    """
    _require_voxels(labelmap_node, "vtkMRMLLabelMapVolumeNode", "labelmap", "a segmentation or labelmap")
    voxels = _voxels(labelmap_node.GetImageData())
    chosen = select_label(voxels, _as_label(label))
    return _placed((voxels == chosen).astype(np.uint8), _grid_to_world(labelmap_node), labelmap_node.GetName())


def mask_from_segment(
    segmentation_node: slicer.vtkMRMLSegmentationNode,
    segment_id: str | None,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
) -> tuple[sitk.Image, list[Notice]]:
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

    Returns
    -------
    mask : SimpleITK.Image
        uint8, 1 inside the segment; the same geometry as :func:`image_from_volume`.
    notices : list of Notice
        ``mask-resampled`` when the segment was on another grid.

    Raises
    ------
    InputError
        A node is missing or unusable, the segment is absent, empty, or cannot be converted to a labelmap.
    GeometryError
        A transform is nonlinear or shears, or the segment lies partly or wholly outside the volume.
    """
    _require_voxels(volume_node, "vtkMRMLScalarVolumeNode", "volume", "the MRI volume")
    name = volume_node.GetName()
    grid = _grid_to_world(volume_node)
    _require_orthogonal(grid, name)
    segment_id = _chosen_segment(segmentation_node, segment_id)
    title = f"Segment {segmentation_node.GetSegmentation().GetSegment(segment_id).GetName()!r}"
    to_world = _to_world(segmentation_node)
    _require_orthogonal(np.linalg.solve(to_world, grid), f"{name} seen from {segmentation_node.GetName()}")

    scene = slicer.vtkMRMLScene()
    segmentation_copy = _copy_with_segment(scene, segmentation_node, segment_id, title)
    segment_to_volume = np.linalg.solve(grid, to_world)
    notices = _compare_grids(
        segmentation_copy.GetSegmentation().GetSegment(segment_id),
        segment_to_volume,
        volume_node.GetImageData().GetExtent(),
        title,
    )
    geometry = _copy_geometry(scene, volume_node)
    if volume_node.GetParentTransformNode() is not segmentation_node.GetParentTransformNode():
        _put_under(scene, segmentation_copy, to_world)
        _put_under(scene, geometry, _to_world(volume_node))
    array = _labelmap_on_grid(segmentation_copy, segment_id, geometry)
    if not array.any():
        raise GeometryError(f"{title} vanishes on the coarser grid of {name}: segment the tumor on this volume.")
    return _placed(array, grid, name), notices


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


def _require_voxels(node: slicer.vtkMRMLVolumeNode | None, node_class: str, kind: str, wanted: str) -> None:
    if node is None:
        raise InputError(f"No {kind} is selected: select {wanted}.")
    if not node.IsA(node_class):
        raise InputError(f"{node.GetName()} is a {node.GetClassName()}: select {wanted}.")
    data = node.GetImageData()
    if data is None or data.GetNumberOfPoints() == 0 or data.GetPointData().GetScalars() is None:
        raise InputError(f"{kind.capitalize()} {node.GetName()} holds no voxels: load it again.")
    components = data.GetNumberOfScalarComponents()
    if components != 1:
        raise InputError(
            f"{kind.capitalize()} {node.GetName()} has {components} components per voxel "
            "(color or layers): select a single-component volume."
        )


def _as_label(label: str | int | None) -> int | None:
    try:
        return None if label in (None, "") else int(label)
    except ValueError as error:
        raise InputError(f"Label {label!r} is not a whole number: give the value of the tumor's voxels.") from error


def _voxels(data: vtk.vtkImageData) -> np.ndarray:
    """View the voxels of an image, shape ``(k, j, i)``."""
    return vtk_to_numpy(data.GetPointData().GetScalars()).reshape(data.GetDimensions()[::-1])


def _placed(array: np.ndarray, grid: np.ndarray, name: str) -> sitk.Image:
    """Copy voxels into an image whose ``i, j, k`` to RAS matrix is given."""
    _require_orthogonal(grid, name)
    lps = _RAS_TO_LPS @ grid
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin((lps[:3, 3] + 0.0).tolist())  # + 0.0 turns -0.0 into 0.0
    image.SetDirection((lps[:3, :3] / spacing + 0.0).ravel().tolist())
    return image


def _require_orthogonal(grid: np.ndarray, name: str) -> None:
    lengths = np.linalg.norm(grid[:3, :3], axis=0)
    if not np.isfinite(grid).all() or lengths.min() == 0:
        raise GeometryError(f"The grid of {name} has no volume: check its spacing and transform.")
    axes = grid[:3, :3] / lengths
    if np.abs(axes.T @ axes - np.eye(3)).max() > _SHEAR_COSINE:
        raise GeometryError(f"The grid of {name} is sheared: harden its transform and resample it on a regular grid.")


def _grid_to_world(volume_node: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    """Matrix from array index ``i, j, k`` to RAS, with the parent transforms; array index 0 is the extent's start."""
    matrix = vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(matrix)
    start = np.eye(4)
    start[:3, 3] = volume_node.GetImageData().GetExtent()[::2]
    return _to_world(volume_node) @ slicer.util.arrayFromVTKMatrix(matrix) @ start


def _to_world(node: slicer.vtkMRMLTransformableNode) -> np.ndarray:
    """Matrix from the coordinates of a node to RAS in the scene."""
    transform = node.GetParentTransformNode()
    if transform is None:
        return np.eye(4)
    if not transform.IsTransformToWorldLinear():
        raise GeometryError(
            f"{node.GetName()} is under a nonlinear transform ({transform.GetName()}): harden the transform first."
        )
    matrix = vtk.vtkMatrix4x4()
    transform.GetMatrixTransformToWorld(matrix)
    array = slicer.util.arrayFromVTKMatrix(matrix)
    if not np.isfinite(array).all() or np.linalg.det(array) == 0:
        raise GeometryError(f"Transform {transform.GetName()} of {node.GetName()} cannot be inverted: correct it.")
    return array


def _chosen_segment(segmentation_node: slicer.vtkMRMLSegmentationNode | None, segment_id: str | None) -> str:
    if segmentation_node is None or not segmentation_node.IsA("vtkMRMLSegmentationNode"):
        raise InputError("No segmentation is selected: select the segmentation that holds the tumor.")
    segmentation = segmentation_node.GetSegmentation()
    name = segmentation_node.GetName()
    segment_ids = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    if not segment_ids:
        raise InputError(f"Segmentation {name} holds no segment: segment the tumor first.")
    if segment_id in segment_ids:
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
    if not copied or not copy.CreateRepresentation(_BINARY_LABELMAP):
        raise InputError(
            f"{title} cannot be converted to a binary labelmap: "
            "make one in the Segmentations module (Representations, Create)."
        )
    return node


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
    segment: slicer.vtkSegment, segment_to_volume: np.ndarray, extent: tuple[int, ...], title: str
) -> list[Notice]:
    """Hold a segment's labelmap against the volume's grid before it is exported, which would cut it silently."""
    labelmap = segment.GetRepresentation(_BINARY_LABELMAP)
    voxels = np.zeros((0, 3))
    if not labelmap.IsEmpty():
        voxels = np.argwhere(_voxels(labelmap) == segment.GetLabelValue())[:, ::-1] + labelmap.GetExtent()[::2]
    if not len(voxels):
        raise InputError(f"{title} is empty: segment the tumor first.")
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
    return _voxels(exported).astype(np.uint8)
