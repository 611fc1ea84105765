"""A result in the scene: text, tables and a plot, named, in one subject hierarchy folder, reused by the next result.

Which node is which is kept in a node attribute, so those of a loaded scene are found again whatever their names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from ..model import Model
from ..scoring import Prediction, SurvivalCurve, document_text, read_document, survival_curve
from ..scoring.wording import training_range

FOLDER = "LABC Radiomics result"
CURVES_FOLDER = "Curves"
ROLE = "LABCRadiomics.role"
VOLUME, SEGMENTATION = "LABCRadiomics.volume", "LABCRadiomics.segmentation"  # node references of the result

# Color-blind safe (Okabe-Ito), as in the report; the gray of the patient shows on dark and on light views.
_COLORS = {"patient": (0.45, 0.45, 0.45), "high": (0.84, 0.37, 0.0), "low": (0.0, 0.45, 0.70)}


def store_result(
    scene: slicer.vtkMRMLScene,
    document: Mapping[str, Any],
    model: Model,
    prediction: Prediction,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    segmentation_node: slicer.vtkMRMLSegmentationNode,
) -> slicer.vtkMRMLTextNode:
    """Write a result into the scene's result nodes; they are made when they are not there.

    Returns
    -------
    vtkMRMLTextNode
        The document; it references the volume and the segmentation.
    """
    remove_nodes(scene, keep=result_nodes(scene).values())  # those of an earlier scene, which nobody shows
    text = _node(scene, "vtkMRMLTextNode", "result", "LABC Radiomics result")
    text.SetText(document_text(document))
    text.SetNodeReferenceID(VOLUME, volume_node.GetID())
    text.SetNodeReferenceID(SEGMENTATION, segmentation_node.GetID())
    table = _node(scene, "vtkMRMLTableNode", "contributions", "LABC Radiomics features")
    _fill_contributions(table, document["contributions"], model)
    curve = survival_curve(model, prediction)
    if curve is None:
        remove_nodes(scene, keep=(text, table))
    else:
        _fill_chart(scene, model, prediction, curve)
    _put_into_folder(scene)
    return text


def read_result(text_node: slicer.vtkMRMLTextNode | None) -> dict[str, Any] | None:
    """Read the document of a result node, also one of an earlier version; None when there is none that can be shown."""
    return None if text_node is None else read_document(text_node.GetText() or "")


def result_nodes(scene: slicer.vtkMRMLScene) -> dict[str, slicer.vtkMRMLNode]:
    """Find the scene's result nodes by their role; the newest where a scene was loaded into one with a result."""
    return {node.GetAttribute(ROLE): node for node in _all_result_nodes(scene)}


def _all_result_nodes(scene: slicer.vtkMRMLScene) -> list[slicer.vtkMRMLNode]:
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    return [node for node in nodes if node.GetAttribute(ROLE)]


def remove_nodes(scene: slicer.vtkMRMLScene, keep: Collection[slicer.vtkMRMLNode] = ()) -> None:
    """Remove the scene's result nodes."""
    for node in _all_result_nodes(scene):
        if node not in keep:
            scene.RemoveNode(node)


def _node(scene: slicer.vtkMRMLScene, node_class: str, role: str, name: str) -> slicer.vtkMRMLNode:
    found = result_nodes(scene).get(role)
    if found is not None and found.IsA(node_class):
        return found
    node = scene.AddNewNodeByClass(node_class, scene.GenerateUniqueName(name))
    node.SetAttribute(ROLE, role)
    return node


def _fill_contributions(
    table: slicer.vtkMRMLTableNode, contributions: Sequence[Mapping[str, Any]], model: Model
) -> None:
    """One row a feature: texts with six significant digits."""
    words = {True: "yes", False: "no", None: "not stated"}
    ranges = {term.feature: training_range(term) for term in model.score.terms}
    columns = {
        "Feature": [part["feature"] for part in contributions],
        "Value": [f"{part['value']:.6g}" for part in contributions],
        "Coefficient": [f"{part['coefficient']:.6g}" for part in contributions],
        "Contribution": [f"{part['contribution']:.6g}" for part in contributions],
        "Training range": [ranges[part["feature"]] for part in contributions],
        "In training range": [words[part["in_range"]] for part in contributions],
    }
    was_modified = table.StartModify()
    table.RemoveAllColumns()
    for name, values in columns.items():
        column = vtk.vtkStringArray()
        column.SetName(name)
        for value in values:
            column.InsertNextValue(value)
        table.AddColumn(column)
    table.SetUseColumnTitleAsColumnHeader(False)
    table.EndModify(was_modified)


def _fill_chart(scene: slicer.vtkMRMLScene, model: Model, prediction: Prediction, curve: SurvivalCurve) -> None:
    wanted: dict[str, tuple[str, np.ndarray, np.ndarray, str, bool]] = {}
    for name in ("low", "high"):
        group = getattr(model.groups, name, None)
        if group is not None:
            steps = _steps((0.0, *group.months), (1.0, *group.survival))
            wanted[name] = (f"{name}-risk group, observed (n = {group.n})", *steps, name, True)
    wanted["patient"] = ("this patient", *_steps(curve.months, curve.probability), "patient", True)
    if curve.lower is not None:
        for name, limit in (("lower", curve.lower), ("upper", curve.upper)):
            wanted[name] = (f"{name} 95% limit", *_steps(curve.months, limit), "patient", True)
    months = np.array([estimate.months for estimate in prediction.survival])
    probability = np.array([estimate.probability for estimate in prediction.survival])
    wanted["horizons"] = ("horizons", months, probability, "patient", False)
    chart = _node(scene, "vtkMRMLPlotChartNode", "chart", "LABC Radiomics survival")
    was_modified = chart.StartModify()
    chart.RemoveAllPlotSeriesNodeIDs()
    for role, (name, x, y, color, line) in wanted.items():
        chart.AddAndObservePlotSeriesNodeID(_fill_series(scene, role, name, x, y, color, line).GetID())
    chart.SetTitle("Predicted survival and the training cohort's risk groups")
    chart.SetXAxisTitle("months since baseline")
    chart.SetYAxisTitle(f"{model.nomogram.endpoint.lower()} (probability)")
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, 1.02)
    chart.SetLegendVisibility(True)
    chart.EndModify(was_modified)
    _drop_unused_curves(scene, wanted)


def _fill_series(
    scene: slicer.vtkMRMLScene, role: str, name: str, x: np.ndarray, y: np.ndarray, color: str, line: bool
) -> slicer.vtkMRMLPlotSeriesNode:
    table = _node(scene, "vtkMRMLTableNode", f"table:{role}", f"LABC Radiomics curve, {role}")
    was_modified = table.StartModify()
    table.RemoveAllColumns()
    for column_name, values in (("months", x), ("probability", y)):
        column = numpy_to_vtk(np.ascontiguousarray(values, dtype=float), deep=True)
        column.SetName(column_name)
        table.AddColumn(column)
    table.EndModify(was_modified)
    series = _node(scene, "vtkMRMLPlotSeriesNode", f"series:{role}", name)
    series.SetName(name)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName("months")
    series.SetYColumnName("probability")
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    series.SetColor(*_COLORS[color])
    series.SetLineWidth(3 if role == "patient" else 2)
    limit = role in ("lower", "upper")
    style = slicer.vtkMRMLPlotSeriesNode.LineStyleDot if limit else slicer.vtkMRMLPlotSeriesNode.LineStyleSolid
    series.SetLineStyle(style if line else slicer.vtkMRMLPlotSeriesNode.LineStyleNone)
    marker = slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone if line else slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle
    series.SetMarkerStyle(marker)
    return series


def _drop_unused_curves(scene: slicer.vtkMRMLScene, used: Mapping[str, object]) -> None:
    for role, node in result_nodes(scene).items():
        kind, _, name = role.partition(":")
        if kind in ("table", "series") and name not in used:
            scene.RemoveNode(node)


def _steps(months: Sequence[float], probability: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a right-continuous step function; points without a value (limits that do not exist) are left out."""
    x = np.repeat(np.asarray(months, dtype=float), 2)[1:]
    y = np.repeat(np.asarray(probability, dtype=float), 2)[:-1]
    known = np.isfinite(y)
    return x[known], y[known]


def _put_into_folder(scene: slicer.vtkMRMLScene) -> None:
    """Keep the result nodes together; a node that the user moved elsewhere comes back."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    nodes = result_nodes(scene)
    folder = _folder(hierarchy, hierarchy.GetSceneItemID(), FOLDER)
    curves = _folder(hierarchy, folder, CURVES_FOLDER) if "chart" in nodes else None
    for role, node in nodes.items():
        parent = curves if role.partition(":")[0] in ("table", "series") else folder
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.SetItemParent(item, parent)
        else:  # no plugin of the application claimed the node
            hierarchy.CreateItem(parent, node)
    stale = hierarchy.GetItemChildWithName(folder, CURVES_FOLDER)
    if curves is None and stale:
        hierarchy.RemoveItem(stale)


def _folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, parent: int, name: str) -> int:
    return hierarchy.GetItemChildWithName(parent, name) or hierarchy.CreateFolderItem(parent, name)
