"""Agreement of two readers whose segments lie in one file a case: Slicer's layers, DICOM SEG, label maps."""

from functools import partial

import numpy as np
import pytest
import SimpleITK as sitk

import dicom_making as making
from cohort_cases import rows_of
from LABCRadiomicsLib.cohort.record import read_extraction
from LABCRadiomicsLib.tables.cohort import read_features, read_icc
from LABCRadiomicsLib.tables.csv_table import write_table

CASES = ("a", "b", "c", "d")
READERS = ("reader 1", "reader 2")
PARAMETERS = (
    "imageType: {Original: {}}\nfeatureClass: {firstorder: [], shape: [VoxelVolume]}\nsetting: {binWidth: 25}\n"
)


@pytest.fixture
def agree(run):
    return partial(run, "agreement")


@pytest.fixture
def masks():
    """Both readers' masks of each case, which overlap; tumors of different size."""
    made = {}
    for number, case in enumerate(CASES):
        first = np.zeros(making.SHAPE, np.uint8)
        first[2 : 5 + number, 3:9, 2 : 6 + number] = 1
        made[case] = first, np.roll(first, 1, axis=2)
    return made


@pytest.fixture
def study(tmp_path, masks):
    """Images as NRRD, each reader's mask in a file of its own, a parameter file."""
    for number, (case, pair) in enumerate(masks.items()):
        voxels = np.random.default_rng(number).normal(400 + 60 * number, 90, making.SHAPE).astype(np.float32)
        for name, array in (("image", voxels), ("one", pair[0]), ("two", pair[1])):
            sitk.WriteImage(on_grid(array), tmp_path / f"{case}_{name}.nrrd")
    (tmp_path / "p.yaml").write_text(PARAMETERS)
    return tmp_path


def on_grid(array):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(making.SPACING)
    return image


def case_table(folder, mask, **columns):
    path = folder / f"cases_{mask.split('.')[0]}.csv"
    rows = [[case, f"{case}_image.nrrd", f"{case}_{mask}", *columns.values()] for case in CASES]
    write_table(path, ["case", "image", "mask", *columns], rows)
    return path


def layered(folder, masks, missing=()):
    """Slicer's file of overlapping segments."""
    for case, pair in masks.items():
        path = folder / f"{case}_both.seg.nrrd"
        image = sitk.Compose([on_grid(mask) for mask in pair])
        for number, name in enumerate(READERS):
            if (case, name) in missing:
                name = "other"
            for key, value in (("ID", f"S{number}"), ("Name", name), ("Layer", number), ("LabelValue", 1)):
                image.SetMetaData(f"Segment{number}_{key}", str(value))
        sitk.WriteImage(image, str(path))
        path.write_bytes(path.read_bytes().replace(b"kinds: vector", b"kinds: list"))
    return case_table(folder, "both.seg.nrrd")


def expected(run, folder):
    """The table of correlations from each reader's own files, by the commands it takes otherwise."""
    for name in ("one", "two"):
        table = case_table(folder, f"{name}.nrrd")
        assert (
            run("extract", table, "--out", folder / f"f_{name}.csv", "--settings", folder / "p.yaml", "--jobs", 1)[0]
            == 0
        )
    assert run("agreement", folder / "f_one.csv", folder / "f_two.csv", "--out", folder / "expected.csv")[0] == 0
    return (folder / "expected.csv").read_text()


def test_slicer_s_segments(run, agree, study, masks):
    table, out = layered(study, masks), study / "icc.csv"
    code, stdout, _ = agree(table, "--segments", "reader 1,reader 2", "--out", out,
                                 "--settings", study / "p.yaml", "--jobs", 1)  # fmt: skip
    assert code == 0 and "(4 cases, 2 readers)" in stdout
    assert out.read_text() == expected(run, study)
    one, two = (read_features(study / f"icc_{reader}.csv") for reader in ("reader1", "reader2"))
    assert one.values.tolist() == read_features(study / "f_one.csv").values.tolist()
    assert two.values.tolist() == read_features(study / "f_two.csv").values.tolist()
    records = [read_extraction(study / f"icc_{reader}.csv") for reader in ("reader1", "reader2")]
    assert records[0] == records[1] == read_extraction(study / "f_one.csv") and records[0].setting["binWidth"] == 25
    x = np.column_stack([t.values[:, t.names.index("original_firstorder_Mean")] for t in (one, two)])
    n, k = x.shape  # Shrout and Fleiss 1979, from sums of squares
    rows, columns = k * np.var(x.mean(1), ddof=1), n * np.var(x.mean(0), ddof=1)
    error = ((x - x.mean(1, keepdims=True) - x.mean(0) + x.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    icc = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    assert read_icc(out)["original_firstorder_Mean"][0] == pytest.approx(icc)
    assert 0 < icc < 1


def test_without_an_output_nothing_is_left(agree, study, masks):
    table = layered(study, masks)
    before = sorted(study.iterdir())
    code, stdout, _ = agree(table, "--segments", "S0,S1", "--settings", study / "p.yaml", "--jobs", 1)
    assert code == 0 and "(4 cases, 2 readers)" in stdout
    assert sorted(study.iterdir()) == before


def test_segments_of_a_dicom_segmentation(run, agree, study, masks):
    pytest.importorskip("highdicom", reason="writes the segmentation")
    for number, case in enumerate(CASES):
        voxels = sitk.GetArrayFromImage(sitk.ReadImage(study / f"{case}_image.nrrd")).round().astype(np.int16)
        images = making.slices(voxels, f"series {number}")
        making.write(study / f"{case}_series", images)
        making.segmentation(study / f"{case}_seg.dcm", images, masks[case], labels=list(READERS))
    path = study / "dicom.csv"
    write_table(path, ["case", "image", "mask"], [[case, f"{case}_series", f"{case}_seg.dcm"] for case in CASES])
    options = "--settings", study / "p.yaml", "--jobs", 1
    for segments, out in (("reader 1,reader 2", "named.csv"), ("1,2", "numbered.csv")):
        code, stdout, stderr = agree(path, "--segments", segments, "--out", study / out, *options)
        assert code == 0 and "(4 cases, 2 readers)" in stdout, stderr
    assert (study / "named.csv").read_text() == (study / "numbered.csv").read_text()
    for case in CASES:
        counts = [np.count_nonzero(mask) for mask in masks[case]]
        volumes = [row for row in rows_of(study / "named_reader2.csv") if row["case"] == case]
        assert int(volumes[0]["diagnostics_voxels"]) == counts[1]
        scanner = volumes[0]["diagnostics_manufacturer"], volumes[0]["diagnostics_field_strength_t"]
        assert scanner == ("None", "1.5")  # as the made-up series name theirs


def test_labels_of_a_map(agree, study, masks):
    for case, (one, two) in masks.items():
        sitk.WriteImage(on_grid(np.where(one > 0, 1, 2 * two).astype(np.uint8)), study / f"{case}_map.nrrd")
    options = "--settings", study / "p.yaml", "--jobs", 1, "--out", study / "icc.csv"
    code, stdout, _ = agree(case_table(study, "map.nrrd"), "--segments", "1, 2", *options)
    assert code == 0 and "(4 cases, 2 readers)" in stdout
    only_second = [np.count_nonzero((two > 0) & (one == 0)) for one, two in masks.values()]
    assert [int(row["diagnostics_voxels"]) for row in rows_of(study / "icc_reader2.csv")] == only_second


def test_a_repetition_is_the_third(agree, study, masks):
    for case, (one, two) in masks.items():
        sitk.WriteImage(on_grid((one + 2 * two).astype(np.uint8)), study / f"{case}_map.nrrd")
    options = "--settings", study / "p.yaml", "--jobs", 1, "--out", study / "icc.csv"
    code, stdout, _ = agree(case_table(study, "map.nrrd"), "--segments", "1,2,3", *options)
    assert code == 0 and "between readers and on repetition" in stdout
    assert "icc_repeat" in (study / "icc.csv").read_text().splitlines()[0]


def test_cases_that_one_reader_did_not_segment(agree, study, masks):
    table = layered(study, masks, missing=[("b", "reader 2")])
    options = "--settings", study / "p.yaml", "--jobs", 1, "--out", study / "icc.csv"
    code, stdout, stderr = agree(table, "--segments", "reader 1,reader 2", *options)
    assert code == 0 and "(3 cases, 2 readers)" in stdout
    assert "Without features of segment 'reader 2': 1 of 4 cases; " in stderr
    (error,) = rows_of(study / "icc_reader2_errors.csv")
    assert error["case"] == "b" and "has no segment 'reader 2'" in error["error"]


@pytest.mark.parametrize(("options", "said"), [
    (("--segments", "reader 1"), "give two different ones"),
    (("--segments", "a,b,c,d"), "give two different ones"),
    (("--segments", "a,a"), "give two different ones"),
    ((), "give the feature tables of both readers, or a case table"),
    (("other.csv", "--segments", "a,b"), "READER2 has no meaning with --segments"),
    (("other.csv", "--model", "demo-phantom"), "Option --model has no meaning without --segments"),
    (("--segments", "a,b", "--feature-columns", "x"), "--feature-columns has no meaning with --segments"),
    (("--segments", "a,b", "--repeat", "x.csv"), "--repeat has no meaning with --segments"),
])  # fmt: skip
def test_what_contradicts_itself(agree, study, options, said):
    code, stdout, stderr = agree(case_table(study, "one.nrrd"), *options)
    assert (code, stdout) == (2, "") and said in stderr


def test_a_table_that_chooses_segments_itself(agree, study):
    table = case_table(study, "one.nrrd", segment="reader 1")
    code, _, stderr = agree(table, "--segments", "reader 1,reader 2", "--out", study / "icc.csv")
    assert code == 2 and "row 2: column segment chooses a segment" in stderr
    assert not (study / "icc_reader1.csv").exists()


def test_the_case_table_is_not_overwritten(agree, study, masks):
    table = layered(study, masks).rename(study / "icc_reader1.csv")
    content = table.read_bytes()
    code, _, stderr = agree(table, "--segments", "reader 1,reader 2", "--out", study / "icc.csv")
    assert code == 2 and table.read_bytes() == content and "icc_reader1.csv" in stderr
