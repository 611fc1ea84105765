"""What the command line imports before it does anything: little, and nothing that the command does not need."""

from importlib import import_module

import pytest
import typer

from LABCRadiomicsLib.cli import HOLDERS, application


def commands_of(app: typer.Typer) -> list[str]:
    return list(typer.main.get_command(app).commands)


def test_every_command_is_held_where_the_table_says():
    for holder, commands in HOLDERS.items():
        file = import_module(f"LABCRadiomicsLib.cli.{holder}")
        named = [holder] if hasattr(file, "app") else [command.__name__ for command in file.COMMANDS]
        assert tuple(named) == commands


def test_a_command_is_put_together_without_the_others():
    everything = [command for commands in HOLDERS.values() for command in commands]
    assert commands_of(application()) == commands_of(application("nonsense")) == everything
    for commands in HOLDERS.values():
        for command in commands:
            assert commands_of(application(command)) == list(commands)


START = """
import sys
sys.argv = ["labcradiomics", *{arguments}]
from LABCRadiomicsLib.cli import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
sys.stdout.write("\\n" + " ".join(name for name in {heavy} if name in sys.modules))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["score", "--help"], ["train", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments, fresh_python):
    heavy = ["numpy", "SimpleITK", "scipy", "rich", "matplotlib", "joblib", "pydicom"]
    assert fresh_python(START.format(arguments=arguments, heavy=heavy)).splitlines()[-1] == ""


def test_the_scoring_path_imports_numpy_and_simpleitk_alone(fresh_python):
    heavy = ["scipy", "pandas", "radiomics", "pywt", "rich", "typer", "matplotlib", "joblib", "ruamel", "numpy.ma"]
    code = "import LABCRadiomicsLib.scoring, LABCRadiomicsLib.patient, sys\n"
    assert fresh_python(f"{code}print([name for name in {heavy} if name in sys.modules])").strip() == "[]"


def test_one_case_is_extracted_without_worker_processes(fresh_python, breast1, tmp_path):
    cases = tmp_path / "cases.csv"
    cases.write_text(f"case,image,mask\na,{breast1[0]},{breast1[1]}\n")
    arguments = ["extract", str(cases), "--out", str(tmp_path / "features.csv")]
    heavy = ["joblib", "scipy", "rich", "matplotlib", "radiomics"]
    assert fresh_python(START.format(arguments=arguments, heavy=heavy)).splitlines()[-1] == ""
    assert len((tmp_path / "features.csv").read_text().splitlines()) >= 2
