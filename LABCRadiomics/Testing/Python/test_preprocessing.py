"""Preprocessing that is part of a model: what each step does to intensities, and which steps are refused."""

import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib.errors import InputError, ModelError
from LABCRadiomicsLib.imaging import Volume
from LABCRadiomicsLib.preprocessing import Masks, describe, in_words, masks_needed, preprocess, read_steps


@pytest.fixture
def image():
    """Bright tissue (200, noise 10) in air (5, noise 2)."""
    rng = np.random.default_rng(1)
    array = rng.normal(5, 2, (16, 32, 32))
    array[3:13, 6:26, 6:26] = rng.normal(200, 10, (10, 20, 20))
    voxels = sitk.GetImageFromArray(array)
    voxels.SetSpacing((1.0, 1.0, 2.0))
    return Volume.from_sitk(voxels)


def tissue(image):
    array = np.zeros(image.array.shape, np.uint8)
    array[3:13, 6:26, 6:26] = 1
    return image.with_array(array)


def test_no_step_gives_the_image_itself(image):
    assert preprocess(image, ()) is image


def test_zscore_of_the_bright_part(image):
    done = preprocess(image, read_steps([{"step": "zscore", "scale": 50}]))
    inside = done.array[tissue(image).array == 1]
    assert inside.mean() == pytest.approx(0, abs=1e-9)
    assert inside.std() == pytest.approx(50, rel=1e-9)


def test_percentiles_become_their_targets(image):
    done = preprocess(
        image, read_steps([{"step": "percentile", "region": "whole", "low": 10, "high": 90, "to": [1, 3]}])
    )
    assert np.percentile(done.array, [10, 90]) == pytest.approx([1, 3])
    assert done.array.max() > 3  # nothing is cut off


def test_reference_tissue(image):
    steps = read_steps([{"step": "reference-tissue", "tissue": "fat", "value": 40}])
    done = preprocess(image, steps, Masks(tissue=tissue(image)))
    assert np.median(done.array[tissue(image).array == 1]) == pytest.approx(40)
    with pytest.raises(InputError, match="outline some fat"):
        preprocess(image, steps)


@pytest.mark.parametrize("steps", [
    [{"step": "zscore"}], [{"step": "percentile"}], [{"step": "reference-tissue"}],
    [{"step": "n4"}, {"step": "zscore"}],
])  # fmt: skip
def test_a_scale_does_not_matter_after_normalization(image, steps):
    parsed, masks = read_steps(steps), Masks(tissue=tissue(image))
    scaled = image.with_array(image.array * 3.7)
    one, other = (preprocess(volume, parsed, masks).array for volume in (image, scaled))
    assert np.abs(other - one).max() < (0.01 if steps[0]["step"] != "n4" else 1.0)  # of some 100 to 1000


def test_n4_flattens_a_bias_field(image):
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in image.array.shape), indexing="ij")
    biased = image.with_array(np.maximum(image.array, 1) * np.exp(0.4 * x + 0.2 * y * y - 0.2 * z))
    inside = tissue(image).array == 1

    def spread(volume):
        values = volume.array[inside]
        return values.std() / values.mean()

    corrected = preprocess(biased, read_steps([{"step": "n4", "shrink": 2, "region": "otsu"}]))
    assert spread(corrected) < 0.5 * spread(biased)


@pytest.mark.parametrize("interpolation", ["bspline", "linear"])
def test_resampling_keeps_places(image, interpolation):
    done = preprocess(
        image, read_steps([{"step": "resample", "spacing_mm": [2, 2, 2], "interpolation": interpolation}])
    )
    assert done.spacing == pytest.approx([2, 2, 2])
    assert done.point([-0.5, -0.5, -0.5]) == pytest.approx(image.point([-0.5, -0.5, -0.5]))
    assert done.array[8, 8, 8] == pytest.approx(200, rel=0.1)


def test_what_is_stated_is_what_is_read():
    steps = read_steps([{"step": "n4", "iterations": [20, 10]}, {"step": "resample", "spacing_mm": [0, 0, 1]}])
    assert read_steps(describe(steps)) == steps
    assert describe(steps)[0] == {
        "step": "n4", "region": "otsu", "shrink": 4, "iterations": [20, 10], "convergence": 0.001,
    }  # fmt: skip


@pytest.mark.parametrize(("step", "what"), [
    ({"step": "n3"}, "step 1 is 'n3'"), ({}, "step 1 is None"), ({"step": "zscore", "mean": 0}, "no parameter mean"),
    ({"step": "zscore", "scale": 0}, "above 0"), ({"step": "zscore", "scale": "1"}, "above 0"),
    ({"step": "zscore", "scale": True}, "above 0"), ({"step": "percentile", "low": 99, "high": 1}, "low must be lower"),
    ({"step": "zscore", "region": "liver"}, "whole, otsu, breast"),
    ({"step": "resample", "spacing_mm": [1, 1]}, "three"),
    ({"step": "n4", "iterations": [0]}, "1 to 1000"), ({"step": "n4", "shrink": 2.5}, "whole number"),
])  # fmt: skip
def test_an_unknown_or_senseless_step_is_refused(step, what):
    with pytest.raises(ModelError, match=what):
        read_steps([step])


def test_splines_beside_two_slices_are_refused(image):
    thin = image.with_array(image.array[:2])
    with pytest.raises(InputError, match="only two voxels along k"):
        preprocess(thin, read_steps([{"step": "resample", "spacing_mm": [0, 0, 1]}]))
    linear = read_steps([{"step": "resample", "spacing_mm": [0, 0, 1], "interpolation": "linear"}])
    assert preprocess(thin, linear).array.shape == (4, 32, 32)


def test_images_that_cannot_be_normalized(image):
    with pytest.raises(InputError, match="breast"):
        preprocess(image, read_steps([{"step": "zscore", "region": "breast"}]))
    with pytest.raises(InputError, match="constant"):
        preprocess(
            image.with_array(np.full(image.array.shape, 7.0)), read_steps([{"step": "zscore", "region": "whole"}])
        )
    with pytest.raises(InputError, match="not finite"):
        preprocess(image.with_array(np.where(image.array > 100, np.nan, 0.0)), read_steps([{"step": "zscore"}]))


def test_what_was_done_in_words():
    steps = read_steps(
        [
            {"step": "n4", "region": "breast", "shrink": 2},
            {"step": "zscore", "scale": 50},
            {"step": "percentile", "region": "whole", "low": 2, "high": 98},
            {"step": "reference-tissue", "tissue": "fat", "value": 40},
            {"step": "resample", "spacing_mm": [1, 0, 2.5], "interpolation": "linear"},
        ]
    )
    assert in_words(steps) == (
        "Done to the image before the features, as the model states: N4 bias field correction (field estimated in the "
        "breast, shrunk 2 times), then z-score of the voxels above Otsu's threshold (one standard deviation becomes "
        "50), then percentiles 2 and 98 of the whole image mapped to 0 and 1000, then division by the median intensity "
        "of fat (which becomes 40), then resampling to voxels of 1 x as scanned x 2.5 mm (linear)."
    )
    assert in_words(()) == ""


def test_what_has_to_be_outlined():
    assert masks_needed(read_steps([{"step": "n4"}, {"step": "resample"}])) == {}
    both = [{"step": "zscore", "region": "breast"}, {"step": "reference-tissue", "tissue": "fat"}]
    assert masks_needed(read_steps(both)) == {"breast": "breast", "tissue": "fat"}
    twice = [{"step": "reference-tissue", "tissue": tissue} for tissue in ("fat", "muscle")]
    with pytest.raises(ModelError, match="fat and muscle as reference tissues: there can be only one"):
        read_steps(twice)  # one mask is given for both
