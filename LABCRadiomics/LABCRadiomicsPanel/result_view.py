"""The result block: what is shown of a result, whether it still fits the inputs, and what can be done with it."""

from html import escape
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from . import wording


class ResultView:
    """Shows a result document (``LABCRadiomicsLib.mrml.results``), made just now or loaded with the scene."""

    def __init__(self, ui):
        self._ui = ui
        self.document = None

    def show(self, document):
        """Show a result; None empties the block."""
        ui = self._ui
        self.document = document
        ui.resultCollapsibleButton.visible = document is not None
        self.hidePicture()
        ui.showNomogramButton.checked = False
        self.showCheck("")
        if document is None:
            return
        self.setStale("")
        ui.resultLabel.text = wording.result_text(document)
        ui.showPlotButton.enabled = bool(document["survival"])
        ui.showPlotButton.toolTip = (
            _("Show the survival curves in a plot view.") if document["survival"] else _("The model gives none.")
        )

    def setStale(self, reason):
        """Say that the result no longer belongs to what is chosen; an empty reason takes that back."""
        self._ui.groupLabel.text = wording.group_badge(self.document, bool(reason))
        self._ui.staleLabel.visible = bool(reason)
        self._ui.staleLabel.text = f"<b>&#9888; {escape(reason)}</b>" if reason else ""

    def showPicture(self, path):
        """Show the nomogram as wide as the panel."""
        pixmap = qt.QPixmap(path)
        width = max(self._ui.resultCollapsibleButton.width - 30, 200)
        self._ui.nomogramLabel.setPixmap(pixmap.scaledToWidth(width, qt.Qt.SmoothTransformation))
        self._ui.nomogramLinkLabel.text = f'<a href="{Path(path).as_uri()}">{_("Open in full size")}</a>'
        self._ui.nomogramLabel.visible = self._ui.nomogramLinkLabel.visible = True

    def hidePicture(self):
        """Show no nomogram."""
        self._ui.nomogramLabel.visible = self._ui.nomogramLinkLabel.visible = False

    def showCheck(self, text):
        """Show the outcome of the comparison with SlicerRadiomics."""
        self._ui.checkLabel.text = text
        self._ui.checkLabel.visible = bool(text)


def showChart(chartNode):
    """Show a chart in a plot view, switching to a layout with one when the current has none."""
    slicer.modules.plots.logic().ShowChartInLayout(chartNode)


def showTable(tableNode):
    """Show a table in a table view, switching to a layout with one when the current has none."""
    layoutManager = slicer.app.layoutManager()
    if layoutManager is not None:  # there are no views without the main window
        layoutManager.setLayout(slicer.modules.tables.logic().GetLayoutWithTable(layoutManager.layout))
    slicer.app.applicationLogic().GetSelectionNode().SetActiveTableID(tableNode.GetID())
    slicer.app.applicationLogic().PropagateTableSelection()
