"""Extraction of a cohort: values, order, errors case by case, and the same bytes however it ran and was interrupted."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib.cohort import errors_path, execution, extract_cases, feature_table, journal_path, read_cases
from LABCRadiomicsLib.cohort.execution import Failure, over_cluster, over_processes
from LABCRadiomicsLib.cohort.record import read_extraction, record_path
from LABCRadiomicsLib.errors import CohortError, InputError
from LABCRadiomicsLib.features import PYRADIOMICS_VERSION, extract, extract_region
from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
from LABCRadiomicsLib.imaging import AS_FILES_SAY, read_image, read_mask
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.tables.cohort import read_features

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals as POSIX has them")

ALL = ExtractionSettings.from_parameters(SLICER_RADIOMICS_PARAMETERS, "LPS")
FEW = ExtractionSettings.from_parameters(
    {"imageType": {"Original": {}}, "featureClass": {"firstorder": [], "shape": []}, "setting": {"binWidth": 25}}, "LPS"
)
COMMAND = [sys.executable, "-m", "LABCRadiomicsLib.cli"]
PACKAGES = str(Path(feature_table.__file__).parents[2])


def _write_case(folder: Path, index: int, shape=(14, 20, 22)) -> None:
    rng = np.random.default_rng(index)
    voxels = rng.normal(100, 30, shape).astype(np.float32)
    mask = np.zeros(shape, np.uint8)
    mask[3:-3, 4:-4, 4 + index % 3 : -5] = 1
    for name, array in (("image", voxels), ("mask", mask)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((0.7, 0.7, 2.0))
        sitk.WriteImage(image, folder / f"{name}{index}.nrrd")


def _write_table(folder: Path, order) -> Path:
    rows = [f"patient-{index},image{index}.nrrd,mask{index}.nrrd" for index in order]
    path = folder / "cases.csv"
    path.write_text("\n".join(["case,image,mask", *rows]) + "\n")
    return path


@pytest.fixture
def cases(tmp_path):
    """Four small cases, not in the order of their names."""
    for index in range(4):
        _write_case(tmp_path, index)
    return _write_table(tmp_path, (2, 0, 3, 1))


@pytest.fixture
def in_process(monkeypatch):
    """Do the cases one by one in this process."""
    monkeypatch.setattr(
        feature_table, "over_processes", lambda call, tasks, jobs: ((n, call(t)) for n, t in tasks.items())
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# --- values and order -------------------------------------------------------------------------------------------


def test_the_table_holds_what_each_case_gives_alone_whatever_the_number_of_jobs(cases):
    folder = cases.parent
    done = []
    first = extract_cases(cases, folder / "one.csv", ALL, jobs=1, progress=lambda *counts: done.append(counts))
    second = extract_cases(cases, folder / "two.csv", ALL, jobs=2)
    assert done == [(count, 4) for count in range(5)]
    assert first.features_csv.read_bytes() == second.features_csv.read_bytes()
    assert (first.cases, first.failed, first.resumed, first.errors_csv) == (4, 0, 0, None)
    table = read_features(first.features_csv)
    assert table.cases == ("patient-2", "patient-0", "patient-3", "patient-1")
    for case, values in zip((2, 0, 3, 1), table.values, strict=True):
        image, mask = read_image(folder / f"image{case}.nrrd"), read_mask(folder / f"mask{case}.nrrd")
        expected = extract(image.volume, mask.volume, ALL).values
        assert table.names == tuple(expected)
        np.testing.assert_array_equal(values, list(expected.values()))
    assert {path.name for path in folder.iterdir() if path.suffix != ".nrrd"} == {
        "cases.csv", "one.csv", "two.csv", "one.settings.json", "two.settings.json",
    }  # fmt: skip


def test_no_more_cases_than_jobs_are_at_work(tmp_path):
    for jobs in (1, 2):
        tasks = {str(number): str(tmp_path) for number in range(8)}
        counts = dict(over_processes(_count_at_work, tasks, jobs))
        assert counts.keys() == tasks.keys()
        assert max(counts.values()) <= jobs
    assert max(counts.values()) == 2


def _count_at_work(folder: str) -> int:
    marker = Path(folder, f"{os.getpid()}.at-work")
    marker.touch()
    time.sleep(0.1)
    count = len(list(Path(folder).glob("*.at-work")))
    marker.unlink()
    return count


@pytest.mark.usefixtures("in_process")
def test_features_of_a_model_and_of_a_parameter_file(cases, run):
    folder = cases.parent
    model = find_model("demo-phantom")
    names = tuple(term.feature for term in model.score.terms)
    assert run("extract", cases, "--out", folder / "m.csv", "--model", "demo-phantom", "--features", "model")[0] == 0
    found = read_features(folder / "m.csv")
    assert found.names == names
    assert run("extract", cases, "--out", folder / "all.csv")[0] == 0
    everything = read_features(folder / "all.csv")
    assert len(everything.names) == 851
    np.testing.assert_array_equal(found.values, everything.values[:, [everything.names.index(name) for name in names]])
    (folder / "p.yaml").write_text("setting: {binWidth: 10}\nimageType: {Original: {}}\nfeatureClass: {ngtdm: }\n")
    code, out, _ = run("extract", cases, "--out", folder / "p.csv", "--settings", folder / "p.yaml",
                       "--array-order", "as-loaded")  # fmt: skip
    assert code == 0 and "4 cases" in out
    assert {name.split("_")[1] for name in read_features(folder / "p.csv").names} == {"ngtdm"}
    made = read_extraction(folder / "p.csv")
    assert (made.setting["binWidth"], made.array_order, made.axes) == (10, "as-loaded", "LPS")


@pytest.mark.usefixtures("in_process")
def test_the_record_gives_the_settings_back(cases, tmp_path):
    result = extract_cases(cases, tmp_path / "f.csv", ALL)
    assert result.record == record_path(result.features_csv) == tmp_path / "f.settings.json"
    made = read_extraction(result.features_csv)
    parameters = {name: dict(part) for name, part in made.parameters().items()}
    assert ExtractionSettings.from_parameters(parameters, made.array_order) == ALL
    assert made.pyradiomics_version == PYRADIOMICS_VERSION and made.axes is None
    assert None not in made.setting.values()  # a model file holds what is set, nothing else
    document = json.loads(result.record.read_text())
    assert (document["cases"], document["features"]) == (4, 851)
    assert read_extraction(tmp_path / "other.csv") is None
    faults = {"{": "is no record", "[]": "is no record", '{"extraction": {"x": 1}}': r"extraction\.x"}
    for content, reason in faults.items():
        result.record.write_text(content)
        with pytest.raises(CohortError, match=reason):
            read_extraction(result.features_csv)


# --- bad cases, bad tables --------------------------------------------------------------------------------------


def _spoil(folder: Path) -> dict[str, str]:
    """Add one case of every fault; gives what their errors must say."""
    empty = sitk.Image(sitk.ReadImage(folder / "mask0.nrrd")) * 0
    sitk.WriteImage(empty, folder / "empty.nrrd")
    (folder / "text.nrrd").write_text("no image")
    rows = {
        "missing": ("absent.nrrd", "mask0.nrrd", "", "absent.nrrd does not exist"),
        "no-mask": ("image0.nrrd", "", "", "The cell of column mask is empty"),
        "text": ("text.nrrd", "mask0.nrrd", "", "cannot be read as an image"),
        "empty": ("image0.nrrd", "empty.nrrd", "1", "The mask is empty"),
        "label": ("image0.nrrd", "mask0.nrrd", "7", "Label 7 is not in the mask"),
        "word": ("image0.nrrd", "mask0.nrrd", "tumor", "Label 'tumor' is not a whole number"),
        "=risky": ("image0.nrrd", "absent.nrrd", "", "absent.nrrd does not exist"),
    }
    good = [f"patient-{index},image{index}.nrrd,mask{index}.nrrd,{'1' * (index % 2)}" for index in range(4)]
    bad = [f"{name},{','.join(cells[:3])}" for name, cells in rows.items()]
    (folder / "cases.csv").write_text("\n".join(["case,image,mask,label", *good[:2], *bad, *good[2:]]) + "\n")
    return {name: cells[3] for name, cells in rows.items()}


@pytest.mark.usefixtures("in_process")
def test_bad_cases_are_listed_with_their_reason_and_stop_nothing(cases, run):
    folder, out = cases.parent, cases.parent / "f.csv"
    reasons = _spoil(folder)
    code, stdout, stderr = run("extract", cases, "--out", out, "--features", "model", "--model", "demo-phantom")
    assert code == 0
    assert "7 of 11 cases have no features" in stderr and str(folder / "f_errors.csv") in stderr
    assert "f.csv: 4 cases" in stdout
    errors = _rows(folder / "f_errors.csv")
    assert [row["row"] for row in errors] == [str(number) for number in range(4, 11)]
    assert [row["case"] for row in errors] == [*list(reasons)[:-1], "'=risky"]
    for row, reason in zip(errors, reasons.values(), strict=True):
        assert reason in row["error"]
    assert read_features(out).cases == tuple(f"patient-{index}" for index in range(4))

    # A run that came to its end is not in the way of the next.
    code, stdout, _ = run("extract", cases, "--out", out, "--features", "model", "--model", "demo-phantom")
    assert code == 0 and "interrupted" not in stdout

    # Repaired and resumed: only what failed is done again, and nothing tells that it ever failed.
    _write_table(folder, range(4))
    code, stdout, stderr = run("extract", cases, "--out", out, "--features", "model", "--model", "demo-phantom",
                               "--resume")  # fmt: skip
    assert code == 0 and "2 of them from the interrupted run" in stdout  # a label was taken from the other two
    assert not (folder / "f_errors.csv").exists() and not journal_path(out).exists()


@pytest.mark.usefixtures("in_process")
def test_no_good_case_is_an_error(cases, run):
    cases.write_text("case,image,mask\na,x.nrrd,y.nrrd\n")
    out = cases.parent / "f.csv"
    code, stdout, stderr = run("extract", cases, "--out", out)
    assert code == 2 and stdout == ""
    assert f"None of the 1 cases has features: {errors_path(out)} says why" in stderr
    assert not out.exists()
    assert "x.nrrd does not exist" in _rows(errors_path(out))[0]["error"]


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (ZeroDivisionError("division by zero"), "Defect of the library, please report it: ZeroDivisionError: division"),
        (MemoryError(), "There is not enough memory for this case"),
    ],
)
@pytest.mark.usefixtures("in_process")
def test_what_nobody_expected_is_reported_for_its_case(cases, monkeypatch, raised, reason):
    calls = []

    def extract_or_fail(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise raised
        return extract_region(*arguments)

    monkeypatch.setattr("LABCRadiomicsLib.features.extract_region", extract_or_fail)
    result = extract_cases(cases, cases.parent / "f.csv", FEW)
    assert (result.failed, len(calls)) == (1, 4)
    (error,) = _rows(result.errors_csv)
    assert error["case"] == "patient-0" and error["error"].startswith(reason)
    # Its files are the same, but it gets another chance, and the good ones are not done again.
    again = extract_cases(cases, cases.parent / "f.csv", FEW, resume=True)
    assert (again.failed, again.resumed, len(calls)) == (0, 3, 5)


@posix
def test_a_killed_worker_costs_only_the_case_that_kills_it():
    tasks = {str(number): number for number in range(9)}
    results = dict(over_processes(_square_or_die, tasks, jobs=2))
    assert results.pop("5") == Failure(execution._KILLED)
    assert results == {name: number**2 for name, number in tasks.items() if number != 5}


def _square_or_die(number: int) -> int:
    time.sleep(0.1)
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.2)  # so that another task is at work when this one's process dies
    return number**2


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("patient-3,", "patient-0,", r"row 4, column case: patient-0 repeats row 3"),
        ("image,", "picture,", "column image is missing; the table has case, picture, mask"),
        ("image3.nrrd,", "image3.nrrd,,", "row 4: 4 cells where the header has 3"),
    ],
)
def test_bad_case_tables(cases, run, old, new, sentence):
    _replace(cases, old, new)
    code, stdout, stderr = run("extract", cases, "--out", cases.parent / "f.csv")
    assert code == 2 and stdout == "" and sentence in stderr and stderr.count("\n") == 1
    assert not (cases.parent / "f.csv").exists() and not journal_path(cases.parent / "f.csv").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--features", "model"], "Option --features model needs --model"),
        (["--model", "demo-phantom", "--settings", "p.yaml"], "Option --settings contradicts --model"),
        (["--model", "demo-phantom", "--array-order", "LPS"], "Option --array-order contradicts --model"),
        (["--model", "wang2022-labc-dfs", "--features", "model"], "wang2022-labc-dfs"),
        (["--jobs", "2", "--scheduler", "tcp://127.0.0.1:1"], "Option --jobs has no meaning with --scheduler"),
        (["--jobs", "0"], "--jobs"),
        (["--settings", "absent.yaml"], "absent.yaml does not exist"),
    ],
)
def test_contradictory_options(cases, run, options, sentence):
    code, stdout, stderr = run("extract", cases, "--out", cases.parent / "f.csv", *options)
    assert code == 2 and stdout == "" and sentence in stderr and stderr.count("\n") == 1


def test_unwritable_output_and_bad_jobs(cases):
    with pytest.raises(CohortError, match=r"f\.csv\.partial cannot be written \(No such file or directory\)"):
        extract_cases(cases, cases.parent / "absent" / "f.csv", FEW)
    with pytest.raises(InputError, match="The number of jobs is 0"):
        extract_cases(cases, cases.parent / "f.csv", FEW, jobs=0)


# --- interruption and resuming ----------------------------------------------------------------------------------


class _CancelledError(Exception):
    pass


def _interrupt(cases: Path, out: Path, after: int, resume: bool = False) -> list[bytes]:
    """Cancel when a number of cases is done; gives the journal's lines."""

    def progress(done, total):
        if done == after:
            raise _CancelledError

    with pytest.raises(_CancelledError):
        extract_cases(cases, out, FEW, resume=resume, progress=progress)
    return journal_path(out).read_bytes().splitlines(keepends=True)


@pytest.fixture
def reference(cases, in_process):
    """The table of the four cases made in one go."""
    return extract_cases(cases, cases.parent / "reference.csv", FEW).features_csv.read_bytes()


def test_interrupted_runs_are_not_overwritten_and_can_be_resumed(cases, reference, run):
    out = cases.parent / "f.csv"
    assert len(_interrupt(cases, out, 2)) == 3
    with pytest.raises(CohortError, match=r"holds 2 cases of an interrupted run: add --resume"):
        extract_cases(cases, out, FEW)
    result = extract_cases(cases, out, FEW, resume=True)
    assert result.resumed == 2 and out.read_bytes() == reference
    assert extract_cases(cases, out, FEW, resume=True).resumed == 0  # nothing to resume: begins anew
    assert out.read_bytes() == reference


@pytest.mark.parametrize("torn", [1, 10, -1])
def test_a_torn_last_line_is_ignored(cases, reference, torn):
    out = cases.parent / "f.csv"
    *whole, last = _interrupt(cases, out, 2)
    journal_path(out).write_bytes(b"".join(whole) + last[:torn])
    assert len(_interrupt(cases, out, 3, resume=True)) == 4  # what was torn is gone, not glued to the next line
    assert extract_cases(cases, out, FEW, resume=True).resumed == 3
    assert out.read_bytes() == reference


def test_a_damaged_journal_is_refused(cases, reference):
    out = cases.parent / "f.csv"
    lines = _interrupt(cases, out, 2)
    journal_path(out).write_bytes(lines[0] + b"\0" * 20 + b"\n" + lines[2])
    with pytest.raises(CohortError, match="line 2, is damaged"):
        extract_cases(cases, out, FEW, resume=True)
    journal_path(out).write_bytes(b"not ours\n")
    with pytest.raises(CohortError, match="line 1, is damaged"):
        extract_cases(cases, out, FEW, resume=True)


def test_a_journal_of_other_settings_features_or_software_is_refused(cases, reference, monkeypatch):
    out = cases.parent / "f.csv"
    _interrupt(cases, out, 2)
    for settings, features, what in (
        (ALL, None, "settings"),
        (ExtractionSettings(FEW.setting, FEW.image_types, FEW.feature_classes, "as-loaded"), None, "settings"),
        (FEW, ["original_firstorder_Mean"], "features"),
    ):
        with pytest.raises(CohortError, match=f"was begun with other {what}"):
            extract_cases(cases, out, settings, features, resume=True)
    monkeypatch.setattr(feature_table, "software_versions", lambda: {"numpy": "1.0"})
    with pytest.raises(CohortError, match="was begun with other software"):
        extract_cases(cases, out, FEW, resume=True)


def test_a_changed_case_is_done_again(cases, reference):
    out = cases.parent / "f.csv"
    _interrupt(cases, out, 3)
    _write_case(cases.parent, 0, shape=(12, 20, 22))  # patient-0, done before
    result = extract_cases(cases, out, FEW, resume=True)
    assert result.resumed == 2
    fresh = extract_cases(cases, cases.parent / "fresh.csv", FEW)
    assert out.read_bytes() == fresh.features_csv.read_bytes() != reference


def test_cases_may_be_added_removed_and_reordered(cases, reference):
    out = cases.parent / "f.csv"
    _interrupt(cases, out, 3)  # patients 2, 0, 3
    _write_table(cases.parent, (3, 1, 2))
    assert extract_cases(cases, out, FEW, resume=True).resumed == 2
    assert read_features(out).cases == ("patient-3", "patient-1", "patient-2")


def test_a_worker_with_other_software_is_refused(cases, reference, monkeypatch):
    monkeypatch.setattr(feature_table, "software_versions", lambda: {"numpy": "1.0"})
    task = feature_table._Task(read_cases(cases)[0], str(cases.parent), FEW, None, {"numpy": "2.0"}, AS_FILES_SAY)
    assert feature_table._extract(task) == {
        "error": "This worker has numpy 1.0 where the run has 2.0: install the same."
    }


# --- kill -9 and clusters ---------------------------------------------------------------------------------------

MANY = 8


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Eight cases, the last of them slow, and their table made in one go."""
    folder = tmp_path_factory.mktemp("many")
    for index in range(MANY):
        _write_case(folder, index, shape=(40, 70, 70) if index == MANY - 1 else (14, 20, 22))
    cases = _write_table(folder, range(MANY))
    return cases, extract_cases(cases, folder / "reference.csv", ALL, jobs=2).features_csv.read_bytes()


def _start(cases: Path, out: Path, *options: str, stderr=subprocess.DEVNULL) -> subprocess.Popen:
    arguments = [*COMMAND, "extract", str(cases), "--out", str(out), *options]
    return subprocess.Popen(arguments, env=os.environ | {"PYTHONPATH": PACKAGES}, stdout=subprocess.PIPE,
                            stderr=stderr, text=True, start_new_session=True)  # fmt: skip


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _lives(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _wait(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.parametrize("finished", [0, MANY // 2, MANY - 1], ids=["start", "middle", "end"])
@posix
def test_killed_at_any_moment_and_resumed_the_table_is_the_same(many, tmp_path, finished):
    cases, reference = many
    out = tmp_path / "f.csv"
    process = _start(cases, out, "--jobs", "2")
    _wait(lambda: _lines(journal_path(out)) > finished)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    kept = _lines(journal_path(out)) - 1
    assert finished <= kept < MANY
    _wait(lambda: not _lives(process.pid))  # nor do its workers stay behind
    resumed = _start(cases, out, "--jobs", "2", "--resume")
    message, _ = resumed.communicate(timeout=120)
    assert resumed.returncode == 0
    assert (f"{kept} of them from the interrupted run" in message) == (kept > 0)
    assert out.read_bytes() == reference
    assert not journal_path(out).exists()


@pytest.mark.slow
@posix
def test_interrupted_by_the_keyboard(many, tmp_path):
    cases, _ = many
    out = tmp_path / "f.csv"
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in a shell's background start with it ignored
    with (tmp_path / "stderr").open("wb") as stderr:
        process = _start(cases, out, "--jobs", "2", stderr=stderr)
        _wait(lambda: _lines(journal_path(out)) > 2)
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does: the workers get it too
        assert process.wait(120) == 130
    said = (tmp_path / "stderr").read_text()
    assert "labcradiomics: Interrupted; the finished cases are kept, run the same again with --resume." in said
    assert "Traceback" not in said
    assert not out.exists() and _lines(journal_path(out)) > 2


@pytest.fixture
def cluster(tmp_path):
    """A Dask scheduler and two worker processes on loopback; gives the address and the workers."""
    pytest.importorskip("distributed", reason="needs the optional extra cluster")
    file = tmp_path / "scheduler.json"
    environment = os.environ | {"PYTHONPATH": PACKAGES}
    started = []

    def start(role: str, *options: str) -> subprocess.Popen:
        arguments = [sys.executable, "-m", f"distributed.cli.dask_{role}", "--host", "127.0.0.1", "--no-dashboard"]
        log = (tmp_path / f"{role}{len(started)}.log").open("wb")
        started.append(subprocess.Popen([*arguments, *options], env=environment, stdout=log, stderr=log, cwd=tmp_path))
        log.close()
        return started[-1]

    start("scheduler", "--port", "0", "--scheduler-file", str(file))
    _wait(lambda: file.exists() and file.read_text().rstrip().endswith("}"))
    address = json.loads(file.read_text())["address"]
    workers = [start("worker", address, "--nthreads", "1", "--no-nanny") for _ in range(2)]
    yield address, workers
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
@posix
def test_a_dask_cluster_that_loses_a_worker_gives_the_same_table(many, tmp_path, cluster):
    cases, reference = many
    address, workers = cluster
    out = tmp_path / "f.csv"
    process = _start(cases, out, "--scheduler", address)
    _wait(lambda: _lines(journal_path(out)) > 2)
    workers[0].kill()
    kept = _lines(journal_path(out)) - 1
    assert workers[0].wait() == -signal.SIGKILL
    assert kept < MANY
    message, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and f"{MANY} cases" in message
    assert out.read_bytes() == reference


def test_a_scheduler_that_does_not_answer(cases, monkeypatch, run):
    pytest.importorskip("distributed", reason="needs the optional extra cluster")
    monkeypatch.setattr(execution, "_CONNECT_SECONDS", 0.5)
    code, _, stderr = run("extract", cases, "--out", cases.parent / "f.csv", "--scheduler", "tcp://127.0.0.1:9")
    assert code == 2
    assert stderr == "labcradiomics: The Dask scheduler tcp://127.0.0.1:9 does not answer: check its address.\n"
    assert list(over_cluster(len, {}, "tcp://127.0.0.1:9")) == []
