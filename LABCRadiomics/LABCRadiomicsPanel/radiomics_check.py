"""The same features by the SlicerRadiomics extension, beside ours: an independent check of the extraction."""

import math

import qt
import slicer
import vtk
from slicer.i18n import tr as _

from .radiomics_command import RadiomicsCommand, missingSentence, neededParameters, numbers

TOLERANCE = 1e-12  # relative


class RadiomicsCheck:
    """Runs SlicerRadiomics on the nodes that were scored, in the background, and compares."""

    def __init__(self, progressed, finished):
        """
        :param progressed: called with the percentage that the command says is done, 0 where it says nothing
        :param finished: called with the outcome in words
        """
        self._progressed, self._finished = progressed, finished
        self._command = RadiomicsCommand()
        self._expected = {}

    def isRunning(self):
        """Whether SlicerRadiomics is at work."""
        return self._command.isStarted()

    def start(self, volumeNode, segmentationNode, segmentId, model):
        """Extract the model's features both ways, in the array order that SlicerRadiomics uses.

        :raises LABCRadiomicsLib.errors.LABCRadiomicsError: unusable input
        """
        self._expected = extractAsLoaded(volumeNode, segmentationNode, segmentId, model)
        labelmap = self._exportSegment(volumeNode, segmentationNode, segmentId)
        self._command.start(volumeNode, labelmap, neededParameters(model), self._onModified)

    def cancel(self):
        """End the command; the outcome is told when it has ended."""
        self._command.cancel()

    def cleanup(self):
        """Remove what the check put into the scene, without a word; a run that is under way is cancelled."""
        self._command.cleanup()

    def _onModified(self):
        if self._command.isBusy():
            self._progressed(self._command.progress())
        else:
            # Slicer goes on with the command's node after this event, so it is removed only later.
            qt.QTimer.singleShot(0, self._onEnded)

    def _onEnded(self):
        command = self._command
        if not command.isStarted() or command.isBusy():  # cleaned up in the meantime, or told twice
            return
        if command.isCancelled():
            outcome = _("The comparison was cancelled.")
        else:
            outcome = describe(self._expected, numbers(command.cells()), command.errorText())
        self.cleanup()
        self._finished(outcome)

    def _exportSegment(self, volumeNode, segmentationNode, segmentId):
        """Slicer's own export on the volume's grid, with the nodes that it makes remembered."""
        before = set(_nodeIds())
        labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "LABC Radiomics check")
        segmentIds = vtk.vtkStringArray()
        segmentIds.InsertNextValue(segmentId)
        slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(
            segmentationNode, segmentIds, labelmap, volumeNode
        )
        made = [slicer.mrmlScene.GetNodeByID(nodeId) for nodeId in _nodeIds() if nodeId not in before]
        self._command.removeAfterwards(*made)
        return labelmap


def extractAsLoaded(volumeNode, segmentationNode, segmentId, model):
    """Our values of the model's features on the voxel array as Slicer holds it."""
    from LABCRadiomicsLib.features import ExtractionSettings, extract
    from LABCRadiomicsLib.imaging import AS_LOADED
    from LABCRadiomicsLib.mrml import images_from_nodes

    image, mask, _notices = images_from_nodes(volumeNode, segmentationNode, segmentId)
    parameters = {key: dict(value) for key, value in model.extraction.parameters().items()}
    settings = ExtractionSettings.from_parameters(parameters, AS_LOADED)
    return extract(image, mask, settings, [term.feature for term in model.score.terms]).values


def describe(ours, theirs, errorText=""):
    """Say in one sentence whether the values agree.

    :param ours, theirs: values by feature name
    :param errorText: what the extractor printed as errors
    """
    missing = missingSentence(list(ours), theirs, errorText)
    if missing:
        return missing
    off = {name: difference(value, theirs[name]) for name, value in ours.items()}
    worst = max(off, key=off.get)
    if off[worst] <= TOLERANCE:
        return _("All {n} features equal those of SlicerRadiomics (largest relative difference {worst:.0e}).").format(
            n=len(off), worst=off[worst]
        )
    sentence = _(
        "{n} of {total} features differ from those of SlicerRadiomics; most: {name}, {ours:.8g} here, "
        "{theirs:.8g} there."
    )
    return sentence.format(
        n=sum(value > TOLERANCE for value in off.values()),
        total=len(off),
        name=worst,
        ours=ours[worst],
        theirs=theirs[worst],
    )


def difference(one, other):
    """Relative difference of two values; 0 when both are the same, also when not finite."""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    return abs(one - other) / max(abs(one), abs(other))


def _nodeIds():
    return [slicer.mrmlScene.GetNthNode(index).GetID() for index in range(slicer.mrmlScene.GetNumberOfNodes())]
