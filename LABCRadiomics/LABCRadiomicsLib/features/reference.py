"""What only pyradiomics computes: local binary patterns and shape in two dimensions, where it is installed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import SimpleITK as sitk

from ..errors import DependencyError, ExtractionError
from ..imaging.region import Region
from ..imaging.volume import Volume


@contextmanager
def _quiet(module: ModuleType) -> Iterator[None]:
    """Keep pyradiomics' log from the user's terminal."""
    logger = logging.getLogger(module.__name__)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _pyradiomics(what: str) -> ModuleType:
    try:
        import radiomics
    except ImportError:
        raise DependencyError(
            f"{what} is computed by pyradiomics, which is not installed: install it with "
            "pip install 'labcradiomics[reference]', or leave this out of the settings."
        ) from None
    return radiomics


def binary_patterns(kind: str, region: Region, setting: Mapping) -> Iterator[tuple[str, np.ndarray]]:
    """Local binary patterns of a whole image.

    Parameters
    ----------
    kind : str
        ``"LBP2D"`` or ``"LBP3D"``.
    region : Region
    setting : mapping
        pyradiomics' settings.

    Yields
    ------
    name : str
    array : numpy.ndarray
        Shape of the image.

    Raises
    ------
    DependencyError
        pyradiomics, or a package it needs for this, is not installed.
    """
    radiomics = _pyradiomics(f"Image type {kind}")
    made = False
    with _quiet(radiomics):
        make = getattr(radiomics.imageoperations, f"get{kind}Image")
        label = {**setting, "label": 1}
        for filtered, name, _ in make(region.image.to_sitk(), region.mask.to_sitk(), **label):
            made = True
            yield name, sitk.GetArrayFromImage(filtered)
    if not made:
        needs = {"LBP2D": "scikit-image", "LBP3D": "trimesh and a scipy before 1.15"}[kind]
        raise DependencyError(f"Image type {kind} needs {needs} beside pyradiomics: install it, or leave {kind} out.")


def shape_in_two_dimensions(region: Region, features: list[str], setting: Mapping) -> dict[str, float]:
    """Shape features of one slice.

    Raises
    ------
    DependencyError
        pyradiomics is not installed.
    ExtractionError
        The ROI has several slices.
    """
    radiomics = _pyradiomics("Feature class shape2D")
    block = region.image.crop(region.lower, region.upper)
    mask = Volume(region.inside.astype(np.uint32), block.spacing, block.origin, block.direction)
    with _quiet(radiomics):
        try:
            computed = radiomics.getFeatureClasses()["shape2D"](
                block.to_sitk(), mask.to_sitk(), **{**setting, "label": 1}
            )
        except ValueError as error:
            raise ExtractionError(
                f"Shape in two dimensions needs an ROI of one slice: {' '.join(str(error).split())}."
            ) from error
        for feature in features:
            computed.enableFeatureByName(feature)
        return {name: float(value) for name, value in computed.execute().items()}
