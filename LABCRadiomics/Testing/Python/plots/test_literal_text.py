"""Text of the user in figures: as it is, whatever matplotlib would make of it."""

import io
import warnings

import pytest
from matplotlib import image
from matplotlib.figure import Figure

from LABCRadiomicsLib.plots import performance_plots, selection_plots
from LABCRadiomicsLib.plots.figures import png, shortened

NASTY = (
    r"price_$\frac$",
    "$",
    "$x$ and $y$",
    r"\$",
    "a_b^c {d}",
    "_hidden",
    "\u4e2d\u6587",
    "%s {0}",
    r"$\mathdefault{x",
    "",
)
GROUP = {"n": 3, "events": 1, "months": [1, 2], "survival": [0.9, 0.8], "lower": [0.5, 0.4], "upper": [1, 1]}


@pytest.mark.parametrize("text", NASTY)
def test_figures_with_any_text(text):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = [
            performance_plots.forest([{"label": text, "hr": 1.2, "lower": 0.8, "upper": 2, "p": 0.2}], text),
            selection_plots.selection([text, "b"], [0.5, 0.2], ["b"]),
            selection_plots.coefficient_path([0.1, 0.2], [[1, 2], [0, 1]], [text, "b"], 0.1),
            performance_plots.kaplan_meier({"low": GROUP, "high": GROUP}, text, 0.2),
        ]
    assert all(image.imread(io.BytesIO(found)).std() > 0 for found in drawn)


def drawn(text):
    """Pixels of a tick label, a legend and a title."""
    figure = Figure(figsize=(4, 3))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], label=shortened(text, 30))
    axes.set_yticks([0, 1], [text, "b"])
    axes.set_title(text)
    axes.legend()
    return image.imread(io.BytesIO(png(figure)))


def test_a_dollar_is_a_dollar():
    # As a formula the two would look alike: blanks and braces do not count there.
    assert (drawn("$a b$") != drawn("$ab$")).any()
    assert (drawn("$x$") != drawn("x")).any()
    assert (drawn("_x") != drawn("x")).any()


def test_a_logarithmic_axis_keeps_its_powers():
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([1, 1000], [1, 2])
    axes.set_xscale("log")
    png(figure)
    assert all(label.get_parse_math() for label in axes.get_xticklabels() if "mathdefault" in label.get_text())
