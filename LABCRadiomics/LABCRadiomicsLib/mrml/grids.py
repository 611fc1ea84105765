"""Voxels and grids of MRML nodes. MRML coordinates are RAS, a Volume's are LPS; both in mm."""

from __future__ import annotations

import numpy as np
import slicer
import slicer.util
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ..errors import GeometryError, InputError
from ..imaging import Volume

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# Cosine of the angle between two array axes above which a grid counts as sheared; rounded DICOM directions stay below.
_SHEAR_COSINE = 1e-3


def require_voxels(node: slicer.vtkMRMLVolumeNode | None, node_class: str, kind: str, wanted: str) -> None:
    """Refuse a node that is missing, of another class, empty, or of several components, and say what to select."""
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


def voxels_of(data: vtk.vtkImageData) -> np.ndarray:
    """View the voxels of an image, shape ``(k, j, i)``."""
    return vtk_to_numpy(data.GetPointData().GetScalars()).reshape(data.GetDimensions()[::-1])


def placed_volume(array: np.ndarray, grid: np.ndarray, name: str) -> Volume:
    """Copy voxels into a volume whose ``i, j, k`` to RAS matrix is given."""
    require_orthogonal(grid, name)
    lps = RAS_TO_LPS @ grid
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    # Adding 0.0 turns -0.0 into 0.0.
    return Volume(array.copy(), spacing, lps[:3, 3] + 0.0, lps[:3, :3] / spacing + 0.0)


def require_orthogonal(grid: np.ndarray, name: str) -> None:
    """Refuse a grid, shape ``(4, 4)``, that is degenerate or sheared."""
    lengths = np.linalg.norm(grid[:3, :3], axis=0)
    if not np.isfinite(grid).all() or lengths.min() == 0:
        raise GeometryError(f"The grid of {name} has no volume: check its spacing and transform.")
    axes = grid[:3, :3] / lengths
    if np.abs(axes.T @ axes - np.eye(3)).max() > _SHEAR_COSINE:
        raise GeometryError(f"The grid of {name} is sheared: harden its transform and resample it on a regular grid.")


def grid_matrix(volume_node: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    """Matrix from array index ``i, j, k`` to RAS, with the parent transforms; array index 0 is the extent's start."""
    matrix = vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(matrix)
    start = np.eye(4)
    start[:3, 3] = volume_node.GetImageData().GetExtent()[::2]
    return world_matrix(volume_node) @ slicer.util.arrayFromVTKMatrix(matrix) @ start


def world_matrix(node: slicer.vtkMRMLTransformableNode) -> np.ndarray:
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
