"""Kind C: what does not say how large its voxels are is refused, or read with the size that is given, and then said."""

import re
import struct

import numpy as np
import pytest
import SimpleITK as sitk

import dicom_making as making
from LABCRadiomicsLib.errors import GeometryError, InputError
from LABCRadiomicsLib.imaging import ReadingOptions, Volume, read_image, read_pair, region_of

PATTERN = making.pattern()
VOLUME = Volume(PATTERN, np.array(making.SPACING), np.array(making.ORIGIN), np.eye(3))
GIVEN = ReadingOptions(spacing=making.SPACING)


def as_read(found, spacing=making.SPACING):
    np.testing.assert_array_equal(found.volume.array, PATTERN)
    np.testing.assert_allclose(found.volume.spacing, spacing, rtol=1e-6)
    return found


def said(found):
    """Whether the size is recorded as given, in notice and source."""
    codes = [notice.code for notice in found.notices]
    return codes == ["spacing-given"] and found.source.given_spacing_mm == making.SPACING


DICOM = {
    "no PixelSpacing": ({"PixelSpacing": None}, "no usable PixelSpacing,"),
    "zero": ({"PixelSpacing": [0, 0]}, "no usable PixelSpacing,"),
    "negative": ({"PixelSpacing": [-0.8, 0.7]}, "no usable PixelSpacing,"),
    "in one slice": ({"PixelSpacing": lambda n: None if n == 3 else [0.8, 0.7]}, "in 1 of 10 images"),
    "no position": ({"ImagePositionPatient": None}, "no usable ImagePositionPatient,"),
    "no direction": ({"ImageOrientationPatient": None}, "no usable ImageOrientationPatient,"),
    "neither": (
        {"ImagePositionPatient": None, "ImageOrientationPatient": None},
        "ImagePositionPatient and no ImageOrientationPatient",
    ),
}


@pytest.mark.parametrize("name", DICOM)
def test_dicom_without_size_or_place(tmp_path, name):
    attributes, message = DICOM[name]
    folder = making.write(tmp_path / "dicom", making.slices(**attributes))
    with pytest.raises(InputError, match=message) as caught:
        read_image(folder)
    assert "--spacing X,Y,Z" in str(caught.value)
    assert said(as_read(read_image(folder, GIVEN)))


def test_an_enhanced_object_without_size(tmp_path):
    path = making.enhanced(tmp_path / "enhanced.dcm", making.slices(PixelSpacing=[0, 0]))
    with pytest.raises(InputError, match="no usable PixelSpacing"):
        read_image(path)
    assert said(as_read(read_image(path, GIVEN)))


def test_an_old_multi_frame_object_has_one_position_for_all(tmp_path):
    source = making.slices()[0]
    source.NumberOfFrames, source.PixelData = 10, PATTERN.astype("<i2").tobytes()
    source.save_as(tmp_path / "old.dcm", enforce_file_format=True)
    with pytest.raises(InputError, match="no usable ImagePositionPatient"):
        read_image(tmp_path / "old.dcm")
    assert said(as_read(read_image(tmp_path / "old.dcm", GIVEN)))


def test_slices_without_anything_that_orders_them(tmp_path):
    images = making.slices(ImagePositionPatient=None, InstanceNumber=None)
    with pytest.raises(InputError, match="nothing else orders its slices"):
        read_image(making.write(tmp_path / "dicom", images), GIVEN)


def test_pixels_of_different_sizes_are_different_acquisitions(tmp_path):
    images = making.slices(PixelSpacing=lambda n: [0.8, 0.7] if n < 5 else [0.9, 0.9])
    with pytest.raises(InputError, match=r"5 slices, 12 x 14 pixels of 0.7 x 0.8 mm, sagittal; 2: .* of 0.9 x 0.9 mm"):
        read_image(making.write(tmp_path / "dicom", images))


def test_a_size_that_contradicts_the_headers_is_refused(tmp_path):
    folder = making.write(tmp_path / "dicom", making.slices())
    as_read(read_image(folder, GIVEN))  # the same is no contradiction
    with pytest.raises(InputError, match=r"states its own voxel size \(0.7 x 0.8 mm in plane\)"):
        read_image(folder, ReadingOptions(spacing=(1, 1, 2)))
    bare = making.write(tmp_path / "bare", making.slices(PixelSpacing=None))
    with pytest.raises(InputError, match="slices 2 mm apart where --spacing says 3 mm"):
        read_image(bare, ReadingOptions(spacing=(0.7, 0.8, 3)))
    sitk.WriteImage(VOLUME.to_sitk(), str(tmp_path / "image.nrrd"))
    with pytest.raises(InputError, match=r"states its own voxel size, 0\.7 x 0\.8 x 2 mm"):
        read_image(tmp_path / "image.nrrd", ReadingOptions(spacing=(1, 1, 2)))


@pytest.mark.parametrize("text", ["1,1", "1,1,0", "a,b,c", "1,1,-2", "1,1,inf", "nan,1,1", "1,1,1,1"])
def test_sizes_that_are_none(text):
    with pytest.raises(InputError, match="is not three sizes above zero"):
        ReadingOptions.from_texts(spacing=text)


def written(path, change):
    """A volume written by ITK, with the bytes changed."""
    sitk.WriteImage(VOLUME.to_sitk(), str(path))
    path.write_bytes(change(path.read_bytes()))
    return path


def nrrd_fields(*lines):
    """An NRRD header without its fields of space, and these lines instead."""

    def change(content):
        header, _, voxels = content.partition(b"\n\n")
        kept = [line for line in header.split(b"\n") if not line.startswith(b"space") and not line.startswith(b"#")]
        return b"\n".join([*kept, *(line.encode() for line in lines)]) + b"\n\n" + voxels

    return change


DIRECTIONS = "space directions: (0.7,0,0) (0,0.8,0) (0,0,2)"
LPS = "space: left-posterior-superior"
NRRD = {
    "no space": (nrrd_fields(), "it has no space directions"),
    "zero": (nrrd_fields(LPS, DIRECTIONS.replace("(0,0,2)", "(0,0,0)")), "no three lengths above zero"),
    "NaN": (nrrd_fields(LPS, DIRECTIONS.replace("(0,0,2)", "(0,0,nan)")), "no three lengths above zero"),
    "none": (nrrd_fields(LPS, DIRECTIONS.replace("(0,0,2)", "none")), "no three lengths above zero"),
    "spacings NaN": (nrrd_fields("spacings: 0.7 0.8 NaN"), "its spacings are not all above zero"),
}


@pytest.mark.parametrize("name", NRRD)
def test_nrrd_without_size(tmp_path, name):
    change, message = NRRD[name]
    path = written(tmp_path / "image.nrrd", change)
    with pytest.raises(InputError, match=message):
        read_image(path)


def test_nrrd_with_a_size_that_is_given(tmp_path):
    found = as_read(read_image(written(tmp_path / "image.nrrd", nrrd_fields()), GIVEN))
    assert said(found) and "no space directions" in found.notices[0].message


def test_nrrd_that_states_sizes_otherwise(tmp_path):
    as_read(read_image(written(tmp_path / "a.nrrd", nrrd_fields("spacings: 0.7 0.8 2"))))
    as_read(read_image(written(tmp_path / "b.nrrd", nrrd_fields("space dimension: 3", DIRECTIONS))))
    units = 'space units: "um" "um" "um"'
    found = read_image(written(tmp_path / "c.nrrd", nrrd_fields(LPS, "space directions: (700,0,0) (0,800,0) (0,0,2000)",
                                                                 "space origin: (1000,0,0)", units)))  # fmt: skip
    as_read(found)
    np.testing.assert_allclose(found.volume.origin, (1, 0, 0))
    with pytest.raises(InputError, match="measures space in fathoms"):
        read_image(
            written(tmp_path / "d.nrrd", nrrd_fields(LPS, DIRECTIONS, 'space units: "fathoms" "fathoms" "fathoms"'))
        )


def nifti(**fields):
    """Change fields of a NIfTI header; ``codes``: qform and sform code."""
    places = {"codes": (252, "2h"), "pixdim": (80, "3f"), "sform": (280, "12f")}

    def change(content):
        content = bytearray(content)
        for name, values in fields.items():
            offset, layout = places[name]
            struct.pack_into("<" + layout, content, offset, *values)
        return bytes(content)

    return change


NIFTI = {
    "no form": (nifti(codes=(0, 0)), "neither a qform nor an sform"),
    "pixdim 0": (nifti(codes=(1, 0), pixdim=(0, 0, 0)), "its pixdim is not above zero"),
    "pixdim NaN": (nifti(codes=(1, 0), pixdim=(float("nan"), 0.8, 2)), "its pixdim is not above zero"),
    "sform 0": (nifti(codes=(0, 1), sform=[0] * 12), "its sform is not three lengths above zero"),
}


@pytest.mark.parametrize("name", NIFTI)
@pytest.mark.parametrize("suffix", [".nii", ".hdr"])
def test_nifti_without_size(tmp_path, name, suffix):
    change, message = NIFTI[name]
    path = written(tmp_path / f"image{suffix}", change)
    with pytest.raises(InputError, match=message):
        read_image(path)
    if name == "no form":
        assert said(as_read(read_image(path, GIVEN)))


def test_nifti_that_states_two_sizes(tmp_path):
    with pytest.raises(GeometryError, match=r"0\.7 x 0\.8 x 2 mm by its sform and 1 x 1 x 1 mm by its pixdim"):
        read_image(written(tmp_path / "image.nii", nifti(pixdim=(1, 1, 1))))


@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (1, 1), (2, 4)])
def test_nifti_with_one_form_or_both(tmp_path, codes):
    found = as_read(read_image(written(tmp_path / "image.nii", nifti(codes=codes))))
    assert found.notices == ()
    np.testing.assert_allclose(found.volume.origin, making.ORIGIN, atol=1e-5)


def sheared(content):
    matrix = [-0.7, 0.1, 0, 20, 0, -0.8, 0, -30, 0, 0, 2, -45.5]
    return nifti(codes=(0, 1), sform=matrix, pixdim=(0.7, 0.80623, 2))(content)


@pytest.mark.parametrize(("name", "change"), [
    ("image.nii", sheared), ("image.nrrd", nrrd_fields(LPS, DIRECTIONS.replace("(0,0.8,0)", "(0.2,0.8,0)"))),
])  # fmt: skip
def test_sheared_axes_are_refused(tmp_path, capfd, name, change):
    with pytest.raises(GeometryError, match="axes that are not at right angles"):
        read_image(written(tmp_path / name, change))
    assert capfd.readouterr().err == ""  # no warning of ITK beside the sentence


def test_metaimage_without_size(tmp_path):
    def change(content):
        return re.sub(rb"ElementSpacing[^\n]*\n", b"", content)

    path = written(tmp_path / "image.mha", change)
    with pytest.raises(InputError, match="it has no ElementSpacing"):
        read_image(path)
    assert said(as_read(read_image(path, GIVEN)))
    zero = written(
        tmp_path / "zero.mha", lambda content: re.sub(rb"ElementSpacing[^\n]*", b"ElementSpacing = 0.7 0 2", content)
    )
    with pytest.raises(InputError, match="ElementSpacing is not above zero"):
        read_image(zero)


def test_pictures_have_no_voxel_size(tmp_path):
    path = written(tmp_path / "image.tif", bytes)
    with pytest.raises(InputError, match="its format keeps none"):
        read_image(path)
    assert said(as_read(read_image(path, GIVEN)))


@pytest.mark.parametrize("suffix", ["nrrd", "nhdr", "nii", "nii.gz", "hdr", "mha", "mhd", "vtk", "gipl"])
def test_files_that_state_their_size(tmp_path, suffix):
    found = as_read(read_image(written(tmp_path / f"image.{suffix}", bytes)))
    assert found.notices == ()


def test_image_and_mask_without_size_get_the_same(tmp_path):
    image = written(tmp_path / "image.nrrd", nrrd_fields())
    sitk.WriteImage(VOLUME.with_array(making.tumor()).to_sitk(), str(tmp_path / "mask.nrrd"))
    mask = tmp_path / "mask.nrrd"
    mask.write_bytes(nrrd_fields()(mask.read_bytes()))
    found = region_of(*(part.volume for part in read_pair(image, mask, GIVEN)))
    np.testing.assert_array_equal(found.mask.array, making.tumor())


@pytest.mark.parametrize(("name", "gone"), [("image.nhdr", "image.raw"), ("image.mhd", "image.raw")])
def test_a_header_without_its_voxels(tmp_path, name, gone):
    path = written(tmp_path / name, bytes)
    (tmp_path / gone).unlink()
    with pytest.raises(InputError, match=f"keeps its voxels in {gone}, which is not beside it"):
        read_image(path)


@pytest.mark.parametrize("suffix", ["nrrd", "nii", "nii.gz", "mha", "z.nrrd", "z.mha"])
def test_files_that_are_cut_off_or_changed_are_refused(tmp_path, suffix):
    """ITK fills a NIfTI file that is cut off with zeros, and does not hold compressed voxels to their checksum."""
    path = tmp_path / f"image.{suffix}"
    sitk.WriteImage(VOLUME.to_sitk(), str(path), suffix.startswith("z"))
    content = path.read_bytes()
    for length in (len(content) - 40, len(content) // 2, 100, 0):
        path.write_bytes(content[:length])
        with pytest.raises(InputError, match=r"copy|intact"):
            read_image(path)
    if suffix.endswith("gz") or suffix.startswith("z"):
        for place in range(len(content) // 2, len(content) - 10, 61):
            changed = bytearray(content)
            changed[place] ^= 4
            path.write_bytes(changed)
            with pytest.raises(InputError, match=r"copy|intact"):
                read_image(path)


@pytest.mark.parametrize("count", [999_999_999, -3])
def test_a_number_of_frames_that_cannot_be(tmp_path, count):
    source = making.slices()[0]
    source.NumberOfFrames = count
    source.save_as(tmp_path / "frames.dcm", enforce_file_format=True)
    with pytest.raises(InputError, match=f"says that it holds {count} frames"):
        read_image(tmp_path / "frames.dcm")
