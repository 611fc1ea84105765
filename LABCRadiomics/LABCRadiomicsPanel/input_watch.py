"""Notices when the voxels, the contour or the place of the inputs change, also by other modules."""

import slicer
import vtk
from slicer.util import VTKObservationMixin


class InputWatch(VTKObservationMixin):
    """Observes one volume and some segmentations; their names and display do not count."""

    def __init__(self, edited, segmentRemoved):
        """
        :param edited: called without arguments when a result of the inputs is no longer theirs
        :param segmentRemoved: called with the segmentation node when it lost a segment
        """
        VTKObservationMixin.__init__(self)
        self._edited, self._segmentRemoved = edited, segmentRemoved
        self._inputs = (None, ())
        self._voxels = None

    def watch(self, volumeNode, segmentationNodes):
        """Observe these nodes and no others; the volume may be None.

        :return: whether they were not observed before, so that they may have been edited unseen
        """
        segmentationNodes = tuple(segmentationNodes)
        if (volumeNode, segmentationNodes) == self._inputs:
            return False
        self.cleanup()
        self._inputs = volumeNode, segmentationNodes
        self._voxels = voxelState(volumeNode)
        for node in filter(None, (volumeNode, *segmentationNodes)):
            self.addObserver(node, slicer.vtkMRMLTransformableNode.TransformModifiedEvent, self._onEdited)
        if volumeNode is not None:
            self.addObserver(volumeNode, vtk.vtkCommand.ModifiedEvent, self._onVolumeModified)
        for segmentationNode in segmentationNodes:
            modified = slicer.vtkSegmentation.SourceRepresentationModified
            self.addObserver(segmentationNode, modified, self._onEdited)
            self.addObserver(segmentationNode, slicer.vtkSegmentation.SegmentRemoved, self._onSegmentRemoved)
        return True

    def cleanup(self):
        """Observe nothing."""
        self.removeObservers()
        self._inputs = (None, ())

    def _onEdited(self, _caller, _event):
        self._edited()

    def _onSegmentRemoved(self, segmentationNode, _event):
        self._segmentRemoved(segmentationNode)

    def _onVolumeModified(self, volumeNode, _event):
        state = voxelState(volumeNode)
        if state != self._voxels:
            self._voxels = state
            self._edited()


def voxelState(volumeNode):
    """What changes when the voxels of a volume or their grid change, and not with its name or display."""
    if volumeNode is None or volumeNode.GetImageData() is None:
        return None
    image, matrix = volumeNode.GetImageData(), vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    scalars = image.GetPointData().GetScalars()
    times = image.GetMTime(), scalars.GetMTime() if scalars is not None else 0
    return *times, *(matrix.GetElement(row, column) for row in range(3) for column in range(4))
