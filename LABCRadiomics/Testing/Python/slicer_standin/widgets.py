"""The CTK and qMRML widgets of the panel, on PySide6 and real MRML, as Slicer's documentation describes them."""

from __future__ import annotations

import fnmatch
import re

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

Property, Signal, Slot = QtCore.Property, QtCore.Signal, QtCore.Slot
FLAGS = (
    "addEnabled",
    "removeEnabled",
    "renameEnabled",
    "editEnabled",
    "noneEnabled",
    "showHidden",
    "showChildNodeTypes",
    "selectNodeUponCreation",
)
SCENE_EVENTS = ("NodeAddedEvent", "NodeRemovedEvent", "EndImportEvent", "EndCloseEvent", "EndBatchProcessEvent")


class ctkCollapsibleButton(QtWidgets.QWidget):
    """A section whose contents fold away under its title."""

    contentsCollapsed = Signal(bool)
    clicked = Signal(bool)
    toggled = Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._text, self._collapsed = "", False
        self._header = QtWidgets.QToolButton(self)
        self._header.setAutoRaise(True)
        self._header.setToolButtonStyle(QtCore.Qt.ToolButtonTextBesideIcon)
        self._header.clicked.connect(lambda: self.setCollapsed(not self._collapsed))
        self.setContentsMargins(0, self._header.sizeHint().height() + 4, 0, 0)
        self._update()

    def resizeEvent(self, event):
        """Keep the title over the whole width."""
        self._header.setGeometry(0, 0, self.width(), self.contentsMargins().top())
        super().resizeEvent(event)

    def paintEvent(self, event):
        """Draw the frame round the contents."""
        painter = QtGui.QPainter(self)
        painter.setPen(self.palette().color(QtGui.QPalette.Mid))
        top = self.contentsMargins().top()
        painter.fillRect(0, 0, self.width(), top, self.palette().color(QtGui.QPalette.Button))
        painter.drawRect(0, 0, self.width() - 1, self.height() - 1)
        super().paintEvent(event)

    def setCollapsed(self, collapsed):
        """Fold or unfold."""
        changed = collapsed != self._collapsed
        self._collapsed = collapsed
        self._update()
        if changed:
            self.contentsCollapsed.emit(collapsed)

    def setText(self, text):
        """Set the title."""
        self._text = text
        self._update()

    def childEvent(self, event):
        """Hide what is added while folded."""
        super().childEvent(event)
        if hasattr(self, "_header"):
            self._update()

    def _update(self):
        self._header.setText(self._text)
        self._header.setArrowType(QtCore.Qt.RightArrow if self._collapsed else QtCore.Qt.DownArrow)
        self.setMaximumHeight(self.contentsMargins().top() if self._collapsed else 16777215)
        if self._collapsed:
            self.setMinimumHeight(self.contentsMargins().top())

    collapsed = Property(bool, lambda self: self._collapsed, lambda self, value: self.setCollapsed(value))
    text = Property(str, lambda self: self._text, lambda self, value: self.setText(value))


class ctkPathLineEdit(QtWidgets.QWidget):
    """A path with a button that opens a file dialog; only a path that fits the name filters is told as changed."""

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)
    Files, Dirs, Drives, NoDot, NoDotDot = 0x2, 0x1, 0x4, 0x2000, 0x4000
    NoDotAndDotDot, Readable, Writable, Executable = 0x6000, 0x10, 0x20, 0x40
    AdjustToMinimumContentsLength = 2

    def __init__(self, parent=None):
        super().__init__(parent)
        self._values = {"filters": 0, "nameFilters": [], "sizeAdjustPolicy": self.AdjustToMinimumContentsLength}
        self._valid = False
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._line = QtWidgets.QLineEdit()
        self._button = QtWidgets.QToolButton()
        self._button.setText("…")
        layout.addWidget(self._line)
        layout.addWidget(self._button)
        self._line.textChanged.connect(self._update)

    def _update(self, path):
        patterns = re.findall(r"\*\.\w+", " ".join(self._values["nameFilters"])) or ["?*"]
        before, self._valid = self._valid, any(fnmatch.fnmatch(path, pattern) for pattern in patterns)
        if self._valid:
            self.currentPathChanged.emit(path)
        if self._valid != before:
            self.validInputChanged.emit(self._valid)

    def setCurrentPath(self, path):
        """Set the path."""
        self._line.setText(path)

    currentPath = Property(str, lambda self: self._line.text(), lambda self, value: self.setCurrentPath(value))
    filters = Property(int, lambda self: self._values["filters"], lambda self, v: self._values.update(filters=v))
    nameFilters = Property(
        "QStringList", lambda self: self._values["nameFilters"], lambda self, v: self._values.update(nameFilters=v)
    )
    sizeAdjustPolicy = Property(
        int,
        lambda self: self._values["sizeAdjustPolicy"],
        lambda self, v: self._values.update(sizeAdjustPolicy=v),
    )


class qMRMLWidget(QtWidgets.QWidget):
    """Base of widgets that show a scene."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None

    def mrmlScene(self):
        """Give the scene."""
        return self._scene

    def setMRMLScene(self, scene):
        """Show another scene."""
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


class qMRMLNodeComboBox(QtWidgets.QWidget):
    """A list of the scene's nodes of some classes; the names in it follow the scene."""

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    nodeAdded = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._values = dict.fromkeys(FLAGS, False)
        self._types, self._scene, self._current, self._tags, self._named = [], None, None, [], []
        self._box = QtWidgets.QComboBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.activated.connect(lambda index: self.setCurrentNodeID(self._box.itemData(index) or ""))

    def setMRMLScene(self, scene):
        """Show another scene."""
        for observed, tag in self._tags:
            observed.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        if scene is not None:
            self._tags = [
                (scene, scene.AddObserver(getattr(slicer.vtkMRMLScene, event), lambda *_: self._populate()))
                for event in SCENE_EVENTS
            ]
        self._populate()

    def mrmlScene(self):
        """Give the scene."""
        return self._scene

    def currentNode(self):
        """Give the selected node or None."""
        return self._current

    def nodeCount(self):
        """How many nodes can be selected."""
        return len(self._nodes())

    def setCurrentNode(self, node):
        """Select a node; what is not in the list is no selection."""
        chosen = node if node in self._nodes() else None
        if chosen is None and node is not None and self._scene is not None and self._scene.IsBatchProcessing():
            return
        changed = chosen is not self._current
        self._current = chosen
        self._box.setCurrentIndex(max(self._box.findData(chosen.GetID()), -1) if chosen else self._box.findData(""))
        if changed:
            self.currentNodeChanged.emit(chosen)
            self.currentNodeIDChanged.emit(chosen.GetID() if chosen else "")

    def setCurrentNodeID(self, node_id):
        """Select a node by its ID."""
        self.setCurrentNode(self._scene.GetNodeByID(node_id) if self._scene and node_id else None)

    def _nodes(self):
        if self._scene is None:
            return []
        found = []
        for node_class in self._types:
            for index in range(self._scene.GetNumberOfNodesByClass(node_class)):
                node = self._scene.GetNthNodeByClass(index, node_class)
                exact = node.GetClassName() == node_class or self._values["showChildNodeTypes"]
                if exact and not node.GetHideFromEditors():
                    found.append(node)
        return found

    def _populate(self):
        if self._scene is not None and self._scene.IsBatchProcessing():
            return
        nodes = self._nodes()
        self._follow_names(nodes)
        self._box.clear()
        if self._values["noneEnabled"]:
            self._box.addItem("None", "")
        for node in nodes:
            self._box.addItem(node.GetName(), node.GetID())
        keep = self._current if self._current in nodes else None
        if keep is None and nodes and not self._values["noneEnabled"]:
            keep = nodes[0]
        self.setCurrentNode(keep)

    def _follow_names(self, nodes):
        for node, tag in self._named:
            node.RemoveObserver(tag)
        self._named = [(node, node.AddObserver("ModifiedEvent", self._rename)) for node in nodes]

    def _rename(self, node, _event):
        index = self._box.findData(node.GetID())
        if index >= 0:
            self._box.setItemText(index, node.GetName())

    nodeTypes = Property(
        "QStringList", lambda self: self._types, lambda self, value: (setattr(self, "_types", value), self._populate())
    )
    currentNodeID = Property(
        str, lambda self: self._current.GetID() if self._current else "", lambda self, v: self.setCurrentNodeID(v)
    )


def _flag(name):
    return Property(bool, lambda self: self._values[name], lambda self, value: self._values.update({name: value}))


def _with_flags(cls, names):
    """Make the class again with boolean properties: a meta object is fixed when its class is made."""
    return type(cls)(cls.__name__, (cls,), {name: _flag(name) for name in names})


qMRMLNodeComboBox = _with_flags(qMRMLNodeComboBox, FLAGS)


class qMRMLSegmentSelectorWidget(qMRMLWidget):
    """A segmentation and one of its segments; the first is selected when the selected one is not there."""

    currentNodeChanged = Signal(object)
    currentSegmentChanged = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._segmentation, self._tags, self._segment_id = None, [], ""
        self._node_box = qMRMLNodeComboBox()
        self._node_box.nodeTypes = ["vtkMRMLSegmentationNode"]
        self._box, self._message = QtWidgets.QComboBox(), QtWidgets.QLabel()
        layout = QtWidgets.QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._node_box, 0, 0)
        layout.addWidget(self._box, 1, 0)
        layout.addWidget(self._message, 2, 0)
        self._node_box.currentNodeChanged.connect(self._node_changed)
        self._node_box.currentNodeChanged.connect(self.currentNodeChanged)
        self._box.currentIndexChanged.connect(self._segment_changed)
        self.mrmlSceneChanged.connect(self._node_box.setMRMLScene)
        self._populate()

    def currentNode(self):
        """Give the segmentation node or None."""
        return self._node_box.currentNode()

    def currentNodeID(self):
        """Give the segmentation node's ID."""
        return self._node_box.currentNodeID

    def currentSegmentID(self):
        """Give the segment's ID; as in Slicer it stays when the node goes."""
        return self._segment_id

    def segmentIDs(self):
        """Give the IDs that can be selected."""
        return [self._box.itemData(row) for row in range(self._box.count())]

    def setCurrentNode(self, node):
        """Select a segmentation."""
        self._node_box.setCurrentNode(node)

    def setCurrentNodeID(self, node_id):
        """Select a segmentation by its ID."""
        self._node_box.setCurrentNodeID(node_id)

    def setCurrentSegmentID(self, segment_id):
        """Select a segment."""
        index = self._box.findData(segment_id)
        if index >= 0 and index != self._box.currentIndex():
            self._box.setCurrentIndex(index)

    def _node_changed(self, node):
        for observed, tag in self._tags:
            observed.RemoveObserver(tag)
        self._segmentation, self._tags = node, []
        if node is not None:
            events = ("SegmentAdded", "SegmentRemoved", "SegmentModified")
            self._tags = [
                (node, node.AddObserver(getattr(slicer.vtkSegmentation, event), lambda *_: self._populate()))
                for event in events
            ]
        self._populate()

    def _populate(self):
        blocked = self._box.blockSignals(True)
        self._box.clear()
        segmentation = self._segmentation.GetSegmentation() if self._segmentation else None
        segment_ids = list(segmentation.GetSegmentIDs()) if segmentation else []
        for segment_id in segment_ids:
            self._box.addItem(segmentation.GetSegment(segment_id).GetName(), segment_id)
        self._box.setVisible(bool(segment_ids))
        self._message.setVisible(not segment_ids)
        self._message.setText("No segments in segmentation" if self._segmentation else "No node is selected")
        self._box.setCurrentIndex(self._box.findData(self._segment_id) if self._segment_id else -1)
        self._box.blockSignals(blocked)
        if segment_ids and self._segment_id not in segment_ids:
            self._box.setCurrentIndex(0)

    def _segment_changed(self, index):
        self._segment_id = self._box.itemData(index) or ""
        self.currentSegmentChanged.emit(self._segment_id)


CUSTOM = (ctkCollapsibleButton, ctkPathLineEdit, qMRMLWidget, qMRMLNodeComboBox, qMRMLSegmentSelectorWidget)
