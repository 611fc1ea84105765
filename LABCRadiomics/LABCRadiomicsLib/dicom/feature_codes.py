"""Codes and units of pyradiomics' features for DICOM: what the standard has for each, by pydicom's names.

DICOM takes its radiomics codes from the Image Biomarker Standardisation Initiative (IBSI). The other first-order
features have no code there that fits: IBSI's histogram statistics are of discretized intensities, pyradiomics' are not.
"""

from __future__ import annotations

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

# Class and feature, as in the last two parts of a pyradiomics name, to the keyword in pydicom's IBSI dictionary.
_IBSI = {
    "firstorder_Entropy": "IntensityHistogramEntropy",
    "firstorder_Uniformity": "IntensityHistogramUniformity",
    "shape_Elongation": "Elongation",
    "shape_Flatness": "Flatness",
    "shape_LeastAxisLength": "LeastAxisIn3DLength",
    "shape_MajorAxisLength": "MajorAxisIn3DLength",
    "shape_Maximum3DDiameter": "Maximum3DDiameterOfAMesh",
    "shape_MeshVolume": "VolumeOfMesh",
    "shape_MinorAxisLength": "MinorAxisIn3DLength",
    "shape_Sphericity": "Sphericity",
    "shape_SurfaceArea": "SurfaceAreaOfMesh",
    "shape_SurfaceVolumeRatio": "SurfaceToVolumeRatio",
    "shape_VoxelVolume": "VolumeFromVoxelSummation",
    "glcm_Autocorrelation": "AutocorrelationOfGLCM",
    "glcm_ClusterProminence": "ClusterProminenceOfGLCM",
    "glcm_ClusterShade": "ClusterShadeOfGLCM",
    "glcm_ClusterTendency": "ClusterTendencyOfGLCM",
    "glcm_Contrast": "ContrastOfGLCM",
    "glcm_Correlation": "CorrelationOfGLCM",
    "glcm_DifferenceAverage": "DifferenceAverageOfGLCM",
    "glcm_DifferenceEntropy": "DifferenceEntropyOfGLCM",
    "glcm_DifferenceVariance": "DifferenceVarianceOfGLCM",
    "glcm_Id": "InverseDifferenceOfGLCM",
    "glcm_Idm": "InverseDifferenceMomentOfGLCM",
    "glcm_Idmn": "NormalizedInverseDifferenceMomentOfGLCM",
    "glcm_Idn": "NormalizedInverseDifferenceOfGLCM",
    "glcm_Imc1": "FirstMeasureOfInformationCorrelationOfGLCM",
    "glcm_Imc2": "SecondMeasureOfInformationCorrelationOfGLCM",
    "glcm_InverseVariance": "InverseVarianceOfGLCM",
    "glcm_JointAverage": "JointAverageOfGLCM",
    "glcm_JointEnergy": "AngularSecondMomentOfGLCM",
    "glcm_JointEntropy": "JointEntropyOfGLCM",
    "glcm_MaximumProbability": "JointMaximumOfGLCM",
    "glcm_SumAverage": "SumAverageOfGLCM",
    "glcm_SumEntropy": "SumEntropyOfGLCM",
    "glcm_SumSquares": "JointVarianceOfGLCM",
    "glrlm_GrayLevelNonUniformity": "GrayLevelNonuniformityInRuns",
    "glrlm_GrayLevelNonUniformityNormalized": "NormalizedGrayLevelNonuniformityInRuns",
    "glrlm_GrayLevelVariance": "GrayLevelVarianceInRuns",
    "glrlm_HighGrayLevelRunEmphasis": "HighGrayLevelRunEmphasis",
    "glrlm_LongRunEmphasis": "LongRunsEmphasis",
    "glrlm_LongRunHighGrayLevelEmphasis": "LongRunHighGrayLevelEmphasis",
    "glrlm_LongRunLowGrayLevelEmphasis": "LongRunLowGrayLevelEmphasis",
    "glrlm_LowGrayLevelRunEmphasis": "LowGrayLevelRunEmphasis",
    "glrlm_RunEntropy": "RunEntropy",
    "glrlm_RunLengthNonUniformity": "RunLengthNonuniformity",
    "glrlm_RunLengthNonUniformityNormalized": "NormalizedRunLengthNonuniformity",
    "glrlm_RunPercentage": "RunPercentage",
    "glrlm_RunVariance": "RunLengthVariance",
    "glrlm_ShortRunEmphasis": "ShortRunsEmphasis",
    "glrlm_ShortRunHighGrayLevelEmphasis": "ShortRunHighGrayLevelEmphasis",
    "glrlm_ShortRunLowGrayLevelEmphasis": "ShortRunLowGrayLevelEmphasis",
    "glszm_GrayLevelNonUniformity": "GrayLevelNonuniformityOfSizeZoneCounts",
    "glszm_GrayLevelNonUniformityNormalized": "NormalizedGrayLevelNonuniformityOfSizeZoneCounts",
    "glszm_GrayLevelVariance": "GrayLevelVarianceInSizeZones",
    "glszm_HighGrayLevelZoneEmphasis": "HighGrayLevelZoneEmphasis",
    "glszm_LargeAreaEmphasis": "LargeZoneEmphasis",
    "glszm_LargeAreaHighGrayLevelEmphasis": "LargeZoneHighGrayLevelEmphasis",
    "glszm_LargeAreaLowGrayLevelEmphasis": "LargeZoneLowGrayLevelEmphasis",
    "glszm_LowGrayLevelZoneEmphasis": "LowGrayLevelZoneEmphasis",
    "glszm_SizeZoneNonUniformity": "ZoneSizeNonuniformity",
    "glszm_SizeZoneNonUniformityNormalized": "NormalizedZoneSizeNonuniformity",
    "glszm_SmallAreaEmphasis": "SmallZoneEmphasis",
    "glszm_SmallAreaHighGrayLevelEmphasis": "SmallZoneHighGrayLevelEmphasis",
    "glszm_SmallAreaLowGrayLevelEmphasis": "SmallZoneLowGrayLevelEmphasis",
    "glszm_ZoneEntropy": "ZoneSizeEntropy",
    "glszm_ZonePercentage": "SizeZonePercentage",
    "glszm_ZoneVariance": "ZoneSizeVariance",
    "gldm_DependenceEntropy": "DependenceCountEntropy",
    "gldm_DependenceNonUniformity": "DependenceCountNonUniformity",
    "gldm_DependenceNonUniformityNormalized": "DependenceCountNonUniformityNormalized",
    "gldm_DependenceVariance": "DependenceCountVariance",
    "gldm_GrayLevelNonUniformity": "GreyLevelNonUniformityOfNGLDM",
    "gldm_GrayLevelVariance": "GreyLevelVarianceOfNGLDM",
    "gldm_HighGrayLevelEmphasis": "HighGreyLevelCountEmphasis",
    "gldm_LargeDependenceEmphasis": "HighDependenceEmphasis",
    "gldm_LargeDependenceHighGrayLevelEmphasis": "HighDependenceHighGreyLevelEmphasis",
    "gldm_LargeDependenceLowGrayLevelEmphasis": "HighDependenceLowGreyLevelEmphasis",
    "gldm_LowGrayLevelEmphasis": "LowGreyLevelCountEmphasis",
    "gldm_SmallDependenceEmphasis": "LowDependenceEmphasis",
    "gldm_SmallDependenceHighGrayLevelEmphasis": "LowDependenceHighGreyLevelEmphasis",
    "gldm_SmallDependenceLowGrayLevelEmphasis": "LowDependenceLowGreyLevelEmphasis",
    "ngtdm_Busyness": "BusynessOfNGTDM",
    "ngtdm_Coarseness": "CoarsenessOfNGTDM",
    "ngtdm_Complexity": "ComplexityOfNGTDM",
    "ngtdm_Contrast": "ContrastOfNGTDM",
    "ngtdm_Strength": "StrengthOfNGTDM",
}

_PER_MILLIMETER = Code("/mm", "UCUM", "per millimeter")


def ibsi_code(feature: str) -> Code | None:
    """Give the IBSI code of how a feature is computed, whatever the filter before it; None when there is none."""
    keyword = _IBSI.get(feature.partition("_")[2])
    return None if keyword is None else getattr(codes.IBSI, keyword)


def unit_code(feature: str) -> Code:
    """Give the unit of a feature: millimeters for sizes, none for what depends on the MRI's arbitrary intensities."""
    feature_class, _, name = feature.partition("_")[2].partition("_")
    if feature_class != "shape":
        return codes.UCUM.NoUnits
    if name.endswith("Volume"):
        return codes.UCUM.CubicMillimeter
    if name == "SurfaceArea":
        return codes.UCUM.SquareMillimeter
    if name == "SurfaceVolumeRatio":
        return _PER_MILLIMETER
    return (
        codes.UCUM.Millimeter if name.endswith(("Length", "Slice", "Row", "Column", "Diameter")) else codes.UCUM.NoUnits
    )
