"""Names of features and settings of pyradiomics 3.0.1, without importing it.

A feature is called ``<image type>_<class>_<feature>``, for example ``wavelet-LLH_glcm_Idmn``. The tables are held equal
to pyradiomics' own by a test, so that a model file can be checked in milliseconds where pyradiomics is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GRAY_LEVEL_COMMON = "GrayLevelNonUniformity GrayLevelNonUniformityNormalized GrayLevelVariance"

FEATURES: Mapping[str, frozenset[str]] = {
    "firstorder": _names(
        "10Percentile 90Percentile Energy Entropy InterquartileRange Kurtosis Maximum Mean MeanAbsoluteDeviation "
        "Median Minimum Range RobustMeanAbsoluteDeviation RootMeanSquared Skewness TotalEnergy Uniformity Variance"
    ),
    "shape": _names(
        "Elongation Flatness LeastAxisLength MajorAxisLength Maximum2DDiameterColumn Maximum2DDiameterRow "
        "Maximum2DDiameterSlice Maximum3DDiameter MeshVolume MinorAxisLength Sphericity SurfaceArea SurfaceVolumeRatio "
        "VoxelVolume"
    ),
    "shape2D": _names(
        "Elongation MajorAxisLength MaximumDiameter MeshSurface MinorAxisLength Perimeter PerimeterSurfaceRatio "
        "PixelSurface Sphericity"
    ),
    "glcm": _names(
        "Autocorrelation ClusterProminence ClusterShade ClusterTendency Contrast Correlation DifferenceAverage "
        "DifferenceEntropy DifferenceVariance Id Idm Idmn Idn Imc1 Imc2 InverseVariance JointAverage JointEnergy "
        "JointEntropy MCC MaximumProbability SumAverage SumEntropy SumSquares"
    ),
    "gldm": _names(
        "DependenceEntropy DependenceNonUniformity DependenceNonUniformityNormalized DependenceVariance "
        "GrayLevelNonUniformity GrayLevelVariance HighGrayLevelEmphasis LargeDependenceEmphasis "
        "LargeDependenceHighGrayLevelEmphasis LargeDependenceLowGrayLevelEmphasis LowGrayLevelEmphasis "
        "SmallDependenceEmphasis SmallDependenceHighGrayLevelEmphasis SmallDependenceLowGrayLevelEmphasis"
    ),
    "glrlm": _names(
        f"{_GRAY_LEVEL_COMMON} HighGrayLevelRunEmphasis LongRunEmphasis LongRunHighGrayLevelEmphasis "
        "LongRunLowGrayLevelEmphasis LowGrayLevelRunEmphasis RunEntropy RunLengthNonUniformity "
        "RunLengthNonUniformityNormalized RunPercentage RunVariance ShortRunEmphasis ShortRunHighGrayLevelEmphasis "
        "ShortRunLowGrayLevelEmphasis"
    ),
    "glszm": _names(
        f"{_GRAY_LEVEL_COMMON} HighGrayLevelZoneEmphasis LargeAreaEmphasis LargeAreaHighGrayLevelEmphasis "
        "LargeAreaLowGrayLevelEmphasis LowGrayLevelZoneEmphasis SizeZoneNonUniformity SizeZoneNonUniformityNormalized "
        "SmallAreaEmphasis SmallAreaHighGrayLevelEmphasis SmallAreaLowGrayLevelEmphasis ZoneEntropy ZonePercentage "
        "ZoneVariance"
    ),
    "ngtdm": _names("Busyness Coarseness Complexity Contrast Strength"),
}
"""Features that pyradiomics computes when a class is enabled as a whole, by class."""

DEPRECATED: Mapping[str, frozenset[str]] = {
    "firstorder": frozenset({"StandardDeviation"}),
    "shape": frozenset({"Compactness1", "Compactness2", "SphericalDisproportion"}),
    "shape2D": frozenset({"SphericalDisproportion"}),
    "glcm": frozenset({"Dissimilarity", "Homogeneity1", "Homogeneity2", "SumVariance"}),
    "gldm": frozenset({"DependencePercentage", "GrayLevelNonUniformityNormalized"}),
    "glrlm": frozenset(),
    "glszm": frozenset(),
    "ngtdm": frozenset(),
}
"""Features that pyradiomics computes only when they are enabled by name, by class."""

IMAGE_TYPES = _names("Exponential Gradient LBP2D LBP3D LoG Logarithm Original Square SquareRoot Wavelet")

SETTINGS = _names(
    "minimumROIDimensions minimumROISize geometryTolerance correctMask additionalInfo label label_channel binWidth "
    "binCount normalize normalizeScale removeOutliers resampledPixelSpacing interpolator padDistance distances force2D "
    "force2Ddimension resegmentRange resegmentMode resegmentShape preCrop sigma start_level level wavelet "
    "gradientUseSpacing lbp2DRadius lbp2DSamples lbp2DMethod lbp3DLevels lbp3DIcosphereRadius "
    "lbp3DIcosphereSubdivision voxelArrayShift symmetricalGLCM weightingNorm gldm_a"
)
"""Names that the section ``setting`` of a pyradiomics parameter file may hold."""


def split_feature_name(name: str) -> tuple[str, str, str] | None:
    """Split a pyradiomics feature name.

    Parameters
    ----------
    name : str
        For example ``"original_glcm_Idm"``.

    Returns
    -------
    tuple of str or None
        Image type prefix, class and feature, or None when class and feature are not pyradiomics'.
    """
    parts = name.split("_")
    if len(parts) != 3 or not parts[0]:
        return None
    _, feature_class, feature = parts
    known = feature in FEATURES.get(feature_class, ()) or feature in DEPRECATED.get(feature_class, ())
    return (parts[0], feature_class, feature) if known else None


def canonical_feature_name(name: str) -> str:
    """Give the pyradiomics name of a feature whose name went through R.

    R's ``make.names`` turns each hyphen into a dot: ``wavelet.LLH_glcm_Idmn`` is ``wavelet-LLH_glcm_Idmn`` and
    ``log.sigma.2.0.mm.3D_glcm_Idmn`` is ``log-sigma-2-0-mm-3D_glcm_Idmn``.

    Parameters
    ----------
    name : str
        A column name; surrounding blanks are dropped.

    Returns
    -------
    str
        The pyradiomics name; the name itself when it is not one of pyradiomics' features.
    """
    name = name.strip()
    parts = split_feature_name(name)
    if parts is None:
        return name
    image, feature_class, feature = parts
    return f"{image.replace('.', '-')}_{feature_class}_{feature}"


def image_prefixes(image_types: Mapping[str, Mapping[str, Any]], setting: Mapping[str, Any]) -> frozenset[str]:
    """Give the prefixes of feature names that a set of image types makes.

    Parameters
    ----------
    image_types : mapping
        Section ``imageType`` of a pyradiomics parameter file; empty stands for Original alone, as in pyradiomics.
    setting : mapping
        Section ``setting``; the values of an image type's own mapping override it.

    Returns
    -------
    frozenset of str
        For example ``{"original", "wavelet-LLL", ...}``.

    Raises
    ------
    TypeError, ValueError
        A setting that shapes names (``sigma``, ``level``, ``lbp3DLevels``) is not a number or list of numbers.
    """
    prefixes: set[str] = set()
    for image_type, own in (image_types or {"Original": {}}).items():
        prefixes |= _prefixes(image_type, {**setting, **(own or {})})
    return frozenset(prefixes)


def _prefixes(image_type: str, setting: Mapping[str, Any]) -> set[str]:
    """Prefixes of one image type, as ``radiomics.imageoperations`` names the images it yields."""
    if image_type == "Wavelet":
        return _wavelet_prefixes(2 if setting.get("force2D") else 3, int(setting.get("level", 1)))
    if image_type == "LoG":
        sigmas = [sigma for sigma in setting.get("sigma", ()) if sigma > 0]
        return {f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D" for sigma in sigmas}
    if image_type == "LBP2D":
        return {"lbp-2D"}
    if image_type == "LBP3D":
        return {f"lbp-3D-m{level}" for level in range(1, int(setting.get("lbp3DLevels", 2)) + 1)} | {"lbp-3D-k"}
    return {image_type.lower()}


def _wavelet_prefixes(axes: int, levels: int) -> set[str]:
    """Every sub-band of each level with a high-pass direction, and the approximation of the last level alone."""
    names = ["wavelet", *(f"wavelet{level}" for level in range(2, levels + 1))]
    approximation, *details = ("".join(band) for band in product("LH", repeat=axes))
    return {f"{name}-{band}" for name in names for band in details} | {f"{names[-1]}-{approximation}"}
