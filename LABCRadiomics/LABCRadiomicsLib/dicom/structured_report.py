"""A result as a DICOM structured report (Comprehensive 3D SR, TID 1500) beside the MRI series that was scored.

The measurements stand in a group that names the images they were made from and the tumor's segment: of the segment's
DICOM SEG where there is one (TID 1411), else by its name alone (TID 1501). What DICOM has no code for is coded in the
private scheme 99LABCR; a feature's concept is its pyradiomics name, and its method the IBSI code where there is one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import highdicom
import pydicom
from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from .. import NOTICE, __version__
from ..errors import InputError
from ..scoring import DEMONSTRATION
from ..scoring.wording import evidence, grade
from .feature_codes import ibsi_code, unit_code
from .objects import DEVICE_UID, SOFTWARE, UTF8, equipment, series_description, set_date, with_patient

SCHEME = "99LABCR"
SERIES_NUMBER = 100

_GROUPS = {"high": codes.SCT.HighRisk, "low": codes.SCT.LowRisk}


def structured_report(
    document: Mapping[str, Any],
    sources: Sequence[pydicom.Dataset],
    made: datetime | None = None,
    new_uid: Callable[[], str] = highdicom.UID,
    segmentation: pydicom.Dataset | None = None,
) -> sr.Comprehensive3DSR:
    """Make the report of a result: preliminary, partial and unverified, for nobody accountable has seen it.

    Parameters
    ----------
    document : mapping
        See :func:`.scoring.result_document.result_document`.
    sources : sequence of pydicom.Dataset
        See :func:`.objects.read_sources`; patient and study are the first one's.
    made : datetime, optional
        Date of the report; now when left out.
    new_uid : callable
        Gives a new UID each time it is called: for the series, the instance and the tracking of the segment.
    segmentation : pydicom.Dataset, optional
        The DICOM SEG of the contour, see :func:`.segmentation.contour_segmentation`.

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
    series_uid, instance_uid, tracking_uid = new_uid(), new_uid(), new_uid()
    if segmentation is not None:
        tracking_uid = segmentation.SegmentSequence[0].TrackingUID
    content = _content(document, sources, tracking_uid, segmentation)
    referenced = [] if segmentation is None else [segmentation]
    try:
        with warnings.catch_warnings(action="ignore"):  # about patient names without a caret: they stay as they are
            report = sr.Comprehensive3DSR(
                evidence=[with_patient(sources[0]), *sources[1:], *referenced],
                content=content,
                series_instance_uid=series_uid,
                series_number=SERIES_NUMBER,
                series_description=series_description(document["status"]),
                sop_instance_uid=instance_uid,
                instance_number=1,
                coding_schemes=[CodingSchemeIdentificationItem(SCHEME, name=f"{SOFTWARE} private codes")],
                **equipment(),
            )
    except (KeyError, ValueError) as error:  # a SOP class or a value that highdicom does not know
        raise InputError(
            f"Patient and study of the DICOM series cannot be copied into a report ({error}): export the series again."
        ) from error
    report.SpecificCharacterSet = UTF8  # highdicom before 0.28 does not take it from there
    set_date(report, made or datetime.now())
    return report


def _content(
    document: Mapping[str, Any],
    sources: Sequence[pydicom.Dataset],
    tracking_uid: str,
    segmentation: pydicom.Dataset | None,
) -> sr.MeasurementReport:
    device = sr.DeviceObserverIdentifyingAttributes(uid=DEVICE_UID, name=SOFTWARE, model_name=SOFTWARE)
    modality = sources[0].get("Modality")
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=sr.ObserverContext(codes.DCM.Device, device)),
        procedure_reported=codes.SCT.MRIOfBreast if modality == "MR" else codes.SCT.ImagingProcedure,
        imaging_measurements=[_group(document, sources, tracking_uid, segmentation)],
    )


def _group(
    document: Mapping[str, Any],
    sources: Sequence[pydicom.Dataset],
    tracking_uid: str,
    segmentation: pydicom.Dataset | None,
) -> sr.MeasurementsAndQualitativeEvaluations | sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    """Everything about the tumor: measurements, risk group, then the texts, before the long list of images."""
    segment = document["inputs"].get("segment") or "tumor"
    risk_group = _GROUPS.get(document["risk_group"]) if document["group_shown"] else None
    if segmentation is None:
        make: Callable[..., Any] = sr.MeasurementsAndQualitativeEvaluations
    else:
        make = partial(
            sr.VolumetricROIMeasurementsAndQualitativeEvaluations,
            referenced_segment=_segment_of(segmentation, sources),
        )
    group = make(
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
    if segmentation is None:  # the segment names its own images
        content.extend(sr.SourceImageForMeasurementGroup(image.SOPClassUID, image.SOPInstanceUID) for image in sources)
    return group


def _segment_of(segmentation: pydicom.Dataset, sources: Sequence[pydicom.Dataset]) -> sr.ReferencedSegment:
    return sr.ReferencedSegment(
        segmentation.SOPClassUID,
        segmentation.SOPInstanceUID,
        segment_number=1,
        source_series=sr.SourceSeriesForSegmentation(sources[0].SeriesInstanceUID),
    )


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
    wider = document["selection"]["survival"] if document["selection"] is not None else []
    for limits in wider:
        for end in ("lower", "upper"):
            if limits[end] is not None:
                months = f"{limits['months']:g}"
                meaning = f"Survival at {months} months, {end} limit with choice of features"
                found.append(_measurement(f"surv-{months}-{end[:2]}-s", meaning, 100 * limits[end], codes.UCUM.Percent))
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
    # The standard's limit, and its separator of values.
    return sr.CodedConcept(code, SCHEME, meaning[:64].replace("\\", "/"))
