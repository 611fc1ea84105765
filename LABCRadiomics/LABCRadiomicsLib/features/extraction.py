"""Radiomics features of one region, equal to pyradiomics' own to the last bit, at a fraction of their cost.

pyradiomics hashes, checks and filters the whole volume; only the ROI's bounding box, with a filter's reach around it,
has any influence on most values. This module walks the same steps at the ROI's voxels, and makes only the image types,
classes and features asked for. Source of the steps: ``radiomics.featureextractor.RadiomicsFeatureExtractor.execute``.
"""

from __future__ import annotations

import hashlib
import math
import platform
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import SimpleITK as sitk

from ..errors import ExtractionError, ModelError
from ..feature_names import split_feature_name
from ..imaging.region import Region
from ..imaging.volume import Volume, box_slices
from ..notices import Notice
from ..sentences import listed, many
from .filters import filtered_values, roi_values
from .gray_levels import spans_no_bin
from .reference import shape_in_two_dimensions
from .registry import ENGINE, INTENSITY_CLASSES, PYRADIOMICS_VERSION, SHAPE, whole_class, without_value
from .roi_preparation import check, prepared, resegmented
from .settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
from .texture import FilteredRoi
from .voxels import RoiVoxels

_Plan = dict[str, dict[str, list[str]]]
"""Feature names to compute by image name and class."""


@dataclass(frozen=True)
class FeatureValues:
    """The outcome of :func:`extract`.

    Attributes
    ----------
    values : dict of str to float
        Feature values by pyradiomics' names (``"wavelet-LLH_glcm_Idmn"``).
    diagnostics : dict
        Versions, hash of what the features were computed from, voxel count, volume in mm3, spacing in mm, array order.
    notices : tuple of Notice
        What the user should know, such as a mask that had to be resampled.
    """

    values: dict[str, float]
    diagnostics: dict[str, object] = field(repr=False)
    notices: tuple[Notice, ...] = ()


def extract(
    image: Volume,
    mask: Volume,
    settings: ExtractionSettings | None = None,
    features: Iterable[str] | None = None,
    label: int | None = None,
) -> FeatureValues:
    """Compute radiomics features of one ROI.

    Parameters
    ----------
    image : Volume
    mask : Volume
        Labels; on another grid than the image it is resampled (nearest neighbor), with a notice.
    settings : ExtractionSettings, optional
        Default: what SlicerRadiomics does, original image and wavelets (851 features).
    features : iterable of str, optional
        Names of the features to compute; default all that the settings enable. Nothing else is computed.
    label : int, optional
        Label of the ROI; default the settings' own, else the only one of the mask.

    Returns
    -------
    FeatureValues

    Raises
    ------
    InputError
        Unusable label.
    GeometryError
        The ROI is not inside the image.
    ModelError, ExtractionError
        See :func:`extract_region`.
    """
    settings = settings or ExtractionSettings.from_parameters(SLICER_RADIOMICS_PARAMETERS)
    return extract_region(settings.region_of(image, mask, label), settings, features)


def extract_region(
    region: Region, settings: ExtractionSettings, features: Iterable[str] | None = None
) -> FeatureValues:
    """Compute radiomics features of a region that is in the settings' array order already.

    Parameters
    ----------
    region : Region
    settings, features
        As for :func:`extract`.

    Returns
    -------
    FeatureValues

    Raises
    ------
    ModelError
        A feature does not exist or the settings do not enable it.
    ExtractionError
        The ROI cannot carry features (one voxel, constant intensity, non-finite voxels), or a feature asked for by
        name has no finite value. Without names such values are kept as pyradiomics gives them, with a notice. Or there
        would be more gray levels than texture can be measured with.
    DependencyError
        Only pyradiomics computes an image type or a class of the settings, and it is not installed.
    """
    features = None if features is None else list(features)
    plan = None if features is None else _plan(settings, features)
    _require_textured(region)
    diagnostics = {"label": region.label, **region_diagnostics(region, settings)}
    notices = [] if settings.resamples else list(region.notices)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a feature without a value gets a notice, or is refused
        values = dict(_compute(region, settings, plan, notices))
    if features is None:
        notices += _not_finite(values)
    else:
        _require_finite(values, features)
        values = {name: values[name] for name in features}
    return FeatureValues(values, diagnostics, tuple(notices))


def _plan(settings: ExtractionSettings, features: Iterable[str]) -> _Plan:
    """Sort the names of features by image and class."""
    plan: _Plan = {}
    for name in features:
        parts = split_feature_name(name)
        if parts is None:
            raise ModelError(f"Feature {name} is not one that pyradiomics {PYRADIOMICS_VERSION} has: correct it.")
        image_name, class_name, feature = parts
        if without_value(class_name, feature):
            raise ModelError(f"Feature {name} has no value in pyradiomics {PYRADIOMICS_VERSION}: use another.")
        enabled = settings.feature_classes.get(class_name)
        if enabled is None or (enabled and feature not in enabled) or not _enabled_image(settings, image_name):
            raise ModelError(f"Feature {name} is not enabled by the extraction settings: enable it there.")
        plan.setdefault(image_name, {}).setdefault(class_name, []).append(feature)
    return plan


def _enabled_image(settings: ExtractionSettings, name: str) -> bool:
    return any(f"{name}_".startswith(_name_stem(kind)) for kind in settings.image_types)


def _name_stem(kind: str) -> str:
    """How the names of the images of one image type, with an underscore at their end, begin."""
    stems = {"LoG": "log-sigma-", "Wavelet": "wavelet", "LBP2D": "lbp-2D", "LBP3D": "lbp-3D"}
    return stems.get(kind, f"{kind.lower()}_")


def _compute(
    region: Region, settings: ExtractionSettings, plan: _Plan | None, notices: list[Notice]
) -> Iterator[tuple[str, float]]:
    """The steps of RadiomicsFeatureExtractor.execute, in its order."""
    region = prepared(region, settings)
    check(region, settings.setting)
    whole = region
    if settings.setting["resegmentRange"] is not None:
        region = resegmented(region, settings.setting)
        check(region, settings.setting)
    voxels = RoiVoxels(region.inside, region.image.spacing[::-1])
    # pyradiomics measures the shape of the whole ROI, but within the bounding box of what resegmentation left of it.
    shape = region if settings.setting.get("resegmentShape", False) else _cut(whole, region)
    yield from _shape_features(shape, voxels if shape is region else None, settings, plan)
    for kind, own in settings.image_types.items():
        wanted = None if plan is None else [name for name in plan if f"{name}_".startswith(_name_stem(kind))]
        if not any(name in INTENSITY_CLASSES for name in settings.feature_classes) or wanted == []:
            continue
        setting = settings.setting | own
        degenerate = None
        for name, values in filtered_values(kind, region, setting, wanted):
            roi = FilteredRoi(name, values, voxels, setting)
            yield from _intensity_features(roi, settings, None if plan is None else plan[name])
            if degenerate is None and roi.uses_levels:
                # A wavelet's bands are narrow by nature; whether the bin width fits shows in what they were made of.
                degenerate = spans_no_bin(roi_values(region) if kind == "Wavelet" else values, setting)
        if degenerate:
            notices.append(_one_bin(kind, roi_values(region), setting))


def _cut(whole: Region, left: Region) -> Region:
    """The voxels of a region within the bounding box of another."""
    if whole is left:
        return whole
    block = whole.inside[box_slices(left.lower - whole.lower, left.upper - whole.lower)]
    return Region(whole.image, left.lower, left.upper, block)


def _shape_features(
    region: Region, voxels: RoiVoxels | None, settings: ExtractionSettings, plan: _Plan | None
) -> Iterator[tuple[str, float]]:
    planned = None if plan is None else plan.get("original", {})
    for name in ("shape", "shape2D"):
        if name not in settings.feature_classes or (planned is not None and name not in planned):
            continue
        features = planned[name] if planned is not None else settings.feature_classes[name] or whole_class(name)
        if name == "shape":
            shape = SHAPE(voxels or RoiVoxels(region.inside, region.image.spacing[::-1]))
            for feature in features:
                yield f"original_shape_{feature}", float(shape.FEATURES[feature](shape))
        elif _is_measured_in_two_dimensions(region, settings.setting):
            for feature, value in shape_in_two_dimensions(region, features, settings.setting).items():
                yield f"original_shape2D_{feature}", value


def _is_measured_in_two_dimensions(region: Region, setting: Mapping) -> bool:
    """Whether pyradiomics computes shape2D; it looks at the size along i, j, k by the number of an axis k, j, i."""
    size = region.upper - region.lower + 1
    return bool(setting["force2D"]) and size[setting["force2Ddimension"]] > 1


def _intensity_features(
    roi: FilteredRoi, settings: ExtractionSettings, planned: Mapping[str, list[str]] | None
) -> Iterator[tuple[str, float]]:
    if roi.values.dtype.kind == "f" and not np.isfinite(roi.values).all():
        raise ExtractionError(f"Image {roi.name} has values in the ROI that are not finite numbers: repair the image.")
    enabled_classes = [name for name in settings.feature_classes if name in INTENSITY_CLASSES]
    if planned is not None:
        enabled_classes = [name for name in enabled_classes if name in planned]
    if any(name != "firstorder" for name in enabled_classes):
        roi.gray()  # refuses too many levels before anything is computed
    for class_name in enabled_classes:
        enabled = settings.feature_classes[class_name]
        features = planned[class_name] if planned is not None else enabled or whole_class(class_name)
        computed = INTENSITY_CLASSES[class_name](roi)
        for feature in features:
            if not without_value(class_name, feature):
                yield f"{roi.name}_{class_name}_{feature}", float(computed.FEATURES[feature](computed))


def _one_bin(kind: str, values: np.ndarray, setting: Mapping) -> Notice:
    spread = float(values.max()) - float(values.min())
    bins = f"a bin is {setting.get('binWidth', 25):g} wide" if setting.get("binCount") is None else "binCount is 1"
    return Notice(
        "one-gray-level",
        f"the intensities of the ROI span {spread:.3g} and {bins}, so they make one gray level and texture features of "
        f"image type {kind} say nothing; lower binWidth, set binCount, or normalize the intensities",
        grave=True,
    )


def _require_textured(region: Region) -> None:
    values = roi_values(region)
    if values.size == 1:
        raise ExtractionError("The ROI is a single voxel: segment the whole tumor.")
    if not np.isfinite(values).all():
        raise ExtractionError("The ROI holds voxels that are not finite numbers: repair the image.")
    if values.min() == values.max():
        raise ExtractionError("The image is constant inside the ROI: check that mask and image belong together.")


def _not_finite(values: Mapping[str, float]) -> list[Notice]:
    names = [name for name, value in values.items() if not math.isfinite(value)]
    if not names:
        return []
    text = f"Without a finite value on this ROI: {many(len(names), 'feature')}: {listed(names, 5)}"
    return [Notice("not-finite", text)]


def _require_finite(values: Mapping[str, float], wanted: Iterable[str]) -> None:
    for name in wanted:
        if name not in values:
            raise ExtractionError(f"Feature {name} has no value: the image is too small for its filter.")
        if not math.isfinite(values[name]):
            raise ExtractionError(f"Feature {name} has no finite value on this ROI: check image and segmentation.")


def engine_versions() -> dict[str, str]:
    """Give the versions of the packages that feature values may depend on in their last bits."""
    return {"SimpleITK": sitk.Version_VersionString(), "numpy": np.__version__}


def region_diagnostics(region: Region, settings: ExtractionSettings) -> dict[str, object]:
    """Say what features are computed from: see :class:`FeatureValues`, without the label."""
    block = region.image.crop(region.lower, region.upper)
    digest = hashlib.sha256()
    # Slice by slice, for memory that was not touched before costs more time than the sum.
    for part in (*block.array, np.packbits(region.inside), np.array(block.array.shape), block.spacing):
        digest.update(np.ascontiguousarray(part).reshape(-1).data)
    count = int(np.count_nonzero(region.inside))
    return {
        "versions": {"engine": ENGINE, **engine_versions(), "python": platform.python_version()},
        "input_sha256": digest.hexdigest(),
        "voxels": count,
        "volume_mm3": count * float(np.prod(block.spacing)),
        "spacing_mm": block.spacing.tolist(),
        "image_size": region.image.size.tolist(),
        "bounding_box": [region.lower.tolist(), region.upper.tolist()],
        "array_order": settings.array_order,
        "axes": region.image.axis_codes(),
    }
