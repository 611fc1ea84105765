"""The library is the rooms that Docs/developer.md maps: each imports only those below it that its row names."""

import ast
import importlib
import re
import sys
from collections.abc import Iterator

import pytest

from conftest import ROOT

FOLDER = ROOT / "LABCRadiomics"
PACKAGE = "LABCRadiomicsLib"
SCORING_NEEDS = {"numpy", "SimpleITK"}


def read_map() -> dict[str, tuple[set[str], set[str]]]:
    """Rooms each room may import, and packages it may, by room, from top to bottom."""
    text = (ROOT / "Docs" / "developer.md").read_text().split("## The library's rooms")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    names = [re.findall(r"`(\w+)`", row[0]) for row in rows]
    rooms = {}
    for at, (_, _, allowed, packages) in enumerate(rows):
        below = [name for group in names[at + 1 :] for name in group]
        found = set(below) if allowed == "every room below" else set(re.findall(r"\w+", allowed))
        assert found <= set(below), f"{names[at]} may import {found - set(below)}, which the map has not below it"
        for name in names[at]:
            rooms[name] = found, set(re.findall(r"\w+", packages))
    return rooms


ROOMS = read_map()
FILES = {}  # module name: its syntax tree, whether it is a package
for path in sorted((FOLDER / PACKAGE).rglob("*.py")):
    parts = path.relative_to(FOLDER).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    FILES[".".join(parts[:-1] if is_package else parts)] = ast.parse(path.read_text()), is_package


def import_statements(node: ast.AST, everywhere: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports below a node; without ``everywhere`` only those that run when the file is imported."""
    for child in ast.iter_child_nodes(node):
        later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typing = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif everywhere or not (later or typing):
            yield from import_statements(child, everywhere)


def imported(module: str, *, everywhere: bool = True) -> set[str]:
    """Full names a module of the library imports; of the library's, those of modules."""
    tree, is_package = FILES[module]
    found = set()
    for statement in import_statements(tree, everywhere):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
            continue
        home = module.split(".")
        home = home[: len(home) - statement.level + is_package] if statement.level else []
        source = ".".join([*home, *([statement.module] if statement.module else [])])
        names = {f"{source}.{alias.name}" for alias in statement.names}
        found |= {name if name in FILES else source for name in names}
    return found


def room_of(module: str) -> str:
    """Room of a module; empty for the package itself, which holds the notice and the version."""
    return module.split(".")[1] if "." in module else ""


def outside(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names} - {PACKAGE} - set(sys.stdlib_module_names)


def test_every_room_is_on_the_map():
    assert {room_of(module) for module in FILES} == {*ROOMS, ""}
    assert imported(PACKAGE) == {"importlib", "typing"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_map_allows(room):
    rooms, packages = ROOMS[room]
    for module in FILES:
        if room_of(module) == room:
            names = imported(module)
            ours = {room_of(name) for name in names if name.split(".")[0] == PACKAGE}
            assert ours <= {"", room, *rooms}, module
            assert outside(names) <= packages, module


@pytest.mark.parametrize("room", [room for room in ROOMS if FILES[f"{PACKAGE}.{room}"][1]])
def test_a_room_says_itself_what_it_may_import(room):
    said = re.search(r"^May import: ([^.]*)\.$", ast.get_docstring(FILES[f"{PACKAGE}.{room}"][0]), re.MULTILINE).group(
        1
    )
    below = set(list(ROOMS)[list(ROOMS).index(room) + 1 :])
    assert (below if said == "every other room" else set(re.split(r",\s+", said))) == ROOMS[room][0]


def test_only_the_mrml_rooms_know_slicer():
    knowing = {module for module in FILES if outside(imported(module)) & {"slicer", "vtk", "qt", "ctk", "sitkUtils"}}
    assert {room_of(module) for module in knowing} == {"mrml"}


def test_the_scoring_path_imports_little():
    reached, waiting = set(), {f"{PACKAGE}.scoring", f"{PACKAGE}.patient"}
    needs = set()
    while waiting:
        module = waiting.pop()
        reached.add(module)
        names = imported(module, everywhere=False)
        needs |= outside(names)
        ours = {name for name in names if name in FILES}
        waiting |= {".".join(name.split(".")[:end]) for name in ours for end in range(1, name.count(".") + 2)} - reached
    assert needs <= SCORING_NEEDS
    assert {room_of(module) for module in reached} & {"tables", "cohort", "plots"} == set()
    own = {
        f"{PACKAGE}.statistics{name}"
        for name in (
            "",
            "._checks",
            ".combat",
            ".individual_survival",
            ".joint_distance",
            ".nomogram",
            ".unknown_covariates",
        )
    }  # these need numpy alone
    assert {module for module in reached if room_of(module) == "statistics"} <= own


def test_the_names_of_the_design_are_there():
    offered = {
        "errors": ("LABCRadiomicsError", "InputError", "GeometryError", "ModelError", "CohortError"),
        "features": ("ExtractionSettings", "FeatureValues", "extract"),
        "model": ("Model", "Nomogram", "Score", "Term", "canonical_json", "find_model", "load_model", "save_model"),
        "scoring": ("Prediction", "Trust", "predict", "read_document", "result_document", "survival_curve"),
        "patient": ("PatientResult", "score_patient"),
        "robustness": ("contour_stability",),
        "cohort": ("Case", "extract_cases", "read_cases"),
        "training": ("TrainingCohort", "Plan", "cohort_of", "specs_of", "train"),
        "performance": ("Marker", "measure"),
        "study_reports": ("write_training_report", "write_validation_report"),
        "validation": ("Validation", "horizons_of", "validate"),
        "simulation": ("make_phantom", "simulate_cohort", "write_simulation"),
        "plots": ("patient_survival", "tumor_slice"),
        "report": ("patient_html", "write_patient_report"),
        "cli": ("main",),
        "statistics": (),
    }
    for name, wanted in offered.items():
        room = importlib.import_module(f"{PACKAGE}.{name}")
        assert [one for one in wanted if not hasattr(room, one)] == [], name
    assert f"{PACKAGE}.mrml" in FILES


def test_the_package_offers_what_it_says_and_imports_it_when_asked(fresh_python):
    import LABCRadiomicsLib

    assert all(getattr(LABCRadiomicsLib, name) is not None for name in LABCRadiomicsLib.__all__)
    assert set(LABCRadiomicsLib.__all__) <= set(dir(LABCRadiomicsLib))
    with pytest.raises(AttributeError, match="no attribute 'score_image'"):
        LABCRadiomicsLib.score_image  # noqa: B018
    code = "import LABCRadiomicsLib, sys; print(*[name for name in sys.modules if name.startswith('LABCR')])"
    assert fresh_python(code).split() == ["LABCRadiomicsLib"]
