"""What the JSON file beside an image tells, as dcm2niix writes it."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib.imaging import read_image

# The keys, in the form that dcm2niix gives them, of a made-up scan.
TOLD = {
    "Modality": "MR", "MagneticFieldStrength": 1.5, "Manufacturer": "Siemens", "ManufacturersModelName": "Aera",
    "BodyPartExamined": "BREAST", "SeriesDescription": "t2_tse_tra", "SequenceName": "*tse2d1_11",
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"], "EchoTime": 0.092, "ConversionSoftware": "dcm2niix",
}  # fmt: skip


@pytest.fixture
def scan(tmp_path):
    """Write an image under a name, and text beside it; gives what is read of the image."""

    def read(name, text):
        sitk.WriteImage(sitk.GetImageFromArray(np.ones((4, 5, 6), np.int16)), tmp_path / name)
        (tmp_path / f"{name.split('.')[0]}.json").write_text(text, encoding="utf-8")
        return read_image(tmp_path / name).source

    return read


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii", "scan.nrrd", "scan.mha"])
def test_what_is_told(scan, name):
    source = scan(name, json.dumps(TOLD))
    assert (source.modality, source.manufacturer, source.device) == ("MR", "Siemens", "Aera")
    assert (source.series_description, source.sequence_name) == ("t2_tse_tra", "*tse2d1_11")
    assert (source.body_part, source.image_type) == ("BREAST", ("ORIGINAL", "PRIMARY", "M", "ND"))
    assert (source.field_strength_tesla, source.echo_time_ms) == (1.5, pytest.approx(92.0))
    assert not source.is_dicom and source.files[0].name == name


@pytest.mark.parametrize("text", [
    "", "{", "[1, 2]", "null", '{"format": "labcradiomics-result", "score": 1}', "[" * 100_000, " " * 2_000_000,
    '{"Modality": 7, "EchoTime": "soon", "ImageType": "M", "MagneticFieldStrength": true, "Manufacturer": ""}',
    '{"Modality": null, "EchoTime": NaN}',
])  # fmt: skip
def test_a_file_of_something_else_tells_nothing(scan, text):
    source = scan("scan.nii.gz", text)
    assert (source.modality, source.manufacturer, source.echo_time_ms, source.image_type) == (None, None, None, ())
    assert source.field_strength_tesla is None


def test_an_image_without_it(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((4, 5, 6), np.int16)), tmp_path / "scan.nii.gz")
    assert read_image(tmp_path / "scan.nii.gz").source.modality is None
