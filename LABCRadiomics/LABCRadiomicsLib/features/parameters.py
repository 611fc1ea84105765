"""pyradiomics' parameter files: reading them, and checking every key as pyradiomics 3.0.1's schema does."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..settings_files import read_settings_file
from .registry import FEATURE_NAMES, IMAGE_TYPES
from .wavelet_filters import filter_names

INTERPOLATORS = (
    "sitkNearestNeighbor", "sitkLinear", "sitkBSpline", "sitkGaussian", "sitkLabelGaussian",
    "sitkHammingWindowedSinc", "sitkCosineWindowedSinc", "sitkWelchWindowedSinc", "sitkLanczosWindowedSinc",
    "sitkBlackmanWindowedSinc",
)  # fmt: skip

_Check = Callable[[Any], str | None]  # gives what a value must be, None for a good one


def _number(whole: bool = False, above: float = -math.inf, least: float = -math.inf, most: float = math.inf) -> _Check:
    kind = "a whole number" if whole else "a number"
    limits = [f"above {above:g}"] * (above > -math.inf) + [f"of at least {least:g}"] * (least > -math.inf)
    limits += [f"of at most {most:g}"] * (most < math.inf)
    wanted = " ".join([kind, " and ".join(limits)]).strip()

    def check(value: Any) -> str | None:
        right_kind = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if right_kind and math.isfinite(value) and above < value and least <= value <= most:
            return None
        return wanted

    return check


def _several(one: _Check, least: int = 1, most: int | None = None) -> _Check:
    def check(value: Any) -> str | None:
        counted = isinstance(value, list) and least <= len(value) and (most is None or len(value) <= most)
        if counted and all(one(item) is None for item in value):
            return None
        count = f"{least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
        return f"a list of {count}, each {one(object())}"

    return check


def _truth(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _one_of(*names: str) -> _Check:
    return lambda value: None if isinstance(value, str) and value in names else f"one of {', '.join(names)}"


def _interpolator(value: Any) -> str | None:
    if _one_of(*INTERPOLATORS)(value) is None or _number(whole=True, least=1, most=10)(value) is None:
        return None
    return f"a whole number from 1 to 10 or one of {', '.join(INTERPOLATORS)}"


def _wavelet(value: Any) -> str | None:
    known = isinstance(value, str) and value in filter_names()
    return None if known else "the name of a discrete wavelet, such as coif1, db4, sym8, bior2.2 or haar"


_POSITIVE, _COUNT, _INDEX = _number(above=0), _number(whole=True, above=0), _number(whole=True, least=0)

_SETTINGS: Mapping[str, _Check] = {
    "minimumROIDimensions": _number(whole=True, least=1, most=3),
    "minimumROISize": _COUNT,
    "geometryTolerance": _POSITIVE,
    "correctMask": _truth,
    "additionalInfo": _truth,
    "label": _COUNT,
    "label_channel": _INDEX,
    "binWidth": _POSITIVE,
    "binCount": _COUNT,
    "normalize": _truth,
    "normalizeScale": _POSITIVE,
    "removeOutliers": _POSITIVE,
    "resampledPixelSpacing": _several(_number(least=0), 3, 3),
    "interpolator": _interpolator,
    "padDistance": _INDEX,
    "distances": _several(_COUNT),
    "force2D": _truth,
    "force2Ddimension": _number(whole=True, least=0, most=2),
    "resegmentRange": _several(_number(), 1, 2),
    "resegmentMode": _one_of("absolute", "relative", "sigma"),
    "resegmentShape": _truth,
    "preCrop": _truth,
    "sigma": _several(_POSITIVE),
    "start_level": _INDEX,
    "level": _COUNT,
    "wavelet": _wavelet,
    "gradientUseSpacing": _truth,
    "lbp2DRadius": _POSITIVE,
    "lbp2DSamples": _COUNT,
    "lbp2DMethod": _one_of("default", "ror", "uniform", "var"),
    "lbp3DLevels": _COUNT,
    "lbp3DIcosphereRadius": _POSITIVE,
    "lbp3DIcosphereSubdivision": _INDEX,
    "voxelArrayShift": _number(whole=True),
    "symmetricalGLCM": _truth,
    "weightingNorm": _one_of("euclidean", "manhattan", "infinity", "no_weighting"),
    "gldm_a": _INDEX,
}

# Of maps of features voxel by voxel, which are not made here; checked all the same.
_VOXEL_SETTINGS: Mapping[str, _Check] = {
    "kernelRadius": _COUNT,
    "maskedKernel": _truth,
    "initValue": _number(),
    "voxelBatch": _COUNT,
}


def read_parameters(path: str | Path) -> dict[str, Any]:
    """Read a parameter file.

    Parameters
    ----------
    path : path-like
        ``.json``, ``.yaml`` or ``.yml``; YAML 1.2, as pyradiomics reads it.

    Raises
    ------
    InputError
        The file does not exist, is no JSON or YAML, or has another ending.
    DependencyError
        The file is YAML and no package that reads it is installed.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"Parameter file {path} does not exist: give the path of a pyradiomics parameter file.")
    if path.suffix not in (".json", ".yaml", ".yml"):
        raise InputError(f"Parameter file {path} must end in .yaml, .yml or .json: rename it to what it holds.")
    content = read_settings_file(path, f"Parameter file {path}")
    if not isinstance(content, dict):
        raise InputError(f"Parameter file {path} holds no sections: it needs setting, imageType or featureClass.")
    return content


def checked_parameters(content: Mapping[str, Any], what: str) -> tuple[dict, dict, dict]:
    """Check parameters, and leave out what is not given.

    Parameters
    ----------
    content : mapping
        Sections ``setting``, ``imageType``, ``featureClass`` and ``voxelSetting``, all optional.
    what : str
        How messages name the parameters.

    Returns
    -------
    setting, image_types, feature_classes : dict
        Settings that are not null; image types with their own settings; feature classes with the names of features
        (none for the whole class). Empty where the section is.

    Raises
    ------
    InputError
        A section, a name or a value is not one of pyradiomics'; the sentence names it and what it must be.
    """
    sections = {"setting", "imageType", "featureClass", "voxelSetting"}
    for name, section in content.items():
        if name not in sections:
            raise InputError(f"{what} has an unknown section {name!r}: use {', '.join(sorted(sections))}.")
        if section is not None and not isinstance(section, Mapping):
            raise InputError(f"{what}: {name} must hold names with values.")
    setting = _checked(content.get("setting"), _SETTINGS, f"{what}: setting")
    _checked(content.get("voxelSetting"), _VOXEL_SETTINGS, f"{what}: voxelSetting")
    image_types = {}
    for name, own in (content.get("imageType") or {}).items():
        if name not in IMAGE_TYPES:
            raise InputError(f"{what}: imageType {name} is unknown: use one of {', '.join(IMAGE_TYPES)}.")
        if own is not None and not isinstance(own, Mapping):
            raise InputError(f"{what}: imageType.{name} must hold settings, or nothing.")
        image_types[name] = _checked(own, _SETTINGS, f"{what}: imageType.{name}")
        if "label" in image_types[name]:
            raise InputError(
                f"{what}: imageType.{name}.label is not supported: every image type has the ROI of setting.label."
            )
    classes = {}
    for name, features in (content.get("featureClass") or {}).items():
        if name not in FEATURE_NAMES:
            raise InputError(f"{what}: featureClass {name} is unknown: use one of {', '.join(FEATURE_NAMES)}.")
        if features is not None and not isinstance(features, list):
            raise InputError(f"{what}: featureClass.{name} must be a list of features, or nothing for all.")
        for feature in features or ():
            if feature not in FEATURE_NAMES[name]:
                raise InputError(f"{what}: featureClass.{name} has no feature {feature}: correct its name.")
        classes[name] = list(features or ())
    return setting, image_types, classes


def _checked(given: Mapping[str, Any] | None, checks: Mapping[str, _Check], place: str) -> dict[str, Any]:
    kept = {}
    for name, value in (given or {}).items():
        if name not in checks:
            raise InputError(f"{place}.{name} is not a setting of pyradiomics 3.0.1: correct its name.")
        if value is None:
            continue
        wanted = checks[name](value)
        if wanted is not None:
            raise InputError(f"{place}.{name} is {json.dumps(value, default=str)}: it must be {wanted}.")
        kept[name] = value
    return kept
