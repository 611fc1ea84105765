"""The stand-in itself: it refuses what Slicer does not have, and the panel's names are all in Slicer's lists."""

import ast
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from slicer_standin import QT_CLASSES, proxies  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)

MODULE = Path(__file__).resolve().parents[3]
SOURCES = [MODULE / "LABCRadiomics.py", *sorted((MODULE / "LABCRadiomicsPanel").glob("*.py"))]
UI = MODULE / "Resources" / "UI" / "LABCRadiomics.ui"


@pytest.fixture
def listed(slicer_lists, app):
    """The application held to the lists, which must be there."""
    return proxies.Listing


def test_unlisted_members_are_refused(listed):
    import qt

    button = qt.QPushButton("Apply")
    button.toolTip = "listed with QWidget"
    assert button.toolTip == "<p>listed with QWidget</p>"  # the application's ctkToolTipTrapper
    with pytest.raises(AttributeError, match="QPushButton has no tooltip in Slicer"):
        button.tooltip = "PythonQt would raise too"
    with pytest.raises(AttributeError, match="QPushButton has no press"):
        button.press()
    with pytest.raises(AttributeError, match=r"no signal clicked\(int\)"):
        button.connect("clicked(int)", print)
    with pytest.raises(AttributeError, match="QPushButton has no property click"):
        button.click = None
    with pytest.raises(AttributeError, match="QFileDialog has no getName"):
        qt.QFileDialog.getName()


def test_properties_are_attributes(app):
    import qt

    label = qt.QLabel("text")
    assert label.text == "text"
    with pytest.raises(TypeError):
        label.text()
    box = qt.QComboBox()
    box.addItem("one", "first")
    assert (box.count, box.currentData, box.currentText) == (1, "first", "one")


def test_slots_get_as_many_values_as_they_take(app):
    import qt

    button, seen = qt.QPushButton("x"), []
    button.connect("clicked(bool)", lambda: seen.append("none"))
    button.clicked.connect(lambda checked: seen.append(checked))
    button.click()
    assert seen == ["none", False]


def test_mrml_scene_reaches_every_mrml_widget(panel):
    root = ElementTree.parse(UI).getroot()
    widgets = {widget.get("name"): widget.get("class") for widget in root.iter("widget")}
    (top,) = root.findall("widget")
    assert top.get("class") == "qMRMLWidget"
    mrml_widgets = {name for name, cls in widgets.items() if cls.startswith("qMRML")} - {top.get("name")}
    connections = {
        (entry.findtext("sender"), entry.findtext("signal"), entry.findtext("receiver"), entry.findtext("slot"))
        for entry in root.iter("connection")
    }
    scene = ("mrmlSceneChanged(vtkMRMLScene*)", "setMRMLScene(vtkMRMLScene*)")
    assert connections == {(top.get("name"), scene[0], name, scene[1]) for name in mrml_widgets}
    for name in mrml_widgets:
        assert getattr(panel.ui, name).mrmlScene() is slicer.mrmlScene


def test_ui_file_uses_only_what_slicer_has(slicer_lists):
    """Classes and properties of the .ui file, each in the list of its class or of QWidget."""
    root = ElementTree.parse(UI).getroot()
    layouts = {"QFormLayout", "QVBoxLayout", "QHBoxLayout"}
    for element in [*root.iter("widget"), *root.iter("layout")]:
        cls = element.get("class")
        text = (slicer_lists / f"{cls}.txt").read_text()
        if cls not in layouts:
            text += (slicer_lists / "QWidget.txt").read_text()
        for entry in element.findall("property"):
            name = entry.get("name")
            margin = cls in layouts and name in ("leftMargin", "topMargin", "rightMargin", "bottomMargin")
            if entry.get("stdset") != "0" and not margin:  # margins are the .ui format's own
                assert f"\n  {name}: " in text, (cls, name)
    custom = {entry.findtext("class") for entry in root.iter("customwidget")}
    assert custom == {widget.get("class") for widget in root.iter("widget")} - {
        name for names in QT_CLASSES.values() for name in names
    } - {"QTextBrowser"}


def test_parameter_names_are_the_parameter_node_s(module):
    root = ElementTree.parse(UI).getroot()
    names = {entry.findtext("string") for entry in root.iter("property") if entry.get("name") == "SlicerParameterName"}
    assert names <= set(module.LABCRadiomicsParameterNode.allParameters)


def attributes_of(name: str) -> set[tuple[str, str]]:
    """Members that the sources take of a name: ``slicer.app``, ``slicer.util``, ``qt.QLabel`` ..."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == name:
                found.add(node.attr)
    return found


@pytest.mark.parametrize("name", ["slicer.app", "slicer.util"])
def test_names_of_the_application_are_listed(slicer_lists, name):
    text = (slicer_lists / f"{name}.txt").read_text()
    used = attributes_of(name) - proxies.INHERITED
    assert used
    for member in used:
        assert re.search(rf"\b{member}\b", text), (name, member)


def test_mrml_names_exist():
    """Every vtk class of the panel and of the library's MRML rooms, in slicer-core."""
    rooms = [*SOURCES, *sorted((MODULE / "LABCRadiomicsLib" / "mrml").glob("*.py"))]
    used = {name for path in rooms for name in re.findall(r"slicer\.(vtk\w+)", path.read_text())}
    assert len(used) > 10
    assert [name for name in sorted(used) if not hasattr(slicer, name)] == []


def test_developer_guide_lists_every_name():
    """Docs/developer.md says where in Slicer's sources each class that the panel uses is defined."""
    guide = (MODULE.parent / "Docs" / "developer.md").read_text()
    root = ElementTree.parse(UI).getroot()
    classes = {widget.get("class") for widget in root.iter("widget")}
    classes |= {f"slicer.util.{name}" for name in attributes_of("slicer.util")}
    classes |= {f"slicer.app.{name}" for name in attributes_of("slicer.app")}
    classes |= {f"qt.{name}" for name in attributes_of("qt")}
    rooms = [*SOURCES, *sorted((MODULE / "LABCRadiomicsLib" / "mrml").glob("*.py"))]
    classes |= {name for path in rooms for name in re.findall(r"slicer\.(vtk\w+)", path.read_text())}
    assert [name for name in sorted(classes) if f"`{name}`" not in guide] == []


def test_visible_text_is_translatable():
    """Sentences of the panel are given through ``_()``."""
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        translated = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("_", "translate")
            for part in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Attribute) and target.attr in ("text", "toolTip", "placeholderText")
                for target in node.targets
            ):
                keys = {id(part.slice) for part in ast.walk(node.value) if isinstance(part, ast.Subscript)}
                for part in ast.walk(node.value):
                    if id(part) in keys:
                        continue
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and id(part) not in translated:
                        words = re.sub(r"<[^>]*(>|$)|&#\d+;", "", part.value).strip()
                        assert not re.search("[A-Za-z]{2}", words), (path.name, part.value)
