"""Installing the SlicerRadiomics extension, which nothing but the comparison and a score from its values needs."""

import slicer
import slicer.util
from slicer.i18n import tr as _

from . import wording
from .radiomics_command import unavailable

NAME = "SlicerRadiomics"
FROM_SERVER = 2  # qSlicerExtensionsManagerModel::MetadataServer


class RadiomicsOption:
    """The box that has SlicerRadiomics compute the values, and the button that installs it where it is absent."""

    def __init__(self, ui):
        """
        :param ui: widgets of the panel: radiomicsCheckBox, installRadiomicsButton, radiomicsLabel
        """
        self._ui = ui
        ui.installRadiomicsButton.connect("clicked(bool)", self.onInstall)
        self._say("", False)
        self.update()

    def update(self):
        """Offer what can be had; a box that a loaded scene has checked can always be unchecked."""
        absent = unavailable() is not None
        self._ui.installRadiomicsButton.visible = absent
        self._ui.radiomicsCheckBox.enabled = not absent or self._ui.radiomicsCheckBox.checked

    def onInstall(self, _clicked=False):
        """Install SlicerRadiomics, if the user agrees, and say what came of it."""
        self._say(*installRadiomics())
        self.update()

    def _say(self, sentence, problem):
        self._ui.radiomicsLabel.text = wording.error_box(sentence) if problem else wording.plain(sentence)
        self._ui.radiomicsLabel.visible = bool(sentence)


def installRadiomics():
    """Ask, download, install.

    Slicer's own question names the extension alone, and its answer does not tell a refusal from a failure; so the
    question is asked here, and Slicer is told not to ask again.

    :return: what came of it, in a sentence, and whether that is a problem; an empty sentence when the user declined
    """
    # Absent where Slicer was built without the Extensions Manager.
    getModel = getattr(slicer.app, "extensionsManagerModel", None)
    if getModel is None:
        return _("This Slicer has no Extensions Manager: everything but SlicerRadiomics' own values works."), True
    model = getModel()
    if model.isExtensionInstalled(NAME):
        return _restart(), False
    question = _(
        "Install the SlicerRadiomics extension?\n\nIt computes the same features independently. It is downloaded from "
        "3D Slicer's extensions server; Slicer has to be restarted before it can be used, so save your work first."
    )
    if not slicer.util.confirmOkCancelDisplay(question, _("LABC Radiomics: install an extension")):
        return "", False
    with slicer.util.WaitCursor():
        return _install(model)


def _install(model):
    if not model.updateExtensionsMetadataFromServer(True, True):  # anew, and wait for the answer
        sentence = _("Slicer's extensions server cannot be reached: connect to the internet and click again.")
        return sentence, True
    if not model.extensionMetadata(NAME, FROM_SERVER).get("extension_id"):
        sentence = _(
            "There is no SlicerRadiomics for this Slicer ({version}, {os}, {arch}): everything but the comparison and "
            "a score from its values works without it."
        )
        return sentence.format(version=model.slicerVersion, os=model.slicerOs, arch=model.slicerArch), True
    asks = model.interactive
    model.interactive = False
    try:
        model.installExtensionFromServer(NAME, False)  # without a restart
    finally:
        model.interactive = asks
    if model.isExtensionInstalled(NAME):  # a download that fails is not told otherwise
        return _restart(), False
    return _("SlicerRadiomics could not be installed: see the application's log, or the Extensions Manager."), True


def _restart():
    return _("SlicerRadiomics is installed: save your work and restart Slicer to use it.")
