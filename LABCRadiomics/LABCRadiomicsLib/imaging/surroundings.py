"""How bright a region is, and how it stands out of what is around it: where a segment lies wrong, it does not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .region import Region
from .volume import box_slices

AROUND_MM = 5.0
_ROUNDING = 1e-6  # square millimeters


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
    around = _within(inside, AROUND_MM, region.image.spacing) & ~inside
    within, beside = voxels[inside].astype(float), voxels[around].astype(float)
    spread = np.sqrt((within.var() + beside.var()) / 2) if beside.size else 0.0
    contrast = (within.mean() - beside.mean()) / spread if spread > 0 else np.nan
    return Brightness(float(within.mean()), float(contrast))


def _within(inside: np.ndarray, reach_mm: float, spacing: np.ndarray) -> np.ndarray:
    """Voxels whose center lies within a distance of an inside voxel's, shape ``(k, j, i)``; spacing (mm) in i, j, k.

    A distance map says the same in several times the time.
    """
    k, j, i = inside.shape
    width, height, depth = (int(np.sqrt(reach_mm**2 + _ROUNDING) / size) for size in spacing)
    # Inside voxels up to each one along i, with room for the widest look to either side.
    ahead = np.pad(inside, ((0, 0), (0, 0), (width + 1, width))).cumsum(axis=2, dtype=np.int32)
    rows = {}
    found = np.zeros(inside.shape, bool)
    for dk in range(-min(depth, k - 1), min(depth, k - 1) + 1):
        for dj in range(-min(height, j - 1), min(height, j - 1) + 1):
            left = reach_mm**2 - (dk * spacing[2]) ** 2 - (dj * spacing[1]) ** 2
            if left < -_ROUNDING:
                continue
            side = int(np.sqrt(max(left, 0.0) + _ROUNDING) / spacing[0])
            if side not in rows:
                first, last = width - side, width + side + 1
                rows[side] = ahead[:, :, last : last + i] > ahead[:, :, first : first + i]
            to = (slice(max(dk, 0), k + min(dk, 0)), slice(max(dj, 0), j + min(dj, 0)))
            of = (slice(max(-dk, 0), k + min(-dk, 0)), slice(max(-dj, 0), j + min(-dj, 0)))
            found[to] |= rows[side][of]
    return found
