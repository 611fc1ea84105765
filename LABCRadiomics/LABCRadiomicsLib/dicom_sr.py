"""A result as a DICOM structured report (Comprehensive 3D SR, TID 1500) beside the MRI series that was scored.

The measurements stand in a group (TID 1501) that names the images they were made from and the tumor's segment. The
segment's voxels are in no DICOM object, so the report references none. What DICOM has no code for is coded in the
private scheme 99LABCR; a feature's concept is its pyradiomics name, and its method the IBSI code where there is one.
"""

from __future__ import annotations

import copy
import os
import uuid
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import highdicom
import pydicom
from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.errors import InvalidDicomError
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UID

from . import NOTICE, __version__
from .errors import InputError
from .feature_codes import ibsi_code, unit_code
from .files import write_atomically
from .scoring import DEMONSTRATION
from .scoring.wording import evidence, grade

SOFTWARE = "LABCRadiomics"
SCHEME = "99LABCR"
SERIES_NUMBER = 100

_UTF8 = "ISO_IR 192"
_UIDS = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
# What every report must have, if only empty; headers from old or anonymized archives may lack them.
_COPIED = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)
_GROUPS = {"high": codes.SCT.HighRisk, "low": codes.SCT.LowRisk}
_DEVICE_UID = f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'{SOFTWARE} {__version__}').int}"


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


def structured_report(
    document: Mapping[str, Any],
    sources: Sequence[pydicom.Dataset],
    made: datetime | None = None,
    new_uid: Callable[[], str] = highdicom.UID,
) -> sr.Comprehensive3DSR:
    """Make the report of a result: preliminary, partial and unverified, for nobody accountable has seen it.

    Parameters
    ----------
    document : mapping
        See :func:`.scoring.result_document.result_document`.
    sources : sequence of pydicom.Dataset
        See :func:`read_sources`; patient and study are the first one's.
    made : datetime, optional
        Date of the report; now when left out.
    new_uid : callable
        Gives a new UID each time it is called: for the series, the instance and the tracking of the segment.

    Returns
    -------
    highdicom.sr.Comprehensive3DSR

    Raises
    ------
    InputError
        There are no sources, or an attribute of their patient or study is not what DICOM allows.
    """
    if not sources:
        raise InputError("There are no DICOM images to report on: give the files of the MRI series.")
    demonstration = "demonstration, " if document["status"] == "demonstration" else ""
    series_uid, instance_uid, tracking_uid = new_uid(), new_uid(), new_uid()
    content = _content(document, sources, tracking_uid)
    try:
        with warnings.catch_warnings(action="ignore"):  # about patient names without a caret: they stay as they are
            report = sr.Comprehensive3DSR(
                evidence=[_with_patient(sources[0]), *sources[1:]],
                content=content,
                series_instance_uid=series_uid,
                series_number=SERIES_NUMBER,
                series_description=f"{SOFTWARE}: {demonstration}research use only",
                sop_instance_uid=instance_uid,
                instance_number=1,
                manufacturer=f"{SOFTWARE} developers",
                manufacturer_model_name=SOFTWARE,
                software_versions=__version__,
                coding_schemes=[CodingSchemeIdentificationItem(SCHEME, name=f"{SOFTWARE} private codes")],
            )
    except (KeyError, ValueError) as error:  # a SOP class or a value that highdicom does not know
        raise InputError(
            f"Patient and study of the DICOM series cannot be copied into a report ({error}): export the series again."
        ) from error
    report.SpecificCharacterSet = _UTF8  # highdicom before 0.28 does not take it from there
    _set_date(report, made or datetime.now())
    return report


def _with_patient(source: pydicom.Dataset) -> pydicom.Dataset:
    """Copy a header, with all that highdicom takes from it."""
    header = copy.deepcopy(source)
    for name in _COPIED:
        if name not in header:
            setattr(header, name, "")
    header.SpecificCharacterSet = _UTF8
    return header


def write_report(path: str | os.PathLike[str], report: sr.Comprehensive3DSR) -> None:
    """Write a report as a DICOM file, whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    buffer = BytesIO()
    report.save_as(buffer, enforce_file_format=True)
    try:
        write_atomically(path, buffer.getvalue())
    except OSError as error:
        raise InputError(f"The DICOM SR cannot be written to {path}: {error.strerror or error}.") from error


def _set_date(report: sr.Comprehensive3DSR, made: datetime) -> None:
    date, time = made.strftime("%Y%m%d"), made.strftime("%H%M%S.%f")
    report.InstanceCreationDate = report.ContentDate = date
    report.InstanceCreationTime = report.ContentTime = time
    for equipment in report.get("ContributingEquipmentSequence", ()):
        if equipment.get("ManufacturerModelName") == "highdicom":
            equipment.ContributionDateTime = date + time


def _content(
    document: Mapping[str, Any], sources: Sequence[pydicom.Dataset], tracking_uid: str
) -> sr.MeasurementReport:
    device = sr.DeviceObserverIdentifyingAttributes(uid=_DEVICE_UID, name=SOFTWARE, model_name=SOFTWARE)
    modality = sources[0].get("Modality")
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=sr.ObserverContext(codes.DCM.Device, device)),
        procedure_reported=codes.SCT.MRIOfBreast if modality == "MR" else codes.SCT.ImagingProcedure,
        imaging_measurements=[_group(document, sources, tracking_uid)],
    )


def _group(
    document: Mapping[str, Any], sources: Sequence[pydicom.Dataset], tracking_uid: str
) -> sr.MeasurementsAndQualitativeEvaluations:
    """Everything about the tumor: measurements, risk group, then the texts, before the long list of images."""
    segment = document["inputs"].get("segment") or "tumor"
    risk_group = _GROUPS.get(document["risk_group"])
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(tracking_uid, segment),
        finding_type=codes.SCT.Neoplasm,
        finding_sites=[sr.FindingSite(codes.SCT.Breast)],
        algorithm_id=sr.AlgorithmIdentification(SOFTWARE, __version__),
        measurements=[*_results(document), *_features(document)],
        qualitative_evaluations=[
            sr.QualitativeEvaluation(_concept("risk-group", "Risk group"), code) for code in (risk_group,) if code
        ],
    )
    content = group[0].ContentSequence
    content.extend(
        sr.TextContentItem(name, text, sr.RelationshipTypeValues.CONTAINS) for name, text in _texts(document)
    )
    content.extend(sr.SourceImageForMeasurementGroup(source.SOPClassUID, source.SOPInstanceUID) for source in sources)
    return group


def _results(document: Mapping[str, Any]) -> list[sr.Measurement]:
    """Score, cutoff, and survival with its limits, as far as the model gives them."""
    found = [_measurement("score", "Radiomics score", document["score"], codes.UCUM.NoUnits)]
    if document["cutoff"] is not None:
        found.append(_measurement("cutoff", "Cutoff of the radiomics score", document["cutoff"], codes.UCUM.NoUnits))
    for estimate in document["survival"]:
        months = f"{estimate['months']:g}"
        for key, end, words in (
            ("probability", "", ""),
            ("lower", "-lower", ", lower 95% limit"),
            ("upper", "-upper", ", upper 95% limit"),
        ):
            if estimate[key] is not None:
                meaning = f"Predicted survival at {months} months{words}"
                found.append(_measurement(f"surv-{months}{end}", meaning, 100 * estimate[key], codes.UCUM.Percent))
    return found


def _features(document: Mapping[str, Any]) -> list[sr.Measurement]:
    return [
        _measurement(
            part["feature"], part["feature"], part["value"], unit_code(part["feature"]), ibsi_code(part["feature"])
        )
        for part in document["contributions"]
    ]


def _measurement(code: str, meaning: str, value: float, unit: Code, method: Code | None = None) -> sr.Measurement:
    return sr.Measurement(_concept(code, meaning), float(value), unit, method=method)


def _texts(document: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Notice, model, endpoint, covariates, trust and warnings, each a concept name and its text."""
    texts = [(codes.DCM.Comment, NOTICE)]
    if document["status"] == "demonstration":
        texts.append((codes.DCM.Comment, f"{DEMONSTRATION[0].upper()}{DEMONSTRATION[1:]}."))
    for key, code, meaning in (
        ("model", "model-id", "Model identifier"),
        ("version", "model-version", "Model version"),
        ("fingerprint", "model-print", "Model fingerprint"),
        ("status", "model-status", "Model status"),
        ("endpoint", "endpoint", "Endpoint of the predicted survival"),
    ):
        if document.get(key):
            texts.append((_concept(code, meaning), str(document[key])))
    given = document["inputs"].get("covariates", {})
    for covariate in document["covariates"]:
        words = "unknown" if covariate["value"] is None else given.get(covariate["name"], covariate["value"])
        texts.append((_concept("covariate", "Clinical covariate"), f"{covariate['label']}: {words}"))
    sentences = [grade(document), *evidence(document)]
    texts += [(_concept("trust", "How far to trust it"), sentence) for sentence in sentences]
    texts += [(_concept("warning", "Warning"), warning["message"]) for warning in document["warnings"]]
    return texts


def _concept(code: str, meaning: str) -> sr.CodedConcept:
    return sr.CodedConcept(code, SCHEME, meaning[:64])  # the standard's limit
