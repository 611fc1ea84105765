"""A score from SlicerRadiomics' own values, on the fake of its command that gives the stock extractor's values."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")
pytest.importorskip("radiomics.featureextractor", reason="needs pyradiomics, which it stands for")

from LABCRadiomicsLib.model import find_model, save_model  # noqa: E402
from panel_reading import plain, tip  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures", "radiomics_extension")

MODEL = "demo-phantom"
OFF = "switch off 'Score from SlicerRadiomics' own values'"


def nodes() -> set[str]:
    scene = slicer.mrmlScene
    return {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}


@pytest.fixture
def theirs(extension, ready):
    """The panel that is to score from SlicerRadiomics' values; and the extension, which answers by itself."""
    extension.answers = {}
    ready.ui.radiomicsCheckBox.checked = True
    assert ready._parameterNode.fromSlicerRadiomics is True
    return ready, extension


def test_off_unless_asked_for(extension, ready):
    ready.ui.applyButton.click()
    assert extension.runs == []
    assert ready.resultView.document["inputs"]["extractor"] is None


def test_score_group_and_survival_come_from_its_values(theirs):
    """One of its values is changed here: the score moves with it, so it is not our own value that counts."""
    panel, extension = theirs
    panel.ui.applyButton.click()
    same = panel.resultView.document
    term = find_model(MODEL).score.terms[0]
    value = next(part["value"] for part in same["contributions"] if part["feature"] == term.feature)
    extension.answers = {term.feature: repr(value * 1.25)}
    panel.ui.applyButton.click()
    found = panel.resultView.document
    spread = term.sd or 1
    moved = term.coefficient * 0.25 * value / spread
    assert found["score"] == pytest.approx(same["score"] + moved, rel=1e-9)
    assert found["survival"] != same["survival"]
    assert found["risk_group"] == ("high" if found["score"] > found["cutoff"] else "low")


def test_the_result_says_where_the_values_come_from(theirs):
    panel, _extension = theirs
    before = nodes()
    panel.ui.applyButton.click()
    document = panel.resultView.document
    version = extension_version()
    assert document["inputs"]["extractor"] == "SlicerRadiomics"
    assert document["diagnostics"]["versions"] == {"engine": "SlicerRadiomics", "pyradiomics": version}
    said = f"The feature values are those of SlicerRadiomics (pyradiomics {version}), not of this software's own"
    assert said in plain(panel.ui.resultLabel.text)
    ours = {
        name for name in nodes() - before if not slicer.mrmlScene.GetNodeByID(name).GetAttribute("LABCRadiomics.role")
    }
    assert ours == set()  # nothing but the result is left
    panel.ui.radiomicsCheckBox.checked = False
    assert "of feature values from elsewhere" in panel.ui.staleLabel.text
    panel.ui.applyButton.click()
    again = panel.resultView.document
    assert again["score"] == pytest.approx(document["score"], rel=1e-12)
    assert again["diagnostics"]["versions"]["engine"] != "SlicerRadiomics"


def extension_version():
    import radiomics

    return radiomics.__version__


def test_it_gets_the_region_in_the_model_s_axis_order(theirs):
    """Hidden nodes of the scored voxels: the volume as Slicer holds it may have another order."""
    panel, extension = theirs
    seen = []
    values = extension.values
    extension.values = lambda: seen.append((extension.image, extension.mask)) or values()
    panel.ui.applyButton.click()
    ((image, mask),) = [[(node.GetHideFromEditors(), node.GetSaveWithScene()) for node in pair] for pair in seen]
    assert image == mask == (1, 0)
    assert extension.runs[0]["label"] == 1


def test_the_files_that_it_reads_hold_the_region(theirs, tmp_path):
    """Slicer hands nodes to a command as files: these have the voxels in the model's order, wherever that leads."""
    from radiomics_extension import flip

    panel, extension = theirs
    flip(panel._parameterNode.inputVolume)  # stored the other way round, at the same place
    written, values = [], extension.values

    def look():
        for name, node in (("image", extension.image), ("mask", extension.mask)):
            storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
            storage.SetFileName(str(tmp_path / f"{name}.nrrd"))
            assert storage.WriteData(node)
            written.append(sitk.ReadImage(tmp_path / f"{name}.nrrd"))
        return values()

    extension.values = look
    panel.ui.applyButton.click()
    region = panel._scored.score.region
    assert panel._scored.model.extraction.array_order == "LPS" == region.image.axis_codes()
    for volume, found in zip((region.image, region.mask), written, strict=True):
        assert np.array_equal(sitk.GetArrayFromImage(found), volume.array)
        assert found.GetSpacing() == pytest.approx(volume.spacing)
        assert found.GetOrigin() == pytest.approx(volume.origin)
        assert found.GetDirection() == pytest.approx(volume.direction.ravel(), abs=1e-9)
    theirs_score = panel.resultView.document["score"]
    panel.ui.radiomicsCheckBox.checked = False
    panel.ui.applyButton.click()
    assert theirs_score == pytest.approx(panel.resultView.document["score"], rel=1e-12)


def test_every_contour_and_reader_is_scored_from_its_values(theirs, breast1):
    from LABCRadiomicsLib import mrml

    panel, extension = theirs
    other = mrml.load_segmentation(slicer.mrmlScene, breast1[1])
    panel.ui.secondSelector.setCurrentNode(other)
    panel.ui.secondSelector.setCurrentSegmentID(other.GetSegmentation().GetNthSegmentID(0))
    panel.ui.applyButton.click()
    assert len(extension.runs) == 2
    assert panel.resultView.document["second_reader"]["score"] == panel.resultView.document["score"]


def test_models_with_preprocessing_are_refused(theirs, tmp_path):
    panel, extension = theirs
    model = find_model(MODEL)
    steps = ({"step": "zscore"}, {"step": "resample", "spacing_mm": [1, 1, 1]})
    save_model(replace(model, extraction=replace(model.extraction, preprocessing=steps)), tmp_path / "steps.json")
    panel.inputs.model.addFile(str(tmp_path / "steps.json"))
    assert not panel.ui.applyButton.enabled
    assert f"cannot do this model's preprocessing (zscore, resample): {OFF}." in tip(panel.ui.applyButton)
    panel.ui.radiomicsCheckBox.checked = False
    assert panel.ui.applyButton.enabled
    assert extension.runs == []


@pytest.mark.parametrize(("changed", "said"), [("nan", "gave nan for"), ("failed", "gave no value of")])
def test_a_value_that_is_none_gives_no_result(theirs, changed, said):
    panel, extension = theirs
    before = nodes()
    term = find_model(MODEL).score.terms[0].feature
    extension.answers = {term: changed}
    panel.ui.applyButton.click()
    assert panel.resultView.document is None
    assert said in plain(panel.ui.messageLabel.text) and term in plain(panel.ui.messageLabel.text)
    assert nodes() == before and panel.ui.applyButton.enabled


def test_a_command_that_cannot_be_started(theirs, monkeypatch):
    panel, _extension = theirs
    before = nodes()
    monkeypatch.setattr(slicer.cli, "run", lambda *_given, **_options: None)  # as slicer.cli.run without a logic
    panel.ui.applyButton.click()
    assert "could not start the command of SlicerRadiomics" in plain(panel.ui.messageLabel.text)
    assert nodes() == before
    panel.ui.radiomicsCheckBox.checked = False
    panel.ui.applyButton.click()
    panel.ui.checkButton.click()
    assert "could not start the command of SlicerRadiomics" in plain(panel.ui.checkLabel.text)
    assert panel.ui.checkButton.enabled


def while_at_work(extension, monkeypatch, slot):
    """Do something once the command is at work, which then never ends by itself."""
    import qt

    extension.answers = None
    run = slicer.cli.run

    def start(*given, **options):
        qt.QTimer.singleShot(20, slot)
        return run(*given, **options)

    monkeypatch.setattr(slicer.cli, "run", start)


def test_a_run_can_be_cancelled(theirs, monkeypatch):
    """While the command is at work the application handles events; cancelled, it leaves nothing."""
    panel, extension = theirs
    before = nodes()
    while_at_work(extension, monkeypatch, panel.ui.cancelButton.click)
    panel.ui.applyButton.click()
    assert len(extension.runs) == 1
    assert "Cancelled" in panel.ui.messageLabel.text and panel.ui.applyButton.enabled
    assert nodes() == before and panel.resultView.document is None


def test_the_scene_is_closed_during_a_run(theirs, monkeypatch):
    panel, extension = theirs
    while_at_work(extension, monkeypatch, slicer.mrmlScene.Clear)
    panel.ui.applyButton.click()
    assert len(extension.runs) == 1
    assert panel.resultView.document is None
    assert not any(name.startswith("vtkMRMLTableNode") for name in nodes())


def test_a_scene_with_the_setting_where_the_extension_is_absent(ready):
    """It says what is missing and can be switched off."""
    assert not ready.ui.radiomicsCheckBox.enabled and not ready.ui.installRadiomicsButton.isHidden()
    ready._parameterNode.fromSlicerRadiomics = True
    assert "Needs the SlicerRadiomics extension" in tip(ready.ui.applyButton) and not ready.ui.applyButton.enabled
    assert ready.ui.radiomicsCheckBox.checked and ready.ui.radiomicsCheckBox.enabled
    ready.ui.radiomicsCheckBox.checked = False
    assert ready.ui.applyButton.enabled and not ready.ui.radiomicsCheckBox.enabled


def test_a_saved_scene_keeps_the_setting(theirs, app, tmp_path):
    panel, _extension = theirs
    panel.ui.applyButton.click()
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    assert panel.ui.radiomicsCheckBox.checked is False
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    app.enter()
    assert panel.ui.radiomicsCheckBox.checked is True
    assert panel.ui.staleLabel.text == ""
    assert json.loads(panel._parameterNode.result.GetText())["inputs"]["extractor"] == "SlicerRadiomics"
