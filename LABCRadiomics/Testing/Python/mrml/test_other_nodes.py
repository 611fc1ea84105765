"""Segments beside the tumor's, and a region given back to the scene for another module."""

import importlib

import numpy as np
import pytest

from LABCRadiomicsLib.errors import GeometryError, InputError
from LABCRadiomicsLib.imaging import region_of
from mrml_nodes import first_segment, put_under, same_place, snapshot

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
mrml = importlib.import_module("LABCRadiomicsLib.mrml")

pytest_plugins = ("mrml_nodes",)


@pytest.mark.parametrize("order", ["as-loaded", "LPS"])
def test_a_region_becomes_hidden_nodes_and_back(scene, breast1_nodes, order):
    volume, segmentation = breast1_nodes
    image, mask, _ = mrml.images_from_nodes(volume, segmentation, None)
    turned = (item.reordered((2, 0, 1), (True, False, False)) for item in (image, mask))
    region = region_of(*turned, None, order)
    before = snapshot(scene)
    nodes = mrml.nodes_of_region(scene, region, "for another module")
    for node, expected, back in zip(
        nodes, (region.image, region.mask), (mrml.image_from_volume, mrml.mask_from_labelmap), strict=True
    ):
        assert (node.GetHideFromEditors(), node.GetSaveWithScene()) == (1, 0)
        found = back(node)
        np.testing.assert_array_equal(found.array, expected.array)
        assert found.array.dtype == expected.array.dtype
        same_place(found, expected)
        scene.RemoveNode(node)
    assert snapshot(scene) == before


def test_other_segments_are_named_by_what_they_are(scene, breast1_nodes):
    volume, segmentation = breast1_nodes
    chosen = segmentation, first_segment(segmentation)
    masks, notices = mrml.other_masks(volume, {mrml.BREAST: chosen, mrml.SECOND_READER: chosen})
    assert list(masks) == [mrml.BREAST, mrml.SECOND_READER] and notices == []
    assert all(mask.array.sum() == 143 for mask in masks.values())
    segmentation.GetSegmentation().AddEmptySegment("empty", "empty")
    for name, what in ((mrml.BREAST, "the breast"), (mrml.TISSUE, "the reference tissue")):
        with pytest.raises(InputError, match=f"'empty' is empty: segment {what} first"):
            mrml.other_masks(volume, {name: (segmentation, "empty")})


def test_other_segments_are_part_of_the_fingerprint(scene, breast1_nodes, breast1):
    volume, segmentation = breast1_nodes
    image, mask, _ = mrml.images_from_nodes(volume, segmentation, None)
    other = mrml.load_segmentation(scene, breast1[1])
    others = {mrml.SECOND_READER: (other, first_segment(other))}
    known = mrml.fingerprint(image, mask, mrml.other_masks(volume, others)[0].values())
    assert known != mrml.fingerprint(image, mask)
    assert mrml.is_unchanged(known, volume, segmentation, None, others)
    assert not mrml.is_unchanged(known, volume, segmentation, None)
    other.GetSegmentation().RemoveSegment(first_segment(other))
    assert not mrml.is_unchanged(known, volume, segmentation, None, others)


def test_a_segment_outside_the_volume_is_refused(scene, breast1_nodes, breast1):
    volume, _segmentation = breast1_nodes
    other = mrml.load_segmentation(scene, breast1[1])
    put_under(scene, other, np.eye(4) + np.outer([1000, 0, 0, 0], [0, 0, 0, 1]))
    with pytest.raises(GeometryError):
        mrml.other_masks(volume, {mrml.TISSUE: (other, first_segment(other))})
