"""The fields of the clinical covariates, made from the chosen model's nomogram; an empty field is unknown."""

from html import escape

import qt
from slicer.i18n import tr as _

from .steady_widgets import setTabOrder, wrappedLabel
from .wording import problem as problemText


class CovariateForm:
    """One field a covariate: a number to type, or a list of levels that begins with unknown."""

    def __init__(self, ui, changed):
        """
        :param ui: widgets of the panel: covariatesCollapsibleButton, covariatesFrame, covariatesLabel
        :param changed: called without arguments after the user changed a value
        """
        self._ui = ui
        self._layout = ui.covariatesFrame.layout()
        self._changed = changed
        self._fields = {}
        self._updating = False
        self.model = None  # whose covariates are shown

    def setModel(self, model):
        """Make the fields of a model; None takes them away."""
        self.model = model
        while self._layout.rowCount():
            self._layout.removeRow(0)
        covariates = model.nomogram.covariates if model is not None and model.nomogram is not None else ()
        self._fields = {covariate.name: (covariate, self._field(covariate)) for covariate in covariates}
        for covariate, field in self._fields.values():
            self._layout.addRow(self._label(covariate), field)
        fields = [field for _covariate, field in self._fields.values()]
        setTabOrder(self._ui.covariatesCollapsibleButton, *fields)  # they were made after everything else
        self._ui.covariatesFrame.visible = bool(covariates)
        self._showState()

    def _label(self, covariate):
        text = _("{name} ({unit}):") if covariate.unit else _("{name}:")
        return wrappedLabel(text.format(name=covariate.label, unit=covariate.unit))

    def _field(self, covariate):
        if covariate.type == "number":
            field = qt.QLineEdit()
            field.placeholderText = _("unknown")
            field.toolTip = _("{name}: {domain}; empty is unknown").format(
                name=covariate.name, domain=covariate.describe()
            )
            field.connect("textChanged(QString)", self._onChanged)
            return field
        field = qt.QComboBox()
        field.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        field.minimumContentsLength = 8  # a long level does not widen the panel
        field.addItem(_("unknown"), "")
        for level in covariate.choices:
            field.addItem(level, level)
        field.toolTip = _("{name}: {domain}").format(name=covariate.name, domain=covariate.describe())
        field.connect("currentIndexChanged(int)", self._onChanged)
        return field

    def names(self):
        """Give the names of the covariates shown."""
        return list(self._fields)

    def values(self):
        """Give what was entered, by covariate name; what is unknown is left out."""
        texts = {
            name: field.text.strip() if covariate.type == "number" else field.currentData
            for name, (covariate, field) in self._fields.items()
        }
        return {name: text for name, text in texts.items() if text}

    def setValues(self, values):
        """Show values; names the model does not have are passed over."""
        self._updating = True
        try:
            for name, (covariate, field) in self._fields.items():
                text = str(values.get(name, ""))
                if covariate.type == "number":
                    if field.text != text:  # writing moves the cursor
                        field.text = text
                else:
                    field.setCurrentIndex(max(field.findData(text), 0))
        finally:
            self._updating = False
        self._showState()

    def problem(self):
        """Say what is wrong with the first unusable value; None when all are usable."""
        from LABCRadiomicsLib.errors import InputError

        values = self.values()
        for name, (covariate, _field) in self._fields.items():
            try:
                covariate.parse(values.get(name))
            except InputError as error:
                return str(error)
        return None

    def _onChanged(self, _value=None):
        if not self._updating:
            self._showState()
            self._changed()

    def _showState(self):
        problem = self.problem()
        unknown = len(self._fields) - len(self.values())
        if problem is not None:
            text = problemText(problem)
        elif not self._fields:
            text = escape(_("This model takes no clinical covariates."))
        elif unknown:
            text = escape(self._unknownSentence().format(n=unknown, total=len(self._fields)))
        else:
            text = ""
        self._ui.covariatesLabel.text = text
        self._ui.covariatesLabel.visible = bool(text)

    def _unknownSentence(self):
        """What an unknown covariate means with this model."""
        if self.model.nomogram.covariate_distribution is not None and self.model.nomogram.center is not None:
            return _("{n} of {total} unknown: survival is averaged over what they may be, with wider limits.")
        if self.model.nomogram.center is not None:
            return _("{n} of {total} unknown: the model's reference mean stands in, and a warning says so.")
        return _("{n} of {total} unknown: this model has no reference means, so there will be no survival.")
