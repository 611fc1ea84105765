"""The cohort section: command lines of the steps, and real background processes with log, progress, cancel and end."""

import csv
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from LABCRadiomicsLib import mrml  # noqa: E402
from LABCRadiomicsLib.model import registry  # noqa: E402
from LABCRadiomicsLib.model.file import save_model  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)


@pytest.fixture
def python_slicer(tmp_path, monkeypatch):
    """Stands for Slicer's PythonSlicer on the PATH; gives its script, which a test may replace."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "PythonSlicer"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return script


@pytest.fixture
def cohort(panel, python_slicer):
    """The cohort section with a Python to run in."""
    return panel.cohort


def wait(cohort, seconds=60) -> None:
    end = time.monotonic() + seconds
    while cohort.isRunning():
        assert time.monotonic() < end, "the process does not end"
        slicer.app.processEvents()
        time.sleep(0.01)


def choose_step(panel, name) -> None:
    panel.ui.cohortStepSelector.setCurrentIndex(panel.ui.cohortStepSelector.findData(name))


def cases_table(path, breast1, count=1):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "image", "mask"])
        writer.writerows([f"case{number}", *map(str, breast1)] for number in range(count))
    return path


def jobs():
    return __import__("LABCRadiomicsPanel.cohort_jobs", fromlist=["cohort_jobs"])


def test_command_lines(app):
    given = jobs().CohortInputs(
        model="demo-phantom",
        cases="c.csv",
        features="f.csv",
        outcomes="o.csv",
        id="case",
        time="t",
        event="e",
        covariates="age, stage",
        icc="i.csv",
        model_out="m.json",
        report="r",
    )
    lines = {step.name: " ".join(jobs().arguments(step, given)) for step in jobs().steps()}
    table = "--id case --time t --event e"
    assert lines == {
        "extract": "extract c.csv --out f.csv --resume",
        "train": f"train f.csv o.csv {table} --out m.json --report r --covariates age,stage --icc i.csv",
        "validate": f"validate demo-phantom f.csv o.csv {table} --report r",
        "recalibrate": f"recalibrate demo-phantom f.csv o.csv {table} --out m.json",
    }


def test_command_lines_are_the_cli_s(app):
    """Every option that the panel gives is one of the command line's."""
    import typer

    from LABCRadiomicsLib.cli import app as cli

    commands = typer.main.get_command(cli).commands
    given = jobs().CohortInputs(*["x"] * 11)
    for step in jobs().steps():
        if step.name not in commands:
            pytest.fail(f"the command line has no {step.name}")
        known = {option for parameter in commands[step.name].params for option in parameter.opts}
        options = {word for word in jobs().arguments(step, given) if word.startswith("--")}
        assert options <= known, step.name


def test_fields_follow_the_step(panel):
    shown = {}
    for step in jobs().steps():
        choose_step(panel, step.name)
        editors = {
            field: names[1]
            for field, names in __import__("LABCRadiomicsPanel.cohort_section", fromlist=["ROWS"]).ROWS.items()
        }
        shown[step.name] = {field for field, editor in editors.items() if not getattr(panel.ui, editor).isHidden()}
        assert shown[step.name] == set(step.needs + step.may) - {"model"}
        assert not panel.ui.cohortStartButton.enabled
        assert panel.ui.cohortStartButton.toolTip.startswith("Give the ")
    assert shown["extract"] == {"cases", "features"}


def test_extract_runs_in_the_background(panel, cohort, breast1, tmp_path):
    panel.ui.casesPathLineEdit.setCurrentPath(str(cases_table(tmp_path / "cases.csv", breast1, 3)))
    panel.ui.featuresPathLineEdit.setCurrentPath(str(tmp_path / "features.csv"))
    progress = []
    panel.ui.cohortProgressBar.connect("valueChanged(int)", progress.append)
    assert panel.ui.cohortStartButton.enabled
    panel.ui.cohortStartButton.click()
    assert cohort.isRunning()
    assert not panel.ui.cohortStartButton.enabled and panel.ui.cohortCancelButton.enabled
    assert "running in the background" in panel.ui.cohortMessageLabel.text
    wait(cohort)
    assert "is done" in panel.ui.cohortMessageLabel.text, panel.ui.cohortLog.toPlainText()
    with (tmp_path / "features.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == ["case0", "case1", "case2"]
    assert "is done" in panel.ui.cohortMessageLabel.text and "features.csv" in panel.ui.cohortMessageLabel.text
    assert "3 cases" in panel.ui.cohortLog.toPlainText()
    assert "\x1b" not in panel.ui.cohortLog.toPlainText() and "\u2501" not in panel.ui.cohortLog.toPlainText()
    assert progress[-1] == 3
    assert panel.ui.cohortProgressBar.isHidden() and panel.ui.cohortStartButton.enabled


def test_refused_input_is_shown_in_one_sentence(panel, cohort, tmp_path):
    panel.ui.casesPathLineEdit.setCurrentPath(str(tmp_path / "no such table.csv"))
    panel.ui.featuresPathLineEdit.setCurrentPath(str(tmp_path / "features.csv"))
    panel.ui.cohortStartButton.click()
    wait(cohort)
    assert "Not done." in panel.ui.cohortMessageLabel.text
    assert "no such table.csv" in panel.ui.cohortMessageLabel.text
    assert not (tmp_path / "features.csv").exists()


def as_launcher(script, pid_file) -> None:
    """Make PythonSlicer a launcher, as Slicer's is: it starts Python as a child, and leaves it behind when killed."""
    script.write_text(f'#!/bin/sh\n"{sys.executable}" "$@" &\necho $! > "{pid_file}"\nwait $!\n')


def alive(pid_file) -> bool:
    pid = pid_file.read_text().strip()
    status = Path("/proc", pid, "stat")
    return status.exists() and status.read_text().split(") ")[1][0] != "Z"


@pytest.fixture
def long_run(panel, cohort, python_slicer, breast1, tmp_path):
    """An extraction of many cases, started; gives the file with the process id of its Python."""
    pid_file = tmp_path / "pid"
    as_launcher(python_slicer, pid_file)
    panel.ui.casesPathLineEdit.setCurrentPath(str(cases_table(tmp_path / "cases.csv", breast1, 200)))
    panel.ui.featuresPathLineEdit.setCurrentPath(str(tmp_path / "features.csv"))
    panel.ui.cohortStartButton.click()
    until(lambda: panel.ui.cohortProgressBar.value > 0, 60)
    assert alive(pid_file)
    return pid_file


def until(condition, seconds) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        slicer.app.processEvents()
        time.sleep(0.01)


def start_extract(panel, tmp_path):
    panel.ui.casesPathLineEdit.setCurrentPath(str(tmp_path / "cases.csv"))
    panel.ui.featuresPathLineEdit.setCurrentPath(str(tmp_path / "features.csv"))
    panel.ui.cohortStartButton.click()


def test_cancel_ends_the_command_too(panel, cohort, long_run, tmp_path):
    panel.ui.cohortCancelButton.click()
    wait(cohort, 20)
    assert "cancelled" in panel.ui.cohortMessageLabel.text
    assert "Interrupted" in panel.ui.cohortLog.toPlainText()  # the command tidied up by itself
    assert panel.ui.cohortStartButton.enabled
    assert not alive(long_run)
    assert not (tmp_path / "features.csv").exists()
    assert list(tmp_path.glob("*.running")) == []


def test_scoring_works_and_scene_may_close_while_a_step_runs(panel, cohort, long_run, breast1):
    mrml.load_volume(slicer.mrmlScene, breast1[0])
    mrml.load_segmentation(slicer.mrmlScene, breast1[1])
    panel.ui.applyButton.click()
    assert panel.resultView.document is not None and cohort.isRunning()
    slicer.mrmlScene.Clear()
    assert cohort.isRunning()


def test_reload_ends_the_command_too(panel, cohort, long_run, tmp_path):
    panel.onReload()
    assert not cohort.isRunning()
    until(lambda: not alive(long_run), 20)
    assert list(tmp_path.glob("*.running")) == []


def test_missing_python_is_explained(panel, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    start_extract(panel, tmp_path)
    assert "PythonSlicer was not found" in panel.ui.cohortMessageLabel.text
    assert panel.ui.cohortStartButton.enabled


def test_python_that_does_not_start_is_explained(panel, cohort, python_slicer, tmp_path):
    python_slicer.write_text("#!/no/such/interpreter\n")
    start_extract(panel, tmp_path)
    wait(cohort, 10)
    assert "could not be started" in panel.ui.cohortMessageLabel.text


def test_declined_packages_start_nothing(panel, cohort, tmp_path, monkeypatch):
    packages = __import__("LABCRadiomicsPanel.packages", fromlist=["packages"])
    monkeypatch.setattr("importlib.metadata.version", lambda name: _missing(name))
    questions = []
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *text: bool(questions.append(text)))
    start_extract(panel, tmp_path)
    assert not cohort.isRunning()
    assert "not installed" in panel.ui.cohortMessageLabel.text
    requirements = packages.readRequirements(packages_file(panel))
    assert len(questions) == 1 and all(line in questions[0][0] for line in requirements)


def _missing(name):
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(name)


def packages_file(panel):
    return panel.resourcePath("requirements.txt")


def test_requirements_are_the_library_s(panel):
    """Every package that the optional steps need, at the library's own bounds, and none that scoring needs."""
    import tomllib

    packages = __import__("LABCRadiomicsPanel.packages", fromlist=["packages"])
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    known = {*project["dependencies"], *project["optional-dependencies"]["train"]}
    listed = packages.readRequirements(packages_file(panel))
    assert set(listed) <= known
    brought = {"numpy", "scipy", "SimpleITK", "pyradiomics", "ruamel.yaml"}  # by Slicer and SlicerRadiomics
    assert {re.split(r"[<>=]", line)[0] for line in known} - brought == {packages.packageName(line) for line in listed}


def test_new_model_appears_in_the_list(panel, cohort, python_slicer, tmp_path):
    made, out = tmp_path / "made.json", tmp_path / "recalibrated.json"
    save_model(registry.find_model("demo-phantom"), made)
    python_slicer.write_text(f'#!/bin/sh\n{shutil.which("cp")} "{made}" "{out}"\n')
    choose_step(panel, "recalibrate")
    panel.ui.featuresPathLineEdit.setCurrentPath(str(tmp_path / "f.csv"))
    panel.ui.outcomesPathLineEdit.setCurrentPath(str(tmp_path / "o.csv"))
    panel.ui.modelOutPathLineEdit.setCurrentPath(str(out))
    panel.ui.cohortStartButton.click()
    wait(cohort, 10)
    assert panel.ui.modelSelector.currentData == str(out)
    assert str(out) in panel.ui.modelSelector.currentText
    assert panel._parameterNode.model == str(out)
    assert panel.modelChoice.model.id == "demo-phantom"


def test_unreadable_new_model_is_explained(panel, cohort, python_slicer, tmp_path):
    python_slicer.write_text("#!/bin/sh\nexit 0\n")
    choose_step(panel, "recalibrate")
    for editor in ("featuresPathLineEdit", "outcomesPathLineEdit", "modelOutPathLineEdit"):
        getattr(panel.ui, editor).setCurrentPath(str(tmp_path / editor))
    panel.ui.cohortStartButton.click()
    wait(cohort, 10)
    assert "Not done." in panel.ui.cohortMessageLabel.text
