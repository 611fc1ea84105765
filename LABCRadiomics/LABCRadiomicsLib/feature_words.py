"""Each radiomics feature in a sentence: what is different in the image when its value rises.

The sentences follow from the formulas of pyradiomics' documentation; they describe the image, not a disease.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from .feature_names import canonical_feature_name, split_feature_name

Translate = Callable[[str], str]

RISES: Mapping[str, Mapping[str, str]] = {
    "firstorder": {
        "10Percentile": "the darkest tenth of the tumor is brighter",
        "90Percentile": "the brightest tenth of the tumor is brighter",
        "Energy": "the tumor has more voxels, or voxels further from zero intensity; it grows with volume",
        "Entropy": "the intensities are spread more evenly over more gray levels",
        "InterquartileRange": "the middle half of the intensities spans a wider range",
        "Kurtosis": "more of the spread comes from a few extreme intensities",
        "Maximum": "the brightest voxel is brighter",
        "Mean": "the tumor is brighter on average",
        "MeanAbsoluteDeviation": "intensities lie further from their mean",
        "Median": "the voxel in the middle of the intensities is brighter",
        "Minimum": "the darkest voxel is brighter",
        "Range": "the darkest and the brightest voxel are further apart",
        "RobustMeanAbsoluteDeviation": "intensities between the 10th and 90th percentile lie further from their mean",
        "RootMeanSquared": "intensities lie further from zero",
        "Skewness": "the tail of bright voxels is longer than the tail of dark ones",
        "TotalEnergy": "the tumor has a larger volume, or voxels further from zero intensity",
        "Uniformity": "more of the voxels share few gray levels",
        "Variance": "intensities are more spread around their mean",
        "StandardDeviation": "intensities are more spread around their mean",
    },
    "shape": {
        "Elongation": "the two longest axes are more alike, so the tumor is less elongated",
        "Flatness": "the longest and the shortest axis are more alike, so the tumor is less flat",
        "LeastAxisLength": "the tumor is longer along its shortest axis",
        "MajorAxisLength": "the tumor is longer along its longest axis",
        "Maximum2DDiameterColumn": "the largest diameter within one plane of fixed column is longer",
        "Maximum2DDiameterRow": "the largest diameter within one plane of fixed row is longer",
        "Maximum2DDiameterSlice": "the largest diameter within one slice is longer",
        "Maximum3DDiameter": "the largest diameter of the tumor is longer",
        "MeshVolume": "the tumor has a larger volume",
        "MinorAxisLength": "the tumor is longer along its second axis",
        "Sphericity": "the tumor is more like a sphere, with less surface for its volume",
        "SurfaceArea": "the tumor has more surface: it is larger or more irregular",
        "SurfaceVolumeRatio": "the tumor has more surface for its volume: it is smaller or more irregular",
        "VoxelVolume": "the tumor has a larger volume",
        "Compactness1": "the tumor is more compact, with less surface for its volume",
        "Compactness2": "the tumor is more compact, with less surface for its volume",
        "SphericalDisproportion": "the tumor is less like a sphere",
    },
    "shape2D": {
        "Elongation": "the two axes are more alike, so the tumor is less elongated in the slice",
        "MajorAxisLength": "the tumor is longer along its longer axis in the slice",
        "MaximumDiameter": "the largest diameter in the slice is longer",
        "MeshSurface": "the tumor covers a larger area of the slice",
        "MinorAxisLength": "the tumor is longer along its shorter axis in the slice",
        "Perimeter": "the outline in the slice is longer",
        "PerimeterSurfaceRatio": "the outline is longer for its area: the tumor is smaller or more irregular",
        "PixelSurface": "the tumor covers a larger area of the slice",
        "Sphericity": "the outline is more like a circle",
        "SphericalDisproportion": "the outline is less like a circle",
    },
    "glcm": {
        "Autocorrelation": "neighboring voxels are both bright more often",
        "ClusterProminence": "pairs of neighbors differ more, and less evenly, from the mean gray level",
        "ClusterShade": "pairs of neighbors far brighter than the mean outweigh pairs far darker than it",
        "ClusterTendency": "neighbors of like gray levels form groups further from the mean",
        "Contrast": "neighboring voxels differ more",
        "Correlation": "the gray level of a voxel tells more of its neighbor's",
        "DifferenceAverage": "neighboring voxels differ more on average",
        "DifferenceEntropy": "the differences between neighbors are more varied",
        "DifferenceVariance": "the differences between neighbors vary more around their mean",
        "Dissimilarity": "neighboring voxels differ more on average",
        "Homogeneity1": "neighboring voxels are more alike",
        "Homogeneity2": "neighboring voxels are more alike",
        "Id": "neighboring voxels are more alike",
        "Idm": "neighboring voxels are more alike",
        "Idmn": "neighboring voxels are more alike, relative to the number of gray levels",
        "Idn": "neighboring voxels are more alike, relative to the number of gray levels",
        "Imc1": "neighboring gray levels tell less of each other (it runs from -1, all, to 0, nothing)",
        "Imc2": "neighboring gray levels tell more of each other (it runs from 0, nothing, to 1, all)",
        "InverseVariance": "more neighbors differ, but by little",
        "JointAverage": "pairs of neighbors are brighter on average",
        "JointEnergy": "few combinations of neighboring gray levels make up more of the tumor",
        "JointEntropy": "the combinations of neighboring gray levels are more varied",
        "MCC": "the texture is more regular, so that a gray level tells more of its neighbor's",
        "MaximumProbability": "the most frequent pair of neighboring gray levels is more frequent",
        "SumAverage": "pairs of neighbors are brighter on average",
        "SumEntropy": "the sums of neighboring gray levels are more varied",
        "SumSquares": "gray levels of neighbors are more spread around their mean",
        "SumVariance": "neighbors of like gray levels form groups further from the mean",
    },
    "gldm": {
        "DependenceEntropy": "the numbers of like neighbors around a voxel, and their gray levels, are more varied",
        "DependenceNonUniformity": "the tumor has more voxels, or voxels with more equal numbers of like neighbors",
        "DependenceNonUniformityNormalized": "voxels have more equal numbers of like neighbors",
        "DependencePercentage": "it is 1 by definition",
        "DependenceVariance": "the numbers of like neighbors around a voxel vary more",
        "GrayLevelNonUniformity": "the tumor has more voxels, or fewer gray levels hold most of them",
        "GrayLevelNonUniformityNormalized": "fewer gray levels hold most of the voxels",
        "GrayLevelVariance": "gray levels are more spread around their mean",
        "HighGrayLevelEmphasis": "more voxels are bright",
        "LargeDependenceEmphasis": "voxels have more like neighbors, so the texture is smoother",
        "LargeDependenceHighGrayLevelEmphasis": "more of the smooth areas are bright",
        "LargeDependenceLowGrayLevelEmphasis": "more of the smooth areas are dark",
        "LowGrayLevelEmphasis": "more voxels are dark",
        "SmallDependenceEmphasis": "voxels have fewer like neighbors, so the texture is less smooth",
        "SmallDependenceHighGrayLevelEmphasis": "more voxels are bright and unlike their neighbors",
        "SmallDependenceLowGrayLevelEmphasis": "more voxels are dark and unlike their neighbors",
    },
    "glrlm": {
        "GrayLevelNonUniformity": "there are more runs, or fewer gray levels hold most of them",
        "GrayLevelNonUniformityNormalized": "fewer gray levels hold most of the runs",
        "GrayLevelVariance": "the gray levels of runs are more spread around their mean",
        "HighGrayLevelRunEmphasis": "more runs are bright",
        "LongRunEmphasis": "runs of one gray level are longer, so the texture is coarser",
        "LongRunHighGrayLevelEmphasis": "more of the long runs are bright",
        "LongRunLowGrayLevelEmphasis": "more of the long runs are dark",
        "LowGrayLevelRunEmphasis": "more runs are dark",
        "RunEntropy": "runs are more varied in length and gray level",
        "RunLengthNonUniformity": "there are more runs, or runs of more equal length",
        "RunLengthNonUniformityNormalized": "runs are more equal in length",
        "RunPercentage": "runs are shorter, so the texture is finer",
        "RunVariance": "the lengths of runs vary more",
        "ShortRunEmphasis": "more runs are short, so the texture is finer",
        "ShortRunHighGrayLevelEmphasis": "more of the short runs are bright",
        "ShortRunLowGrayLevelEmphasis": "more of the short runs are dark",
    },
    "glszm": {
        "GrayLevelNonUniformity": "there are more zones, or fewer gray levels hold most of them",
        "GrayLevelNonUniformityNormalized": "fewer gray levels hold most of the zones",
        "GrayLevelVariance": "the gray levels of zones are more spread around their mean",
        "HighGrayLevelZoneEmphasis": "more zones are bright",
        "LargeAreaEmphasis": "zones of one gray level are larger, so the texture is coarser",
        "LargeAreaHighGrayLevelEmphasis": "more of the large zones are bright",
        "LargeAreaLowGrayLevelEmphasis": "more of the large zones are dark",
        "LowGrayLevelZoneEmphasis": "more zones are dark",
        "SizeZoneNonUniformity": "there are more zones, or zones of more equal size",
        "SizeZoneNonUniformityNormalized": "zones are more equal in size",
        "SmallAreaEmphasis": "more zones are small, so the texture is finer",
        "SmallAreaHighGrayLevelEmphasis": "more of the small zones are bright",
        "SmallAreaLowGrayLevelEmphasis": "more of the small zones are dark",
        "ZoneEntropy": "zones are more varied in size and gray level, so the texture is more heterogeneous",
        "ZonePercentage": "zones are smaller, so the texture is finer",
        "ZoneVariance": "the sizes of zones vary more",
    },
    "ngtdm": {
        "Busyness": "gray levels change faster from voxel to voxel, relative to how far they are apart",
        "Coarseness": "gray levels change more slowly over space, so the texture is coarser; it falls with volume",
        "Complexity": "the texture has more, and more sudden, changes of gray level",
        "Contrast": "gray levels span a wider range and neighbors differ more",
        "Strength": "areas of one gray level are easier to tell from each other",
    },
}
"""What is different when a feature rises, by class and feature; ends the sentence "It rises when ..."."""

FAMILIES: Mapping[str, str] = {
    "firstorder": "intensities, whatever their place",
    "shape": "shape of the tumor",
    "shape2D": "shape of the tumor in a slice",
    "glcm": "gray levels of neighboring voxels",
    "gldm": "voxels and their like neighbors",
    "glrlm": "runs: voxels of one gray level in a row",
    "glszm": "zones: connected voxels of one gray level",
    "ngtdm": "voxels against the mean of their neighbors",
}
"""What a class of features looks at."""

_FILTERS: Mapping[str, str] = {
    "original": "of the image as it is",
    "square": "of the image after squaring, which stresses bright voxels",
    "squareroot": "of the image after taking square roots, which evens out bright voxels",
    "logarithm": "of the image after taking logarithms, which evens out bright voxels",
    "exponential": "of the image after exponentiation, which stresses the brightest voxels",
    "gradient": "of the image's gradient, which is large at edges",
    "lbp-2D": "of the image of local binary patterns in each slice",
}
_AXES = ("first", "second", "third")


def feature_sentence(name: str, _: Translate = str) -> str | None:
    """Explain a feature in two sentences.

    Parameters
    ----------
    name : str
        pyradiomics' or R's form of the name.
    _ : callable, optional
        Translates a sentence or a part of one.

    Returns
    -------
    str or None
        What the feature looks at and where, then what is different when it rises; None when the name is not one of
        pyradiomics' features.

    Examples
    --------
    >>> feature_sentence("original_shape_Sphericity")
    'Shape of the tumor. It rises when the tumor is more like a sphere, with less surface for its volume.'
    """
    parts = split_feature_name(canonical_feature_name(name))
    if parts is None:
        return None
    image_type, family, feature = parts
    rises = _(RISES[family][feature])
    looks_at = _(FAMILIES[family])
    if family.startswith("shape"):
        return _("{looks_at}. It rises when {rises}.").format(looks_at=looks_at[0].upper() + looks_at[1:], rises=rises)
    return _("{looks_at}, {filter}. It rises when {rises}.").format(
        looks_at=looks_at[0].upper() + looks_at[1:], filter=filter_words(image_type, _), rises=rises
    )


def filter_words(image_type: str, _: Translate = str) -> str:
    """Say of which image a feature is computed.

    Parameters
    ----------
    image_type : str
        How the feature's name begins, such as ``"wavelet-LLH"``.
    _ : callable, optional
        Translates.
    """
    if image_type in _FILTERS:
        return _(_FILTERS[image_type])
    if found := re.fullmatch(r"wavelet(\d*)-([LH]{2,3})", image_type):
        level, band = found.groups()
        coarse = [_(_AXES[axis]) for axis, letter in enumerate(band) if letter == "L"]
        fine = [_(_AXES[axis]) for axis, letter in enumerate(band) if letter == "H"]
        if not fine:
            words = _("of the image without its fine detail (wavelet {band})")
        elif not coarse:
            words = _("of the image's fine detail along all axes (wavelet {band})")
        else:
            words = _("of the image's fine detail along the {fine} axis, structure along the {coarse} (wavelet {band})")
        return words.format(fine=_(" and ").join(fine), coarse=_(" and ").join(coarse), band=level + band)
    if found := re.fullmatch(r"log-sigma-(\d+)-(\d+)-mm-3D", image_type):
        words = _("of the image's blobs and edges of about {sigma} mm (Laplacian of Gaussian)")
        return words.format(sigma=f"{int(found[1])}.{found[2]}".removesuffix(".0"))
    return _("of the image filtered by {name}").format(name=image_type)
