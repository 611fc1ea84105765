"""One region of one image: the mask put on the image's grid, both in one axis order, done once and kept together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import SimpleITK as sitk

from ..errors import GeometryError
from ..notices import Notice
from .masks import select_label
from .volume import AS_LOADED, STORED, AxisOrder, Volume, bounding_box, box_slices, order_to, order_toward

# Two grids whose corners differ by less than this many voxels hold the same voxels.
_SAME_GRID_VOXELS = 0.01


@dataclass(frozen=True)
class Region:
    """An image and what of it is examined.

    Attributes
    ----------
    image : Volume
        The whole image.
    lower, upper : numpy.ndarray
        First and last ``i, j, k`` index of the region's bounding box, both included.
    inside : numpy.ndarray of bool
        The region within its bounding box, shape ``(k, j, i)`` of the box.
    label : int
        Its label in the mask it was taken from.
    notices : tuple of Notice
        ``mask-resampled`` when the mask was on another grid than the image.
    order : AxisOrder
        How the image was brought from the order it was read in to the one it has here.
    given : Volume or None
        The mask as it was given, 1 inside, in the axis order of the image, where its grid is not exactly the image's.
    """

    image: Volume
    lower: np.ndarray
    upper: np.ndarray
    inside: np.ndarray
    label: int = 1
    notices: tuple[Notice, ...] = ()
    order: AxisOrder = STORED
    given: Volume | None = None

    @property
    def mask(self) -> Volume:
        """The region on the whole grid of the image, uint8, 1 inside."""
        array = np.zeros(self.image.array.shape, np.uint8)
        array[box_slices(self.lower, self.upper)] = self.inside
        return self.image.with_array(array)

    def with_mask(self, mask: np.ndarray) -> Region:
        """Another region of the same image.

        Parameters
        ----------
        mask : numpy.ndarray
            Nonzero inside, shape ``(k, j, i)`` of the image; at least one voxel.
        """
        lower, upper = bounding_box(mask)
        inside = np.ascontiguousarray(mask[box_slices(lower, upper)] != 0)
        return replace(self, lower=lower, upper=upper, inside=inside, given=None)

    def as_read(self) -> Region:
        """The region in the axis order in which the image was read, as its user knows the slices."""
        back = self.order.inverse
        first, last = self.lower[list(back.axes)], self.upper[list(back.axes)]
        size, flips = self.image.size[list(back.axes)], np.array(back.flips)
        return replace(
            self,
            image=self.image.reordered(*back),
            lower=np.where(flips, size - 1 - last, first),
            upper=np.where(flips, size - 1 - first, last),
            inside=back.of_array(self.inside),
            order=STORED,
            given=None if self.given is None else self.given.reordered(*back),
        )


def region_of(
    image: Volume,
    mask: Volume,
    label: int | None = None,
    array_order: str = AS_LOADED,
    *,
    tolerance: float | None = None,
    resample: bool = True,
) -> Region:
    """Find one label of a mask in an image.

    Parameters
    ----------
    image, mask : Volume
        A mask on another grid is resampled (nearest neighbor), with a notice.
    label : int, optional
        Which label; may be left out when the mask holds just one.
    array_order : str
        Axis order of the result, ``"as-loaded"`` or ``"LPS"``. Nothing in the result depends on the order that image
        and mask were given in, but for ``"as-loaded"``.
    tolerance : float, optional
        How far two grids of one size may differ and still be the same, as ITK has it: in origin and spacing as a share
        of the voxel size along i, in direction as an absolute difference. Default: corners within 0.01 voxels.
    resample : bool
        Whether a mask on another grid is resampled, or refused.

    Returns
    -------
    Region

    Raises
    ------
    InputError
        The mask is empty, or the label is absent or ambiguous; the array order is unknown.
    GeometryError
        The region lies partly or wholly outside the image, or vanishes on its grid; or the grids differ and
        ``resample`` is false.
    """
    label = select_label(mask.array, label)
    order = order_to(image, array_order)
    image = image.reordered(*order)
    mask = mask.reordered(*order_toward(mask, image.direction))
    if not resample and not _same_grid(image, mask, tolerance):
        raise GeometryError(
            "Image and mask are on different grids, and correctMask is false: resample the mask, leave correctMask "
            "out, or raise geometryTolerance."
        )
    labels, notices = labels_on_grid(image, mask, label, tolerance)
    first, last = bounding_box(labels)  # of all labels: cheap, and all that follows is on this block
    inside = labels[box_slices(first, last)] == label
    within = bounding_box(inside)
    lower, upper = (first + bound for bound in within)
    inside = np.ascontiguousarray(inside[box_slices(*within)])
    exact = _differences(image, mask) == (0, 0, 0) and image.array.shape == mask.array.shape
    given = None if exact else mask.with_array((mask.array == label).astype(np.uint8))
    return Region(image, lower, upper, inside, label, tuple(notices), order, given)


def labels_on_grid(
    image: Volume, mask: Volume, label: int, tolerance: float | None = None
) -> tuple[np.ndarray, list[Notice]]:
    """Put a mask on the grid of its image.

    Parameters
    ----------
    image, mask : Volume
        In the same array order.
    label : int
        The label that must be inside the image.
    tolerance : float, optional
        See :func:`region_of`.

    Returns
    -------
    labels : numpy.ndarray
        Shape of the image; the mask's own array where it already was on the image's grid, and its voxels moved where
        they are voxels of the image too (a cropped or padded mask).
    notices : list of Notice
        ``mask-resampled`` when nearest-neighbor resampling was needed.

    Raises
    ------
    GeometryError
        The region lies partly or wholly outside the image, or vanishes on its grid.
    """
    if _same_grid(image, mask, tolerance):
        return mask.array, []
    _require_inside(image, mask, label)
    if (offset := _offset_on_lattice(image, mask)) is not None:
        return _pasted(image, mask, offset), []
    reference = sitk.Image(image.size.tolist(), sitk.sitkUInt8)
    reference.SetSpacing(image.spacing.tolist())
    reference.SetOrigin(image.origin.tolist())
    reference.SetDirection(image.direction.ravel().tolist())
    resampled = sitk.Resample(mask.to_sitk(), reference, sitk.Transform(), sitk.sitkNearestNeighbor)
    array = sitk.GetArrayFromImage(resampled)
    if not (array == label).any():
        raise GeometryError("The ROI vanishes on the image's coarser grid: segment the tumor on this image.")
    text = "the mask is on another grid than the image and was resampled to it (nearest neighbor)"
    return array, [Notice("mask-resampled", text)]


def _same_grid(image: Volume, mask: Volume, tolerance: float | None = None) -> bool:
    if image.array.shape != mask.array.shape:
        return False
    if tolerance is not None:
        origin, spacing, direction = _differences(image, mask)
        return max(origin, spacing) <= tolerance * image.spacing[0] and direction <= tolerance
    corners = np.array(list(product(*((0, last) for last in image.size - 1))))
    moved = np.array([image.index(mask.point(corner)) for corner in corners])
    return bool(np.abs(moved - corners).max() < _SAME_GRID_VOXELS)


def _differences(image: Volume, mask: Volume) -> tuple[float, float, float]:
    """Largest differences in origin (mm), spacing (mm) and direction cosines."""
    pairs = ((image.origin, mask.origin), (image.spacing, mask.spacing), (image.direction, mask.direction))
    return tuple(float(np.abs(one - other).max()) for one, other in pairs)  # type: ignore[return-value]


def _offset_on_lattice(image: Volume, mask: Volume) -> np.ndarray | None:
    """Index in the image of the mask's first voxel, where all its voxels are voxels of the image; else None."""
    corners = np.array(list(product(*((0, last) for last in mask.size - 1))))
    moved = np.array([image.index(mask.point(corner)) for corner in corners]) - corners
    offset = np.rint(moved[0])
    return offset.astype(int) if np.abs(moved - offset).max() < _SAME_GRID_VOXELS else None


def _pasted(image: Volume, mask: Volume, offset: np.ndarray) -> np.ndarray:
    lower, upper = np.maximum(offset, 0), np.minimum(offset + mask.size, image.size) - 1
    labels = np.zeros(image.array.shape, mask.array.dtype)
    labels[box_slices(lower, upper)] = mask.array[box_slices(lower - offset, upper - offset)]
    return labels


def _require_inside(image: Volume, mask: Volume, label: int) -> None:
    voxels = np.argwhere(mask.array == label)[:, ::-1]
    points = mask.origin + (voxels * mask.spacing) @ mask.direction.T
    index = np.linalg.solve(image.direction, (points - image.origin).T).T / image.spacing
    tolerance = 0.5 + 1e-3  # half a voxel to its edge, and the rounding that pyradiomics allows
    outside = ((index < -tolerance) | (index > image.size - 1 + tolerance)).any(axis=1)
    if outside.all():
        raise GeometryError("Image and mask do not overlap in space: check that they belong to the same scan.")
    if outside.any():
        raise GeometryError("The ROI reaches outside the image: check that image and mask belong to the same scan.")
