"""What happens to image and mask before any filter: normalization, resampling, cropping, resegmentation, checks.

The steps of ``radiomics.featureextractor`` and ``radiomics.imageoperations`` 3.0.1, made with SimpleITK as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from ..errors import ExtractionError, GeometryError, InputError
from ..imaging.region import Region
from ..imaging.volume import Volume, bounding_box, box_slices, require_spline_support
from .filters import roi_values
from .parameters import INTERPOLATORS
from .settings import ExtractionSettings

_TOLERANCE = 1e-3  # voxels that an ROI may reach outside the image, for rounding


def prepared(region: Region, settings: ExtractionSettings) -> Region:
    """Normalize, resample or crop as the settings say.

    Raises
    ------
    GeometryError
        The ROI reaches outside the image.
    ExtractionError
        The ROI vanishes in resampling.
    InputError
        The interpolator is not one of the installed SimpleITK.
    """
    setting = settings.setting
    if setting["normalize"]:
        region = replace(region, image=_normalized(region.image, setting))
    if settings.resamples:
        return _resampled(region, setting)
    if setting["preCrop"]:
        check(region, setting)
        return _cropped(region, setting["padDistance"])
    return region


def check(region: Region, setting: Mapping) -> None:
    """Hold an ROI to the limits of the settings.

    Raises
    ------
    ExtractionError
        It extends in too few dimensions or has too few voxels.
    """
    dimensions, least = int(np.count_nonzero(region.upper > region.lower)), setting["minimumROIDimensions"]
    if dimensions < max(least, 1):
        raise ExtractionError(
            f"The ROI extends in {dimensions} dimensions where the settings ask for {least}: segment the whole tumor."
        )
    voxels, fewest = int(np.count_nonzero(region.inside)), setting["minimumROISize"]
    if fewest is not None and voxels <= fewest:
        raise ExtractionError(f"The ROI has {voxels} voxels where the settings ask for more than {fewest}: check it.")


def resegmented(region: Region, setting: Mapping) -> Region:
    """Keep the ROI's voxels whose intensity is within ``resegmentRange``.

    Raises
    ------
    ExtractionError
        At most one voxel is left.
    """
    values = roi_values(region)
    mode, limits = setting.get("resegmentMode", "absolute"), sorted(setting["resegmentRange"])
    if mode == "relative":
        highest = values.max()
        limits = [highest * limit for limit in limits]
    elif mode == "sigma":
        mean, sd = values.mean(), values.std()
        limits = [mean + sd * limit for limit in limits]
    kept = values >= limits[0]
    if len(limits) == 2:
        kept &= values <= limits[1]
    if np.count_nonzero(kept) <= 1:
        raise ExtractionError(
            f"Resegmentation to {', '.join(f'{limit:g}' for limit in limits)} leaves {np.count_nonzero(kept)} of "
            f"{len(values)} voxels: widen resegmentRange."
        )
    inside = region.inside.copy()
    inside[inside] = kept
    lower, upper = bounding_box(inside)
    return replace(
        region,
        lower=region.lower + lower,
        upper=region.lower + upper,
        inside=np.ascontiguousarray(inside[box_slices(lower, upper)]),
    )


def _normalized(image: Volume, setting: Mapping) -> Volume:
    """Center on the mean of the whole image and scale to its standard deviation."""
    normalized = sitk.Normalize(image.to_sitk())
    if (outliers := setting["removeOutliers"]) is not None:
        array = sitk.GetArrayFromImage(normalized)
        array[array > outliers] = outliers
        array[array < -outliers] = -outliers
        normalized = sitk.GetImageFromArray(array)
    normalized *= setting["normalizeScale"]
    return image.with_array(Volume.from_sitk(normalized).array)


def _cropped(region: Region, margin: int) -> Region:
    """The image cut down to the ROI and a margin."""
    lower = np.maximum(region.lower - margin, 0)
    upper = np.minimum(region.upper + margin, region.image.size - 1)
    image = region.image.crop(lower, upper)
    return replace(region, image=image, lower=region.lower - lower, upper=region.upper - lower)


def _resampled(region: Region, setting: Mapping) -> Region:
    """Image and mask on a grid of the wanted voxel size, aligned with the mask's, around the ROI."""
    image = region.image.to_sitk()
    mask = (region.given or region.mask).to_sitk()
    first, size = _bounds(mask)
    _require_inside(image, mask, first, size)
    own = np.array(mask.GetSpacing())
    spacing = np.array(setting["resampledPixelSpacing"])
    # Zero stands for the mask's own voxel size, which is kept too where the ROI has one slice.
    spacing = np.where(spacing == 0, own, spacing)
    spacing = np.where(size != 1, spacing, own)
    if np.allclose(region.image.spacing, spacing):
        on_grid = sitk.Resample(mask, image, sitk.Transform(), sitk.sitkNearestNeighbor)
        return _cropped(_with_mask(region, region.image, on_grid), setting["padDistance"])
    ratio, margin = own / spacing, setting["padDistance"]
    lower = np.maximum(np.floor((first - 0.5) * ratio - margin), 0)
    upper = np.ceil((first + size - 0.5) * ratio + margin)
    upper = np.minimum(upper, np.ceil(np.array(mask.GetSize()) * ratio) - 1)
    start = np.array(0.5 * (spacing - own) / own) + lower / ratio
    interpolator = _interpolator(setting["interpolator"])
    if interpolator == sitk.sitkBSpline:
        require_spline_support(region.image)
    resample = sitk.ResampleImageFilter()
    resample.SetOutputSpacing(spacing.tolist())
    resample.SetOutputDirection(mask.GetDirection())
    resample.SetOutputOrigin(mask.TransformContinuousIndexToPhysicalPoint(start.tolist()))
    resample.SetSize((upper - lower + 1).astype(int).tolist())
    resample.SetOutputPixelType(image.GetPixelID())
    resample.SetInterpolator(interpolator)
    resampled = Volume.from_sitk(resample.Execute(image))
    resample.SetOutputPixelType(mask.GetPixelID())
    resample.SetInterpolator(sitk.sitkNearestNeighbor)
    return _with_mask(region, resampled, resample.Execute(mask))


def _interpolator(given: str | int) -> int:
    """SimpleITK's number of an interpolator; the numbers of some have changed since pyradiomics 3.0.1."""
    numbers = {name: getattr(sitk, name) for name in INTERPOLATORS}
    number = numbers.get(given, given) if isinstance(given, str) else given
    if number not in numbers.values():
        raise InputError(f"Interpolator {given} is not one of this SimpleITK: use a name such as sitkBSpline.")
    return number


def _with_mask(region: Region, image: Volume, mask: sitk.Image) -> Region:
    array = sitk.GetArrayFromImage(mask)
    if not array.any():
        raise ExtractionError("The ROI vanishes at the voxel size of resampledPixelSpacing: choose a smaller one.")
    return replace(region, image=image).with_mask(array)


def _bounds(mask: sitk.Image) -> tuple[np.ndarray, np.ndarray]:
    """First index and size along i, j, k of what is inside a mask."""
    first, last = bounding_box(sitk.GetArrayViewFromImage(mask))
    return first, last - first + 1


def _require_inside(image: sitk.Image, mask: sitk.Image, first: np.ndarray, size: np.ndarray) -> None:
    corners = (first - 0.5, first + size - 0.5)
    points = [mask.TransformContinuousIndexToPhysicalPoint(corner.tolist()) for corner in corners]
    found = np.array([image.TransformPhysicalPointToContinuousIndex(point) for point in points])
    outside = (found.min(axis=0) < -0.5 - _TOLERANCE) | (
        found.max(axis=0) > np.array(image.GetSize()) - 0.5 + _TOLERANCE
    )
    if outside.any():
        raise GeometryError("The ROI reaches outside the image: check that image and mask belong to the same scan.")
