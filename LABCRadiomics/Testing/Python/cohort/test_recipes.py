"""The commands of the recipes run: those on images on the shared examination, those on tables with their options."""

import re
import shlex
import shutil

import pytest
from typer.main import get_command

from conftest import ROOT
from LABCRadiomicsLib import cli

RECIPES = sorted((ROOT / "Docs" / "recipes").glob("*.md"))


def commands(path):
    blocks = re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines() if line.strip()]


ALL = [command for path in [*RECIPES, ROOT / "Docs" / "images.md"] for command in commands(path)]


@pytest.mark.parametrize("words", ALL, ids=[" ".join(words[1:3]) for words in ALL])
def test_every_option_of_a_recipe_is_there(words):
    assert words[0] == "labcradiomics"
    command = get_command(cli.application()).commands[words[1]]
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
    arguments = sum(parameter.param_type_name == "argument" for parameter in command.params)
    given, rest = 0, iter(words[2:])
    flags = {name for parameter in command.params if getattr(parameter, "is_flag", False) for name in parameter.opts}
    for word in rest:
        if word.startswith("--"):
            if word not in flags:
                next(rest)
        else:
            given += 1
    assert given == arguments


def test_the_recipes_from_a_download_to_features(run, shared_data, tmp_path, monkeypatch):
    """The shared examination as TCIA lays it out: cases and extract as the recipes say, then the score of a patient."""
    study = tmp_path / "ISPY1" / "UCSF-BR-06" / "1991" / "Sagittal-IR_3DFGRE"
    shutil.copytree(shared_data / "ucsf-br-06" / "dicom_t1", study)
    shutil.copytree(shared_data / "ucsf-br-06" / "dicom_seg", study.parent / "SEG")
    monkeypatch.chdir(tmp_path)
    done = []
    for words in commands(ROOT / "Docs" / "recipes" / "ispy1.md"):
        if words[1] == "cases" and words[2] == "ISPY1":
            done.append(run(*words[1:]))
        elif words[1] == "extract" and words[2] == "cases.csv":  # a few features: all of them take longer
            done.append(run(*words[1:], "--features", "model", "--model", "demo-phantom"))
        elif words[1] == "score":
            paths = [word.replace("PATIENT/STUDY/SERIES", str(study.relative_to(tmp_path / "ISPY1")))
                     .replace("PATIENT/STUDY/SEG", "UCSF-BR-06/1991/SEG") for word in words[1:]]  # fmt: skip
            done.append(run(*["demo-phantom" if word == "model.json" else word for word in paths]))
    assert [code for code, _, _ in done] == [0, 0, 0]
    code, _, _ = run("apply", "demo-phantom", "features.csv", "--out", "scores.csv")
    assert code == 0
    rows = (tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()
    scored = dict(zip(rows[0].split(","), rows[1].split(","), strict=False))
    assert scored["case"] == "UCSF-BR-06"
    assert float(scored["score"]) == pytest.approx(0.57395358, abs=1e-8)
    assert (tmp_path / "report" / "report.html").exists()
