"""The undecimated wavelet transform at an ROI's voxels, equal to the last bit to PyWavelets' of the whole volume.

Each pass of a filter reaches only its length to either side, so every pass is made at those places alone that a later
pass, and in the end a voxel of the ROI, needs.

The transform is periodic. An output is the sum over the filter's taps in their order, but for those at the end of an
axis: there PyWavelets first adds the taps that wrap around, in reverse order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .wavelet_filters import filter_bank

_AT_ONCE = 1 << 13  # places filtered together, so that they stay in the processor's cache


@dataclass(frozen=True)
class WaveletSettings:
    """What pyradiomics' ``Wavelet`` image type can be told; see ``radiomics.imageoperations.getWaveletImage``."""

    axes: tuple[int, ...]
    wavelet: str = "coif1"
    level: int = 1
    start_level: int = 0

    @classmethod
    def from_settings(cls, settings: Mapping) -> WaveletSettings:
        """Take them from the settings of one image type."""
        axes = [2, 1, 0]
        if settings.get("force2D", False):
            axes.remove(settings.get("force2Ddimension", 0))
        return cls(
            tuple(axes),
            settings.get("wavelet", cls.wavelet),
            settings.get("level", cls.level),
            settings.get("start_level", cls.start_level),
        )

    def band_names(self) -> list[tuple[str, int, str]]:
        """Image type name, level (from 1) and band of every image, in the order pyradiomics makes them."""
        bands = [""]
        for _ in self.axes:
            bands = [band + letter for band in bands for letter in "LH"]
        low, details = bands[0], bands[1:]
        names = [(_prefix(level) + band, level, band) for level in range(1, self.level + 1) for band in details]
        return [*names, (_prefix(self.level) + low, self.level, low)]


def _prefix(level: int) -> str:
    return "wavelet-" if level == 1 else f"wavelet{level}-"


class _Window(NamedTuple):
    """Consecutive slices of a periodic axis; where they are more than a period, some come again."""

    start: int
    length: int
    period: int

    def widened(self, taps: int) -> _Window:
        """What a filter needs to give the window's slices."""
        return self._replace(start=self.start + taps // 2 - taps + 1, length=self.length + taps - 1)

    @property
    def places(self) -> np.ndarray:
        """Places of the slices on the axis."""
        return np.arange(self.start, self.start + self.length) % self.period


def wavelet_values(
    array: np.ndarray,
    lower: np.ndarray,
    inside: np.ndarray,
    settings: WaveletSettings,
    wanted: Iterable[str] | None = None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Transform a volume at the voxels of an ROI.

    Parameters
    ----------
    array : numpy.ndarray
        The whole volume, shape ``(k, j, i)``.
    lower : numpy.ndarray
        First ``i, j, k`` index of the ROI's bounding box.
    inside : numpy.ndarray
        The ROI within it, boolean, shape ``(k, j, i)``.
    settings : WaveletSettings
        Filter, levels and axes.
    wanted : iterable of str, optional
        Names of the images to make, such as ``"wavelet-LLH"``; default all. Passes that no wanted image needs are
        left out.

    Yields
    ------
    name : str
        Image type name as pyradiomics gives it.
    values : numpy.ndarray
        At the ROI's voxels in scanning order; single precision where the volume's is, else double.

    Raises
    ------
    InputError
        The wavelet is unknown.
    """
    names = [entry for entry in settings.band_names() if wanted is None or entry[0] in wanted]
    if not names:
        return
    dtype = np.float32 if array.dtype in (np.float16, np.float32) else np.float64
    filters, axes = filter_bank(settings.wavelet, dtype), settings.axes
    taps, low = len(filters["L"]), "L" * len(axes)
    # pyradiomics makes odd axes even by repeating their first slice at the end.
    roi = [
        _Window(int(first), length, size + size % 2 if axis in axes else size)
        for axis, (first, length, size) in enumerate(zip(lower[::-1], inside.shape, array.shape, strict=True))
    ]
    transforms = settings.start_level + max(level for _, level, _ in names)
    chain = [roi]  # what each transform starts from, and the last one gives
    for _ in range(transforms):
        chain.insert(0, _widened(chain[0], axes, taps))
    data = _block(array, chain[0])
    for number, (before, after) in enumerate(pairwise(chain), start=1):
        here = {band for _, level, band in names if level == number - settings.start_level}
        if here:
            part = _block_within(data, before, _widened(roi, axes, taps))
            found = _transformed(part, axes, filters, roi, inside, here)
            yield from ((name, found[band]) for name, at, band in names if at == number - settings.start_level)
        if number < transforms:
            everywhere = np.ones([window.length for window in after], bool)
            data = _transformed(data, axes, filters, after, everywhere, {low})[low].reshape(everywhere.shape)


def _widened(windows: list[_Window], axes: tuple[int, ...], taps: int) -> list[_Window]:
    return [window.widened(taps) if axis in axes else window for axis, window in enumerate(windows)]


def _block(array: np.ndarray, windows: list[_Window]) -> np.ndarray:
    """The voxels of some windows."""
    for axis, window in enumerate(windows):
        size = array.shape[axis]
        if window.start >= 0 and window.start + window.length <= size:
            array = array[(slice(None),) * axis + (slice(window.start, window.start + window.length),)]
        else:
            array = array.take(window.places % size, axis)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _block_within(data: np.ndarray, windows: list[_Window], smaller: list[_Window]) -> np.ndarray:
    """The part of data on some windows that lies on smaller ones."""
    starts = [small.start - large.start for small, large in zip(smaller, windows, strict=True)]
    return data[tuple(slice(start, start + window.length) for start, window in zip(starts, smaller, strict=True))]


def _transformed(
    data: np.ndarray,
    axes: tuple[int, ...],
    filters: Mapping[str, np.ndarray],
    windows: list[_Window],
    inside: np.ndarray,
    wanted: set[str],
) -> dict[str, np.ndarray]:
    """One level of the transform.

    Parameters
    ----------
    data : numpy.ndarray
        What the level starts from, on the windows widened along the axes.
    axes : tuple of int
        Array axes to filter along, in this order.
    filters : mapping
        Taps by the letters ``"L"`` and ``"H"``.
    windows : list
        Where the result is wanted, and within them
    inside : numpy.ndarray
        at which places, boolean.
    wanted : set of str
        Bands, such as ``"LLH"``.

    Returns
    -------
    dict of str to numpy.ndarray
        Each wanted band at those places, in scanning order.
    """
    taps = len(filters["L"])
    needed = [inside]  # what each pass must give
    for axis in reversed(axes[1:]):
        needed.insert(0, _spread(needed[0], axis, taps))
    given = [np.flatnonzero(places) for places in needed]
    # Each band is followed to its end before the next one, and a block is done with once what the next pass needs of it
    # is filtered: so there is room for one only, for memory that was not touched before costs more time than the sums.
    room = np.empty(max((places.size for places in needed[:-1]), default=0), filters["L"].dtype)
    found = {}

    def follow(name: str, block: np.ndarray) -> None:
        done = len(name)
        axis, shape = axes[done], needed[done].shape
        letters = [letter for letter in "LH" if any(band.startswith(name + letter) for band in wanted)]
        for letter, values in _filtered(block, axis, shape, given[done], windows[axis], filters, letters).items():
            if done + 1 == len(axes):
                found[name + letter] = values
            else:
                grown = room[: needed[done].size]
                grown[given[done]] = values
                follow(name + letter, grown.reshape(shape))

    follow("", np.ascontiguousarray(data))
    return found


def _spread(places: np.ndarray, axis: int, taps: int) -> np.ndarray:
    """The places that a filter along an axis needs to give some places."""
    shape = list(places.shape)
    shape[axis] += taps - 1
    spread = np.zeros(shape, bool)
    for tap in range(taps):
        spread[(slice(None),) * axis + (slice(tap, tap + places.shape[axis]),)] |= places
    return spread


def _filtered(
    block: np.ndarray,
    axis: int,
    shape: tuple[int, ...],
    given: np.ndarray,
    window: _Window,
    filters: Mapping[str, np.ndarray],
    letters: Sequence[str],
) -> dict[str, np.ndarray]:
    """Filter a block along an axis at some places, numbered in a block of the result's shape."""
    taps, flat = len(filters["L"]), block.reshape(-1)
    step = math.prod(shape[axis + 1 :])
    slab = given // (shape[axis] * step)
    before = given + slab * ((taps - 1) * step)  # the first place that the filter needs, numbered in the block
    met_end = window.places + taps // 2 - window.period
    at_end = {}
    if (met_end >= 0).any():
        wrapped = met_end[given // step % shape[axis]]
        at_end = {first: np.flatnonzero(wrapped == first) for first in range(taps // 2)}
    found = {letter: np.empty(len(given), filters[letter].dtype) for letter in letters}
    for first in range(0, len(given), _AT_ONCE):
        some = before[first : first + _AT_ONCE]
        met = [flat[(taps - 1 - tap) * step :].take(some) for tap in range(taps)]
        for letter, values in found.items():
            values[first : first + _AT_ONCE] = _summed(met, filters[letter], range(taps))
    for first, there in at_end.items():
        met = [flat[(taps - 1 - tap) * step :].take(before[there]) for tap in range(taps)]
        for letter, values in found.items():
            values[there] = _summed(met, filters[letter], _order(first, taps))
    return found


def _summed(gathered: Sequence[np.ndarray], taps: np.ndarray, order: Iterable[int]) -> np.ndarray:
    """Sum of what each tap meets, in an order of the taps."""
    first, *others = order
    values = gathered[first] * taps[first]
    for tap in others:
        values += gathered[tap] * taps[tap]
    return values


def _order(wrapped: int, taps: int) -> list[int]:
    """The taps in PyWavelets' order where those up to ``wrapped`` reach beyond the end of the axis."""
    first = min(wrapped, taps - 1)
    return [*range(first, -1, -1), *range(first + 1, taps)]
