"""Nodes of a real MRML scene give the arrays, masks and features that the files give; the scene stays as it was."""

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
from LABCRadiomicsLib.imaging import Volume, read_image, read_mask
from LABCRadiomicsLib.imaging.volume import axis_orders
from LABCRadiomicsLib.model import Score, Term, registry
from LABCRadiomicsLib.resources import models_folder

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
vtk = pytest.importorskip("vtk", reason="needs the slicer-core package, which brings vtk")
mrml = importlib.import_module("LABCRadiomicsLib.mrml")

BINARY = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
ROTATION = np.array([[0.8, -0.6, 0, 5], [0.6, 0.8, 0, -7], [0, 0, 1, 11], [0, 0, 0, 1]])


@pytest.fixture
def scene():
    return mrml.new_scene()


@pytest.fixture
def breast1_nodes(scene, breast1):
    image, mask = breast1
    return mrml.load_volume(scene, image), mrml.load_segmentation(scene, mask)


@pytest.fixture
def ucsf(shared_data) -> tuple[Path, Path]:
    folder = shared_data / "ucsf-br-06"
    return folder / "UCSF-BR-06_3dfgre_orig_t1.nrrd", folder / "UCSF-BR-06_ftv_mask_largest.nrrd"


def snapshot(scene) -> list:
    """Everything of the scene that scoring must leave alone: nodes, their links, states and representations."""
    state = []
    for number in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(number)
        entry = [node.GetID(), node.GetName(), node.GetMTime()]
        if node.IsA("vtkMRMLSegmentationNode"):
            segmentation = node.GetSegmentation()
            for segment_id in segmentation.GetSegmentIDs():
                segment = segmentation.GetSegment(segment_id)
                made = [name for name in (BINARY, SURFACE) if segment.GetRepresentation(name)]
                entry += [segment_id, segment.GetMTime(), made]
        state.append(entry)
    return state


def voxels(node) -> np.ndarray:
    return slicer.util.arrayFromVolume(node)


def first_segment(node) -> str:
    return node.GetSegmentation().GetNthSegmentID(0)


def make_volume(scene, array, matrix=None, name="volume"):
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, array)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.eye(4) if matrix is None else matrix))
    return node


def make_segmentation(scene, array, matrix=None):
    """Import a label array as a segmentation, as the user's "Import" does."""
    labelmap = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    slicer.util.updateVolumeFromArray(labelmap, array.astype(np.uint8))
    labelmap.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.eye(4) if matrix is None else matrix))
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "segmentation")
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelmap, node)
    scene.RemoveNode(labelmap)
    return node


def put_under(scene, node, matrix, parent=None):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.asarray(matrix, float)))
    if parent is not None:
        transform.SetAndObserveTransformNodeID(parent.GetID())
    node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


def exported(segmentation, segment_id, volume) -> np.ndarray:
    """What SlicerRadiomics does in the user's scene."""
    labelmap = volume.GetScene().AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    assert slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(
        segmentation, [segment_id], labelmap, volume
    )
    return voxels(labelmap).copy()


def assert_exported(mask, segmentation, volume) -> None:
    expected = exported(segmentation, first_segment(segmentation), volume)
    np.testing.assert_array_equal(mask.array, expected)


def same_place(one: Volume, other: Volume) -> None:
    assert one.array.shape == other.array.shape
    np.testing.assert_allclose(one.spacing, other.spacing, rtol=1e-12)
    np.testing.assert_allclose(one.origin, other.origin, atol=1e-9)
    np.testing.assert_allclose(one.direction, other.direction, atol=1e-12)


def ball(shape=(20, 24, 28), center=(10, 12, 14), radius=6) -> np.ndarray:
    grid = np.indices(shape)
    return (sum((g - c) ** 2 for g, c in zip(grid, center, strict=True)) <= radius**2).astype(np.uint8)


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


# --- transforms ----------------------------------------------------------------------------------------------------


def test_shared_parent_transform_moves_image_and_mask_alike(scene, breast1_nodes):
    volume, segmentation = breast1_nodes
    before = mrml.image_from_volume(volume)
    mask_before, _ = mrml.mask_from_segment(segmentation, None, volume)
    transform = put_under(scene, volume, ROTATION)
    segmentation.SetAndObserveTransformNodeID(transform.GetID())
    image = mrml.image_from_volume(volume)
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    np.testing.assert_array_equal(image.array, before.array)
    np.testing.assert_array_equal(mask.array, mask_before.array)
    assert notices == []
    same_place(mask, image)
    flip = np.diag([-1.0, -1, 1])
    for index in [(0, 0, 0), (3, 5, 7)]:
        ras = flip @ before.point(index)
        moved = flip @ (ROTATION[:3, :3] @ ras + ROTATION[:3, 3])
        np.testing.assert_allclose(image.point(index), moved, atol=1e-9)


def test_nested_transforms_and_scaling_reach_the_geometry(scene):
    volume = make_volume(scene, np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.diag([1.0, 2, 3, 1]))
    outer = put_under(scene, make_volume(scene, np.zeros((1, 1, 1))), np.diag([2.0, 2, 2, 1]))
    put_under(scene, volume, [[1, 0, 0, 10], [0, 1, 0, 20], [0, 0, 1, 30], [0, 0, 0, 1]], parent=outer)
    image = mrml.image_from_volume(volume)
    assert image.spacing.tolist() == [2, 4, 6]
    assert image.origin.tolist() == [-20, -40, 60]
    assert image.direction.tolist() == [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]


def test_different_transforms_that_cancel_find_the_voxels_again(scene):
    """The segment was drawn on a volume that was moved afterwards; the user moved the segmentation after it."""
    array = ball()
    volume, segmentation = make_volume(scene, array.astype(np.int16)), make_segmentation(scene, array)
    put_under(scene, volume, ROTATION)
    put_under(scene, segmentation, ROTATION)
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    np.testing.assert_array_equal(mask.array, array)
    assert notices == []


@pytest.mark.parametrize("which", ["volume", "segmentation"])
def test_a_transform_on_one_node_only_is_honored(scene, which):
    array = ball()
    volume, segmentation = make_volume(scene, array.astype(np.int16)), make_segmentation(scene, array)
    shift = np.eye(4)
    shift[:3, 3] = (2, -3, 1)
    put_under(scene, {"volume": volume, "segmentation": segmentation}[which], shift)
    sign = 1 if which == "segmentation" else -1
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    expected = np.roll(array, (1 * sign, -3 * sign, 2 * sign), axis=(0, 1, 2))
    np.testing.assert_array_equal(mask.array, expected)
    assert notices == []
    assert_exported(mask, segmentation, volume)


def test_rotation_between_the_nodes_gives_what_slicer_exports(scene):
    array = ball()
    volume, segmentation = make_volume(scene, array.astype(np.int16)), make_segmentation(scene, array)
    turn = np.array([[0.96, -0.28, 0, 4.3], [0.28, 0.96, 0, -3.7], [0, 0, 1, 0.2], [0, 0, 0, 1]])
    put_under(scene, segmentation, turn)
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    assert [notice.code for notice in notices] == ["mask-resampled"]
    assert mask.array.sum() == pytest.approx(array.sum(), rel=0.05)
    assert_exported(mask, segmentation, volume)


def nonlinear_transform(scene):
    transform = scene.AddNewNodeByClass("vtkMRMLBSplineTransformNode", "warp")
    spline = slicer.vtkOrientedBSplineTransform()
    coefficients = vtk.vtkImageData()
    coefficients.SetDimensions(5, 5, 5)
    coefficients.AllocateScalars(vtk.VTK_DOUBLE, 3)
    coefficients.GetPointData().GetScalars().Fill(1.5)
    spline.SetCoefficientData(coefficients)
    transform.SetAndObserveTransformToParent(spline)
    return transform


@pytest.mark.parametrize("which", ["volume", "segmentation"])
def test_nonlinear_transform_is_refused_with_what_to_do(scene, which):
    array = ball()
    volume, segmentation = make_volume(scene, array.astype(np.int16)), make_segmentation(scene, array)
    node = {"volume": volume, "segmentation": segmentation}[which]
    node.SetAndObserveTransformNodeID(nonlinear_transform(scene).GetID())
    with pytest.raises(GeometryError, match=f"{which} is under a nonlinear transform .warp.: harden"):
        mrml.mask_from_segment(segmentation, None, volume)


@pytest.mark.parametrize("which", ["volume", "segmentation"])
def test_shearing_transform_is_refused(scene, which):
    array = ball()
    volume, segmentation = make_volume(scene, array.astype(np.int16)), make_segmentation(scene, array)
    shear = np.eye(4)
    shear[0, 1] = 0.2
    put_under(scene, {"volume": volume, "segmentation": segmentation}[which], shear)
    with pytest.raises(GeometryError, match="sheared: harden its transform and resample"):
        mrml.mask_from_segment(segmentation, None, volume)


@pytest.mark.parametrize(("value", "message"), [(0.0, "cannot be inverted"), (np.nan, "cannot be inverted")])
def test_degenerate_transform_is_refused(scene, value, message):
    volume = make_volume(scene, ball().astype(np.int16))
    put_under(scene, volume, np.diag([1.0, value, 1, 1]))
    with pytest.raises(GeometryError, match=message):
        mrml.image_from_volume(volume)


# --- grids of volumes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("axes", "flips"), list(axis_orders()))
def test_every_axis_order_keeps_the_node_array_and_its_mask(axes, flips):
    """48 orders, left-handed ones among them, set in the scene by a script: nothing is reordered."""
    scene = mrml.new_scene()
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([0.7, 0.9, 2.0])[:, list(axes)] * np.where(flips, -1.0, 1.0)
    matrix[:3, 3] = (12, -34, 56)
    array = ball((7, 8, 9), (3, 4, 5), 2)
    volume = make_volume(scene, array.astype(np.int16) * 100, matrix)
    segmentation = make_segmentation(scene, array, matrix)
    image = mrml.image_from_volume(volume)
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    np.testing.assert_array_equal(image.array, voxels(volume))
    np.testing.assert_array_equal(mask.array, array)
    assert notices == []
    ras = matrix @ [1, 2, 3, 1]
    np.testing.assert_allclose(image.point((1, 2, 3)), ras[:3] * [-1, -1, 1], atol=1e-9)


def test_oblique_grid(scene):
    array = ball((7, 8, 9), (3, 4, 5), 2)
    turn = np.array([[2, -1, 2, 0], [2, 2, -1, 0], [-1, 2, 2, 0], [0, 0, 0, 3]]) / 3
    matrix = turn @ np.diag([0.7, 0.9, 2.0, 1])
    volume, segmentation = make_volume(scene, array.astype(np.float32), matrix), make_segmentation(scene, array, matrix)
    image = mrml.image_from_volume(volume)
    np.testing.assert_allclose(image.spacing, (0.7, 0.9, 2.0), rtol=1e-14)
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    np.testing.assert_array_equal(mask.array, array)
    assert notices == []


def test_extent_that_does_not_start_at_zero(scene):
    array = ball()
    data = slicer.vtkOrientedImageData()
    volume = make_volume(scene, array.astype(np.int16))
    data.DeepCopy(volume.GetImageData())
    data.SetExtent(5, 32, 6, 29, 7, 26)
    volume.SetAndObserveImageData(data)
    image = mrml.image_from_volume(volume)
    assert image.origin.tolist() == [-5, -6, 7]
    shifted = np.eye(4)
    shifted[:3, 3] = (5, 6, 7)
    mask, notices = mrml.mask_from_segment(make_segmentation(scene, array, shifted), None, volume)
    np.testing.assert_array_equal(mask.array, array)
    assert notices == []
    same_place(mask, image)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_voxel_types(scene, dtype):
    array = (np.arange(60).reshape(3, 4, 5) % 100).astype(dtype)
    image = mrml.image_from_volume(make_volume(scene, array))
    found = image.array
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, array)


def test_image_is_a_copy(scene):
    volume = make_volume(scene, np.ones((3, 4, 5), np.int16))
    image = mrml.image_from_volume(volume)
    voxels(volume)[:] = 7
    assert image.array.max() == 1


# --- segments ------------------------------------------------------------------------------------------------------


def test_segments_sharing_a_labelmap_are_told_apart(scene):
    array = np.zeros((20, 24, 28), np.uint8)
    array[3:7, 4:9, 5:11], array[10:15, 12:18, 14:20], array[7:10, 9:12, 11:14] = 1, 2, 3
    volume, segmentation = make_volume(scene, array.astype(np.int16)), make_segmentation(scene, array)
    segment_ids = segmentation.GetSegmentation().GetSegmentIDs()
    assert len(segment_ids) == 3
    assert segmentation.GetSegmentation().GetNumberOfLayers() == 1
    for label, segment_id in enumerate(segment_ids, start=1):
        mask, _ = mrml.mask_from_segment(segmentation, segment_id, volume)
        np.testing.assert_array_equal(mask.array, array == label)


def test_another_segment_of_the_shared_labelmap_may_lie_outside(scene):
    array = np.zeros((20, 24, 40), np.uint8)
    array[3:7, 4:9, 5:11], array[10:15, 12:18, 30:38] = 1, 2
    volume, segmentation = make_volume(scene, array[:, :, :20].astype(np.int16)), make_segmentation(scene, array)
    inside, outside = segmentation.GetSegmentation().GetSegmentIDs()
    mask, notices = mrml.mask_from_segment(segmentation, inside, volume)
    np.testing.assert_array_equal(mask.array, array[:, :, :20] == 1)
    assert notices == []
    with pytest.raises(GeometryError, match="lies outside the volume"):
        mrml.mask_from_segment(segmentation, outside, volume)


def test_overlapping_segments_in_layers(scene):
    one, other = ball(), ball(center=(10, 12, 16))
    volume, segmentation = make_volume(scene, one.astype(np.int16)), make_segmentation(scene, one)
    second = make_segmentation(scene, other)
    target = segmentation.GetSegmentation()
    assert target.CopySegmentFromSegmentation(second.GetSegmentation(), first_segment(second))
    for segment_id, array in zip(target.GetSegmentIDs(), (one, other), strict=True):
        mask, _ = mrml.mask_from_segment(segmentation, segment_id, volume)
        np.testing.assert_array_equal(mask.array, array)


def test_cropped_labelmap_extent(scene):
    array = ball()
    block = array[4:17, 6:19, 8:21]
    corner = np.eye(4)
    corner[:3, 3] = (8, 6, 4)
    mask, notices = mrml.mask_from_segment(
        make_segmentation(scene, block, corner), None, make_volume(scene, array.astype(np.int16))
    )
    np.testing.assert_array_equal(mask.array, array)
    assert notices == []


def test_labelmap_larger_than_the_volume_but_empty_outside(scene):
    array = ball()
    padded = np.pad(array, 5)
    corner = np.eye(4)
    corner[:3, 3] = -5
    mask, notices = mrml.mask_from_segment(
        make_segmentation(scene, padded, corner), None, make_volume(scene, array.astype(np.int16))
    )
    np.testing.assert_array_equal(mask.array, array)
    assert notices == []


def test_oversampled_labelmap_is_resampled_and_said_so(scene):
    array = ball()
    fine = array.repeat(3, 0).repeat(3, 1).repeat(3, 2)
    matrix = np.diag([1 / 3, 1 / 3, 1 / 3, 1])
    matrix[:3, 3] = -1 / 3  # the middle one of each three voxels lies on the volume's voxel center
    volume, segmentation = make_volume(scene, array.astype(np.int16)), make_segmentation(scene, fine, matrix)
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    np.testing.assert_array_equal(mask.array, array)
    assert [notice.code for notice in notices] == ["mask-resampled"]
    same_place(mask, mrml.image_from_volume(volume))


def test_coarser_labelmap_on_the_same_voxel_centers_is_resampled_and_said_so(scene):
    coarse = ball((10, 12, 14), (5, 6, 7), 3)
    volume = make_volume(scene, np.zeros((20, 24, 28), np.int16))
    segmentation = make_segmentation(scene, coarse, np.diag([2.0, 2, 2, 1]))
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    np.testing.assert_array_equal(mask.array[::2, ::2, ::2], coarse)
    assert [notice.code for notice in notices] == ["mask-resampled"]
    assert_exported(mask, segmentation, volume)


def surface_only(scene, array, reference=None):
    """A segmentation as it is after an import from a model or an RT structure set."""
    node = make_segmentation(scene, array)
    segmentation = node.GetSegmentation()
    if reference is not None:
        node.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    assert segmentation.CreateRepresentation(SURFACE)
    segmentation.SetSourceRepresentationName(SURFACE)
    segmentation.RemoveRepresentation(BINARY)
    assert not segmentation.ContainsRepresentation(BINARY)
    return node


@pytest.mark.parametrize("reference", [True, False], ids=["reference-geometry", "no-reference-geometry"])
def test_closed_surface_only(scene, reference):
    array = ball()
    volume = make_volume(scene, array.astype(np.int16))
    segmentation = surface_only(scene, array, volume if reference else None)
    before = snapshot(scene)
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    assert notices[0].code == "segment-converted" and "is kept as a closed surface" in notices[0].message
    assert snapshot(scene) == before
    assert not segmentation.GetSegmentation().ContainsRepresentation(BINARY)
    found = mask.array
    dice = 2 * (found & array).sum() / (found.sum() + array.sum())
    assert dice > 0.95
    assert_exported(mask, segmentation, volume)


def test_conversion_parameters_of_the_segmentation_are_used(scene):
    array = ball()
    volume = make_volume(scene, array.astype(np.int16))
    segmentation = surface_only(scene, array, volume)
    segmentation.GetSegmentation().SetConversionParameter("Oversampling factor", "3")
    mask, notices = mrml.mask_from_segment(segmentation, None, volume)
    assert [notice.code for notice in notices] == ["segment-converted", "mask-resampled"]
    assert_exported(mask, segmentation, volume)


def test_several_closed_surfaces_give_what_slicer_exports(scene):
    array = np.zeros((20, 24, 28), np.uint8)
    array[3:7, 4:9, 5:11], array[10:15, 12:18, 14:20] = 1, 2
    volume = make_volume(scene, array.astype(np.int16))
    segmentation = surface_only(scene, array, volume)
    segment_ids = segmentation.GetSegmentation().GetSegmentIDs()
    found = [mrml.mask_from_segment(segmentation, s, volume)[0].array for s in segment_ids]
    for mask, segment_id in zip(found, segment_ids, strict=True):
        np.testing.assert_array_equal(mask, exported(segmentation, segment_id, volume))


# --- labelmap nodes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", [3, "3"])
def test_labelmap_node(scene, label):
    array = ball() * 3
    array[0, 0, 0] = 1
    labelmap = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    slicer.util.updateVolumeFromArray(labelmap, array)
    put_under(scene, labelmap, ROTATION)
    mask = mrml.mask_from_labelmap(labelmap, label)
    np.testing.assert_array_equal(mask.array, array == 3)
    assert mask.array.dtype == np.uint8
    np.testing.assert_allclose(mask.origin, (-5, 7, 11))


def test_labelmap_errors(scene):
    labelmap = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    with pytest.raises(InputError, match="Labelmap labels holds no voxels"):
        mrml.mask_from_labelmap(labelmap, 1)
    slicer.util.updateVolumeFromArray(labelmap, np.zeros((2, 2, 2), np.uint8))
    with pytest.raises(InputError, match="empty"):
        mrml.mask_from_labelmap(labelmap)
    slicer.util.updateVolumeFromArray(labelmap, np.arange(8, dtype=np.uint8).reshape(2, 2, 2))
    with pytest.raises(InputError, match="Label 9 is not in the mask"):
        mrml.mask_from_labelmap(labelmap, 9)
    with pytest.raises(InputError, match="Label 'tumor' is not a whole number"):
        mrml.mask_from_labelmap(labelmap, "tumor")
    with pytest.raises(InputError, match="No labelmap is selected"):
        mrml.mask_from_labelmap(None)
    with pytest.raises(InputError, match="volume is a vtkMRMLScalarVolumeNode: select a segmentation or labelmap"):
        mrml.mask_from_labelmap(make_volume(scene, np.zeros((2, 2, 2))))


# --- unusable input ------------------------------------------------------------------------------------------------


def test_volume_errors(scene):
    with pytest.raises(InputError, match="No volume is selected"):
        mrml.image_from_volume(None)
    with pytest.raises(InputError, match="empty holds no voxels"):
        mrml.image_from_volume(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty"))
    with pytest.raises(InputError, match="model is a vtkMRMLModelNode: select the MRI volume"):
        mrml.image_from_volume(scene.AddNewNodeByClass("vtkMRMLModelNode", "model"))


def test_color_volume_is_refused(scene):
    volume = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "rgb")
    slicer.util.updateVolumeFromArray(volume, np.zeros((3, 4, 5, 3), np.uint8))
    with pytest.raises(InputError, match="rgb has 3 components per voxel"):
        mrml.image_from_volume(volume)


def test_segment_errors(scene):
    array = ball()
    volume, segmentation = make_volume(scene, array.astype(np.int16)), make_segmentation(scene, array)
    with pytest.raises(InputError, match="No segmentation is selected"):
        mrml.mask_from_segment(None, None, volume)
    with pytest.raises(InputError, match="Segment nope is not in segmentation segmentation: select one of"):
        mrml.mask_from_segment(segmentation, "nope", volume)
    with pytest.raises(InputError, match="bare holds no segment"):
        mrml.mask_from_segment(scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "bare"), None, volume)
    segmentation.GetSegmentation().AddEmptySegment("second", "second")
    with pytest.raises(InputError, match="holds 2 segments: select the tumor's"):
        mrml.mask_from_segment(segmentation, None, volume)
    with pytest.raises(InputError, match="Segment 'second' is empty"):
        mrml.mask_from_segment(segmentation, "second", volume)


def test_segment_of_an_all_background_labelmap_is_empty(scene):
    segmentation = make_segmentation(scene, ball())
    internal = segmentation.GetBinaryLabelmapInternalRepresentation(first_segment(segmentation))
    internal.GetPointData().GetScalars().Fill(0)
    with pytest.raises(InputError, match="is empty: segment the tumor first"):
        mrml.mask_from_segment(segmentation, None, make_volume(scene, ball().astype(np.int16)))


@pytest.mark.parametrize(("shift", "message"), [(200, "lies outside the volume"), (10, "reaches outside the volume")])
def test_segment_outside_the_volume(scene, shift, message):
    moved = np.eye(4)
    moved[0, 3] = shift
    segmentation, volume = make_segmentation(scene, ball(), moved), make_volume(scene, ball().astype(np.int16))
    with pytest.raises(GeometryError, match=message):
        mrml.mask_from_segment(segmentation, None, volume)


def test_segment_lost_between_the_voxels_of_a_coarse_volume(scene):
    speck = np.zeros((8, 8, 8), np.uint8)
    speck[3, 3, 3] = 1
    coarse = make_volume(scene, np.zeros((2, 2, 2), np.int16), np.diag([8.0, 8, 8, 1]))
    with pytest.raises(GeometryError, match="vanishes on the coarser grid"):
        mrml.mask_from_segment(make_segmentation(scene, speck), None, coarse)


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
