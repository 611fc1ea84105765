"""The cohort section: command lines of the steps, and real background processes with log, progress, cancel and end."""

import csv
import importlib
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

from LABCRadiomicsLib import mrml  # noqa: E402
from LABCRadiomicsLib.model import registry  # noqa: E402
from LABCRadiomicsLib.model.file import save_model  # noqa: E402
from LABCRadiomicsLib.step_options import COMMANDS_LEFT_OUT, OPTIONS_LEFT_OUT  # noqa: E402
from panel_reading import tip  # noqa: E402

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
    for selector, data in ((panel.ui.cohortStepSelector, name.split()[0]), (panel.ui.cohortJobSelector, name)):
        if selector.findData(data) >= 0:
            selector.setCurrentIndex(selector.findData(data))


def cases_table(path, breast1, count=1):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "image", "mask"])
        writer.writerows([f"case{number}", *map(str, breast1)] for number in range(count))
    return path


def cohort_steps():
    return importlib.import_module("LABCRadiomicsPanel.cohort_steps")


def editor(panel, name):
    """The widget of an option of the step that is shown."""
    return panel.cohort._form.editors[name][1]


def fill(panel, **texts) -> None:
    """Type or choose values of options as a user does."""
    for name, text in texts.items():
        row, widget = panel.cohort._form.editors[name]
        if row.kind in ("choice", "model"):
            widget.setCurrentIndex(widget.findData(text))
        elif row.kind == "flag":
            widget.checked = text
        elif widget.className() == "ctkPathLineEdit":
            widget.setCurrentPath(str(text))
        else:
            widget.text = text


def real_commands():
    """Every command of the program, by its words."""
    import typer

    from LABCRadiomicsLib.cli import application

    found = {}
    for name, command in typer.main.get_command(application()).commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {word}": one for word, one in inner.items()} if inner else {name: command}
    return found


def test_the_panel_has_every_command_but_those_listed(app):
    steps = cohort_steps()
    left = {name for name in real_commands() if name.split()[0] in COMMANDS_LEFT_OUT}
    assert {name.split()[0] for name in left} == set(COMMANDS_LEFT_OUT)
    assert set(real_commands()) - left == set(steps.SHOWN)
    assert all(reason.endswith(".") and len(reason.split()) > 5 for reason in COMMANDS_LEFT_OUT.values())


def test_the_panel_has_every_option_but_those_listed(panel):
    """The form of each step against the program's own command."""
    steps, seen = cohort_steps(), 0
    for name in steps.SHOWN:
        choose_step(panel, name)
        command = {one.name for one in real_commands()[name].params} - {"help"}
        left = OPTIONS_LEFT_OUT.get(name, {})
        assert set(left) <= command
        assert set(panel.cohort._form.editors) == command - set(left), name
        assert all(reason.endswith(".") and len(reason.split()) > 5 for reason in left.values())
        seen += len(panel.cohort._form.editors)
    assert seen > 150 and set(OPTIONS_LEFT_OUT) <= set(steps.SHOWN)


def test_what_is_typed_becomes_the_command_line(panel, tmp_path):
    choose_step(panel, "train")
    fill(panel, features="f.csv", outcomes="o.csv", time="t", event="e", out="m.json", report="r")
    fill(panel, covariates="age, stage", penalty="1se", demonstration=True, min_icc="0.8", array_order="as-loaded")
    fill(panel, candidates="grade", categories="stage", subgroups="er", nested="2", endpoint="Recurrence", title="-x")
    assert arguments(panel) == [
        *("train", "--time=t", "--event=e", "--out=m.json", "--report=r", "--min-icc=0.8", "--penalty=1se"),
        *("--covariates=age, stage", "--candidates=grade", "--categories=stage", "--subgroups=er"),
        *("--array-order=as-loaded", "--nested=2", "--endpoint=Recurrence", "--title=-x", "--demonstration"),
        *("--", "f.csv", "o.csv"),
    ]
    choose_step(panel, "validate")  # shares tables and columns, nothing else
    fill(panel, report="v", external=True, comparator="stage")
    assert arguments(panel) == [
        *("validate", "--report=v", "--time=t", "--event=e", "--comparator=stage", "--external"),
        *("--", "demo-phantom", "f.csv", "o.csv"),
    ]
    choose_step(panel, "extract")
    fill(panel, cases="c.csv", out="f.csv", features="model", model="inputs")
    assert arguments(panel) == [
        *("extract", "--out=f.csv", "--features=model", "--model=demo-phantom", "--resume", "--", "c.csv"),
    ]
    choose_step(panel, "associate enrichment")
    fill(panel, expression="e.csv", out="d")
    assert arguments(panel) == ["associate", "enrichment", "--out=d", "--", "e.csv", "hallmark"]


def arguments(panel):
    """The command line of the step that is shown."""
    section = panel.cohort
    texts = cohort_steps().inputs(section.step(), section.values(), panel.inputs.model.chosen())
    return section.step().arguments(texts)


def test_fields_follow_the_step(panel):
    for name, step in cohort_steps().SHOWN.items():
        choose_step(panel, name)
        assert panel.cohort.step() is step
        assert panel.ui.cohortJobSelector.isHidden() == (not name.startswith("associate"))
        assert not panel.ui.cohortStartButton.enabled
        assert tip(panel.ui.cohortStartButton).startswith("Missing: ")
    choose_step(panel, "train")
    assert editor(panel, "jobs").placeholderText == "2"
    assert editor(panel, "max_missing").placeholderText == "SHARE"
    choose_step(panel, "extract")
    assert editor(panel, "jobs").placeholderText == "one a processor"
    assert editor(panel, "array_order").currentText == "LPS"


def test_every_option_says_what_it_is(panel):
    """A tooltip each, in the words of the panel: no flag of the command line is left in it."""
    for name in cohort_steps().SHOWN:
        choose_step(panel, name)
        for row, widget in panel.cohort._form.editors.values():
            words = tip(widget)
            assert words.endswith(".") and "--" not in words, (name, row.name, words)
    choose_step(panel, "train")
    assert tip(editor(panel, "nested")).endswith("at least one for 40 of 'Bootstrap'.")


def test_a_value_that_is_none_is_said_before_the_start(panel, tmp_path):
    choose_step(panel, "agreement")
    fill(panel, reader1=tmp_path / "a.csv", reader2=tmp_path / "b.csv")
    assert panel.ui.cohortStartButton.enabled
    fill(panel, min_icc="0,75")
    assert not panel.ui.cohortStartButton.enabled
    assert tip(panel.ui.cohortStartButton).startswith("Least ICC must be a number, with a point before decimals")


def test_a_step_on_a_model_says_which(panel):
    choose_step(panel, "recalibrate")
    assert panel.inputs.model.model.title in panel.ui.cohortHelpLabel.text
    panel.ui.modelSelector.setCurrentIndex(panel.ui.modelSelector.findData("file"))
    assert tip(panel.ui.cohortStartButton) == "Missing: a model under Inputs"


def test_start_is_enabled_by_what_is_needed_and_disabled_without_it(panel, tmp_path):
    choose_step(panel, "extract")
    fill(panel, cases=tmp_path / "cases.csv", out=tmp_path / "f.csv")
    assert panel.ui.cohortStartButton.enabled
    fill(panel, out="")
    assert tip(panel.ui.cohortStartButton) == "Missing: Feature table"
    assert not panel.ui.cohortStartButton.enabled


def test_any_ending_of_a_file_is_taken(panel, tmp_path):
    choose_step(panel, "extract")
    fill(panel, cases=tmp_path / "cases.txt", out=tmp_path / "features")
    assert panel.ui.cohortStartButton.enabled
    assert panel.cohort.values()["extract.out"] == str(tmp_path / "features")


def test_a_new_file_is_asked_for_by_a_save_dialog(panel):
    """As ctkPathLineEdit::browse decides: by the filter Writable."""
    import ctk

    path, asked = ctk.ctkPathLineEdit, set()
    for name in cohort_steps().SHOWN:
        choose_step(panel, name)
        for row, widget in panel.cohort._form.editors.values():
            if widget.className() == "ctkPathLineEdit":
                assert bool(widget.filters & path.Writable) == row.kind.startswith("new"), (name, row.name)
                assert bool(widget.filters & path.Files) == ("folder" not in row.kind), (name, row.name)
                asked.add(row.kind)
    assert asked == {"file", "new file", "folder", "new folder", "file or name"}


def test_choices_are_kept_in_the_scene(panel, tmp_path):
    choose_step(panel, "associate gsea")
    fill(panel, ranks=tmp_path / "ranks.csv", permutations="500")
    choose_step(panel, "train")
    fill(panel, features=tmp_path / "features.csv", penalty="1se", bootstrap="20")
    panel.enter()
    scene = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(scene)
    slicer.mrmlScene.Clear()
    usual = {"time": "dfs_months", "event": "dfs_event", "sets": "hallmark"}
    assert panel.cohort.values() == {"step": "cases", **usual}
    slicer.util.loadScene(scene)
    panel.enter()
    assert panel.cohort.step().name == "train"
    assert editor(panel, "bootstrap").text == "20"
    assert panel.cohort.values() == {
        "step": "train",
        **usual,
        "features": str(tmp_path / "features.csv"),
        "train.penalty": "1se",
        "train.bootstrap": "20",
        "associate gsea.ranks": str(tmp_path / "ranks.csv"),
        "associate gsea.permutations": "500",
    }
    choose_step(panel, "associate gsea")
    assert editor(panel, "permutations").text == "500"


EARLIER = {  # as version 0.1 wrote it
    "step": "extract",
    "time": "months",
    "event": "dfs_event",
    "case_column": "patient",
    "cases": "c.csv",
    "features_out": "f.csv",
    "features": "g.csv",
    "what": "model",
    "jobs": "3",
    "bootstrap": "50",
    "method": "slope",
    "external": "yes",
    "out": "m.json",
}


def test_a_scene_of_an_earlier_version_reopens(panel):
    panel._parameterNode.cohort = json.dumps(EARLIER)
    assert panel.cohort.step().name == "extract"
    assert arguments(panel) == [
        *("extract", "--out=f.csv", "--features=model", "--model=demo-phantom", "--jobs=3", "--resume", "--", "c.csv"),
    ]
    choose_step(panel, "train")
    held = {name: text for name, text in panel.cohort._form.texts().items() if text}
    assert held == {
        **{"features": "g.csv", "time": "months", "event": "dfs_event", "id": "patient", "out": "m.json"},
        **{"bootstrap": "50", "jobs": "3"},
    }
    choose_step(panel, "validate")
    assert editor(panel, "external").checked and editor(panel, "bootstrap").text == "50"
    choose_step(panel, "recalibrate")
    assert editor(panel, "method").currentText == "slope"


def test_a_step_is_given_what_the_one_before_it_wrote(panel, tmp_path):
    steps = cohort_steps()
    for name, option, file, reader, key in (
        ("cases", "out", "cases.csv", "extract", "extract.cases"),
        ("extract", "out", "features.csv", "train", "features"),
        ("agreement", "out", "icc.csv", "train", "train.icc"),
        ("apply", "out", "scores.csv", "associate expression", "scores"),
        ("associate expression", "out", "expression.csv", "associate gsea", "associate gsea.ranks"),
    ):
        written = tmp_path / file
        assert steps.handedOver(steps.SHOWN[name], {option: str(written)}).get(key) is None
        written.write_text("")
        told = tmp_path if name.startswith("associate") else written
        panel.cohort._running = steps.SHOWN[name], {option: str(told)}
        panel.cohort._onFinished(0, "")
        choose_step(panel, reader)
        assert panel.cohort._form.texts()[key.rpartition(".")[2]] == str(written)
        assert json.loads(panel._parameterNode.cohort)[key] == str(written)


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
        ({"n": 80, "training_cases": 3}, "3 of the 80 cases are training patients"),
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


@pytest.mark.parametrize("name", ["extract", "recalibrate"])
def test_a_step_needs_no_package_but_those_it_asks_for(app, fresh_python, breast1, tmp_path, name):
    """Nor what those bring; training and validation ask for all but highdicom."""
    from cohort_examples import gbsg2_model, write_gbsg2

    save_model(gbsg2_model(), tmp_path / "model.json")
    features, outcomes = map(str, write_gbsg2(tmp_path))
    out = str(tmp_path / ("extracted.csv" if name == "extract" else "local.json"))
    texts = {
        "model": str(tmp_path / "model.json"),
        "cases": str(cases_table(tmp_path / "cases.csv", breast1)),
        "features": features,
        "outcomes": outcomes,
        "time": "months",
        "event": "event",
        "out": out,
    }
    if name == "extract":
        texts = {key: text for key, text in texts.items() if key in ("cases", "out")}
    step = cohort_steps().SHOWN[name]
    modules = {"typer", "rich", "joblib", "matplotlib", "dcurves", "pandas", "lifelines", "highdicom", "jinja2"}
    refused = modules - {package.lower() for package in (*cohort_steps().COMMAND, *step.packages)}
    fresh_python(WITHOUT.format(refused=refused, command=["labcradiomics", *step.arguments(texts)]))
    assert Path(out).is_file() and cohort_steps().written(step, texts) == out


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
