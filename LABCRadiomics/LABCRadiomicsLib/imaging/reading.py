"""Image and mask files to volumes, with the axis order that 3D Slicer gives them."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from ..errors import InputError
from .masks import as_labels
from .source import Reading, Source
from .volume import Volume, as_slicer_loads


def read_image(path: str | Path) -> Reading:
    """Read a scalar three-dimensional image from a file or a folder with one DICOM series.

    Parameters
    ----------
    path : path-like
        NRRD, NIfTI, MetaImage or any other file that ITK reads, or a folder of DICOM files.

    Returns
    -------
    Reading
        Its volume has the axis order that 3D Slicer gives it (k reversed where the file's axes are left-handed).

    Raises
    ------
    InputError
        The path does not exist, is no image, or is not a single-component three-dimensional image.
    """
    return _read(Path(path), "Image")


def read_mask(path: str | Path) -> Reading:
    """Read a label mask; see :func:`read_image`.

    Raises
    ------
    InputError
        Also when the voxels are not whole numbers, so cannot be labels.
    """
    found = _read(Path(path), "Mask")
    return Reading(as_labels(found.volume, f"Mask {path}"), found.source, found.notices)


def _read(path: Path, role: str) -> Reading:
    if path.is_dir():
        files = dicom_files(path, role)
        image = _read_dicom_series(path, files, role)
        source = Source(tuple(map(Path, files)), "DICOM series")
    else:
        image = _read_file(path, role)
        source = Source((path,), f"{path.suffix.lstrip('.').upper()} file")
    _require_scalar_3d(image, f"{role} {path}")
    return Reading(as_slicer_loads(Volume.from_sitk(image)), source)


def _read_file(path: Path, role: str) -> sitk.Image:
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


def _read_dicom_series(folder: Path, files: list[str], role: str) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
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
