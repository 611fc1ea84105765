"""A plot view: the chart that qMRMLPlotView draws of a plot chart node, with VTK's own charts, in an image."""

from __future__ import annotations

from pathlib import Path

import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

STYLES = {
    "LineStyleNone": vtk.vtkPen.NO_PEN,
    "LineStyleSolid": vtk.vtkPen.SOLID_LINE,
    "LineStyleDash": vtk.vtkPen.DASH_LINE,
    "LineStyleDot": vtk.vtkPen.DOT_LINE,
}
MARKERS = {"MarkerStyleNone": vtk.vtkPlotLine.NONE, "MarkerStyleCircle": vtk.vtkPlotLine.CIRCLE}


class PlotView:
    """Stands for ``qMRMLPlotView``."""

    def __init__(self, node):
        self._node = node
        self._view = None
        self._chart = vtk.vtkChartXY()
        self._plots = {}  # series node's ID to plot; a plot is kept while its series is in the chart
        node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._update())
        self._update()

    def chart(self):
        """Give the chart."""
        return self._chart

    def draw(self, path: Path, size: tuple[int, int]):
        """Draw the node's chart into a PNG file, as ``qMRMLPlotViewPrivate::updateWidgetFromMRML`` sets it up.

        Returns
        -------
        numpy.ndarray
            Shape (height, width, 3), from bottom to top.
        """
        if self._view is None:
            self._view = vtk.vtkContextView()
            self._view.GetScene().AddItem(self._chart)
        window = self._view.GetRenderWindow()
        window.SetOffScreenRendering(1)
        window.SetMultiSamples(0)
        window.SetSize(*size)
        self._update()
        window.Render()
        window.Render()  # the legend takes its place in the second
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(window)
        writer = vtk.vtkPNGWriter()
        writer.SetFileName(str(path))
        writer.SetInputConnection(grab.GetOutputPort())
        writer.Write()
        data = grab.GetOutput()
        return vtk_to_numpy(data.GetPointData().GetScalars()).reshape(*data.GetDimensions()[1::-1], -1)

    def _update(self) -> None:
        chart, chart_id = self._chart, self._node.GetPlotChartNodeID()
        node = slicer.mrmlScene.GetNodeByID(chart_id) if chart_id else None
        count = node.GetNumberOfPlotSeriesNodes() if node is not None else 0
        series = [node.GetNthPlotSeriesNode(index) for index in range(count)]
        for gone in self._plots.keys() - {one.GetID() for one in series}:
            chart.RemovePlotInstance(self._plots.pop(gone))
        for one in series:
            if one.GetID() not in self._plots:
                self._plots[one.GetID()] = vtk.vtkPlotLine()
                chart.AddPlot(self._plots[one.GetID()])
            _set_up(self._plots[one.GetID()], one)
        if node is not None:
            self._set_words(node)

    def _set_words(self, node) -> None:
        chart = self._chart
        background = vtk.vtkColor4ub()
        background.Set(255, 253, 246, 255)
        chart.GetBackgroundBrush().SetColor(background)
        chart.SetTitle(node.GetTitle() if node.GetTitleVisibility() else "")
        chart.GetTitleProperties().SetFontSize(node.GetTitleFontSize())
        chart.SetShowLegend(node.GetLegendVisibility())
        chart.GetLegend().GetLabelProperties().SetFontSize(node.GetLegendFontSize())
        low, high = node.GetYAxisRange()
        for at, title in ((vtk.vtkAxis.BOTTOM, node.GetXAxisTitle()), (vtk.vtkAxis.LEFT, node.GetYAxisTitle())):
            axis = chart.GetAxis(at)
            axis.SetTitle(title)
            axis.GetTitleProperties().SetFontSize(node.GetAxisTitleFontSize())
            axis.GetTitleProperties().SetBold(False)
            axis.GetLabelProperties().SetFontSize(node.GetAxisLabelFontSize())
        chart.GetAxis(vtk.vtkAxis.LEFT).SetBehavior(vtk.vtkAxis.FIXED)
        chart.GetAxis(vtk.vtkAxis.LEFT).SetRange(low, high)


def _set_up(plot, series) -> None:
    plot.SetWidth(series.GetLineWidth())
    plot.SetColorF(*series.GetColor())
    style = next(style for style in STYLES if getattr(series, style) == series.GetLineStyle())
    plot.GetPen().SetLineType(STYLES[style])
    marker = next(style for style in MARKERS if getattr(series, style) == series.GetMarkerStyle())
    plot.SetMarkerStyle(MARKERS[marker])
    plot.SetMarkerSize(series.GetMarkerSize())
    plot.SetInputData(series.GetTableNode().GetTable(), series.GetXColumnName(), series.GetYColumnName())
    plot.SetLabel(series.GetName())


class PlotWidget:
    """Stands for ``qMRMLPlotWidget``."""

    def __init__(self, node):
        self._node, self._view = node, PlotView(node)

    def mrmlPlotViewNode(self):
        """Give the view's node."""
        return self._node

    def plotView(self):
        """Give the view."""
        return self._view
