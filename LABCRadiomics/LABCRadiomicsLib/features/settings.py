"""How features are to be computed: pyradiomics' parameters, validated by pyradiomics, and the axis order."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from radiomics import featureextractor

from ..errors import InputError
from ..imaging.volume import ARRAY_ORDERS, AS_LOADED

#: What the SlicerRadiomics module does unless told otherwise, with wavelets on: the article's 851 features.
SLICER_RADIOMICS_PARAMETERS = {
    "setting": {"binWidth": 25, "symmetricalGLCM": True, "correctMask": True},
    "imageType": {"Original": {}, "Wavelet": {}},
    "featureClass": {name: [] for name in ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")},
}

#: Every ROI is brought to this label before pyradiomics sees it.
ROI_LABEL = 1

_WHOLE_IMAGE_SETTINGS = ("normalize", "preCrop")


@dataclass(frozen=True)
class ExtractionSettings:
    """Settings of an extraction, validated by pyradiomics itself.

    Attributes
    ----------
    setting : dict
        pyradiomics' settings with its defaults filled in.
    image_types : dict
        Enabled image types, each with its own settings.
    feature_classes : dict
        Enabled feature classes, each with the names of its features (empty: all that are not deprecated).
    array_order : str
        ``"as-loaded"`` (as 3D Slicer holds the volume) or ``"LPS"`` (the same for every stored axis order).
    """

    setting: dict
    image_types: dict
    feature_classes: dict
    array_order: str = AS_LOADED

    @classmethod
    def from_parameters(cls, parameters: Mapping | str | Path, array_order: str = AS_LOADED) -> ExtractionSettings:
        """Read a pyradiomics parameter set.

        Parameters
        ----------
        parameters : mapping or path-like
            The content (``setting``, ``imageType``, ``featureClass``) or the path of a parameter file.
        array_order : str
            See the class.

        Raises
        ------
        InputError
            pyradiomics does not accept the parameters, or the array order is unknown.
        """
        if array_order not in ARRAY_ORDERS:
            raise InputError(f"Array order {array_order!r} is unknown: use one of {', '.join(ARRAY_ORDERS)}.")
        if isinstance(parameters, Mapping):
            what, read = "The parameter set", lambda: _validated(json.dumps(dict(parameters)))
        else:
            what, read = f"Parameter file {parameters}", lambda: _validated_by_pyradiomics(str(parameters))
            if not Path(parameters).is_file():
                raise InputError(f"{what} does not exist: give the path of a pyradiomics parameter file.")
        try:
            setting, image_types, enabled = deepcopy(read())
        except Exception as error:  # pykwalify, YAML and type errors share no base class
            reason = " ".join(str(error).split()).rstrip(".")
            raise InputError(f"{what} is not accepted by pyradiomics: {reason}.") from error
        classes = {name: list(features or []) for name, features in enabled.items()}
        return cls(setting | {"label": ROI_LABEL}, image_types, classes, array_order)

    @property
    def needs_whole_image(self) -> bool:
        """Whether a step before the filters sees every voxel of the image."""
        resampled = self.setting.get("interpolator") and self.setting.get("resampledPixelSpacing") is not None
        return bool(resampled) or any(self.setting.get(name) for name in _WHOLE_IMAGE_SETTINGS)


@lru_cache(maxsize=16)
def _validated(text: str) -> tuple[dict, dict, dict]:
    """The same for parameters as JSON; reading pyradiomics' schema takes longer than extracting a small tumor."""
    return _validated_by_pyradiomics(json.loads(text))


def _validated_by_pyradiomics(source: dict | str) -> tuple[dict, dict, dict]:
    """Settings with pyradiomics' defaults, enabled image types and enabled features."""
    with quiet():
        extractor = featureextractor.RadiomicsFeatureExtractor(source)
    return extractor.settings, dict(extractor.enabledImagetypes), dict(extractor.enabledFeatures)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pyradiomics' and pykwalify's log from the user's terminal while they run."""
    loggers = [logging.getLogger(name) for name in ("radiomics", "pykwalify")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
