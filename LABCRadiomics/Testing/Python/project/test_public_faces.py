"""The panel asks the library's rooms only for what they offer: what a room's files are is nobody's but the room's."""

import ast
from collections.abc import Iterator
from importlib import import_module

import pytest
from test_rooms import FOLDER, PACKAGE, import_statements

SOURCES = [FOLDER / "LABCRadiomics.py", *sorted((FOLDER / "LABCRadiomicsPanel").glob("*.py"))]
KNOW_SLICER = {"mrml"}  # rooms that can be imported only where Slicer's MRML is


def asked_for(source) -> Iterator[tuple[str, str]]:
    """Rooms and names that a file imports from the library, also within functions."""
    for statement in import_statements(ast.parse(source.read_text()), everywhere=True):
        if isinstance(statement, ast.Import):
            yield from ((alias.name, "") for alias in statement.names if alias.name.split(".")[0] == PACKAGE)
        elif statement.level == 0 and statement.module.split(".")[0] == PACKAGE:
            yield from ((statement.module, alias.name) for alias in statement.names)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_panel_imports_from_the_faces_of_rooms(source):
    deep = [f"from {module} import {name}" for module, name in asked_for(source) if module.count(".") > 1]
    assert deep == []


def test_every_name_is_offered():
    """A room that is a package lists what it offers in ``__all__``."""
    wanted = {pair for source in SOURCES for pair in asked_for(source)}
    assert len(wanted) > 20
    missing = []
    for module, name in sorted(wanted):
        if module == PACKAGE or (module.split(".")[1] in KNOW_SLICER and not _has_slicer()):
            continue
        room = import_module(module)
        offered = getattr(room, "__all__", None)
        if hasattr(room, "__path__") and offered is not None and name not in offered:
            missing.append(f"from {module} import {name}")
    assert missing == []


def _has_slicer() -> bool:
    try:
        import_module("slicer")
    except ModuleNotFoundError:
        return False
    return True
