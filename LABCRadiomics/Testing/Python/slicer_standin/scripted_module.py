"""What slicer-core lacks of scripted modules: their base classes, their place in the panel, what they are offered."""

from __future__ import annotations

import importlib.util
import sys
import unittest
from pathlib import Path

import shiboken6
import slicer
import slicer.util
from PySide6 import QtCore, QtWidgets

from . import ctk_widgets, mrml_widgets
from .proxies import wrap

MODULE_FOLDER = Path(__file__).resolve().parents[3]


class ScriptedLoadableModule:
    """Stands for ``slicer.ScriptedLoadableModule.ScriptedLoadableModule``."""

    def __init__(self, parent):
        self.parent = parent
        self.moduleName = type(self).__name__


class ScriptedLoadableModuleWidget:
    """Stands for ``slicer.ScriptedLoadableModule.ScriptedLoadableModuleWidget``; the test gives the parent."""

    def __init__(self, parent=None):
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent = parent
        self.layout = parent.layout()

    def setup(self):
        """Add nothing: Slicer's adds the developer section."""

    def cleanup(self):
        """Do nothing."""

    def resourcePath(self, filename):
        """Give the path of a file under ``Resources``."""
        return str(MODULE_FOLDER / "Resources" / filename)

    def onReload(self):
        """Reload the module."""
        slicer.util.reloadScriptedModule(self.moduleName)


class ScriptedLoadableModuleLogic:
    """Stands for ``slicer.ScriptedLoadableModule.ScriptedLoadableModuleLogic``."""

    def __init__(self, parent=None):
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self):
        """Give the scene's only parameter node of the module, a new one when there is none."""
        found = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if found is not None:
            found.SetAttribute("ModuleName", self.moduleName)
            return found
        return slicer.mrmlScene.AddNode(self.createParameterNode())

    def createParameterNode(self):
        """Make a parameter node, not yet in the scene."""
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Stands for ``slicer.ScriptedLoadableModule.ScriptedLoadableModuleTest``."""

    def delayDisplay(self, message, requestedDelay=None, msec=None):
        """Let the event loop run, as the message box does."""
        slicer.app.processEvents()


class ModuleParent:
    """Stands for ``qSlicerScriptedLoadableModule``: takes the attributes a module class sets, and no others."""

    __slots__ = (
        "acknowledgementText",
        "categories",
        "contributors",
        "dependencies",
        "helpText",
        "icon",
        "path",
        "title",
    )


class WidgetParent(mrml_widgets.qMRMLWidget):
    """Stands for ``qSlicerScriptedLoadableModuleWidget``: the module's place in the module panel."""

    unlisted = ("isEntered",)  # Base/QTGUI/qSlicerAbstractModuleWidget.h; this class has no list
    isEntered = QtCore.Property(bool, lambda self: getattr(self, "entered", False))

    def __init__(self):
        super().__init__()
        QtWidgets.QVBoxLayout(self).setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QtWidgets.QSizePolicy.Minimum, QtWidgets.QSizePolicy.Preferred)


class ModulePanel(QtWidgets.QScrollArea):
    """Stands for ``qSlicerModulePanel``: the scroll area that shows a module's widget below its help.

    As qSlicerModulePanel.cxx and .ui: no horizontal bar; the least width is that of the contents and a vertical bar, so
    a wide module makes the dock wider and keeps it so.
    """

    def __init__(self, module_widget: QtWidgets.QWidget):
        super().__init__()
        self.setFrameShape(QtWidgets.QFrame.NoFrame)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        contents = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(contents)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSizeConstraint(QtWidgets.QLayout.SetMinAndMaxSize)
        self.help = ctk_widgets.ctkCollapsibleButton()
        self.help.setSizePolicy(QtWidgets.QSizePolicy.Ignored, QtWidgets.QSizePolicy.Fixed)
        self.help.setText("Help && Acknowledgement")
        self.help.setCollapsed(True)
        layout.addWidget(self.help)
        layout.addWidget(module_widget, 1)
        layout.addItem(QtWidgets.QSpacerItem(0, 0, vData=QtWidgets.QSizePolicy.MinimumExpanding))
        self.setWidget(contents)

    def least_width(self) -> int:
        """``qSlicerModulePanel::minimumSizeHint().width()``."""
        return self.widget().minimumSizeHint().width() + self.horizontalScrollBar().sizeHint().width()


def tr(text):
    """Translate nothing."""
    return text


def translate(context, text):
    """Translate nothing."""
    return text


class SampleDataLogic:
    """Stands for ``SampleData.SampleDataLogic``: remembers what was registered."""

    registered: list = []  # noqa: RUF012
    titles: dict = {}  # noqa: RUF012

    @staticmethod
    def registerCustomSampleDataCategory(category, title):
        """Remember a category."""
        SampleDataLogic.titles[category] = title

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFiles=None,
        loadFileProperties={},  # noqa: B006  (as in Slicer)
        checksums=None,
        loadFileType=None,
    ):
        """Remember a data set."""
        SampleDataLogic.registered.append(dict(locals()))


MEMBERS = {
    "slicer.ScriptedLoadableModule": (
        ScriptedLoadableModule,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
        ScriptedLoadableModuleWidget,
    ),
    "slicer.i18n": (tr, translate),
    "SampleData": (SampleDataLogic,),
}


class ModuleWidgets:
    """The one module's widget: made when asked for, entered and exited, and made again by a reload."""

    def __init__(self):
        self.current = None
        self.parent = None
        self.panel = None
        self._old = []

    def make(self):
        """Make the module's widget as the application does when the module is opened for the first time."""
        self.parent = WidgetParent()
        self.parent.setMRMLScene(slicer.mrmlScene)
        self.panel = ModulePanel(self.parent)
        return self._set_up()

    def _set_up(self):
        self.current = importlib.import_module("LABCRadiomics").LABCRadiomicsWidget(wrap(self.parent))
        self.current.setup()
        return self.current

    def get(self, module_name):
        """``slicer.util.getModuleWidget``."""
        return self.current or self.make()

    def close(self):
        """End the application; its widgets go now, not when Python finds the time in the middle of an event."""
        if self.current is not None:
            self.current.cleanup()
            self.current = None
        for tree in filter(None, (self.panel, *self._old)):
            for box in tree.findChildren(mrml_widgets.qMRMLNodeComboBox):
                box.setMRMLScene(None)  # its segment selector follows
            shiboken6.delete(tree)
        self.parent = self.panel = None
        self._old = []

    def enter(self):
        """Open the module's panel."""
        self.parent.entered = True
        self.current.enter()

    def exit(self):
        """Open another module's panel."""
        self.parent.entered = False
        self.current.exit()

    def reload(self, module_name):
        """``slicer.util.reloadScriptedModule``: the source again, then cleanup of the old widget and a new one."""
        path = MODULE_FOLDER / f"{module_name}.py"
        spec = importlib.util.spec_from_file_location(module_name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
        if self.current is not None:
            self.current.cleanup()
        layout = self.parent.layout()
        while layout.count():
            old = layout.takeAt(0).widget()
            old.hide()
            old.setParent(None)
            self._old.append(old)  # Python code may still hold them
        self._set_up()
        if getattr(self.parent, "entered", False):
            self.enter()
        return module
