"""The section for cohorts: fields of the chosen step, start and cancel, progress and log."""

import re

from slicer.i18n import tr as _

from . import cohort_jobs, packages, wording
from .cohort_process import CohortProcess

# Field of a step to the widgets that hold it: label and editor.
ROWS = {
    "cases": ("casesLabel", "casesPathLineEdit"),
    "features": ("featuresLabel", "featuresPathLineEdit"),
    "outcomes": ("outcomesLabel", "outcomesPathLineEdit"),
    "id": ("idColumnLabel", "idColumnLineEdit"),
    "time": ("timeColumnLabel", "timeColumnLineEdit"),
    "event": ("eventColumnLabel", "eventColumnLineEdit"),
    "covariates": ("covariateColumnsLabel", "covariateColumnsLineEdit"),
    "icc": ("iccLabel", "iccPathLineEdit"),
    "model_out": ("modelOutLabel", "modelOutPathLineEdit"),
    "report": ("reportFolderLabel", "reportFolderPathLineEdit"),
}


class CohortSection:
    """Runs the steps one at a time."""

    def __init__(self, ui, moduleFolder, modelChoice):
        """
        :param ui: widgets of the panel
        :param moduleFolder: pathlib.Path of the folder with LABCRadiomicsLib and Resources
        :param modelChoice: the panel's ModelChoice; a finished model is added to it
        """
        self._ui = ui
        self._moduleFolder = moduleFolder
        self._modelChoice = modelChoice
        self._steps = cohort_jobs.steps()
        self._running = None
        self._process = CohortProcess(self._onLine, self._onProgress, self._onFinished)
        for step in self._steps:
            ui.cohortStepSelector.addItem(step.title, step.name)
        ui.cohortProgressBar.visible = False
        ui.cohortStepSelector.connect("currentIndexChanged(int)", self.update)
        for _label, editor in ROWS.values():
            field = getattr(ui, editor)
            isPath = editor.endswith("PathLineEdit")
            field.connect("currentPathChanged(QString)" if isPath else "textChanged(QString)", self.update)
        ui.cohortStartButton.connect("clicked(bool)", self.onStart)
        ui.cohortCancelButton.connect("clicked(bool)", self._onCancel)
        self._say("")
        self.update()

    def cleanup(self):
        """End a running step: the panel goes away."""
        self._process.cleanup()

    def isRunning(self):
        """Whether a step is at work."""
        return self._process.isRunning()

    def step(self):
        """Give the chosen step."""
        return self._steps[max(self._ui.cohortStepSelector.currentIndex, 0)]

    def inputs(self):
        """Give what the fields hold."""
        texts = {}
        for field, (_label, editor) in ROWS.items():
            widget = getattr(self._ui, editor)
            texts[field] = (widget.currentPath if editor.endswith("PathLineEdit") else widget.text).strip()
        return cohort_jobs.CohortInputs(model=self._modelChoice.chosen(), **texts)

    def update(self, _value=None):
        """Show the fields of the chosen step, and whether it can start."""
        step = self.step()
        for field, names in ROWS.items():
            for name in names:
                getattr(self._ui, name).visible = field in (*step.needs, *step.may)
        self._ui.cohortHelpLabel.text = step.help
        lacking = cohort_jobs.missing(step, self.inputs())
        running = self.isRunning()
        self._ui.cohortStartButton.enabled = lacking is None and not running
        self._ui.cohortStartButton.toolTip = (
            _("A step is running") if running else _("Give {what}").format(what=lacking) if lacking else step.help
        )
        self._ui.cohortCancelButton.enabled = running

    def onStart(self, _clicked=False):
        """Start the chosen step in the background."""
        step, inputs = self.step(), self.inputs()
        try:
            packages.ensure(self._moduleFolder / "Resources" / "requirements.txt")
            self._process.start(cohort_jobs.arguments(step, inputs), str(self._moduleFolder))
        except (packages.PackagesRefused, FileNotFoundError) as error:
            self._say(wording.error_box(str(error)))
            return
        self._running = step, inputs
        self._ui.cohortLog.clear()
        self._ui.cohortProgressBar.setRange(0, 0)
        self._ui.cohortProgressBar.visible = True
        self._say(_("{step} is running in the background.").format(step=step.title))
        self.update()

    def _onCancel(self, _clicked=False):
        self._say(_("Ending the step..."))
        self._process.cancel()

    def _onLine(self, line):
        self._ui.cohortLog.appendPlainText(line)

    def _onProgress(self, done, total):
        self._ui.cohortProgressBar.setRange(0, max(total, 1))
        self._ui.cohortProgressBar.setValue(done)

    def _onFinished(self, code, lastError):
        (step, inputs), self._running = self._running, None
        self._ui.cohortProgressBar.visible = False
        if code is None:
            self._say(_("{step} was cancelled.").format(step=step.title))
        elif code:
            self._say(wording.error_box(re.sub(r"^labcradiomics: ", "", lastError) or _("See the log below.")))
        else:
            self._say(
                _("{step} is done: {path}").format(
                    step=step.title,
                    path=inputs.report or inputs.model_out if step.name != "extract" else inputs.features,
                )
            )
            if "model_out" in step.needs:
                self._addModel(inputs.model_out)
        self.update()

    def _addModel(self, path):
        from LABCRadiomicsLib.errors import LABCRadiomicsError

        try:
            self._modelChoice.addFile(path)
        except LABCRadiomicsError as error:
            self._say(wording.error_box(str(error)))

    def _say(self, text):
        self._ui.cohortMessageLabel.text = text
        self._ui.cohortMessageLabel.visible = bool(text)
