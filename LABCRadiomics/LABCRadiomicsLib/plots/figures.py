"""What all figures share: colors that color-blind readers tell apart, plain axes, and PNG bytes.

Figures are made with matplotlib's objects alone, so nothing touches its global state or needs a display.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

#: Okabe-Ito; whatever has a color is also told apart by its label, line or marker.
COLORS = {
    "high": "#D55E00",
    "low": "#0072B2",
    "patient": "#111111",
    "reference": "#7A7A7A",
    "first": "#0072B2",
    "second": "#D55E00",
    "third": "#009E73",
    "fourth": "#CC79A7",
    "fifth": "#E69F00",
    "sixth": "#56B4E9",
}
GROUP_NAMES = {"high": "high-risk group", "low": "low-risk group"}

_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
_MARKERS = "os^DvP"
_ORDER = ("first", "second", "third", "fourth", "fifth", "sixth")


def png(figure: Figure, dpi: int = 144) -> bytes:
    """Draw a figure into PNG bytes; the same figure gives the same bytes."""
    FigureCanvasAgg(figure)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def series(at: int) -> tuple[str, Any, str]:
    """Color, line and marker of one of several curves, counted from 0; they come again after the sixth."""
    at %= len(_ORDER)
    return COLORS[_ORDER[at]], _LINES[at], _MARKERS[at]


def plain_axes(axes: Axes, grid: str = "both") -> Axes:
    """Take away the frame's top and right, and draw a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, axis=grid)
    axes.set_axisbelow(True)
    return axes


def p_text(p: float) -> str:
    """A p value as journals print it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def shortened(text: str, length: int) -> str:
    """A text with its middle left out when it is too long for a figure."""
    if len(text) <= length:
        return text
    kept = length - 1
    return f"{text[: kept // 2]}…{text[len(text) - (kept - kept // 2) :]}"
