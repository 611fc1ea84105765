"""Laplacian of Gaussian in a box against ITK's filter of the whole image: the same bits."""

import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib.features.laplacian import laplacian_of_gaussian
from roi_examples import ball, ours, phantom, with_setting


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("sigma", [0.4, 1.0, 3.7])
def test_a_box_of_the_filtered_image(kind, sigma):
    rng = np.random.default_rng(2)
    for size, spacing in (((30, 24, 17), (0.7, 0.7, 2.0)), ((4, 4, 4), (1, 1, 1)), ((5, 40, 9), (3.1, 0.25, 1.3))):
        image = sitk.GetImageFromArray(rng.normal(100, 30, size[::-1]).astype(kind))
        image.SetSpacing(spacing)
        image.SetOrigin((5, -3, 11))
        image.SetDirection((0, 1, 0, 1, 0, 0, 0, 0, -1))
        whole = sitk.GetArrayFromImage(sitk.LaplacianRecursiveGaussian(image, sigma, normalizeAcrossScale=True))
        corners = rng.integers(0, size, (4, 2, 3))
        boxes = [(corner.min(axis=0), corner.max(axis=0)) for corner in corners]
        for lower, upper in [*boxes, (np.zeros(3, int), np.array(size) - 1)]:
            found = laplacian_of_gaussian(image, sigma, lower, upper)
            box = tuple(slice(first, last + 1) for first, last in zip(lower[::-1], upper[::-1], strict=True))
            assert found.dtype == whole.dtype and np.array_equal(found, whole[box])


@pytest.mark.parametrize(("sigma", "images"), [(8.0, 1), (8.1, 0)])
def test_an_image_must_be_larger_than_the_filter(sigma, images):
    """Along each axis a voxel more than the standard deviation spans, as pyradiomics asks for: nine here."""
    image = phantom((9, 12, 14), spacing=(1, 1, 1))
    found = ours(image, ball(image, (4, 6, 7), 3), with_setting({"LoG": {"sigma": [sigma]}}, {"firstorder": ["Mean"]}))
    assert len(found) == images
