"""How other readers might have drawn a given contour: its boundary displaced by as much as readers disagree.

The drawn boundary is carried in and out along its normal by a smooth random distance, so whatever raggedness it has
goes with it; nothing is smoothed or drawn anew. The size of the displacement is found for each lesion, so that the mean
overlap (Dice) with the drawn contour is what two readers reach, and its mean so that the volume stays the same on
average. Two readers' displacements from a tumor's true boundary add up in squares: one reader's is smaller by the root
of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk

from .contours import READER_LENGTH_MM
from .volume import Volume, bounding_box, box_slices

READER_DICE = 0.875
"""Mean Dice of two readers of breast MRI, the middle of the 0.85 to 0.9 that is usual for masses."""

CONTOURS = 30

_ROUNDS = 12
_DAMPING = 0.8  # of the steps, which overshoot where a lesion is a few voxels wide
_CLOSE = 0.002  # of mean Dice and mean volume ratio, where the search ends
_VOXELS = 60_000  # that the search looks at, at most; the contours themselves are made of all


@dataclass(frozen=True)
class ContourSpread:
    """Contours around a drawn one.

    Attributes
    ----------
    masks : tuple of numpy.ndarray of bool
        As far from the drawn contour as a second reader's is. Each of the shape of the drawn mask's array.
    near_masks : tuple of numpy.ndarray of bool
        The same displacements, as far from the drawn contour as one reader's is from the tumor's true boundary.
    dice : numpy.ndarray
        Overlap of each of ``masks`` with the drawn contour, 0 to 1.
    volume_ratio : numpy.ndarray
        Volume of each of ``masks`` over the drawn one's.
    target_dice : float
        The mean overlap asked for.
    sd_mm, length_mm : float
        Standard deviation of the displacement, and the distance along the boundary over which it changes.
    """

    masks: tuple[np.ndarray, ...]
    near_masks: tuple[np.ndarray, ...]
    dice: np.ndarray
    volume_ratio: np.ndarray
    target_dice: float
    sd_mm: float
    length_mm: float


def spread_contours(
    mask: Volume,
    contours: int = CONTOURS,
    dice: float = READER_DICE,
    seed: int = 0,
    length_mm: float = READER_LENGTH_MM,
) -> ContourSpread:
    """Displace the boundary of a segment as readers disagree.

    Displacements come in pairs of opposite sign, so the drawn contour is in the middle of them.

    Parameters
    ----------
    mask : Volume
        Nonzero inside the segment; at least one voxel.
    contours : int
        How many; an odd number leaves the last without its opposite.
    dice : float
        Mean overlap with the drawn contour, between 0 and 1.
    seed : int
        The same seed gives the same contours.
    length_mm : float
        Distance over which the displacement's autocorrelation falls to 1/e, in mm.

    Returns
    -------
    ContourSpread
        A small lesion of a few voxels may not reach the overlap asked for; ``dice`` says what was reached.
    """
    drawn = _Drawn.of(mask, dice, length_mm)
    fields = [drawn.field(np.random.default_rng([seed, pair])) for pair in range((contours + 1) // 2)]
    signed = [sign * field for field in fields for sign in (1, -1)][:contours]
    sd, shift = _calibrated(drawn, signed, dice)
    blocks = [drawn.displaced(sd * field + shift) for field in signed]
    measured = np.array([drawn.measure(block.ravel()[drawn.at]) for block in blocks])
    near = (drawn.displaced(field * sd / np.sqrt(2) + shift / 2) for field in signed)  # the bias goes with the square
    masks, near_masks = (tuple(map(drawn.whole, part)) for part in (blocks, near))
    return ContourSpread(masks, near_masks, measured[:, 0], measured[:, 1], dice, sd, length_mm)


def _calibrated(drawn: _Drawn, fields: Sequence[np.ndarray], dice: float) -> tuple[float, float]:
    """Find the displacement's standard deviation and mean (mm) that give the mean overlap and keep the mean volume."""
    some = np.random.default_rng(0).permutation(drawn.at.size)[:_VOXELS]
    part = drawn.at.size / some.size
    sd, shift = float(drawn.spacing.min()) / 2, 0.0
    closest = (np.inf, sd, shift)
    for _ in range(_ROUNDS):
        moved = (drawn.moved(sd * field + shift, some) for field in fields)
        overlap, volume = np.mean([drawn.measure(values, some, part) for values in moved], axis=0)
        closest = min(closest, (max(abs(overlap - dice), abs(volume - 1)), sd, shift))
        if closest[0] < _CLOSE:
            break
        lost = max(1 - overlap, 1e-3)  # 0.4 sd, the mean of a normal variable's positive part, times area over volume
        shift = max(shift - (volume - 1) * 0.4 * sd / lost, -drawn.reach_mm / 2)
        sd = min(sd * float(np.clip((1 - dice) / lost, 0.5, 2)) ** _DAMPING, drawn.reach_mm)
    return closest[1], closest[2]


@dataclass(frozen=True)
class _Drawn:
    """The drawn segment in a block with room for its boundary to move, and what each voxel needs to find its own.

    Attributes
    ----------
    shape, box : tuple
        Of the whole mask, and the block's place in it, which may reach beyond.
    inside : numpy.ndarray of bool
        The segment in the block.
    at : numpy.ndarray of int
        Flat index of the voxels that may change.
    steps : tuple of numpy.ndarray
        Voxels along each array axis for one mm along the outward normal there.
    """

    shape: tuple[int, ...]
    start: np.ndarray
    inside: np.ndarray
    at: np.ndarray
    steps: tuple[np.ndarray, ...]
    spacing: np.ndarray
    reach_mm: float
    length_mm: float

    @classmethod
    def of(cls, mask: Volume, dice: float, length_mm: float) -> _Drawn:
        """Take the segment out of its mask, with room for as much displacement as the overlap asked for can need."""
        spacing = mask.spacing[::-1]
        lower, upper = bounding_box(mask.array)
        tight = mask.array[box_slices(lower, upper)] != 0
        radius = float(np.cbrt(np.count_nonzero(tight) * np.prod(spacing) * 3 / (4 * np.pi)))
        reach_mm = radius * min(1.0, 4 * (1 - dice) / 1.2)  # four SD on a sphere, the shape with the least boundary
        reach = np.ceil(reach_mm / spacing).astype(int) + 1
        margin = 2 * reach  # what may change reaches as far as the boundary moves, and looks as far again
        inside = np.pad(tight, [(room, room) for room in margin])
        at, normal = _outward_normal(inside, reach, spacing, length_mm / 4)
        steps = tuple((part / step).astype(np.float32) for part, step in zip(normal, spacing, strict=True))
        return cls(mask.array.shape, lower[::-1] - margin, inside, at, steps, spacing, reach_mm, length_mm)

    @cached_property
    def size(self) -> int:
        """Number of voxels inside."""
        return int(np.count_nonzero(self.inside))

    @cached_property
    def drawn(self) -> np.ndarray:
        """Which of the voxels that may change are inside."""
        return self.inside.ravel()[self.at]

    def field(self, rng: np.random.Generator) -> np.ndarray:
        """Draw a smooth field of mean 0 and variance 1 at the voxels that may change."""
        axes = zip(self.inside.shape, self.spacing, strict=True)
        factors = [_gaussian_factor(size, step, self.length_mm) for size, step in axes]
        noise = rng.standard_normal([factor.shape[1] for factor in factors]).astype(np.float32)
        field = np.einsum("abc,ia,jb,kc->ijk", noise, *factors, optimize=True)
        return field.ravel()[self.at]

    def moved(self, distance: np.ndarray, some: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Say which of the voxels that may change (or some of them) are inside when the boundary moves outward."""
        distance = np.clip(distance[some], -self.reach_mm, self.reach_mm)
        source = self.at[some].astype(np.int64)
        strides = np.array(self.inside.strides) // self.inside.itemsize
        for step, stride in zip(self.steps, strides, strict=True):
            source -= np.rint(distance * step[some]).astype(np.int64) * stride
        return self.inside.ravel()[source]

    def displaced(self, distance: np.ndarray) -> np.ndarray:
        """Move the boundary outward by a distance (mm) at each voxel that may change."""
        block = self.inside.copy()
        block.ravel()[self.at] = self.moved(distance)
        return block

    def measure(
        self, values: np.ndarray, some: np.ndarray | slice = slice(None), part: float = 1.0
    ) -> tuple[float, float]:
        """Dice and volume ratio to the drawn segment, from (some of) the voxels that may change."""
        drawn = self.drawn[some]
        lost, gained = part * np.count_nonzero(drawn & ~values), part * np.count_nonzero(values & ~drawn)
        volume = self.size - lost + gained
        return 2 * (self.size - lost) / (self.size + volume), volume / self.size

    def whole(self, block: np.ndarray) -> np.ndarray:
        """Put a block in its place in the whole mask; what reaches beyond the image is cut off."""
        array = np.zeros(self.shape, bool)
        first, last = np.maximum(self.start, 0), np.minimum(self.start + block.shape, self.shape)
        array[tuple(map(slice, first, last))] = block[tuple(map(slice, first - self.start, last - self.start))]
        return array


def _outward_normal(
    inside: np.ndarray, rim: np.ndarray, spacing: np.ndarray, smooth_mm: float
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Flat index of the voxels near the boundary, but not on the block's rim, and the outward unit normal there."""
    image = sitk.GetImageFromArray(inside.astype(np.float32))
    image.SetSpacing(spacing[::-1].tolist())
    variances = np.maximum(smooth_mm, spacing / 2)[::-1]
    blurred = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(image, variances.tolist()))
    slopes = np.gradient(blurred, *spacing.tolist())
    steepness = np.sqrt(sum(slope**2 for slope in slopes))
    near = np.zeros(inside.shape, bool)
    core = tuple(slice(width, -width) for width in rim)
    near[core] = steepness[core] > 1e-3 * steepness.max()
    at = np.flatnonzero(near)
    return at, [-slope.ravel()[at] / steepness.ravel()[at] for slope in slopes]


def _gaussian_factor(size: int, spacing: float, length_mm: float) -> np.ndarray:
    """One axis of a field with autocorrelation ``exp(-(r / length)^2)``, made from white noise on a coarser lattice."""
    step = length_mm / 3
    position = np.arange(size) * spacing
    nodes = np.arange(-2 * length_mm, position[-1] + 2 * length_mm + step, step)
    factor = np.exp(-2 * ((position[:, None] - nodes) / length_mm) ** 2)
    return (factor / np.sqrt((factor**2).sum(axis=1, keepdims=True))).astype(np.float32)
