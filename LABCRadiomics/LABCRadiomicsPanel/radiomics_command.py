"""One run of the SlicerRadiomics extension's command line module: its nodes, its table, and that nothing is left."""

import json
import os
from pathlib import Path

import slicer
import vtk
from slicer.i18n import tr as _

from LABCRadiomicsLib.errors import ExtractionError


def unavailable():
    """Say why the command cannot run in this Slicer; None when it can."""
    if hasattr(slicer.modules, "slicerradiomicscli"):
        return None
    return _("Needs the SlicerRadiomics extension: install it above, under 'Second reader, SlicerRadiomics'.")


class RadiomicsCommand:
    """Runs the extractor in the background on two nodes, gives what it found, and leaves the scene as it was.

    That is the extension's command line module, which its own panel runs too. SlicerRadiomicsLogic around it is not
    used: at the end it removes an observer of the scene by the number that its own observer has on another object.
    """

    def __init__(self):
        self._cliNode = self._table = self._observerTag = None
        self._nodes = []
        self._parameterFile = None

    def removeAfterwards(self, *nodes):
        """Remove these nodes too when the run is cleaned up."""
        self._nodes += nodes

    def start(self, volumeNode, labelmapNode, parameters, modified=None):
        """Begin.

        :param volumeNode: vtkMRMLScalarVolumeNode, read as it is stored
        :param labelmapNode: vtkMRMLLabelMapVolumeNode of the same grid, 1 inside
        :param parameters: what a parameter file of pyradiomics holds
        :param modified: called in each event of the command's node, in which the run must not be cleaned up
        :raises LABCRadiomicsLib.errors.ExtractionError: the command could not be started
        """
        self._parameterFile = Path(slicer.app.temporaryPath) / f"LABCRadiomics-{os.getpid()}-{id(self):x}.json"
        self._parameterFile.write_text(json.dumps(parameters), encoding="utf-8")
        self._table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "LABC Radiomics check")
        self._nodes.append(self._table)
        inputs = {
            "Image": volumeNode.GetID(),
            "Mask": labelmapNode.GetID(),
            "param": str(self._parameterFile),
            "out": self._table.GetID(),
            "label": 1,
        }
        self._cliNode = slicer.cli.run(slicer.modules.slicerradiomicscli, None, inputs, update_display=False)
        if self._cliNode is None:  # the command has no logic, which Slicer only prints
            raise ExtractionError(_("Slicer could not start the command of SlicerRadiomics: see its log."))
        self._nodes.append(self._cliNode)
        if modified is not None:
            self._observerTag = self._cliNode.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_event: modified())

    def isStarted(self):
        """Whether there is a run that was not cleaned up."""
        return self._cliNode is not None

    def isBusy(self):
        """Whether the command is at work; a command that ends quickly is never seen running."""
        return self._cliNode is not None and bool(self._cliNode.IsBusy())

    def isCancelled(self):
        """Whether the command ended because it was told to."""
        return self._cliNode.GetStatus() == self._cliNode.Cancelled

    def progress(self):
        """Give the percentage that the command says is done; 0 where it says nothing."""
        return self._cliNode.GetProgress()

    def cancel(self):
        """Tell the command to end; it is busy until it has."""
        if self._cliNode is not None:
            self._cliNode.Cancel()

    def cells(self):
        """Give the texts of the extractor's table by column: one column a feature or a diagnostic, one row."""
        table = self._table
        columns = range(table.GetNumberOfColumns() if table.GetNumberOfRows() else 0)
        return {table.GetColumnName(column): table.GetCellText(0, column) for column in columns}

    def errorText(self):
        """Give what the extractor printed as errors."""
        return self._cliNode.GetErrorText() or ""

    def cleanup(self):
        """Remove what the run put into the scene, without a word; a command that is at work is cancelled."""
        cliNode, self._cliNode = self._cliNode, None
        if cliNode is not None:
            if self._observerTag is not None:
                cliNode.RemoveObserver(self._observerTag)
            cliNode.Cancel()
        self._observerTag = None
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


def numbers(cells):
    """Values by feature name, of a table's cells; diagnostics are texts."""
    values = {}
    for name, text in cells.items():
        try:
            values[name] = float(text)
        except ValueError:
            continue
    return values


def missingSentence(names, values, errorText):
    """Say which of the features the extractor did not give, and its last word on it; empty when it gave all."""
    missing = [name for name in names if name not in values]
    if not missing:
        return ""
    said = errorText.strip().splitlines()
    if said:
        sentence = _("SlicerRadiomics gave no value of {name} ({n} of {total} missing). Its last message: {said}")
    else:
        sentence = _(
            "SlicerRadiomics gave no value of {name} ({n} of {total} missing) and no message: try its own panel."
        )
    return sentence.format(name=missing[0], n=len(missing), total=len(names), said=said[-1] if said else "")
