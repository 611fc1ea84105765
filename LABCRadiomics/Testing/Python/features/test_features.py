"""Our extraction equals pyradiomics' to the last bit, and refuses what cannot be scored."""

import csv
import itertools
import logging
import platform

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from radiomics import cMatrices, cShape, featureextractor

from LABCRadiomicsLib import features
from LABCRadiomicsLib.errors import ExtractionError, GeometryError, InputError, ModelError
from LABCRadiomicsLib.features import extraction, mesh
from LABCRadiomicsLib.features.matrices import RoiMatrices
from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
from LABCRadiomicsLib.imaging import Volume, read_image, read_mask
from LABCRadiomicsLib.imaging.masks import select_label
from LABCRadiomicsLib.imaging.volume import CANONICAL, axis_orders

DEFAULT = SLICER_RADIOMICS_PARAMETERS
TEXTURE = {name: [] for name in ("firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")}


def stock(image, mask, parameters, label=1):
    """What pyradiomics itself gives, without its diagnostics."""
    for name in ("radiomics", "pykwalify"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with np.errstate(all="ignore"):
        values = featureextractor.RadiomicsFeatureExtractor(parameters).execute(image, mask, label=label)
    return {name: float(value) for name, value in values.items() if not name.startswith("diagnostics_")}


def extract(image, mask, *options, **keywords):
    """Our extraction of SimpleITK images, which stock pyradiomics takes too."""
    return features.extract(Volume.from_sitk(image), Volume.from_sitk(mask), *options, **keywords)


def ours(image, mask, parameters, label=1, names=None):
    return extract(image, mask, ExtractionSettings.from_parameters(parameters), names, label).values


def read(image, mask):
    """Image and mask files as SimpleITK images in the order that Slicer gives them."""
    return read_image(image).volume.to_sitk(), read_mask(mask).volume.to_sitk()


def differing(image, mask, parameters, label=1):
    """Names of the features in which the two disagree, and how many were compared."""
    expected, found = stock(image, mask, parameters, label), ours(image, mask, parameters, label)
    assert list(expected) == list(found)
    return [name for name in expected if not np.array_equal(expected[name], found[name], equal_nan=True)], len(expected)


def phantom(shape, seed=0, dtype=np.int16, spacing=(0.7, 0.9, 2.0), direction=None):
    """A volume of smooth texture, ``shape`` in k, j, i."""
    rng = np.random.default_rng(seed)
    image = sitk.GetImageFromArray((rng.normal(400, 120, shape)).astype(dtype))
    image = sitk.Cast(sitk.SmoothingRecursiveGaussian(image, 0.8) * 2, image.GetPixelID())
    image.SetSpacing(spacing)
    image.SetOrigin((-31.5, 12.25, 7.0))
    if direction is not None:
        image.SetDirection(np.asarray(direction).ravel().tolist())
    return image


def ball(image, center, radius, label=1):
    """A mask of the voxels within a radius (voxels) of a center (k, j, i), with some holes."""
    shape = image.GetSize()[::-1]
    grid = np.indices(shape)
    distance = np.sqrt(sum((axis - middle) ** 2 for axis, middle in zip(grid, center, strict=True)))
    holes = np.random.default_rng(1).random(shape) < 0.15
    mask = sitk.GetImageFromArray(((distance <= radius) & ~holes).astype(np.uint8) * label)
    mask.CopyInformation(image)
    return mask


SHAPE = (13, 18, 21)
FACES = {
    "k low": (0, 9, 10), "k high": (12, 9, 10), "j low": (6, 0, 10), "j high": (6, 17, 10),
    "i low": (6, 9, 0), "i high": (6, 9, 20), "corner": (0, 0, 0), "far corner": (12, 17, 20),
}  # fmt: skip


@pytest.mark.parametrize("center", FACES.values(), ids=FACES.keys())
def test_bits_equal_at_the_borders(center):
    image = phantom(SHAPE)
    assert differing(image, ball(image, center, 5), DEFAULT) == ([], 851)


@pytest.mark.parametrize("shape", list(itertools.product((12, 13), (16, 17), (20, 21))))
def test_bits_equal_on_odd_and_even_sizes(shape):
    image = phantom(shape)
    assert differing(image, ball(image, (0, 8, 19), 5), DEFAULT) == ([], 851)


def test_bits_equal_when_the_roi_is_the_whole_volume():
    image = phantom((9, 10, 11))
    mask = sitk.Cast(image * 0 + 1, sitk.sitkUInt8)
    mask[5, 5, 5] = 0  # pyradiomics 3.0.1 takes a mask without background for an empty one
    assert differing(image, mask, DEFAULT) == ([], 851)


def test_bits_equal_on_a_volume_smaller_than_the_filter():
    image = phantom((4, 5, 6))
    assert differing(image, ball(image, (1, 2, 2), 3), DEFAULT) == ([], 851)


@pytest.mark.parametrize("angle", [0.1, 0.6])
def test_bits_equal_on_oblique_and_anisotropic_geometry(angle):
    rotation = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    image = phantom(SHAPE, spacing=(0.35, 1.3, 5.5), direction=rotation)
    assert differing(image, ball(image, (6, 9, 10), 5), DEFAULT) == ([], 851)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_bits_equal_on_a_one_slice_mask(axis):
    image = phantom(SHAPE)
    mask = sitk.GetArrayFromImage(ball(image, (6, 9, 10), 5))
    keep = np.zeros_like(mask)
    middle = (slice(None),) * axis + (SHAPE[axis] // 2,)
    keep[middle] = mask[middle]
    flat = sitk.GetImageFromArray(keep)
    flat.CopyInformation(image)
    assert differing(image, flat, DEFAULT) == ([], 851)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_bits_equal_for_every_voxel_type(dtype):
    image = phantom(SHAPE, dtype=np.int16)
    array = np.clip(sitk.GetArrayFromImage(image) / 4, 0, 255)
    typed = sitk.GetImageFromArray(array.astype(dtype))
    typed.CopyInformation(image)
    assert differing(typed, ball(image, (6, 3, 10), 5), DEFAULT)[0] == []


def with_setting(image_types=None, **setting):
    return {
        "setting": DEFAULT["setting"] | setting,
        "imageType": image_types or DEFAULT["imageType"],
        "featureClass": DEFAULT["featureClass"],
    }


def without_bin_width(**setting):
    parameters = with_setting(**setting)
    parameters["setting"] = {name: value for name, value in parameters["setting"].items() if name != "binWidth"}
    return parameters


OTHER_SETTINGS = {
    "binWidth 5": with_setting(binWidth=5),
    "binWidth 0.5": with_setting(binWidth=0.5, image_types={"Original": {}}),
    "binCount 16": without_bin_width(binCount=16),
    "bin width of one filter": with_setting({"Original": {}, "Wavelet": {"binWidth": 10}}),
    "LoG": with_setting({"Original": {}, "LoG": {"sigma": [1.0, 2.5]}}),
    "all filters": with_setting(
        {name: {} for name in ("Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "Original")}
    ),
    "resampled": with_setting(resampledPixelSpacing=[1.0, 1.0, 1.5], interpolator="sitkBSpline"),
    "resampled in plane": with_setting(resampledPixelSpacing=[0.5, 0.5, 0], interpolator="sitkLinear", padDistance=8),
    "normalized": with_setting(normalize=True, normalizeScale=100),
    "normalized, outliers removed": with_setting(normalize=True, normalizeScale=100, removeOutliers=3),
    "pre-cropped": with_setting(preCrop=True, padDistance=3),
    "force2D": with_setting(force2D=True),
    "force2D across j": with_setting(force2D=True, force2Ddimension=1),
    "resegmented": with_setting(resegmentRange=[700, 900]),
    "resegmented by sigma, shape too": with_setting(resegmentRange=[-1, 1], resegmentMode="sigma", resegmentShape=True),
    "two wavelet levels": with_setting({"Wavelet": {"level": 2}}),
    "wavelet start level": with_setting({"Wavelet": {"start_level": 1, "wavelet": "db2"}}),
    "haar": with_setting({"Wavelet": {"wavelet": "haar"}}),
    "distances 1 and 2": with_setting(distances=[1, 2]),
    "weighted": with_setting(weightingNorm="euclidean"),
    "asymmetrical GLCM": with_setting(symmetricalGLCM=False),
    "dependence within 1": with_setting(gldm_a=1),
    "shifted intensities": with_setting(voxelArrayShift=300),
}


@pytest.mark.parametrize("parameters", OTHER_SETTINGS.values(), ids=OTHER_SETTINGS.keys())
def test_bits_equal_with_other_settings(parameters):
    image = phantom((14, 19, 22))
    different, compared = differing(image, ball(image, (3, 9, 17), 5), parameters)
    assert compared >= 107
    assert different == []


def test_bits_equal_on_the_bundled_case(breast1):
    image, mask = map(str, breast1)
    assert differing(sitk.ReadImage(image), sitk.ReadImage(mask), DEFAULT) == ([], 851)


@pytest.mark.slow
@pytest.mark.parametrize("roi", ["ftv_mask_largest", "ftv_mask_SERgt0", "seg_voi_breast_tissue"])
def test_bits_equal_on_a_real_examination(shared_data, roi):
    folder = shared_data / "ucsf-br-06"
    image, mask = read(folder / "UCSF-BR-06_3dfgre_orig_t1.nrrd", folder / f"UCSF-BR-06_{roi}.nrrd")
    parameters = DEFAULT
    if roi == "seg_voi_breast_tissue":  # pyradiomics needs minutes for the diameters of so large a region
        parameters = DEFAULT | {"featureClass": TEXTURE}
    label = select_label(sitk.GetArrayViewFromImage(mask), None)
    assert differing(image, mask, parameters, label)[0] == []


SLICER_CASES = {
    "breast1": ("breast1/breast1_image.nrrd", "breast1/breast1_label.nrrd"),
    "UCSF-BR-06": ("ucsf-br-06/UCSF-BR-06_3dfgre_orig_t1.nrrd", "ucsf-br-06/UCSF-BR-06_ftv_mask_largest.nrrd"),
}


@pytest.mark.parametrize("name", SLICER_CASES)
def test_files_give_what_slicerradiomics_printed_in_slicer(name, shared_data, shared_reference):
    image, mask = SLICER_CASES[name]
    with (shared_reference / "slicerradiomics" / f"{name}.csv").open() as file:
        printed = {row["feature"]: float(row["value"]) for row in csv.DictReader(file)}
    found = ours(*read(shared_data / image, shared_data / mask), DEFAULT)
    assert found.keys() == printed.keys() and len(found) == 851
    np.testing.assert_allclose([found[key] for key in printed], list(printed.values()), rtol=1e-12, atol=0)


def test_a_subset_gives_the_values_of_the_whole(breast1):
    image, mask = read(*breast1)
    everything = ours(image, mask, DEFAULT)
    names = list(everything)[3::61]
    assert ours(image, mask, DEFAULT, names=names) == {name: everything[name] for name in names}


def test_a_subset_runs_only_the_filter_passes_it_needs(breast1, monkeypatch):
    image, mask = read(*breast1)
    passes = []
    transform = extraction.wavelet_blocks.__globals__["pywt"].swt
    monkeypatch.setattr("pywt.swt", lambda *args, **keywords: passes.append(1) or transform(*args, **keywords))
    ours(image, mask, DEFAULT, names=["wavelet-LLH_glcm_Idmn", "original_firstorder_Mean"])
    assert len(passes) == 3
    passes.clear()
    ours(image, mask, DEFAULT, names=["original_firstorder_Mean"])
    assert passes == []


def stored_in(image, axes, flips):
    """The same image, its voxels stored in another axis order."""
    return Volume.from_sitk(image).reordered(axes, flips).to_sitk()


def test_one_score_whatever_the_axis_order():
    """All 48 axis orders of one oblique case, image and mask each in its own."""
    angle = 0.5
    rotation = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1.0, 0], [np.sin(angle), 0, np.cos(angle)]])
    image = phantom((11, 12, 13), direction=rotation)
    mask = ball(image, (4, 5, 6), 3)
    canonical = ExtractionSettings.from_parameters(DEFAULT, CANONICAL)
    names = ["wavelet-LLH_glcm_Idmn", "wavelet-HLL_ngtdm_Busyness", "original_shape_MeshVolume"]
    expected = extract(image, mask, canonical, names).values
    orders = list(axis_orders())
    assert len(orders) == 48
    for order, other in zip(orders, orders[7:] + orders[:7], strict=True):
        found = extract(stored_in(image, *order), stored_in(mask, *other), canonical, names)
        assert found.values == expected
        assert [notice.code for notice in found.notices] == []


def test_axis_order_matters_without_the_canonical_one():
    image = phantom((11, 12, 13))
    mask = ball(image, (4, 5, 6), 3)
    name = "wavelet-LLH_glcm_Idmn"
    flipped = [stored_in(item, (0, 1, 2), (True, True, False)) for item in (image, mask)]
    assert ours(image, mask, DEFAULT, names=[name]) != ours(*flipped, DEFAULT, names=[name])


def test_left_handed_volumes_are_reversed_in_k_as_slicer_does():
    image = phantom(SHAPE)
    mask = ball(image, (6, 9, 10), 5)
    stored = [stored_in(item, (0, 1, 2), (False, False, True)) for item in (image, mask)]
    assert np.linalg.det(np.reshape(stored[0].GetDirection(), (3, 3))) < 0
    assert ours(*stored, DEFAULT) == ours(image, mask, DEFAULT)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    fill=st.floats(0.02, 1),
    n_levels=st.integers(1, 6),
    seed=st.integers(0, 2**32 - 1),
    force_2d=st.booleans(),
    alpha=st.integers(0, 2),
)
def test_matrices_equal_pyradiomics(shape, fill, n_levels, seed, force_2d, alpha):
    rng = np.random.default_rng(seed)
    levels = (rng.integers(1, n_levels + 1, shape) * (rng.random(shape) < fill)).astype(np.intc)
    levels.flat[rng.integers(levels.size)] = n_levels
    mask, two_d, one = levels > 0, (force_2d, 0), np.array([1])
    assume(sum(length > 1 for length in shape[force_2d:]) > 0)  # one voxel has no directions to count along
    fast = RoiMatrices(levels, *two_d)
    lengths = max(shape)
    for mine, theirs in zip(
        fast.calculate_glcm(levels, mask, one, n_levels),
        cMatrices.calculate_glcm(levels, mask, one, n_levels, *two_d),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(
        fast.calculate_glrlm(levels, mask, n_levels, lengths),
        cMatrices.calculate_glrlm(levels, mask, n_levels, lengths, *two_d),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(
        fast.calculate_gldm(levels, mask, one, n_levels, alpha),
        cMatrices.calculate_gldm(levels, mask, one, n_levels, alpha, *two_d),
    )
    np.testing.assert_array_equal(
        fast.calculate_ngtdm(levels, mask, one, n_levels),
        cMatrices.calculate_ngtdm(levels, mask, one, n_levels, *two_d),
    )


table_usable = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64") and mesh.triangle_table() is None,
    reason="this pyradiomics was built with fused multiply-add, as on ARM: it measures its meshes itself",
)


@table_usable
@settings(max_examples=100, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    fill=st.floats(0.02, 1),
    seed=st.integers(0, 2**32 - 1),
    spacing=st.tuples(*[st.floats(0.2, 8)] * 3),
)
def test_mesh_equals_pyradiomics(shape, fill, seed, spacing):
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < fill
    mask.flat[rng.integers(mask.size)] = True
    mask, spacing = np.pad(mask, 1), np.array(spacing)
    area, volume, diameters = mesh.calculate_coefficients(mask, spacing)
    expected = cShape.calculate_coefficients(mask, spacing)
    assert (area, volume, tuple(diameters)) == (expected[0], expected[1], tuple(expected[2]))


@table_usable
def test_every_cube_configuration_of_the_mesh():
    assert mesh.triangle_table() is not None
    for configuration in range(1, 256):
        mask = np.zeros((4, 4, 4), bool)
        for bit, (k, j, i) in enumerate(itertools.product((1, 2), repeat=3)):
            mask[k, j, i] = configuration >> bit & 1
        spacing = np.array([1.1, 0.7, 0.33])
        area, volume, _ = mesh.calculate_coefficients(mask, spacing)
        assert (area, volume) == tuple(cShape.calculate_coefficients(mask, spacing)[:2])


def test_without_the_triangle_table_pyradiomics_measures_the_mesh(monkeypatch):
    image = phantom(SHAPE)
    mask = ball(image, (6, 9, 10), 5)
    names = ["original_shape_MeshVolume", "original_shape_Maximum3DDiameter"]
    expected = ours(image, mask, DEFAULT, names=names)
    monkeypatch.setattr(mesh, "triangle_table", lambda: None)
    monkeypatch.setattr(mesh, "calculate_coefficients", None)
    assert ours(image, mask, DEFAULT, names=names) == expected


def test_diagnostics_name_what_was_measured():
    image = phantom(SHAPE, spacing=(0.5, 0.5, 2.0))
    mask = ball(image, (6, 9, 10), 5)
    found = extract(image, mask, features=["original_firstorder_Mean"])
    count = int(sitk.GetArrayViewFromImage(mask).sum())
    assert found.diagnostics["voxels"] == count
    assert found.diagnostics["volume_mm3"] == pytest.approx(count * 0.5)
    assert found.diagnostics["spacing_mm"] == [0.5, 0.5, 2.0]
    again = extract(image + 1, mask, features=["original_firstorder_Mean"])
    assert len(found.diagnostics["input_sha256"]) == 64
    assert again.diagnostics["input_sha256"] != found.diagnostics["input_sha256"]


def test_a_mask_on_another_grid_is_resampled_and_said_so():
    image = phantom(SHAPE)
    mask = ball(image, (6, 9, 10), 4)
    origin = image.TransformContinuousIndexToPhysicalPoint((-0.25, -0.25, 0))
    fine = sitk.Resample(mask, (42, 36, 13), sitk.Transform(), sitk.sitkNearestNeighbor, origin, (0.35, 0.45, 2.0))
    found = extract(image, fine, features=["original_shape_VoxelVolume"])
    assert [notice.code for notice in found.notices] == ["mask-resampled"]
    assert found.values == ours(image, mask, DEFAULT, names=["original_shape_VoxelVolume"])
    expected = stock(image, fine, with_setting(correctMask=True))
    assert found.values["original_shape_VoxelVolume"] == expected["original_shape_VoxelVolume"]


def moved(mask, shift):
    mask = sitk.Image(mask)
    mask.SetOrigin([start + step for start, step in zip(mask.GetOrigin(), shift, strict=True)])
    return mask


IMAGE = phantom(SHAPE)
MASK = ball(IMAGE, (6, 9, 10), 5)


def changed(image, inside, value):
    array = sitk.GetArrayFromImage(sitk.Cast(image, sitk.sitkFloat64))
    array[sitk.GetArrayViewFromImage(MASK) == 1 if inside == "roi" else inside] = value
    result = sitk.GetImageFromArray(array)
    result.CopyInformation(image)
    return result


REFUSED = {
    "empty mask": (IMAGE, MASK * 0, None, InputError, "empty"),
    "absent label": (IMAGE, MASK, 3, InputError, "Label 3 is not in the mask, which holds 1"),
    "label 0": (IMAGE, MASK, 0, InputError, "Label 0"),
    "several labels": (IMAGE, MASK + ball(IMAGE, (6, 9, 10), 2), None, InputError, "several"),
    "mask elsewhere": (IMAGE, moved(MASK, (500, 0, 0)), None, GeometryError, "do not overlap"),
    "mask half outside": (IMAGE, moved(MASK, (6, 0, 0)), None, GeometryError, "outside the image"),
    "one voxel": (IMAGE, ball(IMAGE, (6, 9, 10), 0.5), None, ExtractionError, "single voxel"),
    "one line": (IMAGE, sitk.Cast(MASK, sitk.sitkUInt8)[:, 9:10, 6:7], None, ExtractionError, "1 dimensions"),
    "NaN": (changed(IMAGE, (6, 9, 10), np.nan), MASK, None, ExtractionError, "not finite"),
    "infinite": (changed(IMAGE, (6, 9, 11), np.inf), MASK, None, ExtractionError, "not finite"),
    "constant": (changed(IMAGE, "roi", 7.0), MASK, None, ExtractionError, "constant"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_refused(case):
    image, mask, label, error, message = case
    with pytest.raises(error, match=message) as caught:
        extract(image, mask, label=label)
    assert "\n" not in str(caught.value)


def test_unknown_and_disabled_features_are_refused():
    extraction = ExtractionSettings.from_parameters(with_setting({"Original": {}}))
    for name in ("original_glcm_Nonsense", "original_nonsense_Mean", "nonsense"):
        with pytest.raises(ModelError, match=name):
            extract(IMAGE, MASK, extraction, [name])
    with pytest.raises(ModelError, match="not enabled"):
        extract(IMAGE, MASK, extraction, ["wavelet-LLH_glcm_Idmn"])


def test_a_filter_that_the_image_is_too_small_for_is_named():
    parameters = with_setting({"LoG": {"sigma": [30.0]}})
    with pytest.raises(ExtractionError, match="log-sigma-30-0-mm-3D_firstorder_Mean"):
        ours(IMAGE, MASK, parameters, names=["log-sigma-30-0-mm-3D_firstorder_Mean"])


@pytest.mark.parametrize("parameters", [{"setting": {"binwidth": 5}}, {"imageType": {"Nonsense": {}}}])
def test_parameters_that_pyradiomics_refuses(parameters):
    with pytest.raises(InputError, match="not accepted by pyradiomics"):
        ExtractionSettings.from_parameters(parameters)


def test_parameter_file(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("setting:\n  binWidth: 5\nimageType:\n  Original: {}\nfeatureClass:\n  glcm: [Idmn]\n")
    extraction = ExtractionSettings.from_parameters(path)
    assert list(extract(IMAGE, MASK, extraction).values) == ["original_glcm_Idmn"]
    with pytest.raises(InputError, match="does not exist"):
        ExtractionSettings.from_parameters(tmp_path / "absent.yaml")
