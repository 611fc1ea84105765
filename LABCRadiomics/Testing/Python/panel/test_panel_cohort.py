"""The cohort section: the form of every step has every option of its command, and gives its command line."""

import json

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from cohort_filling import choose_step, cohort_steps, editor, fill  # noqa: E402
from command_line import commands  # noqa: E402
from LABCRadiomicsLib.step_options import OPTIONS_LEFT_OUT  # noqa: E402
from panel_reading import tip  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)


def test_the_panel_has_every_option_but_those_listed(panel):
    """The form of each step against the program's own command."""
    steps, seen = cohort_steps(), 0
    for name in steps.SHOWN:
        choose_step(panel, name)
        command = {one.name for one in commands()[name].params} - {"help"}
        left = OPTIONS_LEFT_OUT.get(name, {})
        assert set(left) <= command
        assert set(panel.cohort._form.editors) == command - set(left), name
        assert all(reason.endswith(".") and len(reason.split()) > 5 for reason in left.values())
        seen += len(panel.cohort._form.editors)
    assert seen > 150 and set(OPTIONS_LEFT_OUT) <= {"score", *steps.SHOWN}


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


def test_folded_options_that_are_filled_in_are_counted(panel):
    choose_step(panel, "train")
    assert panel.ui.cohortOptionsCollapsibleButton.text == "More options"
    fill(panel, id="patient", nested="1")
    assert panel.ui.cohortOptionsCollapsibleButton.text == "More options (2 filled in)"
    choose_step(panel, "validate")  # whose cases are named by the same column
    assert panel.ui.cohortOptionsCollapsibleButton.text == "More options (1 filled in)"


def test_one_of_two_is_enough(panel, tmp_path):
    choose_step(panel, "associate expression")
    fill(panel, matrix=tmp_path / "m.tsv", out=tmp_path / "o")
    assert tip(panel.ui.cohortStartButton) == "Missing: Groups or Scores"
    fill(panel, scores=tmp_path / "s.csv")
    assert panel.ui.cohortStartButton.enabled
    choose_step(panel, "agreement")
    fill(panel, reader1=tmp_path / "cases.csv")
    assert tip(panel.ui.cohortStartButton) == "Missing: Second reader or Segments"
    fill(panel, segments="first,second")
    assert panel.ui.cohortStartButton.enabled
    choose_step(panel, "associate purity")  # which measures every sample where there are no groups
    fill(panel, out=tmp_path / "o", scores="")
    assert panel.ui.cohortStartButton.enabled


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
