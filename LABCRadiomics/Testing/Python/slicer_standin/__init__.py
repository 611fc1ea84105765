"""What a running Slicer has and slicer-core has not, for running the module's own code and .ui file outside Slicer.

MRML is the real one; Qt is PySide6, shown as PythonQt shows it (``proxies``) and held to the lists of a running Slicer.
Every public name here exists in Slicer under the same name; ``test_panel_standin.py`` checks that.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if sys.version_info < (3, 12):  # PySide6 gives back one None too many at each event that Python code filters
    ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40

import slicer
import slicer.util
from PySide6 import QtCore, QtGui, QtWidgets

from . import application, ctk_widgets, mrml_widgets, parameter_nodes, scripted_module
from .proxies import ClassProxy, Listing, QObject

QT_CLASSES = {
    QtWidgets: (
        "QApplication",
        "QCheckBox",
        "QComboBox",
        "QFileDialog",
        "QFormLayout",
        "QFrame",
        "QHBoxLayout",
        "QLabel",
        "QLineEdit",
        "QPlainTextEdit",
        "QProgressBar",
        "QPushButton",
        "QSizePolicy",
        "QSpinBox",
        "QVBoxLayout",
        "QWidget",
    ),
    QtCore: ("QEvent", "QPoint", "QProcess", "QProcessEnvironment", "QSettings", "QTimer", "QUrl"),
    QtGui: ("QDesktopServices", "QPixmap"),
}


@contextlib.contextmanager
def _imported(made: dict[str, types.ModuleType]) -> Iterator[None]:
    """Put modules where they are imported from; afterwards the library is the one that was there before a reload."""
    before = dict(sys.modules)
    sys.modules.update(made)
    try:
        yield
    finally:
        for name in list(sys.modules):
            if name in made or name.split(".")[0] in ("LABCRadiomics", "LABCRadiomicsPanel"):
                del sys.modules[name]
        library = {name: module for name, module in before.items() if name.split(".")[0] == "LABCRadiomicsLib"}
        sys.modules.update({name: before[name] for name in made if name in before} | library)


@contextlib.contextmanager
def running(folder: Path, lists: Path | None = None) -> Iterator[scripted_module.ModuleWidgets]:
    """Run as inside Slicer, in an empty scene.

    Parameters
    ----------
    folder : pathlib.Path
        For temporary files.
    lists : pathlib.Path, optional
        What a running Slicer has, class by class; what is not in it is refused.
    """
    QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    scene = application.prepare_scene(folder)
    module_widgets = scripted_module.ModuleWidgets()
    made = {
        name: types.ModuleType(name) for name in (*scripted_module.MEMBERS, "slicer.parameterNodeWrapper", "qt", "ctk")
    }
    for name, members in scripted_module.MEMBERS.items():
        vars(made[name]).update({member.__name__: member for member in members})
    made["slicer.parameterNodeWrapper"].parameterNodeWrapper = parameter_nodes.parameterNodeWrapper
    made["qt"].Qt = QtCore.Qt
    made["qt"].QObject = QObject
    for room, names in QT_CLASSES.items():
        vars(made["qt"]).update({name: ClassProxy(getattr(room, name)) for name in names})
    for cls in (*ctk_widgets.CUSTOM, *mrml_widgets.CUSTOM):
        target = made["ctk"] if cls.__name__.startswith("ctk") else slicer
        setattr(target, cls.__name__, ClassProxy(cls))
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(Listing, "folder", lists))
        stack.enter_context(_imported(made))
        stack.enter_context(mock.patch.object(sys, "path", [str(scripted_module.MODULE_FOLDER), *sys.path]))
        for name, value in {
            "mrmlScene": scene,
            "app": application.application(scene, folder),
            "modules": application.modules(scene),
            "dicomDatabase": application.DICOMDatabase(),
        }.items():
            stack.enter_context(mock.patch.object(slicer, name, value, create=True))
        for name, value in {
            "WaitCursor": application.wait_cursor,
            "loadUI": application.loadUI,
            "childWidgetVariables": application.childWidgetVariables,
            "saveScene": application.saveScene,
            "loadScene": application.loadScene,
            "getModuleWidget": module_widgets.get,
            "reloadScriptedModule": module_widgets.reload,
            "mainWindow": lambda: None,
        }.items():
            stack.enter_context(mock.patch.object(slicer.util, name, value))
        try:
            yield module_widgets
        finally:
            module_widgets.close()
