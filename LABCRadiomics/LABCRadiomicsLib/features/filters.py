"""Filtered images, at the ROI's voxels.

What a filter gives at a voxel is made from as much of the image as it depends on: the voxel itself and the image's
extreme for the pointwise ones, the voxel's surroundings for wavelets and gradient, the whole image for the Laplacian of
Gaussian. Definitions as in ``radiomics.imageoperations`` 3.0.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import SimpleITK as sitk

from ..imaging.region import Region
from ..imaging.volume import Volume, box_slices
from .laplacian import laplacian_of_gaussian
from .reference import binary_patterns
from .wavelet import WaveletSettings, wavelet_values

Filtered = Iterator[tuple[str, np.ndarray]]


def filtered_values(kind: str, region: Region, setting: Mapping, wanted: Iterable[str] | None) -> Filtered:
    """Apply one image type.

    Parameters
    ----------
    kind : str
        pyradiomics' image type, such as ``"Wavelet"``.
    region : Region
    setting : mapping
        pyradiomics' settings for it.
    wanted : iterable of str, optional
        Names of the images to make; default all.

    Yields
    ------
    name : str
        Image name as pyradiomics gives it.
    values : numpy.ndarray
        At the ROI's voxels in scanning order.

    Raises
    ------
    DependencyError
        Only pyradiomics can apply this image type, and it is not installed.
    """
    for name, values in _FILTERS[kind](region, setting, None if wanted is None else set(wanted)):
        if wanted is None or name in wanted:
            yield name, values


def roi_values(region: Region, array: np.ndarray | None = None) -> np.ndarray:
    """Intensities of the ROI's voxels in scanning order, on the image or on another array of its shape."""
    array = region.image.array if array is None else array
    return array[box_slices(region.lower, region.upper)][region.inside]


def _original(region: Region, setting: Mapping, wanted: set[str] | None) -> Filtered:
    yield "original", roi_values(region)


def _wavelet(region: Region, setting: Mapping, wanted: set[str] | None) -> Filtered:
    yield from wavelet_values(
        region.image.array, region.lower, region.inside, WaveletSettings.from_settings(setting), wanted
    )


def _laplacian_of_gaussian(region: Region, setting: Mapping, wanted: set[str] | None) -> Filtered:
    """An image a sigma, but for those that the image is too small for."""
    image = region.image
    if image.size.min() < 4:
        return
    for sigma in setting.get("sigma", []):
        name = f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D"
        fits = (image.size >= np.ceil(sigma / image.spacing) + 1).all()
        if fits and (wanted is None or name in wanted):
            filtered = laplacian_of_gaussian(image.to_sitk(), sigma, region.lower, region.upper)
            yield name, filtered[region.inside]


def _gradient(region: Region, setting: Mapping, wanted: set[str] | None) -> Filtered:
    """Magnitude of the gradient, from a voxel's direct neighbors."""
    lower = np.maximum(region.lower - 1, 0)
    block = region.image.crop(lower, np.minimum(region.upper + 1, region.image.size - 1))
    filtered = sitk.GradientMagnitude(block.to_sitk(), setting.get("gradientUseSpacing", True))
    there = box_slices(region.lower - lower, region.upper - lower)
    yield "gradient", sitk.GetArrayViewFromImage(filtered)[there][region.inside]


def _extreme(image: Volume) -> float:
    """Largest magnitude in the image."""
    return max(float(image.array.max()), -float(image.array.min()))


def _square(region: Region, setting: Mapping, wanted: set[str] | None) -> Filtered:
    coefficient = 1 / np.sqrt(_extreme(region.image))
    yield "square", (coefficient * roi_values(region).astype(float)) ** 2


def _square_root(region: Region, setting: Mapping, wanted: set[str] | None) -> Filtered:
    values = roi_values(region).astype(float)
    yield "squareroot", np.copysign(np.sqrt(np.abs(values) * _extreme(region.image)), values)


def _logarithm(region: Region, setting: Mapping, wanted: set[str] | None) -> Filtered:
    values, largest = roi_values(region).astype(float), _extreme(region.image)
    scale = largest / np.log(np.array([largest]) + 1)[0]
    yield "logarithm", np.copysign(np.log(np.abs(values) + 1), values) * scale


def _exponential(region: Region, setting: Mapping, wanted: set[str] | None) -> Filtered:
    largest = np.float64(_extreme(region.image))
    yield "exponential", np.exp(np.log(largest) / largest * roi_values(region).astype(float))


def _through_pyradiomics(kind: str) -> Callable[[Region, Mapping, set[str] | None], Filtered]:
    def apply(region: Region, setting: Mapping, wanted: set[str] | None) -> Filtered:
        for name, array in binary_patterns(kind, region, setting):
            yield name, roi_values(region, array)

    return apply


_FILTERS: Mapping[str, Callable[[Region, Mapping, set[str] | None], Filtered]] = {
    "Original": _original,
    "Wavelet": _wavelet,
    "LoG": _laplacian_of_gaussian,
    "Square": _square,
    "SquareRoot": _square_root,
    "Logarithm": _logarithm,
    "Exponential": _exponential,
    "Gradient": _gradient,
    "LBP2D": _through_pyradiomics("LBP2D"),
    "LBP3D": _through_pyradiomics("LBP3D"),
}
