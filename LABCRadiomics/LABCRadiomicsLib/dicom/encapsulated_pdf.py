"""A report in PDF as a DICOM object (Encapsulated PDF Storage) of the study it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import highdicom
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from ..errors import InputError
from .objects import COPIED, SOFTWARE, UTF8, equipment, series_description, with_patient

SERIES_NUMBER = 102


def encapsulated_pdf(
    document: Mapping[str, Any],
    pdf: bytes,
    sources: Sequence[pydicom.Dataset],
    made: datetime | None = None,
    new_uid: Callable[[], str] = highdicom.UID,
) -> Dataset:
    """Wrap a PDF so that it is filed with the study of the images.

    Parameters
    ----------
    document : mapping
        See :func:`.scoring.result_document.result_document`.
    pdf : bytes
    sources : sequence of pydicom.Dataset
        See :func:`.objects.read_sources`; patient and study are the first one's.
    made : datetime, optional
        Date; now when left out.
    new_uid : callable
        Gives a new UID each time it is called: for the series and the instance.

    Raises
    ------
    InputError
        There are no sources, or the bytes are no PDF.
    """
    if not sources:
        raise InputError("There are no DICOM images to refer to: give the files of the MRI series.")
    if not pdf.startswith(b"%PDF-"):
        raise InputError("The report to be wrapped is no PDF: make it anew.")
    made = made or datetime.now()
    date, time = made.strftime("%Y%m%d"), made.strftime("%H%M%S.%f")
    header, wrapped = with_patient(sources[0]), Dataset()
    wrapped.SpecificCharacterSet = UTF8
    for name in COPIED:
        setattr(wrapped, name, header.get(name, ""))
    wrapped.StudyInstanceUID = header.StudyInstanceUID
    wrapped.ReferringPhysicianName = header.get("ReferringPhysicianName", "")
    wrapped.SOPClassUID, wrapped.SOPInstanceUID = EncapsulatedPDFStorage, new_uid()
    wrapped.Modality, wrapped.SeriesInstanceUID, wrapped.SeriesNumber = "DOC", new_uid(), SERIES_NUMBER
    wrapped.SeriesDescription = series_description(document["status"])
    made_by = equipment()
    wrapped.Manufacturer = made_by["manufacturer"]
    wrapped.ManufacturerModelName = made_by["manufacturer_model_name"]
    wrapped.SoftwareVersions = made_by["software_versions"]
    wrapped.ConversionType = "WSD"
    wrapped.InstanceNumber = 1
    wrapped.InstanceCreationDate = wrapped.ContentDate = date
    wrapped.InstanceCreationTime = wrapped.ContentTime = time
    wrapped.AcquisitionDateTime = ""
    wrapped.BurnedInAnnotation = "YES"
    wrapped.DocumentTitle = f"{SOFTWARE} report"
    wrapped.ConceptNameCodeSequence = [_code(codes.DCM.ImagingMeasurementReport)]
    wrapped.SourceInstanceSequence = [_reference(source) for source in sources]
    wrapped.MIMETypeOfEncapsulatedDocument = "application/pdf"
    wrapped.EncapsulatedDocumentLength = len(pdf)
    wrapped.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    wrapped.file_meta = FileMetaDataset()
    wrapped.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    wrapped.file_meta.MediaStorageSOPInstanceUID = wrapped.SOPInstanceUID
    wrapped.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return wrapped


def _code(code: Any) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def _reference(source: pydicom.Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    return item
