"""Whether an image and a tumor are of the kind that a model was made from: its domain.

A score can be computed from any voxels. What is checked here is whether the number then means anything: what the
headers and the voxels tell of the ``image``, its voxel size and scanner, whether the ``segment`` is a drawn tumor, and
whether the score's features lie among those of the training patients, jointly and not only one by one.

May import: notices, imaging, model, statistics.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..imaging import Region, Source, Volume
from ..model import Model
from ..notices import Notice
from .features import joint_distance_notices, usual_distance
from .image import image_notices, kind_of_image, scan_notices
from .segment import segment_notices

__all__ = ["domain_notices", "usual_distance"]


def domain_notices(
    model: Model,
    region: Region,
    values: Mapping[str, float],
    source: Source | None = None,
    image: Volume | None = None,
) -> list[Notice]:
    """Hold an image, its region and its features against what the model was made from.

    Parameters
    ----------
    model : Model
    region : Region
        In the model's axis order.
    values : mapping
        Feature values by name, at least the score's.
    source : Source, optional
        What the headers say.
    image : Volume, optional
        The voxels before any preprocessing; default those of the region.

    Returns
    -------
    list of Notice
        Grave where the number would mean nothing.
    """
    notices = [] if source is None else list(kind_of_image(model, source))
    notices += image_notices(model, region.image if image is None else image)
    notices += scan_notices(model, region, source)
    notices += segment_notices(model, region)
    if model.score is not None:
        notices += joint_distance_notices(model.score, values)
    return notices
