"""How a model's features are computed, in sentences with numbers: for its card, and for papers.

What a setting means is that of pyradiomics 3.0.1 (https://pyradiomics.readthedocs.io/en/v3.0.1/customization.html); a
setting that is not stated has its default there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..feature_names import FEATURES
from ..model import Extraction

_CLASSES = {
    "firstorder": "first order statistics",
    "shape": "shape",
    "shape2D": "shape in two dimensions",
    "glcm": "gray level co-occurrence matrix (GLCM)",
    "glrlm": "gray level run length matrix (GLRLM)",
    "glszm": "gray level size zone matrix (GLSZM)",
    "gldm": "gray level dependence matrix (GLDM)",
    "ngtdm": "neighboring gray tone difference matrix (NGTDM)",
}
_IMAGES = {
    "Original": "the image as it is",
    "LoG": "Laplacian of Gaussian",
    "Square": "square",
    "SquareRoot": "square root",
    "Logarithm": "logarithm",
    "Exponential": "exponential",
    "Gradient": "gradient magnitude",
    "LBP2D": "local binary patterns in the slice",
    "LBP3D": "local binary patterns in three dimensions",
}
_STEPS = {
    "n4": "N4 bias field correction",
    "zscore": "z-score of intensities",
    "percentile": "intensities on a line through two percentiles",
    "reference-tissue": "intensities relative to the median of a reference tissue",
    "resample": "resampling",
}


def preprocessing(extraction: Extraction) -> tuple[str, ...]:
    """Give the steps before any feature, in their order, with every parameter stated."""
    steps = [_step(step) for step in extraction.preprocessing]
    return (*steps, *_normalized(extraction.setting))


def step_of(extraction: Extraction, *names: str) -> str | None:
    """Give the preprocessing steps of these names in words; None where there is none."""
    found = [_step(step) for step in extraction.preprocessing if step.get("step") in names]
    return "; ".join(found) or None


def _step(step: Mapping[str, Any]) -> str:
    name = str(step.get("step"))
    parameters = ", ".join(f"{key} {_value(value)}" for key, value in step.items() if key != "step")
    return f"{_STEPS.get(name, name)} ({parameters})" if parameters else _STEPS.get(name, name)


def _normalized(setting: Mapping[str, Any]) -> tuple[str, ...]:
    if not setting.get("normalize"):
        return ()
    limit = setting.get("removeOutliers")
    cut = f", values beyond {limit:g} standard deviations cut off" if limit else ""
    scale = setting.get("normalizeScale", 1)
    return (f"normalization to mean 0 and standard deviation {scale:g} of the whole image{cut}",)


def normalization(extraction: Extraction) -> str:
    """Say how intensities were made comparable between patients."""
    steps = step_of(extraction, "zscore", "percentile", "reference-tissue")
    found = "; ".join([*([steps] if steps else []), *_normalized(extraction.setting)]) or "none by this software"
    return f"{found[0].upper()}{found[1:]}."


def resampling(extraction: Extraction) -> str:
    """Say whether images were brought to one voxel size, and how."""
    found = step_of(extraction, "resample")
    spacing = extraction.setting.get("resampledPixelSpacing")
    if spacing:
        size = " x ".join(f"{length:g}" if length else "own" for length in spacing)
        how = extraction.setting.get("interpolator", "sitkBSpline")
        within = f"to {size} mm by {how}, the mask by nearest neighbor, on a grid aligned with the mask's"
        found = f"{found}; {within}" if found else within
    return f"{found[0].upper()}{found[1:]}." if found else "None: every image keeps its own voxel size."


def discretization(extraction: Extraction) -> str:
    """Say how intensities become gray levels."""
    count = extraction.setting.get("binCount")
    if count is not None:
        return f"Fixed number of bins: {count}, between the lowest and the highest intensity in the tumor."
    width = extraction.setting.get("binWidth", 25)
    return (
        f"Fixed bin width: {width:g} in the units of each image, filtered ones too; the edges are multiples of the "
        "width, the first the last one not above the lowest intensity in the tumor."
    )


def resegmentation(extraction: Extraction) -> str:
    """Say whether voxels were taken out of the tumor by their intensity."""
    limits = extraction.setting.get("resegmentRange")
    if not limits:
        return "None."
    mode = extraction.setting.get("resegmentMode", "absolute")
    shape = "for shape too" if extraction.setting.get("resegmentShape") else "not for shape"
    return f"Voxels within {' to '.join(f'{limit:g}' for limit in limits)} ({mode}), {shape}."


def image_types(extraction: Extraction) -> tuple[str, ...]:
    """Give the images that features are computed on, filters with their parameters."""
    types = extraction.image_type or {"Original": {}}
    return tuple(_image(name, {**extraction.setting, **(own or {})}) for name, own in types.items())


def _image(name: str, setting: Mapping[str, Any]) -> str:
    if name == "Wavelet":
        axes = "two axes" if setting.get("force2D") else "all axes"
        level, start = setting.get("level", 1), setting.get("start_level", 0)
        levels = "one level" if level == 1 else f"{level} levels"
        later = f", starting at level {start}" if start else ""
        return f"undecimated wavelet transform along {axes} ({setting.get('wavelet', 'coif1')}, {levels}{later})"
    if name == "LoG":
        sigmas = ", ".join(f"{sigma:g}" for sigma in setting.get("sigma", ()))
        return f"Laplacian of Gaussian (sigma {sigmas} mm)" if sigmas else "Laplacian of Gaussian"
    return _IMAGES.get(name, name)


def feature_classes(extraction: Extraction) -> tuple[str, ...]:
    """Give the classes of features with how many of each are computed on an image."""
    planar = bool(extraction.setting.get("force2D"))
    every = {name: FEATURES[name] for name in FEATURES if planar or name != "shape2D"}
    classes = extraction.feature_class or every
    return tuple(f"{_CLASSES.get(name, name)}: {len(own or FEATURES.get(name, ()))}" for name, own in classes.items())


def neighborhood(extraction: Extraction) -> str:
    """Say whether texture is measured in slices or in three dimensions."""
    if not extraction.setting.get("force2D"):
        return "three dimensions"
    return f"slices (across axis {extraction.setting.get('force2Ddimension', 0)} of the array)"


def distances(extraction: Extraction) -> str:
    """Give the distances of neighbors in voxels."""
    return ", ".join(f"{distance:g}" for distance in extraction.setting.get("distances") or [1])


def axis_order(extraction: Extraction) -> str:
    """Say in which order of axes the voxels were taken, on which wavelets and some textures depend."""
    if extraction.array_order == "LPS":
        return "canonical (LPS), the same however a scanner stored the slices"
    axes = f"; the training images' axes grew towards {extraction.axes}" if extraction.axes else ""
    return f"as 3D Slicer loads the volume{axes}"


def axes(extraction: Extraction | None) -> str:
    """Name the axes of the voxels' array, in whose order sizes are given."""
    if extraction is not None and extraction.array_order == "LPS":
        return "left to right, front to back and foot to head"
    return "i, j and k of the array"


def definitions(extraction: Extraction) -> str:
    """Say whose definitions the features have."""
    version = (extraction.pyradiomics_version or "").lstrip("v")
    return f"pyradiomics {version}" if version else "pyradiomics (the version is not stated)"


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " x ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
