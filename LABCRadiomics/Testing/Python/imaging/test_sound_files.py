"""Forms of files that look strange and are sound: read as they are meant, whatever the reader does for the others."""

import struct

import numpy as np
import pytest
import SimpleITK as sitk

import dicom_making as making
from LABCRadiomicsLib.features import extract
from LABCRadiomicsLib.imaging import ReadingOptions, Volume, read_image, read_mask, region_of

PATTERN = making.pattern()
TUMOR = making.tumor()
VOLUME = Volume(PATTERN, np.array(making.SPACING), np.array(making.ORIGIN), np.eye(3))


def written(path, volume=VOLUME, change=bytes):
    sitk.WriteImage(volume.to_sitk(), str(path))
    path.write_bytes(change(path.read_bytes()))
    return path


def big_endian(content):
    header, _, voxels = content.partition(b"\n\n")
    return (
        header.replace(b"endian: little", b"endian: big")
        + b"\n\n"
        + np.frombuffer(voxels, "<i2").astype(">i2").tobytes()
    )


def test_a_big_endian_nrrd(tmp_path):
    np.testing.assert_array_equal(read_image(written(tmp_path / "a.nrrd", change=big_endian)).volume.array, PATTERN)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float64])
@pytest.mark.parametrize("suffix", ["nrrd", "nii.gz", "mha"])
def test_voxels_of_every_type(tmp_path, kind, suffix):
    array = (PATTERN % 100).astype(kind)
    found = read_image(written(tmp_path / f"a.{suffix}", VOLUME.with_array(array))).volume.array
    np.testing.assert_array_equal(found, array)


def test_a_nifti_file_in_micrometers(tmp_path):
    def change(content):
        content = bytearray(content)
        for place in (80, 84, 88):
            struct.pack_into("<f", content, place, 1000 * struct.unpack_from("<f", content, place)[0])
        for place in range(256, 328, 4):
            if place >= 268:  # offsets of the qform and the whole sform
                struct.pack_into("<f", content, place, 1000 * struct.unpack_from("<f", content, place)[0])
        content[123] = 3  # micrometers
        return bytes(content)

    found = read_image(written(tmp_path / "a.nii", change=change)).volume
    np.testing.assert_allclose(found.spacing, making.SPACING, rtol=1e-6)
    np.testing.assert_allclose(found.origin, making.ORIGIN, rtol=1e-5)


def test_the_sform_counts_where_the_forms_disagree(tmp_path):
    def change(content):
        content = bytearray(content)
        struct.pack_into("<f", content, 268, struct.unpack_from("<f", content, 268)[0] + 50)  # offset of the qform
        struct.pack_into("<2h", content, 252, 1, 1)
        return bytes(content)

    np.testing.assert_allclose(
        read_image(written(tmp_path / "a.nii", change=change)).volume.origin, making.ORIGIN, atol=1e-4
    )


def test_slope_and_intercept_of_a_nifti_file(tmp_path):
    def change(content):
        content = bytearray(content)
        struct.pack_into("<2f", content, 112, 0.5, 3)
        return bytes(content)

    np.testing.assert_array_equal(
        read_image(written(tmp_path / "a.nii", change=change)).volume.array, PATTERN * 0.5 + 3
    )


def test_a_mask_of_255_scaled_to_one(tmp_path):
    def change(content):
        content = bytearray(content)
        struct.pack_into("<2f", content, 112, 1 / 255, 0)
        return bytes(content)

    path = written(tmp_path / "mask.nii", VOLUME.with_array(TUMOR * np.uint8(255)), change)
    np.testing.assert_array_equal(read_mask(path).volume.array, TUMOR)


@pytest.mark.parametrize(("label", "kind"), [(-1, np.int16), (257, np.int16), (70000, np.int32), (255, np.uint8)])
@pytest.mark.parametrize("shift", [0, 0.3])
def test_labels_of_every_size_on_either_grid(tmp_path, label, kind, shift):
    mask = VOLUME.with_array((TUMOR.astype(int) * label).astype(kind))
    mask = Volume(mask.array, mask.spacing, mask.origin + shift, mask.direction)
    found = read_mask(written(tmp_path / "mask.nrrd", mask)).volume
    region = region_of(VOLUME, found)
    assert region.label == label
    np.testing.assert_array_equal(region.mask.array, TUMOR)
    assert bool(region.notices) == bool(shift)


@pytest.mark.parametrize("angle", [1e-6, 1e-5, 1e-4, 2e-3])
def test_a_mask_turned_by_next_to_nothing(angle):
    turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    mask = Volume(TUMOR, VOLUME.spacing, VOLUME.origin, turned)
    np.testing.assert_array_equal(region_of(VOLUME, mask).mask.array, TUMOR)


def test_negative_intensities_give_finite_features():
    values = extract(VOLUME.with_array(PATTERN - 2000), VOLUME.with_array(TUMOR)).values
    assert len(values) == 851 and np.isfinite(list(values.values())).all()


@pytest.mark.parametrize("crop", [2, -3])
def test_a_cropped_or_padded_mask_is_not_resampled(crop):
    corner = np.full(3, crop)
    array = TUMOR[2:, 2:, 2:] if crop > 0 else np.pad(TUMOR, 3)
    region = region_of(VOLUME, Volume(array, VOLUME.spacing, VOLUME.point(corner), VOLUME.direction))
    np.testing.assert_array_equal(region.mask.array, TUMOR)
    assert region.notices == ()


def test_a_mask_in_another_axis_order_is_not_resampled():
    mask = VOLUME.with_array(TUMOR).reordered((2, 0, 1), (True, False, True))
    for order in ("as-loaded", "LPS"):
        region = region_of(VOLUME, mask, array_order=order)
        np.testing.assert_array_equal(region.mask.array, TUMOR)
        assert region.notices == ()


def test_a_label_names_the_segment_too(tmp_path):
    """``--label 2`` of a segmentation is its second segment, as it is the label 2 of a label mask."""
    path = making.segmentation(tmp_path / "seg.dcm", making.slices(), [TUMOR, np.roll(TUMOR, 1, 2)])
    found = read_mask(path, ReadingOptions(label=2))
    assert found.source.segment == "Segment 2"
    labels = written(tmp_path / "labels.nrrd", VOLUME.with_array(TUMOR + (TUMOR[::-1] > TUMOR) * np.uint8(1) * 2))
    assert set(np.unique(read_mask(labels, ReadingOptions(label=1)).volume.array)) == {0, 1}


@pytest.mark.parametrize("text", ["0.7,0.8,2", "0.7, 0.8, 2", "0.7;0.8;2", "0.7x0.8x2", "0.7 0.8 2"])
def test_three_sizes_however_they_are_set_apart(text):
    assert ReadingOptions.from_texts(spacing=text).spacing == (0.7, 0.8, 2.0)
