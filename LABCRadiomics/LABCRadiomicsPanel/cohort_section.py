"""The section for cohorts: fields of the chosen step, start and cancel, progress and log."""

import json
import re
from pathlib import Path

from slicer.i18n import tr as _

from . import cohort_jobs, packages, wording
from .cohort_form import CohortForm
from .cohort_process import CohortProcess


class CohortSection:
    """Runs the steps one at a time."""

    def __init__(self, ui, moduleFolder, modelChoice, changed):
        """
        :param ui: widgets of the panel
        :param moduleFolder: pathlib.Path of the folder with LABCRadiomicsLib and Resources
        :param modelChoice: the panel's ModelChoice; a finished model is added to it
        :param changed: called without arguments after the user changed a value
        """
        self._ui = ui
        self._moduleFolder = moduleFolder
        self._modelChoice = modelChoice
        self._changed = changed
        self._steps = cohort_jobs.steps()
        self._running = None
        self._form = CohortForm(ui, self._steps, self._onChanged)
        self._process = CohortProcess(self._onLine, self._onProgress, self._onFinished)
        for step in self._steps:
            ui.cohortStepSelector.addItem(step.title, step.name)
        ui.cohortProgressBar.visible = False
        ui.cohortStepSelector.connect("currentIndexChanged(int)", self._onChanged)
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

    def values(self):
        """Give what the fields of all steps hold, and the chosen step, as texts by name."""
        return {"step": self.step().name, **self._form.values()}

    def setValues(self, values):
        """Show values, as of a loaded scene."""
        if values != self.values():
            self._form.setValues(values)
            step = self._ui.cohortStepSelector.findData(values.get("step", ""))
            self._ui.cohortStepSelector.setCurrentIndex(max(step, 0))
            self.update()

    def update(self):
        """Show the fields of the chosen step, and whether it can start."""
        step = self.step()
        self._form.show(step)
        self._ui.cohortHelpLabel.text = step.help
        lacking = cohort_jobs.missing(step, self._inputs())
        running = self.isRunning()
        self._ui.cohortStartButton.enabled = lacking is None and not running
        self._ui.cohortStartButton.toolTip = (
            _("A step is running") if running else _("Missing: {what}").format(what=lacking) if lacking else step.help
        )
        self._ui.cohortCancelButton.enabled = running

    def _inputs(self):
        return {**self._form.values(), "model": self._modelChoice.chosen()}

    def _onChanged(self, _value=None):
        self.update()
        self._changed()

    def onStart(self, _clicked=False):
        """Start the chosen step in the background."""
        step, inputs = self.step(), self._inputs()
        try:
            purpose = _("This cohort step needs the Python packages {names}. Install them?")
            packages.ensure(self._moduleFolder / "Resources" / "requirements.txt", step.packages, purpose)
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

    def _onProgress(self, what, done, total):
        self._ui.cohortProgressBar.setRange(0, max(total, 1))
        self._ui.cohortProgressBar.setFormat(_("{what} {done}/{total}").format(what=what, done=done, total=total))
        self._ui.cohortProgressBar.setValue(done)

    def _onFinished(self, code, lastError):
        (step, inputs), self._running = self._running, None
        self._ui.cohortProgressBar.visible = False
        if code is None:
            self._say(_("{step} was cancelled.").format(step=step.title))
        elif code:
            self._say(wording.error_box(re.sub(r"^labcradiomics: ", "", lastError) or _("See the log below.")))
        else:
            self._finish(step, inputs)
        self.update()

    def _finish(self, step, inputs):
        path, model = cohort_jobs.written(step, inputs)
        page = Path(path, "index.html")
        link = wording.file_link(path, page if page.is_file() else path)
        done = _("{step} is done: {path}").format(step=step.title, path=link)
        own = ownPatients(path) if step.name == "validate" else None
        self._say(f"{wording.problem(own)}<br/>{done}" if own else done)
        if step.name == "extract":
            self._form.setValues({**self._form.values(), "features": inputs["features_out"]})
            self._changed()
        if model is not None:
            self._addModel(model)

    def _addModel(self, path):
        from LABCRadiomicsLib.errors import LABCRadiomicsError

        try:
            self._modelChoice.addFile(path)
        except LABCRadiomicsError as error:
            self._say(wording.error_box(str(error)))

    def _say(self, text):
        self._ui.cohortMessageLabel.text = text
        self._ui.cohortMessageLabel.visible = bool(text)


def ownPatients(folder):
    """Say that a validation was made on the patients that the model was trained on; None when it was not."""
    from LABCRadiomicsLib.validation import own_patients

    try:
        report = json.loads(Path(folder, "report.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):  # removed or changed since the command wrote it
        return None
    return own_patients(report.get("training_cases", 0), report.get("n", 0)) if report.get("training_cases") else None
