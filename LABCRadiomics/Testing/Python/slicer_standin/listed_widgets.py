"""Widgets that have the members which a running Slicer listed for their class, and no others.

They show nothing: a property keeps what was set, a method is recorded, a connected slot can be called by the test.
"""

import re
import sys
import types
from functools import cache
from pathlib import Path

import slicer

CLASSES = {
    "qt": ("QComboBox", "QFormLayout", "QLabel", "QPushButton", "QVBoxLayout"),
    "ctk": ("ctkCollapsibleButton",),
    "slicer": ("qMRMLNodeComboBox", "qMRMLSegmentSelectorWidget"),
}


@cache
def members(folder: Path, name: str) -> frozenset[str]:
    """Attributes of a class; what every widget has is listed with QWidget only."""
    listed = re.search(r"^all attributes:\n(.*)", (folder / f"{name}.txt").read_text(), re.DOTALL | re.MULTILINE)
    own = frozenset(listed.group(1).split())
    return own if name == "QWidget" else own | members(folder, "QWidget")


@cache
def signals(folder: Path, name: str) -> frozenset[str]:
    """Signals of a class, with their argument types."""
    text = (folder / f"{name}.txt").read_text()
    return frozenset(re.search(r"^signals:\n(.*?)^slots:", text, re.DOTALL | re.MULTILINE).group(1).split())


class ListedWidget:
    """Base of the stand-ins made by :func:`listed_class`."""

    folder: Path

    def __init__(self, *arguments):
        vars(self).update(arguments=arguments, calls=[], slots={})

    def __setattr__(self, name, value):
        if name not in members(self.folder, type(self).__name__):
            raise AttributeError(f"{type(self).__name__} has no {name} in Slicer")
        vars(self)[name] = value

    def __getattr__(self, name):
        if name not in members(self.folder, type(self).__name__):
            raise AttributeError(f"{type(self).__name__} has no {name} in Slicer")
        return lambda *arguments: self.calls.append((name, arguments))

    def connect(self, signal, slot):
        """Remember the slot of a signal."""
        if signal not in signals(self.folder, type(self).__name__):
            raise AttributeError(f"{type(self).__name__} has no signal {signal} in Slicer")
        self.slots[signal] = slot


def listed_class(name: str, folder: Path) -> type[ListedWidget]:
    """Make the stand-in of one class."""
    return type(name, (ListedWidget,), {"folder": folder})


def install(monkeypatch, folder: Path) -> None:
    """Put the stand-ins where the module finds them, for one test."""
    for module_name in ("qt", "ctk"):
        monkeypatch.setitem(sys.modules, module_name, types.ModuleType(module_name))
    sys.modules["qt"].Qt = types.SimpleNamespace(TextSelectableByMouse=1)
    for module_name, names in CLASSES.items():
        for name in names:
            target = slicer if module_name == "slicer" else sys.modules[module_name]
            monkeypatch.setattr(target, name, listed_class(name, folder), raising=False)
