"""Features in words: every feature has a sentence, and the sentence is true of images made to test it."""

import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib.feature_names import DEPRECATED, FEATURES
from LABCRadiomicsLib.feature_words import FAMILIES, RISES, feature_sentence, filter_words
from LABCRadiomicsLib.features import extract
from LABCRadiomicsLib.imaging import Volume


@pytest.mark.parametrize("family", FEATURES)
def test_every_feature_has_its_words_and_nothing_else_has(family):
    assert set(RISES[family]) == set(FEATURES[family]) | set(DEPRECATED[family])
    assert family in FAMILIES


def test_a_sentence_says_what_where_and_when_it_rises():
    assert feature_sentence("original_glszm_ZoneEntropy") == (
        "Zones: connected voxels of one gray level, of the image as it is. It rises when zones are more varied in size "
        "and gray level, so the texture is more heterogeneous."
    )
    assert feature_sentence("wavelet.LHL_glcm_Idmn") == feature_sentence("wavelet-LHL_glcm_Idmn")
    assert "fine detail along the second axis, structure along the first and third" in filter_words("wavelet-LHL")
    assert "about 2.5 mm" in filter_words("log-sigma-2-5-mm-3D")
    assert "about 3 mm" in filter_words("log-sigma-3-0-mm-3D")
    assert feature_sentence("T1_kinetic_slope") is None


def images():
    """Smooth and noisy, dark and bright, round and long: what the sentences speak of."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 40, (24, 24, 24))
    smooth = sitk.GetArrayFromImage(sitk.DiscreteGaussian(sitk.GetImageFromArray(noise), 9.0))
    distance = np.sqrt(sum((axis - 11.5) ** 2 for axis in np.indices(noise.shape)))
    ball = distance < 9
    smooth[ball] = np.sort(noise[ball])[np.argsort(np.argsort(smooth[ball]))]  # the same intensities in other places
    rod = np.zeros_like(ball)
    rod[2:22, 8:14, 8:14] = True
    return {"noisy": (300 + noise, ball), "smooth": (300 + smooth, ball), "bright": (500 + noise, ball),
            "rod": (300 + noise, rod)}  # fmt: skip


@pytest.fixture(scope="module")
def measured():
    def volume(array):
        return Volume.from_sitk(sitk.GetImageFromArray(array))

    return {
        name: extract(volume(array), volume(roi.astype(np.uint8))).values for name, (array, roi) in images().items()
    }


@pytest.mark.parametrize(("feature", "higher", "lower"), [
    ("glcm_Contrast", "noisy", "smooth"), ("glcm_Idm", "smooth", "noisy"), ("glcm_Correlation", "smooth", "noisy"),
    ("glcm_Imc1", "noisy", "smooth"), ("glcm_Imc2", "smooth", "noisy"), ("glcm_MCC", "smooth", "noisy"),
    ("glcm_DifferenceEntropy", "noisy", "smooth"), ("glcm_JointEnergy", "smooth", "noisy"),
    ("glrlm_LongRunEmphasis", "smooth", "noisy"), ("glrlm_RunPercentage", "noisy", "smooth"),
    ("glszm_LargeAreaEmphasis", "smooth", "noisy"), ("glszm_ZonePercentage", "noisy", "smooth"),
    ("glszm_SmallAreaEmphasis", "noisy", "smooth"), ("gldm_LargeDependenceEmphasis", "smooth", "noisy"),
    ("gldm_SmallDependenceEmphasis", "noisy", "smooth"), ("ngtdm_Coarseness", "smooth", "noisy"),
    ("ngtdm_Busyness", "noisy", "smooth"), ("ngtdm_Contrast", "noisy", "smooth"),
    ("firstorder_Mean", "bright", "noisy"), ("firstorder_Energy", "bright", "noisy"),
    ("shape_Sphericity", "noisy", "rod"), ("shape_Elongation", "noisy", "rod"), ("shape_Flatness", "noisy", "rod"),
    ("shape_SurfaceVolumeRatio", "rod", "noisy"),
])  # fmt: skip
def test_a_feature_rises_as_its_sentence_says(measured, feature, higher, lower):
    name = f"original_{feature}"
    assert measured[higher][name] > measured[lower][name]
