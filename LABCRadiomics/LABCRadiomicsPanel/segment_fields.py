"""The segments that are chosen: the tumor's, another reader's, and those that the model's preprocessing measures."""

from slicer.i18n import tr as _

from LABCRadiomicsLib.mrml import BREAST, SECOND_READER, TISSUE

from .steady_widgets import setWrappedText
from .wording import breakable


class SegmentField:
    """One selector of a segmentation and its segment, and where the parameter node keeps them."""

    def __init__(self, selector, nodeName, segmentName):
        """
        :param selector: qMRMLSegmentSelectorWidget
        :param nodeName, segmentName: attributes of the parameter node
        """
        self.selector = selector
        self._nodeName, self._segmentName = nodeName, segmentName

    def show(self, parameters):
        """Show what the parameter node holds."""
        node, segmentId = self._kept(parameters)
        self.selector.setCurrentNode(node)
        if node and (segmentId or self.selector.noneEnabled):
            self.selector.setCurrentSegmentID(segmentId)

    def take(self, parameters):
        """Keep what is shown."""
        node = self.selector.currentNode()
        setattr(parameters, self._nodeName, node)
        setattr(parameters, self._segmentName, (self.selector.currentSegmentID() or "") if node else "")

    def chosen(self, parameters):
        """Give the segmentation and the segment ID; None when none is chosen or it is no longer there."""
        node, segmentId = self._kept(parameters)
        segmentation = node.GetSegmentation() if node else None
        if segmentation is None or segmentation.GetSegment(segmentId) is None:
            return None
        return node, segmentId

    def _kept(self, parameters):
        return getattr(parameters, self._nodeName), getattr(parameters, self._segmentName)


class SegmentFields:
    """All of them; the model says which of its own are needed, and only these are shown."""

    def __init__(self, ui, changed):
        """
        :param ui: widgets of the panel: segmentSelector, secondSelector, breastSelector, tissueSelector, and labels
        :param changed: called without arguments after the user chose another segment
        """
        self._ui = ui
        self.tumor = SegmentField(ui.segmentSelector, "segmentation", "segmentId")
        self._others = {
            SECOND_READER: SegmentField(ui.secondSelector, "secondSegmentation", "secondSegmentId"),
            BREAST: SegmentField(ui.breastSelector, "breastSegmentation", "breastSegmentId"),
            TISSUE: SegmentField(ui.tissueSelector, "tissueSegmentation", "tissueSegmentId"),
        }
        self._needed, self._problem = {}, None
        for field in self._all():
            field.selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda _node: changed())
            field.selector.connect("currentSegmentChanged(QString)", lambda _segmentId: changed())
        self.setModel(None)

    def _all(self):
        return self.tumor, *self._others.values()

    def setModel(self, model):
        """Ask for what a model's preprocessing needs to have outlined."""
        from LABCRadiomicsLib.errors import ModelError
        from LABCRadiomicsLib.preprocessing import masks_needed, read_steps

        extraction = model.extraction if model is not None else None
        self._needed, self._problem = {}, None
        try:
            if extraction is not None:
                self._needed = masks_needed(read_steps(extraction.preprocessing))
        except ModelError as error:  # a model file may name a step with parameters that it does not have
            self._problem = str(error)
        ui = self._ui
        ui.breastLabel.visible = ui.breastSelector.visible = BREAST in self._needed
        ui.tissueLabel.visible = ui.tissueSelector.visible = TISSUE in self._needed
        label = _("Reference tissue ({name}):").format(name=self._needed.get(TISSUE, ""))
        setWrappedText(ui.tissueLabel, breakable(label))

    def show(self, parameters):
        """Show what the parameter node holds."""
        for field in self._all():
            field.show(parameters)

    def take(self, parameters):
        """Keep what is shown."""
        for field in self._all():
            field.take(parameters)

    def others(self, parameters):
        """Give the segments beside the tumor's that take part, each a segmentation and a segment ID, by what it is."""
        found = {name: field.chosen(parameters) for name, field in self._others.items()}
        return {
            name: chosen
            for name, chosen in found.items()
            if chosen is not None and (name == SECOND_READER or name in self._needed)
        }

    def missing(self, parameters):
        """Say which segment is still to be chosen; None when none is."""
        if self.tumor.selector.currentNode() is None or self.tumor.chosen(parameters) is None:
            return _("Select the segmentation and the tumor's segment")
        if self._problem is not None:
            return self._problem
        others = self.others(parameters)
        for name, tissue in self._needed.items():
            if name not in others:
                return _("Select the segment of the {tissue}: this model's preprocessing needs it").format(
                    tissue=tissue
                )
        if others.get(SECOND_READER) == self.tumor.chosen(parameters):
            return _("Select another segment for the second reader: it is the tumor's own")
        return None
