"""Kinds D and F: values rescaled slice by slice in floating point, whatever the compression; NaN and infinity kept."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, JPEGLSLossless, RLELossless

import dicom_making as making
from LABCRadiomicsLib.errors import ExtractionError, InputError
from LABCRadiomicsLib.features import extract
from LABCRadiomicsLib.imaging import Volume, read_image, read_mask

PATTERN = making.pattern()
SLOPES = [1, 0.25, 0.3, 2, 1.7, 0.001, 3, 1, 12.5, 0.1]
INTERCEPTS = [0, -3.5, 1, 0, 2, 0.001, -1024, 5, 0, 0.5]


def values(slopes=SLOPES, intercepts=INTERCEPTS):
    return PATTERN.astype(float) * np.reshape(slopes, (-1, 1, 1)) + np.reshape(intercepts, (-1, 1, 1))


def rescaled():
    return making.slices(RescaleSlope=lambda n: f"{SLOPES[n]}", RescaleIntercept=lambda n: f"{INTERCEPTS[n]}")


def test_each_slice_by_its_own_slope(tmp_path):
    found = read_image(making.write(tmp_path / "dicom", rescaled()))
    np.testing.assert_array_equal(found.volume.array, values())
    assert found.volume.array.dtype == np.float64
    assert [notice.code for notice in found.notices] == ["rescaled-by-slice"]


@pytest.mark.parametrize("sequence", ["PixelValueTransformationSequence", "RealWorldValueMappingSequence"])
def test_each_frame_by_its_own_slope(tmp_path, sequence):
    kind = "Rescale" if sequence.startswith("Pixel") else "RealWorldValue"
    groups = {f"{sequence}__{kind}Slope": lambda n: SLOPES[n], f"{sequence}__{kind}Intercept": lambda n: INTERCEPTS[n]}
    found = read_image(making.enhanced(tmp_path / "enhanced.dcm", making.slices(), **groups))
    np.testing.assert_array_equal(found.volume.array, values())
    assert ("real-world-values" in {notice.code for notice in found.notices}) == (kind == "RealWorldValue")


def real_world(slope, intercept):
    item = Dataset()
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
    return [item]


def test_real_world_values_of_single_frames(tmp_path):
    images = making.slices(RealWorldValueMappingSequence=lambda n: real_world(SLOPES[n], INTERCEPTS[n]))
    found = read_image(making.write(tmp_path / "dicom", images))
    np.testing.assert_array_equal(found.volume.array, values())
    both = making.slices(
        RescaleSlope="1", RescaleIntercept="0", RealWorldValueMappingSequence=lambda n: real_world(0.5, 0)
    )
    np.testing.assert_array_equal(read_image(making.write(tmp_path / "both", both)).volume.array, PATTERN * 0.5)


def test_rescaling_comes_before_a_real_world_map_and_that_is_said(tmp_path):
    images = making.slices(RescaleSlope="2", RescaleIntercept="1",
                           RealWorldValueMappingSequence=lambda n: real_world(0.5, 0))  # fmt: skip
    found = read_image(making.write(tmp_path / "dicom", images))
    np.testing.assert_array_equal(found.volume.array, PATTERN * 2 + 1)
    assert [notice.code for notice in found.notices] == ["real-world-values-unused"]


def test_whole_numbers_stay_whole(tmp_path):
    images = making.slices(RescaleSlope="1", RescaleIntercept="-1024")
    found = read_image(making.write(tmp_path / "dicom", images)).volume
    np.testing.assert_array_equal(found.array, PATTERN - 1024)
    assert found.array.dtype.kind == "i"
    huge = making.slices(RescaleSlope="4000000", RescaleIntercept="0")
    np.testing.assert_array_equal(read_image(making.write(tmp_path / "huge", huge)).volume.array, PATTERN * 4e6)


def test_a_lookup_table_takes_the_place_of_the_rescaling(tmp_path):
    table = Dataset()
    table.LUTDescriptor, table.LUTExplanation, table.ModalityLUTType = [1100, 0, 16], "", "US"
    table.add_new("LUTData", "US", [value * 7 for value in range(1100)])
    images = making.slices(PATTERN.astype(np.uint16), ModalityLUTSequence=lambda n: [table])
    found = read_image(making.write(tmp_path / "dicom", images)).volume
    np.testing.assert_array_equal(found.array, PATTERN * 7)


def big_endian(folder):
    folder.mkdir()
    for number, image in enumerate(making.slices()):
        image.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        image.PixelData = PATTERN[number].astype(">i2").tobytes()
        image["PixelData"].VR = "OW"
        image.save_as(folder / f"{number}.dcm", implicit_vr=False, little_endian=False)


def without_preamble(folder):
    folder.mkdir()
    for number, image in enumerate(making.slices()):
        del image.file_meta
        image.save_as(folder / f"IM{number}", implicit_vr=True, little_endian=True)


def compressed(syntax):
    def make(folder):
        images = rescaled()
        for image in images:
            image.compress(syntax)
        making.write(folder, images)

    return make


def jpeg_lossless(folder):
    """As GDCM within SimpleITK compresses: pydicom has no decoder for it."""
    folder.mkdir()
    scratch = folder.parent / "compressed.dcm"
    for number, image in enumerate(rescaled()):
        writer = sitk.ImageFileWriter()
        writer.SetFileName(str(scratch))
        writer.UseCompressionOn()
        writer.SetCompressor("JPEG")
        writer.Execute(sitk.GetImageFromArray(PATTERN[number : number + 1]))
        stored = pydicom.dcmread(scratch)
        image.file_meta.TransferSyntaxUID = stored.file_meta.TransferSyntaxUID
        image.PixelData = stored.PixelData
        image["PixelData"].VR, image["PixelData"].is_undefined_length = "OB", True
        image.save_as(folder / f"{number}.dcm", enforce_file_format=True)


FORMS = {
    "big endian": (big_endian, PATTERN),
    "no preamble": (without_preamble, PATTERN),
    "RLE": (compressed(RLELossless), values()),
    "JPEG-LS": (compressed(JPEGLSLossless), values()),
    "JPEG lossless": (jpeg_lossless, values()),
}


@pytest.mark.parametrize("name", FORMS)
def test_voxels_whatever_the_transfer_syntax(tmp_path, name):
    make, expected = FORMS[name]
    make(tmp_path / "dicom")
    np.testing.assert_array_equal(read_image(tmp_path / "dicom").volume.array, expected)


def test_stored_numbers_of_every_kind(tmp_path):
    for kind, offset in ((np.uint16, 60000), (np.int16, -2000)):
        array = (PATTERN.astype(int) + offset).astype(kind)
        found = read_image(making.write(tmp_path / np.dtype(kind).name, making.slices(array))).volume
        np.testing.assert_array_equal(found.array, array)
    inverted = making.slices(PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(read_image(making.write(tmp_path / "inverted", inverted)).volume.array, PATTERN)
    twelve = making.slices(PATTERN.astype(np.uint16), BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(read_image(making.write(tmp_path / "twelve", twelve)).volume.array, PATTERN)


def test_floating_point_pixels(tmp_path):
    images = making.slices()
    for number, image in enumerate(images):
        del image.PixelData
        image.FloatPixelData = (PATTERN[number] / 3).astype("<f4").tobytes()
        image.BitsAllocated = 32
    found = read_image(making.write(tmp_path / "dicom", images)).volume
    np.testing.assert_array_equal(found.array, (PATTERN / 3).astype(np.float32))


def color(image):
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PlanarConfiguration = 3, "RGB", 0
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation = 7, 0
    image.PixelData = bytes(image.Rows * image.Columns * 3)


REFUSED = {
    "color": (color, "3 components per voxel"),
    "no pixels": (lambda image: image.pop("PixelData"), "holds no pixels"),
    "few pixels": (lambda image: setattr(image, "PixelData", image.PixelData[:100]), "cannot be decoded"),
    "mosaic": (lambda image: setattr(image, "ImageType", ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]), "mosaic"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_dicom_that_holds_no_intensities(tmp_path, name):
    change, message = REFUSED[name]
    images = making.slices()
    for image in images:
        change(image)
    with pytest.raises(InputError, match=message):
        read_image(making.write(tmp_path / "dicom", images))


def test_other_files_in_the_folder(tmp_path):
    folder = making.write(tmp_path / "dicom", making.slices())
    for name in (".DS_Store", "Thumbs.db", "readme.txt", "._003-0.dcm", "notes"):
        (folder / name).write_bytes(b"no DICOM " * 40)
    np.testing.assert_array_equal(read_image(folder).volume.array, PATTERN)
    for content in (b"garbage" * 100, b""):
        (folder / "bad.dcm").write_bytes(content)
        with pytest.raises(InputError, match=r"bad.dcm cannot be read as DICOM"):
            read_image(folder)


@pytest.mark.parametrize("length", [200, 400, 700, 1200])
def test_a_slice_that_is_cut_off_is_named(tmp_path, length):
    folder = making.write(tmp_path / "dicom", making.slices())
    last = sorted(folder.iterdir())[-1]
    last.write_bytes(last.read_bytes()[:length])
    with pytest.raises(InputError, match=last.name):
        read_image(folder)


FILES = ("nii", "nii.gz", "nrrd", "mha", "hdr")


def spoilt(value, kind=np.float32):
    array = np.random.default_rng(0).normal(300, 60, making.SHAPE).astype(kind)
    array[5, 7, 6] = value
    return Volume(array, np.array(making.SPACING), np.zeros(3), np.eye(3))


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_numbers_that_are_not_finite_are_refused_alike(tmp_path, suffix, value, kind):
    volume = spoilt(value, kind)
    path = tmp_path / f"image.{suffix}"
    sitk.WriteImage(volume.to_sitk(), str(path))
    found = read_image(path).volume
    np.testing.assert_array_equal(found.array, volume.array)
    with pytest.raises(ExtractionError, match="not finite numbers"):
        extract(found, found.with_array(making.tumor()))


@pytest.mark.parametrize("suffix", FILES)
def test_numbers_that_are_not_finite_do_not_matter_far_away(tmp_path, suffix):
    volume = spoilt(300.0)
    clean = extract(volume, volume.with_array(making.tumor()), features=["original_firstorder_Mean"]).values
    volume.array[0, 0, 0] = np.nan
    sitk.WriteImage(volume.to_sitk(), str(tmp_path / f"image.{suffix}"))
    found = read_image(tmp_path / f"image.{suffix}").volume
    assert np.isnan(found.array[0, 0, 0])
    mask = found.with_array(making.tumor())
    assert extract(found, mask, features=["original_firstorder_Mean"]).values == clean


@pytest.mark.parametrize("suffix", FILES)
def test_a_background_of_nan_is_background(tmp_path, suffix):
    array = np.where(making.tumor() == 1, 1, np.nan).astype(np.float32)
    sitk.WriteImage(spoilt(0).with_array(array).to_sitk(), str(tmp_path / f"mask.{suffix}"))
    np.testing.assert_array_equal(read_mask(tmp_path / f"mask.{suffix}").volume.array, making.tumor())
    array[0, 0, 0] = np.inf
    sitk.WriteImage(spoilt(0).with_array(array).to_sitk(), str(tmp_path / f"mask.{suffix}"))
    with pytest.raises(InputError, match="fractional value inf"):
        read_mask(tmp_path / f"mask.{suffix}")


@pytest.mark.parametrize(("keyword", "value"), [
    ("RescaleSlope", "1,5"), ("RescaleSlope", "abc"), ("RescaleSlope", "0"), ("RescaleIntercept", "x"),
])  # fmt: skip
def test_a_rescaling_of_no_use_is_refused(tmp_path, keyword, value):
    folder = making.write(tmp_path / "dicom", making.slices(RescaleSlope="2.5", RescaleIntercept="4.25"))
    file = sorted(folder.iterdir())[3]
    before = b"2.5 " if keyword == "RescaleSlope" else b"4.25"
    file.write_bytes(file.read_bytes().replace(before, value.encode().ljust(4)))
    with pytest.raises(InputError, match=f"states a {keyword} of no use"):
        read_image(folder)
