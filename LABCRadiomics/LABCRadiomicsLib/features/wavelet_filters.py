"""Filters of the discrete wavelets, by PyWavelets' names."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from ..errors import InputError

_SAME = {"haar": "db1"}


@cache
def _low_pass() -> dict[str, str]:
    """The table beside this file: taps of low-pass filters by name, of synthesis filters by name and slash."""
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    rows = [line.partition(" ") for line in lines if not line.startswith("#")]
    return {name: taps for name, _, taps in rows}


def _taps(name: str) -> np.ndarray:
    return np.array(_low_pass()[name].split(), dtype=float)


def filter_names() -> frozenset[str]:
    """Names of the wavelets that have filters; the continuous ones have none."""
    own = {name for name in _low_pass() if not name.endswith("/")}
    return frozenset(own | {name.replace("bior", "rbio") for name in own} | set(_SAME))


@cache
def filter_bank(name: str, dtype: type = np.float64) -> dict[str, np.ndarray]:
    """Give the analysis filters of a wavelet.

    Parameters
    ----------
    name : str
        Such as ``"coif1"``.
    dtype : type
        ``numpy.float64`` or ``numpy.float32``.

    Returns
    -------
    dict of str to numpy.ndarray
        Low pass ``"L"`` and high pass ``"H"``, each of the same even number of taps.

    Raises
    ------
    InputError
        There is no such discrete wavelet.
    """
    if name not in filter_names():
        raise InputError(f"Wavelet {name!r} is no discrete wavelet: use one such as coif1, db4, sym8, bior2.2 or haar.")
    if name.startswith("rbio"):  # the biorthogonal wavelet of the same numbers, reversed in time
        synthesis, analysis = (_taps(name.replace("rbio", "bior") + end)[::-1] for end in ("", "/"))
    else:
        analysis = _taps(_SAME.get(name, name))
        synthesis = _taps(f"{name}/") if f"{name}/" in _low_pass() else analysis[::-1]
    signs = np.where(np.arange(len(synthesis)) % 2, 1.0, -1.0)
    return {"L": _rounded(analysis, name, dtype), "H": _rounded(signs * synthesis, name, dtype)}


def _rounded(taps: np.ndarray, name: str, dtype: type) -> np.ndarray:
    """Taps in a precision; PyWavelets scales the coiflets by the root of 2 in that precision."""
    if dtype == np.float32 and name.startswith("coif"):
        return (taps / np.sqrt(2)).astype(dtype) * dtype(np.sqrt(2))
    return taps.astype(dtype)
