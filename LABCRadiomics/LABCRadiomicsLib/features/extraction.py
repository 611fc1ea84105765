"""Radiomics features of one ROI, equal to pyradiomics' own to the last bit, at a fraction of their cost.

pyradiomics hashes, checks and filters the whole volume; only the ROI's bounding box (with the wavelet's reach around
it) has any influence on the values. This module walks the same steps on that block, makes only the image types,
classes and features asked for, and leaves to pyradiomics whatever sees the whole image (normalization, resampling,
Laplacian of Gaussian, ...). Source of the steps: ``radiomics.featureextractor.RadiomicsFeatureExtractor.execute``.
"""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pywt
import radiomics
import SimpleITK as sitk
from radiomics import featureextractor, imageoperations

from ..errors import ExtractionError, ModelError
from ..imaging.region import Region, region_of
from ..imaging.volume import Volume, bounding_box, box_slices
from ..notices import Notice
from .classes import SharedRoi, feature_class
from .settings import ROI_LABEL, SLICER_RADIOMICS_PARAMETERS, ExtractionSettings, quiet
from .wavelet import WaveletSettings, wavelet_blocks


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


@dataclass(frozen=True)
class _Roi:
    """An image and the ROI on its grid, kept as the bounding box (``i, j, k``) and what of it is inside."""

    image: Volume
    lower: np.ndarray
    upper: np.ndarray
    inside: np.ndarray

    @classmethod
    def of(cls, image: Volume, labels: np.ndarray, label: int, start: np.ndarray | int = 0) -> _Roi:
        """Find the ROI in labels whose first voxel is the image's voxel ``start``."""
        first, last = bounding_box(labels)  # of all labels: cheap, and all that follows is on this block
        inside = labels[box_slices(first, last)] == label
        within = bounding_box(inside)
        lower, upper = (start + first + bound for bound in within)
        return cls(image, lower, upper, np.ascontiguousarray(inside[box_slices(*within)]))

    @property
    def voxels(self) -> np.ndarray:
        """Intensities inside the ROI."""
        return self.image.array[box_slices(self.lower, self.upper)][self.inside]

    def placed(self, block: np.ndarray) -> sitk.Image:
        """A block of the bounding box as an image in its place."""
        frame = self.image.crop(self.lower, self.upper)
        return Volume(block, frame.spacing, frame.origin, frame.direction).to_sitk()

    def cropped_image(self) -> sitk.Image:
        return self.image.crop(self.lower, self.upper).to_sitk()

    def cropped_mask(self) -> sitk.Image:
        return self.placed(self.inside.astype(np.uint32) * ROI_LABEL)

    def whole_mask(self) -> sitk.Image:
        array = np.zeros(self.image.array.shape, np.uint32)
        array[box_slices(self.lower, self.upper)] = self.inside * ROI_LABEL
        return Volume(array, self.image.spacing, self.image.origin, self.image.direction).to_sitk()

    def cut(self, other: _Roi) -> _Roi:
        """This ROI's voxels within another's bounding box."""
        first, last = other.lower - self.lower, other.upper - self.lower
        return _Roi(self.image, other.lower, other.upper, self.inside[box_slices(first, last)])


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
        Label of the ROI; may be left out when the mask holds just one.

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
    return extract_region(region_of(image, mask, label, settings.array_order), settings, features)


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
        name has no finite value. Without names such values are kept as pyradiomics gives them, with a notice.
    """
    features = None if features is None else list(features)
    plan = _plan(settings, features)
    notices = list(region.notices)
    roi = _Roi(region.image, region.lower, region.upper, region.inside)
    _require_textured(roi)
    diagnostics = {"label": region.label, **_diagnostics(roi, settings)}
    with quiet(), np.errstate(all="ignore"):
        try:
            values = dict(_compute(roi, settings, plan))
        except ValueError as error:  # how pyradiomics refuses an ROI
            raise ExtractionError(f"Pyradiomics refuses this ROI: {' '.join(str(error).split())}.") from error
    if features is None:
        notices += _not_finite(values)
    else:
        _require_finite(values, features)
        values = {name: values[name] for name in features}
    return FeatureValues(values, diagnostics, tuple(notices))


def _plan(settings: ExtractionSettings, features: Iterable[str] | None) -> dict[str, dict[str, list[str]]] | None:
    """Feature names to compute by image type name and class; None for all."""
    if features is None:
        return None
    classes = radiomics.getFeatureClasses()
    plan: dict[str, dict[str, list[str]]] = {}
    for name in features:
        image_type, _, rest = name.partition("_")
        class_name, _, feature = rest.partition("_")
        if class_name not in classes or feature not in classes[class_name].getFeatureNames():
            raise ModelError(f"Feature {name} is not one that pyradiomics {radiomics.__version__} has: correct it.")
        enabled = settings.feature_classes.get(class_name)
        if enabled is None or (enabled and feature not in enabled) or not _enabled_image_type(settings, image_type):
            raise ModelError(f"Feature {name} is not enabled by the extraction settings: enable it there.")
        plan.setdefault(image_type, {}).setdefault(class_name, []).append(feature)
    return plan


def _enabled_image_type(settings: ExtractionSettings, name: str) -> bool:
    return any(name == kind.lower() or name.startswith(_name_stem(kind)) for kind in settings.image_types)


def _name_stem(kind: str) -> str:
    """How the names of the images of one image type begin."""
    stems = {"LoG": "log-sigma-", "Wavelet": "wavelet", "LBP2D": "lbp-2D", "LBP3D": "lbp-3D"}
    return stems.get(kind, f"{kind.lower()}_")


def _compute(roi: _Roi, settings: ExtractionSettings, plan: dict | None) -> Iterator[tuple[str, float]]:
    """The steps of RadiomicsFeatureExtractor.execute, in its order."""
    if settings.needs_whole_image:
        roi = _preprocessed(roi, settings)
    _check(roi, settings)
    shape = roi
    if settings.setting.get("resegmentRange") is not None:
        roi = _resegmented(roi, settings)
        _check(roi, settings)
        # pyradiomics measures the shape of the whole ROI, but within the bounding box of what is left of it.
        shape = roi if settings.setting.get("resegmentShape", False) else shape.cut(roi)
    yield from _shape_features(shape, settings, plan)
    mask = roi.cropped_mask()
    for name, filtered, options in _filtered_images(roi, settings, plan):
        yield from _image_features(name, filtered, mask, settings, plan, options)


def _preprocessed(roi: _Roi, settings: ExtractionSettings) -> _Roi:
    """Normalization, resampling and pre-cropping, by pyradiomics on the whole volume."""
    loaded = featureextractor.RadiomicsFeatureExtractor.loadImage(
        roi.image.to_sitk(), roi.whole_mask(), None, **settings.setting
    )
    image, mask = (Volume.from_sitk(item) for item in loaded)
    return _Roi.of(image, mask.array, ROI_LABEL)


def _check(roi: _Roi, settings: ExtractionSettings) -> None:
    """The limits that ``radiomics.imageoperations.checkMask`` puts on an ROI."""
    dimensions = int(np.count_nonzero(roi.upper > roi.lower))
    least = settings.setting["minimumROIDimensions"]
    if dimensions < max(least, 1):
        raise ExtractionError(
            f"The ROI extends in {dimensions} dimensions where the settings ask for {least}: segment the whole tumor."
        )
    voxels, fewest = int(np.count_nonzero(roi.inside)), settings.setting["minimumROISize"]
    if fewest is not None and voxels <= fewest:
        raise ExtractionError(f"The ROI has {voxels} voxels where the settings ask for more than {fewest}: check it.")


def _resegmented(roi: _Roi, settings: ExtractionSettings) -> _Roi:
    mask = imageoperations.resegmentMask(roi.cropped_image(), roi.cropped_mask(), **settings.setting)
    return _Roi.of(roi.image, sitk.GetArrayViewFromImage(mask), ROI_LABEL, start=roi.lower)


def _shape_features(roi: _Roi, settings: ExtractionSettings, plan: dict | None) -> Iterator[tuple[str, float]]:
    wanted = None if plan is None else plan.get("original", {})
    for name in ("shape", "shape2D"):
        if name not in settings.feature_classes or (wanted is not None and name not in wanted):
            continue
        if name == "shape2D" and not settings.setting.get("force2D", False):
            continue
        features = settings.feature_classes[name] if wanted is None else wanted[name]
        image = roi.cropped_image()
        computed = feature_class(name)(image, roi.cropped_mask(), **settings.setting)
        yield from _executed(computed, f"original_{name}", features)


def _filtered_images(
    roi: _Roi, settings: ExtractionSettings, plan: dict | None
) -> Iterator[tuple[str, sitk.Image, dict]]:
    """Name, filtered image cropped to the ROI's bounding box, and settings of every image that is needed."""
    for kind, custom in settings.image_types.items():
        options = settings.setting | (custom or {})
        if kind == "Original":
            if plan is None or "original" in plan:
                yield "original", roi.cropped_image(), options
        elif kind == "Wavelet":
            blocks = wavelet_blocks(roi.image.array, roi.lower, roi.upper, WaveletSettings.from_settings(options), plan)
            for name, block in blocks:
                yield name, roi.placed(block), options
        elif plan is None or any(f"{name}_".startswith(_name_stem(kind)) for name in plan):
            yield from _stock_filtered(kind, roi, options, plan)


def _stock_filtered(kind: str, roi: _Roi, options: dict, plan: dict | None) -> Iterator[tuple[str, sitk.Image, dict]]:
    """Filters whose every output voxel depends on the whole image."""
    if plan is not None and "sigma" in options:
        wanted = [sigma for sigma in options["sigma"] if f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D" in plan]
        options = options | {"sigma": wanted}
    make = getattr(imageoperations, f"get{kind}Image")
    for filtered, name, used in make(roi.image.to_sitk(), roi.whole_mask(), **options):
        if plan is None or name in plan:
            yield name, Volume.from_sitk(filtered).crop(roi.lower, roi.upper).to_sitk(), used


def _image_features(
    image_type: str, image: sitk.Image, mask: sitk.Image, settings: ExtractionSettings, plan: dict | None, options: dict
) -> Iterator[tuple[str, float]]:
    shared = SharedRoi(image, mask, options)
    for name, enabled in settings.feature_classes.items():
        if name.startswith("shape") or (plan is not None and name not in plan[image_type]):
            continue
        features = enabled if plan is None else plan[image_type][name]
        computed = feature_class(name)(image, mask, **options, shared=shared)
        yield from _executed(computed, f"{image_type}_{name}", features)


def _executed(computed, prefix: str, features: list[str]) -> Iterator[tuple[str, float]]:
    for feature in features:
        computed.enableFeatureByName(feature)
    for feature, value in computed.execute().items():
        yield f"{prefix}_{feature}", float(value)


def _require_textured(roi: _Roi) -> None:
    voxels = roi.voxels
    if voxels.size == 1:
        raise ExtractionError("The ROI is a single voxel: segment the whole tumor.")
    if not np.isfinite(voxels).all():
        raise ExtractionError("The ROI holds voxels that are not finite numbers: repair the image.")
    if voxels.min() == voxels.max():
        raise ExtractionError("The image is constant inside the ROI: check that mask and image belong together.")


def _not_finite(values: Mapping[str, float]) -> list[Notice]:
    names = [name for name, value in values.items() if not math.isfinite(value)]
    if not names:
        return []
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return [Notice("not-finite", f"{len(names)} features have no finite value on this ROI: {shown}")]


def _require_finite(values: Mapping[str, float], wanted: Iterable[str]) -> None:
    missing = [name for name in wanted if name not in values]
    if missing:
        raise ExtractionError(f"Pyradiomics gave no value of {missing[0]}: the image is too small for its filter.")
    for name in wanted:
        if not math.isfinite(values[name]):
            raise ExtractionError(f"Feature {name} has no finite value on this ROI: check image and segmentation.")


def _diagnostics(roi: _Roi, settings: ExtractionSettings) -> dict[str, object]:
    block = roi.image.crop(roi.lower, roi.upper)
    digest = hashlib.sha256()
    for part in (block.array, np.packbits(roi.inside), np.array(block.array.shape), block.spacing):
        digest.update(np.ascontiguousarray(part).tobytes())
    count = int(np.count_nonzero(roi.inside))
    return {
        "versions": {
            "pyradiomics": radiomics.__version__,
            "SimpleITK": sitk.Version_VersionString(),
            "numpy": np.__version__,
            "PyWavelets": pywt.__version__,
            "python": platform.python_version(),
        },
        "input_sha256": digest.hexdigest(),
        "voxels": count,
        "volume_mm3": count * float(np.prod(block.spacing)),
        "spacing_mm": block.spacing.tolist(),
        "image_size": roi.image.size.tolist(),
        "bounding_box": [roi.lower.tolist(), roi.upper.tolist()],
        "array_order": settings.array_order,
        "axes": roi.image.axis_codes(),
    }
