"""Slicer's segmentation files (``.seg.nrrd``): segments by name, in layers where they overlap.

The header names each segment and says in which layer, and by which label, it is stored. Source: the Slicer developer
guide on segmentations, and vtkMRMLSegmentationStorageNode.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from .segment_choice import Segment, choose_segment
from .volume import Volume

_FIELD = re.compile(r"Segment(\d+)_(\w+)")


def is_layered(fields: Mapping[str, str]) -> bool:
    """Whether a file is one of Slicer's segmentations, by what its header holds."""
    return any(_FIELD.fullmatch(name) for name in fields)


def read_layers(path: Path, image: sitk.Image, fields: Mapping[str, str], segment: str | None) -> tuple[Volume, str]:
    """Take one segment out of a Slicer segmentation.

    Parameters
    ----------
    path : pathlib.Path
        For messages.
    image : SimpleITK.Image
        Three-dimensional; of several layers, one component each.
    fields : mapping of str to str
        Key-value pairs of the NRRD header.
    segment : str or None
        Name, ID or number (from 1, in the file's order) of the segment; None takes the only one there is.

    Returns
    -------
    volume : Volume
        uint8, 1 inside.
    name : str
        The segment's.

    Raises
    ------
    InputError
        The segment is absent, ambiguous or empty, or the header contradicts the voxels.
    """
    what = f"Segmentation {path}"
    described: dict[int, dict[str, str]] = {}
    for name, value in fields.items():
        if match := _FIELD.fullmatch(name):
            described.setdefault(int(match[1]), {})[match[2]] = value
    order = sorted(described)
    segments = [
        Segment(place + 1, described[at].get("Name", f"Segment {at}"), described[at].get("ID", ""))
        for place, at in enumerate(order)
    ]
    chosen = choose_segment(segments, segment, what)
    about = described[order[chosen.number - 1]]
    layers = image.GetNumberOfComponentsPerPixel()
    # Before Slicer 4.11 each segment was a layer of its own, with label 1.
    layer = _number(about, "Layer", order[chosen.number - 1] if layers > 1 else 0, what)
    label = _number(about, "LabelValue", 1, what)
    if not 0 <= layer < layers:
        raise InputError(f"{what} names layer {layer} of segment {chosen.name!r} but holds {layers}: save it again.")
    volume = Volume.from_sitk(image if layers == 1 else sitk.VectorIndexSelectionCast(image, layer))
    inside = volume.array == label
    if not inside.any():
        raise InputError(f"Segment {chosen.describe()} of {what} is empty: segment the tumor first.")
    return volume.with_array(inside.astype(np.uint8)), chosen.name


def _number(about: dict[str, str], name: str, default: int, what: str) -> int:
    try:
        return int(about.get(name, default))
    except ValueError:
        raise InputError(f"{what} has {name} {about[name]!r} where a whole number belongs: save it again.") from None
