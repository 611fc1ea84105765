"""The section for cohorts: fields of the chosen step, start and cancel, progress and log."""

import json
import re
import shlex
from pathlib import Path

from slicer.i18n import tr as _

from LABCRadiomicsLib.step_options import ASSOCIATE

from . import cohort_steps, packages, wording
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
        self._values = {}  # of the fields of all steps, see cohort_steps.key
        self._running = None
        self._form = CohortForm(ui, self._onEdited)
        self._process = CohortProcess(self._onLine, self._onProgress, self._onFinished)
        for name, step in cohort_steps.SHOWN.items():
            if name.split()[0] != ASSOCIATE:
                ui.cohortStepSelector.addItem(cohort_steps.shown(step.title), name)
        ui.cohortStepSelector.addItem(_("Associations of the score"), ASSOCIATE)
        for step in cohort_steps.jobs():
            ui.cohortJobSelector.addItem(cohort_steps.shown(step.title), step.name)
        ui.cohortProgressBar.visible = False
        for selector in (ui.cohortStepSelector, ui.cohortJobSelector):
            selector.connect("currentIndexChanged(int)", self._onChosen)
        ui.cohortStartButton.connect("clicked(bool)", self.onStart)
        ui.cohortCancelButton.connect("clicked(bool)", self._onCancel)
        self._say("")
        self.update()

    def cleanup(self):
        """End a running step: the panel goes away."""
        self._process.cleanup()
        self._form.cleanup()

    def isRunning(self):
        """Whether a step is at work."""
        return self._process.isRunning()

    def step(self):
        """Give the chosen step."""
        name = self._ui.cohortStepSelector.currentData
        return cohort_steps.SHOWN[self._ui.cohortJobSelector.currentData if name == ASSOCIATE else name]

    def values(self):
        """Give what the fields of all steps hold, and the chosen step, as texts by name."""
        return {"step": self.step().name, **self._values}

    def setValues(self, values):
        """Show values, as of a loaded scene."""
        new = cohort_steps.readValues(values)
        name = new.pop("step", "")
        if {"step": name, **new} != self.values():
            self._values = new
            ui, group = self._ui, name.split()[0] if name else ""
            ui.cohortStepSelector.setCurrentIndex(max(ui.cohortStepSelector.findData(group), 0))
            ui.cohortJobSelector.setCurrentIndex(max(ui.cohortJobSelector.findData(name), 0))
            self.update()

    def update(self):
        """Show the fields of the chosen step, and whether it can start."""
        step, ui = self.step(), self._ui
        ui.cohortJobLabel.visible = ui.cohortJobSelector.visible = ui.cohortStepSelector.currentData == ASSOCIATE
        self._form.show(step)
        self._form.setTexts(cohort_steps.held(step, self._values))
        words = cohort_steps.shown(step.help)
        ui.cohortHelpLabel.text = self._help(words, step)
        problem = cohort_steps.problem(step, self._values, self._modelChoice.chosen())
        running = self.isRunning()
        ui.cohortStartButton.enabled = problem is None and not running
        ui.cohortStartButton.toolTip = _("A step is running") if running else problem or words
        ui.cohortCancelButton.enabled = running

    def _help(self, words, step):
        """What a step does, and to which model where it is about one."""
        if not cohort_steps.usesModel(step):
            return wording.plain(words)
        model = self._modelChoice.model
        title = _("none") if model is None else model.title
        sentence = _("{words} Model, as chosen under Inputs: {title}")
        return wording.plain(sentence.format(words=words, title=title))

    def _onChosen(self, _value=None):
        self.update()
        self._changed()

    def _onEdited(self):
        self._values = cohort_steps.withHeld(self.step(), self._values, self._form.texts())
        self._onChosen()

    def onStart(self, _clicked=False):
        """Start the chosen step in the background."""
        step = self.step()
        texts = cohort_steps.inputs(step, self._values, self._modelChoice.chosen())
        words = step.arguments(texts)
        try:
            purpose = _("This cohort step needs the Python packages {names}. Install them?")
            requirements = self._moduleFolder / "Resources" / "requirements.txt"
            packages.ensure(requirements, cohort_steps.packages(step, texts), purpose)
            self._process.start(words, str(self._moduleFolder))
        except (packages.PackagesRefused, FileNotFoundError) as error:
            self._say(wording.error_box(str(error)))
            return
        self._running = step, texts
        self._ui.cohortLog.clear()
        self._onLine(shlex.join(["labcradiomics", *words]))  # for who wants to do the same from a terminal
        self._ui.cohortProgressBar.setRange(0, 0)
        self._ui.cohortProgressBar.visible = True
        self._say(_("{step} is running in the background.").format(step=wording.plain(cohort_steps.shown(step.title))))
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
        (step, texts), self._running = self._running, None
        self._ui.cohortProgressBar.visible = False
        if code is None:
            title = wording.plain(cohort_steps.shown(step.title))
            self._say(_("{step} was cancelled.").format(step=title))
        elif code:
            sentence = cohort_steps.inWords(re.sub(r"^labcradiomics: ", "", lastError), step)
            self._say(wording.error_box(sentence or _("See the log below.")))
        else:
            self._finish(step, texts)
        self.update()

    def _finish(self, step, texts):
        title, path = wording.plain(cohort_steps.shown(step.title)), cohort_steps.written(step, texts)
        done = _("{step} is done: see the log below.").format(step=title)
        if path:
            page = Path(path, "index.html")
            link = wording.file_link(path, page if page.is_file() else path)
            done = _("{step} is done: {path}").format(step=title, path=link)
        own = ownPatients(path) if step.name == "validate" else None
        self._say(f"{wording.problem(own)}<br/>{done}" if own else done)
        self._values |= cohort_steps.handedOver(step, texts)
        self._changed()
        model = cohort_steps.newModel(step, texts)
        if model:
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
