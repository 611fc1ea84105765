"""The comparison with the SlicerRadiomics extension: a fake of its command line module on a real node of Slicer's.

The fake keeps to slicer.cli (Base/Python/slicer/cli.py) and to AIM-Harvard/SlicerRadiomics: the parameters of
SlicerRadiomicsCLI.xml, and a table with one column a feature, as ``pyradiomics --format=csv`` writes it.
"""

from dataclasses import replace

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")
pytest.importorskip("radiomics.featureextractor", reason="needs pyradiomics, which it stands for")

import vtk  # noqa: E402

from LABCRadiomicsLib.model import complete_model, registry, save_model  # noqa: E402
from panel_reading import plain, tip  # noqa: E402
from slicer_standin.command_line import CommandLineModule  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures", "radiomics_extension")


@pytest.fixture
def checked(extension, ready):
    """The panel with a result, the comparison started; and the extension."""
    ready.ui.applyButton.click()
    slicer.app.processEvents()
    before = nodes()
    ready.ui.checkButton.click()
    return ready, extension, before


def test_cli_is_called_as_slicer_has_it(slicer_lists):
    import inspect

    signature = str(inspect.signature(CommandLineModule().run))
    assert f"\nrun{signature}\n" in (slicer_lists / "slicer.cli.txt").read_text()


def nodes() -> set[str]:
    scene = slicer.mrmlScene
    return {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}


def test_button_says_that_the_extension_is_missing(ready):
    assert not ready.ui.checkButton.enabled
    assert "Needs the SlicerRadiomics extension" in tip(ready.ui.checkButton)


def test_same_input_same_settings_same_values(checked):
    panel, cli, before = checked
    assert "at work" in panel.ui.checkLabel.text
    assert not panel.ui.checkButton.enabled
    assert cli.image is panel._parameterNode.inputVolume
    assert slicer.util.arrayFromVolume(cli.mask).sum() == 143
    model = registry.find_model("demo-phantom")
    assert cli.settings["setting"] == dict(model.extraction.setting)
    used = {term.feature.split("_")[1] for term in model.score.terms}
    assert set(cli.settings["featureClass"]) == used
    cli.finish(cli.values())
    assert panel.ui.checkLabel.text.startswith(f"All {len(model.score.terms)} features equal those of SlicerRadiomics")
    assert nodes() == before
    assert panel.ui.checkButton.enabled


def test_values_are_of_the_array_as_slicer_holds_it(extension, ready, tmp_path):
    """SlicerRadiomics knows no canonical order; wavelet features depend on it."""
    from radiomics_extension import flip

    table = tmp_path / "ones.csv"
    names = [
        f"wavelet-{band}_firstorder_{name}"
        for band in ("LLH", "HLH", "HHL")
        for name in ("Skewness", "Kurtosis", "Mean", "Median", "Entropy")
    ]
    table.write_text("feature,coefficient\n" + "".join(f"{name},1\n" for name in names))
    model = complete_model(registry.find_model("wang2022-labc-dfs"), table)
    save_model(replace(model, extraction=replace(model.extraction, array_order="LPS")), tmp_path / "model.json")
    flip(ready._parameterNode.inputVolume)
    ready._parameterNode.model = str(tmp_path / "model.json")
    ready.ui.applyButton.click()
    assert ready.ui.messageLabel.text == ""
    ready.ui.checkButton.click()
    values = extension.values()
    extension.finish(values)
    assert ready.ui.checkLabel.text.startswith("All 15 features equal")
    scored = {part["feature"]: part["value"] for part in ready.resultView.document["contributions"]}
    stock = {name: float(value) for name, value in values.items() if name in scored}
    assert any(abs(scored[name] - stock[name]) > 1e-6 * abs(stock[name]) for name in scored)  # the order matters here


def test_difference_is_named(checked):
    panel, cli, before = checked
    values = cli.values()
    feature = registry.find_model("demo-phantom").score.terms[0].feature
    values[feature] = str(float(values[feature]) * 1.5)
    cli.finish(values)
    assert f"1 of {len(registry.find_model('demo-phantom').score.terms)} features differ" in panel.ui.checkLabel.text
    assert feature in plain(panel.ui.checkLabel.text)
    assert nodes() == before


@pytest.mark.parametrize("states", [("CompletedWithErrors",), ("Running", "CompletedWithErrors")])
def test_failed_extraction_is_explained(checked, states):
    """Also one that failed so early that it was never seen running."""
    panel, cli, before = checked
    cli.finish({}, states=states, error="Traceback\nValueError: no label\n")
    assert panel.ui.checkLabel.text.startswith("SlicerRadiomics gave no value of")
    assert panel.ui.checkLabel.text.endswith("ValueError: no label")
    assert nodes() == before and panel.ui.checkButton.enabled


def test_only_its_own_observers_are_removed(checked):
    panel, cli, _before = checked
    heard = []
    node = cli.node
    for observed in (slicer.mrmlScene, node):
        for _ in range(20):
            observed.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: heard.append(1))
    cli.finish(cli.values())
    heard.clear()
    slicer.mrmlScene.Modified()
    assert len(heard) == 20
    node.Modified()
    assert len(heard) == 40
    assert "All " in panel.ui.checkLabel.text


def test_node_lives_through_its_own_event(checked):
    """Slicer goes on with the node that told that the command has ended; to remove it there is a crash."""
    panel, cli, before = checked
    for state in ("Running", "Completing", "Completed"):
        cli.become(state)
    assert "at work" in panel.ui.checkLabel.text
    slicer.app.processEvents()
    assert "gave no value" in panel.ui.checkLabel.text
    assert nodes() == before


def test_progress_is_shown_and_the_comparison_can_be_cancelled(checked):
    panel, cli, before = checked
    bar = panel.ui.checkProgressBar
    assert not bar.isHidden() and not panel.ui.checkCancelButton.isHidden()
    assert (bar.minimum, bar.maximum) == (0, 0)  # at work, and no word of how far
    cli.become("Running")
    panel.ui.checkCancelButton.click()
    assert cli.node.GetStatus() == cli.node.Cancelling
    cli.become("Cancelled")
    slicer.app.processEvents()
    assert panel.ui.checkLabel.text == "The comparison was cancelled."
    assert bar.isHidden() and panel.ui.checkCancelButton.isHidden() and panel.ui.checkButton.enabled
    assert nodes() == before
    panel.ui.checkButton.click()
    cli.finish(cli.values())
    assert "All " in panel.ui.checkLabel.text


@pytest.mark.parametrize("state", ["Scheduled", "Running"])
@pytest.mark.parametrize("end", ["close", "reload"])
def test_scene_or_panel_gone_during_the_comparison(checked, end, state):
    panel, cli, before = checked
    node = cli.node
    node.SetStatus(getattr(node, state))
    if end == "close":
        slicer.mrmlScene.Clear()
    else:
        panel.onReload()
        assert nodes() == before
    assert node.GetStatus() == node.Cancelling and node.GetScene() is None
    node.SetStatus(node.Cancelled)  # what the command does then is nobody's concern


def test_a_defect_leaves_nothing_behind(extension, ready, monkeypatch, caplog):
    ready.ui.applyButton.click()
    before = nodes()
    monkeypatch.setattr(slicer.cli, "run", lambda *_given, **_options: 1 / 0)
    ready.ui.checkButton.click()
    assert "division by zero" in ready.ui.checkLabel.text and "ZeroDivisionError" in caplog.text
    assert nodes() == before and ready.ui.checkButton.enabled


def test_unusable_input_is_explained(extension, ready):
    ready.ui.applyButton.click()
    before = nodes()
    ready._parameterNode.segmentation.GetSegmentation().AddEmptySegment("empty", "empty")
    ready.ui.segmentSelector.setCurrentSegmentID("empty")
    ready.ui.checkButton.click()
    assert "is empty" in ready.ui.checkLabel.text
    assert nodes() == before and extension.node is None
    assert ready.ui.checkButton.enabled
