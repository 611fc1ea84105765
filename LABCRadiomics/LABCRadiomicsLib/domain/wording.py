"""How directions and ranges are told."""

from __future__ import annotations

import math

import numpy as np

from ..imaging import Volume

AXES = ("left to right", "front to back", "head to foot")


def axis_of(image: Volume, axis: int) -> int:
    """Which of the patient's axes (0 left-right, 1 front-back, 2 head-foot) an array axis i, j or k runs along most."""
    return int(np.abs(image.direction[:, axis]).argmax())


def between(low: float, high: float, unit: str = "") -> str:
    """Tell a range, or the one value that it is."""
    told = f"{low:.4g}" if math.isclose(low, high, rel_tol=1e-3) else f"{low:.4g} to {high:.4g}"
    return f"{told} {unit}".rstrip()
