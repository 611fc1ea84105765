"""The command ``labcradiomics``: one file a group of commands, each of which imports what it does when it is called.

May import: every other room.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .. import NOTICE, __version__
from ..errors import LABCRadiomicsError
from . import associate, cohort, models, patient, samplesize, training, validation
from .common import refuse, say, steady_streams

app = typer.Typer(
    name="labcradiomics",
    help=f"Radiomics score for locally advanced breast cancer MRI. {NOTICE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for room in (patient, cohort, training, validation):
    for command in room.COMMANDS:
        app.command()(command)
app.add_typer(models.app, name="models")
app.add_typer(associate.app, name="associate")
app.add_typer(samplesize.app, name="samplesize")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        say(f"labcradiomics {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line: exit code 0 done, 2 wrong use or bad input with one sentence, 1 a defect of ours."""
    with steady_streams():
        try:
            code = app(standalone_mode=False)
        except LABCRadiomicsError as error:
            refuse(str(error))
        except (KeyboardInterrupt, EOFError):
            refuse("Interrupted; nothing half-written was left.", code=130)
        except Exception as error:
            if not hasattr(error, "format_message"):  # what wrong use of the command line is told by
                raise
            refuse(error.format_message())
    sys.exit(code or 0)
