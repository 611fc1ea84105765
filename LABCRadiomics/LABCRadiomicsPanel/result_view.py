"""The result block: what is shown of a result, and whether it still fits the inputs."""

from html import escape
from pathlib import Path

from slicer.i18n import tr as _

from . import wording
from .steady_widgets import FittedPicture, showAtTop


class ResultView:
    """Shows a result document (``LABCRadiomicsLib.mrml.results``), made just now or loaded with the scene."""

    def __init__(self, ui):
        """
        :param ui: widgets of the panel
        """
        self._ui = ui
        self._picture = FittedPicture(ui.nomogramLabel)
        self.document = None

    def cleanup(self):
        """Let the widgets be: the panel goes away."""
        self._picture.cleanup()

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
        ui.showGroupButton.visible = document["risk_group"] is not None and not document["group_shown"]
        ui.resultLabel.text = wording.result_text(document)
        ui.contributionsBrowser.setHtml(wording.contributions(document))

    def bringIntoView(self):
        """Scroll to the result; it unfolds."""
        self._ui.resultCollapsibleButton.collapsed = False
        showAtTop(self._ui.resultCollapsibleButton)

    def setStale(self, reason):
        """Say that the result no longer belongs to what is chosen; an empty reason takes that back."""
        self._ui.groupLabel.text = wording.group_badge(self.document, bool(reason))
        self._ui.staleLabel.visible = bool(reason)
        self._ui.staleLabel.text = f"<b>&#9888; {escape(reason)}</b>" if reason else ""

    def showPicture(self, path):
        """Show the nomogram as wide as the panel."""
        self._picture.setFile(path)
        words = _("Open in full size")
        self._ui.nomogramLinkLabel.text = f'<a href="{Path(path).as_uri()}">{words}</a>'
        self._ui.nomogramLabel.visible = self._ui.nomogramLinkLabel.visible = True

    def hidePicture(self):
        """Show no nomogram."""
        self._ui.nomogramLabel.visible = self._ui.nomogramLinkLabel.visible = False

    def showCheck(self, text):
        """Show the outcome of the comparison with SlicerRadiomics."""
        self._ui.checkLabel.text = wording.plain(text)
        self._ui.checkLabel.visible = bool(text)
