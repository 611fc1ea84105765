"""What the headers say of a volume that another program made of the files."""

import re
from dataclasses import replace

import numpy as np
import pytest

import dicom_making as making
from LABCRadiomicsLib.imaging import Volume, read_image
from LABCRadiomicsLib.imaging.loaded_series import remarks_on_loaded


def remarks(folder, images, volume=None):
    files = sorted(making.write(folder, images).iterdir())
    volume = volume or Volume(making.pattern(), np.array(making.SPACING), np.zeros(3), np.eye(3))
    return remarks_on_loaded(files, volume)


def test_a_faithful_volume_has_none(tmp_path):
    folder = making.write(tmp_path / "series", making.slices())
    files = list(folder.iterdir())
    assert remarks_on_loaded(files, read_image(folder).volume) == []
    assert remarks_on_loaded(list(map(str, files)), read_image(folder).volume) == []


GRAVE = {
    "several-acquisitions": (
        lambda: (
            making.slices(TemporalPositionIdentifier=1)
            + making.renamed(making.slices(TemporalPositionIdentifier=2), "second")
        ),
        r"files of 2 acquisitions \(1: 10 slices, temporal position 1; 2: 10 slices",
    ),
    "irregular-slices": (lambda: making.slices()[:4] + making.slices()[5:], "4 mm between slices 4 and 5"),
    "no-voxel-size": (lambda: making.slices(PixelSpacing=None), "no usable PixelSpacing"),
    "rescaling-cut": (lambda: making.slices(RescaleSlope=lambda n: f"{0.1 * (n + 1):.2g}"), "10 rescale slopes"),
}


@pytest.mark.parametrize("code", GRAVE)
def test_what_makes_a_volume_no_faithful_one_is_grave(tmp_path, code):
    make, message = GRAVE[code]
    (notice,) = remarks(tmp_path / "series", make())
    assert notice.code == code and notice.grave
    assert re.search(message, notice.message)


def test_whole_slopes_and_floating_point_volumes_lose_nothing(tmp_path):
    assert remarks(tmp_path / "whole", making.slices(RescaleSlope=lambda n: f"{n + 1}")) == []
    exact = Volume(making.pattern() / 3, np.array(making.SPACING), np.zeros(3), np.eye(3))
    images = making.slices(RescaleSlope=lambda n: f"{0.1 * (n + 1):.2g}")
    assert remarks(tmp_path / "float", images, exact) == []


def test_a_changed_voxel_size_is_said(tmp_path):
    volume = Volume(making.pattern(), np.array(making.SPACING), np.zeros(3), np.eye(3))
    changed = replace(volume, spacing=np.array([1.0, 0.8, 2.0]))
    (notice,) = remarks(tmp_path / "series", making.slices(), changed)
    assert notice.code == "spacing-changed" and not notice.grave
    assert "1 x 0.8 x 2 mm where its DICOM headers state 0.7 x 0.8 x 2 mm" in notice.message


def test_files_that_are_gone_are_said(tmp_path):
    volume = Volume(making.pattern(), np.array(making.SPACING), np.zeros(3), np.eye(3))
    (notice,) = remarks_on_loaded([tmp_path / "gone.dcm"], volume)
    assert notice.code == "dicom-headers" and "gone.dcm" in notice.message
