"""What people hand over in place of the image or contour that a model wants is noticed; ``Benchmarks/domain.py`` has
the whole table, and how often an unchanged examination is remarked on.
"""

import pytest

import domain_kinds
from domain_kinds import GRIDS, HEADERS, SEGMENTS, VOXELS, Examination
from LABCRadiomicsLib.errors import ExtractionError
from LABCRadiomicsLib.imaging import ReadingOptions, read_image
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import score_patient

FINE, CARE, NOT_RELY = "fine", "care", "do-not-rely"
# Noise of four times the training images' moves no feature of this score out of what the training patients had.
MILDER = {
    "as scanned": FINE, "MR as scanned": FINE, "noise of 15": FINE, "voxels of 1.4 mm": CARE, "3 tesla": CARE,
    "another maker": CARE,
}  # fmt: skip
REFUSED = ("mask as the image",)


@pytest.fixture(scope="module")
def model():
    return find_model("demo-phantom")


@pytest.fixture(scope="module")
def case():
    """A phantom that the model was not trained on, and that nothing speaks against."""
    return domain_kinds.examination(domain_kinds.TRAINED_ON)


def trust(model, case, source=None):
    covariates = domain_kinds.clinical(case.patient)
    return score_patient(model, case.image, case.mask, covariates, source=source).document["trust"]


@pytest.mark.parametrize("kind", [kind for kind in {**VOXELS, **GRIDS, **SEGMENTS} if kind not in REFUSED])
def test_voxels_grids_and_segments(model, case, kind):
    change = {**VOXELS, **GRIDS, **SEGMENTS}[kind]
    assert trust(model, change(case))["grade"] == MILDER.get(kind, NOT_RELY)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_scored(model, case, kind):
    with pytest.raises(ExtractionError, match="constant inside the ROI"):
        trust(model, VOXELS[kind](case))


@pytest.mark.parametrize("kind", ["MR as scanned", "CT", "ADC by image type", "screenshot", "prostate", "3 tesla"])
def test_headers(model, case, tmp_path, kind):
    folder = domain_kinds.write_dicom(case, tmp_path / "series", **HEADERS[kind])
    read = read_image(folder)
    scanned = Examination(read.volume, case.mask, case.patient)
    assert trust(domain_kinds.as_trained_on_scans(model), scanned, read.source)["grade"] == MILDER.get(kind, NOT_RELY)
    simulated = trust(model, scanned, read.source)
    assert simulated["grade"] == NOT_RELY and simulated["reasons"][0]["code"] in ("simulated-model", "other-modality",
                                                                                 "derived-image")  # fmt: skip


def test_the_first_acquisition_asks_for_care(model, case, tmp_path):
    for at in (1, 2):
        domain_kinds.write_dicom(
            case,
            tmp_path / str(at),
            TemporalPositionIdentifier=at,
            SOPInstanceUID=lambda number, at=at: f"1.2.826.0.1.3680043.8.498.{at}.{number + 1}",
        )
        for file in (tmp_path / str(at)).iterdir():
            file.rename(tmp_path / f"{at}-{file.name}")
        (tmp_path / str(at)).rmdir()
    scans = domain_kinds.as_trained_on_scans(model)
    found = {}
    for phase in ("1", "2"):
        read = read_image(tmp_path, ReadingOptions(phase=phase))
        found[phase] = trust(scans, Examination(read.volume, case.mask, case.patient), read.source)
    assert [reason["code"] for reason in found["1"]["reasons"]] == ["first-acquisition"]
    assert found["2"]["grade"] == FINE
