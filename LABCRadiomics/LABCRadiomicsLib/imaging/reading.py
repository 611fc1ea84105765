"""Image and mask files to volumes, with the axis order that 3D Slicer gives them.

Here it is decided what a path holds; the files that know each format do the rest.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..notices import Notice
from ..sentences import listed
from .dicom_headers import has_preamble, quiet_pydicom
from .itk_files import DICOM, FileOptions, format_of, read_file
from .masks import as_labels, select_label
from .source import Reading
from .volume import as_slicer_loads


@dataclass(frozen=True)
class ReadingOptions:
    """What a user may choose or give where files leave it open.

    Attributes
    ----------
    phase : str or None
        Which acquisition of several: its number from 1, seconds after the first (``"90s"``), or ``"first-post"``.
    spacing : tuple of float or None
        Voxel size along i, j, k in mm, for files that state none.
    regular_grid : bool
        Resample DICOM slices that make no regular grid, instead of refusing them.
    segment : str or None
        Which segment or ROI of a mask: its name, identifier or number.
    label : int or None
        Which label of a mask; of one that names its segments, which number.
    series : str or None
        Which DICOM series of a folder that holds several: its number, description or UID.
    """

    phase: str | None = None
    spacing: tuple[float, float, float] | None = None
    regular_grid: bool = False
    segment: str | None = None
    series: str | None = None
    label: int | None = None

    @property
    def named(self) -> str | None:
        """Which segment is meant of a mask that names them."""
        return self.segment if self.segment is not None or self.label is None else str(self.label)

    @classmethod
    def from_texts(
        cls,
        phase: str | None = None,
        spacing: str | None = None,
        regular_grid: bool = False,
        segment: str | None = None,
        series: str | None = None,
        label: int | None = None,
    ) -> ReadingOptions:
        """Make them of what a user typed; an empty text is one not given.

        Raises
        ------
        InputError
            The spacing is not three numbers above zero.
        """
        return cls(
            phase or None, parse_spacing(spacing) if spacing else None, regular_grid, segment or None, series or None
        )


def parse_spacing(text: str) -> tuple[float, float, float]:
    """Three sizes in mm, such as ``"0.7,0.7,2"``.

    Raises
    ------
    InputError
        They are not three numbers above zero.
    """
    parts = re.split(r"\s*[,;x]\s*|\s+", text.strip())
    try:
        along_i, along_j, along_k = map(float, parts)
    except ValueError:
        along_i = along_j = along_k = math.nan
    if not all(math.isfinite(size) and size > 0 for size in (along_i, along_j, along_k)):
        raise InputError(f"Spacing {text!r} is not three sizes above zero in mm: write for example 0.7,0.7,2.")
    return along_i, along_j, along_k


AS_FILES_SAY = ReadingOptions()


@quiet_pydicom()
def read_image(path: str | Path, options: ReadingOptions = AS_FILES_SAY) -> Reading:
    """Read a scalar three-dimensional image.

    Parameters
    ----------
    path : path-like
        A NRRD, NIfTI, MetaImage or DICOM file, or a folder with one DICOM series.
    options : ReadingOptions

    Returns
    -------
    Reading
        Its volume has the axis order that 3D Slicer gives it (k reversed where the file's axes are left-handed).

    Raises
    ------
    InputError, GeometryError
        The path is no image, or none that can be taken for one three-dimensional volume of known geometry; the message
        says why, and which option helps.
    """
    return _read(Path(path), "Image", options)


@quiet_pydicom()
def read_mask(path: str | Path, options: ReadingOptions = AS_FILES_SAY, image: Reading | None = None) -> Reading:
    """Read the mask of a tumor.

    Parameters
    ----------
    path : path-like
        A label mask as :func:`read_image` reads images, Slicer's ``.seg.nrrd``, a DICOM segmentation or structure set
        (RTSTRUCT), or a folder with one of these.
    options : ReadingOptions
    image : Reading, optional
        What the mask was drawn on; a structure set needs it.

    Returns
    -------
    Reading
        Whole numbers, 0 outside. Where a segment was chosen, or the file names its segments, only that one is in it.

    Raises
    ------
    InputError, GeometryError
        See :func:`read_image`; also when the voxels are not whole numbers, so cannot be labels, or the segment is
        absent, ambiguous or empty.
    """
    path = Path(path)
    found = _read_named(path, options, image)
    if found is None:
        found = _read(path, "Mask", replace(options, phase=None, series=None))
        found = replace(found, volume=as_labels(found.volume, f"Mask {path}"))
        if options.named is not None and found.source.segment is None:
            found = _only_label(found, options.named, path)
    return replace(found, notices=(*found.notices, *_strangeness(image, found))) if image is not None else found


def read_pair(
    image_path: str | Path, mask_path: str | Path, options: ReadingOptions = AS_FILES_SAY
) -> tuple[Reading, Reading]:
    """Read an image and its mask; see :func:`read_image` and :func:`read_mask`."""
    image = read_image(image_path, options)
    return image, read_mask(mask_path, options, image)


def _read(path: Path, role: str, options: ReadingOptions) -> Reading:
    if not path.exists():
        raise InputError(f"{role} {path} does not exist: give the path of an image file or of a DICOM folder.")
    form = "" if path.is_dir() else format_of(path)
    if path.is_dir() or form == DICOM or (not form and has_preamble(path)):
        from .dicom_images import read_dicom_image

        return read_dicom_image(path, role, options.phase, options.spacing, options.regular_grid, options.series)
    if not form:
        raise InputError(
            f"{role} {path} cannot be read as an image: give an intact NRRD, NIfTI, MetaImage or DICOM file."
        )
    found = read_file(path, form, role, FileOptions(options.phase, options.spacing, options.named))
    return replace(found, volume=as_slicer_loads(found.volume))


def _read_named(path: Path, options: ReadingOptions, image: Reading | None) -> Reading | None:
    """Read a DICOM object that names its segments; None when the path holds none."""
    if not path.exists() or not (path.is_dir() or format_of(path) in (DICOM, "")):
        return None
    from .dicom_images import files_in, series_in

    found = series_in(files_in(path) if path.is_dir() else [path])
    named = [(file, series.modality) for series in found for file in series.headers
             if series.modality in ("SEG", "RTSTRUCT")]  # fmt: skip
    if not named:
        return None
    if len(named) > 1:
        names = listed([file.name for file, _ in named], 8)
        raise InputError(f"Mask folder {path} holds {len(named)} segmentations ({names}): give one of the files.")
    file, modality = named[0]
    if modality == "SEG":
        from .dicom_segments import read_segmentation

        return read_segmentation(file, options.named, None if image is None else image.volume)
    if image is None:
        raise InputError(
            f"Mask {file} holds contours (RTSTRUCT), which only an image gives voxels: give the image too."
        )
    from .structure_sets import read_structure_set

    return read_structure_set(file, options.named, image.volume)


def _only_label(found: Reading, segment: str, path: Path) -> Reading:
    if not segment.strip().lstrip("-").isdecimal():
        raise InputError(f"Mask {path} holds labels without names, so no segment {segment!r}: give its number.")
    label = select_label(found.volume.array, int(segment))
    array = np.where(found.volume.array == label, found.volume.array, 0)
    return replace(found, volume=found.volume.with_array(array))


def _strangeness(image: Reading, mask: Reading) -> list[Notice]:
    """Say when the headers of image and mask speak of different patients, or of different coordinates."""
    one, other = image.source, mask.source
    if one.patient_id and other.patient_id and one.patient_id != other.patient_id:
        text = "the mask's DICOM header names another patient than the image's"
        return [Notice("other-patient", text, grave=True)]
    frames = one.frame_of_reference_uid, other.frame_of_reference_uid
    if all(frames) and frames[0] != frames[1]:
        text = "image and mask have different DICOM frames of reference, so may have been taken in different positions"
        return [Notice("other-frame-of-reference", text)]
    return []
