"""What the result that a scene holds was made of, and whether that is still chosen and still the same."""

from slicer.i18n import tr as _

from .chosen_case import Choice
from .site_choice import ANOTHER

EDITED = _("The volume or a segmentation was changed after this result: click Apply again.")


def scoredChoice(document, resultNode):
    """Give what a result was made of; nodes that are no longer in the scene are None, and other segments left out.

    :param document: the result
    :param resultNode: vtkMRMLTextNode that holds it
    """
    from LABCRadiomicsLib.mrml import REGIONS, SEGMENTATION, VOLUME

    inputs = document["inputs"]
    others = {name: (resultNode.GetNodeReference(REGIONS[name]), part) for name, part in inputs["regions"].items()}
    return Choice(
        resultNode.GetNodeReference(VOLUME),
        resultNode.GetNodeReference(SEGMENTATION),
        inputs["segment_id"],
        inputs["model"],
        inputs["covariates"],
        document["stability"] is not None,
        {name: (node, part["segment_id"]) for name, (node, part) in others.items() if node is not None},
        document["site"] or "",
        inputs["extractor"] is not None,
    )


def difference(document, resultNode, chosen):
    """Say in what a result differs from what is chosen now; empty when in nothing.

    :param chosen: the panel's Choice
    """
    from LABCRadiomicsLib.mrml import BREAST, SECOND_READER, TISSUE

    scored = scoredChoice(document, resultNode)
    second = _("This result is of another second reader than chosen above: click Apply for a new one.")
    needed = _("This result is of other segments for the preprocessing than chosen above: click Apply for a new one.")
    regions = [
        (scored.others.get(name, ()), chosen.others.get(name, ()), sentence)
        for name, sentence in ((SECOND_READER, second), (BREAST, needed), (TISSUE, needed))
    ]
    for old, new, sentence in (
        (
            scored.volumeNode,
            chosen.volumeNode,
            _("This result is of another volume than chosen above: click Apply for a new one."),
        ),
        (
            scored.roiNode,
            chosen.roiNode,
            _("This result is of another segmentation than chosen above: click Apply for a new one."),
        ),
        (
            scored.segmentId,
            chosen.segmentId,
            _("This result is of another segment than chosen above: click Apply for a new one."),
        ),
        (
            scored.modelId,
            chosen.modelId,
            _("This result is of another model than chosen above: click Apply for a new one."),
        ),
        (
            scored.covariates,
            chosen.covariates,
            _("This result is of other clinical covariates than entered above: click Apply for a new one."),
        ),
        (
            scored.site,
            "" if chosen.site == ANOTHER else chosen.site,
            _("This result is of another site than chosen above: click Apply for a new one."),
        ),
        (
            scored.fromSlicerRadiomics,
            chosen.fromSlicerRadiomics,
            _("This result is of feature values from elsewhere than chosen above: click Apply for a new one."),
        ),
        *regions,
    ):
        if old is None or old != new:  # the node of a result that was removed is nobody's
            return sentence
    if len(scored.others) < len(document["inputs"]["regions"]):
        return _("A segmentation of this result is no longer in the scene: click Apply for a new one.")
    return ""


def edited(document, resultNode, chosen):
    """Say that the chosen nodes no longer hold what their result was made of; empty when they do."""
    from LABCRadiomicsLib.mrml import is_unchanged

    if document is None or difference(document, resultNode, chosen):
        return ""
    known = document["inputs"]["fingerprint"]
    unchanged = is_unchanged(known, chosen.volumeNode, chosen.roiNode, chosen.segmentId, chosen.others)
    return "" if unchanged else EDITED


def hasLostSegment(document, resultNode, segmentationNode):
    """Whether a segmentation no longer holds a segment that the result was made of."""
    scored, segmentation = scoredChoice(document, resultNode), segmentationNode.GetSegmentation()
    parts = [(scored.roiNode, scored.segmentId), *scored.others.values()]
    return any(node is segmentationNode and segmentation.GetSegment(name) is None for node, name in parts)
