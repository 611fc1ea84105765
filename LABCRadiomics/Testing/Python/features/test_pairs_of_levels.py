"""Neighbors are counted in several ways, by how many levels or neighbors there are: the values are the same bits."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LABCRadiomicsLib.features import glcm
from roi_examples import SHAPE, ball, ours, phantom, unequal, with_setting

PARAMETERS = {
    "symmetrical": with_setting({"Original": {}}, {"glcm": []}, binWidth=10),
    "one way": with_setting({"Original": {}}, {"glcm": []}, binWidth=10, symmetricalGLCM=False),
    "two distances": with_setting({"Original": {}}, {"glcm": []}, binWidth=25, distances=[1, 2]),
    "weighted": with_setting({"Original": {}}, {"glcm": []}, binWidth=10, weightingNorm="euclidean"),
    "in planes": with_setting({"Original": {}}, {"glcm": []}, binWidth=10, force2D=True),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_pairs_are_the_same_however_they_are_counted(monkeypatch, name):
    image = phantom(SHAPE)
    mask = ball(image, (6, 9, 10), 5)
    whole = ours(image, mask, PARAMETERS[name])
    assert len(whole) == 24 and np.isfinite(list(whole.values())).all()
    with monkeypatch.context() as few:
        few.setattr(glcm, "_MOST_CELLS", 0)  # only the pairs that occur
        assert unequal(whole, ours(image, mask, PARAMETERS[name])) == []
    monkeypatch.setattr(glcm, "_MOST_TOGETHER", 1)  # one angle after the other
    assert unequal(whole, ours(image, mask, PARAMETERS[name])) == []


def test_voxels_without_neighbors_have_no_pairs_and_one_level_correlates_with_itself():
    image, alone = phantom(SHAPE), np.zeros(SHAPE, np.uint8)
    alone[2, 2, 2] = alone[6, 6, 6] = alone[9, 9, 9] = 1
    mask = sitk.GetImageFromArray(alone)
    mask.CopyInformation(image)
    found = ours(image, mask, PARAMETERS["symmetrical"])
    assert len(found) == 24 and np.isnan(list(found.values())).all()
    one_bin = with_setting({"Original": {}}, {"glcm": []}, binWidth=100_000)
    flat = ours(image, ball(image, (6, 9, 10), 3), one_bin)
    assert (flat["original_glcm_MCC"], flat["original_glcm_Correlation"], flat["original_glcm_Contrast"]) == (1, 1, 0)


def test_a_voxel_may_depend_on_more_neighbors_than_a_byte_counts():
    """Within three voxels along each axis there are 342, and in the middle of one gray level it depends on them all."""
    levels = np.ones((11, 11, 11))
    levels[0, :3, :5] = 2
    near = np.ones((7, 7, 7))
    near[3, 3, 3] = 0
    dependents = sum((levels == level) * ndimage.correlate((levels == level) * 1.0, near, mode="constant")
                     for level in (1, 2))  # fmt: skip
    assert dependents.max() == 342
    image = sitk.GetImageFromArray((100 * levels).astype(np.int16))
    mask = sitk.GetImageFromArray(np.ones(levels.shape, np.uint8))
    parameters = with_setting({"Original": {}}, {"gldm": ["LargeDependenceEmphasis"]}, distances=[1, 2, 3])
    found = ours(image, mask, parameters)["original_gldm_LargeDependenceEmphasis"]
    assert found == pytest.approx(((dependents + 1) ** 2).mean(), rel=1e-12)
