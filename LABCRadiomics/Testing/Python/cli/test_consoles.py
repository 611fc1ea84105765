"""Terminals of other systems: no traceback and the right exit code, whatever they can show; text as it was given."""

import ast
import html
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from LABCRadiomicsLib import cli
from LABCRadiomicsLib.cli.common import CLOSED_PIPE
from LABCRadiomicsLib.resources import models_folder

COMMAND = (sys.executable, "-m", "LABCRadiomicsLib.cli")
TITLES = (
    "Score [dce-mri] of center [b]",
    "Score [post/pre] and [/pre]",
    "[bold]not bold[/bold] :smile: [link=http://x]y[/link]",
    r"C:\new\[x]",
    "\u4e2d\u6587 \u00fc \u2265 \u200b",
    "x" * 300,
)


def test_one_place_knows_the_terminal():
    """Whoever printed otherwise would have markup, control characters and code pages to think of."""
    for path in Path(cli.__file__).parent.glob("*.py"):
        if path.name != "common.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
            assert {ast.unparse(call) for call in calls} & {"print", "Console", "sys.stdout.write"} == set(), path.name


def environment(**values):
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])} | values


def call(*arguments, **values):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, env=environment(**values), check=False)


@pytest.fixture
def titled(tmp_path):
    """Write the demonstration model under another title."""

    def write(title):
        document = json.loads((models_folder() / "demo-phantom.json").read_text(encoding="utf-8"))
        path = tmp_path / "model.json"
        path.write_text(json.dumps(document | {"title": title}), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "cp932", "utf-16"])
def test_every_code_page(breast1, tmp_path, encoding):
    done = call("score", *breast1, "--out", tmp_path / "r\u00e9sum\u00e9 \u4e2d", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert "radiomics score 3.441" in done.stdout.decode(encoding, "replace")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system whose names are bytes")
def test_names_that_are_not_utf8(breast1, tmp_path):
    name = os.fsdecode(b"caf\xe9 $x$ [b].nrrd")
    image = tmp_path / name
    image.write_bytes(breast1[0].read_bytes())
    done = call("score", image, breast1[1])  # ITK would end the process
    assert done.returncode == 2 and done.stderr.endswith(b"nrrd has a name that is not UTF-8: rename it.\n")
    folder = tmp_path / os.fsdecode(b"r\xe9port")
    done = call("score", *breast1, "--out", folder)
    assert done.returncode == 0 and (folder / "result.json").exists(), done.stderr
    done = call("models", "check", tmp_path / os.fsdecode(b"n\xefx.json"))
    assert done.returncode == 2 and b"Traceback" not in done.stderr and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("arguments", [("models", "show", "wang2022-labc-dfs"), ("--help",), ("models", "list")])
def test_a_closed_pipe_is_no_defect(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, env=environment(), check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (CLOSED_PIPE, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [("models", "show", "wang2022-labc-dfs"), ("models", "list", "--help")])
def test_a_full_disk_behind_stdout_is_said(arguments):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, env=environment(), check=False
        )
    assert done.returncode == 2 and b"The output cannot be written" in done.stderr and done.stderr.count(b"\n") == 1


def test_no_streams_at_all(breast1, tmp_path):
    code = (
        "import sys; sys.stdout = sys.stderr = None; sys.argv[1:] = ['score', *sys.argv[1:]]; "
        "from LABCRadiomicsLib.cli import main; main()"
    )
    arguments = [*breast1, "--out", tmp_path / "report"]
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], env=environment(), check=False)
    assert done.returncode == 0 and (tmp_path / "report" / "result.json").exists()


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_shown_as_it_was_given(run, titled, title):
    code, out, _ = run("models", "show", titled(title))
    assert code == 0 and out.splitlines()[0] == title
    assert json.loads(run("models", "show", titled(title), "--json")[1])["title"] == title


def test_text_does_not_steer_the_terminal(run, tmp_path):
    code, _, err = run("models", "check", tmp_path / "a\x1b[2Jb\rc.json")
    assert code == 2 and r"a\x1b[2Jb\x0dc.json" in err and "\x1b" not in err


@pytest.mark.skipif(os.name == "nt", reason="needs a file system that allows these names")
def test_a_file_name_is_shown_as_it_is_in_every_report(run, breast1, tmp_path):
    name = r"a $x_{$ <b>[b] & \y \"q\" %s {0}.nrrd"
    image = tmp_path / name
    image.write_bytes(breast1[0].read_bytes())
    code, out, err = run("score", image, breast1[1], "--out", tmp_path / "report [/b]")
    assert (code, err) == (0, "") and str(tmp_path / "report [/b]" / "report.html") in out
    page = (tmp_path / "report [/b]" / "report.html").read_text(encoding="utf-8")
    assert html.escape(name).replace("&quot;", "&#34;") in page and "<b>[b]" not in page
    result = json.loads((tmp_path / "report [/b]" / "result.json").read_text(encoding="utf-8"))
    assert result["inputs"]["volume"] == name
