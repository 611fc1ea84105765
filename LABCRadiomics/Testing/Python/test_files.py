"""Outputs: never an input, never two runs in one folder, never half of one."""

import json
import os
import sys
from pathlib import Path

import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.files import FILE_LIST, output_folder, refuse_overwriting, shown_name, write_atomically


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in" / "table.csv"
    path.parent.mkdir()
    path.write_text("case\n")
    return path


def test_an_output_is_an_input_by_any_name(table, tmp_path):
    hard, soft = tmp_path / "hard.csv", tmp_path / "soft.csv"
    hard.hardlink_to(table)
    try:
        soft.symlink_to(table)
    except OSError:
        pytest.skip("needs the right to make links, which Windows gives to developers alone")
    inner = tmp_path / "linked"
    inner.symlink_to(table.parent, target_is_directory=True)
    for path in (table, hard, soft, inner / "table.csv", table.parent / ".." / "in" / "table.csv"):
        with pytest.raises(InputError, match="give the output another name"):
            refuse_overwriting([table], [tmp_path / "other.csv", path])
        with pytest.raises(InputError, match="give the output another name"):
            refuse_overwriting([path, None], [table])
    refuse_overwriting([table, None, "demo-phantom", "x\0y"], [table.with_name("new.csv"), None], [tmp_path / "report"])


@pytest.mark.skipif(not Path(__file__.upper()).exists(), reason="needs a file system to which capitals are the same")
def test_other_capitals_are_the_same_file(table):
    with pytest.raises(InputError, match="give the output another name"):
        refuse_overwriting([table], [table.with_name("TABLE.csv")])


def test_folders_and_series(table, tmp_path):
    with pytest.raises(
        InputError, match=r"The output folder .* holds the input .*table\.csv: give a folder of its own"
    ):
        refuse_overwriting([table], folders=[table.parent])
    with pytest.raises(InputError, match=r"The output folder .* is the input"):
        refuse_overwriting([table.parent], folders=[table.parent])
    with pytest.raises(InputError, match="would lie among the files of the input"):
        refuse_overwriting([table.parent], [table.parent / "result.dcm"])
    (tmp_path / "in" / "deep").mkdir()
    image = tmp_path / "in" / "deep" / "image.nrrd"
    image.write_bytes(b"")
    with pytest.raises(InputError, match=r"image\.nrrd is a file of the input"):
        refuse_overwriting([table.parent], [image])
    refuse_overwriting([table.parent], [table, image.with_name("new.nrrd")])  # the table of an earlier run
    refuse_overwriting([table], folders=[tmp_path])  # an input further down is safe
    with pytest.raises(InputError, match="is written twice"):
        refuse_overwriting(
            [], [tmp_path / "a", tmp_path / "b" / ".." / "a"] if (tmp_path / "b").mkdir() is None else []
        )


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def fill(folder, files):
    with output_folder(folder) as new:
        for name, text in files.items():
            new.path.joinpath(name).parent.mkdir(exist_ok=True)
            write_atomically(new.path / name, text)
    return new


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_holds_one_run(tmp_path, exists):
    folder = tmp_path / "deep" / "report"
    if exists:
        folder.mkdir(parents=True)
    new = fill(folder, {"report.html": "first", "result.dcm": "first", "figures/a.png": "first"})
    assert new.foreign == () and new.remark == ""
    assert names(folder) == [FILE_LIST, "figures/a.png", "report.html", "result.dcm"]
    (folder / "notes.txt").write_text("the user's")
    (folder / "figures" / "own.png").write_text("the user's")
    new = fill(folder, {"report.html": "second", "tables.csv": "second"})
    assert names(folder) == [FILE_LIST, "figures/own.png", "notes.txt", "report.html", "tables.csv"]
    assert (folder / "report.html").read_text() == "second"
    assert new.foreign == ("figures", "notes.txt")
    assert "also holds figures, notes.txt, which this run did not write" in new.remark
    assert new.final(new.path / "tables.csv") == folder / "tables.csv"
    assert [path.name for path in tmp_path.joinpath("deep").iterdir()] == ["report"]


def test_a_run_that_fails_leaves_everything_as_it_was(tmp_path):
    folder = tmp_path / "report"
    fill(folder, {"a": "1"})

    def fail(target):
        with output_folder(target) as new:
            (new.path / "a").write_text("2")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail(folder)
    assert names(folder) == [FILE_LIST, "a"] and (folder / "a").read_text() == "1"
    with pytest.raises(RuntimeError):
        fail(tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize(
    "listed", ["nothing", {"files": 3}, {"files": ["../victim"]}, {"files": ["/victim", "a\\..\\b"]}]
)
def test_a_list_that_is_not_ours_leads_nowhere(tmp_path, listed):
    victim = tmp_path / "victim"
    victim.write_text("kept")
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / FILE_LIST).write_text(json.dumps(listed))
    assert fill(folder, {"a": "1"}).foreign == ()
    assert victim.read_text() == "kept" and names(folder) == [FILE_LIST, "a"]


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"), output_folder(tmp_path / "file"):
        pass
    assert (tmp_path / "file").read_text() == "in the way"


def test_names_that_are_not_utf8(tmp_path):
    name = os.fsdecode(b"caf\xe9.csv") if sys.platform == "linux" else "caf?.csv"
    assert shown_name(tmp_path / name) == "caf?.csv"
    write_atomically(tmp_path / "t", f"<{name}>")
    assert (tmp_path / "t").read_bytes() == b"<caf?.csv>"
