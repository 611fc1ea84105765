"""What the headers of a volume's DICOM files say of it, where another program (3D Slicer) made the volume of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import LABCRadiomicsError
from ..notices import Notice
from .acquisitions import acquisitions_of
from .dicom_headers import Frame, quiet_pydicom
from .dicom_images import frames_of_series, lacking_places, require_places, series_in, slice_stack, source_of
from .source import Source
from .volume import Volume

_SAME_SIZE = 0.01


@quiet_pydicom()
def remarks_on_loaded(files: Sequence[str | Path], volume: Volume) -> list[Notice]:
    """Hold a volume against the headers of the files it was loaded from.

    Parameters
    ----------
    files : sequence of path-like
        Those of the volume's own instances.
    volume : Volume
        As it was loaded; axes i, j, k run along the rows, the columns and the slices.

    Returns
    -------
    list of Notice
        What makes the voxels no faithful volume: several acquisitions, slices that make no regular grid, no voxel size,
        rescaling by slice that was cut to whole numbers, files that cannot be read. Empty when all is well.
    """
    try:
        series = series_in(map(Path, files))
        frames = [frame for part in series for frame in frames_of_series(part, "the series")[0]]
        return _remarks(frames, volume)
    except LABCRadiomicsError as error:
        return [Notice("dicom-headers", f"the headers of the volume's DICOM files could not be checked ({error})")]


@quiet_pydicom()
def source_of_loaded(files: Sequence[str | Path]) -> Source | None:
    """What the headers of the files say that a volume was loaded from; None when they cannot be read."""
    try:
        series = series_in(map(Path, files))
        return source_of(series[0], frames_of_series(series[0], "the series")[0]) if series else None
    except LABCRadiomicsError:
        return None  # which remarks_on_loaded says


def _remarks(frames: list[Frame], volume: Volume) -> list[Notice]:
    what = "the volume's DICOM series"
    for name in lacking_places(frames):
        return [_grave("no-voxel-size", f"{what} has no usable {name}, so the voxel size of the volume is a guess")]
    found = acquisitions_of(require_places(frames, what), what)
    if len(found) > 1:
        listed = "; ".join(f"{number}: {part.describe()}" for number, part in enumerate(found[:8], 1))
        text = f"the volume was loaded from files of {len(found)} acquisitions ({listed}): load one of them alone"
        return [_grave("several-acquisitions", text)]
    stack = slice_stack(found[0].frames, what)
    problem = stack.irregularity()
    if problem is not None:
        return [_grave("irregular-slices", f"{what} makes no regular grid, because {problem}")]
    notices = []
    scalings = {(frame.scaling.slope, frame.scaling.intercept) for frame in frames}
    whole = all(value == int(value) for scaling in scalings for value in scaling)
    if len(scalings) > 1 and volume.array.dtype.kind in "iu" and not whole:
        text = f"the slices have {len(scalings)} rescale slopes or intercepts, which loading cut to whole numbers"
        notices.append(_grave("rescaling-cut", text))
    sizes = np.array([*stack.pixel_spacing, stack.spacing])
    if np.abs(volume.spacing - sizes).max() > _SAME_SIZE * sizes.max():
        stated, held = (" x ".join(f"{size:.4g}" for size in part) for part in (sizes, volume.spacing))
        text = f"the volume has voxels of {held} mm where its DICOM headers state {stated} mm"
        notices.append(Notice("spacing-changed", text))
    return notices


def _grave(code: str, text: str) -> Notice:
    return Notice(code, text, grave=True)
