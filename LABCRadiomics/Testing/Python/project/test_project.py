"""The project's own files agree with each other."""

import ast
import re
import runpy
import subprocess
import tomllib

import pytest

from conftest import ROOT
from LABCRadiomicsLib import __version__


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_pins_stand_in_one_place_and_name_no_host(project):
    pins = project["tool"]["uv"]["constraint-dependencies"]
    assert len(pins) > 50 and not (ROOT / "constraints.txt").exists()
    for pin in pins:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][^\s/@:]*( ; [^/@:]+)?", pin), pin


def test_one_version_everywhere(project):
    assert project["project"]["version"] == __version__
    assert f"version: {__version__}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


def test_no_lock_file_no_large_file_no_path_of_a_machine():
    files = tracked()
    assert not [name for name in files if name.endswith((".lock", "-lock.json"))]
    large = [name for name in files if (ROOT / name).exists() and (ROOT / name).stat().st_size > 1_500_000]
    assert large == []
    machine = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|root|tmp|home)/[a-z]")
    text = [name for name in files if name.endswith((".py", ".md", ".toml", ".txt", ".json", ".html", "Makefile"))]
    found = [name for name in text if (ROOT / name).exists() and machine.search((ROOT / name).read_text())]
    assert found == []


def test_the_readme_names_commands_and_files_that_exist():
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert {name for name in re.findall(r"make ([a-z-]+)", readme) if name != "and"} <= targets
    for path in re.findall(r"\]\(((?!http)[^)#]+)\)", readme):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", ["model", "result"])
def test_the_page_on_a_format_is_made_from_its_schema(name):
    made = runpy.run_path(str(ROOT / "Utilities" / "document_formats.py"))["page"](name)
    assert (ROOT / "Docs" / f"{name}-format.md").read_text(encoding="utf-8") == made


def test_the_wheel_holds_every_package(project):
    module = ROOT / "LABCRadiomics"
    found = {".".join(path.parent.relative_to(module).parts) for path in module.glob("LABCRadiomicsLib/**/__init__.py")}
    assert set(project["tool"]["setuptools"]["packages"]) == found | {"LABCRadiomicsLib.Resources"}


def texts_without_encoding(path) -> list[str]:
    """Calls that read or write text in the encoding of whatever machine they run on."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and not {"encoding"} & {keyword.arg for keyword in node.keywords}:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            modes = [ast.unparse(arg) for arg in node.args]
            of_file = name == "open" and not ast.unparse(node.func).startswith(
                ("os.", "Image.", "gzip.", "webbrowser.")
            )
            if name in ("read_text", "write_text") or (of_file and not any("b" in mode for mode in modes)):
                found.append(f"{path.name}:{node.lineno} {ast.unparse(node)[:60]}")
    return found


def test_the_product_names_its_encodings():
    """Windows would read and write text as cp1252 otherwise."""
    module = ROOT / "LABCRadiomics"
    files = [
        *module.glob("LABCRadiomicsLib/**/*.py"),
        *module.glob("LABCRadiomicsPanel/*.py"),
        module / "LABCRadiomics.py",
    ]
    files += [*(ROOT / "Utilities").glob("*.py"), *(ROOT / "Benchmarks").glob("*.py")]
    assert [found for path in files for found in texts_without_encoding(path)] == []


def test_workflows_and_forms_are_yaml():
    from ruamel.yaml import YAML

    files = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / "mkdocs.yml"]
    assert len(files) >= 6 and all(YAML(typ="safe").load(path.read_text(encoding="utf-8")) for path in files)


def test_every_page_is_on_the_site():
    from ruamel.yaml import YAML

    def pages(entry):
        if isinstance(entry, str):
            return [entry]
        return [page for part in (entry.values() if isinstance(entry, dict) else entry) for page in pages(part)]

    listed = pages(YAML(typ="safe").load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    assert set(listed) == {path.relative_to(ROOT / "Docs").as_posix() for path in (ROOT / "Docs").rglob("*.md")}
