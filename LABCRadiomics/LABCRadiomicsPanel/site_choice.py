"""Where the MRI was made, which only a model harmonized over sites asks for."""

from slicer.i18n import tr as _

ANOTHER = "<another site>"  # of none of the model's sites; the parameter node and a saved scene hold it


class SiteChoice:
    """The list of the model's sites, hidden where the model has none."""

    def __init__(self, ui, changed):
        """
        :param ui: widgets of the panel: siteLabel, siteSelector
        :param changed: called without arguments after the user chose another site
        """
        self._ui, self._changed = ui, changed
        self._updating = False
        self._asked = False
        ui.siteSelector.connect("currentIndexChanged(int)", self._onChanged)
        self.setModel(None)

    def setModel(self, model):
        """Offer the sites that a model was harmonized over."""
        fitted = model.harmonization if model is not None else None
        self._asked = fitted is not None
        self._ui.siteLabel.visible = self._ui.siteSelector.visible = self._asked
        self._updating = True
        try:
            self._ui.siteSelector.clear()
            self._ui.siteSelector.addItem(_("choose"), "")
            for site in fitted.sites if self._asked else ():
                self._ui.siteSelector.addItem(site.name, site.name)
            self._ui.siteSelector.addItem(_("another site: not adjusted, with a warning"), ANOTHER)
        finally:
            self._updating = False

    def show(self, site):
        """Show a choice; of another model's site nothing is chosen."""
        self._updating = True
        try:
            self._ui.siteSelector.setCurrentIndex(max(self._ui.siteSelector.findData(site), 0))
        finally:
            self._updating = False

    def chosen(self):
        """Give the site, ANOTHER, or an empty text when none is chosen or none is asked for."""
        return (self._ui.siteSelector.currentData or "") if self._asked else ""

    def missing(self):
        """Say that a site is still to be chosen; None when not."""
        if self._asked and not self.chosen():
            return _("Choose the site where the MRI was made: this model was harmonized over sites")
        return None

    def _onChanged(self, _index):
        if not self._updating:
            self._changed()
