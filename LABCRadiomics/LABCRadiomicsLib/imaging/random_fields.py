"""Stationary Gaussian random fields of known amplitude and correlation length."""

from collections.abc import Sequence

import numpy as np


def correlated_field(
    rng: np.random.Generator, shape: Sequence[int], spacing: Sequence[float], length_mm: float | Sequence[float]
) -> np.ndarray:
    """Draw a Gaussian random field with mean 0, variance 1 and autocorrelation ``exp(-(r / length)^2)``.

    White noise is filtered in the Fourier domain, so the field is periodic over the grid.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : sequence of int
        Grid size, in array order (z, y, x).
    spacing : sequence of float
        Voxel spacing in mm, in array order.
    length_mm : float or sequence of float
        Distance at which the autocorrelation has fallen to 1/e, in mm; one for all axes or one an axis.

    Returns
    -------
    numpy.ndarray
        Float64 array of the given shape. Mean and variance are those of the law, not of the drawn sample.
    """
    lengths = np.broadcast_to(np.asarray(length_mm, dtype=float), len(shape))
    axes = range(len(shape))
    spectrum = np.fft.rfftn(rng.standard_normal(tuple(shape)), axes=tuple(axes))
    power = 1.0
    for axis in axes:
        gain, weights = _axis_gain(shape[axis], spacing[axis], lengths[axis], half=axis == axes[-1])
        spectrum *= gain.reshape([-1 if a == axis else 1 for a in axes])
        power *= np.sum(weights * gain**2) / shape[axis]
    return np.fft.irfftn(spectrum, s=tuple(shape), axes=tuple(axes)) / np.sqrt(power)


def rough_field(
    rng: np.random.Generator, shape: Sequence[int], spacing: Sequence[float], length_mm: float
) -> np.ndarray:
    """Draw a Gaussian random field with mean 0, variance 1 and autocorrelation ``exp(-r / length)``.

    It has detail at every scale, as tissue has: inside the tumor of UCSF-BR-06 the autocorrelation at 0.7, 1.4, 2.1,
    2.8 and 4.2 mm is 0.73, 0.48, 0.39, 0.27 and 0.15, which is this law with a length of 2.2 mm. Made by circulant
    embedding: the covariance of the periodic grid is diagonal in the Fourier domain.

    Parameters and result are those of ``correlated_field``, with one length for all axes.
    """
    wrapped = [np.minimum(np.arange(n), n - np.arange(n)) * step for n, step in zip(shape, spacing, strict=True)]
    distance = np.sqrt(sum(np.square(d) for d in np.ix_(*wrapped)))
    axes = tuple(range(len(shape)))
    power = np.fft.rfftn(np.exp(-distance / length_mm), axes=axes).real
    spectrum = np.fft.rfftn(rng.standard_normal(tuple(shape)), axes=axes) * np.sqrt(np.maximum(power, 0.0))
    return np.fft.irfftn(spectrum, s=tuple(shape), axes=axes)


def _axis_gain(size: int, spacing: float, length: float, *, half: bool) -> tuple[np.ndarray, np.ndarray]:
    """Square root of the power spectrum of ``exp(-(r / length)^2)`` along one axis, and how often each term counts."""
    frequency = np.fft.rfftfreq(size, spacing) if half else np.fft.fftfreq(size, spacing)
    weights = np.ones(frequency.size)
    if half:  # a real transform stores one of each pair of conjugate terms
        weights[1 : (size + 1) // 2] = 2.0
    return np.exp(-((np.pi * frequency * length) ** 2) / 2), weights
