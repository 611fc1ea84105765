"""Contour and report of a result as DICOM objects of the study: read back, and as a validator sees them."""

import shutil
import subprocess
from dataclasses import replace
from datetime import datetime
from itertools import count

import numpy as np
import pydicom
import pytest

pytest.importorskip("highdicom")

import dicom_examples
from dicom_sr_reading import images, referenced
from LABCRadiomicsLib.dicom import contour_segmentation, read_sources, write_object, write_study
from LABCRadiomicsLib.dicom.encapsulated_pdf import encapsulated_pdf
from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.imaging import read_image, read_mask, region_of
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import score_patient

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"
MADE = datetime(2026, 11, 26, 12, 30)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A series, its mask, and the result of scoring them."""
    folder = tmp_path_factory.mktemp("study")
    files = dicom_examples.write_series(folder / "series")
    mask = dicom_examples.write_mask(folder / "series", folder / "mask.nrrd")
    image, roi = read_image(folder / "series"), read_mask(mask)
    result = score_patient(find_model("demo-phantom"), image.volume, roi.volume, inputs={"segment": "tumor \\ left"})
    return folder, files, mask, result


@pytest.fixture(scope="module")
def study(case, tmp_path_factory):
    folder = tmp_path_factory.mktemp("objects")
    return write_study(folder, case[3].document, case[3].region, read_sources(case[1]), PDF, MADE)


def test_the_contour_is_read_back_voxel_by_voxel(case, study):
    folder, _, mask, result = case
    image, drawn = read_image(folder / "series").volume, read_mask(mask).volume
    back = read_mask(study["DICOM SEG"]).volume
    one, other = (region_of(image, roi, None, "LPS") for roi in (drawn, back))
    assert np.array_equal(one.mask.array, other.mask.array)
    assert score_patient(result.model, image, back).prediction.score == result.prediction.score


def test_every_object_belongs_to_the_study_and_points_to_the_images(case, study):
    headers = read_sources(case[1])
    contour, report, pdf = (pydicom.dcmread(study[what]) for what in ("DICOM SEG", "DICOM SR", "DICOM PDF"))
    for made in (contour, report, pdf):
        assert (made.StudyInstanceUID, made.PatientID) == (headers[0].StudyInstanceUID, headers[0].PatientID)
        assert (made.ContentDate, made.ContentTime) == ("20261126", "123000.000000")
        assert "research use only" in made.SeriesDescription
    assert len({made.SeriesInstanceUID for made in (contour, report, pdf)}) == 3
    uids = {header.SOPInstanceUID for header in headers}
    assert images(report) == [contour.SOPInstanceUID]
    assert set(referenced(report)) == uids | {contour.SOPInstanceUID}
    assert {item.ReferencedSOPInstanceUID for item in pdf.SourceInstanceSequence} == uids
    assert contour.FrameOfReferenceUID == headers[0].FrameOfReferenceUID
    assert contour.ContentCreatorName == ""
    segment = contour.SegmentSequence[0]
    assert (segment.SegmentLabel, segment.SegmentAlgorithmType) == ("tumor / left", "MANUAL")
    assert segment.TrackingUID in str(report)
    assert bytes(pdf.EncapsulatedDocument)[: pdf.EncapsulatedDocumentLength] == PDF


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (Debian's dicom3tools)")
def test_a_validator_finds_no_error(study):
    for path in study.values():
        found = subprocess.run(["dciodvfy", path], capture_output=True, text=True).stderr
        assert [line for line in found.splitlines() if line.startswith("Error")] == []


def test_an_image_that_was_moved_has_no_place_in_the_study(case):
    """By whole voxels within a slice, along the slices, or turned; not by what headers round."""
    result, sources = case[3], read_sources(case[1])
    region = result.region.as_read()
    for shift in ([3, 0, 0], [0, -2, 0], [0, 0, 2], [0.7, 0, 0]):
        moved = replace(region.image, origin=region.image.origin + shift)
        with pytest.raises(InputError, match="not where its DICOM series is"):
            contour_segmentation(result.document, replace(region, image=moved), sources)
    turned = replace(region.image, direction=region.image.direction[:, [1, 0, 2]] * [1, -1, 1])
    with pytest.raises(InputError, match="not where its DICOM series is"):
        contour_segmentation(result.document, replace(region, image=turned), sources)
    rounded = replace(region.image, origin=region.image.origin + 0.01)
    assert contour_segmentation(result.document, replace(region, image=rounded), sources).NumberOfFrames == 4


def test_what_cannot_be_filed(case, tmp_path):
    _, files, _, result = case
    with pytest.raises(InputError, match="no PDF"):
        encapsulated_pdf(result.document, b"<html>", read_sources(files))
    with pytest.raises(InputError, match="no DICOM images"):
        contour_segmentation(result.document, result.region, [])
    sources = read_sources(files)
    del sources[0].FrameOfReferenceUID
    with pytest.raises(InputError, match="FrameOfReferenceUID"):
        contour_segmentation(result.document, result.region, sources)
    with pytest.raises(InputError, match="cannot be written"):
        write_object(tmp_path / "absent" / "contour.dcm", pydicom.dcmread(files[0]), "DICOM SEG")


def test_the_same_result_gives_the_same_file(case, tmp_path):
    _, files, _, result = case
    for name in ("one.dcm", "two.dcm"):
        numbered = count(1)
        made = contour_segmentation(
            result.document,
            result.region,
            read_sources(files),
            MADE,
            lambda numbered=numbered: f"2.25.{next(numbered)}",
        )
        write_object(tmp_path / name, made, "DICOM SEG")
    one, two = (pydicom.dcmread(tmp_path / name) for name in ("one.dcm", "two.dcm"))
    for made in (one, two):  # highdicom makes this UID itself
        del made.DimensionOrganizationSequence
        for item in made.DimensionIndexSequence:
            del item.DimensionOrganizationUID
    assert one == two
