"""Label masks: which label is meant, and voxels that are labels although their file holds fractions."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..sentences import listed
from .volume import Volume, bounding_box, box_slices

# A label that went through a scaling or a resampling in floating point may be off by this much.
_ROUNDING = 1e-6


def as_labels(mask: Volume, what: str) -> Volume:
    """Turn voxels that are whole numbers but for rounding into integers; NaN is background.

    Parameters
    ----------
    mask : Volume
    what : str
        How messages call the mask, such as ``"Mask tumor.nrrd"``.

    Raises
    ------
    InputError
        A voxel is not a whole number, or infinite.
    """
    if mask.array.dtype.kind in "iub":
        return mask
    values = np.where(np.isnan(mask.array), 0, mask.array)
    labels = np.rint(values)
    wrong = np.isinf(values) | (np.abs(values - np.where(np.isinf(values), 0, labels)) > _ROUNDING)
    if wrong.any():
        value = values[wrong][0]
        raise InputError(f"{what} holds the fractional value {value:.6g}: give a label mask of whole numbers.")
    return mask.with_array(labels.astype(np.int32))


def select_label(mask: np.ndarray, label: int | None) -> int:
    """Decide which label of a mask is the ROI.

    Parameters
    ----------
    mask : numpy.ndarray
        Whole numbers, 0 is background.
    label : int or None
        The label asked for; None takes the only one there is.

    Raises
    ------
    InputError
        The mask is empty, the label is absent, or there are several and none was chosen.
    """
    if label is not None and label != 0 and (mask == label).any():
        return int(label)
    present = _labels(mask)
    if not present:
        raise InputError("The mask is empty: segment the tumor first.")
    names = listed(present, 10)
    if label is not None:
        raise InputError(f"Label {label} is not in the mask, which holds {names}: choose one of these.")
    if len(present) > 1:
        raise InputError(f"The mask holds several labels ({names}): choose one of them.")
    return present[0]


def _labels(mask: np.ndarray) -> list[int]:
    """The labels that occur, ascending, looked for where there are any."""
    if not mask.any():
        return []
    block = mask[box_slices(*bounding_box(mask))]
    largest = block.max()
    if not ((block != 0) & (block != largest)).any():  # as in most masks
        return [int(largest)]
    found = np.sort(block[block != 0])  # numpy.unique would import numpy.ma, which takes longer than a small extraction
    return [int(value) for value in found[np.append(True, found[1:] != found[:-1])]]
