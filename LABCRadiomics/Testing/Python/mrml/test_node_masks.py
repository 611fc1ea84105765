"""Segments and labelmaps of nodes become masks as Slicer exports them, or are refused with what to do."""

import importlib

import numpy as np
import pytest

from LABCRadiomicsLib.errors import GeometryError, InputError
from mrml_nodes import (
    BINARY,
    ROTATION,
    SURFACE,
    assert_exported,
    ball,
    exported,
    first_segment,
    make_segmentation,
    make_volume,
    put_under,
    same_place,
    snapshot,
)

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
vtk = pytest.importorskip("vtk", reason="needs the slicer-core package, which brings vtk")
mrml = importlib.import_module("LABCRadiomicsLib.mrml")


pytest_plugins = ("mrml_nodes",)


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
