"""What every DICOM object of a result has in common: the images it belongs to, patient and study, date, writing."""

from __future__ import annotations

import copy
import os
import uuid
import warnings
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import TypedDict

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from .. import __version__
from ..errors import InputError
from ..files import write_atomically

SOFTWARE = "LABCRadiomics"
DEVICE_UID = f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'{SOFTWARE} {__version__}').int}"
UTF8 = "ISO_IR 192"

_UIDS = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
# What every report must have, if only empty; headers from old or anonymized archives may lack them.
COPIED = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)


def read_sources(files: Iterable[str | os.PathLike[str]]) -> list[pydicom.Dataset]:
    """Read the headers of the images that were scored, without their pixels.

    Parameters
    ----------
    files : iterable of path
        Single-frame or multi-frame images of one series.

    Returns
    -------
    list of pydicom.Dataset
        In the given order, each instance once.

    Raises
    ------
    InputError
        There is no file, one is missing, unreadable or no DICOM image, or they are of several series or patients.
    """
    headers: dict[str, pydicom.Dataset] = {}
    for path in files:
        header = _header(path)
        headers.setdefault(header.SOPInstanceUID, header)
    if not headers:
        raise InputError("There are no DICOM files to report on: give the files of the MRI series.")
    series = {
        (header.get("PatientID"), header.StudyInstanceUID, header.SeriesInstanceUID) for header in headers.values()
    }
    if len(series) > 1:
        raise InputError(f"The DICOM files are of {len(series)} series or patients: give the files of one series.")
    return list(headers.values())


def _header(path: str | os.PathLike[str]) -> pydicom.Dataset:
    try:
        with warnings.catch_warnings(action="ignore"):  # about small faults of real headers
            header = pydicom.dcmread(path, stop_before_pixels=True)
            header.decode()  # the report is in UTF-8, whatever these are in
        missing = [name for name in _UIDS if not (header.get(name) and isinstance(header[name].value, UID))]
    except InvalidDicomError as error:
        raise InputError(f"{path} is no DICOM file: give the files of the MRI series.") from error
    except OSError as error:
        raise InputError(f"DICOM file {path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # pydicom raises whatever a damaged header makes it stumble over
        raise InputError(f"DICOM file {path} is damaged: export it again.") from error
    if missing:
        raise InputError(f"DICOM file {path} has no {missing[0]}: export it again.")
    if not header.SOPClassUID.keyword.endswith("ImageStorage"):
        raise InputError(
            f"DICOM file {path} is no image ({header.SOPClassUID.name}): give the files of the MRI series."
        )
    return header


def with_patient(source: pydicom.Dataset) -> pydicom.Dataset:
    """Copy a header, with all that highdicom takes from it."""
    header = copy.deepcopy(source)
    for name in COPIED:
        if name not in header:
            setattr(header, name, "")
    header.SpecificCharacterSet = UTF8
    return header


def series_description(status: str) -> str:
    """Describe a series of ours: that it is for research only, and of a demonstration where it is."""
    demonstration = "demonstration, " if status == "demonstration" else ""
    return f"{SOFTWARE}: {demonstration}research use only"


class Equipment(TypedDict):
    """The device that made an object, in highdicom's words."""

    manufacturer: str
    manufacturer_model_name: str
    software_versions: str


def equipment() -> Equipment:
    """What highdicom's objects ask for of the device that made them."""
    return {
        "manufacturer": f"{SOFTWARE} developers",
        "manufacturer_model_name": SOFTWARE,
        "software_versions": __version__,
    }


def set_date(made_object: pydicom.Dataset, made: datetime) -> None:
    """Date an object that highdicom has dated by the clock."""
    date, time = made.strftime("%Y%m%d"), made.strftime("%H%M%S.%f")
    made_object.InstanceCreationDate = made_object.ContentDate = date
    made_object.InstanceCreationTime = made_object.ContentTime = time
    for equipment in made_object.get("ContributingEquipmentSequence", ()):
        if equipment.get("ManufacturerModelName") == "highdicom":
            equipment.ContributionDateTime = date + time


def write_object(path: str | os.PathLike[str], made_object: pydicom.Dataset, what: str) -> None:
    """Write an object as a DICOM file, whole or not at all.

    Parameters
    ----------
    path : path
    made_object : pydicom.Dataset
    what : str
        What it is, for the error.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    buffer = BytesIO()
    made_object.save_as(buffer, enforce_file_format=True)
    try:
        write_atomically(path, buffer.getvalue())
    except OSError as error:
        raise InputError(f"The {what} cannot be written to {path}: {error.strerror or error}.") from error
