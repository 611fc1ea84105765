"""pyradiomics' feature classes with their slowest steps exchanged for equal, faster ones.

Every class here is pyradiomics' own; only where its values come from differs: gray levels are discretized once for all
classes of an image, four matrices are counted by :mod:`.matrices`, and the mesh is measured by :mod:`.mesh`.
"""

from __future__ import annotations

from functools import cache, cached_property
from types import FunctionType, SimpleNamespace

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics import imageoperations

from . import mesh
from .matrices import RoiMatrices


class SharedRoi:
    """What the feature classes of one image have in common, computed once and only when asked for.

    Parameters
    ----------
    image, mask : SimpleITK.Image
        Cropped to the ROI's bounding box.
    settings : dict
        pyradiomics' settings for this image type.
    """

    def __init__(self, image: sitk.Image, mask: sitk.Image, settings: dict):
        self._image = image
        self._mask = mask
        self._settings = settings

    @cached_property
    def inside(self) -> np.ndarray:
        """The ROI, boolean, shape ``(k, j, i)``."""
        return sitk.GetArrayViewFromImage(self._mask) == self._settings.get("label", 1)

    @cached_property
    def levels(self) -> np.ndarray:
        """Gray levels from 1, 0 outside the ROI; equal to ``radiomics.imageoperations.binImage``."""
        voxels = sitk.GetArrayViewFromImage(self._image)[self.inside]
        # The bin edges depend on the extremes alone.
        edges = imageoperations.getBinEdges(np.array([voxels.min(), voxels.max()]), **self._settings)
        levels = np.zeros(self.inside.shape, np.intc)
        levels[self.inside] = np.digitize(voxels, edges)
        return levels

    @cached_property
    def present(self) -> np.ndarray:
        """Gray levels that occur in the ROI, ascending."""
        return np.flatnonzero(np.bincount(self.levels[self.inside]))

    @cached_property
    def matrices(self) -> RoiMatrices | None:
        """Counts the texture matrices; None where only pyradiomics' C code can (distances beyond 1)."""
        if list(self._settings.get("distances", [1])) != [1]:
            return None
        return RoiMatrices(self.levels, self._settings.get("force2D", False), self._settings.get("force2Ddimension", 0))


class _SharedLevels:
    """A class that takes its discretized image from the setting ``shared``."""

    def _applyBinning(self, matrix: np.ndarray) -> np.ndarray:
        shared: SharedRoi = self.settings["shared"]
        self.coefficients["grayLevels"] = shared.present
        self.coefficients["Ng"] = int(shared.present[-1])
        return shared.levels


class _SharedMatrices(_SharedLevels):
    """A class whose matrix is counted by :class:`RoiMatrices`, then processed by pyradiomics' own method."""

    def _calculateMatrix(self, voxelCoordinates: None = None) -> np.ndarray:
        matrices = self.settings["shared"].matrices
        if matrices is None:
            return super()._calculateMatrix(voxelCoordinates)
        return _with_globals(super()._calculateMatrix.__func__, cMatrices=matrices)(self)


class _FastMesh:
    """The shape class with the mesh measured by :mod:`.mesh`."""

    def _initSegmentBasedCalculation(self) -> None:
        stock = super()._initSegmentBasedCalculation
        if mesh.triangle_table() is None:
            stock()
        else:
            _with_globals(stock.__func__, cShape=SimpleNamespace(calculate_coefficients=mesh.calculate_coefficients))(
                self
            )


def _with_globals(function: FunctionType, **replaced: object) -> FunctionType:
    """The same function seeing other module-level names: pyradiomics binds its C modules that way."""
    names = {**function.__globals__, **replaced}
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__)


_FASTER = {"shape": _FastMesh} | dict.fromkeys(("glcm", "glrlm", "gldm", "ngtdm"), _SharedMatrices)


@cache
def feature_class(name: str) -> type:
    """The class that computes one of pyradiomics' feature classes, by its name there (``"glcm"``)."""
    stock = radiomics.getFeatureClasses()[name]
    if name == "shape2D":
        return stock
    body = {"__module__": stock.__module__}  # pyradiomics names its logger after it
    return type(stock.__name__, (_FASTER.get(name, _SharedLevels), stock), body)
