"""Kind A: DICOM slices and frames that make no regular grid are refused with their places, or resampled where asked."""

import copy

import numpy as np
import pytest

import dicom_making as making
from LABCRadiomicsLib.errors import GeometryError
from LABCRadiomicsLib.imaging import ReadingOptions, read_image, read_mask

NORMAL = np.cross(making.SAGITTAL[:3], making.SAGITTAL[3:])
PLACES = [np.array(making.ORIGIN) + NORMAL * 2 * number for number in range(10)]
REGULAR = ReadingOptions(regular_grid=True)


def moved(step):
    """Slices with each position moved by what a function gives of the slice's number."""
    return making.slices(positions=[place + np.array(step(number)) for number, place in enumerate(PLACES)])


def along(*steps):
    return [NORMAL * step for step in steps]


def tilted(number):
    return np.array([0, 0.3, 0]) * number


IRREGULAR = {
    "slice missing": (lambda: making.slices()[:4] + making.slices()[5:], "4 mm between slices 4 and 5"),
    "two slices missing": (lambda: making.slices()[:4] + making.slices()[6:], "6 mm between slices 4 and 5"),
    "every other one missing at the end": (
        lambda: making.slices()[:6] + making.slices()[7::2],
        "2 mm apart but 4 mm between slices 6 and 7",
    ),
    "a tenth too far": (lambda: moved(lambda n: NORMAL * 0.2 * (n >= 7)), "2.2 mm between slices 7 and 8"),
    "a little too far": (lambda: moved(lambda n: NORMAL * 0.03 * (n >= 7)), "2.03 mm between slices 7 and 8"),
    "distances grow": (lambda: moved(lambda n: NORMAL * 0.007 * n * n), "mm between slices"),
    "one shifted": (lambda: moved(lambda n: np.array([0, 1.5, 0]) * (n == 3)), r"slice 4 \(024-3.dcm\) by 1.5 mm"),
    "half shifted": (lambda: moved(lambda n: np.array([0, 0, 0.8]) * (n >= 5)), "5 of its 10 slices are shifted"),
    "tilted gantry": (lambda: moved(tilted), "tilted by 8.5 degrees"),
    "two slabs": (lambda: moved(lambda n: NORMAL * 40 * (n >= 5)), "42 mm between slices 5 and 6"),
}


@pytest.mark.parametrize("name", IRREGULAR)
@pytest.mark.parametrize("form", ["series", "enhanced"])
def test_irregular_slices_are_refused_with_their_places(tmp_path, name, form):
    make, message = IRREGULAR[name]
    if form == "series":
        path = making.write(tmp_path / "dicom", make())
    else:
        path = making.enhanced(tmp_path / "enhanced.dcm", make())
        message = message.replace(r" \(024-3.dcm\)", r" \(frame 4\)")
    with pytest.raises(GeometryError, match=message) as caught:
        read_image(path)
    assert "makes no regular grid" in str(caught.value) and "--regular-grid" in str(caught.value)


REGULAR_ONES = {
    "numbers run backward": lambda: making.slices(InstanceNumber=lambda n: 50 - n),
    "no numbers": lambda: making.slices(InstanceNumber=None),
    "SliceLocation contradicts": lambda: making.slices(SliceLocation=lambda n: -n),
    "SpacingBetweenSlices contradicts": lambda: making.slices(SpacingBetweenSlices=3.0),
    "SliceThickness overlaps": lambda: making.slices(SliceThickness=4.0),
    "orientation rounded by slice": lambda: making.slices(
        ImageOrientationPatient=lambda n: [1e-5 * (n % 2), 1, 0, 0, -1e-5 * (n % 3), -1]
    ),
    "oblique": lambda: making.slices(orientation=(0.8, 0.6, 0, 0, 0, -1)),
}


@pytest.mark.parametrize("name", REGULAR_ONES)
def test_regular_slices_are_sorted_by_place(tmp_path, name):
    found = read_image(making.write(tmp_path / "dicom", REGULAR_ONES[name]()))
    np.testing.assert_array_equal(found.volume.array, making.pattern())
    np.testing.assert_allclose(found.volume.spacing, making.SPACING, rtol=1e-6)
    np.testing.assert_allclose(found.volume.origin, making.ORIGIN, atol=1e-9)
    assert found.notices == ()


def test_positions_rounded_to_a_hundredth_are_regular(tmp_path):
    places = [np.round(np.array(making.ORIGIN) + NORMAL * 1.2345 * number, 2) for number in range(10)]
    found = read_image(making.write(tmp_path / "dicom", making.slices(positions=places))).volume
    assert found.spacing[2] == pytest.approx(1.2345, abs=0.002)


@pytest.mark.parametrize("order", [[*range(0, 10, 2), *range(1, 10, 2)], [3, 9, 1, 0, 8, 2, 7, 5, 6, 4]])
def test_frames_are_sorted_by_place(tmp_path, order):
    slices = making.slices()
    found = read_image(making.enhanced(tmp_path / "enhanced.dcm", [slices[place] for place in order])).volume
    np.testing.assert_array_equal(found.array, making.pattern())
    np.testing.assert_allclose(found.spacing, making.SPACING)


def test_concatenated_enhanced_files_are_one_volume(tmp_path):
    slices = making.slices()
    making.enhanced(tmp_path / "both" / "first.dcm", slices[:6])
    making.enhanced(tmp_path / "both" / "second.dcm", slices[6:])
    np.testing.assert_array_equal(read_image(tmp_path / "both").volume.array, making.pattern())


def test_a_missing_slice_is_interpolated_where_asked(tmp_path):
    slices = making.slices()
    found = read_image(making.write(tmp_path / "dicom", slices[:4] + slices[5:]), REGULAR)
    np.testing.assert_allclose(found.volume.array, making.pattern(), atol=1e-9)  # the pattern is linear
    np.testing.assert_array_equal(found.volume.spacing, making.SPACING)
    assert [notice.code for notice in found.notices] == ["slices-resampled"]
    assert "4 mm between slices 4 and 5" in found.notices[0].message
    assert found.source.resampled


def test_a_shift_is_undone_where_asked(tmp_path):
    """Slices moved by one row hold their voxels one row further: moved back they fit the first ones."""
    pattern = making.pattern().astype(np.int16)
    stored = pattern.copy()
    stored[5:, :-1] = pattern[5:, 1:]  # the row at a slice's first position is the second row of the volume
    step = np.array(making.SAGITTAL[3:]) * making.SPACING[1]
    places = [place + step * (number >= 5) for number, place in enumerate(PLACES)]
    found = read_image(making.write(tmp_path / "dicom", making.slices(stored, positions=places)), REGULAR).volume
    np.testing.assert_allclose(found.array[:5], pattern[:5], atol=1e-9)
    np.testing.assert_allclose(found.array[5:, 1:], pattern[5:, 1:], atol=1e-9)


def test_uneven_slices_keep_their_values_where_they_are(tmp_path):
    slices = making.slices(making.pattern() ** 2 // 7)
    kept = [0, 1, 2, 3, 4, 5, 7, 9]
    found = read_image(making.write(tmp_path / "dicom", [slices[place] for place in kept]), REGULAR).volume
    assert found.array.shape == making.SHAPE
    np.testing.assert_array_equal(found.array[kept], (making.pattern() ** 2 // 7)[kept])
    between = (found.array[5] + found.array[7]) / 2
    np.testing.assert_allclose(found.array[6], between)


def test_regular_slices_are_not_resampled(tmp_path):
    found = read_image(making.write(tmp_path / "dicom", making.slices()), REGULAR)
    assert found.notices == () and not found.source.resampled
    np.testing.assert_array_equal(found.volume.array, making.pattern())


def test_labels_are_never_interpolated(tmp_path):
    slices = making.slices(making.tumor().astype(np.int16))
    folder = making.write(tmp_path / "dicom", slices[:4] + slices[5:])
    with pytest.raises(GeometryError, match=r"Mask .* makes no regular grid"):
        read_mask(folder, REGULAR)


@pytest.mark.parametrize("value", [(0, 0, 0, 0, 0, 0), (1, 0, 0, 0.5, 0.8, 0), (5, 0, 0, 0, 5, 0)])
def test_directions_of_no_use_are_refused(tmp_path, value):
    with pytest.raises(GeometryError, match="ImageOrientationPatient of no use"):
        read_image(making.write(tmp_path / "dicom", making.slices(ImageOrientationPatient=list(value))))


def test_one_slice_is_a_volume_as_thick_as_it_says(tmp_path):
    one = making.slices()[:1]
    found = read_image(making.write(tmp_path / "one", one)).volume
    assert found.array.shape == (1, 14, 12) and found.spacing[2] == 2
    bare = copy.deepcopy(one)
    del bare[0].SliceThickness
    folder = making.write(tmp_path / "bare", bare)
    with pytest.raises(Exception, match="one slice of unknown thickness"):
        read_image(folder)
    given = read_image(folder, ReadingOptions(spacing=(0.7, 0.8, 3.0)))
    assert given.volume.spacing[2] == 3 and given.notices[0].code == "spacing-given"
