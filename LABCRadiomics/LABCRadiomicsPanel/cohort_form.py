"""The fields of the cohort steps, made from ``cohort_jobs``; those of the chosen step are shown."""

import ctk
import qt
import slicer.util
from slicer.i18n import tr as _

from .steady_widgets import setTabOrder, wrappedLabel


class CohortForm:
    """One row a field: its label, and a path, a text, a list or a check box."""

    def __init__(self, ui, steps, changed):
        """
        :param ui: widgets of the panel: cohortFieldsWidget, cohortOptionsWidget, cohortOptionsCollapsibleButton
        :param steps: see cohort_jobs.steps
        :param changed: called without arguments after a value changed
        """
        self._ui = ui
        self._changed = changed
        self._updating = False
        self._rows = {}  # name of a field: the field, its label, its editor
        for step in sorted(steps, key=lambda step: -len(step.fields)):  # the longest in its own order
            for fields, widget in ((step.needs, ui.cohortFieldsWidget), (step.options, ui.cohortOptionsWidget)):
                for field in fields:
                    self._addRow(field, widget.layout())
        self._orderTabs()

    def _addRow(self, field, layout):
        if field.name not in self._rows:
            label, editor = wrappedLabel(_("{name}:").format(name=field.label)), self._editor(field)
            layout.addRow(label, editor)
            self._rows[field.name] = field, label, editor

    def _orderTabs(self):
        """Let the Tab key visit the fields where they are, not in the order in which they were made."""
        ui, needs, options = self._ui, [], []
        for _field, _label, editor in self._rows.values():
            places = needs if editor.parentWidget().objectName == "cohortFieldsWidget" else options
            if editor.className() == "ctkPathLineEdit":  # its line and its button take the keyboard, not itself
                places += [editor.comboBox(), *slicer.util.findChildren(editor, className="QToolButton")]
            else:
                places.append(editor)
        setTabOrder(ui.cohortStepSelector, *needs, ui.cohortOptionsCollapsibleButton, *options)
        setTabOrder(*(options[-1:] or needs[-1:]), ui.cohortStartButton, ui.cohortCancelButton, ui.cohortLog)

    def _editor(self, field):
        if field.kind == "choice":
            editor = qt.QComboBox()
            editor.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
            editor.minimumContentsLength = 8  # a long choice does not widen the panel
            for value, title in field.choices:
                editor.addItem(title, value)
            editor.connect("currentIndexChanged(int)", self._onChanged)
        elif field.kind == "flag":
            editor = qt.QCheckBox()
            editor.connect("toggled(bool)", self._onChanged)
        elif field.kind == "text":
            editor = qt.QLineEdit()
            editor.connect("textChanged(QString)", self._onChanged)
        else:
            editor = self._pathEditor(field)
        return editor

    def _pathEditor(self, field):
        path = ctk.ctkPathLineEdit
        editor = path()
        editor.sizeAdjustPolicy = path.AdjustToMinimumContentsLength  # a long path does not widen the panel
        if field.kind == "folder":
            editor.filters = path.Dirs | path.Writable
        else:
            editor.filters = path.Files | (path.Writable if field.kind == "new file" else path.Readable)
            editor.nameFilters = [field.filters, _("All files (*)")]
        # The path's own signals tell only of usable paths, and not of one that is emptied.
        editor.comboBox().connect("editTextChanged(QString)", self._onChanged)
        return editor

    def show(self, step):
        """Show the fields of a step, with its own words."""
        own = {field.name: field for field in step.fields}
        for name, (_field, label, editor) in self._rows.items():
            label.visible = editor.visible = name in own
            if name in own:
                label.toolTip = editor.toolTip = own[name].help
                if own[name].kind == "text":
                    editor.placeholderText = own[name].usual
        self._ui.cohortOptionsCollapsibleButton.visible = bool(step.options)

    def values(self):
        """Give what was entered, by the names of fields; what was left empty or usual is left out."""
        texts = {name: self._text(field, editor) for name, (field, _label, editor) in self._rows.items()}
        return {name: text for name, text in texts.items() if text}

    def _text(self, field, editor):
        if field.kind == "choice":
            return editor.currentData if editor.currentIndex > 0 else ""
        if field.kind == "flag":
            return "yes" if editor.checked else ""
        return (editor.text if field.kind == "text" else editor.currentPath).strip()

    def setValues(self, values):
        """Show values; what is absent becomes empty or usual."""
        self._updating = True
        try:
            for name, (field, _label, editor) in self._rows.items():
                self._setText(field, editor, str(values.get(name, "")))
        finally:
            self._updating = False

    def _setText(self, field, editor, text):
        if text == self._text(field, editor):  # writing moves the cursor
            return
        if field.kind == "choice":
            editor.setCurrentIndex(max(editor.findData(text), 0))
        elif field.kind == "flag":
            editor.checked = bool(text)
        elif field.kind == "text":
            editor.text = text
        else:
            editor.setCurrentPath(text)

    def _onChanged(self, _value=None):
        if not self._updating:
            self._changed()
