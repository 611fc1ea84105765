"""Extraction of a cohort: values, order, and errors case by case."""

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from cohort_cases import ALL, FEW, posix, replace_text, rows_of, write_table_of
from LABCRadiomicsLib.cohort import errors_path, execution, extract_cases, journal_path
from LABCRadiomicsLib.cohort.execution import Failure, over_processes
from LABCRadiomicsLib.cohort.record import read_extraction, record_path
from LABCRadiomicsLib.errors import CohortError, InputError
from LABCRadiomicsLib.features import PYRADIOMICS_VERSION, extract, extract_region
from LABCRadiomicsLib.features.settings import ExtractionSettings
from LABCRadiomicsLib.imaging import read_image, read_mask
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.tables.cohort import read_features

pytest_plugins = ("cohort_cases",)


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
    assert "Without features: 7 of 11 cases" in stderr and str(folder / "f_errors.csv") in stderr
    assert "f.csv: 4 cases" in stdout
    errors = rows_of(folder / "f_errors.csv")
    assert [row["row"] for row in errors] == [str(number) for number in range(4, 11)]
    assert [row["case"] for row in errors] == [*list(reasons)[:-1], "'=risky"]
    for row, reason in zip(errors, reasons.values(), strict=True):
        assert reason in row["error"]
    assert read_features(out).cases == tuple(f"patient-{index}" for index in range(4))

    # A run that came to its end is not in the way of the next.
    code, stdout, _ = run("extract", cases, "--out", out, "--features", "model", "--model", "demo-phantom")
    assert code == 0 and "interrupted" not in stdout

    # Repaired and resumed: only what failed is done again, and nothing tells that it ever failed.
    write_table_of(folder, range(4))
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
    assert "x.nrrd does not exist" in rows_of(errors_path(out))[0]["error"]


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
    (error,) = rows_of(result.errors_csv)
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
    replace_text(cases, old, new)
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
    with pytest.raises(CohortError, match=r"f\.csv\.partial cannot be written: there is no folder .*; make it"):
        extract_cases(cases, cases.parent / "absent" / "f.csv", FEW)
    with pytest.raises(InputError, match="The number of jobs is 0"):
        extract_cases(cases, cases.parent / "f.csv", FEW, jobs=0)
