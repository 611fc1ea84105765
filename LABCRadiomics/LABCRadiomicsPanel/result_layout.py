"""The module's own view layout: the tumor's slices above the survival curves and the table of features."""

import slicer

LAYOUT = 24020  # Slicer's own numbers are below 1000; of the article, Breast Cancer Res 24:20
IN_LEGEND = ("series:low", "series:high", "series:patient")  # whose names explain the other series too
TAG = "LABCRadiomics"  # of the plot and the table view, which only this module fills

SLICE = """<item><view class="vtkMRMLSliceNode" singletontag="{name}">
<property name="orientation" action="default">{orientation}</property>
<property name="viewlabel" action="default">{label}</property>
<property name="viewcolor" action="default">{color}</property></view></item>"""
SLICES = (
    ("Red", "Axial", "R", "#F34A33"),
    ("Green", "Coronal", "G", "#6EB04B"),
    ("Yellow", "Sagittal", "Y", "#EDD54C"),
)
PLOT = f"""<item splitSize="450"><view class="vtkMRMLPlotViewNode" singletontag="{TAG}">
<property name="viewlabel" action="default">P</property></view></item>"""
TABLE = f"""<item splitSize="550"><view class="vtkMRMLTableViewNode" singletontag="{TAG}">
<property name="viewlabel" action="default">T</property></view></item>"""


def description(withPlot=True):
    """Give the layout as Slicer's layout node takes it; without curves there is only the table."""
    keys = ("name", "orientation", "label", "color")
    slices = "".join(SLICE.format(**dict(zip(keys, values, strict=True))) for values in SLICES)
    lower = (PLOT if withPlot else "") + TABLE
    return f"""<layout type="vertical" split="true">
<item splitSize="450"><layout type="horizontal">{slices}</layout></item>
<item splitSize="550"><layout type="horizontal" split="true">{lower}</layout></item></layout>"""


def register(withPlot=True):
    """Make the layout known, so that a saved scene that shows it opens with it."""
    layoutManager = slicer.app.layoutManager()
    if layoutManager is None:  # there are no views without the main window
        return
    layoutNode = layoutManager.layoutLogic().GetLayoutNode()
    if not layoutNode.AddLayoutDescription(LAYOUT, description(withPlot)):
        layoutNode.SetLayoutDescription(LAYOUT, description(withPlot))


class ResultLayout:
    """Switches to the layout and back."""

    def __init__(self, button):
        """
        :param button: checkable QPushButton, checked while the layout is shown
        """
        self._button = button
        self._before = None  # the layout to come back to
        self._manager = slicer.app.layoutManager()
        if self._manager is not None:
            self._manager.connect("layoutChanged(int)", self._onLayoutChanged)

    def cleanup(self):
        """Follow the layout no longer."""
        if self._manager is not None:
            self._manager.disconnect("layoutChanged(int)", self._onLayoutChanged)
        self._manager = None

    def isShown(self):
        """Whether the views are in this layout."""
        return self._manager is not None and self._manager.layout == LAYOUT

    def show(self, nodes, segmentationNode, segmentId):
        """Show a result's chart and table, and the slices at the center of the tumor.

        :param nodes: the result's nodes by their role
        :param segmentationNode: that holds the tumor, or None when it is gone
        """
        if self._manager is None:
            return
        if not self.isShown():
            self._before = self._manager.layout
        register(withPlot="chart" in nodes)
        self._manager.setLayout(LAYOUT)
        self.fill(nodes)
        segmentation = segmentationNode.GetSegmentation() if segmentationNode is not None else None
        if segmentation is not None and segmentation.GetSegment(segmentId) is not None:
            center = [0.0, 0.0, 0.0]
            segmentationNode.GetSegmentCenterRAS(segmentId, center)
            slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *center)

    def fill(self, nodes):
        """Put a result's chart and table into the layout's views, where they are shown."""
        if not self.isShown():
            return
        scene = slicer.mrmlScene
        table = scene.GetSingletonNode(TAG, "vtkMRMLTableViewNode")
        if table is not None and "contributions" in nodes:
            table.SetDoPropagateTableSelection(False)
            table.SetTableNodeID(nodes["contributions"].GetID())
        plot = scene.GetSingletonNode(TAG, "vtkMRMLPlotViewNode")
        if plot is not None and "chart" in nodes:
            plot.SetDoPropagatePlotChartSelection(False)
            plot.SetPlotChartNodeID(nodes["chart"].GetID())
            self._arrangeLegend(nodes)

    def hide(self):
        """Come back to the layout of before."""
        if self.isShown():
            self._manager.setLayout(self._before or slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def _arrangeLegend(self, nodes):
        """Put a short legend below the curves in the module's own plot view; the scene cannot say such a thing."""
        told = {nodes[role].GetName() for role in IN_LEGEND if role in nodes}
        for index in range(self._manager.plotViewCount):
            widget = self._manager.plotWidget(index)
            node = widget.mrmlPlotViewNode()
            if node is None or node.GetSingletonTag() != TAG:
                continue
            chart = widget.plotView().chart()
            legend = chart.GetLegend()
            legend.SetInline(False)
            legend.SetHorizontalAlignment(legend.CENTER)
            legend.SetVerticalAlignment(legend.BOTTOM)
            for number in range(chart.GetNumberOfPlots()):
                plot = chart.GetPlot(number)
                plot.SetLegendVisibility(plot.GetLabel() in told)

    def _onLayoutChanged(self, layout):
        if self._button.checked != (layout == LAYOUT):
            self._button.checked = layout == LAYOUT
