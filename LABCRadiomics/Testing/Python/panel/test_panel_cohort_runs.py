"""Cohort steps at work: real background processes with log, progress, cancel and end; packages that they ask for."""

import csv
import json
import re
import shlex
import shutil
import sys
import time
from pathlib import Path

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from cohort_filling import cases_table, choose_step, cohort_steps, editor, fill  # noqa: E402
from LABCRadiomicsLib import mrml  # noqa: E402
from LABCRadiomicsLib.model import registry  # noqa: E402
from LABCRadiomicsLib.model.file import save_model  # noqa: E402
from panel_reading import plain, tip  # noqa: E402

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


@pytest.mark.slow
def test_train_validate_and_recalibrate_in_the_background(panel, cohort, tmp_path):
    """Each step as a user starts it; the model that comes out of one is chosen for the next."""
    from training_data import MAIN_EFFECTS, write_cohort

    for name, seed in (("training", 1), ("other", 2)):
        (tmp_path / name).mkdir()
        write_cohort(tmp_path / name, seed, effects=MAIN_EFFECTS)
        features = tmp_path / name / "features.csv"
        header, *rows = features.read_text(encoding="utf-8").split("\n")
        features.write_text("\n".join([header.replace(",f", ",glcm_F"), *rows]), encoding="utf-8")
    choose_step(panel, "train")
    table = {"features": tmp_path / "training" / "features.csv", "outcomes": tmp_path / "training" / "outcomes.csv"}
    fill(panel, **table, time="months", event="event", out=tmp_path / "model.json", report=tmp_path / "report")
    fill(panel, covariates="age, stage", bootstrap="4", n_folds="5", jobs="1")
    seen = []
    panel.ui.cohortProgressBar.connect("valueChanged(int)", lambda _done: seen.append(panel.ui.cohortProgressBar.text))
    run(panel)
    assert (tmp_path / "report" / "index.html").as_uri() in panel.ui.cohortMessageLabel.text
    assert "bootstrap of the whole selection 4/4" in seen
    trained = panel.inputs.model.model
    assert panel._parameterNode.model == str(tmp_path / "model.json")
    assert trained.nomogram.parameters()[:1] == ("age",) and trained.score.terms

    choose_step(panel, "validate")
    table = {"features": tmp_path / "other" / "features.csv", "outcomes": tmp_path / "other" / "outcomes.csv"}
    fill(panel, **table, report=tmp_path / "validation", bootstrap="10", external=True, label="north")
    run(panel)
    report = json.loads((tmp_path / "validation" / "report.json").read_text())
    assert report["n"] == 120 and {row["kind"] for row in report["performance"]} == {"external"}

    choose_step(panel, "recalibrate")
    fill(panel, out=tmp_path / "local.json", method="slope")
    run(panel)
    assert panel._parameterNode.model == str(tmp_path / "local.json")
    assert (tmp_path / "local.json").as_uri() in panel.ui.cohortMessageLabel.text
    assert panel.inputs.model.model.fingerprint != trained.fingerprint
    assert panel.inputs.model.model.score == trained.score


def run(panel) -> None:
    assert panel.ui.cohortStartButton.enabled, tip(panel.ui.cohortStartButton)
    panel.ui.cohortStartButton.click()
    wait(panel.cohort, 120)
    assert "is done" in panel.ui.cohortMessageLabel.text, panel.ui.cohortLog.toPlainText()


def test_extract_runs_in_the_background(panel, cohort, breast1, tmp_path):
    choose_step(panel, "extract")
    fill(panel, cases=cases_table(tmp_path / "cases.csv", breast1, 3), out=tmp_path / "features.csv")
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
    told = shlex.split(panel.ui.cohortLog.toPlainText().splitlines()[0])
    assert told[:2] == ["labcradiomics", "extract"] and told[-1] == str(tmp_path / "cases.csv")
    assert "\x1b" not in panel.ui.cohortLog.toPlainText() and "\u2501" not in panel.ui.cohortLog.toPlainText()
    assert progress[-1] == 3
    assert panel.cohort.values()["features"] == json.loads(panel._parameterNode.cohort)["features"]
    choose_step(panel, "train")  # whose input is the table just made
    assert editor(panel, "features").currentPath == str(tmp_path / "features.csv")
    assert panel.ui.cohortProgressBar.isHidden()


def test_find_cases_in_the_background(panel, cohort, breast1, tmp_path):
    """The table it writes is the next step's."""
    for path, name in zip(breast1, ("p1_image.nrrd", "p1_mask.nrrd"), strict=True):
        (tmp_path / name).symlink_to(path)
    choose_step(panel, "cases")
    fill(panel, folder=tmp_path, out=tmp_path / "cases.csv")
    run(panel)
    with (tmp_path / "cases.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["image"], row["mask"]) == ("p1_image.nrrd", "p1_mask.nrrd")
    choose_step(panel, "extract")
    assert editor(panel, "cases").currentPath == str(tmp_path / "cases.csv")


def test_agreement_in_the_background(panel, cohort, tmp_path):
    for name, values in (("first", (1.0, 2.0, 4.0)), ("second", (1.0, 2.5, 4.0))):
        rows = [f"c{at},{value},{at}" for at, value in enumerate(values)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["case,moving,same", *rows]) + "\n", encoding="utf-8")
    choose_step(panel, "agreement")
    fill(panel, reader1=tmp_path / "first.csv", reader2=tmp_path / "second.csv", out=tmp_path / "icc.csv")
    fill(panel, min_icc="0.99", feature_columns="moving|same")
    run(panel)
    assert "1 of 2 features have an ICC(2,1) above 0.99" in panel.ui.cohortLog.toPlainText()
    with (tmp_path / "icc.csv").open() as file:
        found = {row["feature"]: float(row["icc"]) for row in csv.DictReader(file)}
    assert found["same"] == 1 and 0.9 < found["moving"] < 0.99
    choose_step(panel, "train")
    assert editor(panel, "icc").currentPath == str(tmp_path / "icc.csv")


def immune_tables(folder) -> dict[str, str]:
    """Fractions of two kinds of cells in twelve patients, and the groups of these."""
    from association_examples import barcodes, write_groups

    rows = [f"{case},{at / 20:g},{1 - at / 20:g}" for at, case in enumerate(barcodes(12))]
    (folder / "cells.csv").write_text("\n".join(["case,T cells,B cells", *rows]) + "\n", encoding="utf-8")
    return {"table": str(folder / "cells.csv"), "groups": str(write_groups(folder / "groups.csv", 12))}


def test_associations_in_the_background(panel, cohort, tmp_path):
    """One job with its own options, then all that a configuration names; each has a page."""
    given = immune_tables(tmp_path)
    choose_step(panel, "associate immune")
    fill(panel, **given, out=tmp_path / "immune", contrast="low-high", id="case")
    run(panel)
    assert (tmp_path / "immune" / "index.html").as_uri() in panel.ui.cohortMessageLabel.text
    with (tmp_path / "immune" / "immune.csv").open() as file:
        found = {row["type"]: row for row in csv.DictReader(file)}
    medians = [float(found["T cells"][name]) for name in ("median_A", "median_B")]
    assert medians == pytest.approx([8.5 / 20, 2.5 / 20])
    config = {"groups": given["groups"], "immune": given["table"]}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    choose_step(panel, "associate all")
    fill(panel, config=tmp_path / "config.json", out=tmp_path / "all")
    run(panel)
    assert (tmp_path / "all" / "immune.csv").is_file() and (tmp_path / "all" / "index.html").is_file()


def test_what_a_step_lacks_is_said_in_the_words_of_the_panel(panel, cohort, breast1, tmp_path):
    choose_step(panel, "extract")
    fill(panel, cases=cases_table(tmp_path / "cases.csv", breast1), out=tmp_path / "f.csv", features="model")
    panel.ui.cohortStartButton.click()
    wait(cohort)
    said = plain(panel.ui.cohortMessageLabel.text)
    assert "Option 'Features' model needs 'Settings of a model': name the model." in said, said


def test_refused_input_is_shown_in_one_sentence(panel, cohort, tmp_path):
    choose_step(panel, "extract")
    fill(panel, cases=tmp_path / "no such table.csv", out=tmp_path / "features.csv")
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
    choose_step(panel, "extract")
    fill(panel, cases=cases_table(tmp_path / "cases.csv", breast1, 200), out=tmp_path / "features.csv")
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
    choose_step(panel, "extract")
    fill(panel, cases=tmp_path / "cases.csv", out=tmp_path / "features.csv")
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
    slicer.app.processEvents()
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
    # PythonQt deletes an object with its last reference; Qt still works on this one after the signal.
    assert cohort._process._ended is not None


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"n": 80, "training_cases": 80}, "These are the training patients of the model"),
        ({"n": 80, "training_cases": 3}, "Training patients of the model: 3 of 80 cases"),
        ({"n": 80, "training_cases": 0}, None),
        (None, None),
    ],
)
def test_validation_on_the_training_patients_is_said(panel, tmp_path, report, said):
    section = __import__("LABCRadiomicsPanel.cohort_section", fromlist=["cohort_section"])
    if report is not None:
        (tmp_path / "report.json").write_text(json.dumps(report))
    panel.cohort._finish(cohort_steps().SHOWN["validate"], {"report": str(tmp_path)})
    text = panel.ui.cohortMessageLabel.text
    assert "is done" in text
    assert (said in text) if said else section.ownPatients(tmp_path) is None


def test_terminal_drawing_is_not_shown(app):
    """rich draws its bar of whole and half cells."""
    seen, lines = [], []
    process = __import__("LABCRadiomicsPanel.cohort_process", fromlist=["cohort_process"]).CohortProcess(
        lines.append, lambda *told: seen.append(told), None
    )
    for line in (
        "Extracting \u2578\u2501\u2501\u2501 2/110 0:00:09",
        "Extracting \u2501\u2501\u257a\u2501 55/110 0:00:05",
        "Extracting \u2501\u2501\u2501\u2501 110/110",
    ):
        process._report("error", line)
    process._report("error", "\u2578\u2501")
    assert seen == [("Extracting", 2, 110), ("Extracting", 55, 110), ("Extracting", 110, 110)]
    assert lines == []


def test_declined_packages_start_nothing(panel, cohort, tmp_path, monkeypatch):
    monkeypatch.setattr("LABCRadiomicsPanel.packages.version", lambda name: _missing(name))
    questions = []
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *text: bool(questions.append(text)))
    start_extract(panel, tmp_path)
    assert not cohort.isRunning()
    assert "not installed" in panel.ui.cohortMessageLabel.text
    assert len(questions) == 1 and all(name in questions[0][0] for name in ("typer", "rich", "joblib"))
    assert "highdicom" not in questions[0][0]  # not more than the step needs


def _missing(name):
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(name)


def packages_file(panel):
    return panel.resourcePath("requirements.txt")


def test_requirements_are_the_library_s(panel):
    """Every package that the optional steps need, at the library's own bounds, and none that scoring needs."""
    import tomllib

    packages = __import__("LABCRadiomicsPanel.packages", fromlist=["packages"])
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())["project"]
    known = {line.partition(";")[0].strip() for line in project["dependencies"]}  # where a build of it exists
    listed = packages.readRequirements(packages_file(panel))
    assert set(listed) <= known
    brought = {"numpy", "scipy", "SimpleITK"}  # by Slicer
    assert {re.split(r"[<>=]", line)[0] for line in known} - brought == {packages.packageName(line) for line in listed}


WITHOUT = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {refused}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Refuse())
from LABCRadiomicsLib.cli import main
sys.argv = {command}
main()
"""


@pytest.mark.parametrize("name", ["cases", "extract", "agreement", "apply", "recalibrate", "associate immune"])
def test_a_step_needs_no_package_but_those_it_asks_for(app, fresh_python, breast1, tmp_path, name):
    """Nor what those bring; training and validation ask for nearly all of them."""
    from cohort_examples import gbsg2_model, write_gbsg2

    save_model(gbsg2_model(), tmp_path / "model.json")
    features, outcomes = map(str, write_gbsg2(tmp_path))
    out = str(tmp_path / "written")
    texts = {
        "model": str(tmp_path / "model.json") if name in ("apply", "recalibrate") else "",
        "folder": str(breast1[0].parent),
        "cases": str(cases_table(tmp_path / "cases.csv", breast1)),
        "features": features if name in ("apply", "recalibrate") else "",
        "outcomes": outcomes,
        **immune_tables(tmp_path),
        **{"reader1": features, "reader2": features, "feature_columns": "."},
        **{"time": "months", "event": "event", "method": "" if name != "recalibrate" else "slope", "out": out},
    }
    step = cohort_steps().SHOWN[name]
    asked = cohort_steps().packages(step, texts)
    optional = {"typer", "rich", "joblib", "threadpoolctl", "matplotlib", "jinja2", "ruamel", "highdicom", "reportlab"}
    refused = (optional | {"pandas", "sklearn", "lifelines"}) - {package.lower() for package in asked}
    fresh_python(WITHOUT.format(refused=refused, command=["labcradiomics", *step.arguments(texts)]))
    assert Path(out).exists() and cohort_steps().written(step, texts) == out


def test_packages_that_steps_ask_for_are_listed(panel):
    listed = Path(packages_file(panel)).read_text(encoding="utf-8")
    steps = cohort_steps()
    for step in steps.SHOWN.values():
        for package in steps.packages(step, {"settings": "Params.YAML", "config": "c.yml"}):
            assert re.search(rf"^{re.escape(package)}>=", listed, re.MULTILINE), package
    assert "ruamel.yaml" not in steps.packages(steps.SHOWN["extract"], {"settings": "params.json"})


def test_new_model_appears_in_the_list(panel, cohort, python_slicer, tmp_path):
    made, out = tmp_path / "made.json", tmp_path / "recalibrated.json"
    save_model(registry.find_model("demo-phantom"), made)
    python_slicer.write_text(f'#!/bin/sh\n{shutil.which("cp")} "{made}" "{out}"\n')
    choose_step(panel, "recalibrate")
    fill(panel, features=tmp_path / "f.csv", outcomes=tmp_path / "o.csv", out=out)
    panel.ui.cohortStartButton.click()
    wait(cohort, 10)
    assert panel.ui.modelSelector.currentData == str(out)
    assert str(out) in panel.ui.modelSelector.currentText
    assert panel._parameterNode.model == str(out)
    assert panel.inputs.model.model.id == "demo-phantom"


def test_unreadable_new_model_is_explained(panel, cohort, python_slicer, tmp_path):
    python_slicer.write_text("#!/bin/sh\nexit 0\n")
    choose_step(panel, "recalibrate")
    fill(panel, features=tmp_path / "f.csv", outcomes=tmp_path / "o.csv", out=tmp_path / "m.json")
    panel.ui.cohortStartButton.click()
    wait(cohort, 10)
    assert "Not done." in panel.ui.cohortMessageLabel.text
