"""Where the voxels of nodes lie: transforms, axis orders, extents, voxel types."""

import importlib

import numpy as np
import pytest

from LABCRadiomicsLib.errors import GeometryError
from LABCRadiomicsLib.imaging.volume import axis_orders
from mrml_nodes import ROTATION, assert_exported, ball, make_segmentation, make_volume, put_under, same_place, voxels

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
vtk = pytest.importorskip("vtk", reason="needs the slicer-core package, which brings vtk")
mrml = importlib.import_module("LABCRadiomicsLib.mrml")


pytest_plugins = ("mrml_nodes",)


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
