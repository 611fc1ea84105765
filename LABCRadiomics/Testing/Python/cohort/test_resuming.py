"""Extraction of a cohort that is interrupted, killed or spread over a cluster: the same bytes in the end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cohort_cases import ALL, COMMAND, FEW, PACKAGES, posix, write_case, write_table_of
from LABCRadiomicsLib.cohort import execution, extract_cases, feature_table, journal_path, read_cases
from LABCRadiomicsLib.cohort.execution import over_cluster
from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.features.settings import ExtractionSettings
from LABCRadiomicsLib.imaging import AS_FILES_SAY
from LABCRadiomicsLib.tables.cohort import read_features

pytest_plugins = ("cohort_cases",)


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
    write_case(cases.parent, 0, shape=(12, 20, 22))  # patient-0, done before
    result = extract_cases(cases, out, FEW, resume=True)
    assert result.resumed == 2
    fresh = extract_cases(cases, cases.parent / "fresh.csv", FEW)
    assert out.read_bytes() == fresh.features_csv.read_bytes() != reference


def test_cases_may_be_added_removed_and_reordered(cases, reference):
    out = cases.parent / "f.csv"
    _interrupt(cases, out, 3)  # patients 2, 0, 3
    write_table_of(cases.parent, (3, 1, 2))
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
        write_case(folder, index, shape=(40, 70, 70) if index == MANY - 1 else (14, 20, 22))
    cases = write_table_of(folder, range(MANY))
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
