"""The button that saves a result as DICOM: when it is enabled, what it says when not, and what it writes."""

import pydicom
import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

import dicom_examples  # noqa: E402
import dicom_making  # noqa: E402
from dicom_sr_reading import check_values, images, texts  # noqa: E402
from LABCRadiomicsLib import NOTICE  # noqa: E402
from panel_reading import plain, tip  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)

WRITES = "Write the result as a DICOM structured report of the volume's study."


@pytest.fixture
def files(app, tmp_path):
    """A series in Slicer's DICOM database."""
    paths = dicom_examples.write_series(tmp_path / "series")
    for path in paths:
        slicer.dicomDatabase.insert(str(path))
    return paths


def uids(files):
    return [pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in files]


@pytest.fixture
def scored(ready, files):
    """The panel with a result of a volume that was loaded from the series."""
    ready._parameterNode.inputVolume.SetAttribute("DICOM.instanceUIDs", " ".join(uids(files)))
    ready.ui.applyButton.click()
    return ready


@pytest.fixture
def save_as(app, tmp_path, monkeypatch):
    """Answer the file dialog with a path; gives the path."""
    import qt

    path = tmp_path / "saved.dcm"
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_given: str(path), raising=False)
    return path


def state(panel):
    return panel.ui.saveDicomButton.enabled, tip(panel.ui.saveDicomButton)


def test_the_result_is_saved(scored, files, save_as):
    assert state(scored) == (True, WRITES)
    scored.ui.saveDicomButton.click()
    assert plain(scored.ui.messageLabel.text) == f"Written: {save_as}"
    assert f'<a href="{save_as.as_uri()}">' in scored.ui.messageLabel.text
    report = pydicom.dcmread(save_as)
    check_values(report, scored.resultView.document)
    assert images(report) == uids(files)
    assert texts(report, "112039") == [scored.resultView.document["inputs"]["segment"]]
    assert NOTICE in texts(report, "121106")


def test_other_volumes_say_why_not(ready, files):
    volume = ready._parameterNode.inputVolume
    ready.ui.applyButton.click()
    assert state(ready) == (False, "The volume was not loaded from DICOM.")
    volume.SetAttribute("DICOM.instanceUIDs", " ".join([*uids(files), "1.2.3"]))
    ready.ui.applyButton.click()
    assert state(ready) == (False, "The DICOM database no longer has the volume's files: import them again.")


def test_a_database_that_is_closed_or_absent(scored, monkeypatch):
    reason = "Slicer's DICOM database is not open: see the DICOM module."
    slicer.dicomDatabase.isOpen = False
    scored.ui.applyButton.click()
    assert state(scored) == (False, reason)
    monkeypatch.delattr(slicer, "dicomDatabase")  # the DICOM module is disabled
    scored.ui.applyButton.click()
    assert state(scored) == (False, reason)


def test_a_database_closed_since_is_explained(scored, save_as):
    slicer.dicomDatabase.isOpen = False
    scored.ui.saveDicomButton.click()
    assert "database is not open" in scored.ui.messageLabel.text
    assert not save_as.exists()


def test_files_deleted_from_the_disk_are_explained(scored, files, save_as):
    files[3].unlink()
    scored.ui.saveDicomButton.click()
    assert "03.dcm cannot be read" in scored.ui.messageLabel.text
    assert not save_as.exists()


def test_a_cancelled_dialog_writes_nothing(scored, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_given: "", raising=False)
    scored.ui.saveDicomButton.click()
    assert scored.ui.messageLabel.text == ""


def test_an_edited_volume_is_not_saved(scored):
    slicer.util.arrayFromVolumeModified(scored._parameterNode.inputVolume)
    enabled, reason = state(scored)
    assert not enabled and "was changed after this result" in reason


def test_a_result_of_a_loaded_scene_is_saved(scored, app, files, save_as, tmp_path):
    """The document and the volume's UIDs are in the scene; its images in memory are not needed."""
    document = scored.resultView.document
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    app.enter()
    assert not scored.ui.saveReportButton.enabled
    assert state(scored) == (True, WRITES)
    scored.ui.saveDicomButton.click()
    check_values(pydicom.dcmread(save_as), document)


def test_the_volume_of_the_result_counts_not_the_chosen_one(scored, breast1):
    from LABCRadiomicsLib import mrml

    other = mrml.load_volume(slicer.mrmlScene, breast1[0])
    volume = scored._parameterNode.inputVolume
    scored.ui.inputVolumeSelector.setCurrentNode(other)
    assert state(scored) == (True, WRITES)
    slicer.mrmlScene.RemoveNode(volume)
    scored._parameterNode.parameterNode.Modified()
    assert state(scored) == (False, "The volume of this result is no longer in the scene.")


def test_the_package_is_asked_for(scored, save_as, monkeypatch):
    packages = __import__("LABCRadiomicsPanel.packages", fromlist=["packages"])
    asked = []

    def refuse(_path, names, purpose):
        asked.append((names, purpose))
        raise packages.PackagesRefused("User declined package installation")

    monkeypatch.setattr(packages, "ensure", refuse)
    scored.ui.saveDicomButton.click()
    purpose = "The DICOM structured report needs the Python packages {names}. Install them?"
    assert asked == [(("highdicom",), purpose)]
    assert "User declined" in scored.ui.messageLabel.text
    assert not save_as.exists()


def test_the_standin_of_the_database_has_only_what_slicer_s_has(app):
    with pytest.raises(AttributeError):
        slicer.dicomDatabase.filesForInstance("1.2.3")


def test_what_the_headers_say_of_the_volume_is_warned_of(ready, app, tmp_path):
    """Two phases in one volume: the panel shows it, and the result is not to be relied on."""
    images = dicom_making.slices(TemporalPositionIdentifier=1)
    images += dicom_making.renamed(dicom_making.slices(TemporalPositionIdentifier=2), "second")
    paths = sorted(dicom_making.write(tmp_path / "phases", images).iterdir())
    for path in paths:
        slicer.dicomDatabase.insert(str(path))
    ready._parameterNode.inputVolume.SetAttribute("DICOM.instanceUIDs", " ".join(uids(paths)))
    ready.ui.applyButton.click()
    document = ready.resultView.document
    assert document["warnings"][0]["code"] == "several-acquisitions"
    assert "2 acquisitions" in document["warnings"][0]["message"]
    assert document["trust"]["grade"] == "do-not-rely"
