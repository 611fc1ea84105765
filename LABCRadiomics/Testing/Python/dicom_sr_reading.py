"""What a DICOM structured report holds, read back from its content tree, and held to the JSON result."""

import pytest

from LABCRadiomicsLib import NOTICE
from LABCRadiomicsLib.scoring.wording import evidence, grade


def items(sequence):
    """Every content item of a tree, depth first."""
    for item in sequence:
        yield item
        yield from items(item.get("ContentSequence", ()))


def concept(code):
    return getattr(code, "CodeValue", None) or code.LongCodeValue


def name(item):
    return concept(item.ConceptNameCodeSequence[0])


def numbers(report):
    """Value and unit of every measurement, by the code of its concept."""
    found = {}
    for item in items(report.ContentSequence):
        if item.ValueType == "NUM":
            value = item.MeasuredValueSequence[0]
            found[name(item)] = (value.FloatingPointValue, value.MeasurementUnitsCodeSequence[0].CodeValue)
    return found


def texts(report, code):
    return [item.TextValue for item in items(report.ContentSequence) if item.ValueType == "TEXT" and name(item) == code]


def codes(report, code):
    found = [item for item in items(report.ContentSequence) if item.ValueType == "CODE" and name(item) == code]
    return [
        (concept(item.ConceptCodeSequence[0]), item.ConceptCodeSequence[0].CodingSchemeDesignator) for item in found
    ]


def images(report):
    found = [item for item in items(report.ContentSequence) if item.ValueType == "IMAGE"]
    return [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in found]


def referenced(report):
    """Every instance that a report names as evidence."""
    return [
        instance.ReferencedSOPInstanceUID
        for study in report.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    ]


def check_values(report, result):
    """Hold a report to the JSON result of the same case."""
    expected = {part["feature"]: part["value"] for part in result["contributions"]}
    units = dict.fromkeys(expected, "1") | {"score": "1", "cutoff": "1"}
    expected |= {"score": result["score"], "cutoff": result["cutoff"]}
    for estimate in result["survival"]:
        for end, key in (("", "probability"), ("-lower", "lower"), ("-upper", "upper")):
            code = f"surv-{estimate['months']:g}{end}"
            expected[code], units[code] = 100 * estimate[key], "%"
    for estimate in (result["selection"] or {"survival": []})["survival"]:
        for end in ("lower", "upper"):
            code = f"surv-{estimate['months']:g}-{end[:2]}-s"
            expected[code], units[code] = 100 * estimate[end], "%"
    found = numbers(report)
    assert {code: value for code, (value, _) in found.items()} == pytest.approx(expected, rel=1e-15)
    assert {code: unit for code, (_, unit) in found.items()} == units
    group = {"high": ("15508007", "SCT"), "low": ("75976002", "SCT")}[result["risk_group"]]
    assert codes(report, "risk-group") == ([group] if result["group_shown"] else [])
    assert texts(report, "warning") == [warning["message"] for warning in result["warnings"]]
    assert texts(report, "trust") == [grade(result), *evidence(result)]
    assert NOTICE in texts(report, "121106")
    assert texts(report, "model-id") == [result["model"]]
    assert texts(report, "model-print") == [result["fingerprint"]]
    assert texts(report, "model-status") == [result["status"]]
    assert "research use only" in report.SeriesDescription
    assert (report.CompletionFlag, report.PreliminaryFlag) == ("PARTIAL", "PRELIMINARY")
    assert report.VerificationFlag == "UNVERIFIED"
