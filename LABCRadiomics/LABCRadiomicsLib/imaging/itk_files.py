"""NRRD, NIfTI, MetaImage and other files that ITK reads, held to what their headers really say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..notices import Notice
from .acquisitions import ADVICE, ADVICE_FOR_MASKS, FIRST_POST, choose_phase
from .file_headers import (
    FileHeader,
    is_as_packed,
    meta_header,
    nifti_header,
    non_finite_voxels,
    nrrd_header,
    require_sound,
)
from .segment_layers import is_layered, read_layers
from .sidecar import with_sidecar
from .slice_grids import has_right_angles, require_right_angles
from .source import Reading, Source
from .volume import Volume

_HEADERS = {"NrrdImageIO": nrrd_header, "NiftiImageIO": nifti_header, "MetaImageIO": meta_header}
_FORMS = {"NrrdImageIO": "NRRD", "NiftiImageIO": "NIfTI", "MetaImageIO": "MetaImage"}
# Formats that always hold a voxel size; pictures (TIFF, PNG, ...) hold none.
_WITH_SPACING = ("VTKImageIO", "GiplImageIO", "HDF5ImageIO", "MINCImageIO", "MRCImageIO", "Bruker2dseqImageIO")
DICOM = "GDCMImageIO"


@dataclass(frozen=True)
class FileOptions:
    """What may be chosen or given when one image file is read; see :func:`.reading.read_image`."""

    phase: str | None = None
    spacing: tuple[float, float, float] | None = None
    segment: str | None = None


@contextmanager
def quiet_itk() -> Iterator[None]:
    """Keep what ITK and its format libraries print off the terminal: what matters of it is said in sentences here."""
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        with _closed_stderr():
            yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


@contextmanager
def _closed_stderr() -> Iterator[None]:
    """Send the process's error output nowhere: the MetaImage and NIfTI libraries write to it by themselves."""
    try:
        kept = os.dup(2)
    except OSError:  # a program with windows may have none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def format_of(path: Path) -> str:
    """The name of the ITK reader for a file; empty when there is none."""
    with quiet_itk():
        return sitk.ImageFileReader.GetImageIOFromFileName(_itk_name(path))


def _itk_name(path: Path) -> str:
    """Give a path as ITK takes it, which ends the whole process at a name that is not UTF-8."""
    name = str(path)
    if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
        raise InputError(f"{path} has a name that is not UTF-8: rename it.")
    return name


def read_file(path: Path, form: str, role: str, options: FileOptions) -> Reading:
    """Read a volume from one file.

    Parameters
    ----------
    path : pathlib.Path
    form : str
        See :func:`format_of`.
    role : str
        ``"Image"`` or ``"Mask"``, for messages.
    options : FileOptions

    Returns
    -------
    Reading
        Its axes are as the file stores them.

    Raises
    ------
    InputError, GeometryError
        The file is damaged, or no single-component volume; its voxel size is not known; its axes are not at right
        angles; it holds several phases and none is chosen.
    """
    what = f"{role} {path}"
    header = header_of(path, form, what)
    reader = sitk.ImageFileReader()
    reader.SetFileName(_itk_name(path))
    reader.SetImageIO(form)
    notices: list[Notice] = []
    with quiet_itk():
        try:
            reader.ReadImageInformation()
            _require_volumes(reader, header, what)
            spacing_notices = _spacing_notices(header, options, what)
            if _is_layered(reader, header):
                require_sound(header, what)
                volume, segment = read_layers(path, reader.Execute(), header.fields, options.segment)
                phase = None
            else:
                segment = None
                volume, phase, notices = _chosen_volume(reader, header, options, what)
                if not is_as_packed(header, volume.array):
                    require_sound(header, what)
        except (RuntimeError, MemoryError) as error:
            require_sound(header, what)  # a damaged file is told from one of another kind
            _spacing_notices(header, options, what)  # ITK may refuse a file for just what it lacks
            raise InputError(
                f"{what} cannot be read as an image: give an intact NRRD, NIfTI, MetaImage or DICOM file."
            ) from error
    volume = _placed(volume, header, options, what)
    source = Source(
        files=(path,),
        form=f"{_FORMS.get(form, path.suffix.lstrip('.').upper())} file",
        phase=phase,
        segment=segment,
        given_spacing_mm=options.spacing if spacing_notices else None,
    )
    return Reading(volume, with_sidecar(source, path), (*spacing_notices, *notices))


def header_of(path: Path, form: str, what: str) -> FileHeader:
    """What a file's header says of voxel size and place.

    Raises
    ------
    InputError, GeometryError
        The header is damaged, or contradicts itself.
    """
    if form in _HEADERS:
        return _HEADERS[form](path, what)
    if form in _WITH_SPACING:
        return FileHeader()
    return FileHeader("its format keeps none")


def _spacing_notices(header: FileHeader, options: FileOptions, what: str) -> list[Notice]:
    """Refuse a file that does not state its voxel size, unless it is given."""
    if header.lacking is None:
        return []
    if options.spacing is None:
        raise InputError(
            f"{what} does not say how large its voxels are and how they lie, for {header.lacking}: "
            "save it with its geometry, or give the voxel size with --spacing X,Y,Z."
        )
    sizes = " x ".join(f"{size:g}" for size in options.spacing)
    role = what.split()[0].lower()
    return [Notice("spacing-given", f"voxel size {sizes} mm was given for the {role}, because {header.lacking}")]


def _is_layered(reader: sitk.ImageFileReader, header: FileHeader) -> bool:
    return is_layered(header.fields) and reader.GetDimension() == 3


def _require_volumes(reader: sitk.ImageFileReader, header: FileHeader, what: str) -> None:
    """Refuse what is not one three-dimensional volume of real numbers, nor a list of such."""
    dimension, components = reader.GetDimension(), reader.GetNumberOfComponents()
    if "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelID()):
        raise InputError(f"{what} holds complex numbers: give a volume of real intensities.")
    if components != 1 and not (header.listed and dimension == 3):
        raise InputError(
            f"{what} has {components} components per voxel (color or layers): give a single-component volume."
        )
    if dimension not in (3, 4):
        raise InputError(f"{what} has {dimension} dimensions: give a three-dimensional volume.")


def _chosen_volume(
    reader: sitk.ImageFileReader, header: FileHeader, options: FileOptions, what: str
) -> tuple[Volume, str | None, list[Notice]]:
    """The one three-dimensional volume of a file that is meant, and the phase it is, in words."""
    size, components = reader.GetSize(), reader.GetNumberOfComponents()
    if len(size) == 4:
        at, phase, notices = _phase(size[3], header.time_step, options, what)
        reader.SetExtractSize([*size[:3], 0])
        reader.SetExtractIndex([0, 0, 0, at])
        volume = Volume.from_sitk(reader.Execute())
    else:
        at, phase, notices = _phase(components, None, options, what)
        image = reader.Execute()
        volume = Volume.from_sitk(image if components == 1 else sitk.VectorIndexSelectionCast(image, at))
    if reader.GetImageIO() == "NiftiImageIO":
        volume = _with_non_finite(volume, Path(reader.GetFileName()), what, at)
    return volume, phase, notices


def _phase(count: int, step: float | None, options: FileOptions, what: str) -> tuple[int, str | None, list[Notice]]:
    times = [None if step is None else step * at for at in range(count)]
    listed = [
        "one volume" if time is None else f"{time:.4g} s after the first" if time else "the first" for time in times
    ]
    advice = ADVICE if what.startswith("Image") else ADVICE_FOR_MASKS
    at = choose_phase(times, options.phase, f"{what}, of four dimensions," if count > 1 else what, listed, advice)
    if count == 1:
        return at, None, []
    phase = f"phase {at + 1} of {count}"
    how = "the second was taken for the first after contrast" if options.phase == FIRST_POST else "as chosen"
    return at, phase, [Notice("phase-chosen", f"{phase} was read, {how}")]


def _with_non_finite(volume: Volume, path: Path, what: str, at: int) -> Volume:
    """Put back NaN and infinity, which the NIfTI reader turns into zeros."""
    wrong = non_finite_voxels(path, what)
    if wrong is None:
        return volume
    wrong = wrong.reshape(-1, *volume.array.shape)[at]
    return volume.with_array(np.where(wrong != 0, wrong, volume.array))


def _placed(volume: Volume, header: FileHeader, options: FileOptions, what: str) -> Volume:
    """The volume with the voxel size that was given, or with its file's unit turned into millimeters."""
    if header.lacking is not None:
        sound = has_right_angles(volume)
        return Volume(
            volume.array,
            np.array(options.spacing, float),
            volume.origin if sound else np.zeros(3),
            volume.direction if sound else np.eye(3),
        )
    if header.unit_mm != 1:
        volume = replace(volume, spacing=volume.spacing * header.unit_mm, origin=volume.origin * header.unit_mm)
    if options.spacing is not None and not np.allclose(volume.spacing, options.spacing, rtol=1e-3):
        stated = " x ".join(f"{size:.4g}" for size in volume.spacing)
        raise InputError(
            f"{what} states its own voxel size, {stated} mm, not the one of --spacing: leave the option out."
        )
    require_right_angles(volume, what)
    return volume
