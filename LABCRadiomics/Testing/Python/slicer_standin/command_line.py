"""A command line module of Slicer's, as ``slicer.cli.run`` starts it, on a real node: its states, its end, its table.

What is played here is vtkSlicerCLIModuleLogic and vtkMRMLCommandLineModuleNode: a state is told by the node's own
event, and the code that told it goes on with the node; the output table comes with a storage node.
"""

from __future__ import annotations

import slicer
import vtk


class NodeFreedInItsOwnEvent(Exception):
    """Slicer goes on with a node that is no longer there: the application crashes."""


class CommandLineModule:
    """Stands for ``slicer.cli`` and one module; ``finish`` plays the command's end."""

    def __init__(self):
        self.nodeID = None
        self.parameters = {}

    @property
    def node(self):
        """The command's node while it is in the scene."""
        return slicer.mrmlScene.GetNodeByID(self.nodeID) if self.nodeID else None

    def run(
        self,
        module,
        node=None,
        parameters=None,
        wait_for_completion=False,
        delete_temporary_files=True,
        update_display=True,
        hide_window=True,
    ):
        """Schedule the command."""
        assert node is None and not wait_for_completion
        self.parameters = dict(parameters)
        node = slicer.vtkMRMLCommandLineModuleNode()
        slicer.mrmlScene.AddNode(node)
        self.nodeID = node.GetID()
        node.SetStatus(node.Scheduled)
        return node

    def become(self, state: str) -> None:
        """Tell a state by the node's event; here no reference to the node is held while observers hear of it.

        Raises
        ------
        NodeFreedInItsOwnEvent
            An observer removed the node.
        """
        slicer.mrmlScene.GetNodeByID(self.nodeID).SetStatus(getattr(slicer.vtkMRMLCommandLineModuleNode, state))
        if self.node is None:
            raise NodeFreedInItsOwnEvent(f"the node was removed from the scene in the event that told {state}")

    def finish(self, values, states=("Running", "Completing", "Completed"), error="") -> None:
        """Write the table, one column a value, and pass through states."""
        table = slicer.mrmlScene.GetNodeByID(self.parameters["out"])
        for name, value in values.items():
            column = vtk.vtkStringArray()
            column.SetName(name)
            column.InsertNextValue(value)
            table.AddColumn(column)
        table.AddDefaultStorageNode()
        self.node.SetErrorText(error)
        for state in states:
            self.become(state)
