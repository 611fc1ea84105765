"""How bright a region is, and how it stands out of what is around it: where a segment lies wrong, it does not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import SimpleITK as sitk

from .region import Region
from .volume import box_slices

AROUND_MM = 5.0


class Brightness(NamedTuple):
    """Of a region.

    Attributes
    ----------
    mean : float
        Mean intensity inside, in the image's unit.
    contrast : float
        Mean inside less the mean within 5 mm around, over the standard deviation of both together (Cohen 1988), so that
        neither unit nor offset of the image matters. NaN where there is nothing around, or nothing varies.
    """

    mean: float
    contrast: float


def brightness(region: Region) -> Brightness:
    """Measure how bright a region is, and against its surroundings."""
    reach = np.ceil(AROUND_MM / region.image.spacing).astype(int)
    lower = np.maximum(region.lower - reach, 0)
    upper = np.minimum(region.upper + reach, region.image.size - 1)
    voxels = region.image.array[box_slices(lower, upper)]
    inside = np.zeros(voxels.shape, bool)
    inside[box_slices(region.lower - lower, region.upper - lower)] = region.inside
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    mask.SetSpacing(region.image.spacing.tolist())
    distance = sitk.SignedMaurerDistanceMap(mask, squaredDistance=False, useImageSpacing=True)
    around = (sitk.GetArrayViewFromImage(distance) <= AROUND_MM) & ~inside
    within, beside = voxels[inside].astype(float), voxels[around].astype(float)
    spread = np.sqrt((within.var() + beside.var()) / 2) if beside.size else 0.0
    contrast = (within.mean() - beside.mean()) / spread if spread > 0 else np.nan
    return Brightness(float(within.mean()), float(contrast))
