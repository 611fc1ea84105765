"""DICOM files to frames: the headers of single-frame and multi-frame objects in one form, without their pixels.

Whatever a header lacks, or holds in a form that DICOM does not allow, is None here; what follows from that is decided
by those who need the value. Source of the attributes: DICOM PS3.3, C.7.6 (image plane, multi-frame functional groups),
C.8.3 and C.8.13 (MR).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from ..errors import DependencyError, InputError

if TYPE_CHECKING:
    from pydicom import Dataset

# Objects that lie beside images in a folder and are none themselves.
NO_IMAGE_MODALITIES = ("SEG", "RTSTRUCT", "SR", "PR", "KO", "REG", "RTPLAN", "RTDOSE", "DOC", "PLAN", "FID", "ANN")
_SUFFIXES = (".dcm", ".dicom", ".ima")
_PREAMBLE = 132
_UID_ROOT = "1.2.840.10008."
_TIMES_START = datetime(1900, 1, 1)  # the day that strptime gives to a time alone

_TAGS = [
    "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID",
    "FrameOfReferenceUID", "Modality", "Manufacturer", "ManufacturerModelName", "SequenceName", "PulseSequenceName",
    "SeriesDescription", "SeriesNumber", "MagneticFieldStrength", "PatientID", "ImageType", "Rows", "Columns",
    "NumberOfFrames", "InstanceNumber", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SpacingBetweenSlices", "SliceThickness",
    "SliceLocation", "TemporalPositionIdentifier", "TriggerTime", "AcquisitionNumber", "EchoTime", "DiffusionBValue",
    "FlipAngle", "InversionTime", "AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime", "ContentDate",
    "ContentTime", "ContrastBolusStartTime", "ContrastBolusAgent", "StudyDate", "SeriesDate", "SeriesTime",
    "StudyDescription", "RescaleSlope", "RescaleIntercept", "RealWorldValueMappingSequence", "ModalityLUTSequence",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "SegmentSequence", "SegmentationType",
    "MaximumFractionalValue", "ReferencedSeriesSequence", "SourceImageSequence", "StructureSetROISequence",
    "ROIContourSequence", "ReferencedFrameOfReferenceSequence", "BodyPartExamined",
]  # fmt: skip

# What tells acquisitions in one series apart, with the attribute of single-frame objects and the functional group and
# attribute of multi-frame ones. Milliseconds become seconds; what is text stays text.
_MARKS = {
    "temporal position": (("TemporalPositionIdentifier",), ("FrameContentSequence", "TemporalPositionIndex")),
    "trigger time": (
        ("TriggerTime",),
        ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),
    ),
    "acquisition number": (("AcquisitionNumber",), ("FrameContentSequence", "FrameAcquisitionNumber")),
    "echo time": (("EchoTime",), ("MREchoSequence", "EffectiveEchoTime")),
    "b-value": (("DiffusionBValue",), ("MRDiffusionSequence", "DiffusionBValue")),
    "flip angle": (("FlipAngle",), ("MRTimingAndRelatedParametersSequence", "FlipAngle")),
    "inversion time": (("InversionTime",), ("MRModifierSequence", "InversionTimes")),
}


@dataclass(frozen=True)
class Scaling:
    """How stored numbers become values: ``stored * slope + intercept``.

    Attributes
    ----------
    slope, intercept : float
    of_real_world : bool
        Whether they come from a real-world-value map, because the rescaling is absent or does nothing.
    other_real_world : bool
        Whether there is a real-world-value map that says otherwise than the rescaling, which is what Slicer applies.
    table : bool
        Whether a lookup table takes their place.
    """

    slope: float = 1.0
    intercept: float = 0.0
    of_real_world: bool = False
    other_real_world: bool = False
    table: bool = False


@dataclass(frozen=True)
class Frame:
    """One two-dimensional image of a DICOM object.

    Attributes
    ----------
    path : pathlib.Path
    index : int
        Place in its object, from 0.
    instance_uid, series_uid : str
    instance_number : int or None
    size : tuple of int
        Rows and columns.
    position : tuple of float or None
        Center of the first pixel in mm, LPS.
    orientation : tuple of float or None
        Directions along a row and along a column.
    pixel_spacing : tuple of float or None
        Distance of rows, distance of columns, in mm; above zero.
    slice_distance, slice_thickness, slice_location : float or None
        In mm, as the headers state them.
    scaling : Scaling
    marks : mapping of str to float or str
        What may tell acquisitions apart, by name; times in seconds.
    segment : int or None
        Number of the segment, of a segmentation's frame.
    """

    path: Path
    index: int
    instance_uid: str
    series_uid: str
    instance_number: int | None
    size: tuple[int, int]
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    slice_distance: float | None
    slice_thickness: float | None
    slice_location: float | None
    scaling: Scaling = Scaling()
    marks: Mapping[str, float | str] = field(default_factory=dict)
    segment: int | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"{self.path.name}, frame {self.index + 1}" if self.index else self.path.name

    def placed(self) -> PlacedFrame | None:
        """Give the frame as one of known place; None when it does not say where it lies."""
        if self.position is None or self.orientation is None or self.pixel_spacing is None:
            return None
        return PlacedFrame(**vars(self))


@dataclass(frozen=True)
class PlacedFrame(Frame):
    """A frame that says where it lies and how large its pixels are."""

    position: tuple[float, ...]
    orientation: tuple[float, ...]
    pixel_spacing: tuple[float, ...]


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Keep pydicom's remarks on values that are not quite as DICOM wants them off the terminal.

    It makes them where a value is asked for, so whatever reads headers is done within this; also as a decorator.
    """
    import logging

    logger = logging.getLogger("pydicom")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def has_preamble(path: Path) -> bool:
    """Whether a file begins as DICOM files do."""
    try:
        with path.open("rb") as file:
            return file.read(_PREAMBLE)[-4:] == b"DICM"
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}): check the path.") from error


def read_header(path: Path, *, whole: bool = False) -> Dataset | None:
    """Read the header of a file, or all of it.

    Returns
    -------
    pydicom.Dataset or None
        None when the file is not DICOM.

    Raises
    ------
    InputError
        The file is DICOM by its name or its beginning and cannot be read.
    DependencyError
        pydicom is not installed.
    """
    pydicom = _pydicom()
    options = {} if whole else {"stop_before_pixels": True, "specific_tags": _TAGS}
    named = path.suffix.casefold() in _SUFFIXES and not path.name.startswith(".")
    begun = has_preamble(path)
    if not begun and not named and path.suffix:
        return None
    try:
        with quiet_pydicom():
            # Some archives export files without the 132 bytes at the beginning that mark a DICOM file.
            header = pydicom.dcmread(path, force=not begun, **options)
            known = text(header, "SOPClassUID") or ""
    except Exception as error:  # pydicom raises whatever damaged bytes lead to
        if begun or named:
            raise _damaged(path) from error
        return None
    if known == "1.2.840.10008.1.3.10":  # a DICOMDIR
        return None
    if not known or (not begun and not known.startswith(_UID_ROOT)):
        if begun or named:
            raise _damaged(path)
        return None
    begun_as = text(getattr(header, "file_meta", None), "MediaStorageSOPClassUID") or ""
    if "Rows" not in header and (_is_of_images(known) or _is_of_images(begun_as)):  # cut off within its header
        raise _damaged(path)
    return header


def _is_of_images(sop_class: str) -> bool:
    from pydicom.uid import UID

    return UID(sop_class).name.endswith("Image Storage")


def _pydicom():
    try:
        import pydicom
    except ImportError as error:
        raise DependencyError("Reading DICOM needs pydicom; install it with pip install pydicom.") from error
    return pydicom


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} cannot be read as DICOM, it is damaged or incomplete: copy or export it again.")


def number(item: Dataset | None, keyword: str) -> float | None:
    """A finite number of a header, or None."""
    values = numbers(item, keyword)
    return values[0] if values else None


def numbers(item: Dataset | None, keyword: str, count: int | None = None) -> tuple[float, ...] | None:
    """The finite numbers of an attribute; None when one is not finite or their count is not as wanted."""
    try:
        value = None if item is None else item.get(keyword)
        if value is None or value == "":
            return None
        values = tuple(map(float, value if _is_list(value) else (value,)))
    except Exception:  # pydicom converts on access, so damaged bytes show here: the value is not there
        return None
    if not all(map(math.isfinite, values)) or (count is not None and len(values) != count):
        return None
    return values


def text(item: Dataset | None, keyword: str) -> str | None:
    """The text of an attribute, several values joined by a backslash as DICOM does; None when empty or unreadable."""
    try:
        value = None if item is None else item.get(keyword)
        joined = "\\".join(map(str, value)) if _is_list(value) else str(value if value is not None else "")
    except Exception:
        return None
    return joined.strip("\0 ") or None


def items(item: Dataset | None, keyword: str) -> list[Dataset]:
    """The items of a sequence; none when it is absent or unreadable."""
    try:
        value = None if item is None else item.get(keyword)
        return [] if value is None or isinstance(value, (str, bytes)) else list(value)
    except Exception:
        return []


def _is_list(value: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes))


def frames_of(path: Path, header: Dataset) -> list[Frame]:
    """Describe the frames of an object.

    Raises
    ------
    InputError
        The object states no size, or fewer frames than it says.
    """
    rows, columns = number(header, "Rows"), number(header, "Columns")
    if not rows or not columns:
        raise InputError(f"{path} states no Rows and Columns: give DICOM images.")
    shared = next(iter(items(header, "SharedFunctionalGroupsSequence")), None)
    groups: list[Dataset | None] = list(items(header, "PerFrameFunctionalGroupsSequence"))
    count = int(number(header, "NumberOfFrames") or 1)
    if groups and len(groups) != count:
        raise InputError(
            f"{path} says that it holds {count} frames and describes {len(groups)}: copy or export it again."
        )
    if not 1 <= count <= path.stat().st_size:  # a damaged number would ask for any amount of memory
        raise InputError(f"{path} says that it holds {count} frames, which it cannot: copy or export it again.")
    if not groups:
        groups = [None] * count
    make = _FrameMaker(path, header, (int(rows), int(columns)), shared)
    return [make.frame(index, own) for index, own in enumerate(groups)]


class _FrameMaker:
    """Looks each attribute up where it may stand: the frame's own functional group, the shared one, the object."""

    def __init__(self, path: Path, header: Dataset, size: tuple[int, int], shared: Dataset | None):
        self.path, self.header, self.size, self.shared = path, header, size, shared
        self.instance, self.series = text(header, "SOPInstanceUID") or "", text(header, "SeriesInstanceUID") or ""
        self.multi_frame = shared is not None
        # One position cannot be that of several frames (an old multi-frame object).
        self.several = (number(header, "NumberOfFrames") or 1) > 1

    def frame(self, index: int, own: Dataset | None) -> Frame:
        """Describe one frame, given its functional groups."""
        measures = self._group(own, "PixelMeasuresSequence")
        spacing = numbers(measures, "PixelSpacing", 2)
        instance_number = number(self.header, "InstanceNumber")
        segment = number(self._group(own, "SegmentIdentificationSequence"), "ReferencedSegmentNumber")
        plane = self._group(own, "PlanePositionSequence")
        return Frame(
            path=self.path,
            index=index,
            instance_uid=self.instance,
            series_uid=self.series,
            instance_number=None if instance_number is None else int(instance_number),
            size=self.size,
            position=None if plane is self.header and self.several else numbers(plane, "ImagePositionPatient", 3),
            orientation=numbers(self._group(own, "PlaneOrientationSequence"), "ImageOrientationPatient", 6),
            pixel_spacing=spacing if spacing and min(spacing) > 0 else None,
            slice_distance=_positive(number(measures, "SpacingBetweenSlices")),
            slice_thickness=_positive(number(measures, "SliceThickness")),
            slice_location=number(self.header, "SliceLocation"),
            scaling=self._scaling(own),
            marks=self._marks(own),
            segment=None if segment is None else int(segment),
        )

    def _group(self, own: Dataset | None, name: str) -> Dataset | None:
        """The functional group of a frame; of a single-frame object, the object itself."""
        for holder in (own, self.shared):
            if found := items(holder, name):
                return found[0]
        return None if self.multi_frame or own is not None else self.header

    def _scaling(self, own: Dataset | None) -> Scaling:
        group = self._group(own, "PixelValueTransformationSequence") or self.header
        slope, intercept = number(group, "RescaleSlope"), number(group, "RescaleIntercept")
        for keyword, value in (("RescaleSlope", slope), ("RescaleIntercept", intercept)):
            if (value is None and text(group, keyword)) or (value == 0 and keyword == "RescaleSlope"):
                said = text(group, keyword)
                raise InputError(f"{self.path} states a {keyword} of no use ({said!r}): export the images again.")
        rescaling = Scaling(1.0 if slope is None else slope, intercept or 0.0)
        if items(self.header, "ModalityLUTSequence"):
            return Scaling(table=True)
        mapping = self._group(own, "RealWorldValueMappingSequence")
        if mapping is self.header:
            mapping = next(iter(items(self.header, "RealWorldValueMappingSequence")), None)
        if mapping is None:
            return rescaling
        slope, intercept = number(mapping, "RealWorldValueSlope"), number(mapping, "RealWorldValueIntercept") or 0.0
        if (rescaling.slope, rescaling.intercept) != (1.0, 0.0):
            other = (rescaling.slope, rescaling.intercept) != (slope, intercept)
            return replace(rescaling, other_real_world=other)
        if slope is None:  # a table of values, which a name says is not read
            return replace(rescaling, other_real_world=True)
        return Scaling(slope, intercept, of_real_world=True)

    def _marks(self, own: Dataset | None) -> dict[str, float | str]:
        found: dict[str, float | str | None] = {}
        for name, (plain, (group, keyword)) in _MARKS.items():
            holder = self._group(own, group)
            value = number(holder, plain[0] if holder is self.header else keyword)
            found[name] = value / 1000 if value is not None and name == "trigger time" else value
        content = self._group(own, "FrameContentSequence")
        offset = number(self._group(own, "TemporalPositionSequence"), "TemporalPositionTimeOffset")
        if offset is not None:
            found["trigger time"] = offset
        kind = self._group(own, "MRImageFrameTypeSequence")
        if content is self.header:
            found["acquisition time"] = _moment(
                self.header, "AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime"
            )
            found["content time"] = _moment(self.header, "", "ContentDate", "ContentTime")
            found["image type"] = text(self.header, "ImageType")
        else:
            found["acquisition time"] = _moment(content, "FrameAcquisitionDateTime")
            found["content time"] = _moment(content, "FrameReferenceDateTime")
            found["stack"] = text(content, "StackID")
            for place, value in enumerate(numbers(content, "DimensionIndexValues") or (), 1):
                found[f"dimension index {place}"] = value
            parts = text(kind, "FrameType"), text(kind, "ComplexImageComponent")
            found["image type"] = "\\".join(part for part in parts if part) or None
        return {name: value for name, value in found.items() if value is not None}


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _moment(item: Dataset | None, both: str, day: str = "", time: str = "") -> float | None:
    """Seconds since the year 1900 of a date and time, or since midnight where the date is not known."""
    whole = (text(item, both) or "").replace(":", "") if both else ""
    if not whole and time:
        hours = (text(item, time) or "").replace(":", "")
        whole = f"{(text(item, day) or '').replace('.', '')}{hours}" if hours else ""
    digits, _, fraction = whole.partition("+")[0].partition("-")[0].partition(".")
    pattern = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 6: "%H%M%S", 4: "%H%M"}.get(len(digits))
    if pattern is None:
        return None
    try:
        moment = datetime.strptime(digits, pattern)
        parts = float(f"0.{fraction.strip() or 0}")
    except ValueError:
        return None
    return (moment - _TIMES_START).total_seconds() + parts
