"""Steps that make MRI intensities comparable before any feature is computed; they are part of a model.

MRI intensities have no unit. A model that was made from corrected and normalized images must get images treated the
same way, so its file names the steps, in order, with every parameter: :func:`read_steps` reads them,
:func:`preprocess` applies them. Slicer, the command line and cohort extraction all call these two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import SimpleITK as sitk

from .errors import InputError, ModelError
from .imaging import Volume
from .imaging.region import labels_on_grid
from .imaging.volume import require_spline_support

WHOLE, OTSU, BREAST = "whole", "otsu", "breast"
"""Where a step takes its statistics from: all voxels, those above Otsu's threshold, or a breast mask that is given."""
_IN_WORDS = {WHOLE: "the whole image", OTSU: "the voxels above Otsu's threshold", BREAST: "the breast"}


@dataclass(frozen=True)
class Masks:
    """Regions other than the tumor that steps may need; labels above 0 are inside.

    Attributes
    ----------
    breast : Volume or None
    tissue : Volume or None
        The reference tissue (fat or muscle) of ``reference-tissue``.
    """

    breast: Volume | None = None
    tissue: Volume | None = None


NO_MASKS = Masks()


@dataclass(frozen=True, kw_only=True)
class N4:
    """N4 bias field correction (Tustison 2010, ITK), the field estimated on a shrunken image.

    Attributes
    ----------
    region : {"otsu", "breast", "whole"}
        Voxels that the field is estimated from.
    shrink : int
        Factor along each axis.
    iterations : tuple of int
        At most so many at each fitting level.
    convergence : float
        Threshold of ITK's convergence measure.
    """

    name: ClassVar[str] = "n4"
    region: str = OTSU
    shrink: int = 4
    iterations: tuple[int, ...] = (50, 50, 50, 50)
    convergence: float = 0.001

    @property
    def words(self) -> str:
        """What the step does, for a reader of the result."""
        return f"N4 bias field correction (field estimated in {_IN_WORDS[self.region]}, shrunk {self.shrink} times)"

    def apply(self, image: Volume, masks: Masks) -> Volume:
        """Divide the image by its bias field."""
        inside = _region(image, self.region, masks, self.name)
        lowest = float(image.array.min())
        shifted = image.array.astype(np.float32) - min(lowest, 0.0)  # the filter takes logarithms
        whole = image.with_array(shifted).to_sitk()
        factors = [min(self.shrink, int(size)) for size in image.size]
        small = sitk.Shrink(whole, factors)
        mask = sitk.Shrink(image.with_array(inside.astype(np.uint8)).to_sitk(), factors)
        correct = sitk.N4BiasFieldCorrectionImageFilter()
        correct.SetMaximumNumberOfIterations(list(self.iterations))
        correct.SetConvergenceThreshold(self.convergence)
        correct.SetNumberOfWorkUnits(1)  # sums over threads would depend on how many there are
        correct.Execute(small, mask)
        field = np.exp(sitk.GetArrayFromImage(correct.GetLogBiasFieldAsImage(whole)).astype(np.float64))
        return image.with_array(shifted / field + min(lowest, 0.0))


@dataclass(frozen=True, kw_only=True)
class ZScore:
    """Intensities in standard deviations from the mean of a region, times a scale.

    Attributes
    ----------
    region : {"otsu", "breast", "whole"}
    scale : float
        What one standard deviation becomes; gray levels are binned in units of it.
    """

    name: ClassVar[str] = "zscore"
    region: str = OTSU
    scale: float = 100.0

    @property
    def words(self) -> str:
        """What the step does, for a reader of the result."""
        return f"z-score of {_IN_WORDS[self.region]} (one standard deviation becomes {self.scale:g})"

    def apply(self, image: Volume, masks: Masks) -> Volume:
        """Subtract the mean and divide by the standard deviation."""
        values = image.array[_region(image, self.region, masks, self.name)].astype(np.float64)
        spread = float(values.std())
        _require_spread(spread, self.name)
        return image.with_array((image.array - values.mean()) / spread * self.scale)


@dataclass(frozen=True, kw_only=True)
class Percentile:
    """Intensities on a line through two percentiles of a region; nothing is cut off.

    Attributes
    ----------
    region : {"otsu", "breast", "whole"}
    low, high : float
        The percentiles, 0 to 100.
    to : tuple of float
        What they become.
    """

    name: ClassVar[str] = "percentile"
    region: str = OTSU
    low: float = 1.0
    high: float = 99.0
    to: tuple[float, float] = (0.0, 1000.0)

    @property
    def words(self) -> str:
        """What the step does, for a reader of the result."""
        return (
            f"percentiles {self.low:g} and {self.high:g} of {_IN_WORDS[self.region]} "
            f"mapped to {self.to[0]:g} and {self.to[1]:g}"
        )

    def apply(self, image: Volume, masks: Masks) -> Volume:
        """Map the two percentiles to their targets."""
        values = image.array[_region(image, self.region, masks, self.name)].astype(np.float64)
        low, high = np.percentile(values, (self.low, self.high))
        _require_spread(high - low, self.name)
        return image.with_array((image.array - low) / (high - low) * (self.to[1] - self.to[0]) + self.to[0])


@dataclass(frozen=True, kw_only=True)
class ReferenceTissue:
    """Intensities relative to the median of a reference tissue, fat or muscle, that the user outlines.

    Attributes
    ----------
    tissue : str
        Which tissue, as the user is asked for it.
    value : float
        What its median becomes.
    """

    name: ClassVar[str] = "reference-tissue"
    tissue: str = "muscle"
    value: float = 100.0

    @property
    def words(self) -> str:
        """What the step does, for a reader of the result."""
        return f"division by the median intensity of {self.tissue} (which becomes {self.value:g})"

    def apply(self, image: Volume, masks: Masks) -> Volume:
        """Divide by the median of the tissue."""
        if masks.tissue is None:
            raise InputError(
                f"The model's preprocessing divides by the intensity of {self.tissue}: outline some {self.tissue} and "
                "give it as the reference tissue."
            )
        median = float(np.median(image.array[_on_grid(image, masks.tissue)]))
        if not median > 0:
            raise InputError(
                f"The median intensity of the reference tissue is {median:g}: outline it where the image has signal."
            )
        return image.with_array(image.array * (self.value / median))


@dataclass(frozen=True, kw_only=True)
class Resample:
    """Voxels of another size, by B-splines or linearly; the first voxel's corner stays where it is.

    Attributes
    ----------
    spacing_mm : tuple of float
        Along i, j, k; 0 keeps the image's own.
    interpolation : {"bspline", "linear"}
    """

    name: ClassVar[str] = "resample"
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    interpolation: str = "bspline"

    @property
    def words(self) -> str:
        """What the step does, for a reader of the result."""
        sizes = " x ".join("as scanned" if not mm else f"{mm:g}" for mm in self.spacing_mm)
        return f"resampling to voxels of {sizes} mm ({self.interpolation})"

    def apply(self, image: Volume, masks: Masks) -> Volume:
        """Interpolate on the new grid; refuse what :func:`require_spline_support` refuses."""
        spacing = np.where(np.array(self.spacing_mm) > 0, self.spacing_mm, image.spacing)
        size = np.maximum(np.round(image.size * image.spacing / spacing).astype(int), 1)
        voxels = image.with_array(image.array.astype(np.float64)).to_sitk()
        origin = image.point((spacing / image.spacing - 1) / 2)
        if self.interpolation == "bspline":
            require_spline_support(image)
        method = {"bspline": sitk.sitkBSpline, "linear": sitk.sitkLinear}[self.interpolation]
        direction = image.direction.ravel().tolist()
        beyond = sitk.Resample(
            voxels, size.tolist(), sitk.Transform(), method, origin.tolist(), spacing.tolist(), direction,
            0.0, sitk.sitkFloat64, True,
        )  # fmt: skip
        return Volume.from_sitk(beyond)


Step = N4 | ZScore | Percentile | ReferenceTissue | Resample
STEPS: dict[str, type[Step]] = {step.name: step for step in (N4, ZScore, Percentile, ReferenceTissue, Resample)}
_CHOICES = {"region": (WHOLE, OTSU, BREAST), "interpolation": ("bspline", "linear")}
_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "shrink": (lambda value: isinstance(value, int) and 1 <= value <= 16, "a whole number from 1 to 16"),
    "iterations": (
        lambda value: 1 <= len(value) <= 8 and all(isinstance(each, int) and 1 <= each <= 1000 for each in value),
        "one to eight whole numbers from 1 to 1000",
    ),
    "convergence": (lambda value: 0 < value < 1, "between 0 and 1"),
    "scale": (lambda value: value > 0, "above 0"),
    "value": (lambda value: value > 0, "above 0"),
    "low": (lambda value: 0 <= value < 100, "at least 0 and below 100"),
    "high": (lambda value: 0 < value <= 100, "above 0 and at most 100"),
    "to": (lambda value: len(value) == 2 and value[0] < value[1], "two numbers, the lower one first"),
    "spacing_mm": (lambda value: len(value) == 3 and all(0 <= mm <= 20 for mm in value), "three lengths of 0 to 20 mm"),
    "tissue": (lambda value: isinstance(value, str) and 0 < len(value) <= 40, "a name of at most 40 characters"),
}  # fmt: skip


def read_steps(steps: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Read the steps of a model file or of a record of extraction.

    Parameters
    ----------
    steps : sequence of mapping
        Each with ``step``, its name, and any of its parameters; a parameter left out has its default.

    Raises
    ------
    ModelError
        A step or a parameter is unknown, or a value is outside its range; the sentence names step and parameter.
    """
    found = tuple(_read_step(number, dict(given)) for number, given in enumerate(steps, start=1))
    tissues = sorted({step.tissue for step in found if isinstance(step, ReferenceTissue)})
    if len(tissues) > 1:
        raise ModelError(f"Preprocessing takes {' and '.join(tissues)} as reference tissues: there can be only one.")
    return found


def masks_needed(steps: Sequence[Step]) -> dict[str, str]:
    """Name what has to be outlined for steps.

    Returns
    -------
    dict of str to str
        The fields of :class:`Masks` that the steps use, each with the tissue that belongs there.
    """
    needed = {}
    for step in steps:
        if getattr(step, "region", None) == BREAST:
            needed["breast"] = "breast"
        if isinstance(step, ReferenceTissue):
            needed["tissue"] = step.tissue
    return needed


def in_words(steps: Sequence[Step]) -> str:
    """Say in a sentence what was done to an image, in its order; empty where nothing was."""
    if not steps:
        return ""
    return f"Done to the image before the features, as the model states: {', then '.join(s.words for s in steps)}."


def read_steps_file(path: str | Path) -> tuple[Step, ...]:
    """Read the steps of a JSON file: a list of what :func:`read_steps` takes.

    Raises
    ------
    InputError
        The file cannot be read, or is no JSON list of steps.
    ModelError
        See :func:`read_steps`.
    """
    try:
        steps = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise InputError(f'{path} is no JSON file: write a list of steps, such as [{{"step": "n4"}}].') from error
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise InputError(f'{path} holds no list of steps: write for example [{{"step": "n4"}}].')
    return read_steps(steps)


def _read_step(number: int, given: dict[str, Any]) -> Step:
    name = given.pop("step", None)
    if name not in STEPS:
        raise ModelError(f"Preprocessing step {number} is {name!r}: use one of {', '.join(STEPS)}.")
    kind = STEPS[name]
    known = {field.name for field in fields(kind)}
    for key, value in given.items():
        if key not in known:
            raise ModelError(
                f"Preprocessing step {number} ({name}) has no parameter {key}: it has {', '.join(sorted(known))}."
            )
        given[key] = tuple(value) if isinstance(value, list) else value
        if key in _CHOICES and value not in _CHOICES[key]:
            raise ModelError(
                f"Preprocessing step {number} ({name}): {key} is {value!r}: use one of {', '.join(_CHOICES[key])}."
            )
        if key in _CHECKS and not _holds(_CHECKS[key][0], given[key]):
            raise ModelError(f"Preprocessing step {number} ({name}): {key} is {value!r}: it must be {_CHECKS[key][1]}.")
    step = kind(**given)
    if isinstance(step, Percentile) and not step.low < step.high:
        raise ModelError(
            f"Preprocessing step {number} ({name}): low is {step.low:g} and high {step.high:g}: low must be lower."
        )
    return step


def _holds(check: Callable[[Any], bool], value: Any) -> bool:
    try:
        return not isinstance(value, bool) and bool(check(value))
    except TypeError:  # a text where a number is wanted
        return False


def describe(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Give steps as a model file and every result hold them: all parameters stated."""
    return [
        {"step": step.name}
        | {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(step).items()}
        for step in steps
    ]


def preprocess(image: Volume, steps: Sequence[Step], masks: Masks = NO_MASKS) -> Volume:
    """Apply a model's steps to an image, in their order.

    Parameters
    ----------
    image : Volume
    steps : sequence of Step
    masks : Masks
        Regions that a step may need, on the image's grid or on another one.

    Returns
    -------
    Volume
        float64 where there was a step; the given volume where there was none.

    Raises
    ------
    InputError
        A region that a step needs is not given or is empty, or the image is constant there.
    GeometryError
        A region lies outside the image.
    """
    if steps and not np.isfinite(image.array).all():
        raise InputError(
            "The image holds voxels that are not finite numbers, so it cannot be normalized: repair the image."
        )
    for step in steps:
        image = step.apply(image, masks)
    return image


def _region(image: Volume, region: str, masks: Masks, step: str) -> np.ndarray:
    """Voxels that a step takes its statistics from."""
    if region == WHOLE:
        return np.ones(image.array.shape, bool)
    if region == BREAST:
        if masks.breast is None:
            raise InputError(
                f"The model's preprocessing step {step} needs the breast: segment it and give it as the breast mask."
            )
        return _on_grid(image, masks.breast)
    otsu = sitk.OtsuThreshold(image.with_array(image.array.astype(np.float32)).to_sitk(), 0, 1)
    inside = sitk.GetArrayFromImage(otsu).astype(bool)
    if not inside.any():
        raise InputError(f"The image has no bright part for the model's preprocessing step {step}: check the image.")
    return inside


def _on_grid(image: Volume, mask: Volume) -> np.ndarray:
    binary = mask.with_array((mask.array > 0).astype(np.uint8))
    if not binary.array.any():
        raise InputError("A region that the model's preprocessing needs is empty: segment it first.")
    labels, _ = labels_on_grid(image, binary, 1)
    return labels == 1


def _require_spread(spread: float, step: str) -> None:
    if not spread > 0:
        raise InputError(
            f"The image is constant where the model's preprocessing step {step} measures it: check the image."
        )
