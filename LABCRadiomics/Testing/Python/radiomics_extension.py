"""The SlicerRadiomics extension in the stand-in of Slicer: its command, which gives what the stock extractor gives.

It keeps to slicer.cli (Base/Python/slicer/cli.py) and to AIM-Harvard/SlicerRadiomics: the parameters of
SlicerRadiomicsCLI.xml, and a table with one column a feature, as ``pyradiomics --format=csv`` writes it.
"""

import json
import types
from pathlib import Path

import pytest
import slicer
import slicer.util
import vtk
from PySide6 import QtCore
from radiomics import featureextractor

from LABCRadiomicsLib import mrml
from slicer_standin.command_line import CommandLineModule


class Extension(CommandLineModule):
    """SlicerRadiomicsCLI: what it was given, and the values that the stock extractor gives on it.

    ``answers`` makes it end by itself, with these changes of the values; else ``finish`` plays its end.
    """

    def __init__(self):
        super().__init__()
        self.answers = None
        self.runs = []

    def run(self, *given, **options):
        """Schedule the command, whose answer comes when events are handled."""
        node = super().run(*given, **options)
        self.runs.append(self.parameters)
        if self.answers is not None:
            QtCore.QTimer.singleShot(0, self._answer)
        return node

    def _answer(self):
        if self.node is not None:  # the scene may have been closed
            CommandLineModule.finish(self, {**self.values(), **self.answers})

    def __getattr__(self, name):
        keys = {"image": "Image", "mask": "Mask"}
        if name not in keys:
            raise AttributeError(name)
        return slicer.mrmlScene.GetNodeByID(self.parameters[keys[name]])

    @property
    def settings(self):
        """The parameter file."""
        return json.loads(Path(self.parameters["param"]).read_text())

    def values(self):
        """What the stock extractor gives on the nodes' arrays."""
        extractor = featureextractor.RadiomicsFeatureExtractor(self.settings)
        found = extractor.execute(
            mrml.image_from_volume(self.image).to_sitk(), mrml.mask_from_labelmap(self.mask, 1).to_sitk(), label=1
        )
        return {name: str(value) for name, value in found.items()}

    def finish(self, *given, **options):
        """End, and let the application go on."""
        super().finish(*given, **options)
        slicer.app.processEvents()


@pytest.fixture
def extension(app, monkeypatch):
    """SlicerRadiomics installed."""
    found = Extension()
    module = types.ModuleType("slicer.cli")
    module.run = found.run
    monkeypatch.setattr(slicer, "cli", module, raising=False)
    monkeypatch.setattr(slicer.modules, "slicerradiomicscli", object(), raising=False)
    return found


def flip(volume) -> None:
    """Store the volume with its first two axes the other way round, at the same place."""
    array = slicer.util.arrayFromVolume(volume)[:, ::-1, ::-1].copy()
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    grid = slicer.util.arrayFromVTKMatrix(matrix)
    grid[:3, 3] += grid[:3, 0] * (array.shape[2] - 1) + grid[:3, 1] * (array.shape[1] - 1)
    grid[:3, :2] *= -1
    volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(grid))
    slicer.util.updateVolumeFromArray(volume, array)
