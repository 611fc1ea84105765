"""All that is chosen before Apply: volume, segments, model, site, covariates, between widgets and parameter node."""

import json

import slicer.util
from slicer.i18n import tr as _

from . import radiomics_values
from .chosen_case import Choice
from .covariate_form import CovariateForm
from .model_choice import ModelChoice
from .segment_fields import SegmentFields
from .site_choice import SiteChoice


class InputsForm:
    """The fields that the parameter node cannot be connected to, and what is missing of them."""

    def __init__(self, ui, modelChanged):
        """
        :param ui: widgets of the panel
        :param modelChanged: called without arguments after the user chose another model, or its file changed
        """
        self._ui, self._modelChanged = ui, modelChanged
        self._parameters = None
        self._updating = False
        self.model = ModelChoice(ui, self.onModel)
        self.segments = SegmentFields(ui, self._onSegment)
        self.site = SiteChoice(ui, self._onSite)
        self.covariates = CovariateForm(ui, self.onCovariates)

    def show(self, parameters):
        """Show what a parameter node holds, and write into it what the user chooses; None for none."""
        self._parameters = parameters
        if parameters is None:
            return
        self._updating = True
        try:
            self.segments.show(parameters)
            if parameters.model != self.model.chosen() or self.model.model is None:
                self.model.choose(parameters.model)
            if self.covariates.model is not self.model.model:
                for part in (self.covariates, self.segments, self.site):
                    part.setModel(self.model.model)
            self.site.show(parameters.site)
            self.covariates.setValues(readObject(parameters.covariates))
        finally:
            self._updating = False

    def choice(self):
        """Give what is chosen now."""
        parameters = self._parameters
        return Choice(
            parameters.inputVolume,
            parameters.segmentation,
            parameters.segmentId,
            parameters.model,
            readObject(parameters.covariates),
            parameters.stability,
            self.segments.others(parameters),
            self.site.chosen(),
            parameters.fromSlicerRadiomics,
        )

    def missing(self):
        """Say what is still needed before Apply can run; None when nothing is."""
        from LABCRadiomicsLib.mrml import dicom_modality

        parameters = self._parameters
        if not parameters or parameters.inputVolume is None or self._ui.inputVolumeSelector.currentNode() is None:
            return _("Select the MRI volume")
        modality = dicom_modality(parameters.inputVolume)
        if modality not in ("", "MR"):
            sentence = _("Select the MRI volume: {name} was loaded from DICOM files of modality {modality}")
            return sentence.format(name=parameters.inputVolume.GetName(), modality=modality)
        missing = self.segments.missing(parameters) or self.model.missing()
        missing = missing or self.site.missing() or self.covariates.problem()
        if missing is None and parameters.fromSlicerRadiomics:
            missing = radiomics_values.refusal(self.model.model)
        return missing

    def nodes(self):
        """Give the chosen volume and segmentation."""
        return (self._parameters.inputVolume, self._parameters.segmentation) if self._parameters else (None, None)

    def take(self, name, node):
        """Choose the volume or the segmentation in its selector, which tells the parameter node."""
        if self._parameters:
            selector = {"volume": self._ui.inputVolumeSelector, "segmentation": self._ui.segmentSelector}[name]
            selector.setCurrentNode(node)

    def onModel(self):
        """Keep the model that is shown."""
        if not self._updating:
            if self._parameters:
                self._parameters.model = self.model.chosen()
            self._modelChanged()

    def onCovariates(self):
        """Keep the covariates that are shown, and those of other models."""
        if not self._updating and self._parameters:
            known = {**readObject(self._parameters.covariates), **dict.fromkeys(self.covariates.names(), "")}
            values = {**known, **self.covariates.values()}
            self._parameters.covariates = json.dumps({name: text for name, text in values.items() if text})

    def _onSegment(self):
        if not self._updating and self._parameters:
            with slicer.util.NodeModify(self._parameters):
                self.segments.take(self._parameters)

    def _onSite(self):
        if not self._updating and self._parameters:
            self._parameters.site = self.site.chosen()


def readObject(text):
    """Read a JSON object; what is none (a scene edited by hand) is an empty one."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
