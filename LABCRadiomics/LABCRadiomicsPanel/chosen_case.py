"""What is scored, and how: nodes, model, covariates and options, as one object; nothing here knows Qt."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Choice:
    """What is scored, and how.

    volumeNode - vtkMRMLScalarVolumeNode with the MRI.
    roiNode, segmentId - Segmentation or labelmap with the tumor, and its segment or label.
    modelId - Id of a bundled model, or path of a model file.
    covariates - Clinical values by name; absent ones are unknown.
    stability - Also score redrawn contours.
    others - Other segments, each a segmentation and a segment ID, by what it is (LABCRadiomicsLib.mrml.other_masks).
    site - Where the MRI was made, site_choice.ANOTHER, or empty where the model does not ask.
    fromSlicerRadiomics - Take the feature values from the SlicerRadiomics extension.
    """

    volumeNode: Any
    roiNode: Any
    segmentId: Any
    modelId: str
    covariates: dict = field(default_factory=dict)
    stability: bool = False
    others: dict = field(default_factory=dict)
    site: str = ""
    fromSlicerRadiomics: bool = False

    @property
    def segmentations(self):
        """The segmentations in it, each once."""
        nodes = [self.roiNode, *(node for node, _segmentId in self.others.values())]
        return [node for at, node in enumerate(nodes) if node is not None and node not in nodes[:at]]
