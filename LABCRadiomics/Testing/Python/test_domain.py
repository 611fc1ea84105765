"""Whether image and tumor are of the model's kind: what is told, and how grave it is."""

from dataclasses import replace

import numpy as np
import pytest

import example_models
from LABCRadiomicsLib.domain import domain_notices, usual_distance
from LABCRadiomicsLib.imaging import Source, Volume, region_of
from LABCRadiomicsLib.model import Distribution, Domain
from LABCRadiomicsLib.scoring.trust import trust_of

MR = Source(form="DICOM series", modality="MR", manufacturer="SIEMENS", field_strength_tesla=1.494, echo_time_ms=4.2,
            series_description="t1_fl3d_tra_dyn_fatsat post 1")  # fmt: skip


@pytest.fixture(scope="module")
def model():
    """A model from real T1 images after contrast, with its domain and the distribution of its features."""
    made = example_models.model()
    domain = Domain(
        spacing_mm_low=(0.7, 0.7, 2.0), spacing_mm_high=(0.9, 0.9, 2.5), field_strengths_t=(1.5,),
        manufacturers=("Siemens Healthineers",), volume_mm3_low=500.0, volume_mm3_high=90000.0,
    )  # fmt: skip
    terms = len(made.score.terms)
    spread = Distribution(n=139, mean=(1.0,) * terms, covariance=tuple(map(tuple, np.eye(terms).tolist())))
    image = replace(made.image, modality="MR", sequence="T1-weighted, contrast-enhanced", domain=domain)
    provenance = replace(made.provenance, origin="trained")
    return replace(made, image=image, provenance=provenance, score=replace(made.score, distribution=spread))


def region(spacing=(0.8, 0.8, 2.2), voxels=(10, 12, 12)):
    array = np.zeros((20, 30, 30), np.uint8)
    array[2 : 2 + voxels[0], 3 : 3 + voxels[1], 3 : 3 + voxels[2]] = 1
    array[2, 3, 3] = 0  # no box
    mask = Volume(array, np.array(spacing), np.zeros(3), np.eye(3))
    return region_of(mask.with_array(array * 100), mask)


def usual(model):
    return {term.feature: 1.0 for term in model.score.terms}


def found(model, source=MR, values=None, **kinds):
    notices = domain_notices(model, region(**kinds), values or usual(model), source)
    return {notice.code: notice.grave for notice in notices}


def test_a_case_like_the_cohort_is_not_remarked_on(model):
    assert found(model) == {}
    assert found(model, source=None) == {}
    assert found(model, source=Source(form="NRRD file")) == {}


@pytest.mark.parametrize(("change", "code", "grave"), [
    ({"modality": "CT"}, "other-modality", True),
    ({"modality": "PT"}, "other-modality", True),
    ({"series_description": "t2_tse_tra"}, "other-sequence", True),
    ({"series_description": "STIR ax"}, "other-sequence", True),
    ({"series_description": "ep2d_diff_b50_800"}, "other-sequence", True),
    ({"series_description": "ADC"}, "other-sequence", True),
    ({"series_description": "VIBRANT", "echo_time_ms": 92.0}, "other-sequence", True),
    ({"series_description": "Ax T1 pre contrast"}, "before-contrast", True),
    ({"series_description": "T1 non-contrast"}, "before-contrast", True),
    ({"phase": "phase 1 of 6, 60 slices, the first"}, "first-acquisition", False),
    ({"series_description": "t1_dyn_SUB"}, "derived-image", True),
    ({"series_description": "Subtraction 2-1"}, "derived-image", True),
    ({"series_description": "MIP cor"}, "derived-image", True),
    ({"series_description": "Wash-in map"}, "derived-image", True),
    ({"image_type": ("DERIVED", "PRIMARY", "SUB", "NORM")}, "derived-image", True),
    ({"image_type": ("DERIVED", "SECONDARY", "PROJECTION IMAGE")}, "derived-image", True),
    ({"image_type": ("ORIGINAL", "PRIMARY", "P", "ND")}, "derived-image", True),
    ({"image_type": ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")}, "other-sequence", True),
    ({"image_type": ("ORIGINAL", "PRIMARY", "T2", "NONE")}, "other-sequence", True),
    ({"b_value": 800.0}, "other-sequence", True),
    ({"captured": True}, "derived-image", True),
    ({"image_type": ("DERIVED", "PRIMARY", "DIXON", "FAT")}, "derived-image", True),
    ({"body_part": "PROSTATE"}, "other-body-part", True),
    ({"manufacturer": "GE MEDICAL SYSTEMS"}, "other-manufacturer", False),
    ({"field_strength_tesla": 3.0}, "other-field-strength", False),
])  # fmt: skip
def test_what_the_headers_tell(model, change, code, grave):
    assert found(model, replace(MR, **change)) == {code: grave}


@pytest.mark.parametrize(
    "description",
    [
        "t1_fl3d_dyn 2min",
        "Sag VIBRANT MULTIPHASE",
        "3dfgre",
        "",
        "T1 post gd",
        "preop breast",
        "T1 dyn pre-NAC",
        "T1 pre/post dynamic",
        "t1_pre_op_ce",
        "Ser 4 T1 FS",
        "T2 visit Ax T1 dyn",
        "DCE perfusion",
    ],
)
def test_names_of_scans_after_contrast_are_no_false_alarm(model, description):
    assert found(model, replace(MR, series_description=description)) == {}


@pytest.mark.parametrize("change", [
    {"image_type": ("DERIVED", "SECONDARY")}, {"image_type": ("ORIGINAL", "PRIMARY", "M", "ND", "NORM")},
    {"image_type": ("DERIVED", "PRIMARY", "DIXON", "WATER")}, {"image_type": ("ORIGINAL", "PRIMARY", "OTHER")},
    {"body_part": "BREAST"}, {"body_part": "CHEST"},
    {"b_value": 0.0}, {"phase": "phase 2 of 6, 92 s after the first"}, {"phase": "phase 1 of 1"},
    {"sequence_name": "*fl3d1"}, {"series_description": "MPRAGE"},
])  # fmt: skip
def test_what_scans_after_contrast_say_of_themselves_is_no_false_alarm(model, change):
    assert found(model, replace(MR, **change)) == {}


@pytest.mark.parametrize(("kinds", "code", "grave"), [
    ({"spacing": (1.0, 1.0, 2.2)}, "other-voxel-size", False), ({"spacing": (0.8, 0.8, 6.0)}, "other-voxel-size", True),
    ({"voxels": (2, 6, 6)}, "other-volume", True), ({"voxels": (5, 8, 8)}, "other-volume", False),
])  # fmt: skip
def test_voxel_size_and_volume(model, kinds, code, grave):
    assert found(model, **kinds)[code] == grave


def test_a_voxel_size_is_told_along_the_patient_s_axis(model):
    (notice,) = domain_notices(model, region(spacing=(0.8, 0.8, 6.0)), usual(model), MR)
    assert notice.message == "Voxels measure 6 mm head to foot, 2 to 2.5 mm in the training cohort."


@pytest.mark.parametrize(("voxels", "codes"), [
    ((1, 12, 12), {"one-slice-segment": True}), ((8, 1, 12), {"one-slice-segment": True}),
    ((10, 12, 12), {"segment-is-a-box": True}), ((3, 12, 12), {}),
])  # fmt: skip
def test_a_segment_that_nobody_drew(model, voxels, codes):
    mask = np.zeros((20, 30, 30), np.uint8)
    mask[2 : 2 + voxels[0], 3 : 3 + voxels[1], 3 : 3 + voxels[2]] = 1
    plain = replace(model, image=replace(model.image, domain=None))
    drawn = Volume(mask, np.array((0.8, 0.8, 2.2)), np.zeros(3), np.eye(3))
    notices = domain_notices(plain, region_of(drawn.with_array(mask * 100), drawn), usual(model), MR)
    assert {notice.code: notice.grave for notice in notices} == codes


def test_a_segment_of_everything_is_no_tumor(model):
    plain = replace(model, image=replace(model.image, domain=None))
    mask = Volume(np.ones((60, 200, 200), np.uint8), np.array((1.0, 1.0, 2.0)), np.zeros(3), np.eye(3))
    notices = domain_notices(plain, region_of(mask.with_array(mask.array * 100), mask), usual(model), MR)
    assert {"other-volume": True, "segment-is-a-box": True, "segment-at-borders": False}.items() <= {
        notice.code: notice.grave for notice in notices
    }.items()


def test_voxels_below_zero_are_of_no_scan(model):
    usual_region = region()
    zscored = usual_region.image.with_array(usual_region.image.array.astype(float) - 1.0)
    notices = domain_notices(model, usual_region, usual(model), None, zscored)
    assert [(notice.code, notice.grave) for notice in notices] == [("below-zero", False)]
    unknown = replace(model, score=replace(model.score, distribution=None))
    (notice,) = domain_notices(unknown, usual_region, usual(model), None, zscored)
    assert notice.grave


def test_a_tilted_volume_is_told(model):
    degrees = np.radians(30)
    turn = np.array([[np.cos(degrees), -np.sin(degrees), 0], [np.sin(degrees), np.cos(degrees), 0], [0, 0, 1]])
    straight = region()
    tilted = replace(straight, image=replace(straight.image, direction=turn))
    (notice,) = domain_notices(model, tilted, usual(model), MR)
    assert notice.code == "tilted" and "30 degrees" in notice.message and not notice.grave


def test_features_that_are_usual_one_by_one_but_not_together(model):
    terms = [term.feature for term in model.score.terms]
    usually = usual_distance((), (), len(terms))
    near, beyond, far = (1 + factor * usually / np.sqrt(len(terms)) for factor in (0.99, 1.01, 1.6))
    assert found(model, values=dict.fromkeys(terms, near)) == {}
    assert found(model, values=dict.fromkeys(terms, beyond)) == {"far-from-training": False}
    assert found(model, values=dict.fromkeys(terms, far)) == {"far-from-training": True}


def test_the_usual_distance():
    """R: sqrt(qchisq(0.99, c(1, 2, 6, 15)))."""
    exact = (2.575829, 3.034854, 4.100316, 5.529776)
    assert [usual_distance((), (), n) for n in (1, 2, 6, 15)] == pytest.approx(exact, rel=0.02)
    assert usual_distance((95.0, 99.0), (2.0, 3.3), 6) == 3.3


def test_a_simulated_model_says_nothing_of_a_real_scan():
    made = example_models.model()
    simulated = replace(made, provenance=replace(made.provenance, origin="simulated"))
    values = usual(simulated)
    real, unknown = (domain_notices(simulated, region(), values, source) for source in (MR, Source(form="NRRD file")))
    assert "simulated-model" in {notice.code for notice in real}
    assert trust_of((), real).grade == "do-not-rely"
    assert "simulated-model" not in {notice.code for notice in unknown}
