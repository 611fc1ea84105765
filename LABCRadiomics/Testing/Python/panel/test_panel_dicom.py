"""The button that saves a result as DICOM: when it is enabled, what it says when not, and what it writes."""

import shutil
import subprocess

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

import vtk  # noqa: E402

import dicom_examples  # noqa: E402
import dicom_making  # noqa: E402
from dicom_sr_reading import check_values, images, referenced, texts  # noqa: E402
from LABCRadiomicsLib import NOTICE, mrml  # noqa: E402
from LABCRadiomicsLib.imaging import read_image, read_mask, region_of  # noqa: E402
from LABCRadiomicsLib.model import find_model  # noqa: E402
from LABCRadiomicsLib.patient import score_patient  # noqa: E402
from panel_reading import plain, tip  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)

WRITES = "Write contour, structured report and report in PDF as DICOM objects of the volume's study."
OBJECTS = {"DICOM SEG": "contour.dcm", "DICOM SR": "result.dcm", "DICOM PDF": "report.dcm"}


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
def loaded(panel, files, tmp_path):
    """The panel with the volume of the series, as Slicer loads it, and its tumor."""
    folder = files[0].parent
    mask = dicom_examples.write_mask(folder, tmp_path / "tumor.nrrd")
    sitk.WriteImage(read_image(folder).volume.to_sitk(), str(tmp_path / "mri.nrrd"))
    volume = mrml.load_volume(slicer.mrmlScene, tmp_path / "mri.nrrd")
    volume.SetAttribute("DICOM.instanceUIDs", " ".join(uids(files)))
    mrml.load_segmentation(slicer.mrmlScene, mask)
    slicer.app.processEvents()
    assert panel.ui.applyButton.enabled, panel.ui.applyButton.toolTip
    return panel


@pytest.fixture
def scored(loaded):
    """The panel with a result of a volume that was loaded from the series."""
    loaded.ui.applyButton.click()
    assert loaded.resultView.document is not None, loaded.ui.messageLabel.text
    return loaded


@pytest.fixture
def save_into(app, tmp_path, monkeypatch):
    """Answer the folder dialog; gives the folder."""
    import qt

    path = tmp_path / "saved"
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_given: str(path), raising=False)
    return path


def state(panel):
    return panel.ui.saveDicomButton.enabled, tip(panel.ui.saveDicomButton)


def objects(folder):
    return {what: pydicom.dcmread(folder / name) for what, name in OBJECTS.items() if (folder / name).exists()}


def test_one_study_is_saved(scored, files, save_into):
    """Contour, report and PDF in the study of the images, and each points to what it is of."""
    assert state(scored) == (True, WRITES)
    scored.ui.saveDicomButton.click()
    assert plain(scored.ui.messageLabel.text) == f"Written: {save_into}"
    assert f'<a href="{save_into.as_uri()}">' in scored.ui.messageLabel.text
    made = objects(save_into)
    assert sorted(path.name for path in save_into.iterdir() if path.suffix == ".dcm") == sorted(OBJECTS.values())
    source = pydicom.dcmread(files[0], stop_before_pixels=True)
    for found in made.values():
        assert (found.StudyInstanceUID, found.PatientID) == (source.StudyInstanceUID, source.PatientID)
    report, contour = made["DICOM SR"], made["DICOM SEG"]
    check_values(report, scored.resultView.document)
    assert images(report) == [contour.SOPInstanceUID]
    assert set(referenced(report)) == {*uids(files), contour.SOPInstanceUID}
    assert texts(report, "112039") == [scored.resultView.document["inputs"]["segment"]]
    assert NOTICE in texts(report, "121106")
    assert {item.ReferencedSOPInstanceUID for item in made["DICOM PDF"].SourceInstanceSequence} == set(uids(files))
    assert bytes(made["DICOM PDF"].EncapsulatedDocument).startswith(b"%PDF")


def test_the_contour_is_the_scored_one(scored, files, save_into):
    """Voxel by voxel at its place among the images; its score is the panel's."""
    scored.ui.saveDicomButton.click()
    image, back = read_image(files[0].parent).volume, read_mask(save_into / "contour.dcm").volume
    parameters = scored._parameterNode
    drawn, _ = mrml.mask_from_segment(parameters.segmentation, parameters.segmentId, parameters.inputVolume)
    one, other = (region_of(image, mask).mask.array for mask in (drawn, back))
    assert np.array_equal(one, other) and one.sum() == 400
    again = score_patient(find_model("demo-phantom"), image, back).prediction
    assert again.score == scored.resultView.document["score"]


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (Debian's dicom3tools)")
def test_a_validator_finds_no_error(scored, save_into):
    scored.ui.saveDicomButton.click()
    for name in OBJECTS.values():
        said = subprocess.run(["dciodvfy", save_into / name], capture_output=True, text=True).stderr
        assert [line for line in said.splitlines() if line.startswith("Error")] == []


def test_a_volume_that_was_moved_has_no_place_in_its_study(loaded, save_into):
    parameters = loaded._parameterNode
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, 7)
    transform.SetMatrixTransformToParent(matrix)
    for node in (parameters.inputVolume, parameters.segmentation):
        node.SetAndObserveTransformNodeID(transform.GetID())
    loaded.ui.applyButton.click()
    loaded.ui.saveDicomButton.click()
    assert "is not where its DICOM series is" in plain(loaded.ui.messageLabel.text)
    assert not save_into.exists()


def test_the_images_are_not_written_over(scored, files, monkeypatch):
    """Nor are the objects put among them, where the next reading of the series would find them."""
    import qt

    folder = files[0].parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_given: str(folder), raising=False)
    scored.ui.saveDicomButton.click()
    assert "would lie among the files of the input" in plain(scored.ui.messageLabel.text)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_else_the_folder_holds_is_said(scored, save_into):
    save_into.mkdir()
    (save_into / "notes.txt").write_text("of somebody")
    scored.ui.saveDicomButton.click()
    said = plain(scored.ui.messageLabel.text)
    assert said.startswith(f"Written: {save_into} The folder") and "also holds notes.txt" in said
    scored.ui.saveReportButton.click()
    said = plain(scored.ui.messageLabel.text)
    assert "report.html" in said and "also holds notes.txt" in said


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


def test_a_database_closed_since_is_explained(scored, save_into):
    slicer.dicomDatabase.isOpen = False
    scored.ui.saveDicomButton.click()
    assert "database is not open" in scored.ui.messageLabel.text
    assert not save_into.exists()


def test_files_deleted_from_the_disk_are_explained(scored, files, save_into):
    files[3].unlink()
    scored.ui.saveDicomButton.click()
    assert "03.dcm cannot be read" in scored.ui.messageLabel.text
    assert not save_into.exists()


def test_a_cancelled_dialog_writes_nothing(scored, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_given: "", raising=False)
    scored.ui.saveDicomButton.click()
    assert scored.ui.messageLabel.text == ""


def test_an_edited_volume_is_not_saved(scored):
    slicer.util.arrayFromVolumeModified(scored._parameterNode.inputVolume)
    enabled, reason = state(scored)
    assert not enabled and "was changed after this result" in reason


def test_a_result_of_a_loaded_scene_is_saved(scored, app, files, save_into, tmp_path):
    """All but the PDF: document, contour and the volume's UIDs are in the scene."""
    document = scored.resultView.document
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    app.enter()
    assert not scored.ui.saveReportButton.enabled
    assert state(scored) == (True, WRITES)
    scored.ui.saveDicomButton.click()
    made = objects(save_into)
    check_values(made["DICOM SR"], document)
    assert images(made["DICOM SR"]) == [made["DICOM SEG"].SOPInstanceUID] and "DICOM PDF" not in made
    assert "The report in PDF was left out" in plain(scored.ui.messageLabel.text)


def test_the_volume_of_the_result_counts_not_the_chosen_one(scored, breast1):
    from LABCRadiomicsLib import mrml

    other = mrml.load_volume(slicer.mrmlScene, breast1[0])
    volume = scored._parameterNode.inputVolume
    scored.ui.inputVolumeSelector.setCurrentNode(other)
    assert state(scored) == (True, WRITES)
    slicer.mrmlScene.RemoveNode(volume)
    scored._parameterNode.parameterNode.Modified()
    assert state(scored) == (False, "The volume of this result is no longer in the scene.")


def test_the_package_is_asked_for(scored, save_into, monkeypatch):
    packages = __import__("LABCRadiomicsPanel.packages", fromlist=["packages"])
    asked = []

    def refuse(_path, names, purpose):
        asked.append((names, purpose))
        raise packages.PackagesRefused("User declined package installation")

    monkeypatch.setattr(packages, "ensure", refuse)
    scored.ui.saveDicomButton.click()
    purpose = "The DICOM objects need the Python packages {names}. Install them?"
    assert asked == [(("highdicom", "matplotlib", "reportlab"), purpose)]
    assert "User declined" in scored.ui.messageLabel.text
    assert not save_into.exists()


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


@pytest.mark.slow
def test_a_real_series_with_axes_that_slicer_reverses(panel, shared_data, save_into):
    """UCSF-BR-06 is left-handed as stored; Slicer holds it with its slices the other way round."""
    folder = shared_data / "ucsf-br-06"
    series = sorted((folder / "dicom_t1").iterdir())
    for path in series:
        slicer.dicomDatabase.insert(str(path))
    volume = mrml.load_volume(slicer.mrmlScene, folder / "UCSF-BR-06_3dfgre_orig_t1.nrrd")
    volume.SetAttribute("DICOM.instanceUIDs", " ".join(uids(series)))
    mask = folder / "UCSF-BR-06_ftv_mask_largest.nrrd"
    mrml.load_segmentation(slicer.mrmlScene, mask)
    slicer.app.processEvents()
    panel.ui.applyButton.click()
    panel.ui.saveDicomButton.click()
    assert plain(panel.ui.messageLabel.text) == f"Written: {save_into}"
    image = read_image(folder / "dicom_t1").volume
    drawn, back = read_mask(mask).volume, read_mask(save_into / "contour.dcm").volume
    one, other = (region_of(image, each).mask.array for each in (drawn, back))
    assert np.array_equal(one, other) and one.sum() == 39325
