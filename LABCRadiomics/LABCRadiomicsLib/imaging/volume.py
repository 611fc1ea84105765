"""The one inner image type: a voxel array with its place in space, and the orders its axes can be brought into.

Voxel arrays are indexed ``[k, j, i]``; spacing (mm), origin (mm, LPS) and direction cosines are in ``i, j, k`` order,
as SimpleITK gives them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import NamedTuple

import numpy as np
import SimpleITK as sitk

from ..errors import InputError

AS_LOADED = "as-loaded"
CANONICAL = "LPS"
ARRAY_ORDERS = (AS_LOADED, CANONICAL)


class AxisOrder(NamedTuple):
    """A permutation of an array's axes, then a flip of some of them.

    Attributes
    ----------
    axes : tuple of int
        New axis ``a`` (i, j, k) is old axis ``axes[a]``.
    flips : tuple of bool
        Whether new axis ``a`` runs backward.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    @property
    def inverse(self) -> AxisOrder:
        """The order that undoes this one."""
        back = tuple(self.axes.index(axis) for axis in range(3))
        return AxisOrder(back, tuple(self.flips[axis] for axis in back))  # type: ignore[arg-type]

    def of_array(self, array: np.ndarray) -> np.ndarray:
        """View a ``(k, j, i)`` array in this order."""
        steps = tuple(slice(None, None, -1 if flip else 1) for flip in reversed(self.flips))
        return array.transpose([2 - old for old in reversed(self.axes)])[steps]


STORED = AxisOrder((0, 1, 2), (False, False, False))
_REVERSED_K = AxisOrder((0, 1, 2), (False, False, True))


@dataclass(frozen=True)
class Volume:
    """A scalar voxel array with its place in space.

    Attributes
    ----------
    array : numpy.ndarray
        Voxels, shape ``(k, j, i)``; often a view, never written to.
    spacing : numpy.ndarray
        Voxel size in mm along i, j, k.
    origin : numpy.ndarray
        Center of voxel (0, 0, 0) in mm, LPS.
    direction : numpy.ndarray
        Shape (3, 3); column ``a`` is the unit vector of array axis ``a`` (i, j, k) in LPS.
    """

    array: np.ndarray
    spacing: np.ndarray
    origin: np.ndarray
    direction: np.ndarray

    @classmethod
    def from_sitk(cls, image: sitk.Image) -> Volume:
        """View a three-dimensional scalar SimpleITK image without copying it."""
        return cls(
            np.asarray(_HeldVoxels(image)),
            np.array(image.GetSpacing()),
            np.array(image.GetOrigin()),
            np.array(image.GetDirection()).reshape(3, 3),
        )

    def to_sitk(self) -> sitk.Image:
        """Copy into a SimpleITK image."""
        image = sitk.GetImageFromArray(np.ascontiguousarray(self.array))
        image.SetSpacing(self.spacing.tolist())
        image.SetOrigin(self.origin.tolist())
        image.SetDirection(self.direction.ravel().tolist())
        return image

    @property
    def size(self) -> np.ndarray:
        """Number of voxels along i, j, k."""
        return np.array(self.array.shape[::-1])

    def with_array(self, array: np.ndarray) -> Volume:
        """Other voxels, of the same shape, at the same places."""
        return replace(self, array=array)

    def point(self, index: np.ndarray) -> np.ndarray:
        """Physical point (mm, LPS) of a continuous ``i, j, k`` index."""
        return self.origin + self.direction @ (self.spacing * np.asarray(index))

    def index(self, point: np.ndarray) -> np.ndarray:
        """Continuous ``i, j, k`` index of a physical point (mm, LPS)."""
        return np.linalg.solve(self.direction, np.asarray(point) - self.origin) / self.spacing

    def axis_codes(self) -> str:
        """The anatomical direction each array axis (i, j, k) runs to, such as ``"LPS"`` or ``"PIR"``."""
        nearest = np.abs(self.direction).argmax(axis=0)
        signs = self.direction[nearest, range(3)]
        return "".join("LPS"[row] if sign > 0 else "RAI"[row] for row, sign in zip(nearest, signs, strict=True))

    def reordered(self, axes: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> Volume:
        """The same voxels at the same places with the array's axes permuted, then flipped; see :class:`AxisOrder`."""
        corner = [self.size[old] - 1 if flip else 0 for old, flip in zip(axes, flips, strict=True)]
        first = np.zeros(3)
        first[list(axes)] = corner
        signs = np.where(flips, -1.0, 1.0)
        return Volume(
            AxisOrder(axes, flips).of_array(self.array),
            self.spacing[list(axes)],
            self.point(first),
            self.direction[:, list(axes)] * signs,
        )

    def crop(self, lower: np.ndarray, upper: np.ndarray) -> Volume:
        """The block of voxels from index ``lower`` to ``upper``, both included."""
        return Volume(self.array[box_slices(lower, upper)], self.spacing, self.point(lower), self.direction)


class _HeldVoxels:
    """A SimpleITK image's voxels for numpy; views of them keep the image alive, which SimpleITK's own do not."""

    def __init__(self, image: sitk.Image):
        self._image = image
        self.__array_interface__ = sitk.GetArrayViewFromImage(image).__array_interface__


def box_slices(lower: np.ndarray, upper: np.ndarray) -> tuple[slice, ...]:
    """Index of a ``(k, j, i)`` array's block from ``lower`` to ``upper`` (``i, j, k``, both included)."""
    return tuple(slice(first, last + 1) for first, last in zip(lower[::-1], upper[::-1], strict=True))


def bounding_box(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest ``i, j, k`` index (both included) of the nonzero voxels of a ``(k, j, i)`` array."""
    # Axes and directions as the voxels lie in memory: any other way to walk them takes up to ten times as long.
    order = sorted(range(3), key=lambda axis: -abs(inside.strides[axis]))
    back = [slice(None, None, -1 if inside.strides[axis] < 0 else 1) for axis in order]
    stored = inside.transpose(order)[tuple(back)]
    in_plane = np.any(stored, axis=0)
    rows, columns = np.flatnonzero(np.any(in_plane, axis=1)), np.flatnonzero(np.any(in_plane, axis=0))
    block = stored[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    lower, upper = np.empty(3, int), np.empty(3, int)
    slices = np.flatnonzero(np.any(block, axis=(1, 2)))
    for axis, index in zip(order, (slices, rows, columns), strict=True):
        ends = index[0], index[-1]
        if inside.strides[axis] < 0:
            ends = inside.shape[axis] - 1 - ends[1], inside.shape[axis] - 1 - ends[0]
        lower[2 - axis], upper[2 - axis] = ends
    return lower, upper


def require_spline_support(image: Volume) -> None:
    """Refuse an image that ITK's B-spline interpolation cannot take.

    Along an axis of exactly two voxels ``itk::BSplineInterpolateImageFunction`` mirrors an index to -1 and reads
    memory that is not the image's: the voxels it gives are arbitrary, often the largest number of their type.

    Raises
    ------
    InputError
        An axis has two voxels.
    """
    if (image.size == 2).any():
        axis = "ijk"[int(np.flatnonzero(image.size == 2)[0])]
        raise InputError(
            f"The image has only two voxels along {axis}, where ITK's B-spline interpolation reads beyond the image: "
            "resample linearly (interpolator sitkLinear, or interpolation linear), or give an image with more slices."
        )


def axis_orders() -> Iterator[AxisOrder]:
    """All 48 ways to permute and flip the axes of a volume."""
    for (i, j, k), (flip_i, flip_j, flip_k) in product(permutations(range(3)), product((False, True), repeat=3)):
        yield AxisOrder((i, j, k), (flip_i, flip_j, flip_k))


def as_slicer_loads(volume: Volume) -> Volume:
    """Reverse k when the axes are left-handed, as 3D Slicer does when it loads a file."""
    return volume if (order := _slicer_order(volume)) == STORED else volume.reordered(*order)


def canonical(volume: Volume) -> Volume:
    """The axis order nearest to left-posterior-superior, whatever order the voxels were stored in.

    Among the 48 signed permutations the one with the largest trace wins; exact ties (an axis at 45 degrees) are broken
    by the resulting direction cosines, so the choice depends on the anatomy alone.
    """
    return volume.reordered(*_canonical_order(volume))


def order_to(volume: Volume, array_order: str) -> AxisOrder:
    """The order that brings a volume into that which a model was made in (``"as-loaded"`` or ``"LPS"``).

    Raises
    ------
    InputError
        The name of the order is unknown.
    """
    if array_order == CANONICAL:
        return _canonical_order(volume)
    if array_order == AS_LOADED:
        return _slicer_order(volume)
    raise InputError(f"Array order {array_order!r} is unknown: use one of {', '.join(ARRAY_ORDERS)}.")


def order_toward(volume: Volume, axes: np.ndarray) -> AxisOrder:
    """The order whose axes run nearest to given directions (columns), whatever order the voxels are stored in."""
    cosines = (axes.T @ volume.direction).tolist()
    return max(axis_orders(), key=lambda order: _agreement(cosines, order))


def _agreement(cosines: list[list[float]], order: AxisOrder) -> float:
    """How nearly an order's axes run along given directions, of whose cosines with the stored axes each has a row."""
    turned = zip(cosines, order.axes, order.flips, strict=True)
    return sum(-row[axis] if flip else row[axis] for row, axis, flip in turned)


def _slicer_order(volume: Volume) -> AxisOrder:
    return _REVERSED_K if np.linalg.det(volume.direction) < 0 else STORED


def _canonical_order(volume: Volume) -> AxisOrder:
    cosines = volume.direction.tolist()
    traces = {order: round(_agreement(cosines, order), 6) for order in axis_orders()}
    largest = max(traces.values())
    nearest = [order for order, trace in traces.items() if trace == largest]

    def direction(order: AxisOrder) -> tuple[float, ...]:
        turned = volume.direction[:, list(order.axes)] * np.where(order.flips, -1.0, 1.0)
        return tuple(np.round(turned, 6).ravel() + 0.0)

    return max(nearest, key=direction)
