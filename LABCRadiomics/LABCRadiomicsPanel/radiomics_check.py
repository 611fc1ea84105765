"""The same features by the SlicerRadiomics extension, beside ours: an independent check of the extraction."""

import json
import math
import os
from pathlib import Path

import qt
import slicer
import vtk
from slicer.i18n import tr as _

TOLERANCE = 1e-12  # relative


class RadiomicsCheck:
    """Runs the SlicerRadiomics extension's extractor in the background, compares, and leaves the scene as it was.

    That is its command line module, which its panel runs too. SlicerRadiomicsLogic around it is not used: at the end
    it removes an observer of the scene by the number that its own observer has on another object.
    """

    def __init__(self, progressed, finished):
        """
        :param progressed: called with the percentage that the command says is done, 0 where it says nothing
        :param finished: called with the outcome in words
        """
        self._progressed, self._finished = progressed, finished
        self._cliNode = self._table = self._observerTag = None
        self._nodes = []
        self._parameterFile = None
        self._expected = {}

    @staticmethod
    def unavailable():
        """Say why the check cannot run in this Slicer; None when it can."""
        if hasattr(slicer.modules, "slicerradiomicscli"):
            return None
        return _("Needs the SlicerRadiomics extension: install it in the Extensions Manager, restart Slicer.")

    def isRunning(self):
        """Whether SlicerRadiomics is at work."""
        return self._cliNode is not None

    def start(self, volumeNode, segmentationNode, segmentId, model):
        """Extract the model's features both ways, in the array order that SlicerRadiomics uses.

        :raises LABCRadiomicsLib.errors.LABCRadiomicsError: unusable input
        """
        self._expected = extractAsLoaded(volumeNode, segmentationNode, segmentId, model)
        self._parameterFile = Path(slicer.app.temporaryPath) / f"LABCRadiomicsCheck-{os.getpid()}.json"
        self._parameterFile.write_text(json.dumps(neededParameters(model)), encoding="utf-8")
        labelmap = self._exportSegment(volumeNode, segmentationNode, segmentId)
        self._table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "LABC Radiomics check")
        self._nodes.append(self._table)
        parameters = {
            "Image": volumeNode.GetID(),
            "Mask": labelmap.GetID(),
            "param": str(self._parameterFile),
            "out": self._table.GetID(),
            "label": 1,
        }
        self._cliNode = slicer.cli.run(slicer.modules.slicerradiomicscli, None, parameters, update_display=False)
        self._nodes.append(self._cliNode)
        self._observerTag = self._cliNode.AddObserver(vtk.vtkCommand.ModifiedEvent, self._onModified)

    def cancel(self):
        """End the command; the outcome is told when it has ended."""
        if self._cliNode is not None:
            self._cliNode.Cancel()

    def cleanup(self):
        """Remove what the check put into the scene, without a word; a run that is under way is cancelled."""
        cliNode, self._cliNode = self._cliNode, None
        if cliNode is not None:
            cliNode.RemoveObserver(self._observerTag)
            cliNode.Cancel()
        for node in self._nodes:
            # The command gives its output table a storage node, which would stay.
            storage = node.GetStorageNode() if node.IsA("vtkMRMLStorableNode") else None
            for made in filter(None, (storage, node)):
                if made.GetScene() is not None:
                    made.GetScene().RemoveNode(made)
        self._nodes, self._table = [], None
        if self._parameterFile is not None:
            self._parameterFile.unlink(missing_ok=True)
        self._parameterFile = None

    def _onModified(self, cliNode, _event):
        if cliNode is not self._cliNode:
            return
        if cliNode.IsBusy():
            self._progressed(cliNode.GetProgress())
        else:
            # A command that ends quickly is never seen running; not to be busy is the only sure sign. Slicer goes on
            # with the node after this event, so it is removed only later.
            qt.QTimer.singleShot(0, self._onEnded)

    def _onEnded(self):
        cliNode = self._cliNode
        if cliNode is None or cliNode.IsBusy():  # cleaned up in the meantime, or told twice
            return
        if cliNode.GetStatus() == cliNode.Cancelled:
            outcome = _("The comparison was cancelled.")
        else:
            outcome = describe(self._expected, readTable(self._table), cliNode.GetErrorText())
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
        self._nodes += [slicer.mrmlScene.GetNodeByID(nodeId) for nodeId in _nodeIds() if nodeId not in before]
        return labelmap


def extractAsLoaded(volumeNode, segmentationNode, segmentId, model):
    """Our values of the model's features on the voxel array as Slicer holds it."""
    from LABCRadiomicsLib.features import ExtractionSettings, extract
    from LABCRadiomicsLib.imaging.volume import AS_LOADED
    from LABCRadiomicsLib.mrml import images_from_nodes

    image, mask, _notices = images_from_nodes(volumeNode, segmentationNode, segmentId)
    parameters = {key: dict(value) for key, value in model.extraction.parameters().items()}
    settings = ExtractionSettings.from_parameters(parameters, AS_LOADED)
    return extract(image, mask, settings, [term.feature for term in model.score.terms]).values


def neededParameters(model):
    """The model's extraction parameters, less the image types and feature classes that its score does not use."""
    parts = [term.feature.split("_") for term in model.score.terms]
    parameters = {key: dict(value) for key, value in model.extraction.parameters().items()}
    imageTypes = {part[0].split("-")[0].casefold() for part in parts}
    classes = {part[1] for part in parts}
    parameters["imageType"] = {
        key: value for key, value in parameters["imageType"].items() if key.casefold() in imageTypes
    }
    parameters["featureClass"] = {key: value for key, value in parameters["featureClass"].items() if key in classes}
    return parameters


def readTable(tableNode):
    """Values of the extractor's table by feature name: one column a feature, one row."""
    values = {}
    for column in range(tableNode.GetNumberOfColumns() if tableNode.GetNumberOfRows() else 0):
        try:
            values[tableNode.GetColumnName(column)] = float(tableNode.GetCellText(0, column))
        except ValueError:  # diagnostics are texts
            continue
    return values


def describe(ours, theirs, errorText=""):
    """Say in one sentence whether the values agree.

    :param ours, theirs: values by feature name
    :param errorText: what the extractor printed as errors
    """
    missing = [name for name in ours if name not in theirs]
    if missing:
        said = (errorText or "").strip().splitlines()
        if said:
            sentence = _("SlicerRadiomics gave no value of {name} ({n} of {total} missing). Its last message: {said}")
        else:
            sentence = _(
                "SlicerRadiomics gave no value of {name} ({n} of {total} missing) and no message: try its own panel."
            )
        return sentence.format(name=missing[0], n=len(missing), total=len(ours), said=said[-1] if said else "")
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
