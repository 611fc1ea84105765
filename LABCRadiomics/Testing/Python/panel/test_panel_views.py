"""The module's own view layout, and the survival curves as a plot view draws them."""

from dataclasses import replace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from LABCRadiomicsLib.model import registry  # noqa: E402
from LABCRadiomicsLib.mrml import results as mrml_results  # noqa: E402
from LABCRadiomicsLib.scoring import predict  # noqa: E402
from LABCRadiomicsLib.scoring.result_document import result_document  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)

CONVENTIONAL = slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView


@pytest.fixture
def shown(ready):
    """A result shown in the views."""
    ready.ui.applyButton.click()
    ready.ui.showViewsButton.click()
    assert ready.ui.messageLabel.text == ""
    return ready


def layout():
    return slicer.app.layoutManager().layout


def own_layout():
    return __import__("LABCRadiomicsPanel.result_layout", fromlist=["result_layout"]).LAYOUT


def view(node_class):
    return slicer.mrmlScene.GetSingletonNode("LABCRadiomics", node_class)


def test_one_click_shows_plot_table_and_slices_and_the_next_what_was_before(shown):
    nodes = mrml_results.result_nodes(slicer.mrmlScene)
    assert layout() == own_layout() and shown.ui.showViewsButton.checked
    assert view("vtkMRMLPlotViewNode").GetPlotChartNodeID() == nodes["chart"].GetID()
    assert view("vtkMRMLTableViewNode").GetTableNodeID() == nodes["contributions"].GetID()
    shown_views = slicer.app.layoutManager().layoutLogic().GetViewNodes()
    classes = [shown_views.GetItemAsObject(n).GetClassName() for n in range(shown_views.GetNumberOfItems())]
    assert sorted(classes) == ["vtkMRMLPlotViewNode", *["vtkMRMLSliceNode"] * 3, "vtkMRMLTableViewNode"]
    shown.ui.showViewsButton.click()
    assert layout() == CONVENTIONAL and not shown.ui.showViewsButton.checked


def test_slices_are_at_the_tumor(shown):
    parameters = shown._parameterNode
    center = parameters.segmentation.GetSegmentCenterRAS(parameters.segmentId)
    red = slicer.mrmlScene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    assert red.GetSliceOffset() == pytest.approx(center[2])


def test_another_layout_chosen_by_the_user_releases_the_button(shown):
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    assert not shown.ui.showViewsButton.checked
    shown.ui.showViewsButton.click()
    shown.ui.showViewsButton.click()
    assert layout() == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView


def test_other_plot_and_table_views_stay_as_they_are(ready):
    """The user's own plot in Slicer's plot view, and whatever Slicer shows in all views at once."""
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "of the user")
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView)
    slicer.app.applicationLogic().GetSelectionNode().SetActivePlotChartID(chart.GetID())
    slicer.app.applicationLogic().PropagatePlotChartSelection()
    ready.ui.applyButton.click()
    ready.ui.showViewsButton.click()
    ready.ui.showViewsButton.click()
    assert slicer.mrmlScene.GetSingletonNode("PlotView1", "vtkMRMLPlotViewNode").GetPlotChartNodeID() == chart.GetID()
    ready.ui.showViewsButton.click()
    slicer.app.applicationLogic().GetSelectionNode().SetActivePlotChartID(chart.GetID())
    slicer.app.applicationLogic().PropagatePlotChartSelection()
    assert view("vtkMRMLPlotViewNode").GetPlotChartNodeID() != chart.GetID()


def test_a_new_result_is_shown_in_the_views(shown):
    shown._parameterNode.covariates = '{"age": "70"}'
    shown.ui.applyButton.click()
    nodes = mrml_results.result_nodes(slicer.mrmlScene)
    assert view("vtkMRMLPlotViewNode").GetPlotChartNodeID() == nodes["chart"].GetID()
    assert shown.ui.showViewsButton.checked


def test_removed_chart_is_explained(ready):
    ready.ui.applyButton.click()
    slicer.mrmlScene.RemoveNode(mrml_results.result_nodes(slicer.mrmlScene)["chart"])
    ready.ui.showViewsButton.click()
    assert "click Apply again" in ready.ui.messageLabel.text
    assert layout() == CONVENTIONAL and not ready.ui.showViewsButton.checked
    ready.ui.applyButton.click()
    assert "chart" in mrml_results.result_nodes(slicer.mrmlScene)


def test_without_survival_the_layout_has_no_plot(shown, case):
    bare = replace(registry.find_model("demo-phantom"), nomogram=None, groups=None)
    prediction = predict(bare, {part["feature"]: part["value"] for part in shown.resultView.document["contributions"]})
    document = result_document(bare, prediction, shown.resultView.document["inputs"])
    mrml_results.store_result(slicer.mrmlScene, document, bare, prediction, case[0], case[1])
    shown._parameterNode.Modified()
    assert shown.resultView.document["survival"] == []
    shown.ui.showViewsButton.click()
    shown.ui.showViewsButton.click()
    assert layout() == own_layout() and slicer.app.layoutManager().plotViewCount == 0


def test_a_saved_scene_in_the_layout_opens_with_it(shown, app, tmp_path):
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    slicer.app.layoutManager().setLayout(CONVENTIONAL)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    chart = mrml_results.result_nodes(slicer.mrmlScene)["chart"]
    assert view("vtkMRMLPlotViewNode").GetPlotChartNodeID() == chart.GetID()


def test_without_a_main_window_nothing_is_shown(ready, app, monkeypatch):
    ready.ui.applyButton.click()
    ready.cleanup()
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: None)
    panel = app.make()
    app.enter()
    panel.ui.showViewsButton.click()
    assert not panel.ui.showViewsButton.checked


def test_layout_is_known_from_the_start(module):
    module.registerLayout()
    assert own_layout() in slicer.app.layoutManager().layoutLogic().GetLayoutNode().GetLayoutIndices()


# --- the curves ---


def drawn(size, path):
    """The chart in the module's plot view, as an image, with its plot area in pixels."""
    widget = slicer.app.layoutManager().plotWidget(0)
    image = widget.plotView().draw(path, size)
    chart = widget.plotView().chart()
    return image.astype(int), chart.GetPoint1(), chart.GetPoint2(), chart


def is_color(image, color):
    """Pixels of a color."""
    return (np.abs(image - (np.array(color) * 255).astype(int)) < 30).all(axis=2)


@pytest.mark.parametrize("size", [(400, 300), (390, 210), (960, 500)])
def test_curves_are_readable_in_a_small_view(shown, tmp_path, size):
    """Legend below the curves, title within the view, all of the patient's curve over everything else."""
    image, low, high, chart = drawn(size, tmp_path / "plot.png")
    assert high[0] - low[0] > 0.75 * size[0]
    assert high[1] - low[1] > 0.4 * size[1]
    colors = mrml_results._COLORS
    for name in ("low", "high", "patient"):
        inside = is_color(image, colors[name])[low[1] : high[1], low[0] : high[0]]
        assert inside.sum() > 60, name
    # The legend: its lines are in the colors of the curves, all of them below the plot area.
    below = image[: low[1]]
    assert is_color(below, colors["low"]).any() and is_color(below, colors["high"]).any()
    assert not chart.GetLegend().GetInline()
    title = is_color(image, (0, 0, 0))[high[1] + 4 :]
    columns = np.flatnonzero(title.any(axis=0))
    assert len(columns) and columns[0] > 5 and columns[-1] < size[0] - 5  # a cut title touches the border


def test_words_of_the_chart_are_few(shown):
    nodes = mrml_results.result_nodes(slicer.mrmlScene)
    chart = nodes["chart"]
    assert len(chart.GetTitle()) <= 40
    names = [chart.GetNthPlotSeriesNode(n).GetName() for n in range(chart.GetNumberOfPlotSeriesNodes())]
    assert names == [
        "Low-risk group, observed, n = 69",
        "High-risk group, observed, n = 70",
        "95% limits",
        "This patient (dashed: 95% limits)",
        "This patient at 12, 36, 60 months",
    ]
    widths = [chart.GetNthPlotSeriesNode(n).GetLineWidth() for n in range(4)]
    assert widths[3] == max(widths)  # the patient's curve is the strongest


def test_limits_are_two_lines_of_one_series(shown):
    table = mrml_results.result_nodes(slicer.mrmlScene)["table:limits"].GetTable()
    values = np.array([[table.GetValue(row, at).ToDouble() for at in (0, 1)] for row in range(table.GetNumberOfRows())])
    (gap,) = np.flatnonzero(np.isnan(values[:, 0]))
    lower, upper = values[:gap], values[gap + 1 :]
    at = {estimate["months"]: estimate for estimate in shown.resultView.document["survival"]}
    for months, estimate in at.items():
        for curve, name in ((lower, "lower"), (upper, "upper")):
            last = np.flatnonzero(curve[:, 0] <= months)[-1]
            assert curve[last, 1] == pytest.approx(estimate[name], abs=1e-9)
