"""A result in the scene: text, tables and a plot, named, in one subject hierarchy folder, reused by the next result.

Which node is which is kept in a node attribute, and which folder is which in an attribute of its item, so those of a
loaded scene are found again whatever their names; a node that has the folder's name is not taken for it. Functions that
write words into the scene take ``_``, which translates a sentence; the Slicer module gives its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import ArrayLike
from vtk.util.numpy_support import numpy_to_vtk

from ..feature_words import feature_sentence
from ..model import Model
from ..scoring import Prediction, SurvivalCurve, document_text, read_document, require_score, survival_curve
from ..scoring.wording import training_range
from .inputs import BREAST, SECOND_READER, TISSUE

ROLE = "LABCRadiomics.role"  # attribute of a node, and of the item of a folder
RESULT_FOLDER, CURVES_FOLDER = "folder:result", "folder:curves"
VOLUME, SEGMENTATION = "LABCRadiomics.volume", "LABCRadiomics.segmentation"  # node references of the result
REGIONS = {name: f"LABCRadiomics.{name}" for name in (SECOND_READER, BREAST, TISSUE)}  # of segments beside the tumor's

# Color-blind safe (Okabe-Ito), as in the report; plot views are light in every theme, so the patient is near black.
_COLORS = {"patient": (0.1, 0.1, 0.1), "high": (0.84, 0.37, 0.0), "low": (0.0, 0.45, 0.70)}

Translate = Callable[[str], str]


def store_result(
    scene: slicer.vtkMRMLScene,
    document: Mapping[str, Any],
    model: Model,
    prediction: Prediction,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    segmentation_node: slicer.vtkMRMLSegmentationNode,
    _: Translate = str,
    others: Mapping[str, tuple[slicer.vtkMRMLSegmentationNode, str]] | None = None,
) -> slicer.vtkMRMLTextNode:
    """Write a result into the scene's result nodes; they are made when they are not there.

    Parameters
    ----------
    scene : vtkMRMLScene
    document : mapping
        The result document.
    model : Model
    prediction : Prediction
        Made by the model.
    volume_node, segmentation_node
        What was scored.
    _ : callable, optional
        Translates a sentence.
    others : mapping, optional
        What else took part, see :func:`.inputs.other_masks`.

    Returns
    -------
    vtkMRMLTextNode
        The document; it references the volume and the segmentations.
    """
    remove_nodes(scene, keep=result_nodes(scene).values())  # those of an earlier scene, which nobody shows
    text = _node(scene, "vtkMRMLTextNode", "result", _("LABC Radiomics result"))
    text.SetText(document_text(document))
    text.SetNodeReferenceID(VOLUME, volume_node.GetID())
    text.SetNodeReferenceID(SEGMENTATION, segmentation_node.GetID())
    for name, role in REGIONS.items():
        text.SetNodeReferenceID(role, others[name][0].GetID() if others and name in others else None)
    table = _node(scene, "vtkMRMLTableNode", "contributions", _("LABC Radiomics features"))
    _fill_contributions(table, document["contributions"], model, _)
    curve = survival_curve(model, prediction)
    if curve is None or model.nomogram is None:
        remove_nodes(scene, keep=(text, table))
    else:
        _fill_chart(scene, model.nomogram.endpoint, _curves(model, prediction, curve, _), _)
    _put_into_folder(scene, _)
    return text


def show_group(text_node: slicer.vtkMRMLTextNode) -> None:
    """Rewrite a result that withholds its risk group as one that shows it: the user asked for it."""
    document = read_result(text_node)
    if document is not None:
        text_node.SetText(document_text({**document, "group_shown": True}))


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
    table: slicer.vtkMRMLTableNode, contributions: Sequence[Mapping[str, Any]], model: Model, _: Translate
) -> None:
    """One row a feature: texts with six significant digits."""
    words = {True: _("yes"), False: _("no"), None: _("not stated")}
    ranges = {term.feature: training_range(term) for term in require_score(model).terms}
    columns = {
        _("Feature"): [part["feature"] for part in contributions],
        _("Value"): [f"{part['value']:.6g}" for part in contributions],
        _("Coefficient"): [f"{part['coefficient']:.6g}" for part in contributions],
        _("Contribution"): [f"{part['contribution']:.6g}" for part in contributions],
        _("Training range"): [ranges[part["feature"]] for part in contributions],
        _("In training range"): [words[part["in_range"]] for part in contributions],
        _("In words"): [feature_sentence(part["feature"], _) or "" for part in contributions],
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


@dataclass(frozen=True)
class _Curve:
    """One series of the chart: its name in the legend, months, probabilities, and its looks."""

    name: str
    months: np.ndarray
    probability: np.ndarray
    color: str
    width: float = 2
    style: int = slicer.vtkMRMLPlotSeriesNode.LineStyleSolid
    marker: int = slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone


def _fill_chart(scene: slicer.vtkMRMLScene, title: str, wanted: Mapping[str, _Curve], _: Translate) -> None:
    """Draw the patient between the groups, for a view as small as 400 by 300 pixels: few words, small type."""
    chart = _node(scene, "vtkMRMLPlotChartNode", "chart", _("LABC Radiomics survival"))
    was_modified = chart.StartModify()
    chart.RemoveAllPlotSeriesNodeIDs()
    for role, series in wanted.items():
        chart.AddAndObservePlotSeriesNodeID(_fill_series(scene, role, series, _).GetID())
    chart.SetTitle(title)
    chart.SetXAxisTitle(_("Months since baseline"))
    chart.SetYAxisTitle(_("Probability"))
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, 1.02)
    chart.SetLegendVisibility(True)
    for size, pixels in (("Title", 14), ("AxisTitle", 12), ("AxisLabel", 11), ("Legend", 11)):
        getattr(chart, f"Set{size}FontSize")(pixels)
    chart.EndModify(was_modified)
    _drop_unused_curves(scene, wanted)


def _curves(model: Model, prediction: Prediction, curve: SurvivalCurve, _: Translate) -> dict[str, _Curve]:
    """Give the series in the order in which they are drawn: the patient's curve over everything else."""
    looks = slicer.vtkMRMLPlotSeriesNode
    wanted = {}
    names = {"low": _("Low-risk group, observed, n = {n}"), "high": _("High-risk group, observed, n = {n}")}
    for group, name in names.items():
        observed = getattr(model.groups, group, None)
        if observed is not None:
            steps = _steps((0.0, *observed.months), (1.0, *observed.survival))
            wanted[group] = _Curve(name.format(n=observed.n), *steps, group)
    if curve.lower is not None and curve.upper is not None:
        parts = [_steps(curve.months, limit) for limit in (curve.lower, curve.upper)]
        months, probability = (np.concatenate([parts[0][at], [np.nan], parts[1][at]]) for at in (0, 1))  # two lines
        wanted["limits"] = _Curve(_("95% limits"), months, probability, "patient", 1.5, looks.LineStyleDash)
    name = _("This patient") if curve.lower is None else _("This patient (dashed: 95% limits)")
    wanted["patient"] = _Curve(name, *_steps(curve.months, curve.probability), "patient", 4)
    months = np.array([estimate.months for estimate in prediction.survival])
    probability = np.array([estimate.probability for estimate in prediction.survival])
    at = _("This patient at {months} months").format(months=", ".join(f"{month:g}" for month in months))
    wanted["horizons"] = _Curve(at, months, probability, "patient", 2, looks.LineStyleNone, looks.MarkerStyleCircle)
    return wanted


def _fill_series(scene: slicer.vtkMRMLScene, role: str, curve: _Curve, _: Translate) -> slicer.vtkMRMLPlotSeriesNode:
    table_name = _("LABC Radiomics curve: {name}").format(name=curve.name)
    table = _node(scene, "vtkMRMLTableNode", f"table:{role}", table_name)
    was_modified = table.StartModify()
    table.RemoveAllColumns()
    for column_name, values in (("months", curve.months), ("probability", curve.probability)):
        column = numpy_to_vtk(np.ascontiguousarray(values, dtype=float), deep=True)
        column.SetName(column_name)
        table.AddColumn(column)
    table.EndModify(was_modified)
    series = _node(scene, "vtkMRMLPlotSeriesNode", f"series:{role}", curve.name)
    series.SetName(curve.name)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName("months")
    series.SetYColumnName("probability")
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    series.SetColor(*_COLORS[curve.color])
    series.SetLineWidth(curve.width)
    series.SetLineStyle(curve.style)
    series.SetMarkerStyle(curve.marker)
    series.SetMarkerSize(10)
    return series


def _drop_unused_curves(scene: slicer.vtkMRMLScene, used: Mapping[str, object]) -> None:
    for role, node in result_nodes(scene).items():
        kind, _, name = role.partition(":")
        if kind in ("table", "series") and name not in used:
            scene.RemoveNode(node)


def _steps(months: ArrayLike, probability: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a right-continuous step function; points without a value (limits that do not exist) are left out."""
    x = np.repeat(np.asarray(months, dtype=float), 2)[1:]
    y = np.repeat(np.asarray(probability, dtype=float), 2)[:-1]
    known = np.isfinite(y)
    return x[known], y[known]


def _put_into_folder(scene: slicer.vtkMRMLScene, _: Translate) -> None:
    """Keep the result nodes together; a node that the user moved elsewhere comes back."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    nodes = result_nodes(scene)
    folder = _folder(hierarchy, hierarchy.GetSceneItemID(), RESULT_FOLDER, _("LABC Radiomics result"))
    curves = _folder(hierarchy, folder, CURVES_FOLDER, _("Curves")) if "chart" in nodes else None
    for role, node in nodes.items():
        parent = curves if role.partition(":")[0] in ("table", "series") else folder
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.SetItemParent(item, parent)
        else:  # no plugin of the application claimed the node
            hierarchy.CreateItem(parent, node)
    for role in (CURVES_FOLDER, RESULT_FOLDER):  # of an earlier scene, or of a model that gave curves
        for item in _folders(hierarchy, role):
            if item not in (folder, curves) and not hierarchy.GetNumberOfItemChildren(item):
                hierarchy.RemoveItem(item)


def _folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, parent: int, role: str, name: str) -> int:
    """Give the folder of a role, a new one when there is none; it keeps the name that the user gave it."""
    known = _folders(hierarchy, role)
    if not known:
        item = hierarchy.CreateFolderItem(parent, name)
        hierarchy.SetItemAttribute(item, ROLE, role)
        return item
    if hierarchy.GetItemParent(known[-1]) != parent:
        hierarchy.SetItemParent(known[-1], parent)
    return known[-1]


def _folders(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, role: str) -> list[int]:
    """Find our folders of a role by their attribute: a result node may have the name of one."""
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), children, True)
    items = [children.GetId(at) for at in range(children.GetNumberOfIds())]
    return [
        item for item in items if hierarchy.GetItemAttribute(item, ROLE) == role and not hierarchy.GetItemDataNode(item)
    ]
