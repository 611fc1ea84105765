"""Surface area, volume and diameters of an ROI's mesh, equal to pyradiomics' to the last bit, without its O(n^2).

``radiomics.cShape.calculate_coefficients`` compares every pair of mesh vertices to find the diameters, seconds for a
ragged tumor. Only vertices on the convex hull can be farthest apart, so here almost all are set aside first. Area and
volume are the same sums over the same triangles in the same order.

Marching cubes after W. E. Lorensen and H. E. Cline (1987) on a binary mask: all crossings lie at the middle of an edge.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from radiomics import cShape

# Corners of a cube, (k, j, i), in the order of the bits of its configuration.
_CORNERS = ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0))

# Middles of a cube's twelve edges, (k, j, i).
_EDGES = np.array([
    (0, 0, 0.5), (0, 0.5, 1), (0, 1, 0.5), (0, 0.5, 0), (1, 0, 0.5), (1, 0.5, 1),
    (1, 1, 0.5), (1, 0.5, 0), (0.5, 0, 0), (0.5, 0, 1), (0.5, 1, 1), (0.5, 1, 0),
])  # fmt: skip

_SLACK = 1 + 1e-9  # more than any rounding of a squared distance
_ROWS = 512  # of a distance matrix held at once
_BOXES = 4  # along each axis, to sort out vertices by


@cache
def triangle_table() -> np.ndarray | None:
    """Triangles of the cube configurations 0 to 127; the other 128 are their complements.

    Read from the installed pyradiomics, so that the sums run over the very same triangles in the very same order.

    Returns
    -------
    numpy.ndarray or None
        Edge numbers, shape (128, 5, 3), -1 where a configuration has fewer triangles; None when the installed
        library holds no such table, or when the sums below do not repeat its own (a build with fused
        multiply-add rounds differently): then :func:`calculate_coefficients` must not be used.
    """
    binary = Path(cShape.__file__).read_bytes()
    row = np.full(16, -1, np.int32)
    first_rows = row.tobytes() + np.concatenate(([0, 8, 3], row[3:])).astype(np.int32).tobytes()
    start = binary.find(first_rows)
    if start < 0:
        return None
    table = np.frombuffer(binary, np.int32, 128 * 16, start).reshape(128, 16)[:, :15].reshape(128, 5, 3)
    return table if _repeats_pyradiomics(table) else None


def _repeats_pyradiomics(table: np.ndarray) -> bool:
    if table.min() < -1 or table.max() > 11:
        return False
    mask = np.pad(np.random.default_rng(0).random((14, 15, 16)) < 0.5, 1)
    spacing = np.array([1.9, 0.7031, 0.6667])
    expected = cShape.calculate_coefficients(mask, spacing)[:2]
    return _area_and_volume(*_surface_cubes(mask), table, spacing) == tuple(expected)


class Diameters:
    """Largest distances in mm between mesh vertices: with the same k, the same j, the same i, and any two.

    Indexed as pyradiomics' tuple is; each is measured when first asked for.
    """

    def __init__(self, vertices: np.ndarray, spacing: np.ndarray):
        self._vertices = vertices
        self._spacing = spacing
        self._measured: dict[int, float] = {}

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> float:
        if index not in self._measured:
            if not 0 <= index < 4:
                raise IndexError(index)
            squared = self._anywhere() if index == 3 else _largest_in_planes(self._vertices, index, self._spacing)
            self._measured[index] = float(np.sqrt(squared))
        return self._measured[index]

    def _anywhere(self) -> float:
        candidates = self._vertices
        for axis in range(3):
            candidates = _line_ends(candidates, axis)
        return _largest_squared(candidates, self._spacing, 0.0)


def calculate_coefficients(mask: np.ndarray, spacing: np.ndarray) -> tuple[float, float, Diameters]:
    """Drop-in for ``radiomics.cShape.calculate_coefficients``.

    Parameters
    ----------
    mask : numpy.ndarray
        Boolean, shape ``(k, j, i)``, with at least one layer of background on every side.
    spacing : numpy.ndarray
        Voxel size in mm along k, j, i.

    Returns
    -------
    surface_area : float
        In mm2.
    volume : float
        In mm3.
    diameters : Diameters
        In mm.
    """
    cubes, configuration, sign = _surface_cubes(mask)
    area, volume = _area_and_volume(cubes, configuration, sign, triangle_table(), np.asarray(spacing))
    return area, volume, Diameters(_vertices(cubes, configuration), np.asarray(spacing))


def _surface_cubes(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions (n, 3), configurations below 128 and volume signs of the cubes that the surface cuts."""
    shape = np.array(mask.shape) - 1
    bits = mask.astype(np.uint8)
    configuration = np.zeros(shape, np.uint8)
    for bit, corner in enumerate(_CORNERS):
        view = tuple(slice(start, start + length) for start, length in zip(corner, shape, strict=True))
        configuration |= bits[view] << np.uint8(bit)
    cut = (configuration != 0) & (configuration != 255)
    cubes, configuration = np.argwhere(cut), configuration[cut]
    flipped = configuration >= 128
    return cubes, np.where(flipped, 255 - configuration, configuration), np.where(flipped, -1.0, 1.0)


def _area_and_volume(
    cubes: np.ndarray, configuration: np.ndarray, sign: np.ndarray, table: np.ndarray, spacing: np.ndarray
) -> tuple[float, float]:
    edges = table[configuration]
    cube, triangle = np.nonzero(edges[:, :, 0] >= 0)  # ordered by cube, then by triangle
    corners = (cubes[cube, None] + _EDGES[edges[cube, triangle]]) * spacing
    a, b, c = (corners[:, corner].T for corner in range(3))
    normal = _cross(a, b)
    volume = sign[cube] * (normal[0] * c[0] + normal[1] * c[1] + normal[2] * c[2])
    face = _cross(a - c, b - c)
    area = 0.5 * np.sqrt(face[0] * face[0] + face[1] * face[1] + face[2] * face[2])
    # cumsum adds strictly one after the other, as the C code does; sum would pair terms up and round otherwise.
    return float(np.cumsum(area)[-1]), float(np.cumsum(volume)[-1] / 6)


def _cross(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return a[1] * b[2] - b[1] * a[2], a[2] * b[0] - b[2] * a[0], a[0] * b[1] - b[0] * a[1]


def _vertices(cubes: np.ndarray, configuration: np.ndarray) -> np.ndarray:
    """All mesh vertices once, shape (n, 3), in half voxels (k, j, i)."""
    found = [
        2 * cubes[(configuration & (1 << corner)) != 0] + (2 * _EDGES[edge]).astype(int)
        for corner, edge in ((6, 6), (4, 7), (3, 11))
    ]
    return np.concatenate(found)


def _line_ends(vertices: np.ndarray, axis: int) -> np.ndarray:
    """Of the vertices on each line along an axis, the first and the last; those between are never farthest."""
    others = [other for other in range(3) if other != axis]
    ordered = vertices[np.lexsort((vertices[:, axis], vertices[:, others[0]], vertices[:, others[1]]))]
    new_line = np.any(np.diff(ordered[:, others], axis=0) != 0, axis=1)
    ends = np.concatenate(([True], new_line)) | np.concatenate((new_line, [True]))
    return ordered[ends]


def _largest_in_planes(vertices: np.ndarray, axis: int, spacing: np.ndarray) -> float:
    """Largest squared distance in mm2 between two vertices in one plane across an axis."""
    candidates = vertices
    for other in range(3):
        if other != axis:
            candidates = _line_ends(candidates, other)
    candidates = candidates[np.argsort(candidates[:, axis], kind="stable")]
    planes = np.split(candidates, np.flatnonzero(np.diff(candidates[:, axis])) + 1)
    reach = [(((plane.max(axis=0) - plane.min(axis=0)) * (spacing / 2)) ** 2).sum() for plane in planes]
    best = 0.0
    for index in np.argsort(reach)[::-1]:
        if reach[index] * _SLACK < best:
            break
        best = max(best, _largest_squared(planes[index], spacing, best))
    return best


def _largest_squared(vertices: np.ndarray, spacing: np.ndarray, at_least: float) -> float:
    """Largest squared distance in mm2 between two of the vertices, known to be at least some value."""
    points = (vertices / 2) * spacing
    start = points[0]
    for _ in range(4):  # hop to the farthest point and back: nearly the diameter already
        distance = _squared(points, start)
        start = points[distance.argmax()]
        at_least = max(at_least, float(distance.max()))
    points = points[_farthest_possible(points) * _SLACK >= at_least]
    if not len(points):
        return at_least
    centered = points - points.mean(axis=0)
    norms = (centered * centered).sum(axis=1)
    for first in range(0, len(points), _ROWS):
        rows = slice(first, first + _ROWS)
        nearly = norms[rows, None] + norms - 2 * (centered[rows] @ centered.T)
        one, other = np.nonzero(nearly * _SLACK >= max(at_least, nearly.max()))
        if one.size:
            at_least = max(at_least, float(_squared(points[rows][one], points[other]).max()))
    return at_least


def _farthest_possible(points: np.ndarray) -> np.ndarray:
    """An upper bound of each point's squared distance to any other: to the farthest corners of boxes of points."""
    low = points.min(axis=0)
    width = (points.max(axis=0) - low) / _BOXES
    place = ((points - low) / np.where(width > 0, width, 1)).astype(int).clip(0, _BOXES - 1)
    box = place @ np.array([_BOXES * _BOXES, _BOXES, 1])
    order = np.argsort(box, kind="stable")
    starts = np.flatnonzero(np.diff(box[order], prepend=-1))
    lower, upper = (extreme.reduceat(points[order], starts) for extreme in (np.minimum, np.maximum))
    bound = np.zeros((len(points), len(starts)))
    for along, first, last in zip(points.T, lower.T, upper.T, strict=True):
        reach = np.maximum(np.abs(along[:, None] - first), np.abs(along[:, None] - last))
        bound += reach * reach
    return bound.max(axis=1)


def _squared(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared distances rounded as the C code rounds them."""
    step = points - others
    step *= step
    return step[:, 0] + step[:, 1] + step[:, 2]
