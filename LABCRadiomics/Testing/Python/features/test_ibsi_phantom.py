"""The digital phantom of the Image Biomarker Standardisation Initiative, with the values that IBSI publishes for it.

Zwanenburg A, et al. Radiology 2020;295:328-338, and the reference manual's tables (3D; matrices with directions: 3D,
averaged). IBSI gives three digits. Where pyradiomics departs from IBSI, so do we, and the table says how.
"""

import math

import numpy as np
import pytest
import SimpleITK as sitk

from roi_examples import ours, with_setting

PHANTOM = np.array([  # slices, rows, columns; 0 is outside the ROI
    [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
    [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [0, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
    [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 6, 1, 1]],
    [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
])  # fmt: skip

PUBLISHED = {
    "shape": {
        "MeshVolume": 556, "VoxelVolume": 592, "SurfaceArea": 388, "SurfaceVolumeRatio": 0.698, "Sphericity": 0.843,
        "Maximum3DDiameter": 13.1, "Elongation": 0.816, "Flatness": 0.749,
    },
    "firstorder": {
        "Mean": 2.15, "Variance": 3.05, "Skewness": 1.08, "Median": 1, "Minimum": 1, "10Percentile": 1,
        "90Percentile": 4, "Maximum": 6, "InterquartileRange": 3, "Range": 5, "MeanAbsoluteDeviation": 1.55,
        "RobustMeanAbsoluteDeviation": 1.11, "Energy": 567, "RootMeanSquared": 2.77, "Entropy": 1.27,
        "Uniformity": 0.512,
    },
    "glcm": {
        "MaximumProbability": 0.503, "JointAverage": 2.14, "SumSquares": 3.1, "JointEntropy": 2.4,
        "DifferenceAverage": 1.43, "DifferenceVariance": 3.06, "DifferenceEntropy": 1.56, "SumAverage": 4.29,
        "SumEntropy": 1.92, "JointEnergy": 0.303, "Contrast": 5.32, "Id": 0.677, "Idn": 0.851, "Idm": 0.618,
        "Idmn": 0.898, "InverseVariance": 0.0604, "Correlation": 0.157, "Autocorrelation": 5.06,
        "ClusterTendency": 7.07, "ClusterShade": 16.6, "ClusterProminence": 145, "Imc1": -0.157, "Imc2": 0.52,
    },
    "glrlm": {
        "ShortRunEmphasis": 0.705, "LongRunEmphasis": 3.06, "LowGrayLevelRunEmphasis": 0.603,
        "HighGrayLevelRunEmphasis": 9.7, "ShortRunLowGrayLevelEmphasis": 0.352, "ShortRunHighGrayLevelEmphasis": 8.54,
        "LongRunLowGrayLevelEmphasis": 2.39, "LongRunHighGrayLevelEmphasis": 17.6, "GrayLevelNonUniformity": 21.8,
        "GrayLevelNonUniformityNormalized": 0.43, "RunLengthNonUniformity": 26.9,
        "RunLengthNonUniformityNormalized": 0.513, "RunPercentage": 0.68, "GrayLevelVariance": 3.46,
        "RunVariance": 0.574, "RunEntropy": 2.43,
    },
    "glszm": {
        "SmallAreaEmphasis": 0.255, "LargeAreaEmphasis": 550, "LowGrayLevelZoneEmphasis": 0.253,
        "HighGrayLevelZoneEmphasis": 15.6, "SmallAreaLowGrayLevelEmphasis": 0.0256,
        "SmallAreaHighGrayLevelEmphasis": 2.76, "LargeAreaLowGrayLevelEmphasis": 503,
        "LargeAreaHighGrayLevelEmphasis": 1490, "GrayLevelNonUniformity": 1.4,
        "GrayLevelNonUniformityNormalized": 0.28, "SizeZoneNonUniformity": 1, "SizeZoneNonUniformityNormalized": 0.2,
        "ZonePercentage": 0.0676, "GrayLevelVariance": 2.64, "ZoneVariance": 331, "ZoneEntropy": 2.32,
    },
    "ngtdm": {"Coarseness": 0.0296, "Contrast": 0.584, "Busyness": 6.54, "Complexity": 13.5, "Strength": 0.763},
    "gldm": {
        "SmallDependenceEmphasis": 0.045, "LargeDependenceEmphasis": 109, "LowGrayLevelEmphasis": 0.693,
        "HighGrayLevelEmphasis": 7.66, "SmallDependenceLowGrayLevelEmphasis": 0.00963,
        "SmallDependenceHighGrayLevelEmphasis": 0.736, "LargeDependenceLowGrayLevelEmphasis": 102,
        "LargeDependenceHighGrayLevelEmphasis": 235, "GrayLevelNonUniformity": 37.9, "DependenceNonUniformity": 4.86,
        "DependenceNonUniformityNormalized": 0.0657, "GrayLevelVariance": 3.05, "DependenceVariance": 22.1,
        "DependenceEntropy": 4.4,
    },
}  # fmt: skip

# What pyradiomics computes otherwise, as a function of what IBSI publishes.
DEPARTURES = {
    "firstorder_Kurtosis": -0.355 + 3,  # not in excess of the normal distribution's
    "firstorder_TotalEnergy": 567 * 8,  # IBSI has none: energy times the voxel's volume
    # IBSI's covariance of the voxels' places has one degree of freedom less.
    "shape_MajorAxisLength": 11.4 * math.sqrt(73 / 74),
    "shape_MinorAxisLength": 9.31 * math.sqrt(73 / 74),
    "shape_LeastAxisLength": 8.54 * math.sqrt(73 / 74),
}


@pytest.fixture(scope="module")
def found():
    padded = np.pad(PHANTOM, 1)
    image, mask = sitk.GetImageFromArray(padded.astype(float)), sitk.GetImageFromArray((padded > 0).astype(np.uint8))
    for volume in (image, mask):
        volume.SetSpacing((2, 2, 2))
    return ours(image, mask, with_setting({"Original": {}}, binWidth=1))


@pytest.mark.parametrize(
    ("name", "value"),
    [(f"{kind}_{name}", value) for kind, features in PUBLISHED.items() for name, value in features.items()],
)
def test_published_value(name, value, found):
    digits = 2 - math.floor(math.log10(abs(value)))
    assert abs(found[f"original_{name}"] - value) < 0.501 * 10**-digits + (abs(value) >= 1000) * 5


@pytest.mark.parametrize(("name", "value"), DEPARTURES.items(), ids=DEPARTURES)
def test_where_pyradiomics_departs(name, value, found):
    assert found[f"original_{name}"] == pytest.approx(value, rel=5e-3)


def test_nearly_all_features_have_a_published_value(found):
    compared = sum(map(len, PUBLISHED.values())) + len(DEPARTURES)
    without = {
        "glcm_MCC",
        "shape_Maximum2DDiameterSlice",
        "shape_Maximum2DDiameterColumn",
        "shape_Maximum2DDiameterRow",
    }
    assert compared == len(found) - len(without) == 103
