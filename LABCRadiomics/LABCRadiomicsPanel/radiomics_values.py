"""A score from SlicerRadiomics' own values: its command in place of this software's extraction."""

import math
import time

import slicer
from slicer.i18n import tr as _

from LABCRadiomicsLib.errors import ExtractionError, ModelError

from .radiomics_command import RadiomicsCommand, missingSentence, neededParameters, numbers, unavailable

NAME = "SlicerRadiomics"
PAUSE = 0.01  # seconds between two looks at the command


def refusal(model):
    """Say why a model cannot be scored from SlicerRadiomics' values here; None when it can."""
    if model is not None and model.extraction is not None and model.extraction.preprocessing:
        names = ", ".join(step["step"] for step in model.extraction.preprocessing)
        sentence = _(
            "SlicerRadiomics cannot do this model's preprocessing ({names}): "
            "switch off 'Score from SlicerRadiomics' own values'."
        )
        return sentence.format(names=names)
    return unavailable()


class SlicerRadiomicsExtractor:
    """Computes the features of a region as ``LABCRadiomicsLib.features.extract_region`` does, by SlicerRadiomics."""

    def __init__(self, model, wait):
        """
        :param model: whose features are asked for
        :param wait: called again and again while the command is at work; may raise to end it
        :raises LABCRadiomicsLib.errors.ModelError: see refusal
        """
        problem = refusal(model)
        if problem is not None:
            raise ModelError(problem)
        self._model, self._wait = model, wait

    def __call__(self, region, settings, features):
        """Give the values of a region, which is in the model's axis order.

        :raises LABCRadiomicsLib.errors.ExtractionError: SlicerRadiomics gave no value, or one that is not finite
        """
        from LABCRadiomicsLib.features import FeatureValues, region_diagnostics
        from LABCRadiomicsLib.mrml import nodes_of_region
        from LABCRadiomicsLib.notices import Notice

        features = list(features)
        cells, errorText = self._run(nodes_of_region(slicer.mrmlScene, region, "LABC Radiomics region"))
        values = numbers(cells)
        problem = missingSentence(features, values, errorText)
        if problem:
            raise ExtractionError(problem)
        for name in features:
            if not math.isfinite(values[name]):
                sentence = _("SlicerRadiomics gave {value} for {name}: this region cannot carry the feature.")
                raise ExtractionError(sentence.format(value=cells[name], name=name))
        version = cells.get("diagnostics_Versions_PyRadiomics", "of unknown version")
        text = f"The feature values are those of {NAME} (pyradiomics {version}), not of this software's own extraction."
        diagnostics = {"label": region.label, **region_diagnostics(region, settings)}
        return FeatureValues(
            {name: values[name] for name in features},
            {**diagnostics, "versions": {"engine": NAME, "pyradiomics": version}},
            (*region.notices, Notice("other-extractor", text)),
        )

    def _run(self, nodes):
        command = RadiomicsCommand()
        command.removeAfterwards(*nodes)
        try:
            command.start(*nodes, neededParameters(self._model))
            while command.isBusy():
                time.sleep(PAUSE)
                self._wait()
            return command.cells(), command.errorText()
        finally:
            command.cleanup()
