"""Words of the panel can be translated: whole sentences, which Qt's lupdate finds and makes a template of."""

import ast
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from conftest import ROOT

MODULE = ROOT / "LABCRadiomics"
ENGLISH = {"feature_words.py"}  # what features mean, in tables that only reports show


def calls(path: Path) -> list[ast.Call]:
    """Calls of the translating function in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "_"]


FILES = [
    path
    for path in [MODULE / "LABCRadiomics.py", *MODULE.glob("LABCRadiomicsPanel/*.py"), *MODULE.glob("*Lib/**/*.py")]
    if path.name not in ENGLISH and calls(path)
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_text_is_one_constant(path):
    """What lupdate cannot read (a name, an f-string, a sum) is never translated."""
    found = calls(path)
    for call in found:
        (text,) = call.args
        assert isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value.strip(), ast.unparse(call)


def test_no_text_is_within_an_f_string():
    """lupdate does not look into them."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                inner = [
                    part for part in ast.walk(node) if isinstance(part, ast.Call) and ast.unparse(part.func) == "_"
                ]
                assert not inner, (path.name, ast.unparse(node))


def test_no_sentence_is_made_of_pieces():
    """Translated texts are not added to one another."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                sides = [ast.unparse(side) for side in (node.left, node.right)]
                words = [re.search(r"[A-Za-z]{2}", side.replace("\\u26a0", "")) for side in sides]
                translated = [re.match(r"_\(", side) for side in sides]
                assert not (any(translated) and all(words)), (path.name, ast.unparse(node))


def test_ui_file_has_no_name_to_translate():
    """Class names of nodes and file filters are marked as not to be translated."""
    root = ElementTree.parse(MODULE / "Resources" / "UI" / "LABCRadiomics.ui").getroot()
    for entry in root.iter("property"):
        lists = entry.find("stringlist")
        if lists is not None:
            assert lists.get("notr") == "true", entry.get("name")


def test_lupdate_makes_a_template_of_every_text(tmp_path):
    """As Slicer's update_translations.py: _() becomes translate() with a context, then lupdate reads the files."""
    lupdate = shutil.which("pyside6-lupdate") or shutil.which("pyside6-lupdate", path=str(ROOT / ".venv" / "bin"))
    if lupdate is None:
        pytest.skip("needs lupdate, which the PySide6-Essentials package brings")
    expected = set()
    for path in FILES:
        context = f"{path.parent.name}.{path.stem}" if (path.parent / "__init__.py").is_file() else path.stem
        text = re.sub(r"(?<![\w.])_\(", f'translate("{context}", ', path.read_text(encoding="utf-8"))
        (tmp_path / f"{context}.py").write_text(text, encoding="utf-8")
        expected |= {call.args[0].value for call in calls(path)}
    shutil.copy(MODULE / "Resources" / "UI" / "LABCRadiomics.ui", tmp_path)
    template = tmp_path / "LABCRadiomics_en-US.ts"
    subprocess.run([lupdate, *map(str, tmp_path.glob("*.*")), "-ts", str(template)], check=True, capture_output=True)
    found = {source.text or "" for source in ElementTree.parse(template).getroot().iter("source")}
    assert expected - found == set()
    assert "Compare with SlicerRadiomics" in found  # of the .ui file
