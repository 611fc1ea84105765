"""The parts of the running application that slicer-core lacks: ``slicer.app``, ``slicer.modules``, the scene."""

from __future__ import annotations

import contextlib
import types
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import slicer
import slicer.util
import vtk
from PySide6 import QtCore, QtUiTools, QtWidgets

from . import ctk_widgets, mrml_widgets, plot_views
from .proxies import Listing, class_name, trapped_tooltip, unwrap, wrap


class Listed:
    """An object of the application that has only what its list of a running Slicer names."""

    def __init__(self, listing: str, **members):
        for name in members:
            Listing.require(listing, name)
        vars(self).update(members, _listing=listing)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        Listing.require(self._listing, name)
        raise NotImplementedError(f"the stand-in of {self._listing} has no {name}")


class LayoutManager:
    """Stands for ``slicer.app.layoutManager()``: the layout is kept in the scene, view nodes are made for it."""

    def __init__(self, scene):
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLScene(scene)
        self._node = self._logic.GetLayoutNode()
        self._slots = []
        self._plots = {}
        self._node.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
        self._node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._on_modified)
        self._told = self.layout

    @property
    def layout(self):
        """The current view arrangement."""
        return self._node.GetViewArrangement()

    def setLayout(self, layout):
        """Arrange the views."""
        self._node.SetViewArrangement(layout)

    def layoutLogic(self):
        """Give the logic that makes the view nodes of a layout."""
        return self._logic

    @property
    def plotViewCount(self):
        """How many plot views the layout shows."""
        return len(self._plot_nodes())

    def plotWidget(self, index):
        """Give a plot view's widget."""
        node = self._plot_nodes()[index]
        if node.GetID() not in self._plots:
            self._plots[node.GetID()] = plot_views.PlotWidget(node)
        return self._plots[node.GetID()]

    def connect(self, signature, slot):
        """Connect the only signal that is used."""
        Listing.require_signal("slicer.app.layoutManager", signature)
        self._slots.append(slot)

    def disconnect(self, signature, slot):
        """Undo :meth:`connect`."""
        self._slots.remove(slot)

    def _plot_nodes(self):
        views = self._logic.GetViewNodes()
        nodes = [views.GetItemAsObject(index) for index in range(views.GetNumberOfItems())]
        return [node for node in nodes if node.IsA("vtkMRMLPlotViewNode")]

    def _on_modified(self, _node, _event):
        if self.layout != self._told:
            self._told = self.layout
            for slot in list(self._slots):
                slot(self.layout)


class DICOMDatabase:
    """Stands for ``slicer.dicomDatabase``, a ``ctkDICOMDatabase``: which file holds an instance."""

    __slots__ = ("_files", "isOpen")

    def __init__(self):
        self.isOpen = True
        self._files = {}

    def insert(self, filePath, storeFile=True, generateThumbnail=True):
        """Remember a file where it is."""
        import pydicom

        uid = pydicom.dcmread(filePath, stop_before_pixels=True).SOPInstanceUID
        self._files[uid] = str(filePath)

    def fileForInstance(self, sopInstanceUID):
        """Give the file of an instance; empty when it is not in the database."""
        return self._files.get(sopInstanceUID, "")

    def _headers(self):
        import pydicom

        return [pydicom.dcmread(path, stop_before_pixels=True) for path in self._files.values()]

    def patients(self):
        """Give a key of each patient."""
        return sorted({str(header.PatientID) for header in self._headers()})

    def studiesForPatient(self, patientUID):
        """Give the UIDs of a patient's studies."""
        return sorted({str(h.StudyInstanceUID) for h in self._headers() if str(h.PatientID) == patientUID})

    def seriesForStudy(self, studyUID):
        """Give the UIDs of a study's series."""
        return sorted({str(h.SeriesInstanceUID) for h in self._headers() if str(h.StudyInstanceUID) == studyUID})


def loadUI(path):
    """Load a .ui file with Qt's own loader; its connections between Python classes are made by name, as Qt does."""
    loader = QtUiTools.QUiLoader()
    for cls in (*ctk_widgets.CUSTOM, *mrml_widgets.CUSTOM):
        loader.registerCustomWidget(cls)
    root = ElementTree.parse(path).getroot()
    connections = root.find("connections")
    wanted = [{part.tag: part.text for part in entry} for entry in connections.findall("connection")]
    root.remove(connections)
    for widget in root.iter("widget"):  # Python classes have no Qt enumerators that the loader could look up
        for entry in widget.findall("property"):
            if widget.get("class") == "ctkPathLineEdit" and entry.get("name") == "filters":
                widget.remove(entry)
    buffer = QtCore.QBuffer()
    buffer.setData(ElementTree.tostring(root))
    buffer.open(QtCore.QIODevice.ReadOnly)
    loaded = loader.load(buffer)
    if loaded is None:
        raise RuntimeError(f"Could not load UI file: {path}: {loader.errorString()}")
    for widget in (loaded, *loaded.findChildren(QtWidgets.QWidget)):
        widget.setToolTip(trapped_tooltip(widget.toolTip()))
    for entry in wanted:
        ends = [
            loaded if loaded.objectName() == entry[end] else loaded.findChild(QtWidgets.QWidget, entry[end])
            for end in ("sender", "receiver")
        ]
        Listing.require_signal(class_name(ends[0]), entry["signal"])
        Listing.require_signal(class_name(ends[1]), entry["slot"])  # signals and slots are listed alike
        signal, slot = (
            getattr(end, entry[kind].partition("(")[0]) for end, kind in zip(ends, ("signal", "slot"), strict=True)
        )
        signal.connect(slot)
    return wrap(loaded)


def childWidgetVariables(widget):
    """Give the named widgets below a widget as attributes."""
    names = types.SimpleNamespace()
    for child in unwrap(widget).findChildren(QtWidgets.QWidget):
        if child.objectName() and not child.objectName().startswith("qt_"):
            setattr(names, child.objectName(), wrap(child))
    return names


def saveScene(filename, properties={}):  # noqa: B006
    """Save the scene as a bundle; PythonQt takes no path object."""
    if not isinstance(filename, str):
        raise TypeError(f"saveScene takes a str, not {filename!r}")
    return slicer.mrmlScene.WriteToMRB(filename, None, slicer.vtkMRMLMessageCollection())


def loadScene(filename, properties={}):  # noqa: B006
    """Load a bundle into the scene; it gives no node."""
    if not slicer.mrmlScene.ReadFromMRB(str(filename), False):
        raise RuntimeError(f"Failed to load {filename}")


def prepare_scene(folder: Path):
    """Make a scene that can be saved and loaded as a bundle; its cache is in a folder."""
    from LABCRadiomicsLib import mrml

    scene = mrml.new_scene()
    remote = slicer.vtkMRMLRemoteIOLogic()
    remote.GetCacheManager().SetRemoteCacheDirectory(str(folder))
    remote.SetMRMLScene(scene)
    remote.AddDataIOToScene()
    scene.standin_remote = remote
    scene.standin_tags = [
        scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, _claimed),
        scene.AddObserver(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, _let_go),
        scene.AddObserver(slicer.vtkMRMLScene.EndImportEvent, lambda *_: _claim_all(scene)),
    ]
    return scene


CLAIMED = (
    "vtkMRMLDisplayableNode",
    "vtkMRMLPlotChartNode",
    "vtkMRMLPlotSeriesNode",
    "vtkMRMLTableNode",
    "vtkMRMLTextNode",
)


@vtk.calldata_type(vtk.VTK_OBJECT)
def _claimed(scene, _event, node) -> None:
    """A plugin of the subject hierarchy claims a node at once; the item has the node's name."""
    if not scene.IsImporting() and not node.GetHideFromEditors() and any(map(node.IsA, CLAIMED)):
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        if not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)


@vtk.calldata_type(vtk.VTK_OBJECT)
def _let_go(scene, _event, node) -> None:
    """The item of a node goes with it."""
    if not scene.IsClosing() and not node.IsA("vtkMRMLSubjectHierarchyNode"):
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.RemoveItem(item, False, False)


def _claim_all(scene) -> None:
    for index in range(scene.GetNumberOfNodes()):
        _claimed(scene, "", scene.GetNthNode(index))


def application(scene, folder: Path) -> Listed:
    """``slicer.app``."""
    logic = scene.standin_logic = slicer.vtkMRMLApplicationLogic()
    logic.SetMRMLScene(scene)
    scene.AddNewNodeByClass("vtkMRMLSelectionNode")
    layout_manager = LayoutManager(scene)
    return Listed(
        "slicer.app",
        processEvents=QtWidgets.QApplication.processEvents,
        temporaryPath=str(folder),
        slicerHome=str(folder),
        applicationVersion="5.13.0",
        layoutManager=lambda: layout_manager,
        applicationLogic=lambda: logic,
        testingEnabled=lambda: True,
        connect=lambda signal, slot: None,
    )


LOGICS = (
    ("plots", "vtkSlicerPlotsLogic"),
    ("segmentations", "vtkSlicerSegmentationsModuleLogic"),
    ("tables", "vtkSlicerTablesLogic"),
    ("volumes", "vtkSlicerVolumesLogic"),
)


def modules(scene) -> types.SimpleNamespace:
    """``slicer.modules``: the application's logics that the module uses."""
    found = types.SimpleNamespace()
    for name, cls in LOGICS:
        logic = getattr(slicer, cls)()
        logic.SetMRMLScene(scene)
        logic.SetMRMLApplicationLogic(scene.standin_logic)
        setattr(found, name, types.SimpleNamespace(logic=lambda logic=logic: logic))
    return found


@contextlib.contextmanager
def wait_cursor(show=True):
    """Handle events before the work begins."""
    slicer.app.processEvents()
    yield
