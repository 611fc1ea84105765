"""The command ``labcradiomics``: one file a group of commands, each of which imports what it does when it is called.

May import: every other room.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated

import typer

from .. import NOTICE, __version__
from ..errors import LABCRadiomicsError
from .common import refuse, say, steady_streams

#: The commands, and the groups of commands, by the file that holds them.
HOLDERS = {
    "patient": ("score", "demo"),
    "cases": ("cases",),
    "cohort": ("extract", "agreement", "simulate"),
    "training": ("train",),
    "validation": ("apply", "validate", "recalibrate"),
    "models": ("models",),
    "associate": ("associate",),
    "samplesize": ("samplesize",),
}


def application(wanted: str | None = None) -> typer.Typer:
    """Put the command line together.

    Parameters
    ----------
    wanted : str, optional
        A command, which then is the only one: reading all takes longer than many a command. Default, and for a name
        that is none: all of them.
    """
    holders = [holder for holder, commands in HOLDERS.items() if wanted in commands] or list(HOLDERS)
    app = typer.Typer(
        name="labcradiomics",
        help=f"Radiomics score for locally advanced breast cancer MRI. {NOTICE}",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # help as plain text, without the time that rich takes to import
        context_settings={"max_content_width": 120},
    )
    app.callback(invoke_without_command=True)(_version)
    for holder in holders:
        commands = import_module(f".{holder}", __name__)
        if hasattr(commands, "app"):
            app.add_typer(commands.app, name=holder)
        else:
            for command in commands.COMMANDS:
                app.command()(command)
    return app


def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        say(f"labcradiomics {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line: exit code 0 done, 2 wrong use or bad input with one sentence, 1 a defect of ours."""
    with steady_streams():
        try:
            code = application(sys.argv[1] if len(sys.argv) > 1 else None)(standalone_mode=False)
        except LABCRadiomicsError as error:
            refuse(str(error))
        except (KeyboardInterrupt, EOFError):
            refuse("Interrupted; nothing half-written was left.", code=130)
        except Exception as error:
            if not hasattr(error, "format_message"):  # what wrong use of the command line is told by
                raise
            refuse(error.format_message())
    sys.exit(code or 0)
