"""Random images, ROIs and parameters, as different as pyradiomics takes them: the same for the same seed."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

TYPES = ("int16", "float64", "float32", "uint8", "int8", "uint16", "int32")
CLASSES = ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
FILTERS = ("Original", "Wavelet", "LoG", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient")


@dataclass(frozen=True)
class RandomRoi:
    """An image, a mask of label 1, and a parameter set."""

    image: sitk.Image
    mask: sitk.Image
    parameters: dict


def random_roi(seed: int, largest: int = 60) -> RandomRoi:
    """Make the case of a seed; sizes from 2 voxels to the largest."""
    rng = np.random.default_rng(seed)
    image = _image(rng, largest)
    mask = _mask(rng, image)
    setting = _setting(rng, image)
    if rng.random() < 0.2:
        mask = _on_another_grid(rng, mask)
    parameters = {
        "setting": setting,
        "imageType": _image_types(rng),
        "featureClass": {name: [] for name in CLASSES},
    }
    return RandomRoi(image, mask, parameters)


def _chance(rng, share: float) -> bool:
    return bool(rng.random() < share)


def _pick(rng, *values):
    return values[int(rng.integers(len(values)))]


def _image(rng, largest: int) -> sitk.Image:
    most = min(largest, _pick(rng, 12, 20, 30, 60))
    shape = tuple(int(size) for size in rng.integers(4, most + 1, 3))
    if _chance(rng, 0.1):
        shape = tuple(int(size) for size in rng.integers(2, 6, 3))
    texture = rng.normal(0, 1, shape)
    if _chance(rng, 0.6) and min(shape) > 3:
        smooth = sitk.DiscreteGaussian(sitk.GetImageFromArray(texture), 1.0)
        texture = sitk.GetArrayFromImage(smooth) * 2.5
    kind = _pick(rng, *TYPES)
    limits = {"int8": (20, 0, -60, 60), "uint8": (25, 100, 0, 200), "uint16": (300, 1500, 0, 60000)}
    scale, center, low, high = limits.get(kind, (_pick(rng, 3, 30, 120, 600), _pick(rng, 0, 400), -3e4, 3e4))
    image = sitk.GetImageFromArray(np.clip(texture * scale + center, low, high).astype(kind))
    image.SetSpacing(rng.uniform(0.4, 4, 3).tolist() if _chance(rng, 0.8) else [1.0, 1.0, 1.0])
    image.SetOrigin(rng.uniform(-100, 100, 3).tolist())
    if _chance(rng, 0.5):
        rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)) * _pick(rng, 1, 0.1) + np.eye(3))
        rotation[:, 2] *= np.sign(np.linalg.det(rotation))
        image.SetDirection(rotation.ravel().tolist())
    return image


def _mask(rng, image: sitk.Image) -> sitk.Image:
    """One ball or two, anywhere, with holes or without; sometimes one slice of it, sometimes touching every border."""
    shape = image.GetSize()[::-1]
    grid = np.indices(shape)
    inside = np.zeros(shape, bool)
    for _ in range(_pick(rng, 1, 1, 2)):
        center, radius = [rng.uniform(0, size - 1) for size in shape], rng.uniform(1.2, max(1.5, max(shape) / 2))
        inside |= sum((axis - middle) ** 2 for axis, middle in zip(grid, center, strict=True)) <= radius**2
    if _chance(rng, 0.1):
        inside[:] = True
    inside &= rng.random(shape) >= _pick(rng, 0, 0.15, 0.5)
    if _chance(rng, 0.1):
        axis = int(rng.integers(3))
        inside &= grid[axis] == shape[axis] // 2
    if inside.sum() < 3:
        inside[shape[0] // 2, shape[1] // 2 - 1 : shape[1] // 2 + 1, shape[2] // 2 - 1 : shape[2] // 2 + 1] = True
    inside.flat[0] = False  # pyradiomics 3.0.1 takes a mask without background for an empty one
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    mask.CopyInformation(image)
    return mask


def _setting(rng, image: sitk.Image) -> dict:
    spread = float(np.ptp(sitk.GetArrayViewFromImage(image).astype(float)))
    width = max(spread / _pick(rng, 2, 6, 16, 40, 100), 1e-3)
    setting: dict = {"correctMask": True, "binWidth": _pick(rng, round(width) or 1, width, 25)}
    if spread / setting["binWidth"] > 150:
        setting["binWidth"] = width
    if _chance(rng, 0.2):
        setting = {"correctMask": True, "binCount": int(rng.integers(2, 40))}
    if _chance(rng, 0.3):
        setting["resampledPixelSpacing"] = rng.uniform(0.7, 3, 3).tolist()
        if _chance(rng, 0.3):
            setting["resampledPixelSpacing"][int(rng.integers(3))] = 0.0
        if _chance(rng, 0.1):
            setting["resampledPixelSpacing"] = list(image.GetSpacing())
        if _chance(rng, 0.6):
            setting["interpolator"] = _pick(rng, "sitkLinear", "sitkNearestNeighbor", "sitkBSpline", "sitkGaussian")
        if 2 in image.GetSize() and setting.get("interpolator", "sitkBSpline") == "sitkBSpline":
            setting["interpolator"] = "sitkLinear"  # beside two voxels ITK's B-splines read memory of others
    if _chance(rng, 0.3):
        setting["padDistance"] = int(rng.integers(0, 9))
    if _chance(rng, 0.15):
        setting["preCrop"] = True
    if _chance(rng, 0.2):
        setting |= {"normalize": True, "normalizeScale": 100}
        if "binWidth" in setting:  # as many bins of what will be some six standard deviations
            setting["binWidth"] *= 600 / max(spread, 1e-3)
        if _chance(rng, 0.5):
            setting["removeOutliers"] = float(rng.uniform(1, 3))
    if _chance(rng, 0.2):
        mode, limits = _pick(rng, ("absolute", [0.0, 700.0]), ("relative", [0.2, 0.9]), ("sigma", [-1.5, 1.5]))
        setting |= {"resegmentMode": mode, "resegmentRange": limits[: _pick(rng, 1, 2, 2)]}
        setting["resegmentShape"] = _chance(rng, 0.5)
    if _chance(rng, 0.2):
        setting |= {"force2D": True, "force2Ddimension": int(rng.integers(3))}
    others = {
        "distances": _pick(rng, [1, 2], [2], [1, 2, 3]),
        "weightingNorm": _pick(rng, "infinity", "euclidean", "manhattan", "no_weighting"),
        "symmetricalGLCM": False,
        "gldm_a": int(rng.integers(0, 3)),
        "voxelArrayShift": int(rng.integers(0, 500)),
    }
    return setting | {name: value for name, value in others.items() if _chance(rng, 0.15)}


def _image_types(rng) -> dict:
    types: dict = {}
    for name in rng.permutation(FILTERS)[: int(rng.integers(1, 4))]:
        own: dict = {"binWidth": _pick(rng, 8, 30.0)} if _chance(rng, 0.1) else {}
        if name == "LoG":
            own["sigma"] = [_pick(rng, 0.5, 1.0), _pick(rng, 2.0, 3.5)]
        if name == "Wavelet" and _chance(rng, 0.3):
            own["wavelet"] = _pick(rng, "haar", "db2", "coif1", "sym4", "bior2.2", "rbio1.3")
        if name == "Gradient" and _chance(rng, 0.3):
            own["gradientUseSpacing"] = False
        types[str(name)] = own
    return types


def _on_another_grid(rng, mask: sitk.Image) -> sitk.Image:
    factor = rng.uniform(0.5, 1.3, 3)
    size = [int(max(3, round(length / by))) for length, by in zip(mask.GetSize(), factor, strict=True)]
    spacing = (np.array(mask.GetSpacing()) * factor).tolist()
    origin = mask.TransformContinuousIndexToPhysicalPoint(rng.uniform(-0.3, 0.6, 3).tolist())
    return sitk.Resample(mask, size, sitk.Transform(), sitk.sitkNearestNeighbor, origin, spacing, mask.GetDirection())
