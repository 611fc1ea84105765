"""How features are to be computed: pyradiomics' parameters with its defaults filled in, and the axis order."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..imaging.region import Region, region_of
from ..imaging.volume import ARRAY_ORDERS, AS_LOADED, Volume
from .parameters import checked_parameters, read_parameters
from .registry import FEATURE_NAMES

#: What the SlicerRadiomics module does unless told otherwise, with wavelets on: the article's 851 features.
SLICER_RADIOMICS_PARAMETERS = {
    "setting": {"binWidth": 25, "symmetricalGLCM": True, "correctMask": True},
    "imageType": {"Original": {}, "Wavelet": {}},
    "featureClass": {name: [] for name in ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")},
}

_DEFAULTS = {
    "minimumROIDimensions": 2,
    "minimumROISize": None,
    "normalize": False,
    "normalizeScale": 1,
    "removeOutliers": None,
    "resampledPixelSpacing": None,
    "interpolator": "sitkBSpline",
    "preCrop": False,
    "padDistance": 5,
    "distances": [1],
    "force2D": False,
    "force2Ddimension": 0,
    "resegmentRange": None,
    "additionalInfo": True,
}

# They choose the ROI of a mask, and are no property of how features are computed.
_OF_MASKS = ("label", "label_channel")


@dataclass(frozen=True)
class ExtractionSettings:
    """Settings of an extraction.

    Attributes
    ----------
    setting : dict
        pyradiomics' settings with its defaults filled in, without those of ``mask``.
    image_types : dict
        Enabled image types, each with its own settings.
    feature_classes : dict
        Enabled feature classes, each with the names of its features (empty: all that are not deprecated).
    array_order : str
        ``"as-loaded"`` (as 3D Slicer holds the volume) or ``"LPS"`` (the same for every stored axis order).
    label : int or None
        The label of the ROI, where the parameters name one.
    """

    setting: dict
    image_types: dict
    feature_classes: dict
    array_order: str = AS_LOADED
    label: int | None = None

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
            The file cannot be read, a parameter is not one that pyradiomics accepts, or the array order is unknown.
        DependencyError
            The file is YAML and no package that reads it is installed.
        """
        if array_order not in ARRAY_ORDERS:
            raise InputError(f"Array order {array_order!r} is unknown: use one of {', '.join(ARRAY_ORDERS)}.")
        if isinstance(parameters, Mapping):
            what, content = "The parameter set", parameters
        else:
            what, content = f"Parameter file {parameters}", read_parameters(parameters)
        given, image_types, classes = deepcopy(checked_parameters(content, what))
        setting = {name: value for name, value in (_DEFAULTS | given).items() if name not in _OF_MASKS}
        if "interpolator" in (content.get("setting") or {}) and "interpolator" not in given:
            setting["resampledPixelSpacing"] = None  # no interpolator, no resampling
        return cls(
            setting,
            image_types or {"Original": {}},
            classes or {name: [] for name in FEATURE_NAMES},
            array_order,
            given.get("label"),
        )

    @property
    def resamples(self) -> bool:
        """Whether image and mask are brought to another voxel size."""
        return self.setting["resampledPixelSpacing"] is not None

    def region_of(self, image: Volume, mask: Volume, label: int | None = None) -> Region:
        """Find the ROI in an image as these settings say.

        Parameters
        ----------
        image, mask : Volume
        label : int, optional
            Which label; default the settings' own, else the only one of the mask.

        Raises
        ------
        InputError, GeometryError
            See :func:`.imaging.region_of`.
        """
        return region_of(
            image,
            mask,
            self.label if label is None else label,
            self.array_order,
            tolerance=self.setting.get("geometryTolerance"),
            resample=self.setting.get("correctMask", True) or self.resamples,
        )
