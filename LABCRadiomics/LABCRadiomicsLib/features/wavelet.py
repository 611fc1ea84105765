"""The undecimated wavelet transform at an ROI's voxels, equal to the last bit to PyWavelets' of the whole volume.

Each pass of a filter reaches only its length to either side, so a margin of that width gives the same numbers from a
fraction of the voxels, and the last pass is made at the ROI's voxels alone.

The transform is periodic. An output is the sum over the filter's taps in their order, but for those at the end of an
axis: there PyWavelets first adds the taps that wrap around, in reverse order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .wavelet_filters import filter_bank

_SLAB = 1 << 15  # voxels filtered at once, so that they stay in the processor's cache


@dataclass(frozen=True)
class WaveletSettings:
    """What pyradiomics' ``Wavelet`` image type can be told; see ``radiomics.imageoperations.getWaveletImage``."""

    wavelet: str = "coif1"
    level: int = 1
    start_level: int = 0
    axes: tuple[int, ...] = (2, 1, 0)

    @classmethod
    def from_settings(cls, settings: Mapping) -> WaveletSettings:
        """Take them from the settings of one image type."""
        axes = [2, 1, 0]
        if settings.get("force2D", False):
            axes.remove(settings.get("force2Ddimension", 0))
        return cls(
            settings.get("wavelet", cls.wavelet),
            settings.get("level", cls.level),
            settings.get("start_level", cls.start_level),
            tuple(axes),
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
    """Consecutive slices of a periodic axis."""

    start: int
    length: int
    period: int

    def widened(self, length: int) -> _Window:
        """What a filter of this length needs to give the window's slices; at most the whole period."""
        needed = self.length + length - 1
        if needed >= self.period:
            return _Window(0, self.period, self.period)
        return _Window((self.start + length // 2 - length + 1) % self.period, needed, self.period)


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
    filters = filter_bank(settings.wavelet, dtype)
    taps, axes, low = len(filters["L"]), settings.axes, "L" * len(settings.axes)
    # pyradiomics makes odd axes even by repeating their first slice at the end.
    windows = [
        _Window(int(first), length, size + size % 2 if axis in axes else size)
        for axis, (first, length, size) in enumerate(zip(lower[::-1], inside.shape, array.shape, strict=True))
    ]
    deepest = max(level for _, level, _ in names)
    chain = [windows]
    for _ in range(settings.start_level + deepest):
        wider = [window.widened(taps) if axis in axes else window for axis, window in enumerate(chain[0])]
        chain.insert(0, wider)
    data = _block(array, chain[0])
    for _ in range(settings.start_level):
        before, after = chain[:2]
        chain.pop(0)
        data = _bands(data, axes, filters, before, after, {low})[low]
    for level in range(1, deepest + 1):
        before, after = chain[:2]
        chain.pop(0)
        here = {band for _, at, band in names if at == level}
        rows = _bands(data, axes[:-1], filters, before, windows, {band[:-1] for band in here})
        found = _at_voxels(rows, axes[-1], filters, before, windows, inside, here)
        yield from ((name, found[band]) for name, at, band in names if at == level)
        if level < deepest:
            data = _bands(data, axes, filters, before, after, {low})[low]


def _block(array: np.ndarray, windows: list[_Window]) -> np.ndarray:
    """The voxels of some windows, without a copy where they lie together."""
    for axis, window in enumerate(windows):
        size = array.shape[axis]
        if window.start + window.length <= size:
            array = array[(slice(None),) * axis + (slice(window.start, window.start + window.length),)]
        else:
            index = np.arange(window.start, window.start + window.length) % window.period
            array = array.take(index % size, axis)
    return array


def _bands(
    data: np.ndarray,
    axes: tuple[int, ...],
    filters: Mapping[str, np.ndarray],
    before: list[_Window],
    after: list[_Window],
    wanted: set[str],
) -> dict[str, np.ndarray]:
    """Filter along some axes: the bands of the wanted names, each axis cut down to its window when it is done."""
    bands = {"": data}
    for done, axis in enumerate(axes, start=1):
        starts = {name[:done] for name in wanted}
        grown = {}
        for name, block in bands.items():
            letters = [letter for letter in "LH" if name + letter in starts]
            for letter, filtered in _filtered(block, axis, before[axis], after[axis], filters, letters).items():
                grown[name + letter] = filtered
        bands = grown
    return bands


def _extended(block: np.ndarray, axis: int, before: _Window, after: _Window, taps: int) -> np.ndarray:
    """A block with the slices along an axis that a filter needs, in their order, wrapped around where need be."""
    first = after.start + taps // 2 - taps + 1
    needed = after.length + taps - 1
    if before.length == needed and before.start == first % before.period:
        return block
    return block.take(np.arange(first - before.start, first - before.start + needed) % before.period, axis)


def _filtered(
    block: np.ndarray,
    axis: int,
    before: _Window,
    after: _Window,
    filters: Mapping[str, np.ndarray],
    letters: Iterable[str],
) -> dict[str, np.ndarray]:
    """Filter a block along one axis."""
    taps = len(filters["L"])
    shape = (*block.shape[:axis], after.length, *block.shape[axis + 1 :])
    dtype = filters["L"].dtype
    found = {letter: np.empty(shape, dtype) for letter in letters}
    slabs = max(1, _SLAB // (block[:1].size or 1)) if axis else len(block)
    for start in range(0, len(block), slabs):
        slab = _extended(block[start : start + slabs], axis, before, after, taps).astype(dtype, copy=False)
        for letter, out in found.items():
            part = out if axis == 0 else out[start : start + slabs]
            _convolve(slab, axis, filters[letter], part)
            _redo_end(slab, axis, after, filters[letter], part)
    return found


def _convolve(slab: np.ndarray, axis: int, taps: np.ndarray, out: np.ndarray) -> None:
    """Sum over the taps in their order."""
    along: tuple[Any, ...] = (slice(None),) * axis
    length = out.shape[axis]
    last = len(taps) - 1
    np.multiply(slab[(*along, slice(last, last + length))], taps[0], out=out)
    product = np.empty_like(out)
    for place, tap in zip(range(last - 1, -1, -1), taps[1:], strict=True):
        np.multiply(slab[(*along, slice(place, place + length))], tap, out=product)
        out += product


def _redo_end(slab: np.ndarray, axis: int, after: _Window, taps: np.ndarray, out: np.ndarray) -> None:
    """Sum again where taps wrap around the end of the axis: those first, in reverse order."""
    along: tuple[Any, ...] = (slice(None),) * axis
    half, last = len(taps) // 2, len(taps) - 1
    wrapped = (after.start + np.arange(after.length)) % after.period + half - after.period
    for place in np.flatnonzero(wrapped >= 0):
        met = [slab[(*along, place + last - tap)] for tap in range(len(taps))]
        out[(*along, place)] = _summed(met, taps, _order(int(wrapped[place]), len(taps)))


def _at_voxels(
    rows: Mapping[str, np.ndarray],
    axis: int,
    filters: Mapping[str, np.ndarray],
    before: list[_Window],
    after: list[_Window],
    inside: np.ndarray,
    wanted: set[str],
) -> dict[str, np.ndarray]:
    """The last pass, at the ROI's voxels alone."""
    taps = len(filters["L"])
    half, last = taps // 2, taps - 1
    window = after[axis]
    place = np.nonzero(inside)
    wrapped = (window.start + place[axis]) % window.period + half - window.period
    at_end = {first: np.flatnonzero(wrapped == first) for first in range(half) if (wrapped == first).any()}
    found = {}
    for name, block in rows.items():
        block = _extended(block, axis, before[axis], window, taps).astype(filters["L"].dtype, copy=False)
        block = np.ascontiguousarray(block)
        step = block.strides[axis] // block.itemsize
        flat, positions = block.ravel(), np.ravel_multi_index(place, block.shape)
        gathered = [flat[(last - tap) * step :].take(positions) for tap in range(taps)]
        for letter in "LH":
            if name + letter in wanted:
                values = _summed(gathered, filters[letter], range(taps))
                for first, there in at_end.items():
                    values[there] = _summed([part[there] for part in gathered], filters[letter], _order(first, taps))
                found[name + letter] = values
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
