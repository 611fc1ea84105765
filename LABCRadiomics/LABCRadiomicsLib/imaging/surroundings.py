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

    The voxels are the bits of one long integer, so that a shift moves all of them at once: a distance map says the same
    in more than ten times the time. Room beside each row and slice keeps what is moved from the next one.
    """
    # Steps in i, j, k; beyond the box there is nothing to look for.
    reach = [min(int(np.sqrt(reach_mm**2 + _ROUNDING) / step), size - 1)
             for step, size in zip(spacing, inside.shape[::-1], strict=True)]  # fmt: skip
    roomy = np.pad(inside, [(0, steps) for steps in reach[::-1]])
    row, of_slice = roomy.shape[2], roomy.shape[1] * roomy.shape[2]
    wider = [int.from_bytes(np.packbits(roomy, bitorder="little").tobytes(), "little")]
    for _ in range(reach[0]):
        wider.append(wider[-1] | wider[-1] << 1 | wider[-1] >> 1)
    found = 0
    for up in range(reach[2] + 1):
        beside = 0
        for across in range(-reach[1], reach[1] + 1):
            left = reach_mm**2 - (up * spacing[2]) ** 2 - (across * spacing[1]) ** 2
            if left >= -_ROUNDING:
                steps = min(int(np.sqrt(max(left, 0.0) + _ROUNDING) / spacing[0]), reach[0])
                beside |= wider[steps] << across * row if across > 0 else wider[steps] >> -across * row
        found |= beside << up * of_slice | beside >> up * of_slice
    packed = found.to_bytes(roomy.size // 4 + 1, "little")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=roomy.size, bitorder="little")
    return bits.view(bool).reshape(roomy.shape)[tuple(map(slice, inside.shape))]
