"""Our values equal those of pyradiomics 3.0.1 to the last bit; skipped where pyradiomics is not installed."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import example, given, settings
from hypothesis import strategies as st

from LABCRadiomicsLib.errors import InputError, LABCRadiomicsError
from LABCRadiomicsLib.features.shape import Shape
from LABCRadiomicsLib.features.voxels import RoiVoxels
from LABCRadiomicsLib.features.wavelet import WaveletSettings, wavelet_values
from LABCRadiomicsLib.features.wavelet_filters import filter_bank, filter_names
from LABCRadiomicsLib.imaging import read_image, read_mask
from LABCRadiomicsLib.imaging.masks import select_label
from random_rois import random_roi
from roi_examples import (
    DEFAULT,
    SHAPE,
    TEXTURE,
    ball,
    differing,
    extract,
    ours,
    phantom,
    stock,
    unequal,
    wide,
    with_setting,
    without_bin_width,
)

radiomics = pytest.importorskip("radiomics", reason="needs pyradiomics: pip install 'labcradiomics[reference]'")
pywt = pytest.importorskip("pywt")

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


OTHER_SETTINGS = {
    "binWidth 5": with_setting(binWidth=5, image_types={"Original": {}}),
    "binWidth 1.5": with_setting(binWidth=1.5, image_types={"Original": {}}),
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
    "force2D across i": with_setting(force2D=True, force2Ddimension=2),
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


@pytest.mark.parametrize("levels", [80, 300, 700])  # pairs of levels in 16 bits, in more, and without empty cells
def test_bits_equal_with_many_gray_levels(levels):
    image = sitk.GetImageFromArray(np.random.default_rng(levels).uniform(0, 1000, (16, 24, 24)))
    mask = ball(image, (8, 12, 12), 7)
    few = {"glcm": ["Contrast", "JointEnergy", "JointEntropy"]}  # of the matrix alone: the others cost stock a minute
    parameters = with_setting({"Original": {}}, few, binWidth=1000 / levels)
    assert differing(image, mask, parameters) == ([], 3)


def test_bits_equal_for_deprecated_features_asked_for_by_name():
    classes = {
        "firstorder": ["StandardDeviation", "Mean"],
        "glcm": ["Dissimilarity", "Id"],
        "shape": ["Compactness1", "Compactness2", "SphericalDisproportion"],
    }
    image = phantom(SHAPE)
    assert differing(image, ball(image, (6, 9, 10), 5), with_setting({"Original": {}}, classes)) == ([], 6)


@settings(max_examples=30, deadline=None)
@example(761)  # 8-bit, where stock runs over
@given(st.integers(0, 2**32 - 1))
def test_bits_equal_on_random_rois_and_settings(seed):
    case = random_roi(seed, largest=16)
    try:
        expected = stock(wide(case.image), case.mask, case.parameters)
    except Exception:  # it has no class of errors of its own; what it refuses, we may refuse too
        return
    assert unequal(expected, ours(case.image, case.mask, case.parameters)) == []


def test_splines_beside_two_slices_are_refused():
    image = phantom(SHAPE)[:, :, 4:6]
    mask = ball(image, (0, 9, 10), 5)
    with pytest.raises(InputError, match="only two voxels along k"):
        ours(image, mask, with_setting(resampledPixelSpacing=[1.0, 1.0, 1.0]))
    linear = with_setting(resampledPixelSpacing=[1.0, 1.0, 1.0], interpolator="sitkLinear")
    assert differing(image, mask, linear)[0] == []


def test_bits_equal_on_the_bundled_case(breast1):
    image, mask = (sitk.ReadImage(str(path)) for path in breast1)
    assert differing(image, mask, DEFAULT) == ([], 851)


@pytest.mark.slow
@pytest.mark.parametrize("roi", ["ftv_mask_largest", "ftv_mask_SERgt0", "seg_voi_breast_tissue"])
def test_bits_equal_on_a_real_examination(shared_data, roi):
    folder = shared_data / "ucsf-br-06"
    image = read_image(folder / "UCSF-BR-06_3dfgre_orig_t1.nrrd").volume.to_sitk()
    mask = read_mask(folder / f"UCSF-BR-06_{roi}.nrrd").volume.to_sitk()
    parameters = DEFAULT
    if roi == "seg_voi_breast_tissue":  # pyradiomics needs minutes for the diameters of so large a region
        parameters = with_setting({"Original": {}}, TEXTURE)
    label = select_label(sitk.GetArrayViewFromImage(mask), None)
    assert differing(image, mask, parameters, label)[0] == []


@settings(max_examples=100, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    fill=st.floats(0.02, 1),
    seed=st.integers(0, 2**32 - 1),
    spacing=st.tuples(*[st.floats(0.2, 8)] * 3),
)
def test_the_mesh_of_random_masks(shape, fill, seed, spacing):
    rng = np.random.default_rng(seed)
    inside = rng.random(shape) < fill
    inside.flat[rng.integers(inside.size)] = True
    assert measured(inside, spacing) == measured_by_pyradiomics(inside, spacing)


def test_every_cube_configuration_of_the_mesh():
    for configuration in range(1, 256):
        inside = np.zeros((2, 2, 2), bool)
        for bit, corner in enumerate(itertools.product((0, 1), repeat=3)):
            inside[corner] = configuration >> bit & 1
        spacing = (1.1, 0.7, 0.33)
        assert measured(inside, spacing) == measured_by_pyradiomics(inside, spacing)


def measured(inside, spacing):
    shape = Shape(RoiVoxels(inside, np.array(spacing)))
    names = ["SurfaceArea", "MeshVolume", *(f"Maximum2DDiameter{plane}" for plane in ("Slice", "Column", "Row"))]
    return [float(shape.FEATURES[name](shape)) for name in (*names, "Maximum3DDiameter")]


def measured_by_pyradiomics(inside, spacing):
    area, volume, diameters = radiomics.cShape.calculate_coefficients(np.pad(inside, 1), np.array(spacing))
    return [area, volume, *diameters]


def test_filters_of_all_discrete_wavelets():
    assert filter_names() == set(pywt.wavelist(kind="discrete"))
    for name in filter_names():
        wavelet, bank = pywt.Wavelet(name), filter_bank(name)
        assert bank["L"].tolist() == wavelet.dec_lo, name
        assert bank["H"].tolist() == wavelet.dec_hi, name


@settings(max_examples=18, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 17)] * 3),
    wavelet=st.sampled_from(["coif1", "haar", "db4", "sym5", "bior2.2", "rbio1.3", "coif3", "dmey"]),
    level=st.integers(1, 2),
    start_level=st.integers(0, 1),
    dtype=st.sampled_from(["int16", "float32", "float64"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_wavelet_bands_anywhere_in_a_volume(shape, wavelet, level, start_level, dtype, seed):
    rng = np.random.default_rng(seed)
    array = (rng.normal(0, 100, shape)).astype(dtype)
    lower = np.array([rng.integers(size) for size in shape])
    upper = np.array([rng.integers(first, size) for first, size in zip(lower, shape, strict=True)])
    inside = rng.random(upper - lower + 1) < 0.6
    inside.flat[0] = True
    setting = {"wavelet": wavelet, "level": level, "start_level": start_level}
    block = tuple(slice(first, last + 1) for first, last in zip(lower, upper, strict=True))
    expected = {
        name: sitk.GetArrayFromImage(image)[block][inside]
        for image, name, _ in radiomics.imageoperations.getWaveletImage(sitk.GetImageFromArray(array), None, **setting)
    }
    found = dict(wavelet_values(array, lower[::-1], inside, WaveletSettings.from_settings(setting)))
    assert list(found) == list(expected)
    for name, values in found.items():
        assert values.dtype == expected[name].dtype
        np.testing.assert_array_equal(values, expected[name])


# --- every key of pyradiomics' parameter schema --------------------------------------------------------------------

EVERY_KEY = {
    "minimumROIDimensions": [1, 3], "minimumROISize": [10, 100000], "geometryTolerance": [1e-6, 0.5],
    "correctMask": [True, False], "additionalInfo": [False], "label": [1, 2, 7], "label_channel": [0, 1],
    "binWidth": [10, 12.5], "binCount": [12], "normalize": [True], "normalizeScale": [100], "removeOutliers": [2],
    "resampledPixelSpacing": [[1.0, 1.0, 1.0], [1.2, 0, 0], [0, 0, 0]],
    "interpolator": ["sitkLinear", "sitkNearestNeighbor", "sitkGaussian", "sitkLanczosWindowedSinc", None, 2, 3],
    "padDistance": [0, 2], "distances": [[2], [1, 3]], "force2D": [True], "force2Ddimension": [1, 2],
    "resegmentRange": [[760], [700, 860]], "resegmentMode": ["absolute", "relative", "sigma"],
    "resegmentShape": [True, False], "preCrop": [True], "sigma": [[1.0, 2.0], [3]], "start_level": [1],
    "level": [2], "wavelet": ["db3", "haar"], "gradientUseSpacing": [False], "lbp2DRadius": [2.0],
    "lbp2DSamples": [6], "lbp2DMethod": ["uniform"], "lbp3DLevels": [2], "lbp3DIcosphereRadius": [1],
    "lbp3DIcosphereSubdivision": [1], "voxelArrayShift": [50], "symmetricalGLCM": [False],
    "weightingNorm": ["euclidean", "manhattan", "infinity", "no_weighting", None], "gldm_a": [1],
}  # fmt: skip

# Keys that act only together with others.
TOGETHER = {
    "normalizeScale": {"normalize": True}, "removeOutliers": {"normalize": True, "normalizeScale": 50},
    "interpolator": {"resampledPixelSpacing": [1.1, 1.1, 1.7]}, "force2Ddimension": {"force2D": True},
    "padDistance": {"resampledPixelSpacing": [1.1, 1.1, 1.7]}, "geometryTolerance": {"correctMask": True},
    "resegmentMode": {"resegmentRange": [0.5, 0.95]}, "resegmentShape": {"resegmentRange": [700, 860]},
}  # fmt: skip


def schema_keys():
    import yaml

    path = radiomics.getParameterValidationFiles()[0]
    with open(path) as file:  # noqa: PTH123
        return set(yaml.safe_load(file)["mapping"]["setting"]["mapping"])


def test_every_key_of_the_schema_is_tried():
    pytest.importorskip("yaml")
    assert set(EVERY_KEY) == schema_keys()


# Those that have to do with the mask's place are tried with the mask on other grids too.
PLACED = {
    "geometryTolerance", "correctMask", "resampledPixelSpacing", "interpolator", "padDistance", "label", "preCrop",
    "normalize",
}  # fmt: skip
TRIED = [
    (key, value, grid)
    for key, values in EVERY_KEY.items()
    for value in values
    for grid in (("same grid", "finer grid", "slightly moved") if key in PLACED else ("same grid",))
]


@pytest.mark.parametrize(("key", "value", "grid"), TRIED)
def test_every_key_is_honored_as_by_pyradiomics_or_refused(key, value, grid):
    """On a mask of the image's grid, of one half as fine, and of one moved by 0.2 mm."""
    image = phantom((12, 15, 16), spacing=(1.0, 1.0, 1.5))
    mask = two_labels(image)
    if grid == "finer grid":
        size = [2 * length for length in mask.GetSize()]
        spacing = [length / 2 for length in mask.GetSpacing()]
        origin = mask.TransformContinuousIndexToPhysicalPoint([-0.25, -0.25, -0.25])
        mask = sitk.Resample(mask, size, sitk.Transform(), sitk.sitkNearestNeighbor, origin, spacing)
    elif grid == "slightly moved":
        mask.SetOrigin([start + 0.2 for start in mask.GetOrigin()])
    setting = {"binWidth": 25, "correctMask": True, "label": 1} | TOGETHER.get(key, {}) | {key: value}
    if key == "binCount":
        del setting["binWidth"]
    kinds = {"Original": {}, "Wavelet": {}, "LoG": {} if key == "sigma" else {"sigma": [1.5]}, "Gradient": {}}
    classes = {name: [] for name in ("shape", "firstorder", "glcm", "gldm", "ngtdm")}
    parameters = {"setting": setting, "imageType": kinds, "featureClass": classes}
    try:
        expected = stock(image, mask, parameters, label=None)
    except Exception:  # it has no class of errors of its own
        expected = None
    if expected is None:
        with pytest.raises(LABCRadiomicsError):
            ours(image, mask, parameters, label=None)
    else:
        assert len(expected) > 100
        assert unequal(expected, ours(image, mask, parameters, label=None)) == []


def two_labels(image):
    mask = ball(image, (6, 7, 8), 4)
    array = sitk.GetArrayFromImage(mask)
    array[:, :5][array[:, :5] == 1] = 2
    labels = sitk.GetImageFromArray(array)
    labels.CopyInformation(image)
    return labels


def test_a_mask_on_another_grid_gives_what_pyradiomics_gives():
    image = phantom(SHAPE)
    mask = ball(image, (6, 9, 10), 4)
    origin = image.TransformContinuousIndexToPhysicalPoint((-0.25, -0.25, 0))
    fine = sitk.Resample(mask, (42, 36, 13), sitk.Transform(), sitk.sitkNearestNeighbor, origin, (0.35, 0.45, 2.0))
    found = extract(image, fine)
    assert [notice.code for notice in found.notices] == ["mask-resampled"]
    assert unequal(stock(image, fine, DEFAULT), found.values) == []


def test_local_binary_patterns_go_through_pyradiomics():
    pytest.importorskip("skimage", reason="needs scikit-image")
    image = phantom(SHAPE)
    parameters = with_setting({"LBP2D": {"binWidth": 1}}, {"firstorder": [], "glcm": ["Contrast"]}, force2D=True)
    assert differing(image, ball(image, (6, 9, 10), 5), parameters) == ([], 19)


def test_shape_in_two_dimensions_goes_through_pyradiomics():
    image = phantom(SHAPE)
    mask = sitk.GetArrayFromImage(ball(image, (6, 9, 10), 5))
    mask[:6], mask[7:] = 0, 0
    flat = sitk.GetImageFromArray(mask)
    flat.CopyInformation(image)
    parameters = with_setting({"Original": {}}, {"shape2D": [], "firstorder": ["Mean"]}, force2D=True)
    assert differing(image, flat, parameters)[0] == []
