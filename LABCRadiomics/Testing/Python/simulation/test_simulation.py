"""The simulation: images whose truth is known, a cohort of the article's shape, and files that are reproducible."""

import csv
import hashlib
import json
import math
import re
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.stats import spearmanr

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.features import extract
from LABCRadiomicsLib.imaging import Volume
from LABCRadiomicsLib.imaging.contours import boundary_distance
from LABCRadiomicsLib.imaging.random_fields import rough_field
from LABCRadiomicsLib.simulation import (
    LAW,
    Covariates,
    Tumor,
    correlated_field,
    make_phantom,
    redraw_contour,
    simulate_cohort,
    stage_group,
    write_simulation,
)
from LABCRadiomicsLib.simulation import cohort as cohort_module
from LABCRadiomicsLib.simulation.cohort import patient_rng, tn_frequency
from LABCRadiomicsLib.simulation.phantom import NOISE_SD, SPACING


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _array(image: Volume | sitk.Image) -> np.ndarray:
    return image.array if isinstance(image, Volume) else sitk.GetArrayFromImage(image)


def _lag_correlation(field: np.ndarray, axis: int, lag: int) -> float:
    return float(np.mean(field * np.roll(field, lag, axis)) / np.mean(field**2))


# --- random fields ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(40, 64, 64), (31, 45, 63)])
def test_smooth_field_has_the_variance_and_correlation_asked_for(shape):
    field = np.mean([correlated_field(_rng(s), shape, (2.0, 0.7, 0.7), 4.2) ** 2 for s in range(30)])
    assert field == pytest.approx(1.0, abs=0.05)
    one = correlated_field(_rng(1), (64, 128, 128), (2.0, 0.7, 0.7), 4.2)
    assert _lag_correlation(one, 2, 6) == pytest.approx(math.exp(-1), abs=0.04)
    assert _lag_correlation(one, 1, 3) == pytest.approx(math.exp(-0.25), abs=0.04)
    assert _lag_correlation(one, 0, 2) == pytest.approx(math.exp(-((4.0 / 4.2) ** 2)), abs=0.04)


def test_smooth_field_takes_one_length_an_axis():
    field = correlated_field(_rng(), (48, 96, 96), (1.0, 1.0, 1.0), (2.0, 3.0, 6.0))
    for axis, length in enumerate((2, 3, 6)):
        assert _lag_correlation(field, axis, length) == pytest.approx(math.exp(-1), abs=0.05)


def test_rough_field_has_the_exponential_correlation_measured_in_a_real_tumor():
    field = rough_field(_rng(), (60, 160, 160), SPACING, 2.2)
    assert field.std() == pytest.approx(1.0, abs=0.03)
    measured = [_lag_correlation(field, 2, lag) for lag in (1, 2, 3, 4, 6)]
    assert measured == pytest.approx([math.exp(-lag * SPACING[2] / 2.2) for lag in (1, 2, 3, 4, 6)], abs=0.03)
    assert measured == pytest.approx([0.731, 0.483, 0.388, 0.269, 0.145], abs=0.06)  # UCSF-BR-06


# --- phantom ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(Tumor(diameter_mm=34.0, heterogeneity=0.12), _rng(5))


def test_phantom_is_a_right_handed_sagittal_volume(phantom):
    image = phantom.image
    assert image.array.dtype == np.int16
    assert phantom.tumor.array.dtype == np.uint8
    assert image.size.tolist() == [160, 160, 40]
    assert image.spacing.tolist() == [0.703125, 0.703125, 2.0]
    assert np.linalg.det(image.direction) == pytest.approx(1.0)
    assert image.axis_codes() == "PIR"
    for name in ("origin", "spacing", "direction"):
        assert np.array_equal(getattr(phantom.tumor, name), getattr(image, name))
    middle = image.point((80, 80, 19.5))
    assert abs(middle[0]) == pytest.approx(85.0)


def test_left_and_right_breasts_both_occur():
    origins = {make_phantom(Tumor(20.0, 0.1), _rng(s)).image.origin[0] for s in range(6)}
    assert origins == {124.0, -46.0}


def test_tissues_have_the_intensities_of_ucsf_br_06(phantom):
    image, tumor = _array(phantom.image), _array(phantom.tumor) != 0
    air = image[:, :12, :12]  # pure Rician floor: Rayleigh
    assert air.mean() == pytest.approx(NOISE_SD * math.sqrt(math.pi / 2), rel=0.03)
    assert air.std() == pytest.approx(NOISE_SD * math.sqrt(2 - math.pi / 2), rel=0.05)
    assert 105 < image[tumor].mean() < 135
    breast = (slice(8, 32), slice(40, 100), slice(50, 110))
    assert 15 < np.median(image[breast][~tumor[breast]]) < 30  # suppressed fat
    assert image.min() >= 0
    assert np.percentile(image, 99.9) < 219


def test_real_scan_and_phantom_agree_in_noise_and_tumor_intensity(phantom, shared_data):
    folder = shared_data / "ucsf-br-06"
    real = _array(sitk.ReadImage(folder / "UCSF-BR-06_3dfgre_orig_t1.nrrd"))
    lesion = _array(sitk.ReadImage(folder / "UCSF-BR-06_ftv_mask_largest.nrrd")) != 0
    image, tumor = _array(phantom.image), _array(phantom.tumor) != 0
    assert image[:, :12, :12].mean() == pytest.approx(real[:, :20, :20].mean(), rel=0.1)
    assert image[:, :12, :12].std() == pytest.approx(real[:, :20, :20].std(), rel=0.1)
    assert image[tumor].mean() == pytest.approx(real[lesion].mean(), rel=0.15)


@settings(max_examples=8, deadline=None)
@given(
    diameter=st.floats(12.0, 55.0),
    irregularity=st.floats(0.0, 0.25),
    heterogeneity=st.floats(0.01, 0.4),
    seed=st.integers(0, 2**32),
)
def test_every_tumor_is_one_solid_component_of_the_volume_asked_for(diameter, irregularity, heterogeneity, seed):
    tumor = Tumor(diameter_mm=diameter, heterogeneity=heterogeneity, irregularity=irregularity)
    phantom = make_phantom(tumor, _rng(seed))
    mask = _array(phantom.tumor) != 0
    assert ndimage.label(mask)[1] == 1
    assert np.array_equal(ndimage.binary_fill_holes(mask), mask)
    assert phantom.tumor_volume_mm3 == pytest.approx(math.pi / 6 * diameter**3, rel=0.15)
    assert phantom.tumor_volume_mm3 == pytest.approx(mask.sum() * math.prod(SPACING))
    image, shell = _array(phantom.image), ndimage.binary_dilation(mask, iterations=6) & ~mask
    assert image[mask].mean() > 2.0 * np.median(image[shell])


def test_heterogeneity_changes_the_tumor_and_nothing_else():
    plain, mottled = (make_phantom(Tumor(40.0, h, rim=0.0, core=0.0), _rng(2)) for h in (0.0, 0.2))
    assert np.array_equal(_array(plain.tumor), _array(mottled.tumor))
    mask = _array(plain.tumor) != 0
    far = ~ndimage.binary_dilation(mask, iterations=2)
    assert np.array_equal(_array(plain.image)[far], _array(mottled.image)[far])
    inner = ndimage.binary_erosion(mask, iterations=2)
    before, after = _array(plain.image)[inner].astype(float), _array(mottled.image)[inner].astype(float)
    amplitude = (after - before).std() / before.mean()
    assert amplitude == pytest.approx(0.2, rel=0.08)  # the known size of the field, seen in the image


def test_texture_has_the_known_correlation_length():
    plain, mottled = (make_phantom(Tumor(50.0, h, 2.2, rim=0.0, core=0.0), _rng(3)) for h in (0.0, 0.15))
    inner = ndimage.binary_erosion(_array(plain.tumor) != 0, iterations=2)
    texture = _array(mottled.image).astype(float) - _array(plain.image)
    texture -= texture[inner].mean()
    pair = inner[..., 3:] & inner[..., :-3]
    correlation = np.corrcoef(texture[..., 3:][pair], texture[..., :-3][pair])[0, 1]
    assert correlation == pytest.approx(math.exp(-3 * SPACING[2] / 2.2), abs=0.05)


def test_rim_and_core_shape_the_enhancement():
    phantom = make_phantom(Tumor(44.0, 0.0, rim=0.15, core=0.3, irregularity=0.05), _rng(4))
    image, mask = _array(phantom.image), _array(phantom.tumor) != 0
    distance = boundary_distance(mask, SPACING)
    rim = image[(distance < -1.5) & (distance > -4.0)].mean()
    between = image[(distance < -7.0) & (distance > -9.0)].mean()
    core = image[distance < 0.85 * distance.min()].mean()
    assert rim > 1.05 * between
    assert core < 0.8 * between


# --- contours ---------------------------------------------------------------------------------------------------


def _ball(radius: float) -> Volume:
    z, y, x = (np.arange(n) * s - n * s / 2 for n, s in zip((40, 120, 120), SPACING, strict=True))
    array = x[None, None] ** 2 + y[None, :, None] ** 2 + z[:, None, None] ** 2 < radius**2
    return Volume(array.astype(np.uint8), np.array(SPACING[::-1]), np.array([1.0, -2.0, 3.0]), np.eye(3))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_boundary_distance_is_zero_on_the_voxels_faces(axis):
    mask = np.zeros((12, 12, 12), dtype=bool)
    mask[tuple(slice(0, 6) if a == axis else slice(None) for a in range(3))] = True
    profile = np.moveaxis(boundary_distance(mask, SPACING), axis, 0)[:, 5, 5]
    assert profile == pytest.approx((np.arange(12) - 5.5) * SPACING[axis], abs=1e-5)


def test_second_reader_moves_the_boundary_by_the_sd_asked_for():
    ball = _ball(25.0)
    truth = _array(ball) != 0
    displacements, ratios = [], []
    for seed in range(10):
        redrawn = redraw_contour(ball, _rng(seed), sd_mm=1.0)
        assert np.array_equal(redrawn.origin, ball.origin)
        assert redrawn.array.dtype == np.uint8
        mask = _array(redrawn) != 0
        assert ndimage.label(mask)[1] == 1
        ratios.append(mask.sum() / truth.sum())
        edge = mask & ~ndimage.binary_erosion(mask, structure=np.ones((1, 3, 3)))
        displacements.append(boundary_distance(truth, SPACING)[10:30][edge[10:30]])
    assert np.std(np.concatenate(displacements)) == pytest.approx(1.0, abs=0.15)
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.03)
    assert np.std(ratios) > 0.005


def test_a_reader_without_error_draws_the_same_contour():
    ball = _ball(12.0)
    assert np.array_equal(_array(redraw_contour(ball, _rng(), sd_mm=0.0)), _array(ball))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 4))
def test_a_tiny_lesion_never_disappears(seed, size):
    array = np.zeros((9, 20, 20), dtype=np.uint8)
    array[4, 10 : 10 + size, 10] = 1
    image = Volume(array, np.array(SPACING[::-1]), np.zeros(3), np.eye(3))
    mask = _array(redraw_contour(image, _rng(seed)))
    assert mask.any()
    assert ndimage.label(mask)[1] == 1


# --- cohort -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(4000, 2022)


@pytest.fixture(scope="module")
def table(cohort):
    return pd.DataFrame(
        {
            "months": [p.dfs_months for p in cohort],
            "event": [p.dfs_event for p in cohort],
            "heterogeneity_z": [p.heterogeneity_z for p in cohort],
            "diameter": [p.tumor.diameter_mm for p in cohort],
            **{
                k: [getattr(p.covariates, k) for p in cohort]
                for k in ("age", "ct", "cn", "er", "pr", "hr", "her2", "pcr", "imni", "stage")
            },
        }
    )


def test_joint_stage_table_has_the_articles_marginals():
    joint = tn_frequency()
    assert joint.sum(axis=1) == pytest.approx([0.108, 0.597, 0.194, 0.101], abs=1e-9)
    assert joint.sum(axis=0) == pytest.approx([0.137, 0.540, 0.194, 0.129], abs=1e-9)
    assert joint[0, 0] == 0.0
    assert np.count_nonzero(joint) == 15


def test_covariates_are_distributed_as_table_1(table):
    expected = {
        "age": (table.age <= 45, 0.417),
        "er": (table.er == 1, 0.647),
        "pr": (table.pr == 1, 0.554),
        "her2": (table.her2 == 1, 0.691),
        "pcr": (table.pcr == 1, 0.237),
        "imni": (table.imni == 1, 0.230),
        **{f"cT{k}": (table.ct == k, f) for k, f in zip((1, 2, 3, 4), (0.108, 0.597, 0.194, 0.101), strict=True)},
        **{f"cN{k}": (table.cn == k, f) for k, f in zip((0, 1, 2, 3), (0.137, 0.540, 0.194, 0.129), strict=True)},
    }
    for name, (observed, frequency) in expected.items():
        error = math.sqrt(frequency * (1 - frequency) / len(table))
        assert observed.mean() == pytest.approx(frequency, abs=3.5 * error), name
    assert table.age.between(24, 78).all()
    assert ((table.er == 1) | (table.pr == 1)).astype(int).equals(table.hr)
    assert set(table.stage) == {"II", "IIIa-b", "IIIc"}


@pytest.mark.parametrize(
    ("ct", "cns", "stage"),
    [
        (1, [1], "II"),
        (2, [0, 1], "II"),
        (3, [0], "II"),
        (1, [2], "IIIa-b"),
        (2, [2], "IIIa-b"),
        (3, [1, 2], "IIIa-b"),
        (4, [0, 1, 2], "IIIa-b"),
        (1, [3], "IIIc"),
        (2, [3], "IIIc"),
        (3, [3], "IIIc"),
        (4, [3], "IIIc"),
    ],
)
def test_stage_groups_are_the_ajccs(ct, cns, stage):
    assert [stage_group(ct, cn) for cn in cns] == [stage] * len(cns)


@pytest.mark.parametrize(("ct", "cn"), [(1, 0), (0, 1), (5, 1), (2, 4), (2, -1)])
def test_stages_that_are_not_locally_advanced_are_refused(ct, cn):
    with pytest.raises(InputError, match=f"cT{ct} cN{cn} "):
        stage_group(ct, cn)


@pytest.fixture(scope="module")
def lifelines():
    return pytest.importorskip("lifelines")


def test_outcomes_are_those_of_the_articles_training_cohort(table, lifelines):
    curve = lifelines.KaplanMeierFitter().fit(table.months, table.event)
    assert curve.predict(60) == pytest.approx(0.76, abs=0.025)
    assert 139 * table.event.mean() == pytest.approx(32, abs=4)
    follow_up = lifelines.KaplanMeierFitter().fit(table.months, 1 - table.event).median_survival_time_
    assert follow_up == pytest.approx(52, abs=1.5)
    assert table.months.min() > 0


def test_cox_regression_recovers_the_law(table, lifelines):
    design = table[["months", "event", "heterogeneity_z", "age", "pcr", "imni", "hr", "her2"]].copy()
    design["stage_IIIa-b"] = (table.stage == "IIIa-b").astype(int)
    design["stage_IIIc"] = (table.stage == "IIIc").astype(int)
    fit = lifelines.CoxPHFitter().fit(design, "months", "event")
    for name, truth in LAW.log_hazard_ratios.items():
        assert fit.params_[name] == pytest.approx(truth, abs=3.5 * fit.standard_errors_[name]), name
    assert fit.summary.z["heterogeneity_z"] > 20


def test_kaplan_meier_follows_the_true_survival(cohort, table, lifelines):
    curve = lifelines.KaplanMeierFitter().fit(table.months, table.event)
    for months in (12.0, 36.0, 60.0):
        truth = np.mean([LAW.survival(months, p.linear_predictor) for p in cohort])
        assert curve.predict(months) == pytest.approx(truth, abs=0.025)


def test_heterogeneity_is_independent_of_size_and_covariates(table):
    for name in ("diameter", "age", "ct", "cn", "hr", "her2", "pcr", "imni"):
        assert abs(spearmanr(table.heterogeneity_z, table[name])[0]) < 0.055, name


def test_size_follows_ct(table):
    assert table.diameter.between(15, 55).all()
    assert list(table.groupby("ct").diameter.median().rank()) == [1, 2, 4, 3]


@given(hazard=st.floats(1e-3, 20.0), predictor=st.floats(-5.0, 5.0))
def test_event_time_inverts_survival(hazard, predictor):
    assert LAW.survival(LAW.time(hazard, predictor), predictor) == pytest.approx(math.exp(-hazard), rel=1e-9)


def test_linear_predictor_is_the_sum_of_the_articles_hazard_ratios():
    covariates = Covariates(age=57, ct=4, cn=1, er=0, pr=1, her2=1, pcr=1, imni=1)
    expected = 3.866**2 * 1.0431 ** (57 - 47.5) * 1.6461 * 1.229 * 0.724 * 0.742 * 0.688
    assert math.exp(LAW.linear_predictor(2.0, covariates)) == pytest.approx(expected)


def test_a_patient_is_the_same_whatever_the_cohort_size():
    assert simulate_cohort(3, 9) == simulate_cohort(40, 9)[:3]
    assert simulate_cohort(3, 9) != simulate_cohort(3, 10)
    assert len(set(simulate_cohort(40, 9))) == 40
    assert patient_rng(1, 2, "image").random() != patient_rng(1, 2, "clinical").random()
    assert patient_rng(1, 2, "reader", 2).random() != patient_rng(1, 2, "reader", 3).random()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patients": 0}, "number of patients is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"readers": 0}, "readers is 0"),
        ({"readers": 10}, "readers is 10"),
        ({"jobs": 0}, "jobs is 0"),
    ],
)
def test_arguments_out_of_range_are_refused_and_nothing_is_written(tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        write_simulation(tmp_path / "out", **{"patients": 1, "seed": 0, **arguments})
    assert list(tmp_path.iterdir()) == []


# --- files ------------------------------------------------------------------------------------------------------


def _hashes(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    calls = []
    folder = write_simulation(
        tmp_path_factory.mktemp("simulation") / "a",
        3,
        7,
        readers=3,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(1, 3), (2, 3), (3, 3)]
    return folder


def test_folder_holds_what_is_promised(written):
    cases = [f"case-{k:04d}" for k in (1, 2, 3)]
    assert set(_hashes(written)) == {
        *(f"images/{c}.nrrd" for c in cases),
        *(f"masks/{c}_reader{r}.nrrd" for c in cases for r in (1, 2, 3)),
        "cases.csv",
        "cases_reader2.csv",
        "cases_reader3.csv",
        "outcomes.csv",
        "truth.csv",
        "truth.json",
    }
    outcomes = _rows(written / "outcomes.csv")
    assert ",".join(outcomes[0]) == "case,dfs_months,dfs_event,age,cT,cN,stage,pcr,er,pr,hr,her2,imni"
    for name in ("cases.csv", "cases_reader2.csv", "cases_reader3.csv", "outcomes.csv", "truth.csv"):
        assert [row["case"] for row in _rows(written / name)] == cases
    assert [p.name for p in written.parent.iterdir()] == ["a"]


def test_case_tables_point_at_images_and_masks_that_match(written):
    truth = {row["case"]: row for row in _rows(written / "truth.csv")}
    masks = Counter()
    for table in ("cases.csv", "cases_reader2.csv", "cases_reader3.csv"):
        for row in _rows(written / table):
            image, mask = (sitk.ReadImage(written / row[k]) for k in ("image", "mask"))
            assert image.GetSize() == mask.GetSize()
            assert image.GetDirection() == mask.GetDirection()
            assert image.GetOrigin() == mask.GetOrigin()
            assert set(np.unique(_array(mask))) == {0, 1}
            masks[hashlib.sha256(_array(mask).tobytes()).hexdigest()] += 1
            if table == "cases.csv":
                volume = _array(mask).sum() * math.prod(SPACING)
                assert volume == pytest.approx(float(truth[row["case"]]["volume_mm3"]), abs=0.06)
    assert len(masks) == 9  # no two readers drew the same


def test_truth_explains_the_outcomes(written):
    truth = json.loads((written / "truth.json").read_text(encoding="utf-8"))
    assert "Simulated data" in truth["notice"]
    assert "Research use only" in truth["notice"]
    assert (truth["seed"], truth["patients"], truth["readers"]["count"]) == (7, 3, 3)
    law, ratios = truth["hazard"], truth["hazard"]["log_hazard_ratios"]
    for outcome, row in zip(_rows(written / "outcomes.csv"), _rows(written / "truth.csv"), strict=True):
        z = math.log(float(row["heterogeneity"]) / truth["heterogeneity"]["median"]) / truth["heterogeneity"]["log_sd"]
        assert z == pytest.approx(float(row["heterogeneity_z"]), abs=1e-4)
        predictor = ratios["heterogeneity_z"] * z + ratios["age"] * (int(outcome["age"]) - law["age_center"])
        predictor += ratios.get(f"stage_{outcome['stage']}", 0.0)
        predictor += sum(ratios[name] * int(outcome[name]) for name in ("pcr", "imni", "hr", "her2"))
        assert predictor == pytest.approx(float(row["linear_predictor"]), abs=1e-4)
        survival = math.exp(-((60 / law["scale_months"]) ** law["shape"]) * math.exp(predictor))
        assert survival == pytest.approx(float(row["survival_60m"]), abs=1e-4)
        event, censoring = float(row["event_months"]), float(row["censoring_months"])
        assert float(outcome["dfs_months"]) == min(event, censoring)
        assert int(outcome["dfs_event"]) == (event <= censoring)


def test_same_seed_same_bytes_whatever_the_jobs(written, tmp_path):
    again = write_simulation(tmp_path / "another name", 3, 7, readers=3, jobs=2)
    assert _hashes(again) == _hashes(written)


def test_files_of_a_patient_do_not_depend_on_cohort_or_readers(written, tmp_path):
    short = _hashes(write_simulation(tmp_path / "short", 1, 7, readers=2))
    whole = _hashes(written)
    for name in ("images/case-0001.nrrd", "masks/case-0001_reader1.nrrd", "masks/case-0001_reader2.nrrd"):
        assert short[name] == whole[name]
    other = _hashes(write_simulation(tmp_path / "other", 1, 8, readers=1))
    assert other["images/case-0001.nrrd"] != whole["images/case-0001.nrrd"]
    assert "cases_reader2.csv" not in other


def test_files_name_no_machine_and_no_date(written):
    for path in (p for p in written.rglob("*") if p.is_file()):
        content = path.read_bytes()
        header = content.split(b"\n\n")[0] if path.suffix == ".nrrd" else content
        assert str(written.parent).encode() not in header
        assert not re.search(rb"\d{4}-\d\d-\d\d|\d\d:\d\d", header)
        assert b"\r" not in header
        if path.suffix == ".nrrd":
            compressed = content.split(b"\n\n", 1)[1]
            assert compressed[:4] == b"\x1f\x8b\x08\x00"
            assert compressed[4:8] == b"\x00\x00\x00\x00"  # gzip's modification time


def test_an_empty_folder_is_filled_and_a_full_one_refused(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    write_simulation(target, 1, 0, readers=1)
    before = _hashes(target)
    with pytest.raises(InputError, match="not empty"):
        write_simulation(target, 1, 1, readers=1)
    assert _hashes(target) == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_file_in_the_way_is_left_alone(tmp_path):
    file = tmp_path / "out"
    file.write_text("mine")
    for target in (file, file / "below"):
        with pytest.raises(InputError, match="out"):
            write_simulation(target, 1, 0)
    assert file.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [file]


def test_cancelling_leaves_nothing(tmp_path):
    class CancelledError(Exception):
        pass

    def cancel(done, total):
        raise CancelledError

    with pytest.raises(CancelledError):
        write_simulation(tmp_path / "out", 4, 0, readers=1, progress=cancel)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX limit on file size to stand for a full disk")
def test_a_full_disk_leaves_nothing_and_says_so(tmp_path):
    code = f"""
        import resource, signal
        from LABCRadiomicsLib.errors import InputError
        from LABCRadiomicsLib.simulation import write_simulation
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_simulation({str(tmp_path / "out")!r}, 1, 0)
        except InputError as error:
            print(error)
    """
    # The limit must never cut a module's bytecode cache: nothing is cached, and imports come before the limit.
    environment = {"PYTHONPATH": str(Path(cohort_module.__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, env=environment, check=False
    )
    assert "cannot be written" in run.stdout, run.stdout + run.stderr
    assert list(tmp_path.iterdir()) == []


# --- what radiomics sees ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_radiomics_features_see_the_heterogeneity_and_not_the_volume():
    names = ["glcm_JointEntropy", "glcm_Id", "gldm_DependenceVariance", "shape_MeshVolume"]
    patients = [p for p in simulate_cohort(60, 11) if p.tumor.diameter_mm < 36][:24]
    rows = []
    for patient in patients:
        phantom = make_phantom(patient.tumor, patient_rng(11, patient.index, "image"))
        values = extract(phantom.image, phantom.tumor, features=[f"original_{name}" for name in names]).values
        rows.append(list(values.values()))
    features = dict(zip([name.split("_")[1] for name in names], np.array(rows).T, strict=True))
    truth = [p.heterogeneity_z for p in patients]
    assert spearmanr(features["JointEntropy"], truth)[0] > 0.8
    assert spearmanr(features["Id"], truth)[0] < -0.8
    assert spearmanr(features["DependenceVariance"], truth)[0] < -0.8
    for name in ("JointEntropy", "Id", "DependenceVariance"):
        assert abs(spearmanr(features[name], features["MeshVolume"])[0]) < 0.5
