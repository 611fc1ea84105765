"""One run of the scoring: progress between its steps, cancel, no trace when scene or panel went away."""

import logging

import slicer
import slicer.util
from slicer.i18n import tr as _


class RunCancelled(Exception):
    """The user, a closed scene or a reload ended a run."""


class ScoringRun:
    """Runs one scoring at a time in the application's own thread, which handles events between the steps."""

    def __init__(self, ui, process, say, changed, finished):
        """
        :param ui: widgets of the panel: cancelButton, progressBar
        :param process: LABCRadiomicsLogic.score
        :param say: shows a text in the panel, as a problem when its second argument is true
        :param changed: called when a run began or was cancelled
        :param finished: called with the ScoredCase, or None when there is none
        """
        self._ui = ui
        self._process, self._say, self._changed, self._finished = process, say, changed, finished
        self._token = None  # of the run in progress
        ui.cancelButton.connect("clicked(bool)", self.onCancel)
        self._showProgress(False)

    def isRunning(self):
        """Whether a run is in progress."""
        return self._token is not None

    def start(self, choice):
        """Score what is chosen."""
        from LABCRadiomicsLib.errors import LABCRadiomicsError

        token = self._token = object()
        self._say("")
        self._showProgress(True)
        self._changed()
        case, problem = None, None
        try:
            with slicer.util.WaitCursor():
                case = self._process(choice, lambda done, total, text: self._onProgress(token, done, total, text))
        except RunCancelled:
            pass  # whoever cancelled has told the user
        except LABCRadiomicsError as error:
            problem = str(error)
        except Exception as error:
            logging.exception("LABCRadiomics: defect while scoring")
            problem = _("A defect of this module: {reason}. Please report it with the log.").format(reason=error)
        if self._token is not token:  # cancelled, the scene was closed, or the module was reloaded
            return
        self._token = None
        self._showProgress(False)
        if problem is not None:
            self._say(problem, True)
        self._finished(case)

    def onCancel(self, _clicked=False):
        """End the run after its current step, at the user's wish."""
        if self.isRunning():
            self.cleanup()
            self._say(_("Cancelled; a result shown before is unchanged."))
            self._changed()

    def cleanup(self):
        """End the run after its current step, without a word: the scene or the panel goes away."""
        self._token = None
        self._showProgress(False)

    def _onProgress(self, token, done, total, text):
        if self._token is token:
            self._ui.progressBar.setRange(0, total)
            self._ui.progressBar.setValue(done)
            self._ui.progressBar.setFormat(text)
        slicer.app.processEvents()
        if self._token is not token:
            raise RunCancelled

    def _showProgress(self, running):
        self._ui.cancelButton.visible = self._ui.progressBar.visible = running
