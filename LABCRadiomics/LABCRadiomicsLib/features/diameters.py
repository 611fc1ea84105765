"""Largest distances between a mesh's vertices, without comparing every pair.

Of the vertices on a line only the two at its ends can be the farthest from anywhere, with their distances rounded too.
Bounds set almost all of these aside: two vertices are at least as far apart as the widest shadow of all, and no farther
than the boxes and balls around them allow. Distances of those left are squared and added as pyradiomics' C code does,
so the largest is the same number.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

_SLACK = 1 + 1e-9  # more than any rounding of a squared distance
_DIRECTIONS = 16  # of shadows, over half a turn
_ROWS = 512  # of a distance matrix held at once
_BOXES = 4  # along each axis, to sort out vertices by


def largest_distance(vertices: np.ndarray, spacing: np.ndarray) -> float:
    """Measure the largest distance in mm between two vertices.

    Parameters
    ----------
    vertices : numpy.ndarray
        In half voxels along k, j, i, shape (3, n), whole numbers, not negative.
    spacing : numpy.ndarray
        Voxel size in mm along k, j, i.
    """
    points = np.ascontiguousarray(_millimeters(_ends_of_lines(vertices, 2), spacing).T)
    shadows = _directions() @ points.T
    starts, best = points[shadows.argmin(axis=1)], 0.0
    ends = points[shadows.argmax(axis=1)]
    widest = int(_squared(starts, ends).argmax())
    start, far = starts[widest], ends[widest]
    for _ in range(3):  # hop to the farthest point and back: nearly the largest distance already
        distance = _squared(points, start)
        best, far = max(best, float(distance.max())), points[distance.argmax()]
        start, middle = far, (far + start) / 2
    radius = np.sqrt(_squared(points, middle))
    points = points[(radius + radius.max()) * _SLACK >= np.sqrt(best)]
    return float(np.sqrt(_largest_squared(points, best)))


@cache
def _directions() -> np.ndarray:
    """Unit vectors spread over half a sphere, shape (13, 3)."""
    steps = [step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]
    vectors = np.array(steps, float)
    return vectors / np.sqrt((vectors**2).sum(axis=1, keepdims=True))


def largest_distance_in_planes(vertices: np.ndarray, axis: int, spacing: np.ndarray) -> float:
    """Measure the largest distance in mm between two vertices in one plane across an array axis; see above."""
    vertices = _ends_of_lines(vertices, 1 if axis == 2 else 2)
    order = np.argsort(vertices[axis].astype(np.uint16), kind="stable")
    vertices = vertices[:, order]
    starts = np.flatnonzero(np.diff(vertices[axis], prepend=-1))
    points = _millimeters(vertices, spacing)
    one, other = (points[along] for along in range(3) if along != axis)
    width = np.zeros(len(starts))
    for turn in np.arange(_DIRECTIONS) * (np.pi / _DIRECTIONS):
        shadow = np.cos(turn) * one + np.sin(turn) * other
        np.maximum(width, np.maximum.reduceat(shadow, starts) - np.minimum.reduceat(shadow, starts), out=width)
    best = float(np.square(width.max())) / _SLACK
    # No plane is wider than its widest shadow by more than the step between directions allows.
    reach = np.square(width / np.cos(np.pi / 2 / _DIRECTIONS)) * _SLACK
    ends = np.append(starts[1:], len(order))
    for plane in np.argsort(-reach):
        if reach[plane] < best:
            break
        best = max(best, _largest_squared(np.ascontiguousarray(points[:, starts[plane] : ends[plane]].T), best))
    return float(np.sqrt(best))


def _ends_of_lines(vertices: np.ndarray, along: int) -> np.ndarray:
    """The first and the last vertex of each line along an array axis; the only one of a line comes twice."""
    across = [axis for axis in range(3) if axis != along]
    size = int(vertices[across[1]].max()) + 1
    line = vertices[across[0]] * size + vertices[across[1]]
    first = np.full(int(line.max()) + 1, vertices[along].max())
    last = np.full(len(first), -1)
    np.minimum.at(first, line, vertices[along])
    np.maximum.at(last, line, vertices[along])
    used = np.flatnonzero(last >= 0)
    ends = np.empty((3, 2 * len(used)), vertices.dtype)
    ends[across[0]], ends[across[1]] = np.divmod(np.tile(used, 2), size)
    ends[along] = np.concatenate([first[used], last[used]])
    return ends


def _millimeters(vertices: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    return (vertices / 2) * np.asarray(spacing)[:, None]


def _largest_squared(points: np.ndarray, at_least: float) -> float:
    """Largest squared distance in mm2 between two of the points, shape (n, 3), or the value it is at least."""
    points = points[_farthest_possible(points) * _SLACK >= at_least]
    if not len(points):
        return at_least
    centered = points - points.mean(axis=0)
    norms = (centered * centered).sum(axis=1)
    found = 0.0
    for first in range(0, len(points), _ROWS):
        rows = slice(first, first + _ROWS)
        nearly = norms[rows, None] + norms - 2 * (centered[rows] @ centered.T)
        one, other = np.nonzero(nearly * _SLACK >= max(at_least, found, nearly.max()))
        if one.size:
            found = max(found, float(_squared(points[rows][one], points[other]).max()))
    return found or at_least


def _farthest_possible(points: np.ndarray) -> np.ndarray:
    """An upper bound of each point's squared distance to any other: to the farthest corners of boxes of points."""
    low = points.min(axis=0)
    width = (points.max(axis=0) - low) / _BOXES
    place = ((points - low) / np.where(width > 0, width, 1)).astype(int).clip(0, _BOXES - 1)
    box = place @ np.array([_BOXES * _BOXES, _BOXES, 1])
    order = np.argsort(box, kind="stable")
    starts = np.flatnonzero(np.diff(box[order], prepend=-1))
    lower, upper = (extreme.reduceat(points[order], starts) for extreme in (np.minimum, np.maximum))
    farthest = np.zeros(len(points))
    for first, last in zip(lower, upper, strict=True):
        reach = np.maximum(np.abs(points - first), np.abs(points - last))
        np.maximum(farthest, (reach * reach).sum(axis=1), out=farthest)
    return farthest


def _squared(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared distances rounded as the C code rounds them."""
    step = points - others
    step *= step
    return step[:, 0] + step[:, 1] + step[:, 2]
