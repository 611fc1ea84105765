"""What can be done with a result: show it in the views, draw its nomogram, save it, compare it with SlicerRadiomics."""

import logging
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from LABCRadiomicsLib.errors import LABCRadiomicsError

from . import packages, radiomics_command, scored_case
from .dicom_source import sourceFiles
from .radiomics_check import RadiomicsCheck
from .result_layout import ResultLayout


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
        self._case = self._scored = None
        self._missing = None  # why nothing can be scored now
        self._check = RadiomicsCheck(self._onCheckProgress, self._onCheckFinished)
        self._layout = ResultLayout(ui.showViewsButton)
        ui.showViewsButton.checked = self._layout.isShown()
        self._showCheckRunning(False)
        for button, slot in (
            (ui.showViewsButton, self.onShowViews),
            (ui.showNomogramButton, self.onShowNomogram),
            (ui.saveReportButton, self.onSaveReport),
            (ui.saveValuesButton, self.onSaveValues),
            (ui.saveDicomButton, self.onSaveDicom),
            (ui.checkCancelButton, self.onCancelCheck),
        ):
            button.connect("clicked(bool)", slot)

    def forget(self):
        """End a comparison that is under way and forget the case: the scene goes away."""
        self._check.cleanup()
        self._showCheckRunning(False)
        self._case = self._scored = None

    def cleanup(self):
        """As forget, and follow the views no longer: the panel goes away."""
        self.forget()
        self._layout.cleanup()

    def setCase(self, case, scored, edited):
        """Say what is behind the shown result.

        :param case: its ScoredCase; None when its images are not in memory (a loaded scene)
        :param scored: the Choice that it was made of, its nodes None when they are no longer in the scene
        :param edited: why the result no longer fits its nodes, empty when it does
        """
        self._case, self._scored = case, scored
        reason = "" if case is not None else _("Click Apply: the images of this result are not in memory.")
        for button, problem, text in (
            (self._ui.saveReportButton, reason, _("Write report.html, report.pdf and result.json into a folder.")),
            (self._ui.showNomogramButton, reason, _("Draw this patient on the model's nomogram.")),
            (
                self._ui.saveDicomButton,
                edited or self._noStudy(),
                _("Write contour, structured report and report in PDF as DICOM objects of the volume's study."),
            ),
        ):
            button.enabled = not problem
            button.toolTip = problem or text

    def onShowViews(self, _clicked=False):
        """Show the survival curves, the features and the tumor in the views; clicking again shows those of before."""
        from LABCRadiomicsLib.mrml import result_nodes

        if not self._ui.showViewsButton.checked:
            self._layout.hide()
            return
        nodes = result_nodes(slicer.mrmlScene)
        wanted = ("contributions", "chart") if self._view.document["survival"] else ("contributions",)
        if not all(role in nodes for role in wanted):
            self._ui.showViewsButton.checked = False
            self._say(_("It was removed from the scene: click Apply again."), True)
            return
        self._layout.show(nodes, self._scored.roiNode, self._scored.segmentId)
        self._ui.showViewsButton.checked = self._layout.isShown()

    def updateViews(self):
        """Put the nodes of a new result into the views, where they are shown."""
        from LABCRadiomicsLib.mrml import result_nodes

        self._layout.fill(result_nodes(slicer.mrmlScene))

    def onShowNomogram(self, _clicked=False):
        """Draw the patient on the nomogram, in the panel; clicking again hides it."""
        if not self._ui.showNomogramButton.checked:
            self._view.hidePicture()
            return
        path = Path(slicer.app.temporaryPath) / "LABCRadiomics-nomogram.png"
        purpose = _("Drawing the nomogram needs the Python packages {names}. Install them?")
        if self._attempt(("matplotlib",), purpose, lambda: scored_case.draw_nomogram(self._case, path)):
            self._view.showPicture(str(path))
        else:
            self._ui.showNomogramButton.checked = False

    def onSaveReport(self, _clicked=False):
        """Ask for a folder and write the report into it."""
        folder = qt.QFileDialog.getExistingDirectory(self._ui.saveReportButton.window(), _("Folder for the report"))
        purpose = _("The report needs the Python packages {names}. Install them?")
        names = ("matplotlib", "Jinja2", "reportlab")
        remarks = []
        if folder and self._attempt(
            names, purpose, lambda: remarks.append(scored_case.save_report(self._case, folder))
        ):
            self._sayWritten(str(Path(folder, "report.html")), *remarks)

    def onSaveValues(self, _clicked=False):
        """Ask for a file and write the result's values: everything as JSON, the features as CSV."""
        path = qt.QFileDialog.getSaveFileName(
            self._ui.saveValuesButton.window(), _("Values of the result"), "result.json", _("Values (*.json *.csv)")
        )
        if path and self._attempt((), "", lambda: scored_case.save_values(self._view.document, path)):
            self._sayWritten(path)

    def onSaveDicom(self, _clicked=False):
        """Ask for a folder and write contour, structured report and report in PDF into it, as one study."""
        problem = self._noStudy()
        if problem:  # the database changed since the button was enabled
            self._say(problem, True)
            return
        folder = qt.QFileDialog.getExistingDirectory(
            self._ui.saveDicomButton.window(), _("Folder for the DICOM objects")
        )
        document, case, scored = self._view.document, self._case, self._scored
        files, _problem = sourceFiles(scored.volumeNode)
        names = ("highdicom",) if case is None else ("highdicom", "matplotlib", "reportlab")
        purpose = _("The DICOM objects need the Python packages {names}. Install them?")
        remarks = []
        if folder and self._attempt(
            names, purpose, lambda: remarks.append(scored_case.save_study(document, scored, files, folder, case))
        ):
            if case is None:
                remarks.append(_("The report in PDF was left out: click Apply to have it too."))
            self._sayWritten(folder, *remarks)

    def _noStudy(self):
        """Why the result cannot be written as objects of a DICOM study; empty when it can."""
        if self._scored.roiNode is None:
            return _("The segmentation of this result is no longer in the scene.")
        return sourceFiles(self._scored.volumeNode)[1]

    def _sayWritten(self, path, *remarks):
        """Say where something was written, and what else there is to say of it."""
        sentences = [_("Written: {path}"), *(remark for remark in remarks if remark)]
        self._say(" ".join(sentences), written=path)

    def _attempt(self, names, purpose, step):
        """Do a step that needs packages beyond Slicer's own; what goes wrong is said in the panel."""
        try:
            if names:
                packages.ensure(self._requirements, names, purpose)
            step()
        except (LABCRadiomicsError, packages.PackagesRefused) as error:
            self._say(str(error), True)
            return False
        except ModuleNotFoundError as error:
            sentence = _("This step needs the Python package {name}: click again and let Slicer install it.")
            self._say(sentence.format(name=error.name), True)
            return False
        self._say("")
        return True

    def updateCheck(self, missing):
        """Enable the comparison, or say why it cannot be made."""
        self._missing = missing
        reason = radiomics_command.unavailable() or missing
        if self._check.isRunning():
            reason = _("SlicerRadiomics is at work")
        self._ui.checkButton.enabled = not reason
        self._ui.checkButton.toolTip = reason or _("Compute the same features by SlicerRadiomics and compare.")

    def startCheck(self, volumeNode, segmentationNode, segmentId, model):
        """Compute the model's features by SlicerRadiomics too, in the background."""
        self._view.showCheck(_("SlicerRadiomics is at work; this can take a minute."))
        self._showCheckRunning(True)
        slicer.app.processEvents()
        try:
            self._check.start(volumeNode, segmentationNode, segmentId, model)
        except Exception as error:
            self._check.cleanup()
            if not isinstance(error, LABCRadiomicsError):
                logging.exception("LABCRadiomics: defect while comparing with SlicerRadiomics")
            self._onCheckFinished(str(error))
        self.updateCheck(self._missing)

    def onCancelCheck(self, _clicked=False):
        """End the comparison at the user's wish."""
        self._view.showCheck(_("Ending the comparison."))
        self._check.cancel()

    def _onCheckProgress(self, percent):
        """Show what the command says; a command that says nothing shows that it is at work."""
        self._ui.checkProgressBar.setRange(0, 100 if percent else 0)
        self._ui.checkProgressBar.setValue(percent)

    def _showCheckRunning(self, running):
        self._ui.checkCancelButton.visible = self._ui.checkProgressBar.visible = running
        self._onCheckProgress(0)

    def _onCheckFinished(self, text):
        self._showCheckRunning(False)
        self._view.showCheck(text)
        self.updateCheck(self._missing)
