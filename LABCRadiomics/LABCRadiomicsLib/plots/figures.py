"""What all figures share: colors that color-blind readers tell apart, plain axes, and PNG bytes.

Figures are made with matplotlib's objects alone, so nothing touches its global state or needs a display.
"""

from __future__ import annotations

import re
import warnings
from functools import cache
from io import BytesIO
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

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

_POWER = re.compile(r"\$\\mathdefault\{[^$]*\}\$")  # how matplotlib labels a logarithmic axis
_WIDE_FONTS = (  # of Windows, macOS and Linux, for the letters that DejaVu Sans lacks
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo",
    "Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Arial Unicode MS", "Segoe UI Symbol", "Noto Sans",
)  # fmt: skip

_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
_MARKERS = "os^DvP"
_ORDER = ("first", "second", "third", "fourth", "fifth", "sixth")


def png(figure: Figure, dpi: int = 144) -> bytes:
    """Draw a figure into PNG bytes; the same figure gives the same bytes.

    Text stands in it as it is: dollar signs make no formula, and letters that matplotlib's own font lacks are taken
    from a font of the system where there is one.
    """
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(dpi)
    _take_texts_literally(figure)
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a box is drawn, which says it too
        canvas.print_png(buffer, metadata={"Software": None})  # savefig draws twice, the first time for the layout
    return buffer.getvalue()


def _take_texts_literally(figure: Figure) -> None:
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_ticklabels()  # which are else not there before the figure is drawn
    for text in figure.findobj(Text):
        words = text.get_text()
        if "$" in words and not _POWER.fullmatch(words):
            text.set_parse_math(False)
        if not words.isascii():
            text.set_fontfamily([*text.get_fontfamily(), *_other_fonts()])


@cache
def _other_fonts() -> tuple[str, ...]:
    installed = {font.name for font in fontManager.ttflist}
    return tuple(name for name in _WIDE_FONTS if name in installed)


def series(at: int) -> tuple[str, Any, str]:
    """Color, line and marker of one of several curves, counted from 0; they come again after the sixth."""
    at %= len(_ORDER)
    return COLORS[_ORDER[at]], _LINES[at], _MARKERS[at]


def plain_axes(axes: Axes, grid: Literal["both", "x", "y"] = "both") -> Axes:
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
    if text.startswith("_"):
        text = f"\u200a{text}"  # matplotlib leaves labels that begin with an underscore out of a legend
    if len(text) <= length:
        return text
    kept = length - 1
    return f"{text[: kept // 2]}…{text[len(text) - (kept - kept // 2) :]}"
