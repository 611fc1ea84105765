"""The extension as Slicer's build system and the Extensions Index see it.

The Index's own rules are Slicer/ExtensionsIndex ``scripts/check_description_files.py`` and Slicer's
``Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json``; what of them can be checked offline is checked here.
"""

import ast
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[4]
MODULE = ROOT / "LABCRadiomics"
NAME = "LABCRadiomics"
NOT_PACKAGED = ("Testing", "CMakeLists.txt")
TEXT_SUFFIXES = {".cff", ".cfg", ".csv", ".html", ".in", ".json", ".md", ".py", ".toml", ".txt", ".ui", ".yaml", ".yml"}
# Properties of the catalog entry schema 1.0.2; the first three are required, no others are allowed.
ENTRY_TYPES = {
    "$schema": str,
    "category": str,
    "scm_url": str,
    "scm_revision": str,
    "scm_type": str,
    "build_dependencies": list,
    "dicom_support_rule": str,
    "build_subdirectory": str,
    "enabled": bool,
    "tier": int,
}
SCHEMA = (
    "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json#"
)


def project_files(folder: Path) -> list[Path]:
    """Files that belong to the project: no caches, build products or environments."""
    found = []
    for path, folders, names in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and not name.endswith(".egg-info")
            and name not in {"__pycache__", "build", "dist"}
        ]
        found += [Path(path, name) for name in names if not name.startswith(".") and not name.endswith(".pyc")]
    return sorted(found)


def packaged_files() -> list[str]:
    """Everything under the module's folder that a user's Slicer needs, relative to it."""
    relative = [path.relative_to(MODULE).as_posix() for path in project_files(MODULE)]
    return [path for path in relative if path.split("/")[0] not in NOT_PACKAGED]


def cmake_list(variable: str) -> list[str]:
    text = (MODULE / "CMakeLists.txt").read_text()
    listed = re.search(rf"set\({variable}\n(.*?)\n?  \)", text, re.DOTALL).group(1)
    return listed.replace("${MODULE_NAME}", NAME).split()


def cmake_value(variable: str) -> str:
    """Value of a variable of the root CMakeLists.txt, found by the Index's own pattern."""
    return re.search(rf'set\s*\({variable}\s*"([^"]+)"', (ROOT / "CMakeLists.txt").read_text()).group(1)


@pytest.fixture(scope="module")
def entry() -> dict:
    return json.loads((ROOT / f"{NAME}.json").read_text())


# --- what is packaged ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "is_script"), [("MODULE_PYTHON_SCRIPTS", True), ("MODULE_PYTHON_RESOURCES", False)]
)
def test_every_file_is_listed_for_packaging(variable, is_script):
    expected = [path for path in packaged_files() if path.endswith(".py") == is_script]
    lines = "".join(f"  {path}\n".replace(f"{NAME}.p", "${MODULE_NAME}.p") for path in expected)
    assert sorted(cmake_list(variable)) == expected, f"{NAME}/CMakeLists.txt should hold\nset({variable}\n{lines}  )"


STANDIN_CONFIG = """
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/Config.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/CPack.cmake)
set(Slicer_FOUND TRUE)
"""
# Keeps relative paths, as ctkMacroCompilePythonScript does; stops at a nonexistent file, as Slicer's macro does.
STANDIN_USE = """
macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "Unknown keywords: ${MY_UNPARSED_ARGUMENTS}")
  endif()
  foreach(file ${MY_SCRIPTS} ${MY_RESOURCES})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      message(FATAL_ERROR "nonexistent file ${file}")
    endif()
    get_filename_component(folder ${file} DIRECTORY)
    install(FILES ${file} DESTINATION qt-scripted-modules/${folder})
  endforeach()
  file(APPEND ${CMAKE_BINARY_DIR}/calls.txt "module ${MY_NAME} generic=${MY_WITH_GENERIC_TESTS}\\n")
endmacro()
macro(slicer_add_python_unittest)
  cmake_parse_arguments(MY "" "TESTNAME_PREFIX;SCRIPT" "SLICER_ARGS" ${ARGN})
  file(APPEND ${CMAKE_BINARY_DIR}/calls.txt "unittest ${MY_SCRIPT}\\n")
endmacro()
"""


def test_cmake_installs_exactly_the_module(tmp_path):
    cmake = shutil.which("cmake") or shutil.which("cmake", path=str(Path(sys.executable).parent))
    if cmake is None:
        pytest.skip("needs the cmake command (Debian: apt-get install cmake, or pip install cmake)")
    standin, build, prefix = tmp_path / "slicer", tmp_path / "build", tmp_path / "installed"
    standin.mkdir()
    for name, text in {
        "SlicerConfig.cmake": STANDIN_CONFIG,
        "UseSlicer.cmake": STANDIN_USE,
        "Config.cmake": 'file(APPEND ${CMAKE_BINARY_DIR}/calls.txt "config ${PROJECT_NAME}\\n")\n',
        "CPack.cmake": 'file(APPEND ${CMAKE_BINARY_DIR}/calls.txt "cpack ${EXTENSION_DEPENDS}\\n")\n',
    }.items():
        (standin / name).write_text(text)
    # Nothing is compiled: no compiler and no make are needed.
    forced = [f"-DCMAKE_{lang}_COMPILER{what}" for lang in ("C", "CXX") for what in ("=/bin/true", "_FORCED=ON")]
    configure = [
        cmake,
        "-G",
        "Unix Makefiles",
        "-S",
        str(ROOT),
        "-B",
        str(build),
        f"-DSlicer_DIR={standin}",
        "-DBUILD_TESTING=ON",
        "-DCMAKE_MAKE_PROGRAM=/bin/true",
        *forced,
    ]
    done = subprocess.run(configure, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "CMake Warning" not in done.stderr
    subprocess.run([cmake, "--install", str(build), "--prefix", str(prefix)], check=True, capture_output=True)
    modules = prefix / "qt-scripted-modules"
    installed = sorted(path.relative_to(modules).as_posix() for path in prefix.rglob("*") if path.is_file())
    assert installed == packaged_files()
    assert (build / "calls.txt").read_text().splitlines() == [
        f"module {NAME} generic=TRUE",
        f"unittest {NAME}.py",
        f"config {NAME}",
        "cpack NA",
    ]


# --- the module file -----------------------------------------------------------------------------------------------


def imported_roots(nodes) -> set[str]:
    roots = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add("." if node.level else node.module.split(".")[0])
    return roots


def test_module_imports_only_what_every_slicer_has():
    tree = ast.parse((MODULE / f"{NAME}.py").read_text())
    allowed = set(sys.stdlib_module_names) | {"slicer", "vtk", "qt", "ctk", "SimpleITK", "numpy", "scipy"}
    assert imported_roots(tree.body) <= allowed


def test_module_runs_no_code_when_imported():
    tree = ast.parse((MODULE / f"{NAME}.py").read_text())
    harmless = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)
    for node in tree.body:
        constant = isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert isinstance(node, harmless) or constant or docstring, ast.unparse(node)


def test_module_has_the_classes_slicer_looks_for():
    tree = ast.parse((MODULE / f"{NAME}.py").read_text())
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    assert {NAME, f"{NAME}Widget", f"{NAME}Logic", f"{NAME}Test"} <= classes


def test_panel_imports_nothing_that_slicer_may_lack():
    """At file scope; the optional packages and pyradiomics only where a step needs them."""
    ours = {"LABCRadiomicsLib", "LABCRadiomicsPanel", "."}
    for path in sorted((MODULE / "LABCRadiomicsPanel").glob("*.py")):
        roots = imported_roots(ast.parse(path.read_text()).body)
        assert roots <= set(sys.stdlib_module_names) | {"slicer", "vtk", "qt", "ctk"} | ours, path.name


def test_what_is_only_compared_with_is_not_installed_with_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    asked += (MODULE / "Resources" / "requirements.txt").read_text().splitlines()
    names = {re.split(r"[<>=!~\s\[]", line)[0].lower() for line in asked}
    assert not names & {"dcurves", "lifelines", "scikit-survival"}


SCORING_WITHOUT_THE_REST = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {refused}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Refuse())
from LABCRadiomicsLib import mrml, patient, robustness
from LABCRadiomicsLib.mrml import results as mrml_results
from LABCRadiomicsLib.model import nomogram, registry
from LABCRadiomicsLib.model.completion import complete_model
assert registry.bundled_models()
"""


def test_panel_opens_and_scores_without_the_optional_packages():
    """What the panel imports when it opens and when Apply is pressed."""
    pytest.importorskip("slicer", reason="needs the slicer-core package")
    refused = {
        *("radiomics", "pywt", "ruamel", "scipy", "pandas", "sklearn", "lifelines", "sksurv", "joblib"),
        *("matplotlib", "jinja2", "typer", "rich", "pydicom", "highdicom"),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCORING_WITHOUT_THE_REST.format(refused=refused)],
        cwd=MODULE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# --- the Extensions Index ------------------------------------------------------------------------------------------


def test_name_is_one_everywhere():
    text = (ROOT / "CMakeLists.txt").read_text()
    assert re.findall(r"project\s*\(\s*([^\s\)\n\r]+)", text) == [NAME]
    assert (ROOT / f"{NAME}.json").is_file()
    assert (MODULE / f"{NAME}.py").is_file()
    assert not NAME.lower().startswith("slicer")


def test_cmake_version_range_covers_slicers_builds():
    """Slicer 5.12/5.13 build extensions with CMake 3.28; Slicer's own package file accepts 3.20.6."""
    line = (ROOT / "CMakeLists.txt").read_text().splitlines()[0]
    assert line == "cmake_minimum_required(VERSION 3.20.6...3.28.0 FATAL_ERROR)"


def test_entry_has_only_the_schema_keys(entry):
    assert set(entry) <= set(ENTRY_TYPES)
    assert {"$schema", "category", "scm_url"} <= set(entry)
    for key, value in entry.items():
        assert type(value) is ENTRY_TYPES[key], key
    assert all(isinstance(name, str) for name in entry["build_dependencies"])
    assert 1 <= entry["tier"] <= 5
    assert entry["$schema"] == SCHEMA
    assert entry["category"] == "Quantification"


def test_entry_agrees_with_cmake(entry):
    assert entry["build_dependencies"] == [] and cmake_value("EXTENSION_DEPENDS") == "NA"


def test_repository_address_is_one_everywhere(entry):
    url = urlsplit(entry["scm_url"])
    assert url.scheme == "https"
    owner, repository = url.path.removesuffix(".git").strip("/").split("/")
    assert repository == f"Slicer{NAME}"
    raw = f"https://raw.githubusercontent.com/{owner}/{repository}/{entry['scm_revision']}/"
    assert cmake_value("EXTENSION_HOMEPAGE") == f"https://github.com/{owner}/{repository}"
    assert cmake_value("EXTENSION_ICONURL") == f"{raw}{NAME}.png"
    screenshots = cmake_value("EXTENSION_SCREENSHOTURLS").split()
    assert screenshots
    assert all(address.startswith(raw) and address.endswith(".png") for address in screenshots)
    linked = re.findall(r"https://github\.com/([^\s\"<]+)", (MODULE / f"{NAME}.py").read_text())
    assert set(linked) == {f"{owner}/{repository}"}


def test_description_is_short_and_says_research_use_only():
    description = cmake_value("EXTENSION_DESCRIPTION")
    assert "Research use only" in description
    assert len(description) < 300


@pytest.mark.parametrize("path", [ROOT / f"{NAME}.png", MODULE / "Resources" / "Icons" / f"{NAME}.png"])
def test_icon_is_a_128_pixel_png(path):
    header = path.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (128, 128)


def test_licence():
    text = (ROOT / "LICENSE.txt").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"


def test_line_ends_are_lf():
    texts = [path for path in project_files(ROOT) if path.suffix in TEXT_SUFFIXES or path.name == "Makefile"]
    assert len(texts) > 20
    assert [str(path) for path in texts if b"\r" in path.read_bytes()] == []


def test_repository_is_small():
    """The Index refuses more than 100 MB; ours is far below."""
    assert sum(path.stat().st_size for path in project_files(ROOT)) < 20e6
