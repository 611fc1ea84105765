"""Which volume and which segmentation are taken without being asked: the only one there is, and none of several."""

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from LABCRadiomicsLib.mrml import can_be_mri

INPUTS = ("volume", "segmentation")


class InputChoice(VTKObservationMixin):
    """One rule for the volume and the segmentation, whenever they are loaded.

    Where none is chosen the only candidate is taken: the only volume that can be the MRI, the only segmentation. What
    Slicer's selectors would choose by themselves when a chosen node is removed is not taken.
    """

    def __init__(self, chosen, take):
        """
        :param chosen: gives the chosen volume and segmentation node, each None when none is
        :param take: called with the name of an input, "volume" or "segmentation", and the node or None to choose
        """
        VTKObservationMixin.__init__(self)
        self._chosen, self._take = chosen, take
        self._removed = set()
        self._scheduled = False
        self._observing = False

    def watch(self):
        """Follow what comes into the scene and goes, and apply the rule now."""
        if not self._observing:
            self._observing = True
            scene = slicer.mrmlScene
            self.addObserver(scene, scene.NodeAddedEvent, self._onNodeAdded)
            # Before the selectors and the parameter node hear of it.
            self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._onNodeAboutToBeRemoved, priority=20.0)
        self.apply()

    def cleanup(self):
        """Follow nothing."""
        self.removeObservers()
        self._observing = self._scheduled = False
        self._removed = set()

    def apply(self):
        """Take the only candidate for each input that has no choice."""
        if not self._observing:
            return
        removed, self._removed = self._removed, set()
        for name, node, candidates in zip(INPUTS, self._chosen(), (volumes, segmentations), strict=True):
            if node is not None and name not in removed:
                continue
            found = candidates()
            only = found[0] if len(found) == 1 else None
            if only is not node:
                self._take(name, only)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAdded(self, _scene, _event, node):
        if isInput(node):
            self._schedule()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAboutToBeRemoved(self, scene, _event, node):
        if not isInput(node) or scene.IsClosing():
            return
        self._removed |= {name for name, chosen in zip(INPUTS, self._chosen(), strict=True) if node is chosen}
        self._schedule()

    def _schedule(self):
        """Apply the rule when the application is idle: a node is filled only after it was added."""
        if not self._scheduled:
            self._scheduled = True
            qt.QTimer.singleShot(0, self._onIdle)

    def _onIdle(self):
        if self._scheduled:  # not cleaned up in the meantime
            self._scheduled = False
            self.apply()


def isInput(node):
    """Whether a node may be an input, or may be the one beside which another is not the only one."""
    return node is not None and (node.IsA("vtkMRMLScalarVolumeNode") or node.IsA("vtkMRMLSegmentationNode"))


def volumes():
    """Give the scene's volumes that can be the MRI."""
    return [node for node in _shown("vtkMRMLScalarVolumeNode") if can_be_mri(node)]


def segmentations():
    """Give the scene's segmentations."""
    return _shown("vtkMRMLSegmentationNode")


def _shown(nodeClass):
    scene = slicer.mrmlScene
    nodes = [scene.GetNthNodeByClass(index, nodeClass) for index in range(scene.GetNumberOfNodesByClass(nodeClass))]
    return [node for node in nodes if not node.GetHideFromEditors()]
