"""Segments beside the tumor's: a second reader, what the preprocessing measures; and the site of the MRI."""

import json
from dataclasses import replace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

import example_models  # noqa: E402
from LABCRadiomicsLib.imaging import read_image, read_mask  # noqa: E402
from LABCRadiomicsLib.model import find_model, save_model  # noqa: E402
from LABCRadiomicsLib.patient import score_patient  # noqa: E402
from LABCRadiomicsLib.preprocessing import Masks  # noqa: E402
from panel_reading import plain, tip  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)

MODEL = "demo-phantom"


def add_segment(parameters, name, change):
    """Draw a segment of its own in the tumor's segmentation: the tumor's voxels, changed."""
    node, volume = parameters.segmentation, parameters.inputVolume
    array = slicer.util.arrayFromSegmentBinaryLabelmap(node, parameters.segmentId, volume)
    segment_id = node.GetSegmentation().AddEmptySegment(name, name)
    slicer.util.updateSegmentBinaryLabelmapFromArray(change(array.copy()), node, segment_id, volume)
    return segment_id


def grown(array):
    """One voxel more on every side along rows and columns."""
    steps = [np.roll(array, shift, axis) for axis in (1, 2) for shift in (1, -1)]
    return np.maximum.reduce([array, *steps])


def corner(array):
    """A block in a corner of the image, away from the tumor."""
    array[:] = 0
    array[2:6, 5:60, 5:60] = 1
    return array


def choose(selector, node, segment_id):
    selector.setCurrentNode(node)
    selector.setCurrentSegmentID(segment_id)


def use(panel, path, steps):
    """Choose the demonstration model with preprocessing."""
    model = find_model(MODEL)
    save_model(replace(model, extraction=replace(model.extraction, preprocessing=steps)), path)
    panel.inputs.model.addFile(str(path))


def voxels(panel, segment_id):
    parameters = panel._parameterNode
    return slicer.util.arrayFromSegmentBinaryLabelmap(parameters.segmentation, segment_id, parameters.inputVolume)


@pytest.fixture
def second(ready):
    """The panel with another reader's segment in the same segmentation, chosen; and its ID."""
    segment_id = add_segment(ready._parameterNode, "reader 2", grown)
    choose(ready.ui.secondSelector, ready._parameterNode.segmentation, segment_id)
    return ready, segment_id


# --- second reader ---


def test_none_is_chosen_by_itself(ready):
    assert ready.ui.secondSelector.currentNode() is None
    ready.ui.applyButton.click()
    assert ready.resultView.document["second_reader"] is None
    assert ready.resultView.document["inputs"]["regions"] == {}
    assert "second reader" not in ready.ui.resultLabel.text


def test_both_readings_stand_beside_each_other(second, breast1):
    panel, segment_id = second
    panel.ui.applyButton.click()
    found = panel.resultView.document["second_reader"]
    image, mask = read_image(breast1[0]).volume, read_mask(breast1[1]).volume
    other = mask.with_array(voxels(panel, segment_id))
    expected = score_patient(find_model(MODEL), image, mask, second_mask=other).document["second_reader"]
    assert found == expected
    inside, outside = mask.array.astype(bool), other.array.astype(bool)
    assert found["dice"] == pytest.approx(2 * (inside & outside).sum() / (inside.sum() + outside.sum()))
    shown = plain(panel.ui.resultLabel.text)
    assert f"Dice {found['dice']:.2f} with the first" in shown and f"the score is {found['score']:.4g}" in shown
    for estimate in found["survival"]:
        assert f"second reader {100 * estimate['probability']:.1f}%" in shown
    assert ("Its risk group is the same." in shown) is found["same_group"]
    regions = panel.resultView.document["inputs"]["regions"]
    assert regions["second_reader"]["segment"] == "reader 2"


def test_second_reader_in_another_segmentation(ready, breast1):
    from LABCRadiomicsLib import mrml

    other = mrml.load_segmentation(slicer.mrmlScene, breast1[1])
    choose(ready.ui.secondSelector, other, other.GetSegmentation().GetNthSegmentID(0))
    assert ready._parameterNode.segmentation is not other  # the tumor's is still the first one's
    ready.ui.applyButton.click()
    found = ready.resultView.document["second_reader"]
    assert found["dice"] == 1 and found["same_group"] is True
    assert found["score"] == ready.resultView.document["score"]


def test_the_tumor_s_own_segment_is_no_second_reader(second):
    panel, _segment_id = second
    choose(panel.ui.secondSelector, panel._parameterNode.segmentation, panel._parameterNode.segmentId)
    assert not panel.ui.applyButton.enabled
    assert "it is the tumor's own" in tip(panel.ui.applyButton)


def test_an_empty_second_segment_is_explained(ready):
    ready._parameterNode.segmentation.GetSegmentation().AddEmptySegment("empty", "empty")
    choose(ready.ui.secondSelector, ready._parameterNode.segmentation, "empty")
    ready.ui.applyButton.click()
    assert "Segment 'empty' is empty: segment the tumor first." in plain(ready.ui.messageLabel.text)


OUTDATED = "This result is of another second reader than chosen above: click Apply for a new one."
CHANGED = "The volume or a segmentation was changed after this result: click Apply again."


def stale(panel):
    return plain(panel.ui.staleLabel.text).removeprefix("\u26a0 ")


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_second_reader_outdates_the_result(second, app, elsewhere):
    """Another choice, another contour, also one made while another module is open, and a segment that is gone."""
    panel, segment_id = second
    panel.ui.applyButton.click()
    assert stale(panel) == ""
    node = panel._parameterNode.segmentation
    panel.ui.secondSelector.setCurrentNode(None)
    assert stale(panel) == OUTDATED
    choose(panel.ui.secondSelector, node, segment_id)
    assert stale(panel) == ""
    if elsewhere:
        app.exit()
    slicer.util.updateSegmentBinaryLabelmapFromArray(
        corner(voxels_of(node, segment_id)), node, segment_id, volume_node()
    )
    if elsewhere:
        app.enter()
    assert stale(panel) == CHANGED
    panel.ui.applyButton.click()
    assert stale(panel) == ""
    node.GetSegmentation().RemoveSegment(segment_id)
    assert stale(panel) == CHANGED


def volume_node():
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")


def voxels_of(node, segment_id):
    return slicer.util.arrayFromSegmentBinaryLabelmap(node, segment_id, volume_node())


def test_second_segmentation_removed(ready, breast1):
    from LABCRadiomicsLib import mrml

    other = mrml.load_segmentation(slicer.mrmlScene, breast1[1])
    choose(ready.ui.secondSelector, other, other.GetSegmentation().GetNthSegmentID(0))
    ready.ui.applyButton.click()
    slicer.mrmlScene.RemoveNode(other)
    assert stale(ready) != ""
    assert ready.ui.applyButton.enabled, tip(ready.ui.applyButton)  # no second reader is chosen any more
    ready.ui.applyButton.click()
    assert stale(ready) == "" and ready.resultView.document["second_reader"] is None


def test_a_saved_scene_holds_the_second_reader(second, app, tmp_path):
    panel, segment_id = second
    panel.ui.applyButton.click()
    shown = panel.ui.resultLabel.text
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    app.enter()
    assert panel.ui.secondSelector.currentSegmentID() == segment_id
    assert panel.ui.secondSelector.currentNode() is panel._parameterNode.segmentation
    assert (panel.ui.resultLabel.text, stale(panel)) == (shown, "")


# --- preprocessing ---


def test_only_a_model_that_needs_them_asks_for_segments(ready, tmp_path):
    ui = ready.ui
    assert ui.breastSelector.isHidden() and ui.tissueSelector.isHidden()
    use(ready, tmp_path / "fat.json", ({"step": "reference-tissue", "tissue": "fat"},))
    assert ui.breastSelector.isHidden() and not ui.tissueSelector.isHidden()
    assert ui.tissueLabel.text == "Reference tissue (fat):"
    assert "Select the segment of the fat" in tip(ui.applyButton) and not ui.applyButton.enabled
    use(ready, tmp_path / "n4.json", ({"step": "n4", "region": "breast"}, {"step": "zscore", "region": "breast"}))
    assert not ui.breastSelector.isHidden() and ui.tissueSelector.isHidden()
    assert "Select the segment of the breast" in tip(ui.applyButton)
    use(ready, tmp_path / "otsu.json", ({"step": "zscore", "region": "otsu"},))
    assert ui.breastSelector.isHidden() and ui.applyButton.enabled


def test_the_segments_are_what_the_steps_measure(ready, breast1, tmp_path):
    """The same score as the library's with the same masks, and the result says what was done."""
    steps = ({"step": "zscore", "region": "breast"}, {"step": "reference-tissue", "tissue": "muscle", "value": 200})
    use(ready, tmp_path / "both.json", steps)
    parameters = ready._parameterNode
    breast, muscle = (add_segment(parameters, name, corner) for name in ("breast", "muscle"))
    brighter = voxels(ready, muscle)
    brighter[:] = 0
    image, mask = read_image(breast1[0]).volume, read_mask(breast1[1]).volume
    brighter[np.unravel_index(np.argsort(image.array, axis=None)[-50:], image.array.shape)] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(brighter, parameters.segmentation, muscle, parameters.inputVolume)
    choose(ready.ui.breastSelector, parameters.segmentation, breast)
    choose(ready.ui.tissueSelector, parameters.segmentation, muscle)
    ready.ui.applyButton.click()
    document = ready.resultView.document
    masks = Masks(*(mask.with_array(voxels(ready, name)) for name in (breast, muscle)))
    expected = score_patient(ready.inputs.model.model, image, mask, masks=masks).prediction
    assert document["score"] == expected.score
    assert document["score"] != score_patient(find_model(MODEL), image, mask).prediction.score
    shown = plain(ready.ui.resultLabel.text)
    assert "z-score of the breast" in shown
    assert "then division by the median intensity of muscle (which becomes 200)" in shown
    assert [step["step"] for step in document["diagnostics"]["preprocessing"]] == ["zscore", "reference-tissue"]
    assert set(document["inputs"]["regions"]) == {"breast", "tissue"}
    choose(ready.ui.tissueSelector, parameters.segmentation, breast)
    assert "other segments for the preprocessing" in stale(ready)


def test_segments_that_the_model_does_not_ask_for_take_no_part(ready, tmp_path):
    parameters = ready._parameterNode
    use(ready, tmp_path / "fat.json", ({"step": "reference-tissue", "tissue": "fat"},))
    fat = add_segment(parameters, "fat", corner)
    choose(ready.ui.tissueSelector, parameters.segmentation, fat)
    ready.ui.modelSelector.setCurrentIndex(ready.ui.modelSelector.findData(MODEL))
    ready.ui.applyButton.click()
    assert ready.resultView.document["inputs"]["regions"] == {}
    assert parameters.tissueSegmentId == fat  # kept for the model that does


def test_an_empty_mask_names_what_it_is(ready, tmp_path):
    use(ready, tmp_path / "fat.json", ({"step": "reference-tissue", "tissue": "fat"},))
    ready._parameterNode.segmentation.GetSegmentation().AddEmptySegment("empty", "empty")
    choose(ready.ui.tissueSelector, ready._parameterNode.segmentation, "empty")
    ready.ui.applyButton.click()
    assert "Segment 'empty' is empty: segment the reference tissue first." in plain(ready.ui.messageLabel.text)


def test_a_model_with_steps_that_do_not_exist_is_explained(ready, tmp_path):
    use(ready, tmp_path / "odd.json", ({"step": "n4", "strength": 3},))
    assert not ready.ui.applyButton.enabled
    assert "has no parameter strength" in tip(ready.ui.applyButton)


# --- site ---


@pytest.fixture
def harmonized(ready, tmp_path):
    """The panel with a model that was harmonized over the sites A and B."""
    added = example_models.document_2()
    path = tmp_path / "sites.json"
    path.write_text(json.dumps(added))
    ready.inputs.model.addFile(str(path))
    return ready


def test_only_a_harmonized_model_asks_for_the_site(ready):
    assert ready.ui.siteSelector.isHidden() and ready.ui.siteLabel.isHidden()


def test_the_site_is_asked_for_and_adjusts(harmonized, breast1):
    ui = harmonized.ui
    assert not ui.siteSelector.isHidden()
    assert [ui.siteSelector.itemText(at) for at in range(ui.siteSelector.count)][:3] == ["choose", "A", "B"]
    assert "Choose the site where the MRI was made" in tip(ui.applyButton) and not ui.applyButton.enabled
    image, mask = read_image(breast1[0]).volume, read_mask(breast1[1]).volume
    scores = {}
    for name in ("A", "B"):
        ui.siteSelector.setCurrentIndex(ui.siteSelector.findData(name))
        ui.applyButton.click()
        assert stale(harmonized) == "", plain(ui.messageLabel.text)
        scores[name] = harmonized.resultView.document["score"]
        expected = score_patient(harmonized.inputs.model.model, image, mask, site=name)
        assert scores[name] == expected.prediction.score
        assert harmonized.resultView.document["site"] == name
    assert scores["A"] != scores["B"]
    ui.siteSelector.setCurrentIndex(ui.siteSelector.findData("A"))
    assert "of another site" in stale(harmonized)


def test_another_site_is_scored_as_measured_and_not_to_be_relied_on(harmonized):
    ui = harmonized.ui
    ui.siteSelector.setCurrentIndex(ui.siteSelector.count - 1)
    ui.applyButton.click()
    document = harmonized.resultView.document
    assert document["site"] is None and stale(harmonized) == ""
    assert document["trust"]["grade"] == "do-not-rely"
    assert "not-harmonized" in [warning["code"] for warning in document["warnings"]]
