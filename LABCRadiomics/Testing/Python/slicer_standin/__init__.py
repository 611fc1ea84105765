"""The parts of the Slicer application that slicer-core lacks, as far as the module's logic and test need them.

Every public name here exists in Slicer under the same name; ``test_module.py`` holds them to the lists of a running
Slicer. The Qt side is in ``listed_widgets``.
"""

import contextlib
import sys
import types
import unittest

import slicer
import slicer.util


class ScriptedLoadableModule:
    """Stands for ``slicer.ScriptedLoadableModule.ScriptedLoadableModule``."""

    def __init__(self, parent):
        self.parent = parent
        self.moduleName = type(self).__name__


class ScriptedLoadableModuleWidget:
    """Stands for ``slicer.ScriptedLoadableModule.ScriptedLoadableModuleWidget``; the test gives the parent."""

    def __init__(self, parent=None):
        self.parent = parent
        self.layout = parent.layout()

    def setup(self):
        """Add nothing: Slicer's adds the developer section."""


class ScriptedLoadableModuleLogic:
    """Stands for ``slicer.ScriptedLoadableModule.ScriptedLoadableModuleLogic``."""

    def __init__(self, parent=None):
        self.moduleName = type(self).__name__.removesuffix("Logic")


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Stands for ``slicer.ScriptedLoadableModule.ScriptedLoadableModuleTest``."""


class ModuleParent:
    """Stands for ``qSlicerScriptedLoadableModule``: takes the attributes a module class sets, and no others."""

    __slots__ = ("acknowledgementText", "categories", "contributors", "dependencies", "helpText", "path", "title")


def tr(text):
    """Translate nothing."""
    return text


def translate(context, text):
    """Translate nothing."""
    return text


STANDINS = {
    "slicer.ScriptedLoadableModule": (
        ScriptedLoadableModule,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
        ScriptedLoadableModuleWidget,
    ),
    "slicer.i18n": (tr, translate),
}


def install(monkeypatch, scene) -> None:
    """Put the stand-ins where the module imports them from, for one test."""
    for name, members in STANDINS.items():
        module = types.ModuleType(name)
        for member in members:
            setattr(module, member.__name__, member)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(slicer, "mrmlScene", scene, raising=False)
    monkeypatch.setattr(slicer.util, "WaitCursor", contextlib.nullcontext)
