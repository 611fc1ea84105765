"""The list of models: bundled ones, those trained in this session, and a file; with the chosen one's card."""

import qt
from slicer.i18n import tr as _

from LABCRadiomicsLib.errors import LABCRadiomicsError

from . import wording

FROM_FILE = "file"  # entry of the list that asks for a path


class ModelChoice:
    """Keeps the chosen model, or the reason why there is none."""

    def __init__(self, ui, changed):
        """
        :param ui: widgets of the panel whose names begin with model, and completeModelButton
        :param changed: called without arguments after the user chose another model
        """
        from LABCRadiomicsLib.model import bundled_models

        self.model = None
        self.problem = None
        self._ui = ui
        self._changed = changed
        self._updating = True
        try:
            for model in bundled_models():
                ui.modelSelector.addItem(model.title, model.id)
        except LABCRadiomicsError as error:
            self.problem = str(error)
        ui.modelSelector.addItem(_("Model file..."), FROM_FILE)
        ui.modelSelector.connect("currentIndexChanged(int)", self._onChanged)
        # The path's own signals tell only of usable paths, and not of one that is emptied.
        ui.modelPathLineEdit.comboBox().connect("editTextChanged(QString)", self._onChanged)
        ui.completeModelButton.connect("clicked(bool)", self._onComplete)
        self._updating = False

    def chosen(self):
        """Give the id or path of the chosen model, empty when none."""
        data = self._ui.modelSelector.currentData
        return self._ui.modelPathLineEdit.currentPath if data == FROM_FILE else data or ""

    def choose(self, idOrPath):
        """Choose a model by its id or path; a file that is not in the list is chosen as file."""
        self._updating = True
        try:
            index = self._ui.modelSelector.findData(idOrPath)
            if index < 0 or idOrPath == FROM_FILE:
                index = self._ui.modelSelector.findData(FROM_FILE)
                self._ui.modelPathLineEdit.setCurrentPath(idOrPath)
            self._ui.modelSelector.setCurrentIndex(index)
        finally:
            self._updating = False
        self._load()

    def addFile(self, path):
        """Put a model file that was just made into the list, and choose it."""
        from LABCRadiomicsLib.model import load_model

        title = _("{title} ({path})").format(title=load_model(path).title, path=path)
        index = self._ui.modelSelector.findData(path)
        self._updating = True
        try:
            if index >= 0:
                self._ui.modelSelector.setItemText(index, title)
            else:
                index = self._ui.modelSelector.count - 1
                self._ui.modelSelector.insertItem(index, title, path)
            self._ui.modelSelector.setCurrentIndex(index)
        finally:
            self._updating = False
        self._onChanged()

    def _onChanged(self, _value=None):
        if not self._updating:
            self._load()
            self._changed()

    def _load(self):
        from LABCRadiomicsLib.model import find_model

        self.model, self.problem = None, None
        chosen = self.chosen()
        if not chosen:
            self.problem = _("Select a model, or give a model file.")
        else:
            try:
                self.model = find_model(chosen)
            except LABCRadiomicsError as error:
                self.problem = str(error)
        self._show()

    def missing(self):
        """Say why the chosen model cannot score; None when it can."""
        if self.model is None:  # the line below the list says what is wrong with it
            return _("Choose a model that can be read")
        if self.model.score is None:
            return _("This model lacks its coefficients: choose another, or add them under 'About this model'")
        if self.model.extraction is None:
            return _("This model scores feature tables, not images: choose another")
        return None

    def _show(self):
        ui = self._ui
        fromFile = ui.modelSelector.currentData == FROM_FILE
        ui.modelPathLabel.visible = ui.modelPathLineEdit.visible = fromFile
        ui.modelCardCollapsibleButton.visible = self.model is not None
        if self.model is None:
            ui.modelSummaryLabel.text = wording.problem(self.problem)
            return
        ui.modelSummaryLabel.text = wording.model_summary(self.model, wording.model_gives(self.model))
        ui.modelCardBrowser.setHtml(wording.model_card(self.model))
        ui.completeModelButton.visible = self.model.score is None

    def _onComplete(self, _clicked=False):
        """Ask for the table of coefficients and for the file to write, and choose the completed model."""
        table = qt.QFileDialog.getOpenFileName(
            self._ui.completeModelButton.window(), _("Table of the score's coefficients"), "", _("CSV table (*.csv)")
        )
        if not table:
            return
        path = qt.QFileDialog.getSaveFileName(
            self._ui.completeModelButton.window(),
            _("Completed model"),
            f"{self.model.id}-completed.json",
            _("Model (*.json)"),
        )
        if not path:
            return
        from LABCRadiomicsLib.files import refuse_overwriting
        from LABCRadiomicsLib.model import complete_model, model_path, save_model

        try:
            refuse_overwriting([table, model_path(self.chosen())], [path])
            save_model(complete_model(self.model, table), path)
            self.addFile(path)
        except LABCRadiomicsError as error:
            self._ui.modelSummaryLabel.text = wording.error_box(str(error))
