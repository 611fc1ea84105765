"""Packages that files import when they are imported: only those that Docs/developer.md lists with their reason."""

import re
import sys

from test_rooms import FILES, PACKAGE, imported

from conftest import ROOT

BROUGHT = set(sys.stdlib_module_names) | {"numpy", "scipy", "SimpleITK", "slicer", "vtk", "qt", "ctk", PACKAGE}


def test_packages_at_file_scope_are_listed_with_their_reason():
    text = (ROOT / "Docs" / "developer.md").read_text(encoding="utf-8")
    section = text.split("## Packages imported at file scope")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line][2:]
    listed = {
        (package, room) for packages, rooms, reason in rows for package in _names(packages) for room in _names(rooms)
    }
    assert all(len(reason) > 10 for _packages, _rooms, reason in rows)
    found = set()
    for module in FILES:
        room = module.split(".")[1] if "." in module else module
        for name in imported(module, everywhere=False):
            package = name.split(".")[0]
            if package not in BROUGHT:
                found.add((package, room))
    assert found == listed


def _names(cell: str) -> list[str]:
    return re.findall(r"\w+", cell)
