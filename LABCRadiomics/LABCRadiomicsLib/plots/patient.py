"""Figures, each drawn into PNG bytes without touching matplotlib's global state."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..imaging import Region
from ..model import Model
from ..scoring import Prediction, survival_curve
from .figures import COLORS, GROUP_NAMES, png

_OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "S": "I", "I": "S"}


def tumor_slice(region: Region) -> bytes:
    """Draw the slice with the largest ROI area and the ROI's contour.

    Parameters
    ----------
    region : Region
        Drawn on the slices as they were read.

    Returns
    -------
    bytes
        PNG. Up is superior (sagittal, coronal) or anterior (axial); the letters at the edges are anatomical.
    """
    region = region.as_read()
    volume, inside = region.image, region.mask.array
    first, last = region.lower[2], region.upper[2]
    index = int(first + region.inside.sum(axis=(1, 2)).argmax())
    codes = volume.axis_codes()
    pixels, contour, (right, down), (width, height) = _upright(
        volume.array[index], inside[index], (codes[0], codes[1]), volume.spacing[:2]
    )
    pixels, contour = _around_tumor(pixels, contour, width, height)
    figure = Figure(figsize=(5.2, 5.2 * min(max(height * pixels.shape[0] / (width * pixels.shape[1]), 0.6), 1.6)))
    axes = figure.add_axes((0, 0, 1, 1))
    low, high = np.percentile(pixels, (1, 99.5))
    axes.imshow(pixels, cmap="gray", vmin=low, vmax=max(high, low + 1), aspect=height / width, interpolation="bilinear")
    axes.contour(contour, levels=[0.5], colors=[COLORS["high"]], linewidths=1.4)
    axes.set_axis_off()
    letters = {(0.5, 0.98): _OPPOSITE[down], (0.5, 0.02): down, (0.02, 0.5): _OPPOSITE[right], (0.98, 0.5): right}
    for (x, y), letter in letters.items():
        axes.text(x, y, letter, transform=axes.transAxes, color="white", ha="center", va="center", fontsize=11,
                  bbox={"facecolor": "black", "alpha": 0.5, "pad": 1.5, "linewidth": 0})  # fmt: skip
    text = f"slice {index + 1} of {len(inside)}, tumor on {last - first + 1}"
    axes.text(0.02, 0.98, text, transform=axes.transAxes, color="white", fontsize=9, va="top",
              bbox={"facecolor": "black", "alpha": 0.5, "pad": 2, "linewidth": 0})  # fmt: skip
    return png(figure)


def _around_tumor(pixels: np.ndarray, contour: np.ndarray, width: float, height: float):
    """Crop a slice to a square of three times the tumor's extent, at least 50 mm, as far as the image goes."""
    rows, columns = np.nonzero(contour)
    side = max(3 * max(np.ptp(rows) * height, np.ptp(columns) * width), 50.0)
    window = []
    for found, step, length in ((rows, height, pixels.shape[0]), (columns, width, pixels.shape[1])):
        wanted = min(int(np.ceil(side / step)), length)
        start = min(max(int(found.mean() - wanted / 2), 0), length - wanted)
        window.append(slice(start, start + wanted))
    return pixels[tuple(window)], contour[tuple(window)]


def _upright(pixels: np.ndarray, contour: np.ndarray, codes: tuple[str, str], spacing: np.ndarray):
    """Turn a slice so that its columns run to L or P and its rows to I or P; also those directions and pixel sizes."""
    across, down = codes
    if across in "SI" or (down in "LR" and across not in "LR"):
        pixels, contour, across, down, spacing = pixels.T, contour.T, down, across, spacing[::-1]
    if across in "RA":
        pixels, contour, across = pixels[:, ::-1], contour[:, ::-1], _OPPOSITE[across]
    if down in "SA":
        pixels, contour, down = pixels[::-1], contour[::-1], _OPPOSITE[down]
    return pixels, contour, (across, down), spacing


def patient_survival(model: Model, prediction: Prediction) -> bytes | None:
    """Draw a patient's predicted survival between the training cohort's risk groups.

    Returns
    -------
    bytes or None
        PNG; None when the model gives no survival.
    """
    nomogram, curve = model.nomogram, survival_curve(model, prediction)
    if nomogram is None or curve is None:
        return None
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for name in ("low", "high"):
        group = getattr(model.groups, name, None)
        if group is not None:
            label = f"{GROUP_NAMES[name]}, observed (n = {group.n}, {group.events} events)"
            axes.step((0, *group.months), (1, *group.survival), where="post", color=COLORS[name], lw=1.2, label=label)
            limited = np.array(
                [True, *(low > 0 or high < 1 for low, high in zip(group.lower, group.upper, strict=True))]
            )
            axes.fill_between((0, *group.months), (1, *group.lower), (1, *group.upper), step="post", where=limited,
                              color=COLORS[name], alpha=0.12, lw=0)  # fmt: skip
    axes.step(curve.months, curve.probability, where="post", color=COLORS["patient"], lw=2.2, label="this patient")
    for limit, named in zip((curve.lower, curve.upper), ("95% limits", None), strict=True):
        if limit is not None:
            axes.step(curve.months, limit, where="post", color=COLORS["patient"], lw=0.9, ls=":", label=named)
    for estimate in prediction.survival:
        axes.plot(estimate.months, estimate.probability, "o", color=COLORS["patient"], ms=5)
    axes.set(xlabel="months since baseline", ylabel=nomogram.endpoint.lower() + " (probability)",
             ylim=(0, 1.02), xlim=(0, max(curve.months)))  # fmt: skip
    axes.set_xticks(np.arange(0, max(curve.months) + 1, 12))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=2, fontsize=8, frameon=False)  # curves may be anywhere inside
    return png(figure)
