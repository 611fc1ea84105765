"""The qMRML widgets of the panel, on PySide6 and real MRML, as Slicer's documentation describes them."""

from __future__ import annotations

import slicer
import vtk
from PySide6 import QtCore, QtWidgets

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
    """A list of the scene's nodes of some classes, one row a node.

    As qMRMLSceneModel.cxx and qMRMLNodeComboBox.cxx do: rows come and go one at a time, the box chooses what then is
    current; after a scene was closed or loaded all rows are made anew; a node under a new name is told as a new choice.
    An entry that is no node ("None", "Rename current ...") keeps the box from choosing the first node by itself.
    """

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    nodeAdded = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._values = dict.fromkeys(FLAGS, False) | {"addEnabled": True, "removeEnabled": True}
        self._types, self._scene, self._tags, self._observed = [], None, [], {}
        self._box = QtWidgets.QComboBox()
        self.setSizePolicy(QtWidgets.QSizePolicy.Preferred, QtWidgets.QSizePolicy.Fixed)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.currentTextChanged.connect(self._emit)  # also when another row has the same text
        self.setEnabled(False)

    def setMRMLScene(self, scene):
        """Show another scene."""
        if scene is self._scene:
            return
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        blocked = self._box.blockSignals(True)
        self._rebuild()
        self._box.blockSignals(blocked)
        if scene is not None:
            event = slicer.vtkMRMLScene
            self._tags = [
                scene.AddObserver(event.NodeAddedEvent, _with_node(self._add), 10.0),
                scene.AddObserver(event.NodeAboutToBeRemovedEvent, _with_node(self._remove), -10.0),
                scene.AddObserver(event.EndCloseEvent, lambda *_: self._rebuild()),
                scene.AddObserver(event.EndImportEvent, lambda *_: self._rebuild()),
            ]
        self._emit()
        self.setEnabled(scene is not None)

    def mrmlScene(self):
        """Give the scene."""
        return self._scene

    def currentNode(self):
        """Give the selected node or None."""
        return self.nodeFromIndex(self._box.currentIndex())

    def nodeCount(self):
        """How many nodes can be selected."""
        return self._box.count() - self._values["noneEnabled"]

    def nodeFromIndex(self, index):
        """Give the node of a row."""
        node_id = self._box.itemData(index)
        return self._scene.GetNodeByID(node_id) if node_id and self._scene is not None else None

    def setCurrentNode(self, node):
        """Select a node; what is not in the list is no selection."""
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, node_id):
        """Select a node by its ID."""
        self._box.setCurrentIndex(self._row(node_id))

    def _row(self, node_id):
        none = 0 if self._values["noneEnabled"] else -1
        return self._box.findData(node_id) if node_id and self._box.findData(node_id) >= 0 else none

    def _emit(self, _text=None):
        node = self.currentNode()
        self.currentNodeChanged.emit(node)
        self.currentNodeIDChanged.emit(node.GetID() if node else "")

    def _is_listed(self, node):
        of_type = any(
            node.IsA(name) if self._values["showChildNodeTypes"] else node.GetClassName() == name
            for name in self._types
        )
        return of_type and not node.GetHideFromEditors()

    def _add(self, node):
        if not self._scene.IsImporting():
            self._insert(node)

    def _insert(self, node):
        if node.GetID() not in self._observed:
            self._observed[node.GetID()] = node, node.AddObserver("ModifiedEvent", self._modified)
        if self._is_listed(node) and self._box.findData(node.GetID()) < 0:
            self._append(node)
            self.nodeAdded.emit(node)

    def _append(self, node):
        first = self._box.currentIndex() < 0
        has_actions = any(self._values[f"{action}Enabled"] for action in ("add", "remove", "rename", "edit"))
        blocked = self._box.blockSignals(self._box.signalsBlocked() or (first and has_actions))
        self._box.addItem(node.GetName(), node.GetID())
        if first and has_actions:
            self._box.setCurrentIndex(-1)
        self._box.blockSignals(blocked)

    def _remove(self, node):
        if self._scene.IsClosing():
            return
        observed, tag = self._observed.pop(node.GetID(), (None, None))
        if observed is not None:
            observed.RemoveObserver(tag)
        row = self._box.findData(node.GetID())
        if row >= 0:
            self._box.removeItem(row)

    def _rebuild(self):
        for node, tag in self._observed.values():
            node.RemoveObserver(tag)
        self._observed = {}
        self._box.model().removeRows(0, self._box.count())
        if self._values["noneEnabled"]:
            self._box.addItem("None", "")
        for index in range(self._scene.GetNumberOfNodes() if self._scene is not None else 0):
            self._insert(self._scene.GetNthNode(index))

    def _modified(self, node, _event):
        if self._scene.IsClosing() or self._scene.IsImporting():
            return
        row, listed = self._box.findData(node.GetID()), self._is_listed(node)
        if row >= 0 and not listed:
            self._box.removeItem(row)
        elif row < 0 and listed:
            self._append(node)
        elif row >= 0 and self._box.itemText(row) != node.GetName():
            self._box.setItemText(row, node.GetName())

    def _set_types(self, types):
        self._types = list(types)
        if self._scene is not None:
            self._rebuild()

    nodeTypes = Property("QStringList", lambda self: self._types, lambda self, value: self._set_types(value))
    currentNodeID = Property(
        str,
        lambda self: self.currentNode().GetID() if self.currentNode() else "",
        lambda self, value: self.setCurrentNodeID(value),
    )


def _with_node(method):
    """An observer that is given the node of the event."""

    def observer(_scene, _event, node):
        method(node)

    observer.CallDataType = vtk.VTK_OBJECT
    return observer


def _flag(name):
    return Property(bool, lambda self: self._values[name], lambda self, value: self._values.update({name: value}))


def _with_flags(cls, names):
    """Make the class again with boolean properties: a meta object is fixed when its class is made."""
    return type(cls)(cls.__name__, (cls,), {name: _flag(name) for name in names})


qMRMLNodeComboBox = _with_flags(qMRMLNodeComboBox, FLAGS)


class qMRMLSegmentSelectorWidget(qMRMLWidget):
    """A segmentation, none at first (its box can rename); its first segment when the selected one is not there.

    As qMRMLSegmentSelectorWidget.cxx: where none is allowed, both boxes have an entry "None", and no segment is chosen
    when a segmentation is.
    """

    currentNodeChanged = Signal(object)
    currentSegmentChanged = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._segmentation, self._tags, self._segment_id = None, [], ""
        self._node_box = qMRMLNodeComboBox()
        self._node_box.nodeTypes = ["vtkMRMLSegmentationNode"]
        self._node_box.addEnabled, self._node_box.renameEnabled = False, True
        self._label, self._message = QtWidgets.QLabel("Segment: "), QtWidgets.QLabel()
        self._box = QtWidgets.QComboBox()
        self._box.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        layout = QtWidgets.QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._node_box, 0, 0, 1, 2)
        layout.addWidget(self._label, 1, 0)
        layout.addWidget(self._box, 1, 1)
        layout.addWidget(self._message, 2, 0, 1, 2)
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
        return [self._box.itemData(row) for row in range(self.noneEnabled, self._box.count())]

    def setCurrentNode(self, node):
        """Select a segmentation."""
        self._node_box.setCurrentNode(node)

    def setCurrentNodeID(self, node_id):
        """Select a segmentation by its ID."""
        self._node_box.setCurrentNodeID(node_id)

    def setCurrentSegmentID(self, segment_id):
        """Select a segment."""
        if not segment_id and self.noneEnabled:
            self._box.setCurrentIndex(0)
            return
        index = self._box.findData(segment_id)
        if index >= 0 and index != self._box.currentIndex():
            self._box.setCurrentIndex(index)

    def _set_none_enabled(self, enabled):
        self._node_box.noneEnabled = enabled
        self._node_box._rebuild()
        self._populate()

    noneEnabled = Property(bool, lambda self: self._node_box.noneEnabled, _set_none_enabled)

    def _node_changed(self, node):
        if node is self._segmentation:
            return
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
        if segment_ids and self.noneEnabled:
            self._box.addItem("None", "")
        for segment_id in segment_ids:
            self._box.addItem(segmentation.GetSegment(segment_id).GetName(), segment_id)
        self._box.setVisible(bool(segment_ids))
        self._label.setVisible(bool(segment_ids))
        self._message.setVisible(not segment_ids)
        self._message.setText("No segments in segmentation" if self._segmentation else "No node is selected")
        none = 0 if segment_ids and self.noneEnabled else -1
        self._box.setCurrentIndex(self._box.findData(self._segment_id) if self._segment_id in segment_ids else none)
        self._box.blockSignals(blocked)
        if segment_ids and self._segment_id not in segment_ids and (self._segment_id or not self.noneEnabled):
            self._box.setCurrentIndex(int(self.noneEnabled))

    def _segment_changed(self, index):
        if self._segmentation is None:
            return
        self._segment_id = self._box.itemData(index) or ""
        self.currentSegmentChanged.emit(self._segment_id)


CUSTOM = (qMRMLWidget, qMRMLNodeComboBox, qMRMLSegmentSelectorWidget)
