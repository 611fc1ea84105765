"""What can be asked for: image types, feature classes and features, in pyradiomics' order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import __version__
from ..feature_names import DEPRECATED, FEATURES
from ..feature_names import IMAGE_TYPES as _IMAGE_TYPES
from .first_order import FirstOrder
from .glcm import Glcm
from .gldm import Gldm
from .glrlm import Glrlm
from .glszm import Glszm
from .ngtdm import Ngtdm
from .shape import Shape

#: Values equal those of this version of pyradiomics.
PYRADIOMICS_VERSION = "3.0.1"

#: What computes the features, as records and diagnostics name it.
ENGINE = f"labcradiomics {__version__}, equal to pyradiomics {PYRADIOMICS_VERSION}"

IMAGE_TYPES: tuple[str, ...] = tuple(sorted(_IMAGE_TYPES))

#: Features of each class by name, those that pyradiomics counts as deprecated too; classes and names ascending.
FEATURE_NAMES: Mapping[str, tuple[str, ...]] = {
    name: tuple(sorted(FEATURES[name] | DEPRECATED[name])) for name in sorted(FEATURES)
}

#: Classes that are computed here from gray levels or intensities of each filtered image.
INTENSITY_CLASSES: Mapping[str, Any] = {
    "firstorder": FirstOrder,
    "glcm": Glcm,
    "gldm": Gldm,
    "glrlm": Glrlm,
    "glszm": Glszm,
    "ngtdm": Ngtdm,
}

SHAPE = Shape

#: Image types and feature classes that only pyradiomics itself computes.
THROUGH_PYRADIOMICS = frozenset({"LBP2D", "LBP3D", "shape2D"})


def whole_class(name: str) -> list[str]:
    """Features that are computed when a class is enabled as a whole, in pyradiomics' order: all not deprecated."""
    return sorted(FEATURES[name], key=lambda feature: f"{feature}FeatureValue")


def without_value(name: str, feature: str) -> bool:
    """Whether pyradiomics gives a feature no value, for another feature is equal to it or it is always 1."""
    return feature in DEPRECATED[name] and name in INTENSITY_CLASSES and feature not in INTENSITY_CLASSES[name].FEATURES
