"""What the module does to a scene, and what happens to it when the scene changes: also in the middle of a run."""

import gc
import weakref

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

import vtk  # noqa: E402

from LABCRadiomicsLib import mrml  # noqa: E402
from LABCRadiomicsLib.feature_words import feature_sentence  # noqa: E402
from LABCRadiomicsLib.model import registry  # noqa: E402
from LABCRadiomicsLib.mrml import results as mrml_results  # noqa: E402
from LABCRadiomicsLib.mrml.segments import BINARY_LABELMAP  # noqa: E402
from panel_reading import tip  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)


def node_names() -> list[str]:
    scene = slicer.mrmlScene
    return sorted(scene.GetNthNode(index).GetName() for index in range(scene.GetNumberOfNodes()))


def hierarchy():
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)


def folders(name: str) -> list[int]:
    """Folder items of a name; a node's item may have the same."""
    tree, items = hierarchy(), vtk.vtkIdList()
    tree.GetItemChildren(tree.GetSceneItemID(), items, True)
    found = [items.GetId(at) for at in range(items.GetNumberOfIds())]
    return [item for item in found if tree.GetItemName(item) == name and not tree.GetItemDataNode(item)]


def observers(panel) -> list[tuple[str, int]]:
    """What the widget observes, by class and event."""
    return sorted(
        (type(observed).__name__, int(event) if not isinstance(event, str) else 0)
        for observed, event, *_rest in (*panel.Observations, *panel.inputWatch.Observations)
    )


def at_step(action, step=2):
    """Do something to the application while a run handles events, once."""
    calls = []

    def process_events():
        calls.append(1)
        if len(calls) == step:
            action()

    slicer.app.processEvents = process_events


# --- result nodes ---


def test_result_is_named_nodes_in_one_folder(ready):
    before = node_names()
    ready.ui.applyButton.click()
    nodes = mrml_results.result_nodes(slicer.mrmlScene)
    assert sorted(node.GetName() for node in nodes.values()) == sorted(set(node_names()) - set(before))
    assert {
        "result",
        "contributions",
        "chart",
        "series:patient",
        "series:low",
        "series:high",
        "series:horizons",
        "series:limits",
    } <= set(nodes)
    tree = hierarchy()
    (folder,), (curves,) = folders("LABC Radiomics result"), folders("Curves")
    assert tree.GetItemParent(folder) == tree.GetSceneItemID() and tree.GetItemParent(curves) == folder
    for role, node in nodes.items():
        parent = tree.GetItemParent(tree.GetItemByDataNode(node))
        assert parent == (curves if ":" in role else folder), role


def test_apply_again_reuses_the_nodes(ready):
    ready.ui.applyButton.click()
    first, names = mrml_results.result_nodes(slicer.mrmlScene), node_names()
    first["chart"].SetName("renamed by the user")
    ready._parameterNode.covariates = '{"age": "70"}'
    ready.ui.applyButton.click()
    assert mrml_results.result_nodes(slicer.mrmlScene) == first
    assert len(node_names()) == len(names)


def test_chart_shows_the_curves(ready):
    ready.ui.applyButton.click()
    nodes = mrml_results.result_nodes(slicer.mrmlScene)
    chart = nodes["chart"]
    assert chart.GetNumberOfPlotSeriesNodes() == 5
    assert chart.GetXAxisTitle() == "Months since baseline"
    document = ready.resultView.document
    table = nodes["table:horizons"].GetTable()
    assert [table.GetValue(row, 0).ToDouble() for row in range(3)] == [12, 36, 60]
    assert [table.GetValue(row, 1).ToDouble() for row in range(3)] == [
        estimate["probability"] for estimate in document["survival"]
    ]
    model = registry.find_model("demo-phantom")
    high = nodes["table:high"].GetTable()
    assert high.GetNumberOfRows() == 2 * len(model.groups.high.months) + 1
    assert high.GetValue(high.GetNumberOfRows() - 1, 1).ToDouble() == model.groups.high.survival[-1]
    colors = {nodes[f"series:{name}"].GetColor() for name in ("low", "high", "patient")}
    assert len(colors) == 3


def test_contributions_are_a_table(ready):
    ready.ui.applyButton.click()
    table = mrml_results.result_nodes(slicer.mrmlScene)["contributions"]
    parts = ready.resultView.document["contributions"]
    assert [table.GetColumnName(column) for column in range(table.GetNumberOfColumns())] == [
        "Feature",
        "Value",
        "Coefficient",
        "Contribution",
        "Training range",
        "In training range",
        "In words",
    ]
    assert table.GetCellText(0, 6) == feature_sentence(parts[0]["feature"]) and "rises when" in table.GetCellText(0, 6)
    assert [table.GetCellText(row, 0) for row in range(table.GetNumberOfRows())] == [part["feature"] for part in parts]
    assert table.GetCellText(0, 3) == f"{parts[0]['contribution']:.6g}"
    term = next(t for t in registry.find_model("demo-phantom").score.terms if t.feature == parts[0]["feature"])
    assert table.GetCellText(0, 4) == f"{term.low:.6g} to {term.high:.6g}"


def test_model_without_survival_takes_the_chart_away(ready, case):
    ready.ui.applyButton.click()
    scored = ready._scored
    from dataclasses import replace

    model = registry.find_model("demo-phantom")
    bare = replace(model, nomogram=None, groups=None)
    ready.inputs.model.model = bare
    from LABCRadiomicsLib.scoring import predict
    from LABCRadiomicsLib.scoring.result_document import result_document

    prediction = predict(bare, scored.score.extraction.values)
    document = result_document(bare, prediction, scored.document["inputs"])
    mrml_results.store_result(slicer.mrmlScene, document, bare, prediction, case[0], case[1])
    assert set(mrml_results.result_nodes(slicer.mrmlScene)) == {"result", "contributions"}
    assert len(folders("LABC Radiomics result")) == 1 and folders("Curves") == []


def test_removed_result_is_no_longer_shown_as_saved(ready):
    ready.ui.applyButton.click()
    slicer.mrmlScene.RemoveNode(mrml_results.result_nodes(slicer.mrmlScene)["result"])
    ready._parameterNode.Modified()
    assert ready.ui.resultCollapsibleButton.isHidden()
    ready.ui.applyButton.click()
    assert not ready.ui.resultCollapsibleButton.isHidden()


def test_overwritten_result_text_is_ignored(ready):
    ready.ui.applyButton.click()
    text = mrml_results.result_nodes(slicer.mrmlScene)["result"]
    for content in ("not JSON", "[]", "{}", ""):
        text.SetText(content)
        ready.enter()
        assert ready.ui.resultCollapsibleButton.isHidden(), content


# --- selections ---


def test_two_segmentations(ready, breast1):
    first, second = ready._parameterNode.segmentation, mrml.load_segmentation(slicer.mrmlScene, breast1[1])
    second.SetName("second reader")
    ready.ui.segmentSelector.setCurrentNode(second)
    assert ready._parameterNode.segmentation is second
    ready.ui.applyButton.click()
    assert ready.resultView.document["inputs"]["segmentation"] == "second reader"
    ready.ui.segmentSelector.setCurrentNode(first)
    assert "another segmentation" in ready.ui.staleLabel.text
    slicer.mrmlScene.RemoveNode(second)
    assert ready._parameterNode.segmentation is first
    assert ready.ui.applyButton.enabled


def test_deleting_the_selected_nodes(ready):
    ready.ui.applyButton.click()
    slicer.mrmlScene.RemoveNode(ready._parameterNode.segmentation)
    assert ready._parameterNode.segmentation is None
    assert not ready.ui.applyButton.enabled
    assert "another segmentation" in ready.ui.staleLabel.text
    slicer.mrmlScene.RemoveNode(ready._parameterNode.inputVolume)
    assert ready._parameterNode.inputVolume is None
    assert tip(ready.ui.applyButton) == "Select the MRI volume"


def test_removed_segment(ready):
    segmentation = ready._parameterNode.segmentation.GetSegmentation()
    ready.ui.applyButton.click()
    segmentation.RemoveSegment(ready._parameterNode.segmentId)
    assert not ready.ui.applyButton.enabled
    assert tip(ready.ui.applyButton) == "Select the segmentation and the tumor's segment"
    assert ready.ui.staleLabel.text != ""


def test_renamed_segment_stays_selected(ready):
    segment_id = ready._parameterNode.segmentId
    ready.ui.applyButton.click()
    ready._parameterNode.segmentation.GetSegmentation().GetSegment(segment_id).SetName("tumor, left")
    assert ready.ui.segmentSelector.currentSegmentID() == segment_id
    assert ready.ui.applyButton.enabled
    assert "another" not in ready.ui.staleLabel.text
    ready.ui.applyButton.click()
    assert "segment tumor, left of" in ready.ui.resultLabel.text


def test_html_in_names_is_text(ready):
    ready._parameterNode.inputVolume.SetName("<b>bold</b>")
    ready.ui.applyButton.click()
    assert "&lt;b&gt;bold&lt;/b&gt;" in ready.ui.resultLabel.text


# --- scenes ---


def test_closed_scene_leaves_an_empty_panel(ready, app):
    ready.ui.applyButton.click()
    slicer.mrmlScene.Clear()
    assert ready.ui.resultCollapsibleButton.isHidden()
    assert tip(ready.ui.applyButton) == "Select the MRI volume"
    app.exit()
    slicer.mrmlScene.Clear()
    app.enter()
    assert tip(ready.ui.applyButton) == "Select the MRI volume"


@pytest.mark.parametrize("entered", [True, False])
def test_loaded_scene_shows_its_choices(ready, app, tmp_path, breast1, entered):
    """Also the second of two segmentations, which the selector would not choose by itself."""
    second = mrml.load_segmentation(slicer.mrmlScene, breast1[1])
    second.SetName("second")
    ready.ui.segmentSelector.setCurrentNode(second)
    ready.inputs.covariates._fields["age"][1].text = "39"
    ready.ui.stabilityCheckBox.checked = True
    ready.ui.applyButton.click()
    shown = ready.ui.groupLabel.text, ready.ui.resultLabel.text
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    if not entered:
        app.exit()
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    if not entered:
        app.enter()
    assert ready._parameterNode.segmentation.GetName() == "second"
    assert ready.ui.segmentSelector.currentNode().GetName() == "second"
    assert ready.inputs.covariates.values() == {"age": "39"}
    assert ready.ui.stabilityCheckBox.checked is True
    assert (ready.ui.groupLabel.text, ready.ui.resultLabel.text) == shown
    assert ready.ui.staleLabel.text == ""
    assert not ready.ui.saveReportButton.enabled
    assert "not in memory" in tip(ready.ui.saveReportButton)
    names = node_names()
    ready.ui.applyButton.click()
    assert node_names() == names
    assert ready.ui.saveReportButton.enabled


@pytest.fixture
def saved_after_an_edit(ready, tmp_path):
    """A scene whose segment was painted on after the result."""
    ready.ui.applyButton.click()
    paint(ready)
    assert "was changed after this result" in ready.ui.staleLabel.text
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    return path


def paint(panel) -> None:
    parameters = panel._parameterNode
    segment = parameters.segmentation.GetSegmentation().GetSegment(parameters.segmentId)
    labelmap = segment.GetRepresentation(BINARY_LABELMAP)
    scalars = labelmap.GetPointData().GetScalars()
    inside = next(index for index in range(scalars.GetNumberOfTuples()) if scalars.GetTuple1(index))
    scalars.SetTuple1(inside, 0)
    labelmap.Modified()


def test_an_outdated_result_is_outdated_in_a_loaded_scene(ready, saved_after_an_edit):
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(saved_after_an_edit)
    assert "was changed after this result" in ready.ui.staleLabel.text
    assert "OUTDATED" in ready.ui.groupLabel.text
    ready.ui.applyButton.click()
    assert ready.ui.staleLabel.text == ""


def test_a_scene_imported_beside_does_not_make_a_result_valid_again(ready, tmp_path):
    ready.ui.applyButton.click()
    paint(ready)
    other = slicer.vtkMRMLScene()
    other.AddNewNodeByClass("vtkMRMLTextNode", "unrelated")
    other.SetURL(str(tmp_path / "other.mrml"))
    assert other.Commit()
    slicer.mrmlScene.SetURL(str(tmp_path / "other.mrml"))
    assert slicer.mrmlScene.Import()
    assert "was changed after this result" in ready.ui.staleLabel.text


def test_an_edit_before_the_panel_is_opened_is_noticed(ready, app, tmp_path):
    ready.ui.applyButton.click()
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    app.exit()
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(path)
    segmentation = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode").GetSegmentation()
    segmentation.GetNthSegment(0).GetRepresentation(BINARY_LABELMAP).GetPointData().GetScalars().Fill(1)
    app.enter()
    assert "was changed after this result" in ready.ui.staleLabel.text


def test_a_scene_loaded_into_one_with_a_result_leaves_one_result(ready, tmp_path):
    ready.ui.applyButton.click()
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.util.loadScene(path)
    roles = [node.GetAttribute(mrml_results.ROLE) for node in mrml_results._all_result_nodes(slicer.mrmlScene)]
    assert len(roles) == 2 * len(set(roles))
    assert ready.ui.staleLabel.text == "" and ready.resultView.document is not None
    ready.ui.applyButton.click()
    left = [node.GetAttribute(mrml_results.ROLE) for node in mrml_results._all_result_nodes(slicer.mrmlScene)]
    assert sorted(left) == sorted(set(roles))
    assert len(folders("LABC Radiomics result")) == len(folders("Curves")) == 1
    assert ready._parameterNode.result is mrml_results.result_nodes(slicer.mrmlScene)["result"]


def test_scene_edited_by_hand_is_survived(ready):
    ready._parameterNode.covariates = "not JSON"
    assert ready.inputs.covariates.values() == {}
    ready._parameterNode.covariates = '["a"]'
    ready._parameterNode.model = "/no/such/model.json"
    assert not ready.ui.applyButton.enabled
    assert "no such model" in ready.ui.modelSummaryLabel.text


# --- in the middle of a run ---


def test_scene_closed_during_a_run(ready):
    at_step(slicer.mrmlScene.Clear)
    ready.ui.applyButton.click()
    assert mrml_results.result_nodes(slicer.mrmlScene) == {}
    assert ready.ui.progressBar.isHidden() and ready.ui.cancelButton.isHidden()
    assert not ready.run.isRunning()
    assert tip(ready.ui.applyButton) == "Select the MRI volume"


def test_nodes_deleted_during_a_run(ready):
    parameters = ready._parameterNode

    def delete():
        slicer.mrmlScene.RemoveNode(parameters.segmentation)
        slicer.mrmlScene.RemoveNode(parameters.inputVolume)

    at_step(delete)
    ready.ui.applyButton.click()
    assert ready.resultView.document["inputs"]["segment"] == "breast1_label"
    assert "OUTDATED" in ready.ui.groupLabel.text


def test_other_module_opened_during_a_run(ready, app):
    at_step(app.exit)
    ready.ui.applyButton.click()
    app.enter()
    assert ready.resultView.document is not None
    assert ready.ui.staleLabel.text == ""


def test_module_reloaded_during_a_run(ready, app):
    at_step(ready.onReload)
    ready.ui.applyButton.click()
    assert app.current is not ready
    assert observers(ready) == []
    assert mrml_results.result_nodes(slicer.mrmlScene) == {}
    app.current.ui.applyButton.click()
    assert app.current.resultView.document is not None


def test_reload_reloads_library_and_panel(ready, app):
    import sys

    before = {name: sys.modules[name] for name in ("LABCRadiomicsLib.scoring", "LABCRadiomicsPanel.wording")}
    ready.ui.applyButton.click()
    ready.onReload()
    app.current.ui.applyButton.click()
    for name, module in before.items():
        assert sys.modules[name] is not module


# --- observers ---


def test_observers_do_not_pile_up(ready, app, tmp_path):
    expected = observers(ready)
    for _ in range(3):
        app.exit()
        assert len(observers(ready)) == 9  # four of the scene, five of the inputs
        app.enter()
        ready.ui.applyButton.click()
        assert observers(ready) == expected
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    for _ in range(2):
        slicer.mrmlScene.Clear()
        slicer.util.loadScene(str(tmp_path / "scene.mrb"))
        assert observers(ready) == expected


def test_cleanup_removes_every_observer(ready, app):
    scene, parameter_node = slicer.mrmlScene, ready._parameterNode.parameterNode
    segmentation = ready._parameterNode.segmentation
    ready.ui.applyButton.click()
    ready.cleanup()
    app.current = None
    assert observers(ready) == []
    scene.Modified()
    parameter_node.Modified()
    segmentation.GetSegmentation().InvokeEvent(slicer.vtkSegmentation.SourceRepresentationModified)


def test_parameter_node_views_are_released(ready, app):
    """Each view of the parameter node observes it; forgotten ones must go."""
    reference = weakref.ref(ready._parameterNode)
    app.exit()
    app.enter()
    gc.collect()
    assert reference() is None
