"""The same features by the SlicerRadiomics module, beside ours: an independent check of the extraction."""

import json
import math
import os
from pathlib import Path

import slicer
import vtk
from slicer.i18n import tr as _

TOLERANCE = 1e-12  # relative


class RadiomicsCheck:
    """Runs SlicerRadiomics' own logic in the background, compares, and leaves the scene as it was."""

    def __init__(self, finished):
        """
        :param finished: called with the outcome in words
        """
        self._finished = finished
        self._logic = None
        self._nodes = []
        self._parameterFile = None
        self._expected = {}

    @staticmethod
    def unavailable():
        """Say why the check cannot run in this Slicer; None when it can."""
        for name in ("slicerradiomics", "slicerradiomicscli"):
            if not hasattr(slicer.modules, name):
                return _("Needs the SlicerRadiomics extension: install it in the Extensions Manager, restart Slicer.")
        return None

    def isRunning(self):
        """Whether SlicerRadiomics is at work."""
        return self._logic is not None

    def start(self, volumeNode, segmentationNode, segmentId, model):
        """Extract the model's features both ways, in the array order that SlicerRadiomics uses.

        :raises LABCRadiomicsLib.errors.LABCRadiomicsError: unusable input
        """
        from SlicerRadiomics import SlicerRadiomicsLogic

        self._expected = extractAsLoaded(volumeNode, segmentationNode, segmentId, model)
        self._parameterFile = Path(slicer.app.temporaryPath) / f"LABCRadiomicsCheck-{os.getpid()}.json"
        self._parameterFile.write_text(json.dumps(neededParameters(model)), encoding="utf-8")
        labelmap = self._exportSegment(volumeNode, segmentationNode, segmentId)
        table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "LABC Radiomics check")
        self._nodes.append(table)
        self._logic = SlicerRadiomicsLogic()
        self._logic.runCLIWithParameterFile(volumeNode, labelmap, table, str(self._parameterFile), self._onFinished)
        if self._logic is not None and self._logic.cliNode is not None:
            self._nodes.append(self._logic.cliNode)  # SlicerRadiomics forgets it in the scene

    def cleanup(self):
        """Remove what the check put into the scene; a run that is under way is cancelled."""
        if self._logic is not None and self._logic.cliNode is not None:
            self._logic.callback = None
            self._logic.cliNode.Cancel()
        self._logic = None
        for node in self._nodes:
            if node.GetScene() is not None:
                node.GetScene().RemoveNode(node)
        self._nodes = []
        if self._parameterFile is not None:
            self._parameterFile.unlink(missing_ok=True)
        self._parameterFile = None

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

    def _onFinished(self):
        table = next((node for node in self._nodes if node.IsA("vtkMRMLTableNode")), None)
        outcome = describe(self._expected, readTable(table)) if table is not None else ""
        cliNode = self._logic.cliNode if self._logic is not None else None
        if cliNode is not None and cliNode not in self._nodes:
            self._nodes.append(cliNode)
        self._logic = None
        self.cleanup()
        self._finished(outcome)


def extractAsLoaded(volumeNode, segmentationNode, segmentId, model):
    """Our values of the model's features on the voxel array as Slicer holds it."""
    from LABCRadiomicsLib.features import ExtractionSettings, extract
    from LABCRadiomicsLib.imaging.images import AS_LOADED
    from LABCRadiomicsLib.mrml import images_from_nodes

    image, mask, _notices = images_from_nodes(volumeNode, segmentationNode, segmentId)
    parameters = {key: dict(value) for key, value in model.extraction.parameters().items()}
    settings = ExtractionSettings.from_parameters(parameters, AS_LOADED)
    return extract(image, mask, settings, [term.feature for term in model.score.terms], 1).values


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
    """Values of a SlicerRadiomics table by feature name: image type, class and name in columns 0 to 2, values in 3."""
    if tableNode.GetNumberOfColumns() < 4:
        return {}
    names = (
        "_".join(tableNode.GetCellText(row, column) for column in range(3))
        for row in range(tableNode.GetNumberOfRows())
    )
    values = {}
    for row, name in enumerate(names):
        try:
            values[name] = float(tableNode.GetCellText(row, 3))
        except ValueError:  # diagnostics are texts
            continue
    return values


def describe(ours, theirs):
    """Say in one sentence whether the values agree."""
    missing = [name for name in ours if name not in theirs]
    if missing:
        sentence = _("SlicerRadiomics gave no value of {name} ({n} of {total} missing); see its messages in the log.")
        return sentence.format(name=missing[0], n=len(missing), total=len(ours))
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
