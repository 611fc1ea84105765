"""Kind E: DICOM segmentations, structure sets and Slicer's segment layers, each placed by its geometry and by name."""

import copy
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

pytest.importorskip("highdicom")

import highdicom

import dicom_making as making
from LABCRadiomicsLib.errors import GeometryError, InputError
from LABCRadiomicsLib.imaging import ReadingOptions, read_image, read_mask, read_pair, region_of

TUMOR = making.tumor()
NODE = np.roll(TUMOR, 2, axis=2)  # overlaps the tumor
GAP = TUMOR.copy()
GAP[4:6] = 0
KINDS = highdicom.seg.SegmentationTypeValues


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return making.write(tmp_path_factory.mktemp("series"), making.slices())


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A segmentation of two segments that overlap."""
    folder = tmp_path_factory.mktemp("two")
    return making.segmentation(folder / "two.dcm", making.slices(), [TUMOR, NODE], labels=["Tumor", "Lymph node"])


def found_in(series, mask, segment=None):
    """The mask on the image's grid, without a resampling."""
    image, mask = read_pair(series, mask, ReadingOptions(segment=segment))
    region = region_of(image.volume, mask.volume)
    assert region.notices == ()
    return region.mask.array, mask


MASKS = {
    "whole": TUMOR,
    "empty slices within": GAP,
    "one slice": np.where(np.arange(10)[:, None, None] == 5, TUMOR, 0),
    "first and last slice": np.where(np.isin(np.arange(10), (0, 9))[:, None, None], np.roll(TUMOR, 5, 0), 0)
    + np.where(np.isin(np.arange(10), (0, 9))[:, None, None], 1, 0) * TUMOR[5],
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize(
    "kind", [KINDS.BINARY, KINDS.FRACTIONAL, KINDS.LABELMAP], ids=["binary", "fractional", "labels"]
)
def test_a_segmentation_is_placed_by_its_frames(tmp_path, series, name, kind):
    mask = np.minimum(MASKS[name], 1).astype(np.uint8)
    pixels = mask.astype(float) * 0.8 if kind is KINDS.FRACTIONAL else mask
    path = making.segmentation(tmp_path / "seg.dcm", making.slices(), [pixels], kind=kind)
    found, reading = found_in(series, path)
    np.testing.assert_array_equal(found, mask)
    assert reading.source.segment == "Segment 1"
    assert [notice.code for notice in reading.notices] == (["fractional-segment"] if kind is KINDS.FRACTIONAL else [])


@pytest.mark.parametrize("name", ["whole", "empty slices within"])
def test_a_segmentation_without_its_image_has_the_same_place(tmp_path, series, name):
    path = making.segmentation(tmp_path / "seg.dcm", making.slices(), [MASKS[name]])
    region = region_of(read_image(series).volume, read_mask(path).volume)
    np.testing.assert_array_equal(region.mask.array, MASKS[name])
    assert region.notices == ()


def test_several_segments_are_listed_and_chosen_by_number_or_label(series, two):
    with pytest.raises(InputError, match=r"holds 2 segments \(1 'Tumor', 2 'Lymph node'\): choose one with --segment"):
        read_mask(two)
    for segment, expected in (("1", TUMOR), ("Tumor", TUMOR), ("tumor", TUMOR), ("2", NODE), ("LYMPH NODE", NODE)):
        found, reading = found_in(series, two, segment)
        np.testing.assert_array_equal(found, expected)
    assert reading.source.segment == "Lymph node"
    for segment in ("3", "Node", "0"):
        with pytest.raises(InputError, match=f"has no segment '{segment}', it holds 1 'Tumor', 2 'Lymph node'"):
            read_mask(two, ReadingOptions(segment=segment))


def test_segments_of_one_name_are_told_apart_by_number(tmp_path, series):
    path = making.segmentation(tmp_path / "seg.dcm", making.slices(), [TUMOR, NODE], labels=["T", "T"])
    with pytest.raises(InputError, match="2 segments named 'T'"):
        read_mask(path, ReadingOptions(segment="T"))
    np.testing.assert_array_equal(found_in(series, path, "2")[0], NODE)


def changed(two, path, change):
    dataset = pydicom.dcmread(two)
    change(dataset)
    dataset.save_as(path)
    return path


def reverse_frames(dataset):
    pixels = dataset.pixel_array[::-1]
    dataset.PerFrameFunctionalGroupsSequence = list(dataset.PerFrameFunctionalGroupsSequence)[::-1]
    dataset.PixelData = pydicom.pixels.pack_bits(pixels, pad=True)


def drop_slice_distance(dataset):
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    for name in ("SpacingBetweenSlices", "SliceThickness"):
        measures.pop(name, None)


@pytest.mark.parametrize("change", [reverse_frames, drop_slice_distance])
def test_the_order_of_frames_and_their_thickness_do_not_matter(tmp_path, series, two, change):
    path = changed(two, tmp_path / "seg.dcm", change)
    np.testing.assert_array_equal(found_in(series, path, "2")[0], NODE)
    region = region_of(read_image(series).volume, read_mask(path, ReadingOptions(segment="1")).volume)
    np.testing.assert_array_equal(region.mask.array, TUMOR)


def move_frame(dataset):
    frame = dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0]
    frame.ImagePositionPatient = [float(value) + 0.7 for value in frame.ImagePositionPatient]


def drop_positions(dataset):
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        del frame.PlanePositionSequence


BROKEN = {
    "a frame elsewhere": (move_frame, GeometryError, "no regular grid: frame 3 lies"),
    "no positions": (drop_positions, InputError, "does not say where it lies"),
    "no segments": (lambda dataset: dataset.pop("SegmentSequence"), InputError, "holds no segment"),
    "cut off": (lambda dataset: setattr(dataset, "PixelData", dataset.PixelData[:20]), InputError, "cannot be decoded"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_segmentations_that_say_too_little(tmp_path, series, two, name):
    change, error, message = BROKEN[name]
    path = changed(two, tmp_path / "seg.dcm", change)
    with pytest.raises(error, match=message):
        read_pair(series, path, ReadingOptions(segment="1"))


def test_a_segment_without_frames_is_empty(tmp_path):
    path = making.segmentation(tmp_path / "seg.dcm", making.slices(), [TUMOR, TUMOR * 0])
    with pytest.raises(InputError, match=r"Segment 2 'Segment 2' of .* is empty"):
        read_mask(path, ReadingOptions(segment="2"))


def test_a_folder_with_one_segmentation_or_several(tmp_path, series, two):
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(two, folder)
    np.testing.assert_array_equal(found_in(series, folder, "1")[0], TUMOR)
    making.segmentation(folder / "other.dcm", making.slices(), [TUMOR])
    with pytest.raises(InputError, match=r"holds 2 segmentations \(other.dcm, two.dcm\): give one of the files"):
        read_mask(folder)


def test_a_segmentation_beside_its_images_is_no_image_of_them(tmp_path, series, two):
    folder = tmp_path / "both"
    shutil.copytree(series, folder)
    shutil.copy(two, folder)
    np.testing.assert_array_equal(read_image(folder).volume.array, making.pattern())
    np.testing.assert_array_equal(found_in(folder, folder, "2")[0], NODE)
    with pytest.raises(InputError, match="holds no DICOM images, only SEG"):
        read_image(two)


def test_other_patients_and_frames_of_reference_are_said(tmp_path, series, two):
    options = ReadingOptions(segment="1")
    path = changed(two, tmp_path / "a.dcm", lambda dataset: setattr(dataset, "PatientID", "another"))
    assert [notice.code for notice in read_pair(series, path, options)[1].notices] == ["other-patient"]
    path = changed(two, tmp_path / "b.dcm", lambda dataset: setattr(dataset, "FrameOfReferenceUID", "1.2.3"))
    assert [notice.code for notice in read_pair(series, path, options)[1].notices] == ["other-frame-of-reference"]


def test_a_segmentation_on_a_flipped_image(tmp_path, two):
    """The same anatomy stored the other way round: the frames are placed by position all the same."""
    normal = -np.cross(making.SAGITTAL[:3], making.SAGITTAL[3:])
    orientation = (*making.SAGITTAL[:3], *(-value for value in making.SAGITTAL[3:]))
    step = np.array(making.SAGITTAL[3:]) * making.SPACING[1] * 13
    places = [np.array(making.ORIGIN) + step - normal * 2 * number for number in range(10)][::-1]
    flipped = making.slices(making.pattern()[::-1, ::-1], orientation=orientation, positions=places)
    found, _ = found_in(making.write(tmp_path / "flipped", flipped), two, "1")
    np.testing.assert_array_equal(found, TUMOR[::-1, ::-1])


def test_masks_of_dcmqi_are_the_same(tmp_path, series, two):
    """dcmqi, which Slicer reads DICOM segmentations with, gives the same voxels of the same file."""
    dcmqi = pytest.importorskip("dcmqi", reason="dcmqi is not installed")
    program = Path(dcmqi.__file__).parent / "bin" / "segimage2itkimage"
    command = [program, "--inputDICOM", two, "--outputDirectory", tmp_path, "-t", "nrrd"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    image = read_image(series).volume
    for number, expected in ((1, TUMOR), (2, NODE)):
        region = region_of(image, read_mask(tmp_path / f"{number}.nrrd").volume)
        np.testing.assert_array_equal(region.mask.array, expected)


# --- structure sets ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def volume(series):
    return read_image(series).volume


def rtstruct(path, rois, **options):
    return making.structure_set(path, making.slices(), rois, **options)


@pytest.mark.parametrize("name", ["whole", "empty slices within", "one slice"])
def test_contours_along_the_voxels_give_the_mask_back(tmp_path, series, volume, name):
    mask = np.minimum(MASKS[name], 1).astype(np.uint8)
    path = rtstruct(tmp_path / "rt.dcm", {"GTV": making.outlines(volume.with_array(mask))})
    found, reading = found_in(series, path)
    np.testing.assert_array_equal(found, mask)
    codes = [notice.code for notice in reading.notices]
    assert codes == (["contours-skip-slices"] if name == "empty slices within" else [])


def test_contours_through_the_centers_of_the_border_give_the_mask_back(tmp_path, series, volume):
    """As OpenCV outlines a mask (rt-utils and many networks): the border's voxels lie on the contour."""
    import shapely

    contours = []
    for k in range(10):
        border = np.argwhere(TUMOR[k])[:, ::-1]
        if len(border):
            ring = shapely.MultiPoint(border).convex_hull.exterior.coords[:-1]
            contours.append(np.array([volume.point((i, j, k)) for i, j in ring]))
    found, _ = found_in(series, rtstruct(tmp_path / "rt.dcm", {"GTV": contours}))
    np.testing.assert_array_equal(found, TUMOR)


def test_a_contour_within_another_is_a_hole(tmp_path, series, volume):
    mask = TUMOR.copy()
    mask[5, 6:8, 5:7] = 0
    contours = making.outlines(volume.with_array(mask))
    assert len(contours) == TUMOR.any(axis=(1, 2)).sum() + 1
    for kind in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR"):
        found, _ = found_in(series, rtstruct(tmp_path / "rt.dcm", {"GTV": contours}, kind=kind))
        np.testing.assert_array_equal(found, mask)


def test_a_smooth_contour_holds_the_centers_within_it(tmp_path, series, volume):
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ellipse = np.stack([6 + 3.3 * np.cos(angle), 7 + 4.2 * np.sin(angle), np.full(200, 4)], axis=1)
    contour = np.array([volume.point(index) for index in ellipse])
    found, _ = found_in(series, rtstruct(tmp_path / "rt.dcm", {"GTV": [contour]}))
    j, i = np.indices((14, 12))
    np.testing.assert_array_equal(found[4], ((i - 6) / 3.3) ** 2 + ((j - 7) / 4.2) ** 2 < 1)
    assert found.sum() == found[4].sum()


def test_regions_are_listed_and_chosen_by_name_or_number(tmp_path, series, volume):
    rois = {"Body": making.outlines(volume.with_array(NODE)), "GTV": making.outlines(volume.with_array(TUMOR))}
    path = rtstruct(tmp_path / "rt.dcm", rois)
    with pytest.raises(InputError, match=r"holds 2 ROIs \(1 'Body', 2 'GTV'\): choose one"):
        read_pair(series, path)
    for roi in ("GTV", "gtv", "2"):
        np.testing.assert_array_equal(found_in(series, path, roi)[0], TUMOR)
    with pytest.raises(InputError, match="which only an image gives voxels"):
        read_mask(path)
    with pytest.raises(InputError, match="holds no DICOM images, only RTSTRUCT"):
        read_image(path)


def test_contours_between_the_slices_are_resampled_and_that_is_said(tmp_path, series, volume):
    contours = making.outlines(volume.with_array(TUMOR))
    normal = volume.direction[:, 2]
    path = rtstruct(tmp_path / "rt.dcm", {"GTV": [contour + 0.9 * normal for contour in contours]})
    image, mask = read_pair(series, path)
    region = region_of(image.volume, mask.volume)
    np.testing.assert_array_equal(region.mask.array, TUMOR)  # each contour is nearest to its own slice
    assert [notice.code for notice in mask.notices] == ["contours-between-slices"]
    assert [notice.code for notice in region.notices] == ["mask-resampled"]


REFUSED = {
    "points": (lambda c, v: c, {"kind": "POINT"}, InputError, "only contours of type POINT"),
    "elsewhere": (lambda c, v: [p + 300 for p in c], {}, GeometryError, "lies outside the image|not parallel"),
    "half outside": (lambda c, v: [p + v.direction[:, 0] * 5 for p in c], {}, GeometryError, "reaches outside"),
    "oblique": (lambda c, v: [p @ turn().T for p in c], {}, GeometryError, "not parallel to the image's slices"),
    "two points": (lambda c, v: [c[0][:2]], {}, InputError, "is no list of three or more points"),
    "none": (lambda c, v: [], {}, InputError, "has no closed contours"),
    "too small": (
        lambda c, v: [np.array([v.point(p) for p in ((5.2, 5.2, 5), (5.4, 5.2, 5), (5.3, 5.4, 5))])],
        {}, InputError, "holds no voxel's center",
    ),
}  # fmt: skip


def turn():
    angle = 0.3
    return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])


@pytest.mark.parametrize("name", REFUSED)
def test_contours_that_make_no_mask(tmp_path, series, volume, name):
    change, options, error, message = REFUSED[name]
    contours = change(making.outlines(volume.with_array(TUMOR)), volume)
    path = rtstruct(tmp_path / "rt.dcm", {"GTV": contours}, **options)
    with pytest.raises(error, match=message):
        found_in(series, path)


# --- Slicer's segment layers ---------------------------------------------------------------------------------------


def layers_file(path, volume, layers, fields):
    """A ``.seg.nrrd`` as Slicer writes it."""
    images = [volume.with_array(layer.astype(np.uint8)).to_sitk() for layer in layers]
    image = images[0] if len(images) == 1 else sitk.Compose(images)
    for name, value in fields.items():
        image.SetMetaData(name, str(value))
    sitk.WriteImage(image, str(path))
    content = path.read_bytes().replace(b"kinds: vector", b"kinds: list")
    path.write_bytes(content)
    return path


def fields(*segments):
    """Header fields of segments, each (name, identifier, layer, label); None leaves one out."""
    made = {}
    for number, values in enumerate(segments):
        for key, value in zip(("Name", "ID", "Layer", "LabelValue"), values, strict=True):
            if value is not None:
                made[f"Segment{number}_{key}"] = value
    return made


OVERLAPPING = fields(("Tumor", "Segment_1", 0, 1), ("Node", "Segment_2", 1, 1), ("Other", "Segment_3", 0, 2))


@pytest.fixture
def layered(tmp_path, volume):
    first = TUMOR.copy()
    first[0, 0, 0] = 2
    return layers_file(tmp_path / "layers.seg.nrrd", volume, [first, NODE], OVERLAPPING)


def test_layers_by_name_identifier_or_number(series, layered):
    with pytest.raises(InputError, match=r"holds 3 segments \(1 'Tumor' \(ID Segment_1\), 2 'Node'"):
        read_mask(layered)
    for segment, expected in (("Tumor", TUMOR), ("Segment_2", NODE), ("node", NODE), ("1", TUMOR), ("2", NODE)):
        found, reading = found_in(series, layered, segment)
        np.testing.assert_array_equal(found, expected)
    assert reading.source.segment == "Node"
    other = found_in(series, layered, "Other")[0]
    assert other.sum() == 1 and other[0, 0, 0] == 1
    with pytest.raises(InputError, match="has no segment 'Lung'"):
        read_mask(layered, ReadingOptions(segment="Lung"))


def test_one_layer_and_files_from_before_layers(tmp_path, series, volume):
    single = layers_file(tmp_path / "a.seg.nrrd", volume, [TUMOR * 3], fields(("Tumor", "Segment_1", 0, 3)))
    np.testing.assert_array_equal(found_in(series, single)[0], TUMOR)
    old = layers_file(tmp_path / "b.seg.nrrd", volume, [TUMOR, NODE],
                      fields(("Tumor", "A", None, None), ("Node", "B", None, None)))  # fmt: skip
    np.testing.assert_array_equal(found_in(series, old, "Node")[0], NODE)


@pytest.mark.parametrize(("values", "message"), [
    ((0, 7), "is empty"), ((5, 1), "names layer 5"), ((-1, 1), "names layer -1"), (("x", 1), "Layer 'x'"),
])  # fmt: skip
def test_layers_that_contradict_their_header(tmp_path, volume, values, message):
    path = layers_file(tmp_path / "a.seg.nrrd", volume, [TUMOR, NODE], fields(("Tumor", "A", *values)))
    with pytest.raises(InputError, match=message):
        read_mask(path)


@pytest.mark.parametrize("cropped", [False, True])
def test_layers_that_slicer_writes_are_those_it_holds(tmp_path, series, volume, cropped):
    pytest.importorskip("slicer", reason="slicer-core is not installed")
    import slicer
    import slicer.util
    import vtk

    from LABCRadiomicsLib import mrml

    sitk.WriteImage(volume.to_sitk(), str(tmp_path / "image.nrrd"))
    scene = mrml.new_scene()
    node = mrml.load_volume(scene, tmp_path / "image.nrrd")
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "segmentation")
    for name, array in (("Tumor", TUMOR), ("Node", NODE)):
        labelmap = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", name)
        labelmap.SetIJKToRASMatrix(matrix)
        slicer.util.updateVolumeFromArray(labelmap, array)
        slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelmap, segmentation)
        segmentation.GetSegmentation().GetNthSegment(segmentation.GetSegmentation().GetNumberOfSegments() - 1).SetName(
            name
        )
    storage = slicer.vtkMRMLSegmentationStorageNode()
    scene.AddNode(storage)
    storage.SetCropToMinimumExtent(cropped)
    storage.SetFileName(str(tmp_path / "written.seg.nrrd"))
    assert storage.WriteData(segmentation)
    for number, (name, expected) in enumerate((("Tumor", TUMOR), ("Node", NODE))):
        identifier = segmentation.GetSegmentation().GetNthSegmentID(number)
        held, _ = mrml.mask_from_segment(segmentation, identifier, node)
        np.testing.assert_array_equal(held.array, expected)
        for segment in (name, identifier):
            np.testing.assert_array_equal(found_in(series, tmp_path / "written.seg.nrrd", segment)[0], expected)


# --- label masks ---------------------------------------------------------------------------------------------------


def test_labels_have_numbers_and_no_names(tmp_path, series, volume):
    path = tmp_path / "labels.nrrd"
    sitk.WriteImage(volume.with_array(TUMOR + 2 * (NODE > TUMOR)).to_sitk(), str(path))
    np.testing.assert_array_equal(found_in(series, path, "1")[0], TUMOR)
    np.testing.assert_array_equal(found_in(series, path, "2")[0], NODE > TUMOR)
    with pytest.raises(InputError, match="holds labels without names, so no segment 'Tumor'"):
        read_mask(path, ReadingOptions(segment="Tumor"))
    with pytest.raises(InputError, match="Label 5 is not in the mask"):
        read_mask(path, ReadingOptions(segment="5"))


@pytest.mark.parametrize(("factor", "accepted"), [
    (1, True), (0.9999999975, True), (1 + 1e-7, True), (255 * float(np.float32(1 / 255)), True), (0.5, False),
    (1 / 255, False),
])  # fmt: skip
@pytest.mark.parametrize("suffix", ["nrrd", "nii.gz"])
def test_labels_that_went_through_floating_point(tmp_path, volume, factor, accepted, suffix):
    path = tmp_path / f"mask.{suffix}"
    sitk.WriteImage(volume.with_array(TUMOR * float(factor)).to_sitk(), str(path))
    if accepted:
        np.testing.assert_array_equal(read_mask(path).volume.array, TUMOR)
    else:
        with pytest.raises(InputError, match=f"fractional value {factor:.6g}"):
            read_mask(path)


def test_a_dicom_series_of_labels(tmp_path, series):
    folder = making.write(tmp_path / "labels", making.slices(TUMOR.astype(np.int16), series="labels"))
    np.testing.assert_array_equal(found_in(series, folder)[0], TUMOR)
    twice = making.slices(TUMOR.astype(np.int16)) + making.renamed(
        making.slices(NODE.astype(np.int16)), "second", InstanceNumber=lambda n: 20 + n
    )
    with pytest.raises(InputError, match=r"holds 2 acquisitions .* give a mask that is one of them"):
        read_mask(making.write(tmp_path / "twice", copy.deepcopy(twice)))
