"""Fixtures that run the module outside Slicer; a test module asks for them with ``pytest_plugins``."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from . import proxies


@pytest.fixture
def slicer_lists(shared_data) -> Path:
    """Lists of what a running Slicer has, class by class."""
    folder = shared_data.parent / "slicer_api"
    if not folder.is_dir():
        pytest.skip("needs the project's shared slicer_api folder beside the shared data")
    return folder


@pytest.fixture
def app(tmp_path, request, capfd):
    """The application with an empty scene.

    Exceptions in slots and observers, which are only printed, and errors in the application's log fail the test.
    """
    import slicer_standin

    try:
        lists = request.getfixturevalue("slicer_lists")
    except pytest.skip.Exception:
        lists = None  # what is not listed is then not refused, everything else is tested
    proxies.slot_errors.clear()
    with slicer_standin.running(tmp_path, lists) as application:
        yield application
    assert proxies.slot_errors == []
    printed = capfd.readouterr().err
    assert "Traceback" not in printed
    assert "as its own parent" not in printed


@pytest.fixture
def module(app):
    """The module as Slicer would import it."""
    return importlib.import_module("LABCRadiomics")


@pytest.fixture
def case(app, breast1):
    """The bundled case in the scene: volume, segmentation, segment ID."""
    import slicer

    from LABCRadiomicsLib import mrml

    volume = mrml.load_volume(slicer.mrmlScene, breast1[0])
    segmentation = mrml.load_segmentation(slicer.mrmlScene, breast1[1])
    return volume, segmentation, segmentation.GetSegmentation().GetNthSegmentID(0)


@pytest.fixture
def panel(app):
    """The module's widget, opened in an empty scene."""
    widget = app.make()
    app.enter()
    return widget


@pytest.fixture
def ready(case, panel):
    """The module's widget with the bundled case selected."""
    assert panel.ui.applyButton.enabled, panel.ui.applyButton.toolTip
    return panel


@pytest.fixture
def dialogs(app, monkeypatch):
    """Answers of the file dialogs, by the name of the function; without one a dialog is a failure."""
    import qt

    answers = {}
    for name in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        monkeypatch.setattr(qt.QFileDialog, name, lambda *_given, name=name: answers.pop(name), raising=False)
    return answers
