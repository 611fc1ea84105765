"""The panel driven as a user drives it, on the real .ui file and real MRML: inputs, covariates, Apply, result."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from LABCRadiomicsLib import NOTICE  # noqa: E402
from LABCRadiomicsLib.feature_words import feature_sentence  # noqa: E402
from LABCRadiomicsLib.model import registry  # noqa: E402
from LABCRadiomicsLib.model.file import save_model  # noqa: E402
from LABCRadiomicsLib.mrml import results as mrml_results  # noqa: E402
from panel_reading import plain, tip  # noqa: E402
from slicer_standin import proxies  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)


def field(panel, name):
    return panel.inputs.covariates._fields[name][1]


def choose(combo, data) -> None:
    combo.setCurrentIndex(combo.findData(data))


# --- inputs ---


def test_apply_button_says_what_is_missing(panel, case_files):
    def state():
        return panel.ui.applyButton.enabled, tip(panel.ui.applyButton)

    assert state() == (False, "Select the MRI volume")
    assert panel.ui.messageLabel.text == "Select the MRI volume"  # a tooltip alone is easily missed
    volume = case_files.load_volume()
    slicer.app.processEvents()
    assert state() == (False, "Select the segmentation and the tumor's segment")
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "without segments")
    slicer.app.processEvents()
    assert state() == (False, "Select the segmentation and the tumor's segment")
    slicer.mrmlScene.RemoveNode(segmentation)
    case_files.load_segmentation()
    slicer.app.processEvents()
    assert state()[0]
    choose(panel.ui.modelSelector, "wang2022-labc-dfs")
    assert state()[0] is False and "lacks its coefficients" in state()[1]
    choose(panel.ui.modelSelector, "file")
    assert state() == (False, "Choose a model that can be read")
    assert plain(panel.ui.modelSummaryLabel.text) == "\u26a0 Select a model, or give a model file."
    choose(panel.ui.modelSelector, "demo-phantom")
    field(panel, "age").text = "old"
    assert state()[0] is False and "covariate age: 'old' is not a number" in state()[1]
    field(panel, "age").text = ""
    assert state()[0] and panel.ui.messageLabel.isHidden()
    slicer.mrmlScene.RemoveNode(volume)
    assert state() == (False, "Select the MRI volume")


def test_a_labelmap_is_no_mri(panel, breast1, case_files):
    """Although vtkMRMLLabelMapVolumeNode is a vtkMRMLScalarVolumeNode."""
    from LABCRadiomicsLib import mrml

    labelmap = mrml.load_volume(slicer.mrmlScene, breast1[1], "vtkMRMLLabelMapVolumeNode")
    panel.enter()
    assert panel._parameterNode.inputVolume is None
    panel._parameterNode.inputVolume = labelmap  # by a script
    case_files.load_segmentation()
    assert tip(panel.ui.applyButton) == "Select the MRI volume" and not panel.ui.applyButton.enabled


def test_models_are_offered_with_their_card(panel):
    offered = [panel.ui.modelSelector.itemData(row) for row in range(panel.ui.modelSelector.count)]
    assert offered == [*(model.id for model in registry.bundled_models()), "file"]
    assert panel.ui.modelCardCollapsibleButton.collapsed
    choose(panel.ui.modelSelector, "wang2022-labc-dfs")
    card = panel.ui.modelCardBrowser.toPlainText()
    assert "Additional file" in card and "139 patients (32 events)" in card
    assert not panel.ui.completeModelButton.isHidden()
    choose(panel.ui.modelSelector, "demo-phantom")
    assert panel.ui.completeModelButton.isHidden()
    assert "not for any clinical use" in panel.ui.modelSummaryLabel.text


def test_model_file_is_read_and_its_fault_shown(ready, tmp_path):
    choose(ready.ui.modelSelector, "file")
    assert not ready.ui.modelPathLineEdit.isHidden()
    broken = tmp_path / "broken.json"
    broken.write_text('{"format": "labcradiomics-model"}')
    ready.ui.modelPathLineEdit.setCurrentPath(str(broken))
    fault = "broken.json: format_version is missing: this is not a LABCRadiomics model file."
    assert plain(ready.ui.modelSummaryLabel.text).endswith(fault)
    assert not ready.ui.applyButton.enabled
    shown = [plain(label.text) for label in (ready.ui.modelSummaryLabel, ready.ui.messageLabel)]
    assert sum("format_version" in text for text in shown) == 1 and "Not done" not in " ".join(shown)
    ready.ui.modelPathLineEdit.setCurrentPath("")
    assert plain(ready.ui.modelSummaryLabel.text) == "\u26a0 Select a model, or give a model file."
    good = tmp_path / "good.json"
    save_model(registry.find_model("demo-phantom"), good)
    ready.ui.modelPathLineEdit.setCurrentPath(str(good))
    ready.ui.applyButton.click()
    assert ready.resultView.document["inputs"]["model"] == str(good)


def test_article_model_is_completed_from_a_table(ready, dialogs, tmp_path):
    choose(ready.ui.modelSelector, "wang2022-labc-dfs")
    demo = registry.find_model("demo-phantom")
    table, out = tmp_path / "coefficients.csv", tmp_path / "completed.json"
    table.write_text("feature,coefficient\noriginal_shape_Sphericity,1\n")
    dialogs.update(getOpenFileName=str(table), getSaveFileName=str(out))
    ready.ui.completeModelButton.click()
    assert "15 features, the table 1" in ready.ui.modelSummaryLabel.text
    assert not out.exists()
    names = [
        f"original_firstorder_{name}"
        for name in (
            "10Percentile",
            "90Percentile",
            "Energy",
            "Entropy",
            "InterquartileRange",
            "Kurtosis",
            "Maximum",
            "Mean",
            "MeanAbsoluteDeviation",
            "Median",
            "Minimum",
            "Range",
            "RobustMeanAbsoluteDeviation",
            "RootMeanSquared",
            "Skewness",
        )
    ]
    table.write_text("feature,coefficient\n" + "".join(f"{name},0.01\n" for name in names))
    dialogs.update(getOpenFileName=str(table), getSaveFileName=str(table))
    ready.ui.completeModelButton.click()
    assert "is an input" in ready.ui.modelSummaryLabel.text and table.read_text().startswith("feature,")
    dialogs.update(getOpenFileName=str(table), getSaveFileName=str(out))
    ready.ui.completeModelButton.click()
    assert ready.inputs.model.model.status == "complete"
    ready.ui.applyButton.click()
    assert ready.resultView.document["survival"] == []
    assert "gives no survival" in ready.ui.resultLabel.text
    assert demo.fingerprint != ready.resultView.document["fingerprint"]


def test_cancelled_dialogs_change_nothing(ready, dialogs, tmp_path):
    choose(ready.ui.modelSelector, "wang2022-labc-dfs")
    dialogs.update(getOpenFileName="")
    ready.ui.completeModelButton.click()
    choose(ready.ui.modelSelector, "demo-phantom")
    ready.ui.applyButton.click()
    dialogs.update(getSaveFileName="", getExistingDirectory="")
    ready.ui.saveValuesButton.click()
    ready.ui.saveReportButton.click()
    assert dialogs == {} and ready.ui.messageLabel.text == ""


# --- covariates ---


def test_fields_come_from_the_model(panel):
    demo = registry.find_model("demo-phantom")
    assert panel.inputs.covariates.names() == [covariate.name for covariate in demo.nomogram.covariates]
    assert field(panel, "age").placeholderText == "unknown"
    stage = field(panel, "stage")
    assert [stage.itemText(row) for row in range(stage.count)] == ["unknown", "II", "IIIa-b", "IIIc"]
    assert "5 of 5 unknown" in panel.ui.covariatesLabel.text
    choose(panel.ui.modelSelector, "wang2022-labc-dfs")
    article = registry.find_model("wang2022-labc-dfs")
    assert panel.inputs.covariates.names() == [covariate.name for covariate in article.nomogram.covariates]


def test_covariates_survive_a_change_of_model(ready):
    field(ready, "age").text = "44"
    choose(field(ready, "stage"), "IIIc")
    choose(ready.ui.modelSelector, "wang2022-labc-dfs")
    assert field(ready, "age").text == "44"
    choose(ready.ui.modelSelector, "demo-phantom")
    assert ready.inputs.covariates.values() == {"age": "44", "stage": "IIIc"}


def test_known_covariates_change_the_result(ready, module):
    parameters = ready._parameterNode
    field(ready, "age").text = "44"
    choose(field(ready, "her2"), "positive")
    ready.ui.applyButton.click()
    expected = (
        module.LABCRadiomicsLogic()
        .process(
            parameters.inputVolume,
            parameters.segmentation,
            parameters.segmentId,
            "demo-phantom",
            {"age": 44, "her2": "positive"},
        )
        .score.prediction
    )
    assert ready.resultView.document["linear_predictor"] == expected.linear_predictor
    assert [warning["code"] for warning in ready.resultView.document["warnings"]] == [
        warning.code for warning in expected.warnings
    ]


# --- Apply and result ---


def test_apply_shows_the_result(ready):
    ready.ui.applyButton.click()
    document = ready.resultView.document
    text = plain(ready.ui.resultLabel.text)
    assert "Do not rely on this result" in plain(ready.ui.groupLabel.text).split("RISK GROUP WITHHELD")[0]
    assert "not for any clinical use" in ready.ui.groupLabel.text
    assert f"Radiomics score {document['score']:.4g}" in text
    for estimate in document["survival"]:
        limits = f"95% CI {100 * estimate['lower']:.1f}% to {100 * estimate['upper']:.1f}%"
        assert f"at {estimate['months']:g} months {100 * estimate['probability']:.1f}% {limits}" in text
    assert len(document["survival"]) == 3
    outside = sum(part["in_range"] is False for part in document["contributions"])
    assert outside and f"{outside} of {len(document['contributions'])} features outside" in text
    assert "C-index, nomogram: 0.747, 95% CI 0.647 to 0.846 (0.5 is chance, 1 perfect)." in text
    assert "Measured in 139 simulated patients of a validation cohort." in text
    told_elsewhere = ("feature-out-of-range", "demonstration", "covariate-unknown")
    others = [w for w in document["warnings"] if w["code"] not in told_elsewhere]
    assert len(others) == 5 and all(warning["message"] in text for warning in others)
    assert NOTICE in ready.ui.noticeLabel.text
    assert ready.ui.cancelButton.isHidden() and ready.ui.progressBar.isHidden()


def test_a_withheld_group_is_shown_on_demand(ready, dialogs, tmp_path):
    """And then it is in the scene and in everything that is saved, as the command's --show-group does."""
    ready.ui.applyButton.click()
    words = {"high": "HIGH RISK", "low": "LOW RISK"}[ready.resultView.document["risk_group"]]
    shown = ready.ui.groupLabel.text + ready.ui.resultLabel.text
    assert words not in shown and "cutoff" not in shown
    assert not ready.ui.showGroupButton.isHidden()
    ready.ui.showGroupButton.click()
    assert words in ready.ui.groupLabel.text and "the cutoff" in ready.ui.resultLabel.text
    assert ready.ui.showGroupButton.isHidden() and ready.ui.saveReportButton.enabled
    assert mrml_results.read_result(ready._parameterNode.result)["group_shown"] is True
    dialogs["getExistingDirectory"] = str(tmp_path)
    ready.ui.saveReportButton.click()
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["group_shown"] is True
    ready.ui.applyButton.click()
    assert words not in ready.ui.groupLabel.text


def test_error_is_shown_and_goes_with_the_input(ready):
    ready.ui.applyButton.click()
    before = dict(ready.resultView.document)
    ready._parameterNode.segmentation.GetSegmentation().AddEmptySegment("empty", "empty")
    ready.ui.segmentSelector.setCurrentSegmentID("empty")
    ready.ui.applyButton.click()
    assert "Segment 'empty' is empty: segment the tumor first." in plain(ready.ui.messageLabel.text)
    assert ready.resultView.document == before
    assert "OUTDATED" in ready.ui.groupLabel.text
    ready.ui.segmentSelector.setCurrentSegmentID(before["inputs"]["segment_id"])
    assert ready.ui.messageLabel.text == ""


def test_a_defect_is_said_and_logged(ready, caplog, monkeypatch):
    monkeypatch.setattr(ready.run, "_process", lambda *_inputs: 1 / 0)
    ready.ui.applyButton.click()
    assert "defect of this module: division by zero" in ready.ui.messageLabel.text
    assert "ZeroDivisionError" in caplog.text
    assert ready.ui.applyButton.enabled


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda panel: setattr(field(panel, "age"), "text", "50"), "other clinical covariates"),
        (lambda panel: choose(panel.ui.modelSelector, "wang2022-labc-dfs"), "another model"),
    ],
)
def test_result_of_other_inputs_is_marked(ready, change, what):
    ready.ui.applyButton.click()
    assert ready.ui.staleLabel.text == ""
    change(ready)
    assert what in ready.ui.staleLabel.text
    assert "OUTDATED" in ready.ui.groupLabel.text


def paint(segmentation_node, segment_id) -> None:
    """Add a voxel to a segment as the Segment Editor's paint effect does."""
    from LABCRadiomicsLib.mrml.segments import BINARY_LABELMAP

    labelmap = segmentation_node.GetSegmentation().GetSegment(segment_id).GetRepresentation(BINARY_LABELMAP)
    labelmap.GetPointData().GetScalars().SetTuple1(0, 1)
    labelmap.Modified()


def move(node) -> None:
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetAndObserveTransformNodeID(transform.GetID())


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize(
    "edit",
    [
        lambda parameters: paint(parameters.segmentation, parameters.segmentId),
        lambda parameters: slicer.util.arrayFromVolumeModified(parameters.inputVolume),
        lambda parameters: parameters.inputVolume.SetSpacing(1, 1, 1),
        lambda parameters: parameters.segmentation.GetSegmentation().RemoveSegment(parameters.segmentId),
        lambda parameters: move(parameters.segmentation),
        lambda parameters: move(parameters.inputVolume),
    ],
)
def test_edit_outdates_the_result(ready, app, edit, elsewhere):
    """Also when it is made while another module, such as the Segment Editor, is open."""
    ready.ui.applyButton.click()
    parameters = ready._parameterNode
    if elsewhere:
        app.exit()
    edit(parameters)
    if elsewhere:
        app.enter()
    assert "was changed after this result" in ready.ui.staleLabel.text
    assert "OUTDATED" in ready.ui.groupLabel.text
    assert not ready.ui.saveReportButton.enabled


def test_new_result_after_an_edit_is_not_outdated(ready):
    ready.ui.applyButton.click()
    paint(ready._parameterNode.segmentation, ready._parameterNode.segmentId)
    assert ready.ui.staleLabel.text != ""
    ready.ui.applyButton.click()
    assert ready.ui.staleLabel.text == "" and ready.ui.saveReportButton.enabled


def test_names_and_display_do_not_outdate_the_result(ready):
    ready.ui.applyButton.click()
    parameters = ready._parameterNode
    parameters.inputVolume.SetName("renamed")
    parameters.inputVolume.SetAttribute("note", "seen")
    parameters.inputVolume.CreateDefaultDisplayNodes()
    parameters.segmentation.GetSegmentation().GetSegment(parameters.segmentId).SetColor(1, 0, 0)
    assert ready.ui.staleLabel.text == ""


def test_stability_is_asked_for(ready):
    ready.ui.stabilityCheckBox.checked = True
    shown = []
    ready.ui.progressBar.connect("valueChanged(int)", shown.append)
    ready.ui.applyButton.click()
    stability = ready.resultView.document["stability"]
    assert stability["contours"] == 30
    assert f"The risk group is the same in {stability['same_group']} of 30." in plain(ready.ui.resultLabel.text)
    assert shown[-1] == 32 and len(shown) > 15


def test_cancel_ends_the_run(ready, module):
    ready.ui.applyButton.click()
    before = ready.ui.resultLabel.text
    ready.ui.stabilityCheckBox.checked = True
    steps = []

    def process_events():
        steps.append(ready.ui.progressBar.value)
        if steps[-1] == 3:
            ready.ui.cancelButton.click()

    slicer.app.processEvents = process_events
    ready.ui.applyButton.click()
    assert steps[-1] == 3 and steps.count(3) == 1  # no further step was begun
    assert "Cancelled" in ready.ui.messageLabel.text
    assert ready.ui.resultLabel.text == before
    assert ready.ui.cancelButton.isHidden() and ready.ui.applyButton.enabled


def test_second_click_during_a_run_does_nothing(ready, monkeypatch):
    started = []
    process = ready.run._process
    monkeypatch.setattr(ready.run, "_process", lambda *inputs: started.append(1) or process(*inputs))
    slicer.app.processEvents = lambda: ready.onApply()
    ready.ui.applyButton.click()
    assert started == [1]
    assert ready.resultView.document is not None


# --- nomogram ---


def test_nomogram_is_drawn_in_the_panel(ready):
    pytest.importorskip("LABCRadiomicsLib.plots")
    ready.ui.applyButton.click()
    ready.ui.showNomogramButton.click()
    assert ready.ui.messageLabel.text == ""
    assert ready.ui.nomogramLabel.pixmap.width() == ready.ui.nomogramLabel.width
    assert "Open in full size" in ready.ui.nomogramLinkLabel.text
    ready.ui.showNomogramButton.click()
    assert ready.ui.nomogramLabel.isHidden()


# --- what the score is made of ---


def test_unknown_covariates_are_told_once(ready):
    """In one sentence beside the survival, not in a list of them; the document holds each."""
    ready.ui.applyButton.click()
    unknown = [w["message"] for w in ready.resultView.document["warnings"] if w["code"] == "covariate-unknown"]
    text = plain(ready.ui.resultLabel.text)
    assert len(unknown) == 5 and not any(message in text for message in unknown)
    labels = ", ".join(covariate["label"] for covariate in ready.resultView.document["covariates"])
    assert f"what is unknown ({labels})" in text or f"what is unknown of this patient ({labels})" in text


def test_what_the_score_is_made_of(ready, tmp_path):
    """Every feature with its part of the score and a sentence; together they are the score."""
    ready.ui.applyButton.click()
    parts = ready.resultView.document["contributions"]
    text = plain(ready.ui.contributionsBrowser.toPlainText())
    at = [text.index(f"{part['contribution']:+.4g} from {part['feature']}: value") for part in parts]
    assert at == sorted(at)  # the largest first
    assert all(feature_sentence(part["feature"]) in text for part in parts)
    assert text.count("Outside the training cohort's range.") == sum(part["in_range"] is False for part in parts)
    model = registry.find_model("demo-phantom")
    assert model.score.intercept == 0
    assert text.endswith(f"Together they are the score, {ready.resultView.document['score']:.4g}.")
    term = replace(model.score.terms[0], mean=1.0, sd=2.0)
    score = replace(model.score, terms=(term, *model.score.terms[1:]), intercept=1.5)
    save_model(replace(model, score=score), tmp_path / "standardized.json")
    ready.inputs.model.addFile(str(tmp_path / "standardized.json"))
    ready.ui.applyButton.click()
    text = plain(ready.ui.contributionsBrowser.toPlainText())
    assert text.count(", standardized, times coefficient") == 1
    assert (
        f"Together with the model's intercept, 1.5, they are the score, {ready.resultView.document['score']:.4g}."
        in text
    )


def test_slots_do_not_fail_silently(ready, monkeypatch):
    monkeypatch.setattr(ready, "missingInput", lambda: 1 / 0)
    ready.ui.applyButton.click()
    assert [type(error) for error in proxies.slot_errors] == [ZeroDivisionError]
    proxies.slot_errors.clear()
    monkeypatch.undo()


class CaseFiles:
    def __init__(self, files: tuple[Path, Path]):
        self.files = files

    def load_volume(self):
        from LABCRadiomicsLib import mrml

        return mrml.load_volume(slicer.mrmlScene, self.files[0])

    def load_segmentation(self):
        from LABCRadiomicsLib import mrml

        return mrml.load_segmentation(slicer.mrmlScene, self.files[1])


@pytest.fixture
def case_files(breast1):
    """The files of the bundled case, for loading one at a time."""
    return CaseFiles(breast1)
