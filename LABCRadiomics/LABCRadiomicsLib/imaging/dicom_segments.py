"""DICOM segmentations to masks: each frame put at its place, of the one segment that is asked for.

A segmentation stores only frames that hold something, of all segments one after the other, which may overlap. Its
frames are placed by their position and segment number, never by their order. Source: DICOM PS3.3, A.51 and C.8.20.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import GeometryError, InputError
from ..notices import Notice
from .dicom_headers import Frame, PlacedFrame, frames_of, items, number, read_header, text
from .dicom_pixels import stored_frames
from .dicom_references import referenced_series
from .segment_choice import Segment, choose_segment
from .slice_grids import plane_axes
from .source import Reading, Source
from .volume import Volume, as_slicer_loads, order_toward

if TYPE_CHECKING:
    from pydicom import Dataset

_OFF_GRID_VOXELS = 0.02
_SAME_PLANE_MM = 0.01
_SAME_DIRECTION = 1e-3


def read_segmentation(path: Path, segment: str | None, image: Volume | None = None) -> Reading:
    """Read one segment of a DICOM segmentation.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    segment : str or None
        Label or number of the segment; None takes the only one there is.
    image : Volume, optional
        Where every frame lies on a slice of this image, the mask has the image's grid.

    Returns
    -------
    Reading
        The segment's number where it is, 0 elsewhere; among the notices that a fractional segmentation was cut at one
        half.

    Raises
    ------
    InputError
        The segment is absent, ambiguous or empty, or the file says too little.
    GeometryError
        The frames are not parallel, or lie at no multiples of one distance.
    """
    what = f"Segmentation {path}"
    header = read_header(path)
    if header is None:
        raise InputError(f"{what} is no DICOM file: give a DICOM segmentation.")
    chosen = choose_segment(segments_of(header), segment, what)
    found = frames_of(path, header)
    labelmap = text(header, "SegmentationType") == "LABELMAP"
    is_own = [labelmap or frame.segment == chosen.number for frame in found]
    if not any(is_own):
        raise InputError(f"Segment {chosen.describe()} of {what} has no frames, it is empty: segment the tumor first.")
    frames = _require_places(found, what)
    own = list(compress(frames, is_own))
    pixels = np.stack(stored_frames(own))
    inside = pixels == chosen.number if labelmap else pixels > _half(header)
    if not inside.any():
        raise InputError(f"Segment {chosen.describe()} of {what} is empty: segment the tumor first.")
    kept = np.any(inside, axis=(1, 2))
    own = list(compress(own, kept))
    notices = []
    if text(header, "SegmentationType") == "FRACTIONAL":
        notice = f"segment {chosen.name!r} is fractional; voxels of more than one half were taken"
        notices.append(Notice("fractional-segment", notice))
    grid = _image_grid(own, image) if image is not None else None
    volume = _placed(own, inside[kept], grid or _own_grid(frames, own, what), chosen.number, what)
    source = Source(
        files=(path,),
        form="DICOM segmentation",
        modality="SEG",
        segment=chosen.name,
        patient_id=text(header, "PatientID"),
        series_uid=next(iter(referenced_series(header)), None),
        frame_of_reference_uid=text(header, "FrameOfReferenceUID"),
    )
    return Reading(as_slicer_loads(volume), source, tuple(notices))


def segments_of(header: Dataset) -> list[Segment]:
    """The segments that a header describes, in the order of their numbers; 0 is background."""
    found = [
        Segment(int(number(item, "SegmentNumber") or 0), text(item, "SegmentLabel") or "without label")
        for item in items(header, "SegmentSequence")
    ]
    return sorted((segment for segment in found if segment.number > 0), key=lambda segment: segment.number)


def _half(header: Dataset) -> float:
    """The stored number above which a voxel belongs to the segment."""
    if text(header, "SegmentationType") != "FRACTIONAL":
        return 0.0
    return (number(header, "MaximumFractionalValue") or 255.0) / 2


def _require_places(frames: Sequence[Frame], what: str) -> list[PlacedFrame]:
    """Give frames as ones of known place; refuse those that are not placed, or not parallel."""
    placed = []
    for frame in frames:
        known = frame.placed()
        if known is None:
            raise InputError(
                f"{what}, frame {frame.index + 1}, does not say where it lies "
                "(ImagePositionPatient, ImageOrientationPatient, PixelSpacing): export it again."
            )
        placed.append(known)
    first = placed[0]
    if any(
        not np.allclose(frame.orientation, first.orientation, rtol=0, atol=1e-3)
        or not np.allclose(frame.pixel_spacing, first.pixel_spacing, rtol=1e-3)
        for frame in placed
    ):
        raise GeometryError(f"{what} has frames of different directions or pixel sizes: give one of parallel frames.")
    return placed


def _image_grid(frames: Sequence[PlacedFrame], image: Volume) -> Volume | None:
    """The image's grid in the frames' own axes, where their pixels are voxels of the image; None where they are not."""
    axes = plane_axes(frames[0].orientation, "The segmentation")
    turned = image.reordered(*order_toward(image, axes))
    if np.abs(turned.direction - axes).max() > _SAME_DIRECTION:
        return None
    rows, columns = frames[0].pixel_spacing
    if np.abs(turned.spacing[:2] - (columns, rows)).max() > 1e-3 * turned.spacing[:2].max():
        return None
    height, width = frames[0].size
    for frame in frames:
        first = turned.index(np.array(frame.position))
        if np.abs(first - np.rint(first)).max() > _OFF_GRID_VOXELS or not 0 <= np.rint(first[2]) < turned.size[2]:
            return None
        if (np.rint(first[:2]) < 0).any() or (np.rint(first[:2]) + np.array((width, height)) > turned.size[:2]).any():
            return None
    return turned


def _own_grid(frames: Sequence[PlacedFrame], own: Sequence[PlacedFrame], what: str) -> Volume:
    """A grid that holds the frames of one segment, made of the distances of the frames of all."""
    axes = plane_axes(frames[0].orientation, what)
    positions = np.array([frame.position for frame in own])
    places = positions @ axes[:, 2]
    distance = _slice_distance(frames, axes, what)
    start, count = places.min(), round(float(places.max() - places.min()) / distance) + 1
    height, width = own[0].size
    rows, columns = own[0].pixel_spacing
    shape = np.broadcast_to(np.uint8(0), (count, height, width))
    origin = positions[int(places.argmin())]
    grid = Volume(shape, np.array([columns, rows, distance]), origin, axes)
    off = np.array([grid.index(position) for position in positions])
    if np.abs(off[:, :2]).max() > 0.1 or np.abs(off[:, 2] - np.rint(off[:, 2])).max() > 0.05:
        worst = int(np.abs(off[:, 2] - np.rint(off[:, 2])).argmax())
        raise GeometryError(
            f"{what} has frames that make no regular grid: frame {own[worst].index + 1} lies "
            f"{places[worst] - start:.4g} mm from the first, where frames are {distance:.4g} mm apart."
        )
    return grid


def _slice_distance(frames: Sequence[PlacedFrame], axes: np.ndarray, what: str) -> float:
    places = np.sort([float(np.dot(frame.position, axes[:, 2])) for frame in frames])
    gaps = np.diff(places)
    gaps = gaps[gaps > _SAME_PLANE_MM]
    stated = frames[0].slice_distance
    if stated is not None and (not len(gaps) or np.median(np.abs(gaps / stated - np.rint(gaps / stated))) < 0.05):
        return stated
    if len(gaps):
        return float(gaps.min())
    if frames[0].slice_thickness is not None:
        return frames[0].slice_thickness
    raise InputError(f"{what} has frames in one plane and does not say how thick it is: give a NRRD or NIfTI mask.")


def _placed(frames: Sequence[PlacedFrame], inside: np.ndarray, grid: Volume, value: int, what: str) -> Volume:
    array = np.zeros(grid.array.shape, np.uint8 if value < 256 else np.uint16)
    height, width = frames[0].size
    for frame, pixels in zip(frames, inside, strict=True):
        i, j, k = (round(float(index)) for index in grid.index(np.array(frame.position)))
        target = array[k, j : j + height, i : i + width]
        target[pixels] = value
    return Volume(array, grid.spacing, grid.origin, grid.direction)
