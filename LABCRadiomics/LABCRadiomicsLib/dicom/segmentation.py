"""The contour that was scored as a DICOM SEG beside its MRI series."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import highdicom
import numpy as np
import pydicom
from highdicom import seg
from pydicom.sr.codedict import codes

from ..errors import InputError
from ..imaging import Region, Volume
from .objects import UTF8, equipment, series_description, set_date, with_patient

SERIES_NUMBER = 101
_LONGEST_LABEL = 64  # of a DICOM long string
_SAME_DIRECTION = 0.01  # of direction cosines, which headers round
_SAME_PLACE_VOXELS = 0.51  # so that the nearest slice is still the right one, where slices are not evenly spaced


def contour_segmentation(
    document: Mapping[str, Any],
    region: Region,
    sources: Sequence[pydicom.Dataset],
    made: datetime | None = None,
    new_uid: Callable[[], str] = highdicom.UID,
) -> seg.Segmentation:
    """Make the DICOM SEG of a region: one binary segment, a frame for each slice that it touches.

    Parameters
    ----------
    document : mapping
        See :func:`.scoring.result_document.result_document`; names the segment.
    region : Region
        What was scored, on the grid of its image.
    sources : sequence of pydicom.Dataset
        See :func:`.objects.read_sources`; patient, study and frame of reference are the first one's.
    made : datetime, optional
        Date; now when left out.
    new_uid : callable
        Gives a new UID each time it is called: for the series, the instance and the tracking of the segment.

    Returns
    -------
    highdicom.seg.Segmentation

    Raises
    ------
    InputError
        There are no sources, they have no frame of reference, the region's image is elsewhere than they are, or their
        patient or study is not what DICOM allows.
    """
    if not sources:
        raise InputError("There are no DICOM images to refer to: give the files of the MRI series.")
    frame_of_reference = sources[0].get("FrameOfReferenceUID")
    if not frame_of_reference:
        raise InputError("The DICOM series has no FrameOfReferenceUID, so its contour has no place: export it again.")
    _require_same_place(region.as_read().image, sources)
    label = str(document["inputs"].get("segment") or "tumor")[:_LONGEST_LABEL].replace("\\", "/")
    series_uid, instance_uid, tracking_uid = new_uid(), new_uid(), new_uid()
    segment = seg.SegmentDescription(
        segment_number=1,
        segment_label=label,
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=seg.SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid=tracking_uid,
        tracking_id=label,
        anatomic_regions=[codes.SCT.Breast],
    )
    try:
        with warnings.catch_warnings(action="ignore"):  # about patient names without a caret: they stay as they are
            made_object = seg.Segmentation(
                source_images=[with_patient(sources[0]), *sources[1:]],
                pixel_array=_voxels(region, frame_of_reference),
                segmentation_type=seg.SegmentationTypeValues.BINARY,
                segment_descriptions=[segment],
                series_instance_uid=series_uid,
                series_number=SERIES_NUMBER,
                sop_instance_uid=instance_uid,
                instance_number=1,
                device_serial_number="1",
                content_label="TUMOR",
                content_description="Contour that was scored",
                series_description=series_description(document["status"]),
                **equipment(),
            )
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # a header that highdicom cannot use
        raise InputError(
            f"The contour cannot be written beside this DICOM series ({error}): export the series again."
        ) from error
    made_object.SpecificCharacterSet = UTF8
    made_object.ContentCreatorName = ""  # must be there; nobody's name is known
    set_date(made_object, made or datetime.now())
    return made_object


def _require_same_place(image: Volume, sources: Sequence[pydicom.Dataset]) -> None:
    """Refuse an image that was moved since it was loaded: its contour would be drawn beside the tumor.

    As it is read, an image's first two axes run along the rows and columns of its slices, each of which begins at the
    first voxel of both.
    """
    placed = [
        source for source in sources if source.get("ImagePositionPatient") and source.get("ImageOrientationPatient")
    ]
    if not placed:  # frames of a multi-frame image say where they are one by one
        return
    indices = np.array([image.index(np.array(source.ImagePositionPatient, dtype=float)) for source in placed])
    expected = np.clip(np.rint(indices), 0, [0, 0, image.size[2] - 1])
    along = np.array([source.ImageOrientationPatient for source in placed], dtype=float).reshape(-1, 2, 3)
    turned = np.abs(along - image.direction[:, :2].T).max()
    if np.abs(indices - expected).max() > _SAME_PLACE_VOXELS or turned > _SAME_DIRECTION:
        raise InputError(
            "The image is not where its DICOM series is, so its contour has no place there: remove transforms and "
            "other changes of the image's geometry, or load the series again."
        )


def _voxels(region: Region, frame_of_reference: str) -> highdicom.Volume:
    """The slices that the region touches, in the order in which its image was read."""
    read = region.as_read()
    image, (first, last) = read.image, (read.lower[2], read.upper[2])
    affine = np.eye(4)
    affine[:3, :3] = (image.direction * image.spacing)[:, ::-1]  # columns in the order of the array's axes
    affine[:3, 3] = image.point(np.array([0, 0, first]))
    array = np.ascontiguousarray(read.mask.array[first : last + 1])
    return highdicom.Volume(array, affine, "PATIENT", frame_of_reference_uid=frame_of_reference)
