"""Nodes of a real MRML scene give the features and scores that the files give; the scene stays as it was."""

import csv
import importlib
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib import features, patient
from LABCRadiomicsLib.errors import GeometryError, InputError
from LABCRadiomicsLib.imaging import read_image, read_mask
from LABCRadiomicsLib.model import Score, Term, registry
from LABCRadiomicsLib.resources import models_folder
from mrml_nodes import ROTATION, first_segment, put_under, same_place, snapshot, voxels

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
vtk = pytest.importorskip("vtk", reason="needs the slicer-core package, which brings vtk")
mrml = importlib.import_module("LABCRadiomicsLib.mrml")


pytest_plugins = ("mrml_nodes",)


# --- files against nodes -------------------------------------------------------------------------------------------


def test_breast1_nodes_equal_the_files(breast1, breast1_nodes):
    volume, segmentation = breast1_nodes
    image = mrml.image_from_volume(volume)
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    file_image, file_mask = read_image(breast1[0]).volume, read_mask(breast1[1]).volume
    np.testing.assert_array_equal(image.array, voxels(volume))
    np.testing.assert_array_equal(image.array, file_image.array)
    np.testing.assert_array_equal(mask.array, file_mask.array == 1)
    assert mask.array.dtype == np.uint8
    assert mask.array.sum() == 143
    assert notices == []
    same_place(image, file_image)
    same_place(mask, image)


def test_left_handed_file_is_reversed_in_k_as_slicer_holds_it(scene, ucsf):
    volume, segmentation = mrml.load_volume(scene, ucsf[0]), mrml.load_segmentation(scene, ucsf[1])
    stored, stored_mask = sitk.ReadImage(str(ucsf[0])), sitk.ReadImage(str(ucsf[1]))
    assert np.linalg.det(np.array(stored.GetDirection()).reshape(3, 3)) == pytest.approx(-1)
    image = mrml.image_from_volume(volume)
    mask, notices = mrml.mask_from_segment(segmentation, first_segment(segmentation), volume)
    np.testing.assert_array_equal(image.array, voxels(volume))
    np.testing.assert_array_equal(image.array, sitk.GetArrayViewFromImage(stored)[::-1])
    np.testing.assert_array_equal(mask.array, sitk.GetArrayViewFromImage(stored_mask)[::-1])
    assert np.linalg.det(image.direction) == pytest.approx(1)
    assert notices == []
    same_place(image, read_image(ucsf[0]).volume)
    same_place(mask, read_mask(ucsf[1]).volume)


def reference_features(path: Path) -> dict[str, float]:
    with path.open(newline="") as file:
        return {row["feature"]: float(row["value"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("case", ["breast1", "UCSF-BR-06"])
def test_all_851_features_equal_what_slicerradiomics_printed_inside_slicer(scene, case, request, shared_reference):
    image_file, mask_file = request.getfixturevalue("breast1" if case == "breast1" else "ucsf")
    volume, segmentation = mrml.load_volume(scene, image_file), mrml.load_segmentation(scene, mask_file)
    mask, _ = mrml.mask_from_segment(segmentation, None, volume)
    values = features.extract(mrml.image_from_volume(volume), mask).values
    expected = reference_features(shared_reference / "slicerradiomics" / f"{case}.csv")
    assert len(expected) == 851
    assert set(values) == set(expected)
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, rel=1e-12, abs=1e-12), name


@pytest.fixture
def model():
    """The published model with two made-up terms that never leave the tests."""
    made_up = {"original_firstorder_Mean": 0.01, "wavelet-LLH_glcm_Idmn": 2.0}
    terms = tuple(Term(feature=name, coefficient=value) for name, value in made_up.items())
    published = registry.find_model("wang2022-labc-dfs")
    return replace(published, id="test", status="demonstration", score=Score(terms=terms, intercept=0.0))


def keys_of(value, but=""):
    """The keys of a document at every depth, but what only one of two can have."""
    if isinstance(value, dict):
        return {key: None if key == but else keys_of(part, but) for key, part in value.items()}
    return [keys_of(part, but) for part in value[:1]] if isinstance(value, list) else None


def test_nodes_score_as_the_files_do(breast1, breast1_nodes, model):
    expected = patient.score_patient(model, read_image(breast1[0]).volume, read_mask(breast1[1]).volume)
    found = mrml.score_nodes(*breast1_nodes, None, model)
    assert found.prediction.score == expected.prediction.score
    assert found.prediction.warnings == expected.prediction.warnings
    assert found.document["timings"]["read_s"] > 0
    schema = json.loads((models_folder() / "result.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found.document)
    assert keys_of(found.document, but="fingerprint") == keys_of(expected.document, but="fingerprint")


@pytest.mark.parametrize(("name", "modality", "uids", "code"), [
    ("2: T1 post", "CT", "", "other-modality"), ("4: t2_tse_sag", "MR", "1.2 1.3", "other-sequence"),
    ("t2_tse_sag", "", "", None), ("3: T1 post", "MR", "", None),
])  # fmt: skip
def test_what_the_scene_keeps_of_the_series_is_held_against_the_model(breast1_nodes, model, name, modality, uids, code):
    """Where the DICOM database has no files; the name of a volume from elsewhere says nothing."""
    volume, segmentation = breast1_nodes
    volume.SetName(name)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(volume.GetScene())
    if modality:
        item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), volume)
        hierarchy.SetItemAttribute(item, "DICOM.Modality", modality)
    if uids:
        volume.SetAttribute("DICOM.instanceUIDs", uids)
    image = replace(model.image, sequence="T1-weighted, contrast-enhanced")
    trained = replace(model, provenance=replace(model.provenance, origin="trained"), image=image)
    found = mrml.score_nodes(volume, segmentation, None, trained).prediction.warnings
    codes = {notice.code for notice in found} & {"other-modality", "other-sequence", "simulated-model"}
    assert codes == ({code} if code else set())


def test_labelmap_node_scores_as_the_segment_does(scene, breast1, breast1_nodes, model):
    labelmap = mrml.load_volume(scene, breast1[1], "vtkMRMLLabelMapVolumeNode")
    volume, segmentation = breast1_nodes
    one, other = (mrml.score_nodes(volume, node, None, model).prediction.score for node in (segmentation, labelmap))
    assert one == other


def test_resampled_segment_warns_in_the_prediction(scene, breast1_nodes, model):
    volume, segmentation = breast1_nodes
    put_under(scene, segmentation, [[1, 0, 0, 0.3], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    warnings = mrml.score_nodes(volume, segmentation, None, model).prediction.warnings
    assert warnings[0].code == "mask-resampled"
    assert [warning.code for warning in warnings].count("mask-resampled") == 1


# --- the user's scene ----------------------------------------------------------------------------------------------


def test_scene_is_left_as_it_was(scene, breast1_nodes):
    volume, segmentation = breast1_nodes
    put_under(scene, volume, ROTATION)
    put_under(scene, segmentation, ROTATION)
    scene.RemoveNode(segmentation.GetDisplayNode())  # Slicer's own export would add one
    before = snapshot(scene)
    mrml.image_from_volume(volume)
    mrml.mask_from_segment(segmentation, None, volume)
    assert snapshot(scene) == before
    assert segmentation.GetDisplayNode() is None


def test_scene_is_left_as_it_was_after_an_error(scene, breast1_nodes):
    volume, segmentation = breast1_nodes
    segmentation.GetSegmentation().AddEmptySegment("nothing", "nothing")
    before = snapshot(scene)
    with pytest.raises(InputError):
        mrml.mask_from_segment(segmentation, "nothing", volume)
    assert snapshot(scene) == before
    put_under(scene, segmentation, np.eye(4) + np.outer([1000, 1000, 1000, 0], [0, 0, 0, 1]))
    before = snapshot(scene)
    with pytest.raises(GeometryError):
        mrml.mask_from_segment(segmentation, first_segment(segmentation), volume)
    assert snapshot(scene) == before


def test_no_error_is_logged_by_vtk(scene, breast1_nodes):
    """The conversion must not fill the error log of the application."""
    volume, segmentation = breast1_nodes
    window = vtk.vtkStringOutputWindow()
    previous = vtk.vtkOutputWindow.GetInstance()
    vtk.vtkOutputWindow.SetInstance(window)
    try:
        put_under(scene, segmentation, np.eye(4))
        mrml.mask_from_segment(segmentation, None, volume)
    finally:
        vtk.vtkOutputWindow.SetInstance(previous)
    assert window.GetOutput() == ""


def test_files_that_cannot_be_loaded(scene, tmp_path):
    before = snapshot(scene)
    text = tmp_path / "notes.nrrd"
    text.write_text("not an image")
    with pytest.raises(InputError, match="cannot be loaded as a volume"):
        mrml.load_volume(scene, text)
    assert snapshot(scene) == before
