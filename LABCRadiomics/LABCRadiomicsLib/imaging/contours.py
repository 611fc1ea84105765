"""Binary masks of one segment: keeping one solid component, and how another reader would have drawn it."""

import numpy as np
import SimpleITK as sitk

from .random_fields import correlated_field
from .volume import Volume

READER_SD_MM = 0.8
READER_LENGTH_MM = 8.0


def solid_component(mask: np.ndarray) -> np.ndarray:
    """Return the largest face-connected component of a mask with its holes filled.

    Parameters
    ----------
    mask : numpy.ndarray
        Boolean array with at least one voxel set.
    """
    labels = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)))
    largest = sitk.RelabelComponent(labels, sortByObjectSize=True) == 1
    return sitk.GetArrayFromImage(sitk.BinaryFillhole(largest)).astype(bool)


def boundary_distance(mask: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Signed distance in mm to the boundary of a mask, negative inside; ``spacing`` in array order (z, y, x).

    The filter measures from the centers of the outermost voxels of the segment. The mean of the distances from those
    and from the innermost voxels around it puts the boundary on the voxels' faces, along coarse and fine axes alike.
    """
    distance = np.zeros(mask.shape)
    for segment, inside_is_positive in ((mask, False), (~mask, True)):
        image = sitk.GetImageFromArray(segment.astype(np.uint8))
        image.SetSpacing(spacing[::-1])
        distance += sitk.GetArrayFromImage(
            sitk.SignedMaurerDistanceMap(image, inside_is_positive, squaredDistance=False, useImageSpacing=True)
        )
    return distance / 2


def redraw_contour(
    mask: Volume,
    rng: np.random.Generator,
    sd_mm: float = READER_SD_MM,
    length_mm: float = READER_LENGTH_MM,
    *,
    solid: bool = True,
) -> Volume:
    """Contour a segment again as another reader would: its boundary moves in and out smoothly.

    The signed distance to the boundary is compared with a correlated Gaussian field instead of with zero, so the
    displacement along the boundary's normal has mean zero and the standard deviation asked for.

    Parameters
    ----------
    mask : Volume
        Nonzero inside the segment.
    rng : numpy.random.Generator
    sd_mm : float
        Standard deviation of the boundary's displacement in mm.
    length_mm : float
        Correlation length of the displacement along the boundary in mm.
    solid : bool
        Keep the largest face-connected component and fill its holes, as readers draw; False keeps all parts and holes.

    Returns
    -------
    Volume
        uint8, 1 inside, on the same grid.
    """
    array = mask.array != 0
    spacing = tuple(mask.spacing[::-1].tolist())
    box = _box_around(array, spacing, margin_mm=5 * sd_mm)
    distance = boundary_distance(array[box], spacing)
    moved = distance < sd_mm * correlated_field(rng, distance.shape, spacing, length_mm)
    if not moved.any():  # a lesion smaller than the readers' disagreement
        moved = array[box]
    redrawn = np.zeros(array.shape, dtype=np.uint8)
    redrawn[box] = solid_component(moved) if solid else moved
    return mask.with_array(redrawn)


def _box_around(mask: np.ndarray, spacing: tuple[float, float, float], margin_mm: float) -> tuple[slice, ...]:
    """Slices of the mask's bounding box, grown by a margin and clipped to the array."""
    box = []
    for axis, step in enumerate(spacing):
        occupied = np.flatnonzero(mask.any(axis=tuple(a for a in range(mask.ndim) if a != axis)))
        margin = int(np.ceil(margin_mm / step)) + 1
        box.append(slice(max(int(occupied[0]) - margin, 0), int(occupied[-1]) + margin + 1))
    return tuple(box)
