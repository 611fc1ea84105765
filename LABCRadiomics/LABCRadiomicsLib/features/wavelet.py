"""The undecimated wavelet transform of a block, equal to the last bit to that of the whole volume.

pyradiomics transforms the whole volume, then keeps the tumor's bounding box. Each pass of the filter reaches only a
filter length to either side, so a margin of that width gives the same numbers from a fraction of the voxels.

At the volume's border the transform wraps around, and PyWavelets adds the terms of a sum in another order there. A
block whose margin crosses the border is therefore put together with the border at its own ends: the slices from the
volume's start first, those up to its end last. The seam between them lies where no kept voxel can see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pywt


@dataclass(frozen=True)
class WaveletSettings:
    """What pyradiomics' ``Wavelet`` image type can be told; see ``radiomics.imageoperations.getWaveletImage``."""

    wavelet: str = "coif1"
    level: int = 1
    start_level: int = 0
    axes: tuple[int, ...] = (2, 1, 0)

    @classmethod
    def from_settings(cls, settings: dict) -> WaveletSettings:
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


def wavelet_blocks(
    array: np.ndarray, lower: np.ndarray, upper: np.ndarray, settings: WaveletSettings, wanted: Iterable[str] | None
) -> Iterator[tuple[str, np.ndarray]]:
    """Transform a block of a volume.

    Parameters
    ----------
    array : numpy.ndarray
        The whole volume, shape ``(k, j, i)``.
    lower, upper : numpy.ndarray
        First and last ``i, j, k`` index of the block.
    settings : WaveletSettings
        Filter, levels and axes.
    wanted : iterable of str or None
        Names of the images to make, such as ``"wavelet-LLH"``; None makes all. Passes that no wanted image needs are
        left out.

    Yields
    ------
    name : str
        Image type name as pyradiomics gives it.
    block : numpy.ndarray
        The filtered voxels, shape of the block.
    """
    names = [entry for entry in settings.band_names() if wanted is None or entry[0] in wanted]
    if not names:
        return
    wavelet = pywt.Wavelet(settings.wavelet)
    # A pass reaches half the filter to either side, and as far from a block's ends it adds up as it does inside.
    margin = (wavelet.dec_len // 2 + 1) * (settings.start_level + settings.level)
    windows = [
        _window(first, last, margin if axis in settings.axes else None, array.shape[axis])
        for axis, (first, last) in enumerate(zip(lower[::-1], upper[::-1], strict=True))
    ]
    for axis, window in enumerate(windows):
        array = window.take(array, axis)
    low = "L" * len(settings.axes)
    for _ in range(settings.start_level):
        array = _bands(array, wavelet, settings.axes, {low})[low]
    deepest = max(level for _, level, _ in names)
    for level in range(1, deepest + 1):
        here = {band for _, at, band in names if at == level}
        if level == deepest:
            bands = _bands(array, wavelet, settings.axes, here, windows)
        else:
            bands = _bands(array, wavelet, settings.axes, here | {low})
            array = bands[low]
        for name, at, band in names:
            if at == level:
                yield name, bands[band][tuple(window.kept(bands[band], axis) for axis, window in enumerate(windows))]


@dataclass(frozen=True)
class _Window:
    """The slices of one axis that a block is made of, and where the wanted ones are among them."""

    index: np.ndarray
    start: int
    length: int

    def take(self, array: np.ndarray, axis: int) -> np.ndarray:
        first, end = self.index[0], self.index[-1] + 1
        if end - first == len(self.index) and end <= array.shape[axis]:
            return array[(slice(None),) * axis + (slice(first, end),)]
        return array.take(self.index % array.shape[axis], axis=axis)

    def kept(self, block: np.ndarray, axis: int) -> slice:
        """Where the wanted slices are in a block that may have been cut down to them already."""
        start = 0 if block.shape[axis] == self.length else self.start
        return slice(start, start + self.length)


def _window(first: int, last: int, margin: int | None, length: int) -> _Window:
    wanted = last - first + 1
    if margin is None:
        return _Window(np.arange(first, last + 1), 0, wanted)
    period = length + length % 2  # pyradiomics makes odd lengths even by repeating the first slice at the end
    index = np.unique(np.arange(first - margin, last + margin + wanted % 2 + 1) % period)
    return _Window(index, int(np.searchsorted(index, first)), wanted)


def _bands(
    block: np.ndarray,
    wavelet: pywt.Wavelet,
    axes: tuple[int, ...],
    wanted: set[str],
    windows: list[_Window] | None = None,
) -> dict[str, np.ndarray]:
    """One level: the wanted bands, cut down to the windows' wanted slices as soon as an axis is done."""
    bands = {"": block}
    for done, axis in enumerate(axes, start=1):
        keep = (slice(None),) * axis + (windows[axis].kept(block, axis) if windows else slice(None),)
        starts = {name[:done] for name in wanted}
        grown = {}
        for name, data in bands.items():
            ((low, high),) = pywt.swt(data, wavelet, level=1, start_level=0, axis=axis)
            grown |= {name + key: half[keep] for key, half in (("L", low), ("H", high)) if name + key in starts}
        bands = grown
    return bands
