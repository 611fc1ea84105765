"""What can be done with a result: show it in the views, draw its nomogram, save it, compare it with SlicerRadiomics."""

import logging
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from LABCRadiomicsLib.errors import LABCRadiomicsError

from . import packages, result_view, scored_case
from .dicom_source import sourceFiles
from .radiomics_check import RadiomicsCheck


class ResultActions:
    """The buttons of the result block."""

    def __init__(self, ui, view, requirements, say):
        """
        :param ui: widgets of the panel
        :param view: the panel's ResultView
        :param requirements: path of Resources/requirements.txt
        :param say: see LABCRadiomicsWidget._say
        """
        self._ui, self._view, self._requirements, self._say = ui, view, requirements, say
        self._case = None
        self._volumeNode = None  # of the shown result
        self._missing = None  # why nothing can be scored now
        self._check = RadiomicsCheck(self._onCheckFinished)
        for button, slot in (
            (ui.showPlotButton, self.onShowPlot),
            (ui.showTableButton, self.onShowTable),
            (ui.showNomogramButton, self.onShowNomogram),
            (ui.saveReportButton, self.onSaveReport),
            (ui.saveValuesButton, self.onSaveValues),
            (ui.saveDicomButton, self.onSaveDicom),
        ):
            button.connect("clicked(bool)", slot)

    def cleanup(self):
        """End a comparison that is under way and forget the case: the scene or the panel goes away."""
        self._check.cleanup()
        self._case = self._volumeNode = None

    def setCase(self, case, volumeNode, edited):
        """Say what is behind the shown result.

        :param case: its ScoredCase; None when its images are not in memory (a loaded scene)
        :param volumeNode: the volume that was scored; None when it is no longer in the scene
        :param edited: why the result no longer fits its nodes, empty when it does
        """
        self._case, self._volumeNode = case, volumeNode
        reason = "" if case is not None else _("Click Apply: the images of this result are not in memory.")
        for button, problem, text in (
            (self._ui.saveReportButton, reason, _("Write report.html and result.json into a folder.")),
            (self._ui.showNomogramButton, reason, _("Draw this patient on the model's nomogram.")),
            (
                self._ui.saveDicomButton,
                edited or sourceFiles(volumeNode)[1],
                _("Write the result as a DICOM structured report of the volume's study."),
            ),
        ):
            button.enabled = not problem
            button.toolTip = problem or text

    def onShowPlot(self, _clicked=False):
        """Show the survival curves in a plot view."""
        self._showNode("chart", result_view.showChart)

    def onShowTable(self, _clicked=False):
        """Show the contributions in a table view."""
        self._showNode("contributions", result_view.showTable)

    def _showNode(self, role, show):
        from LABCRadiomicsLib.mrml.results import result_nodes

        node = result_nodes(slicer.mrmlScene).get(role)
        if node is None:
            self._say(_("It was removed from the scene: click Apply again."), True)
        else:
            show(node)

    def onShowNomogram(self, _clicked=False):
        """Draw the patient on the nomogram, in the panel; clicking again hides it."""
        if not self._ui.showNomogramButton.checked:
            self._view.hidePicture()
            return
        path = Path(slicer.app.temporaryPath) / "LABCRadiomics-nomogram.png"
        if self._attempt(("matplotlib",), lambda: scored_case.draw_nomogram(self._case, path)):
            self._view.showPicture(str(path))
        else:
            self._ui.showNomogramButton.checked = False

    def onSaveReport(self, _clicked=False):
        """Ask for a folder and write the report into it."""
        folder = qt.QFileDialog.getExistingDirectory(self._ui.saveReportButton.window(), _("Folder for the report"))
        if folder and self._attempt(("matplotlib", "Jinja2"), lambda: scored_case.save_report(self._case, folder)):
            self._say(_("Written:"), written=str(Path(folder, "report.html")))

    def onSaveValues(self, _clicked=False):
        """Ask for a file and write the result's values: everything as JSON, the features as CSV."""
        path = qt.QFileDialog.getSaveFileName(
            self._ui.saveValuesButton.window(), _("Values of the result"), "result.json", _("Values (*.json *.csv)")
        )
        if path and self._attempt((), lambda: scored_case.save_values(self._view.document, path)):
            self._say(_("Written:"), written=path)

    def onSaveDicom(self, _clicked=False):
        """Ask for a file and write the result as a DICOM structured report."""
        files, problem = sourceFiles(self._volumeNode)
        if problem:  # the database changed since the button was enabled
            self._say(problem, True)
            return
        path = qt.QFileDialog.getSaveFileName(
            self._ui.saveDicomButton.window(), _("DICOM structured report"), "result.dcm", _("DICOM (*.dcm)")
        )
        document = self._view.document
        if path and self._attempt(("highdicom",), lambda: scored_case.save_dicom(document, files, path)):
            self._say(_("Written:"), written=path)

    def _attempt(self, names, step):
        """Do a step that needs packages beyond Slicer's own; what goes wrong is said in the panel."""
        try:
            if names:
                packages.ensure(self._requirements, names)
            step()
        except (LABCRadiomicsError, packages.PackagesRefused) as error:
            self._say(str(error), True)
            return False
        except ModuleNotFoundError as error:
            self._say(_("This step needs the Python package {name}.").format(name=error.name), True)
            return False
        self._say("")
        return True

    def updateCheck(self, missing):
        """Enable the comparison, or say why it cannot be made."""
        self._missing = missing
        reason = self._check.unavailable() or missing
        if self._check.isRunning():
            reason = _("SlicerRadiomics is at work")
        self._ui.checkButton.enabled = not reason
        self._ui.checkButton.toolTip = reason or _("Compute the same features by SlicerRadiomics and compare.")

    def startCheck(self, volumeNode, segmentationNode, segmentId, model):
        """Compute the model's features by SlicerRadiomics too, in the background."""
        self._view.showCheck(_("SlicerRadiomics is at work; this can take a minute..."))
        slicer.app.processEvents()
        try:
            self._check.start(volumeNode, segmentationNode, segmentId, model)
        except Exception as error:
            self._check.cleanup()
            if not isinstance(error, LABCRadiomicsError):
                logging.exception("LABCRadiomics: defect while comparing with SlicerRadiomics")
            self._view.showCheck(str(error))
        self.updateCheck(self._missing)

    def _onCheckFinished(self, text):
        self._view.showCheck(text)
        self.updateCheck(self._missing)
