"""Shape features: size and form of the ROI, whatever its intensities.

Definitions as in pyradiomics 3.0.1: surface and volume of a mesh (marching cubes), axes from the principal components
of the voxels' places.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

import numpy as np

from .diameters import largest_distance, largest_distance_in_planes
from .mesh import Mesh
from .voxels import RoiVoxels


class Shape:
    """The form of an ROI.

    Parameters
    ----------
    voxels : RoiVoxels
    """

    def __init__(self, voxels: RoiVoxels):
        self._voxels = voxels

    @cached_property
    def _mesh(self) -> Mesh:
        return Mesh(self._voxels.inside, self._voxels.spacing)

    @cached_property
    def _eigenvalues(self) -> np.ndarray:
        """Variances along the principal axes in mm2, ascending."""
        places = (self._voxels.coordinates + 1) * self._voxels.spacing[:, None]
        places -= places.mean(axis=1, keepdims=True)
        places /= np.sqrt(self._voxels.count)
        eigenvalues = np.linalg.eigvals(np.dot(places.copy(), places.T))
        if not np.imag(eigenvalues).any():  # numpy from 2.5 on gives complex numbers, whatever they are
            eigenvalues = np.real(eigenvalues).copy()
        eigenvalues[(eigenvalues < 0) & (eigenvalues > -1e-10)] = 0  # rounding
        eigenvalues.sort()
        return eigenvalues

    def _axis(self, place: int) -> float:
        return np.sqrt(self._eigenvalues[place]) * 4

    def _ratio(self, place: int) -> float:
        return np.sqrt(self._eigenvalues[place] / self._eigenvalues[2])

    def _in_planes(self, axis: int) -> float:
        return largest_distance_in_planes(self._mesh.vertices, axis, self._voxels.spacing)

    def _voxel_volume(self) -> float:
        k, j, i = self._voxels.spacing
        return self._voxels.count * (k * i * j)

    def _sphere_area(self) -> float:
        """Surface area in mm2 of a sphere of the mesh's volume."""
        return (36 * np.pi * self._mesh.volume**2) ** (1.0 / 3.0)

    FEATURES: ClassVar[dict[str, Callable[[Shape], float]]] = {
        "Compactness1": lambda self: self._mesh.volume / (self._mesh.area ** (3.0 / 2.0) * np.sqrt(np.pi)),
        "Compactness2": lambda self: 36.0 * np.pi * self._mesh.volume**2.0 / self._mesh.area**3.0,
        "Elongation": lambda self: self._ratio(1),
        "Flatness": lambda self: self._ratio(0),
        "LeastAxisLength": lambda self: self._axis(0),
        "MajorAxisLength": lambda self: self._axis(2),
        "Maximum2DDiameterColumn": lambda self: self._in_planes(1),
        "Maximum2DDiameterRow": lambda self: self._in_planes(2),
        "Maximum2DDiameterSlice": lambda self: self._in_planes(0),
        "Maximum3DDiameter": lambda self: largest_distance(self._mesh.vertices, self._voxels.spacing),
        "MeshVolume": lambda self: self._mesh.volume,
        "MinorAxisLength": lambda self: self._axis(1),
        "SphericalDisproportion": lambda self: self._mesh.area / self._sphere_area(),
        "Sphericity": lambda self: self._sphere_area() / self._mesh.area,
        "SurfaceArea": lambda self: self._mesh.area,
        "SurfaceVolumeRatio": lambda self: self._mesh.area / self._mesh.volume,
        "VoxelVolume": lambda self: self._voxel_volume(),
    }
