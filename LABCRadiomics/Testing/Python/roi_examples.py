"""Small images with an ROI, and the ways to extract their features: ours, and pyradiomics' own where installed."""

import importlib
import logging

import numpy as np
import SimpleITK as sitk

from LABCRadiomicsLib import features
from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
from LABCRadiomicsLib.imaging import Volume

DEFAULT = SLICER_RADIOMICS_PARAMETERS
TEXTURE = {name: [] for name in ("firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")}
SHAPE = (13, 18, 21)


def with_setting(image_types=None, feature_classes=None, **setting):
    """The default parameters with some changed."""
    return {
        "setting": DEFAULT["setting"] | setting,
        "imageType": image_types or DEFAULT["imageType"],
        "featureClass": feature_classes or DEFAULT["featureClass"],
    }


def without_bin_width(**setting):
    parameters = with_setting(**setting)
    parameters["setting"] = {name: value for name, value in parameters["setting"].items() if name != "binWidth"}
    return parameters


def extract(image, mask, settings=None, names=None, label=None):
    """Our extraction of SimpleITK images."""
    return features.extract(Volume.from_sitk(image), Volume.from_sitk(mask), settings, names, label)


def ours(image, mask, parameters, label=1, names=None):
    """Our values."""
    return extract(image, mask, ExtractionSettings.from_parameters(parameters), names, label).values


def stock(image, mask, parameters, label=1):
    """What pyradiomics itself gives, without its diagnostics."""
    extractor = importlib.import_module("radiomics.featureextractor")
    for name in ("radiomics", "pykwalify"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    tolerances = [("Coordinate", 1e-6), ("Direction", 1e-6)]
    try:
        with np.errstate(all="ignore"):
            values = extractor.RadiomicsFeatureExtractor(parameters).execute(image, mask, label=label)
    finally:  # geometryTolerance is ITK's, for the whole process
        extractor.geometryTolerance = None
        for kind, value in tolerances:
            getattr(sitk.ProcessObject, f"SetGlobalDefault{kind}Tolerance")(value)
    return {name: float(value) for name, value in values.items() if not name.startswith("diagnostics_")}


def wide(image):
    """With numpy 2, stock's bin edges of 8-bit and 16-bit images run over; ours are those of a wider type."""
    kind = image.GetPixelIDTypeAsString()
    return sitk.Cast(image, sitk.sitkInt32) if "8-bit" in kind or "16-bit" in kind else image


def unequal(expected, found):
    """Names of the features in which two extractions disagree by a bit or more."""
    assert list(expected) == list(found)
    return [name for name in expected if not np.array_equal(expected[name], found[name], equal_nan=True)]


def differing(image, mask, parameters, label=1):
    """Names of the features in which ours and pyradiomics' disagree, and how many were compared."""
    expected = stock(image, mask, parameters, label)
    return unequal(expected, ours(image, mask, parameters, label)), len(expected)


def phantom(shape, seed=0, dtype=np.int16, spacing=(0.7, 0.9, 2.0), direction=None):
    """A volume of smooth texture, ``shape`` in k, j, i."""
    rng = np.random.default_rng(seed)
    image = sitk.GetImageFromArray((rng.normal(400, 120, shape)).astype(dtype))
    image = sitk.Cast(sitk.SmoothingRecursiveGaussian(image, 0.8) * 2, image.GetPixelID())
    image.SetSpacing(spacing)
    image.SetOrigin((-31.5, 12.25, 7.0))
    if direction is not None:
        image.SetDirection(np.asarray(direction).ravel().tolist())
    return image


def ball(image, center, radius, label=1):
    """A mask of the voxels within a radius (voxels) of a center (k, j, i), with some holes."""
    shape = image.GetSize()[::-1]
    grid = np.indices(shape)
    distance = np.sqrt(sum((axis - middle) ** 2 for axis, middle in zip(grid, center, strict=True)))
    holes = np.random.default_rng(1).random(shape) < 0.15
    mask = sitk.GetImageFromArray(((distance <= radius) & ~holes).astype(np.uint8) * label)
    mask.CopyInformation(image)
    return mask


def stored_in(image, axes, flips):
    """The same image, its voxels stored in another axis order."""
    return Volume.from_sitk(image).reordered(axes, flips).to_sitk()


def moved(mask, shift):
    """The same mask elsewhere, by a shift in mm."""
    mask = sitk.Image(mask)
    mask.SetOrigin([start + step for start, step in zip(mask.GetOrigin(), shift, strict=True)])
    return mask
