"""Installing SlicerRadiomics: only with consent, and every outcome in a sentence.

The fake of the Extensions Manager has what qSlicerExtensionsManagerModel.h has (Base/QTCore, main of August 2026), and
behaves as its .cxx: a download that fails is told by nothing but that the extension is not installed afterwards.
"""

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from panel_reading import plain  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)

NAME = "SlicerRadiomics"


class ExtensionsManager:
    """Stands for qSlicerExtensionsManagerModel."""

    __slots__ = (
        "_fails",
        "_online",
        "_server",
        "asked",
        "installed",
        "interactive",
        "slicerArch",
        "slicerOs",
        "slicerVersion",
    )

    def __init__(self, online=True, server=(NAME,), fails=False):
        self._online, self._server, self._fails = online, server, fails
        self.asked, self.installed, self.interactive = [], set(), True
        self.slicerOs, self.slicerArch, self.slicerVersion = "macosx", "arm64", "5.10.0"

    def isExtensionInstalled(self, extensionName):
        return extensionName in self.installed

    def updateExtensionsMetadataFromServer(self, force=False, waitForCompletion=False):
        assert force and waitForCompletion  # else it answers from what it knew before
        return self._online

    def extensionMetadata(self, extensionName, source=0):
        assert source == 2  # what the server has, not what is on this computer
        return {"extension_id": "1", "name": extensionName} if extensionName in self._server else {}

    def installExtensionFromServer(self, extensionName, restart=True, update=False):
        self.asked.append((extensionName, restart, self.interactive))
        if not self._fails:
            self.installed.add(extensionName)
        return True


@pytest.fixture
def manager(app, monkeypatch):
    """Put an Extensions Manager into the application."""

    def put(**how):
        found = ExtensionsManager(**how)
        vars(slicer.app)["extensionsManagerModel"] = lambda: found
        return found

    return put


@pytest.fixture
def answer(app, monkeypatch):
    """Answer the question; gives the questions that were asked."""
    questions = []

    def set_answer(value):
        monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *text: questions.append(text) or value)
        return questions

    return set_answer


def said(panel):
    return plain(panel.ui.radiomicsLabel.text)


def test_it_is_installed_after_a_question(ready, manager, answer):
    found, questions = manager(), answer(True)
    ready.ui.installRadiomicsButton.click()
    assert len(questions) == 1 and "extensions server" in questions[0][0] and "save your work" in questions[0][0]
    assert found.asked == [(NAME, False, False)]  # no restart by itself, no second question
    assert found.interactive is True  # as it was
    assert said(ready) == "SlicerRadiomics is installed: save your work and restart Slicer to use it."
    assert not ready.ui.radiomicsLabel.isHidden()
    ready.ui.installRadiomicsButton.click()
    assert len(questions) == 1 and len(found.asked) == 1


def test_declined(ready, manager, answer):
    found = manager()
    answer(False)
    ready.ui.installRadiomicsButton.click()
    assert found.asked == [] and said(ready) == "" and ready.ui.radiomicsLabel.isHidden()


def test_offline(ready, manager, answer):
    found = manager(online=False)
    answer(True)
    ready.ui.installRadiomicsButton.click()
    assert "extensions server cannot be reached" in said(ready) and found.asked == []


def test_a_platform_without_a_build(ready, manager, answer):
    found = manager(server=("SlicerIGT",))
    answer(True)
    ready.ui.installRadiomicsButton.click()
    assert "There is no SlicerRadiomics for this Slicer (5.10.0, macosx, arm64)" in said(ready)
    assert found.asked == []


def test_a_download_that_fails(ready, manager, answer):
    manager(fails=True)
    answer(True)
    ready.ui.installRadiomicsButton.click()
    assert "could not be installed" in said(ready)


def test_a_slicer_without_an_extensions_manager(ready, answer):
    questions = answer(True)
    ready.ui.installRadiomicsButton.click()
    assert "has no Extensions Manager" in said(ready) and questions == []
