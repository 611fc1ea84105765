"""The Slicer module outside Slicer: its description, its self test, its logic, and every name of the stand-in."""

import hashlib
import inspect
import re
import unittest
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from LABCRadiomicsLib import mrml  # noqa: E402
from slicer_standin import scripted_module  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)


def test_module_describes_itself(module):
    parent = scripted_module.ModuleParent()
    parent.path = module.__file__
    module.LABCRadiomics(parent)
    assert parent.title == "LABC Radiomics"
    assert parent.categories == ["Quantification"]
    assert "Research use only" in parent.helpText
    assert "Nothing leaves this computer" in parent.helpText
    assert "10.1186/s13058-022-01516-0" in parent.acknowledgementText


def test_help_links_to_pages_on_this_computer(module):
    """They open without a network."""
    parent = scripted_module.ModuleParent()
    module.LABCRadiomics(parent)
    pages = [Path(unquote(urlsplit(address).path)) for address in re.findall(r'href="(file:[^"]+)"', parent.helpText)]
    assert [page.name for page in pages] == ["user-guide.html", "tutorial.html"]
    assert all(page.is_file() for page in pages)


def test_sample_data_is_the_bundled_case(module, breast1):
    scripted_module.SampleDataLogic.registered.clear()
    module.registerSampleData()
    (source,) = scripted_module.SampleDataLogic.registered
    assert scripted_module.SampleDataLogic.titles == {"LABC Radiomics": "LABC Radiomics"}
    paths = [Path(unquote(urlsplit(uri).path)) for uri in source["uris"]]
    assert [urlsplit(uri).scheme for uri in source["uris"]] == ["file", "file"]
    assert [path.resolve() for path in paths] == [path.resolve() for path in breast1]
    assert source["checksums"] == [f"SHA256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in breast1]
    assert source["loadFileTypes"] == ["VolumeFile", "SegmentationFile"]
    assert Path(source["thumbnailFileName"]).is_file()


def test_sample_data_in_a_slicer_without_category_titles(module, monkeypatch):
    scripted_module.SampleDataLogic.registered.clear()
    monkeypatch.delattr(scripted_module.SampleDataLogic, "registerCustomSampleDataCategory")
    module.registerSampleData()
    assert scripted_module.SampleDataLogic.registered[0]["category"] == "LABC Radiomics"


def test_its_own_self_test_passes(module):
    """Slicer's test runners find one test, which runs all of the panel's."""
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(module.LABCRadiomicsTest)
    result = unittest.TestResult()
    suite.run(result)
    assert [text for _test, text in result.errors + result.failures] == []
    assert result.testsRun == 1


def test_run_test_runs_every_test_method(module, monkeypatch):
    from LABCRadiomicsPanel.self_test import SelfTest

    methods = unittest.defaultTestLoader.getTestCaseNames(SelfTest)
    assert len(methods) == 5
    ran = []
    for name in methods:
        monkeypatch.setattr(SelfTest, name, lambda _self, name=name: ran.append(name))
    module.LABCRadiomicsTest().runTest()
    assert sorted(ran) == sorted(methods)


def test_a_test_that_fails_is_told(module, monkeypatch):
    from LABCRadiomicsPanel.self_test import SelfTest

    monkeypatch.setattr(SelfTest, "test_bad_input_is_explained", lambda self: self.fail("not as it should be"))
    with pytest.raises(AssertionError, match="not as it should be"):
        module.LABCRadiomicsTest().runTest()


def test_labelmap_node_scores_as_the_segment_does(module, case, breast1):
    labelmap = mrml.load_volume(slicer.mrmlScene, breast1[1], "vtkMRMLLabelMapVolumeNode")
    logic = module.LABCRadiomicsLogic()
    segment = logic.process(*case, "demo-phantom").score.prediction
    assert logic.process(case[0], labelmap, 1, "demo-phantom").score.prediction.score == segment.score


def test_progress_may_end_the_run(module, case):
    seen = []

    def stop(done, total, text):
        seen.append((done, total, text))
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        module.LABCRadiomicsLogic().process(*case, "demo-phantom", progress=stop)
    assert [done for done, _total, _text in seen] == [0, 1]


def test_stand_ins_exist_in_slicer(slicer_lists):
    for name, members in scripted_module.MEMBERS.items():
        listed = (slicer_lists / f"{name}.txt").read_text()
        for member in members:
            if inspect.isfunction(member):
                assert f"\n{member.__name__}{inspect.signature(member)}\n" in listed
                continue
            block = re.search(rf"^class {member.__name__}\(.*\n((?:    .*\n)*)", listed, re.MULTILINE).group(1)
            for method, function in vars(member).items():
                static = isinstance(function, staticmethod)
                function = function.__func__ if static else function
                if inspect.isfunction(function):
                    kind = "  [staticmethod]" if static else ""
                    assert f"    {method}{inspect.signature(function)}{kind}\n" in block, (member, method)
