"""Simulated images whose truth is known: random fields, the phantom, contours as readers draw them."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.stats import spearmanr

from LABCRadiomicsLib.features import extract
from LABCRadiomicsLib.imaging import Volume
from LABCRadiomicsLib.imaging.contours import boundary_distance
from LABCRadiomicsLib.imaging.random_fields import rough_field
from LABCRadiomicsLib.simulation import (
    Tumor,
    correlated_field,
    make_phantom,
    redraw_contour,
    simulate_cohort,
)
from LABCRadiomicsLib.simulation.cohort import patient_rng
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
