"""DICOM objects of a small made-up MRI for the tests of the readers: slices, enhanced objects, SEG and RTSTRUCT.

The voxels tell where they are (100 * slice + 10 * row + column), so that a slice, row or column in the wrong place is
seen.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    RTStructureSetStorage,
    generate_uid,
)

from LABCRadiomicsLib.imaging import Volume

SHAPE = (10, 14, 12)  # slices, rows, columns
SPACING = (0.7, 0.8, 2.0)  # along columns, rows, slices
ORIGIN = (-20.0, 30.0, -45.5)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
STUDY, FRAME_OF_REFERENCE = (f"1.2.826.0.1.3680043.8.498.{number}" for number in (11, 12))


def uid(*parts: object) -> str:
    """A UID that depends on nothing but its arguments."""
    return generate_uid(entropy_srcs=["labcradiomics tests", *map(str, parts)])


def pattern(shape: Sequence[int] = SHAPE) -> np.ndarray:
    """Voxels that tell where they are."""
    k, j, i = np.indices(shape)
    return (100 * k + 10 * j + i).astype(np.int16)


def tumor(shape: Sequence[int] = SHAPE) -> np.ndarray:
    """A mask of 0 and 1 within the volume."""
    k, j, i = np.indices(shape)
    return (((k - 5) / 3) ** 2 + ((j - 7) / 4) ** 2 + ((i - 6) / 3.5) ** 2 < 1).astype(np.uint8)


def slices(
    voxels: np.ndarray | None = None,
    series: str = "series",
    orientation: Sequence[float] = SAGITTAL,
    positions: Iterable[Sequence[float]] | None = None,
    **attributes: object,
) -> list[Dataset]:
    """Single-frame MR images of a volume, in the order of their places along the normal.

    Parameters
    ----------
    voxels : numpy.ndarray, optional
        Shape (slices, rows, columns); default :func:`pattern`.
    series : str
        Another name gives another series.
    orientation : sequence of float
    positions : iterable, optional
        Of each slice; default 2 mm apart along the normal.
    **attributes
        Set in every slice; a callable is called with the slice's number, None leaves the attribute out.
    """
    voxels = pattern() if voxels is None else voxels
    normal = np.cross(orientation[:3], orientation[3:])
    if positions is None:
        positions = [np.array(ORIGIN) + normal * SPACING[2] * number for number in range(len(voxels))]
    made = []
    for number, (plane, position) in enumerate(zip(voxels, positions, strict=True)):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = MRImageStorage, uid(series, number)
        image.StudyInstanceUID, image.FrameOfReferenceUID = STUDY, FRAME_OF_REFERENCE
        image.SeriesInstanceUID, image.SeriesNumber, image.SeriesDescription = uid(series), 3, f"Test {series}"
        image.Modality, image.Manufacturer = "MR", "None"
        image.PatientName, image.PatientID = "Made^Up", "made up"
        image.PatientBirthDate, image.PatientSex = "", "F"
        image.StudyDate, image.StudyTime, image.StudyID, image.AccessionNumber = "20200304", "101112", "7", "8"
        image.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
        image.InstanceNumber = number + 1
        image.ImageOrientationPatient = [f"{value:.8g}" for value in orientation]
        image.ImagePositionPatient = [f"{value:.10g}" for value in position]
        image.PixelSpacing, image.SliceThickness = [SPACING[1], SPACING[0]], SPACING[2]
        image.MagneticFieldStrength = 1.5
        put_pixels(image, plane)
        for name, value in attributes.items():
            value = value(number) if callable(value) else value
            if value is None:
                image.pop(name, None)
            else:
                setattr(image, name, value)
        made.append(image)
    return made


def put_pixels(image: Dataset, plane: np.ndarray) -> None:
    """Store 16-bit numbers, signed where their type is."""
    image.Rows, image.Columns = plane.shape[-2:]
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, int(plane.dtype.kind == "i")
    image.PixelData = plane.astype(plane.dtype.newbyteorder("<")).tobytes()


def write(folder: Path, images: Iterable[Dataset]) -> Path:
    """Write one file an image, with names in no order; give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        image.save_as(folder / f"{(number * 7 + 3) % 1000:03d}-{number}.dcm", enforce_file_format=True)
    return folder


def renamed(images: Sequence[Dataset], name: str, **attributes: object) -> list[Dataset]:
    """Copies with instance UIDs of their own, in the same series."""
    made = copy.deepcopy(list(images))
    for number, image in enumerate(made):
        image.SOPInstanceUID = uid(name, number)
        for keyword, value in attributes.items():
            setattr(image, keyword, value(number) if callable(value) else value)
    return made


def enhanced(path: Path, images: Sequence[Dataset], **groups: object) -> Path:
    """Write an Enhanced MR object whose frames are the given images in the given order.

    Parameters
    ----------
    path : pathlib.Path
    images : sequence of pydicom.Dataset
    **groups
        ``Sequence__Attribute=callable``: an attribute of a functional group of each frame, given its number.
    """
    source = images[0]
    made = copy.deepcopy(source)
    made.SOPClassUID, made.SOPInstanceUID = EnhancedMRImageStorage, uid("enhanced", path.name)
    for keyword in (
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "PixelSpacing",
        "SliceThickness",
        "SliceLocation",
    ):
        made.pop(keyword, None)
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = source.ImageOrientationPatient
    measures.PixelSpacing, measures.SliceThickness = source.PixelSpacing, source.SliceThickness
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    made.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for number, image in enumerate(images):
        frame, position, content = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = image.ImagePositionPatient
        frame.PlanePositionSequence, frame.FrameContentSequence = [position], [content]
        for name, value in groups.items():
            sequence, attribute = name.split("__")
            if sequence not in frame:
                setattr(frame, sequence, [Dataset()])
            setattr(getattr(frame, sequence)[0], attribute, value(number) if callable(value) else value)
        frames.append(frame)
    made.PerFrameFunctionalGroupsSequence = frames
    made.NumberOfFrames = len(frames)
    made.PixelData = b"".join(image.PixelData for image in images)
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)
    return path


def segmentation(path: Path, images: Sequence[Dataset], masks: Sequence[np.ndarray], **options: object) -> Path:
    """Write a SEG of a series with highdicom, without its empty frames.

    Parameters
    ----------
    path : pathlib.Path
    images : sequence of pydicom.Dataset
        The series in the order of the masks' slices.
    masks : sequence of numpy.ndarray
        One a segment, shape (slices, rows, columns).
    **options
        For ``highdicom.seg.Segmentation``; ``labels`` names the segments, ``kind`` is the type of segmentation.
    """
    import logging

    import highdicom as hd
    from highdicom.sr.coding import CodedConcept

    logging.getLogger("highdicom").setLevel(logging.ERROR)
    kind = options.pop("kind", hd.seg.SegmentationTypeValues.BINARY)
    labels = options.pop("labels", None) or [f"Segment {number}" for number in range(1, len(masks) + 1)]
    category = CodedConcept("49755003", "SCT", "Morphologically Abnormal Structure")
    what = CodedConcept("108369006", "SCT", "Neoplasm")
    described = [
        hd.seg.SegmentDescription(number, label, category, what, hd.seg.SegmentAlgorithmTypeValues.MANUAL)
        for number, label in enumerate(labels, 1)
    ]
    pixels = np.stack(masks, axis=-1)
    made = hd.seg.Segmentation(
        list(images), pixels, kind, described, uid("seg series"), 99, uid("seg", path.name), 1,
        "Maker", "Model", "1", "0", **{"omit_empty_frames": True} | options,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path)
    return path


def structure_set(
    path: Path, images: Sequence[Dataset], rois: dict[str, Sequence[np.ndarray]], kind: str = "CLOSED_PLANAR"
) -> Path:
    """Write an RTSTRUCT of a series: points in mm, shape (n, 3), of the contours of each region."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = RTStructureSetStorage, uid("rtstruct", path.name)
    made.Modality, made.PatientName, made.PatientID = "RTSTRUCT", images[0].PatientName, images[0].PatientID
    made.StudyInstanceUID, made.SeriesInstanceUID = images[0].StudyInstanceUID, uid("rtstruct series")
    made.StructureSetLabel = "Test"
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = images[0].SeriesInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = images[0].FrameOfReferenceUID, [study]
    made.ReferencedFrameOfReferenceSequence = [frame]
    made.StructureSetROISequence, made.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(rois.items(), 1):
        region, drawn = Dataset(), Dataset()
        region.ROINumber, region.ROIName = number, name
        region.ReferencedFrameOfReferenceUID = images[0].FrameOfReferenceUID
        drawn.ReferencedROINumber, drawn.ContourSequence = number, []
        for points in contours:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
            contour.ContourData = [f"{value:.8g}" for value in np.ravel(points)]
            drawn.ContourSequence.append(contour)
        made.StructureSetROISequence.append(region)
        made.ROIContourSequence.append(drawn)
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)
    return path


def outlines(mask: Volume) -> list[np.ndarray]:
    """Contours in mm around the voxels of a mask, along their edges, outer ones and holes."""
    import shapely

    contours = []
    for k, plane in enumerate(mask.array):
        edges = np.diff(np.pad(plane.astype(bool), ((0, 0), (1, 1))).astype(int), axis=1)  # 1 before a run, -1 after
        runs = zip(np.argwhere(edges > 0), np.argwhere(edges < 0), strict=True)
        boxes = [shapely.box(first - 0.5, j - 0.5, end - 0.5, j + 0.5) for (j, first), (_, end) in runs]
        merged = shapely.union_all(boxes)
        for polygon in getattr(merged, "geoms", [merged]) if boxes else []:
            for ring in (polygon.exterior, *polygon.interiors):
                points = np.array(ring.coords)[:-1]
                contours.append(np.array([mask.point((i, j, k)) for i, j in points]))
    return contours


def reread(path: Path) -> pydicom.Dataset:
    """A dataset as it stands in its file."""
    return pydicom.dcmread(path)
