"""Whether a segment can be a tumor that somebody drew: its size, thickness and shape, and whether it is all there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..imaging import Region
from ..model import Model
from ..notices import Notice
from .wording import AXES, axis_of, between

_NO_TUMOR_CM3 = 1000.0  # which is more than a breast usually has
_BESIDE = 1.1  # times the cohort's least and largest volume, which percentiles of a hundred patients miss by
_BOX_VOXELS = 4  # along each axis, from which no tumor is drawn as a box by chance


def segment_notices(model: Model, region: Region) -> Iterable[Notice]:
    """Hold a segment against what can be drawn, and against the tumors of the training cohort."""
    yield from _volume(model, region)
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
