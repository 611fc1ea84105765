"""Saving from the panel as a user does it: values, report, and the packages that a report needs."""

import csv
import json
import re
import subprocess
import sys
import types

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from LABCRadiomicsLib import NOTICE  # noqa: E402
from LABCRadiomicsLib.model import registry  # noqa: E402
from LABCRadiomicsLib.model.file import save_model  # noqa: E402
from panel_reading import plain  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)


def test_values_are_saved(ready, dialogs, tmp_path):
    ready.ui.applyButton.click()
    document = ready.resultView.document
    dialogs["getSaveFileName"] = str(tmp_path / "values.json")
    ready.ui.saveValuesButton.click()
    assert json.loads((tmp_path / "values.json").read_text()) == document
    dialogs["getSaveFileName"] = str(tmp_path / "values.csv")
    ready.ui.saveValuesButton.click()
    with (tmp_path / "values.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["feature"], float(row["value"])) for row in rows] == [
        (part["feature"], part["value"]) for part in document["contributions"]
    ]
    assert {(row["model"], row["status"], row["notice"]) for row in rows} == {("demo-phantom", "demonstration", NOTICE)}


def test_values_that_cannot_be_written_are_explained(ready, dialogs, tmp_path):
    ready.ui.applyButton.click()
    dialogs["getSaveFileName"] = str(tmp_path / "no folder" / "values.json")
    ready.ui.saveValuesButton.click()
    assert "cannot be written to" in ready.ui.messageLabel.text


def test_report_is_saved(ready, dialogs, tmp_path):
    ready.ui.applyButton.click()
    dialogs["getExistingDirectory"] = str(tmp_path)
    ready.ui.saveReportButton.click()
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert NOTICE in html and "breast1_image, breast1_label" in html
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8")) == ready.resultView.document
    dialogs["getSaveFileName"] = str(tmp_path / "values.json")
    ready.ui.saveValuesButton.click()
    assert (tmp_path / "values.json").read_bytes() == (tmp_path / "result.json").read_bytes()


def test_values_do_not_replace_the_model(ready, dialogs, tmp_path):
    path = tmp_path / "model.json"
    save_model(registry.find_model("demo-phantom"), path)
    ready.inputs.model.addFile(str(path))
    ready.ui.applyButton.click()
    before = path.read_bytes()
    dialogs["getSaveFileName"] = str(path)
    ready.ui.saveValuesButton.click()
    assert "is an input: give the output another name" in plain(ready.ui.messageLabel.text)
    assert path.read_bytes() == before
    other = path.rename(tmp_path / "result.json")  # as a report's numbers are called
    ready.inputs.model.addFile(str(other))
    ready.ui.applyButton.click()
    dialogs["getExistingDirectory"] = str(tmp_path)
    ready.ui.saveReportButton.click()
    assert "is an input: give the output another name" in plain(ready.ui.messageLabel.text)
    assert other.read_bytes() == before and not (tmp_path / "report.html").exists()


class Packaging(types.ModuleType):
    """Stands for slicer.packaging, with nothing installed."""

    CalledProcessError = subprocess.CalledProcessError

    def __init__(self):
        super().__init__("slicer.packaging")
        self.installed = []

    def pip_check(self, req, _seen=None):
        """Whether a requirement is met."""
        return req in self.installed

    def pip_ensure(self, requirements, requester=None, prompt_install=True):
        """Install without asking again."""
        assert requester == "LABC Radiomics" and not prompt_install
        self.installed += requirements


@pytest.fixture
def question(ready, dialogs, tmp_path, monkeypatch):
    """The report asked for where no package is there; gives what was asked and a list of answers."""
    packaging, asked, answers = Packaging(), [], []

    def confirm(text, windowTitle=None, parent=None, **kwargs):
        asked.append(text)
        return answers.pop(0)

    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    monkeypatch.setattr(slicer, "packaging", packaging, raising=False)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", confirm)
    ready.ui.applyButton.click()
    assert asked == []
    return packaging, asked, answers


def test_packages_are_asked_for_when_first_needed(ready, question, dialogs, tmp_path):
    """The question names packages and purpose on its first line, and is not asked again once they are there."""
    packaging, asked, answers = question
    answers.append(False)
    dialogs["getExistingDirectory"] = str(tmp_path)
    ready.ui.saveReportButton.click()
    (text,) = asked
    assert text.splitlines()[0] == "The report needs the Python packages matplotlib, Jinja2, reportlab. Install them?"
    assert "not installed: matplotlib, Jinja2, reportlab" in plain(ready.ui.messageLabel.text)
    assert list(tmp_path.glob("report*")) == [] and packaging.installed == []
    answers.append(True)
    dialogs["getExistingDirectory"] = str(tmp_path)
    ready.ui.saveReportButton.click()
    assert [re.split(r"[<>=]", name)[0] for name in packaging.installed] == ["matplotlib", "Jinja2", "reportlab"]
    assert (tmp_path / "report.html").is_file()
    dialogs["getExistingDirectory"] = str(tmp_path)
    ready.ui.saveReportButton.click()
    assert len(asked) == 2


def test_failed_installation_is_explained(ready, question, dialogs, tmp_path, monkeypatch):
    packaging, _asked, answers = question

    def fail(requirements, requester=None, prompt_install=True):
        raise subprocess.CalledProcessError(1, ["pip"])

    monkeypatch.setattr(packaging, "pip_ensure", fail)
    answers.append(True)
    dialogs["getExistingDirectory"] = str(tmp_path)
    ready.ui.saveReportButton.click()
    assert "could not be installed: matplotlib, Jinja2, reportlab" in plain(ready.ui.messageLabel.text)
    assert list(tmp_path.glob("report*")) == []


def test_the_fake_of_slicer_packaging_is_as_slicer_s(slicer_lists):
    text = (slicer_lists / "slicer.packaging.txt").read_text()
    assert "\npip_check(req:" in text and "_seen" in text
    signature = re.search(r"\npip_ensure\((.*)\) ->", text).group(1)
    assert all(f"{name}:" in signature for name in ("requirements", "requester", "prompt_install"))
