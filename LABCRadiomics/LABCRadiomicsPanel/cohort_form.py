"""The fields of a cohort step, made from the table of options: in view what is needed, the rest folded away."""

import ctk
import qt
import slicer.util
from slicer.i18n import tr as _

from LABCRadiomicsLib.step_options import YES, Kind

from . import cohort_steps
from .steady_widgets import LabelHeights, headingLabel, setTabOrder, wrappedLabel


class CohortForm:
    """One row an option: its label, and a path, a text, a list or a check box."""

    def __init__(self, ui, changed):
        """
        :param ui: widgets of the panel whose names begin with cohort
        :param changed: called without arguments after the user changed a value
        """
        self._ui = ui
        self._changed = changed
        self._updating = False
        self.step = None  # whose fields are shown
        self.editors = {}  # name of an option: the option, its widget
        self._labels = []
        self._heights = LabelHeights([])

    def cleanup(self):
        """Let the labels be: the panel goes away."""
        self._heights.cleanup()

    def show(self, step):
        """Make the fields of a step, in place of those of another."""
        if step is self.step:
            return
        self._heights.cleanup()
        self.step, self.editors, self._labels = step, {}, []
        needs, options = (widget.layout() for widget in (self._ui.cohortFieldsWidget, self._ui.cohortOptionsWidget))
        for layout in (needs, options):
            while layout.rowCount():
                layout.removeRow(0)
        inView, folded = cohort_steps.rows(step)
        self._addRows(inView, needs)
        for group, rows in folded.items():
            if group:
                self._labels.append(headingLabel(cohort_steps.shown(group)))
                options.addRow(self._labels[-1])
            self._addRows(rows, options)
        self._ui.cohortOptionsCollapsibleButton.visible = bool(folded)
        self._orderTabs(inView)
        self._heights = LabelHeights(self._labels)

    def _addRows(self, rows, layout):
        for row in rows:
            name = _("{name} ({unit}):") if row.unit else _("{name}:")
            label = wrappedLabel(name.format(name=cohort_steps.shown(row.label), unit=cohort_steps.shown(row.unit)))
            editor = self._editor(row)
            label.toolTip = editor.toolTip = cohort_steps.inWords(cohort_steps.shown(row.help), self.step)
            layout.addRow(label, editor)
            self._labels.append(label)
            self.editors[row.name] = row, editor

    def _orderTabs(self, inView):
        """Let the Tab key visit the fields where they are: they were made after everything else."""
        ui, stops = self._ui, []
        for place, (_row, editor) in enumerate(self.editors.values()):
            if place == len(inView):
                stops.append(ui.cohortOptionsCollapsibleButton)
            if editor.className() == "ctkPathLineEdit":  # its line and its button take the keyboard, not itself
                stops += [editor.comboBox(), *slicer.util.findChildren(editor, className="QToolButton")]
            else:
                stops.append(editor)
        setTabOrder(ui.cohortStepSelector, ui.cohortJobSelector, *stops)
        setTabOrder(stops[-1], ui.cohortStartButton, ui.cohortCancelButton, ui.cohortLog)

    def _editor(self, row):
        if row.kind in (Kind.CHOICE, Kind.MODEL):
            editor = self._choice(row)
            editor.connect("currentIndexChanged(int)", self._onChanged)
        elif row.kind is Kind.FLAG:
            editor = qt.QCheckBox()
            editor.connect("toggled(bool)", self._onChanged)
        elif row.kind.is_path or row.kind is Kind.NAMED_FILE:
            editor = self._pathEditor(row)
        else:
            editor = qt.QLineEdit()
            editor.placeholderText = cohort_steps.shown(row.usually) or row.metavar
            editor.connect("textChanged(QString)", self._onChanged)
        return editor

    def _choice(self, row):
        """A list that begins with what is taken when nothing is given."""
        editor = qt.QComboBox()
        editor.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        editor.minimumContentsLength = 8  # a long choice does not widen the panel
        if row.kind is Kind.MODEL:
            editor.addItem(_("none"), "")
            editor.addItem(_("the model chosen under Inputs"), cohort_steps.INPUTS)
            return editor
        usual = row.usually if row.usually in row.choices else ""
        editor.addItem(usual or cohort_steps.shown(row.usually), "")
        for choice in row.choices:
            if choice != usual:
                editor.addItem(choice, choice)
        return editor

    def _pathEditor(self, row):
        path = ctk.ctkPathLineEdit
        editor = path()
        editor.sizeAdjustPolicy = path.AdjustToMinimumContentsLength  # a long path does not widen the panel
        if row.kind in (Kind.FOLDER, Kind.NEW_FOLDER):
            editor.filters = path.Dirs | (path.Writable if row.kind is Kind.NEW_FOLDER else path.Readable)
        else:
            editor.filters = path.Files | (path.Writable if row.kind is Kind.NEW_FILE else path.Readable)
            editor.nameFilters = [*([row.files] if row.files else []), _("All files (*)")]
        # The path's own signals tell only of usable paths, and not of one that is emptied.
        editor.comboBox().connect("editTextChanged(QString)", self._onChanged)
        return editor

    def texts(self):
        """Give what was entered, by the names of options; what was left empty or usual is empty."""
        return {name: self._text(row, editor) for name, (row, editor) in self.editors.items()}

    def _text(self, row, editor):
        if row.kind in (Kind.CHOICE, Kind.MODEL):
            return editor.currentData or ""
        if row.kind is Kind.FLAG:
            return YES if editor.checked else ""
        return (editor.currentPath if editor.className() == "ctkPathLineEdit" else editor.text).strip()

    def setTexts(self, texts):
        """Show values; what is absent becomes empty or usual."""
        self._updating = True
        try:
            for name, (row, editor) in self.editors.items():
                if texts.get(name, "") != self._text(row, editor):  # writing moves the cursor
                    self._setText(row, editor, texts.get(name, ""))
        finally:
            self._updating = False
        self._showCount()

    def _showCount(self):
        """Say on the folded options how many of them are filled in: they are told to the step although not seen."""
        inView = [row.name for row in cohort_steps.rows(self.step)[0]]
        count = sum(bool(text) for name, text in self.texts().items() if name not in inView)
        title = _("More options ({count} filled in)").format(count=count) if count else _("More options")
        self._ui.cohortOptionsCollapsibleButton.text = title

    def _setText(self, row, editor, text):
        if row.kind in (Kind.CHOICE, Kind.MODEL):
            editor.setCurrentIndex(max(editor.findData(text), 0))
        elif row.kind is Kind.FLAG:
            editor.checked = text == YES
        elif editor.className() == "ctkPathLineEdit":
            editor.setCurrentPath(text)
        else:
            editor.text = text

    def _onChanged(self, _value=None):
        if not self._updating:
            self._changed()
