"""The voxels of DICOM frames: decoded whatever their transfer syntax, and rescaled each by its own numbers."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from .dicom_headers import Frame, number, read_header
from .itk_files import quiet_itk

if TYPE_CHECKING:
    from pydicom import Dataset

_NOTHING_READ: Mapping[Path, Dataset] = MappingProxyType({})
_RESCALING = ("RescaleSlope", "RescaleIntercept", "RescaleType", "RealWorldValueMappingSequence", "ModalityLUTSequence",
              "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")  # fmt: skip


def stored_frames(frames: Sequence[Frame], headers: Mapping[Path, Dataset] = _NOTHING_READ) -> list[np.ndarray]:
    """Decode frames; each file is read once.

    Parameters
    ----------
    frames : sequence of Frame
    headers : mapping of pathlib.Path to pydicom.Dataset
        What was read of the files; where it holds the pixels too, the file is not read again.

    Returns
    -------
    list of numpy.ndarray
        The stored numbers, shape (rows, columns) each, in the order of the frames.

    Raises
    ------
    InputError
        A file holds no pixels, fewer than its header says, color, or a compression that nothing here decodes.
    """
    places: dict[Path, list[int]] = defaultdict(list)
    for place, frame in enumerate(frames):
        places[frame.path].append(place)
    found: list[np.ndarray | None] = [None] * len(frames)
    for path, at in places.items():
        known = headers.get(path)
        pixels = _pixels(path, frames[at[0]], known if known is not None and _has_pixels(known) else None)
        for place in at:
            frame = frames[place]
            if frame.index >= len(pixels) or pixels.shape[1:] != frame.size:
                raise InputError(f"{path} holds fewer pixels than its header says: copy or export it again.")
            found[place] = pixels[frame.index]
    return found  # type: ignore[return-value]  # every place was filled


def rescaled(stored: Sequence[np.ndarray], frames: Sequence[Frame]) -> np.ndarray:
    """Stack stored numbers as values, each frame by its own slope and intercept.

    Returns
    -------
    numpy.ndarray
        Shape (n, rows, columns); the stored type where no frame is rescaled, whole numbers where slope and intercept
        are, else float64.
    """
    slopes = np.array([frame.scaling.slope for frame in frames])
    intercepts = np.array([frame.scaling.intercept for frame in frames])
    stack = np.stack(stored)
    if (slopes == 1).all() and (intercepts == 0).all():
        return stack
    values = stack.astype(np.float64) * slopes[:, None, None] + intercepts[:, None, None]
    whole = (slopes == np.rint(slopes)).all() and (intercepts == np.rint(intercepts)).all()
    limits = np.iinfo(np.int32)
    if whole and stack.dtype.kind in "iu" and limits.min <= values.min() and values.max() <= limits.max:
        return values.astype(np.int32)
    return values


def _has_pixels(dataset: Dataset) -> bool:
    return any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"))


def _pixels(path: Path, frame: Frame, dataset: Dataset | None) -> np.ndarray:
    """All frames of a file, shape (n, rows, columns)."""
    dataset = read_header(path, whole=True) if dataset is None else dataset
    if dataset is None:
        raise InputError(f"{path} is no longer a DICOM file: read the folder again.")
    components = number(dataset, "SamplesPerPixel") or 1
    if components != 1:
        raise InputError(f"{path} has {components:g} components per voxel (color): give a single-component volume.")
    if not _has_pixels(dataset):
        raise InputError(f"{path} holds no pixels: give DICOM images.")
    try:
        array = _decoded(dataset, path)
    except Exception as error:  # decoders raise whatever damaged bytes lead to
        raise InputError(
            f"The pixels of {path} cannot be decoded ({_syntax(dataset)}): copy or export it again, uncompressed."
        ) from error
    array = array.reshape(-1, *array.shape[-2:])
    return _looked_up(array, dataset) if frame.scaling.table else array


def _decoded(dataset: Dataset, path: Path) -> np.ndarray:
    """By pydicom, or by GDCM within SimpleITK for a compression that pydicom has no decoder for here."""
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

        plain = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else plain
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed or _has_decoder(syntax):
        return dataset.pixel_array
    stored = read_header(path, whole=True)
    assert stored is not None  # it was read before
    for keyword in _RESCALING:
        stored.pop(keyword, None)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "stored.dcm"
        stored.save_as(copy, enforce_file_format=True)
        with quiet_itk():
            return sitk.GetArrayFromImage(sitk.ReadImage(str(copy)))


def _has_decoder(syntax) -> bool:
    from pydicom.pixels import get_decoder

    try:
        return get_decoder(syntax).is_available
    except NotImplementedError:
        return False


def _syntax(dataset: Dataset) -> str:
    syntax = getattr(dataset.file_meta, "TransferSyntaxUID", None)
    return getattr(syntax, "name", None) or "of unknown transfer syntax"


def _looked_up(array: np.ndarray, dataset: Dataset) -> np.ndarray:
    from pydicom.pixels import apply_modality_lut

    try:
        return apply_modality_lut(array, dataset)
    except Exception as error:
        raise InputError(f"{dataset.filename} holds a lookup table of no use: export the images again.") from error
