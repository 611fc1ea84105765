"""Whether a segment can be a tumor that somebody drew: its size, thickness and shape, and whether it is all there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..imaging import Region
from ..imaging.surroundings import brightness
from ..model import Domain, Model
from ..notices import Notice
from .wording import AXES, axis_of, between

_NO_TUMOR_CM3 = 1000.0  # which is more than a breast usually has
_BESIDE = 1.1  # times the cohort's least and largest volume, which percentiles of a hundred patients miss by
_FAR = 0.5  # of a range's width beyond it
_BOX_VOXELS = 4  # along each axis, from which no tumor is drawn as a box by chance


def segment_notices(model: Model, region: Region) -> Iterable[Notice]:
    """Hold a segment against what can be drawn, and against the tumors of the training cohort."""
    yield from _volume(model, region)
    if model.image.domain is not None:
        yield from _brightness(model.image.domain, region)
    thickness = region.upper - region.lower + 1
    if thickness.min() == 1 and region.inside.size > 1:
        flat = AXES[axis_of(region.image, int(thickness.argmin()))]
        text = f"The segment is one voxel thick ({flat}): a score of volumes means something else on a single slice."
        yield Notice("one-slice-segment", text, grave=True)
    elif region.inside.all() and thickness.min() >= _BOX_VOXELS:
        size = " x ".join(map(str, thickness))
        text = f"The segment is a box of {size} voxels, not a drawn tumor: what lies around the tumor is in the score."
        yield Notice("segment-is-a-box", text, grave=True)
    at_both = (region.lower == 0) & (region.upper == region.image.size - 1) & (region.image.size > 1)
    if at_both.any():
        across = AXES[axis_of(region.image, int(np.flatnonzero(at_both)[0]))]
        text = (
            f"The segment reaches from one border of the image to the other ({across}): part of the tumor may be cut."
        )
        yield Notice("segment-at-borders", text)


def _volume(model: Model, region: Region) -> Iterable[Notice]:
    """Volume against the cohort's, of which a third and three times are still like it."""
    volume = float(np.count_nonzero(region.inside) * np.prod(region.image.spacing))
    domain = model.image.domain
    if domain is not None and domain.volume_mm3_low is not None and domain.volume_mm3_high is not None:
        low, high = domain.volume_mm3_low, domain.volume_mm3_high
        if not low / _BESIDE <= volume <= high * _BESIDE:
            shown = between(low / 1000, high / 1000, "cm3")
            text = f"The segment has {volume / 1000:.3g} cm3, tumors of the training cohort had {shown}."
            yield Notice("other-volume", text, grave=not low / 3 <= volume <= high * 3)
    elif volume > 1000 * _NO_TUMOR_CM3:
        text = f"The segment has {volume / 1000:.4g} cm3, more than a breast usually has: it is no tumor."
        yield Notice("other-volume", text, grave=True)


def _brightness(domain: Domain, region: Region) -> Iterable[Notice]:
    """Mean intensity, and contrast to what is around, against the cohort's tumors."""
    mean, contrast = brightness(region)
    usual = _usual_range(mean, domain.mean_low, domain.mean_high)
    if usual is not None:
        text = f"The mean intensity in the segment is {mean:.4g}, {usual.told} in the training cohort."
        yield Notice("other-brightness", text, grave=usual.beyond > _FAR)
    usual = _usual_range(contrast, domain.contrast_low, domain.contrast_high)
    if usual is not None:
        text = (
            f"The segment stands out of the 5 mm around it by {contrast:.2f} standard deviations, those of the "
            f"training cohort by {usual.told}: it may lie wrong, or the image is of another kind."
        )
        yield Notice("other-contrast", text, grave=usual.beyond > _FAR)


class _Beyond(NamedTuple):
    """A range that a value is outside of, in words, and by how many of its widths."""

    told: str
    beyond: float


def _usual_range(value: float, low: float | None, high: float | None) -> _Beyond | None:
    """Give the range that a value is clearly outside of; None where it is not, or one of them is not known."""
    if low is None or high is None or not np.isfinite(value):
        return None
    beyond = max(low - value, value - high) / max(high - low, 1e-12)
    return _Beyond(between(low, high), beyond) if beyond > _BESIDE - 1 else None
