"""Images and masks as 3D Slicer holds them: reading, axis order, and putting a mask on its image's grid.

Voxel arrays are indexed ``[k, j, i]``; spacing (mm), origin (mm, LPS) and direction cosines are in ``i, j, k`` order,
as SimpleITK gives them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import GeometryError, InputError
from ..notices import Notice

AS_LOADED = "as-loaded"
CANONICAL = "LPS"
ARRAY_ORDERS = (AS_LOADED, CANONICAL)

# Two grids whose corners differ by less than this many voxels hold the same voxels.
_SAME_GRID_VOXELS = 0.01


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
        """The same voxels at the same places with the array's axes permuted, then flipped.

        Parameters
        ----------
        axes : tuple of int
            New axis ``a`` (i, j, k) is old axis ``axes[a]``.
        flips : tuple of bool
            Whether new axis ``a`` runs backward.
        """
        corner = [self.size[old] - 1 if flip else 0 for old, flip in zip(axes, flips, strict=True)]
        first = np.zeros(3)
        first[list(axes)] = corner
        steps = tuple(slice(None, None, -1 if flip else 1) for flip in reversed(flips))
        array = self.array.transpose([2 - old for old in reversed(axes)])[steps]
        signs = np.where(flips, -1.0, 1.0)
        return Volume(array, self.spacing[list(axes)], self.point(first), self.direction[:, list(axes)] * signs)

    def crop(self, lower: np.ndarray, upper: np.ndarray) -> Volume:
        """The block of voxels from index ``lower`` to ``upper``, both included."""
        (i0, j0, k0), (i1, j1, k1) = lower, np.asarray(upper) + 1
        return Volume(self.array[k0:k1, j0:j1, i0:i1], self.spacing, self.point(lower), self.direction)


class _HeldVoxels:
    """A SimpleITK image's voxels for numpy; views of them keep the image alive, which SimpleITK's own do not."""

    def __init__(self, image: sitk.Image):
        self._image = image
        self.__array_interface__ = sitk.GetArrayViewFromImage(image).__array_interface__


def axis_orders() -> Iterator[tuple[tuple[int, int, int], tuple[bool, bool, bool]]]:
    """All 48 ways to permute and flip the axes of a volume."""
    yield from product(permutations(range(3)), product((False, True), repeat=3))


def as_slicer_loads(volume: Volume) -> Volume:
    """Reverse k when the axes are left-handed, as 3D Slicer does when it loads a file."""
    if np.linalg.det(volume.direction) < 0:
        return volume.reordered((0, 1, 2), (False, False, True))
    return volume


def canonical(volume: Volume) -> Volume:
    """The axis order nearest to left-posterior-superior, whatever order the voxels were stored in.

    Among the 48 signed permutations the one with the largest trace wins; exact ties (an axis at 45 degrees) are broken
    by the resulting direction cosines, so the choice depends on the anatomy alone.
    """

    def closeness(order: tuple) -> tuple:
        axes, flips = order
        direction = volume.direction[:, list(axes)] * np.where(flips, -1.0, 1.0)
        return round(float(np.trace(direction)), 6), tuple(np.round(direction, 6).ravel() + 0.0)

    return volume.reordered(*max(axis_orders(), key=closeness))


def in_array_order(volume: Volume, array_order: str) -> Volume:
    """Bring a volume into the axis order that a model was made in (``"as-loaded"`` or ``"LPS"``)."""
    if array_order == CANONICAL:
        return canonical(volume)
    if array_order == AS_LOADED:
        return as_slicer_loads(volume)
    raise InputError(f"Array order {array_order!r} is unknown: use one of {', '.join(ARRAY_ORDERS)}.")


def read_image(path: str | Path) -> sitk.Image:
    """Read a scalar three-dimensional image from a file or a folder with one DICOM series.

    Parameters
    ----------
    path : path-like
        NRRD, NIfTI, MetaImage or any other file that ITK reads, or a folder of DICOM files.

    Returns
    -------
    SimpleITK.Image
        The image with the axis order that 3D Slicer gives it (k reversed where the file's axes are left-handed).

    Raises
    ------
    InputError
        The path does not exist, is no image, or is not a single-component three-dimensional image.
    """
    image = _read(Path(path), "Image")
    _require_scalar_3d(image, f"Image {path}")
    return _right_handed(image)


def read_mask(path: str | Path) -> sitk.Image:
    """Read a label mask; see :func:`read_image`.

    Raises
    ------
    InputError
        Also when the voxels are not whole numbers, so cannot be labels.
    """
    mask = _read(Path(path), "Mask")
    _require_scalar_3d(mask, f"Mask {path}")
    return _right_handed(_as_labels(mask, f"Mask {path}"))


def _read(path: Path, role: str) -> sitk.Image:
    if path.is_dir():
        return _read_dicom_series(path, role)
    if not path.is_file():
        raise InputError(f"{role} {path} does not exist: give the path of an image file or of a DICOM folder.")
    try:
        return sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError(
            f"{role} {path} cannot be read as an image: give an NRRD, NIfTI, MetaImage or DICOM file."
        ) from error


def dicom_files(folder: str | Path, role: str = "Image") -> list[str]:
    """List the files of a folder's only DICOM series, in the order :func:`read_image` reads them.

    Raises
    ------
    InputError
        The folder holds no DICOM series or several.
    """
    series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    if not series:
        raise InputError(f"{role} folder {folder} holds no DICOM series: give a folder with the files of one series.")
    if len(series) > 1:
        raise InputError(f"{role} folder {folder} holds {len(series)} DICOM series: give a folder with just one.")
    return list(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series[0]))


def _read_dicom_series(folder: Path, role: str) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(dicom_files(folder, role))
    try:
        return reader.Execute()
    except RuntimeError as error:
        raise InputError(
            f"{role} folder {folder} holds a DICOM series that cannot be read: export it again."
        ) from error


def _require_scalar_3d(image: sitk.Image, what: str) -> None:
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            f"{what} has {image.GetNumberOfComponentsPerPixel()} components per voxel (color or layers): "
            "give a single-component volume."
        )
    if image.GetDimension() != 3:
        raise InputError(f"{what} has {image.GetDimension()} dimensions: give a three-dimensional volume.")
    if "complex" in image.GetPixelIDTypeAsString():
        raise InputError(f"{what} holds complex numbers: give a volume of real intensities.")


def _right_handed(image: sitk.Image) -> sitk.Image:
    volume = Volume.from_sitk(image)
    loaded = as_slicer_loads(volume)
    return image if loaded is volume else loaded.to_sitk()


def _as_labels(mask: sitk.Image, what: str) -> sitk.Image:
    if "float" not in mask.GetPixelIDTypeAsString():
        return mask
    values = sitk.GetArrayViewFromImage(mask)
    if not np.array_equal(values, np.floor(values)):  # also refuses NaN
        raise InputError(f"{what} holds fractional values: give a label mask of whole numbers.")
    return sitk.Cast(mask, sitk.sitkInt32)


def select_label(mask: np.ndarray, label: int | None) -> int:
    """Decide which label of a mask is the ROI.

    Parameters
    ----------
    mask : numpy.ndarray
        Whole numbers, 0 is background.
    label : int or None
        The label asked for; None takes the only one there is.

    Raises
    ------
    InputError
        The mask is empty, the label is absent, or there are several and none was chosen.
    """
    if label is not None and label != 0 and (mask == label).any():
        return int(label)
    present = _labels(mask)
    if not present:
        raise InputError("The mask is empty: segment the tumor first.")
    names = ", ".join(map(str, present[:10])) + (", ..." if len(present) > 10 else "")
    if label is not None:
        raise InputError(f"Label {label} is not in the mask, which holds {names}: choose one of these.")
    if len(present) > 1:
        raise InputError(f"The mask holds several labels ({names}): choose one of them.")
    return present[0]


def _labels(mask: np.ndarray) -> list[int]:
    """The labels that occur, ascending, looked for where there are any."""
    if not mask.any():
        return []
    (i0, j0, k0), (i1, j1, k1) = bounding_box(mask)
    return [int(value) for value in np.unique(mask[k0 : k1 + 1, j0 : j1 + 1, i0 : i1 + 1]) if value != 0]


def bounding_box(roi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest ``i, j, k`` index (both included) of the nonzero voxels of a ``(k, j, i)`` array."""
    in_plane = roi.any(axis=0)
    occupied = [in_plane.any(axis=0), in_plane.any(axis=1), roi.any(axis=(1, 2))]
    found = [np.flatnonzero(line) for line in occupied]
    return np.array([index[0] for index in found]), np.array([index[-1] for index in found])


def match_mask(image: Volume, mask: Volume, label: int) -> tuple[Volume, list[Notice]]:
    """Put a mask on the grid of its image.

    Parameters
    ----------
    image, mask : Volume
        In the same array order.
    label : int
        The ROI's label.

    Returns
    -------
    mask : Volume
        On the image's grid; the given one where it already was.
    notices : list of Notice
        ``mask-resampled`` when nearest-neighbor resampling was needed.

    Raises
    ------
    GeometryError
        The ROI lies partly or wholly outside the image.
    """
    if _same_grid(image, mask):
        return Volume(mask.array, image.spacing, image.origin, image.direction), []
    _require_inside(image, mask, label)
    reference = sitk.Image(image.size.tolist(), sitk.sitkUInt8)
    reference.SetSpacing(image.spacing.tolist())
    reference.SetOrigin(image.origin.tolist())
    reference.SetDirection(image.direction.ravel().tolist())
    resampled = sitk.Resample(mask.to_sitk(), reference, sitk.Transform(), sitk.sitkNearestNeighbor)
    array = sitk.GetArrayFromImage(resampled)
    if not (array == label).any():
        raise GeometryError("The ROI vanishes on the image's coarser grid: segment the tumor on this image.")
    text = "the mask is on another grid than the image and was resampled to it (nearest neighbor)"
    return Volume(array, image.spacing, image.origin, image.direction), [Notice("mask-resampled", text)]


def _same_grid(image: Volume, mask: Volume) -> bool:
    if image.array.shape != mask.array.shape:
        return False
    corners = np.array(list(product(*((0, last) for last in image.size - 1))))
    moved = np.array([image.index(mask.point(corner)) for corner in corners])
    return bool(np.abs(moved - corners).max() < _SAME_GRID_VOXELS)


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
