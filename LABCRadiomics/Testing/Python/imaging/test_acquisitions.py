"""Kind B: several acquisitions in one series are listed with times and counts and chosen, never mixed."""

import shutil

import numpy as np
import pytest
import SimpleITK as sitk

import dicom_making as making
from LABCRadiomicsLib.errors import GeometryError, InputError
from LABCRadiomicsLib.imaging import ReadingOptions, read_image

PATTERN = making.pattern()


def phases(count, **attributes):
    """Phase p holds the pattern plus 1000 p; an attribute is given phase and slice."""
    made = []
    for phase in range(count):
        images = making.slices(PATTERN + 1000 * phase)
        given = {name: (lambda n, v=value, p=phase: v(p, n)) for name, value in attributes.items()}
        made += making.renamed(images, f"phase {phase}", **given)
    return made


def read(path, phase):
    return read_image(path, ReadingOptions(phase=phase))


def phase_of(found):
    """Which phase was read; it must be whole."""
    offset = int(found.volume.array.flat[0])
    np.testing.assert_array_equal(found.volume.array, PATTERN + offset)
    return offset // 1000 + 1


TOLD = {
    "temporal position": ({"TemporalPositionIdentifier": lambda p, n: p + 1}, "temporal position 2"),
    "trigger time": ({"TriggerTime": lambda p, n: 61000.0 * p}, "61 s after the first"),
    "acquisition number": ({"AcquisitionNumber": lambda p, n: p + 3}, "acquisition number 4"),
    "acquisition time": ({"AcquisitionTime": lambda p, n: f"1012{10 + 17 * p}.25"}, "17 s after the first"),
    "acquisition time by slice": (
        {"AcquisitionTime": lambda p, n: f"10{12 + p}{10 + n}.5", "InstanceNumber": lambda p, n: 3 * n + p},
        "60 s after the first",
    ),
    "acquisition date and time": (
        {"AcquisitionDateTime": lambda p, n: f"20200304235{p}{10 + n}.5"},
        "60 s after the first",
    ),
    "content time": ({"ContentTime": lambda p, n: f"1012{10 + 17 * p}"}, "17 s after the first"),
    "trigger time that wavers": ({"TriggerTime": lambda p, n: 60000.0 * p + 7 * n}, "60 s after the first"),
    "instance number": ({"InstanceNumber": lambda p, n: 10 * p + n + 1}, "instance numbers 11 to 20"),
    "echo": ({"EchoTime": lambda p, n: (2.4, 4.8, 7.2)[p]}, "echo time 4.8 ms"),
    "b-value": ({"DiffusionBValue": lambda p, n: (0.0, 100.0, 800.0)[p]}, "b-value 100"),
    "kind": ({"ImageType": lambda p, n: ["ORIGINAL", "PRIMARY", "MPR"[p]]}, "image type ORIGINAL\\PRIMARY\\P"),
}


@pytest.mark.parametrize("name", TOLD)
def test_acquisitions_are_listed_and_chosen(tmp_path, name):
    attributes, told = TOLD[name]
    attributes = {"InstanceNumber": lambda p, n: n + 1} | attributes
    folder = making.write(tmp_path / "dicom", phases(3, **attributes))
    with pytest.raises(InputError, match=r"holds 3 acquisitions \(1: 10 slices") as caught:
        read_image(folder)
    assert f"2: 10 slices, {told}" in str(caught.value).replace("61 s after the first, ", "61 s after the first")
    assert "choose one with --phase" in str(caught.value)
    assert [phase_of(read(folder, number)) for number in "123"] == [1, 2, 3]


ENHANCED = {
    "FrameContentSequence__TemporalPositionIndex": lambda n: n // 10 + 1,
    "FrameContentSequence__FrameAcquisitionDateTime": lambda n: f"2020030410{12 + n // 10}{10 + n % 10}.5",
    "FrameContentSequence__FrameReferenceDateTime": lambda n: f"2020030410{12 + n // 10}00",
    "FrameContentSequence__FrameAcquisitionNumber": lambda n: n // 10 + 1,
    "TemporalPositionSequence__TemporalPositionTimeOffset": lambda n: 33.5 * (n // 10),
    "CardiacSynchronizationSequence__NominalCardiacTriggerDelayTime": lambda n: 300.0 * (n // 10),
    "MREchoSequence__EffectiveEchoTime": lambda n: 2.4 * (n // 10 + 1),
    "MRDiffusionSequence__DiffusionBValue": lambda n: 400.0 * (n // 10),
    "MRImageFrameTypeSequence__ComplexImageComponent": lambda n: ("MAGNITUDE", "PHASE", "REAL")[n // 10],
    "FrameContentSequence__StackID": lambda n: str(n // 10 + 1),
    "FrameContentSequence__DimensionIndexValues": lambda n: [n // 10 + 1, n % 10 + 1],
    "nothing": None,
}


@pytest.mark.parametrize("name", ENHANCED)
@pytest.mark.parametrize("shuffled", [False, True])
def test_phases_of_an_enhanced_object(tmp_path, name, shuffled):
    images = phases(3)
    order = np.random.default_rng(0).permutation(30) if shuffled and name != "nothing" else np.arange(30)
    groups = {} if name == "nothing" else {name: lambda n: ENHANCED[name](int(order[n]))}
    path = making.enhanced(tmp_path / "enhanced.dcm", [images[place] for place in order], **groups)
    with pytest.raises(InputError, match=r"holds 3 acquisitions \(1: 10 slices"):
        read_image(path)
    found = {phase_of(read(path, number)) for number in "123"}
    assert found == {1, 2, 3}
    if "ComplexImageComponent" not in name:
        assert phase_of(read(path, "2")) == 2


def test_a_phase_is_chosen_by_its_time_or_by_the_rule(tmp_path):
    folder = making.write(tmp_path / "dicom", phases(3, TriggerTime=lambda p, n: 500 + 61000.0 * p))
    for wanted, expected in {"0s": 1, "61": 2, "61s": 2, "58.5s": 2, "122.0": 3, "first-post": 2, "3": 3}.items():
        found = read(folder, wanted)
        assert phase_of(found) == expected
        assert found.source.phase.startswith(f"phase {expected} of 3 (10 slices")
        assert found.notices[0].code == "phase-chosen" and found.source.phase in found.notices[0].message
    for wanted in ("4", "0", "30s", "95", "1000s", "second", "-1", "1e3", ""):
        with pytest.raises(InputError, match=r"phase|Phase"):
            read(folder, wanted or " ")


def test_the_rule_for_the_first_after_contrast_says_what_it_took(tmp_path):
    folder = making.write(tmp_path / "dicom", phases(3, TemporalPositionIdentifier=lambda p, n: p + 1))
    assert "the second was taken for the first after contrast" in read(folder, "first-post").notices[0].message
    one = read(making.write(tmp_path / "one", making.slices()), "first-post")
    assert "was not checked" in one.notices[0].message


def test_two_keys_together_tell_acquisitions_apart(tmp_path):
    images = phases(4, EchoTime=lambda p, n: (2.4, 4.8)[p % 2], TemporalPositionIdentifier=lambda p, n: p // 2 + 1)
    folder = making.write(tmp_path / "dicom", images)
    with pytest.raises(InputError, match=r"3: 10 slices, temporal position 2, echo time 2.4 ms"):
        read_image(folder)
    assert phase_of(read(folder, "3")) == 3


def test_phases_whose_slices_lie_between_each_other_are_not_mixed(tmp_path):
    normal = np.cross(making.SAGITTAL[:3], making.SAGITTAL[3:])
    between = [np.array(making.ORIGIN) + normal * (2 * number + 1) for number in range(10)]
    images = making.slices(TemporalPositionIdentifier=1) + making.renamed(
        making.slices(PATTERN + 1000, positions=between, TemporalPositionIdentifier=2), "second"
    )
    folder = making.write(tmp_path / "dicom", images)
    with pytest.raises(InputError, match="holds 2 acquisitions"):
        read_image(folder)
    assert phase_of(read(folder, "2")) == 2


def test_acquisition_numbers_of_slice_packages_do_not_divide_a_volume(tmp_path):
    folder = making.write(tmp_path / "dicom", making.slices(AcquisitionNumber=lambda n: n % 2 + 1))
    assert phase_of(read_image(folder)) == 1


def test_a_phase_with_fewer_slices_is_counted_and_said(tmp_path):
    images = phases(2, TemporalPositionIdentifier=lambda p, n: p + 1)
    folder = making.write(tmp_path / "end", images[:-3])
    with pytest.raises(InputError, match=r"1: 10 slices, temporal position 1; 2: 7 slices"):
        read_image(folder)
    found = read(folder, "2")
    assert found.volume.array.shape == (7, 14, 12)
    assert "7 slices where another has 10" in found.notices[1].message
    gap = making.write(tmp_path / "gap", images[:14] + images[15:])
    assert phase_of(read(gap, "1")) == 1
    with pytest.raises(GeometryError, match="4 mm between slices 4 and 5"):
        read(gap, "2")


def test_images_at_one_place_that_nothing_tells_apart_are_refused(tmp_path):
    folder = making.write(tmp_path / "dicom", phases(2, InstanceNumber=lambda p, n: n + 1))
    with pytest.raises(GeometryError, match=r"up to 2 images at one place .* nothing in their headers"):
        read_image(folder)
    one_more = making.slices() + making.renamed(making.slices()[-1:], "again")
    with pytest.raises(GeometryError, match="up to 2 images at one place"):
        read_image(making.write(tmp_path / "more", one_more))


def test_a_localizer_in_the_series_is_named(tmp_path):
    localizer = making.slices(
        PATTERN[:3], orientation=(1, 0, 0, 0, 1, 0), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]
    )
    folder = making.write(tmp_path / "one", making.slices() + making.renamed(localizer, "localizer"))
    with pytest.raises(InputError, match=r"1: 10 slices, .* sagittal; 2: 3 slices, .* axial, localizer"):
        read_image(folder)
    assert phase_of(read(folder, "1")) == 1
    other = making.slices(PATTERN[:3], series="scout", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    with pytest.raises(
        InputError, match=r"2 DICOM series \(3 'Test series' \(10 files\); 3 'Test scout' \(3 files, loc"
    ):
        read_image(making.write(tmp_path / "two", making.slices() + other))


def test_an_instance_that_is_there_twice_counts_once(tmp_path):
    folder = making.write(tmp_path / "dicom", making.slices())
    for file in list(folder.iterdir())[:4]:
        shutil.copy(file, folder / f"copy of {file.name}")
    found = read_image(folder)
    assert phase_of(found) == 1 and len(found.source.files) == 10
    assert "4 of the image's files hold an instance" in found.notices[0].message


def test_files_that_claim_one_instance_and_differ_are_refused(tmp_path):
    folder = making.write(tmp_path / "dicom", making.slices() + making.slices(PATTERN + 1)[2:3])
    with pytest.raises(InputError, match="two files of the same instance that differ"):
        read_image(folder)


def test_one_uid_for_all_slices_is_no_duplicate(tmp_path):
    assert phase_of(read_image(making.write(tmp_path / "dicom", making.slices(SOPInstanceUID="1.2.3")))) == 1


@pytest.mark.parametrize("suffix", ["nii", "nii.gz", "nrrd", "mha"])
def test_volumes_in_a_row_in_one_file(tmp_path, suffix):
    volumes = [sitk.GetImageFromArray(PATTERN + 1000 * phase) for phase in range(3)]
    path = tmp_path / f"four.{suffix}"
    sitk.WriteImage(sitk.JoinSeries(volumes), str(path))
    with pytest.raises(InputError, match="of four dimensions, holds 3 acquisitions"):
        read_image(path)
    assert [phase_of(read(path, number)) for number in "123"] == [1, 2, 3]
    with pytest.raises(InputError, match="has no phase 4 among its 3"):
        read(path, "4")
    single = tmp_path / f"one.{suffix}"
    sitk.WriteImage(sitk.JoinSeries(volumes[:1]), str(single))
    assert phase_of(read_image(single)) == 1


def test_times_of_a_nifti_file(tmp_path):
    import struct

    path = tmp_path / "four.nii"
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(PATTERN + 1000 * phase) for phase in range(3)]), str(path))
    content = bytearray(path.read_bytes())
    struct.pack_into("<f", content, 92, 45.0)
    content[123] = 2 | 8  # mm and s
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"1: the first; 2: 45 s after the first; 3: 90 s after the first"):
        read_image(path)
    assert phase_of(read(path, "90s")) == 3


def test_a_phase_of_a_single_volume(tmp_path):
    folder = making.write(tmp_path / "dicom", making.slices())
    assert phase_of(read(folder, "1")) == 1
    with pytest.raises(InputError, match="holds one acquisition, so no phase 2"):
        read(folder, "2")


def test_one_series_of_a_folder_is_chosen(tmp_path):
    other = making.slices(PATTERN + 1000, series="other", SeriesNumber=9, SeriesDescription="T2 axial")
    folder = making.write(tmp_path / "dicom", making.slices() + other)
    with pytest.raises(InputError, match=r"9 'T2 axial' \(10 files\)\): choose one with --series"):
        read_image(folder)
    for series in ("9", "t2 axial", other[0].SeriesInstanceUID):
        assert phase_of(read_image(folder, ReadingOptions(series=series))) == 2
    with pytest.raises(InputError, match="holds no series 'T1'"):
        read_image(folder, ReadingOptions(series="T1"))


def test_running_numbers_in_no_order_are_not_trusted(tmp_path):
    """Numbers that go neither acquisition by acquisition nor place by place tell nothing."""
    order = np.random.default_rng(0).permutation(20)
    images = phases(2, InstanceNumber=lambda p, n: int(order[10 * p + n]) + 1)
    with pytest.raises(GeometryError, match="nothing in their headers"):
        read_image(making.write(tmp_path / "dicom", images))
    shuffled = making.enhanced(tmp_path / "enhanced.dcm", [images[place] for place in order])
    with pytest.raises(GeometryError, match="nothing in their headers"):
        read_image(shuffled)
    by_place = making.enhanced(tmp_path / "by place.dcm", [images[10 * (n % 2) + n // 2] for n in range(20)])
    assert [phase_of(read(by_place, number)) for number in "12"] == [1, 2]


def test_phases_whose_places_differ_by_rounding_are_phases(tmp_path):
    second = making.slices(PATTERN + 1000, TemporalPositionIdentifier=2)
    for image in second:
        image.ImagePositionPatient = [float(value) + 0.03 for value in image.ImagePositionPatient]
    images = making.slices(TemporalPositionIdentifier=1) + making.renamed(second, "second")
    folder = making.write(tmp_path / "dicom", images)
    with pytest.raises(InputError, match="holds 2 acquisitions"):
        read_image(folder)
    assert phase_of(read(folder, "2")) == 2
