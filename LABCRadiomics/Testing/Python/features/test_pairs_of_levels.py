"""Gray level pairs are counted in three ways, by how many levels there are: the values are the same bits."""

import numpy as np
import pytest

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
