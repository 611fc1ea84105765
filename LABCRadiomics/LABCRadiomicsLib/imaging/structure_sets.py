"""DICOM structure sets (RTSTRUCT): the contours of one region of interest, filled on the image's grid.

A voxel belongs to the region when its center lies within an odd number of the contours of its slice (so a contour
within another is a hole), or on one of them. Source: DICOM PS3.3, C.8.8.6; the polygons are shapely's.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DependencyError, GeometryError, InputError
from ..notices import Notice
from ..sentences import many
from .dicom_headers import items, number, numbers, read_header, text
from .dicom_references import referenced_series
from .segment_choice import Segment, choose_segment
from .source import Reading, Source
from .volume import Volume, as_slicer_loads

if TYPE_CHECKING:
    from pydicom import Dataset

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR")
_OFF_PLANE = 0.1  # share of the slices' distance by which a contour may leave its slice
# Coordinates are texts with few digits: a voxel's center this near to a contour, in voxels, lies on it.
_ON_CONTOUR = 2e-3


def read_structure_set(path: Path, roi: str | None, image: Volume) -> Reading:
    """Fill the contours of one region of interest.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    roi : str or None
        Name or number of the region; None takes the only one there is.
    image : Volume
        The image that the contours were drawn on; gives the grid.

    Returns
    -------
    Reading
        uint8, 1 inside. On the image's grid where the contours lie on its slices; else on slices of their own.

    Raises
    ------
    InputError
        The region is absent, ambiguous or without closed contours.
    GeometryError
        The contours do not lie in planes parallel to the image's slices, or outside the image.
    """
    what = f"Structure set {path}"
    header = read_header(path)
    if header is None:
        raise InputError(f"{what} is no DICOM file: give a DICOM RTSTRUCT.")
    chosen = choose_segment(rois_of(header), roi, what, "ROI")
    title = f"ROI {chosen.name!r} of {what}"
    contours = _contours(header, chosen.number, title)
    grid, axis, notices = _grid_of(contours, image, title)
    mask = _filled(contours, grid, axis, title)
    source = Source(
        files=(path,),
        form="DICOM structure set",
        modality="RTSTRUCT",
        segment=chosen.name,
        patient_id=text(header, "PatientID"),
        series_uid=next(iter(referenced_series(header)), None),
        frame_of_reference_uid=_frame_of_reference(header, chosen.number),
    )
    return Reading(as_slicer_loads(grid.with_array(mask)), source, tuple(notices))


def rois_of(header: Dataset) -> list[Segment]:
    """The regions of interest that a structure set names."""
    return [
        Segment(int(number(item, "ROINumber") or 0), text(item, "ROIName") or "without name")
        for item in items(header, "StructureSetROISequence")
    ]


def _frame_of_reference(header: Dataset, roi: int) -> str | None:
    for item in items(header, "StructureSetROISequence"):
        if number(item, "ROINumber") == roi:
            return text(item, "ReferencedFrameOfReferenceUID")
    return None


def _contours(header: Dataset, roi: int, title: str) -> list[np.ndarray]:
    """Points of each closed contour in mm, LPS; shape (n, 3) each."""
    found, other = [], set()
    for region in items(header, "ROIContourSequence"):
        if number(region, "ReferencedROINumber") != roi:
            continue
        for place, contour in enumerate(items(region, "ContourSequence"), 1):
            kind = text(contour, "ContourGeometricType") or "without type"
            if kind not in _CLOSED:
                other.add(kind)
                continue
            values = numbers(contour, "ContourData")
            if values is None or len(values) % 3 or len(values) < 9:
                raise InputError(f"{title}, contour {place}, is no list of three or more points: export it again.")
            found.append(np.reshape(values, (-1, 3)))
    if not found:
        kinds = f", only contours of type {', '.join(sorted(other))}" if other else ""
        raise InputError(f"{title} has no closed contours{kinds}: choose another ROI, or draw it.")
    return found


def _grid_of(contours: list[np.ndarray], image: Volume, title: str) -> tuple[Volume, int, list[Notice]]:
    """The grid to fill, and its axis across the contours: the image's, or one with the contours' own distance."""
    spans = np.array([np.ptp(_indices(contour, image), axis=0) for contour in contours])
    flat = np.flatnonzero(spans.max(axis=0) <= _OFF_PLANE)
    if len(flat) != 1:
        raise GeometryError(f"{title} has contours that are not parallel to the image's slices: convert it to a mask.")
    axis = int(flat[0])
    places = np.sort([_indices(contour, image)[:, axis].mean() for contour in contours])
    if places[-1] < -0.5 or places[0] > image.size[axis] - 0.5:
        raise GeometryError(f"{title} lies outside the image: check that they belong to the same scan.")
    gaps = np.diff(places)
    gaps = gaps[gaps > _OFF_PLANE]
    off = np.abs(places - np.rint(places)).max()
    distance = float(gaps.min()) if len(gaps) else 1.0
    if off <= _OFF_PLANE and round(distance) == 1:
        return image, axis, _gap_notices(gaps, title)
    if np.abs(gaps / distance - np.rint(gaps / distance)).max(initial=0) > _OFF_PLANE:
        raise GeometryError(f"{title} has contours at uneven distances: convert it to a mask.")
    spacing = image.spacing.copy()
    spacing[axis] *= distance
    corner = np.zeros(3)
    corner[axis] = places[0]
    size = image.size.copy()
    size[axis] = round((places[-1] - places[0]) / distance) + 1
    array = np.broadcast_to(np.uint8(0), tuple(size[::-1]))
    text = (
        f"the contours lie {spacing[axis]:.4g} mm apart, on other slices than the image's, and were resampled to them"
    )
    return Volume(array, spacing, image.point(corner), image.direction), axis, [Notice("contours-between-slices", text)]


def _indices(points: np.ndarray, grid: Volume) -> np.ndarray:
    return np.linalg.solve(grid.direction, (points - grid.origin).T).T / grid.spacing


def _gap_notices(gaps: np.ndarray, title: str) -> list[Notice]:
    skipped = int((np.rint(gaps) - 1).sum())
    if not skipped:
        return []
    text = f"{title} has no contour on {many(skipped, 'slice')} between its first and last"
    return [Notice("contours-skip-slices", text)]


def _filled(contours: list[np.ndarray], grid: Volume, axis: int, title: str) -> np.ndarray:
    across = [a for a in range(3) if a != axis]
    by_slice: dict[int, list[np.ndarray]] = defaultdict(list)
    for contour in contours:
        index = _indices(contour, grid)
        by_slice[round(float(index[:, axis].mean()))].append(index[:, across])
    array = np.zeros(tuple(grid.size[::-1]), np.uint8)
    for place, polygons in by_slice.items():
        if not 0 <= place < grid.size[axis]:
            raise GeometryError(f"{title} reaches outside the image: check that they belong to the same scan.")
        plane = np.moveaxis(array, 2 - axis, 0)[place]
        _fill(plane, polygons, title)
    if not array.any():
        raise InputError(f"{title} holds no voxel's center: it is too small for this image.")
    return array


def _fill(plane: np.ndarray, polygons: list[np.ndarray], title: str) -> None:
    """Set the voxels of one slice, indexed (second axis, first axis) of the polygons' coordinates."""
    shapely = _shapely()
    lower = np.floor(np.min([polygon.min(axis=0) for polygon in polygons], axis=0)).astype(int)
    upper = np.ceil(np.max([polygon.max(axis=0) for polygon in polygons], axis=0)).astype(int)
    last = np.array(plane.shape[::-1]) - 1
    if (upper < 0).any() or (lower > last).any() or (lower < -1).any() or (upper > last + 1).any():
        raise GeometryError(f"{title} reaches outside the image: check that they belong to the same scan.")
    lower, upper = np.maximum(lower, 0), np.minimum(upper, last)
    columns, rows = np.meshgrid(np.arange(lower[0], upper[0] + 1), np.arange(lower[1], upper[1] + 1))
    inside, on_contour = np.zeros(columns.shape, bool), np.zeros(columns.shape, bool)
    for polygon in polygons:
        ring = shapely.linearrings(polygon)
        area = shapely.make_valid(shapely.polygons(ring))  # an outline that crosses itself counts as even and odd
        shapely.prepare(area)
        inside ^= shapely.contains_xy(area, columns, rows)
        near = shapely.buffer(ring, _ON_CONTOUR, quad_segs=2)
        shapely.prepare(near)
        on_contour |= shapely.intersects_xy(near, columns, rows)
    plane[lower[1] : upper[1] + 1, lower[0] : upper[0] + 1] |= inside | on_contour


def _shapely():
    try:
        import shapely
    except ImportError as error:
        raise DependencyError("Reading RTSTRUCT needs shapely; install it with pip install shapely.") from error
    return shapely
